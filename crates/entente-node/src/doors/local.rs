//! The local door: a Unix socket for the command line of the same machine.
//!
//! There can be two. At the one in the node's folder only the account that the node runs under,
//! and root, can knock: the socket's mode is 0600, in a folder of mode 0700. The other, if the
//! settings name it, is for a group of accounts, and every question is decided by what their roles
//! allow. At both the kernel says who is calling.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::{Connected, Router};
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use super::partner::pause_after;

/// Who is calling, as the kernel knows it. In the extensions of every request that comes through
/// the local door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalPeer {
    /// The account.
    pub uid: u32,
    /// The process, if the kernel says.
    pub pid: Option<i32>,
}

/// The door for the node's own staff. The socket is removed when it is dropped.
#[derive(Debug)]
pub struct LocalDoor {
    listener: UnixListener,
    path: PathBuf,
    // The one account besides root that may come in; none if the kernel and the roles decide.
    only: Option<u32>,
}

/// Why the local door could not be opened, or not be reached.
#[derive(Debug, thiserror::Error)]
pub enum LocalDoorError {
    /// Another node listens on this socket.
    #[error("another node is running on {}", .0.display())]
    AlreadyRunning(PathBuf),
    /// Something that is not a socket is in its place.
    #[error("{} is in the way: it is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// The folder is open to other accounts, or belongs to one.
    #[error("the folder {} must belong to this account, with mode 0700", .0.display())]
    OpenFolder(PathBuf),
    /// Accounts other than root and ours could replace the socket.
    #[error("the folder {} must be there, belong to this account or root, and be closed to the writing of others", .0.display())]
    LooseFolder(PathBuf),
    /// The socket cannot be given to the group.
    #[error("{} cannot be given to the group: this account must be a member of it", .0.display())]
    NotOurGroup(PathBuf),
    /// No node listens on this socket.
    #[error("no node is running on {}", .0.display())]
    NotRunning(PathBuf),
    /// The socket belongs to another account.
    #[error("the node on {} runs under another account", .0.display())]
    NotAllowed(PathBuf),
    /// Anything else.
    #[error("the socket {} does not work", .0.display())]
    Io(PathBuf, #[source] io::Error),
}

impl LocalDoor {
    /// Opens the door at `path`. Makes the folder if there is none.
    ///
    /// A socket that a killed node left behind is replaced; one that is in use is not.
    pub fn bind(path: &Path) -> Result<Self, LocalDoorError> {
        let failed = |error| LocalDoorError::Io(path.to_owned(), error);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;

        let uid = rustix::process::geteuid().as_raw();
        let meta = fs::metadata(folder).map_err(failed)?;
        if meta.uid() != uid || meta.mode() & 0o077 != 0 {
            return Err(LocalDoorError::OpenFolder(folder.to_owned()));
        }

        remove_stale(path)?;
        let listener = UnixListener::bind(path).map_err(failed)?;
        // Until here the folder has kept others out.
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { listener, path: path.to_owned(), only: Some(uid) })
    }

    /// Opens the door at `path` for the accounts of the group with the number `gid`.
    ///
    /// Makes the last folder of the path if it is not there. What they may ask is decided at each
    /// question; this only says who can knock.
    pub fn bind_for_group(path: &Path, gid: u32) -> Result<Self, LocalDoorError> {
        let failed = |error| LocalDoorError::Io(path.to_owned(), error);
        let folder = path.parent().unwrap_or(Path::new("/"));
        // A parent that is missing or not ours shows in the next line.
        if fs::create_dir(folder).is_ok() {
            fs::set_permissions(folder, Permissions::from_mode(0o755)).map_err(failed)?;
        }
        let loose = || LocalDoorError::LooseFolder(folder.to_owned());
        let meta = fs::metadata(folder).map_err(|_| loose())?;
        let ours = [0, rustix::process::geteuid().as_raw()];
        if !meta.is_dir() || !ours.contains(&meta.uid()) || meta.mode() & 0o022 != 0 {
            return Err(loose());
        }

        remove_stale(path)?;
        let listener = UnixListener::bind(path).map_err(failed)?;
        // From here on the socket is removed if something fails.
        let door = Self { listener, path: path.to_owned(), only: None };
        std::os::unix::fs::chown(path, None, Some(gid)).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => LocalDoorError::NotOurGroup(path.to_owned()),
            _ => failed(error),
        })?;
        fs::set_permissions(path, Permissions::from_mode(0o660)).map_err(failed)?;
        Ok(door)
    }

    /// Serves until `stop` is cancelled. Calls that are open then have five seconds to end, as at
    /// the partner door.
    pub async fn serve(
        self,
        router: Router,
        stop: CancellationToken,
    ) -> Result<(), tonic::transport::Error> {
        let (ready, incoming) = mpsc::channel(1);
        let incoming = ReceiverStream::new(incoming);
        let serving = router.serve_with_incoming_shutdown(incoming, stop.cancelled());
        let accepting = async {
            while ready.send(Ok::<_, io::Error>(self.accept().await)).await.is_ok() {}
            // The server has stopped listening to us, and ends when its calls have.
            std::future::pending().await
        };
        let stopped = async {
            stop.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            served = serving => served,
            never = accepting => never,
            () = stopped => Ok(()),
        }
    }

    fn admits(&self, uid: u32) -> bool {
        uid == 0 || self.only.is_none_or(|only| uid == only)
    }

    async fn accept(&self) -> LocalStream {
        loop {
            let accepted = self.listener.accept().await.and_then(|(socket, _)| {
                let credentials = socket.peer_cred()?;
                Ok((socket, LocalPeer { uid: credentials.uid(), pid: credentials.pid() }))
            });
            match accepted {
                // The mode of the socket says the same; this does not depend on it.
                Ok((socket, peer)) if self.admits(peer.uid) => {
                    return LocalStream { socket, peer };
                }
                Ok(_) => tracing::warn!("another account knocked on the local door"),
                Err(error) => {
                    tracing::warn!(%error, "could not accept a local connection");
                    tokio::time::sleep(pause_after(&error)).await;
                }
            }
        }
    }
}

/// How long open calls may go on after the door was told to close.
const GRACE: Duration = Duration::from_secs(5);

impl Drop for LocalDoor {
    fn drop(&mut self) {
        // If it is gone already, so much the better.
        drop(fs::remove_file(&self.path));
    }
}

/// Removes the socket of a node that is no longer there.
fn remove_stale(path: &Path) -> Result<(), LocalDoorError> {
    let failed = |error| LocalDoorError::Io(path.to_owned(), error);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(meta) if !meta.file_type().is_socket() => {
            return Err(LocalDoorError::NotASocket(path.to_owned()));
        }
        Ok(_) => {}
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(LocalDoorError::AlreadyRunning(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// A channel to the node that listens on `path`.
///
/// Fails at once if there is none, rather than at the first call.
pub async fn connect_local(path: &Path) -> Result<Channel, LocalDoorError> {
    UnixStream::connect(path).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            LocalDoorError::NotRunning(path.to_owned())
        }
        io::ErrorKind::PermissionDenied => LocalDoorError::NotAllowed(path.to_owned()),
        _ => LocalDoorError::Io(path.to_owned(), error),
    })?;

    let path = path.to_owned();
    // The path is the dialer's business; this only becomes the `:authority` of requests.
    Ok(Endpoint::from_static("http://node.entente.invalid").connect_with_connector_lazy(
        service_fn(move |_| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        }),
    ))
}

/// A connection through the local door.
#[derive(Debug)]
pub struct LocalStream {
    socket: UnixStream,
    peer: LocalPeer,
}

impl Connected for LocalStream {
    type ConnectInfo = LocalPeer;

    fn connect_info(&self) -> LocalPeer {
        self.peer
    }
}

impl AsyncRead for LocalStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for LocalStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}
