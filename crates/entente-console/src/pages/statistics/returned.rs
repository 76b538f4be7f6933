//! National returns: the list, the checks, the files, and publication.

use askama::Template;
use axum::extract::{Multipart, Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use entente_core::identity::OrgId;
use entente_node::answer::not_a_return;
use entente_node::fault::Fault;
use entente_node::local::Op;
use entente_node::local::doc::{
    PartnerListAsk, ReturnCheck, ReturnFile, ReturnListAsk, ReturnPublishAsk, ReturnRow,
    ReturnShowAsk, ReturnShowTold, ReturnUnpublishAsk, StatusAsk,
};
use entente_node::node::Outcome;
use entente_node::returned::{self, Verdict};
use serde::Deserialize;

use crate::charts::Mark;
use crate::figures::{Sheet, legend, periods, sheets};
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
    verdict: Option<&'a Verdict>,
}

impl ListPage<'_> {
    fn title(&self) -> &str {
        self.verdict.map_or("", |it| it.title.in_lang(self.p.lang))
    }

    fn checks(&self) -> &[ReturnCheck] {
        self.verdict.map_or(&[], |it| &it.checks)
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
    show(&ListPage { p: &visit.page, returns: &returns, pages, fault: None, verdict: None })
}

/// `POST /statistics/returns/verify`: a file that somebody sent, checked as the command line would, against the
/// identities that we know. Nothing of it is kept.
async fn verify(visit: Visit, form: Multipart) -> Answer {
    let known = known(&visit).await?;
    let (returns, pages) = kept(&visit, 0).await?;
    let bytes = sent(form).await?;
    let read = tokio::task::spawn_blocking(move || returned::read(&bytes, Some(&known)));
    let page = ListPage { p: &visit.page, returns: &returns, pages, fault: None, verdict: None };
    match read.await.map_err(|_| failed())? {
        Ok((_, verdict)) => show(&ListPage { verdict: Some(&verdict), ..page }),
        Err(invalid) => {
            let fault = not_a_return(&invalid);
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &ListPage { fault: Some(&fault), ..page })
        }
    }
}

/// Who we are, and our partners.
async fn known(visit: &Visit) -> Result<Vec<OrgId>, Problem> {
    let partners = visit.ask(&PartnerListAsk::default()).await?.partners;
    let own = visit.ask(&StatusAsk {}).await?.organization.id;
    let ids = partners.into_iter().map(|it| it.partner.id).chain([own]);
    Ok(ids.filter_map(|id| id.parse().ok()).collect())
}

/// The file of a form.
async fn sent(mut form: Multipart) -> Result<Vec<u8>, Problem> {
    let broken = |_| Problem::new(not_a_return(&"the form is cut off"));
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("file") {
            return Ok(field.bytes().await.map_err(broken)?.to_vec());
        }
    }
    Ok(Vec::new())
}

#[derive(Template)]
#[template(path = "statistics/return.html")]
struct ReturnPage<'a> {
    p: &'a Page,
    told: &'a ReturnShowTold,
    sheets: Vec<Sheet>,
    legend: Vec<(&'static str, &'static str)>,
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
    show(&ReturnPage { p, told: &told, sheets: numbered(all), legend: legend(p.lang) })
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
