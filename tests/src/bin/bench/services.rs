//! The directory of services: a search near a place, as staff ask it.

use std::time::Instant;

use entente_core::codes::{Code as _, Need, Set};
use entente_core::identity::OrgKey;
use entente_core::lang::Text;
use entente_core::service::place::Point;
use entente_core::service::{
    Directory, Entry, Group, Location, Near, Organization, Query, Service, ServiceId, Site,
};
use jiff::Timestamp;
use jiff::civil::date;

use crate::Sizes;
use crate::report::{Aim, Report};

/// As many as a real directory of settlement services had in 2022, and the most that a node keeps.
const N_SERVICES: [u32; 2] = [1_262, 100_000];

pub(crate) fn run(report: &mut Report, sizes: Sizes) {
    println!("services");
    for n in N_SERVICES {
        let directory = directory(n);
        let latencies: Vec<_> = (0..sizes.n_questions).map(|nth| search(&directory, nth)).collect();
        let name = format!("search {n} services by need, group and 25 km");
        report.latencies(&name, &latencies, Aim::Below(10.0));
    }
}

/// Services spread over the south of the country, each with two needs and some with groups.
fn directory(n: u32) -> Directory {
    let issuer = OrgKey::from_seed(&[1; 32]).id();
    let mut directory = Directory::default();
    for nth in 0..n {
        let (row, column) = (f64::from(nth % 97) / 97.0, f64::from(nth % 1_009) / 1_009.0);

        let id = (u128::from(nth) << 96).to_be_bytes();
        let name = Text::new(format!("Service {nth}"), format!("Service {nth} (fr)"));
        let site = Site {
            id,
            point: Point::new(43.0 + 12.0 * row, -125.0 + 65.0 * column),
            ..Site::default()
        };
        let needs = [nth % 23, (nth / 23) % 23].into_iter();
        let needs: Set<Need> = needs.filter_map(|it| Need::ALL.get(it as usize).copied()).collect();
        let groups = if nth % 5 == 0 { Set::EMPTY.with(Group::Women) } else { Set::EMPTY };
        let service = Service {
            needs,
            groups,
            locations: vec![Location::Physical(Box::new(site))],
            assured_on: Some(date(2026, 10, 1)),
            ..Service::named(ServiceId(id), Organization::default(), name)
        };
        directory.put(Entry { issuer, sponsor: None, service });
    }
    directory
}

fn search(directory: &Directory, nth: usize) -> std::time::Duration {
    let nth = u32::try_from(nth).unwrap_or_default();
    let (row, column) = (f64::from(nth % 13) / 13.0, f64::from(nth % 29) / 29.0);
    let point = Point::new(43.0 + 12.0 * row, -125.0 + 65.0 * column).expect("a place");
    let query = Query {
        needs: Set::EMPTY.with(Need::EmergencyHousing).with(Need::Legal),
        groups: if nth % 2 == 0 { Set::EMPTY.with(Group::Women) } else { Set::EMPTY },
        near: Some(Near { point, within_km: Some(25.0) }),
        limit: 50,
        ..Query::default()
    };
    let (now, today) = (Timestamp::from_second(1_795_000_000).expect("now"), date(2026, 11, 20));
    let since = Instant::now();
    let found = directory.search(&query, now, today);
    let took = since.elapsed();
    assert!(found.found.len() <= 50, "at most as many as were asked for");
    took
}
