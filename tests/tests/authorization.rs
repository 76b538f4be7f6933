//! Who may call what: every method in the descriptors against a table in the repository.
//!
//! `authorization.csv` has a row for every method, and says `allow` or `deny` for each state in which
//! a partner can be, or for each role of the staff. It is written by hand and reviewed; a method
//! without a row fails. `allow` means that the call reaches what answers it, which may still find
//! that there is no such thing; `deny` means that it does not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

use std::collections::{BTreeMap, BTreeSet};

use entente_core::codes::OrgType;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::feed::{Batch, Carried};
use entente_core::identity::OrgKey;
use entente_core::period::{Period, Quarter, Year};
use entente_core::statement::AgreementRef;
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::overlap::{Coordinator, Helper, PublicShare};
use entente_core::statistics::plan::Roles;
use entente_core::statistics::release::ReleaseId;
use entente_core::statistics::sum::{Opening, Role as SumRole, SealingKey};
use entente_node::doors::{DoorError, PartnerChannel};
use entente_node::local::{Op, Role, allowed};
use entente_node::node::feeds::Via;
use entente_proto::v1::exchange_client::ExchangeClient;
use entente_proto::v1::local_client::LocalClient;
use entente_proto::v1::onboarding_client::OnboardingClient;
use entente_proto::v1::overlap_client::OverlapClient;
use entente_proto::v1::secure_sum_client::SecureSumClient;
use entente_proto::v1::statistics_client::StatisticsClient;
use entente_proto::{
    OverlapContribute, OverlapMixHead, OverlapPiece, ReleaseQuestion, SumQuestion, v1,
};
use entente_tests::federation::staff;
use entente_tests::net::{Site, agree, join, pair, soon, summaries_and_counts};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb;

const TABLE: &str = include_str!("../authorization.csv");

/// What a partner can be to the node it calls.
const STATES: [&str; 8] = [
    "stranger",
    "invited",
    "connected",
    "verified",
    "active",
    "suspended_by_us",
    "quarantined",
    "ended",
];

const LOCAL: &str = "entente.v1.Local";

/// A method: its service and its name.
type Rpc = (String, String);

/// The table: for each method, whether a state or role may call it.
fn table() -> BTreeMap<Rpc, BTreeMap<&'static str, bool>> {
    let mut lines = TABLE.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let columns = lines.next().unwrap();
    let cells = |cells: &[&'static str]| {
        assert_eq!(cells.len(), columns.len(), "{cells:?}");
        let filled = columns.iter().zip(cells).skip(2).filter(|(_, cell)| **cell != "-");
        let cell = |(column, cell): (&&'static str, &&str)| match *cell {
            "allow" => (*column, true),
            "deny" => (*column, false),
            other => panic!("{other} is neither allow nor deny"),
        };
        filled.map(cell).collect()
    };
    let mut table = BTreeMap::new();
    for line in lines {
        let rpc = (line[0].to_owned(), line[1].to_owned());
        assert!(table.insert(rpc, cells(&line)).is_none(), "{} twice", line[1]);
    }
    table
}

/// Every method that a node serves, from the descriptors of its services.
fn served() -> BTreeSet<Rpc> {
    let sets = [
        entente_proto::FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        pb::v1::FILE_DESCRIPTOR_SET,
        pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let files = sets.map(|set| FileDescriptorSet::decode(set).unwrap().file);
    let mut served = BTreeSet::new();
    for file in files.iter().flatten() {
        for service in &file.service {
            let name = format!("{}.{}", file.package(), service.name());
            let methods = service.method.iter().map(|method| method.name().to_owned());
            served.extend(methods.map(|method| (name.clone(), method)));
        }
    }
    served
}

#[test]
fn every_method_has_a_row_and_every_row_is_a_method() {
    let (table, served) = (table(), served());
    let rows: BTreeSet<_> = table.keys().cloned().collect();
    assert_eq!(rows, served);
    let roles: Vec<_> = Role::ALL.iter().map(|role| role.code()).chain(["none"]).collect();
    for ((service, method), cells) in &table {
        let expected: BTreeSet<_> =
            if service == LOCAL { roles.clone() } else { STATES.to_vec() }.into_iter().collect();
        let columns: BTreeSet<_> = cells.keys().copied().collect();
        assert_eq!(columns, expected, "{service}/{method}");
    }
}

#[test]
fn the_staff_may_ask_what_the_table_says() {
    let mut n_cells = 0;
    for ((service, method), cells) in table() {
        if service != LOCAL {
            continue;
        }
        let op = Op::parse(&method).unwrap();
        for (role, may) in cells {
            let decided = match role {
                "none" => false,
                role => allowed(op, Role::parse(role).unwrap()),
            };
            assert_eq!(decided, may, "{role} {method}");
            n_cells += 1;
        }
    }
    assert_eq!(n_cells, Op::ALL.len() * (Role::ALL.len() + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_may_call_what_the_table_says() {
    let table = table();
    let rows: Vec<_> = table.iter().filter(|((service, _), _)| service != LOCAL).collect();
    let mut wrong = Vec::new();
    for state in STATES {
        let (node, caller) = (Site::office("Node").await, Site::office("Caller").await);
        bring_to(state, &node, &caller).await;
        // Joining changes the state, so it comes last.
        let (joining, others): (Vec<_>, Vec<_>) =
            rows.iter().partition(|((_, method), _)| method == "Join");
        for ((service, method), cells) in others.into_iter().chain(joining) {
            let called = call(service, method, &node, &caller).await;
            let let_in = !called.as_ref().is_err_and(is_denied);
            if let_in != cells[state] {
                wrong.push(format!("{state} {service}/{method}: {called:?}"));
            }
            let inner = called.is_err_and(|status| status.code() == Code::Internal);
            assert!(!inner, "{state} {service}/{method} failed inside");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_the_staff_s_is_served_at_the_partner_door() {
    let (node, caller) = (Site::office("Node").await, Site::office("Caller").await);
    pair(&node, &caller).await;
    let mut local = LocalClient::new(node.dialled_by(caller.identity()));
    let status = soon(local.status(v1::Ask::default())).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

fn is_denied(status: &Status) -> bool {
    let codes = [Code::PermissionDenied, Code::FailedPrecondition, Code::Unauthenticated];
    DoorError::of(status).is_some() || codes.contains(&status.code())
}

async fn bring_to(state: &str, node: &Site, caller: &Site) {
    match state {
        "stranger" => return,
        "invited" => drop(node.node().invite(staff(), "the other", "", 14).unwrap()),
        "connected" => join(node, caller).await,
        _ => pair(node, caller).await,
    }
    match state {
        "active" => drop(agree(node, caller, &summaries_and_counts(5)).await),
        "suspended_by_us" => node.node().suspend_partner(staff(), &caller.id()).unwrap(),
        "quarantined" => {
            let leaves = vec![Carried::Whole(vec![1])];
            let junk = Batch { epoch: 0, first: 9, checkpoint: vec![1], leaves };
            node.node().accept(&caller.id(), junk, Via::Connection).unwrap_err();
            assert!(node.is_quarantined(&caller.id()));
        }
        "ended" => node.node().end_partner(staff(), &caller.id(), "").unwrap(),
        _ => {}
    }
}

/// Calls one method as an honest partner would.
async fn call(service: &str, method: &str, node: &Site, caller: &Site) -> Result<(), Status> {
    let channel = node.dialled_by(caller.identity());
    match service {
        "entente.v1.Onboarding" => onboarding(method, node, caller, channel).await,
        "entente.v1.Exchange" => exchange(method, node, caller, channel).await,
        "entente.v1.Statistics" => statistics(method, node, caller, channel).await,
        "entente.v1.Overlap" => overlap(method, node, caller, channel).await,
        "entente.v1.SecureSum" => secure_sum(method, node, caller, channel).await,
        "grpc.health.v1.Health" => {
            let (mut client, asked) = (HealthClient::new(channel), HealthCheckRequest::default());
            match method {
                "Check" => soon(client.check(asked)).await.map(drop),
                "Watch" => soon(client.watch(asked)).await.map(drop),
                other => panic!("nobody here calls {service}/{other}"),
            }
        }
        "grpc.reflection.v1.ServerReflection" => {
            use pb::v1::server_reflection_client::ServerReflectionClient;
            let asked = tokio_stream::once(pb::v1::ServerReflectionRequest::default());
            let mut client = ServerReflectionClient::new(channel);
            soon(client.server_reflection_info(asked)).await.map(drop)
        }
        "grpc.reflection.v1alpha.ServerReflection" => {
            use pb::v1alpha::server_reflection_client::ServerReflectionClient;
            let asked = tokio_stream::once(pb::v1alpha::ServerReflectionRequest::default());
            let mut client = ServerReflectionClient::new(channel);
            soon(client.server_reflection_info(asked)).await.map(drop)
        }
        other => panic!("nobody here calls {other}"),
    }
}

async fn onboarding(
    method: &str,
    node: &Site,
    caller: &Site,
    channel: PartnerChannel,
) -> Result<(), Status> {
    let tickets = node.node().tickets().unwrap();
    let ticket_id = tickets.first().map_or(vec![1; 16], |(id, _)| id.to_vec());
    let mut client = OnboardingClient::new(channel);
    match method {
        "Join" => {
            let card = Some(entente_proto::card_message(&caller.node().card()));
            let versions = vec![1];
            let request = v1::JoinRequest { ticket_id, card, nonce_b: vec![2; 32], versions };
            soon(client.join(request)).await.map(drop)
        }
        "Confirm" => soon(client.confirm(v1::ConfirmRequest { ticket_id })).await.map(drop),
        other => panic!("nobody here calls {other}"),
    }
}

async fn exchange(
    method: &str,
    node: &Site,
    caller: &Site,
    channel: PartnerChannel,
) -> Result<(), Status> {
    let mut client = ExchangeClient::new(channel);
    match method {
        "Hello" => {
            let request = v1::HelloRequest { versions: vec![1], ..Default::default() };
            soon(client.hello(request)).await.map(drop)
        }
        "Pull" => soon(client.pull(v1::PullRequest::default())).await.map(drop),
        "Follow" => soon(client.follow(v1::FollowRequest::default())).await.map(drop),
        "Deliver" => {
            let said = caller.node().feed_batches(&node.id(), 0, 0, 64).unwrap_or_default();
            let messages: Vec<_> = said.iter().map(entente_proto::batch_message).collect();
            soon(client.deliver(tokio_stream::iter(messages))).await.map(drop)
        }
        "Count" => {
            let question = Some(entente_proto::document_message(&question(node, caller)));
            soon(client.count(v1::CountRequest { question })).await.map(drop)
        }
        "Witness" => {
            let (checkpoint, _) = caller.node().audit_checkpoint(0).unwrap();
            let request = v1::WitnessRequest { checkpoint: checkpoint.note, ..Default::default() };
            soon(client.witness(request)).await.map(drop)
        }
        "Prove" => soon(client.prove(v1::ProveRequest { feed_epoch: 0, seq: 1 })).await.map(drop),
        other => panic!("nobody here calls {other}"),
    }
}

/// Under a plan that the node signed, in which the caller may ask.
async fn statistics(
    method: &str,
    node: &Site,
    caller: &Site,
    channel: PartnerChannel,
) -> Result<(), Status> {
    let draft = include_str!("../../config/plans/canada-v1.toml");
    let roles = Roles {
        queriers: [(caller.id(), OrgType::Federal)].into(),
        contributors: [(node.id(), OrgType::Provincial)].into(),
        aggregators: None,
    };
    let plan = node.node().read_plan(draft, Some(roles)).unwrap();
    let kept = node.node().propose_plan(staff(), &plan).unwrap();
    node.node().sign_plan(staff(), &kept.id).unwrap();
    let period = Period::whole_year(2025).unwrap();
    let release = ReleaseId { plan: kept.id, cube: 0, period, revision: 0 };
    let question = ReleaseQuestion { release, receipts: Vec::new() };
    let mut client = StatisticsClient::new(channel);
    match method {
        "Release" => {
            let request = entente_proto::release_question_message(&question);
            soon(client.release(request)).await.map(drop)
        }
        other => panic!("nobody here calls {other}"),
    }
}

/// In a round that the node signed, which the caller coordinates. The others are only their keys.
async fn overlap(
    method: &str,
    node: &Site,
    caller: &Site,
    channel: PartnerChannel,
) -> Result<(), Status> {
    let keys: Vec<_> = (60..64).map(|seed| OrgKey::from_seed(&[seed; 32])).collect();
    let id = |at: usize| keys[at].id();
    let (helpers, contributors) = match method {
        "Contribute" => ([id(0), id(1)], [node.id(), id(2), id(3)]),
        _ => ([node.id(), id(1)], [id(0), id(2), id(3)]),
    };
    let mut terms = entente_tests::overlap::terms(caller.id(), helpers, &contributors);
    // A round for each method, since one of them ends it, and a year for which no plan has promised
    // everything away.
    terms.capacity = method.bytes().map(u32::from).sum();
    terms.period = Period::whole_year(2019).unwrap();
    let round = terms.check().unwrap();
    node.node().propose_overlap(staff(), &round).unwrap();
    // Who is no partner with an agreement could not sign; nor is there anything to be asked then.
    let signed = node.node().sign_overlap(staff(), &round.id()).is_ok();
    assert_eq!(
        signed,
        method != "Contribute" || node.node().overlap_persons(&round).unwrap().is_some()
    );
    let made = |role: bool| Helper::begin(&round, role, &mut SystemRandomness).unwrap().1;
    let sealed = |share: PublicShare, key: &OrgKey| {
        let payload = [round.id().0.as_slice(), &share.to_bytes()].concat();
        Envelope::seal(payload_type::OVERLAP_SHARE, payload, key).unwrap()
    };
    let (_, last) = Coordinator::begin(&round, &mut SystemRandomness).unwrap();
    let shares = [
        match method {
            "Contribute" => sealed(made(true), &keys[0]),
            // Its own, if it gives it; else the call ends before anybody looks.
            _ => node
                .node()
                .share_overlap(&caller.id(), &round.id())
                .unwrap_or_else(|_| sealed(made(true), &keys[0])),
        },
        sealed(made(false), &keys[1]),
        sealed(last, &caller.key),
    ];
    let id = round.id().0.to_vec();
    let mut client = OverlapClient::new(channel);
    match method {
        "Share" => soon(client.share(v1::OverlapShareRequest { round: id })).await.map(drop),
        "Contribute" => {
            let question = OverlapContribute { round: round.id(), shares, receipts: Vec::new() };
            let request = entente_proto::overlap_contribute_message(&question);
            let mut pieces = soon(client.contribute(request)).await?.into_inner();
            soon(pieces.message()).await.map(drop)
        }
        "Mix" => {
            let head = OverlapMixHead { round: round.id(), shares, missing: Vec::new() };
            let head = OverlapPiece::Head(Box::new(head));
            let pieces = tokio_stream::once(entente_proto::overlap_piece_message(&head));
            let mut pieces = soon(client.mix(pieces)).await?.into_inner();
            soon(pieces.message()).await.map(drop)
        }
        "Close" => soon(client.close(v1::OverlapCloseRequest { round: id })).await.map(drop),
        other => panic!("nobody here calls {other}"),
    }
}

/// Under a plan that the node signed, in which caller and node have the parts that the method is for.
async fn secure_sum(
    method: &str,
    node: &Site,
    caller: &Site,
    channel: PartnerChannel,
) -> Result<(), Status> {
    // A plan and a year for each method, so that each can be signed beside the others.
    let parts = [("Open", 2021), ("Contribute", 2022), ("Ask", 2023), ("Fetch", 2024)];
    let (_, year) = *parts.iter().find(|(it, _)| *it == method).expect("nobody here calls it");
    let other = OrgKey::from_seed(&[77; 32]);
    let aggregators = match method {
        "Contribute" => [caller.id(), other.id()],
        "Fetch" => [node.id(), other.id()],
        _ => [caller.id(), node.id()],
    };
    let offices = (78..82).map(|seed| OrgKey::from_seed(&[seed; 32]).id());
    let roles = Roles {
        queriers: [(caller.id(), OrgType::Federal)].into(),
        contributors: offices.chain([node.id()]).map(|id| (id, OrgType::Provincial)).collect(),
        aggregators: Some(aggregators),
    };
    let draft = include_str!("../../config/plans/canada-v1.toml");
    let mut plan = node.node().read_plan(draft, Some(roles)).unwrap();
    plan.name = method.to_lowercase();
    let year = Year::new(year).unwrap();
    (plan.first_year, plan.last_year) = (year, year);
    let kept = node.node().propose_plan(staff(), &plan).unwrap();
    node.node().sign_plan(staff(), &kept.id).unwrap();
    let period = Period::Year(year);
    let release = ReleaseId { plan: kept.id, cube: 0, period, revision: 0 };
    let of = Some(entente_proto::sum_release_message(&release));
    let mut client = SecureSumClient::new(channel);
    match method {
        "Open" => soon(client.open(v1::SumOpenRequest { release: of })).await.map(drop),
        "Contribute" => {
            let round = plan.round(&release).unwrap();
            let opening = |role, key: &OrgKey| {
                let sealing = SealingKey::from_seed(&[5; 32]);
                Opening::sign(&round, role, &sealing, key).unwrap()
            };
            let openings =
                [opening(SumRole::Leader, &caller.key), opening(SumRole::Helper, &other)];
            let question = SumQuestion { release, openings, receipts: Vec::new() };
            let request = entente_proto::sum_question_message(&question);
            soon(client.contribute(request)).await.map(drop)
        }
        "Ask" => {
            // Who may not open a round may not ask in it either.
            drop(node.node().open_sum(&caller.id(), &release));
            let asked = v1::SumQuestion { release: of, piece: vec![1] };
            soon(client.ask(tokio_stream::iter([asked]))).await.map(drop)
        }
        "Fetch" => soon(client.fetch(v1::SumFetchRequest { release: of })).await.map(drop),
        other => panic!("nobody here calls {other}"),
    }
}

/// A question for counts, whether there is an agreement or not.
fn question(node: &Site, caller: &Site) -> Envelope {
    let question = entente_proto::CountQuestion {
        id: [3; 16],
        audience: node.id(),
        asked_at_s: u64::try_from(caller.node().now_s()).unwrap(),
        agreement: AgreementRef { id: [4; 16], version: 1 },
        by: vec!["province".to_owned()],
        only: Vec::new(),
        periods: vec![Period::Quarter(Quarter::new(2026, 3).unwrap())],
        definition: entente_core::codes::DefinitionProfile::Programme,
        rule: entente_proto::CountingRule::Persons,
    };
    let payload = entente_proto::encode_count_question(&question);
    Envelope::seal(payload_type::COUNT_QUERY, payload, &caller.key).unwrap()
}
