//! Group commit: a queue of sealed transactions, and the one thread that makes them durable.
//!
//! Transactions have consecutive numbers, given while the writer's mutex was held. They are sealed
//! outside of it and may arrive out of order; the thread takes them in order, so a later one is
//! never durable without an earlier one that it may have read.

use std::{
    collections::BTreeMap,
    mem,
    panic::{self, AssertUnwindSafe},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use super::DbError;
use crate::engine::{Batch, Engine, EngineError};

/// The most transactions that one sync makes durable.
///
/// Sixteen writers seldom have more than sixteen waiting; beyond 64 the measured rate no longer
/// rises and the wait does.
pub const MAX_GROUP: usize = 64;

/// A group is closed once it holds this much: an engine buffers its batch, and a sync of more than
/// some megabytes takes longer than the next one would have to wait.
const MAX_GROUP_BYTES: usize = 8 << 20;

/// What has been committed since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Transactions that wrote something.
    pub n_commits: u64,
    /// Engine batches, each with its sync.
    pub n_batches: u64,
    /// Sealed bytes of keys and values.
    pub n_bytes: u64,
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Something arrived, or the store closes.
    arrived: Condvar,
    /// Something became durable, or failed.
    settled: Condvar,
}

/// What a transaction has to tell once it is durable.
pub(super) type Told = Vec<Box<dyn FnOnce() + Send>>;

#[derive(Default)]
struct State {
    waiting: BTreeMap<u64, (Batch, Told)>,
    /// The last transaction that is durable.
    durable: u64,
    failed: Option<EngineError>,
    closing: bool,
    counters: Counters,
}

impl Queue {
    /// The last transaction that is durable, unless writes are refused.
    pub(super) fn durable(&self) -> Result<u64, DbError> {
        let state = self.state();
        match &state.failed {
            Some(cause) => Err(DbError::Poisoned(cause.clone())),
            None => Ok(state.durable),
        }
    }

    /// Waits until transaction `seq` is durable.
    pub(super) fn wait(&self, seq: u64) -> Result<(), DbError> {
        let mut state = self.state();
        loop {
            if state.durable >= seq {
                return Ok(());
            }
            if let Some(cause) = &state.failed {
                return Err(DbError::Engine(cause.clone()));
            }
            state = self.settled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Commits what arrives until the store closes.
    pub(super) fn run(&self, engine: &dyn Engine) {
        while let Some((last, n_commits, batch, told)) = self.next_group() {
            let committed = panic::catch_unwind(AssertUnwindSafe(|| engine.commit(&batch)))
                .unwrap_or(Err(EngineError::Fault { engine: engine.name(), doing: "committing" }));
            match committed {
                Ok(()) => {
                    let mut state = self.state();
                    state.durable = last;
                    state.counters.n_commits += n_commits;
                    state.counters.n_batches += 1;
                    state.counters.n_bytes += batch.n_bytes() as u64;
                    drop(state);
                    self.settled.notify_all();
                    for tell in told {
                        // Whoever listens may fail; the store goes on.
                        if panic::catch_unwind(AssertUnwindSafe(tell)).is_err() {
                            tracing::error!("a listener of the store panicked");
                        }
                    }
                }
                Err(cause) => self.fail(cause),
            }
        }
    }

    /// Lets [`Self::run`] return when everything that was submitted is durable.
    pub(super) fn close(&self) {
        self.state().closing = true;
        self.arrived.notify_all();
    }

    pub(super) fn counters(&self) -> Counters {
        self.state().counters
    }

    /// The last number of the next group, how many transactions are in it, their changes, and whom
    /// they tell.
    fn next_group(&self) -> Option<(u64, u64, Batch, Told)> {
        let mut state = self.state();
        loop {
            let mut last = state.durable;
            let mut group = Batch::default();
            let (mut n_commits, mut n_bytes, mut told) = (0, 0, Told::new());
            while n_commits < MAX_GROUP
                && n_bytes < MAX_GROUP_BYTES
                && let Some((batch, tell)) = state.waiting.remove(&(last + 1))
            {
                last += 1;
                n_commits += 1;
                n_bytes += batch.n_bytes();
                told.extend(tell);
                if group.is_empty() {
                    group = batch;
                } else {
                    group.append(batch);
                }
            }
            if n_commits > 0 && state.failed.is_none() {
                return Some((last, n_commits as u64, group, told));
            }
            if state.closing {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn submit(&self, seq: u64, batch: Batch, told: Told) {
        self.state().waiting.insert(seq, (batch, told));
        self.arrived.notify_one();
    }

    fn fail(&self, cause: EngineError) {
        tracing::error!(error = %cause, "a commit failed; the store refuses writes from here on");
        let mut state = self.state();
        state.failed.get_or_insert(cause);
        mem::take(&mut state.waiting);
        drop(state);
        self.settled.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds it can panic halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number that the queue waits for.
pub(super) struct Turn<'a> {
    queue: &'a Queue,
    seq: u64,
    submitted: bool,
}

impl<'a> Turn<'a> {
    pub(super) fn new(queue: &'a Queue, seq: u64) -> Self {
        Self { queue, seq, submitted: false }
    }

    pub(super) fn submit(mut self, batch: Batch, told: Told) {
        self.submitted = true;
        self.queue.submit(self.seq, batch, told);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Others may have read what will now never be durable.
        if !self.submitted {
            self.queue.fail(EngineError::Fault { engine: "store", doing: "sealing" });
        }
    }
}
