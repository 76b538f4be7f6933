//! The folder of a store: which engine made it, and that only one node uses it.
//!
//! The rows lie in a subfolder, a *generation* (`sled-1`, `redb-2`). The small file `engine` names
//! the one that counts and is replaced atomically, so moving to another engine or to another key is
//! building the next generation beside the old one and then renaming one file. A crash leaves either
//! the old store or the new one.
//!
//! ```text
//! store/engine      "entente-store 1\nsled-1\n"
//! store/lock        locked while the store is open
//! store/sled-1/     the rows
//! ```

use std::{
    fmt,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Batch, Engine, EngineError, Kind, View, Visit,
    guard::{Guarded, guard, guard_visit},
    redb, sled,
};

const MARKER: &str = "engine";
const LOCK: &str = "lock";
const MARKER_FORMAT: &str = "entente-store 1";

/// A generation that was not finished; safe to remove, since nothing in it was acknowledged.
const UNFINISHED: &str = "new";

/// A store's folder, locked for this process.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    lock: Arc<File>,
}

impl Folder {
    /// Locks the folder, which is made if it is missing.
    pub fn lock(path: &Path) -> Result<Self, EngineError> {
        let io = |error: io::Error| EngineError::io("locking the store's folder", &error);
        fs::create_dir_all(path).map_err(io)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(io)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => EngineError::InUse,
            TryLockError::Error(error) => io(error),
        })?;
        Ok(Self { path: path.to_owned(), lock: Arc::new(lock) })
    }

    /// The engine that made the store in `path`, or `None` if there is no store.
    pub fn kind_of(path: &Path) -> Result<Option<Kind>, EngineError> {
        Ok(Generation::current(path)?.map(|generation| generation.kind))
    }

    /// Opens the store, which is made by `kind` if there is none yet.
    pub fn open(&self, kind: Kind) -> Result<Arc<dyn Engine>, EngineError> {
        self.remove_leftovers()?;
        let generation = match Generation::current(&self.path)? {
            Some(found) if found.kind != kind => {
                return Err(EngineError::OtherEngine { found: found.kind, asked: kind });
            }
            Some(found) => found,
            None => {
                let first = Generation { kind, number: 1 };
                self.build(first)?;
                first.make_current(&self.path)?;
                first
            }
        };
        // A store whose `engine` file is missing is adopted; name it from now on.
        if !self.path.join(MARKER).exists() {
            generation.make_current(&self.path)?;
        }
        self.open_generation(generation)
    }

    /// Makes an empty store beside the current one, to be filled and then [finished].
    ///
    /// [finished]: Unfinished::finish
    pub fn next_generation(&self, kind: Kind) -> Result<Unfinished, EngineError> {
        self.remove_leftovers()?;
        let number = Generation::current(&self.path)?.map_or(0, |current| current.number) + 1;
        let generation = Generation { kind, number };
        // Left over from a crash between building it and naming it.
        remove(&self.path.join(generation.name()))?;
        self.build(generation)?;
        let engine = self.open_generation(generation)?;
        Ok(Unfinished { folder: self.clone(), generation, engine })
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn build(&self, generation: Generation) -> Result<(), EngineError> {
        let io = |error: io::Error| EngineError::io("creating the store", &error);
        let unfinished = self.path.join(generation.name()).with_extension(UNFINISHED);
        fs::create_dir(&unfinished).map_err(io)?;
        match generation.kind {
            Kind::Sled => sled::create(&unfinished)?,
            Kind::Redb => redb::create(&unfinished)?,
        }
        sync_folder(&unfinished)?;
        fs::rename(&unfinished, self.path.join(generation.name())).map_err(io)?;
        sync_folder(&self.path)
    }

    fn open_generation(&self, generation: Generation) -> Result<Arc<dyn Engine>, EngineError> {
        let path = self.path.join(generation.name());
        let lock = Arc::clone(&self.lock);
        Ok(match generation.kind {
            Kind::Sled => {
                let engine = guard("sled", || sled::open(&path))?;
                Arc::new(Locked { engine, _lock: lock })
            }
            Kind::Redb => {
                let engine = guard("redb", || redb::open(&path))?;
                Arc::new(Locked { engine, _lock: lock })
            }
        })
    }

    fn remove_leftovers(&self) -> Result<(), EngineError> {
        let io = |error: io::Error| EngineError::io("tidying the store's folder", &error);
        let current = Generation::current(&self.path)?;
        let named = self.path.join(MARKER).exists();
        for entry in fs::read_dir(&self.path).map_err(io)? {
            let entry = entry.map_err(io)?;
            let name = entry.file_name();
            let path = entry.path();
            let unfinished = path.extension().is_some_and(|extension| extension == UNFINISHED);
            // With a name given to the current one, every other generation is an old one, or one
            // that was never finished.
            let other = name.to_str().and_then(Generation::parse).is_some_and(|generation| {
                named && current.is_some_and(|current| current != generation)
            });
            if unfinished || other {
                remove(&path)?;
            }
        }
        Ok(())
    }
}

/// A new generation that does not count yet.
///
/// Dropping it leaves the old one in place; the next opening removes the files.
#[derive(Debug)]
pub struct Unfinished {
    folder: Folder,
    generation: Generation,
    engine: Arc<dyn Engine>,
}

impl Unfinished {
    /// The new, empty store.
    pub fn engine(&self) -> Arc<dyn Engine> {
        Arc::clone(&self.engine)
    }

    /// Makes this the store that counts. From here on, the old one is gone.
    ///
    /// Everything that still uses the old store must have been dropped before.
    pub fn finish(self) -> Result<(), EngineError> {
        let Self { folder, generation, engine } = self;
        drop(engine);
        generation.make_current(&folder.path)?;
        folder.remove_leftovers()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Generation {
    kind: Kind,
    number: u32,
}

impl Generation {
    fn name(self) -> String {
        format!("{}-{}", self.kind, self.number)
    }

    fn parse(name: &str) -> Option<Self> {
        let (kind, number) = name.split_once('-')?;
        Some(Self { kind: kind.parse().ok()?, number: number.parse().ok()? })
    }

    fn current(path: &Path) -> Result<Option<Self>, EngineError> {
        let io = |error: io::Error| EngineError::io("reading the store's folder", &error);
        match fs::read_to_string(path.join(MARKER)) {
            Ok(text) => {
                let mut lines = text.lines();
                let known = lines.next() == Some(MARKER_FORMAT);
                let named = lines.next().and_then(Self::parse);
                named.filter(|_| known).map(Some).ok_or(EngineError::Ambiguous)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut found = None;
                let entries = match fs::read_dir(path) {
                    Ok(entries) => entries,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(io(error)),
                };
                for entry in entries {
                    let name = entry.map_err(io)?.file_name();
                    if let Some(generation) = name.to_str().and_then(Self::parse)
                        && found.replace(generation).is_some()
                    {
                        return Err(EngineError::Ambiguous);
                    }
                }
                Ok(found)
            }
            Err(error) => Err(io(error)),
        }
    }

    fn make_current(self, path: &Path) -> Result<(), EngineError> {
        let text = format!("{MARKER_FORMAT}\n{}\n", self.name());
        replace_file(&path.join(MARKER), text.as_bytes())
            .map_err(|error| EngineError::io("naming the store's engine", &error))
    }
}

/// Keeps the folder locked for as long as the engine is in use, and a little longer; and turns the
/// engine's panics on damaged files into errors.
struct Locked<E> {
    // Dropped first, and so closed before another process may open it.
    engine: E,
    _lock: Arc<File>,
}

impl<E: Engine> Engine for Locked<E> {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn durable(&self) -> Result<Box<dyn View + '_>, EngineError> {
        let engine = self.name();
        Ok(Box::new(Guarded { engine, view: guard(engine, || self.engine.durable())? }))
    }

    fn latest(&self) -> Result<Box<dyn View + '_>, EngineError> {
        let engine = self.name();
        Ok(Box::new(Guarded { engine, view: guard(engine, || self.engine.latest())? }))
    }

    fn commit(&self, batch: &Batch) -> Result<(), EngineError> {
        self.engine.commit(batch)
    }

    fn export(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        guard_visit(self.name(), visit, |visit| self.engine.export(from, to, visit))
    }

    fn size_on_disk(&self) -> Result<u64, EngineError> {
        self.engine.size_on_disk()
    }
}

impl<E: Engine> fmt::Debug for Locked<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.engine.fmt(f)
    }
}

/// Replaces a file so that a crash leaves the old content or the new, never a mixture.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let mut file = File::create(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// Makes renames and new files in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), EngineError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| EngineError::io("syncing a folder", &error))
}

fn remove(path: &Path) -> Result<(), EngineError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(EngineError::io("removing an old store", &error))
        }
        _ => Ok(()),
    }
}
