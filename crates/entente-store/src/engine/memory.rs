//! An engine without a disk, for simulations and tests.
//!
//! Clones share their rows. A crash is simulated by dropping everything above the engine and
//! opening again on a clone: what was committed is there, what was not is gone.

use std::{
    collections::BTreeMap,
    fmt,
    ops::ControlFlow,
    sync::{Arc, PoisonError, RwLock},
};

use super::{Batch, Engine, EngineError, View, Visit};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Rows in memory, shared by all clones.
#[derive(Clone, Default)]
pub struct Memory {
    rows: Arc<RwLock<Arc<Rows>>>,
}

impl Memory {
    /// The rows as they are now, no longer shared: what a copy of a folder is to a disk.
    #[must_use]
    pub fn copied(&self) -> Self {
        Self { rows: Arc::new(RwLock::new(self.current())) }
    }

    fn current(&self) -> Arc<Rows> {
        Arc::clone(&self.rows.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Engine for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn durable(&self) -> Result<Box<dyn View + '_>, EngineError> {
        Ok(Box::new(Frozen(self.current())))
    }

    fn latest(&self) -> Result<Box<dyn View + '_>, EngineError> {
        self.durable()
    }

    fn commit(&self, batch: &Batch) -> Result<(), EngineError> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        // Copies the rows only if a view still looks at them.
        let rows = Arc::make_mut(&mut rows);
        for (key, value) in batch.iter() {
            match value {
                Some(value) => rows.insert(key.to_vec(), value.to_vec()),
                None => rows.remove(key),
            };
        }
        Ok(())
    }

    fn size_on_disk(&self) -> Result<u64, EngineError> {
        Ok(0)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} rows)", self.current().len())
    }
}

struct Frozen(Arc<Rows>);

impl View for Frozen {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.0.get(key).cloned())
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        visit_all(range(&self.0, from, to), visit);
        Ok(())
    }

    fn scan_rev(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        visit_all(range(&self.0, from, to).rev(), visit);
        Ok(())
    }
}

fn range<'a>(
    rows: &'a Rows,
    from: &[u8],
    to: &[u8],
) -> impl DoubleEndedIterator<Item = (&'a Vec<u8>, &'a Vec<u8>)> {
    // `BTreeMap::range` panics on a range that ends before it begins; an engine visits nothing.
    let to = to.max(from);
    rows.range::<[u8], _>((std::ops::Bound::Included(from), std::ops::Bound::Excluded(to)))
}

fn visit_all<'a>(rows: impl Iterator<Item = (&'a Vec<u8>, &'a Vec<u8>)>, visit: Visit<'_>) {
    for (key, value) in rows {
        if let ControlFlow::Break(()) = visit(key, value) {
            return;
        }
    }
}
