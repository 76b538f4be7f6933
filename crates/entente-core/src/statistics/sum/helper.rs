//! The helper: answers the leader's three questions, each once.
//!
//! It checks each contributor's signature itself, so the leader can invent nobody; it agrees to one
//! set per round, and reveals its sum once. A question that comes again with the same bytes gets
//! the same answer; with other bytes it is refused, since the difference between two sets would
//! be somebody's figures. Whoever holds a [`Helper`] stores it ([`Helper::to_bytes`]) before it
//! answers; then a crash at any place loses nothing.

use std::collections::BTreeSet;

use rand::TryCryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::message::{
    Agreement, Conclusion, Evidence, Number, Proposal, Verdicts, promise, verify_key,
};
use super::prio3::{self, MESSAGE_LEN, PUBLIC_LEN, Prio3};
use super::{
    Abort, AgreedSet, Outcome, Rejection, ReportId, Role, Round, SealingKey, SealingPublic,
    SignedReport, Verified,
};
use crate::identity::OrgId;
use crate::statistics::random::fill;

mod store;

/// The other aggregator of a round.
#[derive(Debug)]
pub struct Helper {
    stage: Stage,
    last: Option<Last>,
}

/// What was asked last, and the answer.
struct Last {
    question: [u8; 32],
    answer: Vec<u8>,
}

enum Stage {
    /// The key is out; nothing was asked.
    Open(SealingKey),
    /// A set was agreed to. The key is destroyed, and the shares are those of this set.
    Agreed { promised: [u8; 32], number: Number, reports: Vec<Held> },
    /// Each report was judged; what the leader says of it is not known.
    Judged(Vec<Judged>),
    /// The sum was revealed. The shares are destroyed.
    Collected(Outcome),
}

/// A share of the agreed set.
struct Held {
    contributor: OrgId,
    id: ReportId,
    public: [u8; PUBLIC_LEN],
    share: Zeroizing<Vec<u8>>,
}

/// A report that was judged.
struct Judged {
    contributor: OrgId,
    id: ReportId,
    state: Zeroizing<Vec<u8>>,
    verdict: Result<[u8; MESSAGE_LEN], Rejection>,
}

impl Helper {
    /// Begins a round for which shares are sealed to `key`.
    pub fn open(key: SealingKey) -> Self {
        Self { stage: Stage::Open(key), last: None }
    }

    /// The sum that was revealed, when the round is over.
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.stage {
            Stage::Collected(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Answers the leader of `round`: the next stage, to be stored before the answer is sent.
    ///
    /// `above` is the key of the helper above, in the round of a region. After an error the stage
    /// before is still the one that is stored.
    pub fn answer<R>(
        self,
        round: &Round,
        above: Option<&SealingPublic>,
        question: &[u8],
        rng: &mut R,
    ) -> Result<(Self, Vec<u8>), Abort>
    where
        R: TryCryptoRng + ?Sized,
    {
        let asked = Sha256::digest(question).into();
        if let Some(last) = self.last.as_ref().filter(|last| last.question == asked) {
            let answer = last.answer.clone();
            return Ok((self, answer));
        }
        let (stage, answer) = match self.stage {
            Stage::Open(key) => agree(round, &key, Proposal::parse(question, round)?, rng)?,
            Stage::Agreed { promised, number, reports } => {
                judge(round, promised, number, reports, question)?
            }
            Stage::Judged(reports) => conclude(round, above, reports, question, rng)?,
            Stage::Collected(_) => return Err(Abort::OutOfTurn),
        };
        let last = Some(Last { question: asked, answer: answer.clone() });
        Ok((Self { stage, last }, answer))
    }
}

fn agree<R>(
    round: &Round,
    key: &SealingKey,
    proposal: Proposal,
    rng: &mut R,
) -> Result<(Stage, Vec<u8>), Abort>
where
    R: TryCryptoRng + ?Sized,
{
    let context = round.context();
    let prio3 = Prio3::new(round.shape(), &context)?;
    let mut seen = BTreeSet::new();
    let mut rejected = Vec::new();
    let mut reports = Vec::new();
    for (place, signed) in proposal.reports.into_iter().enumerate() {
        match hold(round, &prio3, key, &signed, &mut seen) {
            Ok(held) => reports.push(held),
            Err(why) => rejected.push((place, why)),
        }
    }
    let set = AgreedSet::of(round, reports.iter().map(|it| (&it.contributor, &it.id)));
    set.check(round)?;
    let mut number = [0; 32];
    fill(rng, &mut number)?;
    let answer = Agreement { number, rejected, checksum: set.checksum }.to_bytes(&context);
    Ok((Stage::Agreed { promised: proposal.promise, number, reports }, answer))
}

fn hold(
    round: &Round,
    prio3: &Prio3,
    key: &SealingKey,
    signed: &SignedReport,
    seen: &mut BTreeSet<OrgId>,
) -> Result<Held, Rejection> {
    signed.check(round)?;
    let share = signed.open(prio3, Role::Helper, key, &signed.report.for_helper)?;
    if !seen.insert(signed.contributor) {
        return Err(Rejection::SecondContribution);
    }
    let (contributor, report) = (signed.contributor, &signed.report);
    Ok(Held { contributor, id: report.id, public: report.public, share })
}

fn judge(
    round: &Round,
    promised: [u8; 32],
    number: Number,
    reports: Vec<Held>,
    question: &[u8],
) -> Result<(Stage, Vec<u8>), Abort> {
    let context = round.context();
    let prio3 = Prio3::new(round.shape(), &context)?;
    // A second proposal comes here too, and is of another kind.
    let evidence = Evidence::parse(question, round, prio3.verifier_len());
    let evidence = evidence.map_err(out_of_turn)?;
    if promise(&context, &evidence.number) != promised {
        return Err(Abort::BrokenPromise);
    }
    if evidence.verifiers.len() != reports.len() {
        return Err(Abort::SetsDiffer);
    }
    let key = verify_key(&context, &evidence.number, &number);
    let judged = reports.into_iter().zip(evidence.verifiers).map(|(held, leaders)| {
        let Held { contributor, id, public, share } = held;
        let (state, verdict) = match prio3.begin(&key, Role::Helper, &id.0, &public, &share) {
            Ok(begun) => {
                let leaders = leaders.as_deref().ok_or(Rejection::NotProven);
                let verdict = leaders
                    .and_then(|leaders| prio3.judge(&begun.state, leaders, &begun.verifier))
                    .and_then(|message| {
                        prio3.finish(Role::Helper, &begun.state, &message).map(|_| message)
                    });
                (begun.state, verdict)
            }
            Err(why) => (Zeroizing::default(), Err(why)),
        };
        // What is not proven is not kept.
        let state = if verdict.is_ok() { state } else { Zeroizing::default() };
        Judged { contributor, id, state, verdict }
    });
    let judged: Vec<_> = judged.collect();
    let verdicts = Verdicts { each: judged.iter().map(|it| it.verdict).collect() };
    Ok((Stage::Judged(judged), verdicts.to_bytes(&context)))
}

fn conclude<R>(
    round: &Round,
    above: Option<&SealingPublic>,
    reports: Vec<Judged>,
    question: &[u8],
    rng: &mut R,
) -> Result<(Stage, Vec<u8>), Abort>
where
    R: TryCryptoRng + ?Sized,
{
    let prio3 = Prio3::new(round.shape(), &round.context())?;
    let conclusion = Conclusion::parse(question, round).map_err(out_of_turn)?;
    let rejected: BTreeSet<usize> = conclusion.rejected.iter().map(|(place, _)| *place).collect();
    let mut sum = prio3.nothing();
    let mut members = Vec::new();
    for (place, report) in reports.iter().enumerate() {
        match (&report.verdict, rejected.contains(&place)) {
            (Ok(message), false) => {
                let share = prio3.finish(Role::Helper, &report.state, message);
                prio3::add(&mut sum, &share.map_err(|_| Abort::SetsDiffer)?)?;
                members.push((&report.contributor, &report.id));
            }
            // The leader left it out for a reason of its own: it may leave out whom it likes, and
            // the noise protects those who are left.
            (_, true) => {}
            // The leader counts what is not proven.
            (Err(_), false) => return Err(Abort::SetsDiffer),
        }
    }
    let set = AgreedSet::of(round, members);
    if set.checksum != conclusion.checksum {
        return Err(Abort::SetsDiffer);
    }
    set.check(round)?;
    let outcome = Verified { role: Role::Helper, set, sum }.conclude(round, above, rng)?;
    let answer = outcome.to_bytes();
    Ok((Stage::Collected(outcome), answer))
}

/// A message of another kind at this stage is a question out of turn.
fn out_of_turn(why: Abort) -> Abort {
    match why {
        Abort::Malformed(_) => Abort::OutOfTurn,
        why => why,
    }
}
