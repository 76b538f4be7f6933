//! Opening a node's store, and moving it: to another engine, or under another key.
//!
//! Both are the same: a new generation is built beside the old one, compared with it, and made the
//! one that counts by renaming one small file. Until then the old one is untouched.

use std::{ops::ControlFlow, path::Path};

use crate::{
    backup::{Filling, Progress},
    db::{Db, DbError},
    engine::{EngineError, Folder, Kind},
    seal::{KeyRing, KeyRingError, Sealer, names, random_secret},
};

/// Why a store was not opened or moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MigrateError {
    /// The store failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The key ring failed.
    #[error(transparent)]
    KeyRing(#[from] KeyRingError),
    /// The copy does not hold what the original does. The original is untouched.
    #[error("the copy of the store differs from the store; nothing was changed")]
    Differs,
}

impl From<EngineError> for MigrateError {
    fn from(error: EngineError) -> Self {
        Self::Db(error.into())
    }
}

/// Opens the store in `folder`, which is made by `kind` if there is none yet.
///
/// If a crash interrupted [`rekey`] after the store was moved, the ring follows here.
pub fn open(folder: &Path, kind: Kind, ring: &mut KeyRing) -> Result<Db, MigrateError> {
    open_locked(&Folder::lock(folder)?, kind, ring)
}

fn open_locked(folder: &Folder, kind: Kind, ring: &mut KeyRing) -> Result<Db, MigrateError> {
    match Db::open(folder.open(kind)?, sealer(ring, names::STORE)?) {
        Err(DbError::WrongKey) if ring.secret(names::NEXT_STORE).is_some() => {
            let db = Db::open(folder.open(kind)?, sealer(ring, names::NEXT_STORE)?)?;
            ring.rename_secret(names::NEXT_STORE, names::STORE)?;
            Ok(db)
        }
        other => Ok(other?),
    }
}

/// Moves the store in `folder` to another engine. Nothing may have it open.
///
/// Returns how many rows were moved.
pub fn migrate(
    folder: &Path,
    from: Kind,
    to: Kind,
    ring: &mut KeyRing,
    progress: Progress<'_>,
) -> Result<u64, MigrateError> {
    let folder = Folder::lock(folder)?;
    let old = open_locked(&folder, from, ring)?;
    rebuild(&folder, old, to, sealer(ring, names::STORE)?, progress)
}

/// Seals the store in `folder` under a new key, which replaces the old one in the ring.
///
/// Nothing may have it open. What was deleted before, and lingered in the engine's files, is gone
/// for good when this returns: its key is. Returns how many rows were sealed again.
pub fn rekey(
    folder: &Path,
    kind: Kind,
    ring: &mut KeyRing,
    progress: Progress<'_>,
) -> Result<u64, MigrateError> {
    let folder = Folder::lock(folder)?;
    let old = open_locked(&folder, kind, ring)?;
    let key = random_secret().map_err(|_| DbError::NoRandomness)?;
    ring.put_secret(names::NEXT_STORE, &key)?;
    let n_rows = rebuild(&folder, old, kind, Sealer::new(&key), progress)?;
    ring.rename_secret(names::NEXT_STORE, names::STORE)?;
    Ok(n_rows)
}

/// Copies every row of `from`, as it is now, to `to`, which is empty. Returns how many.
pub fn copy(from: &Db, to: &Db, progress: Progress<'_>) -> Result<u64, DbError> {
    let total = from.n_rows()?;
    let mut filling = Filling::new(to.clone());
    let (mut n_rows, mut failed) = (0, None);
    from.export(&mut |place, value| {
        if let Err(error) = filling.put(place, value) {
            failed = Some(error);
            return ControlFlow::Break(());
        }
        n_rows += 1;
        progress(n_rows, total.max(n_rows));
        ControlFlow::Continue(())
    })?;
    failed.map_or(Ok(()), Err)?;
    filling.finish()?;
    Ok(n_rows)
}

fn rebuild(
    folder: &Folder,
    old: Db,
    kind: Kind,
    sealer: Sealer,
    progress: Progress<'_>,
) -> Result<u64, MigrateError> {
    let next = folder.next_generation(kind)?;
    let new = Db::open(next.engine(), sealer)?;
    let n_rows = copy(&old, &new, progress)?;
    if old.digest()? != new.digest()? {
        return Err(MigrateError::Differs);
    }
    drop((old, new));
    next.finish()?;
    Ok(n_rows)
}

fn sealer(ring: &KeyRing, name: &str) -> Result<Sealer, MigrateError> {
    let key = ring.secret(name).ok_or(KeyRingError::Damaged)?;
    Ok(Sealer::new(&key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        db::{Rows as _, Table},
        seal::KdfParams,
    };

    const TABLE: Table = Table::new(1, "things");

    struct Node(tempfile::TempDir, KeyRing);

    impl Node {
        fn new(kind: Kind) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let keys = folder.path().join("keys.sealed");
            let ring = KeyRing::create(&keys, "p", KdfParams::WEAK_FOR_TESTS).unwrap();
            let mut node = Self(folder, ring);
            let db = node.open(kind).unwrap();
            db.write("test", |tx| {
                (0..1500_u32).try_for_each(|n| tx.put(TABLE, &n.to_be_bytes(), b"value"))
            })
            .unwrap();
            node
        }

        fn store(&self) -> std::path::PathBuf {
            self.0.path().join("store")
        }

        fn open(&mut self, kind: Kind) -> Result<Db, MigrateError> {
            open(&self.store(), kind, &mut self.1)
        }

        #[track_caller]
        fn check(&mut self, kind: Kind) {
            let db = self.open(kind).unwrap();
            assert_eq!(db.n_rows().unwrap(), 1501);
            let last = db.read(|tx| tx.last(TABLE, &[])).unwrap();
            assert_eq!(last, Some((1499_u32.to_be_bytes().to_vec(), b"value".to_vec())));
        }
    }

    #[test]
    fn a_store_moves_to_the_other_engine_and_back() {
        let mut node = Node::new(Kind::Sled);
        for (from, to) in [(Kind::Sled, Kind::Redb), (Kind::Redb, Kind::Sled)] {
            let mut last = (0, 0);
            let mut progress = |done, total| last = (done, total);
            let store = node.store();
            assert_eq!(migrate(&store, from, to, &mut node.1, &mut progress), Ok(1501));
            assert_eq!(last, (1501, 1501));
            node.check(to);
        }
    }

    #[test]
    fn a_store_that_is_open_is_not_moved() {
        let mut node = Node::new(Kind::Redb);
        let db = node.open(Kind::Redb).unwrap();
        let store = node.store();
        let moved = migrate(&store, Kind::Redb, Kind::Sled, &mut node.1, &mut |_, _| ());
        assert_eq!(moved, Err(DbError::from(EngineError::InUse).into()));
        drop(db);
        node.check(Kind::Redb);
    }

    #[test]
    fn after_rekeying_the_old_key_opens_nothing() {
        for kind in Kind::ALL {
            let mut node = Node::new(kind);
            let old = node.1.secret(names::STORE).unwrap();
            let store = node.store();
            rekey(&store, kind, &mut node.1, &mut |_, _| ()).unwrap();
            node.check(kind);
            assert_eq!(node.1.secret(names::NEXT_STORE), None);

            let engine = Folder::lock(&store).unwrap().open(kind).unwrap();
            assert_eq!(Db::open(engine, Sealer::new(&old)).unwrap_err(), DbError::WrongKey);
        }
    }

    #[test]
    fn a_crash_between_moving_the_store_and_writing_the_ring_is_made_good() {
        let mut node = Node::new(Kind::Redb);
        let keys = node.0.path().join("keys.sealed");
        let store = node.store();
        // The ring as it is written before the store is moved.
        let old = node.1.secret(names::STORE).unwrap();
        rekey(&store, Kind::Redb, &mut node.1, &mut |_, _| ()).unwrap();
        let new = node.1.secret(names::STORE).unwrap();
        node.1.put_secret(names::STORE, &old).unwrap();
        node.1.put_secret(names::NEXT_STORE, &new).unwrap();

        node.1 = KeyRing::open(&keys, "p").unwrap();
        node.check(Kind::Redb);
        assert_eq!(KeyRing::open(&keys, "p").unwrap().secret(names::STORE), Some(new));
    }
}
