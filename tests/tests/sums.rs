//! Secure sums between running nodes, and attacks on them.
//!
//! The numbers RT… are those of the red-team list of the design: nobody gets two sums of which one
//! organization is the difference, and who lies spoils nothing but its own contribution.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::release::DeclineReason;
use entente_node::node::statistics::sum::SumShut;
use entente_node::node::statistics::{AnswerKept, ReleaseShut};
use entente_store::rows::RoundState;
use entente_tests::federation::{Org, sign_plan, staff};
use entente_tests::sums::Summed;

/// The price of a release in the shipped plan.
const COST: NanoRho = NanoRho(29_383_333);

/// Six standard deviations of two noises of 4.13: once in a billion cells.
const NOISE: i64 = 35;

#[track_caller]
fn near(cells: &[i64], manitoba: i64) {
    assert_eq!(cells.len(), 14);
    for (at, cell) in cells.iter().enumerate() {
        let truth = if at == 6 { manitoba } else { 0 };
        assert!((cell - truth).abs() <= NOISE, "cell {at}: {cell}, {truth}");
    }
    assert!(cells.iter().any(|cell| *cell != 0), "no noise");
}

#[track_caller]
fn stopped<T: std::fmt::Debug>(result: Result<T, SumShut>) -> String {
    match result.unwrap_err() {
        SumShut::Stopped(word) => word,
        other => panic!("not stopped: {other}"),
    }
}

#[track_caller]
fn outside<T: std::fmt::Debug>(result: Result<T, SumShut>) {
    let refused = result.unwrap_err();
    assert!(matches!(refused, SumShut::Release(ReleaseShut::OutsidePlan)), "{refused}");
}

#[test]
fn six_are_asked_one_drops_out_and_the_sum_is_that_of_five() {
    let world = Summed::new(6);
    let release = world.release(0);
    world.run([0, 1, 2, 4, 5], &release);
    near(&world.cells(&release).unwrap(), 10 + 11 + 12 + 14 + 15);
    for nth in 0..6 {
        assert_eq!(world.n_charges(nth), u64::from(nth != 3), "office {nth}");
    }
    let odometer = world.offices[0].node().odometer().unwrap();
    assert_eq!(odometer.spent, COST);
    assert_eq!(odometer.years[0].partners, [(world.centre.id(), COST)]);
    // Nothing of a contribution is left with those who added them up.
    assert!(world.led(&release).stage.is_empty() && world.led(&release).key.is_empty());
    assert_eq!(world.helped(&release).state, RoundState::Done);
}
