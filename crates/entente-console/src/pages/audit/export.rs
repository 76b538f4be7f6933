//! The audit log as a file: a table for people, or lines with the proofs; and what a list shows of it.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Form;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse as _;
use entente_node::local::doc::{AuditExportAsk, AuditListAsk, AuditRow};
use entente_node::node::Outcome;
use entente_node::setup::io_fault;
use serde::Deserialize;

use super::{Shown as _, Wanted};
use crate::gate::Visit;
use crate::page::{Answer, Page, failed};
use crate::problem::Problem;
use crate::{carried, to_the_end};

/// Files that were begun, so that two at once have two names.
static N: AtomicU64 = AtomicU64::new(0);

/// Which kind of file, and of which entries.
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    kind: String,
    #[serde(flatten)]
    wanted: Wanted,
}

/// How many entries are asked for at once, and how many a browser takes.
const PART: usize = 10_000;
const MAX_ROWS: usize = 10 * PART;

/// All entries that the filters of a list leave, from the newest on, in words.
async fn shown(visit: &Visit, wanted: &Wanted) -> Answer {
    let p = &visit.page;
    let limit = u32::try_from(PART).unwrap_or(u32::MAX);
    let mut ask = AuditListAsk { limit, before: None, ..wanted.ask() };
    let mut rows = Vec::new();
    loop {
        let entries = visit.ask(&ask).await?.entries;
        rows.extend(entries.iter().map(|row| cells(p, row)));
        ask.before = entries.last().map(|row| row.sequence);
        if entries.len() < PART {
            break;
        }
        if rows.len() >= MAX_ROWS {
            let command = "entente audit export";
            return Err(Problem::new(carried::too_large((command, command))));
        }
    }
    let heads = [
        p.t("Entry", "Entrée"),
        p.t("When (UTC)", "Quand (UTC)"),
        p.t("Who", "Qui"),
        p.t("What", "Quoi"),
        p.t("How many", "Combien"),
        p.t("Partner", "Partenaire"),
        p.t("Case", "Dossier"),
        p.t("Agreement", "Entente visée"),
        p.t("Details", "Précisions"),
    ];
    let name = format!("entente-audit-{}", visit.console.desk.node.today());
    carried::table(&name, &heads.map(str::to_owned), &rows)
}

fn cells(p: &Page, row: &AuditRow) -> Vec<String> {
    vec![
        row.sequence.to_string(),
        row.at.clone(),
        p.who(row).to_owned(),
        p.what(row),
        row.n.to_string(),
        p.about(row).map_or_else(String::new, |partner| partner.name(p.lang).to_owned()),
        row.record.clone().unwrap_or_default(),
        row.agreement.clone().unwrap_or_default(),
        p.said(row),
    ]
}

/// `POST /audit/export`. The node writes the file into its own folder; it is read and removed at once.
pub(super) async fn export(visit: Visit, Form(chosen): Form<Chosen>) -> Answer {
    let (ending, media) = match chosen.kind.as_str() {
        "shown" => return shown(&visit, &chosen.wanted).await,
        "csv" => ("csv", "text/csv; charset=utf-8"),
        _ => ("jsonl", "application/jsonl"),
    };
    let desk = &visit.console.desk;
    let n = N.fetch_add(1, Ordering::Relaxed);
    let name = format!("export-{}-{n}.{ending}", desk.node.now_s());
    let path = std::path::absolute(desk.home.path()).map_err(|error| io_fault(&error))?.join(name);
    let asking = visit.clone();
    let bytes = to_the_end(async move {
        let told = asking.ask(&AuditExportAsk { file: path.display().to_string() }).await;
        let read = move || -> Outcome<Vec<u8>> {
            let bytes = fs::read(&path);
            // Also after a fault, and when nobody waits any more: what was begun is not left lying about.
            drop(fs::remove_file(&path));
            bytes.map_err(|error| io_fault(&error))
        };
        let bytes = tokio::task::spawn_blocking(read).await.unwrap_or_else(|_| Err(failed()));
        told.and(bytes)
    });
    let bytes = bytes.await?;
    let name = format!("attachment; filename=\"entente-audit-{}.{ending}\"", desk.node.today());
    let headers: [(HeaderName, String); 2] =
        [(header::CONTENT_TYPE, media.to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, bytes).into_response())
}
