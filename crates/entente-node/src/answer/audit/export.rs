//! The audit log as a file: for an auditor, who need not trust us.
//!
//! A file whose name ends in `.csv` is a table for people. Any other is JSON lines: first the
//! organization and our signed checkpoint, then each entry with the exact bytes of its leaf. From
//! those, anybody computes the root that the checkpoint and the co-signatures of partners are over.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt as _;

use base64::prelude::*;
use entente_core::audit::Action;
use entente_core::layout::guard_formula;
use serde_json::json;

use super::row;
use crate::answer::partners::told::ourselves;
use crate::answer::store::absolute;
use crate::answer::{Desk, Staff, Steps, step};
use crate::local::doc::*;
use crate::node::{Node, Outcome};
use crate::setup::io_fault;

pub(in crate::answer) fn export(
    desk: &Desk,
    staff: &Staff,
    ask: AuditExportAsk,
    steps: &Steps,
) -> Outcome<AuditExportTold> {
    let path = absolute(&ask.file)?;
    let node = &desk.node;
    // The export is part of the log that it exports.
    node.audit(vec![node.entry(staff.actor(), Action::AuditRead).n(node.audit_length()?)])?;
    let (checkpoint, _) = node.audit_checkpoint(0)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let mut out = Counting { out: BufWriter::new(file.map_err(|error| io_fault(&error))?), n: 0 };
    let is_table = path.extension().is_some_and(|it| it.eq_ignore_ascii_case("csv"));
    let head = json!({
        "organization": ourselves(node),
        "length": checkpoint.size,
        "root": hex::encode(checkpoint.root.0),
        "checkpoint": String::from_utf8_lossy(&checkpoint.note),
    });
    let begun = if is_table { writeln!(out, "{HEADER}") } else { writeln!(out, "{head}") };
    begun.map_err(|error| io_fault(&error))?;
    let entries = rows(node, &mut out, is_table, checkpoint.size, steps)?;
    let file = out.out.into_inner().map_err(|error| io_fault(error.error()))?;
    file.sync_all().map_err(|error| io_fault(&error))?;
    Ok(AuditExportTold {
        file: ask.file,
        entries,
        bytes: out.n,
        root: hex::encode(checkpoint.root.0),
    })
}

/// Entries read at a time: the store is free again between two.
const WINDOW: usize = 4_096;

const HEADER: &str = "sequence,at,actor,action,record,partner,agreement,reasons,n";

fn rows(
    node: &Node,
    out: &mut impl Write,
    is_table: bool,
    length: u64,
    steps: &Steps,
) -> Outcome<u64> {
    let mut next = 0;
    while next < length {
        let mut leaves = Vec::new();
        node.audit_leaves(next, &mut |position, bytes| {
            leaves.push((position, bytes.to_vec()));
            let more = leaves.len() < WINDOW && position + 1 < length;
            if more { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if leaves.is_empty() {
            break;
        }
        for (position, bytes) in leaves {
            write_entry(node, out, is_table, position, &bytes).map_err(|error| io_fault(&error))?;
            next = position + 1;
        }
        step(steps, next, length, "writing entries", "écriture des entrées");
    }
    Ok(next)
}

fn write_entry(
    node: &Node,
    out: &mut impl Write,
    is_table: bool,
    position: u64,
    bytes: &[u8],
) -> io::Result<()> {
    // A leaf of a later version has no columns here; its bytes are exported all the same.
    let entry = entente_proto::decode_audit(bytes).ok();
    let told = entry.as_ref().map(|entry| row(node, position, entry));
    match (is_table, told) {
        (true, Some(told)) => write_row(out, &told),
        (true, None) => writeln!(out, "{},,,,,,,,", position + 1),
        (false, told) => {
            let leaf = BASE64_STANDARD.encode(bytes);
            writeln!(out, "{}", json!({ "entry": told, "leaf": leaf }))
        }
    }
}

fn write_row(out: &mut impl Write, row: &AuditRow) -> io::Result<()> {
    let partner = row.partner.as_ref().map_or("", |partner| partner.name.en.as_str());
    let fields = [
        row.sequence.to_string(),
        row.at.clone(),
        row.actor.clone(),
        row.action.clone(),
        row.record.clone().unwrap_or_default(),
        partner.to_owned(),
        row.agreement.clone().unwrap_or_default(),
        row.reasons.join("; "),
        row.n.to_string(),
    ];
    let cells: Vec<_> = fields.iter().map(|field| cell(field)).collect();
    writeln!(out, "{}", cells.join(","))
}

/// A cell, quoted where it has to be, and never a formula for whoever opens it in a spreadsheet.
fn cell(text: &str) -> String {
    let text = guard_formula(text);
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.into_owned()
    }
}

struct Counting<W> {
    out: W,
    n: u64,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.n += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_never_two() {
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(cell("record_read"), "record_read");
    }
}
