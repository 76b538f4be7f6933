//! The partner door: our own accept loop.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use entente_core::identity::OrgId;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::{Connected, Router};
use tower::layer::util::{Identity, Stack};

use super::error::Note;
use super::guarded::Guarded;
use super::{Admissions, LiveCheck};
use crate::tls::{self, Admission, LiveIdentity};

/// Bounds of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoorLimits {
    /// The most connections that are open at once.
    ///
    /// With [`Self::n_handshakes`] it must stay below the process's limit of open files.
    pub n_connections: usize,
    /// The most connections that one partner has open at once.
    pub n_connections_per_partner: usize,
    /// The most handshakes under way at once. Further callers wait in the kernel's queue.
    pub n_handshakes: usize,
    /// How long a handshake may take.
    pub handshake_deadline: Duration,
    /// How long after the handshake the first bytes of HTTP/2 may take.
    pub preface_deadline: Duration,
    /// How long open streams may go on after the door was told to close.
    pub grace: Duration,
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self {
            // 50 partners with 4 connections each, and half of Debian's default of 1,024 files.
            n_connections: 512,
            // One for feeds and one for calls, each of which may be replaced while the other
            // side still holds on to the old one.
            n_connections_per_partner: 4,
            // A handshake takes half a millisecond of one core: 256 are done in 0.1 s.
            n_handshakes: 256,
            // Three round trips of a bad satellite link.
            handshake_deadline: Duration::from_secs(5),
            preface_deadline: Duration::from_secs(5),
            grace: Duration::from_secs(5),
        }
    }
}

/// Who is calling. In the extensions of every request that comes through the partner door.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The organization, proven by its key.
    pub id: OrgId,
    /// How far it may come in, looked up for this request.
    pub admission: Admission,
    /// Cancelled when the organization's admission changes. A handler that waits for something
    /// else than the connection watches it.
    pub cut: CancellationToken,
}

/// The door that partners knock on.
pub struct PartnerDoor {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    admissions: Arc<Admissions>,
    limits: DoorLimits,
}

/// The connections that came through, for tonic to serve.
pub type Incoming = ReceiverStream<io::Result<PeerStream>>;

impl PartnerDoor {
    /// Binds the door to an address. Nobody comes in before [`Self::serve`].
    pub async fn bind(
        address: SocketAddr,
        identity: &LiveIdentity,
        admissions: Arc<Admissions>,
        limits: DoorLimits,
    ) -> io::Result<Self> {
        let doorkeeper = Arc::clone(&admissions) as Arc<dyn tls::Doorkeeper>;
        let config = tls::server_config(identity, doorkeeper).map_err(io::Error::other)?;
        let listener = TcpListener::bind(address).await?;
        Ok(Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)), admissions, limits })
    }

    /// The address, with the port that the system chose if it was 0.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is cancelled. Streams that are still open then have
    /// [`DoorLimits::grace`] to end.
    pub async fn serve(
        self,
        router: Router<Stack<LiveCheck, Identity>>,
        stop: CancellationToken,
    ) -> Result<(), tonic::transport::Error> {
        let (grace, close) = (self.limits.grace, CancellationToken::new());
        let incoming = self.open(stop.clone(), close.clone());
        let serving = router.serve_with_incoming_shutdown(incoming, stop.cancelled());
        let closing = async {
            stop.cancelled().await;
            tokio::time::sleep(grace).await;
            close.cancel();
            std::future::pending().await
        };
        tokio::select! {
            served = serving => served,
            never = closing => never,
        }
    }

    /// Starts to accept, until `stop` is cancelled. Cancelling `close` ends what came through.
    fn open(self, stop: CancellationToken, close: CancellationToken) -> Incoming {
        // Connections wait here until tonic has spawned a task for the one before.
        let (ready, incoming) = mpsc::channel(16);
        let Self { listener, acceptor, admissions, limits } = self;
        let threshold = Arc::new(Threshold {
            acceptor,
            admissions,
            limits,
            connections: Arc::new(Semaphore::new(limits.n_connections)),
            close,
        });
        tokio::spawn(accept(listener, threshold, ready, stop));
        ReceiverStream::new(incoming)
    }
}

impl fmt::Debug for PartnerDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartnerDoor").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Accepts connections until `stop` is cancelled. No error ends it.
async fn accept(
    listener: TcpListener,
    threshold: Arc<Threshold>,
    ready: mpsc::Sender<io::Result<PeerStream>>,
    stop: CancellationToken,
) {
    let handshakes = Arc::new(Semaphore::new(threshold.limits.n_handshakes));
    let next = async || {
        let handshake = Arc::clone(&handshakes).acquire_owned().await.map_err(io::Error::other)?;
        let (socket, _) = listener.accept().await?;
        Ok::<_, io::Error>((handshake, socket))
    };

    while let Some(accepted) = stop.run_until_cancelled(next()).await {
        match accepted {
            Ok((handshake, socket)) => {
                let (threshold, ready) = (Arc::clone(&threshold), ready.clone());
                tokio::spawn(async move {
                    let passed = threshold.pass(socket).await;
                    drop(handshake);
                    match passed {
                        // An error means that the server has stopped.
                        Ok(stream) => drop(ready.send(Ok(stream)).await),
                        Err(reason) => tracing::debug!(%reason, "refused a connection"),
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(pause_after(&error)).await;
            }
        }
    }
}

/// How long to wait after an error before accepting again.
///
/// An error of one connection says nothing about the next. Any other, such as too many open
/// files, stays until something else has changed, and trying at once would only use up a core.
pub(super) fn pause_after(error: &io::Error) -> Duration {
    match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted => Duration::ZERO,
        _ => Duration::from_millis(100),
    }
}

/// What stands between the socket and the first request.
struct Threshold {
    acceptor: TlsAcceptor,
    admissions: Arc<Admissions>,
    limits: DoorLimits,
    connections: Arc<Semaphore>,
    close: CancellationToken,
}

/// Why a connection did not pass. For the log; names nobody.
#[derive(Debug, thiserror::Error)]
enum NotPassed {
    #[error("the handshake took too long")]
    TooSlow,
    #[error("{0}")]
    Tls(io::Error),
    #[error("the client does not speak HTTP/2")]
    NotHttp2,
    #[error("no longer admitted")]
    NoLongerAdmitted,
    #[error("the partner has too many connections")]
    TooManyOfPartner,
    #[error("there are too many connections")]
    TooMany,
}

impl Threshold {
    async fn pass(&self, socket: TcpStream) -> Result<PeerStream, NotPassed> {
        // tonic sets this on sockets that it accepts itself and not on ours. Without it small
        // answers wait 40 ms for an acknowledgement.
        socket.set_nodelay(true).map_err(NotPassed::Tls)?;

        let deadline = self.limits.handshake_deadline;
        let handshake = self.acceptor.accept(socket).into_fallible();
        let stream = match tokio::time::timeout(deadline, handshake).await {
            Err(_) => return Err(NotPassed::TooSlow),
            Ok(Err((error, socket))) => {
                part(socket).await;
                return Err(NotPassed::Tls(error));
            }
            Ok(Ok(stream)) => stream,
        };
        match self.look_again(&stream) {
            Ok((peer, place, open)) => Ok(self.guard(stream, peer, place, open)),
            Err(reason) => {
                part(stream).await;
                Err(reason)
            }
        }
    }

    /// What the verifier cannot see: changes during the handshake, and how many are here already.
    fn look_again(
        &self,
        stream: &TlsStream<TcpStream>,
    ) -> Result<(Peer, Place, OwnedSemaphorePermit), NotPassed> {
        let connection = stream.get_ref().1;
        if connection.alpn_protocol() != Some(tls::ALPN) {
            return Err(NotPassed::NotHttp2);
        }
        let chain = connection.peer_certificates().unwrap_or_default();
        let id = tls::identity_of(chain).ok_or(NotPassed::NoLongerAdmitted)?;
        let (admission, cut) = self.admissions.look_up(&id);
        if admission == Admission::Refused {
            return Err(NotPassed::NoLongerAdmitted);
        }

        // Not of those who only hold an invitation: they come and go.
        if admission != Admission::Invitee
            && let Some(until_s) = chain.first().and_then(|leaf| tls::valid_until(leaf))
        {
            self.admissions.note_leaf(id, until_s);
        }
        let place = Place::take(&self.admissions.places, id, self.limits.n_connections_per_partner)
            .ok_or(NotPassed::TooManyOfPartner)?;
        let open =
            Arc::clone(&self.connections).try_acquire_owned().map_err(|_| NotPassed::TooMany)?;
        Ok((Peer { id, admission, cut }, place, open))
    }

    fn guard(
        &self,
        stream: TlsStream<TcpStream>,
        peer: Peer,
        place: Place,
        open: OwnedSemaphorePermit,
    ) -> PeerStream {
        let cuts = [peer.cut.clone(), self.close.clone()];
        let deadline = self.limits.preface_deadline;
        let io = Guarded::new(stream, cuts, PREFACE_LEN, deadline, Note::default());
        PeerStream { io, peer, _place: place, _open: open }
    }
}

/// Says goodbye to a connection that is refused, and waits a moment for the other side to leave.
///
/// Closing a socket on which something has arrived unread resets it, and the other side may then
/// never read why it was refused.
async fn part(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let leave = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(MAX_UNREAD), &mut tokio::io::sink()).await
    };
    // Whether it left in time or not, it is gone after this.
    drop(tokio::time::timeout(PARTING, leave).await);
}

/// How long, and for how many bytes, a refused connection is listened to.
///
/// A client that has sent its first request, of less than 64 KiB, needs one round trip.
const PARTING: Duration = Duration::from_secs(1);
const MAX_UNREAD: u64 = 64 * 1024;

/// Length of what every HTTP/2 client says first (RFC 9113, section 3.4), in bytes.
const PREFACE_LEN: usize = 24;

/// How many connections each organization has open.
#[derive(Default)]
pub(super) struct Places(Mutex<HashMap<OrgId, usize>>);

impl Places {
    /// How many an organization has.
    pub(super) fn n_of(&self, id: &OrgId) -> usize {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.get(id).copied().unwrap_or_default()
    }
}

/// One open connection of an organization. Given back when dropped.
struct Place {
    places: Arc<Places>,
    id: OrgId,
}

impl Place {
    fn take(places: &Arc<Places>, id: OrgId, max: usize) -> Option<Self> {
        let mut taken = places.0.lock().unwrap_or_else(PoisonError::into_inner);
        let n_taken = taken.entry(id).or_default();
        if *n_taken >= max {
            return None;
        }
        *n_taken += 1;
        Some(Self { places: Arc::clone(places), id })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n_taken) = taken.get_mut(&self.id) {
            *n_taken -= 1;
            if *n_taken == 0 {
                taken.remove(&self.id);
            }
        }
    }
}

/// A connection of somebody who was admitted.
pub struct PeerStream {
    io: Guarded<TlsStream<TcpStream>>,
    peer: Peer,
    _place: Place,
    _open: OwnedSemaphorePermit,
}

impl Connected for PeerStream {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for PeerStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_read(cx, buf)
    }
}

impl AsyncWrite for PeerStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

impl fmt::Debug for PeerStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerStream").field("peer", &self.peer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use entente_core::identity::OrgKey;
    use tokio_stream::StreamExt;

    use super::super::connect::tests::dial;
    use super::*;
    use crate::clock::ManualClock;

    fn identity(seed: u8) -> LiveIdentity {
        let key = Arc::new(OrgKey::from_seed(&[seed; 32]));
        LiveIdentity::new(key, Arc::new(ManualClock::new(1_800_000_000))).unwrap()
    }

    /// Nagle's algorithm with delayed acknowledgements makes a small answer 40 ms late.
    #[tokio::test]
    async fn small_answers_do_not_wait_on_either_side() {
        let (a, b) = (identity(1), identity(2));
        let admissions = Arc::new(Admissions::nobody());
        admissions.set(b.id(), Admission::Partner);
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let door =
            PartnerDoor::bind(any_port, &a, admissions, DoorLimits::default()).await.unwrap();
        let address = door.local_addr().unwrap().to_string();

        let mut incoming = door.open(CancellationToken::new(), CancellationToken::new());
        let (near, far) = tokio::join!(dial(address, a.id(), &b), incoming.next());
        let far = far.unwrap().unwrap();
        assert!(near.inner().get_ref().0.nodelay().unwrap());
        assert!(far.io.inner().get_ref().0.nodelay().unwrap());
    }

    #[test]
    fn one_broken_connection_does_not_delay_the_next_and_a_lack_of_files_does() {
        assert_eq!(pause_after(&io::ErrorKind::ConnectionAborted.into()), Duration::ZERO);
        let too_many_files = io::Error::from_raw_os_error(24);
        assert_eq!(pause_after(&too_many_files), Duration::from_millis(100));
    }
}
