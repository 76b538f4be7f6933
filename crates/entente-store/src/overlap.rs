//! Overlap rounds, with types.
//!
//! A secret is in a table of its own, so that what has to be destroyed is found in one place. Shares,
//! parcels and batches are parts of a round; a part that was kept is never written over
//! ([`Write::put_overlap_part`]), since every step of a round is done once. A batch can be long, and
//! is kept in rows of `PIECE` bytes.

use std::ops::ControlFlow;

use zeroize::Zeroizing;

use crate::db::{DbError, Keys, Rows, Write};
use crate::rows::{BadRow, Bytes32, OverlapRow};
use crate::tables::{OVERLAP_KEYS, OVERLAP_PARTS, OVERLAP_ROUNDS, OVERLAP_SIGNATURES};
use crate::tx::RowsExt;

/// The length of the rows in which a long part is kept, in bytes.
const PIECE: usize = 256 * 1024;

/// What a part of a round is. The number is in the keys and is never used for anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An organization's signed share of the key.
    Share = 1,
    /// An organization's signed parcel.
    Parcel = 2,
    /// Its batch.
    Batch = 3,
    /// What a step that we did was asked, as a hash: another question is refused.
    Asked = 4,
    /// Who dropped out, decided once by the coordinator.
    Missing = 5,
    /// What was counted.
    Counted = 6,
    /// How well our own persons could be matched, exactly.
    Linkage = 7,
    /// What the coordinator signed of what was counted.
    Result = 8,
}

/// Reading overlap rounds.
pub trait Overlap: Rows {
    /// A round.
    fn overlap_round(&self, id: &Bytes32) -> Result<Option<OverlapRow>, DbError> {
        self.row(OVERLAP_ROUNDS, id)
    }

    /// All rounds.
    fn overlap_rounds(&self) -> Result<Vec<(Bytes32, OverlapRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(OVERLAP_ROUNDS, &[], &mut |key, row| {
            all.push((*key.first_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// Whose signatures under a round's terms we have.
    fn overlap_signers(&self, id: &Bytes32) -> Result<Vec<Bytes32>, DbError> {
        let mut all = Vec::new();
        self.scan_keys(OVERLAP_SIGNATURES, Keys::Prefix(id), &mut |key| {
            all.extend(key.last_chunk::<32>().copied());
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }

    /// Our secret in a round.
    fn overlap_key(&self, id: &Bytes32) -> Result<Option<Zeroizing<Vec<u8>>>, DbError> {
        Ok(self.get(OVERLAP_KEYS, id)?.map(Zeroizing::new))
    }

    /// The rounds in which we have a secret.
    fn overlap_keys(&self) -> Result<Vec<Bytes32>, DbError> {
        let mut all = Vec::new();
        self.scan_keys(OVERLAP_KEYS, Keys::All, &mut |key| {
            all.extend(key.first_chunk::<32>().copied());
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }

    /// A part of a round that is of one organization.
    fn overlap_part(
        &self,
        id: &Bytes32,
        part: Part,
        org: &Bytes32,
    ) -> Result<Option<Vec<u8>>, DbError> {
        let mut whole = None;
        self.scan(OVERLAP_PARTS, Keys::Prefix(&part_key(id, part, org)), &mut |_, piece| {
            whole.get_or_insert_with(Vec::new).extend_from_slice(piece);
            ControlFlow::Continue(())
        })?;
        Ok(whole)
    }

    /// Which organizations have a part in a round, in the order of their ids.
    fn overlap_parts_of(&self, id: &Bytes32, part: Part) -> Result<Vec<Bytes32>, DbError> {
        let mut all: Vec<Bytes32> = Vec::new();
        let prefix = [id.as_slice(), &[part as u8]].concat();
        self.scan_keys(OVERLAP_PARTS, Keys::Prefix(&prefix), &mut |key| {
            let org = key.get(33..65).and_then(|org| org.first_chunk::<32>());
            all.extend(org.filter(|org| all.last() != Some(*org)).copied());
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }
}

impl<T: Rows + ?Sized> Overlap for T {}

fn part_key(id: &Bytes32, part: Part, org: &Bytes32) -> Vec<u8> {
    [id.as_slice(), &[part as u8], org].concat()
}

impl Write<'_> {
    /// Keeps a round.
    pub fn put_overlap_round(&mut self, id: &Bytes32, row: &OverlapRow) -> Result<(), DbError> {
        self.put_row(OVERLAP_ROUNDS, id, row)
    }

    /// Keeps an organization's signed terms.
    pub fn put_overlap_signature(
        &mut self,
        id: &Bytes32,
        org: &Bytes32,
        document: &[u8],
    ) -> Result<(), DbError> {
        self.put(OVERLAP_SIGNATURES, &[id.as_slice(), org].concat(), document)
    }

    /// Keeps our secret in a round.
    pub fn put_overlap_key(&mut self, id: &Bytes32, secret: &[u8]) -> Result<(), DbError> {
        self.put(OVERLAP_KEYS, id, secret)
    }

    /// Destroys our secret in a round.
    pub fn destroy_overlap_key(&mut self, id: &Bytes32) -> Result<(), DbError> {
        self.delete(OVERLAP_KEYS, id)
    }

    /// Keeps a part of a round, and says whether it is what is kept: `false` if something else was
    /// kept before, which stays.
    pub fn put_overlap_part(
        &mut self,
        id: &Bytes32,
        part: Part,
        org: &Bytes32,
        bytes: &[u8],
    ) -> Result<bool, DbError> {
        if let Some(kept) = self.overlap_part(id, part, org)? {
            return Ok(kept == bytes);
        }
        let key = part_key(id, part, org);
        for (number, piece) in (0_u32..).zip(bytes.chunks(PIECE)) {
            self.put(OVERLAP_PARTS, &[key.as_slice(), &number.to_be_bytes()].concat(), piece)?;
        }
        Ok(true)
    }

    /// Destroys every batch of a round. Who gave what, and what was counted, stays.
    pub fn destroy_overlap_batches(&mut self, id: &Bytes32) -> Result<(), DbError> {
        let prefix = [id.as_slice(), &[Part::Batch as u8]].concat();
        let mut keys = Vec::new();
        self.scan_keys(OVERLAP_PARTS, Keys::Prefix(&prefix), &mut |key| {
            keys.push(key.to_vec());
            ControlFlow::Continue(())
        })?;
        for key in keys {
            self.delete(OVERLAP_PARTS, &key)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::Db;
    use crate::engine::Memory;
    use crate::seal::Sealer;

    const A: Bytes32 = [1; 32];
    const B: Bytes32 = [2; 32];
    const ROUND: Bytes32 = [7; 32];

    fn db() -> Db {
        Db::open(Arc::new(Memory::default()), Sealer::new(&[7; 32])).unwrap()
    }

    fn write<T>(db: &Db, body: impl FnOnce(&mut Write<'_>) -> Result<T, DbError>) -> T {
        db.write("test", body).unwrap()
    }

    #[test]
    fn a_part_is_kept_as_it_came_first_however_long_it_is() {
        let db = db();
        let long: Vec<u8> = (0..=250).cycle().take(PIECE + 9).collect();
        assert!(write(&db, |tx| tx.put_overlap_part(&ROUND, Part::Batch, &A, &long)));
        assert!(write(&db, |tx| tx.put_overlap_part(&ROUND, Part::Batch, &A, &long)));
        assert!(!write(&db, |tx| tx.put_overlap_part(&ROUND, Part::Batch, &A, &long[1..])));
        assert!(write(&db, |tx| tx.put_overlap_part(&ROUND, Part::Batch, &B, b"b")));
        db.read(|tx| {
            assert_eq!(tx.overlap_part(&ROUND, Part::Batch, &A)?, Some(long.clone()));
            assert_eq!(tx.overlap_part(&ROUND, Part::Parcel, &A)?, None);
            assert_eq!(tx.overlap_parts_of(&ROUND, Part::Batch)?, [A, B]);
            Ok::<_, DbError>(())
        })
        .unwrap();
    }

    #[test]
    fn what_is_destroyed_is_not_there_and_the_rest_is() {
        let db = db();
        write(&db, |tx| tx.put_overlap_key(&ROUND, b"secret"));
        write(&db, |tx| tx.put_overlap_part(&ROUND, Part::Batch, &A, b"batch"));
        write(&db, |tx| tx.put_overlap_part(&ROUND, Part::Parcel, &A, b"parcel"));
        write(&db, |tx| tx.put_overlap_part(&B, Part::Batch, &A, b"of another round"));
        assert_eq!(db.read(|tx| tx.overlap_keys()).unwrap(), [ROUND]);
        write(&db, |tx| {
            tx.destroy_overlap_key(&ROUND)?;
            tx.destroy_overlap_batches(&ROUND)
        });
        db.read(|tx| {
            assert_eq!(tx.overlap_keys()?, [] as [Bytes32; 0]);
            assert!(tx.overlap_key(&ROUND)?.is_none());
            assert_eq!(tx.overlap_part(&ROUND, Part::Batch, &A)?, None);
            assert!(tx.overlap_part(&ROUND, Part::Parcel, &A)?.is_some());
            assert!(tx.overlap_part(&B, Part::Batch, &A)?.is_some());
            Ok::<_, DbError>(())
        })
        .unwrap();
    }
}
