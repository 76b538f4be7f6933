//! Backups: one sealed file that holds a running store and its key ring, and the way back.
//!
//! A backup opens with the passphrase that the node had when it was made. It is independent of the
//! engine and of the store key, shows one durable state, and is written while the node goes on
//! working. Restoring reads all of it before anything is created, builds the node's folder under
//! another name and renames it at the end: a wrong passphrase, a file that was cut off or one
//! changed byte leave no trace.
//!
//! A restored node must not go on where the backup stood, since partners have seen what came after.
//! It finds [`RESTORED_AT`] in its store and opens a new epoch.
//!
//! What was withdrawn since a backup was made is still in it: delete backups that are too old.
//!
//! ```text
//! "ENTENTE-BACKUP 1\n" | created, seconds since 1970 i64 | argon2id costs and salt 28
//!   | sealed data key 73 | SHA-256 of the above | chunks (see `stream.rs`)
//! chunks hold: 'K' key ring, then 'R' place, value for each row, then 'E' rows u64, SHA-256 of all
//! ```

mod stream;

use std::{
    fmt,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write as _},
    ops::ControlFlow,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use self::stream::{Opener, Sealing};
use crate::{
    db::{Db, DbError, META, Pending, RESTORED_AT, Write},
    engine::{EngineError, Folder, Kind},
    seal::{self, KeyRing, KeyRingError, SealError, Sealer, WrappingKey, names},
};

/// A node's key ring, below the node's folder.
pub const KEYS_FILE: &str = "keys.sealed";
/// A node's store, below the node's folder.
pub const STORE_FOLDER: &str = "store";

/// Called with how much is done and how much there is.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// The same, and says whether to go on.
pub type ProgressUntil<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

const MAGIC: &[u8] = b"ENTENTE-BACKUP 1\n";
const MAGIC_OF_ANY: &[u8] = b"ENTENTE-BACKUP ";
const PURPOSE: &[u8] = b"backup";
const WRAPPED_LEN: usize = 32 + seal::OVERHEAD;
const HEADER_LEN: usize = MAGIC.len() + 8 + WrappingKey::HEADER_LEN + WRAPPED_LEN;

/// Rows per transaction when a store is filled; the same as an import's.
const ROWS_PER_COMMIT: usize = 512;

/// Transactions that may be on their way to the disk while the next is prepared.
const COMMITS_AHEAD: usize = 4;

/// No row is longer; a length beyond it is damage, not a reason to ask for memory.
const MAX_FIELD_BYTES: usize = 64 << 20;

/// What a backup holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Summary {
    /// When it was made.
    pub created_at: Timestamp,
    /// How many rows.
    pub n_rows: u64,
    /// Length of the file, in bytes.
    pub n_bytes: u64,
    /// SHA-256 of the key ring and all rows.
    pub digest: [u8; 32],
}

impl fmt::Debug for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Summary({} rows, made at {})", self.n_rows, self.created_at)
    }
}

/// Why a backup was not made, does not verify, or was not restored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The file is something else.
    #[error("this is not a backup")]
    NotABackup,
    /// A newer version of Entente made the backup.
    #[error("the backup has a newer format than this version knows")]
    Newer,
    /// The passphrase is not the one the node had when the backup was made.
    #[error("the passphrase does not open the backup")]
    WrongPassphrase,
    /// The file ends before the backup does.
    #[error("the backup was cut off")]
    Truncated,
    /// The file was changed.
    #[error("the backup is damaged")]
    Damaged,
    /// The folder to restore to holds something.
    #[error("the folder to restore to is not empty")]
    NotBlank,
    /// The file is there already and would be overwritten.
    #[error("there is a file of this name already")]
    Exists,
    /// Whoever asked for it told it to stop.
    #[error("the backup was stopped")]
    Stopped,
    /// A file cannot be read or written.
    #[error("{doing} failed: {kind}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// How it failed.
        kind: io::ErrorKind,
    },
    /// The store failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The key ring failed.
    #[error(transparent)]
    KeyRing(#[from] KeyRingError),
}

impl From<EngineError> for BackupError {
    fn from(error: EngineError) -> Self {
        Self::Db(error.into())
    }
}

impl From<SealError> for BackupError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::DoesNotOpen => Self::Damaged,
            SealError::NoRandomness => Self::Db(DbError::NoRandomness),
        }
    }
}

impl BackupError {
    fn io(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::Io { doing, kind: error.kind() }
    }
}

/// Writes a backup of a running store to `path`, where nothing may be.
///
/// `now` is recorded as the time of the backup. The rows are those of the moment at which writing
/// begins; commits go on.
pub fn create(
    db: &Db,
    ring: &KeyRing,
    path: &Path,
    now: Timestamp,
    progress: Progress<'_>,
) -> Result<Summary, BackupError> {
    create_until(db, ring, path, now, &mut |done, total| {
        progress(done, total);
        ControlFlow::Continue(())
    })
}

/// The same, until `progress` breaks: [`BackupError::Stopped`], and nothing is left of it.
pub fn create_until(
    db: &Db,
    ring: &KeyRing,
    path: &Path,
    now: Timestamp,
    progress: ProgressUntil<'_>,
) -> Result<Summary, BackupError> {
    if path.try_exists().map_err(BackupError::io("looking for the backup"))? {
        return Err(BackupError::Exists);
    }
    let temporary = with_suffix(path, ".tmp");
    let summary = write(db, ring, &temporary, now, progress).and_then(|summary| {
        fs::rename(&temporary, path).map_err(BackupError::io("naming the backup"))?;
        sync_parent(path)?;
        Ok(summary)
    });
    if summary.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    summary
}

/// Reads all of a backup and checks that it is whole and opens with `passphrase`.
pub fn verify(
    path: &Path,
    passphrase: &str,
    progress: Progress<'_>,
) -> Result<Summary, BackupError> {
    read(path, Opens::Passphrase(passphrase), &mut |item, done, total| {
        if let Item::Ring(bytes) = item {
            KeyRing::from_bytes(Path::new(KEYS_FILE), bytes, passphrase)?;
        }
        progress(done, total);
        Ok(())
    })
}

/// The same for a backup that was made with `ring`, without asking for its passphrase.
pub fn verify_own(
    path: &Path,
    ring: &KeyRing,
    progress: Progress<'_>,
) -> Result<Summary, BackupError> {
    read(path, Opens::Ring(ring), &mut |_, done, total| {
        progress(done, total);
        Ok(())
    })
}

/// What opens a backup.
#[derive(Clone, Copy)]
enum Opens<'a> {
    Passphrase(&'a str),
    Ring(&'a KeyRing),
}

/// Makes the folder of a node from a backup: its key ring and its store, on either engine.
///
/// `node` must be missing or an empty folder. Everything is there on return, or nothing.
pub fn restore(
    path: &Path,
    passphrase: &str,
    node: &Path,
    kind: Kind,
    progress: Progress<'_>,
) -> Result<Summary, BackupError> {
    if !is_blank(node)? {
        return Err(BackupError::NotBlank);
    }
    // All of it is read before anything is made of it.
    verify(path, passphrase, &mut |done, total| progress(done / 2, total))?;

    let unfinished = with_suffix(node, ".restoring");
    remove_folder(&unfinished)?;
    let filled = fill(path, passphrase, &unfinished, kind, &mut |done, total| {
        progress((total + done) / 2, total);
    });
    let summary = filled.and_then(|summary| {
        fs::rename(&unfinished, node).map_err(BackupError::io("naming the restored folder"))?;
        sync_parent(node)?;
        Ok(summary)
    });
    if summary.is_err() {
        let _ = remove_folder(&unfinished);
    }
    summary
}

fn write(
    db: &Db,
    ring: &KeyRing,
    path: &Path,
    now: Timestamp,
    progress: ProgressUntil<'_>,
) -> Result<Summary, BackupError> {
    let io = BackupError::io("writing the backup");
    let total = db.n_rows()?;
    let data_key = seal::random_secret()?;
    let created_at = now.as_second();
    let header = header(ring, &data_key, created_at)?;

    let file = File::create(path).map_err(&io)?;
    let mut out = BufWriter::new(file);
    out.write_all(&header).map_err(&io)?;
    let mut out = Sealing::new(out, &data_key, &header);
    let mut payload = Payload { digest: Sha256::new(), out: &mut out };
    payload.item(b'K', &[&ring.to_bytes()?]).map_err(&io)?;

    let (mut n_rows, mut failed) = (0, None);
    db.export(&mut |place, value| {
        if let Err(error) = payload.item(b'R', &[place, value]) {
            failed = Some(io(error));
            return ControlFlow::Break(());
        }
        n_rows += 1;
        let goes_on = progress(n_rows, total.max(n_rows));
        if goes_on.is_break() {
            failed = Some(BackupError::Stopped);
        }
        goes_on
    })?;
    failed.map_or(Ok(()), Err)?;
    let digest = payload.end(n_rows).map_err(&io)?;

    let file = out.finish().map_err(&io)?.into_inner().map_err(|error| io(error.into_error()))?;
    file.sync_all().map_err(&io)?;
    let n_bytes = file.metadata().map_err(&io)?.len();
    let created_at = Timestamp::from_second(created_at).map_err(|_| BackupError::Damaged)?;
    Ok(Summary { created_at, n_rows, n_bytes, digest })
}

fn header(ring: &KeyRing, data_key: &[u8; 32], created_at: i64) -> Result<Vec<u8>, BackupError> {
    let wrapping = ring.wrapping();
    let mut header = [MAGIC, &created_at.to_be_bytes(), &wrapping.header()].concat();
    let wrapped = seal::seal_item(&wrapping.for_purpose(PURPOSE), &header, data_key)?;
    header.extend_from_slice(&wrapped);
    // Tells a damaged header from a wrong passphrase.
    let checksum = Sha256::digest(&header);
    header.extend_from_slice(&checksum);
    Ok(header)
}

/// Writes items, and remembers what they were.
struct Payload<'a, W: io::Write> {
    digest: Sha256,
    out: &'a mut Sealing<W>,
}

impl<W: io::Write> Payload<'_, W> {
    fn item(&mut self, letter: u8, fields: &[&[u8]]) -> io::Result<()> {
        self.put(&[letter])?;
        for field in fields {
            let len = u32::try_from(field.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
            self.put(&len.to_be_bytes())?;
            self.put(field)?;
        }
        Ok(())
    }

    fn end(mut self, n_rows: u64) -> io::Result<[u8; 32]> {
        self.put(b"E")?;
        self.put(&n_rows.to_be_bytes())?;
        let digest: [u8; 32] = self.digest.clone().finalize().into();
        self.put(&digest)?;
        Ok(digest)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.out.write(bytes)
    }
}

enum Item<'a> {
    Ring(&'a [u8]),
    Row { place: &'a [u8], value: &'a [u8] },
}

/// Called with an item, how many bytes of the file were read, and how many there are.
type Take<'a> = &'a mut dyn FnMut(Item<'_>, u64, u64) -> Result<(), BackupError>;

fn read(path: &Path, opens: Opens<'_>, take: Take<'_>) -> Result<Summary, BackupError> {
    let io = BackupError::io("reading the backup");
    let file = File::open(path).map_err(&io)?;
    let n_bytes = file.metadata().map_err(&io)?.len();
    let mut file = BufReader::new(file);
    let header = read_header(&mut file)?;
    let (created_at, data_key) = open_header(&header, opens)?;

    let mut chunks = Opener::new(file, &data_key, &header);
    let mut digest = Sha256::new();
    let mut n_rows = 0;
    let mut has_ring = false;
    loop {
        let before = digest.clone();
        match field::<1>(&mut chunks, &mut digest)? {
            [b'K'] if !has_ring => {
                let ring = counted(&mut chunks, &mut digest)?;
                take(Item::Ring(&ring), chunks.n_read(), n_bytes)?;
                has_ring = true;
            }
            [b'R'] if has_ring => {
                let place = counted(&mut chunks, &mut digest)?;
                let value = counted(&mut chunks, &mut digest)?;
                take(Item::Row { place: &place, value: &value }, chunks.n_read(), n_bytes)?;
                n_rows += 1;
            }
            [b'E'] if has_ring => {
                let mut whole = before;
                whole.update(b"E");
                let said = u64::from_be_bytes(field(&mut chunks, &mut digest)?);
                whole.update(said.to_be_bytes());
                let digest: [u8; 32] = field(&mut chunks, &mut digest)?;
                if said != n_rows || whole.finalize().as_slice() != digest || !chunks.ends()? {
                    return Err(BackupError::Damaged);
                }
                return Ok(Summary { created_at, n_rows, n_bytes, digest });
            }
            _ => return Err(BackupError::Damaged),
        }
    }
}

fn read_header(file: &mut impl Read) -> Result<Vec<u8>, BackupError> {
    let io = BackupError::io("reading the backup");
    let mut header = Vec::new();
    file.take(HEADER_LEN as u64 + 32).read_to_end(&mut header).map_err(io)?;
    if !header.starts_with(MAGIC) {
        let whole = header.len() >= MAGIC.len();
        return Err(if header.starts_with(MAGIC_OF_ANY) && whole {
            BackupError::Newer
        } else {
            BackupError::NotABackup
        });
    }
    if header.len() < HEADER_LEN + 32 {
        return Err(BackupError::Truncated);
    }
    match header.split_last_chunk::<32>() {
        Some((body, checksum)) if Sha256::digest(body).as_slice() == checksum => Ok(header),
        _ => Err(BackupError::Damaged),
    }
}

fn open_header(
    header: &[u8],
    opens: Opens<'_>,
) -> Result<(Timestamp, Zeroizing<[u8; 32]>), BackupError> {
    let damaged = BackupError::Damaged;
    let (_, rest) = header.split_at_checked(MAGIC.len()).ok_or(damaged.clone())?;
    let (created_at, rest) = rest.split_first_chunk::<8>().ok_or(damaged.clone())?;
    let (costs, rest) = rest.split_first_chunk().ok_or(damaged.clone())?;
    let (wrapped, _) = rest.split_at_checked(WRAPPED_LEN).ok_or(damaged.clone())?;
    let (bound, _) = header.split_at_checked(HEADER_LEN - WRAPPED_LEN).ok_or(damaged.clone())?;
    let created_at = Timestamp::from_second(i64::from_be_bytes(*created_at))
        .map_err(|_| BackupError::Damaged)?;
    let purpose = match opens {
        Opens::Passphrase(passphrase) => {
            WrappingKey::from_header(costs, passphrase)?.for_purpose(PURPOSE)
        }
        Opens::Ring(ring) => ring.wrapping().for_purpose(PURPOSE),
    };
    let data_key =
        seal::open_item(&purpose, bound, wrapped).map_err(|_| BackupError::WrongPassphrase)?;
    let data_key = Zeroizing::new(data_key);
    let data_key = data_key.as_slice().try_into().map_err(|_| damaged)?;
    Ok((created_at, Zeroizing::new(data_key)))
}

fn field<const N: usize>(
    chunks: &mut Opener<impl Read>,
    digest: &mut Sha256,
) -> Result<[u8; N], BackupError> {
    let mut bytes = [0; N];
    chunks.read_exact(&mut bytes)?;
    digest.update(bytes);
    Ok(bytes)
}

fn counted(
    chunks: &mut Opener<impl Read>,
    digest: &mut Sha256,
) -> Result<Zeroizing<Vec<u8>>, BackupError> {
    let len = u32::from_be_bytes(field(chunks, digest)?) as usize;
    if len > MAX_FIELD_BYTES {
        return Err(BackupError::Damaged);
    }
    let mut bytes = Zeroizing::new(vec![0; len]);
    chunks.read_exact(&mut bytes)?;
    digest.update(&*bytes);
    Ok(bytes)
}

fn fill(
    path: &Path,
    passphrase: &str,
    node: &Path,
    kind: Kind,
    progress: Progress<'_>,
) -> Result<Summary, BackupError> {
    let io = BackupError::io("making the restored folder");
    // A node does not open its doors in a folder that others can enter.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(node).map_err(&io)?;
    let mut filling: Option<Filling> = None;
    let summary = read(path, Opens::Passphrase(passphrase), &mut |item, done, total| {
        match (item, &mut filling) {
            (Item::Ring(bytes), _) => {
                let keys = node.join(KEYS_FILE);
                let ring = KeyRing::from_bytes(&keys, bytes, passphrase)?;
                ring.write_to(&keys)?;
                let key = ring.secret(names::STORE).ok_or(BackupError::Damaged)?;
                let engine = Folder::lock(&node.join(STORE_FOLDER))?.open(kind)?;
                filling = Some(Filling::new(Db::open(engine, Sealer::new(&key))?));
            }
            (Item::Row { place, value }, Some(filling)) => filling.put(place, value)?,
            (Item::Row { .. }, None) => return Err(BackupError::Damaged),
        }
        progress(done, total);
        Ok(())
    })?;
    let db = filling.ok_or(BackupError::Damaged)?.finish()?;
    let made_at = summary.created_at.as_second().to_be_bytes();
    db.write("restored", |tx| tx.put(META, RESTORED_AT, &made_at))?;
    drop(db);
    File::open(node).and_then(|folder| folder.sync_all()).map_err(io)?;
    Ok(summary)
}

/// A place and a value.
type Row = (Arc<[u8]>, Arc<[u8]>);

/// Fills an empty store, many rows per transaction.
pub(crate) struct Filling {
    db: Db,
    rows: Vec<Row>,
    ahead: std::collections::VecDeque<Pending>,
}

impl Filling {
    pub(crate) fn new(db: Db) -> Self {
        Self { db, rows: Vec::new(), ahead: Default::default() }
    }

    pub(crate) fn put(&mut self, place: &[u8], value: &[u8]) -> Result<(), DbError> {
        self.rows.push((place.into(), value.into()));
        if self.rows.len() < ROWS_PER_COMMIT {
            return Ok(());
        }
        self.commit()
    }

    /// Waits until everything is durable.
    pub(crate) fn finish(mut self) -> Result<Db, DbError> {
        self.commit()?;
        self.ahead.drain(..).try_for_each(Pending::wait)?;
        Ok(self.db)
    }

    fn commit(&mut self) -> Result<(), DbError> {
        let rows = std::mem::take(&mut self.rows);
        let ((), pending) = self.db.write_ahead("fill", |tx: &mut Write<'_>| {
            for (place, value) in rows {
                tx.put_place(place, value);
            }
            Ok::<_, DbError>(())
        })?;
        self.ahead.push_back(pending);
        if self.ahead.len() > COMMITS_AHEAD
            && let Some(oldest) = self.ahead.pop_front()
        {
            oldest.wait()?;
        }
        Ok(())
    }
}

fn is_blank(folder: &Path) -> Result<bool, BackupError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(BackupError::io("looking at the folder to restore to")(error)),
    }
}

fn remove_folder(path: &Path) -> Result<(), BackupError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(BackupError::io("removing an unfinished folder")(error))
        }
        _ => Ok(()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    // Through its components, so that `node/` becomes `node.restoring` and not `node/.restoring`.
    let mut name = path.components().collect::<PathBuf>().into_os_string();
    name.push(suffix);
    name.into()
}

fn sync_parent(path: &Path) -> Result<(), BackupError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(BackupError::io("syncing a folder"))
}

#[cfg(test)]
mod tests;
