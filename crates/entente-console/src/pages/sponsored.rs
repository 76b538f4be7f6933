//! Organizations without a node that we sponsor: taking one on, its files, its mail, the end.
//!
//! A file that comes in, and one that goes out, lies sealed in the node's folder while the node reads or writes
//! it, and nowhere after.

use askama::Template;
use axum::extract::{DefaultBodyLimit, Multipart, Path};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::Fault;
use entente_node::jobs::Once;
use entente_node::local::Op;
use entente_node::local::doc::{
    SponsorAddAsk, SponsorEndAsk, SponsorGiveAsk, SponsorListAsk, SponsorListTold, SponsorMailAsk,
    SponsorTakeAsk, SponsorTold, SponsoredEntry,
};

use crate::carried::{self, Kind};
use crate::gate::{Visit, nothing_there};
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;
use crate::route::Route;

/// The longest file that an organization signs, answers least of all, and room for what stands around it in a form.
const MAX_FORM: usize = (2 << 20) + 64 * 1024;

mod table {
    use entente_node::local::Op;

    use super::{add, ask, ask_end, end, give, list, mail, take};
    use crate::route::area;

    area! {
        GET "/sponsored", Need::May(Op::SponsorList) => list;
        GET "/sponsored/add", Need::May(Op::SponsorAdd) => ask;
        POST "/sponsored/add", Need::May(Op::SponsorAdd) => add;
        POST "/sponsored/take", Need::May(Op::SponsorTake) => take;
        POST "/sponsored/{organization}/mail", Need::May(Op::SponsorMail) => mail;
        POST "/sponsored/{organization}/receipt", Need::May(Op::SponsorGive) => give;
        GET "/sponsored/{organization}/end", Need::May(Op::SponsorEnd) => ask_end;
        POST "/sponsored/{organization}/end", Need::May(Op::SponsorEnd) => end;
    }
}

/// The routes of this area.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = table::routes();
    for route in &mut routes {
        if matches!(route.path, "/sponsored/add" | "/sponsored/take") {
            route.answer = route.answer.clone().layer(DefaultBodyLimit::max(MAX_FORM));
        }
    }
    routes
}

#[derive(Template)]
#[template(path = "sponsored/list.html")]
struct ListPage<'a> {
    p: &'a Page,
    told: &'a SponsorListTold,
    fault: Option<&'a Fault>,
    taken: Option<&'a SponsorTold>,
}

impl ListPage<'_> {
    /// Where a sponsored organization stands: the tone and the word.
    fn state(&self, entry: &SponsoredEntry) -> (&'static str, &'static str) {
        let p = self.p;
        match entry {
            it if it.ended_at.is_some() => ("", p.t("ended", "terminé")),
            it if it.waiting > 0 => ("warn", p.t("its turn", "à lui de répondre")),
            it if it.unsent > 0 => ("info", p.t("mail to send", "courrier à envoyer")),
            _ => ("good", p.t("nothing waits", "rien n’attend")),
        }
    }

    /// What was asked for about a referral of its own, in words.
    fn request(&self, what: &str) -> &'static str {
        let p = self.p;
        match what {
            "refer" => p.t(
                "Asked for by it, one of ours now:",
                "Demandé par lui, devenu l’un des nôtres :",
            ),
            "hand_over" => {
                p.t("Contact details handed on, sealed:", "Coordonnées scellées transmises :")
            }
            _ => p.t("Taken back:", "Retiré :"),
        }
    }

    /// The beginning of a referral's name.
    fn short<'a>(&self, id: &'a str) -> &'a str {
        id.get(..8).unwrap_or(id)
    }

    /// Why answers could not be carried: a reason and how often.
    fn refused(&self, told: &SponsorTold) -> Vec<(String, u64)> {
        let mut reasons: Vec<(String, u64)> = Vec::new();
        for refused in told.answers.iter().flat_map(|it| &it.refused) {
            match reasons.iter_mut().find(|(reason, _)| *reason == refused.reason) {
                Some((_, n)) => *n += 1,
                None => reasons.push((refused.reason.clone(), 1)),
            }
        }
        reasons
    }
}

async fn page(visit: &Visit, fault: Option<&Fault>, taken: Option<&SponsorTold>) -> Answer {
    let told = visit.ask(&SponsorListAsk {}).await?;
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    show_as(status, &ListPage { p: &visit.page, told: &told, fault, taken })
}

/// `GET /sponsored`.
async fn list(visit: Visit) -> Answer {
    page(&visit, None, None).await
}

#[derive(Template)]
#[template(path = "sponsored/add.html")]
struct AddPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    us: &'a str,
    fingerprint: &'a str,
}

impl AddPage<'_> {
    /// The field that a fault is about.
    fn field(&self, fault: &Fault) -> &'static str {
        if fault.code == "ENT-2603" { "fingerprint" } else { "file" }
    }

    /// Whether this field is the one at fault.
    fn is_wrong(&self, field: &str) -> bool {
        self.fault.is_some_and(|fault| self.field(fault) == field)
    }
}

/// `GET /sponsored/add`.
async fn ask(visit: Visit) -> Answer {
    let us = visit.console.desk.node.id().to_string();
    show(&AddPage { p: &visit.page, fault: None, us: &us, fingerprint: "" })
}

/// What a form with a file sends.
#[derive(Debug, Default)]
struct Sent {
    bytes: Vec<u8>,
    fingerprint: String,
}

async fn read(mut form: Multipart) -> Result<Sent, Problem> {
    let mut sent = Sent::default();
    // A file that is too large for the form is cut off: it is no whole file then, and the node says so.
    while let Ok(Some(field)) = form.next_field().await {
        match field.name().unwrap_or_default() {
            "file" => {
                sent.bytes = field.bytes().await.map_err(|_| Problem::new(no_file()))?.to_vec()
            }
            "fingerprint" => sent.fingerprint = field.text().await.unwrap_or_default(),
            _ => {}
        }
    }
    Ok(sent)
}

/// The file, where the node can read it, until this is dropped.
async fn kept(visit: &Visit, bytes: Vec<u8>) -> Result<Once, Box<Fault>> {
    if bytes.is_empty() {
        return Err(no_file());
    }
    visit.console.jobs(move |jobs| jobs.files.once(&bytes)).await
}

/// `POST /sponsored/add`: the fingerprint is typed as it is heard, and was never shown.
async fn add(visit: Visit, form: Multipart) -> Answer {
    let Sent { bytes, fingerprint } = read(form).await?;
    let added = match kept(&visit, bytes).await {
        Ok(file) => {
            let typed = fingerprint.trim().to_owned();
            let ask = SponsorAddAsk { file: file.path(), fingerprint: typed };
            carried::asked(&visit, file, ask).await.map(|(told, _)| told)
        }
        Err(fault) => Err(fault),
    };
    match added {
        Ok(_) => Ok(Redirect::to(&visit.page.to("/sponsored")).into_response()),
        Err(fault) if is_about_the_file(&fault) => {
            let us = visit.console.desk.node.id().to_string();
            let (p, fault) = (&visit.page, Some(&*fault));
            let page = AddPage { p, fault, us: &us, fingerprint: &fingerprint };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

/// `POST /sponsored/take`: its newest file, or its answers. What came of it stands above the list.
async fn take(visit: Visit, form: Multipart) -> Answer {
    let sent = read(form).await?;
    let taken = match kept(&visit, sent.bytes).await {
        Ok(file) => {
            let ask = SponsorTakeAsk { file: file.path() };
            carried::asked(&visit, file, ask).await.map(|(told, _)| told)
        }
        Err(fault) => Err(fault),
    };
    match taken {
        Ok(taken) => page(&visit, None, Some(&taken)).await,
        Err(fault) if is_about_the_file(&fault) => page(&visit, Some(&fault), None).await,
        Err(fault) => Err(Problem::new(fault)),
    }
}

fn is_about_the_file(fault: &Fault) -> bool {
    fault.code == "ENT-2834" || fault.code.starts_with("ENT-26")
}

/// `POST /sponsored/{organization}/mail`: what waits for it, as a file to be sent.
async fn mail(visit: Visit, Path(organization): Path<String>) -> Answer {
    let place = visit.console.jobs(|jobs| jobs.files.place()).await?;
    let ask = SponsorMailAsk { organization: organization.clone(), file: place.path() };
    let (_, place) = carried::asked(&visit, place, ask).await?;
    download(&visit, place, "mail", &organization).await
}

/// `POST /sponsored/{organization}/receipt`: what we have of it, and how many partners know.
async fn give(visit: Visit, Path(organization): Path<String>) -> Answer {
    let place = visit.console.jobs(|jobs| jobs.files.place()).await?;
    let ask = SponsorGiveAsk { organization: organization.clone(), file: place.path() };
    let (_, place) = carried::asked(&visit, place, ask).await?;
    download(&visit, place, "receipt", &organization).await
}

/// A file that the node has just written, under a name that says whom it is for.
async fn download(visit: &Visit, place: Once, what: &str, organization: &str) -> Answer {
    let id: String = organization.chars().filter(char::is_ascii_hexdigit).take(8).collect();
    let today = visit.console.desk.node.today();
    let command = match what {
        "receipt" => {
            ("entente sponsor give NAME --out FILE", "entente sponsor give NOM --out FICHIER")
        }
        _ => ("entente sponsor mail NAME --out FILE", "entente sponsor mail NOM --out FICHIER"),
    };
    let kind = Kind { media: "application/octet-stream", ending: "entente", command };
    carried::download(visit, place, &format!("entente-{what}-{id}-{today}"), kind).await
}

#[derive(Template)]
#[template(path = "sponsored/end.html")]
struct EndPage<'a> {
    p: &'a Page,
    entry: &'a SponsoredEntry,
}

/// `GET /sponsored/{organization}/end`.
async fn ask_end(visit: Visit, Path(organization): Path<String>) -> Answer {
    let told = visit.ask(&SponsorListAsk {}).await?;
    let entry = told.ours.iter().find(|it| it.organization.id == organization);
    let entry = entry.filter(|it| it.ended_at.is_none()).ok_or_else(nothing_there)?;
    show(&EndPage { p: &visit.page, entry })
}

/// `POST /sponsored/{organization}/end`.
async fn end(visit: Visit, Path(organization): Path<String>) -> Answer {
    visit.ask(&SponsorEndAsk { organization }).await?;
    Ok(Redirect::to(&visit.page.to("/sponsored")).into_response())
}

fn no_file() -> Box<Fault> {
    Fault::new(
        2834,
        ("No file came with this.", "Aucun fichier n’a été reçu."),
        (
            "Choose the file that the organization signed; it has at most 2 MiB.",
            "Choisissez le fichier que l’organisme a signé; il fait au plus 2 Mio.",
        ),
    )
}
