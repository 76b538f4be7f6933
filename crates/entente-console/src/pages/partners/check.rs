//! The check by phone: each side reads six digits aloud and types the six of the other.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::Fault;
use entente_node::local::doc::{
    PartnerDeclineAsk, PartnerDigitsAsk, PartnerDigitsTold, PartnerVerifyAsk,
};
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "partners/check.html")]
struct CheckPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    told: &'a PartnerDigitsTold,
    typed: &'a str,
    tries: u64,
}

impl CheckPage<'_> {
    /// The digits as they are read: three, and three.
    fn halves(&self) -> Vec<&str> {
        let digits = self.told.read_aloud.as_str();
        digits.split_at_checked(3).map_or_else(|| vec![digits], |(one, two)| vec![one, two])
    }

    fn is_done(&self) -> bool {
        self.told.we_typed && self.told.they_typed
    }
}

/// `GET /partners/{partner}/check`. Asks for a proof now, not in the middle of the call.
pub(super) async fn ask(visit: Visit, Path(partner): Path<String>) -> Answer {
    let told = visit.ask(&PartnerDigitsAsk { partner }).await?;
    show(&CheckPage {
        p: &visit.page,
        fault: None,
        told: &told,
        typed: "",
        tries: told.tries_left.into(),
    })
}

/// What was typed.
#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    digits: String,
}

/// `POST /partners/{partner}/check`.
pub(super) async fn verify(
    visit: Visit,
    Path(partner): Path<String>,
    Form(Typed { digits }): Form<Typed>,
) -> Answer {
    let here = visit.page.to(&format!("/partners/{partner}"));
    let plain: String = digits.chars().filter(char::is_ascii_digit).collect();
    let fault = if plain.len() == 6 {
        let ask = PartnerVerifyAsk { partner: partner.clone(), digits: plain };
        let told = visit.ask(&ask).await?;
        if told.matched {
            return Ok(Redirect::to(&format!("{here}/check")).into_response());
        }
        if told.tries_left == 0 {
            // The page of the partner says why it is over.
            return Ok(Redirect::to(&here).into_response());
        }
        wrong_digits()
    } else {
        // A slip of the finger costs no try.
        six_digits()
    };
    let told = visit.ask(&PartnerDigitsAsk { partner }).await?;
    let typed: String = digits.chars().take(12).collect();
    let page = CheckPage {
        p: &visit.page,
        fault: Some(&fault),
        told: &told,
        typed: &typed,
        tries: told.tries_left.into(),
    };
    show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// Why a connection is declined.
#[derive(Deserialize)]
pub(super) struct Declined {
    #[serde(default)]
    reason: String,
}

/// `POST /partners/{partner}/decline`: it was not them.
pub(super) async fn decline(
    visit: Visit,
    Path(partner): Path<String>,
    Form(form): Form<Declined>,
) -> Answer {
    let reason = super::reason(&form.reason);
    let declined = visit.ask(&PartnerDeclineAsk { ticket: partner, reason }).await;
    declined.map_err(Problem::new)?;
    Ok(Redirect::to(&visit.page.to("/partners")).into_response())
}

fn wrong_digits() -> Box<Fault> {
    Fault::new(
        2740,
        (
            "These are not the digits of the other side.",
            "Ce ne sont pas les chiffres de l’autre partie.",
        ),
        (
            "Ask them to read the digits again, slowly. If they still do not match, somebody may be between you.",
            "Demandez qu’on relise les chiffres, lentement. S’ils ne correspondent toujours pas, quelqu’un s’interpose peut-être.",
        ),
    )
}

fn six_digits() -> Box<Fault> {
    Fault::new(
        2741,
        ("The digits must be six.", "Il faut six chiffres."),
        (
            "Type the six digits that they read to you.",
            "Saisissez les six chiffres qu’on vous lit.",
        ),
    )
}
