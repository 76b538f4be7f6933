//! National returns: the list, the checks, the files, and publication.

use askama::Template;
use axum::extract::{Multipart, Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use entente_core::identity::OrgId;
use entente_node::answer::not_a_return;
use entente_node::fault::{Both, Fault};
use entente_node::local::Op;
use entente_node::local::doc::{
    PartnerListAsk, ReturnCheck, ReturnFile, ReturnListAsk, ReturnPublishAsk, ReturnRow,
    ReturnShowAsk, ReturnShowTold, ReturnUnpublishAsk, StatusAsk,
};
use entente_node::node::Outcome;
use entente_node::returned::{self, Verdict};
use serde::Deserialize;

use crate::charts::Mark;
use crate::figures::{Sheet, legend, periods, said_once, sheets};
use crate::gate::Visit;
use crate::page::{Answer, Page, failed, show, show_as};
use crate::paging::Pages;
use crate::problem::Problem;
use crate::route::area;

area! {
    GET "/statistics/returns", Need::May(Op::ReturnList) => list;
    POST "/statistics/returns/verify", Need::May(Op::ReturnShow) => verify;
    GET "/statistics/returns/{return}", Need::May(Op::ReturnShow) => one;
    GET "/statistics/returns/{return}/{form}", Need::May(Op::ReturnShow) => file;
    POST "/statistics/returns/{return}/publish", Need::May(Op::ReturnPublish) => publish;
    POST "/statistics/returns/{return}/unpublish", Need::May(Op::ReturnUnpublish) => unpublish;
}

/// The longest file that is read to be checked: about what a plan of five cubes, fifty contributors and
/// three revisions comes to, ten times.
pub(super) const MAX_FILE: usize = 16 << 20;

/// The forms of a return: their names in addresses, and what people read.
pub(crate) const FORMS: [(&str, &str, &str); 5] = [
    ("csv", "CSV", "CSV"),
    ("xlsx", "Excel workbook (XLSX)", "Classeur Excel (XLSX)"),
    ("json", "JSON", "JSON"),
    ("sdmx", "SDMX-CSV (SDG 16.2.2)", "SDMX-CSV (ODD 16.2.2)"),
    ("return", "Signed file, with all proofs", "Fichier signé, avec toutes les preuves"),
];

#[derive(Template)]
#[template(path = "statistics/returns.html")]
struct ListPage<'a> {
    p: &'a Page,
    returns: &'a [ReturnRow],
    pages: Pages,
    fault: Option<&'a Fault>,
    // The identities that somebody typed besides those that we know.
    trust: &'a str,
    verdict: Option<&'a Verdict>,
    overlap: Option<&'a Overlap>,
}

/// The result of an overlap round that somebody sent, and what is wrong with it.
struct Overlap {
    period: String,
    lists: String,
    counted_at_s: i64,
    faults: Vec<Both>,
}

/// What a file turned out to be.
enum Checked {
    Return(Box<Verdict>),
    Overlap(Overlap),
}

impl ListPage<'_> {
    fn title(&self) -> &str {
        self.verdict.map_or("", |it| it.title.in_lang(self.p.lang))
    }

    fn checks(&self) -> &[ReturnCheck] {
        self.verdict.map_or(&[], |it| &it.checks)
    }

    /// The field that is at fault.
    fn field(&self) -> &'static str {
        match self.fault {
            Some(fault) if fault.code == "ENT-0018" => "trust",
            _ => "file",
        }
    }
}

/// From which row on.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    from: usize,
}

/// One page of the returns, the newest first.
async fn kept(visit: &Visit, from: usize) -> Outcome<(Vec<ReturnRow>, Pages)> {
    let told = visit.ask(&ReturnListAsk::default()).await?;
    Ok(Pages::of(&visit.page, "/statistics/returns", from, told.returns))
}

/// `GET /statistics/returns`.
async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let (returns, pages) = kept(&visit, wanted.from).await?;
    show(&list_page(&visit.page, &returns, pages))
}

/// The page without a file that was checked.
fn list_page<'a>(p: &'a Page, returns: &'a [ReturnRow], pages: Pages) -> ListPage<'a> {
    ListPage { p, returns, pages, fault: None, trust: "", verdict: None, overlap: None }
}

/// `POST /statistics/returns/verify`: a file that somebody sent, checked as the command line would, against the
/// identities that we know and those that were typed. Nothing of it is kept.
async fn verify(visit: Visit, form: Multipart) -> Answer {
    let Sent { bytes, trust } = sent(form).await?;
    let mut known = known(&visit).await?;
    let (returns, pages) = kept(&visit, 0).await?;
    let page = ListPage { trust: &trust, ..list_page(&visit.page, &returns, pages) };
    let read = match returned::identities(trust.split_whitespace()) {
        Ok(more) => {
            known.extend(more);
            let read = tokio::task::spawn_blocking(move || checked(&bytes, &known));
            read.await.map_err(|_| failed())?
        }
        Err(fault) => Err(fault),
    };
    match read {
        Ok(Checked::Return(verdict)) => show(&ListPage { verdict: Some(&verdict), ..page }),
        Ok(Checked::Overlap(overlap)) => show(&ListPage { overlap: Some(&overlap), ..page }),
        Err(fault) => {
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &ListPage { fault: Some(&fault), ..page })
        }
    }
}

/// A return or the result of an overlap round, checked against known identities.
fn checked(bytes: &[u8], known: &[OrgId]) -> Outcome<Checked> {
    if returned::is_overlap(bytes) {
        let read = returned::read_overlap(bytes, Some(known));
        let (counted, _, faults) = read.map_err(|invalid| not_a_return(&invalid))?;
        let terms = counted.round.terms();
        return Ok(Checked::Overlap(Overlap {
            period: terms.period.to_string(),
            lists: terms.lists.join(", "),
            counted_at_s: counted.counted_at_s,
            faults,
        }));
    }
    let (_, verdict) =
        returned::read(bytes, Some(known)).map_err(|invalid| not_a_return(&invalid))?;
    Ok(Checked::Return(Box::new(verdict)))
}

/// Who we are, and our partners.
async fn known(visit: &Visit) -> Result<Vec<OrgId>, Problem> {
    let partners = visit.ask(&PartnerListAsk::default()).await?.partners;
    let own = visit.ask(&StatusAsk {}).await?.organization.id;
    let ids = partners.into_iter().map(|it| it.partner.id).chain([own]);
    Ok(ids.filter_map(|id| id.parse().ok()).collect())
}

/// What the form sends.
#[derive(Default)]
struct Sent {
    bytes: Vec<u8>,
    trust: String,
}

async fn sent(mut form: Multipart) -> Result<Sent, Problem> {
    let broken = |_| Problem::new(not_a_return(&"the form is cut off"));
    let mut sent = Sent::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("file") => sent.bytes = field.bytes().await.map_err(broken)?.to_vec(),
            Some("trust") => sent.trust = field.text().await.map_err(broken)?,
            _ => {}
        }
    }
    Ok(sent)
}

#[derive(Template)]
#[template(path = "statistics/return.html")]
struct ReturnPage<'a> {
    p: &'a Page,
    told: &'a ReturnShowTold,
    sheets: Vec<Sheet>,
    legend: Vec<(&'static str, &'static str)>,
    // What holds for all of them.
    shared: Vec<String>,
}

impl ReturnPage<'_> {
    fn checks(&self) -> &[ReturnCheck] {
        &self.told.checks
    }

    fn forms(&self) -> Vec<(&'static str, &'static str)> {
        FORMS.iter().map(|(form, en, fr)| (*form, self.p.lang.pick(*en, *fr))).collect()
    }

    fn public_path(&self) -> String {
        let short = self.told.row.id.get(..16).unwrap_or_default();
        format!("/public/{}/figures/{short}", self.p.lang)
    }
}

/// `GET /statistics/returns/{return}`.
async fn one(visit: Visit, Path(id): Path<String>) -> Answer {
    let p = &visit.page;
    let told = visit.ask(&ReturnShowAsk { id, form: None, lang: None }).await?;
    let mut all = Vec::new();
    for period in periods(&told.tables) {
        all.extend(sheets(&told.tables, &period, p.lang));
    }
    let mut sheets = numbered(all);
    let shared = said_once(&mut sheets);
    show(&ReturnPage { p, told: &told, sheets, legend: legend(p.lang), shared })
}

/// Every sheet and picture with a name of its own on a page of several periods.
pub(crate) fn numbered(mut sheets: Vec<Sheet>) -> Vec<Sheet> {
    for (at, sheet) in sheets.iter_mut().enumerate() {
        let (old, new) = (sheet.id.clone(), format!("table-{}", at + 1));
        if old != new {
            for picture in &mut sheet.pictures {
                picture.rename(&old, &new);
            }
            sheet.id = new;
        }
    }
    sheets
}

/// `GET /statistics/returns/{return}/{form}`.
async fn file(visit: Visit, Path((id, form)): Path<(String, String)>) -> Answer {
    let lang = Some(visit.page.lang.to_string());
    let told = visit.ask(&ReturnShowAsk { id, form: Some(form), lang }).await?;
    Ok(download(&told.file.ok_or_else(failed)?)?)
}

/// A file to be kept.
pub(crate) fn download(file: &ReturnFile) -> Result<Response, Box<Fault>> {
    let digits = file.hex.as_bytes().chunks_exact(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Vec<u8> = digits.map(byte).collect::<Option<_>>().ok_or_else(failed)?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let name = format!("attachment; filename=\"{}\"", file.name);
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| failed());
    headers.insert(header::CONTENT_TYPE, value(&file.media)?);
    headers.insert(header::CONTENT_DISPOSITION, value(&name)?);
    Ok(response)
}

/// `POST /statistics/returns/{return}/publish`.
async fn publish(visit: Visit, Path(id): Path<String>) -> Answer {
    let told = visit.ask(&ReturnPublishAsk { id }).await?;
    let to = visit.page.to(&format!("/statistics/returns/{}", told.row.id));
    Ok(Redirect::to(&to).into_response())
}

/// `POST /statistics/returns/{return}/unpublish`.
async fn unpublish(visit: Visit, Path(id): Path<String>) -> Answer {
    let told = visit.ask(&ReturnUnpublishAsk { id }).await?;
    let to = visit.page.to(&format!("/statistics/returns/{}", told.row.id));
    Ok(Redirect::to(&to).into_response())
}
