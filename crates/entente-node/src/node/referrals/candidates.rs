//! Who might take a referral on, and in which order.

use entente_core::agreement::AgreementState;
use entente_core::codes::{Code as _, OrgType};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::referral::matching::{Candidate, Match, rank};
use entente_store::tx::Reads as _;

use super::{KeptReferral, Refusal};
use crate::node::{Node, Outcome};

impl Node {
    /// The services that might take a referral on: those of partners whose agreement lets us offer
    /// them referrals today.
    ///
    /// The one seam to the service directory. What a partner has not said of its services is not
    /// known here, and ranks it neither up nor down.
    pub fn referral_candidates(&self) -> Outcome<Vec<Candidate>> {
        self.db.read(|tx| {
            let mut all = Vec::new();
            for partner in self.referral_partners(tx)? {
                let Some(row) = tx.partner(partner.as_bytes())? else { continue };
                let kind = OrgType::from_number(row.kind).unwrap_or(OrgType::Ngo);
                let name = Text::new(row.name_en, row.name_fr);
                all.push(Candidate::partner_only(partner, kind, name));
            }
            Ok(all)
        })
    }

    /// The partners whose agreement lets us offer them referrals today, in the order of their ids.
    fn referral_partners<R: entente_store::db::Rows>(&self, tx: &R) -> Outcome<Vec<OrgId>> {
        let mut all = Vec::new();
        for kept in self.all_kept(tx)? {
            let granted = self.policy(&kept)?.grants_referrals(kept.state, self.today()).is_ok();
            if granted && kept.state == AgreementState::Active && !all.contains(&kept.partner) {
                all.push(kept.partner);
            }
        }
        all.sort_unstable();
        Ok(all)
    }

    /// Ranks the services for a referral, and says of each partner whether it may be asked.
    pub fn rank_referral(&self, kept: &KeptReferral) -> Outcome<Vec<(Match, Result<(), Refusal>)>> {
        let ranked = rank(&kept.card, self.referral_candidates()?, self.today());
        let judged = ranked.into_iter().map(|found| {
            let may = self.may_offer(kept, &found.candidate.partner)?;
            Ok((found, may))
        });
        judged.collect()
    }
}
