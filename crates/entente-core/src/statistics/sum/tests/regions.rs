//! A round that is divided into regions.

use super::hub::{Above, Division, NotTaken, Region, Subtotal};
use super::*;

/// Three regions of 2, 4 and 6 contributors. Two are below the minimum alone.
const REGIONS: [(&str, std::ops::Range<u8>); 3] =
    [("atlantic", 0..2), ("north", 2..6), ("prairies", 6..12)];

fn hub_orgs(nth: u8) -> [OrgKey; 2] {
    [org(210 + 2 * nth), org(211 + 2 * nth)]
}

fn regions() -> Vec<Region> {
    let regions = (0..).zip(REGIONS);
    regions
        .map(|(nth, (name, who))| Region {
            name: name.to_owned(),
            aggregators: hub_orgs(nth).map(|it| it.id()),
            contributors: contributors(who),
        })
        .collect()
}

fn division() -> Division {
    Division::new(round(12), regions()).unwrap()
}

fn above_keys() -> [SealingKey; 2] {
    [SealingKey::from_seed(&[3; 32]), SealingKey::from_seed(&[4; 32])]
}

/// Runs the round of a region: the sums of its leader and of its helper.
fn subtotals(round: &Round, who: impl Iterator<Item = u8>) -> [Subtotal; 2] {
    let [leader_above, helper_above] = above_keys().map(|it| it.public().unwrap());
    let (mut ours, mut theirs) = (rng(1), rng(2));
    let mut leader = Leader::Proposed(intake(round, who).close(&mut ours).unwrap());
    let mut helper = helper();
    while let Some(question) = leader.question(round) {
        let answered = helper.answer(round, Some(&helper_above), &question, &mut theirs);
        let (next, answer) = answered.unwrap();
        helper = Helper::parse(&next.to_bytes(round), round).unwrap();
        leader = leader.answered(round, Some(&leader_above), &answer, &mut ours).unwrap();
        leader = Leader::parse(&leader.to_bytes(round), round).unwrap();
    }
    match leader {
        Leader::Collected(Collected {
            own: Outcome::Subtotal(own),
            helpers: Outcome::Subtotal(helpers),
            ..
        }) => [own, helpers],
        leader => panic!("{leader:?}"),
    }
}

/// The two above, with the sums of the regions with these numbers.
fn above(regions: &[u8]) -> [Above; 2] {
    let division = division();
    let [leader_key, helper_key] = above_keys();
    let mut above = [
        Above::new(division.clone(), Role::Leader, leader_key),
        Above::new(division.clone(), Role::Helper, helper_key),
    ];
    for nth in regions {
        let (name, who) = REGIONS[usize::from(*nth)].clone();
        let subtotals = subtotals(division.region(name).unwrap(), who);
        for ((above, subtotal), org) in above.iter_mut().zip(subtotals).zip(hub_orgs(*nth)) {
            above.accept(name, &subtotal.sign(&org).unwrap()).unwrap();
        }
    }
    above
}

fn run([leader, helper]: [Above; 2]) -> Result<Total, Abort> {
    let question = leader.question();
    let (_, answer) = helper.answer(&question, &mut rng(11))?;
    let [own, helpers] = leader.answered(&answer, &mut rng(12))?;
    Ok(total(division().round(), [&own, &helpers]).unwrap())
}

#[test]
fn the_sum_through_hubs_is_the_sum_of_all_with_noise_added_once() {
    let total = run(above(&[0, 1, 2])).unwrap();
    assert_eq!(total.set.n_contributors(), 12);
    assert_eq!(total.set.by_category[&OrgType::Federal], 3);
    let noise = noise(division().round(), &total, 0..12);
    assert!(noise.iter().all(|it| it.abs() < 40), "{noise:?}");

    // The same noise as without regions: the two above draw what these seeds draw.
    let mut expected = truth(division().round(), 0..12);
    for seed in [11, 12] {
        let sigma = division().round().sigma();
        let noise = crate::statistics::noise::add(&[0; 6], sigma, &mut rng(seed)).unwrap();
        expected.iter_mut().zip(noise).for_each(|(cell, noise)| *cell += noise);
    }
    assert_eq!(total.cells, expected);
}

#[test]
fn a_region_that_does_not_deliver_is_not_in_it() {
    let total = run(above(&[0, 2])).unwrap();
    assert_eq!(total.set.n_contributors(), 8);
    assert!(
        noise(division().round(), &total, [0, 1, 6, 7, 8, 9, 10, 11])
            .iter()
            .all(|it| it.abs() < 40)
    );
    assert!(matches!(run(above(&[1])), Err(Abort::TooFew(_))));
}

#[test]
fn a_region_that_reached_only_one_of_the_two_is_not_in_it() {
    let [leader, _] = above(&[0, 1, 2]);
    let [_, helper] = above(&[1, 2]);
    assert_eq!(run([leader, helper]).unwrap().set.n_contributors(), 10);
    let [leader, _] = above(&[1, 2]);
    let [_, helper] = above(&[0, 1, 2]);
    assert_eq!(run([leader, helper]).unwrap().set.n_contributors(), 10);
}

#[test]
fn a_regions_sum_is_sealed_to_the_aggregator_of_the_same_role() {
    let division = division();
    let round = division.region("prairies").unwrap();
    let [for_leader, for_helper] = subtotals(round, 6..12);
    let [key, other] = above_keys();
    let [leader_org, helper_org] = hub_orgs(2);
    let mut above = Above::new(division.clone(), Role::Leader, key);

    let wrong = for_helper.sign(&helper_org).unwrap();
    assert!(matches!(above.accept("prairies", &wrong), Err(NotTaken::Envelope(_))));
    let wrong = for_helper.sign(&leader_org).unwrap();
    assert_eq!(above.accept("prairies", &wrong), Err(NotTaken::Unfit));
    let good = for_leader.sign(&leader_org).unwrap();
    assert!(matches!(above.accept("north", &good), Err(NotTaken::Envelope(_))));
    assert_eq!(above.accept("south", &good), Err(NotTaken::NoRegion));
    assert_eq!(above.accept("prairies", &good), Ok(()));
    assert_eq!(above.accept("prairies", &good), Ok(()));
    let [fewer, _] = subtotals(round, 6..11);
    let fewer = fewer.sign(&leader_org).unwrap();
    assert_eq!(above.accept("prairies", &fewer), Err(NotTaken::SecondSum));

    let mut stranger = Above::new(division, Role::Leader, other);
    assert!(matches!(stranger.accept("prairies", &good), Err(NotTaken::Malformed(_))));
}

#[test]
fn a_hub_reveals_nothing_without_those_above() {
    let division = division();
    let round = division.region("prairies").unwrap();
    assert_eq!(round.passed_on_to(), Some([org(200).id(), org(201).id()]));
    let pair = Pair::new(round, intake(round, 6..12)).unwrap();
    // A hub without the key above cannot conclude, with noise or without.
    assert!(pair.step().unwrap().step().is_err_and(|it| it == Abort::OutOfTurn));
}

#[test]
fn regions_divide_the_contributors_or_there_is_no_division() {
    let check = |change: &dyn Fn(&mut Vec<Region>)| {
        let mut regions = regions();
        change(&mut regions);
        Division::new(round(12), regions).err()
    };
    assert_eq!(check(&|_| ()), None);
    assert_eq!(check(&|it| it.truncate(2)), Some(NoRound::Regions));
    assert_eq!(check(&|it| it[0].contributors = contributors(1..3)), Some(NoRound::Regions));
    assert_eq!(check(&|it| it[0].contributors = contributors(0..3)), Some(NoRound::Regions));
    assert_eq!(check(&|it| it[0].contributors = contributors(12..14)), Some(NoRound::Regions));
    assert_eq!(check(&|it| it[1].name = "atlantic".to_owned()), Some(NoRound::Regions));
    assert_eq!(check(&|it| it[0].aggregators = [org(9).id(); 2]), Some(NoRound::OneAggregator));
}
