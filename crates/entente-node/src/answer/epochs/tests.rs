use std::collections::HashMap;
use std::ops::ControlFlow;

use entente_core::agreement::Element;
use entente_core::codes::Province;
use entente_core::lang::Lang;
use entente_core::record::Field;
use entente_core::statement::Statement;
use entente_core::synthetic;
use jiff::civil::date;

use super::*;
use crate::answer::records::fixture::{
    actor, agree, case, desk, keep, pair, pull, staff, steps, two,
};

fn close_of(desk: &Desk, epoch: &str) -> EpochTold {
    let ask = EpochCloseAsk { epoch: epoch.to_owned(), partner: None };
    close(desk, &staff(), ask, &steps()).unwrap()
}

#[test]
fn what_is_released_looks_like_k_others_by_an_independent_count() {
    let (province, centre) = two();
    let profile = synthetic::Profile::office(Province::Ontario);
    let (first, last) = (date(2025, 10, 1), date(2026, 9, 30));
    keep(&province, synthetic::generate(7, &profile, 1_500, first, last));
    let told = close_of(&province, "2026-Q3");
    let outcome = &told.partners[0];
    assert!(outcome.released > 500 && outcome.refused > 100, "{outcome:?}");
    assert_eq!(outcome.considered, 1_500);
    assert_eq!(outcome.by_rung.iter().map(|it| it.released).sum::<u64>(), outcome.released);
    assert!(outcome.smallest_group.unwrap() >= 11);
    assert!(outcome.highest_risk_per_mille.unwrap() <= 91);

    // The recount knows nothing of classes or rungs: what a reader of the feed sees, field by
    // field, and among how many it stands.
    assert_eq!(pull(&centre, &province).n_held, outcome.released);
    let mut groups: HashMap<Vec<Option<String>>, u64> = HashMap::new();
    let counted = |element: &Element| {
        ["period", "place", "gender", "age", "citizenship"].contains(&element.name())
    };
    let issuer = province.node.id();
    centre
        .node
        .held_statements(&issuer, &mut |leaf| {
            let Statement::Summary(summary) = &leaf.statement else { panic!("not a summary") };
            let seen = Element::all().filter(counted).map(|it| summary.shown(it, Lang::En));
            *groups.entry(seen.collect()).or_default() += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(groups.values().sum::<u64>(), outcome.released);
    assert!(groups.values().all(|n| *n >= 11), "{groups:?}");
}

#[test]
fn a_case_that_waits_for_its_close_is_counted_as_the_close_will_count_it() {
    use crate::answer::agreements::explain;
    let (province, _centre) = two();
    let record = case(&province, &[]).to_string();
    let of = |group: bool| {
        let partner = "Organization 1".to_owned();
        let ask = AgreementExplainAsk { record: record.clone(), partner, group };
        explain(&province, &staff(), ask, &steps()).unwrap()
    };
    let told = of(true);
    assert_eq!((told.decision, told.min_group), (Decision::Wait, 11));
    assert_eq!((told.group_size, told.rung), (Some(1), None), "nobody else looks the same");
    for _ in 0..10 {
        case(&province, &[]);
    }
    let told = of(true);
    assert_eq!((told.decision, told.group_size), (Decision::Wait, Some(11)));
    let rung = told.rung;
    assert_eq!((of(false).group_size, of(false).rung), (None, None));

    let closed = close_of(&province, "2026-Q3").partners.remove(0);
    assert_eq!(closed.smallest_group, Some(11));
    let on = closed.by_rung.iter().find(|it| it.released == 11).map(|it| it.rung);
    assert_eq!(on, rung);
    let told = of(true);
    assert_eq!((told.decision, told.group_size), (Decision::Refuse, None), "it went out");
}

#[test]
fn after_every_change_groups_are_those_that_a_close_would_find() {
    use crate::answer::agreements::{resume, suspend};
    let (province, centre) = two();
    let profile = synthetic::Profile::office(Province::Ontario);
    let (first_day, last) = (date(2026, 4, 1), date(2026, 9, 30));
    keep(&province, synthetic::generate(7, &profile, 400, first_day, last));
    let node = &province.node;
    let epoch = "2026-Q3".parse().unwrap();
    let ids = || {
        let mut ids = Vec::new();
        node.each_case(&mut |case| {
            ids.push(case.record.id);
            ControlFlow::Continue(())
        })
        .unwrap();
        ids
    };
    let group_of = |id: &_| node.group_now(id, epoch, &centre.node.id()).unwrap();
    // On each rung, and those that wait.
    let looked = || {
        let mut found = (vec![0; 9], 0);
        for id in ids() {
            let Some(group) = group_of(&id) else { continue };
            match group.rung {
                Some(rung) => found.0[usize::from(rung.number())] += 1,
                None => found.1 += 1,
            }
        }
        found
    };
    let close = |commit| node.close_epoch(&actor(), epoch, &centre.node.id(), commit).unwrap();
    let same = |before: &(Vec<u64>, u64)| {
        let (found, report) = (looked(), close(false));
        let used = |all: &[u64]| all.iter().copied().filter(|n| *n > 0).collect::<Vec<_>>();
        assert_eq!((used(&found.0), found.1), (used(&report.by_rung), report.n_waiting));
        assert_ne!(found, *before);
        found
    };
    let first = same(&(Vec::new(), 0));
    assert!(first.0.iter().sum::<u64>() > 100 && first.1 > 0, "{first:?}");
    keep(&province, synthetic::generate(8, &profile, 40, first_day, last));
    let added = same(&first);
    let standing: Vec<_> = ids().into_iter().filter(|id| group_of(id).is_some()).collect();
    for id in &standing[..30] {
        node.edit_record(actor(), id, |case| {
            case.consents.clear();
            Ok(())
        })
        .unwrap();
    }
    let fewer = same(&added);
    // What changed while the agreement was suspended was not sorted for it, whoever else was asked about.
    let other = desk(3);
    pair(&province, &other);
    agree(&province, &other, &[]);
    let kept = node.agreements().unwrap().into_iter().find(|it| it.partner == centre.node.id());
    let agreement = kept.unwrap().agreement.id.to_string();
    let ask = AgreementSuspendAsk { agreement: agreement.clone(), reason: None, dry_run: false };
    suspend(&province, &staff(), ask, &steps()).unwrap();
    keep(&province, synthetic::generate(9, &profile, 40, first_day, last));
    node.group_now(&standing[50], epoch, &other.node.id()).unwrap();
    resume(&province, &staff(), AgreementResumeAsk { agreement }, &steps()).unwrap();
    let resumed = same(&fewer);
    node.link_records(&actor(), &standing[40], &standing[41]).unwrap();
    close(true);
    let after = same(&resumed);
    assert_eq!(after.0.iter().sum::<u64>(), 0, "they went out");
}

#[test]
fn what_would_go_out_stands_beside_the_record_and_is_what_then_goes_out() {
    use crate::answer::agreements::explain;
    use crate::answer::audit::disclosures;
    let (province, _centre) = two();
    let also = [(Field::NameLast, "Exemple"), (Field::Birthdate, "1999-01-31")];
    let record = case(&province, &also).to_string();
    for _ in 0..14 {
        case(&province, &[]);
    }
    let ask = AgreementExplainAsk {
        record: record.clone(),
        partner: "Organization 1".to_owned(),
        group: true,
    };
    let told = explain(&province, &staff(), ask, &steps()).unwrap();
    assert!(!serde_json::to_string(&told).unwrap().contains("Exemple"));
    let of = |name: &str| told.fields.iter().find(|it| it.ours.field == name).unwrap();
    let period = of("period");
    assert_eq!((period.fate, period.from[0].field.as_str()), (Fate::Generalized, "registered_on"));
    let age = of("age");
    assert!(age.from.iter().any(|it| it.field == "birthdate" && it.masked));
    assert_ne!(age.fate, Fate::Kept, "a date of birth is more than a group");
    let name = of("name_last");
    assert!(name.ours.masked && name.from.is_empty() && name.theirs.is_none());
    assert_eq!((name.fate, name.clause.as_deref()), (Fate::Removed, None));
    for fate in told.fields.iter().filter(|it| it.fate == Fate::Kept && !it.from.is_empty()) {
        assert_eq!(fate.from[0].values, fate.theirs.as_ref().unwrap().values);
    }

    // The close sends what was shown, field by field.
    close_of(&province, "2026-Q3");
    let ask = AuditDisclosuresAsk { record };
    let account = disclosures(&province, &staff(), ask, &steps()).unwrap();
    let shown: Vec<_> = told.fields.iter().filter_map(|it| it.theirs.clone()).collect();
    let sent = &account.disclosures[0].fields;
    assert!(sent.len() >= 4);
    for field in sent {
        assert!(shown.contains(field), "{}", field.field);
    }
    assert_eq!(shown.len(), sent.len());
}

#[test]
fn a_preview_says_what_the_close_would_do_and_does_nothing() {
    let (province, centre) = two();
    for _ in 0..12 {
        case(&province, &[]);
    }
    let ask = EpochPreviewAsk { epoch: "2026-Q3".to_owned(), partner: None };
    let would = preview(&province, &staff(), ask, &steps()).unwrap();
    assert!(!would.done && would.partners[0].released == 12);
    assert_eq!(pull(&centre, &province).n_held, 0);
    let listed = list(&province, &staff(), EpochListAsk {}, &steps()).unwrap();
    assert_eq!((listed.open.as_str(), listed.closed.len()), ("2026-Q4", 0));

    assert_eq!(close_of(&province, "2026-Q3").partners, would.partners);
    let again = close_of(&province, "2026-Q3");
    assert_eq!((again.partners[0].released, again.partners[0].already_shared), (0, 12));
    let listed = list(&province, &staff(), EpochListAsk {}, &steps()).unwrap();
    assert_eq!(listed.closed.len(), 1);
}

#[test]
fn a_partner_without_an_agreement_is_listed_and_holds_up_nobody() {
    let (province, centre, stranger) = (desk(2), desk(1), desk(3));
    pair(&province, &stranger);
    pair(&province, &centre);
    agree(&province, &centre, &[]);
    for _ in 0..11 {
        case(&province, &[]);
    }
    let told = close_of(&province, "2026-Q3");
    let reason =
        |outcome: &EpochOutcome| outcome.by_reason.first().map(|it| it.reason.code.clone());
    let summary: Vec<_> = told.partners.iter().map(|it| (it.released, reason(it))).collect();
    assert_eq!(summary, [(11, None), (0, Some("no_agreement".to_owned()))]);
}

#[test]
fn a_period_that_is_open_or_no_period_is_refused() {
    let (province, _) = two();
    for (epoch, code) in [("2026-Q4", "ENT-1501"), ("2026-Q5", "ENT-1502"), ("", "ENT-1502")] {
        let ask = EpochCloseAsk { epoch: epoch.to_owned(), partner: None };
        assert_eq!(close(&province, &staff(), ask, &steps()).unwrap_err().code, code);
    }
}
