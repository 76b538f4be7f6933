//! Arbitrary plans and answers.

use std::collections::BTreeMap;

use entente_core::agreement::terms::PeriodLevel;
use entente_core::codes::OrgType;
use entente_core::identity::OrgId;
use entente_core::period::Year;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::noise::Sigma;
use entente_core::statistics::plan::{
    Budget, CountingRule, Cube, CubeDimension, Plan, PlanId, Roles, Safeguards, Schedule,
};
use entente_core::statistics::release::{
    Addend, Answer, Contribution, Declined, Receipt, ReleaseId,
};
use entente_core::statistics::sum::ReportId;
use proptest::option;
use proptest::prelude::*;

use super::{code, org, period, seconds, text};
use crate::parse::MAX_LOG;

fn members() -> impl Strategy<Value = BTreeMap<OrgId, OrgType>> {
    prop::collection::btree_map(org(), code(), 1..6)
}

fn roles() -> impl Strategy<Value = Roles> {
    (members(), members()).prop_map(|(queriers, contributors)| Roles {
        queriers,
        contributors,
        aggregators: None,
    })
}

/// A plan that has no problems.
pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let cubes = [
        ("province", vec![CubeDimension::Province]),
        ("age-gender", vec![CubeDimension::AgeGroup, CubeDimension::Gender]),
        ("form-quarter", vec![CubeDimension::Form, CubeDimension::Quarter]),
    ];
    let cube = |(name, dimensions): (&str, Vec<_>)| Cube {
        name: name.to_owned(),
        dimensions,
        period: PeriodLevel::Year,
        cost: NanoRho(20_000_000),
        revision_cost: NanoRho(10_000_000),
    };
    let cubes: Vec<_> = cubes.map(cube).into_iter().collect();
    let numbers = (1_u32.., 2_000_i16..2_100, 0_i16..5, 0_u32..100, option::of(0_u32..=1_000));
    (numbers, text(), code(), 1..=cubes.len(), roles(), any::<bool>()).prop_map(
        move |(numbers, title, definition, n_cubes, roles, round_to_5)| {
            let (version, first_year, n_more, first_after_days, floor) = numbers;
            Plan {
                name: "canada".to_owned(),
                version,
                title,
                first_year: Year::new(first_year).unwrap(),
                last_year: Year::new(first_year + n_more).unwrap(),
                rule: CountingRule::Persons,
                definition,
                cubes: cubes[..n_cubes].to_vec(),
                budget: Budget {
                    year: NanoRho(100_000_000),
                    node_cap: NanoRho(200_000_000),
                    partner_cap: NanoRho(150_000_000),
                },
                schedule: Schedule { first_after_days, revisions_after_days: vec![365] },
                safeguards: Safeguards {
                    min_contributors: 5,
                    min_outside: 3,
                    organizations_per_person: 3,
                    floor,
                    round_to_5,
                },
                roles,
            }
        },
    )
}

pub(crate) fn release() -> impl Strategy<Value = ReleaseId> {
    (any::<[u8; 32]>(), 0_u8..16, period(), 0_u8..=5).prop_map(|(plan, cube, period, revision)| {
        ReleaseId { plan: PlanId(plan), cube, period, revision }
    })
}

fn at_s() -> impl Strategy<Value = i64> {
    seconds().prop_map(|at_s| i64::try_from(at_s).unwrap())
}

/// Figures.
pub(crate) fn contribution() -> impl Strategy<Value = Answer> {
    let cells = prop::collection::vec(-(1_i64 << 40)..=1 << 40, 1..=400);
    let spent = (1_u64..=1_000_000, 0_u64..=1_000_000, 0_u64..=1_000_000);
    (release(), at_s(), 100_u32..=100_000, spent, 1..=MAX_LOG, cells).prop_map(
        |(release, drawn_at_s, sigma, (cost, year, all), number, cells)| {
            Answer::Given(Contribution {
                release,
                drawn_at_s,
                sigma: Sigma::from_hundredths(sigma).unwrap(),
                cost: NanoRho(cost),
                receipt: Receipt {
                    number,
                    year_spent: NanoRho(cost + year),
                    spent: NanoRho(cost + year + all),
                },
                cells,
            })
        },
    )
}

/// That somebody contributed to a secure sum.
pub(crate) fn added() -> impl Strategy<Value = Answer> {
    let head = (any::<[u8; 32]>(), any::<[u8; 16]>(), any::<[u8; 32]>());
    (release(), at_s(), 100_u32..=100_000, 1_u64..=1_000_000, 1..=MAX_LOG, head).prop_map(
        |(release, at_s, sigma, cost, number, (context, id, digest))| {
            let (cost, spent) = (NanoRho(cost), NanoRho(cost));
            Answer::Added(Addend {
                release,
                at_s,
                sigma: Sigma::from_hundredths(sigma).unwrap(),
                cost,
                receipt: Receipt { number, year_spent: spent, spent },
                context,
                report: ReportId(id),
                digest,
            })
        },
    )
}

/// Figures, a contribution to a secure sum, or none.
pub(crate) fn release_answer() -> impl Strategy<Value = Answer> {
    let declined =
        (release(), at_s(), code(), 0..=MAX_LOG).prop_map(|(release, at_s, reason, n_charges)| {
            Answer::Declined(Declined { release, at_s, reason, n_charges })
        });
    prop_oneof![contribution(), added(), declined]
}
