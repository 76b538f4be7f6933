//! Where held summaries are.

use std::collections::{BTreeSet, HashMap};

use entente_core::identity::OrgId;
use entente_core::summary::SummaryId;
use entente_store::tx::HeldAt;

/// The most that may come or go before whoever looks reads all anew.
const MAX_CHANGED: usize = 20_000;

/// Where a held summary is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldPlace {
    /// Its batch.
    pub at: HeldAt,
    /// Its position in the batch.
    pub position: usize,
}

/// Where each held summary is, by its id.
#[derive(Debug, Default)]
pub struct HeldIndex {
    pub(super) places: HashMap<SummaryId, HeldPlace>,
    pub(super) by_issuer: HashMap<[u8; 32], u64>,
    // What came or went since somebody looked; `None` until somebody does, and after too much.
    pub(super) changed: Option<BTreeSet<SummaryId>>,
}

impl HeldIndex {
    /// Where this summary is, if it is held.
    pub fn place(&self, id: &SummaryId) -> Option<HeldPlace> {
        self.places.get(id).copied()
    }

    /// How many summaries are held from an issuer.
    pub fn n_from(&self, issuer: &OrgId) -> u64 {
        self.by_issuer.get(issuer.as_bytes()).copied().unwrap_or(0)
    }

    /// How many summaries are held.
    pub fn n(&self) -> u64 {
        self.places.len() as u64
    }

    /// What came or went since this was last asked; `None` if that was never, or too much since.
    pub(crate) fn take_changed(&mut self) -> Option<BTreeSet<SummaryId>> {
        self.changed.replace(BTreeSet::new())
    }

    fn note(&mut self, id: SummaryId) {
        if let Some(changed) = &mut self.changed {
            changed.insert(id);
            if changed.len() > MAX_CHANGED {
                self.changed = None;
            }
        }
    }

    pub(crate) fn put(&mut self, id: SummaryId, place: HeldPlace) {
        self.note(id);
        if self.places.insert(id, place).is_none() {
            *self.by_issuer.entry(place.at.issuer).or_default() += 1;
        }
    }

    pub(crate) fn remove(&mut self, id: &SummaryId) {
        self.note(*id);
        if let Some(place) = self.places.remove(id)
            && let Some(n) = self.by_issuer.get_mut(&place.at.issuer)
        {
            *n = n.saturating_sub(1);
        }
    }
}
