//! Referrals when something is wrong: bad input, a partner that lies, a consent that is withdrawn, time
//! that passes, a node that was set back.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

use std::ops::ControlFlow;

use entente_core::audit::{Action, AuditEntry};
use entente_core::codes::{Barrier, Majority, OverrideReason, ReferralOutcome, Set, Urgency};
use entente_core::consent::Consent;
use entente_core::envelope::Envelope;
use entente_core::feed::{Batch, Carried, Checkpoint, FeedId};
use entente_core::identity::{OrgId, OrgKey};
use entente_core::merkle::Frontier;
use entente_core::record::RecordId;
use entente_core::referral::{
    Answer, Body, Head, HomeStep, Message, NeedCard, Offer, PartnerState, Progress, ReferralId,
    Standing,
};
use entente_core::statement::{AgreementRef, Leaf, Statement};
use entente_node::fault::Fault;
use entente_node::node::feeds::{Accepted, Via};
use entente_node::node::referrals::{AlarmKind, KeptReferral};
use entente_proto::{encode_referral, encode_statement};
use entente_tests::federation::{Org, START_S, pair, plain_case, pull, staff};
use entente_tests::referrals::{
    agree_on_referrals, card, case_with_consent, network, referral_consent,
};

/// A referral of `home` that was offered to these partners.
fn offered(home: &Org, to: &[&Org]) -> KeptReferral {
    let record = case_with_consent(home);
    let kept = home.node().create_referral(staff(), &record, card(Urgency::OneHour)).unwrap();
    let to: Vec<OrgId> = to.iter().map(|org| org.id()).collect();
    home.node().offer_referral(staff(), &kept.id, &to).unwrap()
}

fn case(home: &Org, consents: Vec<Consent>) -> RecordId {
    let mut record = home.node().blank_record().unwrap();
    home.node().fill(&mut record, &plain_case()).unwrap();
    home.node().add_record(staff(), record, consents).unwrap()
}

fn step(home: &Org, id: &ReferralId) -> HomeStep {
    home.node().find_referral(&id.to_string()).unwrap().state.step
}

fn there(partner: &Org, id: &ReferralId) -> PartnerState {
    partner.node().find_received(&id.to_string()).unwrap().state
}

fn sizes(home: &Org, partners: &[Org]) -> Vec<u64> {
    partners.iter().map(|it| home.node().feed_head(&it.id()).unwrap().1).collect()
}

fn why(fault: &Fault) -> String {
    fault.why.iter().map(|it| it.en.clone()).collect::<Vec<_>>().join("; ")
}

// Bad input.

#[test]
fn an_offer_to_a_suspended_partner_goes_to_nobody_and_says_why() {
    let (_, home, partners) = network(2);
    let record = case_with_consent(&home);
    let kept = home.node().create_referral(staff(), &record, card(Urgency::OneDay)).unwrap();
    home.node().suspend_partner(staff(), &partners[1].id()).unwrap();
    let before = sizes(&home, &partners);
    let to = [partners[0].id(), partners[1].id()];
    let fault = home.node().offer_referral(staff(), &kept.id, &to).unwrap_err();
    assert_eq!(fault.code, "ENT-2306");
    assert_eq!(why(&fault), "Organization 11: the partnership is suspended");
    assert!(fault.next.en.contains("entente referral show"));
    assert_eq!(sizes(&home, &partners), before, "nothing was half sent");
    assert_eq!(step(&home, &kept.id), HomeStep::Created);
}

#[test]
fn a_referral_without_a_consent_that_covers_it_is_not_made() {
    let (_, home, _) = network(1);
    let today = home.node().today();
    let expired = Consent { valid_until: Some(today.yesterday().unwrap()), ..referral_consent(1) };
    for (consents, reason) in [(vec![], "not covered"), (vec![expired], "the consent has expired")]
    {
        let record = case(&home, consents);
        let made = home.node().create_referral(staff(), &record, card(Urgency::OneDay));
        let fault = made.unwrap_err();
        assert_eq!(fault.code, "ENT-2304");
        assert!(why(&fault).contains(reason), "{}", why(&fault));
    }
}

#[test]
fn a_consent_that_names_others_covers_no_offer_to_this_partner() {
    let (_, home, partners) = network(2);
    let named = Consent { recipients: [partners[0].id()].into(), ..referral_consent(1) };
    let record = case(&home, vec![named]);
    let kept = home.node().create_referral(staff(), &record, card(Urgency::OneDay)).unwrap();
    let offer = |partner: &Org| home.node().offer_referral(staff(), &kept.id, &[partner.id()]);
    let fault = offer(&partners[1]).unwrap_err();
    assert!(why(&fault).contains("no consent and no legal duty"), "{}", why(&fault));
    offer(&partners[0]).unwrap();
}

/// A legal duty that names these partners, and no consent.
fn duty(reason: OverrideReason, to: &[&Org]) -> Consent {
    Consent {
        scopes: Set::EMPTY,
        recipients: to.iter().map(|org| org.id()).collect(),
        override_reason: Some(reason),
        ..referral_consent(2)
    }
}

/// The reasons of what the audit log has of a partner under this action.
fn audited(org: &Org, action: Action, partner: &Org) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut note = |_, entry: AuditEntry| {
        if entry.action == action && entry.partner == Some(partner.id()) {
            all.push(entry.reasons);
        }
        ControlFlow::Continue(())
    };
    org.node().audit_entries(0, &mut note).unwrap();
    all
}

#[test]
fn the_duty_to_report_a_child_carries_a_minors_referral_and_never_an_adults() {
    let (_, home, partners) = network(2);
    let (agency, other) = (&partners[0], &partners[1]);
    let child = duty(OverrideReason::ChildProtectionDuty, &[agency]);
    let record = case(&home, vec![child.clone()]);
    let made = |record: RecordId, age| {
        let card = NeedCard { age, ..card(Urgency::OneDay) };
        home.node().create_referral(staff(), &record, card)
    };
    let fault = made(record, Majority::Adult).unwrap_err();
    assert_eq!(fault.code, "ENT-2304");
    assert!(why(&fault).contains("extends to a minor"), "{}", why(&fault));
    let kept = made(record, Majority::Minor).unwrap();
    home.node().offer_referral(staff(), &kept.id, &[agency.id()]).unwrap();
    // What it rests on is written down with the offer.
    let rests_on = ["offered_to", "override:child_protection_duty"];
    assert_eq!(audited(&home, Action::ReferralOffered, agency), [rests_on]);

    // An adult who agrees to one partner is not offered to the one that the duty names.
    let agreed = Consent { recipients: [other.id()].into(), ..referral_consent(1) };
    let record = case(&home, vec![agreed, child]);
    let kept = made(record, Majority::Adult).unwrap();
    let before = sizes(&home, &partners);
    let fault = home.node().offer_referral(staff(), &kept.id, &[agency.id()]).unwrap_err();
    assert_eq!(fault.code, "ENT-2306");
    assert!(why(&fault).contains("extends to a minor"), "{}", why(&fault));
    assert_eq!(sizes(&home, &partners), before, "nothing was half sent");
    let refused = audited(&home, Action::ReferralRefused, agency);
    assert_eq!(refused, [["needs_not_covered", "duty_not_for_card"]]);
    home.node().offer_referral(staff(), &kept.id, &[other.id()]).unwrap();
    assert_eq!(audited(&home, Action::ReferralOffered, other), [["offered_to"]]);
}

#[test]
fn danger_and_a_court_may_concern_an_adult_and_the_offer_says_which_it_rests_on() {
    let (_, home, partners) = network(1);
    for reason in [OverrideReason::ImminentDanger, OverrideReason::CourtOrder] {
        let record = case(&home, vec![duty(reason, &[&partners[0]])]);
        let kept = home.node().create_referral(staff(), &record, card(Urgency::OneHour)).unwrap();
        home.node().offer_referral(staff(), &kept.id, &[partners[0].id()]).unwrap();
    }
    let rests_on = ["override:imminent_danger", "override:court_order"];
    let expected = rests_on.map(|it| ["offered_to", it]);
    assert_eq!(audited(&home, Action::ReferralOffered, &partners[0]), expected);
}

#[test]
fn a_consent_that_ran_out_before_the_acceptance_takes_that_offer_back() {
    let (clock, home, partners) = network(1);
    let until = Consent { valid_until: Some(home.node().today()), ..referral_consent(1) };
    let record = case(&home, vec![until]);
    let kept = home.node().create_referral(staff(), &record, card(Urgency::OneDay)).unwrap();
    home.node().offer_referral(staff(), &kept.id, &[partners[0].id()]).unwrap();
    pull(&partners[0], &home).unwrap();
    partners[0].node().accept_referral(staff(), &home.id(), &kept.id).unwrap();
    clock.advance(24 * 60 * 60);
    pull(&home, &partners[0]).unwrap();
    assert_eq!(step(&home, &kept.id), HomeStep::Unmet);
    pull(&partners[0], &home).unwrap();
    assert_eq!(there(&partners[0], &kept.id), PartnerState::Revoked);
}

// What is withdrawn, and what time does.

#[test]
fn a_withdrawn_consent_takes_the_referral_back_and_what_was_not_read_is_never_sent() {
    let (_, home, partners) = network(2);
    let record = case_with_consent(&home);
    let kept = home.node().create_referral(staff(), &record, card(Urgency::OneDay)).unwrap();
    let to = [partners[0].id(), partners[1].id()];
    home.node().offer_referral(staff(), &kept.id, &to).unwrap();
    pull(&partners[0], &home).unwrap();
    home.node().withdraw_consent(staff(), &record, None).unwrap();
    assert_eq!(step(&home, &kept.id), HomeStep::Revoked);
    for partner in &partners {
        pull(partner, &home).unwrap();
    }
    assert_eq!(there(&partners[0], &kept.id), PartnerState::Revoked);
    assert!(partners[0].node().find_received(&kept.id.to_string()).unwrap().card.is_none());
    assert!(partners[1].node().find_received(&kept.id.to_string()).is_err());
}

#[test]
fn a_withdrawn_record_takes_back_even_what_was_accepted() {
    let (_, home, partners) = network(1);
    let kept = offered(&home, &[&partners[0]]);
    pull(&partners[0], &home).unwrap();
    partners[0].node().accept_referral(staff(), &home.id(), &kept.id).unwrap();
    pull(&home, &partners[0]).unwrap();
    home.node().withdraw_record(staff(), &kept.record).unwrap();
    pull(&partners[0], &home).unwrap();
    assert_eq!(there(&partners[0], &kept.id), PartnerState::Revoked);
    assert_eq!(step(&home, &kept.id), HomeStep::Revoked);
}

#[test]
fn the_end_of_an_agreement_takes_open_offers_back() {
    let (_, home, partners) = network(1);
    let kept = offered(&home, &[&partners[0]]);
    pull(&partners[0], &home).unwrap();
    home.node().end_partner(staff(), &partners[0].id(), "").unwrap();
    assert_eq!(step(&home, &kept.id), HomeStep::Unmet);
    pull(&partners[0], &home).unwrap();
    assert_eq!(there(&partners[0], &kept.id), PartnerState::Revoked);
}

#[test]
fn time_reminds_then_escalates_then_lapses_each_once() {
    let (clock, home, partners) = network(1);
    let kept = offered(&home, &[&partners[0]]);
    pull(&partners[0], &home).unwrap();
    let rings = |org: &Org| -> Vec<AlarmKind> {
        org.node().referral_timers().unwrap().iter().map(|it| it.kind).collect()
    };
    assert_eq!(rings(&home), []);
    clock.advance(30 * 60);
    assert_eq!(
        (rings(&home), rings(&partners[0])),
        (vec![AlarmKind::Reminder], vec![AlarmKind::Reminder])
    );
    assert_eq!((rings(&home), rings(&partners[0])), (vec![], vec![]));
    clock.advance(30 * 60);
    assert_eq!((rings(&home), rings(&home)), (vec![AlarmKind::Overdue], vec![]));
    let overdue = home.node().find_referral(&kept.id.to_string()).unwrap();
    assert!(overdue.is_overdue(home.node().now_s()));
    clock.advance(60 * 60);
    assert_eq!((rings(&home), rings(&home)), (vec![AlarmKind::Expired], vec![]));
    // The clock is set back: it stays over.
    clock.advance(-2 * 60 * 60);
    assert_eq!(step(&home, &kept.id), HomeStep::Expired);
    partners[0].node().accept_referral(staff(), &home.id(), &kept.id).unwrap();
    pull(&home, &partners[0]).unwrap();
    assert_eq!(step(&home, &kept.id), HomeStep::Expired);
    pull(&partners[0], &home).unwrap();
    assert_eq!(there(&partners[0], &kept.id), PartnerState::Expired);
}

#[test]
fn an_acceptance_comes_before_the_time_is_over_by_the_homes_clock_alone() {
    let (clock, home, partners) = network(1);
    let kept = offered(&home, &[&partners[0]]);
    pull(&partners[0], &home).unwrap();
    clock.advance(2 * 60 * 60 - 1);
    partners[0].node().accept_referral(staff(), &home.id(), &kept.id).unwrap();
    pull(&home, &partners[0]).unwrap();
    assert_eq!(step(&home, &kept.id), HomeStep::Accepted);
}

// A node that was set back.

#[test]
fn a_home_that_was_set_back_never_decides_otherwise() {
    let (_, mut home, partners) = network(2);
    let kept = offered(&home, &[&partners[0], &partners[1]]);
    for partner in &partners {
        pull(partner, &home).unwrap();
        partner.node().accept_referral(staff(), &home.id(), &kept.id).unwrap();
    }
    let copy = home.copied();
    pull(&home, &partners[0]).unwrap();
    pull(&partners[0], &home).unwrap();
    assert_eq!(there(&partners[0], &kept.id), PartnerState::Accepted);

    home.set_back(&copy);
    let (_, _, note) = partners[0].node().followed_checkpoint(&home.id()).unwrap();
    assert!(home.node().heed_own_checkpoint(&partners[0].id(), &note).unwrap());
    // The other one is read first now, and still does not win.
    pull(&home, &partners[1]).unwrap();
    pull(&home, &partners[0]).unwrap();
    assert_eq!(step(&home, &kept.id), HomeStep::Revoked);
    for partner in &partners {
        pull(partner, &home).unwrap();
        assert_eq!(there(partner, &kept.id), PartnerState::Revoked);
    }
}

#[test]
fn a_partner_that_was_set_back_says_again_what_the_home_may_not_have_read() {
    let (_, home, mut partners) = network(1);
    let kept = offered(&home, &[&partners[0]]);
    pull(&partners[0], &home).unwrap();
    partners[0].node().accept_referral(staff(), &home.id(), &kept.id).unwrap();
    let copy = partners[0].copied();
    // The home has read more than the copy knows of.
    partners[0].node().send_test(staff(), &home.id()).unwrap();
    pull(&home, &partners[0]).unwrap();
    assert_eq!(step(&home, &kept.id), HomeStep::Accepted);

    partners[0].set_back(&copy);
    let (_, _, note) = home.node().followed_checkpoint(&partners[0].id()).unwrap();
    assert!(partners[0].node().heed_own_checkpoint(&home.id(), &note).unwrap());
    pull(&home, &partners[0]).unwrap();
    pull(&partners[0], &home).unwrap();
    assert_eq!(there(&partners[0], &kept.id), PartnerState::Accepted);
    let outcome = ReferralOutcome::Provided;
    partners[0].node().close_received(staff(), &home.id(), &kept.id, outcome).unwrap();
    pull(&home, &partners[0]).unwrap();
    assert_eq!(step(&home, &kept.id), HomeStep::Done(outcome));
}

// A partner that lies.

/// Signs what it likes with its own key, after what it had said as an honest node.
struct Liar {
    key: OrgKey,
    feed: FeedId,
    leaves: Vec<Vec<u8>>,
    agreement: AgreementRef,
}

impl Liar {
    fn takes_over(org: &Org, seed: u8, home: &Org, agreement: AgreementRef) -> Self {
        let (epoch, _, _) = org.node().feed_head(&home.id()).unwrap();
        let batches = org.node().feed_batches(&home.id(), epoch, 0, usize::MAX).unwrap();
        let whole = |leaf| match leaf {
            Carried::Whole(bytes) => bytes,
            Carried::Redacted(_) => unreachable!("nothing was withdrawn"),
        };
        let leaves = batches.into_iter().flat_map(|it| it.leaves).map(whole).collect();
        let feed = FeedId { issuer: org.id(), audience: home.id(), epoch };
        Self { key: OrgKey::from_seed(&[seed; 32]), feed, leaves, agreement }
    }

    fn message(&self, id: ReferralId, step: u32, body: Body) -> Message {
        let previous = (step > 1).then_some([9; 32]);
        let agreement = self.agreement;
        Message {
            head: Head {
                referral: id,
                agreement,
                step,
                previous,
                seen: None,
                at_s: 1,
                sponsored: None,
            },
            body,
        }
    }

    /// Says something, in the next leaf of its feed.
    fn says(&mut self, home: &Org, message: &Message) -> Accepted {
        let bytes = encode_referral(message);
        let envelope = Envelope::seal(message.payload_type(), bytes, &self.key).unwrap();
        self.says_envelope(home, envelope)
    }

    fn says_envelope(&mut self, home: &Org, envelope: Envelope) -> Accepted {
        let seq = self.leaves.len() as u64 + 1;
        let statement = Statement::Document(envelope);
        let leaf = Leaf { feed: self.feed, seq, agreement: Some(self.agreement), statement };
        let first = self.leaves.len() as u64;
        let bytes = encode_statement(&leaf);
        self.leaves.push(bytes.clone());
        let mut frontier = Frontier::default();
        for leaf in &self.leaves {
            frontier.push(leaf, &mut Vec::new());
        }
        let checkpoint = Checkpoint::sign(&self.feed.origin(), &frontier, &self.key).unwrap().note;
        let leaves = vec![Carried::Whole(bytes)];
        let batch = Batch { epoch: self.feed.epoch, first, checkpoint, leaves };
        home.node().accept(&self.feed.issuer, batch, Via::Connection).unwrap()
    }
}

/// Two partners, of whom the first lies; a referral that only the second was offered.
fn lies() -> (Org, Vec<Org>, Liar, KeptReferral) {
    let (_, home, partners) = network(2);
    let kept = offered(&home, &[&partners[1]]);
    let agreement = home.node().agreements().unwrap();
    let agreement = agreement.into_iter().find(|it| it.partner == partners[0].id()).unwrap();
    let liar = Liar::takes_over(&partners[0], 10, &home, agreement.reference());
    (home, partners, liar, kept)
}

#[test]
fn whoever_was_not_offered_a_referral_changes_nothing_about_it() {
    let (home, _, mut liar, kept) = lies();
    for (body, n) in [
        (Body::Reply(Answer::Accept), 1),
        (Body::Reply(Answer::Decline(Barrier::NoCapacity)), 1),
        (Body::Progress(Progress::Closed(ReferralOutcome::Provided)), 1),
        (Body::Decision(Standing::Won), 1),
        (Body::Decision(Standing::Revoked), 0),
        (Body::HandOver { key: [1; 32], sealed: vec![1] }, 1),
    ] {
        let told = liar.says(&home, &liar.message(kept.id, 1, body.clone()));
        assert_eq!(told.skipped.len(), n, "{body:?}");
    }
    let unknown = liar.message(ReferralId([7; 16]), 1, Body::Reply(Answer::Accept));
    assert_eq!(liar.says(&home, &unknown).skipped[0].1, "referral_unknown");
    let still = home.node().find_referral(&kept.id.to_string()).unwrap();
    assert_eq!(still.state, kept.state);
    let partner = home.node().partner_row(&liar.feed.issuer).unwrap();
    assert_eq!(partner.quarantined, None, "no fault of the feed");
}

#[test]
fn an_answer_that_is_repeated_in_new_leaves_counts_once() {
    let (_, home, partners) = network(2);
    let kept = offered(&home, &[&partners[0], &partners[1]]);
    let agreement = kept.offers[&partners[0].id()].agreement;
    let agreement = AgreementRef { id: agreement.0, version: agreement.1 };
    let mut liar = Liar::takes_over(&partners[0], 10, &home, agreement);
    let accept = liar.message(kept.id, 1, Body::Reply(Answer::Accept));
    let n_audited = || {
        let mut n = 0;
        let count = &mut |_, entry: entente_core::audit::AuditEntry| {
            n += u32::from(entry.action == Action::ReferralAccepted);
            std::ops::ControlFlow::Continue(())
        };
        home.node().audit_entries(0, count).unwrap();
        n
    };
    for _ in 0..3 {
        liar.says(&home, &accept);
        assert_eq!(n_audited(), 1);
    }
    let size = home.node().feed_head(&partners[0].id()).unwrap().1;
    let decline = liar.message(kept.id, 1, Body::Reply(Answer::Decline(Barrier::NoCapacity)));
    liar.says(&home, &decline);
    // A step out of order, and one under another agreement.
    let out = liar.says(&home, &liar.message(kept.id, 7, Body::Progress(Progress::Opened)));
    assert_eq!(out.skipped[0].1, "referral_out_of_order");
    let mut other = liar.message(kept.id, 1, Body::Reply(Answer::Accept));
    other.head.agreement.version = 9;
    assert_eq!(liar.says(&home, &other).skipped[0].1, "referral_other_agreement");
    // Something signed by another organization.
    let stolen = Envelope::seal(
        accept.payload_type(),
        encode_referral(&accept),
        &OrgKey::from_seed(&[11; 32]),
    );
    assert_eq!(liar.says_envelope(&home, stolen.unwrap()).skipped[0].1, "document_not_signed");

    let decided = home.node().find_referral(&kept.id.to_string()).unwrap();
    assert_eq!(decided.state.winner(), Some(partners[0].id()));
    assert_eq!(decided.state.step, HomeStep::Accepted);
    assert_eq!(home.node().feed_head(&partners[0].id()).unwrap().1, size, "nothing was said");
    home.node().verify_audit().unwrap();
}

#[test]
fn a_home_cannot_hand_over_or_take_what_it_did_not_let_win() {
    let (_, home, partners) = network(1);
    let kept = offered(&home, &[&partners[0]]);
    pull(&partners[0], &home).unwrap();
    let agreement = kept.offers[&partners[0].id()].agreement;
    let agreement = AgreementRef { id: agreement.0, version: agreement.1 };
    let mut liar = Liar::takes_over(&home, 2, &partners[0], agreement);
    let sealed = Body::HandOver { key: [1; 32], sealed: vec![1] };
    let told = liar.says(&partners[0], &liar.message(kept.id, 1, sealed));
    assert_eq!(told.skipped[0].1, "referral_contradiction");
    let done = Body::Decision(Standing::Done(ReferralOutcome::Provided));
    assert_eq!(
        liar.says(&partners[0], &liar.message(kept.id, 1, done)).skipped[0].1,
        "referral_contradiction"
    );
    assert_eq!(there(&partners[0], &kept.id), PartnerState::Offered);
}

#[test]
fn a_partner_that_gives_a_referrals_name_to_another_keeps_nobody_from_answering() {
    let (_, home, partners) = network(2);
    let (liar, honest) = (&partners[0], &partners[1]);
    pair(liar, honest);
    agree_on_referrals(liar, honest);
    let kept = offered(&home, &[liar, honest]);
    pull(honest, &home).unwrap();
    pull(honest, liar).unwrap();
    let agreement = liar.node().agreements().unwrap();
    let agreement = agreement.into_iter().find(|it| it.partner == honest.id()).unwrap();
    let mut lies = Liar::takes_over(liar, 10, honest, agreement.reference());
    let (due_at_s, expires_at_s) = (START_S + 3600, START_S + 7200);
    let offer = Offer { card: card(Urgency::OneHour), due_at_s, expires_at_s };
    let told = lies.says(honest, &lies.message(kept.id, 1, Body::Offer(offer)));
    assert_eq!(told.skipped.len(), 0, "its own referral, as far as anybody can tell");

    let id = kept.id.to_string();
    let several = honest.node().find_received(&id).unwrap_err();
    assert_eq!(several.code, "ENT-2302");
    assert!(several.next.en.contains("REFERRAL@ORGANIZATION"));
    for whose in [home.id(), liar.id()] {
        let found = honest.node().find_received(&format!("{}@{whose}", &id[..8])).unwrap();
        assert_eq!((found.home, found.id), (whose, kept.id));
    }
    let by_name = honest.node().find_received(&format!("{id}@Organization 2")).unwrap();
    assert_eq!(by_name.home, home.id());
    for nobodys in [honest.id(), OrgKey::from_seed(&[40; 32]).id()] {
        let unknown = honest.node().find_received(&format!("{id}@{nobodys}")).unwrap_err();
        assert_eq!(unknown.code, "ENT-2301");
    }
    honest.node().accept_referral(staff(), &by_name.home, &by_name.id).unwrap();
    pull(&home, honest).unwrap();
    assert_eq!(step(&home, &kept.id), HomeStep::Accepted);
    let other = honest.node().find_received(&format!("{id}@{}", liar.id())).unwrap();
    assert_eq!(other.state, PartnerState::Offered, "nothing was said about the other one");
}
