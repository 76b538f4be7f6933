//! Lists and tallies beside a walk through all records.

use entente_core::codes::{AgeBand, Code as _, Exploitation, Gender, Province};

use super::*;
use crate::node::index::{Tally, Wanted};

/// What somebody may ask for.
fn wanted() -> Vec<Wanted> {
    let none = Wanted::default;
    let forms = |codes: &[Exploitation]| codes.iter().copied().collect();
    vec![
        none(),
        Wanted { withdrawn: true, ..none() },
        Wanted { status: Some(Status::Actual), ..none() },
        Wanted { status: Some(Status::NotVictim), withdrawn: true, ..none() },
        Wanted { gender: Some(Gender::Woman), ..none() },
        Wanted { province: Province::parse("24").ok(), withdrawn: true, ..none() },
        Wanted { exploitation: forms(&[Exploitation::Sexual]), ..none() },
        Wanted { exploitation: forms(&[Exploitation::Sexual, Exploitation::Begging]), ..none() },
        Wanted { age: Some(AgeBand::Unknown), ..none() },
        Wanted { periods: vec!["2025".parse().unwrap()], ..none() },
        Wanted { periods: vec!["2025".parse().unwrap(), "2025-Q3".parse().unwrap()], ..none() },
    ]
}

/// Whether a case is meant, from the record itself.
fn is_meant(wanted: &Wanted, case: &Case) -> bool {
    let record = &case.record;
    let period = |it: &Period| record.period().is_some_and(|of| it.contains(of));
    (wanted.withdrawn || !case.withdrawn)
        && (wanted.status.is_none() || wanted.status == record.status)
        && (wanted.gender.is_none() || wanted.gender == record.gender)
        && wanted.age.is_none_or(|age| age == record.age_band())
        && (wanted.province.is_none() || wanted.province == record.province())
        && wanted.exploitation.iter().all(|form| record.exploitation.contains(form))
        && wanted.periods.iter().all(period)
        && wanted.ending.is_none_or(|(today, then)| {
            let ends = |it: &Consent| {
                it.is_current(today) && it.valid_until.is_some_and(|last| last < then)
            };
            case.consents.iter().any(ends)
        })
}

/// Whatever is asked for, memory and the records say the same, page by page.
#[track_caller]
pub(super) fn check(both: &Both, cases: &[Case]) {
    let today = both.node.today();
    let n = |is_so: &dyn Fn(&Case) -> bool| cases.iter().filter(|it| is_so(it)).count() as u64;
    let consented = |case: &Case| case.consents.iter().any(|it| it.is_current(today));
    let tally = Tally {
        own: n(&|case| !case.withdrawn),
        with_consent: n(&|case| !case.withdrawn && consented(case)),
        withdrawn: n(&|case| case.withdrawn),
    };
    assert_eq!(both.node.tally(), tally);
    let then = today.saturating_add(jiff::Span::new().days(4));
    let ends =
        |it: &&Consent| it.is_current(today) && it.valid_until.is_some_and(|last| last < then);
    let own = cases.iter().filter(|case| !case.withdrawn);
    let n_ending: usize = own.map(|case| case.consents.iter().filter(ends).count()).sum();
    let counted = unpoisoned(both.node.cases.read()).consents_ending(today, then);
    assert_eq!(counted, n_ending as u64);
    let ending = Wanted { ending: Some((today, then)), ..Wanted::default() };
    for wanted in wanted().into_iter().chain([ending]) {
        let meant = |case: &Case| is_meant(&wanted, case);
        let mut expected: Vec<_> = cases.iter().filter(|it| meant(it)).collect();
        expected.sort_by_key(|case| std::cmp::Reverse(case.record.id));
        let (mut listed, mut before) = (Vec::new(), None);
        loop {
            let page = both.node.newest_cases(&wanted, |_| true, before, 3).unwrap();
            assert_eq!(page.total, expected.len() as u64, "{wanted:?}");
            listed.extend(page.cases.iter().map(|case| case.record.id));
            before = listed.last().copied();
            assert_eq!(page.is_more, listed.len() < expected.len(), "{wanted:?}");
            if !page.is_more {
                break;
            }
        }
        let expected: Vec<_> = expected.iter().map(|case| case.record.id).collect();
        assert_eq!(listed, expected, "{wanted:?}");
    }
}

#[test]
fn what_is_not_on_the_disk_yet_is_neither_shown_nor_counted() {
    let both = Both::new();
    for nth in 0..3 {
        both.run(&super::Op::Add { nth, fields: Vec::new(), consents: Vec::new() });
    }
    let mut ahead = both.cases().remove(0);
    ahead.record.id = RecordId([0xff; 16]);
    unpoisoned(both.node.cases.write()).put(&ahead, &ours());
    let page = both.node.newest_cases(&Wanted::default(), |_| true, None, 2).unwrap();
    assert_eq!((page.total, page.cases.len(), page.is_more), (3, 2, true));
    assert!(page.cases.iter().all(|case| case.record.id != ahead.record.id));
}

#[test]
fn what_is_not_meant_any_more_on_the_disk_is_neither_shown_nor_counted() {
    let both = Both::new();
    for nth in 0..3 {
        both.run(&super::Op::Add { nth, fields: Vec::new(), consents: Vec::new() });
    }
    // Memory is behind the disk by what became durable between the two looks.
    let mut behind = both.cases().remove(0);
    behind.record.status = Some(Status::NotVictim);
    unpoisoned(both.node.cases.write()).put(&behind, &ours());
    let wanted = Wanted { status: Some(Status::NotVictim), ..Wanted::default() };
    let is_meant = |case: &Case| case.record.status == Some(Status::NotVictim);
    let page = both.node.newest_cases(&wanted, is_meant, None, 2).unwrap();
    assert_eq!((page.total, page.cases.len(), page.is_more), (0, 0, false));
}
