//! Attacks on the noise: by somebody who knows every person but one, and asks everything.
//!
//! What the attacker makes of all answers is the best there is: each figure less what is known, with
//! the weight of its precision. `rho` is what the node's own ledger says that the victim has paid,
//! so a charge that was left out shows as well as noise that was.

use entente_core::codes::Code as _;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::noise::Sigma;
use entente_core::statistics::plan::{CubeDimension, Plan};
use entente_core::statistics::release::{Accuracy, Contribution, Figure, Shown, value};
use entente_store::engine::Memory;

use super::maths::{clopper_pearson, phi, rms, sd_upper, share, shift_lower};
use super::worlds::{OTHER, VICTIM, Worlds, spent};
use super::{Measure, Sizes};

/// Six others, in other cells than the victim.
fn others() -> Worlds {
    Worlds::new(&[OTHER; 6], small)
}

/// Cubes of few cells at the shipped prices: nearly all that a world takes is the draws.
fn small(plan: &mut Plan) {
    let by = [CubeDimension::Gender, CubeDimension::Majority, CubeDimension::Form];
    for (cube, dimension) in plan.cubes.iter_mut().zip(by) {
        cube.dimensions = vec![dimension];
    }
}

/// The same under a plan with a revision of each cube, which is drawn anew.
fn with_a_revision() -> Worlds {
    let worlds = Worlds::new(&[OTHER; 6], revised);
    worlds.clock.advance(60 * super::worlds::DAY_S);
    worlds
}

fn revised(plan: &mut Plan) {
    small(plan);
    plan.schedule.revisions_after_days = vec![365];
    for cube in &mut plan.cubes {
        (cube.cost, cube.revision_cost) = (NanoRho(20_000_000), NanoRho(9_383_333));
    }
}

/// What the attacker has of one world: how many persons are in the victim's cells by all answers
/// together, how exact that is, and what the ledger was paid.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    persons: f64,
    rho: f64,
}

fn estimate(worlds: &Worlds, store: &Memory, cells: &[usize]) -> Estimate {
    let office = worlds.world_on(store);
    let answers = worlds.everything(&office);
    assert_eq!(answers.len(), cells.len() * (1 + usize::from(worlds.plan.n_revisions())));
    let rho = spent(&office);
    let (mut sum, mut weights) = (0.0, 0.0);
    for answer in &answers {
        let weight = value(answer.sigma).powi(-2);
        sum += weight * answer.cells[cells[usize::from(answer.release.cube)]] as f64;
        weights += weight;
    }
    Estimate { persons: sum / weights, rho }
}

fn victims_cells(worlds: &Worlds) -> Vec<usize> {
    (0..worlds.plan.cubes.len()).map(|cube| worlds.cell_of(cube, &VICTIM)).collect()
}

/// What the draws from the attacker's view are, without and with the victim.
struct Sides {
    without: Vec<f64>,
    with: Vec<f64>,
    rho: f64,
}

fn sides(worlds: &Worlds, n: usize) -> Sides {
    let (cells, with) = (victims_cells(worlds), worlds.store_with(&VICTIM));
    let without = worlds.world().copied();
    let run = |store: &Memory| (0..n).map(|_| estimate(worlds, store, &cells)).collect::<Vec<_>>();
    let (without, with) = (run(&without), run(&with));
    let rho = with[0].rho;
    assert!(with.iter().chain(&without).all(|it| it.rho == rho), "charges depend on the data");
    let persons = |of: &[Estimate]| of.iter().map(|it| it.persons).collect();
    Sides { without: persons(&without), with: persons(&with), rho }
}

/// How much better than a coin the attacker tells both sides apart, with three standard errors.
pub(super) fn advantage(what: &str, without: &[f64], with: &[f64], rho: f64) -> Measure {
    let told = |of: &[f64]| share(of.iter().filter(|it| **it > 0.5).count(), of.len());
    let ((tpr, se_a), (fpr, se_b)) = (told(with), told(without));
    let line = 2.0 * phi((2.0 * rho).sqrt() / 2.0) - 1.0 + 3.0 * se_a.hypot(se_b);
    Measure::at_most(what, tpr - fpr, line, without.len() + with.len())
}

/// RT2: the victim and the national total, from every partition that the plan allows.
pub fn partition_averaging(sizes: &Sizes) -> Vec<Measure> {
    let n = sizes.n_averaging;
    let mut measures = Vec::new();
    for (label, worlds) in [("first releases", others()), ("and revisions", with_a_revision())] {
        let (cells, store) = (victims_cells(&worlds), worlds.store_with(&VICTIM));
        let found: Vec<_> = (0..n).map(|_| estimate(&worlds, &store, &cells)).collect();
        let errors: Vec<_> = found.iter().map(|it| it.persons - 1.0).collect();
        measures.extend(averaged(&format!("one person, {label}"), &errors, found[0].rho));

        let store = worlds.world().copied();
        let (mut errors, mut rho) = (Vec::new(), 0.0);
        for _ in 0..n {
            let office = worlds.world_on(&store);
            errors.push(total(&worlds.everything(&office)) - 6.0);
            rho = spent(&office);
        }
        measures.extend(averaged(&format!("the total, {label}"), &errors, rho));
    }
    measures
}

/// The national total by all partitions, each with the weight of its precision.
fn total(answers: &[Contribution]) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for answer in answers {
        let weight = value(answer.sigma).powi(-2) / answer.cells.len() as f64;
        sum += weight * answer.cells.iter().sum::<i64>() as f64;
        weights += weight;
    }
    sum / weights
}

fn averaged(what: &str, errors: &[f64], rho: f64) -> [Measure; 2] {
    let n = errors.len();
    let once = 1.0 / (2.0 * rho).sqrt();
    let exact = errors.iter().filter(|it| it.abs() < 0.5).count();
    let p_once = 2.0 * phi(0.5 / once) - 1.0;
    let line = p_once + 3.0 * (p_once * (1.0 - p_once) / n as f64).sqrt();
    [
        Measure::at_least(format!("{what}: error (RMSE)"), rms(errors), 0.9 * once, n),
        Measure::at_most(format!("{what}: exactly right"), exact as f64 / n as f64, line, n),
    ]
}

/// RT3: with and without the victim, by everything that can be asked.
pub fn differencing(sizes: &Sizes) -> Vec<Measure> {
    let n = sizes.n_differencing / 2;
    let yearly = sides(&others(), n);
    let revised = sides(&with_a_revision(), n);
    vec![
        advantage("advantage, three cubes", &yearly.without, &yearly.with, yearly.rho),
        advantage("advantage, and revisions", &revised.without, &revised.with, revised.rho),
    ]
}

/// RT8: many worlds without and with one person, and what they say about the noise.
pub fn audit(sizes: &Sizes) -> Vec<Measure> {
    let n = sizes.n_audited;
    let worlds = others();
    let Sides { without, with, rho } = sides(&worlds, n);
    let mut measures = audited("all cubes", &without, &with, rho);
    measures.push(epsilon(&without, &with, rho));
    measures.push(every_cell(&worlds, n));
    measures
}

/// The mean shift and the standard deviation of an estimate that should have the noise of `rho`.
pub(super) fn audited(what: &str, without: &[f64], with: &[f64], rho: f64) -> Vec<Measure> {
    let n = without.len() + with.len();
    let claim = (2.0 * rho).sqrt();
    let centred = |of: &[f64], truth: f64| of.iter().map(|it| it - truth).collect::<Vec<_>>();
    let all = [centred(without, 0.0), centred(with, 1.0)].concat();
    vec![
        Measure::at_most(
            format!("{what}: shift in sd, 99 % lower"),
            shift_lower(without, with),
            claim,
            n,
        ),
        Measure::at_least(
            format!("{what}: sd, 99 % upper"),
            sd_upper(rms(&all), all.len()),
            1.0 / claim,
            n,
        ),
    ]
}

/// The lower bound of epsilon at delta = 1e-6, by thresholds of one half of the worlds on the other.
fn epsilon(without: &[f64], with: &[f64], rho: f64) -> Measure {
    const DELTA: f64 = 1e-6;
    let half = without.len() / 2;
    let rates = |at: f64, from: usize, to: usize| {
        let above = |of: &[f64]| of[from..to].iter().filter(|it| **it > at).count();
        (above(with), above(without), to - from)
    };
    let bound = |(hits, misses, n): (usize, usize, usize)| {
        let (low, high) = (clopper_pearson(hits, n).0, clopper_pearson(misses, n).1);
        ((low - DELTA).max(1e-12) / high).ln()
    };
    // Chosen on the first half, judged on the second.
    let candidates = (-20..=20).map(|it| f64::from(it) / 2.0);
    let best =
        candidates.max_by(|a, b| bound(rates(*a, 0, half)).total_cmp(&bound(rates(*b, 0, half))));
    let found = bound(rates(best.unwrap_or(0.5), half, without.len())).max(0.0);
    let claim = epsilon_of((2.0 * rho).sqrt(), DELTA);
    let n = without.len() + with.len();
    Measure::at_most("epsilon at delta 1e-6, 99 % lower", found, claim, n)
}

/// The exact epsilon of two Gaussians whose means are so many standard deviations apart (Balle and Wang
/// 2018, theorem 8).
fn epsilon_of(mu: f64, delta: f64) -> f64 {
    let at =
        |epsilon: f64| phi(mu / 2.0 - epsilon / mu) - epsilon.exp() * phi(-mu / 2.0 - epsilon / mu);
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if at(middle) > delta { low = middle } else { high = middle }
    }
    high
}

/// The standard deviation of every cell of every cube, where nobody is but those we know.
fn every_cell(worlds: &Worlds, n: usize) -> Measure {
    let store = worlds.world().copied();
    let mut noise = Vec::new();
    let mut sigma = 0.0;
    let truth: Vec<_> = (0..3).map(|cube| worlds.cell_of(cube, &OTHER)).collect();
    for _ in 0..n {
        for answer in worlds.everything(&worlds.world_on(&store)) {
            sigma = value(answer.sigma);
            let known = truth[usize::from(answer.release.cube)];
            for (at, cell) in answer.cells.iter().enumerate() {
                noise.push((cell - if at == known { 6 } else { 0 }) as f64);
            }
        }
    }
    let what = format!("every cell: sd of {} draws, 99 % upper", noise.len());
    Measure::at_least(what, sd_upper(rms(&noise), noise.len()), sigma, n)
}

/// RT19: the three territories, in which nobody is.
pub fn empty_territory(sizes: &Sizes) -> Vec<Measure> {
    let worlds = Worlds::new(&[OTHER; 6], |_| {});
    let store = worlds.world().copied();
    let territories: Vec<usize> = ["60", "61", "62"]
        .iter()
        .map(|code| usize::from(entente_core::codes::Province::parse(code).unwrap().number()))
        .collect();
    let (mut n_shown, mut n_sparse, mut shown_sum) = (0, 0, 0);
    let safeguards = worlds.plan.safeguards;
    let two = Accuracy::of([worlds.plan.cubes[0].sigma(0); 2].into_iter().flatten());
    for _ in 0..sizes.n_empty {
        let office = worlds.world_on(&store);
        let answer = worlds.ask(&office, worlds.release(0, super::worlds::YEAR, 0)).unwrap();
        let table = worlds.plan.table(&answer.release, &[&answer]).unwrap();
        n_sparse += usize::from(table.figures.len() != worlds.plan.cubes[0].n_cells());
        let other = worlds.ask(&worlds.world_on(&store), answer.release).unwrap();
        for territory in &territories {
            let figure = table.figures[*territory];
            n_shown += usize::from(matches!(figure.shown, Shown::Count(_)));
            // As in a secure sum, which has the noise of two.
            let sum = answer.cells[*territory] + other.cells[*territory];
            let figure = Figure::of(sum, two, &safeguards, 0, 0);
            shown_sum += usize::from(matches!(figure.shown, Shown::Count(_)));
        }
    }
    let n = sizes.n_empty * territories.len();
    let rate = |hits: usize| hits as f64 / n as f64;
    vec![
        Measure::at_most("shown above the floor", rate(n_shown), 0.02, n),
        Measure::at_most("shown above the floor, two noises", rate(shown_sum), 0.02, n),
        Measure::exactly("tables that are not dense", n_sparse, 0, sizes.n_empty),
    ]
}

/// The sigma of a price, as a number.
pub(super) fn sigma_of(sigma: Sigma) -> f64 {
    value(sigma)
}
