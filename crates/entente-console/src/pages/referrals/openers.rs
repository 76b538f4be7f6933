//! Who may open contact details that are handed over to us, and the keys they are sealed to.

use askama::Template;
use axum::Form;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::Fault;
use entente_node::local::doc::{
    HandoverKeyEntry, OpenerAddAsk, OpenerListAsk, OpenerListTold, OpenerRemoveAsk,
    OpenerRotateAsk, Private,
};
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show_as};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "referrals/openers.html")]
struct OpenersPage<'a> {
    p: &'a Page,
    told: &'a OpenerListTold,
    name: &'a str,
    fault: Option<&'a Fault>,
    differs: bool,
}

impl OpenersPage<'_> {
    fn state(&self, key: &HandoverKeyEntry) -> (&'static str, &'static str) {
        match key.state.as_str() {
            "current" => ("good", self.p.t("current", "courante")),
            "replaced" => ("warn", self.p.t("replaced", "remplacée")),
            _ => ("", self.p.t("destroyed", "détruite")),
        }
    }

    fn short<'r>(&self, key: &'r str) -> &'r str {
        key.get(..10).unwrap_or(key)
    }

    fn is_last(&self) -> bool {
        self.told.openers.len() == 1
    }
}

async fn page(visit: &Visit, name: &str, fault: Option<&Fault>, differs: bool) -> Answer {
    let told = visit.ask(&OpenerListAsk {}).await?;
    let is_good = fault.is_none() && !differs;
    let status = if is_good { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    show_as(status, &OpenersPage { p: &visit.page, told: &told, name, fault, differs })
}

fn back(visit: &Visit) -> Answer {
    Ok(Redirect::to(&visit.page.to("/openers")).into_response())
}

/// `GET /openers`.
pub(super) async fn list(visit: Visit) -> Answer {
    let name = visit.signed()?.staff.name.clone();
    page(&visit, &name, None, false).await
}

/// A new opener. The passphrase goes into one question and is in no answer.
#[derive(Default, Deserialize)]
pub(super) struct AddForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    passphrase: String,
    #[serde(default)]
    again: String,
}

/// `POST /openers/add`.
pub(super) async fn add(visit: Visit, Form(form): Form<AddForm>) -> Answer {
    if form.passphrase != form.again {
        return page(&visit, &form.name, None, true).await;
    }
    let name = Some(form.name.clone()).filter(|name| !name.trim().is_empty());
    let ask = OpenerAddAsk { name, passphrase: Private(form.passphrase) };
    match visit.ask(&ask).await {
        Ok(_) => back(&visit),
        Err(fault) => shown(&visit, &form.name, fault).await,
    }
}

async fn shown(visit: &Visit, name: &str, fault: Box<Fault>) -> Answer {
    if fault.code.starts_with("ENT-24") || fault.code.starts_with("ENT-17") {
        return page(visit, name, Some(&fault), false).await;
    }
    Err(Problem::new(fault))
}

/// Whose right to open ends.
#[derive(Default, Deserialize)]
pub(super) struct RemoveForm {
    #[serde(default)]
    name: String,
}

/// `POST /openers/remove`.
pub(super) async fn remove(visit: Visit, Form(form): Form<RemoveForm>) -> Answer {
    match visit.ask(&OpenerRemoveAsk { name: form.name, dry_run: false }).await {
        Ok(_) => back(&visit),
        Err(fault) => shown(&visit, "", fault).await,
    }
}

/// `POST /openers/rotate`.
pub(super) async fn rotate(visit: Visit) -> Answer {
    match visit.ask(&OpenerRotateAsk {}).await {
        Ok(_) => back(&visit),
        Err(fault) => shown(&visit, "", fault).await,
    }
}
