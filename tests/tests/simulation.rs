//! Random lists of operations against the model, and the lists that once found a bug.

use entente_tests::simulation::{K, Op, Simulation};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => any::<bool>().prop_map(|most| Op::Record { consents: most }),
        4 => Just(Op::Record { consents: true }),
        2 => any::<usize>().prop_map(Op::Consent),
        3 => any::<usize>().prop_map(Op::Withdraw),
        1 => any::<usize>().prop_map(Op::TakeBack),
        4 => Just(Op::Close),
        6 => (1_usize..4).prop_map(|max| Op::Pull { max }),
        1 => Just(Op::PullLost),
        1 => Just(Op::PullRepeated),
        3 => Just(Op::PullBack),
        2 => any::<bool>().prop_map(|issuer| Op::Crash { issuer }),
        1 => any::<bool>().prop_map(Op::SuspendAgreement),
        1 => any::<bool>().prop_map(Op::SuspendPartner),
        1 => (0_i64..30).prop_map(|days| Op::Advance { days }),
    ]
}

/// `ENTENTE_SEEDS` runs more of them: `cargo xtask simulate --seeds 10000`.
#[test]
fn whatever_happens_the_federation_does_what_it_must() {
    let n_seeds: u64 =
        std::env::var("ENTENTE_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    for seed in 0..n_seeds {
        let config = Config {
            cases: 1,
            rng_seed: RngSeed::Fixed(seed),
            failure_persistence: None,
            max_shrink_iters: 400,
            ..Config::default()
        };
        let run = TestRunner::new(config).run(&prop::collection::vec(op(), 0..40), |ops| {
            Simulation::new().run(ops);
            Ok(())
        });
        if let Err(error) = run {
            panic!("seed {seed}: {error}");
        }
    }
}

fn enough() -> Vec<Op> {
    vec![Op::Record { consents: true }; K]
}

fn run(ops: Vec<Op>) {
    Simulation::new().run(ops);
}

#[test]
fn enough_cases_leave_together_and_arrive() {
    run([enough(), vec![Op::Close, Op::Pull { max: 9 }, Op::PullBack]].concat());
}

#[test]
fn one_case_too_few_stays() {
    run([enough()[1..].to_vec(), vec![Op::Close, Op::Pull { max: 9 }]].concat());
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    run([enough(), vec![Op::Close, Op::PullLost, Op::Pull { max: 9 }]].concat());
}

#[test]
fn a_withdrawal_before_the_pull_is_never_held() {
    let ops = vec![Op::Close, Op::Withdraw(0), Op::Pull { max: 9 }, Op::PullBack];
    run([enough(), ops].concat());
}

#[test]
fn a_withdrawal_after_the_pull_is_shredded_and_receipted() {
    let ops =
        vec![Op::Close, Op::Pull { max: 9 }, Op::Withdraw(2), Op::Pull { max: 9 }, Op::PullBack];
    run([enough(), ops].concat());
}

#[test]
fn crashes_lose_nothing_that_was_acknowledged() {
    let crash = |issuer| Op::Crash { issuer };
    let ops = vec![
        crash(true),
        Op::Close,
        crash(true),
        Op::Pull { max: 9 },
        crash(false),
        Op::Withdraw(1),
        crash(true),
        Op::Pull { max: 9 },
        crash(false),
        Op::PullBack,
    ];
    run([enough(), ops].concat());
}

#[test]
fn a_suspended_agreement_lets_nothing_new_out() {
    let ops = vec![
        Op::SuspendAgreement(true),
        Op::Close,
        Op::Pull { max: 9 },
        Op::SuspendAgreement(false),
        Op::Close,
        Op::Pull { max: 9 },
    ];
    run([enough(), ops].concat());
}

#[test]
fn a_suspended_partner_gets_nothing_until_it_is_resumed() {
    let ops = vec![
        Op::Close,
        Op::SuspendPartner(true),
        Op::Pull { max: 9 },
        Op::SuspendPartner(false),
        Op::Pull { max: 9 },
    ];
    run([enough(), ops].concat());
}

/// Seed 9: a record that does not count any more was counted again at each change.
#[test]
fn a_record_taken_back_is_still_one_record() {
    run(vec![Op::Record { consents: false }, Op::TakeBack(0), Op::Consent(0)]);
}

/// Five years and a day: the templates let a summary be kept for 1,825 days.
#[test]
fn what_is_kept_too_long_is_destroyed() {
    use entente_tests::federation::{Org, START_S, agree, consent, pair, plain_case, pull, staff};

    let clock = entente_node::clock::ManualClock::new(START_S);
    let (issuer, receiver) = (Org::new(2, &clock), Org::new(1, &clock));
    pair(&issuer, &receiver);
    agree(&issuer, &receiver, 5);
    for _ in 0..K {
        let mut record = issuer.node().blank_record().unwrap();
        issuer.node().fill(&mut record, &plain_case()).unwrap();
        issuer.node().add_record(staff(), record, vec![consent(1)]).unwrap();
    }
    let epoch = "2026-Q3".parse().unwrap();
    issuer.node().close_epoch(&staff(), epoch, &receiver.id(), true).unwrap();
    pull(&receiver, &issuer).unwrap();

    clock.advance(1_825 * 24 * 60 * 60);
    assert_eq!(receiver.node().shred_expired().unwrap(), 0);
    clock.advance(24 * 60 * 60);
    assert_eq!(receiver.node().shred_expired().unwrap(), K as u64);
    assert_eq!(receiver.node().n_held(), 0);
    receiver.node().verify_audit().unwrap();
}

/// The template ends on 2029-03-31 and lets nothing be kept after that.
#[test]
fn an_agreement_that_expires_is_ended_on_both_sides() {
    use entente_tests::federation::{Org, START_S, agree, consent, pair, plain_case, pull, staff};

    let clock = entente_node::clock::ManualClock::new(START_S);
    let (issuer, receiver) = (Org::new(2, &clock), Org::new(1, &clock));
    pair(&issuer, &receiver);
    agree(&issuer, &receiver, 5);
    for _ in 0..K {
        let mut record = issuer.node().blank_record().unwrap();
        issuer.node().fill(&mut record, &plain_case()).unwrap();
        issuer.node().add_record(staff(), record, vec![consent(1)]).unwrap();
    }
    let epoch = "2026-Q3".parse().unwrap();
    issuer.node().close_epoch(&staff(), epoch, &receiver.id(), true).unwrap();
    pull(&receiver, &issuer).unwrap();
    assert_eq!(receiver.node().expire_agreements().unwrap(), 0);

    clock.advance(3 * 365 * 24 * 60 * 60);
    assert_eq!(receiver.node().expire_agreements().unwrap(), 1);
    assert_eq!(issuer.node().expire_agreements().unwrap(), 1);
    assert_eq!(receiver.node().n_held(), 0);
    assert_eq!(receiver.node().expire_agreements().unwrap(), 0);

    // The receipt comes back, and nothing is owed any more.
    pull(&issuer, &receiver).unwrap();
    let standings = issuer.node().standings().unwrap();
    assert_eq!((standings[0].n_withdrawn, standings[0].n_receipts), (K as u64, K as u64));
}
