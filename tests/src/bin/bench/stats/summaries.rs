//! Made-up summaries from a seed: fourteen coded fields and a person each, as skewed as real ones.
//!
//! Two rows of three are a person's first; the others are about somebody known, mostly somebody
//! recent. Gender and citizenship stay, the province mostly does.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use entente_core::statistics::columns::{Column, Kind, Layout, Row};

/// A field of a summary, or its person.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Code(u16),
    Set(u8),
    Person,
}

impl Field {
    pub(super) fn duckdb(self) -> &'static str {
        match self {
            Self::Code(0..=256) => "UTINYINT",
            Self::Code(_) | Self::Set(0..=16) => "USMALLINT",
            Self::Set(_) | Self::Person => "UINTEGER",
        }
    }

    pub(super) fn postgres(self) -> &'static str {
        match self {
            Self::Code(_) | Self::Set(0..=15) => "smallint",
            Self::Set(_) | Self::Person => "integer",
        }
    }
}

/// The fields by name. In the engine they are the columns in this order, without the person.
pub(super) const COLUMNS: [(&str, Field); 15] = [
    ("province", Field::Code(14)),
    ("quarter", Field::Code(40)),
    ("gender", Field::Code(6)),
    ("age", Field::Code(10)),
    ("sector", Field::Code(12)),
    ("relation", Field::Code(9)),
    ("industry", Field::Code(20)),
    ("status", Field::Code(8)),
    ("confidence", Field::Code(5)),
    ("subtype", Field::Code(16)),
    ("citizenship", Field::Code(250)),
    ("origin", Field::Code(5000)),
    ("exploitation", Field::Set(12)),
    ("control", Field::Set(18)),
    ("person", Field::Person),
];

pub(super) const PROVINCE: Column = Column(0);
pub(super) const QUARTER: Column = Column(1);
pub(super) const GENDER: Column = Column(2);
pub(super) const AGE: Column = Column(3);
pub(super) const CITIZENSHIP: Column = Column(10);
pub(super) const EXPLOITATION: Column = Column(12);
pub(super) const CONTROL: Column = Column(13);

const N_FIELDS: usize = COLUMNS.len() - 1;

pub(super) fn layout() -> Layout {
    let kinds = COLUMNS.into_iter().filter_map(|(_, field)| match field {
        Field::Code(n_codes) => Some(Kind::Code(n_codes)),
        Field::Set(n_labels) => Some(Kind::Set(n_labels)),
        Field::Person => None,
    });
    Layout::new(kinds).expect("a layout")
}

/// All summaries.
pub(super) struct Summaries {
    pub(super) values: Vec<[u32; N_FIELDS]>,
    pub(super) persons: Vec<u32>,
}

impl Summaries {
    pub(super) fn make(n: usize, seed: u64) -> Self {
        let (mut random, odds) = (Random(seed), Odds::new());
        let mut known: Vec<(u32, u32, u32)> = Vec::new();
        let (mut values, mut persons) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for _ in 0..n {
            let is_new = known.is_empty() || random.part() < 0.65;
            let (person, place) = if is_new {
                let place = (
                    odds.province.of(&mut random),
                    odds.gender.of(&mut random),
                    odds.citizenship.of(&mut random),
                );
                known.push(place);
                (known.len() - 1, place)
            } else {
                let person = random.recent(known.len());
                let (province, gender, citizenship) = *known.get(person).expect("a person");
                let moves = random.part() >= 0.85;
                let province = if moves { odds.province.of(&mut random) } else { province };
                (person, (province, gender, citizenship))
            };
            persons.push(u32::try_from(person).expect("32 bits"));
            values.push(odds.summary(place, &mut random));
        }
        Self { values, persons }
    }

    /// A row of the engine.
    pub(super) fn row(&self, row: usize) -> Row<'_> {
        let (values, person) = (self.values.get(row), self.persons.get(row));
        let (values, person) = values.zip(person).expect("a row that was made");
        Row { id: name(row as u64, 1), person: name((*person).into(), 2), values }
    }

    /// Writes a CSV file without a header.
    pub(super) fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let mut line = Vec::new();
        for (values, person) in self.values.iter().zip(&self.persons) {
            line.clear();
            for value in values {
                decimal(*value, &mut line);
                line.push(b',');
            }
            decimal(*person, &mut line);
            line.push(b'\n');
            file.write_all(&line)?;
        }
        file.flush()
    }
}

fn decimal(value: u32, line: &mut Vec<u8>) {
    if value > 9 {
        decimal(value / 10, line);
    }
    line.push(b'0' + (value % 10).to_le_bytes()[0]);
}

/// The name of a row or a person: nothing of its number shows in it.
fn name(n: u64, kind: u64) -> [u8; 16] {
    let mut random = Random(n << 2 | kind);
    (u128::from(random.next()) << 64 | u128::from(random.next())).to_be_bytes()
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// From 0 to below 1.
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of `n`, mostly one of the last.
    fn recent(&mut self, n: usize) -> usize {
        let back = self.part().powi(4) * n as f64;
        #[expect(clippy::cast_possible_truncation, reason = "it is below n")]
        #[expect(clippy::cast_sign_loss, reason = "it is not negative")]
        let back = back as usize;
        n - 1 - back.min(n - 1)
    }
}

/// How often each of some codes comes.
struct Weights(Vec<f64>);

impl Weights {
    fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let sums = weights.into_iter().scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self(sums.collect())
    }

    /// The first comes most often, the others ever less.
    fn falling(n: i32, steepness: f64) -> Self {
        Self::new((1..=n).map(|rank| f64::from(rank).powf(-steepness)))
    }

    fn of(&self, random: &mut Random) -> u32 {
        let place = random.part() * self.0.last().copied().unwrap_or(0.0);
        let code = self.0.partition_point(|sum| *sum <= place);
        u32::try_from(code.min(self.0.len() - 1)).expect("a small code")
    }
}

struct Odds {
    province: Weights,
    quarter: Weights,
    gender: Weights,
    age: Weights,
    others: [Weights; 6],
    citizenship: Weights,
    origin: Weights,
    form: Weights,
    n_forms: Weights,
    control: Weights,
    n_controls: Weights,
}

impl Odds {
    fn new() -> Self {
        let citizenships = (1..=250).map(|rank: i32| f64::from(rank).powf(-1.1));
        Self {
            province: Weights::new([
                38.0, 22.0, 14.0, 12.0, 4.0, 3.0, 2.6, 2.0, 1.3, 0.4, 0.1, 0.1, 0.1, 0.4,
            ]),
            quarter: Weights::new((0..40).map(|quarter| 1.0 + f64::from(quarter) * 0.08)),
            gender: Weights::new([74.0, 20.0, 2.0, 1.0, 1.0, 2.0]),
            age: Weights::new([2.0, 6.0, 22.0, 27.0, 17.0, 10.0, 6.0, 3.0, 1.0, 6.0]),
            others: [(12, 0.9), (9, 0.7), (20, 0.8), (8, 0.8), (5, 0.5), (16, 0.9)]
                .map(|(n, steepness)| Weights::falling(n, steepness)),
            // The first is the country itself.
            citizenship: Weights::new(std::iter::once(4.0).chain(citizenships.skip(1))),
            origin: Weights::falling(5000, 0.9),
            form: Weights::new([62.0, 20.0, 3.0, 4.0, 3.0, 2.0, 1.5, 1.0, 1.0, 1.0, 0.5, 1.0]),
            n_forms: Weights::new([68.0, 24.0, 6.0, 2.0]),
            control: Weights::falling(18, 0.6),
            n_controls: Weights::new([12.0, 26.0, 25.0, 18.0, 11.0, 5.0, 3.0]),
        }
    }

    fn summary(&self, place: (u32, u32, u32), random: &mut Random) -> [u32; N_FIELDS] {
        let (province, gender, citizenship) = place;
        let (quarter, age) = (self.quarter.of(random), self.age.of(random));
        let others = self.others.each_ref().map(|weights| weights.of(random));
        let [sector, relation, industry, status, confidence, subtype] = others;
        let origin = self.origin.of(random);
        let n_forms = self.n_forms.of(random) + 1;
        let forms = (0..n_forms).fold(0, |set, _| set | 1 << self.form.of(random));
        let n_controls = self.n_controls.of(random);
        let controls = (0..n_controls).fold(0, |set, _| set | 1 << self.control.of(random));
        [
            province,
            quarter,
            gender,
            age,
            sector,
            relation,
            industry,
            status,
            confidence,
            subtype,
            citizenship,
            origin,
            forms,
            controls,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_makes_one_list_whose_rows_fit_the_layout() {
        use entente_core::statistics::columns::Columns;
        let (some, again) = (Summaries::make(500, 1), Summaries::make(500, 1));
        assert_eq!((&some.values, &some.persons), (&again.values, &again.persons));
        let row = |nth| some.row(nth);
        assert_eq!(Columns::build(layout(), (0..500).map(row), 1).unwrap().n_rows(), 500);
    }
}
