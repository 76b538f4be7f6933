//! Merkle logs in the store: feeds and the audit log.
//!
//! One row holds a batch of leaves with the hashes they completed, so appending 512 leaves is one
//! row and a proof reads as many rows as the proof has hashes. A leaf's content can be destroyed;
//! its hash stays, and with it the log.

use std::ops::ControlFlow;

use entente_core::merkle::{Frontier, Hash, completed_by, stored_count};

use crate::db::{DbError, Rows, Write};
use crate::rows::{LogBatch, LogHead};
use crate::tables::{LOG_BATCHES, LOG_HEADS};
use crate::tx::RowsExt;

/// Which log: a short name, and for a feed the partner it speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKey {
    /// The audit log.
    Audit,
    /// What we say to a partner.
    Feed([u8; 32]),
}

impl LogKey {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Audit => b"audit".to_vec(),
            Self::Feed(partner) => [b"feed:".as_slice(), &partner].concat(),
        }
    }

    fn epoch(self, epoch: u32) -> Vec<u8> {
        let mut key = self.bytes();
        key.extend_from_slice(&epoch.to_be_bytes());
        key
    }

    fn batch(self, epoch: u32, first: u64) -> Vec<u8> {
        let mut key = self.epoch(epoch);
        key.extend_from_slice(&first.to_be_bytes());
        key
    }
}

/// A log's head: its epoch, the right edge of its tree, and the last signed note.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Head {
    /// The epoch of the log.
    pub epoch: u32,
    /// The right edge of the tree.
    pub frontier: Frontier,
    /// The last signed note. Empty before the first.
    pub checkpoint: Vec<u8>,
}

/// A batch and how many leaves come before it.
#[derive(Clone, Debug)]
pub struct Placed {
    /// How many leaves come before.
    pub first: u64,
    /// The batch.
    pub batch: LogBatch,
}

/// Reading logs.
pub trait Logs: Rows {
    /// The head of a log; an empty one if nothing was ever written.
    fn log_head(&self, log: LogKey) -> Result<Head, DbError> {
        let Some(row) = self.row::<LogHead>(LOG_HEADS, &log.bytes())? else {
            return Ok(Head::default());
        };
        let frontier = Frontier::from_bytes(&row.frontier).ok_or(crate::rows::BadRow)?;
        Ok(Head { epoch: row.epoch, frontier, checkpoint: row.checkpoint })
    }

    /// The batches of an epoch that begin at or after `first`, until `visit` breaks.
    fn log_batches(
        &self,
        log: LogKey,
        epoch: u32,
        first: u64,
        visit: &mut dyn FnMut(Placed) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        let prefix = log.epoch(epoch);
        self.rows_from::<LogBatch>(
            LOG_BATCHES,
            &prefix,
            &log.batch(epoch, first),
            &mut |key, batch| visit(Placed { first: tail_u64(key), batch }),
        )
    }

    /// The batch that has the leaf at `position` (from 0).
    fn log_batch_with(
        &self,
        log: LogKey,
        epoch: u32,
        position: u64,
    ) -> Result<Option<Placed>, DbError> {
        let found = self.last_row_to::<LogBatch>(
            LOG_BATCHES,
            &log.epoch(epoch),
            &log.batch(epoch, position),
        )?;
        Ok(found.map(|(key, batch)| Placed { first: tail_u64(&key), batch }))
    }

    /// The stored hash at `index`, as proofs need it.
    fn log_hash(&self, log: LogKey, epoch: u32, index: u64) -> Result<Option<Hash>, DbError> {
        let Some(placed) = self.log_batch_with(log, epoch, completed_by(index))? else {
            return Ok(None);
        };
        let offset = index.checked_sub(stored_count(placed.first));
        let (hashes, _) = placed.batch.hashes.as_chunks::<32>();
        let hash = offset.and_then(|at| usize::try_from(at).ok()).and_then(|at| hashes.get(at));
        Ok(hash.map(|bytes| Hash(*bytes)))
    }
}

impl<T: Rows + ?Sized> Logs for T {}

fn tail_u64(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

impl Write<'_> {
    /// Appends leaves to a log. `sign` makes the note for the new tree; it may be empty.
    ///
    /// Returns the head afterwards. Appending nothing changes nothing.
    pub fn append_log<E: From<DbError>>(
        &mut self,
        log: LogKey,
        leaves: Vec<Vec<u8>>,
        sign: impl FnOnce(u32, &Frontier) -> Result<Vec<u8>, E>,
    ) -> Result<Head, E> {
        let mut head = self.log_head(log)?;
        if leaves.is_empty() {
            return Ok(head);
        }
        let first = head.frontier.size();
        let mut stored = Vec::with_capacity(leaves.len() * 2);
        for leaf in &leaves {
            head.frontier.push(leaf, &mut stored);
        }
        head.checkpoint = sign(head.epoch, &head.frontier)?;
        let batch = LogBatch {
            leaves: leaves.into_iter().map(|leaf| Some(leaf.into())).collect(),
            hashes: stored.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>().into(),
            checkpoint: head.checkpoint.clone().into(),
        };
        self.put_row(LOG_BATCHES, &log.batch(head.epoch, first), &batch)?;
        self.put_head(log, &head)?;
        Ok(head)
    }

    /// Begins a new, empty epoch of a log.
    pub fn open_log_epoch(&mut self, log: LogKey, epoch: u32) -> Result<(), DbError> {
        self.put_head(log, &Head { epoch, ..Head::default() })
    }

    /// Destroys the contents of the leaves at `positions`; their hashes remain.
    pub fn shred_leaves(
        &mut self,
        log: LogKey,
        epoch: u32,
        positions: &[u64],
    ) -> Result<(), DbError> {
        let mut rest = positions.to_vec();
        rest.sort_unstable();
        let mut rest = rest.as_slice();
        while let Some(position) = rest.first() {
            let Some(Placed { first, mut batch }) = self.log_batch_with(log, epoch, *position)?
            else {
                return Ok(());
            };
            let end = first + batch.leaves.len() as u64;
            let n_here = rest.iter().take_while(|position| **position < end).count().max(1);
            let (here, later) = rest.split_at(n_here);
            for position in here {
                let at = usize::try_from(position.saturating_sub(first)).ok();
                if let Some(leaf) = at.and_then(|at| batch.leaves.get_mut(at)) {
                    *leaf = None;
                }
            }
            self.put_row(LOG_BATCHES, &log.batch(epoch, first), &batch)?;
            rest = later;
        }
        Ok(())
    }

    fn put_head(&mut self, log: LogKey, head: &Head) -> Result<(), DbError> {
        let row = LogHead {
            epoch: head.epoch,
            frontier: head.frontier.to_bytes(),
            checkpoint: head.checkpoint.clone(),
        };
        self.put_row(LOG_HEADS, &log.bytes(), &row)
    }
}
