use entente_core::codes::{AccessNeed, Need, Province};
use entente_core::identity::OrgKey;
use entente_core::service::{Audience, Documents, Group, Location};
use serde_json::{Value, json};

use super::*;

fn us() -> OrgId {
    OrgKey::from_seed(&[1; 32]).id()
}

/// A service in which every object of HSDS stands that we write.
fn full() -> Value {
    serde_json::from_str(include_str!("full.json")).expect("JSON")
}

fn one(value: Value) -> FileRead {
    read::read(&value).expect("it is JSON of services")
}

/// What is wrong with a service after `change`, if it is refused.
fn refused(change: impl FnOnce(&mut Value)) -> Vec<(&'static str, Wrong)> {
    let mut value = full();
    change(&mut value);
    let read = one(value);
    assert_eq!(read.services.len(), 0, "{:?}", read.aside);
    let refused = read.aside.iter().filter(|it| it.refused);
    refused.map(|it| (it.problem.field, it.problem.wrong)).collect()
}

/// What a service is kept without after `change`.
fn left_out(change: impl FnOnce(&mut Value)) -> Vec<(&'static str, Wrong)> {
    let mut value = full();
    change(&mut value);
    let read = one(value);
    assert_eq!(read.services.len(), 1, "{:?}", read.aside);
    read.aside.iter().map(|it| (it.problem.field, it.problem.wrong)).collect()
}

#[test]
fn a_service_is_read_with_all_its_parts_and_written_so_that_it_is_read_the_same() {
    let read = one(full());
    assert_eq!(read.aside, []);
    let service = &read.services[0];
    assert_eq!(service.name, entente_core::lang::Text::new("Shelter", "Refuge"));
    assert!(service.needs.contains(Need::EmergencyHousing));
    assert!(service.groups.contains(Group::Women));
    assert!(service.access.contains(AccessNeed::Wheelchair));
    assert_eq!(service.alert, entente_core::lang::Text::new("", "Complet en juillet"));
    assert!(service.languages[1].interpreted && !service.languages[0].interpreted);
    assert_eq!(service.province(), Some(Province::Manitoba));
    assert_eq!(service.phones[0].number, "+1 204 555 0100");
    assert_eq!(service.costs[0].amount_cents, Some(350));
    assert_eq!((service.schedules.len(), service.contacts.len()), (1, 1));
    assert!(matches!(&service.documents, Documents::Required(all) if all.len() == 1));

    let written = write::write(&read.services, Audience::Partner);
    assert_eq!(one(written.clone()).services, read.services);
    assert_eq!(write::write(&read.services, Audience::Partner), written, "ids are stable");
}

#[test]
fn a_public_file_holds_neither_people_nor_who_takes_those_without_status() {
    let read = one(full());
    let written = write::write(&read.services, Audience::Public).to_string();
    assert!(written.contains("Riverside"));
    assert!(!written.contains("A. Roy") && !written.contains("accepts_no_status"));
}

#[test]
fn the_tables_of_a_package_say_the_same_as_the_objects() {
    let read = one(full());
    let written = write::write(&read.services, Audience::Partner);
    let folder = tempfile::tempdir().unwrap();
    package::write(&written, folder.path()).unwrap();
    let again = package::read(folder.path()).unwrap();
    assert_eq!(again.aside, []);
    assert_eq!(again.services, read.services);
    let by_file = package::read(&folder.path().join("datapackage.json")).unwrap();
    assert_eq!(by_file.services, read.services);

    let zip = folder.path().join("all.zip");
    package::write_packed(&written, &mut std::fs::File::create(&zip).unwrap()).unwrap();
    let from_zip = read_file(&zip, None, &us()).unwrap();
    assert_eq!((from_zip.aside, from_zip.services), (vec![], read.services));
    // It is a zip by how it begins, whatever it is called.
    let renamed = folder.path().join("all.bin");
    std::fs::rename(&zip, &renamed).unwrap();
    assert_eq!(read_file(&renamed, None, &us()).unwrap().services.len(), 1);
    let in_memory = read_bytes(&std::fs::read(&renamed).unwrap(), None, &us()).unwrap();
    assert_eq!((in_memory.services.len(), in_memory.aside), (1, vec![]));
}

#[test]
fn a_field_that_must_be_there_is_missed_by_its_name() {
    for field in ["id", "name", "status"] {
        let missing = refused(|it| {
            it.as_object_mut().unwrap().remove(field);
            // The French name alone would do.
            it["attributes"] = json!([]);
        });
        assert_eq!(missing, [(field, Wrong::Missing)]);
    }
    let of_organization = |field: &str| {
        refused(|it| {
            it["organization"].as_object_mut().unwrap().remove(field);
        })
    };
    assert_eq!(of_organization("name"), [("organization.name", Wrong::Missing)]);
    assert_eq!(of_organization("description"), [("organization.description", Wrong::Missing)]);
    assert_eq!(refused(|it| it["id"] = json!("x")), [("id", Wrong::NotAUuid)]);
    assert_eq!(refused(|it| it["status"] = json!("open")), [("status", Wrong::UnknownCode)]);
}

#[test]
fn what_cannot_be_is_refused_by_its_field() {
    let broken = [("schedules", Wrong::BrokenSchedule)];
    for (field, value) in [
        ("freq", json!("YEARLY")),
        ("byday", json!("XX")),
        ("opens_at", json!("25:00")),
        ("closes_at", json!("")),
        ("dtstart", json!("soon")),
        ("interval", json!(1000)),
        ("count", json!(1_000_000)),
    ] {
        assert_eq!(refused(|it| it["schedules"][0][field] = value), broken, "{field}");
    }
    let location = |it: &mut Value, field: &str, value: Value| {
        it["service_at_locations"][0]["location"][field] = value;
    };
    let nowhere = [("latitude", Wrong::NoSuchPlace)];
    assert_eq!(refused(|it| location(it, "latitude", json!(100))), nowhere);
    assert_eq!(refused(|it| location(it, "longitude", json!(-180.5))), nowhere);
    let markup = refused(|it| it["name"] = json!("<script>alert(1)</script>"));
    assert_eq!(markup, [("name", Wrong::Markup)]);
    let control = refused(|it| it["description"] = json!("a\u{202e}b"));
    assert_eq!(control, [("description", Wrong::Control)]);
    assert_eq!(refused(|it| it["url"] = json!("javascript:1")).len(), 2);
}

#[test]
fn what_is_not_what_the_schemas_want_is_refused_by_its_field() {
    type Change<'a> = &'a dyn Fn(&mut Value);
    let changes: [(&str, Wrong, Change<'_>); 12] = [
        ("minimum_age", Wrong::NotANumber, &|it| it["minimum_age"] = json!("18")),
        ("name", Wrong::WrongForm, &|it| it["name"] = json!(7)),
        ("phones.extension", Wrong::NotANumber, &|it| it["phones"][0]["extension"] = json!("1")),
        ("phones.id", Wrong::NotAUuid, &|it| it["phones"][0]["id"] = json!("one")),
        ("phones.id", Wrong::Missing, &|it| it["phones"][0]["id"] = json!(null)),
        ("phones.number", Wrong::WrongForm, &|it| {
            it["phones"][0]["number"] = json!(2_045_550_100_i64)
        }),
        ("phones", Wrong::WrongForm, &|it| it["phones"] = json!({"number": "204-555-0100"})),
        ("languages", Wrong::WrongForm, &|it| it["languages"] = json!(["fr"])),
        ("organization", Wrong::WrongForm, &|it| it["organization"] = json!("Riverside")),
        ("longitude", Wrong::NotANumber, &|it| {
            it["service_at_locations"][0]["location"]["longitude"] = json!("-97.1384");
        }),
        ("addresses.address_type", Wrong::UnknownCode, &|it| {
            let location = &mut it["service_at_locations"][0]["location"];
            location["addresses"][0]["address_type"] = json!("home");
        }),
        ("attributes.taxonomy_term", Wrong::WrongForm, &|it| {
            it["attributes"][0]["taxonomy_term"] = json!("emergency_housing");
        }),
    ];
    for (field, wrong, change) in changes {
        assert_eq!(refused(change), [(field, wrong)]);
    }
    // What is said to be nothing is nothing.
    for field in ["maximum_age", "fees_description", "phones"] {
        assert!(left_out(|it| it[field] = json!(null)).is_empty(), "{field}");
    }
}

#[test]
fn a_blank_that_a_table_must_not_have_is_written_as_not_said_and_read_as_blank() {
    let mut value = full();
    let address = &mut value["service_at_locations"][0]["location"]["addresses"][0];
    address["postal_code"] = json!("");
    address["address_1"] = json!("");
    address["attributes"] = json!([]);
    let read = one(value);
    assert_eq!(read.aside, []);
    let folder = tempfile::tempdir().unwrap();
    let written = write::write(&read.services, Audience::Partner);
    package::write(&written, folder.path()).unwrap();
    let table = std::fs::read_to_string(folder.path().join("addresses.csv")).unwrap();
    assert!(table.contains(",-,,Winnipeg,,MB,-,CA,physical"), "{table}");
    assert_eq!(package::read(folder.path()).unwrap().services, read.services);

    // Blank itself, it is as good as missing.
    let blank = table.replace(",MB,-,CA,", ",MB,,CA,");
    std::fs::write(folder.path().join("addresses.csv"), blank).unwrap();
    let refused = package::read(folder.path()).unwrap();
    let missing = Problem { field: "addresses.postal_code", wrong: Wrong::Missing };
    assert_eq!(refused.aside, [Aside { row: 2, problem: missing, refused: true }]);
}

#[test]
fn no_two_terms_of_a_package_have_one_code() {
    let read = one(full());
    let folder = tempfile::tempdir().unwrap();
    package::write(&write::write(&read.services, Audience::Partner), folder.path()).unwrap();
    let mut terms = csv::Reader::from_path(folder.path().join("taxonomy_terms.csv")).unwrap();
    let at = terms.headers().unwrap().iter().position(|it| it == "code").unwrap();
    let codes: Vec<_> = terms.records().map(|it| it.unwrap()[at].to_owned()).collect();
    let distinct: HashSet<_> = codes.iter().collect();
    assert_eq!(distinct.len(), codes.len(), "{codes:?}");
    // What a need and an access need are both called, and the French of a text with and without English.
    for code in ["medical", "access-medical", "description", "alert-alone"] {
        assert!(codes.iter().any(|it| it == code), "{code}: {codes:?}");
    }
}

#[test]
fn a_part_that_cannot_be_used_is_left_out_and_said() {
    let taxonomy = left_out(|it| {
        it["attributes"][0]["taxonomy_term"]["taxonomy"] = json!("openeligibility");
    });
    assert_eq!(taxonomy, [("attributes", Wrong::UnknownTaxonomy)]);
    let code = left_out(|it| it["attributes"][0]["taxonomy_term"]["code"] = json!("nonsense"));
    assert_eq!(code, [("attributes", Wrong::UnknownCode)]);
    let postal = left_out(|it| {
        it["service_at_locations"][0]["location"]["addresses"][0]["postal_code"] = json!("RC3 2B7");
    });
    assert_eq!(postal, [("addresses.postal_code", Wrong::NotAPostalCode)]);
}

#[test]
fn a_place_that_is_not_told_loses_its_address_on_the_way_in_and_has_none_on_the_way_out() {
    let mut value = full();
    value["service_at_locations"][0]["location"]["location_type"] = json!("redacted");
    let read = one(value);
    assert_eq!(read.aside.len(), 1);
    assert_eq!(read.aside[0].problem.wrong, Wrong::Redacted);
    let place = &read.services[0].locations[0];
    assert!(matches!(place, Location::Redacted { province: Province::Manitoba, .. }));
    let written = write::write(&read.services, Audience::Partner);
    let text = written.to_string();
    for told in ["49.8951", "97.1384", "Main Street", "R3C", "Centre", "Winnipeg"] {
        assert!(!text.contains(told), "{told}");
    }
    assert_eq!(one(written).services, read.services);
}

#[test]
fn one_bad_service_does_not_keep_out_the_others_and_none_comes_twice() {
    let mut other = full();
    other["id"] = json!("ac148810-d857-441c-9679-408f346de14c");
    let mut bad = full();
    bad["name"] = json!("");
    bad["attributes"] = json!([]);
    let read = one(json!({"contents": [full(), bad, other, full(), 7]}));
    assert_eq!((read.n_rows, read.services.len(), read.n_refused()), (5, 2, 3));
    let rows: Vec<_> = read.aside.iter().map(|it| (it.row, it.problem.wrong)).collect();
    assert_eq!(rows, [(2, Wrong::Missing), (5, Wrong::WrongForm), (4, Wrong::Repeated)]);
}

#[test]
fn the_settlement_directory_is_read_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services.csv");
    let row = |name: &str, postal: &str, latitude: &str| {
        format!(
            "{name},Centre,1 Main,1 rue Main,Winnipeg,Winnipeg,Manitoba,Manitoba,{postal},{postal},\
             www.centre.example,,204-555-0100 ext. 5 or 1-800-555-0100,,LINC,CLIC,no,yes,no,yes,no,\
             no,no,no,yes,,yes,no,no,no,no,-97.1384,{latitude}"
        )
    };
    let rows = [
        ircc::COLUMNS.join(","),
        row("Centre A", "R3C 1K2", "49.8951"),
        row("Centre B", "RC3 2B7", "49.8951"),
        row("<b>Centre</b>", "R3C 1K2", "49.8951"),
        row("Centre D", "R3C 1K2", "north"),
        row("Centre A", "R3C 1K2", "49.8951"),
        "too,short".to_owned(),
    ];
    std::fs::write(&file, rows.join("\n")).unwrap();
    let read = read_file(&file, None, &us()).unwrap();
    assert_eq!((read.n_rows, read.services.len()), (6, 2));
    let service = &read.services[0];
    assert_eq!(service.description, entente_core::lang::Text::new("LINC", "CLIC"));
    assert_eq!(service.url, "http://www.centre.example");
    assert_eq!(service.phones.len(), 2);
    assert_eq!(service.phones[0].extension, "5");
    assert!(service.groups.contains(Group::Francophone) && service.speaks("fr").is_some());
    assert!(service.needs.contains(Need::Language) && service.needs.contains(Need::Settlement));
    let aside: Vec<_> = read
        .aside
        .iter()
        .map(|it| (it.row, it.problem.field, it.problem.wrong, it.refused))
        .collect();
    assert!(aside.contains(&(3, "postal_en", Wrong::NotAPostalCode, false)), "{aside:?}");
    assert!(aside.contains(&(4, "name", Wrong::Markup, true)));
    assert!(aside.contains(&(5, "latitude", Wrong::NoSuchPlace, true)));
    assert!(aside.contains(&(6, "id", Wrong::Repeated, true)));
    assert!(aside.contains(&(7, "row", Wrong::WrongForm, true)));
    // The same file gives the same ids, and another directory has others.
    let ids = |publisher: &OrgId| {
        let read = read_file(&file, Some(Format::Ircc2022), publisher).unwrap();
        read.services.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&us()), ids(&us()));
    assert_ne!(ids(&us()), ids(&OrgKey::from_seed(&[2; 32]).id()));
}

#[test]
fn hotlines_are_services_without_a_place() {
    let read = hotlines::read(
        &json!([
            {"phoneNumber": "+1 833-900-1010", "hotlineType": "national", "regionCode": "CA",
             "name": {"en-us": "Hotline", "fr-ca": "Ligne d’assistance"},
             "supportedLanguages": ["en-us", "fr-ca"]},
            {"phoneNumber": "call us", "regionCode": "CA", "name": {"en-us": "Other"}},
        ]),
        &us(),
    )
    .unwrap();
    assert_eq!(read.services.len(), 1);
    let hotline = &read.services[0];
    assert!(hotline.trafficking && hotline.speaks("fr").is_some());
    assert!(hotline.serves(Province::Manitoba));
    assert_eq!(read.aside[0].problem.wrong, Wrong::NotAPhone);
}

#[test]
fn a_file_that_is_none_of_these_is_one_fault() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("a.json", "{"), ("b.json", "3"), ("c.csv", "a,b\n1,2"), ("d.csv", "")] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let fault = read_file(&path, None, &us()).unwrap_err();
        assert_eq!(fault.code, "ENT-2201", "{name}");
    }
    assert_eq!(read_file(folder.path(), None, &us()).unwrap_err().code, "ENT-2201");
}
