//! Restarts: beginning a feed anew after this node was set back.
//!
//! A backup, or an old copy of the folder, does not know what was said after it was made. Saying
//! something else at the same place would look like a lie, and would be proof of one. So a node
//! that was set back begins a new epoch of its feeds, before it says anything.

use entente_core::audit::{Action, Actor};
use entente_core::envelope::payload_type;
use entente_core::feed::{Checkpoint, FeedId};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_proto::FeedRestart;
use entente_store::db::{META, RESTORED_AT, Rows as _, Write};
use entente_store::log::{LogKey, Logs as _};
use entente_store::tx::Reads as _;

use super::{Node, Outcome};

/// Says in the store when this node last noticed that it was set back; seconds since 1970 as eight bytes,
/// big-endian.
const SET_BACK: &str = "set_back_at";

impl Node {
    /// Begins new epochs of all feeds and of the audit log if this store came from a backup.
    pub(crate) fn reopen_feeds_after_restore(&self) -> Outcome<()> {
        let restored = self.db.read(|tx| tx.get(META, RESTORED_AT))?;
        if restored.is_none() {
            return Ok(());
        }
        self.db.write("reopen feeds", |tx| {
            let mut partners = Vec::new();
            for (partner, _) in tx.partners()? {
                let Ok(partner) = OrgId::from_bytes(&partner) else { continue };
                let epoch = tx.log_head(LogKey::Feed(*partner.as_bytes()))?.epoch + 1;
                self.begin_feed(tx, &partner, epoch)?;
                partners.push(partner);
            }
            let epoch = tx.log_head(LogKey::Audit)?.epoch;
            tx.open_log_epoch(LogKey::Audit, epoch + 1)?;
            tx.delete(META, RESTORED_AT)?;
            for partner in &partners {
                self.say_referrals_again(tx, partner)?;
            }
            self.take_back_undecided(tx)?;
            self.settle_statistics(tx)?;
            self.note_set_back(tx)?;
            self.write_audit(tx, vec![self.entry(Actor::Node, Action::Restored)])
        })
    }

    /// Remembers that what came until now may have been forgotten.
    fn note_set_back(&self, tx: &mut Write<'_>) -> Outcome<()> {
        Ok(tx.put_meta(SET_BACK, &self.now_s().to_be_bytes())?)
    }

    /// Whether this node was set back after an instant: something of then may have come before.
    pub(crate) fn was_set_back_since(&self, at_s: i64) -> Outcome<bool> {
        let known = self.db.read(|tx| tx.meta(SET_BACK))?;
        let known = known.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
        Ok(known.is_some_and(|bytes| at_s <= i64::from_be_bytes(bytes)))
    }

    /// Begins an epoch of a feed. Its first statement says what was before.
    fn begin_feed(&self, tx: &mut Write<'_>, partner: &OrgId, epoch: u32) -> Outcome<()> {
        let log = LogKey::Feed(*partner.as_bytes());
        let before = tx.log_head(log)?;
        let size = before.frontier.size();
        let restart = FeedRestart {
            previous_epoch: before.epoch,
            previous: (size > 0).then(|| (size, before.frontier.root().0)),
            reason: Text::new(
                "This node was restored from a backup.",
                "Ce nœud a été restauré à partir d’une sauvegarde.",
            ),
        };
        tx.open_log_epoch(log, epoch)?;
        let payload = entente_proto::encode_feed_restart(&restart);
        let document = self.document(partner, payload_type::NEW_FEED, payload)?;
        self.say(tx, partner, None, vec![document])?;
        // They may know a key for hand-overs that this store never had.
        self.say_team_key_again(tx, partner)?;
        self.say_services_anew(tx, partner)
    }

    /// Compares what a partner holds of our feed with what we know of it.
    ///
    /// If it holds more, under our own signature, then this store is older than what we said: the
    /// folder was set back without a restore. The feed begins a new epoch. Says whether it did.
    pub fn heed_own_checkpoint(&self, partner: &OrgId, note: &[u8]) -> Outcome<bool> {
        let id = self.id();
        let signed = |epoch| {
            let feed = FeedId { issuer: id, audience: *partner, epoch };
            Checkpoint::verify(note, &feed.origin(), &id).ok()
        };
        let Some(epoch) = super::audit::epoch_of(note) else { return Ok(false) };
        let Some(held) = signed(epoch) else { return Ok(false) };
        self.db.write("heed own checkpoint", |tx| {
            let log = LogKey::Feed(*partner.as_bytes());
            let head = tx.log_head(log)?;
            let behind =
                epoch > head.epoch || (epoch == head.epoch && held.size > head.frontier.size());
            if behind {
                self.begin_feed(tx, partner, epoch + 1)?;
                self.say_referrals_again(tx, partner)?;
                // Whoever has to be told of what is taken back or given up may hold more of its feed too.
                let mut others = self.undecided_at(tx)?;
                others.extend(self.would_hear_of_sums(tx)?);
                for other in others.iter().filter(|other| *other != partner) {
                    let epoch = tx.log_head(LogKey::Feed(*other.as_bytes()))?.epoch;
                    self.begin_feed(tx, other, epoch + 1)?;
                    self.say_referrals_again(tx, other)?;
                }
                self.take_back_undecided(tx)?;
                self.settle_statistics(tx)?;
                self.note_set_back(tx)?;
                let entry = self.entry(Actor::Node, Action::Restored).partner(*partner);
                self.write_audit(tx, vec![entry])?;
            }
            Ok(behind)
        })
    }
}
