//! Referrals and hand-overs for an organization without a node: carried by its sponsor, decided at the
//! home, opened in the organization's folder, and read by nobody between.

use entente_core::codes::{Barrier, ReferralOutcome, Urgency};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::handover::{KEY_WINDOW_S, KeyId};
use entente_core::identity::{OrgId, OrgKey};
use entente_core::record::RecordId;
use entente_core::referral::{HomeStep, OfferStep, PartnerState, ReferralId};
use entente_core::sponsor::MailCover;
use entente_node::node::referrals::Refusal;
use entente_store::handover::Way;
use entente_store::seal::KeyRing;
use entente_tests::federation::{START_S, plain_case, pull, staff};
use entente_tests::handovers::{PASSPHRASE, add_opener, marked};
use entente_tests::referrals::{card, case_with_consent, referral_consent};
use entente_tests::sponsored::{SECRET, has_mark, marks_in, world};

#[test]
fn a_sponsored_service_accepts_a_referral_and_opens_what_was_handed_over_to_it() {
    let it = world();
    let candidates = it.home.node().referral_candidates().unwrap();
    assert!(candidates.iter().any(|found| found.partner == it.org && found.name.en == "Beds"));
    let id = it.offered(&[it.third.id()]);
    let inbox = it.mail();
    assert_eq!((inbox.n_new, inbox.refused.len()), (1, 0));
    assert_eq!(inbox.referrals[0].kept.home, it.home.id());
    assert!(inbox.referrals[0].kept.card.is_some());
    let waiting = it.sponsor.node().waiting_mail(&it.org).unwrap();
    assert_eq!((waiting.n_offers, waiting.n_new), (1, 0));

    pull(&it.third, &it.home).unwrap();
    let (_, file) = it.folder.accept(SECRET, &id.to_string(), START_S).unwrap();
    assert_eq!(it.answer(&file), 1);
    assert_eq!(it.kept(&id).state.winner(), Some(it.org));
    pull(&it.third, &it.home).unwrap();
    let third = it.third.node().find_received(&id.to_string()).unwrap();
    assert_eq!(third.state, PartnerState::Taken);
    it.mail();
    assert_eq!(it.state(&id), PartnerState::Accepted);

    it.hand_over(&id);
    assert!(it.mail().referrals[0].has_details);
    let opened = it.folder.open_details(SECRET, &id.to_string(), START_S + 5).unwrap();
    assert_eq!(opened.details, marked());
    assert_eq!((opened.sealed_at_s, opened.first_opened_at_s), (START_S, START_S + 5));
    assert_eq!(it.answer(&opened.file), 2, "delivered and opened; accepted was said before");
    assert_eq!(it.kept(&id).state.step, HomeStep::Opened);
    let node = it.sponsor.node();
    let carried = node.handovers_of(Way::Carried, &it.home.id(), &id).unwrap();
    assert_eq!(carried[0].1.shredded.as_ref().map(|(_, why)| why.as_str()), Some("opened"));

    it.answer(&it.folder.serve(SECRET, &id.to_string(), START_S).unwrap().1);
    assert_eq!(it.kept(&id).state.step, HomeStep::InService);
    let outcome = ReferralOutcome::Provided;
    it.answer(&it.folder.close(SECRET, &id.to_string(), outcome, START_S).unwrap().1);
    assert_eq!(it.kept(&id).state.step, HomeStep::Done(outcome));
    it.mail();
    assert_eq!(it.state(&id), PartnerState::Done(outcome));
    let gone = it.folder.open_details(SECRET, &id.to_string(), START_S).unwrap_err();
    assert_eq!(gone.code, "ENT-2623");
    it.answer(&it.folder.answers(SECRET, START_S).unwrap());
    let sent = it.home.node().handovers_of(Way::Sent, &it.org, &id).unwrap();
    assert_eq!(sent[0].1.shredded_there_at_s, Some(START_S), "a receipt came back");
    for org in [&it.home, &it.sponsor, &it.third] {
        org.node().verify_audit().unwrap();
    }
}

#[test]
fn the_first_acceptance_wins_at_the_home_and_a_decline_is_counted() {
    let it = world();
    let id = it.offered(&[it.third.id()]);
    it.mail();
    let (_, file) = it.folder.accept(SECRET, &id.to_string(), START_S).unwrap();
    // Somebody with a node is faster than a file.
    pull(&it.third, &it.home).unwrap();
    it.third.node().accept_referral(staff(), &it.home.id(), &id).unwrap();
    pull(&it.home, &it.third).unwrap();
    it.answer(&file);
    assert_eq!(it.kept(&id).state.winner(), Some(it.third.id()));
    let inbox = it.mail();
    assert_eq!(it.state(&id), PartnerState::Taken);
    assert!(inbox.referrals[0].kept.card.is_none(), "the card is destroyed");

    let second = it.offered(&[]);
    it.mail();
    let barrier = Barrier::NoCapacity;
    let declined = it.folder.decline(SECRET, &second.to_string(), barrier, START_S).unwrap();
    it.answer(&declined.1);
    assert_eq!(it.kept(&second).state.step, HomeStep::Unmet);
    assert_eq!(it.kept(&second).state.offers[&it.org], OfferStep::Declined(barrier));
}

#[test]
fn files_that_come_twice_late_or_never_change_nothing() {
    let it = world();
    let id = it.offered(&[]);
    pull(&it.sponsor, &it.home).unwrap();
    let first = it.sponsor.node().give_mail(&staff(), &it.org).unwrap().file;
    assert_eq!(it.inbox(&first).unwrap().n_new, 1);
    assert_eq!(it.inbox(&first).unwrap().n_new, 0);
    let (_, accepted) = it.folder.accept(SECRET, &id.to_string(), START_S).unwrap();
    let again = it.folder.accept(SECRET, &id.to_string(), START_S).unwrap_err();
    assert_eq!(again.code, "ENT-2622");
    assert_eq!(it.folder.answers(SECRET, START_S).unwrap(), accepted, "the same file once more");
    assert_eq!(it.answer(&accepted), 1);
    assert_eq!(it.answer(&accepted), 0);
    it.mail();
    it.hand_over(&id);
    it.mail();
    // The first mail once more: what it says was heard.
    assert_eq!(it.inbox(&first).unwrap().n_new, 0);
    assert_eq!(it.state(&id), PartnerState::HandedOver);
    // A correction takes the place of what was handed over, and is opened.
    it.hand_over(&id);
    it.mail();
    let opened = it.folder.open_details(SECRET, &id.to_string(), START_S).unwrap();
    assert_eq!(opened.details, marked());
    it.answer(&opened.file);
    assert_eq!(it.kept(&id).state.step, HomeStep::Opened);
}

#[test]
fn what_is_withdrawn_is_destroyed_at_the_sponsor_and_in_the_folder() {
    let it = world();
    let id = it.accepted();
    it.hand_over(&id);
    it.mail();
    it.home.node().withdraw_referral(staff(), &id).unwrap();
    it.mail();
    assert_eq!(it.state(&id), PartnerState::Revoked);
    let gone = it.folder.open_details(SECRET, &id.to_string(), START_S).unwrap_err();
    assert_eq!(gone.code, "ENT-2623");
    let carried = it.sponsor.node().handovers_of(Way::Carried, &it.home.id(), &id).unwrap();
    assert!(carried[0].1.shredded.is_some());
    it.answer(&it.folder.answers(SECRET, START_S).unwrap());
    let sent = it.home.node().handovers_of(Way::Sent, &it.org, &id).unwrap();
    assert!(sent[0].1.shredded.is_some() && sent[0].1.shredded_there_at_s.is_some());
}

#[test]
fn the_end_of_the_sponsorship_takes_the_offers_back() {
    let it = world();
    let open = it.offered(&[it.third.id()]);
    let taken = it.accepted();
    it.sponsor.node().end_sponsored(&staff(), &it.org).unwrap();
    pull(&it.home, &it.sponsor).unwrap();
    assert_eq!(it.kept(&open).state.offers[&it.org], OfferStep::Revoked);
    assert_eq!(it.kept(&open).state.step, HomeStep::Offered, "the other offer stands");
    assert_eq!(it.kept(&taken).state.step, HomeStep::Revoked);
    let id = it.create();
    let refused = it.home.node().offer_referral(staff(), &id, &[it.org]).unwrap_err();
    assert_eq!(refused.code, "ENT-2306");
}

#[test]
fn the_sponsor_carries_what_is_handed_over_and_cannot_read_a_word_of_it() {
    let it = world();
    add_opener(&it.sponsor, "Alex");
    pull(&it.home, &it.sponsor).unwrap();
    let id = it.accepted();
    it.hand_over(&id);
    pull(&it.sponsor, &it.home).unwrap();
    let mail = it.sponsor.node().give_mail(&staff(), &it.org).unwrap().file;
    it.inbox(&mail).unwrap();
    let opened = it.folder.open_details(SECRET, &id.to_string(), START_S).unwrap();
    it.answer(&opened.file);

    assert_eq!(marks_in(&it.sponsor, &[&it.home]), [""; 0]);
    assert_eq!(marks_in(&it.home, &[&it.sponsor, &it.third]), [""; 0]);
    assert!(!has_mark(&mail) && !has_mark(&opened.file));
    for entry in std::fs::read_dir(it.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        assert!(!has_mark(&std::fs::read(&path).unwrap()), "{path:?}");
    }

    // It is sealed to the key that the organization signed, and to none of the sponsor's.
    let theirs = KeyId::of(&it.folder.last().unwrap().unwrap().0.handover.unwrap());
    let sent = it.home.node().handovers_of(Way::Sent, &it.org, &id).unwrap();
    assert_eq!(sent[0].1.key, theirs.0);
    let ours = it.sponsor.node().our_team_keys().unwrap();
    assert!(ours.iter().all(|key| key.id != theirs));
    let opener = ("Alex", PASSPHRASE);
    let refused = it.sponsor.node().open_referral(staff(), &it.home.id(), &id, opener);
    assert_eq!(refused.unwrap_err().code, "ENT-2410", "it is nobody's here");
    let wrong = it.folder.open_details("not the passphrase", &id.to_string(), START_S);
    assert_eq!(wrong.unwrap_err().code, "ENT-1101");
}

#[test]
fn who_has_no_key_or_no_grant_is_not_asked_and_consent_is_towards_both() {
    let it = world();
    let ask = |record: &RecordId, to: &OrgId| {
        let node = it.home.node();
        let kept = node.create_referral(staff(), record, card(Urgency::Routine)).unwrap();
        node.may_offer(&kept, to).unwrap()
    };
    assert_eq!(ask(&it.record, &it.org), Ok(()));
    // The person agreed that the sponsor may know, and not that the organization may.
    let only = |org: OrgId| {
        let mut consent = referral_consent(9);
        consent.recipients = [org].into();
        let node = it.home.node();
        let mut record = node.blank_record().unwrap();
        node.fill(&mut record, &plain_case()).unwrap();
        node.add_record(staff(), record, vec![consent]).unwrap()
    };
    for named in [it.sponsor.id(), it.org] {
        let refused = ask(&only(named), &it.org);
        assert!(matches!(refused, Err(Refusal::Denied(_))), "{refused:?}");
    }

    // A document without a key, as older programs sign it.
    let (mut document, before) = it.folder.last().unwrap().unwrap();
    document.previous = Some(MailCover::hash(&before.payload));
    document.seq += 1;
    document.handover = None;
    let payload = entente_proto::encode_sponsored(&document);
    // Whoever has the folder's passphrase has its key; here it is taken from the ring.
    let ring = entente_store::seal::KeyRing::open(&it.folder.path().join("keys.sealed"), SECRET);
    let seed = ring.unwrap().secret("identity").unwrap();
    let signed =
        Envelope::seal(payload_type::SPONSORED, payload, &OrgKey::from_seed(&seed)).unwrap();
    let file = entente_proto::sponsored_file(&signed);
    it.sponsor.node().take_sponsored(&staff(), &file).unwrap();
    pull(&it.home, &it.sponsor).unwrap();
    assert_eq!(ask(&it.record, &it.org), Err(Refusal::NotCarried));
    let candidates = it.home.node().referral_candidates().unwrap();
    assert!(candidates.iter().all(|found| found.partner != it.org));
}

#[test]
fn the_sponsor_itself_refers_to_its_organization_without_a_feed_between() {
    let it = world();
    let node = it.sponsor.node();
    let record = case_with_consent(&it.sponsor);
    let candidates = node.referral_candidates().unwrap();
    assert!(candidates.iter().any(|found| found.partner == it.org));
    let id = node.create_referral(staff(), &record, card(Urgency::Routine)).unwrap().id;
    node.offer_referral(staff(), &id, &[it.org]).unwrap();
    let mail = || it.inbox(&node.give_mail(&staff(), &it.org).unwrap().file).unwrap();
    assert_eq!(mail().n_new, 1);
    let take = |file: &[u8]| node.take_answers(&staff(), file).unwrap();
    take(&it.folder.accept(SECRET, &id.to_string(), START_S).unwrap().1);
    let step = || node.find_referral(&id.to_string()).unwrap().state.step;
    assert_eq!(step(), HomeStep::Accepted);
    node.hand_over_referral(staff(), &id, &marked()).unwrap();
    mail();
    let opened = it.folder.open_details(SECRET, &id.to_string(), START_S).unwrap();
    assert_eq!(opened.details, marked());
    assert_eq!(take(&opened.file).refused, []);
    assert_eq!(step(), HomeStep::Opened);
    assert_eq!(marks_in(&it.sponsor, &[&it.home]), [""; 0]);
    node.withdraw_referral(staff(), &id).unwrap();
    mail();
    assert_eq!(it.state(&id), PartnerState::Revoked);
    node.verify_audit().unwrap();
}

#[test]
fn crashes_of_the_home_and_the_sponsor_lose_nothing() {
    let mut it = world();
    let id = it.offered(&[]);
    pull(&it.sponsor, &it.home).unwrap();
    it.sponsor.crash();
    it.home.crash();
    let given = it.sponsor.node().give_mail(&staff(), &it.org).unwrap().file;
    it.inbox(&given).unwrap();
    let (_, file) = it.folder.accept(SECRET, &id.to_string(), START_S).unwrap();
    it.sponsor.node().take_answers(&staff(), &file).unwrap();
    it.sponsor.crash();
    pull(&it.home, &it.sponsor).unwrap();
    it.home.crash();
    assert_eq!(it.kept(&id).state.winner(), Some(it.org));
    it.clock.advance(60);
    it.hand_over(&id);
    it.mail();
    let opened = it.folder.open_details(SECRET, &id.to_string(), START_S).unwrap();
    assert_eq!(opened.details, marked());
}

#[test]
fn a_folders_key_that_was_replaced_opens_for_thirty_days_what_was_sealed_to_it() {
    let it = world();
    let (first, second) = (it.accepted(), it.accepted());
    it.hand_over(&first);
    let before = it.folder.last().unwrap().unwrap().0.handover;
    let (document, file) = it.folder.rotate(SECRET, START_S + 1).unwrap();
    assert!(document.handover.is_some() && document.handover != before);
    it.sponsor.node().take_sponsored(&staff(), &file).unwrap();
    pull(&it.home, &it.sponsor).unwrap();
    it.hand_over(&second);
    it.mail();
    let open = |id: &ReferralId, now_s| {
        let opened = it.folder.open_details(SECRET, &id.to_string(), now_s);
        opened.map(|opened| opened.details).map_err(|fault| fault.code)
    };
    let over_s = START_S + 1 + KEY_WINDOW_S;
    for (id, now_s) in [(&first, START_S), (&second, START_S), (&first, over_s - 1)] {
        assert_eq!(open(id, now_s), Ok(marked()));
    }
    assert_eq!(open(&first, over_s), Err("ENT-2408".to_owned()));
    assert_eq!(open(&second, over_s), Ok(marked()));
    let ring = KeyRing::open(&it.folder.path().join("keys.sealed"), SECRET).unwrap();
    assert!(ring.names().all(|name| !name.starts_with("handover.")), "it is destroyed");
}

#[test]
fn a_folder_takes_nothing_that_was_sealed_to_a_key_which_it_destroyed() {
    let it = world();
    let id = it.accepted();
    it.hand_over(&id);
    pull(&it.sponsor, &it.home).unwrap();
    let mail = it.sponsor.node().give_mail(&staff(), &it.org).unwrap().file;
    it.folder.rotate(SECRET, START_S + 1).unwrap();
    it.folder.rotate(SECRET, START_S + 1).unwrap();
    let late = it.folder.inbox(SECRET, Some(&mail), START_S + 2 + KEY_WINDOW_S).unwrap();
    assert_eq!(late.refused, [(Some(id), "handover_old_key")]);
    assert!(late.referrals.iter().all(|it| !it.has_details));
}
