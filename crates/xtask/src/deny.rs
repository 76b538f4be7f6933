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
    pub(crate) fn breaches(&self, metadata: &Metadata) -> Vec<String> {
        let mut breaches: Vec<String> =
            self.bans.deny.iter().flat_map(|ban| ban.breaches(metadata)).collect();
        breaches.extend(metadata.packages.iter().filter_map(|p| self.licence_breach(p)));
        breaches.extend(source_breaches(metadata));
        breaches.sort();
        breaches.dedup();
        breaches
    }

    fn licence_breach(&self, package: &Package) -> Option<String> {
        match &package.license {
            Some(licence) if spdx::is_met(licence, &self.licenses.allow) => None,
            Some(licence) => Some(format!(
                "{} {} is under `{licence}`, which [licenses] of deny.toml does not allow",
                package.name, package.version
            )),
            None => Some(format!("{} {} names no licence", package.name, package.version)),
        }
    }
}

impl Ban {
    fn breaches(&self, metadata: &Metadata) -> Vec<String> {
        let packages = metadata.by_id();
        let is_banned = |id: &str| packages.get(id).is_some_and(|p| self.covers(p));
        if self.wrappers.is_empty() {
            let found = metadata.packages.iter().filter(|p| self.covers(p));
            return found
                .map(|p| format!("{} {} is refused: {}", p.name, p.version, self.reason))
                .collect();
        }
        let edges = metadata.resolve.nodes.iter().filter_map(|node| {
            let from = packages.get(node.id.as_str())?;
            let to = node.deps.iter().find(|dependency| is_banned(&dependency.pkg))?;
            Some((from, packages.get(to.pkg.as_str())?))
        });
        edges
            .filter(|(from, _)| !self.wrappers.contains(&from.name))
            .map(|(from, to)| {
                format!("{} may not depend on {}: {}", from.name, to.name, self.reason)
            })
            .collect()
    }

    fn covers(&self, package: &Package) -> bool {
        match self.spec.split_once("@<") {
            Some((name, below)) => {
                package.name == name && version(&package.version) < version(below)
            }
            None => package.name == self.spec,
        }
    }
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

    use super::Rules;
    use crate::metadata::Metadata;

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

    fn package(name: &str, version: &str, licence: Option<&str>, source: Option<&str>) -> Value {
        json!({
            "id": name, "name": name, "version": version, "license": licence, "source": source,
            "repository": null, "manifest_path": "Cargo.toml",
        })
    }

    fn breaches(packages: Vec<Value>, edges: &[(&str, &str)]) -> Vec<String> {
        let nodes: Vec<Value> = edges
            .iter()
            .map(|(from, to)| json!({"id": from, "deps": [{"pkg": to, "dep_kinds": []}]}))
            .collect();
        let metadata: Metadata = serde_json::from_value(json!({
            "packages": packages, "resolve": {"nodes": nodes},
            "workspace_root": "", "target_directory": "",
        }))
        .unwrap();
        toml::from_str::<Rules>(RULES).unwrap().breaches(&metadata)
    }

    fn ours(name: &str) -> Value {
        package(name, "0.1.0", Some("MIT"), None)
    }

    #[test]
    fn a_wrapper_may_name_the_library() {
        assert!(breaches(vec![ours("store"), ours("sled")], &[("store", "sled")]).is_empty());
    }

    #[test]
    fn another_crate_may_not() {
        assert_eq!(
            breaches(vec![ours("node"), ours("sled")], &[("node", "sled")]),
            ["node may not depend on sled: the store only"]
        );
    }

    #[test]
    fn a_library_without_wrappers_may_not_be_there_at_all() {
        assert_eq!(breaches(vec![ours("openssl")], &[]), ["openssl 0.1.0 is refused: never"]);
    }

    #[test]
    fn a_version_with_a_known_hole_is_refused_and_a_later_one_is_not() {
        let h2 = |version| package("h2", version, Some("MIT"), None);
        assert_eq!(breaches(vec![h2("0.4.9")], &[]), ["h2 0.4.9 is refused: a hole"]);
        assert!(breaches(vec![h2("0.4.16"), h2("0.4.20"), h2("0.5.0")], &[]).is_empty());
    }

    #[test]
    fn a_licence_must_be_named_and_allowed() {
        assert_eq!(
            breaches(vec![package("a", "1.0.0", None, None)], &[]),
            ["a 1.0.0 names no licence"]
        );
        assert_eq!(breaches(vec![package("a", "1.0.0", Some("GPL-3.0"), None)], &[]).len(), 1);
    }

    #[test]
    fn git_and_a_second_registry_are_refused() {
        let from = |name: &str, source| package(name, "1.0.0", Some("MIT"), Some(source));
        assert_eq!(breaches(vec![from("a", "git+https://example.org/a")], &[]).len(), 1);
        assert_eq!(breaches(vec![from("a", "registry+x"), from("b", "registry+y")], &[]).len(), 1);
        assert!(breaches(vec![from("a", "registry+x"), from("b", "registry+x")], &[]).is_empty());
    }
}
