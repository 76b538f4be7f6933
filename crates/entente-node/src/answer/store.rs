//! Answers: the store on the disk, its backups, and the passphrase.

mod backups;

use std::path::Path;

use entente_core::audit::Action;
use entente_store::db::{DbError, Keys, Rows as _, Table};
use entente_store::seal::{KdfParams, KeyRing};
use entente_store::tables;

use super::{Desk, Staff, Steps, instant};
use crate::local::doc::*;
use crate::node::{Outcome, unpoisoned};
use crate::setup::{MIN_PASSPHRASE, io_fault, ring_fault, short_passphrase};

pub use backups::nightly_backups;
pub(super) use backups::{absolute, backup_create, backup_list, newest};

/// The tables of a node, in the order of their numbers.
const TABLES: [Table; 20] = [
    tables::RECORDS,
    tables::RECORD_HISTORY,
    tables::IMPORTED,
    tables::PARTNERS,
    tables::TICKETS,
    tables::AGREEMENTS,
    tables::LOG_HEADS,
    tables::LOG_BATCHES,
    tables::FOLLOWED,
    tables::HELD,
    tables::HELD_KEYS,
    tables::TAKEN_BACK,
    tables::CHECKPOINTS,
    tables::RELEASES,
    tables::RELEASED_AS,
    tables::EVIDENCE,
    tables::WITNESSED,
    tables::COSIGNED,
    tables::ANSWERED,
    tables::EPOCHS,
];

pub(super) fn size(desk: &Desk, _: &Staff, _: StoreSizeAsk, _: &Steps) -> Outcome<StoreSizeTold> {
    let counted = desk.node.db().read(|tx| {
        let count = |table: &Table| {
            let mut rows = 0;
            tx.scan(*table, Keys::All, &mut |_, _| {
                rows += 1;
                std::ops::ControlFlow::Continue(())
            })?;
            Ok::<_, DbError>(TableSize { table: table.name().to_owned(), rows })
        };
        TABLES.iter().map(count).collect::<Result<Vec<_>, _>>()
    });
    Ok(StoreSizeTold { tables: counted?, ..size_at_a_glance(desk)? })
}

/// The size without the rows, which take long to count in a large store.
pub(super) fn size_at_a_glance(desk: &Desk) -> Outcome<StoreSizeTold> {
    let db = desk.node.db();
    let folder = desk.home.store();
    Ok(StoreSizeTold {
        engine: db.engine_name().to_owned(),
        bytes: db.size_on_disk()?,
        free_bytes: free_bytes(&folder)?,
        folder: folder.display().to_string(),
        tables: Vec::new(),
    })
}

/// Bytes that this account may still write on the disk of a folder.
pub(super) fn free_bytes(folder: &Path) -> Outcome<u64> {
    let disk = rustix::fs::statvfs(folder).map_err(|error| io_fault(&error.into()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

pub(super) fn passphrase(
    desk: &Desk,
    staff: &Staff,
    ask: PassphraseAsk,
    _: &Steps,
) -> Outcome<PassphraseTold> {
    let (Private(old), Private(new)) = (ask.old, ask.new);
    let (old, new) = (zeroize::Zeroizing::new(old), zeroize::Zeroizing::new(new));
    if new.chars().count() < MIN_PASSPHRASE {
        return Err(short_passphrase());
    }
    let mut ring = unpoisoned(desk.ring.lock());
    // Whoever changes it shows that they know it; the door alone does not prove that.
    KeyRing::open(&desk.home.keys(), &old).map_err(ring_fault)?;
    // Written before the change: if the log cannot be written, nothing is changed.
    let node = &desk.node;
    node.audit(vec![node.entry(staff.actor(), Action::KeysChanged)])?;
    ring.change_passphrase(&new, KdfParams::STANDARD).map_err(ring_fault)?;
    Ok(PassphraseTold { changed_at: instant(node.now_s()) })
}
