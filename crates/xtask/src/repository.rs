//! Looks at the files themselves: what may not be in them, and how long they are.
//!
//! A word that is found fails the check unless `crates/xtask/allowed.toml` names the file, the word and a
//! reason; an exception that is no longer needed fails too. Long files are only listed.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use crate::fault_codes::{self, FaultCodes};

/// Longer than this, a file is listed: it should have been two.
const LONG_LINES: usize = 700;

/// What may not stand in a Rust file.
const IN_RUST: [(&str, &str); 4] = [
    ("todo!", "finish it, or say in the documentation that it is absent"),
    ("unimplemented!", "finish it, or say in the documentation that it is absent"),
    ("#[ignore", "a test runs, or is removed"),
    ("thread::sleep(", "wait for the thing itself"),
];

/// What may not stand in a test. A node may wait for its next turn; a test that waits is slow
/// where the machine is fast, and fails where it is slow.
const IN_TESTS: [(&str, &str); 1] = [("sleep(", "wait for the thing itself, or pause the clock")];

/// What may not stand in any file. Package clients know their registry, and a mirror replaces it:
/// a repository that chooses one builds in one place only.
const ANYWHERE: [(&str, &str); 6] = [
    ("/home/", "a folder of one machine"),
    ("/Users/", "a folder of one machine"),
    ("index-url", "a choice of registry"),
    ("replace-with", "a choice of registry"),
    ("npm_config_registry", "a choice of registry"),
    ("[registries.", "a choice of registry"),
];

/// These hold the words because they are about them.
const ABOUT_THE_WORDS: [&str; 2] = ["crates/xtask/allowed.toml", "crates/xtask/src/repository.rs"];

/// Folders that every machine has, so that naming them tells nothing.
const EVERYWHERE: [&str; 9] =
    ["/", "/etc", "/home", "/mnt", "/opt", "/src", "/srv", "/tmp", "/var"];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    #[serde(default)]
    allowed: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    path: String,
    word: String,
    reason: String,
}

/// Every finding, as a line. Empty is good. Long files are printed, and are no finding.
pub(crate) fn findings(root: &Path) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(root.join("crates/xtask/allowed.toml"))
        .map_err(|e| format!("crates/xtask/allowed.toml cannot be read: {e}"))?;
    let exceptions: Allowed = toml::from_str(&text)
        .map_err(|e| format!("crates/xtask/allowed.toml is not understood: {e}"))?;
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let words = Words::new(root, home.as_deref());
    let mut needed = HashSet::new();
    let mut findings = Vec::new();
    for path in files(root)? {
        // What is not text (an XLSX file, say) cannot hold a word that anybody reads.
        let Ok(text) = fs::read_to_string(root.join(&path)) else { continue };
        let path = path.display().to_string();
        let n_lines = text.lines().count();
        if path.ends_with(".rs") && n_lines > LONG_LINES {
            println!("long: {path} has {n_lines} lines");
        }
        if ABOUT_THE_WORDS.contains(&path.as_str()) {
            continue;
        }
        for finding in words.found_in(&path, &text) {
            match exceptions.allowed.iter().position(|e| e.path == path && e.word == finding.word) {
                Some(exception) => {
                    needed.insert(exception);
                }
                None => findings.push(finding.to_string()),
            }
        }
    }
    for (at, exception) in exceptions.allowed.iter().enumerate() {
        if !needed.contains(&at) {
            findings.push(format!(
                "crates/xtask/allowed.toml allows `{}` in {}, where it is not",
                exception.word, exception.path
            ));
        }
        if exception.reason.trim().is_empty() {
            findings.push(format!("crates/xtask/allowed.toml: {} needs a reason", exception.path));
        }
    }
    findings.extend(fault_code_findings(root)?);
    Ok(findings)
}

/// What is wrong with the codes of faults.
pub(crate) fn fault_code_findings(root: &Path) -> Result<Vec<String>, String> {
    let mut codes = FaultCodes::default();
    for path in files(root)? {
        let name = path.display().to_string();
        // The crates that make faults; this one speaks of them.
        let makes_faults = name.starts_with("crates/entente") && name.ends_with(".rs");
        let text = fs::read_to_string(root.join(&path)).ok().filter(|_| makes_faults);
        let Some(text) = text else { continue };
        let n_lines = first_test_line(&name, &text);
        codes.read(&name, &text.lines().take(n_lines).collect::<Vec<_>>().join("\n"));
    }
    let manual = fs::read_to_string(root.join(fault_codes::MANUAL))
        .map_err(|e| format!("{} cannot be read: {e}", fault_codes::MANUAL))?;
    Ok(codes.findings(&manual))
}

#[derive(Debug)]
struct Finding<'a> {
    path: &'a str,
    line: usize,
    word: &'a str,
    why: &'static str,
}

impl std::fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: `{}`: {}", self.path, self.line, self.word, self.why)
    }
}

/// The words to look for, with the folders of the machine that looks.
struct Words {
    anywhere: Vec<(String, &'static str)>,
}

impl Words {
    fn new(root: &Path, home: Option<&Path>) -> Words {
        let folders = [Some(root), root.parent(), home].into_iter().flatten();
        let folders = folders
            .map(|folder| folder.display().to_string())
            .filter(|folder| !EVERYWHERE.contains(&folder.as_str()))
            .map(|folder| (format!("{folder}/"), "a folder of this machine"));
        let fixed = ANYWHERE.iter().map(|&(word, why)| (word.to_owned(), why));
        Words { anywhere: fixed.chain(folders).collect() }
    }

    fn found_in<'a>(&'a self, path: &'a str, text: &'a str) -> impl Iterator<Item = Finding<'a>> {
        let is_rust = path.ends_with(".rs");
        let tests_begin = first_test_line(path, text);
        text.lines().enumerate().flat_map(move |(at, line)| {
            let rust = IN_RUST.iter().filter(move |_| is_rust);
            let tests = IN_TESTS.iter().filter(move |_| is_rust && at >= tests_begin);
            let anywhere = self.anywhere.iter().map(|(word, why)| (word.as_str(), *why));
            let words = anywhere.chain(rust.chain(tests).copied());
            let found = words.filter(move |(word, _)| line.contains(word));
            found.map(move |(word, why)| Finding { path, line: at + 1, word, why })
        })
    }
}

/// Tests stand last in a file, or fill it.
fn first_test_line(path: &str, text: &str) -> usize {
    if path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs") {
        return 0;
    }
    // Not `mod name;`, which may stand at the top and whose tests are in another file.
    let pairs = text.lines().zip(text.lines().skip(1));
    let begins = |(line, next): (&str, &str)| line == "#[cfg(test)]" && next.ends_with('{');
    pairs.into_iter().position(begins).unwrap_or(usize::MAX)
}

/// The files of the repository, committed or about to be; without Git, all but `target`.
fn files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let git = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    match git {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout)
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
            .collect()),
        _ => walk(root),
    }
}

fn walk(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let unreadable = |e| format!("{} cannot be read: {e}", folder.display());
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let inside = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
            if path.is_dir() {
                let is_ours = inside != Path::new("target") && inside != Path::new(".git");
                folders.extend(is_ours.then_some(path));
            } else {
                found.push(inside);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Words;

    fn found(path: &str, text: &str) -> Vec<String> {
        let words = Words::new(Path::new("/srv/checkout"), Some(Path::new("/people/me")));
        words.found_in(path, text).map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn an_unfinished_function_is_found_with_its_line() {
        let found = found("a.rs", "fn f() {\n    todo!()\n}\n");
        assert_eq!(found.len(), 1);
        assert!(found.iter().all(|line| line.starts_with("a.rs:2: `todo!`")), "{found:?}");
    }

    #[test]
    fn a_node_may_wait_for_its_turn_and_a_test_may_not() {
        let text =
            "async fn f() { time::sleep(turn).await }\n#[cfg(test)]\nmod tests {\nsleep(1)\n";
        let lines = found("crates/a/src/b.rs", text);
        assert_eq!(lines.len(), 1);
        assert!(lines.iter().all(|line| line.contains(":4: `sleep(`")), "{lines:?}");
        assert_eq!(found("tests/tests/b.rs", "sleep(1)").len(), 1);
        assert_eq!(found("crates/a/src/b.rs", "std::thread::sleep(second)").len(), 1);
    }

    #[test]
    fn prose_may_speak_of_sleep() {
        assert!(found("a.md", "Call sleep() for a while.").is_empty());
    }

    #[test]
    fn the_folders_of_this_machine_may_not_be_named_and_those_of_every_machine_may() {
        assert_eq!(found("a.md", "See /people/me/notes and /srv/checkout/target.").len(), 2);
        assert!(found("a.md", "Data is in /srv/entente, settings in /etc/entente.").is_empty());
    }
}
