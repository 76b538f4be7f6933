//! Partners: who they are, how far we are with them, and whether they may come in.

use entente_core::audit::{Action, Actor};
use entente_core::codes::{Code as _, OrgType};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_proto::PartnerChange;
use entente_store::db::Write;
use entente_store::rows::{EvidenceRow, PartnerRow, PartnerState};
use entente_store::tx::Reads as _;

use super::{Node, Outcome};
use crate::fault::Fault;
use crate::tls::Admission;

/// How long after the end of a partnership its last documents can be fetched: a month, so that an
/// office which closes over the holidays still learns of it.
const AFTER_END_S: i64 = 30 * 24 * 60 * 60;

/// The most that is kept against one partner, besides what proves something: enough to see what is
/// wrong there, and no way to fill the disk.
const MAX_EVIDENCE: u64 = 256;

/// Why a partner's request is refused. The partner is told which, and nothing about anybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shut {
    /// No partner of ours.
    #[error("unknown")]
    Unknown,
    /// The phone check is not finished on both sides.
    #[error("not verified")]
    NotVerified,
    /// We stopped the exchange for now.
    #[error("suspended")]
    Suspended,
    /// Something that only a faulty or hostile node sends came from there.
    #[error("quarantined")]
    Quarantined,
    /// It is over.
    #[error("ended")]
    Ended,
}

impl Node {
    /// All partners.
    pub fn partner_rows(&self) -> Outcome<Vec<(OrgId, PartnerRow)>> {
        self.db.read(|tx| {
            let rows = tx.partners()?;
            Ok(rows
                .into_iter()
                .filter_map(|(id, row)| Some((OrgId::from_bytes(&id).ok()?, row)))
                .collect())
        })
    }

    /// One partner, or the fault that there is none.
    pub fn partner_row(&self, id: &OrgId) -> Outcome<PartnerRow> {
        self.db.read(|tx| tx.partner(id.as_bytes())?.ok_or_else(|| unknown_partner(id)))
    }

    /// Finds a partner by its name in either language, or by the beginning of its id.
    pub fn find_partner(&self, text: &str) -> Outcome<(OrgId, PartnerRow)> {
        let wanted = text.trim().to_lowercase();
        let names = |row: &PartnerRow| [row.name_en.to_lowercase(), row.name_fr.to_lowercase()];
        let rows = self.partner_rows()?;
        // An id is its owner's alone, whatever others call themselves.
        if let Some(owner) = rows.iter().find(|(id, _)| id.to_string() == wanted) {
            return Ok(owner.clone());
        }
        let exact = rows.iter().filter(|(_, row)| names(row).contains(&wanted));
        let near = rows.iter().filter(|(id, row)| {
            wanted.len() >= 3
                && (id.to_string().starts_with(&wanted)
                    || names(row).iter().any(|name| name.contains(&wanted)))
        });
        let mut found: Vec<_> = exact.collect();
        if found.is_empty() {
            found = near.collect();
        }
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(Fault::new(
                1201,
                ("There is no such partner.", "Ce partenaire n’existe pas."),
                (
                    "List them: `entente partner list`.",
                    "Affichez la liste\u{a0}: `entente partner list`.",
                ),
            )),
            _ => Err(Fault::new(
                1202,
                ("Several partners match.", "Plusieurs partenaires correspondent."),
                (
                    "Give the whole name, or the id from `entente partner list`.",
                    "Donnez le nom complet ou l’identifiant affiché par `entente partner list`.",
                ),
            )),
        }
    }

    /// Whether a partner's requests are answered now.
    pub(crate) fn open_to(&self, row: &PartnerRow) -> Result<(), Shut> {
        if row.quarantined.is_some() {
            return Err(Shut::Quarantined);
        }
        match row.state {
            PartnerState::Ended => Err(Shut::Ended),
            _ if row.suspended_by_us => Err(Shut::Suspended),
            PartnerState::Connected => Err(Shut::NotVerified),
            PartnerState::Verified | PartnerState::Active | PartnerState::Suspended => Ok(()),
        }
    }

    /// The same, but a partnership that ended is still open for its last documents.
    pub(crate) fn is_open_or_over(&self, row: &PartnerRow) -> Result<(), Shut> {
        match self.open_to(row) {
            Err(Shut::Ended) if row.quarantined.is_none() && row.we_verified => Ok(()),
            other => other,
        }
    }

    /// Stops the exchange with a partner at once. Open streams are cut.
    pub fn suspend_partner(&self, actor: Actor, id: &OrgId) -> Outcome<()> {
        self.suspend_partner_because(actor, id, "")
    }

    /// The same, with words for the partner and both audit logs. Nothing about a case.
    ///
    /// The notice waits in the feed, since a suspended partner fetches nothing until we resume; that
    /// it is suspended it hears at the door.
    pub fn suspend_partner_because(&self, actor: Actor, id: &OrgId, reason: &str) -> Outcome<()> {
        self.db.write("suspend partner", |tx| {
            let mut row = tx.partner(id.as_bytes())?.ok_or_else(|| unknown_partner(id))?;
            match row.state {
                PartnerState::Ended => return Err(partnership_over()),
                // Suspended and resumed, it would have come around the phone check.
                PartnerState::Connected => return Err(not_verified()),
                PartnerState::Verified | PartnerState::Active | PartnerState::Suspended => {}
            }
            row.suspended_by_us = true;
            row.state = PartnerState::Suspended;
            self.tell_change(tx, id, PartnerChange::Suspended, reason)?;
            tx.put_partner(id.as_bytes(), &row)?;
            let entry = self.entry(actor, Action::PartnerSuspended).partner(*id);
            self.write_audit(tx, vec![entry.reasons(said(reason))])
        })?;
        self.refresh_admissions()
    }

    /// Takes our own suspension back.
    pub fn resume_partner(&self, actor: Actor, id: &OrgId) -> Outcome<()> {
        self.db.write("resume partner", |tx| {
            let mut row = tx.partner(id.as_bytes())?.ok_or_else(|| unknown_partner(id))?;
            if row.state == PartnerState::Ended {
                return Err(partnership_over());
            }
            if !row.suspended_by_us {
                return Err(not_suspended_by_us());
            }
            row.suspended_by_us = false;
            row.state = self.state_without_ours(tx, id, &row)?;
            self.tell_change(tx, id, PartnerChange::Resumed, "")?;
            tx.put_partner(id.as_bytes(), &row)?;
            let entry = self.entry(actor, Action::PartnerResumed).partner(*id);
            self.write_audit(tx, vec![entry])
        })?;
        self.refresh_admissions()
    }

    /// A partner that we asked for news says that it has suspended us.
    ///
    /// The notice is in its feed, which we may not read now, so its word at the door is what counts.
    /// Once it resumes, the feed says so.
    pub fn heard_of_suspension(&self, id: &OrgId) -> Outcome<()> {
        if self.partner_row(id)?.suspended_by_them {
            return Ok(());
        }
        self.db.write("suspended by partner", |tx| {
            let mut row = tx.partner(id.as_bytes())?.ok_or_else(|| unknown_partner(id))?;
            if row.state == PartnerState::Ended {
                return Ok(());
            }
            row.suspended_by_them = true;
            row.state = PartnerState::Suspended;
            tx.put_partner(id.as_bytes(), &row)?;
            self.note_suspension(tx, id)?;
            let entry = self.entry(Actor::Partner(*id), Action::PartnerSuspended).partner(*id);
            self.write_audit(tx, vec![entry.reasons(["at_the_door".to_owned()])])
        })?;
        self.refresh_admissions()
    }

    /// Remembers when we learned that a partner has suspended us.
    pub(crate) fn note_suspension(&self, tx: &mut Write<'_>, id: &OrgId) -> Outcome<()> {
        Ok(tx.put_meta(&suspended_key(id), &self.now_s().to_be_bytes())?)
    }

    /// Since when we know that a partner has suspended us; seconds since 1970.
    pub fn suspended_since(&self, id: &OrgId) -> Outcome<Option<i64>> {
        let bytes = self.db.read(|tx| tx.meta(&suspended_key(id)))?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes))
    }

    /// Where a partner stands once a suspension was lifted: where it stood before.
    pub(crate) fn state_without_ours(
        &self,
        tx: &Write<'_>,
        id: &OrgId,
        row: &PartnerRow,
    ) -> Outcome<PartnerState> {
        if row.suspended_by_us || row.suspended_by_them {
            return Ok(PartnerState::Suspended);
        }
        if !(row.we_verified && row.they_verified) {
            return Ok(PartnerState::Connected);
        }
        let signed = tx.agreements()?.into_iter().any(|(_, _, agreement)| {
            agreement.partner == *id.as_bytes()
                && agreement.our_signature.is_some()
                && agreement.their_signature.is_some()
        });
        Ok(if signed { PartnerState::Active } else { PartnerState::Verified })
    }

    /// Lets a partner speak again after a person has looked at the evidence.
    pub fn lift_quarantine(&self, actor: Actor, id: &OrgId) -> Outcome<()> {
        self.change_partner(actor, id, Action::PartnerReleased, |row| row.quarantined = None)
    }

    /// Changes a partner's row and writes the entry, then lets the doors know.
    pub(crate) fn change_partner(
        &self,
        actor: Actor,
        id: &OrgId,
        action: Action,
        change: impl FnOnce(&mut PartnerRow),
    ) -> Outcome<()> {
        self.db.write("change partner", |tx| {
            let mut row = tx.partner(id.as_bytes())?.ok_or_else(|| unknown_partner(id))?;
            if row.state == PartnerState::Ended {
                return Err(partnership_over());
            }
            change(&mut row);
            tx.put_partner(id.as_bytes(), &row)?;
            self.write_audit(tx, vec![self.entry(actor, action).partner(*id)])
        })?;
        self.refresh_admissions()
    }

    /// Keeps what a partner did wrong; a proof stops everything from it until a person looks.
    pub(crate) fn keep_evidence(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        fault: &str,
        proof: Vec<Vec<u8>>,
        fatal: bool,
    ) -> Outcome<()> {
        if !fatal && tx.n_evidence(partner.as_bytes())? >= MAX_EVIDENCE {
            return Ok(());
        }
        let evidence = EvidenceRow { at_s: self.now_s(), fault: fault.to_owned(), proof, fatal };
        tx.put_evidence(partner.as_bytes(), &evidence)?;
        if !fatal {
            return Ok(());
        }
        if let Some(mut row) = tx.partner(partner.as_bytes())? {
            row.quarantined = Some(fault.to_owned());
            tx.put_partner(partner.as_bytes(), &row)?;
        }
        let entry = self.entry(Actor::Node, Action::PartnerQuarantined).partner(*partner);
        self.write_audit(tx, vec![entry.reasons([fault.to_owned()])])
    }

    /// Notes that a partner sent something that cannot be read as a message of its kind. `field`
    /// names what was wrong; strangers are not remembered.
    pub(crate) fn note_malformed(&self, partner: &OrgId, field: &str) -> Outcome<()> {
        self.db.write("malformed", |tx| {
            if tx.partner(partner.as_bytes())?.is_none() {
                return Ok(());
            }
            let proof = vec![field.as_bytes().to_vec()];
            self.keep_evidence(tx, partner, "malformed", proof, false)
        })
    }

    /// Brings who may come in at the door in line with the partner table.
    pub fn refresh_admissions(&self) -> Outcome<()> {
        let (rows, tickets) =
            self.db.read(|tx| Ok::<_, Box<Fault>>((tx.partners()?, tx.tickets()?)))?;
        let unchecked: Vec<_> = rows
            .iter()
            .filter(|(_, row)| row.state == PartnerState::Connected)
            .map(|(id, _)| *id)
            .collect();
        let now_s = self.now_s();
        let invited = tickets.iter().any(|(_, ticket)| {
            // If two hold one invitation, the second must be able to knock, so that we learn of it.
            let used = ticket.used_by.is_some_and(|by| !unchecked.contains(&by));
            !used && ticket.expires_at_s > now_s
        });
        for (id, row) in rows {
            let Ok(id) = OrgId::from_bytes(&id) else { continue };
            let admission = match row.state {
                _ if row.quarantined.is_some() => Admission::Refused,
                // After the end the door stays open for a while, for the news of it and the
                // receipts; what may still be fetched then is decided by each call.
                PartnerState::Ended
                    if row.ended_at_s.is_some_and(|at| now_s <= at + AFTER_END_S) =>
                {
                    Admission::Partner
                }
                // Later they may begin again, like anybody else.
                PartnerState::Ended if invited => Admission::Invitee,
                PartnerState::Ended => Admission::Refused,
                // It may knock, to be told. Nothing else is answered.
                _ if row.suspended_by_us => Admission::Suspended,
                PartnerState::Connected => Admission::Invitee,
                _ => Admission::Partner,
            };
            self.admissions.set(id, admission);
        }
        self.admissions.expect_invitees(invited);
        self.news.partners_changed();
        Ok(())
    }
}

fn suspended_key(id: &OrgId) -> String {
    format!("suspended-by:{id}")
}

/// What a partner is called and what it is, for documents.
pub fn partner_text(row: &PartnerRow) -> (Text, OrgType) {
    let kind = OrgType::from_number(row.kind).unwrap_or(OrgType::Ngo);
    (Text::new(row.name_en.clone(), row.name_fr.clone()), kind)
}

/// A reason for the audit log, if one was given.
pub(crate) fn said(reason: &str) -> Option<String> {
    let reason = reason.trim();
    (!reason.is_empty()).then(|| reason.to_owned())
}

fn not_suspended_by_us() -> Box<Fault> {
    Fault::new(
        1205,
        ("We have not suspended this partner.", "Nous n’avons pas suspendu ce partenaire."),
        (
            "See who has: `entente partner show`.",
            "Voyez qui l’a fait\u{a0}: `entente partner show`.",
        ),
    )
}

pub(crate) fn not_verified() -> Box<Fault> {
    Fault::new(
        1216,
        (
            "The phone check with this partner is not finished.",
            "La vérification par téléphone avec ce partenaire n’est pas terminée.",
        ),
        (
            "Finish it: `entente partner digits`, or stop here: `entente partner decline`.",
            "Terminez-la\u{a0}: `entente partner digits`, ou arrêtez\u{a0}: `entente partner decline`.",
        ),
    )
}

pub(crate) fn unknown_partner(_: &OrgId) -> Box<Fault> {
    Fault::new(
        1201,
        ("There is no such partner.", "Ce partenaire n’existe pas."),
        ("List them: `entente partner list`.", "Affichez la liste\u{a0}: `entente partner list`."),
    )
}

pub(crate) fn partnership_over() -> Box<Fault> {
    Fault::new(
        1206,
        ("The partnership has ended.", "Le partenariat est terminé."),
        (
            "Begin again with a new invitation: `entente partner invite`.",
            "Recommencez par une nouvelle invitation\u{a0}: `entente partner invite`.",
        ),
    )
}
