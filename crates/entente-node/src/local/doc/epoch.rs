//! Documents of epochs: at the close of each, summaries are released.

use serde::{Deserialize, Serialize};

use super::{Both, Named, Reason};

/// Closes an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochCloseAsk {
    /// A quarter that is over, for example `2026-Q3`.
    pub epoch: String,
    /// Only for this partner.
    pub partner: Option<String>,
}

/// Asks what closing an epoch would release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochPreviewAsk {
    /// A quarter, for example `2026-Q3`.
    pub epoch: String,
    /// Only for this partner.
    pub partner: Option<String>,
}

/// What the close released, or would release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochTold {
    /// The epoch.
    pub epoch: String,
    /// It was done; `false` for a preview.
    pub done: bool,
    /// What came of it for each partner.
    pub partners: Vec<EpochOutcome>,
}

/// What came of the close of an epoch for one partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochOutcome {
    /// Who.
    pub partner: Named,
    /// The agreement that decided: 32 hex digits; absent if none is in force.
    pub agreement: Option<String>,
    /// Records that were looked at.
    pub considered: u64,
    /// Summaries released.
    pub released: u64,
    /// Records that wait for a later close, because too few look alike.
    pub waiting: u64,
    /// Records that this partner already has, unchanged.
    pub already_shared: u64,
    /// Records that do not go out.
    pub refused: u64,
    /// How many were released at each rung of the lattice, the finest first.
    pub by_rung: Vec<RungTally>,
    /// Why records do not go out. One record can have several reasons.
    pub by_reason: Vec<ReasonTally>,
    /// How many must look alike.
    pub min_group: u32,
    /// The smallest group in which something was released.
    pub smallest_group: Option<u64>,
    /// The highest risk, for one person, of being singled out by this partner with all that it
    /// holds, in thousandths.
    pub highest_risk_per_mille: Option<u32>,
}

/// How many summaries were released at a rung.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RungTally {
    /// Its number: 0 is the finest.
    pub rung: u8,
    /// What it keeps, in words.
    pub keeps: Both,
    /// How many.
    pub released: u64,
}

/// How many records have one reason against them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonTally {
    /// The reason.
    pub reason: Reason,
    /// How many.
    pub records: u64,
}

/// Asks for the epochs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochListAsk {}

/// The epochs, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochListTold {
    /// The one that is open now.
    pub open: String,
    /// Those that were closed.
    pub closed: Vec<EpochRow>,
}

/// An epoch that was closed for a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRow {
    /// The epoch.
    pub epoch: String,
    /// For whom.
    pub partner: Named,
    /// When.
    pub closed_at: String,
    /// Summaries released.
    pub released: u64,
    /// Records left waiting.
    pub waiting: u64,
}
