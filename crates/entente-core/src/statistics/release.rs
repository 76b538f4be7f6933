//! Releases: the answer to one question of a plan, drawn once and the same for ever.
//!
//! What is asked is a [`ReleaseId`]; what an organization answers, under its signature, is a
//! [`Contribution`] or that it declines. A contribution carries the number of its charge and what was
//! spent then: whoever holds it can prove that the ledger had come so far, so that a node which was
//! set back to an older state cannot spend the same budget twice unnoticed.
//!
//! A stored figure is exactly what was drawn: negative figures and all. The floor, the rounding and
//! the intervals belong to the screen ([`Figure`]) and cost nothing, since they look at nothing but
//! the stored figure.

use super::budget::NanoRho;
use super::noise::Sigma;
use super::plan::PlanId;
use super::sum::ReportId;
use crate::codes::code_list;
use crate::period::Period;

mod show;

pub use show::{Accuracy, Figure, Shown, Symbol, Table, Total, default_floor, value};

/// One answer: a cube of a plan, a period and a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseId {
    /// The plan.
    pub plan: PlanId,
    /// The number of the cube in it, from 0.
    pub cube: u8,
    /// The period.
    pub period: Period,
    /// 0 for the first release.
    pub revision: u8,
}

impl ReleaseId {
    /// How many bytes an id has.
    pub const LEN: usize = 38;

    /// The id as bytes: plan, cube, period number (4, big-endian), revision.
    ///
    /// Everything that is bound to one release is bound to these.
    pub fn bytes(&self) -> Vec<u8> {
        let period = self.period.number().to_be_bytes();
        [self.plan.0.as_slice(), &[self.cube], &period, &[self.revision]].concat()
    }

    /// The id with these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (plan, rest) = bytes.split_first_chunk::<32>()?;
        let (cube, rest) = rest.split_first()?;
        let (period, rest) = rest.split_first_chunk::<4>()?;
        let [revision] = rest else { return None };
        let period = Period::from_number(u32::from_be_bytes(*period)).ok()?;
        Some(Self { plan: PlanId(*plan), cube: *cube, period, revision: *revision })
    }
}

/// One organization's noisy cells of one release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// What it answers.
    pub release: ReleaseId,
    /// When the noise was drawn; seconds since 1970.
    pub drawn_at_s: i64,
    /// The noise in each cell.
    pub sigma: Sigma,
    /// What the persons in it paid.
    pub cost: NanoRho,
    /// The charge.
    pub receipt: Receipt,
    /// Every cell of the cube, in its order.
    pub cells: Vec<i64>,
}

/// How far the ledger had come when a release was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The number of the charge at this node, from 1, without gaps.
    pub number: u64,
    /// What the persons of the release's year had paid then, this charge included.
    pub year_spent: NanoRho,
    /// What all charges of this node came to then: its odometer.
    pub spent: NanoRho,
}

/// That an organization does not answer now, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declined {
    /// What it does not answer.
    pub release: ReleaseId,
    /// When; seconds since 1970.
    pub at_s: i64,
    /// Why.
    pub reason: DeclineReason,
    /// How many charges its ledger knows.
    pub n_charges: u64,
}

/// That an organization has contributed to a secure sum: the head of its report, and its receipt.
///
/// There is no figure in it. What it contributed went to two aggregators in shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addend {
    /// What it contributed to.
    pub release: ReleaseId,
    /// When; seconds since 1970.
    pub at_s: i64,
    /// The noise that each of the two aggregators adds in each cell.
    pub sigma: Sigma,
    /// What the persons in it paid.
    pub cost: NanoRho,
    /// The charge.
    pub receipt: Receipt,
    /// The round of the report ([`super::sum::Round::context`]).
    pub context: [u8; 32],
    /// The number of the report.
    pub report: ReportId,
    /// SHA-256 of the signed report.
    pub digest: [u8; 32],
}

/// What was paid for an answer, whichever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// What was answered.
    pub release: ReleaseId,
    /// When; seconds since 1970.
    pub at_s: i64,
    /// What the persons in it paid.
    pub cost: NanoRho,
    /// The charge.
    pub receipt: Receipt,
}

/// What an organization says to a question of a plan that it signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its figures.
    Given(Contribution),
    /// That it contributed to a secure sum.
    Added(Addend),
    /// None.
    Declined(Declined),
}

impl Answer {
    /// What was paid for it; `None` if it declines.
    pub fn paid(&self) -> Option<Paid> {
        match self {
            Self::Given(it) => {
                let at_s = it.drawn_at_s;
                Some(Paid { release: it.release, at_s, cost: it.cost, receipt: it.receipt })
            }
            Self::Added(it) => {
                let at_s = it.at_s;
                Some(Paid { release: it.release, at_s, cost: it.cost, receipt: it.receipt })
            }
            Self::Declined(_) => None,
        }
    }
}

code_list! {
    /// Why an organization does not answer a question of a plan that it signed. None depends on a case.
    DeclineReason = "decline_reason" {
        NotDue = "not_due", "The period is not over, or the release is not due yet.", "La période n’est pas terminée, ou la diffusion n’est pas encore échue.";
        Replaced = "replaced", "A newer version of the plan answers for that year.", "Une version plus récente du plan répond pour cette année.";
        NotGranted = "not_granted", "The agreement in force grants no statistics.", "L’entente en vigueur n’accorde pas de statistique.";
        BudgetSpent = "budget_spent", "The budget of the persons of that year is spent.", "Le budget des personnes de cette année est épuisé.";
        PartSpent = "part_spent", "The partner’s part of the budget of that year is spent.", "La part du partenaire dans le budget de cette année est épuisée.";
        Behind = "behind", "The ledger of this node is older than what partners hold of it.", "Le registre de ce nœud est plus ancien que ce que les partenaires en détiennent.";
        DrawnBefore = "drawn_before", "It was drawn before the agreement with this partner was in force.", "Elle a été produite avant l’entrée en vigueur de l’entente avec ce partenaire.";
        OtherRound = "other_round", "It contributed to this release before, in a way that cannot be repeated.", "L’organisme a déjà contribué à cette diffusion, d’une manière qui ne peut être répétée.";
        NotYet = "not_yet", "It is paid for and comes when the node has drawn it: ask again in a minute.", "Elle est payée et viendra quand le nœud l’aura produite\u{a0}: redemandez dans une minute.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written_and_nothing_else_is() {
        for period in ["2025", "2025-Q3"] {
            let id = ReleaseId {
                plan: PlanId([7; 32]),
                cube: 2,
                period: period.parse().unwrap(),
                revision: 1,
            };
            let bytes = id.bytes();
            assert_eq!(bytes.len(), ReleaseId::LEN);
            assert_eq!(ReleaseId::from_bytes(&bytes), Some(id));
            assert_eq!(ReleaseId::from_bytes(&bytes[1..]), None);
            assert_eq!(ReleaseId::from_bytes(&[&bytes[..], &[0]].concat()), None);
        }
    }
}
