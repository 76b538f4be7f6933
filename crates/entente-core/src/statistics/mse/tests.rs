//! Whole estimates, of tables made here. The published tables, and another implementation, are in
//! `tests/tests/mse.rs`.

use proptest::prelude::*;

use super::*;

fn table(names: &str, rows: &[(&str, u64)]) -> OverlapTable {
    let rows = rows.iter().map(|(pattern, n)| (pattern.chars().map(|c| c == '1').collect(), *n));
    OverlapTable::new(names.chars().map(String::from).collect(), rows).unwrap()
}

fn estimated(table: &OverlapTable) -> Result<Estimate, NoEstimate> {
    estimate(table, MIN_REPLICATIONS, 1)
}

fn codes(estimate: &Estimate) -> Vec<&str> {
    estimate.caveats.iter().map(Caveat::code).collect()
}

/// A table of the counts that are expected of `n` persons, list by list independent but for one
/// pair, whose overlap is `factor` times what independence gives.
fn expected_table(n: f64, shares: &[f64], pair: (usize, usize), factor: f64) -> OverlapTable {
    let patterns = (1..1_u32 << shares.len()).map(|bits| {
        let on = |at: usize| bits >> at & 1 == 1;
        let weight: f64 = shares
            .iter()
            .enumerate()
            .map(|(at, s)| if on(at) { s / (1.0 - s) } else { 1.0 })
            .product();
        let weight = if on(pair.0) && on(pair.1) { weight * factor } else { weight };
        let pattern: Vec<bool> = (0..shares.len()).map(on).collect();
        (pattern, interval::whole(n * weight))
    });
    let names = ["A", "B", "C", "D", "E", "F"].iter().take(shares.len());
    OverlapTable::new(names.map(|name| (*name).to_owned()).collect(), patterns).unwrap()
}

#[test]
fn an_interaction_that_is_there_is_found_and_the_unseen_are_counted() {
    // 3,000 unseen; the first two lists refer persons to each other.
    let table = expected_table(3_000.0, &[0.2, 0.15, 0.1, 0.25], (0, 1), 3.0);
    let found = estimated(&table).unwrap();
    assert!(found.model.names(&table).contains(&"A:B".to_owned()), "{:?}", found.model);
    let unseen = found.n_persons - found.n_observed as f64;
    assert!((unseen / 3_000.0 - 1.0).abs() < 0.01, "{unseen}");
    assert!(found.profile.contains(found.n_persons) && found.bootstrap.contains(found.n_persons));
    // Without the interaction, referral looks like reach, and the estimate is far too low.
    assert!(!found.profile.contains(found.n_observed as f64 + 2_400.0));
}

#[test]
fn what_must_be_said_is_said() {
    let table = table("ABC", &[("100", 40), ("010", 30), ("001", 20), ("110", 6)]);
    let found = estimated(&table).unwrap();
    let said = codes(&found);
    let always = ["missed_links", "dependent_lists", "unequal_chances", "disputed_method"];
    assert_eq!(said[..4], always);
    for code in ["few_on_several", "sparse_overlaps", "undetermined_models"] {
        assert!(said.contains(&code), "{code} in {said:?}");
    }
    assert!(!said.contains(&"noisy_counts"));
    let noisy = estimated(&table.with_noise()).unwrap();
    assert_eq!(codes(&noisy).last(), Some(&"noisy_counts"));
}

#[test]
fn two_lists_say_that_they_are_two() {
    let found = estimated(&table("AB", &[("10", 400), ("01", 300), ("11", 60)])).unwrap();
    assert!((found.n_persons - 2_760.0).abs() < 1e-6);
    assert!(codes(&found).contains(&"two_lists"));
    assert!(!codes(&found).contains(&"nothing_left_to_check"), "that is all two lists can give");
}

#[test]
fn lists_without_an_overlap_and_a_list_within_another_are_refused_with_the_reason() {
    let apart = table("ABC", &[("100", 40), ("010", 30), ("001", 20)]);
    assert_eq!(estimated(&apart).unwrap_err(), NoEstimate::NoOverlap);
    let within = table("AB", &[("10", 40), ("11", 6)]);
    assert_eq!(estimated(&within).unwrap_err(), NoEstimate::Undetermined);
    let few = estimate(&apart, 10, 1);
    assert_eq!(few.unwrap_err(), NoEstimate::Replications);
    for refusal in [NoEstimate::NoOverlap, NoEstimate::Undetermined, NoEstimate::Replications] {
        assert_ne!(refusal.text(Lang::En), refusal.text(Lang::Fr));
    }
}

#[test]
fn the_same_seed_gives_the_same_answer_and_another_hardly_a_different_one() {
    let table = expected_table(3_000.0, &[0.2, 0.15, 0.1], (0, 1), 1.0);
    let seeded = |seed| estimate(&table, MIN_REPLICATIONS, seed).unwrap();
    assert_eq!(seeded(1).bootstrap, seeded(1).bootstrap);
    assert_ne!(seeded(1).bootstrap, seeded(2).bootstrap);
    assert_eq!(seeded(1).profile, seeded(2).profile);
}

#[test]
fn alternatives_are_close_and_are_not_the_model() {
    let table = expected_table(3_000.0, &[0.2, 0.15, 0.1, 0.25], (0, 1), 3.0);
    let found = estimated(&table).unwrap();
    assert!(!found.alternatives.is_empty());
    for other in &found.alternatives {
        assert!((found.model.aic..=found.model.aic + CLOSE_AIC).contains(&other.aic));
    }
    let said = found.caveats.iter().any(|it| matches!(it, Caveat::OtherModels { .. }));
    assert!(said);
}

#[test]
fn every_caveat_is_there_in_both_languages_and_has_a_code_of_its_own() {
    let all = [
        Caveat::MissedLinks,
        Caveat::DependentLists,
        Caveat::UnequalChances,
        Caveat::Disputed,
        Caveat::TwoLists,
        Caveat::FewOnSeveral { n: 6 },
        Caveat::SparseOverlaps { n_empty: 2, n_pairs: 3 },
        Caveat::InfiniteTerms { terms: vec!["A:C".into()] },
        Caveat::UndeterminedModels { n: 3 },
        Caveat::NothingLeftToCheck,
        Caveat::OtherModels { n: 2, lowest: 300, highest: 4_000 },
        Caveat::ReplicationsWithout { n: 3, of: 1_000 },
        Caveat::OpenInterval,
        Caveat::OutsideInterval,
        Caveat::NoisyCounts,
    ];
    let codes: std::collections::BTreeSet<_> = all.iter().map(Caveat::code).collect();
    assert_eq!(codes.len(), all.len());
    for caveat in &all {
        assert_ne!(caveat.text(Lang::En), caveat.text(Lang::Fr));
    }
    let one = Caveat::OtherModels { n: 1, lowest: 300, highest: 300 };
    assert!(one.text(Lang::En).starts_with("Another model does"));
    assert!(all[10].text(Lang::Fr).contains("4\u{a0}000"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the table: an estimate within its profile and not below what was observed, or a
    /// refusal; and the order of the lists does not matter.
    #[test]
    fn any_table_is_estimated_or_refused(cells in prop::collection::vec(0_u64..60, 7)) {
        let rows = |order: [usize; 3]| {
            let cells = cells.clone();
            (1..8_usize).map(move |bits| {
                (order.iter().map(|at| bits >> at & 1 == 1).collect(), cells[bits - 1])
            })
        };
        let names = ["A", "B", "C"].map(str::to_owned).to_vec();
        let Ok(table) = OverlapTable::new(names.clone(), rows([0, 1, 2])) else { return Ok(()) };
        let turned = OverlapTable::new(names, rows([2, 0, 1])).unwrap();
        match (estimated(&table), estimated(&turned)) {
            (Ok(one), Ok(other)) => {
                prop_assert!(one.n_persons >= one.n_observed as f64);
                prop_assert!(one.profile.contains(one.n_persons), "{:?}", one);
                prop_assert!((one.model.aic - other.model.aic).abs() < 1e-6);
                prop_assert!(one.caveats.len() >= 4);
            }
            (Err(one), Err(other)) => prop_assert_eq!(one, other),
            (one, other) => prop_assert!(false, "{:?} {:?}", one, other),
        }
    }
}
