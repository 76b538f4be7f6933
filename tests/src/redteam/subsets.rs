//! RT16 and RT17: two sums of which one organization is the difference, and contributions that lie.
//!
//! Nothing is left to chance here but the noise; a figure is harmed if it is six standard deviations
//! of the noise away from the truth, which happens once in five hundred million cells.

use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::plan::MAX_PER_CELL;
use entente_core::statistics::release::{DeclineReason, ReleaseId};
use entente_core::statistics::sum::{Rejection, SealingKey, contribute};
use entente_node::node::statistics::AnswerKept;
use entente_proto::SumReply;

use super::{Measure, Sizes};
use crate::forge::{FORGERIES, MANITOBA, forged};
use crate::liar::{contribution, keep, lie, numbered, office_key, said, signature, with_liar};
use crate::sums::Summed;

/// Six standard deviations of two noises of 4.13, rounded up.
const FAR: i64 = 36;

/// The women of Manitoba whom the five honest offices know.
const OF_FIVE: i64 = 60;

/// RT16: a sum of all and a sum without one.
pub fn subsets(_: &Sizes) -> Vec<Measure> {
    let (mut again, mut charges) = (0, 0);
    let (mut world, release) = six();
    world.take_in(0..5, &release);
    let with_five = world.centre.copied();
    world.take_in([5], &release);
    world.close(&release);
    world.finish(&release);
    // The leader goes back to where the last one was not in, and asks for the others alone.
    world.centre.set_back(&with_five);
    world.close(&release);
    again += usize::from(world.step(&release).is_ok() || world.cells(&release).is_some());

    // It begins anew with a fresh key.
    let mut world = Summed::new(6);
    let before = world.centre.copied();
    world.run(0..6, &release);
    world.centre.set_back(&before);
    world.open(&release).unwrap();
    for nth in 0..6 {
        again += usize::from(world.declined(nth, &release) != DeclineReason::OtherRound);
        charges += usize::try_from(world.n_charges(nth)).unwrap() - 1;
    }

    let (world, release) = six();
    world.take_in(0..4, &release);
    world.close(&release);
    let few = usize::from(world.given_up(&release).is_none() || world.cells(&release).is_some());
    vec![
        Measure::exactly("second contributions, or sums without one", again, 0, 7),
        Measure::exactly("second charges", charges, 0, 6),
        Measure::exactly("other questions of the leader answered", answered_anew(), 0, 3),
        Measure::exactly("sums of four", few, 0, 1),
    ]
}

fn six() -> (Summed, ReleaseId) {
    let world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    (world, release)
}

/// How many of the leader's questions the helper answers a second time with one bit changed.
fn answered_anew() -> usize {
    let (world, release) = six();
    world.take_in(0..6, &release);
    world.close(&release);
    let mut n = 0;
    while let Some(mut question) = world.centre.node().next_sum_question(&release).unwrap() {
        world.step(&release).unwrap();
        *question.last_mut().unwrap() ^= 1;
        let node = world.helper.node();
        n += usize::from(node.answer_sum(&world.centre.id(), &release, &question).is_ok());
    }
    n
}

/// RT17: a contribution that was tampered with, is another's, of another release, too large, forged, or
/// has the number of another.
pub fn poison(_: &Sizes) -> Vec<Measure> {
    let lies: [fn(&Summed, &ReleaseId) -> SumReply; 5] = [
        |world, release| {
            let mut tampered = world.reply(5, release).unwrap();
            *tampered.contribution.last_mut().unwrap() ^= 1;
            tampered
        },
        |world, release| {
            let mut made = contribution(world, 5, release);
            made.report.report.for_helper[7] ^= 1;
            made.report.signature = signature(&made.report, 5);
            said(world, 5, release, &made)
        },
        |world, release| said(world, 5, release, &contribution(world, 4, release)),
        |world, release| {
            world.open(&world.release(1)).unwrap();
            let mut moved = contribution(world, 5, &world.release(1));
            moved.for_leader.truncate(contribution(world, 5, release).for_leader.len());
            said(world, 5, release, &moved)
        },
        |world, release| {
            let second = lie(world, 5, release, &[1; 14]);
            SumReply { contribution: second.contribution, ..world.reply(5, release).unwrap() }
        },
    ];
    let (mut taken, mut harmed) = (0, 0);
    for lie in lies {
        let (world, release) = six();
        let reply = lie(&world, &release);
        taken += usize::from(with_liar(&world, &release, &reply).is_none());
        harmed += usize::from(off(&world, &release) > FAR);
    }
    let mut unproven = 0;
    for forgery in FORGERIES {
        let (world, release) = six();
        let reply = forged(&world, 5, &release, forgery);
        let why = with_liar(&world, &release, &reply);
        unproven += usize::from(why == Some(Rejection::NotProven));
        harmed += usize::from(off(&world, &release) > FAR);
    }
    // The forger itself is not what is noticed: with nothing changed its share is proven.
    let (world, release) = six();
    let same = forged(&world, 5, &release, (MANITOBA, 0));
    let control = usize::from(with_liar(&world, &release, &same).is_none());
    let twice = [(3, 2), (5, 4)].map(|(liar, other)| under_one_number(liar, other));
    let counted = twice.iter().map(|(n_counted, _)| n_counted).max().copied().unwrap_or(0);
    harmed += twice.iter().filter(|(_, off)| *off > FAR).count();

    let (world, release) = six();
    let mut most = [0; 14];
    most[6] = u64::from(MAX_PER_CELL);
    with_liar(&world, &release, &lie(&world, 5, &release, &most));
    let moved = off(&world, &release);
    let limit = i64::from(MAX_PER_CELL) + FAR;
    most[6] += 1;
    let round = world.centre.node().plan_by_id(&world.plan).unwrap().plan.round(&release).unwrap();
    let key = SealingKey::from_seed(&[1; 32]).public().unwrap();
    let more = contribute(&round, [&key, &key], &office_key(5), &most, &mut SystemRandomness);
    let split = usize::from(more.is_ok());
    vec![
        Measure::exactly("lies that were taken in", taken, 0, lies.len()),
        Measure::exactly("forged shares (-1, 2^63, wrapped) that are not proven", unproven, 5, 5),
        Measure::exactly("the same share with nothing changed, taken in", control, 1, 1),
        Measure::exactly("reports with one number in one sum, at most", counted, 1, twice.len()),
        Measure::exactly("sums of the others that were harmed", harmed, 0, 12),
        Measure::at_most("by how much one liar moves a cell", moved as f64, limit as f64, 1),
        Measure::exactly("numbers out of range that our own program splits", split, 0, 1),
    ]
}

/// A liar whose report has the number of another's: how many of the two are counted, and how far the sum
/// is from what it says that it counts. Of two the one whose organization comes first in the order is in.
fn under_one_number(liar: usize, other: usize) -> (usize, i64) {
    let (world, release) = six();
    world.take_in((0..6).filter(|nth| *nth != liar), &release);
    let number = contribution(&world, other, &release).report.report.id;
    let of = |nth: usize| 10 + nth as u64;
    let mut cells = [0; 14];
    cells[6] = of(liar);
    let reply = numbered(&world, liar, &release, &cells, number);
    assert!(matches!(keep(&world, liar, &release, &reply), AnswerKept::Added(_)));
    world.close(&release);
    world.finish(&release);
    let plan = world.centre.node().plan_by_id(&world.plan).unwrap().plan;
    let table = world.centre.node().release_table(&plan, &release).unwrap();
    let counted: Vec<_> =
        (0..6).filter(|nth| table.left_out(&world.offices[*nth].id()).is_none()).collect();
    let truth: u64 = counted.iter().copied().map(of).sum();
    let cell = world.cells(&release).expect("a sum")[6];
    let n_of_both = counted.iter().filter(|nth| [liar, other].contains(nth)).count();
    (n_of_both, (cell - i64::try_from(truth).unwrap()).abs())
}

/// How far the cell of Manitoba is from what the honest offices have in it; a sum that was lost is as far as
/// can be.
fn off(world: &Summed, release: &ReleaseId) -> i64 {
    world.cells(release).map_or(i64::MAX, |cells| (cells[6] - OF_FIVE).abs())
}
