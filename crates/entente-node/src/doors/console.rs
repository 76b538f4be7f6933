//! The console door: HTTPS for browsers.
//!
//! Here are TCP and TLS, with a deadline for the handshake and a cap on connections; HTTP and the
//! pages are the console's own crate.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::partner::pause_after;

/// The most connections at once: a browser opens six, and forty people are a large office.
const N_CONNECTIONS: usize = 256;
/// How long a handshake may take.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(5);

/// The door that browsers knock on.
pub struct ConsoleDoor {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    connections: Arc<Semaphore>,
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
    permit: OwnedSemaphorePermit,
}

impl std::fmt::Debug for Knock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Knock")
    }
}

/// A connection of a browser.
pub struct ConsoleStream {
    stream: TlsStream<TcpStream>,
    /// Where it comes from.
    pub address: SocketAddr,
    _permit: OwnedSemaphorePermit,
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
        Ok(Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)), connections })
    }

    /// The address, with the port that the system chose if it was 0.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Waits for the next connection. Beyond the cap, callers wait in the kernel's queue.
    pub async fn knock(&self) -> Knock {
        loop {
            let permit = Arc::clone(&self.connections).acquire_owned().await;
            let accepted = match permit {
                Ok(permit) => self.listener.accept().await.map(|it| (it, permit)),
                Err(_) => Err(io::ErrorKind::Other.into()),
            };
            match accepted {
                Ok(((socket, address), permit)) => {
                    // Pages are small; waiting to fill a packet would only delay them.
                    let _ = socket.set_nodelay(true);
                    return Knock { socket, address, acceptor: self.acceptor.clone(), permit };
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
        let Self { socket, address, acceptor, permit } = self;
        let shake = tokio::time::timeout(HANDSHAKE_DEADLINE, acceptor.accept(socket));
        let stream = shake.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        Ok(ConsoleStream { stream, address, _permit: permit })
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
