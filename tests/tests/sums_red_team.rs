//! Attacks on secure sums, against running nodes.
//!
//! The numbers RT… are those of the red-team list of the design: nobody gets two sums of which one
//! organization is the difference (RT16), and who lies spoils nothing but its own contribution, which
//! moves a cell by no more than the plan allows (RT17).

use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::plan::MAX_PER_CELL;
use entente_core::statistics::release::DeclineReason;
use entente_core::statistics::sum::{Rejection, SealingKey, contribute};
use entente_node::node::statistics::AnswerKept;
use entente_proto::SumReply;
use entente_tests::federation::staff;
use entente_tests::forge::{FORGERIES, MANITOBA, forged};
use entente_tests::liar::{
    contribution, keep, lie, numbered, office_key, said, signature, with_liar,
};
use entente_tests::sums::{Summed, near, stopped};

#[test]
fn rt16_nobody_gets_a_sum_and_the_same_sum_without_one() {
    let mut world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    world.take_in(0..5, &release);
    let with_five = world.centre.copied();
    world.take_in([5], &release);
    world.close(&release);
    world.finish(&release);
    let with_all = world.cells(&release).unwrap();

    // The leader is set back to where the last one was not in, and asks for the others.
    world.centre.set_back(&with_five);
    world.close(&release);
    assert_eq!(stopped(world.step(&release)), "out_of_turn");
    assert_eq!(world.cells(&release), None);

    // It begins anew with a fresh key: the helper has one for this release, and so have the others.
    let mut world = Summed::new(6);
    let before = world.centre.copied();
    world.run(0..6, &release);
    world.centre.set_back(&before);
    world.open(&release).unwrap();
    for nth in 0..6 {
        assert_eq!(world.declined(nth, &release), DeclineReason::OtherRound);
        assert_eq!(world.n_charges(nth), 1);
    }
    world.close(&release);
    assert_eq!(world.given_up(&release).as_deref(), Some("too_few"));
    near(&with_all, 75);
}

#[test]
fn rt16_the_helper_reveals_one_sum_and_never_another() {
    let world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    world.take_in(0..6, &release);
    world.close(&release);
    let (leader, node) = (world.centre.id(), world.helper.node());
    let mut asked = Vec::new();
    while let Some(question) = world.centre.node().next_sum_question(&release).unwrap() {
        world.step(&release).unwrap();
        let mut other = question.clone();
        let last = other.len() - 1;
        other[last] ^= 1;
        assert_eq!(stopped(node.answer_sum(&leader, &release, &other)), "out_of_turn");
        asked.push(question);
    }
    assert_eq!(asked.len(), 3);
    let last = asked.pop().unwrap();
    for question in &asked {
        assert_eq!(stopped(node.answer_sum(&leader, &release, question)), "out_of_turn");
    }
    let said = node.answer_sum(&leader, &release, &last).unwrap();
    assert_eq!(node.answer_sum(&leader, &release, &last).unwrap(), said);
}

#[test]
fn rt16_a_roster_of_three_is_no_plan_and_three_of_six_are_no_sum() {
    let world = Summed::new(6);
    let mut few = world.centre.node().plan_by_id(&world.plan).unwrap().plan;
    few.roles.contributors = few.roles.contributors.into_iter().take(3).collect();
    assert!(few.problems().iter().any(|it| it.place == "roles.contributors"));

    let release = world.release(0);
    world.open(&release).unwrap();
    world.take_in(0..3, &release);
    world.close(&release);
    assert_eq!(world.given_up(&release).as_deref(), Some("too_few"));
    let row = world.led(&release);
    assert!(row.key.is_empty() && row.stage.is_empty());
    assert_eq!(world.cells(&release), None);
    // What was paid stays spent, and the round is never begun again.
    assert_eq!((world.n_charges(0), world.n_charges(5)), (1, 0));
    world.centre.node().begin_sum(staff(), &release).unwrap();
    assert_eq!(world.given_up(&release).as_deref(), Some("too_few"));
    assert_eq!(world.ask(5, &release), AnswerKept::TooLate);
}

#[test]
fn rt17_a_share_that_was_tampered_with_is_left_out_and_the_others_are_not_harmed() {
    let world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    let mut tampered = world.reply(5, &release).unwrap();
    *tampered.contribution.last_mut().unwrap() ^= 1;
    let left_out = with_liar(&world, &release, &tampered);
    assert_eq!(left_out, Some(Rejection::NotSealedToUs));
    near(&world.cells(&release).unwrap(), 60);
}

#[test]
fn rt17_a_helper_s_share_that_cannot_be_opened_is_left_out_by_the_helper() {
    let world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    let mut made = contribution(&world, 5, &release);
    made.report.report.for_helper[7] ^= 1;
    made.report.signature = signature(&made.report, 5);
    let left_out = with_liar(&world, &release, &said(&world, 5, &release, &made));
    assert_eq!(left_out, Some(Rejection::NotSealedToUs));
    near(&world.cells(&release).unwrap(), 60);
}

#[test]
fn rt17_another_s_report_another_round_s_and_a_second_one_are_left_out() {
    // The report of somebody else, sent as one's own.
    let world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    let of_other = contribution(&world, 4, &release);
    let left_out = with_liar(&world, &release, &said(&world, 5, &release, &of_other));
    assert_eq!(left_out, Some(Rejection::BadSignature));
    near(&world.cells(&release).unwrap(), 60);

    // A report of another release.
    let (world, other) = (Summed::new(6), 1);
    world.open(&release).unwrap();
    world.open(&world.release(other)).unwrap();
    let mut moved = contribution(&world, 5, &world.release(other));
    moved.for_leader.truncate(contribution(&world, 5, &release).for_leader.len());
    let left_out = with_liar(&world, &release, &said(&world, 5, &release, &moved));
    assert_eq!(left_out, Some(Rejection::WrongRound));
    near(&world.cells(&release).unwrap(), 60);

    // What it says that it sent is not what it sent.
    let world = Summed::new(6);
    world.open(&release).unwrap();
    let second = lie(&world, 5, &release, &[1; 14]);
    let mixed = SumReply { contribution: second.contribution, ..world.reply(5, &release).unwrap() };
    let left_out = with_liar(&world, &release, &mixed);
    assert_eq!(left_out, Some(Rejection::SecondContribution));
    near(&world.cells(&release).unwrap(), 60);
}

#[test]
fn rt17_a_liar_moves_a_cell_by_the_largest_number_and_no_further() {
    let world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    let mut most = [0; 14];
    most[6] = u64::from(MAX_PER_CELL);
    let reply = lie(&world, 5, &release, &most);
    assert_eq!(with_liar(&world, &release, &reply), None);
    near(&world.cells(&release).unwrap(), 60 + i64::from(MAX_PER_CELL));
    // One more than that cannot even be split: the proof is over numbers of twelve bits.
    let plan = world.centre.node().plan_by_id(&world.plan).unwrap().plan;
    let round = plan.round(&release).unwrap();
    most[6] += 1;
    let key = SealingKey::from_seed(&[1; 32]).public().unwrap();
    let made = contribute(&round, [&key, &key], &office_key(5), &most, &mut SystemRandomness);
    assert!(made.is_err());
}

#[test]
fn rt17_a_forged_share_is_left_out_as_not_proven_and_what_was_paid_is_shown() {
    for lie in FORGERIES {
        let world = Summed::new(6);
        let release = world.release(0);
        world.open(&release).unwrap();
        let reply = forged(&world, 5, &release, lie);
        let left_out = with_liar(&world, &release, &reply);
        assert_eq!(left_out, Some(Rejection::NotProven), "{lie:?}");
        near(&world.cells(&release).unwrap(), 60);
        // It paid once, as those did whose figures are in it, and its books say so.
        let odometer = world.offices[5].node().odometer().unwrap();
        assert_eq!((odometer.n_charges, odometer.undrawn.0), (1, 0));
    }
    // The same with nothing changed is taken in: it is the lie that is found, and not the forger.
    let world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    let reply = forged(&world, 5, &release, (MANITOBA, 0));
    assert_eq!(with_liar(&world, &release, &reply), None);
    near(&world.cells(&release).unwrap(), 61);
}

#[test]
fn rt17_of_two_reports_with_one_number_one_is_counted_and_the_others_are_not_harmed() {
    // Office 3 is told the number of office 2, and has a program that takes it. That it comes later in
    // the order of the organizations decides; only the leader, who may leave out anybody, could tell it.
    let world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    world.take_in([0, 1, 2, 4, 5], &release);
    let number = contribution(&world, 2, &release).report.report.id;
    let mut cells = [0; 14];
    cells[6] = 13;
    let reply = numbered(&world, 3, &release, &cells, number);
    assert!(matches!(keep(&world, 3, &release, &reply), AnswerKept::Added(_)));
    world.close(&release);
    world.finish(&release);
    let plan = world.centre.node().plan_by_id(&world.plan).unwrap().plan;
    let table = world.centre.node().release_table(&plan, &release).unwrap();
    assert_eq!(table.left_out(&world.offices[3].id()), Some(Rejection::RepeatedId));
    assert_eq!(table.left_out(&world.offices[2].id()), None);
    near(&world.cells(&release).unwrap(), 75 - 13);
}

#[test]
fn rt17_a_contribution_that_comes_twice_late_or_for_another_release_has_one_outcome_each() {
    let world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    world.open(&world.release(1)).unwrap();
    let reply = world.reply(5, &release).unwrap();
    // For another release: it is no answer to what was asked, and nothing of it is kept.
    assert_eq!(keep(&world, 5, &world.release(1), &reply), AnswerKept::NotValid);
    assert!(world.centre.node().sum_intake(&world.release(1)).unwrap().taken.is_empty());
    // Twice: the same again is the same, and counts once.
    for _ in 0..2 {
        assert!(matches!(keep(&world, 5, &release, &reply), AnswerKept::Added(_)));
    }
    world.take_in(0..5, &release);
    world.close(&release);
    // Late: what the contributor paid stays in its books, and it is in the figures as it was.
    assert_eq!(keep(&world, 5, &release, &reply), AnswerKept::TooLate);
    world.finish(&release);
    near(&world.cells(&release).unwrap(), 75);
    assert_eq!(world.n_charges(5), 1);

    // Who was late alone is silent in what is published, and has paid.
    let world = Summed::new(6);
    world.open(&release).unwrap();
    let late = world.reply(5, &release).unwrap();
    world.take_in(0..5, &release);
    world.close(&release);
    assert_eq!(keep(&world, 5, &release, &late), AnswerKept::TooLate);
    world.finish(&release);
    near(&world.cells(&release).unwrap(), 60);
    let voices = world.centre.node().voices(&release).unwrap();
    let silent: Vec<_> = voices.iter().filter(|(_, heard)| heard.is_none()).collect();
    assert_eq!((silent.len(), silent[0].0), (1, world.offices[5].id()));
    assert_eq!(world.offices[5].node().own_standing(&release).unwrap(), Some(true));
}

#[test]
fn a_second_signed_contribution_is_evidence_and_the_first_stays() {
    let world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    world.take_in(0..6, &release);
    let second = lie(&world, 5, &release, &[9; 14]);
    assert_eq!(keep(&world, 5, &release, &second), AnswerKept::Contradicts);
    let liar = world.centre.node().partner_row(&world.offices[5].id()).unwrap();
    assert_eq!(liar.quarantined.as_deref(), Some("drawn_twice"));
    world.close(&release);
    world.finish(&release);
    near(&world.cells(&release).unwrap(), 75);
}
