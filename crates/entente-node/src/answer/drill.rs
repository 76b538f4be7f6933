//! Answers: the drill. A backup is restored beside the node and opened, and then removed again.
//!
//! It takes the passphrase, since that is what a restore fails for: the file is there, and nobody knows
//! the words any more. Nothing that was restored ever speaks to a partner.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use entente_core::audit::Action;
use entente_store::backup::{self, BackupError};
use entente_store::db::{Db, Keys, Rows as _};
use entente_store::engine::Kind;
use entente_store::log::{LogKey, Logs as _};
use entente_store::migrate;
use entente_store::seal::KeyRing;
use entente_store::tables;

use super::store::{backup_list, free_bytes};
use super::{Desk, Staff, Steps, step};
use crate::fault::Fault;
use crate::local::doc::*;
use crate::node::Outcome;
use crate::setup::{io_fault, ring_fault};

/// One at a time: it takes as much room as the store.
static ONE: Mutex<()> = Mutex::new(());

/// A restored store takes so many times the bytes of its backup, at most.
const ROOM: u64 = 4;

/// The folder of a drill. Removed when it is dropped, however the drill ends.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// What was found in a restored store.
struct Found {
    rows: u64,
    records: u64,
    audit_entries: u64,
}

pub(super) fn backup_drill(
    desk: &Desk,
    staff: &Staff,
    ask: BackupDrillAsk,
    steps: &Steps,
) -> Outcome<BackupDrillTold> {
    let Ok(_one) = ONE.try_lock() else { return Err(under_way()) };
    let since = Instant::now();
    let Private(passphrase) = ask.passphrase;
    let passphrase = zeroize::Zeroizing::new(passphrase);
    let all = backup_list(desk, staff, BackupListAsk {}, steps)?.backups;
    let is_it = |row: &&BackupRow| ask.file.as_ref().is_none_or(|file| *file == row.file);
    let backup = all.iter().find(is_it).cloned().ok_or_else(no_such_backup)?;
    let beside = Beside(desk.home.path().join("drill"));
    // What a crash left behind.
    drop(fs::remove_dir_all(&beside.0));
    if free_bytes(desk.home.path())? < backup.bytes.saturating_mul(ROOM) {
        return Err(no_room());
    }
    let found = restored(desk, Path::new(&backup.file), &passphrase, &beside.0, steps);
    drop(beside);
    let node = &desk.node;
    let entry = node.entry(staff.actor(), Action::BackupDrilled);
    node.audit(vec![match &found {
        Ok(found) => entry.n(found.rows),
        Err(fault) => entry.n(0).reasons([fault.code.clone()]),
    }])?;
    let found = found?;
    let mut records_now = 0;
    node.each_case(&mut |_| {
        records_now += 1;
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(BackupDrillTold {
        backup,
        rows: found.rows,
        records: found.records,
        records_now,
        audit_entries: found.audit_entries,
        took_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

fn restored(
    desk: &Desk,
    file: &Path,
    passphrase: &str,
    folder: &Path,
    steps: &Steps,
) -> Outcome<Found> {
    let kind = desk.config.store.engine.parse().unwrap_or(Kind::Sled);
    let mut show = |done, total| step(steps, done, total, "restoring", "restauration");
    backup::restore(file, passphrase, folder, kind, &mut show).map_err(drill_fault)?;
    let home = crate::setup::Home::new(folder);
    let mut ring = KeyRing::open(&home.keys(), passphrase).map_err(ring_fault)?;
    let db = migrate::open(&home.store(), kind, &mut ring).map_err(|error| not_opened(&error))?;
    look(&db)
}

/// Reads every record of a restored store: a seal that does not open is found here.
fn look(db: &Db) -> Outcome<Found> {
    let mut found = Found { rows: db.n_rows()?, records: 0, audit_entries: 0 };
    db.read(|tx| {
        tx.scan(tables::RECORDS, Keys::All, &mut |_, _| {
            found.records += 1;
            std::ops::ControlFlow::Continue(())
        })?;
        found.audit_entries = tx.log_head(LogKey::Audit)?.frontier.size();
        Ok::<_, Box<Fault>>(())
    })?;
    Ok(found)
}

fn drill_fault(error: BackupError) -> Box<Fault> {
    match error {
        BackupError::WrongPassphrase => {
            ring_fault(entente_store::seal::KeyRingError::WrongPassphrase)
        }
        BackupError::Io { kind, .. } => io_fault(&kind.into()),
        error => not_opened(&error),
    }
}

fn not_opened(error: &impl std::fmt::Display) -> Box<Fault> {
    Fault::new(
        2795,
        (
            "The backup was not restored: it is of no use.",
            "La sauvegarde n’a pas pu être restaurée\u{a0}: elle est inutilisable.",
        ),
        (
            "Make a new one now, and try that: `entente backup create`.",
            "Faites-en une nouvelle maintenant et essayez-la\u{a0}: `entente backup create`.",
        ),
    )
    .in_detail(error)
}

fn no_such_backup() -> Box<Fault> {
    Fault::new(
        2796,
        ("There is no such backup.", "Cette sauvegarde n’existe pas."),
        (
            "List them: `entente backup list`, or make one: `entente backup create`.",
            "Affichez la liste\u{a0}: `entente backup list`, ou créez une sauvegarde\u{a0}: `entente backup create`.",
        ),
    )
}

fn no_room() -> Box<Fault> {
    Fault::new(
        2797,
        (
            "There is not enough room to restore a backup beside the node.",
            "Il n’y a pas assez de place pour restaurer une sauvegarde à côté du nœud.",
        ),
        (
            "Do it on another machine: `entente backup verify FILE`, `entente backup restore FILE`.",
            "Faites-le sur une autre machine\u{a0}: `entente backup verify FICHIER`, `entente backup restore FICHIER`.",
        ),
    )
}

fn under_way() -> Box<Fault> {
    Fault::new(
        2798,
        ("A drill is under way already.", "Un exercice est déjà en cours."),
        ("Wait until it is over.", "Attendez qu’il soit terminé."),
    )
}
