//! Release plans as messages.
//!
//! As with agreements, no plan that has any problem comes out of decoding.

use std::collections::BTreeMap;

use entente_core::codes::OrgType;
use entente_core::identity::OrgId;
use entente_core::period::Year;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::{
    Budget, CountingRule, Cube, MAX_CONTRIBUTORS, MAX_CUBES, MAX_DIMENSIONS, MAX_NAME,
    MAX_QUERIERS, MAX_REVISIONS, MAX_TITLE, Plan, Roles, Safeguards, Schedule,
};
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{ascii, code, code_number, org, text, text_message, within};
use crate::statement::MAX_DOCUMENT;
use crate::v1;

/// The bytes of a plan: what everybody who takes part signs.
pub fn encode_plan(plan: &Plan) -> Vec<u8> {
    let Plan {
        name,
        version,
        title,
        first_year,
        last_year,
        rule: CountingRule::Persons,
        definition,
        cubes,
        budget: Budget { year, node_cap, partner_cap },
        schedule: Schedule { first_after_days, revisions_after_days },
        safeguards:
            Safeguards { min_contributors, min_outside, organizations_per_person, floor, round_to_5 },
        roles: Roles { queriers, contributors, aggregators },
    } = plan;
    let message = v1::ReleasePlan {
        name: name.clone(),
        version: *version,
        title: text_message(title),
        first_year: u32::from(first_year.number().unsigned_abs()),
        last_year: u32::from(last_year.number().unsigned_abs()),
        rule: v1::CountingRule::Persons.into(),
        definition: code_number(*definition),
        cubes: cubes.iter().map(cube_message).collect(),
        year_nano_rho: year.0,
        node_cap_nano_rho: node_cap.0,
        partner_cap_nano_rho: partner_cap.0,
        first_after_days: *first_after_days,
        revisions_after_days: revisions_after_days.clone(),
        min_contributors: *min_contributors,
        min_outside: *min_outside,
        organizations_per_person: *organizations_per_person,
        floor_plus_1: floor.map_or(0, |floor| floor.saturating_add(1)),
        round_to_5: *round_to_5,
        queriers: members_message(queriers),
        contributors: members_message(contributors),
        aggregators: aggregators.iter().flatten().map(|it| it.as_bytes().to_vec()).collect(),
    };
    message.encode_to_vec()
}

/// The plan with these bytes, without problems. Verify the envelope first.
pub fn decode_plan(bytes: &[u8]) -> Result<Plan, Invalid> {
    within("plan", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::ReleasePlan = canonical(bytes)?;
    within("cubes", message.cubes.len(), 1..=MAX_CUBES)?;
    within("revisions_after_days", message.revisions_after_days.len(), 0..=MAX_REVISIONS)?;
    let persons = i32::from(v1::CountingRule::Persons);
    within("rule", message.rule, persons..=persons)?;
    let cubes = message.cubes.into_iter().map(parse_cube);
    let plan = Plan {
        name: ascii("name", message.name, MAX_NAME)?,
        version: message.version,
        title: text("title", message.title, MAX_TITLE)?,
        first_year: year("first_year", message.first_year)?,
        last_year: year("last_year", message.last_year)?,
        rule: CountingRule::Persons,
        definition: code("definition", message.definition)?,
        cubes: cubes.collect::<Result<_, _>>()?,
        budget: Budget {
            year: NanoRho(message.year_nano_rho),
            node_cap: NanoRho(message.node_cap_nano_rho),
            partner_cap: NanoRho(message.partner_cap_nano_rho),
        },
        schedule: Schedule {
            first_after_days: message.first_after_days,
            revisions_after_days: message.revisions_after_days,
        },
        safeguards: Safeguards {
            min_contributors: message.min_contributors,
            min_outside: message.min_outside,
            organizations_per_person: message.organizations_per_person,
            floor: message.floor_plus_1.checked_sub(1),
            round_to_5: message.round_to_5,
        },
        roles: Roles {
            queriers: members("queriers", message.queriers, MAX_QUERIERS)?,
            contributors: members("contributors", message.contributors, MAX_CONTRIBUTORS)?,
            aggregators: aggregators(&message.aggregators)?,
        },
    };
    if !plan.problems().is_empty() {
        return Err(Invalid::new("plan", "has terms that cannot be"));
    }
    Ok(plan)
}

fn cube_message(cube: &Cube) -> v1::PlanCube {
    let Cube { name, dimensions, period, cost, revision_cost } = cube;
    v1::PlanCube {
        name: name.clone(),
        dimensions: dimensions.iter().map(|it| code_number(*it)).collect(),
        period: code_number(*period),
        nano_rho: cost.0,
        revision_nano_rho: revision_cost.0,
    }
}

fn parse_cube(message: v1::PlanCube) -> Result<Cube, Invalid> {
    within("dimensions", message.dimensions.len(), 1..=MAX_DIMENSIONS)?;
    let dimensions = message.dimensions.into_iter().map(|it| code("dimensions", it));
    Ok(Cube {
        name: ascii("cube_name", message.name, MAX_NAME)?,
        dimensions: dimensions.collect::<Result<_, _>>()?,
        period: code("period", message.period)?,
        cost: NanoRho(message.nano_rho),
        revision_cost: NanoRho(message.revision_nano_rho),
    })
}

fn members_message(members: &BTreeMap<OrgId, OrgType>) -> Vec<v1::PlanMember> {
    let member = |(org, kind): (&OrgId, &OrgType)| v1::PlanMember {
        org: org.as_bytes().to_vec(),
        org_type: code_number(*kind),
    };
    members.iter().map(member).collect()
}

fn members(
    field: &'static str,
    messages: Vec<v1::PlanMember>,
    max: usize,
) -> Result<BTreeMap<OrgId, OrgType>, Invalid> {
    within(field, messages.len(), 1..=max)?;
    if !messages.is_sorted_by(|a, b| a.org < b.org) {
        return Err(Invalid::new(field, "must be ascending, each once"));
    }
    let member = |it: v1::PlanMember| Ok((org(field, &it.org)?, code(field, it.org_type)?));
    messages.into_iter().map(member).collect()
}

fn aggregators(messages: &[Vec<u8>]) -> Result<Option<[OrgId; 2]>, Invalid> {
    match messages {
        [] => Ok(None),
        [leader, helper] => Ok(Some([org("aggregators", leader)?, org("aggregators", helper)?])),
        _ => Err(Invalid::new("aggregators", "must be two or none")),
    }
}

fn year(field: &'static str, number: u32) -> Result<Year, Invalid> {
    let year = i16::try_from(number).ok().and_then(|number| Year::new(number).ok());
    year.ok_or(Invalid::new(field, "must be a year from 1900 to 2199"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::any::{self, check_mutations, id};

    fn message() -> v1::ReleasePlan {
        let bytes = encode_plan(&any::one(any::plan()));
        v1::ReleasePlan::decode(bytes.as_slice()).unwrap()
    }

    /// Changes a plan that passes, and says which field is then wrong.
    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::ReleasePlan)) {
        let mut message = message();
        change(&mut message);
        let decoded = decode_plan(&message.encode_to_vec());
        assert_eq!(decoded.map_err(|it| it.field), Err(field));
    }

    #[test]
    fn every_field_of_a_plan_has_its_bound() {
        refused("name", |it| it.name.clear());
        refused("plan", |it| it.name = "A".into());
        refused("plan", |it| it.version = 0);
        refused("title", |it| it.title = None);
        refused("first_year", |it| it.first_year = 1_899);
        refused("last_year", |it| it.last_year = u32::MAX);
        refused("plan", |it| it.last_year += 5);
        refused("rule", |it| it.rule = 0);
        refused("rule", |it| it.rule = 2);
        refused("definition", |it| it.definition = 0);
        refused("cubes", |it| it.cubes.clear());
        refused("cubes", |it| it.cubes = vec![it.cubes[0].clone(); 17]);
        refused("dimensions", |it| it.cubes[0].dimensions.clear());
        refused("dimensions", |it| it.cubes[0].dimensions = vec![13]);
        refused("period", |it| it.cubes[0].period = 0);
        refused("plan", |it| it.cubes[0].nano_rho = 0);
        refused("plan", |it| it.year_nano_rho = 1);
        refused("plan", |it| it.node_cap_nano_rho = 311_000_001);
        refused("plan", |it| it.first_after_days = 3_661);
        refused("revisions_after_days", |it| it.revisions_after_days = (1..7).collect());
        refused("plan", |it| it.min_contributors = 0);
        refused("plan", |it| it.floor_plus_1 = 1_002);
    }

    #[test]
    fn members_are_ascending_each_once_and_of_a_kind() {
        refused("queriers", |it| it.queriers.clear());
        refused("contributors", |it| it.contributors[0].org = vec![1; 31]);
        refused("contributors", |it| it.contributors[0].org_type = 0);
        refused("contributors", |it| it.contributors = vec![it.contributors[0].clone(); 2]);
        let both = [id(1), id(2)].map(|it| it.as_bytes().to_vec());
        refused("aggregators", |it| it.aggregators = both[..1].to_vec());
        refused("plan", |it| it.aggregators = vec![both[0].clone(); 2]);
    }

    #[test]
    fn no_changed_plan_is_taken_for_the_same() {
        let plan = any::one(any::plan());
        check_mutations(&encode_plan(&plan), &plan, decode_plan);
    }

    #[test]
    fn a_plan_with_the_most_contributors_is_one_document() {
        let mut message = message();
        // Not every number is an identity, so this measures and does not decode.
        let member = |n: usize| v1::PlanMember {
            org: [[0; 24].as_slice(), &n.to_be_bytes()].concat(),
            org_type: 12,
        };
        message.contributors = (0..MAX_CONTRIBUTORS).map(member).collect();
        assert!(message.encoded_len() < MAX_DOCUMENT);
    }

    proptest! {
        #[test]
        fn a_plan_is_read_as_it_is_written(plan in any::plan()) {
            prop_assert_eq!(decode_plan(&encode_plan(&plan)), Ok(plan));
        }

        #[test]
        fn random_bytes_are_no_plan(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decode_plan(&bytes).is_err());
        }
    }
}
