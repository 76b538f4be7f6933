//! Who comes in, for how long, and what each is told.

use std::time::Duration;

use entente_node::doors::{DoorError, DoorLimits};
use entente_node::tls::Admission;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tonic::Code;

use super::common::{BOUND, Org, START, curious, org, org_at, shake_hands};

const DAY_S: i64 = 24 * 3600;

/// Two organizations that admit each other.
fn partners() -> (Org, Org) {
    let (a, b) = (org(1), org(2));
    a.admits(&b);
    b.admits(&a);
    (a, b)
}

fn door_error(answer: Result<(), tonic::Status>) -> Option<DoorError> {
    DoorError::of(&answer.unwrap_err())
}

#[tokio::test]
async fn a_partner_comes_in_and_the_handler_sees_who_it_is() {
    let (a, b) = partners();
    let door = a.opens().await;
    b.calls(&a, &door).check().await.unwrap();
    assert_eq!(door.asked.by(), Some((b.id(), Admission::Partner)));
    // What the register then knows of it: one connection, and how long its leaf is valid.
    assert_eq!(a.admissions.n_connections(&b.id()), 1);
    let until_s = a.admissions.leaf_until_s(&b.id()).unwrap();
    let life_s = i64::try_from(entente_node::tls::LEAF_LIFE.as_secs()).unwrap();
    assert!((START..=START + life_s).contains(&until_s), "{until_s}");
    assert_eq!(a.admissions.leaf_until_s(&org(3).id()), None);
}

#[tokio::test]
async fn a_suspended_partner_may_knock_and_hears_one_word() {
    let (a, b) = partners();
    let door = a.opens().await;
    a.admissions.set(b.id(), Admission::Suspended);
    let status = b.calls(&a, &door).check().await.unwrap_err();
    assert_eq!((DoorError::of(&status), status.message()), (None, "suspended"));
    assert_eq!(door.asked.by(), None, "no handler was reached");
}

#[tokio::test]
async fn a_stranger_is_refused_and_told_so() {
    let (a, _) = partners();
    let door = a.opens().await;
    let mut stranger = org(3).calls(&a, &door);
    assert_eq!(door_error(stranger.check().await), Some(DoorError::RefusedByPartner));
    assert_eq!(door.asked.by(), None);
}

#[tokio::test]
async fn a_partner_added_while_the_door_is_open_comes_in() {
    let (a, c) = (org(1), org(3));
    let door = a.opens().await;
    let mut caller = c.calls(&a, &door);
    assert_eq!(door_error(caller.check().await), Some(DoorError::RefusedByPartner));
    a.admits(&c);
    caller.check().await.unwrap();
}

#[tokio::test]
async fn another_organization_than_the_expected_one_gets_no_call() {
    let (a, b) = partners();
    let door = a.opens().await;
    let mut caller = b.calls(&org(3), &door);
    assert_eq!(door_error(caller.check().await), Some(DoorError::WrongIdentity));
    assert_eq!(door.asked.by(), None);
}

#[tokio::test]
async fn a_suspended_partner_loses_its_open_stream_and_gets_no_other() {
    let (a, b) = partners();
    let door = a.opens().await;
    let mut caller = b.calls(&a, &door);
    let mut stream = caller.watch().await.unwrap();

    a.admissions.cut(&b.id());
    let end = tokio::time::timeout(BOUND, stream.message()).await.unwrap();
    assert!(end.is_err());
    assert_eq!(door_error(caller.check().await), Some(DoorError::RefusedByPartner));

    a.admits(&b);
    caller.check().await.unwrap();
}

#[tokio::test]
async fn suspending_a_partner_ends_our_own_stream_from_it() {
    let (a, b) = partners();
    let door = a.opens().await;
    let mut caller = b.calls(&a, &door);
    let mut stream = caller.watch().await.unwrap();

    b.admissions.cut(&a.id());
    let end = tokio::time::timeout(BOUND, stream.message()).await.unwrap();
    assert_eq!(caller.channel.why(&end.unwrap_err()), Some(DoorError::Cut));
    assert_eq!(door_error(caller.check().await), Some(DoorError::Cut));
}

#[tokio::test]
async fn suspending_one_partner_leaves_the_others_alone() {
    let (a, b) = partners();
    let c = org(3);
    a.admits(&c);
    let door = a.opens().await;
    let mut stream = c.calls(&a, &door).watch().await.unwrap();
    a.admissions.cut(&b.id());
    let silent = tokio::time::timeout(Duration::from_millis(50), stream.message()).await;
    assert!(silent.is_err());
}

#[tokio::test]
async fn an_invitee_reaches_only_the_services_meant_for_it() {
    let (a, c) = (org(1), org(3));
    a.admissions.expect_invitees(true);

    let door = a.opens_with(DoorLimits::default(), &["grpc.health.v1.Health"]).await;
    c.calls(&a, &door).check().await.unwrap();
    assert_eq!(door.asked.by(), Some((c.id(), Admission::Invitee)));

    let door = a.opens_with(DoorLimits::default(), &["entente.v1.Pairing"]).await;
    let refused = c.calls(&a, &door).check().await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(door.asked.by(), None);
}

#[tokio::test]
async fn a_leaf_that_has_expired_and_one_that_is_not_yet_valid_are_told_apart() {
    let (a, b) = partners();
    let door = a.opens().await;
    for (now_s, expected) in [
        (START + 30 * DAY_S + 1, Some(DoorError::CertificateExpired)),
        (START - DAY_S / 4 - 1, Some(DoorError::ClockSkew)),
    ] {
        let b = org_at(2, now_s);
        assert_eq!(door_error(b.calls(&a, &door).check().await), expected);
    }
    // A clock that is less than six hours behind is no problem.
    b.clock.advance(-DAY_S / 4 + 1);
    b.calls(&a, &door).check().await.unwrap();
}

#[tokio::test]
async fn a_node_whose_leaf_expired_comes_in_again_once_it_is_renewed() {
    let (a, b) = partners();
    let door = a.opens().await;
    for org in [&a, &b] {
        org.clock.advance(31 * DAY_S);
    }
    assert_eq!(a.identity.renew_if_due(START + 31 * DAY_S), Ok(true));
    // The same channel and the same door before and after.
    let mut caller = b.calls(&a, &door);
    assert_eq!(door_error(caller.check().await), Some(DoorError::OurCertificateRefused));
    assert_eq!(b.identity.renew_if_due(START + 31 * DAY_S), Ok(true));
    caller.check().await.unwrap();
}

#[tokio::test]
async fn a_partner_has_four_connections_and_no_fifth() {
    let (a, b) = partners();
    let door = a.opens().await;
    let mut open = Vec::new();
    for _ in 0..4 {
        let mut caller = b.calls(&a, &door);
        open.push(caller.watch().await.unwrap());
    }
    let mut fifth = b.calls(&a, &door);
    assert_eq!(door_error(fifth.check().await), Some(DoorError::TooManyConnections));

    // Another partner does not notice.
    let c = org(3);
    a.admits(&c);
    c.calls(&a, &door).check().await.unwrap();

    // A place that is given back can be taken.
    drop(open);
    let free = async { while fifth.check().await.is_err() {} };
    tokio::time::timeout(BOUND, free).await.unwrap();
}

#[tokio::test]
async fn the_door_has_a_cap_for_everybody_together() {
    let (a, b) = partners();
    let c = org(3);
    a.admits(&c);
    let limits = DoorLimits { n_connections: 1, ..DoorLimits::default() };
    let door = a.opens_with(limits, &[]).await;
    let _open = b.calls(&a, &door).watch().await.unwrap();
    let full = c.calls(&a, &door).check().await;
    assert_eq!(door_error(full), Some(DoorError::TooManyConnections));
}

fn impatient() -> DoorLimits {
    let deadline = Duration::from_millis(100);
    DoorLimits { handshake_deadline: deadline, preface_deadline: deadline, ..DoorLimits::default() }
}

#[tokio::test]
async fn a_socket_that_says_nothing_is_dropped() {
    let (a, _) = partners();
    let door = a.opens_with(impatient(), &[]).await;
    let mut socket = TcpStream::connect(door.address).await.unwrap();
    let end = tokio::time::timeout(BOUND, socket.read(&mut [0; 1])).await.unwrap();
    assert_eq!(end.unwrap(), 0);
}

#[tokio::test]
async fn a_partner_that_does_not_begin_http2_is_dropped() {
    let (a, b) = partners();
    let door = a.opens_with(impatient(), &[]).await;
    let mut stream = shake_hands(curious(&b), door.address).await.unwrap();
    stream.write_all(b"PRI * HTTP/2").await.unwrap();
    let mut said = Vec::new();
    // Ends, in whatever way, after the server's own first frames.
    drop(tokio::time::timeout(BOUND, stream.read_to_end(&mut said)).await.unwrap());
}

#[tokio::test]
async fn silent_sockets_do_not_keep_partners_out() {
    let (a, b) = partners();
    let limits = DoorLimits { n_handshakes: 2, ..impatient() };
    let door = a.opens_with(limits, &[]).await;
    let mut silent = Vec::new();
    for _ in 0..6 {
        silent.push(TcpStream::connect(door.address).await.unwrap());
    }
    b.calls(&a, &door).check().await.unwrap();
}

#[tokio::test]
async fn nobody_at_the_address_and_something_else_there_are_told_apart() {
    let (a, b) = partners();
    let mut door = a.opens().await;

    let empty = TcpListener::bind("127.0.0.1:0").await.unwrap();
    door.address = empty.local_addr().unwrap();
    drop(empty);
    let nobody = b.calls(&a, &door).check().await;
    assert_eq!(door_error(nobody), Some(DoorError::Unreachable));

    let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
    door.address = web.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = web.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let other = b.calls(&a, &door).check().await;
    assert_eq!(door_error(other), Some(DoorError::NotANode));
}

#[tokio::test]
async fn a_door_that_closes_gives_open_streams_some_time_and_not_more() {
    let (a, b) = partners();
    let limits = DoorLimits { grace: Duration::from_millis(100), ..DoorLimits::default() };
    let door = a.opens_with(limits, &[]).await;
    let mut stream = b.calls(&a, &door).watch().await.unwrap();

    drop(door.stop);
    let end = tokio::time::timeout(BOUND, stream.message()).await.unwrap();
    assert!(end.is_err());
    tokio::time::timeout(BOUND, door.serving).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(door.address).await.is_err());
}
