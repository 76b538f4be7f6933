//! Files of jobs: what was uploaded, what an export wrote, which rows an import set aside.
//!
//! They lie in one folder of the node that only its account can read, under names that say nothing, and sealed
//! under a key that this process made and keeps in memory alone ([`super::sealed`]). An
//! upload goes when its job has ended, when somebody removes it, and after an hour; what an export
//! wrote goes an hour after, and what a second person approved when it was taken whole, or after a week. A start of the node
//! removes them all, since nobody can read them any more. The list of rows that were set aside
//! names rows, columns and reasons, and nothing that stood in a cell: it stays as long as its job is
//! listed, and no longer than this process. What a file was called is never kept: people write names into names of files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use entente_store::jobs::JobId;
use entente_store::seal::{SealError, Sealer, random_secret};

use super::faults::{no_file, no_such_file, too_many_files};
use super::sealed::{SealedReader, SealedWriter};
use super::taking::{Source, Way, Ways};
use crate::node::pairing::random;
use crate::node::{Outcome, unpoisoned};
use crate::setup::{io_fault, make_private};

/// How long a file waits for somebody: an hour.
pub const FILE_LASTS_S: i64 = 3_600;

/// How long a file that a second person approved waits for whoever asked for it: a week, as the request did.
const APPROVED_LASTS_S: i64 = 7 * 86_400;

/// The ending of a file that is being written.
const PART: &str = ".part";

/// How many uploads of one person come in or wait at once.
const MAX_UPLOADS: usize = 4;

/// The same of everybody: with 64 MiB each, a gigabyte.
const MAX_UPLOADS_OF_ALL: usize = 16;

/// The ending of uploads.
const UPLOAD: &str = "upload";

/// The ending of mapping files.
const MAPPING: &str = "mapping";

/// The ending of lists of rows that were set aside.
const ASIDE: &str = "aside";

/// The files of all jobs of a node.
#[derive(Clone)]
pub struct Files {
    folder: PathBuf,
    kept: Arc<Mutex<Kept>>,
    /// Made with the first file, and gone with this process.
    sealer: Arc<OnceLock<Sealer>>,
    ways: Ways,
}

#[derive(Default)]
struct Kept {
    uploads: BTreeMap<String, Uploaded>,
    /// How many uploads of each person are coming in.
    coming: BTreeMap<String, usize>,
    /// What jobs wrote, and until when it stays; without a time while they write.
    made: BTreeMap<JobId, (PathBuf, Option<i64>)>,
    /// What is taken once, and was begun to be: that was written down.
    begun: BTreeSet<PathBuf>,
}

struct Uploaded {
    by: String,
    at_s: i64,
    n_bytes: u64,
    has_mapping: bool,
    job: Option<JobId>,
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = unpoisoned(self.kept.lock());
        write!(f, "Files({} uploads, {} made)", kept.uploads.len(), kept.made.len())
    }
}

/// A file that was uploaded and waits for its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its id: 32 hex digits.
    pub id: String,
    /// When it came, in seconds since 1970.
    pub at_s: i64,
    /// Its length in bytes.
    pub n_bytes: u64,
    /// Whether a mapping file came with it.
    pub has_mapping: bool,
    pub(crate) path: PathBuf,
}

impl Upload {
    pub(super) fn mapping(&self) -> Option<PathBuf> {
        self.has_mapping.then(|| self.path.with_extension(MAPPING))
    }
}

impl Files {
    /// Files in this folder, which need not be there yet.
    pub fn new(folder: PathBuf) -> Self {
        // Operations take whole paths; the node may have been started with another.
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        Self { folder, kept: Arc::default(), sealer: Arc::default(), ways: Ways::default() }
    }

    fn sealer(&self) -> Result<Sealer, SealError> {
        if let Some(sealer) = self.sealer.get() {
            return Ok(sealer.clone());
        }
        let made = Sealer::new(&*random_secret()?);
        // Whoever came first has made it for all.
        Ok(self.sealer.get_or_init(|| made).clone())
    }

    /// Keeps bytes in a file for one question to the node, which reads it. It goes with what is given here.
    pub fn once(&self, bytes: &[u8]) -> Outcome<Once> {
        let once = self.place()?;
        let written = self.make(&once.path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.finish()
        });
        written.map_err(|error| io_fault(&error))?;
        Ok(once)
    }

    /// A place for a file that the node writes for one question. It goes with what is given here.
    pub fn place(&self) -> Outcome<Once> {
        self.ready()?;
        let path = self.upload_path(&hex::encode(random::<16>()?));
        Ok(Once { files: self.clone(), path })
    }

    /// The name under which a file of ours is sealed; `None` for a path that is no file of ours.
    fn sealed_name<'p>(&self, path: &'p Path) -> Option<&'p str> {
        let name = path.file_name()?.to_str()?;
        let name = name.strip_suffix(PART).unwrap_or(name);
        let (id, ending) = name.split_once('.')?;
        let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_ours = matches!(ending, UPLOAD | MAPPING | ASIDE | "csv" | "xlsx");
        (path.parent() == Some(&*self.folder) && is_id && is_ours).then_some(name)
    }

    /// Whether this is a place of ours: what lies there is sealed.
    pub(crate) fn is_ours(&self, path: &Path) -> bool {
        self.sealed_name(path).is_some()
    }

    /// Opens a file of ours; `None` for a path that is none, which is read as it lies there.
    pub fn open(&self, path: &Path) -> io::Result<Option<SealedReader>> {
        let Some(name) = self.sealed_name(path) else { return Ok(None) };
        let sealer = self.sealer().map_err(io::Error::other)?;
        SealedReader::new(File::open(path)?, sealer, name).map(Some)
    }

    /// A file, sealed or not.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        Ok(match self.open(path)? {
            Some(sealed) => Box::new(sealed),
            None => Box::new(File::open(path)?),
        })
    }

    /// Makes a file of ours, which must not be there; `None` for a path that is none.
    pub(crate) fn create(&self, path: &Path) -> io::Result<Option<SealedWriter>> {
        let Some(name) = self.sealed_name(path) else { return Ok(None) };
        let sealer = self.sealer().map_err(io::Error::other)?;
        Ok(Some(SealedWriter::new(new_file(path)?, sealer, name)))
    }

    /// An export has written this. If no job waits for it, a second person has approved it: it stays until whoever
    /// asked takes it.
    pub(crate) fn exported(&self, path: &Path, now_s: i64) {
        let job = self.sealed_name(path).and_then(|name| name.split_once('.'));
        let job = job.and_then(|(id, _)| hex::decode(id).ok()?.try_into().ok());
        if let Some(job) = job {
            let until = Some(now_s + APPROVED_LASTS_S);
            unpoisoned(self.kept.lock()).made.entry(job).or_insert((path.to_owned(), until));
        }
    }

    /// A place among the files on their way to browsers; `ENT-2841` if there are as many as may be.
    pub fn way(&self) -> Outcome<Way> {
        self.ways.begin()
    }

    /// Opens a file to be sent, sealed or not.
    pub fn source(&self, path: &Path) -> Outcome<Source> {
        let opened = || -> io::Result<Source> {
            Ok(match self.open(path)? {
                Some(sealed) => Box::new(sealed),
                None => Box::new(File::open(path)?),
            })
        };
        opened().map_err(|error| io_fault(&error))
    }

    /// Somebody begins to take what is taken once. It is written down the first time: whoever comes again because the
    /// connection broke takes the same.
    pub fn begin_to_take(
        &self,
        path: &Path,
        write_down: impl FnOnce() -> Outcome<()>,
    ) -> Outcome<()> {
        if !unpoisoned(self.kept.lock()).begun.contains(path) {
            write_down()?;
            unpoisoned(self.kept.lock()).begun.insert(path.to_owned());
        }
        Ok(())
    }

    /// It was taken whole, and goes.
    pub fn taken(&self, path: &Path) {
        remove(path);
        let mut kept = unpoisoned(self.kept.lock());
        kept.begun.remove(path);
        kept.made.retain(|_, (made, _)| made.as_path() != path);
    }

    /// Begins to take a file in. What is not finished goes again; it counts from now on.
    pub fn receive(&self, by: &str) -> Outcome<Receiving> {
        let coming = self.coming(by)?;
        self.ready()?;
        let id = hex::encode(random::<16>()?);
        let path = self.upload_path(&id);
        let file = self.make(&path).map_err(|error| io_fault(&error))?;
        let files = self.clone();
        Ok(Receiving { files, coming, id, file, n_bytes: 0, has_mapping: false, done: false })
    }

    /// A place for an upload of this person; `ENT-2736` if there are as many as may be.
    fn coming(&self, by: &str) -> Outcome<Coming> {
        let mut kept = unpoisoned(self.kept.lock());
        let waiting = kept.uploads.values().filter(|it| it.job.is_none());
        let n_waiting = waiting.clone().filter(|it| it.by == by).count();
        let n_all = waiting.count() + kept.coming.values().sum::<usize>();
        let n_coming = kept.coming.get(by).copied().unwrap_or(0);
        if n_waiting + n_coming >= MAX_UPLOADS || n_all >= MAX_UPLOADS_OF_ALL {
            return Err(too_many_files());
        }
        kept.coming.insert(by.to_owned(), n_coming + 1);
        Ok(Coming { kept: Arc::clone(&self.kept), by: by.to_owned() })
    }

    /// A file that this person uploaded. Somebody else's is not there.
    pub fn upload(&self, by: &str, id: &str) -> Outcome<Upload> {
        let kept = unpoisoned(self.kept.lock());
        let found = kept.uploads.get(id).filter(|it| it.by == by && it.job.is_none());
        Ok(self.shown(id, found.ok_or_else(no_such_file)?))
    }

    /// What this person uploaded and did not go on with, the oldest first.
    pub fn waiting(&self, by: &str) -> Vec<Upload> {
        let kept = unpoisoned(self.kept.lock());
        let theirs = kept.uploads.iter().filter(|(_, it)| it.by == by && it.job.is_none());
        let mut waiting: Vec<_> = theirs.map(|(id, it)| self.shown(id, it)).collect();
        waiting.sort_by_key(|upload| upload.at_s);
        waiting
    }

    /// Removes a file that this person uploaded.
    pub fn remove(&self, by: &str, id: &str) -> Outcome<()> {
        self.upload(by, id)?;
        unpoisoned(self.kept.lock()).uploads.remove(id);
        self.remove_upload(id);
        Ok(())
    }

    /// An upload belongs to a job from now on, and goes with it. One that is another job's is not there.
    pub(super) fn give(&self, id: &str, job: JobId) -> Outcome<()> {
        let mut kept = unpoisoned(self.kept.lock());
        let waiting = kept.uploads.get_mut(id).filter(|it| it.job.is_none());
        waiting.ok_or_else(no_such_file)?.job = Some(job);
        Ok(())
    }

    /// The job was not started after all: the upload waits again, if it is this job's.
    pub(super) fn give_back(&self, id: &str, job: &JobId) {
        let mut kept = unpoisoned(self.kept.lock());
        let given = kept.uploads.get_mut(id).filter(|it| it.job.as_ref() == Some(job));
        if let Some(upload) = given {
            upload.job = None;
        }
    }

    /// Where a job writes its file.
    pub(super) fn export_path(&self, job: JobId, ending: &str) -> Outcome<PathBuf> {
        self.ready()?;
        Ok(self.folder.join(format!("{}.{ending}", hex::encode(job))))
    }

    /// A job goes on that writes this.
    pub(super) fn making(&self, job: JobId, path: &Path) {
        unpoisoned(self.kept.lock()).made.insert(job, (path.to_owned(), None));
    }

    /// The file that a job made, while it is there.
    pub fn made(&self, job: &str) -> Outcome<PathBuf> {
        let id = super::parsed(job)?;
        let kept = unpoisoned(self.kept.lock());
        let made = kept.made.get(&id).filter(|(path, until)| until.is_some() && path.exists());
        made.map(|(path, _)| path.clone()).ok_or_else(no_such_file)
    }

    /// What a job made, to be read.
    pub fn open_made(&self, job: &str) -> Outcome<SealedReader> {
        let opened = self.open(&self.made(job)?).map_err(|error| io_fault(&error))?;
        opened.ok_or_else(no_such_file)
    }

    /// Removes what a job made.
    pub(super) fn remove_made(&self, job: &str) -> Outcome<()> {
        let id = super::parsed(job)?;
        if let Some((path, _)) = unpoisoned(self.kept.lock()).made.remove(&id) {
            remove(&path);
        }
        Ok(())
    }

    /// Where an import lists the rows that it set aside.
    pub(super) fn aside_path(&self, job: JobId) -> Outcome<PathBuf> {
        self.ready()?;
        Ok(self.folder.join(format!("{}.{ASIDE}", hex::encode(job))))
    }

    /// The list of rows that an import set aside; `None` if there are none.
    pub fn aside(&self, job: &str) -> Outcome<Option<PathBuf>> {
        let path = self.folder.join(format!("{}.{ASIDE}", hex::encode(super::parsed(job)?)));
        Ok(path.exists().then_some(path))
    }

    /// A job has ended: its uploads go; what it made stays for an hour if it did what it should.
    pub(super) fn ended(&self, job: &JobId, is_done: bool, now_s: i64) {
        let mut kept = unpoisoned(self.kept.lock());
        let of_job = |(_, upload): &(&String, &Uploaded)| upload.job.as_ref() == Some(job);
        let over: Vec<_> = kept.uploads.iter().filter(of_job).map(|(id, _)| id.clone()).collect();
        for id in over {
            kept.uploads.remove(&id);
            self.remove_upload(&id);
        }
        if is_done {
            if let Some((_, until)) = kept.made.get_mut(job) {
                *until = Some(now_s + FILE_LASTS_S);
            }
        } else {
            // A list that was cut off would look like a whole one.
            self.forget(job);
            if let Some((path, _)) = kept.made.remove(job) {
                remove(&path);
            }
        }
    }

    /// Nothing of a job stays.
    pub(super) fn forget(&self, job: &JobId) {
        remove(&self.folder.join(format!("{}.{ASIDE}", hex::encode(job))));
    }

    /// Removes what has waited too long.
    pub fn sweep(&self, now_s: i64) {
        let mut kept = unpoisoned(self.kept.lock());
        kept.uploads.retain(|id, upload| {
            let stays = upload.job.is_some() || now_s - upload.at_s < FILE_LASTS_S;
            if !stays {
                self.remove_upload(id);
            }
            stays
        });
        let Kept { made, begun, .. } = &mut *kept;
        made.retain(|_, (path, until)| {
            let stays = until.is_none_or(|until| now_s < until);
            if !stays {
                remove(path);
                begun.remove(&*path);
            }
            stays
        });
    }

    /// At the start of the node: removes everything, which nobody can read any more.
    pub(super) fn clear(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.filter_map(Result::ok) {
            remove(&entry.path());
        }
    }

    /// The same for a path that is a file of ours for certain.
    fn make(&self, path: &Path) -> io::Result<SealedWriter> {
        self.create(path)?.ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    fn ready(&self) -> Outcome<()> {
        make_private(&self.folder).map_err(|error| io_fault(&error))
    }

    fn upload_path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.{UPLOAD}"))
    }

    fn shown(&self, id: &str, uploaded: &Uploaded) -> Upload {
        let Uploaded { at_s, n_bytes, has_mapping, .. } = *uploaded;
        Upload { id: id.to_owned(), at_s, n_bytes, has_mapping, path: self.upload_path(id) }
    }

    fn remove_upload(&self, id: &str) {
        let path = self.upload_path(id);
        remove(&path.with_extension(MAPPING));
        remove(&path);
    }
}

/// A file that is there for one question, and is removed when this is dropped.
#[derive(Debug)]
pub struct Once {
    files: Files,
    path: PathBuf,
}

impl Once {
    /// Where it lies, for the question.
    pub fn path(&self) -> String {
        self.path.display().to_string()
    }

    /// What the node wrote there: at most `max` bytes.
    pub fn read(&self, max: u64) -> Outcome<Vec<u8>> {
        let read = || -> io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            self.files.read(&self.path)?.take(max).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|error| io_fault(&error))
    }
}

impl Drop for Once {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// A place for an upload that is coming in; nobody's any more when it is dropped.
struct Coming {
    kept: Arc<Mutex<Kept>>,
    by: String,
}

impl Drop for Coming {
    fn drop(&mut self) {
        let mut kept = unpoisoned(self.kept.lock());
        match kept.coming.get(&self.by).copied() {
            Some(n) if n > 1 => kept.coming.insert(self.by.clone(), n - 1),
            _ => kept.coming.remove(&self.by),
        };
    }
}

/// A file that comes in, piece by piece.
pub struct Receiving {
    files: Files,
    coming: Coming,
    id: String,
    file: SealedWriter,
    n_bytes: u64,
    has_mapping: bool,
    done: bool,
}

impl fmt::Debug for Receiving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receiving({} bytes)", self.n_bytes)
    }
}

impl Receiving {
    /// The next piece.
    pub fn push(&mut self, piece: &[u8]) -> Outcome<()> {
        self.n_bytes += piece.len() as u64;
        self.file.write_all(piece).map_err(|error| io_fault(&error))
    }

    /// A mapping file that came with it.
    pub fn mapping(&mut self, bytes: &[u8]) -> Outcome<()> {
        let path = self.files.upload_path(&self.id).with_extension(MAPPING);
        self.has_mapping = true;
        let written = self.files.make(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.finish()
        });
        written.map(|_| ()).map_err(|error| io_fault(&error))
    }

    /// That was all. Gives the id of the upload.
    pub fn finish(mut self, now_s: i64) -> Outcome<String> {
        if self.n_bytes == 0 {
            return Err(no_file());
        }
        self.file.finish().map_err(|error| io_fault(&error))?;
        self.done = true;
        let (n_bytes, has_mapping) = (self.n_bytes, self.has_mapping);
        let by = self.coming.by.clone();
        let upload = Uploaded { by, at_s: now_s, n_bytes, has_mapping, job: None };
        unpoisoned(self.files.kept.lock()).uploads.insert(self.id.clone(), upload);
        Ok(self.id.clone())
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        if !self.done {
            self.files.remove_upload(&self.id);
        }
    }
}

fn new_file(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// Removes a file if it is there. What cannot be removed now is removed at the next start.
fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(kind = %error.kind(), "a file of a job could not be removed");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_coming_in_counts_from_the_beginning_and_no_more_once_it_broke_off() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().join("jobs"));
        let code = |by: &str| files.receive(by).unwrap_err().code;
        let mut coming: Vec<_> = (0..MAX_UPLOADS).map(|_| files.receive("lea").unwrap()).collect();
        assert_eq!(code("lea"), "ENT-2736");
        // It broke off, and nothing of it is left.
        drop(coming.pop());
        let n_files = || fs::read_dir(folder.path().join("jobs")).unwrap().count();
        assert_eq!(n_files(), MAX_UPLOADS - 1);
        let mut receiving = files.receive("lea").unwrap();
        receiving.push(b"a,b\n").unwrap();
        receiving.finish(0).unwrap();
        assert_eq!(code("lea"), "ENT-2736", "what waits counts on");
        // Everybody together has a bound too.
        let others: Vec<_> = (MAX_UPLOADS..MAX_UPLOADS_OF_ALL)
            .map(|n| files.receive(&format!("user{n}")).unwrap())
            .collect();
        assert_eq!(code("omar"), "ENT-2736");
        drop((coming, others));
        assert!(files.receive("omar").is_ok());
    }

    #[test]
    fn what_is_taken_once_is_written_down_once_and_stays_until_it_was_taken_whole() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().join("jobs"));
        let path = files.export_path([1; 16], "csv").unwrap();
        let write = || {
            let mut file = files.make(&path).unwrap();
            file.write_all(b"a,b\n").unwrap();
            file.finish().unwrap();
            files.exported(&path, 0);
        };
        write();
        let n = std::cell::Cell::new(0);
        let begin = |is_written: bool| {
            files.begin_to_take(&path, || {
                n.set(n.get() + 1);
                if is_written { Ok(()) } else { Err(no_such_file()) }
            })
        };
        // What cannot be written down is not begun.
        assert!(begin(false).is_err());
        for _ in 0..3 {
            begin(true).unwrap();
            let mut text = String::new();
            files.source(&path).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "a,b\n");
        }
        assert_eq!(n.get(), 2);
        files.taken(&path);
        assert!(!path.exists() && files.source(&path).is_err());
        // Another one at the same place is another one, also after a week in which nobody came again.
        for is_taken in [true, false] {
            write();
            begin(true).unwrap();
            if is_taken {
                files.taken(&path);
            } else {
                files.sweep(APPROVED_LASTS_S);
            }
            assert!(!path.exists());
        }
        assert_eq!(n.get(), 4);
    }

    #[test]
    fn an_upload_goes_to_one_job_and_only_that_one_gives_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().join("jobs"));
        let mut receiving = files.receive("lea").unwrap();
        receiving.push(b"a,b\n").unwrap();
        let id = receiving.finish(0).unwrap();
        let (first, second) = ([1; 16], [2; 16]);
        files.give(&id, first).unwrap();
        let missing = files.upload("lea", &id).unwrap_err();
        assert_eq!(files.give(&id, second).unwrap_err().code, missing.code);
        files.give_back(&id, &second);
        assert!(files.upload("lea", &id).is_err(), "it is still the first one's");
        files.give_back(&id, &first);
        assert!(files.upload("lea", &id).is_ok());
    }
}
