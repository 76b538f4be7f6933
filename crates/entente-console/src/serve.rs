//! From a TLS connection to HTTP: deadlines and bounds, so that nobody can sit on a connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use axum::middleware::Next;
use entente_node::doors::{ConsoleDoor, Knock};
use entente_node::fault::Fault;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tower::ServiceExt as _;

use crate::Console;
use crate::page::Page;
use crate::problem::Problem;

/// How long the head of a request may take.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// How long a connection may stay on which nobody asks anything and nothing is answered.
const IDLE_DEADLINE: Duration = Duration::from_secs(60);
/// How long one answer may take: an import of 100,000 rows with a slow disk.
pub(crate) const ANSWER_DEADLINE: Duration = Duration::from_secs(300);
/// When a connection is given up on whose answer has not even come to a page that says so.
const LAST_DEADLINE: Duration = Duration::from_secs(310);
/// How long open answers may go on after the console was told to close.
const GRACE: Duration = Duration::from_secs(5);
/// Requests of one connection at once.
const N_STREAMS: u32 = 32;
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
    http(stream, from, router, stop).await;
}

/// Answers what is asked on one connection, until it ends or nobody asks any more.
async fn http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    from: SocketAddr,
    router: Router,
    stop: CancellationToken,
) {
    let (open, asked) = (TaskTracker::new(), Arc::new(Notify::new()));
    open.close();
    let answer = {
        let (open, asked) = (open.clone(), Arc::clone(&asked));
        hyper::service::service_fn(move |request| {
            asked.notify_one();
            let (router, open) = (router.clone(), open.token());
            async move {
                let response = answered(router, request, from).await;
                Ok::<_, Infallible>(response.map(|body| Body::new(Open { body, _open: open })))
            }
        })
    };
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
        () = quiet(&open, &asked) => {
            // The other side is told. If it does not hang up either, the connection ends without it.
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = quiet(&open, &asked) => Ok(()),
            }
        }
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the console ended badly");
    }
}

/// Waits until nothing was asked and nothing was being answered for [`IDLE_DEADLINE`].
async fn quiet(open: &TaskTracker, asked: &Notify) {
    loop {
        open.wait().await;
        if tokio::time::timeout(IDLE_DEADLINE, asked.notified()).await.is_err() {
            return;
        }
    }
}

/// The body of an answer, which is open until it was taken or given up.
struct Open {
    body: Body,
    _open: TaskTrackerToken,
}

impl HttpBody for Open {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
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
    let late = || Problem::new(too_slow()).respond(&Page::outside(&console, &uri));
    within(ANSWER_DEADLINE, late, next.run(request)).await
}

/// An answer, or what is said instead of it when it takes longer than that.
pub(crate) async fn within(
    deadline: Duration,
    late: impl FnOnce() -> Response<Body>,
    answer: impl Future<Output = Response<Body>>,
) -> Response<Body> {
    tokio::time::timeout(deadline, answer).await.unwrap_or_else(|_| late())
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
    use axum::routing::get;
    use entente_core::lang::Lang;
    use hyper::client::conn::http2;
    use tokio::time::Instant;

    use super::*;
    use crate::page::test_page;

    /// A connection, whose answers at `/slow` take 200 s, and what becomes of serving it.
    fn served() -> (tokio::io::DuplexStream, tokio::task::JoinHandle<()>) {
        let slow = || async {
            let never = std::future::pending::<()>();
            let _ = tokio::time::timeout(Duration::from_secs(200), never).await;
            "late"
        };
        let router = Router::new().route("/slow", get(slow));
        let (near, far) = tokio::io::duplex(1 << 16);
        let from = SocketAddr::from(([192, 0, 2, 1], 4_000));
        (far, tokio::spawn(http(near, from, router, CancellationToken::new())))
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_ends_when_nobody_asks_any_more_and_not_while_an_answer_is_awaited() {
        for asks in [false, true] {
            let (far, served) = served();
            // It answers pings, and hangs up only when it is told to.
            let executor = TokioExecutor::new();
            let (mut ask, connection) =
                http2::handshake::<_, _, Body>(executor, TokioIo::new(far)).await.unwrap();
            tokio::spawn(connection);
            let begun = Instant::now();
            if asks {
                let request = Request::get("http://localhost/slow").body(Body::empty()).unwrap();
                let answer = ask.send_request(request).await.unwrap();
                assert_eq!((answer.status(), begun.elapsed().as_secs()), (StatusCode::OK, 200));
            }
            let answered = begun.elapsed();
            served.await.unwrap();
            let silent = begun.elapsed() - answered;
            assert!(silent >= IDLE_DEADLINE && silent <= 2 * IDLE_DEADLINE, "{silent:?}");
            drop(ask);
        }
    }

    #[test]
    fn an_answer_that_does_not_come_ends_in_a_page_of_ours_in_the_language_of_whoever_waits() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        for (lang, words) in [(Lang::En, "longer than five minutes"), (Lang::Fr, "cinq minutes")] {
            let body = runtime.block_on(async {
                let never = std::future::pending();
                let late = || Problem::new(too_slow()).respond(&test_page(lang));
                let answer = within(Duration::from_millis(1), late, never).await;
                assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
                axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap()
            });
            let body = String::from_utf8(body.to_vec()).unwrap();
            assert!(body.contains(words) && body.contains("ENT-2720"), "{body}");
            assert!(body.contains(&format!("<html lang=\"{lang}\">")));
        }
    }
}
