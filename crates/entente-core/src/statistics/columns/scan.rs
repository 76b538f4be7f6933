//! Counting over all rows, a block at a time.
//!
//! A block is tested column by column, then the number of each row's cell is computed, rows that do
//! not count are sent to a cell of their own, and all are tallied: no step branches on a row. Where
//! few rows pass, they are looked at one by one instead. Sets are never taken apart row by row: two
//! bitmaps are intersected and the common bits counted.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::lanes::{self, Index, N_OTHERS};
use super::planes::Planes;
use super::query::{Check, Counted, Dim, Plan};
use super::rows::{Bits, Rows, Values};
use super::segment::LONGEST_RUN;

/// Rows of a block, and what a thread takes at a time. Shorter blocks stay in the first level of the
/// cache, but each column is then read a page at a time, and reading a page begins slowly: with
/// 4,096 rows, questions about ten million took up to a fifth longer.
pub(super) const BLOCK: usize = 16_384;

/// In blocks where fewer than one row in so many passes, rows are looked at one by one.
const SPARSE: usize = 16;

/// Up to so many cells of codes, a bitmap is made of each to intersect it with those of a set.
const MOST_PLANES: usize = 64;

/// How a question is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Cells numbered in one byte, in two, in four.
    Bytes,
    Words,
    Longs,
    /// Cells numbered in two bytes, with every value of a set as a code.
    Values,
    /// A set, and one more set or a few cells of codes.
    Planes,
    /// None of these.
    RowByRow,
}

impl Way {
    pub(super) fn of(plan: &Plan, counted: Counted) -> Self {
        let n_sets = plan.dims.iter().filter(|dim| dim.is_set).count();
        let codes = plan.dims.iter().filter(|dim| !dim.is_set);
        let n_cells: usize = codes.map(|dim| dim.size).product();
        match (n_sets, plan.n_cells) {
            (0, n) if n + N_OTHERS <= 1 << 8 => Self::Bytes,
            (0, n) if n + N_OTHERS <= 1 << 16 => Self::Words,
            (0, _) => Self::Longs,
            _ if counted == Counted::Rows && plan.with_sets_as_codes().is_some() => Self::Values,
            (1, _) if counted == Counted::Rows && n_cells <= MOST_PLANES => Self::Planes,
            (2, _) if counted == Counted::Rows && n_cells == 1 => Self::Planes,
            _ => Self::RowByRow,
        }
    }
}

/// Rows to be counted by one question.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    pub(super) rows: &'a Rows,
    /// The rows that count.
    pub(super) mask: &'a Bits,
    /// The place of each row among those of its person, if persons are counted.
    pub(super) ranks: &'a [u8],
    pub(super) plan: &'a Plan,
    pub(super) counted: Counted,
}

impl Scan<'_> {
    /// The counts of all rows, by at most so many threads.
    pub(super) fn counts(&self, way: Way, n_threads: usize) -> Vec<u32> {
        if way == Way::Values
            && let Some(values) = self.plan.with_sets_as_codes()
        {
            let counts = Scan { plan: &values, ..*self }.counts(Way::Words, n_threads);
            return self.plan.unnest(&values, &counts);
        }
        let blocks = Blocks { n_rows: self.rows.n(), n_taken: AtomicUsize::new(0) };
        let n_others = n_threads.min(self.rows.n().div_ceil(BLOCK)).saturating_sub(1);
        std::thread::scope(|scope| {
            let work = || self.part(way, &blocks);
            let others: Vec<_> = (0..n_others).map(|_| scope.spawn(work)).collect();
            let mut counts = work();
            for other in others {
                let more = match other.join() {
                    Ok(more) => more,
                    Err(panic) => std::panic::resume_unwind(panic),
                };
                for (count, more) in counts.iter_mut().zip(more) {
                    *count = count.wrapping_add(more);
                }
            }
            counts
        })
    }

    fn part(&self, way: Way, blocks: &Blocks) -> Vec<u32> {
        match way {
            Way::Bytes => self.cells::<u8>(blocks),
            Way::Words => self.cells::<u16>(blocks),
            Way::Longs => self.cells::<u32>(blocks),
            Way::Planes => Planes::new(self).map_or_else(Vec::new, |planes| planes.counts(blocks)),
            Way::Values | Way::RowByRow => Vec::new(),
        }
    }

    fn cells<I: Index>(&self, blocks: &Blocks) -> Vec<u32> {
        let n_cells = self.plan.n_cells;
        let mut places = vec![0; I::n_places(n_cells)];
        let mut block = Block::<I>::new(self.rows.n().min(BLOCK + LONGEST_RUN), n_cells);
        while let Some(range) = blocks.take() {
            // The rows of a person may begin in the block before.
            let look = match self.counted {
                Counted::Rows => 0,
                Counted::Persons | Counted::FirstOfPerson => LONGEST_RUN.min(range.start),
            };
            self.block(&mut block, range.start - look..range.end, look, &mut places);
        }
        lanes::collect::<I>(n_cells, &places)
    }

    /// Counts the rows in `range` but for the first `look`.
    fn block<I: Index>(
        &self,
        block: &mut Block<I>,
        range: Range<usize>,
        look: usize,
        places: &mut [u32],
    ) {
        let n = range.len();
        let Block { pass, hit, index, first, few, others } = block;
        let (Some(pass), Some(hit), Some(index)) =
            (pass.get_mut(..n), hit.get_mut(..n), index.get_mut(..n))
        else {
            return;
        };
        let passing = match self.test(&range, pass, hit, self.counted == Counted::Rows) {
            Passing::None => return,
            Passing::Few(rest) => {
                few.clear();
                lanes::gather(pass, few);
                self.few(range.start, few, rest, places);
                return;
            }
            passing => passing,
        };
        self.number(&self.plan.dims, &range, index);
        if !matches!(passing, Passing::All) {
            lanes::divert(index, pass, others);
        }
        if self.counted != Counted::Rows {
            let Some(first) = first.get_mut(..n - look) else { return };
            first.copy_from_slice(part(pass, &(look..n)));
            self.keep_first(first, &(range.start + look..range.end), pass, index);
            if let Some(index) = index.get_mut(look..) {
                lanes::divert(index, first, others);
            }
        }
        I::tally(part(index, &(look..n)), self.plan.n_cells, places);
    }

    /// Lets only those rows pass that count for their persons. `passed` and `index` are of these rows
    /// and some before them.
    fn keep_first<I: Index>(
        &self,
        pass: &mut [u8],
        range: &Range<usize>,
        passed: &[u8],
        index: &[I],
    ) {
        let ranks = part(self.ranks, range);
        let most = ranks.iter().copied().max().unwrap_or(0);
        match self.counted {
            Counted::FirstOfPerson => lanes::keep_first(pass, ranks, passed, most),
            _ => lanes::keep_first_in_cell(pass, ranks, index, most),
        }
    }

    /// Marks the rows that pass. With `Passing::All`, every byte is 1. Stops when few rows are left,
    /// if it may.
    pub(super) fn test(
        &self,
        range: &Range<usize>,
        pass: &mut [u8],
        hit: &mut [u8],
        may_stop: bool,
    ) -> Passing<'_> {
        pass.fill(1);
        let n = pass.len();
        let mut n_passing = n;
        let words = self.words(self.mask, range);
        let (full, last) = words.split_at(n / 64);
        let is_full = full.iter().all(|word| *word == u64::MAX)
            && last.iter().all(|word| word.count_ones() as usize == n % 64);
        if !is_full {
            lanes::keep_bits(pass, words, true);
            n_passing = lanes::n_passing(pass) as usize;
        }
        let mut checks = &self.plan.checks[..];
        while let Some((check, rest)) = checks.split_first() {
            if n_passing == 0 || may_stop && n_passing * SPARSE < n {
                break;
            }
            self.check(check, range, pass, hit);
            n_passing = lanes::n_passing(pass) as usize;
            checks = rest;
        }
        match n_passing {
            0 => Passing::None,
            few if may_stop && few * SPARSE < n => Passing::Few(checks),
            all if all == n => Passing::All,
            _ => Passing::Some,
        }
    }

    fn check(&self, check: &Check, range: &Range<usize>, pass: &mut [u8], hit: &mut [u8]) {
        match check {
            Check::Flag { column, label, wanted } => {
                if let Some(plane) = self.planes(*column).get(*label) {
                    lanes::keep_bits(pass, self.words(plane, range), *wanted);
                }
            }
            Check::Code { column, ranges } => match self.rows.values.get(*column) {
                Some(Values::Bytes(codes)) => {
                    lanes::keep_codes(pass, part(codes, range), ranges, hit);
                }
                Some(Values::Words(codes)) => {
                    lanes::keep_codes(pass, part(codes, range), ranges, hit);
                }
                _ => (),
            },
            Check::Listed { column, listed } => {
                if let Some(Values::Longs(numbers)) = self.rows.values.get(*column) {
                    lanes::keep_listed(pass, part(numbers, range), listed);
                }
            }
        }
    }

    /// Computes the number of each row's cell.
    pub(super) fn number<I: Index>(&self, dims: &[Dim], range: &Range<usize>, index: &mut [I]) {
        let Some((last, others)) = dims.split_last() else {
            index.fill(I::default());
            return;
        };
        let (mut together, mut rest): (Vec<(&[u8], u16)>, Vec<&Dim>) = (Vec::new(), Vec::new());
        match self.rows.values.get(last.column) {
            Some(Values::Bytes(codes)) => {
                for dim in others {
                    match (self.rows.values.get(dim.column), u16::try_from(dim.stride)) {
                        (Some(Values::Bytes(codes)), Ok(stride)) => {
                            together.push((part(codes, range), stride));
                        }
                        _ => rest.push(dim),
                    }
                }
                lanes::set_dimensions(index, &together, part(codes, range));
            }
            Some(Values::Words(codes) | Values::Set { codes, .. }) => {
                lanes::set_dimension(index, part(codes, range));
                rest.extend(others);
            }
            // No dimension is a list.
            Some(Values::Longs(_)) | None => (),
        }
        for dim in rest {
            self.add(dim, range, index);
        }
    }

    fn add<I: Index>(&self, dim: &Dim, range: &Range<usize>, index: &mut [I]) {
        match self.rows.values.get(dim.column) {
            Some(Values::Bytes(codes)) => {
                lanes::add_dimension(index, part(codes, range), dim.stride);
            }
            Some(Values::Words(codes) | Values::Set { codes, .. }) => {
                lanes::add_dimension(index, part(codes, range), dim.stride);
            }
            Some(Values::Longs(_)) | None => (),
        }
    }

    /// The bitmaps of a set.
    pub(super) fn planes(&self, column: usize) -> &[Bits] {
        match self.rows.values.get(column) {
            Some(Values::Set { planes, .. }) => planes,
            _ => &[],
        }
    }

    /// Tallies rows that are few, after these checks.
    fn few(&self, start: usize, few: &mut Vec<u32>, checks: &[Check], places: &mut [u32]) {
        for check in checks {
            match check {
                Check::Flag { column, label, wanted } => {
                    self.keep_few(*column, start, few, |value| {
                        (value >> label & 1 == 1) == *wanted
                    });
                }
                Check::Code { column, ranges } => self.keep_few(*column, start, few, |code| {
                    ranges
                        .iter()
                        .any(|(low, width)| code.wrapping_sub(u32::from(*low)) <= u32::from(*width))
                }),
                Check::Listed { column, listed } => self.keep_few(*column, start, few, |number| {
                    listed.get(number as usize) == Some(&1)
                }),
            }
        }
        for row in few {
            let place = |dim: &Dim| self.rows.value(dim.column, start + *row as usize) * dim.stride;
            let index: u32 = self.plan.dims.iter().map(place).sum();
            if let Some(place) = places.get_mut(index as usize) {
                *place = place.wrapping_add(1);
            }
        }
    }

    fn keep_few(
        &self,
        column: usize,
        start: usize,
        few: &mut Vec<u32>,
        is_good: impl Fn(u32) -> bool,
    ) {
        match self.rows.values.get(column) {
            Some(Values::Bytes(codes)) => {
                let code = |row: &u32| codes.get(start + *row as usize).copied().map(u32::from);
                few.retain(|row| code(row).is_some_and(&is_good));
            }
            Some(Values::Words(codes)) => {
                let code = |row: &u32| codes.get(start + *row as usize).copied().map(u32::from);
                few.retain(|row| code(row).is_some_and(&is_good));
            }
            Some(values) => few.retain(|row| is_good(values.value(start + *row as usize))),
            None => (),
        }
    }

    /// The words with the bits of these rows. Blocks begin at the first bit of a word.
    pub(super) fn words<'b>(&self, bits: &'b Bits, range: &Range<usize>) -> &'b [u64] {
        bits.words().get(range.start / 64..range.end.div_ceil(64)).unwrap_or_default()
    }
}

/// The blocks of all rows. Each thread takes one whenever it is done with another: a thread that the
/// machine starts late leaves its work to the others.
pub(super) struct Blocks {
    n_rows: usize,
    n_taken: AtomicUsize,
}

impl Blocks {
    /// The next block that no thread has taken.
    pub(super) fn take(&self) -> Option<Range<usize>> {
        let start = self.n_taken.fetch_add(1, Ordering::Relaxed) * BLOCK;
        (start < self.n_rows).then(|| start..(start + BLOCK).min(self.n_rows))
    }
}

/// How many rows of a block pass.
#[derive(Clone, Copy, Debug)]
pub(super) enum Passing<'a> {
    None,
    /// Few, and these checks have not been made.
    Few(&'a [Check]),
    Some,
    All,
}

/// What the steps of a block leave for each other.
pub(super) struct Block<I> {
    pub(super) pass: Vec<u8>,
    pub(super) hit: Vec<u8>,
    pub(super) index: Vec<I>,
    first: Vec<u8>,
    few: Vec<u32>,
    /// Where rows go that do not count.
    others: Vec<I>,
}

impl<I: Index> Block<I> {
    pub(super) fn new(n: usize, n_cells: usize) -> Self {
        let bytes = || vec![0; n];
        let (pass, hit, first, few) = (bytes(), bytes(), bytes(), Vec::new());
        let (index, others) = (vec![I::default(); n], lanes::others(n_cells, n));
        Self { pass, hit, index, first, few, others }
    }
}

fn part<'a, T>(items: &'a [T], range: &Range<usize>) -> &'a [T] {
    items.get(range.clone()).unwrap_or_default()
}
