//! Answers: records from files, and into files.
//!
//! A file is read twice: once to the end, so that one that cannot be read changes nothing, and
//! once to keep its rows, in transactions of 512. Bad rows are set aside with their reason. The
//! same file again adds nothing. Nothing that stood in a cell is ever in an answer.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use entente_core::lang::Lang;
use entente_core::layout::{BadLayout, Layout};

use crate::fault::Fault;
use crate::jobs::Files;
use crate::node::Outcome;
use crate::setup::io_fault;
use crate::tabular::{self, Table};

mod columns;
mod export;
mod import;
#[cfg(test)]
mod tests;

pub(super) use export::export;
pub(super) use import::import;

/// The largest mapping file: a hundred times the largest of ours.
const MAX_MAPPING_BYTES: u64 = 1 << 20;

/// The layout with this name.
fn named_layout(name: &str) -> Outcome<Layout> {
    let names = || Layout::built_in_names().collect::<Vec<_>>().join(", ");
    Layout::built_in(name.trim()).ok_or_else(|| {
        Fault::new(
            1420,
            ("There is no such layout.", "Cette disposition n’existe pas."),
            (
                "Name one of them, or give your own with --mapping.",
                "Nommez l’une d’elles, ou donnez la vôtre avec --mapping.",
            ),
        )
        .because(format!("Layouts: {}", names()), format!("Dispositions\u{a0}: {}", names()))
    })
}

/// The table in a file, which may be a sealed one of a job.
fn open_table(files: &Files, path: &Path, sheet: Option<&str>) -> Outcome<Table> {
    let table = match files.open(path).map_err(|error| io_fault(&error))? {
        Some(sealed) => tabular::open_from(sealed, sheet),
        None => tabular::open_sheet(path, sheet),
    };
    table.map_err(|error| not_read(&error))
}

/// The layout in a mapping file.
fn mapping(files: &Files, path: &Path) -> Outcome<Layout> {
    let read = || -> std::io::Result<String> {
        let mut text = String::new();
        let n_bytes = files.read(path)?.take(MAX_MAPPING_BYTES + 1).read_to_string(&mut text)?;
        if n_bytes as u64 > MAX_MAPPING_BYTES {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        Ok(text)
    };
    let text = read().map_err(|error| io_fault(&error))?;
    Layout::parse(&text).map_err(|error| not_a_layout(&error))
}

fn not_a_layout(error: &BadLayout) -> Box<Fault> {
    let why = error.to_string();
    Fault::new(
        1421,
        ("The mapping file is not a layout.", "Le fichier de correspondance est invalide."),
        ("Compare it with those in config/layouts.", "Comparez-le à ceux de config/layouts."),
    )
    .because(why.clone(), why)
}

fn not_read(error: &crate::tabular::TableError) -> Box<Fault> {
    match error {
        crate::tabular::TableError::NoSuchSheet { .. } => {
            return no_such_sheet().because(error.text(Lang::En), error.text(Lang::Fr));
        }
        // Nothing in the file is wrong: it was not reached.
        crate::tabular::TableError::File(kind) => return io_fault(&(*kind).into()),
        _ => {}
    }
    Fault::new(
        1422,
        (
            "The file cannot be read as a table. Nothing was kept.",
            "Le fichier ne se lit pas comme un tableau. Rien n’a été conservé.",
        ),
        (
            "Correct it and try again; look first with --dry-run.",
            "Corrigez-le et réessayez; regardez d’abord avec --dry-run.",
        ),
    )
    .because(error.text(Lang::En), error.text(Lang::Fr))
}

fn no_such_sheet() -> Box<Fault> {
    Fault::new(
        1424,
        ("The file has no sheet of this name.", "Le fichier n’a pas de feuille de ce nom."),
        (
            "Name one of those listed, or leave `--sheet` out: the first that is not empty is read.",
            "Nommez l’une de celles qui sont indiquées, ou omettez `--sheet`\u{a0}: la première feuille non vide est lue.",
        ),
    )
}

/// Where the half-written file is until it is whole.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}
