//! Residual disclosure: does a hidden figure follow from those that are shown?
//!
//! The persons are made up; how many there are by sex and age in each year is what Canada reported to
//! the United Nations (GLOTIP), read through `ENTENTE_REAL_DATA`. Without it, three years are made up.
//! A node publishes them as controlled counts and by a release plan, and an independent program,
//! `tests/python/redteam.py`, finds the least and the most that each hidden figure can be, by integer
//! programming over everything shown. The same program on counts of which only the small ones are
//! hidden shows that it finds what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use entente_core::count::{Cell, Protected};
use entente_core::period::Period;
use entente_node::clock::ManualClock;
use entente_node::node::counts::{Reply, Wanted};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::worlds::{Person, Worlds, YEAR, add};
use super::{Measure, Sizes};
use crate::federation::{Org, START_S, pair, propose_and_sign, staff};
use crate::python;

/// Asks the independent program. `None` without an interpreter.
pub(super) fn solve(task: &Value) -> Option<Value> {
    let python = python::interpreter()?;
    let mut child = Command::new(python)
        .arg(python::program("redteam.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(task.to_string().as_bytes()).expect("Python reads");
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the solver failed");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// How many girls, women, boys and men were detected in a year.
type Margins = [u64; 4];

/// Years with their margins. What the file hides as "<5" is made up, from 0 to 4.
fn years() -> BTreeMap<i16, Margins> {
    let Some(folder) = std::env::var_os("ENTENTE_REAL_DATA").map(PathBuf::from) else {
        eprintln!("skipped: ENTENTE_REAL_DATA is not set; three years are made up");
        return [(2020, [3, 41, 1, 2]), (2021, [12, 7, 0, 4]), (2022, [1, 6, 2, 9])].into();
    };
    let text = std::fs::read_to_string(folder.join("unodc/glotip_canada.csv")).unwrap();
    let mut rng = StdRng::seed_from_u64(11);
    let mut years: BTreeMap<i16, Margins> = BTreeMap::new();
    for line in
        text.lines().filter(|line| line.contains("Detected trafficking victims,Total,Total,"))
    {
        let fields: Vec<_> = line.split(',').collect();
        let at = match (fields[7], fields[8]) {
            ("Female", "0 to 17 years") => 0,
            ("Female", "18 years or over") => 1,
            ("Male", "0 to 17 years") => 2,
            ("Male", "18 years or over") => 3,
            _ => continue,
        };
        let count = fields[11].parse().unwrap_or_else(|_| rng.random_range(0..5));
        years.entry(fields[9].parse().unwrap()).or_default()[at] += count;
    }
    years
}

/// Persons of a year with these margins, and forms of exploitation by chance.
fn persons_of(margins: &Margins, rng: &mut StdRng) -> Vec<Person> {
    let kinds = [("woman", "15"), ("woman", "30"), ("man", "15"), ("man", "30")];
    let forms =
        ["sexual", "sexual", "sexual", "forced_labour", "forced_labour", "begging", "servitude"];
    let mut persons = Vec::new();
    for (n, (gender, age)) in margins.iter().zip(kinds) {
        for _ in 0..*n {
            let form = forms[rng.random_range(0..forms.len())];
            persons.push(Person { on: "2025-05-06", province: "35", gender, age, form });
        }
    }
    persons
}

/// The dimensions of the controlled counts.
const DIMENSIONS: [&str; 3] = ["gender", "majority", "exploitation"];

/// The most persons of a year: more do not make it harder, and the record of each is signed.
const MAX_PERSONS: u64 = 400;

/// What a partner gets to see of a year by every question that it may ask: every subset of the
/// dimensions.
fn published(persons: &[Person]) -> Vec<Protected> {
    let clock = ManualClock::new(START_S);
    let (centre, office) = (Org::new(1, &clock), Org::new(2, &clock));
    pair(&office, &centre);
    let draft = include_str!("../../../config/agreements/province-federal.toml")
        .replace("period = \"quarter\"                 # quarter, year", "period = \"year\"")
        .replace(
            "dimensions = [\"province\", \"gender\", \"exploitation\"]",
            &format!("dimensions = {DIMENSIONS:?}"),
        );
    let draft = office.node().read_draft(&draft, &centre.id(), None).unwrap();
    propose_and_sign(&office, &centre, &draft);
    persons.iter().for_each(|person| add(&office, person));
    let period: Period = YEAR.parse().unwrap();
    let mut tables = Vec::new();
    for subset in 0..1 << DIMENSIONS.len() {
        let by = DIMENSIONS.iter().enumerate().filter(|(at, _)| subset >> at & 1 == 1);
        let by = by.map(|(_, name)| (*name).to_owned()).collect();
        let wanted = Wanted { by, only: Vec::new(), periods: vec![period] };
        let node = centre.node();
        let question = node.count_questions(&staff(), &[office.id()], &wanted).unwrap();
        let question = question[0].clone().unwrap();
        let answer = office.node().answer_count(&centre.id(), &question).unwrap();
        match node.read_count_answer(&office.id(), &question, &answer) {
            Some(Reply::Answered(answer)) => tables.push(answer.tables[0].table.clone()),
            other => panic!("not answered: {other:?}"),
        }
    }
    tables
}

/// Finest cells by their labels, and what is known of sums of them.
#[derive(Default)]
struct Known {
    finest: BTreeMap<Vec<String>, usize>,
    between: Vec<Value>,
    asked: Vec<Vec<usize>>,
    empty: BTreeSet<usize>,
}

impl Known {
    /// Everything that the tables say. The last one is by all dimensions.
    fn of(tables: &[Protected], naive: Option<&[u64]>) -> Self {
        let mut known = Self::default();
        let whole = tables.last().unwrap();
        for place in 0..whole.frame().n_places() {
            let selection = whole.frame().selection(place);
            if selection.iter().all(Option::is_some) {
                let labels = selection.into_iter().flatten().map(str::to_owned).collect();
                let at = known.finest.len();
                known.finest.insert(labels, at);
            }
        }
        match naive {
            Some(exact) => known.note_naive(whole, exact),
            None => tables.iter().for_each(|table| known.note(table)),
        }
        known
    }

    fn within(&self, fixed: &BTreeMap<&str, &str>) -> Vec<usize> {
        let is_within = |labels: &[String]| {
            DIMENSIONS
                .iter()
                .zip(labels)
                .all(|(name, label)| fixed.get(name).is_none_or(|it| it == label))
        };
        self.finest.iter().filter(|(labels, _)| is_within(labels)).map(|(_, at)| *at).collect()
    }

    fn note(&mut self, table: &Protected) {
        let frame = table.frame();
        for (place, cell) in table.cells().iter().enumerate() {
            let names = frame.dimensions().iter().map(|it| it.name.as_str());
            let fixed = names.zip(frame.selection(place)).filter_map(|(n, it)| Some((n, it?)));
            let cells = self.within(&fixed.collect());
            let least = u64::from(table.rules().min_cell());
            let (low, high) = match cell {
                Cell::Ok(value) => (*value, Some(*value)),
                Cell::Lt5 => (1, Some(least - 1)),
                Cell::Comp => (least, None),
                Cell::Withheld => (0, None),
            };
            match high {
                Some(0) => self.empty.extend(&cells),
                Some(high) if high == low => {}
                _ => self.asked.push(cells.clone()),
            }
            self.between.push(json!([cells, low, high]));
        }
    }

    /// As if only counts of 1 to 4 were hidden.
    fn note_naive(&mut self, whole: &Protected, exact: &[u64]) {
        let frame = whole.frame();
        for (place, count) in exact.iter().enumerate() {
            let fixed = DIMENSIONS.iter().copied().zip(frame.selection(place));
            let cells = self.within(&fixed.filter_map(|(n, it)| Some((n, it?))).collect());
            let is_hidden = (1..5).contains(count);
            let (low, high) = if is_hidden { (1, 4) } else { (*count, *count) };
            if is_hidden {
                self.asked.push(cells.clone());
            }
            self.between.push(json!([cells, low, high]));
        }
    }

    /// Every hidden figure once, but for those that lie in one that is shown as nobody.
    fn task(mut self) -> Value {
        self.asked.sort_unstable();
        self.asked.dedup();
        self.asked.retain(|cells| !cells.iter().all(|it| self.empty.contains(it)));
        json!({ "n": self.finest.len(), "between": self.between, "asked": self.asked })
    }
}

/// What an independent program made of hidden figures.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    n_hidden: usize,
    /// One value is left, and it is somebody.
    n_follow: usize,
}

/// How many figures of all tasks were hidden, and how many of them follow, whatever their size.
///
/// That nobody is in a cell is shown, not hidden (decision 9), so a cell that must be 0, because one
/// around it is, tells nothing that was hidden.
fn determined(tasks: Vec<Value>) -> Option<Found> {
    let answer = solve(&json!({ "bounds": tasks }))?;
    let bounds: Vec<Vec<[Option<i64>; 2]>> =
        serde_json::from_value(answer["bounds"].clone()).unwrap();
    let mut found = Found::default();
    for [low, high] in bounds.concat() {
        found.n_hidden += 1;
        found.n_follow += usize::from(low.is_some_and(|low| low > 0) && low == high);
    }
    Some(found)
}

/// Years in which somebody was detected and not too many.
fn chosen(sizes: &Sizes) -> Vec<Margins> {
    let all = years().into_values().filter(|it| (1..=MAX_PERSONS).contains(&it.iter().sum()));
    all.take(sizes.n_years).collect()
}

/// Controlled counts: nothing hidden follows from everything that may be asked.
pub fn of_counts(sizes: &Sizes) -> Vec<Measure> {
    if python::interpreter().is_none() {
        return Vec::new();
    }
    let mut rng = StdRng::seed_from_u64(12);
    let (mut protected, mut naive) = (Vec::new(), Vec::new());
    let years = chosen(sizes);
    for margins in &years {
        let persons = persons_of(margins, &mut rng);
        let tables = published(&persons);
        let exact = exact(tables.last().unwrap(), &persons);
        protected.push(Known::of(&tables, None).task());
        naive.push(Known::of(&tables, Some(&exact)).task());
    }
    let (Some(found), Some(naive)) = (determined(protected), determined(naive)) else {
        return Vec::new();
    };
    let follow = format!("of {} hidden counts follow, whatever their size", found.n_hidden);
    let control = format!("of {} with only small ones hidden (control)", naive.n_hidden);
    vec![
        Measure::exactly(follow, found.n_follow, 0, years.len()),
        Measure::at_least(control, naive.n_follow as f64, 1.0, years.len()),
    ]
}

/// The exact table with its margins, counted here.
fn exact(whole: &Protected, persons: &[Person]) -> Vec<u64> {
    let frame = whole.frame();
    let count = |place: usize| {
        let selection = frame.selection(place);
        let is_in = |person: &&Person| {
            let majority = if person.age == "15" { "minor" } else { "adult" };
            let labels = [person.gender, majority, person.form];
            selection.iter().zip(labels).all(|(it, label)| it.is_none_or(|it| it == label))
        };
        persons.iter().filter(is_in).count() as u64
    };
    (0..frame.n_places()).map(count).collect()
}

/// A release plan: no cell has one value left within five standard deviations of every figure.
pub fn of_a_plan(sizes: &Sizes) -> Vec<Measure> {
    if python::interpreter().is_none() {
        return Vec::new();
    }
    let mut rng = StdRng::seed_from_u64(13);
    let mut tasks = Vec::new();
    let years = chosen(sizes);
    for margins in &years {
        let worlds = Worlds::new(&persons_of(margins, &mut rng), |plan| {
            use entente_core::statistics::plan::CubeDimension::{Form, Gender, Majority};
            plan.cubes[0].dimensions = vec![Gender, Majority];
            plan.cubes[1].dimensions = vec![Majority, Form];
            plan.cubes[2].dimensions = vec![Majority, Gender, Form];
        });
        tasks.push(noisy_task(&worlds));
    }
    let Some(found) = determined(tasks) else { return Vec::new() };
    let follow = format!("of {} cells follow", found.n_hidden);
    vec![Measure::exactly(follow, found.n_follow, 0, years.len())]
}

fn noisy_task(worlds: &Worlds) -> Value {
    let cubes = &worlds.plan.cubes;
    let finest = &cubes[2];
    let (mut between, mut asked) = (Vec::new(), Vec::new());
    for answer in worlds.everything(&worlds.world()) {
        let cube = &cubes[usize::from(answer.release.cube)];
        let off = 5 * i64::from(answer.sigma.hundredths()) / 100;
        for (place, figure) in answer.cells.iter().enumerate() {
            let wanted: BTreeMap<_, _> =
                cube.dimensions.iter().zip(cube.labels_at(place)).collect();
            let is_within = |at: &usize| {
                let labels = finest.labels_at(*at);
                finest
                    .dimensions
                    .iter()
                    .zip(labels)
                    .all(|(it, label)| wanted.get(it).is_none_or(|wanted| *wanted == label))
            };
            let cells: Vec<_> = (0..finest.n_cells()).filter(is_within).collect();
            asked.push(cells.clone());
            between.push(json!([cells, (figure - off).max(0), (figure + off).max(0)]));
        }
    }
    json!({ "n": finest.n_cells(), "between": between, "asked": asked })
}
