//! The public site: what everybody may see, without signing in.
//!
//! It is a router of its own with a few pages that are only read. It looks at no cookie and sets none, asks
//! nothing in anybody's name, and its answers may be kept by proxies. It is below `/public` of the console, and,
//! if the settings say so, at an address of its own where **nothing else answers**: [`site`] has no route of the
//! console in it, and a test asks for each.
//!
//! The language stands in the address behind `/public`, so that others can be added.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use askama::Template;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use entente_core::lang::Lang;
use entente_node::answer::{Desk, PublicQuery, PublicService};
use entente_node::fault::Fault;
use entente_node::local::doc::{ReturnRow, ReturnShowTold};
use entente_node::local::words;
use entente_node::node::Outcome;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::charts::Mark;
use crate::figures::{Sheet, legend, periods, said_once, sheets};
use crate::gate::{encoded, nothing_there, wanted};
use crate::guard::guard;
use crate::page::{Page, failed, hour_text};
use crate::pages::referrals::words::language as language_name;
use crate::pages::services::DAYS;
use crate::pages::statistics::{FORMS, download, numbered};
use crate::paging::{Pages, ROWS};
use crate::serve::{ANSWER_DEADLINE, within};
use crate::turns::BUSY;
use crate::{Console, assets};

/// For how long proxies and browsers may keep an answer: a return that was taken back is gone after that.
const KEEP: &str = "public, max-age=300";

/// The longest answer: a workbook of a long return.
const MAX_ANSWER: usize = 128 << 20;

/// The routes of the site, for the console and for an address of its own.
pub(crate) fn routes(console: &Arc<Console>) -> Router<Arc<Console>> {
    Router::new()
        .route("/public", get(to_language))
        .route("/public/{lang}", get(front))
        .route("/public/{lang}/figures/{return}", get(figures))
        .route("/public/{lang}/figures/{return}/{form}", get(file))
        .route("/public/{lang}/services", get(services))
        .route("/public/{lang}/hotlines", get(hotlines))
        .layer(from_fn_with_state(Arc::clone(console), kept))
}

/// The site alone: for an address of its own.
pub(crate) fn site(console: Arc<Console>) -> Router {
    routes(&console)
        .route("/", get(to_language))
        .route("/assets/{version}/{name}", get(assets::get))
        .fallback(not_there)
        .method_not_allowed_fallback(not_there)
        .layer(from_fn_with_state(Arc::clone(&console), patience))
        .layer(from_fn_with_state(Arc::clone(&console), guard))
        .layer(from_fn(only_read))
        .with_state(console)
}

/// Nothing is sent here: whatever is no reading is not there.
async fn only_read(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    StatusCode::NOT_FOUND.into_response()
}

/// Gives an answer its digest, and says that it is the one that the browser has. What is not there gets its
/// page.
async fn kept(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let had = request.headers().get(header::IF_NONE_MATCH).cloned();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return nothing(&console, &path),
        StatusCode::SERVICE_UNAVAILABLE => {
            return later(&Front::new(&console, lang_of(&path), ""), response.status());
        }
        _ => return response,
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, MAX_ANSWER).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let digest = Sha256::digest(&body);
    let digest: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let Ok(tag) = HeaderValue::from_str(&format!("\"{digest}\"")) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let is_same = had.is_some_and(|had| had == tag);
    parts.headers.insert(header::ETAG, tag);
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEEP));
    if is_same {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}

/// The shell of a public page: that of the console without anybody signed in. Templates have it as `p`.
struct Front {
    page: Page,
    // Behind the language.
    here: String,
}

impl Deref for Front {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

impl Front {
    fn new(console: &Console, lang: Lang, here: impl Into<String>) -> Self {
        let page = Page::new(console, lang, &Uri::default(), None);
        Self { page, here: here.into() }
    }

    /// The address of a public page in the same language.
    fn at(&self, path: &str) -> String {
        format!("/public/{}{path}", self.page.lang)
    }

    /// This page in another language.
    fn other_page(&self) -> String {
        format!("/public/{}{}", self.page.other(), self.here)
    }

    fn is_at(&self, path: &str) -> bool {
        self.here.split('?').next() == Some(path)
    }
}

/// The language of an address. Others can be added here.
fn language(text: &str) -> Result<Lang, Box<Fault>> {
    match text {
        "en" => Ok(Lang::En),
        "fr" => Ok(Lang::Fr),
        _ => Err(nothing_there()),
    }
}

/// A fault on its way to its page.
struct Closed(Box<Fault>);

impl From<Box<Fault>> for Closed {
    fn from(fault: Box<Fault>) -> Self {
        Self(fault)
    }
}

/// What is not there is not there, and what failed is said in no detail.
impl axum::response::IntoResponse for Closed {
    fn into_response(self) -> Response {
        match self.0.code.as_str() {
            "ENT-2712" | "ENT-2771" | "ENT-2773" => StatusCode::NOT_FOUND.into_response(),
            BUSY => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

type Answer = Result<Response, Closed>;

fn show(template: &impl Template) -> Answer {
    let html = template.render().map_err(|_| failed())?;
    Ok(axum::response::Html(html).into_response())
}

/// Looks up what takes a moment. Whoever needs help does not wait behind those who read figures.
async fn look<T: Send + 'static>(
    console: &Console,
    work: impl FnOnce(&Desk) -> Outcome<T> + Send + 'static,
) -> Outcome<T> {
    let desk = Arc::clone(&console.desk);
    console.listed.run(move || work(&desk)).await
}

/// Reads a return, which blocks, when it is its turn: anybody may ask, and it is checked each time.
async fn read<T: Send + 'static>(
    console: &Console,
    work: impl FnOnce(&Desk) -> Outcome<T> + Send + 'static,
) -> Outcome<T> {
    let desk = Arc::clone(&console.desk);
    console.public.run(move || work(&desk)).await
}

/// `/public`: to the language that the browser asks for first.
async fn to_language(headers: HeaderMap) -> Response {
    let mut response = Redirect::to(&format!("/public/{}", wanted(&headers))).into_response();
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-language"));
    response
}

#[derive(Template)]
#[template(path = "public/front.html")]
struct FrontPage<'a> {
    p: &'a Front,
    returns: &'a [ReturnRow],
    // The plainest table of the newest return, with one picture.
    newest: Option<&'a Sheet>,
    n_services: u64,
    hotlines: &'a [PublicService],
}

impl Shown for FrontPage<'_> {}

impl FrontPage<'_> {
    fn short<'r>(&self, row: &'r ReturnRow) -> &'r str {
        row.id.get(..16).unwrap_or(&row.id)
    }
}

/// `GET /public/{lang}`.
async fn front(State(console): State<Arc<Console>>, Path(lang): Path<String>) -> Answer {
    let p = Front::new(&console, language(&lang)?, "");
    let returns = look(&console, Desk::published_returns).await?;
    let newest = match returns.first() {
        Some(row) => newest(&console, row.id.clone(), p.lang).await,
        None => None,
    };
    let all = look(&console, |desk| desk.public_services(&PublicQuery::default())).await?;
    let is_for_all = |it: &&PublicService| it.everywhere || it.provinces.is_empty();
    let hotlines = all.iter().filter(|it| it.is_hotline).filter(is_for_all);
    let hotlines: Vec<_> = hotlines.take(6).cloned().collect();
    let n_services = all.iter().filter(|it| !it.is_hotline).count() as u64;
    show(&FrontPage {
        p: &p,
        returns: &returns,
        newest: newest.as_ref(),
        n_services,
        hotlines: &hotlines,
    })
}

/// What the front page shows of a return, in English and in French.
type Short = Arc<[Option<Sheet>; 2]>;

/// The newest return in short, which was checked once for all who read the front page: its id names what is in it.
#[derive(Default)]
pub(crate) struct Newest(Mutex<Option<(String, Short)>>);

impl Newest {
    fn of(&self, name: &str) -> Option<Short> {
        self.lock().as_ref().filter(|(id, _)| id == name).map(|(_, short)| Arc::clone(short))
    }

    fn put(&self, name: String, short: Short) {
        *self.lock() = Some((name, short));
    }

    fn lock(&self) -> MutexGuard<'_, Option<(String, Short)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The newest return in short. Nothing if it was taken back meanwhile, or too many ask: the page has the rest.
async fn newest(console: &Console, name: String, lang: Lang) -> Option<Sheet> {
    let short = match console.newest.of(&name) {
        Some(short) => short,
        None => {
            let id = name.clone();
            let told = read(console, move |desk| desk.published_return(&id)).await.ok()?;
            let short = Arc::new([Lang::En, Lang::Fr].map(|lang| short(&told, lang)));
            console.newest.put(name, Arc::clone(&short));
            short
        }
    };
    let [en, fr] = &*short;
    lang.pick(en, fr).clone()
}

/// The first table of a return that has a picture, with its map, or else with its bars.
fn short(told: &ReturnShowTold, lang: Lang) -> Option<Sheet> {
    let period = periods(&told.tables).into_iter().next()?;
    let mut all = sheets(&told.tables, &period, lang).into_iter();
    let mut sheet = all.find(|sheet| !sheet.pictures.is_empty())?;
    if let Some(at) = sheet.pictures.iter().position(|it| it.id.ends_with("-map")) {
        sheet.pictures.swap(0, at);
    }
    sheet.pictures.truncate(1);
    Some(sheet)
}

#[derive(Template)]
#[template(path = "public/figures.html")]
struct FiguresPage<'a> {
    p: &'a Front,
    told: &'a ReturnShowTold,
    sheets: Vec<Sheet>,
    legend: Vec<(&'static str, &'static str)>,
    // What holds for all of them.
    shared: Vec<String>,
    short: &'a str,
}

impl FiguresPage<'_> {
    fn forms(&self) -> Vec<(&'static str, &'static str)> {
        FORMS.iter().map(|(form, en, fr)| (*form, self.p.lang.pick(*en, *fr))).collect()
    }
}

/// `GET /public/{lang}/figures/{return}`.
async fn figures(
    State(console): State<Arc<Console>>,
    Path((lang, name)): Path<(String, String)>,
) -> Answer {
    let lang = language(&lang)?;
    let p = Front::new(&console, lang, format!("/figures/{}", encoded(&name)));
    let told = read(&console, move |desk| desk.published_return(&name)).await?;
    let mut all = Vec::new();
    for period in periods(&told.tables) {
        all.extend(sheets(&told.tables, &period, lang));
    }
    let short = told.row.id.get(..16).unwrap_or_default();
    let mut sheets = numbered(all);
    let shared = said_once(&mut sheets);
    show(&FiguresPage { p: &p, told: &told, sheets, legend: legend(lang), shared, short })
}

/// `GET /public/{lang}/figures/{return}/{form}`.
async fn file(
    State(console): State<Arc<Console>>,
    Path((lang, name, form)): Path<(String, String, String)>,
) -> Answer {
    let lang = language(&lang)?;
    let file = read(&console, move |desk| desk.published_file(&name, &form, lang)).await?;
    Ok(download(&file)?)
}

/// What is looked for: codes, and words of what a service is called. Nothing about a person.
#[derive(Clone, Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    need: String,
    #[serde(default)]
    province: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    from: usize,
}

/// What pages of services have in common.
trait Shown {
    /// An address that may be a link: only one that is https.
    fn link<'a>(&self, url: &'a str) -> Option<&'a str> {
        url.starts_with("https://").then_some(url)
    }

    /// For people of where, in which languages, and when it was confirmed, as far as it says so.
    fn about(&self, p: &Front, service: &PublicService) -> Vec<String> {
        let confirmed = service
            .confirmed_on
            .as_ref()
            .map(|day| format!("{} {}", p.t("confirmed on", "confirmé le"), p.day(day)));
        let all = [self.provinces(p, service), self.languages(p, service)];
        all.into_iter().chain(confirmed).filter(|it| !it.is_empty()).collect()
    }

    fn provinces(&self, p: &Front, service: &PublicService) -> String {
        match service.everywhere {
            true => p.t("All of Canada", "Partout au Canada").to_owned(),
            false => p.labels("province", &service.provinces),
        }
    }

    fn languages(&self, p: &Front, service: &PublicService) -> String {
        let name = |tag: &String| language_name(p, tag);
        service.languages.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// The hours of a week, days that are alike together; empty if it does not say so.
    fn hours(&self, p: &Front, service: &PublicService) -> String {
        let shown = |time: &String| hour_text(time, p.lang);
        let of = |(opens, closes): &(String, String)| match opens == closes {
            true => p.t("day and night", "jour et nuit").to_owned(),
            false => format!("{}–{}", shown(opens), shown(closes)),
        };
        let day = |hours: &Vec<(String, String)>| match hours.is_empty() {
            true => p.t("closed", "fermé").to_owned(),
            false => hours.iter().map(of).collect::<Vec<_>>().join(", "),
        };
        let days = DAYS.iter().map(|(_, en, fr)| p.lang.pick(*en, *fr));
        let days: Vec<(&str, String)> = days.zip(service.week.iter().map(day)).collect();
        let alike = days.chunk_by(|(_, one), (_, other)| one == other).map(|days| {
            let (first, last) =
                (days.first().map_or("", |it| it.0), days.last().map_or("", |it| it.0));
            let hours = days.first().map_or("", |it| it.1.as_str());
            match days.len() {
                1 => format!("{first} {hours}"),
                7 => format!("{} {hours}", p.t("every day", "tous les jours")),
                _ => p.lang.pick(
                    format!("{first} to {last} {hours}"),
                    format!("du {first} au {last} {hours}"),
                ),
            }
        });
        alike.collect::<Vec<_>>().join("; ")
    }
}

#[derive(Template)]
#[template(path = "public/services.html")]
struct ServicesPage<'a> {
    p: &'a Front,
    wanted: &'a Wanted,
    services: &'a [PublicService],
    // Those that are spoken somewhere: tag and name.
    languages: Vec<(String, String)>,
    pages: Pages,
}

impl Shown for ServicesPage<'_> {}

impl ServicesPage<'_> {
    fn choices(&self, list: &str) -> Vec<(&'static str, &'static str)> {
        words::list(list, self.p.lang).unwrap_or_default()
    }
}

/// `GET /public/{lang}/services`.
async fn services(
    State(console): State<Arc<Console>>,
    Path(lang): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Answer {
    let lang = language(&lang)?;
    // What is no search finds everything.
    let wanted = wanted.map(|Query(wanted)| wanted).unwrap_or_default();
    let filter = format!(
        "need={}&province={}&language={}&words={}",
        encoded(&wanted.need),
        encoded(&wanted.province),
        encoded(&wanted.language),
        encoded(&wanted.words)
    );
    let p = Front::new(&console, lang, format!("/services?{filter}"));
    let query = PublicQuery {
        need: wanted.need.clone(),
        province: wanted.province.clone(),
        language: wanted.language.clone(),
        words: wanted.words.trim().to_owned(),
    };
    let found = look(&console, move |desk| {
        let all = desk.public_services(&PublicQuery::default())?;
        Ok((all, desk.public_services(&query)?))
    });
    let (known, mut all) = found.await?;
    // A hotline is on a page of its own: its languages would find nothing here.
    let known = known.into_iter().filter(|it| !it.is_hotline);
    let spoken: BTreeSet<String> = known.flat_map(|it| it.languages).collect();
    let languages = spoken.into_iter().map(|tag| (tag.clone(), language_name(&p, &tag))).collect();
    all.retain(|service| !service.is_hotline);
    let (total, from) = (all.len(), wanted.from.min(all.len()));
    let shown: Vec<_> = all.into_iter().skip(from).take(ROWS).collect();
    let address = format!("/services?{filter}");
    let pages = Pages::linked(|path| p.at(path), &address, (from, shown.len()), total);
    show(&ServicesPage { p: &p, wanted: &wanted, services: &shown, languages, pages })
}

#[derive(Template)]
#[template(path = "public/hotlines.html")]
struct HotlinesPage<'a> {
    p: &'a Front,
    services: &'a [PublicService],
}

impl Shown for HotlinesPage<'_> {}

/// `GET /public/{lang}/hotlines`.
async fn hotlines(State(console): State<Arc<Console>>, Path(lang): Path<String>) -> Answer {
    let p = Front::new(&console, language(&lang)?, "/hotlines");
    let mut all = look(&console, |desk| desk.public_services(&PublicQuery::default())).await?;
    all.retain(|service| service.is_hotline);
    all.sort_by_key(|service| !service.everywhere);
    all.truncate(4 * ROWS);
    show(&HotlinesPage { p: &p, services: &all })
}

#[derive(Template)]
#[template(path = "public/nothing.html")]
struct NothingPage<'a> {
    p: &'a Front,
}

/// Everything else at an address of its own.
async fn not_there(State(console): State<Arc<Console>>, request: Request) -> Response {
    nothing(&console, request.uri().path())
}

fn nothing(console: &Console, path: &str) -> Response {
    let html = NothingPage { p: &Front::new(console, lang_of(path), "") };
    let html = html.render().unwrap_or_default();
    (StatusCode::NOT_FOUND, axum::response::Html(html)).into_response()
}

fn lang_of(path: &str) -> Lang {
    let is_french = path.starts_with("/public/fr") || path.starts_with("/fr");
    if is_french { Lang::Fr } else { Lang::En }
}

/// In so many seconds whoever was told to come back should.
const COME_BACK_S: u64 = 30;

#[derive(Template)]
#[template(path = "public/later.html")]
struct LaterPage<'a> {
    p: &'a Front,
}

/// Too many ask, or one answer takes too long: whoever asks is told to come back.
fn later(p: &Front, status: StatusCode) -> Response {
    let html = LaterPage { p }.render().unwrap_or_default();
    let headers = [(header::RETRY_AFTER, HeaderValue::from(COME_BACK_S))];
    (status, headers, axum::response::Html(html)).into_response()
}

/// Gives up on an answer that takes too long, in a page of the site.
async fn patience(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let lang = lang_of(request.uri().path());
    let late = || later(&Front::new(&console, lang, ""), StatusCode::GATEWAY_TIMEOUT);
    within(ANSWER_DEADLINE, late, next.run(request)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::test_page;

    #[tokio::test]
    async fn whoever_finds_the_site_busy_is_told_in_their_language_when_to_come_back() {
        let fault = crate::turns::Turns::queued(0, 0).run(|| Ok(())).await.unwrap_err();
        let refused = Closed::from(fault).into_response().status();
        assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE);
        for (lang, words) in [(Lang::En, "Try again"), (Lang::Fr, "Réessayez")] {
            let front = Front { page: test_page(lang), here: String::new() };
            for status in [refused, StatusCode::GATEWAY_TIMEOUT] {
                let answer = later(&front, status);
                assert_eq!(answer.status(), status);
                assert_eq!(answer.headers()[header::RETRY_AFTER], "30");
                let html = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
                let html = String::from_utf8(html.to_vec()).unwrap();
                assert!(html.contains(words) && html.contains(&format!("<html lang=\"{lang}\"")));
                let main = html.split("<main").nth(1).unwrap();
                assert!(main.contains(&format!("href=\"/public/{lang}/hotlines\"")), "{main}");
            }
        }
    }
}
