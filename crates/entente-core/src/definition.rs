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
    /// What is recorded and decided it.
    pub because: Vec<Ground>,
    /// What is recorded of none of these, and would have to be; empty unless it is not met.
    pub lacks: Vec<Ground>,
    /// The section of the law that applies, where the profile has several and it is met.
    pub section: Option<Offence>,
}

/// A field, and what of it decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The field.
    pub field: Field,
    /// Its codes; `yes` or `no` where it has none.
    pub values: Vec<&'static str>,
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
    let Fact { answer, missing, because, lacks } = fact;
    Some(Finding { profile, answer, missing, because, lacks, section })
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
    if let Some(status @ (ImmigrationStatus::Citizen | ImmigrationStatus::PermanentResident)) =
        record.immigration_status
    {
        return Fact::recorded(Answer::No, Field::ImmigrationStatus, &[status.code()]);
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
    let field = Field::MajorityAtExploitation;
    match record.majority_when_exploited() {
        Majority::Unknown => Fact::unknown(field),
        minor @ Majority::Minor => Fact::recorded(Answer::Yes, field, &[minor.code()]),
        adult @ Majority::Adult => Fact::recorded(Answer::No, field, &[adult.code()]),
    }
}

fn crossed_into_canada(record: &CaseRecord) -> Fact {
    let is_brought = record.acts.contains(Act::BringIntoCanada);
    match (record.crossed_into_canada, record.geo_scope) {
        (Some(crossed), _) => Fact::of(Some(crossed), Field::CrossedIntoCanada),
        (None, Some(scope @ GeoScope::IntoCanada)) => {
            Fact::recorded(Answer::Yes, Field::GeoScope, &[scope.code()])
        }
        (None, _) if is_brought => {
            Fact::recorded(Answer::Yes, Field::Acts, &[Act::BringIntoCanada.code()])
        }
        (None, Some(scope @ GeoScope::Domestic)) => {
            Fact::recorded(Answer::No, Field::GeoScope, &[scope.code()])
        }
        (None, _) => Fact::unknown(Field::CrossedIntoCanada),
    }
}

fn has_act(record: &CaseRecord, wanted: &[Act]) -> Fact {
    Fact::any(record.acts, record.acts_absent, wanted, Field::Acts)
}

fn has_means(record: &CaseRecord, wanted: &[Means]) -> Fact {
    let is_abducted = record.abduction == Some(true) && wanted.contains(&Means::Abduction);
    if is_abducted {
        return Fact::of(record.abduction, Field::Abduction);
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

/// An answer with what decided it, or what could.
#[derive(Clone)]
struct Fact {
    answer: Answer,
    // Invariant: empty unless `answer` is undetermined.
    missing: Vec<Field>,
    // Invariant: both empty if `answer` is undetermined.
    because: Vec<Ground>,
    lacks: Vec<Ground>,
}

impl Fact {
    fn new(answer: Answer) -> Self {
        Self { answer, missing: Vec::new(), because: Vec::new(), lacks: Vec::new() }
    }

    /// What is recorded in a field decides.
    fn recorded(answer: Answer, field: Field, values: &[&'static str]) -> Self {
        Self { because: vec![Ground { field, values: values.to_vec() }], ..Self::new(answer) }
    }

    fn unknown(field: Field) -> Self {
        Self { missing: vec![field], ..Self::new(Answer::Undetermined) }
    }

    fn of(value: Option<bool>, field: Field) -> Self {
        match value {
            Some(true) => Self::recorded(Answer::Yes, field, &["yes"]),
            Some(false) => Self::recorded(Answer::No, field, &["no"]),
            None => Self::unknown(field),
        }
    }

    /// Whether any of `wanted` is so.
    fn any<C: Code>(present: Set<C>, absent: Set<C>, wanted: &[C], field: Field) -> Self {
        let counts = wanted.iter().filter(|code| present.contains(**code));
        let counts: Vec<_> = counts.map(|code| code.code()).collect();
        if !counts.is_empty() {
            Self::recorded(Answer::Yes, field, &counts)
        } else if !present.is_empty() || wanted.iter().all(|code| absent.contains(*code)) {
            let values = wanted.iter().map(|code| code.code()).collect();
            Self { lacks: vec![Ground { field, values }], ..Self::new(Answer::No) }
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
    fn combine(mut self, other: Self, decisive: Answer) -> Self {
        if self.answer == other.answer {
            add(&mut self.missing, other.missing);
            add_grounds(&mut self.because, other.because);
            add_grounds(&mut self.lacks, other.lacks);
            return self;
        }
        let is_first = other.answer != decisive && self.answer == Answer::Undetermined;
        if self.answer == decisive || is_first { self } else { other }
    }
}

/// Adds what is not there yet.
fn add<T: PartialEq>(to: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !to.contains(&one) {
            to.push(one);
        }
    }
}

/// The same, with each field once.
fn add_grounds(to: &mut Vec<Ground>, more: Vec<Ground>) {
    for ground in more {
        match to.iter_mut().find(|known| known.field == ground.field) {
            Some(known) => add(&mut known.values, ground.values),
            None => to.push(ground),
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

    /// A field with codes of it.
    type Pair<'a> = (Field, &'a [&'static str]);

    #[track_caller]
    fn why(
        record: &CaseRecord,
        profile: DefinitionProfile,
        because: &[Pair<'_>],
        lacks: &[Pair<'_>],
    ) {
        let found = finding(profile, record).unwrap();
        let is_same = |grounds: &[Ground], pairs: &[Pair<'_>]| {
            let grounds = grounds.iter().map(|it| (it.field, it.values.as_slice()));
            grounds.eq(pairs.iter().copied())
        };
        assert!(is_same(&found.because, because), "{profile:?}: {:?}", found.because);
        assert!(is_same(&found.lacks, lacks), "{profile:?}: {:?}", found.lacks);
    }

    #[test]
    fn what_is_met_says_which_facts_decided_and_what_is_not_says_what_it_lacks() {
        let acts: Pair<'_> = (Field::Acts, &["recruit"]);
        let labour: Pair<'_> = (Field::Exploitation, &["forced_labour"]);
        let deceived: Pair<'_> = (Field::Means, &["deception"]);
        let mut worker = with(&WORKER);
        why(&worker, DefinitionProfile::Palermo, &[acts, labour, deceived], &[]);
        // Neither of the two ways in: not threatened, and no organ removed.
        let threat: Pair<'_> = (Field::SafetyThreatBelieved, &["no"]);
        let organ: Pair<'_> = (Field::Exploitation, &["organ_removal"]);
        why(&worker, DefinitionProfile::Cc, &[threat], &[organ]);
        // What is open has no reasons, only what would decide it.
        why(&worker, DefinitionProfile::IrccTrp, &[], &[]);
        // Two elements that one field decides are one ground.
        worker.set(Field::Means, "deception;coercion").unwrap();
        let means: Pair<'_> = (Field::Means, &["deception", "coercion"]);
        why(&worker, DefinitionProfile::IrccTrp, &[acts, means, labour], &[]);
        worker.immigration_status = Some(ImmigrationStatus::Citizen);
        let citizen: Pair<'_> = (Field::ImmigrationStatus, &["citizen"]);
        why(&worker, DefinitionProfile::IrccTrp, &[citizen], &[]);
    }

    #[test]
    fn a_child_is_a_reason_where_a_means_would_be() {
        let acts: Pair<'_> = (Field::Acts, &["harbour"]);
        let sexual: Pair<'_> = (Field::Exploitation, &["sexual"]);
        let minor: Pair<'_> = (Field::MajorityAtExploitation, &["minor"]);
        let adult: Pair<'_> = (Field::MajorityAtExploitation, &["adult"]);
        let mut record = with(&[(Field::Acts, "harbour"), (Field::Exploitation, "sexual")]);
        record.majority_at_exploitation = Some(Majority::Minor);
        why(&record, DefinitionProfile::Palermo, &[acts, sexual, minor], &[]);
        record.majority_at_exploitation = Some(Majority::Adult);
        record.means_absent = Means::ALL.iter().copied().collect();
        let means: Vec<_> = PALERMO_MEANS.iter().map(|means| means.code()).collect();
        why(&record, DefinitionProfile::Palermo, &[adult], &[(Field::Means, means.as_slice())]);
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
                let has_reasons = !before.because.is_empty() || !before.lacks.is_empty();
                prop_assert_eq!(has_reasons, before.answer != Answer::Undetermined);
            }
        }
    }
}
