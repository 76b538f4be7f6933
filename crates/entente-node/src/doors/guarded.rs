//! A connection that can be cut, and that must begin to speak in time.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::DoorError;
use super::error::Note;

/// A connection around `IO`.
///
/// - When one of the tokens is cancelled, every read, write and flush fails, and those that are
///   waiting wake up and fail. The connection above then ends with all its streams.
/// - When the first bytes do not arrive in time, reading fails. The HTTP/2 library has no such
///   deadline of its own: a connection that never begins would stay for ever.
/// - What went wrong is noted for whoever has to explain it.
pub(super) struct Guarded<IO> {
    io: IO,
    cuts: [Pin<Box<WaitForCancellationFutureOwned>>; 2],
    awaited: Option<Awaited>,
    note: Note,
}

struct Awaited {
    n_bytes: usize,
    deadline: Pin<Box<Sleep>>,
}

impl<IO> Guarded<IO> {
    /// A connection that either of `cuts` ends, and on which `n_bytes` must arrive within
    /// `deadline`.
    pub(super) fn new(
        io: IO,
        cuts: [CancellationToken; 2],
        n_bytes: usize,
        deadline: Duration,
        note: Note,
    ) -> Self {
        let deadline = Box::pin(tokio::time::sleep(deadline));
        Self {
            io,
            cuts: cuts.map(|cut| Box::pin(cut.cancelled_owned())),
            awaited: Some(Awaited { n_bytes, deadline }),
            note,
        }
    }

    /// What is guarded.
    #[cfg(test)]
    pub(super) fn inner(&self) -> &IO {
        &self.io
    }

    fn check_cuts(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.cuts.iter_mut().any(|cut| cut.as_mut().poll(cx).is_ready()) {
            self.note.set(Some(DoorError::Cut));
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, DoorError::Cut));
        }
        Ok(())
    }

    fn check_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(awaited) = &mut self.awaited else { return Poll::Pending };
        std::task::ready!(awaited.deadline.as_mut().poll(cx));
        self.note.set(Some(DoorError::NoAnswer));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, DoorError::NoAnswer)))
    }

    /// Counts what arrived, and notes an end that came before anything did.
    fn arrived(&mut self, n_bytes: usize) {
        let Some(awaited) = &mut self.awaited else { return };
        if n_bytes == 0 {
            self.note.set(Some(DoorError::TooManyConnections));
        }
        awaited.n_bytes = awaited.n_bytes.saturating_sub(n_bytes);
        if awaited.n_bytes == 0 {
            self.awaited = None;
        }
    }

    fn noted(&self, error: io::Error) -> io::Error {
        let reason = match DoorError::of_io(&error) {
            DoorError::Interrupted if self.awaited.is_some() => DoorError::TooManyConnections,
            reason => reason,
        };
        self.note.set(Some(reason));
        error
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Guarded<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_cuts(cx)?;
        let before = buf.filled().len();
        match Pin::new(&mut this.io).poll_read(cx, buf) {
            Poll::Pending => this.check_deadline(cx),
            Poll::Ready(Ok(())) => {
                this.arrived(buf.filled().len() - before);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(this.noted(error))),
        }
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Guarded<IO> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_cuts(cx)?;
        Pin::new(&mut this.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_cuts(cx)?;
        Pin::new(&mut this.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_cuts(cx)?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_cuts(cx)?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }
}

impl<IO> fmt::Debug for Guarded<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(5);

    /// A guarded end that awaits 24 bytes, the other end, and the token that cuts.
    fn pair() -> (Guarded<DuplexStream>, DuplexStream, CancellationToken, Note) {
        let (near, far) = tokio::io::duplex(64);
        let (cut, note) = (CancellationToken::new(), Note::default());
        let cuts = [CancellationToken::new(), cut.clone()];
        (Guarded::new(near, cuts, 24, DEADLINE, note.clone()), far, cut, note)
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_says_too_little_ends_at_the_deadline() {
        let (mut near, mut far, _cut, note) = pair();
        far.write_all(&[0; 23]).await.unwrap();
        let begun = tokio::time::Instant::now();
        let mut preface = [0; 24];
        let read = tokio::time::timeout(DEADLINE * 2, near.read_exact(&mut preface)).await;
        assert_eq!(read.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), DEADLINE.as_secs());
        assert_eq!(note.read(), Some(DoorError::NoAnswer));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_has_begun_may_be_silent() {
        let (mut near, mut far, _cut, note) = pair();
        far.write_all(&[0; 24]).await.unwrap();
        near.read_exact(&mut [0; 24]).await.unwrap();
        let silent = tokio::time::timeout(DEADLINE * 100, near.read_u8()).await;
        assert!(silent.is_err());
        assert_eq!(note.read(), None);
    }

    #[tokio::test]
    async fn a_waiting_read_wakes_up_when_the_connection_is_cut() {
        let (mut near, _far, cut, note) = pair();
        let read = tokio::spawn(async move { near.read_u8().await });
        tokio::task::yield_now().await;
        cut.cancel();
        let error = tokio::time::timeout(DEADLINE, read).await.unwrap().unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
        assert_eq!(note.read(), Some(DoorError::Cut));
    }

    #[tokio::test]
    async fn a_blocked_write_wakes_up_when_the_connection_is_cut() {
        let (mut near, _far, cut, _note) = pair();
        let write = tokio::spawn(async move { near.write_all(&[0; 1000]).await });
        tokio::task::yield_now().await;
        cut.cancel();
        assert!(tokio::time::timeout(DEADLINE, write).await.unwrap().unwrap().is_err());
    }

    #[tokio::test]
    async fn an_end_before_the_first_byte_is_noted() {
        let (mut near, far, _cut, note) = pair();
        drop(far);
        assert_eq!(near.read(&mut [0; 24]).await.unwrap(), 0);
        assert_eq!(note.read(), Some(DoorError::TooManyConnections));
    }
}
