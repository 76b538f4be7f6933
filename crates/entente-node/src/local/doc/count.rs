//! Documents of counting, with partners and alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Named, Reason};

/// Asks every partner whose agreement allows it for counts of its own records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountAsk {
    /// Dimensions: `province`, `quarter`, `exploitation`, `gender`, `age`, `majority`, …
    pub by: Vec<String>,
    /// Dimension → code that a record must have.
    #[serde(default, rename = "where")]
    pub filter: BTreeMap<String, String>,
    /// Closed periods, `2026-Q3` or `2025`; all closed ones if empty.
    #[serde(default)]
    pub periods: Vec<String>,
    /// Only these partners; all if empty.
    #[serde(default)]
    pub partners: Vec<String>,
}

/// Counts our own records exactly, for our own staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountOwnAsk {
    /// Dimensions, as for a count with partners.
    pub by: Vec<String>,
    /// Dimension → code that a record must have.
    #[serde(default, rename = "where")]
    pub filter: BTreeMap<String, String>,
    /// Periods, closed or open; all if empty.
    #[serde(default)]
    pub periods: Vec<String>,
}

/// A table of counts, with who is in it and who is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountTold {
    /// The dimensions, in the order of the columns.
    pub by: Vec<String>,
    /// What was asked for besides.
    #[serde(rename = "where")]
    pub filter: BTreeMap<String, String>,
    /// The periods counted.
    pub periods: Vec<String>,
    /// Every cell of the table, in a fixed order.
    pub cells: Vec<CountCell>,
    /// The sum over all cells.
    pub total: CountCell,
    /// Who is in it.
    pub coverage: Coverage,
    /// The definition of trafficking that was counted: a code of the list `definition_profile`;
    /// absent if every record counts.
    pub definition: Option<String>,
    /// What one unit is: `persons` or `records`.
    pub counting_rule: String,
    /// How the table may be used.
    pub notice: Notice,
    /// When it was asked.
    pub asked_at: String,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountCell {
    /// Dimension → code.
    pub key: BTreeMap<String, String>,
    /// How many; absent if it is not shown.
    pub value: Option<u64>,
    /// How many at least, if only that is known.
    pub at_least: Option<u64>,
    /// A code of the list `suppression`.
    pub flag: String,
}

/// Who is in a figure and who is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// How many answered.
    pub answered: u64,
    /// How many refused.
    pub refused: u64,
    /// How many could not be reached.
    pub unreachable: u64,
    /// Each of them.
    pub partners: Vec<CoverageRow>,
}

/// What one partner did with the question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageRow {
    /// Who.
    pub partner: Named,
    /// What it did.
    pub outcome: CountOutcome,
    /// Why it refused.
    pub reasons: Vec<Reason>,
    /// SHA-256 of its signed answer, which is kept: 64 hex digits.
    pub answer: Option<String>,
}

/// What a partner did with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountOutcome {
    /// It answered, signed.
    Answered,
    /// It refused, with reasons.
    Refused,
    /// It could not be reached in time.
    Unreachable,
}

/// How a table may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Controlled information, not for publication.
    Controlled,
    /// Exact figures, for our own staff only.
    OwnStaffOnly,
}
