//! Counts across partners: each counts its own records and protects its table; the answers are added up here.
//! Controlled information, not for publication.
//!
//! To ask is a form that is sent and not an address: partners are asked, and write down that they were.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::RawForm;
use axum::http::StatusCode;
use entente_core::period::Period;
use entente_node::fault::Fault;
use entente_node::local::doc::{
    CountAsk, CountCell, CountOutcome, CountTold, CoverageRow, PartnerListAsk, PartnerRow,
    PartnerState,
};
use entente_node::local::{Op, words};

use super::own::{label, pictures, shown};
use crate::charts::{Mark, Picture};
use crate::gate::Visit;
use crate::page::{Answer, Page, failed, show, show_as};
use crate::problem::Problem;
use crate::route::area;

area! {
    GET "/statistics/count", Need::May(Op::Count) => ask;
    POST "/statistics/count", Need::May(Op::Count) => count;
}

/// By what partners count.
const BY: [&str; 8] =
    ["exploitation", "gender", "age", "province", "region", "majority", "quarter", "year"];

/// What the form says. Nothing in it is about one person.
#[derive(Clone, Debug, Default)]
struct Wanted {
    by: String,
    and: String,
    period: String,
    province: String,
    // Whom to ask; everybody if nobody is ticked.
    partners: Vec<String>,
}

impl Wanted {
    fn read(form: &[u8]) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(form).map_err(|_| Problem::new(failed()))?;
        let mut wanted = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "by" => wanted.by = value,
                "and" => wanted.and = value,
                "period" => wanted.period = value,
                "province" => wanted.province = value,
                "partner" => wanted.partners.push(value),
                _ => {}
            }
        }
        if !BY.contains(&wanted.by.as_str()) {
            wanted.by = "exploitation".to_owned();
        }
        if !BY.contains(&wanted.and.as_str()) || wanted.and == wanted.by {
            wanted.and.clear();
        }
        Ok(wanted)
    }

    fn ask(&self) -> CountAsk {
        let by = [&self.by, &self.and].into_iter().filter(|it| !it.is_empty()).cloned();
        let province = (!self.province.is_empty()).then(|| self.province.clone());
        let filter: BTreeMap<_, _> =
            province.into_iter().map(|code| ("province".to_owned(), code)).collect();
        let periods = self.period.split([',', ';']).flat_map(named);
        CountAsk {
            by: by.collect(),
            filter,
            periods: periods.map(str::to_owned).collect(),
            partners: self.partners.clone(),
        }
    }
}

/// The periods between two commas: one, as `Q3 2025` has a space, or several with spaces between them.
fn named(typed: &str) -> Vec<&str> {
    match typed.parse::<Period>() {
        Ok(_) => vec![typed.trim()],
        Err(_) => typed.split_whitespace().collect(),
    }
}

#[derive(Template)]
#[template(path = "statistics/count.html")]
struct CountPage<'a> {
    p: &'a Page,
    wanted: &'a Wanted,
    partners: &'a [PartnerRow],
    told: Option<&'a CountTold>,
    fault: Option<&'a Fault>,
    pictures: Vec<Picture>,
}

impl CountPage<'_> {
    fn choices(&self) -> Vec<(&'static str, String)> {
        BY.iter().map(|by| (*by, self.head(by))).collect()
    }

    fn provinces(&self) -> Vec<(&'static str, &'static str)> {
        words::list("province", self.p.lang).unwrap_or_default()
    }

    fn is_ticked(&self, row: &PartnerRow) -> bool {
        self.wanted.partners.contains(&row.partner.id)
    }

    fn head(&self, by: &str) -> String {
        words::field_label(by, self.p.lang)
    }

    fn label(&self, cell: &CountCell, by: &str) -> String {
        label(self.p, cell, by)
    }

    fn periods(&self, told: &CountTold) -> String {
        told.periods.join(", ")
    }

    fn figure(&self, cell: &CountCell) -> String {
        shown(self.p, cell)
    }

    /// The symbols that the table uses, in words.
    fn legend(&self, told: &CountTold) -> Vec<(&'static str, &'static str)> {
        let p = self.p;
        let all = [
            ("x", p.t("hidden to protect people", "masqué pour protéger des personnes")),
            (
                "≥",
                p.t(
                    "at least; a part is hidden to protect people",
                    "au moins; une partie est masquée pour protéger des personnes",
                ),
            ),
            ("p", p.t("not everybody answered", "réponses partielles")),
            ("..", p.t("not available", "non disponible")),
        ];
        let figures: Vec<_> =
            told.cells.iter().chain([&told.total]).map(|cell| self.figure(cell)).collect();
        let is_used = |symbol: &str| {
            figures.iter().any(|figure| match symbol {
                "≥" => figure.starts_with('≥'),
                "p" => figure.ends_with("\u{a0}p"),
                other => figure == other,
            })
        };
        all.into_iter().filter(|(symbol, _)| is_used(symbol)).collect()
    }

    /// What a partner did with the question: the tone and the words.
    fn outcome(&self, row: &CoverageRow) -> (&'static str, &'static str) {
        let p = self.p;
        match row.outcome {
            CountOutcome::Answered => ("good", p.t("answered", "a répondu")),
            CountOutcome::Refused => ("warn", p.t("refused", "a refusé")),
            CountOutcome::Unreachable => ("bad", p.t("could not be reached", "injoignable")),
        }
    }
}

/// The partners that can be asked.
async fn partners(visit: &Visit) -> Result<Vec<PartnerRow>, Problem> {
    let mut rows = visit.ask(&PartnerListAsk::default()).await?.partners;
    rows.retain(|row| row.state == PartnerState::Active);
    Ok(rows)
}

/// `GET /statistics/count`.
async fn ask(visit: Visit) -> Answer {
    let partners = partners(&visit).await?;
    show(&CountPage {
        p: &visit.page,
        wanted: &Wanted { by: "exploitation".to_owned(), ..Wanted::default() },
        partners: &partners,
        told: None,
        fault: None,
        pictures: Vec::new(),
    })
}

/// `POST /statistics/count`: each partner has ten seconds, all at once.
async fn count(visit: Visit, RawForm(form): RawForm) -> Answer {
    let wanted = Wanted::read(&form)?;
    let partners = partners(&visit).await?;
    let p = &visit.page;
    let page = CountPage {
        p,
        wanted: &wanted,
        partners: &partners,
        told: None,
        fault: None,
        pictures: Vec::new(),
    };
    match visit.ask(&wanted.ask()).await {
        Ok(told) => show(&CountPage { told: Some(&told), pictures: pictures(p, &told), ..page }),
        // A period that is none, one that is not over, a dimension that stands there twice.
        Err(fault) if fault.code == "ENT-1502" || fault.code.starts_with("ENT-16") => {
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &CountPage { fault: Some(&fault), ..page })
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_named_with_commas_or_spaces_and_a_quarter_as_pages_say_it() {
        let read =
            |period: &str| Wanted { period: period.to_owned(), ..Wanted::default() }.ask().periods;
        assert_eq!(read("2024, 2025;2023"), ["2024", "2025", "2023"]);
        assert_eq!(read("2025-Q3 2025-Q4"), ["2025-Q3", "2025-Q4"]);
        assert_eq!(read("T3 2025, Q4 2025"), ["T3 2025", "Q4 2025"]);
        assert!(read(" , ").is_empty());
    }
}
