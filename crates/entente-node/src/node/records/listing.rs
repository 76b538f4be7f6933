//! Lists of records: which come next is known from memory; what is shown is read.

use entente_core::record::RecordId;
use entente_store::tx::Reads as _;

use super::{Case, case_of};
use crate::node::index::{Tally, Wanted};
use crate::node::{Node, Outcome, unpoisoned};

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Listing {
    /// How many are meant, on this page or not.
    pub(crate) total: u64,
    /// Those of this page, the newest first.
    pub(crate) cases: Vec<Case>,
    /// Whether there are older ones.
    pub(crate) is_more: bool,
}

impl Node {
    /// The newest records that are meant, of those before `before`. The caller writes the audit entry
    /// that fits.
    ///
    /// Memory is ahead of the disk by the transactions under way, and may be behind it by what became
    /// durable between the two looks. So each record is asked again, once it was read.
    pub(crate) fn newest_cases(
        &self,
        wanted: &Wanted,
        is_meant: impl Fn(&Case) -> bool,
        before: Option<RecordId>,
        limit: usize,
    ) -> Outcome<Listing> {
        let (mut total, mut cases, mut before) = (None, Vec::with_capacity(limit + 1), before);
        loop {
            let n_missing = limit + 1 - cases.len();
            let (n, ids) = unpoisoned(self.cases.read()).newest(wanted, before, n_missing);
            let total = total.get_or_insert(n);
            let n_before = cases.len();
            cases.extend(self.cases_at(&ids)?.into_iter().filter(&is_meant));
            *total -= (ids.len() + n_before - cases.len()) as u64;
            before = ids.last().copied().or(before);
            if ids.len() < n_missing || cases.len() > limit {
                break;
            }
        }
        let is_more = cases.len() > limit;
        cases.truncate(limit);
        Ok(Listing { total: total.unwrap_or(0), cases, is_more })
    }

    /// Those of these records that are on the disk, in the same order.
    pub(super) fn cases_at(&self, ids: &[RecordId]) -> Outcome<Vec<Case>> {
        self.db.read(|tx| {
            let mut cases = Vec::with_capacity(ids.len());
            for id in ids {
                if let Some(row) = tx.record(&id.0)? {
                    cases.push(case_of(&id.0, row)?);
                }
            }
            Ok(cases)
        })
    }

    /// How many records there are, and with a consent that holds today.
    pub fn tally(&self) -> Tally {
        unpoisoned(self.cases.read()).numbers(self.today())
    }
}
