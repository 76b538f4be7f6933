//! A file of services from a browser: tried, or imported.
//!
//! It lies in the node's folder while it is read, and is deleted whatever comes of it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use askama::Template;
use axum::extract::Multipart;
use axum::http::StatusCode;
use entente_node::fault::Fault;
use entente_node::local::doc::{ServiceImportAsk, ServiceImportTold};
use entente_node::node::Outcome;

use crate::gate::Visit;
use crate::page::{Answer, Page, failed, show_as};
use crate::problem::Problem;

/// The largest file that a browser may send, in bytes: some thousand services. More is for the command
/// line on the machine.
pub(super) const MAX_FILE: usize = 8 << 20;

/// Layouts that can be named; the first that fits is taken if none is.
const LAYOUTS: [&str; 3] = ["hsds-3.0", "ircc-2022", "hotlines"];

#[derive(Template)]
#[template(path = "services/import.html")]
struct ImportPage<'a> {
    p: &'a Page,
    told: Option<&'a ServiceImportTold>,
    fault: Option<&'a Fault>,
}

impl ImportPage<'_> {
    fn layouts(&self) -> [&'static str; 3] {
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
    ending: String,
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
                let name = field.file_name().unwrap_or_default().to_lowercase();
                let known = ["json", "csv", "xlsx"];
                let ending = known.into_iter().find(|it| name.ends_with(&format!(".{it}")));
                sent.ending = ending.unwrap_or("json").to_owned();
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
    // The node reads whole paths alone, and its folder may have been named from where it was started.
    let folder = std::path::absolute(visit.console.desk.home.path().join("uploads"));
    let folder = folder.map_err(|_| Problem::new(failed()))?;
    let (ending, bytes) = (sent.ending, sent.bytes);
    let kept = tokio::task::spawn_blocking(move || Kept::write(&folder, &ending, &bytes)).await;
    let kept = kept.map_err(|_| Problem::new(failed()))??;
    let ask = ServiceImportAsk {
        file: kept.0.display().to_string(),
        layout: Some(sent.layout).filter(|it| !it.is_empty()),
        quarantine: None,
        dry_run: !sent.keep,
    };
    let told = visit.ask(&ask).await;
    drop(kept);
    match told {
        Ok(told) => page(&visit, Some(&told), None),
        Err(fault) if fault.code.starts_with("ENT-22") => page(&visit, None, Some(&fault)),
        Err(fault) => Err(Problem::new(fault)),
    }
}

/// A file that is deleted when this is dropped.
struct Kept(PathBuf);

impl Kept {
    fn write(folder: &Path, ending: &str, bytes: &[u8]) -> Outcome<Self> {
        let broken = |_: std::io::Error| failed();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(broken)?;
        // Two at once have two names; what a crash left behind is in nobody's way.
        for n in 0..1000_u32 {
            let path = folder.join(format!("services-{n}.{ending}"));
            let opened = fs::File::options().write(true).create_new(true).mode(0o600).open(&path);
            if let Ok(mut file) = opened {
                let kept = Self(path);
                file.write_all(bytes).map_err(broken)?;
                return Ok(kept);
            }
        }
        Err(failed())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // If it cannot be deleted, nobody can do anything about it here.
        let _ = fs::remove_file(&self.0);
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
            "Le fichier est trop volumineux pour un navigateur : 8 Mo au plus.",
        ),
        (
            "Import it on the machine: `entente service import FILE`.",
            "Importez-le sur la machine : `entente service import FICHIER`.",
        ),
    )
}
