//! Contributing: charged like a release of our own, made once, and sent as the same bytes for ever.
//!
//! A sum is seen by everybody who may ask, so each of them must have an agreement that grants it, and
//! each one's part pays. After a crash between the charge and the contribution nothing was seen, and
//! the contribution is made from what was paid.

use entente_core::audit::{Action, Actor};
use entente_core::codes::Code as _;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::statistics::budget::{Known, NanoRho, Pool, charge};
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::plan::{MAX_PER_CELL, Plan};
use entente_core::statistics::release::{Addend, Answer, DeclineReason, Receipt, ReleaseId};
use entente_core::statistics::sum::{Opening, Role, SealingPublic, contribute};
use entente_proto::{SumQuestion, SumReply};
use entente_store::db::{Rows, Write};
use entente_store::rows::{Bytes32, ChargeRow, GivenRow};
use entente_store::statistics::Statistics as _;
use entente_store::sums::Sums as _;
use sha2::{Digest as _, Sha256};

use super::{SumShut, bad_row};
use crate::node::audit::no_randomness;
use crate::node::statistics::ledger::node_pool;
use crate::node::statistics::releases::{ReleaseShut, not_paid};
use crate::node::{Node, Outcome};

/// A question for a contribution that is inside a plan, charged if it will be answered with one.
#[derive(Debug)]
pub struct ChargedSum {
    asked: Asked,
    step: Step,
}

#[derive(Debug)]
struct Asked {
    leader: OrgId,
    release: ReleaseId,
    plan: Plan,
    keys: [SealingPublic; 2],
}

impl Asked {
    /// What identifies the openings.
    fn digest(&self) -> Bytes32 {
        let [leader, helper] = &self.keys;
        Sha256::new()
            .chain_update(leader.to_bytes())
            .chain_update(helper.to_bytes())
            .finalize()
            .into()
    }
}

#[derive(Debug)]
enum Step {
    /// It was made before.
    Stored(Vec<u8>, GivenRow),
    /// It is paid for and has to be made.
    Paid(u64, ChargeRow),
    /// It is not made.
    Declined(DeclineReason),
}

impl Node {
    /// Answers the leader's question for our contribution.
    pub fn contribute(&self, leader: &OrgId, question: &SumQuestion) -> Result<SumReply, SumShut> {
        let charged = self.charge_sum(leader, question)?;
        self.finish_sum(charged)
    }

    /// Looks the question up in the plans, heeds what the leader holds of ours, and charges.
    ///
    /// When this returns, the charge is on the disk. If nothing follows, it stays spent.
    pub fn charge_sum(
        &self,
        leader: &OrgId,
        question: &SumQuestion,
    ) -> Result<ChargedSum, SumShut> {
        let decided = self.db.write("charge sum", |tx| {
            self.sum_open_to(tx, leader)?;
            let by =
                || self.entry(Actor::Partner(*leader), Action::ReleaseDeclined).partner(*leader);
            let Some(asked) = self.within_sum(tx, leader, question)? else {
                self.write_audit(tx, vec![by().reasons(["outside_plan".to_owned()])])?;
                return Ok::<_, SumShut>(None);
            };
            let step = match self.heed_receipts(tx, leader, &question.receipts)? {
                true => self.decide_sum(tx, &asked)?,
                false => Step::Declined(DeclineReason::Behind),
            };
            let (action, reasons) = match &step {
                Step::Stored(..) => (Action::ReleaseGiven, None),
                Step::Paid(..) => (Action::ReleaseCharged, None),
                Step::Declined(reason) => (Action::ReleaseDeclined, Some(reason.code().to_owned())),
            };
            let entry = self.entry(Actor::Partner(*leader), action).partner(*leader);
            let entry = entry.reference(asked.release.bytes()).reasons(reasons);
            self.write_audit(tx, vec![entry])?;
            Ok(Some(ChargedSum { asked, step }))
        })?;
        decided.ok_or_else(SumShut::outside)
    }

    /// The question, if it is one of the leader of a plan that our officer signed, to which we
    /// contribute, with openings of both aggregators for just this round.
    fn within_sum<R: Rows>(
        &self,
        tx: &R,
        leader: &OrgId,
        question: &SumQuestion,
    ) -> Outcome<Option<Asked>> {
        let release = question.release;
        let Some(plan) = self.sum_plan(tx, &release)? else { return Ok(None) };
        let leads = plan.roles.aggregators.is_some_and(|[it, _]| it == *leader);
        if !leads || !plan.roles.contributors.contains_key(&self.id()) {
            return Ok(None);
        }
        let Some(round) = plan.round(&release) else { return Ok(None) };
        let [of_leader, of_helper] = &question.openings;
        let key = |opening: &Envelope, role| {
            Opening::verify(opening, &round, role).map(|opening| opening.key).ok()
        };
        let keys = key(of_leader, Role::Leader).zip(key(of_helper, Role::Helper));
        Ok(keys.map(|(a, b)| Asked { leader: *leader, release, plan, keys: [a, b] }))
    }

    fn decide_sum(&self, tx: &mut Write<'_>, asked: &Asked) -> Outcome<Step> {
        let (key, plan) = (asked.release.bytes(), &asked.plan);
        let (given, said) = (tx.sum_given(&key)?, tx.own_release(&key)?);
        match (given, said) {
            (Some(given), Some(said)) if given.keys == asked.digest() => {
                return Ok(Step::Stored(said, given));
            }
            (None, None) => {}
            // To another opening; or before this store was set back, and then the shares are gone.
            _ => return Ok(Step::Declined(DeclineReason::OtherRound)),
        }
        if let Some(reason) = self.obstacle(tx, plan, &asked.release)? {
            return Ok(Step::Declined(reason));
        }
        let Some(parts) = self.parts(tx, plan)? else {
            return Ok(Step::Declined(DeclineReason::NotGranted));
        };
        if let Some((number, row)) = tx.charge_of(&key)? {
            return Ok(Step::Paid(number, row));
        }
        let year = asked.release.period.year();
        let cost = plan.cube_at(asked.release.cube).map(|it| it.cost_of(asked.release.revision));
        let cost = cost.ok_or_else(bad_row)?;
        let (mut node, mut known) = (node_pool(tx, year)?, Known::New);
        for (org, cap) in &parts {
            let mut part = Pool::new(*cap, NanoRho(tx.spent(year.number(), Some(org))?));
            if let Err(refusal) = charge(&mut node, &mut part, cost, known) {
                return Ok(Step::Declined(not_paid(refusal)));
            }
            // The node pays once, however many may ask.
            known = Known::ByOthers;
        }
        let orgs: Vec<_> = parts.iter().map(|(org, _)| *org).collect();
        let orgs = (orgs.clone(), orgs);
        let (number, row) = self.put_new_charge(tx, &asked.release, cost, node.spent(), orgs)?;
        Ok(Step::Paid(number, row))
    }

    /// Everybody but us who may ask, with what we give each at most in a year; `None` if an agreement
    /// with one of them does not grant it, or if nobody else may ask.
    fn parts<R: Rows>(&self, tx: &R, plan: &Plan) -> Outcome<Option<Vec<(Bytes32, NanoRho)>>> {
        let mut parts = Vec::new();
        for querier in plan.roles.queriers.keys().filter(|org| **org != self.id()) {
            let Some(grant) = self.statistics_grant(tx, querier)? else { return Ok(None) };
            parts.push((*querier.as_bytes(), plan.budget.partner_cap.min(grant.budget)));
        }
        Ok((!parts.is_empty()).then_some(parts))
    }

    /// The answer to a question that was charged: what is stored, or what is made and stored now.
    pub fn finish_sum(&self, charged: ChargedSum) -> Result<SumReply, SumShut> {
        let ChargedSum { asked, step } = charged;
        let (said, given) = match step {
            Step::Declined(reason) => return Ok(self.not_contributed(&asked.release, reason)?),
            Step::Stored(said, given) => (said, given),
            Step::Paid(number, row) => self.make_contribution(&asked, number, &row)?,
        };
        // Of two that were charged before one contribution was made, the first to be stored counts.
        if given.keys != asked.digest() {
            return Ok(self.not_contributed(&asked.release, DeclineReason::OtherRound)?);
        }
        let answer = entente_proto::decode_envelope(&said).map_err(|_| bad_row())?;
        Ok(SumReply { answer, contribution: given.contribution })
    }

    fn not_contributed(
        &self,
        release: &ReleaseId,
        reason: DeclineReason,
    ) -> Result<SumReply, ReleaseShut> {
        Ok(SumReply { answer: self.signed_no(release, reason)?, contribution: Vec::new() })
    }

    /// Counts, splits, signs and stores what was paid for; returns what is stored.
    fn make_contribution(
        &self,
        asked: &Asked,
        number: u64,
        row: &ChargeRow,
    ) -> Outcome<(Vec<u8>, GivenRow)> {
        let Asked { release, plan, keys: [leader, helper], .. } = asked;
        let cube = plan.cube_at(release.cube).ok_or_else(bad_row)?;
        let round = plan.round(release).ok_or_else(bad_row)?;
        let exact = self.tallied(plan, cube, release, &row.heeded)?;
        let cells = exact.at_most(MAX_PER_CELL).into_addends();
        let made =
            contribute(&round, [leader, helper], &self.secrets.key, &cells, &mut SystemRandomness);
        let made = made.map_err(|_| no_randomness())?;
        let addend = Addend {
            release: *release,
            at_s: self.now_s(),
            sigma: round.sigma(),
            cost: NanoRho(row.nano_rho),
            receipt: Receipt {
                number,
                year_spent: NanoRho(row.year_spent),
                spent: NanoRho(row.spent),
            },
            context: round.context(),
            report: made.report.report.id,
            digest: made.report.digest(),
        };
        let payload = entente_proto::encode_release_answer(&Answer::Added(addend));
        let sealed = Envelope::seal(payload_type::RELEASE_ANSWER, payload, &self.secrets.key);
        let said = entente_proto::encode_envelope(&sealed.map_err(|_| no_randomness())?);
        let given = GivenRow { keys: asked.digest(), contribution: made.to_bytes() };
        self.store_contribution(asked, said, given)
    }

    fn store_contribution(
        &self,
        asked: &Asked,
        said: Vec<u8>,
        given: GivenRow,
    ) -> Outcome<(Vec<u8>, GivenRow)> {
        let key = asked.release.bytes();
        self.db.write("store contribution", |tx| {
            // A receipt that came in between says that there was one before.
            let before = (tx.own_release(&key)?, tx.sum_given(&key)?);
            match before {
                (Some(said), Some(given)) => return Ok((said, given)),
                (Some(said), None) => {
                    return Ok((said, GivenRow { keys: [0; 32], contribution: Vec::new() }));
                }
                (None, _) => {}
            }
            tx.put_sum_given(&key, &given)?;
            let said = tx.put_own_release(&key, said)?;
            let entry = self.entry(Actor::Partner(asked.leader), Action::ReleaseGiven);
            let entry = entry.partner(asked.leader).reference(key.clone());
            self.write_audit(tx, vec![entry])?;
            Ok((said, given))
        })
    }
}
