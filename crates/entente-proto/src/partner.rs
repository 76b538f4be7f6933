//! Becoming partners: cards, invitations, and the link that an invitation travels in.

use std::net::Ipv6Addr;
use std::ops::RangeInclusive;

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

/// Longest name of a desk to call, in bytes.
const MAX_DESK: usize = 100;

/// Lengths of a telephone number, in characters: the longest of E.164 has 15 digits, written with signs between
/// them and an extension.
const TELEPHONE: RangeInclusive<usize> = 7..=32;

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
    /// Whom to call for the check by phone, as the inviter says.
    pub contact: Option<Contact>,
}

/// Whom to call. Written by whoever made the invitation, so it proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    desk: String,
    telephone: String,
}

impl Contact {
    /// A desk, and its telephone number. Space around them does not matter.
    pub fn new(desk: &str, telephone: &str) -> Result<Self, Invalid> {
        parse_contact(nfc(desk.trim()), telephone.trim().to_owned())
    }

    /// Whom to ask for.
    pub fn desk(&self) -> &str {
        &self.desk
    }

    /// Under which number.
    pub fn telephone(&self) -> &str {
        &self.telephone
    }
}

fn parse_contact(desk: String, telephone: String) -> Result<Contact, Invalid> {
    let is_sign = |c: char| c.is_ascii_digit() || " +-.()".contains(c);
    let n_digits = telephone.bytes().filter(u8::is_ascii_digit).count();
    if !TELEPHONE.contains(&telephone.len()) || n_digits < 7 || !telephone.chars().all(is_sign) {
        return Err(Invalid::new("telephone", "must be a telephone number"));
    }
    Ok(Contact { desk: line("contact", desk, MAX_DESK)?, telephone })
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
    let Invitation {
        ticket,
        inviter,
        commitment,
        recipient,
        created_at_s,
        expires_at_s,
        template,
        contact,
    } = invitation;
    let (desk, telephone) =
        contact.as_ref().map_or(("", ""), |it| (it.desk.as_str(), it.telephone.as_str()));
    let message = v1::Invitation {
        ticket_id: ticket.to_vec(),
        inviter: Some(card_message(inviter)),
        commitment: commitment.to_vec(),
        recipient: nfc(recipient),
        created_at_s: *created_at_s,
        expires_at_s: *expires_at_s,
        template: nfc(template),
        contact: desk.to_owned(),
        telephone: telephone.to_owned(),
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
    let contact = match (message.contact, message.telephone) {
        (desk, telephone) if desk.is_empty() && telephone.is_empty() => None,
        (desk, telephone) => Some(parse_contact(desk, telephone)?),
    };
    Ok(Invitation {
        ticket: array("ticket_id", &message.ticket_id)?,
        inviter: parse_card(message.inviter)?,
        commitment: array("commitment", &message.commitment)?,
        recipient: line("recipient", message.recipient, MAX_NAME)?,
        created_at_s,
        expires_at_s: within("expires_at_s", message.expires_at_s, earliest_s..=latest_s)?,
        template: optional_line("template", message.template, MAX_TEMPLATE)?,
        contact,
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

/// Whether partners take this as a name of an organization, in one language: one line of at most 200
/// bytes, without marks that turn the direction of what follows.
pub fn is_org_name(text: &str) -> bool {
    line("name", nfc(text), MAX_NAME).is_ok()
}

#[cfg(test)]
mod tests {
    use entente_core::envelope::payload_type;
    use proptest::prelude::*;

    use super::*;
    use crate::any::{self, check_mutations, id, key};

    /// The invitation of an organization with names of a usual length.
    fn invitation() -> Invitation {
        Invitation {
            ticket: [1; 16],
            inviter: Card {
                org: id(1),
                name: Text::new(
                    "Office to Combat Trafficking in Persons",
                    "Bureau de lutte contre la traite des personnes",
                ),
                kind: OrgType::Provincial,
                address: "noeud.bureau.example.org:7443".into(),
            },
            commitment: [2; 32],
            recipient: "Centre fédéral de coordination".into(),
            created_at_s: 1_795_000_000,
            expires_at_s: 1_795_000_000 + 14 * 24 * 60 * 60,
            template: "provincial-federal".into(),
            contact: Contact::new("Intake desk / Accueil", "+1 204-555-0117").ok(),
        }
    }

    fn sealed(invitation: &Invitation) -> Envelope {
        let bytes = encode_invitation(invitation);
        Envelope::seal(payload_type::INVITATION, bytes, &key(1)).unwrap()
    }

    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::Invitation)) {
        let mut message = v1::Invitation::decode(&*encode_invitation(&invitation())).unwrap();
        change(&mut message);
        let decoded = decode_invitation(&message.encode_to_vec());
        assert_eq!(decoded.map_err(|it| it.field), Err(field));
    }

    #[test]
    fn an_invitation_travels_as_a_link_and_is_the_same_afterwards() {
        let envelope = sealed(&invitation());
        let link = invitation_link(&envelope).unwrap();
        assert!(link.starts_with("entente-invite:"));
        assert_eq!(parse_invitation_link(&link), Ok(envelope.clone()));
        assert_eq!(peek_invitation(&envelope), Ok(invitation()));

        // As a mail program breaks it.
        let broken = link.as_bytes().chunks(70).map(|line| String::from_utf8_lossy(line) + "\r\n ");
        assert_eq!(parse_invitation_link(&broken.collect::<String>()), Ok(envelope));
    }

    #[test]
    fn a_usual_invitation_fits_in_a_qr_code_that_a_telephone_reads() {
        let link = invitation_link(&sealed(&invitation())).unwrap();
        assert!(link.len() < 1_200, "{}", link.len());
    }

    #[test]
    fn the_longest_invitation_still_fits_in_a_link() {
        let longest = Invitation {
            inviter: Card {
                name: Text::new("n".repeat(MAX_NAME), "n".repeat(MAX_NAME)),
                address: format!("{}:65535", vec!["a".repeat(49); 5].join(".")),
                ..invitation().inviter
            },
            recipient: "r".repeat(MAX_NAME),
            template: "t".repeat(MAX_TEMPLATE),
            contact: Contact::new(&"d".repeat(MAX_DESK), &"5".repeat(32)).ok(),
            ..invitation()
        };
        assert!(longest.contact.is_some());
        let link = invitation_link(&sealed(&longest)).unwrap();
        assert_eq!(peek_invitation(&parse_invitation_link(&link).unwrap()), Ok(longest));
    }

    #[test]
    fn a_damaged_link_is_refused() {
        let link = invitation_link(&sealed(&invitation())).unwrap();
        let cut = &link[..link.len() - 4];
        let padded = format!("{link}==");
        let endless = format!("{LINK_PREFIX}{}", "A".repeat(MAX_LINK));
        for link in ["", "entente-invite:", "https://example.org", cut, &padded, &endless] {
            assert!(parse_invitation_link(link).is_err());
        }
    }

    #[test]
    fn an_invitation_that_somebody_else_signed_is_refused() {
        let bytes = encode_invitation(&invitation());
        let mut envelope = Envelope::seal(payload_type::INVITATION, bytes, &key(2)).unwrap();
        assert_eq!(peek_invitation(&envelope).unwrap_err().field, "signatures");
        envelope.add_signature(&key(1)).unwrap();
        assert_eq!(peek_invitation(&envelope).unwrap_err().field, "signatures");
    }

    #[test]
    fn every_field_of_an_invitation_has_its_bound() {
        refused("ticket_id", |it| it.ticket_id.clear());
        refused("card", |it| it.inviter = None);
        refused("commitment", |it| it.commitment.push(1));
        refused("recipient", |it| it.recipient.clear());
        refused("recipient", |it| it.recipient = "r".repeat(MAX_NAME + 1));
        refused("template", |it| it.template = "t".repeat(MAX_TEMPLATE + 1));
        refused("contact", |it| it.contact.clear());
        refused("contact", |it| it.contact = "d".repeat(MAX_DESK + 1));
        refused("contact", |it| it.contact = "Desk\u{202e}".into());
        for bad in ["", "555-011", "call me at 555-0117", "5555555\n", "٥٥٥٥٥٥٥"] {
            refused("telephone", |it| it.telephone = bad.to_owned());
        }
        refused("telephone", |it| it.telephone = "5".repeat(33));
        refused("created_at_s", |it| it.created_at_s = 0);
        refused("created_at_s", |it| it.created_at_s = MAX_SECONDS + 1);
        refused("expires_at_s", |it| it.expires_at_s = it.created_at_s);
        refused("expires_at_s", |it| it.expires_at_s = it.created_at_s + MAX_INVITATION_S + 1);
        let latest = invitation().created_at_s + MAX_INVITATION_S;
        let latest = Invitation { expires_at_s: latest, ..invitation() };
        assert_eq!(decode_invitation(&encode_invitation(&latest)), Ok(latest));
    }

    #[test]
    fn an_invitation_without_a_contact_has_the_bytes_that_it_always_had() {
        let bytes = encode_invitation(&Invitation { contact: None, ..invitation() });
        // The last field is the template: number 7, of bytes.
        assert!(bytes.ends_with(b"\x3a\x12provincial-federal"));
        assert_eq!(decode_invitation(&bytes).unwrap().contact, None);
    }

    #[test]
    fn a_name_is_one_line_that_partners_take() {
        for bad in ["", " ", "a\nb", "a\u{202e}b", "a\u{61c}b", &"a".repeat(201), &"ᓱ".repeat(67)]
        {
            assert!(!is_org_name(bad), "{bad:?}");
        }
        for good in ["Refuge de la Rivière-Rouge (ᓱᓯ)", &"a".repeat(200), "מקלט"] {
            assert!(is_org_name(good), "{good:?}");
        }
    }

    #[test]
    fn every_field_of_a_card_has_its_bound() {
        let card = |change: fn(&mut v1::Card)| {
            move |it: &mut v1::Invitation| change(it.inviter.as_mut().unwrap())
        };
        refused("org", card(|it| it.org.clear()));
        refused("name_en", card(|it| it.name_en.clear()));
        refused("name_fr", card(|it| it.name_fr = "n".repeat(MAX_NAME + 1)));
        refused("name_en", card(|it| it.name_en = "Police\u{202e}".into()));
        refused("org_type", card(|it| it.org_type = 0));
        refused("address", card(|it| it.address = "host".into()));
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for good in ["a:1", "node.example.org:7443", "10.0.0.1:65535", "[::1]:7443"] {
            assert!(is_address(good), "{good}");
        }
        let long = format!("{}:1", "a.".repeat(127) + "a");
        let wide = format!("{}:1", "a".repeat(64));
        for bad in [
            "",
            ":1",
            "a",
            "a:",
            "a:0",
            "a:65536",
            "a:+1",
            "a b:1",
            "::1:7443",
            "[::1]",
            "[a]:1",
            "https://a:1",
            "a/b:1",
            "a..b:1",
            "-a:1",
            "a_b:1",
            "é:1",
            "user@a:1",
            &long,
            &wide,
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn no_changed_invitation_is_taken_for_the_same() {
        check_mutations(&encode_invitation(&invitation()), &invitation(), decode_invitation);
    }

    proptest! {
        #[test]
        fn a_card_is_read_as_it_is_written(card in any::card()) {
            prop_assert_eq!(parse_card(Some(card_message(&card))), Ok(card));
        }

        #[test]
        fn an_invitation_is_read_as_it_is_written(
            ticket in any::<[u8; 16]>(), inviter in any::card(), recipient in any::line(), age_s in 1..=MAX_INVITATION_S
        ) {
            let created_at_s = 1_795_000_000;
            let invitation = Invitation {
                ticket, inviter, recipient, expires_at_s: created_at_s + age_s, ..invitation()
            };
            prop_assert_eq!(decode_invitation(&encode_invitation(&invitation)), Ok(invitation));
        }

        #[test]
        fn random_links_are_refused_without_a_panic(text in "[A-Za-z0-9_-]{0,400}") {
            let link = format!("{LINK_PREFIX}{text}");
            prop_assert!(parse_invitation_link(&link).is_err());
        }
    }
}
