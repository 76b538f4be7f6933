//! Long work: started once, done in this process, looked at until it ends.
//!
//! A job is a question of the staff like any other ([`Desk::ask`]), asked by the node itself in the name
//! of whoever started it: who may ask, what is written down and what is told are those of the operation.
//! What is added is that nobody has to wait: how far it is stands in memory, how it ended in the store.
//! A job is seen by whoever started it and by whoever may ask the same; to others it does not exist.
//!
//! [`files`] holds what was uploaded for a job and what it wrote. Nothing of it outlives its use, a stop of
//! the node least of all. `taking` is how it gets to a browser.

mod faults;
pub mod files;
pub mod sealed;
mod starting;
mod taking;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use entente_core::audit::{Action, Actor};
use entente_store::jobs::{JobId, JobRow, Jobs as _};
use tokio_util::task::TaskTracker;

use crate::answer::{Desk, Halt, Staff, instant};
use crate::fault::Fault;
use crate::local::{Op, Progress};
use crate::node::{Node, Outcome, unpoisoned};

pub use entente_store::jobs::JobState;
pub(crate) use faults::stopped;
pub use faults::{no_such_file, no_such_job};
pub use files::{Files, Once, Upload};
pub use starting::{Alike, ExportChoice, ImportChoice, alike};
pub use taking::{Source, Taking, Way};

/// How long a job that ended is listed: a week.
const KEPT_S: i64 = 7 * 86_400;

/// How many go on at once, so that answers to people stay quick.
const MAX_AT_ONCE: usize = 4;

/// Long work of one node.
pub struct Jobs {
    node: Arc<Node>,
    /// What was uploaded for jobs, and what they wrote.
    pub files: Files,
    live: Mutex<BTreeMap<JobId, Live>>,
    tasks: TaskTracker,
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jobs({} going on)", self.tasks.len())
    }
}

/// A job that this process does, or did and could not write down.
struct Live {
    row: JobRow,
    halt: Halt,
    progress: Arc<Mutex<Option<Progress>>>,
}

/// A job, for a person to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id: a UUID.
    pub id: String,
    /// What is done.
    pub op: Op,
    /// The account that started it.
    pub by: String,
    /// When it was started.
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// How it stands.
    pub state: JobState,
    /// How far it is, if it said so.
    pub progress: Option<Progress>,
    /// The document of the operation with which it ended.
    pub told: Option<String>,
    /// The fault with which it ended.
    pub fault: Option<Fault>,
    /// Whether it can be stopped, and was not yet told to.
    pub can_be_stopped: bool,
    /// Whether somebody has told it to stop.
    pub is_stopping: bool,
}

impl Job {
    /// What somebody must be allowed to ask who removes the file that it made: the same again, where it is their own;
    /// a colleague's is left to whoever administers accounts.
    pub fn to_remove_for(&self, staff: &Staff) -> Op {
        if self.by == staff.name { self.op } else { Op::UserRoles }
    }
}

/// Whether an operation can be a job, and whether it may end half-way.
fn kind(op: Op) -> Option<bool> {
    match op {
        // Between two transactions, or before a file gets its name: nothing is left half done.
        Op::RecordImport | Op::RecordExport | Op::BackupCreate => Some(true),
        // Between two questions to partners: what was heard is kept, and the next run goes on there.
        Op::StatsRun | Op::OverlapRun => Some(true),
        // What was decided for a partner must reach its feed; and what two people have decided is done, and they
        // are told.
        Op::EpochClose | Op::ApprovalApprove => Some(false),
        _ => None,
    }
}

/// Whether only one of it goes on at a time.
fn is_single(op: Op) -> bool {
    matches!(op, Op::RecordImport | Op::EpochClose | Op::BackupCreate | Op::OverlapRun)
}

impl Jobs {
    /// The jobs of a node, whose files are in this folder.
    pub fn new(node: Arc<Node>, files: Files) -> Self {
        Self { node, files, live: Mutex::default(), tasks: TaskTracker::new() }
    }

    /// At the start of the node: what went on when it was stopped is lost, and its files go.
    pub fn recover(&self) -> Outcome<u64> {
        let now_s = self.node.now_s();
        let lost = self.node.db.write("jobs lost", |tx| {
            let mut entries = Vec::new();
            for (id, row) in tx.jobs()? {
                if row.state == JobState::Running {
                    let row = JobRow { state: JobState::Lost, ended_s: now_s, ..row };
                    let entry = self.node.entry(Actor::Node, Action::JobLost).reference(id);
                    entries.push(entry.reasons([row.op.clone()]));
                    tx.put_job(&id, &row)?;
                } else if row.ended_s < now_s - KEPT_S {
                    tx.delete_job(&id)?;
                }
            }
            let n_lost = entries.len() as u64;
            if n_lost > 0 {
                self.node.write_audit(tx, entries)?;
            }
            Ok::<_, Box<Fault>>(n_lost)
        });
        let n_lost = lost?;
        self.files.clear();
        Ok(n_lost)
    }

    /// Tells what may end half-way to stop, and waits for all that goes on.
    pub async fn end(&self) {
        for live in unpoisoned(self.live.lock()).values() {
            if is_stoppable(&live.row) {
                live.halt.stop();
            }
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// One's own jobs and those of others that one might have started, the newest first.
    pub fn all(&self, staff: &Staff) -> Outcome<Vec<Job>> {
        let live = unpoisoned(self.live.lock());
        let rows = self.rows(&live)?;
        let seen = rows.into_iter().rev().filter(|(_, row)| is_seen_by(row, staff));
        Ok(seen.filter_map(|(id, row)| job(&id, row, live.get(&id))).collect())
    }

    /// All jobs as they are now. `live` is held meanwhile: what ended would be missing there, and not ended in the store.
    fn rows(&self, live: &BTreeMap<JobId, Live>) -> Outcome<BTreeMap<JobId, JobRow>> {
        let stored = self.node.db.read(|tx| tx.jobs())?;
        let mut rows: BTreeMap<JobId, JobRow> = stored.into_iter().collect();
        rows.extend(live.iter().map(|(id, live)| (*id, live.row.clone())));
        Ok(rows)
    }

    /// Imports that set rows aside of which the list is still here, the newest first.
    pub fn with_rows_aside(&self, staff: &Staff) -> Outcome<Vec<Job>> {
        let mut jobs = self.all(staff)?;
        jobs.retain(|job| job.state == JobState::Done && self.has_rows_aside(job.op, &job.id));
        Ok(jobs)
    }

    /// How many there are, whoever may see them.
    pub fn n_with_rows_aside(&self) -> Outcome<u64> {
        let live = unpoisoned(self.live.lock());
        let rows = self.rows(&live)?;
        let ended = rows.into_iter().filter(|(_, row)| row.state == JobState::Done);
        let has_rows = |(id, row): &(JobId, JobRow)| {
            let id = uuid::Uuid::from_bytes(*id).to_string();
            Op::parse(&row.op).is_some_and(|op| self.has_rows_aside(op, &id))
        };
        Ok(ended.filter(has_rows).count() as u64)
    }

    fn has_rows_aside(&self, op: Op, id: &str) -> bool {
        op == Op::RecordImport && self.files.aside(id).is_ok_and(|path| path.is_some())
    }

    /// Somebody has seen to the rows that an import set aside: their list goes.
    pub fn rows_seen_to(&self, staff: &Staff, id: &str) -> Outcome<Job> {
        let job = self.one(staff, id)?;
        if job.op != Op::RecordImport {
            return Err(no_such_job());
        }
        if job.state != JobState::Running && self.has_rows_aside(job.op, &job.id) {
            self.file_removed(staff, &job)?;
            self.files.forget(&parsed(&job.id)?);
        }
        Ok(job)
    }

    /// Removes the file that a job made, if it is there. Whose that may be says [`Job::to_remove_for`].
    pub fn remove_made(&self, staff: &Staff, job: &Job) -> Outcome<()> {
        if self.files.made(&job.id).is_ok() {
            self.file_removed(staff, job)?;
            self.files.remove_made(&job.id)?;
        }
        Ok(())
    }

    /// One job. One that is not there and one of somebody else are the same.
    pub fn one(&self, staff: &Staff, id: &str) -> Outcome<Job> {
        let id = parsed(id)?;
        let live = unpoisoned(self.live.lock());
        let stored = self.node.db.read(|tx| tx.job(&id))?;
        let row = live.get(&id).map(|live| live.row.clone()).or(stored);
        let row = row.filter(|row| is_seen_by(row, staff)).ok_or_else(no_such_job)?;
        job(&id, row, live.get(&id)).ok_or_else(no_such_job)
    }

    /// Tells a job to stop. It stops where nothing is left half done.
    pub fn stop(&self, staff: &Staff, id: &str) -> Outcome<Job> {
        let before = self.one(staff, id)?;
        if before.state != JobState::Running || before.is_stopping {
            return Ok(before);
        }
        if !before.can_be_stopped {
            return Err(faults::cannot_be_stopped());
        }
        let id = parsed(id)?;
        let entry = self.node.entry(staff.actor(), Action::JobStopped).reference(id);
        self.node.audit(vec![entry.reasons([before.op.name().to_owned()])])?;
        if let Some(live) = unpoisoned(self.live.lock()).get(&id) {
            live.halt.stop();
        }
        self.one(staff, &before.id)
    }

    /// Writes down that somebody takes the file that a job made.
    pub fn file_taken(&self, staff: &Staff, job: &Job) -> Outcome<()> {
        let entry = self.node.entry(staff.actor(), Action::JobFileTaken);
        let entry = entry.reference(parsed(&job.id)?).reasons([job.op.name().to_owned()]);
        self.node.audit(vec![entry])
    }

    /// The same of somebody who removes it, or the list of rows that were set aside.
    fn file_removed(&self, staff: &Staff, job: &Job) -> Outcome<()> {
        let entry = self.node.entry(staff.actor(), Action::JobFileRemoved);
        let entry = entry.reference(parsed(&job.id)?).reasons([job.op.name().to_owned()]);
        self.node.audit(vec![entry])
    }

    /// Takes a new job in.
    pub(crate) fn begin(&self, op: Op, staff: &Staff, id: JobId, halt: Halt) -> Outcome<Telling> {
        let row = JobRow {
            op: op.name().to_owned(),
            by: staff.name.clone(),
            started_s: self.node.now_s(),
            ended_s: 0,
            state: JobState::Running,
            told: String::new(),
        };
        let progress = Telling::default();
        let live = Live { row: row.clone(), halt, progress: Arc::clone(&progress) };
        {
            let mut all = unpoisoned(self.live.lock());
            let going_on = || all.values().filter(|live| live.row.state == JobState::Running);
            let is_same = |live: &Live| live.row.op == row.op;
            if going_on().count() >= MAX_AT_ONCE || (is_single(op) && going_on().any(is_same)) {
                return Err(faults::too_many());
            }
            all.insert(id, live);
        }
        let kept = self.node.db.write("job started", |tx| {
            for (old, row) in tx.jobs()? {
                if row.ended_s != 0 && row.ended_s < self.node.now_s() - KEPT_S {
                    tx.delete_job(&old)?;
                    self.files.forget(&old);
                }
            }
            tx.put_job(&id, &row)
        });
        if let Err(error) = kept {
            unpoisoned(self.live.lock()).remove(&id);
            return Err(error.into());
        }
        Ok(progress)
    }

    /// Keeps how a job ended. What cannot be written down is known until the node stops.
    fn finish(&self, id: JobId, outcome: Outcome<String>) {
        let (state, told) = match &outcome {
            Ok(told) => (JobState::Done, told.clone()),
            Err(fault) => {
                let was_stopped = fault.code == faults::STOPPED;
                let state = if was_stopped { JobState::Stopped } else { JobState::Failed };
                (state, serde_json::to_string(fault).unwrap_or_default())
            }
        };
        let now_s = self.node.now_s();
        // First, so that whoever sees that it is over finds its files as they stay.
        self.files.ended(&id, state == JobState::Done, now_s);
        let row = {
            let mut live = unpoisoned(self.live.lock());
            let Some(of) = live.get_mut(&id) else { return };
            of.row = JobRow { state, told, ended_s: now_s, ..of.row.clone() };
            of.row.clone()
        };
        match self.node.db.write("job ended", |tx| tx.put_job(&id, &row)) {
            Ok(()) => drop(unpoisoned(self.live.lock()).remove(&id)),
            Err(_) => tracing::error!(op = row.op, "how a job ended could not be written down"),
        }
    }
}

/// Where the progress of a job goes.
type Telling = Arc<Mutex<Option<Progress>>>;

fn is_stoppable(row: &JobRow) -> bool {
    Op::parse(&row.op).and_then(kind).unwrap_or(false)
}

/// What was approved is told to whoever approved it alone: the approval says nothing of who may see what came of it.
fn is_seen_by(row: &JobRow, staff: &Staff) -> bool {
    let may = |op: Op| op != Op::ApprovalApprove && staff.may(op);
    row.by == staff.name || Op::parse(&row.op).is_some_and(may)
}

fn parsed(id: &str) -> Outcome<JobId> {
    uuid::Uuid::parse_str(id).map(uuid::Uuid::into_bytes).map_err(|_| no_such_job())
}

/// A job as it is shown; `None` for one of an operation that this version does not know.
fn job(id: &JobId, row: JobRow, live: Option<&Live>) -> Option<Job> {
    let is_running = row.state == JobState::Running;
    let is_stopping = is_running && live.is_some_and(|live| live.halt.is_stopped());
    let is_done = row.state == JobState::Done;
    let has_fault = matches!(row.state, JobState::Failed | JobState::Stopped);
    Some(Job {
        id: uuid::Uuid::from_bytes(*id).to_string(),
        op: Op::parse(&row.op)?,
        can_be_stopped: is_running && !is_stopping && is_stoppable(&row),
        is_stopping,
        started_at: instant(row.started_s),
        ended_at: (row.ended_s != 0).then(|| instant(row.ended_s)),
        progress: live.and_then(|live| unpoisoned(live.progress.lock()).clone()),
        told: is_done.then(|| row.told.clone()),
        fault: has_fault.then(|| serde_json::from_str(&row.told).ok()).flatten(),
        by: row.by,
        state: row.state,
    })
}

impl Desk {
    /// Starts an operation as a job, in the name of somebody who may ask for it. Gives the job's id.
    ///
    /// For operations that take long: imports, exports, backups, closes of epochs, figures of a plan,
    /// overlap rounds, and the second person's word for one of these. What takes two people is kept for the
    /// second, and is no job.
    pub async fn start<A: crate::local::Ask>(
        self: &Arc<Self>,
        staff: &Staff,
        ask: &A,
    ) -> Outcome<String> {
        let id = self.node.new_id()?;
        self.start_as(id, staff, ask).await
    }

    /// The same under an id that names files already.
    async fn start_as<A: crate::local::Ask>(
        self: &Arc<Self>,
        id: JobId,
        staff: &Staff,
        ask: &A,
    ) -> Outcome<String> {
        let op = A::OP;
        if kind(op).is_none() {
            return Err(crate::answer::failed());
        }
        self.permit(op, staff).await?;
        let body = serde_json::to_string(ask).map_err(|_| crate::answer::failed())?;
        if self.takes_two(op, &body) {
            // Nothing goes on yet: whoever asked hears at once that it waits for a second person.
            let asked = crate::answer::Asked::new(op, staff.clone(), body, Box::new(|_| {}));
            return self.ask(asked).await;
        }
        let (desk, starter, halt) = (Arc::clone(self), staff.clone(), Halt::default());
        let stop = halt.clone();
        let begin = move || desk.jobs.begin(op, &starter, id, stop);
        let begun = tokio::task::spawn_blocking(begin).await;
        let progress = begun.unwrap_or_else(|_| Err(crate::answer::failed()))?;
        let tell = move |it: Progress| *unpoisoned(progress.lock()) = Some(it);
        let asked = crate::answer::Asked::new(op, staff.clone(), body, Box::new(tell));
        let (desk, asked) = (Arc::clone(self), asked.until(halt));
        self.jobs.tasks.spawn(async move {
            let stopping = desk.stopping().clone();
            let asking = desk.ask(asked);
            let outcome = match op {
                // It waits for partners, and the next run goes on from there.
                Op::StatsRun | Op::OverlapRun => {
                    let outcome = stopping.run_until_cancelled(asking).await;
                    outcome.unwrap_or_else(|| Err(stopped()))
                }
                _ => asking.await,
            };
            let finish = move || desk.jobs.finish(id, outcome);
            if tokio::task::spawn_blocking(finish).await.is_err() {
                tracing::error!("a job could not be ended");
            }
        });
        Ok(uuid::Uuid::from_bytes(id).to_string())
    }
}
