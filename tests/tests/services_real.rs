//! The directory on real data: the published settlement services, the hotlines, and the official HSDS
//! examples.
//!
//! Found through `ENTENTE_REAL_DATA`; without it each test says that it was skipped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "this file is a test, its helpers included"
)]

use std::io::Write as _;
use std::path::PathBuf;
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
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let read = hsds::read::read(&value).unwrap();
    let refused: Vec<_> = read.aside.iter().filter(|it| it.refused).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].problem.wrong, Wrong::NoSuchPlace);

    value["service_at_locations"][0]["location"]["latitude"] = serde_json::json!(49.8951);
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

#[test]
fn other_tools_of_hsds_accept_what_is_exported() {
    let Some(schemas) = real("hsds/schema_v3.0") else { return };
    let Some(python) = entente_tests::python::interpreter() else { return };
    let org = org();
    let (read, _) = import(&org, "services/ircc_services_2022.csv").unwrap();
    let (hotlines, _) = import(&org, "hotlines/hotlines.json").unwrap();
    let services = read.services.iter().chain(&hotlines.services);
    let written = hsds::write::write(services, Audience::Partner);
    let package = tempfile::tempdir().unwrap();
    hsds::package::write(&written, package.path()).unwrap();
    let question = serde_json::json!({
        "schemas": schemas, "services": written, "package": package.path(),
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
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["errors"], serde_json::json!([]));
}
