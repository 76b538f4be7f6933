//! One's own account: sessions, a fresh proof, another way in.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::{Both, Fault};
use entente_node::people::{Method, PasskeyShown, Person, SessionRow, Signed, Typed, Way};
use serde::Deserialize;

use super::sign_in::is_about_signing_in;
use crate::gate::{Visit, safe};
use crate::kept;
use crate::notices::{Notice, notices};
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;
use crate::route::area;

area! {
    GET "/account", Need::Session => account;
    POST "/account/sessions/{session}/end", Need::Session => end_session;
    POST "/account/sessions/end", Need::Session => end_others;
    POST "/account/renew", Need::Fresh => renew;
    GET "/confirm", Need::Session => ask_proof;
    POST "/confirm", Need::Session => prove;
    GET "/stay", Need::Session => stay;
    GET "/licences", Need::Nothing => licences;
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    p: &'a Page,
    signed: &'a Signed,
    person: &'a Person,
    sessions: &'a [SessionRow],
    passkeys: &'a [PasskeyShown],
    /// Why there can be none here.
    no_passkeys: Option<&'a Fault>,
    /// The name of the identity provider, if there is one.
    provider: Option<Both>,
}

impl AccountPage<'_> {
    fn roles(&self) -> String {
        let labels = self.person.roles.iter().map(|role| role.label(self.p.lang));
        labels.collect::<Vec<_>>().join(", ")
    }

    /// Whether this account signs in at the identity provider.
    fn is_provided(&self) -> bool {
        self.person.ways.contains(&Way::Provider)
    }

    fn how(&self, session: &SessionRow) -> &'static str {
        match session.how {
            Method::Link => self.p.t("Sign-in link", "Lien d’ouverture de session"),
            Method::Code => self.p.t("Password and code", "Mot de passe et code"),
            Method::Recovery => {
                self.p.t("Password and recovery code", "Mot de passe et code de récupération")
            }
            Method::Passkey => self.p.t("Passkey", "Clé d’accès"),
            Method::Provider => self.p.t("Identity provider", "Fournisseur d’identité"),
        }
    }
}

/// `GET /account`.
async fn account(visit: Visit) -> Answer {
    let signed = visit.signed()?;
    let (user, name) = (signed.user, signed.staff.name.clone());
    let found = visit.console.people(move |people| {
        let (_, person) = people.find(&name)?;
        Ok((person, people.sessions_of(&user), people.passkeys_of(&user)?))
    });
    let (person, sessions, passkeys) = found.await?;
    let no_passkeys = super::passkeys::site(&visit.console).check().err();
    show(&AccountPage {
        p: &visit.page,
        signed,
        person: &person,
        sessions: &sessions,
        passkeys: &passkeys,
        no_passkeys: no_passkeys.as_deref(),
        provider: visit.console.desk.provider.as_ref().map(|it| it.name()),
    })
}

/// `POST /account/sessions/{session}/end`. Only one's own; nothing happens for any other.
async fn end_session(visit: Visit, Path(id): Path<String>) -> Answer {
    let signed = visit.signed()?.clone();
    let (staff, ended) = (signed.staff.clone(), id.clone());
    if visit.console.people(move |people| people.end_session(&signed, &id)).await? {
        visit.console.forms.forget(&ended);
    } else {
        visit
            .console
            .desk
            .note_nothing_there("POST /account/sessions/{session}/end", &staff)
            .await?;
    }
    Ok(Redirect::to(&visit.page.to("/account")).into_response())
}

/// `POST /account/sessions/end`: all but the one that asks.
async fn end_others(visit: Visit) -> Answer {
    let signed = visit.signed()?.clone();
    let mut others = visit.console.desk.people.sessions_of(&signed.user);
    others.retain(|it| it.id != signed.session);
    visit.console.people(move |people| people.end_others(&signed)).await?;
    others.iter().for_each(|it| visit.console.forms.forget(&it.id));
    Ok(Redirect::to(&visit.page.to("/account")).into_response())
}

/// `POST /account/renew`: a link for one's own account, followed at once.
async fn renew(visit: Visit) -> Answer {
    let signed = visit.signed()?.clone();
    let token = visit.console.people(move |people| people.renew(&signed)).await?;
    Ok(Redirect::to(&visit.page.to(&format!("/join/{}", token.text()))).into_response())
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    to: &'a str,
    name: &'a str,
    passkeys: bool,
    /// The name of the identity provider, if whoever is here signs in there and nowhere else.
    provider: Option<Both>,
}

impl<'a> ConfirmPage<'a> {
    async fn new(visit: &'a Visit, to: &'a str) -> Result<Self, Problem> {
        let signed = visit.signed()?;
        let user = signed.user;
        let found = visit.console.people(move |people| {
            Ok((!people.passkeys_of(&user)?.is_empty(), people.is_provided(&user)?))
        });
        let (has_passkey, is_provided) = found.await?;
        let passkeys = has_passkey && super::passkeys::site(&visit.console).check().is_ok();
        let provider = visit.console.desk.provider.as_ref().filter(|_| is_provided);
        let (name, provider) = (signed.staff.name.as_str(), provider.map(|it| it.name()));
        Ok(Self { p: &visit.page, fault: None, to, name, passkeys, provider })
    }
}

/// The page again, with what was wrong.
pub(super) async fn not_proved(visit: &Visit, fault: Box<Fault>, to: &str) -> Answer {
    if !is_about_signing_in(&fault) {
        return Err(Problem::new(fault));
    }
    let page = ConfirmPage { fault: Some(&fault), ..ConfirmPage::new(visit, to).await? };
    show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

#[derive(Debug, Default, Deserialize)]
struct To {
    #[serde(default)]
    to: String,
}

#[derive(Template)]
#[template(path = "confirmed.html")]
struct ConfirmedPage<'a> {
    p: &'a Page,
    form: &'a kept::Form,
    to: &'a str,
}

/// `GET /confirm`. Whoever has proved who they are finds there what they had typed.
async fn ask_proof(visit: Visit, Query(To { to }): Query<To>) -> Answer {
    let (console, signed) = (&visit.console, visit.signed()?);
    let form = console.forms.of(&signed.session, console.desk.node.now_s());
    if let Some(form) = form.filter(|_| console.desk.people.is_fresh(signed)) {
        return show(&ConfirmedPage { p: &visit.page, form: &form, to: safe(&to) });
    }
    show(&ConfirmPage::new(&visit, safe(&to)).await?)
}

#[derive(Deserialize)]
struct Proof {
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    to: String,
}

/// `POST /confirm`.
async fn prove(visit: Visit, Form(form): Form<Proof>) -> Answer {
    let (signed, place) = (visit.signed()?.clone(), visit.place.clone());
    let Proof { password, code, to } = form;
    let typed = Typed { name: signed.staff.name.clone(), password, code };
    let proved =
        visit.console.proving(move |people| people.prove_again(&signed, &typed, &place)).await;
    match proved {
        Ok(()) => Ok(Redirect::to(&visit.page.to(safe(&to))).into_response()),
        Err(fault) => not_proved(&visit, fault, safe(&to)).await,
    }
}

/// `GET /stay`: the session was used.
async fn stay(_: Visit) -> Answer {
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Template)]
#[template(path = "licences.html")]
struct LicencesPage<'a> {
    p: &'a Page,
    notices: &'a [Notice],
}

/// `GET /licences`.
async fn licences(visit: Visit) -> Answer {
    show(&LicencesPage { p: &visit.page, notices: &notices() })
}
