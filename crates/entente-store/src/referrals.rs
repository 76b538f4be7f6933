//! Referrals, with types: ours, those that we were offered, and what was said about each.
//!
//! A referral that we were offered is kept under the organization that offered it, so that nobody
//! can speak about another's. What was handed over with them is in [`crate::handover`].

use std::ops::ControlFlow;

use crate::db::{DbError, Keys, Rows, Table, Write};
use crate::rows::{BadRow, Bytes32, ReceivedReferralRow, ReferralRow, ReferralStepRow};
use crate::tables::{
    OPEN_REFERRALS, PENDING_REFERRALS, RECEIVED_REFERRALS, REFERRAL_STEPS, REFERRALS, REFERRALS_OF,
};
use crate::tx::RowsExt;

/// Reading referrals.
pub trait Referrals: Rows {
    /// A referral of ours.
    fn referral(&self, id: &[u8; 16]) -> Result<Option<ReferralRow>, DbError> {
        self.row(REFERRALS, id)
    }

    /// All referrals of ours, until `visit` breaks.
    fn referrals(
        &self,
        visit: &mut dyn FnMut([u8; 16], ReferralRow) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        self.rows(REFERRALS, &[], &mut |key, row| visit(*key.first_chunk().ok_or(BadRow)?, row))
    }

    /// The referrals that were made for a record.
    fn referrals_of(&self, record: &[u8; 16]) -> Result<Vec<[u8; 16]>, DbError> {
        let mut all = Vec::new();
        self.scan_keys(REFERRALS_OF, Keys::Prefix(record), &mut |key| {
            all.extend(key.last_chunk::<16>().copied());
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }

    /// A referral that `home` offered us.
    fn received_referral(
        &self,
        home: &Bytes32,
        id: &[u8; 16],
    ) -> Result<Option<ReceivedReferralRow>, DbError> {
        self.row(RECEIVED_REFERRALS, &two(home, id))
    }

    /// All referrals that we were offered, or those of one organization, until `visit` breaks.
    fn received_referrals(
        &self,
        home: Option<&Bytes32>,
        visit: &mut dyn FnMut(
            Bytes32,
            [u8; 16],
            ReceivedReferralRow,
        ) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        let prefix = home.map_or(&[][..], |home| home.as_slice());
        self.rows(RECEIVED_REFERRALS, prefix, &mut |key, row| {
            let home = *key.first_chunk().ok_or(BadRow)?;
            visit(home, *key.last_chunk().ok_or(BadRow)?, row)
        })
    }

    /// How many referrals of ours are open at a partner.
    fn n_open_referrals(&self, partner: &Bytes32) -> Result<usize, DbError> {
        n_keys(self, OPEN_REFERRALS, partner)
    }

    /// How many referrals of `home` we have still to deal with.
    fn n_pending_referrals(&self, home: &Bytes32) -> Result<usize, DbError> {
        n_keys(self, PENDING_REFERRALS, home)
    }

    /// What happened to a referral, the oldest first. `home` is the organization whose it is.
    fn referral_steps(
        &self,
        home: &Bytes32,
        id: &[u8; 16],
    ) -> Result<Vec<ReferralStepRow>, DbError> {
        let mut all = Vec::new();
        self.rows(REFERRAL_STEPS, &two(home, id), &mut |_, row| {
            all.push(row);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }
}

impl<T: Rows + ?Sized> Referrals for T {}

fn n_keys<R: Rows + ?Sized>(rows: &R, table: Table, prefix: &[u8]) -> Result<usize, DbError> {
    let mut n = 0;
    rows.scan_keys(table, Keys::Prefix(prefix), &mut |_| {
        n += 1;
        ControlFlow::Continue(())
    })?;
    Ok(n)
}

fn two(home: &Bytes32, id: &[u8; 16]) -> Vec<u8> {
    [home.as_slice(), id].concat()
}

impl Write<'_> {
    /// Keeps a referral of ours, and finds it by its record from now on.
    pub fn put_referral(&mut self, id: &[u8; 16], row: &ReferralRow) -> Result<(), DbError> {
        self.put(REFERRALS_OF, &[row.record, *id].concat(), &[])?;
        self.put_row(REFERRALS, id, row)
    }

    /// Counts a referral of ours as open at a partner from now on, or no longer.
    pub fn set_referral_open(
        &mut self,
        partner: &Bytes32,
        id: &[u8; 16],
        is_open: bool,
    ) -> Result<(), DbError> {
        self.set_key(OPEN_REFERRALS, &two(partner, id), is_open)
    }

    /// The same for one that `home` offered us and that we have still to deal with.
    pub fn set_referral_pending(
        &mut self,
        home: &Bytes32,
        id: &[u8; 16],
        is_pending: bool,
    ) -> Result<(), DbError> {
        self.set_key(PENDING_REFERRALS, &two(home, id), is_pending)
    }

    fn set_key(&mut self, table: Table, key: &[u8], is_there: bool) -> Result<(), DbError> {
        match (self.get(table, key)?.is_some(), is_there) {
            (false, true) => self.put(table, key, &[]),
            (true, false) => self.delete(table, key),
            _ => Ok(()),
        }
    }

    /// Keeps a referral that `home` offered us.
    pub fn put_received_referral(
        &mut self,
        home: &Bytes32,
        id: &[u8; 16],
        row: &ReceivedReferralRow,
    ) -> Result<(), DbError> {
        self.put_row(RECEIVED_REFERRALS, &two(home, id), row)
    }

    /// Adds what happened to a referral; `n` counts from 0.
    pub fn put_referral_step(
        &mut self,
        home: &Bytes32,
        id: &[u8; 16],
        n: u32,
        row: &ReferralStepRow,
    ) -> Result<(), DbError> {
        let key = [two(home, id).as_slice(), &n.to_be_bytes()].concat();
        self.put_row(REFERRAL_STEPS, &key, row)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::Db;
    use crate::engine::Memory;
    use crate::seal::Sealer;

    fn db() -> Db {
        Db::open(Arc::new(Memory::default()), Sealer::new(&[7; 32])).unwrap()
    }

    fn write<T>(db: &Db, body: impl FnOnce(&mut Write<'_>) -> Result<T, DbError>) -> T {
        db.write("test", body).unwrap()
    }

    #[test]
    fn a_referral_is_found_by_its_name_and_by_its_record() {
        let db = db();
        let row = ReferralRow { record: [3; 16], ..ReferralRow::default() };
        write(&db, |tx| tx.put_referral(&[1; 16], &row));
        write(&db, |tx| tx.put_referral(&[2; 16], &row));
        db.read(|tx| {
            assert_eq!(tx.referral(&[1; 16])?, Some(row.clone()));
            assert_eq!(tx.referrals_of(&[3; 16])?, [[1; 16], [2; 16]]);
            assert_eq!(tx.referrals_of(&[4; 16])?, [[0; 16]; 0]);
            Ok::<_, DbError>(())
        })
        .unwrap();
    }

    #[test]
    fn a_referral_is_counted_once_where_it_is_open_and_no_longer_where_it_is_not() {
        let db = db();
        let n = |partner| db.read(|tx| tx.n_open_referrals(&[partner; 32])).unwrap();
        for id in [[1; 16], [1; 16], [2; 16]] {
            write(&db, |tx| tx.set_referral_open(&[7; 32], &id, true));
        }
        write(&db, |tx| tx.set_referral_open(&[8; 32], &[1; 16], true));
        write(&db, |tx| tx.set_referral_pending(&[7; 32], &[3; 16], true));
        assert_eq!((n(7), n(8), n(9)), (2, 1, 0));
        for _ in 0..2 {
            write(&db, |tx| tx.set_referral_open(&[7; 32], &[1; 16], false));
        }
        assert_eq!((n(7), n(8)), (1, 1));
        let pending = db.read(|tx| tx.n_pending_referrals(&[7; 32])).unwrap();
        assert_eq!(pending, 1);
    }

    #[test]
    fn two_organizations_may_give_one_name_to_two_referrals() {
        let (db, id) = (db(), [1; 16]);
        let row = |state: &str| ReceivedReferralRow {
            state: (state.to_owned(), None),
            ..ReceivedReferralRow::default()
        };
        write(&db, |tx| tx.put_received_referral(&[1; 32], &id, &row("offered")));
        write(&db, |tx| tx.put_received_referral(&[2; 32], &id, &row("taken")));
        db.read(|tx| {
            assert_eq!(tx.received_referral(&[1; 32], &id)?, Some(row("offered")));
            assert_eq!(tx.received_referral(&[2; 32], &id)?, Some(row("taken")));
            Ok::<_, DbError>(())
        })
        .unwrap();
    }
}
