//! What partners say about referrals, read from their feeds.
//!
//! Each message has one outcome, in the transaction that counts its leaf: a transition, or an entry
//! that says why it had no effect. Nothing here is a fault of the feed. What is late, repeated or
//! about something over is what partitions bring about; what no honest node says (a stranger's
//! answer, a broken chain) is kept as evidence besides.

use entente_core::audit::{Action, Actor};
use entente_core::envelope::Envelope;
use entente_core::identity::OrgId;
use entente_core::referral::{
    Body, HomeEvent, HomeStep, Message, Offer, OfferStep, PartnerEvent, PartnerState, ReferralId,
    Refused, Standing,
};
use entente_core::statement::AgreementRef;
use entente_store::db::Write;
use entente_store::referrals::Referrals as _;
use entente_store::rows::ChainRow;
use entente_store::tx::Reads as _;
use sha2::{Digest as _, Sha256};

use super::home::Doing;
use super::partner::{asked, is_pending};
use super::{MAX_OPEN_WITH_PARTNER, ReceivedReferral, home, rows};
use crate::node::documents::Used;
use crate::node::feeds::Gathered;
use crate::node::{Node, Outcome};

/// Whether a message is the next one of its chain. An issuer whose feed began anew begins its chains
/// anew: its first message is read again, and has whatever effect it still has.
pub(crate) fn continues(chain: &ChainRow, message: &Message) -> bool {
    let is_next = message.head.step == chain.steps + 1 && message.head.previous == chain.last;
    is_next || message.head.step == 1
}

impl Node {
    /// Reads a message about a referral. It was signed by the feed's issuer.
    pub(crate) fn read_referral(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        envelope: &Envelope,
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let (kind, bytes) = (&envelope.payload_type, &envelope.payload);
        let Ok(message) = entente_proto::decode_referral(kind, bytes) else {
            return Ok(Err("document_unreadable"));
        };
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        let used = match &message.body {
            Body::Offer(_) | Body::Decision(_) | Body::HandOver { .. }
                if message.head.sponsored.is_some() =>
            {
                self.carry_word(tx, issuer, &message, envelope, hash)?
            }
            // A sponsor speaks for itself alone: what its organization answers has that one's signature.
            Body::Reply(_) | Body::Progress(_) if message.head.sponsored.is_some() => {
                Err("sponsored_not_signed")
            }
            Body::Offer(offer) => self.read_offer(tx, issuer, &message, offer, hash)?,
            Body::Decision(_) | Body::HandOver { .. } => {
                self.read_decision(tx, issuer, &message, hash, gathered)?
            }
            Body::Reply(_) | Body::Progress(_) => {
                let used = self.read_answer(tx, (issuer, issuer), &message, hash)?;
                if used.is_ok() {
                    self.keep_acceptance(tx, issuer, &message, envelope)?;
                }
                used
            }
        };
        if let Err(reason) = used {
            // In the order in which it came, and with the other entries of its batch.
            gathered.entries.push(self.ignored(issuer, &message.head.referral, reason));
        }
        Ok(used)
    }

    pub(crate) fn ignored(
        &self,
        issuer: &OrgId,
        id: &ReferralId,
        reason: &str,
    ) -> entente_core::audit::AuditEntry {
        let entry = self.referral_entry(Actor::Partner(*issuer), Action::ReferralIgnored, id);
        entry.partner(*issuer).reasons([reason.to_owned()])
    }

    /// Writes down that a message had no effect, where honest nodes come to that.
    pub(crate) fn without_effect(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        id: &ReferralId,
        refused: Refused,
    ) -> Outcome<Used> {
        match refused {
            Refused::NotOffered | Refused::NotYet | Refused::Contradiction => {
                Ok(Err(refused.code()))
            }
            Refused::Repeated | Refused::Taken | Refused::Over => {
                self.write_audit(tx, vec![self.ignored(issuer, id, refused.code())])?;
                Ok(Ok(()))
            }
        }
    }

    /// A partner answers an offer of ours, or says how far it has come.
    ///
    /// `through` is who said it in its feed: itself, or its sponsor.
    pub(crate) fn read_answer(
        &self,
        tx: &mut Write<'_>,
        (issuer, through): (&OrgId, &OrgId),
        message: &Message,
        hash: [u8; 32],
    ) -> Outcome<Used> {
        let id = message.head.referral;
        let Some(row) = tx.referral(&id.0)? else { return Ok(Err("referral_unknown")) };
        let mut kept = rows::kept(id, row)?;
        let Some(offer) = kept.offers.get_mut(issuer) else {
            return Ok(Err(Refused::NotOffered.code()));
        };
        if self.through(tx, &id, issuer)? != *through {
            return Ok(Err("sponsored_by_others"));
        }
        let AgreementRef { id: agreement, version } = message.head.agreement;
        if offer.agreement != (agreement, version) {
            return Ok(Err("referral_other_agreement"));
        }
        if !continues(&offer.theirs, message) {
            return Ok(Err("referral_out_of_order"));
        }
        offer.theirs = ChainRow { steps: message.head.step, last: Some(hash) };
        let Some(event) = asked(*issuer, &message.body) else {
            return Ok(Err("document_unknown"));
        };
        let actor = Actor::Partner(*issuer);
        let mut doing = Doing::new(&actor, event);
        if let Some(codes) = self.no_longer_permitted(tx, &kept, issuer, &doing.event)? {
            // It may not have the referral any more: its offer is taken back, and it is told.
            doing.event = HomeEvent::TakeBack(*issuer);
            doing.reasons = codes;
        }
        match self.do_home(tx, &mut kept, doing)? {
            Ok(()) => Ok(Ok(())),
            Err(refused) => {
                home::put(tx, &kept)?;
                self.without_effect(tx, issuer, &id, refused)
            }
        }
    }

    /// Whether the offer that a partner accepts could not be made today, and why.
    fn no_longer_permitted(
        &self,
        tx: &Write<'_>,
        kept: &super::KeptReferral,
        partner: &OrgId,
        event: &HomeEvent,
    ) -> Outcome<Option<Vec<String>>> {
        let is_open = kept.state.offers.get(partner) == Some(&OfferStep::Open);
        if !matches!(event, HomeEvent::Accept(_))
            || kept.state.step != HomeStep::Offered
            || !is_open
        {
            return Ok(None);
        }
        let case = self.case_for(tx, &kept.record)?;
        let permitted = self.permit_offer(tx, kept, &case, partner)?;
        Ok(permitted.err().map(|refusal| refusal.codes()))
    }

    /// A partner offers us a referral.
    fn read_offer(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        message: &Message,
        offer: &Offer,
        hash: [u8; 32],
    ) -> Outcome<Used> {
        let head = &message.head;
        if let Some(mut known) = self.received_referral(tx, issuer, &head.referral)? {
            // Its feed began anew, or ours was set back; what we said about it stands.
            known.theirs = ChainRow { steps: head.step, last: Some(hash) };
            put(tx, &known)?;
            return self.without_effect(tx, issuer, &head.referral, Refused::Repeated);
        }
        if head.step != 1 {
            return Ok(Err("referral_out_of_order"));
        }
        if !self.grants_us_referrals(tx, issuer, head.agreement)? {
            return Ok(Err("referral_not_agreed"));
        }
        if tx.n_pending_referrals(issuer.as_bytes())? >= MAX_OPEN_WITH_PARTNER {
            return Ok(Err("referral_quota"));
        }
        let mut kept = ReceivedReferral {
            home: *issuer,
            id: head.referral,
            card: Some(offer.card.clone()),
            state: PartnerState::Offered,
            agreement: head.agreement,
            received_at_s: self.now_s(),
            due_at_s: offer.due_at_s,
            expires_at_s: offer.expires_at_s,
            since_s: self.now_s(),
            reminded: false,
            key: None,
            ours: ChainRow::default(),
            theirs: ChainRow { steps: head.step, last: Some(hash) },
            n_steps: 0,
        };
        let actor = Actor::Partner(*issuer);
        self.add_received_step(tx, &mut kept, &actor, ("offered", ""), Some(hash))?;
        put(tx, &kept)?;
        let entry = self.referral_entry(actor, Action::ReferralOffered, &kept.id);
        let entry = entry.partner(*issuer).agreement(head.agreement.id);
        self.write_audit(tx, vec![entry])?;
        Ok(Ok(()))
    }

    /// Whether this agreement, with this partner and signed by both, lets it offer us referrals.
    pub(crate) fn grants_us_referrals(
        &self,
        tx: &Write<'_>,
        issuer: &OrgId,
        reference: AgreementRef,
    ) -> Outcome<bool> {
        if !self.agreed(tx, issuer, Some(reference))? {
            return Ok(false);
        }
        let row = tx.agreement(&reference.id, reference.version)?;
        let agreement = row.and_then(|row| entente_proto::decode_agreement(&row.bytes).ok());
        let grant = agreement.as_ref().and_then(|it| it.grant_from(issuer));
        Ok(grant.is_some_and(|(_, grant)| grant.referrals))
    }

    /// The home of a referral that we were offered says where it stands, or hands over.
    fn read_decision(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        message: &Message,
        hash: [u8; 32],
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let id = message.head.referral;
        let Some(mut kept) = self.received_referral(tx, issuer, &id)? else {
            let over = matches!(
                message.body,
                Body::Decision(Standing::Taken | Standing::Revoked | Standing::Expired)
            );
            // An offer that was over before we read it travels without its content.
            return match over {
                true => self.without_effect(tx, issuer, &id, Refused::Over),
                false => Ok(Err("referral_unknown")),
            };
        };
        if kept.agreement != message.head.agreement {
            return Ok(Err("referral_other_agreement"));
        }
        // A hand-over that was destroyed before we read it leaves a gap.
        if !continues(&kept.theirs, message) && message.head.step <= kept.theirs.steps + 1 {
            return Ok(Err("referral_out_of_order"));
        }
        kept.theirs = ChainRow { steps: message.head.step, last: Some(hash) };
        let actor = Actor::Partner(*issuer);
        let event = match &message.body {
            Body::Decision(standing) => PartnerEvent::Told(*standing),
            _ => PartnerEvent::HandedOver,
        };
        if matches!(message.body, Body::HandOver { .. })
            && kept.state.after(event).is_ok()
            && !self.take_sealed(tx, &mut kept, message, hash, gathered)?
        {
            put(tx, &kept)?;
            return Ok(Ok(()));
        }
        match self.do_partner(tx, &mut kept, &actor, event)? {
            Ok(()) => Ok(Ok(())),
            Err(refused) => {
                put(tx, &kept)?;
                self.without_effect(tx, issuer, &id, refused)
            }
        }
    }
}

pub(super) fn put(tx: &mut Write<'_>, kept: &ReceivedReferral) -> Outcome<()> {
    tx.set_referral_pending(kept.home.as_bytes(), &kept.id.0, is_pending(kept.state))?;
    let row = rows::received_row(kept);
    Ok(tx.put_received_referral(kept.home.as_bytes(), &kept.id.0, &row)?)
}
