//! Reading one row: a draft of a record, or everything that is wrong with it.

use jiff::civil::Date;

use crate::lang::Lang;
use crate::period::Year;
use crate::record::{Field, Kind, Reason};

use super::cell::{flag, one_dash, without_guard};
use super::draft::ConsentParts;
use super::{
    CellProblem, CellReason, Column, Draft, HeaderProblem, Layout, MAX_CELL_BYTES, MAX_COLUMNS,
    Take, Target, Values, simplify,
};

/// A layout that has found its columns in the header of one table.
#[derive(Clone, Debug)]
pub struct Bound<'l> {
    layout: &'l Layout,
    /// For each column of the table, the layout's column.
    columns: Vec<Option<&'l Column>>,
}

impl<'l> Bound<'l> {
    pub(super) fn new(
        layout: &'l Layout,
        headers: &[impl AsRef<str>],
    ) -> Result<Self, Vec<HeaderProblem>> {
        if headers.len() > MAX_COLUMNS {
            return Err(vec![HeaderProblem::TooMany]);
        }
        let find = |header: &str| {
            let header = simplify(header);
            layout.columns.iter().find(|column| column.spellings.contains(&header))
        };
        let columns: Vec<_> = headers.iter().map(|header| find(header.as_ref())).collect();
        let mut problems = Vec::new();
        for column in &layout.columns {
            let is_it = |found: &&&Column| std::ptr::eq(**found, column);
            let times = columns.iter().flatten().filter(is_it).count();
            match times {
                0 if column.is_required => {
                    problems.push(HeaderProblem::Missing(column.name.clone()));
                }
                0 | 1 => {}
                _ => problems.push(HeaderProblem::Twice(column.name.clone())),
            }
        }
        if problems.is_empty() { Ok(Self { layout, columns }) } else { Err(problems) }
    }

    /// The layout.
    pub fn layout(&self) -> &'l Layout {
        self.layout
    }

    /// The positions, from 0, of the table's columns that the layout does not know or leaves out.
    pub fn ignored(&self) -> Vec<usize> {
        let is_ignored = |column: &Option<&Column>| {
            column.is_none_or(|column| matches!(column.take, Take::Nothing))
        };
        let columns = self.columns.iter().enumerate();
        columns.filter(|(_, column)| is_ignored(column)).map(|(at, _)| at).collect()
    }

    /// For each column of the table, the name of what it feeds: a field, or a part of a consent.
    pub fn feeds(&self) -> Vec<Option<&'static str>> {
        let name = |target: &Target| match target {
            Target::Field(field) => field.name(),
            Target::Consent(part) => part.name(),
        };
        let feeds = |column: &Option<&Column>| {
            Some(match &column.as_ref()?.take {
                Take::Nothing => return None,
                Take::Text { target, .. } | Take::Codes { target, .. } | Take::Date(target) => {
                    name(target)
                }
                Take::Flag { field, .. } | Take::Band(field) => field.name(),
                Take::Year => Field::RegisteredOn.name(),
            })
        };
        self.columns.iter().map(feeds).collect()
    }

    /// The cells that say something, with the names of their columns, in the layout's order.
    ///
    /// The same for a table with its columns in another order, so that rows are recognized.
    pub fn known_cells<'c>(&self, cells: &'c [impl AsRef<str>]) -> Vec<(&'l str, &'c str)> {
        let mut known: Vec<_> = self
            .columns
            .iter()
            .zip(cells)
            .filter_map(|(column, cell)| column.map(|column| (column, cell.as_ref().trim())))
            .filter(|(column, cell)| !self.is_missing(column, cell))
            .map(|(column, cell)| (column.name.as_str(), cell))
            .collect();
        known.sort_unstable();
        known
    }

    /// Reads one row, as it is on the day `today`.
    pub fn row(&self, cells: &[impl AsRef<str>], today: Date) -> Result<Draft, Vec<CellProblem>> {
        let (expected, found) = (self.columns.len(), cells.len());
        if expected != found {
            let reason = CellReason::WrongNumberOfCells { expected, found };
            return Err(vec![CellProblem { column: String::new(), reason }]);
        }
        let mut row = Row::new(self.layout, today);
        for (column, cell) in self.columns.iter().zip(cells) {
            let Some(column) = column else { continue };
            if let Err(reason) = self.cell(&mut row, column, cell.as_ref()) {
                row.problems.push(CellProblem { column: column.name.clone(), reason });
            }
        }
        row.finish(|field| self.column_of(field))
    }

    fn cell(&self, row: &mut Row, column: &Column, cell: &str) -> Result<(), CellReason> {
        let cell = cell.trim();
        if cell.len() > MAX_CELL_BYTES {
            return Err(CellReason::CellTooLong);
        }
        if self.is_missing(column, cell) || matches!(column.take, Take::Nothing) {
            return Ok(());
        }
        if cell.starts_with('=') {
            return Err(CellReason::Formula);
        }
        if cell.contains(char::REPLACEMENT_CHARACTER) {
            return Err(CellReason::Encoding);
        }
        row.take(&column.take, without_guard(cell))
    }

    fn is_missing(&self, column: &Column, cell: &str) -> bool {
        let is_it = |text: &String| text.len() == cell.len() && *text == cell.to_lowercase();
        cell.is_empty() || self.layout.missing.iter().chain(&column.missing).any(is_it)
    }

    /// The name of the column that feeds `field`, or the field's own.
    fn column_of(&self, field: Field) -> String {
        let feeds = |column: &&&Column| match &column.take {
            Take::Text { target, .. } | Take::Codes { target, .. } | Take::Date(target) => {
                *target == Target::Field(field)
            }
            Take::Flag { field: fed, .. } | Take::Band(fed) => *fed == field,
            Take::Year => field == Field::RegisteredOn,
            Take::Nothing => false,
        };
        let mut columns = self.columns.iter().flatten();
        columns.find(feeds).map_or_else(|| field.name().to_owned(), |column| column.name.clone())
    }
}

/// A row while its cells are read.
struct Row {
    draft: Draft,
    consent: ConsentParts,
    is_registered: bool,
    /// The targets that already have a value from a cell.
    filled: Vec<Target>,
    today: Date,
    problems: Vec<CellProblem>,
}

impl Row {
    fn new(layout: &Layout, today: Date) -> Self {
        let mut row = Self {
            draft: Draft::empty(),
            consent: ConsentParts::default(),
            is_registered: false,
            filled: Vec::new(),
            today,
            problems: Vec::new(),
        };
        for (target, text) in &layout.defaults {
            // Tried when the layout was read.
            let _ = row.put(*target, text);
        }
        row
    }

    fn take(&mut self, take: &Take, cell: &str) -> Result<(), CellReason> {
        match take {
            Take::Nothing => Ok(()),
            Take::Text { target, values, join } => {
                let join = join.as_deref();
                with_code(*target, values, cell, |text| self.put_text(*target, text, join))
            }
            Take::Codes { target, values, separators } => {
                for part in cell.split(|c| separators.contains(&c)) {
                    let part = part.trim();
                    if !part.is_empty() {
                        with_code(*target, values, part, |text| self.add_code(*target, text))?;
                    }
                }
                Ok(())
            }
            Take::Flag { field, code, absent } => match flag(cell)? {
                true => self.add_code(Target::Field(*field), code),
                false => match absent {
                    Some(absent) => self.add_code(Target::Field(*absent), code),
                    None => Ok(()),
                },
            },
            Take::Year => self.put_year(cell),
            Take::Band(field) => self.put_text(Target::Field(*field), &one_dash(cell), None),
            Take::Date(target) => {
                let end = cell.find(['T', ' ']).unwrap_or(cell.len());
                self.put_text(*target, cell.get(..end).unwrap_or(cell), None)
            }
        }
    }

    fn put(&mut self, target: Target, text: &str) -> Result<(), CellReason> {
        match target {
            Target::Field(field) => {
                self.is_registered |= field == Field::RegisteredOn;
                let outcome = self.draft.set(field, text).map_err(|invalid| invalid.reason);
                outcome.map_err(CellReason::Value)
            }
            Target::Consent(field) => self.consent.set(field, text).map_err(CellReason::Value),
        }
    }

    fn put_text(
        &mut self,
        target: Target,
        text: &str,
        join: Option<&str>,
    ) -> Result<(), CellReason> {
        if !self.filled.contains(&target) {
            self.put(target, text)?;
            self.filled.push(target);
            return Ok(());
        }
        let (Some(join), Target::Field(field)) = (join, target) else { return Ok(()) };
        let before = self.draft.record.text(field).unwrap_or_default();
        self.put(target, &format!("{before}{join}{text}"))
    }

    fn add_code(&mut self, target: Target, code: &str) -> Result<(), CellReason> {
        let before = match target {
            Target::Field(field) if self.filled.contains(&target) => self.draft.record.text(field),
            Target::Consent(field) if self.filled.contains(&target) => self.consent.text(field),
            Target::Field(_) | Target::Consent(_) => None,
        };
        let text = before.map_or_else(|| code.to_owned(), |before| format!("{before};{code}"));
        self.put(target, &text)?;
        if !self.filled.contains(&target) {
            self.filled.push(target);
        }
        Ok(())
    }

    /// A year becomes its first of January, marked as no more precise than that year, so that no
    /// quarter is ever made of it.
    fn put_year(&mut self, cell: &str) -> Result<(), CellReason> {
        let digits = cell.strip_suffix(".0").unwrap_or(cell);
        let year: Year = digits.parse().map_err(|_| CellReason::NotAYear)?;
        if year.number() > self.today.year() {
            return Err(CellReason::YearInTheFuture);
        }
        self.put(Target::Field(Field::RegisteredOn), &format!("{year}-01-01"))?;
        self.put(Target::Field(Field::RegisteredPrecision), "year")
    }

    fn finish(mut self, column_of: impl Fn(Field) -> String) -> Result<Draft, Vec<CellProblem>> {
        let has_date_problem =
            self.problems.iter().any(|problem| problem.column == column_of(Field::RegisteredOn));
        if !self.is_registered && !has_date_problem {
            let reason = CellReason::Value(Reason::Required);
            self.problems.push(CellProblem { column: column_of(Field::RegisteredOn), reason });
        }
        if self.problems.is_empty() {
            let problems = self.draft.record.check(self.today).into_iter();
            self.problems.extend(problems.map(|problem| CellProblem {
                column: column_of(problem.field()),
                reason: CellReason::Record(problem),
            }));
        }
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        self.draft.consent = self.consent.finish(self.draft.record.registered_on);
        Ok(self.draft)
    }
}

/// Puts what the layout has for `cell`: the value in its table, else the cell itself, else the
/// code whose label it is, since people type what they read.
fn with_code(
    target: Target,
    values: &Values,
    cell: &str,
    mut put: impl FnMut(&str) -> Result<(), CellReason>,
) -> Result<(), CellReason> {
    if let Some(code) = values.code(cell) {
        return put(code);
    }
    // A country's table only adds codes that ISO 3166 no longer has.
    let is_open = values.is_empty() || takes_countries(target);
    let refused = if is_open { put(cell) } else { Err(CellReason::NotInLayout) };
    let is_unknown =
        matches!(refused, Err(CellReason::NotInLayout | CellReason::Value(Reason::UnknownCode(_))));
    match target {
        Target::Field(field) if is_unknown => match code_with_label(field, cell) {
            Some(code) => put(code),
            None => refused,
        },
        Target::Field(_) | Target::Consent(_) => refused,
    }
}

fn takes_countries(target: Target) -> bool {
    let Target::Field(field) = target else { return false };
    matches!(field.kind(), Kind::Country | Kind::Countries(_))
}

/// The code of `field` whose label in either language is `cell`, such as `Femme / fille`.
fn code_with_label(field: Field, cell: &str) -> Option<&'static str> {
    let wanted = simplify(cell);
    [Lang::En, Lang::Fr].into_iter().find_map(|lang| {
        let choices = field.choices(lang);
        choices.into_iter().find(|(_, label)| simplify(label) == wanted).map(|(code, _)| code)
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use crate::layout::Identifiers;
    use crate::record::{Problem, RecordId};

    use super::*;

    const TODAY: Date = date(2026, 11, 22);

    /// Reads one row that has these columns and cells in a built-in layout.
    fn read(layout: &str, cells: &[(&str, &str)]) -> Result<Draft, Vec<CellProblem>> {
        let layout = Layout::built_in(layout).unwrap();
        let (headers, cells): (Vec<_>, Vec<_>) = cells.iter().copied().unzip();
        layout.bind(&headers).unwrap().row(&cells, TODAY)
    }

    /// The fields of a draft, without those that every draft has.
    fn fields(draft: Draft) -> Vec<(Field, String)> {
        draft.into_record(RecordId([1; 16])).to_fields()
    }

    /// Reads a row with `cell` under `column` and expects that to be its only problem.
    #[track_caller]
    fn refused(layout: &str, column: &str, cell: &str, reason: CellReason) {
        let base: &[(&str, &str)] = match layout {
            "ctdc-2017" | "ctdc-2024" => &[("yearOfRegistration", "2016"), ("gender", "")],
            "htcds-2.0" => &[("end", "2020-01-01"), ("prs_Gender", "")],
            _ => &[("registered_on", "2020-01-01")],
        };
        let mut cells: Vec<_> = base.iter().filter(|(name, _)| *name != column).copied().collect();
        cells.push((column, cell));
        let problems = read(layout, &cells).unwrap_err();
        assert_eq!(problems, [CellProblem { column: column.to_owned(), reason }]);
    }

    #[test]
    fn a_row_of_ctdc_2017_becomes_a_record_with_a_year_and_no_quarter() {
        let draft = read(
            "ctdc-2017",
            &[
                ("yearOfRegistration", "2016"),
                ("gender", "Female"),
                ("ageBroad", "9—17"),
                ("majorityStatus", "Minor"),
                ("citizenship", "PH"),
                ("CountryOfExploitation", "CA"),
                ("isForcedLabour", "1.0"),
                ("isSexualExploit", "0.0"),
                ("isOtherExploit", "-99"),
                ("meansOfControlThreats", "1"),
                ("meansOfControlUsesChildren", "0"),
                ("typeOfLabourDomesticWork", "1"),
                ("recruiterRelationFriend", "1"),
            ],
        );
        let record = draft.unwrap().into_record(RecordId([1; 16]));
        assert_eq!(record.quarter(), None);
        assert_eq!(record.period().unwrap().to_string(), "2016");
        let expected = [
            (Field::RegisteredOn, "2016-01-01"),
            (Field::RegisteredPrecision, "year"),
            (Field::Status, "actual"),
            (Field::Gender, "woman"),
            (Field::AgeBandRecorded, "9-17"),
            (Field::MajorityAtRegistration, "minor"),
            (Field::Citizenship, "PHL"),
            (Field::Controls, "threats"),
            (Field::ControlsAbsent, "uses_children"),
            (Field::Exploitation, "forced_labour"),
            (Field::ExploitationAbsent, "sexual"),
            (Field::LabourSectors, "domestic"),
            (Field::RecruiterRelation, "friend"),
            (Field::CountryOfExploitation, "CAN"),
        ];
        assert_eq!(record.to_fields(), expected.map(|(field, text)| (field, text.to_owned())));
    }

    #[test]
    fn merged_means_of_ctdc_2024_stay_merged() {
        let draft = read(
            "ctdc-2024",
            &[
                ("yearOfRegistration", "2022"),
                ("gender", "Trans/Transgender/NonConforming"),
                ("ageBroad", "18–20"),
                ("citizenship", "UKR"),
                ("traffickMonths", "13–24 (1-2 yrs)"),
                ("meansDebtBondageEarnings", "1"),
                ("meansThreats", ""),
                ("meansWithholdDocuments", "1"),
                ("isForcedLabour", "1"),
            ],
        );
        let record = draft.unwrap().into_record(RecordId([1; 16]));
        assert!(record.controls.is_empty());
        assert_eq!(record.merged_controls().text(), "debt_bondage_earnings;withhold_docs");
        assert_eq!(record.text(Field::Gender).as_deref(), Some("trans_nc"));
        assert_eq!(record.text(Field::Duration).as_deref(), Some("13-24"));
        assert_eq!(record.text(Field::AgeBandRecorded).as_deref(), Some("18-20"));
    }

    #[test]
    fn a_row_of_htcds_has_names_dates_and_the_consent_that_the_standard_asks_for() {
        let draft = read(
            "htcds-2.0",
            &[
                ("cas_IncomingReferralDate", ""),
                ("end", "2024-05-06T10:11:12.000+02:00"),
                ("con_Consent", "true"),
                ("prs_First_Name", "Exemple-0123"),
                ("prs_Gender", "NonConforming"),
                ("prs_Citizenship", "CA US"),
                ("prs_HomePhone", "+1 604 555-0123"),
                ("prs_MobilePhone", "604 555-0124"),
                ("vic_MethodsOfControl", "DebtBondage PhysicalThreats"),
                ("vic_TypeOfExploitation", "ForcedLabour;ForcedBegging"),
                ("cas_Status", "FollowUp"),
            ],
        )
        .unwrap();
        let consent = draft.consent.clone().unwrap();
        assert_eq!(consent.scopes.text(), "services;stats");
        assert_eq!(consent.given_on, date(2024, 5, 6));
        assert!(consent.is_informed);
        let expected = [
            (Field::NameFirst, "Exemple-0123"),
            (Field::ContactPhone, "+1 604 555-0123 / 604 555-0124"),
            (Field::RegisteredOn, "2024-05-06"),
            (Field::RegisteredPrecision, "day"),
            (Field::CaseStatus, "follow_up"),
            (Field::Gender, "non_binary"),
            (Field::Citizenship, "CAN;USA"),
            (Field::Controls, "debt_bondage;threats"),
            (Field::Exploitation, "forced_labour;begging"),
        ];
        assert_eq!(fields(draft), expected.map(|(field, text)| (field, text.to_owned())));
    }

    #[test]
    fn our_template_takes_french_headers_and_labels() {
        let draft = read(
            "entente",
            &[
                ("Enregistré le", "2024-05-06"),
                ("GENRE", "Femme / fille"),
                ("Formes d’exploitation", "Travail ou services forcés; sexual"),
                ("consent_scopes", "stats;research"),
                ("consent_informed", "oui"),
            ],
        )
        .unwrap();
        assert_eq!(draft.consent.as_ref().unwrap().scopes.text(), "stats;research");
        let record = draft.into_record(RecordId([1; 16]));
        assert_eq!(record.text(Field::Gender).as_deref(), Some("woman"));
        assert_eq!(record.exploitation.text(), "sexual;forced_labour");
    }

    #[test]
    fn a_source_that_is_silent_about_consent_gives_none() {
        let row = [("yearOfRegistration", "2016"), ("gender", "Male")];
        assert_eq!(read("ctdc-2017", &row).unwrap().consent, None);
    }

    #[test]
    fn every_bad_cell_is_refused_for_its_own_reason() {
        let unknown = |list| CellReason::Value(Reason::UnknownCode(list));
        refused("ctdc-2017", "yearOfRegistration", "0", CellReason::NotAYear);
        refused("ctdc-2017", "yearOfRegistration", "9999", CellReason::NotAYear);
        refused("ctdc-2017", "yearOfRegistration", "2027", CellReason::YearInTheFuture);
        refused("ctdc-2017", "gender", "F", CellReason::NotInLayout);
        refused("ctdc-2017", "ageBroad", "17-Sep", unknown("age_band"));
        refused("ctdc-2017", "citizenship", "QQ", CellReason::Value(Reason::UnknownCountry));
        refused("ctdc-2017", "isForcedLabour", "2", CellReason::NotAFlag);
        refused("ctdc-2017", "isAbduction", "maybe", CellReason::Value(Reason::NotYesNo));
        refused("ctdc-2024", "ageBroad", "0-99", unknown("age_band"));
        refused("htcds-2.0", "prs_Birthdate", "06/05/1999", CellReason::Value(Reason::NotADate));
        refused("htcds-2.0", "vic_MethodsOfControl", "Hypnosis", CellReason::NotInLayout);
        refused("entente", "gender", "=1+1", CellReason::Formula);
        refused("entente", "notes", "=HYPERLINK(\"x\")", CellReason::Formula);
        refused("entente", "registered_on", "9999-01-01", CellReason::Value(Reason::NotADate));
        refused("entente", "registered_on", "0000-01-01", CellReason::Value(Reason::NotADate));
        refused("entente", "registered_on", "", CellReason::Value(Reason::Required));
        let future = CellReason::Record(Problem::InTheFuture(Field::RegisteredOn));
        refused("entente", "registered_on", "2026-11-23", future);
        let long = "x".repeat(1_000_000);
        refused("entente", "notes", &long, CellReason::CellTooLong);
        refused("ctdc-2017", "gender", &long, CellReason::CellTooLong);
    }

    #[test]
    fn all_bad_cells_of_a_row_are_listed_and_none_is_shown() {
        let row =
            [("yearOfRegistration", "Exemple"), ("gender", "Exemple"), ("ageBroad", "Exemple")];
        let problems = read("ctdc-2017", &row).unwrap_err();
        let columns: Vec<_> = problems.iter().map(|problem| problem.column.as_str()).collect();
        assert_eq!(columns, ["yearOfRegistration", "gender", "ageBroad"]);
        for problem in &problems {
            let (en, fr) = (problem.reason.text(Lang::En), problem.reason.text(Lang::Fr));
            assert!(!format!("{problem:?}{en}{fr}").contains("Exemple"));
            assert_ne!(en, fr);
        }
    }

    #[test]
    fn a_quoted_text_that_looks_like_a_formula_is_a_text() {
        let row =
            [("registered_on", "2020-01-01"), ("notes", "'=1+1"), ("contact_phone", "'+1 604")];
        let record = read("entente", &row).unwrap().into_record(RecordId([1; 16]));
        assert_eq!(record.text(Field::Notes).as_deref(), Some("=1+1"));
        assert_eq!(record.text(Field::ContactPhone).as_deref(), Some("+1 604"));
        let row = [("registered_on", "2020-01-01"), ("name_last", "'Aitken")];
        let record = read("entente", &row).unwrap().into_record(RecordId([1; 16]));
        assert_eq!(record.text(Field::NameLast).as_deref(), Some("'Aitken"));
    }

    #[test]
    fn a_cell_that_could_not_be_decoded_is_refused() {
        refused("entente", "name_last", "L\u{fffd}vesque", CellReason::Encoding);
    }

    #[test]
    fn a_header_must_have_what_the_layout_requires_and_once() {
        let layout = Layout::built_in("ctdc-2017").unwrap();
        let missing = layout.bind(&["gender", "ageBroad"]).unwrap_err();
        assert_eq!(missing, [HeaderProblem::Missing("yearOfRegistration".to_owned())]);
        let twice = layout.bind(&["yearOfRegistration", "gender", "Gender"]).unwrap_err();
        assert_eq!(twice, [HeaderProblem::Twice("gender".to_owned())]);
        let wide = vec!["x"; MAX_COLUMNS + 1];
        assert_eq!(layout.bind(&wide).unwrap_err(), [HeaderProblem::TooMany]);
        let table = ["Year of registration", "surprise", "GENDER"];
        assert_eq!(layout.bind(&table).unwrap().ignored(), [1]);
    }

    #[test]
    fn a_row_of_another_width_is_refused() {
        let layout = Layout::built_in("entente").unwrap();
        let bound = layout.bind(&["registered_on", "gender"]).unwrap();
        let problems = bound.row(&["2020-01-01"], TODAY).unwrap_err();
        let reason = CellReason::WrongNumberOfCells { expected: 2, found: 1 };
        assert_eq!(problems, [CellProblem { column: String::new(), reason }]);
    }

    #[test]
    fn a_row_is_known_again_when_its_columns_are_moved() {
        let layout = Layout::built_in("entente").unwrap();
        let one = layout.bind(&["registered_on", "gender", "extra"]).unwrap();
        let other = layout.bind(&["Gender", "notes", "registered_on"]).unwrap();
        assert_eq!(
            one.known_cells(&["2020-01-01", " woman", "x"]),
            other.known_cells(&["woman", "", "2020-01-01"])
        );
    }

    proptest! {
        // Reading the layouts takes most of the time.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_row_whatever_makes_a_layout_panic_or_show_a_cell(
            which in 0..4_usize,
            cells in prop::collection::vec("1|0|-99|yes|2020-01-01|'=x|CA;QQ|Zq[a-z]{6}|\\PC{0,12}", 120),
        ) {
            let name = Layout::built_in_names().nth(which).unwrap();
            let layout = Layout::built_in(name).unwrap();
            let headers = layout.headers(Identifiers::Include);
            let cells = &cells[..headers.len()];
            let bound = layout.bind(&headers).unwrap();
            for problem in bound.row(cells, TODAY).err().unwrap_or_default() {
                let texts = [problem.reason.text(Lang::En), problem.reason.text(Lang::Fr)];
                let shown = format!("{problem:?} {texts:?}");
                prop_assert!(!shown.contains("Zq"));
            }
        }
    }
}
