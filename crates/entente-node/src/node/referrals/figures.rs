//! Our referrals as figures: what is counted of each, read from the store.
//!
//! There are thousands of referrals at most where there are millions of records elsewhere, so nothing
//! of them is kept in memory: a count reads them all. It reads them all whoever asks and for whatever
//! year, so how long it takes says how many referrals a node has, and not who is in a figure.

use std::ops::ControlFlow;

use entente_core::referral::{OfferStep, ReferralId};
use entente_core::statistics::referrals::{ReferralFacts, ReferralResult};
use entente_store::db::Rows;
use entente_store::referrals::Referrals as _;
use entente_store::tx::Reads as _;

use super::{KeptReferral, rows};
use crate::node::index::Whose;
use crate::node::records::case_of;
use crate::node::{Node, Outcome};

impl Node {
    /// What is counted of our referrals that were offered: of all of them for our own staff, or of
    /// those whose case is meant. What was offered to us is its home's to count.
    ///
    /// A referral of a record that was taken back, an error or a double, is not counted.
    pub(crate) fn referral_facts<R: Rows>(
        &self,
        tx: &R,
        whose: Option<&Whose<'_>>,
    ) -> Outcome<Vec<ReferralFacts>> {
        let mut all = Vec::new();
        tx.referrals(&mut |id, row| {
            all.push(rows::kept(ReferralId(id), row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        let mut facts = Vec::new();
        for kept in &all {
            let Some(row) = tx.record(&kept.record.0)? else { continue };
            let case = case_of(&kept.record.0, row)?;
            let is_meant = whose.is_none_or(|whose| whose.lets_in(&case, &self.id()));
            let of_it = self.facts_of(tx, kept, case.record.person_or_self().0)?;
            facts.extend(of_it.filter(|_| is_meant && !case.withdrawn));
        }
        Ok(facts)
    }

    /// What is counted of all our referrals, for our own staff.
    pub fn own_referral_facts(&self) -> Outcome<Vec<ReferralFacts>> {
        self.db.read(|tx| self.referral_facts(tx, None))
    }

    /// What is counted of a referral; `None` if nobody was offered it.
    fn facts_of<R: Rows>(
        &self,
        tx: &R,
        kept: &KeptReferral,
        person: [u8; 16],
    ) -> Outcome<Option<ReferralFacts>> {
        // The timeline has each as its own line, written with the change of the state.
        let steps = tx.referral_steps(self.id().as_bytes(), &kept.id.0)?;
        let first = |code: &str| steps.iter().find(|it| it.code == code).map(|it| it.at_s);
        let was_accepted = kept.state.offers.values().any(|it| *it == OfferStep::Won);
        let Some((offered_at_s, need)) = first("offered").zip(kept.card.needs.first()) else {
            return Ok(None);
        };
        Ok(Some(ReferralFacts {
            person,
            id: kept.id,
            offered_at_s,
            accepted_at_s: first("accepted").filter(|_| was_accepted),
            area: kept.card.area,
            need: *need,
            result: ReferralResult::of(&kept.state),
        }))
    }
}
