//! Runs a program under the recorder, and builds what a disk holds after the power failed.
//!
//! The model: a finished `fsync` or `fdatasync` keeps what was written to that file before it began,
//! its length included; a finished sync of a folder keeps that folder's names. All else may be lost,
//! as a [`Loss`] says. Names that were not synced are kept up to some moment and then lost, since
//! file systems journal them in order. It is the contract of a device, not one disk.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::common::Random;

/// Compiles the recorder into `folder`.
pub(crate) fn compile(folder: &Path) -> PathBuf {
    let library = folder.join("recorder.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/powerloss/recorder.c");
    let status = Command::new("cc")
        .args(["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"])
        .args([library.as_os_str(), source.as_os_str()])
        .args(["-ldl", "-lpthread"])
        .status()
        .expect("the recorder needs a C compiler");
    assert!(status.success());
    library
}

/// Makes `command` run under the recorder.
pub(crate) fn record(command: &mut Command, library: &Path, folder: &Path, log: &Path) {
    command
        .env("LD_PRELOAD", library)
        .env("ENTENTE_RECORD_FOLDER", folder)
        .env("ENTENTE_RECORD_LOG", log);
}

/// What becomes of writes that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// All vanish.
    Drop,
    /// They survive in order up to some moment; the last one is torn at a 512-byte sector.
    Prefix,
    /// Each page of 4 KiB survives or not, whatever its neighbours do.
    Pages,
}

impl Loss {
    pub(crate) const ALL: [Self; 3] = [Self::Drop, Self::Prefix, Self::Pages];
}

/// One thing that the recorder saw.
#[derive(Debug)]
pub(crate) enum Entry {
    Create {
        inode: u64,
        path: String,
    },
    Write {
        inode: u64,
        at: usize,
        bytes: Vec<u8>,
    },
    Resize {
        inode: u64,
        len: usize,
    },
    Rename {
        from: String,
        to: String,
    },
    Remove {
        path: String,
    },
    MakeFolder {
        path: String,
    },
    /// `inode` is 0 for a folder, which `path` names.
    SyncBegins {
        inode: u64,
        sync: u64,
        path: String,
    },
    SyncEnds {
        sync: u64,
    },
    Said(String),
}

impl Entry {
    /// Parses a log; an entry that a kill cut off ends it.
    pub(crate) fn parse_all(mut log: &[u8]) -> Vec<Self> {
        let mut entries = Vec::new();
        while let Some(entry) = Self::parse(&mut log) {
            entries.push(entry);
        }
        entries
    }

    fn parse(log: &mut &[u8]) -> Option<Self> {
        let (letter, mut rest) = log.split_first()?;
        let mut field = || {
            let (bytes, after) = rest.split_first_chunk()?;
            rest = after;
            Some(u64::from_le_bytes(*bytes))
        };
        let n_fields = match letter {
            b'W' | b'L' | b'B' | b'E' => 2,
            b'C' => 1,
            b'R' | b'U' | b'M' | b'A' => 0,
            other => panic!("the recorder wrote an unknown letter {other}"),
        };
        let fields: Vec<u64> = (0..n_fields).map_while(|_| field()).collect();
        let len = usize::try_from(field()?).unwrap();
        let (bytes, after) = rest.split_at_checked(len)?;
        *log = after;
        let text = || String::from_utf8(bytes.to_vec()).unwrap();
        let size = |field: u64| usize::try_from(field).unwrap();
        Some(match (letter, fields.as_slice()) {
            (b'C', &[inode]) => Self::Create { inode, path: text() },
            (b'W', &[inode, at]) => Self::Write { inode, at: size(at), bytes: bytes.to_vec() },
            (b'L', &[inode, len]) => Self::Resize { inode, len: size(len) },
            (b'B', &[inode, sync]) => Self::SyncBegins { inode, sync, path: text() },
            (b'E', &[_, sync]) => Self::SyncEnds { sync },
            (b'R', []) => {
                let (from, to) = text().split_once('\n').map(|(a, b)| (a.into(), b.into()))?;
                Self::Rename { from, to }
            }
            (b'U', []) => Self::Remove { path: text() },
            (b'M', []) => Self::MakeFolder { path: text() },
            (b'A', []) => Self::Said(text()),
            _ => return None,
        })
    }
}

#[derive(Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Resize(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(at, bytes) => write(content, *at, bytes),
            Self::Resize(len) => content.resize(*len, 0),
        }
    }
}

fn write(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if content.len() < at + bytes.len() {
        content.resize(at + bytes.len(), 0);
    }
    content[at..at + bytes.len()].copy_from_slice(bytes);
}

enum Naming {
    File(String, usize),
    Folder(String),
    Rename(String, String),
    Remove(String),
}

impl Naming {
    /// The folder whose sync keeps it.
    fn folder(&self) -> &str {
        let (Self::File(path, _) | Self::Folder(path) | Self::Rename(_, path) | Self::Remove(path)) =
            self;
        path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// What is on the disk, what is only in memory, and what syncs are under way.
#[derive(Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    by_inode: BTreeMap<u64, usize>,
    naming: Vec<(Naming, bool)>,
    /// How much of a file, or of all naming, a sync that has begun will keep.
    syncs: BTreeMap<u64, Sync>,
    /// Lines that were said so far.
    pub(crate) said: String,
}

enum Sync {
    File(usize, usize),
    Folder(String, usize),
}

impl Disk {
    /// Applies one more entry.
    pub(crate) fn see(&mut self, entry: &Entry) {
        match entry {
            Entry::Create { inode, path } => {
                self.by_inode.insert(*inode, self.files.len());
                self.naming.push((Naming::File(path.clone(), self.files.len()), false));
                self.files.push(File::default());
            }
            Entry::Write { inode, at, bytes } => {
                self.file(*inode).pending.push(Change::Write(*at, bytes.clone()));
            }
            Entry::Resize { inode, len } => self.file(*inode).pending.push(Change::Resize(*len)),
            Entry::Rename { from, to } => {
                self.naming.push((Naming::Rename(from.clone(), to.clone()), false));
            }
            Entry::Remove { path } => self.naming.push((Naming::Remove(path.clone()), false)),
            Entry::MakeFolder { path } => self.naming.push((Naming::Folder(path.clone()), false)),
            Entry::SyncBegins { inode: 0, sync, path } => {
                self.syncs.insert(*sync, Sync::Folder(path.clone(), self.naming.len()));
            }
            Entry::SyncBegins { inode, sync, .. } => {
                let file = self.by_inode[inode];
                self.syncs.insert(*sync, Sync::File(file, self.files[file].pending.len()));
            }
            Entry::SyncEnds { sync } => self.keep(*sync),
            Entry::Said(text) => self.said.push_str(text),
        }
    }

    fn file(&mut self, inode: u64) -> &mut File {
        &mut self.files[self.by_inode[&inode]]
    }

    fn keep(&mut self, sync: u64) {
        match self.syncs.remove(&sync).expect("a sync begins before it ends") {
            Sync::File(file, n_pending) => {
                let File { durable, pending } = &mut self.files[file];
                // Another sync of the file may have ended, and kept some of it, since this one began.
                let n_kept = n_pending.min(pending.len());
                pending.drain(..n_kept).for_each(|change| change.apply(durable));
                for other in self.syncs.values_mut() {
                    if let Sync::File(same, n) = other
                        && *same == file
                    {
                        *n = n.saturating_sub(n_kept);
                    }
                }
            }
            Sync::Folder(path, n_named) => {
                for (naming, durable) in self.naming.iter_mut().take(n_named) {
                    *durable |= naming.folder() == path;
                }
            }
        }
    }

    /// Writes what is left after a power cut now, with the paths below `from` moved to `to`.
    pub(crate) fn leave(&self, loss: Loss, random: &mut Random, from: &Path, to: &Path) {
        let from = from.to_str().unwrap();
        let mut names = BTreeMap::from([(from.to_owned(), None)]);
        let n_kept = if loss == Loss::Drop { 0 } else { random.below(self.naming.len() + 1) };
        for (n, (naming, durable)) in self.naming.iter().enumerate() {
            if *durable || n < n_kept {
                name(&mut names, naming);
            }
        }
        for (path, file) in &names {
            let path = to.join(path[from.len()..].trim_start_matches('/'));
            match file {
                None => fs::create_dir_all(&path).unwrap(),
                Some(file) => {
                    // Its folder's name may have been lost where the file's was not.
                    if path.parent().is_some_and(Path::is_dir) {
                        let content = survive(&self.files[*file], loss, random);
                        fs::write(&path, content).unwrap();
                    }
                }
            }
        }
    }
}

fn name(names: &mut BTreeMap<String, Option<usize>>, naming: &Naming) {
    let known = |names: &BTreeMap<String, Option<usize>>| names.contains_key(naming.folder());
    match naming {
        Naming::File(path, file) if known(names) => drop(names.insert(path.clone(), Some(*file))),
        Naming::Folder(path) if known(names) => drop(names.insert(path.clone(), None)),
        Naming::File(..) | Naming::Folder(_) => {}
        Naming::Rename(from, to) => {
            let moved = |path: &str| {
                let rest = path.strip_prefix(from.as_str())?;
                (rest.is_empty() || rest.starts_with('/')).then(|| format!("{to}{rest}"))
            };
            let paths: Vec<(String, String)> =
                names.keys().filter_map(|path| Some((path.clone(), moved(path)?))).collect();
            for (from, to) in paths {
                let file = names.remove(&from).unwrap();
                names.insert(to, file);
            }
        }
        Naming::Remove(path) => drop(names.remove(path)),
    }
}

fn survive(file: &File, loss: Loss, random: &mut Random) -> Vec<u8> {
    let mut content = file.durable.clone();
    match loss {
        Loss::Drop => {}
        Loss::Prefix => {
            let n_kept = random.below(file.pending.len() + 1);
            file.pending.iter().take(n_kept).for_each(|change| change.apply(&mut content));
            if let Some(Change::Write(at, bytes)) = file.pending.get(n_kept) {
                // Sectors are counted from the start of the file.
                let end = (at + random.below(bytes.len() + 1)) / 512 * 512;
                write(&mut content, *at, &bytes[..end.saturating_sub(*at)]);
            }
        }
        Loss::Pages => {
            for change in &file.pending {
                let Change::Write(at, bytes) = change else {
                    if random.below(2) == 0 {
                        change.apply(&mut content);
                    }
                    continue;
                };
                let mut start = *at;
                while start < at + bytes.len() {
                    let end = ((start / 4096 + 1) * 4096).min(at + bytes.len());
                    if random.below(2) == 0 {
                        write(&mut content, start, &bytes[start - at..end - at]);
                    }
                    start = end;
                }
            }
        }
    }
    content
}
