//! Services in files: HSDS 3.0 as JSON and as a tabular data package, and two directories that are
//! published in layouts of their own.
//!
//! A file is read whole and bounded. Each service in it is kept or set aside with the field and the
//! reason; a part that cannot be used (a postal code, a taxonomy that is unknown here) is set aside
//! alone, and the service is kept without it. Nothing is guessed, and no reason says what stood in a
//! field. What the official schemas want of an object stands in one table (`shape`).
//!
//! The data package is the JSON with its objects in tables ([`package`]), so there is one reading and
//! one writing of a service ([`read`], [`mod@write`]).

use std::collections::HashSet;
use std::path::Path;

use entente_core::identity::OrgId;
use entente_core::service::{Problem, Service, ServiceId, Wrong};
use sha2::{Digest as _, Sha256};

use crate::fault::Fault;
use crate::node::Outcome;
use crate::setup::io_fault;

pub mod hotlines;
pub mod ircc;
mod kinds;
pub mod package;
pub(crate) mod packed;
pub mod read;
mod schedule;
mod shape;
#[cfg(test)]
mod tests;
pub mod write;

/// The largest file that is read: the largest known directory in JSON has a fifth of it.
pub const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;

/// The layouts that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// HSDS 3.0, JSON: one service, a list of them, or a page of a list.
    Hsds,
    /// HSDS 3.0, a folder or a zip with `datapackage.json` and its tables.
    HsdsPackage,
    /// The directory of settlement services of Immigration, Refugees and Citizenship Canada, 2022:
    /// 33 columns in both languages.
    Ircc2022,
    /// A list of hotlines in JSON.
    Hotlines,
}

impl Format {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 4] = [
        ("hsds-3.0", Self::Hsds),
        ("hsds-3.0-package", Self::HsdsPackage),
        ("ircc-2022", Self::Ircc2022),
        ("hotlines", Self::Hotlines),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, it)| *it == self).map_or("", |(name, _)| name)
    }
}

/// What was read of a file.
#[derive(Debug, Default)]
pub struct FileRead {
    /// How many services stand in it.
    pub n_rows: u64,
    /// Those that can be kept.
    pub services: Vec<Service>,
    /// What was set aside.
    pub aside: Vec<Aside>,
}

/// Something that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    /// Which service: for a table its line, where the header is line 1; else its place from 1.
    pub row: u64,
    /// What is wrong.
    pub problem: Problem,
    /// Whether the service is not kept; else it is kept without the field.
    pub refused: bool,
}

impl FileRead {
    /// Takes up one service, or sets it aside. `aside` are the parts that it is without.
    fn take(&mut self, row: u64, service: Result<Service, Vec<Problem>>, aside: &[Problem]) {
        self.n_rows += 1;
        let with = |refused| move |problem: &Problem| Aside { row, problem: *problem, refused };
        self.aside.extend(aside.iter().map(with(false)));
        let checked = service.and_then(|service| {
            let problems = service.problems();
            if problems.is_empty() { Ok(service) } else { Err(problems) }
        });
        match checked {
            Ok(service) => self.services.push(service),
            Err(problems) => self.aside.extend(problems.iter().map(with(true))),
        }
    }

    /// Sets aside what stands in the file twice, by the services' ids. `rows` are their places.
    fn without_repeats(mut self, rows: &[u64]) -> Self {
        let mut seen = HashSet::new();
        let mut rows = rows.iter();
        self.services.retain(|service| {
            let row = rows.next().copied().unwrap_or(0);
            let is_new = seen.insert(service.id);
            if !is_new {
                let problem = Problem { field: "id", wrong: Wrong::Repeated };
                self.aside.push(Aside { row, problem, refused: true });
            }
            is_new
        });
        self
    }

    /// How many services were refused.
    pub fn n_refused(&self) -> u64 {
        self.n_rows - self.services.len() as u64
    }
}

/// Reads the services of a file or folder. `publisher` is whose directory they are for: services
/// without ids get some that no other directory's have.
pub fn read_file(path: &Path, format: Option<Format>, publisher: &OrgId) -> Outcome<FileRead> {
    let format = match format {
        Some(format) => format,
        None => guess(path)?,
    };
    match format {
        Format::HsdsPackage => package::read(path),
        format => read_bytes(&bounded(path)?, Some(format), publisher),
    }
}

/// The same of a file that is in memory. What it was called is not known, so a table needs its format.
pub fn read_bytes(bytes: &[u8], format: Option<Format>, publisher: &OrgId) -> Outcome<FileRead> {
    let format = match format {
        Some(format) => format,
        None if packed::begins(bytes) => Format::HsdsPackage,
        None => guess_json(bytes)?,
    };
    match format {
        Format::Hsds => read::read(&json(bytes)?),
        Format::HsdsPackage => package::read_packed(bytes),
        Format::Ircc2022 => ircc::read(bytes, publisher),
        Format::Hotlines => hotlines::read(&json(bytes)?, publisher),
    }
}

fn guess(path: &Path) -> Outcome<Format> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if path.is_dir() || name == "datapackage.json" || packed::is_packed(path) {
        return Ok(Format::HsdsPackage);
    }
    if name.to_lowercase().ends_with(".csv") {
        return Ok(Format::Ircc2022);
    }
    guess_json(&bounded(path)?)
}

fn guess_json(bytes: &[u8]) -> Outcome<Format> {
    let value = json(bytes)?;
    let is_hotlines = value.get(0).is_some_and(|first| first.get("phoneNumber").is_some());
    Ok(if is_hotlines { Format::Hotlines } else { Format::Hsds })
}

/// The text of a file, within bounds.
pub(crate) fn bounded(path: &Path) -> Outcome<Vec<u8>> {
    let n_bytes = path.metadata().map_err(|error| io_fault(&error))?.len();
    if n_bytes > MAX_FILE_BYTES {
        return Err(io_fault(&std::io::ErrorKind::FileTooLarge.into()));
    }
    std::fs::read(path).map_err(|error| io_fault(&error))
}

fn json(bytes: &[u8]) -> Outcome<serde_json::Value> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // The reader's own words may quote the file; line and column do not.
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        not_services(
            format!("It is no JSON at line {line}, column {column}."),
            format!("Ce n’est pas du JSON à la ligne {line}, colonne {column}."),
        )
    })
}

/// `ENT-2201`.
pub(crate) fn not_services(en: String, fr: String) -> Box<Fault> {
    let names: Vec<_> = Format::ALL.iter().map(|(name, _)| *name).collect();
    Fault::new(
        2201,
        (
            "The file cannot be read as services. Nothing was kept.",
            "Le fichier ne se lit pas comme des services. Rien n’a été conservé.",
        ),
        (
            "Name its layout with --layout, and look first with --dry-run.",
            "Nommez sa disposition avec --layout, et regardez d’abord avec --dry-run.",
        ),
    )
    .because(
        format!("{en} Layouts: {}.", names.join(", ")),
        format!("{fr} Dispositions\u{a0}: {}.", names.join(", ")),
    )
}

/// An id that follows from what it is of, so that the same file gives the same ids. A UUID of version
/// 8 (RFC 9562): 122 bits of SHA-256.
pub(crate) fn derived_id(parts: &[&[u8]]) -> [u8; 16] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let hash: [u8; 32] = digest.finalize().into();
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(hash) {
        *to = from;
    }
    *uuid::Builder::from_custom_bytes(id).into_uuid().as_bytes()
}

/// An id for a service that its file gives none.
fn derived_service_id(publisher: &OrgId, layout: &str, parts: &[&str]) -> ServiceId {
    let mut all: Vec<&[u8]> = vec![publisher.as_bytes(), layout.as_bytes()];
    all.extend(parts.iter().map(|part| part.as_bytes()));
    ServiceId(derived_id(&all))
}
