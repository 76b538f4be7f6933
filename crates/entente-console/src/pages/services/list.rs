//! Searching the directory, and the list of our own services.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::Query;
use entente_node::fault::Fault;
use entente_node::local::doc::{ServiceListAsk, ServiceRow, ServiceSearchAsk};
use entente_node::local::words as lists;
use serde::Deserialize;

use super::map::{HEIGHT, Map, WIDTH};
use super::places::{self, CITIES};
use super::rows::Rows;
use crate::gate::{Visit, encoded};
use crate::page::{Answer, Page, show, show_as};
use crate::pages::referrals::words::languages;
use crate::problem::Problem;

/// How many rows one page has.
const ROWS: usize = 50;

/// The order in which the nearest come first, as the address says it.
const NEAREST: &str = "near";

/// What is looked for, as the address says it: codes and a city. Nothing about a person but what a service
/// is made for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    need: String,
    #[serde(default)]
    province: String,
    #[serde(default)]
    near: String,
    #[serde(default)]
    within: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    age: String,
    #[serde(default)]
    gender: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    open: String,
    #[serde(default)]
    free: String,
    #[serde(default)]
    fresh: String,
    #[serde(default)]
    no_status: String,
    #[serde(default)]
    trafficking: String,
    #[serde(default)]
    words: String,
    // `near`: the nearest first.
    #[serde(default)]
    order: String,
    #[serde(default)]
    from: usize,
}

impl Wanted {
    fn ask(&self) -> ServiceSearchAsk {
        let some = |text: &String| Some(text.trim().to_owned()).filter(|it| !it.is_empty());
        let many = |text: &String| some(text).into_iter().collect();
        let near = places::find(&self.near);
        ServiceSearchAsk {
            needs: many(&self.need),
            near: near.map(|city| format!("{},{}", city.latitude, city.longitude)),
            within_km: near.and_then(|_| self.within.parse().ok()),
            province: some(&self.province),
            languages: many(&self.language),
            age: self.age.trim().parse().ok(),
            gender: some(&self.gender),
            groups: many(&self.group),
            open: !self.open.is_empty(),
            free: !self.free.is_empty(),
            unit: None,
            fresh: !self.fresh.is_empty(),
            trafficking: !self.trafficking.is_empty(),
            without_status: !self.no_status.is_empty(),
            text: some(&self.words),
            from: None,
            nearest: self.order == NEAREST,
            limit: u32::try_from(self.from.saturating_add(ROWS)).unwrap_or(u32::MAX),
        }
    }

    /// The address of the page after this one.
    fn next(&self, from: usize) -> String {
        let pairs = [
            ("need", &self.need),
            ("province", &self.province),
            ("near", &self.near),
            ("within", &self.within),
            ("language", &self.language),
            ("age", &self.age),
            ("gender", &self.gender),
            ("group", &self.group),
            ("open", &self.open),
            ("free", &self.free),
            ("fresh", &self.fresh),
            ("no_status", &self.no_status),
            ("trafficking", &self.trafficking),
            ("words", &self.words),
            ("order", &self.order),
        ];
        let mut address = format!("/services?from={from}");
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            // Writing into a text cannot fail.
            let _ = write!(address, "&{name}={}", encoded(value));
        }
        address
    }

    /// Whether the nearest are wanted first, and nobody said near what.
    fn lacks_place(&self) -> bool {
        self.order == NEAREST && places::find(&self.near).is_none()
    }

    /// Whether more than the first filters are in use, so that they are shown open.
    fn is_narrow(&self) -> bool {
        let more = [&self.language, &self.age, &self.gender, &self.group, &self.no_status];
        more.iter().any(|it| !it.is_empty()) || !self.trafficking.is_empty()
    }
}

#[derive(Template)]
#[template(path = "services/list.html")]
struct ListPage<'a> {
    p: &'a Page,
    now_s: i64,
    wanted: &'a Wanted,
    fault: Option<&'a Fault>,
    rows: Vec<(usize, ServiceRow)>,
    total: u64,
    hours_unknown: u64,
    map: Option<Map>,
    next: Option<String>,
}

impl Rows for ListPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }

    fn now_s(&self) -> i64 {
        self.now_s
    }
}

impl ListPage<'_> {
    fn choices(&self, list: &str) -> Vec<(&'static str, &'static str)> {
        lists::list(list, self.p.lang).unwrap_or_default()
    }

    fn cities(&self) -> Vec<&'static str> {
        CITIES.iter().map(|it| it.name).collect()
    }

    fn languages(&self) -> Vec<(String, String)> {
        languages(self.p, std::slice::from_ref(&self.wanted.language))
    }

    /// In which order: the code, the words, whether it is the one.
    fn orders(&self) -> [(&'static str, &'static str, bool); 2] {
        let p = self.p;
        let is_nearest = self.wanted.order == NEAREST;
        [
            ("", p.t("Has room first", "Places d’abord"), !is_nearest),
            (NEAREST, p.t("The nearest first", "Les plus proches d’abord"), is_nearest),
        ]
    }

    fn size(&self) -> (f64, f64) {
        (WIDTH, HEIGHT)
    }

    fn range(&self) -> String {
        let n = |n: usize| u64::try_from(n).unwrap_or_default();
        let last = self.rows.last().map_or(0, |(number, _)| *number);
        let first = self.rows.first().map_or(0, |(number, _)| *number);
        self.p.range(&n(first), &n(last), &self.total)
    }
}

/// `GET /services`.
pub(super) async fn search(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let told = visit.ask(&wanted.ask()).await;
    let (told, fault) = match told {
        Ok(told) => (Some(told), None),
        Err(fault) if fault.code == "ENT-2205" => (None, Some(fault)),
        Err(fault) => return Err(Problem::new(fault)),
    };
    let (total, hours_unknown) =
        told.as_ref().map_or((0, 0), |told| (told.total, told.hours_unknown));
    let services = told.map(|told| told.services).unwrap_or_default();
    let rows: Vec<_> = (1..).zip(services).skip(wanted.from).take(ROWS).collect();
    let last = wanted.from + rows.len();
    let has_more = u64::try_from(last).is_ok_and(|last| last < total);
    let points: Vec<_> =
        rows.iter().filter_map(|(number, row)| Some((*number, row.at.as_deref()?))).collect();
    let map = Map::of(&points);
    let page = ListPage {
        p: &visit.page,
        now_s: visit.console.desk.node.now_s(),
        fault: fault.as_deref(),
        total,
        hours_unknown,
        map,
        next: has_more.then(|| visit.page.to(&wanted.next(last))),
        wanted: &wanted,
        rows,
    };
    let is_good = page.fault.is_none();
    show_as(
        if is_good {
            axum::http::StatusCode::OK
        } else {
            axum::http::StatusCode::UNPROCESSABLE_ENTITY
        },
        &page,
    )
}

#[derive(Template)]
#[template(path = "services/ours.html")]
struct OursPage<'a> {
    p: &'a Page,
    now_s: i64,
    rows: &'a [ServiceRow],
    total: u64,
    from: usize,
    next: Option<String>,
    stale: bool,
}

impl Rows for OursPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }

    fn now_s(&self) -> i64 {
        self.now_s
    }
}

/// Which of ours.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Ours {
    #[serde(default)]
    stale: String,
    #[serde(default)]
    from: usize,
}

/// `GET /services/ours`.
pub(super) async fn ours(visit: Visit, Query(wanted): Query<Ours>) -> Answer {
    let stale = !wanted.stale.is_empty();
    let limit = u32::try_from(wanted.from.saturating_add(ROWS)).unwrap_or(u32::MAX);
    let told = visit.ask(&ServiceListAsk { stale, limit }).await?;
    let rows: Vec<_> = told.services.into_iter().skip(wanted.from).take(ROWS).collect();
    let last = wanted.from + rows.len();
    let has_more = u64::try_from(last).is_ok_and(|last| last < told.total);
    let only = if stale { "stale=yes&" } else { "" };
    show(&OursPage {
        p: &visit.page,
        now_s: visit.console.desk.node.now_s(),
        rows: &rows,
        total: told.total,
        from: wanted.from,
        next: has_more.then(|| visit.page.to(&format!("/services/ours?{only}from={last}"))),
        stale,
    })
}
