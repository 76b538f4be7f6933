//! Services from files, and into files.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write as _};
use std::path::Path;
use std::time::Instant;

use entente_core::audit::Action;
use entente_core::lang::Lang;
use entente_core::service::Audience;

use super::Query;
use crate::answer::exchange::{absolute, new_file_path, write_file, write_new};
use crate::answer::{Desk, Staff, Steps, step};
use crate::fault::{Both, Fault};
use crate::hsds::{Aside, Format, MAX_FILE_BYTES, package, packed, read_bytes, read_file};
use crate::local::doc::*;
use crate::node::Outcome;
use crate::node::services::Put;
use crate::setup::io_fault;

/// Problems told in the answer; all of them are in the quarantine file.
const MAX_PROBLEMS: usize = 20;

pub(in crate::answer) fn import(
    desk: &Desk,
    staff: &Staff,
    ask: ServiceImportAsk,
    steps: &Steps,
) -> Outcome<ServiceImportTold> {
    let started = Instant::now();
    let node = &*desk.node;
    let path = absolute(&ask.file)?;
    let layout = ask.layout.as_deref().map(format).transpose()?;
    let quarantine = ask.quarantine.as_deref().map(new_file_path).transpose()?;
    step(steps, 0, 0, "reading the file", "lecture du fichier");
    // What a form of the console brought is sealed while it lies there.
    let sealed = desk.jobs.files.open(path).map_err(|error| io_fault(&error))?;
    let read = match sealed {
        Some(sealed) => read_bytes(&whole(sealed)?, layout, &node.id())?,
        None => read_file(path, layout, &node.id())?,
    };
    let mut by_reason = BTreeMap::new();
    for aside in &read.aside {
        *by_reason.entry(aside.problem.wrong.code().to_owned()).or_insert(0) += 1;
    }
    let refused = read.n_refused();
    let problems = read.aside.iter().take(MAX_PROBLEMS).map(problem).collect();
    let quarantine = quarantine.filter(|_| !read.aside.is_empty());
    if let Some(path) = quarantine {
        write(path, &aside_file(&read.aside)?)?;
    }
    let mut told = ServiceImportTold {
        dry_run: ask.dry_run,
        rows: read.n_rows,
        added: 0,
        changed: 0,
        unchanged: 0,
        refused,
        left_out: read.aside.iter().filter(|aside| !aside.refused).count() as u64,
        quarantine: quarantine.map(|path| path.display().to_string()),
        by_reason,
        problems,
        took_ms: 0,
    };
    if ask.dry_run {
        let ours = node.id();
        told.unchanged = node.with_directory(|directory| {
            let known = read.services.iter().filter(|it| directory.get(&ours, it.id).is_some());
            known.count() as u64
        })?;
        told.added = read.services.len() as u64 - told.unchanged;
    } else {
        step(steps, 0, told.rows, "keeping services", "conservation des services");
        let put = node.put_services(&staff.actor(), Action::ServicesImported, read.services)?;
        let count = |kind| put.iter().filter(|it| **it == kind).count() as u64;
        told.added = count(Put::Added);
        told.changed = count(Put::Changed);
        told.unchanged = count(Put::Unchanged);
    }
    told.took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(told)
}

fn whole(file: impl Read) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    match read.map_err(|error| io_fault(&error))? as u64 {
        n if n > MAX_FILE_BYTES => Err(io_fault(&std::io::ErrorKind::FileTooLarge.into())),
        _ => Ok(bytes),
    }
}

fn format(name: &str) -> Outcome<Format> {
    let found = Format::ALL.iter().find(|(it, _)| *it == name.trim());
    found.map(|(_, format)| *format).ok_or_else(unknown_layout)
}

fn problem(aside: &Aside) -> RowProblem {
    RowProblem {
        row: aside.row,
        column: Some(aside.problem.field.to_owned()),
        reason: Reason {
            code: aside.problem.wrong.code().to_owned(),
            clause: None,
            text: Both::new(aside.problem.wrong.text(Lang::En), aside.problem.wrong.text(Lang::Fr)),
        },
    }
}

/// What was set aside, as a table: the row, the field, whether the service was refused, and why.
fn aside_file(aside: &[Aside]) -> Outcome<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| io_fault(&std::io::Error::other(error));
    writer
        .write_record(["row", "field", "kept", "reason", "reason_en", "reason_fr"])
        .map_err(failed)?;
    for it in aside {
        let row = it.row.to_string();
        let kept = if it.refused { "no" } else { "yes" };
        let wrong = it.problem.wrong;
        let cells = [
            row.as_str(),
            it.problem.field,
            kept,
            wrong.code(),
            wrong.text(Lang::En),
            wrong.text(Lang::Fr),
        ];
        writer.write_record(cells).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| io_fault(&error.into_error()))
}

pub(in crate::answer) fn export(
    desk: &Desk,
    staff: &Staff,
    ask: ServiceExportAsk,
    _: &Steps,
) -> Outcome<ServiceExportTold> {
    let node = &*desk.node;
    let files = &desk.jobs.files;
    let path = new_file_path(&ask.file)?;
    let is_zip = packed::is_named(path);
    let layout = match ask.layout.as_deref() {
        Some(name) => format(name)?,
        None if is_zip => Format::HsdsPackage,
        None => Format::Hsds,
    };
    let with_partners = ask.with_partners && ask.for_partners;
    let from = if with_partners { None } else { Some([node.id()].into()) };
    let matches = node.search_services(Query { from, closed_too: true, ..Query::default() })?;
    let mut services: Vec<_> = matches.found.iter().map(|found| &found.entry.service).collect();
    services.sort_by_key(|service| service.id);
    let audience = if ask.for_partners { Audience::Partner } else { Audience::Public };
    let written = crate::hsds::write::write(services.iter().copied(), audience);
    match layout {
        Format::Hsds => {
            let bytes = serde_json::to_vec_pretty(&written);
            write_file(files, path, &bytes.map_err(|error| io_fault(&error.into()))?)?;
        }
        // A file of the console is one file in any case: it cannot be a folder.
        Format::HsdsPackage if files.is_ours(path) => {
            let mut zip = Cursor::new(Vec::new());
            package::write_packed(&written, &mut zip).map_err(|error| io_fault(&error))?;
            write_file(files, path, zip.get_ref())?;
        }
        Format::HsdsPackage if is_zip => {
            let done = write_new(path, |file| package::write_packed(&written, file));
            done.map_err(|error| io_fault(&error))?;
        }
        Format::HsdsPackage => {
            new_folder(path)?;
            package::write(&written, path)?;
        }
        Format::Ircc2022 | Format::Hotlines => return Err(unknown_layout()),
    }
    let entry = node.entry(staff.actor(), Action::ServicesExported).n(services.len() as u64);
    let how = if ask.for_partners { "for_partners" } else { "public" };
    node.audit(vec![entry.reasons([how.to_owned()])])?;
    Ok(ServiceExportTold {
        file: path.display().to_string(),
        layout: layout.name().to_owned(),
        services: services.len() as u64,
        for_partners: ask.for_partners,
    })
}

fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
    write_new(path, |file| file.write_all(bytes)).map_err(|error| io_fault(&error))
}

fn new_folder(path: &Path) -> Outcome<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(path).map_err(|error| io_fault(&error))
}

/// `ENT-2210`.
fn unknown_layout() -> Box<Fault> {
    let names: Vec<_> = Format::ALL.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    Fault::new(
        2210,
        ("There is no such layout of services.", "Cette disposition de services n’existe pas."),
        (
            "Read one of those listed; write `hsds-3.0` or `hsds-3.0-package`.",
            "Lisez l’une de celles qui sont indiquées; écrivez `hsds-3.0` ou `hsds-3.0-package`.",
        ),
    )
    .because(format!("Layouts: {names}."), format!("Dispositions\u{a0}: {names}."))
}
