//! Documents in a feed: notices, receipts, test shares, and agreements on their way to be signed.
//!
//! A document is a DSSE envelope inside a leaf. It is verified against the feed's issuer before it
//! is read; one that cannot be read is skipped and reported.

use entente_core::audit::{Action, Actor};
use entente_core::codes::Code as _;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::policy::{self, Permitted};
use entente_core::record::RecordId;
use entente_core::sponsor::CarriedAnswer;
use entente_core::statement::Statement;
use entente_proto::{Done, Notice, PartnerChange, Receipt, Receipted, TestShare};
use entente_store::db::Write;
use entente_store::rows::PartnerState;
use entente_store::tx::Reads as _;

use super::audit::no_randomness;
use super::feeds::{Gathered, Refused};
use super::pairing::random;
use super::partners::unknown_partner;
use super::{Node, Outcome};
use crate::fault::Fault;

/// A document was used, or why not.
pub(crate) type Used = Result<(), &'static str>;

impl Node {
    /// A signed document that may go to a partner. Documents say nothing about a case.
    pub(crate) fn document(
        &self,
        partner: &OrgId,
        kind: &str,
        payload: Vec<u8>,
    ) -> Outcome<Permitted<Statement>> {
        let envelope = Envelope::seal(kind, payload, &self.secrets.key);
        let envelope = envelope.map_err(|_| no_randomness())?;
        policy::document(*partner, envelope).ok_or_else(crate::answer::failed)
    }

    /// Something done just now.
    pub(crate) fn receipted(&self, what: Done) -> Receipted {
        Receipted { what, done_at_s: u64::try_from(self.now_s()).unwrap_or(0) }
    }

    pub(crate) fn receipt(
        &self,
        partner: &OrgId,
        receipt: &Receipt,
    ) -> Outcome<Permitted<Statement>> {
        self.document(partner, payload_type::RECEIPT, entente_proto::encode_receipt(receipt))
    }

    pub(super) fn notice(&self, partner: &OrgId, notice: &Notice) -> Outcome<Permitted<Statement>> {
        self.document(partner, payload_type::NOTICE, entente_proto::encode_notice(notice))
    }

    /// Tells a partner that we changed where the partnership stands.
    pub(crate) fn tell_change(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        change: PartnerChange,
        reason: &str,
    ) -> Outcome<()> {
        let at_s = u64::try_from(self.now_s()).unwrap_or(0);
        let notice = Notice::Partner { at_s, change, reason: reason.to_owned() };
        let notice = self.notice(partner, &notice)?;
        self.say(tx, partner, None, vec![notice])?;
        Ok(())
    }

    /// Sends a test share: a marker that the other side answers with a receipt.
    pub fn send_test(&self, actor: Actor, partner: &OrgId) -> Outcome<()> {
        let test = TestShare { id: random::<16>()? };
        let at_s = u64::try_from(self.now_s()).unwrap_or(0);
        self.db.write("test share", |tx| {
            let mut row =
                tx.partner(partner.as_bytes())?.ok_or_else(|| unknown_partner(partner))?;
            self.open_to(&row).map_err(|_| not_open())?;
            row.test_sent_at_s = Some(self.now_s());
            row.test_done_at_s = None;
            tx.put_partner(partner.as_bytes(), &row)?;
            let notice = self.notice(partner, &Notice::Test { at_s, test })?;
            self.say(tx, partner, None, vec![notice])?;
            let entry = self.entry(actor, Action::TestShared).partner(*partner).reference(test.id);
            self.write_audit(tx, vec![entry])
        })
    }

    /// Ends a partnership. The other side is told; what its agreements say about the end is done.
    pub fn end_partner(&self, actor: Actor, partner: &OrgId, reason: &str) -> Outcome<()> {
        let gone = self.db.write("end partner", |tx| {
            let mut row =
                tx.partner(partner.as_bytes())?.ok_or_else(|| unknown_partner(partner))?;
            if row.state == PartnerState::Ended {
                return Err(super::partners::partnership_over());
            }
            let gone = self.end_agreements_with(tx, actor.clone(), partner)?;
            self.tell_change(tx, partner, PartnerChange::Ended, reason)?;
            row.state = PartnerState::Ended;
            row.ended_at_s = Some(self.now_s());
            tx.put_partner(partner.as_bytes(), &row)?;
            let entry = self.entry(actor, Action::PartnerEnded).partner(*partner);
            self.write_audit(tx, vec![entry.reasons(super::partners::said(reason))])?;
            Ok::<_, Box<Fault>>(gone)
        })?;
        self.forget_held(&gone);
        self.forget_directory();
        self.refresh_admissions()
    }

    /// Reads one document of a partner's feed.
    pub(crate) fn read_document(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        envelope: &Envelope,
        gathered: &mut Gathered,
    ) -> Result<Used, Refused> {
        gathered.accepted.n_documents += 1;
        if !is_of_services(&envelope.payload_type) {
            gathered.services.ask_again();
        }
        let kind = envelope.payload_type.as_str();
        if kind == payload_type::AGREEMENT || kind == payload_type::AGREEMENT_PROPOSAL {
            return Ok(self.read_agreement(tx, issuer, envelope, gathered)?);
        }
        if kind == payload_type::SPONSORED {
            return Ok(self.read_carried(tx, issuer, envelope, gathered)?);
        }
        if envelope.signatures.len() == 2 && CarriedAnswer::KINDS.contains(&kind) {
            return Ok(self.read_carried_answer(tx, issuer, envelope, gathered)?);
        }
        let Ok(payload) = envelope.verify(&envelope.payload_type, &[*issuer]) else {
            return Ok(Err("document_not_signed"));
        };
        let bytes = payload.bytes();
        match envelope.payload_type.as_str() {
            payload_type::SERVICE | payload_type::SERVICE_WITHDRAWAL | payload_type::CAPACITY => {
                let services = &mut gathered.services;
                Ok(self.read_service_document(tx, issuer, envelope, services)?)
            }
            payload_type::AGREEMENT_NOTICE => {
                let Ok(notice) = entente_proto::decode_agreement_notice(bytes) else {
                    return Ok(Err("document_unreadable"));
                };
                Ok(self.read_agreement_notice(tx, issuer, &notice, gathered)?)
            }
            payload_type::RECEIPT => {
                let Ok(receipt) = entente_proto::decode_receipt(bytes) else {
                    return Ok(Err("document_unreadable"));
                };
                self.read_receipt(tx, issuer, &receipt, gathered)?;
                Ok(Ok(()))
            }
            payload_type::NEW_FEED => {
                if entente_proto::decode_feed_restart(bytes).is_err() {
                    return Ok(Err("document_unreadable"));
                }
                // What it took back before stays taken back; the rest is said again or not.
                // What it carried for others was signed by them, and stays the newest that they said.
                tx.delete_services_of(issuer.as_bytes())?;
                gathered.services.forget = true;
                let entry = self.entry(Actor::Partner(*issuer), Action::Restored);
                gathered.entries.push(entry.partner(*issuer));
                Ok(Ok(()))
            }
            payload_type::OVERLAP_RESULT => {
                Ok(self.read_overlap_result(tx, issuer, envelope, gathered)?)
            }
            payload_type::SUM_GIVEN_UP => Ok(self.read_sum_end(tx, issuer, envelope, gathered)?),
            payload_type::PLAN
            | payload_type::PLAN_PROPOSAL
            | payload_type::OVERLAP_TERMS
            | payload_type::OVERLAP_PROPOSAL => {
                Ok(self.read_plan_or_terms(tx, issuer, envelope, gathered)?)
            }
            payload_type::SPONSORSHIP_END => {
                Ok(self.read_sponsorship_end(tx, issuer, bytes, gathered)?)
            }
            payload_type::HANDOVER_KEY => Ok(self.read_team_key(tx, issuer, envelope, gathered)?),
            payload_type::HANDOVER_RECEIPT => {
                Ok(self.read_handover_receipt(tx, (issuer, issuer), bytes, gathered)?)
            }
            kind if payload_type::REFERRALS.contains(&kind) => {
                Ok(self.read_referral(tx, issuer, envelope, gathered)?)
            }
            payload_type::NOTICE => {
                let Ok(notice) = entente_proto::decode_notice(bytes) else {
                    return Ok(Err("document_unreadable"));
                };
                self.read_notice(tx, issuer, notice, gathered)?;
                Ok(Ok(()))
            }
            _ => Ok(Err("document_unknown")),
        }
    }

    fn read_notice(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        notice: Notice,
        gathered: &mut Gathered,
    ) -> Outcome<()> {
        let mut row = tx.partner(issuer.as_bytes())?.ok_or_else(|| unknown_partner(issuer))?;
        let actor = Actor::Partner(*issuer);
        let action = match notice {
            Notice::Partner { change, .. } => match change {
                PartnerChange::Suspended => {
                    if !row.suspended_by_them {
                        self.note_suspension(tx, issuer)?;
                    }
                    row.suspended_by_them = true;
                    if row.state != PartnerState::Ended {
                        row.state = PartnerState::Suspended;
                    }
                    Action::PartnerSuspended
                }
                PartnerChange::Resumed => {
                    row.suspended_by_them = false;
                    if row.state == PartnerState::Suspended {
                        row.state = self.state_without_ours(tx, issuer, &row)?;
                    }
                    Action::PartnerResumed
                }
                PartnerChange::Ended => {
                    let gone = self.end_agreements_with(tx, actor.clone(), issuer)?;
                    gathered.shredded(gone);
                    row.state = PartnerState::Ended;
                    row.ended_at_s = Some(self.now_s());
                    Action::PartnerEnded
                }
            },
            Notice::Card { card, .. } if card.org == *issuer => {
                row.address = card.address;
                row.name_en = card.name.en;
                row.name_fr = card.name.fr;
                row.kind = card.kind.number();
                Action::PartnerConnected
            }
            Notice::Card { .. } => return Ok(()),
            Notice::Test { test, .. } => {
                gathered.receipts.push(self.receipted(Done::TestShare { test: test.id }));
                Action::TestShared
            }
        };
        tx.put_partner(issuer.as_bytes(), &row)?;
        gathered.entries.push(self.entry(actor, action).partner(*issuer));
        Ok(())
    }

    fn read_receipt(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        receipt: &Receipt,
        gathered: &mut Gathered,
    ) -> Outcome<()> {
        for Receipted { what, done_at_s } in &receipt.items {
            let done_at_s = i64::try_from(*done_at_s).unwrap_or(i64::MAX);
            let entry =
                || self.entry(Actor::Partner(*issuer), Action::ReceiptReceived).partner(*issuer);
            match what {
                Done::Withdrawal { summary, fate } => {
                    let Some(record) = tx.released_as(issuer.as_bytes(), &summary.0)? else {
                        continue;
                    };
                    let Some(mut release) = tx.release(&record, issuer.as_bytes())? else {
                        continue;
                    };
                    release.receipt = Some((done_at_s, fate.code().to_owned()));
                    self.put_release(tx, &record, issuer.as_bytes(), &release)?;
                    gathered.accepted.n_receipts += 1;
                    let entry = entry().record(RecordId(record));
                    gathered.entries.push(entry.reasons([fate.code().to_owned()]));
                }
                Done::AgreementEnd { agreement, fate, n_summaries } => {
                    if self.end_receipt(tx, issuer, agreement, done_at_s, *fate)? {
                        gathered.accepted.n_receipts += 1;
                        let entry = entry().agreement(agreement.0).n(*n_summaries);
                        gathered.entries.push(entry.reasons([fate.code().to_owned()]));
                    }
                }
                Done::TestShare { test } => {
                    let mut row =
                        tx.partner(issuer.as_bytes())?.ok_or_else(|| unknown_partner(issuer))?;
                    row.test_done_at_s = Some(done_at_s);
                    tx.put_partner(issuer.as_bytes(), &row)?;
                    let entry = self.entry(Actor::Partner(*issuer), Action::TestShared);
                    gathered.entries.push(entry.partner(*issuer).reference(*test));
                }
                Done::Delivery { .. } => {}
            }
        }
        Ok(())
    }
}

fn is_of_services(kind: &str) -> bool {
    [payload_type::SERVICE, payload_type::SERVICE_WITHDRAWAL, payload_type::CAPACITY]
        .contains(&kind)
}

pub(crate) fn not_open() -> Box<Fault> {
    Fault::new(
        1212,
        (
            "Nothing can be said to this partner now.",
            "Rien ne peut être communiqué à ce partenaire pour l’instant.",
        ),
        ("See why: `entente partner show`.", "Voyez pourquoi\u{a0}: `entente partner show`."),
    )
}
