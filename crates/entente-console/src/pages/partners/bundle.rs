//! Where there is no line: what one organization said to another, as a file.
//!
//! A bundle holds the same signed batches as the line and is accepted by the same function. It lies sealed in the
//! node's folder while the node reads or writes it, and nowhere after.

use askama::Template;
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, Multipart, Path};
use axum::http::StatusCode;
use entente_node::fault::Fault;
use entente_node::local::doc::{BundleExportAsk, BundleImportAsk, BundleImportTold};

use crate::carried::{self, Kind, MAX_BYTES, too_large};
use crate::gate::Visit;
use crate::page::{Answer, Page, failed, show, show_as};
use crate::problem::Problem;
use crate::route::Route;

mod table {
    use entente_node::local::Op;

    use super::{ask, save, take};
    use crate::route::area;

    area! {
        GET "/partners/bundle", Need::May(Op::BundleImport) => ask;
        POST "/partners/bundle", Need::May(Op::BundleImport) => take;
        POST "/partners/{partner}/bundle", Need::May(Op::BundleExport) => save;
    }
}

/// Room for the largest file, and for what stands around it in a form.
const MAX_FORM: usize = (16 << 20) + 64 * 1024;

/// The routes of this part.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = table::routes();
    for route in routes.iter_mut().filter(|route| route.path == "/partners/bundle") {
        route.answer = route.answer.clone().layer(DefaultBodyLimit::max(MAX_FORM));
    }
    routes
}

#[derive(Template)]
#[template(path = "partners/bundle.html")]
struct BundlePage<'a> {
    p: &'a Page,
    told: Option<&'a BundleImportTold>,
    fault: Option<&'a Fault>,
}

impl BundlePage<'_> {
    /// What came of it: how many of what, without what there was none of.
    fn lines(&self, told: &BundleImportTold) -> Vec<(&'static str, u64)> {
        let (p, it) = (self.p, &told.outcome);
        let lines = [
            (p.t("Entries that were new", "Entrées nouvelles"), it.pulled),
            (p.t("Summaries that we hold now", "Résumés maintenant détenus"), it.held),
            (
                p.t("Summaries taken back and destroyed", "Résumés retirés et détruits"),
                it.withdrawn,
            ),
            (p.t("Receipts of theirs", "Accusés de leur part"), it.receipts_received),
            (p.t("Receipts that we owe them now", "Accusés à leur remettre"), it.receipts_sent),
            (p.t("Entries that we could not use", "Entrées inutilisables"), it.skipped),
        ];
        lines.into_iter().filter(|(_, n)| *n > 0).collect()
    }
}

/// `GET /partners/bundle`.
async fn ask(visit: Visit) -> Answer {
    show(&BundlePage { p: &visit.page, told: None, fault: None })
}

/// `POST /partners/bundle`. Whose the file is stands in it, signed.
async fn take(visit: Visit, form: Multipart) -> Answer {
    let told = match sent(form).await {
        Ok(bytes) => {
            let file = visit.console.jobs(move |jobs| jobs.files.once(&bytes)).await?;
            let ask = BundleImportAsk { file: file.path() };
            carried::asked(&visit, file, ask).await.map(|(told, _)| told)
        }
        Err(fault) => Err(fault),
    };
    let p = &visit.page;
    match told {
        Ok(told) => show(&BundlePage { p, told: Some(&told), fault: None }),
        Err(fault) if is_about_the_file(&fault) => {
            let page = BundlePage { p, told: None, fault: Some(&fault) };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

/// Also that its sender is nobody whom we know.
fn is_about_the_file(fault: &Fault) -> bool {
    let code = fault.code.as_str();
    matches!(code, "ENT-1201" | "ENT-1510" | "ENT-1511" | "ENT-1512" | "ENT-2850" | "ENT-2851")
}

/// The file of the form.
async fn sent(mut form: Multipart) -> Result<Vec<u8>, Box<Fault>> {
    let broken = |error: MultipartError| {
        let is_large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
        if is_large { too_large(IMPORT) } else { failed() }
    };
    let mut bytes = Vec::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("file") {
            bytes = field.bytes().await.map_err(broken)?.to_vec();
        }
    }
    match bytes.len() as u64 {
        0 => Err(no_file()),
        n if n > MAX_BYTES => Err(too_large(IMPORT)),
        _ => Ok(bytes),
    }
}

/// What reads a larger file on the machine.
const IMPORT: (&str, &str) = ("entente bundle import FILE", "entente bundle import FICHIER");

/// `POST /partners/{partner}/bundle`: all that we have said to them. What they have read is passed over there.
async fn save(visit: Visit, Path(partner): Path<String>) -> Answer {
    let place = visit.console.jobs(|jobs| jobs.files.place()).await?;
    let ask = BundleExportAsk { partner, file: place.path(), from: None };
    let (told, place) = carried::asked(&visit, place, ask).await?;
    let today = visit.console.desk.node.today();
    let name = format!("entente-bundle-{}-{today}", told.partner.short());
    let kind = Kind {
        media: "application/octet-stream",
        ending: "entente",
        command: ("entente bundle export PARTNER FILE", "entente bundle export PARTENAIRE FICHIER"),
    };
    carried::download(&visit, place, &name, kind).await
}

/// `ENT-2850`.
fn no_file() -> Box<Fault> {
    Fault::new(
        2850,
        ("No bundle came with this.", "Aucune liasse n’a été reçue."),
        (
            "Choose the file that the partner wrote for you.",
            "Choisissez le fichier que le partenaire a écrit pour vous.",
        ),
    )
}
