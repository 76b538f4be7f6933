//! Documents of import and export.
//!
//! Files are named by absolute path: they are too large to travel inside a document, and the node
//! and its staff's command line are on one machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Both, Reason};

/// Imports records from a CSV or XLSX file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordImportAsk {
    /// The file: an absolute path.
    pub file: String,
    /// A layout: `ctdc-2017`, `ctdc-2024`, `htcds-2.0`, `entente`. Guessed from the columns if
    /// neither this nor `mapping` is given.
    pub layout: Option<String>,
    /// A mapping file: an absolute path.
    pub mapping: Option<String>,
    /// Columns that are read otherwise than the layout says: the name of each, and of the field or the part of a consent
    /// that it feeds; empty if it is not taken over.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// The sheet of a spreadsheet; the first that is not empty if absent.
    pub sheet: Option<String>,
    /// Where to list the rows that could not be read: an absolute path. Rows, columns and reasons;
    /// nothing that stood in a cell.
    pub quarantine: Option<String>,
    /// Scopes of consent that whoever imports has documents for, where the file says nothing:
    /// codes of the list `consent_scope`. Given on the day of registration.
    #[serde(default)]
    pub consent: Option<Vec<String>>,
    /// Read and check everything; keep nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// How an import went, or would go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordImportTold {
    /// Nothing was kept.
    pub dry_run: bool,
    /// The layout that was used.
    pub layout: String,
    /// How the file was written: `utf-8`, `windows-1252`, `xlsx`.
    pub encoding: String,
    /// What separates its columns; absent for a spreadsheet.
    pub separator: Option<String>,
    /// Rows in the file, without the header.
    pub rows: u64,
    /// Records added.
    pub added: u64,
    /// Records changed.
    pub updated: u64,
    /// Records that were already so.
    pub unchanged: u64,
    /// Rows that could not be read.
    pub quarantined: u64,
    /// Where those are: a path.
    pub quarantine: Option<String>,
    /// How many rows for each reason.
    pub by_reason: BTreeMap<String, u64>,
    /// The first of them. Names the place and not what stands there.
    pub problems: Vec<RowProblem>,
    /// Columns that the layout does not use.
    pub ignored_columns: Vec<String>,
    /// The columns of the file, in order. Only after a dry run.
    #[serde(default)]
    pub columns: Vec<ImportColumn>,
    /// The sheets of a workbook. Only after a dry run.
    #[serde(default)]
    pub sheets: Vec<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A column of a file, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportColumn {
    /// Its name.
    pub column: String,
    /// The field, or the part of a consent, that it feeds; absent if it is not used.
    pub field: Option<String>,
    /// What its first value looks like: `9` for a digit, `x` for a letter, at most 24 of them.
    /// Nothing that stood there. Absent if the first rows say nothing.
    pub looks_like: Option<String>,
}

/// Why a row could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowProblem {
    /// The row in the file; the header is row 1.
    pub row: u64,
    /// The name of the column; absent if it is the whole row.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: Reason,
}

/// Writes records into a CSV or XLSX file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordExportAsk {
    /// The file: an absolute path that does not exist yet. Its ending decides: `.csv`, `.xlsx`.
    pub file: String,
    /// A layout; `entente` if absent.
    pub layout: Option<String>,
    /// Field name → code that it must hold.
    #[serde(default, rename = "where")]
    pub filter: BTreeMap<String, String>,
    /// Write names, numbers and texts too. Audited as such.
    #[serde(default)]
    pub reveal: bool,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordExportTold {
    /// The file.
    pub file: String,
    /// The layout.
    pub layout: String,
    /// Records in it.
    pub records: u64,
    /// Bytes in it.
    pub bytes: u64,
    /// It identifies persons.
    pub identifying: bool,
    /// What was left out, a line each.
    pub left_out: Vec<Both>,
}
