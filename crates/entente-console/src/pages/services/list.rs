//! Searching the directory, and the list of our own services.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::Query;
use entente_node::fault::Fault;
use entente_node::local::Op;
use entente_node::local::doc::{
    Named, PartnerListAsk, PartnerState, ServiceListAsk, ServiceRow, ServiceSearchAsk,
};
use entente_node::local::words as lists;
use serde::Deserialize;

use super::map::{HEIGHT, Map, WIDTH};
use super::places::{self, CITIES, City};
use super::rows::Rows;
use crate::gate::{Visit, encoded};
use crate::page::{Answer, Page, show, show_as};
use crate::pages::referrals::words::languages;
use crate::paging::{Pages, ROWS};
use crate::problem::Problem;

/// The order in which the nearest come first, as the address says it.
const NEAREST: &str = "near";

/// The order in which what has room comes first. Without a word for it, it is that of whoever names no place.
const ROOM: &str = "room";

/// What is looked for, as the address says it: codes and a city. Nothing about a person but what a service
/// is made for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    need: String,
    // A second one: of needs and languages either counts, of groups both.
    #[serde(default)]
    need2: String,
    #[serde(default)]
    language2: String,
    #[serde(default)]
    group2: String,
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
    // Who told of it: `us`, or the id of a partner.
    #[serde(default)]
    partner: String,
    // Of what there is room: a code of `capacity_unit`.
    #[serde(default)]
    unit: String,
    #[serde(default)]
    words: String,
    // `near`: the nearest first; `room`: what has room first; blank: the nearest, if there is a place.
    #[serde(default)]
    order: String,
    #[serde(default)]
    from: usize,
}

impl Wanted {
    fn ask(&self) -> ServiceSearchAsk {
        let some = |text: &String| Some(text.trim().to_owned()).filter(|it| !it.is_empty());
        let many = |texts: [&String; 2]| {
            let mut all: Vec<String> = texts.into_iter().filter_map(some).collect();
            all.dedup();
            all
        };
        let near = self.point();
        ServiceSearchAsk {
            needs: many([&self.need, &self.need2]),
            within_km: near.as_ref().and_then(|_| self.within.parse().ok()),
            near,
            province: some(&self.province),
            languages: many([&self.language, &self.language2]),
            age: self.age.trim().parse().ok(),
            gender: some(&self.gender),
            groups: many([&self.group, &self.group2]),
            open: !self.open.is_empty(),
            free: !self.free.is_empty() || !self.unit.is_empty(),
            unit: some(&self.unit),
            fresh: !self.fresh.is_empty(),
            trafficking: !self.trafficking.is_empty(),
            without_status: !self.no_status.is_empty(),
            text: some(&self.words),
            from: some(&self.partner),
            nearest: self.is_nearest(),
            limit: u32::try_from(self.from.saturating_add(ROWS)).unwrap_or(u32::MAX),
        }
    }

    /// The point that is meant: that of a city, however its name is written, or one that was typed.
    fn point(&self) -> Option<String> {
        let wanted = folded(&self.near);
        let is_meant = |city: &City| !wanted.is_empty() && folded(city.name) == wanted;
        let typed = self.near.trim();
        let city = places::find(typed).or_else(|| CITIES.iter().copied().find(is_meant));
        let is_point = || typed.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c));
        match city {
            Some(city) => Some(format!("{},{}", city.latitude, city.longitude)),
            None => is_point().then(|| typed.to_owned()),
        }
    }

    /// Whether the nearest come first: if somebody wants that, or names a place and wants nothing else.
    fn is_nearest(&self) -> bool {
        self.order == NEAREST || (self.order.is_empty() && self.point().is_some())
    }

    /// The address of the list, from its first page on.
    fn address(&self) -> String {
        let pairs = [
            ("need", &self.need),
            ("need2", &self.need2),
            ("province", &self.province),
            ("near", &self.near),
            ("within", &self.within),
            ("language", &self.language),
            ("language2", &self.language2),
            ("age", &self.age),
            ("gender", &self.gender),
            ("group", &self.group),
            ("group2", &self.group2),
            ("open", &self.open),
            ("free", &self.free),
            ("fresh", &self.fresh),
            ("no_status", &self.no_status),
            ("trafficking", &self.trafficking),
            ("partner", &self.partner),
            ("unit", &self.unit),
            ("words", &self.words),
            ("order", &self.order),
        ];
        let mut address = "/services".to_owned();
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            let mark = if address.contains('?') { '&' } else { '?' };
            // Writing into a text cannot fail.
            let _ = write!(address, "{mark}{name}={}", encoded(value));
        }
        address
    }

    /// Whether anything is looked for.
    fn is_any(&self) -> bool {
        self.address().contains('?')
    }

    /// Whether the nearest are wanted first or a place was typed, and nobody knows where that is.
    fn lacks_place(&self) -> bool {
        (self.order == NEAREST || !self.near.trim().is_empty()) && self.point().is_none()
    }

    /// Whether more than the first filters are in use, so that they are shown open.
    fn is_narrow(&self) -> bool {
        let more = [
            &self.need2,
            &self.language2,
            &self.group2,
            &self.province,
            &self.language,
            &self.age,
            &self.gender,
            &self.group,
            &self.partner,
            &self.unit,
            &self.no_status,
            &self.trafficking,
        ];
        more.iter().any(|it| !it.is_empty())
    }
}

/// A name as it is compared: letters and digits, without accents.
fn folded(name: &str) -> String {
    let plain = |c: char| match c {
        'é' | 'è' | 'ê' => 'e',
        c => c,
    };
    name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).map(plain).collect()
}

#[derive(Template)]
#[template(path = "services/list.html")]
struct ListPage<'a> {
    p: &'a Page,
    now_s: i64,
    wanted: &'a Wanted,
    fault: Option<&'a Fault>,
    rows: Vec<(usize, ServiceRow)>,
    hours_unknown: u64,
    map: Option<Map>,
    pages: Pages,
    partners: Vec<Named>,
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
        languages(self.p, &[self.wanted.language.clone(), self.wanted.language2.clone()])
    }

    /// In which order: the code, the words, whether it is the one. What was not chosen changes with the place.
    fn orders(&self) -> [(&'static str, &'static str, bool); 3] {
        let p = self.p;
        let is = |order: &str| self.wanted.order == order;
        [
            (
                "",
                p.t("The nearest, or with room", "Les plus proches, ou avec places"),
                !is(ROOM) && !is(NEAREST),
            ),
            (ROOM, p.t("Has room first", "Places d’abord"), is(ROOM)),
            (NEAREST, p.t("The nearest first", "Les plus proches d’abord"), is(NEAREST)),
        ]
    }

    fn size(&self) -> (f64, f64) {
        (WIDTH, HEIGHT)
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
    let total = usize::try_from(total).unwrap_or(usize::MAX);
    let pages = Pages::at(&visit.page, &wanted.address(), (wanted.from, rows.len()), total);
    let partners = match visit.page.may(Op::PartnerList) {
        true => {
            let told = visit.ask(&PartnerListAsk { state: Some(PartnerState::Active) }).await?;
            told.partners.into_iter().map(|row| row.partner).collect()
        }
        false => Vec::new(),
    };
    let points: Vec<_> =
        rows.iter().filter_map(|(number, row)| Some((*number, row.at.as_deref()?))).collect();
    let map = Map::of(&points);
    let page = ListPage {
        p: &visit.page,
        now_s: visit.console.desk.node.now_s(),
        fault: fault.as_deref(),
        hours_unknown,
        map,
        pages,
        partners,
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
    pages: Pages,
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
    let address = if stale { "/services/ours?stale=yes" } else { "/services/ours" };
    let total = usize::try_from(told.total).unwrap_or(usize::MAX);
    show(&OursPage {
        p: &visit.page,
        now_s: visit.console.desk.node.now_s(),
        rows: &rows,
        pages: Pages::at(&visit.page, address, (wanted.from, rows.len()), total),
        stale,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_city_however_it_is_written_or_a_point() {
        let point = |near: &str| Wanted { near: near.to_owned(), ..Wanted::default() }.point();
        let montreal = point("Montréal");
        assert!(montreal.is_some());
        assert_eq!(point(" montreal "), montreal);
        assert!(point("St. John's").is_some());
        assert_eq!(point("49.9, -97.1").as_deref(), Some("49.9, -97.1"));
        for nowhere in ["", "Nowhere", "’"] {
            assert_eq!(point(nowhere), None);
        }
    }

    #[test]
    fn the_nearest_come_first_where_a_place_is_named_and_nobody_wants_another_order() {
        let nearest = |near: &str, order: &str| {
            Wanted { near: near.to_owned(), order: order.to_owned(), ..Wanted::default() }
                .ask()
                .nearest
        };
        assert!(nearest("Winnipeg", "") && nearest("Winnipeg", NEAREST) && nearest("", NEAREST));
        assert!(!nearest("", "") && !nearest("Winnipeg", ROOM) && !nearest("Nowhere", ""));
    }

    #[test]
    fn the_address_of_a_search_has_all_that_is_looked_for() {
        assert!(!Wanted::default().is_any());
        let wanted = Wanted {
            need: "legal".to_owned(),
            need2: "medical".to_owned(),
            partner: "us".to_owned(),
            unit: "bed".to_owned(),
            ..Wanted::default()
        };
        assert_eq!(wanted.address(), "/services?need=legal&need2=medical&partner=us&unit=bed");
        let ask = wanted.ask();
        assert_eq!(ask.needs, ["legal", "medical"]);
        assert_eq!((ask.from.as_deref(), ask.unit.as_deref()), (Some("us"), Some("bed")));
        assert!(ask.free, "what is free is meant");
    }
}
