//! Multiple-systems estimation beside an independent one: `tests/python/mse.py`, which fits with
//! statsmodels, checks with scipy's linear programming, and shares no code or idea of a data
//! structure with ours.
//!
//! The published tables are found through `ENTENTE_REAL_DATA`; the others are made here.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "this file is a test, its helpers included"
)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use entente_core::statistics::mse::{Estimate, Lists, MIN_REPLICATIONS, OverlapTable, estimate};
use entente_node::tabular;
use entente_tests::python;
use serde_json::{Value, json};

/// How many draws an interval by bootstrap is compared with, on both sides.
const DRAWS: u32 = 1_000;

/// By how much the share of their draws below an end of ours may differ from 2.5 or 97.5 %. Long tails move an end by
/// half of the width from seed to seed, so ends are not compared but ranks, whose error no distribution changes: the
/// standard error of either side is √(0.025 × 0.975 / 1,000) = 0.5 %, of both 0.7 %. Three of those are less than the
/// 2.5 % by which the ends of an interval of 90 % would differ. The seeds are fixed, so what holds once holds always.
const TOLERANCE: f64 = 0.021;

#[test]
fn another_implementation_chooses_the_same_models_of_published_tables() {
    let Some(tables) = published(&["Artificial_3.csv", "Western.csv", "Ned_5.csv"]) else { return };
    assert_eq!(tables["Ned_5.csv"].n_observed(), 8_234);
    compare(&tables);
}

#[test]
fn another_implementation_draws_the_same_intervals_of_published_tables() {
    let Some(tables) = published(&["Western.csv", "Ned_5.csv"]) else { return };
    let Some(python) = python::interpreter() else { return };
    let theirs = ask(&python, &tables, DRAWS);
    for (name, table) in &tables {
        let ours = estimate(table, DRAWS, 1).unwrap().bootstrap;
        let draws = theirs[*name]["bootstrap"].as_array().unwrap();
        assert_eq!(draws.len(), DRAWS as usize);
        for (end, share) in [(ours.low, 0.025), (ours.high, 0.975)] {
            let end = end.unwrap();
            let is_below = |draw: &&Value| draw.as_f64().is_some_and(|draw| draw < end);
            let below = draws.iter().filter(is_below).count() as f64 / f64::from(DRAWS);
            println!("{name}: {below:.3} of their draws are below {end:.0}");
            assert!((below - share).abs() <= TOLERANCE, "{name}: {below} below {end}");
        }
    }
}

/// The published tables with these names, if they are there.
fn published<'a>(names: &[&'a str]) -> Option<BTreeMap<&'a str, OverlapTable>> {
    let Some(folder) = std::env::var_os("ENTENTE_REAL_DATA").map(PathBuf::from) else {
        eprintln!("skipped: ENTENTE_REAL_DATA is not set");
        return None;
    };
    Some(names.iter().map(|name| (*name, read(&folder.join("mse").join(name)))).collect())
}

#[test]
fn another_implementation_chooses_the_same_models_of_tables_made_here() {
    let tables = BTreeMap::from([
        // Independent lists, and some that refer persons to each other or avoid each other.
        ("independent", made(5_000, &[20, 15, 30], &[])),
        ("referral", made(3_000, &[20, 15, 10, 25], &[(0, 1, 300)])),
        ("avoidance", made(8_000, &[20, 15, 10, 25, 5], &[(0, 1, 40), (2, 3, 250), (1, 4, 180)])),
        // Lists so short that many overlaps are empty, and some models have no estimate.
        ("sparse", made(900, &[5, 4, 3, 6, 2], &[(0, 1, 0), (2, 4, 0)])),
        ("sparser", made(400, &[4, 4, 6, 3], &[(0, 1, 0), (1, 2, 0), (0, 3, 500)])),
        ("two", made(1_000, &[20, 30], &[])),
        // No overlap that tells anything.
        ("within", table(&[(0b01, 40), (0b11, 6)], 2)),
    ]);
    let Some(n_without) = compare(&tables) else { return };
    assert_eq!(n_without, 1, "the list within another");
}

/// Compares everything for each table, and says how many of them give no estimate; `None` without Python.
fn compare(tables: &BTreeMap<&str, OverlapTable>) -> Option<usize> {
    let python = python::interpreter()?;
    let theirs = ask(&python, tables, 0);
    let mut n_without = 0;
    for (name, table) in tables {
        match (estimate(table, MIN_REPLICATIONS, 1), &theirs[*name]) {
            (Ok(ours), theirs @ Value::Object(_)) => same(name, table, &ours, theirs),
            (Err(_), Value::Null) => n_without += 1,
            (ours, theirs) => panic!("{name}: {ours:?} {theirs}"),
        }
    }
    Some(n_without)
}

fn same(name: &str, table: &OverlapTable, ours: &Estimate, theirs: &Value) {
    let interactions = ours.model.terms.iter().filter(|(term, _)| term.len() == 2);
    let interactions: Vec<_> = interactions.map(|(term, _)| term.names(table)).collect();
    let mut chosen: Vec<String> = serde_json::from_value(theirs["interactions"].clone()).unwrap();
    chosen.sort_by_key(|pair| interactions.iter().position(|ours| ours == pair));
    assert_eq!(interactions, chosen, "{name}");

    let parameters = theirs["parameters"].as_object().unwrap();
    let finite = ours.model.terms.iter().filter(|(_, value)| value.is_finite());
    assert_eq!(finite.clone().count(), parameters.len(), "{name}");
    for (term, value) in finite {
        let term = term.names(table);
        close(&format!("{name} {term}"), *value, &parameters[&term], 1e-6);
    }
    close(&format!("{name} AIC"), ours.model.aic, &theirs["aic"], 1e-6);
    close(&format!("{name} estimate"), ours.n_persons, &theirs["estimate"], 1e-6);
    // Both ends are found by search, on a curve that is flat at its peak.
    let ends = [ours.profile.low, ours.profile.high];
    for (at, end) in ends.into_iter().enumerate() {
        close(&format!("{name} end {at}"), end.unwrap(), &theirs["profile"][at], 1e-4);
    }
}

#[track_caller]
fn close(what: &str, ours: f64, theirs: &Value, tolerance: f64) {
    let theirs = theirs.as_f64().unwrap();
    let difference = (ours - theirs).abs() / theirs.abs().max(1.0);
    assert!(difference <= tolerance, "{what}: {ours} {theirs}");
}

/// Asks for everything, and for an interval of as many draws.
fn ask(python: &Path, tables: &BTreeMap<&str, OverlapTable>, draws: u32) -> Value {
    let question: BTreeMap<_, _> =
        tables.iter().map(|(name, it)| (name, document(it, draws))).collect();
    let mut child = Command::new(python)
        .arg(python::program("mse.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(json!(question).to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the program has said why");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn document(table: &OverlapTable, draws: u32) -> Value {
    let n_lists = table.lists().len();
    let rows = (1..1_u32 << n_lists).map(|bits| {
        let pattern: Vec<_> = (0..n_lists).map(|at| bits >> at & 1).collect();
        json!([pattern, table.n_exactly(lists(bits))])
    });
    json!({"lists": table.lists(), "rows": rows.collect::<Vec<_>>(), "draws": draws})
}

fn lists(bits: u32) -> Lists {
    let on = (0..16).filter(|at| bits >> at & 1 == 1);
    on.fold(Lists::NONE, |all, at| all.and(Lists::only(at)))
}

fn read(path: &Path) -> OverlapTable {
    let mut rows = tabular::open(path).expect("a table");
    let header = std::mem::take(&mut rows.headers);
    OverlapTable::read(&header, rows.map(|row| row.expect("a row").cells)).expect("overlaps")
}

/// The counts that are expected of so many persons: each list has a share of them, in percent, and
/// pairs of lists have so many percent of the overlap that independent lists would have.
fn made(n_persons: u32, percents: &[u32], pairs: &[(usize, usize, u32)]) -> OverlapTable {
    let on = |bits: u32, at: usize| bits >> at & 1 == 1;
    let rows: Vec<_> = (1..1_u32 << percents.len())
        .map(|bits| {
            let shares = percents.iter().enumerate().map(|(at, percent)| {
                let share = f64::from(*percent) / 100.0;
                if on(bits, at) { share } else { 1.0 - share }
            });
            let both = pairs.iter().filter(|(one, other, _)| on(bits, *one) && on(bits, *other));
            let factor: f64 = both.map(|(.., percent)| f64::from(*percent) / 100.0).product();
            let expected = f64::from(n_persons) * shares.product::<f64>() * factor;
            (bits, format!("{expected:.0}").parse().unwrap())
        })
        .collect();
    table(&rows, percents.len())
}

fn table(rows: &[(u32, u64)], n_lists: usize) -> OverlapTable {
    let names = (0..n_lists).map(|at| format!("L{at}")).collect();
    let rows =
        rows.iter().map(|(bits, n)| ((0..n_lists).map(|at| bits >> at & 1 == 1).collect(), *n));
    OverlapTable::new(names, rows).expect("a table")
}
