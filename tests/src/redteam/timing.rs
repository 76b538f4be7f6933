//! RT13: what an answer takes.
//!
//! Checks measure no time. What makes the attack fail is shown by counting: what a node reads, visits
//! and writes, and what the sampler draws, is the same whether a cell is empty or full, and an
//! answer that was given is served as stored bytes. Time itself is measured where [`Sizes::n_timed`]
//! says so, in one process, where less disturbs it than over a network.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use entente_core::statistics::noise::{self, Sigma};
use entente_core::statistics::release::ReleaseId;
use entente_store::engine::{Batch, Engine, EngineError, Memory, View, Visit};
use rand::rngs::StdRng;
use rand::{SeedableRng as _, TryCryptoRng, TryRng};

use super::maths::{ks_p, median};
use super::worlds::{OFFICE, OTHER, Person, Worlds, YEAR, add};
use super::{Measure, Sizes};
use crate::federation::Org;

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
}

/// RT13.
pub fn pairs(sizes: &Sizes) -> Vec<Measure> {
    let pair = Pair::new();
    let mut measures = counted(&pair);
    if sizes.n_timed > 0 {
        measures.extend(timed(&pair, sizes.n_timed));
    }
    measures
}

/// What the store does for a first answer and for a second one.
fn operations(pair: &Pair, store: &Memory) -> [[usize; 4]; 2] {
    let done = Arc::new(Done::default());
    let engine = Arc::new(Counting(store.copied(), Arc::clone(&done)));
    let office = Org::with_engine(OFFICE, &pair.worlds.clock, engine);
    let ask = || {
        done.take();
        pair.worlds.ask(&office, pair.release()).expect("figures");
        done.take()
    };
    [ask(), ask()]
}

fn counted(pair: &Pair) -> Vec<Measure> {
    let [empty, full] = [&pair.empty, &pair.full].map(|store| operations(pair, store));
    let differ = |a: &[usize; 4], b: &[usize; 4]| a.iter().zip(b).filter(|(a, b)| a != b).count();
    let n_differ = differ(&empty[0], &full[0]) + differ(&empty[1], &full[1]);
    // Figures are counted in memory: no record is visited, for a first answer or for a second.
    let [first, second] = full.map(|it| it[1]);

    let drawn = |counts: &[u64]| {
        let mut rng = Drawn(StdRng::seed_from_u64(1), 0);
        noise::add(counts, Sigma::from_hundredths(413).unwrap(), &mut rng).unwrap();
        rng.1
    };
    let n_drawn = usize::from(drawn(&[0; 14]) != drawn(&[4_000; 14]));
    vec![
        Measure::exactly("operations that differ, empty or full", n_differ, 0, 4),
        Measure::exactly("bytes drawn differ, empty or full", n_drawn, 0, 2),
        Measure::at_most("rows visited to answer, of 60 records", first as f64, 20.0, 1),
        Measure::at_most("rows visited to answer again", second as f64, 20.0, 1),
    ]
}

fn timed(pair: &Pair, n: usize) -> Vec<Measure> {
    let (mut fresh, mut replayed) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    let mut sizes_of_noise = Vec::new();
    for nth in 0..n {
        // Each pair in turn, so that what the machine does besides falls on both.
        for side in [nth % 2, 1 - nth % 2] {
            let office = pair.worlds.world_on([&pair.empty, &pair.full][side]);
            let started = Instant::now();
            let given = pair.worlds.ask(&office, pair.release()).expect("figures");
            fresh[side].push(started.elapsed().as_secs_f64());
            let started = Instant::now();
            pair.worlds.ask(&office, pair.release()).expect("figures");
            replayed[side].push(started.elapsed().as_secs_f64());
            if side == 0 {
                let others = given.cells.iter().enumerate().filter(|(at, _)| *at != 6);
                sizes_of_noise.push(others.map(|(_, cell)| cell.abs() as f64).sum::<f64>());
            }
        }
    }
    let mut measures = Vec::new();
    for (what, [empty, full]) in [("fresh", &fresh), ("again", &replayed)] {
        let apart = (median(empty) / median(full) - 1.0).abs();
        measures.push(Measure::at_least(
            format!("{what}, empty or full: KS p"),
            ks_p(empty, full),
            0.01,
            n,
        ));
        measures.push(Measure::at_most(
            format!("{what}, empty or full: medians apart"),
            apart,
            0.01,
            n,
        ));
    }
    // What a first answer takes must say nothing of the noise in it: the larger half against the
    // smaller half.
    let middle = median(&sizes_of_noise);
    let halves = [true, false].map(|large| {
        let of = fresh[0].iter().zip(&sizes_of_noise).filter(|(_, it)| (**it > middle) == large);
        of.map(|(time, _)| *time).collect::<Vec<_>>()
    });
    measures.push(Measure::at_least(
        "fresh, much or little noise: KS p",
        ks_p(&halves[0], &halves[1]),
        0.01,
        n,
    ));
    measures
}
