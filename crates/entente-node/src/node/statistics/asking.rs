//! Asking others for releases, and keeping what they answer.
//!
//! With each question go our newest receipts, so that a node that was set back learns of it from us.
//! An answer with figures is kept for ever and never replaced: another one for the same release, or
//! another release under the same charge, is proof that its issuer drew twice. Both are kept as
//! evidence, neither is used, and nothing more is accepted from there until a person has looked.

use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::statistics::national::Heard;
use entente_core::statistics::plan::Plan;
use entente_core::statistics::release::{
    Addend, Answer, Contribution, DeclineReason, Declined, ReleaseId,
};
use entente_proto::{MAX_RECEIPTS, ReleaseQuestion};
use entente_store::db::{Rows, Write};
use entente_store::rows::AnswerRow;
use entente_store::statistics::Statistics as _;
use entente_store::tx::Reads as _;

use super::plans::KeptPlan;
use crate::fault::Fault;
use crate::node::{Node, Outcome};

/// Which receipts go with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// The newest one.
    First,
    /// Those after this charge: up to there the other side knows its own ledger.
    After(u64),
}

impl Asking {
    /// How to go on after this answer: with the receipts that the other side lacks and we hold, as
    /// long as that brings it further. `None` if the answer stands.
    pub fn next(self, answer: &AnswerKept) -> Option<Self> {
        let AnswerKept::Declined(Declined { reason, n_charges, .. }) = answer else { return None };
        let brings_more = match self {
            Self::First => true,
            Self::After(before) => *n_charges > before,
        };
        (*reason == DeclineReason::Behind && brings_more).then_some(Self::After(*n_charges))
    }
}

/// What became of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerKept {
    /// Figures, now kept or kept before.
    Given(Contribution),
    /// That it contributed to a secure sum, now kept or kept before.
    Added(Addend),
    /// None, and why.
    Declined(Declined),
    /// It contradicts what the same organization signed before.
    Contradicts,
    /// It is no answer to what was asked.
    NotValid,
    /// The sum to which it would belong takes nothing in any more.
    TooLate,
}

/// An organization and what it answered, if it did.
pub type Voice = (OrgId, Option<Heard>);

impl Node {
    /// A question for one contributor of a plan, with receipts.
    pub fn release_question(
        &self,
        actor: Actor,
        contributor: &OrgId,
        release: &ReleaseId,
        asking: Asking,
    ) -> Outcome<ReleaseQuestion> {
        let receipts = self.db.read(|tx| receipts(tx, contributor, asking))?;
        let entry = self.entry(actor, Action::ReleaseAsked).partner(*contributor);
        self.audit(vec![entry.reference(release.bytes())])?;
        Ok(ReleaseQuestion { release: *release, receipts })
    }

    /// Checks and keeps what a contributor answered.
    pub fn keep_release_answer(
        &self,
        contributor: &OrgId,
        release: &ReleaseId,
        envelope: &Envelope,
    ) -> Outcome<AnswerKept> {
        let KeptPlan { plan, .. } = self.plan_by_id(&release.plan)?;
        let Some(answer) = said(&plan, contributor, release, envelope) else {
            return Ok(AnswerKept::NotValid);
        };
        let document = entente_proto::encode_envelope(envelope);
        let kept = self.db.write("keep answer", |tx| {
            self.keep_answer(tx, contributor, release, answer, document)
        })?;
        if kept == AnswerKept::Contradicts {
            self.refresh_admissions()?;
        }
        Ok(kept)
    }

    pub(super) fn keep_answer(
        &self,
        tx: &mut Write<'_>,
        contributor: &OrgId,
        release: &ReleaseId,
        answer: Answer,
        document: Vec<u8>,
    ) -> Outcome<AnswerKept> {
        let (org, key) = (contributor.as_bytes(), release.bytes());
        let before = tx.answer(&key, org)?.filter(|row| row.given);
        let charge = answer.paid().map(|paid| paid.receipt.number);
        let other = match charge {
            Some(charge) => tx.receipt_at(org, charge)?.filter(|other| *other != key),
            None => None,
        };
        let elsewhere = match &other {
            Some(other) => tx.answer(other, org)?,
            None => None,
        };
        let contradicted = match (&before, charge) {
            (Some(before), Some(_)) if before.document != document => Some(before.clone()),
            _ => elsewhere,
        };
        if let Some(before) = contradicted {
            let proof = vec![before.document, document];
            self.keep_evidence(tx, contributor, "drawn_twice", proof, true)?;
            return Ok(AnswerKept::Contradicts);
        }
        if before.is_none() {
            let row = AnswerRow { document, at_s: self.now_s(), given: charge.is_some() };
            tx.put_answer(&key, org, charge, &row)?;
            let entry = self.entry(Actor::Partner(*contributor), Action::ReleaseReceived);
            let reason = match &answer {
                Answer::Given(_) | Answer::Added(_) => "given".to_owned(),
                Answer::Declined(declined) => code(declined.reason),
            };
            let entry = entry.partner(*contributor).reference(key).reasons([reason]);
            self.write_audit(tx, vec![entry])?;
        }
        Ok(match answer {
            Answer::Given(given) => AnswerKept::Given(given),
            Answer::Added(added) => AnswerKept::Added(added),
            Answer::Declined(declined) => AnswerKept::Declined(declined),
        })
    }

    /// What every contributor of a plan has answered to one release, in the order of their ids.
    pub fn voices(&self, release: &ReleaseId) -> Outcome<Vec<Voice>> {
        let KeptPlan { plan, .. } = self.plan_by_id(&release.plan)?;
        self.db.read(|tx| voices(tx, &plan, release))
    }

    /// The release of a plan that these words name: a cube, a period and a revision.
    pub fn release_of(
        &self,
        kept: &KeptPlan,
        cube: &str,
        period: entente_core::period::Period,
        revision: u8,
    ) -> Outcome<ReleaseId> {
        let found = kept.plan.cube(cube).filter(|(_, cube)| kept.plan.covers(cube, period));
        let found = found.filter(|_| revision <= kept.plan.n_revisions());
        let Some((cube, _)) = found else {
            return Err(super::returns::no_such_figures());
        };
        Ok(ReleaseId { plan: kept.id, cube, period, revision })
    }

    /// The plan, if we may ask under it, or lead what is added up in secret for those who may.
    pub fn plan_to_run(&self, wanted: &str) -> Outcome<KeptPlan> {
        let kept = self.find_plan(wanted)?;
        let leader = kept.plan.roles.aggregators.map(|[leader, _]| leader);
        match kept.is_signed() && leader == Some(self.id()) {
            true => Ok(kept),
            false => self.plan_to_ask(wanted),
        }
    }

    /// The plan, if we may ask under it.
    pub fn plan_to_ask(&self, wanted: &str) -> Outcome<KeptPlan> {
        let kept = self.find_plan(wanted)?;
        let may = kept.is_signed() && kept.plan.roles.queriers.contains_key(&self.id());
        if may {
            return Ok(kept);
        }
        Err(Fault::new(
            2106,
            (
                "This organization may not ask under the plan.",
                "Cet organisme ne peut pas poser de questions en vertu du plan.",
            ),
            (
                "Sign it first, if it names you: `entente plan sign`.",
                "Signez-le d’abord, s’il vous nomme\u{a0}: `entente plan sign`.",
            ),
        ))
    }
}

fn code(reason: DeclineReason) -> String {
    entente_core::codes::Code::code(reason).to_owned()
}

/// What an organization said to a question, if it is right and as the plan says.
pub(super) fn said(
    plan: &Plan,
    contributor: &OrgId,
    release: &ReleaseId,
    envelope: &Envelope,
) -> Option<Answer> {
    let payload = envelope.verify(payload_type::RELEASE_ANSWER, &[*contributor]).ok()?;
    let answer = entente_proto::decode_release_answer(payload.bytes()).ok()?;
    plan.fits(contributor, release, &answer).then_some(answer)
}

/// The receipts that go with a question.
pub(super) fn receipts<R: Rows>(
    tx: &R,
    contributor: &OrgId,
    asking: Asking,
) -> Outcome<Vec<Envelope>> {
    let org = contributor.as_bytes();
    let (after, max) = match asking {
        Asking::First => (tx.last_receipt(org)?.saturating_sub(1), 1),
        Asking::After(after) => (after, MAX_RECEIPTS),
    };
    let documents = tx.receipts(org, after, max)?;
    Ok(documents.iter().filter_map(|it| entente_proto::decode_envelope(it).ok()).collect())
}

/// What every contributor answered, as it was verified when it was kept.
pub(super) fn voices<R: Rows>(tx: &R, plan: &Plan, release: &ReleaseId) -> Outcome<Vec<Voice>> {
    let mut voices = Vec::new();
    for contributor in plan.roles.contributors.keys() {
        // Who signed two answers to one question has given none, until a person has looked.
        // What was added up in secret cannot be taken out again.
        let partner = match plan.is_secure_sum() {
            true => None,
            false => tx.partner(contributor.as_bytes())?,
        };
        if partner.is_some_and(|row| row.quarantined.is_some()) {
            voices.push((*contributor, None));
            continue;
        }
        let row = tx.answer(&release.bytes(), contributor.as_bytes())?;
        voices.push((*contributor, row.and_then(|row| opened(&row.document))));
    }
    Ok(voices)
}

fn opened(document: &[u8]) -> Option<Heard> {
    let envelope = entente_proto::decode_envelope(document).ok()?;
    let answer = entente_proto::decode_release_answer(&envelope.payload).ok()?;
    Some(Heard { envelope, answer })
}
