//! What a node keeps in memory, in a sealed file from a clean stop to the next start.
//!
//! The file is sealed for the number of the store's last commit. After any other commit, beside
//! another store, or changed in any bit it does not open, and whoever asks builds anew from the
//! rows. So nothing here has to be durable or complete, and a crash needs no care.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::{Db, DbError, Table};
use crate::engine::EngineError;

/// Stands where a table's byte would, so that no row opens as this file or the other way round.
const MEMORY: Table = Table::reserved(254, "memory");

impl Db {
    /// Writes `bytes`, which say what is so after the last commit. Nothing may be on its way.
    ///
    /// Does nothing for an engine without a disk.
    pub fn remember(&self, path: &Path, bytes: &[u8]) -> Result<(), DbError> {
        let Some(place) = self.place()? else { return Ok(()) };
        let sealed =
            self.inner.shared.sealer.seal_row(&place, bytes).map_err(|_| DbError::NoRandomness)?;
        let written = || {
            let part = path.with_extension("part");
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&part)?;
            file.write_all(&sealed)?;
            fs::rename(&part, path)
        };
        written().map_err(|error| EngineError::io("writing what memory holds", &error).into())
    }

    /// What was remembered after the last commit, if that was the last thing the store did.
    ///
    /// The file is gone then: what is withdrawn from now on must not be found in it.
    pub fn remembered(&self, path: &Path) -> Option<Vec<u8>> {
        let sealed = fs::read(path).ok()?;
        fs::remove_file(path).ok()?;
        let place = self.place().ok()??;
        self.inner.shared.sealer.open_row(&place, &sealed).ok()
    }

    fn place(&self) -> Result<Option<Vec<u8>>, DbError> {
        let number = self.inner.shared.engine.last_commit()?;
        Ok(number.map(|number| [&[MEMORY.id()][..], &number.to_be_bytes()].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Folder, Kind};
    use crate::seal::Sealer;

    const ROWS: Table = Table::new(2, "rows");

    fn open(folder: &Path, kind: Kind, key: u8) -> Db {
        let engine = Folder::lock(folder).unwrap().open(kind).unwrap();
        Db::open(engine, Sealer::new(&[key; 32])).unwrap()
    }

    #[test]
    fn what_was_remembered_after_the_last_commit_is_known_once() {
        for kind in Kind::ALL {
            let place = tempfile::tempdir().unwrap();
            let (folder, path) = (place.path().join("store"), place.path().join("memory"));
            let db = open(&folder, kind, 1);
            db.write("test", |tx| tx.put(ROWS, b"a", b"b")).unwrap();
            db.remember(&path, b"one row").unwrap();
            assert!(!fs::read(&path).unwrap().windows(3).any(|it| it == b"row"), "in the clear");
            drop(db);
            let db = open(&folder, kind, 1);
            assert_eq!(db.remembered(&path).as_deref(), Some(&b"one row"[..]));
            assert_eq!(db.remembered(&path), None);
            assert!(!path.exists());
        }
    }

    #[test]
    fn what_another_commit_has_overtaken_is_forgotten() {
        for kind in Kind::ALL {
            let place = tempfile::tempdir().unwrap();
            let path = place.path().join("memory");
            let db = open(&place.path().join("store"), kind, 1);
            db.write("test", |tx| tx.put(ROWS, b"a", b"b")).unwrap();
            db.remember(&path, b"one row").unwrap();
            db.write("test", |tx| tx.delete(ROWS, b"a")).unwrap();
            assert_eq!(db.remembered(&path), None);
            assert!(!path.exists(), "withdrawn, and still in a file");
        }
    }

    #[test]
    fn a_changed_bit_or_another_store_is_not_believed() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("memory");
        let db = open(&place.path().join("store"), Kind::Redb, 1);
        let other = open(&place.path().join("other"), Kind::Redb, 2);
        db.remember(&path, b"no rows").unwrap();
        let sealed = fs::read(&path).unwrap();
        assert_eq!(other.remembered(&path), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            fs::write(&path, changed).unwrap();
            assert_eq!(db.remembered(&path), None, "byte {at}");
        }
        fs::write(&path, sealed).unwrap();
        assert!(db.remembered(&path).is_some());
    }
}
