//! Referrals: from an anonymized need to a service that takes it on, and what came of it.
//!
//! The *home* is the organization whose client it is. It offers a [`NeedCard`], which is made of
//! codes, to partners. The one idea is that **the home decides and partners ask**: an acceptance is
//! a request, and who has the referral is what the home's node says. A partner's standing is
//! therefore always what the home last said to it, whatever was lost, late or repeated on the way.
//! There is no clock but the home's: a partner's node never finds that an offer has lapsed.
//!
//! Both sides are pure functions of a state, an event and an instant: [`HomeState::after`] and
//! [`PartnerState::after`]. They are total. What has no effect is a [`Refused`], which changes
//! nothing and is written down.
//!
//! | Step (home) | As everybody calls it | Comes from | By |
//! |---|---|---|---|
//! | created | – | – | the case worker |
//! | offered | offered | created, offered, unmet | the case worker |
//! | accepted | accepted | offered | the first acceptance that the home reads in time |
//! | handed_over | accepted | accepted, handed_over, delivered | the case worker, for the winner alone |
//! | delivered | accepted | handed_over | the winner's node |
//! | opened | accepted | handed_over, delivered | somebody at the winner |
//! | in_service | accepted | handed_over, delivered, opened | somebody at the winner |
//! | done | done | accepted up to in_service | the winner or the home; the first the home counts |
//! | unmet | declined | offered | the last open offer is declined or taken back |
//! | revoked | revoked | all but done, revoked, expired | the case worker, or a withdrawn consent |
//! | expired | expired | offered | the home's clock |
//!
//! | Step (partner) | Comes from | By |
//! |---|---|---|
//! | offered | – | the home's offer |
//! | accepting | offered | somebody here accepted; the home has not decided |
//! | accepted | offered, accepting | the home: won |
//! | handed_over | accepted, handed_over | the home |
//! | opened, in_service | handed_over, opened | somebody here |
//! | closing | accepted up to in_service | somebody here closed it; the home has not counted that |
//! | declined | offered | somebody here, with a barrier |
//! | taken, expired | offered, accepting | the home |
//! | revoked | all that is not over | the home |
//! | done | accepted up to closing | the home |
//!
//! What this module does not do: whether an offer may go to a partner is decided by
//! [`crate::policy`], and the contact details are sealed elsewhere; here they are bytes.

use std::fmt;
use std::str::FromStr;

use crate::codes::{Barrier, ReferralOutcome};
use crate::lang::Lang;

mod card;
pub mod duty;
mod home;
pub mod matching;
mod message;
mod partner;
#[cfg(test)]
mod tests;
mod timing;

pub use card::{Area, Asks, CardProblem, MAX_NEEDS, NeedCard, status_group};
pub use home::{HomeEvent, HomeState, HomeStep, OfferStep, Said};
pub use message::{Body, Head, MAX_SEALED, Message, Offer};
pub use partner::{PartnerEvent, PartnerState, Reply};
pub use timing::{Timers, window_s};

/// The name of a referral, towards everybody: 128 random bits, which say nothing about the record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReferralId(pub [u8; 16]);

impl fmt::Display for ReferralId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ReferralId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ReferralId {
    type Err = NotAReferralId;

    fn from_str(text: &str) -> Result<Self, NotAReferralId> {
        let bytes = hex::decode(text.trim()).map_err(|_| NotAReferralId)?;
        bytes.try_into().map(Self).map_err(|_| NotAReferralId)
    }
}

/// A text that is no name of a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 32 hexadecimal digits")]
pub struct NotAReferralId;

/// What the home says to a partner about where the referral stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has the referral.
    Won,
    /// Another organization has it.
    Taken,
    /// The home took it back.
    Revoked,
    /// Nobody accepted it in time.
    Expired,
    /// It is closed.
    Done(ReferralOutcome),
}

impl Standing {
    /// Text form, for the timeline and the audit log.
    pub fn code(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Taken => "taken",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Done(_) => "done",
        }
    }
}

/// What a partner answers to an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It would take the referral.
    Accept,
    /// It does not.
    Decline(Barrier),
}

/// How far the partner that has the referral has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Its node has what was handed over.
    Delivered,
    /// Somebody opened it.
    Opened,
    /// The person is being served.
    InService,
    /// It would close the referral, with this outcome.
    Closed(ReferralOutcome),
}

impl Progress {
    /// Text form, for the timeline and the audit log.
    pub fn code(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::InService => "in_service",
            Self::Closed(_) => "closed",
        }
    }
}

/// Why an event has no effect. Nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The organization was not offered this.
    NotOffered,
    /// The same was said before.
    Repeated,
    /// Somebody else has it.
    Taken,
    /// The referral is over, or was declined here.
    Over,
    /// It has to come to something else first.
    NotYet,
    /// The other side contradicts what it said before.
    Contradiction,
}

impl Refused {
    /// Text form, for the audit log.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotOffered => "referral_not_offered",
            Self::Repeated => "referral_repeated",
            Self::Taken => "referral_taken",
            Self::Over => "referral_over",
            Self::NotYet => "referral_not_yet",
            Self::Contradiction => "referral_contradiction",
        }
    }

    /// What a person reads.
    pub fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::NotOffered => lang.pick(
                "the referral was not offered to this organization",
                "l’aiguillage n’a pas été offert à cet organisme",
            ),
            Self::Repeated => lang.pick("this was done already", "c’est déjà fait"),
            Self::Taken => lang.pick(
                "another organization has the referral",
                "un autre organisme a pris l’aiguillage",
            ),
            Self::Over => lang.pick("the referral is over", "l’aiguillage est terminé"),
            Self::NotYet => lang
                .pick("the referral has not come that far", "l’aiguillage n’en est pas encore là"),
            Self::Contradiction => lang.pick(
                "the other side contradicts what it said before",
                "l’autre partie contredit ce qu’elle avait dit",
            ),
        }
    }
}
