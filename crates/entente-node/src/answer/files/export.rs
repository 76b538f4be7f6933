//! Export: from records to a table, for the organization itself.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

use entente_core::audit::Action;
use entente_core::layout::{ConsentDraft, Identifiers, Layout};

use super::{named_layout, part_of};
use crate::answer::exchange::{new_file_path, write_new};
use crate::answer::records::filter::Filter;
use crate::answer::{Desk, Staff, Steps, step};
use crate::fault::{Both, Fault};
use crate::jobs::Files;
use crate::local::doc::*;
use crate::node::records::Case;
use crate::node::{Node, Outcome};
use crate::setup::io_fault;
use crate::tabular::{CsvOut, XlsxOut};

/// How often progress is told, in records.
const STEP: u64 = 512;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Csv,
    Xlsx,
}

pub(in crate::answer) fn export(
    desk: &Desk,
    staff: &Staff,
    ask: RecordExportAsk,
    steps: &Steps,
) -> Outcome<RecordExportTold> {
    let node = &*desk.node;
    let path = new_file_path(&ask.file)?;
    let ending = ending(path)?;
    let layout = named_layout(ask.layout.as_deref().unwrap_or("entente"))?;
    let filter = Filter::read(&ask.filter)?;
    let writing = Writing {
        node,
        layout: &layout,
        identifiers: if ask.reveal { Identifiers::Include } else { Identifiers::LeaveOut },
        filter,
        steps,
    };
    let part = part_of(path);
    let mut written = Written::default();
    let write = |file: &mut dyn Write| {
        written = match ending {
            Ending::Csv => writing.csv(file)?,
            Ending::Xlsx => writing.xlsx(file)?,
        };
        Ok(())
    };
    let bytes = write_part(&desk.jobs.files, &part, write).map_err(|error| match error.kind() {
        io::ErrorKind::Interrupted => crate::jobs::stopped(),
        _ => io_fault(&error),
    })?;
    // Nobody gets at the file before the log says that it was made.
    let how = ask.reveal.then(|| "revealed".to_owned());
    let how = [layout.name().to_owned()].into_iter().chain(how);
    let entry = node.entry(staff.actor(), Action::RecordsExported).n(written.n_records);
    let audited = node.audit(vec![entry.reasons(how)]);
    let placed = audited.and_then(|()| fs::rename(&part, path).map_err(|error| io_fault(&error)));
    placed.inspect_err(|_| {
        // A file that nobody was told of must not stay. If this fails, the fault says enough.
        let _ = fs::remove_file(&part);
    })?;
    desk.jobs.files.exported(path, node.now_s());
    let left_out = written.left_out(&layout, ask.reveal);
    Ok(RecordExportTold {
        file: ask.file,
        layout: layout.name().to_owned(),
        records: written.n_records,
        bytes,
        identifying: ask.reveal,
        left_out,
    })
}

/// Writes a new file, sealed if it is one of a job: whole, or not at all. Gives how long it is unsealed.
fn write_part(
    files: &Files,
    part: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<u64> {
    let Some(mut sealed) = files.create(part)? else {
        write_new(part, |file| write(file))?;
        return Ok(part.metadata()?.len());
    };
    let written = write(&mut sealed).and_then(|()| sealed.finish());
    if written.is_err() {
        // Half a file would look like a whole one. If even this fails, the error says enough.
        let _ = fs::remove_file(part);
    }
    written
}

fn ending(path: &Path) -> Outcome<Ending> {
    let ending = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "csv" => Ok(Ending::Csv),
        "xlsx" => Ok(Ending::Xlsx),
        _ => Err(Fault::new(
            1425,
            (
                "The ending of the file says nothing about its form.",
                "L’extension du fichier n’en indique pas la forme.",
            ),
            ("Let it end in .csv or .xlsx.", "Terminez-le par .csv ou .xlsx."),
        )),
    }
}

#[derive(Default)]
struct Written {
    n_records: u64,
    n_withdrawn: u64,
    /// Consents for which the table has no room.
    n_consents: u64,
}

impl Written {
    fn left_out(&self, layout: &Layout, reveal: bool) -> Vec<Both> {
        let mut lines = Vec::new();
        if !reveal {
            lines.push(Both::new(
                "Names, numbers, addresses, notes and other free text (they need --reveal).",
                "Noms, numéros, adresses, notes et autres textes libres (il faut --reveal).",
            ));
        }
        if layout.name() != "entente" {
            lines.push(Both::new(
                "Fields for which this layout has no column.",
                "Les champs pour lesquels cette disposition n’a pas de colonne.",
            ));
        }
        if self.n_withdrawn > 0 {
            let n = self.n_withdrawn;
            lines.push(Both::new(
                format!("Withdrawn records: {n}."),
                format!("Dossiers retirés\u{a0}: {n}."),
            ));
        }
        if self.n_consents > 0 {
            let n = self.n_consents;
            lines.push(Both::new(
                format!("Consents beyond one per record, limited to recipients, or legal duties: {n}."),
                format!("Consentements au-delà d’un par dossier, limités à des destinataires, ou obligations légales\u{a0}: {n}."),
            ));
        }
        lines
    }
}

struct Writing<'a> {
    node: &'a Node,
    layout: &'a Layout,
    identifiers: Identifiers,
    filter: Filter,
    steps: &'a Steps,
}

impl Writing<'_> {
    fn csv(&self, out: impl Write) -> io::Result<Written> {
        let headers = self.layout.headers(self.identifiers);
        let mut csv = CsvOut::new(BufWriter::new(out), &headers)?;
        let written = self.rows(&mut |cells| csv.row(cells))?;
        csv.finish()?.flush()?;
        Ok(written)
    }

    fn xlsx(&self, mut out: impl Write) -> io::Result<Written> {
        let headers = self.layout.headers(self.identifiers);
        let mut xlsx = XlsxOut::new(&headers).map_err(io::Error::other)?;
        let written = self.rows(&mut |cells| xlsx.row(cells).map_err(io::Error::other))?;
        // A workbook goes back and forth while it is written, and a sealed file only onwards.
        let mut packed = io::Cursor::new(Vec::new());
        xlsx.finish(&mut packed).map_err(io::Error::other)?;
        out.write_all(packed.get_ref())?;
        Ok(written)
    }

    /// Writes one row per record that is meant, the oldest first.
    fn rows(&self, write: &mut dyn FnMut(&[String]) -> io::Result<()>) -> io::Result<Written> {
        let total = self.node.n_records();
        let (mut written, mut outcome) = (Written::default(), Ok(()));
        let each = self.node.each_case(&mut |case| {
            if !self.filter.admits(&case.record) {
                return ControlFlow::Continue(());
            }
            if case.withdrawn {
                written.n_withdrawn += 1;
                return ControlFlow::Continue(());
            }
            outcome = write(&self.row(&case, &mut written));
            written.n_records += 1;
            if written.n_records.is_multiple_of(STEP) {
                let done = written.n_records;
                step(self.steps, done, total, "writing records", "écriture des dossiers");
                if self.steps.go_on().is_err() {
                    outcome = Err(io::ErrorKind::Interrupted.into());
                }
            }
            if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        outcome?;
        each.map_err(io::Error::other)?;
        Ok(written)
    }

    fn row(&self, case: &Case, written: &mut Written) -> Vec<String> {
        let mut drafts = case.consents.iter().filter_map(ConsentDraft::of);
        let consent = drafts.next();
        let n_told = u64::from(consent.is_some());
        written.n_consents += (case.consents.len() as u64).saturating_sub(n_told);
        self.layout.write(&case.record, consent.as_ref(), self.identifiers)
    }
}
