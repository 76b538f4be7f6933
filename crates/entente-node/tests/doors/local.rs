//! The local door: who may use it, and what is in its way.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use entente_node::doors::{LocalDoor, LocalDoorError, LocalPeer, connect_local, local_server};
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::common::BOUND;

/// A folder that only this account can enter.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    folder
}

async fn ask(channel: Channel) -> Result<i32, tonic::Status> {
    let mut client = HealthClient::new(channel);
    let answer = client.check(HealthCheckRequest::default());
    Ok(tokio::time::timeout(BOUND, answer).await.unwrap()?.into_inner().status)
}

#[tokio::test]
async fn the_command_line_gets_an_answer_and_the_node_knows_who_asks() {
    let folder = folder();
    let path = folder.path().join("run/node.sock");
    let door = LocalDoor::bind(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);

    let seen = Arc::new(Mutex::new(None));
    let (_, health) = tonic_health::server::health_reporter();
    let note = Arc::clone(&seen);
    let health = InterceptedService::new(health, move |request: tonic::Request<()>| {
        *note.lock().unwrap() = request.extensions().get::<LocalPeer>().copied();
        Ok(request)
    });
    let stop = CancellationToken::new();
    let router = local_server().add_service(health);
    let serving = tokio::spawn(door.serve(router, stop.clone()));

    assert_eq!(ask(connect_local(&path).await.unwrap()).await.unwrap(), 1);
    let peer = seen.lock().unwrap().unwrap();
    assert_eq!(peer.uid, rustix::process::geteuid().as_raw());
    assert_eq!(peer.pid, i32::try_from(std::process::id()).ok());

    stop.cancel();
    tokio::time::timeout(BOUND, serving).await.unwrap().unwrap().unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_second_node_does_not_take_over_the_socket_of_a_running_one() {
    let folder = folder();
    let path = folder.path().join("node.sock");
    let _running = LocalDoor::bind(&path).unwrap();
    assert!(matches!(LocalDoor::bind(&path), Err(LocalDoorError::AlreadyRunning(_))));
    assert!(path.exists());
}

#[tokio::test]
async fn a_socket_left_behind_is_replaced() {
    let folder = folder();
    let path = folder.path().join("node.sock");
    // Dropping a listener of the standard library leaves the file, as a kill does.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    assert!(matches!(connect_local(&path).await, Err(LocalDoorError::NotRunning(_))));
    LocalDoor::bind(&path).unwrap();
}

#[tokio::test]
async fn a_file_in_the_way_is_left_alone() {
    let folder = folder();
    let path = folder.path().join("node.sock");
    fs::write(&path, "important").unwrap();
    assert!(matches!(LocalDoor::bind(&path), Err(LocalDoorError::NotASocket(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "important");
}

#[tokio::test]
async fn a_folder_that_others_can_enter_is_refused() {
    let folder = folder();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let bound = LocalDoor::bind(&folder.path().join("node.sock"));
    assert!(matches!(bound, Err(LocalDoorError::OpenFolder(_))));
}

#[tokio::test]
async fn asking_a_node_that_is_not_there_says_so_at_once() {
    let nowhere = connect_local(Path::new("/nonexistent/node.sock")).await;
    assert!(matches!(nowhere, Err(LocalDoorError::NotRunning(_))));
}
