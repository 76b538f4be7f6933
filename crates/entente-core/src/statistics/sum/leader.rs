//! The leader: takes contributions in, asks the helper three times, and has its noisy sum.
//!
//! [`Intake`] -> [`Proposed`] -> [`Agreed`] -> [`Concluded`] -> [`Collected`]. Each stage consumes
//! the one before, so a set is collected once, and nothing is revealed that has no noise. A stage
//! that waits for an answer says the same question again for as long as it takes: a node stores a
//! stage ([`Leader::to_bytes`]) before it asks, and goes on from there after a crash.

use std::collections::{BTreeMap, BTreeSet};

use rand::TryCryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::message::{
    Agreement, Conclusion, Evidence, Number, Proposal, Verdicts, promise, verify_key,
};
use super::prio3::{self, Prio3};
use super::{
    Abort, AgreedSet, Contribution, Malformed, Outcome, Rejection, ReportId, Role, Round,
    SealingKey, SealingPublic, SignedReport, Verified,
};
use crate::identity::OrgId;
use crate::statistics::random::fill;

mod store;

/// The leader takes contributions in.
///
/// To be stored as the key and the contributions as they came, one by one; after a restart they
/// are taken in again.
pub struct Intake {
    round: Round,
    prio3: Prio3,
    key: SealingKey,
    taken: BTreeMap<OrgId, Taken>,
    ids: BTreeSet<ReportId>,
}

/// What became of a contribution that was good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It is in.
    Taken,
    /// It was in already, and came again.
    Again,
}

struct Taken {
    report: SignedReport,
    share: Zeroizing<Vec<u8>>,
}

impl Intake {
    /// Begins to take in contributions that are sealed to `key`.
    pub fn new(round: Round, key: SealingKey) -> Result<Self, Malformed> {
        let prio3 = Prio3::new(round.shape(), &round.context())?;
        Ok(Self { round, prio3, key, taken: BTreeMap::new(), ids: BTreeSet::new() })
    }

    /// Takes a contribution in, or says why not.
    ///
    /// One per contributor: a second one with other content is refused, whatever is in it.
    pub fn accept(&mut self, contribution: Contribution) -> Result<Receipt, Rejection> {
        let Contribution { report, for_leader } = contribution;
        report.check(&self.round)?;
        if <[u8; 32]>::from(Sha256::digest(&for_leader)) != report.report.for_leader {
            return Err(Rejection::NotSealedToUs);
        }
        if let Some(taken) = self.taken.get(&report.contributor) {
            let is_same = taken.report == report;
            return if is_same { Ok(Receipt::Again) } else { Err(Rejection::SecondContribution) };
        }
        if self.ids.contains(&report.report.id) {
            return Err(Rejection::RepeatedId);
        }
        let share = report.open(&self.prio3, Role::Leader, &self.key, &for_leader)?;
        self.ids.insert(report.report.id);
        self.taken.insert(report.contributor, Taken { report, share });
        Ok(Receipt::Taken)
    }

    /// Who has contributed.
    pub fn contributors(&self) -> impl Iterator<Item = &OrgId> {
        self.taken.keys()
    }

    /// Whether there are enough to go on.
    pub fn check(&self) -> Result<(), Abort> {
        let reports = self.taken.iter().map(|(org, taken)| (org, &taken.report.report.id));
        Ok(AgreedSet::of(&self.round, reports).check(&self.round)?)
    }

    /// Ends the intake. Who is late is not in this answer.
    pub fn close<R>(self, rng: &mut R) -> Result<Proposed, Abort>
    where
        R: TryCryptoRng + ?Sized,
    {
        self.check()?;
        let mut number = [0; 32];
        fill(rng, &mut number)?;
        let mut taken: Vec<_> = self.taken.into_values().collect();
        taken.sort_by_key(|it| it.report.report.id);
        Ok(Proposed { number, taken })
    }
}

/// The leader proposes a set, and waits for the helper's agreement.
pub struct Proposed {
    number: Number,
    taken: Vec<Taken>,
}

impl Proposed {
    fn question(&self, context: &[u8; 32]) -> Vec<u8> {
        let reports = self.taken.iter().map(|it| it.report.clone()).collect();
        Proposal { promise: promise(context, &self.number), reports }.to_bytes(context)
    }

    fn answered(self, round: &Round, answer: &[u8]) -> Result<Agreed, Abort> {
        let context = round.context();
        let prio3 = Prio3::new(round.shape(), &context)?;
        let Agreement { number: theirs, rejected, checksum } = Agreement::parse(answer, round)?;
        if rejected.last().is_some_and(|(place, _)| *place >= self.taken.len()) {
            return Err(Abort::SetsDiffer);
        }
        let reasons: BTreeMap<_, _> = rejected.into_iter().collect();
        let mut left_out = Vec::new();
        let mut agreed = Vec::new();
        for (place, taken) in self.taken.into_iter().enumerate() {
            match reasons.get(&place) {
                Some(why) => left_out.push((taken.report.contributor, *why)),
                None => agreed.push(taken),
            }
        }
        let set = AgreedSet::of(
            round,
            agreed.iter().map(|it| (&it.report.contributor, &it.report.report.id)),
        );
        if set.checksum != checksum {
            return Err(Abort::SetsDiffer);
        }
        set.check(round)?;

        let key = verify_key(&context, &self.number, &theirs);
        let begun = agreed.into_iter().map(|Taken { report, share }| {
            let SignedReport { contributor, report, .. } = report;
            let begun = prio3.begin(&key, Role::Leader, &report.id.0, &report.public, &share);
            let begun = begun.ok().map(|it| (it.state, it.verifier));
            Begun { contributor, id: report.id, begun }
        });
        Ok(Agreed { number: self.number, reports: begun.collect(), left_out })
    }
}

/// A report of the agreed set that the leader has looked at: its state and what it saw, if the
/// share was not nonsense.
struct Begun {
    contributor: OrgId,
    id: ReportId,
    begun: Option<(Zeroizing<Vec<u8>>, Vec<u8>)>,
}

/// Both aggregators name the same set; the leader shows what it saw and waits for the verdicts.
pub struct Agreed {
    number: Number,
    reports: Vec<Begun>,
    left_out: Vec<(OrgId, Rejection)>,
}

impl Agreed {
    fn question(&self, context: &[u8; 32]) -> Vec<u8> {
        let saw = |it: &Begun| it.begun.as_ref().map(|(_, verifier)| verifier.clone());
        let verifiers = self.reports.iter().map(saw).collect();
        Evidence { number: self.number, verifiers }.to_bytes(context)
    }

    fn answered<R>(
        self,
        round: &Round,
        above: Option<&SealingPublic>,
        answer: &[u8],
        rng: &mut R,
    ) -> Result<Concluded, Abort>
    where
        R: TryCryptoRng + ?Sized,
    {
        let context = round.context();
        let prio3 = Prio3::new(round.shape(), &context)?;
        let Verdicts { each } = Verdicts::parse(answer, round)?;
        if each.len() != self.reports.len() {
            return Err(Abort::SetsDiffer);
        }
        let mut sum = prio3.nothing();
        let mut left_out = self.left_out;
        let mut rejected = Vec::new();
        let mut members = Vec::new();
        for (place, (report, verdict)) in self.reports.into_iter().zip(each).enumerate() {
            let finish = |message: [u8; 32]| {
                let (state, _) = report.begun.as_ref().ok_or(Rejection::NotProven)?;
                prio3.finish(Role::Leader, state, &message)
            };
            match verdict.and_then(finish) {
                Ok(share) => {
                    prio3::add(&mut sum, &share)?;
                    members.push((report.contributor, report.id));
                }
                Err(why) => {
                    rejected.push((place, why));
                    left_out.push((report.contributor, why));
                }
            }
        }
        let set = AgreedSet::of(round, members.iter().map(|(org, id)| (org, id)));
        set.check(round)?;
        let conclusion = Conclusion { rejected, checksum: set.checksum }.to_bytes(&context);
        let own = Verified { role: Role::Leader, set, sum }.conclude(round, above, rng)?;
        Ok(Concluded { conclusion, own, left_out })
    }
}

/// The leader has its sum, and no share of a single contribution any more; it waits for the
/// helper's.
pub struct Concluded {
    conclusion: Vec<u8>,
    own: Outcome,
    left_out: Vec<(OrgId, Rejection)>,
}

impl Concluded {
    fn answered(self, round: &Round, answer: &[u8]) -> Result<Collected, Abort> {
        let helpers = Outcome::parse(answer, round)?;
        if helpers.role() != Role::Helper || helpers.set() != self.own.set() {
            return Err(Abort::SetsDiffer);
        }
        Ok(Collected { own: self.own, helpers, left_out: self.left_out })
    }
}

/// The round is over. What was drawn is served for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// The leader's sum.
    pub own: Outcome,
    /// The helper's.
    pub helpers: Outcome,
    /// Who contributed and is not in the sum, and why.
    pub left_out: Vec<(OrgId, Rejection)>,
}

/// A stage of the leader after the intake.
#[derive(Debug)]
pub enum Leader {
    /// Waits for the helper's agreement.
    Proposed(Proposed),
    /// Waits for the verdicts.
    Agreed(Agreed),
    /// Waits for the helper's sum.
    Concluded(Concluded),
    /// The round is over.
    Collected(Collected),
}

impl Leader {
    /// What to ask the helper: the same bytes each time. `None` when the round is over.
    pub fn question(&self, round: &Round) -> Option<Vec<u8>> {
        let context = round.context();
        match self {
            Self::Proposed(stage) => Some(stage.question(&context)),
            Self::Agreed(stage) => Some(stage.question(&context)),
            Self::Concluded(stage) => Some(stage.conclusion.clone()),
            Self::Collected(_) => None,
        }
    }

    /// Takes the helper's answer: the next stage, to be stored before anything is said.
    ///
    /// `above` is the key of the leader above, in the round of a region.
    pub fn answered<R>(
        self,
        round: &Round,
        above: Option<&SealingPublic>,
        answer: &[u8],
        rng: &mut R,
    ) -> Result<Self, Abort>
    where
        R: TryCryptoRng + ?Sized,
    {
        match self {
            Self::Proposed(stage) => stage.answered(round, answer).map(Self::Agreed),
            Self::Agreed(stage) => stage.answered(round, above, answer, rng).map(Self::Concluded),
            Self::Concluded(stage) => stage.answered(round, answer).map(Self::Collected),
            Self::Collected(_) => Err(Abort::OutOfTurn),
        }
    }
}
