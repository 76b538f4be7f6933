//! Searching for somebody by name or number. What is searched for never stands in an address.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::StatusCode;
use entente_node::fault::Fault;
use entente_node::local::doc::{Found, Private, RecordSearchAsk};
use entente_node::local::words;
use serde::Deserialize;

use super::list::Wanted;
use super::short;
use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;

/// How many results are shown. Whoever has more looks for too little.
const RESULTS: u32 = 50;

/// How many characters of what was typed are shown again.
const MAX_SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "cases/search.html")]
struct SearchPage<'a> {
    p: &'a Page,
    /// The list from which one came: its filters stay.
    list: &'a Wanted,
    fault: Option<&'a Fault>,
    text: &'a str,
    found: Option<&'a [Found]>,
}

impl SearchPage<'_> {
    fn here(&self) -> String {
        self.p.to(&self.list.address("/cases/search"))
    }

    fn back(&self) -> String {
        self.p.to(&self.list.address("/cases"))
    }

    fn short<'f>(&self, found: &'f Found) -> &'f str {
        short(&found.record.id)
    }

    /// In which fields it was found.
    fn matched(&self, found: &Found) -> String {
        let labels = found.matched.iter().map(|it| words::field_label(it, self.p.lang));
        labels.collect::<Vec<_>>().join(", ")
    }
}

/// What was typed.
#[derive(Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    text: String,
}

/// `GET /cases/search`.
pub(crate) async fn ask(visit: Visit, Query(list): Query<Wanted>) -> Answer {
    show(&SearchPage { p: &visit.page, list: &list, fault: None, text: "", found: None })
}

/// `POST /cases/search`.
pub(crate) async fn answer(
    visit: Visit,
    Query(list): Query<Wanted>,
    Form(typed): Form<Typed>,
) -> Answer {
    let ask = RecordSearchAsk { text: Private(typed.text.clone()), limit: RESULTS };
    // The field takes no more; what is longer does not come back.
    let shown: String = typed.text.chars().take(MAX_SHOWN).collect();
    let (p, list, text) = (&visit.page, &list, shown.as_str());
    match visit.ask(&ask).await {
        Ok(told) => show(&SearchPage { p, list, fault: None, text, found: Some(&told.found) }),
        Err(fault) if fault.code == "ENT-1409" => {
            let page = SearchPage { p, list, fault: Some(&fault), text, found: None };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}
