//! The coded cases of this node, and what is counted of them.

use std::collections::{BTreeSet, HashSet};

use entente_core::agreement::terms::Dimension;
use entente_core::codes::Status;
use entente_core::count::{Frame, Table};
use entente_core::identity::OrgId;
use entente_core::period::Period;
use entente_core::record::RecordId;
use entente_core::statistics::columns::{Building, Columns, Counted, Query, Row, Test};
use entente_core::statistics::plan::{Cube, CubeDimension};
use entente_core::statistics::tally::Exact;
use jiff::civil::Date;

use super::coded::{
    self, CONSENTS, FACTS, N_QUARTERS, PERIOD, QUARTER, codes_within, column_of, cube_column,
    period_number,
};
use super::listed::{Line, Listed, Tally, Wanted};
use super::standing::{Standings, Whose};
use crate::node::records::Case;

/// Cases in one order or another are counted alike: each person once, at the first identification
/// among those of its cases that are meant. That is the case of the earliest quarter, one that is
/// known only by its year after all others of the year, and of several the one with the smallest id.
#[derive(Debug)]
pub struct Cases {
    /// Those that count as trafficking, possible or actual, and have a period.
    pub(super) columns: Columns,
    /// All others.
    pub(super) uncounted: HashSet<[u8; 16]>,
    pub(super) standings: Standings,
    /// All of them, for lists.
    pub(super) listed: Listed,
}

impl Default for Cases {
    fn default() -> Self {
        Filling::default().finish(1)
    }
}

impl Cases {
    /// Takes a case in, in place of what was known of it. `ours` is ourselves.
    pub(crate) fn put(&mut self, case: &Case, ours: &OrgId) {
        let id = case.record.id.0;
        let consents = self.standings.consents_of(case);
        self.listed.put(id, Line::of(case, consents));
        let Some(values) = values_of(&mut self.standings, case, consents, ours) else {
            self.columns.withdraw(&id);
            self.uncounted.insert(id);
            return;
        };
        self.uncounted.remove(&id);
        let person = case.record.person_or_self().0;
        let put = self.columns.put(&Row { id, person, values: &values });
        // The layout has every code that `values_of` gives.
        debug_assert!(put.is_ok());
        if self.columns.wants_merge() {
            self.columns.merge(1);
        }
    }

    /// How many records there are.
    pub fn n_records(&self) -> u64 {
        (self.columns.n_rows() + self.uncounted.len()) as u64
    }

    /// How many of them are meant, and the newest of those before `before`, at most `limit`.
    pub(crate) fn newest(
        &self,
        wanted: &Wanted,
        before: Option<RecordId>,
        limit: usize,
    ) -> (u64, Vec<RecordId>) {
        let ending = wanted.ending.map(|(today, then)| self.standings.ending(today, then));
        self.listed.newest(wanted, ending.as_deref(), before, limit)
    }

    /// How many there are on the day `today`, and with a consent.
    pub(crate) fn numbers(&self, today: Date) -> Tally {
        self.listed.tally(&self.standings, today)
    }

    /// How many consents hold on the day `today`, and no longer on the day `then`.
    pub(crate) fn consents_ending(&self, today: Date, then: Date) -> u64 {
        self.listed.consents_ending(&self.standings, today, then)
    }

    /// Counts distinct persons of one period over a frame of these dimensions, among the cases that
    /// have the labels in `only`: all of them for our own staff, or those that are meant.
    ///
    /// A year counts everybody registered in it; a quarter only those whose quarter is known.
    pub(crate) fn count(
        &self,
        frame: &Frame,
        dimensions: &[Dimension],
        only: &[(Dimension, u16)],
        period: Period,
        whose: Option<&Whose<'_>>,
    ) -> Table {
        let mut table = Table::new(frame.clone());
        let mut keep = self.kept(period, whose);
        keep.extend(only.iter().map(|(it, label)| Test::OneOf(column_of(*it), vec![*label])));
        let by = dimensions.iter().map(|dimension| column_of(*dimension)).collect();
        let query = Query { by, keep, counted: Counted::FirstOfPerson };
        // A label that no case can have is refused, and no case has it.
        let Ok(cells) = self.columns.count(&query, 1) else { return table };
        for (labels, n) in cells.occupied() {
            // The frame has every label that a case has, so no cell is missing.
            let added = table.add_codes(&labels, n.into());
            debug_assert!(added.is_ok());
        }
        table
    }

    /// The exact cells of a cube for a period, over the cases that are meant.
    ///
    /// Each person is counted once in a year: a quarter holds those who were first identified in it,
    /// and somebody of whom only the year is known is in no quarter. What this does depends on the
    /// cells that there are, and not on who is in them.
    pub(crate) fn tally(&self, cube: &Cube, period: Period, whose: &Whose<'_>) -> Exact {
        // The first dimension of a cube is the lowest digit of a cell's place; of an answer, the last.
        let by = cube.dimensions.iter().rev().map(|it| cube_column(*it));
        // No case is in a cube of referrals.
        let Some(mut by) = by.collect::<Option<Vec<_>>>() else { return Exact::empty(cube) };
        let in_cube = cube.dimensions.iter().take_while(|it| **it != CubeDimension::Quarter);
        let stride: usize = in_cube.map(|it| it.labels().len()).product();
        let quarter = match period {
            Period::Quarter(quarter) => Some(usize::from(quarter.number()) - 1),
            Period::Year(_) => None,
        };
        if quarter.is_some() && !cube.dimensions.contains(&CubeDimension::Quarter) {
            by.insert(0, QUARTER);
        }
        let keep = self.kept(Period::Year(period.year()), Some(whose));
        let query = Query { by, keep, counted: Counted::FirstOfPerson };
        let counted = self.columns.count(&query, 1);
        // A plan has at most three dimensions, so with the quarter there are not too many.
        debug_assert!(counted.is_ok());
        let mut exact = vec![0; cube.n_cells()];
        let n_cells = exact.len().max(1);
        for (at, n) in counted.iter().flat_map(|cells| cells.counts()).enumerate() {
            let is_meant = quarter.is_none_or(|quarter| at / stride % N_QUARTERS == quarter);
            if let Some(cell) = exact.get_mut(at % n_cells) {
                *cell += u64::from(*n) * u64::from(is_meant);
            }
        }
        Exact::of(cube, exact).unwrap_or_else(|| Exact::empty(cube))
    }

    /// What a case must be like to be one of a period, and one of those that are meant.
    fn kept(&self, period: Period, whose: Option<&Whose<'_>>) -> Vec<Test> {
        let (first, last) = codes_within(period);
        let mut keep = vec![Test::Between(PERIOD, first, last)];
        if let Some(whose) = whose {
            let (facts, consents) = self.standings.asked(whose);
            keep.extend([Test::Listed(FACTS, facts), Test::Listed(CONSENTS, consents)]);
        }
        keep
    }

    /// The periods in which there are cases: years and quarters.
    pub fn periods(&self) -> BTreeSet<u32> {
        let query = Query { by: vec![PERIOD], keep: Vec::new(), counted: Counted::Rows };
        let cells = self.columns.count(&query, 1);
        let occupied = cells.iter().flat_map(|cells| cells.occupied());
        let codes = occupied.flat_map(|(place, _)| place);
        codes.map(period_number).flat_map(|number| [number, number / 10 * 10]).collect()
    }
}

/// Cases that are read from the store, each once.
pub(super) struct Filling {
    building: Building,
    uncounted: HashSet<[u8; 16]>,
    standings: Standings,
    lines: Vec<(u128, Line)>,
}

impl Default for Filling {
    fn default() -> Self {
        Self {
            building: Building::new(coded::layout()),
            uncounted: HashSet::new(),
            standings: Standings::default(),
            lines: Vec::new(),
        }
    }
}

impl Filling {
    /// One case more.
    pub(super) fn push(&mut self, case: &Case, ours: &OrgId) {
        let id = case.record.id.0;
        let consents = self.standings.consents_of(case);
        self.lines.push((u128::from_be_bytes(id), Line::of(case, consents)));
        let Some(values) = values_of(&mut self.standings, case, consents, ours) else {
            self.uncounted.insert(id);
            return;
        };
        let person = case.record.person_or_self().0;
        let pushed = self.building.push(&Row { id, person, values: &values });
        debug_assert!(pushed.is_ok());
    }

    /// All of them, by so many threads.
    pub(super) fn finish(self, n_threads: usize) -> Cases {
        let Self { building, uncounted, standings, lines } = self;
        let columns = building.finish(n_threads);
        Cases { columns, uncounted, standings, listed: Listed::of(lines) }
    }
}

/// The values of a case in the columns; `None` if it does not count.
fn values_of(
    standings: &mut Standings,
    case: &Case,
    consents: u32,
    ours: &OrgId,
) -> Option<[u32; coded::N_COLUMNS]> {
    let counts = !case.withdrawn && case.record.status != Some(Status::NotVictim);
    let period = case.record.period().filter(|_| counts)?;
    let standing = standings.of(case, consents, ours)?;
    Some(coded::values_of(&case.record, period, standing))
}
