//! The helper: opens a round when the leader asks, and answers its three questions.

use entente_core::audit::{Action, Actor};
use entente_core::envelope::Envelope;
use entente_core::identity::OrgId;
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::plan::Plan;
use entente_core::statistics::release::ReleaseId;
use entente_core::statistics::sum::{self, Abort, Helper, Opening, Role, Round, SealingKey};
use entente_store::db::{Rows, Write};
use entente_store::rows::{RoundRow, RoundState};
use entente_store::sums::{Part, Sums as _};

use super::{NO_ROUND, SumShut, bad_row, word};
use crate::node::audit::no_randomness;
use crate::node::{Node, Outcome};

/// What the helper says: the answer, and with the last one the same under its signature.
pub type Said = (Vec<u8>, Option<Envelope>);

impl Node {
    /// Opens a round that `leader` leads, or shows again how it was opened.
    pub fn open_sum(&self, leader: &OrgId, release: &ReleaseId) -> Result<Envelope, SumShut> {
        let key = release.bytes();
        self.db.write("open sum", |tx| {
            let (plan, round) = self.helped(tx, leader, release)?;
            if let Some(row) = tx.sum_round(Part::Helper, &key)? {
                return opening_of(&row);
            }
            if let Some(reason) = self.not_now(tx, &plan, release)? {
                return Err(SumShut::NotNow(reason));
            }
            let sealing = SealingKey::generate(&mut SystemRandomness);
            let sealing = sealing.map_err(|_| no_randomness())?;
            let opening = Opening::sign(&round, Role::Helper, &sealing, &self.secrets.key);
            let opening = opening.map_err(|_| no_randomness())?;
            let mut row = self.new_round(entente_proto::encode_envelope(&opening));
            row.stage = Helper::open(sealing).to_bytes(&round).to_vec();
            tx.put_sum_round(Part::Helper, &key, &row)?;
            let entry = self.entry(Actor::Partner(*leader), Action::SumOpened).partner(*leader);
            self.write_audit(tx, vec![entry.reference(key.clone())])?;
            Ok(opening)
        })
    }

    /// The plan and the round, if `leader` leads it and we are its helper.
    fn helped<R: Rows>(
        &self,
        tx: &R,
        leader: &OrgId,
        release: &ReleaseId,
    ) -> Result<(Plan, Round), SumShut> {
        self.sum_open_to(tx, leader)?;
        let plan = self.sum_plan(tx, release)?;
        let plan = plan.filter(|it| it.roles.aggregators == Some([*leader, self.id()]));
        let round = plan.as_ref().and_then(|it| it.round(release));
        plan.zip(round).ok_or_else(SumShut::outside)
    }

    /// The most bytes that a question of this round has, if `leader` may ask one.
    pub fn max_sum_question(&self, leader: &OrgId, release: &ReleaseId) -> Result<usize, SumShut> {
        self.db.read(|tx| Ok(self.helped(tx, leader, release)?.1.max_question()))
    }

    /// Answers a question of the leader. What is said was stored before.
    pub fn answer_sum(
        &self,
        leader: &OrgId,
        release: &ReleaseId,
        question: &[u8],
    ) -> Result<Said, SumShut> {
        loop {
            let (round, row) = self.db.read(|tx| {
                let (_, round) = self.helped(tx, leader, release)?;
                let row = tx.sum_round(Part::Helper, &release.bytes())?;
                Ok::<_, SumShut>((round, row.ok_or_else(|| SumShut::stopped(NO_ROUND))?))
            })?;
            if row.state == RoundState::Aborted {
                return Err(SumShut::Stopped(row.why));
            }
            let helper = Helper::parse(&row.stage, &round).map_err(|_| bad_row())?;
            let answered = helper.answer(&round, None, question, &mut SystemRandomness);
            let (next, answer) = match answered {
                Ok(said) => said,
                Err(abort) => return Err(self.stop_helping(release, &row, &abort)?),
            };
            let said = (answer, self.share_of(&next)?);
            let stage = next.to_bytes(&round);
            // The same question again, or somebody was faster: then it is asked anew of what is
            // stored, which has the answer.
            if *stage == row.stage || self.helper_stored(leader, release, &row, &stage, &said)? {
                return Ok(said);
            }
        }
    }

    /// Our sum under our signature, once it may be seen.
    fn share_of(&self, helper: &Helper) -> Outcome<Option<Envelope>> {
        let Some(sum::Outcome::Share(share)) = helper.outcome() else { return Ok(None) };
        share.sign(&self.secrets.key).map(Some).map_err(|_| no_randomness())
    }

    fn helper_stored(
        &self,
        leader: &OrgId,
        release: &ReleaseId,
        before: &RoundRow,
        stage: &[u8],
        (_, share): &Said,
    ) -> Outcome<bool> {
        let key = release.bytes();
        self.db.write("store stage of helper", |tx| {
            let Some(mut row) = still(tx, &key, before)? else { return Ok(false) };
            row.stage = stage.to_vec();
            row.state = RoundState::Adding;
            row.at_s.1 = self.now_s();
            let mut action = Action::SumClosed;
            if let Some(share) = share {
                row.state = RoundState::Done;
                row.share = entente_proto::encode_envelope(share);
                action = Action::SumRevealed;
            }
            tx.put_sum_round(Part::Helper, &key, &row)?;
            // The second question says and ends nothing.
            if before.state == RoundState::Open || share.is_some() {
                let entry = self.entry(Actor::Partner(*leader), action).partner(*leader);
                self.write_audit(tx, vec![entry.reference(key.clone())])?;
            }
            Ok(true)
        })
    }

    /// Too few organizations end a round. Any other question that is not answered changes nothing:
    /// whoever asks it may not end what others began.
    fn stop_helping(
        &self,
        release: &ReleaseId,
        before: &RoundRow,
        abort: &Abort,
    ) -> Outcome<SumShut> {
        let why = word(abort)?;
        if let Abort::TooFew(_) = abort {
            let key = release.bytes();
            self.db.write("abort as helper", |tx| match still(tx, &key, before)? {
                Some(_) => self.abort_sum(tx, Part::Helper, &key, why),
                None => Ok(()),
            })?;
        }
        Ok(SumShut::stopped(why))
    }
}

/// The row, if it is what it was.
fn still(tx: &Write<'_>, release: &[u8], before: &RoundRow) -> Outcome<Option<RoundRow>> {
    Ok(tx.sum_round(Part::Helper, release)?.filter(|row| row == before))
}

fn opening_of(row: &RoundRow) -> Result<Envelope, SumShut> {
    if row.state == RoundState::Aborted {
        return Err(SumShut::Stopped(row.why.clone()));
    }
    let opening = row.openings.first().ok_or_else(bad_row)?;
    Ok(entente_proto::decode_envelope(opening).map_err(|_| bad_row())?)
}
