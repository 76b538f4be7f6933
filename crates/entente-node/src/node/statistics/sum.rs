//! Secure sums: what a node does as contributor, leader, helper and querier.
//!
//! The rules are those of the core's state machines (`statistics::sum`); here they meet the store. A
//! stage is written before anything of it is said, and only over the stage that it follows from: of
//! two that do the same at once, the second finds out and goes on from what the first stored. So a
//! crash at any place means: ask again. What is over is never begun again, and a round that was given
//! up has nothing left but the word why.
//!
//! Read on in the order of a round: [`lead`] begins, [`help`] opens, [`intake`] asks, [`give`]
//! contributes, then the leader asks and the helper answers, and [`fetch`] passes the sum on.

use std::collections::BTreeSet;

use entente_core::audit::{Action, Actor};
use entente_core::codes::Code as _;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::statistics::national::{GivenUp, SignedEnd, SumEnd, SumProof};
use entente_core::statistics::plan::Plan;
use entente_core::statistics::release::{DeclineReason, ReleaseId};
use entente_core::statistics::sum::{Abort, Rejection};
use entente_store::db::{DbError, Rows, Write};
use entente_store::rows::{BadRow, Bytes32, RoundRow, RoundState};
use entente_store::statistics::Statistics as _;
use entente_store::sums::{Part, Sums as _};
use entente_store::tx::Reads as _;

use super::plans::plan_of;
use super::releases::ReleaseShut;
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::partners::Shut;
use crate::node::{Node, Outcome};

pub mod fetch;
pub mod give;
pub mod help;
pub mod intake;
pub mod lead;

pub use fetch::SumKept;
pub use intake::Intake;
pub use lead::{Begun, Led};

/// The store was set back to an older state, so nobody knows how far the round had come.
pub const SET_BACK: &str = "set_back";

/// Too few organizations for a figure that may be seen.
pub const TOO_FEW: &str = "too_few";

/// The figures cannot come from the contributors: an aggregator is faulty or lies.
pub const NONSENSE: &str = "nonsense";

/// An aggregator is gone, and somebody decided not to wait for it any more.
pub const GONE: &str = "aggregator_gone";

/// There is no such round here.
pub const NO_ROUND: &str = "no_round";

/// The round is not finished.
pub const OPEN: &str = "open";

/// What a partner is told that stops a round for good.
pub const FATAL: [&str; 9] = [
    TOO_FEW,
    SET_BACK,
    NONSENSE,
    NO_ROUND,
    "wrong_round",
    "out_of_turn",
    "sets_differ",
    "broken_promise",
    "malformed",
];

/// Why a question about a round is not answered.
#[derive(Debug, thiserror::Error)]
pub enum SumShut {
    /// As for a release of our own figures.
    #[error(transparent)]
    Release(#[from] ReleaseShut),
    /// The release is not made now.
    #[error("{}", .0.code())]
    NotNow(DeclineReason),
    /// The round is not where the question belongs, or was given up: a word.
    #[error("{0}")]
    Stopped(String),
}

impl SumShut {
    fn stopped(word: &str) -> Self {
        Self::Stopped(word.to_owned())
    }

    fn outside() -> Self {
        Self::Release(ReleaseShut::OutsidePlan)
    }
}

impl From<DbError> for SumShut {
    fn from(error: DbError) -> Self {
        Self::Release(error.into())
    }
}

impl From<Box<Fault>> for SumShut {
    fn from(fault: Box<Fault>) -> Self {
        Self::Release(fault.into())
    }
}

impl From<Shut> for SumShut {
    fn from(shut: Shut) -> Self {
        Self::Release(shut.into())
    }
}

/// The word for why a round stops, or the fault that it is ours.
fn word(abort: &Abort) -> Outcome<&'static str> {
    Ok(match abort {
        Abort::TooFew(_) => TOO_FEW,
        Abort::WrongRound => "wrong_round",
        Abort::OutOfTurn => "out_of_turn",
        Abort::SetsDiffer => "sets_differ",
        Abort::BrokenPromise => "broken_promise",
        Abort::Malformed(_) => "malformed",
        Abort::NoRandomness(_) => return Err(no_randomness()),
    })
}

impl Node {
    /// The plan of a release that two add up in secret, if our officer signed it and it has such a
    /// release.
    fn sum_plan<R: Rows>(&self, tx: &R, release: &ReleaseId) -> Outcome<Option<Plan>> {
        let row = tx.plan(&release.plan.0)?.filter(|row| row.signed_at_s.is_some());
        let Some(row) = row else { return Ok(None) };
        let plan = plan_of(&row)?;
        let is_inside = release.revision <= plan.n_revisions() && plan.round(release).is_some();
        Ok(is_inside.then_some(plan))
    }

    /// Whether a partner may come in; we may always.
    fn sum_open_to<R: Rows>(&self, tx: &R, partner: &OrgId) -> Result<(), SumShut> {
        if *partner == self.id() {
            return Ok(());
        }
        let row = tx.partner(partner.as_bytes())?.ok_or(Shut::Unknown)?;
        Ok(self.open_to(&row)?)
    }

    /// A round in which nothing was asked yet.
    fn new_round(&self, opening: Vec<u8>) -> RoundRow {
        RoundRow {
            state: RoundState::Open,
            why: String::new(),
            openings: vec![opening],
            key: Vec::new(),
            stage: Vec::new(),
            rejected: Vec::new(),
            share: Vec::new(),
            at_s: (self.now_s(), self.now_s()),
        }
    }

    /// Gives a round up: nothing of it is kept but the word why. A finished one stays.
    fn abort_sum(&self, tx: &mut Write<'_>, part: Part, release: &[u8], why: &str) -> Outcome<()> {
        self.abort_sum_for(tx, part, release, (self.id(), why))
    }

    /// The same for what somebody else has noticed.
    fn abort_sum_for(
        &self,
        tx: &mut Write<'_>,
        part: Part,
        release: &[u8],
        (noticed_by, why): (OrgId, &str),
    ) -> Outcome<()> {
        let Some(row) = tx.sum_round(part, release)? else { return Ok(()) };
        if matches!(row.state, RoundState::Done | RoundState::Aborted) {
            return Ok(());
        }
        let RoundRow { openings, rejected, at_s: (began_s, _), .. } = row;
        let given_up = RoundRow {
            state: RoundState::Aborted,
            why: why.to_owned(),
            openings,
            key: Vec::new(),
            stage: Vec::new(),
            rejected,
            share: Vec::new(),
            at_s: (began_s, self.now_s()),
        };
        tx.put_sum_round(part, release, &given_up)?;
        if part == Part::Leader {
            tx.delete_sum_taken(release)?;
            let said = self.keep_ended(tx, release, noticed_by, why)?;
            self.say_ended(tx, release, &said)?;
        }
        let entry = self.entry(Actor::Node, Action::SumAborted).reference(release);
        self.write_audit(tx, vec![entry.reasons([why.to_owned()])])
    }

    /// Signs that a sum was given up, and keeps that for everybody who may ask. Returns what it says.
    fn keep_ended(
        &self,
        tx: &mut Write<'_>,
        release: &[u8],
        noticed_by: OrgId,
        why: &str,
    ) -> Outcome<Vec<u8>> {
        let of = ReleaseId::from_bytes(release).ok_or_else(bad_row)?;
        let given_up = GivenUp { release: of, noticed_by, why: ended(why), at_s: self.now_s() };
        let payload = entente_proto::encode_given_up(&given_up);
        let sealed = Envelope::seal(payload_type::SUM_GIVEN_UP, payload.clone(), &self.secrets.key);
        let document = entente_proto::encode_envelope(&sealed.map_err(|_| no_randomness())?);
        tx.put_sum_ended(release, &document)?;
        Ok(payload)
    }

    /// Says to every contributor that what it paid for comes to nothing: nobody else would tell it.
    fn say_ended(&self, tx: &mut Write<'_>, release: &[u8], said: &[u8]) -> Outcome<()> {
        let of = ReleaseId::from_bytes(release).ok_or_else(bad_row)?;
        let Some(plan) = self.sum_plan(tx, &of)? else { return Ok(()) };
        self.say_to_parties(
            tx,
            plan.roles.contributors.into_keys(),
            payload_type::SUM_GIVEN_UP,
            said,
        )
    }

    /// The contributors who would have to be told if every round that we lead were given up now.
    pub(crate) fn would_hear_of_sums(&self, tx: &Write<'_>) -> Outcome<BTreeSet<OrgId>> {
        let mut all = BTreeSet::new();
        for (release, row) in tx.sum_rounds(Part::Leader)? {
            if matches!(row.state, RoundState::Done | RoundState::Aborted) {
                continue;
            }
            let of = ReleaseId::from_bytes(&release).ok_or_else(bad_row)?;
            let Some(plan) = self.sum_plan(tx, &of)? else { continue };
            for org in plan.roles.contributors.into_keys() {
                if tx.partner(org.as_bytes())?.is_some() {
                    all.insert(org);
                }
            }
        }
        Ok(all)
    }

    /// Gives up every round that is not finished.
    pub(super) fn abort_all_sums(&self, tx: &mut Write<'_>, why: &str) -> Outcome<()> {
        for part in [Part::Leader, Part::Helper] {
            for (release, _) in tx.sum_rounds(part)? {
                self.abort_sum(tx, part, &release, why)?;
            }
        }
        Ok(())
    }

    /// How far a round is that we lead or help with.
    pub fn sum_standing(&self, part: Part, release: &ReleaseId) -> Outcome<Option<RoundRow>> {
        Ok(self.db.read(|tx| tx.sum_round(part, &release.bytes()))?)
    }

    /// All rounds that we lead or help with.
    pub fn sum_rounds(&self, part: Part) -> Outcome<Vec<(ReleaseId, RoundRow)>> {
        let rows = self.db.read(|tx| tx.sum_rounds(part))?;
        let read = |(key, row): (Vec<u8>, RoundRow)| {
            Ok((ReleaseId::from_bytes(&key).ok_or_else(bad_row)?, row))
        };
        rows.into_iter().map(read).collect()
    }

    /// Whether a sum is finished and kept here.
    pub fn is_finished(&self, release: &ReleaseId) -> Outcome<bool> {
        Ok(self.db.read(|tx| tx.sum(&release.bytes()))?.is_some())
    }

    /// That a sum was given up, as far as we have heard.
    pub fn sum_end(&self, release: &ReleaseId) -> Outcome<Option<SignedEnd>> {
        self.db.read(|tx| end(tx, release))
    }

    /// Decides not to wait any more for an aggregator that is gone. The leader gives the round up for
    /// ever; whoever else may ask notes that the leader is gone, until it hears otherwise.
    pub fn end_sum(&self, actor: Actor, release: &ReleaseId) -> Outcome<()> {
        let (key, ours) = (release.bytes(), self.id());
        self.db.write("end sum", |tx| {
            let Some(plan) = self.sum_plan(tx, release)? else { return Ok(()) };
            let leads = plan.roles.aggregators.is_some_and(|[leader, _]| leader == ours);
            let asks = plan.roles.queriers.contains_key(&ours);
            if leads {
                return self.abort_sum(tx, Part::Leader, &key, GONE);
            }
            if asks && tx.sum(&key)?.is_none() && tx.sum_ended(&key)?.is_none() {
                self.keep_ended(tx, &key, ours, GONE)?;
                let entry = self.entry(actor, Action::SumAborted).reference(key.clone());
                self.write_audit(tx, vec![entry.reasons([GONE.to_owned()])])?;
            }
            Ok(())
        })
    }

    /// Whether we contributed to a release that is added up in secret.
    pub fn has_contributed(&self, release: &ReleaseId) -> Outcome<bool> {
        Ok(self.db.read(|tx| tx.sum_given(&release.bytes()))?.is_some())
    }
}

/// Why a sum was given up, by the word that stopped it.
fn ended(word: &str) -> SumEnd {
    match word {
        TOO_FEW => SumEnd::TooFew,
        SET_BACK => SumEnd::SetBack,
        NONSENSE => SumEnd::Nonsense,
        GONE => SumEnd::Gone,
        _ => SumEnd::Contradiction,
    }
}

/// That a sum was given up, as far as we have heard.
pub(super) fn end<R: Rows>(tx: &R, release: &ReleaseId) -> Outcome<Option<SignedEnd>> {
    let Some(document) = tx.sum_ended(&release.bytes())? else { return Ok(None) };
    let envelope = entente_proto::decode_envelope(&document).map_err(|_| bad_row())?;
    Ok(Some(entente_proto::decode_given_up(envelope).map_err(|_| bad_row())?))
}

/// What makes figures of a finished sum.
pub(super) fn proof<R: Rows>(tx: &R, release: &ReleaseId) -> Outcome<Option<SumProof>> {
    let Some(row) = tx.sum(&release.bytes())? else { return Ok(None) };
    let [leader, helper] = &row.shares;
    let read = |document: &[u8]| entente_proto::decode_envelope(document).map_err(|_| bad_row());
    let left_out = row.left_out.iter().map(|(org, why)| {
        let org = OrgId::from_bytes(org).map_err(|_| bad_row())?;
        Ok((org, Rejection::from_number(*why).ok_or_else(bad_row)?))
    });
    Ok(Some(SumProof {
        left_out: left_out.collect::<Outcome<_>>()?,
        shares: [read(leader)?, read(helper)?],
    }))
}

/// The pairs of a row for those who were left out.
fn left_out_row<'a>(
    left_out: impl IntoIterator<Item = (&'a OrgId, &'a Rejection)>,
) -> Vec<(Bytes32, u8)> {
    left_out.into_iter().map(|(org, why)| (*org.as_bytes(), why.number())).collect()
}

fn bad_row() -> Box<Fault> {
    DbError::from(BadRow).into()
}
