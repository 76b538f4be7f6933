//! Answers: the directory of services, and what is free.

use std::collections::BTreeSet;
use std::sync::Arc;

use entente_core::audit::Action;
use entente_core::codes::{Code, Set};
use entente_core::lang::Lang;
use entente_core::record::Language;
use entente_core::service::place::province;
use entente_core::service::{
    Capacity, Entry, Found, Freshness, Location, Near, Open, Point, Problem, Query, Rank, Status,
    Unit, Wrong,
};
use jiff::{SignedDuration, Timestamp};

use super::partners::told::both;
use super::records::show::Names;
use super::{Desk, Staff, Steps, instant};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::{Node, Outcome};

mod add;
mod files;
#[cfg(test)]
mod tests;

pub(super) use add::add;
pub(crate) use add::{apply, new_service};
pub(super) use files::{export, import};

/// How long a capacity holds if nothing is said, in hours.
const HOURS: i64 = 4;

pub(super) fn list(
    desk: &Desk,
    _: &Staff,
    ask: ServiceListAsk,
    _: &Steps,
) -> Outcome<ServiceListTold> {
    let node = &desk.node;
    let query = Query {
        from: Some(BTreeSet::from([node.id()])),
        closed_too: true,
        limit: if ask.stale { 0 } else { ask.limit as usize },
        ..Query::default()
    };
    let mut matches = node.search_services(query)?;
    if ask.stale {
        let is_stale =
            |found: &Found| found.entry.service.is_active() && !found.freshness.is_fresh();
        matches.found.retain(is_stale);
        matches.n = matches.found.len();
        matches.found.truncate(ask.limit as usize);
    }
    told(node, &matches)
}

pub(super) fn search(
    desk: &Desk,
    _: &Staff,
    ask: ServiceSearchAsk,
    _: &Steps,
) -> Outcome<ServiceListTold> {
    let node = &desk.node;
    let query = query(node, &ask)?;
    told(node, &node.search_services(query)?)
}

fn told(node: &Node, matches: &entente_core::service::Matches) -> Outcome<ServiceListTold> {
    let names = Names::of(node)?;
    Ok(ServiceListTold {
        total: matches.n as u64,
        hours_unknown: matches.n_unknown_hours as u64,
        services: matches.found.iter().map(|found| row(node, &names, found)).collect(),
    })
}

fn query(node: &Node, ask: &ServiceSearchAsk) -> Outcome<Query> {
    let near = ask.near.as_deref().map(point).transpose()?;
    let from = match ask.from.as_deref() {
        None => None,
        Some("us") => Some(BTreeSet::from([node.id()])),
        Some(partner) => Some(BTreeSet::from([node.find_partner(partner)?.0])),
    };
    let languages = ask
        .languages
        .iter()
        .map(|tag| Language::new(tag).map_err(|_| wrong_value("languages", Wrong::NotALanguage)));
    Ok(Query {
        needs: set("need", &ask.needs)?,
        near: near.map(|point| Near { point, within_km: ask.within_km.map(f64::from) }),
        province: ask.province.as_deref().map(province_of).transpose()?,
        languages: languages.collect::<Outcome<_>>()?,
        age: ask.age,
        gender: ask.gender.as_deref().map(|it| code("gender", it)).transpose()?,
        groups: set("service_group", &ask.groups)?,
        open_now: ask.open,
        with_capacity: ask.free,
        unit: ask.unit.as_deref().map(|it| code("capacity_unit", it)).transpose()?,
        fresh_only: ask.fresh,
        trafficking_only: ask.trafficking,
        without_status: ask.without_status,
        text: ask.text.clone().unwrap_or_default(),
        from,
        closed_too: false,
        nearest_first: ask.nearest,
        limit: ask.limit as usize,
    })
}

pub(super) fn show(
    desk: &Desk,
    _: &Staff,
    ask: ServiceShowAsk,
    _: &Steps,
) -> Outcome<ServiceShowTold> {
    let node = &desk.node;
    let entry = node.find_service(&ask.service)?;
    // Staff see what a partner may see; of our own that is everything.
    let audience = entente_core::service::Audience::Partner;
    let hsds = crate::hsds::write::write([&entry.service], audience);
    let hsds = hsds.get(0).cloned().unwrap_or_default();
    Ok(ServiceShowTold { service: row_of(node, entry)?, hsds })
}

pub(super) fn confirm(
    desk: &Desk,
    staff: &Staff,
    ask: ServiceConfirmAsk,
    _: &Steps,
) -> Outcome<ServiceChangeTold> {
    let node = &desk.node;
    let id = node.find_own_service(&ask.service)?;
    node.confirm_service(&staff.actor(), id, node.today())?;
    changed(node, &id.to_string())
}

pub(super) fn close(
    desk: &Desk,
    staff: &Staff,
    ask: ServiceCloseAsk,
    _: &Steps,
) -> Outcome<ServiceChangeTold> {
    let node = &desk.node;
    let id = node.find_own_service(&ask.service)?;
    let status = match ask.how {
        Closing::ForNow => Status::TemporarilyClosed,
        Closing::ForGood => Status::Defunct,
        Closing::OpenAgain => Status::Active,
        Closing::Delete => {
            node.withdraw_service(&staff.actor(), id)?;
            return Ok(ServiceChangeTold { service: None });
        }
    };
    node.set_service_status(&staff.actor(), id, status)?;
    changed(node, &id.to_string())
}

fn changed(node: &Node, id: &str) -> Outcome<ServiceChangeTold> {
    Ok(ServiceChangeTold { service: Some(row_of(node, node.find_service(id)?)?) })
}

pub(super) fn capacity_set(
    desk: &Desk,
    staff: &Staff,
    ask: CapacitySetAsk,
    _: &Steps,
) -> Outcome<CapacitySetTold> {
    let node = &desk.node;
    let id = node.find_own_service(&ask.service)?;
    let service = node.own_service(id)?;
    let now = node.now();
    let until = match ask.until.as_deref() {
        None => now + SignedDuration::from_hours(HOURS),
        Some(text) => {
            let zone = service.time_zone().and_then(entente_core::service::Zone::time_zone);
            until(text, now, zone).ok_or_else(|| wrong_value("until", Wrong::NotADate))?
        }
    };
    let unit = ask.unit.as_deref().map(|it| code("capacity_unit", it)).transpose()?;
    let capacity = Capacity {
        service: id,
        available: ask.available,
        maximum: ask.maximum,
        unit: unit.unwrap_or(Unit::Bed),
        whom: set("service_group", &ask.whom)?,
        said_at: now,
        until,
    };
    let told = node.set_capacity(staff.actor(), capacity)?;
    let names = Names::of(node)?;
    Ok(CapacitySetTold {
        service: row_of(node, node.find_service(&id.to_string())?)?,
        told: told.iter().map(|id| names.named(id)).collect(),
    })
}

/// The next `18:00` of the service's time, an instant, or a number of hours.
fn until(text: &str, now: Timestamp, zone: Option<jiff::tz::TimeZone>) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(hours) = text.strip_suffix('h') {
        let hours: i64 = hours.parse().ok().filter(|it| (0..=100_000).contains(it))?;
        return now.checked_add(SignedDuration::from_hours(hours)).ok();
    }
    if let Some(time) = entente_core::service::schedule::parse_time(text) {
        let here = now.to_zoned(zone.unwrap_or(jiff::tz::TimeZone::UTC));
        let today = here.date().to_datetime(time).to_zoned(here.time_zone().clone()).ok()?;
        let next = if today.timestamp() > now {
            today
        } else {
            let day = here.date().tomorrow().ok()?;
            day.to_datetime(time).to_zoned(here.time_zone().clone()).ok()?
        };
        return Some(next.timestamp());
    }
    text.parse().ok()
}

pub(super) fn capacity_show(
    desk: &Desk,
    _: &Staff,
    ask: CapacityShowAsk,
    _: &Steps,
) -> Outcome<CapacityShowTold> {
    let node = &desk.node;
    if let Some(service) = &ask.service {
        let entry = node.find_service(service)?;
        return Ok(CapacityShowTold { services: vec![row_of(node, entry)?] });
    }
    let names = Names::of(node)?;
    let matches = node.search_services(Query::default())?;
    let says = matches.found.iter().filter(|found| !found.capacities.is_empty());
    Ok(CapacityShowTold { services: says.map(|found| row(node, &names, found)).collect() })
}

fn row_of(node: &Node, entry: Arc<Entry>) -> Outcome<ServiceRow> {
    let names = Names::of(node)?;
    let (now, today) = (node.now(), node.today());
    let capacities = node.capacities(&entry.issuer, entry.service.id)?;
    let found = Found {
        km: None,
        open: entry.service.open_at(now),
        freshness: entry.service.freshness(today),
        capacities,
        rank: Vec::new(),
        entry,
    };
    Ok(row(node, &names, &found))
}

fn row(node: &Node, names: &Names, found: &Found) -> ServiceRow {
    let Entry { issuer, sponsor, service } = &*found.entry;
    let codes = |set: Vec<&'static str>| set.into_iter().map(str::to_owned).collect();
    let confirmed_on = service.assured_on.map(|day| day.to_string());
    let open = match found.open {
        Open::Open => "open",
        Open::Closed => "closed",
        Open::Unknown => "unknown",
    };
    let reason = |rank: &Rank| RankReason {
        code: rank.code().to_owned(),
        text: Both::new(rank.text(Lang::En), rank.text(Lang::Fr)),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "on Earth")]
    let metres = found.km.map(|km| (km * 1000.0).round() as u64);
    let hidden = service.locations.iter().any(|it| matches!(it, Location::Redacted { .. }));
    // A service that hides any of its places shows none.
    let site = service.locations.iter().filter(|_| !hidden).find_map(|it| match it {
        Location::Physical(site) => Some(site),
        Location::Virtual { .. } | Location::Redacted { .. } => None,
    });
    ServiceRow {
        id: service.id.to_string(),
        name: both(&service.name),
        organization: both(&service.organization.name),
        issuer: names.named(issuer),
        sponsor: sponsor.as_ref().map(|it| names.named(it)),
        ours: *issuer == node.id(),
        status: service.status.code().to_owned(),
        needs: codes(service.needs.iter().map(Code::code).collect()),
        groups: codes(service.groups.iter().map(Code::code).collect()),
        province: service.province().map(|it| it.code().to_owned()),
        hidden,
        at: site
            .and_then(|site| site.point)
            .map(|at| format!("{},{}", at.latitude(), at.longitude())),
        city: site
            .map(|site| both(&site.address.city))
            .filter(|it| !it.en.is_empty() || !it.fr.is_empty()),
        metres,
        open: open.to_owned(),
        confirmed_on,
        stale: !matches!(found.freshness, Freshness::Fresh { .. }),
        capacities: found.capacities.iter().map(capacity_row).collect(),
        rank: found.rank.iter().map(reason).collect(),
    }
}

fn capacity_row(capacity: &Capacity) -> CapacityRow {
    CapacityRow {
        available: capacity.available,
        maximum: capacity.maximum,
        unit: capacity.unit.code().to_owned(),
        whom: capacity.whom.iter().map(|it| it.code().to_owned()).collect(),
        said_at: instant(capacity.said_at.as_second()),
        until: instant(capacity.until.as_second()),
    }
}

fn code<C: Code>(list: &'static str, text: &str) -> Outcome<C> {
    C::parse(text).map_err(|_| wrong_value(list, Wrong::UnknownCode))
}

fn set<C: Code>(list: &'static str, texts: &[String]) -> Outcome<Set<C>> {
    texts.iter().map(|text| code(list, text)).collect()
}

fn province_of(text: &str) -> Outcome<entente_core::codes::Province> {
    province(text).ok_or_else(|| wrong_value("province", Wrong::UnknownCode))
}

/// A point as it is typed: `49.8951,-97.1384`.
fn point(text: &str) -> Outcome<Point> {
    let degrees = text.split_once(',').and_then(|(latitude, longitude)| {
        Point::new(latitude.trim().parse().ok()?, longitude.trim().parse().ok()?)
    });
    degrees.ok_or_else(|| wrong_value("at", Wrong::NoSuchPlace))
}

/// `ENT-2205`.
fn wrong_value(field: &'static str, wrong: Wrong) -> Box<Fault> {
    let problem = Problem { field, wrong };
    Fault::new(
        2205,
        (
            "A value of the command cannot be. Nothing was done.",
            "Une valeur de la commande est impossible. Rien n’a été fait.",
        ),
        (
            "See the lists with `entente codes`, and the form of each value with `--help`.",
            "Voyez les listes avec `entente codes`, et la forme de chaque valeur avec `--help`.",
        ),
    )
    .because(problem.text(Lang::En), problem.text(Lang::Fr))
}

/// The action under which a change is written down.
const CHANGED: Action = Action::ServiceChanged;
