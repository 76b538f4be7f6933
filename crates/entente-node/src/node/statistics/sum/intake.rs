//! The leader's intake: each contributor is asked, and what it says is checked and kept.

use std::collections::BTreeMap;

use entente_core::audit::{Action, Actor};
use entente_core::codes::Code as _;
use entente_core::identity::OrgId;
use entente_core::statistics::release::{Addend, Answer, DeclineReason, ReleaseId};
use entente_core::statistics::sum::{self, Contribution, Rejection, Round};
use entente_proto::{SumQuestion, SumReply};
use entente_store::db::Rows;
use entente_store::rows::{RoundRow, RoundState};
use entente_store::sums::{Part, Sums as _};

use super::bad_row;
use super::lead::{rejected, sealing};
use crate::fault::Fault;
use crate::node::statistics::asking::{AnswerKept, Asking, receipts, said, voices};
use crate::node::{Node, Outcome};

/// Who has answered in the intake of a round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// Whose contribution is in.
    pub taken: Vec<OrgId>,
    /// Whose contribution was not good, and why.
    pub rejected: BTreeMap<OrgId, Rejection>,
    /// Who declined.
    pub declined: Vec<OrgId>,
    /// From whom there is nothing that counts yet.
    pub missing: Vec<OrgId>,
}

impl Node {
    /// The question for a contributor, with receipts; `None` if nothing can be asked now.
    pub fn sum_question(
        &self,
        actor: Actor,
        contributor: &OrgId,
        release: &ReleaseId,
        asking: Asking,
    ) -> Outcome<Option<SumQuestion>> {
        let (row, receipts) = self.db.read(|tx| {
            let (_, _, row) = self.led_row(tx, release)?;
            Ok::<_, Box<Fault>>((row, receipts(tx, contributor, asking)?))
        })?;
        let [leader, helper] = row.openings.as_slice() else { return Ok(None) };
        if row.state != RoundState::Open {
            return Ok(None);
        }
        let read =
            |document: &[u8]| entente_proto::decode_envelope(document).map_err(|_| bad_row());
        let openings = [read(leader)?, read(helper)?];
        let entry = self.entry(actor, Action::ReleaseAsked).partner(*contributor);
        self.audit(vec![entry.reference(release.bytes())])?;
        Ok(Some(SumQuestion { release: *release, openings, receipts }))
    }

    /// Checks and keeps what a contributor said. After the intake nothing of it is kept: it came too
    /// late.
    pub fn keep_sum_reply(
        &self,
        contributor: &OrgId,
        release: &ReleaseId,
        reply: &SumReply,
    ) -> Outcome<AnswerKept> {
        let (plan, round, row) = self.db.read(|tx| self.led_row(tx, release))?;
        let Some(answer) = said(&plan, contributor, release, &reply.answer) else {
            return Ok(AnswerKept::NotValid);
        };
        let checked = match &answer {
            Answer::Added(added) if row.state == RoundState::Open => {
                Some(checked(&round, &row, contributor, added, &reply.contribution)?)
            }
            _ => None,
        };
        let document = entente_proto::encode_envelope(&reply.answer);
        let key = release.bytes();
        let kept = self.db.write("keep contribution", |tx| {
            let (_, _, mut row) = self.led_row(tx, release)?;
            if row.state != RoundState::Open {
                return Ok(AnswerKept::TooLate);
            }
            let kept = self.keep_answer(tx, contributor, release, answer, document)?;
            let (AnswerKept::Added(_), Some(checked)) = (&kept, checked) else { return Ok(kept) };
            let org = contributor.as_bytes();
            row.rejected.retain(|(other, _)| other != org);
            match checked {
                Ok(()) => tx.put_sum_taken(&key, org, &reply.contribution)?,
                // What is in already is not harmed by what came after it.
                Err(_) if is_taken(tx, &key, contributor)? => {}
                Err(why) => row.rejected.push((*org, why.number())),
            }
            tx.put_sum_round(Part::Leader, &key, &row)?;
            Ok::<_, Box<Fault>>(kept)
        })?;
        if kept == AnswerKept::Contradicts {
            self.refresh_admissions()?;
        }
        Ok(kept)
    }

    /// Who has answered in the intake.
    pub fn sum_intake(&self, release: &ReleaseId) -> Outcome<Intake> {
        self.db.read(|tx| {
            let (plan, _, row) = self.led_row(tx, release)?;
            let taken = tx.sum_taken(&release.bytes())?;
            let mut intake = Intake { rejected: rejected(&row)?, ..Intake::default() };
            for (org, heard) in voices(tx, &plan, release)? {
                let is_taken = taken.iter().any(|(it, _)| it == org.as_bytes());
                match heard.map(|it| it.answer) {
                    _ if is_taken => intake.taken.push(org),
                    _ if intake.rejected.contains_key(&org) => {}
                    // It will answer when its ledger is whole, or the day has come.
                    Some(Answer::Declined(it)) if !is_passing(it.reason) => {
                        intake.declined.push(org);
                    }
                    _ => intake.missing.push(org),
                }
            }
            Ok(intake)
        })
    }
}

/// Whether a contribution is the one that its contributor says it is, and can be taken in.
fn checked(
    round: &Round,
    row: &RoundRow,
    contributor: &OrgId,
    added: &Addend,
    contribution: &[u8],
) -> Outcome<Result<(), Rejection>> {
    let Ok(contribution) = Contribution::parse(contribution, round) else {
        return Ok(Err(Rejection::Unreadable));
    };
    let report = &contribution.report;
    if report.contributor != *contributor {
        return Ok(Err(Rejection::BadSignature));
    }
    if report.report.id != added.report || report.digest() != added.digest {
        return Ok(Err(Rejection::SecondContribution));
    }
    let intake = sum::Intake::new(round.clone(), sealing(row)?);
    Ok(intake.map_err(|_| bad_row())?.accept(contribution).map(|_| ()))
}

fn is_taken<R: Rows>(tx: &R, release: &[u8], org: &OrgId) -> Outcome<bool> {
    Ok(tx.sum_taken(release)?.iter().any(|(it, _)| it == org.as_bytes()))
}

/// Whether somebody who declines for this reason may answer later.
fn is_passing(reason: DeclineReason) -> bool {
    matches!(reason, DeclineReason::Behind | DeclineReason::NotDue)
}
