//! What one organization hands on, as it signs it. The bytes of the batch travel beside it.

use sha2::{Digest as _, Sha256};

use crate::period::Period;
use crate::statistics::budget::NanoRho;

use super::batch::Stage;
use super::linkage::LinkageFigures;
use super::round::RoundId;

/// A batch as its maker signs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Of which round.
    pub round: RoundId,
    /// The joint key under which it is encrypted ([`super::JointKey::digest`]).
    pub joint: [u8; 32],
    /// SHA-256 of the batch.
    pub sha256: [u8; 32],
    /// Who made it.
    pub maker: Maker,
}

/// Who made a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// A contributor, with what its persons paid and how well they could be matched.
    Contributor(Paid, LinkageFigures),
    /// The first helper.
    First,
    /// The second helper.
    Second,
}

/// A charge in a contributor's ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// Its number, from 1, without gaps.
    pub number: u64,
    /// The period whose persons paid.
    pub period: Period,
    /// What they paid.
    pub cost: NanoRho,
    /// What the persons of that year had paid then, this charge included.
    pub year_spent: NanoRho,
    /// What all charges came to then.
    pub spent: NanoRho,
    /// When; seconds since 1970.
    pub at_s: i64,
}

impl Parcel {
    /// At which stage the batch is.
    pub fn stage(&self) -> Stage {
        match self.maker {
            Maker::Contributor(..) => Stage::Sent,
            Maker::First => Stage::MixedOnce,
            Maker::Second => Stage::MixedTwice,
        }
    }

    /// Whether these bytes are its batch.
    pub fn holds(&self, batch: &[u8]) -> bool {
        self.sha256 == Self::digest(batch)
    }

    /// The hash of a batch.
    pub fn digest(batch: &[u8]) -> [u8; 32] {
        Sha256::digest(batch).into()
    }
}
