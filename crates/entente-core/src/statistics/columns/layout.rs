//! Which columns there are, and what a row must look like to fit them.

use std::fmt;

/// A column, by its position in the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Column(pub u8);

impl Column {
    pub(super) fn at(self) -> usize {
        usize::from(self.0)
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One code of so many: 0, 1, 2, … Up to 256 codes take a byte a row, more take two.
    Code(u16),
    /// Any of so many labels, as bits: label `n` is the bit of value 2^n. An eighth of a byte a row
    /// and label.
    Set(u8),
    /// A number in a list that somebody else keeps, to be asked for by [`Test::Listed`] alone. Four
    /// bytes a row.
    ///
    /// [`Test::Listed`]: super::Test::Listed
    Listed,
}

/// The columns of one kind of row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    // Invariant: 1 to `MAX_COLUMNS`, each within the bounds of its kind.
    kinds: Vec<Kind>,
    first_by: Option<Column>,
}

/// Columns have no more labels than bits in a value.
const MAX_LABELS: u8 = 32;

/// The most columns. Arbitrary; a record has about 40 coded fields.
const MAX_COLUMNS: usize = 64;

/// A layout that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the layout has no columns, too many, or one that can hold nothing")]
pub struct BadLayout;

/// Why a row does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// It has more or fewer values than there are columns.
    #[error("a row needs one value per column")]
    Length,
    /// A column has no such code or label.
    #[error("column {} has no such code or label", .0.0)]
    OutOfRange(Column),
    /// Rows are numbered in 32 bits.
    #[error("no more rows fit")]
    Full,
}

/// A row to be counted. Its `Debug` shows how many values there are, and none of them.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// What it is put, replaced and withdrawn by.
    pub id: [u8; 16],
    /// Whom it is about.
    pub person: [u8; 16],
    /// One value per column: a code, or the labels of a set as bits.
    pub values: &'a [u32],
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({} values)", self.values.len())
    }
}

impl Layout {
    /// A layout of these columns. A person's first row is the one with the smallest id.
    pub fn new(kinds: impl IntoIterator<Item = Kind>) -> Result<Self, BadLayout> {
        let kinds: Vec<Kind> = kinds.into_iter().collect();
        let fits = |kind: &Kind| match *kind {
            Kind::Code(n_codes) => n_codes > 0,
            Kind::Set(n_labels) => (1..=MAX_LABELS).contains(&n_labels),
            Kind::Listed => true,
        };
        let is_good = (1..=MAX_COLUMNS).contains(&kinds.len()) && kinds.iter().all(fits);
        if is_good { Ok(Self { kinds, first_by: None }) } else { Err(BadLayout) }
    }

    /// The same columns, but a person's first row is the one with the smallest code in `column`, and
    /// among equal ones the smallest id.
    pub fn first_by(self, column: Column) -> Result<Self, BadLayout> {
        match self.kind(column) {
            Some(Kind::Code(_)) => Ok(Self { first_by: Some(column), ..self }),
            _ => Err(BadLayout),
        }
    }

    /// What each column holds.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    pub(super) fn kind(&self, column: Column) -> Option<Kind> {
        self.kinds.get(column.at()).copied()
    }

    pub(super) fn ordered_by(&self) -> Option<Column> {
        self.first_by
    }

    pub(super) fn check(&self, values: &[u32]) -> Result<(), BadRow> {
        if values.len() != self.kinds.len() {
            return Err(BadRow::Length);
        }
        for ((column, kind), value) in (0..).map(Column).zip(&self.kinds).zip(values) {
            if !kind.holds(*value) {
                return Err(BadRow::OutOfRange(column));
            }
        }
        Ok(())
    }

    /// The layout as bytes, which a snapshot begins with.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.first_by.map_or(u8::MAX, |column| column.0)];
        for kind in &self.kinds {
            let (tag, n) = match *kind {
                Kind::Code(n_codes) => (1, n_codes),
                Kind::Set(n_labels) => (2, u16::from(n_labels)),
                Kind::Listed => (3, 0),
            };
            bytes.push(tag);
            bytes.extend(n.to_le_bytes());
        }
        bytes
    }
}

impl Kind {
    fn holds(self, value: u32) -> bool {
        match self {
            Self::Code(n_codes) => value < u32::from(n_codes),
            Self::Set(n_labels) => u64::from(value) < 1 << n_labels,
            Self::Listed => true,
        }
    }
}
