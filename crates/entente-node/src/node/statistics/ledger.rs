//! The ledger: what the persons in our figures have paid, and whether our books are whole.
//!
//! Each charge has a number, without gaps. Partners hold our signed figures, and those carry the
//! number of their charge, so each is a receipt: one whose number we do not know proves that this
//! store is older than what we said. Then nothing new is drawn, for nobody, before every charge up
//! to there is known again; a receipt brings back the charge and the figures themselves.
//!
//! After a restore from a backup nothing is drawn before everybody who may ask has shown its newest
//! receipt, so that whoever comes first cannot get what another holds already. Nothing here ever
//! refunds.

use entente_core::agreement::MAX_BUDGET_NANO_RHO;
use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::period::Year;
use entente_core::statistics::budget::{NanoRho, Pool};
use entente_core::statistics::plan::Plan;
use entente_core::statistics::release::{Answer, Paid, ReleaseId};
use entente_store::db::{DbError, Rows, Write};
use entente_store::rows::{Bytes32, ChargeRow, PartnerState};
use entente_store::statistics::Statistics as _;
use entente_store::sums::Sums as _;
use entente_store::tx::Reads as _;

use super::plans::{plan_of, signed_plans};
use crate::node::{Node, Outcome};

/// A fact of the node: who has shown a receipt since this store was set back. Absent otherwise.
const SETTLING: &str = "statistics-settling";

/// What was spent of a year, for people to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearSpent {
    /// The year whose persons paid.
    pub year: Year,
    /// The node-wide pool.
    pub node: Pool,
    /// Each partner's part that was spent.
    pub partners: Vec<(OrgId, NanoRho)>,
}

/// The whole account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odometer {
    /// Every year in which something was spent or a signed plan answers.
    pub years: Vec<YearSpent>,
    /// How many charges there were.
    pub n_charges: u64,
    /// What they came to.
    pub spent: NanoRho,
    /// How many of them paid for a release that is not drawn, and what they came to.
    pub undrawn: (u64, NanoRho),
    /// How many of them paid for a secure sum that was given up, as far as we have heard, and what they came
    /// to. They stay spent, and there are no figures.
    pub given_up: (u64, NanoRho),
    /// Whether every charge up to the last is known.
    pub whole: bool,
    /// Who has still to be heard since this store was set back, before anything is drawn.
    pub waiting_for: Vec<OrgId>,
}

impl Node {
    /// What was spent, year by year.
    pub fn odometer(&self) -> Outcome<Odometer> {
        self.db.read(|tx| {
            let charges = tx.charges()?;
            let plans = signed_plans(tx)?;
            let this_year = self.today().year();
            let planned = plans
                .iter()
                .flat_map(|(_, plan)| plan.first_year.number()..=plan.last_year.number())
                .filter(|year| *year <= this_year)
                .filter_map(|year| Year::new(year).ok());
            let charged = charges.iter().filter_map(|(_, row)| Year::new(row.year).ok());
            let mut numbers: Vec<_> = charged.chain(planned).collect();
            numbers.sort_unstable();
            numbers.dedup();
            let mut years = Vec::new();
            for year in numbers {
                let of_year = charges.iter().filter(|(_, row)| row.year == year.number());
                let mut orgs: Vec<Bytes32> =
                    of_year.flat_map(|(_, row)| row.partners.iter().copied()).collect();
                orgs.sort_unstable();
                orgs.dedup();
                let mut partners = Vec::new();
                for org in orgs {
                    let spent = NanoRho(tx.spent(year.number(), Some(&org))?);
                    partners.extend(OrgId::from_bytes(&org).ok().map(|org| (org, spent)));
                }
                years.push(YearSpent { year, node: node_pool(tx, year)?, partners });
            }
            let spent = charges.iter().map(|(_, row)| row.spent).max().unwrap_or(0);
            let (mut undrawn, mut given_up) = ((0, NanoRho::ZERO), (0, NanoRho::ZERO));
            for (_, row) in &charges {
                if ReleaseId::from_bytes(&row.release).is_none() {
                    continue;
                }
                let of = if tx.sum(&row.release)?.is_none() && tx.sum_ended(&row.release)?.is_some()
                {
                    &mut given_up
                } else if tx.own_release(&row.release)?.is_none() {
                    &mut undrawn
                } else {
                    continue;
                };
                *of = (of.0 + 1, of.1.plus(NanoRho(row.nano_rho)));
            }
            Ok(Odometer {
                years,
                n_charges: tx.n_charges()?,
                spent: NanoRho(spent),
                undrawn,
                given_up,
                whole: !is_behind(tx)?,
                waiting_for: self.unheard(tx)?,
            })
        })
    }

    /// Whether our own answer to a release is drawn; `None` if nothing was paid for it.
    pub fn own_standing(&self, release: &ReleaseId) -> Outcome<Option<bool>> {
        let key = release.bytes();
        Ok(self.db.read(|tx| {
            let is_drawn = tx.own_release(&key)?.is_some();
            Ok::<_, DbError>((is_drawn || tx.charge_of(&key)?.is_some()).then_some(is_drawn))
        })?)
    }

    /// Takes in what a partner holds of ours. Returns `false` if a receipt contradicts our books: two
    /// nodes have run with our key, and nothing can be drawn for that partner.
    pub(super) fn heed_receipts(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        receipts: &[Envelope],
    ) -> Outcome<bool> {
        for receipt in receipts {
            let payload = receipt.verify(payload_type::RELEASE_ANSWER, &[self.id()]);
            // What we did not sign says nothing about us.
            let Ok(payload) = payload else { continue };
            let Ok(answer) = entente_proto::decode_release_answer(payload.bytes()) else {
                continue;
            };
            let Some(paid) = answer.paid() else { continue };
            let is_sum = matches!(answer, Answer::Added(_));
            if !self.heed_receipt(tx, partner, &paid, is_sum, receipt)? {
                let entry = self.entry(Actor::Partner(*partner), Action::LedgerBehind);
                let entry = entry.partner(*partner).reasons(["contradicts".to_owned()]);
                self.write_audit(tx, vec![entry.reference(paid.release.bytes())])?;
                return Ok(false);
            }
        }
        heard(tx, partner)?;
        if self.is_settled(tx)? {
            tx.delete_meta(SETTLING)?;
        }
        Ok(true)
    }

    fn heed_receipt(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        paid: &Paid,
        is_sum: bool,
        receipt: &Envelope,
    ) -> Outcome<bool> {
        let release = paid.release.bytes();
        let document = entente_proto::encode_envelope(receipt);
        let number = paid.receipt.number;
        match (tx.charge(number)?, tx.charge_of(&release)?) {
            (Some(row), Some((known, _))) if known == number && row.release == release => {
                let kept = tx.put_own_release(&release, document.clone())?;
                if kept != document {
                    return Ok(false);
                }
                // For a secure sum all who may ask have paid, and the leader need not be one of them.
                if !is_sum && !row.partners.contains(partner.as_bytes()) {
                    // It was theirs before this store was set back.
                    tx.heed_partner(number, partner.as_bytes())?;
                    tx.charge_partner(number, partner.as_bytes())?;
                }
                Ok(true)
            }
            (None, None) => {
                let payers = match is_sum {
                    true => self.queriers_of(tx, &paid.release)?,
                    false => vec![*partner.as_bytes()],
                };
                let row = ChargeRow {
                    release: release.clone(),
                    year: paid.release.period.year().number(),
                    nano_rho: paid.cost.0,
                    year_spent: paid.receipt.year_spent.0,
                    spent: paid.receipt.spent.0,
                    at_s: paid.at_s,
                    heeded: payers.clone(),
                    partners: payers,
                };
                tx.put_charge(number, &row)?;
                tx.put_own_release(&release, document)?;
                let entry = self.entry(Actor::Partner(*partner), Action::LedgerBehind);
                let entry = entry.partner(*partner).reasons(["restored".to_owned()]);
                self.write_audit(tx, vec![entry.reference(release)])?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Everybody but us who may ask for a release, if we still have its plan.
    fn queriers_of<R: Rows>(&self, tx: &R, release: &ReleaseId) -> Outcome<Vec<Bytes32>> {
        let Some(row) = tx.plan(&release.plan.0)? else { return Ok(Vec::new()) };
        let (plan, ours) = (plan_of(&row)?, self.id());
        let queriers = plan.roles.queriers.keys().filter(|org| **org != ours);
        Ok(queriers.map(|org| *org.as_bytes()).collect())
    }

    /// Notes that this store was set back: nothing is drawn before those who may ask were heard, no
    /// round of a secure sum goes on, since it may have gone on before, and overlap rounds in which we
    /// had a secret are over.
    pub(crate) fn settle_statistics(&self, tx: &mut Write<'_>) -> Outcome<()> {
        self.abort_all_sums(tx, super::sum::SET_BACK)?;
        self.end_overlaps_set_back(tx)?;
        Ok(tx.put_meta(SETTLING, &[])?)
    }

    /// Whether those who may ask under a signed plan have all been heard since we were set back.
    pub(super) fn is_settled<R: Rows>(&self, tx: &R) -> Outcome<bool> {
        Ok(self.unheard(tx)?.is_empty())
    }

    /// Those who have not been heard. A partnership that was ended is not waited for: somebody
    /// decided that it will never ask again, and what it holds of us cannot be known.
    fn unheard<R: Rows>(&self, tx: &R) -> Outcome<Vec<OrgId>> {
        let Some(heard) = tx.meta(SETTLING)? else { return Ok(Vec::new()) };
        let (heard, _) = heard.as_chunks::<32>();
        let ours = self.id();
        let plans = signed_plans(tx)?;
        let mut unheard = Vec::new();
        for org in plans.iter().flat_map(|(_, plan)| askers(plan)) {
            let row = tx.partner(org.as_bytes())?;
            let is_over = row.is_some_and(|row| row.state == PartnerState::Ended);
            let is_heard = *org == ours || heard.contains(org.as_bytes());
            if !is_over && !is_heard && !unheard.contains(org) {
                unheard.push(*org);
            }
        }
        Ok(unheard)
    }
}

/// Who puts questions under a plan: those who may ask, or the leader for all of them.
fn askers(plan: &Plan) -> Vec<&OrgId> {
    match &plan.roles.aggregators {
        Some([leader, _]) => vec![leader],
        None => plan.roles.queriers.keys().collect(),
    }
}

/// Whether charges are missing below the last one we know of.
pub(super) fn is_behind<R: Rows>(tx: &R) -> Outcome<bool> {
    Ok(tx.n_whole_charges()? < tx.n_charges()?)
}

/// Remembers that a partner has shown its newest receipt, while that matters.
fn heard(tx: &mut Write<'_>, partner: &OrgId) -> Outcome<()> {
    let Some(mut all) = tx.meta(SETTLING)? else { return Ok(()) };
    let (heard, _) = all.as_chunks::<32>();
    if !heard.contains(partner.as_bytes()) {
        all.extend_from_slice(partner.as_bytes());
        tx.put_meta(SETTLING, &all)?;
    }
    Ok(())
}

/// The node-wide pool of a year: the lowest cap of the plans we signed for it, or what no plan may
/// exceed.
pub(super) fn node_pool<R: Rows>(tx: &R, year: Year) -> Outcome<Pool> {
    let plans = signed_plans(tx)?;
    let of_year = plans.iter().filter(|(_, it)| (it.first_year..=it.last_year).contains(&year));
    let cap = of_year.map(|(_, plan)| plan.budget.node_cap).min();
    let cap = cap.unwrap_or(NanoRho(MAX_BUDGET_NANO_RHO));
    Ok(Pool::new(cap, NanoRho(tx.spent(year.number(), None)?)))
}
