//! A sponsor that lies, and files that somebody changed: what an organization without a node asks for, and
//! what it is told and seals, is under the signatures of those whose words it is.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use entente_core::codes::{OverrideReason, Set};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::handover::{HandoverKey, TeamKey};
use entente_core::identity::{OrgId, OrgKey};
use entente_core::lang::Text;
use entente_core::referral::{Answer, Body, Head, HomeStep, Message, OfferStep, ReferralId};
use entente_core::sponsor::{
    Asked, AskedOrg, HandoverPlace, MailCover, NotTaken, Request, RequestRefusal, RequestStanding,
    fingerprint,
};
use entente_core::statement::AgreementRef;
use entente_core::statistics::noise::SystemRandomness;
use entente_node::node::sponsors::request_refused;
use entente_node::sponsored::{ReferAsk, SponsoredFolder};
use entente_store::seal::KeyRing;
use entente_tests::federation::{START_S, staff};
use entente_tests::handovers::marked;
use entente_tests::requests::{PARTNER, SPONSOR, TODAY, World, ask, folder_of, world};
use entente_tests::sponsored::SECRET;

fn key(seed: u8) -> OrgKey {
    OrgKey::from_seed(&[seed; 32])
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
    let of = |signer: &OrgKey, request: &Request| {
        let payload = entente_proto::encode_request(request);
        let signed = Envelope::seal(payload_type::REFERRAL_REQUEST, payload, signer).unwrap();
        entente_proto::answers_file(&it.org, vec![entente_proto::encode_envelope(&signed)])
    };
    let forged = of(&key(40), &request);
    assert_eq!(take(&forged), Err("ENT-2618".to_owned()));
    let by_sponsor = of(&key(SPONSOR), &request);
    assert_eq!(take(&by_sponsor), Err("ENT-2618".to_owned()));

    // Whoever has the folder's passphrase has its key; here it is taken from the ring.
    let ring = KeyRing::open(&it.folder.path().join("keys.sealed"), SECRET);
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
    let ring = KeyRing::open(&it.place.path().join("Quay/keys.sealed"), SECRET);
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
    let team = TeamKey::generate(&mut SystemRandomness).unwrap();
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
        (refused, it.hand_over(&id, Some(&print)).unwrap_err().code.clone())
    };
    let no_key = (Vec::new(), "ENT-2630".to_owned());
    let keyless = acceptance.clone();
    assert_eq!(told(std::slice::from_ref(&keyless)), no_key, "held back");
    let own = team_key(it.sponsor.id(), &sponsor);
    assert_eq!(told(&[acceptance.clone(), own]), no_key, "the sponsor's");
    let in_its_name = team_key(partner, &sponsor);
    assert_eq!(told(&[acceptance.clone(), in_its_name]), no_key, "in the partner's name");
    let mut both = team_key(partner, &sponsor);
    both.signatures.push((partner, signed_key.signatures[0].1));
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
    assert!(it.hand_over(&id, Some(&print)).is_ok());
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
    let agreement = AgreementRef { id: [7; 16], version: 1 };
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
        offers: vec![AskedOrg {
            org: invented.id(),
            name: Text::new("Partner", "Partenaire"),
            step: OfferStep::Won,
            offered_at_s: START_S,
        }],
        place: Some(HandoverPlace {
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
    assert_eq!(it.hand_over(&id, Some(&print)).unwrap_err().code, "ENT-2631");
    assert_eq!(it.marked_files(), [""; 0].map(std::path::PathBuf::from));
}

/// What the sponsor says if somebody of its own has accepted: signed by all that have to sign it.
fn accepted_by(it: &World, id: ReferralId, who: &OrgKey, name: &Text) -> Vec<u8> {
    let mail = entente_proto::read_mail(&it.mail()).unwrap();
    let read = |item: &Envelope| entente_proto::decode_request_standing(&item.payload).ok();
    let standing = mail.items.iter().filter_map(read).find(|it| it.referral == id).unwrap();
    let agreement = AgreementRef { id: [7; 16], version: 1 };
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
    let acceptance = Envelope::seal(payload_type::REFERRAL_REPLY, payload, who).unwrap();
    let (name, step, offered_at_s) = (name.clone(), OfferStep::Won, START_S);
    let (previous, sponsored) = ([4; 32], false);
    let standing = RequestStanding {
        seq: standing.seq + 9,
        step: HomeStep::Accepted,
        offers: vec![AskedOrg { org: who.id(), name, step, offered_at_s }],
        place: Some(HandoverPlace { agreement, step: 3, previous, seen, sponsored }),
        ..standing
    };
    let items = [standing_by(&standing, &key(SPONSOR)), acceptance, team_key(who.id(), who)];
    mail_with(it, &items)
}

#[test]
fn the_folder_seals_for_nobody_whom_its_own_request_does_not_cover() {
    let it = world();
    let (named, other) = (key(40), key(41));
    let print = |who: &OrgKey| Some(fingerprint(&who.id()));
    let asked = ReferAsk {
        to: vec![named.id().to_string()],
        valid_until: Some("2026-11-24".to_owned()),
        ..ask()
    };
    let id = it.taken(&asked);
    let name = Text::new("Partner", "Partenaire");
    // The sponsor lets somebody have it whom the person did not name, and who reads out its own digits.
    assert_eq!(it.read(&accepted_by(&it, id, &other, &name)).refused, []);
    let refused = it.hand_over(&id, print(&other).as_deref()).unwrap_err();
    assert_eq!(refused.code, "ENT-2626");
    let uncalled = it.folder.to_compare(SECRET, &id.to_string(), START_S).unwrap_err();
    assert_eq!(uncalled.code, "ENT-2626");

    let id = it.taken(&asked);
    assert_eq!(it.read(&accepted_by(&it, id, &named, &name)).refused, []);
    let (wanted, digits) = (id.to_string(), print(&named));
    let late = START_S + 4 * 24 * 60 * 60;
    let over = it.folder.hand_over(SECRET, &wanted, &marked(), digits.as_deref(), late);
    assert_eq!(over.unwrap_err().code, "ENT-2626", "the last day is over");
    assert!(it.hand_over(&id, digits.as_deref()).is_ok());
}

#[test]
fn a_fingerprint_that_was_compared_holds_for_the_name_that_was_called() {
    let it = world();
    let (friend, digits) = (key(40), fingerprint(&key(40).id()));
    let refer = |to: &str| {
        let asked = ReferAsk { to: vec![to.to_owned()], ..ask() };
        it.folder.refer(SECRET, &asked, START_S, TODAY).map(|_| ()).map_err(|it| it.code.clone())
    };
    let (first, second) = (it.taken(&ask()), it.taken(&ask()));
    let mail = accepted_by(&it, first, &friend, &Text::new("Inn", "Auberge"));
    assert_eq!(it.read(&mail).refused, []);
    assert_eq!(refer("Inn"), Err("ENT-2627".to_owned()), "so says the sponsor alone");
    let whole = friend.id().to_string();
    let typed = it.hand_over(&first, Some(&whole)).unwrap_err();
    assert_eq!(typed.code, "ENT-2631", "an identity can be copied from the inbox");
    it.hand_over(&first, Some(&digits)).unwrap();
    assert_eq!(refer("auberge"), Ok(()));

    let renamed = Text::new("Clinic", "Clinique");
    assert_eq!(it.read(&accepted_by(&it, second, &friend, &renamed)).refused, []);
    let asked_for = it.folder.to_compare(SECRET, &second.to_string(), START_S).unwrap();
    assert_eq!(asked_for, Some(renamed));
    assert_eq!(it.hand_over(&second, None).unwrap_err().code, "ENT-2631");
    it.hand_over(&second, Some(&digits)).unwrap();
    assert_eq!(refer("Inn"), Err("ENT-2627".to_owned()), "its name is another now");
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
    let ahead = RequestStanding { at_s: START_S + 2 * 24 * 60 * 60, ..later.clone() };
    assert_eq!(why(&ahead, &sponsor), ["request_dated_ahead"], "nothing could follow it");
    assert_eq!(it.known(&id).step(), "accepted");
    assert_eq!(why(&later, &sponsor), [""; 0]);
    // What is over may be nobody's.
    let over = RequestStanding { step: HomeStep::Revoked, seq: later.seq + 1, ..nobody };
    assert_eq!(why(&over, &sponsor), [""; 0]);
    assert_eq!(it.known(&id).step(), "revoked");
}

#[test]
fn sealed_contact_details_go_to_their_own_place_alone() {
    let it = world();
    let (first, second) = (it.accepted(), it.accepted());
    it.news(&first);
    let print = fingerprint(&it.partner.id());
    let sealed = it.hand_over(&first, Some(&print)).unwrap();
    let words = entente_proto::read_answers(&sealed).unwrap().items.into_iter();
    let mut requests = words.map(|item| entente_proto::decode_request(&item.payload).unwrap());
    let mut request = requests.find(|it| matches!(it.what, Asked::HandOver(_))).unwrap();
    let Asked::HandOver(payload) = request.what.clone() else { panic!("not sealed") };
    let kind = payload_type::REFERRAL_HANDOVER;
    let message = entente_proto::decode_referral(kind, &payload).unwrap();
    let ring = KeyRing::open(&it.folder.path().join("keys.sealed"), SECRET);
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
    assert_eq!(it.step(&first), HomeStep::Accepted, "nothing of it had an effect");
    assert_eq!(why(payload), []);
    assert_eq!(it.step(&first), HomeStep::HandedOver);
}

#[test]
fn the_folder_takes_no_refusal_that_is_not_its_sponsors_or_of_what_stands() {
    let it = world();
    let (id, file) = it.refer(&ask());
    let item = entente_proto::read_answers(&file).unwrap().items.pop().unwrap();
    let refusal = RequestRefusal {
        sponsor: it.sponsor.id(),
        org: it.org,
        referral: id,
        at_s: START_S + 1,
        request: MailCover::hash(&item.payload),
        why: NotTaken::TooMany,
    };
    let why = |refusal: &RequestRefusal, signer: &OrgKey| {
        let payload = entente_proto::encode_request_refusal(refusal);
        let signed = Envelope::seal(payload_type::REQUEST_REFUSAL, payload, signer).unwrap();
        let refused = it.read(&mail_with(&it, &[signed])).refused;
        refused.into_iter().map(|(_, why)| why).collect::<Vec<_>>()
    };
    let (sponsor, other) = (key(SPONSOR), key(40));
    assert_eq!(why(&refusal, &other), ["mail_not_signed"]);
    let for_another = RequestRefusal { org: other.id(), ..refusal };
    assert_eq!(why(&for_another, &sponsor), ["mail_of_another"]);
    let unknown = RequestRefusal { referral: ReferralId([9; 16]), ..refusal };
    assert_eq!(why(&unknown, &sponsor), ["referral_unknown"]);
    let of_nothing = RequestRefusal { request: [9; 32], ..refusal };
    assert_eq!(why(&of_nothing, &sponsor), ["request_not_ours"]);
    let ahead = RequestRefusal { at_s: START_S + 2 * 24 * 60 * 60, ..refusal };
    assert_eq!(why(&ahead, &sponsor), ["request_dated_ahead"]);
    assert_eq!(it.known(&id).step(), "asked");

    assert_eq!(it.take(&file).refused, []);
    assert_eq!(it.news(&id).step(), "created");
    assert_eq!(why(&refusal, &sponsor), ["referral_contradiction"], "it was taken");
    let older = RequestRefusal { at_s: START_S, ..refusal };
    assert_eq!(why(&older, &sponsor), [""; 0]);
    assert_eq!(it.known(&id).step(), "created");
}
