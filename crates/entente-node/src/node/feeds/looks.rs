//! Looking at feeds: what was said and what came, for our own staff.

use std::ops::ControlFlow;

use entente_core::identity::OrgId;
use entente_core::statement::Leaf;
use entente_store::log::{LogKey, Logs as _};
use entente_store::rows::ReleaseRow;
use entente_store::tx::Reads as _;

use crate::node::{Node, Outcome};

impl Node {
    /// Our leaves for a partner from the place `first` up to, without, `end`; `None` where the
    /// content was destroyed. For our own eyes.
    pub fn feed_leaves(
        &self,
        partner: &OrgId,
        first: u64,
        end: u64,
    ) -> Outcome<Vec<(u64, Option<Leaf>)>> {
        self.db.read(|tx| {
            let log = LogKey::Feed(*partner.as_bytes());
            let epoch = tx.log_head(log)?.epoch;
            let start = tx.log_batch_with(log, epoch, first.saturating_sub(1))?;
            let mut leaves = Vec::new();
            tx.log_batches(log, epoch, start.map_or(0, |placed| placed.first), &mut |placed| {
                for (seq, leaf) in (placed.first + 1..).zip(placed.batch.leaves) {
                    if (first..end).contains(&seq) {
                        let leaf = leaf.map(|it| entente_proto::decode_statement(&it));
                        leaves.push((seq, leaf.and_then(Result::ok)));
                    }
                }
                let is_over = placed.first >= end;
                Ok(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            Ok(leaves)
        })
    }

    /// Everything that was released to a partner in the present epoch of its feed.
    pub fn releases_to(&self, partner: &OrgId) -> Outcome<Vec<ReleaseRow>> {
        self.db.read(|tx| {
            let epoch = tx.log_head(LogKey::Feed(*partner.as_bytes()))?.epoch;
            let mut releases = Vec::new();
            tx.all_releases(&mut |_, to, release| {
                if to == *partner.as_bytes() && release.at.0 == epoch {
                    releases.push(release);
                }
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(releases)
        })
    }

    /// When the batches of held summaries came: epoch of the feed, leaves before, and the instant,
    /// in order.
    pub fn held_arrivals(&self, issuer: &OrgId) -> Outcome<Vec<(u32, u64, i64)>> {
        self.db.read(|tx| {
            let mut arrivals = Vec::new();
            tx.held(issuer.as_bytes(), &mut |at, batch, _| {
                arrivals.push((at.epoch, at.first, batch.received_at_s));
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(arrivals)
        })
    }
}
