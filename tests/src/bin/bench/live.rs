//! Live feeds: how soon what one node says is with another, and what open calls cost while nobody
//! speaks.

use std::time::{Duration, Instant};

use entente_tests::federation::staff;
use entente_tests::net::{Site, pair};

use crate::Sizes;
use crate::report::{Aim, Report, Watch};

/// How long nothing is said.
const QUIET: Duration = Duration::from_secs(10);

/// Pieces of news that come apart: the next is said after the least time between two ticks.
const APART: Duration = Duration::from_millis(300);

pub(crate) async fn run(report: &mut Report, sizes: Sizes) {
    println!("live");
    let centre = Site::listening("Centre").await;
    let mut offices = Vec::with_capacity(sizes.n_idle);
    for nth in 0..sizes.n_idle {
        let office = Site::listening(&format!("Office {nth}")).await;
        pair(&centre, &office).await;
        offices.push(office);
    }
    let is_heard = |from: &Site, to: &Site| from.node().news().n_listening(&to.id()) > 0;
    while !offices.iter().all(|it| is_heard(&centre, it) && is_heard(it, &centre)) {
        tokio::time::sleep(APART).await;
    }
    let watch = Watch::start();
    tokio::time::sleep(QUIET).await;
    let calls = 2 * sizes.n_idle as u64;
    let cpu_us = watch.stop().cpu_us_each(calls) / QUIET.as_secs_f64();
    let name = format!("{calls} open calls, processor time of each in a second, both ends");
    report.note(name, "µs", &[cpu_us], Aim::None, None);

    let office = offices.first().expect("an office");
    let mut latencies = Vec::with_capacity(sizes.n_questions);
    for _ in 0..sizes.n_questions {
        tokio::time::sleep(APART).await;
        centre.node().send_test(staff(), &office.id()).expect("said");
        let (since, end) =
            (Instant::now(), centre.node().feed_head(&office.id()).expect("a feed").1);
        office.until(|node| node.cursor(&centre.id()).expect("a cursor").1 >= end).await;
        latencies.push(since.elapsed());
    }
    let name = format!("said until accepted, with {} partners", sizes.n_idle);
    report.latencies(&name, &latencies, Aim::Below(2_000.0));
}
