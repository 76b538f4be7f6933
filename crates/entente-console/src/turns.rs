//! Work that blocks and takes much: so much of it at once.

use std::sync::Arc;

use entente_node::fault::Fault;
use entente_node::node::Outcome;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::page::failed;

/// The code of whoever came when as many waited as may.
pub(crate) const BUSY: &str = "ENT-2775";

/// Turns that are taken one after the other.
#[derive(Debug)]
pub(crate) struct Turns {
    turns: Arc<Semaphore>,
    // Of those who have their turn, and of those who wait for it.
    places: Arc<Semaphore>,
}

/// A turn, and the place of whoever has it.
type Turn = (OwnedSemaphorePermit, OwnedSemaphorePermit);

impl Turns {
    /// So many at once.
    pub(crate) fn of(n: usize) -> Self {
        Self::queued(n, Semaphore::MAX_PERMITS - n)
    }

    /// So many at once, while at most so many wait. Whoever comes then is told to come back: [`BUSY`].
    pub(crate) fn queued(n: usize, waiting: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(n)), places: Arc::new(Semaphore::new(n + waiting)) }
    }

    async fn turn(&self) -> Outcome<Turn> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy())?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| failed())?;
        Ok((turn, place))
    }

    /// Does something when it is its turn. The turn lasts as long as the work does: a browser that hangs up ends the
    /// waiting and not the work, and would make room for more of it than may be.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let turn = self.turn().await?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.unwrap_or_else(|_| Err(failed()))
    }

    /// The same for a question to the node, which does not block here.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        asking: impl Future<Output = Outcome<T>> + Send + 'static,
    ) -> Outcome<T> {
        let turn = self.turn().await?;
        let done = tokio::spawn(async move {
            let _turn = turn;
            asking.await
        });
        done.await.unwrap_or_else(|_| Err(failed()))
    }
}

/// `ENT-2775`.
fn busy() -> Box<Fault> {
    Fault::new(
        2775,
        ("Too many ask for this at the moment.", "Trop de demandes arrivent en ce moment."),
        ("Come back in half a minute.", "Revenez dans une demi-minute."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_lasts_as_long_as_the_work_also_if_nobody_waits_for_it() {
        let turns = Turns::of(1);
        let (go, may_go) = std::sync::mpsc::channel::<()>();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let first = turns.run(move || {
            let _ = begun.send(());
            let _ = may_go.recv();
            Ok(())
        });
        tokio::select! {
            _ = first => panic!("it has not been told to go"),
            has = has_begun => has.unwrap(),
        }
        // Whoever waited for it has hung up.
        assert!(turns.turns.try_acquire().is_err());
        go.send(()).unwrap();
        turns.run(|| Ok(())).await.unwrap();
    }

    #[tokio::test]
    async fn a_question_keeps_its_turn_to_its_end_and_whoever_finds_all_places_taken_is_told_so() {
        let turns = Turns::queued(1, 1);
        let (go, may_go) = tokio::sync::oneshot::channel::<()>();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let first = turns.ask(async move {
            let _ = begun.send(());
            let _ = may_go.await;
            Ok(())
        });
        tokio::select! {
            _ = first => panic!("it has not been told to go"),
            has = has_begun => has.unwrap(),
        }
        // Whoever asked has hung up, and the work goes on. One may wait.
        let second = turns.run(|| Ok(2));
        tokio::pin!(second);
        assert!(tokio::time::timeout(std::time::Duration::ZERO, second.as_mut()).await.is_err());
        assert_eq!(turns.run(|| Ok(3)).await.unwrap_err().code, BUSY);
        go.send(()).unwrap();
        assert_eq!(second.await.unwrap(), 2);
        assert_eq!(turns.run(|| Ok(4)).await.unwrap(), 4);
    }
}
