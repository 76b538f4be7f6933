//! Referrals that an organization without a node makes: asked for in its folder, made and offered by its
//! sponsor, sealed in the folder, and read by nobody between.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use entente_core::codes::{Barrier, Code as _, OrgType, ReferralOutcome, Urgency};
use entente_core::envelope::payload_type;
use entente_core::identity::OrgKey;
use entente_core::referral::{HomeStep, PartnerState, ReferralId};
use entente_core::sponsor::fingerprint;
use entente_node::clock::Clock as _;
use entente_node::node::referrals::{AlarmKind, Refusal};
use entente_node::node::sponsors::request_refused;
use entente_node::sponsored::ReferAsk;
use entente_tests::federation::{Org, START_S, pair, propose_and_sign, pull, staff};
use entente_tests::handovers::{PASSPHRASE, add_opener, marked};
use entente_tests::referrals::{agree_on_referrals, card, case_with_consent, referrals_only};
use entente_tests::requests::{SPONSOR, TODAY, ask, folder_of, world};
use entente_tests::sponsored::{SECRET, has_mark, marks_in};

const DAY_S: i64 = 24 * 60 * 60;

fn key(seed: u8) -> OrgKey {
    OrgKey::from_seed(&[seed; 32])
}

#[test]
fn a_request_becomes_a_referral_and_its_outcome_comes_back_to_the_folder() {
    let it = world();
    let (id, request) = it.refer(&ask());
    assert_eq!(it.known(&id).step(), "asked");
    let taken = it.take(&request);
    assert_eq!((taken.refused.len(), taken.requests.len(), taken.requests[0].n_asked), (0, 1, 0));
    let (node, home) = (it.sponsor.node(), it.sponsor.id());
    assert_eq!(it.step(&id), HomeStep::Created);
    assert_eq!(node.asked_by(&id).unwrap(), Some(it.org));
    let signed = node.signed_request(&id).unwrap().unwrap();
    signed.verify(payload_type::REFERRAL_REQUEST, &[it.org, home]).unwrap();

    assert_eq!(it.news(&id).step(), "created");
    node.offer_referral(staff(), &id, &[it.partner.id()]).unwrap();
    let told = it.news(&id);
    assert_eq!((told.step(), told.document().offers[0].step.as_str()), ("offered", "open"));
    let early = it.hand_over(&id, None).unwrap_err();
    assert_eq!(early.code, "ENT-2629", "nobody has it");
    pull(&it.partner, &it.sponsor).unwrap();
    it.partner.node().accept_referral(staff(), &home, &id).unwrap();
    pull(&it.sponsor, &it.partner).unwrap();
    let told = it.news(&id);
    assert_eq!((told.step(), told.document().handover.as_deref()), ("accepted", Some("ready")));
    assert_eq!(told.document().with.unwrap().id, it.partner.id().to_string());

    assert_eq!(it.hand_over(&id, None).unwrap_err().code, "ENT-2631");
    let other = fingerprint(&home);
    assert_eq!(it.hand_over(&id, Some(&other)).unwrap_err().code, "ENT-2631");
    let words = it.folder.answers(SECRET, START_S).unwrap();
    assert_eq!(entente_proto::read_answers(&words).unwrap().items, [], "nothing was signed");
    let print = fingerprint(&it.partner.id());
    let sealed = it.hand_over(&id, Some(&print)).unwrap();
    assert_eq!(it.known(&id).document().handover.as_deref(), Some("waiting"));
    assert_eq!(it.hand_over(&id, None).unwrap_err().code, "ENT-2622", "one at a time");
    let taken = it.take(&sealed);
    assert_eq!((taken.refused.len(), taken.requests[0].what, taken.n_before), (0, "hand_over", 0));
    let mail = it.mail();
    it.read(&mail);
    assert_eq!(it.known(&id).document().handover.as_deref(), Some("handed_over"));

    pull(&it.partner, &it.sponsor).unwrap();
    let opener = ("Alex", PASSPHRASE);
    let opened = it.partner.node().open_referral(staff(), &home, &id, opener).unwrap();
    assert_eq!(opened.details, marked());
    pull(&it.sponsor, &it.partner).unwrap();
    assert_eq!(it.news(&id).document().handover.as_deref(), Some("opened"));
    it.partner.node().start_received(staff(), &home, &id).unwrap();
    let outcome = ReferralOutcome::Provided;
    it.partner.node().close_received(staff(), &home, &id, outcome).unwrap();
    pull(&it.sponsor, &it.partner).unwrap();
    let told = it.news(&id).document();
    assert_eq!((told.step.as_str(), told.outcome.as_deref()), ("done", Some("provided")));

    // Nobody but the partner's opener ever had it.
    assert_eq!(marks_in(&it.sponsor, &[&it.partner]), [""; 0]);
    assert_eq!(marks_in(&it.partner, &[&it.sponsor]), [""; 0]);
    assert!(!has_mark(&sealed) && !has_mark(&mail));
    assert_eq!(it.marked_files(), [""; 0].map(std::path::PathBuf::from));
    // It is not the sponsor's client.
    assert_eq!(node.own_referral_facts().unwrap(), []);
    for org in [&it.sponsor, &it.partner] {
        org.node().verify_audit().unwrap();
    }

    // The fingerprint was compared once.
    let second = it.accepted();
    it.news(&second);
    let sealed = it.hand_over(&second, None).unwrap();
    assert_eq!(it.take(&sealed).refused, []);
    assert_eq!(it.step(&second), HomeStep::HandedOver);
}

#[test]
fn all_that_match_are_asked_at_once_and_a_decline_comes_back_with_its_barrier() {
    let it = world();
    let (id, file) = it.refer(&ReferAsk { matching: true, ..ask() });
    let taken = it.take(&file);
    assert_eq!(taken.requests[0].n_asked, 1);
    assert_eq!(it.step(&id), HomeStep::Offered);
    let again = it.take(&file);
    assert_eq!((again.requests.len(), again.n_before), (0, 1));
    pull(&it.partner, &it.sponsor).unwrap();
    let (home, barrier) = (it.sponsor.id(), Barrier::NoCapacity);
    it.partner.node().decline_referral(staff(), &home, &id, barrier).unwrap();
    pull(&it.sponsor, &it.partner).unwrap();
    let told = it.news(&id).document();
    assert_eq!(
        (told.step.as_str(), told.offers[0].barrier.as_deref()),
        ("unmet", Some("no_capacity"))
    );
}

#[test]
fn files_and_mail_that_come_twice_late_or_never_count_once() {
    let mut it = world();
    let (id, request) = it.refer(&ask());
    assert_eq!(it.folder.answers(SECRET, START_S).unwrap(), request, "the same file once more");
    assert_eq!(it.take(&request).requests.len(), 1);
    it.sponsor.crash();
    let again = it.take(&request);
    assert_eq!((again.requests.len(), again.n_before, again.refused.len()), (0, 1, 0));
    let first = it.mail();
    assert_eq!(it.read(&first).n_new, 1);
    assert_eq!(it.read(&first).n_new, 0);
    it.sponsor.node().offer_referral(staff(), &id, &[it.partner.id()]).unwrap();
    let _lost = it.mail();
    pull(&it.partner, &it.sponsor).unwrap();
    it.partner.node().accept_referral(staff(), &it.sponsor.id(), &id).unwrap();
    pull(&it.sponsor, &it.partner).unwrap();
    it.sponsor.crash();
    assert_eq!(it.news(&id).step(), "accepted");
    assert_eq!(it.read(&first).n_new, 0, "older mail");
    assert_eq!(it.known(&id).step(), "accepted");

    let print = fingerprint(&it.partner.id());
    let sealed = it.hand_over(&id, Some(&print)).unwrap();
    assert_eq!(it.take(&sealed).requests.len(), 1);
    assert_eq!(it.take(&sealed).n_before, 1);
    assert_eq!(it.take(&request).n_before, 1);
    pull(&it.partner, &it.sponsor).unwrap();
    pull(&it.sponsor, &it.partner).unwrap();
    it.news(&id);
    assert!(it.folder.answers(SECRET, START_S).unwrap().len() < sealed.len(), "it was taken");
    // A correction takes the place of what nobody opened yet.
    let corrected = it.hand_over(&id, None).unwrap();
    assert_eq!(it.take(&corrected).refused, []);
    assert_eq!(it.take(&corrected).refused, []);
    pull(&it.partner, &it.sponsor).unwrap();
    let opener = ("Alex", PASSPHRASE);
    let opened = it.partner.node().open_referral(staff(), &it.sponsor.id(), &id, opener).unwrap();
    assert_eq!(opened.details, marked());
    it.sponsor.node().verify_audit().unwrap();
}

#[test]
fn what_is_taken_back_in_the_folder_is_taken_back_everywhere() {
    let it = world();
    let id = it.accepted();
    it.news(&id);
    let print = fingerprint(&it.partner.id());
    it.hand_over(&id, Some(&print)).unwrap();
    let (told, file) = it.folder.withdraw(SECRET, &id.to_string(), START_S).unwrap();
    assert_eq!(told.id, id);
    assert_eq!(it.known(&id).step(), "withdrawing");
    // What was sealed and is for nobody any more is not even handed on.
    let taken = it.take(&file);
    assert_eq!(taken.refused, [(id, "request_taken_back")]);
    assert_eq!(taken.requests[0].what, "withdraw");
    assert_eq!(it.step(&id), HomeStep::Revoked);
    assert_eq!(it.take(&file).n_before, 3);
    pull(&it.partner, &it.sponsor).unwrap();
    let theirs = it.partner.node().find_received(&id.to_string()).unwrap();
    assert_eq!(theirs.state, PartnerState::Revoked);
    assert_eq!(it.news(&id).step(), "revoked");
    let over = it.folder.withdraw(SECRET, &id.to_string(), START_S).unwrap_err();
    assert_eq!(over.code, "ENT-2622");
    assert_eq!(it.hand_over(&id, None).unwrap_err().code, "ENT-2622");

    // One that was never sent is made and taken back with one file, and nobody is asked.
    let (second, _) = it.refer(&ReferAsk { matching: true, ..ask() });
    let (_, file) = it.folder.withdraw(SECRET, &second.to_string(), START_S).unwrap();
    it.take(&file);
    let kept = it.sponsor.node().find_referral(&second.to_string()).unwrap();
    assert_eq!((kept.state.step, kept.state.offers.len()), (HomeStep::Revoked, 0));
}

#[test]
fn what_is_over_is_sent_to_no_sponsor_again_that_may_have_forgotten_it() {
    let it = world();
    let (over, open) = (it.taken(&ask()), it.taken(&ask()));
    let (_, file) = it.folder.withdraw(SECRET, &over.to_string(), START_S).unwrap();
    it.take(&file);
    assert_eq!(it.news(&over).step(), "revoked");
    let file = it.folder.answers(SECRET, START_S).unwrap();

    // The same sponsor from a backup that is older than both.
    let set_back = Org::new(SPONSOR, &it.clock);
    let (_, document) = it.folder.sign(SECRET, START_S + 1).unwrap();
    set_back.node().add_sponsored(&staff(), &document, &fingerprint(&it.org)).unwrap();
    let taken = set_back.node().take_answers(&staff(), &file).unwrap();
    assert_eq!(taken.refused, []);
    let taken: Vec<_> = taken.requests.iter().map(|request| request.referral).collect();
    assert_eq!(taken, [open]);
    assert!(set_back.node().find_referral(&over.to_string()).is_err());
}

#[test]
fn what_somebody_has_accepted_is_asked_of_no_sponsor_again_that_forgot_it() {
    let it = world();
    let id = it.accepted();
    assert_eq!(it.news(&id).step(), "accepted");
    let set_back = Org::new(SPONSOR, &it.clock);
    let (_, document) = it.folder.sign(SECRET, START_S + 1).unwrap();
    set_back.node().add_sponsored(&staff(), &document, &fingerprint(&it.org)).unwrap();
    let take = |file: &[u8]| set_back.node().take_answers(&staff(), file).unwrap();
    let taken = take(&it.folder.answers(SECRET, START_S).unwrap());
    assert_eq!((taken.requests.len(), taken.refused.len()), (0, 0));

    // What is given up is said from the beginning, and comes to its end there.
    let (_, file) = it.folder.withdraw(SECRET, &id.to_string(), START_S).unwrap();
    let taken = take(&file);
    assert_eq!((taken.requests.len(), taken.refused.len()), (2, 0));
    let kept = set_back.node().find_referral(&id.to_string()).unwrap();
    assert_eq!((kept.state.step, kept.state.offers.len()), (HomeStep::Revoked, 0));
}

#[test]
fn a_sponsor_that_was_set_back_asks_nobody_by_itself_of_what_was_signed_before() {
    let mut it = world();
    let (id, file) = it.refer(&ReferAsk { matching: true, ..ask() });
    let copy = it.sponsor.copied();
    assert_eq!(it.take(&file).requests[0].n_asked, 1);
    pull(&it.partner, &it.sponsor).unwrap();

    it.sponsor.set_back(&copy);
    let (_, _, note) = it.partner.node().followed_checkpoint(&it.sponsor.id()).unwrap();
    assert!(it.sponsor.node().heed_own_checkpoint(&it.partner.id(), &note).unwrap());
    for _ in 0..2 {
        let taken = it.take(&file);
        let told = taken.requests.iter().find(|told| told.referral == id).unwrap();
        assert_eq!((told.n_asked, told.fault.as_ref().unwrap().code.as_str()), (0, "ENT-2641"));
    }
    assert_eq!(it.step(&id), HomeStep::Created, "its staff ask by hand, once they called");
    it.sponsor.node().offer_referral(staff(), &id, &[it.partner.id()]).unwrap();
    assert_eq!(it.take(&file).requests, []);

    let asked = ReferAsk { matching: true, ..ask() };
    let (told, file) = it.folder.refer(SECRET, &asked, START_S + 1, TODAY).unwrap();
    let taken = it.take(&file);
    let later = taken.requests.iter().find(|later| later.referral == told.id).unwrap();
    assert_eq!((later.n_asked, later.fault.as_ref()), (1, None), "it is signed later");
}

#[test]
fn nothing_is_signed_that_the_person_does_not_allow() {
    let it = world();
    let refused = |change: &dyn Fn(&mut ReferAsk)| {
        let mut asked = ask();
        change(&mut asked);
        it.folder.refer(SECRET, &asked, START_S, TODAY).unwrap_err().code.clone()
    };
    assert_eq!(refused(&|it| it.scopes.clear()), "ENT-2626");
    assert_eq!(refused(&|it| it.scopes = vec!["stats".to_owned()]), "ENT-2626");
    assert_eq!(refused(&|it| it.scopes.push("none".to_owned())), "ENT-2626");
    assert_eq!(refused(&|it| it.informed = false), "ENT-2626");
    assert_eq!(refused(&|it| it.given_on = Some("2026-12-01".to_owned())), "ENT-2626");
    assert_eq!(refused(&|it| it.valid_until = Some("2026-11-01".to_owned())), "ENT-2626");
    let duty = Some("child_protection_duty".to_owned());
    assert_eq!(refused(&|it| it.override_reason = duty.clone()), "ENT-2627");
    assert_eq!(refused(&|it| it.to = vec!["Nobody".to_owned()]), "ENT-2627");
    assert_eq!(refused(&|it| it.needs.clear()), "ENT-2628");
    assert_eq!(refused(&|it| it.needs.push("legal".to_owned())), "ENT-2628");
    assert_eq!(refused(&|it| it.valid_until = Some("soon".to_owned())), "ENT-2628");
    assert_eq!(
        refused(&|it| it.to = (0..40).map(|n| key(n).id().to_string()).collect()),
        "ENT-2628"
    );
    assert_eq!(refused(&|it| it.needs.push("gold".to_owned())), "ENT-2312");
    assert!(it.folder.inbox(SECRET, None, START_S).unwrap().own.is_empty());
}

#[test]
fn a_folder_rests_the_referral_of_a_minor_on_the_duty_to_report_and_no_adults() {
    let it = world();
    let partner = it.partner.id();
    let on_duty = |age: &str, area: &str| ReferAsk {
        age: Some(age.to_owned()),
        area: Some(area.to_owned()),
        scopes: Vec::new(),
        informed: false,
        override_reason: Some("child_protection_duty".to_owned()),
        to: vec![partner.to_string()],
        ..ask()
    };
    for (age, area) in [("adult", "46"), ("minor", "anywhere")] {
        let refused = it.folder.refer(SECRET, &on_duty(age, area), START_S, TODAY).unwrap_err();
        assert_eq!(refused.code, "ENT-2626", "{age} {area}");
        let why: Vec<_> = refused.why.iter().map(|it| it.en.as_str()).collect();
        assert!(why.iter().any(|it| it.contains("extends to a minor")), "{why:?}");
    }
    let id = it.taken(&on_duty("minor", "46"));
    let node = it.sponsor.node();
    let kept = node.find_referral(&id.to_string()).unwrap();
    assert_eq!(node.may_offer(&kept, &partner).unwrap(), Ok(()));
}

#[test]
fn the_consent_decides_at_the_sponsor_too_towards_whom_and_until_when() {
    let it = world();
    let node = it.sponsor.node();
    let (partner, nobody) = (it.partner.id(), key(40).id());
    let may = |asked: ReferAsk| {
        let id = it.taken(&asked);
        node.may_offer(&node.find_referral(&id.to_string()).unwrap(), &partner).unwrap()
    };
    assert_eq!(may(ask()), Ok(()));
    assert_eq!(may(ReferAsk { to: vec![partner.to_string()], ..ask() }), Ok(()));
    let other = may(ReferAsk { to: vec![nobody.to_string()], ..ask() });
    assert!(matches!(other, Err(Refusal::Denied(_))), "{other:?}");
    let kind = node.partner_row(&partner).unwrap().kind;
    let (its_own, others): (Vec<_>, Vec<_>) =
        OrgType::ALL.iter().copied().partition(|it| it.number() == kind);
    let codes = |kinds: Vec<OrgType>| -> Vec<String> {
        kinds.into_iter().map(|it| it.code().to_owned()).collect()
    };
    assert_eq!(may(ReferAsk { kinds: codes(its_own), ..ask() }), Ok(()));
    assert_eq!(may(ReferAsk { kinds: codes(others), ..ask() }), Err(Refusal::OtherKind));
    let duty = Some("imminent_danger".to_owned());
    let on_duty = ReferAsk {
        scopes: Vec::new(),
        informed: false,
        override_reason: duty,
        to: vec![partner.to_string()],
        ..ask()
    };
    assert_eq!(may(on_duty), Ok(()));

    // It holds when it is signed, and no longer when it comes.
    let (late, file) = it.refer(&ReferAsk { valid_until: Some("2026-11-23".to_owned()), ..ask() });
    it.clock.advance(3 * DAY_S);
    let refused = it.take(&file).refused;
    assert_eq!(refused, [(late, "request_expired")]);
    assert_eq!(request_refused(refused[0].1).unwrap().code, "ENT-2634");
    assert!(node.find_referral(&late.to_string()).is_err());
    node.verify_audit().unwrap();
}

#[test]
fn a_consent_that_ends_after_the_acceptance_lets_nothing_be_handed_over() {
    let it = world();
    let id = it.taken(&ReferAsk { valid_until: Some("2026-11-24".to_owned()), ..ask() });
    let (node, home) = (it.sponsor.node(), it.sponsor.id());
    node.offer_referral(staff(), &id, &[it.partner.id()]).unwrap();
    pull(&it.partner, &it.sponsor).unwrap();
    it.partner.node().accept_referral(staff(), &home, &id).unwrap();
    pull(&it.sponsor, &it.partner).unwrap();
    it.news(&id);
    let sealed = it.hand_over(&id, Some(&fingerprint(&it.partner.id()))).unwrap();
    it.clock.advance(4 * DAY_S);
    assert_eq!(it.take(&sealed).refused, [(id, "handover_not_permitted")]);
    assert_eq!(it.step(&id), HomeStep::Accepted);
    // It was read, and is not refused again and again.
    assert_eq!(it.take(&sealed).n_before, 1);
    assert_eq!(it.news(&id).document().handover.as_deref(), Some("ready"));
}

#[test]
fn the_sponsor_hands_over_nothing_itself_and_its_end_takes_back_what_is_open() {
    let it = world();
    let (open, taken) = (it.taken(&ask()), it.accepted());
    let node = it.sponsor.node();
    let refused = node.hand_over_referral(staff(), &taken, &marked()).unwrap_err();
    assert_eq!(refused.code, "ENT-2639");
    assert_eq!(marks_in(&it.sponsor, &[&it.partner]), [""; 0]);
    it.news(&taken);
    let print = fingerprint(&it.partner.id());
    let handed = it.accepted();
    it.news(&handed);
    let sealed = it.hand_over(&handed, Some(&print)).unwrap();
    assert_eq!(it.take(&sealed).refused, []);
    node.end_sponsored(&staff(), &it.org).unwrap();
    assert_eq!(it.step(&open), HomeStep::Revoked);
    assert_eq!(it.step(&taken), HomeStep::Revoked);
    assert_eq!(it.step(&handed), HomeStep::HandedOver, "the person is being served");
    assert_eq!(it.news(&open).step(), "revoked");
    let closed = node.take_answers(&staff(), &it.folder.answers(SECRET, START_S).unwrap());
    assert_eq!(closed.unwrap_err().code, "ENT-2604");
}

#[test]
fn an_organization_without_a_node_accepts_what_another_one_asked_for() {
    let it = world();
    let node = it.sponsor.node();
    let (quay, theirs) = folder_of(&it.sponsor, it.place.path(), "Quay", "Le Quai");
    // One of a partner, and one of the same sponsor.
    let carrier = Org::new(12, &it.clock);
    pair(&it.sponsor, &carrier);
    agree_with_services(&carrier, &it.sponsor);
    let (lodge, far) = folder_of(&carrier, it.place.path(), "Lodge", "Le Gîte");
    pull(&it.sponsor, &carrier).unwrap();

    for (folder, accepter, through) in [(&quay, theirs, None), (&lodge, far, Some(&carrier))] {
        let id = it.taken(&ask());
        let kept = node.find_referral(&id.to_string()).unwrap();
        assert_eq!(node.may_offer(&kept, &it.org).unwrap(), Err(Refusal::AskedForIt));
        node.offer_referral(staff(), &id, &[accepter]).unwrap();
        let carry = || {
            let by = through.unwrap_or(&it.sponsor);
            if let Some(carrier) = through {
                pull(carrier, &it.sponsor).unwrap();
            }
            let mail = by.node().give_mail(&staff(), &accepter).unwrap().file;
            assert_eq!(folder.inbox(SECRET, Some(&mail), START_S).unwrap().refused, []);
        };
        let answer = |file: &[u8]| {
            let by = through.unwrap_or(&it.sponsor);
            assert_eq!(by.node().take_answers(&staff(), file).unwrap().refused, []);
            if let Some(carrier) = through {
                pull(&it.sponsor, carrier).unwrap();
            }
        };
        carry();
        answer(&folder.accept(SECRET, &id.to_string(), START_S).unwrap().1);
        assert_eq!(it.news(&id).document().handover.as_deref(), Some("ready"));
        let sealed = it.hand_over(&id, Some(&fingerprint(&accepter))).unwrap();
        assert_eq!(it.take(&sealed).refused, []);
        carry();
        let opened = folder.open_details(SECRET, &id.to_string(), START_S).unwrap();
        assert_eq!(opened.details, marked());
        answer(&opened.file);
        assert_eq!(it.news(&id).step(), "opened");
    }
    assert_eq!(marks_in(&it.sponsor, &[&it.partner, &carrier]), [""; 0]);
    assert_eq!(marks_in(&carrier, &[&it.sponsor]), [""; 0]);
    it.sponsor.node().verify_audit().unwrap();
}

/// The sponsor may offer referrals to `carrier`, which says its directory.
fn agree_with_services(carrier: &Org, sponsor: &Org) {
    let draft = referrals_only();
    let mut draft = sponsor.node().read_draft(&draft, &carrier.id(), None).unwrap();
    draft.grants.iter_mut().for_each(|grant| {
        grant.services = true;
        grant.referrals = true;
    });
    propose_and_sign(sponsor, carrier, &draft);
}

#[test]
fn a_key_that_was_replaced_is_not_sealed_to() {
    let it = world();
    let id = it.accepted();
    it.news(&id);
    let print = fingerprint(&it.partner.id());
    let sealed = it.hand_over(&id, Some(&print)).unwrap();
    add_opener(&it.partner, "Sam");
    pull(&it.sponsor, &it.partner).unwrap();
    assert_eq!(it.take(&sealed).refused, [(id, "handover_old_key")]);
    assert_eq!(it.news(&id).document().handover.as_deref(), Some("ready"));
    let again = it.hand_over(&id, None).unwrap();
    assert_eq!(it.take(&again).refused, []);
    pull(&it.partner, &it.sponsor).unwrap();
    let home = it.sponsor.id();
    let opened = it.partner.node().open_referral(staff(), &home, &id, ("Sam", PASSPHRASE)).unwrap();
    assert_eq!(opened.details, marked());
}

#[test]
fn agreements_on_referrals_stay_as_they_were() {
    // Without an agreement nobody is asked, whoever made the referral.
    let it = world();
    let stranger = Org::new(20, &it.clock);
    pair(&it.sponsor, &stranger);
    let id = it.taken(&ask());
    let refused = it.sponsor.node().offer_referral(staff(), &id, &[stranger.id()]).unwrap_err();
    assert_eq!(refused.code, "ENT-2306");
    agree_on_referrals(&it.sponsor, &stranger);
    it.sponsor.node().offer_referral(staff(), &id, &[stranger.id()]).unwrap();
}

#[test]
fn what_was_signed_about_a_referral_is_destroyed_once_it_is_long_over_and_known_again() {
    let it = world();
    let (over, open) = (it.taken(&ask()), it.taken(&ask()));
    let (_, file) = it.folder.withdraw(SECRET, &over.to_string(), START_S).unwrap();
    assert_eq!(it.take(&file).refused, []);
    let node = it.sponsor.node();
    it.clock.advance(30 * DAY_S);
    assert_eq!(node.forget_requests().unwrap(), 0, "it is still told");
    it.clock.advance(1);
    assert_eq!(node.forget_requests().unwrap(), 1);
    assert_eq!(node.forget_requests().unwrap(), 0);
    assert!(node.signed_request(&over).unwrap().is_none());
    assert!(node.signed_request(&open).unwrap().is_some());

    // The name stays taken, whatever comes once more.
    assert_eq!(node.asked_by(&over).unwrap(), Some(it.org));
    let again = it.take(&file);
    assert_eq!((again.n_before, again.requests.len(), again.refused.len()), (3, 0, 0));
    assert_eq!(it.step(&over), HomeStep::Revoked);
    let refused = node.offer_referral(staff(), &over, &[it.partner.id()]).unwrap_err();
    assert_eq!(refused.code, "ENT-2306", "nothing covers it any more");
    assert_eq!(it.read(&it.mail()).refused, []);
    node.verify_audit().unwrap();
}

#[test]
fn a_request_that_nobody_offers_reminds_the_staff_and_is_overdue_until_somebody_does() {
    let it = world();
    let node = it.sponsor.node();
    let id = it.taken(&ReferAsk { urgency: "1d".to_owned(), ..ask() });
    let own = node.create_referral(staff(), &case_with_consent(&it.sponsor), card(Urgency::OneDay));
    let own = own.unwrap();
    let rung = || {
        let alarms = node.referral_timers().unwrap();
        alarms.into_iter().map(|alarm| (alarm.id, alarm.kind)).collect::<Vec<_>>()
    };
    let due = |id: &ReferralId| node.find_referral(&id.to_string()).unwrap().timers;
    assert_eq!(due(&own.id), None, "its own case worker has it");
    assert_eq!(due(&id).unwrap().due_at_s, START_S + DAY_S);
    assert_eq!(rung(), []);
    it.clock.advance(DAY_S / 2);
    assert_eq!(rung(), [(id, AlarmKind::Reminder)]);
    assert_eq!(rung(), [], "once");
    it.clock.advance(DAY_S / 2);
    assert_eq!(rung(), [(id, AlarmKind::Overdue)]);
    let kept = || node.find_referral(&id.to_string()).unwrap();
    assert!(kept().is_overdue(it.clock.now_s()));

    // The wait for an answer is another one.
    node.offer_referral(staff(), &id, &[it.partner.id()]).unwrap();
    assert!(!kept().is_overdue(it.clock.now_s()));
    assert_eq!((rung(), kept().state.step), (Vec::new(), HomeStep::Offered));
    it.clock.advance(DAY_S / 2);
    assert_eq!(rung(), [(id, AlarmKind::Reminder)]);
}

#[test]
fn a_request_that_the_sponsor_refuses_is_shown_as_refused_and_sent_no_more() {
    let it = world();
    let (late, file) = it.refer(&ReferAsk { valid_until: Some("2026-11-23".to_owned()), ..ask() });
    it.clock.advance(3 * DAY_S);
    for _ in 0..2 {
        assert_eq!(it.take(&file).refused, [(late, "request_expired")]);
    }
    let node = it.sponsor.node();
    let waiting = || node.waiting_mail(&it.org).unwrap().n_new;
    assert_eq!(waiting(), 1);
    let mail = it.mail();
    assert_eq!(waiting(), 0);
    let inbox = it.read(&mail);
    assert_eq!((inbox.n_new, inbox.refused), (1, Vec::new()));
    assert_eq!(it.read(&mail).n_new, 0);
    let told = it.known(&late).document();
    assert_eq!((told.step.as_str(), told.refused.as_deref()), ("refused", Some("request_expired")));
    let over = it.folder.withdraw(SECRET, &late.to_string(), START_S).unwrap_err();
    assert_eq!(over.code, "ENT-2622", "there is nothing to take back");

    let (id, file) = it.refer(&ask());
    let taken = it.take(&file);
    assert_eq!((taken.requests.len(), taken.refused.len(), taken.n_before), (1, 0, 0));
    assert_eq!(it.news(&id).step(), "created");
    assert_eq!(it.known(&late).step(), "refused");
    // Both forget it after as long.
    it.clock.advance(31 * DAY_S);
    assert_eq!(node.forget_requests().unwrap(), 0, "nothing was signed too");
    let inbox = it.read(&it.mail());
    assert!(inbox.own.iter().all(|it| it.id != late) && inbox.refused.is_empty());
    node.verify_audit().unwrap();
}

#[test]
fn a_request_that_was_refused_and_taken_after_all_stands_whatever_mail_comes_late() {
    let it = world();
    let (id, file) = it.refer(&ReferAsk { valid_until: Some("2026-11-23".to_owned()), ..ask() });
    it.clock.advance(3 * DAY_S);
    it.take(&file);
    let refusal = it.mail();
    assert_eq!(it.read(&refusal).refused, []);
    assert_eq!(it.known(&id).step(), "refused");

    // The sponsor's clock was wrong. The same file was still under way.
    it.clock.advance(-3 * DAY_S);
    let taken = it.take(&file);
    assert_eq!((taken.requests.len(), taken.refused.len()), (1, 0));
    it.clock.advance(4 * DAY_S);
    assert_eq!(it.news(&id).step(), "created");
    let again = it.read(&refusal);
    assert_eq!((again.n_new, again.refused), (0, Vec::new()));
    assert_eq!(it.known(&id).step(), "created");
}
