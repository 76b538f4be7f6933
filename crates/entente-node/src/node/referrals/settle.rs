//! Referrals when something else changes: a consent, a record, an agreement, this node's own past.

use std::collections::BTreeSet;

use entente_core::audit::Actor;
use entente_core::identity::OrgId;
use entente_core::policy::NeedConsent;
use entente_core::referral::{HomeEvent, HomeStep, OfferStep, ReferralId};
use entente_core::statement::WithdrawReason;
use entente_store::db::Write;
use entente_store::referrals::Referrals as _;

use super::KeptReferral;
use super::home::Doing;
use crate::node::records::Case;
use crate::node::{Node, Outcome};

/// How long ago something may have ended to be said again: as long as the feed of an ended partner
/// can be fetched.
const SAID_AGAIN_S: i64 = 30 * 24 * 60 * 60;

impl Node {
    /// Takes the open referrals of a record back, in the transaction of what is the reason.
    ///
    /// A withdrawn consent takes back what no other consent and no duty covers: the offer to one
    /// partner, or the referral as a whole. A record that was taken back takes all of them.
    pub(crate) fn take_back_referrals(
        &self,
        tx: &mut Write<'_>,
        actor: &Actor,
        case: &Case,
        reason: WithdrawReason,
    ) -> Outcome<()> {
        for id in tx.referrals_of(&case.record.id.0)? {
            let mut kept = self.kept_referral(tx, &ReferralId(id))?;
            if kept.state.step.is_over() {
                continue;
            }
            let events = match reason {
                WithdrawReason::ConsentWithdrawn => self.no_longer_covered(tx, &kept, case)?,
                _ => vec![HomeEvent::Withdraw],
            };
            for event in events {
                let reasons = vec![reason.code().to_owned()];
                let doing = Doing { reasons, ..Doing::new(actor, event) };
                // What is over already needs no taking back.
                let _over = self.do_home(tx, &mut kept, doing)?;
            }
        }
        Ok(())
    }

    /// What has to be taken back of a referral, as the person's consents stand now.
    fn no_longer_covered(
        &self,
        tx: &Write<'_>,
        kept: &KeptReferral,
        case: &Case,
    ) -> Outcome<Vec<HomeEvent>> {
        if self.check_any_consent(case, &kept.card).is_err() {
            return Ok(vec![HomeEvent::Withdraw]);
        }
        let mut events = Vec::new();
        for (partner, step) in &kept.state.offers {
            let is_covered = || self.covers_referral(tx, kept, case, partner);
            match step {
                OfferStep::Won if !is_covered()? => return Ok(vec![HomeEvent::Withdraw]),
                OfferStep::Open if !is_covered()? => events.push(HomeEvent::TakeBack(*partner)),
                _ => {}
            }
        }
        Ok(events)
    }

    fn covers_referral(
        &self,
        tx: &Write<'_>,
        kept: &KeptReferral,
        case: &Case,
        partner: &OrgId,
    ) -> Outcome<bool> {
        let through = self.through(tx, &kept.id, partner)?;
        if let Some(route) = self.route_to(tx, partner)?.filter(|_| self.is_ours(&through)) {
            let towards = (partner, route.kind);
            let facts = NeedConsent::towards(&case.consents, towards, &kept.card, self.today());
            return Ok(facts.covers(&kept.card));
        }
        let Some(agreed) = self.newest(tx, &through)? else { return Ok(false) };
        let (policy, today) = (self.policy(&agreed)?, self.today());
        let mut facts = NeedConsent::of(&case.consents, &policy, &kept.card, today);
        if let Some(route) = self.route_to(tx, partner)? {
            let towards = (partner, route.kind);
            facts = facts.and(NeedConsent::towards(&case.consents, towards, &kept.card, today));
        }
        Ok(facts.covers(&kept.card))
    }

    /// Takes back what a partner was offered under an agreement that is over. What was handed over
    /// stays with whoever has it: the person is being served.
    pub(crate) fn end_referrals_with(&self, tx: &mut Write<'_>, partner: &OrgId) -> Outcome<()> {
        for (kept, org, step) in self.offered_to(tx, partner)? {
            // Another offer that this partner carried may have changed it.
            let mut kept = self.kept_referral(tx, &kept.id)?;
            let event = match (step, kept.state.step) {
                (OfferStep::Open, _) => HomeEvent::TakeBack(org),
                (OfferStep::Won, HomeStep::Accepted) => HomeEvent::Withdraw,
                _ => continue,
            };
            let reasons = vec![WithdrawReason::AgreementEnded.code().to_owned()];
            let doing = Doing { reasons, ..Doing::new(&Actor::Node, event) };
            let _over = self.do_home(tx, &mut kept, doing)?;
        }
        Ok(())
    }

    /// After this node was set back: takes back what was offered and not decided, since somebody may
    /// have been told of a decision that was forgotten, and another one must never be made.
    pub(crate) fn take_back_undecided(&self, tx: &mut Write<'_>) -> Outcome<()> {
        for mut kept in self.undecided(tx)? {
            let reasons = vec!["restored".to_owned()];
            let doing = Doing { reasons, ..Doing::new(&Actor::Node, HomeEvent::Withdraw) };
            let _over = self.do_home(tx, &mut kept, doing)?;
        }
        Ok(())
    }

    fn undecided(&self, tx: &Write<'_>) -> Outcome<Vec<KeptReferral>> {
        let mut undecided = Vec::new();
        tx.referrals(&mut |id, row| {
            let kept = super::rows::kept(ReferralId(id), row)?;
            if kept.state.step == HomeStep::Offered {
                undecided.push(kept);
            }
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        Ok(undecided)
    }

    /// The partners that have to be told once undecided referrals are taken back.
    pub(crate) fn undecided_at(&self, tx: &Write<'_>) -> Outcome<BTreeSet<OrgId>> {
        let mut all = BTreeSet::new();
        for kept in self.undecided(tx)? {
            for org in kept.state.open() {
                let through = self.through(tx, &kept.id, &org)?;
                if !self.is_ours(&through) {
                    all.insert(through);
                }
            }
        }
        Ok(all)
    }

    /// Our feed for a partner begins anew: what it may never have read is said again, and every chain
    /// of messages begins anew too.
    pub(crate) fn say_referrals_again(&self, tx: &mut Write<'_>, partner: &OrgId) -> Outcome<()> {
        let since = self.now_s() - SAID_AGAIN_S;
        for (kept, org, _) in self.offered_to(tx, partner)? {
            if !kept.state.step.is_over() || kept.since_s >= since {
                // Two that this partner carries may have been asked about one referral.
                let mut kept = self.kept_referral(tx, &kept.id)?;
                self.say_standing_again(tx, &mut kept, &org)?;
            }
        }
        self.say_answers_again(tx, partner)?;
        let mut received = Vec::new();
        tx.received_referrals(Some(partner.as_bytes()), &mut |_, id, row| {
            received.push(super::rows::received(*partner, ReferralId(id), row)?);
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        for mut kept in received {
            kept.ours = entente_store::rows::ChainRow::default();
            if let Some(reply) = kept.state.said_last()
                && (!kept.state.is_over() || kept.since_s >= since)
            {
                self.say_partner(tx, &mut kept, reply)?;
            }
            super::read::put(tx, &kept)?;
        }
        Ok(())
    }

    /// Our referrals that this partner was offered or carried, to whom, and where the offer stands.
    fn offered_to(
        &self,
        tx: &Write<'_>,
        partner: &OrgId,
    ) -> Outcome<Vec<(KeptReferral, OrgId, OfferStep)>> {
        let mut referrals = Vec::new();
        tx.referrals(&mut |id, row| {
            referrals.push(super::rows::kept(ReferralId(id), row)?);
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        let mut all = Vec::new();
        for kept in referrals {
            for (org, step) in &kept.state.offers {
                if org == partner || self.through(tx, &kept.id, org)? == *partner {
                    all.push((kept.clone(), *org, *step));
                }
            }
        }
        Ok(all)
    }
}
