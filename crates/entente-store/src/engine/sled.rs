//! sled 0.34, made durable.
//!
//! On Linux sled's `flush` is `sync_file_range`, which writes neither the file's size nor the
//! disk's own cache: what it acknowledges is lost when the power fails. So here
//!
//! - a commit is one batch on one tree, `flush`, and then our own `fdatasync` of sled's file;
//! - sled's background flusher is off, since nothing waits for it;
//! - a new store is written to, closed and reopened before anyone may use it: a torn write in a
//!   store that was never reopened can make all of it unreadable;
//! - before opening, half-written snapshots are removed, since sled would take one for the newest;
//! - before and after opening, every file is synced. sled never syncs its `conf`, and opening makes
//!   a snapshot of what may be in the page cache alone;
//! - a long value is kept in several rows: sled keeps up to twenty neighbouring rows in one node,
//!   writes the node anew at every tenth change, and puts a node of more than 128 KiB into a file
//!   of its own, whose name it never syncs. When the power fails the file is gone, and sled opens
//!   without a word on what the node was before.
//!
//! `tests/power_loss.rs` finds each of these losses when its remedy is taken away, but for the sync
//! before opening, which is a precaution. sled has no versions, so a durable view holds
//! a lock that keeps the next commit waiting; [`Engine::export`] goes without, by keeping aside the
//! old value of what a commit is about to change.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    fs::{self, File},
    io,
    ops::{Bound, ControlFlow, Deref},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use super::{
    Batch, Engine, EngineError, View, Visit,
    folder::sync_folder,
    mark::{Mark, NUMBER_KEY},
};

/// sled uses several times what it is told; 256 MB became 875 MB resident in measurements.
const CACHE_BYTES: u64 = 64 << 20;

/// sled's one data file, below the folder it is given.
const FILE: &str = "db";

/// Rows that only make a new store's log long enough to be closed and read back. No table has this
/// prefix, so they are never seen.
const FIRST_ROWS: u8 = 8;

/// The longest value that is kept in one row, in bytes.
///
/// sled splits a node of more than sixteen rows when it next comes by, and joins one of less than
/// four with its neighbour, so twenty of these with their keys have to stay below 128 KiB.
/// A value of exactly this length may go on in the rows of [`rest_key`], and no other value does.
const MAX_INLINE: usize = 6 << 10;

/// The rows that hold the rest of long values begin with this. No table has this prefix.
const REST: [u8; 2] = [u8::MAX, 0x10];

/// How long closing may take once a write has failed.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// How many rows an export visits before it lets a commit in.
const EXPORT_STRIDE: usize = 256;

pub(super) struct Sled {
    db: Open,
    file: File,
    mark: Mark,
    folder: PathBuf,
    /// Held for writing while a batch is applied but not yet durable.
    gate: RwLock<()>,
    /// The exports that are under way.
    exports: Mutex<Exports>,
}

/// Makes an empty store in an existing, empty folder, and closes it.
pub(super) fn create(folder: &Path) -> Result<(), EngineError> {
    let db = open_sled(folder)?;
    for n in 0..FIRST_ROWS {
        db.insert([u8::MAX, n], &[n]).map_err(|error| failed("creating the store", &error))?;
    }
    db.flush().map_err(|error| failed("creating the store", &error))?;
    db.close()?;
    // sled never syncs its `conf`, without which it does not open.
    sync_files(folder)
}

pub(super) fn open(folder: &Path) -> Result<Sled, EngineError> {
    remove_half_written_snapshots(folder)?;
    sync_files(folder)?;
    let db = open_sled(folder)?;
    // Among them the snapshot that sled has just renamed into place.
    sync_files(folder)?;
    let file = File::open(folder.join(FILE))
        .map_err(|error| EngineError::io("opening the store", &error))?;
    let number = db.get(NUMBER_KEY).map_err(|error| failed("opening the store", &error))?;
    let mark = Mark::open(folder, "sled", number.as_deref())?;
    Ok(Sled {
        db,
        file,
        mark,
        folder: folder.to_owned(),
        gate: RwLock::new(()),
        exports: Mutex::new(Exports::default()),
    })
}

fn open_sled(folder: &Path) -> Result<Open, EngineError> {
    // Our own lock on the folder is held, so a locked file means that sled's threads from a store
    // which this process has just closed have not let go of it yet. It takes them milliseconds.
    let mut patience = 200;
    loop {
        let config =
            sled::Config::new().path(folder).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        // sled asserts some of what it expects to find in its file.
        let opened = panic::catch_unwind(AssertUnwindSafe(|| config.open()))
            .map_err(|_| EngineError::Corrupt { engine: "sled" })?;
        match opened {
            Ok(db) => return Ok(Open { db: Some(db), has_failed: AtomicBool::new(false) }),
            Err(sled::Error::Io(error)) if error.kind() == io::ErrorKind::Other && patience > 0 => {
                patience -= 1;
                thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(failed("opening the store", &error)),
        }
    }
}

/// sled, open. Closing it panics if its last sync fails, and may wait for ever if one failed before.
struct Open {
    db: Option<sled::Db>,
    /// A write failed.
    has_failed: AtomicBool,
}

impl Open {
    fn close(mut self) -> Result<(), EngineError> {
        self.close_once()
    }

    fn close_once(&mut self) -> Result<(), EngineError> {
        let db = self.db.take();
        let close = move || panic::catch_unwind(AssertUnwindSafe(|| drop(db)));
        let fault = EngineError::Fault { engine: "sled", doing: "closing the store" };
        if !self.has_failed.load(Ordering::Relaxed) {
            return close().map_err(|_| fault);
        }
        // The flush that sled ends with may wait for the write that failed. Whoever stops a node
        // with a full disk does not have to wait with it: there is nothing left to make durable.
        let (closed, is_closed) = mpsc::channel();
        thread::spawn(move || closed.send(close().is_ok()));
        match is_closed.recv_timeout(LAST_PATIENCE) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(fault),
        }
    }
}

impl Deref for Open {
    type Target = sled::Db;

    fn deref(&self) -> &sled::Db {
        #[expect(clippy::expect_used, reason = "only `close` and `drop` take it, and both end it")]
        self.db.as_ref().expect("sled is open until it is dropped")
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // What was acknowledged is durable already, so there is nothing to save.
        if let Err(error) = self.close_once() {
            tracing::error!(%error, "the store was not closed cleanly");
        }
    }
}

fn remove_half_written_snapshots(folder: &Path) -> Result<(), EngineError> {
    let io = |error: io::Error| EngineError::io("looking for snapshots", &error);
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(path).map_err(io)?;
        }
    }
    Ok(())
}

/// Makes every file of a closed store, and its name, durable.
fn sync_files(folder: &Path) -> Result<(), EngineError> {
    let io = |error: io::Error| EngineError::io("syncing the store", &error);
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.is_file() {
            File::open(path).and_then(|file| file.sync_all()).map_err(io)?;
        }
    }
    sync_folder(folder)
}

impl Sled {
    fn write(&self, changes: sled::Batch) -> Result<(), EngineError> {
        self.db.apply_batch(changes).map_err(|error| failed("writing", &error))?;
        self.db.flush().map_err(|error| failed("flushing", &error))?;
        self.file.sync_data().map_err(|error| EngineError::io("syncing", &error))
    }

    fn exports(&self) -> MutexGuard<'_, Exports> {
        self.exports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Sled {
    fn name(&self) -> &'static str {
        "sled"
    }

    fn durable(&self) -> Result<Box<dyn View + '_>, EngineError> {
        let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        Ok(Box::new(Rows { tree: &self.db, _gate: Some(gate) }))
    }

    fn latest(&self) -> Result<Box<dyn View + '_>, EngineError> {
        Ok(Box::new(Rows { tree: &self.db, _gate: None }))
    }

    fn commit(&self, batch: &Batch) -> Result<(), EngineError> {
        let mut changes = sled::Batch::default();
        for (key, value) in batch.iter() {
            let old = self.db.get(key).map_err(|error| failed("reading", &error))?;
            let n_old = old.filter(|old| old.len() == MAX_INLINE);
            let n_old = n_old.map_or(Ok(0), |_| count_rest(&self.db, key))?;
            let mut n_new = 0;
            match value.map(|value| value.split_at_checked(MAX_INLINE).unwrap_or((value, &[]))) {
                Some((first, rest)) => {
                    changes.insert(key, first);
                    for (n, part) in (0..).zip(rest.chunks(MAX_INLINE)) {
                        changes.insert(rest_key(key, n), part);
                        n_new = n + 1;
                    }
                }
                None => changes.remove(key),
            }
            for n in n_new..n_old {
                changes.remove(rest_key(key, n));
            }
        }
        changes.insert(NUMBER_KEY, &self.mark.next());
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        self.exports().keep_aside(batch, &self.db)?;
        let written = self.write(changes);
        self.db.has_failed.fetch_or(written.is_err(), Ordering::Relaxed);
        written?;
        self.mark.committed();
        Ok(())
    }

    fn export(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        let id = {
            // Between two commits, so that the export sees one of them completely or not at all.
            let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
            self.exports().begin(from, to)
        };
        let result = self.export_strides(id, from, to, visit);
        self.exports().under_way.remove(&id);
        result
    }

    fn size_on_disk(&self) -> Result<u64, EngineError> {
        let io = |error: io::Error| EngineError::io("measuring the store", &error);
        let mut size = 0;
        for entry in fs::read_dir(&self.folder).map_err(io)? {
            let metadata = entry.and_then(|entry| entry.metadata()).map_err(io)?;
            size += if metadata.is_file() { metadata.len() } else { 0 };
        }
        Ok(size)
    }
}

impl Sled {
    fn export_strides(
        &self,
        id: u64,
        from: &[u8],
        to: &[u8],
        visit: Visit<'_>,
    ) -> Result<(), EngineError> {
        let mut at = from.to_vec();
        loop {
            let mut stride = BTreeMap::new();
            let next = {
                let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
                let mut rows = self.db.range(at.as_slice()..to);
                let mut next = None;
                for row in &mut rows {
                    let (key, value) = row.map_err(|error| failed("reading", &error))?;
                    if stride.len() == EXPORT_STRIDE {
                        next = Some(key.to_vec());
                        break;
                    }
                    stride.insert(key.to_vec(), Some(whole(&self.db, &key, &value)?.into_owned()));
                }
                // What commits changed since the export began is visited as it was then.
                self.exports().pass(id, next.as_deref().unwrap_or(to), &mut stride);
                next
            };
            for (key, value) in &stride {
                if let Some(value) = value
                    && let ControlFlow::Break(()) = visit(key, value)
                {
                    return Ok(());
                }
            }
            match next {
                Some(next) => at = next,
                None => return Ok(()),
            }
        }
    }
}

impl fmt::Debug for Sled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sled")
    }
}

/// Old values that running exports have not visited yet.
#[derive(Default)]
struct Exports {
    next_id: u64,
    under_way: BTreeMap<u64, Export>,
}

struct Export {
    /// Where the export stands; everything before has been visited.
    at: Vec<u8>,
    to: Vec<u8>,
    /// What keys held when the export began, `None` for nothing.
    aside: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Exports {
    fn begin(&mut self, from: &[u8], to: &[u8]) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let export = Export { at: from.to_vec(), to: to.to_vec(), aside: BTreeMap::new() };
        self.under_way.insert(id, export);
        id
    }

    /// Keeps what `batch` is about to change, for every export that has yet to come by.
    fn keep_aside(&mut self, batch: &Batch, tree: &sled::Tree) -> Result<(), EngineError> {
        for export in self.under_way.values_mut() {
            for (key, _) in batch.iter() {
                let ahead = export.at.as_slice() <= key && key < export.to.as_slice();
                if ahead && !export.aside.contains_key(key) {
                    let old = tree.get(key).map_err(|error| failed("reading", &error))?;
                    let old =
                        old.map(|old| Ok(whole(tree, key, &old)?.into_owned())).transpose()?;
                    export.aside.insert(key.to_vec(), old);
                }
            }
        }
        Ok(())
    }

    /// Moves an export to `next` and puts the old values before it over `rows`.
    fn pass(&mut self, id: u64, next: &[u8], rows: &mut BTreeMap<Vec<u8>, Option<Vec<u8>>>) {
        if let Some(export) = self.under_way.get_mut(&id) {
            let mut passed = export.aside.split_off(next);
            std::mem::swap(&mut passed, &mut export.aside);
            rows.append(&mut passed);
            export.at = next.to_vec();
        }
    }
}

struct Rows<'a> {
    tree: &'a sled::Tree,
    _gate: Option<RwLockReadGuard<'a, ()>>,
}

impl View for Rows<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let value = self.tree.get(key).map_err(|error| failed("reading", &error))?;
        value.map(|value| Ok(whole(self.tree, key, &value)?.into_owned())).transpose()
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        self.visit_all(self.range(from, to), visit)
    }

    fn scan_rev(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        self.visit_all(self.range(from, to).rev(), visit)
    }
}

impl Rows<'_> {
    fn range(&self, from: &[u8], to: &[u8]) -> sled::Iter {
        let to = to.max(from);
        self.tree.range::<&[u8], _>((Bound::Included(from), Bound::Excluded(to)))
    }

    fn visit_all(
        &self,
        rows: impl Iterator<Item = sled::Result<(sled::IVec, sled::IVec)>>,
        visit: Visit<'_>,
    ) -> Result<(), EngineError> {
        for row in rows {
            let (key, value) = row.map_err(|error| failed("reading", &error))?;
            if let ControlFlow::Break(()) = visit(&key, &whole(self.tree, &key, &value)?) {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Where part `n` of what did not fit into the row of `key` is.
///
/// With the key's length before it, no key's parts stand among those of another.
fn rest_key(key: &[u8], n: u32) -> Vec<u8> {
    [REST.as_slice(), &(key.len() as u64).to_be_bytes(), key, &n.to_be_bytes()].concat()
}

/// The rows with the rest of a value.
fn rest(tree: &sled::Tree, key: &[u8]) -> sled::Iter {
    tree.range(rest_key(key, 0)..=rest_key(key, u32::MAX))
}

fn count_rest(tree: &sled::Tree, key: &[u8]) -> Result<u32, EngineError> {
    rest(tree, key).try_fold(0, |n, row| {
        row.map_err(|error| failed("reading", &error))?;
        Ok(n + 1)
    })
}

/// The whole value of `key`, of which `first` is what stands in its own row.
fn whole<'a>(tree: &sled::Tree, key: &[u8], first: &'a [u8]) -> Result<Cow<'a, [u8]>, EngineError> {
    if first.len() != MAX_INLINE {
        return Ok(Cow::Borrowed(first));
    }
    let mut value = first.to_vec();
    for row in rest(tree, key) {
        let (_, part) = row.map_err(|error| failed("reading", &error))?;
        value.extend_from_slice(&part);
    }
    Ok(Cow::Owned(value))
}

fn failed(doing: &'static str, error: &sled::Error) -> EngineError {
    match error {
        sled::Error::Corruption { .. } => EngineError::Corrupt { engine: "sled" },
        sled::Error::Io(error) => EngineError::io(doing, error),
        _ => EngineError::Fault { engine: "sled", doing },
    }
}
