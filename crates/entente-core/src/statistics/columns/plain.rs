//! Counting row by row: for the few persons whose rows are in two places, for questions that no block
//! scan answers, and for what one write changes.

use super::query::{Check, Counted, Plan};
use super::rows::Rows;

impl Plan {
    /// Whether a row passes all tests.
    pub(super) fn passes(&self, rows: &Rows, row: usize) -> bool {
        self.checks.iter().all(|check| match check {
            Check::Code { column, ranges } => {
                let code = rows.value(*column, row);
                let is_within = |low: u16, width: u16| {
                    code.checked_sub(low.into()).is_some_and(|above| above <= width.into())
                };
                ranges.iter().any(|(low, width)| is_within(*low, *width))
            }
            Check::Flag { column, label, wanted } => {
                (rows.value(*column, row) >> label & 1 == 1) == *wanted
            }
            Check::Listed { column, listed } => {
                listed.get(rows.value(*column, row) as usize) == Some(&1)
            }
        })
    }

    /// Adds the cells in which a row is: one, unless there are sets.
    pub(super) fn cells_of(&self, rows: &Rows, row: usize, cells: &mut Vec<u32>) {
        let from = cells.len();
        cells.push(0);
        for dim in &self.dims {
            dim.place(rows.value(dim.column, row), cells, from);
        }
    }

    /// Adds the cells in which one person counts, given the rows in order.
    pub(super) fn cells_of_person<'a>(
        &self,
        counted: Counted,
        rows: impl Iterator<Item = (&'a Rows, usize)>,
        cells: &mut Vec<u32>,
    ) {
        for (rows, row) in rows.filter(|(rows, row)| self.passes(rows, *row)) {
            self.cells_of(rows, row, cells);
            if counted == Counted::FirstOfPerson {
                break;
            }
        }
        if counted == Counted::Persons {
            cells.sort_unstable();
            cells.dedup();
        }
    }
}

/// Adds one to each of these cells.
pub(super) fn add(counts: &mut [u32], cells: &[u32]) {
    for cell in cells {
        if let Some(count) = counts.get_mut(*cell as usize) {
            *count = count.wrapping_add(1);
        }
    }
}

/// Takes one from each of these cells.
pub(super) fn subtract(counts: &mut [u32], cells: &[u32]) {
    for cell in cells {
        if let Some(count) = counts.get_mut(*cell as usize) {
            *count = count.wrapping_sub(1);
        }
    }
}
