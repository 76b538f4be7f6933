//! Transactions: closures over sealed rows, many of them per sync.
//!
//! Writers run one after the other. What a writer leaves behind is put in a queue, and the next
//! one, reading through an overlay, already sees it; meanwhile one thread commits what is queued, up
//! to [`MAX_GROUP`] transactions with one sync, and only then are their writers told. Readers see
//! what is durable and nothing else, so nothing can be shown, or sent, that a power cut undoes.
//!
//! If a commit fails, nothing after it is acknowledged either: the store is [poisoned] until the
//! node restarts, because a failed sync says nothing about what is on the disk (a second try may
//! succeed without the first one's pages).
//!
//! Not here: what rows mean, retries, and async. A transaction's body must not begin another one;
//! that is refused with [`DbError::Nested`].
//!
//! [poisoned]: DbError::Poisoned

mod commit;
mod overlay;
mod remember;
mod rows;

use std::{
    cell::RefCell,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

pub use self::{
    commit::{Counters, MAX_GROUP},
    rows::{KeyValue, Keys, Read, Rows, Table, Write},
};
use sha2::{Digest as _, Sha256};

use self::{
    commit::{Queue, Turn},
    overlay::Overlay,
};
use crate::{
    engine::{Engine, EngineError, Visit},
    seal::{SealError, Sealer},
};

/// The store's own table: format, canary, marks left by a restore.
pub const META: Table = Table::reserved(0, "meta");

/// Row of [`META`]: when the backup was made from which this store was restored, in seconds since
/// 1970 as eight bytes, big-endian.
///
/// A node that finds it opens a new epoch and then deletes it.
pub const RESTORED_AT: &[u8] = b"restored_at";

/// Row of [`META`] that says how rows are laid out; it also shows whether the key is right.
const FORMAT_KEY: &[u8] = b"format";
const FORMAT: &[u8] = b"1";

/// The first key after all tables.
pub(crate) const END_OF_ROWS: &[u8] = &[u8::MAX];

/// A store of sealed rows.
///
/// Clones share it. The engine is closed when the last one is dropped.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    committer: Option<thread::JoinHandle<()>>,
}

struct Shared {
    engine: Arc<dyn Engine>,
    sealer: Sealer,
    /// What is not durable yet, and the right to write: whoever holds it is the writer.
    writer: Mutex<Overlay>,
    queue: Queue,
}

/// Why a transaction did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// The engine failed, or this transaction's commit did: it may or may not have happened.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An earlier commit failed. Reads go on; writes are refused until the node restarts.
    #[error("the store refuses writes since a commit failed ({0}): restart the node")]
    Poisoned(EngineError),
    /// The store was written with another key.
    #[error("the key ring is not the one this store was sealed with")]
    WrongKey,
    /// The store was written by a newer version of Entente.
    #[error("the store has a newer format than this version knows")]
    Newer,
    /// A row is not what was written there.
    #[error("a row of the table `{table}` is damaged (key {key})")]
    Damaged {
        /// The table's name.
        table: &'static str,
        /// The row's key in hex, at most its first 24 bytes. Keys never hold anything personal.
        key: String,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system has no random bytes")]
    NoRandomness,
    /// A transaction's body began another transaction. This is a bug.
    #[error("a transaction was begun inside another one")]
    Nested,
    /// The committing thread could not be started.
    #[error("the system cannot start another thread")]
    NoThread,
}

impl Db {
    /// Opens a store on `engine`, whose rows are sealed by `sealer`.
    pub fn open(engine: Arc<dyn Engine>, sealer: Sealer) -> Result<Self, DbError> {
        let queue = Queue::default();
        let shared =
            Arc::new(Shared { engine, sealer, writer: Mutex::new(Overlay::default()), queue });
        let committing = Arc::clone(&shared);
        let committer = thread::Builder::new()
            .name("store-commit".to_owned())
            .spawn(move || committing.queue.run(&*committing.engine))
            .map_err(|_| DbError::NoThread)?;
        let db = Self { inner: Arc::new(Inner { shared, committer: Some(committer) }) };
        db.check_format()?;
        Ok(db)
    }

    /// Runs `body` after every writer before it, and commits what it wrote if it succeeds.
    ///
    /// Returns when that is durable. If `body` fails or panics, nothing it wrote remains. The error
    /// is the caller's own type, so a refusal by policy undoes the transaction just as a full disk
    /// does. `name` labels the transaction in the log.
    ///
    /// `body` holds up all other writers, so it should read, decide and write, and not wait for
    /// anything.
    pub fn write<T, E: From<DbError>>(
        &self,
        name: &'static str,
        body: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (value, pending) = self.write_ahead(name, body)?;
        pending.wait()?;
        Ok(value)
    }

    /// As [`Self::write`], but returns before the transaction is durable.
    ///
    /// For imports, which have the next batch to prepare meanwhile. Nothing may be acknowledged or
    /// disclosed on the strength of it before [`Pending::wait`] has returned.
    pub fn write_ahead<T, E: From<DbError>>(
        &self,
        name: &'static str,
        body: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<(T, Pending), E> {
        let shared = &self.inner.shared;
        let _entered = Entered::new(shared)?;
        let mut overlay = shared.writer();
        let durable = shared.queue.durable()?;
        overlay.prune(durable);

        let view = shared.engine.latest().map_err(DbError::from)?;
        let mut tx = Write::new(&overlay, view, &shared.sealer);
        let result = body(&mut tx);
        let (changes, saw_pending, told) = tx.finish();
        let last = overlay.last();

        let value = match result {
            Ok(value) => value,
            Err(error) => {
                drop(overlay);
                tracing::debug!(name, "transaction refused");
                // The refusal may rest on a row that is not durable yet ("we have this already").
                if saw_pending {
                    shared.queue.wait(last)?;
                }
                return Err(error);
            }
        };
        if changes.is_empty() {
            let seq = if saw_pending { last } else { durable };
            return Ok((value, Pending { seq, shared: Arc::clone(shared) }));
        }
        let seq = overlay.add(&changes);
        // From here on the queue expects this number; if anything fails, `turn` says so.
        let turn = Turn::new(&shared.queue, seq);
        drop(overlay);
        turn.submit(shared.sealer.seal_changes(&changes).map_err(DbError::from)?, told);
        Ok((value, Pending { seq, shared: Arc::clone(shared) }))
    }

    /// Runs `body` on one durable state of the store.
    ///
    /// On sled this holds up commits, so `body` should be short.
    pub fn read<T, E: From<DbError>>(
        &self,
        body: impl FnOnce(&Read<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let shared = &self.inner.shared;
        let _entered = Entered::new(shared)?;
        let view = shared.engine.durable().map_err(DbError::from)?;
        body(&Read::new(view, &shared.sealer))
    }

    /// Visits every row of one durable state, opened, as (table and key, value). Commits go on.
    ///
    /// For backups and copies. `visit` must not use this `Db`.
    pub(crate) fn export(&self, visit: Visit<'_>) -> Result<(), DbError> {
        let shared = &self.inner.shared;
        let _entered = Entered::new(shared)?;
        let mut damage = None;
        shared.engine.export(&[], END_OF_ROWS, &mut |place, sealed| match shared
            .sealer
            .open_row(place, sealed)
        {
            Ok(value) => visit(place, &value),
            Err(_) => {
                damage = Some(rows::damaged_place(place));
                std::ops::ControlFlow::Break(())
            }
        })?;
        damage.map_or(Ok(()), Err)
    }

    /// Opens every row and returns those that are damaged.
    pub fn check(&self, progress: &mut dyn FnMut(u64)) -> Result<Vec<DbError>, DbError> {
        let shared = &self.inner.shared;
        let (mut damaged, mut n_rows) = (Vec::new(), 0);
        shared.engine.export(&[], END_OF_ROWS, &mut |place, sealed| {
            if shared.sealer.open_row(place, sealed).is_err() {
                damaged.push(rows::damaged_place(place));
            }
            n_rows += 1;
            progress(n_rows);
            std::ops::ControlFlow::Continue(())
        })?;
        Ok(damaged)
    }

    /// How many rows there are, by counting them.
    pub fn n_rows(&self) -> Result<u64, DbError> {
        let mut n_rows = 0;
        self.inner.shared.engine.export(&[], END_OF_ROWS, &mut |_, _| {
            n_rows += 1;
            std::ops::ControlFlow::Continue(())
        })?;
        Ok(n_rows)
    }

    /// SHA-256 of all rows, opened: two stores with the same rows have the same, on any engine and
    /// under any key.
    pub fn digest(&self) -> Result<[u8; 32], DbError> {
        let mut digest = Sha256::new();
        self.export(&mut |place, value| {
            for field in [place, value] {
                digest.update((field.len() as u64).to_be_bytes());
                digest.update(field);
            }
            std::ops::ControlFlow::Continue(())
        })?;
        Ok(digest.finalize().into())
    }

    /// What has been committed since the store was opened.
    pub fn counters(&self) -> Counters {
        self.inner.shared.queue.counters()
    }

    /// Why writes are refused, if they are.
    pub fn poison(&self) -> Option<EngineError> {
        match self.inner.shared.queue.durable() {
            Err(DbError::Poisoned(cause)) => Some(cause),
            _ => None,
        }
    }

    /// The engine's name.
    pub fn engine_name(&self) -> &'static str {
        self.inner.shared.engine.name()
    }

    /// Bytes the store takes on the disk.
    pub fn size_on_disk(&self) -> Result<u64, DbError> {
        Ok(self.inner.shared.engine.size_on_disk()?)
    }

    /// Checks that the rows have a layout and a key that we know; marks a new store.
    fn check_format(&self) -> Result<(), DbError> {
        let format = self.read(|tx| match tx.get(META, FORMAT_KEY) {
            Err(DbError::Damaged { .. }) => Err(DbError::WrongKey),
            other => other,
        })?;
        match format.as_deref() {
            Some(FORMAT) => Ok(()),
            Some(_) => Err(DbError::Newer),
            None => {
                let mut blank = true;
                self.inner.shared.engine.durable()?.scan(&[], END_OF_ROWS, &mut |_, _| {
                    blank = false;
                    std::ops::ControlFlow::Break(())
                })?;
                if !blank {
                    return Err(DbError::WrongKey);
                }
                self.write("format", |tx| tx.put(META, FORMAT_KEY, FORMAT))
            }
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Db").field(&self.inner.shared.engine).finish()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(committer) = self.committer.take()
            && committer.join().is_err()
        {
            tracing::error!("the committing thread panicked");
        }
    }
}

impl Shared {
    fn writer(&self) -> MutexGuard<'_, Overlay> {
        // A panic in a body unwinds before the overlay is touched, so it is never half changed.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transaction that has run and is on its way to the disk.
#[must_use = "the transaction is not durable until `wait` returns"]
pub struct Pending {
    seq: u64,
    shared: Arc<Shared>,
}

impl Pending {
    /// Waits until the transaction, and everything it has seen, is durable.
    pub fn wait(self) -> Result<(), DbError> {
        self.shared.queue.wait(self.seq)
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pending({})", self.seq)
    }
}

thread_local! {
    /// The stores whose transactions are running on this thread.
    static RUNNING: RefCell<Vec<*const Shared>> = const { RefCell::new(Vec::new()) };
}

/// Marks a store as being in a transaction on this thread. A nested one would wait for ever: for
/// the writer's mutex, or for a commit that waits for the outer view.
struct Entered(*const Shared);

impl Entered {
    fn new(shared: &Arc<Shared>) -> Result<Self, DbError> {
        let this = Arc::as_ptr(shared);
        RUNNING.with_borrow_mut(|running| {
            if running.contains(&this) {
                return Err(DbError::Nested);
            }
            running.push(this);
            Ok(Self(this))
        })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        RUNNING.with_borrow_mut(|running| running.retain(|other| *other != self.0));
    }
}

impl From<SealError> for DbError {
    fn from(_: SealError) -> Self {
        // Sealing fails for no other reason; what does not open is reported as damaged.
        Self::NoRandomness
    }
}

#[cfg(test)]
mod tests;
