//! A file of services from a browser: tried, or imported.
//!
//! It lies in the node's folder, sealed, while it is read, and is deleted whatever comes of it.

use askama::Template;
use axum::extract::Multipart;
use axum::http::StatusCode;
use entente_node::fault::Fault;
use entente_node::local::doc::{ServiceImportAsk, ServiceImportTold};

use crate::carried;
use crate::gate::Visit;
use crate::page::{Answer, Page, failed, show_as};
use crate::problem::Problem;

/// The largest file that a browser may send, in bytes: some thousand services. More is for the command
/// line on the machine.
pub(super) const MAX_FILE: usize = 8 << 20;

/// Layouts that can be named; the first that fits is taken if none is.
const LAYOUTS: [&str; 4] = ["hsds-3.0", "hsds-3.0-package", TABLE, "hotlines"];

/// The one layout that is a table.
const TABLE: &str = "ircc-2022";

#[derive(Template)]
#[template(path = "services/import.html")]
struct ImportPage<'a> {
    p: &'a Page,
    told: Option<&'a ServiceImportTold>,
    fault: Option<&'a Fault>,
}

impl ImportPage<'_> {
    fn layouts(&self) -> [&'static str; 4] {
        LAYOUTS
    }
}

fn page(visit: &Visit, told: Option<&ServiceImportTold>, fault: Option<&Fault>) -> Answer {
    let status = fault.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    show_as(status, &ImportPage { p: &visit.page, told, fault })
}

/// `GET /services/import`.
pub(super) async fn ask(visit: Visit) -> Answer {
    page(&visit, None, None)
}

/// What the form sends.
#[derive(Debug, Default)]
struct Sent {
    is_table: bool,
    bytes: Vec<u8>,
    layout: String,
    keep: bool,
}

async fn read(mut form: Multipart) -> Result<Sent, Problem> {
    let broken = |error: axum::extract::multipart::MultipartError| {
        let is_large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
        Problem::new(if is_large { too_large() } else { failed() })
    };
    let mut sent = Sent::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "file" => {
                let name = field.file_name().unwrap_or_default();
                sent.is_table = name.to_lowercase().ends_with(".csv");
                sent.bytes = field.bytes().await.map_err(broken)?.to_vec();
            }
            "layout" => sent.layout = field.text().await.map_err(broken)?,
            "then" => sent.keep = field.text().await.map_err(broken)? == "keep",
            _ => {}
        }
    }
    Ok(sent)
}

/// `POST /services/import`.
pub(super) async fn import(visit: Visit, form: Option<Multipart>) -> Answer {
    let sent = match form {
        Some(form) => read(form).await?,
        None => Sent::default(),
    };
    if sent.bytes.is_empty() {
        return page(&visit, None, Some(&no_file()));
    }
    // What a file is called is not handed on; of a table it says which one it is.
    let by_name = sent.is_table.then(|| TABLE.to_owned());
    let bytes = sent.bytes;
    let kept = visit.console.jobs(move |jobs| jobs.files.once(&bytes)).await?;
    let ask = ServiceImportAsk {
        file: kept.path(),
        layout: Some(sent.layout).filter(|it| !it.is_empty()).or(by_name),
        quarantine: None,
        dry_run: !sent.keep,
    };
    match carried::asked(&visit, kept, ask).await {
        Ok((told, _)) => page(&visit, Some(&told), None),
        Err(fault) if fault.code.starts_with("ENT-22") => page(&visit, None, Some(&fault)),
        Err(fault) => Err(Problem::new(fault)),
    }
}

/// `ENT-2751`.
fn no_file() -> Box<Fault> {
    Fault::new(
        2751,
        ("There is no file.", "Il n’y a aucun fichier."),
        ("Choose one, then send the form.", "Choisissez-en un, puis envoyez le formulaire."),
    )
}

/// `ENT-2752`.
fn too_large() -> Box<Fault> {
    Fault::new(
        2752,
        (
            "The file is too large for a browser: 8 MB at most.",
            "Le fichier est trop volumineux pour un navigateur : 8 Mo au plus.",
        ),
        (
            "Import it on the machine: `entente service import FILE`.",
            "Importez-le sur la machine : `entente service import FICHIER`.",
        ),
    )
}
