//! Columns from many rows at once: faster than to put one after the other, and merged.

use std::fmt;

use super::delta::Loose;
use super::layout::{BadRow, Layout, Row};
use super::{Columns, next_row};

/// Rows that become columns. Its `Debug` says how many there are.
pub struct Building {
    layout: Layout,
    loose: Loose,
}

impl fmt::Debug for Building {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Building({} rows)", self.loose.rows.n())
    }
}

impl Building {
    /// No rows yet.
    pub fn new(layout: Layout) -> Self {
        let loose = Loose::new(&layout);
        Self { layout, loose }
    }

    /// One row more. Of several with one id the last counts.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), BadRow> {
        self.layout.check(row.values)?;
        next_row(self.loose.rows.n())?;
        self.loose.push(row);
        Ok(())
    }

    /// The columns, by so many threads.
    pub fn finish(self, n_threads: usize) -> Columns {
        let Self { layout, mut loose } = self;
        loose.keep_the_last_of_each_id();
        let mut columns = Columns::new(layout);
        columns.segment = columns.segment.merged(&loose, &columns.layout, n_threads);
        columns
    }
}
