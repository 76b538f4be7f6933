//! Drawing what was paid for, at this node's own pace.
//!
//! Nothing is drawn while somebody waits for an answer. A question charges and hears "not yet"; all
//! that was charged since is drawn together, and from then on served as stored bytes. How long that
//! takes depends on how many records there are, and nobody outside sees when it begins.
//!
//! A partner's first question hears "not yet" even if others have had the figures. Who waits for what
//! is remembered in memory until the next time: after a restart nothing is drawn before it is asked
//! for again, with the newest receipt of whoever asks. So a node that was set back without knowing it
//! draws nothing by itself that it has drawn before.

use std::collections::BTreeSet;

use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::plan::MAX_PER_CELL;
use entente_core::statistics::release::{Answer, Contribution, Receipt, ReleaseId};
use entente_store::statistics::Statistics as _;

use super::ledger::is_behind;
use super::plans::plan_of;
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::{Node, Outcome, unpoisoned};

impl Node {
    /// Draws and stores everything that is paid for and waited for. Returns how many releases.
    pub fn draw_releases(&self) -> Outcome<u64> {
        let awaited = unpoisoned(self.awaited.lock()).clone();
        let is_whole =
            || self.db.read(|tx| Ok::<_, Box<Fault>>(!is_behind(tx)? && self.is_settled(tx)?));
        if awaited.is_empty() || !is_whole()? {
            return Ok(0);
        }
        let releases: BTreeSet<_> = awaited.iter().map(|(release, _)| *release).collect();
        let mut n_drawn = 0;
        for release in releases {
            n_drawn += u64::from(self.draw(&release)?);
        }
        // Who asked meanwhile waits for the next time.
        unpoisoned(self.awaited.lock()).retain(|it| !awaited.contains(it));
        Ok(n_drawn)
    }

    fn draw(&self, release: &ReleaseId) -> Outcome<bool> {
        let key = release.bytes();
        let paid = self.db.read(|tx| {
            let is_new = tx.own_release(&key)?.is_none();
            Ok::<_, Box<Fault>>(tx.charge_of(&key)?.filter(|_| is_new))
        })?;
        let Some((number, row)) = paid else { return Ok(false) };
        let plan = self.db.read(|tx| tx.plan(&release.plan.0))?;
        let Some(plan) = plan.map(|row| plan_of(&row)).transpose()? else { return Ok(false) };
        let cube = plan.cube_at(release.cube).filter(|_| !plan.is_secure_sum());
        let exact = cube.map(|cube| self.tallied(&plan, cube, release, &row.heeded)).transpose()?;
        let cost = NanoRho(row.nano_rho);
        let Some((exact, sigma)) = exact.zip(cost.sigma()) else { return Ok(false) };
        let contribution = Contribution {
            release: *release,
            drawn_at_s: self.now_s(),
            sigma,
            cost,
            receipt: Receipt {
                number,
                year_spent: NanoRho(row.year_spent),
                spent: NanoRho(row.spent),
            },
            cells: exact
                .at_most(MAX_PER_CELL)
                .with_noise(sigma, &mut SystemRandomness)
                .map_err(|_| no_randomness())?,
        };
        let payload = entente_proto::encode_release_answer(&Answer::Given(contribution));
        let sealed = Envelope::seal(payload_type::RELEASE_ANSWER, payload, &self.secrets.key);
        let document = entente_proto::encode_envelope(&sealed.map_err(|_| no_randomness())?);
        self.db.write("store release", |tx| {
            // Of two that draw at once the first to be stored counts; and a receipt that came in
            // between says that it was drawn before.
            if tx.own_release(&key)?.is_some() {
                return Ok(false);
            }
            tx.put_own_release(&key, document)?;
            let entry = self.entry(Actor::Node, Action::ReleaseDrawn);
            self.write_audit(tx, vec![entry.reference(key.clone())])?;
            Ok(true)
        })
    }

    /// Notes that a partner hears "not yet".
    pub(super) fn wait_for(&self, release: &ReleaseId, partner: &OrgId) {
        unpoisoned(self.awaited.lock()).insert((*release, *partner));
    }

    /// Whether a partner heard "not yet" since something was drawn last.
    pub(super) fn is_awaited(&self, release: &ReleaseId, partner: &OrgId) -> bool {
        unpoisoned(self.awaited.lock()).contains(&(*release, *partner))
    }
}
