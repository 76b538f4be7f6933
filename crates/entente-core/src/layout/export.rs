//! Writing records in a layout: the same columns, the other way.
//!
//! A column that is coarser than the field behind it is written coarsely; what a layout has no
//! column for is left out. Only [`Layout::headers`] with [`Identifiers::Include`] lets direct
//! identifiers and free text into a file, and only for the organization itself.

use crate::codes::{Code, DatePrecision, Majority};
use crate::country::Country;
use crate::record::{CaseRecord, Field};

use super::{Column, ConsentDraft, Derived, Layout, Take, Target};

/// Whether names, numbers, addresses, notes and other free text are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identifiers {
    /// They are left out: their columns are not there.
    LeaveOut,
    /// They are written. The file then identifies people.
    Include,
}

impl Layout {
    /// The header row.
    pub fn headers(&self, identifiers: Identifiers) -> Vec<&str> {
        self.written(identifiers).map(|column| column.name.as_str()).collect()
    }

    /// One record as a row, with its consent where the layout has columns for one.
    pub fn write(
        &self,
        record: &CaseRecord,
        consent: Option<&ConsentDraft>,
        identifiers: Identifiers,
    ) -> Vec<String> {
        self.written(identifiers).map(|column| column.write(record, consent)).collect()
    }

    fn written(&self, identifiers: Identifiers) -> impl Iterator<Item = &Column> {
        let is_written =
            move |column: &&Column| identifiers == Identifiers::Include || !column.is_identifying();
        self.columns.iter().filter(is_written)
    }
}

impl Column {
    fn field(&self) -> Option<Field> {
        match &self.take {
            Take::Text { target, .. } | Take::Codes { target, .. } | Take::Date(target) => {
                match target {
                    Target::Field(field) => Some(*field),
                    Target::Consent(_) => None,
                }
            }
            Take::Flag { field, .. } | Take::Band(field) => Some(*field),
            Take::Year => Some(Field::RegisteredOn),
            Take::Nothing => None,
        }
    }

    fn is_identifying(&self) -> bool {
        self.field().is_some_and(Field::may_name)
    }

    fn write(&self, record: &CaseRecord, consent: Option<&ConsentDraft>) -> String {
        if let Some(derived) = self.export {
            return self.write_derived(derived, record);
        }
        let text = match &self.take {
            Take::Nothing => None,
            Take::Year => Some(record.registered_on.year().to_string()),
            Take::Flag { field, code, absent } => flag(record, *field, code, *absent),
            Take::Band(field) => record.text(*field),
            Take::Text { target, values, .. } => {
                text(record, consent, *target).map(|text| values.word(&text).to_owned())
            }
            Take::Codes { target, values, .. } => text(record, consent, *target).map(|text| {
                let parts = text.split(';').map(|part| values.word(part));
                parts.collect::<Vec<_>>().join(";")
            }),
            // A date of which only the year is known is no date in a foreign layout.
            Take::Date(Target::Field(Field::RegisteredOn)) => {
                let is_day = record.registered_precision == DatePrecision::Day;
                is_day.then(|| record.registered_on.to_string())
            }
            Take::Date(target) => text(record, consent, *target),
        };
        text.unwrap_or_default()
    }

    fn write_derived(&self, derived: Derived, record: &CaseRecord) -> String {
        let known = |code: &str| match &self.take {
            _ if code == "unknown" => String::new(),
            Take::Text { values, .. } => values.word(code).to_owned(),
            _ => code.to_owned(),
        };
        let majority = |majority: Majority| known(majority.code());
        match derived {
            Derived::AgeBand => known(record.age_band().code()),
            Derived::GenderShared => known(record.gender_shared().code()),
            Derived::Majority => majority(record.majority()),
            Derived::MajorityWhenExploited => majority(record.majority_when_exploited()),
            Derived::MergedControls => match &self.take {
                Take::Flag { code, .. } => {
                    let merged = record.merged_controls();
                    let is_set = merged.iter().any(|merged| merged.code() == code);
                    if is_set { "1".to_owned() } else { String::new() }
                }
                _ => String::new(),
            },
            Derived::Alpha2 => self.country(record).map_or("", Country::alpha2).to_owned(),
            Derived::Alpha3 => self.country(record).map_or("", Country::alpha3).to_owned(),
        }
    }

    fn country(&self, record: &CaseRecord) -> Option<Country> {
        match self.field()? {
            Field::Citizenship => record.citizenship.first().copied(),
            Field::CountryOfExploitation => record.country_of_exploitation,
            _ => None,
        }
    }
}

fn text(record: &CaseRecord, consent: Option<&ConsentDraft>, target: Target) -> Option<String> {
    match target {
        Target::Field(field) => record.text(field),
        Target::Consent(field) => consent?.text(field),
    }
}

/// `1` if the code is there, `0` if it is ruled out, nothing if it is not known.
fn flag(record: &CaseRecord, field: Field, code: &str, absent: Option<Field>) -> Option<String> {
    let has = |field: Field| {
        record.text(field).is_some_and(|text| text.split(';').any(|part| part == code))
    };
    if has(field) {
        Some("1".to_owned())
    } else if absent.is_some_and(has) {
        Some("0".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::codes::{ConsentScope, Set};
    use crate::record::RecordId;

    use super::*;

    fn record(fields: &[(Field, &str)]) -> CaseRecord {
        let mut record = CaseRecord::new(RecordId([1; 16]), date(2024, 6, 30));
        for (field, text) in fields {
            record.set(*field, text).unwrap();
        }
        record
    }

    fn cell(layout: &str, record: &CaseRecord, column: &str) -> String {
        let layout = Layout::built_in(layout).unwrap();
        let headers = layout.headers(Identifiers::Include);
        let at = headers.iter().position(|header| *header == column).unwrap();
        layout.write(record, None, Identifiers::Include)[at].clone()
    }

    #[test]
    fn what_our_template_writes_it_reads_back() {
        let record = record(&[
            (Field::NameFirst, "Exemple-0123"),
            (Field::Gender, "two_spirit"),
            (Field::Controls, "threats;other"),
            (Field::Citizenship, "CAN;USA"),
            (Field::Disability, "no"),
            (Field::Notes, "one\ntwo; three"),
        ]);
        let scopes = Set::EMPTY.with(ConsentScope::Stats).with(ConsentScope::Research);
        let consent = ConsentDraft { scopes, ..ConsentDraft::new(date(2024, 6, 30)) };
        let layout = Layout::built_in("entente").unwrap();
        let headers = layout.headers(Identifiers::Include);
        let row = layout.write(&record, Some(&consent), Identifiers::Include);
        let draft = layout.bind(&headers).unwrap().row(&row, date(2026, 1, 1)).unwrap();
        assert_eq!(draft.consent, Some(consent));
        assert_eq!(draft.into_record(record.id), record);
    }

    #[test]
    fn identifiers_are_left_out_with_their_columns() {
        let record = record(&[(Field::NameFirst, "Exemple-0123"), (Field::Notes, "Exemple-0123")]);
        for name in Layout::built_in_names() {
            let layout = Layout::built_in(name).unwrap();
            let row = layout.write(&record, None, Identifiers::LeaveOut);
            assert_eq!(row.len(), layout.headers(Identifiers::LeaveOut).len());
            assert!(!row.concat().contains("Exemple"), "{name}");
        }
    }

    #[test]
    fn a_coarser_layout_is_written_coarsely() {
        let record = record(&[
            (Field::Gender, "trans_woman"),
            (Field::AgeAtRegistration, "19"),
            (Field::Citizenship, "PHL"),
            (Field::Controls, "takes_earnings"),
            (Field::Exploitation, "sexual"),
            (Field::ExploitationAbsent, "forced_labour"),
        ]);
        assert_eq!(cell("ctdc-2024", &record, "gender"), "Trans/Transgender/NonConforming");
        assert_eq!(cell("ctdc-2024", &record, "yearOfRegistration"), "2024");
        assert_eq!(cell("ctdc-2024", &record, "ageBroad"), "18-20");
        assert_eq!(cell("ctdc-2024", &record, "citizenship"), "PHL");
        assert_eq!(cell("ctdc-2017", &record, "citizenship"), "PH");
        assert_eq!(cell("ctdc-2024", &record, "meansDebtBondageEarnings"), "1");
        assert_eq!(cell("ctdc-2024", &record, "meansThreats"), "");
        assert_eq!(cell("ctdc-2017", &record, "meansOfControlTakesEarnings"), "1");
        assert_eq!(cell("ctdc-2017", &record, "isSexualExploit"), "1");
        assert_eq!(cell("ctdc-2017", &record, "isForcedLabour"), "0");
        assert_eq!(cell("ctdc-2017", &record, "isOtherExploit"), "");
        assert_eq!(cell("ctdc-2017", &record, "majorityStatus"), "Adult");
        assert_eq!(cell("htcds-2.0", &record, "prs_Gender"), "TransgenderFeminine");
    }

    #[test]
    fn a_year_is_not_written_as_a_date_in_a_foreign_layout() {
        let record =
            record(&[(Field::RegisteredOn, "2024-01-01"), (Field::RegisteredPrecision, "year")]);
        assert_eq!(cell("htcds-2.0", &record, "cas_IncomingReferralDate"), "");
        assert_eq!(cell("entente", &record, "registered_precision"), "year");
    }
}
