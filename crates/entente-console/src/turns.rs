//! Work that blocks and takes much: so much of it at once.

use std::sync::Arc;

use entente_node::node::Outcome;
use tokio::sync::Semaphore;

use crate::page::failed;

/// Turns that are taken one after the other.
#[derive(Debug)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Turns {
    /// So many at once.
    pub(crate) fn of(n: usize) -> Self {
        Self(Arc::new(Semaphore::new(n)))
    }

    /// Does something when it is its turn. The turn lasts as long as the work does: a browser that hangs up ends the
    /// waiting and not the work, and would make room for more of it than may be.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let turn = Arc::clone(&self.0).acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.unwrap_or_else(|_| Err(failed()))
    }
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
        assert!(turns.0.try_acquire().is_err());
        go.send(()).unwrap();
        turns.run(|| Ok(())).await.unwrap();
    }
}
