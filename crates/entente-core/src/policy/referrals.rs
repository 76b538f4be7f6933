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
use crate::codes::{Exploitation, Majority, Need, OrgType, OverrideReason, Purpose, Set};
use crate::consent::{Consent, covering};
use crate::identity::OrgId;
use crate::referral::{Area, Body, Head, HomeState, Message, NeedCard, Offer};
use crate::sponsor::CarriedAnswer;
use crate::statement::Statement;

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
    /// The legal duties it rests on, where a consent was missing.
    pub duties: Set<OverrideReason>,
    /// Whether a legal duty was named that does not extend to whom the card is about.
    pub has_duty_for_others: bool,
    /// Whether a consent was withdrawn.
    pub is_withdrawn: bool,
}

impl NeedConsent {
    /// The facts that `consents` make for `policy` and the needs of this card on `today`.
    ///
    /// Each need is asked about alone: one consent may cover housing and another legal help. A duty
    /// counts only for a need that no consent covers, and only if it extends to whom the card is about.
    pub fn of(consents: &[Consent], policy: &Policy, card: &NeedCard, today: Date) -> Self {
        Self::towards(consents, (&policy.partner, policy.partner_kind), card, today)
    }

    /// The same towards any organization.
    pub fn towards(
        consents: &[Consent],
        (org, kind): (&OrgId, OrgType),
        card: &NeedCard,
        today: Date,
    ) -> Self {
        let for_others = |it: &Consent| {
            it.is_duty_for_others(card) && it.allows(Purpose::Referral, org, kind, today)
        };
        let mut facts = Self {
            covered: Set::EMPTY,
            duties: Set::EMPTY,
            has_duty_for_others: consents.iter().any(for_others),
            is_withdrawn: consents.iter().any(|it| it.withdrawn_on.is_some_and(|on| on <= today)),
        };
        for need in &card.needs {
            let for_need = consents.iter().filter(|it| it.covers_card(card, *need));
            if let Some(found) = covering(for_need, Purpose::Referral, org, kind, today) {
                facts.covered = facts.covered.with(*need);
                facts.duties =
                    found.override_reason.map_or(facts.duties, |it| facts.duties.with(it));
            }
        }
        facts
    }

    /// Whether every need of the card is covered.
    pub fn covers(&self, card: &NeedCard) -> bool {
        card.needs.iter().all(|need| self.covered.contains(*need))
    }

    /// What both cover: a sponsor reads the card, and the organization behind it has the client.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            covered: self.covered.intersection(other.covered),
            duties: self.duties.iter().chain(other.duties.iter()).collect(),
            has_duty_for_others: self.has_duty_for_others || other.has_duty_for_others,
            is_withdrawn: self.is_withdrawn || other.is_withdrawn,
        }
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
        judge_consent(proposal, reasons);
        let card = &proposal.offer.card;
        let mut deny = |clause, why| reasons.push(Reason { clause, why });
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

/// What the person, the record and the steward allow, whoever is asked.
fn judge_consent(proposal: &OfferProposal, reasons: &mut Vec<Reason>) {
    let card = &proposal.offer.card;
    let mut deny = |clause, why| reasons.push(Reason { clause, why });
    let missing: Set<Need> =
        card.needs.iter().copied().filter(|it| !proposal.consent.covered.contains(*it)).collect();
    if !missing.is_empty() {
        deny(Clause::ALWAYS, Why::NeedsNotCovered { needs: missing });
        if proposal.consent.has_duty_for_others {
            deny(Clause::ALWAYS, Why::DutyNotForCard);
        }
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
}

/// Decides whether a referral of ours may be offered to an organization that we sponsor ourselves. There
/// is no agreement with oneself: the consent towards that organization decides. The offer goes into the
/// mail that `ours` writes, and into no feed.
pub fn decide_own_offer(
    ours: OrgId,
    proposal: &OfferProposal,
) -> Result<Permitted<Message>, Denied> {
    let mut reasons = Vec::new();
    judge_consent(proposal, &mut reasons);
    if !reasons.is_empty() {
        return Err(Denied::new(reasons));
    }
    let inner = Message { head: proposal.head.clone(), body: Body::Offer(proposal.offer.clone()) };
    Ok(Permitted { partner: ours, clause: Clause::ALWAYS, inner })
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
/// message, and for contact details to anybody but the winner. `through` carries it: the sponsor of an
/// organization without a node, which the message then names, and else the organization itself.
pub fn referral_decision(
    state: &HomeState,
    asked: OrgId,
    through: OrgId,
    message: Message,
) -> Option<Permitted<Message>> {
    let may = match &message.body {
        Body::Decision(_) => state.was_offered_to(&asked),
        Body::HandOver { .. } => state.winner() == Some(asked) && !state.step.is_over(),
        Body::Offer(_) | Body::Reply(_) | Body::Progress(_) => false,
    };
    let is_named = message.head.sponsored == (asked != through).then_some(asked);
    let permitted = Permitted { partner: through, clause: Clause::ALWAYS, inner: message };
    (may && is_named).then_some(permitted)
}

/// What a partner says to the home that made the offer. Nothing in it is about a person but codes
/// of what became of the referral.
pub fn referral_answer(home: OrgId, message: Message) -> Option<Permitted<Message>> {
    let may = matches!(message.body, Body::Reply(_) | Body::Progress(_));
    may.then_some(Permitted { partner: home, clause: Clause::ALWAYS, inner: message })
}

/// What an organization without a node says to the home, with its sponsor's signature beside its own.
pub fn carried_answer(home: OrgId, answer: CarriedAnswer) -> Permitted<Statement> {
    let inner = Statement::Document(answer.into_envelope());
    Permitted { partner: home, clause: Clause::ALWAYS, inner }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::agreement::grant::{Elements, Grant};
    use crate::agreement::terms::PlaceLevel;
    use crate::agreement::tests::{agreement, orgs};
    use crate::agreement::{Agreement, Side};
    use crate::codes::{
        Code as _, ConsentScope, Dependants, GivenBy, OrgType, Province, RegionShared, Risk,
        Urgency,
    };
    use crate::consent::ConsentId;
    use crate::referral::{HomeEvent, ReferralId, Standing};
    use crate::statement::AgreementRef;

    /// An agreement that grants referrals, after a change of the grant.
    fn policy(change: impl FnOnce(&mut Grant)) -> Policy {
        let mut agreement: Agreement = agreement();
        agreement.purposes = agreement.purposes.with(Purpose::Referral);
        agreement.grants[0].referrals = true;
        change(&mut agreement.grants[0]);
        agreement.policy_for(&orgs().0).unwrap()
    }

    fn card() -> NeedCard {
        NeedCard {
            needs: vec![Need::EmergencyHousing, Need::Legal],
            urgency: Urgency::OneDay,
            risk: Risk::Low,
            age: Majority::Adult,
            gender: None,
            language: None,
            interpreter: false,
            area: Area::Province(Province::Manitoba),
            access: Set::EMPTY,
            dependants: Dependants::Nobody,
            safety: Set::EMPTY,
            status: None,
            indigenous_service: false,
        }
    }

    fn head() -> Head {
        Head {
            referral: ReferralId([1; 16]),
            agreement: AgreementRef { id: [0; 16], version: 9 },
            step: 1,
            previous: None,
            seen: None,
            at_s: 1,
            sponsored: None,
        }
    }

    /// What the policy above lets out.
    fn proposal() -> OfferProposal {
        OfferProposal {
            head: head(),
            offer: Offer { card: card(), due_at_s: 2, expires_at_s: 3 },
            consent: NeedConsent {
                covered: Set::EMPTY.with(Need::EmergencyHousing).with(Need::Legal),
                duties: Set::EMPTY,
                has_duty_for_others: false,
                is_withdrawn: false,
            },
            steward: StewardDecision::NotNeeded,
            is_indigenous: false,
            exploitation: Set::EMPTY,
            is_withdrawn: false,
            state: AgreementState::Active,
            today: date(2026, 10, 5),
        }
    }

    #[track_caller]
    fn check(policy: &Policy, proposal: &OfferProposal, expected: &[(&str, Why)]) {
        let reasons = match policy.decide_offer(proposal) {
            Ok(_) => Vec::new(),
            Err(denied) => {
                denied.reasons().iter().map(|it| (it.clause.to_string(), it.why)).collect()
            }
        };
        let expected: Vec<_> = expected.iter().map(|it| (it.0.to_owned(), it.1)).collect();
        assert_eq!(reasons, expected);
    }

    #[test]
    fn an_offer_goes_out_no_finer_than_the_agreement_allows_and_under_its_name() {
        let policy = policy(|grant| grant.elements.place = PlaceLevel::Region);
        let permitted = policy.decide_offer(&proposal()).unwrap();
        assert_eq!(permitted.clause().to_string(), "§3.3");
        let message = permitted.inner();
        assert_eq!(message.head.agreement, policy.agreement());
        let Body::Offer(offer) = &message.body else { panic!("no offer") };
        assert_eq!(offer.card.area, Area::Region(RegionShared::Prairies));

        let withheld = self::policy(|grant| grant.elements = Elements::withheld());
        let permitted = withheld.decide_offer(&proposal()).unwrap();
        let Body::Offer(offer) = &permitted.inner().body else { panic!("no offer") };
        assert_eq!((offer.card.area, offer.card.age), (Area::Anywhere, Majority::Unknown));
    }

    #[test]
    fn each_rule_that_is_not_met_is_a_reason_with_its_clause() {
        let plain = policy(|_| {});
        check(&plain, &proposal(), &[]);
        let denied = |change: &dyn Fn(&mut OfferProposal), expected: (&str, Why)| {
            let mut proposal = proposal();
            change(&mut proposal);
            check(&plain, &proposal, &[expected]);
        };
        let missing = Set::EMPTY.with(Need::Legal);
        denied(
            &|it| it.consent.covered = Set::EMPTY.with(Need::EmergencyHousing),
            ("§2.9", Why::NeedsNotCovered { needs: missing }),
        );
        denied(&|it| it.is_withdrawn = true, ("§2.9", Why::RecordWithdrawn));
        denied(&|it| it.steward = StewardDecision::Missing, ("§2.9", Why::StewardMissing));
        denied(&|it| it.steward = StewardDecision::Refused, ("§2.9", Why::StewardRefused));
        denied(&|it| it.is_indigenous = true, ("§3.13.1", Why::ForbiddenIndigenous));
        denied(
            &|it| it.offer.card.indigenous_service = true,
            ("§3.13.1", Why::ForbiddenIndigenous),
        );
        denied(&|it| it.state = AgreementState::Ended { by: Side::Ours }, ("§2.8", Why::Ended));
        denied(
            &|it| it.state = AgreementState::Suspended { by_us: true, by_them: false },
            ("§2.7", Why::Suspended),
        );
        let minors = policy(|grant| grant.forbids.minors = true);
        let mut minor = proposal();
        minor.offer.card.age = Majority::Unknown;
        let reasons = minors.decide_offer(&minor).unwrap_err();
        assert!(reasons.reasons().iter().any(|it| it.why == Why::ForbiddenMinor));
        let none = policy(|grant| grant.referrals = false);
        check(&none, &proposal(), &[("§3.3", Why::ReferralsNotGranted)]);
    }

    #[test]
    fn an_area_that_may_lie_outside_the_provinces_of_the_agreement_does_not_go() {
        let only =
            |province| policy(move |grant| grant.geography = Geography::Only([province].into()));
        check(&only(Province::Manitoba), &proposal(), &[]);
        let outside = ("§3.5", Why::AreaOutsideGeography);
        check(&only(Province::Quebec), &proposal(), &[outside]);
        let mut anywhere = proposal();
        for area in [Area::Anywhere, Area::Region(RegionShared::Prairies)] {
            anywhere.offer.card.area = area;
            check(&only(Province::Manitoba), &anywhere, &[outside]);
        }
    }

    fn consent(scope: ConsentScope) -> Consent {
        Consent {
            id: ConsentId([1; 16]),
            scopes: Set::EMPTY.with(scope),
            needs: Set::EMPTY,
            recipients: Default::default(),
            given_by: GivenBy::Person,
            informed_of: [true; 4],
            language: None,
            given_on: date(2026, 1, 1),
            valid_until: None,
            withdrawn_on: None,
            override_reason: None,
        }
    }

    #[test]
    fn each_need_is_covered_by_itself_and_a_duty_only_where_nothing_else_does() {
        let (policy, today) = (policy(|_| {}), date(2026, 10, 5));
        let minor = NeedCard { age: Majority::Minor, ..card() };
        let covered = |consents: &[Consent]| NeedConsent::of(consents, &policy, &minor, today);
        assert_eq!(covered(&[consent(ConsentScope::Stats)]).covered, Set::EMPTY);
        let legal = Set::EMPTY.with(Need::Legal);
        let for_legal = Consent { needs: legal, ..consent(ConsentScope::ReferralNeed) };
        assert_eq!(covered(std::slice::from_ref(&for_legal)).covered, legal);
        let duty = Consent {
            recipients: [*policy.partner()].into(),
            override_reason: Some(OverrideReason::ChildProtectionDuty),
            ..consent(ConsentScope::None)
        };
        let both = covered(&[for_legal.clone(), duty.clone()]);
        assert_eq!(both.covered.len(), 2);
        assert_eq!(both.duties, Set::EMPTY.with(OverrideReason::ChildProtectionDuty));
        let nobody = Consent { recipients: Default::default(), ..duty.clone() };
        assert_eq!(covered(&[nobody]).covered, Set::EMPTY, "a duty names its recipient");
        let all = consent(ConsentScope::ReferralNeed);
        assert_eq!(covered(&[all, duty]).duties, Set::EMPTY);
        let expired = Consent { valid_until: Some(date(2026, 10, 4)), ..for_legal };
        assert_eq!(covered(&[expired]).covered, Set::EMPTY);
    }

    #[test]
    fn the_police_need_the_scope_police_for_a_referral_too() {
        let mut agreement = agreement();
        agreement.parties[1].kind = OrgType::Police;
        let policy = agreement.policy_for(&orgs().0).unwrap();
        let today = date(2026, 10, 5);
        let only = consent(ConsentScope::ReferralNeed);
        assert_eq!(
            NeedConsent::of(std::slice::from_ref(&only), &policy, &card(), today).covered,
            Set::EMPTY
        );
        let police = Consent { scopes: only.scopes.with(ConsentScope::Police), ..only };
        assert_eq!(NeedConsent::of(&[police], &policy, &card(), today).covered.len(), 2);
    }

    #[test]
    fn the_duty_to_report_a_child_lets_a_minor_be_referred_and_never_an_adult() {
        let policy = policy(|grant| {
            grant.geography = Geography::Everywhere;
            grant.age_classes = Majority::ALL.iter().copied().collect();
            grant.forbids.minors = false;
        });
        let duty = |reason| Consent {
            recipients: [*policy.partner()].into(),
            override_reason: Some(reason),
            ..consent(ConsentScope::None)
        };
        let may = |reason, age, area| {
            let card = NeedCard { age, area, ..card() };
            let today = date(2026, 10, 5);
            let consent = NeedConsent::of(&[duty(reason)], &policy, &card, today);
            let offer = Offer { card, ..proposal().offer };
            let proposal = OfferProposal { offer, consent, ..proposal() };
            let denied = policy.decide_offer(&proposal).err();
            let codes = |it: Denied| it.reasons().iter().map(|it| it.why.code()).collect();
            let codes: Option<Vec<&str>> = denied.map(codes);
            codes.unwrap_or_default()
        };
        let child = OverrideReason::ChildProtectionDuty;
        let manitoba = Area::Province(Province::Manitoba);
        assert_eq!(may(child, Majority::Minor, manitoba), [""; 0]);
        assert_eq!(may(child, Majority::Unknown, manitoba), [""; 0], "it may be a child");
        let refused = ["needs_not_covered", "duty_not_for_card"];
        assert_eq!(may(child, Majority::Adult, manitoba), refused);
        assert_eq!(may(child, Majority::Minor, Area::Anywhere), refused, "which law it would be");
        // The duty is there; its section alone was not seen in a source.
        for province in [Province::NewBrunswick, Province::PrinceEdwardIsland] {
            assert_eq!(may(child, Majority::Minor, Area::Province(province)), [""; 0]);
            assert_eq!(may(child, Majority::Adult, Area::Province(province)), refused);
        }
        for other in [OverrideReason::ImminentDanger, OverrideReason::CourtOrder] {
            assert_eq!(may(other, Majority::Adult, manitoba), [""; 0], "that may concern anybody");
        }
    }

    #[test]
    fn what_follows_an_offer_may_be_said_to_exactly_those_who_have_it() {
        let (partner, stranger) = orgs();
        let offer = HomeEvent::Offer { to: vec![partner], expires_at_s: 9 };
        let (state, _) = HomeState::created().after(&offer, 1).unwrap();
        let message = |body| Message { head: head(), body };
        let revoked = || message(Body::Decision(Standing::Revoked));
        assert!(referral_decision(&state, partner, partner, revoked()).is_some());
        assert!(referral_decision(&state, stranger, stranger, revoked()).is_none());
        let sealed = || message(Body::HandOver { key: [1; 32], sealed: vec![1] });
        assert!(referral_decision(&state, partner, partner, sealed()).is_none(), "it has not won");
        let (won, _) = state.after(&HomeEvent::Accept(partner), 2).unwrap();
        assert!(referral_decision(&won, partner, partner, sealed()).is_some());
        let offer = Body::Offer(proposal().offer);
        assert!(
            referral_decision(&won, partner, partner, message(offer)).is_none(),
            "by the policy alone"
        );
    }
}
