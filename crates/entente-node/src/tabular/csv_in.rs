//! Reading separated values.
//!
//! What separates cells is found in the header row. The memory used does not grow with the file:
//! a record that goes on for more than [`MAX_RECORD_BYTES`] ends the reading.

use std::io::{self, BufRead, BufReader, Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use entente_core::layout::{MAX_CELL_BYTES, MAX_COLUMNS};

use super::decode::{Decoding, detect};
use super::{Format, MAX_ROWS, Row, Table, TableError};

/// The longest record: as many cells as a table may have, each as long as a cell may be.
const MAX_RECORD_BYTES: u64 = (MAX_COLUMNS * MAX_CELL_BYTES) as u64;

/// The part of the file in which the header row is looked for.
const HEADER_BYTES: usize = 64 * 1024;

pub(super) fn open(mut file: impl Read + Seek + Send + 'static) -> Result<Table, TableError> {
    let encoding = detect(&mut file)?.map_err(|_| TableError::NotATable)?;
    let mut text = BufReader::with_capacity(HEADER_BYTES, Decoding::new(file, encoding));
    let separator = separator(text.fill_buf()?);
    let mut rows = Rows::new(text, separator);
    let headers = loop {
        match rows.next() {
            None => return Err(TableError::Empty),
            Some(row) => {
                let row = row?;
                if row.cells.iter().any(|cell| !cell.trim().is_empty()) {
                    break row.cells;
                }
            }
        }
    };
    let format = Format::Csv { encoding: encoding.name(), separator: char::from(separator) };
    Ok(Table { headers, format, sheets: Vec::new(), rows: Box::new(rows) })
}

/// The one of `,`, `;` and tab of which the first line has most outside of quotes.
fn separator(start: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    let mut has_text = false;
    for byte in start {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted && has_text => break,
            byte if !is_quoted => {
                let counter = counts.iter_mut().find(|(separator, _)| separator == byte);
                if let Some((_, count)) = counter {
                    *count += 1;
                }
            }
            _ => {}
        }
        has_text |= !byte.is_ascii_whitespace();
    }
    // The first of equals: a header of one column has no separator at all.
    let best = counts.iter().rev().max_by_key(|(_, count)| *count);
    best.map_or(b',', |(separator, _)| *separator)
}

struct Rows<R> {
    reader: csv::Reader<Bounded<R>>,
    record: csv::ByteRecord,
    /// How many bytes were handed out since the last record ended.
    n_bytes: Arc<AtomicU64>,
    number: u64,
    has_failed: bool,
}

impl<R: Read> Rows<R> {
    fn new(text: R, separator: u8) -> Self {
        let n_bytes = Arc::new(AtomicU64::new(0));
        let bounded = Bounded { inner: text, n_bytes: Arc::clone(&n_bytes) };
        let reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(bounded);
        Self { reader, record: csv::ByteRecord::new(), n_bytes, number: 0, has_failed: false }
    }

    fn read(&mut self) -> Result<Option<Row>, TableError> {
        self.n_bytes.store(0, Ordering::Relaxed);
        let is_row = self.reader.read_byte_record(&mut self.record).map_err(|error| match error
            .into_kind()
        {
            csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                TableError::EndlessRecord { row: self.number + 1 }
            }
            csv::ErrorKind::Io(error) => error.into(),
            _ => TableError::NotATable,
        })?;
        if !is_row {
            return Ok(None);
        }
        self.number += 1;
        if self.number > MAX_ROWS {
            return Err(TableError::TooManyRows);
        }
        // One cell more than a table may have is enough to know that the row is too wide.
        let cells = self.record.iter().take(MAX_COLUMNS + 1);
        let cells = cells.map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        Ok(Some(Row { number: self.number, cells }))
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let row = self.read().transpose();
        self.has_failed = matches!(row, Some(Err(_)));
        row
    }
}

/// A reader that fails once it has handed out too much without a record having ended.
struct Bounded<R> {
    inner: R,
    n_bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.n_bytes.load(Ordering::Relaxed) > MAX_RECORD_BYTES {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let n_read = self.inner.read(out)?;
        self.n_bytes.fetch_add(n_read as u64, Ordering::Relaxed);
        Ok(n_read)
    }
}
