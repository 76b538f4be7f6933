//! Referrals and hand-overs for an organization without a node: carried by its sponsor, decided at the
//! home, opened in the organization's folder, and read by nobody between.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

use std::ops::ControlFlow;

use entente_core::codes::{Barrier, OrgType, ReferralOutcome, Urgency};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::feed::Carried;
use entente_core::handover::KeyId;
use entente_core::identity::{OrgId, OrgKey};
use entente_core::lang::Text;
use entente_core::record::RecordId;
use entente_core::referral::{
    Answer, Body, Head, HomeStep, Message, OfferStep, PartnerState, ReferralId,
};
use entente_core::sponsor::{MailCover, MailHome, fingerprint};
use entente_core::statement::AgreementRef;
use entente_node::clock::ManualClock;
use entente_node::fault::{Both, Fault};
use entente_node::local::doc::ServiceAddAsk;
use entente_node::node::referrals::{KeptReferral, Refusal};
use entente_node::sponsored::{FolderInbox, NewSponsored, SponsoredFolder};
use entente_store::db::{Keys, Rows as _, Table};
use entente_store::handover::Way;
use entente_store::seal::KdfParams;
use entente_tests::federation::{
    Org, START_S, pair, plain_case, propose_and_sign, pull, said_by_a_liar, staff,
};
use entente_tests::handovers::{MARK, PASSPHRASE, add_opener, marked};
use entente_tests::referrals::{card, case_with_consent, referral_consent, referrals_only};

const SECRET: &str = "five random words for tests";
const HOME: u8 = 2;
const SPONSOR: u8 = 10;

/// A home, a sponsor with an organization that has no node, and another partner.
struct World {
    clock: ManualClock,
    home: Org,
    sponsor: Org,
    third: Org,
    folder: SponsoredFolder,
    org: OrgId,
    record: RecordId,
    _place: tempfile::TempDir,
}

fn agree(from: &Org, to: &Org) {
    let mut draft = from.node().read_draft(&referrals_only(), &to.id(), None).unwrap();
    draft.grants.iter_mut().for_each(|grant| grant.services = true);
    propose_and_sign(from, to, &draft);
}

fn beds() -> ServiceAddAsk {
    ServiceAddAsk {
        name: Some(Both::new("Beds", "Lits")),
        needs: Some(vec!["emergency_housing".to_owned()]),
        province: Some("MB".to_owned()),
        hidden: Some(true),
        ..ServiceAddAsk::default()
    }
}

fn world() -> World {
    let clock = ManualClock::new(START_S);
    let (home, sponsor) = (Org::new(HOME, &clock), Org::new(SPONSOR, &clock));
    let third = Org::new(11, &clock);
    for partner in [&sponsor, &third] {
        pair(&home, partner);
        agree(&home, partner);
    }
    let place = tempfile::tempdir().unwrap();
    let folder = SponsoredFolder::new(place.path().join("harbour"));
    let options = NewSponsored {
        name: Text::new("Harbour House", "Maison du Havre"),
        kind: OrgType::Ngo,
        sponsor: sponsor.id().to_string(),
        kdf: KdfParams::WEAK_FOR_TESTS,
    };
    let org = folder.init(&options, SECRET).unwrap().id;
    folder.put_service(&beds(), jiff::civil::date(2026, 11, 22)).unwrap();
    let (_, file) = folder.sign(SECRET, START_S).unwrap();
    sponsor.node().add_sponsored(&staff(), &file, &fingerprint(&org)).unwrap();
    pull(&home, &sponsor).unwrap();
    let record = case_with_consent(&home);
    World { clock, home, sponsor, third, folder, org, record, _place: place }
}

impl World {
    fn create(&self) -> ReferralId {
        let node = self.home.node();
        node.create_referral(staff(), &self.record, card(Urgency::Routine)).unwrap().id
    }

    /// A referral that was offered to the organization, and to others.
    fn offered(&self, others: &[OrgId]) -> ReferralId {
        let id = self.create();
        let to = [&[self.org], others].concat();
        self.home.node().offer_referral(staff(), &id, &to).unwrap();
        id
    }

    fn kept(&self, id: &ReferralId) -> KeptReferral {
        self.home.node().find_referral(&id.to_string()).unwrap()
    }

    /// What the home says reaches the folder.
    fn mail(&self) -> FolderInbox {
        pull(&self.sponsor, &self.home).unwrap();
        let given = self.sponsor.node().give_mail(&staff(), &self.org).unwrap();
        self.inbox(&given.file).unwrap()
    }

    fn inbox(&self, mail: &[u8]) -> Result<FolderInbox, Box<Fault>> {
        self.folder.inbox(SECRET, Some(mail), START_S)
    }

    /// Answers reach the home. How many were new.
    fn answer(&self, file: &[u8]) -> usize {
        let taken = self.sponsor.node().take_answers(&staff(), file).unwrap();
        assert_eq!(taken.refused, []);
        pull(&self.home, &self.sponsor).unwrap();
        taken.n_said
    }

    fn state(&self, id: &ReferralId) -> PartnerState {
        let all = self.folder.inbox(SECRET, None, START_S).unwrap().referrals;
        all.iter().find(|it| it.kept.id == *id).unwrap().kept.state
    }

    /// A referral that the organization has.
    fn accepted(&self) -> ReferralId {
        let id = self.offered(&[]);
        self.mail();
        self.answer(&self.folder.accept(SECRET, &id.to_string(), START_S).unwrap().1);
        self.mail();
        assert_eq!(self.state(&id), PartnerState::Accepted);
        id
    }

    fn hand_over(&self, id: &ReferralId) {
        self.home.node().hand_over_referral(staff(), id, &marked()).unwrap();
    }
}

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

/// Where the mark is in what a node keeps, opened with its own key, and in what it said to partners.
fn marks_in(org: &Org, partners: &[&Org]) -> Vec<String> {
    let mut found = Vec::new();
    for number in 1..=253 {
        let mut visit = |key: &[u8], value: &[u8]| {
            if has_mark(key) || has_mark(value) {
                found.push(format!("table {number}"));
            }
            ControlFlow::Continue(())
        };
        let table = Table::new(number, "any");
        org.node().db().read(|tx| tx.scan(table, Keys::All, &mut visit)).unwrap();
    }
    for partner in partners {
        for batch in org.node().feed_batches(&partner.id(), 0, 0, usize::MAX).unwrap() {
            for leaf in &batch.leaves {
                if matches!(leaf, Carried::Whole(bytes) if has_mark(bytes)) {
                    found.push("the feed".to_owned());
                }
            }
        }
    }
    found
}

fn has_mark(bytes: &[u8]) -> bool {
    bytes.windows(MARK.len()).any(|it| it == MARK.as_bytes())
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
    let mut in_its_own_name = forged.clone();
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
    let mut third = item.clone();
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
