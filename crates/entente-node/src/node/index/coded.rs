//! Which columns there are, and the codes of a case in them.

use entente_core::agreement::terms::Dimension;
use entente_core::codes::{Code, Exploitation, GeoScope, Set};
use entente_core::period::{Period, YEARS};
use entente_core::record::CaseRecord;
use entente_core::statistics::columns::{Column, Kind, Layout};
use entente_core::statistics::plan::CubeDimension;

use super::standing::Standing;

// The dimensions of counts, in the order of their numbers, are the first ten columns.

/// The period in which a case was identified. What comes first in it is a person's first
/// identification.
pub(super) const PERIOD: Column = Column(10);

// Dimensions of cubes that are no dimensions of counts.
pub(super) const QUARTER: Column = Column(11);

/// Codes of [`QUARTER`]: four, and one for those of whom only the year is known.
pub(super) const N_QUARTERS: usize = 5;

const CUBE_REGION: Column = Column(12);
const FORM: Column = Column(13);

/// The numbers of what decides whose figures a case may be in (`standing.rs`).
pub(super) const FACTS: Column = Column(14);
pub(super) const CONSENTS: Column = Column(15);

pub(super) const N_COLUMNS: usize = 16;

/// Codes of a year: its quarters, and itself after them. A case of which only the year is known
/// comes after all others of the year.
const PERIODS_OF_YEAR: u16 = 5;

/// All columns.
pub(super) fn layout() -> Layout {
    let n_labels = |n: usize| Kind::Code(u16::try_from(n).unwrap_or(u16::MAX));
    let n_years = YEARS.end().abs_diff(*YEARS.start()) + 1;
    let cubes = [CubeDimension::Quarter, CubeDimension::Region, CubeDimension::Form];
    let kinds = (Dimension::ALL.iter().map(|it| n_labels(it.labels().len())))
        .chain([Kind::Code(n_years * PERIODS_OF_YEAR)])
        .chain(cubes.iter().map(|it| n_labels(it.labels().len())))
        .chain([Kind::Listed, Kind::Listed]);
    #[expect(clippy::unwrap_used, reason = "a few columns, each of a list that is not empty")]
    Layout::new(kinds).and_then(|layout| layout.first_by(PERIOD)).unwrap()
}

/// The column of a dimension of counts.
pub(super) fn column_of(dimension: Dimension) -> Column {
    Column(dimension.number())
}

/// The column of a dimension of cubes; `None` for one of referrals, which are no cases.
pub(super) fn cube_column(dimension: CubeDimension) -> Option<Column> {
    Some(match dimension {
        CubeDimension::Province => column_of(Dimension::Province),
        CubeDimension::Region => CUBE_REGION,
        CubeDimension::Quarter => QUARTER,
        CubeDimension::Gender => column_of(Dimension::Gender),
        CubeDimension::AgeGroup => column_of(Dimension::AgeGroup),
        CubeDimension::Majority => column_of(Dimension::Majority),
        CubeDimension::Form => FORM,
        CubeDimension::Citizenship => column_of(Dimension::Citizenship),
        CubeDimension::Need
        | CubeDimension::Result
        | CubeDimension::Unmet
        | CubeDimension::Waiting => return None,
    })
}

/// The code of a period.
pub(super) fn period_code(period: Period) -> u16 {
    let in_year = match period {
        Period::Quarter(quarter) => u16::from(quarter.number()) - 1,
        Period::Year(_) => PERIODS_OF_YEAR - 1,
    };
    // A year is within `YEARS`.
    let year = period.year().number().abs_diff(*YEARS.start());
    year * PERIODS_OF_YEAR + in_year
}

/// The first and the last code of the cases that are of a period: a year has those of its quarters.
pub(super) fn codes_within(period: Period) -> (u16, u16) {
    let last = period_code(period);
    let first = match period {
        Period::Quarter(_) => last,
        Period::Year(_) => last - (PERIODS_OF_YEAR - 1),
    };
    (first, last)
}

/// The number of the period with this code.
pub(super) fn period_number(code: u16) -> u32 {
    let year = u32::from(YEARS.start().unsigned_abs() + code / PERIODS_OF_YEAR);
    let quarter = u32::from(code % PERIODS_OF_YEAR + 1);
    year * 10 + if quarter < u32::from(PERIODS_OF_YEAR) { quarter } else { 0 }
}

/// The values of a case, one per column.
pub(super) fn values_of(
    record: &CaseRecord,
    period: Period,
    standing: Standing,
) -> [u32; N_COLUMNS] {
    let mut values = [0; N_COLUMNS];
    let mut set = |column: Column, value: u32| {
        if let Some(place) = values.get_mut(usize::from(column.0)) {
            *place = value;
        }
    };
    for dimension in Dimension::ALL {
        set(column_of(*dimension), code_of(record, *dimension).into());
    }
    set(PERIOD, period_code(period).into());
    for dimension in [CubeDimension::Quarter, CubeDimension::Region, CubeDimension::Form] {
        // Three of cases, so both are there.
        if let Some((column, number)) = cube_column(dimension).zip(dimension.number_of(record)) {
            set(column, number.into());
        }
    }
    set(FACTS, standing.facts);
    set(CONSENTS, standing.consents);
    values
}

pub(super) fn code_of(record: &CaseRecord, dimension: Dimension) -> u8 {
    fn known<C: Code>(code: Option<C>) -> u8 {
        let n_codes = u8::try_from(C::ALL.len()).unwrap_or(u8::MAX);
        code.map_or(n_codes, Code::number)
    }
    match dimension {
        Dimension::Province => known(record.province()),
        Dimension::Region => known(record.region_shared()),
        Dimension::Gender => record.gender_shared().number(),
        Dimension::AgeGroup => record.age_shared().number(),
        Dimension::Majority => record.majority().number(),
        Dimension::Citizenship => record.citizenship_group().number(),
        Dimension::Exploitation => form(record.exploitation),
        Dimension::Status => known(record.status),
        Dimension::DataSource => known(record.data_source),
        Dimension::GeoScope => record.geo_scope.unwrap_or(GeoScope::Unknown).number(),
    }
}

fn form(forms: Set<Exploitation>) -> u8 {
    match (forms.len(), forms.iter().next()) {
        (0, _) | (_, None) => Exploitation::Unknown.number(),
        (1, Some(form)) => form.number(),
        _ => u8::try_from(Exploitation::ALL.len()).unwrap_or(u8::MAX),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_period_has_a_code_and_its_number_back() {
        for number in [19_000, 19_001, 20_264, 21_994] {
            let period = Period::from_number(number).unwrap();
            assert_eq!(period_number(period_code(period)), number);
        }
    }

    #[test]
    fn a_year_holds_its_quarters_and_comes_after_them() {
        let code = |number| period_code(Period::from_number(number).unwrap());
        let (first, last) = codes_within(Period::from_number(20_250).unwrap());
        assert_eq!((first, last), (code(20_251), code(20_250)));
        assert!((20_251..20_254).all(|number| code(number) < code(number + 1)));
        assert_eq!(code(20_261), last + 1);
        assert_eq!(codes_within(Period::from_number(20_253).unwrap()), (first + 2, first + 2));
    }

    #[test]
    fn every_dimension_has_a_column_and_every_code_a_label() {
        assert_eq!(Dimension::ALL.len(), usize::from(PERIOD.0));
        for dimension in Dimension::ALL {
            let labels = dimension.labels();
            let distinct: BTreeSet<_> = labels.iter().collect();
            assert_eq!(distinct.len(), labels.len(), "{dimension:?}");
        }
        let layout = layout();
        assert_eq!(CubeDimension::Quarter.labels().len(), N_QUARTERS);
        assert_eq!(layout.kinds().len(), N_COLUMNS);
        for dimension in CubeDimension::ALL {
            let n_labels = u16::try_from(dimension.labels().len()).unwrap();
            let Some(column) = cube_column(*dimension) else { continue };
            let column = usize::from(column.0);
            assert_eq!(layout.kinds()[column], Kind::Code(n_labels), "{dimension:?}");
        }
    }
}
