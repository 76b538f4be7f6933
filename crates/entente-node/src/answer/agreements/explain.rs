//! Explain: what a partner would receive of one record, in codes.
//!
//! The decision, the reasons and the fate of each field are the core's. Its lines are words in two
//! languages; a document has codes, so the same summary is built once more at the rung that the
//! core names, and read for its codes.

use entente_core::agreement::Element;
use entente_core::codes::Status;
use entente_core::definition;
use entente_core::lang::Lang;
use entente_core::period::Period;
use entente_core::policy::{Explanation, FieldFate as CoreFate, Policy};
use entente_core::record::RecordId;
use entente_core::summary::{CaseSummary, Finest, Rung, SummaryId};
use entente_store::tx::Reads as _;
use uuid::Uuid;

use super::values::{field, values};
use crate::answer::partners::told::{agreement_told, partner_named};
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
    Ok(AgreementExplainTold {
        agreement: Some(agreement_told(node, &kept)),
        decision,
        purpose: policy.summary_purposes().iter().next().map(|it| {
            use entente_core::codes::Code as _;
            it.code().to_owned()
        }),
        fields: finest.map(|finest| fields(&explanation, &policy, finest)).unwrap_or_default(),
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

fn fields(explanation: &Explanation, policy: &Policy, finest: Finest) -> Vec<FieldFate> {
    let (status, decider) = (finest.status, finest.status_decided_by);
    let tells_form =
        explanation.lines.iter().any(|line| line.name == "exploitation" && line.theirs.is_some());
    // As the core does: all the lattice could say, whatever the status.
    let case = Finest { status: Some(Status::Possible), ..finest };
    let at = |rung: Rung, form: bool| case.clone().at(rung, form, SummaryId([0; 16]), 0);
    let ours = at(Rung::FINEST, true);
    let theirs = at(explanation.rung, tells_form).map(|it| it.limited_to(policy.elements()));
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
    let lines = explanation.lines.iter().filter(|line| line.ours.is_some());
    lines
        .filter_map(|line| {
            Some(FieldFate {
                ours: codes(line.name, &ours)?,
                theirs: line.theirs.as_ref().and_then(|_| codes(line.name, &theirs)),
                fate: match line.fate {
                    CoreFate::Kept => Fate::Kept,
                    CoreFate::Generalized => Fate::Generalized,
                    CoreFate::Removed => Fate::Removed,
                    CoreFate::Empty => return None,
                },
                clause: Some(line.clause.to_string()),
            })
        })
        .collect()
}
