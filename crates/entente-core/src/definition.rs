//! Definition profiles: which definitions of trafficking the recorded elements of a case meet.
//!
//! "Trafficking" is never recorded as a yes or no. Acts, means and purposes are, and each
//! definition is computed from them, so that a figure can state which definition it counts.
//!
//! Logic is three-valued. What is not recorded is unknown, and an unknown that matters gives
//! [`Answer::Undetermined`] with the fields that would settle it. A set of codes that has any is
//! taken as complete; an empty one is unknown, except for what is expressly ruled out.
//!
//! This is a reading of the law for counting, not legal advice, and decides nothing about a
//! person. Smuggling (IRPA s. 117) is no profile.

use crate::codes::{
    Act, Code, DefinitionProfile, Exploitation, GeoScope, ImmigrationStatus, Majority, Means,
    Offence, Set,
};
use crate::lang::Lang;
use crate::record::{CaseRecord, Field};

/// Whether a case meets a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// What is recorded does not say.
    Undetermined,
}

impl Answer {
    /// What a person reads.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Yes => lang.pick("yes", "oui"),
            Self::No => lang.pick("no", "non"),
            Self::Undetermined => lang.pick("undetermined", "indéterminé"),
        }
    }

    /// The text form, for files and `--json`.
    pub fn code(self) -> &'static str {
        self.label(Lang::En)
    }
}

/// What one definition says of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which definition.
    pub profile: DefinitionProfile,
    /// Whether it is met.
    pub answer: Answer,
    /// The fields that could settle it; empty unless undetermined.
    pub missing: Vec<Field>,
    /// The section of the law that applies, where the profile has several and it is met.
    pub section: Option<Offence>,
}

/// The definitions that are computed, in the order of the list. `programme` is not one.
pub const COMPUTED: [DefinitionProfile; 5] = [
    DefinitionProfile::Palermo,
    DefinitionProfile::Cc,
    DefinitionProfile::Irpa,
    DefinitionProfile::IloFl,
    DefinitionProfile::IrccTrp,
];

/// What each definition in [`COMPUTED`] says of `record`.
pub fn findings(record: &CaseRecord) -> Vec<Finding> {
    COMPUTED.iter().filter_map(|profile| finding(*profile, record)).collect()
}

/// The definitions that `record` meets. Undetermined is not met.
pub fn met(record: &CaseRecord) -> Set<DefinitionProfile> {
    let is_met = |finding: &Finding| finding.answer == Answer::Yes;
    findings(record).iter().filter(|finding| is_met(finding)).map(|found| found.profile).collect()
}

/// What one definition says of `record`; `None` for `programme`, which is not computed.
pub fn finding(profile: DefinitionProfile, record: &CaseRecord) -> Option<Finding> {
    let fact = match profile {
        DefinitionProfile::Palermo => palermo(record),
        DefinitionProfile::Cc => criminal_code(record),
        DefinitionProfile::Irpa => irpa(record),
        DefinitionProfile::IloFl => forced_labour(record),
        DefinitionProfile::IrccTrp => residence_permit(record),
        DefinitionProfile::Programme => return None,
    };
    let is_met = fact.answer == Answer::Yes;
    let section = match (profile, record.majority_when_exploited()) {
        (DefinitionProfile::Cc, Majority::Minor) if is_met => Some(Offence::Cc279011),
        (DefinitionProfile::Cc, Majority::Adult) if is_met => Some(Offence::Cc27901),
        (DefinitionProfile::Irpa, _) if is_met => Some(Offence::Irpa118),
        _ => None,
    };
    Some(Finding { profile, answer: fact.answer, missing: fact.missing, section })
}

/// Palermo Protocol, article 3: an act, a purpose, and a means unless the person was a child.
fn palermo(record: &CaseRecord) -> Fact {
    has_act(record, &PALERMO_ACTS)
        .and(palermo_purpose(record))
        .and(has_means(record, &PALERMO_MEANS).or(was_minor(record)))
}

/// Criminal Code, 279.01, 279.011 and 279.04: an act, and either conduct that makes the person
/// believe that somebody's safety is threatened, or organ removal by deception, force or coercion.
/// No other means is needed.
fn criminal_code(record: &CaseRecord) -> Fact {
    let organ = has_purpose(record, &[Exploitation::OrganRemoval])
        .and(has_means(record, &[Means::Deception, Means::ForceThreat, Means::Coercion]));
    let threat = Fact::of(record.safety_threat_believed, Field::SafetyThreatBelieved);
    has_act(record, &CRIMINAL_CODE_ACTS).and(threat.or(organ))
}

/// Immigration and Refugee Protection Act, section 118: brought into Canada by abduction, fraud,
/// deception, or use or threat of force or coercion. Exploitation is not an element.
fn irpa(record: &CaseRecord) -> Fact {
    let means =
        [Means::Abduction, Means::Fraud, Means::Deception, Means::ForceThreat, Means::Coercion];
    crossed_into_canada(record).and(has_means(record, &means))
}

/// ILO Convention 29, article 2: work under the menace of a penalty, not offered voluntarily.
fn forced_labour(record: &CaseRecord) -> Fact {
    Fact::of(record.menace_of_penalty, Field::MenaceOfPenalty)
        .and(Fact::of(record.not_voluntary, Field::NotVoluntary))
}

/// IRCC's criteria for a temporary resident permit: recruited, transferred or transported by
/// fraud, deception or coercion, and either kept from moving freely or coerced into exploitation.
/// Citizens and permanent residents need no permit.
fn residence_permit(record: &CaseRecord) -> Fact {
    let needs_none = matches!(
        record.immigration_status,
        Some(ImmigrationStatus::Citizen | ImmigrationStatus::PermanentResident)
    );
    if needs_none {
        return Fact::no();
    }
    let improper = [Means::Fraud, Means::Deception, Means::Coercion, Means::ForceThreat];
    let coerced =
        has_any_purpose(record).and(has_means(record, &[Means::Coercion, Means::ForceThreat]));
    has_act(record, &[Act::Recruit, Act::Transfer, Act::Transport])
        .and(has_means(record, &improper))
        .and(Fact::of(record.freedom_restricted, Field::FreedomRestricted).or(coerced))
}

/// The minimum list of article 3. It says "at a minimum": other forms are left open, not denied.
fn palermo_purpose(record: &CaseRecord) -> Fact {
    let listed = has_purpose(record, &PALERMO_PURPOSES);
    let is_other_form = listed.answer == Answer::No && !record.exploitation.is_empty();
    if is_other_form { Fact::unknown(Field::Exploitation) } else { listed }
}

fn was_minor(record: &CaseRecord) -> Fact {
    match record.majority_when_exploited() {
        Majority::Minor => Fact::yes(),
        Majority::Adult => Fact::no(),
        Majority::Unknown => Fact::unknown(Field::MajorityAtExploitation),
    }
}

fn crossed_into_canada(record: &CaseRecord) -> Fact {
    let is_brought = record.acts.contains(Act::BringIntoCanada);
    match (record.crossed_into_canada, record.geo_scope) {
        (Some(crossed), _) => Fact::of(Some(crossed), Field::CrossedIntoCanada),
        (None, Some(GeoScope::IntoCanada)) => Fact::yes(),
        (None, _) if is_brought => Fact::yes(),
        (None, Some(GeoScope::Domestic)) => Fact::no(),
        (None, _) => Fact::unknown(Field::CrossedIntoCanada),
    }
}

fn has_act(record: &CaseRecord, wanted: &[Act]) -> Fact {
    Fact::any(record.acts, record.acts_absent, wanted, Field::Acts)
}

fn has_means(record: &CaseRecord, wanted: &[Means]) -> Fact {
    let is_abducted = record.abduction == Some(true) && wanted.contains(&Means::Abduction);
    if is_abducted {
        return Fact::yes();
    }
    Fact::any(record.means, record.means_absent, wanted, Field::Means)
}

fn has_purpose(record: &CaseRecord, wanted: &[Exploitation]) -> Fact {
    if record.exploitation.contains(Exploitation::Unknown) {
        // Known not to be known: the set is not complete.
        let known = Fact::any(record.exploitation, Set::EMPTY, wanted, Field::Exploitation);
        return if known.answer == Answer::Yes {
            known
        } else {
            Fact::unknown(Field::Exploitation)
        };
    }
    Fact::any(record.exploitation, record.exploitation_absent, wanted, Field::Exploitation)
}

fn has_any_purpose(record: &CaseRecord) -> Fact {
    let known = Exploitation::ALL.iter().copied().filter(|form| *form != Exploitation::Unknown);
    has_purpose(record, &known.collect::<Vec<_>>())
}

/// An answer with what could still change it.
#[derive(Clone)]
struct Fact {
    answer: Answer,
    // Invariant: empty unless `answer` is undetermined.
    missing: Vec<Field>,
}

impl Fact {
    fn yes() -> Self {
        Self { answer: Answer::Yes, missing: Vec::new() }
    }

    fn no() -> Self {
        Self { answer: Answer::No, missing: Vec::new() }
    }

    fn unknown(field: Field) -> Self {
        Self { answer: Answer::Undetermined, missing: vec![field] }
    }

    fn of(value: Option<bool>, field: Field) -> Self {
        match value {
            Some(true) => Self::yes(),
            Some(false) => Self::no(),
            None => Self::unknown(field),
        }
    }

    /// Whether any of `wanted` is so.
    fn any<C: Code>(present: Set<C>, absent: Set<C>, wanted: &[C], field: Field) -> Self {
        if wanted.iter().any(|code| present.contains(*code)) {
            Self::yes()
        } else if !present.is_empty() || wanted.iter().all(|code| absent.contains(*code)) {
            Self::no()
        } else {
            Self::unknown(field)
        }
    }

    /// No if either is no; yes if both are.
    fn and(self, other: Self) -> Self {
        self.combine(other, Answer::No)
    }

    /// Yes if either is yes; no if both are.
    fn or(self, other: Self) -> Self {
        self.combine(other, Answer::Yes)
    }

    /// Strong Kleene logic: `decisive` on either side decides.
    fn combine(self, other: Self, decisive: Answer) -> Self {
        match (self.answer, other.answer) {
            (answer, _) if answer == decisive => self,
            (_, answer) if answer == decisive => other,
            (Answer::Undetermined, Answer::Undetermined) => {
                let mut missing = self.missing;
                missing.extend(
                    other
                        .missing
                        .iter()
                        .filter(|field| !missing.contains(field))
                        .copied()
                        .collect::<Vec<_>>(),
                );
                Self { answer: Answer::Undetermined, missing }
            }
            (Answer::Undetermined, _) => self,
            _ => other,
        }
    }
}

const PALERMO_ACTS: [Act; 5] =
    [Act::Recruit, Act::Transport, Act::Transfer, Act::Harbour, Act::Receive];

const CRIMINAL_CODE_ACTS: [Act; 8] = [
    Act::Recruit,
    Act::Transport,
    Act::Transfer,
    Act::Harbour,
    Act::Receive,
    Act::Hold,
    Act::Conceal,
    Act::ControlMovement,
];

const PALERMO_MEANS: [Means; 8] = [
    Means::ForceThreat,
    Means::Coercion,
    Means::Abduction,
    Means::Fraud,
    Means::Deception,
    Means::AbusePower,
    Means::AbuseVulnerability,
    Means::PaymentsBenefits,
];

const PALERMO_PURPOSES: [Exploitation; 6] = [
    Exploitation::Sexual,
    Exploitation::ForcedLabour,
    Exploitation::SexualAndLabour,
    Exploitation::Slavery,
    Exploitation::Servitude,
    Exploitation::OrganRemoval,
];

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use crate::record::RecordId;

    use super::*;

    fn with(fields: &[(Field, &str)]) -> CaseRecord {
        let mut record = CaseRecord::new(RecordId([1; 16]), date(2025, 6, 30));
        for (field, text) in fields {
            record.set(*field, text).unwrap();
        }
        record
    }

    /// The data dictionary's example: came on a valid work permit, deceived, forced to work.
    const WORKER: [(Field, &str); 7] = [
        (Field::Acts, "recruit"),
        (Field::Means, "deception"),
        (Field::Exploitation, "forced_labour"),
        (Field::MajorityAtExploitation, "adult"),
        (Field::SafetyThreatBelieved, "no"),
        (Field::CrossedIntoCanada, "yes"),
        (Field::ImmigrationStatus, "tfw"),
    ];

    #[track_caller]
    fn check(record: &CaseRecord, profile: DefinitionProfile, answer: Answer, missing: &[Field]) {
        let found = finding(profile, record).unwrap();
        assert_eq!((found.answer, found.missing.as_slice()), (answer, missing), "{profile:?}");
    }

    #[test]
    fn a_deceived_worker_meets_some_definitions_and_not_others() {
        let worker = with(&WORKER);
        check(&worker, DefinitionProfile::Palermo, Answer::Yes, &[]);
        check(&worker, DefinitionProfile::Cc, Answer::No, &[]);
        check(&worker, DefinitionProfile::Irpa, Answer::Yes, &[]);
        let missing = [Field::MenaceOfPenalty, Field::NotVoluntary];
        check(&worker, DefinitionProfile::IloFl, Answer::Undetermined, &missing);
        let missing = [Field::FreedomRestricted];
        check(&worker, DefinitionProfile::IrccTrp, Answer::Undetermined, &missing);
        assert_eq!(met(&worker).text(), "palermo;irpa");
    }

    #[test]
    fn the_permit_depends_on_whether_freedom_was_restricted() {
        let mut worker = with(&WORKER);
        worker.freedom_restricted = Some(true);
        check(&worker, DefinitionProfile::IrccTrp, Answer::Yes, &[]);
        worker.freedom_restricted = Some(false);
        check(&worker, DefinitionProfile::IrccTrp, Answer::No, &[]);
        worker.set(Field::Means, "deception;coercion").unwrap();
        check(&worker, DefinitionProfile::IrccTrp, Answer::Yes, &[]);
        worker.immigration_status = Some(ImmigrationStatus::Citizen);
        check(&worker, DefinitionProfile::IrccTrp, Answer::No, &[]);
    }

    #[test]
    fn of_an_empty_record_nothing_is_said_but_what_is_missing() {
        let empty = with(&[]);
        let missing =
            [Field::Acts, Field::Exploitation, Field::Means, Field::MajorityAtExploitation];
        check(&empty, DefinitionProfile::Palermo, Answer::Undetermined, &missing);
        assert!(findings(&empty).iter().all(|found| found.answer == Answer::Undetermined));
        assert!(findings(&empty).iter().all(|found| !found.missing.is_empty()));
        assert_eq!(findings(&empty).len(), COMPUTED.len());
        assert_eq!(finding(DefinitionProfile::Programme, &empty), None);
    }

    #[test]
    fn a_child_needs_no_means_and_an_adult_does() {
        let case = [(Field::Acts, "harbour"), (Field::Exploitation, "sexual")];
        let mut record = with(&case);
        record.majority_at_exploitation = Some(Majority::Minor);
        check(&record, DefinitionProfile::Palermo, Answer::Yes, &[]);
        record.majority_at_exploitation = Some(Majority::Adult);
        check(&record, DefinitionProfile::Palermo, Answer::Undetermined, &[Field::Means]);
        record.means_absent = Means::ALL.iter().copied().collect();
        check(&record, DefinitionProfile::Palermo, Answer::No, &[]);
    }

    #[test]
    fn the_criminal_code_asks_for_a_threat_to_safety_and_not_for_a_means() {
        let held = [(Field::Acts, "hold"), (Field::SafetyThreatBelieved, "yes")];
        let mut record = with(&held);
        check(&record, DefinitionProfile::Cc, Answer::Yes, &[]);
        // Holding somebody is no act of the Palermo Protocol.
        check(&record, DefinitionProfile::Palermo, Answer::No, &[]);
        let section = |record: &CaseRecord| finding(DefinitionProfile::Cc, record).unwrap().section;
        assert_eq!(section(&record), None);
        record.majority_at_exploitation = Some(Majority::Minor);
        assert_eq!(section(&record), Some(Offence::Cc279011));
        record.majority_at_exploitation = Some(Majority::Adult);
        assert_eq!(section(&record), Some(Offence::Cc27901));
    }

    #[test]
    fn organ_removal_by_deception_is_in_the_criminal_code_without_a_threat() {
        let organ = [
            (Field::Acts, "receive"),
            (Field::Exploitation, "organ_removal"),
            (Field::Means, "deception"),
            (Field::SafetyThreatBelieved, "no"),
        ];
        let mut record = with(&organ);
        check(&record, DefinitionProfile::Cc, Answer::Yes, &[]);
        record.set(Field::Means, "payments_benefits").unwrap();
        check(&record, DefinitionProfile::Cc, Answer::No, &[]);
    }

    #[test]
    fn smuggling_without_deceit_is_no_trafficking() {
        let smuggled = [
            (Field::Acts, "bring_into_canada"),
            (Field::Means, "payments_benefits"),
            (Field::OffencesCharged, "irpa_117"),
        ];
        check(&with(&smuggled), DefinitionProfile::Irpa, Answer::No, &[]);
    }

    #[test]
    fn a_form_outside_the_minimum_list_is_left_open() {
        let mut record = with(&WORKER);
        record.set(Field::Exploitation, "forced_adoption").unwrap();
        let missing = [Field::Exploitation];
        check(&record, DefinitionProfile::Palermo, Answer::Undetermined, &missing);
        record.set(Field::Exploitation, "unknown").unwrap();
        check(&record, DefinitionProfile::Palermo, Answer::Undetermined, &missing);
    }

    #[test]
    fn forced_labour_needs_both_of_its_elements() {
        let both = [(Field::MenaceOfPenalty, "yes"), (Field::NotVoluntary, "yes")];
        let mut record = with(&both);
        check(&record, DefinitionProfile::IloFl, Answer::Yes, &[]);
        record.menace_of_penalty = None;
        check(&record, DefinitionProfile::IloFl, Answer::Undetermined, &[Field::MenaceOfPenalty]);
        record.not_voluntary = Some(false);
        check(&record, DefinitionProfile::IloFl, Answer::No, &[]);
    }

    proptest! {
        /// Learning more never turns a yes into a no or back.
        #[test]
        fn what_is_settled_stays_settled_when_more_becomes_known(
            known in prop::collection::vec(any::<Option<bool>>(), 5),
            learnt in prop::collection::vec(any::<bool>(), 5),
        ) {
            let names = [Field::SafetyThreatBelieved, Field::CrossedIntoCanada,
                Field::MenaceOfPenalty, Field::NotVoluntary, Field::FreedomRestricted];
            let mut before = with(&WORKER);
            let mut after = with(&WORKER);
            for ((field, known), learnt) in names.iter().zip(known).zip(learnt) {
                let word = |yes: bool| if yes { "yes" } else { "no" };
                before.set(*field, known.map_or("", word)).unwrap();
                after.set(*field, word(known.unwrap_or(learnt))).unwrap();
            }
            for (before, after) in findings(&before).iter().zip(findings(&after)) {
                if before.answer != Answer::Undetermined {
                    prop_assert_eq!(before.answer, after.answer);
                }
                prop_assert_eq!(before.missing.is_empty(), before.answer != Answer::Undetermined);
            }
        }
    }
}
