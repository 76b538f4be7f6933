//! What a partner or anybody of the house wrote, on every page and in every file: it is shown, and never run.

use std::collections::BTreeSet;
use std::io::Cursor;

use axum::http::{Method, StatusCode};
use calamine::{Reader as _, Xlsx};
use entente_core::audit::Action;

use super::Answer;
use super::furnished::{Furnished, hostile};

/// What no page may hold: a text that became part of it.
const RUN: [&str; 9] = [
    "<script>alert",
    "=1+\"",
    "\"'><",
    "\"' onmouseover",
    "href=\"javascript",
    "href=\"http:",
    "action=\"javascript",
    "src=\"javascript",
    "\u{202e}",
];

/// Where [`Furnished`] wrote something that a page of the console shows.
const WRITTEN: [&str; 27] = [
    "house",
    "partner",
    "display",
    "passkey",
    "law",
    "officer",
    "breach",
    "disclose",
    "collect",
    "invited",
    "service",
    "organization",
    "description",
    "eligibility",
    "application",
    "fees",
    "alert",
    "documents",
    "street",
    "city",
    "phone",
    "contact",
    "title",
    "plan",
    "theirs",
    "file",
    "about",
];

/// What nobody does by looking at a page.
const CHANGES: [Action; 26] = [
    Action::RecordAdded,
    Action::RecordChanged,
    Action::RecordWithdrawn,
    Action::ConsentGiven,
    Action::ConsentWithdrawn,
    Action::EpochClosed,
    Action::PartnerInvited,
    Action::PartnerSuspended,
    Action::PartnerResumed,
    Action::PartnerEnded,
    Action::AgreementProposed,
    Action::AgreementSigned,
    Action::AgreementDeclined,
    Action::AgreementSuspended,
    Action::AgreementEnded,
    Action::PlanSigned,
    Action::OverlapSigned,
    Action::ReturnWritten,
    Action::ReturnPublished,
    Action::ServiceChanged,
    Action::ServiceClosed,
    Action::ReferralOffered,
    Action::ReferralAccepted,
    Action::ReferralWithdrawn,
    Action::UserChanged,
    Action::BackupMade,
];

/// What came back, as a browser would take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Page,
    /// What a spreadsheet opens.
    Table,
    Other,
}

/// Looks at whatever a route answered.
fn check(path: &str, answer: &Answer) -> Kind {
    assert!(!answer.status.is_server_error(), "{path}: {}", answer.body);
    assert!(!answer.location().contains("javascript"), "{path}: {}", answer.location());
    let kind = answer.headers.get("content-type").map_or("", |it| it.to_str().unwrap());
    if kind.starts_with("text/html") {
        check_page(path, answer);
        return Kind::Page;
    }
    if kind.contains("csv") {
        check_csv(path, &answer.body);
        return Kind::Table;
    }
    if kind.contains("spreadsheetml") {
        let mut book = Xlsx::new(Cursor::new(answer.bytes.clone())).unwrap();
        for sheet in book.sheet_names() {
            let formulas = book.worksheet_formula(&sheet).unwrap();
            assert_eq!(formulas.used_cells().count(), 0, "{path}: a formula in {sheet}");
        }
        return Kind::Table;
    }
    Kind::Other
}

/// No cell starts as a formula does (OWASP, CSV injection), unless it is a number.
fn check_csv(path: &str, text: &str) {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    for row in reader.records() {
        for cell in &row.unwrap() {
            let is_number = cell.parse::<f64>().is_ok();
            let starts = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
            let is_formula = cell.starts_with(starts) && !is_number;
            assert!(!is_formula, "{path}: {cell}");
        }
    }
}

/// What stands in the window and in the history of a browser says nothing of anybody: no text that somebody wrote
/// (each of which has an `alert(`), no name of an account, no id. The public site alone has a name there.
fn check_title(path: &str, body: &str) {
    let title = body.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    let Some((title, _)) = title else { return };
    if path.starts_with("/public") {
        return;
    }
    assert!(!title.trim().is_empty(), "{path} has no title");
    for bad in ["alert(", "chief"] {
        assert!(!title.contains(bad), "{path}: {title}");
    }
    let mut runs = title.split(|c: char| !c.is_ascii_hexdigit());
    let is_id = |run: &str| run.len() >= 8 && run.contains(|c: char| c.is_ascii_digit());
    assert!(!runs.any(is_id), "{path}: an id in {title}");
}

/// A page as it may be: nothing of what was written has become markup.
fn check_page(path: &str, answer: &Answer) {
    check_title(path, &answer.body);
    for bad in RUN {
        assert!(!answer.body.contains(bad), "{path}: {bad}");
    }
    // All scripts are files, and all that is inline is an address.
    for script in answer.body.split("<script").skip(1) {
        assert!(script.starts_with(" src=\"/assets/"), "{path}: {script:.60}");
    }
    for event in [" onload=", " onerror=", " onclick=", " style="] {
        assert!(!answer.body.contains(event), "{path}: {event}");
    }
}

/// Where something that [`hostile`] wrote stands on a page, as text.
fn words(body: &str) -> BTreeSet<String> {
    let said = body.split("alert(&#39;").skip(1);
    said.filter_map(|rest| Some(rest.split_once("&#39;)")?.0.to_owned())).collect()
}

/// Names of fields of the forms on a page.
fn fields(body: &str) -> BTreeSet<String> {
    let named = body.split(" name=\"").skip(1);
    named.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_partner_or_anybody_wrote_is_text_on_every_page_and_in_every_file() {
    let it = Furnished::new(3).await;
    let n_changes = || CHANGES.map(|action| it.house.site.n_audited(action));
    let before = n_changes();
    let (mut seen, mut names, mut tables) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut n_shown = 0;
    let all = entente_console::routes();
    for route in all.iter().filter(|it| it.method == Method::GET) {
        for path in it.paths(route.path) {
            for lang in ["en", "fr"] {
                let path = format!("/{lang}{path}");
                let answer = it.house.get(&path, &it.chief).await;
                match check(&path, &answer) {
                    Kind::Page => {
                        seen.extend(words(&answer.body));
                        names.extend(fields(&answer.body));
                    }
                    Kind::Table => {
                        assert!(!answer.bytes.is_empty(), "{path}");
                        tables.insert(route.path);
                    }
                    Kind::Other => {}
                }
                n_shown += usize::from(answer.status == StatusCode::OK);
            }
        }
    }
    assert_eq!(n_changes(), before, "looking at a page has changed something");
    let missing: Vec<_> = WRITTEN.iter().filter(|word| !seen.contains(**word)).collect();
    assert!(missing.is_empty(), "on no page: {missing:?}");
    assert!(n_shown > 180 && names.len() > 60, "{n_shown} pages, {} fields", names.len());
    let given = ["/jobs/{job}/file", "/statistics/returns/{return}/{form}"];
    assert_eq!(tables, BTreeSet::from(given), "a table that nobody looks into");
    // The public site shows the same house to everybody.
    for path in ["", "/services", "/hotlines", "/services?need=emergency_housing"] {
        let path = format!("/public/fr{path}");
        assert_eq!(check(&path, &it.house.get(&path, "").await), Kind::Page);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_typed_into_any_form_comes_back_as_text_at_most() {
    let it = Furnished::new(3).await;
    let (all, mut names) = (entente_console::routes(), BTreeSet::new());
    for route in all.iter().filter(|it| it.method == Method::GET) {
        for path in it.paths(route.path) {
            names.extend(fields(&it.house.get(&format!("/en{path}"), &it.chief).await.body));
        }
    }
    let encoded: String = hostile("typed").bytes().map(|byte| format!("%{byte:02X}")).collect();
    names.remove("kind");
    let form: Vec<_> = names.iter().map(|name| format!("{name}={encoded}")).collect();
    let form = format!("{}&kind=csv", form.join("&"));
    let (mut seen, mut tables) = (BTreeSet::new(), BTreeSet::new());
    for route in all.iter().filter(|it| it.method == Method::POST) {
        // These end the session that the others need.
        if ["/sign-out", "/leave", "/account/sessions/{session}/end"].contains(&route.path) {
            continue;
        }
        for path in it.paths(route.path) {
            let path = format!("/en{path}");
            let answer = it.house.post(&path, &it.chief, &form).await;
            match check(&path, &answer) {
                Kind::Page => seen.extend(words(&answer.body)),
                Kind::Table => {
                    tables.insert(route.path);
                }
                Kind::Other => {}
            }
        }
    }
    assert!(seen.contains("case"), "the case was not revealed");
    assert!(seen.contains("typed"), "no form came back with what was typed");
    assert!(tables.contains("/audit/export"), "the log was not exported as a table");
}
