//! Attacks on the noise of a secure sum, by its state machines, and what a reader finds of running nodes.
//!
//! Two attackers: whoever reads the total, who has both noises before them, and one of the two
//! aggregators, who knows its own noise and takes it off. For the second one the noise of the other
//! must be all that was paid for; if that one is missing, nothing is left.
//!
//! The second one cannot be a node: it would have to draw its own noise twice, and a node draws from the
//! operating system alone.

use std::collections::{BTreeMap, BTreeSet};

use entente_core::codes::OrgType;
use entente_core::identity::{OrgId, OrgKey};
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::noise::{self, SystemRandomness};
use entente_core::statistics::sum::{
    AggregateShare, Contribution, Helper, Intake, Leader, Minimum, Outcome, Round, SealingKey,
    Shape, contribute, total,
};
use rand::rngs::StdRng;
use rand::{SeedableRng as _, TryRng as _};

use super::maths::{rms, sd_upper};
use super::noise::{advantage, audited, sigma_of};
use super::{Measure, Sizes};
use crate::sums::Summed;

/// The price of a cube in the shipped plan.
const PRICE: NanoRho = NanoRho(29_383_333);

/// The cell of the victim, and one that is looked at for its noise alone.
const N_CELLS: u32 = 8;

/// A round with five contributors: the fewest there may be.
struct Sum {
    round: Round,
    seeds: [[u8; 32]; 2],
    without: Vec<Contribution>,
    with: Vec<Contribution>,
}

fn org(seed: u8) -> OrgKey {
    OrgKey::from_seed(&[seed; 32])
}

impl Sum {
    fn new() -> Self {
        let kinds = [OrgType::Ngo, OrgType::Police, OrgType::Provincial];
        let contributors: BTreeMap<OrgId, OrgType> =
            (0..5_u8).map(|it| (org(it).id(), kinds[usize::from(it) % 3])).collect();
        let round = Round::new(
            b"red team",
            Shape::new(N_CELLS, 15).unwrap(),
            PRICE.sigma().unwrap(),
            Minimum::new(5, 3).unwrap(),
            [org(200).id(), org(201).id()],
            BTreeSet::from([OrgType::Federal]),
            contributors,
        )
        .unwrap();
        let seeds = [[1; 32], [2; 32]];
        let [leader, helper] = seeds.map(|seed| SealingKey::from_seed(&seed).public().unwrap());
        let contributions = |victim: u64| {
            let of = |nth: u8| {
                let mut cells = vec![0; N_CELLS as usize];
                cells[0] = if nth == 0 { victim } else { 0 };
                let (keys, mut rng) = ([&leader, &helper], SystemRandomness);
                contribute(&round, keys, &org(nth), &cells, &mut rng).unwrap()
            };
            (0..5).map(of).collect::<Vec<_>>()
        };
        let (without, with) = (contributions(0), contributions(1));
        Self { round, seeds, without, with }
    }

    /// One round: what the total says, and what each aggregator says who takes its own noise off.
    fn run(&self, contributions: &[Contribution]) -> [Vec<i64>; 3] {
        let round = &self.round;
        let [leader_key, helper_key] = self.seeds.map(|seed| SealingKey::from_seed(&seed));
        let mut intake = Intake::new(round.clone(), leader_key).unwrap();
        for contribution in contributions {
            intake.accept(contribution.clone()).unwrap();
        }
        // An aggregator's generator is its own: it can draw again what it drew. Each of the two draws
        // its noise first of all in the step in which it concludes.
        let mut leader = Leader::Proposed(intake.close(&mut SystemRandomness).unwrap());
        let mut helper = Helper::open(helper_key);
        let mut own = [Vec::new(), Vec::new()];
        while let Some(question) = leader.question(round) {
            let [of_leader, of_helper] = [seeded(), seeded()];
            let is_last = matches!(leader, Leader::Concluded(_));
            let (next, answer) =
                helper.answer(round, None, &question, &mut of_helper.generator()).unwrap();
            helper = next;
            if is_last {
                own[1] = of_helper.noise(round);
            }
            if matches!(leader, Leader::Agreed(_)) {
                own[0] = of_leader.noise(round);
            }
            leader = leader.answered(round, None, &answer, &mut of_leader.generator()).unwrap();
        }
        let Leader::Collected(collected) = leader else { panic!("the round is not over") };
        let cells = total(round, [share(&collected.own), share(&collected.helpers)]).unwrap().cells;
        let less = |noise: &[i64]| cells.iter().zip(noise).map(|(a, b)| a - b).collect();
        let [leaders, helpers] = [less(&own[0]), less(&own[1])];
        [cells, leaders, helpers]
    }
}

/// What an aggregator draws with in one step.
struct Seeded([u8; 32]);

fn seeded() -> Seeded {
    let mut seed = [0; 32];
    SystemRandomness.try_fill_bytes(&mut seed).unwrap();
    Seeded(seed)
}

impl Seeded {
    fn generator(&self) -> StdRng {
        StdRng::from_seed(self.0)
    }

    fn noise(&self, round: &Round) -> Vec<i64> {
        noise::add(&[0; N_CELLS as usize], round.sigma(), &mut self.generator()).unwrap()
    }
}

fn share(outcome: &Outcome) -> &AggregateShare {
    match outcome {
        Outcome::Share(share) => share,
        Outcome::Subtotal(_) => panic!("there is no region"),
    }
}

const READERS: [&str; 3] = ["who reads", "the leader", "the helper"];

/// For each reader: cell 0 without and with the victim, and the noise of the other cells.
#[derive(Default)]
struct Read {
    without: Vec<f64>,
    with: Vec<f64>,
    empty: Vec<f64>,
}

fn read(n: usize) -> [Read; 3] {
    let sum = Sum::new();
    let mut all: [Read; 3] = Default::default();
    for _ in 0..n {
        for (is_with, contributions) in [(false, &sum.without), (true, &sum.with)] {
            for (reader, cells) in all.iter_mut().zip(sum.run(contributions)) {
                let side = if is_with { &mut reader.with } else { &mut reader.without };
                side.push(cells[0] as f64);
                reader.empty.extend(cells[1..].iter().map(|it| *it as f64));
            }
        }
    }
    all
}

/// RT3 on a secure sum of one cube.
pub fn differencing(sizes: &Sizes) -> Vec<Measure> {
    let all = read(sizes.n_sums / 2);
    let measure = |(name, it): (&&str, &Read)| {
        advantage(&format!("advantage, {name}"), &it.without, &it.with, PRICE.rho())
    };
    READERS.iter().zip(&all).map(measure).collect()
}

/// RT8 on a secure sum of one cube: shift and standard deviation, with both noises and with one.
pub fn audit(sizes: &Sizes) -> Vec<Measure> {
    let sigma = sigma_of(PRICE.sigma().unwrap());
    let mut measures = Vec::new();
    for (name, it) in READERS.iter().zip(read(sizes.n_sums)) {
        // Two noises look like half of the price; one looks like all of it.
        let n_noises = if *name == "who reads" { 2.0 } else { 1.0 };
        measures.extend(audited(name, &it.without, &it.with, PRICE.rho() / n_noises));
        let n = it.empty.len();
        let what = format!("{name}: sd of {n} empty cells, 99 % upper");
        let bound = sd_upper(rms(&it.empty), n);
        measures.push(Measure::at_least(what, bound, sigma * n_noises.sqrt(), sizes.n_sums));
    }
    measures.push(between_nodes(sizes.n_sums.div_ceil(50).max(3)));
    measures
}

/// The noise that whoever reads the total of running nodes finds in cells of nobody: that of both.
fn between_nodes(n_worlds: usize) -> Measure {
    let mut noise = Vec::new();
    for _ in 0..n_worlds {
        let world = Summed::new(5);
        for cube in 0..3 {
            let release = world.release(cube);
            world.run(0..5, &release);
            let mut cells = world.cells(&release).expect("a sum");
            // All 60 women are in one cell, ten standard deviations above the others.
            cells.sort_unstable();
            cells.pop();
            noise.extend(cells.iter().map(|it| *it as f64));
        }
    }
    let n = noise.len();
    let what = format!("running nodes: sd of {n} empty cells, 99 % upper");
    let sigma = sigma_of(PRICE.sigma().unwrap());
    Measure::at_least(what, sd_upper(rms(&noise), n), sigma * 2.0_f64.sqrt(), n_worlds)
}
