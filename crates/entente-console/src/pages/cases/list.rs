//! Cases: the list.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Query;
use entente_node::local::doc::{RecordListAsk, RecordListTold, RecordRow};
use entente_node::local::{Op, words};
use serde::Deserialize;

use super::short;
use crate::gate::{Visit, encoded};
use crate::page::{Answer, Page, show};

/// How many rows one page has.
const ROWS: u32 = 50;

/// Stands in the address of the list of those whose consent ends soon.
const ENDING: &str = "ending";

/// Which cases, as the address says. Codes only: nothing here is about one person.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    status: String,
    #[serde(default)]
    province: String,
    #[serde(default)]
    exploitation: String,
    // `ending`: only those with a consent that ends within 30 days.
    #[serde(default)]
    consent: String,
    #[serde(default)]
    withdrawn: bool,
    // The last row of the page before, and how many were before it.
    #[serde(default)]
    after: String,
    #[serde(default)]
    before: u64,
}

impl Wanted {
    fn ask(&self) -> RecordListAsk {
        let filters = [
            ("status", &self.status),
            ("province", &self.province),
            ("exploitation", &self.exploitation),
        ];
        let filter: BTreeMap<_, _> = filters
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        let after = (!self.after.is_empty()).then(|| self.after.clone());
        RecordListAsk {
            filter,
            withdrawn: self.withdrawn,
            consent_ending: self.is_ending(),
            limit: ROWS,
            after,
        }
    }

    /// Whether only those are wanted of whom a consent ends soon.
    fn is_ending(&self) -> bool {
        self.consent == ENDING
    }

    /// An address with the same filters.
    pub(crate) fn address(&self, path: &str) -> String {
        let withdrawn = if self.withdrawn { "true" } else { "" };
        let consent = if self.is_ending() { ENDING } else { "" };
        let pairs = [
            ("status", self.status.as_str()),
            ("province", &self.province),
            ("exploitation", &self.exploitation),
            ("consent", consent),
            ("withdrawn", withdrawn),
        ];
        let mut address = path.to_owned();
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            let mark = if address.contains('?') { '&' } else { '?' };
            address.push_str(&format!("{mark}{name}={}", encoded(value)));
        }
        address
    }

    /// The address of the page after this one.
    fn next(&self, last: &str, shown: u64) -> String {
        let path = format!("/cases?before={}&after={}", self.before + shown, encoded(last));
        self.address(&path)
    }
}

#[derive(Template)]
#[template(path = "cases/list.html")]
struct CasesPage<'a> {
    p: &'a Page,
    wanted: &'a Wanted,
    told: &'a RecordListTold,
    first: u64,
    last: u64,
    next: Option<String>,
}

impl CasesPage<'_> {
    /// The filters: name, code list, what is chosen, what it is called.
    fn filters(&self) -> [(&'static str, &'static str, &str, &'static str); 3] {
        let (p, wanted) = (self.p, self.wanted);
        [
            ("status", "status", &wanted.status, p.t("Status", "Statut")),
            ("province", "province", &wanted.province, p.t("Place", "Lieu")),
            (
                "exploitation",
                "exploitation",
                &wanted.exploitation,
                p.t("Exploitation", "Forme d’exploitation"),
            ),
        ]
    }

    fn choices(&self, list: &str) -> Vec<(&'static str, &'static str)> {
        words::list(list, self.p.lang).unwrap_or_default()
    }

    /// Where one searches, with the filters to come back to.
    fn search(&self) -> String {
        self.p.to(&self.wanted.address("/cases/search"))
    }

    /// Whether anything was asked for in particular.
    fn is_filtered(&self) -> bool {
        let is_narrow = self.filters().iter().any(|(_, _, chosen, _)| !chosen.is_empty());
        is_narrow || self.wanted.is_ending()
    }

    fn short<'r>(&self, row: &'r RecordRow) -> &'r str {
        short(&row.id)
    }

    /// The status, without what is the same in all of them.
    fn status(&self, row: &RecordRow) -> String {
        let whole = self.p.label_or_dash("status", &row.status);
        whole.trim_end_matches(self.p.t(" of trafficking", " de la traite")).to_owned()
    }
}

/// `GET /cases`.
pub(crate) async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let told = visit.ask(&wanted.ask()).await?;
    let shown = told.records.len() as u64;
    show(&CasesPage {
        p: &visit.page,
        first: wanted.before + u64::from(shown > 0),
        last: wanted.before + shown,
        next: told.next.as_deref().map(|last| visit.page.to(&wanted.next(last, shown))),
        wanted: &wanted,
        told: &told,
    })
}
