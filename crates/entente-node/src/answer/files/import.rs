//! Import: from a table to records.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write};
use std::path::Path;
use std::time::Instant;

use entente_core::audit::{Action, Actor};
use entente_core::codes::{ConsentScope, Set};
use entente_core::consent::ConsentId;
use entente_core::lang::Lang;
use entente_core::layout::{CellProblem, ConsentDraft, Draft, Layout};
use entente_core::record::RecordId;
use sha2::{Digest as _, Sha256};

use super::columns::columns;
use super::{mapping, named_layout, not_a_layout, not_read, open_table};
use crate::answer::exchange::{absolute, new_file_path};
use crate::answer::{Desk, Staff, Steps, step};
use crate::fault::{Both, Fault};
use crate::jobs::Files;
use crate::jobs::sealed::SealedWriter;
use crate::local::doc::*;
use crate::node::pairing::random;
use crate::node::records::{ImportCount, Imported as NewRecord, Importing};
use crate::node::{Node, Outcome};
use crate::setup::io_fault;
use crate::tabular::{Format, Import, Imported, Plan, Quarantine, Table};

/// Rows of one transaction: large enough that a sync of the disk hardly counts (a few milliseconds
/// for 512 rows), small enough that other writers are not held up.
const ROWS_PER_WRITE: usize = 512;

/// Transactions that may be on their way to the disk while the next rows are read.
const WRITES_AHEAD: usize = 4;

/// Problems told in the answer; all of them are in the quarantine file.
const MAX_PROBLEMS: usize = 20;

/// Names of columns longer than this are no names.
pub(super) const MAX_HEADER: usize = 64;

pub(in crate::answer) fn import(
    desk: &Desk,
    staff: &Staff,
    ask: RecordImportAsk,
    steps: &Steps,
) -> Outcome<RecordImportTold> {
    let started = Instant::now();
    let node = &*desk.node;
    let path = absolute(&ask.file)?;
    let sheet = ask.sheet.as_deref();
    let consent = documented(ask.consent.as_deref().unwrap_or_default())?;
    let files = &desk.jobs.files;
    let layout = layout(files, &ask, path)?.reading(&ask.columns);
    let layout = layout.map_err(|error| not_a_layout(&error))?;
    let quarantine = ask.quarantine.as_deref().map(new_file_path).transpose()?;
    let table = open_table(files, path, sheet)?;
    let mut told = blank(&ask, &layout, &table);
    let source = Source { node, files, path, sheet, layout: &layout, consent };

    let plan = source.plan(ask.dry_run, quarantine, &mut told, steps)?;
    told.rows = plan.n_rows;
    told.quarantined = plan.n_quarantined;
    for ((_, code), n) in &plan.reasons {
        *told.by_reason.entry((*code).to_owned()).or_insert(0) += n;
    }
    if ask.dry_run {
        told.columns = columns(files, path, sheet, &layout)?;
        told.added = plan.n_new;
        told.unchanged = plan.n_known;
    } else {
        let digest = digest(files, path)?;
        let count = source.keep(&staff.actor(), plan.n_rows, steps)?;
        told.added = count.n_added;
        told.unchanged = count.n_known;
        let entry = node.entry(staff.actor(), Action::RecordsImported).n(count.n_added);
        let how = [layout.name().to_owned()].into_iter();
        let how = how.chain((!consent.is_empty()).then(|| format!("consent:{}", consent.text())));
        node.audit(vec![entry.reasons(how).reference(digest)])?;
    }
    told.took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(told)
}

/// The scopes of consent that whoever imports has documents for.
fn documented(scopes: &[String]) -> Outcome<Set<ConsentScope>> {
    use entente_core::codes::Code as _;
    let scopes = scopes.iter().map(|scope| ConsentScope::parse(scope));
    scopes.collect::<Result<_, _>>().map_err(|_| {
        Fault::new(
            1426,
            ("A scope of consent is unknown.", "Une portée de consentement est inconnue."),
            (
                "See them: `entente codes consent_scope`.",
                "Voyez-les\u{a0}: `entente codes consent_scope`.",
            ),
        )
    })
}

/// The layout that was named, given, or the one that fits the columns best.
fn layout(files: &Files, ask: &RecordImportAsk, path: &Path) -> Outcome<Layout> {
    match (&ask.mapping, &ask.layout) {
        (Some(file), _) => mapping(files, absolute(file)?),
        (None, Some(name)) => named_layout(name),
        (None, None) => {
            let table = open_table(files, path, ask.sheet.as_deref())?;
            let fit = |name| {
                let layout = Layout::built_in(name)?;
                let n_ignored = layout.bind(&table.headers).ok()?.ignored().len();
                Some((n_ignored, layout))
            };
            let fits = Layout::built_in_names().filter_map(fit);
            let best = fits.min_by_key(|(n_ignored, _)| *n_ignored);
            best.map(|(_, layout)| layout).ok_or_else(no_layout_fits)
        }
    }
}

fn blank(ask: &RecordImportAsk, layout: &Layout, table: &Table) -> RecordImportTold {
    let (encoding, separator) = match table.format {
        Format::Csv { encoding, separator } => {
            (encoding.to_lowercase(), Some(separator.to_string()))
        }
        Format::Xlsx => ("xlsx".to_owned(), None),
    };
    RecordImportTold {
        dry_run: ask.dry_run,
        layout: layout.name().to_owned(),
        encoding,
        separator,
        rows: 0,
        added: 0,
        updated: 0,
        unchanged: 0,
        quarantined: 0,
        quarantine: None,
        by_reason: BTreeMap::new(),
        problems: Vec::new(),
        ignored_columns: Vec::new(),
        columns: Vec::new(),
        sheets: if ask.dry_run { table.sheets.clone() } else { Vec::new() },
        took_ms: 0,
    }
}

/// A table and how it is read.
struct Source<'a> {
    node: &'a Node,
    files: &'a Files,
    path: &'a Path,
    sheet: Option<&'a str>,
    layout: &'a Layout,
    /// What is allowed where the file says nothing.
    consent: Set<ConsentScope>,
}

impl<'a> Source<'a> {
    fn open(&self) -> Outcome<(Vec<String>, Import<'a>)> {
        let table = open_table(self.files, self.path, self.sheet)?;
        let headers = table.headers.clone();
        let secret = &self.node.secrets.import_key;
        let import = Import::new(table, self.layout, secret, self.node.today());
        Ok((headers, import.map_err(|error| not_read(&error))?))
    }

    /// Reads the whole table, keeps nothing, and lists what is wrong with it.
    fn plan(
        &self,
        with_known: bool,
        quarantine: Option<&Path>,
        told: &mut RecordImportTold,
        steps: &Steps,
    ) -> Outcome<Plan> {
        let (headers, import) = self.open()?;
        told.ignored_columns = ignored(&headers, &import.ignored_columns());
        let mut aside = Aside { files: self.files, path: quarantine, file: None };
        let (mut plan, mut keys) = (Plan::default(), Vec::with_capacity(ROWS_PER_WRITE));
        for row in import {
            let row = row.map_err(|error| not_read(&error))?;
            plan.count(&row, |_| false);
            match row {
                Imported::Accepted { key, .. } if with_known => keys.push(key.0),
                Imported::Accepted { .. } => {}
                Imported::Quarantined { row, problems } => {
                    aside.row(row, &problems)?;
                    let left = MAX_PROBLEMS.saturating_sub(told.problems.len());
                    told.problems.extend(problems.iter().take(left).map(|it| problem(row, it)));
                }
            }
            if plan.n_rows.is_multiple_of(ROWS_PER_WRITE as u64) {
                self.count_known(&mut keys, &mut plan)?;
                steps.go_on()?;
                step(steps, plan.n_rows, 0, "checking rows", "vérification des lignes");
            }
        }
        self.count_known(&mut keys, &mut plan)?;
        told.quarantine = aside.finish()?;
        Ok(plan)
    }

    fn count_known(&self, keys: &mut Vec<[u8; 16]>, plan: &mut Plan) -> Outcome<()> {
        if !keys.is_empty() {
            let n_known = self.node.n_known(keys)?;
            plan.n_known += n_known;
            plan.n_new -= n_known.min(plan.n_new);
            keys.clear();
        }
        Ok(())
    }

    /// Reads the table again and keeps its rows.
    fn keep(&self, actor: &Actor, n_rows: u64, steps: &Steps) -> Outcome<ImportCount> {
        let (_, import) = self.open()?;
        let mut keeping = Keeping::of(self.node, actor, self.consent);
        let mut n_read = 0;
        for row in import {
            let row = row.map_err(|error| keeping.stopped(not_read(&error)))?;
            n_read += 1;
            if let Imported::Accepted { key, draft, .. } = row {
                keeping.row(key.0, *draft)?;
            }
            if n_read % ROWS_PER_WRITE as u64 == 0 {
                steps.go_on().map_err(|stopped| keeping.stopped(stopped))?;
                step(steps, n_read, n_rows, "keeping records", "conservation des dossiers");
            }
        }
        let count = keeping.finish()?;
        step(steps, n_rows, n_rows, "keeping records", "conservation des dossiers");
        Ok(count)
    }
}

/// Rows on their way into the store.
struct Keeping<'a> {
    node: &'a Node,
    actor: &'a Actor,
    consent: Set<ConsentScope>,
    rows: Vec<NewRecord>,
    /// Written, and not known to be durable yet.
    ahead: VecDeque<Importing>,
    count: ImportCount,
}

impl<'a> Keeping<'a> {
    fn of(node: &'a Node, actor: &'a Actor, consent: Set<ConsentScope>) -> Self {
        let rows = Vec::with_capacity(ROWS_PER_WRITE);
        let (ahead, count) = (VecDeque::new(), ImportCount::default());
        Self { node, actor, consent, rows, ahead, count }
    }

    fn row(&mut self, key: [u8; 16], draft: Draft) -> Outcome<()> {
        let id = RecordId(self.node.new_id()?);
        let consent_id = ConsentId(random::<16>()?);
        let (record, consent) = draft.into_parts(id, consent_id);
        let documented = || {
            let draft = ConsentDraft::new(record.registered_on);
            ConsentDraft { scopes: self.consent, ..draft }.into_consent(consent_id)
        };
        let consent = consent.or_else(|| (!self.consent.is_empty()).then(documented));
        self.rows.push(NewRecord { key, record, consent });
        if self.rows.len() == ROWS_PER_WRITE { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Outcome<()> {
        let rows = std::mem::replace(&mut self.rows, Vec::with_capacity(ROWS_PER_WRITE));
        match self.node.import_ahead(self.actor, rows) {
            Ok(importing) => self.ahead.push_back(importing),
            Err(fault) => return Err(self.stopped(fault)),
        }
        if self.ahead.len() > WRITES_AHEAD { self.wait() } else { Ok(()) }
    }

    fn wait(&mut self) -> Outcome<()> {
        let Some(importing) = self.ahead.pop_front() else { return Ok(()) };
        match self.node.finish_import(importing) {
            Ok(count) => {
                self.count.n_added += count.n_added;
                self.count.n_known += count.n_known;
                Ok(())
            }
            Err(fault) => Err(self.stopped(fault)),
        }
    }

    fn finish(mut self) -> Outcome<ImportCount> {
        if !self.rows.is_empty() {
            self.write()?;
        }
        while !self.ahead.is_empty() {
            self.wait()?;
        }
        Ok(self.count)
    }

    /// The fault of an import that stopped half-way, with how far it came.
    fn stopped(&mut self, fault: Box<Fault>) -> Box<Fault> {
        while let Some(importing) = self.ahead.pop_front() {
            if let Ok(count) = self.node.finish_import(importing) {
                self.count.n_added += count.n_added;
            }
        }
        let n = self.count.n_added;
        fault.because(
            format!("{n} records were kept before; importing again goes on after them."),
            format!("{n} dossiers ont été conservés avant; une nouvelle importation continuera."),
        )
    }
}

/// The quarantine file, begun with the first bad row.
struct Aside<'a> {
    files: &'a Files,
    path: Option<&'a Path>,
    file: Option<Quarantine<List>>,
}

impl Aside<'_> {
    fn row(&mut self, row: u64, problems: &[CellProblem]) -> Outcome<()> {
        let Some(path) = self.path else { return Ok(()) };
        let written = match &mut self.file {
            Some(file) => file.row(row, problems),
            None => List::new(self.files, path).and_then(Quarantine::new).and_then(|mut file| {
                file.row(row, problems)?;
                self.file = Some(file);
                Ok(())
            }),
        };
        written.map_err(|error| io_fault(&error))
    }

    fn finish(self) -> Outcome<Option<String>> {
        let (Some(path), Some(file)) = (self.path, self.file) else { return Ok(None) };
        let written = file.finish().and_then(List::finish);
        written.map_err(|error| io_fault(&error))?;
        Ok(Some(path.display().to_string()))
    }
}

/// Where the list is written: sealed if it is a job's, and as it is where somebody at the machine wants it.
enum List {
    Sealed(SealedWriter),
    Plain(BufWriter<File>),
}

impl List {
    fn new(files: &Files, path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        if let Some(sealed) = files.create(path)? {
            return Ok(Self::Sealed(sealed));
        }
        let file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self::Plain(BufWriter::new(file)))
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Sealed(mut sealed) => sealed.finish().map(|_| ()),
            Self::Plain(plain) => {
                plain.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
            }
        }
    }
}

impl Write for List {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Sealed(sealed) => sealed.write(bytes),
            Self::Plain(plain) => plain.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Sealed(sealed) => sealed.flush(),
            Self::Plain(plain) => plain.flush(),
        }
    }
}

fn problem(row: u64, problem: &CellProblem) -> RowProblem {
    let CellProblem { column, reason } = problem;
    RowProblem {
        row,
        column: Some(column.clone()).filter(|column| !column.is_empty()),
        reason: Reason {
            code: reason.code().to_owned(),
            clause: None,
            text: Both::new(reason.text(Lang::En), reason.text(Lang::Fr)),
        },
    }
}

/// The names of the columns at these positions. The header has been recognized, so these are names
/// and nobody's data; what is too long for a name is counted and not shown.
fn ignored(headers: &[String], positions: &[usize]) -> Vec<String> {
    if positions.len() == headers.len() {
        return Vec::new();
    }
    let names = positions.iter().filter_map(|at| headers.get(*at));
    names.filter(|name| name.chars().count() <= MAX_HEADER).cloned().collect()
}

/// SHA-256 of the file, which ties the audit entry to it.
fn digest(files: &Files, path: &Path) -> Outcome<[u8; 32]> {
    let mut file = files.read(path).map_err(|error| io_fault(&error))?;
    let (mut digest, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        let n = file.read(&mut buffer).map_err(|error| io_fault(&error))?;
        match buffer.get(..n) {
            Some([]) | None => return Ok(digest.finalize().into()),
            Some(bytes) => digest.update(bytes),
        }
    }
}

fn no_layout_fits() -> Box<Fault> {
    Fault::new(
        1423,
        (
            "The columns fit none of the layouts.",
            "Les colonnes ne conviennent à aucune disposition.",
        ),
        (
            "Name the layout with --layout to see what is missing, or describe the columns with --mapping.",
            "Nommez la disposition avec --layout pour voir ce qui manque, ou décrivez les colonnes avec --mapping.",
        ),
    )
}
