//! The console door: HTTPS for browsers.
//!
//! Here are TCP and TLS, with deadlines for the handshake and for the first bytes after it, a cap on connections, of which
//! nobody gets more than half, and an end for those whose other side takes nothing any more. HTTP and the pages are the
//! console's own crate.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::error::Note;
use super::guarded::Guarded;
use super::partner::pause_after;
use super::steady::Steady;
use crate::node::unpoisoned;
use crate::subscriber::subscriber;

/// The most connections at once: a browser opens six, and forty people are a large office.
const N_CONNECTIONS: usize = 256;
/// The most of one subscriber: that many browsers behind one address are a very large office, and nobody alone keeps the
/// others out.
const N_OF_SUBSCRIBER: usize = N_CONNECTIONS / 2;
/// How long a handshake may take.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(5);
/// How long the first bytes may take after that: until they are there, nobody knows which HTTP is spoken, and the library
/// that waits for them has no deadline.
const FIRST_DEADLINE: Duration = Duration::from_secs(10);
/// How many they are: the preface of HTTP/2. The head of no request of HTTP/1.1 is shorter.
const FIRST_BYTES: usize = 24;
/// How long a browser may take nothing of what it asked for. A telephone in a tunnel is back before that.
const STALL_DEADLINE: Duration = Duration::from_secs(60);

/// The door that browsers knock on.
pub struct ConsoleDoor {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    connections: Arc<Semaphore>,
    subscribers: Subscribers,
}

/// A place among all connections, and among those of one subscriber.
struct Place {
    _permit: OwnedSemaphorePermit,
    _entered: Entered,
}

/// How many connections each subscriber has.
#[derive(Clone, Default)]
struct Subscribers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One of them; no longer when it is dropped.
struct Entered {
    among: Subscribers,
    who: Option<IpAddr>,
}

impl Subscribers {
    /// One more; `None` if its subscriber has enough. Those of this machine are not counted: a proxy brings everybody.
    fn enter(&self, from: IpAddr) -> Option<Entered> {
        let who = (!from.to_canonical().is_loopback()).then(|| subscriber(from));
        if let Some(who) = who {
            let mut all = unpoisoned(self.0.lock());
            let n = all.entry(who).or_default();
            if *n >= N_OF_SUBSCRIBER {
                return None;
            }
            *n += 1;
        }
        Some(Entered { among: self.clone(), who })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let Some(who) = self.who else { return };
        let mut all = unpoisoned(self.among.0.lock());
        if let Some(n) = all.get_mut(&who) {
            *n -= 1;
            if *n == 0 {
                all.remove(&who);
            }
        }
    }
}

impl std::fmt::Debug for ConsoleDoor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConsoleDoor")
    }
}

/// A connection that was accepted and has not shown yet that it speaks TLS.
pub struct Knock {
    socket: TcpStream,
    address: SocketAddr,
    acceptor: TlsAcceptor,
    place: Place,
}

impl std::fmt::Debug for Knock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Knock")
    }
}

/// A connection of a browser.
pub struct ConsoleStream {
    stream: Guarded<TlsStream<Steady<TcpStream>>>,
    /// Where it comes from.
    pub address: SocketAddr,
    _place: Place,
}

impl std::fmt::Debug for ConsoleStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConsoleStream")
    }
}

impl ConsoleDoor {
    /// Binds the door to an address.
    pub async fn bind(address: SocketAddr, config: rustls::ServerConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let connections = Arc::new(Semaphore::new(N_CONNECTIONS));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { listener, acceptor, connections, subscribers: Subscribers::default() })
    }

    /// The address, with the port that the system chose if it was 0.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Waits for the next connection. Beyond the cap, callers wait in the kernel's queue; whoever has half of all has
    /// enough, and the next one is closed.
    pub async fn knock(&self) -> Knock {
        loop {
            let permit = Arc::clone(&self.connections).acquire_owned().await;
            let accepted = match permit {
                Ok(permit) => self.listener.accept().await.map(|it| (it, permit)),
                Err(_) => Err(io::ErrorKind::Other.into()),
            };
            match accepted {
                Ok(((socket, address), permit)) => {
                    let Some(entered) = self.subscribers.enter(address.ip()) else { continue };
                    let place = Place { _permit: permit, _entered: entered };
                    // Pages are small; waiting to fill a packet would only delay them.
                    let _ = socket.set_nodelay(true);
                    return Knock { socket, address, acceptor: self.acceptor.clone(), place };
                }
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection to the console");
                    tokio::time::sleep(pause_after(&error)).await;
                }
            }
        }
    }
}

impl Knock {
    /// The TLS handshake.
    pub async fn enter(self) -> io::Result<ConsoleStream> {
        let Self { socket, address, acceptor, place } = self;
        let socket = Steady::new(socket, STALL_DEADLINE);
        let shake = tokio::time::timeout(HANDSHAKE_DEADLINE, acceptor.accept(socket));
        let stream = shake.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        // Nobody is admitted here, so nobody is cut off.
        let cuts = [CancellationToken::new(), CancellationToken::new()];
        let stream = Guarded::new(stream, cuts, FIRST_BYTES, FIRST_DEADLINE, Note::default());
        Ok(ConsoleStream { stream, address, _place: place })
    }
}

impl AsyncRead for ConsoleStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for ConsoleStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use rustls::RootCertStore;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, ServerName};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_rustls::TlsConnector;

    use super::*;
    use crate::clock::{Clock as _, SystemClock};
    use crate::tls::{ConsoleCertificate, Shown, console_config};

    #[tokio::test]
    async fn whoever_shakes_hands_and_then_says_too_little_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let own = ConsoleCertificate::own(folder.path(), "", SystemClock.now_s()).unwrap();
        let shown = std::fs::read(folder.path().join("console.pem")).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&shown).unwrap()).unwrap();
        let config = console_config(Shown::new(own).unwrap(), Arc::new(SystemClock)).unwrap();
        let door = ConsoleDoor::bind(([127, 0, 0, 1], 0).into(), config).await.unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(client));
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        for said in [0, 5, FIRST_BYTES - 1, FIRST_BYTES] {
            let socket = TcpStream::connect(door.local_addr().unwrap()).await.unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let entering = async { door.knock().await.enter().await };
            let (theirs, ours) = tokio::join!(connector.connect(name, socket), entering);
            let (mut theirs, mut ours) = (theirs.unwrap(), ours.unwrap());
            theirs.write_all(&preface[..said]).await.unwrap();
            theirs.flush().await.unwrap();
            ours.read_exact(&mut [0; FIRST_BYTES][..said]).await.unwrap();
            // From here on the clock stands unless everybody waits.
            tokio::time::pause();
            let next = tokio::time::timeout(FIRST_DEADLINE * 100, ours.read_u8()).await;
            match said {
                FIRST_BYTES => assert!(next.is_err(), "whoever has begun may be silent here"),
                _ => assert_eq!(next.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut),
            }
            tokio::time::resume();
        }
    }

    #[test]
    fn nobody_has_more_than_half_of_the_connections_and_a_proxy_on_this_machine_has_all() {
        let subscribers = Subscribers::default();
        let enter = |from: &str| subscribers.enter(from.parse().unwrap());
        let from = |n: usize| format!("2001:db8:1:2::{n:x}");
        let mut entered: Vec<_> = (0..N_OF_SUBSCRIBER).map(|n| enter(&from(n)).unwrap()).collect();
        assert!(enter(&from(N_OF_SUBSCRIBER)).is_none());
        assert!(enter("2001:db8:1:3::1").is_some());
        entered.pop();
        assert!(enter(&from(0)).is_some());
        let ours = ["127.0.0.1", "::1", "::ffff:127.0.0.1"];
        let near: Vec<_> = (0..3 * N_OF_SUBSCRIBER + 3).map(|n| enter(ours[n % 3])).collect();
        assert!(near.iter().all(Option::is_some));
        drop((entered, near));
        assert!(unpoisoned(subscribers.0.lock()).is_empty());
    }
}
