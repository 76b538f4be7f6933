//! Notices a store that has silently gone back.
//!
//! An engine that finds a bad checksum at the end of its log takes it for a write that a power cut
//! tore, and drops it and all that follows. One flipped bit far before the end looks the same: of 150
//! single flips in a sled store, 42 opened without a word and with rows missing.
//!
//! So every commit is numbered, in a row of its own, and after each sync the number is also written
//! to the file `mark`, without waiting for it. The mark never runs ahead of what is durable: a store
//! whose own number is lower has lost commits. This does not show that the whole folder is
//! yesterday's; the checkpoints that partners keep do.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::FileExt as _,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use super::EngineError;

/// Where an engine keeps the number of its last commit. No table has this prefix.
pub(super) const NUMBER_KEY: &[u8] = &[u8::MAX, b'n'];

const FILE: &str = "mark";

pub(super) struct Mark {
    file: File,
    number: AtomicU64,
}

impl Mark {
    /// Compares the mark in `folder` with the number that the store has.
    pub(super) fn open(
        folder: &Path,
        engine: &'static str,
        stored: Option<&[u8]>,
    ) -> Result<Self, EngineError> {
        let io = |error: io::Error| EngineError::io("reading the store's mark", &error);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(folder.join(FILE))
            .map_err(io)?;
        let mut marked = Vec::new();
        file.read_to_end(&mut marked).map_err(io)?;
        let number = stored.and_then(|stored| stored.try_into().ok()).map_or(0, u64::from_be_bytes);
        if parse(&marked).is_some_and(|marked| number < marked) {
            return Err(EngineError::Corrupt { engine });
        }
        Ok(Self { file, number: AtomicU64::new(number) })
    }

    /// The number for the next commit, to be put at [`NUMBER_KEY`].
    pub(super) fn next(&self) -> [u8; 8] {
        // Engines are driven by one committing thread.
        (self.number.load(Ordering::Relaxed) + 1).to_be_bytes()
    }

    /// The commit is durable.
    pub(super) fn committed(&self) {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let mut mark = [0; 16];
        for (place, byte) in
            mark.iter_mut().zip(number.to_be_bytes().into_iter().chain((!number).to_be_bytes()))
        {
            *place = byte;
        }
        if let Err(error) = self.file.write_all_at(&mark, 0) {
            // The commit stands; a mark that is too low only notices less.
            tracing::warn!(error = %error.kind(), "the store's mark was not written");
        }
    }
}

/// The number and its complement; anything else is a mark that a power cut tore.
fn parse(mark: &[u8]) -> Option<u64> {
    let (number, complement) = mark.split_first_chunk()?;
    let number = u64::from_be_bytes(*number);
    (complement == (!number).to_be_bytes()).then_some(number)
}
