//! Turns an engine's panic on damaged files into an error.
//!
//! Engines trust what they read back: of 150 single bit flips in a redb store, 7 made it index past
//! the end of a page. Damage on the disk is no reason for a node to die without saying what to do.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
};

use super::{EngineError, View, Visit};

/// Runs a part of an engine. Its state is not used again after damage, so it may be left broken.
pub(super) fn guard<T>(
    engine: &'static str,
    run: impl FnOnce() -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(EngineError::Corrupt { engine }))
}

/// The same with a visitor, whose own panics stay panics.
pub(super) fn guard_visit(
    engine: &'static str,
    visit: Visit<'_>,
    run: impl FnOnce(Visit<'_>) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let visiting = Cell::new(false);
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        run(&mut |key, value| {
            visiting.set(true);
            let flow = visit(key, value);
            visiting.set(false);
            flow
        })
    }));
    match outcome {
        Ok(result) => result,
        Err(bug) if visiting.get() => panic::resume_unwind(bug),
        Err(_) => Err(EngineError::Corrupt { engine }),
    }
}

pub(super) struct Guarded<'a> {
    pub(super) engine: &'static str,
    pub(super) view: Box<dyn View + 'a>,
}

impl View for Guarded<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        guard(self.engine, || self.view.get(key))
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        guard_visit(self.engine, visit, |visit| self.view.scan(from, to, visit))
    }

    fn scan_rev(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        guard_visit(self.engine, visit, |visit| self.view.scan_rev(from, to, visit))
    }
}
