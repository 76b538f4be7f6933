//! What an evil partner sends over a real connection: too much, too little, and two histories.
//!
//! Every field of every request is sent at its bound and one past it. Past the bound the node says
//! "malformed", notes which field it was, and changes nothing. At the bound it looks at the content
//! and says something else. Meanwhile another partner goes on.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use entente_core::feed::{Batch, Carried, Checkpoint, FeedId, MAX_BATCH, MAX_CHECKPOINT, MAX_LEAF};
use entente_core::identity::OrgKey;
use entente_core::merkle::{Frontier, MAX_PROOF, MAX_SIZE};
use entente_node::doors::{DoorError, PartnerChannel};
use entente_node::tls::LiveIdentity;
use entente_proto::v1::exchange_client::ExchangeClient;
use entente_proto::v1::onboarding_client::OnboardingClient;
use entente_proto::{MAX_BATCH_LEAVES, MAX_COSIGNED, MAX_DOCUMENT, MAX_PULL_BATCHES, v1};
use entente_tests::federation::staff;
use entente_tests::net::{Site, admit, card, evidence, identity, pair, soon};
use tonic::{Code, Status};

const EVIL: u8 = 66;

/// One call with one message.
enum Call {
    Join(v1::JoinRequest),
    Confirm(v1::ConfirmRequest),
    Hello(v1::HelloRequest),
    Pull(v1::PullRequest),
    Deliver(v1::FeedBatch),
    Count(v1::CountRequest),
    Witness(v1::WitnessRequest),
    Prove(v1::ProveRequest),
}

impl Call {
    async fn to(self, channel: PartnerChannel) -> Result<(), Status> {
        let mut exchange = ExchangeClient::new(channel.clone());
        let mut onboarding = OnboardingClient::new(channel);
        match self {
            Self::Join(message) => soon(onboarding.join(message)).await.map(drop),
            Self::Confirm(message) => soon(onboarding.confirm(message)).await.map(drop),
            Self::Hello(message) => soon(exchange.hello(message)).await.map(drop),
            Self::Pull(message) => soon(exchange.pull(message)).await.map(drop),
            Self::Deliver(message) => {
                soon(exchange.deliver(tokio_stream::once(message))).await.map(drop)
            }
            Self::Count(message) => soon(exchange.count(message)).await.map(drop),
            Self::Witness(message) => soon(exchange.witness(message)).await.map(drop),
            Self::Prove(message) => soon(exchange.prove(message)).await.map(drop),
        }
    }
}

/// A field, a message with as much in it as it may have, and one with more.
type Case = (&'static str, Call, Call);

fn joins() -> Vec<Case> {
    let us = identity(EVIL).id();
    let request = |change: &dyn Fn(&mut v1::JoinRequest, &mut v1::Card)| {
        let mut their_card = entente_proto::card_message(&card(us));
        let mut request = v1::JoinRequest {
            ticket_id: vec![1; 16],
            card: None,
            nonce_b: vec![2; 32],
            versions: vec![1],
        };
        change(&mut request, &mut their_card);
        request.card = Some(their_card);
        Call::Join(request)
    };
    let no_card = v1::JoinRequest {
        ticket_id: vec![1; 16],
        card: None,
        nonce_b: vec![2; 32],
        versions: vec![1],
    };
    vec![
        ("ticket_id", request(&|_, _| {}), request(&|it, _| it.ticket_id.push(1))),
        ("nonce_b", request(&|_, _| {}), request(&|it, _| it.nonce_b.push(1))),
        ("versions", versions(&request, 16), versions(&request, 17)),
        ("card", request(&|_, _| {}), Call::Join(no_card)),
        ("org", request(&|_, _| {}), request(&|_, card| card.org.push(1))),
        ("name_en", named(&request, 200), named(&request, 201)),
        (
            "name_fr",
            request(&|_, card| card.name_fr = "é".repeat(100)),
            request(&|_, card| card.name_fr = "é".repeat(101)),
        ),
        ("org_type", request(&|_, card| card.org_type = 1), request(&|_, card| card.org_type = 77)),
        ("address", address(&request, 255), address(&request, 256)),
    ]
}

type Changed<'a> = &'a dyn Fn(&dyn Fn(&mut v1::JoinRequest, &mut v1::Card)) -> Call;

fn versions(request: Changed<'_>, n: u32) -> Call {
    request(&|it, _| it.versions = (1..=n).collect())
}

fn named(request: Changed<'_>, n: usize) -> Call {
    request(&|_, card| card.name_en = "n".repeat(n))
}

fn address(request: Changed<'_>, n: usize) -> Call {
    // 126 labels of one letter, one of the rest, and a port of one digit.
    let host = "a.".repeat(126) + &"a".repeat(n - 254);
    request(&|_, card| card.address = format!("{host}:7"))
}

fn greetings() -> Vec<Case> {
    let hello = |n: u32, feed: usize, audit: usize| {
        Call::Hello(v1::HelloRequest {
            versions: (1..=n).collect(),
            your_checkpoint: vec![1; feed],
            your_audit_checkpoint: vec![1; audit],
            about: None,
        })
    };
    let confirm = |n| Call::Confirm(v1::ConfirmRequest { ticket_id: vec![1; n] });
    let pull = |after, max| Call::Pull(v1::PullRequest { feed_epoch: 0, after, max_batches: max });
    let prove = |seq| Call::Prove(v1::ProveRequest { feed_epoch: u32::MAX, seq });
    vec![
        ("versions", hello(16, 0, 0), hello(17, 0, 0)),
        ("your_checkpoint", hello(1, MAX_CHECKPOINT, 0), hello(1, MAX_CHECKPOINT + 1, 0)),
        ("your_audit_checkpoint", hello(1, 0, MAX_COSIGNED), hello(1, 0, MAX_COSIGNED + 1)),
        ("ticket_id", confirm(16), confirm(17)),
        ("after", pull(MAX_SIZE, 1), pull(MAX_SIZE + 1, 1)),
        ("after", pull(MAX_SIZE, 1), pull(u64::MAX, 1)),
        ("max_batches", pull(0, MAX_PULL_BATCHES), pull(0, MAX_PULL_BATCHES + 1)),
        ("seq", prove(MAX_SIZE), prove(MAX_SIZE + 1)),
        ("seq", prove(1), prove(0)),
    ]
}

fn deliveries() -> Vec<Case> {
    let batch = |checkpoint: usize, leaves: Vec<Vec<u8>>, redacted: Vec<u32>| {
        let checkpoint = vec![1; checkpoint];
        Call::Deliver(v1::FeedBatch { feed_epoch: 0, first: 0, checkpoint, leaves, redacted })
    };
    let first = |first| {
        let (checkpoint, leaves) = (vec![1], vec![vec![1]]);
        Call::Deliver(v1::FeedBatch { feed_epoch: 0, first, checkpoint, leaves, redacted: vec![] })
    };
    let one = || vec![vec![1; 32]];
    let large = || vec![vec![1; MAX_LEAF]; 3];
    // 900 KiB is three and a half of the largest leaves.
    let rest = MAX_BATCH_LEAVES - 3 * MAX_LEAF;
    let together = |rest: usize| [large(), vec![vec![1; rest]]].concat();
    vec![
        ("first", first(MAX_SIZE), first(MAX_SIZE + 1)),
        (
            "checkpoint",
            batch(MAX_CHECKPOINT, one(), vec![]),
            batch(MAX_CHECKPOINT + 1, one(), vec![]),
        ),
        ("checkpoint", batch(1, one(), vec![]), batch(0, one(), vec![])),
        ("leaves", batch(1, one(), vec![]), batch(1, vec![], vec![])),
        (
            "leaves",
            batch(1, vec![vec![1]; MAX_BATCH], vec![]),
            batch(1, vec![vec![1]; MAX_BATCH + 1], vec![]),
        ),
        ("leaves", batch(1, large(), vec![]), batch(1, vec![vec![1; MAX_LEAF + 1]], vec![])),
        ("leaves", batch(1, together(rest), vec![]), batch(1, together(rest + 1), vec![])),
        ("redacted", batch(1, one(), vec![0]), batch(1, one(), vec![0, 1])),
        ("redacted", batch(1, one(), vec![0]), batch(1, one(), vec![u32::MAX])),
        ("leaves", batch(1, one(), vec![0]), batch(1, vec![vec![1; 33]], vec![0])),
    ]
}

fn questions() -> Vec<Case> {
    let mut signers: Vec<_> =
        (1..=5).map(|seed| OrgKey::from_seed(&[seed; 32]).id().as_bytes().to_vec()).collect();
    signers.sort();
    let count = |kind: usize, payload: usize, n: usize, org: usize, sig: usize| {
        let signature = |signer: &Vec<u8>| {
            let mut signer = signer.clone();
            signer.resize(org, 0);
            v1::Signature { org: signer, sig: vec![3; sig] }
        };
        let question = v1::Document {
            payload_type: "t".repeat(kind),
            payload: vec![1; payload],
            signatures: signers.iter().take(n).map(signature).collect(),
        };
        Call::Count(v1::CountRequest { question: Some(question) })
    };
    let right = || count(1, 1, 1, 32, 64);
    let witness = |old_size, n: usize, len: usize, checkpoint: usize| {
        let (proof, checkpoint) = (vec![vec![1; len]; n], vec![1; checkpoint]);
        Call::Witness(v1::WitnessRequest { old_size, proof, checkpoint })
    };
    vec![
        ("payload_type", count(100, 1, 1, 32, 64), count(101, 1, 1, 32, 64)),
        ("payload", count(1, MAX_DOCUMENT, 1, 32, 64), count(1, MAX_DOCUMENT + 1, 1, 32, 64)),
        ("payload", right(), Call::Count(v1::CountRequest { question: None })),
        ("signatures", count(1, 1, 4, 32, 64), count(1, 1, 5, 32, 64)),
        ("org", right(), count(1, 1, 1, 33, 64)),
        ("sig", right(), count(1, 1, 1, 32, 65)),
        ("old_size", witness(MAX_SIZE, 0, 32, 1), witness(MAX_SIZE + 1, 0, 32, 1)),
        ("old_size", witness(0, 0, 32, 1), witness(u64::MAX, 0, 32, 1)),
        ("proof", witness(0, MAX_PROOF, 32, 1), witness(0, MAX_PROOF + 1, 32, 1)),
        ("proof", witness(0, 1, 32, 1), witness(0, 4096, 32, 1)),
        ("proof", witness(0, 1, 32, 1), witness(0, 1, 33, 1)),
        ("checkpoint", witness(0, 0, 32, MAX_CHECKPOINT), witness(0, 0, 32, MAX_CHECKPOINT + 1)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_of_every_request_has_a_bound_at_the_door() {
    let (node, other) = (Site::office("Node").await, Site::office("Other").await);
    pair(&node, &other).await;
    let evil = identity(EVIL);
    admit(node.node(), &card(evil.id()));
    let before = kept(&node, &evil);
    let cases = [joins(), greetings(), deliveries(), questions()].into_iter().flatten();
    for (field, fits, too_much) in cases {
        let (n_before, dialled) = (evidence(node.node(), &evil.id()).len(), node.dialled_by(&evil));
        let status = too_much.to(dialled.clone()).await.unwrap_err();
        let said = (status.code(), status.message());
        assert_eq!(said, (Code::InvalidArgument, "malformed"), "{field}");
        let kept_now = evidence(node.node(), &evil.id());
        assert_eq!(kept_now.len(), n_before + 1, "{field}");
        let row = kept_now.last().unwrap();
        assert_eq!((row.fault.as_str(), row.fatal), ("malformed", false), "{field}");
        assert_eq!(String::from_utf8_lossy(&row.proof[0]), field);
        assert_eq!(kept(&node, &evil), before, "{field}");

        if let Err(status) = fits.to(dialled).await {
            assert_ne!(status.message(), "malformed", "{field} at its bound");
            assert_ne!(status.code(), Code::Internal, "{field} at its bound");
        }
        assert_eq!(kept(&node, &evil), before, "{field} at its bound");
        if node.is_quarantined(&evil.id()) {
            node.node().lift_quarantine(staff(), &evil.id()).unwrap();
        }
    }
    other.round(&node.id()).await.unwrap();
    node.round(&other.id()).await.unwrap();
    node.node().verify_audit().unwrap();
}

/// What a request could have changed.
fn kept(site: &Site, evil: &LiveIdentity) -> (u64, (u32, u64), Vec<u8>, u64, usize) {
    let (node, id) = (site.node(), evil.id());
    let tickets = node.tickets().unwrap().len();
    let witnessed = node.witnessed_checkpoint(&id).unwrap();
    (node.n_held(), node.cursor(&id).unwrap(), witnessed, node.n_records(), tickets)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_above_the_limit_is_not_read_at_all() {
    let node = Site::office("Node").await;
    let evil = identity(EVIL);
    admit(node.node(), &card(evil.id()));
    let before = kept(&node, &evil);
    let leaves = vec![vec![1; MAX_LEAF]; 16];
    let batch = v1::FeedBatch { checkpoint: vec![1], leaves, ..Default::default() };
    let status = Call::Deliver(batch).to(node.dialled_by(&evil)).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status}");
    assert_eq!(kept(&node, &evil), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_that_is_delivered_closes_the_door_behind_its_sender_only() {
    let (node, other) = (Site::office("Node").await, Site::office("Other").await);
    pair(&node, &other).await;
    let evil = identity(EVIL);
    admit(node.node(), &card(evil.id()));
    let feed = FeedId { issuer: evil.id(), audience: node.id(), epoch: 0 };
    let deliver = async |leaf: &[u8]| {
        let batch = entente_proto::batch_message(&signed(&feed, leaf));
        Call::Deliver(batch).to(node.dialled_by(&evil)).await
    };
    deliver(b"one history").await.unwrap();
    let cursor = node.node().cursor(&evil.id()).unwrap();
    assert_eq!(cursor, (0, 1), "poison is skipped");
    deliver(b"one history").await.expect("a repetition is no offence");

    let status = deliver(b"another one").await.unwrap_err();
    // The connection is cut at once: whether the answer comes through is a matter of luck.
    assert!(status.message() == "fork" || DoorError::of(&status).is_some(), "{status}");
    assert_eq!(node.node().cursor(&evil.id()).unwrap(), cursor);
    let row = evidence(node.node(), &evil.id()).pop().unwrap();
    assert_eq!((row.fault.as_str(), row.fatal, row.proof.len()), ("fork", true, 2));

    let status = deliver(b"one history").await.unwrap_err();
    assert_eq!(DoorError::of(&status), Some(DoorError::RefusedByPartner));
    assert!(other.round(&node.id()).await.is_ok());
    assert!(node.round(&other.id()).await.is_ok());
}

/// The first batch of a feed, with one leaf.
fn signed(feed: &FeedId, leaf: &[u8]) -> Batch {
    let mut frontier = Frontier::default();
    frontier.push(leaf, &mut Vec::new());
    let key = OrgKey::from_seed(&[EVIL; 32]);
    let checkpoint = Checkpoint::sign(&feed.origin(), &frontier, &key).unwrap().note;
    Batch { epoch: 0, first: 0, checkpoint, leaves: vec![Carried::Whole(leaf.to_vec())] }
}
