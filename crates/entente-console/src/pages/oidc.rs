//! Signing in with the organization's own identity provider.
//!
//! A form of ours begins the way there, and a page of ours leads on: a browser that followed a redirect
//! straight out of a form would ask our policy for the address of the provider (`form-action`), and of
//! wherever the provider sends people next. The way back is one address without a language. It is the one
//! request that changes something by GET: it counts only with a `state` that this browser was sent away
//! with, once, and answers with a redirect, so that no code stays in the window.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Uri, header};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use entente_core::lang::Lang;
use entente_node::fault::{Both, Fault};
use entente_node::node::Outcome;
use entente_node::oidc::{Provider, not_accepted, not_finished};
use entente_node::people::{Errand, Method, Place, Returned, SESSION_IDLE_S, Signed, Token};
use serde::Deserialize;

use crate::Console;
use crate::gate::{self, Visit, cookie, nothing_there, safe, set_cookie, unset_cookie};
use crate::page::{Answer, Page, show};
use crate::problem::Problem;
use crate::route::area;

area! {
    POST "/sign-in/oidc", Need::Nothing => sign_in;
    GET "/sign-in/oidc", Need::Nothing => refused;
    POST "/confirm/oidc", Need::Session => prove;
    POST "/account/oidc", Need::Fresh => move_there;
}

/// Where the provider sends browsers back to, behind the origin.
pub(crate) const BACK: &str = "/sign-in/oidc/back";

/// The same when a session at the provider is over.
pub(crate) const OUT: &str = "/sign-in/oidc/out";

/// How long the cookie of the way there lasts, in seconds: as long as what it belongs to.
const WAY_LASTS_S: u32 = 600;

/// The same of what was wrong.
const FAULT_LASTS_S: u32 = 60;

/// For how long a session at the provider could open one here again, in seconds.
const LEFT_LASTS_S: i64 = SESSION_IDLE_S;

fn provider(console: &Console) -> Outcome<&Provider> {
    console.desk.provider.as_ref().ok_or_else(nothing_there)
}

/// An address to come back to, as the provider knows it.
fn whole(console: &Console, path: &str) -> String {
    // With a proxy in front, both are the origin that browsers see.
    let origin = console.origins.first().map_or("", String::as_str);
    format!("{origin}{path}")
}

/// The cookie of the way there. Another one than that of a session: it is nobody's yet.
fn way_cookie(console: &Console) -> String {
    format!("{}-oidc", console.cookie)
}

/// The cookie of what was wrong, for the page that says it. Another one again: any page can send a browser back to us
/// with nothing, and what that browser left with must stay good.
fn fault_cookie(console: &Console) -> String {
    format!("{}-oidc-fault", console.cookie)
}

/// The cookie of a browser that somebody who came from the provider has left. It is no secret.
fn left_cookie(console: &Console) -> String {
    format!("{}-oidc-left", console.cookie)
}

/// Says that whoever comes next is to be asked again at the provider, if whoever leaves came from there.
pub(super) fn leaves(visit: &Visit) -> Option<(HeaderName, String)> {
    let came = visit.page.signed.as_ref().is_some_and(|it| it.how == Method::Provider);
    let name = left_cookie(&visit.console);
    let cookie =
        format!("{name}=1; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={LEFT_LASTS_S}");
    came.then_some((header::SET_COOKIE, cookie))
}

fn set(name: &str, token: &Token, lasts_s: u32) -> String {
    // Lax: the way back is a link of another site, as far as a browser can see.
    let text = token.text();
    format!("{name}={text}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={lasts_s}")
}

fn unset(name: &str) -> String {
    format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

#[derive(Template)]
#[template(path = "provider.html")]
struct ProviderPage<'a> {
    p: &'a Page,
    name: &'a Both,
    address: &'a str,
}

/// A form that begins the way there.
#[derive(Debug, Default, Deserialize)]
struct Begin {
    #[serde(default)]
    to: String,
}

/// Leads a browser to the provider. `was_left` says that somebody has just left it.
async fn lead(
    visit: &Visit,
    errand: Errand,
    was_left: bool,
    to: &str,
) -> Result<Response, Problem> {
    let console = &visit.console;
    let provider = provider(console)?;
    let (lang, to, place) = (visit.page.lang, to.to_owned(), visit.place.clone());
    let signed = visit.page.signed.clone().filter(|_| errand != Errand::SignIn);
    let sent = console.people(move |people| {
        people.send_to_provider(errand, signed.as_ref(), was_left, (lang, &to), &place)
    });
    let sent = sent.await?;
    let now_s = console.desk.node.now_s();
    let address = provider.address(&sent, &whole(console, BACK), lang, now_s).await?;
    let page = show(&ProviderPage { p: &visit.page, name: &provider.name(), address: &address })?;
    let headers = [
        (header::SET_COOKIE, set(&way_cookie(console), &sent.browser, WAY_LASTS_S)),
        (header::REFRESH, format!("0; url={address}")),
    ];
    Ok((headers, page).into_response())
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOutPage<'a> {
    p: &'a Page,
    name: &'a Both,
    address: &'a str,
}

/// Leads whoever was signed in by the provider on to it when their session here is over: to the next who sits down, the
/// one there would open it again. `None` for everybody else, and if the provider has no page for it.
pub(super) async fn led_out(visit: &Visit) -> Result<Option<Response>, Problem> {
    let (console, lang) = (&visit.console, visit.page.lang);
    let was_there = visit.page.signed.as_ref().is_some_and(|it| it.how == Method::Provider);
    let provider = console.desk.provider.as_ref().filter(|_| was_there);
    let Some(provider) = provider else { return Ok(None) };
    let Some(address) = provider.way_out(&whole(console, OUT), lang).await else {
        return Ok(None);
    };
    let page = Page { signed: None, path: "/sign-in".to_owned(), ..visit.page.clone() };
    let page = show(&SignedOutPage { p: &page, name: &provider.name(), address: &address })?;
    let headers = [
        (header::SET_COOKIE, unset_cookie(console)),
        (header::REFRESH, format!("0; url={address}")),
    ];
    let headers = headers.into_iter().chain(leaves(visit));
    Ok(Some((AppendHeaders(headers), page).into_response()))
}

/// What stands behind the `?` when a browser is back from there.
#[derive(Default, Deserialize)]
struct Out {
    #[serde(default)]
    state: String,
}

/// `GET /sign-in/oidc/out`: to the page for signing in, in the language in which somebody signed out.
pub(crate) async fn out(headers: HeaderMap, uri: Uri) -> Redirect {
    let query = uri.query().unwrap_or_default();
    let Out { state } = serde_urlencoded::from_str(query).unwrap_or_default();
    let left_in = [Lang::En, Lang::Fr].into_iter().find(|lang| lang.code() == state);
    let lang = left_in.unwrap_or_else(|| gate::wanted(&headers));
    Redirect::to(&format!("/{lang}/sign-in"))
}

/// `POST /sign-in/oidc`.
async fn sign_in(visit: Visit, headers: HeaderMap, Form(form): Form<Begin>) -> Answer {
    let to = safe(&form.to);
    let was_left = cookie(&headers, &left_cookie(&visit.console)).is_some();
    match lead(&visit, Errand::SignIn, was_left, to).await {
        Err(problem) => super::sign_in::refused(&visit, problem.into_fault(), to),
        led => led,
    }
}

/// `POST /confirm/oidc`.
async fn prove(visit: Visit, Form(form): Form<Begin>) -> Answer {
    let to = safe(&form.to);
    match lead(&visit, Errand::Prove, false, to).await {
        Err(problem) => super::account::not_proved(&visit, problem.into_fault(), to).await,
        led => led,
    }
}

/// `POST /account/oidc`: to sign in there from now on.
async fn move_there(visit: Visit) -> Answer {
    lead(&visit, Errand::Move, false, "/account").await
}

/// `GET /sign-in/oidc`: what was wrong, for the browser that has just come back.
async fn refused(visit: Visit, headers: HeaderMap) -> Answer {
    let kept = cookie(&headers, &fault_cookie(&visit.console));
    let kept = visit.console.people(move |people| Ok(kept.and_then(|it| people.kept_fault(&it))));
    match kept.await? {
        Some(fault) if visit.page.signed.is_some() => Err(Problem::new(fault)),
        Some(fault) => super::sign_in::refused(&visit, fault, "/home"),
        None => Ok(Redirect::to(&visit.page.to("/sign-in")).into_response()),
    }
}

/// What stands behind the `?` when a browser is back. What an error says is not even read.
#[derive(Default, Deserialize)]
struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    iss: Option<String>,
    error: Option<String>,
}

/// `GET /sign-in/oidc/back`.
pub(crate) async fn back(State(console): State<Arc<Console>>, request: Request) -> Response {
    // What stands there twice is what nobody meant.
    let query = request.uri().query().unwrap_or_default();
    let query: Back = serde_urlencoded::from_str(query).unwrap_or_default();
    let lang = gate::wanted(request.headers());
    let page = Page::new(&console, lang, request.uri(), None);
    let visit = gate::visit(&request, Arc::clone(&console), page);
    let browser = cookie(request.headers(), &way_cookie(&console));
    drop(request);
    let (state, place) = (query.state.clone(), visit.place.clone());
    let taken = console
        .people(move |people| people.back_from_provider(&state, browser.as_deref(), &place))
        .await;
    let returned = match taken {
        Ok(returned) => returned,
        Err(fault) => return to_refused(&visit, lang, fault, None).await,
    };
    let lang = returned.lang;
    match finish(&visit, query, returned).await {
        Ok(response) => response,
        Err(fault) => to_refused(&visit, lang, fault, Some(way_cookie(&console))).await,
    }
}

/// Exchanges the code, and does what the browser went for.
async fn finish(visit: &Visit, query: Back, returned: Returned) -> Outcome<Response> {
    let console = &visit.console;
    let signed = signed(visit, returned.errand).await?;
    let name = signed.as_ref().map(|signed| signed.staff.name.clone());
    let provider = provider(console)?;
    let who = if !provider.is_from(query.iss.as_deref()) {
        Err(not_accepted())
    } else if query.error.is_some() {
        Err(not_finished())
    } else {
        let now_s = console.desk.node.now_s();
        provider.redeem(&query.code, &returned, &whole(console, BACK), now_s).await
    };
    let who = match who {
        Ok(who) => who,
        Err(fault) => {
            let place = visit.place.clone();
            let told = console
                .people(move |people| people.refuse_provider(name.as_deref(), fault, &place))
                .await?;
            return Err(told);
        }
    };
    let to = Redirect::to(&format!("/{}{}", returned.lang, safe(&returned.to)));
    let place = visit.place.clone();
    let done = console.people(move |people| match (returned.errand, signed) {
        (Errand::SignIn, _) => people.sign_in_with_provider(&who, &place).map(Some),
        (Errand::Prove, Some(signed)) => {
            people.prove_with_provider(&signed, &returned, &who, &place).map(|()| None)
        }
        (Errand::Move, Some(signed)) => {
            people.move_to_provider(&signed, &returned, &who, &place).map(Some)
        }
        // The session ended meanwhile.
        (_, None) => {
            let fault = entente_node::people::provider_too_late();
            Err(people.refuse_provider(None, fault, &place)?)
        }
    });
    let opened = done.await?;
    let session = opened.map(|token| (header::SET_COOKIE, set_cookie(console, &token)));
    let over = [way_cookie(console), fault_cookie(console), left_cookie(console)];
    let over = over.map(|name| (header::SET_COOKIE, unset(&name)));
    Ok((AppendHeaders(session.into_iter().chain(over)), to).into_response())
}

/// Whoever is signed in, for an errand that is somebody's.
async fn signed(visit: &Visit, errand: Errand) -> Outcome<Option<Signed>> {
    let token = visit.place.session.clone().filter(|_| errand != Errand::SignIn);
    let Some(token) = token else { return Ok(None) };
    visit.console.people(move |people| people.signed(&token, true)).await
}

/// To the page that says what was wrong: in the address there is nothing of the provider then. `over` is the cookie of
/// a way there that was used up.
async fn to_refused(
    visit: &Visit,
    lang: Lang,
    fault: Box<Fault>,
    over: Option<String>,
) -> Response {
    let place: Place = visit.place.clone();
    let kept = visit.console.people(move |people| people.keep_fault(fault, &place)).await;
    let kept = kept.ok().map(|it| set(&fault_cookie(&visit.console), &it, FAULT_LASTS_S));
    let over = over.map(|name| unset(&name));
    let cookies = kept.into_iter().chain(over).map(|it| (header::SET_COOKIE, it));
    let to = Redirect::to(&format!("/{lang}/sign-in/oidc"));
    (AppendHeaders(cookies), to).into_response()
}
