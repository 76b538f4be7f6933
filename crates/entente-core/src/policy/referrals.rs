//! Whether a referral may be offered to a partner, and to whom the rest of it may be said.
//!
//! An offer is decided like everything else: by the agreement, and by what the person allows for
//! each need and this recipient, or by a legal duty that names it. What comes after an offer may be
//! said to exactly those who have it, whatever became of the agreement since: that a referral is
//! over has to reach whoever knows of it.

use jiff::civil::Date;

use super::{Denied, Permitted, Policy, Reason, StewardDecision, Why};
use crate::agreement::clause::item;
use crate::agreement::grant::Geography;
use crate::agreement::{AgreementState, Clause, Forbids};
use crate::codes::{Exploitation, Majority, Need, OverrideReason, Purpose, Set};
use crate::consent::{Consent, covering};
use crate::identity::OrgId;
use crate::referral::{Area, Body, Head, HomeState, Message, NeedCard, Offer};

/// The proposal to offer a referral to the partner: all facts of the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferProposal {
    /// Which referral, and where in its chain.
    pub head: Head,
    /// The card and its times, as fine as we have it.
    pub offer: Offer,
    /// What the person, or a legal duty, allows.
    pub consent: NeedConsent,
    /// What the community steward allows.
    pub steward: StewardDecision,
    /// Whether the person is known to be Indigenous.
    pub is_indigenous: bool,
    /// The forms of exploitation that are recorded.
    pub exploitation: Set<Exploitation>,
    /// Whether the record was taken back.
    pub is_withdrawn: bool,
    /// Where the agreement stands.
    pub state: AgreementState,
    /// The day of the decision.
    pub today: Date,
}

/// For which of a card's needs a referral to one partner is covered, on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeedConsent {
    /// The needs that a consent or a duty covers.
    pub covered: Set<Need>,
    /// The legal duty, where one was needed.
    pub duty: Option<OverrideReason>,
    /// Whether a consent was withdrawn.
    pub is_withdrawn: bool,
}

impl NeedConsent {
    /// The facts that `consents` make for `policy` and these needs on `today`.
    ///
    /// Each need is asked about alone: one consent may cover housing and another legal help. A duty
    /// counts only for a need that no consent covers.
    pub fn of(consents: &[Consent], policy: &Policy, needs: &[Need], today: Date) -> Self {
        let (partner, kind) = (&policy.partner, policy.partner_kind);
        let mut facts = Self {
            covered: Set::EMPTY,
            duty: None,
            is_withdrawn: consents.iter().any(|it| it.withdrawn_on.is_some_and(|on| on <= today)),
        };
        for need in needs {
            let for_need =
                consents.iter().filter(|it| it.override_reason.is_some() || it.covers_need(*need));
            if let Some(found) = covering(for_need, Purpose::Referral, partner, kind, today) {
                facts.covered = facts.covered.with(*need);
                facts.duty = facts.duty.or(found.override_reason);
            }
        }
        facts
    }
}

impl Policy {
    /// Decides whether a referral may be offered to the partner, and makes the offer that goes: no
    /// finer than the agreement allows.
    pub fn decide_offer(&self, proposal: &OfferProposal) -> Result<Permitted<Message>, Denied> {
        let mut reasons = Vec::new();
        self.judge_state(proposal.state, proposal.today, &mut reasons);
        self.judge_referrals(&mut reasons);
        self.judge_person(proposal, &mut reasons);
        if !reasons.is_empty() {
            return Err(Denied::new(reasons));
        }
        let offer = Offer {
            card: proposal.offer.card.limited_to(&self.grant.elements),
            ..proposal.offer.clone()
        };
        let head = Head { agreement: self.agreement, ..proposal.head.clone() };
        let inner = Message { head, body: Body::Offer(offer) };
        Ok(Permitted { partner: self.partner, clause: self.clause(item::REFERRALS), inner })
    }

    /// Whether referrals are granted at all, whatever the case: what matching asks.
    pub fn grants_referrals(&self, state: AgreementState, today: Date) -> Result<(), Denied> {
        let mut reasons = Vec::new();
        self.judge_state(state, today, &mut reasons);
        self.judge_referrals(&mut reasons);
        if reasons.is_empty() { Ok(()) } else { Err(Denied::new(reasons)) }
    }

    fn judge_referrals(&self, reasons: &mut Vec<Reason>) {
        let clause = self.clause(item::REFERRALS);
        if self.grant.is_empty() {
            reasons.push(Reason { clause, why: Why::NothingGranted });
        } else if !self.grant.referrals {
            reasons.push(Reason { clause, why: Why::ReferralsNotGranted });
        }
        if !self.purposes.contains(Purpose::Referral) {
            reasons.push(Reason { clause: Clause::PURPOSES, why: Why::NoReferralPurpose });
        }
    }

    fn judge_person(&self, proposal: &OfferProposal, reasons: &mut Vec<Reason>) {
        let card = &proposal.offer.card;
        let mut deny = |clause, why| reasons.push(Reason { clause, why });
        let missing: Set<Need> = card
            .needs
            .iter()
            .copied()
            .filter(|it| !proposal.consent.covered.contains(*it))
            .collect();
        if !missing.is_empty() {
            deny(Clause::ALWAYS, Why::NeedsNotCovered { needs: missing });
            if proposal.consent.is_withdrawn {
                deny(Clause::ALWAYS, Why::ConsentWithdrawn);
            }
        }
        if proposal.is_withdrawn {
            deny(Clause::ALWAYS, Why::RecordWithdrawn);
        }
        match proposal.steward {
            StewardDecision::Refused => deny(Clause::ALWAYS, Why::StewardRefused),
            StewardDecision::Missing => deny(Clause::ALWAYS, Why::StewardMissing),
            StewardDecision::NotNeeded | StewardDecision::Allowed => {}
        }
        if !covers_area(&self.grant.geography, card.area) {
            deny(self.clause(item::GEOGRAPHY), Why::AreaOutsideGeography);
        }
        if !self.grant.age_classes.contains(card.age) {
            deny(self.clause(item::AGE_CLASSES), Why::AgeClassNotGranted);
        }
        self.judge_forbids(proposal, card, reasons);
    }

    fn judge_forbids(&self, proposal: &OfferProposal, card: &NeedCard, reasons: &mut Vec<Reason>) {
        let forbids = &self.grant.forbids;
        let mut deny = |clause, why| reasons.push(Reason { clause, why });
        // Wishing for a service of Indigenous peoples tells as much as the identity would.
        if forbids.indigenous && (proposal.is_indigenous || card.indigenous_service) {
            deny(Forbids::indigenous_clause(self.article), Why::ForbiddenIndigenous);
        }
        if forbids.minors && card.age != Majority::Adult {
            deny(Forbids::minors_clause(self.article), Why::ForbiddenMinor);
        }
        for form in forbids.exploitation.iter().filter(|it| proposal.exploitation.contains(**it)) {
            deny(Forbids::form_clause(self.article, *form), Why::ForbiddenForm);
        }
    }
}

/// Whether wherever the service may be wanted is within the provinces of the agreement.
fn covers_area(geography: &Geography, area: Area) -> bool {
    match geography {
        Geography::Everywhere => true,
        Geography::Only(granted) => area.provinces().all(|it| granted.contains(&it)),
    }
}

/// What the home says after its offer: a decision, or the sealed contact details for the winner.
///
/// Permitted to exactly those who have the offer. `None` for everybody else, for another kind of
/// message, and for contact details to anybody but the winner.
pub fn referral_decision(
    state: &HomeState,
    partner: OrgId,
    message: Message,
) -> Option<Permitted<Message>> {
    let may = match &message.body {
        Body::Decision(_) => state.was_offered_to(&partner),
        Body::HandOver { .. } => state.winner() == Some(partner) && !state.step.is_over(),
        Body::Offer(_) | Body::Reply(_) | Body::Progress(_) => false,
    };
    may.then_some(Permitted { partner, clause: Clause::ALWAYS, inner: message })
}

/// What a partner says to the home that made the offer. Nothing in it is about a person but codes
/// of what became of the referral.
pub fn referral_answer(home: OrgId, message: Message) -> Option<Permitted<Message>> {
    let may = matches!(message.body, Body::Reply(_) | Body::Progress(_));
    may.then_some(Permitted { partner: home, clause: Clause::ALWAYS, inner: message })
}
