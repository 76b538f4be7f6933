//! The part of `cargo metadata` that the checks read. Cargo documents the format as stable.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

/// The workspace, and everything that it depends on, on every platform.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) resolve: Resolve,
    pub(crate) workspace_root: PathBuf,
    pub(crate) target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// An SPDX expression, or the older form with slashes.
    pub(crate) license: Option<String>,
    /// A file with the text, of those that name no expression.
    #[serde(default)]
    pub(crate) license_file: Option<String>,
    /// `None` for a member of the workspace.
    pub(crate) source: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) manifest_path: PathBuf,
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    /// For example `lib` or `proc-macro`.
    pub(crate) kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) pkg: String,
    pub(crate) dep_kinds: Vec<DependencyKind>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DependencyKind {
    /// `None` is an ordinary dependency; otherwise `dev` or `build`.
    pub(crate) kind: Option<String>,
}

impl Metadata {
    /// Reads the workspace that the current folder belongs to. `platform` narrows it to one target.
    pub(crate) fn read(platform: Option<&str>) -> Result<Metadata, String> {
        let mut cargo = Command::new(cargo());
        cargo.args(["metadata", "--format-version", "1", "--locked"]);
        if let Some(platform) = platform {
            cargo.args(["--filter-platform", platform]);
        }
        let output = cargo.output().map_err(|e| format!("cargo metadata did not start: {e}"))?;
        if !output.status.success() {
            return Err(format!(
                "cargo metadata refused: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            ));
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|e| format!("cargo metadata said something unknown: {e}"))
    }

    pub(crate) fn by_id(&self) -> HashMap<&str, &Package> {
        self.packages.iter().map(|package| (package.id.as_str(), package)).collect()
    }

    pub(crate) fn root(&self) -> &Path {
        &self.workspace_root
    }
}

/// The cargo that started us, so that a pinned toolchain stays pinned.
pub(crate) fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}
