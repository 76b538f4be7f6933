//! Exact figures for our own staff: our records, and what our referrals came to. Never for publication.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Query;
use entente_core::agreement::terms::Dimension;
use entente_core::codes::Code as _;
use entente_core::statistics::plan::CubeDimension;
use entente_node::local::doc::{
    CountCell, CountOwnAsk, CountTold, GapCell, GapRow, Notice, ReferralGapsAsk, ReferralGapsTold,
};
use entente_node::local::{Op, words};

use crate::carried;
use crate::charts::bars::{Title, bars};
use crate::charts::matrix::matrix;
use crate::charts::parts::parts;
use crate::charts::{Datum, Mark, Picture};
use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::route::area;

area! {
    GET "/statistics/own", Need::May(Op::CountOwn) => counts;
    GET "/statistics/gaps", Need::May(Op::ReferralGaps) => gaps;
}

/// By what our own records can be counted here.
const BY: [&str; 10] = [
    "exploitation",
    "gender",
    "age",
    "province",
    "region",
    "quarter",
    "year",
    "majority",
    "status",
    "citizenship",
];

/// By what they can be chosen.
const ONLY: [&str; 6] = ["exploitation", "gender", "age", "province", "majority", "status"];

/// The codes of a dimension, as people name it.
fn codes(by: &str) -> Vec<&'static str> {
    let name = if by == "age" { Dimension::AgeGroup.code() } else { by };
    Dimension::parse(name).map_or_else(|_| Vec::new(), |it| it.labels())
}

/// What the address says. Nothing in it is about one person.
type Typed = BTreeMap<String, String>;

/// Whether the table is wanted as a file.
fn is_file(typed: &Typed) -> bool {
    typed.get("as").is_some_and(|it| it == "csv")
}

/// Which table of our records: at most two dimensions, and what a record must have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wanted {
    by: String,
    and: String,
    period: String,
    only: BTreeMap<String, String>,
}

impl Wanted {
    fn read(typed: &Typed) -> Self {
        let of = |name: &str| typed.get(name).map_or("", |it| it.trim()).to_owned();
        let only = ONLY.iter().map(|name| ((*name).to_owned(), of(name)));
        let only = only.filter(|(name, code)| codes(name).contains(&code.as_str()));
        let only: BTreeMap<_, _> = only.collect();
        // What all of them have is no column.
        let can = |by: &str| BY.contains(&by) && !only.contains_key(by);
        let mut by = Vec::from([of("by"), of("and")]);
        by.retain(|it| can(it));
        by.extend(BY.iter().find(|it| can(it)).map(|it| (*it).to_owned()));
        let and = by.get(1).filter(|it| by.len() > 2 && Some(*it) != by.first());
        let and = and.cloned().unwrap_or_default();
        let first = by.into_iter().next().unwrap_or_default();
        Self { by: first, and, period: of("period"), only }
    }

    fn ask(&self) -> CountOwnAsk {
        let some = |text: &&String| !text.is_empty();
        CountOwnAsk {
            by: [&self.by, &self.and].into_iter().filter(some).cloned().collect(),
            filter: self.only.clone(),
            periods: [&self.period].into_iter().filter(some).cloned().collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "statistics/own.html")]
struct OwnPage<'a> {
    p: &'a Page,
    told: &'a CountTold,
    wanted: &'a Wanted,
    pictures: Vec<Picture>,
}

impl OwnPage<'_> {
    fn choices(&self) -> Vec<(&'static str, String)> {
        BY.iter().map(|by| (*by, self.head(by))).collect()
    }

    /// By what records can be chosen: the name of each, its label, its choices, and whether each is chosen.
    fn filters(&self) -> Vec<(&'static str, String, Vec<Choice>)> {
        let choices = |name: &str| -> Vec<Choice> {
            let chosen = self.wanted.only.get(name).map(String::as_str);
            let choice = |code: &'static str| {
                (code, words::value_label(name, code, self.p.lang), chosen == Some(code))
            };
            codes(name).into_iter().map(choice).collect()
        };
        ONLY.iter().map(|name| (*name, self.head(name), choices(name))).collect()
    }

    fn head(&self, by: &str) -> String {
        words::field_label(by, self.p.lang)
    }

    fn label(&self, cell: &CountCell, by: &str) -> String {
        label(self.p, cell, by)
    }

    fn figure(&self, cell: &CountCell) -> String {
        shown(self.p, cell)
    }

    fn is_empty(&self) -> bool {
        self.told.total.value.is_none_or(|n| n == 0)
    }

    fn is_narrowed(&self) -> bool {
        !self.wanted.period.is_empty() || !self.wanted.only.is_empty()
    }

    /// The table as a file, as the page shows it.
    fn file(&self) -> Answer {
        let heads = self.told.by.iter().map(|by| self.head(by));
        let n = self.p.t("Cases", "Dossiers").to_owned();
        let row = |cell: &CountCell| -> Vec<String> {
            let labels = self.told.by.iter().map(|by| self.label(cell, by));
            labels.chain([cell.value.unwrap_or(0).to_string()]).collect()
        };
        let heads: Vec<String> = heads.chain([n]).collect();
        let rows: Vec<_> = self.told.cells.iter().map(row).collect();
        carried::table(self.p.t("own-cases", "nos-dossiers"), &heads, &rows)
    }
}

/// A code that can be chosen, its label, and whether it is.
type Choice = (&'static str, String, bool);

/// What a cell is about, in words.
pub(super) fn label(p: &Page, cell: &CountCell, by: &str) -> String {
    let code = cell.key.get(by).map_or("", String::as_str);
    words::value_label(by, code, p.lang)
}

/// A figure with its symbol, as it stands in the table and in the picture.
pub(super) fn shown(p: &Page, cell: &CountCell) -> String {
    datum(p, cell, String::new()).shown(p.lang)
}

/// A cell as a figure: `p` if not everybody answered, `≥` if only a lower bound is known, `x` if it is hidden.
fn datum(p: &Page, cell: &CountCell, label: String) -> Datum {
    let symbol = match (cell.value, cell.at_least) {
        (Some(_), _) if cell.flag == "partial" => "p".to_owned(),
        (Some(_), _) => String::new(),
        (None, Some(least)) if least > 0 => format!("≥\u{a0}{}", p.n(&least)),
        (None, _) if cell.flag == "na" => "..".to_owned(),
        (None, _) => "x".to_owned(),
    };
    Datum { label, value: cell.value, symbol, ..Datum::default() }
}

/// `GET /statistics/own`: as a page, or as a file.
async fn counts(visit: Visit, Query(typed): Query<Typed>) -> Answer {
    let p = &visit.page;
    let wanted = Wanted::read(&typed);
    let told = visit.ask(&wanted.ask()).await?;
    let pictures = pictures(p, &told);
    let page = OwnPage { p, told: &told, wanted: &wanted, pictures };
    if is_file(&typed) { page.file() } else { show(&page) }
}

/// The bars of one dimension, or the shaded table of two.
pub(super) fn pictures(p: &Page, told: &CountTold) -> Vec<Picture> {
    let named = |text: String| (format!("own-{}", told.by.len()), text);
    match told.by.as_slice() {
        [by] => {
            // Rows of zero are in the table.
            let shown = told.cells.iter().filter(|cell| cell.value != Some(0));
            let data: Vec<_> = shown.map(|cell| datum(p, cell, label(p, cell, by))).collect();
            if data.is_empty() {
                return Vec::new();
            }
            let (id, name) = named(words::field_label(by, p.lang));
            let unit = match told.notice {
                Notice::OwnStaffOnly => p.t("Our records", "Nos dossiers"),
                Notice::Controlled => p.t("Persons", "Personnes"),
            };
            vec![bars(Title { id, name, unit }, &data, p.lang)]
        }
        [first, second] => {
            let codes = |by: &String| {
                let mut codes: Vec<String> = Vec::new();
                for code in told.cells.iter().filter_map(|cell| cell.key.get(by)) {
                    if !codes.contains(code) {
                        codes.push(code.clone());
                    }
                }
                codes
            };
            let (rows, columns) = (codes(first), codes(second));
            let mut data = Vec::new();
            for row in &rows {
                for column in &columns {
                    let is_it = |cell: &&CountCell| {
                        cell.key.get(first) == Some(row) && cell.key.get(second) == Some(column)
                    };
                    let cell = told.cells.iter().find(is_it);
                    let both = |it| format!("{}, {}", label(p, it, first), label(p, it, second));
                    data.push(cell.map_or_else(Datum::default, |it| datum(p, it, both(it))));
                }
            }
            let labels = |by: &str, codes: &[String]| -> Vec<String> {
                codes.iter().map(|code| words::value_label(by, code, p.lang)).collect()
            };
            let (rows, columns) = (labels(first, &rows), labels(second, &columns));
            let name = format!(
                "{} × {}",
                words::field_label(first, p.lang),
                words::field_label(second, p.lang)
            );
            matrix(named(name), &rows, &columns, &data, p.lang).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

#[derive(Template)]
#[template(path = "statistics/gaps.html")]
struct GapsPage<'a> {
    p: &'a Page,
    told: &'a ReferralGapsTold,
    // Needs by regions: the picture, the regions, and for each need how many of how many are unmet.
    picture: Option<Picture>,
    columns: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
    tables: Vec<Gaps<'a>>,
}

/// One way to look at referrals.
struct Gaps<'a> {
    by: CubeDimension,
    head: String,
    name: String,
    rows: &'a [GapRow],
    pictures: Vec<Picture>,
}

impl GapsPage<'_> {
    fn label(&self, gaps: &Gaps<'_>, row: &GapRow) -> String {
        gaps.by.label_text(&row.code, self.p.lang)
    }

    /// How often a partner that was asked declined.
    fn declines(&self, row: &GapRow) -> u64 {
        row.declines.values().sum()
    }

    /// All tables in one file.
    fn file(&self) -> Answer {
        let p = self.p;
        let heads = [
            p.t("By", "Par"),
            p.t("Label", "Libellé"),
            p.t("Region", "Région"),
            p.t("Referrals", "Aiguillages"),
            p.t("Unmet", "Non comblés"),
            p.t("Declines", "Refus"),
        ];
        let mut rows: Vec<Vec<String>> = Vec::new();
        for cell in &self.told.cells {
            rows.push(vec![
                p.t("need and region", "besoin et région").to_owned(),
                CubeDimension::Need.label_text(&cell.need, p.lang),
                CubeDimension::Region.label_text(&cell.region, p.lang),
                cell.referrals.to_string(),
                cell.unmet.to_string(),
                String::new(),
            ]);
        }
        for gaps in &self.tables {
            rows.extend(gaps.rows.iter().map(|row| {
                vec![
                    gaps.head.clone(),
                    self.label(gaps, row),
                    String::new(),
                    row.referrals.to_string(),
                    row.unmet.to_string(),
                    self.declines(row).to_string(),
                ]
            }));
        }
        let name = p.t("unmet-needs", "besoins-non-combles");
        carried::table(&format!("{name}-{}", self.told.period), &heads.map(str::to_owned), &rows)
    }
}

/// What a row is of, and its figures.
type Crossed = (String, Vec<String>);

/// Needs by regions: what is unmet as a shaded picture, and how many of how many as rows.
fn crossed(p: &Page, told: &ReferralGapsTold) -> (Option<Picture>, Vec<String>, Vec<Crossed>) {
    let labels = |by: CubeDimension, rows: &[GapRow]| -> Vec<String> {
        rows.iter().map(|row| by.label_text(&row.code, p.lang)).collect()
    };
    let needs = labels(CubeDimension::Need, &told.needs);
    let regions = labels(CubeDimension::Region, &told.regions);
    let (mut data, mut rows) = (Vec::new(), Vec::new());
    for (need, label) in told.needs.iter().zip(&needs) {
        let mut figures = Vec::new();
        for (region, region_label) in told.regions.iter().zip(&regions) {
            let is_it = |it: &&GapCell| it.need == need.code && it.region == region.code;
            let cell = told.cells.iter().find(is_it);
            data.push(Datum {
                label: format!("{label}, {region_label}"),
                value: cell.map(|it| it.unmet),
                ..Datum::default()
            });
            figures.push(cell.map_or_else(
                || "—".to_owned(),
                |it| format!("{} / {}", p.n(&it.unmet), p.n(&it.referrals)),
            ));
        }
        rows.push((label.clone(), figures));
    }
    let name = p.lang.pick(
        format!("Unmet referrals by need and region, {}", p.period(&told.period)),
        format!("Aiguillages non comblés par besoin et région, {}", p.period(&told.period)),
    );
    let picture = (!data.is_empty())
        .then(|| matrix(("gaps-crossed".to_owned(), name), &needs, &regions, &data, p.lang))
        .flatten();
    (picture, regions, rows)
}

/// `GET /statistics/gaps`.
async fn gaps(visit: Visit, Query(typed): Query<Typed>) -> Answer {
    let p = &visit.page;
    let period = typed.get("period").map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
    let told = visit.ask(&ReferralGapsAsk { period }).await?;
    let ways = [
        (CubeDimension::Need, &told.needs),
        (CubeDimension::Region, &told.regions),
        (CubeDimension::Quarter, &told.quarters),
    ];
    let mut tables = Vec::new();
    for (by, rows) in ways.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        let head = by.label(p.lang).to_owned();
        let data: Vec<_> = rows
            .iter()
            .map(|row| (by.label_text(&row.code, p.lang), row.unmet, row.referrals))
            .collect();
        let words = (p.t("Unmet", "Non comblés"), p.t("All referrals", "Tous les aiguillages"));
        let name = p.lang.pick(
            format!("Referrals by {head}, {}", p.period(&told.period)),
            format!("Aiguillages par {head}, {}", p.period(&told.period)),
        );
        let id = format!("gaps-{}", by.code());
        let pictures = vec![parts((id, name.clone()), words, &data, p.lang)];
        tables.push(Gaps { by, head, name, rows, pictures });
    }
    let (picture, columns, rows) = crossed(p, &told);
    let page = GapsPage { p, told: &told, picture, columns, rows, tables };
    if is_file(&typed) { page.file() } else { show(&page) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Wanted {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Wanted::read(&pairs.collect())
    }

    #[test]
    fn what_all_counted_cases_have_is_no_column_and_no_column_stands_twice() {
        let two =
            read(&[("by", "province"), ("and", "quarter"), ("exploitation", "forced_labour")]);
        assert_eq!((two.by.as_str(), two.and.as_str()), ("province", "quarter"));
        assert_eq!(two.ask().by, ["province", "quarter"]);
        assert_eq!(two.ask().filter["exploitation"], "forced_labour");
        let fixed = read(&[("by", "gender"), ("and", "age"), ("gender", "woman")]);
        assert_eq!((fixed.by.as_str(), fixed.and.as_str()), ("age", ""));
        assert_eq!(read(&[("by", "age"), ("and", "age")]).ask().by, ["age"]);
        // What nobody offers is not asked for.
        let odd = read(&[("by", "name"), ("gender", "=1+1"), ("period", " 2025 ")]);
        assert_eq!((odd.by.as_str(), odd.only.len()), ("exploitation", 0));
        assert_eq!(odd.ask().periods, ["2025"]);
        assert_eq!(read(&[("exploitation", "sexual")]).by, "gender");
    }

    #[test]
    fn everything_that_can_be_chosen_has_choices_with_words() {
        for name in ONLY {
            let codes = codes(name);
            assert!(codes.len() > 1, "{name}");
            for code in codes {
                assert_ne!(
                    words::value_label(name, code, entente_core::lang::Lang::Fr),
                    code,
                    "{name}"
                );
            }
        }
    }
}
