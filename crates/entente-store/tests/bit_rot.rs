//! Flips bits in a store's files: the right rows come back, or an error does.
//!
//! Never wrong rows, never fewer rows without a word, never a panic.
//! `ENTENTE_BIT_FLIPS=1000 cargo nextest run -p entente-store bit` flips more.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
};

use common::{ENGINES, Random, Said, rounds, store_crash};

#[test]
fn a_flipped_bit_is_harmless_or_an_error() {
    for engine in ENGINES {
        let place = tempfile::tempdir().unwrap();
        let whole = place.path().join("whole");
        let output = store_crash(&["write", whole.to_str().unwrap(), engine, "1", "60"]).output();
        let mut said = Said::default();
        String::from_utf8(output.unwrap().stdout).unwrap().lines().for_each(|line| said.hear(line));

        let mut random = Random(0x5EED_0004);
        let mut n_noticed = 0;
        for _ in 0..rounds("ENTENTE_BIT_FLIPS", 40) {
            let rotten = place.path().join("rotten");
            let files = copy(&whole, &rotten);
            let file = &files[random.below(files.len())];
            let mut bytes = fs::read(file).unwrap();
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
            fs::write(file, bytes).unwrap();

            let checked = said.check(&rotten, engine);
            if let Err(problem) = checked {
                n_noticed += 1;
                // A panic has another exit status; lost rows are told without `failed`.
                let file = file.file_name().unwrap();
                assert!(problem.starts_with("failed "), "{engine}, {file:?} at {at}: {problem}");
            }
            fs::remove_dir_all(&rotten).unwrap();
        }
        assert!(n_noticed > 0, "{engine}");
    }
}

/// Copies a folder; returns the files that hold rows, the large ones more often.
fn copy(from: &Path, to: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            files.extend(copy(&entry.path(), &target));
            continue;
        }
        fs::copy(entry.path(), &target).unwrap();
        let len = entry.metadata().unwrap().len();
        let below_store = from.file_name().is_some_and(|name| name != "whole");
        if len > 0 && below_store {
            files.extend(std::iter::repeat_n(target, if len > 10_000 { 6 } else { 1 }));
        }
    }
    files
}
