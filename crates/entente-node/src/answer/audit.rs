//! Answers: the audit log, and what it says about one person.

mod disclosures;
mod export;

use std::ops::ControlFlow;

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::merkle;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::partners::told::partner_named;
use super::{Desk, Staff, Steps, instant};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::audit::noted::Sought;
use crate::node::{Node, Outcome};
use crate::people::fold;

pub(super) use disclosures::disclosures;
pub(super) use export::export;

/// The most entries of one answer.
const MAX_ENTRIES: usize = 10_000;

/// What an answer is narrowed to.
fn sought(node: &Node, ask: AuditListAsk) -> Outcome<Sought> {
    let agreement = ask.agreement.map(|text| node.find_agreement(&text)).transpose()?;
    let until_s = ask.until.as_deref().map(midnight).transpose()?;
    Ok(Sought {
        action: ask.action.as_deref().map(action).transpose()?,
        except: ask.except.as_deref().map(action).transpose()?,
        record: ask.record.map(|text| node.find_record(&text)).transpose()?,
        partner: ask.partner.map(|text| node.find_partner(&text)).transpose()?.map(|it| it.0),
        agreement: agreement.map(|kept| kept.agreement.id.0),
        actor: ask.actor.map(|name| fold(&name)),
        from_s: ask.from.as_deref().map(midnight).transpose()?,
        until_s: until_s.map(|at_s| at_s.saturating_add(DAY_S)),
    })
}

pub(super) fn list(
    desk: &Desk,
    staff: &Staff,
    ask: AuditListAsk,
    _: &Steps,
) -> Outcome<AuditListTold> {
    let node = &desk.node;
    let length = node.audit_length()?;
    let limit = usize::try_from(ask.limit).unwrap_or(MAX_ENTRIES).min(MAX_ENTRIES);
    // Places are counted from 1 for people and from 0 in the log.
    let end = ask.before.map_or(length, |before| before.saturating_sub(1).min(length));
    let sought = sought(node, ask)?;
    let entries = node.newest_entries(&sought, end, limit)?;
    let told = AuditListTold {
        length,
        entries: entries.iter().map(|(position, entry)| row(node, *position, entry)).collect(),
    };
    let mut read = node.entry(staff.actor(), Action::AuditRead).n(told.entries.len() as u64);
    (read.record, read.partner) = (sought.record, sought.partner);
    node.audit(vec![read])?;
    Ok(told)
}

/// One entry in full.
pub(super) fn show(
    desk: &Desk,
    staff: &Staff,
    ask: AuditShowAsk,
    _: &Steps,
) -> Outcome<AuditShowTold> {
    let node = &desk.node;
    let wanted = ask.sequence.checked_sub(1).ok_or_else(no_such_entry)?;
    let mut found = None;
    node.audit_leaves(wanted, &mut |position, bytes| {
        found = (position == wanted).then(|| bytes.to_vec());
        ControlFlow::Break(())
    })?;
    let leaf = found.ok_or_else(no_such_entry)?;
    let entry = entente_proto::decode_audit(&leaf).map_err(|_| no_such_entry())?;
    let told = row(node, wanted, &entry);
    let mut read = node.entry(staff.actor(), Action::AuditRead);
    (read.record, read.partner) = (entry.record, entry.partner);
    node.audit(vec![read])?;
    let (checkpoint, _) = node.audit_checkpoint(0)?;
    Ok(AuditShowTold {
        entry: told,
        reference: hex::encode(&entry.reference),
        hash: hex::encode(merkle::leaf_hash(&leaf).0),
        leaf: hex::encode(leaf),
        length: checkpoint.size,
        root: hex::encode(checkpoint.root.0),
        witnesses: witnesses(node, true)?
            .into_iter()
            .filter(|witness| witness.length >= ask.sequence)
            .collect(),
    })
}

fn no_such_entry() -> Box<Fault> {
    Fault::new(
        2790,
        (
            "The audit log has no entry with this number.",
            "Le journal n’a pas d’entrée avec ce numéro.",
        ),
        ("List them: `entente audit list`.", "Affichez la liste\u{a0}: `entente audit list`."),
    )
}

/// Seconds in a day without a leap second, which the clock of the system has none of.
const DAY_S: i64 = 86_400;

/// The beginning of a day in UTC, in seconds since 1970.
fn midnight(day: &str) -> Outcome<i64> {
    let start = day.trim().parse::<Date>().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    start.map(|start| start.timestamp().as_second()).ok_or_else(|| {
        Fault::new(
            2791,
            ("This is no date.", "Ce n’est pas une date."),
            (
                "Write it as 2026-11-22: `entente audit list --from 2026-11-22`.",
                "Écrivez-la ainsi, 2026-11-22\u{a0}: `entente audit list --from 2026-11-22`.",
            ),
        )
    })
}

fn row(node: &Node, position: u64, entry: &AuditEntry) -> AuditRow {
    let acts = match &entry.actor {
        Actor::Partner(id) => Some(id),
        Actor::Staff(_) | Actor::Node => None,
    };
    AuditRow {
        sequence: position + 1,
        at: instant(entry.at_s),
        actor: crate::node::audit::actor_name(&entry.actor),
        action: entry.action.code().to_owned(),
        record: entry.record.map(|id| Uuid::from_bytes(id.0).to_string()),
        partner: entry.partner.as_ref().or(acts).map(|id| partner_named(node, id)),
        agreement: entry.agreement.map(hex::encode),
        reasons: entry.reasons.clone(),
        n: entry.n,
    }
}

fn action(code: &str) -> Outcome<Action> {
    Action::parse(code.trim()).ok_or_else(|| {
        let known = Action::ALL.iter().map(|action| action.code()).collect::<Vec<_>>().join(", ");
        Fault::new(
            1802,
            ("There is no such action.", "Cette action n’existe pas."),
            ("Name one of those listed.", "Nommez l’une de celles qui sont indiquées."),
        )
        .because(known.clone(), known)
    })
}

pub(super) fn verify(
    desk: &Desk,
    _: &Staff,
    _: AuditVerifyAsk,
    _: &Steps,
) -> Outcome<AuditVerifyTold> {
    verified(&desk.node)
}

/// Checks the whole log. What is wrong is told and is no fault: the answer is the evidence.
pub(super) fn verified(node: &Node) -> Outcome<AuditVerifyTold> {
    let (length, root, problems) = match node.verify_audit() {
        Ok(check) => (check.size, check.root, Vec::new()),
        Err(fault) if fault.code == REWRITTEN || fault.code == DAMAGED => {
            let why =
                |lang| fault.why.iter().map(|why| why.text(lang)).collect::<Vec<_>>().join("; ");
            use entente_core::lang::Lang::{En, Fr};
            let text = Both::new(
                format!("{} {}", fault.what.en, why(En)),
                format!("{} {}", fault.what.fr, why(Fr)),
            );
            let next = Some(fault.next.clone());
            let bad = Check { code: "audit".to_owned(), wellness: Wellness::Bad, text, next };
            (node.audit_length()?, String::new(), vec![bad])
        }
        Err(fault) => return Err(fault),
    };
    let witnesses = witnesses(node, problems.is_empty())?;
    Ok(AuditVerifyTold { whole: problems.is_empty(), length, root, witnesses, problems })
}

/// The partners that co-signed our log, and how long it was then.
fn witnesses(node: &Node, consistent: bool) -> Outcome<Vec<WitnessRow>> {
    let mut witnesses = Vec::new();
    for (id, _) in node.partner_rows()? {
        if let Some((length, at_s)) = node.cosigned_at(&id)? {
            let partner = partner_named(node, &id);
            let signed_at = instant(at_s);
            witnesses.push(WitnessRow { partner, length, signed_at, consistent });
        }
    }
    Ok(witnesses)
}

/// The code of the fault that the log contradicts itself or a witness.
const REWRITTEN: &str = "ENT-1801";
/// The code of the fault that a row cannot be read.
const DAMAGED: &str = "ENT-1703";
