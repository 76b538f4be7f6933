//! The leader: begins a round, takes contributions in, and asks the helper three times.
//!
//! The intake stays open until everybody has answered, or somebody decides to go on without those who
//! have not: who is missing then is missing for ever.

use std::collections::BTreeMap;

use entente_core::audit::{Action, Actor};
use entente_core::codes::Code as _;
use entente_core::envelope::Envelope;
use entente_core::identity::OrgId;
use entente_core::statistics::national::{Heard, NotASum, SumProof};
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::plan::Plan;
use entente_core::statistics::release::{DeclineReason, ReleaseId};
use entente_core::statistics::sum::{
    self, Abort, AggregateShare, Collected, Contribution, Leader, Opening, Rejection, Role, Round,
    SealingKey,
};
use entente_store::db::{Rows, Write};
use entente_store::rows::{RoundRow, RoundState, SumRow};
use entente_store::sums::{Part, Sums as _};

use super::{NONSENSE, bad_row, left_out_row, word};
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::statistics::asking::voices;
use crate::node::{Node, Outcome};

/// What came of beginning a round.
#[derive(Debug)]
pub enum Begun {
    /// It is under way, or over.
    Led(Box<Led>),
    /// It cannot begin now, and why.
    NotNow(DeclineReason),
}

/// A round that we lead.
#[derive(Debug)]
pub struct Led {
    /// How far it is.
    pub row: RoundRow,
    /// The plan.
    pub plan: Plan,
    /// The helper.
    pub helper: OrgId,
}

impl Node {
    /// Begins a round, or goes on with it.
    pub fn begin_sum(&self, actor: Actor, release: &ReleaseId) -> Outcome<Begun> {
        let key = release.bytes();
        self.db.write("begin sum", |tx| {
            let (plan, round) = self.led(tx, release)?;
            let helper = round.aggregator(Role::Helper);
            if let Some(row) = tx.sum_round(Part::Leader, &key)? {
                return Ok(Begun::Led(Box::new(Led { row, plan, helper })));
            }
            if let Some(reason) = self.not_now(tx, &plan, release)? {
                return Ok(Begun::NotNow(reason));
            }
            let sealing = SealingKey::generate(&mut SystemRandomness);
            let sealing = sealing.map_err(|_| no_randomness())?;
            let opening = Opening::sign(&round, Role::Leader, &sealing, &self.secrets.key);
            let opening = opening.map_err(|_| no_randomness())?;
            let mut row = self.new_round(entente_proto::encode_envelope(&opening));
            row.key = sealing.seed().to_vec();
            tx.put_sum_round(Part::Leader, &key, &row)?;
            let entry = self.entry(actor, Action::SumOpened).reference(key.clone());
            self.write_audit(tx, vec![entry])?;
            Ok(Begun::Led(Box::new(Led { row, plan, helper })))
        })
    }

    /// The plan and the round, if we lead it.
    fn led<R: Rows>(&self, tx: &R, release: &ReleaseId) -> Outcome<(Plan, Round)> {
        let plan = self.sum_plan(tx, release)?.ok_or_else(not_ours)?;
        let round = plan.round(release).ok_or_else(not_ours)?;
        if round.aggregator(Role::Leader) == self.id() {
            Ok((plan, round))
        } else {
            Err(not_ours())
        }
    }

    /// The round as it is kept.
    pub(super) fn led_row<R: Rows>(
        &self,
        tx: &R,
        release: &ReleaseId,
    ) -> Outcome<(Plan, Round, RoundRow)> {
        let (plan, round) = self.led(tx, release)?;
        let row = tx.sum_round(Part::Leader, &release.bytes())?.ok_or_else(not_ours)?;
        Ok((plan, round, row))
    }

    /// Keeps the helper's opening; says whether it is one. The first counts.
    pub fn keep_opening(&self, release: &ReleaseId, opening: &Envelope) -> Outcome<bool> {
        let key = release.bytes();
        self.db.write("keep opening", |tx| {
            let (_, round, mut row) = self.led_row(tx, release)?;
            if Opening::verify(opening, &round, Role::Helper).is_err() {
                return Ok(false);
            }
            if row.openings.len() == 1 && row.state == RoundState::Open {
                row.openings.push(entente_proto::encode_envelope(opening));
                tx.put_sum_round(Part::Leader, &key, &row)?;
            }
            Ok(true)
        })
    }

    /// Ends the intake: from now on the set is fixed. With too few the round is given up.
    pub fn close_sum(&self, actor: Actor, release: &ReleaseId) -> Outcome<()> {
        loop {
            let (round, row, taken) = self.db.read(|tx| {
                let (_, round, row) = self.led_row(tx, release)?;
                Ok::<_, Box<Fault>>((round, row, tx.sum_taken(&release.bytes())?))
            })?;
            if row.state != RoundState::Open {
                return Ok(());
            }
            let mut left_out = rejected(&row)?;
            let mut intake =
                sum::Intake::new(round.clone(), sealing(&row)?).map_err(|_| bad_row())?;
            for (org, bytes) in &taken {
                let org = OrgId::from_bytes(org).map_err(|_| bad_row())?;
                let it = Contribution::parse(bytes, &round).map_err(|_| bad_row())?;
                if let Err(why) = intake.accept(it) {
                    left_out.insert(org, why);
                }
            }
            let closed = intake.close(&mut SystemRandomness);
            let key = release.bytes();
            let done = self.db.write("end intake", |tx| {
                let (_, _, now) = self.led_row(tx, release)?;
                if now != row || tx.sum_taken(&key)?.len() != taken.len() {
                    return Ok(false);
                }
                let proposed = match closed {
                    Ok(proposed) => proposed,
                    Err(abort) => {
                        self.abort_sum(tx, Part::Leader, &key, word(&abort)?)?;
                        return Ok(true);
                    }
                };
                let mut next = row.clone();
                next.state = RoundState::Adding;
                next.key = Vec::new();
                next.stage = Leader::Proposed(proposed).to_bytes(&round).to_vec();
                next.rejected = left_out_row(&left_out);
                next.at_s.1 = self.now_s();
                tx.put_sum_round(Part::Leader, &key, &next)?;
                tx.delete_sum_taken(&key)?;
                let entry = self.entry(actor.clone(), Action::SumClosed).reference(key.clone());
                self.write_audit(tx, vec![entry.n(taken.len() as u64)])?;
                Ok::<_, Box<Fault>>(true)
            })?;
            if done {
                return Ok(());
            }
        }
    }

    /// What to ask the helper next; `None` if there is nothing to ask.
    pub fn next_sum_question(&self, release: &ReleaseId) -> Outcome<Option<Vec<u8>>> {
        let (_, round, row) = self.db.read(|tx| self.led_row(tx, release))?;
        if row.state != RoundState::Adding {
            return Ok(None);
        }
        let leader = Leader::parse(&row.stage, &round).map_err(|_| bad_row())?;
        Ok(leader.question(&round))
    }

    /// Takes what the helper answered to `question`. An answer that does not fit ends the round.
    pub fn sum_answered(
        &self,
        release: &ReleaseId,
        question: &[u8],
        answer: &[u8],
        share: Option<&Envelope>,
    ) -> Outcome<()> {
        let (plan, round, row) = self.db.read(|tx| self.led_row(tx, release))?;
        if row.state != RoundState::Adding {
            return Ok(());
        }
        let leader = Leader::parse(&row.stage, &round).map_err(|_| bad_row())?;
        if leader.question(&round).as_deref() != Some(question) {
            // Somebody else has asked it meanwhile, and its answer is stored.
            return Ok(());
        }
        let next = leader.answered(&round, None, answer, &mut SystemRandomness);
        let next = next.and_then(|next| match next {
            Leader::Collected(collected) => collected_shares(&round, collected, share).map(Err),
            next => Ok(Ok(next)),
        });
        let key = release.bytes();
        self.db.write("store stage of leader", |tx| {
            let (_, _, now) = self.led_row(tx, release)?;
            if now != row {
                return Ok(());
            }
            match next {
                Err(abort) => self.abort_sum(tx, Part::Leader, &key, word(&abort)?),
                Ok(Ok(stage)) => {
                    let mut row = row.clone();
                    row.stage = stage.to_bytes(&round).to_vec();
                    row.at_s.1 = self.now_s();
                    Ok(tx.put_sum_round(Part::Leader, &key, &row)?)
                }
                Ok(Err(finished)) => self.finish_round(tx, &plan, release, row.clone(), finished),
            }
        })
    }

    /// Stores the sum, if both shares make one.
    fn finish_round(
        &self,
        tx: &mut Write<'_>,
        plan: &Plan,
        release: &ReleaseId,
        mut row: RoundRow,
        (own, helpers, reasons): Finished,
    ) -> Outcome<()> {
        let key = release.bytes();
        let mut left_out = rejected(&row)?;
        left_out.extend(reasons);
        let own = own.sign(&self.secrets.key).map_err(|_| no_randomness())?;
        let shares = [&own, &helpers].map(entente_proto::encode_envelope);
        let proof = SumProof { left_out, shares: [own, helpers] };
        let voices: Vec<(OrgId, Option<Heard>)> = voices(tx, plan, release)?;
        match proof.total(plan, release, &voices) {
            Ok(_) => {}
            Err(NotASum::Total) => return self.abort_sum(tx, Part::Leader, &key, NONSENSE),
            Err(NotASum::NoRound | NotASum::Share(_) | NotASum::Set) => {
                return self.abort_sum(tx, Part::Leader, &key, "sets_differ");
            }
        }
        let [leaders, _] = &shares;
        row.state = RoundState::Done;
        row.stage = Vec::new();
        row.share.clone_from(leaders);
        row.rejected = left_out_row(&proof.left_out);
        row.at_s.1 = self.now_s();
        tx.put_sum_round(Part::Leader, &key, &row)?;
        let sum = SumRow { left_out: row.rejected, shares, at_s: self.now_s() };
        tx.put_sum(&key, &sum)?;
        let entry = self.entry(Actor::Node, Action::SumRevealed).reference(key);
        self.write_audit(tx, vec![entry])
    }

    /// Gives up a round that we lead, for a reason that the helper gave.
    pub fn give_sum_up(&self, release: &ReleaseId, why: &str) -> Outcome<()> {
        let key = release.bytes();
        self.db.write("give sum up", |tx| {
            let (_, round, _) = self.led_row(tx, release)?;
            let by = round.aggregator(Role::Helper);
            self.abort_sum_for(tx, Part::Leader, &key, (by, why))
        })
    }
}

/// What both revealed, and whom they left out.
type Finished = (AggregateShare, Envelope, Vec<(OrgId, Rejection)>);

/// The shares of both, if the helper's is the one that it signed.
fn collected_shares(
    round: &Round,
    collected: Collected,
    share: Option<&Envelope>,
) -> Result<Finished, Abort> {
    let Collected { own, helpers, left_out } = collected;
    let (sum::Outcome::Share(own), sum::Outcome::Share(helpers)) = (own, helpers) else {
        return Err(Abort::OutOfTurn);
    };
    let share = share.ok_or(Abort::SetsDiffer)?;
    match AggregateShare::verify(share, round, Role::Helper) {
        Some(signed) if signed == helpers => Ok((own, share.clone(), left_out)),
        _ => Err(Abort::SetsDiffer),
    }
}

pub(super) fn rejected(row: &RoundRow) -> Outcome<BTreeMap<OrgId, Rejection>> {
    let each = row.rejected.iter().map(|(org, why)| {
        let org = OrgId::from_bytes(org).map_err(|_| bad_row())?;
        Ok((org, Rejection::from_number(*why).ok_or_else(bad_row)?))
    });
    each.collect()
}

pub(super) fn sealing(row: &RoundRow) -> Outcome<SealingKey> {
    let seed = row.key.as_slice().try_into().map_err(|_| bad_row())?;
    Ok(SealingKey::from_seed(seed))
}

fn not_ours() -> Box<Fault> {
    Fault::new(
        2110,
        (
            "This organization does not lead the secure sum.",
            "Cet organisme ne dirige pas la somme sécurisée.",
        ),
        (
            "See who adds up: `entente plan show`.",
            "Voyez qui additionne\u{a0}: `entente plan show`.",
        ),
    )
}
