//! The counting engine: coded rows in memory, column by column, and exact counts of them.
//!
//! The one idea: **codes are small and dense, so a cell is a number and counting needs no hashing.**
//! A question has at most four dimensions; the codes of a row make the number of its cell in mixed
//! radix. Columns are walked in blocks by loops that the compiler turns into vector instructions
//! (`columns/lanes.rs`). A set of labels is a bitmap per label, and is never taken apart row by row.
//!
//! The rows of one person lie side by side in a large segment, so that distinct persons are counted
//! without looking anybody up. What is new is in a small delta until the next [`Columns::merge`];
//! persons with rows there are counted row by row. Withdrawing clears a bit.
//!
//! Cubes can be *maintained*: every write changes the counts of the persons concerned, and an
//! answer is a look-up. They equal a full recount after any history. A node maintains none, and has
//! no sets; `docs/decisions/0020-counting-columns.md` says why.
//!
//! What is not here: protection. Every count is exact; [`crate::count`] and the release plans say
//! what of it may be told. And no I/O: a snapshot is bytes, and sealing them is the store's.

mod building;
mod cube;
mod delta;
mod lanes;
mod layout;
mod plain;
mod planes;
mod query;
mod rows;
mod scan;
mod segment;
mod snapshot;
#[cfg(test)]
mod tests;

use delta::Delta;
use scan::{Scan, Way};
use segment::Segment;

use query::Plan;
use rows::Rows;

pub use building::Building;
pub use cube::{Cube, CubeId, CubeSpec, Periods};
pub use layout::{BadLayout, BadRow, Column, Kind, Layout, Row};
pub use query::{BadQuery, Cells, Counted, MAX_CELLS, MAX_DIMENSIONS, Query, Test};
pub use snapshot::BadSnapshot;

/// A delta of fewer rows is not worth a merge.
const SMALL_DELTA: usize = 4096;

/// A delta of one row in so many is: a merge then takes about as long as the writes before it took,
/// and the persons who are counted row by row take some ten times a block scan.
const DELTA_SHARE: usize = 32;

/// Coded rows, and the cubes kept of them.
///
/// Shows how many rows there are, never what stands in them.
#[derive(Clone)]
pub struct Columns {
    layout: Layout,
    segment: Segment,
    delta: Delta,
    cubes: Vec<Cube>,
}

impl std::fmt::Debug for Columns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Columns({} rows, {} cubes)", self.n_rows(), self.cubes.len())
    }
}

impl Columns {
    /// No rows.
    pub fn new(layout: Layout) -> Self {
        let (segment, delta) = (Segment::new(&layout), Delta::new(&layout));
        Self { layout, segment, delta, cubes: Vec::new() }
    }

    /// Many rows at once, by so many threads. Of several with one id the last counts.
    pub fn build<'a>(
        layout: Layout,
        rows: impl IntoIterator<Item = Row<'a>>,
        n_threads: usize,
    ) -> Result<Self, BadRow> {
        let mut building = Building::new(layout);
        rows.into_iter().try_for_each(|row| building.push(&row))?;
        Ok(building.finish(n_threads))
    }

    /// Takes a row in, in place of the one with its id if there is one.
    pub fn put(&mut self, row: &Row<'_>) -> Result<(), BadRow> {
        self.layout.check(row.values)?;
        let at = next_row(self.delta.loose.rows.n())?;
        next_row(self.segment.n() + self.delta.loose.rows.n())?;
        let (id, person) = (u128::from_be_bytes(row.id), u128::from_be_bytes(row.person));
        let before = self.person_of(id);
        let mut concerned = vec![person];
        concerned.extend(before.filter(|before| *before != person));
        self.change(&concerned, |columns| {
            columns.remove(id);
            columns.delta.push(row, at);
            columns.segment.run(person).for_each(|row| columns.segment.settled.clear(row));
        });
        Ok(())
    }

    /// Takes a row out. Returns whether there was one.
    pub fn withdraw(&mut self, id: &[u8; 16]) -> bool {
        let id = u128::from_be_bytes(*id);
        let Some(person) = self.person_of(id) else { return false };
        self.change(&[person], |columns| columns.remove(id));
        true
    }

    /// Whether so many rows are new that a [`Columns::merge`] pays.
    pub fn wants_merge(&self) -> bool {
        let n_new = self.delta.loose.rows.n();
        n_new >= SMALL_DELTA.max(self.segment.n() / DELTA_SHARE)
    }

    /// Brings the new rows among the others, by so many threads. Changes no answer.
    ///
    /// Takes about a tenth of a second for a million rows.
    pub fn merge(&mut self, n_threads: usize) {
        let is_whole = self.segment.rows.alive.n_set() == self.segment.n();
        if self.delta.loose.rows.n() > 0 || !is_whole {
            self.segment = self.segment.merged(&self.delta.loose, &self.layout, n_threads);
            self.delta = Delta::new(&self.layout);
        }
    }

    /// Whether there is a row with this id.
    pub fn has(&self, id: &[u8; 16]) -> bool {
        self.person_of(u128::from_be_bytes(*id)).is_some()
    }

    /// How many rows there are.
    pub fn n_rows(&self) -> usize {
        self.segment.rows.alive.n_set() + self.delta.n_alive()
    }

    /// The columns.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// About how many bytes all of this takes, the ids and persons included.
    pub fn n_bytes(&self) -> usize {
        let cubes: usize = self.cubes.iter().map(|cube| cube.counts.capacity() * 4).sum();
        self.segment.n_bytes() + self.delta.n_bytes() + cubes
    }

    /// Answers a question, by so many threads.
    pub fn count(&self, query: &Query, n_threads: usize) -> Result<Cells, BadQuery> {
        let Query { by, keep, counted } = query;
        let plan = Plan::new(by, keep, &self.layout)?;
        let counts = match (Way::of(&plan, *counted), counted) {
            (Way::RowByRow, Counted::Rows) => self.counts_of_rows(&plan),
            (Way::RowByRow, _) => {
                let mut counts = vec![0; plan.n_cells];
                self.each_person(|rows| self.add_person(&plan, *counted, rows, &mut counts));
                counts
            }
            (way, Counted::Rows) => {
                let mut counts = self.scan(false, &plan, *counted).counts(way, n_threads);
                let more = self.scan(true, &plan, *counted).counts(way, 1);
                counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
                counts
            }
            (way, _) => {
                let mut counts = self.scan(false, &plan, *counted).counts(way, n_threads);
                self.each_unsettled_person(|rows| {
                    self.add_person(&plan, *counted, rows, &mut counts);
                });
                counts
            }
        };
        Ok(Cells::new(plan.sizes(), counts))
    }

    /// Counts a cube, and keeps it current from now on.
    pub fn maintain(&mut self, spec: &CubeSpec) -> Result<CubeId, BadQuery> {
        let mut cube = Cube::new(spec, &self.layout)?;
        cube.counts = self.recounted(&cube);
        self.cubes.push(cube);
        Ok(CubeId(self.cubes.len() - 1))
    }

    /// A maintained cube.
    pub fn cube(&self, id: CubeId) -> Option<&Cube> {
        self.cubes.get(id.0)
    }

    /// Whether the cubes are what a full recount gives. Anything else is a fault of this program.
    pub fn cubes_are_right(&self) -> bool {
        self.cubes.iter().all(|cube| self.recounted(cube) == cube.counts)
    }

    fn recounted(&self, cube: &Cube) -> Vec<u32> {
        let (mut counts, mut cells) = (vec![0; cube.counts.len()], Vec::new());
        self.each_person(|rows| {
            cells.clear();
            cube.cells_of_person(rows.iter().map(|row| self.place(*row)), &mut cells);
            plain::add(&mut counts, &cells);
        });
        counts
    }

    /// Makes a change that concerns the rows of these persons, and brings the cubes along.
    fn change<T>(&mut self, persons: &[u128], body: impl FnOnce(&mut Self) -> T) -> T {
        self.adjust(persons, plain::subtract);
        let value = body(self);
        self.adjust(persons, plain::add);
        value
    }

    fn adjust(&mut self, persons: &[u128], by: fn(&mut [u32], &[u32])) {
        if self.cubes.is_empty() {
            return;
        }
        let mut cubes = std::mem::take(&mut self.cubes);
        let mut cells = Vec::new();
        for person in persons {
            let rows = self.rows_of(*person);
            for cube in &mut cubes {
                cells.clear();
                cube.cells_of_person(rows.iter().map(|row| self.place(*row)), &mut cells);
                by(&mut cube.counts, &cells);
            }
        }
        self.cubes = cubes;
    }

    fn remove(&mut self, id: u128) {
        if !self.delta.remove(id)
            && let Some(row) = self.segment.row(id)
        {
            self.segment.rows.alive.clear(row);
            self.segment.settled.clear(row);
        }
    }

    fn person_of(&self, id: u128) -> Option<u128> {
        let in_segment = || self.segment.person_of(self.segment.row(id)?);
        self.delta.person_of(id).or_else(in_segment)
    }

    fn scan<'a>(&'a self, is_delta: bool, plan: &'a Plan, counted: Counted) -> Scan<'a> {
        let rows = if is_delta { &self.delta.loose.rows } else { &self.segment.rows };
        let mask = if counted == Counted::Rows { &rows.alive } else { &self.segment.settled };
        Scan { rows, mask, ranks: &self.segment.ranks, plan, counted }
    }

    fn counts_of_rows(&self, plan: &Plan) -> Vec<u32> {
        let (mut counts, mut cells) = (vec![0; plan.n_cells], Vec::new());
        for rows in [&self.segment.rows, &self.delta.loose.rows] {
            for row in (0..rows.n()).filter(|row| rows.alive.is_set(*row)) {
                if plan.passes(rows, row) {
                    cells.clear();
                    plan.cells_of(rows, row, &mut cells);
                    plain::add(&mut counts, &cells);
                }
            }
        }
        counts
    }

    fn add_person(&self, plan: &Plan, counted: Counted, rows: &[Place], counts: &mut [u32]) {
        let mut cells = Vec::new();
        plan.cells_of_person(counted, rows.iter().map(|row| self.place(*row)), &mut cells);
        plain::add(counts, &cells);
    }

    /// The rows of every person, in order.
    fn each_person(&self, mut body: impl FnMut(&[Place])) {
        for (position, person) in self.segment.persons.iter().enumerate() {
            if !self.delta.knows(*person) {
                body(&self.woven(self.segment.run_at(position), *person));
            }
        }
        for person in self.delta.persons() {
            body(&self.rows_of(person));
        }
    }

    /// The rows of every person that a block scan leaves out, in order.
    fn each_unsettled_person(&self, mut body: impl FnMut(&[Place])) {
        for position in &self.segment.long {
            let position = *position as usize;
            if let Some(person) = self.segment.persons.get(position)
                && !self.delta.knows(*person)
            {
                body(&self.woven(self.segment.run_at(position), *person));
            }
        }
        for person in self.delta.persons() {
            body(&self.rows_of(person));
        }
    }

    fn rows_of(&self, person: u128) -> Vec<Place> {
        self.woven(self.segment.run(person), person)
    }

    fn woven(&self, run: std::ops::Range<usize>, person: u128) -> Vec<Place> {
        let Delta { loose, .. } = &self.delta;
        self.segment.woven(run, loose, &self.layout, self.delta.rows_of(person))
    }

    fn place(&self, (is_loose, row): Place) -> (&Rows, usize) {
        (if is_loose { &self.delta.loose.rows } else { &self.segment.rows }, row)
    }
}

/// A row: whether it is in the delta, and its number there.
type Place = (bool, usize);

/// The number of the next of `n` rows.
fn next_row(n: usize) -> Result<u32, BadRow> {
    // The largest number stands for none.
    u32::try_from(n).ok().filter(|row| *row < u32::MAX).ok_or(BadRow::Full)
}
