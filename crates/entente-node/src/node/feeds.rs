//! Feeds: what this node says to each partner, and what it accepts of what they say.
//!
//! Saying takes a [`Permitted`] statement and nothing else. Accepting is all or nothing per batch,
//! in one transaction with the cursor, the receipts and the audit entries. A batch that contradicts
//! what its issuer signed before is refused and kept as evidence; a leaf that cannot be used is
//! skipped and reported, so that one bad entry never stops a feed or anybody else's.

use std::ops::ControlFlow;

use entente_core::agreement::AgreementState;
use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::feed::{Batch, Carried, Checkpoint, FeedFault, FeedId, Followed, MAX_BATCH};
use entente_core::identity::OrgId;
use entente_core::merkle::{Frontier, Hash, leaf_hash};
use entente_core::policy::Permitted;
use entente_core::statement::{AgreementRef, Leaf, Statement, WithdrawReason};
use entente_core::summary::SummaryId;
use entente_proto::{Done, Fate, Receipt, Receipted};
use entente_store::db::{DbError, Write};
use entente_store::log::{LogKey, Logs as _, Placed};
use entente_store::rows::{FollowedRow, HeldBatch, HeldKeys, PartnerRow, PartnerState};
use entente_store::seal::{ItemKey, open_item, seal_item};
use entente_store::tx::{HeldAt, Reads as _};

use super::audit::no_randomness;
use super::index::HeldPlace;
use super::partners::{Shut, unknown_partner};
use super::{Node, Outcome, unpoisoned};
use crate::fault::Fault;

mod looks;

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

/// What the leaves of one batch did, gathered while they are read.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) accepted: Accepted,
    pub(crate) entries: Vec<AuditEntry>,
    /// Receipts to be sent back.
    pub(crate) receipts: Vec<Receipted>,
    /// The agreement of the summary before, and whether it lets anything be told.
    agreed: Option<(AgreementRef, bool)>,
    held: HeldBatch,
    keys: HeldKeys,
    /// Summaries that are no longer held.
    shredded: Vec<SummaryId>,
    /// Leaves that say nothing we understand, by their place.
    unreadable: Vec<(u64, Vec<u8>)>,
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
            Ok(Some(Proof { checkpoint: head.checkpoint, proof, leaf, leaf_hash }))
        })
    }

    fn followed<R: entente_store::db::Rows>(&self, tx: &R, issuer: &OrgId) -> Outcome<Followed> {
        let row = tx.followed(issuer.as_bytes())?.unwrap_or_default();
        let feed = FeedId { issuer: *issuer, audience: self.id(), epoch: row.epoch };
        if row.frontier.is_empty() {
            return Ok(Followed { checkpoint: row.checkpoint, ..Followed::new(feed) });
        }
        let frontier = Frontier::from_bytes(&row.frontier)
            .ok_or(DbError::from(entente_store::rows::BadRow))?;
        Ok(Followed { feed, frontier, checkpoint: row.checkpoint })
    }

    /// Acts on a batch that an issuer said to us. All of it happens, or nothing.
    ///
    /// What is refused changes nothing but the evidence kept against its sender.
    pub fn accept(&self, issuer: &OrgId, batch: Batch, via: Via) -> Result<Accepted, Refused> {
        let outcome = self.db.write("accept", |tx| {
            let partner = tx.partner(issuer.as_bytes())?.ok_or(Shut::Unknown)?;
            self.may_speak(&partner)?;
            let mut followed = self.followed(tx, issuer)?;
            let mut left = Vec::new();
            if batch.epoch > followed.feed.epoch && batch.first == 0 {
                // The issuer was restored from a backup and begins again. What it took back
                // stays taken back: that is remembered by the summary, not by the place.
                let feed = FeedId { epoch: batch.epoch, ..followed.feed };
                left = std::mem::replace(&mut followed, Followed::new(feed)).checkpoint;
            }
            let first = followed.frontier.size();
            let (followed, contents) = followed.accept(batch)?;
            if !left.is_empty() {
                // Honest only after a restore, which their officer can tell of.
                let notes = vec![left, followed.checkpoint.clone()];
                self.keep_evidence(tx, issuer, "feed_restarted", notes, false)?;
            }
            let mut gathered = Gathered::default();
            for (seq, bytes) in (first + 1..).zip(contents) {
                if let Some(bytes) = bytes {
                    self.accept_leaf(tx, &followed.feed, seq, bytes, &mut gathered)?;
                }
            }
            self.finish_batch(tx, &followed, first, gathered)
        });
        match outcome {
            Ok((gathered, at)) => Ok(self.remember_held(gathered, at)),
            Err(refused) => {
                self.report(issuer, &refused, via)?;
                Err(refused)
            }
        }
    }

    fn may_speak(&self, row: &PartnerRow) -> Result<(), Shut> {
        match row.state {
            _ if row.quarantined.is_some() => Err(Shut::Quarantined),
            PartnerState::Connected => Err(Shut::NotVerified),
            // Ended partners still send receipts and take back what they said.
            _ => Ok(()),
        }
    }

    fn accept_leaf(
        &self,
        tx: &mut Write<'_>,
        feed: &FeedId,
        seq: u64,
        bytes: Vec<u8>,
        gathered: &mut Gathered,
    ) -> Result<(), Refused> {
        let Ok(leaf) = entente_proto::decode_statement(&bytes) else {
            gathered.skip(seq, "unreadable");
            gathered.unreadable.push((seq, bytes));
            return Ok(());
        };
        if leaf.feed != *feed || leaf.seq != seq {
            return Err(Refused::Misplaced(seq));
        }
        let Leaf { agreement, statement, .. } = leaf;
        match statement {
            Statement::Summary(summary) => {
                self.hold(tx, feed, seq, agreement, summary.id, &bytes, gathered)
            }
            Statement::Withdrawal(id, reason) => {
                self.shred(tx, &feed.issuer, id, reason, gathered)?;
                Ok(())
            }
            Statement::Document(envelope) => {
                if let Err(reason) = self.read_document(tx, &feed.issuer, &envelope, gathered)? {
                    gathered.skip(seq, reason);
                }
                Ok(())
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the facts of one leaf; a struct would rename them"
    )]
    fn hold(
        &self,
        tx: &mut Write<'_>,
        feed: &FeedId,
        seq: u64,
        agreement: Option<AgreementRef>,
        id: SummaryId,
        bytes: &[u8],
        gathered: &mut Gathered,
    ) -> Result<(), Refused> {
        let known = unpoisoned(self.held.read()).place(&id);
        if known.is_some_and(|place| place.at.issuer != *feed.issuer.as_bytes()) {
            return Err(Refused::Misplaced(seq));
        }
        let repeated = known.is_some() || gathered.held.items.iter().any(|(_, it, _)| *it == id.0);
        if repeated {
            gathered.skip(seq, "known_summary");
        } else if tx.is_taken_back(feed.issuer.as_bytes(), &id.0)? {
            gathered.skip(seq, "taken_back");
        } else if !self.agreed_before(tx, &feed.issuer, agreement, gathered)? {
            gathered.skip(seq, "no_agreement");
        } else {
            let key = ItemKey::random().map_err(|_| no_randomness())?;
            let sealed = seal_item(&key, &id.0, bytes).map_err(|_| no_randomness())?;
            gathered.held.items.push((seq, id.0, sealed));
            gathered.keys.keys.push(Some(*key.as_bytes()));
            gathered.accepted.n_held += 1;
        }
        Ok(())
    }

    /// The same, looked up once for a run of leaves under one agreement.
    fn agreed_before(
        &self,
        tx: &Write<'_>,
        issuer: &OrgId,
        agreement: Option<AgreementRef>,
        gathered: &mut Gathered,
    ) -> Outcome<bool> {
        match gathered.agreed {
            Some((known, agreed)) if Some(known) == agreement => Ok(agreed),
            _ => {
                let agreed = self.agreed(tx, issuer, agreement)?;
                gathered.agreed = agreement.map(|it| (it, agreed));
                Ok(agreed)
            }
        }
    }

    /// Whether this agreement lets the issuer tell us anything now.
    fn agreed(
        &self,
        tx: &Write<'_>,
        issuer: &OrgId,
        agreement: Option<AgreementRef>,
    ) -> Outcome<bool> {
        let Some(AgreementRef { id, version }) = agreement else { return Ok(false) };
        let Some(row) = tx.agreement(&id, version)? else { return Ok(false) };
        // A summary under a version that was since amended or ended was said while it held.
        let state = super::agreements::state_of(&row);
        let held = !matches!(
            state,
            AgreementState::Draft
                | AgreementState::Proposed { .. }
                | AgreementState::HalfSigned { .. }
        );
        Ok(held && row.partner == *issuer.as_bytes())
    }

    fn shred(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        id: SummaryId,
        reason: WithdrawReason,
        gathered: &mut Gathered,
    ) -> Outcome<()> {
        tx.put_taken_back(issuer.as_bytes(), &id.0, self.now_s())?;
        let here = gathered.held.items.iter().position(|(_, held, _)| *held == id.0);
        let known = unpoisoned(self.held.read()).place(&id);
        let fate = match (here, known) {
            (Some(position), _) => {
                if let Some((_, _, sealed)) = gathered.held.items.get_mut(position) {
                    sealed.clear();
                }
                if let Some(key) = gathered.keys.keys.get_mut(position) {
                    *key = None;
                }
                gathered.accepted.n_held = gathered.accepted.n_held.saturating_sub(1);
                Fate::Shredded
            }
            (None, Some(place)) if place.at.issuer == *issuer.as_bytes() => {
                tx.shred_held(&place.at, &[place.position])?;
                gathered.shredded.push(id);
                Fate::Shredded
            }
            _ => Fate::WasNotHeld,
        };
        if fate == Fate::Shredded {
            gathered.accepted.n_withdrawn += 1;
        }
        gathered.entries.push(
            self.entry(Actor::Partner(*issuer), Action::SummaryShredded)
                .partner(*issuer)
                .reference(id.0)
                .reasons([reason.code().to_owned()]),
        );
        gathered.receipts.push(self.receipted(Done::Withdrawal { summary: id, fate }));
        Ok(())
    }

    /// Writes what a batch brought: held summaries, cursor, receipts and audit entries.
    fn finish_batch(
        &self,
        tx: &mut Write<'_>,
        followed: &Followed,
        first: u64,
        mut gathered: Gathered,
    ) -> Result<(Gathered, HeldAt), Refused> {
        let issuer = followed.feed.issuer;
        let at = HeldAt { issuer: *issuer.as_bytes(), epoch: followed.feed.epoch, first };
        if !gathered.held.items.is_empty() {
            gathered.held.received_at_s = self.now_s();
            tx.put_held(&at, &gathered.held, &gathered.keys)?;
        }
        let row = FollowedRow {
            epoch: followed.feed.epoch,
            frontier: followed.frontier.to_bytes(),
            checkpoint: followed.checkpoint.clone(),
        };
        tx.put_followed(issuer.as_bytes(), followed.frontier.size(), &row)?;
        gathered.accepted.cursor = followed.frontier.size();
        if gathered.accepted.n_held > 0 {
            let entry = self.entry(Actor::Partner(issuer), Action::SummariesHeld).partner(issuer);
            gathered.entries.push(entry.n(gathered.accepted.n_held));
        }
        for (seq, reason) in &gathered.accepted.skipped {
            let mut proof = vec![seq.to_be_bytes().to_vec()];
            let unreadable = gathered.unreadable.iter().find(|(at, _)| at == seq);
            proof.extend(unreadable.map(|(_, bytes)| kept_of(bytes)));
            self.keep_evidence(tx, &issuer, reason, proof, false)?;
        }
        if !gathered.receipts.is_empty() {
            let items = std::mem::take(&mut gathered.receipts);
            gathered.accepted.n_receipts_sent = items.len() as u64;
            let receipt = self.receipt(&issuer, &Receipt { items })?;
            self.say(tx, &issuer, None, vec![receipt])?;
        }
        if let Some(mut partner) = tx.partner(issuer.as_bytes())? {
            partner.last_contact_s = Some(self.now_s());
            tx.put_partner(issuer.as_bytes(), &partner)?;
        }
        let entries = std::mem::take(&mut gathered.entries);
        self.write_audit(tx, entries)?;
        Ok((gathered, at))
    }

    fn remember_held(&self, gathered: Gathered, at: HeldAt) -> Accepted {
        let mut held = unpoisoned(self.held.write());
        for (position, (_, id, _)) in gathered.held.items.iter().enumerate() {
            if gathered.keys.keys.get(position).is_some_and(Option::is_some) {
                held.put(SummaryId(*id), HeldPlace { at, position });
            }
        }
        for id in &gathered.shredded {
            held.remove(id);
        }
        gathered.accepted
    }

    /// Keeps what a refused batch shows of its sender.
    fn report(&self, issuer: &OrgId, refused: &Refused, via: Via) -> Outcome<()> {
        let proof = match refused {
            Refused::Feed(FeedFault::Fork { evidence } | FeedFault::Mismatch { evidence }) => {
                vec![evidence.0.clone(), evidence.1.clone()]
            }
            Refused::Shut(_) | Refused::Fault(_) | Refused::Feed(FeedFault::Repeated) => {
                return Ok(());
            }
            _ => Vec::new(),
        };
        let from_itself = via == Via::Connection;
        let fatal = match refused {
            Refused::Feed(fault) => fault.is_proof() || from_itself,
            // The misplaced leaf is under its issuer's own signature.
            Refused::Misplaced(_) => true,
            _ => false,
        };
        self.db.write("evidence", |tx| {
            if tx.partner(issuer.as_bytes())?.is_none() {
                return Ok(());
            }
            self.keep_evidence(tx, issuer, refused.code(), proof, fatal)
        })?;
        self.refresh_admissions()
    }

    /// The exact bytes of a held statement, opened.
    pub fn held_statement(&self, id: &SummaryId) -> Outcome<Option<Leaf>> {
        let Some(place) = unpoisoned(self.held.read()).place(id) else { return Ok(None) };
        self.db.read(|tx| {
            let Some((batch, keys)) = tx.held_batch(&place.at)? else { return Ok(None) };
            Ok(open_held(&batch, &keys, place.position))
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

impl Gathered {
    fn skip(&mut self, seq: u64, reason: &'static str) {
        self.accepted.skipped.push((seq, reason));
    }

    /// The summaries that a document told us to destroy.
    pub(crate) fn shredded(&mut self, ids: impl IntoIterator<Item = SummaryId>) {
        self.shredded.extend(ids);
    }
}

/// What is kept of a leaf that cannot be read: its bytes, or of a long one its hash, by which it can
/// be asked for again.
fn kept_of(leaf: &[u8]) -> Vec<u8> {
    const MAX_KEPT: usize = 4096;
    if leaf.len() <= MAX_KEPT { leaf.to_vec() } else { leaf_hash(leaf).0.to_vec() }
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
        Some(bytes) => Carried::Whole(bytes),
        None => Carried::Redacted(leaf_hash_in(hashes, first, position)),
    });
    Batch { epoch, first, checkpoint: batch.checkpoint, leaves: leaves.collect() }
}

/// The hash of the leaf at `position`, among the stored hashes of the batch that begins at `first`.
fn leaf_hash_in(hashes: &[[u8; 32]], first: u64, position: u64) -> Hash {
    use entente_core::merkle::stored_count;
    let offset = stored_count(position) - stored_count(first);
    let at = usize::try_from(offset).ok().and_then(|at| hashes.get(at));
    at.map_or(Hash([0; 32]), |bytes| Hash(*bytes))
}
