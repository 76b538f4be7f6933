//! What can be asked of the columns, and what it comes to for one layout.

use std::fmt;

use super::lanes::N_OTHERS;
use super::layout::{Column, Kind, Layout};
use super::rows::FEW_LABELS;

/// A question: how many, in each cell, among the rows that pass all tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The dimensions of the answer, at most [`MAX_DIMENSIONS`]. A row is in one cell per label that
    /// its sets have: in none, if a set is empty.
    pub by: Vec<Column>,
    /// What a row must pass to be looked at.
    pub keep: Vec<Test>,
    /// What is counted.
    pub counted: Counted,
}

/// What a cell counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Rows.
    Rows,
    /// Distinct persons: each once per cell.
    Persons,
    /// Distinct persons: each once, where the first of the rows that pass is.
    FirstOfPerson,
}

/// One condition on a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// The code is one of these.
    OneOf(Column, Vec<u16>),
    /// The code is neither below the first nor above the second.
    Between(Column, u16, u16),
    /// The set has this label.
    Has(Column, u8),
    /// The set does not have this label.
    Lacks(Column, u8),
    /// The number is that of an entry of the list for which this says yes. Past its end all is no.
    Listed(Column, Vec<bool>),
}

/// The most dimensions of one answer.
pub const MAX_DIMENSIONS: usize = 4;

/// The most cells of one answer: 16 MiB of counts. A cube that people publish has some thousands.
pub const MAX_CELLS: usize = 1 << 22;

/// The most cells of an answer by whole values of sets: past them, their counts leave the cache.
const MAX_VALUE_CELLS: usize = (1 << 16) - N_OTHERS;

/// Why a question cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    /// There is no such column, or it is named twice.
    #[error("column {} is not there or is named twice", .0.0)]
    Column(Column),
    /// The column holds no such code or label, or codes where labels are needed.
    #[error("column {} cannot be asked that", .0.0)]
    Value(Column),
    /// It has more dimensions than [`MAX_DIMENSIONS`].
    #[error("too many dimensions")]
    TooManyDimensions,
    /// It has more cells than [`MAX_CELLS`].
    #[error("too many cells")]
    TooManyCells,
}

/// The answer: counts in mixed radix, the last dimension changing fastest.
///
/// They are exact, so `Debug` shows how many cells there are, and no count.
#[derive(Clone, PartialEq, Eq)]
pub struct Cells {
    sizes: Vec<usize>,
    counts: Vec<u32>,
}

impl fmt::Debug for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cells({})", self.counts.len())
    }
}

impl Cells {
    pub(super) fn new(sizes: Vec<usize>, counts: Vec<u32>) -> Self {
        Self { sizes, counts }
    }

    /// How many codes or labels each dimension has.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// All counts, in order.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The count at these codes or labels, one per dimension.
    pub fn at(&self, place: &[u16]) -> Option<u32> {
        if place.len() != self.sizes.len() {
            return None;
        }
        let mut index = 0;
        for (code, size) in place.iter().zip(&self.sizes) {
            index = index * size + Some(usize::from(*code)).filter(|code| code < size)?;
        }
        self.counts.get(index).copied()
    }

    /// Every count that is not 0, with its codes or labels.
    pub fn occupied(&self) -> impl Iterator<Item = (Vec<u16>, u32)> {
        let counts = self.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0);
        counts.map(|(index, count)| (self.place(index), count))
    }

    fn place(&self, mut index: usize) -> Vec<u16> {
        let mut place = Vec::with_capacity(self.sizes.len());
        for size in self.sizes.iter().rev() {
            // A dimension has at most as many codes as a `u16`.
            place.push(u16::try_from(index % size).unwrap_or(u16::MAX));
            index /= size;
        }
        place.reverse();
        place
    }

    /// The sum over all cells.
    pub fn total(&self) -> u64 {
        self.counts.iter().copied().map(u64::from).sum()
    }
}

/// One dimension of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dim {
    pub(super) column: usize,
    pub(super) is_set: bool,
    pub(super) size: usize,
    /// How far apart in the answer two neighbouring codes are.
    pub(super) stride: u32,
}

/// A test as a scan carries it out.
#[derive(Clone, Debug)]
pub(super) enum Check {
    /// The code is in one of these ranges: the lowest, and how far the highest is from it.
    Code {
        column: usize,
        ranges: Vec<(u16, u16)>,
    },
    Flag {
        column: usize,
        label: usize,
        wanted: bool,
    },
    /// Whether each number passes, as 1 or 0.
    Listed {
        column: usize,
        listed: Vec<u8>,
    },
}

/// A question about one layout, known to make sense.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) dims: Vec<Dim>,
    /// Those that let the fewest rows pass first, by the share of codes that they name.
    pub(super) checks: Vec<Check>,
    pub(super) n_cells: usize,
}

impl Plan {
    pub(super) fn new(by: &[Column], keep: &[Test], layout: &Layout) -> Result<Self, BadQuery> {
        if by.len() > MAX_DIMENSIONS {
            return Err(BadQuery::TooManyDimensions);
        }
        let (mut dims, mut n_cells): (Vec<Dim>, usize) = (Vec::new(), 1);
        for column in by.iter().rev() {
            let kind = layout.kind(*column).ok_or(BadQuery::Column(*column))?;
            if dims.iter().any(|dim| dim.column == column.at()) {
                return Err(BadQuery::Column(*column));
            }
            let (size, is_set) = match kind {
                Kind::Code(n_codes) => (usize::from(n_codes), false),
                Kind::Set(n_labels) => (usize::from(n_labels), true),
                Kind::Listed => return Err(BadQuery::Value(*column)),
            };
            let stride = u32::try_from(n_cells).map_err(|_| BadQuery::TooManyCells)?;
            dims.push(Dim { column: column.at(), is_set, size, stride });
            n_cells = n_cells.saturating_mul(size);
        }
        if n_cells > MAX_CELLS {
            return Err(BadQuery::TooManyCells);
        }
        dims.reverse();
        let checks: Result<Vec<_>, _> = keep.iter().map(|test| test.check(layout)).collect();
        let mut checks = checks?;
        checks.sort_by(|(share, _), (other, _)| share.total_cmp(other));
        let checks = checks.into_iter().map(|(_, check)| check).collect();
        Ok(Self { dims, checks, n_cells })
    }

    pub(super) fn sizes(&self) -> Vec<usize> {
        self.dims.iter().map(|dim| dim.size).collect()
    }

    /// The same question with every value of a set as a code of its own, if those cells are few.
    pub(super) fn with_sets_as_codes(&self) -> Option<Self> {
        let (mut dims, mut n_cells) = (Vec::with_capacity(self.dims.len()), 1_u32);
        for dim in self.dims.iter().rev() {
            let size = match dim.is_set {
                true if dim.size > FEW_LABELS => return None,
                true => 1 << dim.size,
                false => dim.size,
            };
            dims.push(Dim { is_set: false, size, stride: n_cells, ..*dim });
            n_cells = n_cells.checked_mul(u32::try_from(size).ok()?)?;
        }
        dims.reverse();
        let n_cells = usize::try_from(n_cells).ok().filter(|n| *n <= MAX_VALUE_CELLS)?;
        Some(Self { dims, checks: self.checks.clone(), n_cells })
    }

    /// Brings counts of [`Plan::with_sets_as_codes`] into the cells of this plan.
    pub(super) fn unnest(&self, values: &Self, value_counts: &[u32]) -> Vec<u32> {
        let mut counts = vec![0_u32; self.n_cells];
        let occupied = (0_u32..).zip(value_counts).filter(|(_, count)| **count > 0);
        let mut cells = Vec::new();
        for (index, value_count) in occupied {
            cells.clear();
            cells.push(0);
            for (dim, by_value) in self.dims.iter().zip(&values.dims) {
                let size = u32::try_from(by_value.size).unwrap_or(u32::MAX);
                dim.place(index / by_value.stride % size, &mut cells, 0);
            }
            for cell in &cells {
                if let Some(count) = counts.get_mut(*cell as usize) {
                    *count = count.wrapping_add(*value_count);
                }
            }
        }
        counts
    }

    pub(super) fn has_sets(&self) -> bool {
        self.dims.iter().any(|dim| dim.is_set)
    }
}

impl Dim {
    /// Moves the cells from `from` on to where this value of the dimension is: once per label, if it
    /// is a set.
    pub(super) fn place(&self, value: u32, cells: &mut Vec<u32>, from: usize) {
        if !self.is_set {
            cells.iter_mut().skip(from).for_each(|cell| *cell += value * self.stride);
            return;
        }
        let end = cells.len();
        for label in (0..u32::BITS).filter(|label| value >> label & 1 == 1) {
            let start = cells.len();
            cells.extend_from_within(from..end);
            cells.iter_mut().skip(start).for_each(|cell| *cell += label * self.stride);
        }
        cells.drain(from..end);
    }
}

impl Test {
    /// The check, and the share of the column's codes that it lets pass.
    fn check(&self, layout: &Layout) -> Result<(f64, Check), BadQuery> {
        let column = match self {
            Self::OneOf(column, _) | Self::Between(column, _, _) => *column,
            Self::Has(column, _) | Self::Lacks(column, _) | Self::Listed(column, _) => *column,
        };
        let kind = layout.kind(column).ok_or(BadQuery::Column(column))?;
        let (n, ranges) = match (self, kind) {
            (Self::OneOf(_, codes), Kind::Code(n_codes))
                if codes.iter().all(|code| *code < n_codes) =>
            {
                (n_codes, ranges(codes.clone()))
            }
            (Self::Between(_, low, high), Kind::Code(n_codes)) if *high < n_codes => {
                (n_codes, high.checked_sub(*low).map(|width| (*low, width)).into_iter().collect())
            }
            (Self::Has(_, label) | Self::Lacks(_, label), Kind::Set(n_labels))
                if *label < n_labels =>
            {
                let wanted = matches!(self, Self::Has(..));
                let label = usize::from(*label);
                return Ok((0.5, Check::Flag { column: column.at(), label, wanted }));
            }
            (Self::Listed(_, listed), Kind::Listed) => {
                let listed: Vec<u8> = listed.iter().copied().map(u8::from).collect();
                let n_listed: f64 = listed.iter().copied().map(f64::from).sum();
                // As if every entry were used as often: only their owner knows better.
                let share =
                    n_listed / f64::from(u32::try_from(listed.len()).unwrap_or(u32::MAX)).max(1.0);
                return Ok((share, Check::Listed { column: column.at(), listed }));
            }
            _ => return Err(BadQuery::Value(column)),
        };
        let n_named: f64 = ranges.iter().map(|(_, width)| f64::from(*width) + 1.0).sum();
        Ok((n_named / f64::from(n), Check::Code { column: column.at(), ranges }))
    }
}

/// The fewest ranges that hold these codes and no other.
fn ranges(mut codes: Vec<u16>) -> Vec<(u16, u16)> {
    codes.sort_unstable();
    codes.dedup();
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for code in codes {
        match ranges.last_mut() {
            Some((low, width)) if *low + *width + 1 == code => *width += 1,
            _ => ranges.push((code, 0)),
        }
    }
    ranges
}
