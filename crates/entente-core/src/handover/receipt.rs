//! Receipts: that a hand-over was destroyed, or was not taken.
//!
//! That it was delivered and opened is said with the referral ([`crate::referral::Progress`]).

use crate::lang::Lang;
use crate::referral::ReferralId;

/// What became of one hand-over. Signed by its recipient in an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandoverReceipt {
    /// The referral.
    pub referral: ReferralId,
    /// SHA-256 of the payload that carried the hand-over, so that the receipt is for these very bytes.
    pub digest: [u8; 32],
    /// What was done.
    pub deed: HandoverDeed,
    /// When; seconds since 1970.
    pub at_s: i64,
}

/// What a recipient did with a hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandoverDeed {
    /// Its key is destroyed; it cannot be read there any more.
    Shredded,
    /// It was not taken, and nobody can read it.
    Refused(RefusedWhy),
}

/// Why a hand-over is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusedWhy {
    /// Its recipient does not have this referral, or the home had not read that it accepted.
    NotAccepted,
    /// It is sealed to a key that was replaced too long ago, or was never its recipient's.
    OldKey,
    /// It was received before, or a later one was.
    Repeated,
    /// The agreement does not let it through now.
    NotAgreed,
    /// It has none of the three lengths.
    Malformed,
}

impl RefusedWhy {
    /// All of them, by their numbers.
    pub const ALL: [Self; 5] =
        [Self::NotAccepted, Self::OldKey, Self::Repeated, Self::NotAgreed, Self::Malformed];

    /// The number in receipts.
    pub fn number(self) -> u8 {
        match self {
            Self::NotAccepted => 1,
            Self::OldKey => 2,
            Self::Repeated => 3,
            Self::NotAgreed => 4,
            Self::Malformed => 5,
        }
    }

    /// The reason with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.number() == number)
    }

    /// Text form, for the audit log and `--json`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAccepted => "handover_not_accepted",
            Self::OldKey => "handover_old_key",
            Self::Repeated => "handover_repeated",
            Self::NotAgreed => "handover_not_agreed",
            Self::Malformed => "handover_malformed",
        }
    }

    /// What a person reads.
    pub fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::NotAccepted => {
                lang.pick("they do not have this referral", "cet aiguillage ne leur revient pas")
            }
            Self::OldKey => lang.pick(
                "it was sealed to a key that they replaced more than 30 days ago",
                "le sceau repose sur une clé remplacée depuis plus de 30 jours",
            ),
            Self::Repeated => lang
                .pick("they have this or a later one", "ils ont déjà celle-ci ou une plus récente"),
            Self::NotAgreed => {
                lang.pick("the agreement does not let it through", "l’entente ne le permet pas")
            }
            Self::Malformed => lang.pick("it cannot be read", "elle est illisible"),
        }
    }
}
