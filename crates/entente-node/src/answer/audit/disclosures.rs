//! The accounting of disclosures: what was told about one person, to whom and why.
//!
//! What went out is read from our own feed, where its signed statement lies. Once it was taken back
//! the statement is destroyed there too; the levels at which it went out are known, so it is
//! computed again from the version of the record that was current then.

use std::collections::HashMap;

use entente_core::audit::Action;
use entente_core::codes::Code as _;
use entente_core::definition;
use entente_core::disclose::SeenClass;
use entente_core::identity::OrgId;
use entente_core::record::RecordId;
use entente_core::statement::Statement;
use entente_core::summary::{CaseSummary, Finest, Rung, SummaryId};
use entente_store::log::{LogKey, Logs as _};
use entente_store::rows::ReleaseRow;
use entente_store::tx::Reads as _;
use uuid::Uuid;

use crate::answer::agreements::values::summary_fields;
use crate::answer::partners::told::{ourselves, partner_named};
use crate::answer::{Desk, Staff, Steps, instant};
use crate::fault::Fault;
use crate::local::doc::*;
use crate::node::agreements::Kept;
use crate::node::audit::noted::Sought;
use crate::node::records::Case;
use crate::node::{Node, Outcome};

/// What the audit log says about one record.
#[derive(Default)]
struct Traces {
    n_readings: u64,
    n_refusals: u64,
    /// By the summary's id: the agreement and the clause under which it went out.
    released: HashMap<Vec<u8>, ([u8; 16], Option<String>)>,
}

pub(in crate::answer) fn disclosures(
    desk: &Desk,
    staff: &Staff,
    ask: AuditDisclosuresAsk,
    _: &Steps,
) -> Outcome<AuditDisclosuresTold> {
    let node = &desk.node;
    let record = node.find_record(&ask.record)?;
    let traces = traces(node, &record)?;
    let versions = node.record_versions(&record)?;
    let agreements = node.agreements()?;
    let releases = node.db().read(|tx| Ok::<_, Box<Fault>>(tx.releases(&record.0)?))?;
    let mut disclosed = Vec::new();
    for (partner, release) in releases {
        let Ok(partner) = OrgId::from_bytes(&partner) else { continue };
        disclosed.push((
            release.released_at_s,
            disclosure(node, &partner, &release, &traces, &agreements, &versions)?,
        ));
    }
    disclosed.sort_by_key(|(at_s, _)| *at_s);
    let entry = node.entry(staff.actor(), Action::AuditRead).record(record);
    node.audit(vec![entry])?;
    Ok(AuditDisclosuresTold {
        organization: ourselves(node),
        record: Uuid::from_bytes(record.0).to_string(),
        made_on: node.today().to_string(),
        disclosures: disclosed.into_iter().map(|(_, disclosure)| disclosure).collect(),
        readings: traces.n_readings,
        refusals: traces.n_refusals,
    })
}

fn traces(node: &Node, record: &RecordId) -> Outcome<Traces> {
    let mut traces = Traces::default();
    let sought = Sought { record: Some(*record), ..Sought::default() };
    for (_, entry) in node.newest_entries(&sought, u64::MAX, usize::MAX)? {
        match entry.action {
            Action::RecordRead => traces.n_readings += 1,
            Action::SummaryRefused => traces.n_refusals += 1,
            Action::SummaryReleased => {
                let clause = entry.reasons.first().cloned();
                let agreement = entry.agreement.unwrap_or_default();
                traces.released.insert(entry.reference, (agreement, clause));
            }
            _ => {}
        }
    }
    Ok(traces)
}

fn disclosure(
    node: &Node,
    partner: &OrgId,
    release: &ReleaseRow,
    traces: &Traces,
    agreements: &[Kept],
    versions: &[Case],
) -> Outcome<Disclosure> {
    let (agreement, clause) =
        traces.released.get(release.summary.as_slice()).cloned().unwrap_or_default();
    let kept = agreements
        .iter()
        .filter(|kept| kept.agreement.id.0 == agreement && kept.partner == *partner)
        .find(|kept| kept.row.our_signature.is_some() && kept.row.their_signature.is_some());
    let policy = kept.map(|kept| node.policy(kept)).transpose()?;
    let summary = match said(node, partner, release)? {
        Some(summary) => Some(summary),
        None => policy
            .as_ref()
            .and_then(|policy| Some(computed(release, versions)?.limited_to(policy.elements()))),
    };
    let purpose = policy.and_then(|policy| policy.summary_purposes().iter().next());
    Ok(Disclosure {
        at: instant(release.released_at_s),
        partner: partner_named(node, partner),
        purpose: purpose.map(|purpose| purpose.code().to_owned()).unwrap_or_default(),
        agreement: hex::encode(agreement),
        clause,
        fields: summary.as_ref().map(summary_fields).unwrap_or_default(),
        withdrawn_at: release.withdrawn_at_s.map(instant),
        receipt_at: release.receipt.as_ref().map(|(at_s, _)| instant(*at_s)),
    })
}

/// The statement as it lies in our feed; `None` once it was destroyed.
fn said(node: &Node, partner: &OrgId, release: &ReleaseRow) -> Outcome<Option<CaseSummary>> {
    let (epoch, seq) = release.at;
    let Some(position) = seq.checked_sub(1) else { return Ok(None) };
    let leaf = node.db().read(|tx| {
        let placed = tx.log_batch_with(LogKey::Feed(*partner.as_bytes()), epoch, position)?;
        let leaf = placed.and_then(|placed| {
            let at = usize::try_from(position.checked_sub(placed.first)?).ok()?;
            placed.batch.leaves.into_iter().nth(at).flatten()
        });
        Ok::<_, Box<Fault>>(leaf)
    })?;
    let statement = leaf.and_then(|bytes| entente_proto::decode_statement(&bytes).ok());
    Ok(match statement.map(|leaf| leaf.statement) {
        Some(Statement::Summary(summary)) => Some(summary),
        Some(Statement::Withdrawal(..) | Statement::Document(_)) | None => None,
    })
}

/// What the lattice said of the record as it was then.
fn computed(release: &ReleaseRow, versions: &[Case]) -> Option<CaseSummary> {
    let then = versions.iter().rfind(|case| case.changed_at_s <= release.released_at_s);
    let case = &then.or(versions.first())?.record;
    let class = SeenClass::from_bytes(release.class.as_slice().try_into().ok()?)?;
    let finest = Finest::of(case, definition::met(case))?;
    finest.at(
        Rung::from_number(release.rung)?,
        class.forms.is_some(),
        SummaryId(release.summary),
        0,
    )
}
