use entente_core::codes::OrgType;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgKey;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::national::{Heard, ReturnTable, definitions, releases_of};
use entente_core::statistics::plan::{Plan, PlanId, Roles};
use entente_core::statistics::release::{Contribution, Receipt};

use super::forms::{csv, sdmx};
use super::*;

fn key(seed: u8) -> OrgKey {
    OrgKey::from_seed(&[seed; 32])
}

/// A return of the shipped plan to which one organization gave 20 in every cell.
fn national() -> NationalReturn {
    national_of(&[2])
}

/// The same of several organizations.
fn national_of(seeds: &[u8]) -> NationalReturn {
    let roles = Roles {
        queriers: [(key(1).id(), OrgType::Federal)].into(),
        contributors: seeds.iter().map(|seed| (key(*seed).id(), OrgType::Ngo)).collect(),
        aggregators: None,
    };
    let draft = include_str!("../../../../config/plans/canada-v1.toml");
    let plan = Plan::from_toml(draft, Some(roles)).unwrap();
    let plan_bytes = entente_proto::encode_plan(&plan);
    let period = "2025".parse().unwrap();
    let made_on = jiff::civil::date(2026, 11, 28);
    let releases = releases_of(&plan, PlanId::of(&plan_bytes), period, made_on);
    let tables = releases.into_iter().map(|release| {
        let cube = plan.cube_at(release.cube).unwrap();
        let number = u64::from(release.cube) + 1;
        let answer = Answer::Given(Contribution {
            release,
            drawn_at_s: 1_795_348_800,
            sigma: cube.sigma(0).unwrap(),
            cost: cube.cost,
            receipt: Receipt { number, year_spent: NanoRho(1 << 20), spent: NanoRho(1 << 30) },
            cells: vec![20; cube.n_cells()],
        });
        let payload = entente_proto::encode_release_answer(&answer);
        let voice = |seed: &u8| {
            let sealed = Envelope::seal(payload_type::RELEASE_ANSWER, payload.clone(), &key(*seed));
            let heard = Heard { envelope: sealed.unwrap(), answer: answer.clone() };
            (key(*seed).id(), Some(heard))
        };
        let mut voices: Vec<_> = seeds.iter().map(voice).collect();
        voices.sort_by_key(|(org, _)| *org);
        ReturnTable::of(&plan, release, voices, None).unwrap()
    });
    let tables = tables.collect();
    let signature = |seed| {
        let sealed = Envelope::seal(payload_type::PLAN, plan_bytes.clone(), &key(seed));
        sealed.unwrap().signatures[0]
    };
    let mut signatures: Vec<_> = [1].iter().chain(seeds).map(|seed| signature(*seed)).collect();
    signatures.sort_by_key(|(org, _)| *org);
    let definitions = definitions(&plan);
    NationalReturn { plan, plan_bytes, signatures, period, made_on, definitions, tables }
}

#[test]
fn the_example_is_an_honest_return() {
    assert_eq!(national().faults(&key(1).id()), []);
}

#[test]
fn every_line_of_the_tables_has_a_value_for_every_column() {
    let national = national();
    for (text, n_rows) in [(csv(&national), 14 + 35 + 72 + 161 + 154 + 5), (sdmx(&national), 45)] {
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), n_rows + 1);
        let n = lines[0].split(',').count();
        assert!(lines.iter().all(|line| line.split(',').count() == n), "{text}");
    }
}

#[test]
fn a_cell_has_its_symbol_interval_and_floor() {
    let national = national();
    let csv = csv(&national);
    assert!(csv.contains(
        "canada,1,persons,programme,province,cases,2025,0,province,35,,,,,20,,10,30,15,10,1,0,0,,461,652\r\n"
    ));
    let sdmx = sdmx(&national);
    let line = "IAEG-SDGs:DF_SDG_GLH(1.12),A,N,VC_HTF_DETVSX,124,F,Y0T17,\
                _T,_T,_T,_T,_T,_T,_T,_T,_T,2025,20,NUMBER,0,A,,10,30,15,461,652,10\r\n";
    assert!(sdmx.contains(line), "{sdmx}");
}

#[test]
fn every_form_says_how_large_the_error_is_and_what_it_would_be_in_a_secure_sum() {
    let national = national_of(&[2, 3, 4, 5]);
    let verdict = verdict(&national, key(1).id(), None);
    assert!(verdict.is_right(), "{:?}", verdict.faults);
    let told = document(&national, &verdict);
    let table = &told["tables"][0];
    assert_eq!(table["error_hundredths"], 922);
    assert_eq!(table["secure_sum_error_hundredths"], 652);
    // A cell, and the sum of 14.
    let csv = csv(&national);
    assert!(csv.contains(",province,35,") && csv.contains(",4,0,0,,922,652\r\n"), "{csv}");
    assert!(csv.contains(",4,0,0,,3450,2439\r\n"), "{csv}");
    assert!(sdmx(&national).contains(",922,652,"));
    let bytes = workbook(&national, &verdict, Lang::En).unwrap();
    let method = sheet(bytes, "Method");
    assert!(method.contains("province, 2025: ±9.22; in a secure sum ±6.52"), "{method}");
    let bytes = workbook(&national, &verdict, Lang::Fr).unwrap();
    let method = sheet(bytes, "Méthode");
    assert!(method.contains("province, 2025\u{a0}: ±9,22; dans une somme sécurisée ±6,52"));
}

/// All texts of a sheet.
fn sheet(bytes: Vec<u8>, name: &str) -> String {
    use calamine::{Reader as _, Xlsx};
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range(name).unwrap();
    range.used_cells().map(|(_, _, cell)| format!("{cell}\n")).collect()
}

#[test]
fn every_figure_that_is_shown_has_a_lower_bound_in_every_form() {
    // Four of 20 each with noise of 4.61: the largest of four noises is below 2.49 of them.
    let national = national_of(&[2, 3, 4, 5]);
    let (verdict, csv, sdmx) =
        (verdict(&national, key(1).id(), None), csv(&national), sdmx(&national));
    let told = document(&national, &verdict);
    assert_eq!(told["tables"][0]["cells"][0]["largest"], 8);
    // Each has 280 in all, with noise of 17.25.
    assert_eq!(told["tables"][0]["total"]["largest"], 236);
    assert!(csv.contains(",2025,0,province,35,,,,,80,,61,99,25,8,4,0,0,,922,652\r\n"), "{csv}");
    assert!(csv.contains(",236,4,0,0,,3450,2439\r\n"), "{csv}");
    assert!(sdmx.contains(",VC_HTF_DETV,124,_T,_T,") && sdmx.contains(",3450,2439,236\r\n"));
    let with_figures = sdmx.lines().skip(1).filter(|line| !line.contains(",x,"));
    assert!(with_figures.clone().count() > 0);
    for line in with_figures {
        assert!(!line.ends_with(','), "{line}");
    }
}

#[test]
fn a_table_says_what_it_counts_and_no_referral_is_a_detected_victim() {
    let national = national();
    let csv = csv(&national);
    assert!(csv.contains(",referral-needs,referrals,2025,0,need,emergency_housing,waiting,1h,"));
    let victims: Vec<_> = sdmx(&national).lines().map(str::to_owned).collect();
    let of_cases = NationalReturn {
        tables: national.tables.iter().take(3).cloned().collect(),
        ..national.clone()
    };
    assert_eq!(sdmx(&of_cases).lines().collect::<Vec<_>>(), victims);
    let only_referrals = NationalReturn {
        tables: national.tables.iter().skip(3).cloned().collect(),
        ..national.clone()
    };
    assert_eq!(sdmx(&only_referrals).lines().count(), 1);
}

#[test]
fn what_is_below_the_floor_or_not_there_has_no_value_in_any_form() {
    let mut national = national();
    national.plan.safeguards.floor = Some(1_000);
    let remade = |table: &ReturnTable| {
        ReturnTable::of(&national.plan, table.release, table.voices.clone(), None).unwrap()
    };
    national.tables = national.tables.iter().map(remade).collect();
    assert!(csv(&national).contains(",province,35,,,,,,x,10,30,1000,,1,0,0,,461,652\r\n"));
    assert!(sdmx(&national).contains(",F,Y0T17,_T,_T,_T,_T,_T,_T,_T,_T,_T,2025,,NUMBER,0,Q,x,"));
    let silent = |table: &ReturnTable| {
        let voices = vec![(key(2).id(), None)];
        ReturnTable::of(&national.plan, table.release, voices, None).unwrap()
    };
    national.tables = national.tables.iter().map(silent).collect();
    assert!(csv(&national).contains(",province,35,,,,,,..,0,0,0,,0,0,1,,,652\r\n"));
    assert!(sdmx(&national).contains("2025,,NUMBER,0,O,..,0,0,0,,652,\r\n"));
}

#[test]
fn a_workbook_has_numbers_as_numbers_and_texts_as_texts() {
    use calamine::{Data, Reader as _, Xlsx};
    let mut national = national();
    national.plan.title = Text::new("=1+1", "=HYPERLINK(\"x\")");
    let verdict = verdict(&national, key(1).id(), None);
    let bytes = workbook(&national, &verdict, Lang::Fr).unwrap();
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(book.sheet_names(), ["Chiffres", "Méthode"]);
    let figures = book.worksheet_range("Chiffres").unwrap();
    let cell = |row, column| figures.get_value((row, column)).cloned().unwrap_or(Data::Empty);
    assert_eq!(cell(0, 7), Data::String("Personnes".to_owned()));
    assert_eq!(cell(1, 7), Data::Float(20.0));
    assert_eq!((cell(1, 9), cell(1, 10)), (Data::Float(10.0), Data::Float(30.0)));
    assert!(matches!(cell(1, 4), Data::String(_)) && cell(1, 5) == Data::Empty);
    let method = book.worksheet_range("Méthode").unwrap();
    let title = method.get_value((0, 1)).cloned();
    assert_eq!(title, Some(Data::String("=HYPERLINK(\"x\")".to_owned())));
    let symbols = (0..20).filter_map(|row| method.get_value((row, 0)));
    assert!(
        symbols
            .filter(|it| [Data::String("x".to_owned()), Data::String("..".to_owned())].contains(it))
            .count()
            == 2
    );
}
