//! Becoming partners: invitation, opening, and the twelve digits over the telephone.
//!
//! What is computed is in [`entente_core::pairing`]; here it is kept, and each step is in the
//! audit log of the side that took it.

use entente_core::audit::{Action, Actor};
use entente_core::codes::Code as _;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::pairing::{Digits, Exchanged, MAX_WRONG_DIGITS, commitment};
use entente_proto::{Card, Contact, Invitation};
use entente_store::rows::{PartnerRow, PartnerState, TicketRow};
use entente_store::tx::Reads as _;
use sha2::{Digest as _, Sha256};

use super::audit::no_randomness;
use super::partners::{partnership_over, unknown_partner};
use super::{Node, Outcome};
use crate::fault::Fault;

const DAY_S: i64 = 24 * 60 * 60;

/// The most invitations that may be open at a time. Each lets strangers reach the handshake.
const MAX_OPEN_TICKETS: usize = 64;

/// An invitation as it goes to the other organization.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// Its id.
    pub id: [u8; 16],
    /// The signed invitation.
    pub envelope: Envelope,
    /// When it lapses; seconds since 1970.
    pub expires_at_s: i64,
}

/// An invitation that was checked as far as a file can be: it is whole and not expired.
///
/// Nothing in it is trusted yet; only the phone check decides who made it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What it says.
    pub invitation: Invitation,
    /// The hash both sides put into the digits.
    pub hash: [u8; 32],
}

/// Why an invitee is turned away. The causes are not told apart: a stranger learns nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such invitation")]
pub struct NoSuchTicket;

impl Node {
    /// Our own card.
    pub fn card(&self) -> Card {
        let profile = &self.profile;
        Card {
            org: self.id(),
            name: profile.name.clone(),
            kind: profile.kind,
            address: profile.address.clone(),
        }
    }

    /// Makes an invitation for one organization. It can be opened once.
    pub fn invite(
        &self,
        actor: Actor,
        recipient: &str,
        template: &str,
        expires_days: u32,
    ) -> Outcome<Ticket> {
        self.invite_with(actor, recipient, template, expires_days, None)
    }

    /// The same, and says whom to call for the check by phone.
    pub fn invite_with(
        &self,
        actor: Actor,
        recipient: &str,
        template: &str,
        expires_days: u32,
        contact: Option<Contact>,
    ) -> Outcome<Ticket> {
        if self.profile.address.is_empty() {
            return Err(no_address());
        }
        let (id, nonce) = (random::<16>()?, random::<32>()?);
        let now_s = self.now_s();
        let expires_at_s = now_s + i64::from(expires_days) * DAY_S;
        let invitation = Invitation {
            ticket: id,
            inviter: self.card(),
            commitment: commitment(&self.id(), &nonce),
            recipient: recipient.to_owned(),
            created_at_s: u64::try_from(now_s).unwrap_or(0),
            expires_at_s: u64::try_from(expires_at_s).unwrap_or(0),
            template: template.to_owned(),
            contact,
        };
        let payload = entente_proto::encode_invitation(&invitation);
        let envelope = Envelope::seal(payload_type::INVITATION, payload, &self.secrets.key)
            .map_err(|_| no_randomness())?;
        self.db.write("invite", |tx| {
            let open = tx.tickets()?.into_iter().filter(|(_, ticket)| ticket.expires_at_s > now_s);
            if open.filter(|(_, ticket)| ticket.used_by.is_none()).count() >= MAX_OPEN_TICKETS {
                return Err(too_many_invitations());
            }
            let row = TicketRow {
                nonce,
                recipient: recipient.to_owned(),
                created_at_s: now_s,
                expires_at_s,
                used_by: None,
                contested: false,
            };
            tx.put_ticket(&id, &row)?;
            // The hash goes into the digits; the invitee computes it from the file.
            tx.put_meta(&ticket_hash_key(&id), &invitation_hash(&envelope))?;
            let entry = self.entry(actor, Action::PartnerInvited).reference(id);
            self.write_audit(tx, vec![entry])
        })?;
        self.refresh_admissions()?;
        Ok(Ticket { id, envelope, expires_at_s })
    }

    /// The invitations that we made, with their ids.
    pub fn tickets(&self) -> Outcome<Vec<([u8; 16], TicketRow)>> {
        self.db.read(|tx| Ok(tx.tickets()?))
    }

    /// Takes an invitation of ours back before anybody has opened it.
    pub fn retract_invitation(&self, actor: Actor, ticket: &[u8; 16]) -> Outcome<()> {
        self.db.write("retract invitation", |tx| {
            let mut row = tx.ticket(ticket)?.ok_or_else(no_such_ticket)?;
            if row.used_by.is_some() {
                return Err(no_such_ticket());
            }
            row.expires_at_s = row.expires_at_s.min(self.now_s());
            tx.put_ticket(ticket, &row)?;
            let entry = self.entry(actor, Action::PartnerEnded).reference(*ticket);
            self.write_audit(tx, vec![entry.reasons(["invitation_retracted".to_owned()])])
        })?;
        self.refresh_admissions()
    }

    /// Notes that we will not open somebody's invitation. They are not told: nobody has shown yet
    /// that it is theirs.
    pub fn decline_invitation(&self, actor: Actor, opened: &Opened) -> Outcome<()> {
        let entry = self.entry(actor, Action::PartnerEnded).reference(opened.invitation.ticket);
        self.audit(vec![entry.reasons(["invitation_declined".to_owned()])])
    }

    /// Reads an invitation. Nothing is kept and nobody is called.
    pub fn open_invitation(&self, envelope: &Envelope) -> Outcome<Opened> {
        let invitation = entente_proto::peek_invitation(envelope)
            .ok()
            .filter(|it| envelope.verify(payload_type::INVITATION, &[it.inviter.org]).is_ok())
            .ok_or_else(not_an_invitation)?;
        if i64::try_from(invitation.expires_at_s).unwrap_or(0) <= self.now_s() {
            return Err(Fault::new(
                1203,
                ("The invitation has expired.", "L’invitation est expirée."),
                ("Ask for a new one.", "Demandez-en une nouvelle."),
            ));
        }
        if invitation.inviter.org == self.id() {
            return Err(not_an_invitation().because(
                "This organization made it itself.",
                "Notre propre organisme l’a créée.",
            ));
        }
        Ok(Opened { hash: invitation_hash(envelope), invitation })
    }

    /// The inviter's half of the first contact: uses the ticket up and reveals the nonce.
    pub fn join(
        &self,
        caller: &OrgId,
        ticket: &[u8; 16],
        card: &Card,
        their_nonce: &[u8; 32],
    ) -> Result<[u8; 32], Box<Fault>> {
        let now_s = self.now_s();
        let outcome = self.db.write("join", |tx| {
            let Some(mut row) = tx.ticket(ticket)? else { return Ok(None) };
            if row.expires_at_s <= now_s || card.org != *caller || *caller == self.id() {
                return Ok(None);
            }
            if row.used_by.is_some() {
                // Somebody else was first. Both officers see it when they compare, and the
                // honest side starts again.
                row.contested = true;
                tx.put_ticket(ticket, &row)?;
                let entry = self.entry(Actor::Partner(*caller), Action::AccessRefused);
                let entry = entry.reference(*ticket).reasons(["ticket_used".to_owned()]);
                self.write_audit(tx, vec![entry])?;
                return Ok(None);
            }
            let known = tx.partner(caller.as_bytes())?;
            if known.is_some_and(|partner| partner.state != PartnerState::Ended) {
                return Ok(None);
            }
            row.used_by = Some(*caller.as_bytes());
            tx.put_ticket(ticket, &row)?;
            let invitation = tx.meta(&ticket_hash_key(ticket))?.unwrap_or_default();
            let digits = Digits::of(Exchanged {
                inviter: &self.id(),
                invitee: caller,
                inviter_nonce: &row.nonce,
                invitee_nonce: their_nonce,
                invitation: &invitation.try_into().unwrap_or([0; 32]),
            });
            tx.put_partner(caller.as_bytes(), &new_partner(card, true, ticket, &digits, now_s))?;
            let entry = self.entry(Actor::Partner(*caller), Action::PartnerConnected);
            let entry = entry.partner(*caller).reference(*ticket);
            self.write_audit(tx, vec![entry])?;
            Ok::<_, Box<Fault>>(Some(row.nonce))
        })?;
        // Whoever has a node speaks for itself, and not through a sponsor any more.
        self.forget_directory();
        self.refresh_admissions()?;
        outcome.ok_or_else(no_such_ticket)
    }

    /// The invitee's half: checks what the inviter revealed, and keeps the new partner.
    pub fn joined(
        &self,
        actor: Actor,
        opened: &Opened,
        our_nonce: &[u8; 32],
        their_card: &Card,
        their_nonce: &[u8; 32],
    ) -> Outcome<()> {
        let Opened { invitation, hash } = opened;
        let inviter = invitation.inviter.org;
        let honest =
            their_card.org == inviter && commitment(&inviter, their_nonce) == invitation.commitment;
        if !honest {
            let entry = self.entry(actor, Action::PartnerCheckFailed).reference(invitation.ticket);
            self.audit(vec![entry.reasons(["commitment".to_owned()])])?;
            return Err(Fault::new(
                1207,
                (
                    "The other side did not reveal what its invitation promised.",
                    "L’autre partie n’a pas révélé ce que son invitation promettait.",
                ),
                (
                    "Somebody may stand between you. Call them and ask for a new invitation.",
                    "Un tiers s’est peut-être interposé. Appelez le partenaire et demandez une nouvelle invitation.",
                ),
            ));
        }
        let digits = Digits::of(Exchanged {
            inviter: &inviter,
            invitee: &self.id(),
            inviter_nonce: their_nonce,
            invitee_nonce: our_nonce,
            invitation: hash,
        });
        self.db.write("joined", |tx| {
            let known = tx.partner(inviter.as_bytes())?;
            if known.is_some_and(|partner| partner.state != PartnerState::Ended) {
                return Err(already_partner());
            }
            let row = new_partner(their_card, false, &invitation.ticket, &digits, self.now_s());
            tx.put_partner(inviter.as_bytes(), &row)?;
            let entry = self.entry(actor, Action::PartnerConnected).partner(inviter);
            self.write_audit(tx, vec![entry.reference(invitation.ticket)])
        })?;
        // Whoever has a node speaks for itself, and not through a sponsor any more.
        self.forget_directory();
        self.refresh_admissions()
    }

    /// Notes that the inviter does not know the invitation we opened, or that it was used.
    pub fn not_joined(&self, actor: Actor, opened: &Opened) -> Outcome<()> {
        let entry = self.entry(actor, Action::PartnerCheckFailed);
        let entry = entry.reference(opened.invitation.ticket);
        self.audit(vec![entry.reasons(["invitation_refused".to_owned()])])
    }

    /// The six digits our officer reads aloud.
    pub fn digits_to_read(&self, partner: &OrgId) -> Outcome<String> {
        let row = self.partner_row(partner)?;
        let digits = Digits::parse(&row.digits).ok_or_else(partnership_over)?;
        Ok(digits.to_read(row.inviter))
    }

    /// Our officer typed what the other one read. After three mistakes a new invitation is needed.
    pub fn type_digits(&self, actor: Actor, partner: &OrgId, typed: &str) -> Outcome<PartnerRow> {
        let outcome = self.db.write("type digits", |tx| {
            let row = tx.partner(partner.as_bytes())?.ok_or_else(|| unknown_partner(partner))?;
            let (row, right) = checked(row, typed)?;
            tx.put_partner(partner.as_bytes(), &row)?;
            let action = if right { Action::PartnerVerified } else { Action::PartnerCheckFailed };
            let entry = self.entry(actor, action).partner(*partner).reference(row.ticket);
            self.write_audit(tx, vec![entry])?;
            Ok::<_, Box<Fault>>((row, right))
        });
        self.refresh_admissions()?;
        match outcome? {
            (row, true) => Ok(row),
            (row, false) => Err(wrong_digits(MAX_WRONG_DIGITS.saturating_sub(row.wrong_digits))),
        }
    }

    /// The same over a connection, where the other side names the invitation it speaks of.
    pub fn confirmed_with(&self, partner: &OrgId, ticket: &[u8; 16]) -> Outcome<bool> {
        if self.partner_row(partner)?.ticket != *ticket {
            return Err(no_such_ticket());
        }
        self.confirmed_by(partner)
    }

    /// The other side says that its officer typed the right digits. Says whether ours did.
    pub fn confirmed_by(&self, partner: &OrgId) -> Outcome<bool> {
        let ours = self.db.write("confirmed", |tx| {
            let mut row =
                tx.partner(partner.as_bytes())?.ok_or_else(|| unknown_partner(partner))?;
            if row.state == PartnerState::Ended {
                return Err(partnership_over());
            }
            if !row.they_verified {
                row.they_verified = true;
                row.state = verified_state(&row);
                tx.put_partner(partner.as_bytes(), &row)?;
                let entry = self.entry(Actor::Partner(*partner), Action::PartnerVerified);
                self.write_audit(tx, vec![entry.partner(*partner)])?;
            }
            Ok(row.we_verified)
        })?;
        self.refresh_admissions()?;
        Ok(ours)
    }
}

/// What typing these digits does to a partner's row, and whether they were right.
fn checked(mut row: PartnerRow, typed: &str) -> Outcome<(PartnerRow, bool)> {
    let digits = Digits::parse(&row.digits).ok_or_else(partnership_over)?;
    if row.state == PartnerState::Ended {
        return Err(partnership_over());
    }
    if row.we_verified {
        return Ok((row, true));
    }
    let right = digits.matches(row.inviter, typed);
    if right {
        row.we_verified = true;
        row.state = verified_state(&row);
    } else {
        row.wrong_digits = row.wrong_digits.saturating_add(1);
        if row.wrong_digits >= MAX_WRONG_DIGITS {
            row.state = PartnerState::Ended;
        }
    }
    Ok((row, right))
}

fn verified_state(row: &PartnerRow) -> PartnerState {
    match row.state {
        PartnerState::Connected if row.we_verified && row.they_verified => PartnerState::Verified,
        state => state,
    }
}

fn new_partner(
    card: &Card,
    inviter: bool,
    ticket: &[u8; 16],
    digits: &Digits,
    now_s: i64,
) -> PartnerRow {
    PartnerRow {
        name_en: card.name.en.clone(),
        name_fr: card.name.fr.clone(),
        kind: card.kind.number(),
        address: card.address.clone(),
        state: PartnerState::Connected,
        inviter,
        ticket: *ticket,
        digits: digits.as_text(),
        wrong_digits: 0,
        we_verified: false,
        they_verified: false,
        suspended_by_us: false,
        suspended_by_them: false,
        test_sent_at_s: None,
        test_done_at_s: None,
        last_contact_s: Some(now_s),
        since_s: now_s,
        ended_at_s: None,
        quarantined: None,
    }
}

fn ticket_hash_key(ticket: &[u8; 16]) -> String {
    format!("invitation:{}", hex::encode(ticket))
}

fn invitation_hash(envelope: &Envelope) -> [u8; 32] {
    Sha256::digest(&envelope.payload).into()
}

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Outcome<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| no_randomness())?;
    Ok(bytes)
}

fn not_an_invitation() -> Box<Fault> {
    Fault::new(
        1204,
        ("This is not a whole invitation.", "Ceci n’est pas une invitation complète."),
        (
            "Ask the other organization to send it again.",
            "Demandez à l’autre organisme de la renvoyer.",
        ),
    )
}

fn no_such_ticket() -> Box<Fault> {
    Fault::new(
        1208,
        (
            "The other side does not know this invitation, or it was used.",
            "L’autre partie ne connaît pas cette invitation, ou elle a déjà servi.",
        ),
        (
            "Call them and ask for a new one. If you have not opened it before, say so: somebody else has.",
            "Appelez le partenaire et demandez-en une nouvelle. Si vous ne l’aviez jamais ouverte, dites-le\u{a0}: quelqu’un d’autre l’a fait.",
        ),
    )
}

fn already_partner() -> Box<Fault> {
    Fault::new(
        1209,
        ("This organization is a partner already.", "Cet organisme est déjà un partenaire."),
        ("See it: `entente partner show`.", "Voyez-le\u{a0}: `entente partner show`."),
    )
}

fn no_address() -> Box<Fault> {
    Fault::new(
        1221,
        (
            "Partners could not reach this node: it has no address that they can dial.",
            "Les partenaires ne pourraient pas joindre ce nœud\u{a0}: il n’a pas d’adresse à composer.",
        ),
        (
            "Set `partner_door.public_address` in `entente.toml` and restart, or let the other side invite.",
            "Réglez `partner_door.public_address` dans `entente.toml` et relancez, ou laissez l’autre partie inviter.",
        ),
    )
}

fn too_many_invitations() -> Box<Fault> {
    Fault::new(
        1210,
        ("Too many invitations are open.", "Trop d’invitations sont ouvertes."),
        ("Wait until some are used or lapse.", "Attendez que certaines servent ou expirent."),
    )
}

fn wrong_digits(left: u8) -> Box<Fault> {
    let fault = Fault::new(
        1211,
        (
            "These are not the digits of the other side.",
            "Ce ne sont pas les chiffres de l’autre partie.",
        ),
        (
            "Ask them to read their six digits again. If they do not match, stop and begin with a new invitation.",
            "Demandez-leur de relire leurs six chiffres. S’ils ne correspondent pas, arrêtez et recommencez avec une nouvelle invitation.",
        ),
    );
    fault.because(format!("{left} tries left"), format!("{left} essais restants"))
}
