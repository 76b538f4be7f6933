use entente_core::codes::{AccessNeed, Gender, Need, Province};
use entente_core::identity::OrgKey;
use entente_core::service::schedule::{Freq, Schedule, parse_byday, parse_time};
use entente_core::service::{Group, Status, Unit, Zone};
use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn publisher() -> OrgId {
    OrgKey::from_seed(&[7; 32]).id()
}

/// A service in which every field says something.
fn full() -> Service {
    let text = |en: &str| Text::new(en, format!("{en} (fr)"));
    let site = Site {
        id: [4; 16],
        name: text("Centre"),
        address: Address {
            street: text("1 Main Street"),
            city: text("Winnipeg"),
            state_province: "MB".to_owned(),
            postal_code: "R3C 1K2".to_owned(),
            country: "CA".to_owned(),
        },
        point: Point::new(49.8951, -97.1384),
        accessibility: vec![text("Ramp")],
        transportation: text("Bus 10"),
    };
    Service {
        id: ServiceId([1; 16]),
        organization: Organization {
            id: [2; 16],
            name: text("Riverside"),
            description: text("A charity"),
            website: "https://riverside.example".to_owned(),
            email: "info@riverside.example".to_owned(),
            identifiers: vec![("CRA-BN".to_owned(), "123456789".to_owned())],
        },
        name: text("Shelter"),
        description: text("Beds\nfor a night"),
        url: "https://riverside.example/shelter".to_owned(),
        email: "shelter@riverside.example".to_owned(),
        status: Status::Active,
        needs: Set::EMPTY.with(Need::EmergencyHousing),
        groups: Set::EMPTY.with(Group::Women),
        genders: Set::EMPTY.with(Gender::Woman),
        eligibility: text("Women"),
        minimum_age: Some(0),
        maximum_age: Some(99),
        languages: vec![Spoken { language: Language::new("fr-ca").unwrap(), interpreted: true }],
        interpretation: text("By telephone"),
        access: Set::EMPTY.with(AccessNeed::Wheelchair),
        application: text("Call"),
        fees: text("None"),
        costs: vec![Cost {
            option: text("A night"),
            amount_cents: Some(0),
            currency: "CAD".to_owned(),
        }],
        documents: Documents::Required(vec![text("Any paper")]),
        alert: text("Full in July"),
        schedules: vec![Schedule {
            valid_from: Some(date(2026, 1, 1)),
            valid_to: Some(date(2026, 12, 31)),
            dtstart: Some(date(2026, 1, 5)),
            until: Some(date(2026, 12, 1)),
            freq: Some(Freq::Monthly),
            interval: 2,
            byday: parse_byday("1MO,-1FR").unwrap(),
            bymonthday: vec![1, -1],
            byweekno: vec![1, 53],
            byyearday: vec![366],
            opens_at: parse_time("00:00"),
            closes_at: parse_time("23:59:59"),
            description: text("Nights"),
        }],
        zone: Some(Zone::Winnipeg),
        areas: vec![Area::Canada, Area::Province(Province::Manitoba), Area::Named(text("North"))],
        locations: vec![
            Location::Physical(Box::new(site)),
            Location::Virtual { id: [5; 16] },
            Location::Redacted { id: [6; 16], province: Province::Nunavut },
        ],
        phones: vec![Phone {
            number: "+1 204-555-0100".to_owned(),
            extension: "3".to_owned(),
            kind: "voice".to_owned(),
            description: text("Day and night"),
        }],
        contacts: vec![Contact {
            name: "A. Roy".to_owned(),
            title: text("Intake"),
            email: "roy@riverside.example".to_owned(),
            phone: "204-555-0101".to_owned(),
        }],
        trafficking: true,
        accepts_without_status: Some(false),
        assured_on: Some(date(2026, 11, 1)),
        modified_s: 1_790_000_000,
    }
}

#[test]
fn every_field_of_a_service_arrives() {
    let bytes = encode_service(&publisher(), &full());
    assert_eq!(decode_service(&bytes), Ok((publisher(), full())));
    let name = Text::new("", "Refuge");
    let organization = Organization { name: name.clone(), ..Organization::default() };
    let short = Service { modified_s: 1, ..Service::named(ServiceId([1; 16]), organization, name) };
    let bytes = encode_service(&publisher(), &short);
    assert_eq!(decode_service(&bytes), Ok((publisher(), short)));
}

#[test]
fn a_listing_with_a_field_that_cannot_be_is_refused() {
    let refused = |change: &dyn Fn(&mut v1::ServiceListing)| {
        let bytes = encode_service(&publisher(), &full());
        let mut message = v1::ServiceListing::decode(bytes.as_slice()).unwrap();
        change(&mut message);
        let decoded = decode_service(&message.encode_to_vec());
        decoded.expect_err("it must be refused").field
    };
    assert_eq!(refused(&|it| it.id = vec![1; 15]), "id");
    assert_eq!(refused(&|it| it.publisher.clear()), "publisher");
    assert_eq!(refused(&|it| it.needs = 1 << 31), "needs");
    assert_eq!(refused(&|it| it.access = 1 << 31), "access");
    assert_eq!(refused(&|it| it.status = 5), "status");
    assert_eq!(refused(&|it| it.maximum_age_plus_1 = 152), "maximum_age_plus_1");
    assert_eq!(refused(&|it| it.name.as_mut().unwrap().en = " Shelter".into()), "name");
    assert_eq!(refused(&|it| it.name.as_mut().unwrap().en = "<b>x</b>".into()), "service");
    assert_eq!(refused(&|it| it.needs_no_documents = true), "documents");
    assert_eq!(refused(&|it| it.accepts_without_status = 3), "accepts_without_status");
    assert_eq!(refused(&|it| it.languages[0].tag = "FR".into()), "languages");
    assert_eq!(refused(&|it| it.schedules[0].byday = "mo".into()), "byday");
    assert_eq!(refused(&|it| it.schedules[0].opens_at_plus_1 = 86_401), "opens_at_plus_1");
    assert_eq!(refused(&|it| it.schedules[0].freq = 3), "freq");
    assert_eq!(refused(&|it| it.languages = vec![it.languages[0].clone(); 33]), "languages");
    let far = |it: &mut v1::ServiceListing| {
        it.locations[0].site.as_mut().unwrap().point.as_mut().unwrap().latitude_e6 = 90_000_001;
    };
    assert_eq!(refused(&far), "service");
}

#[test]
fn a_place_that_is_not_told_has_no_room_for_one() {
    let bytes = encode_service(&publisher(), &full());
    let mut message = v1::ServiceListing::decode(bytes.as_slice()).unwrap();
    message.locations[2].site = message.locations[0].site.clone();
    let refused = decode_service(&message.encode_to_vec()).unwrap_err();
    assert_eq!(refused, Invalid::new("locations", "must be of exactly one kind"));
}

#[test]
fn a_capacity_arrives_and_says_nothing_impossible() {
    let capacity = Capacity {
        service: ServiceId([1; 16]),
        available: 2,
        maximum: Some(2),
        unit: Unit::Bed,
        whom: Set::EMPTY.with(Group::Women).with(Group::WithChildren),
        said_at: Timestamp::from_second(1_790_000_000).unwrap(),
        until: Timestamp::from_second(1_790_003_600).unwrap(),
    };
    let bytes = encode_capacity(&publisher(), &capacity);
    assert_eq!(decode_capacity(&bytes), Ok((publisher(), capacity)));
    for wrong in [
        Capacity { available: 3, ..capacity },
        Capacity { until: capacity.said_at, ..capacity },
        Capacity { until: Timestamp::from_second(1_800_000_000).unwrap(), ..capacity },
    ] {
        let bytes = encode_capacity(&publisher(), &wrong);
        assert_eq!(decode_capacity(&bytes).unwrap_err().field, "capacity");
    }
}

#[test]
fn a_withdrawal_names_its_service() {
    let bytes = encode_service_withdrawal(&publisher(), ServiceId([3; 16]), 5);
    assert_eq!(decode_service_withdrawal(&bytes), Ok((publisher(), ServiceId([3; 16]))));
    assert!(decode_service_withdrawal(&bytes[..20]).is_err());
}

proptest! {
    #[test]
    fn random_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode_service(&bytes).is_err());
        prop_assert!(decode_capacity(&bytes).is_err());
        prop_assert!(decode_service_withdrawal(&bytes).is_err());
    }

    #[test]
    fn no_changed_listing_is_taken_for_the_same(at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let mut bytes = encode_service(&publisher(), &full());
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(decode_service(&bytes) != Ok((publisher(), full())));
    }
}
