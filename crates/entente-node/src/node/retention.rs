//! Retention: what a partner gave us is destroyed when the agreement says so.

use std::ops::ControlFlow;

use entente_core::audit::{Action, Actor};
use entente_core::identity::OrgId;
use entente_core::summary::SummaryId;
use entente_store::tx::{HeldAt, Reads as _};

use super::{Node, Outcome};

const DAY_S: i64 = 24 * 60 * 60;

impl Node {
    /// Destroys every held summary that is kept for longer than its agreement allows.
    ///
    /// Days are counted from the arrival. Returns how many were destroyed.
    pub fn shred_expired(&self) -> Outcome<u64> {
        let mut n_shredded = 0;
        for (issuer, _) in self.partner_rows()? {
            n_shredded += self.shred_expired_of(&issuer)?;
        }
        Ok(n_shredded)
    }

    fn shred_expired_of(&self, issuer: &OrgId) -> Outcome<u64> {
        let ids = self.db.write("retention", |tx| {
            let Some(kept) = self.newest(tx, issuer)? else { return Ok(Vec::new()) };
            let Some((_, grant)) = kept.agreement.grant_to(&self.id()) else {
                return Ok(Vec::new());
            };
            let oldest_s = self.now_s() - i64::from(grant.retention_days) * DAY_S;
            let mut expired: Vec<(HeldAt, Vec<usize>)> = Vec::new();
            let mut ids = Vec::new();
            tx.held(issuer.as_bytes(), &mut |at, batch, keys| {
                if batch.received_at_s < oldest_s {
                    let alive = keys.keys.iter().enumerate().filter(|(_, key)| key.is_some());
                    let alive: Vec<usize> = alive.map(|(position, _)| position).collect();
                    let held = alive.iter().filter_map(|position| batch.items.get(*position));
                    ids.extend(held.map(|(_, id, _)| SummaryId(*id)));
                    expired.push((at, alive));
                }
                Ok(ControlFlow::Continue(()))
            })?;
            for (at, positions) in expired.iter().filter(|(_, positions)| !positions.is_empty()) {
                tx.shred_held(at, positions)?;
            }
            if !ids.is_empty() {
                let entry = self.entry(Actor::Node, Action::SummaryShredded).partner(*issuer);
                let entry = entry.agreement(kept.agreement.id.0).n(ids.len() as u64);
                self.write_audit(tx, vec![entry.reasons(["retention".to_owned()])])?;
            }
            Ok::<_, Box<crate::fault::Fault>>(ids)
        })?;
        self.forget_held(&ids);
        Ok(ids.len() as u64)
    }
}
