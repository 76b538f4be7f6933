//! Becoming partners: cards, invitations, and the link that an invitation travels in.

use std::net::Ipv6Addr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use entente_core::codes::OrgType;
use entente_core::envelope::Envelope;
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{
    MAX_NAME, MAX_SECONDS, array, code, code_number, line, nfc, optional_line, org, present, within,
};
use crate::statement::{decode_envelope, encode_envelope};
use crate::v1;

/// How the link of an invitation begins.
pub const LINK_PREFIX: &str = "entente-invite:";

/// Longest link of an invitation, in characters. A QR code of version 40 with low error correction
/// holds 2,953 bytes; an e-mail program breaks lines at 998.
pub const MAX_LINK: usize = 2_048;

/// Longest time an invitation may stay open, in seconds: 90 days. It opens nothing by itself, but
/// each one lets strangers reach the handshake.
pub const MAX_INVITATION_S: u64 = 90 * 24 * 60 * 60;

/// Longest address: a host name of 253 bytes would still fit with its port (RFC 1035, 2.3.4).
const MAX_ADDRESS: usize = 259;

/// Longest name of a template.
const MAX_TEMPLATE: usize = 60;

/// What an organization says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its identity.
    pub org: OrgId,
    /// Its name.
    pub name: Text,
    /// What kind of organization it is.
    pub kind: OrgType,
    /// Where its node answers, `host:port`. Empty for a node that accepts no connections.
    pub address: String,
}

/// Invites one organization to become a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id. Used once.
    pub ticket: [u8; 16],
    /// Who invites, and signs.
    pub inviter: Card,
    /// What the inviter promises about its nonce (`entente_core::pairing::commitment`).
    pub commitment: [u8; 32],
    /// Whom it is meant for, for the reader's eyes.
    pub recipient: String,
    /// When it was made; seconds since 1970.
    pub created_at_s: u64,
    /// When it lapses; at most [`MAX_INVITATION_S`] later.
    pub expires_at_s: u64,
    /// The agreement template that the inviter has in mind. Empty if none.
    pub template: String,
}

/// The message that is a card.
pub fn card_message(card: &Card) -> v1::Card {
    let Card { org, name, kind, address } = card;
    v1::Card {
        org: org.as_bytes().to_vec(),
        name_en: nfc(&name.en),
        name_fr: nfc(&name.fr),
        org_type: code_number(*kind),
        address: address.clone(),
    }
}

/// The card in a message. That its identity is the caller's is for the caller to compare.
pub fn parse_card(message: Option<v1::Card>) -> Result<Card, Invalid> {
    let v1::Card { org: id, name_en, name_fr, org_type, address } = present("card", message)?;
    if !address.is_empty() && !is_address(&address) {
        return Err(Invalid::new("address", "must be host:port or [IPv6]:port"));
    }
    Ok(Card {
        org: org("org", &id)?,
        name: Text::new(line("name_en", name_en, MAX_NAME)?, line("name_fr", name_fr, MAX_NAME)?),
        kind: code("org_type", org_type)?,
        address,
    })
}

/// The bytes of an invitation: what the inviter signs.
pub fn encode_invitation(invitation: &Invitation) -> Vec<u8> {
    let Invitation { ticket, inviter, commitment, recipient, created_at_s, expires_at_s, template } =
        invitation;
    let message = v1::Invitation {
        ticket_id: ticket.to_vec(),
        inviter: Some(card_message(inviter)),
        commitment: commitment.to_vec(),
        recipient: nfc(recipient),
        created_at_s: *created_at_s,
        expires_at_s: *expires_at_s,
        template: nfc(template),
    };
    message.encode_to_vec()
}

/// The invitation with these bytes.
pub fn decode_invitation(bytes: &[u8]) -> Result<Invitation, Invalid> {
    within("invitation", bytes.len(), 1..=MAX_LINK)?;
    let message: v1::Invitation = canonical(bytes)?;
    let created_at_s = within("created_at_s", message.created_at_s, 1..=MAX_SECONDS)?;
    let latest_s = created_at_s.saturating_add(MAX_INVITATION_S).min(MAX_SECONDS);
    let earliest_s = created_at_s.saturating_add(1);
    Ok(Invitation {
        ticket: array("ticket_id", &message.ticket_id)?,
        inviter: parse_card(message.inviter)?,
        commitment: array("commitment", &message.commitment)?,
        recipient: line("recipient", message.recipient, MAX_NAME)?,
        created_at_s,
        expires_at_s: within("expires_at_s", message.expires_at_s, earliest_s..=latest_s)?,
        template: optional_line("template", message.template, MAX_TEMPLATE)?,
    })
}

/// What an invitation says, before anybody is trusted.
///
/// The one document that is read before its signature is checked, because it brings the key to
/// check it with. The caller MUST verify the envelope against `inviter.org` before it does
/// anything else, and trust nothing until the digits were compared over the telephone.
pub fn peek_invitation(envelope: &Envelope) -> Result<Invitation, Invalid> {
    let invitation = decode_invitation(&envelope.payload)?;
    match envelope.signatures.as_slice() {
        [(signer, _)] if *signer == invitation.inviter.org => Ok(invitation),
        _ => Err(Invalid::new("signatures", "must be the inviter's alone")),
    }
}

/// The link that holds an invitation. Refuses one that would be longer than [`MAX_LINK`].
pub fn invitation_link(envelope: &Envelope) -> Result<String, Invalid> {
    let encoded = BASE64_URL_SAFE_NO_PAD.encode(encode_envelope(envelope));
    let link = format!("{LINK_PREFIX}{encoded}");
    within("link", link.len(), 1..=MAX_LINK)?;
    Ok(link)
}

/// The invitation in a link. Space around it and within it does not matter: mail programs break
/// long lines.
pub fn parse_invitation_link(link: &str) -> Result<Envelope, Invalid> {
    // Four times as much leaves room for what mail programs add, and bounds the work.
    within("link", link.len(), 1..=4 * MAX_LINK)?;
    let link: String = link.chars().filter(|c| !c.is_whitespace()).collect();
    let encoded = link
        .strip_prefix(LINK_PREFIX)
        .ok_or(Invalid::new("link", "must begin with entente-invite:"))?;
    within("link", link.len(), 1..=MAX_LINK)?;
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| Invalid::new("link", "is damaged or incomplete"))?;
    decode_envelope(&bytes)
}

/// Whether a text is `host:port` or `[IPv6]:port`. Which host is not looked at.
fn is_address(address: &str) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else { return false };
    let is_port = !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok();
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => is_host_name(host),
    };
    is_port && is_host && address.len() <= MAX_ADDRESS
}

/// Letters, digits and hyphens between dots (RFC 1123, section 2.1); an IPv4 address is one too.
fn is_host_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.len() <= 253 && host.split('.').all(is_label)
}
