//! Imports and exports from the console: their files are named here, and nowhere else.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::{Files, Upload};
use crate::answer::{Asked, Desk, Halt, Staff, failed};
use crate::fault::Both;
use crate::local::Ask as _;
use crate::local::doc::{Reason, RecordExportAsk, RecordImportAsk, RecordImportTold, RowProblem};
use crate::node::Outcome;
use crate::setup::io_fault;

/// How a file is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportChoice {
    /// A layout; guessed from the columns if absent.
    pub layout: Option<String>,
    /// Columns that are read otherwise: the name of each, and of what it feeds; empty for nothing.
    pub columns: BTreeMap<String, String>,
    /// The sheet of a spreadsheet.
    pub sheet: Option<String>,
    /// Scopes of consent that whoever imports has documents for.
    pub consent: Vec<String>,
}

/// What is to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportChoice {
    /// As a workbook, and not as separated values.
    pub as_workbook: bool,
    /// A layout; `entente` if absent.
    pub layout: Option<String>,
    /// Field name → code that it must hold.
    pub filter: BTreeMap<String, String>,
    /// Names, numbers and texts too.
    pub reveal: bool,
}

impl ImportChoice {
    fn ask(&self, upload: &Upload, quarantine: Option<&Path>) -> RecordImportAsk {
        // Whoever chooses a layout means that, and not the mapping that came with the file.
        let mapping = upload.mapping().filter(|_| self.layout.is_none());
        RecordImportAsk {
            file: upload.path.display().to_string(),
            layout: self.layout.clone(),
            mapping: mapping.map(|path| path.display().to_string()),
            columns: self.columns.clone(),
            sheet: self.sheet.clone(),
            quarantine: quarantine.map(|path| path.display().to_string()),
            consent: (!self.consent.is_empty()).then(|| self.consent.clone()),
            dry_run: quarantine.is_none(),
        }
    }
}

impl Desk {
    /// What importing an uploaded file would do, until `halt` stops it. Keeps nothing.
    pub async fn preview_import(
        self: &Arc<Self>,
        staff: &Staff,
        upload: &Upload,
        choice: &ImportChoice,
        halt: Halt,
    ) -> Outcome<RecordImportTold> {
        let ask = choice.ask(upload, None);
        let body = serde_json::to_string(&ask).map_err(|_| failed())?;
        let asked = Asked::new(RecordImportAsk::OP, staff.clone(), body, Box::new(|_| {}));
        let told = self.ask(asked.until(halt)).await?;
        serde_json::from_str(&told).map_err(|_| failed())
    }

    /// Imports an uploaded file, as a job. The file goes when it has ended.
    pub async fn start_import(
        self: &Arc<Self>,
        staff: &Staff,
        upload: &Upload,
        choice: &ImportChoice,
    ) -> Outcome<String> {
        let (files, id) = (&self.jobs.files, self.node.new_id()?);
        let aside = files.aside_path(id)?;
        files.give(&upload.id, id)?;
        let started = self.start_as(id, staff, &choice.ask(upload, Some(&aside))).await;
        started.inspect_err(|_| files.give_back(&upload.id, &id))
    }

    /// Writes records into a file, as a job. The file stays for an hour. Where a second person has to approve it, there is
    /// no job: the fault says so, and the file is written once it is approved.
    pub async fn start_export(
        self: &Arc<Self>,
        staff: &Staff,
        choice: ExportChoice,
    ) -> Outcome<String> {
        let id = self.node.new_id()?;
        let ending = if choice.as_workbook { "xlsx" } else { "csv" };
        let path = self.jobs.files.export_path(id, ending)?;
        let ask = RecordExportAsk {
            file: path.display().to_string(),
            layout: choice.layout,
            filter: choice.filter,
            reveal: choice.reveal,
        };
        let body = serde_json::to_string(&ask).map_err(|_| failed())?;
        if !self.takes_two(RecordExportAsk::OP, &body) {
            self.jobs.files.making(id, &path);
        }
        let started = self.start_as(id, staff, &ask).await;
        // The path is known under the job alone.
        started.inspect_err(|_| self.jobs.files.ended(&id, false, 0))
    }

    /// What is wrong with the rows that an import set aside, and in how many places.
    pub fn set_aside(&self, job: &str) -> Outcome<(u64, Vec<Alike>)> {
        let Some(path) = self.jobs.files.aside(job)? else { return Ok((0, Vec::new())) };
        read_aside(&self.jobs.files, &path)
    }
}

/// Rows with which the same is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// The column; the whole row if absent.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: Reason,
    /// How many rows.
    pub n: u64,
    /// The first of them.
    pub rows: Vec<u64>,
}

/// How many rows are named of those with which the same is wrong.
const NAMED_ROWS: usize = 12;

/// The same places by what is wrong, in the order in which it first occurs.
pub fn alike(problems: impl IntoIterator<Item = RowProblem>) -> Vec<Alike> {
    let (mut all, mut places) = (Vec::<Alike>::new(), BTreeMap::new());
    for RowProblem { row, column, reason } in problems {
        let next = all.len();
        let at = *places.entry((column.clone(), reason.text.en.clone())).or_insert(next);
        if at == next {
            all.push(Alike { column, reason, n: 0, rows: Vec::new() });
        }
        if let Some(it) = all.get_mut(at) {
            it.n += 1;
            if it.rows.len() < NAMED_ROWS {
                it.rows.push(row);
            }
        }
    }
    all
}

fn read_aside(files: &Files, path: &Path) -> Outcome<(u64, Vec<Alike>)> {
    let mut bytes = Vec::new();
    let read = files.read(path).and_then(|mut file| file.read_to_end(&mut bytes));
    read.map_err(|error| io_fault(&error))?;
    let mut lines = csv::Reader::from_reader(bytes.as_slice());
    let (mut total, mut is_whole) = (0_u64, true);
    let problems = lines.records().map_while(|line| {
        is_whole = line.is_ok();
        let line = line.ok()?;
        total += 1;
        let cell = |at: usize| line.get(at).unwrap_or_default();
        Some(RowProblem {
            row: cell(0).parse().unwrap_or(0),
            column: Some(cell(1).to_owned()).filter(|column| !column.is_empty()),
            reason: Reason {
                code: cell(2).to_owned(),
                clause: None,
                text: Both::new(cell(3), cell(4)),
            },
        })
    });
    let alike = alike(problems);
    if is_whole { Ok((total, alike)) } else { Err(failed()) }
}
