//! The eight questions, as the engine and as SQL asks them.
//!
//! SQL gets the fastest form that we found: sets are whole values that are taken apart afterwards,
//! which is not timed, since to take them apart in SQL takes two to three times as long. Each form
//! is also asked for a single row that sums it up, so that nothing is held against an engine but
//! what it does itself; the faster counts.

use entente_core::statistics::columns::{Column, Counted, Query, Test};

use super::summaries::{AGE, CITIZENSHIP, CONTROL, EXPLOITATION, GENDER, PROVINCE, QUARTER};

/// One question.
pub(super) struct Question {
    pub(super) name: &'static str,
    pub(super) query: Query,
    /// Forms with the same answer.
    pub(super) sql: Vec<String>,
    /// Each form summed up.
    pub(super) summed: Vec<String>,
    pub(super) shape: Shape,
}

impl Question {
    fn new(name: &'static str, query: Query, sql: &[&str], shape: Shape) -> Self {
        let sums = match shape {
            Shape::SetBySums { n_sums, .. } => {
                (0..n_sums).map(|it| format!("sum(n{it})")).collect()
            }
            _ => vec!["sum(n)".to_owned()],
        };
        let summed = |sql: &&str| format!("SELECT count(*), {} FROM ({sql}) x", sums.join(", "));
        let summed = sql.iter().map(summed).collect();
        Self { name, query, sql: sql.iter().map(|it| (*it).to_owned()).collect(), summed, shape }
    }
}

/// How the rows of an answer become cells.
pub(super) enum Shape {
    /// Codes and a count.
    Codes(Vec<usize>),
    /// A set, a code, and a count.
    SetByCode { n_labels: usize, n_codes: usize },
    /// A set, and a count for each label of another.
    SetBySums { n_labels: usize, n_sums: usize },
}

impl Shape {
    pub(super) fn empty(&self) -> Vec<u32> {
        let n = match self {
            Self::Codes(sizes) => sizes.iter().product(),
            Self::SetByCode { n_labels, n_codes: n } | Self::SetBySums { n_labels, n_sums: n } => {
                n_labels * n
            }
        };
        vec![0; n]
    }

    /// Adds one row of an answer.
    pub(super) fn add(&self, row: &str, separator: char, cells: &mut [u32]) -> Result<(), String> {
        let numbers: Result<Vec<u32>, _> = row.split(separator).map(str::parse).collect();
        let numbers = numbers.map_err(|_| format!("it said `{row}`"))?;
        let (Some((last, codes)), Some((set, sums))) =
            (numbers.split_last(), numbers.split_first())
        else {
            return Err("an empty row".to_owned());
        };
        let labels = |n: usize| (0..n).filter(|label| set >> label & 1 == 1);
        let mut add = |at: usize, n: u32| match cells.get_mut(at) {
            Some(cell) => {
                *cell += n;
                Ok(())
            }
            None => Err(format!("there is no cell for `{row}`")),
        };
        match self {
            Self::Codes(sizes) => {
                let places = codes.iter().zip(sizes);
                add(places.fold(0, |at, (code, n)| at * n + *code as usize), *last)?;
            }
            Self::SetByCode { n_labels, n_codes } => {
                let code = codes.last().map_or(0, |code| *code as usize);
                labels(*n_labels).try_for_each(|label| add(label * n_codes + code, *last))?;
            }
            Self::SetBySums { n_labels, n_sums } => {
                for label in labels(*n_labels) {
                    let mut sums = (label * n_sums..).zip(sums);
                    sums.try_for_each(|(at, n)| add(at, *n))?;
                }
            }
        }
        Ok(())
    }
}

pub(super) fn questions() -> Vec<Question> {
    let rows =
        |by: &[Column], keep: Vec<Test>| Query { by: by.to_vec(), keep, counted: Counted::Rows };
    let (a, b) = (PROVINCE, GENDER);
    let codes = |sizes: &[usize]| Shape::Codes(sizes.to_vec());
    let controls: Vec<String> =
        (0..18).map(|label| format!("sum((control >> {label}) & 1) AS n{label}")).collect();
    let forms_by_controls =
        format!("SELECT exploitation, {} FROM t GROUP BY exploitation", controls.join(", "));
    vec![
        Question::new(
            "Q1 province",
            rows(&[a], vec![]),
            &["SELECT province, count(*) AS n FROM t GROUP BY province"],
            codes(&[14]),
        ),
        Question::new(
            "Q2 province, quarter",
            rows(&[a, QUARTER], vec![]),
            &["SELECT province, quarter, count(*) AS n FROM t GROUP BY province, quarter"],
            codes(&[14, 40]),
        ),
        Question::new(
            "Q3 province, gender, age in 16 quarters",
            rows(&[a, b, AGE], vec![Test::Between(QUARTER, 20, 35)]),
            &["SELECT province, gender, age, count(*) AS n FROM t \
               WHERE quarter BETWEEN 20 AND 35 GROUP BY province, gender, age"],
            codes(&[14, 6, 10]),
        ),
        Question::new(
            "Q4 citizenship, province, gender, age",
            rows(&[CITIZENSHIP, a, b, AGE], vec![]),
            &["SELECT citizenship, province, gender, age, count(*) AS n FROM t \
               GROUP BY citizenship, province, gender, age"],
            codes(&[250, 14, 6, 10]),
        ),
        Question::new(
            "Q5 form, gender in 3 provinces and 16 quarters",
            rows(
                &[EXPLOITATION, b],
                vec![Test::OneOf(a, vec![0, 1, 2]), Test::Between(QUARTER, 24, 39)],
            ),
            &["SELECT exploitation, gender, count(*) AS n FROM t \
               WHERE province IN (0, 1, 2) AND quarter >= 24 GROUP BY exploitation, gender"],
            Shape::SetByCode { n_labels: 12, n_codes: 6 },
        ),
        Question::new(
            "Q6 form, means of control",
            rows(&[EXPLOITATION, CONTROL], vec![]),
            &[&forms_by_controls],
            Shape::SetBySums { n_labels: 12, n_sums: 18 },
        ),
        Question::new(
            "Q7 distinct persons by province, gender with one form",
            Query {
                by: vec![a, b],
                keep: vec![Test::Has(EXPLOITATION, 0)],
                counted: Counted::Persons,
            },
            &[
                "SELECT province, gender, count(DISTINCT person) AS n FROM t \
                 WHERE (exploitation & 1) = 1 GROUP BY province, gender",
                "SELECT province, gender, count(*) AS n FROM \
                 (SELECT DISTINCT province, gender, person FROM t WHERE (exploitation & 1) = 1) y \
                 GROUP BY province, gender",
            ],
            codes(&[14, 6]),
        ),
        Question::new(
            "Q8 quarter with four conditions",
            rows(
                &[QUARTER],
                vec![
                    Test::OneOf(CITIZENSHIP, vec![7]),
                    Test::OneOf(b, vec![0]),
                    Test::Has(EXPLOITATION, 1),
                    Test::OneOf(AGE, vec![2, 3]),
                ],
            ),
            &["SELECT quarter, count(*) AS n FROM t WHERE citizenship = 7 AND gender = 0 \
               AND (exploitation & 2) <> 0 AND age IN (2, 3) GROUP BY quarter"],
            codes(&[40]),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_a_set_counts_once_for_each_label() {
        let shape = Shape::SetByCode { n_labels: 3, n_codes: 2 };
        let mut cells = shape.empty();
        shape.add("5 1 10", ' ', &mut cells).unwrap();
        assert_eq!(cells, [0, 10, 0, 0, 0, 10]);
        let shape = Shape::SetBySums { n_labels: 2, n_sums: 3 };
        let mut cells = shape.empty();
        shape.add("3|7|8|9", '|', &mut cells).unwrap();
        assert_eq!(cells, [7, 8, 9, 7, 8, 9]);
        assert!(shape.add("3||9", '|', &mut cells).is_err());
    }
}
