//! Statements: what one organization says to one other.
//!
//! A statement is signed as bytes and stays those bytes: they are a leaf of the feed, and the feed's
//! checkpoint signs them. Each leaf says inside its bytes who speaks, to whom, in which epoch of
//! the feed, at which place, and under which agreement; moved anywhere else, it is refused.

use crate::envelope::Envelope;
use crate::feed::FeedId;
use crate::policy::Permitted;
use crate::summary::{CaseSummary, SummaryId};

/// What a node tells a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// "This is a case, as far as you may know it."
    Summary(CaseSummary),
    /// "Forget this case." Always wins, in whatever order it arrives.
    Withdrawal(SummaryId, WithdrawReason),
    /// A signed document: an agreement, a notice, a receipt, a test share.
    Document(Envelope),
}

/// Why a summary is taken back. Says nothing about the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum WithdrawReason {
    /// The person withdrew their consent.
    ConsentWithdrawn = 1,
    /// The organization took its record back.
    RecordWithdrawn = 2,
    /// What was said was wrong.
    Correction = 3,
    /// The agreement ended, and its clause asks for it.
    AgreementEnded = 4,
}

impl WithdrawReason {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::ConsentWithdrawn, Self::RecordWithdrawn, Self::Correction, Self::AgreementEnded];

    /// The stable number.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The reason with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.number() == number)
    }

    /// Text form, for files.
    pub fn code(self) -> &'static str {
        match self {
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::RecordWithdrawn => "record_withdrawn",
            Self::Correction => "correction",
            Self::AgreementEnded => "agreement_ended",
        }
    }
}

/// Which agreement a statement rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgreementRef {
    /// The agreement.
    pub id: [u8; 16],
    /// Its version.
    pub version: u32,
}

/// A statement at its place in a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The feed.
    pub feed: FeedId,
    /// The place: 1 for the first.
    pub seq: u64,
    /// The agreement it rests on. Documents before the first agreement have none.
    pub agreement: Option<AgreementRef>,
    /// What is said.
    pub statement: Statement,
}

impl Permitted<Statement> {
    /// Gives the statement its place in the feed. There is no way to say one without permission.
    ///
    /// `encode` makes the bytes that the feed's checkpoint will sign.
    pub fn place(
        self,
        feed: FeedId,
        seq: u64,
        agreement: Option<AgreementRef>,
        encode: impl FnOnce(&Leaf) -> Vec<u8>,
    ) -> Permitted<PlacedLeaf> {
        self.map(|statement| {
            let leaf = Leaf { feed, seq, agreement, statement };
            PlacedLeaf { seq, bytes: encode(&leaf) }
        })
    }
}

/// The exact bytes of a leaf, ready to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedLeaf {
    /// Its place.
    pub seq: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}
