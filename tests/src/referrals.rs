//! Referrals in a federation in one thread, beside a model.

use entente_core::codes::{ConsentScope, Dependants, Majority, Need, Province, Risk, Set, Urgency};
use entente_core::consent::Consent;
use entente_core::record::RecordId;
use entente_core::referral::{Area, NeedCard};
use entente_node::clock::ManualClock;

use crate::federation::{Org, START_S, consent, pair, plain_case, propose_and_sign, staff};

/// The draft of an agreement that grants referrals to whom it is proposed.
pub fn referrals_only() -> String {
    include_str!("../../config/agreements/province-federal.toml")
        .replace("purposes = [\"statistics\", \"evaluation\"]", "purposes = [\"referral\"]")
        .replace("summaries = true", "summaries = false\nreferrals = true")
        .replace("indigenous = true", "indigenous = false")
}

/// An agreement that grants referrals from `from` to `to`.
pub fn agree_on_referrals(from: &Org, to: &Org) {
    let draft = referrals_only();
    let draft = from.node().read_draft(&draft, &to.id(), None).expect("a draft");
    propose_and_sign(from, to, &draft);
}

/// A home and `n` partners that it may offer referrals to.
pub fn network(n: u8) -> (ManualClock, Org, Vec<Org>) {
    let clock = ManualClock::new(START_S);
    let home = Org::new(2, &clock);
    let partners: Vec<Org> = (0..n).map(|n| Org::new(10 + n, &clock)).collect();
    for partner in &partners {
        pair(&home, partner);
        agree_on_referrals(&home, partner);
    }
    (clock, home, partners)
}

/// A consent to referrals for any need, to anybody.
pub fn referral_consent(seed: u8) -> Consent {
    Consent { scopes: Set::EMPTY.with(ConsentScope::ReferralNeed), ..consent(seed) }
}

/// A plain case of a person who consents to referrals.
pub fn case_with_consent(home: &Org) -> RecordId {
    let mut record = home.node().blank_record().expect("an id");
    home.node().fill(&mut record, &plain_case()).expect("a whole record");
    home.node().add_record(staff(), record, vec![referral_consent(1)]).expect("added")
}

/// An adult in Manitoba who needs a safe place to sleep.
pub fn card(urgency: Urgency) -> NeedCard {
    NeedCard {
        needs: vec![Need::EmergencyHousing, Need::Legal],
        urgency,
        risk: Risk::High,
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
