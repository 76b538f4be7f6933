//! Summaries between two nodes: released and signed, pulled over mutual TLS, verified, sealed,
//! durable. Beside it, PostgreSQL's logical replication of rows of the same size.

use entente_core::codes::OrgType;
use entente_core::consent::ConsentId;
use entente_core::definition;
use entente_core::disclose::{self, Candidate, Held, Rules};
use entente_core::feed::Carried;
use entente_core::identity::OrgId;
use entente_core::layout::Draft;
use entente_core::period::{Period, Quarter};
use entente_core::record::RecordId;
use entente_core::summary::Finest;
use entente_node::node::Node;
use entente_store::engine::Kind;
use entente_tests::federation::staff;
use entente_tests::net::{Site, agree, pair, summaries_only};

use crate::report::{Aim, Report, Watch, percentile};
use crate::{Sizes, peer, site};

/// The default of agreements.
const K: u32 = 11;

/// Rows of each kind of answer, gathered over the repetitions.
#[derive(Default)]
struct Runs {
    n: u64,
    leaf_bytes: f64,
    planned_per_s: Vec<f64>,
    classed_per_s: Vec<f64>,
    closed_per_s: Vec<f64>,
    closed_cpu_us: Vec<f64>,
    pulled_per_s: Vec<f64>,
    pulled_cpu_us: Vec<f64>,
    both_per_s: Vec<f64>,
    wire_bytes: Vec<f64>,
}

pub(crate) async fn run(report: &mut Report, sizes: Sizes) {
    println!("summaries");
    let mut all = Vec::new();
    for kind in Kind::ALL {
        // A warm-up.
        measure(kind, Sizes { n_summaries: 3_000, n_times: 1, ..sizes }).await;
        let runs = measure(kind, sizes).await;
        runs.note(report, kind.name());
        all.push((kind, runs));
    }
    let (n, leaf_bytes) = all.first().map_or((0, 0.0), |(_, runs)| (runs.n, runs.leaf_bytes));
    println!("  {n} summaries of {leaf_bytes:.0} bytes");
    let replicated = peer::replicate(n, leaf_bytes, sizes.n_times);
    match replicated {
        Ok(peer) => compare(report, &all, &peer),
        Err(why) => println!("  PostgreSQL: skipped, {why}"),
    }
}

fn compare(report: &mut Report, all: &[(Kind, Runs)], peer: &peer::Replicated) {
    let name = |how| format!("PostgreSQL {}: rows replicated, {how}", peer.version);
    report.note(name("while inserted"), "rows/s", &peer.live_per_s, Aim::None, None);
    let cpu_us = Some(percentile(&peer.drain_cpu_us, 0.5));
    report.note(name("backlog"), "rows/s", &peer.drain_per_s, Aim::None, cpu_us);
    report.note(name("backlog, synced"), "rows/s", &peer.synced_per_s, Aim::None, None);
    for (kind, runs) in all {
        let ours = percentile(&runs.pulled_per_s, 0.5);
        for (how, theirs) in [("while inserted", &peer.live_per_s), ("backlog", &peer.drain_per_s)]
        {
            let name = format!("pull on {} / PostgreSQL {how}", kind.name());
            let ratio = ours / percentile(theirs, 0.5);
            report.note(name, "times", &[ratio], Aim::AtLeast(1.0), None);
        }
    }
}

impl Runs {
    fn note(&self, report: &mut Report, engine: &str) {
        let cpu = |values: &[f64]| Some(percentile(values, 0.5));
        let mut note = |what: &str, unit, values: &[f64], aim, cpu_us| {
            report.note(format!("{what}, {engine}"), unit, values, aim, cpu_us);
        };
        note("epoch planned (nothing kept)", "records/s", &self.planned_per_s, Aim::None, None);
        note("of it: classes counted", "records/s", &self.classed_per_s, Aim::None, None);
        let cpu_us = cpu(&self.closed_cpu_us);
        note("epoch closed: signed, durable", "summaries/s", &self.closed_per_s, Aim::None, cpu_us);
        let cpu_us = cpu(&self.pulled_cpu_us);
        let what = "pulled over mTLS: verified, sealed, durable";
        note(what, "summaries/s", &self.pulled_per_s, Aim::None, cpu_us);
        note("closed, then pulled", "summaries/s", &self.both_per_s, Aim::None, None);
        let aim = Aim::Below(150.0 + f64::EPSILON);
        note("on the wire, both directions", "bytes/summary", &self.wire_bytes, aim, None);
        note("a signed statement", "bytes", &[self.leaf_bytes], Aim::None, None);
    }
}

/// The same cases as they come to the counting of classes.
fn candidates(n: u32) -> Vec<Candidate> {
    let candidate = |(nth, draft): (u128, Draft)| {
        let id = nth.to_be_bytes();
        let (record, _) = draft.into_parts(RecordId(id), ConsentId(id));
        let finest = Finest::of(&record, definition::met(&record))?;
        Some(Candidate::new(record.person_or_self(), finest.ladder()))
    };
    (0..).zip(site::drafts(1, &site::office(), n)).filter_map(candidate).collect()
}

async fn measure(kind: Kind, sizes: Sizes) -> Runs {
    let office = Site::start("Office", OrgType::Provincial, kind).await;
    let (office, traffic) = site::behind_proxy(office).await;
    site::fill(office.node(), 1, sizes.n_summaries);
    let mut runs = Runs::default();
    let candidates = candidates(sizes.n_summaries);
    for _ in 0..sizes.n_times {
        let classing = Watch::start();
        let closed = disclose::close(&candidates, &Held::default(), Rules::new(K));
        runs.classed_per_s.push(classing.stop().per_s(closed.outcomes.len() as u64));

        let centre = Site::start("Centre", OrgType::Federal, kind).await;
        pair(&centre, &office).await;
        agree(&office, &centre, &summaries_only(K)).await;

        let planning = Watch::start();
        close(office.node(), &centre.id(), false);
        let planned = planning.stop();
        let closing = Watch::start();
        let n = close(office.node(), &centre.id(), true);
        let closed = closing.stop();

        let bytes = traffic.bytes();
        let pulling = Watch::start();
        let round = centre.peers().round(&office.id()).await.expect("pulled");
        let pulled = pulling.stop();
        assert_eq!((round.accepted.n_held, centre.node().n_held()), (n, n));
        runs.n = n;
        runs.leaf_bytes = leaf_bytes(office.node(), &centre.id());
        runs.planned_per_s.push(planned.per_s(u64::from(sizes.n_summaries)));
        runs.closed_per_s.push(closed.per_s(n));
        runs.closed_cpu_us.push(closed.cpu_us_each(n));
        runs.pulled_per_s.push(pulled.per_s(n));
        runs.pulled_cpu_us.push(pulled.cpu_us_each(n));
        runs.both_per_s.push(n as f64 / (closed.wall_s + pulled.wall_s));
        runs.wire_bytes.push((traffic.bytes() - bytes) as f64 / n as f64);
        drop(centre.stop().await);
    }
    drop(office.stop().await);
    runs
}

fn close(node: &Node, partner: &OrgId, commit: bool) -> u64 {
    let epoch = Period::Quarter(Quarter::new(2026, 3).expect("a quarter"));
    node.close_epoch(&staff(), epoch, partner, commit).expect("the epoch is over").n_released
}

/// The mean length of a statement in the feed.
fn leaf_bytes(node: &Node, partner: &OrgId) -> f64 {
    let batches = node.feed_batches(partner, 0, 0, usize::MAX).expect("a feed");
    let whole = batches.iter().flat_map(|batch| &batch.leaves).filter_map(|leaf| match leaf {
        Carried::Whole(bytes) => Some(bytes.len()),
        Carried::Redacted(_) => None,
    });
    let (n, n_bytes) = whole.fold((0_u64, 0), |(n, sum), bytes| (n + 1, sum + bytes));
    n_bytes as f64 / n as f64
}
