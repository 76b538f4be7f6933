//! Tables: cases from spreadsheets, and back into them.
//!
//! [`open`] finds out what a file is (CSV with any usual separator and encoding, or XLSX) and
//! gives its rows one by one; [`Import`] reads them with a layout of `entente-core`. A bad row is
//! quarantined with a reason and the rest goes on; a file that cannot be read at all is one error,
//! found before anything is kept if the caller reads it through once ([`Plan`]).
//!
//! No error and no quarantine file ever holds what stood in a cell. Keeping the records is not
//! done here.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use entente_core::lang::Lang;
use entente_core::layout::HeaderProblem;

use crate::setup::io_reason;

mod bounds;
mod csv_in;
mod decode;
mod import;
mod out;
mod xlsx_in;

pub use import::{Import, Imported, Plan, RowKey};
pub use out::{CsvOut, NotWritten, Quarantine, XlsxOut};

/// The largest file that is read, in bytes. A million rows of our own template are about 300 MB.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// The most rows that are read: as many as a sheet of XLSX can have.
pub const MAX_ROWS: u64 = 1_048_576;

/// A table whose header row has been read.
pub struct Table {
    /// The cells of the header row. Without a header row they are somebody's data: never shown.
    pub headers: Vec<String>,
    /// What the file turned out to be.
    pub format: Format,
    /// The names of the sheets of a workbook; none in a file that has no sheets.
    pub sheets: Vec<String>,
    rows: Box<dyn Iterator<Item = Result<Row, TableError>> + Send>,
}

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Separated values.
    Csv {
        /// The name of the encoding, for example `UTF-8`.
        encoding: &'static str,
        /// What stands between cells.
        separator: char,
    },
    /// A workbook, of which the sheet that was named is read, or the first that is not empty.
    Xlsx,
}

/// One row below the header.
pub struct Row {
    /// Its number, counted from 1 for the header, as a spreadsheet shows it.
    pub number: u64,
    /// Its cells.
    pub cells: Vec<String>,
}

/// Why a file cannot be read as a table. Never holds anything that stood in it.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file system failed.
    #[error("the file cannot be read: {0}")]
    File(std::io::ErrorKind),
    /// Larger than [`MAX_FILE_BYTES`], or a workbook that would be too large when unpacked.
    #[error("the file is too large")]
    TooLarge,
    /// More rows than [`MAX_ROWS`].
    #[error("the table has more than {MAX_ROWS} rows")]
    TooManyRows,
    /// An old workbook (`.xls`) or one with a password.
    #[error("an old or password-protected workbook")]
    OldWorkbook,
    /// Neither text nor a workbook.
    #[error("neither text nor a workbook")]
    NotATable,
    /// A workbook that is damaged.
    #[error("the workbook is damaged")]
    Damaged,
    /// No row at all.
    #[error("the table is empty")]
    Empty,
    /// One record goes on for more than 16 MiB: a quotation mark is not closed.
    #[error("the record that starts in row {row} does not end")]
    EndlessRecord {
        /// The row.
        row: u64,
    },
    /// No sheet has the name that was asked for.
    #[error("there is no such sheet")]
    NoSuchSheet {
        /// The names of those that there are; none in a file that has no sheets.
        sheets: Vec<String>,
    },
    /// The header does not fit the layout.
    #[error("the header does not fit the layout")]
    Header(Vec<HeaderProblem>),
}

impl TableError {
    /// A stable code for `--json`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(_) => "file_unreadable",
            Self::TooLarge => "file_too_large",
            Self::TooManyRows => "too_many_rows",
            Self::OldWorkbook => "old_workbook",
            Self::NotATable => "not_a_table",
            Self::Damaged => "workbook_damaged",
            Self::Empty => "table_empty",
            Self::EndlessRecord { .. } => "record_endless",
            Self::NoSuchSheet { .. } => "no_such_sheet",
            Self::Header(_) => "header_unfit",
        }
    }

    /// What is wrong and what to do, in words.
    pub fn text(&self, lang: Lang) -> String {
        let pick = |en: &str, fr: &str| lang.pick(en, fr).to_owned();
        match self {
            Self::File(kind) => match lang {
                Lang::En => format!("the file cannot be read: {}", io_reason(*kind).0),
                Lang::Fr => format!("le fichier est illisible\u{a0}: {}", io_reason(*kind).1),
            },
            Self::TooLarge => pick(
                "the file is too large: more than 1 GiB, or a workbook of which the cells, the texts or the formats \
                 take too much when unpacked; split it, or save it as CSV (UTF-8)",
                "le fichier est trop grand\u{a0}: plus de 1 Gio, ou un classeur dont les cellules, les textes ou les \
                 formats prennent trop de place une fois décompressés; divisez-le, ou enregistrez-le en CSV (UTF-8)",
            ),
            Self::TooManyRows => match lang {
                Lang::En => format!("more than {MAX_ROWS} rows; split the file"),
                Lang::Fr => format!("plus de {MAX_ROWS} lignes; divisez le fichier"),
            },
            Self::OldWorkbook => pick(
                "an old workbook (.xls) or one with a password; save it as .xlsx without password",
                "un ancien classeur (.xls) ou un classeur protégé par mot de passe; \
                 enregistrez-le en .xlsx sans mot de passe",
            ),
            Self::NotATable => pick(
                "neither text nor a workbook; save it as CSV (UTF-8) or .xlsx",
                "ni du texte ni un classeur; enregistrez-le en CSV (UTF-8) ou en .xlsx",
            ),
            Self::Damaged => pick(
                "the workbook is damaged; open it in a spreadsheet and save it again",
                "le classeur est endommagé; ouvrez-le dans un tableur et enregistrez-le de nouveau",
            ),
            Self::Empty => pick(
                "the table is empty; its first row must be the header",
                "le tableau est vide; sa première ligne doit être l’en-tête",
            ),
            Self::EndlessRecord { row } => match lang {
                Lang::En => format!(
                    "row {row} does not end within 16 MiB; is a quotation mark (\") not closed?"
                ),
                Lang::Fr => format!(
                    "la ligne {row} ne finit pas avant 16 Mio; un guillemet (\") est-il resté ouvert?"
                ),
            },
            Self::NoSuchSheet { sheets } if sheets.is_empty() => pick(
                "this file is text and has no sheets",
                "ce fichier est du texte et n’a pas de feuilles",
            ),
            Self::NoSuchSheet { sheets } => match lang {
                Lang::En => format!("sheets of the workbook: {}", sheets.join(", ")),
                Lang::Fr => format!("feuilles du classeur\u{a0}: {}", sheets.join(", ")),
            },
            Self::Header(problems) => {
                problems.iter().map(|problem| problem.text(lang)).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

impl From<std::io::Error> for TableError {
    fn from(error: std::io::Error) -> Self {
        // Only the kind: what a library writes into its messages is not ours to show.
        Self::File(error.kind())
    }
}

/// Opens a table and reads its header row. What the file is called does not matter.
pub fn open(path: &Path) -> Result<Table, TableError> {
    open_sheet(path, None)
}

/// The same, of one sheet of a workbook. Capitals in its name do not matter, as in spreadsheets.
pub fn open_sheet(path: &Path, sheet: Option<&str>) -> Result<Table, TableError> {
    open_from(File::open(path)?, sheet)
}

/// The same, from whatever can be read from anywhere.
pub fn open_from(
    mut file: impl Read + Seek + Send + 'static,
    sheet: Option<&str>,
) -> Result<Table, TableError> {
    let n_bytes = file.seek(SeekFrom::End(0))?;
    if n_bytes > MAX_FILE_BYTES {
        return Err(TableError::TooLarge);
    }
    file.seek(SeekFrom::Start(0))?;
    let mut start = Vec::new();
    Read::by_ref(&mut file).take(8).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    match start.as_slice() {
        // A zip file: every XLSX is one.
        [b'P', b'K', 3, 4, ..] => xlsx_in::open(file, sheet),
        // Microsoft's compound file: .xls, and .xlsx with a password.
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Err(TableError::OldWorkbook),
        _ if sheet.is_some() => Err(TableError::NoSuchSheet { sheets: Vec::new() }),
        _ => csv_in::open(file),
    }
}

impl Iterator for Table {
    type Item = Result<Row, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next()
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({:?})", self.format)
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({})", self.number)
    }
}

#[cfg(test)]
mod tests;
