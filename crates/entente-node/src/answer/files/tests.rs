use std::collections::BTreeMap;
use std::path::Path;

use entente_core::audit::Action;

use super::*;
use crate::answer::records::fixture::{audited, desk, map, staff, steps};
use crate::answer::{Desk, epochs};
use crate::local::doc::*;

/// Three rows of the published layout, and two that are wrong.
const CTDC: &str = "yearOfRegistration,gender,ageBroad,isForcedLabour,colour\n\
    2019,Female,18--20,1,red\n\
    2019,Female,18--20,1,red\n\
    2018,Male,-99,0,blue\n\
    2017,Exemple-Tremblay,-99,0,blue\n\
    2044,Male,-99,0,blue\n";

fn write(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn ask(file: &str) -> RecordImportAsk {
    RecordImportAsk {
        file: file.to_owned(),
        layout: None,
        mapping: None,
        columns: BTreeMap::new(),
        sheet: None,
        quarantine: None,
        consent: None,
        dry_run: false,
    }
}

fn run(desk: &Desk, ask: RecordImportAsk) -> Outcome<RecordImportTold> {
    import(desk, &staff(), ask, &steps())
}

#[test]
fn a_dry_run_tells_all_and_keeps_nothing() {
    let (desk, folder) = (desk(2), tempfile::tempdir().unwrap());
    let file = write(&folder, "cases.csv", CTDC);
    let told = run(&desk, RecordImportAsk { dry_run: true, ..ask(&file) }).unwrap();
    assert_eq!((told.rows, told.added, told.unchanged, told.quarantined), (5, 3, 0, 2));
    assert_eq!((told.layout.as_str(), told.encoding.as_str()), ("ctdc-2017", "utf-8"));
    assert_eq!(told.ignored_columns, ["colour"]);
    assert_eq!(desk.node.n_records(), 0);
    assert!(audited(&desk, Action::RecordsImported).is_empty());
}

#[test]
fn the_same_file_twice_adds_nothing_and_two_equal_rows_stay_two() {
    let (desk, folder) = (desk(2), tempfile::tempdir().unwrap());
    let file = write(&folder, "cases.csv", CTDC);
    let first = run(&desk, ask(&file)).unwrap();
    assert_eq!((first.added, first.unchanged), (3, 0));
    let second = run(&desk, ask(&file)).unwrap();
    assert_eq!((second.added, second.unchanged), (0, 3));
    let dry = run(&desk, RecordImportAsk { dry_run: true, ..ask(&file) }).unwrap();
    assert_eq!((dry.added, dry.unchanged), (0, 3));
    assert_eq!(desk.node.n_records(), 3);
    assert_eq!(audited(&desk, Action::RecordAdded).len(), 3);
}

#[test]
fn a_bad_row_is_set_aside_with_its_reason_and_without_its_content() {
    let (desk, folder) = (desk(2), tempfile::tempdir().unwrap());
    let file = write(&folder, "cases.csv", CTDC);
    let quarantine = folder.path().join("aside.csv").display().to_string();
    let ask = RecordImportAsk { quarantine: Some(quarantine.clone()), ..ask(&file) };
    let told = run(&desk, ask.clone()).unwrap();
    assert_eq!(told.quarantine.as_ref(), Some(&quarantine));
    let rows: Vec<_> = told.problems.iter().map(|it| (it.row, it.column.as_deref())).collect();
    assert_eq!(rows, [(5, Some("gender")), (6, Some("yearOfRegistration"))]);
    assert_eq!(told.by_reason["in_the_future"], 1);
    let aside = std::fs::read_to_string(&quarantine).unwrap();
    let text = format!("{aside}{}", serde_json::to_string(&told).unwrap());
    assert!(aside.contains("5,gender,not_in_layout,") && !text.contains("Tremblay"), "{text}");
    // It is not written over.
    assert_eq!(run(&desk, ask).unwrap_err().code, "ENT-1011");
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_changes_nothing() {
    let (desk, folder) = (desk(2), tempfile::tempdir().unwrap());
    let open_quote = format!("{CTDC}2019,\"Female,18--20,1,{}\n", "x".repeat(17 << 20));
    for (text, code) in [
        (open_quote.as_str(), "ENT-1422"),
        ("", "ENT-1422"),
        ("Exemple-Tremblay,1999\n", "ENT-1423"),
    ] {
        let file = write(&folder, "bad.csv", text);
        let fault = run(&desk, ask(&file)).unwrap_err();
        assert_eq!(fault.code, code);
        assert!(!serde_json::to_string(&fault).unwrap().contains("Tremblay"));
    }
    let missing = folder.path().join("none.csv").display().to_string();
    let fault = run(&desk, ask(&missing)).unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.why[0].fr.as_str()),
        ("ENT-1004", "ce chemin n’existe pas")
    );
    assert_eq!(run(&desk, ask("cases.csv")).unwrap_err().code, "ENT-1010");
    let unknown = RecordImportAsk { layout: Some("x".to_owned()), ..ask(&missing) };
    assert_eq!(run(&desk, unknown).unwrap_err().code, "ENT-1420");
    assert_eq!(desk.node.n_records(), 0);
}

#[test]
fn a_mapping_can_document_the_consent_that_the_source_has() {
    let (desk, folder) = (desk(2), tempfile::tempdir().unwrap());
    let file = write(&folder, "cases.csv", "when,who\n2026-08-01,F\n2026-08-02,F\n");
    let mapping = "layout = \"ours\"\ntitle_en = \"Ours\"\ntitle_fr = \"Le nôtre\"\n\
        [defaults]\nconsent_scopes = \"stats\"\nconsent_informed = \"yes\"\n\
        [[column]]\nname = \"when\"\nfield = \"registered_on\"\nrequired = true\n\
        [[column]]\nname = \"who\"\nfield = \"gender\"\nvalues = { F = \"woman\" }\n";
    let mapping = write(&folder, "ours.toml", mapping);
    let told = run(&desk, RecordImportAsk { mapping: Some(mapping), ..ask(&file) }).unwrap();
    assert_eq!((told.added, told.layout.as_str()), (2, "ours"));
    let mut n_consents = 0;
    desk.node
        .each_case(&mut |case| {
            n_consents += case.consents.len();
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(n_consents, 2);
}

#[test]
fn a_column_is_read_as_whoever_imports_says() {
    let (desk, folder) = (desk(2), tempfile::tempdir().unwrap());
    let rows = "registered_on,gender,Remarks\n2026-08-01,woman,Exemple\n2026-08-02,?,Exemple\n";
    let file = write(&folder, "own.csv", rows);
    let with = |columns: &[(&str, &str)]| {
        let columns = columns.iter().map(|(name, field)| ((*name).into(), (*field).into()));
        run(&desk, RecordImportAsk { dry_run: true, columns: columns.collect(), ..ask(&file) })
    };
    let told = with(&[]).unwrap();
    assert_eq!((told.added, told.ignored_columns), (1, vec!["Remarks".to_owned()]));
    let told = with(&[("Remarks", "notes"), ("gender", "")]).unwrap();
    assert_eq!((told.added, told.ignored_columns), (2, vec!["gender".to_owned()]));
    assert_eq!(told.columns[2].field.as_deref(), Some("notes"));
    assert_eq!(with(&[("Remarks", "nonsense")]).unwrap_err().code, "ENT-1421");
    assert!(told.sheets.is_empty(), "a file of separated values has sheets");
}

#[test]
fn a_consent_that_is_documented_elsewhere_is_entered_where_the_file_says_nothing() {
    let (desk, folder) = (desk(2), tempfile::tempdir().unwrap());
    let rows = "registered_on,consent_scopes,consent_informed\n2026-08-01,,\n2026-08-02,none,yes\n";
    let file = write(&folder, "own.csv", rows);
    let wrong = RecordImportAsk { consent: Some(vec!["all".to_owned()]), ..ask(&file) };
    assert_eq!(run(&desk, wrong).unwrap_err().code, "ENT-1426");
    let ask = RecordImportAsk { consent: Some(vec!["stats".to_owned()]), ..ask(&file) };
    assert_eq!(run(&desk, ask).unwrap().added, 2);
    let mut consents = Vec::new();
    desk.node
        .each_case(&mut |case| {
            consents.extend(case.consents.iter().map(|it| (it.scopes.text(), it.given_on)));
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    consents.sort();
    let day = |day| jiff::civil::date(2026, 8, day);
    assert_eq!(consents, [("none".to_owned(), day(2)), ("stats".to_owned(), day(1))]);
    let reasons = audited(&desk, Action::RecordsImported).remove(0).reasons;
    assert_eq!(reasons, ["entente", "consent:stats"]);
}

fn export_to(desk: &Desk, file: &Path, reveal: bool) -> Outcome<RecordExportTold> {
    let ask = RecordExportAsk {
        file: file.display().to_string(),
        layout: None,
        filter: map(&[]),
        reveal,
    };
    export(desk, &staff(), ask, &steps())
}

#[test]
fn what_is_exported_is_imported_again_by_another_node() {
    let (here, folder) = (desk(2), tempfile::tempdir().unwrap());
    let rows = "registered_on,name_last,gender,exploitation,consent_scopes,consent_informed\n\
        2026-08-01,Exemple-Tremblay,woman,sexual;forced_labour,stats,yes\n\
        2026-08-02,Exemple-Roy,man,forced_labour,,\n";
    let file = write(&folder, "own.csv", rows);
    assert_eq!(run(&here, ask(&file)).unwrap().added, 2);
    for (nth, name) in (3..).zip(["all.csv", "all.xlsx"]) {
        let out = folder.path().join(name);
        let told = export_to(&here, &out, true).unwrap();
        assert_eq!((told.records, told.identifying), (2, true));
        assert_eq!(told.bytes, out.metadata().unwrap().len());
        let there = desk(nth);
        let again = run(&there, ask(&told.file)).unwrap();
        assert_eq!((again.added, again.quarantined, again.layout.as_str()), (2, 0, "entente"));
        let count = crate::node::counts::Wanted {
            by: Vec::new(),
            only: vec![("exploitation".to_owned(), "several".to_owned())],
            periods: vec!["2026-Q3".parse().unwrap()],
        };
        let counted = there.node.count_own(staff().actor(), &count).unwrap();
        assert_eq!(counted[0].1.with_margins(), [1]);
    }
}

#[test]
fn names_are_exported_only_if_asked_for_and_never_over_another_file() {
    let (desk, folder) = (desk(2), tempfile::tempdir().unwrap());
    let rows = "registered_on,name_last,notes,vulnerabilities,recruitment_platform\n\
        2026-08-01,Exemple-Tremblay,secret,secret sister,secret.example\n";
    let file = write(&folder, "own.csv", rows);
    run(&desk, ask(&file)).unwrap();
    let out = folder.path().join("coded.csv");
    let told = export_to(&desk, &out, false).unwrap();
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(!text.contains("Tremblay") && !text.contains("secret"), "{text}");
    assert!(!told.identifying && told.left_out[0].en.contains("Names"));
    assert_eq!(export_to(&desk, &out, false).unwrap_err().code, "ENT-1011");
    assert_eq!(export_to(&desk, &folder.path().join("x.doc"), false).unwrap_err().code, "ENT-1425");
    export_to(&desk, &folder.path().join("all.csv"), true).unwrap();
    let how: Vec<_> =
        audited(&desk, Action::RecordsExported).into_iter().map(|it| it.reasons).collect();
    assert_eq!(how, [vec!["entente".to_owned()], vec!["entente".into(), "revealed".into()]]);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 3, "no half file is left");
}

#[test]
fn an_import_larger_than_a_transaction_is_whole() {
    let (desk, folder) = (desk(2), tempfile::tempdir().unwrap());
    let rows: String = (0..2_600).map(|_| "2019,Female\n").collect();
    let file = write(&folder, "many.csv", &format!("yearOfRegistration,gender\n{rows}"));
    assert_eq!(run(&desk, ask(&file)).unwrap().added, 2_600);
    assert_eq!(desk.node.n_records(), 2_600);
    assert_eq!(run(&desk, ask(&file)).unwrap().unchanged, 2_600);
    // Without consent nothing of it may go to anybody; there is nobody to close for either.
    let close = EpochCloseAsk { epoch: "2026-Q3".to_owned(), partner: None };
    assert!(epochs::close(&desk, &staff(), close, &steps()).unwrap().partners.is_empty());
}

#[test]
fn the_sheet_that_was_named_is_read_and_else_the_first_that_is_not_empty() {
    let (desk, folder) = (desk(2), tempfile::tempdir().unwrap());
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().set_name("Lisez-moi").unwrap();
    for (name, rows) in [("Québec", 1), ("Ontario", 2)] {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        sheet.write_string(0, 0, "registered_on").unwrap();
        for row in 1..=rows {
            sheet.write_string(row, 0, "2026-08-01").unwrap();
        }
    }
    let path = folder.path().join("cases.xlsx");
    workbook.save(&path).unwrap();
    let file = path.display().to_string();
    let of = |sheet: Option<&str>| RecordImportAsk {
        sheet: sheet.map(str::to_owned),
        dry_run: true,
        ..ask(&file)
    };
    for (sheet, rows) in [(None, 1), (Some("Québec"), 1), (Some("ONTARIO "), 2)] {
        let told = run(&desk, of(sheet)).unwrap();
        assert_eq!(told.rows, rows, "{sheet:?}");
        assert_eq!(told.sheets, ["Lisez-moi", "Québec", "Ontario"]);
    }
    let fault = run(&desk, of(Some("Manitoba"))).unwrap_err();
    assert_eq!(fault.code, "ENT-1424");
    assert_eq!(fault.why[0].en, "sheets of the workbook: Lisez-moi, Québec, Ontario");
    // It is there and has nothing in it.
    assert_eq!(run(&desk, of(Some("Lisez-moi"))).unwrap_err().code, "ENT-1422");
    let text = write(&folder, "cases.csv", CTDC);
    let named = RecordImportAsk { sheet: Some("Québec".to_owned()), ..ask(&text) };
    assert_eq!(run(&desk, named).unwrap_err().code, "ENT-1424");
}
