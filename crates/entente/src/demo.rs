//! `entente demo`: seven organizations share cases, in about a minute, on this machine.
//!
//! Nothing is staged. Each organization is a process of this program with its own folder, keys and
//! port; they speak over mutual TLS on loopback, and the story asks them through their sockets what
//! the command line would ask. The cases are synthetic ([`entente_core::synthetic`]).

mod cast;
mod consoles;
mod office;
mod referrals;
mod statistics;
mod story;
mod teller;

use std::path::PathBuf;

use entente_core::lang::Lang;
use entente_node::fault::{Both, Fault};
use serde::Serialize;

pub(crate) use story::run;

/// What `entente demo` was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DemoOptions {
    /// In which language it is told.
    pub(crate) lang: Lang,
    /// One document at the end of standard output instead of the story.
    pub(crate) json: bool,
    /// Go on with the consoles open, until somebody stops it.
    pub(crate) keep: bool,
    /// The seed of the cases.
    pub(crate) seed: u64,
    /// How many cases; the usual number if absent.
    pub(crate) records: Option<u32>,
    /// A real file instead.
    pub(crate) import: Option<PathBuf>,
    /// Its layout.
    pub(crate) layout: Option<String>,
    /// The engine of every store: `sled` or `redb`.
    pub(crate) engine: String,
}

/// What happened, in figures. The last line of standard output with `--json`.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Figures {
    organizations: u64,
    records: u64,
    summaries_released: u64,
    summaries_suppressed: u64,
    summaries_held: u64,
    withdrawals: u64,
    receipts: u64,
    refusals: u64,
    audit_verified: u64,
    count: CountFigures,
    statistics: StatisticsFigures,
    referrals: ReferralFigures,
    seconds: f64,
    /// Where each organization's console is, with `--keep`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    consoles: Vec<ConsoleFigure>,
}

/// The count that the federal centre asked for.
#[derive(Clone, Debug, Default, Serialize)]
struct CountFigures {
    cells: Vec<CellFigure>,
    coverage: CoverageFigures,
}

#[derive(Clone, Debug, Serialize)]
struct CellFigure {
    key: std::collections::BTreeMap<String, String>,
    value: Option<u64>,
}

/// The figures that were added up in secret.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct StatisticsFigures {
    /// Whose cases are in them.
    contributors: u64,
    /// Who was to contribute and did not.
    dropped: u64,
    aggregators: u64,
    /// Whether the national return verifies.
    verified: bool,
    /// What a person in them has paid at one organization, in billionths of rho.
    budget_spent_nano_rho: u64,
}

/// What became of the referral.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct ReferralFigures {
    created: u64,
    /// By whom the referral was won: two accept, and one has it.
    accepted: u64,
    declined: u64,
    handovers_opened: u64,
    closed: u64,
}

#[derive(Clone, Debug, Default, Serialize)]
struct CoverageFigures {
    answered: u64,
    refused: u64,
    unreachable: u64,
}

/// The console of one organization, and a way in for whoever watches.
#[derive(Clone, Serialize)]
struct ConsoleFigure {
    organization: Both,
    address: String,
    /// Works once, for a day.
    link: String,
}

impl std::fmt::Debug for ConsoleFigure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ConsoleFigure({})", self.address)
    }
}

type Outcome<T> = Result<T, Box<Fault>>;
