//! An estimate from any table of how lists overlap, as `entente stats mse` makes it from a file. The node is not
//! asked, and nothing of it is kept.

use askama::Template;
use axum::Form;
use axum::http::StatusCode;
use entente_node::fault::Fault;
use entente_node::local::Op;
use serde::Deserialize;

use super::overlap::{Shown, estimate_of};
use crate::charts::Mark;
use crate::gate::Visit;
use crate::page::{Answer, Page, failed, show, show_as};
use crate::route::area;

area! {
    GET "/statistics/estimate", Need::May(Op::OverlapList) => ask;
    POST "/statistics/estimate", Need::May(Op::OverlapList) => made;
}

/// What was typed or pasted.
#[derive(Clone, Debug, Default, Deserialize)]
struct Typed {
    #[serde(default)]
    table: String,
}

#[derive(Template)]
#[template(path = "statistics/estimate.html")]
struct EstimatePage<'a> {
    p: &'a Page,
    table: &'a str,
    estimated: Option<&'a Shown>,
    fault: Option<&'a Fault>,
}

/// `GET /statistics/estimate`.
async fn ask(visit: Visit) -> Answer {
    show(&EstimatePage { p: &visit.page, table: "", estimated: None, fault: None })
}

/// `POST /statistics/estimate`.
async fn made(visit: Visit, Form(typed): Form<Typed>) -> Answer {
    let (csv, lang) = (typed.table.clone(), visit.page.lang);
    let made = tokio::task::spawn_blocking(move || estimate_of(&csv, lang)).await;
    let page = EstimatePage { p: &visit.page, table: &typed.table, estimated: None, fault: None };
    match made.map_err(|_| failed())? {
        Ok(shown) => show(&EstimatePage { estimated: Some(&shown), ..page }),
        Err(why) => {
            let fault = no_estimate(&why);
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &EstimatePage { fault: Some(&fault), ..page })
        }
    }
}

/// Why there is none is said in the language of the page, by whoever refused.
fn no_estimate(why: &str) -> Box<Fault> {
    Fault::new(
        2822,
        ("This table gives no estimate.", "Ce tableau ne donne aucune estimation."),
        (
            "Give one row per combination of lists: a column of 0 and 1 for each list, and one called frequency.",
            "Donnez une ligne par combinaison de listes : une colonne de 0 et de 1 pour chaque liste, et une colonne frequency.",
        ),
    )
    .because(why, why)
}
