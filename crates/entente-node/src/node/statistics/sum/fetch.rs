//! A finished sum goes from the leader to everybody who may ask, with all that proves it. That there is none
//! and never will be goes to everybody who contributed, too.

use entente_core::audit::{Action, Actor};
use entente_core::codes::Code as _;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::statistics::national::{GivenUp, SignedEnd, SumEnd};
use entente_core::statistics::release::ReleaseId;
use entente_proto::SecretSum;
use entente_store::db::Write;
use entente_store::rows::{AnswerRow, SumRow};
use entente_store::sums::{Part, Sums as _};

use super::{NO_ROUND, OPEN, SumShut, end, left_out_row, proof};
use crate::node::documents::Used;
use crate::node::feeds::Gathered;
use crate::node::statistics::KeptPlan;
use crate::node::statistics::asking::{said, voices};
use crate::node::{Node, Outcome};

/// What became of a finished sum that the leader sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SumKept {
    /// It is kept now, or was before.
    Kept,
    /// There is none and never will be: that is kept.
    GivenUp(SumEnd),
    /// It does not prove what it must.
    NotValid,
}

impl Node {
    /// The bytes of a finished sum for somebody who may ask.
    pub fn finished_sum(&self, querier: &OrgId, release: &ReleaseId) -> Result<Vec<u8>, SumShut> {
        let key = release.bytes();
        self.db.write("give sum", |tx| {
            self.sum_open_to(tx, querier)?;
            let plan = self.sum_plan(tx, release)?;
            let plan = plan.filter(|it| {
                let leads = it.roles.aggregators.is_some_and(|[leader, _]| leader == self.id());
                leads && it.roles.queriers.contains_key(querier)
            });
            let plan = plan.ok_or_else(SumShut::outside)?;
            let end = match (proof(tx, release)?, end(tx, release)?) {
                (Some(proof), _) => Ok(proof),
                (None, Some(end)) => Err(end),
                (None, None) => {
                    let is_there = tx.sum_round(Part::Leader, &key)?.is_some();
                    return Err(SumShut::stopped(if is_there { OPEN } else { NO_ROUND }));
                }
            };
            let voices = voices(tx, &plan, release)?;
            let entry = self.entry(Actor::Partner(*querier), Action::SumGiven).partner(*querier);
            self.write_audit(tx, vec![entry.reference(key.clone())])?;
            Ok(entente_proto::encode_secret_sum(&SecretSum { release: *release, voices, end }))
        })
    }

    /// Checks and keeps a finished sum that the leader sent.
    pub fn keep_sum(&self, release: &ReleaseId, bytes: &[u8]) -> Outcome<SumKept> {
        let KeptPlan { plan, .. } = self.plan_by_id(&release.plan)?;
        let Ok(SecretSum { release: of, voices, end }) = entente_proto::decode_secret_sum(bytes)
        else {
            return Ok(SumKept::NotValid);
        };
        let named = voices.iter().map(|(org, _)| org);
        let is_right = |org: &OrgId, envelope: &Envelope| {
            envelope.payload_type == payload_type::RELEASE_ANSWER
                && said(&plan, org, release, envelope).is_some()
        };
        let heard = |(org, heard): &(OrgId, Option<_>)| {
            let heard: &Option<entente_core::statistics::national::Heard> = heard;
            heard.as_ref().is_none_or(|it| is_right(org, &it.envelope))
        };
        let leader = plan.roles.aggregators.map(|[leader, _]| leader);
        let is_proven = match &end {
            Ok(proof) => proof.total(&plan, release, &voices).is_ok(),
            Err(end) => leader.is_some_and(|it| end.signer(&plan, release, &it) == Some(it)),
        };
        let fits = of == *release
            && named.eq(plan.roles.contributors.keys())
            && voices.iter().all(heard)
            && is_proven;
        if !fits {
            return Ok(SumKept::NotValid);
        }
        let key = release.bytes();
        self.db.write("keep sum", |tx| {
            if tx.sum(&key)?.is_some() {
                return Ok(());
            }
            let at_s = self.now_s();
            for (org, heard) in &voices {
                let Some(heard) = heard else { continue };
                let document = entente_proto::encode_envelope(&heard.envelope);
                let given = heard.answer.paid().is_some();
                // The leader asked, so these are no receipts of ours.
                tx.put_answer(&key, org.as_bytes(), None, &AnswerRow { document, at_s, given })?;
            }
            match &end {
                Ok(proof) => {
                    let shares = proof.shares.each_ref().map(entente_proto::encode_envelope);
                    let left_out = left_out_row(&proof.left_out);
                    tx.put_sum(&key, &SumRow { left_out, shares, at_s })?;
                }
                Err(end) => {
                    tx.put_sum_ended(&key, &entente_proto::encode_envelope(&end.envelope))?;
                }
            }
            let entry = self.entry(Actor::Node, Action::SumReceived).reference(key.clone());
            self.write_audit(tx, vec![entry])
        })?;
        Ok(match end {
            Ok(_) => SumKept::Kept,
            Err(end) => SumKept::GivenUp(end.given_up.why),
        })
    }

    /// Reads in the leader's feed that a sum to which we contribute was given up. The first word stays.
    pub(crate) fn read_sum_end(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        envelope: &Envelope,
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let Ok(said) = entente_proto::decode_given_up(envelope.clone()) else {
            return Ok(Err("document_unreadable"));
        };
        let GivenUp { release, why, .. } = said.given_up;
        let plan = self.sum_plan(tx, &release)?;
        let plan = plan.filter(|it| it.roles.contributors.contains_key(&self.id()));
        let Some(plan) = plan else { return Ok(Err("plan_of_others")) };
        let leads = plan.roles.aggregators.is_some_and(|[leader, _]| leader == *issuer);
        let is_theirs = |it: &SignedEnd| it.signer(&plan, &release, issuer) == Some(*issuer);
        if !leads || !is_theirs(&said) {
            return Ok(Err("sum_end_not_right"));
        }
        let before = end(tx, &release)?;
        // What we said ourselves of a leader that was gone gives way to what it says.
        if tx.sum(&release.bytes())?.is_some() || before.as_ref().is_some_and(is_theirs) {
            return Ok(Ok(()));
        }
        tx.put_sum_ended(&release.bytes(), &entente_proto::encode_envelope(envelope))?;
        let entry = self.entry(Actor::Partner(*issuer), Action::SumAborted).partner(*issuer);
        let entry = entry.reference(release.bytes()).reasons([why.code().to_owned()]);
        gathered.entries.push(entry);
        Ok(Ok(()))
    }
}
