//! A cube that every write keeps current: one count per period and cell.
//!
//! A person is counted once in each period, in the cell of the first of its rows there that pass. So
//! a write changes what one or two persons add: that is taken out before and put in after.

use std::fmt;

use super::layout::{Column, Layout};
use super::query::{BadQuery, MAX_CELLS, Plan, Test};
use super::rows::Rows;

/// What a cube counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CubeSpec {
    /// The dimensions: columns of codes, since a person counts in one cell.
    pub by: Vec<Column>,
    /// What a row must pass to be looked at.
    pub keep: Vec<Test>,
    /// The periods.
    pub periods: Periods,
}

/// Which period each code of a column belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Periods {
    /// A column of codes.
    pub column: Column,
    /// The period of each code, counted from 0; `None` where it belongs to none.
    pub of: Vec<Option<u16>>,
}

/// A cube's name among those that are maintained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CubeId(pub(super) usize);

/// A cube and its current counts, which `Debug` does not show.
#[derive(Clone)]
pub struct Cube {
    plan: Plan,
    column: usize,
    periods: Vec<Option<u16>>,
    n_periods: usize,
    pub(super) counts: Vec<u32>,
}

impl fmt::Debug for Cube {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cube({} cells)", self.counts.len())
    }
}

impl Cube {
    /// The cube with no rows.
    pub(super) fn new(spec: &CubeSpec, layout: &Layout) -> Result<Self, BadQuery> {
        let plan = Plan::new(&spec.by, &spec.keep, layout)?;
        if plan.has_sets() {
            let is_set = |column: &&Column| {
                plan.dims.iter().any(|dim| dim.column == column.at() && dim.is_set)
            };
            let set = spec.by.iter().find(is_set).copied();
            return Err(BadQuery::Value(set.unwrap_or(spec.periods.column)));
        }
        // Also refuses a column that is not there.
        let of_periods = Plan::new(&[spec.periods.column], &[], layout)?;
        if of_periods.has_sets() || of_periods.n_cells != spec.periods.of.len() {
            return Err(BadQuery::Value(spec.periods.column));
        }
        let last = spec.periods.of.iter().flatten().max();
        let n_periods = last.map_or(0, |last| usize::from(*last) + 1);
        let n_counts = n_periods.saturating_mul(plan.n_cells);
        if n_counts > MAX_CELLS {
            return Err(BadQuery::TooManyCells);
        }
        Ok(Self {
            plan,
            column: spec.periods.column.at(),
            periods: spec.periods.of.clone(),
            n_periods,
            counts: vec![0; n_counts],
        })
    }

    /// How many codes each dimension has.
    pub fn sizes(&self) -> Vec<usize> {
        self.plan.sizes()
    }

    /// How many periods there are.
    pub fn n_periods(&self) -> usize {
        self.n_periods
    }

    /// The counts of one period in mixed radix, the last dimension changing fastest.
    pub fn period(&self, period: u16) -> Option<&[u32]> {
        let start = usize::from(period) * self.plan.n_cells;
        self.counts.get(start..start + self.plan.n_cells)
    }

    /// Adds the counts in which one person is, given the rows in order.
    pub(super) fn cells_of_person<'a>(
        &self,
        rows: impl Iterator<Item = (&'a Rows, usize)>,
        cells: &mut Vec<u32>,
    ) {
        let n_cells = u32::try_from(self.plan.n_cells).unwrap_or(u32::MAX);
        let mut seen: Vec<u16> = Vec::new();
        for (rows, row) in rows {
            let code = rows.value(self.column, row) as usize;
            let Some(period) = self.periods.get(code).copied().flatten() else { continue };
            if seen.contains(&period) || !self.plan.passes(rows, row) {
                continue;
            }
            seen.push(period);
            let from = cells.len();
            self.plan.cells_of(rows, row, cells);
            let start = u32::from(period) * n_cells;
            cells.iter_mut().skip(from).for_each(|cell| *cell += start);
        }
    }
}
