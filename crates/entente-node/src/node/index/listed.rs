//! What lists and tallies ask of every record: a few codes each, in memory, in the order of their ids.
//!
//! A page of a list reads the records that it shows, and nothing else. How many there are, and which
//! come next, is known from here: changed as the last step of the transaction that changes the store,
//! like the columns beside it, and so ahead of the disk by at most the transactions under way.

use std::collections::BTreeMap;
use std::ops::Bound;

use entente_core::codes::{AgeBand, Code as _, Exploitation, Gender, Province, Set, Status};
use entente_core::period::Period;
use entente_core::record::RecordId;
use jiff::civil::Date;

use super::standing::Standings;
use crate::node::records::Case;

/// Stands for "nothing is recorded".
const NOTHING: u8 = u8::MAX;

/// Which records are meant. What is left empty does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) status: Option<Status>,
    pub(crate) gender: Option<Gender>,
    pub(crate) age: Option<AgeBand>,
    /// Also where only the city is recorded.
    pub(crate) province: Option<Province>,
    /// All of these.
    pub(crate) exploitation: Set<Exploitation>,
    /// Registered in all of these.
    pub(crate) periods: Vec<Period>,
    /// With a consent that holds on the first of these days, and is over before the second.
    pub(crate) ending: Option<(Date, Date)>,
    /// Withdrawn ones too.
    pub(crate) withdrawn: bool,
}

/// How many records there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that were not withdrawn.
    pub own: u64,
    /// Of these, those with a consent that holds today.
    pub with_consent: u64,
    /// Those that were withdrawn.
    pub withdrawn: u64,
}

/// The codes of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The number of its period; 0 if it has none.
    period: u32,
    /// The bits of its forms of exploitation.
    exploitation: u32,
    /// The number of its consents in [`Standings`].
    consents: u32,
    status: u8,
    gender: u8,
    age: u8,
    province: u8,
    withdrawn: bool,
}

impl Line {
    pub(super) const LEN: usize = 3 * 4 + 5;

    pub(super) fn of(case: &Case, consents: u32) -> Self {
        let record = &case.record;
        Self {
            period: record.period().map_or(0, Period::number),
            exploitation: record.exploitation.bits(),
            consents,
            status: record.status.map_or(NOTHING, |it| it.number()),
            gender: record.gender.map_or(NOTHING, |it| it.number()),
            age: record.age_band().number(),
            province: record.province().map_or(NOTHING, |it| it.number()),
            withdrawn: case.withdrawn,
        }
    }

    fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let [a, b, c] = [self.period, self.exploitation, self.consents].map(u32::to_le_bytes);
        let codes = [self.status, self.gender, self.age, self.province, self.withdrawn.into()];
        let all = a.into_iter().chain(b).chain(c).chain(codes);
        bytes.iter_mut().zip(all).for_each(|(byte, value)| *byte = value);
        bytes
    }

    /// `None` if no record has such a line, or its consents are not among the first `n_consents`.
    fn from_bytes(bytes: &[u8; Self::LEN], n_consents: usize) -> Option<Self> {
        let (numbers, codes) = bytes.split_first_chunk::<12>()?;
        let mut numbers = numbers.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
        let [status, gender, age, province, withdrawn] = *codes.first_chunk()?;
        let line = Self {
            period: numbers.next()?,
            exploitation: numbers.next()?,
            consents: numbers.next()?,
            status,
            gender,
            age,
            province,
            withdrawn: withdrawn == 1,
        };
        let is_known = usize::try_from(line.consents).is_ok_and(|number| number < n_consents);
        (is_known && withdrawn < 2).then_some(line)
    }
}

/// A [`Wanted`] as the numbers that lines have.
struct Tests {
    status: Option<u8>,
    gender: Option<u8>,
    age: Option<u8>,
    province: Option<u8>,
    exploitation: u32,
    withdrawn: bool,
}

impl Tests {
    fn of(wanted: &Wanted) -> Self {
        Self {
            status: wanted.status.map(|it| it.number()),
            gender: wanted.gender.map(|it| it.number()),
            age: wanted.age.map(|it| it.number()),
            province: wanted.province.map(|it| it.number()),
            exploitation: wanted.exploitation.bits(),
            withdrawn: wanted.withdrawn,
        }
    }

    fn pass(&self, line: &Line, periods: &[Period]) -> bool {
        let fits = |wanted: Option<u8>, code: u8| wanted.is_none_or(|wanted| wanted == code);
        (self.withdrawn || !line.withdrawn)
            && fits(self.status, line.status)
            && fits(self.gender, line.gender)
            && fits(self.age, line.age)
            && fits(self.province, line.province)
            && line.exploitation & self.exploitation == self.exploitation
            && (periods.is_empty() || is_within(line.period, periods))
    }
}

fn is_within(period: u32, all: &[Period]) -> bool {
    let period = Period::from_number(period);
    period.is_ok_and(|period| all.iter().all(|wanted| wanted.contains(period)))
}

/// The lines of all records.
#[derive(Debug, Default)]
pub(super) struct Listed {
    lines: BTreeMap<u128, Line>,
    n_withdrawn: u64,
    /// How many records that were not withdrawn have the consents with this number.
    by_consents: Vec<u64>,
}

impl Listed {
    /// From lines in any order, each record once.
    pub(super) fn of(lines: Vec<(u128, Line)>) -> Self {
        let mut listed = Self::default();
        lines.iter().for_each(|(_, line)| listed.count(line));
        listed.lines = lines.into_iter().collect();
        listed
    }

    /// Takes a record in, in place of what was known of it.
    pub(super) fn put(&mut self, id: [u8; 16], line: Line) {
        if let Some(before) = self.lines.insert(u128::from_be_bytes(id), line) {
            if before.withdrawn {
                self.n_withdrawn -= 1;
            } else if let Some(n) = usize::try_from(before.consents)
                .ok()
                .and_then(|number| self.by_consents.get_mut(number))
            {
                *n -= 1;
            }
        }
        self.count(&line);
    }

    fn count(&mut self, line: &Line) {
        if line.withdrawn {
            self.n_withdrawn += 1;
            return;
        }
        // A number of a list in memory fits.
        let number = usize::try_from(line.consents).unwrap_or(0);
        if self.by_consents.len() <= number {
            self.by_consents.resize(number + 1, 0);
        }
        if let Some(n) = self.by_consents.get_mut(number) {
            *n += 1;
        }
    }

    /// How many are meant, and the newest of those before `before`, at most `limit` of them. `ending` says for
    /// every entry of consents how many of them end, if that is asked for.
    pub(super) fn newest(
        &self,
        wanted: &Wanted,
        ending: Option<&[u64]>,
        before: Option<RecordId>,
        limit: usize,
    ) -> (u64, Vec<RecordId>) {
        let tests = Tests::of(wanted);
        let ends = |line: &Line, all: &[u64]| {
            let number = usize::try_from(line.consents).ok();
            number.and_then(|number| all.get(number)).is_some_and(|n| *n > 0)
        };
        let pass = |line: &Line| {
            tests.pass(line, &wanted.periods) && ending.is_none_or(|all| ends(line, all))
        };
        let end = before.map_or(Bound::Unbounded, |id| Bound::Excluded(u128::from_be_bytes(id.0)));
        let earlier = self.lines.range((Bound::Unbounded, end)).rev();
        let meant = earlier.filter(|(_, line)| pass(line)).take(limit);
        let ids = meant.map(|(id, _)| RecordId(id.to_be_bytes())).collect();
        let n_all = self.lines.len() as u64;
        let total = match (wanted == &Wanted::default(), wanted.withdrawn) {
            (true, _) => n_all - self.n_withdrawn,
            (false, true) if *wanted == (Wanted { withdrawn: true, ..Wanted::default() }) => n_all,
            _ => self.lines.values().filter(|line| pass(line)).count() as u64,
        };
        (total, ids)
    }

    /// How many there are on the day `today`.
    pub(super) fn tally(&self, standings: &Standings, today: Date) -> Tally {
        let is_current = standings.current(today);
        let consented = self.by_consents.iter().zip(is_current).filter(|(_, it)| *it);
        Tally {
            own: self.lines.len() as u64 - self.n_withdrawn,
            with_consent: consented.map(|(n, _)| n).sum(),
            withdrawn: self.n_withdrawn,
        }
    }

    /// How many consents, of records that were not withdrawn, hold on the day `today` and are over before
    /// the day `then`.
    pub(super) fn consents_ending(&self, standings: &Standings, today: Date, then: Date) -> u64 {
        let n_ending = standings.ending(today, then);
        self.by_consents.iter().zip(n_ending).map(|(n, n_each)| n * n_each).sum()
    }

    pub(super) fn n(&self) -> usize {
        self.lines.len()
    }

    /// All lines as bytes: the id and the line of each.
    pub(super) fn push_to(&self, bytes: &mut Vec<u8>) {
        for (id, line) in &self.lines {
            bytes.extend(id.to_be_bytes());
            bytes.extend(line.to_bytes());
        }
    }

    pub(super) const ITEM: usize = 16 + Line::LEN;

    /// The reverse; `None` for anything else.
    pub(super) fn from_bytes(bytes: &[u8], n_consents: usize) -> Option<Self> {
        let read = |item: &[u8; Self::ITEM]| {
            let (id, line) = item.split_first_chunk::<16>()?;
            let line = Line::from_bytes(line.first_chunk()?, n_consents)?;
            Some((u128::from_be_bytes(*id), line))
        };
        let lines: Option<Vec<_>> = bytes.as_chunks().0.iter().map(read).collect();
        Some(Self::of(lines?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_no_record_has_is_not_read_back() {
        let line = Line {
            period: 0,
            exploitation: 0,
            consents: 1,
            status: NOTHING,
            gender: NOTHING,
            age: 0,
            province: NOTHING,
            withdrawn: true,
        };
        let mut bytes = Vec::new();
        Listed::of(vec![(7, line)]).push_to(&mut bytes);
        let read = Listed::from_bytes(&bytes, 2).unwrap();
        assert_eq!((read.lines, read.n_withdrawn), (BTreeMap::from([(7, line)]), 1));
        assert!(Listed::from_bytes(&bytes, 1).is_none(), "nobody has these consents");
        *bytes.last_mut().unwrap() = 2;
        assert!(Listed::from_bytes(&bytes, 2).is_none(), "neither withdrawn nor not");
    }
}
