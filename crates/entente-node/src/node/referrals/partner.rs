//! Referrals that partners offered us: accepted, declined, served, closed.

use entente_core::audit::{Action, Actor};
use entente_core::codes::{Barrier, Code as _, ReferralOutcome};
use entente_core::identity::OrgId;
use entente_core::policy::referral_answer;
use entente_core::referral::{
    Answer, Body, Message, PartnerEvent, PartnerState, ReferralId, Refused, Reply,
};
use entente_store::db::Write;
use entente_store::rows::{ChainRow, ReferralStepRow};
use entente_store::tx::Reads as _;

use super::ReceivedReferral;
use super::faults::{agreement_closed, refused, unknown_referral};
use crate::fault::Fault;
use crate::node::agreements::state_of;
use crate::node::documents::not_open;
use crate::node::partners::unknown_partner;
use crate::node::{Node, Outcome};

impl Node {
    /// Accepts a referral: asks the home for it. Who has it is what the home says then.
    pub fn accept_referral(
        &self,
        actor: Actor,
        home: &OrgId,
        id: &ReferralId,
    ) -> Outcome<ReceivedReferral> {
        self.answer_referral(actor, home, id, PartnerEvent::Accept)
    }

    /// Declines a referral; the card is destroyed here.
    pub fn decline_referral(
        &self,
        actor: Actor,
        home: &OrgId,
        id: &ReferralId,
        barrier: Barrier,
    ) -> Outcome<ReceivedReferral> {
        self.answer_referral(actor, home, id, PartnerEvent::Decline(barrier))
    }

    /// Says that the contact details were opened, that the person is being served, or that it is
    /// closed.
    pub fn answer_referral(
        &self,
        actor: Actor,
        home: &OrgId,
        id: &ReferralId,
        event: PartnerEvent,
    ) -> Outcome<ReceivedReferral> {
        self.db.write("answer referral", |tx| {
            let row = tx.partner(home.as_bytes())?.ok_or_else(|| unknown_partner(home))?;
            self.open_to(&row).map_err(|_| not_open())?;
            let kept = self.received_referral(tx, home, id)?;
            let mut kept = kept.ok_or_else(unknown_referral)?;
            if event == PartnerEvent::Accept && !self.is_agreed(tx, &kept)? {
                return Err(agreement_closed());
            }
            self.do_partner(tx, &mut kept, &actor, event)?.map_err(refused)?;
            Ok::<_, Box<Fault>>(kept)
        })
    }

    /// Says that the person is being served. The contact details must have come, by whichever way they
    /// were read.
    pub fn start_received(
        &self,
        actor: Actor,
        home: &OrgId,
        id: &ReferralId,
    ) -> Outcome<ReceivedReferral> {
        self.answer_referral(actor, home, id, PartnerEvent::Serve)
    }

    /// Closes a referral that we have.
    pub fn close_received(
        &self,
        actor: Actor,
        home: &OrgId,
        id: &ReferralId,
        outcome: ReferralOutcome,
    ) -> Outcome<ReceivedReferral> {
        self.answer_referral(actor, home, id, PartnerEvent::Close(outcome))
    }

    /// Whether the agreement under which it was offered is in force.
    fn is_agreed(&self, tx: &Write<'_>, kept: &ReceivedReferral) -> Outcome<bool> {
        let row = tx.agreement(&kept.agreement.id, kept.agreement.version)?;
        let Some(row) = row else { return Ok(false) };
        use entente_core::agreement::AgreementState;
        let Ok(agreement) = entente_proto::decode_agreement(&row.bytes) else { return Ok(false) };
        let state = state_of(&row).on(agreement.term, self.today());
        Ok(matches!(state, AgreementState::Active | AgreementState::Amended))
    }

    /// Does something to a referral that we were offered: its state, its timeline, the audit log, and
    /// what has to be said to the home, in one transaction.
    pub(super) fn do_partner(
        &self,
        tx: &mut Write<'_>,
        kept: &mut ReceivedReferral,
        actor: &Actor,
        event: PartnerEvent,
    ) -> Outcome<Result<(), Refused>> {
        let (state, reply) = match kept.state.after(event) {
            Ok(next) => next,
            Err(refused) => return Ok(Err(refused)),
        };
        kept.state = state;
        kept.since_s = self.now_s();
        let mut hash = kept.theirs.last;
        if let Some(reply) = reply {
            hash = Some(self.say_partner(tx, kept, reply)?);
        }
        if state.is_over() {
            kept.card = None;
        }
        self.settle_received_handovers(tx, kept)?;
        let (action, code, detail) = about(event);
        let entry = self.referral_entry(actor.clone(), action, &kept.id).partner(kept.home);
        let reasons = [code, detail].into_iter().filter(|it| !it.is_empty()).map(str::to_owned);
        self.write_audit(tx, vec![entry.agreement(kept.agreement.id).reasons(reasons)])?;
        self.add_received_step(tx, kept, actor, (code, detail), hash)?;
        super::read::put(tx, kept)?;
        Ok(Ok(()))
    }

    /// Says something to the home. Returns the hash of what was signed.
    pub(super) fn say_partner(
        &self,
        tx: &mut Write<'_>,
        kept: &mut ReceivedReferral,
        reply: Reply,
    ) -> Outcome<[u8; 32]> {
        let body = match reply {
            Reply::Answer(answer) => Body::Reply(answer),
            Reply::Progress(progress) => Body::Progress(progress),
        };
        let head = self.head(kept.id, kept.agreement, Some(&kept.ours), kept.theirs.last);
        let step = head.step;
        let permitted = referral_answer(kept.home, Message { head, body });
        let permitted = permitted.ok_or_else(|| refused(Refused::NotOffered))?;
        let (_, hash) = self.say_referral(tx, permitted)?;
        kept.ours = ChainRow { steps: step, last: Some(hash) };
        Ok(hash)
    }

    /// Adds a line to the timeline of a referral that we were offered.
    pub(super) fn add_received_step(
        &self,
        tx: &mut Write<'_>,
        kept: &mut ReceivedReferral,
        actor: &Actor,
        (code, detail): (&str, &str),
        hash: Option<[u8; 32]>,
    ) -> Outcome<()> {
        let row = ReferralStepRow {
            at_s: self.now_s(),
            partner: Some(*kept.home.as_bytes()),
            by: match actor {
                Actor::Staff(name) => name.clone(),
                Actor::Partner(_) | Actor::Node => String::new(),
            },
            ours: !matches!(actor, Actor::Partner(_)),
            code: code.to_owned(),
            detail: detail.to_owned(),
            hash,
        };
        tx.put_referral_step(kept.home.as_bytes(), &kept.id.0, kept.n_steps, &row)?;
        kept.n_steps += 1;
        Ok(())
    }
}

/// How an event is written down: action, code and detail.
fn about(event: PartnerEvent) -> (Action, &'static str, &'static str) {
    use entente_core::referral::Standing;
    match event {
        PartnerEvent::Accept => (Action::ReferralAccepted, "accepting", ""),
        PartnerEvent::Decline(barrier) => (Action::ReferralDeclined, "declined", barrier.code()),
        PartnerEvent::Open => (Action::ReferralProgressed, "opened", ""),
        PartnerEvent::Serve => (Action::ReferralProgressed, "in_service", ""),
        PartnerEvent::Close(outcome) => (Action::ReferralClosed, "closing", outcome.code()),
        PartnerEvent::Told(standing) => match standing {
            Standing::Won => (Action::ReferralDecided, "won", ""),
            Standing::Taken => (Action::ReferralDecided, "taken", ""),
            Standing::Revoked => (Action::ReferralWithdrawn, "revoked", ""),
            Standing::Expired => (Action::ReferralExpired, "expired", ""),
            Standing::Done(outcome) => (Action::ReferralClosed, "done", outcome.code()),
        },
        PartnerEvent::HandedOver => (Action::ReferralHandedOver, "handed_over", ""),
    }
}

/// What a reply asks for, at home.
pub(super) fn asked(by: OrgId, body: &Body) -> Option<entente_core::referral::HomeEvent> {
    use entente_core::referral::HomeEvent;
    match body {
        Body::Reply(Answer::Accept) => Some(HomeEvent::Accept(by)),
        Body::Reply(Answer::Decline(barrier)) => Some(HomeEvent::Decline(by, *barrier)),
        Body::Progress(progress) => Some(HomeEvent::Progress(by, *progress)),
        Body::Offer(_) | Body::Decision(_) | Body::HandOver { .. } => None,
    }
}

/// Whether a referral that we were offered is still to be dealt with here.
pub(super) fn is_pending(state: PartnerState) -> bool {
    !state.is_over()
}
