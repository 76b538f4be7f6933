//! The organization: what it says about itself.

use askama::Template;
use axum::Form;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::Fault;
use entente_node::local::doc::{SettingsEditAsk, SettingsShowAsk, SettingsTold};
use entente_node::local::{Op, words};
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "settings/organization.html")]
struct OrganizationPage<'a> {
    p: &'a Page,
    told: &'a SettingsTold,
}

impl OrganizationPage<'_> {
    /// The identity in groups of eight, as two people compare it.
    fn identity(&self) -> String {
        super::keys::groups(&self.told.organization.id)
    }
}

/// `GET /settings/organization`.
pub(super) async fn show_it(visit: Visit) -> Answer {
    let told = visit.ask(&SettingsShowAsk {}).await?;
    show(&OrganizationPage { p: &visit.page, told: &told })
}

/// What is typed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    name_en: String,
    #[serde(default)]
    name_fr: String,
    #[serde(default)]
    kind: String,
}

#[derive(Template)]
#[template(path = "settings/organization_edit.html")]
struct EditPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    typed: &'a Typed,
}

impl EditPage<'_> {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        words::list("org_type", self.p.lang).unwrap_or_default()
    }
}

/// `GET /settings/organization/edit`.
pub(super) async fn ask(visit: Visit) -> Answer {
    let now = visit.ask(&SettingsShowAsk {}).await?.organization;
    let typed = Typed { name_en: now.name.en, name_fr: now.name.fr, kind: now.kind };
    show(&EditPage { p: &visit.page, fault: None, typed: &typed })
}

/// `POST /settings/organization/edit`.
pub(super) async fn edit(visit: Visit, Form(typed): Form<Typed>) -> Answer {
    let ask = SettingsEditAsk {
        name_en: Some(typed.name_en.clone()),
        name_fr: Some(typed.name_fr.clone()),
        kind: Some(typed.kind.clone()),
    };
    match visit.ask(&ask).await {
        Ok(_) => Ok(Redirect::to(&visit.page.to("/settings/organization")).into_response()),
        Err(fault) if matches!(fault.code.as_str(), "ENT-2792" | "ENT-2793" | "ENT-2794") => {
            let page = EditPage { p: &visit.page, fault: Some(&fault), typed: &typed };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}
