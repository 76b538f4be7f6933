//! A disk that fails a sync, or is full.
//!
//! The recorder of `power_loss.rs` plays the disk. After a failed sync nobody knows which pages
//! reached the disk, and a second sync may succeed without them; so nothing is acknowledged from
//! there on, and the node must be started again.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "this file is a test")]

mod common;
#[path = "powerloss/recorder.rs"]
mod recorder;

use std::{fs, path::Path};

use common::{ENGINES, Random, Said, rounds, store_crash};
use recorder::{Disk, Entry, Loss, compile, record};

#[test]
fn nothing_is_acknowledged_after_a_sync_that_failed() {
    for engine in ENGINES {
        let place = tempfile::tempdir().unwrap();
        let library = compile(place.path());
        let mut random = Random(0x5EED_0003);
        let mut n_failed_while_writing = 0;
        for nth in 1..=rounds("ENTENTE_SYNC_FAILURES", 30) {
            let folder = place.path().join(format!("{engine}-{nth}"));
            let log = place.path().join("log");
            fs::create_dir(&folder).unwrap();
            let text = write(engine, &folder, &library, &log, ("ENTENTE_FAIL_SYNC", nth));
            assert!(text.contains("failed "), "{engine}: sync {nth} failed and nobody noticed");
            n_failed_while_writing += usize::from(text.contains("begin "));

            // On the disk is what the syncs before it guarantee, even if the power fails now.
            let mut disk = Disk::default();
            Entry::parse_all(&fs::read(&log).unwrap()).iter().for_each(|entry| disk.see(entry));
            let said = heard(&text);
            for loss in Loss::ALL {
                let left = tempfile::tempdir_in(place.path()).unwrap();
                disk.leave(loss, &mut random, &folder, left.path());
                assert_eq!(said.check(left.path(), engine), Ok(()), "{engine}, sync {nth}");
            }
            assert_eq!(said.check(&folder, engine), Ok(()), "{engine}, sync {nth}");
            fs::remove_file(&log).unwrap();
        }
        assert!(n_failed_while_writing > 5, "{engine}: {n_failed_while_writing}");
    }
}

#[test]
fn a_full_disk_refuses_writes_and_loses_nothing() {
    for engine in ENGINES {
        let place = tempfile::tempdir().unwrap();
        let library = compile(place.path());
        let mut n_full_while_writing = 0;
        for kib in (16..3000).step_by(400) {
            let folder = place.path().join(format!("{engine}-{kib}"));
            fs::create_dir(&folder).unwrap();
            let log = place.path().join("log");
            let room = ("ENTENTE_FULL_AFTER", kib * 1024);
            let text = write(engine, &folder, &library, &log, room);
            let said = heard(&text);
            if text.contains("begin ") && text.contains("failed ") {
                n_full_while_writing += 1;
                assert!(text.contains("the disk is full"), "{engine}: {:?}", text.lines().last());
            }
            // Room was made, and the node started again.
            assert_eq!(said.check(&folder, engine), Ok(()), "{engine}, full after {kib} KiB");
        }
        assert!(n_full_while_writing > 1, "{engine}: {n_full_while_writing}");
    }
}

fn write(
    engine: &str,
    folder: &Path,
    library: &Path,
    log: &Path,
    (failure, when): (&str, usize),
) -> String {
    let mut command = store_crash(&["write", folder.to_str().unwrap(), engine, "1", "150"]);
    record(&mut command, library, folder, log);
    let output = command.env(failure, when.to_string()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn heard(text: &str) -> Said {
    let mut said = Said::default();
    text.lines().for_each(|line| said.hear(line));
    said
}
