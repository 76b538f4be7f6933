use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::identity::OrgKey;
use crate::service::place::Site;

fn org(seed: u8) -> crate::identity::OrgId {
    OrgKey::from_seed(&[seed; 32]).id()
}

/// A shelter for women in Winnipeg, open at night.
pub(crate) fn shelter(id: u8) -> Service {
    let organization = Organization {
        id: [9; 16],
        name: Text::new("Riverside", "Rive"),
        description: Text::new("A charity", "Un organisme de bienfaisance"),
        ..Organization::default()
    };
    let site = Site {
        id: [id; 16],
        point: Point::new(49.8951, -97.1384),
        address: Address {
            state_province: "MB".to_owned(),
            country: "CA".to_owned(),
            ..Address::default()
        },
        ..Site::default()
    };
    Service {
        needs: Set::EMPTY.with(Need::EmergencyHousing),
        groups: Set::EMPTY.with(Group::Women).with(Group::WithChildren),
        genders: Set::EMPTY.with(Gender::Woman).with(Gender::TransWoman),
        minimum_age: Some(18),
        locations: vec![Location::Physical(Box::new(site))],
        schedules: vec![Schedule {
            freq: Some(schedule::Freq::Weekly),
            byday: schedule::parse_byday("MO,TU,WE,TH,FR,SA,SU").unwrap(),
            opens_at: schedule::parse_time("18:00"),
            closes_at: schedule::parse_time("08:00"),
            ..Schedule::default()
        }],
        assured_on: Some(date(2026, 11, 1)),
        accepts_without_status: Some(true),
        contacts: vec![Contact { name: "A. Roy".to_owned(), ..Contact::default() }],
        ..Service::named(ServiceId([id; 16]), organization, Text::new("Shelter", "Refuge"))
    }
}

fn now() -> jiff::Timestamp {
    // In the evening in Winnipeg, whichever way its clocks are set.
    "2026-11-29T02:00:00Z".parse().unwrap()
}

fn today() -> Date {
    date(2026, 11, 28)
}

fn directory(services: impl IntoIterator<Item = Service>) -> Directory {
    let mut directory = Directory::default();
    for service in services {
        directory.put(Entry { issuer: org(1), sponsor: None, service });
    }
    directory
}

fn ids(directory: &Directory, query: &Query) -> Vec<u8> {
    let found = directory.search(query, now(), today()).found;
    found.iter().map(|it| it.entry.service.id.0[0]).collect()
}

#[test]
fn a_confirmation_counts_for_180_days() {
    let service = shelter(1);
    let until = date(2027, 4, 30);
    assert_eq!(service.freshness(until), Freshness::Fresh { until });
    let stale = Freshness::Stale { confirmed: date(2026, 11, 1) };
    assert_eq!(service.freshness(date(2027, 5, 1)), stale);
    let never = Service { assured_on: None, ..shelter(1) };
    assert_eq!(never.freshness(today()), Freshness::Never);
}

#[test]
fn hours_are_those_of_the_place() {
    let shelter = shelter(1);
    assert_eq!(shelter.open_at(now()), Open::Open);
    // In summer, half past six in Manitoba and an hour less in Saskatchewan.
    let evening = "2026-07-01T23:30:00Z".parse().unwrap();
    assert_eq!(shelter.open_at(evening), Open::Open);
    let west = Service { zone: Some(Zone::Regina), ..shelter.clone() };
    assert_eq!(west.open_at(evening), Open::Closed);
    let nowhere = Service { locations: vec![], ..shelter };
    assert_eq!(nowhere.open_at(now()), Open::Unknown);
}

#[test]
fn a_search_finds_what_fits_and_nothing_else() {
    let directory = directory([shelter(1)]);
    let woman = |age| Query {
        needs: Set::EMPTY.with(Need::EmergencyHousing).with(Need::Legal),
        age: Some(age),
        gender: Some(Gender::Woman),
        open_now: true,
        fresh_only: true,
        without_status: true,
        province: Some(Province::Manitoba),
        text: "REFUGE rive".to_owned(),
        ..Query::default()
    };
    assert_eq!(ids(&directory, &woman(30)), [1]);
    let none: [(&str, Query); 8] = [
        ("age", woman(17)),
        ("gender", Query { gender: Some(Gender::Man), ..woman(30) }),
        ("need", Query { needs: Set::EMPTY.with(Need::Legal), ..woman(30) }),
        ("group", Query { groups: Set::EMPTY.with(Group::Men), ..woman(30) }),
        ("province", Query { province: Some(Province::Quebec), ..woman(30) }),
        ("words", Query { text: "hospital".to_owned(), ..woman(30) }),
        ("capacity", Query { with_capacity: true, ..woman(30) }),
        ("language", Query { languages: vec![Language::new("cr").unwrap()], ..woman(30) }),
    ];
    for (what, query) in none {
        assert!(ids(&directory, &query).is_empty(), "{what}");
    }
}

#[test]
fn what_has_room_comes_first_then_what_is_confirmed_then_what_is_near() {
    let at = |id, latitude| {
        let mut service = shelter(id);
        let Location::Physical(site) = &mut service.locations[0] else { panic!("no site") };
        site.point = Point::new(latitude, -97.1384);
        service
    };
    let stale = Service { assured_on: Some(date(2020, 1, 1)), ..at(3, 49.9) };
    let mut directory = directory([at(1, 51.0), at(2, 50.0), stale, at(4, 50.5), at(5, 49.9)]);
    let claim = |id, available| Capacity {
        service: ServiceId([id; 16]),
        available,
        maximum: None,
        unit: Unit::Bed,
        whom: Set::EMPTY,
        said_at: now(),
        until: now() + jiff::SignedDuration::from_hours(1),
    };
    directory.put_capacity(&org(1), claim(4, 2));
    directory.put_capacity(&org(1), claim(5, 0));
    let near = Near { point: Point::new(49.8951, -97.1384).unwrap(), within_km: None };
    let query = Query { near: Some(near), ..Query::default() };
    assert_eq!(ids(&directory, &query), [4, 2, 1, 3, 5]);
    assert_eq!(ids(&directory, &Query { limit: 2, ..query.clone() }), [4, 2]);
    let free = Query { with_capacity: true, ..query.clone() };
    assert_eq!(ids(&directory, &free), [4]);
    let within = Near { within_km: Some(1.0), ..near };
    assert_eq!(ids(&directory, &Query { near: Some(within), ..query.clone() }), [3, 5]);

    // Whoever looks for the nearest gets it before all others, and is told why it stands there.
    let nearest = Query { nearest_first: true, ..query.clone() };
    assert_eq!(ids(&directory, &nearest), [3, 5, 2, 4, 1]);
    assert_eq!(ids(&directory, &Query { limit: 2, ..nearest.clone() }), [3, 5]);
    let first = &directory.search(&nearest, now(), today()).found[0];
    assert_eq!(first.rank[0].code(), "distance");
    assert_eq!(
        ids(&directory, &Query { near: None, ..nearest }),
        ids(&directory, &Query::default())
    );

    // Nobody has to take a claim back: an hour later it says nothing.
    let later = now() + jiff::SignedDuration::from_hours(1);
    assert_eq!(directory.search(&free, later, today()).n, 0);
    let first = &directory.search(&query, now(), today()).found[0];
    let said: Vec<_> = first.rank.iter().map(|it| it.code()).collect();
    assert_eq!(said, ["free", "confirmed", "open", "distance"]);
}

#[test]
fn nobody_can_replace_what_another_says() {
    let mut directory = directory([shelter(1)]);
    let other = Service { name: Text::new("Other", ""), ..shelter(1) };
    directory.put(Entry { issuer: org(2), sponsor: None, service: other });
    assert_eq!(directory.len(), 2);
    assert_eq!(directory.get(&org(1), ServiceId([1; 16])).unwrap().service, shelter(1));
    directory.remove_all_of(&org(2));
    assert_eq!(directory.len(), 1);
    directory.remove(&org(1), ServiceId([1; 16]));
    assert!(directory.is_empty());
}

#[test]
fn a_newer_claim_replaces_an_older_one_and_not_the_other_way() {
    let mut directory = directory([shelter(1)]);
    let claim = |available, minutes: i64| Capacity {
        service: ServiceId([1; 16]),
        available,
        maximum: None,
        unit: Unit::Bed,
        whom: Set::EMPTY,
        said_at: now() + jiff::SignedDuration::from_mins(minutes),
        until: now() + jiff::SignedDuration::from_hours(4),
    };
    directory.put_capacity(&org(1), claim(3, 1));
    directory.put_capacity(&org(1), claim(9, 0));
    let kept = directory.capacities(&org(1), ServiceId([1; 16]), now());
    assert_eq!(kept.iter().map(|it| it.available).collect::<Vec<_>>(), [3]);
}

#[test]
fn the_public_sees_neither_people_nor_who_takes_those_without_status() {
    let service = shelter(1);
    assert_eq!(service.seen_by(Audience::Partner), service);
    let public = service.seen_by(Audience::Public);
    assert!(public.contacts.is_empty() && public.accepts_without_status.is_none());
    assert_eq!(public.name, service.name);
}

#[test]
fn a_safe_house_has_no_place_and_its_texts_tell_none() {
    let place = Location::Redacted { id: [1; 16], province: Province::Manitoba };
    assert_eq!((place.point(), place.province()), (None, Some(Province::Manitoba)));
    let mut safe = Service { locations: vec![place], ..shelter(1) };
    assert_eq!(safe.problems(), []);
    safe.description = Text::new("Ring at the door, R3C 1K2 Winnipeg", "");
    let told = Problem { field: "description", wrong: Wrong::TellsPlace };
    assert_eq!(safe.problems(), [told]);

    // In whichever field and language it stands.
    let phone = Phone { number: "204-555-0100".to_owned(), ..Phone::default() };
    let safe = Service { phones: vec![phone], description: Text::default(), ..safe };
    assert_eq!(safe.problems(), []);
    let told = || Text::new("", "Sonnez au R3C 1K2");
    let line = || "r3c-1k2".to_owned();
    type Place<'a> = (&'static str, &'a dyn Fn(&mut Service));
    let places: [Place<'_>; 20] = [
        ("organization.name", &|it| it.organization.name = told()),
        ("organization.description", &|it| it.organization.description = told()),
        ("organization.website", &|it| it.organization.website = "https://a.ca/r3c1k2".into()),
        ("organization.email", &|it| it.organization.email = "r3c1k2@a.ca".into()),
        ("organization.organization_identifiers", &|it| {
            it.organization.identifiers = vec![("x".to_owned(), line())];
        }),
        ("name", &|it| it.name = told()),
        ("url", &|it| it.url = "https://a.ca/?at=R3C1K2".into()),
        ("email", &|it| it.email = "r3c1k2@a.ca".into()),
        ("eligibility_description", &|it| it.eligibility = told()),
        ("interpretation_services", &|it| it.interpretation = told()),
        ("application_process", &|it| it.application = told()),
        ("fees_description", &|it| it.fees = told()),
        ("cost_options", &|it| it.costs = vec![Cost { option: told(), ..Cost::default() }]),
        ("required_documents", &|it| it.documents = Documents::Required(vec![told()])),
        ("alert", &|it| it.alert = told()),
        ("schedules.description", &|it| it.schedules[0].description = told()),
        ("service_areas", &|it| it.areas = vec![Area::Canada, Area::Named(told())]),
        ("phones.description", &|it| it.phones[0].description = told()),
        ("contacts.name", &|it| it.contacts[0].name = line()),
        ("contacts.title", &|it| it.contacts[0].title = told()),
    ];
    for (field, tell) in places {
        let mut telling = safe.clone();
        tell(&mut telling);
        assert_eq!(telling.problems(), [Problem { field, wrong: Wrong::TellsPlace }], "{field}");
        // Of a place that may be known it may be said.
        telling.locations = shelter(1).locations;
        assert_eq!(telling.problems(), [], "{field}");
    }
}

#[test]
fn bad_texts_and_hours_are_named_by_their_field() {
    assert_eq!(shelter(1).problems(), []);
    let with = |change: &dyn Fn(&mut Service)| {
        let mut service = shelter(1);
        change(&mut service);
        let problems = service.problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        (problems[0].field, problems[0].wrong)
    };
    let name = |text: &str| {
        let text = text.to_owned();
        with(&|it| it.name.en = text.clone())
    };
    assert_eq!(name("<script>alert(1)</script>"), ("name", Wrong::Markup));
    assert_eq!(name("Shelter <b"), ("name", Wrong::Markup));
    assert_eq!(name("a\u{202e}b"), ("name", Wrong::Control));
    assert_eq!(name("a\nb"), ("name", Wrong::Control));
    assert_eq!(name(&"a".repeat(201)), ("name", Wrong::TooLong));
    assert_eq!(with(&|it| it.name = Text::default()), ("name", Wrong::Missing));
    assert_eq!(with(&|it| it.url = "ftp://x.y".into()), ("url", Wrong::NotAUrl));
    assert_eq!(with(&|it| it.email = "nobody".into()), ("email", Wrong::NotAnEmail));
    assert_eq!(with(&|it| it.maximum_age = Some(3)), ("maximum_age", Wrong::NotANumber));
    let broken = ("schedules", Wrong::BrokenSchedule);
    assert_eq!(with(&|it| it.schedules[0].closes_at = None), broken);
    assert_eq!(with(&|it| it.schedules[0].interval = 2), broken);
    assert_eq!(with(&|it| it.schedules[0].byday.clear()), broken);

    // Not everything with such a sign is HTML.
    let mut fine = shelter(1);
    fine.description = Text::new("For families with < 3 children & pets\nOpen > 12 h", "");
    assert_eq!(fine.problems(), []);
}

/// Services that differ in what a search looks at.
fn any_service() -> impl Strategy<Value = Service> {
    let place = (0..3_usize, -1_000_000..1_000_000_i32);
    (any::<u8>(), 0..8_u32, 0..4_u32, 0..60_u8, place, any::<[bool; 3]>()).prop_map(
        |(id, needs, groups, age, (kind, latitude_e6), [active, fresh, bounded])| {
            let point = Point { latitude_e6, longitude_e6: 0 };
            let location = match kind {
                0 => None,
                1 => Some(Location::Redacted { id: [1; 16], province: Province::Yukon }),
                _ => Some(Location::Physical(Box::new(Site {
                    point: Some(point),
                    ..Site::default()
                }))),
            };
            Service {
                needs: Set::from_bits(needs).unwrap(),
                groups: Set::from_bits(groups).unwrap(),
                minimum_age: bounded.then_some(age),
                maximum_age: bounded.then_some(age + 20),
                locations: location.into_iter().collect(),
                status: if active { Status::Active } else { Status::Inactive },
                assured_on: fresh.then_some(today()),
                ..shelter(id)
            }
        },
    )
}

proptest! {
    #[test]
    fn a_search_finds_what_looking_at_each_service_finds(
        services in prop::collection::vec(any_service(), 0..40),
        needs in 0..8_u32,
        groups in 0..4_u32,
        age in proptest::option::of(0..90_u8),
        within in proptest::option::of(1.0..150.0_f64),
        fresh_only in any::<bool>(),
        limit in 0..5_usize,
    ) {
        let here = Point { latitude_e6: 0, longitude_e6: 0 };
        let query = Query {
            needs: Set::from_bits(needs).unwrap(),
            groups: Set::from_bits(groups).unwrap(),
            near: within.map(|km| Near { point: here, within_km: Some(km) }),
            age,
            fresh_only,
            ..Query::default()
        };
        // The last of several with one id counts.
        let mut last = std::collections::BTreeMap::new();
        last.extend(services.iter().map(|it| (it.id, it)));
        let fits = |it: &&&Service| {
            it.is_active()
                && (query.needs.is_empty() || !it.needs.intersection(query.needs).is_empty())
                && it.is_made_for(query.groups)
                && age.is_none_or(|age| it.takes_age(age))
                && within.is_none_or(|km| {
                    it.locations.iter().any(|at| at.point().is_some_and(|at| here.km_to(at) <= km))
                })
                && (!fresh_only || it.freshness(today()).is_fresh())
        };
        let expected: Vec<u8> = last.values().filter(fits).map(|it| it.id.0[0]).collect();
        let directory = directory(services.clone());
        let mut found = ids(&directory, &query);
        let first = ids(&directory, &Query { limit, ..query.clone() });
        prop_assert!(limit == 0 || found.starts_with(&first));
        prop_assert_eq!(directory.search(&query, now(), today()).n, expected.len());
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }
}
