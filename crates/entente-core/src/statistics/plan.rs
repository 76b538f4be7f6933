//! Release plans: the fixed list of questions that private statistics answer.
//!
//! A plan names cubes over closed periods, what each costs the persons in it, who asks, who
//! contributes and who adds up. One answer per cube, period and scheduled revision is drawn once and
//! served for ever; nothing else is answered. Because every question is known beforehand, so is the
//! whole price: a plan that would spend more than its own cap is no plan.
//!
//! A plan is a document with canonical bytes, and its hash is its identity. A node takes part only
//! after its own officer has signed those bytes, so nobody can widen what it answers. This module
//! holds the document ([`Plan`]), its dimensions ([`CubeDimension`]), what cannot be
//! ([`Plan::problems`]), the draft that people write ([`Plan::from_toml`]) and the readable page
//! ([`Plan::render`]). It encodes and signs nothing, and keeps no account ([`super::budget`]).

use std::collections::BTreeMap;
use std::fmt;

use jiff::ToSpan as _;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::budget::NanoRho;
use super::noise::Sigma;
use super::referrals::Counts;
use super::release::{Answer, ReleaseId};
use super::sum::{Minimum, Round, Shape};
use crate::agreement::terms::PeriodLevel;
use crate::codes::{DefinitionProfile, OrgType, code_list};
use crate::identity::OrgId;
use crate::lang::Text;
use crate::period::{Period, Quarter, Year};

mod check;
mod dimension;
mod draft;
mod render;
#[cfg(test)]
pub(crate) mod tests;

pub use check::{Downgrade, PlanProblem};
pub use dimension::{CubeDimension, Form};
pub use draft::PlanDraftError;

/// The identity of a plan: SHA-256 of its canonical bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId(pub [u8; 32]);

impl PlanId {
    /// The identity of the plan with these canonical bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanId({self})")
    }
}

/// The longest name of a plan or cube, in bytes.
pub const MAX_NAME: usize = 40;

/// The longest title, in characters.
pub const MAX_TITLE: usize = 200;

/// The most years of one plan: it is looked at anew at least every five.
pub const MAX_YEARS: usize = 5;

/// The most cubes. The price of each is paid by every person in it, so a useful plan has three or
/// four; the bound is arbitrary.
pub const MAX_CUBES: usize = 16;

/// The most dimensions of a cube. With five, at the scale of a country with 570 cases a year, noise
/// buries every cell (measured: 1,872 cells with 0.3 persons on average).
pub const MAX_DIMENSIONS: usize = 3;

/// The most cells of a cube: what one secure sum was measured with, and four times what the largest
/// useful cube has.
pub const MAX_CELLS: usize = 400;

/// The most organizations that contribute. A plan with so many is 190 kB, within one document.
pub const MAX_CONTRIBUTORS: usize = 5_000;

/// The most organizations that may ask.
pub const MAX_QUERIERS: usize = 16;

/// The fewest organizations whose figures are added up in secret. Below five, one of them and the
/// sum come too close to the others.
pub const MIN_CONTRIBUTORS: u32 = 5;

/// The fewest of them that are of another kind than the one who asks.
pub const MIN_OUTSIDE: u32 = 3;

/// The most persons that one organization adds to one cell. What it has beyond them is not added: a lying
/// contributor can shift a cell by this much and no more, and no organization of the country identifies
/// so many persons in a year (570 incidents were reported in 2023).
pub const MAX_PER_CELL: u32 = 4_095;

/// How many standard deviations of noise a cell may be outside of what an organization can have. Noise is
/// further out once in 10⁸⁸ cells, so no honest answer is refused for it.
const MAX_NOISE_SDS: u32 = 20;

/// The most revisions of one release.
pub const MAX_REVISIONS: usize = 5;

/// The most days between the end of a period and a release of it: ten years.
pub const MAX_DELAY_DAYS: u32 = 3_660;

code_list! {
    /// What one is in a figure. Figures of different rules are never added up.
    CountingRule = "counting_rule" {
        Persons = "persons", "persons, each once per table and year, at first identification or first referral", "personnes, chacune une fois par tableau et par année, à la première identification ou au premier aiguillage";
    }
}

/// What may be answered, at what price, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its name, the same in all versions: lower-case letters, digits and dashes.
    pub name: String,
    /// From 1. A higher one takes over from its first year on.
    pub version: u32,
    /// What people call it.
    pub title: Text,
    /// The first year it answers for.
    pub first_year: Year,
    /// The last year it answers for.
    pub last_year: Year,
    /// What is counted.
    pub rule: CountingRule,
    /// Which definition of trafficking a case must meet to be counted.
    pub definition: DefinitionProfile,
    /// The questions.
    pub cubes: Vec<Cube>,
    /// What a person in the figures pays at most.
    pub budget: Budget,
    /// When releases are made.
    pub schedule: Schedule,
    /// How figures are shown and what holds before any is published.
    pub safeguards: Safeguards,
    /// Who does what.
    pub roles: Roles,
}

/// One question: a dense table with a cell for every combination of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cube {
    /// Its name within the plan.
    pub name: String,
    /// What it is broken down by.
    pub dimensions: Vec<CubeDimension>,
    /// Whether there is one answer per year or per quarter.
    pub period: PeriodLevel,
    /// What the first release of a period costs each person in it.
    pub cost: NanoRho,
    /// What each revision costs. Zero if and only if there are none.
    pub revision_cost: NanoRho,
}

/// What a person pays, in a year, to all figures together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// At most this, by this plan: the promise.
    pub year: NanoRho,
    /// At most this at one node, by all its plans together.
    pub node_cap: NanoRho,
    /// At most this of it to one partner.
    pub partner_cap: NanoRho,
}

/// When releases are made, in days after the end of the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The first release.
    pub first_after_days: u32,
    /// The revisions, ascending. What came late or was withdrawn shows only there.
    pub revisions_after_days: Vec<u32>,
}

/// How figures are shown, and what holds before any is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Safeguards {
    /// A secure sum of fewer organizations is not published; at least [`MIN_CONTRIBUTORS`].
    pub min_contributors: u32,
    /// Nor one with fewer outside the asking organization's kind; at least [`MIN_OUTSIDE`].
    pub min_outside: u32,
    /// To how many organizations a person is thought to be known. Printed with every figure, since
    /// the promise is for each organization's own figures.
    pub organizations_per_person: u32,
    /// A figure below this is shown as such. `None`: what follows from the noise.
    pub floor: Option<u32>,
    /// Whether figures are shown to the nearest five. Only the look.
    pub round_to_5: bool,
}

/// Who does what in a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// Who may ask, with the kind of organization.
    pub queriers: BTreeMap<OrgId, OrgType>,
    /// Whose cases are counted, with the kind of organization.
    pub contributors: BTreeMap<OrgId, OrgType>,
    /// Who adds up in secret: the leader and the helper. `None`: each contributor adds its own noise
    /// and answers for itself, which makes the error of a sum larger.
    pub aggregators: Option<[OrgId; 2]>,
}

impl Roles {
    /// Everybody who has a part, each once, in the order of their ids.
    pub fn members(&self) -> Vec<OrgId> {
        let named = self.queriers.keys().chain(self.contributors.keys());
        let mut all: Vec<_> = named.chain(self.aggregators.iter().flatten()).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Plan {
    /// The cube of this name, with its number.
    pub fn cube(&self, name: &str) -> Option<(u8, &Cube)> {
        (0_u8..).zip(&self.cubes).find(|(_, cube)| cube.name == name)
    }

    /// The cube with this number.
    pub fn cube_at(&self, number: u8) -> Option<&Cube> {
        self.cubes.get(usize::from(number))
    }

    /// The periods for which a cube has answers, in order.
    pub fn periods(&self, cube: &Cube) -> Vec<Period> {
        let years = self.first_year.number()..=self.last_year.number();
        let of = |year: i16| match cube.period {
            PeriodLevel::Year => Period::whole_year(year).into_iter().collect::<Vec<_>>(),
            PeriodLevel::Quarter => {
                let quarters = (1..=4).filter_map(|it| Quarter::new(year, it).ok());
                quarters.map(Period::Quarter).collect()
            }
        };
        years.flat_map(of).collect()
    }

    /// Whether a cube has an answer for this period.
    pub fn covers(&self, cube: &Cube, period: Period) -> bool {
        let is_level = match cube.period {
            PeriodLevel::Year => matches!(period, Period::Year(_)),
            PeriodLevel::Quarter => matches!(period, Period::Quarter(_)),
        };
        is_level && (self.first_year..=self.last_year).contains(&period.year())
    }

    /// The first day on which a revision of a period may be drawn; `None` if there is no such one.
    /// Revision 0 is the first release.
    pub fn due_on(&self, period: Period, revision: u8) -> Option<Date> {
        let days = match usize::from(revision).checked_sub(1) {
            None => self.schedule.first_after_days,
            Some(at) => *self.schedule.revisions_after_days.get(at)?,
        };
        period.last_day().checked_add((i64::from(days) + 1).days()).ok()
    }

    /// How many revisions a release has, after the first.
    pub fn n_revisions(&self) -> u8 {
        u8::try_from(self.schedule.revisions_after_days.len()).unwrap_or(u8::MAX)
    }

    /// What everything that the plan schedules costs a person who is in all of it, for one year.
    ///
    /// Quarters are added up, although a person is in one of them: the sum then holds whatever is
    /// corrected in a record between two of them.
    pub fn cost_per_year(&self) -> NanoRho {
        let n_revisions = u64::from(self.n_revisions());
        let cost = |cube: &Cube| {
            let once = cube.cost.plus(cube.revision_cost.times(n_revisions));
            once.times(cube.per_year())
        };
        self.cubes.iter().fold(NanoRho::ZERO, |sum, cube| sum.plus(cost(cube)))
    }

    /// Whether an answer is one of `contributor` to this question, and as the plan says it must be.
    pub fn fits(&self, contributor: &OrgId, release: &ReleaseId, answer: &Answer) -> bool {
        let is_contributor = self.roles.contributors.contains_key(contributor);
        let cube = self.cube_at(release.cube).filter(|cube| self.covers(cube, release.period));
        let Some(cube) = cube.filter(|_| is_contributor) else { return false };
        match answer {
            Answer::Declined(declined) => declined.release == *release,
            Answer::Given(given) => {
                given.release == *release
                    && Some(given.sigma) == cube.sigma(release.revision)
                    && given.cost == cube.cost_of(release.revision)
                    && given.cells.len() == cube.n_cells()
                    && given.cells.iter().all(|cell| cells_of(given.sigma).contains(cell))
                    && !self.is_secure_sum()
            }
            Answer::Added(added) => {
                added.release == *release
                    && Some(added.sigma) == cube.sigma(release.revision)
                    && added.cost == cube.cost_of(release.revision)
                    && self.round(release).is_some_and(|it| it.context() == added.context)
            }
        }
    }

    /// The round in which a release is added up in secret; `None` if nobody adds up, or the plan has
    /// no such release.
    ///
    /// It is a function of the plan and the release, so all who signed the plan have the same one.
    pub fn round(&self, release: &ReleaseId) -> Option<Round> {
        let aggregators = self.roles.aggregators?;
        let cube = self.cube_at(release.cube).filter(|it| self.covers(it, release.period))?;
        let Safeguards { min_contributors, min_outside, .. } = self.safeguards;
        let n_cells = u32::try_from(cube.n_cells()).ok()?;
        Round::new(
            &release.bytes(),
            Shape::new(n_cells, MAX_PER_CELL).ok()?,
            cube.sigma(release.revision)?,
            Minimum::new(min_contributors, min_outside).ok()?,
            aggregators,
            self.roles.queriers.values().copied().collect(),
            self.roles.contributors.clone(),
        )
        .ok()
    }

    /// Whether a figure is the sum of what two aggregators add up in secret.
    pub fn is_secure_sum(&self) -> bool {
        self.roles.aggregators.is_some()
    }
}

/// What can stand in a cell to which one organization added noise.
fn cells_of(sigma: Sigma) -> std::ops::RangeInclusive<i64> {
    let noise = i64::from(sigma.hundredths()) * i64::from(MAX_NOISE_SDS) / 100 + 1;
    -noise..=i64::from(MAX_PER_CELL) + noise
}

impl Cube {
    /// How many answers there are in a year.
    fn per_year(&self) -> u64 {
        match self.period {
            PeriodLevel::Year => 1,
            PeriodLevel::Quarter => 4,
        }
    }

    /// What this revision costs.
    pub fn cost_of(&self, revision: u8) -> NanoRho {
        if revision == 0 { self.cost } else { self.revision_cost }
    }

    /// The noise of one cell in one organization's answer, for this revision.
    pub fn sigma(&self, revision: u8) -> Option<Sigma> {
        self.cost_of(revision).sigma()
    }

    /// What persons are counted by. One of places and times alone counts cases.
    pub fn counts(&self) -> Counts {
        self.dimensions.iter().find_map(|it| it.counts()).unwrap_or(Counts::Cases)
    }

    /// How many cells the table has.
    pub fn n_cells(&self) -> usize {
        let sizes = self.dimensions.iter().map(|it| it.labels().len());
        sizes.fold(1, usize::saturating_mul)
    }

    /// The labels of a cell, in the order of the dimensions.
    ///
    /// A cell's place is its labels' numbers read as the digits of one number, the first dimension
    /// lowest, as in the tables of controlled counts.
    pub fn labels_at(&self, place: usize) -> Vec<&'static str> {
        let mut rest = place;
        let mut digit = |dimension: &CubeDimension| {
            let labels = dimension.labels();
            let label = labels.get(rest % labels.len().max(1)).copied().unwrap_or_default();
            rest /= labels.len().max(1);
            label
        };
        self.dimensions.iter().map(&mut digit).collect()
    }

    /// The place of the cell with these numbers of labels; `None` if one is out of its list.
    pub fn place(&self, numbers: &[u8]) -> Option<usize> {
        let (mut place, mut step) = (0, 1);
        for (dimension, number) in self.dimensions.iter().zip(numbers) {
            let n = dimension.labels().len();
            let number = usize::from(*number);
            if number >= n {
                return None;
            }
            place += number * step;
            step *= n;
        }
        (self.dimensions.len() == numbers.len()).then_some(place)
    }
}
