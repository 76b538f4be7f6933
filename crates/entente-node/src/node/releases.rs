//! How many summaries each partner was told of, and what it owes for those that we took back.
//!
//! Read from the store by a walk through all releases, and kept until a release changes: that is at the close of an
//! epoch, at a withdrawal and at a receipt, and not when somebody opens a page.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use entente_store::db::{DbError, Write};
use entente_store::rows::ReleaseRow;
use entente_store::tx::Reads as _;

use super::status::Due;
use super::{Node, Outcome, unpoisoned};

/// What one partner was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Summaries that it may hold: released and not taken back.
    pub(crate) n_standing: u64,
    /// Summaries that we took back, answered or not.
    pub(crate) n_withdrawn: u64,
    /// Of these, those with a receipt.
    pub(crate) n_receipts: u64,
    /// Those without one, the oldest first.
    pub(crate) due: Vec<Due>,
    /// Those that we took back, by their place in the feed: its epoch, and the entry from 1.
    pub(crate) taken_back: BTreeMap<(u32, u64), TakenBack>,
}

/// A summary that we took back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TakenBack {
    /// The id the partner knew it by.
    pub(crate) summary: [u8; 16],
    /// Whether there is a receipt.
    pub(crate) is_answered: bool,
}

/// By partner.
pub(crate) type ByPartner = HashMap<[u8; 32], Told>;

/// What was read, and how often a release had changed by then.
#[derive(Debug, Default)]
pub(crate) struct Releases {
    n_changes: Arc<AtomicU64>,
    read: Mutex<Option<(u64, Arc<ByPartner>)>>,
}

impl Node {
    /// Keeps what a partner was told of a record. The only way: what is known in memory is read anew.
    pub(crate) fn put_release(
        &self,
        tx: &mut Write<'_>,
        record: &[u8; 16],
        partner: &[u8; 32],
        row: &ReleaseRow,
    ) -> Result<(), DbError> {
        tx.put_release(record, partner, row)?;
        // Now, for whoever asks as soon as this is durable; and then, for what was read meanwhile.
        let n_changes = Arc::clone(&self.releases.n_changes);
        n_changes.fetch_add(1, Ordering::SeqCst);
        tx.when_durable(move || {
            n_changes.fetch_add(1, Ordering::SeqCst);
        });
        Ok(())
    }

    /// Grows whenever a release changes.
    pub(crate) fn n_release_changes(&self) -> u64 {
        self.releases.n_changes.load(Ordering::SeqCst)
    }

    /// What every partner was told.
    pub(crate) fn told(&self) -> Outcome<Arc<ByPartner>> {
        let mut read = unpoisoned(self.releases.read.lock());
        let n_changes = self.n_release_changes();
        if let Some((_, told)) = read.as_ref().filter(|(n, _)| *n == n_changes) {
            return Ok(Arc::clone(told));
        }
        let told = Arc::new(self.read_told()?);
        *read = Some((n_changes, Arc::clone(&told)));
        Ok(told)
    }

    fn read_told(&self) -> Outcome<ByPartner> {
        let mut all = ByPartner::new();
        self.db.read(|tx| {
            tx.all_releases(&mut |_, partner, release| {
                let told = all.entry(partner).or_default();
                let Some(asked_s) = release.withdrawn_at_s else {
                    told.n_standing += 1;
                    return Ok(ControlFlow::Continue(()));
                };
                let (summary, is_answered) = (release.summary, release.receipt.is_some());
                told.n_withdrawn += 1;
                told.taken_back.insert(release.at, TakenBack { summary, is_answered });
                match is_answered {
                    true => told.n_receipts += 1,
                    false => told.due.push(Due { seq: release.at.1, summary, asked_s }),
                }
                Ok(ControlFlow::Continue(()))
            })
        })?;
        all.values_mut().for_each(|told| told.due.sort_by_key(|due| (due.asked_s, due.seq)));
        Ok(all)
    }
}
