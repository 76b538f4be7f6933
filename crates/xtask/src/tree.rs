//! Who depends on whom, from `cargo tree`.
//!
//! `cargo metadata` also shows dependencies that no enabled feature asks for; a rule that refuses a
//! library would then refuse one that is never built.

use std::{collections::BTreeSet, process::Command};

use crate::metadata::cargo;

/// A crate in one version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// The crates that are built for some target, with tests and build scripts.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) releases: BTreeSet<Release>,
    /// The first depends on the second.
    pub(crate) edges: BTreeSet<(Release, Release)>,
}

impl Tree {
    pub(crate) fn read() -> Result<Tree, String> {
        let output = Command::new(cargo())
            .args(["tree", "--workspace", "--locked", "--target", "all"])
            .args(["--edges", "normal,build,dev", "--prefix", "depth", "--format", "{p}"])
            .output()
            .map_err(|e| format!("cargo tree did not start: {e}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("cargo tree refused: {}", said.trim()));
        }
        Ok(Tree::parse(&String::from_utf8_lossy(&output.stdout)))
    }

    /// Reads lines such as `2sled v0.34.7`: how deep, and what.
    pub(crate) fn parse(text: &str) -> Tree {
        let mut tree = Tree { releases: BTreeSet::new(), edges: BTreeSet::new() };
        let mut path: Vec<Release> = Vec::new();
        for line in text.lines() {
            let Some((depth, release)) = parse_line(line) else { continue };
            path.truncate(depth);
            if let Some(parent) = path.last() {
                tree.edges.insert((parent.clone(), release.clone()));
            }
            tree.releases.insert(release.clone());
            path.push(release);
        }
        tree
    }
}

fn parse_line(line: &str) -> Option<(usize, Release)> {
    let name_at = line.find(|c: char| !c.is_ascii_digit())?;
    let (depth, rest) = line.split_at(name_at);
    let mut words = rest.split_whitespace();
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    Some((depth.parse().ok()?, Release { name, version }))
}
