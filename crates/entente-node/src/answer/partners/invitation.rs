//! Invitations: making one, and opening one that somebody else made.

use std::sync::Arc;

use base64::prelude::*;
use entente_core::codes::Code as _;
use entente_core::envelope::Envelope;
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_proto::{
    MAX_INVITATION_S, decode_envelope, encode_envelope, invitation_link, parse_invitation_link,
};

use super::told::{both, partner_now};
use super::{Desk, Staff, Steps, blocking, digits_told, missed_fault};
use crate::answer::agreements::template;
use crate::answer::{instant, step};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::pairing::Opened;
use crate::node::{Node, Outcome};

const BEGIN: &str = "-----BEGIN ENTENTE INVITATION-----";
const END: &str = "-----END ENTENTE INVITATION-----";

/// Longest name of a recipient, in bytes: as the protocol has it for names.
const MAX_RECIPIENT: usize = 200;

/// Days that the protocol lets an invitation stay open.
const MAX_DAYS: u64 = MAX_INVITATION_S / (24 * 60 * 60);

pub(in crate::answer) fn invite(
    desk: &Desk,
    staff: &Staff,
    ask: PartnerInviteAsk,
    _: &Steps,
) -> Outcome<PartnerInviteTold> {
    let template = ask.template.unwrap_or_default();
    if !template.is_empty() {
        template::named(&template)?;
    }
    if !(1..=MAX_DAYS).contains(&u64::from(ask.expires_days)) {
        return Err(bad_invitation().because(
            format!("It can stay open for 1 to {MAX_DAYS} days."),
            format!("Elle peut rester ouverte de 1 à {MAX_DAYS} jours."),
        ));
    }
    let recipient = ask.for_name.trim();
    let one_line = !recipient.chars().any(char::is_control);
    if recipient.is_empty() || recipient.len() > MAX_RECIPIENT || !one_line {
        return Err(bad_invitation().because(
            "Whom it is for must be a name of one line.",
            "Le destinataire doit être un nom d’une ligne.",
        ));
    }
    let contact = match &ask.contact {
        Some(InvitationContact { desk, telephone }) => Some(
            entente_proto::Contact::new(desk, telephone)
                .map_err(|error| bad_contact(error.field))?,
        ),
        None => None,
    };
    let days = u32::from(ask.expires_days);
    let ticket = desk.node.invite_with(staff.actor(), recipient, &template, days, contact)?;
    let link =
        invitation_link(&ticket.envelope).map_err(|error| bad_invitation().in_detail(&error))?;
    Ok(PartnerInviteTold {
        ticket_id: hex::encode(ticket.id),
        for_name: recipient.to_owned(),
        link,
        ticket: file_text(&ticket.envelope),
        expires_at: instant(ticket.expires_at_s),
    })
}

/// The text of an invitation file. A person who opens it by mistake reads what to do with it.
fn file_text(envelope: &Envelope) -> String {
    let encoded = BASE64_STANDARD.encode(encode_envelope(envelope));
    let mut text = String::from(
        "Invitation. Open it once, with: entente partner open FILE\n\
         Invitation. Ouvrez-la une seule fois, avec\u{a0}: entente partner open FICHIER\n\n",
    );
    text.push_str(BEGIN);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        text.push('\n');
        text.push_str(line);
        rest = after;
    }
    text.push('\n');
    text.push_str(END);
    text.push('\n');
    text
}

/// An invitation from the text of its file, or from a link.
pub(super) fn read_ticket(text: &str) -> Outcome<Envelope> {
    let damaged = || {
        Fault::new(
            1204,
            ("This is not a whole invitation.", "Ceci n’est pas une invitation complète."),
            (
                "Ask the other organization to send it again.",
                "Demandez à l’autre organisme de la renvoyer.",
            ),
        )
    };
    let Some((_, rest)) = text.split_once(BEGIN) else {
        return parse_invitation_link(text.trim()).map_err(|_| damaged());
    };
    let (encoded, _) = rest.split_once(END).ok_or_else(damaged)?;
    let encoded: String = encoded.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| damaged())?;
    decode_envelope(&bytes).map_err(|_| damaged())
}

pub(in crate::answer) async fn open(
    desk: Arc<Desk>,
    staff: Staff,
    ask: PartnerOpenAsk,
    steps: Steps,
) -> Outcome<PartnerOpenTold> {
    let read = blocking(&desk, move |desk| {
        let opened = desk.node.open_invitation(&read_ticket(&ask.ticket)?)?;
        let told = invitation_told(&desk.node, &opened);
        Ok((opened, told))
    });
    let (opened, invitation) = read.await?;
    if ask.peek {
        return Ok(PartnerOpenTold { invitation, partner: None, digits: None });
    }
    step(&steps, 0, 1, "calling the other side", "appel de l’autre partie");
    let inviter = opened.invitation.inviter.org;
    desk.peers.join(staff.actor(), opened).await.map_err(missed_fault)?;
    let told = move |desk: &Desk| {
        Ok(PartnerOpenTold {
            invitation,
            partner: Some(partner_now(&desk.node, &inviter)?),
            digits: Some(digits_told(&desk.node, &inviter)?),
        })
    };
    blocking(&desk, told).await
}

fn invitation_told(node: &Node, opened: &Opened) -> Invitation {
    let entente_proto::Invitation {
        ticket,
        inviter,
        commitment: _, // For the check by phone.
        recipient,
        created_at_s: _, // When it ends is what counts.
        expires_at_s,
        template,
        contact,
    } = &opened.invitation;
    let (we_would_receive, we_would_send) = preview(node, &inviter.org, inviter.kind, template);
    Invitation {
        ticket_id: hex::encode(ticket),
        from: Organization {
            id: inviter.org.to_string(),
            name: both(&inviter.name),
            kind: inviter.kind.code().to_owned(),
        },
        address: inviter.address.clone(),
        for_name: recipient.clone(),
        template: Some(template.clone()).filter(|name| !name.is_empty()),
        contact: contact.as_ref().map(|it| InvitationContact {
            desk: it.desk().to_owned(),
            telephone: it.telephone().to_owned(),
        }),
        we_would_receive,
        we_would_send,
        expires_at: instant(i64::try_from(*expires_at_s).unwrap_or(i64::MAX)),
    }
}

/// What the template in view would let us receive and send. Empty if we do not know it: what is
/// signed later is shown in full anyhow.
fn preview(
    node: &Node,
    inviter: &OrgId,
    kind: entente_core::codes::OrgType,
    name: &str,
) -> (Vec<Both>, Vec<Both>) {
    let Ok(known) = template::named(name) else { return Default::default() };
    let agreement = template::preview(known, (inviter, kind), (&node.id(), node.profile().kind));
    let Some(agreement) = agreement else { return Default::default() };
    let said = |texts: Vec<Text>| texts.iter().map(both).collect();
    (said(agreement.receives(&node.id())), said(agreement.sends(&node.id())))
}

fn bad_contact(field: &str) -> Box<Fault> {
    let fault = Fault::new(
        2833,
        (
            "This is nobody to call: it takes a desk and its telephone number.",
            "L’invitation n’indique pas qui appeler\u{a0}: il faut un service et son numéro de téléphone.",
        ),
        (
            "Give both: `--contact \"Intake desk\" --telephone \"+1 204-555-0117\"`.",
            "Donnez les deux\u{a0}: `--contact \"Accueil\" --telephone \"+1 204-555-0117\"`.",
        ),
    );
    if field == "telephone" {
        return fault.because(
            "The number has 7 to 32 digits and signs, and at least seven digits.",
            "Le numéro compte de 7 à 32 chiffres et signes, dont au moins sept chiffres.",
        );
    }
    fault.because(
        "The name of the desk is one line of at most 100 bytes.",
        "Le nom du service tient en une ligne d’au plus 100 octets.",
    )
}

fn bad_invitation() -> Box<Fault> {
    Fault::new(
        1218,
        ("The invitation cannot be made like this.", "L’invitation ne peut pas être faite ainsi."),
        (
            "Correct it: `entente partner invite NAME --expires 14`.",
            "Corrigez\u{a0}: `entente partner invite NOM --expires 14`.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_a_file_nor_a_link_is_refused() {
        for text in ["", "hello", "entente-invite:AAAA", BEGIN] {
            assert_eq!(read_ticket(text).unwrap_err().code, "ENT-1204", "{text}");
        }
    }
}
