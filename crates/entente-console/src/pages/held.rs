//! Summaries that partners have given us: which there are, and one with where it came from.
//!
//! They are controlled information. What can be asked for is a partner, a period and codes, and nothing that is
//! about one person.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query};
use entente_node::local::doc::{
    FieldValue, HeldListAsk, HeldListTold, HeldRow, HeldShowAsk, HeldShowTold, PartnerListAsk,
    PartnerRow,
};
use entente_node::local::{Op, words};
use serde::Deserialize;

use crate::gate::{Visit, encoded};
use crate::page::{Answer, Page, show};
use crate::route::area;

area! {
    GET "/held", Need::May(Op::HeldList) => list;
    GET "/held/{summary}", Need::May(Op::HeldShow) => one;
}

/// How many rows one page has.
const ROWS: u32 = 50;

/// Which summaries, as the address says.
#[derive(Clone, Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    partner: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    exploitation: String,
    #[serde(default)]
    period: String,
    // The last row of the page before, and how many were before it.
    #[serde(default)]
    after: String,
    #[serde(default)]
    before: u64,
}

impl Wanted {
    fn filters(&self) -> [(&'static str, &str); 3] {
        [
            ("place", self.place.trim()),
            ("exploitation", self.exploitation.trim()),
            ("period", self.period.trim()),
        ]
    }

    fn ask(&self) -> HeldListAsk {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|it| !it.is_empty());
        let given = self.filters().into_iter().filter(|(_, value)| !value.is_empty());
        let filter: BTreeMap<_, _> =
            given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        HeldListAsk { partner: some(&self.partner), filter, limit: ROWS, after: some(&self.after) }
    }

    fn is_filtered(&self) -> bool {
        !self.partner.is_empty() || self.filters().iter().any(|(_, value)| !value.is_empty())
    }

    /// The address of the page after this one.
    fn next(&self, last: &str, shown: u64) -> String {
        let mut address = format!("/held?before={}&after={}", self.before + shown, encoded(last));
        for (name, value) in self.filters().into_iter().chain([("partner", self.partner.trim())]) {
            if !value.is_empty() {
                address.push_str(&format!("&{name}={}", encoded(value)));
            }
        }
        address
    }
}

/// What both pages say alike.
trait Rows {
    fn page(&self) -> &Page;

    /// The label of a value, or a dash.
    fn value(&self, field: &str, value: &Option<String>) -> String {
        let label = |value: &String| words::value_label(field, value, self.page().lang);
        value.as_ref().map_or_else(|| "—".to_owned(), label)
    }

    /// The beginning of an id.
    fn short<'r>(&self, id: &'r str) -> &'r str {
        id.get(..8).unwrap_or(id)
    }
}

#[derive(Template)]
#[template(path = "held/list.html")]
struct ListPage<'a> {
    p: &'a Page,
    wanted: &'a Wanted,
    partners: &'a [PartnerRow],
    told: &'a HeldListTold,
    first: u64,
    last: u64,
    next: Option<String>,
}

impl Rows for ListPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }
}

impl ListPage<'_> {
    fn choices(&self, list: &str) -> Vec<(&'static str, &'static str)> {
        words::list(list, self.p.lang).unwrap_or_default()
    }

    /// Where a case may be said to be: provinces, and the coarser regions.
    fn places(&self) -> Vec<(&'static str, String)> {
        let provinces = self.choices("province");
        let mut places: Vec<_> =
            provinces.iter().map(|(code, label)| (*code, (*label).to_owned())).collect();
        for (code, label) in self.choices("region_shared") {
            // Some regions are one province, and are called like it.
            let is_province = provinces.iter().any(|(_, province)| *province == label);
            let region = self.p.t("region", "région");
            let label = if is_province { format!("{label} ({region})") } else { label.to_owned() };
            places.push((code, label));
        }
        places
    }
}

/// `GET /held`.
async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let told = visit.ask(&wanted.ask()).await?;
    let partners = visit.ask(&PartnerListAsk::default()).await?.partners;
    let shown = told.held.len() as u64;
    show(&ListPage {
        p: &visit.page,
        first: wanted.before + u64::from(shown > 0),
        last: wanted.before + shown,
        next: told.next.as_deref().map(|last| visit.page.to(&wanted.next(last, shown))),
        wanted: &wanted,
        partners: &partners,
        told: &told,
    })
}

#[derive(Template)]
#[template(path = "held/one.html")]
struct OnePage<'a> {
    p: &'a Page,
    told: &'a HeldShowTold,
    row: &'a HeldRow,
}

impl Rows for OnePage<'_> {
    fn page(&self) -> &Page {
        self.p
    }
}

impl OnePage<'_> {
    fn label(&self, field: &FieldValue) -> String {
        words::field_label(&field.field, self.p.lang)
    }

    fn values(&self, field: &FieldValue) -> String {
        words::values(field, self.p.lang)
    }

    fn min_group(&self) -> String {
        self.p.n(&u64::from(self.told.min_group))
    }
}

/// `GET /held/{summary}`.
async fn one(visit: Visit, Path(summary): Path<String>) -> Answer {
    let told = visit.ask(&HeldShowAsk { summary }).await?;
    show(&OnePage { p: &visit.page, row: &told.summary, told: &told })
}
