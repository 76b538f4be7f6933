//! Live feeds: hearing at once that a partner has said something.
//!
//! For each partner that can be called, one `Follow` is held open. It says only that there is more;
//! what there is comes by the same pull as ever. Polling goes on beside it at its own interval, so a
//! partner that does not know the call, or a call that is stuck, costs time and nothing else. A node
//! that accepts no connections also listens to its own feeds, and delivers when one grows.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use entente_core::identity::OrgId;
use entente_proto::FeedPlace;
use entente_proto::v1::exchange_client::ExchangeClient;
use entente_store::rows::{PartnerRow, PartnerState};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status, Streaming};

use super::{DEADLINE, MAX_MESSAGE, Missed, Peers, missed};
use crate::node::news::Flag;
use crate::node::pairing::random;
use crate::node::{Node, Outcome};

/// Calls to all partners begin, and those that ended of age begin again, within this time.
const SPREAD: Duration = Duration::from_secs(1);

/// After a call that failed, the next is made within this time; twice as long after each further
/// failure, up to [`LONGEST`]. So the partners of a node that comes back do not all call in one moment, and
/// soon hear it again: fifty are a dozen calls a second.
const FIRST_WAIT: Duration = Duration::from_secs(4);

/// The longest that a partner is left to polling alone before it is tried again.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// A call that lasted this long had succeeded.
const SUCCESS: Duration = Duration::from_secs(60);

/// When a partner that does not know the call is asked again; it may have been updated.
const ASK_AGAIN: Duration = Duration::from_secs(3600);

/// The least time between two pulls from one partner.
const PACE: Duration = Duration::from_millis(100);

/// Ticks in a row that brought nothing, after which the caller hangs up.
const MAX_EMPTY: u32 = 3;

/// How a call ended.
#[derive(Debug)]
enum Ended {
    /// The partner ended it, as it should from time to time.
    OfAge,
    /// The partner does not know it.
    Unknown,
    /// Something went wrong.
    Early(Missed),
}

impl From<Missed> for Ended {
    fn from(missed: Missed) -> Self {
        Self::Early(missed)
    }
}

/// Holds a call to every partner that can be called, until `stop` is cancelled.
pub async fn live(peers: Arc<Peers>, stop: CancellationToken) {
    let mut changed = peers.node.news().of_partners();
    let mut calls: HashMap<OrgId, CancellationToken> = HashMap::new();
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        changed.borrow_and_update();
        match peers.blocking(Node::partner_rows).await {
            Ok(Ok(rows)) => {
                let wanted: Vec<_> = rows.into_iter().filter(|(_, row)| is_called(row)).collect();
                calls.retain(|id, call| {
                    let stays = wanted.iter().any(|(it, _)| it == id);
                    if !stays {
                        call.cancel();
                    }
                    stays
                });
                for (id, _) in wanted {
                    calls.entry(id).or_insert_with(|| {
                        let (call, peers) = (stop.child_token(), Arc::clone(&peers));
                        let ending = call.clone();
                        tasks.spawn(async move {
                            ending.run_until_cancelled(keep_calling(&peers, &id)).await;
                        });
                        call
                    });
                }
            }
            _ => tracing::error!("the partners could not be read"),
        }
        while tasks.try_join_next().is_some() {}
        tokio::select! {
            () = stop.cancelled() => break,
            changed = changed.changed() => if changed.is_err() { break },
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Whether a call to this partner is worth holding: it answers connections, and may speak and be told.
fn is_called(row: &PartnerRow) -> bool {
    let open = matches!(row.state, PartnerState::Verified | PartnerState::Active);
    open && row.quarantined.is_none() && !row.address.is_empty()
}

/// Calls one partner again and again.
async fn keep_calling(peers: &Peers, partner: &OrgId) {
    tokio::time::sleep(within(SPREAD)).await;
    let mut n_failures = 0;
    loop {
        let began = Instant::now();
        let ended = match peers.listen(partner).await {
            Ok(never) => match never {},
            Err(ended) => ended,
        };
        let wait = match ended {
            Ended::OfAge => {
                n_failures = 0;
                within(SPREAD)
            }
            Ended::Unknown => ASK_AGAIN.mul_f64(0.875 + share() / 4.0),
            Ended::Early(missed) => {
                tracing::debug!(partner = %partner.short(), why = %missed, "a live feed ended");
                if began.elapsed() >= SUCCESS {
                    n_failures = 0;
                }
                n_failures += 1;
                within(window(n_failures))
            }
        };
        tokio::time::sleep(wait).await;
    }
}

/// Within what time the next call is made after so many failures in a row.
fn window(n_failures: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(n_failures.saturating_sub(1))).min(LONGEST)
}

impl Peers {
    /// Holds one call, and acts on what it says.
    async fn listen(&self, partner: &OrgId) -> Result<std::convert::Infallible, Ended> {
        let id = *partner;
        // Greets, and brings everything that was said until now.
        self.round(partner).await?;
        let row = self.ask(move |node| node.partner_row(&id)).await?;
        let channel = self.channel(partner, &row.address)?;
        let mut client = ExchangeClient::new(channel.clone())
            .max_decoding_message_size(MAX_MESSAGE)
            .accept_compressed(CompressionEncoding::Zstd);
        let mut place = self.ask(move |node| node.read_place(&id)).await?;
        // No deadline on the call itself, which is to last; only until it begins.
        let request = entente_proto::follow_message(place);
        let began = tokio::time::timeout(DEADLINE, client.follow(request)).await;
        let began = began.map_err(|_| Missed::Door("no answer".to_owned()))?;
        let broken = |status: Status| match status.code() {
            Code::Unimplemented => Ended::Unknown,
            _ => Ended::Early(missed(&channel, &status)),
        };
        let mut ticks = began.map_err(broken)?.into_inner();
        tracing::debug!(partner = %id.short(), "a live feed is open");

        let mut ours = self.ours_to_bring(partner).await?;
        let mut n_empty = 0;
        loop {
            let tick = tokio::select! {
                tick = next(&mut ticks) => tick,
                brought = self.bring(partner, &row, &mut ours) => {
                    brought?;
                    continue;
                }
            };
            let end = tick.map_err(|status| status.map_or(Ended::OfAge, broken))?;
            if end <= place {
                continue;
            }
            self.pull(partner, &mut client, &channel).await?;
            let now = self.ask(move |node| node.read_place(&id)).await?;
            n_empty = if now == place { n_empty + 1 } else { 0 };
            place = now;
            if n_empty >= MAX_EMPTY {
                return Err(Missed::RefusedByUs("news of nothing".to_owned()).into());
            }
            tokio::time::sleep(PACE).await;
        }
    }

    /// The flag of our own feed, if nobody can ask us for it.
    async fn ours_to_bring(&self, partner: &OrgId) -> Result<Option<Flag>, Missed> {
        if !self.node.profile().address.is_empty() {
            return Ok(None);
        }
        let mut flag = self.node.news().of_feed(partner);
        // What was said between the round and now is news to them.
        let id = *partner;
        let behind = self.ask(move |node| {
            let (epoch, size, _) = node.feed_head(&id)?;
            Ok(node.read_by(&id)? != (epoch, size))
        });
        if behind.await? {
            flag.mark_changed();
        }
        Ok(Some(flag))
    }

    /// Waits until our feed has grown, and delivers; waits for ever if that is fetched.
    async fn bring(
        &self,
        partner: &OrgId,
        row: &PartnerRow,
        ours: &mut Option<Flag>,
    ) -> Result<(), Missed> {
        let Some(flag) = ours else { return std::future::pending().await };
        if flag.changed().await.is_err() {
            return std::future::pending().await;
        }
        self.deliver(partner, row).await?;
        tokio::time::sleep(PACE).await;
        Ok(())
    }

    async fn ask<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Node) -> Outcome<T> + Send + 'static,
    ) -> Result<T, Missed> {
        Ok(self.blocking(f).await??)
    }
}

/// The next tick; without a status if the call is over.
async fn next(ticks: &mut Streaming<entente_proto::v1::News>) -> Result<FeedPlace, Option<Status>> {
    match ticks.message().await {
        Ok(Some(news)) => entente_proto::parse_news(&news)
            .map_err(|_| Some(Status::invalid_argument("malformed"))),
        Ok(None) => Err(None),
        Err(status) => Err(Some(status)),
    }
}

/// A time from nothing to this one.
fn within(time: Duration) -> Duration {
    time.mul_f64(share())
}

fn share() -> f64 {
    random::<2>().map_or(0.5, |bytes| f64::from(u16::from_be_bytes(bytes)) / 65_536.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_bound() {
        let windows: Vec<u64> = (1..=9).map(|n| window(n).as_secs()).collect();
        assert_eq!(windows, [4, 8, 16, 32, 64, 128, 256, 512, 900]);
        assert_eq!(window(u32::MAX), LONGEST);
    }

    #[test]
    fn waits_are_spread_over_the_whole_window() {
        let waits: Vec<_> = (0..200).map(|_| within(FIRST_WAIT).as_millis()).collect();
        assert!(waits.iter().all(|it| *it < 4_000));
        assert!(waits.iter().any(|it| *it < 700) && waits.iter().any(|it| *it > 3_300));
    }
}
