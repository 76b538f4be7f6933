//! Keys and certificates: what to compare, what ends when, how a key is replaced.

use askama::Template;
use axum::Form;
use axum::http::StatusCode;
use entente_node::fault::Fault;
use entente_node::local::Op;
use entente_node::local::doc::{PassphraseAsk, Private, SettingsShowAsk, SettingsTold};
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;

/// Hex digits in groups of eight, as two people compare them.
pub(super) fn groups(hex: &str) -> String {
    let digits: Vec<char> = hex.chars().collect();
    digits.chunks(8).map(|group| group.iter().collect()).collect::<Vec<String>>().join(" ")
}

#[derive(Template)]
#[template(path = "settings/keys.html")]
struct KeysPage<'a> {
    p: &'a Page,
    told: &'a SettingsTold,
    identity: String,
}

/// `GET /settings/keys`.
pub(super) async fn list(visit: Visit) -> Answer {
    let told = visit.ask(&SettingsShowAsk {}).await?;
    let identity = groups(&told.organization.id);
    show(&KeysPage { p: &visit.page, told: &told, identity })
}

#[derive(Template)]
#[template(path = "settings/passphrase.html")]
struct PassphrasePage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    is_done: bool,
}

/// What is typed; it is never shown again.
#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    old: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(..)")
    }
}

/// `GET /settings/passphrase`.
pub(super) async fn ask(visit: Visit) -> Answer {
    show(&PassphrasePage { p: &visit.page, fault: None, is_done: false })
}

/// `POST /settings/passphrase`.
pub(super) async fn change(visit: Visit, Form(typed): Form<Typed>) -> Answer {
    let Typed { old, new, again } = typed;
    let told = if new == again {
        visit.ask(&PassphraseAsk { old: Private(old), new: Private(new) }).await.map(|_| ())
    } else {
        Err(not_alike())
    };
    let page = |fault| PassphrasePage { p: &visit.page, fault, is_done: fault.is_none() };
    match told {
        Ok(()) => show(&page(None)),
        Err(fault) if matches!(fault.code.as_str(), "ENT-1101" | "ENT-1103" | "ENT-2799") => {
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page(Some(&fault)))
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

fn not_alike() -> Box<Fault> {
    Fault::new(
        2799,
        (
            "The new passphrase was typed in two ways.",
            "La nouvelle phrase de passe a été tapée de deux façons.",
        ),
        ("Type it again, twice alike.", "Tapez-la de nouveau, deux fois pareille."),
    )
}
