//! What the crash tests share: running `store-crash`, and comparing what it found with what it said.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
};

/// The engines that can lose something.
pub(crate) const ENGINES: [&str; 2] = ["sled", "redb"];

/// Small, seeded and good enough to choose moments by.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(mixed).unwrap() % limit
    }
}

/// How often to try, unless the environment asks for more.
pub(crate) fn rounds(variable: &str, in_ci: usize) -> usize {
    std::env::var(variable).map_or(in_ci, |rounds| rounds.parse().expect("a number of rounds"))
}

/// `store-crash` with its output captured.
pub(crate) fn store_crash(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_store-crash"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// What the writer said before it was stopped.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) begun: BTreeSet<String>,
    pub(crate) done: BTreeSet<String>,
}

impl Said {
    pub(crate) fn hear(&mut self, line: &str) {
        if let Some(change) = line.strip_prefix("begin ") {
            self.begun.insert(change.to_owned());
        }
        if let Some(change) = line.strip_prefix("done ") {
            self.done.insert(change.to_owned());
        }
    }

    /// Compares with what is in the store: all that is done, and nothing that was not begun.
    pub(crate) fn check(&self, folder: &Path, engine: &str) -> Result<(), String> {
        let folder = folder.to_str().unwrap();
        let output = store_crash(&["verify", folder, engine]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        if !text.ends_with("sound\n") {
            let last = text.lines().last().unwrap_or("nothing was said");
            return Err(format!("{last} ({})", output.status));
        }
        let found: BTreeSet<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix("found "))
            .map(str::to_owned)
            .collect();
        if let Some(lost) = self.done.difference(&found).next() {
            let n_lost = self.done.difference(&found).count();
            return Err(format!("{n_lost} of {} acknowledged are lost: {lost}", self.done.len()));
        }
        match found.difference(&self.begun).next() {
            Some(invented) => Err(format!("{invented} was never begun")),
            None => Ok(()),
        }
    }
}
