//! Referrals over sockets: how soon a need is in a partner's inbox, and how many transitions a home and
//! its partners keep up while many referrals are open.

use std::time::{Duration, Instant};

use entente_core::codes::{Barrier, OrgType, ReferralOutcome, Urgency};
use entente_core::identity::OrgId;
use entente_core::record::RecordId;
use entente_core::referral::{PartnerState, ReferralId};
use entente_node::config::Config;
use entente_store::engine::Kind;
use entente_store::seal::KdfParams;
use entente_tests::federation::{plain_case, staff};
use entente_tests::handovers::{PASSPHRASE, marked};
use entente_tests::net::{Site, agree, pair};
use entente_tests::referrals::{card, referral_consent, referrals_only};

use crate::Sizes;
use crate::report::{Aim, Report};

/// Referrals that are open at once.
const N_OPEN: usize = 100;

/// Offers of which the percentiles are taken.
const N_SINGLE: usize = 50;

/// What is said of one referral besides an offer to each partner and its answer: the decision, the hand-over,
/// delivered, in service, closed there, and done.
const N_MORE: usize = 6;

pub(crate) async fn run(report: &mut Report, sizes: Sizes) {
    println!("referrals");
    let live = |config: &mut Config| config.sync.live = true;
    let home = Site::start_with("Home", OrgType::Provincial, Kind::Redb, live).await;
    let mut partners = Vec::with_capacity(sizes.n_asked);
    for nth in 0..sizes.n_asked {
        let partner = Site::start_with(&format!("P{nth}"), OrgType::Ngo, Kind::Redb, live).await;
        pair(&home, &partner).await;
        agree(&home, &partner, &referrals_only()).await;
        // Somebody there may open hand-overs, with a passphrase that is cheap to try.
        let kdf = KdfParams::WEAK_FOR_TESTS;
        partner.node().add_opener_with(staff(), "Alex", PASSPHRASE, kdf).expect("added");
        partners.push(partner);
    }
    let is_heard = |from: &Site, to: &Site| from.node().news().n_listening(&to.id()) > 0;
    while !partners.iter().all(|it| is_heard(&home, it) && is_heard(it, &home)) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    one_by_one(report, &home, &partners).await;
    keep_up(report, &home, &partners, Duration::from_secs(sizes.sustained_s)).await;
}

/// A new case.
fn case(home: &Site) -> RecordId {
    let node = home.node();
    let mut record = node.blank_record().expect("a record");
    node.fill(&mut record, &plain_case()).expect("a case");
    let consents = vec![referral_consent(1)];
    node.add_record(staff(), record, consents).expect("kept")
}

/// A referral of this case, which nobody was asked about.
fn create(home: &Site, record: &RecordId) -> ReferralId {
    let made = home.node().create_referral(staff(), record, card(Urgency::OneHour));
    made.expect("a referral").id
}

fn n_in(partner: &Site, state: impl Fn(&PartnerState) -> bool) -> usize {
    let received = partner.node().received_referrals().expect("referrals");
    received.iter().filter(|it| state(&it.state)).count()
}

/// From the creation, with nobody asked yet, to the partner's inbox.
async fn one_by_one(report: &mut Report, home: &Site, partners: &[Site]) {
    let Some(partner) = partners.first() else { return };
    let mut latencies = Vec::with_capacity(N_SINGLE);
    for nth in 1..=N_SINGLE {
        // Apart, so that each waits for a call of its own.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let record = case(home);
        let since = Instant::now();
        let id = create(home, &record);
        home.node().offer_referral(staff(), &id, &[partner.id()]).expect("offered");
        partner.until(|_| n_in(partner, |it| *it == PartnerState::Offered) == nth).await;
        latencies.push(since.elapsed());
    }
    let name = format!("created until in the inbox, one of {} partners", partners.len());
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

/// Rounds of [`N_OPEN`] referrals, for so long: each round goes the whole way.
async fn keep_up(report: &mut Report, home: &Site, partners: &[Site], sustained: Duration) {
    let n_each = 2 * partners.len() + N_MORE;
    let (mut rates, mut offered) = (Vec::new(), Vec::new());
    let since = Instant::now();
    loop {
        let cases: Vec<_> = (0..N_OPEN).map(|_| case(home)).collect();
        let round = Instant::now();
        offered.push(whole_way(home, partners, &cases).await.as_secs_f64() * 1e3);
        rates.push((N_OPEN * n_each) as f64 / round.elapsed().as_secs_f64());
        if since.elapsed() >= sustained {
            break;
        }
    }
    let (n, seconds) = (partners.len(), since.elapsed().as_secs());
    let name = format!(
        "transitions a second for {seconds} s, in rounds of {N_OPEN} referrals open at {n} partners, \
         handed over and closed"
    );
    report.note(name, "/s", &rates, Aim::AtLeast(50.0), None);
    let name = format!("{N_OPEN} offers to {n} partners, until all are in their inboxes");
    report.note(name, "ms", &offered, Aim::None, None);
}

/// Every case is offered to every partner; one accepts and all others decline, the winner is handed over the
/// contact details, serves the person and closes. Returns after how long all had every offer.
async fn whole_way(home: &Site, partners: &[Site], cases: &[RecordId]) -> Duration {
    let to: Vec<OrgId> = partners.iter().map(Site::id).collect();
    let since = Instant::now();
    let ids: Vec<_> = cases.iter().map(|record| create(home, record)).collect();
    for id in &ids {
        home.node().offer_referral(staff(), id, &to).expect("offered");
    }
    // Of earlier rounds everything is over, so what is counted is of this one.
    let n_pending =
        |partner: &Site| partner.node().n_referrals_with(&home.id()).expect("counted").1;
    for partner in partners {
        partner.until(|_| n_pending(partner) == ids.len()).await;
    }
    let offered = since.elapsed();
    for (nth, id) in ids.iter().enumerate() {
        // Whoever takes it answers last: who hears that it is taken has nothing to decline any more.
        let winner = nth % partners.len();
        for (_, partner) in partners.iter().enumerate().filter(|(at, _)| *at != winner) {
            let declined =
                partner.node().decline_referral(staff(), &home.id(), id, Barrier::NoCapacity);
            declined.expect("declined");
        }
        let winner = partners.get(winner).expect("one of them");
        winner.node().accept_referral(staff(), &home.id(), id).expect("accepted");
    }
    // Open is then what was won, at one partner each.
    home.until(|node| {
        let open = to.iter().map(|org| node.n_referrals_with(org).expect("counted").0);
        open.sum::<usize>() == ids.len()
    })
    .await;
    let details = marked();
    for id in &ids {
        home.node().hand_over_referral(staff(), id, &details).expect("handed over");
    }
    for (at, partner) in partners.iter().enumerate() {
        let won: Vec<_> = ids.iter().skip(at).step_by(partners.len()).collect();
        let has = |id: &ReferralId| {
            let steps = partner.node().referral_timeline(&home.id(), id).expect("a timeline");
            steps.iter().any(|step| step.code == "handed_over")
        };
        partner.until(|_| won.iter().copied().all(has)).await;
        for id in won {
            let (node, home) = (partner.node(), home.id());
            node.start_received(staff(), &home, id).expect("served");
            let outcome = ReferralOutcome::Provided;
            node.close_received(staff(), &home, id, outcome).expect("closed");
        }
    }
    for partner in partners {
        partner.until(|_| n_pending(partner) == 0).await;
    }
    offered
}
