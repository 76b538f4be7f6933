use entente_core::codes::{AccessNeed, Province};
use entente_core::lang::Text;
use entente_core::service::{Area, Contact, Documents, Organization, Service, ServiceId, Spoken};

use super::*;
use crate::answer::records::fixture::{actor, desk, staff, steps};
use crate::node::services::Put;

fn service(n: u8, name: &str) -> Service {
    let name = Text::new(name, name);
    let organization = Organization { id: [9; 16], name: name.clone(), ..Organization::default() };
    Service::named(ServiceId([n; 16]), organization, name)
}

#[test]
fn no_more_services_are_kept_than_a_partner_would_keep_not_even_one_by_one() {
    let desk = desk(2);
    let put = |services: Vec<Service>| {
        let put = desk.node.put_services_within(3, &actor(), CHANGED, services);
        put.map_err(|fault| fault.code)
    };
    let too_many = Err("ENT-2204".to_owned());
    assert_eq!(put(vec![service(1, "A"), service(2, "B")]), Ok(vec![Put::Added; 2]));
    // Together they would be four, and none of them is kept.
    assert_eq!(put(vec![service(3, "C"), service(4, "D")]), too_many);
    assert_eq!(put(vec![service(3, "C")]), Ok(vec![Put::Added]));
    assert_eq!(put(vec![service(4, "D")]), too_many);
    assert_eq!(put(vec![service(1, "New"), service(4, "D")]), too_many);
    // What is there can still be changed, and makes room.
    assert_eq!(
        put(vec![service(1, "New"), service(2, "B")]),
        Ok(vec![Put::Changed, Put::Unchanged])
    );
    desk.node.withdraw_service(&actor(), ServiceId([2; 16])).unwrap();
    assert_eq!(put(vec![service(4, "D")]), Ok(vec![Put::Added]));
    let all = desk.node.search_services(Query::default()).unwrap();
    assert_eq!(all.n, 3);
}

fn texts(words: &[&str]) -> Option<Vec<String>> {
    Some(words.iter().map(|it| (*it).to_owned()).collect())
}

fn spoken(tag: &str, interpreted: bool) -> Spoken {
    Spoken { language: Language::new(tag).unwrap(), interpreted }
}

#[test]
fn everything_that_a_listing_says_can_be_entered_and_changed() {
    let desk = desk(2);
    let both = |en: &str, fr: &str| Both::new(en, fr);
    let ask = ServiceAddAsk {
        name: Some(both("Beds", "Lits")),
        languages: texts(&["fr"]),
        interpreted: texts(&["es", "ar"]),
        interpretation: Some(both("By telephone", "Par téléphone")),
        eligibility: Some(both("Women", "Femmes")),
        application: Some(both("Call", "Appelez")),
        fees: Some(both("None", "Aucuns")),
        documents: Some(Vec::new()),
        access: texts(&["wheelchair", "medical"]),
        alert: Some(both("", "Complet en juillet")),
        areas: texts(&["the north / le Nord", "MB", "Canada"]),
        contacts: texts(&["A. Roy; Intake / Accueil; 204-555-0101; roy@harbour.example", "Desk"]),
        email: Some("info@harbour.example".to_owned()),
        ..ServiceAddAsk::default()
    };
    let told = add(&desk, &staff(), ask, &steps()).unwrap().service.unwrap();
    let id: ServiceId = told.id.parse().unwrap();
    let kept = desk.node.own_service(id).unwrap();
    let languages = [spoken("fr", false), spoken("es", true), spoken("ar", true)];
    assert_eq!(kept.languages, languages);
    assert_eq!(kept.interpretation, Text::new("By telephone", "Par téléphone"));
    assert_eq!(kept.eligibility, Text::new("Women", "Femmes"));
    assert_eq!(kept.application, Text::new("Call", "Appelez"));
    assert_eq!((&kept.fees, &kept.documents), (&Text::new("None", "Aucuns"), &Documents::None));
    let access = Set::EMPTY.with(AccessNeed::Wheelchair).with(AccessNeed::Medical);
    assert_eq!((kept.access, &*kept.email), (access, "info@harbour.example"));
    assert_eq!(kept.alert, Text::new("", "Complet en juillet"));
    let north = Area::Named(Text::new("the north", "le Nord"));
    assert_eq!(kept.areas, [Area::Canada, Area::Province(Province::Manitoba), north]);
    let roy = Contact {
        name: "A. Roy".to_owned(),
        title: Text::new("Intake", "Accueil"),
        email: "roy@harbour.example".to_owned(),
        phone: "204-555-0101".to_owned(),
    };
    let desk_alone = Contact { name: "Desk".to_owned(), ..Contact::default() };
    assert_eq!(kept.contacts, [roy, desk_alone]);

    // What is not given stays; what is spoken needs no interpreter any more.
    let ask = ServiceAddAsk {
        service: Some("Lits".to_owned()),
        languages: texts(&["en", "es"]),
        documents: Some(vec![both("Any paper", "N’importe quel papier")]),
        areas: texts(&["Quebec"]),
        ..ServiceAddAsk::default()
    };
    add(&desk, &staff(), ask, &steps()).unwrap();
    let changed = desk.node.own_service(id).unwrap();
    let languages = [spoken("en", false), spoken("es", false), spoken("ar", true)];
    assert_eq!(changed.languages, languages);
    let paper = Text::new("Any paper", "N’importe quel papier");
    assert_eq!(changed.documents, Documents::Required(vec![paper]));
    assert_eq!(changed.areas, [Area::Province(Province::Quebec)]);
    assert_eq!((changed.access, &changed.contacts), (kept.access, &kept.contacts));

    // A text without words takes back what was said.
    let ask = ServiceAddAsk {
        service: Some("Lits".to_owned()),
        documents: Some(vec![both("", " ")]),
        ..ServiceAddAsk::default()
    };
    add(&desk, &staff(), ask, &steps()).unwrap();
    assert_eq!(desk.node.own_service(id).unwrap().documents, Documents::Unknown);
}

#[test]
fn what_cannot_be_entered_is_refused_by_its_field() {
    let desk = desk(2);
    let refused = |change: &dyn Fn(&mut ServiceAddAsk)| {
        let mut ask =
            ServiceAddAsk { name: Some(Both::new("Beds", "Lits")), ..ServiceAddAsk::default() };
        change(&mut ask);
        let fault = add(&desk, &staff(), ask, &steps()).unwrap_err();
        (fault.code.clone(), fault.why.first().map(|it| it.en.clone()).unwrap_or_default())
    };
    type Change<'a> = &'a dyn Fn(&mut ServiceAddAsk);
    let changes: [(&str, &str, Change<'_>); 8] = [
        ("access_need", "ENT-2205", &|it| it.access = texts(&["ramp"])),
        ("Languages", "ENT-2205", &|it| it.interpreted = texts(&["not a tag"])),
        ("People to call", "ENT-2205", &|it| it.contacts = texts(&["A. Roy; Intake; who else"])),
        ("People to call", "ENT-2205", &|it| it.contacts = texts(&[" ; "])),
        ("For people of which places", "ENT-2205", &|it| it.areas = texts(&[" "])),
        ("Public address for mail:", "ENT-2203", &|it| it.email = Some("nobody".to_owned())),
        ("People to call", "ENT-2203", &|it| it.contacts = texts(&["A. Roy; @"])),
        ("What should be known", "ENT-2203", &|it| it.alert = Some(Both::new("<b>full</b>", ""))),
    ];
    for (field, code, change) in changes {
        let (told, why) = refused(change);
        assert_eq!(told, code, "{field}");
        assert!(why.starts_with(field), "{field}: {why}");
    }
    assert_eq!(desk.node.search_services(Query::default()).unwrap().n, 0);
}
