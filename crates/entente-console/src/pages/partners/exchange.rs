//! What went between us and a partner: the entries of both feeds, and asking for news now.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect};
use entente_node::local::doc::{
    Direction, FeedListAsk, FeedListTold, FeedRow, PartnerTestAsk, SyncAsk, SyncEnd, SyncOutcome,
};
use serde::Deserialize;

use super::words::Word;
use crate::gate::Visit;
use crate::page::{Answer, Page, show};

/// Rows on one page.
const ROWS: u32 = 50;

/// Which entries are wanted.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    way: String,
    before: Option<u64>,
}

#[derive(Template)]
#[template(path = "partners/exchange.html")]
struct FeedPage<'a> {
    p: &'a Page,
    told: &'a FeedListTold,
    is_received: bool,
    next: Option<String>,
    is_first: bool,
}

impl FeedPage<'_> {
    fn kind(&self, row: &FeedRow) -> String {
        let p = self.p;
        match row.kind.as_str() {
            "summary" => p.t("summary", "résumé").to_owned(),
            "withdrawal" => p.t("withdrawal", "retrait").to_owned(),
            "receipt" => p.t("receipt", "accusé").to_owned(),
            "notice" => p.t("notice", "avis").to_owned(),
            "test" => p.t("test share", "échange d’essai").to_owned(),
            other => other.to_owned(),
        }
    }

    fn short<'r>(&self, summary: &'r str) -> &'r str {
        summary.get(..8).unwrap_or(summary)
    }
}

/// `GET /partners/{partner}/exchange`.
pub(super) async fn feed(
    visit: Visit,
    Path(partner): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let is_received = wanted.way == "received";
    let direction = if is_received { Direction::Received } else { Direction::Sent };
    let ask = FeedListAsk { partner, direction, limit: ROWS, before: wanted.before };
    let told = visit.ask(&ask).await?;
    let oldest = told.entries.iter().map(|row| row.sequence).min();
    let way = if is_received { "received" } else { "sent" };
    let next = oldest.filter(|it| *it > 1).map(|it| {
        visit.page.to(&format!("/partners/{}/exchange?way={way}&before={it}", told.partner.id))
    });
    show(&FeedPage {
        p: &visit.page,
        is_received,
        next,
        is_first: wanted.before.is_none(),
        told: &told,
    })
}

/// `POST /partners/{partner}/ask`: asks for news now.
pub(super) async fn ask_now(visit: Visit, Path(partner): Path<String>) -> Answer {
    let told = visit.ask(&SyncAsk { partner: Some(partner.clone()) }).await?;
    if let Some(fault) = told.partners.into_iter().find_map(|it| it.fault) {
        return Err(Box::new(fault).into());
    }
    Ok(Redirect::to(&visit.page.to(&format!("/partners/{partner}"))).into_response())
}

#[derive(Template)]
#[template(path = "partners/asked.html")]
struct AskedPage<'a> {
    p: &'a Page,
    partners: &'a [SyncOutcome],
}

impl AskedPage<'_> {
    fn end(&self, outcome: &SyncOutcome) -> Word {
        let p = self.p;
        let (text, tone) = match outcome.outcome {
            SyncEnd::News => (p.t("news", "du nouveau"), "good"),
            SyncEnd::NothingNew => (p.t("nothing new", "rien de nouveau"), "good"),
            SyncEnd::Unreachable => (p.t("not reached", "pas joint"), "warn"),
            SyncEnd::Closed => (p.t("closed", "fermé"), "warn"),
            SyncEnd::Quarantined => (p.t("in quarantine", "en quarantaine"), "bad"),
        };
        Word { text, tone }
    }
}

/// `POST /partners/ask`: asks all partners for news now. The page says how it went with each.
pub(super) async fn ask_all(visit: Visit) -> Answer {
    let told = visit.ask(&SyncAsk { partner: None }).await?;
    show(&AskedPage { p: &visit.page, partners: &told.partners })
}

/// `POST /partners/{partner}/test`. The page says how each step went.
pub(super) async fn test(visit: Visit, Path(partner): Path<String>) -> Answer {
    let told = visit.ask(&PartnerTestAsk { partner: partner.clone() }).await?;
    super::page_of(&visit, partner, &told.steps).await
}
