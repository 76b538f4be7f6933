//! RT13: what an answer takes.
//!
//! Checks measure no time. What makes the attack fail is shown by counting: what a node reads, visits
//! and writes, and what the sampler draws, is the same whether a cell is empty or full; nothing is
//! drawn while somebody waits; and the first answer with figures is served as stored bytes, like every
//! later one. Time itself is measured where [`Sizes::n_timed`]
//! says so: what a cell changes in one process, where nothing disturbs it, and who has asked before
//! over a socket (`timing_wire`), as who asks would measure it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use entente_core::envelope::Envelope;
use entente_core::statistics::noise::{self, Sigma};
use entente_core::statistics::release::ReleaseId;
use entente_proto::ReleaseQuestion;
use entente_store::engine::{Batch, Engine, EngineError, Memory, View, Visit};
use rand::rngs::StdRng;
use rand::{SeedableRng as _, TryCryptoRng, TryRng};

use super::maths::{ks_p, median};
use super::worlds::{OFFICE, OTHER, Person, Worlds, YEAR, add};
use super::{Measure, Sizes, timing_wire};
use crate::federation::{Org, is_not_yet};

/// What was done to a store.
#[derive(Debug, Default)]
struct Done {
    gets: AtomicUsize,
    visited: AtomicUsize,
    commits: AtomicUsize,
    written: AtomicUsize,
}

impl Done {
    fn take(&self) -> [usize; 4] {
        [&self.gets, &self.visited, &self.commits, &self.written]
            .map(|it| it.swap(0, Ordering::SeqCst))
    }
}

/// An engine that counts.
#[derive(Debug)]
struct Counting(Memory, Arc<Done>);

struct CountingView<'a>(Box<dyn View + 'a>, &'a Done);

impl Engine for Counting {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn durable(&self) -> Result<Box<dyn View + '_>, EngineError> {
        Ok(Box::new(CountingView(self.0.durable()?, &self.1)))
    }

    fn latest(&self) -> Result<Box<dyn View + '_>, EngineError> {
        Ok(Box::new(CountingView(self.0.latest()?, &self.1)))
    }

    fn commit(&self, batch: &Batch) -> Result<(), EngineError> {
        self.1.commits.fetch_add(1, Ordering::SeqCst);
        self.1.written.fetch_add(batch.iter().count(), Ordering::SeqCst);
        self.0.commit(batch)
    }

    fn size_on_disk(&self) -> Result<u64, EngineError> {
        self.0.size_on_disk()
    }
}

impl View for CountingView<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.1.gets.fetch_add(1, Ordering::SeqCst);
        self.0.get(key)
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        self.0.scan(from, to, &mut |key, value| {
            self.1.visited.fetch_add(1, Ordering::SeqCst);
            visit(key, value)
        })
    }

    fn scan_rev(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        self.0.scan_rev(from, to, &mut |key, value| {
            self.1.visited.fetch_add(1, Ordering::SeqCst);
            visit(key, value)
        })
    }
}

/// A generator that counts what is drawn from it.
struct Drawn(StdRng, usize);

impl TryRng for Drawn {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.1 += 4;
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.1 += 8;
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.1 += bytes.len();
        self.0.try_fill_bytes(bytes)
    }
}

impl TryCryptoRng for Drawn {}

/// As many persons on both sides: the cell of Nunavut is empty on one, full on the other.
struct Pair {
    worlds: Worlds,
    empty: Memory,
    full: Memory,
}

impl Pair {
    fn new() -> Self {
        let worlds = Worlds::new(&[OTHER; 40], |_| {});
        let with = |person| {
            let office = worlds.world();
            (0..20).for_each(|_| add(&office, person));
            office.copied()
        };
        // They differ in the one cell and in nothing else: what a record is takes time of its own.
        let (empty, full) = (with(&OTHER), with(&Person { province: "62", ..OTHER }));
        Self { worlds, empty, full }
    }

    fn release(&self) -> ReleaseId {
        self.worlds.release(0, YEAR, 0)
    }

    fn asked(&self, office: &Org, release: ReleaseId) -> Envelope {
        let question = ReleaseQuestion { release, receipts: Vec::new() };
        office.node().answer_release(&self.worlds.centre.id(), &question).unwrap()
    }
}

/// RT13.
pub fn pairs(sizes: &Sizes) -> Vec<Measure> {
    let pair = Pair::new();
    let mut measures = counted(&pair);
    if sizes.n_timed > 0 {
        measures.extend(timed(&pair, sizes.n_timed));
        measures.extend(timing_wire::pairs(sizes.n_timed));
    }
    measures
}

/// The four times at which a node does something for a release: the question, the draw, the first
/// answer with figures, and that answer again.
fn operations(pair: &Pair, store: &Memory) -> [[usize; 4]; 4] {
    let done = Arc::new(Done::default());
    let engine = Arc::new(Counting(store.copied(), Arc::clone(&done)));
    let office = Org::with_engine(OFFICE, &pair.worlds.clock, engine);
    let counted = |what: &dyn Fn()| {
        done.take();
        what();
        done.take()
    };
    let question = counted(&|| assert!(is_not_yet(&pair.asked(&office, pair.release()))));
    let draw = counted(&|| assert_eq!(office.node().draw_releases().unwrap(), 1));
    let answer = || counted(&|| assert!(!is_not_yet(&pair.asked(&office, pair.release()))));
    [question, draw, answer(), answer()]
}

fn counted(pair: &Pair) -> Vec<Measure> {
    let [empty, full] = [&pair.empty, &pair.full].map(|store| operations(pair, store));
    let differ = |a: &[usize; 4], b: &[usize; 4]| a.iter().zip(b).filter(|(a, b)| a != b).count();
    let n_differ: usize = empty.iter().zip(&full).map(|(a, b)| differ(a, b)).sum();
    // Figures are counted in memory: no record is visited, not even to draw.
    let [[_, asked, ..], [_, drawn, ..], fresh, again] = full;

    let bytes_drawn = |counts: &[u64]| {
        let mut rng = Drawn(StdRng::seed_from_u64(1), 0);
        noise::add(counts, Sigma::from_hundredths(413).unwrap(), &mut rng).unwrap();
        rng.1
    };
    let n_drawn = usize::from(bytes_drawn(&[0; 14]) != bytes_drawn(&[4_000; 14]));
    let most = asked.max(drawn).max(fresh[1]).max(again[1]);
    vec![
        Measure::exactly("operations that differ, empty or full", n_differ, 0, 8),
        Measure::exactly("bytes drawn differ, empty or full", n_drawn, 0, 2),
        Measure::exactly("operations that differ, fresh or replayed", differ(&fresh, &again), 0, 2),
        Measure::at_most("rows visited, of 60 records", most as f64, 30.0, 4),
    ]
}

/// What an answer took, in seconds.
fn took(what: impl FnOnce() -> Envelope) -> f64 {
    let started = Instant::now();
    let answer = what();
    let took = started.elapsed().as_secs_f64();
    drop(answer);
    took
}

/// The literal lines of RT13 for two samples that must not be told apart.
pub(super) fn alike(what: &str, [a, b]: &[Vec<f64>; 2]) -> [Measure; 2] {
    let apart = (median(a) / median(b) - 1.0).abs();
    [
        Measure::at_least(format!("{what}: KS p"), ks_p(a, b), 0.01, a.len()),
        Measure::at_most(format!("{what}: medians apart"), apart, 0.01, a.len()),
    ]
}

fn timed(pair: &Pair, n: usize) -> Vec<Measure> {
    let mut cells = [[(); 2]; 3].map(|both| both.map(|()| Vec::new()));
    for nth in 0..n {
        // Each pair in turn, so that what the machine does besides falls on both.
        for side in [nth % 2, 1 - nth % 2] {
            let office = pair.worlds.world_on([&pair.empty, &pair.full][side]);
            let ask = || took(|| pair.asked(&office, pair.release()));
            cells[0][side].push(ask());
            office.node().draw_releases().unwrap();
            cells[1][side].push(ask());
            cells[2][side].push(ask());
        }
    }
    let mut measures = Vec::new();
    for (what, both) in ["asked", "fresh", "replayed"].iter().zip(&cells) {
        measures.extend(alike(&format!("{what}, empty or full"), both));
    }
    measures
}
