//! A file on its way to a browser, piece by piece.
//!
//! No thread waits for whoever takes it, and nobody waits for ever: whoever takes nothing for a minute is let go. So many
//! files are on their way at once. Whether one was taken whole is known, so that what is taken once stays until then.

use std::fmt;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_stream::Stream;

use super::faults::too_many_on_the_way;
use super::sealed::PIECE;
use crate::node::Outcome;

/// Pieces that are read and not taken yet.
const AHEAD: usize = 2;

/// How many files are on their way at once: each holds a few pieces in memory, and a file open.
const N_AT_ONCE: usize = 16;

/// How long whoever takes a file may take nothing of it. On a link of 20 kbit/s a piece takes half as long.
const PIECE_DEADLINE: Duration = Duration::from_secs(60);

/// The places of files that are on their way.
#[derive(Clone)]
pub(super) struct Ways(Arc<Semaphore>);

impl Default for Ways {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(N_AT_ONCE)))
    }
}

impl Ways {
    /// A place for one more; `ENT-2841` if there is none.
    pub(super) fn begin(&self) -> Outcome<Way> {
        let place = Arc::clone(&self.0).try_acquire_owned();
        place.map(|place| Way { _place: place }).map_err(|_| too_many_on_the_way())
    }
}

/// A place for a file that is to be sent.
#[derive(Debug)]
pub struct Way {
    _place: OwnedSemaphorePermit,
}

/// What is to be sent.
pub type Source = Box<dyn Read + Send>;

/// What a reader says: a piece, that there are no more, or that it cannot be read.
type Said = io::Result<Option<Vec<u8>>>;

impl Way {
    /// Sends a file.
    pub fn send(self, source: Source) -> Taking {
        let (sender, pieces) = mpsc::channel(AHEAD);
        tokio::spawn(send(source, sender, self));
        Taking { pieces, whole: None, stage: Stage::Sending }
    }
}

async fn send(mut source: Source, sender: mpsc::Sender<Said>, _way: Way) {
    loop {
        let reading = tokio::task::spawn_blocking(move || {
            let piece = piece(&mut source);
            (source, piece)
        });
        let Ok((back, piece)) = reading.await else { return };
        source = back;
        let is_last = !matches!(piece, Ok(Some(_)));
        let sent = tokio::time::timeout(PIECE_DEADLINE, sender.send(piece)).await;
        // Nobody takes it any more.
        if is_last || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

fn piece(source: &mut Source) -> Said {
    let mut piece = Vec::with_capacity(PIECE);
    source.take(PIECE as u64).read_to_end(&mut piece)?;
    Ok((!piece.is_empty()).then_some(piece))
}

/// A file on its way. Ends with an error where it cannot be read, and where nobody took it for too long, so that a part of
/// it never looks like the whole.
pub struct Taking {
    pieces: mpsc::Receiver<Said>,
    whole: Option<Box<dyn FnOnce() + Send>>,
    stage: Stage,
}

enum Stage {
    Sending,
    /// All of it was taken.
    Whole,
    /// What happens then.
    Ending(JoinHandle<()>),
    Over,
}

impl fmt::Debug for Taking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Taking(..)")
    }
}

impl Taking {
    /// What happens once all of it was taken, and before whoever takes it hears that this was the end. It may block.
    #[must_use]
    pub fn then(mut self, whole: impl FnOnce() + Send + 'static) -> Self {
        self.whole = Some(Box::new(whole));
        self
    }
}

impl Stream for Taking {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match &mut this.stage {
                Stage::Sending => match ready!(this.pieces.poll_recv(cx)) {
                    Some(Ok(Some(piece))) => return Poll::Ready(Some(Ok(piece))),
                    Some(Ok(None)) => {
                        this.stage = Stage::Whole;
                        // A server writes what it was given last while it waits for more. If the connection is gone, it
                        // notices then, and does not come back.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    Some(Err(error)) => {
                        this.stage = Stage::Over;
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => {
                        this.stage = Stage::Over;
                        return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
                    }
                },
                Stage::Whole => {
                    let whole = this.whole.take().map(tokio::task::spawn_blocking);
                    this.stage = whole.map_or(Stage::Over, Stage::Ending);
                }
                Stage::Ending(ending) => {
                    // All of it was taken, whatever became of what happens then.
                    let _ = ready!(Pin::new(ending).poll(cx));
                    this.stage = Stage::Over;
                }
                Stage::Over => return Poll::Ready(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio_stream::StreamExt as _;

    use super::*;

    /// Nothing is taken for so long, on a clock that stands unless everybody waits.
    async fn passes(time: Duration) {
        let _over = tokio::time::timeout(time, std::future::pending::<()>()).await;
    }

    /// A file of this many whole pieces and a bit more, on its way; whether it was taken whole.
    fn sent(ways: &Ways, n_pieces: usize) -> (Taking, Arc<AtomicBool>) {
        let source = Box::new(Cursor::new(vec![7; n_pieces * PIECE + 9]));
        let whole = Arc::new(AtomicBool::new(false));
        let said = Arc::clone(&whole);
        let taking = ways.begin().unwrap().send(source);
        (taking.then(move || said.store(true, Ordering::SeqCst)), whole)
    }

    #[tokio::test]
    async fn what_was_taken_whole_is_known_before_the_end_is_told() {
        for n_pieces in [0, 1, 5] {
            let (mut taking, whole) = sent(&Ways::default(), n_pieces);
            let mut n_bytes = 0;
            while let Some(piece) = taking.next().await {
                assert!(!whole.load(Ordering::SeqCst), "{n_bytes} of {n_pieces}");
                n_bytes += piece.unwrap().len();
            }
            assert_eq!((n_bytes, whole.load(Ordering::SeqCst)), (n_pieces * PIECE + 9, true));
            assert!(taking.next().await.is_none());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_nothing_for_a_minute_gets_an_error_and_makes_room() {
        let ways = Ways::default();
        let (mut taking, whole) = sent(&ways, 20);
        taking.next().await.unwrap().unwrap();
        let others: Vec<_> = (1..N_AT_ONCE).map(|_| ways.begin().unwrap()).collect();
        assert_eq!(ways.begin().unwrap_err().code, "ENT-2841");
        // Slowly is not too slowly.
        for _ in 0..5 {
            passes(PIECE_DEADLINE - Duration::from_secs(1)).await;
            taking.next().await.unwrap().unwrap();
        }
        passes(PIECE_DEADLINE + Duration::from_secs(1)).await;
        assert!(ways.begin().is_ok(), "the place is not free");
        let rest: Vec<_> = taking.collect().await;
        assert_eq!(rest.len(), AHEAD + 1);
        let error = rest.into_iter().next_back().unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(!whole.load(Ordering::SeqCst));
        drop(others);
    }

    #[tokio::test]
    async fn whoever_leaves_before_the_end_has_not_taken_it_whole() {
        let ways = Ways::default();
        for n_taken in [0, 1, 3] {
            let (mut taking, whole) = sent(&ways, 2);
            for _ in 0..n_taken {
                taking.next().await.unwrap().unwrap();
            }
            // All pieces, and still not the end: it was not asked for.
            drop(taking);
            assert!(!whole.load(Ordering::SeqCst), "{n_taken}");
        }
    }
}
