//! Idle sync: many partners that have nothing to say.

use std::path::Path;
use std::time::Instant;

use entente_core::codes::OrgType;
use entente_node::local::doc::{SyncAsk, SyncTold};
use entente_store::engine::Kind;
use entente_tests::net::{Site, pair};

use crate::report::{Aim, Report, Watch, percentile};
use crate::{Sizes, site};

pub(crate) async fn run(report: &mut Report, sizes: Sizes) {
    println!("idle");
    let centre = Site::start("Centre", OrgType::Federal, Kind::Sled).await;
    let (mut centre, home) = site::again(centre).await;
    let mut offices = Vec::with_capacity(sizes.n_idle);
    for nth in 0..sizes.n_idle {
        let office = Site::start(&format!("Office {nth}"), OrgType::Provincial, Kind::Sled).await;
        pair(&centre, &office).await;
        offices.push(office);
    }
    // Until nobody has anything new to co-sign.
    for _ in 0..2 {
        rounds(&home, sizes.n_idle).await;
    }
    let (mut warm_ms, mut cpu_us) = (Vec::new(), Vec::new());
    for _ in 0..5 * sizes.n_times {
        let watch = Watch::start();
        rounds(&home, sizes.n_idle).await;
        let spent = watch.stop();
        warm_ms.push(spent.wall_s * 1e3);
        cpu_us.push(spent.cpu_us_each(sizes.n_idle as u64));
    }
    let mut cold_ms = Vec::new();
    for _ in 0..sizes.n_times {
        (centre, _) = site::again(centre).await;
        let since = Instant::now();
        rounds(&home, sizes.n_idle).await;
        cold_ms.push(since.elapsed().as_secs_f64() * 1e3);
    }
    let cpu_us = Some(percentile(&cpu_us, 0.5));
    let name = |how: &str| format!("idle sync with {} partners, {how}", sizes.n_idle);
    report.note(name("warm connections"), "ms", &warm_ms, Aim::Below(1000.0), cpu_us);
    let first = "first round after a start";
    report.note(name(first), "ms", &cold_ms, Aim::Below(1000.0), None);
}

/// What `entente sync` does: a round with every partner, all at once.
async fn rounds(home: &Path, n: usize) {
    let mut desk = site::desk(home).await.expect("the node answers");
    let reply = desk.sync(site::ask(&SyncAsk { partner: None })).await;
    let told = site::told(reply).await.expect("an answer");
    let told: SyncTold = serde_json::from_value(told).expect("a document");
    let n_reached = told.partners.iter().filter(|it| it.fault.is_none()).count();
    assert_eq!(n_reached, n, "a round was missed");
}
