//! Overlap tables: how many persons are on exactly these lists, for every set of lists.

use std::collections::BTreeMap;

mod error;

pub use error::TableError;

/// A set of the lists of one table: a pattern of a person, or a term of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lists(u16);

impl Lists {
    /// No list: who was never seen, or the constant of a model.
    pub const NONE: Self = Self(0);

    /// The list at a place, from 0; no list past the sixteenth place.
    pub fn only(place: usize) -> Self {
        Self(u32::try_from(place).ok().and_then(|place| 1_u16.checked_shl(place)).unwrap_or(0))
    }

    /// These lists and those.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` are among these.
    pub fn hold(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// How many lists there are.
    pub fn len(self) -> usize {
        // At most 16.
        usize::try_from(self.0.count_ones()).unwrap_or_default()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names of these lists in a table, joined by `:` as in the terms of a model.
    pub fn names(self, table: &OverlapTable) -> String {
        let named = table.lists.iter().enumerate();
        let named = named.filter(|(place, _)| self.hold(Self::only(*place)));
        named.map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(":")
    }

    /// The place of the pattern in a dense table.
    fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Counts by pattern, dense. The pattern of nobody's list is never counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    n_lists: usize,
    by_pattern: Vec<u64>,
}

impl Counts {
    pub(super) fn none(n_lists: usize) -> Self {
        Self { n_lists, by_pattern: vec![0; 1 << n_lists] }
    }

    pub(super) fn n_lists(&self) -> usize {
        self.n_lists
    }

    /// Every pattern of at least one list, with its count.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Lists, u64)> + '_ {
        (1_u16..).map(Lists).zip(self.by_pattern.iter().skip(1).copied())
    }

    pub(super) fn of(&self, pattern: Lists) -> u64 {
        self.by_pattern.get(pattern.index()).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, pattern: Lists, n: u64) {
        if let Some(count) = self.by_pattern.get_mut(pattern.index()) {
            *count = n;
        }
    }

    /// How many are on all of these lists, whatever else they are on.
    pub(super) fn on_all(&self, lists: Lists) -> u64 {
        self.iter().filter(|(pattern, _)| pattern.hold(lists)).map(|(_, n)| n).sum()
    }

    pub(super) fn total(&self) -> u64 {
        self.by_pattern.iter().sum()
    }

    /// Every pair of lists.
    pub(super) fn pairs(&self) -> impl Iterator<Item = Lists> + use<> {
        let n_lists = self.n_lists;
        (0..n_lists).flat_map(move |one| {
            (one + 1..n_lists).map(move |other| Lists::only(one).and(Lists::only(other)))
        })
    }
}

/// How many persons are on exactly these lists, for every set of lists, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlapTable {
    lists: Vec<String>,
    counts: Counts,
    is_noisy: bool,
}

impl OverlapTable {
    /// The most lists. Each doubles the cells, and every replication of the bootstrap fits dozens
    /// of models to them; the published studies of trafficking have three to eight.
    pub const MAX_LISTS: usize = 10;

    /// The most persons in a table. Beyond any such population, and every count is exact as a
    /// floating-point number.
    pub const MAX_PERSONS: u64 = 1_000_000_000;

    /// The longest name of a list, in bytes.
    pub const MAX_NAME_BYTES: usize = 128;

    /// Checks patterns and their counts. A pattern that is not there counts nobody.
    ///
    /// Each row is a person's pattern, one `bool` per list, and how many persons have it; rows are
    /// numbered from 2 in errors, as a spreadsheet with a header shows them.
    pub fn new(
        lists: Vec<String>,
        rows: impl IntoIterator<Item = (Vec<bool>, u64)>,
    ) -> Result<Self, TableError> {
        check_names(&lists)?;
        let mut counts = Counts::none(lists.len());
        let mut seen = BTreeMap::new();
        for (row, (pattern, n)) in (FIRST_ROW..).zip(rows) {
            if pattern.len() != lists.len() {
                return Err(TableError::WrongWidth { row });
            }
            let on = pattern.into_iter().enumerate().filter(|(_, on)| *on);
            let pattern = on.fold(Lists::NONE, |all, (place, _)| all.and(Lists::only(place)));
            if pattern.is_empty() {
                return Err(TableError::Unseen { row });
            }
            if let Some(first) = seen.insert(pattern, row) {
                return Err(TableError::PatternTwice { row, first });
            }
            if counts.total().saturating_add(n) > Self::MAX_PERSONS {
                return Err(TableError::TooManyPersons);
            }
            counts.set(pattern, n);
        }
        let empty = lists.iter().enumerate().find(|(at, _)| counts.on_all(Lists::only(*at)) == 0);
        match empty {
            Some((_, name)) => Err(TableError::EmptyList(name.clone())),
            None => Ok(Self { lists, counts, is_noisy: false }),
        }
    }

    /// The same, whose counts carry noise.
    #[must_use]
    pub fn with_noise(self) -> Self {
        Self { is_noisy: true, ..self }
    }

    /// Whether the counts carry noise, as those of an overlap round do.
    pub fn is_noisy(&self) -> bool {
        self.is_noisy
    }

    /// Reads the cells of a text table: a column of 0 and 1 for each list, and one of counts that
    /// is called `frequency` (or `n`, `count`, `fréquence`, `effectif`), or [`NOISY_FREQUENCY`].
    pub fn read(
        header: &[String],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> Result<Self, TableError> {
        let frequency = frequency_column(header).ok_or(TableError::NoFrequency)?;
        let names = header.iter().enumerate().filter(|(at, _)| *at != frequency);
        let names: Vec<_> = names.map(|(_, name)| name.trim().to_owned()).collect();
        check_names(&names)?;
        let mut read = Vec::new();
        for (row, cells) in (FIRST_ROW..).zip(rows) {
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if read.len() >= 1 << Self::MAX_LISTS {
                return Err(TableError::TooManyRows);
            }
            read.push(read_row(row, &cells, frequency, header.len())?);
        }
        let is_noisy = header.get(frequency).is_some_and(|name| is_called(name, NOISY_FREQUENCY));
        Ok(Self { is_noisy, ..Self::new(names, read)? })
    }

    /// The names of the lists.
    pub fn lists(&self) -> &[String] {
        &self.lists
    }

    /// How many persons are on at least one list.
    pub fn n_observed(&self) -> u64 {
        self.counts.total()
    }

    /// How many persons are on exactly these lists.
    pub fn n_exactly(&self, lists: Lists) -> u64 {
        self.counts.of(lists)
    }

    /// How many persons are on all of these lists, whatever else they are on.
    pub fn n_on_all(&self, lists: Lists) -> u64 {
        self.counts.on_all(lists)
    }

    /// How many persons are on two lists or more.
    pub fn n_on_several(&self) -> u64 {
        self.counts.iter().filter(|(pattern, _)| pattern.len() > 1).map(|(_, n)| n).sum()
    }

    /// How many pairs of lists there are, and how many of them have nobody in common.
    pub fn n_pairs(&self) -> (usize, usize) {
        let pairs = || self.counts.pairs();
        (pairs().count(), pairs().filter(|pair| self.counts.on_all(*pair) == 0).count())
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }
}

/// The row under the header, as a spreadsheet numbers it.
const FIRST_ROW: u64 = 2;

/// What the column of counts is called if they carry noise: whoever estimates from them must say so, and
/// the file is all that they may have.
pub const NOISY_FREQUENCY: &str = "noisy_frequency";

/// What the column of counts is called, the clearest first.
const FREQUENCY: [&str; 8] =
    [NOISY_FREQUENCY, "frequency", "fréquence", "frequence", "effectif", "count", "freq", "n"];

fn is_called(name: &str, known: &str) -> bool {
    name.trim().to_lowercase() == known
}

fn frequency_column(header: &[String]) -> Option<usize> {
    FREQUENCY.iter().find_map(|known| {
        // A list may be called N; a column of counts called so is the last one.
        header.iter().rposition(|name| is_called(name, known))
    })
}

fn check_names(lists: &[String]) -> Result<(), TableError> {
    if lists.len() < 2 {
        return Err(TableError::TooFewLists);
    }
    if lists.len() > OverlapTable::MAX_LISTS {
        return Err(TableError::TooManyLists(lists.len()));
    }
    for (at, name) in lists.iter().enumerate() {
        let fits = (1..=OverlapTable::MAX_NAME_BYTES).contains(&name.len());
        if !fits || name.contains(':') || name.chars().any(char::is_control) {
            return Err(TableError::BadName { column: at + 1 });
        }
        if lists.iter().take(at).any(|other| other == name) {
            return Err(TableError::NameTwice(name.clone()));
        }
    }
    Ok(())
}

fn read_row(
    row: u64,
    cells: &[String],
    frequency: usize,
    width: usize,
) -> Result<(Vec<bool>, u64), TableError> {
    if cells.len() != width {
        return Err(TableError::WrongWidth { row });
    }
    let (mut pattern, mut n) = (Vec::new(), 0);
    for (at, cell) in cells.iter().map(|cell| cell.trim()).enumerate() {
        match cell {
            // A sign, a fraction, an exponent or a group of digits is not a count.
            _ if at == frequency => {
                let is_number = !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
                if !is_number {
                    return Err(TableError::NotACount { row });
                }
                n = cell.parse().map_err(|_| TableError::TooManyPersons)?;
            }
            "0" => pattern.push(false),
            "1" => pattern.push(true),
            _ => return Err(TableError::NotZeroOrOne { row, column: at + 1 }),
        }
    }
    Ok((pattern, n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    fn read(text: &str) -> Result<OverlapTable, TableError> {
        let mut lines =
            text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let header = lines.next().unwrap();
        OverlapTable::read(&header, lines)
    }

    #[test]
    fn a_table_is_read_with_its_margins_whatever_the_column_of_counts_is_called() {
        for name in ["frequency", "n", "Count", "Effectif", "Fréquence"] {
            let table = read(&format!("A,B,{name}\n1,0,40\n0,1,30\n1,1,6\n,,\n")).unwrap();
            let (a, b) = (Lists::only(0), Lists::only(1));
            assert_eq!(table.lists(), ["A", "B"]);
            assert_eq!(table.n_observed(), 76);
            assert_eq!(table.n_exactly(a), 40);
            assert_eq!((table.n_on_all(a), table.n_on_all(b)), (46, 36));
            assert_eq!(table.n_on_several(), 6);
            assert_eq!(a.and(b).names(&table), "A:B");
        }
        // `n` is a list here: there is a clearer name for the counts.
        let table = read("n,B,frequency\n1,0,4\n0,1,3\n").unwrap();
        assert_eq!((table.lists()[0].as_str(), table.n_pairs()), ("n", (1, 1)));
    }

    #[test]
    fn a_table_says_by_the_name_of_its_column_that_its_counts_carry_noise() {
        let noisy = read("A,B,noisy_frequency\n1,0,40\n0,1,30\n1,1,6\n").unwrap();
        let exact = read("A,B,frequency\n1,0,40\n0,1,30\n1,1,6\n").unwrap();
        assert_eq!((noisy.is_noisy(), exact.is_noisy()), (true, false));
        assert_eq!(exact.with_noise(), noisy);
    }

    #[test]
    fn what_is_wrong_has_one_clear_error() {
        use TableError::*;
        let wide = (0..11).map(|n| format!("L{n}")).collect::<Vec<_>>().join(",");
        let check = |text: &str, expected: TableError| {
            let error = read(text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            for lang in [Lang::En, Lang::Fr] {
                assert!(!error.text(lang).is_empty());
            }
        };
        check("A,B,C\n1,0,1\n", NoFrequency);
        check("A,frequency\n1,3\n", TooFewLists);
        check(&format!("{wide},frequency\n"), TooManyLists(11));
        check("A,,frequency\n1,0,4\n", BadName { column: 2 });
        check("A,B:C,frequency\n1,0,4\n", BadName { column: 2 });
        check("A,A,frequency\n1,0,4\n", NameTwice("A".into()));
        check("A,B,frequency\n1,0\n", WrongWidth { row: 2 });
        check("A,B,frequency\n1,0,4,5\n", WrongWidth { row: 2 });
        check("A,B,frequency\n1,0,4\n2,0,4\n", NotZeroOrOne { row: 3, column: 1 });
        for bad in ["-3", "3.5", "", "1e3", "NaN", "+4"] {
            check(&format!("A,B,frequency\n1,0,{bad}\n"), NotACount { row: 2 });
        }
        check("A,B,frequency\n1,0,4\n0,0,5\n", Unseen { row: 3 });
        check("A,B,frequency\n1,0,4\n0,1,1\n1,0,5\n", PatternTwice { row: 4, first: 2 });
        check("A,B,frequency\n1,0,1000000001\n", TooManyPersons);
        check("A,B,frequency\n1,0,99999999999999999999999\n", TooManyPersons);
        check("A,B,frequency\n1,0,600000000\n0,1,600000000\n", TooManyPersons);
        check("A,B,frequency\n1,0,4\n0,1,0\n", EmptyList("B".into()));
        check("A,B,frequency\n", EmptyList("A".into()));
    }

    #[test]
    fn a_table_of_endless_rows_is_refused_before_it_is_kept() {
        let header = ["A", "B", "n"].map(str::to_owned);
        let rows = std::iter::repeat_with(|| vec!["1".to_owned(), "0".to_owned(), "1".to_owned()]);
        assert_eq!(OverlapTable::read(&header, rows), Err(TableError::TooManyRows));
    }
}
