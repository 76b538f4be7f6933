//! Red team: contributions that are not what an honest node makes. Each is left out by both
//! aggregators, and the others' sum is what it would have been without.

use super::prio3::{Prio3, Split};
use super::report::carry;
use super::*;
use zeroize::Zeroizing;

/// A contribution of organization 7 that was split as `split` says.
fn forged(round: &Round, id: ReportId, split: Split) -> Contribution {
    let [leader, helper] = publics();
    carry(&round.context(), [&leader, &helper], &org(7), id, split, &mut rng(70)).unwrap()
}

fn split(round: &Round, id: ReportId) -> Split {
    let prio3 = Prio3::new(round.shape(), &round.context()).unwrap();
    prio3.split(&id.0, &counts(round, 7), &mut rng(71)).unwrap()
}

/// Adds to a number of the leader's share, as the field does; 16 bytes, little-endian.
fn add_to(share: &mut Zeroizing<Vec<u8>>, place: usize, by: i64) {
    use prio::codec::{Encode as _, ParameterizedDecode as _};
    use prio::field::Field128;
    let bytes = &mut share[16 * place..16 * (place + 1)];
    let number = Field128::get_decoded_with_param(&(), bytes).unwrap();
    let size = Field128::from(u128::from(by.unsigned_abs()));
    let sum = if by < 0 { number - size } else { number + size };
    bytes.copy_from_slice(&sum.get_encoded().unwrap());
}

/// The poisoned contribution is let in and then left out by both, and nobody else is harmed.
#[track_caller]
fn check_left_out(poison: impl FnOnce(&mut Split), expected: Rejection) {
    let round = round(8);
    let id = ReportId([9; 16]);
    let mut poisoned = split(&round, id);
    poison(&mut poisoned);

    let mut poisoned_intake = intake(&round, 0..7);
    let accepted = poisoned_intake.accept(forged(&round, id, poisoned));
    assert_eq!(accepted, Ok(Receipt::Taken));
    let collected = Pair::new(&round, poisoned_intake).unwrap().run().unwrap();
    assert_eq!(collected.left_out, [(org(7).id(), expected)]);

    let without = Pair::new(&round, intake(&round, 0..7)).unwrap().run().unwrap();
    let cells = |it: &Collected| total(&round, shares(it)).unwrap().cells;
    assert_eq!(cells(&collected), cells(&without));
}

#[test]
fn an_honest_contribution_made_this_way_is_counted() {
    let round = round(8);
    let id = ReportId([9; 16]);
    let mut intake = intake(&round, 0..7);
    intake.accept(forged(&round, id, split(&round, id))).unwrap();
    let collected = Pair::new(&round, intake).unwrap().run().unwrap();
    assert_eq!(collected.left_out, []);
    assert_eq!(collected.own.set().n_contributors(), 8);
}

#[test]
fn cells_out_of_range_are_left_out() {
    // Bits of two, of a million, and of minus one, which wraps around.
    for by in [2, 1_000_000, -1, i64::MAX] {
        check_left_out(|it| add_to(&mut it.for_leader, 0, by), Rejection::NotProven);
    }
    // The last bit of the last cell.
    check_left_out(|it| add_to(&mut it.for_leader, 6 * 12 - 1, 5), Rejection::NotProven);
}

#[test]
fn a_changed_proof_is_left_out() {
    check_left_out(|it| add_to(&mut it.for_leader, 6 * 12 + 3, 1), Rejection::NotProven);
}

#[test]
fn a_changed_share_of_the_helper_is_left_out() {
    check_left_out(|it| it.for_helper[0] ^= 1, Rejection::NotProven);
    check_left_out(|it| it.for_helper[63] ^= 1, Rejection::NotProven);
    check_left_out(|it| it.for_helper.reverse(), Rejection::NotProven);
}

/// The second half of the public part is seen to be wrong by the leader alone, after the helper has
/// taken the report for proven. Both must still sum the same set.
#[test]
fn a_report_that_only_one_aggregator_finds_wrong_is_left_out_by_both() {
    check_left_out(|it| it.public[0] ^= 1, Rejection::NotProven);
    check_left_out(|it| it.public[32] ^= 1, Rejection::NotProven);
}

#[test]
fn a_proof_for_another_round_or_number_is_left_out() {
    let other = round_of(b"rev 1", round(8).shape(), 8);
    check_left_out(|it| *it = split(&other, ReportId([9; 16])), Rejection::NotProven);
    check_left_out(|it| *it = split(&round(8), ReportId([8; 16])), Rejection::NotProven);
}

#[test]
fn a_share_that_nobody_can_open_is_left_out() {
    let round = round(8);
    let mut intake = intake(&round, 0..7);
    let whole = contribution(&round, 7);

    // The helper's sealed share is changed and signed; only the helper can see that.
    let mut report = whole.report.report;
    report.for_helper[1150] ^= 1;
    let report = SignedReport::sign(report, &org(7)).unwrap();
    intake.accept(Contribution { report, for_leader: whole.for_leader }).unwrap();
    let collected = Pair::new(&round, intake).unwrap().run().unwrap();
    assert_eq!(collected.left_out, [(org(7).id(), Rejection::NotSealedToUs)]);
    assert_eq!(collected.helpers.set().n_contributors(), 7);
}

#[track_caller]
fn check_refused(contribution: Contribution, expected: Rejection) {
    let round = round(8);
    let mut intake = intake(&round, 0..7);
    assert_eq!(intake.accept(contribution), Err(expected));
    assert_eq!(intake.contributors().count(), 7);
}

#[test]
fn the_leader_refuses_at_once_what_it_can_see() {
    let round = round(8);
    let other = round_of(b"rev 1", round.shape(), 8);
    check_refused(contribution(&other, 7), Rejection::WrongRound);

    let mut unsealable = contribution(&round, 7);
    unsealable.for_leader[0] ^= 1;
    check_refused(unsealable, Rejection::NotSealedToUs);

    let mut changed = contribution(&round, 7);
    changed.report.report.public[0] ^= 1;
    check_refused(changed, Rejection::BadSignature);

    let wider = round_of(b"x", Shape::new(6, 65_535).unwrap(), 8);
    let long = split(&wider, ReportId([9; 16]));
    check_refused(forged(&round, ReportId([9; 16]), long), Rejection::Unreadable);
}

#[test]
fn the_number_of_another_report_is_refused() {
    let round = round(8);
    let taken = contribution(&round, 3).report.report.id;
    check_refused(forged(&round, taken, split(&round, taken)), Rejection::RepeatedId);
}

/// Organization 7 sends the sealed shares of 3 as its own, to count 3 twice.
#[test]
fn the_shares_of_another_are_refused() {
    let round = round(8);
    let theirs = contribution(&round, 3);
    for id in [theirs.report.report.id, ReportId([9; 16])] {
        let mut report = theirs.report.report.clone();
        report.id = id;
        let report = SignedReport::sign(report, &org(7)).unwrap();
        let stolen = Contribution { report, for_leader: theirs.for_leader.clone() };
        let mut intake = intake(&round, [0, 1, 2, 4, 5, 6]);
        assert_eq!(intake.accept(stolen), Err(Rejection::NotSealedToUs));
    }
}

#[test]
fn what_is_out_of_range_is_not_even_split() {
    let round = round(8);
    let [leader, helper] = publics();
    let contribute = |nth, counts: &[u64]| {
        contribute(&round, [&leader, &helper], &org(nth), counts, &mut rng(1)).err()
    };
    assert_eq!(contribute(1, &[4095; 6]), None);
    let out = Some(NotContributed::OutOfRange { cell: 2 });
    assert_eq!(contribute(1, &[0, 0, 4096, 0, 0, 0]), out);
    assert_eq!(contribute(1, &[0, 0, u64::MAX, 0, 0, 0]), out);
    assert_eq!(contribute(1, &[0; 5]), Some(NotContributed::Cells));
    assert_eq!(contribute(9, &[0; 6]), Some(NotContributed::NoContributor));
}

/// What a liar can do is to contribute the largest number.
#[test]
fn the_most_a_liar_can_add_is_the_largest_cell() {
    let round = round(8);
    let [leader, helper] = publics();
    let most = [u64::from(round.shape().max()); 6];
    let lie = contribute(&round, [&leader, &helper], &org(7), &most, &mut rng(7)).unwrap();
    let mut intake = intake(&round, 0..7);
    intake.accept(lie).unwrap();
    let lied = Pair::new(&round, intake).unwrap().run().unwrap();
    let without = Pair::new(&round, super::intake(&round, 0..7)).unwrap().run().unwrap();
    let cells = |it: &Collected| total(&round, shares(it)).unwrap().cells;
    let added: Vec<i64> =
        cells(&lied).iter().zip(cells(&without)).map(|(with, without)| with - without).collect();
    assert_eq!(added, [4095; 6]);
}

/// Two copies of one machine would give the leader the difference of their figures if they split
/// with the same randomness; the helper's share depends on nothing else.
#[test]
fn a_helpers_share_is_randomness_and_nothing_else() {
    let round = round(8);
    let prio3 = Prio3::new(round.shape(), &round.context()).unwrap();
    let of = |counts: [u64; 6], seed| prio3.split(&[1; 16], &counts, &mut rng(seed)).unwrap();
    assert_eq!(of([0; 6], 1).for_helper, of([4095; 6], 1).for_helper);
    assert_ne!(of([0; 6], 1).for_helper, of([0; 6], 2).for_helper);
    assert_ne!(of([0; 6], 1).for_leader, of([0; 6], 2).for_leader);
}
