//! Periods: the quarters and years in which cases are counted and summaries released.
//!
//! A period is the finest statement of time that ever leaves a node; a date stays at home. A year
//! is a period of its own, and not "some quarter of it": a case known only by its year is never
//! given a quarter.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, date};

/// The years a case can belong to. Earlier and later ones are typing mistakes.
pub const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

/// A calendar year within [`YEARS`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Year(i16);

impl Year {
    /// The year with this number.
    pub fn new(year: i16) -> Result<Self, InvalidPeriod> {
        if YEARS.contains(&year) { Ok(Self(year)) } else { Err(InvalidPeriod) }
    }

    /// Its number.
    pub fn number(self) -> i16 {
        self.0
    }
}

/// A quarter of a calendar year.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarter {
    year: Year,
    // Invariant: 1 to 4.
    quarter: u8,
}

impl Quarter {
    /// The quarter `quarter` (1 to 4) of `year`.
    pub fn new(year: i16, quarter: u8) -> Result<Self, InvalidPeriod> {
        let year = Year::new(year)?;
        if (1..=4).contains(&quarter) { Ok(Self { year, quarter }) } else { Err(InvalidPeriod) }
    }

    /// The quarter in which `day` lies.
    pub fn of(day: Date) -> Result<Self, InvalidPeriod> {
        Self::new(day.year(), (day.month().unsigned_abs() - 1) / 3 + 1)
    }

    /// The year it is part of.
    pub fn year(self) -> Year {
        self.year
    }

    /// Its number in the year, 1 to 4.
    pub fn number(self) -> u8 {
        self.quarter
    }

    fn first_month(self) -> i8 {
        match self.quarter {
            1 => 1,
            2 => 4,
            3 => 7,
            _ => 10,
        }
    }
}

/// A quarter or a whole year.
///
/// Ordered by time; a year comes before its quarters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// A quarter.
    Quarter(Quarter),
    /// A whole year.
    Year(Year),
}

impl Period {
    /// The quarter in which `day` lies.
    pub fn of(day: Date) -> Result<Self, InvalidPeriod> {
        Quarter::of(day).map(Self::Quarter)
    }

    /// The year `year`.
    pub fn whole_year(year: i16) -> Result<Self, InvalidPeriod> {
        Year::new(year).map(Self::Year)
    }

    /// The year it is or is part of.
    pub fn year(self) -> Year {
        match self {
            Self::Quarter(quarter) => quarter.year,
            Self::Year(year) => year,
        }
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        match self {
            Self::Quarter(quarter) => date(quarter.year.0, quarter.first_month(), 1),
            Self::Year(year) => date(year.0, 1, 1),
        }
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        match self {
            Self::Quarter(quarter) => {
                date(quarter.year.0, quarter.first_month() + 2, 1).last_of_month()
            }
            Self::Year(year) => date(year.0, 12, 31),
        }
    }

    /// Whether all of it lies before `today`.
    pub fn is_closed(self, today: Date) -> bool {
        self.last_day() < today
    }

    /// Whether all of `other` lies in it.
    pub fn contains(self, other: Self) -> bool {
        self.first_day() <= other.first_day() && other.last_day() <= self.last_day()
    }

    /// One number for both: `year * 10 + quarter`, with quarter 0 for a whole year.
    ///
    /// 20253 is the third quarter of 2025, and 20250 the year 2025.
    pub fn number(self) -> u32 {
        let (year, quarter) = match self {
            Self::Quarter(quarter) => (quarter.year, quarter.quarter),
            Self::Year(year) => (year, 0),
        };
        u32::from(year.0.unsigned_abs()) * 10 + u32::from(quarter)
    }

    /// The period with this number.
    pub fn from_number(number: u32) -> Result<Self, InvalidPeriod> {
        let year = i16::try_from(number / 10).map_err(|_| InvalidPeriod)?;
        match u8::try_from(number % 10).map_err(|_| InvalidPeriod)? {
            0 => Self::whole_year(year),
            quarter => Quarter::new(year, quarter).map(Self::Quarter),
        }
    }
}

/// Text or a number that names no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a period: expected a quarter such as 2025-Q3 or a year such as 2025, from 1900 to 2199"
)]
pub struct InvalidPeriod;

impl fmt::Display for Year {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-Q{}", self.year, self.quarter)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quarter(quarter) => quarter.fmt(f),
            Self::Year(year) => year.fmt(f),
        }
    }
}

impl fmt::Debug for Year {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Ord for Period {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number().cmp(&other.number())
    }
}

impl PartialOrd for Period {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Year {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let is_four_digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        let year = text.parse().ok().filter(|_| is_four_digits).ok_or(InvalidPeriod)?;
        Self::new(year)
    }
}

impl FromStr for Quarter {
    type Err = InvalidPeriod;

    /// Parses `2025-Q3`, which alone is written, and what people read on pages: `Q3 2025` and `T3 2025`.
    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let text = text.trim();
        let read = text.split_once(SPACES).map(|(quarter, year)| (year.trim(), quarter));
        let (year, quarter) = read.or_else(|| text.split_once('-')).ok_or(InvalidPeriod)?;
        let quarter = match quarter {
            "Q1" | "q1" | "T1" | "t1" => 1,
            "Q2" | "q2" | "T2" | "t2" => 2,
            "Q3" | "q3" | "T3" | "t3" => 3,
            "Q4" | "q4" | "T4" | "t4" => 4,
            _ => return Err(InvalidPeriod),
        };
        Ok(Self { year: year.parse()?, quarter })
    }
}

impl FromStr for Period {
    type Err = InvalidPeriod;

    /// Parses a quarter or `2025`. Whatever is signed or stored has a period's number, so what people may type is
    /// never a second form of the same document.
    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let text = text.trim();
        if text.contains('-') || text.contains(SPACES) {
            text.parse().map(Self::Quarter)
        } else {
            text.parse().map(Self::Year)
        }
    }
}

/// What stands between a quarter and its year on a page.
const SPACES: [char; 2] = [' ', '\u{a0}'];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_period_is_read_as_it_is_written() {
        for text in ["2025-Q3", "2025", "1900-Q1", "2199-Q4"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        for text in
            ["", "2025-Q5", "2025-Q0", "25", "0000", "9999", "1899", "2025-3", "+202", "-2025"]
        {
            assert_eq!(text.parse::<Period>(), Err(InvalidPeriod), "{text}");
        }
    }

    #[test]
    fn a_quarter_is_also_read_as_pages_say_it_and_written_in_one_way() {
        for text in ["Q3 2025", "T3 2025", "T3\u{a0}2025", " t3  2025 ", "q3 2025", "2025-T3"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), "2025-Q3", "{text}");
        }
        for text in ["Q5 2025", "T0 2025", "2025 Q3", "Q3", "Q3 25", "Q3 2025 2026", "Q32025"] {
            assert_eq!(text.parse::<Period>(), Err(InvalidPeriod), "{text}");
        }
    }

    #[test]
    fn a_day_lies_in_its_quarter_and_not_in_the_next() {
        let quarter = Period::of(date(2025, 9, 30)).unwrap();
        assert_eq!(quarter.to_string(), "2025-Q3");
        assert_eq!(quarter.first_day(), date(2025, 7, 1));
        assert_eq!(quarter.last_day(), date(2025, 9, 30));
        assert_eq!(Period::of(date(2025, 10, 1)).unwrap().to_string(), "2025-Q4");
        assert_eq!(Period::of(date(0, 1, 1)), Err(InvalidPeriod));
    }

    #[test]
    fn a_period_is_closed_on_the_day_after_its_last() {
        let quarter: Period = "2025-Q4".parse().unwrap();
        assert!(!quarter.is_closed(date(2025, 12, 31)));
        assert!(quarter.is_closed(date(2026, 1, 1)));
        let year: Period = "2025".parse().unwrap();
        assert!(!year.is_closed(date(2025, 12, 31)));
        assert!(year.is_closed(date(2026, 1, 1)));
    }

    #[test]
    fn a_year_contains_its_quarters_and_stands_before_them() {
        let year: Period = "2025".parse().unwrap();
        let quarter: Period = "2025-Q1".parse().unwrap();
        assert!(year < quarter && year.contains(quarter) && !quarter.contains(year));
        assert!("2024-Q4".parse::<Period>().unwrap() < year);
    }

    proptest! {
        #[test]
        fn a_number_is_a_period_both_ways_or_none(number in 0_u32..30_000) {
            if let Ok(period) = Period::from_number(number) {
                prop_assert_eq!(period.number(), number);
                prop_assert_eq!(period.to_string().parse(), Ok(period));
                prop_assert!(period.first_day() <= period.last_day());
            } else {
                prop_assert!(!(19_000..22_000).contains(&number) || number % 10 > 4);
            }
        }
    }
}
