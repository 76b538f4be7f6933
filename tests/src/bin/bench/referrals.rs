//! Referrals over sockets: how soon an offer is in a partner's inbox, and how many transitions a home
//! and its partners get through while many referrals are open.

use std::time::{Duration, Instant};

use entente_core::codes::{Barrier, OrgType, Urgency};
use entente_core::identity::OrgId;
use entente_core::referral::{PartnerState, ReferralId};
use entente_node::config::Config;
use entente_store::engine::Kind;
use entente_tests::federation::{plain_case, staff};
use entente_tests::net::{Site, agree, pair};
use entente_tests::referrals::{card, referral_consent, referrals_only};

use crate::Sizes;
use crate::report::{Aim, Report};

/// Referrals that are open at once.
const N_OPEN: usize = 100;

/// Offers of which the percentiles are taken.
const N_SINGLE: usize = 50;

pub(crate) async fn run(report: &mut Report, sizes: Sizes) {
    println!("referrals");
    let live = |config: &mut Config| config.sync.live = true;
    let home = Site::start_with("Home", OrgType::Provincial, Kind::Redb, live).await;
    let mut partners = Vec::with_capacity(sizes.n_asked);
    for nth in 0..sizes.n_asked {
        let partner = Site::start_with(&format!("P{nth}"), OrgType::Ngo, Kind::Redb, live).await;
        pair(&home, &partner).await;
        agree(&home, &partner, &referrals_only()).await;
        partners.push(partner);
    }
    let is_heard = |from: &Site, to: &Site| from.node().news().n_listening(&to.id()) > 0;
    while !partners.iter().all(|it| is_heard(&home, it) && is_heard(it, &home)) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    one_by_one(report, &home, &partners).await;
    many_at_once(report, &home, &partners).await;
}

/// A referral of a new case, which nobody was asked about.
fn create(home: &Site) -> ReferralId {
    let node = home.node();
    let mut record = node.blank_record().expect("a record");
    node.fill(&mut record, &plain_case()).expect("a case");
    let consents = vec![referral_consent(1)];
    let record = node.add_record(staff(), record, consents).expect("kept");
    node.create_referral(staff(), &record, card(Urgency::OneHour)).expect("a referral").id
}

fn n_in(partner: &Site, state: impl Fn(&PartnerState) -> bool) -> usize {
    let received = partner.node().received_referrals().expect("referrals");
    received.iter().filter(|it| state(&it.state)).count()
}

/// From the offer to the partner's inbox.
async fn one_by_one(report: &mut Report, home: &Site, partners: &[Site]) {
    let Some(partner) = partners.first() else { return };
    let mut latencies = Vec::with_capacity(N_SINGLE);
    for nth in 1..=N_SINGLE {
        // Apart, so that each waits for a call of its own.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let id = create(home);
        let since = Instant::now();
        home.node().offer_referral(staff(), &id, &[partner.id()]).expect("offered");
        partner.until(|_| n_in(partner, |it| *it == PartnerState::Offered) == nth).await;
        latencies.push(since.elapsed());
    }
    let name = format!("offered until in the inbox, one of {} partners", partners.len());
    report.latencies(&name, &latencies, Aim::Below(2_000.0));
    for received in partner.node().received_referrals().expect("referrals") {
        let (home, id) = (received.home, received.id);
        partner
            .node()
            .decline_referral(staff(), &home, &id, Barrier::NoCapacity)
            .expect("declined");
    }
    home.until(|node| {
        let open = node.referrals().expect("referrals");
        open.iter().all(|it| it.state.open().count() == 0)
    })
    .await;
}

/// Every referral is offered to every partner; one accepts, all others decline, and the winner is told.
async fn many_at_once(report: &mut Report, home: &Site, partners: &[Site]) {
    let ids: Vec<_> = (0..N_OPEN).map(|_| create(home)).collect();
    let to: Vec<OrgId> = partners.iter().map(Site::id).collect();
    let since = Instant::now();
    for id in &ids {
        home.node().offer_referral(staff(), id, &to).expect("offered");
    }
    for partner in partners {
        partner.until(|_| n_in(partner, |it| *it == PartnerState::Offered) == N_OPEN).await;
    }
    let offered = since.elapsed();
    for (nth, id) in ids.iter().enumerate() {
        for (at, partner) in partners.iter().enumerate() {
            let (node, home) = (partner.node(), home.id());
            let answered = match at == nth % partners.len() {
                true => node.accept_referral(staff(), &home, id),
                false => node.decline_referral(staff(), &home, id, Barrier::NoCapacity),
            };
            answered.expect("answered");
        }
    }
    let won: usize = N_OPEN.div_ceil(partners.len());
    for (at, partner) in partners.iter().enumerate() {
        let n_won = (at..N_OPEN).step_by(partners.len()).count();
        assert!(n_won <= won, "shared out");
        partner.until(|_| n_in(partner, |it| *it == PartnerState::Accepted) == n_won).await;
    }
    let took = since.elapsed().as_secs_f64();
    // An offer and an answer for each partner, and the decision for each winner.
    let n_transitions = (N_OPEN * (2 * partners.len() + 1)) as f64;
    let name = format!("transitions a second, {N_OPEN} referrals open at {} partners", to.len());
    report.note(name, "/s", &[n_transitions / took], Aim::AtLeast(50.0), None);
    let name = format!("{N_OPEN} offers to {} partners, until all are in their inboxes", to.len());
    report.note(name, "ms", &[offered.as_secs_f64() * 1e3], Aim::None, None);
}
