//! What stands beside a case: its community steward, and other records of the same person.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect};
use entente_node::local::Op;
use entente_node::local::doc::{
    PartnerListAsk, PartnerState, RecordDuplicatesAsk, RecordLinkAsk, RecordShowAsk,
    RecordShowTold, RecordStewardAsk,
};
use serde::Deserialize;

use super::compared::Compared;
use super::{found, short};
use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "cases/steward.html")]
struct StewardPage<'a> {
    p: &'a Page,
    told: &'a RecordShowTold,
    /// Id, name, whether it is the steward.
    partners: Vec<(String, String, bool)>,
}

impl StewardPage<'_> {
    fn short(&self) -> &str {
        short(&self.told.record.id)
    }

    /// What the steward may have answered: code, words, whether it is ticked at first. Never an
    /// answer: that of one steward must not be sent as that of another.
    fn answers(&self) -> [(&'static str, &'static str, bool); 3] {
        let p = self.p;
        [
            ("", p.t("None yet, or as before", "Pas encore, ou inchangée"), true),
            ("yes", p.t("They allow sharing", "Il permet la communication"), false),
            ("no", p.t("They refuse", "Il refuse"), false),
        ]
    }
}

async fn record(visit: &Visit, case: &str) -> Result<RecordShowTold, Problem> {
    let ask = RecordShowAsk { record: case.to_owned(), reveal: false, version: None };
    found(visit.ask(&ask).await)
}

/// `GET /cases/{case}/steward`.
pub(crate) async fn steward(visit: Visit, Path(case): Path<String>) -> Answer {
    let p = &visit.page;
    let told = record(&visit, &case).await?;
    let steward = told.record.steward.as_ref().map(|it| it.id.clone());
    let partners = visit.ask(&PartnerListAsk { state: None }).await?.partners.into_iter();
    let partners = partners
        .filter(|row| !row.partner.id.is_empty() && row.state != PartnerState::Ended)
        .map(|row| {
            let name = row.partner.name(p.lang).to_owned();
            let is_it = steward.as_ref() == Some(&row.partner.id);
            (row.partner.id, name, is_it)
        })
        .collect();
    show(&StewardPage { p, told: &told, partners })
}

/// What was chosen.
#[derive(Default, Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    steward: String,
    #[serde(default)]
    allows: String,
    #[serde(default)]
    other: String,
    #[serde(default)]
    same: String,
}

/// `POST /cases/{case}/steward`.
pub(crate) async fn set_steward(
    visit: Visit,
    Path(case): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Answer {
    let steward = Some(chosen.steward).filter(|it| !it.is_empty());
    let allows = match chosen.allows.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    // Without a steward there is nobody whose answer it could be.
    let allows = allows.filter(|_| steward.is_some());
    let told = found(visit.ask(&RecordStewardAsk { record: case, steward, allows }).await)?;
    let to = format!("/cases/{}?decided=true&outdated={}", told.record, told.summaries_withdrawn);
    Ok(Redirect::to(&visit.page.to(&to)).into_response())
}

#[derive(Template)]
#[template(path = "cases/duplicates.html")]
struct DuplicatesPage<'a> {
    p: &'a Page,
    record: &'a RecordShowTold,
    pairs: Vec<Compared>,
    decided: String,
    kept: Vec<(&'static str, String)>,
}

/// How alike two records must be to be worth a look beside this one; lists of all pairs ask for more.
const ALIKE: u8 = 50;

impl DuplicatesPage<'_> {
    fn short(&self) -> &str {
        short(&self.record.record.id)
    }

    fn end<'t>(&self, id: &'t str) -> &'t str {
        short(id)
    }
}

/// What was decided just now: `same` or `apart`.
#[derive(Default, Deserialize)]
pub(crate) struct Seen {
    #[serde(default)]
    decided: String,
}

/// `GET /cases/{case}/duplicates`.
pub(crate) async fn duplicates(
    visit: Visit,
    Path(case): Path<String>,
    Query(seen): Query<Seen>,
) -> Answer {
    let record = record(&visit, &case).await?;
    let (p, id) = (&visit.page, record.record.id.clone());
    let kept = vec![("case", id.clone())];
    let ask = RecordDuplicatesAsk {
        record: Some(id),
        min_score: ALIKE,
        fields: true,
        from: 0,
        limit: 20,
    };
    let pairs = visit.ask(&ask).await?.pairs.into_iter();
    let pairs = pairs.map(|pair| Compared::of(p, pair)).collect();
    show(&DuplicatesPage { p, record: &record, pairs, decided: seen.decided, kept })
}

/// `POST /cases/{case}/link`: one person or not.
pub(crate) async fn link(
    visit: Visit,
    Path(case): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Answer {
    let same_person = chosen.same == "yes";
    let ask = RecordLinkAsk { left: case.clone(), right: chosen.other, same_person };
    found(visit.ask(&ask).await)?;
    Ok(Redirect::to(&visit.page.to(&format!("/cases/{case}/duplicates"))).into_response())
}
