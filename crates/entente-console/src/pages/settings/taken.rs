//! A file that a second person approved: whoever asked for it takes it, once.
//!
//! It goes when it was taken whole. If the connection breaks before, it stays, and whoever asked comes again. What is asked
//! at the console is written into the node's own folder, sealed like every file of a job, and is gone after
//! a start of the node. A file that was asked for elsewhere lies where it was asked for.

use std::fs;
use std::path::{Component, Path as FilePath, PathBuf};

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse as _;
use entente_node::local::Op;
use entente_node::local::doc::{ApprovalListAsk, ApprovalRow, ApprovalState};
use entente_node::setup::Home;

use crate::gate::{Visit, nothing_there};
use crate::page::Answer;

/// Where the file of a request lies, if it was done, is somebody's own, and is in the node's folder.
pub(super) fn file_of(row: &ApprovalRow, me: &str, home: &Home) -> Option<PathBuf> {
    let path = place_of(row, me, home)?;
    fs::symlink_metadata(&path).is_ok_and(|it| it.is_file()).then_some(path)
}

/// Whether there was such a file, and is none any more.
pub(super) fn is_gone(row: &ApprovalRow, me: &str, home: &Home) -> bool {
    place_of(row, me, home).is_some_and(|path| fs::symlink_metadata(path).is_err())
}

fn place_of(row: &ApprovalRow, me: &str, home: &Home) -> Option<PathBuf> {
    let is_theirs = row.asked_by == me && row.state == ApprovalState::Done;
    let line = row.about.iter().find(|line| line.name == "file")?;
    let path = PathBuf::from(&line.value);
    let folder = std::path::absolute(home.path()).ok()?;
    let is_inside = path.starts_with(&folder)
        && path.components().all(|part| !matches!(part, Component::ParentDir | Component::CurDir));
    let is_export = row.operation == Op::RecordExport.name();
    (is_theirs && is_export && is_inside && is_table(&path)).then_some(path)
}

/// Exports are tables; nothing else that a node keeps in its folder ends like this.
fn is_table(path: &FilePath) -> bool {
    path.extension().is_some_and(|it| it == "csv" || it == "xlsx")
}

/// `POST /settings/approvals/{approval}/file`.
pub(super) async fn take(visit: Visit, Path(approval): Path<String>) -> Answer {
    let rows = visit.ask(&ApprovalListAsk { decided: true }).await?.approvals;
    let me = visit.signed()?.staff.name.clone();
    let row = rows.into_iter().find(|row| row.id == approval).ok_or_else(nothing_there)?;
    let desk = std::sync::Arc::clone(&visit.console.desk);
    let opened = visit.console.jobs(move |jobs| {
        let path = file_of(&row, &me, &desk.home).ok_or_else(nothing_there)?;
        let (way, source) = (jobs.files.way()?, jobs.files.source(&path)?);
        let write_down = || desk.node.approved_file_taken(&me, &row.id);
        jobs.files.begin_to_take(&path, write_down)?;
        Ok((way, source, path))
    });
    let (way, source, path) = opened.await?;
    let (files, whole) = (visit.console.desk.jobs.files.clone(), path.clone());
    let taking = way.send(source).then(move || files.taken(&whole));
    let ending = path.extension().and_then(|it| it.to_str()).unwrap_or("csv");
    let today = visit.console.desk.node.today();
    let headers: [(HeaderName, String); 2] = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"entente-cases-{today}.{ending}\""),
        ),
    ];
    Ok((headers, Body::from_stream(taking)).into_response())
}

#[cfg(test)]
mod tests {
    use entente_node::local::doc::AboutLine;

    use super::*;

    #[test]
    fn only_whoever_asked_takes_it_and_only_a_table_in_the_nodes_folder() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        fs::create_dir(folder.path().join("jobs")).unwrap();
        for name in ["jobs/a.csv", "keys.sealed", "entente.toml"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let row = |file: &str| ApprovalRow {
            id: "1".to_owned(),
            operation: "record_export".to_owned(),
            about: vec![AboutLine {
                name: "file".to_owned(),
                value: folder.path().join(file).display().to_string(),
            }],
            asked_by: "lea".to_owned(),
            asked_at: String::new(),
            until: String::new(),
            state: ApprovalState::Done,
            may_approve: false,
            decided_by: Some("omar".to_owned()),
            decided_at: None,
            fault: None,
        };
        assert!(file_of(&row("jobs/a.csv"), "lea", &home).is_some());
        assert!(file_of(&row("jobs/a.csv"), "omar", &home).is_none());
        for file in
            ["keys.sealed", "entente.toml", "jobs/b.csv", "jobs/../jobs/a.csv", "/etc/a.csv"]
        {
            assert!(file_of(&row(file), "lea", &home).is_none(), "{file}");
        }
        assert!(is_gone(&row("jobs/b.csv"), "lea", &home));
        assert!(!is_gone(&row("jobs/a.csv"), "lea", &home));
        assert!(!is_gone(&row("jobs/b.csv"), "omar", &home));
        let waiting = ApprovalRow { state: ApprovalState::Waiting, ..row("jobs/a.csv") };
        assert!(file_of(&waiting, "lea", &home).is_none());
        let other = ApprovalRow { operation: "agreement_sign".to_owned(), ..row("jobs/a.csv") };
        assert!(file_of(&other, "lea", &home).is_none());
    }
}
