//! The audit log as a file: a table for people, or lines with the proofs.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Form;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse as _;
use entente_node::local::doc::AuditExportAsk;
use entente_node::node::Outcome;
use entente_node::setup::io_fault;
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, failed};
use crate::to_the_end;

/// Files that were begun, so that two at once have two names.
static N: AtomicU64 = AtomicU64::new(0);

/// Which kind of file.
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    kind: String,
}

/// `POST /audit/export`. The node writes the file into its own folder; it is read and removed at once.
pub(super) async fn export(visit: Visit, Form(chosen): Form<Chosen>) -> Answer {
    let (ending, media) = match chosen.kind.as_str() {
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
