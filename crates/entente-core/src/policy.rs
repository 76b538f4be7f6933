//! Policy: the one place that decides what may leave a node.
//!
//! Silence means no. A summary goes out only if the agreement grants it and nothing forbids it,
//! and a refusal lists every reason, each with the clause it rests on. The decision is a function
//! of the [`Policy`], which is compiled from the signed agreement and nothing else, and of the
//! [`Proposal`], which holds all facts; so the audit log can store a proposal and replay it, and
//! [`Policy::explain`] is this same function.
//!
//! Only this module makes a [`Permitted`], and only a `Permitted` can be signed and queued: to see
//! everything that can leave a node, read this file.
//!
//! It does not count classes ([`crate::disclose`]) or hide small cells ([`crate::count`]); it
//! checks again what they say.

use jiff::civil::Date;

use crate::agreement::clause::item;
use crate::agreement::grant::Grant;
use crate::agreement::terms::{Dimension, PeriodLevel};
use crate::agreement::{Agreement, AgreementState, Clause, Elements, Forbids, Term};
use crate::codes::{OrgType, Purpose, Set};
use crate::consent::Consent;
use crate::disclose::{MIN_DIVERSITY, Outcome, Release, Rules};
use crate::envelope::{Envelope, payload_type};
use crate::identity::OrgId;
use crate::period::Period;
use crate::statement::{AgreementRef, Statement, WithdrawReason};
use crate::statistics::budget::NanoRho;
use crate::summary::{CaseSummary, Finest, Rung, SummaryId};

mod explain;
mod handovers;
mod inclusion;
mod reason;
mod referrals;
mod services;
#[cfg(test)]
mod tests;

pub use explain::{Explanation, FieldFate, FieldLine};
pub use handovers::handover_key;
pub use inclusion::{CaseFacts, Inclusion};
pub use reason::{Denied, Reason, Why};
pub use referrals::{
    NeedConsent, OfferProposal, carried_answer, decide_own_offer, referral_answer,
    referral_decision,
};
pub use services::ServiceNews;

/// What one organization may send to one partner: an agreement, seen in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    agreement: AgreementRef,
    ours: OrgId,
    partner: OrgId,
    partner_kind: OrgType,
    article: u8,
    grant: Grant,
    purposes: Set<Purpose>,
    term: Term,
}

impl Agreement {
    /// What `ours` may send to its partner. `None` if `ours` is no party.
    pub fn policy_for(&self, ours: &OrgId) -> Option<Policy> {
        let partner = self.partner_of(ours)?;
        let (article, grant) = self.grant_from(ours)?;
        Some(Policy {
            agreement: AgreementRef { id: self.id.0, version: self.version },
            ours: *ours,
            partner: partner.org,
            partner_kind: partner.kind,
            article,
            grant: grant.clone(),
            purposes: self.purposes,
            term: self.term,
        })
    }
}

/// The proposal to share one case with the partner: all facts of the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The case, at its finest.
    pub case: Finest,
    /// The name that its summary would have.
    pub id: SummaryId,
    /// What the close of the epoch came to.
    pub disclosure: Disclosure,
    /// What the person allows.
    pub consent: ConsentFacts,
    /// What the community steward allows.
    pub steward: StewardDecision,
    /// Where the agreement stands.
    pub state: AgreementState,
    /// The day of the decision.
    pub today: Date,
}

/// How far a case has come with this partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disclosure {
    /// Its epoch is not closed yet.
    NotClosed,
    /// It was in too small a class.
    TooFew {
        /// Of how many persons.
        class_size: u32,
    },
    /// It may go out like this.
    Ready {
        /// On which rung.
        rung: Rung,
        /// Among how many persons.
        class_size: u32,
        /// Whether the form of exploitation is told.
        tells_form: bool,
        /// How many values the form has in the class.
        diversity: u32,
    },
    /// It went out before. A case is released once.
    Done,
}

impl From<Outcome> for Disclosure {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Waiting { class_size } => Self::TooFew { class_size },
            Outcome::Released(Release { rung, class_size, tells_form, diversity, class: _ }) => {
                Self::Ready { rung, class_size, tells_form, diversity }
            }
        }
    }
}

/// What the person allows, for this partner and this day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentFacts {
    /// The purposes that a consent covers.
    pub covered: Set<Purpose>,
    /// Whether a consent was withdrawn.
    pub is_withdrawn: bool,
}

impl ConsentFacts {
    /// The facts that `consents` make for `policy` on `today`.
    ///
    /// A legal duty is no consent: it moves a referral or an investigation, never a summary.
    pub fn of(consents: &[Consent], policy: &Policy, today: Date) -> Self {
        let proper = || consents.iter().filter(|it| it.override_reason.is_none());
        let covers = |purpose: &Purpose| {
            let (partner, kind) = (&policy.partner, policy.partner_kind);
            proper().any(|it| it.allows(*purpose, partner, kind, today))
        };
        Self {
            covered: policy.purposes.iter().filter(covers).collect(),
            is_withdrawn: proper().any(|it| it.withdrawn_on.is_some_and(|day| day <= today)),
        }
    }
}

/// What the community steward of a record says to this sharing (OCAP®).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StewardDecision {
    /// The record has no steward.
    NotNeeded,
    /// The steward's own policy allows it.
    Allowed,
    /// The steward has not answered.
    Missing,
    /// The steward's own policy refuses it.
    Refused,
}

/// The proposal to answer a question for controlled counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountProposal {
    /// By what it is broken down or filtered.
    pub dimensions: Vec<Dimension>,
    /// Over which period.
    pub period: Period,
    /// Where the agreement stands.
    pub state: AgreementState,
    /// The day of the decision.
    pub today: Date,
}

/// What may be counted, and how small a count may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountGrant {
    /// A count below this is hidden.
    pub min_cell: u32,
    /// The period.
    pub period: Period,
    /// Everything that counts for this partner may be broken down by: the frame that is protected as
    /// a whole, whatever the question asks of it.
    pub frame: Vec<Dimension>,
    /// Whose cases may be counted for this partner.
    pub of: Inclusion,
}

/// What a partner may get of private statistics, and whose cases may be in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatisticsGrant {
    /// The partner's part of a year's privacy budget.
    pub budget: NanoRho,
    /// Whose cases may be in figures that this partner gets: the rules of controlled counts.
    pub of: Inclusion,
}

/// A `T` that a policy has allowed to go to one partner.
///
/// Only this module makes these. Queueing asks for one, so nothing can be signed or sent that no
/// policy has allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted<T> {
    partner: OrgId,
    clause: Clause,
    inner: T,
}

impl<T> Permitted<T> {
    /// To whom it may go.
    pub fn partner(&self) -> &OrgId {
        &self.partner
    }

    /// The clause that allows it.
    pub fn clause(&self) -> Clause {
        self.clause
    }

    /// What may go.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// Turns the content into something else, under the same permission.
    ///
    /// Kept within this crate: outside, it would let a permission be moved to another content.
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Permitted<U> {
        Permitted { partner: self.partner, clause: self.clause, inner: f(self.inner) }
    }
}

/// Takes a summary back. Always permitted, also when the agreement is suspended or ended: saying
/// less needs no argument.
pub fn withdraw(partner: OrgId, id: SummaryId, reason: WithdrawReason) -> Permitted<Statement> {
    let inner = Statement::Withdrawal(id, reason);
    Permitted { partner, clause: Clause::ALWAYS, inner }
}

/// Sends a signed document: an agreement, a notice, a receipt. `None` for every kind that is not
/// [`payload_type::PLAIN`]: what holds something about a case, or asks for a grant, has a way of its own.
pub fn document(partner: OrgId, envelope: Envelope) -> Option<Permitted<Statement>> {
    let is_plain = payload_type::PLAIN.contains(&&*envelope.payload_type);
    let inner = Statement::Document(envelope);
    is_plain.then_some(Permitted { partner, clause: Clause::ALWAYS, inner })
}

impl Policy {
    /// The partner.
    pub fn partner(&self) -> &OrgId {
        &self.partner
    }

    /// The agreement it was compiled from.
    pub fn agreement(&self) -> AgreementRef {
        self.agreement
    }

    /// The finest levels that the partner may see.
    pub fn elements(&self) -> &Elements {
        &self.grant.elements
    }

    /// The rules for the close of an epoch.
    pub fn rules(&self) -> Rules {
        Rules::new(self.grant.min_group)
    }

    /// Decides whether a case may go to the partner, and makes the summary that goes.
    pub fn decide(&self, proposal: &Proposal) -> Result<Permitted<Statement>, Denied> {
        let mut reasons = self.judge(proposal);
        match self.view(proposal) {
            Some(summary) if reasons.is_empty() => Ok(Permitted {
                partner: self.partner,
                clause: self.clause(item::SUMMARIES),
                inner: Statement::Summary(summary),
            }),
            Some(_) => Err(Denied::new(reasons)),
            None => {
                // Without a status there is no summary, and `judge` has said so; should the two
                // ever disagree, the answer is still no.
                reasons.push(Reason { clause: Clause::ALWAYS, why: Why::NotAVictim });
                Err(Denied::new(reasons))
            }
        }
    }

    /// Takes a summary back. Always permitted.
    pub fn withdraw(&self, id: SummaryId, reason: WithdrawReason) -> Permitted<Statement> {
        withdraw(self.partner, id, reason)
    }

    /// Decides whether a question for controlled counts may be answered.
    pub fn decide_count(&self, proposal: &CountProposal) -> Result<Permitted<CountGrant>, Denied> {
        let CountProposal { dimensions, period, state, today } = proposal;
        let mut reasons = Vec::new();
        self.judge_state(*state, *today, &mut reasons);
        let clause = self.clause(item::COUNTS);
        let mut deny = |clause, why| reasons.push(Reason { clause, why });
        if !period.is_closed(*today) {
            deny(Clause::ALWAYS, Why::PeriodNotClosed);
        }
        let Some(counts) = &self.grant.counts else {
            let why =
                if self.grant.is_empty() { Why::NothingGranted } else { Why::CountsNotGranted };
            deny(clause, why);
            return Err(Denied::new(reasons));
        };
        if matches!(period, Period::Quarter(_)) && counts.period == PeriodLevel::Year {
            deny(clause, Why::PeriodTooFine);
        }
        for dimension in dimensions {
            if !counts.dimensions.contains(dimension) {
                let part = crate::codes::Code::number(*dimension) + 1;
                deny(clause.part(part), Why::DimensionNotGranted(*dimension));
            }
        }
        if !reasons.is_empty() {
            return Err(Denied::new(reasons));
        }

        let grant = CountGrant {
            min_cell: counts.min_cell.max(crate::agreement::grant::MIN_CELL_FLOOR),
            period: *period,
            frame: counts.dimensions.iter().copied().collect(),
            of: Inclusion(self.clone()),
        };
        Ok(Permitted { partner: self.partner, clause, inner: grant })
    }

    /// Decides whether the partner gets private statistics under a plan that we signed.
    ///
    /// Which figures those are is the plan's, and no question can name others.
    pub fn decide_statistics(
        &self,
        state: AgreementState,
        today: Date,
    ) -> Result<Permitted<StatisticsGrant>, Denied> {
        let mut reasons = Vec::new();
        self.judge_state(state, today, &mut reasons);
        let clause = self.clause(item::BUDGET);
        if self.grant.budget_nano_rho == 0 {
            reasons.push(Reason { clause, why: Why::StatisticsNotGranted });
        }
        if !reasons.is_empty() {
            return Err(Denied::new(reasons));
        }
        let budget = NanoRho(self.grant.budget_nano_rho);
        let inner = StatisticsGrant { budget, of: Inclusion(self.clone()) };
        Ok(Permitted { partner: self.partner, clause, inner })
    }

    /// The reasons for which a case could not go to the partner even at the close of an epoch.
    ///
    /// A case without any is a candidate of the close; [`Policy::decide`] then asks all again.
    pub fn obstacles(&self, proposal: &Proposal) -> Vec<Reason> {
        let mut reasons = Vec::new();
        self.judge_state(proposal.state, proposal.today, &mut reasons);
        self.judge_tier(&mut reasons);
        self.judge_consent(proposal.consent, &mut reasons);
        let facts = CaseFacts::of(&proposal.case, proposal.steward, &self.ours);
        self.judge_facts(&facts, &mut reasons);
        if proposal.disclosure == Disclosure::Done {
            reasons.push(Reason { clause: Clause::ALWAYS, why: Why::AlreadyReleased });
        }
        reasons
    }

    /// Every reason against a proposal.
    fn judge(&self, proposal: &Proposal) -> Vec<Reason> {
        let mut reasons = self.obstacles(proposal);
        let group = self.clause(item::MIN_GROUP);
        let k = self.rules().k();
        let mut deny = |clause, why| reasons.push(Reason { clause, why });
        match proposal.disclosure {
            Disclosure::Done => {}
            Disclosure::NotClosed => deny(Clause::ALWAYS, Why::WaitsForClose),
            Disclosure::TooFew { class_size } => {
                deny(group, Why::GroupTooSmall { size: class_size, k });
            }
            Disclosure::Ready { class_size, tells_form, diversity, rung } => {
                if class_size < k {
                    deny(group, Why::GroupTooSmall { size: class_size, k });
                }
                if tells_form && diversity < MIN_DIVERSITY {
                    deny(group, Why::DiversityTooLow { values: diversity });
                }
                // A rung finer than the case's own would claim a quarter that nobody knows.
                if rung < proposal.case.ladder().start {
                    deny(Clause::ALWAYS, Why::WaitsForClose);
                }
            }
        }
        reasons
    }

    /// Whether the agreement is in force.
    fn judge_state(&self, state: AgreementState, today: Date, reasons: &mut Vec<Reason>) {
        let mut deny = |clause, why| reasons.push(Reason { clause, why });
        if today < self.term.effective {
            deny(Clause::EFFECTIVE, Why::NotYetInForce { effective: self.term.effective });
        }
        if today > self.term.expiry || state == AgreementState::Expired {
            deny(Clause::EXPIRY, Why::Expired { expiry: self.term.expiry });
        }
        match state {
            AgreementState::Active | AgreementState::Expired => {}
            AgreementState::Draft
            | AgreementState::Proposed { .. }
            | AgreementState::HalfSigned { .. } => deny(Clause::ALWAYS, Why::NotSigned),
            AgreementState::Suspended { .. } => deny(Clause::SUSPENSION, Why::Suspended),
            AgreementState::Amended => deny(Clause::ALWAYS, Why::Superseded),
            AgreementState::Ended { .. } => deny(Clause::END, Why::Ended),
        }
    }

    /// Whether summaries go in this direction at all.
    fn judge_tier(&self, reasons: &mut Vec<Reason>) {
        let clause = self.clause(item::SUMMARIES);
        if self.grant.is_empty() {
            reasons.push(Reason { clause, why: Why::NothingGranted });
        } else if !self.grant.summaries {
            reasons.push(Reason { clause, why: Why::SummariesNotGranted });
        }
    }

    /// Whether this case may go, whatever the person allows and the size of its group.
    fn judge_facts(&self, case: &CaseFacts, reasons: &mut Vec<Reason>) {
        let mut deny = |clause, why| reasons.push(Reason { clause, why });

        match (case.has_steward, case.steward) {
            (_, StewardDecision::Refused) => deny(Clause::ALWAYS, Why::StewardRefused),
            (_, StewardDecision::Missing) | (true, StewardDecision::NotNeeded) => {
                deny(Clause::ALWAYS, Why::StewardMissing);
            }
            (false, StewardDecision::NotNeeded) | (_, StewardDecision::Allowed) => {}
        }

        if !case.is_victim {
            deny(Clause::ALWAYS, Why::NotAVictim);
        }
        if !self.grant.geography.includes(case.province) {
            deny(self.clause(item::GEOGRAPHY), Why::OutsideGeography);
        }
        if !self.grant.age_classes.contains(case.majority) {
            deny(self.clause(item::AGE_CLASSES), Why::AgeClassNotGranted);
        }

        let forbids = &self.grant.forbids;
        if forbids.indigenous && case.is_indigenous {
            deny(Forbids::indigenous_clause(self.article), Why::ForbiddenIndigenous);
        }
        if forbids.minors && case.may_be_minor {
            deny(Forbids::minors_clause(self.article), Why::ForbiddenMinor);
        }
        for form in forbids.exploitation.iter().filter(|form| case.exploitation.contains(**form)) {
            deny(Forbids::form_clause(self.article, *form), Why::ForbiddenForm);
        }
    }

    /// Whether the person allows it for every purpose that a summary serves.
    fn judge_consent(&self, consent: ConsentFacts, reasons: &mut Vec<Reason>) {
        let purposes = self.summary_purposes();
        let mut deny = |why| reasons.push(Reason { clause: Clause::PURPOSES, why });
        if purposes.is_empty() {
            deny(Why::NoPurpose);
        }
        let missing: Set<Purpose> =
            purposes.iter().filter(|it| !consent.covered.contains(*it)).collect();
        if missing.is_empty() {
            return;
        }
        deny(Why::NoConsent { purposes: missing });
        if consent.is_withdrawn {
            reasons.push(Reason { clause: Clause::ALWAYS, why: Why::ConsentWithdrawn });
        }
    }

    /// The agreement's purposes that summaries and counts serve.
    ///
    /// They serve knowledge about many: statistics, research, evaluation, audit. What concerns one
    /// person (a service, an inspection, an investigation) is not done with them, so it asks for no
    /// consent here and gets none.
    pub fn summary_purposes(&self) -> Set<Purpose> {
        let serves = |purpose: &Purpose| match purpose {
            Purpose::Statistics | Purpose::Research | Purpose::Evaluation | Purpose::Audit => true,
            Purpose::Referral | Purpose::Compliance | Purpose::Criminal => false,
        };
        self.purposes.iter().filter(serves).collect()
    }

    /// The summary as the partner would see it; `None` for a case that has none.
    fn view(&self, proposal: &Proposal) -> Option<CaseSummary> {
        let (rung, tells_form, class_size) = match proposal.disclosure {
            Disclosure::Ready { rung, class_size, tells_form, .. } => {
                (rung, tells_form, class_size)
            }
            // Nobody knows the rung yet: this is the most it can come to.
            Disclosure::NotClosed | Disclosure::TooFew { .. } | Disclosure::Done => {
                (proposal.case.ladder().start, true, 0)
            }
        };
        let summary = proposal.case.at(rung, tells_form, proposal.id, class_size)?;
        Some(summary.limited_to(&self.grant.elements))
    }

    fn clause(&self, item: u8) -> Clause {
        Clause::of(self.article, item)
    }
}
