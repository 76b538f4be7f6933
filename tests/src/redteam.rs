//! Attacks on private statistics, as numbers: what an attack got, and the line it must not cross.
//!
//! The numbers RT… are those of the red-team list of the design. Each attack makes fresh worlds of
//! running nodes, does what an attacker can do, and measures. One code serves the tests, with a
//! small number of worlds, and `cargo xtask redteam`, with the full one.
//!
//! The noise of a node comes from the operating system and cannot be repeated. A correct node
//! crosses a line of three standard errors once in 740 times, and one of 99 % once in a hundred. So
//! an attack by chance counts as a finding only if it succeeds three times in a row on fresh
//! worlds ([`Attack::conduct`]). Attacks that leave nothing to chance are done once.

pub mod disclosure;
pub mod ledger;
pub mod maths;
pub mod noise;
pub mod question;
pub mod reconstruct;
pub mod subsets;
pub mod sums;
pub mod timing;
mod timing_wire;
pub mod wire;
pub mod worlds;

use std::fmt;
use std::time::Instant;

/// How many worlds of everything.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// RT2: worlds in which everything is asked that a plan allows.
    pub n_averaging: usize,
    /// RT3: worlds, half of them with the victim.
    pub n_differencing: usize,
    /// RT5: questions outside of the plan.
    pub n_fuzzed: usize,
    /// RT6: worlds in which a hundred bits are secret.
    pub n_reconstructed: usize,
    /// RT8: worlds on each side of one person.
    pub n_audited: usize,
    /// RT8 and RT3 on secure sums: rounds on each side.
    pub n_sums: usize,
    /// RT13: pairs of requests, where time is measured.
    pub n_timed: usize,
    /// RT19: worlds with an empty territory.
    pub n_empty: usize,
    /// Residual disclosure: years of published margins.
    pub n_years: usize,
}

impl Sizes {
    /// What a check has time for. RT2 needs its full number: with 40 worlds a correct node is on the
    /// wrong side of its line three times in a row once in fifty checks.
    pub const SMALL: Self = Self {
        n_averaging: 200,
        n_differencing: 120,
        n_fuzzed: 2_000,
        n_reconstructed: 16,
        n_audited: 100,
        n_sums: 30,
        n_timed: 0,
        n_empty: 400,
        n_years: 6,
    };

    /// What a release is tested with: the numbers of the design.
    pub const FULL: Self = Self {
        n_averaging: 200,
        n_differencing: 2_000,
        n_fuzzed: 10_000,
        n_reconstructed: 40,
        n_audited: 4_000,
        n_sums: 2_000,
        n_timed: 2_000,
        n_empty: 1_000,
        n_years: 100,
    };
}

/// The line of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Line {
    /// So much or less.
    AtMost(f64),
    /// So much or more.
    AtLeast(f64),
    /// Exactly so many.
    Exactly(u64),
}

/// One figure of an attack.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Which.
    pub what: String,
    /// How much.
    pub figure: f64,
    /// What is allowed.
    pub line: Line,
    /// From how many worlds, rounds or questions.
    pub n: usize,
}

impl Measure {
    /// At most `line`.
    pub fn at_most(what: impl Into<String>, figure: f64, line: f64, n: usize) -> Self {
        Self { what: what.into(), figure, line: Line::AtMost(line), n }
    }

    /// At least `line`.
    pub fn at_least(what: impl Into<String>, figure: f64, line: f64, n: usize) -> Self {
        Self { what: what.into(), figure, line: Line::AtLeast(line), n }
    }

    /// Exactly `line`, where nothing is left to chance.
    pub fn exactly(what: impl Into<String>, figure: usize, line: u64, n: usize) -> Self {
        Self { what: what.into(), figure: figure as f64, line: Line::Exactly(line), n }
    }

    /// Whether the line holds. A figure that is no number does not.
    pub fn passed(&self) -> bool {
        match self.line {
            Line::AtMost(line) => self.figure <= line,
            Line::AtLeast(line) => self.figure >= line,
            Line::Exactly(line) => self.figure == line as f64,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passed() { "holds" } else { "CROSSED" };
        let (what, figure, n) = (&self.what, self.figure, self.n);
        write!(f, "{what}: {} ({}) of {n}: {verdict}", short(figure), self.line)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(line) => write!(f, "<= {}", short(*line)),
            Self::AtLeast(line) => write!(f, ">= {}", short(*line)),
            Self::Exactly(line) => write!(f, "= {line}"),
        }
    }
}

/// Whole numbers whole, others to four digits.
pub fn short(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.4}") }
}

/// One attack of the list.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// Its number, and what more distinguishes it.
    pub name: &'static str,
    /// What it tries.
    pub tries: &'static str,
    /// Whether chance decides.
    by_chance: bool,
    run: fn(&Sizes) -> Vec<Measure>,
}

/// What came of an attack.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its name.
    pub attack: &'static str,
    /// The figures of the last time.
    pub measures: Vec<Measure>,
    /// How often it was tried.
    pub n_runs: usize,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl Finding {
    /// Whether every line holds.
    pub fn passed(&self) -> bool {
        self.measures.iter().all(Measure::passed)
    }
}

/// Below one in a hundred thousand a correct node is never called broken.
const MAX_RUNS: usize = 3;

impl Attack {
    /// Runs it; again if a line was crossed by chance, at most three times.
    pub fn conduct(&self, sizes: &Sizes) -> Finding {
        let started = Instant::now();
        let max = if self.by_chance { MAX_RUNS } else { 1 };
        let mut n_runs = 0;
        let measures = loop {
            n_runs += 1;
            let measures = (self.run)(sizes);
            if n_runs == max || measures.iter().all(Measure::passed) {
                break measures;
            }
        };
        let seconds = started.elapsed().as_secs_f64();
        Finding { attack: self.name, measures, n_runs, seconds }
    }
}

const fn certain(
    name: &'static str,
    tries: &'static str,
    run: fn(&Sizes) -> Vec<Measure>,
) -> Attack {
    Attack { name, tries, by_chance: false, run }
}

const fn by_chance(
    name: &'static str,
    tries: &'static str,
    run: fn(&Sizes) -> Vec<Measure>,
) -> Attack {
    Attack { name, tries, by_chance: true, run }
}

/// All attacks, in the order of the list.
pub const ATTACKS: &[Attack] = &[
    certain("rt1", "ask the same in other words", question::averaging),
    by_chance("rt2", "average over every partition", noise::partition_averaging),
    by_chance("rt3", "tell whether one person is in the figures", noise::differencing),
    by_chance("rt3-sum", "the same of a secure sum", sums::differencing),
    certain("rt4", "ask again after something changed", question::time_differencing),
    certain("rt5", "ask for what is in no plan", question::trackers),
    by_chance("rt6", "reconstruct a secret bit of a hundred persons", reconstruct::all_answers),
    certain("rt7", "spend more than there is", ledger::abuse),
    by_chance("rt8", "audit the noise with one person more", noise::audit),
    by_chance("rt8-sum", "the same of a secure sum", sums::audit),
    by_chance("rt13", "tell by the time an answer takes", timing::pairs),
    certain("rt14", "tell refusals apart", wire::refusals),
    certain("rt16", "get a secure sum, and the same without one", subsets::subsets),
    certain("rt17", "spoil a secure sum", subsets::poison),
    by_chance("rt19", "see persons in an empty territory", noise::empty_territory),
    certain("rt21", "make two copies of a node answer", ledger::clones),
    certain("rt22", "offer an older, wider or unsigned plan", ledger::downgrade),
    certain("residual-counts", "compute hidden counts from shown ones", disclosure::of_counts),
    by_chance("residual-plan", "compute cells from released figures", disclosure::of_a_plan),
];
