//! Stopping, going on, ending and declining, with what each means for what was shared.

use entente_core::agreement::{AgreementState, terms::Consequence};
use entente_core::identity::OrgId;
use entente_store::rows;

use super::invitation::read_ticket;
use super::told::partner_now;
use super::{Desk, Staff, Steps, reason_text};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::agreements::Kept;
use crate::node::status::Standing;
use crate::node::{Node, Outcome};

pub(in crate::answer) fn suspend(
    desk: &Desk,
    staff: &Staff,
    ask: PartnerSuspendAsk,
    _: &Steps,
) -> Outcome<PartnerChangeTold> {
    let node = &desk.node;
    let (id, _) = node.find_partner(&ask.partner)?;
    let reason = reason_text(ask.reason)?;
    let standing = node.standing(&id)?;
    let consequences = vec![
        Both::new(
            "Open connections are cut within seconds. Nothing more goes to them and nothing is \
             fetched from them until we resume. When they next call, they are told that they are \
             suspended.",
            "Les connexions ouvertes sont coupées en quelques secondes. Plus rien n’est envoyé au \
             partenaire ni ne lui est demandé jusqu’à la reprise de l’échange. À son prochain \
             appel, il apprend qu’il est suspendu.",
        ),
        stays(&standing),
        Both::new(
            "Withdrawals go on waiting for them and are the first thing they get afterwards.",
            "Les retraits attendent le partenaire et lui parviendront en premier ensuite.",
        ),
    ];
    let cut = node.admissions.n_connections(&id);
    if !ask.dry_run {
        node.suspend_partner_because(staff.actor(), &id, &reason)?;
    }
    told(node, &id, !ask.dry_run, consequences, (cut, 0))
}

pub(in crate::answer) fn resume(
    desk: &Desk,
    staff: &Staff,
    ask: PartnerResumeAsk,
    _: &Steps,
) -> Outcome<PartnerChangeTold> {
    let node = &desk.node;
    let (id, _) = node.find_partner(&ask.partner)?;
    node.resume_partner(staff.actor(), &id)?;
    let standing = node.standing(&id)?;
    let mut consequences = Vec::new();
    if standing.row.suspended_by_them {
        consequences.push(Both::new(
            "They have suspended the exchange as well; it goes on once they resume.",
            "Le partenaire a aussi suspendu l’échange; il reprendra quand le partenaire lèvera sa suspension.",
        ));
    } else {
        consequences.push(Both::new(
            "What waited goes out at the next sync, withdrawals included.",
            "Ce qui attendait part à la prochaine synchronisation, retraits compris.",
        ));
    }
    told(node, &id, true, consequences, (0, standing.n_withdrawn - standing.n_receipts))
}

pub(in crate::answer) fn end(
    desk: &Desk,
    staff: &Staff,
    ask: PartnerEndAsk,
    _: &Steps,
) -> Outcome<PartnerChangeTold> {
    let node = &desk.node;
    let (id, _) = node.find_partner(&ask.partner)?;
    let reason = reason_text(ask.reason)?;
    let standing = node.standing(&id)?;
    if standing.row.state == rows::PartnerState::Ended {
        return Err(crate::node::partners::partnership_over());
    }
    let mut consequences = vec![Both::new(
        "The partnership is over. To work together again, begin with a new invitation.",
        "Le partenariat est terminé. Pour retravailler ensemble, il faudra une nouvelle invitation.",
    )];
    let in_force = in_force_with(node, &id)?;
    consequences.extend(in_force.iter().flat_map(|kept| ending(&standing, kept)));
    if !ask.dry_run {
        node.end_partner(staff.actor(), &id, &reason)?;
    }
    told(node, &id, !ask.dry_run, consequences, (0, in_force.len() as u64))
}

fn in_force_with(node: &Node, id: &OrgId) -> Outcome<Vec<Kept>> {
    let mut kept = node.agreements()?;
    kept.retain(|kept| {
        let open = matches!(kept.state, AgreementState::Active | AgreementState::Suspended { .. });
        kept.partner == *id && open
    });
    Ok(kept)
}

/// What the end of an agreement does with what either side holds.
pub(in crate::answer) fn ending(standing: &Standing, kept: &Kept) -> Vec<Both> {
    let version = kept.agreement.version;
    let clause = entente_core::agreement::Clause::END;
    let at_end = kept.agreement.at_end;
    vec![
        Both::new(
            format!("Version {version} of the agreement ends today ({clause})."),
            format!("La version {version} de l’entente prend fin aujourd’hui ({clause})."),
        ),
        becomes(at_end, standing.n_released, false),
        becomes(at_end, standing.n_held, true),
        Both::new(
            "They confirm it with a signed receipt; the status of this node says so if it is late.",
            "Le partenaire le confirme par un accusé de réception signé; l’état de ce nœud le dit s’il tarde.",
        ),
    ]
}

/// What one side does at the end with the `n` summaries that it holds of the other.
fn becomes(at_end: Consequence, n: u64, is_us: bool) -> Both {
    if n == 0 {
        return if is_us {
            Both::new(
                "We hold no summary of theirs.",
                "Nous ne détenons aucun résumé venant de lui.",
            )
        } else {
            they_hold_none()
        };
    }
    let (verb, il, nous, then) = match at_end {
        Consequence::Delete => ("destroy", "détruit", "détruisons", ("", "")),
        Consequence::Return => {
            ("return", "retourne", "retournons", ("; no copy stays", "; aucune copie ne reste"))
        }
        Consequence::Keep => (
            "keep",
            "conserve",
            "conservons",
            (
                "; a withdrawn consent still takes effect",
                "; un consentement retiré a toujours effet",
            ),
        ),
    };
    let Both { en, fr } = summaries(n);
    if is_us {
        Both::new(
            format!("We {verb} what we hold of theirs: {en}{}.", then.0),
            format!("Nous {nous} ce que nous détenons de lui\u{a0}: {fr}{}.", then.1),
        )
    } else {
        Both::new(
            format!("They {verb} what they hold of ours: {en}{}.", then.0),
            format!("Le partenaire {il} ce qu’il détient de nous\u{a0}: {fr}{}.", then.1),
        )
    }
}

fn summaries(n: u64) -> Both {
    Both::count(n, ("summary", "summaries"), ("résumé", "résumés"))
}

fn they_hold_none() -> Both {
    Both::new(
        "They hold no summary of ours.",
        "Le partenaire ne détient aucun résumé venant de nous.",
    )
}

/// What becomes of what they hold while nothing more goes to them.
pub(in crate::answer) fn stays(standing: &Standing) -> Both {
    if standing.n_released == 0 {
        return they_hold_none();
    }
    let Both { en, fr } = summaries(standing.n_released);
    Both::new(
        format!("What they hold of ours stays there: {en}; the agreement still binds them."),
        format!(
            "Ce que le partenaire détient de nous y reste\u{a0}: {fr}; l’entente le lie toujours."
        ),
    )
}

fn told(
    node: &Node,
    id: &OrgId,
    done: bool,
    consequences: Vec<Both>,
    (cut, receipts_expected): (usize, u64),
) -> Outcome<PartnerChangeTold> {
    Ok(PartnerChangeTold {
        done,
        partner: partner_now(node, id)?,
        connections_cut: u32::try_from(cut).unwrap_or(u32::MAX),
        // The notice is in the feed; they fetch it, or are told at the door when they next knock.
        partner_told: false,
        consequences,
        receipts_expected,
    })
}

pub(in crate::answer) fn decline(
    desk: &Desk,
    staff: &Staff,
    ask: PartnerDeclineAsk,
    _: &Steps,
) -> Outcome<PartnerDeclineTold> {
    let node = &desk.node;
    let reason = reason_text(ask.reason)?;
    let told = |ticket: [u8; 16]| {
        // Before the phone check there is no feed that they would read.
        Ok(PartnerDeclineTold { ticket_id: hex::encode(ticket), partner_told: false })
    };
    let wanted = ask.ticket.trim().to_lowercase();
    let ours = node.tickets()?.into_iter().find(|(id, row)| {
        row.used_by.is_none() && wanted.len() >= 4 && hex::encode(id).starts_with(&wanted)
    });
    if let Some((id, _)) = ours {
        node.retract_invitation(staff.actor(), &id)?;
        return told(id);
    }
    if let Ok(envelope) = read_ticket(&ask.ticket) {
        let opened = node.open_invitation(&envelope)?;
        node.decline_invitation(staff.actor(), &opened)?;
        return told(opened.invitation.ticket);
    }
    let (id, row) = node.find_partner(&ask.ticket)?;
    if row.state != rows::PartnerState::Connected {
        return Err(Fault::new(
            1219,
            (
                "This partner has been verified; declining is for before that.",
                "Ce partenaire est vérifié; on ne refuse qu’avant cela.",
            ),
            (
                "End the partnership: `entente partner end`.",
                "Mettez fin au partenariat\u{a0}: `entente partner end`.",
            ),
        ));
    }
    node.end_partner(staff.actor(), &id, &reason)?;
    told(row.ticket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_summaries_is_said_of_none_of_one_and_of_many() {
        let none = becomes(Consequence::Delete, 0, true);
        assert_eq!(none.en, "We hold no summary of theirs.");
        let one = becomes(Consequence::Return, 1, false);
        assert_eq!(one.en, "They return what they hold of ours: 1\u{a0}summary; no copy stays.");
        let many = becomes(Consequence::Delete, 2, true);
        assert_eq!(many.fr, "Nous détruisons ce que nous détenons de lui\u{a0}: 2\u{a0}résumés.");
    }
}
