//! Looking at feeds: what was said and what came, for our own staff.

use std::ops::ControlFlow;

use entente_core::identity::OrgId;
use entente_core::statement::Leaf;
use entente_core::summary::SummaryId;
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

    /// What was released to a partner as this summary.
    pub fn released_as(&self, partner: &OrgId, id: &SummaryId) -> Outcome<Option<ReleaseRow>> {
        let partner = partner.as_bytes();
        self.db.read(|tx| match tx.released_as(partner, &id.0)? {
            Some(record) => Ok(tx.release(&record, partner)?),
            None => Ok(None),
        })
    }
}
