//! National returns: the figures of a period, with everything that proves them.
//!
//! A return carries the plan with its signatures, what every contributor answered under its own
//! signature, who did not answer, all revisions that were due, and the figures that were shown.
//! Whoever has one needs nothing else to check it: no node, no network, only a reason to trust the
//! identities in it. [`NationalReturn::faults`] recomputes everything and believes nothing; what is
//! not exactly as it must be is named.
//!
//! Only persons are in it: a plan counts persons, and incidents have no place where they could be
//! added to them. Encoding and the outer signature are for whoever writes the file.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use super::plan::{Plan, PlanId};
use super::release::{Accuracy, Answer, Contribution, Figure, ReleaseId, Table, Total};
use super::sum::{Rejection, Role};
use crate::codes::Code as _;
use crate::envelope::{Envelope, payload_type};
use crate::identity::{OrgId, Signature};
use crate::lang::{Lang, Text};
use crate::period::Period;

mod sdg;
mod secret;
#[cfg(test)]
mod tests;

pub use sdg::{SdgRow, sdg_rows};
pub use secret::{GivenUp, NotASum, SignedEnd, SumEnd, SumProof};

/// The figures of a period, with everything that proves them.
#[derive(Clone, Debug, PartialEq)]
pub struct NationalReturn {
    /// The plan.
    pub plan: Plan,
    /// Its canonical bytes, which were signed.
    pub plan_bytes: Vec<u8>,
    /// Who signed them, ascending by identity.
    pub signatures: Vec<(OrgId, Signature)>,
    /// What is asked: everything that the plan answers for this year or quarter.
    pub period: Period,
    /// The day on which it was made: revisions due by then are in it.
    pub made_on: Date,
    /// What is counted and by which definition, in the words of [`definitions`].
    pub definitions: Text,
    /// One table for every cube, period and revision.
    pub tables: Vec<ReturnTable>,
}

/// One release: what everybody said, and what was shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ReturnTable {
    /// Which.
    pub release: ReleaseId,
    /// Every contributor of the plan, ascending; `None`: no answer came.
    pub voices: Vec<(OrgId, Option<Heard>)>,
    /// What was shown of every cell, in the order of the cube.
    pub figures: Vec<Figure>,
    /// How many the largest single contribution to each has at least; empty if there are none.
    pub largest: Vec<u64>,
    /// What was shown of their sum.
    pub total: Figure,
    /// How many the largest single contribution to all of them has at least.
    pub largest_total: u64,
    /// What two aggregators revealed. `None` if nobody adds up in secret, or they have not.
    pub sum: Option<SumProof>,
    /// That they never will, if the sum was given up: by whom that was noticed, and why.
    pub given_up: Option<SignedEnd>,
}

/// How large the error of one cell is, by who adds the noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    /// Here; `None` if there are no figures.
    pub here: Option<Accuracy>,
    /// If two aggregators add up in secret.
    pub secure_sum: Accuracy,
}

impl Errors {
    /// Those of a sum of so many cells.
    #[must_use]
    pub fn times(self, n_cells: usize) -> Self {
        let Self { here, secure_sum } = self;
        Self { here: here.map(|it| it.times(n_cells)), secure_sum: secure_sum.times(n_cells) }
    }
}

/// A signed answer, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// As it was signed.
    pub envelope: Envelope,
    /// What its payload says.
    pub answer: Answer,
}

/// What a plan counts and by which definition, in words.
///
/// Whoever verifies a return computes them anew. So the labels of the two lists stay as they are: another
/// word in one would make the returns that were made before it wrong.
pub fn definitions(plan: &Plan) -> Text {
    let words = |lang: Lang| {
        let (rule, definition) = (plan.rule.label(lang), plan.definition.label(lang));
        lang.pick(
            format!("Counted: {rule}. Definition: {definition}."),
            format!("Unité comptée\u{a0}: {rule}. Définition\u{a0}: {definition}."),
        )
    };
    Text::new(words(Lang::En), words(Lang::Fr))
}

/// What whoever makes a return signs of its content, which is longer than any document.
pub fn digest(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

/// How many contributed and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// Gave figures, or contributed to them.
    pub answered: usize,
    /// Declined, with a reason and a signature; or sent a report that was left out.
    pub declined: usize,
    /// Were not heard.
    pub silent: usize,
}

impl ReturnTable {
    /// The table that follows from what was said. `None` if the answers do not belong together.
    pub fn of(
        plan: &Plan,
        release: ReleaseId,
        voices: Vec<(OrgId, Option<Heard>)>,
        sum: Option<SumProof>,
    ) -> Option<Self> {
        let Table { figures, largest, total, largest_total, .. } = match &sum {
            Some(sum) => plan.sum_table(&release, &sum.total(plan, &release, &voices).ok()?)?,
            None => plan.table(&release, &contributions(&voices))?,
        };
        let given_up = None;
        Some(Self { release, voices, figures, largest, total, largest_total, sum, given_up })
    }

    /// How many distinct persons there are at least in a cell, or in all of them; `None` if nothing can be
    /// said.
    pub fn at_least(&self, place: Option<usize>) -> Option<u64> {
        let bound = match place {
            Some(place) => self.largest.get(place).copied()?,
            None => self.largest_total,
        };
        (bound > 0).then_some(bound)
    }

    /// The same with the word that the sum was given up. A sum that is there was not.
    #[must_use]
    pub fn with_end(self, given_up: Option<SignedEnd>) -> Self {
        Self { given_up: given_up.filter(|_| self.sum.is_none()), ..self }
    }

    /// The cells as they were drawn, and how exact each is; `None` if there are no figures.
    pub fn stored(&self, plan: &Plan) -> Option<(Vec<i64>, Accuracy)> {
        match &self.sum {
            Some(sum) => {
                let total = sum.total(plan, &self.release, &self.voices).ok()?;
                Some((total.cells, Accuracy::of([total.sigma; 2])))
            }
            None => Total::of(&self.contributions()).map(|total| (total.cells, total.accuracy)),
        }
    }

    /// How large the error of one cell is here, and in a secure sum. `None` if the plan has no such table.
    pub fn errors(&self, plan: &Plan) -> Option<Errors> {
        let sigma = plan.cube_at(self.release.cube)?.sigma(self.release.revision)?;
        let of = |n: usize| Accuracy::of(std::iter::repeat_n(sigma, n));
        let n = match plan.is_secure_sum() {
            // However many there are, two of them add noise.
            true => usize::from(self.sum.is_some()) * 2,
            false => self.heads().answered,
        };
        Some(Errors { here: (n > 0).then(|| of(n)), secure_sum: of(2) })
    }

    /// Whether a contributor's report was left out of the sum.
    pub fn left_out(&self, org: &OrgId) -> Option<Rejection> {
        self.sum.as_ref()?.left_out.get(org).copied()
    }

    /// Who gave figures, and which.
    pub fn contributions(&self) -> Vec<&Contribution> {
        contributions(&self.voices)
    }

    /// How many are in it.
    pub fn heads(&self) -> Heads {
        let mut heads = Heads::default();
        for (org, heard) in &self.voices {
            match heard.as_ref().map(|it| &it.answer) {
                Some(Answer::Added(_)) if self.left_out(org).is_some() => heads.declined += 1,
                Some(Answer::Given(_) | Answer::Added(_)) => heads.answered += 1,
                Some(Answer::Declined(_)) => heads.declined += 1,
                None => heads.silent += 1,
            }
        }
        heads
    }
}

fn contributions(voices: &[(OrgId, Option<Heard>)]) -> Vec<&Contribution> {
    let heard = voices.iter().filter_map(|(_, heard)| heard.as_ref());
    heard
        .filter_map(|it| match &it.answer {
            Answer::Given(given) => Some(given),
            Answer::Added(_) | Answer::Declined(_) => None,
        })
        .collect()
}

/// Every release that a return for `period` holds, if it is made on `day`: all cubes of the plan,
/// all its periods within, and the revisions that are due. In this order.
pub fn releases_of(plan: &Plan, id: PlanId, period: Period, day: Date) -> Vec<ReleaseId> {
    let mut releases = Vec::new();
    for (cube, of_cube) in (0_u8..).zip(&plan.cubes) {
        let within = |it: &Period| *it == period || period.contains(*it);
        for of_period in plan.periods(of_cube).into_iter().filter(within) {
            let is_due = |it: &u8| plan.due_on(of_period, *it).is_some_and(|due| due <= day);
            // The first release is in it even before it is due: then nobody has answered.
            let revisions = (0..=plan.n_revisions()).filter(|it| *it == 0 || is_due(it));
            releases.extend(revisions.map(|revision| ReleaseId {
                plan: id,
                cube,
                period: of_period,
                revision,
            }));
        }
    }
    releases
}

/// What is wrong with a return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnFault {
    /// Whoever made it may not ask under the plan, or has not signed it.
    NotTheirs(OrgId),
    /// A signature under the plan is not right, or of somebody without a part in it.
    PlanSignature(OrgId),
    /// Signatures or voices are not in order, each once.
    Order,
    /// It does not hold exactly the tables that its period and day call for.
    Tables,
    /// A table does not name every contributor of the plan.
    Coverage(ReleaseId),
    /// An answer has no right signature, or is to another question, or not as the plan says.
    Answer(ReleaseId, OrgId),
    /// Somebody contributed who has not signed the plan.
    Unsigned(ReleaseId, OrgId),
    /// Somebody answered before the release was due.
    TooEarly(ReleaseId, OrgId),
    /// Somebody's receipt says that more was spent of the year than the plan lets one organization spend.
    Overspent(ReleaseId, OrgId),
    /// What it says that it counts is not what the plan counts.
    Definitions,
    /// One organization answered two questions under one charge.
    DrawnTwice(OrgId),
    /// What an aggregator revealed has no right signature, or is of another round.
    Share(ReleaseId, Role),
    /// What was added up is not what the reports and the list of those left out say.
    Set(ReleaseId),
    /// That a sum was given up is not said by who may say it, or the sum is there.
    GivenUp(ReleaseId),
    /// What is shown does not follow from the contributions.
    Figures(ReleaseId),
}

impl ReturnFault {
    /// What a person reads.
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Self::NotTheirs(org) => lang.pick(
                format!("{org} made it, and may not ask under the plan or has not signed it"),
                format!("{org} l’a produit sans pouvoir demander en vertu du plan, ou sans l’avoir signé"),
            ),
            Self::PlanSignature(org) => lang.pick(
                format!("the signature of {org} under the plan is not right"),
                format!("la signature de {org} au bas du plan est invalide"),
            ),
            Self::Order => lang.pick(
                "organizations are not in order, each once".to_owned(),
                "les organismes ne sont pas dans l’ordre, chacun une fois".to_owned(),
            ),
            Self::Tables => lang.pick(
                "it does not hold exactly the tables of its period".to_owned(),
                "il ne contient pas exactement les tableaux de sa période".to_owned(),
            ),
            Self::Coverage(release) => lang.pick(
                format!("{}: not every contributor is named", place(release, lang)),
                format!("{}\u{a0}: tous les contributeurs ne sont pas nommés", place(release, lang)),
            ),
            Self::Answer(release, org) => lang.pick(
                format!("{}: the answer of {org} is not right", place(release, lang)),
                format!("{}\u{a0}: la réponse de {org} est invalide", place(release, lang)),
            ),
            Self::Unsigned(release, org) => lang.pick(
                format!("{}: {org} has not signed the plan", place(release, lang)),
                format!("{}\u{a0}: {org} n’a pas signé le plan", place(release, lang)),
            ),
            Self::TooEarly(release, org) => lang.pick(
                format!("{}: {org} answered before the release was due", place(release, lang)),
                format!("{}\u{a0}: {org} a répondu avant l’échéance de la diffusion", place(release, lang)),
            ),
            Self::Overspent(release, org) => lang.pick(
                format!("{}: {org} has spent more of the year than the plan allows", place(release, lang)),
                format!("{}\u{a0}: {org} a dépensé pour l’année plus que le plan ne permet", place(release, lang)),
            ),
            Self::Definitions => lang.pick(
                "what it says that it counts is not what the plan counts".to_owned(),
                "ce qu’il dit compter n’est pas ce que compte le plan".to_owned(),
            ),
            Self::DrawnTwice(org) => lang.pick(
                format!("{org} answered twice under one charge"),
                format!("{org} a répondu deux fois pour une même imputation"),
            ),
            Self::Share(release, Role::Leader) => lang.pick(
                format!("{}: what the leader revealed is not right", place(release, lang)),
                format!("{}\u{a0}: ce que le calculateur principal a révélé est invalide", place(release, lang)),
            ),
            Self::Share(release, Role::Helper) => lang.pick(
                format!("{}: what the helper revealed is not right", place(release, lang)),
                format!("{}\u{a0}: ce que le calculateur adjoint a révélé est invalide", place(release, lang)),
            ),
            Self::Set(release) => lang.pick(
                format!("{}: what was added up is not what the reports say", place(release, lang)),
                format!("{}\u{a0}: ce qui a été additionné n’est pas ce que disent les rapports", place(release, lang)),
            ),
            Self::GivenUp(release) => lang.pick(
                format!("{}: that the sum was given up is not said by who may say it", place(release, lang)),
                format!("{}\u{a0}: l’abandon de la somme n’est pas attesté par qui peut le dire", place(release, lang)),
            ),
            Self::Figures(release) => lang.pick(
                format!("{}: the figures do not follow from the contributions", place(release, lang)),
                format!("{}\u{a0}: les chiffres ne découlent pas des contributions", place(release, lang)),
            ),
        }
    }
}

/// When the day begins on which a release may be drawn; seconds since 1970.
fn due_s(plan: &Plan, release: &ReleaseId) -> Option<i64> {
    let day = plan.due_on(release.period, release.revision)?;
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

fn place(release: &ReleaseId, lang: Lang) -> String {
    let ReleaseId { cube, period, revision, .. } = release;
    match lang {
        Lang::En => format!("table {}, {period}, revision {revision}", u16::from(*cube) + 1),
        Lang::Fr => format!("tableau {}, {period}, révision {revision}", u16::from(*cube) + 1),
    }
}

impl NationalReturn {
    /// The identity of the plan.
    pub fn plan_id(&self) -> PlanId {
        PlanId::of(&self.plan_bytes)
    }

    /// Everything that is wrong with it, if `maker` signed the file; nothing if it is right.
    ///
    /// Whether the identities are those of the organizations one thinks of is not decided here.
    pub fn faults(&self, maker: &OrgId) -> Vec<ReturnFault> {
        let mut faults = Vec::new();
        let signers = self.signers(&mut faults);
        if !self.plan.roles.queriers.contains_key(maker) || !signers.contains(maker) {
            faults.push(ReturnFault::NotTheirs(*maker));
        }
        let releases = releases_of(&self.plan, self.plan_id(), self.period, self.made_on);
        if !self.tables.iter().map(|it| it.release).eq(releases) {
            faults.push(ReturnFault::Tables);
        }
        if self.definitions != definitions(&self.plan) {
            faults.push(ReturnFault::Definitions);
        }
        let mut charges = Vec::new();
        for table in &self.tables {
            self.table_faults(table, &signers, &mut charges, &mut faults);
            if let Some(end) = &table.given_up {
                let signer = end.signer(&self.plan, &table.release, maker);
                let is_right = signer.is_some_and(|it| signers.contains(&it));
                if !is_right || table.sum.is_some() {
                    faults.push(ReturnFault::GivenUp(table.release));
                }
            }
        }
        charges.sort_unstable();
        for pair in charges.windows(2) {
            if let [(org, number), (next, again)] = pair
                && (org, number) == (next, again)
                && !faults.contains(&ReturnFault::DrawnTwice(*org))
            {
                faults.push(ReturnFault::DrawnTwice(*org));
            }
        }
        faults
    }

    /// Whose signature under the plan is right.
    fn signers(&self, faults: &mut Vec<ReturnFault>) -> Vec<OrgId> {
        let members = self.plan.roles.members();
        let mut signers = Vec::new();
        for (org, signature) in &self.signatures {
            let envelope = Envelope {
                payload_type: payload_type::PLAN.to_owned(),
                payload: self.plan_bytes.clone(),
                signatures: vec![(*org, *signature)],
            };
            let is_right = envelope.verify(payload_type::PLAN, &[*org]).is_ok();
            match is_right && members.contains(org) {
                true => signers.push(*org),
                false => faults.push(ReturnFault::PlanSignature(*org)),
            }
        }
        if !self.signatures.is_sorted_by(|(a, _), (b, _)| a < b) {
            faults.push(ReturnFault::Order);
        }
        signers
    }

    fn table_faults(
        &self,
        table: &ReturnTable,
        signers: &[OrgId],
        charges: &mut Vec<(OrgId, u64)>,
        faults: &mut Vec<ReturnFault>,
    ) {
        let release = table.release;
        let named = table.voices.iter().map(|(org, _)| org);
        if !named.eq(self.plan.roles.contributors.keys()) {
            faults.push(ReturnFault::Coverage(release));
        }
        for (org, heard) in &table.voices {
            let Some(Heard { envelope, answer }) = heard else { continue };
            let is_signed = envelope.verify(payload_type::RELEASE_ANSWER, &[*org]).is_ok();
            if !is_signed || !self.plan.fits(org, &release, answer) {
                faults.push(ReturnFault::Answer(release, *org));
            }
            if let Some(paid) = answer.paid() {
                charges.push((*org, paid.receipt.number));
                if due_s(&self.plan, &release).is_none_or(|due_s| paid.at_s < due_s) {
                    faults.push(ReturnFault::TooEarly(release, *org));
                }
                if paid.receipt.year_spent > self.plan.budget.node_cap {
                    faults.push(ReturnFault::Overspent(release, *org));
                }
                if !signers.contains(org) {
                    faults.push(ReturnFault::Unsigned(release, *org));
                }
            }
        }
        let follows = match &table.sum {
            None => self.plan.table(&release, &table.contributions()),
            Some(sum) => {
                for org in self.plan.roles.aggregators.iter().flatten() {
                    if !signers.contains(org) {
                        faults.push(ReturnFault::Unsigned(release, *org));
                    }
                }
                match sum.total(&self.plan, &release, &table.voices) {
                    Ok(total) => self.plan.sum_table(&release, &total),
                    Err(why) => {
                        faults.extend(why.fault(release));
                        None
                    }
                }
            }
        };
        let follows = follows.is_some_and(|it| {
            let shown = (&it.figures, &it.largest, it.total, it.largest_total);
            shown == (&table.figures, &table.largest, table.total, table.largest_total)
        });
        if !follows {
            faults.push(ReturnFault::Figures(release));
        }
    }
}
