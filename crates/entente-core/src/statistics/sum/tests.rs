//! A whole round in one function, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;
use crate::codes::OrgType;
use crate::identity::{OrgId, OrgKey};
use crate::statistics::noise::Sigma;

mod differencing;
mod poison;
mod regions;

pub(super) fn org(seed: u8) -> OrgKey {
    OrgKey::from_seed(&[seed; 32])
}

pub(super) fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// Every fourth is federal, as the querier is.
pub(super) fn category(nth: u8) -> OrgType {
    [OrgType::Federal, OrgType::Ngo, OrgType::Police, OrgType::Provincial][usize::from(nth % 4)]
}

pub(super) fn contributors(seeds: impl Iterator<Item = u8>) -> BTreeMap<OrgId, OrgType> {
    seeds.map(|nth| (org(nth).id(), category(nth))).collect()
}

pub(super) const SHAPE: (u32, u32) = (6, 4095);

pub(super) fn round_of(release: &[u8], shape: Shape, n: u8) -> Round {
    let sigma = Sigma::from_hundredths(413).unwrap();
    let minimum = Minimum::new(5, 3).unwrap();
    let aggregators = [org(200).id(), org(201).id()];
    let queriers = BTreeSet::from([OrgType::Federal]);
    Round::new(release, shape, sigma, minimum, aggregators, queriers, contributors(0..n)).unwrap()
}

/// A round with so many contributors.
pub(super) fn round(n: u8) -> Round {
    round_of(b"plan 7, cube 1, 2025Q1, rev 0", Shape::new(SHAPE.0, SHAPE.1).unwrap(), n)
}

pub(super) fn keys() -> [SealingKey; 2] {
    [SealingKey::from_seed(&[1; 32]), SealingKey::from_seed(&[2; 32])]
}

pub(super) fn publics() -> [SealingPublic; 2] {
    keys().map(|key| key.public().unwrap())
}

/// The cells of a contributor: small, and different for each.
pub(super) fn counts(round: &Round, nth: u8) -> Vec<u64> {
    (0..round.shape().n_cells() as u64).map(|cell| (cell + u64::from(nth)) % 5).collect()
}

pub(super) fn contribution(round: &Round, nth: u8) -> Contribution {
    let [leader, helper] = publics();
    let counts = counts(round, nth);
    contribute(round, [&leader, &helper], &org(nth), &counts, &mut rng(nth.into())).unwrap()
}

pub(super) fn intake(round: &Round, contributors: impl IntoIterator<Item = u8>) -> Intake {
    let [key, _] = keys();
    let mut intake = Intake::new(round.clone(), key).unwrap();
    for nth in contributors {
        assert_eq!(intake.accept(contribution(round, nth)), Ok(Receipt::Taken));
    }
    intake
}

pub(super) fn helper() -> Helper {
    let [_, key] = keys();
    Helper::open(key)
}

/// The two aggregators of one round, with the randomness of each.
pub(super) struct Pair {
    pub(super) round: Round,
    pub(super) leader: Leader,
    pub(super) helper: Helper,
    rngs: [StdRng; 2],
}

impl Pair {
    pub(super) fn new(round: &Round, intake: Intake) -> Result<Self, Abort> {
        let mut rngs = [rng(1_000), rng(2_000)];
        let leader = Leader::Proposed(intake.close(&mut rngs[0])?);
        Ok(Self { round: round.clone(), leader, helper: helper(), rngs })
    }

    /// One question and its answer.
    pub(super) fn step(mut self) -> Result<Self, Abort> {
        let question = self.leader.question(&self.round).unwrap();
        let (helper, answer) =
            self.helper.answer(&self.round, None, &question, &mut self.rngs[1])?;
        self.leader = self.leader.answered(&self.round, None, &answer, &mut self.rngs[0])?;
        Ok(Self { helper, ..self })
    }

    pub(super) fn run(self) -> Result<Collected, Abort> {
        match self.step()?.step()?.step()?.leader {
            Leader::Collected(collected) => Ok(collected),
            leader => panic!("the round is not over: {leader:?}"),
        }
    }
}

pub(super) fn shares(collected: &Collected) -> [&AggregateShare; 2] {
    match (&collected.own, &collected.helpers) {
        (Outcome::Share(own), Outcome::Share(helpers)) => [own, helpers],
        other => panic!("not shares: {other:?}"),
    }
}

pub(super) fn truth(round: &Round, contributors: impl IntoIterator<Item = u8>) -> Vec<i64> {
    let mut truth = vec![0; round.shape().n_cells()];
    for nth in contributors {
        truth.iter_mut().zip(counts(round, nth)).for_each(|(sum, count)| *sum += count as i64);
    }
    truth
}

/// What the noise added, cell by cell.
fn noise(round: &Round, total: &Total, contributors: impl IntoIterator<Item = u8>) -> Vec<i64> {
    total.cells.iter().zip(truth(round, contributors)).map(|(cell, truth)| cell - truth).collect()
}

fn mean_square(noise: &[i64]) -> f64 {
    noise.iter().map(|it| (*it as f64).powi(2)).sum::<f64>() / noise.len() as f64
}

#[test]
fn the_answer_is_the_truth_with_the_noise_of_both_aggregators() {
    let round = round_of(b"wide", Shape::new(400, 15).unwrap(), 8);
    let collected = Pair::new(&round, intake(&round, 0..8)).unwrap().run().unwrap();
    let total = total(&round, shares(&collected)).unwrap();
    assert_eq!((total.set.n_contributors(), collected.left_out), (8, vec![]));
    assert_eq!(total.set.by_category[&OrgType::Federal], 2);

    // The variance of two noises, 2 · 4.13² = 34.1. Over 400 cells its standard error is 2.4.
    let noise = noise(&round, &total, 0..8);
    let variance = mean_square(&noise);
    assert!((34.1 - 4.5 * 2.4..34.1 + 4.5 * 2.4).contains(&variance), "{variance}");
    assert!(total.cells.iter().any(|cell| *cell < 0) || noise.iter().any(|it| *it < 0));
}

/// Nothing shows that an aggregator left its noise out but the noise of many answers whose truth
/// is known: the audit of a test federation. The other aggregator's noise still protects.
#[test]
fn an_aggregator_without_noise_is_seen_by_an_audit_and_by_nothing_else() {
    let round = round_of(b"wide", Shape::new(400, 15).unwrap(), 8);
    let pair = Pair::new(&round, intake(&round, 0..8)).unwrap();
    let collected = pair.run().unwrap();
    let [leader, helper] = shares(&collected);
    // The leader's own noise is what its generator draws after the number of the round.
    let mut rng = rng(1_000);
    let _number: [u8; 32] = rand::RngExt::random(&mut rng);
    let own = crate::statistics::noise::add(&[0; 400], round.sigma(), &mut rng).unwrap();
    let undone: Vec<i64> = own.iter().map(|it| -it).collect();
    let dishonest = leader.shifted_by(&undone);

    let total = total(&round, [&dishonest, helper]).unwrap();
    let variance = mean_square(&noise(&round, &total, 0..8));
    assert!((17.06 - 4.5 * 1.2..17.06 + 4.5 * 1.2).contains(&variance), "{variance}");
}

#[test]
fn who_does_not_deliver_is_not_in_it_and_nothing_is_run_again() {
    let round = round(8);
    let collected = Pair::new(&round, intake(&round, [0, 2, 3, 5, 6])).unwrap().run().unwrap();
    let total = total(&round, shares(&collected)).unwrap();
    assert_eq!(total.set.n_contributors(), 5);
    assert!(noise(&round, &total, [0, 2, 3, 5, 6]).iter().all(|it| it.abs() < 40));
}

#[test]
fn every_stage_survives_a_crash_and_a_lost_answer() {
    let round = round(8);
    let undisturbed = Pair::new(&round, intake(&round, 0..8)).unwrap().run().unwrap();

    let mut pair = Pair::new(&round, intake(&round, 0..8)).unwrap();
    for _ in 0..3 {
        pair.leader = Leader::parse(&pair.leader.to_bytes(&round), &round).unwrap();
        pair.helper = Helper::parse(&pair.helper.to_bytes(&round), &round).unwrap();
        // The answer is lost after the helper has stored its stage; the leader asks again.
        let question = pair.leader.question(&round).unwrap();
        let (helper, lost) =
            pair.helper.answer(&round, None, &question, &mut pair.rngs[1]).unwrap();
        pair.helper = Helper::parse(&helper.to_bytes(&round), &round).unwrap();
        let (helper, again) = pair.helper.answer(&round, None, &question, &mut rng(99)).unwrap();
        assert_eq!(lost, again);
        let leader = pair.leader.answered(&round, None, &again, &mut pair.rngs[0]).unwrap();
        (pair.leader, pair.helper) = (leader, helper);
    }
    let Leader::Collected(collected) =
        Leader::parse(&pair.leader.to_bytes(&round), &round).unwrap()
    else {
        panic!("the round is not over")
    };
    assert_eq!(collected, undisturbed);
    assert_eq!(pair.helper.outcome(), Some(&collected.helpers));
    assert_eq!(pair.leader.question(&round), None);
}

#[test]
fn what_is_stored_after_the_sum_holds_no_share_of_anybody() {
    let round = round(8);
    let pair = Pair::new(&round, intake(&round, 0..8)).unwrap();
    let pair = pair.step().unwrap().step().unwrap();
    // Tag, round, conclusion, own share with its set, and nobody left out.
    let own = match &pair.leader {
        Leader::Concluded(_) => pair.leader.to_bytes(&round).len(),
        leader => panic!("{leader:?}"),
    };
    assert!(own < 500, "{own}");
    let pair = pair.step().unwrap();
    assert!(pair.helper.to_bytes(&round).len() < 1_000);
}

#[test]
fn two_shares_that_do_not_belong_together_are_no_answer() {
    let (round, other) = (round(8), round_of(b"another", round(8).shape(), 8));
    let collected = Pair::new(&round, intake(&round, 0..8)).unwrap().run().unwrap();
    let fewer = Pair::new(&round, intake(&round, 0..7)).unwrap().run().unwrap();
    let [leader, helper] = shares(&collected);
    let [fewer_leader, _] = shares(&fewer);

    assert_eq!(total(&round, [helper, leader]), Err(NoTotal::Roles));
    assert_eq!(total(&round, [leader, leader]), Err(NoTotal::Roles));
    assert_eq!(total(&round, [fewer_leader, helper]), Err(NoTotal::SetsDiffer));
    assert_eq!(total(&other, [leader, helper]), Err(NoTotal::WrongRound));
    for lie in [1 << 40, -1_000, i64::MAX, i64::MIN] {
        let lying = leader.shifted_by(&[lie; 6]);
        assert_eq!(total(&round, [&lying, helper]), Err(NoTotal::Nonsense), "{lie}");
    }
}

#[test]
fn a_round_is_opened_by_its_aggregators_and_by_nobody_else() {
    let round = round(8);
    let [key, _] = keys();
    let envelope = Opening::sign(&round, Role::Leader, &key, &org(200)).unwrap();
    let opening = Opening::verify(&envelope, &round, Role::Leader).unwrap();
    assert_eq!(opening.key, key.public().unwrap());

    let by_other = Opening::sign(&round, Role::Leader, &key, &org(201)).unwrap();
    assert!(Opening::verify(&by_other, &round, Role::Leader).is_err());
    let wrong_role = Opening::sign(&round, Role::Helper, &key, &org(200)).unwrap();
    let refused = Opening::verify(&wrong_role, &round, Role::Leader);
    assert_eq!(refused, Err(BadOpening::WrongRound));
    let other = round_of(b"another", round.shape(), 8);
    assert_eq!(Opening::verify(&envelope, &other, Role::Leader), Err(BadOpening::WrongRound));
}

#[test]
fn everything_in_a_round_is_in_its_context() {
    let shape = |n_cells, max| Shape::new(n_cells, max).unwrap();
    let sigma = |it| Sigma::from_hundredths(it).unwrap();
    type Parts = (Vec<u8>, Shape, Sigma, Minimum, [OrgId; 2], u8);
    let make = |change: &dyn Fn(&mut Parts)| {
        let aggregators = [org(200).id(), org(201).id()];
        let minimum = Minimum::new(5, 3).unwrap();
        let mut it = (b"r".to_vec(), shape(6, 4095), sigma(413), minimum, aggregators, 8);
        change(&mut it);
        let (release, shape, sigma, minimum, aggregators, n) = it;
        let queriers = BTreeSet::from([category(n)]);
        let contributors = contributors(0..n);
        Round::new(&release, shape, sigma, minimum, aggregators, queriers, contributors)
            .unwrap()
            .context()
    };
    let contexts: BTreeSet<_> = [
        make(&|_| ()),
        make(&|it| it.0 = b"s".to_vec()),
        make(&|it| it.1 = shape(7, 4095)),
        make(&|it| it.1 = shape(6, 4094)),
        make(&|it| it.2 = sigma(414)),
        make(&|it| it.3 = Minimum::new(6, 3).unwrap()),
        make(&|it| it.3 = Minimum::new(5, 4).unwrap()),
        make(&|it| it.4.reverse()),
        make(&|it| it.5 = 9),
        make(&|it| it.5 = 12),
    ]
    .into();
    assert_eq!(contexts.len(), 10);
}

#[test]
fn a_round_that_would_show_too_much_cannot_be_made() {
    assert_eq!(Minimum::new(4, 3), Err(NoRound::Minimum));
    assert_eq!(Minimum::new(5, 2), Err(NoRound::Minimum));
    for (cells, max) in [(0, 1), (401, 1), (1, 0), (1, 65_536)] {
        assert_eq!(Shape::new(cells, max), Err(NoRound::Shape));
    }
    let it = round(8);
    let alone = [org(200).id(); 2];
    let made = Round::new(
        b"r",
        it.shape(),
        it.sigma(),
        it.minimum(),
        alone,
        BTreeSet::new(),
        BTreeMap::new(),
    );
    assert_eq!(made, Err(NoRound::OneAggregator));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_counts_in_range_are_summed(seed: u64, counts in proptest::collection::vec(
        proptest::collection::vec(0..=4095_u64, 6), 5..9)
    ) {
        let n = u8::try_from(counts.len()).unwrap();
        let round = round(n);
        let [leader, helper] = publics();
        let [key, _] = keys();
        let mut intake = Intake::new(round.clone(), key).unwrap();
        for (nth, counts) in (0..n).zip(&counts) {
            let made = contribute(&round, [&leader, &helper], &org(nth), counts, &mut rng(seed ^ u64::from(nth)));
            let made = Contribution::parse(&made.unwrap().to_bytes(), &round).unwrap();
            prop_assert_eq!(intake.accept(made), Ok(Receipt::Taken));
        }
        let collected = Pair::new(&round, intake).unwrap().run().unwrap();
        let total = total(&round, shares(&collected)).unwrap();
        for (cell, sum) in total.cells.iter().enumerate() {
            let truth: u64 = counts.iter().map(|it| it[cell]).sum();
            // Twelve standard deviations of 5.84.
            prop_assert!((sum - truth as i64).abs() < 71);
        }
    }

    /// Whatever bytes come, they are refused or mean what they meant; nothing panics.
    #[test]
    fn changed_bytes_are_never_taken_for_others(stage in 0..3, at: prop::sample::Index, flip in 1..=255_u8, cut: bool) {
        let round = round(8);
        let mut pair = Pair::new(&round, intake(&round, 0..8)).unwrap();
        for _ in 0..stage {
            pair = pair.step().unwrap();
        }
        let change = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
            bytes
        };
        let _ = Leader::parse(&change(&pair.leader.to_bytes(&round)), &round);
        let _ = Helper::parse(&change(&pair.helper.to_bytes(&round)), &round);
        let stored = || Helper::parse(&pair.helper.to_bytes(&round), &round).unwrap();
        let question = pair.leader.question(&round).unwrap();
        let _ = stored().answer(&round, None, &change(&question), &mut rng(3));
        let (_, answer) = stored().answer(&round, None, &question, &mut rng(3)).unwrap();
        if let Ok(Leader::Collected(collected)) =
            pair.leader.answered(&round, None, &change(&answer), &mut rng(4))
        {
            // Only the cells of the helper's share are not bound to anything: it may add what it
            // likes.
            prop_assert_eq!(collected.own.set(), collected.helpers.set());
        }
    }
}

#[test]
fn no_question_is_longer_than_its_round_says() {
    let shape = Shape::new(MAX_CELLS, 65_535).unwrap();
    let round = round_of(b"a large one", shape, 5);
    let mut pair = Pair::new(&round, intake(&round, 0..5)).unwrap();
    while let Some(question) = pair.leader.question(&round) {
        assert!(question.len() <= round.max_question(), "{}", question.len());
        pair = pair.step().unwrap();
    }
}

#[test]
fn a_share_is_read_only_from_its_own_aggregator_s_signature_and_for_its_own_round() {
    let round = round(5);
    let collected = Pair::new(&round, intake(&round, 0..5)).unwrap().run().unwrap();
    let [leader, helper] = shares(&collected);
    let signed = helper.sign(&org(201)).unwrap();
    assert_eq!(AggregateShare::verify(&signed, &round, Role::Helper).as_ref(), Some(helper));
    assert_eq!(AggregateShare::verify(&signed, &round, Role::Leader), None);
    let other = round_of(b"another", round.shape(), 5);
    assert_eq!(AggregateShare::verify(&signed, &other, Role::Helper), None);
    // Signed by the helper, and not its own.
    let borrowed = leader.sign(&org(201)).unwrap();
    assert_eq!(AggregateShare::verify(&borrowed, &round, Role::Helper), None);
    let strange = helper.sign(&org(9)).unwrap();
    assert_eq!(AggregateShare::verify(&strange, &round, Role::Helper), None);
}
