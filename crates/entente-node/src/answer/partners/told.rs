//! Partners and agreements as the documents show them: where they stand and who must act next.

use entente_core::agreement::{AgreementState, Grant, Side};
use entente_core::codes::Code as _;
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_proto::About;
use entente_store::rows::{self, TicketRow};
use jiff::ToSpan as _;

use crate::answer::instant;
use crate::fault::Both;
use crate::local::doc::*;
use crate::node::agreements::Kept;
use crate::node::partners::partner_text;
use crate::node::status::Standing;
use crate::node::{Node, Outcome};

/// An agreement is to be renewed so many days before its last one.
const RENEW_DAYS: i64 = 60;

/// A text of the core as documents have it.
pub(crate) fn both(text: &Text) -> Both {
    Both::new(text.en.clone(), text.fr.clone())
}

/// An organization by its id and its name.
pub(crate) fn named(id: &OrgId, name: &Text) -> Named {
    Named { id: id.to_string(), name: both(name) }
}

/// Ourselves.
pub(crate) fn ourselves(node: &Node) -> Named {
    named(&node.id(), &node.profile().name)
}

/// What an organization does, as documents have it.
pub(crate) fn about_told(about: &About, said_at: Option<String>) -> AboutTold {
    let About { role, languages, mandate, responsibilities } = about;
    AboutTold {
        role: role.iter().map(|it| it.code().to_owned()).collect(),
        languages: languages.iter().map(|it| it.to_string()).collect(),
        mandate: both(mandate),
        responsibilities: both(responsibilities),
        said_at,
    }
}

/// A partner by its id; the id alone where it is no partner of ours.
pub(crate) fn partner_named(node: &Node, id: &OrgId) -> Named {
    match node.partner_row(id) {
        Ok(row) => named(id, &partner_text(&row).0),
        Err(_) => named(id, &Text::new(format!("{}", id.short()), format!("{}", id.short()))),
    }
}

/// The row of a partner.
pub(crate) fn partner_told(node: &Node, standing: &Standing) -> PartnerRow {
    let Standing { id, row, .. } = standing;
    let (name, kind) = partner_text(row);
    let (state, next_actor, next_step) = partner_stands(node, standing);
    let (feed_epoch, feed_length) = standing.feed;
    PartnerRow {
        partner: named(id, &name),
        kind: Some(kind.code().to_owned()),
        state,
        next_actor,
        next_step,
        agreement: standing.agreement.as_ref().map(brief),
        last_contact_at: row.last_contact_s.map(instant),
        cursor: standing.cursor.1,
        their_cursor: if standing.read.0 == feed_epoch { standing.read.1 } else { 0 },
        feed_length,
        held: standing.n_held,
        receipts_overdue: standing.n_overdue,
        quarantined: row.quarantined.is_some(),
    }
}

/// The row of somebody who was invited and has not connected.
pub(crate) fn invited_told(ticket: &TicketRow) -> PartnerRow {
    PartnerRow {
        partner: Named { id: String::new(), name: Both::new(&ticket.recipient, &ticket.recipient) },
        kind: None,
        state: PartnerState::Invited,
        next_actor: Who::Them,
        next_step: Step::Open,
        agreement: None,
        last_contact_at: None,
        cursor: 0,
        their_cursor: 0,
        feed_length: 0,
        held: 0,
        receipts_overdue: 0,
        quarantined: false,
    }
}

/// One partner's row, as it is now.
pub(crate) fn partner_now(node: &Node, id: &OrgId) -> Outcome<PartnerRow> {
    Ok(partner_told(node, &node.standing(id)?))
}

fn partner_stands(node: &Node, standing: &Standing) -> (PartnerState, Who, Step) {
    let row = &standing.row;
    let (state, who, step) = match row.state {
        rows::PartnerState::Connected => {
            let who = match (row.we_verified, row.they_verified) {
                (true, false) => Who::Them,
                (false, true) => Who::Us,
                (false, false) | (true, true) => Who::Both,
            };
            (PartnerState::Connected, who, Step::Verify)
        }
        rows::PartnerState::Verified => unsigned(standing.agreement.as_ref()),
        rows::PartnerState::Active => active(node, standing),
        rows::PartnerState::Suspended => {
            let who = match (row.suspended_by_us, row.suspended_by_them) {
                (true, true) => Who::Both,
                (true, false) => Who::Us,
                (false, _) => Who::Them,
            };
            (PartnerState::Suspended, who, Step::Resume)
        }
        rows::PartnerState::Ended => (PartnerState::Ended, Who::Nobody, Step::Nothing),
    };
    if row.quarantined.is_some() && row.state != rows::PartnerState::Ended {
        return (state, Who::Us, Step::Look);
    }
    (state, who, step)
}

/// Before the first agreement is in force.
fn unsigned(agreement: Option<&Kept>) -> (PartnerState, Who, Step) {
    let Some(kept) = agreement else { return (PartnerState::Verified, Who::Both, Step::Propose) };
    match kept.state {
        AgreementState::Proposed { .. } => {
            let who = kept.state.next_to_act().map_or(Who::Nobody, who);
            (PartnerState::Verified, who, Step::Sign)
        }
        AgreementState::HalfSigned { .. } => {
            let who = kept.state.next_to_act().map_or(Who::Nobody, who);
            (PartnerState::HalfSigned, who, Step::Sign)
        }
        _ => (PartnerState::Verified, Who::Both, Step::Propose),
    }
}

fn active(node: &Node, standing: &Standing) -> (PartnerState, Who, Step) {
    let state = PartnerState::Active;
    let Some(kept) = &standing.agreement else { return (state, Who::Both, Step::Propose) };
    let (who, step) = match next_version(node, &standing.id) {
        Some(open) => agreement_next(node, &open),
        None => agreement_next(node, kept),
    };
    match kept.state {
        AgreementState::Expired | AgreementState::Ended { .. } | AgreementState::Amended => {
            (state, Who::Both, Step::Propose)
        }
        AgreementState::Active
            if step == Step::Nothing && standing.row.test_done_at_s.is_none() =>
        {
            // Offered, and no duty: everything goes without it.
            (state, Who::Nobody, Step::Test)
        }
        _ => (state, who, step),
    }
}

/// A version that waits for signatures while another one is in force.
fn next_version(node: &Node, partner: &OrgId) -> Option<Kept> {
    let is_open = |kept: &Kept| {
        matches!(kept.state, AgreementState::Proposed { .. } | AgreementState::HalfSigned { .. })
    };
    let kept = node.agreements().ok()?;
    kept.into_iter().rfind(|kept| kept.partner == *partner && is_open(kept))
}

fn who(side: Side) -> Who {
    match side {
        Side::Ours => Who::Us,
        Side::Theirs => Who::Them,
    }
}

/// Who must act on an agreement, and how.
fn agreement_next(node: &Node, kept: &Kept) -> (Who, Step) {
    let actor = kept.state.next_to_act().map_or(Who::Nobody, who);
    match kept.state {
        AgreementState::Draft => (actor, Step::Propose),
        AgreementState::Proposed { .. } | AgreementState::HalfSigned { .. } => (actor, Step::Sign),
        AgreementState::Active => {
            let from = kept.agreement.term.expiry.saturating_sub(RENEW_DAYS.days());
            if node.today() >= from {
                (Who::Both, Step::Renew)
            } else {
                (Who::Nobody, Step::Nothing)
            }
        }
        AgreementState::Suspended { by_us: true, by_them: true } => (Who::Both, Step::Resume),
        AgreementState::Suspended { .. } => (actor, Step::Resume),
        AgreementState::Amended | AgreementState::Expired | AgreementState::Ended { .. } => {
            (Who::Nobody, Step::Nothing)
        }
    }
}

/// Where an agreement stands, as a word.
pub(crate) fn agreement_standing(state: AgreementState) -> AgreementStanding {
    match state {
        AgreementState::Draft => AgreementStanding::Draft,
        AgreementState::Proposed { .. } => AgreementStanding::Proposed,
        AgreementState::HalfSigned { .. } => AgreementStanding::HalfSigned,
        AgreementState::Active => AgreementStanding::Active,
        AgreementState::Suspended { .. } => AgreementStanding::Suspended,
        AgreementState::Amended => AgreementStanding::Amended,
        AgreementState::Expired => AgreementStanding::Expired,
        AgreementState::Ended { .. } => AgreementStanding::Ended,
    }
}

fn brief(kept: &Kept) -> AgreementBrief {
    AgreementBrief {
        id: kept.agreement.id.to_string(),
        version: kept.agreement.version,
        state: agreement_standing(kept.state),
        expires_on: kept.agreement.term.expiry.to_string(),
    }
}

/// The row of an agreement.
pub(crate) fn agreement_told(node: &Node, kept: &Kept) -> AgreementRow {
    let agreement = &kept.agreement;
    let (next_actor, next_step) = agreement_next(node, kept);
    AgreementRow {
        id: agreement.id.to_string(),
        version: agreement.version,
        partner: partner_named(node, &kept.partner),
        state: agreement_standing(kept.state),
        next_actor,
        next_step,
        effective_on: agreement.term.effective.to_string(),
        expires_on: agreement.term.expiry.to_string(),
        we_send: tiers(agreement.grant_from(&node.id())),
        we_receive: tiers(agreement.grant_to(&node.id())),
    }
}

/// What a grant lets pass.
pub(crate) fn tiers(grant: Option<(u8, &Grant)>) -> Vec<String> {
    let Some((_, grant)) = grant else { return Vec::new() };
    let granted = [
        (grant.summaries, "summaries"),
        (grant.counts.is_some(), "counts"),
        (grant.referrals, "referrals"),
        (grant.services, "services"),
    ];
    granted.iter().filter(|(yes, _)| *yes).map(|(_, tier)| (*tier).to_owned()).collect()
}
