//! Pairs of cases that may be about one person, side by side, for a person to decide.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::local::Op;
use entente_node::local::doc::{RecordDuplicatesAsk, RecordLinkAsk};
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::pages::cases::compared::{Compared, Two};
use crate::paging::Pages;
use crate::route::area;

area! {
    GET "/cases/duplicates", Need::May(Op::RecordDuplicates) => list;
    POST "/cases/duplicates", Need::May(Op::RecordLink) => decide;
}

/// How many pairs one page has. Deciding one makes room for the next.
const PAIRS: u32 = 10;

/// How alike at least, unless somebody asks for more or fewer: below, most proposals are wrong.
const MIN_SCORE: u8 = 80;

/// What one may choose instead.
const SCORES: [u8; 6] = [50, 60, 70, MIN_SCORE, 90, 100];

#[derive(Clone, Debug, Default, Deserialize)]
struct Seen {
    // What was decided just now: `same` or `apart`.
    #[serde(default)]
    decided: String,
    // How many pairs were passed over.
    #[serde(default)]
    from: usize,
    // How alike at least.
    #[serde(default)]
    score: String,
}

impl Seen {
    fn min_score(&self) -> u8 {
        self.score.parse().map_or(MIN_SCORE, |score: u8| score.min(100))
    }
}

#[derive(Template)]
#[template(path = "jobs/duplicates.html")]
struct DuplicatesPage<'a> {
    p: &'a Page,
    pairs: Vec<Compared>,
    kept: Vec<(&'static str, String)>,
    seen: &'a Seen,
    pages: Pages,
}

impl DuplicatesPage<'_> {
    /// What may be chosen, and whether it is. What stands in the address is among them, whatever it is.
    fn scores(&self) -> Vec<(u8, bool)> {
        let chosen = self.seen.min_score();
        let other = (!SCORES.contains(&chosen)).then_some(chosen);
        other.into_iter().chain(SCORES).map(|score| (score, score == chosen)).collect()
    }
}

/// `GET /cases/duplicates`.
async fn list(visit: Visit, Query(seen): Query<Seen>) -> Answer {
    let (p, min_score) = (&visit.page, seen.min_score());
    let from = u32::try_from(seen.from).unwrap_or(u32::MAX);
    let ask = RecordDuplicatesAsk { record: None, min_score, fields: true, from, limit: PAIRS };
    let told = visit.ask(&ask).await?;
    let total = usize::try_from(told.total).unwrap_or(usize::MAX);
    let pairs: Vec<_> = told.pairs.into_iter().map(|pair| Compared::of(p, pair)).collect();
    let address = match min_score {
        MIN_SCORE => "/cases/duplicates".to_owned(),
        other => format!("/cases/duplicates?score={other}"),
    };
    let pages = Pages::at(p, &address, (seen.from, pairs.len()), total);
    let kept = vec![("score", min_score.to_string()), ("from", seen.from.to_string())];
    show(&DuplicatesPage { p, pairs, kept, seen: &seen, pages })
}

/// `POST /cases/duplicates`, from the list of all pairs or of those of one case.
async fn decide(visit: Visit, Form(two): Form<Two>) -> Answer {
    let list = two.list();
    let ask = RecordLinkAsk { left: two.left, right: two.right, same_person: two.same };
    let told = visit.ask(&ask).await?;
    let decided = if told.same_person { "same" } else { "apart" };
    let mark = if list.contains('?') { '&' } else { '?' };
    let to = visit.page.to(&format!("{list}{mark}decided={decided}"));
    Ok(Redirect::to(&to).into_response())
}
