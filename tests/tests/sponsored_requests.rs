//! Referrals that an organization without a node makes: asked for in its folder, made and offered by its
//! sponsor, sealed in the folder, and read by nobody between.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use entente_core::codes::{Barrier, Code as _, OrgType, OverrideReason, ReferralOutcome, Set};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::handover::{HandoverKey, TeamKey};
use entente_core::identity::{OrgId, OrgKey};
use entente_core::referral::{
    Answer, Body, Head, HomeStep, Message, OfferStep, PartnerState, ReferralId,
};
use entente_core::sponsor::{Asked, MailCover, RequestStanding, fingerprint};
use entente_node::fault::Fault;
use entente_node::node::referrals::Refusal;
use entente_node::node::sponsors::request_refused;
use entente_node::sponsored::{ReferAsk, SponsoredFolder};
use entente_tests::federation::{Org, START_S, pair, pull, staff};
use entente_tests::handovers::{PASSPHRASE, marked};
use entente_tests::referrals::agree_on_referrals;
use entente_tests::requests::{PARTNER, SPONSOR, TODAY, World, ask, folder_of, world};
use entente_tests::sponsored::{SECRET, has_mark, marks_in};

const DAY_S: i64 = 24 * 60 * 60;

fn key(seed: u8) -> OrgKey {
    OrgKey::from_seed(&[seed; 32])
}

fn step(it: &World, id: &ReferralId) -> HomeStep {
    it.sponsor.node().find_referral(&id.to_string()).unwrap().state.step
}

/// The organization seals the marked contact details for whoever accepted.
fn hand_over(it: &World, id: &ReferralId, print: Option<&str>) -> Result<Vec<u8>, Box<Fault>> {
    let sealed = it.folder.hand_over(SECRET, &id.to_string(), &marked(), print, START_S);
    sealed.map(|(_, file)| file)
}

#[test]
fn a_request_becomes_a_referral_and_its_outcome_comes_back_to_the_folder() {
    let it = world();
    let (id, request) = it.refer(&ask());
    assert_eq!(it.known(&id).step(), "asked");
    let taken = it.take(&request);
    assert_eq!((taken.refused.len(), taken.requests.len(), taken.requests[0].n_asked), (0, 1, 0));
    let (node, home) = (it.sponsor.node(), it.sponsor.id());
    assert_eq!(step(&it, &id), HomeStep::Created);
    assert_eq!(node.asked_by(&id).unwrap(), Some(it.org));
    let signed = node.signed_request(&id).unwrap().unwrap();
    signed.verify(payload_type::REFERRAL_REQUEST, &[it.org, home]).unwrap();

    assert_eq!(it.news(&id).step(), "created");
    node.offer_referral(staff(), &id, &[it.partner.id()]).unwrap();
    let told = it.news(&id);
    assert_eq!((told.step(), told.document().offers[0].step.as_str()), ("offered", "open"));
    let early = hand_over(&it, &id, None).unwrap_err();
    assert_eq!(early.code, "ENT-2629", "nobody has it");
    pull(&it.partner, &it.sponsor).unwrap();
    it.partner.node().accept_referral(staff(), &home, &id).unwrap();
    pull(&it.sponsor, &it.partner).unwrap();
    let told = it.news(&id);
    assert_eq!((told.step(), told.document().handover.as_deref()), ("accepted", Some("ready")));
    assert_eq!(told.document().with.unwrap().id, it.partner.id().to_string());

    assert_eq!(hand_over(&it, &id, None).unwrap_err().code, "ENT-2631");
    let other = fingerprint(&home);
    assert_eq!(hand_over(&it, &id, Some(&other)).unwrap_err().code, "ENT-2631");
    assert_eq!(it.folder.answers(SECRET, START_S).unwrap(), request, "nothing was signed");
    let print = fingerprint(&it.partner.id());
    let sealed = hand_over(&it, &id, Some(&print)).unwrap();
    assert_eq!(it.known(&id).document().handover.as_deref(), Some("waiting"));
    assert_eq!(hand_over(&it, &id, None).unwrap_err().code, "ENT-2622", "one at a time");
    let taken = it.take(&sealed);
    assert_eq!((taken.refused.len(), taken.requests[0].what, taken.n_before), (0, "hand_over", 1));
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
    let sealed = hand_over(&it, &second, None).unwrap();
    assert_eq!(it.take(&sealed).refused, []);
    assert_eq!(step(&it, &second), HomeStep::HandedOver);
}

#[test]
fn all_that_match_are_asked_at_once_and_a_decline_comes_back_with_its_barrier() {
    let it = world();
    let (id, file) = it.refer(&ReferAsk { matching: true, ..ask() });
    let taken = it.take(&file);
    assert_eq!(taken.requests[0].n_asked, 1);
    assert_eq!(step(&it, &id), HomeStep::Offered);
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
    let sealed = hand_over(&it, &id, Some(&print)).unwrap();
    assert_eq!(it.take(&sealed).requests.len(), 1);
    assert_eq!(it.take(&sealed).n_before, 2);
    assert_eq!(it.take(&request).n_before, 1);
    pull(&it.partner, &it.sponsor).unwrap();
    pull(&it.sponsor, &it.partner).unwrap();
    it.news(&id);
    assert!(it.folder.answers(SECRET, START_S).unwrap().len() < sealed.len(), "it was taken");
    // A correction takes the place of what nobody opened yet.
    let corrected = hand_over(&it, &id, None).unwrap();
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
    hand_over(&it, &id, Some(&print)).unwrap();
    let (told, file) = it.folder.withdraw(SECRET, &id.to_string(), START_S).unwrap();
    assert_eq!(told.id, id);
    assert_eq!(it.known(&id).step(), "withdrawing");
    // What was sealed and is for nobody any more is not even handed on.
    let taken = it.take(&file);
    assert_eq!(taken.refused, [(id, "request_taken_back")]);
    assert_eq!(taken.requests[0].what, "withdraw");
    assert_eq!(step(&it, &id), HomeStep::Revoked);
    assert_eq!(it.take(&file).n_before, 3);
    pull(&it.partner, &it.sponsor).unwrap();
    let theirs = it.partner.node().find_received(&id.to_string()).unwrap();
    assert_eq!(theirs.state, PartnerState::Revoked);
    assert_eq!(it.news(&id).step(), "revoked");
    let over = it.folder.withdraw(SECRET, &id.to_string(), START_S).unwrap_err();
    assert_eq!(over.code, "ENT-2622");
    assert_eq!(hand_over(&it, &id, None).unwrap_err().code, "ENT-2622");

    // One that was never sent is made and taken back with one file, and nobody is asked.
    let (second, _) = it.refer(&ReferAsk { matching: true, ..ask() });
    let (_, file) = it.folder.withdraw(SECRET, &second.to_string(), START_S).unwrap();
    it.take(&file);
    let kept = it.sponsor.node().find_referral(&second.to_string()).unwrap();
    assert_eq!((kept.state.step, kept.state.offers.len()), (HomeStep::Revoked, 0));
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
    let sealed = hand_over(&it, &id, Some(&fingerprint(&it.partner.id()))).unwrap();
    it.clock.advance(4 * DAY_S);
    assert_eq!(it.take(&sealed).refused, [(id, "handover_not_permitted")]);
    assert_eq!(step(&it, &id), HomeStep::Accepted);
    // It was read, and is not refused again and again.
    assert_eq!(it.take(&sealed).n_before, 2);
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
    let sealed = hand_over(&it, &handed, Some(&print)).unwrap();
    assert_eq!(it.take(&sealed).refused, []);
    node.end_sponsored(&staff(), &it.org).unwrap();
    assert_eq!(step(&it, &open), HomeStep::Revoked);
    assert_eq!(step(&it, &taken), HomeStep::Revoked);
    assert_eq!(step(&it, &handed), HomeStep::HandedOver, "the person is being served");
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
        let sealed = hand_over(&it, &id, Some(&fingerprint(&accepter))).unwrap();
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
    let draft = entente_tests::referrals::referrals_only();
    let mut draft = sponsor.node().read_draft(&draft, &carrier.id(), None).unwrap();
    draft.grants.iter_mut().for_each(|grant| {
        grant.services = true;
        grant.referrals = true;
    });
    entente_tests::federation::propose_and_sign(sponsor, carrier, &draft);
}

#[test]
fn a_sponsor_takes_nothing_that_was_altered_forged_or_signed_for_another() {
    let it = world();
    let (id, file) = it.refer(&ask());
    let take = |file: &[u8]| {
        let taken = it.sponsor.node().take_answers(&staff(), file);
        taken.map(|taken| taken.refused).map_err(|fault| fault.code.clone())
    };
    for at in [30, file.len() / 2, file.len() - 1] {
        let mut altered = file.clone();
        altered[at] ^= 1;
        assert!(take(&altered).is_err(), "byte {at}");
    }
    let item = entente_proto::read_answers(&file).unwrap().items.pop().unwrap();
    let request = entente_proto::decode_request(&item.payload).unwrap();
    let of = |signer: &OrgKey, request: &entente_core::sponsor::Request| {
        let payload = entente_proto::encode_request(request);
        let signed = Envelope::seal(payload_type::REFERRAL_REQUEST, payload, signer).unwrap();
        entente_proto::answers_file(&it.org, vec![entente_proto::encode_envelope(&signed)])
    };
    let forged = of(&key(40), &request);
    assert_eq!(take(&forged), Err("ENT-2618".to_owned()));
    let by_sponsor = of(&key(SPONSOR), &request);
    assert_eq!(take(&by_sponsor), Err("ENT-2618".to_owned()));

    // Whoever has the folder's passphrase has its key; here it is taken from the ring.
    let ring = entente_store::seal::KeyRing::open(&it.folder.path().join("keys.sealed"), SECRET);
    let ours = OrgKey::from_seed(&ring.unwrap().secret("identity").unwrap());
    let mut elsewhere = request.clone();
    elsewhere.sponsor = key(40).id();
    assert_eq!(take(&of(&ours, &elsewhere)), Ok(vec![(id, "request_for_another")]));
    let mut unasked = request.clone();
    if let Asked::Refer(wanted) = &mut unasked.what {
        wanted.consent.scopes = Set::EMPTY;
    }
    assert_eq!(take(&of(&ours, &unasked)), Ok(vec![(id, "request_not_covered")]));
    let mut on_duty = request.clone();
    if let Asked::Refer(wanted) = &mut on_duty.what {
        wanted.consent.override_reason = Some(OverrideReason::CourtOrder);
    }
    assert_eq!(take(&of(&ours, &on_duty)), Ok(vec![(id, "request_to_nobody")]));
    let mut of_nothing = request.clone();
    of_nothing.step = 2;
    of_nothing.previous = Some([1; 32]);
    of_nothing.what = Asked::Withdraw;
    assert_eq!(take(&of(&ours, &of_nothing)), Ok(vec![(id, "referral_unknown")]));
    assert!(it.sponsor.node().find_referral(&id.to_string()).is_err(), "nothing was made of it");

    assert_eq!(take(&file), Ok(Vec::new()));
    assert_eq!(take(&of(&ours, &of_nothing)), Ok(vec![(id, "request_out_of_order")]));
    let (_quay, theirs) = folder_of(&it.sponsor, it.place.path(), "Quay", "Le Quai");
    let ring =
        entente_store::seal::KeyRing::open(&it.place.path().join("Quay/keys.sealed"), SECRET);
    let other = OrgKey::from_seed(&ring.unwrap().secret("identity").unwrap());
    let mut same_name = request;
    same_name.org = theirs;
    let payload = entente_proto::encode_request(&same_name);
    let signed = Envelope::seal(payload_type::REFERRAL_REQUEST, payload, &other).unwrap();
    let stolen =
        entente_proto::answers_file(&theirs, vec![entente_proto::encode_envelope(&signed)]);
    assert_eq!(take(&stolen), Ok(vec![(id, "request_name_taken")]));
    for code in ["request_for_another", "request_out_of_order", "request_name_taken"] {
        assert!(request_refused(code).is_some());
    }
    it.sponsor.node().verify_audit().unwrap();
}

#[test]
fn a_folder_that_was_copied_is_noticed() {
    let it = world();
    let id = it.taken(&ask());
    let copy = SponsoredFolder::new(it.place.path().join("copy"));
    std::fs::create_dir(copy.path()).unwrap();
    for entry in std::fs::read_dir(it.folder.path()).unwrap() {
        let from = entry.unwrap().path();
        std::fs::copy(&from, copy.path().join(from.file_name().unwrap())).unwrap();
    }
    let (_, first) = it.folder.withdraw(SECRET, &id.to_string(), START_S).unwrap();
    it.take(&first);
    let (_, second) = copy.withdraw(SECRET, &id.to_string(), START_S + 1).unwrap();
    assert_eq!(it.take(&second).refused, [(id, "request_out_of_order")]);
    // And the copy hears that the sponsor took what it never signed.
    let mail = it.mail();
    let inbox = copy.inbox(SECRET, Some(&mail), START_S).unwrap();
    assert_eq!(inbox.refused, [(Some(id), "request_not_ours")]);
    assert_eq!(it.read(&mail).refused, []);
}

/// Mail that the sponsor signed, with anything in it.
fn mail_with(it: &World, items: &[Envelope]) -> Vec<u8> {
    let items: Vec<_> = items.iter().map(entente_proto::encode_envelope).collect();
    let cover = MailCover {
        sponsor: it.sponsor.id(),
        org: it.org,
        at_s: START_S,
        homes: Vec::new(),
        items: items.iter().map(|item| MailCover::hash(item)).collect(),
    };
    let payload = entente_proto::encode_mail_cover(&cover);
    let signed = Envelope::seal(payload_type::SPONSOR_MAIL, payload, &key(SPONSOR)).unwrap();
    entente_proto::mail_file(&signed, items)
}

fn team_key(org: OrgId, signer: &OrgKey) -> Envelope {
    let mut randomness = entente_core::statistics::noise::SystemRandomness;
    let team = TeamKey::generate(&mut randomness).unwrap();
    let made = HandoverKey { org, key: team.public().unwrap(), created_at_s: 1, replaces: None };
    let payload = entente_proto::encode_handover_key(&made);
    Envelope::seal(payload_type::HANDOVER_KEY, payload, signer).unwrap()
}

/// The mail's standing, the acceptance and the key.
fn three(it: &World) -> (RequestStanding, Envelope, Envelope) {
    let mail = entente_proto::read_mail(&it.mail()).unwrap();
    let of = |kind: &str| mail.items.iter().find(|item| item.payload_type == kind).unwrap().clone();
    let standing = of(payload_type::REQUEST_STANDING);
    let standing = entente_proto::decode_request_standing(&standing.payload).unwrap();
    (standing, of(payload_type::REFERRAL_REPLY), of(payload_type::HANDOVER_KEY))
}

fn standing_by(standing: &RequestStanding, signer: &OrgKey) -> Envelope {
    let payload = entente_proto::encode_request_standing(standing);
    Envelope::seal(payload_type::REQUEST_STANDING, payload, signer).unwrap()
}

#[test]
fn a_sponsor_puts_no_key_of_its_own_under_what_the_organization_seals() {
    let it = world();
    let id = it.accepted();
    let (standing, acceptance, signed_key) = three(&it);
    let (sponsor, partner) = (key(SPONSOR), it.partner.id());
    let print = fingerprint(&partner);
    let mut n_said = 0;
    let mut told = |items: &[Envelope]| {
        n_said += 1;
        let later = RequestStanding { seq: standing.seq + n_said, ..standing.clone() };
        let items = [&[standing_by(&later, &sponsor)], items].concat();
        let refused = it.read(&mail_with(&it, &items)).refused;
        (refused, hand_over(&it, &id, Some(&print)).unwrap_err().code.clone())
    };
    let no_key = (Vec::new(), "ENT-2630".to_owned());
    let keyless = acceptance.clone();
    assert_eq!(told(std::slice::from_ref(&keyless)), no_key, "held back");
    let own = team_key(it.sponsor.id(), &sponsor);
    assert_eq!(told(&[acceptance.clone(), own]), no_key, "the sponsor's");
    let in_its_name = team_key(partner, &sponsor);
    assert_eq!(told(&[acceptance.clone(), in_its_name]), no_key, "in the partner's name");
    let mut both = team_key(partner, &sponsor);
    both.signatures.push((partner, signed_key.signatures[0].1.clone()));
    assert_eq!(told(&[acceptance.clone(), both]), no_key, "a signature of something else");
    let mut altered = signed_key.clone();
    altered.payload[60] ^= 1;
    assert_eq!(told(&[acceptance.clone(), altered]), no_key, "altered");

    let not_proved = (vec![(Some(id), "acceptance_not_proved")], "ENT-2630".to_owned());
    assert_eq!(told(std::slice::from_ref(&signed_key)), not_proved, "no acceptance");
    let reply = entente_proto::decode_referral(&acceptance.payload_type, &acceptance.payload);
    let forged = entente_proto::encode_referral(&reply.unwrap());
    let forged = Envelope::seal(&acceptance.payload_type, forged, &sponsor).unwrap();
    assert_eq!(told(&[forged, signed_key.clone()]), not_proved, "signed by the sponsor");

    // With the two as they were signed it is well.
    let later = RequestStanding { seq: standing.seq + 50, ..standing };
    let whole = [standing_by(&later, &sponsor), acceptance, signed_key];
    assert_eq!(it.read(&mail_with(&it, &whole)).refused, []);
    assert!(hand_over(&it, &id, Some(&print)).is_ok());
}

#[test]
fn an_accepter_that_the_sponsor_made_up_fails_at_the_telephone() {
    let it = world();
    let id = it.taken(&ask());
    let invented = key(40);
    let (mut standing, sponsor) = (None, key(SPONSOR));
    let mail = entente_proto::read_mail(&it.mail()).unwrap();
    for item in &mail.items {
        standing = entente_proto::decode_request_standing(&item.payload).ok().or(standing);
    }
    let agreement = entente_core::statement::AgreementRef { id: [7; 16], version: 1 };
    let head = Head {
        referral: id,
        agreement,
        step: 1,
        previous: None,
        seen: Some([3; 32]),
        at_s: START_S,
        sponsored: None,
    };
    let reply = Message { head, body: Body::Reply(Answer::Accept) };
    let payload = entente_proto::encode_referral(&reply);
    let seen = MailCover::hash(&payload);
    let acceptance = Envelope::seal(payload_type::REFERRAL_REPLY, payload, &invented).unwrap();
    let standing = RequestStanding {
        seq: 9,
        step: HomeStep::Accepted,
        offers: vec![entente_core::sponsor::AskedOrg {
            org: invented.id(),
            name: entente_core::lang::Text::new("Partner", "Partenaire"),
            step: OfferStep::Won,
            offered_at_s: START_S,
        }],
        place: Some(entente_core::sponsor::HandoverPlace {
            agreement,
            step: 3,
            previous: [4; 32],
            seen,
            sponsored: false,
        }),
        ..standing.unwrap()
    };
    let items = [standing_by(&standing, &sponsor), acceptance, team_key(invented.id(), &invented)];
    assert_eq!(it.read(&mail_with(&it, &items)).refused, []);
    assert_eq!(it.known(&id).document().handover.as_deref(), Some("ready"), "all of it is signed");
    // The real organization reads out its own digits.
    let print = fingerprint(&key(PARTNER).id());
    assert_eq!(hand_over(&it, &id, Some(&print)).unwrap_err().code, "ENT-2631");
    assert_eq!(it.marked_files(), [""; 0].map(std::path::PathBuf::from));
}

#[test]
fn the_folder_takes_no_standing_that_is_not_its_sponsors_or_not_for_it() {
    let it = world();
    let id = it.accepted();
    it.news(&id);
    let (standing, acceptance, signed_key) = three(&it);
    let why = |standing: &RequestStanding, signer: &OrgKey| {
        let items = [standing_by(standing, signer), acceptance.clone(), signed_key.clone()];
        let refused = it.read(&mail_with(&it, &items)).refused;
        refused.into_iter().map(|(_, why)| why).collect::<Vec<_>>()
    };
    let (sponsor, other) = (key(SPONSOR), key(40));
    let later = RequestStanding { seq: standing.seq + 10, ..standing };
    assert_eq!(why(&later, &other), ["mail_not_signed"]);
    let for_another = RequestStanding { org: other.id(), ..later.clone() };
    assert_eq!(why(&for_another, &sponsor), ["mail_of_another"]);
    let of_another = RequestStanding { referral: ReferralId([9; 16]), ..later.clone() };
    assert_eq!(why(&of_another, &sponsor), ["referral_unknown"]);
    let unheard = RequestStanding { heard: [9; 32], ..later.clone() };
    assert_eq!(why(&unheard, &sponsor), ["request_not_ours"]);
    let mut nobody = later.clone();
    nobody.offers.clear();
    nobody.place = None;
    assert_eq!(why(&nobody, &sponsor), ["referral_contradiction"], "who has it is another");
    assert_eq!(it.known(&id).step(), "accepted");
    assert_eq!(why(&later, &sponsor), [""; 0]);
}

#[test]
fn sealed_contact_details_go_to_their_own_place_alone() {
    let it = world();
    let (first, second) = (it.accepted(), it.accepted());
    it.news(&first);
    let print = fingerprint(&it.partner.id());
    let sealed = hand_over(&it, &first, Some(&print)).unwrap();
    let request = entente_proto::read_answers(&sealed).unwrap().items.pop().unwrap();
    let mut request = entente_proto::decode_request(&request.payload).unwrap();
    let Asked::HandOver(payload) = request.what.clone() else { panic!("not sealed") };
    let kind = payload_type::REFERRAL_HANDOVER;
    let message = entente_proto::decode_referral(kind, &payload).unwrap();
    let ring = entente_store::seal::KeyRing::open(&it.folder.path().join("keys.sealed"), SECRET);
    let ours = OrgKey::from_seed(&ring.unwrap().secret("identity").unwrap());
    let mut why = |what: Vec<u8>| {
        request.what = Asked::HandOver(what);
        let payload = entente_proto::encode_request(&request);
        let signed = Envelope::seal(payload_type::REFERRAL_REQUEST, payload, &ours).unwrap();
        request.step += 1;
        request.previous = Some(MailCover::hash(&signed.payload));
        let item = entente_proto::encode_envelope(&signed);
        it.take(&entente_proto::answers_file(&it.org, vec![item])).refused
    };
    let changed = |change: &dyn Fn(&mut Message)| {
        let mut message = message.clone();
        change(&mut message);
        entente_proto::encode_referral(&message)
    };
    let elsewhere = changed(&|it| it.head.referral = second);
    assert_eq!(why(elsewhere), [(first, "handover_other_place")]);
    assert_eq!(why(changed(&|it| it.head.step += 1)), [(first, "handover_other_place")]);
    assert_eq!(why(changed(&|it| it.head.seen = Some([1; 32]))), [(first, "handover_other_place")]);
    let key_of_nobody = changed(&|it| {
        if let Body::HandOver { key, .. } = &mut it.body {
            key[0] ^= 1;
        }
    });
    assert_eq!(why(key_of_nobody), [(first, "handover_old_key")]);
    let short = changed(&|it| {
        if let Body::HandOver { sealed, .. } = &mut it.body {
            sealed.truncate(100);
        }
    });
    assert_eq!(why(short), [(first, "handover_malformed")]);
    assert_eq!(why(vec![1, 2, 3]), [(first, "handover_malformed")]);
    assert_eq!(step(&it, &first), HomeStep::Accepted, "nothing of it had an effect");
    assert_eq!(why(payload), []);
    assert_eq!(step(&it, &first), HomeStep::HandedOver);
}

#[test]
fn a_key_that_was_replaced_is_not_sealed_to() {
    let it = world();
    let id = it.accepted();
    it.news(&id);
    let print = fingerprint(&it.partner.id());
    let sealed = hand_over(&it, &id, Some(&print)).unwrap();
    entente_tests::handovers::add_opener(&it.partner, "Sam");
    pull(&it.sponsor, &it.partner).unwrap();
    assert_eq!(it.take(&sealed).refused, [(id, "handover_old_key")]);
    assert_eq!(it.news(&id).document().handover.as_deref(), Some("ready"));
    let again = hand_over(&it, &id, None).unwrap();
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
