//! Our own referrals: made, offered, decided, taken back.

use std::collections::BTreeMap;

use entente_core::audit::{Action, Actor};
use entente_core::codes::{Code as _, ReferralOutcome};
use entente_core::handover::ContactDetails;
use entente_core::identity::OrgId;
use entente_core::record::RecordId;
use entente_core::referral::{
    HomeEvent, HomeState, HomeStep, Message, NeedCard, Progress, ReferralId, Refused, Timers,
};
use entente_store::db::Write;
use entente_store::rows::ReferralStepRow;
use entente_store::tx::Reads as _;

use super::faults::{bad_card, record_withdrawn, refused};
use super::{KeptReferral, is_open, rows, waits};
use crate::fault::Fault;
use crate::node::pairing::random;
use crate::node::records::{case_of, unknown_record};
use crate::node::{Node, Outcome};

/// Somebody does something to a referral of ours.
pub(super) struct Doing<'a> {
    pub(super) actor: &'a Actor,
    pub(super) event: HomeEvent,
    /// With [`HomeEvent::HandOver`].
    pub(super) details: Option<&'a ContactDetails>,
    /// With [`HomeEvent::HandOver`], where whoever asked us for the referral sealed them.
    pub(super) sealed: Option<&'a Message>,
    /// Codes for the audit log.
    pub(super) reasons: Vec<String>,
}

impl<'a> Doing<'a> {
    pub(super) fn new(actor: &'a Actor, event: HomeEvent) -> Self {
        Self { actor, event, details: None, sealed: None, reasons: Vec::new() }
    }
}

impl Node {
    /// Makes a referral for a record. Nobody is asked yet.
    pub fn create_referral(
        &self,
        actor: Actor,
        record: &RecordId,
        card: NeedCard,
    ) -> Outcome<KeptReferral> {
        if let Some(problem) = card.problem() {
            return Err(bad_card(problem));
        }
        let id = ReferralId(random::<16>()?);
        self.db.write("create referral", |tx| {
            let case = case_of(&record.0, tx.record(&record.0)?.ok_or_else(unknown_record)?)?;
            if case.withdrawn {
                return Err(record_withdrawn());
            }
            self.check_any_consent(&case, &card)?;
            self.make_referral(tx, &actor, id, (*record, card), None)
        })
    }

    /// Keeps a referral that nobody was asked about. Whether it may be made is for the caller to know, and
    /// whether somebody waits for it to be offered.
    pub(crate) fn make_referral(
        &self,
        tx: &mut Write<'_>,
        actor: &Actor,
        id: ReferralId,
        (record, card): (RecordId, NeedCard),
        timers: Option<Timers>,
    ) -> Outcome<KeptReferral> {
        let mut kept = KeptReferral {
            id,
            record,
            card,
            state: HomeState::created(),
            offers: BTreeMap::new(),
            created: (self.now_s(), crate::node::audit::actor_name(actor)),
            since_s: self.now_s(),
            timers,
            alarms: (false, false),
            n_steps: 0,
        };
        self.add_step(tx, &mut kept, actor, None, ("created", ""), None)?;
        put(tx, &kept)?;
        let entry = self.referral_entry(actor.clone(), Action::ReferralCreated, &id);
        self.write_audit(tx, vec![entry.record(record)])?;
        Ok(kept)
    }

    /// Takes a referral back that an organization without a node asked for.
    pub(crate) fn withdraw_for_request(
        &self,
        tx: &mut Write<'_>,
        kept: &mut KeptReferral,
        actor: &Actor,
        reason: &str,
    ) -> Outcome<Result<(), Refused>> {
        let reasons = vec![reason.to_owned()];
        self.do_home(tx, kept, Doing { reasons, ..Doing::new(actor, HomeEvent::Withdraw) })
    }

    /// Hands on what an organization without a node sealed itself. Its place and its key were looked at.
    pub(crate) fn hand_over_sealed(
        &self,
        tx: &mut Write<'_>,
        kept: &mut KeptReferral,
        actor: &Actor,
        message: &Message,
    ) -> Outcome<Result<(), Refused>> {
        let doing = Doing { sealed: Some(message), ..Doing::new(actor, HomeEvent::HandOver) };
        self.do_home(tx, kept, doing)
    }

    /// Offers a referral to these partners: to all of them, or to none.
    pub fn offer_referral(
        &self,
        actor: Actor,
        id: &ReferralId,
        to: &[OrgId],
    ) -> Outcome<KeptReferral> {
        let (kept, offered) = self.db.write("offer referral", |tx| {
            let mut kept = self.kept_referral(tx, id)?;
            let refusals = self.refusals(tx, &kept, to)?;
            if !refusals.is_empty() || to.is_empty() {
                return Ok((kept, Err(refusals)));
            }
            let expires_at_s = self.timers_of(&kept.card).expires_at_s;
            let event = HomeEvent::Offer { to: to.to_vec(), expires_at_s };
            let done = self.do_home(tx, &mut kept, Doing::new(&actor, event))?;
            Ok::<_, Box<Fault>>((kept, Ok(done)))
        })?;
        match offered {
            // That it lapsed meanwhile is kept, whatever was asked for.
            Ok(done) => done.map_err(refused)?,
            Err(refusals) => return Err(self.refuse_offer(actor, &kept, &refusals)?),
        }
        Ok(kept)
    }

    /// Closes a referral that a partner has.
    pub fn close_referral(
        &self,
        actor: Actor,
        id: &ReferralId,
        outcome: ReferralOutcome,
    ) -> Outcome<KeptReferral> {
        self.change_referral(id, Doing::new(&actor, HomeEvent::Close(outcome)))
    }

    /// Takes a referral back, everywhere.
    pub fn withdraw_referral(&self, actor: Actor, id: &ReferralId) -> Outcome<KeptReferral> {
        self.change_referral(id, Doing::new(&actor, HomeEvent::Withdraw))
    }

    pub(super) fn change_referral(
        &self,
        id: &ReferralId,
        doing: Doing<'_>,
    ) -> Outcome<KeptReferral> {
        let (kept, done) = self.db.write("change referral", |tx| {
            let mut kept = self.kept_referral(tx, id)?;
            let done = self.do_home(tx, &mut kept, doing)?;
            Ok::<_, Box<Fault>>((kept, done))
        })?;
        // That it lapsed meanwhile is kept, whatever was asked for.
        done.map_err(refused)?;
        Ok(kept)
    }

    /// Does something to a referral of ours: its state, its timeline, the audit log, and what has to
    /// be said, in one transaction.
    ///
    /// What has no effect changes nothing; the caller writes that down.
    pub(super) fn do_home(
        &self,
        tx: &mut Write<'_>,
        kept: &mut KeptReferral,
        doing: Doing<'_>,
    ) -> Outcome<Result<(), Refused>> {
        let before = kept.state.clone();
        let (next, said) = match before.after(&doing.event, self.now_s()) {
            Ok(next) => next,
            Err(refused) => return Ok(Err(refused)),
        };
        let lapsed = next.step == HomeStep::Expired && before.step == HomeStep::Offered;
        kept.state = next;
        if kept.state.step != before.step {
            kept.since_s = self.now_s();
            kept.alarms = (false, false);
            let step = kept.state.step;
            kept.timers = waits(step).then(|| self.timers_at(&kept.card, step));
        }
        let about = if lapsed { LAPSED } else { self::about(&doing.event) };
        let (action, code, detail, partner) = about;
        let by = if lapsed { &Actor::Node } else { doing.actor };
        let mut entry = self.referral_entry(by.clone(), action, &kept.id).record(kept.record);
        entry.partner = partner;
        let reasons = [detail.to_owned()].into_iter().filter(|it| !it.is_empty());
        self.write_audit(tx, vec![entry.reasons(reasons.chain(doing.reasons.clone()))])?;
        let hash = partner.and_then(|it| kept.offers.get(&it)?.theirs.last);
        self.add_step(tx, kept, by, partner, (code, detail), hash)?;
        self.settle_sent_handovers(tx, kept)?;
        for (partner, what) in said {
            self.say_home(tx, kept, &doing, &partner, what)?;
        }
        self.forget_answered_offer(tx, kept, &doing.event)?;
        put(tx, kept)?;
        // What was asked for came too late.
        let late = lapsed && doing.event != HomeEvent::Tick;
        Ok(if late { Err(Refused::Over) } else { Ok(()) })
    }

    /// Whoever declined needs the card no longer.
    fn forget_answered_offer(
        &self,
        tx: &mut Write<'_>,
        kept: &KeptReferral,
        event: &HomeEvent,
    ) -> Outcome<()> {
        match event {
            HomeEvent::Decline(by, _) => match kept.offers.get(by) {
                Some(row) => {
                    let through = self.through(tx, &kept.id, by)?;
                    self.shred_offer(tx, &through, row.at)
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Adds a line to the timeline of a referral of ours.
    pub(super) fn add_step(
        &self,
        tx: &mut Write<'_>,
        kept: &mut KeptReferral,
        actor: &Actor,
        partner: Option<OrgId>,
        (code, detail): (&str, &str),
        hash: Option<[u8; 32]>,
    ) -> Outcome<()> {
        let row = ReferralStepRow {
            at_s: self.now_s(),
            partner: partner.map(|it| *it.as_bytes()),
            by: match actor {
                Actor::Staff(name) => name.clone(),
                Actor::Partner(_) | Actor::Node => String::new(),
            },
            ours: !matches!(actor, Actor::Partner(_)),
            code: code.to_owned(),
            detail: detail.to_owned(),
            hash,
        };
        tx.put_referral_step(self.id().as_bytes(), &kept.id.0, kept.n_steps, &row)?;
        kept.n_steps += 1;
        Ok(())
    }
}

pub(super) fn put(tx: &mut Write<'_>, kept: &KeptReferral) -> Outcome<()> {
    count_open(tx, kept)?;
    Ok(tx.put_referral(&kept.id.0, &rows::kept_row(kept))?)
}

impl Node {
    /// Forgets of the person of a referral that is long over all but what was needed.
    pub(crate) fn forget_card(&self, tx: &mut Write<'_>, id: &ReferralId) -> Outcome<()> {
        let mut kept = self.kept_referral(tx, id)?;
        kept.card = kept.card.forgotten();
        put(tx, &kept)
    }
}

/// Counts a referral at the partners where it is open, and at no others.
pub(super) fn count_open(tx: &mut Write<'_>, kept: &KeptReferral) -> Outcome<()> {
    let over = kept.state.step.is_over();
    for (partner, step) in &kept.state.offers {
        tx.set_referral_open(partner.as_bytes(), &kept.id.0, is_open(*step, over))?;
    }
    Ok(())
}

type About = (Action, &'static str, &'static str, Option<OrgId>);

const LAPSED: About = (Action::ReferralExpired, "expired", "", None);

/// How an event is written down: action, code, detail, and the partner it comes from.
fn about(event: &HomeEvent) -> About {
    match event {
        HomeEvent::Offer { .. } => (Action::ReferralOffered, "offered", "", None),
        HomeEvent::Accept(by) => (Action::ReferralAccepted, "accepted", "", Some(*by)),
        HomeEvent::Decline(by, barrier) => {
            (Action::ReferralDeclined, "declined", barrier.code(), Some(*by))
        }
        HomeEvent::TakeBack(from) => (Action::ReferralWithdrawn, "taken_back", "", Some(*from)),
        HomeEvent::HandOver => (Action::ReferralHandedOver, "handed_over", "", None),
        HomeEvent::Progress(by, Progress::Closed(outcome)) => {
            (Action::ReferralClosed, "closed", outcome.code(), Some(*by))
        }
        HomeEvent::Progress(by, progress) => {
            (Action::ReferralProgressed, progress.code(), "", Some(*by))
        }
        HomeEvent::Close(outcome) => (Action::ReferralClosed, "closed", outcome.code(), None),
        HomeEvent::Withdraw => (Action::ReferralWithdrawn, "withdrawn", "", None),
        HomeEvent::Tick => LAPSED,
    }
}
