use std::collections::BTreeSet;

use entente_core::record::Field;

use super::*;
use crate::answer::records::fixture::{actor, agree, case, desk, map, pair, staff, steps, two};

fn own(desk: &Desk, by: &[&str], filter: &[(&str, &str)]) -> CountTold {
    let by = by.iter().map(|name| (*name).to_owned()).collect();
    let ask = CountOwnAsk { by, filter: map(filter), periods: Vec::new() };
    count_own(desk, &staff(), ask, &steps()).unwrap()
}

fn value(told: &CountTold, key: &[(&str, &str)]) -> Option<u64> {
    told.cells.iter().find(|cell| cell.key == map(key)).unwrap().value
}

#[test]
fn own_counts_are_exact_in_every_cell_and_in_the_total() {
    let desk = desk(2);
    for _ in 0..3 {
        case(&desk, &[]);
    }
    case(&desk, &[(Field::RegisteredOn, "2025-02-01"), (Field::ProvinceOfExploitation, "35")]);
    case(&desk, &[(Field::Status, "not_victim")]);

    let told = own(&desk, &["province", "quarter"], &[]);
    assert_eq!(told.total.value, Some(4));
    assert_eq!(value(&told, &[("province", "46"), ("quarter", "2026-Q3")]), Some(3));
    assert_eq!(value(&told, &[("province", "35"), ("quarter", "2025-Q1")]), Some(1));
    assert_eq!(value(&told, &[("province", "35"), ("quarter", "2026-Q3")]), Some(0));
    // The order of the columns is the order of the rows.
    let provinces: Vec<_> = told.cells.iter().map(|cell| &cell.key["province"]).collect();
    assert!(provinces.chunk_by(|a, b| a == b).count() == 14);

    assert_eq!(value(&own(&desk, &[], &[]), &[]), Some(4));
    assert_eq!(value(&own(&desk, &["year"], &[]), &[("year", "2026")]), Some(3));
    assert_eq!(own(&desk, &["age"], &[("year", "2025")]).total.value, Some(1));
    assert_eq!(own(&desk, &[], &[("province", "35")]).total.value, Some(1));
}

#[test]
fn without_a_case_our_own_total_is_zero_and_hidden_from_nobody() {
    let told = own(&desk(2), &["gender"], &[]);
    assert_eq!((told.total.value, told.total.flag.as_str()), (Some(0), "ok"));
    assert!(told.cells.is_empty() && told.periods.is_empty());
}

#[test]
fn a_question_that_makes_no_sense_is_refused() {
    let desk = desk(2);
    case(&desk, &[]);
    let ask = |by: &[&str], periods: &[&str]| CountOwnAsk {
        by: by.iter().map(|it| (*it).to_owned()).collect(),
        filter: map(&[]),
        periods: periods.iter().map(|it| (*it).to_owned()).collect(),
    };
    for (ask, code) in [
        (ask(&["colour"], &[]), "ENT-1601"),
        (ask(&["gender", "gender"], &[]), "ENT-1601"),
        (ask(&["gender"], &["2026", "2026-Q3"]), "ENT-1601"),
        (ask(&["gender"], &["soon"]), "ENT-1502"),
    ] {
        assert_eq!(count_own(&desk, &staff(), ask, &steps()).unwrap_err().code, code);
    }
}

/// Puts a question to a partner without a network, and sums up its answer.
fn asked(centre: &Desk, partners: &[&Desk], by: &[&str], filter: &[(&str, &str)]) -> CountTold {
    let ask = CountAsk {
        by: by.iter().map(|it| (*it).to_owned()).collect(),
        filter: map(filter),
        periods: vec!["2026-Q3".to_owned()],
        partners: Vec::new(),
    };
    let Prepared { reading, frame, mut voices, questions } =
        prepare(&centre.node, &staff(), &ask).unwrap();
    for desk in partners {
        let theirs = &desk.node;
        let (id, question) = questions.iter().find(|(id, _)| *id == theirs.id()).unwrap();
        let answer = theirs.answer_count(&centre.node.id(), question).unwrap();
        let reply = centre.node.read_count_answer(id, question, &answer).unwrap();
        voices.push(Voice { partner: *id, reply, answer: Some([7; 32]) });
    }
    summed(&centre.node, reading, frame, voices).unwrap()
}

#[test]
fn a_small_count_is_hidden_with_another_and_stays_hidden_from_any_question() {
    let (province, centre) = two();
    for _ in 0..20 {
        case(&province, &[]);
        case(&province, &[(Field::Gender, "man")]);
    }
    for _ in 0..2 {
        case(&province, &[(Field::Exploitation, "sexual")]);
    }
    let forms = asked(&centre, &[&province], &["exploitation"], &[]);
    assert_eq!(forms.notice, Notice::Controlled);
    assert_eq!(forms.total.value, Some(42));
    let hidden: Vec<_> = forms.cells.iter().filter(|cell| cell.value.is_none()).collect();
    assert_eq!(value(&forms, &[("exploitation", "sexual")]), None);
    assert!(hidden.len() >= 2, "{hidden:?}");
    assert!(hidden.iter().all(|cell| cell.at_least == Some(0) && cell.flag != "ok"));

    // Filtered, nested, and again: never a number where there was none.
    let again = asked(&centre, &[&province], &["exploitation"], &[]);
    assert_eq!(again.cells, forms.cells);
    let filtered = asked(&centre, &[&province], &[], &[("exploitation", "sexual")]);
    assert_eq!(filtered.total.value, None);
    let nested = asked(&centre, &[&province], &["gender", "exploitation"], &[]);
    for cell in &nested.cells {
        let outer = [("exploitation", cell.key["exploitation"].as_str())];
        if let (None, Some(n)) = (value(&forms, &outer), cell.value) {
            assert!(n == 0 || n >= 5);
        }
    }
    let (women, men) = (
        asked(&centre, &[&province], &["exploitation"], &[("gender", "woman")]),
        asked(&centre, &[&province], &["exploitation"], &[("gender", "man")]),
    );
    assert_eq!(value(&women, &[("exploitation", "sexual")]), None);
    let known = |told: &CountTold| -> BTreeSet<_> {
        let shown = told.cells.iter().filter(|cell| cell.value.is_some());
        shown.map(|cell| cell.key.clone()).collect()
    };
    // Where the margin is hidden, not all of its parts are shown.
    let unknown_margin = hidden.iter().map(|cell| &cell.key);
    for key in unknown_margin {
        assert!(!(known(&women).contains(key) && known(&men).contains(key)) || key.is_empty());
    }
}

#[test]
fn the_sum_over_partners_says_who_is_in_it_and_why_others_are_not() {
    let (centre, one, other) = (desk(1), desk(2), desk(3));
    pair(&one, &centre);
    agree(&one, &centre, &[]);
    pair(&other, &centre);
    let draft = include_str!("../../../../../config/agreements/province-federal.toml");
    let granted = draft.lines().find(|line| line.starts_with("dimensions = ")).unwrap();
    let no_genders = (granted, "dimensions = [\"province\"]");
    agree(&other, &centre, &[no_genders]);
    for _ in 0..9 {
        case(&one, &[]);
        case(&other, &[]);
    }
    let both = asked(&centre, &[&one, &other], &["province"], &[]);
    assert_eq!(value(&both, &[("province", "46")]), Some(18));
    assert_eq!((both.coverage.answered, both.coverage.refused), (2, 0));

    let genders = asked(&centre, &[&one, &other], &["gender"], &[]);
    assert_eq!((genders.coverage.answered, genders.coverage.refused), (1, 1));
    let refused = &genders.coverage.partners[1];
    assert_eq!(refused.outcome, CountOutcome::Refused);
    assert_eq!(refused.reasons[0].code, "dimension_not_granted");
    assert!(refused.reasons[0].clause.is_some() && refused.reasons[0].text.fr.contains("accordés"));
    assert_eq!((genders.total.value, genders.total.flag.as_str()), (Some(9), "partial"));
}

#[tokio::test]
async fn a_partner_that_cannot_be_asked_is_counted_as_that() {
    let (province, centre) = two();
    case(&province, &[]);
    let changed = entente_core::audit::Action::PartnerConnected;
    let without = |row: &mut PartnerRow| row.address.clear();
    centre.node.change_partner(actor(), &province.node.id(), changed, without).unwrap();
    let ask = CountAsk {
        by: vec!["province".to_owned()],
        filter: map(&[]),
        periods: Vec::new(),
        partners: Vec::new(),
    };
    let told = count(Arc::clone(&centre), staff(), ask, steps()).await.unwrap();
    assert_eq!((told.coverage.answered, told.coverage.unreachable), (0, 1));
    assert_eq!(told.periods.len(), 8);
    assert_eq!(told.periods.last().map(String::as_str), Some("2026-Q3"));
    assert_eq!((told.total.value, told.total.at_least), (None, Some(0)));
    let ask = CountAsk {
        by: Vec::new(),
        filter: map(&[]),
        periods: vec!["2026-Q4".to_owned()],
        partners: Vec::new(),
    };
    assert_eq!(count(centre, staff(), ask, steps()).await.unwrap_err().code, "ENT-1603");
}
