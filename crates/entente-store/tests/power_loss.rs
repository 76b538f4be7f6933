//! Cuts the power at any moment, as far as one can without a disk to ruin.
//!
//! `store-crash` runs under a recorder twice, killed the first time, so that the second opens what
//! was in the page cache alone. The record is then cut at random entries; what the finished syncs
//! guarantee, and some of the rest, is written to a new folder, and `store-crash verify` must find
//! in it everything that was acknowledged before the cut.
//!
//! `ENTENTE_POWER_POINTS=200 cargo nextest run -p entente-store power` cuts more often.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "this file is a test")]

mod common;
#[path = "powerloss/recorder.rs"]
mod recorder;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
};

use common::{ENGINES, Random, Said, rounds, store_crash};
use recorder::{Disk, Entry, Loss, compile, record};

#[test]
fn every_acknowledged_write_survives_a_power_cut() {
    for engine in ENGINES {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("store");
        fs::create_dir(&folder).unwrap();
        let log = place.path().join("log");
        let library = compile(place.path());
        run(engine, &folder, &library, &log, Some(300));
        run(engine, &folder, &library, &log, None);
        let entries = Entry::parse_all(&fs::read(&log).unwrap());
        for entry in &entries {
            // sled syncs what it puts into files of their own, but never their names.
            let is_nameless =
                matches!(entry, Entry::Create { path, .. } if path.contains("/blobs/"));
            assert!(!is_nameless, "{engine} put a node into a file of its own: {entry:?}");
        }

        let mut random = Random(0x5EED_0002);
        let n_points = rounds("ENTENTE_POWER_POINTS", 12);
        let mut points: Vec<usize> = (0..n_points).map(|_| random.below(entries.len())).collect();
        // Creating and opening a store are a small part of the record and the most delicate.
        let openings = entries.iter().enumerate().filter(|(_, entry)| says(entry, "open\n"));
        for (opened, _) in openings {
            points.extend((0..n_points / 2).map(|_| opened - random.below(opened.min(60)) + 3));
        }
        points.sort_unstable();

        let (mut disk, mut n_seen) = (Disk::default(), 0);
        for point in points {
            for entry in &entries[n_seen..point] {
                disk.see(entry);
            }
            n_seen = point;
            for loss in Loss::ALL {
                let left = tempfile::tempdir_in(place.path()).unwrap();
                disk.leave(loss, &mut random, &folder, left.path());
                let mut said = Said::default();
                disk.said.lines().for_each(|line| said.hear(line));
                let checked = said.check(left.path(), engine);
                assert_eq!(
                    checked,
                    Ok(()),
                    "{engine}, {loss:?}, cut at {point} of {} with {} acknowledged",
                    entries.len(),
                    said.done.len()
                );
            }
        }
        while n_seen < entries.len() {
            disk.see(&entries[n_seen]);
            n_seen += 1;
        }
        let n_acks = disk.said.matches("done ").count();
        assert!(n_acks > 300, "{engine}: only {n_acks} writes were recorded");
    }
}

fn says(entry: &Entry, line: &str) -> bool {
    matches!(entry, Entry::Said(text) if text == line)
}

/// Writes; kills the writer after so many lines, or lets it finish.
fn run(engine: &str, folder: &Path, library: &Path, log: &Path, kill_after: Option<usize>) {
    let run = if kill_after.is_some() { "1" } else { "2" };
    let mut command = store_crash(&["write", folder.to_str().unwrap(), engine, run, "60"]);
    record(&mut command, library, folder, log);
    let mut writer = command.spawn().unwrap();
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut last = String::new();
    for (n, line) in lines.enumerate() {
        last = line.unwrap();
        if Some(n) == kill_after {
            writer.kill().unwrap();
        }
    }
    let status = writer.wait().unwrap();
    assert_eq!(status.success(), kill_after.is_none(), "{engine}: {last}");
}
