//! From a TLS connection to HTTP: deadlines and bounds, so that nobody can sit on a connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use entente_node::doors::{ConsoleDoor, Knock};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// How long the head of a request may take.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// How long one answer may take: an import of 100,000 rows with a slow disk.
const ANSWER_DEADLINE: Duration = Duration::from_secs(300);
/// How long open answers may go on after the console was told to close.
const GRACE: Duration = Duration::from_secs(5);
/// Requests of one connection at once.
const N_STREAMS: u32 = 64;
/// The longest head of a request, in bytes.
const MAX_HEAD: u16 = 32 * 1024;

/// Where a request comes from. In the extensions of every request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller(pub(crate) SocketAddr);

/// Serves until `stop` is cancelled, and then what is under way.
pub(crate) async fn serve(door: ConsoleDoor, router: Router, stop: CancellationToken) {
    let connections = TaskTracker::new();
    while let Some(knock) = stop.run_until_cancelled(door.knock()).await {
        connections.spawn(one(knock, router.clone(), stop.clone()));
    }
    drop(door);
    connections.close();
    let _ = tokio::time::timeout(GRACE, connections.wait()).await;
}

async fn one(knock: Knock, router: Router, stop: CancellationToken) {
    // A handshake that fails is a scanner, or a browser that asks about our certificate.
    let Ok(stream) = knock.enter().await else { return };
    let from = stream.address;
    let answer = hyper::service::service_fn(move |request| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answered(router, request, from).await) }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE)
        .max_buf_size(MAX_HEAD.into());
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(N_STREAMS)
        .max_header_list_size(MAX_HEAD.into())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(HEAD_DEADLINE);
    let connection = server.serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the console ended badly");
    }
}

async fn answered(router: Router, request: Request<Incoming>, from: SocketAddr) -> Response<Body> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Caller(from));
    match tokio::time::timeout(ANSWER_DEADLINE, router.oneshot(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
            response
        }
    }
}
