//! Our own referrals: made, offered, decided, taken back.

use std::collections::BTreeMap;

use entente_core::audit::{Action, Actor};
use entente_core::codes::{Code as _, Need, OrgType, Purpose, ReferralOutcome, Set};
use entente_core::consent::Consent;
use entente_core::handover::ContactDetails;
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::policy::{
    Denied, NeedConsent, OfferProposal, Permitted, StewardDecision, referral_decision,
};
use entente_core::record::RecordId;
use entente_core::referral::{
    Body, Head, HomeEvent, HomeState, HomeStep, Message, NeedCard, Offer, OfferStep, Progress,
    ReferralId, Refused, Said, Standing, Timers,
};
use entente_core::statement::AgreementRef;
use entente_core::summary::Finest;
use entente_store::db::{Rows, Write};
use entente_store::log::{LogKey, Logs as _};
use entente_store::rows::{ChainRow, OfferRow, ReferralStepRow};
use entente_store::tx::Reads as _;
use sha2::{Digest as _, Sha256};

use super::faults::{
    bad_card, denied, no_consent_for_referral, not_offered, record_withdrawn, refused,
    too_many_open,
};
use super::{KeptReferral, MAX_OPEN_WITH_PARTNER, is_open, rows, waits};
use crate::fault::Fault;
use crate::node::agreements::Kept;
use crate::node::audit::no_randomness;
use crate::node::pairing::random;
use crate::node::partners::Shut;
use crate::node::records::{Case, case_of, unknown_record};
use crate::node::{Node, Outcome};

/// Why a referral may not be offered to a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The exchange with it is closed.
    Shut(Shut),
    /// There is no agreement with it.
    NoAgreement,
    /// The policy refuses.
    Denied(Denied),
    /// Too many referrals are open there.
    TooManyOpen,
}

impl Refusal {
    /// The codes of the reasons, for the audit log.
    pub fn codes(&self) -> Vec<String> {
        match self {
            Self::Shut(shut) => vec![format!("partner_{}", shut.to_string().replace(' ', "_"))],
            Self::NoAgreement => vec!["no_agreement".to_owned()],
            Self::TooManyOpen => vec!["too_many_open".to_owned()],
            Self::Denied(denied) => {
                denied.reasons().iter().map(|it| it.why.code().to_owned()).collect()
            }
        }
    }

    /// Adds the reasons to a fault, after the name of the partner.
    pub(super) fn explain(&self, fault: Box<Fault>, name: (&str, &str)) -> Box<Fault> {
        let (en, fr) = match self {
            Self::Denied(reasons) => return denied(fault, name, reasons),
            Self::TooManyOpen => too_many_open(),
            Self::NoAgreement => {
                ("there is no agreement".to_owned(), "il n’y a aucune entente".to_owned())
            }
            Self::Shut(shut) => {
                let (en, fr) = closed(*shut);
                (en.to_owned(), fr.to_owned())
            }
        };
        fault.because(format!("{}: {en}", name.0), format!("{} : {fr}", name.1))
    }
}

fn closed(shut: Shut) -> (&'static str, &'static str) {
    match shut {
        Shut::Unknown => ("it is no partner", "ce n’est pas un partenaire"),
        Shut::NotVerified => {
            ("the phone check is not finished", "la vérification par téléphone n’est pas terminée")
        }
        Shut::Suspended => ("the partnership is suspended", "le partenariat est suspendu"),
        Shut::Quarantined => ("it is in quarantine", "il est en quarantaine"),
        Shut::Ended => ("the partnership has ended", "le partenariat est terminé"),
    }
}

/// Somebody does something to a referral of ours.
pub(super) struct Doing<'a> {
    pub(super) actor: &'a Actor,
    pub(super) event: HomeEvent,
    /// With [`HomeEvent::HandOver`].
    pub(super) details: Option<&'a ContactDetails>,
    /// Codes for the audit log.
    pub(super) reasons: Vec<String>,
}

impl<'a> Doing<'a> {
    pub(super) fn new(actor: &'a Actor, event: HomeEvent) -> Self {
        Self { actor, event, details: None, reasons: Vec::new() }
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
            self.check_any_consent(&case, &card.needs)?;
            let mut kept = KeptReferral {
                id,
                record: *record,
                card,
                state: HomeState::created(),
                offers: BTreeMap::new(),
                created: (self.now_s(), crate::node::audit::actor_name(&actor)),
                since_s: self.now_s(),
                timers: None,
                alarms: (false, false),
                n_steps: 0,
            };
            self.add_step(tx, &mut kept, &actor, None, ("created", ""), None)?;
            put(tx, &kept)?;
            let entry = self.referral_entry(actor, Action::ReferralCreated, &id).record(*record);
            self.write_audit(tx, vec![entry])?;
            Ok(kept)
        })
    }

    /// Whether each need is covered towards anybody at all. Towards whom is asked with each offer.
    pub(super) fn check_any_consent(&self, case: &Case, needs: &[Need]) -> Outcome<()> {
        let today = self.today();
        let covers = |consent: &Consent, need: Need| {
            let recipient = consent.recipients.first().copied().unwrap_or_else(|| self.id());
            let is_for = consent.override_reason.is_some() || consent.covers_need(need);
            is_for && consent.allows(Purpose::Referral, &recipient, OrgType::Ngo, today)
        };
        let missing: Set<Need> = needs
            .iter()
            .copied()
            .filter(|need| !case.consents.iter().any(|consent| covers(consent, *need)))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut fault = no_consent_for_referral(
            format!("not covered: {}", missing.labels(Lang::En)),
            format!("non visé : {}", missing.labels(Lang::Fr)),
        );
        for consent in &case.consents {
            let recipient = consent.recipients.first().copied().unwrap_or_else(|| self.id());
            for gap in consent.gaps(Purpose::Referral, &recipient, OrgType::Ngo, today) {
                fault = fault.because(gap.text(Lang::En), gap.text(Lang::Fr));
            }
        }
        Err(fault)
    }

    /// Offers a referral to these partners: to all of them, or to none.
    pub fn offer_referral(
        &self,
        actor: Actor,
        id: &ReferralId,
        to: &[OrgId],
    ) -> Outcome<KeptReferral> {
        let offered = self.db.write("offer referral", |tx| {
            let mut kept = self.kept_referral(tx, id)?;
            let refusals = self.refusals(tx, &kept, to)?;
            if !refusals.is_empty() || to.is_empty() {
                return Ok(Err((kept, refusals)));
            }
            let expires_at_s = self.timers_of(&kept.card).expires_at_s;
            let event = HomeEvent::Offer { to: to.to_vec(), expires_at_s };
            self.do_home(tx, &mut kept, Doing::new(&actor, event))?.map_err(refused)?;
            Ok::<_, Box<Fault>>(Ok(kept))
        })?;
        offered.or_else(|(kept, refusals)| Err(self.refuse_offer(actor, &kept, &refusals)?))
    }

    /// Writes down that an offer was refused, and makes the fault that says why.
    fn refuse_offer(
        &self,
        actor: Actor,
        kept: &KeptReferral,
        refusals: &[(OrgId, Refusal)],
    ) -> Outcome<Box<Fault>> {
        let entries = refusals.iter().map(|(partner, refusal)| {
            let entry = self.referral_entry(actor.clone(), Action::ReferralRefused, &kept.id);
            entry.record(kept.record).partner(*partner).reasons(refusal.codes())
        });
        self.audit(entries.collect())?;
        let mut fault = not_offered();
        for (partner, refusal) in refusals {
            let (en, fr) = match self.partner_row(partner) {
                Ok(row) => (row.name_en, row.name_fr),
                Err(_) => (partner.short().to_string(), partner.short().to_string()),
            };
            fault = refusal.explain(fault, (&en, &fr));
        }
        Ok(fault)
    }

    /// Why a referral may not be offered to each of these partners, for those to whom it may not.
    pub(crate) fn refusals<R: Rows>(
        &self,
        tx: &R,
        kept: &KeptReferral,
        to: &[OrgId],
    ) -> Outcome<Vec<(OrgId, Refusal)>> {
        let case = self.case_for(tx, &kept.record)?;
        let mut refusals = Vec::new();
        for partner in to {
            if self.n_open_at(tx, partner)? >= MAX_OPEN_WITH_PARTNER {
                refusals.push((*partner, Refusal::TooManyOpen));
            } else if let Err(refusal) = self.permit_offer(tx, kept, &case, partner)? {
                refusals.push((*partner, refusal));
            }
        }
        Ok(refusals)
    }

    /// Whether a referral may be offered to a partner, asked without offering it.
    pub fn may_offer(&self, kept: &KeptReferral, partner: &OrgId) -> Outcome<Result<(), Refusal>> {
        self.db.read(|tx| {
            let case = self.case_for(tx, &kept.record)?;
            Ok(self.permit_offer(tx, kept, &case, partner)?.map(|_| ()))
        })
    }

    pub(super) fn case_for<R: Rows>(&self, tx: &R, record: &RecordId) -> Outcome<Case> {
        Ok(case_of(&record.0, tx.record(&record.0)?.ok_or_else(unknown_record)?)?)
    }

    /// Asks the policy for an offer to one partner.
    pub(super) fn permit_offer<R: Rows>(
        &self,
        tx: &R,
        kept: &KeptReferral,
        case: &Case,
        partner: &OrgId,
    ) -> Outcome<Result<Permitted<Message>, Refusal>> {
        let Some(row) = tx.partner(partner.as_bytes())? else {
            return Ok(Err(Refusal::Shut(Shut::Unknown)));
        };
        if let Err(shut) = self.open_to(&row) {
            return Ok(Err(Refusal::Shut(shut)));
        }
        if row.suspended_by_them {
            return Ok(Err(Refusal::Shut(Shut::Suspended)));
        }
        let Some(agreed) = self.newest(tx, partner)? else { return Ok(Err(Refusal::NoAgreement)) };
        let proposal = self.offer_proposal(kept, case, partner, &agreed)?;
        Ok(self.policy(&agreed)?.decide_offer(&proposal).map_err(Refusal::Denied))
    }

    fn offer_proposal(
        &self,
        kept: &KeptReferral,
        case: &Case,
        partner: &OrgId,
        agreed: &Kept,
    ) -> Outcome<OfferProposal> {
        let policy = self.policy(agreed)?;
        let today = self.today();
        let timers = match kept.state.step {
            HomeStep::Offered => kept.timers,
            _ => None,
        };
        let Timers { due_at_s, expires_at_s, .. } =
            timers.unwrap_or_else(|| self.timers_of(&kept.card));
        // A card whose time is nearly over still has to say something after now.
        let due_at_s = due_at_s.max(self.now_s() + 1);
        let offer =
            Offer { card: kept.card.clone(), due_at_s, expires_at_s: expires_at_s.max(due_at_s) };
        let finest = Finest::of(&case.record, Set::EMPTY);
        let chain = kept.offers.get(partner).map(|row| &row.ours);
        Ok(OfferProposal {
            head: self.head(kept.id, agreed.reference(), chain, None),
            offer,
            consent: NeedConsent::of(&case.consents, &policy, &kept.card.needs, today),
            steward: match case.steward_decision(&self.id()) {
                StewardDecision::NotNeeded if case.steward_allows.is_none() => {
                    StewardDecision::NotNeeded
                }
                decision => decision,
            },
            // A record whose date makes no sense is taken for the most protected one.
            is_indigenous: finest.is_none_or(|finest| finest.is_indigenous),
            exploitation: case.record.exploitation,
            is_withdrawn: case.withdrawn,
            state: agreed.state,
            today,
        })
    }

    /// The head of the next message in a chain.
    pub(super) fn head(
        &self,
        referral: ReferralId,
        agreement: AgreementRef,
        ours: Option<&ChainRow>,
        seen: Option<[u8; 32]>,
    ) -> Head {
        Head {
            referral,
            agreement,
            step: ours.map_or(0, |it| it.steps) + 1,
            previous: ours.and_then(|it| it.last),
            seen,
            at_s: self.now_s(),
        }
    }

    /// How many of our referrals are open at a partner.
    fn n_open_at<R: Rows>(&self, tx: &R, partner: &OrgId) -> Outcome<usize> {
        use entente_store::referrals::Referrals as _;
        let mut n = 0;
        tx.referrals(&mut |id, row| {
            let kept = rows::kept(ReferralId(id), row)?;
            let over = kept.state.step.is_over();
            let step = kept.state.offers.get(partner);
            n += usize::from(step.is_some_and(|step| is_open(*step, over)));
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        Ok(n)
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
            kept.timers = waits(kept.state.step).then(|| self.timers_of(&kept.card));
        }
        self.settle_sent_handovers(tx, kept)?;
        for (partner, what) in said {
            self.say_home(tx, kept, &doing, &partner, what)?;
        }
        self.forget_answered_offer(tx, kept, &doing.event)?;
        let about = if lapsed { LAPSED } else { self::about(&doing.event) };
        let (action, code, detail, partner) = about;
        let by = if lapsed { &Actor::Node } else { doing.actor };
        let mut entry = self.referral_entry(by.clone(), action, &kept.id).record(kept.record);
        entry.partner = partner;
        let reasons = [detail.to_owned()].into_iter().filter(|it| !it.is_empty());
        self.write_audit(tx, vec![entry.reasons(reasons.chain(doing.reasons.clone()))])?;
        let hash = partner.and_then(|it| kept.offers.get(&it)?.theirs.last);
        self.add_step(tx, kept, by, partner, (code, detail), hash)?;
        put(tx, kept)?;
        // What was asked for came too late.
        let late = lapsed && doing.event != HomeEvent::Tick;
        Ok(if late { Err(Refused::Over) } else { Ok(()) })
    }

    /// Says one thing to one partner, and remembers that.
    fn say_home(
        &self,
        tx: &mut Write<'_>,
        kept: &mut KeptReferral,
        doing: &Doing<'_>,
        partner: &OrgId,
        what: Said,
    ) -> Outcome<()> {
        let permitted = match what {
            Said::Offer => {
                let case = self.case_for(tx, &kept.record)?;
                match self.permit_offer(tx, kept, &case, partner)? {
                    Ok(permitted) => permitted,
                    Err(refusal) => return Err(refusal.explain(not_offered(), ("", ""))),
                }
            }
            Said::Decision(standing) => self.tell(kept, partner, Body::Decision(standing))?,
            Said::HandOver => self.seal_message(tx, kept, partner, doing.details)?,
        };
        let message = permitted.inner().clone();
        let head = &message.head;
        let (at, hash) = self.say_referral(tx, permitted)?;
        self.remember_handover(tx, partner, &message, hash, at)?;
        let row = kept.offers.entry(*partner).or_insert_with(|| OfferRow {
            partner: *partner.as_bytes(),
            step: rows::offer_coded(OfferStep::Open),
            agreement: (head.agreement.id, head.agreement.version),
            at,
            offered_at_s: self.now_s(),
            ours: ChainRow::default(),
            theirs: ChainRow::default(),
        });
        row.ours = ChainRow { steps: head.step, last: Some(hash) };
        let offered_at = row.at;
        let (code, action) = match what {
            Said::Offer => ("offered_to", Action::ReferralOffered),
            Said::Decision(standing) => (standing.code(), decided(standing)),
            Said::HandOver => ("handed_over_to", Action::ReferralHandedOver),
        };
        if matches!(what, Said::Decision(standing) if standing != Standing::Won) {
            self.shred_offer(tx, partner, offered_at)?;
        }
        let entry = self.referral_entry(doing.actor.clone(), action, &kept.id);
        let entry = entry.record(kept.record).partner(*partner).agreement(head.agreement.id);
        self.write_audit(tx, vec![entry.reasons([code.to_owned()])])?;
        self.add_step(tx, kept, doing.actor, Some(*partner), (code, ""), Some(hash))
    }

    /// A message to a partner that has the offer.
    fn tell(
        &self,
        kept: &KeptReferral,
        partner: &OrgId,
        body: Body,
    ) -> Outcome<Permitted<Message>> {
        let row = kept.offers.get(partner).ok_or_else(|| refused(Refused::NotOffered))?;
        let agreement = AgreementRef { id: row.agreement.0, version: row.agreement.1 };
        let head = self.head(kept.id, agreement, Some(&row.ours), row.theirs.last);
        let message = Message { head, body };
        referral_decision(&kept.state, *partner, message)
            .ok_or_else(|| refused(Refused::NotOffered))
    }

    /// Signs and says a permitted message. Returns where it stands in our feed, and its hash.
    pub(super) fn say_referral(
        &self,
        tx: &mut Write<'_>,
        permitted: Permitted<Message>,
    ) -> Outcome<((u32, u64), [u8; 32])> {
        let partner = *permitted.partner();
        let agreement = permitted.inner().head.agreement;
        let hash = Sha256::digest(entente_proto::encode_referral(permitted.inner())).into();
        let statement = permitted.seal(entente_proto::encode_referral, &self.secrets.key);
        let statement = statement.map_err(|_| no_randomness())?;
        let places = self.say(tx, &partner, Some(agreement), vec![statement])?;
        Ok((places.first().copied().unwrap_or_default(), hash))
    }

    /// What a partner has not read of an offer that is over is never sent.
    fn shred_offer(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        (epoch, seq): (u32, u64),
    ) -> Outcome<()> {
        let log = LogKey::Feed(*partner.as_bytes());
        if seq > 0 && tx.log_head(log)?.epoch == epoch {
            tx.shred_leaves(log, epoch, &[seq - 1])?;
        }
        Ok(())
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
                Some(row) => self.shred_offer(tx, by, row.at),
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
    Ok(tx.put_referral(&kept.id.0, &rows::kept_row(kept))?)
}

type About = (Action, &'static str, &'static str, Option<OrgId>);

const LAPSED: About = (Action::ReferralExpired, "expired", "", None);

fn decided(standing: Standing) -> Action {
    match standing {
        Standing::Won | Standing::Taken => Action::ReferralDecided,
        Standing::Revoked => Action::ReferralWithdrawn,
        Standing::Expired => Action::ReferralExpired,
        Standing::Done(_) => Action::ReferralClosed,
    }
}

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
