//! The values of rows, column by column, and which of the rows still count.

use super::lanes;
use super::layout::{Kind, Layout};

/// The values of one column.
#[derive(Clone)]
pub(super) enum Values {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
    Longs(Vec<u32>),
    Set {
        /// One bitmap per label.
        planes: Vec<Bits>,
        /// The labels of each row as bits, if the set has few: empty otherwise.
        ///
        /// For two more bytes a row, a set is grouped by as if its values were codes.
        codes: Vec<u16>,
    },
}

/// The most labels of a set whose values also serve as codes.
pub(super) const FEW_LABELS: usize = 16;

impl Values {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Code(0..=256) => Self::Bytes(Vec::new()),
            Kind::Code(_) => Self::Words(Vec::new()),
            Kind::Listed => Self::Longs(Vec::new()),
            Kind::Set(n_labels) => {
                let planes = vec![Bits::default(); usize::from(n_labels)];
                Self::Set { planes, codes: Vec::new() }
            }
        }
    }

    fn push(&mut self, value: u32) {
        // The layout has checked the value: it fits.
        let [low, high, ..] = value.to_le_bytes();
        match self {
            Self::Bytes(codes) => codes.push(low),
            Self::Words(codes) => codes.push(u16::from_le_bytes([low, high])),
            Self::Longs(numbers) => numbers.push(value),
            Self::Set { planes, codes } => {
                for (label, plane) in planes.iter_mut().enumerate() {
                    plane.push(value >> label & 1 == 1);
                }
                if planes.len() <= FEW_LABELS {
                    codes.push(u16::from_le_bytes([low, high]));
                }
            }
        }
    }

    pub(super) fn value(&self, row: usize) -> u32 {
        match self {
            Self::Bytes(codes) => codes.get(row).copied().map_or(0, u32::from),
            Self::Words(codes) => codes.get(row).copied().map_or(0, u32::from),
            Self::Longs(numbers) => numbers.get(row).copied().unwrap_or(0),
            Self::Set { planes, codes } if codes.is_empty() => {
                let bit = |plane: &Bits| u32::from(plane.is_set(row));
                planes.iter().rev().fold(0, |value, plane| value << 1 | bit(plane))
            }
            Self::Set { codes, .. } => codes.get(row).copied().map_or(0, u32::from),
        }
    }

    /// The values of the rows in `order`: rows of `self` first, then those of `more`.
    fn picked(&self, more: &Self, order: &[u32]) -> Self {
        match (self, more) {
            (Self::Bytes(old), Self::Bytes(new)) => Self::Bytes(pick(old, new, order)),
            (Self::Words(old), Self::Words(new)) => Self::Words(pick(old, new, order)),
            (Self::Longs(old), Self::Longs(new)) => Self::Longs(pick(old, new, order)),
            (Self::Set { planes: old, .. }, Self::Set { planes: new, .. })
                if old.len() > FEW_LABELS =>
            {
                let planes = old.iter().zip(new).map(|(old, new)| old.picked(new, order)).collect();
                Self::Set { planes, codes: Vec::new() }
            }
            (Self::Set { planes, codes: old }, Self::Set { codes: new, .. }) => {
                Self::set_of(planes.len(), pick(old, new, order))
            }
            // Both have the same layout.
            _ => self.clone(),
        }
    }

    /// The set of so many labels, which are few, with these values.
    pub(super) fn set_of(n_labels: usize, codes: Vec<u16>) -> Self {
        let plane = |label| Bits { n: codes.len(), words: lanes::plane(&codes, label) };
        Self::Set { planes: (0..n_labels).map(plane).collect(), codes }
    }

    pub(super) fn n_bytes(&self) -> usize {
        match self {
            Self::Bytes(codes) => codes.capacity(),
            Self::Words(codes) => codes.capacity() * 2,
            Self::Longs(numbers) => numbers.capacity() * 4,
            Self::Set { planes, codes } => {
                planes.iter().map(Bits::n_bytes).sum::<usize>() + codes.capacity() * 2
            }
        }
    }
}

/// The values at these places in `old` followed by `new`.
pub(super) fn pick<T: Copy + Default>(old: &[T], new: &[T], order: &[u32]) -> Vec<T> {
    let at = |place: &u32| {
        let place = *place as usize;
        let value = old.get(place).or_else(|| new.get(place - old.len()));
        value.copied().unwrap_or_default()
    };
    order.iter().map(at).collect()
}

/// A bit per row. Bits past the last row are 0.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Bits {
    n: usize,
    words: Vec<u64>,
}

impl Bits {
    /// All of `n` bits set.
    pub(super) fn all(n: usize) -> Self {
        let mut words = vec![u64::MAX; n.div_ceil(64)];
        if let Some(last) = words.last_mut().filter(|_| !n.is_multiple_of(64)) {
            *last = (1 << (n % 64)) - 1;
        }
        Self { n, words }
    }

    /// These words, if they are as many as `n` bits need and have no bit past them.
    pub(super) fn of(n: usize, words: Vec<u64>) -> Option<Self> {
        let past = if n.is_multiple_of(64) { 0 } else { words.last().copied()? >> (n % 64) };
        (words.len() == n.div_ceil(64) && past == 0).then_some(Self { n, words })
    }

    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(super) fn push(&mut self, bit: bool) {
        if self.n.is_multiple_of(64) {
            self.words.push(0);
        }
        if let Some(last) = self.words.last_mut() {
            *last |= u64::from(bit) << (self.n % 64);
        }
        self.n += 1;
    }

    pub(super) fn is_set(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    pub(super) fn clear(&mut self, row: usize) {
        if let Some(word) = self.words.get_mut(row / 64) {
            *word &= !(1 << (row % 64));
        }
    }

    pub(super) fn n_set(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn n_bytes(&self) -> usize {
        self.words.capacity() * 8
    }

    fn picked(&self, more: &Self, order: &[u32]) -> Self {
        let bit = |place: &u32| {
            let place = *place as usize;
            let is_set =
                if place < self.n { self.is_set(place) } else { more.is_set(place - self.n) };
            u64::from(is_set)
        };
        let word = |places: &[u32]| places.iter().rev().fold(0, |word, it| word << 1 | bit(it));
        Self { n: order.len(), words: order.chunks(64).map(word).collect() }
    }
}

/// Rows, column by column.
#[derive(Clone)]
pub(super) struct Rows {
    pub(super) values: Vec<Values>,
    /// The rows that were neither replaced nor withdrawn.
    pub(super) alive: Bits,
}

impl Rows {
    pub(super) fn new(layout: &Layout) -> Self {
        let values = layout.kinds().iter().map(|kind| Values::of(*kind)).collect();
        Self { values, alive: Bits::default() }
    }

    pub(super) fn n(&self) -> usize {
        self.alive.n
    }

    pub(super) fn push(&mut self, values: &[u32]) {
        for (column, value) in self.values.iter_mut().zip(values) {
            column.push(*value);
        }
        self.alive.push(true);
    }

    pub(super) fn value(&self, column: usize, row: usize) -> u32 {
        self.values.get(column).map_or(0, |values| values.value(row))
    }

    /// The rows in `order`, of `self` first and then of `more`, all of them alive.
    pub(super) fn picked(&self, more: &Self, order: &[u32]) -> Self {
        let columns = self.values.iter().zip(&more.values);
        let values = columns.map(|(old, new)| old.picked(new, order)).collect();
        Self { values, alive: Bits::all(order.len()) }
    }

    pub(super) fn n_bytes(&self) -> usize {
        self.values.iter().map(Values::n_bytes).sum::<usize>() + self.alive.n_bytes()
    }
}
