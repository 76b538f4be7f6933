//! Tallies: one organization's exact cells, in which each person is counted once.
//!
//! A person with several records in a year is counted at the first identification: the record of
//! the earliest quarter, one that is known only by its year after all others, and of several the one
//! with the smallest id, which is the oldest. So a person moves one cell of a cube by one in a year,
//! which is what the noise is measured for.
//!
//! Which records count is for whoever adds them. What comes out can be printed by nobody: [`Exact`]
//! becomes a figure only by [`Exact::with_noise`].

use std::collections::HashMap;
use std::fmt;

use rand::TryCryptoRng;

use super::noise::{self, NoRandomness, Sigma};
use super::plan::{Cube, CubeDimension};
use crate::codes::Code as _;
use crate::period::{Period, Year};
use crate::record::CaseRecord;

const N_DIMENSIONS: usize = CubeDimension::ALL.len();

/// The persons of one year, each with what counts of their first identification.
#[derive(Debug)]
pub struct Tally {
    year: Year,
    first: HashMap<[u8; 16], Identified>,
}

/// A record as a tally sees it.
#[derive(Clone, Copy)]
struct Identified {
    /// Quarter, 5 if only the year is known; then the record's id.
    order: (u8, [u8; 16]),
    numbers: [u8; N_DIMENSIONS],
}

impl fmt::Debug for Identified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identified")
    }
}

impl Tally {
    /// An empty tally of this year.
    pub fn new(year: Year) -> Self {
        Self { year, first: HashMap::new() }
    }

    /// Takes a record in, unless it is of another year or of none.
    pub fn add(&mut self, record: &CaseRecord) {
        let Some(period) = record.period().filter(|period| period.year() == self.year) else {
            return;
        };
        let quarter = match period {
            Period::Quarter(quarter) => quarter.number(),
            Period::Year(_) => 5,
        };
        let mut numbers = [0; N_DIMENSIONS];
        for (number, dimension) in numbers.iter_mut().zip(CubeDimension::ALL) {
            *number = dimension.number_of(record);
        }
        let identified = Identified { order: (quarter, record.id.0), numbers };
        let first = self.first.entry(record.person_or_self().0).or_insert(identified);
        if identified.order < first.order {
            *first = identified;
        }
    }

    /// The cells of a cube for a period: the year, or one of its quarters.
    ///
    /// Somebody of whom only the year is known is in no quarter.
    pub fn cells(&self, cube: &Cube, period: Period) -> Exact {
        let mut cells = vec![0_u64; cube.n_cells()];
        let quarter = match period {
            Period::Quarter(quarter) => Some(quarter.number()),
            Period::Year(_) => None,
        };
        let is_meant = |it: &&Identified| quarter.is_none_or(|quarter| it.order.0 == quarter);
        for identified in self.first.values().filter(is_meant) {
            let number = |dimension: &CubeDimension| {
                identified.numbers.get(usize::from(dimension.number())).copied().unwrap_or(u8::MAX)
            };
            let numbers: Vec<u8> = cube.dimensions.iter().map(number).collect();
            if let Some(cell) = cube.place(&numbers).and_then(|place| cells.get_mut(place)) {
                *cell += 1;
            }
        }
        Exact(cells)
    }
}

/// Exact cells. They have no readable form.
#[derive(Clone, PartialEq, Eq)]
pub struct Exact(Vec<u64>);

impl Exact {
    /// How many cells there are.
    pub fn n_cells(&self) -> usize {
        self.0.len()
    }

    /// Adds noise to every cell, those of zero included: an absent or untouched cell would say,
    /// without noise, that nobody is in it.
    ///
    /// Negative figures are as likely as the noise says and stay: cutting them off at zero would
    /// make every sum too large.
    pub fn with_noise<R>(self, sigma: Sigma, rng: &mut R) -> Result<Vec<i64>, NoRandomness>
    where
        R: TryCryptoRng + ?Sized,
    {
        noise::add(&self.0, sigma, rng)
    }

    /// The cells for a secure sum, which leaves this node only in shares.
    pub fn into_addends(self) -> Vec<u64> {
        self.0
    }
}

impl fmt::Debug for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exact({} cells)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::super::plan::tests::{cube, plan};
    use super::*;
    use crate::record::Field;
    use crate::record::RecordId;

    fn record(id: u8, person: Option<u8>, fields: &[(Field, &str)]) -> CaseRecord {
        let mut record = CaseRecord::new(RecordId([id; 16]), jiff::civil::date(2025, 1, 1));
        for (field, text) in fields {
            record.set(*field, text).unwrap();
        }
        if let Some(person) = person {
            let text = crate::record::PersonRef([person; 16]).to_string();
            record.set(Field::Person, &text).unwrap();
        }
        record
    }

    fn exact(records: &[CaseRecord], by: &[CubeDimension], period: &str) -> Vec<(String, u64)> {
        let period: Period = period.parse().unwrap();
        let mut tally = Tally::new(period.year());
        records.iter().for_each(|record| tally.add(record));
        let cube = cube(by);
        let cells = tally.cells(&cube, period).into_addends();
        assert_eq!(cells.len(), cube.n_cells());
        let label = |(place, n): (usize, u64)| (cube.labels_at(place).join(" "), n);
        cells.into_iter().enumerate().filter(|(_, n)| *n > 0).map(label).collect()
    }

    #[test]
    fn a_person_is_counted_once_a_year_at_the_first_identification() {
        use Field::{ProvinceOfExploitation, RegisteredOn};
        let late =
            record(1, Some(9), &[(RegisteredOn, "2025-11-02"), (ProvinceOfExploitation, "46")]);
        let early =
            record(2, Some(9), &[(RegisteredOn, "2025-02-03"), (ProvinceOfExploitation, "24")]);
        let next =
            record(3, Some(9), &[(RegisteredOn, "2026-02-03"), (ProvinceOfExploitation, "35")]);
        let records = [late, early, next];
        let by = [CubeDimension::Region, CubeDimension::Quarter];
        assert_eq!(exact(&records, &by, "2025"), [("quebec Q1".to_owned(), 1)]);
        assert_eq!(exact(&records, &by, "2026"), [("ontario Q1".to_owned(), 1)]);
        let reversed: Vec<_> = records.into_iter().rev().collect();
        assert_eq!(exact(&reversed, &by, "2025"), [("quebec Q1".to_owned(), 1)]);
    }

    #[test]
    fn a_quarter_holds_those_first_identified_in_it() {
        let dates = ["2025-02-03", "2025-05-03", "2025-05-04"];
        let records = [(1, 7), (2, 7), (3, 8)].map(|(id, person)| {
            record(id, Some(person), &[(Field::RegisteredOn, dates[usize::from(id) - 1])])
        });
        let n = |period| exact(&records, &[CubeDimension::Gender], period);
        assert_eq!(n("2025-Q1"), [("unknown".to_owned(), 1)]);
        assert_eq!(n("2025-Q2"), [("unknown".to_owned(), 1)]);
        assert_eq!(n("2025"), [("unknown".to_owned(), 2)]);
        assert_eq!(n("2025-Q3"), []);
    }

    #[test]
    fn every_cell_gets_noise_and_no_figure_is_cut_off() {
        let mut tally = Tally::new("2025".parse().unwrap());
        tally.add(&record(1, None, &[(Field::RegisteredOn, "2025-02-03")]));
        let plan = plan();
        let cells = tally.cells(&plan.cubes[0], "2025".parse().unwrap());
        let sigma = plan.cubes[0].sigma(0).unwrap();
        let mut rng = StdRng::seed_from_u64(1);
        let noisy = cells.with_noise(sigma, &mut rng).unwrap();
        assert_eq!(noisy.len(), plan.cubes[0].n_cells());
        // A sigma of 4.13 leaves a cell as it is less than once in ten.
        assert!(noisy.iter().filter(|cell| **cell != 0).count() > noisy.len() / 2);
        assert!(noisy.iter().any(|cell| *cell < 0));
    }

    #[test]
    fn exact_cells_are_not_printed() {
        assert_eq!(format!("{:?}", Exact(vec![7, 7])), "Exact(2 cells)");
    }
}
