//! An engine: an ordered map of bytes with atomic, durable batches.
//!
//! An engine promises little, so that there can be several: one keyspace, ordered scans, and
//! [`Engine::commit`], which applies a batch completely or not at all and returns only when a
//! power cut can no longer undo it. Tables are key prefixes, made by [`crate::db`].
//!
//! An engine does not seal, queue, retry or count; it is driven by one committing thread. Keys are
//! stored as they are given, so they must never hold anything about a person.

mod folder;
mod guard;
mod mark;
mod memory;
mod redb;
mod sled;

use std::{collections::BTreeMap, fmt, io, ops::ControlFlow, str::FromStr};

pub(crate) use self::folder::replace_file;
pub use self::{
    folder::{Folder, Unfinished},
    memory::Memory,
};

/// Called with each key and value of a scan; decides whether to go on.
pub type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// An ordered map of bytes with atomic durable batches.
pub trait Engine: Send + Sync + fmt::Debug {
    /// `sled`, `redb` or `memory`.
    fn name(&self) -> &'static str;

    /// What is durable, and nothing else. It does not change while the view lives.
    ///
    /// An engine without versions holds commits back for as long, so keep it short.
    fn durable(&self) -> Result<Box<dyn View + '_>, EngineError>;

    /// What has been applied, durable or not yet. It may change while the view lives.
    ///
    /// Never holds a commit back: this is what a writer reads below what it knows to be pending.
    fn latest(&self) -> Result<Box<dyn View + '_>, EngineError>;

    /// Applies `batch`: all of it or nothing, and durable (survives power loss) on return.
    ///
    /// After an error the fate of the batch is known only when the engine is opened again.
    fn commit(&self, batch: &Batch) -> Result<(), EngineError>;

    /// Visits every row in `[from, to)` of one durable state, in order.
    ///
    /// Commits go on meanwhile: this is for backups, which are long.
    fn export(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        self.durable()?.scan(from, to, visit)
    }

    /// The number of the last commit; `None` in an engine without a disk.
    fn last_commit(&self) -> Result<Option<u64>, EngineError> {
        let number = self.durable()?.get(mark::NUMBER_KEY)?;
        Ok(number.and_then(|number| number.try_into().ok()).map(u64::from_be_bytes))
    }

    /// Bytes taken on the disk; 0 for an engine that has none.
    fn size_on_disk(&self) -> Result<u64, EngineError>;
}

/// A readable state of an engine.
pub trait View {
    /// The value of `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// Visits the keys in `[from, to)` in ascending order until `visit` breaks.
    fn scan(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError>;

    /// Visits the keys in `[from, to)` in descending order until `visit` breaks.
    fn scan_rev(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError>;
}

/// Changes that happen together. The last change of a key counts.
#[derive(Default)]
pub struct Batch {
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Batch {
    /// Sets `key` to `value`.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.changes.insert(key.into(), Some(value.into()));
    }

    /// Removes `key`, if it is there.
    pub fn delete(&mut self, key: impl Into<Vec<u8>>) {
        self.changes.insert(key.into(), None);
    }

    /// Adds the changes of `later`, which win where both change a key.
    pub fn append(&mut self, mut later: Self) {
        self.changes.append(&mut later.changes);
    }

    /// Every key with its new value, or `None` where it is removed; ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.changes.iter().map(|(key, value)| (key.as_slice(), value.as_deref()))
    }

    /// How many keys change.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Bytes of all keys and new values.
    pub fn n_bytes(&self) -> usize {
        self.iter().map(|(key, value)| key.len() + value.map_or(0, <[u8]>::len)).sum()
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} changes)", self.len())
    }
}

/// The engines that keep their rows on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// sled 0.34, with the syncing it lacks; see `engine/sled.rs`.
    Sled,
    /// redb 4.
    Redb,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Sled, Self::Redb];

    /// As it is written in settings and in the store's folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sled => "sled",
            Self::Redb => "redb",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or(UnknownKind)
    }
}

/// No engine has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engines are `sled` and `redb`")]
pub struct UnknownKind;

/// Why an engine did not do what it was asked.
///
/// Holds no path and no key, so it may go to any log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Another process, or another part of this one, has the folder open.
    #[error("the store is in use: two nodes cannot share one folder")]
    InUse,
    /// The folder was made by another engine.
    #[error("the store was made by {found}, not by {asked}; `store migrate` moves it over")]
    OtherEngine {
        /// The engine that made the folder.
        found: Kind,
        /// The engine it was opened with.
        asked: Kind,
    },
    /// The folder does not say which of its generations counts.
    #[error(
        "the store's folder does not say which store counts: its `engine` file is missing or odd"
    )]
    Ambiguous,
    /// What is on the disk is not what was written. The folder was left as it is.
    #[error("the {engine} store is damaged: keep its folder and restore the newest backup")]
    Corrupt {
        /// The engine that found the damage.
        engine: &'static str,
    },
    /// The disk or the quota is full.
    #[error("the disk is full")]
    Full,
    /// The disk cannot be written.
    #[error("the disk is read-only")]
    ReadOnly,
    /// The disk, or the operating system, failed.
    #[error("{doing} failed: {kind}")]
    Io {
        /// What the engine was doing.
        doing: &'static str,
        /// How it failed.
        kind: io::ErrorKind,
    },
    /// A fault in the engine itself.
    #[error("the {engine} engine failed while {doing}")]
    Fault {
        /// The engine at fault.
        engine: &'static str,
        /// What it was doing.
        doing: &'static str,
    },
}

impl EngineError {
    /// Classifies an error of the operating system.
    pub fn io(doing: &'static str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            kind => Self::Io { doing, kind },
        }
    }
}

/// The first key after all that begin with `prefix`, or `None` if nothing follows them.
pub fn end_of_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.last_mut() {
        if *last < u8::MAX {
            *last += 1;
            return Some(end);
        }
        end.pop();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_carries_over_the_highest_byte() {
        assert_eq!(end_of_prefix(&[1, 2]), Some(vec![1, 3]));
        assert_eq!(end_of_prefix(&[1, 255, 255]), Some(vec![2]));
        assert_eq!(end_of_prefix(&[255]), None);
    }

    #[test]
    fn a_later_batch_wins() {
        let (mut first, mut later) = (Batch::default(), Batch::default());
        first.put("a", "1");
        first.put("b", "1");
        later.delete("a");
        first.append(later);
        let changes: Vec<_> = first.iter().collect();
        assert_eq!(changes, [(&b"a"[..], None), (&b"b"[..], Some(&b"1"[..]))]);
    }

    #[test]
    fn a_full_disk_is_told_from_a_broken_one() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(EngineError::io("writing", &full), EngineError::Full);
        // EIO has no kind of its own.
        let broken = io::Error::from_raw_os_error(5);
        assert!(matches!(EngineError::io("writing", &broken), EngineError::Io { .. }));
    }

    #[test]
    fn every_kind_is_known_by_its_name() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!("postgres".parse::<Kind>(), Err(UnknownKind));
    }
}
