//! The directory on real data: the published settlement services, the hotlines, and the official HSDS
//! examples.
//!
//! Found through `ENTENTE_REAL_DATA`; without it each test says that it was skipped.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "this file is a test, its helpers included"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use entente_core::audit::Action;
use entente_core::codes::Set;
use entente_core::record::Language;
use entente_core::service::{Audience, Group, Near, Point, Query, Wrong};
use entente_node::clock::ManualClock;
use entente_node::hsds::{self, FileRead};
use entente_node::node::services::Put;
use entente_tests::federation::{Org, START_S, staff};
use serde_json::{Map, Value, json};

fn real(path: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("ENTENTE_REAL_DATA") else {
        println!("skipped: ENTENTE_REAL_DATA is not set");
        return None;
    };
    Some(PathBuf::from(folder).join(path))
}

fn org() -> Org {
    Org::new(1, &ManualClock::new(START_S))
}

fn import(org: &Org, path: &str) -> Option<(FileRead, Vec<Put>)> {
    let read = hsds::read_file(&real(path)?, None, &org.id()).unwrap();
    let services = read.services.clone();
    let put = org.node().put_services(&staff(), Action::ServicesImported, services).unwrap();
    Some((read, put))
}

fn near_winnipeg() -> Query {
    let point = Point::new(49.8951, -97.1384).unwrap();
    Query { near: Some(Near { point, within_km: Some(10.0) }), ..Query::default() }
}

#[test]
fn the_settlement_services_are_imported_and_found() {
    let org = org();
    let Some((read, put)) = import(&org, "services/ircc_services_2022.csv") else { return };
    assert_eq!(read.n_rows, 1_262);
    assert_eq!(read.n_refused(), 0, "{:?}", read.aside);
    let n_postal = read.aside.iter().filter(|it| it.problem.wrong == Wrong::NotAPostalCode).count();
    println!("{n_postal} postal codes were left out, {} parts in all", read.aside.len());
    assert_eq!(n_postal, 10);
    assert!(put.iter().all(|it| *it == Put::Added));

    let count = |query| org.node().search_services(query).unwrap().n;
    let women = Query { groups: Set::EMPTY.with(Group::Women), ..near_winnipeg() };
    let french = Query { languages: vec![Language::new("fr").unwrap()], ..near_winnipeg() };
    assert_eq!((count(near_winnipeg()), count(women), count(french)), (47, 12, 7));

    // The same file again adds nothing.
    let (_, again) = import(&org, "services/ircc_services_2022.csv").unwrap();
    assert!(again.iter().all(|it| *it == Put::Unchanged));
    assert_eq!(count(Query::default()), 1_262);
}

#[test]
fn a_search_of_the_settlement_services_takes_less_than_ten_milliseconds() {
    let org = org();
    let Some(_) = import(&org, "services/ircc_services_2022.csv") else { return };
    let mut times: Vec<Duration> = (0..100)
        .map(|_| {
            let start = Instant::now();
            assert_eq!(org.node().search_services(near_winnipeg()).unwrap().n, 47);
            start.elapsed()
        })
        .collect();
    times.sort();
    println!("median {:?}, slowest {:?}", times[50], times[99]);
    assert!(times[50] < Duration::from_millis(10), "{:?}", times[50]);
}

#[test]
fn the_hotlines_are_imported() {
    let org = org();
    let Some((read, put)) = import(&org, "hotlines/hotlines.json") else { return };
    assert_eq!((read.n_rows, put.len()), (13, 13), "{:?}", read.aside);
    let canada = Query { text: "ligne canadienne".to_owned(), ..Query::default() };
    assert_eq!(org.node().search_services(canada).unwrap().n, 1);
}

#[test]
fn the_official_example_is_refused_for_its_place_alone_and_read_with_another() {
    let Some(path) = real("hsds/examples_v3.0/service_full.json") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    let read = hsds::read::read(&value).unwrap();
    let refused: Vec<_> = read.aside.iter().filter(|it| it.refused).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].problem.wrong, Wrong::NoSuchPlace);

    value["service_at_locations"][0]["location"]["latitude"] = json!(49.8951);
    let read = hsds::read::read(&value).unwrap();
    assert_eq!(read.services.len(), 1, "{:?}", read.aside);
}

#[test]
fn the_official_tables_are_read_as_one_service() {
    let Some(folder) = real("hsds/examples_v3.0/csv") else { return };
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let locations = copy.path().join("locations.csv");
    let text = std::fs::read_to_string(&locations).unwrap();
    std::fs::write(&locations, text.replace("100,101", "49.8951,-97.1384")).unwrap();
    let read = hsds::package::read(copy.path()).unwrap();
    assert_eq!(read.n_rows, 1);
    println!("{:?}", read.aside);
    assert_eq!(read.services.len(), 1, "{:?}", read.aside);
}

/// A service in which every object of HSDS stands that we write.
fn full() -> Value {
    let text = include_str!("../../crates/entente-node/src/hsds/full.json");
    serde_json::from_str(text).unwrap()
}

/// The same at a place that is not told.
fn redacted() -> Value {
    let mut value = full();
    value["id"] = json!("ac148810-d857-441c-9679-408f346de14c");
    let location = &mut value["service_at_locations"][0]["location"];
    location["id"] = json!("3a19ff88-4620-4d17-9830-ac1d859eb5d6");
    location["location_type"] = json!("redacted");
    value
}

/// A field of an object in a service: where the object is, and what its schema says of the field.
struct OfSchema {
    object: String,
    field: String,
    required: bool,
    kind: String,
}

/// The fields that a service has, or must have, by the official schemas.
fn fields(folder: &Path, schema: &str, value: &Value, at: &str, found: &mut Vec<OfSchema>) {
    let text = std::fs::read_to_string(folder.join(schema)).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let required: Vec<_> = schema["required"].as_array().unwrap().iter().collect();
    for (name, property) in schema["properties"].as_object().unwrap() {
        let required = required.iter().any(|it| *it == name);
        let Some(part) = value.get(name) else {
            assert!(!required, "{at} {name}: the full service has all that is required");
            continue;
        };
        let kind = property["type"].as_str().unwrap_or("object").to_owned();
        found.push(OfSchema { object: at.to_owned(), field: name.clone(), required, kind });
        let of = property["$ref"].as_str().or_else(|| property["items"]["$ref"].as_str());
        match (of, part) {
            (Some(of), Value::Array(items)) => {
                for (n, item) in items.iter().enumerate() {
                    fields(folder, of, item, &format!("{at}/{name}/{n}"), found);
                }
            }
            (Some(of), part) => fields(folder, of, part, &format!("{at}/{name}"), found),
            (None, _) => {}
        }
    }
}

#[test]
fn whatever_the_official_schemas_refuse_of_a_full_service_is_refused_here() {
    let Some(schemas) = real("hsds/schema_v3.0") else { return };
    let mut all = Vec::new();
    fields(&schemas, "service.json", &full(), "", &mut all);
    let n_required = all.iter().filter(|it| it.required).count();
    println!("{} fields, {n_required} of them required", all.len());
    assert!(n_required > 80, "{n_required}");
    let read = |value: &Value| hsds::read::read(value).unwrap();
    assert_eq!(read(&full()).services.len(), 1);
    let refused = |it: &OfSchema, wrong: &[Wrong], change: &dyn Fn(&mut Map<String, Value>)| {
        let mut value = full();
        change(value.pointer_mut(&it.object).and_then(Value::as_object_mut).unwrap());
        let read = read(&value);
        let says = read.aside.iter().any(|it| it.refused && wrong.contains(&it.problem.wrong));
        assert!(read.services.is_empty() && says, "{} {}: {:?}", it.object, it.field, read.aside);
    };
    for it in all.iter().filter(|it| it.required) {
        refused(it, &[Wrong::Missing], &|object| {
            object.remove(&it.field);
        });
    }
    for it in &all {
        // A number as a text, and a number in place of everything else.
        let other = if it.kind == "number" { json!("7") } else { json!(7) };
        refused(it, &[Wrong::NotANumber, Wrong::WrongForm], &|object| {
            object.insert(it.field.clone(), other.clone());
        });
    }
}

#[test]
fn other_tools_of_hsds_accept_what_is_exported() {
    let Some(schemas) = real("hsds/schema_v3.0") else { return };
    let Some(descriptor) = real("hsds/datapackage_v3.0.json") else { return };
    let Some(python) = entente_tests::python::interpreter() else { return };
    let org = org();
    let (read, _) = import(&org, "services/ircc_services_2022.csv").unwrap();
    let (hotlines, _) = import(&org, "hotlines/hotlines.json").unwrap();
    let whole = hsds::read::read(&json!([full(), redacted()])).unwrap();
    assert_eq!(whole.services.len(), 2, "{:?}", whole.aside);
    let services = read.services.iter().chain(&hotlines.services).chain(&whole.services);
    let written = hsds::write::write(services, Audience::Partner);
    let package = tempfile::tempdir().unwrap();
    hsds::package::write(&written, package.path()).unwrap();
    let question = json!({
        "schemas": schemas, "services": written, "package": package.path(),
        "descriptor": descriptor,
    });
    let mut child = Command::new(python)
        .arg(entente_tests::python::program("hsds.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = serde_json::to_vec(&question).unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["errors"], json!([]));
}
