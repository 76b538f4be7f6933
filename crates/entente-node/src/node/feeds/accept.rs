//! Accepting what a partner said: verified first, then acted on in one transaction.
//!
//! A partner's batches may be taken several at a time, so that a long feed costs fewer syncs of the
//! disk. That changes nothing in what they do: they are verified and read in order, and if one of
//! them is refused, those before it happen and it and those after it do not.

use std::collections::HashMap;

use entente_core::agreement::AgreementState;
use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::feed::{Batch, Contents, FeedFault, FeedId, Followed};
use entente_core::identity::OrgId;
use entente_core::merkle::leaf_hash;
use entente_core::statement::{AgreementRef, Leaf, Statement, WithdrawReason};
use entente_core::summary::SummaryId;
use entente_proto::{Done, Fate, MAX_ITEMS, Receipt, Receipted};
use entente_store::db::{Pending, Write};
use entente_store::rows::{FollowedRow, HeldBatch, HeldKeys, PartnerRow, PartnerState};
use entente_store::seal::seal_items;
use entente_store::tx::{HeldAt, Reads as _};

use super::{Accepted, Refused, Via};
use crate::node::audit::no_randomness;
use crate::node::index::HeldPlace;
use crate::node::partners::Shut;
use crate::node::services::held::ServicesRead;
use crate::node::{Node, Outcome, unpoisoned};

/// How many batches are acted on in one transaction, if that many wait: 8,192 summaries, about
/// 2 MB. Sixteen times fewer syncs than batch by batch; beyond that the sync no longer counts.
pub const MAX_TOGETHER: usize = 16;

/// Held summaries in one row of the store. A row is written anew when one of them is taken back,
/// and engines like rows of some kilobytes; 64 sealed summaries have about 12.
const HELD_IN_A_ROW: usize = 64;

/// A batch whose checkpoint was verified over its leaves.
struct Verified {
    /// What is known of the feed with this batch.
    followed: Followed,
    /// How many leaves come before it.
    first: u64,
    contents: Contents,
    /// The last checkpoint of the feed epoch that its issuer has left with this batch; else empty.
    left: Vec<u8>,
}

/// What leaves did, gathered while they are read.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) accepted: Accepted,
    pub(crate) entries: Vec<AuditEntry>,
    /// Receipts to be sent back.
    pub(crate) receipts: Vec<Receipted>,
    /// What was read of services.
    pub(crate) services: ServicesRead,
    /// The agreement of the summary before, and whether it lets anything be told.
    agreed: Option<(AgreementRef, bool)>,
    /// Whether the issuer ever took anything back; looked up once.
    has_taken_back: Option<bool>,
    /// Summaries that are not sealed yet.
    fresh: Vec<Fresh>,
    /// Summaries that came with these leaves and are still to be held.
    places: HashMap<SummaryId, Place>,
    /// Summaries that are no longer held.
    shredded: Vec<SummaryId>,
    /// Leaves that say nothing we understand, by their place.
    unreadable: Vec<(u64, Vec<u8>)>,
}

/// A summary and its place in the feed. Its bytes are `None` once it was taken back.
struct Fresh {
    seq: u64,
    id: SummaryId,
    bytes: Option<Vec<u8>>,
}

/// Where a summary is that came with these leaves.
#[derive(Clone, Copy)]
enum Place {
    /// In [`Gathered::fresh`].
    Fresh(usize),
    /// In the transaction.
    Held(HeldPlace),
}

/// How far a feed was acted on, and what of it is still on its way to the disk.
#[derive(Debug, Default)]
pub struct Ahead {
    /// What was done since this was made.
    pub accepted: Accepted,
    /// What is known of the feed then. `None`: ask the store.
    followed: Option<Followed>,
    /// The last transaction; those before it are durable no later.
    pending: Option<Pending>,
}

impl Ahead {
    /// Waits until everything is durable.
    pub fn wait(self) -> Outcome<()> {
        Ok(self.pending.map_or(Ok(()), Pending::wait)?)
    }

    /// What is on its way to the disk, to be waited for apart.
    pub fn take_pending(&mut self) -> Option<Pending> {
        self.pending.take()
    }
}

impl Node {
    /// Acts on a batch that an issuer said to us. All of it happens, or nothing.
    ///
    /// What is refused changes nothing but the evidence kept against its sender.
    pub fn accept(&self, issuer: &OrgId, batch: Batch, via: Via) -> Result<Accepted, Refused> {
        let mut ahead = Ahead::default();
        let outcome = self.accept_ahead(issuer, vec![batch], via, &mut ahead);
        ahead.wait()?;
        outcome
    }

    /// Acts on batches that an issuer said to us, in order, up to the first that is refused.
    ///
    /// Returns what they did, or why that one was refused; `ahead` says what those before it did.
    /// Returns before they are durable, so that the next ones can be looked at meanwhile: nothing
    /// may be said on the strength of them before [`Ahead::wait`].
    pub fn accept_ahead(
        &self,
        issuer: &OrgId,
        batches: Vec<Batch>,
        via: Via,
        ahead: &mut Ahead,
    ) -> Result<Accepted, Refused> {
        let mut outcome = self.verify_and_act(issuer, batches, ahead);
        if let Err(refused) = &outcome
            && let Err(fault) = self.report(issuer, refused, via)
        {
            outcome = Err(fault.into());
        }
        outcome.map(|()| ahead.accepted.clone())
    }

    fn verify_and_act(
        &self,
        issuer: &OrgId,
        batches: Vec<Batch>,
        ahead: &mut Ahead,
    ) -> Result<(), Refused> {
        let (verified, outcome) = self.verify(issuer, batches, ahead.followed.take())?;
        match self.act(issuer, &verified, ahead) {
            // One of them is refused for what a leaf of it says; those before it still count.
            Err(_) if verified.len() > 1 => {
                for batch in &verified {
                    self.act(issuer, std::slice::from_ref(batch), ahead)?;
                }
            }
            acted => acted?,
        }
        outcome
    }

    /// Checks batches against what is known of their feed, up to the first that does not hold.
    fn verify(
        &self,
        issuer: &OrgId,
        batches: Vec<Batch>,
        known: Option<Followed>,
    ) -> Result<(Vec<Verified>, Result<(), Refused>), Refused> {
        let mut followed = match known {
            Some(followed) => followed,
            None => self.db.read(|tx| {
                let partner = tx.partner(issuer.as_bytes())?.ok_or(Shut::Unknown)?;
                self.may_speak(&partner)?;
                Ok::<_, Refused>(self.followed(tx, issuer)?)
            })?,
        };
        let mut verified = Vec::with_capacity(batches.len());
        for batch in batches {
            let mut left = Vec::new();
            if batch.epoch > followed.feed.epoch && batch.first == 0 {
                // The issuer was restored from a backup and begins again. What it took back
                // stays taken back: that is remembered by the summary, not by the place.
                let feed = FeedId { epoch: batch.epoch, ..followed.feed };
                left = std::mem::replace(&mut followed, Followed::new(feed)).checkpoint;
            }
            let first = followed.frontier.size();
            match followed.accept(batch) {
                Ok((after, contents)) => {
                    followed = after.clone();
                    verified.push(Verified { followed: after, first, contents, left });
                }
                Err(fault) => return Ok((verified, Err(fault.into()))),
            }
        }
        Ok((verified, Ok(())))
    }

    /// Does what verified batches say, all of it or nothing.
    fn act(&self, issuer: &OrgId, batches: &[Verified], ahead: &mut Ahead) -> Result<(), Refused> {
        let (Some(first), Some(last)) = (batches.first(), batches.last()) else { return Ok(()) };
        let (gathered, pending) = self.db.write_ahead("accept", |tx| {
            let partner = tx.partner(issuer.as_bytes())?.ok_or(Shut::Unknown)?;
            self.may_speak(&partner)?;
            let now = self.followed(tx, issuer)?;
            let is_next = now.feed == first.followed.feed && now.frontier.size() == first.first;
            let is_restart = first.followed.feed.epoch > now.feed.epoch && first.first == 0;
            if !is_next && !is_restart {
                // They came another way since they were verified.
                return Err(FeedFault::Repeated.into());
            }
            let mut gathered = Gathered::default();
            for batch in batches {
                self.act_on_batch(tx, batch, &mut gathered)?;
            }
            self.finish(tx, issuer, gathered)
        })?;
        let accepted = std::mem::take(&mut ahead.accepted);
        ahead.accepted = accepted.and(self.remember_held(issuer, gathered));
        ahead.followed = Some(last.followed.clone());
        ahead.pending = Some(pending);
        Ok(())
    }

    fn act_on_batch(
        &self,
        tx: &mut Write<'_>,
        batch: &Verified,
        gathered: &mut Gathered,
    ) -> Result<(), Refused> {
        let Verified { followed, first, contents, left } = batch;
        let issuer = followed.feed.issuer;
        if !left.is_empty() {
            // Honest only after a restore, which their officer can tell of.
            let notes = vec![left.clone(), followed.checkpoint.clone()];
            self.keep_evidence(tx, &issuer, "feed_restarted", notes, false)?;
        }
        for (seq, bytes) in (first + 1..).zip(contents) {
            if let Some(bytes) = bytes {
                self.accept_leaf(tx, &followed.feed, seq, bytes, gathered)?;
            }
        }
        // A place in the store names the epoch of the feed, which the next batch may leave.
        self.hold_fresh(tx, &followed.feed, gathered)?;
        let row = FollowedRow {
            epoch: followed.feed.epoch,
            frontier: followed.frontier.to_bytes(),
            checkpoint: followed.checkpoint.clone(),
        };
        tx.put_followed(issuer.as_bytes(), followed.frontier.size(), &row)?;
        gathered.accepted.cursor = followed.frontier.size();
        Ok(())
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
        bytes: &[u8],
        gathered: &mut Gathered,
    ) -> Result<(), Refused> {
        let Ok(leaf) = entente_proto::decode_statement(bytes) else {
            gathered.skip(seq, "unreadable");
            gathered.unreadable.push((seq, kept_of(bytes)));
            return Ok(());
        };
        if leaf.feed != *feed || leaf.seq != seq {
            return Err(Refused::Misplaced(seq));
        }
        let Leaf { agreement, statement, .. } = leaf;
        match statement {
            Statement::Summary(summary) => {
                let fresh = Fresh { seq, id: summary.id, bytes: Some(bytes.to_vec()) };
                self.hold(tx, feed, agreement, fresh, gathered)
            }
            Statement::Withdrawal(id, reason) => {
                self.shred(tx, &feed.issuer, id, reason, gathered)?;
                Ok(())
            }
            Statement::Document(envelope) => {
                // A document may be about what is held and what is agreed.
                self.hold_fresh(tx, feed, gathered)?;
                (gathered.agreed, gathered.has_taken_back) = (None, None);
                if let Err(reason) = self.read_document(tx, &feed.issuer, &envelope, gathered)? {
                    gathered.skip(seq, reason);
                }
                Ok(())
            }
        }
    }

    fn hold(
        &self,
        tx: &mut Write<'_>,
        feed: &FeedId,
        agreement: Option<AgreementRef>,
        fresh: Fresh,
        gathered: &mut Gathered,
    ) -> Result<(), Refused> {
        let issuer = &feed.issuer;
        let known = unpoisoned(self.held.read()).place(&fresh.id);
        if known.is_some_and(|place| place.at.issuer != *issuer.as_bytes()) {
            return Err(Refused::Misplaced(fresh.seq));
        }
        if known.is_some() || gathered.places.contains_key(&fresh.id) {
            gathered.skip(fresh.seq, "known_summary");
        } else if self.was_taken_back(tx, issuer, &fresh.id, gathered)? {
            gathered.skip(fresh.seq, "taken_back");
        } else if !self.agreed_before(tx, issuer, agreement, gathered)? {
            gathered.skip(fresh.seq, "no_agreement");
        } else {
            gathered.places.insert(fresh.id, Place::Fresh(gathered.fresh.len()));
            gathered.fresh.push(fresh);
            gathered.accepted.n_held += 1;
            if gathered.fresh.len() == HELD_IN_A_ROW {
                self.hold_fresh(tx, feed, gathered)?;
            }
        }
        Ok(())
    }

    /// Most issuers never took anything back, and then no summary has to be looked up.
    fn was_taken_back(
        &self,
        tx: &Write<'_>,
        issuer: &OrgId,
        id: &SummaryId,
        gathered: &mut Gathered,
    ) -> Outcome<bool> {
        let any = match gathered.has_taken_back {
            Some(any) => any,
            None => *gathered.has_taken_back.insert(tx.has_taken_back(issuer.as_bytes())?),
        };
        Ok(any && tx.is_taken_back(issuer.as_bytes(), &id.0)?)
    }

    /// Whether this agreement lets the issuer tell us anything; looked up once for a run of leaves.
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
    pub(crate) fn agreed(
        &self,
        tx: &Write<'_>,
        issuer: &OrgId,
        agreement: Option<AgreementRef>,
    ) -> Outcome<bool> {
        let Some(AgreementRef { id, version }) = agreement else { return Ok(false) };
        let Some(row) = tx.agreement(&id, version)? else { return Ok(false) };
        // A summary under a version that was since amended or ended was said while it held.
        let state = crate::node::agreements::state_of(&row);
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
        gathered.has_taken_back = Some(true);
        let known = unpoisoned(self.held.read()).place(&id);
        let known = known.filter(|place| place.at.issuer == *issuer.as_bytes());
        let fate = match (gathered.places.remove(&id), known) {
            (Some(place), _) => {
                match place {
                    Place::Fresh(at) => {
                        if let Some(fresh) = gathered.fresh.get_mut(at) {
                            fresh.bytes = None;
                        }
                    }
                    Place::Held(place) => {
                        tx.shred_held(&place.at, &[place.position])?;
                    }
                }
                gathered.accepted.n_held = gathered.accepted.n_held.saturating_sub(1);
                Fate::Shredded
            }
            (None, Some(place)) => {
                tx.shred_held(&place.at, &[place.position])?;
                gathered.shredded.push(id);
                Fate::Shredded
            }
            (None, None) => Fate::WasNotHeld,
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

    /// Seals what was gathered of `feed` and puts it into one row. What was taken back meanwhile
    /// keeps its position, without content.
    fn hold_fresh(
        &self,
        tx: &mut Write<'_>,
        feed: &FeedId,
        gathered: &mut Gathered,
    ) -> Outcome<()> {
        let fresh = std::mem::take(&mut gathered.fresh);
        let Some(earliest) = fresh.first() else { return Ok(()) };
        let issuer = *feed.issuer.as_bytes();
        let at = HeldAt { issuer, epoch: feed.epoch, first: earliest.seq.saturating_sub(1) };
        let mut batch = HeldBatch { received_at_s: self.now_s(), ..HeldBatch::default() };
        let mut keys = HeldKeys::default();
        let plain =
            fresh.iter().map(|it| (it.id.0.as_slice(), it.bytes.as_deref().unwrap_or_default()));
        let mut items = fresh.iter().enumerate();
        seal_items(plain, |key, sealed| {
            let Some((position, Fresh { seq, id, bytes })) = items.next() else { return };
            let there = bytes.as_ref().map(|_| (sealed, *key.as_bytes()));
            let (sealed, key) = there.unzip();
            if key.is_some() {
                gathered.places.insert(*id, Place::Held(HeldPlace { at, position }));
            }
            batch.items.push((*seq, id.0, sealed.unwrap_or_default().into()));
            keys.keys.push(key);
        })
        .map_err(|_| no_randomness())?;
        Ok(tx.put_held(&at, &batch, &keys)?)
    }

    /// Writes what leaves brought besides summaries: receipts, evidence and audit entries.
    fn finish(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        mut gathered: Gathered,
    ) -> Result<Gathered, Refused> {
        if gathered.accepted.n_held > 0 {
            let entry = self.entry(Actor::Partner(*issuer), Action::SummariesHeld).partner(*issuer);
            gathered.entries.push(entry.n(gathered.accepted.n_held));
        }
        gathered.entries.extend(self.services_entries(issuer, &gathered.services));
        let unreadable: HashMap<u64, Vec<u8>> = gathered.unreadable.drain(..).collect();
        for (seq, reason) in &gathered.accepted.skipped {
            let mut proof = vec![seq.to_be_bytes().to_vec()];
            proof.extend(unreadable.get(seq).cloned());
            self.keep_evidence(tx, issuer, reason, proof, false)?;
        }
        let receipts = std::mem::take(&mut gathered.receipts);
        gathered.accepted.n_receipts_sent = receipts.len() as u64;
        let receipts = receipts.chunks(MAX_ITEMS);
        let receipts =
            receipts.map(|items| self.receipt(issuer, &Receipt { items: items.to_vec() }));
        let receipts = receipts.collect::<Outcome<Vec<_>>>()?;
        if !receipts.is_empty() {
            self.say(tx, issuer, None, receipts)?;
        }
        if let Some(mut partner) = tx.partner(issuer.as_bytes())? {
            partner.last_contact_s = Some(self.now_s());
            tx.put_partner(issuer.as_bytes(), &partner)?;
        }
        let entries = std::mem::take(&mut gathered.entries);
        self.write_audit(tx, entries)?;
        Ok(gathered)
    }

    fn remember_held(&self, issuer: &OrgId, gathered: Gathered) -> Accepted {
        let mut held = unpoisoned(self.held.write());
        for (id, place) in gathered.places {
            if let Place::Held(place) = place {
                held.put(id, place);
            }
        }
        for id in &gathered.shredded {
            held.remove(id);
        }
        drop(held);
        self.remember_services(issuer, gathered.services);
        self.news.memory_followed();
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
}

impl Gathered {
    fn skip(&mut self, seq: u64, reason: &'static str) {
        self.accepted.skipped.push((seq, reason));
    }

    /// The summaries that a document told us to destroy.
    pub(crate) fn shredded(&mut self, ids: impl IntoIterator<Item = SummaryId>) {
        self.shredded.extend(ids);
        self.services.forget = true;
    }
}

/// What is kept of a leaf that cannot be read: its bytes, or of a long one its hash, by which it can
/// be asked for again.
fn kept_of(leaf: &[u8]) -> Vec<u8> {
    const MAX_KEPT: usize = 4096;
    if leaf.len() <= MAX_KEPT { leaf.to_vec() } else { leaf_hash(leaf).0.to_vec() }
}
