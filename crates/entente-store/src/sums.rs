//! Secure sums, with types.
//!
//! A round is written whole, so its stage and what is said of it are one. What a contributor sent is
//! kept apart until the intake ends, and is deleted in the write that ends it. A finished sum and a
//! contribution of ours are never written again.

use std::ops::ControlFlow;

use crate::db::{DbError, Rows, Write};
use crate::rows::{BadRow, Bytes32, GivenRow, RoundRow, SumRow};
use crate::tables::{SUM_GIVEN, SUM_HELPED, SUM_LED, SUM_TAKEN, SUMS, SUMS_ENDED};
use crate::tx::RowsExt;

/// As which aggregator we keep a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// As the leader.
    Leader,
    /// As the helper.
    Helper,
}

impl Part {
    fn table(self) -> crate::db::Table {
        match self {
            Self::Leader => SUM_LED,
            Self::Helper => SUM_HELPED,
        }
    }
}

/// Reading secure sums. A release is named by its id as the core writes it.
pub trait Sums: Rows {
    /// A round.
    fn sum_round(&self, part: Part, release: &[u8]) -> Result<Option<RoundRow>, DbError> {
        self.row(part.table(), release)
    }

    /// All rounds.
    fn sum_rounds(&self, part: Part) -> Result<Vec<(Vec<u8>, RoundRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(part.table(), &[], &mut |key, row| {
            all.push((key.to_vec(), row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// What was contributed to a round that we lead, in the order of the contributors.
    fn sum_taken(&self, release: &[u8]) -> Result<Vec<(Bytes32, Vec<u8>)>, DbError> {
        let mut all = Vec::new();
        self.rows(SUM_TAKEN, release, &mut |key, row: serde_bytes::ByteBuf| {
            all.push((*key.last_chunk().ok_or(BadRow)?, row.into_vec()));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// What we contributed to a sum.
    fn sum_given(&self, release: &[u8]) -> Result<Option<GivenRow>, DbError> {
        self.row(SUM_GIVEN, release)
    }

    /// A finished sum.
    fn sum(&self, release: &[u8]) -> Result<Option<SumRow>, DbError> {
        self.row(SUMS, release)
    }

    /// What says that a sum was given up.
    fn sum_ended(&self, release: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        self.get(SUMS_ENDED, release)
    }
}

impl<T: Rows + ?Sized> Sums for T {}

impl Write<'_> {
    /// Keeps a round as it is now.
    pub fn put_sum_round(
        &mut self,
        part: Part,
        release: &[u8],
        row: &RoundRow,
    ) -> Result<(), DbError> {
        self.put_row(part.table(), release, row)
    }

    /// Keeps what an organization contributed.
    pub fn put_sum_taken(
        &mut self,
        release: &[u8],
        org: &Bytes32,
        contribution: &[u8],
    ) -> Result<(), DbError> {
        let contribution = serde_bytes::Bytes::new(contribution);
        self.put_row(SUM_TAKEN, &[release, org].concat(), &contribution)
    }

    /// Deletes what was contributed to a round.
    pub fn delete_sum_taken(&mut self, release: &[u8]) -> Result<(), DbError> {
        for (org, _) in self.sum_taken(release)? {
            self.delete(SUM_TAKEN, &[release, &org].concat())?;
        }
        Ok(())
    }

    /// Keeps what we contribute; says whether it is the first.
    pub fn put_sum_given(&mut self, release: &[u8], row: &GivenRow) -> Result<bool, DbError> {
        if self.sum_given(release)?.is_some() {
            return Ok(false);
        }
        self.put_row(SUM_GIVEN, release, row)?;
        Ok(true)
    }

    /// Keeps what says that a sum was given up. What the leader says comes after what we said ourselves.
    pub fn put_sum_ended(&mut self, release: &[u8], document: &[u8]) -> Result<(), DbError> {
        self.put(SUMS_ENDED, release, document)
    }

    /// Keeps a finished sum; says whether it is the first.
    pub fn put_sum(&mut self, release: &[u8], row: &SumRow) -> Result<bool, DbError> {
        if self.sum(release)?.is_some() {
            return Ok(false);
        }
        self.put_row(SUMS, release, row)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::Db;
    use crate::engine::Memory;
    use crate::seal::Sealer;

    #[test]
    fn what_was_given_or_finished_first_stays_and_what_was_taken_goes_with_the_intake() {
        let db = Db::open(Arc::new(Memory::default()), Sealer::new(&[7; 32])).unwrap();
        let write = |body: &dyn Fn(&mut Write<'_>) -> Result<bool, DbError>| {
            db.write("test", |tx| body(tx)).unwrap()
        };
        let given = |byte| GivenRow { keys: [byte; 32], contribution: vec![byte] };
        assert!(write(&|tx| tx.put_sum_given(b"one", &given(1))));
        assert!(!write(&|tx| tx.put_sum_given(b"one", &given(2))));
        assert_eq!(db.read(|tx| tx.sum_given(b"one")).unwrap(), Some(given(1)));
        let sum = |at_s| SumRow { left_out: vec![], shares: [vec![1], vec![2]], at_s };
        assert!(write(&|tx| tx.put_sum(b"one", &sum(1))));
        assert!(!write(&|tx| tx.put_sum(b"one", &sum(2))));
        assert_eq!(db.read(|tx| tx.sum(b"one")).unwrap(), Some(sum(1)));

        for org in [[2; 32], [1; 32]] {
            write(&|tx| tx.put_sum_taken(b"one", &org, &org[..3]).map(|()| true));
            write(&|tx| tx.put_sum_taken(b"two", &org, &org).map(|()| true));
        }
        let taken = |release: &[u8]| db.read(|tx| tx.sum_taken(release)).unwrap();
        assert_eq!(taken(b"one"), [([1; 32], vec![1; 3]), ([2; 32], vec![2; 3])]);
        write(&|tx| tx.delete_sum_taken(b"one").map(|()| true));
        assert_eq!((taken(b"one").len(), taken(b"two").len()), (0, 2));
    }
}
