//! The indicator of the United Nations that a return answers: SDG 16.2.2, detected victims of
//! trafficking, by sex, age and form of exploitation.
//!
//! Each row is a sum of cells of one yearly table, so its noise grows with their number; the total
//! is taken from the table with the fewest cells. Persons of several forms, or of none that is
//! known, are in the totals and in no single form, since the indicator has no place for them.

use super::{Errors, NationalReturn, ReturnTable};
use crate::period::{Period, Year};
use crate::statistics::plan::{Cube, CubeDimension};
use crate::statistics::referrals::Counts;
use crate::statistics::release::{Accuracy, Figure};

/// The series by form: its code, and the label of the cells it adds up; `None` for all.
const SERIES: [(&str, Option<&str>); 5] = [
    ("VC_HTF_DETV", None),
    ("VC_HTF_DETVSX", Some("sexual")),
    ("VC_HTF_DETVFL", Some("labour")),
    ("VC_HTF_DETVOG", Some("organs")),
    ("VC_HTF_DETVOP", Some("other")),
];

/// The codes of the list SEX, and the label of `gender` that each adds up.
const SEXES: [(&str, Option<&str>); 3] = [("_T", None), ("F", Some("woman")), ("M", Some("man"))];

/// The codes of the list AGE, and the label of `majority` that each adds up.
const AGES: [(&str, Option<&str>); 3] =
    [("_T", None), ("Y0T17", Some("minor")), ("Y_GE18", Some("adult"))];

/// One observation of SDG 16.2.2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SdgRow {
    /// `VC_HTF_DETV` and the like.
    pub series: &'static str,
    /// `_T`, `F` or `M`.
    pub sex: &'static str,
    /// `_T`, `Y0T17` or `Y_GE18`.
    pub age: &'static str,
    /// The year.
    pub year: Year,
    /// Which revision it comes from.
    pub revision: u8,
    /// How many, with its interval and floor.
    pub figure: Figure,
    /// How large its error is, by who adds the noise.
    pub errors: Errors,
    /// How many distinct persons there are at least; 0 if nothing can be said.
    pub largest: u64,
}

/// What a row takes from its table.
struct Observed {
    year: Year,
    revision: u8,
    figure: Figure,
    errors: Errors,
    largest: u64,
}

/// The observations of a return: those of its newest revisions. None for a quarter, since the
/// indicator is yearly.
pub fn sdg_rows(it: &NationalReturn) -> Vec<SdgRow> {
    let mut rows = Vec::new();
    for (series, form) in SERIES {
        for (sex, gender) in SEXES {
            for (age, majority) in AGES {
                let wanted = [
                    (CubeDimension::Form, form),
                    (CubeDimension::Gender, gender),
                    (CubeDimension::Majority, majority),
                ];
                let only: Vec<_> =
                    wanted.into_iter().filter_map(|(by, label)| Some((by, label?))).collect();
                rows.extend(row(it, &only).map(|observed| {
                    let Observed { year, revision, figure, errors, largest } = observed;
                    SdgRow { series, sex, age, year, revision, figure, errors, largest }
                }));
            }
        }
    }
    rows
}

/// The sum of the cells with these labels, from the table that needs the fewest of them.
fn row(it: &NationalReturn, only: &[(CubeDimension, &str)]) -> Option<Observed> {
    let mut best: Option<(usize, &ReturnTable, Vec<usize>)> = None;
    for table in &it.tables {
        let cube = it.plan.cube_at(table.release.cube)?;
        let is_yearly = matches!(table.release.period, Period::Year(_));
        let has_all = only.iter().all(|(by, _)| cube.dimensions.contains(by));
        // Who needed a service is no detected victim more.
        let is_of_cases = cube.counts() == Counts::Cases;
        if !is_yearly || !has_all || !is_of_cases {
            continue;
        }
        let places = places(cube, only);
        let is_better = match &best {
            None => true,
            // Of one cube, the newest revision that somebody answered.
            Some((_, other, _)) if other.release.cube == table.release.cube => {
                table.stored(&it.plan).is_some()
            }
            Some((n, ..)) => places.len() < *n,
        };
        if is_better {
            best = Some((places.len(), table, places));
        }
    }
    let (_, table, places) = best?;
    let ReturnTable { release, .. } = table;
    let (year, revision) = (release.period.year(), release.revision);
    let errors = table.errors(&it.plan)?.times(places.len());
    let Some((cells, accuracy)) = table.stored(&it.plan) else {
        return Some(Observed { year, revision, figure: Figure::nothing(), errors, largest: 0 });
    };
    let sum_of = |cells: &[i64]| {
        let cells = places.iter().filter_map(|place| cells.get(*place));
        cells.fold(0_i64, |sum, cell| sum.saturating_add(*cell))
    };
    let (sum, accuracy) = (sum_of(&cells), accuracy.times(places.len()));
    let n_revisions = it.plan.n_revisions();
    let figure = Figure::of(sum, accuracy, &it.plan.safeguards, revision, n_revisions);
    let largest = match &table.sum {
        Some(_) => accuracy.mean_at_least(sum, table.heads().answered),
        None => {
            let sigma = it.plan.cube_at(release.cube)?.sigma(revision)?;
            let all = table.contributions();
            let drawn = all.iter().map(|it| sum_of(&it.cells)).max().unwrap_or(0);
            Accuracy::of([sigma]).times(places.len()).largest_at_least(drawn, all.len())
        }
    };
    Some(Observed { year, revision, figure, errors, largest: figure.bound(largest) })
}

/// The places of the cells that have all these labels.
fn places(cube: &Cube, only: &[(CubeDimension, &str)]) -> Vec<usize> {
    let has = |labels: &[&str]| {
        only.iter().all(|(by, wanted)| {
            let mut pairs = cube.dimensions.iter().zip(labels);
            pairs.any(|(dimension, label)| dimension == by && label == wanted)
        })
    };
    (0..cube.n_cells()).filter(|place| has(&cube.labels_at(*place))).collect()
}
