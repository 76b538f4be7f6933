//! The folder of an organization without a node: from its own words to what a partner finds.

use std::fs;

use entente_core::codes::OrgType;
use entente_core::lang::Text;
use entente_core::service::{Location, Query};
use entente_core::sponsor::{Heard, fingerprint};
use entente_node::clock::ManualClock;
use entente_node::fault::Both;
use entente_node::local::doc::ServiceAddAsk;
use entente_node::sponsored::{NewSponsored, SponsoredFolder};
use entente_store::seal::KdfParams;
use entente_tests::federation::{Org, START_S, pair, propose_and_sign, pull, staff};
use jiff::civil::{Date, date};

const PASSPHRASE: &str = "five random words for tests";
const TODAY: Date = date(2026, 11, 22);

fn options(sponsor: &Org) -> NewSponsored {
    NewSponsored {
        name: Text::new("Harbour House", "Maison du Havre"),
        kind: OrgType::Ngo,
        sponsor: sponsor.id().to_string(),
        kdf: KdfParams::WEAK_FOR_TESTS,
    }
}

/// A safe house: its province is told and nothing more.
fn beds() -> ServiceAddAsk {
    ServiceAddAsk {
        name: Some(Both::new("Beds", "Lits")),
        needs: Some(vec!["emergency_housing".to_owned()]),
        province: Some("MB".to_owned()),
        hidden: Some(true),
        ..ServiceAddAsk::default()
    }
}

#[test]
fn what_is_entered_in_a_folder_is_found_by_a_partner_of_the_sponsor() {
    let clock = ManualClock::new(START_S);
    let (sponsor, partner) = (Org::new(1, &clock), Org::new(2, &clock));
    pair(&sponsor, &partner);
    let draft = include_str!("../../config/agreements/province-federal.toml");
    let mut draft = sponsor.node().read_draft(draft, &partner.id(), None).unwrap();
    draft.grants.iter_mut().for_each(|grant| grant.services = true);
    propose_and_sign(&sponsor, &partner, &draft);

    let home = tempfile::tempdir().unwrap();
    let folder = SponsoredFolder::new(home.path().join("harbour"));
    let profile = folder.init(&options(&sponsor), PASSPHRASE).unwrap();
    folder.put_service(&beds(), TODAY).unwrap();
    let (_, file) = folder.sign(PASSPHRASE, START_S).unwrap();
    let print = fingerprint(&profile.id);
    sponsor.node().add_sponsored(&staff(), &file, &print).unwrap();
    pull(&partner, &sponsor).unwrap();
    let found = partner.node().search_services(Query::default()).unwrap().found;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].entry.issuer, profile.id);
    assert_eq!(found[0].entry.service.name.fr, "Lits");
    assert!(matches!(found[0].entry.service.locations[0], Location::Redacted { .. }));
    assert!(found[0].freshness.is_fresh());

    let receipt = || sponsor.node().sponsor_receipt(&staff(), &profile.id).unwrap().1;
    assert_eq!(folder.check(&receipt()).unwrap().1, Heard::Newest);

    // The next number, with the hash of the one before.
    let changed = ServiceAddAsk { service: Some("Beds".to_owned()), ..beds() };
    let changed = ServiceAddAsk { name: Some(Both::new("Two beds", "Deux lits")), ..changed };
    folder.put_service(&changed, TODAY).unwrap();
    let (second, file) = folder.sign(PASSPHRASE, START_S + 1).unwrap();
    assert_eq!((second.seq, second.services.len()), (2, 1));
    assert_eq!(folder.check(&receipt()).unwrap().1, Heard::Behind(1));
    sponsor.node().take_sponsored(&staff(), &file).unwrap();
    folder.remove_service("Two beds").unwrap();
    let (third, file) = folder.sign(PASSPHRASE, START_S + 2).unwrap();
    assert!(third.services.is_empty());
    sponsor.node().take_sponsored(&staff(), &file).unwrap();
    pull(&partner, &sponsor).unwrap();
    assert!(partner.node().search_services(Query::default()).unwrap().found.is_empty());
}

#[test]
fn a_folder_that_was_set_back_signs_a_second_history_and_its_sponsor_refuses_it() {
    let clock = ManualClock::new(START_S);
    let sponsor = Org::new(1, &clock);
    let home = tempfile::tempdir().unwrap();
    let folder = SponsoredFolder::new(home.path().join("harbour"));
    let profile = folder.init(&options(&sponsor), PASSPHRASE).unwrap();
    let (_, first) = folder.sign(PASSPHRASE, START_S).unwrap();
    let print = fingerprint(&profile.id);
    sponsor.node().add_sponsored(&staff(), &first, &print).unwrap();
    let last = folder.path().join("last.entente");
    let before = fs::read(&last).unwrap();
    let (_, second) = folder.sign(PASSPHRASE, START_S + 1).unwrap();
    sponsor.node().take_sponsored(&staff(), &second).unwrap();
    fs::write(&last, before).unwrap();
    let (_, other) = folder.sign(PASSPHRASE, START_S + 2).unwrap();
    let refused = sponsor.node().take_sponsored(&staff(), &other);
    assert_eq!(refused.unwrap_err().code, "ENT-2607");
    let (_, receipt) = sponsor.node().sponsor_receipt(&staff(), &profile.id).unwrap();
    assert_eq!(folder.check(&receipt).unwrap().1, Heard::Another);
    assert_eq!(folder.check(&first).unwrap_err().code, "ENT-2617");
}

#[test]
fn a_folder_that_cannot_sign_says_why_and_uses_no_number_up() {
    let clock = ManualClock::new(START_S);
    let sponsor = Org::new(1, &clock);
    let home = tempfile::tempdir().unwrap();
    let folder = SponsoredFolder::new(home.path().join("harbour"));
    assert_eq!(folder.sign(PASSPHRASE, 1).unwrap_err().code, "ENT-2611");
    let bad = NewSponsored { sponsor: "3b6a".to_owned(), ..options(&sponsor) };
    assert_eq!(folder.init(&bad, PASSPHRASE).unwrap_err().code, "ENT-2613");
    assert_eq!(folder.init(&options(&sponsor), "short").unwrap_err().code, "ENT-1103");
    folder.init(&options(&sponsor), PASSPHRASE).unwrap();
    assert_eq!(folder.init(&options(&sponsor), PASSPHRASE).unwrap_err().code, "ENT-2612");
    assert_eq!(folder.sign("another passphrase", 1).unwrap_err().code, "ENT-1101");
    assert_eq!(folder.remove_service("Beds").unwrap_err().code, "ENT-2202");
    for _ in 0..64 {
        folder.put_service(&beds(), TODAY).unwrap();
    }
    assert_eq!(folder.put_service(&beds(), TODAY).unwrap_err().code, "ENT-2614");
    assert_eq!(folder.services().unwrap().len(), 64);
    fs::write(folder.services_file(), r#"[{"id": "1", "name": "A"}]"#).unwrap();
    assert_eq!(folder.sign(PASSPHRASE, 1).unwrap_err().code, "ENT-2615");
    fs::write(folder.services_file(), "[]").unwrap();
    assert_eq!(folder.sign(PASSPHRASE, 1).unwrap().0.seq, 1);
    fs::write(folder.path().join("last.entente"), "damaged").unwrap();
    assert_eq!(folder.sign(PASSPHRASE, 2).unwrap_err().code, "ENT-2616");
}
