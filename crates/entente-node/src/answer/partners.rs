//! Answers: partners, from the invitation to the test share.
//!
//! The node decides and keeps; here its rows become documents, and the network is asked where a
//! step needs the other side. A step that the other side does not hear of is still taken: it
//! learns of it when it next asks.

pub(super) mod change;
mod invitation;
pub(super) mod told;

use std::sync::Arc;
use std::time::Duration;

use entente_core::audit::{Action, Actor};
use entente_core::identity::OrgId;
use entente_core::pairing::MAX_WRONG_DIGITS;
use entente_store::rows;

use super::{Desk, Staff, Steps, instant, step};
use crate::doors::SUSPENDED;
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::audit::noted::Sought;
use crate::node::status::{RECEIPT_DUE_S, Standing};
use crate::node::{Node, Outcome};
use crate::sync::Missed;
use told::{about_told, agreement_told, invited_told, named, partner_now, partner_told};

pub(super) use change::{decline, end, resume, suspend};
pub(super) use invitation::{invite, open};

/// How long a step waits for the other side before it goes on without it: a person is on the
/// telephone meanwhile.
const PATIENCE: Duration = Duration::from_secs(8);

pub(super) fn digits(
    desk: &Desk,
    _: &Staff,
    ask: PartnerDigitsAsk,
    _: &Steps,
) -> Outcome<PartnerDigitsTold> {
    let (id, _) = desk.node.find_partner(&ask.partner)?;
    digits_told(&desk.node, &id)
}

fn digits_told(node: &Node, id: &OrgId) -> Outcome<PartnerDigitsTold> {
    let row = node.partner_row(id)?;
    if row.state == rows::PartnerState::Ended {
        return Err(crate::node::partners::partnership_over());
    }
    Ok(PartnerDigitsTold {
        partner: named(id, &crate::node::partners::partner_text(&row).0),
        read_aloud: node.digits_to_read(id)?,
        we_read_first: row.inviter,
        we_typed: row.we_verified,
        they_typed: row.they_verified,
        tries_left: MAX_WRONG_DIGITS.saturating_sub(row.wrong_digits),
    })
}

pub(super) async fn verify(
    desk: Arc<Desk>,
    staff: Staff,
    ask: PartnerVerifyAsk,
    _: Steps,
) -> Outcome<PartnerVerifyTold> {
    let typed = blocking(&desk, move |desk| {
        let (id, _) = desk.node.find_partner(&ask.partner)?;
        match desk.node.type_digits(staff.actor(), &id, &ask.digits) {
            Ok(row) => Ok((id, Some(row))),
            Err(fault) if fault.code == WRONG_DIGITS => Ok((id, None)),
            Err(fault) => Err(fault),
        }
    });
    let (id, row) = typed.await?;
    let matched = row.is_some();
    // Whichever side types last tells the other one, so that both see it while they still speak.
    // If this call does not get through, the next sync makes it.
    if let Some(row) = row.filter(|row| !row.address.is_empty()) {
        let told = tokio::time::timeout(PATIENCE, desk.peers.confirm(&id, &row)).await;
        if !matches!(told, Ok(Ok(_))) {
            tracing::debug!(partner = %id.short(), "not told yet that the digits match");
        }
    }
    let told = move |desk: &Desk| {
        let row = desk.node.partner_row(&id)?;
        Ok(PartnerVerifyTold {
            matched,
            tries_left: MAX_WRONG_DIGITS.saturating_sub(row.wrong_digits),
            they_typed: row.they_verified,
            partner: partner_now(&desk.node, &id)?,
        })
    };
    blocking(&desk, told).await
}

/// The code of the fault that the digits were wrong.
const WRONG_DIGITS: &str = "ENT-1211";

pub(super) async fn test(
    desk: Arc<Desk>,
    staff: Staff,
    ask: PartnerTestAsk,
    steps: Steps,
) -> Outcome<PartnerTestTold> {
    let sent = blocking(&desk, move |desk| {
        let (id, row) = desk.node.find_partner(&ask.partner)?;
        desk.node.send_test(staff.actor(), &id)?;
        Ok((id, row))
    });
    let (id, row) = sent.await?;
    let mut checks = vec![good(
        "sent",
        "The test share is in our feed, signed.",
        "L’échange d’essai est dans notre fil, signé.",
    )];
    step(&steps, 1, 3, "delivering", "remise");
    checks.push(match desk.peers.deliver(&id, &row).await {
        Ok(_) => good("delivered", "They have it.", "Votre partenaire l’a reçu."),
        Err(missed) => later("delivered", &missed),
    });
    step(&steps, 2, 3, "fetching the receipt", "recherche de l’accusé de réception");
    checks.push(match desk.peers.round(&id).await {
        Ok(_) => good("fetched", "We have their news.", "Nous avons ses mises à jour."),
        Err(missed) => later("fetched", &missed),
    });
    let told = move |desk: &Desk| {
        let standing = desk.node.standing(&id)?;
        checks.push(match standing.row.test_done_at_s {
            Some(at_s) => good(
                "receipt",
                &format!("Their signed receipt came: {}.", instant(at_s)),
                &format!("L’accusé de réception signé est arrivé\u{a0}: {}.", instant(at_s)),
            ),
            None => Check {
                code: "receipt".to_owned(),
                wellness: Wellness::Warning,
                text: Both::new(
                    "Their receipt has not come yet. It comes once both nodes have synced.",
                    "L’accusé de réception n’est pas encore arrivé. Il viendra après la synchronisation des deux nœuds.",
                ),
                next: Some(Both::new("entente sync", "entente sync")),
            },
        });
        Ok(PartnerTestTold { partner: partner_told(&desk.node, &standing), steps: checks })
    };
    blocking(&desk, told).await
}

fn good(code: &str, en: &str, fr: &str) -> Check {
    Check { code: code.to_owned(), wellness: Wellness::Good, text: Both::new(en, fr), next: None }
}

fn later(code: &str, missed: &Missed) -> Check {
    let Both { en, fr } = missed_text(missed);
    Check {
        code: code.to_owned(),
        wellness: Wellness::Warning,
        text: Both::new(format!("Not yet: {en}."), format!("Pas encore\u{a0}: {fr}.")),
        next: Some(Both::new("entente doctor", "entente doctor")),
    }
}

pub(super) fn list(
    desk: &Desk,
    _: &Staff,
    ask: PartnerListAsk,
    _: &Steps,
) -> Outcome<PartnerListTold> {
    let mut partners = all_partners(&desk.node)?;
    partners.retain(|row| ask.state.is_none_or(|state| row.state == state));
    let is_asked = ask.state.is_none_or(|state| state == PartnerState::Invited);
    let open = if is_asked { open_tickets(&desk.node)? } else { Vec::new() };
    let invitation = |(id, ticket): ([u8; 16], rows::TicketRow)| InvitationBrief {
        ticket_id: hex::encode(id),
        for_name: ticket.recipient,
        expires_at: instant(ticket.expires_at_s),
    };
    Ok(PartnerListTold { partners, invitations: open.into_iter().map(invitation).collect() })
}

/// Invitations of ours that somebody can still open.
fn open_tickets(node: &Node) -> Outcome<Vec<([u8; 16], rows::TicketRow)>> {
    let now_s = node.now_s();
    let mut tickets = node.tickets()?;
    tickets.retain(|(_, it)| it.used_by.is_none() && it.expires_at_s > now_s);
    Ok(tickets)
}

/// Everybody we are or were with, and those who were invited, by name.
pub(super) fn all_partners(node: &Node) -> Outcome<Vec<PartnerRow>> {
    let standings = node.standings()?;
    let mut partners: Vec<_> = standings.iter().map(|it| partner_told(node, it)).collect();
    partners.extend(open_tickets(node)?.iter().map(|(_, ticket)| invited_told(ticket)));
    partners.sort_by_key(|row| row.partner.name.en.to_lowercase());
    Ok(partners)
}

pub(super) fn show(
    desk: &Desk,
    _: &Staff,
    ask: PartnerShowAsk,
    _: &Steps,
) -> Outcome<PartnerShowTold> {
    let node = &desk.node;
    let (id, _) = node.find_partner(&ask.partner)?;
    let standing = node.standing(&id)?;
    let row = &standing.row;
    let mut agreements = node.agreements()?;
    agreements.retain(|kept| kept.partner == id);
    agreements
        .sort_by_key(|kept| std::cmp::Reverse((kept.row.changed_at_s, kept.agreement.version)));
    let due = node.receipts_due(&id)?.into_iter().map(|due| {
        let due_s = due.asked_s + RECEIPT_DUE_S;
        ReceiptDue {
            sequence: due.seq,
            summary: Some(hex::encode(due.summary)),
            due_at: instant(due_s),
            overdue: due_s < node.now_s(),
        }
    });
    Ok(PartnerShowTold {
        partner: partner_told(node, &standing),
        about: node
            .partner_about(&id)?
            .map(|(at_s, about)| about_told(&about, Some(instant(at_s)))),
        address: Some(row.address.clone()).filter(|address| !address.is_empty()),
        ticket_id: Some(hex::encode(row.ticket)),
        verified_at: verified_at(node, &standing)?.map(instant),
        test_done_at: row.test_done_at_s.map(instant),
        budget_nano_rho_per_year: standing
            .agreement
            .as_ref()
            .and_then(|kept| kept.agreement.grant_from(&node.id()))
            .map_or(0, |(_, grant)| grant.budget_nano_rho),
        // Seen at each handshake at our door, and kept until we stop.
        certificate_expires_at: node.admissions.leaf_until_s(&id).map(instant),
        reasons: reasons(node, &id, row)?,
        agreements: agreements.iter().map(|kept| agreement_told(node, kept)).collect(),
        receipts_due: due.collect(),
    })
}

/// When the second of the two sides was sure: the later of the two entries in the audit log.
fn verified_at(node: &Node, standing: &Standing) -> Outcome<Option<i64>> {
    if !(standing.row.we_verified && standing.row.they_verified) {
        return Ok(None);
    }
    let verified = Sought {
        action: Some(Action::PartnerVerified),
        partner: Some(standing.id),
        from_s: Some(standing.row.since_s),
        ..Sought::default()
    };
    // The first of each side: whoever is sure already may type the digits again.
    let (mut ours, mut theirs) = (None, None);
    for (_, entry) in node.newest_entries(&verified, u64::MAX, usize::MAX)?.into_iter().rev() {
        let side = match entry.actor {
            Actor::Partner(_) => &mut theirs,
            Actor::Staff(_) | Actor::Node => &mut ours,
        };
        side.get_or_insert(entry.at_s);
    }
    Ok(ours.max(theirs))
}

/// Why a partner is shut out, or to be looked at.
fn reasons(node: &Node, id: &OrgId, row: &rows::PartnerRow) -> Outcome<Vec<Reason>> {
    let mut reasons = Vec::new();
    let mut add = |code: &str, en: &str, fr: &str| {
        reasons.push(Reason { code: code.to_owned(), clause: None, text: Both::new(en, fr) });
    };
    if row.suspended_by_us {
        add("suspended_by_us", "We suspended the exchange.", "Nous avons suspendu l’échange.");
    }
    if row.suspended_by_them {
        let since = node.suspended_since(id)?.map(instant).unwrap_or_default();
        add(
            "suspended_by_them",
            &format!("{} has suspended us; we know it since {since}.", row.name_en),
            &format!("{} nous a suspendus; nous le savons depuis {since}.", row.name_fr),
        );
    }
    if row.wrong_digits >= MAX_WRONG_DIGITS {
        add(
            "wrong_digits",
            "Wrong digits were typed three times. Begin again with a new invitation.",
            "Des chiffres erronés ont été saisis trois fois. Recommencez par une nouvelle invitation.",
        );
    }
    if let Some(code) = &row.quarantined {
        add(
            code,
            &format!("In quarantine: {code}. See `entente partner quarantine`."),
            &format!("En quarantaine\u{a0}: {code}. Voyez `entente partner quarantine`."),
        );
    }
    let contested = node.tickets()?.into_iter().any(|(id, it)| id == row.ticket && it.contested);
    if contested {
        add(
            "contested",
            "Somebody else tried to open the invitation as well. If the digits do not match, end this and begin again.",
            "Quelqu’un d’autre a aussi tenté d’ouvrir l’invitation. Si les chiffres ne concordent pas, mettez fin à tout et recommencez.",
        );
    }
    Ok(reasons)
}

/// Runs what blocks on a thread for that.
pub(super) async fn blocking<T: Send + 'static>(
    desk: &Arc<Desk>,
    f: impl FnOnce(&Desk) -> Outcome<T> + Send + 'static,
) -> Outcome<T> {
    let desk = Arc::clone(desk);
    let done = tokio::task::spawn_blocking(move || f(&desk)).await;
    done.unwrap_or_else(|_| Err(super::failed()))
}

/// Words for a partner and both audit logs: one line, or none.
pub(super) fn reason_text(reason: Option<String>) -> Outcome<String> {
    let reason = reason.unwrap_or_default().trim().to_owned();
    let fits = reason.len() <= entente_proto::MAX_REASON_TEXT;
    if fits && !reason.chars().any(char::is_control) {
        return Ok(reason);
    }
    Err(Fault::new(
        1217,
        (
            "The reason must be one line of at most 500 characters.",
            "Le motif doit tenir en une ligne d’au plus 500 caractères.",
        ),
        ("Shorten it: `--reason TEXT`.", "Raccourcissez-le\u{a0}: `--reason TEXTE`."),
    ))
}

/// Why a partner was not reached, in words.
pub(super) fn missed_text(missed: &Missed) -> Both {
    match missed {
        Missed::Door(why) => Both::new(
            format!("the partner cannot be reached ({why})"),
            format!("le partenaire est injoignable ({why})"),
        ),
        Missed::RefusedByPartner(word) if word == SUSPENDED => {
            Both::new("the partner has suspended us", "le partenaire nous a suspendus")
        }
        Missed::RefusedByPartner(why) => Both::new(
            format!("the partner refuses us ({why})"),
            format!("le partenaire nous refuse ({why})"),
        ),
        Missed::RefusedByUs(why) => Both::new(
            format!("what they sent was refused ({why})"),
            format!("l’envoi du partenaire a été refusé ({why})"),
        ),
        Missed::NoAddress => Both::new(
            "the partner accepts no connections and asks us itself",
            "le partenaire n’accepte pas de connexions et nous interroge lui-même",
        ),
        Missed::OtherVersion => Both::new(
            "the partner speaks another version of the protocol; the older node must be updated",
            "le partenaire utilise une autre version du protocole; le nœud le plus ancien doit être mis à jour",
        ),
        Missed::Ours(fault) => fault.what.clone(),
    }
}

/// What a person is told when a step needed the partner and did not reach it.
pub(super) fn missed_fault(missed: Missed) -> Box<Fault> {
    let Both { en, fr } = missed_text(&missed);
    let fault = match missed {
        Missed::Ours(fault) => return fault,
        Missed::RefusedByPartner(_) => Fault::new(
            1214,
            ("The other side refused.", "L’autre partie a refusé."),
            (
                "Call them. If the invitation was used or has lapsed, ask for a new one.",
                "Appelez le partenaire. Si l’invitation a servi ou a expiré, demandez-en une nouvelle.",
            ),
        ),
        Missed::OtherVersion => Fault::new(
            1215,
            (
                "The two nodes have no protocol version in common.",
                "Les deux nœuds n’ont aucune version du protocole en commun.",
            ),
            ("Update the older one.", "Mettez à jour le plus ancien."),
        ),
        Missed::Door(_) | Missed::RefusedByUs(_) | Missed::NoAddress => Fault::new(
            1213,
            ("The other side was not reached.", "L’autre partie n’a pas pu être jointe."),
            (
                "Check the network and try again; `entente doctor` says more.",
                "Vérifiez le réseau et réessayez; `entente doctor` en dit plus.",
            ),
        ),
    };
    fault.because(en, fr)
}

#[cfg(test)]
mod tests;
