//! Frames, tables and questions: what is counted, before anything is hidden.
//!
//! A frame's cells and margins are numbered together. Along a dimension of `n` labels a *coordinate*
//! is 0 for "all of them" and `1..=n` for one label, and the *place* of a cell is its coordinates read
//! as the digits of one number. Place 0 is the grand total.

use std::collections::BTreeSet;
use std::fmt;

/// The variable that a count is broken down by, and its values in order.
///
/// Codes, not prose: `province` and `24`, or `gender` and `woman`. Names and labels are at most
/// [`Dimension::MAX_LABEL_BYTES`] long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// What the dimension is called in questions.
    pub name: String,
    /// Its values. Each person has exactly one of them.
    pub labels: Vec<String>,
}

impl Dimension {
    /// The longest name or label. The longest code of our lists is below 40; the rest is room.
    pub const MAX_LABEL_BYTES: usize = 128;

    /// A dimension with these labels, in this order.
    pub fn new<L: Into<String>>(
        name: impl Into<String>,
        labels: impl IntoIterator<Item = L>,
    ) -> Self {
        Self { name: name.into(), labels: labels.into_iter().map(Into::into).collect() }
    }
}

/// Why dimensions do not make a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More than [`Frame::MAX_DIMENSIONS`].
    #[error("a frame has at most {max} dimensions", max = Frame::MAX_DIMENSIONS)]
    TooManyDimensions,
    /// More cells and margins than [`Frame::MAX_PLACES`].
    #[error("a frame has at most {max} cells and margins", max = Frame::MAX_PLACES)]
    TooManyCells,
    /// A dimension has no label.
    #[error("dimension `{0}` has no values")]
    Empty(String),
    /// A dimension is named twice, or a label is twice in a dimension.
    #[error("`{0}` is there twice")]
    Twice(String),
    /// A name or label is empty or too long.
    #[error("a name or label is empty or above {max} bytes", max = Dimension::MAX_LABEL_BYTES)]
    BadLabel,
}

/// The dimensions of a table, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    dimensions: Vec<Dimension>,
    /// Distance between two neighbouring coordinates, by dimension; the last entry is the number of
    /// places.
    strides: Vec<usize>,
}

impl Frame {
    /// The most dimensions. Each one more doubles the cells that protect a small one; province, form,
    /// gender and age are four (the quarter is the period).
    pub const MAX_DIMENSIONS: usize = 4;

    /// The most cells and margins together. 13 provinces × 8 forms × 5 genders × 3 age groups
    /// have 3,024. Bounds the work of [`super::protect()`] and the size of a stored answer.
    pub const MAX_PLACES: usize = 4_096;

    /// Checks the dimensions. None at all is a frame too: its one cell is everybody.
    pub fn new(dimensions: Vec<Dimension>) -> Result<Self, FrameError> {
        if dimensions.len() > Self::MAX_DIMENSIONS {
            return Err(FrameError::TooManyDimensions);
        }
        let mut names = BTreeSet::new();
        let mut strides = vec![1];
        let mut n_places = 1_usize;
        for Dimension { name, labels } in &dimensions {
            if labels.is_empty() {
                return Err(FrameError::Empty(name.clone()));
            }
            n_places = n_places.saturating_mul(labels.len().saturating_add(1));
            if n_places > Self::MAX_PLACES {
                return Err(FrameError::TooManyCells);
            }
            strides.push(n_places);
            let mut seen = BTreeSet::new();
            if !names.insert(name) {
                return Err(FrameError::Twice(name.clone()));
            }
            for label in labels {
                if !seen.insert(label) {
                    return Err(FrameError::Twice(label.clone()));
                }
            }
            let fits = |s: &String| (1..=Dimension::MAX_LABEL_BYTES).contains(&s.len());
            if !fits(name) || !labels.iter().all(fits) {
                return Err(FrameError::BadLabel);
            }
        }
        Ok(Self { dimensions, strides })
    }

    /// The dimensions, in order.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// How many cells and margins there are, the total included.
    pub fn n_places(&self) -> usize {
        self.strides.last().copied().unwrap_or(1)
    }

    /// The place of a selection: for each dimension, a label or `None` for all of them.
    ///
    /// `None` if a label is unknown or the number of dimensions is another.
    pub fn place(&self, selection: &[Option<&str>]) -> Option<usize> {
        if selection.len() != self.dimensions.len() {
            return None;
        }
        let mut place = 0;
        for ((dimension, stride), label) in self.dimensions.iter().zip(&self.strides).zip(selection)
        {
            if let Some(label) = label {
                place += stride * (dimension.labels.iter().position(|l| l == label)? + 1);
            }
        }
        Some(place)
    }

    /// The selection at a place: for each dimension, a label or `None` for all of them.
    pub fn selection(&self, place: usize) -> Vec<Option<&str>> {
        (self.dimensions.iter().zip(self.coordinates(place)))
            .map(|(dimension, coordinate)| {
                let label = coordinate.checked_sub(1)?;
                dimension.labels.get(label).map(String::as_str)
            })
            .collect()
    }

    /// The coordinates of a place: 0 for all, `1..` for a label.
    pub(super) fn coordinates(&self, place: usize) -> impl Iterator<Item = usize> {
        self.axes().map(move |axis| axis.coordinate(place))
    }

    /// In how many dimensions a place is fixed to one label: 0 for the total.
    pub(super) fn order(&self, place: usize) -> usize {
        self.coordinates(place).filter(|&coordinate| coordinate > 0).count()
    }

    /// How to walk along each dimension.
    pub(super) fn axes(&self) -> impl DoubleEndedIterator<Item = Axis> {
        (self.dimensions.iter().zip(&self.strides))
            .map(|(dimension, &stride)| Axis { stride, n_labels: dimension.labels.len() })
    }
}

/// One dimension, as arithmetic on places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) stride: usize,
    pub(super) n_labels: usize,
}

impl Axis {
    pub(super) fn coordinate(self, place: usize) -> usize {
        place / self.stride % (self.n_labels + 1)
    }

    /// The same place for all labels of this dimension.
    pub(super) fn total(self, place: usize) -> usize {
        place - self.coordinate(place) * self.stride
    }

    /// The parts of a total along this dimension.
    pub(super) fn parts(self, total: usize) -> impl Iterator<Item = usize> {
        (1..=self.n_labels).map(move |label| total + label * self.stride)
    }
}

/// Why a person cannot be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// There is no such cell: one label per dimension is needed, each of the frame.
    #[error("a counted person fits no cell of the frame")]
    NoSuchCell,
    /// More persons than fit; [`Table::MAX_PERSONS`].
    #[error("more than {max} persons in one table", max = Table::MAX_PERSONS)]
    TooMany,
}

/// Exact counts of distinct persons over a frame.
///
/// For the node's own eyes: `Debug` prints how many cells there are and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct Table {
    frame: Frame,
    /// By place. Only places that are fixed in every dimension are used.
    counts: Vec<u64>,
    n_persons: u64,
}

impl Table {
    /// The most persons in one table: 2^40, so that no sum or cost here overflows.
    pub const MAX_PERSONS: u64 = 1 << 40;

    /// A table that counts nobody yet.
    pub fn new(frame: Frame) -> Self {
        let counts = vec![0; frame.n_places()];
        Self { frame, counts, n_persons: 0 }
    }

    /// Counts `n_persons` more in one cell: one label per dimension, in the frame's order.
    ///
    /// The caller counts each person once, in one cell.
    pub fn add(&mut self, labels: &[&str], n_persons: u64) -> Result<(), TableError> {
        let selection: Vec<_> = labels.iter().copied().map(Some).collect();
        let place = self.frame.place(&selection).ok_or(TableError::NoSuchCell)?;
        self.add_at(place, n_persons)
    }

    /// Counts `n_persons` more in the cell of these label numbers, from 0: what a columnar count has
    /// at hand.
    pub fn add_codes(&mut self, labels: &[u16], n_persons: u64) -> Result<(), TableError> {
        if labels.len() != self.frame.dimensions.len() {
            return Err(TableError::NoSuchCell);
        }
        let mut place = 0;
        for (axis, &label) in self.frame.axes().zip(labels) {
            if usize::from(label) >= axis.n_labels {
                return Err(TableError::NoSuchCell);
            }
            place += axis.stride * (usize::from(label) + 1);
        }
        self.add_at(place, n_persons)
    }

    fn add_at(&mut self, place: usize, n_persons: u64) -> Result<(), TableError> {
        let total = self.n_persons.saturating_add(n_persons);
        if total > Self::MAX_PERSONS {
            return Err(TableError::TooMany);
        }
        *self.counts.get_mut(place).ok_or(TableError::NoSuchCell)? += n_persons;
        self.n_persons = total;
        Ok(())
    }

    /// What is counted over.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// All counts by place, margins filled in: exact, for the node's own staff.
    ///
    /// One pass per dimension: `O(dimensions × places)`.
    pub fn with_margins(&self) -> Vec<u64> {
        let mut counts = self.counts.clone();
        for axis in self.frame.axes() {
            for place in 0..counts.len() {
                if axis.coordinate(place) == 0 {
                    let sum = axis.parts(place).filter_map(|part| counts.get(part)).sum::<u64>();
                    if let Some(total) = counts.get_mut(place) {
                        *total = sum;
                    }
                }
            }
        }
        counts
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({} cells and margins)", self.frame.n_places())
    }
}

/// What is asked of one period: groups, within fixed values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Dimensions to group by, at most [`Question::MAX_BY`].
    pub by: Vec<String>,
    /// Dimension and the one label it must have.
    pub only: Vec<(String, String)>,
}

impl Question {
    /// The most dimensions in one answer: what can still be read as a printed table.
    pub const MAX_BY: usize = 3;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame::new(vec![Dimension::new("sex", ["f", "m"]), Dimension::new("age", ["a", "b", "c"])])
            .unwrap()
    }

    #[test]
    fn places_and_selections_are_each_others_inverse() {
        let frame = frame();
        assert_eq!(frame.n_places(), 12);
        for place in 0..12 {
            assert_eq!(frame.place(&frame.selection(place)), Some(place));
        }
        assert_eq!(frame.selection(0), [None, None]);
        assert_eq!(frame.place(&[Some("f"), Some("z")]), None);
        assert_eq!(frame.place(&[Some("f")]), None);
    }

    #[test]
    fn margins_are_sums_over_one_dimension_and_over_all() {
        let mut table = Table::new(frame());
        table.add(&["f", "a"], 3).unwrap();
        table.add(&["f", "c"], 4).unwrap();
        table.add_codes(&[1, 2], 10).unwrap();
        let counts = table.with_margins();
        let at = |s: &[Option<&str>]| counts[table.frame().place(s).unwrap()];
        assert_eq!(at(&[None, None]), 17);
        assert_eq!(at(&[Some("f"), None]), 7);
        assert_eq!(at(&[None, Some("c")]), 14);
        assert_eq!(at(&[Some("m"), Some("c")]), 10);
    }

    #[test]
    fn a_person_outside_the_frame_is_not_counted() {
        let mut table = Table::new(frame());
        assert_eq!(table.add(&["f", "z"], 1), Err(TableError::NoSuchCell));
        assert_eq!(table.add_codes(&[2, 0], 1), Err(TableError::NoSuchCell));
        assert_eq!(table.add_codes(&[0], 1), Err(TableError::NoSuchCell));
        assert_eq!(table.add(&["f", "a"], Table::MAX_PERSONS + 1), Err(TableError::TooMany));
        assert_eq!(table.with_margins()[0], 0);
    }

    #[test]
    fn a_frame_that_is_too_large_or_says_a_thing_twice_is_refused() {
        let d = |name: &str, n: usize| Dimension::new(name, (0..n).map(|i| i.to_string()));
        assert_eq!(Frame::new(vec![d("a", 0)]), Err(FrameError::Empty("a".into())));
        assert_eq!(Frame::new(vec![d("a", 2), d("a", 2)]), Err(FrameError::Twice("a".into())));
        assert_eq!(
            Frame::new(vec![Dimension::new("a", ["x", "x"])]),
            Err(FrameError::Twice("x".into()))
        );
        assert_eq!(Frame::new(vec![d("a", 63), d("b", 64)]), Err(FrameError::TooManyCells));
        assert!(Frame::new(vec![d("a", 63), d("b", 63)]).is_ok());
        assert_eq!(Frame::new(vec![d("", 1)]), Err(FrameError::BadLabel));
        let five = ["a", "b", "c", "d", "e"].map(|n| d(n, 1)).to_vec();
        assert_eq!(Frame::new(five), Err(FrameError::TooManyDimensions));
    }

    #[test]
    fn debug_shows_no_count() {
        let mut table = Table::new(frame());
        table.add(&["f", "a"], 987).unwrap();
        assert!(!format!("{table:?}").contains("987"));
    }
}
