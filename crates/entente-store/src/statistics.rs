//! Plans, the ledger and releases, with types.
//!
//! A charge, the two pools it is taken from and its number are one write ([`Write::put_charge`]), so
//! that no account shows what no charge explains. A release that was stored is never written again
//! ([`Write::put_own_release`]), and neither are figures that another organization gave.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::db::{DbError, Keys, Rows, Write};
use crate::rows::{AnswerRow, BadRow, Bytes32, ChargeRow, PlanRow};
use crate::tables::{
    ANSWERS, ANSWERS_BY_CHARGE, CHARGED, CHARGES, OWN_RELEASES, PLAN_SIGNATURES, PLANS,
    RETURN_FILES, RETURNS, SPENT,
};
use crate::tx::RowsExt;

/// A national return that was made here. Its file is in a table of its own, since it can be long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRow {
    /// The plan.
    pub plan: Bytes32,
    /// The year or quarter, as the core numbers them.
    pub period: u32,
    /// When it was made; seconds since 1970.
    pub made_at_s: i64,
    /// The length of its file.
    pub n_bytes: u64,
    /// Since when everybody may see it; seconds since 1970.
    pub published_at_s: Option<i64>,
}

/// Reading plans, the ledger and releases. A release is named by its id as the core writes it.
pub trait Statistics: Rows {
    /// A plan.
    fn plan(&self, id: &Bytes32) -> Result<Option<PlanRow>, DbError> {
        self.row(PLANS, id)
    }

    /// All plans.
    fn plans(&self) -> Result<Vec<(Bytes32, PlanRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(PLANS, &[], &mut |key, row| {
            all.push((*key.first_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// Who signed a plan, with the signed document.
    fn plan_signatures(&self, id: &Bytes32) -> Result<Vec<(Bytes32, Vec<u8>)>, DbError> {
        let mut all = Vec::new();
        self.rows(PLAN_SIGNATURES, id, &mut |key, document| {
            all.push((*key.last_chunk().ok_or(BadRow)?, document));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// The number of the last charge; 0 before the first.
    fn n_charges(&self) -> Result<u64, DbError> {
        Ok(self.last(CHARGES, &[])?.map_or(0, |(key, _)| number(&key)))
    }

    /// A charge.
    fn charge(&self, number: u64) -> Result<Option<ChargeRow>, DbError> {
        self.row(CHARGES, &number.to_be_bytes())
    }

    /// The charge of a release, and its number.
    fn charge_of(&self, release: &[u8]) -> Result<Option<(u64, ChargeRow)>, DbError> {
        let Some(key) = self.get(CHARGED, release)? else { return Ok(None) };
        let number = number(&key);
        Ok(self.charge(number)?.map(|row| (number, row)))
    }

    /// All charges, in their order.
    fn charges(&self) -> Result<Vec<(u64, ChargeRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(CHARGES, &[], &mut |key, row| {
            all.push((number(key), row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// What was spent in a year: by the node, or for one partner.
    fn spent(&self, year: i16, partner: Option<&Bytes32>) -> Result<u64, DbError> {
        Ok(self.get(SPENT, &pool(year, partner))?.map_or(0, |bytes| number(&bytes)))
    }

    /// A release of our own figures, as it was first sent.
    fn own_release(&self, release: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        self.get(OWN_RELEASES, release)
    }

    /// What an organization answered to a release.
    fn answer(&self, release: &[u8], org: &Bytes32) -> Result<Option<AnswerRow>, DbError> {
        self.row(ANSWERS, &[release, org].concat())
    }

    /// What everybody answered to a release.
    fn answers(&self, release: &[u8]) -> Result<Vec<(Bytes32, AnswerRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(ANSWERS, release, &mut |key, row| {
            all.push((*key.last_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// Answers with figures that an organization gave us and whose charge is above `after`, in the
    /// order of their charges, at most `max`.
    fn receipts(&self, org: &Bytes32, after: u64, max: usize) -> Result<Vec<Vec<u8>>, DbError> {
        let mut releases: Vec<Vec<u8>> = Vec::new();
        let bounds = (receipt_key(org, after.saturating_add(1)), receipt_key(org, u64::MAX));
        self.scan(ANSWERS_BY_CHARGE, Keys::Between(&bounds.0, &bounds.1), &mut |_, release| {
            releases.push(release.to_vec());
            if releases.len() < max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let mut documents = Vec::new();
        for release in releases {
            documents.extend(self.answer(&release, org)?.map(|row| row.document));
        }
        Ok(documents)
    }

    /// The release for which an organization gave us figures under this charge.
    fn receipt_at(&self, org: &Bytes32, charge: u64) -> Result<Option<Vec<u8>>, DbError> {
        self.get(ANSWERS_BY_CHARGE, &receipt_key(org, charge))
    }

    /// The highest number of a charge for which an organization gave us figures; 0 if it never did.
    fn last_receipt(&self, org: &Bytes32) -> Result<u64, DbError> {
        let last = self.last(ANSWERS_BY_CHARGE, org)?;
        Ok(last.map_or(0, |(key, _)| number(&key)))
    }

    /// A national return.
    fn made_return(&self, id: &Bytes32) -> Result<Option<ReturnRow>, DbError> {
        self.row(RETURNS, id)
    }

    /// All national returns that were made.
    fn made_returns(&self) -> Result<Vec<(Bytes32, ReturnRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(RETURNS, &[], &mut |key, row| {
            all.push((*key.first_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// The file of a national return.
    fn return_file(&self, id: &Bytes32) -> Result<Option<Vec<u8>>, DbError> {
        self.get(RETURN_FILES, id)
    }

    /// Up to which number every charge is known. Below the last one only if this store is older than
    /// what it was shown of itself.
    fn n_whole_charges(&self) -> Result<u64, DbError> {
        let mut whole = 0;
        self.scan_keys(CHARGES, Keys::All, &mut |key| {
            if number(key) != whole + 1 {
                return ControlFlow::Break(());
            }
            whole += 1;
            ControlFlow::Continue(())
        })?;
        Ok(whole)
    }
}

impl<T: Rows + ?Sized> Statistics for T {}

/// The number in the last eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn receipt_key(org: &Bytes32, charge: u64) -> Vec<u8> {
    [org.as_slice(), &charge.to_be_bytes()].concat()
}

fn pool(year: i16, partner: Option<&Bytes32>) -> Vec<u8> {
    let partner = partner.map_or(&[][..], |partner| partner.as_slice());
    [year.to_be_bytes().as_slice(), partner].concat()
}

impl Write<'_> {
    /// Keeps a national return, with its file.
    pub fn put_return(
        &mut self,
        id: &Bytes32,
        row: &ReturnRow,
        file: &[u8],
    ) -> Result<(), DbError> {
        self.put(RETURN_FILES, id, file)?;
        self.put_row(RETURNS, id, row)
    }

    /// Keeps what became of a national return.
    pub fn put_return_row(&mut self, id: &Bytes32, row: &ReturnRow) -> Result<(), DbError> {
        self.put_row(RETURNS, id, row)
    }

    /// Keeps a plan.
    pub fn put_plan(&mut self, id: &Bytes32, row: &PlanRow) -> Result<(), DbError> {
        self.put_row(PLANS, id, row)
    }

    /// Keeps an organization's signed plan.
    pub fn put_plan_signature(
        &mut self,
        id: &Bytes32,
        org: &Bytes32,
        document: &[u8],
    ) -> Result<(), DbError> {
        self.put_row(PLAN_SIGNATURES, &[id.as_slice(), org].concat(), &document)
    }

    /// Charges a release to the node's pool and to that of its first partner.
    pub fn put_charge(&mut self, number: u64, row: &ChargeRow) -> Result<(), DbError> {
        self.put_row(CHARGES, &number.to_be_bytes(), row)?;
        self.put(CHARGED, &row.release, &number.to_be_bytes())?;
        self.spend(row.year, None, row.nano_rho)?;
        for partner in &row.partners {
            self.spend(row.year, Some(partner), row.nano_rho)?;
        }
        Ok(())
    }

    /// Charges a release to one more partner. As much is written as by [`Write::put_charge`], so that
    /// the time it takes does not tell who was the first.
    pub fn charge_partner(&mut self, number: u64, partner: &Bytes32) -> Result<(), DbError> {
        let Some(mut row) = self.charge(number)? else { return Ok(()) };
        if row.partners.contains(partner) {
            return Ok(());
        }
        row.partners.push(*partner);
        self.put_row(CHARGES, &number.to_be_bytes(), &row)?;
        self.put(CHARGED, &row.release, &number.to_be_bytes())?;
        self.spend(row.year, None, 0)?;
        self.spend(row.year, Some(partner), row.nano_rho)
    }

    /// Notes that a partner had a release before this store was set back.
    pub fn heed_partner(&mut self, number: u64, partner: &Bytes32) -> Result<(), DbError> {
        let Some(mut row) = self.charge(number)? else { return Ok(()) };
        if !row.heeded.contains(partner) {
            row.heeded.push(*partner);
        }
        self.put_row(CHARGES, &number.to_be_bytes(), &row)
    }

    fn spend(
        &mut self,
        year: i16,
        partner: Option<&Bytes32>,
        nano_rho: u64,
    ) -> Result<(), DbError> {
        let spent = self.spent(year, partner)?.saturating_add(nano_rho);
        self.put(SPENT, &pool(year, partner), &spent.to_be_bytes())
    }

    /// Keeps a release of our own figures, and gives back what is kept: `document`, or what was kept
    /// before.
    pub fn put_own_release(
        &mut self,
        release: &[u8],
        document: Vec<u8>,
    ) -> Result<Vec<u8>, DbError> {
        if let Some(kept) = self.own_release(release)? {
            return Ok(kept);
        }
        self.put(OWN_RELEASES, release, &document)?;
        Ok(document)
    }

    /// Keeps what an organization answered. Figures are never replaced; says whether it was kept.
    pub fn put_answer(
        &mut self,
        release: &[u8],
        org: &Bytes32,
        charge: Option<u64>,
        row: &AnswerRow,
    ) -> Result<bool, DbError> {
        if self.answer(release, org)?.is_some_and(|kept| kept.given) {
            return Ok(false);
        }
        if let Some(charge) = charge {
            self.put(ANSWERS_BY_CHARGE, &receipt_key(org, charge), release)?;
        }
        self.put_row(ANSWERS, &[release, org].concat(), row)?;
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

    const A: Bytes32 = [1; 32];
    const B: Bytes32 = [2; 32];

    fn db() -> Db {
        Db::open(Arc::new(Memory::default()), Sealer::new(&[7; 32])).unwrap()
    }

    fn write<T>(db: &Db, body: impl FnOnce(&mut Write<'_>) -> Result<T, DbError>) -> T {
        db.write("test", body).unwrap()
    }

    fn charge(release: &[u8], nano_rho: u64) -> ChargeRow {
        ChargeRow {
            release: release.to_vec(),
            year: 2025,
            nano_rho,
            year_spent: nano_rho,
            spent: nano_rho,
            at_s: 1,
            heeded: vec![A, B],
            partners: vec![A],
        }
    }

    #[test]
    fn a_charge_debits_the_node_and_its_partner_and_a_second_partner_only_its_own() {
        let db = db();
        write(&db, |tx| tx.put_charge(1, &charge(b"one", 5)));
        write(&db, |tx| tx.charge_partner(1, &B));
        write(&db, |tx| tx.charge_partner(1, &B));
        write(&db, |tx| tx.put_charge(2, &charge(b"two", 7)));
        db.read(|tx| {
            assert_eq!((tx.spent(2025, None)?, tx.spent(2025, Some(&A))?), (12, 12));
            assert_eq!((tx.spent(2025, Some(&B))?, tx.spent(2026, None)?), (5, 0));
            let (number, row) = tx.charge_of(b"one")?.unwrap();
            assert_eq!((number, row.partners), (1, vec![A, B]));
            assert_eq!((tx.n_charges()?, tx.charge_of(b"three")?), (2, None));
            Ok::<_, DbError>(())
        })
        .unwrap();
    }

    #[test]
    fn a_missing_charge_is_noticed_until_it_is_known() {
        let db = db();
        write(&db, |tx| tx.put_charge(1, &charge(b"one", 5)));
        write(&db, |tx| tx.put_charge(3, &charge(b"three", 5)));
        let whole = || db.read(|tx| Ok::<_, DbError>((tx.n_whole_charges()?, tx.n_charges()?)));
        assert_eq!(whole().unwrap(), (1, 3));
        write(&db, |tx| tx.put_charge(2, &charge(b"two", 5)));
        assert_eq!(whole().unwrap(), (3, 3));
    }

    #[test]
    fn what_was_stored_first_is_what_stays() {
        let db = db();
        let put = |document: &[u8]| write(&db, |tx| tx.put_own_release(b"one", document.to_vec()));
        assert_eq!((put(b"first"), put(b"second")), (b"first".to_vec(), b"first".to_vec()));

        let answer =
            |document: &[u8], given| AnswerRow { document: document.to_vec(), at_s: 1, given };
        let put = |charge, row| write(&db, |tx| tx.put_answer(b"one", &A, charge, &row));
        assert!(put(None, answer(b"no", false)));
        assert!(put(Some(4), answer(b"figures", true)));
        assert!(!put(Some(5), answer(b"others", true)) && !put(None, answer(b"no", false)));
        let kept = db.read(|tx| tx.answers(b"one")).unwrap();
        assert_eq!((kept.len(), kept[0].0, &*kept[0].1.document), (1, A, &b"figures"[..]));
        assert_eq!(db.read(|tx| tx.last_receipt(&A)).unwrap(), 4);
    }

    #[test]
    fn receipts_are_those_after_a_charge_in_order() {
        let db = db();
        for charge in [3_u8, 1, 2] {
            let row = AnswerRow { document: vec![charge], at_s: 1, given: true };
            write(&db, |tx| tx.put_answer(&[charge], &A, Some(u64::from(charge)), &row));
        }
        let receipts = |org, after, max| db.read(|tx| tx.receipts(org, after, max)).unwrap();
        assert_eq!(receipts(&A, 0, 2), [[1], [2]]);
        assert_eq!(receipts(&A, 1, 9), [[2], [3]]);
        assert!(receipts(&A, 3, 9).is_empty() && receipts(&B, 0, 9).is_empty());
    }
}
