//! Whole files, from bytes to drafts.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::PathBuf;

use entente_core::codes::GenderShared;
use entente_core::layout::{CellReason, Identifiers, Layout};
use entente_core::record::{CaseRecord, Field, Reason, RecordId};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const TODAY: Date = date(2026, 11, 22);
const SECRET: [u8; 32] = [7; 32];

/// A file of these bytes, which lives as long as the folder.
fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    // The name is misleading on purpose: only the content counts.
    let path = folder.path().join("table.pdf");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Imports a file of these bytes with a built-in layout.
fn import(layout: &str, bytes: &[u8]) -> Result<Vec<Imported>, TableError> {
    let (_folder, path) = file(bytes);
    let layout = Layout::built_in(layout).unwrap();
    Import::new(open(&path)?, &layout, &SECRET, TODAY)?.collect()
}

/// The records of an import in which no row is wrong.
#[track_caller]
fn records(imported: Vec<Imported>) -> Vec<CaseRecord> {
    let record = |imported| match imported {
        Imported::Accepted { draft, .. } => draft.into_record(RecordId([1; 16])),
        Imported::Quarantined { row, problems } => panic!("row {row}: {problems:?}"),
    };
    imported.into_iter().map(record).collect()
}

/// The rows that were quarantined, each with its only problem.
fn quarantined(imported: &[Imported]) -> Vec<(u64, &str, CellReason)> {
    let wrong = |imported| match imported {
        &Imported::Quarantined { row, ref problems } => {
            assert_eq!(problems.len(), 1, "{problems:?}");
            Some((row, problems[0].column.as_str(), problems[0].reason))
        }
        Imported::Accepted { .. } => None,
    };
    imported.iter().filter_map(wrong).collect()
}

fn keys(imported: &[Imported]) -> Vec<RowKey> {
    let key = |imported: &Imported| match imported {
        Imported::Accepted { key, .. } => Some(*key),
        Imported::Quarantined { .. } => None,
    };
    imported.iter().filter_map(key).collect()
}

const TEMPLATE: &str =
    "registered_on,name_first,notes,gender\n2020-01-02,Zoé,\"a, b; \"\"c\"\"\nd\",woman\n";

#[test]
fn one_table_in_every_separator_and_encoding_is_the_same_table() {
    let comma = TEMPLATE.to_owned();
    let semicolon =
        "registered_on;name_first;notes;gender\r\n2020-01-02;Zoé;\"a, b; \"\"c\"\"\nd\";woman\r\n";
    let tab = "registered_on\tname_first\tnotes\tgender\n2020-01-02\tZoé\t\"a, b; \"\"c\"\"\nd\"\twoman\n";
    let expected = records(import("entente", comma.as_bytes()).unwrap());
    assert_eq!(expected[0].text(Field::Notes).as_deref(), Some("a, b; \"c\"\nd"));
    let with_mark = format!("\u{feff}{semicolon}");
    let windows = encoding_rs::WINDOWS_1252.encode(tab).0.into_owned();
    let utf16: Vec<u8> = with_mark.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [semicolon.as_bytes(), tab.as_bytes(), with_mark.as_bytes(), &windows, &utf16] {
        assert_eq!(records(import("entente", bytes).unwrap()), expected);
    }
    let (_folder, path) = file(&windows);
    let format = Format::Csv { encoding: "windows-1252", separator: '\t' };
    assert_eq!(open(&path).unwrap().format, format);
}

#[test]
fn bad_rows_are_quarantined_and_the_rest_is_imported() {
    let long = "x".repeat(1_000_000);
    let table = format!(
        "registered_on,gender,notes,external_ref\n\
         2020-01-01,woman,,1\n\
         0000-01-01,woman,,2\n\
         9999-01-01,woman,,3\n\
         2026-11-23,woman,,4\n\
         2020-01-01,F,,5\n\
         2020-01-01,woman,{long},6\n\
         2020-01-01,woman,=cmd|'/C calc'!A0,7\n\
         2020-01-01,woman\n\
         ,woman,,9\n\
         \n\
         ,,,\n\
         2020-01-01,man,,1\n\
         2020-01-01,man,,12\n"
    );
    let imported = import("entente", table.as_bytes()).unwrap();
    let not_a_date = CellReason::Value(Reason::NotADate);
    let problem = entente_core::record::Problem::InTheFuture(Field::RegisteredOn);
    let expected = [
        (3, "registered_on", not_a_date),
        (4, "registered_on", not_a_date),
        (5, "registered_on", CellReason::Record(problem)),
        (6, "gender", CellReason::Value(Reason::UnknownCode("gender"))),
        (7, "notes", CellReason::CellTooLong),
        (8, "notes", CellReason::Formula),
        (9, "", CellReason::WrongNumberOfCells { expected: 4, found: 2 }),
        (10, "registered_on", CellReason::Value(Reason::Required)),
        (12, "external_ref", CellReason::DuplicateInFile),
    ];
    assert_eq!(quarantined(&imported), expected);
    let mut plan = Plan::default();
    imported.iter().for_each(|imported| plan.count(imported, |_| false));
    assert_eq!((plan.n_rows, plan.n_new, plan.n_quarantined), (11, 2, 9));
    assert_eq!(plan.reasons[&("registered_on".to_owned(), "not_a_date")], 2);
}

#[test]
fn the_quarantine_file_says_where_and_why_and_never_what() {
    let table =
        "registered_on,gender,name_first\n2020-01-01,Exemple-0123,Exemple-0123\nx,woman,y\n";
    let mut quarantine = Quarantine::new(Vec::new()).unwrap();
    for imported in import("entente", table.as_bytes()).unwrap() {
        if let Imported::Quarantined { row, problems } = imported {
            quarantine.row(row, &problems).unwrap();
        }
    }
    let text = String::from_utf8(quarantine.finish().unwrap()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "\u{feff}row,column,reason,english,français");
    assert!(lines[1].starts_with("2,gender,unknown_code,"));
    assert!(lines[1].contains("not one of the accepted words. Accepted: "), "{}", lines[1]);
    assert!(lines[2].starts_with("3,registered_on,not_a_date,"));
    assert_eq!(lines.len(), 3);
    assert!(!text.contains("Exemple"));
}

#[test]
fn alike_rows_are_different_people_and_are_known_when_they_come_again() {
    let table = b"yearOfRegistration,gender\n2016,Female\n2016,Female\n2016,Male\n";
    let once = keys(&import("ctdc-2017", table).unwrap());
    assert_eq!(once.iter().collect::<BTreeSet<_>>().len(), 3);
    // The same people in a file with another order of columns and other separators.
    let again = b"gender;ageBroad;yearOfRegistration\nMale;;2016\nFemale;-99;2016\nFemale;;2016\nFemale;;2016\n";
    let again = keys(&import("ctdc-2017", again).unwrap());
    let once: BTreeSet<_> = once.into_iter().collect();
    let n_new = again.iter().filter(|key| !once.contains(key)).count();
    assert_eq!(n_new, 1);
}

#[test]
fn a_number_in_the_source_is_the_key_whatever_else_changes() {
    let key = |table: &str| keys(&import("entente", table.as_bytes()).unwrap());
    let one = key("registered_on,external_ref,gender\n2020-01-01,A1,woman\n");
    let edited = key("registered_on,external_ref,gender\n2020-01-01,A1,man\n");
    let other = key("registered_on,external_ref,gender\n2020-01-01,A2,woman\n");
    assert_eq!(one, edited);
    assert_ne!(one, other);
}

#[test]
fn keys_cannot_be_made_without_the_secret() {
    let (_folder, path) = file(TEMPLATE.as_bytes());
    let layout = Layout::built_in("entente").unwrap();
    let keys_under = |secret| {
        let import = Import::new(open(&path).unwrap(), &layout, secret, TODAY).unwrap();
        keys(&import.map(Result::unwrap).collect::<Vec<_>>())
    };
    assert_eq!(keys_under(&SECRET), keys_under(&SECRET));
    assert_ne!(keys_under(&SECRET), keys_under(&[8; 32]));
}

#[test]
fn a_file_that_is_no_table_is_one_clear_error() {
    let code = |bytes: &[u8]| import("entente", bytes).unwrap_err().code();
    assert_eq!(code(b""), "table_empty");
    assert_eq!(code(b"\n\n"), "table_empty");
    assert_eq!(code(b"%PDF-1.7\x00\x01\x02\x00\x00\x07"), "not_a_table");
    assert_eq!(code(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "old_workbook");
    assert_eq!(code(b"PK\x03\x04 this is no workbook"), "workbook_damaged");
    assert_eq!(code(b"name,date\nZoe,2020-01-01\n"), "header_unfit");
    let wide = vec!["x"; 600].join(",");
    assert_eq!(code(wide.as_bytes()), "header_unfit");
    assert_eq!(open(std::path::Path::new("/nonexistent")).unwrap_err().code(), "file_unreadable");
}

#[test]
fn a_table_without_a_header_row_is_refused_without_showing_it() {
    let error =
        import("entente", b"2020-01-01,Exemple-0123\n2020-01-01,Exemple-0124\n").unwrap_err();
    for text in
        [error.to_string(), format!("{error:?}"), error.text(Lang::En), error.text(Lang::Fr)]
    {
        assert!(!text.contains("Exemple"), "{text}");
    }
}

#[test]
fn a_quote_that_is_never_closed_ends_the_reading_and_not_the_memory() {
    let mut table = b"registered_on,notes\n2020-01-01,ok\n2020-01-01,\"".to_vec();
    table.resize(20 << 20, b'x');
    let error = import("entente", &table).unwrap_err();
    assert!(matches!(error, TableError::EndlessRecord { row: 3 }), "{error:?}");
}

/// A workbook with these rows, written by our own writer.
fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut xlsx = XlsxOut::new(rows[0]).unwrap();
    rows[1..].iter().for_each(|row| xlsx.row(row).unwrap());
    let mut bytes = Cursor::new(Vec::new());
    xlsx.finish(&mut bytes).unwrap();
    bytes.into_inner()
}

#[test]
fn a_workbook_is_read_like_a_text() {
    let bytes = workbook(&[
        &["registered_on", "name_first", "notes", "gender"],
        &["2020-01-02", "Zoé", "a, b; \"c\"\nd", "woman"],
    ]);
    let from_text = records(import("entente", TEMPLATE.as_bytes()).unwrap());
    assert_eq!(records(import("entente", &bytes).unwrap()), from_text);
}

#[test]
fn dates_numbers_and_flags_of_a_spreadsheet_are_understood_and_formulas_refused() {
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    let mut workbook = Workbook::new();
    // An empty sheet before the one with the data.
    workbook.add_worksheet();
    let sheet = workbook.add_worksheet();
    let columns = ["registered_on", "age_at_registration", "disability", "notes"];
    for (column, header) in (0..).zip(columns) {
        sheet.write_string(0, column, header).unwrap();
    }
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let moment = ExcelDateTime::parse_from_str("2020-01-02").unwrap();
    for row in [1, 3] {
        sheet.write_datetime_with_format(row, 0, &moment, &day).unwrap();
        sheet.write_number(row, 1, 17).unwrap();
        sheet.write_boolean(row, 2, true).unwrap();
        sheet.write_string(row, 3, "=1+1 is text here").unwrap();
    }
    sheet.write_formula(3, 3, "=1+1").unwrap();
    let imported = import("entente", &workbook.save_to_buffer().unwrap()).unwrap();
    assert_eq!(quarantined(&imported), [(4, "notes", CellReason::Formula)]);
    let Imported::Accepted { row: 2, draft, .. } = &imported[0] else { panic!("{imported:?}") };
    let record = draft.clone().into_record(RecordId([1; 16]));
    assert_eq!(record.registered_on, date(2020, 1, 2));
    assert_eq!(record.age(), Some(17));
    assert_eq!(record.disability, Some(true));
    assert_eq!(record.text(Field::Notes).as_deref(), Some("=1+1 is text here"));
}

/// A workbook of one sheet with these rows and these shared strings, as somebody writes it who means harm.
fn written(rows: &str, strings: &str) -> Vec<u8> {
    use std::io::Write as _;
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let links = |links: &[(&str, &str)]| {
        let link = |(at, (kind, target)): (usize, &(&str, &str))| {
            format!("<Relationship Id=\"r{at}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
        };
        let links: String = links.iter().enumerate().map(link).collect();
        format!("<Relationships>{links}</Relationships>")
    };
    let parts = [
        ("_rels/.rels", links(&[("officeDocument", "xl/workbook.xml")])),
        (
            "xl/_rels/workbook.xml.rels",
            links(&[
                ("worksheet", "worksheets/sheet1.xml"),
                ("sharedStrings", "sharedStrings.xml"),
            ]),
        ),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r0\"/></sheets></workbook>"
                .to_owned(),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        ),
        ("xl/sharedStrings.xml", strings.to_owned()),
    ];
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(part.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The first row of such a workbook: the first shared string.
const WRITTEN_HEADER: &str = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row>";

#[test]
fn a_number_in_a_workbook_cannot_ask_for_more_memory_than_there_is() {
    let strings =
        |n: &str| format!("<sst count=\"1\" uniqueCount=\"{n}\"><si><t>notes</t></si></sst>");
    let first = |bytes: &[u8]| {
        let (_folder, path) = file(bytes);
        open(&path).map(|table| table.headers)
    };
    assert_eq!(first(&written(WRITTEN_HEADER, &strings("1"))).unwrap(), ["notes"]);
    // Without a look at it first, the process ends here, and not only the test.
    let error = first(&written(WRITTEN_HEADER, &strings("100000000000000"))).unwrap_err();
    assert_eq!(error.code(), "workbook_damaged");
    let shared = "<row r=\"2\"><c r=\"A2\"><f t=\"shared\" ref=\"A2:A3\" si=\"100000000000000\">1+1</f>\
                  <v>2</v></c></row><row r=\"3\"><c r=\"A3\"><f t=\"shared\" si=\"7\"/><v>2</v></c></row>";
    let (_folder, path) = file(&written(&format!("{WRITTEN_HEADER}{shared}"), &strings("1")));
    let rows: Vec<_> = open(&path).unwrap().map(|row| row.unwrap().cells).collect();
    assert_eq!(rows, [["="], ["="]]);
}

#[test]
fn a_cell_that_no_spreadsheet_could_hold_ends_the_reading_of_a_workbook() {
    let strings = |n: usize| format!("<sst><si><t>{}</t></si></sst>", "x".repeat(n));
    let open = |n: usize| {
        let (_folder, path) = file(&written(WRITTEN_HEADER, &strings(n)));
        open(&path).map(|table| table.headers[0].len())
    };
    assert_eq!(open(40 << 10).unwrap(), 40 << 10);
    assert_eq!(open(200 << 10).unwrap_err().code(), "file_too_large");
}

#[test]
fn a_cell_far_to_the_right_makes_its_row_too_wide_and_nothing_more() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_string(0, 0, "registered_on").unwrap();
    sheet.write_string(1, 0, "2020-01-01").unwrap();
    sheet.write_string(1_048_575, 16_383, "x").unwrap();
    let imported = import("entente", &workbook.save_to_buffer().unwrap()).unwrap();
    let reason = CellReason::WrongNumberOfCells { expected: 1, found: 513 };
    assert_eq!(quarantined(&imported), [(1_048_576, "", reason)]);
}

#[test]
fn a_damaged_workbook_is_an_error_and_no_panic() {
    let good = workbook(&[&["registered_on"], &["2020-01-01"]]);
    for cut in [good.len() / 4, good.len() / 2, good.len() - 10] {
        assert_eq!(import("entente", &good[..cut]).unwrap_err().code(), "workbook_damaged");
    }
    for at in (30..good.len()).step_by(97) {
        let mut bad = good.clone();
        bad[at] ^= 0x55;
        // Some flips do no harm. None may do more than fail.
        let _ = import("entente", &bad);
    }
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let layout = Layout::built_in("entente").unwrap();
    let mut record = CaseRecord::new(RecordId([1; 16]), date(2020, 1, 2));
    for (field, text) in [
        (Field::NameFirst, "=1+1"),
        (Field::NameLast, "ʔəl’hən"),
        (Field::ContactPhone, "+1 604 555-0123"),
        (Field::Notes, "'@x\n;,\t\"é"),
        (Field::Exploitation, "sexual;forced_labour"),
    ] {
        record.set(field, text).unwrap();
    }
    let headers = layout.headers(Identifiers::Include);
    let row = layout.write(&record, None, Identifiers::Include);
    let mut csv = CsvOut::new(Vec::new(), &headers).unwrap();
    csv.row(&row).unwrap();
    let csv = csv.finish().unwrap();
    assert!(String::from_utf8(csv.clone()).unwrap().contains(",'=1+1,"));
    assert_eq!(records(import("entente", &csv).unwrap()), [record.clone()]);

    let headers: Vec<&str> = headers.iter().map(|header| &**header).collect();
    let row: Vec<&str> = row.iter().map(String::as_str).collect();
    let xlsx = workbook(&[&headers, &row]);
    assert_eq!(records(import("entente", &xlsx).unwrap()), [record]);
}

proptest! {
    #[test]
    fn no_bytes_whatever_make_reading_panic(
        mark in prop::sample::select(vec![&b""[..], b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"PK\x03\x04"]),
        bytes in prop::collection::vec(prop_oneof![3 => prop::sample::select(b"registered_on,;\t\n\"2020-01 \x00\xe9".to_vec()), 1 => any::<u8>()], 0..300),
    ) {
        let _ = import("entente", &[mark, &bytes].concat());
        let _ = import("entente", &[b"registered_on,gender,notes\n", bytes.as_slice()].concat());
    }
}

#[test]
fn the_real_ctdc_file_is_imported_whole_and_only_once() {
    let Some(folder) = std::env::var_os("ENTENTE_REAL_DATA") else {
        eprintln!("skipped: ENTENTE_REAL_DATA is not set");
        return;
    };
    let path = PathBuf::from(folder).join("ctdc/ctdc_global_2020.csv");
    let layout = Layout::built_in("ctdc-2017").unwrap();
    let mut known = BTreeSet::new();
    let (mut n_women, mut n_men) = (0, 0);
    let mut plan = Plan::default();
    for imported in Import::new(open(&path).unwrap(), &layout, &SECRET, TODAY).unwrap() {
        let imported = imported.unwrap();
        plan.count(&imported, |key| known.contains(key));
        if let Imported::Accepted { key, draft, .. } = imported {
            assert!(known.insert(key));
            let record = draft.into_record(RecordId([1; 16]));
            assert_eq!(record.quarter(), None);
            n_women += u32::from(record.gender_shared() == GenderShared::Woman);
            n_men += u32::from(record.gender_shared() == GenderShared::Man);
        }
    }
    assert_eq!(plan.reasons, std::collections::BTreeMap::new());
    assert_eq!((plan.n_rows, plan.n_new), (48_773, 48_773));
    assert_eq!((n_women, n_men), (35_506, 13_267));

    let mut plan = Plan::default();
    for imported in Import::new(open(&path).unwrap(), &layout, &SECRET, TODAY).unwrap() {
        plan.count(&imported.unwrap(), |key| known.contains(key));
    }
    assert_eq!((plan.n_new, plan.n_known), (0, 48_773));
}
