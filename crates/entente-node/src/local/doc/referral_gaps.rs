//! Documents of what our referrals came to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts our referrals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralGapsAsk {
    /// Those that were first offered in this quarter or year; absent: in the current year.
    #[serde(default)]
    pub period: Option<String>,
}

/// Our referrals of a period: exact, for our own staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralGapsTold {
    /// In which they were first offered.
    pub period: String,
    /// How many there are. Each is counted, a person with two of them twice.
    pub referrals: u64,
    /// Of how many persons.
    pub persons: u64,
    /// How many are unmet.
    pub unmet: u64,
    /// How often a partner that was asked declined, by codes of `barrier`: also where another took it.
    pub declines: BTreeMap<String, u64>,
    /// By first need: codes of `need`.
    pub needs: Vec<GapRow>,
    /// By where the service is wanted: codes of `region_shared`, and `unknown`.
    pub regions: Vec<GapRow>,
    /// By quarter of the first offer: `Q1` to `Q4`.
    pub quarters: Vec<GapRow>,
    /// By first need and where the service is wanted, in the order of the lists.
    #[serde(default)]
    pub cells: Vec<GapCell>,
}

/// The referrals of a need in a region. Those of none are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapCell {
    /// The first need: a code of `need`.
    pub need: String,
    /// Where: a code of `region_shared`, or `unknown`.
    pub region: String,
    /// How many referrals.
    pub referrals: u64,
    /// How many of them are unmet.
    pub unmet: u64,
}

/// The referrals of one label. Those of no referral are left out, and so are counts of 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapRow {
    /// The label.
    pub code: String,
    /// How many referrals.
    pub referrals: u64,
    /// How many of them are unmet: nobody took them, or whoever did could not serve the person.
    pub unmet: u64,
    /// What came of them, by codes of `referral_result`.
    pub results: BTreeMap<String, u64>,
    /// How often a partner that was asked declined, by codes of `barrier`: also where another took it.
    pub declines: BTreeMap<String, u64>,
    /// How long it took until somebody accepted, by codes of `waiting`.
    pub waiting: BTreeMap<String, u64>,
}
