//! Nodes that speak with each other over real sockets, and others who try to.
//!
//! What a node decides is tested elsewhere; here is what only a connection shows: who comes in, what
//! travels, what is cut, and what is said to somebody who may not.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use std::sync::Arc;
use std::time::Duration;

use entente_core::audit::Action;
use entente_core::codes::OrgType;
use entente_core::count::{Coverage, Flag};
use entente_core::identity::OrgId;
use entente_core::period::{Period, Quarter};
use entente_node::doors::{DoorError, DoorLimits, LiveCheck, PartnerChannel, PartnerDoor};
use entente_node::node::counts::{Reply, Wanted, sum};
use entente_node::sync::Missed;
use entente_node::tls::{Admission, LiveIdentity};
use entente_proto::v1;
use entente_proto::v1::exchange_client::ExchangeClient;
use entente_proto::v1::onboarding_client::OnboardingClient;
use entente_store::engine::Kind;
use entente_store::rows::PartnerState;
use entente_tests::federation::staff;
use entente_tests::net::{
    Site, agree, card, dial, identity, join, join_with, pair, soon, summaries_and_counts,
    summaries_only, type_digits,
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

const K: u32 = 5;

/// A suspension takes effect within this time, whatever is open.
const CUT: Duration = Duration::from_secs(5);

// Two nodes.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_on_either_engine_share_a_case_take_it_back_and_receipt_it() {
    let office = Site::start("Office", OrgType::Provincial, Kind::Redb).await;
    let centre = Site::start("Centre", OrgType::Federal, Kind::Sled).await;
    pair(&centre, &office).await;
    agree(&office, &centre, &summaries_and_counts(K)).await;
    let cases = office.add_cases(6);
    assert_eq!(office.close(&centre.id()), 6);

    let round = centre.round(&office.id()).await.unwrap();
    assert_eq!((round.accepted.n_held, centre.node().n_held()), (6, 6));
    assert!(round.cosigned, "the office has signed that the centre's audit log only grew");
    assert!(office.round(&centre.id()).await.unwrap().cosigned);

    office.node().withdraw_consent(staff(), &cases[2], None).unwrap();
    let round = centre.round(&office.id()).await.unwrap();
    assert_eq!((round.accepted.n_withdrawn, centre.node().n_held()), (1, 5));
    let round = office.round(&centre.id()).await.unwrap();
    assert_eq!(round.accepted.n_receipts, 1);
    assert!(office.node().receipts_due(&centre.id()).unwrap().is_empty());

    for (node, witness) in [(&office, &centre), (&centre, &office)] {
        let check = node.node().verify_audit().unwrap();
        assert!(check.cosigned.iter().any(|(by, size)| *by == witness.id() && *size > 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_away_catches_up_with_what_was_said_meanwhile() {
    let (office, centre) = (Site::office("Office").await, Site::office("Centre").await);
    pair(&centre, &office).await;
    agree(&office, &centre, &summaries_and_counts(K)).await;
    office.add_cases(5);
    office.close(&centre.id());
    let (office_id, clock, address) = (office.id(), office.clock.clone(), office.address);
    let folder = office.stop().await;

    let missed = centre.round(&office_id).await.unwrap_err();
    assert!(matches!(&missed, Missed::Door(why) if why.contains("cannot be reached")), "{missed}");
    assert_eq!(centre.node().n_held(), 0);

    let office = Site::again(folder, address, clock).await;
    assert_eq!(office.id(), office_id);
    assert_eq!(centre.round(&office_id).await.unwrap().accepted.n_held, 5);
    assert_eq!(centre.round(&office_id).await.unwrap().accepted.n_held, 0, "nothing is told twice");
}

// Five nodes.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_over_five_nodes_says_who_answered_who_refused_and_who_was_not_there() {
    let centre = Site::start("Centre", OrgType::Federal, Kind::Redb).await;
    let mut offices = Vec::new();
    for (name, draft) in [
        ("First", summaries_and_counts(K)),
        ("Second", summaries_and_counts(K)),
        ("No counts", summaries_only(K)),
        ("Gone", summaries_and_counts(K)),
    ] {
        let office = Site::office(name).await;
        pair(&centre, &office).await;
        agree(&office, &centre, &draft).await;
        office.add_cases(6);
        assert_eq!(office.close(&centre.id()), 6);
        assert_eq!(centre.round(&office.id()).await.unwrap().accepted.n_held, 6);
        offices.push((name, office));
    }
    assert_eq!(centre.node().n_held(), 24);
    assert!(centre.node().verify_audit().unwrap().cosigned.len() == 4);
    let (_, gone) = offices.pop().unwrap();
    let gone_id = gone.id();
    let _folder = gone.stop().await;

    let quarter = Period::Quarter(Quarter::new(2026, 3).unwrap());
    let wanted = Wanted { by: vec!["province".into()], only: vec![], periods: vec![quarter] };
    let mut asked: Vec<_> = offices.iter().map(|(name, office)| (*name, office.id())).collect();
    asked.push(("Gone", gone_id));
    let (mut coverage, mut tables) = (Coverage::default(), Vec::new());
    for (name, partner) in asked {
        match ask(&centre, &partner, &wanted).await {
            Reply::Answered(answer) => {
                coverage.answered.push(name.to_owned());
                tables.extend(answer.tables.into_iter().map(|it| it.table));
            }
            Reply::Refused(reasons) => {
                let codes = reasons.into_iter().map(|(code, _)| code).collect();
                coverage.refused.push((name.to_owned(), codes));
            }
            Reply::Unreachable => coverage.unreachable.push(name.to_owned()),
        }
    }
    assert_eq!(coverage.answered, ["First", "Second"], "{coverage:?}");
    assert_eq!(coverage.unreachable, ["Gone"]);
    assert_eq!(coverage.refused.len(), 1);
    assert_eq!(coverage.refused[0].0, "No counts");
    assert!(!coverage.refused[0].1.is_empty(), "a refusal says why");

    let merged = sum(&wanted.question(), &tables, coverage).unwrap();
    let manitoba = merged.cell(&[Some("46")]).unwrap();
    assert_eq!(manitoba.value, Some(12));
    assert_eq!(manitoba.flag, Flag::Partial, "two of four are not in it");
    for (_, office) in &offices {
        assert_eq!(
            office.n_audited(Action::CountAnswered) + office.n_audited(Action::CountRefused),
            1
        );
    }
}

async fn ask(centre: &Site, partner: &OrgId, wanted: &Wanted) -> Reply {
    let question = centre.node().count_questions(&staff(), &[*partner], wanted).unwrap();
    let question = question.into_iter().next().flatten().unwrap();
    match soon(centre.peers().count(partner, &question)).await {
        Ok(answer) => centre.node().read_count_answer(partner, &question, &answer).unwrap(),
        Err(Missed::Door(_)) => Reply::Unreachable,
        Err(other) => panic!("{other}"),
    }
}

// Who may not come in.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_turned_away_at_the_door() {
    let office = Site::office("Office").await;
    let status = hello(office.dialled_by(&identity(77)), vec![1]).await.unwrap_err();
    assert_eq!(DoorError::of(&status), Some(DoorError::RefusedByPartner));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_answers_at_the_address_of_a_partner_with_another_key_is_told_nothing() {
    let (office, centre) = (Site::office("Office").await, Site::office("Centre").await);
    pair(&centre, &office).await;
    let (office_id, address) = (office.id(), office.address);
    let _folder = office.stop().await;
    let impostor = Older::listens(&identity(66), address, &[centre.id()]).await;

    let missed = centre.round(&office_id).await.unwrap_err();
    assert!(
        matches!(&missed, Missed::Door(why) if why.contains("another organization")),
        "{missed}"
    );
    assert_eq!(impostor.n_asked(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_partner_loses_what_it_has_open_and_gets_nothing_more() {
    let (office, centre) = (Site::office("Office").await, Site::office("Centre").await);
    let third = Site::office("Third").await;
    pair(&centre, &office).await;
    pair(&centre, &third).await;
    let channel = centre.dialled_by(office.identity());
    let others = centre.dialled_by(third.identity());
    let mut watched = watch(&channel).await;
    let mut others_watched = watch(&others).await;
    // A delivery that never ends: the node waits for the next batch.
    let mut client = ExchangeClient::new(channel.clone());
    let delivering = tokio::spawn(async move { client.deliver(tokio_stream::pending()).await });
    centre.round(&office.id()).await.unwrap();
    assert!(office.round(&centre.id()).await.is_ok());

    centre.node().suspend_partner(staff(), &office.id()).unwrap();
    let cut = tokio::time::timeout(CUT, async { (watched.message().await, delivering.await) });
    let (watched, delivered) = cut.await.expect("both are cut in time");
    assert!(watched.is_err());
    assert!(delivered.unwrap().is_err());

    // The first call may still find the connection that broke; the next one finds the door.
    let mut status = hello(channel.clone(), vec![1]).await.unwrap_err();
    if DoorError::of(&status) == Some(DoorError::Interrupted) {
        status = hello(channel, vec![1]).await.unwrap_err();
    }
    // It is told, whatever it asks, and nothing else.
    assert_eq!((status.code(), status.message()), (Code::PermissionDenied, "suspended"));
    let mut missed = office.round(&centre.id()).await.unwrap_err();
    if missed == Missed::Door(DoorError::Interrupted.to_string()) {
        missed = office.round(&centre.id()).await.unwrap_err();
    }
    assert_eq!(missed, Missed::RefusedByPartner("suspended".to_owned()));
    let known = office.node().partner_row(&centre.id()).unwrap();
    assert!(known.suspended_by_them && known.state == PartnerState::Suspended);
    assert!(office.node().suspended_since(&centre.id()).unwrap().is_some());

    assert!(hello(others, vec![1]).await.is_ok(), "the third is not concerned");
    let quiet = tokio::time::timeout(Duration::from_millis(1), others_watched.message()).await;
    assert!(quiet.is_err(), "its stream is still open");
    centre.node().resume_partner(staff(), &office.id()).unwrap();
    assert!(office.round(&centre.id()).await.is_ok());
    let known = office.node().partner_row(&centre.id()).unwrap();
    assert!(!known.suspended_by_them && known.state == PartnerState::Verified);
}

// What an organization does.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_organizations_do_is_told_with_the_greeting_on_both_sides_and_kept_once() {
    let says = |mandate: &'static str| {
        move |config: &mut entente_node::config::Config| {
            config.organization.role = vec!["protection".to_owned()];
            config.organization.mandate_en = mandate.to_owned();
            config.organization.mandate_fr = format!("{mandate} (fr)");
        }
    };
    let shelter = Site::start_with("Shelter", OrgType::Ngo, Kind::Redb, says("Safe housing")).await;
    let centre = Site::start_with("Centre", OrgType::Federal, Kind::Redb, says("Figures")).await;
    join(&centre, &shelter).await;
    let heard = |site: &Site, of: &Site| {
        let about = site.node().partner_about(&of.id()).unwrap();
        about.map(|(_, about)| about.mandate.en)
    };
    // Before the check by phone nobody is heard or told.
    let early = hello(centre.dialled_by(shelter.identity()), vec![1]).await;
    assert!(early.map_or(true, |reply| reply.about.is_none()));
    assert_eq!(heard(&centre, &shelter), None);
    type_digits(&centre, &shelter);
    shelter.round(&centre.id()).await.unwrap();

    for _ in 0..2 {
        shelter.round(&centre.id()).await.unwrap();
        assert_eq!(heard(&centre, &shelter).as_deref(), Some("Safe housing"));
        assert_eq!(heard(&shelter, &centre).as_deref(), Some("Figures"));
        for site in [&centre, &shelter] {
            assert_eq!(site.n_audited(Action::PartnerAbout), 1, "the same was kept twice");
        }
    }

    // A partner that says something else each time is heard once an hour.
    let say = |mandate: &str| {
        let mandate = entente_core::lang::Text::new(mandate, mandate);
        let about = entente_proto::About { mandate, ..Default::default() };
        let about = Some(entente_proto::about_message(&about));
        let request = v1::HelloRequest { versions: vec![1], about, ..Default::default() };
        let mut client = ExchangeClient::new(centre.dialled_by(shelter.identity()));
        async move { soon(client.hello(request)).await.map(tonic::Response::into_inner) }
    };
    assert!(say("Beds").await.unwrap().about.is_some());
    assert_eq!(heard(&centre, &shelter).as_deref(), Some("Safe housing"));
    centre.clock.advance(3_600);
    say("Beds").await.unwrap();
    assert_eq!(heard(&centre, &shelter).as_deref(), Some("Beds"));

    // Whoever is suspended is neither told nor heard.
    centre.clock.advance(3_600);
    centre.node().suspend_partner(staff(), &shelter.id()).unwrap();
    assert!(say("More beds").await.is_err());
    assert_eq!(heard(&centre, &shelter).as_deref(), Some("Beds"));
}

async fn watch(
    channel: &PartnerChannel,
) -> tonic::Streaming<tonic_health::pb::HealthCheckResponse> {
    let mut client = HealthClient::new(channel.clone());
    let watched = soon(client.watch(HealthCheckRequest::default())).await;
    let mut stream = watched.unwrap().into_inner();
    assert!(soon(stream.message()).await.unwrap().is_some());
    stream
}

// Another version of the protocol.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_of_another_version_is_told_so_and_uses_no_invitation_up() {
    let (office, centre) = (Site::office("Office").await, Site::office("Centre").await);
    let ticket = centre.node().invite(staff(), "the other", "", 14).unwrap();
    for versions in [vec![99], vec![2, 3], vec![0], vec![]] {
        let caller = identity(5);
        let request = v1::JoinRequest {
            ticket_id: ticket.id.to_vec(),
            card: Some(entente_proto::card_message(&card(caller.id()))),
            nonce_b: vec![1; 32],
            versions: versions.clone(),
        };
        let mut client = OnboardingClient::new(centre.dialled_by(&caller));
        let status = soon(client.join(request)).await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition, "{versions:?}");
        assert!(status.message().starts_with("ENT-2001 "), "{}", status.message());
    }
    assert!(centre.node().tickets().unwrap()[0].1.used_by.is_none());
    join_with(&ticket.envelope, &office).await.unwrap();
    type_digits(&centre, &office);
    office.round(&centre.id()).await.unwrap();

    let channel = centre.dialled_by(office.identity());
    for versions in [vec![99], vec![0]] {
        let status = hello(channel.clone(), versions).await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert!(status.message().starts_with("ENT-2001 "), "{}", status.message());
    }
    assert_eq!(hello(channel, vec![1, 99]).await.unwrap().version, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inviter_of_another_version_is_recognized() {
    let office = Site::office("Office").await;
    let older = identity(6);
    let address = entente_tests::net::free_address();
    let _door = Older::listens(&older, address, &[office.id()]).await;
    let invitation = Older::invitation(&older, address);
    let missed = join_with(&invitation, &office).await.unwrap_err();
    assert_eq!(missed, Missed::OtherVersion);
    assert!(office.node().partner_rows().unwrap().is_empty());
}

async fn hello(channel: PartnerChannel, versions: Vec<u32>) -> Result<v1::HelloReply, Status> {
    let request = v1::HelloRequest { versions, ..Default::default() };
    soon(ExchangeClient::new(channel).hello(request)).await.map(tonic::Response::into_inner)
}

/// A node of another version: whoever calls is told that there is no version in common.
struct Older {
    asked: Arc<std::sync::atomic::AtomicUsize>,
    _stop: tokio_util::sync::DropGuard,
}

impl Older {
    async fn listens(
        identity: &LiveIdentity,
        address: std::net::SocketAddr,
        callers: &[OrgId],
    ) -> Self {
        let admissions = Arc::new(entente_node::doors::Admissions::nobody());
        for caller in callers {
            admissions.set(*caller, Admission::Partner);
        }
        let limits = DoorLimits::default();
        let check = LiveCheck::new(Arc::clone(&admissions) as _, &[]);
        let door = PartnerDoor::bind(address, identity, admissions, limits).await.unwrap();
        let asked = Arc::default();
        let service = OlderService(Arc::clone(&asked));
        let router = entente_node::doors::partner_server(check)
            .add_service(v1::onboarding_server::OnboardingServer::new(service));
        let stop = CancellationToken::new();
        tokio::spawn(door.serve(router, stop.clone()));
        Self { asked, _stop: stop.drop_guard() }
    }

    fn n_asked(&self) -> usize {
        self.asked.load(std::sync::atomic::Ordering::SeqCst)
    }

    fn invitation(
        identity: &LiveIdentity,
        address: std::net::SocketAddr,
    ) -> entente_core::envelope::Envelope {
        let inviter = entente_proto::Card { address: address.to_string(), ..card(identity.id()) };
        let invitation = entente_proto::Invitation {
            ticket: [1; 16],
            commitment: entente_core::pairing::commitment(&identity.id(), &[2; 32]),
            inviter,
            recipient: "Office".to_owned(),
            created_at_s: u64::try_from(entente_tests::federation::START_S).unwrap(),
            expires_at_s: u64::try_from(entente_tests::federation::START_S).unwrap() + 86_400,
            template: String::new(),
            contact: None,
        };
        let payload = entente_proto::encode_invitation(&invitation);
        let kind = entente_core::envelope::payload_type::INVITATION;
        let key = entente_core::identity::OrgKey::from_seed(&[6; 32]);
        entente_core::envelope::Envelope::seal(kind, payload, &key).unwrap()
    }
}

#[derive(Clone)]
struct OlderService(Arc<std::sync::atomic::AtomicUsize>);

#[tonic::async_trait]
impl v1::onboarding_server::Onboarding for OlderService {
    async fn join(
        &self,
        _: tonic::Request<v1::JoinRequest>,
    ) -> Result<tonic::Response<v1::JoinReply>, Status> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Err(Status::failed_precondition("ENT-2001 this node speaks protocol version 2"))
    }

    async fn confirm(
        &self,
        _: tonic::Request<v1::ConfirmRequest>,
    ) -> Result<tonic::Response<v1::ConfirmReply>, Status> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Err(Status::failed_precondition("ENT-2001 this node speaks protocol version 2"))
    }
}

// An attacker in the middle. A invites B; M reads the invitation on its way.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_joins_first_with_a_stolen_invitation_burns_it_and_both_sides_know() {
    let (a, b) = (Site::office("A").await, Site::office("B").await);
    let attacker = Site::office("M").await;
    let ticket = a.node().invite(staff(), "B", "", 14).unwrap();
    join_with(&ticket.envelope, &attacker).await.unwrap();

    let missed = join_with(&ticket.envelope, &b).await.unwrap_err();
    assert_eq!(missed, Missed::RefusedByPartner("invitation".to_owned()));
    let (_, row) = a.node().tickets().unwrap().remove(0);
    assert!(row.contested, "A sees that two have tried");
    assert_eq!(a.n_audited(Action::AccessRefused), 1);
    assert_eq!(b.n_audited(Action::PartnerCheckFailed), 1);
    // M stands at the door and hears nothing: nobody types digits for it.
    assert_eq!(a.state(&attacker.id()), PartnerState::Connected);
    let channel = a.dialled_by(attacker.identity());
    assert_eq!(hello(channel, vec![1]).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stands_between_two_organizations_has_other_digits_with_each() {
    let (a, b) = (Site::office("A").await, Site::office("B").await);
    let attacker = Site::office("M").await;
    // B gets M's invitation in place of A's, and M uses A's.
    let real = a.node().invite(staff(), "B", "", 14).unwrap();
    join_with(&real.envelope, &attacker).await.unwrap();
    join(&attacker, &b).await;

    // On the telephone: A reads to B what it has with M, and B to A. Three tries, then it is over.
    let read_by_a = a.node().digits_to_read(&attacker.id()).unwrap();
    let read_by_b = b.node().digits_to_read(&attacker.id()).unwrap();
    for n_left in [2, 1, 0] {
        for (officer, heard) in [(&b, &read_by_a), (&a, &read_by_b)] {
            let fault = officer.node().type_digits(staff(), &attacker.id(), heard).unwrap_err();
            assert_eq!(fault.code, "ENT-1211");
            let why = format!("{n_left} tries left");
            assert!(fault.why.iter().any(|it| it.en == why), "{:?}", fault.why);
        }
    }
    for side in [&a, &b] {
        assert_eq!(side.state(&attacker.id()), PartnerState::Ended);
        assert_eq!(side.n_audited(Action::PartnerCheckFailed), 3);
        let status = hello(side.dialled_by(attacker.identity()), vec![1]).await.unwrap_err();
        assert_eq!(DoorError::of(&status), Some(DoorError::RefusedByPartner));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_address_of_the_inviter_nobody_else_can_answer_the_invitation() {
    let b = Site::office("B").await;
    // The invitation is A's; at its address M listens.
    let (inviter, address) = (identity(6), entente_tests::net::free_address());
    let attacker = Older::listens(&identity(66), address, &[b.id()]).await;
    let missed = join_with(&Older::invitation(&inviter, address), &b).await.unwrap_err();
    assert!(
        matches!(&missed, Missed::Door(why) if why.contains("another organization")),
        "{missed}"
    );
    assert_eq!(attacker.n_asked(), 0);
    // And a client that expects M at M's door does get an answer: the attacker was there.
    let mut client = OnboardingClient::new(dial(address, identity(66).id(), b.identity()));
    let asked = soon(client.confirm(v1::ConfirmRequest { ticket_id: vec![1; 16] })).await;
    assert_eq!(asked.unwrap_err().code(), Code::FailedPrecondition);
    assert_eq!(attacker.n_asked(), 1);
}
