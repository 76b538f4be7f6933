//! Referrals between nodes: from a need card to a decided acceptance and a closed outcome.

use entente_core::codes::{ReferralOutcome, Urgency};
use entente_core::referral::{HomeStep, PartnerState};
use entente_tests::federation::{Org, pull, staff};
use entente_tests::referrals::{card, case_with_consent, network};

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
