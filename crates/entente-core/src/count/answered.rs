//! What a partner was told about each closed period, kept so that it stays the same for ever.

use std::collections::BTreeMap;

use super::protect::{Cell, Protected, Rules, Zeros, protect};
use super::table::{Dimension, Frame, Question, Table};

/// The protected table of each period that was asked about.
///
/// Keep one for all partners whose agreements name the same frame; then partners who compare notes
/// hold the same numbers. A late record changes nothing here: the answer to a closed period stands
/// until a revision is announced. Periods must not overlap: a year is the sum of what was said about
/// its quarters ([`super::merge()`]), not a period of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    periods: BTreeMap<String, Protected>,
}

/// Why a question is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a question over this frame: an unknown dimension or label, one named twice, or too many.
    #[error("the question does not fit the dimensions that counts may use here")]
    OutsideFrame,
    /// The period was answered over another frame, and answering again over this one could reveal
    /// small counts by comparison.
    #[error(
        "this period was already answered over other dimensions; another breakdown would reveal"
    )]
    WouldReveal,
    /// A period's label is empty or longer than [`Answered::MAX_PERIOD_BYTES`].
    #[error("a period's label is empty or above {max} bytes", max = Answered::MAX_PERIOD_BYTES)]
    BadPeriod,
    /// More than [`Answered::MAX_PERIODS`] periods.
    #[error("more than {max} periods were answered", max = Answered::MAX_PERIODS)]
    TooManyPeriods,
}

impl Refusal {
    /// A stable code for reasons on the wire and in the audit log.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OutsideFrame => "outside_frame",
            Self::WouldReveal => "would_reveal",
            Self::BadPeriod => "bad_period",
            Self::TooManyPeriods => "too_many_periods",
        }
    }
}

impl Answered {
    /// The most periods: fifty years of quarters. With [`Frame::MAX_PLACES`] it bounds the whole at
    /// about 8 MB, and a typical one (500 cells, a dozen quarters) at 20 kB.
    pub const MAX_PERIODS: usize = 200;

    /// The longest label of a period, in bytes: `2026-Q3` and room for others.
    pub const MAX_PERIOD_BYTES: usize = 64;

    /// Answers a question about one closed period.
    ///
    /// `frame` is what the agreement allows now, `table` counts the period over it and is called only
    /// for the first question of the period. The caller makes sure that the period is closed and
    /// stores `self` before the answer leaves the node.
    pub fn answer(
        &mut self,
        period: &str,
        frame: &Frame,
        rules: Rules,
        question: &Question,
        table: impl FnOnce() -> Table,
    ) -> Result<Protected, Refusal> {
        if let Some(told) = self.periods.get(period) {
            let other = told.frame() != frame || told.rules() != rules;
            let refusal = if other { Refusal::WouldReveal } else { Refusal::OutsideFrame };
            return told.select(question).ok_or(refusal);
        }
        if !(1..=Self::MAX_PERIOD_BYTES).contains(&period.len()) {
            return Err(Refusal::BadPeriod);
        }
        if self.periods.len() >= Self::MAX_PERIODS {
            return Err(Refusal::TooManyPeriods);
        }
        let table = table();
        if table.frame() != frame {
            return Err(Refusal::OutsideFrame);
        }
        let told = protect(&table, rules);
        let answer = told.select(question).ok_or(Refusal::OutsideFrame)?;
        self.periods.insert(period.to_owned(), told);
        Ok(answer)
    }

    /// What may ever be told about a period, if it was asked about.
    pub fn period(&self, period: &str) -> Option<&Protected> {
        self.periods.get(period)
    }

    /// The whole as bytes for the store; version first. Sealed by the store like everything else.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        put(&mut out, self.periods.len() as u64);
        for (period, told) in &self.periods {
            put_str(&mut out, period);
            put(&mut out, u64::from(told.rules().min_cell()));
            let zeros = match told.rules().zeros() {
                Zeros::Shown => 0,
                Zeros::Flagged => 1,
                Zeros::Defended => 2,
            };
            put(&mut out, zeros);
            put(&mut out, told.frame().dimensions().len() as u64);
            for Dimension { name, labels } in told.frame().dimensions() {
                put_str(&mut out, name);
                put(&mut out, labels.len() as u64);
                labels.iter().for_each(|label| put_str(&mut out, label));
            }
            for cell in told.cells() {
                put(
                    &mut out,
                    match cell {
                        Cell::Lt5 => 0,
                        Cell::Comp => 1,
                        Cell::Withheld => 2,
                        Cell::Ok(value) => value + 3,
                    },
                );
            }
        }
        out
    }

    /// Reads what [`Answered::to_bytes`] wrote. Every length is checked before anything is allocated.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MalformedHistory> {
        Input(bytes).history().ok_or(MalformedHistory)
    }
}

/// The bytes are not a history of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored history of answered counts is damaged")]
pub struct MalformedHistory;

const VERSION: u8 = 1;

/// Seven bits a byte, the lowest first, as in protobuf.
fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(low_byte(value) | 0x80);
        value >>= 7;
    }
    out.push(low_byte(value));
}

fn low_byte(value: u64) -> u8 {
    let [low, ..] = value.to_le_bytes();
    low
}

fn put_str(out: &mut Vec<u8>, value: &str) {
    put(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn history(mut self) -> Option<Answered> {
        if self.byte()? != VERSION {
            return None;
        }
        let mut periods = BTreeMap::new();
        for _ in 0..self.at_most(Answered::MAX_PERIODS)? {
            let period = self.string(Answered::MAX_PERIOD_BYTES)?;
            // Ascending, so that equal histories have equal bytes.
            let ascending = periods.last_key_value().is_none_or(|(last, _)| *last < period);
            if period.is_empty() || !ascending {
                return None;
            }
            periods.insert(period, self.told()?);
        }
        self.0.is_empty().then_some(Answered { periods })
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// The shortest form only, so that equal histories have equal bytes.
    fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return (byte > 0 || shift == 0).then_some(value);
            }
        }
        None
    }

    fn at_most(&mut self, limit: usize) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|&n| n <= limit)
    }

    fn string(&mut self, max_bytes: usize) -> Option<String> {
        let n_bytes = self.at_most(max_bytes)?;
        let (text, rest) = self.0.split_at_checked(n_bytes)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn told(&mut self) -> Option<Protected> {
        let min_cell = u32::try_from(self.number()?).ok()?;
        let zeros = match self.number()? {
            0 => Zeros::Shown,
            1 => Zeros::Flagged,
            2 => Zeros::Defended,
            _ => return None,
        };
        let rules = Rules::new(min_cell, zeros)?;
        let mut dimensions = Vec::new();
        for _ in 0..self.at_most(Frame::MAX_DIMENSIONS)? {
            let name = self.string(Dimension::MAX_LABEL_BYTES)?;
            let mut labels = Vec::new();
            for _ in 0..self.at_most(Frame::MAX_PLACES)? {
                labels.push(self.string(Dimension::MAX_LABEL_BYTES)?);
            }
            dimensions.push(Dimension { name, labels });
        }
        let frame = Frame::new(dimensions).ok()?;
        let cells = (0..frame.n_places()).map(|_| {
            Some(match self.number()? {
                0 => Cell::Lt5,
                1 => Cell::Comp,
                2 => Cell::Withheld,
                value => Cell::Ok(value - 3),
            })
        });
        let cells = cells.collect::<Option<_>>()?;
        Protected::from_parts(frame, rules, cells)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(names: &[&str]) -> Frame {
        Frame::new(names.iter().map(|name| Dimension::new(*name, ["x", "y", "z"])).collect())
            .unwrap()
    }

    fn table(frame: &Frame) -> Table {
        let mut table = Table::new(frame.clone());
        for a in 0..3 {
            for b in 0..3 {
                table.add_codes(&[a, b], u64::from(3 + 11 * a + 5 * b)).unwrap();
            }
        }
        table
    }

    fn by(names: &[&str]) -> Question {
        Question { by: names.iter().map(ToString::to_string).collect(), only: Vec::new() }
    }

    fn only(mut question: Question, name: &str, label: &str) -> Question {
        question.only.push((name.into(), label.into()));
        question
    }

    #[test]
    fn a_period_is_counted_once_and_the_same_question_has_the_same_answer() {
        let frame = frame(&["sex", "age"]);
        let mut answered = Answered::default();
        let mut n_counts = 0;
        let mut ask = |question: &Question| {
            let count = || {
                n_counts += 1;
                table(&frame)
            };
            answered.answer("2026-Q1", &frame, Rules::default(), question, count).unwrap()
        };
        let first = ask(&by(&["sex"]));
        assert_eq!(ask(&by(&["sex"])), first);
        ask(&by(&["age", "sex"]));
        assert_eq!(n_counts, 1);
    }

    #[test]
    fn a_question_selects_cells_of_the_whole_in_its_own_order() {
        let frame = frame(&["sex", "age"]);
        let whole = protect(&table(&frame), Rules::default());
        let turned = whole.select(&by(&["age", "sex"])).unwrap();
        assert_eq!(turned.cell(&[Some("z"), Some("y")]), whole.cell(&[Some("y"), Some("z")]));
        assert_eq!(turned.cell(&[Some("z"), None]), whole.cell(&[None, Some("z")]));
        let filtered = whole.select(&only(by(&["age"]), "sex", "y")).unwrap();
        assert_eq!(filtered.cell(&[Some("z")]), whole.cell(&[Some("y"), Some("z")]));
        assert_eq!(filtered.cell(&[None]), whole.cell(&[Some("y"), None]));
    }

    #[test]
    fn a_question_outside_the_frame_is_refused_and_leaves_no_trace() {
        let frame = frame(&["sex", "age"]);
        for question in [
            by(&["nation"]),
            by(&["sex", "sex"]),
            only(by(&["sex"]), "sex", "x"),
            only(by(&["sex"]), "age", "w"),
        ] {
            let mut answered = Answered::default();
            let answer =
                answered.answer("q", &frame, Rules::default(), &question, || table(&frame));
            assert_eq!(answer.unwrap_err(), Refusal::OutsideFrame);
            assert_eq!(answered, Answered::default());
        }
    }

    #[test]
    fn an_answered_period_is_not_broken_down_anew() {
        let (old, new) = (frame(&["sex", "age"]), frame(&["sex", "form"]));
        let mut answered = Answered::default();
        let mut ask = |period, frame: &Frame, question| {
            answered.answer(period, frame, Rules::default(), &question, || table(frame))
        };
        ask("2026-Q1", &old, by(&["age"])).unwrap();
        assert_eq!(ask("2026-Q1", &new, by(&["form"])), Err(Refusal::WouldReveal));
        assert!(ask("2026-Q1", &new, by(&["sex"])).is_ok());
        assert!(ask("2026-Q2", &new, by(&["form"])).is_ok());
    }

    #[test]
    fn the_number_of_periods_is_bounded() {
        let frame = Frame::new(vec![]).unwrap();
        let mut answered = Answered::default();
        let mut ask = |period: &str| {
            let nobody = || Table::new(frame.clone());
            answered.answer(period, &frame, Rules::default(), &by(&[]), nobody)
        };
        for i in 0..Answered::MAX_PERIODS {
            ask(&i.to_string()).unwrap();
        }
        assert_eq!(ask("one more"), Err(Refusal::TooManyPeriods));
        assert!(ask("0").is_ok());
        assert_eq!(ask(""), Err(Refusal::BadPeriod));
        assert_eq!(ask(&"x".repeat(65)), Err(Refusal::BadPeriod));
    }

    fn history() -> Answered {
        let frame = frame(&["sex", "âge"]);
        let mut answered = Answered::default();
        for (period, zeros) in [("a", Zeros::Shown), ("b", Zeros::Flagged), ("c", Zeros::Defended)]
        {
            let rules = Rules::new(4, zeros).unwrap();
            answered.answer(period, &frame, rules, &by(&["sex"]), || table(&frame)).unwrap();
        }
        answered
    }

    #[test]
    fn a_history_survives_its_bytes_and_no_damaged_one_is_read() {
        let bytes = history().to_bytes();
        assert_eq!(Answered::from_bytes(&bytes), Ok(history()));
        for n in 0..bytes.len() {
            assert_eq!(Answered::from_bytes(&bytes[..n]), Err(MalformedHistory));
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(Answered::from_bytes(&longer), Err(MalformedHistory));
    }

    proptest! {
        #[test]
        fn whatever_bytes_are_read_are_the_bytes_written(
            at in 0_usize..200,
            byte in any::<u8>(),
        ) {
            let mut bytes = history().to_bytes();
            let n_bytes = bytes.len();
            bytes[at % n_bytes] = byte;
            if let Ok(read) = Answered::from_bytes(&bytes) {
                prop_assert_eq!(read.to_bytes(), bytes);
            }
        }
    }
}
