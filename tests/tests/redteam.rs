//! The red team: every attack of the list on fresh worlds, with the numbers that a check has time
//! for. `cargo xtask redteam` runs the same with the numbers of the design.
//!
//! Each attack is a test of its own, so that they run beside each other and each is named.

#![expect(clippy::print_stdout, reason = "a figure that crossed its line is read by people")]

use entente_tests::redteam::{ATTACKS, Sizes};

#[track_caller]
fn fails(name: &str) {
    let attack = ATTACKS.iter().find(|attack| attack.name == name).expect("an attack");
    let finding = attack.conduct(&Sizes::SMALL);
    for measure in &finding.measures {
        println!("{name}: {measure}");
    }
    println!("{name}: {:.1} s, {} runs", finding.seconds, finding.n_runs);
    assert!(finding.passed(), "{name} succeeds: {}", attack.tries);
}

#[test]
fn rt1_the_same_in_other_words_is_one_answer_and_one_charge() {
    fails("rt1");
}

#[test]
fn rt2_no_average_over_partitions_is_more_exact_than_what_was_paid_for() {
    fails("rt2");
}

#[test]
fn rt3_one_person_is_told_no_better_than_promised() {
    fails("rt3");
}

#[test]
fn rt3_one_person_in_a_secure_sum_is_told_no_better_than_promised_by_anybody() {
    fails("rt3-sum");
}

#[test]
fn rt4_what_happens_after_a_period_shows_in_a_paid_revision_alone() {
    fails("rt4");
}

#[test]
fn rt5_no_tracker_and_no_fuzzed_question_is_answered_outside_of_a_plan() {
    fails("rt5");
}

#[test]
fn rt6_everything_that_all_partners_get_recovers_a_secret_bit_like_a_coin() {
    fails("rt6");
}

#[test]
fn rt7_nothing_is_spent_twice_refunded_or_forgotten() {
    fails("rt7");
}

#[test]
fn rt8_the_noise_is_as_wide_as_was_paid_for() {
    fails("rt8");
}

#[test]
fn rt8_the_noise_of_a_secure_sum_holds_without_either_aggregators_own() {
    fails("rt8-sum");
}

#[test]
fn rt13_an_empty_and_a_full_cell_take_the_same_path_and_a_replay_draws_nothing() {
    fails("rt13");
}

#[test]
fn rt14_every_refusal_is_the_same_to_the_last_byte() {
    fails("rt14");
}

#[test]
fn rt16_nobody_gets_a_secure_sum_and_the_same_one_without_somebody() {
    fails("rt16");
}

#[test]
fn rt17_a_lie_in_a_secure_sum_harms_nobody_else() {
    fails("rt17");
}

#[test]
fn rt19_an_empty_territory_is_dense_and_rarely_above_the_floor() {
    fails("rt19");
}

#[test]
fn rt21_two_copies_of_a_node_never_draw_the_same_noise_and_are_found_out() {
    fails("rt21");
}

#[test]
fn rt22_no_older_wider_or_unsigned_plan_is_answered() {
    fails("rt22");
}

#[test]
fn no_hidden_count_follows_from_all_that_may_be_asked() {
    fails("residual-counts");
}

#[test]
fn no_cell_follows_from_all_that_a_plan_releases() {
    fails("residual-plan");
}
