//! Live feeds over real sockets: what is said is heard at once, and nobody can hold anything up.
//!
//! Every node here polls once a day, so whatever arrives in these tests came because of a call that
//! is held open.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use entente_core::audit::Action;
use entente_core::codes::{Need, OrgType, Province, Set, Urgency};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::service::{
    Capacity, Group, Location, Organization, Service as Listing, ServiceId, Unit,
};
use entente_node::doors::{DoorLimits, LiveCheck, PartnerDoor};
use entente_node::grpc::exchange::Exchange;
use entente_node::grpc::follow::Following;
use entente_node::node::Node;
use entente_node::node::waiting::{Beside, Matter};
use entente_proto::v1;
use entente_proto::v1::exchange_client::ExchangeClient;
use entente_proto::v1::exchange_server::ExchangeServer;
use entente_store::engine::Kind;
use entente_tests::federation::{plain_case, staff};
use entente_tests::net::{Site, agree, free_address, n_audited, pair, soon, summaries_only};
use entente_tests::referrals::{card, referral_consent, referrals_only};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;
use tonic::{Code, Status, Streaming};

/// A suspension takes effect within this time, whatever is open.
const CUT: Duration = Duration::from_secs(5);

/// Whether the test share that a node sent to a partner was answered.
fn is_answered(node: &Node, partner: &OrgId) -> bool {
    node.partner_row(partner).unwrap().test_done_at_s.is_some()
}

/// The end of a node's feed for a partner.
fn end(of: &Site, partner: &Site) -> u64 {
    of.node().feed_head(&partner.id()).unwrap().1
}

/// A call of `caller` that `node` holds open, from the beginning of its feed.
async fn follow(node: &Site, caller: &Site) -> Streaming<v1::News> {
    let mut client = ExchangeClient::new(node.dialled_by(caller.identity()));
    soon(client.follow(v1::FollowRequest::default())).await.unwrap().into_inner()
}

async fn hears(call: &mut Streaming<v1::News>) -> Result<Option<u64>, Status> {
    Ok(soon(call.message()).await?.map(|news| news.feed_size))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_says_is_with_the_other_without_anybody_asking() {
    let office = Site::office("Office").await;
    let centre = Site::listening("Centre").await;
    pair(&office, &centre).await;
    agree(&office, &centre, &summaries_only(5)).await;
    let cases = office.add_cases(6);
    assert_eq!(office.close(&centre.id()), 6);
    centre.until(|node| node.n_held() == 6).await;

    office.node().withdraw_consent(staff(), &cases[2], None).unwrap();
    centre.until(|node| node.n_held() == 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_referral_waits_in_the_inbox_of_a_partner_within_two_seconds() {
    let office = Site::office("Office").await;
    let shelter = Site::listening("Shelter").await;
    pair(&office, &shelter).await;
    agree(&office, &shelter, &referrals_only()).await;
    assert_eq!(listeners(&office, &shelter.id(), 1).await, 1);
    let mut record = office.node().blank_record().unwrap();
    office.node().fill(&mut record, &plain_case()).unwrap();
    let record = office.node().add_record(staff(), record, vec![referral_consent(1)]).unwrap();
    let since = std::time::Instant::now();
    let kept = office.node().create_referral(staff(), &record, card(Urgency::OneHour)).unwrap();
    office.node().offer_referral(staff(), &kept.id, &[shelter.id()]).unwrap();
    let n = |node: &Node, matter| node.waiting(Beside::default()).unwrap().n(matter);
    shelter.until(|node| n(node, Matter::ReferralsToAnswer) == 1).await;
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    // An hour later it is overdue on both sides.
    for site in [&office, &shelter] {
        assert_eq!(n(site.node(), Matter::ReferralsOverdue), 0);
        site.clock.advance(2 * 3_600);
        assert_eq!(n(site.node(), Matter::ReferralsOverdue), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_free_beds_are_known_to_a_partner_within_two_seconds() {
    let shelter = Site::office("Shelter").await;
    let office = Site::listening("Office").await;
    pair(&shelter, &office).await;
    let draft = referrals_only().replace("referrals = true", "referrals = true\nservices = true");
    agree(&shelter, &office, &draft).await;
    assert_eq!(listeners(&shelter, &office.id(), 1).await, 1);
    let (id, name) = (ServiceId([1; 16]), Text::new("Safe house", "Maison d’hébergement"));
    let organization = Organization { id: [7; 16], name: name.clone(), ..Organization::default() };
    let listed = Listing {
        needs: Set::EMPTY.with(Need::EmergencyHousing),
        locations: vec![Location::Redacted { id: [8; 16], province: Province::Manitoba }],
        ..Listing::named(id, organization, name)
    };
    shelter.node().put_services(&staff(), Action::ServiceChanged, vec![listed]).unwrap();
    office.until(|node| n_audited(node, Action::ServicesHeld) == 1).await;

    let now = Timestamp::from_second(shelter.node().now_s()).unwrap();
    let beds = Capacity {
        service: id,
        available: 2,
        maximum: Some(9),
        unit: Unit::Bed,
        whom: Set::EMPTY.with(Group::Women).with(Group::WithChildren),
        said_at: now,
        until: now + SignedDuration::from_hours(4),
    };
    let since = std::time::Instant::now();
    let told = shelter.node().set_capacity(staff(), beds).unwrap();
    assert_eq!(told, [office.id()]);
    office.until(|node| n_audited(node, Action::CapacityHeld) == 1).await;
    // Nobody has asked the directory there before, so it is made of what the store has.
    assert_eq!(office.node().capacities(&shelter.id(), id).unwrap(), [beds]);
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    // It ends by itself on both sides.
    for site in [&shelter, &office] {
        site.clock.advance(4 * 3_600);
        assert!(site.node().capacities(&shelter.id(), id).unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_accepts_no_connections_hears_and_is_heard_at_once() {
    let centre = Site::office("Centre").await;
    let shelter = Site::start_with("Shelter", OrgType::Ngo, Kind::Redb, |config| {
        config.sync.live = true;
        config.partner_door.listen = "0.0.0.0:0".parse().unwrap();
    })
    .await;
    assert_eq!(shelter.node().profile().address, "");
    pair(&centre, &shelter).await;
    // Each sends a share over what the shelter alone has opened, and gets the receipt back.
    for (from, to) in [(&centre, &shelter), (&shelter, &centre)] {
        from.node().send_test(staff(), &to.id()).unwrap();
        from.until(|node| is_answered(node, &to.id())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_ends_the_call_on_both_sides() {
    let (office, centre) = (Site::office("Office").await, Site::listening("Centre").await);
    pair(&office, &centre).await;
    let of_centre = centre.id();
    // The centre's own call.
    assert_eq!(listeners(&office, &of_centre, 1).await, 1);
    office.node().send_test(staff(), &of_centre).unwrap();
    let mut call = follow(&office, &centre).await;
    assert_eq!(hears(&mut call).await.unwrap(), Some(end(&office, &centre)));
    office.node().suspend_partner(staff(), &of_centre).unwrap();
    let ended = tokio::time::timeout(CUT, call.message()).await.expect("it is cut in time");
    assert!(ended.is_err(), "{ended:?}");
    assert_eq!(listeners(&office, &of_centre, 0).await, 0);

    // A new one is not opened.
    let mut client = ExchangeClient::new(office.dialled_by(centre.identity()));
    let status = soon(client.follow(v1::FollowRequest::default())).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::PermissionDenied, "suspended"));
}

/// How many listen for a feed, once they are `n`.
async fn listeners(node: &Site, partner: &OrgId, n: usize) -> usize {
    soon(async {
        // Ends when the tasks of the calls have; nothing raises a flag for that.
        while node.node().news().n_listening(partner) != n {
            tokio::task::yield_now().await;
        }
        n
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_calls_of_one_partner_the_newest_is_left() {
    let (office, centre) = (Site::office("Office").await, Site::office("Centre").await);
    let third = Site::office("Third").await;
    pair(&office, &centre).await;
    pair(&office, &third).await;
    let mut other = follow(&office, &third).await;
    let channel = office.dialled_by(centre.identity());
    let mut calls = Vec::new();
    for _ in 0..100 {
        let mut client = ExchangeClient::new(channel.clone());
        let call = soon(client.follow(v1::FollowRequest::default())).await.unwrap();
        calls.push(call.into_inner());
    }
    let mut last = calls.pop().unwrap();
    for mut call in calls {
        let status = hears(&mut call).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Aborted, "replaced"));
    }
    assert_eq!(listeners(&office, &centre.id(), 1).await, 1);
    office.node().send_test(staff(), &centre.id()).unwrap();
    assert_eq!(hears(&mut last).await.unwrap(), Some(end(&office, &centre)));
    // The third is not concerned.
    office.node().send_test(staff(), &third.id()).unwrap();
    assert_eq!(hears(&mut other).await.unwrap(), Some(end(&office, &third)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_does_not_read_costs_one_tick_and_hears_the_newest() {
    let (office, centre) = (Site::office("Office").await, Site::office("Centre").await);
    pair(&office, &centre).await;
    let mut call = follow(&office, &centre).await;
    for _ in 0..200 {
        office.node().send_test(staff(), &centre.id()).unwrap();
    }
    let (mut n_ticks, last) = (0, end(&office, &centre));
    loop {
        let heard = hears(&mut call).await.unwrap().unwrap();
        n_ticks += 1;
        if heard == last {
            break;
        }
    }
    assert!(last >= 200 && n_ticks < 50, "{n_ticks} ticks of {last} statements");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_waits_for_no_call() {
    let (office, centre) = (Site::office("Office").await, Site::office("Centre").await);
    pair(&office, &centre).await;
    let mut call = follow(&office, &centre).await;
    let since = std::time::Instant::now();
    let _folder = office.stop().await;
    assert!(since.elapsed() < DoorLimits::default().grace, "it waited for the call");
    // Ended in order, or with the connection.
    assert!(!matches!(hears(&mut call).await, Ok(Some(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_that_does_not_know_the_call_is_asked_once_and_polled() {
    let older = free_address();
    let dialled = older.to_string();
    let office = Site::start_with("Office", OrgType::Provincial, Kind::Redb, |config| {
        config.partner_door.public_address = dialled;
    })
    .await;
    let mut asked = without_follow(&office, older).await;
    let centre = Site::listening("Centre").await;
    pair(&office, &centre).await;
    soon(asked.wait_for(|n| *n == 1)).await.unwrap();

    office.node().send_test(staff(), &centre.id()).unwrap();
    let round = centre.round(&office.id()).await.unwrap();
    assert_eq!(round.accepted.n_documents, 1);
    assert_eq!(*asked.borrow(), 1);
}

/// Opens a second door of this node, behind which nobody knows `Follow`; counts who asks for it.
async fn without_follow(of: &Site, address: std::net::SocketAddr) -> watch::Receiver<usize> {
    let node = Arc::clone(&of.desk().node);
    let admissions = Arc::clone(&node.admissions);
    let check = LiveCheck::new(Arc::clone(&admissions) as _, &["entente.v1.Onboarding"]);
    let limits = DoorLimits::default();
    let door = PartnerDoor::bind(address, of.identity(), admissions, limits).await.unwrap();
    let stop = CancellationToken::new();
    let exchange = Exchange::new(node, Following::new(Duration::ZERO, stop.clone()));
    let (n_asked, asked) = watch::channel(0);
    let n_asked = Arc::new(n_asked);
    let onboarding = v1::onboarding_server::OnboardingServer::new(exchange.clone());
    let router = entente_node::doors::partner_server(check)
        .add_service(Older { inner: ExchangeServer::new(exchange), n_asked })
        .add_service(onboarding);
    tokio::spawn(async move { door.serve(router, stop).await });
    asked
}

/// An exchange of before there was the call.
#[derive(Clone)]
struct Older {
    inner: ExchangeServer<Exchange>,
    n_asked: Arc<watch::Sender<usize>>,
}

impl NamedService for Older {
    const NAME: &'static str = "entente.v1.Exchange";
}

impl Service<Request<Body>> for Older {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.uri().path().ends_with("/Follow") {
            self.n_asked.send_modify(|n| *n += 1);
            let answer = Status::unimplemented("").into_http();
            return Box::pin(std::future::ready(Ok(answer)));
        }
        Box::pin(self.inner.call(request))
    }
}
