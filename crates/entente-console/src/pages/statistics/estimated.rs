//! An estimate from any table of how lists overlap, as `entente stats mse` makes it from a file. The node is not
//! asked, and nothing of it is kept.

use askama::Template;
use axum::Form;
use axum::http::StatusCode;
use entente_core::statistics::mse::{MAX_REPLICATIONS, MIN_REPLICATIONS};
use entente_node::fault::Fault;
use entente_node::local::Op;
use serde::Deserialize;

use super::overlap::{Draws, Shown, estimate_of};
use crate::charts::Mark;
use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
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
    #[serde(default)]
    replications: String,
    #[serde(default)]
    seed: String,
}

impl Typed {
    /// An empty form, with what is usual.
    fn usual() -> Self {
        let Draws { replications, seed } = Draws::default();
        Self {
            table: String::new(),
            replications: replications.to_string(),
            seed: seed.to_string(),
        }
    }

    /// How the interval is to be drawn; else the field that says it wrongly.
    fn draws(&self) -> Result<Draws, &'static str> {
        let mut draws = Draws::default();
        let without_spaces = |text: &str| text.replace(char::is_whitespace, "");
        let (replications, seed) = (without_spaces(&self.replications), without_spaces(&self.seed));
        if !replications.is_empty() {
            let n = replications.parse::<u32>().map_err(|_| "replications")?;
            if !(MIN_REPLICATIONS..=MAX_REPLICATIONS).contains(&n) {
                return Err("replications");
            }
            draws.replications = n;
        }
        if !seed.is_empty() {
            draws.seed = seed.parse().map_err(|_| "seed")?;
        }
        Ok(draws)
    }
}

#[derive(Template)]
#[template(path = "statistics/estimate.html")]
struct EstimatePage<'a> {
    p: &'a Page,
    typed: &'a Typed,
    estimated: Option<&'a Shown>,
    // What is wrong, and at which field.
    fault: Option<&'a Fault>,
    field: &'static str,
}

impl EstimatePage<'_> {
    fn is_wrong(&self, field: &str) -> bool {
        self.fault.is_some() && self.field == field
    }

    /// Whether somebody draws otherwise than usual: then it is shown.
    fn is_unusual(&self) -> bool {
        let usual = Typed::usual();
        let typed = (&self.typed.replications, &self.typed.seed);
        typed != (&usual.replications, &usual.seed)
    }
}

/// `GET /statistics/estimate`.
async fn ask(visit: Visit) -> Answer {
    let typed = Typed::usual();
    let (p, estimated, fault) = (&visit.page, None, None);
    show(&EstimatePage { p, typed: &typed, estimated, fault, field: "table" })
}

/// `POST /statistics/estimate`.
async fn made(visit: Visit, Form(typed): Form<Typed>) -> Answer {
    let p = &visit.page;
    let wrong = |fault: &Fault, field: &'static str| {
        let page = EstimatePage { p, typed: &typed, estimated: None, fault: Some(fault), field };
        show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    let draws = match typed.draws() {
        Ok(draws) => draws,
        Err(field) => return wrong(&no_draws(), field),
    };
    let (csv, lang) = (typed.table.clone(), p.lang);
    let estimates = &visit.console.estimates;
    match estimates.run(move || Ok(estimate_of(&csv, draws, lang))).await? {
        Ok(shown) => {
            let (estimated, fault) = (Some(&shown), None);
            show(&EstimatePage { p, typed: &typed, estimated, fault, field: "table" })
        }
        Err(why) => wrong(&no_estimate(&why), "table"),
    }
}

fn no_draws() -> Box<Fault> {
    let why = (
        format!(
            "The number of draws lies between {MIN_REPLICATIONS} and {MAX_REPLICATIONS}; a seed is a whole number."
        ),
        format!(
            "Le nombre de tirages est compris entre {MIN_REPLICATIONS} et {MAX_REPLICATIONS}; une graine est un nombre entier."
        ),
    );
    Fault::new(
        2823,
        (
            "The interval of an estimate cannot be drawn like this.",
            "L’intervalle d’une estimation ne peut pas être tiré ainsi.",
        ),
        (
            "Write both numbers in digits, or leave them empty.",
            "Écrivez les deux nombres en chiffres, ou laissez-les vides.",
        ),
    )
    .because(why.0, why.1)
}

/// Why there is none is said in the language of the page, by whoever refused.
fn no_estimate(why: &str) -> Box<Fault> {
    Fault::new(
        2822,
        ("This table gives no estimate.", "Ce tableau ne donne aucune estimation."),
        (
            "Give one row per combination of lists: a column of 0 and 1 for each list, and one called frequency.",
            "Donnez une ligne par combinaison de listes : une colonne de 0 et de 1 pour chaque liste, et une colonne frequency.",
        ),
    )
    .because(why, why)
}
