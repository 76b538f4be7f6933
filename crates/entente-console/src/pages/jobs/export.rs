//! Export: which cases, into which file, with or without what identifies persons.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_core::layout::Layout;
use entente_node::fault::Fault;
use entente_node::jobs::ExportChoice;
use entente_node::local::Op;
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show_as};
use crate::pages::cases::list::{Filter, Narrow, asked, filters};
use crate::problem::Problem;
use crate::route::area;
use crate::to_the_end;

area! {
    GET "/cases/export", Need::May(Op::RecordExport) => ask;
    POST "/cases/export", Need::May(Op::RecordExport) => start;
}

/// What is chosen on the form.
#[derive(Clone, Debug, Default, Deserialize)]
struct Chosen {
    #[serde(default)]
    form: String,
    #[serde(default)]
    layout: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    province: String,
    #[serde(default)]
    exploitation: String,
    #[serde(default)]
    gender: String,
    #[serde(default)]
    majority: String,
    #[serde(default)]
    needs: String,
    #[serde(default)]
    period: String,
    // The filter on consents of the list that one comes from. A file knows none.
    #[serde(default)]
    consent: String,
    #[serde(default)]
    reveal: bool,
}

impl Chosen {
    fn narrow(&self) -> Narrow<'_> {
        [
            ("status", &self.status),
            ("province", &self.province),
            ("exploitation", &self.exploitation),
            ("gender", &self.gender),
            ("majority", &self.majority),
            ("needs", &self.needs),
            ("period", &self.period),
        ]
    }

    fn choice(&self) -> ExportChoice {
        ExportChoice {
            as_workbook: self.form != "csv",
            layout: Some(self.layout.clone()).filter(|name| !name.is_empty()),
            filter: asked(self.narrow()),
            reveal: self.reveal,
        }
    }
}

#[derive(Template)]
#[template(path = "jobs/export.html")]
struct ExportPage<'a> {
    p: &'a Page,
    chosen: &'a Chosen,
    filters: Vec<Filter>,
    fault: Option<&'a Fault>,
}

impl ExportPage<'_> {
    fn layouts(&self) -> Vec<(&'static str, String, bool)> {
        let layout = |name: &'static str| {
            let title = Layout::built_in(name)?.title(self.p.lang).to_owned();
            let chosen = &self.chosen.layout;
            Some((name, title, chosen == name || (chosen.is_empty() && name == "entente")))
        };
        Layout::built_in_names().filter_map(layout).collect()
    }
}

fn form(visit: &Visit, chosen: &Chosen, fault: Option<&Fault>) -> Answer {
    let p = &visit.page;
    let filters = filters(p, visit.console.desk.node.today(), chosen.narrow());
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    show_as(status, &ExportPage { p, chosen, filters, fault })
}

/// `GET /cases/export`, with the filters of the list that one comes from.
async fn ask(visit: Visit, Query(chosen): Query<Chosen>) -> Answer {
    // A link says which cases; names are asked for by hand.
    form(&visit, &Chosen { reveal: false, ..chosen }, None)
}

/// `POST /cases/export`. That somebody proved who they are was asked on the way here.
async fn start(visit: Visit, Form(chosen): Form<Chosen>) -> Answer {
    let (desk, staff) = (Arc::clone(&visit.console.desk), visit.signed()?.staff.clone());
    let choice = chosen.choice();
    match to_the_end(async move { desk.start_export(&staff, choice).await }).await {
        Ok(job) => Ok(Redirect::to(&visit.page.to(&format!("/jobs/{job}"))).into_response()),
        // Nothing is wrong with the form: it waits for a second person.
        Err(fault) if fault.code == "ENT-2780" => Err(Problem::new(fault)),
        Err(fault) => form(&visit, &chosen, Some(&fault)),
    }
}
