//! How agreements end: what happens to what was said and to what is held, on both sides.
//!
//! Each side does what the clause says to what it holds, and answers with a receipt. What was never
//! read is never sent.

use entente_core::agreement::{AgreementId, AgreementState, Side, terms::Consequence};
use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::envelope::payload_type;
use entente_core::identity::OrgId;
use entente_core::statement::WithdrawReason;
use entente_core::summary::SummaryId;
use entente_proto::{AgreementChange, AgreementNotice, Done, Fate, Receipt, Receipted};
use entente_store::db::Write;
use entente_store::log::{LogKey, Logs as _};
use entente_store::tx::Reads as _;

use super::agreements::{Kept, is_in_force, state_of};
use super::{Node, Outcome};
use crate::fault::Fault;

/// What the end of an agreement did to what we held.
pub(crate) struct Ending {
    pub(crate) receipt: Receipted,
    pub(crate) entry: AuditEntry,
    /// How many summaries are gone.
    pub(crate) n: u64,
    pub(crate) gone: Vec<SummaryId>,
}

impl Node {
    /// What the end means on our side of the exchange: what they had not read yet is never sent, and
    /// what they held is marked as taken back where the clause says so.
    pub(crate) fn after_end(&self, tx: &mut Write<'_>, kept: &Kept) -> Outcome<()> {
        let log = LogKey::Feed(*kept.partner.as_bytes());
        let epoch = tx.log_head(log)?.epoch;
        let (mut releases, mut unread) = (Vec::new(), Vec::new());
        tx.all_releases(&mut |record, partner, release| {
            if partner == *kept.partner.as_bytes() {
                releases.push((record, release));
            }
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        for (record, mut release) in releases {
            if release.at.0 == epoch {
                unread.push(release.at.1.saturating_sub(1));
            }
            if kept.agreement.at_end != Consequence::Keep && release.withdrawn_at_s.is_none() {
                release.withdrawn_at_s = Some(self.now_s());
                self.put_release(tx, &record, kept.partner.as_bytes(), &release)?;
            }
        }
        tx.shred_leaves(log, epoch, &unread)?;
        self.end_handovers(tx, kept)?;
        self.forget_services_with(tx, &kept.partner)?;
        self.end_referrals_with(tx, &kept.partner)
    }

    /// Ends everything in force with a partner, as the end of the partnership asks.
    ///
    /// Returns the summaries that are no longer held for it; the caller lets the index forget them.
    pub(crate) fn end_agreements_with(
        &self,
        tx: &mut Write<'_>,
        actor: Actor,
        partner: &OrgId,
    ) -> Outcome<Vec<SummaryId>> {
        let side = if actor == Actor::Partner(*partner) { Side::Theirs } else { Side::Ours };
        let mut gone = Vec::new();
        for kept in self.all_kept(tx)? {
            let over = matches!(
                kept.state,
                AgreementState::Amended | AgreementState::Expired | AgreementState::Ended { .. }
            );
            if kept.partner != *partner || over {
                continue;
            }
            self.apply_change(tx, actor.clone(), &kept, AgreementChange::Ended, side)?;
            if side == Side::Ours {
                let notice = AgreementNotice {
                    agreement: kept.reference(),
                    change: AgreementChange::Ended,
                    at_s: u64::try_from(self.now_s()).unwrap_or(0),
                    reason: "partnership_ended".to_owned(),
                };
                let payload = entente_proto::encode_agreement_notice(&notice);
                let document = self.document(partner, payload_type::AGREEMENT_NOTICE, payload)?;
                self.say(tx, partner, None, vec![document])?;
            }
            if is_in_force(kept.state) {
                gone.extend(self.execute_our_end(tx, &kept)?);
            }
        }
        Ok(gone)
    }

    /// Does what agreements say about their end, once their last day is over. Returns how many ended.
    ///
    /// Both sides do so by themselves, since nobody has to say that time has passed.
    pub fn expire_agreements(&self) -> Outcome<u64> {
        let (n_expired, gone) = self.db.write("expire agreements", |tx| {
            let (mut n_expired, mut gone) = (0, Vec::new());
            for kept in self.all_kept(tx)? {
                let before = state_of(&kept.row);
                if kept.state != AgreementState::Expired || before == AgreementState::Expired {
                    continue;
                }
                let mut row = kept.row.clone();
                row.ended_at_s = Some(self.now_s());
                self.put_state(tx, &kept, &mut row, AgreementState::Expired)?;
                if is_in_force(before) {
                    self.after_end(tx, &kept)?;
                    gone.extend(self.execute_our_end(tx, &kept)?);
                }
                let entry = self.entry(Actor::Node, Action::AgreementEnded).partner(kept.partner);
                let entry = entry.agreement(kept.agreement.id.0);
                self.write_audit(tx, vec![entry.reasons(["expired".to_owned()])])?;
                n_expired += 1;
            }
            Ok::<_, Box<Fault>>((n_expired, gone))
        })?;
        self.forget_held(&gone);
        Ok(n_expired)
    }

    /// The end that we brought about binds us too: what we hold of theirs goes as the agreement
    /// says, and they get the receipt for it.
    pub(crate) fn execute_our_end(
        &self,
        tx: &mut Write<'_>,
        kept: &Kept,
    ) -> Outcome<Vec<SummaryId>> {
        let Ending { receipt, mut entry, gone, .. } = self.execute_end(tx, kept)?;
        entry.actor = Actor::Node;
        let receipt = self.receipt(&kept.partner, &Receipt { items: vec![receipt] })?;
        self.say(tx, &kept.partner, None, vec![receipt])?;
        self.write_audit(tx, vec![entry])?;
        Ok(gone)
    }

    /// Does what the agreement says about its end to what we hold.
    pub(crate) fn execute_end(&self, tx: &mut Write<'_>, kept: &Kept) -> Outcome<Ending> {
        let fate = match kept.agreement.at_end {
            Consequence::Keep => Fate::Kept,
            Consequence::Delete => Fate::Deleted,
            // A summary says nothing its issuer does not have; returning it is sending the receipt
            // that names it.
            Consequence::Return => Fate::Returned,
        };
        let mut held = Vec::new();
        tx.held(kept.partner.as_bytes(), &mut |at, batch, keys| {
            let alive: Vec<usize> = keys
                .keys
                .iter()
                .enumerate()
                .filter_map(|(position, key)| key.as_ref().map(|_| position))
                .collect();
            let ids = alive.iter().filter_map(|position| batch.items.get(*position));
            held.push((
                at,
                alive.clone(),
                ids.map(|(_, id, _)| SummaryId(*id)).collect::<Vec<_>>(),
            ));
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        let n_held: u64 = held.iter().map(|(_, positions, _)| positions.len() as u64).sum();
        let mut gone = Vec::new();
        if fate != Fate::Kept {
            for (at, positions, ids) in held {
                tx.shred_held(&at, &positions)?;
                for id in &ids {
                    tx.put_taken_back(kept.partner.as_bytes(), &id.0, self.now_s())?;
                }
                gone.extend(ids);
            }
        }
        let agreement = kept.agreement.id;
        let done = Done::AgreementEnd { agreement, fate, n_summaries: n_held };
        let entry = self.entry(Actor::Partner(kept.partner), Action::SummaryShredded);
        let reason = WithdrawReason::AgreementEnded.code().to_owned();
        let entry = entry.partner(kept.partner).agreement(agreement.0).n(n_held).reasons([reason]);
        Ok(Ending { receipt: self.receipted(done), entry, n: gone.len() as u64, gone })
    }

    /// The other side did what the agreement says about its end. Says whether that was asked for.
    ///
    /// One receipt answers for every summary that the end took back.
    pub(crate) fn end_receipt(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        agreement: &AgreementId,
        done_at_s: i64,
        fate: Fate,
    ) -> Outcome<bool> {
        let mut asked = false;
        for (id, version, mut row) in tx.agreements()? {
            let open = row.ended_at_s.is_some() && row.end_receipt_at_s.is_none();
            if id == agreement.0 && row.partner == *issuer.as_bytes() && open {
                row.end_receipt_at_s = Some(done_at_s);
                tx.put_agreement(&id, version, &row)?;
                asked = true;
            }
        }
        if !asked {
            return Ok(false);
        }
        let mut answered = Vec::new();
        tx.all_releases(&mut |record, partner, release| {
            let open = release.withdrawn_at_s.is_some() && release.receipt.is_none();
            if partner == *issuer.as_bytes() && open {
                answered.push((record, release));
            }
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        for (record, mut release) in answered {
            release.receipt = Some((done_at_s, fate.code().to_owned()));
            self.put_release(tx, &record, issuer.as_bytes(), &release)?;
        }
        Ok(true)
    }
}
