//! From a TLS connection to HTTP: deadlines and bounds, so that nobody can sit on a connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use axum::middleware::Next;
use entente_node::doors::{ConsoleDoor, Knock};
use entente_node::fault::Fault;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::Console;
use crate::page::Page;
use crate::problem::Problem;

/// How long the head of a request may take.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// How long one answer may take: an import of 100,000 rows with a slow disk.
const ANSWER_DEADLINE: Duration = Duration::from_secs(300);
/// When a connection is given up on whose answer has not even come to a page that says so.
const LAST_DEADLINE: Duration = Duration::from_secs(310);
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
    match tokio::time::timeout(LAST_DEADLINE, router.oneshot(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
            response
        }
    }
}

/// Gives up on an answer that takes too long, in a page of ours.
pub(crate) async fn patience(
    State(console): State<Arc<Console>>,
    request: axum::extract::Request,
    next: Next,
) -> Response<Body> {
    let uri = request.uri().clone();
    let page = || Page::outside(&console, &uri);
    within(ANSWER_DEADLINE, page, next.run(request)).await
}

async fn within(
    deadline: Duration,
    page: impl FnOnce() -> Page,
    answer: impl Future<Output = Response<Body>>,
) -> Response<Body> {
    let answer = tokio::time::timeout(deadline, answer).await;
    answer.unwrap_or_else(|_| Problem::new(too_slow()).respond(&page()))
}

/// `ENT-2720`.
fn too_slow() -> Box<Fault> {
    Fault::new(
        2720,
        ("This takes longer than five minutes.", "Cela prend plus de cinq minutes."),
        (
            "What was begun may still go on. See what it came to before you ask again.",
            "Ce qui a été lancé se poursuit peut-être. Voyez où cela en est avant de redemander.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;

    use super::*;
    use crate::page::test_page;

    #[test]
    fn an_answer_that_does_not_come_ends_in_a_page_of_ours_in_the_language_of_whoever_waits() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        for (lang, words) in [(Lang::En, "longer than five minutes"), (Lang::Fr, "cinq minutes")] {
            let body = runtime.block_on(async {
                let never = std::future::pending();
                let answer = within(Duration::from_millis(1), || test_page(lang), never).await;
                assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
                axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap()
            });
            let body = String::from_utf8(body.to_vec()).unwrap();
            assert!(body.contains(words) && body.contains("ENT-2720"), "{body}");
            assert!(body.contains(&format!("<html lang=\"{lang}\">")));
        }
    }
}
