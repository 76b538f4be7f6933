//! Synthetic cases: for the demonstration, for tests and for training, never about anybody.
//!
//! The same seed gives the same cases on every machine: all arithmetic is in integers. Names,
//! addresses and numbers say what they are and carry [`CANARY`], so that a test can search for
//! them wherever they must not be.
//!
//! Distributions, with their sources:
//! - ages of victims (under 18: 28 %, 18 to 24: 45 %, 25 and over: 26 %) and recruitment by a
//!   present or former partner (a third): Statistics Canada, *Juristat* 85-002-X, "Trafficking in
//!   persons in Canada, 2018", 23 June 2020;
//! - women and girls (93 %): Statistics Canada, *The Daily*, 1 November 2024, for 2023;
//! - provinces (0.9 incidents a year per 100,000 in Ontario, 1.0 in Nova Scotia, below 0.5
//!   elsewhere): the same *Juristat*, applied to the population of 2021;
//! - forms of exploitation where they are mixed (sexual 62 %, forced labour 38 % of those known):
//!   the CTDC Global Dataset of April 2020. Police figures in Canada are almost all sexual.
//!
//! How ages lie within those groups, means of control, needs, citizenships and the share of
//! consents (85 %, of which 4 % withdrawn) are our own choice, to be plausible and to exercise
//! the product. **No figure made of these cases says anything about trafficking.**

use jiff::ToSpan;
use jiff::civil::Date;

use crate::codes::{
    ConsentScope, DataSource, Exploitation, Gender, GeoScope, ImmigrationStatus,
    IndigenousIdentity, Province, Set, Status, StatusDecider,
};
use crate::country::Country;
use crate::identity::OrgId;
use crate::layout::{ConsentDraft, Draft};
use crate::record::{List, UpTo};

mod chance;
mod detail;

use chance::Chance;

/// Part of every synthetic name, address, number and note, in lower or title case.
pub const CANARY: &str = "exemple-";

/// What kind of organization the cases are made for.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Where its cases are; `None` for all of Canada.
    pub province: Option<Province>,
    /// Where its records come from.
    pub data_source: DataSource,
    /// How many in a hundred cases are of forced labour alone.
    pub labour_percent: u32,
    /// How many in a hundred cases have a consent.
    pub consent_percent: u32,
    /// The steward of cases of Indigenous persons who want one.
    pub steward: Option<OrgId>,
}

impl Profile {
    /// A provincial office: both forms, as in the CTDC dataset.
    pub fn office(province: Province) -> Self {
        Self {
            province: Some(province),
            data_source: DataSource::CaseManagement,
            labour_percent: 38,
            consent_percent: 85,
            steward: None,
        }
    }

    /// A police service: almost all sexual exploitation.
    pub fn police(province: Province) -> Self {
        let data_source = DataSource::PoliceRecord;
        Self { data_source, labour_percent: 5, ..Self::office(province) }
    }

    /// An organization that helps people who were sexually exploited.
    pub fn shelter(province: Province) -> Self {
        Self { labour_percent: 10, ..Self::office(province) }
    }

    /// An organization that helps migrant workers.
    pub fn workers(province: Province) -> Self {
        Self { labour_percent: 85, ..Self::office(province) }
    }

    /// A national hotline.
    pub fn hotline() -> Self {
        Self { province: None, data_source: DataSource::Hotline, ..Self::office(Province::Ontario) }
    }
}

/// `n` cases of an organization, registered from `first` to `last`.
///
/// The nth case is the same whatever `n` is. Each has its own number in the source, so that the
/// cases can be imported twice and are known again.
pub fn generate(
    seed: u64,
    profile: &Profile,
    n: u32,
    first: Date,
    last: Date,
) -> impl Iterator<Item = Draft> {
    let profile = profile.clone();
    (0..n).map(move |nth| case(&mut Chance::new(seed, nth), &profile, nth, first, last))
}

fn case(chance: &mut Chance, profile: &Profile, nth: u32, first: Date, last: Date) -> Draft {
    let n_days = (last - first).get_days().max(0).unsigned_abs();
    let registered = first.saturating_add(i64::from(chance.below(n_days + 1)).days());
    let mut draft = Draft::new(registered);
    let form = form(chance, profile);
    person(chance, form, &mut draft);
    origin(chance, profile, form, &mut draft);
    place(chance, profile, &mut draft);
    detail::exploitation(chance, form, &mut draft);
    detail::circumstances(chance, form, &mut draft);
    detail::response(chance, &mut draft);
    detail::identity(chance, nth, &mut draft);
    status(chance, profile, &mut draft);
    draft.consent = consent(chance, profile, registered, last);
    draft
}

/// What a case is mainly about; most of the rest depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Sexual,
    Labour,
    Both,
    Other,
}

fn form(chance: &mut Chance, profile: &Profile) -> Form {
    let labour = profile.labour_percent.min(95);
    chance.pick(&[
        (Form::Sexual, 95 - labour),
        (Form::Labour, labour),
        (Form::Both, 3),
        (Form::Other, 2),
    ])
}

fn person(chance: &mut Chance, form: Form, draft: &mut Draft) {
    let record = &mut draft.record;
    let women = if form == Form::Labour { 45 } else { 93 };
    record.gender = Some(chance.pick(&[
        (Gender::Woman, 10 * women),
        (Gender::Man, 10 * (98 - women)),
        (Gender::TransWoman, 7),
        (Gender::TwoSpirit, 6),
        (Gender::NonBinary, 4),
        (Gender::Unknown, 3),
    ]));
    // Adults work on permits: no minors among them.
    let minors = if form == Form::Labour { 0 } else { 28 };
    let (from, to) = chance.pick(&[
        ((12, 17), minors),
        ((18, 24), 45),
        ((25, 34), 17),
        ((35, 44), 6),
        ((45, 64), 4),
    ]);
    let age = from + chance.small(to - from + 1);
    record.age_at_registration = UpTo::new(age);
    if chance.percent(70) {
        record.age_at_entry = UpTo::new(age.saturating_sub(chance.small(4)).max(11));
    }
}

/// Citizenship and what depends on it.
fn origin(chance: &mut Chance, profile: &Profile, form: Form, draft: &mut Draft) {
    let record = &mut draft.record;
    let country = |code| Country::parse(code).unwrap_or(Country::CANADA);
    let citizenship = if form == Form::Labour {
        chance.pick(&[
            ("CA", 8),
            ("PH", 22),
            ("MX", 24),
            ("IN", 18),
            ("GT", 12),
            ("JM", 8),
            ("VN", 8),
        ])
    } else {
        chance.pick(&[("CA", 90), ("CN", 2), ("PH", 2), ("US", 2), ("RO", 2), ("NG", 2)])
    };
    record.citizenship = List::of([country(citizenship)]).unwrap_or_default();
    record.immigration_status = Some(match (citizenship, form) {
        ("CA", _) => ImmigrationStatus::Citizen,
        (_, Form::Labour) => chance.pick(&[
            (ImmigrationStatus::Tfw, 60),
            (ImmigrationStatus::OutOfStatus, 20),
            (ImmigrationStatus::Student, 10),
            (ImmigrationStatus::Visitor, 10),
        ]),
        _ => chance.pick(&[
            (ImmigrationStatus::PermanentResident, 40),
            (ImmigrationStatus::Visitor, 30),
            (ImmigrationStatus::Student, 20),
            (ImmigrationStatus::OutOfStatus, 10),
        ]),
    });
    if citizenship == "CA" && chance.percent(20) {
        record.indigenous_identity = Some(chance.pick(&[
            (IndigenousIdentity::FirstNations, 70),
            (IndigenousIdentity::Metis, 18),
            (IndigenousIdentity::Inuit, 12),
        ]));
        if chance.percent(40) {
            record.steward = profile.steward;
        }
    }
    let crosses = citizenship != "CA" && form == Form::Labour;
    record.geo_scope = Some(if crosses { GeoScope::IntoCanada } else { GeoScope::Domestic });
}

fn place(chance: &mut Chance, profile: &Profile, draft: &mut Draft) {
    // Rate per 100,000 (Juristat) times millions of people (census of 2021), in tenths.
    let province = profile.province.unwrap_or_else(|| {
        chance.pick(&[
            (Province::Ontario, 128),
            (Province::Quebec, 26),
            (Province::BritishColumbia, 15),
            (Province::Alberta, 17),
            (Province::NovaScotia, 10),
            (Province::Manitoba, 5),
            (Province::Saskatchewan, 4),
            (Province::NewBrunswick, 3),
            (Province::Newfoundland, 1),
        ])
    });
    draft.record.province_of_exploitation = Some(province);
    draft.record.country_of_exploitation = Some(Country::CANADA);
    if chance.percent(70) {
        draft.record.cma_of_exploitation = detail::city(chance, province);
    }
}

fn status(chance: &mut Chance, profile: &Profile, draft: &mut Draft) {
    let record = &mut draft.record;
    record.data_source = Some(profile.data_source);
    record.status = Some(chance.pick(&[(Status::Possible, 55), (Status::Actual, 45)]));
    record.status_decided_by = Some(match profile.data_source {
        DataSource::PoliceRecord => StatusDecider::Police,
        DataSource::Hotline => StatusDecider::SelfIdentified,
        _ => chance.pick(&[(StatusDecider::GovNonPolice, 50), (StatusDecider::Ngo, 50)]),
    });
}

fn consent(
    chance: &mut Chance,
    profile: &Profile,
    registered: Date,
    last: Date,
) -> Option<ConsentDraft> {
    if !chance.percent(profile.consent_percent) {
        return None;
    }
    let mut scopes = Set::EMPTY.with(ConsentScope::Services).with(ConsentScope::Stats);
    for (scope, percent) in
        [(ConsentScope::ReferralNeed, 70), (ConsentScope::Research, 40), (ConsentScope::Police, 30)]
    {
        if chance.percent(percent) {
            scopes = scopes.with(scope);
        }
    }
    let mut consent = ConsentDraft { scopes, ..ConsentDraft::new(registered) };
    if chance.percent(4) {
        let withdrawn = registered.saturating_add(i64::from(1 + chance.below(90)).days());
        consent.withdrawn_on = Some(withdrawn.min(last.max(registered)));
    }
    Some(consent)
}

/// The forms of exploitation of each kind of case.
fn forms(chance: &mut Chance, form: Form) -> Set<Exploitation> {
    match form {
        Form::Sexual => Set::EMPTY.with(Exploitation::Sexual),
        Form::Labour => Set::EMPTY.with(Exploitation::ForcedLabour),
        Form::Both => Set::EMPTY.with(Exploitation::Sexual).with(Exploitation::ForcedLabour),
        Form::Other => Set::EMPTY.with(chance.pick(&[
            (Exploitation::ForcedCriminality, 40),
            (Exploitation::ForcedMarriage, 30),
            (Exploitation::Begging, 20),
            (Exploitation::Servitude, 10),
        ])),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::codes::{GenderShared, Majority};
    use crate::identity::OrgKey;
    use crate::record::{CaseRecord, Class, Field, RecordId};

    use super::*;

    const FIRST: Date = date(2023, 1, 1);
    const LAST: Date = date(2026, 9, 30);

    fn drafts(profile: &Profile, n: u32) -> Vec<Draft> {
        generate(7, profile, n, FIRST, LAST).collect()
    }

    fn records(profile: &Profile, n: u32) -> Vec<CaseRecord> {
        let id = RecordId([1; 16]);
        drafts(profile, n).into_iter().map(|draft| draft.into_record(id)).collect()
    }

    /// How many of a hundred.
    fn percent(records: &[CaseRecord], is: impl Fn(&CaseRecord) -> bool) -> usize {
        records.iter().filter(|record| is(record)).count() * 100 / records.len()
    }

    #[test]
    fn the_same_seed_gives_the_same_cases_and_another_seed_others() {
        let profile = Profile::office(Province::BritishColumbia);
        let few = drafts(&profile, 20);
        assert_eq!(few, drafts(&profile, 500)[..20]);
        let other: Vec<_> = generate(8, &profile, 20, FIRST, LAST).collect();
        assert_ne!(few, other);
        // Breaks if a change makes other cases of a seed that somebody has written down.
        let record = few[0].clone().into_record(RecordId([1; 16]));
        assert_eq!(record.text(Field::ExternalRef).as_deref(), Some("Exemple-ref-000000"));
        assert_eq!(record.registered_on, date(2025, 9, 14));
        assert_eq!(record.age(), Some(20));
    }

    #[test]
    fn every_case_is_in_order() {
        for province in [Province::Ontario, Province::Nunavut, Province::Quebec] {
            for record in records(&Profile::office(province), 1_000) {
                assert_eq!(record.check(LAST), [], "{:?}", record.to_fields());
            }
        }
        for record in records(&Profile::hotline(), 1_000) {
            assert_eq!(record.check(LAST), []);
            assert!((FIRST..=LAST).contains(&record.registered_on));
        }
    }

    #[test]
    fn shares_are_those_of_the_published_figures() {
        let police = records(&Profile::police(Province::Ontario), 5_000);
        let women = percent(&police, |record| record.gender_shared() == GenderShared::Woman);
        assert!((88..=95).contains(&women), "{women}");
        let minors = percent(&police, |record| record.majority() == Majority::Minor);
        assert!((24..=30).contains(&minors), "{minors}");
        let office = records(&Profile::office(Province::Ontario), 5_000);
        let labour = percent(&office, |record| {
            record.exploitation == Set::EMPTY.with(Exploitation::ForcedLabour)
        });
        assert!((35..=41).contains(&labour), "{labour}");
        let everywhere = records(&Profile::hotline(), 5_000);
        let ontario = percent(&everywhere, |record| record.province() == Some(Province::Ontario));
        assert!((57..=65).contains(&ontario), "{ontario}");
    }

    #[test]
    fn most_have_a_consent_and_some_have_withdrawn_it() {
        let drafts = drafts(&Profile::office(Province::Alberta), 5_000);
        let consents: Vec<_> = drafts.iter().filter_map(|draft| draft.consent.as_ref()).collect();
        let n_withdrawn = consents.iter().filter(|consent| consent.withdrawn_on.is_some()).count();
        assert!((4_150..=4_350).contains(&consents.len()), "{}", consents.len());
        assert!((110..=230).contains(&n_withdrawn), "{n_withdrawn}");
    }

    #[test]
    fn some_cases_have_a_steward_where_there_is_one() {
        let steward = Some(OrgKey::from_seed(&[9; 32]).id());
        let profile = Profile { steward, ..Profile::shelter(Province::Manitoba) };
        let n = records(&profile, 1_000).iter().filter(|record| record.steward == steward).count();
        assert!((30..=120).contains(&n), "{n}");
        let without = records(&Profile::shelter(Province::Manitoba), 1_000);
        assert!(without.iter().all(|record| record.steward.is_none()));
    }

    #[test]
    fn everything_that_identifies_is_marked() {
        let unmarked = [Field::Person, Field::Birthdate];
        for record in records(&Profile::office(Province::Yukon), 200) {
            for (field, text) in record.to_fields() {
                if field.class() == Class::Direct && !unmarked.contains(&field) {
                    assert!(text.to_lowercase().contains(CANARY), "{}", field.name());
                }
            }
            assert!(record.name_first.is_some() && record.notes.is_some());
        }
    }
}
