//! A count over many partners, asked as staff ask it.

use std::path::Path;
use std::time::{Duration, Instant};

use entente_core::codes::OrgType;
use entente_node::local::doc::{CountAsk, CountTold};
use entente_store::engine::Kind;
use entente_tests::net::{Site, agree, pair, summaries_and_counts};

use crate::report::{Aim, Report, Watch};
use crate::{Sizes, site};

/// Cases of each partner.
const N_CASES: u32 = 2_000;

pub(crate) async fn run(report: &mut Report, sizes: Sizes) {
    println!("fanout");
    for kind in Kind::ALL {
        measure(report, sizes, kind).await;
    }
}

async fn measure(report: &mut Report, sizes: Sizes, kind: Kind) {
    let centre = Site::start("Centre", OrgType::Federal, kind).await;
    let (centre, home) = site::again(centre).await;
    let mut offices = Vec::with_capacity(sizes.n_asked);
    for (nth, seed) in (0..sizes.n_asked).zip(1..) {
        let office = Site::start(&format!("Office {nth}"), OrgType::Provincial, kind).await;
        pair(&centre, &office).await;
        agree(&office, &centre, &summaries_and_counts(5)).await;
        site::fill(office.node(), seed, N_CASES);
        offices.push(office);
    }
    let since = Instant::now();
    ask(&home, sizes.n_asked).await;
    let first = since.elapsed();
    for _ in 0..20 {
        ask(&home, sizes.n_asked).await;
    }
    let watch = Watch::start();
    let mut latencies: Vec<Duration> = Vec::with_capacity(sizes.n_questions);
    for _ in 0..sizes.n_questions {
        let since = Instant::now();
        ask(&home, sizes.n_asked).await;
        latencies.push(since.elapsed());
    }
    let cpu_us = watch.stop().cpu_us_each(sizes.n_questions as u64 * sizes.n_asked as u64);
    let name = format!("count over {} partners on {}", sizes.n_asked, kind.name());
    report.latencies(&name, &latencies, Aim::Below(5.0));
    let first = [first.as_secs_f64() * 1e3];
    report.note(format!("{name}, the first question"), "ms", &first, Aim::None, None);
    let per_partner = format!("{name}, processor time per partner, both ends");
    report.note(per_partner, "µs", &[cpu_us], Aim::None, None);
    drop(offices);
    drop(centre);
}

async fn ask(home: &Path, n: usize) {
    let ask = CountAsk {
        by: vec!["province".to_owned()],
        filter: Default::default(),
        periods: vec!["2026-Q3".to_owned()],
        partners: Vec::new(),
    };
    let mut desk = site::desk(home).await.expect("the node answers");
    let told = site::told(desk.count(site::ask(&ask)).await).await.expect("an answer");
    let told: CountTold = serde_json::from_value(told).expect("a document");
    assert_eq!(usize::try_from(told.coverage.answered), Ok(n), "{:?}", told.coverage);
}
