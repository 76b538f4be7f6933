//! Destroying hand-overs: at once when they are taken back, and by the agreement's days once the referral
//! is closed, or was opened and nobody closes it. On both sides: the receiver destroys the key of what it
//! holds, and the home destroys the content of the leaf in its own feed, so that what was not read yet is
//! never sent.

use entente_core::agreement::terms::Consequence;
use entente_core::audit::{Action, Actor};
use entente_core::handover::HandoverDeed;
use entente_core::identity::OrgId;
use entente_core::referral::ReferralId;
use entente_store::db::Write;
use entente_store::handover::{HandoverAt, HandoverRow, Handovers as _, Way};
use entente_store::log::LogKey;

use crate::node::agreements::Kept;
use crate::node::{Node, Outcome};

const DAY_S: i64 = 24 * 60 * 60;

/// For how many days what was opened is kept at least, if the referral is not closed: reaching a person takes
/// days, and an agreement without summaries may grant none.
const LEAST_OPENED_DAYS: u32 = 30;

/// Until when a hand-over is kept, in seconds since 1970: `days` after the referral was closed, and in any case
/// no longer than that after it was opened. `None` while it is neither.
pub(crate) fn kept_until_s(row: &HandoverRow, days: u32) -> Option<i64> {
    let after = |at_s: i64, days: u32| at_s.saturating_add(i64::from(days).saturating_mul(DAY_S));
    let closed = row.closed_at_s.map(|at_s| after(at_s, days));
    let opened = row.opened.as_ref().map(|(at_s, _)| after(*at_s, days.max(LEAST_OPENED_DAYS)));
    closed.into_iter().chain(opened).min()
}

impl Node {
    /// Destroys what was handed over with a referral: by us to a partner, in our own feed; to us by its
    /// home, and says so; or through us, which is for nobody here and so has no receipt of ours.
    pub(crate) fn shred_handovers(
        &self,
        tx: &mut Write<'_>,
        way: Way,
        partner: &OrgId,
        referral: &ReferralId,
        why: &str,
    ) -> Outcome<()> {
        for (at, row) in tx.handovers_of(way, partner.as_bytes(), &referral.0)? {
            self.shred_one(tx, partner, &at, row, why)?;
        }
        Ok(())
    }

    /// Remembers when a referral was closed: from then on the agreement's days count.
    pub(crate) fn close_handovers(
        &self,
        tx: &mut Write<'_>,
        way: Way,
        partner: &OrgId,
        referral: &ReferralId,
    ) -> Outcome<()> {
        for (at, mut row) in tx.handovers_of(way, partner.as_bytes(), &referral.0)? {
            if row.shredded.is_none() && row.closed_at_s.is_none() {
                row.closed_at_s = Some(self.now_s());
                tx.put_handover(&at, &row)?;
            }
        }
        Ok(())
    }

    /// Remembers that what was handed over was opened, by whichever way: from then on the agreement's days
    /// count if nobody closes the referral.
    pub(crate) fn note_opened(
        &self,
        tx: &mut Write<'_>,
        way: Way,
        partner: &OrgId,
        referral: &ReferralId,
    ) -> Outcome<()> {
        for (at, mut row) in tx.handovers_of(way, partner.as_bytes(), &referral.0)? {
            if row.shredded.is_none() && row.opened.is_none() {
                row.opened = Some((self.now_s(), String::new()));
                tx.put_handover(&at, &row)?;
            }
        }
        Ok(())
    }

    /// Does to hand-overs what the end of an agreement asks: what we sent is not sent any more, and what
    /// we hold goes unless the clause lets us keep it.
    pub(crate) fn end_handovers(&self, tx: &mut Write<'_>, kept: &Kept) -> Outcome<()> {
        let keeps = kept.agreement.at_end == Consequence::Keep;
        for way in [Way::Sent, Way::Received, Way::Carried] {
            for (at, row) in tx.handovers(way)? {
                let is_under = row.agreement.0 == kept.agreement.id.0;
                if is_under && (way != Way::Received || !keeps) {
                    self.shred_one(tx, &kept.partner, &at, row, "agreement_ended")?;
                }
            }
        }
        Ok(())
    }

    /// Destroys hand-overs whose referral was closed, or that were opened, for longer than the agreement lets
    /// them be kept. Returns how many.
    pub fn shred_expired_handovers(&self) -> Outcome<u64> {
        let mut due = Vec::new();
        for way in [Way::Sent, Way::Received] {
            for (at, row) in self.db.read(|tx| tx.handovers(way))? {
                let Ok(partner) = OrgId::from_bytes(&at.partner) else { continue };
                if row.shredded.is_none() && self.is_over(&partner, &at, &row)? {
                    due.push((partner, at));
                }
            }
        }
        if due.is_empty() {
            return Ok(0);
        }
        self.db.write("shred hand-overs", |tx| {
            let mut n_shredded = 0;
            for (partner, at) in &due {
                if let Some(row) = tx.handover(at)? {
                    self.shred_one(tx, partner, at, row, "retention")?;
                    n_shredded += 1;
                }
            }
            Ok(n_shredded)
        })
    }

    /// For how many days a hand-over is kept once its referral is closed, as the agreement says: that
    /// with the sponsor, if `partner` has no node.
    pub fn handover_days(&self, partner: &OrgId, way: Way, id: &ReferralId) -> Outcome<u32> {
        let kept = self.db.read(|tx| {
            let through = match way {
                Way::Sent => self.through(tx, id, partner)?,
                Way::Received | Way::Carried => *partner,
            };
            self.newest(tx, &through)
        })?;
        let days = kept.and_then(|kept| {
            let ours = self.id();
            let grant = match way {
                Way::Sent => kept.agreement.grant_from(&ours),
                Way::Received | Way::Carried => kept.agreement.grant_to(&ours),
            };
            grant.map(|(_, grant)| grant.retention_days)
        });
        Ok(days.unwrap_or(0))
    }

    fn is_over(&self, partner: &OrgId, at: &HandoverAt, row: &HandoverRow) -> Outcome<bool> {
        if row.closed_at_s.is_none() && row.opened.is_none() {
            return Ok(false);
        }
        let days = self.handover_days(partner, at.way, &ReferralId(at.referral))?;
        Ok(kept_until_s(row, days).is_some_and(|until_s| self.now_s() >= until_s))
    }

    fn shred_one(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        at: &HandoverAt,
        row: HandoverRow,
        why: &str,
    ) -> Outcome<()> {
        if row.shredded.is_some() {
            return Ok(());
        }
        let (digest, agreement) = (row.digest, row.agreement.0);
        match (at.way, row.said_at) {
            (Way::Sent, Some((epoch, seq))) => {
                let org = OrgId::from_bytes(&at.partner).unwrap_or(*partner);
                let through = self.through(tx, &ReferralId(at.referral), &org)?;
                // What is in our own mail goes with the word that ends it.
                if !self.is_ours(&through) {
                    let log = LogKey::Feed(*through.as_bytes());
                    tx.shred_leaves(log, epoch, &[seq.saturating_sub(1)])?;
                }
            }
            (Way::Sent, None) | (Way::Carried, _) => {}
            (Way::Received, _) => {
                let (referral, deed) = (ReferralId(at.referral), HandoverDeed::Shredded);
                self.say_handover_receipt(tx, partner, referral, digest, deed)?;
            }
        }
        tx.shred_handover(at, row, self.now_s(), why)?;
        let entry = self.entry(Actor::Node, Action::HandoverShredded).partner(*partner);
        let entry = entry.agreement(agreement).reference(at.referral);
        self.write_audit(tx, vec![entry.reasons([why.to_owned()])])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_count_from_the_closing_and_no_longer_than_from_the_opening() {
        let until = |opened: Option<i64>, closed_at_s: Option<i64>, days: u32| {
            let opened = opened.map(|at_s| (at_s, String::new()));
            let row = HandoverRow { opened, closed_at_s, ..HandoverRow::default() };
            kept_until_s(&row, days).map(|until_s| until_s / DAY_S)
        };
        let day = |n: i64| Some(n * DAY_S);
        assert_eq!(until(None, None, 90), None, "nobody has read it");
        assert_eq!(until(None, day(3), 90), Some(93));
        assert_eq!(until(day(1), None, 90), Some(91));
        assert_eq!(until(day(1), day(3), 90), Some(91), "it is opened before it is closed");
        // A clause of few days does not take it away from whoever is reaching the person.
        assert_eq!(until(day(1), None, 0), Some(31));
        assert_eq!(until(day(1), day(3), 0), Some(3));
    }
}
