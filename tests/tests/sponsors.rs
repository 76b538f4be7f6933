//! Organizations without a node: what they sign, what their sponsor carries, and what partners see.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use entente_core::agreement::AgreementId;
use entente_core::codes::OrgType;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgKey;
use entente_core::lang::Text;
use entente_core::service::{Organization, Query, Service, ServiceId};
use entente_core::sponsor::{Sponsored, fingerprint};
use entente_node::clock::ManualClock;
use entente_node::node::sponsors::SponsoredOrg;
use entente_proto::AgreementChange;
use entente_tests::federation::{
    Org, START_S, pair, propose_and_sign, pull, said_by_a_liar, staff,
};
use sha2::{Digest as _, Sha256};

/// The organization without a node.
fn harbour() -> OrgKey {
    OrgKey::from_seed(&[40; 32])
}

fn service(seed: u8, name: &str) -> Service {
    let name = Text::new(name, name);
    let organization = Organization { id: [7; 16], name: name.clone(), ..Organization::default() };
    Service { modified_s: 1, ..Service::named(ServiceId([seed; 16]), organization, name) }
}

/// What the organization hands to `sponsor` in its history: the number, and the names of its services.
fn document(sponsor: &Org, before: Option<&Envelope>, names: &[&str]) -> Envelope {
    let before = before.map(|it| {
        let document = entente_proto::decode_sponsored(&it.payload).unwrap();
        (document.seq, Sha256::digest(&it.payload).into())
    });
    let services = (1_u8..).zip(names).map(|(seed, name)| service(seed, name)).collect();
    let document = Sponsored {
        org: harbour().id(),
        sponsor: sponsor.id(),
        seq: before.map_or(1, |(seq, _)| seq + 1),
        previous: before.map(|(_, hash)| hash),
        at_s: START_S,
        name: Text::new("Harbour House", "Maison du Havre"),
        kind: OrgType::Ngo,
        services,
        handover: None,
    };
    signed(&document, &harbour())
}

fn signed(document: &Sponsored, key: &OrgKey) -> Envelope {
    let payload = entente_proto::encode_sponsored(document);
    Envelope::seal(payload_type::SPONSORED, payload, key).unwrap()
}

fn agree(from: &Org, to: &Org, services: bool) -> AgreementId {
    let draft = include_str!("../../config/agreements/province-federal.toml");
    let mut draft = from.node().read_draft(draft, &to.id(), None).expect("a draft");
    for grant in &mut draft.grants {
        grant.services = services;
    }
    propose_and_sign(from, to, &draft)
}

/// What an organization finds: the name of each service, whose it is said to be, and who carried it.
fn found(org: &Org) -> Vec<String> {
    let matches = org.node().search_services(Query::default()).expect("searched");
    let mut names: Vec<_> =
        matches.found.iter().map(|it| it.entry.service.name.en.clone()).collect();
    names.sort();
    names
}

struct World {
    clock: ManualClock,
    sponsor: Org,
    partner: Org,
    without: Org,
    agreement: AgreementId,
}

fn world() -> World {
    let clock = ManualClock::new(START_S);
    let (sponsor, partner, without) =
        (Org::new(1, &clock), Org::new(2, &clock), Org::new(3, &clock));
    pair(&sponsor, &partner);
    pair(&sponsor, &without);
    let agreement = agree(&sponsor, &partner, true);
    agree(&sponsor, &without, false);
    World { clock, sponsor, partner, without, agreement }
}

impl World {
    /// The sponsor takes the organization on with this document, its fingerprint compared.
    fn add(&self, document: &Envelope) -> SponsoredOrg {
        let file = entente_proto::sponsored_file(document);
        let print = fingerprint(&harbour().id());
        self.sponsor.node().add_sponsored(&staff(), &file, &print).expect("added")
    }

    fn take(&self, document: &Envelope) -> Result<SponsoredOrg, String> {
        let file = entente_proto::sponsored_file(document);
        let taken = self.sponsor.node().take_sponsored(&staff(), &file);
        taken.map_err(|fault| fault.code.clone())
    }

    fn pull(&self) -> Vec<&'static str> {
        pull(&self.without, &self.sponsor).expect("heard");
        let accepted = pull(&self.partner, &self.sponsor).expect("heard");
        accepted.skipped.into_iter().map(|(_, reason)| reason).collect()
    }
}

#[test]
fn a_partner_sees_whose_service_it_is_and_who_carried_it_and_another_sees_nothing() {
    let it = world();
    let first = document(&it.sponsor, None, &["Beds", "Meals"]);
    let added = it.add(&first);
    assert_eq!(added.row.said.len(), 1);
    assert!(it.pull().is_empty());
    assert_eq!(found(&it.partner), ["Beds", "Meals"]);
    assert_eq!(found(&it.sponsor), ["Beds", "Meals"], "the sponsor's own staff find them too");
    assert!(found(&it.without).is_empty());

    let matches = it.partner.node().search_services(Query::default()).unwrap();
    for found in &matches.found {
        assert_eq!(found.entry.issuer, harbour().id());
        assert_eq!(found.entry.sponsor, Some(it.sponsor.id()));
    }
    let carried = it.partner.node().carried_orgs().unwrap();
    assert_eq!((carried.len(), carried[0].document.seq, carried[0].n_missing), (1, 1, 0));
    assert_eq!(carried[0].document.name.fr, "Maison du Havre");
}

#[test]
fn a_newer_document_takes_the_place_of_the_older_and_a_crash_changes_nothing() {
    let mut it = world();
    let first = document(&it.sponsor, None, &["Beds", "Meals"]);
    it.add(&first);
    it.pull();
    it.take(&document(&it.sponsor, Some(&first), &["Beds only"])).unwrap();
    assert_eq!(found(&it.partner), ["Beds", "Meals"], "not heard yet");
    it.pull();
    it.partner.crash();
    it.sponsor.crash();
    assert_eq!(found(&it.partner), ["Beds only"]);
    assert_eq!(found(&it.sponsor), ["Beds only"]);
    assert_eq!(it.sponsor.node().say_all_services().unwrap(), 0, "it was said");
}

#[test]
fn a_partner_that_agrees_later_is_told_the_newest_alone() {
    let it = world();
    let first = document(&it.sponsor, None, &["Old address"]);
    it.add(&first);
    it.take(&document(&it.sponsor, Some(&first), &["Beds"])).unwrap();
    let late = Org::new(5, &it.clock);
    pair(&it.sponsor, &late);
    agree(&it.sponsor, &late, true);
    pull(&late, &it.sponsor).unwrap();
    assert_eq!(found(&late), ["Beds"]);
    let carried = late.node().carried_orgs().unwrap();
    assert_eq!((carried[0].document.seq, carried[0].n_missing), (2, 0));
}

#[test]
fn the_fingerprint_decides_who_is_taken_on() {
    let it = world();
    let first = entente_proto::sponsored_file(&document(&it.sponsor, None, &["Beds"]));
    let add = |file: &[u8], print: &str| {
        let added = it.sponsor.node().add_sponsored(&staff(), file, print);
        added.map(|_| ()).map_err(|fault| fault.code.clone())
    };
    let other = fingerprint(&OrgKey::from_seed(&[41; 32]).id());
    assert_eq!(add(&first, &other), Err("ENT-2603".to_owned()));
    assert_eq!(add(&first, ""), Err("ENT-2603".to_owned()));
    assert!(found(&it.sponsor).is_empty());
    let print = fingerprint(&harbour().id());
    assert_eq!(add(&first[..first.len() - 1], &print), Err("ENT-2601".to_owned()));
    assert_eq!(add(&first, &print), Ok(()));
    assert_eq!(add(&first, &print), Err("ENT-2605".to_owned()));
}

#[test]
fn a_sponsor_takes_only_what_is_newer_and_its_own_organization_s() {
    let it = world();
    let first = document(&it.sponsor, None, &["Beds"]);
    assert_eq!(it.take(&first).unwrap_err(), "ENT-2604", "never compared");
    it.add(&first);
    let second = document(&it.sponsor, Some(&first), &["Beds", "Meals"]);
    it.take(&second).unwrap();
    assert_eq!(it.take(&second).unwrap_err(), "ENT-2606", "the same again");
    assert_eq!(it.take(&first).unwrap_err(), "ENT-2606", "older");
    let fork = document(&it.sponsor, Some(&first), &["Trap"]);
    assert_eq!(it.take(&fork).unwrap_err(), "ENT-2607", "the same number again");
    let fork = document(&it.sponsor, Some(&fork), &["Trap"]);
    assert_eq!(it.take(&fork).unwrap_err(), "ENT-2607", "another history");
    let other = document(&it.partner, Some(&second), &["Beds"]);
    assert_eq!(it.take(&other).unwrap_err(), "ENT-2602", "for another sponsor");
    let mut altered = document(&it.sponsor, Some(&second), &["Beds"]);
    altered.payload[90] ^= 1;
    assert_eq!(it.take(&altered).unwrap_err(), "ENT-2601");
    it.pull();
    assert_eq!(found(&it.partner), ["Beds", "Meals"]);
}

#[test]
fn a_document_that_was_never_carried_leaves_a_gap_that_everybody_sees() {
    let it = world();
    let first = document(&it.sponsor, None, &["Beds"]);
    it.add(&first);
    it.pull();
    let second = document(&it.sponsor, Some(&first), &["Beds", "Meals"]);
    let third = document(&it.sponsor, Some(&second), &["Beds"]);
    let taken = it.take(&third).unwrap();
    assert_eq!(taken.row.n_missing, 1);
    it.pull();
    let carried = it.partner.node().carried_orgs().unwrap();
    assert_eq!((carried[0].document.seq, carried[0].n_missing), (3, 1));
}

#[test]
fn an_end_takes_all_back_and_an_agreement_that_ends_does_too() {
    let it = world();
    let first = document(&it.sponsor, None, &["Beds"]);
    it.add(&first);
    it.pull();
    it.sponsor.node().end_sponsored(&staff(), &harbour().id()).unwrap();
    it.pull();
    assert!(found(&it.partner).is_empty() && found(&it.sponsor).is_empty());
    assert_eq!(it.take(&first).unwrap_err(), "ENT-2604");

    it.add(&first);
    it.pull();
    assert_eq!(found(&it.partner), ["Beds"], "taken on again");
    let kept = it.sponsor.node().find_agreement(&it.agreement.to_string()).unwrap();
    let change = AgreementChange::Ended;
    it.sponsor.node().change_agreement(staff(), &kept, change, "").unwrap();
    it.pull();
    assert!(found(&it.partner).is_empty());
    assert_eq!(found(&it.sponsor), ["Beds"]);
}

#[test]
fn a_receipt_says_what_the_sponsor_has_and_how_many_know() {
    let it = world();
    let first = document(&it.sponsor, None, &["Beds"]);
    it.add(&first);
    let node = it.sponsor.node();
    let (receipt, file) = node.sponsor_receipt(&staff(), &harbour().id()).unwrap();
    assert_eq!(entente_proto::read_sponsor_receipt(&file), Ok(receipt));
    assert_eq!((receipt.head.seq, receipt.n_told, receipt.ended), (1, 1, false));
    assert_eq!(receipt.head.hash.as_slice(), Sha256::digest(&first.payload).as_slice());
    node.end_sponsored(&staff(), &harbour().id()).unwrap();
    let (receipt, _) = node.sponsor_receipt(&staff(), &harbour().id()).unwrap();
    assert_eq!((receipt.n_told, receipt.ended), (0, true));
    let nobody = node.sponsor_receipt(&staff(), &it.partner.id());
    assert_eq!(nobody.unwrap_err().code, "ENT-2604");
}

#[test]
fn whoever_has_a_node_is_not_sponsored_and_speaks_for_itself() {
    let it = world();
    let partner = OrgKey::from_seed(&[2; 32]);
    let mut document =
        entente_proto::decode_sponsored(&document(&it.sponsor, None, &["Beds"]).payload).unwrap();
    document.org = partner.id();
    let file = entente_proto::sponsored_file(&signed(&document, &partner));
    let print = fingerprint(&partner.id());
    let added = it.sponsor.node().add_sponsored(&staff(), &file, &print);
    assert_eq!(added.unwrap_err().code, "ENT-2608");
}

#[test]
fn an_organization_that_gets_a_node_speaks_for_itself_from_then_on() {
    let it = world();
    it.add(&document(&it.sponsor, None, &["Beds"]));
    it.pull();
    assert_eq!(found(&it.partner), ["Beds"]);
    let own = Org::new(40, &it.clock);
    pair(&own, &it.partner);
    agree(&own, &it.partner, true);
    assert!(found(&it.partner).is_empty(), "it has said nothing by itself yet");
    pair(&own, &it.sponsor);
    assert!(found(&it.sponsor).is_empty());
    it.sponsor.node().say_all_services().unwrap();
    let late = Org::new(5, &it.clock);
    pair(&it.sponsor, &late);
    agree(&it.sponsor, &late, true);
    pull(&late, &it.sponsor).unwrap();
    assert!(found(&late).is_empty());
}

/// A document with the second signature of the organization whose seed this is.
fn cosigned(document: &Envelope, seed: u8) -> Envelope {
    let mut envelope = document.clone();
    envelope.add_signature(&OrgKey::from_seed(&[seed; 32])).unwrap();
    envelope
}

#[test]
fn a_lying_sponsor_alters_invents_and_replays_nothing() {
    let it = world();
    let first = document(&it.sponsor, None, &["Beds"]);
    let second = document(&it.sponsor, Some(&first), &["Beds", "Meals"]);
    it.add(&first);
    it.take(&second).unwrap();
    it.pull();

    let mut altered = cosigned(&second, 1);
    altered.payload[90] ^= 1;
    let read = |envelope: &Envelope| entente_proto::decode_sponsored(&envelope.payload).unwrap();
    let next = read(&document(&it.sponsor, Some(&second), &["Trap"]));
    // In the organization's name, under a key of the sponsor's own making.
    let invented = signed(&next, &OrgKey::from_seed(&[50; 32]));
    let fork = document(&it.sponsor, Some(&first), &["Trap"]);
    let said = vec![
        altered,
        cosigned(&invented, 1),
        signed(&next, &OrgKey::from_seed(&[1; 32])),
        document(&it.sponsor, Some(&second), &["Not signed by the sponsor"]),
        cosigned(&first, 1),
        cosigned(&fork, 1),
        cosigned(&document(&it.without, Some(&second), &["For another sponsor"]), 1),
        cosigned(&cosigned(&second, 1), 51),
    ];
    assert_eq!(
        said_by_a_liar(&it.sponsor, 1, &it.partner, said),
        [
            "document_not_signed",
            "sponsored_by_others",
            "document_not_signed",
            "document_not_signed",
            "sponsored_older",
            "sponsored_forked",
            "sponsored_by_others",
            "document_not_signed",
        ]
    );
    assert_eq!(found(&it.partner), ["Beds", "Meals"]);
    let carried = it.partner.node().carried_orgs().unwrap();
    assert_eq!((carried[0].document.seq, carried[0].n_missing), (2, 0));
}

#[test]
fn another_partner_brings_nothing_of_an_organization_that_is_not_its_own_and_ends_nothing() {
    let it = world();
    let first = document(&it.sponsor, None, &["Beds"]);
    it.add(&first);
    it.pull();
    let liar = Org::new(4, &it.clock);
    pair(&liar, &it.partner);
    agree(&liar, &it.partner, true);
    pull(&it.partner, &liar).unwrap();
    let seal = |kind, bytes| Envelope::seal(kind, bytes, &OrgKey::from_seed(&[4; 32])).unwrap();
    let end = |sponsor: &Org| {
        let org = harbour().id();
        let bytes = entente_proto::encode_sponsorship_end(&sponsor.id(), &org, START_S);
        seal(payload_type::SPONSORSHIP_END, bytes)
    };
    let with_node = Sponsored {
        org: OrgKey::from_seed(&[1; 32]).id(),
        sponsor: liar.id(),
        ..entente_proto::decode_sponsored(&first.payload).unwrap()
    };
    let with_node = signed(&with_node, &OrgKey::from_seed(&[1; 32]));
    let said = vec![cosigned(&first, 4), end(&it.sponsor), end(&liar), cosigned(&with_node, 4)];
    assert_eq!(
        said_by_a_liar(&liar, 4, &it.partner, said),
        ["sponsored_by_others", "sponsored_by_others", "sponsored_has_node"]
    );
    assert_eq!(found(&it.partner), ["Beds"]);
}

#[test]
fn an_organization_moves_to_another_sponsor_and_the_old_one_cannot_bring_it_back() {
    let it = world();
    let first = document(&it.sponsor, None, &["Beds"]);
    it.add(&first);
    it.pull();
    let other = Org::new(4, &it.clock);
    pair(&other, &it.partner);
    agree(&other, &it.partner, true);
    let second = document(&other, Some(&first), &["Beds at the other"]);
    let file = entente_proto::sponsored_file(&second);
    other.node().add_sponsored(&staff(), &file, &fingerprint(&harbour().id())).unwrap();
    pull(&it.partner, &other).unwrap();
    assert_eq!(found(&it.partner), ["Beds at the other"]);
    it.sponsor.node().end_sponsored(&staff(), &harbour().id()).unwrap();
    assert!(it.pull().is_empty());
    assert_eq!(found(&it.partner), ["Beds at the other"], "an end of whom it left ends nothing");
    let again = said_by_a_liar(&it.sponsor, 1, &it.partner, vec![cosigned(&first, 1)]);
    assert_eq!(again, ["sponsored_older"]);
    let carried = it.partner.node().carried_orgs().unwrap();
    assert_eq!(carried[0].document.sponsor, other.id());
}

#[test]
fn a_sponsor_that_was_set_back_brings_no_older_document_back() {
    let mut it = world();
    let first = document(&it.sponsor, None, &["Beds"]);
    it.add(&first);
    it.pull();
    let yesterday = it.sponsor.copied();
    let second = document(&it.sponsor, Some(&first), &["Beds", "Meals"]);
    it.take(&second).unwrap();
    it.pull();
    let held = it.partner.node().followed_checkpoint(&it.sponsor.id()).unwrap().2;
    it.sponsor.set_back(&yesterday);
    assert!(it.sponsor.node().heed_own_checkpoint(&it.partner.id(), &held).unwrap());
    // It says what it knows, and the partner knows better.
    let accepted = pull(&it.partner, &it.sponsor).unwrap();
    let reasons: Vec<_> = accepted.skipped.iter().map(|(_, reason)| *reason).collect();
    assert_eq!(reasons, ["sponsored_older"]);
    assert_eq!(found(&it.partner), ["Beds", "Meals"]);
    // The same file once more, from whoever kept it.
    it.take(&second).unwrap();
    assert!(it.pull().is_empty());
    assert_eq!(found(&it.partner), ["Beds", "Meals"]);
}
