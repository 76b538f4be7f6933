//! Programs in another language: where their interpreter is.
//!
//! They are in `tests/python`; what they need is installed by `cargo xtask test`, which names the
//! interpreter in `ENTENTE_PYTHON`. Without one, and without an environment in `target/venv`, a test
//! says that it was skipped.

use std::path::{Path, PathBuf};

/// The interpreter with the packages, or `None` with a word about it.
pub fn interpreter() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("ENTENTE_PYTHON") {
        // Whoever names one wants the test to run.
        return Some(named.into());
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top().join("target"), PathBuf::from);
    let found = Some(target.join("venv/bin/python")).filter(|python| python.exists());
    if found.is_none() {
        eprintln!("skipped: ENTENTE_PYTHON is not set and there is no target/venv");
    }
    found
}

/// Where a program of `tests/python` is.
pub fn program(name: &str) -> PathBuf {
    top().join("tests/python").join(name)
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
