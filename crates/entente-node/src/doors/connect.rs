//! The way out: a channel to one partner.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use entente_core::identity::OrgId;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::transport::{Channel, Endpoint};
use tower::{Service, service_fn};

use super::error::{self, Note};
use super::guarded::Guarded;
use super::{DoorError, KEEPALIVE_INTERVAL, KEEPALIVE_TIMEOUT};
use crate::tls::{self, LEAF_NAME, LiveIdentity};

/// How long each step of connecting may take: TCP, then TLS, then the first byte of HTTP/2.
const STEP_DEADLINE: Duration = Duration::from_secs(5);

/// A channel to the node of `expected` at `address` (`host:port`).
///
/// Connects when it is first used, and again after the connection broke. When `cut` is cancelled,
/// the connection ends and no other is made.
pub fn connect(
    address: impl Into<String>,
    expected: OrgId,
    identity: &LiveIdentity,
    cut: CancellationToken,
) -> Result<PartnerChannel, rustls::Error> {
    let note = Note::default();
    let dial = Arc::new(Dial {
        address: address.into(),
        config: Arc::new(tls::client_config(identity, expected)?),
        cut,
        note: note.clone(),
    });
    // The address is the dialer's business; this only becomes the `:authority` of requests.
    let channel = Endpoint::from_static("http://node.entente.invalid")
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .http2_max_header_list_size(16 * 1024)
        .connect_with_connector_lazy(service_fn(move |_| {
            let dial = Arc::clone(&dial);
            async move { dial.call().await.map(TokioIo::new) }
        }));
    Ok(PartnerChannel { channel, note })
}

struct Dial {
    address: String,
    config: Arc<ClientConfig>,
    cut: CancellationToken,
    note: Note,
}

impl Dial {
    async fn call(&self) -> Result<Guarded<TlsStream<TcpStream>>, DoorError> {
        self.note.set(None);
        let called = self.cut.run_until_cancelled(self.shake_hands()).await;
        let called = called.unwrap_or(Err(DoorError::Cut));
        self.note.set(called.as_ref().err().copied());
        called
    }

    async fn shake_hands(&self) -> Result<Guarded<TlsStream<TcpStream>>, DoorError> {
        let socket = tokio::time::timeout(STEP_DEADLINE, TcpStream::connect(&self.address))
            .await
            .map_err(|_| DoorError::Unreachable)?
            .map_err(|_| DoorError::Unreachable)?;
        socket.set_nodelay(true).map_err(|_| DoorError::Unreachable)?;

        let name = ServerName::try_from(LEAF_NAME).map_err(|_| DoorError::NotANode)?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let stream = tokio::time::timeout(STEP_DEADLINE, connector.connect(name, socket))
            .await
            .map_err(|_| DoorError::NoAnswer)?
            .map_err(|error| Self::of_handshake(&error))?;
        if stream.get_ref().1.alpn_protocol() != Some(tls::ALPN) {
            return Err(DoorError::NotANode);
        }

        let cuts = [self.cut.clone(), CancellationToken::new()];
        Ok(Guarded::new(stream, cuts, 1, STEP_DEADLINE, self.note.clone()))
    }

    fn of_handshake(error: &io::Error) -> DoorError {
        match error.kind() {
            // Hangs up in the middle of a handshake: something that does not know TLS.
            io::ErrorKind::UnexpectedEof => DoorError::NotANode,
            _ => DoorError::of_io(error),
        }
    }
}

/// A channel to one partner, whose errors say what was wrong at the door.
///
/// Cheap to clone; all clones share one connection. [`DoorError::of`] finds the reason in the
/// [`Status`] of a failed call, and [`Self::why`] that of a stream that broke.
#[derive(Clone)]
pub struct PartnerChannel {
    channel: Channel,
    note: Note,
}

impl PartnerChannel {
    /// Why a call or stream failed, if it failed at the door rather than behind it.
    pub fn why(&self, status: &Status) -> Option<DoorError> {
        // The library's own errors have a cause, and an answer of the partner has none.
        let broke = || std::error::Error::source(status).and_then(|_| self.note.read());
        DoorError::of(status).or_else(broke)
    }
}

impl Service<Request<Body>> for PartnerChannel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        let note = self.note.clone();
        self.channel.poll_ready(cx).map_err(|error| explain(&error, &note))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (answer, note) = (self.channel.call(request), self.note.clone());
        Box::pin(async move { answer.await.map_err(|error| explain(&error, &note)) })
    }
}

fn explain(error: &tonic::transport::Error, note: &Note) -> Status {
    let reason = error::find(error).or_else(|| note.read()).unwrap_or(DoorError::Interrupted);
    reason.into_status()
}

impl fmt::Debug for PartnerChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartnerChannel")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A connection as the channel makes it, without HTTP/2 on it.
    pub(in crate::doors) async fn dial(
        address: String,
        expected: OrgId,
        identity: &LiveIdentity,
    ) -> Guarded<TlsStream<TcpStream>> {
        let config = Arc::new(tls::client_config(identity, expected).unwrap());
        let (cut, note) = (CancellationToken::new(), Note::default());
        Dial { address, config, cut, note }.call().await.unwrap()
    }
}
