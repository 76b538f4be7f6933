//! Receipts: what the recipient did with a hand-over.

use super::ReferralKey;

/// What became of one hand-over. Signed by its recipient in an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandoverReceipt {
    /// The referral.
    pub referral: ReferralKey,
    /// Which hand-over of it.
    pub number: u32,
    /// SHA-256 of the hand-over's payload, so that the receipt is for these very bytes.
    pub digest: [u8; 32],
    /// What was done.
    pub deed: HandoverDeed,
    /// When; seconds since 1970.
    pub at_s: i64,
}

/// What a recipient does with a hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandoverDeed {
    /// It is kept, sealed.
    Delivered,
    /// A person opened it, for the first time.
    Opened,
    /// Its key is destroyed; it cannot be read there any more.
    Shredded,
    /// It was not taken, and nobody can read it.
    Refused(RefusedWhy),
}

/// Why a hand-over is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusedWhy {
    /// It names another organization, or is not from the referral's home.
    NotForUs,
    /// Its recipient did not accept this referral, or its answer was another.
    NotAccepted,
    /// It is sealed to a key that was replaced too long ago, or was never its recipient's.
    OldKey,
    /// It was received before, or a later one was.
    Repeated,
    /// The agreement does not let it through now.
    NotAgreed,
}

impl RefusedWhy {
    /// All of them, by their numbers.
    pub const ALL: [Self; 5] =
        [Self::NotForUs, Self::NotAccepted, Self::OldKey, Self::Repeated, Self::NotAgreed];

    /// The number in receipts.
    pub fn number(self) -> u8 {
        match self {
            Self::NotForUs => 1,
            Self::NotAccepted => 2,
            Self::OldKey => 3,
            Self::Repeated => 4,
            Self::NotAgreed => 5,
        }
    }

    /// The reason with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.number() == number)
    }

    /// Text form, for the audit log and `--json`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotForUs => "handover_not_for_us",
            Self::NotAccepted => "handover_not_accepted",
            Self::OldKey => "handover_old_key",
            Self::Repeated => "handover_repeated",
            Self::NotAgreed => "handover_not_agreed",
        }
    }
}
