//! `docs/LICENCES.md`: what the binary is made of, and under which licences.
//!
//! Written from `Cargo.lock` through `cargo metadata`, for Linux, without what only tests and build
//! scripts use. The list is for reading; whoever hands out the binary also needs the texts, which
//! `--texts` collects from the sources of the crates.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

use crate::metadata::{Metadata, Node, Package};

/// The binary whose parts are listed.
const BINARY: &str = "entente";
/// One target, so that every machine writes the same list.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";
const LIST: &str = "docs/LICENCES.md";

pub(crate) fn command(arguments: &[String]) -> Result<(), String> {
    let metadata = Metadata::read(Some(PLATFORM))?;
    let root = metadata.root();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => write(&root.join(LIST), &list(&metadata)),
        ["--check"] => check(root, &metadata),
        ["--texts", file] => write(Path::new(file), &texts(&metadata)?),
        _ => Err("expected nothing, --check, or --texts FILE".to_owned()),
    }
}

/// Whether the list in the repository is the one that would be written now.
pub(crate) fn is_current(root: &Path) -> Result<(), String> {
    check(root, &Metadata::read(Some(PLATFORM))?)
}

fn check(root: &Path, metadata: &Metadata) -> Result<(), String> {
    let stale = || format!("{LIST} is not current; write it with `cargo xtask licences`");
    let text = fs::read_to_string(root.join(LIST)).map_err(|_| stale())?;
    if text == list(metadata) { Ok(()) } else { Err(stale()) }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("{} cannot be written: {e}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}

fn list(metadata: &Metadata) -> String {
    let packages = in_the_binary(metadata);
    let mut by_licence: BTreeMap<String, Vec<&Package>> = BTreeMap::new();
    for package in &packages {
        by_licence.entry(licence(package)).or_default().push(package);
    }
    let mut text = format!(
        "# Licences\n\n\
         Entente is under the Apache License 2.0 (`LICENSE`).\n\
         Its binary for Linux also holds the {} crates below, each under its own licence.\n\
         `cargo xtask licences` writes this file from `Cargo.lock`;\n\
         `cargo xtask licences --texts FILE` collects the texts, which go with every package of the binary.\n\
         Which licences we accept is in `deny.toml`.\n",
        packages.len()
    );
    for (licence, packages) in by_licence {
        text += &format!("\n## {licence}\n\n");
        for package in packages {
            text += &format!("- {} {}\n", package.name, package.version);
        }
    }
    text += "\n## Not crates\n\nFonts, style values and a script inside the console (`crates/entente-console/assets`):\n\n";
    for notice in notices(metadata.root()).unwrap_or_default() {
        text += &format!("- {}: {}, {}\n", notice.work, notice.licence, notice.holder);
    }
    text
}

/// A work of others that is in the binary and no crate: a line of `assets/notices.tsv`.
struct Notice {
    work: String,
    holder: String,
    licence: String,
    text: PathBuf,
}

fn notices(root: &Path) -> Result<Vec<Notice>, String> {
    let folder = root.join("crates/entente-console/assets");
    let table = folder.join("notices.tsv");
    let text = fs::read_to_string(&table).map_err(|e| format!("{}: {e}", table.display()))?;
    let notice = |line: &str| {
        let [work, holder, licence, file] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let text = folder.join("licences").join(file);
        let [work, holder, licence] = [work, holder, licence].map(str::to_owned);
        Some(Notice { work, holder, licence, text })
    };
    text.lines().map(|line| notice(line).ok_or_else(|| format!("not a notice: {line}"))).collect()
}

/// The expression, with the older slash written as what it means.
fn licence(package: &Package) -> String {
    let named = package.license.as_deref().unwrap_or("no licence named");
    named.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ")
}

/// Third parties' crates that the binary is linked from, by name and version.
fn in_the_binary(metadata: &Metadata) -> Vec<&Package> {
    let packages = metadata.by_id();
    let nodes: HashMap<&str, &Node> =
        metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let is_binary = |package: &&Package| package.name == BINARY && package.source.is_none();
    let mut open: Vec<&str> =
        metadata.packages.iter().filter(is_binary).map(|p| p.id.as_str()).collect();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    while let Some(id) = open.pop() {
        // A macro runs in the compiler: neither it nor what it needs is in the binary.
        if packages.get(id).is_some_and(|package| is_macro(package)) || !seen.insert(id) {
            continue;
        }
        let dependencies = nodes.get(id).into_iter().flat_map(|node| &node.deps);
        let linked = dependencies.filter(|d| d.dep_kinds.iter().any(|k| k.kind.is_none()));
        open.extend(linked.map(|dependency| dependency.pkg.as_str()));
    }
    let mut found: Vec<&Package> = seen
        .into_iter()
        .filter_map(|id| packages.get(id).copied())
        .filter(|package| package.source.is_some())
        .collect();
    found.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    found
}

fn is_macro(package: &Package) -> bool {
    package.targets.iter().flat_map(|target| &target.kind).any(|kind| kind == "proc-macro")
}

fn texts(metadata: &Metadata) -> Result<String, String> {
    let mut text = String::new();
    for package in in_the_binary(metadata) {
        let source = package.repository.as_deref().unwrap_or("no repository named");
        text += &format!(
            "{}\n{} {}\n{}\n{source}\n\n",
            "=".repeat(80),
            package.name,
            package.version,
            licence(package)
        );
        let folder = package.manifest_path.parent().unwrap_or(Path::new(""));
        for file in licence_files(folder)? {
            let body = fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            text += &format!("{}\n\n", String::from_utf8_lossy(&body).trim_end());
        }
    }
    for Notice { work, holder, licence, text: file } in notices(metadata.root())? {
        let body = fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let body = String::from_utf8_lossy(&body).into_owned();
        let line = "=".repeat(80);
        text += &format!("{line}\n{work}\n{licence}\n{holder}\n\n{}\n\n", body.trim_end());
    }
    Ok(text)
}

fn licence_files(folder: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
            ["LICEN", "COPYING", "NOTICE", "COPYRIGHT"].iter().any(|word| name.starts_with(word))
        })
        .collect();
    files.sort();
    Ok(files)
}
