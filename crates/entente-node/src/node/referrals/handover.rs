//! Contact details in a referral: sealed for the winner, taken from the home, opened by a person.

use entente_core::audit::{Action, Actor};
use entente_core::handover::{ContactDetails, KeyId, Sealed};
use entente_core::identity::OrgId;
use entente_core::policy::{Permitted, referral_decision};
use entente_core::referral::{
    Body, Head, HomeEvent, HomeStep, Message, PartnerEvent, PartnerState, ReferralId, Refused,
};
use entente_core::statement::AgreementRef;
use entente_store::db::{Rows, Write};
use entente_store::handover::Way;
use entente_store::referrals::Referrals as _;

use super::faults::{refused, unknown_referral};
use super::home::Doing;
use super::{KeptReferral, ReceivedReferral};
use crate::fault::Fault;
use crate::node::feeds::Gathered;
use crate::node::handovers::{Came, OpenedHandover};
use crate::node::{Node, Outcome};

/// What of ours answers an offer or comes after that, in the timeline of a referral that we have.
const ACCEPTED: [&str; 4] = ["accepting", "handed_over", "opened", "in_service"];

impl Node {
    /// Seals contact details for whoever has a referral of ours, and hands them over.
    ///
    /// They are sealed in this call, and nothing of them stays here that anybody here can open.
    pub fn hand_over_referral(
        &self,
        actor: Actor,
        id: &ReferralId,
        details: &ContactDetails,
    ) -> Outcome<KeptReferral> {
        let doing = Doing { details: Some(details), ..Doing::new(&actor, HomeEvent::HandOver) };
        let done = match self.asked_by(id)? {
            // Whoever asked us for it seals them, so that we never have them.
            Some(_) => Err(sealed_by_others()),
            None => self.change_referral(id, doing),
        };
        if let Err(fault) = &done {
            let entry = self.referral_entry(actor, Action::ReferralRefused, id);
            self.audit(vec![entry.reasons([fault.code.clone()])])?;
        }
        done
    }

    /// The message with the sealed contact details, if everything that let the offer go still holds.
    pub(super) fn seal_message(
        &self,
        tx: &Write<'_>,
        kept: &KeptReferral,
        partner: &OrgId,
        doing: &Doing<'_>,
    ) -> Outcome<Permitted<Message>> {
        self.may_hand_over(tx, kept, partner)?;
        if let Some(message) = doing.sealed {
            let through = self.through(tx, &kept.id, partner)?;
            return referral_decision(&kept.state, *partner, through, message.clone())
                .ok_or_else(|| refused(Refused::NotOffered));
        }
        let details = doing.details.ok_or_else(|| refused(Refused::NotYet))?;
        let row = kept.offers.get(partner).ok_or_else(|| refused(Refused::NotOffered))?;
        let agreement = AgreementRef { id: row.agreement.0, version: row.agreement.1 };
        let through = self.through(tx, &kept.id, partner)?;
        let head = self.head(kept.id, agreement, Some(&row.ours), row.theirs.last);
        let head = Head { sponsored: (through != *partner).then_some(*partner), ..head };
        let (key, sealed) = self.seal_handover(tx, partner, &head, details)?;
        let body = Body::HandOver { key: key.0, sealed: sealed.as_bytes().to_vec() };
        referral_decision(&kept.state, *partner, through, Message { head, body })
            .ok_or_else(|| refused(Refused::NotOffered))
    }

    fn may_hand_over<R: Rows>(&self, tx: &R, kept: &KeptReferral, partner: &OrgId) -> Outcome<()> {
        let case = self.case_for(tx, &kept.record)?;
        let permitted = self.permit_offer(tx, kept, &case, partner)?.map(|_| ());
        permitted.map_err(|refusal| {
            refusal.explain(not_permitted(), ("to this partner", "à ce partenaire"))
        })
    }

    /// Remembers a hand-over among what was said.
    pub(super) fn remember_handover(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        message: &Message,
        hash: [u8; 32],
        said_at: (u32, u64),
    ) -> Outcome<()> {
        let Body::HandOver { key, sealed } = &message.body else { return Ok(()) };
        let Ok(sealed) = Sealed::from_bytes(sealed.clone()) else { return Ok(()) };
        let key = (KeyId(*key), &sealed);
        self.keep_sent_handover(tx, partner, &message.head, key, hash, said_at)
    }

    /// What becomes of what we handed over when the referral comes to an end, or when it was opened.
    pub(super) fn settle_sent_handovers(
        &self,
        tx: &mut Write<'_>,
        kept: &KeptReferral,
    ) -> Outcome<()> {
        let Some(winner) = kept.state.winner() else { return Ok(()) };
        match kept.state.step {
            HomeStep::Done(_) => self.close_handovers(tx, Way::Sent, &winner, &kept.id),
            HomeStep::Revoked => {
                self.shred_handovers(tx, Way::Sent, &winner, &kept.id, "withdrawn")
            }
            HomeStep::Opened | HomeStep::InService => {
                self.note_opened(tx, Way::Sent, &winner, &kept.id)
            }
            _ => Ok(()),
        }
    }

    /// The same for what was handed over to us.
    pub(super) fn settle_received_handovers(
        &self,
        tx: &mut Write<'_>,
        kept: &ReceivedReferral,
    ) -> Outcome<()> {
        match kept.state {
            PartnerState::Done(_) => self.close_handovers(tx, Way::Received, &kept.home, &kept.id),
            PartnerState::Revoked => {
                self.shred_handovers(tx, Way::Received, &kept.home, &kept.id, "withdrawn")
            }
            PartnerState::InService => self.note_opened(tx, Way::Received, &kept.home, &kept.id),
            _ => Ok(()),
        }
    }

    /// Takes sealed contact details of a referral that we have, if they can be opened here. Says whether
    /// it did.
    pub(super) fn take_sealed(
        &self,
        tx: &mut Write<'_>,
        kept: &mut ReceivedReferral,
        message: &Message,
        digest: [u8; 32],
        gathered: &mut Gathered,
    ) -> Outcome<bool> {
        let Body::HandOver { key, sealed } = &message.body else { return Ok(false) };
        let is_ours = self.is_accepted(tx, kept, message.head.seen)?;
        let came = Came { home: kept.home, head: &message.head, key: KeyId(*key), sealed, digest };
        let taken = self.take_handover(tx, &came, is_ours, gathered)?.is_ok();
        if taken {
            kept.key = Some(*key);
        }
        Ok(taken)
    }

    /// Whether `seen` is a message of ours that accepted this referral, or a later one.
    fn is_accepted(
        &self,
        tx: &Write<'_>,
        kept: &ReceivedReferral,
        seen: Option<[u8; 32]>,
    ) -> Outcome<bool> {
        if seen.is_some() && seen == kept.ours.last {
            return Ok(true);
        }
        let steps = tx.referral_steps(kept.home.as_bytes(), &kept.id.0)?;
        let is_ours = |code: &str| ACCEPTED.contains(&code);
        Ok(seen.is_some() && steps.iter().any(|step| is_ours(&step.code) && step.hash == seen))
    }

    /// Opens the contact details of a referral that we have, with the passphrase of one opener. The
    /// home hears of it the first time.
    pub fn open_referral(
        &self,
        actor: Actor,
        home: &OrgId,
        id: &ReferralId,
        opener: (&str, &str),
    ) -> Outcome<OpenedHandover> {
        let by = actor.clone();
        self.open_handover(actor, home, id, opener, |tx| {
            let kept = self.received_referral(tx, home, id)?;
            let mut kept = kept.ok_or_else(unknown_referral)?;
            // Of one that is served or closed already, that it was opened says nothing new.
            let _opened = self.do_partner(tx, &mut kept, &by, PartnerEvent::Open)?;
            Ok(())
        })
    }
}

/// `ENT-2639`.
fn sealed_by_others() -> Box<Fault> {
    Fault::new(
        2639,
        (
            "An organization that we sponsor asked for this referral: it seals the contact details itself, and we never have them.",
            "Un organisme que nous parrainons a demandé cet aiguillage\u{a0}: il scelle lui-même les coordonnées, et nous ne les avons jamais.",
        ),
        (
            "Send it its mail: `entente sponsor mail`. It then runs `entente sponsored handover`.",
            "Envoyez-lui son courrier\u{a0}: `entente sponsor mail`. Il lancera ensuite `entente sponsored handover`.",
        ),
    )
}

/// `ENT-2413`.
fn not_permitted() -> Box<Fault> {
    Fault::new(
        2413,
        (
            "The contact details may not be handed over now.",
            "Les coordonnées ne peuvent pas être transmises pour l’instant.",
        ),
        (
            "See the agreement and the consents: `entente agreement list`, `entente consent list RECORD`.",
            "Voyez l’entente et les consentements\u{a0}: `entente agreement list`, `entente consent list DOSSIER`.",
        ),
    )
}
