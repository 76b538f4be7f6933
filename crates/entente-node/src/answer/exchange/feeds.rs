//! Feeds as lists of entries, and what was wrong with some.

use std::ops::ControlFlow;

use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::period::Period;
use entente_core::statement::{Leaf, Statement};
use entente_core::summary::SummaryId;
use entente_store::rows::EvidenceRow;
use entente_store::tx::Reads as _;
use sha2::{Digest as _, Sha256};

use crate::answer::epochs::words;
use crate::answer::records::page;
use crate::answer::records::show::Names;
use crate::answer::{Desk, Staff, Steps, instant};
use crate::local::doc::*;
use crate::node::feeds::holding::Holding;
use crate::node::{Node, Outcome};
use entente_core::audit::Action;

pub(in crate::answer) fn list(
    desk: &Desk,
    _: &Staff,
    ask: FeedListAsk,
    _: &Steps,
) -> Outcome<FeedListTold> {
    let node = &desk.node;
    let (partner, _) = node.find_partner(&ask.partner)?;
    let before = ask.before.unwrap_or(u64::MAX);
    let limit = page(ask.limit);
    let (length, cursor, entries) = match ask.direction {
        Direction::Sent => sent(node, &partner, before, limit)?,
        Direction::Received => received(node, &partner, before, limit)?,
    };
    let partner = Names::of(node)?.named(&partner);
    Ok(FeedListTold { partner, direction: ask.direction, length, cursor, entries })
}

type Listed = (u64, u64, Vec<FeedRow>);

/// What we said. How far the partner has read is known by what it asks for, and by its receipts where it reads
/// bundles.
fn sent(node: &Node, partner: &OrgId, before: u64, limit: usize) -> Outcome<Listed> {
    let (epoch, length, _) = node.feed_head(partner)?;
    let before = before.min(length + 1);
    let all = node.told()?;
    let told = all.get(partner.as_bytes());
    let taken_back = |seq: u64| told.and_then(|told| told.taken_back.get(&(epoch, seq)));
    let answered =
        told.iter().flat_map(|told| told.taken_back.range((epoch, 0)..=(epoch, u64::MAX)));
    let answered = answered.filter(|(_, it)| it.is_answered).map(|((_, seq), _)| *seq);
    let (read_epoch, read) = node.read_by(partner)?;
    let read = if read_epoch == epoch { read } else { 0 };
    let cursor = answered.max().unwrap_or(0).max(read);
    let n_before = before.saturating_sub(1);
    let first = n_before.saturating_sub(limit as u64) + 1;
    let mut rows = Vec::new();
    for (seq, leaf) in node.feed_leaves(partner, first, before)? {
        let mut row = match (&leaf, taken_back(seq)) {
            (Some(leaf), _) => said(node, partner, leaf)?,
            // Destroyed: it was a summary that was taken back.
            (None, Some(it)) => summary_row(node, partner, SummaryId(it.summary))?,
            (None, None) => blank("summary"),
        };
        row.sequence = seq;
        row.read = seq <= cursor;
        rows.push(row);
    }
    rows.reverse();
    Ok((length, cursor, rows))
}

fn said(node: &Node, partner: &OrgId, leaf: &Leaf) -> Outcome<FeedRow> {
    Ok(match &leaf.statement {
        Statement::Summary(summary) => summary_row(node, partner, summary.id)?,
        Statement::Withdrawal(id, _) => {
            let row = node.released_as(partner, id)?;
            let at_s = row.as_ref().and_then(|row| row.withdrawn_at_s);
            FeedRow {
                summary: Some(id.to_string()),
                at: at_s.map(instant).unwrap_or_default(),
                receipt: Some(row.is_some_and(|row| row.receipt.is_some())),
                ..blank("withdrawal")
            }
        }
        Statement::Document(envelope) => {
            let (kind, at_s, about) = document(envelope);
            let at_s = at_s.and_then(|at_s| i64::try_from(at_s).ok());
            let at = at_s.map(instant).unwrap_or_default();
            FeedRow { at, about, ..blank(kind) }
        }
    })
}

/// What a document is, when it was made if it says so, and what it says in words.
fn document(envelope: &Envelope) -> (&'static str, Option<u64>, Option<Both>) {
    use entente_proto::{AgreementChange as Of, Notice, PartnerChange};
    let notice = |at_s, en: &str, fr: &str| ("notice", at_s, Some(Both::new(en, fr)));
    match envelope.payload_type.as_str() {
        payload_type::RECEIPT => ("receipt", None, None),
        payload_type::AGREEMENT_PROPOSAL => {
            notice(None, "an agreement is proposed", "une entente est proposée")
        }
        payload_type::AGREEMENT => notice(None, "an agreement is signed", "une entente est signée"),
        payload_type::AGREEMENT_NOTICE => {
            let Ok(told) = entente_proto::decode_agreement_notice(&envelope.payload) else {
                return ("notice", None, None);
            };
            let (en, fr) = match told.change {
                Of::Declined => {
                    ("a proposed agreement is declined", "une entente proposée est refusée")
                }
                Of::Retracted => {
                    ("a proposed agreement is taken back", "une entente proposée est retirée")
                }
                Of::Suspended => ("the agreement is suspended", "l’entente est suspendue"),
                Of::Resumed => ("the agreement is resumed", "la suspension de l’entente est levée"),
                Of::Ended => ("the agreement is ended", "l’entente prend fin"),
            };
            notice(Some(told.at_s), en, fr)
        }
        payload_type::NOTICE => match entente_proto::decode_notice(&envelope.payload) {
            Ok(Notice::Test { at_s, .. }) => ("test", Some(at_s), None),
            Ok(Notice::Card { at_s, .. }) => notice(
                Some(at_s),
                "new names or a new address",
                "nouveaux noms ou nouvelle adresse",
            ),
            Ok(Notice::Partner { at_s, change, .. }) => {
                let (en, fr) = match change {
                    PartnerChange::Suspended => {
                        ("the exchange is suspended", "l’échange est suspendu")
                    }
                    PartnerChange::Resumed => ("the exchange is resumed", "l’échange a repris"),
                    PartnerChange::Ended => {
                        ("the partnership is ended", "le partenariat prend fin")
                    }
                };
                notice(Some(at_s), en, fr)
            }
            Err(_) => ("notice", None, None),
        },
        other => ("notice", None, subject(other)),
    }
}

/// What other documents are about, by what their types begin with.
fn subject(payload_type: &str) -> Option<Both> {
    const SUBJECTS: &[(&str, (&str, &str))] = &[
        ("count-", ("counts", "des dénombrements")),
        ("release-plan", ("a release plan", "un plan de diffusion")),
        ("release-answer", ("figures of a release plan", "des chiffres d’un plan de diffusion")),
        ("sum-", ("a secure sum", "une somme sécurisée")),
        ("overlap-", ("an overlap round", "un recoupement")),
        ("referral", ("a referral", "un aiguillage")),
        ("handover", ("a hand-over", "une transmission")),
        ("service", ("the service directory", "le répertoire de services")),
        ("capacity", ("what services have free", "ce que les services ont de libre")),
        ("sponsor", ("a sponsored organization", "un organisme parrainé")),
        ("new-feed", ("a new feed, after a restore", "un nouveau fil, après une restauration")),
    ];
    let name = payload_type.strip_prefix("application/vnd.entente.")?;
    let (_, (en, fr)) = SUBJECTS.iter().find(|(start, _)| name.starts_with(*start))?;
    Some(Both::new(*en, *fr))
}

fn summary_row(node: &Node, partner: &OrgId, id: SummaryId) -> Outcome<FeedRow> {
    let release = node.released_as(partner, &id)?;
    let epoch = release.as_ref().and_then(|it| Period::from_number(it.epoch).ok());
    Ok(FeedRow {
        summary: Some(id.to_string()),
        epoch: epoch.map(|it| it.to_string()),
        at: release.map(|it| instant(it.released_at_s)).unwrap_or_default(),
        ..blank("summary")
    })
}

fn blank(kind: &str) -> FeedRow {
    FeedRow {
        sequence: 0,
        kind: kind.to_owned(),
        about: None,
        summary: None,
        epoch: None,
        at: String::new(),
        read: false,
        receipt: None,
    }
}

/// What they said, as far as it is held. Of documents and of what was destroyed, only the place in
/// the feed remains here.
fn received(node: &Node, partner: &OrgId, before: u64, limit: usize) -> Outcome<Listed> {
    let (epoch, cursor) = node.cursor(partner)?;
    let mut rows: Vec<_> = node.holdings(|all| {
        let is_meant =
            |it: &&Holding| it.issuer == *partner && it.at.0 == epoch && it.at.1 < before;
        Ok(all.all().filter(is_meant).map(|it| (it.at.1, it.summary.id)).collect())
    })?;
    rows.sort_unstable_by_key(|(seq, _)| std::cmp::Reverse(*seq));
    let mut shown = Vec::with_capacity(limit.min(rows.len()));
    for (seq, id) in rows {
        if shown.len() == limit {
            break;
        }
        // What was taken back this moment is not shown any more.
        if let Some((_, came_s)) = node.held_statement(&id)? {
            shown.push(FeedRow {
                sequence: seq,
                summary: Some(id.to_string()),
                at: instant(came_s),
                read: true,
                ..blank("summary")
            });
        }
    }
    Ok((cursor, cursor, shown))
}

/// Partners in quarantine, each with what shut the door last; of one partner that was asked for, what was ever
/// wrong, page by page.
pub(in crate::answer) fn quarantine_list(
    desk: &Desk,
    _: &Staff,
    ask: QuarantineListAsk,
    _: &Steps,
) -> Outcome<QuarantineListTold> {
    let node = &desk.node;
    let names = Names::of(node)?;
    let row = |partner: &OrgId, (number, row): &(u64, EvidenceRow)| {
        quarantine_row(names.named(partner), number + 1, row)
    };
    if let Some(text) = ask.partner.as_deref() {
        let (partner, _) = node.find_partner(text)?;
        // They are counted from 1 where people see them.
        let before = ask.before.map_or(u64::MAX, |before| before.saturating_sub(1));
        let (length, all) = evidence(node, &partner, before, page(ask.limit), |_| true)?;
        let cases = all.iter().map(|it| row(&partner, it)).collect();
        return Ok(QuarantineListTold { cases, length });
    }
    let mut last = Vec::new();
    for (partner, _) in node.partner_rows()?.iter().filter(|(_, it)| it.quarantined.is_some()) {
        let (_, found) = evidence(node, partner, u64::MAX, 1, |it| it.fatal)?;
        last.extend(found.into_iter().map(|it| (*partner, it)));
    }
    last.sort_by_key(|(_, (_, it))| std::cmp::Reverse(it.at_s));
    let cases: Vec<_> = last.iter().map(|(partner, it)| row(partner, it)).collect();
    Ok(QuarantineListTold { length: cases.len() as u64, cases })
}

/// How much evidence is kept against a partner, and the newest before a number that is meant, at most `limit` of
/// it.
fn evidence(
    node: &Node,
    partner: &OrgId,
    before: u64,
    limit: usize,
    is_meant: fn(&EvidenceRow) -> bool,
) -> Outcome<(u64, Vec<(u64, EvidenceRow)>)> {
    node.db().read(|tx| {
        let mut found = Vec::new();
        tx.evidence_before(partner.as_bytes(), before, &mut |number, row| {
            if is_meant(&row) {
                found.push((number, row));
            }
            if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok((tx.n_evidence(partner.as_bytes())?, found))
    })
}

fn quarantine_row(partner: Named, number: u64, evidence: &EvidenceRow) -> QuarantineRow {
    let mut digest = Sha256::new();
    for proof in &evidence.proof {
        digest.update((proof.len() as u64).to_be_bytes());
        digest.update(proof);
    }
    // Of a skipped entry, its place is all the proof there is.
    let place = match evidence.proof.as_slice() {
        [one] if !evidence.fatal => one.as_slice().try_into().ok().map(u64::from_be_bytes),
        _ => None,
    };
    QuarantineRow {
        partner,
        number,
        since: instant(evidence.at_s),
        reason: words::reason(&evidence.fault, ""),
        sequence: place,
        evidence: hex::encode(digest.finalize()),
    }
}

pub(in crate::answer) fn quarantine_release(
    desk: &Desk,
    staff: &Staff,
    ask: QuarantineReleaseAsk,
    _: &Steps,
) -> Outcome<QuarantineReleaseTold> {
    let node = &desk.node;
    let (partner, row) = node.find_partner(&ask.partner)?;
    if row.quarantined.is_none() {
        return Err(crate::fault::Fault::new(
            1515,
            ("This partner is not in quarantine.", "Ce partenaire n’est pas en quarantaine."),
            (
                "See who is: `entente partner list`.",
                "Voyez qui l’est\u{a0}: `entente partner list`.",
            ),
        ));
    }
    // The person's words, before the change that they are for.
    let entry = node.entry(staff.actor(), Action::PartnerReleased).partner(partner);
    node.audit(vec![entry.reasons([ask.reason])])?;
    node.lift_quarantine(staff.actor(), &partner)?;
    let (_, cursor) = node.cursor(&partner)?;
    Ok(QuarantineReleaseTold { partner: Names::of(node)?.named(&partner), cursor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_what_it_is_about_and_nothing_else_does() {
        let envelope = |payload_type: &str| Envelope {
            payload_type: payload_type.to_owned(),
            payload: Vec::new(),
            signatures: Vec::new(),
        };
        let about = |payload_type: &str| document(&envelope(payload_type)).2.map(|it| it.en);
        assert_eq!(about(payload_type::SERVICE).as_deref(), Some("the service directory"));
        assert_eq!(about(payload_type::REFERRAL_OFFER).as_deref(), Some("a referral"));
        assert_eq!(about(payload_type::AGREEMENT).as_deref(), Some("an agreement is signed"));
        assert_eq!(about(payload_type::RECEIPT), None);
        // What cannot be read says nothing, and what nobody knows neither.
        assert_eq!(about(payload_type::AGREEMENT_NOTICE), None);
        assert_eq!(about("text/plain"), None);
    }
}
