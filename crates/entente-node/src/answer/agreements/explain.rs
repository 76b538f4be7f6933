//! Explain: what a partner would receive of one record, in codes.
//!
//! The decision, the reasons and the fate of each field are the core's. Its lines are words in two
//! languages; a document has codes, so the same summary is built once more at the rung that the
//! core names, and read for its codes.

use entente_core::agreement::clause::item;
use entente_core::agreement::{Clause, Element};
use entente_core::codes::Status;
use entente_core::definition;
use entente_core::lang::Lang;
use entente_core::period::Period;
use entente_core::policy::{Explanation, FieldFate as CoreFate, Policy};
use entente_core::record::{CaseRecord, RecordId};
use entente_core::summary::{CaseSummary, Finest, Rung, SummaryId};
use entente_store::tx::Reads as _;
use uuid::Uuid;

use super::values::{field, values};
use crate::answer::partners::told::{agreement_told, partner_named};
use crate::answer::records::show;
use crate::answer::{Desk, Staff, Steps};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::Outcome;

/// What stands against a release only for now.
const WAITS: &[&str] = &["waits_for_close", "group_too_small", "diversity_too_low"];

pub(in crate::answer) fn explain(
    desk: &Desk,
    staff: &Staff,
    ask: AgreementExplainAsk,
    _: &Steps,
) -> Outcome<AgreementExplainTold> {
    let node = &desk.node;
    let record = node.find_record(&ask.record)?;
    let (partner, _) = node.find_partner(&ask.partner)?;
    let case = node.case(&record)?;
    let period = case.record.period();
    let today = Period::of(node.today()).ok();
    let epoch = period.filter(|period| !period.is_closed(node.today())).or(today);
    let told = AgreementExplainTold {
        record: Uuid::from_bytes(record.0).to_string(),
        partner: partner_named(node, &partner),
        agreement: None,
        decision: Decision::Refuse,
        purpose: None,
        fields: Vec::new(),
        reasons: Vec::new(),
        group_size: None,
        min_group: 0,
        rung: None,
        epoch: epoch.map(|epoch| epoch.to_string()).unwrap_or_default(),
        already_shared: shared_as(desk, &record, partner.as_bytes())?,
    };
    let (explanation, kept) = match node.explain(staff.actor(), &record, &partner) {
        Ok(explained) => explained,
        Err(fault) if fault.code == NO_AGREEMENT => {
            return Ok(AgreementExplainTold { reasons: vec![no_agreement()], ..told });
        }
        Err(fault) => return Err(fault),
    };
    let policy = node.policy(&kept)?;
    let finest = Finest::of(&case.record, definition::met(&case.record));
    let reasons = reasons(&explanation);
    let decision = match &explanation.decision {
        Ok(_) => Decision::Permit,
        Err(_) if reasons.iter().all(|reason| WAITS.contains(&reason.code.as_str())) => {
            Decision::Wait
        }
        Err(_) => Decision::Refuse,
    };
    let counted = epoch.filter(|_| ask.group && decision == Decision::Wait);
    let group = counted.map(|epoch| node.group_now(&record, epoch, &partner));
    let group = group.transpose()?.flatten();
    let now = group.and_then(|group| Some((group.rung?, group.tells_form)));
    let fates = finest.map(|finest| fields(&case.record, &explanation, &policy, finest, now));
    Ok(AgreementExplainTold {
        agreement: Some(agreement_told(node, &kept)),
        decision,
        purpose: policy.summary_purposes().iter().next().map(|it| {
            use entente_core::codes::Code as _;
            it.code().to_owned()
        }),
        fields: fates.unwrap_or_default(),
        reasons,
        min_group: policy.rules().k(),
        group_size: group.map(|group| u64::from(group.n_persons)),
        rung: group.and_then(|group| group.rung).map(Rung::number),
        ..told
    })
}

const NO_AGREEMENT: &str = "ENT-1301";

fn no_agreement() -> Reason {
    Reason {
        code: "no_agreement".to_owned(),
        clause: None,
        text: Both::new(
            "there is no agreement with this partner, and silence means no",
            "il n’y a pas d’entente avec ce partenaire, et le silence veut dire non",
        ),
    }
}

fn shared_as(desk: &Desk, record: &RecordId, partner: &[u8; 32]) -> Outcome<Option<String>> {
    let release = desk.node.db().read(|tx| Ok::<_, Box<Fault>>(tx.release(&record.0, partner)?))?;
    let standing = release.filter(|release| release.withdrawn_at_s.is_none());
    Ok(standing.map(|release| hex::encode(release.summary)))
}

fn reasons(explanation: &Explanation) -> Vec<Reason> {
    let Err(denied) = &explanation.decision else { return Vec::new() };
    denied
        .reasons()
        .iter()
        .map(|reason| Reason {
            code: reason.why.code().to_owned(),
            clause: Some(reason.clause.to_string()),
            text: Both::new(reason.why.text(Lang::En), reason.why.text(Lang::Fr)),
        })
        .collect()
}

/// What becomes of everything that the record holds. `now` is the rung, and whether the form is told,
/// on which it would go out if its epoch were closed now; without, the most it can come to is shown.
fn fields(
    record: &CaseRecord,
    explanation: &Explanation,
    policy: &Policy,
    finest: Finest,
    now: Option<(Rung, bool)>,
) -> Vec<FieldFate> {
    let (status, decider) = (finest.status, finest.status_decided_by);
    let tells_form =
        explanation.lines.iter().any(|line| line.name == "exploitation" && line.theirs.is_some());
    // As the core does: all the lattice could say, whatever the status.
    let case = Finest { status: Some(Status::Possible), ..finest };
    let at = |rung: Rung, form: bool| case.clone().at(rung, form, SummaryId([0; 16]), 0);
    let limited = |rung, form| at(rung, form).map(|it| it.limited_to(policy.elements()));
    let ours = at(Rung::FINEST, true);
    let most = limited(explanation.rung, tells_form);
    let theirs = now.map_or_else(|| most.clone(), |(rung, form)| limited(rung, form));
    let codes = |name: &str, summary: &Option<CaseSummary>| {
        use entente_core::codes::Code as _;
        let values = match name {
            "status" => status.map(|it| vec![it.code().to_owned()]),
            "status_decided_by" => decider.map(|it| vec![it.code().to_owned()]),
            _ => {
                let element = Element::all().find(|element| element.name() == name)?;
                values(summary.as_ref()?, element)
            }
        };
        values.map(|values| field(name, values))
    };
    let recorded = show::fields(record, false);
    let lines = explanation.lines.iter().filter(|line| line.fate != CoreFate::Empty);
    let mut fates: Vec<_> = lines
        .filter_map(|line| {
            let ours = codes(line.name, &ours)?;
            let told = |summary: &Option<CaseSummary>| {
                line.theirs.as_ref().and_then(|_| codes(line.name, summary))
            };
            let (most, theirs) = (told(&most), told(&theirs));
            let is_source = |it: &&FieldValue| sources(line.name).contains(&it.field.as_str());
            let from: Vec<_> = recorded.iter().filter(is_source).cloned().collect();
            let (fate, by_level) = fate(&ours, &from, theirs.as_ref());
            let clause = match () {
                // Coarser than the agreement alone would leave it: too few look alike.
                () if theirs != most => Some(Clause::of(line.clause.article, item::MIN_GROUP)),
                () if by_level => None,
                () => Some(line.clause),
            };
            let clause = clause.map(|it| it.to_string());
            Some(FieldFate { ours, from, theirs, fate, clause })
        })
        .collect();
    fates.extend(recorded.into_iter().filter(|it| !is_read(&it.field)).map(never));
    fates
}

/// What becomes of a level, and whether no agreement could allow more.
fn fate(ours: &FieldValue, from: &[FieldValue], theirs: Option<&FieldValue>) -> (Fate, bool) {
    let sorted = |field: &FieldValue| {
        let mut values = field.values.0.clone();
        values.sort();
        values
    };
    match theirs {
        None => (Fate::Removed, false),
        Some(theirs) if sorted(theirs) != sorted(ours) => (Fate::Generalized, false),
        Some(theirs) => match from {
            [] => (Fate::Kept, false),
            [one] if !one.masked && sorted(one) == sorted(theirs) => (Fate::Kept, false),
            _ => (Fate::Generalized, true),
        },
    }
}

/// A field that no summary has.
fn never(ours: FieldValue) -> FieldFate {
    FieldFate { ours, from: Vec::new(), theirs: None, fate: Fate::Removed, clause: None }
}

/// Whether a level of a summary is read from a field.
fn is_read(field: &str) -> bool {
    SOURCES.iter().any(|(_, fields)| fields.contains(&field))
}

/// The fields of a record that a level is read from.
fn sources(level: &str) -> &'static [&'static str] {
    SOURCES.iter().find(|(name, _)| *name == level).map_or(&[], |(_, fields)| fields)
}

/// For each level of a summary, the fields of a record that it is read from: what
/// [`Finest::of`] does, as names.
const SOURCES: &[(&str, &[&str])] = &[
    ("period", &["registered_on", "registered_precision"]),
    ("place", &["province_of_exploitation", "cma_of_exploitation", "country_of_exploitation"]),
    ("gender", &["gender"]),
    ("age", &["age_at_registration", "age_band_recorded", "birthdate", "majority_at_registration"]),
    ("citizenship", &["citizenship"]),
    ("exploitation", &["exploitation"]),
    ("majority_at_exploitation", &["majority_at_exploitation", "age_at_entry"]),
    ("labour_sectors", &["labour_sectors"]),
    ("duration", &["duration"]),
    ("sexual_types", &["sexual_types"]),
    ("controls", &["controls", "controls_merged"]),
    ("recruiter_relation", &["recruiter_relation"]),
    ("needs", &["needs"]),
    ("geo_scope", &["geo_scope"]),
    (
        "definition_profiles",
        &[
            "acts",
            "means",
            "safety_threat_believed",
            "crossed_into_canada",
            "menace_of_penalty",
            "not_voluntary",
            "freedom_restricted",
        ],
    ),
    ("data_source", &["data_source"]),
    ("status", &["status"]),
    ("status_decided_by", &["status_decided_by"]),
];

#[cfg(test)]
mod tests {
    use entente_core::record::Field;

    use super::*;

    #[test]
    fn every_level_has_its_sources_and_every_source_is_a_field() {
        for element in Element::all() {
            assert!(!sources(element.name()).is_empty(), "{}", element.name());
        }
        for name in SOURCES.iter().flat_map(|(_, fields)| *fields) {
            assert!(Field::parse(name).is_ok(), "{name}");
        }
    }

    fn value(name: &str, values: &[&str]) -> FieldValue {
        field(name, values.iter().map(|it| (*it).to_owned()).collect())
    }

    #[test]
    fn what_a_level_says_less_than_the_record_is_generalized() {
        let band = value("age", &["18-24"]);
        let of = |from: &[FieldValue], theirs| fate(&band, from, theirs);
        let age = [value("age_at_registration", &["19"])];
        assert_eq!(of(&age, Some(&band)), (Fate::Generalized, true));
        assert_eq!(of(&[], Some(&band)), (Fate::Kept, false));
        assert_eq!(of(&age, None), (Fate::Removed, false));
        assert_eq!(of(&age, Some(&value("age", &["adult"]))), (Fate::Generalized, false));
        let forms = value("exploitation", &["sexual", "begging"]);
        let recorded = [value("exploitation", &["begging", "sexual"])];
        assert_eq!(fate(&forms, &recorded, Some(&forms)), (Fate::Kept, false));
    }
}
