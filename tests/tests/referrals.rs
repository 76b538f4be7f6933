//! Referrals between nodes: from a need card to a decided acceptance and a closed outcome.

use entente_core::codes::{ReferralOutcome, Urgency};
use entente_core::referral::{HomeStep, PartnerState};
use entente_tests::federation::{Org, pull, staff};
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

fn op() -> impl Strategy<Value = Op> {
    let r = || any::<u8>().prop_map(usize::from);
    let p = || 0..PARTNERS;
    prop_oneof![
        3 => any::<bool>().prop_map(|urgent| Op::Create { urgent }),
        5 => (r(), 1_u8..8).prop_map(|(r, mask)| Op::Offer(r, mask)),
        8 => (r(), p()).prop_map(|(r, p)| Op::Accept(r, p)),
        2 => (r(), p()).prop_map(|(r, p)| Op::Decline(r, p)),
        4 => r().prop_map(Op::HandOver),
        2 => (r(), p()).prop_map(|(r, p)| Op::Open(r, p)),
        2 => (r(), p()).prop_map(|(r, p)| Op::Serve(r, p)),
        2 => (r(), p()).prop_map(|(r, p)| Op::Close(r, p)),
        1 => r().prop_map(Op::CloseHome),
        1 => r().prop_map(Op::Withdraw),
        1 => r().prop_map(Op::WithdrawConsent),
        10 => (p(), 1_usize..6).prop_map(|(p, max)| Op::Read(p, max)),
        10 => (p(), 1_usize..6).prop_map(|(p, max)| Op::ReadBack(p, max)),
        1 => p().prop_map(Op::Lost),
        1 => p().prop_map(Op::Repeated),
        2 => (0..=PARTNERS).prop_map(Op::Crash),
        2 => (p(), any::<bool>()).prop_map(|(p, cut)| Op::Cut(p, cut)),
        2 => (-90_i64..150).prop_map(Op::Clock),
        1 => (p(), -5_000_i64..5_000).prop_map(|(p, minutes)| Op::PartnerClock(p, minutes)),
        2 => Just(Op::Timers),
    ]
}

/// `ENTENTE_SEEDS` runs more of them: `cargo xtask simulate --seeds 10000`.
#[test]
fn whatever_happens_to_a_referral_one_partner_has_it_and_both_sides_agree() {
    let n_seeds: u64 =
        std::env::var("ENTENTE_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    for seed in 0..n_seeds {
        let config = Config {
            cases: 1,
            rng_seed: RngSeed::Fixed(seed),
            failure_persistence: None,
            max_shrink_iters: 400,
            ..Config::default()
        };
        let run = TestRunner::new(config).run(&prop::collection::vec(op(), 0..80), |ops| {
            Simulation::new().run(ops);
            Ok(())
        });
        if let Err(error) = run {
            panic!("seed {seed}: {error}");
        }
    }
}
