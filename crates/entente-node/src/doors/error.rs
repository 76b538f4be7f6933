//! Why a partner could not be reached, in the words of the person who has to do something.
//!
//! In TLS 1.3 the client is done before the server has looked at its certificate, so a refusal
//! arrives with the first read and gRPC reports it as a call that was cancelled. The connection
//! therefore notes what ended it, and [`DoorError`] is what that note says.

use std::error::Error as StdError;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::{AlertDescription, CertificateError};
use tonic::{Code, Status};

use crate::tls::WrongIdentity;

/// Why a connection to a partner did not come about, or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DoorError {
    /// No connection: wrong address, machine off, network down, port closed.
    #[error("the partner's node cannot be reached")]
    Unreachable,
    /// There was a connection and no answer in time.
    #[error("the partner's node did not answer in time")]
    NoAnswer,
    /// What answers is no node.
    #[error("what answers at the partner's address is not a node")]
    NotANode,
    /// Another organization answered, or somebody in its place.
    #[error("another organization answered than the one expected")]
    WrongIdentity,
    /// The partner does not admit us: not a partner yet, suspended, or ended.
    #[error("the partner does not admit this organization")]
    RefusedByPartner,
    /// The partner's certificate is no longer valid: its node did not renew it, or its clock is
    /// behind, or ours ahead.
    #[error("the certificate of the partner's node has expired")]
    CertificateExpired,
    /// The partner's certificate is not valid yet: one of the two clocks is wrong.
    #[error("the certificate of the partner's node is not valid yet: one of the clocks is wrong")]
    ClockSkew,
    /// The partner finds that our certificate is not valid now: one of the two clocks is wrong.
    #[error("the partner finds our certificate expired or not yet valid")]
    OurCertificateRefused,
    /// The partner closed the connection at once: we have too many open, or it has.
    #[error("the partner's node has too many connections open")]
    TooManyConnections,
    /// The connection broke.
    #[error("the connection to the partner broke")]
    Interrupted,
    /// We ended the connection ourselves, because the partnership is not active.
    #[error("the connection was ended because the partnership is not active")]
    Cut,
}

impl DoorError {
    /// Why the call failed, if it failed at the door rather than behind it.
    pub fn of(status: &Status) -> Option<Self> {
        find(status)
    }

    /// Whether the same call may succeed later without anybody doing something.
    pub fn may_pass(self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::NoAnswer | Self::TooManyConnections | Self::Interrupted
        )
    }

    /// The status under which gRPC reports it.
    pub(super) fn into_status(self) -> Status {
        let code = if self.may_pass() { Code::Unavailable } else { Code::FailedPrecondition };
        let mut status = Status::new(code, self.to_string());
        status.set_source(Arc::new(self));
        status
    }

    /// What the failure of a handshake, or of a read or write after it, means.
    pub(super) fn of_io(error: &io::Error) -> Self {
        if let Some(known) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return Self::of_tls(known);
        }
        match error.kind() {
            io::ErrorKind::TimedOut => Self::NoAnswer,
            _ => Self::Interrupted,
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        use rustls::Error;
        match error {
            Error::AlertReceived(AlertDescription::AccessDenied) => Self::RefusedByPartner,
            Error::AlertReceived(AlertDescription::CertificateExpired) => {
                Self::OurCertificateRefused
            }
            Error::InvalidCertificate(reason) => Self::of_certificate(reason),
            _ => Self::NotANode,
        }
    }

    fn of_certificate(reason: &CertificateError) -> Self {
        use CertificateError::{
            BadEncoding, Expired, ExpiredContext, NotValidYet, NotValidYetContext, Other,
            UnknownIssuer,
        };
        match reason {
            Expired | ExpiredContext { .. } => Self::CertificateExpired,
            NotValidYet | NotValidYetContext { .. } => Self::ClockSkew,
            Other(inner) if inner.0.is::<WrongIdentity>() => Self::WrongIdentity,
            BadEncoding | UnknownIssuer => Self::NotANode,
            // A leaf that the expected identity did not sign.
            _ => Self::WrongIdentity,
        }
    }
}

/// The door error among the causes of `error`.
pub(super) fn find(error: &(dyn StdError + 'static)) -> Option<DoorError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<DoorError>() {
            return Some(*found);
        }
        cause = error.source();
    }
    None
}

/// Where a connection notes what ended it.
#[derive(Clone, Debug, Default)]
pub(super) struct Note(Arc<Mutex<Option<DoorError>>>);

impl Note {
    pub(super) fn set(&self, error: Option<DoorError>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    pub(super) fn read(&self) -> Option<DoorError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_found_again_in_the_status_it_became() {
        for error in [DoorError::RefusedByPartner, DoorError::Unreachable, DoorError::Cut] {
            assert_eq!(DoorError::of(&error.into_status()), Some(error));
        }
        assert_eq!(DoorError::of(&Status::unavailable("elsewhere")), None);
    }

    #[test]
    fn what_passes_by_itself_is_unavailable_and_the_rest_is_not() {
        assert_eq!(DoorError::Unreachable.into_status().code(), Code::Unavailable);
        assert_eq!(DoorError::RefusedByPartner.into_status().code(), Code::FailedPrecondition);
    }
}
