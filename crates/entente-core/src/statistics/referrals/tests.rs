//! Referrals, counted by the book: label by label, without numbers of cells.

use std::collections::BTreeSet;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::codes::{Province, RegionShared};
use crate::identity::{OrgId, OrgKey};
use crate::lang::Lang;
use crate::referral::{HomeEvent, Progress};
use crate::statistics::plan::tests::plan;
use crate::statistics::plan::{CubeDimension, PlanProblem};

fn at(year: i16, month: i8, day: i8) -> i64 {
    date(year, month, day).to_zoned(TimeZone::UTC).unwrap().timestamp().as_second()
}

fn org(seed: u8) -> OrgId {
    OrgKey::from_seed(&[seed; 32]).id()
}

/// The cubes of the shipped plan that count referrals, and others.
fn cubes() -> Vec<Cube> {
    use CubeDimension::{Need, Province, Quarter, Region, Result, Unmet, Waiting};
    let plan = plan();
    let shipped = plan.cubes.iter().filter(|cube| cube.counts() == Counts::Referrals).cloned();
    let others: [&[CubeDimension]; 4] =
        [&[Region, Need, Unmet], &[Quarter, Result], &[Province, Waiting], &[Quarter, Unmet]];
    let other = |by: &[CubeDimension]| Cube { dimensions: by.to_vec(), ..plan.cubes[0].clone() };
    shipped.chain(others.map(other)).collect()
}

fn area() -> impl Strategy<Value = Area> {
    prop_oneof![
        proptest::sample::select(Province::ALL).prop_map(Area::Province),
        proptest::sample::select(RegionShared::ALL).prop_map(Area::Region),
        Just(Area::Anywhere),
    ]
}

fn facts() -> impl Strategy<Value = ReferralFacts> {
    let (first, last) = (at(2024, 12, 1), at(2026, 2, 1));
    let times = (first..last, proptest::option::of(0_i64..30 * 86_400));
    let codes = (
        proptest::sample::select(Need::ALL),
        proptest::sample::select(ReferralResult::ALL),
        area(),
    );
    // Few persons and few names, so that persons have several and instants coincide.
    (0_u8..6, any::<[u8; 16]>(), times, codes).prop_map(
        |(person, id, (offered_at_s, waited_s), (need, result, area))| ReferralFacts {
            person: [person; 16],
            id: ReferralId(id),
            offered_at_s: offered_at_s / 86_400 * 86_400,
            accepted_at_s: waited_s.map(|it| offered_at_s / 86_400 * 86_400 + it),
            area,
            need,
            result,
        },
    )
}

/// The label of a referral, in words of its own.
fn label(by: CubeDimension, it: &ReferralFacts) -> &'static str {
    match by {
        CubeDimension::Province => match it.area {
            Area::Province(province) => province.code(),
            _ => "unknown",
        },
        CubeDimension::Region => match it.area {
            Area::Province(province) => crate::record::region_of(province).code(),
            Area::Region(RegionShared::Canada) | Area::Anywhere => "unknown",
            Area::Region(region) => region.code(),
        },
        CubeDimension::Quarter => {
            let month = Timestamp::from_second(it.offered_at_s).unwrap().to_string();
            match &month[5..7] {
                "01" | "02" | "03" => "Q1",
                "04" | "05" | "06" => "Q2",
                "07" | "08" | "09" => "Q3",
                _ => "Q4",
            }
        }
        CubeDimension::Need => it.need.code(),
        CubeDimension::Result => it.result.code(),
        CubeDimension::Unmet => match it.result.label(Lang::En) {
            label if label.starts_with("Declined by all") => "unmet",
            label if label.starts_with("Accepted; ") => "unmet",
            "Nobody accepted in time" => "unmet",
            _ => "other",
        },
        CubeDimension::Waiting => it.waiting().code(),
        other => panic!("{other:?} is of cases"),
    }
}

/// The cells, person by person and cell by cell.
fn slow(cube: &Cube, period: Period, all: &[ReferralFacts]) -> Vec<u64> {
    let persons: BTreeSet<_> = all.iter().map(|it| it.person).collect();
    let first = persons.iter().filter_map(|person| {
        let mut of: Vec<_> = all.iter().filter(|it| it.person == *person).collect();
        of.retain(|it| it.quarter().unwrap().year() == period.year());
        of.sort_by_key(|it| (it.offered_at_s, it.id));
        let is_in = |it: &&&ReferralFacts| period.contains(Period::Quarter(it.quarter().unwrap()));
        of.first().filter(is_in).copied()
    });
    let first: Vec<_> = first.collect();
    let cell = |place: usize| {
        let labels = cube.labels_at(place);
        let has = |it: &ReferralFacts| {
            cube.dimensions.iter().zip(&labels).all(|(by, wanted)| label(*by, it) == *wanted)
        };
        first.iter().filter(|it| has(it)).count() as u64
    };
    (0..cube.n_cells()).map(cell).collect()
}

fn periods() -> [Period; 3] {
    ["2025", "2025-Q2", "2026"].map(|text| text.parse().unwrap())
}

proptest! {
    #[test]
    fn cells_are_those_of_a_slow_recount(all in proptest::collection::vec(facts(), 0..40)) {
        for period in periods() {
            for cube in cubes() {
                let cells = tally(&cube, period, all.iter().copied()).into_addends();
                prop_assert_eq!(&cells, &slow(&cube, period, &all), "{:?}", cube.dimensions);
                let persons: BTreeSet<_> = all.iter().map(|it| it.person).collect();
                prop_assert!(cells.iter().sum::<u64>() <= persons.len() as u64);
            }
        }
    }

    #[test]
    fn a_person_moves_one_cell_by_one_however_many_referrals_they_have(
        others in proptest::collection::vec(facts(), 0..20),
        theirs in proptest::collection::vec(facts(), 1..8),
    ) {
        let theirs: Vec<_> =
            theirs.into_iter().map(|it| ReferralFacts { person: [99; 16], ..it }).collect();
        for cube in cubes() {
            let period = "2025".parse().unwrap();
            let without = tally(&cube, period, others.iter().copied()).into_addends();
            let with = tally(&cube, period, others.iter().chain(&theirs).copied()).into_addends();
            let moved: u64 = without.iter().zip(&with).map(|(a, b)| a.abs_diff(*b)).sum();
            let is_in = theirs.iter().any(|it| it.quarter().unwrap().year().number() == 2025);
            prop_assert_eq!(moved, u64::from(is_in));
        }
    }

    #[test]
    fn every_history_of_a_referral_has_one_label_that_agrees_with_the_others(
        events in proptest::collection::vec(event(), 0..14),
    ) {
        let (mut state, mut accepted) = (HomeState::created(), false);
        for (now_s, event) in (0..).zip(&events) {
            if let Ok((next, _)) = state.after(event, now_s) {
                state = next;
            }
            accepted |= state.winner().is_some();
        }
        let result = ReferralResult::of(&state);
        prop_assert!(ReferralResult::ALL.contains(&result));
        let declined = result.code().starts_with("all_");
        prop_assert_eq!(declined, barrier_of(&state).is_some() && state.step == HomeStep::Unmet);
        if accepted {
            prop_assert!(!declined && result != ReferralResult::Expired);
            prop_assert!(result != ReferralResult::Open);
        }
        if state.offers.values().any(|it| *it == OfferStep::Open) {
            prop_assert!(Unmet::of(result) == Unmet::Other);
        }
    }
}

fn event() -> impl Strategy<Value = HomeEvent> {
    let org = || (1_u8..=3).prop_map(org);
    let barrier = proptest::sample::select(Barrier::ALL);
    let outcome = || proptest::sample::select(ReferralOutcome::ALL);
    prop_oneof![
        4 => (1_u8..=3, 4_i64..12).prop_map(|(n, expires_at_s)| {
            HomeEvent::Offer { to: (1..=n).map(self::org).collect(), expires_at_s }
        }),
        2 => org().prop_map(HomeEvent::Accept),
        5 => (org(), barrier).prop_map(|(org, barrier)| HomeEvent::Decline(org, barrier)),
        1 => org().prop_map(HomeEvent::TakeBack),
        2 => Just(HomeEvent::HandOver),
        1 => (org(), outcome()).prop_map(|(org, it)| HomeEvent::Progress(org, Progress::Closed(it))),
        1 => outcome().prop_map(HomeEvent::Close),
        1 => Just(HomeEvent::Withdraw),
        1 => Just(HomeEvent::Tick),
    ]
}

#[test]
fn the_barrier_that_most_named_counts_and_of_equals_the_first_of_the_list() {
    let of = |barriers: &[Barrier]| {
        let offers = (1_u8..).zip(barriers).map(|(n, it)| (org(n), OfferStep::Declined(*it)));
        ReferralResult::of(&HomeState {
            step: HomeStep::Unmet,
            offers: offers.collect(),
            expires_at_s: 0,
        })
    };
    use Barrier::{Coordination, LanguageBarrier, NoCapacity};
    assert_eq!(of(&[]), ReferralResult::TakenBack);
    assert_eq!(of(&[Coordination]), ReferralResult::AllCoordination);
    assert_eq!(of(&[Coordination, LanguageBarrier]), ReferralResult::AllLanguageBarrier);
    let most = [NoCapacity, Coordination, Coordination];
    assert_eq!(of(&most), ReferralResult::AllCoordination);
}

#[test]
fn every_outcome_and_every_barrier_keeps_its_words() {
    for outcome in ReferralOutcome::ALL {
        let result = ReferralResult::of_outcome(*outcome);
        assert_eq!(result.code(), outcome.code());
        for lang in [Lang::En, Lang::Fr] {
            let label = result.label(lang).to_lowercase();
            assert!(label.ends_with(&outcome.label(lang).to_lowercase()), "{label}");
        }
    }
    for barrier in Barrier::ALL {
        let result = ReferralResult::of_barrier(*barrier);
        assert_eq!(result.code(), format!("all_{}", barrier.code()));
        for lang in [Lang::En, Lang::Fr] {
            let label = result.label(lang).to_lowercase();
            assert!(label.ends_with(&barrier.label(lang).to_lowercase()), "{label}");
        }
    }
}

#[test]
fn a_wait_ends_within_its_hour_and_one_that_never_ends_is_never() {
    let of = |waited_s: i64| Waiting::of(1_000, Some(1_000 + waited_s));
    for (waited_s, waiting) in [
        (-5, Waiting::OneHour),
        (3_600, Waiting::OneHour),
        (3_601, Waiting::ThreeHours),
        (10_800, Waiting::ThreeHours),
        (86_400, Waiting::OneDay),
        (3 * 86_400, Waiting::ThreeDays),
        (14 * 86_400, Waiting::FourteenDays),
        (14 * 86_400 + 1, Waiting::Later),
    ] {
        assert_eq!(of(waited_s), waiting, "{waited_s}");
    }
    assert_eq!(Waiting::of(1_000, None), Waiting::Never);
}

#[test]
fn a_cube_that_mixes_cases_and_referrals_is_no_cube() {
    use CubeDimension::{Gender, Need, Quarter, Region, Result, Unmet};
    let problems = |by: &[CubeDimension]| {
        let mut plan = plan();
        plan.cubes[4].dimensions = by.to_vec();
        plan.problems()
    };
    let is_mixed = |it: &PlanProblem| it.what.en.contains("all of cases or all of referrals");
    assert!(problems(&[Gender, Need]).iter().any(is_mixed));
    assert!(problems(&[Region, Quarter, Result]).iter().all(|it| !is_mixed(it)));
    assert_eq!(problems(&[Region, Need, Unmet]), []);
    // What came of it says whether it is unmet.
    assert_eq!(problems(&[Unmet, Result])[0].place, "cube.dimensions");
}

#[test]
fn a_cube_of_places_and_times_alone_counts_cases() {
    let counts: Vec<_> = plan().cubes.iter().map(Cube::counts).collect();
    use Counts::{Cases, Referrals};
    assert_eq!(counts, [Cases, Cases, Cases, Referrals, Referrals]);
}

#[test]
fn what_is_counted_of_a_referral_is_not_printed() {
    let facts = ReferralFacts {
        person: [1; 16],
        id: ReferralId([1; 16]),
        offered_at_s: 0,
        accepted_at_s: None,
        area: Area::Anywhere,
        need: Need::Legal,
        result: ReferralResult::Open,
    };
    assert_eq!(format!("{facts:?}"), "ReferralFacts(..)");
}
