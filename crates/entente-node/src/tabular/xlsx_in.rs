//! Reading workbooks.
//!
//! A thread reads the sheet cell by cell and hands over rows through a short queue, so that a
//! large sheet is never in memory at once and a fault of the library while parsing a damaged file
//! ends that thread and nothing else. Memory that cannot be had would end the node, so [`bounds`] looks at a workbook
//! first, and formulas are asked for without their texts.
//!
//! A formula is not evaluated and its stored result is not taken: the cell becomes `=`, which a
//! layout refuses as a formula. A text that only looks like one is guarded.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{DataRef, Reader, Xlsx};
use entente_core::layout::{MAX_COLUMNS, guard_formula};
use jiff::civil::DateTime;

use super::bounds::{self, Bounds};
use super::{Format, MAX_ROWS, Row, Table, TableError};

/// Rows that may wait to be taken.
const QUEUE: usize = 256;

/// The largest workbook, packed. A hundred thousand rows of our own template are about 10 MB.
const MAX_PACKED_BYTES: u64 = 128 << 20;

type Sent = Result<Row, TableError>;

pub(super) fn open(
    mut file: impl Read + Seek + Send + 'static,
    sheet: Option<&str>,
) -> Result<Table, TableError> {
    if file.seek(SeekFrom::End(0))? > MAX_PACKED_BYTES {
        return Err(TableError::TooLarge);
    }
    let (sender, receiver) = sync_channel(QUEUE);
    let wanted = sheet.map(str::to_owned);
    std::thread::Builder::new().name("workbook".to_owned()).spawn(move || {
        let sent = read(file, wanted.as_deref(), &sender);
        let end = match sent {
            Ok(()) => End::Complete,
            Err(error) => End::Failed(error),
        };
        // Nobody listening means that the reader has lost interest.
        let _ = sender.send(Message::End(end));
    })?;
    let mut rows = Rows { receiver, sheets: Vec::new(), is_over: false };
    match rows.next() {
        None => Err(TableError::Empty),
        Some(header) => Ok(Table {
            headers: header?.cells,
            format: Format::Xlsx,
            sheets: std::mem::take(&mut rows.sheets),
            rows: Box::new(rows),
        }),
    }
}

enum Message {
    /// The names of all sheets, once and first.
    Sheets(Vec<String>),
    Row(Row),
    End(End),
}

enum End {
    Complete,
    Failed(TableError),
}

struct Rows {
    receiver: Receiver<Message>,
    sheets: Vec<String>,
    is_over: bool,
}

impl Iterator for Rows {
    type Item = Sent;

    fn next(&mut self) -> Option<Sent> {
        if self.is_over {
            return None;
        }
        let message = self.receiver.recv();
        self.is_over = !matches!(message, Ok(Message::Row(_) | Message::Sheets(_)));
        match message {
            Ok(Message::Sheets(sheets)) => {
                self.sheets = sheets;
                self.next()
            }
            Ok(Message::Row(row)) => Some(Ok(row)),
            Ok(Message::End(End::Complete)) => None,
            Ok(Message::End(End::Failed(error))) => Some(Err(error)),
            // The thread ended without a word: parsing failed badly.
            Err(_) => Some(Err(TableError::Damaged)),
        }
    }
}

/// Sends the rows of the sheet of this name, or of the first sheet that has any.
fn read(
    mut file: impl Read + Seek,
    wanted: Option<&str>,
    sender: &SyncSender<Message>,
) -> Result<(), TableError> {
    bounds::check(&mut file, Bounds::DEFAULT)?;
    let mut workbook = Xlsx::new(BufReader::new(file)).map_err(|_| TableError::Damaged)?;
    let mut names = workbook.sheet_names();
    if sender.send(Message::Sheets(names.clone())).is_err() {
        return Ok(());
    }
    if let Some(wanted) = wanted {
        let folded = wanted.trim().to_lowercase();
        let found = names.iter().find(|name| name.trim().to_lowercase() == folded).cloned();
        names = match found {
            Some(name) => vec![name],
            None => return Err(TableError::NoSuchSheet { sheets: names }),
        };
    }
    for name in names {
        // A sheet of charts has no cells to read.
        let Ok(mut cells) = workbook.worksheet_cells_reader(&name) else { continue };
        let mut sheet = Sheet { sender, cells: Vec::new(), row: None, width: None };
        loop {
            let cell = cells.next_cell_with_formula_metadata().map_err(|_| TableError::Damaged)?;
            let Some(cell) = cell else { break };
            let text = if cell.formula.is_some() { "=".to_owned() } else { text(&cell.value) };
            if sheet.put(cell.pos, text)?.is_none() {
                return Ok(());
            }
        }
        if sheet.flush()?.is_none() || sheet.width.is_some() {
            return Ok(());
        }
    }
    Ok(())
}

/// A sheet while its cells come in, row by row from left to right.
struct Sheet<'s> {
    sender: &'s SyncSender<Message>,
    cells: Vec<String>,
    /// The position of the row, from 0.
    row: Option<u32>,
    /// As many cells as the header has.
    width: Option<usize>,
}

impl Sheet<'_> {
    /// Takes a cell; `None` if nobody wants any more.
    fn put(&mut self, (row, column): (u32, u32), text: String) -> Result<Option<()>, TableError> {
        if text.trim().is_empty() {
            return Ok(Some(()));
        }
        if u64::from(row) >= MAX_ROWS {
            return Err(TableError::TooManyRows);
        }
        if self.row != Some(row) {
            if self.flush()?.is_none() {
                return Ok(None);
            }
            self.row = Some(row);
        }
        // A cell far to the right would make a row of millions: it only makes it too wide.
        let at = usize::try_from(column).unwrap_or(usize::MAX).min(MAX_COLUMNS);
        if self.cells.len() <= at {
            self.cells.resize(at + 1, String::new());
        }
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = text;
        }
        Ok(Some(()))
    }

    fn flush(&mut self) -> Result<Option<()>, TableError> {
        let Some(row) = self.row.take() else { return Ok(Some(())) };
        let mut cells = std::mem::take(&mut self.cells);
        // Empty cells at the end of a row are not stored.
        let width = *self.width.get_or_insert(cells.len());
        if cells.len() < width {
            cells.resize(width, String::new());
        }
        let row = Row { number: u64::from(row) + 1, cells };
        Ok(self.sender.send(Message::Row(row)).ok())
    }
}

fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => guard_formula(text).into_owned(),
        DataRef::SharedString(text) => guard_formula(text).into_owned(),
        DataRef::Bool(true) => "TRUE".to_owned(),
        DataRef::Bool(false) => "FALSE".to_owned(),
        DataRef::DateTime(moment) => date_text(moment),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        // Such as #N/A, which is a formula's.
        DataRef::Error(_) => "=".to_owned(),
        DataRef::Empty => String::new(),
    }
}

/// `2025-06-30`, with the time of day if it has one.
fn date_text(moment: &calamine::ExcelDateTime) -> String {
    // Serial numbers of 1900-01-01 and of the day after 9999-12-31.
    if !(1.0..2_958_466.0).contains(&moment.as_f64()) {
        return moment.as_f64().to_string();
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let parts = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    let (Ok(year), Ok(month), Ok(day)) = parts else { return String::new() };
    let time = (hour.cast_signed(), minute.cast_signed(), second.cast_signed());
    match DateTime::new(year, month, day, time.0, time.1, time.2, 0) {
        Ok(moment) if time == (0, 0, 0) => moment.date().to_string(),
        Ok(moment) => moment.to_string(),
        Err(_) => String::new(),
    }
}
