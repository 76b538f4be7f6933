//! Secure sums in a return: what both aggregators revealed, and whose reports are in it.
//!
//! Each report was signed by its contributor, and each aggregator signed its noisy sum over a set of
//! them. Whoever has these recomputes the set and the total, and needs no secret to do so. What is
//! inside of a report stays between the two aggregators.

use std::collections::BTreeMap;

use super::{Heard, ReturnFault};
use crate::codes::code_list;
use crate::envelope::{Envelope, payload_type};
use crate::identity::OrgId;
use crate::statistics::plan::Plan;
use crate::statistics::release::{Answer, ReleaseId};
use crate::statistics::sum::{self, AggregateShare, AgreedSet, NoTotal, Rejection, Role};

/// What makes figures of the reports of a secure sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumProof {
    /// Who contributed and is not in the sum, and why, as the leader says.
    pub left_out: BTreeMap<OrgId, Rejection>,
    /// What the leader and the helper revealed, each under its signature.
    pub shares: [Envelope; 2],
}

impl SumProof {
    /// The noisy figures, if both shares are over exactly the reports of those who contributed and
    /// were not left out.
    pub fn total(
        &self,
        plan: &Plan,
        release: &ReleaseId,
        voices: &[(OrgId, Option<Heard>)],
    ) -> Result<sum::Total, NotASum> {
        let round = plan.round(release).ok_or(NotASum::NoRound)?;
        let [leader, helper] = &self.shares;
        let read = |envelope: &Envelope, role| {
            AggregateShare::verify(envelope, &round, role).ok_or(NotASum::Share(role))
        };
        let (leader, helper) = (read(leader, Role::Leader)?, read(helper, Role::Helper)?);

        let mut left_out: Vec<_> = self.left_out.keys().collect();
        let mut reports = Vec::new();
        for (org, heard) in voices {
            let Some(Heard { answer: Answer::Added(added), .. }) = heard else { continue };
            match left_out.iter().position(|it| *it == org) {
                Some(at) => drop(left_out.swap_remove(at)),
                None => reports.push((*org, added.report)),
            }
        }
        // Whoever is left out has contributed, and nobody is counted who has not said so.
        if !left_out.is_empty() || AgreedSet::named(&round, reports) != *leader.set() {
            return Err(NotASum::Set);
        }
        sum::total(&round, [&leader, &helper]).map_err(|why| match why {
            NoTotal::SetsDiffer => NotASum::Set,
            NoTotal::Roles | NoTotal::WrongRound => NotASum::Share(Role::Helper),
            NoTotal::TooFew(_) | NoTotal::Nonsense => NotASum::Total,
        })
    }
}

code_list! {
    /// Why a secure sum was given up.
    SumEnd = "sum_end" {
        TooFew = "too_few", "Too few organizations contributed", "Trop peu d’organismes ont contribué";
        SetBack = "set_back", "An aggregator was set back to an older state", "Un calculateur a été ramené en arrière";
        Nonsense = "nonsense", "The figures could not come from the contributors", "Les chiffres ne pouvaient venir des contributeurs";
        Gone = "aggregator_gone", "An aggregator is gone", "Un calculateur a disparu";
        Contradiction = "contradiction", "The two aggregators contradicted each other", "Les deux calculateurs se sont contredits";
    }
}

/// That a secure sum was given up, as somebody says under its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// Which sum.
    pub release: ReleaseId,
    /// Who noticed that it cannot go on.
    pub noticed_by: OrgId,
    /// Why.
    pub why: SumEnd,
    /// When; seconds since 1970.
    pub at_s: i64,
}

/// A signed [`GivenUp`], and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedEnd {
    /// As it was signed.
    pub envelope: Envelope,
    /// What its payload says.
    pub given_up: GivenUp,
}

impl SignedEnd {
    /// Who signed it, if the signature is right and whoever signed may say so: the leader; or, where
    /// the leader is gone, `maker`, who asks and says that itself.
    pub fn signer(&self, plan: &Plan, release: &ReleaseId, maker: &OrgId) -> Option<OrgId> {
        let [leader, helper] = plan.roles.aggregators?;
        let [(signer, _)] = self.envelope.signatures.as_slice() else { return None };
        self.envelope.verify(payload_type::SUM_GIVEN_UP, &[*signer]).ok()?;
        let GivenUp { release: of, noticed_by, why, .. } = self.given_up;
        let may_say = match *signer == leader {
            true => [leader, helper].contains(&noticed_by),
            false => signer == maker && noticed_by == *maker && why == SumEnd::Gone,
        };
        (may_say && of == *release).then_some(*signer)
    }
}

/// Why there are no figures in what two aggregators revealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASum {
    /// The plan has no such round.
    #[error("the plan has no such round")]
    NoRound,
    /// What an aggregator revealed is not signed by it, or is of another round.
    #[error("what an aggregator revealed is not right")]
    Share(Role),
    /// The shares are over other reports than the contributors say.
    #[error("what was added up is not what the reports say")]
    Set,
    /// Too few contributors, or figures that cannot come from them.
    #[error("too few contributors, or figures that cannot come from them")]
    Total,
}

impl NotASum {
    /// What is wrong with the return of which this is a table; `None` if that is what its figures say
    /// anyhow.
    pub(super) fn fault(self, release: ReleaseId) -> Option<ReturnFault> {
        match self {
            Self::NoRound | Self::Total => None,
            Self::Share(role) => Some(ReturnFault::Share(release, role)),
            Self::Set => Some(ReturnFault::Set(release)),
        }
    }
}
