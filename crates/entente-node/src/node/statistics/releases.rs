//! Releases of our own figures: charged, drawn, stored, sent, in this order.
//!
//! A question charges, and hears "not yet". What is paid for is drawn when this node comes to it
//! ([`super::drawing`]), and then the same question has the figures. So nothing is drawn while
//! somebody waits and looks at a clock, and who asks first and who asks last hear the same.
//!
//! The charge is durable before anything is drawn, and the figures are before anybody sees them. A
//! crash in between loses no budget and gives none back: the release stays paid for, nobody has seen
//! a figure of it, and it is drawn from what was paid. What is stored is served as it is, whatever
//! the clock says.
//!
//! Every question outside of a plan has one refusal. Inside, the answer is signed even if it is no.

use entente_core::audit::{Action, Actor};
use entente_core::codes::Code as _;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::policy::{Inclusion, StatisticsGrant};
use entente_core::statistics::budget::{BudgetRefusal, Known, NanoRho, Pool, charge};
use entente_core::statistics::plan::{Cube, Plan};
use entente_core::statistics::referrals::{self, Counts};
use entente_core::statistics::release::{Answer, DeclineReason, Declined, ReleaseId};
use entente_core::statistics::tally::Exact;
use entente_proto::ReleaseQuestion;
use entente_store::db::{DbError, Rows, Write};
use entente_store::rows::{Bytes32, ChargeRow};
use entente_store::statistics::Statistics as _;
use entente_store::tx::Reads as _;

use super::ledger::{is_behind, node_pool};
use super::plans::{is_replaced, plan_of, signed_plans};
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::index::Whose;
use crate::node::partners::Shut;
use crate::node::{Node, Outcome, unpoisoned};

/// Why a question for a release is not even considered.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseShut {
    /// The partner may not ask now.
    #[error(transparent)]
    Shut(#[from] Shut),
    /// It is outside of every plan: the same words for all of it.
    #[error("nothing outside a plan is answered")]
    OutsidePlan,
    /// Our own store failed.
    #[error("{0}")]
    Fault(#[from] Box<Fault>),
}

impl From<DbError> for ReleaseShut {
    fn from(error: DbError) -> Self {
        Self::Fault(error.into())
    }
}

/// A question that is inside a plan, with everything that was looked up for it.
#[derive(Debug)]
struct Asked {
    partner: OrgId,
    release: ReleaseId,
    plan: Plan,
    cost: NanoRho,
}

/// What becomes of a question.
#[derive(Debug)]
enum Step {
    /// The figures are there.
    Stored(Vec<u8>),
    /// They are paid for, and come when this node has drawn them.
    Paid,
    /// They are not given.
    Declined(DeclineReason),
}

impl Node {
    /// Answers a partner's question for a release of our own figures. The answer is signed.
    ///
    /// Looks the question up in the plans, heeds what the partner holds of ours, and charges. When this
    /// returns, the charge is on the disk.
    pub fn answer_release(
        &self,
        partner: &OrgId,
        question: &ReleaseQuestion,
    ) -> Result<Envelope, ReleaseShut> {
        let decided = self.db.write("charge release", |tx| {
            let row = tx.partner(partner.as_bytes())?.ok_or(Shut::Unknown)?;
            self.open_to(&row)?;
            let Some(asked) = self.within_plan(tx, partner, &question.release)? else {
                let entry = self.entry(Actor::Partner(*partner), Action::ReleaseDeclined);
                let entry = entry.partner(*partner).reasons(["outside_plan".to_owned()]);
                self.write_audit(tx, vec![entry])?;
                return Ok::<_, ReleaseShut>(None);
            };
            let step = match self.heed_receipts(tx, partner, &question.receipts)? {
                true => self.decide_release(tx, &asked)?,
                false => Step::Declined(DeclineReason::Behind),
            };
            let (action, reasons) = match &step {
                Step::Stored(_) => (Action::ReleaseGiven, None),
                Step::Paid => (Action::ReleaseCharged, None),
                Step::Declined(reason) => (Action::ReleaseDeclined, Some(reason.code().to_owned())),
            };
            let entry = self.entry(Actor::Partner(*partner), action).partner(*partner);
            let entry = entry.reference(asked.release.bytes()).reasons(reasons);
            self.write_audit(tx, vec![entry])?;
            Ok(Some(step))
        })?;
        let document = match decided.ok_or(ReleaseShut::OutsidePlan)? {
            Step::Declined(reason) => return self.signed_no(&question.release, reason),
            Step::Paid => return self.signed_no(&question.release, DeclineReason::NotYet),
            Step::Stored(document) => document,
        };
        let envelope = entente_proto::decode_envelope(&document);
        envelope.map_err(|_| DbError::from(entente_store::rows::BadRow).into())
    }

    /// The question, if it is one of a plan that our officer signed, in which the partner may ask
    /// and we answer by ourselves.
    fn within_plan<R: Rows>(
        &self,
        tx: &R,
        partner: &OrgId,
        release: &ReleaseId,
    ) -> Outcome<Option<Asked>> {
        let row = tx.plan(&release.plan.0)?.filter(|row| row.signed_at_s.is_some());
        let Some(row) = row else { return Ok(None) };
        let plan = plan_of(&row)?;
        let is_inside = plan.roles.queriers.contains_key(partner)
            && plan.roles.contributors.contains_key(&self.id())
            && !plan.is_secure_sum()
            && release.revision <= plan.n_revisions();
        let cube = plan.cube_at(release.cube).filter(|cube| plan.covers(cube, release.period));
        let cost = cube.filter(|_| is_inside).map(|cube| cube.cost_of(release.revision));
        Ok(cost.map(|cost| Asked { partner: *partner, release: *release, plan, cost }))
    }

    fn decide_release(&self, tx: &mut Write<'_>, asked: &Asked) -> Outcome<Step> {
        let release = asked.release.bytes();
        let partner = asked.partner.as_bytes();
        let charged = tx.charge_of(&release)?;
        let known = match &charged {
            None => Known::New,
            Some((_, row)) if row.partners.contains(partner) => Known::ByThisPartner,
            Some((_, row)) if !row.heeded.contains(partner) => {
                return Ok(Step::Declined(DeclineReason::DrawnBefore));
            }
            Some(_) => Known::ByOthers,
        };
        // What a partner was told of it may have again, whatever has changed since.
        if let (Known::ByThisPartner, Some(document)) = (known, tx.own_release(&release)?) {
            return Ok(match self.is_awaited(&asked.release, &asked.partner) {
                true => Step::Declined(DeclineReason::NotYet),
                false => Step::Stored(document),
            });
        }
        if let Some(reason) = self.obstacle(tx, &asked.plan, &asked.release)? {
            return Ok(Step::Declined(reason));
        }
        let Some(grant) = self.statistics_grant(tx, &asked.partner)? else {
            return Ok(Step::Declined(DeclineReason::NotGranted));
        };

        let year = asked.release.period.year();
        let mut node = node_pool(tx, year)?;
        let part = asked.plan.budget.partner_cap.min(grant.budget);
        let mut part = Pool::new(part, NanoRho(tx.spent(year.number(), Some(partner))?));
        if let Err(refusal) = charge(&mut node, &mut part, asked.cost, known) {
            return Ok(Step::Declined(not_paid(refusal)));
        }
        self.wait_for(&asked.release, &asked.partner);
        // The same work, whether others have asked before or nobody has.
        let heeded = self.heeded(tx, &asked.plan)?;
        match (known, charged) {
            (Known::ByThisPartner, _) => return Ok(Step::Declined(DeclineReason::NotYet)),
            (_, Some((number, _))) => tx.charge_partner(number, partner)?,
            (_, None) => {
                let orgs = (heeded, vec![*partner]);
                self.put_new_charge(tx, &asked.release, asked.cost, node.spent(), orgs)?;
            }
        }
        Ok(Step::Paid)
    }

    /// What stands in the way of drawing, whoever asks.
    pub(super) fn obstacle<R: Rows>(
        &self,
        tx: &R,
        plan: &Plan,
        release: &ReleaseId,
    ) -> Outcome<Option<DeclineReason>> {
        if let Some(reason) = self.not_now(tx, plan, release)? {
            return Ok(Some(reason));
        }
        let is_whole = !is_behind(tx)? && self.is_settled(tx)?;
        Ok((!is_whole).then_some(DeclineReason::Behind))
    }

    /// Why a release is not made now, by anybody.
    pub(super) fn not_now<R: Rows>(
        &self,
        tx: &R,
        plan: &Plan,
        release: &ReleaseId,
    ) -> Outcome<Option<DeclineReason>> {
        let ReleaseId { period, revision, .. } = *release;
        let is_due = plan.due_on(period, revision).is_some_and(|day| day <= self.today());
        if !is_due {
            return Ok(Some(DeclineReason::NotDue));
        }
        let signed = signed_plans(tx)?;
        let is_over = is_replaced(plan, period.year(), signed.iter().map(|(_, plan)| plan));
        Ok(is_over.then_some(DeclineReason::Replaced))
    }

    /// Those who may ask and whose agreements grant it: only who is in all of them is counted.
    fn heeded<R: Rows>(&self, tx: &R, plan: &Plan) -> Outcome<Vec<Bytes32>> {
        let mut heeded = Vec::new();
        for querier in plan.roles.queriers.keys() {
            if self.statistics_grant(tx, querier)?.is_some() {
                heeded.push(*querier.as_bytes());
            }
        }
        Ok(heeded)
    }

    /// Writes the next charge. `year_spent` is what the year's persons have paid with it; `orgs` are
    /// those whose agreements are heeded, and those who pay.
    pub(super) fn put_new_charge(
        &self,
        tx: &mut Write<'_>,
        release: &ReleaseId,
        cost: NanoRho,
        year_spent: NanoRho,
        (heeded, partners): (Vec<Bytes32>, Vec<Bytes32>),
    ) -> Outcome<(u64, ChargeRow)> {
        let last = tx.n_charges()?;
        let spent = tx.charge(last)?.map_or(0, |row| row.spent);
        let row = ChargeRow {
            release: release.bytes(),
            year: release.period.year().number(),
            nano_rho: cost.0,
            year_spent: year_spent.0,
            spent: NanoRho(spent).plus(cost).0,
            at_s: self.now_s(),
            heeded,
            partners,
        };
        tx.put_charge(last + 1, &row)?;
        Ok((last + 1, row))
    }

    /// The exact cells over the cases that every heeded agreement lets be counted, or over the
    /// referrals that were made for them.
    pub(super) fn tallied(
        &self,
        plan: &Plan,
        cube: &Cube,
        release: &ReleaseId,
        heeded: &[Bytes32],
    ) -> Outcome<Exact> {
        let granted: Vec<Inclusion> = self.db.read(|tx| {
            let mut granted = Vec::new();
            for org in heeded.iter().filter_map(|org| OrgId::from_bytes(org).ok()) {
                granted.extend(self.statistics_grant(tx, &org)?.map(|grant| grant.of));
            }
            Ok::<_, Box<Fault>>(granted)
        })?;
        let whose = Whose { granted: &granted, definition: plan.definition, today: self.today() };
        if cube.counts() == Counts::Referrals {
            let meant = self.db.read(|tx| self.referral_facts(tx, Some(&whose)))?;
            return Ok(referrals::tally(cube, release.period, meant));
        }
        Ok(unpoisoned(self.cases.read()).tally(cube, release.period, &whose))
    }

    /// What the agreement in force grants a partner of our statistics.
    pub(super) fn statistics_grant<R: Rows>(
        &self,
        tx: &R,
        partner: &OrgId,
    ) -> Outcome<Option<StatisticsGrant>> {
        let Some(kept) = self.newest(tx, partner)? else { return Ok(None) };
        let permitted = self.policy(&kept)?.decide_statistics(kept.state, self.today());
        Ok(permitted.ok().map(|permitted| permitted.inner().clone()))
    }

    /// A signed no.
    pub(super) fn signed_no(
        &self,
        release: &ReleaseId,
        reason: DeclineReason,
    ) -> Result<Envelope, ReleaseShut> {
        let n_charges = self.db.read(|tx| tx.n_whole_charges())?;
        let declined = Declined { release: *release, at_s: self.now_s(), reason, n_charges };
        let payload = entente_proto::encode_release_answer(&Answer::Declined(declined));
        let sealed = Envelope::seal(payload_type::RELEASE_ANSWER, payload, &self.secrets.key);
        sealed.map_err(|_| ReleaseShut::Fault(no_randomness()))
    }
}

/// What somebody hears whose question is not paid for.
pub(super) fn not_paid(refusal: BudgetRefusal) -> DeclineReason {
    match refusal {
        BudgetRefusal::PartnerSpent => DeclineReason::PartSpent,
        BudgetRefusal::NodeSpent | BudgetRefusal::Free => DeclineReason::BudgetSpent,
    }
}
