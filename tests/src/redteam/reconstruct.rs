//! RT6: a secret bit of each of a hundred persons, from everything that all partners may get.
//!
//! The attacker knows each person's place, gender, quarter and form, and wants to know who is a
//! minor. Each cell of a table is an equation over the unknown bits; least squares, written here, and
//! linear programming, by scipy, solve for all of them at once (Dinur and Nissim). The same program
//! on figures without noise shows that the attack works where nothing defends.

use entente_core::statistics::plan::{CubeDimension, Plan};
use entente_core::statistics::release::Contribution;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;

use super::disclosure::solve;
use super::worlds::{Person, Worlds, record};
use super::{Measure, Sizes};

const N: usize = 100;

/// Three cubes by which a person is one of few.
fn narrow(plan: &mut Plan) {
    use CubeDimension::{Form, Gender, Majority, Province, Quarter, Region};
    plan.cubes[0].dimensions = vec![Majority, Province, Gender];
    plan.cubes[1].dimensions = vec![Majority, Quarter, Form];
    plan.cubes[2].dimensions = vec![Majority, Region, Form];
}

/// A hundred persons, one half of them minors.
fn persons(seed: u64) -> (Vec<Person>, Vec<bool>) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut bits: Vec<bool> = (0..N).map(|it| it % 2 == 0).collect();
    bits.shuffle(&mut rng);
    let mut pick = |of: &[&'static str]| of[rng.random_range(0..of.len())];
    let persons = bits.iter().map(|is_minor| Person {
        on: pick(&["2025-02-03", "2025-05-06", "2025-08-15", "2025-11-20"]),
        province: pick(&["10", "12", "13", "24", "35", "46", "47", "48", "59", "61", "62"]),
        gender: pick(&["woman", "man", "non_binary"]),
        age: if *is_minor { "15" } else { "30" },
        form: pick(&["sexual", "forced_labour", "begging", "organ_removal", "unknown"]),
    });
    (persons.collect(), bits)
}

/// Who is together in a cell but for the secret, and how many of them are minors.
struct Equation {
    who: Vec<usize>,
    minors: f64,
}

/// For every record and cube, the cells of a minor and of an adult who is otherwise like them.
fn places(worlds: &Worlds, persons: &[Person]) -> Vec<Vec<[usize; 2]>> {
    let office = worlds.world();
    let of = |cube: &entente_core::statistics::plan::Cube| {
        persons
            .iter()
            .map(|person| {
                ["15", "30"].map(|age| {
                    let record = record(&office, &Person { age, ..*person });
                    let numbers: Vec<u8> =
                        cube.dimensions.iter().map(|it| it.number_of(&record).unwrap()).collect();
                    cube.place(&numbers).unwrap()
                })
            })
            .collect()
    };
    worlds.plan.cubes.iter().map(of).collect()
}

fn equations(cells: &[Vec<i64>], places: &[Vec<[usize; 2]>]) -> Vec<Equation> {
    let mut all = Vec::new();
    for (cells, places) in cells.iter().zip(places) {
        let mut groups: Vec<_> = places.clone();
        groups.sort_unstable();
        groups.dedup();
        for group in groups {
            let who: Vec<_> = (0..N).filter(|it| places[*it] == group).collect();
            // Both cells say the same of the bits: their mean is more exact than one.
            let [minors, adults] = group.map(|at| cells[at] as f64);
            let minors = (minors + who.len() as f64 - adults) / 2.0;
            all.push(Equation { who, minors });
        }
    }
    all
}

/// The bits in 0 to 1 that miss all equations by the least squares, by projected gradient.
fn least_squares(equations: &[Equation]) -> Vec<f64> {
    let mut bits = vec![0.5; N];
    for _ in 0..2_000 {
        let mut slope = vec![0.0; N];
        for equation in equations {
            let miss = equation.who.iter().map(|it| bits[*it]).sum::<f64>() - equation.minors;
            equation.who.iter().for_each(|it| slope[*it] += miss);
        }
        // A person is in three cells of at most forty: steps of this size do not diverge.
        bits.iter_mut().zip(slope).for_each(|(bit, by)| *bit = (*bit - 0.01 * by).clamp(0.0, 1.0));
    }
    bits
}

fn recovered(found: &[f64], bits: &[bool]) -> f64 {
    // What is undecided is a coin.
    let hit = |(found, bit): (&f64, &bool)| match found - 0.5 {
        off if off.abs() < 1e-6 => 0.5,
        off => f64::from(u8::from((off > 0.0) == *bit)),
    };
    found.iter().zip(bits).map(hit).sum::<f64>() / bits.len() as f64
}

fn truth(bits: &[bool], places: &[Vec<[usize; 2]>], sizes: &[usize]) -> Vec<Vec<i64>> {
    let table = |(places, size): (&Vec<[usize; 2]>, &usize)| {
        let mut cells = vec![0; *size];
        for (place, bit) in places.iter().zip(bits) {
            cells[place[usize::from(!bit)]] += 1;
        }
        cells
    };
    places.iter().zip(sizes).map(table).collect()
}

/// RT6.
pub fn all_answers(sizes: &Sizes) -> Vec<Measure> {
    let (mut squares, mut exact, mut programs, mut secrets) = (0.0, 0.0, Vec::new(), Vec::new());
    for seed in 0..sizes.n_reconstructed {
        let (persons, bits) = persons(seed as u64);
        let worlds = Worlds::new(&persons, narrow);
        let answers = worlds.everything(&worlds.world());
        let places = places(&worlds, &persons);
        let cells: Vec<_> = answers.iter().map(|it: &Contribution| it.cells.clone()).collect();
        let noisy = equations(&cells, &places);
        squares += recovered(&least_squares(&noisy), &bits);
        let n_cells: Vec<_> = worlds.plan.cubes.iter().map(|it| it.n_cells()).collect();
        let plain = equations(&truth(&bits, &places, &n_cells), &places);
        exact += recovered(&least_squares(&plain), &bits);
        programs.push(json!({
            "n": N,
            "equations": noisy.iter().map(|it| json!([it.who, it.minors])).collect::<Vec<_>>(),
        }));
        secrets.push(bits);
    }
    let n = sizes.n_reconstructed;
    // One half of the bits are set, so a coin recovers one half.
    let line = 0.5 + 0.1;
    let mut measures = vec![
        Measure::at_most("least squares: bits recovered", squares / n as f64, line, n),
        Measure::at_least("the same without noise (control)", exact / n as f64, 0.75, n),
    ];
    if let Some(answer) = solve(&json!({ "reconstruct": programs })) {
        let found: Vec<Vec<f64>> = serde_json::from_value(answer["reconstruct"].clone()).unwrap();
        let sum: f64 = found.iter().zip(&secrets).map(|(it, bits)| recovered(it, bits)).sum();
        let figure = sum / n as f64;
        measures.push(Measure::at_most("linear program: bits recovered", figure, line, n));
    }
    measures
}
