//! The entries of a feed, and what is wrong with partners.

use entente_core::statement::{Leaf, Statement};
use entente_store::tx::Reads as _;
use sha2::{Digest as _, Sha256};

use super::super::instant;
use super::super::partners::told::partner_named;
use super::{Desk, MAX_ROWS, Staff, Steps};
use crate::fault::Both;
use crate::local::doc::*;
use crate::node::Outcome;

pub(crate) fn feed_list(desk: &Desk, _: &Staff, ask: FeedListAsk, _: &Steps) -> Outcome<FeedListTold> {
    let node = &desk.node;
    let (id, _) = node.find_partner(&ask.partner)?;
    let (epoch, length, _) = match ask.direction {
        Direction::Sent => node.feed_head(&id)?,
        Direction::Received => node.followed_checkpoint(&id)?,
    };
    let cursor = match ask.direction {
        Direction::Sent => node.read_by(&id)?.1,
        Direction::Received => length,
    };
    let mut entries = Vec::new();
    let last = ask.before.map_or(length, |before| before.saturating_sub(1)).min(length);
    let n_rows = u64::from(ask.limit.clamp(1, MAX_ROWS));
    for sequence in (last.saturating_sub(n_rows) + 1..=last).rev() {
        let leaf = match ask.direction {
            Direction::Sent => node.said(&id, epoch, sequence)?,
            // What is received is kept only as long as it is held.
            Direction::Received => None,
        };
        entries.push(row(sequence, leaf, sequence <= cursor));
    }
    Ok(FeedListTold { partner: partner_named(node, &id), direction: ask.direction, length, cursor, entries })
}

fn row(sequence: u64, leaf: Option<Leaf>, read: bool) -> FeedRow {
    let (kind, summary, epoch) = match leaf.map(|leaf| leaf.statement) {
        Some(Statement::Summary(summary)) => {
            ("summary", Some(summary.id.to_string()), Some(summary.period.to_string()))
        }
        Some(Statement::Withdrawal(id, _)) => ("withdrawal", Some(id.to_string()), None),
        Some(Statement::Document(envelope)) => (kind_of(&envelope.payload_type), None, None),
        None => ("destroyed", None, None),
    };
    FeedRow {
        sequence,
        kind: kind.to_owned(),
        summary,
        epoch,
        at: String::new(),
        read,
        receipt: None,
    }
}

fn kind_of(payload_type: &str) -> &'static str {
    use entente_core::envelope::payload_type as types;
    match payload_type {
        types::RECEIPT => "receipt",
        types::AGREEMENT | types::AGREEMENT_PROPOSAL | types::AGREEMENT_NOTICE => "agreement",
        _ => "notice",
    }
}

pub(crate) fn quarantine_list(
    desk: &Desk,
    _: &Staff,
    ask: QuarantineListAsk,
    _: &Steps,
) -> Outcome<QuarantineListTold> {
    let node = &desk.node;
    let only = ask.partner.map(|name| node.find_partner(&name)).transpose()?;
    let mut cases = Vec::new();
    for (id, row) in node.partner_rows()? {
        let meant = only.as_ref().is_none_or(|(only, _)| *only == id);
        let Some(fault) = row.quarantined.filter(|_| meant) else { continue };
        let evidence = node.db().read(|tx| {
            Ok::<_, Box<crate::fault::Fault>>(tx.evidence(id.as_bytes())?)
        })?;
        let last = evidence.iter().rev().find(|row| row.fatal);
        let proof: Vec<u8> = last.map(|row| row.proof.concat()).unwrap_or_default();
        cases.push(QuarantineRow {
            partner: partner_named(node, &id),
            since: last.map(|row| instant(row.at_s)).unwrap_or_default(),
            reason: reason(&fault),
            sequence: None,
            evidence: hex::encode(Sha256::digest(proof)),
        });
    }
    Ok(QuarantineListTold { cases })
}

fn reason(code: &str) -> Reason {
    let (en, fr) = match code {
        "fork" => ("it signed two different histories", "il a signé deux historiques différents"),
        "mismatch" => (
            "its entries do not belong to the checkpoint it signed",
            "ses inscriptions n’appartiennent pas au point de contrôle signé",
        ),
        "misplaced" => (
            "it spoke in the name of another, or to another",
            "il a parlé au nom d’un autre, ou à un autre",
        ),
        "gap" => ("entries of its feed are missing", "des inscriptions de son fil manquent"),
        "bad_checkpoint" => ("a checkpoint is not signed by it", "un point de contrôle n’est pas signé par lui"),
        "wrong_epoch" => ("its feed went back to an earlier time", "son fil est revenu en arrière"),
        "drawn_twice" => (
            "it signed two different figures for one release",
            "il a signé deux chiffres différents pour une même diffusion",
        ),
        "done_twice" => (
            "it signed two different answers to one step of an overlap round",
            "il a signé deux réponses différentes à une même étape d’un recoupement",
        ),
        other => (other, other),
    };
    Reason { code: code.to_owned(), clause: None, text: Both::new(en, fr) }
}

pub(crate) fn quarantine_release(
    desk: &Desk,
    staff: &Staff,
    ask: QuarantineReleaseAsk,
    _: &Steps,
) -> Outcome<QuarantineReleaseTold> {
    let (id, _) = desk.node.find_partner(&ask.partner)?;
    desk.node.lift_quarantine(staff.actor(), &id)?;
    let partner = partner_named(&desk.node, &id);
    Ok(QuarantineReleaseTold { partner, cursor: desk.node.cursor(&id)?.1 })
}
