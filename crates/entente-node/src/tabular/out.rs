//! Writing tables: CSV for every program, XLSX for spreadsheets, and the quarantine file.
//!
//! CSV is UTF-8 with a byte-order mark, without which spreadsheets read French wrongly; a text
//! that would be taken for a formula gets a `'`. XLSX holds every cell as text, which is never
//! evaluated.

use std::io::{self, Write};

use entente_core::lang::Lang;
use entente_core::layout::{CellProblem, guard_formula};
use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// A CSV file that is being written.
pub struct CsvOut<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> CsvOut<W> {
    /// Starts a file with its header row.
    pub fn new(mut out: W, headers: &[impl AsRef<str>]) -> io::Result<Self> {
        out.write_all("\u{feff}".as_bytes())?;
        let mut csv = Self { writer: csv::Writer::from_writer(out) };
        csv.row(headers)?;
        Ok(csv)
    }

    /// Writes a row.
    pub fn row(&mut self, cells: &[impl AsRef<str>]) -> io::Result<()> {
        let cells = cells.iter().map(|cell| guard_formula(cell.as_ref()).into_owned());
        self.writer.write_record(cells).map_err(io::Error::other)
    }

    /// Writes what is left, and gives the file back for syncing.
    pub fn finish(self) -> io::Result<W> {
        self.writer.into_inner().map_err(|error| error.into_error())
    }
}

/// An XLSX file that is being written.
pub struct XlsxOut {
    workbook: Workbook,
    n_rows: u32,
}

impl XlsxOut {
    /// Starts a workbook with one sheet and its header row.
    pub fn new(headers: &[impl AsRef<str>]) -> Result<Self, NotWritten> {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().set_freeze_panes(1, 0)?;
        let mut xlsx = Self { workbook, n_rows: 0 };
        xlsx.write(headers, &Format::new().set_bold())?;
        Ok(xlsx)
    }

    /// Writes a row.
    pub fn row(&mut self, cells: &[impl AsRef<str>]) -> Result<(), NotWritten> {
        self.write(cells, &Format::new())
    }

    fn write(&mut self, cells: &[impl AsRef<str>], format: &Format) -> Result<(), NotWritten> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (column, cell) in cells.iter().enumerate() {
            let column = u16::try_from(column).map_err(|_| NotWritten::TooLarge)?;
            if !cell.as_ref().is_empty() {
                sheet.write_string_with_format(self.n_rows, column, cell.as_ref(), format)?;
            }
        }
        self.n_rows += 1;
        Ok(())
    }

    /// Writes the workbook.
    pub fn finish(mut self, out: impl Write + io::Seek + Send) -> Result<(), NotWritten> {
        Ok(self.workbook.save_to_writer(out)?)
    }
}

/// Why a workbook could not be written. Does not hold the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWritten {
    /// More rows, columns or characters than a sheet has room for.
    #[error("more than fits in a sheet; write CSV instead")]
    TooLarge,
    /// The file system failed.
    #[error("the workbook cannot be written")]
    File,
}

impl From<XlsxError> for NotWritten {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::RowColumnLimitError | XlsxError::MaxStringLengthExceeded => Self::TooLarge,
            _ => Self::File,
        }
    }
}

/// The file in which rows that were not imported are listed, with reasons and without content.
pub struct Quarantine<W: Write> {
    csv: CsvOut<W>,
}

impl<W: Write> Quarantine<W> {
    /// Starts the file.
    pub fn new(out: W) -> io::Result<Self> {
        CsvOut::new(out, &["row", "column", "reason", "english", "français"])
            .map(|csv| Self { csv })
    }

    /// Lists one row, one line for each thing that is wrong with it.
    pub fn row(&mut self, row: u64, problems: &[CellProblem]) -> io::Result<()> {
        for CellProblem { column, reason } in problems {
            let (en, fr) = (reason.text(Lang::En), reason.text(Lang::Fr));
            self.csv.row(&[&row.to_string(), column, reason.code(), &en, &fr])?;
        }
        Ok(())
    }

    /// Writes what is left, and gives the file back for syncing.
    pub fn finish(self) -> io::Result<W> {
        self.csv.finish()
    }
}

impl<W: Write> std::fmt::Debug for CsvOut<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CsvOut")
    }
}

impl std::fmt::Debug for XlsxOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "XlsxOut({} rows)", self.n_rows)
    }
}

impl<W: Write> std::fmt::Debug for Quarantine<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Quarantine")
    }
}
