//! Getting in with a link: the first administrator, and everybody whose account is new or was reset.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use entente_node::fault::Fault;
use entente_node::people::{Invited, Joining, Token, link_is_over};
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;

use crate::gate::{Visit, encoded, set_cookie};
use crate::page::{Answer, Page, failed, show, show_as};
use crate::problem::Problem;
use crate::route::area;

area! {
    GET "/join/{token}", Need::Nothing => ask;
    POST "/join/{token}", Need::Nothing => join;
}

#[derive(Template)]
#[template(path = "join.html")]
struct JoinPage<'a> {
    p: &'a Page,
    invited: &'a Invited,
    fault: Option<&'a Fault>,
    name: &'a str,
    display: &'a str,
    picture: Picture,
    here: &'a str,
}

impl JoinPage<'_> {
    /// The secret in groups of four, as people type it.
    fn grouped(&self) -> String {
        let groups: Vec<_> =
            self.invited.secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
        groups.join(" ")
    }

    /// The field that a fault is about.
    fn field(&self, fault: &Fault) -> &'static str {
        match fault.code.as_str() {
            "ENT-2707" | "ENT-2721" => "password",
            "ENT-2708" => "code",
            _ => "name",
        }
    }
}

/// A QR code as a path of squares.
pub(crate) struct Picture {
    pub(crate) side: usize,
    pub(crate) path: String,
}

impl Picture {
    pub(crate) fn of(text: &str) -> Result<Self, Problem> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M);
        let code = code.map_err(|_| Problem::new(failed()))?;
        // Four squares of quiet around it, as readers expect.
        let (width, quiet) = (code.width(), 4);
        let mut path = String::new();
        for (at, colour) in code.to_colors().into_iter().enumerate() {
            if colour == qrcode::Color::Dark {
                let (x, y) = (at % width + quiet, at / width + quiet);
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        Ok(Self { side: width + 2 * quiet, path })
    }
}

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryPage<'a> {
    p: &'a Page,
    today: &'a str,
    codes: &'a [String],
}

async fn invited(visit: &Visit, token: &str) -> Result<(Token, Invited), Problem> {
    let token = Token::parse(token).ok_or_else(link_is_over)?;
    let (asked, place) = (token.clone(), visit.place.clone());
    let invited = visit.console.people(move |people| people.invited(&asked, &place)).await?;
    Ok((token, invited))
}

fn page<'a>(
    visit: &'a Visit,
    invited: &'a Invited,
    form: &'a Choice,
    fault: Option<&'a Fault>,
    here: &'a str,
) -> Result<JoinPage<'a>, Problem> {
    let known = invited.account.as_ref();
    let name = known.map_or(form.name.as_str(), |(name, _)| name);
    let organization = visit.page.both(&visit.page.organization);
    let label = if name.is_empty() { "administrator" } else { name };
    let picture = Picture::of(&format!(
        "otpauth://totp/{}:{}?secret={}&issuer={}",
        encoded(organization),
        encoded(label),
        invited.secret,
        encoded(organization)
    ))?;
    let display = known.map_or(form.display.as_str(), |(_, display)| display);
    Ok(JoinPage { p: &visit.page, invited, fault, name, display, picture, here })
}

/// `GET /join/{token}`. Uses nothing up.
async fn ask(visit: Visit, Path(text): Path<String>) -> Answer {
    let (_, invited) = invited(&visit, &text).await?;
    show(&page(&visit, &invited, &Choice::default(), None, &text)?)
}

#[derive(Clone, Default, Deserialize)]
struct Choice {
    #[serde(default)]
    name: String,
    #[serde(default)]
    display: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
}

/// `POST /join/{token}`.
async fn join(visit: Visit, Path(text): Path<String>, Form(form): Form<Choice>) -> Answer {
    let (token, invited) = invited(&visit, &text).await?;
    let (console, place) = (&visit.console, visit.place.clone());
    let chosen = Joining {
        name: form.name.clone(),
        display: form.display.clone(),
        password: form.password.clone(),
        code: form.code.clone(),
    };
    let joined = console.proving(move |people| people.join(&token, &chosen, &place)).await;
    match joined {
        Ok(joined) => {
            let cookie = set_cookie(console, &joined.token);
            let today = console.desk.node.today().to_string();
            let codes = &joined.recovery.0;
            let shown = show(&RecoveryPage { p: &visit.page, today: &today, codes })?;
            Ok(([(header::SET_COOKIE, cookie)], shown).into_response())
        }
        Err(fault) if fault.code == "ENT-2704" => Err(Problem::new(fault)),
        Err(fault) => {
            let page = page(&visit, &invited, &form, Some(&fault), &text)?;
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}
