//! Export: which cases, into which file, with or without what identifies persons.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_core::layout::Layout;
use entente_node::fault::Fault;
use entente_node::jobs::ExportChoice;
use entente_node::local::{Op, words};
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
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
    reveal: bool,
}

impl Chosen {
    fn choice(&self) -> ExportChoice {
        let filters = [
            ("status", &self.status),
            ("province", &self.province),
            ("exploitation", &self.exploitation),
        ];
        let filters = filters.into_iter().filter(|(_, value)| !value.is_empty());
        let filter: BTreeMap<_, _> =
            filters.map(|(name, value)| (name.to_owned(), value.clone())).collect();
        ExportChoice {
            as_workbook: self.form != "csv",
            layout: Some(self.layout.clone()).filter(|name| !name.is_empty()),
            filter,
            reveal: self.reveal,
        }
    }
}

#[derive(Template)]
#[template(path = "jobs/export.html")]
struct ExportPage<'a> {
    p: &'a Page,
    chosen: &'a Chosen,
    fault: Option<&'a Fault>,
}

/// A select: its name, what it is called, and its choices with whether each is chosen.
type Filter = (&'static str, &'static str, Vec<(&'static str, &'static str, bool)>);

impl ExportPage<'_> {
    fn filters(&self) -> Vec<Filter> {
        let (p, chosen) = (self.p, self.chosen);
        let filter = |name: &'static str, words: &'static str, value: &str| {
            let list = words::list(name, p.lang).unwrap_or_default().into_iter();
            (name, words, list.map(|(code, label)| (code, label, code == value)).collect())
        };
        vec![
            filter("status", p.lang.pick("Status", "Statut"), &chosen.status),
            filter("province", p.lang.pick("Place", "Lieu"), &chosen.province),
            filter(
                "exploitation",
                p.lang.pick("Exploitation", "Forme d’exploitation"),
                &chosen.exploitation,
            ),
        ]
    }

    fn layouts(&self) -> Vec<(&'static str, String, bool)> {
        let layout = |name: &'static str| {
            let title = Layout::built_in(name)?.title(self.p.lang).to_owned();
            let chosen = &self.chosen.layout;
            Some((name, title, chosen == name || (chosen.is_empty() && name == "entente")))
        };
        Layout::built_in_names().filter_map(layout).collect()
    }
}

/// `GET /cases/export`.
async fn ask(visit: Visit) -> Answer {
    show(&ExportPage { p: &visit.page, chosen: &Chosen::default(), fault: None })
}

/// `POST /cases/export`. That somebody proved who they are was asked on the way here.
async fn start(visit: Visit, Form(chosen): Form<Chosen>) -> Answer {
    let (desk, staff) = (Arc::clone(&visit.console.desk), visit.signed()?.staff.clone());
    let choice = chosen.choice();
    match to_the_end(async move { desk.start_export(&staff, choice).await }).await {
        Ok(job) => Ok(Redirect::to(&visit.page.to(&format!("/jobs/{job}"))).into_response()),
        // Nothing is wrong with the form: it waits for a second person.
        Err(fault) if fault.code == "ENT-2780" => Err(Problem::new(fault)),
        Err(fault) => {
            let page = ExportPage { p: &visit.page, chosen: &chosen, fault: Some(&fault) };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}
