//! Feeds: what this node says to each partner, and what it accepts of what they say.
//!
//! Saying takes a [`Permitted`] statement and nothing else. Accepting is all or nothing per batch,
//! in one transaction with the cursor, the receipts and the audit entries. A batch that contradicts
//! what its issuer signed before is refused and kept as evidence; a leaf that cannot be used is
//! skipped and reported, so that one bad entry never stops a feed or anybody else's.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::ControlFlow;

use entente_core::feed::{Batch, Carried, Checkpoint, FeedFault, FeedId, Followed, MAX_BATCH};
use entente_core::identity::OrgId;
use entente_core::merkle::{Frontier, Hash};
use entente_core::policy::Permitted;
use entente_core::statement::{AgreementRef, Leaf, Statement};
use entente_core::summary::SummaryId;
use entente_store::db::{DbError, Write};
use entente_store::log::{LogKey, Logs as _, Placed};
use entente_store::rows::{BadRow, HeldBatch, HeldKeys};
use entente_store::seal::{ItemKey, open_item};
use entente_store::tx::Reads as _;

use super::audit::no_randomness;
use super::partners::{Shut, unknown_partner};
use super::{Node, Outcome, unpoisoned};
use crate::fault::Fault;

mod accept;
pub(crate) mod holding;
mod looks;

pub(crate) use accept::Gathered;
pub use accept::{Ahead, MAX_TOGETHER};

/// A batch is full once it has more bytes than this: with one more leaf of the largest kind it still
/// fits into a message of 1 MiB.
const FULL_BATCH_BYTES: usize = 600 * 1024;

/// How a batch came. What contradicts its checkpoint proves something only if it came from its
/// issuer's own node; a file may have been changed by anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Over a connection with the issuer itself.
    Connection,
    /// In a bundle file.
    Bundle,
}

/// What accepting a batch did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The cursor afterwards.
    pub cursor: u64,
    /// Summaries now held.
    pub n_held: u64,
    /// Summaries taken back and destroyed.
    pub n_withdrawn: u64,
    /// Receipts for our own withdrawals.
    pub n_receipts: u64,
    /// Receipts that we owe for it, and have put into our feed.
    pub n_receipts_sent: u64,
    /// Other documents.
    pub n_documents: u64,
    /// Leaves that were skipped, by reason.
    pub skipped: Vec<(u64, &'static str)>,
}

/// One leaf of a feed with the proof that a checkpoint covers it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The signed note.
    pub checkpoint: Vec<u8>,
    /// The path to its root.
    pub proof: Vec<Hash>,
    /// The leaf, unless its content was destroyed.
    pub leaf: Option<Vec<u8>>,
    /// Its hash.
    pub leaf_hash: Hash,
}

/// Why a batch is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The issuer may not speak now.
    #[error(transparent)]
    Shut(#[from] Shut),
    /// The batch does not continue the feed.
    #[error(transparent)]
    Feed(#[from] FeedFault),
    /// A leaf speaks for somebody else, to somebody else, or from another place.
    #[error("entry {0} does not belong in this feed")]
    Misplaced(u64),
    /// Our own store failed.
    #[error("{0}")]
    Fault(#[from] Box<Fault>),
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        Self::Fault(error.into())
    }
}

impl Refused {
    /// The code under which evidence of it is kept.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shut(_) => "shut",
            Self::Feed(FeedFault::OutOfBounds) => "out_of_bounds",
            Self::Feed(FeedFault::BadCheckpoint(_)) => "bad_checkpoint",
            Self::Feed(FeedFault::Gap { .. }) => "gap",
            Self::Feed(FeedFault::Repeated) => "repeated",
            Self::Feed(FeedFault::WrongEpoch { .. }) => "wrong_epoch",
            Self::Feed(FeedFault::Mismatch { .. }) => "mismatch",
            Self::Feed(FeedFault::Fork { .. }) => "fork",
            Self::Misplaced(_) => "misplaced",
            Self::Fault(_) => "store",
        }
    }
}

impl Node {
    /// Appends permitted statements to a partner's feed, and signs a checkpoint per batch.
    ///
    /// Returns where each was placed.
    pub(crate) fn say(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        agreement: Option<AgreementRef>,
        statements: Vec<Permitted<Statement>>,
    ) -> Outcome<Vec<(u32, u64)>> {
        let log = LogKey::Feed(*partner.as_bytes());
        let mut places = Vec::with_capacity(statements.len());
        let mut rest = statements.into_iter().peekable();
        if rest.peek().is_some() {
            self.tell_of_feed(tx, *partner);
        }
        while rest.peek().is_some() {
            let head = tx.log_head(log)?;
            let feed = FeedId { issuer: self.id(), audience: *partner, epoch: head.epoch };
            let (mut leaves, mut n_bytes) = (Vec::new(), 0);
            while leaves.len() < MAX_BATCH && n_bytes <= FULL_BATCH_BYTES {
                let Some(permitted) = rest.next() else { break };
                // A permit names its partner; a statement cannot be said to anybody else.
                if permitted.partner() != partner {
                    return Err(unknown_partner(partner));
                }
                let seq = head.frontier.size() + leaves.len() as u64 + 1;
                let placed = permitted.place(feed, seq, agreement, entente_proto::encode_statement);
                places.push((head.epoch, seq));
                n_bytes += placed.inner().bytes.len();
                leaves.push(placed.inner().bytes.clone());
            }
            tx.append_log::<Box<Fault>>(log, leaves, |_, frontier| {
                let signed = Checkpoint::sign(&feed.origin(), frontier, &self.secrets.key);
                Ok(signed.map_err(|_| no_randomness())?.note)
            })?;
        }
        Ok(places)
    }

    /// What we have said to `partner` after its first `after` leaves, at most `max` batches.
    ///
    /// Asking for an epoch that is over gives the current one from its start.
    pub fn feed_batches(
        &self,
        partner: &OrgId,
        epoch: u32,
        after: u64,
        max: usize,
    ) -> Result<Vec<Batch>, Refused> {
        self.db.read(|tx| {
            let row = tx.partner(partner.as_bytes())?.ok_or(Shut::Unknown)?;
            self.is_open_or_over(&row)?;
            let log = LogKey::Feed(*partner.as_bytes());
            let head = tx.log_head(log)?;
            let after = if epoch == head.epoch { after } else { 0 };
            if epoch > head.epoch || after > head.frontier.size() {
                // They hold more than we ever said: we were set back. They have the proof.
                return Err(FeedFault::WrongEpoch { expected: head.epoch, got: epoch }.into());
            }
            let mut batches = Vec::new();
            if max > 0 {
                tx.log_batches(log, head.epoch, after, &mut |placed| {
                    batches.push(carried(head.epoch, placed));
                    let full = batches.len() >= max;
                    Ok(if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                })?;
            }
            Ok(batches)
        })
    }

    /// Where we are in an issuer's feed: epoch and cursor.
    pub fn cursor(&self, issuer: &OrgId) -> Outcome<(u32, u64)> {
        self.db.read(|tx| {
            let followed = self.followed(tx, issuer)?;
            Ok((followed.feed.epoch, followed.frontier.size()))
        })
    }

    /// The end of our feed for a partner: epoch, size and signed note.
    pub fn feed_head(&self, partner: &OrgId) -> Outcome<(u32, u64, Vec<u8>)> {
        self.db.read(|tx| {
            let head = tx.log_head(LogKey::Feed(*partner.as_bytes()))?;
            Ok((head.epoch, head.frontier.size(), head.checkpoint))
        })
    }

    /// Where we are in an issuer's feed, and the checkpoint this rests on.
    pub fn followed_checkpoint(&self, issuer: &OrgId) -> Outcome<(u32, u64, Vec<u8>)> {
        self.db.read(|tx| {
            let followed = self.followed(tx, issuer)?;
            Ok((followed.feed.epoch, followed.frontier.size(), followed.checkpoint))
        })
    }

    /// What we said to a partner at a place (from 1). `None` if its content was destroyed.
    pub fn said(&self, partner: &OrgId, epoch: u32, seq: u64) -> Outcome<Option<Leaf>> {
        self.db.read(|tx| {
            let position = seq.saturating_sub(1);
            let log = LogKey::Feed(*partner.as_bytes());
            let Some(placed) = tx.log_batch_with(log, epoch, position)? else { return Ok(None) };
            let at = usize::try_from(position.saturating_sub(placed.first)).ok();
            let leaf = at.and_then(|at| placed.batch.leaves.into_iter().nth(at)).flatten();
            Ok(leaf.and_then(|bytes| entente_proto::decode_statement(&bytes).ok()))
        })
    }

    /// One leaf of our feed for `partner`, with the proof that the last checkpoint covers it.
    ///
    /// `seq` counts from 1. `None` if there is no such leaf.
    pub fn prove(&self, partner: &OrgId, epoch: u32, seq: u64) -> Result<Option<Proof>, Refused> {
        self.db.read(|tx| {
            let row = tx.partner(partner.as_bytes())?.ok_or(Shut::Unknown)?;
            self.is_open_or_over(&row)?;
            let log = LogKey::Feed(*partner.as_bytes());
            let head = tx.log_head(log)?;
            let size = head.frontier.size();
            if epoch != head.epoch || seq == 0 || seq > size {
                return Ok(None);
            }
            let position = seq - 1;
            let Some(placed) = tx.log_batch_with(log, epoch, position)? else { return Ok(None) };
            let stored = |index| tx.log_hash(log, epoch, index).ok().flatten();
            let Ok(proof) = entente_core::merkle::prove_leaf(size, position, stored) else {
                return Ok(None);
            };
            let (hashes, _) = placed.batch.hashes.as_chunks::<32>();
            let leaf_hash = leaf_hash_in(hashes, placed.first, position);
            let at = usize::try_from(position - placed.first).ok();
            let leaf = at.and_then(|at| placed.batch.leaves.into_iter().nth(at)).flatten();
            let leaf = leaf.map(|bytes| bytes.into_vec());
            Ok(Some(Proof { checkpoint: head.checkpoint, proof, leaf, leaf_hash }))
        })
    }

    fn followed<R: entente_store::db::Rows>(&self, tx: &R, issuer: &OrgId) -> Outcome<Followed> {
        let row = tx.followed(issuer.as_bytes())?.unwrap_or_default();
        let feed = FeedId { issuer: *issuer, audience: self.id(), epoch: row.epoch };
        if row.frontier.is_empty() {
            return Ok(Followed { checkpoint: row.checkpoint, ..Followed::new(feed) });
        }
        let frontier = Frontier::from_bytes(&row.frontier).ok_or(DbError::from(BadRow))?;
        Ok(Followed { feed, frontier, checkpoint: row.checkpoint })
    }

    /// The exact bytes of a held statement, opened, and when it came; seconds since 1970.
    pub fn held_statement(&self, id: &SummaryId) -> Outcome<Option<(Leaf, i64)>> {
        Ok(self.held_statements_of(std::slice::from_ref(id))?.pop())
    }

    /// The same of several, without those that are not held (any more). Those that came together are read once.
    pub fn held_statements_of(&self, ids: &[SummaryId]) -> Outcome<Vec<(Leaf, i64)>> {
        let places: Vec<_> = {
            let held = unpoisoned(self.held.read());
            ids.iter().filter_map(|id| held.place(id)).collect()
        };
        self.db.read(|tx| {
            let (mut batches, mut statements) = (HashMap::new(), Vec::with_capacity(places.len()));
            for place in places {
                let batch = match batches.entry(place.at) {
                    Entry::Occupied(read) => read.into_mut(),
                    Entry::Vacant(free) => free.insert(tx.held_batch(&place.at)?),
                };
                let Some((batch, keys)) = batch else { continue };
                let leaf = open_held(batch, keys, place.position);
                statements.extend(leaf.map(|leaf| (leaf, batch.received_at_s)));
            }
            Ok(statements)
        })
    }

    /// All statements held from one issuer, in order, until `visit` breaks.
    pub fn held_statements(
        &self,
        issuer: &OrgId,
        visit: &mut dyn FnMut(Leaf) -> ControlFlow<()>,
    ) -> Outcome<()> {
        self.db.read(|tx| {
            tx.held(issuer.as_bytes(), &mut |_, batch, keys| {
                for position in 0..batch.items.len() {
                    if let Some(leaf) = open_held(&batch, &keys, position)
                        && visit(leaf).is_break()
                    {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(())
        })
    }
}

fn open_held(batch: &HeldBatch, keys: &HeldKeys, position: usize) -> Option<Leaf> {
    let (_, id, sealed) = batch.items.get(position)?;
    let key = ItemKey::from_bytes(keys.keys.get(position)?.as_ref()?);
    let bytes = open_item(&key, id, sealed).ok()?;
    entente_proto::decode_statement(&bytes).ok()
}

fn carried(epoch: u32, placed: Placed) -> Batch {
    let Placed { first, batch } = placed;
    let (hashes, _) = batch.hashes.as_chunks::<32>();
    let leaves = batch.leaves.into_iter().zip(first..).map(|(leaf, position)| match leaf {
        Some(bytes) => Carried::Whole(bytes.into_vec()),
        None => Carried::Redacted(leaf_hash_in(hashes, first, position)),
    });
    let checkpoint = batch.checkpoint.into_vec();
    Batch { epoch, first, checkpoint, leaves: leaves.collect() }
}

/// The hash of the leaf at `position`, among the stored hashes of the batch that begins at `first`.
fn leaf_hash_in(hashes: &[[u8; 32]], first: u64, position: u64) -> Hash {
    use entente_core::merkle::stored_count;
    let offset = stored_count(position) - stored_count(first);
    let at = usize::try_from(offset).ok().and_then(|at| hashes.get(at));
    at.map_or(Hash([0; 32]), |bytes| Hash(*bytes))
}
