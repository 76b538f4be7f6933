//! Exact figures for our own staff: our records, and what our referrals came to. Never for publication.

use askama::Template;
use axum::extract::Query;
use entente_core::codes::Code as _;
use entente_core::statistics::plan::CubeDimension;
use entente_node::local::doc::{
    CountCell, CountOwnAsk, CountTold, GapRow, Notice, ReferralGapsAsk, ReferralGapsTold,
};
use entente_node::local::{Op, words};
use serde::Deserialize;

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
const BY: [&str; 7] =
    ["exploitation", "gender", "age", "province", "region", "quarter", "majority"];

#[derive(Clone, Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    by: String,
    #[serde(default)]
    and: String,
    #[serde(default)]
    period: String,
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
        BY.iter().map(|by| (*by, words::field_label(by, self.p.lang))).collect()
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
}

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

/// `GET /statistics/own`.
async fn counts(visit: Visit, Query(mut wanted): Query<Wanted>) -> Answer {
    let p = &visit.page;
    if !BY.contains(&wanted.by.as_str()) {
        wanted.by = "exploitation".to_owned();
    }
    if !BY.contains(&wanted.and.as_str()) || wanted.and == wanted.by {
        wanted.and.clear();
    }
    let by = [&wanted.by, &wanted.and].into_iter().filter(|it| !it.is_empty()).cloned();
    let period = Some(wanted.period.trim().to_owned()).filter(|it| !it.is_empty());
    let ask = CountOwnAsk {
        by: by.collect(),
        filter: std::collections::BTreeMap::new(),
        periods: period.into_iter().collect(),
    };
    let told = visit.ask(&ask).await?;
    let pictures = pictures(p, &told);
    show(&OwnPage { p, told: &told, wanted: &wanted, pictures })
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
            if columns.len() > 14 {
                return Vec::new();
            }
            let mut data = Vec::new();
            for row in &rows {
                for column in &columns {
                    let is_it = |cell: &&CountCell| {
                        cell.key.get(first) == Some(row) && cell.key.get(second) == Some(column)
                    };
                    let cell = told.cells.iter().find(is_it);
                    data.push(cell.map_or_else(Datum::default, |it| datum(p, it, String::new())));
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
            vec![matrix(named(name), &rows, &columns, &data, p.lang)]
        }
        _ => Vec::new(),
    }
}

#[derive(Template)]
#[template(path = "statistics/gaps.html")]
struct GapsPage<'a> {
    p: &'a Page,
    told: &'a ReferralGapsTold,
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
}

/// `GET /statistics/gaps`.
async fn gaps(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let p = &visit.page;
    let period = Some(wanted.period.trim().to_owned()).filter(|it| !it.is_empty());
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
        let words = (p.t("Unmet", "Non comblés"), p.t("All referrals", "Tous les renvois"));
        let name = p.lang.pick(
            format!("Referrals by {head}, {}", told.period),
            format!("Renvois par {head}, {}", told.period),
        );
        let id = format!("gaps-{}", by.code());
        let pictures = vec![parts((id, name.clone()), words, &data, p.lang)];
        tables.push(Gaps { by, head, name, rows, pictures });
    }
    show(&GapsPage { p, told: &told, tables })
}
