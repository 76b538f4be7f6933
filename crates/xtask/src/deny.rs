//! Checks `deny.toml` without cargo-deny: the direction of dependencies, licences and sources.
//!
//! One file says what is allowed, and two programs read it. This one needs no download, so the
//! layering holds on every machine; cargo-deny knows more (texts of licences, advisories) and runs
//! where it is installed.

use std::{collections::HashSet, fs, path::Path};

use serde::Deserialize;

use crate::{
    metadata::{Metadata, Package},
    spdx,
    tree::{Release, Tree},
};

/// The part of `deny.toml` that is read here. cargo-deny refuses unknown keys, so this need not.
#[derive(Debug, Deserialize)]
pub(crate) struct Rules {
    bans: Bans,
    licenses: Licences,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    /// A name, or a name and the versions that are refused: `h2@<0.4.16`.
    #[serde(rename = "crate")]
    spec: String,
    /// The crates that may name it all the same.
    #[serde(default)]
    wrappers: Vec<String>,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: HashSet<String>,
}

impl Rules {
    pub(crate) fn read(root: &Path) -> Result<Rules, String> {
        let text = fs::read_to_string(root.join("deny.toml"))
            .map_err(|e| format!("deny.toml cannot be read: {e}"))?;
        toml::from_str(&text).map_err(|e| format!("deny.toml is not understood: {e}"))
    }

    /// Every breach, as a sentence. Empty is good.
    pub(crate) fn breaches(&self, metadata: &Metadata, tree: &Tree) -> Vec<String> {
        let mut breaches: Vec<String> =
            self.bans.deny.iter().flat_map(|ban| ban.breaches(tree)).collect();
        breaches.extend(metadata.packages.iter().filter_map(|p| self.licence_breach(p)));
        breaches.extend(source_breaches(metadata));
        breaches.sort();
        breaches.dedup();
        breaches
    }

    fn licence_breach(&self, package: &Package) -> Option<String> {
        match package.license.clone().or_else(|| licence_by_text(package)) {
            Some(licence) if spdx::is_met(&licence, &self.licenses.allow) => None,
            Some(licence) => Some(format!(
                "{} {} is under `{licence}`, which [licenses] of deny.toml does not allow",
                package.name, package.version
            )),
            None => Some(format!("{} {} names no licence", package.name, package.version)),
        }
    }
}

impl Ban {
    fn breaches(&self, tree: &Tree) -> Vec<String> {
        if self.wrappers.is_empty() {
            let found = tree.releases.iter().filter(|release| self.covers(release));
            return found
                .map(|r| format!("{} {} is refused: {}", r.name, r.version, self.reason))
                .collect();
        }
        let named = tree.edges.iter().filter(|(_, to)| self.covers(to));
        named
            .filter(|(from, _)| !self.wrappers.contains(&from.name))
            .map(|(from, to)| {
                format!("{} may not depend on {}: {}", from.name, to.name, self.reason)
            })
            .collect()
    }

    fn covers(&self, release: &Release) -> bool {
        match self.spec.split_once("@<") {
            Some((name, below)) => {
                release.name == name && version(&release.version) < version(below)
            }
            None => release.name == self.spec,
        }
    }
}

/// The licence of a package that names only a file. cargo-deny compares the whole text; here its
/// title decides.
fn licence_by_text(package: &Package) -> Option<String> {
    let folder = package.manifest_path.parent()?;
    let text = fs::read_to_string(folder.join(package.license_file.as_ref()?)).ok()?;
    licence_titled(text.lines().next()?).map(str::to_owned)
}

fn licence_titled(title: &str) -> Option<&'static str> {
    (title.trim() == "MIT License").then_some("MIT")
}

/// `0.4.16` as numbers that compare; what follows a `-` or `+` does not count.
fn version(text: &str) -> Vec<u64> {
    let release = text.split(['-', '+']).next().unwrap_or_default();
    let mut numbers: Vec<u64> = release.split('.').map_while(|n| n.parse().ok()).collect();
    numbers.resize(3, 0);
    numbers
}

/// One registry and this workspace; anything from Git or a second registry is a breach.
fn source_breaches(metadata: &Metadata) -> Vec<String> {
    let outside = metadata.packages.iter().filter_map(|p| Some((p, p.source.as_deref()?)));
    let (registry, other): (Vec<_>, Vec<_>) =
        outside.partition(|(_, source)| source.starts_with("registry+"));
    let mut breaches: Vec<String> = other
        .iter()
        .map(|(p, source)| format!("{} {} comes from {source}", p.name, p.version))
        .collect();
    let registries: HashSet<&str> = registry.iter().map(|(_, source)| *source).collect();
    if registries.len() > 1 {
        breaches.push(format!("crates come from {} registries", registries.len()));
    }
    breaches
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Rules, licence_titled};
    use crate::{metadata::Metadata, tree::Tree};

    const RULES: &str = r#"
        [bans]
        deny = [
            { crate = "sled", wrappers = ["store"], reason = "the store only" },
            { crate = "openssl", reason = "never" },
            { crate = "h2@<0.4.16", reason = "a hole" },
        ]
        [licenses]
        allow = ["MIT"]
    "#;

    fn tree_breaches(text: &str) -> Vec<String> {
        breaches(&[], text)
    }

    fn package_breaches(packages: &[(&str, Option<&str>, Option<&str>)]) -> Vec<String> {
        let packages: Vec<Value> = packages
            .iter()
            .map(|(name, licence, source)| {
                json!({
                    "id": name, "name": name, "version": "1.0.0", "license": licence,
                    "source": source, "repository": null, "manifest_path": "Cargo.toml",
                })
            })
            .collect();
        breaches(&packages, "")
    }

    fn breaches(packages: &[Value], tree: &str) -> Vec<String> {
        let metadata: Metadata = serde_json::from_value(json!({
            "packages": packages, "resolve": {"nodes": []},
            "workspace_root": "", "target_directory": "",
        }))
        .unwrap();
        toml::from_str::<Rules>(RULES).unwrap().breaches(&metadata, &Tree::parse(tree))
    }

    #[test]
    fn a_wrapper_may_name_the_library() {
        assert!(tree_breaches("0store v0.1.0 (somewhere)\n1sled v0.34.7\n").is_empty());
    }

    #[test]
    fn another_crate_may_not() {
        let tree = "0node v0.1.0\n1store v0.1.0\n2sled v0.34.7\n1tokio v1.0.0\n1sled v0.34.7 (*)\n";
        assert_eq!(tree_breaches(tree), ["node may not depend on sled: the store only"]);
    }

    #[test]
    fn a_library_without_wrappers_may_not_be_there_at_all() {
        assert_eq!(tree_breaches("0openssl v0.1.0"), ["openssl 0.1.0 is refused: never"]);
    }

    #[test]
    fn a_version_with_a_known_hole_is_refused_and_a_later_one_is_not() {
        assert_eq!(tree_breaches("0h2 v0.4.9"), ["h2 0.4.9 is refused: a hole"]);
        assert!(tree_breaches("0h2 v0.4.16\n\n0h2 v0.4.20\n\n0h2 v0.5.0\n").is_empty());
    }

    #[test]
    fn a_licence_must_be_named_and_allowed() {
        assert_eq!(package_breaches(&[("a", None, None)]), ["a 1.0.0 names no licence"]);
        assert_eq!(package_breaches(&[("a", Some("GPL-3.0"), None)]).len(), 1);
        assert!(package_breaches(&[("a", Some("MIT"), None)]).is_empty());
    }

    #[test]
    fn a_licence_that_only_a_file_names_is_known_by_its_title() {
        assert_eq!(licence_titled("MIT License"), Some("MIT"));
        assert_eq!(licence_titled("MIT License, with one exception"), None);
        assert_eq!(licence_titled(""), None);
    }

    #[test]
    fn git_and_a_second_registry_are_refused() {
        let from = |sources: &[&'static str]| {
            let packages: Vec<_> = sources.iter().map(|s| ("a", Some("MIT"), Some(*s))).collect();
            package_breaches(&packages).len()
        };
        assert_eq!(from(&["git+https://example.org/a"]), 1);
        assert_eq!(from(&["registry+x", "registry+y"]), 1);
        assert_eq!(from(&["registry+x", "registry+x"]), 0);
    }
}
