//! Pairs of cases that may be about one person, side by side, for a person to decide.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::local::doc::{DuplicatePair, RecordDuplicatesAsk, RecordLinkAsk, RecordRow};
use entente_node::local::{Op, words};
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::paging::Pages;
use crate::route::area;

area! {
    GET "/cases/duplicates", Need::May(Op::RecordDuplicates) => list;
    POST "/cases/duplicates", Need::May(Op::RecordLink) => decide;
}

/// How many pairs one page has. Deciding one makes room for the next.
const PAIRS: usize = 20;

/// How alike at least: below, most proposals are wrong.
const MIN_SCORE: u8 = 80;

#[derive(Clone, Debug, Default, Deserialize)]
struct Seen {
    // What was decided just now: `same` or `apart`.
    #[serde(default)]
    decided: String,
    // How many pairs were passed over.
    #[serde(default)]
    from: usize,
}

#[derive(Template)]
#[template(path = "jobs/duplicates.html")]
struct DuplicatesPage<'a> {
    p: &'a Page,
    pairs: &'a [DuplicatePair],
    seen: &'a Seen,
    pages: Pages,
}

impl DuplicatesPage<'_> {
    fn short<'r>(&self, row: &'r RecordRow) -> &'r str {
        row.id.get(row.id.len().saturating_sub(8)..).unwrap_or(&row.id)
    }

    fn sides<'r>(&self, pair: &'r DuplicatePair) -> [&'r RecordRow; 2] {
        [&pair.left, &pair.right]
    }

    /// The fields that agree, in words.
    fn because(&self, pair: &DuplicatePair) -> String {
        let mut fields: Vec<_> =
            pair.because.iter().map(|field| words::field_label(field, self.p.lang)).collect();
        fields.dedup();
        fields.join(", ")
    }
}

/// `GET /cases/duplicates`.
async fn list(visit: Visit, Query(seen): Query<Seen>) -> Answer {
    let limit = u32::try_from(seen.from.saturating_add(PAIRS)).unwrap_or(u32::MAX);
    let ask = RecordDuplicatesAsk { record: None, min_score: MIN_SCORE, limit };
    let told = visit.ask(&ask).await?;
    let total = usize::try_from(told.total).unwrap_or(usize::MAX);
    let pairs: Vec<_> = told.pairs.into_iter().skip(seen.from).take(PAIRS).collect();
    let place = (seen.from, pairs.len());
    let pages = Pages::at(&visit.page, "/cases/duplicates", place, total);
    show(&DuplicatesPage { p: &visit.page, pairs: &pairs, seen: &seen, pages })
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Decision {
    #[serde(default)]
    left: String,
    #[serde(default)]
    right: String,
    #[serde(default)]
    same: bool,
}

/// `POST /cases/duplicates`.
async fn decide(visit: Visit, Form(decision): Form<Decision>) -> Answer {
    let Decision { left, right, same } = decision;
    let told = visit.ask(&RecordLinkAsk { left, right, same_person: same }).await?;
    let decided = if told.same_person { "same" } else { "apart" };
    let to = visit.page.to(&format!("/cases/duplicates?decided={decided}"));
    Ok(Redirect::to(&to).into_response())
}
