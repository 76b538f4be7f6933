//! The bulk of the rows: immutable but for withdrawals, the rows of one person side by side.
//!
//! Nothing here is hashed. Persons and ids are sorted, so that a snapshot is read by copying it, and
//! looking one up costs some 25 steps, about a microsecond.

use std::cmp::Ordering;

use super::delta::Loose;
use super::layout::Layout;
use super::rows::{Bits, Rows, pick};

/// The most rows of one person that a block scan looks at together.
///
/// It compares a row with each of those before it, and blocks overlap by as many rows.
pub(super) const LONGEST_RUN: usize = 64;

#[derive(Clone)]
pub(super) struct Segment {
    pub(super) rows: Rows,
    /// The place of a row among those of its person, from 0. Rows past the longest run have the
    /// last place.
    pub(super) ranks: Vec<u8>,
    /// The rows that a block scan may count by person: alive, and all rows of the person are here
    /// and make no long run.
    pub(super) settled: Bits,
    /// Persons with long runs, by their position.
    pub(super) long: Vec<u32>,
    pub(super) persons: Vec<u128>,
    /// The first row of each person, and the number of rows.
    pub(super) starts: Vec<u32>,
    pub(super) ids: Vec<u128>,
    /// The rows in the order of their ids.
    pub(super) by_id: Vec<u32>,
}

impl Segment {
    pub(super) fn new(layout: &Layout) -> Self {
        Self {
            rows: Rows::new(layout),
            ranks: Vec::new(),
            settled: Bits::default(),
            long: Vec::new(),
            persons: Vec::new(),
            starts: vec![0],
            ids: Vec::new(),
            by_id: Vec::new(),
        }
    }

    /// A segment of all parts that are kept; the others are computed.
    pub(super) fn of(
        rows: Rows,
        persons: Vec<u128>,
        starts: Vec<u32>,
        ids: Vec<u128>,
        by_id: Vec<u32>,
    ) -> Self {
        let mut settled = rows.alive.clone();
        let (mut ranks, mut long) = (Vec::with_capacity(rows.n()), Vec::new());
        for (position, run) in (0..).zip(starts.windows(2)) {
            let &[start, end] = run else { continue };
            let (start, end) = (start as usize, end as usize);
            let last = u8::try_from(LONGEST_RUN - 1).unwrap_or(u8::MAX);
            ranks.extend((0..last).chain(std::iter::repeat(last)).take(end - start));
            if end - start > LONGEST_RUN {
                long.push(position);
                (start..end).for_each(|row| settled.clear(row));
            }
        }
        Self { rows, ranks, settled, long, persons, starts, ids, by_id }
    }

    /// The rows of `self` and `loose` that count, in one segment.
    pub(super) fn merged(&self, loose: &Loose, layout: &Layout, n_threads: usize) -> Self {
        let (order, persons, starts) = Merge { segment: self, loose, layout }.order();
        let ids = pick(&self.ids, &loose.ids, &order);
        let sort = || {
            let mut named: Vec<(u128, u32)> = ids.iter().copied().zip(0..).collect();
            named.sort_unstable();
            named.into_iter().map(|(_, row)| row).collect()
        };
        let gather = || self.rows.picked(&loose.rows, &order);
        let (by_id, rows): (Vec<u32>, Rows) = match n_threads {
            0 | 1 => (sort(), gather()),
            _ => std::thread::scope(|scope| {
                let sorting = scope.spawn(sort);
                let rows = gather();
                match sorting.join() {
                    Ok(by_id) => (by_id, rows),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }),
        };
        Self::of(rows, persons, starts, ids, by_id)
    }

    pub(super) fn n(&self) -> usize {
        self.rows.n()
    }

    /// The row with this id, if it counts.
    pub(super) fn row(&self, id: u128) -> Option<usize> {
        let id_of = |row: &u32| self.ids.get(*row as usize).copied().unwrap_or_default();
        let found = self.by_id.binary_search_by_key(&id, id_of).ok()?;
        let row = *self.by_id.get(found)? as usize;
        self.rows.alive.is_set(row).then_some(row)
    }

    /// The person whose row this is.
    pub(super) fn person_of(&self, row: usize) -> Option<u128> {
        let after = self.starts.partition_point(|start| *start as usize <= row);
        self.persons.get(after.checked_sub(1)?).copied()
    }

    /// The rows of a person, also those that no longer count.
    pub(super) fn run(&self, person: u128) -> std::ops::Range<usize> {
        match self.persons.binary_search(&person) {
            Ok(position) => self.run_at(position),
            Err(_) => 0..0,
        }
    }

    pub(super) fn run_at(&self, position: usize) -> std::ops::Range<usize> {
        match self.starts.get(position..position + 2) {
            Some([start, end]) => *start as usize..*end as usize,
            _ => 0..0,
        }
    }

    /// What orders the rows of one person.
    fn rank(&self, layout: &Layout, row: usize) -> (u32, u128) {
        let first_by = layout.ordered_by().map_or(0, |column| self.rows.value(column.at(), row));
        (first_by, self.ids.get(row).copied().unwrap_or_default())
    }

    /// Where each of these rows comes among the others of one person, with rows of `loose` after
    /// those of `self`: `true` is loose.
    pub(super) fn woven(
        &self,
        run: impl Iterator<Item = usize>,
        loose: &Loose,
        layout: &Layout,
        added: &[u32],
    ) -> Vec<(bool, usize)> {
        let ours = run.filter(|row| self.rows.alive.is_set(*row)).map(|row| (false, row));
        let mut all: Vec<(bool, usize)> = ours.collect();
        if !added.is_empty() {
            all.extend(added.iter().map(|row| (true, *row as usize)));
            all.sort_by_cached_key(|(is_loose, row)| match (is_loose, u32::try_from(*row)) {
                (true, Ok(row)) => loose.rank(layout, row),
                _ => self.rank(layout, *row),
            });
        }
        all
    }

    pub(super) fn n_bytes(&self) -> usize {
        let names = (self.persons.capacity() + self.ids.capacity()) * 16;
        let numbers = (self.starts.capacity() + self.by_id.capacity() + self.long.capacity()) * 4;
        self.rows.n_bytes() + self.ranks.capacity() + self.settled.n_bytes() + names + numbers
    }
}

/// Two sorted lists of persons becoming one.
struct Merge<'a> {
    segment: &'a Segment,
    loose: &'a Loose,
    layout: &'a Layout,
}

impl Merge<'_> {
    /// The rows in their new order, those of `loose` numbered after those of the segment; the
    /// persons; and where each begins.
    fn order(&self) -> (Vec<u32>, Vec<u128>, Vec<u32>) {
        let n = self.segment.rows.alive.n_set() + self.loose.rows.alive.n_set();
        let mut order: Vec<u32> = Vec::with_capacity(n);
        let (mut persons, mut starts) = (Vec::new(), Vec::new());
        let added = self.loose.by_person(self.layout);
        let mut added = added.chunk_by(|(person, _), (next, _)| person == next).peekable();
        let mut kept = self.segment.persons.iter().copied().enumerate().peekable();
        loop {
            let ours = kept.peek().map(|(_, person)| *person);
            let theirs = added.peek().and_then(|rows| rows.first()).map(|(person, _)| *person);
            let (person, which) = match (ours, theirs) {
                (None, None) => break,
                (Some(person), None) => (person, Ordering::Less),
                (None, Some(person)) => (person, Ordering::Greater),
                (Some(ours), Some(theirs)) => (ours.min(theirs), ours.cmp(&theirs)),
            };
            let run = match which {
                Ordering::Greater => 0..0,
                _ => kept.next().map_or(0..0, |(position, _)| self.segment.run_at(position)),
            };
            let rows = match which {
                Ordering::Less => None,
                _ => added.next(),
            };
            let start = order.len();
            self.extend(&mut order, run, rows.unwrap_or_default());
            if order.len() > start {
                persons.push(person);
                starts.push(u32::try_from(start).unwrap_or(u32::MAX));
            }
        }
        starts.push(u32::try_from(order.len()).unwrap_or(u32::MAX));
        persons.shrink_to_fit();
        starts.shrink_to_fit();
        (order, persons, starts)
    }

    fn extend(&self, order: &mut Vec<u32>, run: std::ops::Range<usize>, added: &[(u128, u32)]) {
        // Rows are numbered in 32 bits: `Columns::put` refuses more.
        let n = u32::try_from(self.segment.n()).unwrap_or(u32::MAX);
        if run.is_empty() {
            order.extend(added.iter().map(|(_, row)| row + n));
            return;
        }
        if added.is_empty() {
            let alive = run.filter(|row| self.segment.rows.alive.is_set(*row));
            order.extend(alive.filter_map(|row| u32::try_from(row).ok()));
            return;
        }
        let added: Vec<u32> = added.iter().map(|(_, row)| *row).collect();
        for (is_loose, row) in self.segment.woven(run, self.loose, self.layout, &added) {
            let row = u32::try_from(row).unwrap_or(u32::MAX);
            order.push(if is_loose { row + n } else { row });
        }
    }
}
