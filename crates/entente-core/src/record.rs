//! Records: a case as its own organization knows it.
//!
//! The one idea is a single table of fields. It makes the struct, the list of [`Field`]s with
//! their class, level, labels and bounds, and the reading and writing of each as text, so that
//! forms, commands, import, export, history and storage cannot disagree about a field. The fields
//! follow HTCDS 2.0 with Canadian additions.
//!
//! Nothing here goes to a partner: what a partner may see is built in `disclose` from the coarse
//! values at the end of this file ([`CaseRecord::period`] and its neighbours).

use std::fmt;

use jiff::civil::{Date, date};

use crate::codes::{
    Act, AgeBand, CaseOutcome, CaseStatus, Cma, Control, DataSource, DatePrecision, Duration,
    Education, Exploitation, Gender, GeoScope, IdentifiedBy, ImmigrationStatus, Indicator,
    IndigenousIdentity, LabourSector, Majority, MaritalStatus, Means, MergedControl, Need, Offence,
    Province, Race, RecruiterRelation, RecruitmentMethod, Risk, Set, SexualOrientation, SexualType,
    Status, StatusDecider, TrpStage, Venue, WorkPermit,
};
use crate::country::Country;
use crate::identity::OrgId;
use crate::lang::Lang;

mod check;
mod coarse;
mod fields;
mod reason;
mod scalar;
mod value;

pub use check::Problem;
pub use coarse::{province_of, region_of};
pub use reason::{Kind, Reason};
pub use value::{Language, Line, List, Prose, UpTo};

use fields::record_fields;
use value::StartsAs;
pub(crate) use value::Value;

/// How much a field says about who a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Identifies the person on its own: names, numbers, contacts, free text.
    Direct,
    /// Identifies together with others: age, place, citizenship.
    Quasi,
    /// Harms the person if it becomes known of them.
    Sensitive,
    /// Says nothing about who the person is.
    Free,
}

/// How far a field may go at most, in any form. An agreement can only allow less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Never leaves the node as it is.
    L0,
    /// To one named partner, for one case, with consent.
    L1,
    /// In summaries for partners, coarsened.
    L2,
    /// In protected statistics only.
    L3,
    /// May be published.
    L4,
}

record_fields! {
    // Who it is. Direct identifiers never leave, in no form.
    1 person: Option<PersonRef>, Person, Direct, L0, "Person (records of one person share it)", "Personne (commune aux dossiers d’une même personne)";
    2 external_ref: Option<Line<128>>, ExternalRef, Direct, L0, "Number in the source", "Numéro dans la source";
    3 steward: Option<OrgId>, Steward, Free, L2, "Community steward (OCAP®)", "Gardien communautaire (PCAP®)";
    10 name_salutation: Option<Line<40>>, NameSalutation, Direct, L0, "Salutation", "Titre de civilité";
    11 name_first: Option<Line<120>>, NameFirst, Direct, L0, "First name", "Prénom";
    12 name_middle: Option<Line<120>>, NameMiddle, Direct, L0, "Middle names", "Autres prénoms";
    13 name_last: Option<Line<120>>, NameLast, Direct, L0, "Last name", "Nom de famille";
    14 name_other: List<Line<120>, 8>, NameOther, Direct, L0, "Other names used", "Autres noms utilisés";
    15 birthdate: Option<Date>, Birthdate, Direct, L0, "Date of birth", "Date de naissance";
    16 contact_email: Option<Line<254>>, ContactEmail, Direct, L0, "E-mail", "Courriel";
    17 contact_phone: Option<Line<80>>, ContactPhone, Direct, L0, "Telephone", "Téléphone";
    18 contact_address: Option<Prose<400>>, ContactAddress, Direct, L0, "Address", "Adresse";
    19 id_numbers: List<Line<80>, 8>, IdNumbers, Direct, L0, "Identity numbers", "Numéros d’identité";
    20 notes: Option<Prose<8000>>, Notes, Direct, L0, "Notes", "Notes";

    // The record.
    30 registered_on: Date, RegisteredOn, Quasi, L0, "Registered on", "Enregistré le";
    31 registered_precision: DatePrecision, RegisteredPrecision, Free, L0, "Precision of that date", "Précision de cette date";
    32 data_source: Option<DataSource>, DataSource, Free, L2, "Record origin", "Origine de la donnée";
    33 identified_by: Option<IdentifiedBy>, IdentifiedBy, Quasi, L2, "Identified by", "Identifié par";
    34 status: Option<Status>, Status, Sensitive, L2, "Trafficking status", "Statut relatif à la traite";
    35 status_decided_by: Option<StatusDecider>, StatusDecidedBy, Free, L2, "Status decided by", "Statut décidé par";
    36 case_status: Option<CaseStatus>, CaseStatus, Free, L2, "Case status", "État du dossier";
    37 retention_until: Option<Date>, RetentionUntil, Free, L0, "Keep until", "À conserver jusqu’au";

    // The person, in quasi-identifiers.
    40 gender: Option<Gender>, Gender, Quasi, L0, "Gender", "Genre";
    41 age_at_registration: Option<UpTo<120>>, AgeAtRegistration, Quasi, L0, "Age at registration", "Âge à l’enregistrement";
    42 age_band_recorded: Option<AgeBand>, AgeBandRecorded, Quasi, L2, "Age band, where only that is known", "Groupe d’âge, s’il est seul connu";
    43 age_at_entry: Option<UpTo<120>>, AgeAtEntry, Quasi, L0, "Age when trafficking began", "Âge au début de la traite";
    44 majority_at_registration: Option<Majority>, MajorityAtRegistration, Quasi, L2, "Minor or adult at registration", "Personne mineure ou adulte à l’enregistrement";
    45 majority_at_exploitation: Option<Majority>, MajorityAtExploitation, Sensitive, L2, "Minor or adult when exploited", "Personne mineure ou adulte au moment de l’exploitation";
    46 citizenship: List<Country, 4>, Citizenship, Quasi, L0, "Citizenship", "Citoyenneté";
    47 immigration_status: Option<ImmigrationStatus>, ImmigrationStatus, Sensitive, L1, "Immigration status", "Statut d’immigration";
    48 indigenous_identity: Option<IndigenousIdentity>, IndigenousIdentity, Sensitive, L0, "Indigenous identity", "Identité autochtone";
    49 indigenous_nation: Option<Line<120>>, IndigenousNation, Direct, L0, "Nation or community", "Nation ou communauté";
    50 race: Set<Race>, Race, Sensitive, L3, "Racialized group", "Groupe racisé";
    51 disability: Option<bool>, Disability, Sensitive, L3, "Disability", "Handicap";
    52 sexual_orientation: Option<SexualOrientation>, SexualOrientation, Sensitive, L0, "Sexual orientation", "Orientation sexuelle";
    53 languages: List<Language, 8>, Languages, Quasi, L1, "Languages", "Langues";
    54 education: Option<Education>, Education, Quasi, L0, "Education", "Scolarité";
    55 marital_status: Option<MaritalStatus>, MaritalStatus, Quasi, L0, "Marital status", "État matrimonial";
    56 dependants: Option<UpTo<30>>, Dependants, Quasi, L1, "Dependants", "Personnes à charge";
    57 vulnerabilities: List<Line<80>, 16>, Vulnerabilities, Sensitive, L0, "Vulnerabilities", "Vulnérabilités";

    // What happened. `…_absent` holds what is known not to be so: neither is unknown.
    60 acts: Set<Act>, Acts, Sensitive, L2, "Acts", "Actes";
    61 acts_absent: Set<Act>, ActsAbsent, Sensitive, L0, "Acts ruled out", "Actes écartés";
    62 means: Set<Means>, Means, Sensitive, L2, "Means", "Moyens";
    63 means_absent: Set<Means>, MeansAbsent, Sensitive, L0, "Means ruled out", "Moyens écartés";
    64 controls: Set<Control>, Controls, Sensitive, L2, "Means of control", "Moyens de contrôle";
    65 controls_absent: Set<Control>, ControlsAbsent, Sensitive, L0, "Means of control ruled out", "Moyens de contrôle écartés";
    66 controls_merged: Set<MergedControl>, ControlsMerged, Sensitive, L2, "Means of control, merged (CTDC 2024)", "Moyens de contrôle regroupés (CTDC 2024)";
    67 exploitation: Set<Exploitation>, Exploitation, Sensitive, L2, "Forms of exploitation", "Formes d’exploitation";
    68 exploitation_absent: Set<Exploitation>, ExploitationAbsent, Sensitive, L0, "Forms of exploitation ruled out", "Formes d’exploitation écartées";
    69 labour_sectors: Set<LabourSector>, LabourSectors, Quasi, L2, "Labour sectors", "Secteurs de travail";
    70 sexual_types: Set<SexualType>, SexualTypes, Sensitive, L2, "Types of sexual exploitation", "Types d’exploitation sexuelle";
    71 abduction: Option<bool>, Abduction, Sensitive, L3, "Abduction", "Enlèvement";
    72 duration: Option<Duration>, Duration, Quasi, L2, "Duration", "Durée";
    73 recruiter_relation: Set<RecruiterRelation>, RecruiterRelation, Sensitive, L2, "Recruiter’s relation", "Lien avec le recruteur";
    74 recruitment_method: Set<RecruitmentMethod>, RecruitmentMethod, Sensitive, L3, "Recruitment method", "Méthode de recrutement";
    75 recruitment_platform: List<Line<80>, 8>, RecruitmentPlatform, Sensitive, L3, "Recruitment platforms", "Plateformes de recrutement";
    76 indicators: Set<Indicator>, Indicators, Sensitive, L0, "Screening indicators", "Indicateurs de dépistage";

    // What the definitions of trafficking ask.
    80 safety_threat_believed: Option<bool>, SafetyThreatBelieved, Sensitive, L0, "Believed their safety or another’s threatened", "Croyait sa sécurité ou celle d’autrui menacée";
    81 crossed_into_canada: Option<bool>, CrossedIntoCanada, Sensitive, L0, "Crossed into Canada", "Entrée au Canada";
    82 menace_of_penalty: Option<bool>, MenaceOfPenalty, Sensitive, L0, "Menace of a penalty", "Menace d’une peine";
    83 not_voluntary: Option<bool>, NotVoluntary, Sensitive, L0, "Work not offered voluntarily", "Travail non offert de plein gré";
    84 freedom_restricted: Option<bool>, FreedomRestricted, Sensitive, L0, "Freedom restricted", "Liberté restreinte";

    // Where.
    90 place_of_exploitation: Option<Prose<400>>, PlaceOfExploitation, Direct, L0, "Address of exploitation", "Adresse de l’exploitation";
    91 province_of_exploitation: Option<Province>, ProvinceOfExploitation, Quasi, L2, "Province of exploitation", "Province de l’exploitation";
    92 cma_of_exploitation: Option<Cma>, CmaOfExploitation, Quasi, L3, "Metropolitan area of exploitation", "Région métropolitaine de l’exploitation";
    93 country_of_exploitation: Option<Country>, CountryOfExploitation, Quasi, L2, "Country of exploitation", "Pays de l’exploitation";
    94 geo_scope: Option<GeoScope>, GeoScope, Sensitive, L2, "Geographic scope", "Portée géographique";
    95 venue: Option<Venue>, Venue, Sensitive, L3, "Venue", "Type de lieu";
    96 employer_id: Option<Line<80>>, EmployerId, Direct, L0, "Employer’s number", "Numéro de l’employeur";
    97 work_permit: Option<WorkPermit>, WorkPermit, Quasi, L2, "Work permit", "Permis de travail";

    // What is needed and what became of it.
    100 needs: Set<Need>, Needs, Sensitive, L2, "Needs", "Besoins";
    101 risk: Option<Risk>, Risk, Sensitive, L1, "Risk", "Risque";
    102 trp_stage: Option<TrpStage>, TrpStage, Sensitive, L3, "Temporary resident permit", "Permis de séjour temporaire";
    103 offences_charged: Set<Offence>, OffencesCharged, Sensitive, L3, "Offences charged", "Infractions reprochées";
    104 case_outcome: Option<CaseOutcome>, CaseOutcome, Sensitive, L3, "Outcome of the criminal case", "Issue de l’affaire criminelle";
}

impl Field {
    /// Whether what it holds may name a person: it identifies on its own, or somebody wrote it in
    /// their own words. Nobody sees it who did not ask to.
    pub fn may_name(self) -> bool {
        let is_free = matches!(self.kind(), Kind::Line(_) | Kind::Lines { .. } | Kind::Prose(_));
        is_free || self.class() == Class::Direct
    }
}

impl CaseRecord {
    /// A record of which nothing is known but when it was registered.
    pub fn new(id: RecordId, registered_on: Date) -> Self {
        Self::with_defaults(id, registered_on)
    }

    /// Sets a field from text, as [`CaseRecord::text`] writes it. A blank text empties the field.
    pub fn set(&mut self, field: Field, text: &str) -> Result<(), InvalidValue> {
        self.read_into(field, text).map_err(|reason| InvalidValue { field, reason })
    }

    /// Every field that is not empty, as text, in the order of [`Field::ALL`].
    pub fn to_fields(&self) -> Vec<(Field, String)> {
        let value = |field: &Field| self.text(*field).map(|text| (*field, text));
        Field::ALL.iter().filter_map(value).collect()
    }

    /// The record with these fields. Lists every field that is wrong, and the date of
    /// registration if it is missing.
    pub fn from_fields<'a>(
        id: RecordId,
        fields: impl IntoIterator<Item = (Field, &'a str)>,
    ) -> Result<Self, Vec<InvalidValue>> {
        let mut record = Self::new(id, date(1900, 1, 1));
        let mut invalid = Vec::new();
        let mut is_registered = false;
        for (field, text) in fields {
            is_registered |= field == Field::RegisteredOn;
            invalid.extend(record.set(field, text).err());
        }
        if !is_registered {
            invalid.push(InvalidValue { field: Field::RegisteredOn, reason: Reason::Required });
        }
        if invalid.is_empty() { Ok(record) } else { Err(invalid) }
    }

    /// Who this record is about, as a key under which distinct people are counted.
    ///
    /// A record that is not linked to others is a person of its own.
    pub fn person_or_self(&self) -> PersonRef {
        self.person.unwrap_or(PersonRef(self.id.0))
    }

    /// The fields whose values differ, in the order of [`Field::ALL`].
    pub fn changed_fields(&self, other: &Self) -> Vec<Field> {
        let differs = |field: &Field| self.text(*field) != other.text(*field);
        Field::ALL.iter().copied().filter(differs).collect()
    }
}

impl Field {
    /// Finds a field by its name. Case and surrounding space do not matter.
    pub fn parse(name: &str) -> Result<Self, UnknownField> {
        let name = name.trim();
        let found = Self::ALL.iter().find(|field| field.name().eq_ignore_ascii_case(name));
        found.copied().ok_or(UnknownField)
    }
}

impl fmt::Debug for CaseRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaseRecord({})", self.id)
    }
}

/// A text that cannot be the value of a field. Has no room for the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}`: {}", .field.name(), .reason.text(Lang::En))]
pub struct InvalidValue {
    /// Which field.
    pub field: Field,
    /// What is wrong.
    pub reason: Reason,
}

impl InvalidValue {
    /// What is wrong, in words.
    pub fn text(self, lang: Lang) -> String {
        let (label, reason) = (self.field.label(lang), self.reason.text(lang));
        match lang {
            Lang::En => format!("{label}: {reason}"),
            Lang::Fr => format!("{label}\u{a0}: {reason}"),
        }
    }
}

/// A name that no field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a field of a record")]
pub struct UnknownField;

macro_rules! local_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                uuid::Uuid::from_bytes(self.0).hyphenated().fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::record::InvalidId;

            fn from_str(text: &str) -> Result<Self, $crate::record::InvalidId> {
                let uuid = uuid::Uuid::try_parse(text.trim()).map_err(|_| $crate::record::InvalidId)?;
                Ok(Self(uuid.into_bytes()))
            }
        }
    };
}

pub(crate) use local_id;

local_id! {
    /// The id of a record within its node: a UUID, version 7, made by the node. Never shared.
    RecordId
}

local_id! {
    /// Which records are about one person, within one organization. Never shared.
    PersonRef
}

/// A text that is not a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected a UUID such as 0190f5c2-6e1a-7c3e-9d2b-1f0a5b6c7d8e")]
pub struct InvalidId;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use crate::identity::OrgKey;

    use super::*;

    fn record() -> CaseRecord {
        CaseRecord::new(RecordId([1; 16]), date(2025, 6, 30))
    }

    /// A text that `field` takes, made from `seed`.
    fn some_text(field: Field, seed: usize) -> String {
        let choices = field.choices(Lang::En);
        let choice = |at: usize| choices[at % choices.len()].0;
        match field.kind() {
            Kind::Code(_) => choice(seed).to_owned(),
            Kind::Codes(_) => format!("{};{}", choice(seed), choice(seed / 3)),
            Kind::YesNo => if seed.is_multiple_of(2) { "yes" } else { "no" }.to_owned(),
            Kind::Number(max) => (seed % (usize::from(max) + 1)).to_string(),
            Kind::Date => format!("20{:02}-0{}-1{}", seed % 100, seed % 9 + 1, seed % 10),
            Kind::Country | Kind::Countries(_) => ["CAN", "de", "XXA"][seed % 3].to_owned(),
            Kind::Line(max) => "é".repeat(seed % max + 1),
            Kind::Lines { n, max } => {
                let line = |at: usize| format!("{at}{}", "ʔ".repeat(seed % (max - 2)));
                (0..seed % n + 1).map(line).collect::<Vec<_>>().join(";")
            }
            Kind::Prose(max) => "a\nb; ".repeat(seed % (max / 6) + 1).trim().to_owned(),
            Kind::Languages(_) => "fr;oj;iu-Cans-CA".to_owned(),
            Kind::Organization => OrgKey::from_seed(&[7; 32]).id().to_string(),
            Kind::Person => PersonRef([9; 16]).to_string(),
        }
    }

    #[test]
    fn every_field_has_its_own_number_name_and_labels() {
        let numbers: BTreeSet<_> = Field::ALL.iter().map(|field| field.number()).collect();
        assert_eq!(numbers.len(), Field::ALL.len());
        for field in Field::ALL {
            assert_eq!(Field::from_number(field.number()), Some(*field));
            assert_eq!(Field::parse(field.name()), Ok(*field));
            assert!(!field.label(Lang::En).is_empty() && !field.label(Lang::Fr).is_empty());
            let has_codes = matches!(field.kind(), Kind::Code(_) | Kind::Codes(_));
            assert_eq!(!field.choices(Lang::Fr).is_empty(), has_codes, "{}", field.name());
        }
        assert_eq!(Field::from_number(0), None);
        assert_eq!(Field::parse("nonsense"), Err(UnknownField));
    }

    #[test]
    fn no_direct_identifier_may_leave() {
        for field in Field::ALL.iter().filter(|field| field.class() == Class::Direct) {
            assert_eq!(field.level(), Level::L0, "{}", field.name());
        }
    }

    #[test]
    fn what_somebody_wrote_in_their_own_words_may_name_a_person() {
        for field in Field::ALL {
            let is_free =
                matches!(field.kind(), Kind::Line(_) | Kind::Lines { .. } | Kind::Prose(_));
            assert_eq!(field.may_name(), is_free || field.class() == Class::Direct);
        }
        assert!(Field::Vulnerabilities.may_name() && Field::RecruitmentPlatform.may_name());
        assert!(Field::Birthdate.may_name() && !Field::Exploitation.may_name());
    }

    #[test]
    fn debug_prints_the_id_and_nothing_else() {
        let mut record = record();
        for (seed, field) in Field::ALL.iter().enumerate() {
            record.set(*field, &some_text(*field, seed)).unwrap();
        }
        assert_eq!(format!("{record:?}"), "CaseRecord(01010101-0101-0101-0101-010101010101)");
        assert_eq!(format!("{:?}", record.name_first), "Some(Line(..))");
        assert_eq!(format!("{:?}", record.notes), "Some(Prose(..))");
        assert_eq!(format!("{:?}", record.id_numbers), "List(..)");
    }

    #[test]
    fn an_error_names_the_field_and_never_the_value() {
        let error = record().set(Field::Gender, "Exemple-0123").unwrap_err();
        assert_eq!(error.reason, Reason::UnknownCode("gender"));
        for text in [error.to_string(), format!("{error:?}"), error.text(Lang::Fr)] {
            assert!(!text.contains("Exemple"), "{text}");
        }
    }

    #[test]
    fn a_record_needs_a_date_of_registration() {
        let missing = InvalidValue { field: Field::RegisteredOn, reason: Reason::Required };
        assert_eq!(CaseRecord::from_fields(RecordId([1; 16]), []), Err(vec![missing]));
        assert_eq!(record().set(Field::RegisteredOn, " "), Err(missing));
    }

    #[test]
    fn each_bound_is_allowed_and_one_more_is_not() {
        let mut record = record();
        assert_eq!(record.set(Field::NameFirst, &"a".repeat(120)), Ok(()));
        let error = record.set(Field::NameFirst, &"a".repeat(121)).unwrap_err();
        assert_eq!(error.reason, Reason::TooLong(120));
        assert_eq!(record.name_first.as_deref(), Some("a".repeat(120).as_str()));

        assert_eq!(record.set(Field::AgeAtRegistration, "120"), Ok(()));
        let error = record.set(Field::AgeAtRegistration, "121").unwrap_err();
        assert_eq!(error.reason, Reason::NotANumberUpTo(120));
        assert!(record.set(Field::AgeAtRegistration, "-1").is_err());

        assert_eq!(record.set(Field::Citizenship, "CA;US;FR;DE"), Ok(()));
        let error = record.set(Field::Citizenship, "CA;US;FR;DE;IT").unwrap_err();
        assert_eq!(error.reason, Reason::TooMany(4));
        assert_eq!(record.set(Field::Citizenship, "CA;CAN;ca;CA;CA;CA"), Ok(()));
    }

    #[test]
    fn a_cell_of_a_million_characters_is_refused_everywhere() {
        let cell = "x".repeat(1_000_000);
        for field in Field::ALL {
            assert!(record().set(*field, &cell).is_err(), "{}", field.name());
        }
    }

    #[test]
    fn only_whole_dates_of_years_that_periods_have_are_dates() {
        for text in ["0000-01-01", "9999-12-31", "1899-12-31", "2200-01-01", "2025-02-29"] {
            let error = record().set(Field::Birthdate, text).unwrap_err();
            assert_eq!(error.reason, Reason::NotADate, "{text}");
        }
        for text in
            ["2025-6-3", "30/06/2025", "2025-06-30T00:00", "20250630", "2025-W01-1", "-2025-01-01"]
        {
            assert!(record().set(Field::Birthdate, text).is_err(), "{text}");
        }
        assert_eq!(record().set(Field::Birthdate, " 1900-01-01 "), Ok(()));
    }

    #[test]
    fn control_characters_are_refused_but_notes_have_lines() {
        let error = record().set(Field::NameFirst, "a\u{0}b").unwrap_err();
        assert_eq!(error.reason, Reason::ControlCharacter);
        assert!(record().set(Field::NameFirst, "a\nb").is_err());
        assert_eq!(record().set(Field::Notes, "a\r\nb\tc"), Ok(()));
        assert!(record().set(Field::Notes, "a\u{1b}[2J").is_err());
    }

    #[test]
    fn a_name_typed_in_two_unicode_forms_is_one_name() {
        let (mut composed, mut decomposed) = (record(), record());
        composed.set(Field::NameFirst, "Zo\u{eb}").unwrap();
        decomposed.set(Field::NameFirst, "Zoe\u{308}").unwrap();
        assert_eq!(composed, decomposed);
    }

    #[test]
    fn records_without_a_person_are_persons_of_their_own() {
        let (mut one, mut other) = (record(), record());
        other.id = RecordId([2; 16]);
        assert_ne!(one.person_or_self(), other.person_or_self());
        one.person = Some(PersonRef([5; 16]));
        other.person = Some(PersonRef([5; 16]));
        assert_eq!(one.person_or_self(), other.person_or_self());
    }

    #[test]
    fn changed_fields_are_those_that_differ() {
        let mut edited = record();
        edited.set(Field::Gender, "woman").unwrap();
        edited.set(Field::Needs, "legal").unwrap();
        assert_eq!(record().changed_fields(&edited), [Field::Gender, Field::Needs]);
    }

    proptest! {
        #[test]
        fn a_record_is_read_back_as_it_was_written(seeds in prop::collection::vec(0_usize..100_000, Field::ALL.len())) {
            let mut record = record();
            for (field, seed) in Field::ALL.iter().zip(seeds) {
                if seed % 4 != 0 {
                    prop_assert_eq!(record.set(*field, &some_text(*field, seed)), Ok(()));
                    prop_assert!(record.text(*field).is_some());
                }
            }
            let fields = record.to_fields();
            let texts = fields.iter().map(|(field, text)| (*field, text.as_str()));
            prop_assert_eq!(CaseRecord::from_fields(record.id, texts), Ok(record));
        }

        #[test]
        fn no_text_makes_a_field_panic_or_change_when_read_again(at in 0..Field::ALL.len(), text in "\\PC{0,40}|[a-z0-9;:+ -]{0,20}|.{0,20}") {
            let field = Field::ALL[at];
            let (mut once, mut twice) = (record(), record());
            if once.set(field, &text).is_ok() {
                if let Some(written) = once.text(field) {
                    prop_assert_eq!(twice.set(field, &written), Ok(()));
                }
                prop_assert_eq!(once, twice);
            } else {
                prop_assert_eq!(once, record());
            }
        }
    }
}
