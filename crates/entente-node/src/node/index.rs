//! What a node keeps in memory: coded columns of its own cases, and where held summaries are.
//!
//! Beside the columns stands what lists ask of every record (`index/listed.rs`).
//!
//! Both are rebuilt from the store at start. Cases are changed as the last step of the transaction
//! that changes the store, so their order is that of the transactions, and whoever counts within a
//! later transaction has everything before it: a consent that was withdrawn is withdrawn here. Both
//! may know a moment earlier than the disk what becomes durable; nothing is said before it has.
//!
//! Counting is the core's ([`entente_core::statistics::columns`]), and so is the decision whose cases
//! count for whom (`index/standing.rs`). A node that is stopped leaves all of it in a sealed file
//! (`index/remember.rs`), so that its next start need not read every record.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{self, TrySendError};

use entente_core::identity::OrgId;
use entente_core::summary::SummaryId;
use entente_store::db::{Db, DbError, Rows};
use entente_store::rows::RecordRow;
use entente_store::tx::Reads as _;

use super::Outcome;
use super::records::{Case, case_of};

mod cases;
mod coded;
mod held;
mod listed;
mod remember;
mod standing;
#[cfg(test)]
mod tests;

pub use cases::Cases;
pub use held::{HeldIndex, HeldPlace};
pub use listed::Tally;
pub(crate) use listed::Wanted;
pub(crate) use remember::to_bytes;
pub(crate) use standing::Whose;

/// As both were when the node was last stopped, or as the store has them. `ours` is ourselves.
pub(crate) fn open(
    db: &Db,
    ours: &OrgId,
    remembered: Option<&Path>,
) -> Outcome<(Cases, HeldIndex)> {
    let bytes = remembered.and_then(|path| db.remembered(path));
    match bytes.and_then(|bytes| remember::from_bytes(&bytes)) {
        Some(both) => Ok(both),
        None => rebuild(db, ours),
    }
}

/// Reads both from the store.
fn rebuild(db: &Db, ours: &OrgId) -> Outcome<(Cases, HeldIndex)> {
    db.read(|tx| {
        let cases = read_cases(tx, ours, ROWS_AT_ONCE, N_AHEAD)?;
        let mut held = HeldIndex::default();
        for (issuer, _) in tx.partners()? {
            tx.held(&issuer, &mut |at, batch, keys| {
                for (position, (_, id, _)) in batch.items.iter().enumerate() {
                    if keys.keys.get(position).is_some_and(Option::is_some) {
                        held.put(SummaryId(*id), HeldPlace { at, position });
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok((cases, held))
    })
}

/// Rows that go from one thread to the other at once, and how often one may be ahead by as many.
const ROWS_AT_ONCE: usize = 512;
const N_AHEAD: usize = 8;

/// What goes from one thread to the other at once.
enum Batch {
    Rows(Vec<([u8; 16], RecordRow)>),
    Cases(Vec<Case>),
}

/// Reads all cases: one thread opens rows, the other reads and codes what stands in them. Coding takes
/// longer than opening, so whoever opens reads the rows too where the other is behind by `n_ahead` times
/// `rows_at_once`.
fn read_cases<R: Rows>(
    tx: &R,
    ours: &OrgId,
    rows_at_once: usize,
    n_ahead: usize,
) -> Result<Cases, DbError> {
    let (ahead, behind) = mpsc::sync_channel::<Batch>(n_ahead);
    std::thread::scope(|scope| {
        let coding = scope.spawn(move || {
            let mut cases = cases::Filling::default();
            for batch in behind {
                let read = match batch {
                    Batch::Rows(rows) => all_of(rows)?,
                    Batch::Cases(read) => read,
                };
                read.iter().for_each(|case| cases.push(case, ours));
            }
            Ok(cases.finish(2))
        });
        let mut rows = Vec::with_capacity(rows_at_once);
        tx.records(&mut |id, row| {
            rows.push((id, row));
            if rows.len() < rows_at_once {
                return Ok(ControlFlow::Continue(()));
            }
            let full = std::mem::replace(&mut rows, Vec::with_capacity(rows_at_once));
            let is_wanted = match ahead.try_send(Batch::Rows(full)) {
                Err(TrySendError::Full(Batch::Rows(rows))) => {
                    ahead.send(Batch::Cases(all_of(rows)?)).is_ok()
                }
                sent => sent.is_ok(),
            };
            // If the other thread ended, it has a reason.
            Ok(if is_wanted { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        let _ended = ahead.send(Batch::Rows(rows));
        drop(ahead);
        coding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn all_of(rows: Vec<([u8; 16], RecordRow)>) -> Result<Vec<Case>, DbError> {
    rows.into_iter().map(|(id, row)| case_of(&id, row)).collect()
}
