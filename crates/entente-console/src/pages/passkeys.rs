//! Passkeys: added and removed by their owners, shown to sign in and to confirm.
//!
//! A browser makes and shows them by a script (`assets/console.js`), so whoever has none keeps the
//! password. The script asks for options as JSON, and sends the answer in a form like any other.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::Fault;
use entente_node::node::Outcome;
use entente_node::people::{PasskeyAnswer, PasskeyAsk, PasskeyShown, Site};
use serde::Deserialize;

use crate::Console;
use crate::gate::{Visit, safe, set_cookie};
use crate::page::{Answer, Page, failed, show, show_as};
use crate::problem::Problem;
use crate::route::area;

area! {
    GET "/account/passkeys/add", Need::Fresh => ask;
    POST "/account/passkeys/begin", Need::Fresh => begin;
    POST "/account/passkeys", Need::Fresh => add;
    GET "/account/passkeys/{passkey}", Need::Session => one;
    POST "/account/passkeys/{passkey}/name", Need::Session => rename;
    POST "/account/passkeys/{passkey}/remove", Need::Fresh => remove;
    POST "/sign-in/passkey/begin", Need::Nothing => begin_sign_in;
    POST "/sign-in/passkey", Need::Nothing => sign_in;
    POST "/confirm/passkey/begin", Need::Session => begin_proof;
    POST "/confirm/passkey", Need::Session => prove;
}

/// Where passkeys of this console belong.
pub(crate) fn site(console: &Console) -> Site {
    let name = &console.desk.node.profile().name;
    let title = [&name.en, &name.fr].into_iter().find(|it| !it.is_empty());
    Site {
        name: console.desk.config.console.public_name.clone(),
        origins: console.origins.clone(),
        title: title.cloned().unwrap_or_default(),
    }
}

/// What a browser is asked, as the script reads it. A fault is one line of text that it shows.
fn asked(visit: &Visit, asked: Outcome<PasskeyAsk>) -> Answer {
    let (status, document) = match asked {
        Ok(PasskeyAsk { ceremony, options }) => {
            let options = serde_json::from_str::<serde_json::Value>(&options);
            let options = options.map_err(|_| Problem::new(failed()))?;
            (StatusCode::OK, serde_json::json!({ "ceremony": ceremony, "options": options }))
        }
        Err(fault) => {
            let (what, next) = (visit.page.both(&fault.what), visit.page.both(&fault.next));
            let text = format!("{what} {next} {}", fault.code).replace('`', "");
            (StatusCode::UNPROCESSABLE_ENTITY, serde_json::json!({ "fault": text }))
        }
    };
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((status, kind, document.to_string()).into_response())
}

#[derive(Template)]
#[template(path = "passkey_add.html")]
struct AddPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    label: &'a str,
}

/// `GET /account/passkeys/add`.
async fn ask(visit: Visit) -> Answer {
    site(&visit.console).check()?;
    let day = visit.page.day(&visit.console.desk.node.today().to_string());
    let label = format!("{} – {day}", visit.page.t("Passkey", "Clé d’accès"));
    show(&AddPage { p: &visit.page, fault: None, label: &label })
}

/// `POST /account/passkeys/begin`.
async fn begin(visit: Visit) -> Answer {
    let (signed, site, place) =
        (visit.signed()?.clone(), site(&visit.console), visit.place.clone());
    let begun = visit.console.people(move |people| people.begin_passkey(&signed, &site, &place));
    asked(&visit, begun.await)
}

/// A form with the answer of a browser.
#[derive(Default, Deserialize)]
struct Answered {
    #[serde(default)]
    ceremony: String,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    to: String,
}

impl Answered {
    fn answer(&self) -> PasskeyAnswer {
        PasskeyAnswer { ceremony: self.ceremony.clone(), answer: self.answer.clone() }
    }
}

/// `POST /account/passkeys`.
async fn add(visit: Visit, Form(form): Form<Answered>) -> Answer {
    let (signed, site, answer) = (visit.signed()?.clone(), site(&visit.console), form.answer());
    let label = form.label.clone();
    let added = visit
        .console
        .people(move |people| people.add_passkey(&signed, &site, &answer, &label))
        .await;
    match added {
        Ok(_) => Ok(Redirect::to(&visit.page.to("/account")).into_response()),
        Err(fault) => {
            let page = AddPage { p: &visit.page, fault: Some(&fault), label: &form.label };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

#[derive(Template)]
#[template(path = "passkey.html")]
struct OnePage<'a> {
    p: &'a Page,
    passkey: &'a PasskeyShown,
    fault: Option<&'a Fault>,
    label: &'a str,
}

/// One of one's own passkeys; any other is not there.
async fn find(visit: &Visit, id: &str) -> Result<PasskeyShown, Problem> {
    let user = visit.signed()?.user;
    let all = visit.console.people(move |people| people.passkeys_of(&user)).await?;
    let found = all.into_iter().find(|it| it.id == id);
    found.ok_or_else(|| Problem::new(crate::gate::nothing_there()))
}

/// `GET /account/passkeys/{passkey}`.
async fn one(visit: Visit, Path(id): Path<String>) -> Answer {
    let passkey = find(&visit, &id).await?;
    show(&OnePage { p: &visit.page, passkey: &passkey, fault: None, label: &passkey.label })
}

/// `POST /account/passkeys/{passkey}/name`.
async fn rename(visit: Visit, Path(id): Path<String>, Form(form): Form<Answered>) -> Answer {
    let passkey = find(&visit, &id).await?;
    let (signed, label) = (visit.signed()?.clone(), form.label.clone());
    let renamed =
        visit.console.people(move |people| people.rename_passkey(&signed, &id, &label)).await;
    match renamed {
        Ok(()) => Ok(Redirect::to(&visit.page.to("/account")).into_response()),
        Err(fault) => {
            let (p, fault) = (&visit.page, Some(&*fault));
            let page = OnePage { p, passkey: &passkey, fault, label: &form.label };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// `POST /account/passkeys/{passkey}/remove`.
async fn remove(visit: Visit, Path(id): Path<String>) -> Answer {
    find(&visit, &id).await?;
    let signed = visit.signed()?.clone();
    visit.console.people(move |people| people.remove_passkey(&signed, &id)).await?;
    Ok(Redirect::to(&visit.page.to("/account")).into_response())
}

/// `POST /sign-in/passkey/begin`.
async fn begin_sign_in(visit: Visit) -> Answer {
    let (site, place) = (site(&visit.console), visit.place.clone());
    let begun = visit.console.people(move |people| people.begin_passkey_sign_in(&site, &place));
    asked(&visit, begun.await)
}

/// `POST /sign-in/passkey`.
async fn sign_in(visit: Visit, Form(form): Form<Answered>) -> Answer {
    let (site, place, answer) = (site(&visit.console), visit.place.clone(), form.answer());
    let opened = visit
        .console
        .people(move |people| people.sign_in_with_passkey(&site, &answer, &place))
        .await;
    match opened {
        Ok(token) => {
            let cookie = set_cookie(&visit.console, &token);
            let to = Redirect::to(&visit.page.to(safe(&form.to)));
            Ok(([(header::SET_COOKIE, cookie)], to).into_response())
        }
        Err(fault) => super::sign_in::refused(&visit, fault, safe(&form.to)),
    }
}

/// `POST /confirm/passkey/begin`.
async fn begin_proof(visit: Visit) -> Answer {
    let (signed, site, place) =
        (visit.signed()?.clone(), site(&visit.console), visit.place.clone());
    let begun =
        visit.console.people(move |people| people.begin_passkey_proof(&signed, &site, &place));
    asked(&visit, begun.await)
}

/// `POST /confirm/passkey`.
async fn prove(visit: Visit, Form(form): Form<Answered>) -> Answer {
    let (signed, site) = (visit.signed()?.clone(), site(&visit.console));
    let (place, answer) = (visit.place.clone(), form.answer());
    let proved = visit
        .console
        .people(move |people| people.prove_with_passkey(&signed, &site, &answer, &place))
        .await;
    match proved {
        Ok(()) => Ok(Redirect::to(&visit.page.to(safe(&form.to))).into_response()),
        Err(fault) => super::account::not_proved(&visit, fault, safe(&form.to)).await,
    }
}
