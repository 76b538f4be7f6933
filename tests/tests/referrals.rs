//! Referrals between nodes: from a need card to a decided acceptance and a closed outcome.

use entente_core::audit::Action;
use entente_core::codes::{Barrier, ReferralOutcome, Urgency};
use entente_core::record::RecordId;
use entente_core::referral::{HomeStep, PartnerState, ReferralId};
use entente_node::fault::Fault;
use entente_node::node::referrals::{MAX_OPEN_WITH_PARTNER, Refusal};
use entente_tests::federation::{Org, pull, staff};
use entente_tests::handovers::Accepted;
use entente_tests::net::n_audited;
use entente_tests::referrals::{Op, PARTNERS, Simulation, card, case_with_consent, network};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

#[test]
fn the_first_acceptance_wins_and_everybody_is_told() {
    let (_clock, home, partners) = network(3);
    let record = case_with_consent(&home);
    let kept = home.node().create_referral(staff(), &record, card(Urgency::OneDay)).unwrap();
    let to: Vec<_> = partners.iter().map(Org::id).collect();
    home.node().offer_referral(staff(), &kept.id, &to).unwrap();
    for partner in &partners {
        pull(partner, &home).unwrap();
        partner.node().accept_referral(staff(), &home.id(), &kept.id).unwrap();
    }
    // The second one is read first.
    for partner in [&partners[1], &partners[0], &partners[2]] {
        pull(&home, partner).unwrap();
    }
    let decided = home.node().find_referral(&kept.id.to_string()).unwrap();
    assert_eq!(decided.state.winner(), Some(partners[1].id()));
    for (n, partner) in partners.iter().enumerate() {
        pull(partner, &home).unwrap();
        let here = partner.node().find_received(&kept.id.to_string()).unwrap();
        let expected = if n == 1 { PartnerState::Accepted } else { PartnerState::Taken };
        assert_eq!(here.state, expected);
        assert_eq!(here.card.is_some(), n == 1, "whoever has nothing to do with it has no card");
    }

    let winner = &partners[1];
    winner.node().close_received(staff(), &home.id(), &kept.id, ReferralOutcome::Provided).unwrap();
    pull(&home, winner).unwrap();
    pull(winner, &home).unwrap();
    let done = home.node().find_referral(&kept.id.to_string()).unwrap();
    assert_eq!(done.state.step, HomeStep::Done(ReferralOutcome::Provided));
    let here = winner.node().find_received(&kept.id.to_string()).unwrap();
    assert_eq!(here.state, PartnerState::Done(ReferralOutcome::Provided));
    for org in partners.iter().chain([&home]) {
        org.node().verify_audit().unwrap();
    }
}

#[test]
fn that_the_person_is_being_served_is_signed_and_in_both_audit_logs() {
    let here = Accepted::new();
    let start = || here.winner.node().start_received(staff(), &here.home.id(), &here.referral);
    let step = || here.home.node().find_referral(&here.referral.to_string()).unwrap().state.step;
    assert_eq!(start().unwrap_err().code, "ENT-2310", "there is nothing to reach the person by");
    here.hand_over().unwrap();
    here.exchange();
    let progressed = |org: &Org| n_audited(org.node(), Action::ReferralProgressed);
    let before = (progressed(&here.home), progressed(&here.winner));
    assert_eq!(start().unwrap().state, PartnerState::InService);
    assert_eq!(step(), HomeStep::Delivered, "the home has not heard of it");
    here.exchange();
    assert_eq!(step(), HomeStep::InService);
    assert_eq!((progressed(&here.home), progressed(&here.winner)), (before.0 + 1, before.1 + 1));
    let signed = |org: &Org| {
        let steps = org.node().referral_timeline(&here.home.id(), &here.referral).unwrap();
        let step = steps.into_iter().find(|step| step.code == "in_service");
        step.expect("a line of the timeline").hash.expect("it names what was signed")
    };
    assert_eq!(signed(&here.home), signed(&here.winner), "both keep the same signed words");

    // Twice says nothing new; and what is being served is not handed over again.
    assert_eq!(start().unwrap_err().code, "ENT-2309");
    assert_eq!(here.hand_over().unwrap_err().code, "ENT-2309");
    let close = ReferralOutcome::Provided;
    here.winner.node().close_received(staff(), &here.home.id(), &here.referral, close).unwrap();
    here.exchange();
    assert_eq!(step(), HomeStep::Done(close));
    assert_eq!(start().unwrap_err().code, "ENT-2308");
    for org in [&here.home, &here.winner, &here.third] {
        org.node().verify_audit().unwrap();
    }
}

/// What came to a partner of a home that offers, as the home's node would.
fn offers(home: &Org, partner: &Org, record: &RecordId) -> Result<ReferralId, Box<Fault>> {
    let kept = home.node().create_referral(staff(), record, card(Urgency::OneDay))?;
    home.node().offer_referral(staff(), &kept.id, &[partner.id()]).map(|kept| kept.id)
}

#[test]
fn the_referral_after_the_last_that_may_be_open_waits_until_one_is_over() {
    let (_clock, home, partners) = network(2);
    let (partner, record) = (&partners[0], case_with_consent(&home));
    let open: Vec<_> =
        (0..MAX_OPEN_WITH_PARTNER).map(|_| offers(&home, partner, &record).unwrap()).collect();
    let full = || {
        let fault = offers(&home, partner, &record).unwrap_err();
        assert_eq!(fault.code, "ENT-2306");
        let why: Vec<_> = fault.why.iter().map(|it| it.en.as_str()).collect();
        assert_eq!(why, ["Organization 10: more than 500 referrals would be open"]);
    };
    full();
    // Who asks all that match asks the others.
    let kept = home.node().create_referral(staff(), &record, card(Urgency::OneDay)).unwrap();
    let may = home.node().may_offer(&kept, &partner.id()).unwrap();
    assert_eq!(may, Err(Refusal::TooManyOpen));
    let matching = home.node().matching_partners(&kept).unwrap();
    assert!(!matching.contains(&partner.id()) && matching.contains(&partners[1].id()));
    offers(&home, &partners[1], &record).expect("another partner has room");

    pull(partner, &home).unwrap();
    partner.node().decline_referral(staff(), &home.id(), &open[0], Barrier::NoCapacity).unwrap();
    pull(&home, partner).unwrap();
    offers(&home, partner, &record).expect("one was declined");
    full();

    partner.node().accept_referral(staff(), &home.id(), &open[1]).unwrap();
    pull(&home, partner).unwrap();
    full();
    home.node().close_referral(staff(), &open[1], ReferralOutcome::Provided).unwrap();
    offers(&home, partner, &record).expect("one was accepted and closed");
    full();
}

/// What happens to few referrals, so that much happens to each.
fn op() -> impl Strategy<Value = Op> {
    let r = || 0_usize..3;
    let p = || 0..PARTNERS;
    let max = || prop_oneof![1 => 1_usize..3, 2 => Just(usize::MAX)];
    prop_oneof![
        1 => any::<bool>().prop_map(|urgent| Op::Create { urgent }),
        3 => (r(), 1_u8..8).prop_map(|(r, mask)| Op::Offer(r, mask)),
        14 => (r(), p()).prop_map(|(r, p)| Op::Accept(r, p)),
        2 => (r(), p()).prop_map(|(r, p)| Op::Decline(r, p)),
        4 => r().prop_map(Op::HandOver),
        3 => (r(), p()).prop_map(|(r, p)| Op::Open(r, p)),
        2 => (r(), p()).prop_map(|(r, p)| Op::Serve(r, p)),
        2 => (r(), p()).prop_map(|(r, p)| Op::Close(r, p)),
        1 => r().prop_map(Op::CloseHome),
        1 => r().prop_map(Op::Withdraw),
        1 => r().prop_map(Op::WithdrawConsent),
        12 => (p(), max()).prop_map(|(p, max)| Op::Read(p, max)),
        9 => (p(), max()).prop_map(|(p, max)| Op::ReadBack(p, max)),
        1 => p().prop_map(Op::Lost),
        1 => p().prop_map(Op::Repeated),
        2 => (0..=PARTNERS).prop_map(Op::Crash),
        3 => (p(), any::<bool>()).prop_map(|(p, cut)| Op::Cut(p, cut)),
        2 => (-90_i64..150).prop_map(Op::Clock),
        1 => (p(), -5_000_i64..5_000).prop_map(|(p, minutes)| Op::PartnerClock(p, minutes)),
        2 => Just(Op::Timers),
    ]
}

/// A referral that everybody may have, and then anything.
fn ops() -> impl Strategy<Value = Vec<Op>> {
    (any::<bool>(), 1_u8..8, prop::collection::vec(op(), 0..80)).prop_map(|(urgent, mask, rest)| {
        let begin = vec![Op::Create { urgent }, Op::Offer(0, mask | 3)];
        [begin, rest].concat()
    })
}

/// `ENTENTE_SEEDS` runs more of them: `cargo xtask simulate --seeds 10000`.
#[test]
fn whatever_happens_to_a_referral_one_partner_has_it_and_both_sides_agree() {
    let n_seeds: u64 =
        std::env::var("ENTENTE_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    for seed in 0..n_seeds {
        let config = Config {
            cases: 1,
            rng_seed: RngSeed::Fixed(seed),
            failure_persistence: None,
            max_shrink_iters: 400,
            ..Config::default()
        };
        let run = TestRunner::new(config).run(&ops(), |ops| {
            Simulation::new().run(ops);
            Ok(())
        });
        if let Err(error) = run {
            panic!("seed {seed}: {error}");
        }
    }
}

fn run(ops: Vec<Op>) {
    Simulation::new().run(ops);
}

fn all_asked() -> Vec<Op> {
    let read = (0..PARTNERS).map(|p| Op::Read(p, usize::MAX));
    [Op::Create { urgent: true }, Op::Offer(0, 7)].into_iter().chain(read).collect()
}

#[test]
fn two_that_accept_before_they_hear_of_each_other_are_decided_in_the_order_of_reading() {
    let all = usize::MAX;
    let accept = (0..PARTNERS).map(|p| Op::Accept(0, p));
    let read = [2, 0, 1].map(|p| Op::ReadBack(p, all));
    run(all_asked().into_iter().chain(accept).chain(read).collect());
}

#[test]
fn an_acceptance_made_offline_before_a_withdrawal_and_read_after_it_wins_nothing() {
    let ops = vec![Op::Cut(0, true), Op::Accept(0, 0), Op::Withdraw(0), Op::Cut(0, false)];
    run([all_asked(), ops, vec![Op::ReadBack(0, 9), Op::Read(0, 9)]].concat());
}

#[test]
fn an_acceptance_read_after_the_time_is_over_wins_nothing_on_either_side() {
    let ops = vec![Op::Accept(0, 0), Op::Clock(120), Op::ReadBack(0, 9), Op::Clock(-200)];
    run([all_asked(), ops, vec![Op::Accept(0, 1), Op::ReadBack(1, 9)]].concat());
}

#[test]
fn a_crash_between_any_two_steps_loses_and_repeats_nothing() {
    let steps = vec![
        Op::Accept(0, 1),
        Op::ReadBack(1, 9),
        Op::Read(1, 9),
        Op::HandOver(0),
        Op::Read(1, 9),
        Op::Open(0, 1),
        Op::Serve(0, 1),
        Op::Close(0, 1),
        Op::ReadBack(1, 9),
        Op::Read(1, 9),
    ];
    let crashed = steps.into_iter().flat_map(|op| [op, Op::Crash(0), Op::Crash(1), Op::Lost(1)]);
    run(all_asked().into_iter().chain(crashed).collect());
}

#[test]
fn both_sides_that_close_at_once_come_to_the_outcome_that_the_home_counted() {
    let taken = vec![Op::Accept(0, 0), Op::ReadBack(0, 9), Op::Read(0, 9)];
    let closed = vec![Op::Close(0, 0), Op::CloseHome(0), Op::ReadBack(0, 9)];
    run([all_asked(), taken, closed].concat());
}
