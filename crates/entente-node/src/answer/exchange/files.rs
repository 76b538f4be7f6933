//! Bundles: a feed in a file.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::super::partners::told::partner_named;
use super::{Desk, Staff, Steps, told};
use crate::fault::Fault;
use crate::local::doc::*;
use crate::node::Outcome;
use crate::setup::io_fault;

/// The largest bundle that is read: a million summaries are about 60 MB.
const MAX_BUNDLE_BYTES: u64 = 1 << 28;

pub(crate) fn bundle_export(
    desk: &Desk,
    staff: &Staff,
    ask: BundleExportAsk,
    _: &Steps,
) -> Outcome<BundleExportTold> {
    let node = &desk.node;
    let (id, _) = node.find_partner(&ask.partner)?;
    let after = match ask.from {
        Some(from) => from.saturating_sub(1),
        None => node.read_by(&id)?.1,
    };
    let (bytes, entries) = node.write_bundle(staff.actor(), &id, after)?;
    write_new(Path::new(&ask.file), &bytes).map_err(|error| io_fault(&error))?;
    Ok(BundleExportTold {
        partner: partner_named(node, &id),
        file: ask.file,
        bytes: bytes.len() as u64,
        from: after + 1,
        entries,
    })
}

/// Writes a whole file or none, and never over another.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        fs::remove_file(path)?;
    }
    written
}

pub(crate) fn bundle_import(
    desk: &Desk,
    staff: &Staff,
    ask: BundleImportAsk,
    _: &Steps,
) -> Outcome<BundleImportTold> {
    let size = fs::metadata(&ask.file).map_err(|error| io_fault(&error))?.len();
    if size > MAX_BUNDLE_BYTES {
        return Err(Fault::new(
            1516,
            ("The file is too large for a bundle.", "Le fichier est trop gros pour une liasse."),
            ("Check that it is the right file.", "Vérifiez que c’est le bon fichier."),
        ));
    }
    let bytes = fs::read(&ask.file).map_err(|error| io_fault(&error))?;
    let (issuer, accepted) = desk.node.read_bundle(staff.actor(), &bytes)?;
    let none = accepted.n_held + accepted.n_withdrawn + accepted.n_documents == 0;
    let end = if none { SyncEnd::NothingNew } else { SyncEnd::News };
    let outcome = told(&desk.node, &issuer, &accepted, end, None)?;
    Ok(BundleImportTold { file: ask.file, outcome })
}
