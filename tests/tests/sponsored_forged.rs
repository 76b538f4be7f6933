//! A sponsor that lies, and files that somebody changed: what an organization without a node answers and
//! is told about referrals is under the signatures of those whose words it is.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::{OrgId, OrgKey};
use entente_core::lang::Text;
use entente_core::referral::{Answer, Body, Head, HomeStep, Message, PartnerState, ReferralId};
use entente_core::sponsor::{MailCover, MailHome};
use entente_core::statement::AgreementRef;
use entente_tests::federation::{START_S, pull, said_by_a_liar, staff};
use entente_tests::sponsored::{HOME, SECRET, SPONSOR, World, world};

fn key(seed: u8) -> OrgKey {
    OrgKey::from_seed(&[seed; 32])
}

fn seal(message: &Message, key: &OrgKey) -> Envelope {
    let payload = entente_proto::encode_referral(message);
    Envelope::seal(message.payload_type(), payload, key).unwrap()
}

/// An acceptance of what was offered to the organization.
fn acceptance(it: &World, id: &ReferralId) -> Message {
    let offer = it.kept(id).offers[&it.org].clone();
    let head = Head {
        referral: *id,
        agreement: AgreementRef { id: offer.agreement.0, version: offer.agreement.1 },
        step: 1,
        previous: None,
        seen: offer.ours.last,
        at_s: START_S,
        sponsored: Some(it.org),
    };
    Message { head, body: Body::Reply(Answer::Accept) }
}

#[test]
fn a_sponsor_answers_for_nobody_but_itself() {
    let it = world();
    let id = it.offered(&[]);
    pull(&it.sponsor, &it.home).unwrap();
    pull(&it.home, &it.sponsor).unwrap();
    let forged = acceptance(&it, &id);
    let alone = seal(&forged, &key(SPONSOR));
    let mut with_another = seal(&forged, &key(40));
    with_another.add_signature(&key(SPONSOR)).unwrap();
    let mut in_its_own_name = forged;
    in_its_own_name.head.sponsored = None;
    let in_its_own_name = seal(&in_its_own_name, &key(SPONSOR));
    let said = vec![alone, with_another, in_its_own_name];
    let reasons = said_by_a_liar(&it.sponsor, SPONSOR, &it.home, said);
    assert_eq!(reasons, ["sponsored_not_signed", "sponsored_by_others", "referral_not_offered"]);
    assert_eq!(it.kept(&id).state.step, HomeStep::Offered);
}

#[test]
fn a_sponsor_signs_no_answer_that_its_organization_did_not_sign() {
    let it = world();
    let id = it.offered(&[]);
    it.mail();
    let (_, file) = it.folder.accept(SECRET, &id.to_string(), START_S).unwrap();
    let take = |file: &[u8]| {
        let taken = it.sponsor.node().take_answers(&staff(), file);
        taken.map(|taken| taken.n_said).map_err(|fault| fault.code.clone())
    };
    for at in [30, file.len() / 2, file.len() - 1] {
        let mut altered = file.clone();
        altered[at] ^= 1;
        assert!(take(&altered).is_err(), "byte {at}");
    }
    let forged = entente_proto::encode_envelope(&seal(&acceptance(&it, &id), &key(40)));
    let forged = entente_proto::answers_file(&it.org, vec![forged]);
    assert_eq!(take(&forged), Err("ENT-2618".to_owned()));
    let stranger = acceptance(&it, &id);
    let stranger = Message {
        head: Head { sponsored: Some(key(40).id()), ..stranger.head },
        body: stranger.body,
    };
    let stranger = entente_proto::encode_envelope(&seal(&stranger, &key(40)));
    let stranger = entente_proto::answers_file(&key(40).id(), vec![stranger]);
    assert_eq!(take(&stranger), Err("ENT-2604".to_owned()));
    assert_eq!(it.kept(&id).state.step, HomeStep::Offered);
    assert_eq!(take(&file), Ok(1));
}

/// Mail that the sponsor signed, with anything in it.
fn mail_with(it: &World, homes: &[OrgId], items: &[Envelope]) -> Vec<u8> {
    let items: Vec<_> = items.iter().map(entente_proto::encode_envelope).collect();
    let name = || Text::new("A", "B");
    let mut homes: Vec<_> = homes.iter().map(|org| MailHome { org: *org, name: name() }).collect();
    homes.sort_by_key(|home| home.org);
    let cover = MailCover {
        sponsor: it.sponsor.id(),
        org: it.org,
        at_s: START_S,
        homes,
        items: items.iter().map(|item| MailCover::hash(item)).collect(),
    };
    let payload = entente_proto::encode_mail_cover(&cover);
    let signed = Envelope::seal(payload_type::SPONSOR_MAIL, payload, &key(SPONSOR)).unwrap();
    entente_proto::mail_file(&signed, items)
}

#[test]
fn the_folder_takes_nothing_that_is_forged_swapped_replayed_or_altered() {
    let it = world();
    let id = it.accepted();
    it.hand_over(&id);
    pull(&it.sponsor, &it.home).unwrap();
    let mail = it.sponsor.node().give_mail(&staff(), &it.org).unwrap().file;
    let item = entente_proto::read_mail(&mail).unwrap().items.pop().unwrap();
    let kind = item.payload_type.clone();
    let message = entente_proto::decode_referral(&kind, &item.payload).unwrap();
    assert!(matches!(message.body, Body::HandOver { .. }));

    let mut altered = mail.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    assert_eq!(it.inbox(&altered).unwrap_err().code, "ENT-2619");
    assert_eq!(it.inbox(&mail[1..]).unwrap_err().code, "ENT-2619");

    let why = |homes: &[OrgId], items: &[Envelope]| {
        let refused = it.inbox(&mail_with(&it, homes, items)).unwrap().refused;
        refused.into_iter().map(|(_, why)| why).collect::<Vec<_>>()
    };
    let (home, sponsor) = (it.home.id(), it.sponsor.id());
    let forged = seal(&message, &key(SPONSOR));
    assert_eq!(why(&[home], std::slice::from_ref(&forged)), ["mail_not_signed"]);
    assert_eq!(why(&[home, sponsor], &[forged]), ["referral_unknown"], "another's referral");
    let mut broken = item.clone();
    broken.payload[40] ^= 1;
    assert_eq!(why(&[home], &[broken]), ["mail_not_signed"]);
    let mut third = item;
    third.add_signature(&key(SPONSOR)).unwrap();
    assert_eq!(why(&[home], &[third]), ["mail_not_signed"], "the home alone signs");
    let changed = |change: &dyn Fn(&mut Message)| {
        let mut message = message.clone();
        change(&mut message);
        seal(&message, &key(HOME))
    };
    let swapped = changed(&|it| it.head.sponsored = Some(key(40).id()));
    assert_eq!(why(&[home], &[swapped]), ["mail_of_another"]);
    let unseen = changed(&|it| it.head.seen = Some([9; 32]));
    assert_eq!(why(&[home], &[unseen]), ["handover_not_accepted"]);
    let other_key = changed(&|it| {
        if let Body::HandOver { key, .. } = &mut it.body {
            key[0] ^= 1;
        }
    });
    assert_eq!(why(&[home], &[other_key]), ["handover_old_key"]);
    assert_eq!(it.state(&id), PartnerState::Accepted, "nothing of it had an effect");

    // A byte of what is sealed, by the home itself: nobody can tell before it is opened.
    let noise = changed(&|it| {
        if let Body::HandOver { sealed, .. } = &mut it.body {
            sealed[2_000] ^= 1;
        }
    });
    assert_eq!(why(&[home], &[noise]), [""; 0]);
    let not_opened = it.folder.open_details(SECRET, &id.to_string(), START_S).unwrap_err();
    assert_eq!(not_opened.code, "ENT-2624");
}

#[test]
fn what_was_sealed_for_one_referral_is_noise_in_another() {
    let it = world();
    let (first, second) = (it.accepted(), it.accepted());
    it.hand_over(&first);
    it.hand_over(&second);
    pull(&it.sponsor, &it.home).unwrap();
    let mail = it.sponsor.node().give_mail(&staff(), &it.org).unwrap().file;
    let items = entente_proto::read_mail(&mail).unwrap().items;
    let read = |item: &Envelope| {
        entente_proto::decode_referral(&item.payload_type, &item.payload).unwrap()
    };
    let mut handed: Vec<_> = items
        .iter()
        .map(read)
        .filter(|message| matches!(message.body, Body::HandOver { .. }))
        .collect();
    let (one, mut other) = (handed.remove(0), handed.remove(0));
    other.body = one.body;
    let id = other.head.referral;
    let mail = mail_with(&it, &[it.home.id()], &[seal(&other, &key(HOME))]);
    it.inbox(&mail).unwrap();
    let not_opened = it.folder.open_details(SECRET, &id.to_string(), START_S).unwrap_err();
    assert_eq!(not_opened.code, "ENT-2624");
}

#[test]
fn a_home_that_gives_anothers_name_to_a_referral_keeps_no_folder_from_answering() {
    let it = world();
    let id = it.offered(&[]);
    pull(&it.sponsor, &it.home).unwrap();
    let mail = it.sponsor.node().give_mail(&staff(), &it.org).unwrap().file;
    let item = entente_proto::read_mail(&mail).unwrap().items.pop().unwrap();
    let offer = entente_proto::decode_referral(&item.payload_type, &item.payload).unwrap();
    let (home, liar) = (it.home.id(), key(40).id());
    let mail = mail_with(&it, &[home, liar], &[item, seal(&offer, &key(40))]);
    assert_eq!(it.inbox(&mail).unwrap().referrals.len(), 2);

    let accept = |wanted: String| it.folder.accept(SECRET, &wanted, START_S);
    assert_eq!(accept(id.to_string()).unwrap_err().code, "ENT-2621");
    assert_eq!(accept(format!("{id}@{}", key(41).id())).unwrap_err().code, "ENT-2620");
    let (accepted, _) = accept(format!("{}@{home}", &id.to_string()[..8])).unwrap();
    assert_eq!((accepted.kept.home, accepted.kept.state), (home, PartnerState::Accepting));
    let all = it.folder.inbox(SECRET, None, START_S).unwrap().referrals;
    let other = all.iter().find(|it| it.kept.home == liar).unwrap();
    assert_eq!(other.kept.state, PartnerState::Offered);
}
