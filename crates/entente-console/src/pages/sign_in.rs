//! Signing in and out.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect};
use entente_node::fault::{Both, Fault};
use entente_node::people::Typed;
use serde::Deserialize;

use crate::gate::{Visit, safe, set_cookie, unset_cookie};
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;
use crate::route::area;

area! {
    GET "/sign-in", Need::Nothing => ask;
    POST "/sign-in", Need::Nothing => sign_in;
    POST "/sign-out", Need::Nothing => sign_out;
    GET "/locked", Need::Nothing => locked;
    POST "/locked", Need::Nothing => lock;
    POST "/leave", Need::Nothing => leave;
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    name: &'a str,
    to: &'a str,
    locked: bool,
    passkeys: bool,
    /// The name of the identity provider, if there is one.
    provider: Option<Both>,
}

impl<'a> SignInPage<'a> {
    fn new(visit: &'a Visit, to: &'a str) -> Self {
        let passkeys = super::passkeys::site(&visit.console).check().is_ok();
        let provider = visit.console.desk.provider.as_ref().map(|it| it.name());
        Self { p: &visit.page, fault: None, name: "", to, locked: false, passkeys, provider }
    }
}

/// Where to go after signing in: a path of ours, without the language.
#[derive(Debug, Default, Deserialize)]
struct To {
    #[serde(default)]
    to: String,
}

/// `GET /sign-in`.
async fn ask(visit: Visit, Query(To { to }): Query<To>) -> Answer {
    if visit.page.signed.is_some() {
        return Ok(Redirect::to(&visit.page.to(safe(&to))).into_response());
    }
    show(&SignInPage::new(&visit, safe(&to)))
}

#[derive(Template)]
#[template(path = "locked.html")]
struct LockedPage<'a> {
    p: &'a Page,
    to: &'a str,
}

/// `GET /locked`: where a page goes that was left alone. Where the session is in use elsewhere, a link leads back: two
/// pages that went back by themselves would keep each other's session open.
async fn locked(visit: Visit, Query(To { to }): Query<To>) -> Answer {
    let to = safe(&to);
    if visit.page.signed.is_some() {
        return show(&LockedPage { p: &visit.page, to });
    }
    show(&SignInPage { locked: true, ..SignInPage::new(&visit, to) })
}

/// By how many seconds the clock of a page may be ahead of the node's.
const AHEAD_S: i64 = 60;

/// `POST /locked`: a page that was left alone ends the session. If another page of it is in use, the answer says for
/// how many seconds it lasts.
async fn lock(visit: Visit) -> Answer {
    let now_s = visit.console.desk.node.now_s();
    let left_s = visit.page.signed.as_ref().map_or(0, |it| it.ends_s() - now_s);
    if left_s > AHEAD_S {
        return Ok(left_s.to_string().into_response());
    }
    end(&visit).await?;
    let gone = [(header::SET_COOKIE, unset_cookie(&visit.console))];
    Ok((StatusCode::NO_CONTENT, gone).into_response())
}

#[derive(Deserialize)]
struct SignIn {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    to: String,
}

/// `POST /sign-in`.
async fn sign_in(visit: Visit, Form(form): Form<SignIn>) -> Answer {
    let (console, place) = (&visit.console, visit.place.clone());
    let SignIn { name, password, code, to } = form;
    let shown: String = name.chars().take(64).collect();
    let typed = Typed { name, password, code };
    let opened = console.proving(move |people| people.sign_in(&typed, &place)).await;
    match opened {
        Ok(token) => {
            let cookie = set_cookie(console, &token);
            let to = visit.page.to(safe(&to));
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response())
        }
        Err(fault) => again(&visit, fault, &shown, safe(&to)),
    }
}

/// Whether somebody who tries to get in can try again with it: wrong, too often, too late, or no answer to be
/// had from the identity provider.
pub(super) fn is_about_signing_in(fault: &Fault) -> bool {
    matches!(fault.code.as_str(), "ENT-2702" | "ENT-2703" | "ENT-2765")
        || fault.code.starts_with("ENT-28")
}

/// The page again, with what was wrong.
fn again(visit: &Visit, fault: Box<Fault>, name: &str, to: &str) -> Answer {
    if !is_about_signing_in(&fault) {
        return Err(Problem::new(fault));
    }
    let page = SignInPage { fault: Some(&fault), name, ..SignInPage::new(visit, to) };
    show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// The same for whoever typed no name.
pub(super) fn refused(visit: &Visit, fault: Box<Fault>, to: &str) -> Answer {
    again(visit, fault, "", to)
}

/// Ends the session of whoever asks, if there is one.
async fn end(visit: &Visit) -> Result<(), Problem> {
    let Some(token) = visit.place.session.clone() else { return Ok(()) };
    if let Some(signed) = &visit.page.signed {
        visit.console.forms.forget(&signed.session);
    }
    let ended = visit.console.people(move |people| match people.signed(&token, false)? {
        Some(signed) => people.sign_out(&signed),
        None => Ok(()),
    });
    Ok(ended.await?)
}

/// `POST /sign-out`. Whoever signed in at the identity provider is led on to it.
async fn sign_out(visit: Visit) -> Answer {
    end(&visit).await?;
    if let Some(led) = super::oidc::led_out(&visit).await? {
        return Ok(led);
    }
    let gone = [(header::SET_COOKIE, unset_cookie(&visit.console))];
    let cookies = gone.into_iter().chain(super::oidc::leaves(&visit));
    let to = Redirect::to(&visit.page.to("/sign-in"));
    Ok((AppendHeaders(cookies), to).into_response())
}

#[derive(Template)]
#[template(path = "leave.html")]
struct LeavePage<'a> {
    p: &'a Page,
}

/// `POST /leave`: ends the session and goes to a harmless page. Nothing of ours is left in the
/// window or in what the browser keeps.
async fn leave(visit: Visit) -> Answer {
    // Getting away must not fail because something cannot be written down.
    let _ = end(&visit).await;
    let page = show(&LeavePage { p: &visit.page })?;
    let headers = [
        (header::SET_COOKIE, unset_cookie(&visit.console)),
        (header::REFRESH, format!("0; url={}", visit.page.leave_to)),
        (header::HeaderName::from_static("clear-site-data"), "\"cache\"".to_owned()),
    ];
    let headers = headers.into_iter().chain(super::oidc::leaves(&visit));
    Ok((AppendHeaders(headers), page).into_response())
}
