//! Backups: made when asked for, and every so many hours by the node itself.
//!
//! A file is named after its moment, so that the newest is known without opening one. Only files
//! of that form are listed and pruned; whatever else lies in the folder is left alone.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use entente_core::audit::{Action, Actor};
use entente_store::backup::{self, BackupError};
use entente_store::tx::Reads as _;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;

use crate::answer::{Desk, Staff, Steps, instant, step};
use crate::fault::Fault;
use crate::local::doc::*;
use crate::node::{Outcome, unpoisoned};
use crate::setup::{io_fault, make_private, ring_fault};

const PREFIX: &str = "entente-";
const SUFFIX: &str = ".backup";
/// `2026-11-22T140300Z`: an instant without colons, which some file systems refuse.
const MOMENT: &str = "%Y-%m-%dT%H%M%SZ";

/// How often the age of the newest backup is looked at. A backup that failed is tried again as
/// often.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// Rows between two words of progress.
const STEP_ROWS: u64 = 4_096;

/// A backup file, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    at_s: i64,
    path: PathBuf,
    bytes: u64,
}

impl Found {
    /// Its size and its path: a file that was cut off or replaced since has another one.
    fn mark(&self) -> String {
        format!("{} {}", self.bytes, self.path.display())
    }
}

pub(in crate::answer) fn backup_create(
    desk: &Desk,
    staff: &Staff,
    ask: BackupCreateAsk,
    steps: &Steps,
) -> Outcome<BackupCreateTold> {
    let folder = match ask.folder {
        Some(folder) => absolute(&folder)?,
        None => desk.home.backups(&desk.config),
    };
    let started = std::time::Instant::now();
    let backup = create(desk, staff.actor(), &folder, steps)?;
    let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(BackupCreateTold { backup, took_ms })
}

fn create(desk: &Desk, actor: Actor, folder: &Path, steps: &Steps) -> Outcome<BackupRow> {
    let node = &desk.node;
    // A folder that is there keeps its owner's permissions; what lies in it is sealed.
    if !folder.is_dir() {
        make_private(folder).map_err(|error| io_fault(&error))?;
    }
    let now = Timestamp::from_second(node.now_s()).unwrap_or(Timestamp::UNIX_EPOCH);
    let name = format!("{PREFIX}{}{SUFFIX}", now.strftime(MOMENT));
    let path = folder.join(name);
    let ring = unpoisoned(desk.ring.lock());
    let made = backup::create_until(node.db(), &ring, &path, now, &mut |done, total| {
        if done % STEP_ROWS == 0 {
            step(steps, done, total, "writing the backup", "écriture de la sauvegarde");
        }
        if steps.go_on().is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let made = made.map_err(backup_fault)?;
    // What was written is read back from start to end. A backup that does not open is none.
    let read = backup::verify_own(&path, &ring, &mut |_, _| {});
    drop(ring);
    if read.as_ref() != Ok(&made) {
        drop(fs::remove_file(&path));
        return Err(backup_fault(read.err().unwrap_or(BackupError::Damaged)));
    }
    let entry = node.entry(actor, Action::BackupMade).n(made.n_rows).reference(made.digest);
    node.audit(vec![entry])?;
    prune(folder, desk.config.backup.keep);
    let made = Found { at_s: now.as_second(), path, bytes: made.n_bytes };
    let mut verified = verified(desk)?;
    verified.retain(|mark| mark.split_once(' ').is_some_and(|(_, file)| Path::new(file).exists()));
    verified.insert(made.mark());
    let text = verified.into_iter().collect::<Vec<_>>().join("\n");
    node.db().write("backup verified", |tx| {
        Ok::<_, Box<Fault>>(tx.put_meta(VERIFIED, text.as_bytes())?)
    })?;
    Ok(row(&made, true))
}

/// Under which name the store keeps which backups were read back.
const VERIFIED: &str = "backups-verified";

/// The backups that were read back after they were made: see [`Found::mark`].
fn verified(desk: &Desk) -> Outcome<BTreeSet<String>> {
    let bytes = desk.node.db().read(|tx| Ok::<_, Box<Fault>>(tx.meta(VERIFIED)?))?;
    let text = String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
    Ok(text.lines().map(str::to_owned).collect())
}

pub(in crate::answer) fn backup_list(
    desk: &Desk,
    _: &Staff,
    _: BackupListAsk,
    _: &Steps,
) -> Outcome<BackupListTold> {
    let folder = desk.home.backups(&desk.config);
    let verified = verified(desk)?;
    let row = |found: &Found| row(found, verified.contains(&found.mark()));
    Ok(BackupListTold {
        backups: found(&folder).iter().map(row).collect(),
        folder: folder.display().to_string(),
    })
}

/// When the newest backup of a folder was made; seconds since 1970.
pub(in crate::answer) fn newest(folder: &Path) -> Option<i64> {
    found(folder).first().map(|found| found.at_s)
}

/// The backups of a folder, the newest first.
fn found(folder: &Path) -> Vec<Found> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let at_s = moment_of(entry.file_name().to_str()?)?;
            Some(Found { at_s, path: entry.path(), bytes: entry.metadata().ok()?.len() })
        })
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    found
}

fn moment_of(name: &str) -> Option<i64> {
    let moment = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let moment = DateTime::strptime(MOMENT, moment).ok()?;
    Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

fn row(found: &Found, verified: bool) -> BackupRow {
    BackupRow {
        file: found.path.display().to_string(),
        at: instant(found.at_s),
        bytes: found.bytes,
        verified,
    }
}

/// Removes what is older than the `keep` newest; the newest always stays.
fn prune(folder: &Path, keep: u32) {
    let keep = usize::try_from(keep.max(1)).unwrap_or(usize::MAX);
    for old in found(folder).into_iter().skip(keep) {
        if fs::remove_file(&old.path).is_err() {
            tracing::warn!("an old backup could not be removed");
        }
    }
}

/// Makes backups at the hours that the settings say, until `stop` is cancelled.
///
/// One is due when the newest is as old as the settings allow, so a node that was off at night
/// makes it when it is up again.
pub async fn nightly_backups(desk: Arc<Desk>, stop: CancellationToken) {
    let every_s = i64::from(desk.config.backup.every_h) * 3600;
    if every_s == 0 {
        return;
    }
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
        let folder = desk.home.backups(&desk.config);
        if !is_due(newest(&folder), every_s, desk.node.now_s()) {
            continue;
        }
        let desk = Arc::clone(&desk);
        let make = move || create(&desk, Actor::Node, &folder, &Steps::silent());
        match tokio::task::spawn_blocking(make).await {
            Ok(Ok(backup)) => tracing::info!(bytes = backup.bytes, "backup made"),
            Ok(Err(fault)) => tracing::error!(code = %fault.code, "backup failed"),
            Err(_) => tracing::error!("backup failed"),
        }
    }
}

fn is_due(newest_s: Option<i64>, every_s: i64, now_s: i64) -> bool {
    newest_s.is_none_or(|newest_s| now_s - newest_s >= every_s)
}

/// A path that means the same to the node and to whoever typed it.
pub(in crate::answer) fn absolute(path: &str) -> Outcome<PathBuf> {
    crate::answer::exchange::absolute(path).map(Path::to_path_buf)
}

fn backup_fault(error: BackupError) -> Box<Fault> {
    match error {
        BackupError::Db(error) => error.into(),
        BackupError::Stopped => crate::jobs::stopped(),
        BackupError::KeyRing(error) => ring_fault(error),
        BackupError::Io { kind, .. } => io_fault(&kind.into()),
        error => Fault::new(
            1709,
            ("The backup was not made.", "La sauvegarde n’a pas été faite."),
            (
                "Name another folder: `entente backup create --folder FOLDER`.",
                "Indiquez un autre répertoire\u{a0}: `entente backup create --folder RÉPERTOIRE`.",
            ),
        )
        .in_detail(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_backup_is_known_by_its_name_and_only_the_oldest_are_pruned() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "entente-2026-11-20T010000Z.backup",
            "entente-2026-11-22T010000Z.backup",
            "entente-2026-11-21T010000Z.backup",
            "entente-notes.backup",
            "holiday.jpg",
        ] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        assert_eq!(found(folder.path()).len(), 3);
        assert_eq!(instant(newest(folder.path()).unwrap()), "2026-11-22T01:00:00Z");

        prune(folder.path(), 2);
        let days: Vec<_> = found(folder.path()).iter().map(|found| instant(found.at_s)).collect();
        assert_eq!(days, ["2026-11-22T01:00:00Z", "2026-11-21T01:00:00Z"]);
        prune(folder.path(), 0);
        assert_eq!(found(folder.path()).len(), 1);
        assert!(folder.path().join("holiday.jpg").exists());
    }

    #[test]
    fn a_backup_is_due_once_the_newest_is_old_enough_or_there_is_none() {
        assert!(is_due(None, 86_400, 1_000_000));
        assert!(is_due(Some(1_000_000 - 86_400), 86_400, 1_000_000));
        assert!(!is_due(Some(1_000_000 - 86_399), 86_400, 1_000_000));
    }
}
