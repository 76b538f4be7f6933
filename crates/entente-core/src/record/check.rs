//! What is wrong with a record as a whole: fields that contradict each other or the calendar.
//!
//! One field on its own is checked when it is read; see `value`.

use jiff::civil::Date;

use crate::codes::{AgeBand, Code, DatePrecision, Exploitation, Means, Set};
use crate::lang::Lang;
use crate::period::YEARS;

use super::coarse::province_of;
use super::{CaseRecord, Field};
use crate::country::Country;

/// Something that makes a record contradict itself. Names fields, never their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// A date lies in the future.
    InTheFuture(Field),
    /// A date lies before 1900 or after 2199.
    YearOutOfRange(Field),
    /// The person was registered before they were born.
    RegisteredBeforeBirth,
    /// Two fields cannot both be right.
    Contradiction(Field, Field),
    /// "Both" is derived from the two forms and is not recorded.
    DerivedForm,
    /// The date is not the first day of the quarter or year to which it is precise.
    NotFirstDay,
}

impl Problem {
    /// A stable code for files and `--json`.
    pub fn code(self) -> &'static str {
        match self {
            Self::InTheFuture(_) => "in_the_future",
            Self::YearOutOfRange(_) => "not_a_date",
            Self::RegisteredBeforeBirth => "registered_before_birth",
            Self::Contradiction(..) => "contradiction",
            Self::DerivedForm => "derived_form",
            Self::NotFirstDay => "not_first_day",
        }
    }

    /// The field to look at first.
    pub fn field(self) -> Field {
        match self {
            Self::InTheFuture(field) | Self::YearOutOfRange(field) => field,
            Self::Contradiction(field, _) => field,
            Self::RegisteredBeforeBirth => Field::Birthdate,
            Self::DerivedForm => Field::Exploitation,
            Self::NotFirstDay => Field::RegisteredOn,
        }
    }

    /// What is wrong, in words.
    pub fn text(self, lang: Lang) -> String {
        let label = |field: Field| field.label(lang);
        match (self, lang) {
            (Self::InTheFuture(field), Lang::En) => {
                format!("{}: lies in the future", label(field))
            }
            (Self::InTheFuture(field), Lang::Fr) => {
                format!("{}\u{a0}: la date est dans l’avenir", label(field))
            }
            (Self::YearOutOfRange(field), Lang::En) => {
                format!("{}: the year must be from 1900 to 2199", label(field))
            }
            (Self::YearOutOfRange(field), Lang::Fr) => {
                format!("{}\u{a0}: l’année doit être de 1900 à 2199", label(field))
            }
            (Self::RegisteredBeforeBirth, Lang::En) => {
                "the date of registration is before the date of birth".to_owned()
            }
            (Self::RegisteredBeforeBirth, Lang::Fr) => {
                "la date d’enregistrement précède la date de naissance".to_owned()
            }
            (Self::Contradiction(one, other), Lang::En) => {
                format!("“{}” contradicts “{}”", label(one), label(other))
            }
            (Self::Contradiction(one, other), Lang::Fr) => {
                format!("«\u{a0}{}\u{a0}» contredit «\u{a0}{}\u{a0}»", label(one), label(other))
            }
            (Self::DerivedForm, Lang::En) => {
                "record sexual exploitation and forced labour as two forms, not as “both”".to_owned()
            }
            (Self::DerivedForm, Lang::Fr) => {
                "inscrivez l’exploitation sexuelle et le travail forcé séparément, et non «\u{a0}les deux\u{a0}»"
                    .to_owned()
            }
            (Self::NotFirstDay, Lang::En) => {
                "a date known only by quarter or year must be that period’s first day".to_owned()
            }
            (Self::NotFirstDay, Lang::Fr) => {
                "une date connue au trimestre ou à l’année près doit en être le premier jour"
                    .to_owned()
            }
        }
    }
}

impl CaseRecord {
    /// Everything that is wrong with the record; empty if it may be kept.
    pub fn check(&self, today: Date) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.check_dates(today, &mut problems);
        self.check_ages(&mut problems);
        self.check_sets(&mut problems);
        self.check_places(&mut problems);
        problems
    }

    fn check_dates(&self, today: Date, problems: &mut Vec<Problem>) {
        let registered = self.registered_on;
        let dates = [
            (Field::RegisteredOn, Some(registered)),
            (Field::Birthdate, self.birthdate),
            (Field::RetentionUntil, self.retention_until),
        ];
        for (field, date) in dates {
            let Some(date) = date else { continue };
            if !YEARS.contains(&date.year()) {
                problems.push(Problem::YearOutOfRange(field));
            } else if date > today && field != Field::RetentionUntil {
                problems.push(Problem::InTheFuture(field));
            }
        }
        let is_first_day = match self.registered_precision {
            DatePrecision::Day => true,
            DatePrecision::Quarter => registered.day() == 1 && registered.month() % 3 == 1,
            DatePrecision::Year => registered.day() == 1 && registered.month() == 1,
        };
        if !is_first_day {
            problems.push(Problem::NotFirstDay);
        }
        // A year's record bears the first of January: compare by year, or a child born in spring
        // could not be registered in the year of its birth.
        let is_before_birth = self.birthdate.is_some_and(|born| match self.registered_precision {
            DatePrecision::Day => registered < born,
            _ => registered.year() < born.year(),
        });
        if is_before_birth {
            problems.push(Problem::RegisteredBeforeBirth);
        }
    }

    fn check_ages(&self, problems: &mut Vec<Problem>) {
        if let (Some(entry), Some(age)) = (self.age_at_entry, self.age())
            && entry.number() > age
        {
            problems.push(Problem::Contradiction(Field::AgeAtEntry, Field::AgeAtRegistration));
        }
        if let (Some(band), Some(_)) = (self.age_band_recorded, self.age())
            && band != AgeBand::Unknown
            && band != self.age_band()
        {
            problems.push(Problem::Contradiction(Field::AgeBandRecorded, Field::AgeAtRegistration));
        }
    }

    fn check_sets(&self, problems: &mut Vec<Problem>) {
        fn overlap<C: Code>(
            problems: &mut Vec<Problem>,
            (one, field): (Set<C>, Field),
            (other, absent): (Set<C>, Field),
        ) {
            if !one.intersection(other).is_empty() {
                problems.push(Problem::Contradiction(field, absent));
            }
        }
        overlap(problems, (self.acts, Field::Acts), (self.acts_absent, Field::ActsAbsent));
        overlap(problems, (self.means, Field::Means), (self.means_absent, Field::MeansAbsent));
        overlap(
            problems,
            (self.controls, Field::Controls),
            (self.controls_absent, Field::ControlsAbsent),
        );
        overlap(
            problems,
            (self.exploitation, Field::Exploitation),
            (self.exploitation_absent, Field::ExploitationAbsent),
        );
        if self.exploitation.contains(Exploitation::SexualAndLabour) {
            problems.push(Problem::DerivedForm);
        }
        if self.abduction == Some(false) && self.means.contains(Means::Abduction) {
            problems.push(Problem::Contradiction(Field::Abduction, Field::Means));
        }
    }

    fn check_places(&self, problems: &mut Vec<Problem>) {
        let implied = self.cma_of_exploitation.and_then(province_of);
        if let (Some(province), Some(implied)) = (self.province_of_exploitation, implied)
            && province != implied
        {
            problems.push(Problem::Contradiction(
                Field::ProvinceOfExploitation,
                Field::CmaOfExploitation,
            ));
        }
        let is_abroad =
            self.country_of_exploitation.is_some_and(|country| country != Country::CANADA);
        if is_abroad && self.province().is_some() {
            problems.push(Problem::Contradiction(
                Field::CountryOfExploitation,
                Field::ProvinceOfExploitation,
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::record::RecordId;

    use super::*;

    /// What is wrong on 30 June 2025 with a record of that day that has these fields.
    #[track_caller]
    fn check(fields: &[(Field, &str)], expected: &[Problem]) {
        let mut record = CaseRecord::new(RecordId([1; 16]), date(2025, 6, 30));
        for (field, text) in fields {
            record.set(*field, text).unwrap();
        }
        assert_eq!(record.check(date(2025, 6, 30)), expected);
    }

    #[test]
    fn a_record_of_today_is_in_order_and_one_of_tomorrow_is_not() {
        check(&[], &[]);
        let tomorrow = (Field::RegisteredOn, "2025-07-01");
        check(&[tomorrow], &[Problem::InTheFuture(Field::RegisteredOn)]);
        check(&[(Field::RetentionUntil, "2030-01-01")], &[]);
    }

    #[test]
    fn nobody_is_registered_before_birth() {
        check(&[(Field::Birthdate, "2025-06-30")], &[]);
        let born_later = [(Field::RegisteredOn, "2025-06-29"), (Field::Birthdate, "2025-06-30")];
        check(&born_later, &[Problem::RegisteredBeforeBirth]);
        let same_year = [
            (Field::RegisteredOn, "2025-01-01"),
            (Field::RegisteredPrecision, "year"),
            (Field::Birthdate, "2025-05-01"),
        ];
        check(&same_year, &[]);
    }

    #[test]
    fn a_coarse_date_is_the_first_day_of_its_period() {
        check(&[(Field::RegisteredPrecision, "quarter")], &[Problem::NotFirstDay]);
        let april = [(Field::RegisteredOn, "2025-04-01"), (Field::RegisteredPrecision, "quarter")];
        check(&april, &[]);
        let april = [(Field::RegisteredOn, "2025-04-01"), (Field::RegisteredPrecision, "year")];
        check(&april, &[Problem::NotFirstDay]);
    }

    #[test]
    fn fields_that_contradict_each_other_are_named() {
        check(
            &[(Field::AgeAtEntry, "20"), (Field::AgeAtRegistration, "19")],
            &[Problem::Contradiction(Field::AgeAtEntry, Field::AgeAtRegistration)],
        );
        check(
            &[(Field::AgeBandRecorded, "9-17"), (Field::AgeAtRegistration, "19")],
            &[Problem::Contradiction(Field::AgeBandRecorded, Field::AgeAtRegistration)],
        );
        check(
            &[(Field::Means, "fraud;deception"), (Field::MeansAbsent, "fraud")],
            &[Problem::Contradiction(Field::Means, Field::MeansAbsent)],
        );
        check(
            &[(Field::ProvinceOfExploitation, "35"), (Field::CmaOfExploitation, "933")],
            &[Problem::Contradiction(Field::ProvinceOfExploitation, Field::CmaOfExploitation)],
        );
        check(
            &[(Field::ProvinceOfExploitation, "35"), (Field::CountryOfExploitation, "US")],
            &[Problem::Contradiction(Field::CountryOfExploitation, Field::ProvinceOfExploitation)],
        );
        check(&[(Field::Exploitation, "sexual_and_labour")], &[Problem::DerivedForm]);
    }

    #[test]
    fn a_problem_never_shows_a_value() {
        let mut record = CaseRecord::new(RecordId([1; 16]), date(2031, 7, 13));
        record.set(Field::Birthdate, "2033-09-17").unwrap();
        for problem in record.check(date(2025, 6, 30)) {
            let text = format!("{problem:?}{}{}", problem.text(Lang::En), problem.text(Lang::Fr));
            assert!(!text.contains("203"), "{text}");
        }
    }
}
