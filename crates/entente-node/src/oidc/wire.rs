//! One request to the identity provider, one answer, over a connection of its own.
//!
//! Always encrypted; no redirect is followed; what is said has a longest length and a longest time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{self, HeaderValue};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long one request may take.
const WHOLE: Duration = Duration::from_secs(10);

/// The longest answer, in bytes: keys, and a token with some hundred groups, have a tenth of it.
pub(super) const MAX_ANSWER: usize = 256 * 1024;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silent {
    /// It is not to be reached by an encrypted connection at all.
    NotEncrypted,
    /// Nobody answers at the address.
    Unreachable,
    /// Its certificate is not trusted.
    Tls,
    /// It took too long.
    TooLate,
    /// It hung up, or said more than anybody reads.
    Broken,
}

impl Silent {
    /// As it stands in the log.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NotEncrypted => "not_https",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::TooLate => "no_answer",
            Self::Broken => "broken",
        }
    }
}

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl std::error::Error for Silent {}

/// The way to the provider.
pub(super) struct Wire(pub(super) Arc<ClientConfig>);

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = Silent;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Silent>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = tokio::time::timeout(WHOLE, self.exchange(request)).await;
            answer.unwrap_or(Err(Silent::TooLate))
        })
    }
}

impl Wire {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, Silent> {
        let uri = request.uri().clone();
        if uri.scheme_str() != Some("https") {
            return Err(Silent::NotEncrypted);
        }
        let host = uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let address = (bare.as_str(), uri.port_u16().unwrap_or(443));
        let socket = TcpStream::connect(address).await.map_err(|_| Silent::Unreachable)?;
        let name = ServerName::try_from(bare).map_err(|_| Silent::Unreachable)?;
        let connector = TlsConnector::from(Arc::clone(&self.0));
        let stream = connector.connect(name, socket).await.map_err(|_| Silent::Tls)?;
        let request = as_sent(request, &uri).ok_or(Silent::Broken)?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|_| Silent::Broken)?;
        let answering = async {
            let answer = sender.send_request(request).await.map_err(|_| Silent::Broken)?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await;
            let body = body.map_err(|_| Silent::Broken)?.to_bytes();
            Ok(HttpResponse::from_parts(head, body.to_vec()))
        };
        tokio::pin!(answering);
        tokio::select! {
            biased;
            answer = &mut answering => answer,
            // It ended in order or not; the answer is there or never will be.
            _ = connection => answering.await,
        }
    }
}

/// A request as it is written on a connection: the path alone, and the host beside it.
fn as_sent(request: HttpRequest, uri: &Uri) -> Option<Request<Full<Bytes>>> {
    let (mut head, body) = request.into_parts();
    head.uri = uri.path_and_query().map_or("/", |it| it.as_str()).parse().ok()?;
    let host = HeaderValue::from_str(uri.authority()?.as_str()).ok()?;
    head.headers.insert(header::HOST, host);
    head.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    Some(Request::from_parts(head, Full::new(body.into())))
}
