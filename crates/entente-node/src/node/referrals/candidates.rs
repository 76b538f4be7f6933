//! Who might take a referral on: the seam to the service directory.

use entente_core::agreement::AgreementState;
use entente_core::identity::OrgId;

use crate::node::{Node, Outcome};

impl Node {
    /// The partners whose agreement lets us offer them referrals today, in the order of their ids.
    pub fn referral_partners(&self) -> Outcome<Vec<OrgId>> {
        self.db.read(|tx| {
            let mut all = Vec::new();
            for kept in self.all_kept(tx)? {
                let policy = self.policy(&kept)?;
                let granted = policy.grants_referrals(kept.state, self.today()).is_ok();
                if granted && kept.state == AgreementState::Active && !all.contains(&kept.partner) {
                    all.push(kept.partner);
                }
            }
            all.sort_unstable();
            Ok(all)
        })
    }
}
