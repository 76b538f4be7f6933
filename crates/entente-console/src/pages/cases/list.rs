//! Cases: the list.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Query;
use entente_node::local::doc::{RecordListAsk, RecordListTold, RecordRow};
use entente_node::local::{Op, words};
use jiff::civil::Date;
use serde::Deserialize;

use super::short;
use crate::gate::{Visit, encoded};
use crate::page::{Answer, Page, show};

/// How many rows one page has.
const ROWS: u32 = 50;

/// Stands in the address of the list of those whose consent ends soon.
const ENDING: &str = "ending";

/// The same for those without a consent that is valid.
const NONE: &str = "none";

/// What a list or an export is narrowed by: names of the node's filters, and what is chosen.
pub(crate) type Narrow<'a> = [(&'static str, &'a str); 7];

/// Those of them that hold something, as the node is asked.
pub(crate) fn asked(narrow: Narrow<'_>) -> BTreeMap<String, String> {
    let chosen = narrow.into_iter().filter(|(_, value)| !value.is_empty());
    chosen.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A filter as a select.
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// Code, label, whether it is chosen.
    pub(crate) choices: Vec<(String, String, bool)>,
}

impl Filter {
    /// What is chosen, in words.
    pub(crate) fn chosen(&self) -> Option<&str> {
        let chosen = self.choices.iter().find(|(.., is_chosen)| *is_chosen);
        chosen.map(|(_, label, _)| label.as_str())
    }

    /// Whether most people look for this.
    fn is_usual(&self) -> bool {
        matches!(self.name, "status" | "province" | "exploitation")
    }
}

/// All filters, in the order in which they are shown.
pub(crate) fn filters(p: &Page, today: Date, narrow: Narrow<'_>) -> Vec<Filter> {
    let filter = |(name, chosen): (&'static str, &str)| {
        let (list, title) = match name {
            "status" => ("status", p.t("Status", "Statut")),
            "province" => ("province", p.t("Place", "Lieu")),
            "exploitation" => ("exploitation", p.t("Exploitation", "Forme d’exploitation")),
            "gender" => ("gender", p.t("Gender", "Genre")),
            "majority" => ("majority", p.t("Minor or adult", "Personne mineure ou adulte")),
            "needs" => ("need", p.t("Need", "Besoin")),
            _ => ("", p.t("Registered in", "Inscrit en")),
        };
        let codes = words::list(list, p.lang).unwrap_or_default().into_iter();
        let mut choices: Vec<_> = codes
            .map(|(code, label)| (code.to_owned(), label.to_owned(), code == chosen))
            .collect();
        if list.is_empty() {
            let periods = periods(today, chosen).into_iter();
            choices.extend(periods.map(|it| (it.clone(), p.period(&it), it == chosen)));
        }
        Filter { name, title, choices }
    };
    narrow.into_iter().map(filter).collect()
}

/// Periods to choose from: two years of quarters, ten years, and what is chosen already.
fn periods(today: Date, chosen: &str) -> Vec<String> {
    let (year, month) = (i32::from(today.year()), i32::from(today.month()));
    let newest = 4 * year + (month - 1) / 3;
    let quarters = (0..8).map(|back| newest - back);
    let quarters = quarters.map(|it| format!("{}-Q{}", it.div_euclid(4), it.rem_euclid(4) + 1));
    let mut all: Vec<_> = quarters.chain((0..10).map(|back| (year - back).to_string())).collect();
    if !chosen.is_empty() && all.iter().all(|it| it != chosen) {
        all.push(chosen.to_owned());
    }
    all
}

/// Which cases, as the address says. Codes only: nothing here is about one person.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    status: String,
    #[serde(default)]
    province: String,
    #[serde(default)]
    exploitation: String,
    #[serde(default)]
    gender: String,
    #[serde(default)]
    majority: String,
    #[serde(default)]
    needs: String,
    #[serde(default)]
    period: String,
    // `ending`: only those with a consent that ends within 30 days; `none`: only those without a valid one.
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
    fn narrow(&self) -> Narrow<'_> {
        [
            ("status", &self.status),
            ("province", &self.province),
            ("exploitation", &self.exploitation),
            ("gender", &self.gender),
            ("majority", &self.majority),
            ("needs", &self.needs),
            ("period", &self.period),
        ]
    }

    fn ask(&self) -> RecordListAsk {
        let after = (!self.after.is_empty()).then(|| self.after.clone());
        RecordListAsk {
            filter: asked(self.narrow()),
            withdrawn: self.withdrawn,
            consent_ending: self.consent == ENDING,
            no_consent: self.consent == NONE,
            limit: ROWS,
            after,
        }
    }

    /// An address with the same filters.
    pub(crate) fn address(&self, path: &str) -> String {
        let withdrawn = if self.withdrawn { "true" } else { "" };
        let consent = [ENDING, NONE].into_iter().find(|it| self.consent == *it).unwrap_or_default();
        let beside = [("consent", consent), ("withdrawn", withdrawn)];
        let pairs = self.narrow().into_iter().chain(beside);
        let mut address = path.to_owned();
        for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
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
    usual: Vec<Filter>,
    more: Vec<Filter>,
    told: &'a RecordListTold,
    first: u64,
    last: u64,
    next: Option<String>,
}

impl CasesPage<'_> {
    /// What may be asked about consents: code, words, whether it is chosen.
    fn consents(&self) -> [(&'static str, &'static str, bool); 2] {
        let p = self.p;
        let choice =
            |code: &'static str, words: &'static str| (code, words, self.wanted.consent == code);
        [
            choice(
                ENDING,
                p.t("A consent ends within 30 days", "Un consentement prend fin d’ici 30 jours"),
            ),
            choice(NONE, p.t("No valid consent", "Aucun consentement valide")),
        ]
    }

    /// Everything that is chosen, in words.
    fn chosen(&self) -> Vec<&str> {
        let filters = self.usual.iter().chain(&self.more).filter_map(Filter::chosen);
        let consents = self.consents().into_iter().filter(|(.., is_chosen)| *is_chosen);
        filters.chain(consents.map(|(_, words, _)| words)).collect()
    }

    /// Whether one of the filters below the others is chosen.
    fn is_more(&self) -> bool {
        self.more.iter().any(|it| it.chosen().is_some())
    }

    /// Where one searches, with the filters to come back to.
    fn search(&self) -> String {
        self.p.to(&self.wanted.address("/cases/search"))
    }

    /// Where one exports, with the same filters.
    fn export(&self) -> String {
        self.p.to(&self.wanted.address("/cases/export"))
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
    let all = filters(&visit.page, visit.console.desk.node.today(), wanted.narrow());
    let (usual, more) = all.into_iter().partition(Filter::is_usual);
    show(&CasesPage {
        p: &visit.page,
        usual,
        more,
        first: wanted.before + u64::from(shown > 0),
        last: wanted.before + shown,
        next: told.next.as_deref().map(|last| visit.page.to(&wanted.next(last, shown))),
        wanted: &wanted,
        told: &told,
    })
}

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;
    use jiff::civil::date;

    use super::*;
    use crate::page::test_page;

    #[test]
    fn what_is_chosen_stays_in_every_address_and_is_asked_of_the_node() {
        let wanted = Wanted {
            gender: "woman".to_owned(),
            period: "2026-Q1".to_owned(),
            consent: NONE.to_owned(),
            ..Wanted::default()
        };
        let address = wanted.address("/cases/export");
        assert_eq!(address, "/cases/export?gender=woman&period=2026-Q1&consent=none");
        let ask = wanted.ask();
        assert!(ask.no_consent && !ask.consent_ending);
        let filter: Vec<_> = ask.filter.into_iter().collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(filter, [pair("gender", "woman"), pair("period", "2026-Q1")]);
    }

    #[test]
    fn periods_begin_with_the_quarter_of_today_and_hold_whatever_is_chosen() {
        let all = periods(date(2026, 2, 3), "1999");
        assert_eq!(all.first().map(String::as_str), Some("2026-Q1"));
        assert_eq!(all.get(1).map(String::as_str), Some("2025-Q4"));
        assert_eq!(all.last().map(String::as_str), Some("1999"));
        let wanted = Wanted { period: "2026".to_owned(), ..Wanted::default() };
        let found = filters(&test_page(Lang::En), date(2026, 2, 3), wanted.narrow());
        let chosen: Vec<_> = found.iter().filter_map(Filter::chosen).collect();
        assert_eq!((chosen, found.len()), (vec!["2026"], 7));
    }
}
