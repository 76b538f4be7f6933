//! The console in a real browser: `tests/browser/console.mjs`, against the program as it is built.

use std::{path::Path, process::Command};

use crate::{metadata::cargo, run::run};

/// Builds the program, starts it and goes through its pages.
///
/// Fails on any finding of axe, any complaint of the browser, and any request to anywhere else.
pub(crate) fn check(root: &Path, target: &Path, modules: &Path) -> Result<(), String> {
    // As the tests build it: a build of the program alone would choose other features and begin anew.
    run(Command::new(cargo()).args(["test", "--no-run", "--workspace", "--locked"]))?;
    run(Command::new("node")
        .arg(root.join("tests/browser/console.mjs"))
        .arg(target.join("debug/entente"))
        .arg(target.join("browser/run"))
        .arg(root.join("docs/screens"))
        .env("ENTENTE_NODE_MODULES", modules))
}
