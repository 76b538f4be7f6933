//! `Follow`: a call that stays open and says when there is more to pull.
//!
//! One task per call, which sleeps until our feed for the caller grows, and one timer for the whole
//! life of the call. What it says is looked up when it is said, so a caller that does not read costs
//! one waiting message, and one that comes back hears the newest and nothing else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entente_core::identity::OrgId;
use entente_proto::{FeedPlace, v1};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::run;
use crate::doors::Peer;
use crate::node::news::Flag;
use crate::node::pairing::random;
use crate::node::{Node, unpoisoned};

/// About how long a call stays open. Half of what a connection may last, so that one that is to end
/// has no call left on it for long; the caller opens another.
const LIFE: Duration = Duration::from_secs(30 * 60);

/// The least time between two ticks of one call: what is said meanwhile is told with the next.
const BETWEEN: Duration = Duration::from_millis(200);

/// What a caller hears whose newer call takes the place of this one.
const REPLACED: &str = "replaced";

/// What a call sends.
pub(super) type Ticks = ReceiverStream<Result<v1::News, Status>>;

/// The calls that are open: one for each partner.
#[derive(Debug)]
pub struct Following {
    /// The number of each call, and what ends it.
    open: Mutex<HashMap<OrgId, (u64, CancellationToken)>>,
    n_opened: AtomicU64,
    hold_back: Duration,
    stop: CancellationToken,
}

impl Following {
    /// None are open. A tick waits up to `hold_back`, by chance, before it is said; `stop` ends all.
    pub fn new(hold_back: Duration, stop: CancellationToken) -> Self {
        Self { open: Mutex::default(), n_opened: AtomicU64::new(0), hold_back, stop }
    }

    /// A place for a call of `partner`, which ends the one it had.
    fn take(self: &Arc<Self>, partner: OrgId) -> Place {
        let (nth, ended) =
            (self.n_opened.fetch_add(1, Ordering::Relaxed), CancellationToken::new());
        let before = unpoisoned(self.open.lock()).insert(partner, (nth, ended.clone()));
        if let Some((_, before)) = before {
            before.cancel();
        }
        Place { of: Arc::clone(self), partner, nth, ended }
    }
}

/// One open call. Given back when dropped.
struct Place {
    of: Arc<Following>,
    partner: OrgId,
    nth: u64,
    ended: CancellationToken,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = unpoisoned(self.of.open.lock());
        // A call that was replaced has no place of its own any more.
        if open.get(&self.partner).is_some_and(|(nth, _)| *nth == self.nth) {
            open.remove(&self.partner);
        }
    }
}

/// Opens a call for whoever may be told now, and says at once what is beyond `told`.
pub(super) async fn open(
    node: &Arc<Node>,
    following: &Arc<Following>,
    peer: Peer,
    told: FeedPlace,
) -> Result<Ticks, Status> {
    let caller = peer.id;
    // Before the first look, so that nothing falls between.
    let grown = node.news().of_feed(&caller);
    run(node, move |node| node.feed_end(&caller)).await?;
    let place = following.take(caller);
    // One that waits to be sent; the next is made when there is room.
    let (sender, receiver) = mpsc::channel(1);
    let call = Call { node: Arc::clone(node), peer, told, grown, sender };
    tokio::spawn(async move { call.last(&place).await });
    Ok(ReceiverStream::new(receiver))
}

struct Call {
    node: Arc<Node>,
    peer: Peer,
    /// What the caller knows.
    told: FeedPlace,
    grown: Flag,
    sender: mpsc::Sender<Result<v1::News, Status>>,
}

impl Call {
    /// Tells until something ends the call.
    async fn last(mut self, place: &Place) {
        let sender = self.sender.clone();
        let (cut, life) = (self.peer.cut.clone(), spread(LIFE));
        let ended = tokio::select! {
            biased;
            // The door cuts the connection as well; the word is for a caller that has another.
            () = cut.cancelled() => Some(Status::permission_denied("ended")),
            () = place.of.stop.cancelled() => None,
            () = place.ended.cancelled() => Some(Status::aborted(REPLACED)),
            () = sender.closed() => None,
            () = tokio::time::sleep(life) => None,
            status = self.tell(place.of.hold_back) => Some(status),
        };
        if let Some(status) = ended {
            // Whoever does not read does not hear it.
            drop(sender.try_send(Err(status)));
        }
    }

    async fn tell(&mut self, hold_back: Duration) -> Status {
        loop {
            // Each tick is looked up by itself: what was allowed when the call began may not be now.
            self.grown.borrow_and_update();
            match self.end().await {
                Err(status) => return status,
                Ok(end) if end <= self.told => {}
                Ok(_) => {
                    if !hold_back.is_zero() {
                        tokio::time::sleep(hold_back.mul_f64(chance())).await;
                    }
                    let Ok(room) = self.sender.clone().reserve_owned().await else {
                        return Status::cancelled("gone");
                    };
                    self.grown.borrow_and_update();
                    match self.end().await {
                        Err(status) => return status,
                        Ok(end) => {
                            self.told = end;
                            room.send(Ok(entente_proto::news_message(end)));
                        }
                    }
                    tokio::time::sleep(BETWEEN).await;
                    continue;
                }
            }
            if self.grown.changed().await.is_err() {
                return Status::unavailable("stopped");
            }
        }
    }

    async fn end(&self) -> Result<FeedPlace, Status> {
        let caller = self.peer.id;
        run(&self.node, move |node| node.feed_end(&caller)).await
    }
}

/// A number from 0 to less than 1.
fn chance() -> f64 {
    random::<2>().map_or(0.5, |bytes| f64::from(u16::from_be_bytes(bytes)) / 65_536.0)
}

/// A time within an eighth of this one, so that calls which began together do not end together.
fn spread(time: Duration) -> Duration {
    time.mul_f64(0.875 + chance() / 4.0)
}
