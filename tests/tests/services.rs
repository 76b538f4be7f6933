//! Services and capacities between organizations.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

use entente_core::agreement::AgreementId;
use entente_core::audit::Action;
use entente_core::codes::{Need, Province, Set};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgKey;
use entente_core::lang::Text;
use entente_core::service::{
    Capacity, Contact, Group, Location, Organization, Query, Service, ServiceId, Status, Unit,
};
use entente_node::clock::ManualClock;
use entente_node::node::services::Put;
use entente_proto::AgreementChange;
use entente_tests::federation::{
    Org, START_S, pair, propose_and_sign, pull, said_by_a_liar, staff,
};
use jiff::{SignedDuration, Timestamp};

const SHELTER: ServiceId = ServiceId([1; 16]);

fn shelter(id: ServiceId) -> Service {
    let name = Text::new("Safe house", "Maison d’hébergement");
    let organization = Organization { id: [7; 16], name: name.clone(), ..Organization::default() };
    Service {
        needs: Set::EMPTY.with(Need::EmergencyHousing),
        groups: Set::EMPTY.with(Group::Women),
        locations: vec![Location::Redacted { id: [8; 16], province: Province::Manitoba }],
        contacts: vec![Contact { name: "A. Roy".to_owned(), ..Contact::default() }],
        accepts_without_status: Some(true),
        ..Service::named(id, organization, name)
    }
}

fn two_beds(clock_s: i64) -> Capacity {
    let now = Timestamp::from_second(clock_s).unwrap();
    Capacity {
        service: SHELTER,
        available: 2,
        maximum: Some(12),
        unit: Unit::Bed,
        whom: Set::EMPTY.with(Group::Women).with(Group::WithChildren),
        said_at: now,
        until: now + SignedDuration::from_hours(6),
    }
}

/// An agreement in which both sides grant their directories, or neither does.
fn agree(from: &Org, to: &Org, services: bool) -> AgreementId {
    let draft = include_str!("../../config/agreements/province-federal.toml");
    let mut draft = from.node().read_draft(draft, &to.id(), None).expect("a draft");
    for grant in &mut draft.grants {
        grant.services = services;
    }
    propose_and_sign(from, to, &draft)
}

fn add(org: &Org, service: Service) -> Put {
    let put = org.node().put_services(&staff(), Action::ServiceChanged, vec![service]);
    put.expect("kept")[0]
}

/// The names of what an organization finds.
fn found(org: &Org, query: Query) -> Vec<ServiceId> {
    let matches = org.node().search_services(query).expect("searched");
    matches.found.iter().map(|it| it.entry.service.id).collect()
}

fn all(org: &Org) -> Vec<ServiceId> {
    found(org, Query::default())
}

struct Three {
    clock: ManualClock,
    shelter: Org,
    granted: Org,
    without: Org,
    agreement: AgreementId,
}

fn three() -> Three {
    let clock = ManualClock::new(START_S);
    let (shelter, granted, without) =
        (Org::new(1, &clock), Org::new(2, &clock), Org::new(3, &clock));
    pair(&shelter, &granted);
    pair(&shelter, &without);
    let agreement = agree(&shelter, &granted, true);
    agree(&shelter, &without, false);
    Three { clock, shelter, granted, without, agreement }
}

impl Three {
    fn pull(&self) {
        pull(&self.granted, &self.shelter).expect("heard");
        pull(&self.without, &self.shelter).expect("heard");
    }
}

#[test]
fn a_service_and_what_it_has_free_reach_the_partner_with_the_grant_and_no_other() {
    let it = three();
    assert_eq!(add(&it.shelter, shelter(SHELTER)), Put::Added);
    let told = it.shelter.node().set_capacity(staff(), two_beds(START_S)).unwrap();
    assert_eq!(told, [it.granted.id()]);
    it.pull();

    let free = Query { with_capacity: true, ..Query::default() };
    assert_eq!(found(&it.granted, free.clone()), [SHELTER]);
    assert!(all(&it.without).is_empty());
    let matches = it.granted.node().search_services(free.clone()).unwrap();
    let entry = &matches.found[0].entry;
    assert_eq!(entry.issuer, it.shelter.id());
    assert_eq!(entry.service.contacts, shelter(SHELTER).contacts);
    assert_eq!(entry.service.accepts_without_status, Some(true));
    assert_eq!(matches.found[0].capacities, [two_beds(START_S)]);

    // The same without the memory of the process.
    let mut granted = it.granted;
    granted.crash();
    assert_eq!(found(&granted, free.clone()), [SHELTER]);
    // It ends by itself.
    it.clock.advance(6 * 3600);
    assert!(found(&granted, free).is_empty());
    assert_eq!(all(&granted), [SHELTER]);
}

#[test]
fn what_was_there_before_the_agreement_is_said_when_it_comes_into_force() {
    let clock = ManualClock::new(START_S);
    let (a, b) = (Org::new(1, &clock), Org::new(2, &clock));
    for org in [&a, &b] {
        let id = ServiceId([org.id().as_bytes()[0]; 16]);
        add(org, shelter(id));
    }
    pair(&a, &b);
    agree(&a, &b, true);
    pull(&b, &a).unwrap();
    pull(&a, &b).unwrap();
    assert_eq!((all(&a).len(), all(&b).len()), (2, 2));
}

#[test]
fn what_did_not_change_is_not_said_again() {
    let it = three();
    add(&it.shelter, shelter(SHELTER));
    it.pull();
    let before = it.shelter.node().feed_head(&it.granted.id()).unwrap().1;
    it.clock.advance(60);
    assert_eq!(add(&it.shelter, shelter(SHELTER)), Put::Unchanged);
    assert_eq!(it.shelter.node().say_all_services().unwrap(), 0);
    assert_eq!(it.shelter.node().feed_head(&it.granted.id()).unwrap().1, before);
    let day = it.shelter.node().today();
    it.shelter.node().confirm_service(&staff(), SHELTER, day).unwrap();
    it.pull();
    let matches = it.granted.node().search_services(Query::default()).unwrap();
    assert_eq!(matches.found[0].entry.service.assured_on, Some(day));
    // The text of an import says nothing of it, and does not undo it.
    assert_eq!(add(&it.shelter, shelter(SHELTER)), Put::Unchanged);
}

#[test]
fn a_closed_service_is_gone_from_the_partner_and_can_claim_nothing() {
    let it = three();
    add(&it.shelter, shelter(SHELTER));
    it.shelter.node().set_capacity(staff(), two_beds(START_S)).unwrap();
    it.pull();
    assert_eq!(all(&it.granted), [SHELTER]);
    let node = it.shelter.node();
    node.set_service_status(&staff(), SHELTER, Status::TemporarilyClosed).unwrap();
    it.pull();
    assert!(all(&it.granted).is_empty());
    let refused = node.set_capacity(staff(), two_beds(START_S)).unwrap_err();
    assert_eq!(refused.code, "ENT-2207");

    node.set_service_status(&staff(), SHELTER, Status::Active).unwrap();
    it.pull();
    assert_eq!(all(&it.granted), [SHELTER]);
    let free = Query { with_capacity: true, ..Query::default() };
    assert!(found(&it.granted, free).is_empty(), "what it claimed before is not believed again");
    node.withdraw_service(&staff(), SHELTER).unwrap();
    it.pull();
    assert!(all(&it.granted).is_empty());
}

#[test]
fn a_claim_in_the_far_future_or_of_an_unknown_service_is_told_to_nobody() {
    let it = three();
    add(&it.shelter, shelter(SHELTER));
    let head = || it.shelter.node().feed_head(&it.granted.id()).unwrap().1;
    let before = head();
    let good = two_beds(START_S);
    let far = Capacity { until: good.said_at + SignedDuration::from_hours(24 * 365), ..good };
    let other = Capacity { service: ServiceId([9; 16]), ..good };
    for (claim, code) in [(far, "ENT-2206"), (other, "ENT-2202")] {
        let refused = it.shelter.node().set_capacity(staff(), claim).unwrap_err();
        assert_eq!(refused.code, code);
    }
    assert_eq!(head(), before);
}

#[test]
fn what_a_suspended_or_ended_agreement_brought_is_not_shown() {
    let it = three();
    add(&it.shelter, shelter(SHELTER));
    it.pull();
    let node = it.shelter.node();
    let kept = || node.find_agreement(&it.agreement.to_string()).unwrap();
    node.change_agreement(staff(), &kept(), AgreementChange::Suspended, "").unwrap();
    it.pull();
    assert!(all(&it.granted).is_empty());
    // What changes meanwhile is said afterwards.
    let renamed = Service { name: Text::new("House", "Maison"), ..shelter(SHELTER) };
    add(&it.shelter, renamed.clone());
    node.change_agreement(staff(), &kept(), AgreementChange::Resumed, "").unwrap();
    it.pull();
    let matches = it.granted.node().search_services(Query::default()).unwrap();
    assert_eq!(matches.found[0].entry.service.name, renamed.name);

    node.change_agreement(staff(), &kept(), AgreementChange::Ended, "").unwrap();
    it.pull();
    assert!(all(&it.granted).is_empty());
    let gone = it.granted.node().with_directory(|directory| directory.len()).unwrap();
    assert_eq!(gone, 0, "it is not kept either");
    assert_eq!(all(&it.shelter), [SHELTER]);
}

#[test]
fn a_lying_partner_lists_claims_and_withdraws_nothing_in_another_s_name() {
    let it = three();
    add(&it.shelter, shelter(SHELTER));
    it.pull();
    let liar = Org::new(4, &it.clock);
    pair(&liar, &it.granted);
    agree(&liar, &it.granted, true);
    pull(&it.granted, &liar).unwrap();

    let key = OrgKey::from_seed(&[4; 32]);
    let (victim, capacity) = (it.shelter.id(), two_beds(START_S));
    let changed = Service { modified_s: 9, name: Text::new("Trap", "Piège"), ..shelter(SHELTER) };
    let seal = |kind, bytes| Envelope::seal(kind, bytes, &key).unwrap();
    let in_their_name = entente_proto::encode_service(&victim, &changed);
    let withdrawal = entente_proto::encode_service_withdrawal(&victim, SHELTER, 5);
    let claim = entente_proto::encode_capacity(&victim, &capacity);
    let unlisted = entente_proto::encode_capacity(&liar.id(), &capacity);
    let bad = b"no message".to_vec();
    // In its own name, and signed by somebody else.
    let lent = entente_proto::encode_service(&liar.id(), &changed);
    let lent = Envelope::seal(payload_type::SERVICE, lent, &OrgKey::from_seed(&[1; 32])).unwrap();
    let skipped = said_by_a_liar(
        &liar,
        4,
        &it.granted,
        vec![
            seal(payload_type::SERVICE, in_their_name),
            seal(payload_type::SERVICE_WITHDRAWAL, withdrawal),
            seal(payload_type::CAPACITY, claim),
            seal(payload_type::CAPACITY, unlisted),
            seal(payload_type::SERVICE, bad),
            lent,
            // Of its own it may say what it likes, also of a service with the same id.
            seal(payload_type::SERVICE, entente_proto::encode_service(&liar.id(), &changed)),
        ],
    );
    assert_eq!(
        skipped,
        [
            "service_of_others",
            "service_of_others",
            "service_of_others",
            "service_unknown",
            "document_unreadable",
            "document_not_signed"
        ]
    );
    let matches = it.granted.node().search_services(Query::default()).unwrap();
    let theirs = matches.found.iter().find(|found| found.entry.issuer == victim).unwrap();
    assert_eq!(theirs.entry.service.name, shelter(SHELTER).name);
    assert_eq!(matches.n, 2);
}

#[test]
fn a_service_that_is_called_as_another_s_id_takes_nobody_s_place() {
    let clock = ManualClock::new(START_S);
    let [honest, liar, reader] = [1, 2, 3].map(|seed| Org::new(seed, &clock));
    for partner in [&honest, &liar] {
        pair(partner, &reader);
        agree(partner, &reader, true);
    }
    add(&honest, shelter(SHELTER));
    let name = Text::new(SHELTER.to_string(), SHELTER.to_string());
    add(&liar, Service { name, ..shelter(ServiceId([2; 16])) });
    for partner in [&honest, &liar] {
        pull(&reader, partner).expect("heard");
    }
    assert_eq!(all(&reader).len(), 2);
    let found = reader.node().find_service(&SHELTER.to_string()).unwrap();
    assert_eq!((found.issuer, found.service.id), (honest.id(), SHELTER));
}

#[test]
fn a_partner_without_the_grant_is_not_believed() {
    let it = three();
    let service = Service { modified_s: 9, ..shelter(SHELTER) };
    let key = OrgKey::from_seed(&[3; 32]);
    let listing = entente_proto::encode_service(&it.without.id(), &service);
    let listing = Envelope::seal(payload_type::SERVICE, listing, &key).unwrap();
    let skipped = said_by_a_liar(&it.without, 3, &it.shelter, vec![listing]);
    assert_eq!(skipped, ["no_agreement"]);
    assert!(all(&it.shelter).is_empty());
}

#[test]
fn stale_services_are_those_that_nobody_confirmed_for_180_days() {
    let it = three();
    add(&it.shelter, shelter(SHELTER));
    let node = it.shelter.node();
    assert_eq!(node.stale_services().unwrap().len(), 1);
    node.confirm_service(&staff(), SHELTER, node.today()).unwrap();
    assert!(node.stale_services().unwrap().is_empty());
    it.clock.advance(181 * 86_400);
    assert_eq!(node.stale_services().unwrap().len(), 1);
}
