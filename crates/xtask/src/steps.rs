//! `cargo xtask test`: the checks in order, each with a heading, a verdict and how long it took.
//!
//! A step that fails does not stop the ones after it: one run tells everything that is wrong. The
//! last line is `N passed, N failed, N skipped`: the tests that ran, and one for each other check.

use std::{process::Command, time::Instant};

use crate::{
    browser,
    deny::Rules,
    licences,
    metadata::{Metadata, cargo},
    repository,
    run::{answers, duration, run, run_tests},
    tally::Tally,
    tools,
    tree::Tree,
};

/// How one check ended.
enum Verdict {
    Passed,
    Failed(String),
    Skipped(String),
}

use Verdict::{Failed, Passed, Skipped};

impl From<Result<(), String>> for Verdict {
    fn from(result: Result<(), String>) -> Verdict {
        result.map_or_else(Failed, |()| Passed)
    }
}

struct Step {
    name: &'static str,
    what: &'static str,
    check: fn(&Metadata, &mut Tally) -> Verdict,
}

const STEPS: [Step; 11] = [
    Step { name: "tools", what: "what the checks need", check: prepare },
    Step { name: "format", what: "cargo fmt --check", check: format },
    Step { name: "repository", what: "words and files", check: repository },
    Step { name: "layers", what: "deny.toml: layers, licences, sources", check: layers },
    Step { name: "deny", what: "cargo-deny, with the licence texts", check: deny },
    Step { name: "advisories", what: "cargo-deny, known holes", check: advisories },
    Step { name: "clippy", what: "cargo clippy, warnings are errors", check: clippy },
    Step {
        name: "tests",
        what: "unit, property, simulation, socket and crash tests",
        check: tests,
    },
    Step { name: "browser", what: "the console in Chromium, looked at by axe", check: browser },
    Step { name: "doctests", what: "examples in the documentation", check: doctests },
    Step { name: "docs", what: "cargo doc, warnings are errors", check: docs },
];

/// Runs every step, or those named and `tools`, which the others need.
pub(crate) fn test(wanted: &[String]) -> Result<(), String> {
    if let Some(unknown) = wanted.iter().find(|name| !STEPS.iter().any(|s| s.name == **name)) {
        return Err(format!("there is no step `{unknown}`; there are {}", names()));
    }
    let metadata = Metadata::read(None)?;
    std::env::set_current_dir(metadata.root())
        .map_err(|e| format!("{} cannot be entered: {e}", metadata.root().display()))?;
    let started = Instant::now();
    let is_wanted = |step: &&Step| {
        wanted.is_empty() || step.name == "tools" || wanted.iter().any(|name| name == step.name)
    };
    let steps: Vec<&Step> = STEPS.iter().filter(is_wanted).collect();
    let mut total = Tally::default();
    let mut summary = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        println!("\n=== {}/{} {}: {}", at + 1, steps.len(), step.name, step.what);
        let (tally, line) = take(step, &metadata);
        println!("--- {line}");
        total = total.plus(tally);
        summary.push(line);
    }
    println!("\n=== summary, {}\n{}\n", duration(started.elapsed()), summary.join("\n"));
    println!("{total}");
    if total.failed == 0 { Ok(()) } else { Err("something failed; see the summary".to_owned()) }
}

/// The names of the steps, in order.
pub(crate) fn names() -> String {
    STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ")
}

/// Takes one step: what it counts for, and a line about it.
fn take(step: &Step, metadata: &Metadata) -> (Tally, String) {
    let started = Instant::now();
    let mut tests = Tally::default();
    let verdict = (step.check)(metadata, &mut tests);
    let took = duration(started.elapsed());
    let ran_tests = tests != Tally::default();
    let mut tally = tests;
    let word = match verdict {
        Passed => {
            tally.passed += u64::from(!ran_tests);
            "passed".to_owned()
        }
        // A run that broke off before it counted a failure is a failure all the same.
        Failed(why) => {
            tally.failed = tally.failed.max(1);
            format!("FAILED: {why}")
        }
        Skipped(why) => {
            tally.skipped += 1;
            format!("skipped: {why}")
        }
    };
    let counts = if ran_tests { format!(" ({tests})") } else { String::new() };
    (tally, format!("{:<11} {took:>13}  {word}{counts}", step.name))
}

fn prepare(metadata: &Metadata, _: &mut Tally) -> Verdict {
    tools::prepare(metadata.root(), &metadata.target_directory).into()
}

fn format(_: &Metadata, _: &mut Tally) -> Verdict {
    run(Command::new(cargo()).args(["fmt", "--all", "--check"])).into()
}

fn repository(metadata: &Metadata, _: &mut Tally) -> Verdict {
    let found = repository::findings(metadata.root());
    found.and_then(|findings| none_of(&findings, "findings")).into()
}

fn layers(metadata: &Metadata, _: &mut Tally) -> Verdict {
    let rules = Rules::read(metadata.root());
    rules
        .and_then(|rules| Ok(rules.breaches(metadata, &Tree::read()?)))
        .and_then(|breaches| none_of(&breaches, "breaches of deny.toml"))
        .and_then(|()| licences::is_current(metadata.root()))
        .into()
}

fn none_of(found: &[String], what: &str) -> Result<(), String> {
    found.iter().for_each(|line| println!("{line}"));
    if found.is_empty() { Ok(()) } else { Err(format!("{} {what}", found.len())) }
}

const DENY_IS_MISSING: &str = "cargo-deny is not installed (cargo install --locked cargo-deny)";

fn deny(_: &Metadata, _: &mut Tally) -> Verdict {
    if !answers("cargo-deny", &["--version"]) {
        return Skipped(format!("{DENY_IS_MISSING}; the step `layers` has read the same rules"));
    }
    // A wrapper that nobody uses yet is room, not a mistake.
    let rules = ["--offline", "check", "-A", "unused-wrapper", "bans", "licenses", "sources"];
    run(Command::new("cargo-deny").args(rules)).into()
}

fn advisories(_: &Metadata, _: &mut Tally) -> Verdict {
    if !answers("cargo-deny", &["--version"]) {
        return Skipped(DENY_IS_MISSING.to_owned());
    }
    let output = match Command::new("cargo-deny").args(["check", "advisories"]).output() {
        Ok(output) => output,
        Err(e) => return Failed(format!("cargo-deny did not start: {e}")),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Passed
    } else if said.contains("failed to fetch advisory database") {
        Skipped("the advisory database cannot be fetched from here".to_owned())
    } else {
        println!("{said}");
        Failed("advisories apply".to_owned())
    }
}

fn clippy(_: &Metadata, _: &mut Tally) -> Verdict {
    let what = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    run(Command::new(cargo()).args(what)).into()
}

fn tests(metadata: &Metadata, tally: &mut Tally) -> Verdict {
    let python = tools::python(&metadata.target_directory);
    let mut command = Command::new(cargo());
    if tools::has_nextest() {
        command.args(["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]);
    } else {
        println!("cargo-nextest is not installed; plain cargo test runs the same tests");
        command.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
        command.args(["--lib", "--bins", "--tests"]);
    }
    with_tally(command.env("ENTENTE_PYTHON", python), tally)
}

fn browser(metadata: &Metadata, _: &mut Tally) -> Verdict {
    let (root, target) = (metadata.root(), &metadata.target_directory);
    // A machine that cannot get a browser can still tell whether everything else holds.
    match tools::browser(root, target) {
        Ok(modules) => browser::check(root, target, &modules).into(),
        Err(why) => Skipped(why),
    }
}

fn doctests(_: &Metadata, tally: &mut Tally) -> Verdict {
    let what = ["test", "--workspace", "--doc", "--locked", "--no-fail-fast"];
    with_tally(Command::new(cargo()).args(what), tally)
}

fn with_tally(command: &mut Command, tally: &mut Tally) -> Verdict {
    let (counted, outcome) = run_tests(command);
    *tally = counted;
    outcome.into()
}

fn docs(_: &Metadata, _: &mut Tally) -> Verdict {
    let what = ["doc", "--workspace", "--no-deps", "--locked"];
    run(Command::new(cargo()).args(what).env("RUSTDOCFLAGS", "-D warnings")).into()
}
