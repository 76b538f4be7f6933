//! Held summaries in memory, in the order of lists, so that a list reads only what it shows.
//!
//! They are read when somebody first looks after a start, and follow what comes and goes from then on. The index
//! that says what came and went may be ahead of the disk and behind it, so what it names is read once everything
//! before is on the disk, and whoever shows a summary reads it again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Mutex;

use entente_core::identity::OrgId;
use entente_core::statement::{Leaf, Statement};
use entente_core::summary::{CaseSummary, SummaryId};

use crate::node::{Node, Outcome, unpoisoned};

/// The newest period first; ids mean nothing and only make the order one.
type Order = Reverse<(u32, SummaryId)>;

/// One of them.
pub(crate) struct Holding {
    /// Who said it.
    pub(crate) issuer: OrgId,
    /// Where in their feed: the feed's epoch, and the entry from 1.
    pub(crate) at: (u32, u64),
    /// What it says.
    pub(crate) summary: CaseSummary,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Holdings {
    in_order: BTreeMap<Order, Holding>,
    orders: HashMap<SummaryId, Order>,
}

impl Holdings {
    fn put(&mut self, leaf: Leaf) {
        let Statement::Summary(summary) = leaf.statement else { return };
        let order = Reverse((summary.period.number(), summary.id));
        self.take_out(&summary.id);
        self.orders.insert(summary.id, order);
        let at = (leaf.feed.epoch, leaf.seq);
        self.in_order.insert(order, Holding { issuer: leaf.feed.issuer, at, summary });
    }

    fn take_out(&mut self, id: &SummaryId) {
        if let Some(order) = self.orders.remove(id) {
            self.in_order.remove(&order);
        }
    }

    /// All of them, in the order of lists.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Holding> {
        self.in_order.values()
    }
}

/// Part of a node: held summaries, once somebody looked.
pub(crate) type Holds = Mutex<Option<Holdings>>;

impl Node {
    /// Asks of all held summaries. The caller writes the audit entry that fits.
    pub(crate) fn holdings<T>(&self, ask: impl FnOnce(&Holdings) -> Outcome<T>) -> Outcome<T> {
        let mut held = unpoisoned(self.holdings.lock());
        // Taken out, so that all is read anew after an error in between.
        let known = held.take();
        // What comes or goes from here on is looked at the next time.
        let changed = unpoisoned(self.held.write()).take_changed();
        let known = match known.zip(changed) {
            Some((mut known, changed)) => {
                if !changed.is_empty() {
                    self.settle()?;
                }
                for id in &changed {
                    match self.held_statement(id)? {
                        Some((leaf, _)) => known.put(leaf),
                        None => known.take_out(id),
                    }
                }
                known
            }
            None => self.read_holdings()?,
        };
        let answer = ask(&known)?;
        *held = Some(known);
        Ok(answer)
    }

    fn read_holdings(&self) -> Outcome<Holdings> {
        self.settle()?;
        let mut known = Holdings::default();
        for (issuer, _) in self.partner_rows()? {
            self.held_statements(&issuer, &mut |leaf| {
                known.put(leaf);
                ControlFlow::Continue(())
            })?;
        }
        Ok(known)
    }
}
