//! What writers have done that is not durable yet.
//!
//! Rows here are open (not sealed) and hide the rows of the engine below. A row is kept until a
//! later writer learns that its transaction is durable, so the engine's view, taken after that,
//! always holds what the overlay no longer does.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use crate::{
    engine::Batch,
    seal::{SealError, Sealer},
};

/// Table and key.
pub(super) type Place = Arc<[u8]>;

/// New values of rows; `None` for a row that is deleted.
pub(super) type Changes = BTreeMap<Place, Option<Arc<[u8]>>>;

#[derive(Default)]
pub(super) struct Overlay {
    rows: BTreeMap<Place, Row>,
    /// Which rows each transaction changed, oldest first.
    order: VecDeque<(u64, Vec<Place>)>,
    last: u64,
}

struct Row {
    /// The transaction that last changed it.
    seq: u64,
    value: Option<Arc<[u8]>>,
}

impl Overlay {
    /// The number of the newest transaction; the first has 1.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Adds a transaction, and numbers it.
    pub(super) fn add(&mut self, changes: &Changes) -> u64 {
        self.last += 1;
        for (place, value) in changes {
            let row = Row { seq: self.last, value: value.clone() };
            self.rows.insert(Arc::clone(place), row);
        }
        self.order.push_back((self.last, changes.keys().cloned().collect()));
        self.last
    }

    /// Forgets what is durable.
    pub(super) fn prune(&mut self, durable: u64) {
        let n_durable = self.order.partition_point(|(seq, _)| *seq <= durable);
        for (_, places) in self.order.drain(..n_durable) {
            for place in places {
                // Unless a later transaction has changed the row again.
                if self.rows.get(&place).is_some_and(|row| row.seq <= durable) {
                    self.rows.remove(&place);
                }
            }
        }
    }

    pub(super) fn get(&self, place: &[u8]) -> Option<Option<&[u8]>> {
        self.rows.get(place).map(|row| row.value.as_deref())
    }

    pub(super) fn range(
        &self,
        from: &[u8],
        to: &[u8],
    ) -> impl DoubleEndedIterator<Item = (&[u8], Option<&[u8]>)> {
        let range = (std::ops::Bound::Included(from), std::ops::Bound::Excluded(to.max(from)));
        self.rows.range::<[u8], _>(range).map(|(place, row)| (&**place, row.value.as_deref()))
    }
}

impl Sealer {
    /// Makes an engine's batch of a transaction's changes.
    pub(super) fn seal_changes(&self, changes: &Changes) -> Result<Batch, SealError> {
        let mut batch = Batch::default();
        for (place, _) in changes.iter().filter(|(_, value)| value.is_none()) {
            batch.delete(&**place);
        }
        let rows: Vec<(&[u8], &[u8])> = changes
            .iter()
            .filter_map(|(place, value)| Some((&**place, value.as_deref()?)))
            .collect();
        self.seal_rows(rows.into_iter(), |place, sealed| batch.put(place, sealed))?;
        Ok(batch)
    }
}
