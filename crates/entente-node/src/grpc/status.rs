//! What a partner is told when something is refused.
//!
//! A short, fixed word per cause. Whether something exists that the caller may not see, and what
//! went wrong inside, is never said.

use tonic::Status;

use crate::doors::SUSPENDED;
use crate::fault::Fault;
use crate::node::counts::CountShut;
use crate::node::feeds::Refused;
use crate::node::partners::Shut;
use crate::node::statistics::ReleaseShut;
use crate::node::statistics::overlap::OverlapShut;
use crate::node::statistics::sum::{NO_ROUND, SumShut};
use entente_core::codes::Code as _;
use entente_core::feed::FeedFault;

/// Turns an error into what the caller gets to see.
pub(crate) trait ToStatus {
    /// The status for the caller.
    fn to_status(&self) -> Status;
}

impl ToStatus for Shut {
    fn to_status(&self) -> Status {
        match self {
            Self::Unknown => Status::permission_denied("unknown"),
            Self::NotVerified => Status::failed_precondition("not_verified"),
            Self::Suspended => Status::permission_denied(SUSPENDED),
            Self::Quarantined => Status::permission_denied("quarantined"),
            Self::Ended => Status::permission_denied("ended"),
        }
    }
}

impl ToStatus for Refused {
    fn to_status(&self) -> Status {
        match self {
            Self::Shut(shut) => shut.to_status(),
            Self::Feed(FeedFault::WrongEpoch { .. }) => Status::failed_precondition("wrong_epoch"),
            Self::Feed(FeedFault::Repeated) => Status::already_exists("repeated"),
            Self::Feed(_) | Self::Misplaced(_) => Status::invalid_argument(self.code()),
            Self::Fault(fault) => fault.to_status(),
        }
    }
}

impl ToStatus for CountShut {
    fn to_status(&self) -> Status {
        match self {
            Self::Shut(shut) => shut.to_status(),
            Self::Unreadable => Status::invalid_argument("unreadable"),
            Self::Fault(fault) => fault.to_status(),
        }
    }
}

impl ToStatus for OverlapShut {
    fn to_status(&self) -> Status {
        match self {
            Self::Shut(shut) => shut.to_status(),
            Self::OutsideTerms => Status::permission_denied("terms"),
            Self::Done => Status::failed_precondition("done"),
            Self::Declined(_) => Status::failed_precondition("declined"),
            Self::NotValid(_) => Status::invalid_argument("not_valid"),
            Self::Fault(fault) => fault.to_status(),
        }
    }
}

impl ToStatus for ReleaseShut {
    fn to_status(&self) -> Status {
        match self {
            Self::Shut(shut) => shut.to_status(),
            Self::OutsidePlan => Status::permission_denied("plan"),
            Self::Fault(fault) => fault.to_status(),
        }
    }
}

impl ToStatus for SumShut {
    fn to_status(&self) -> Status {
        match self {
            Self::Release(shut) => shut.to_status(),
            Self::NotNow(reason) => Status::failed_precondition(reason.code()),
            Self::Stopped(word) => match word.as_str() {
                "malformed" => Status::invalid_argument("malformed"),
                NO_ROUND => Status::not_found(NO_ROUND),
                word => Status::failed_precondition(word),
            },
        }
    }
}

impl ToStatus for Box<Fault> {
    fn to_status(&self) -> Status {
        match self.code.as_str() {
            "ENT-1208" => Status::not_found("invitation"),
            "ENT-1201" => Status::permission_denied("unknown"),
            "ENT-1301" => Status::permission_denied("agreement"),
            "ENT-1206" => Status::permission_denied("ended"),
            "ENT-1702" | "ENT-1705" => Status::resource_exhausted("store"),
            _ => Status::internal("internal"),
        }
    }
}
