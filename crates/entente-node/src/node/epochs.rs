//! Epoch close: the one moment at which summaries leave.
//!
//! For one partner: every case that nothing stands against is a candidate; the core says which of
//! them look like enough others; the policy decides each with all facts; what is permitted goes
//! into the feed. Records, feed, releases, report and audit entries are one transaction.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use entente_core::audit::{Action, Actor};
use entente_core::definition;
use entente_core::disclose::{self, Candidate, Held, Release, SeenClass};
use entente_core::identity::{OrgId, PartnerEpoch};
use entente_core::period::Period;
use entente_core::policy::{ConsentFacts, Denied, Disclosure, Explanation, Policy, Proposal};
use entente_core::record::RecordId;
use entente_core::summary::{Finest, Rung, SummaryId};
use entente_store::db::{DbError, Rows, Write};
use entente_store::rows::{EpochRow, ReleaseRow};
use entente_store::tx::Reads as _;
use serde::{Deserialize, Serialize};

use super::agreements::{Kept, unknown_agreement};
use super::records::Case;
use super::{Node, Outcome};
use crate::fault::Fault;

mod group;

pub(crate) use group::Groups;

/// Told how many records were read and decided on, together.
pub type Tell<'a> = &'a mut dyn FnMut(u64);

/// How often that is told, in records.
const STEP: usize = 1024;

/// What the close of an epoch did for one partner. Kept, and shown to people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The partner.
    pub partner: String,
    /// The epoch.
    pub epoch: String,
    /// Summaries that went into the feed.
    pub n_released: u64,
    /// Cases that wait for a later close since too few look like them.
    pub n_waiting: u64,
    /// Released, by rung, the finest first.
    pub by_rung: Vec<u64>,
    /// Cases that something else stands against, by the code of the reason.
    pub refused: BTreeMap<String, u64>,
    /// Cases that something else stands against; one can have several reasons.
    #[serde(default)]
    pub n_refused: u64,
    /// Cases that the partner was told of before.
    #[serde(default)]
    pub n_already: u64,
    /// Released without the form of exploitation.
    pub n_form_hidden: u64,
    /// The greatest chance of finding a person among what the partner then holds.
    pub risk_max: f64,
    /// The smallest group in which a summary is released.
    #[serde(default)]
    pub smallest_group: Option<u32>,
    /// Among how many persons the least hidden one is, with all that the partner then holds.
    #[serde(default)]
    pub least_hidden_among: Option<u32>,
    /// The smallest group that a summary may be of.
    pub k: u32,
}

/// A case that may be released, with all that its decision needs.
struct Ready {
    record: RecordId,
    proposal: Proposal,
    candidate: Candidate,
}

/// What a close does with a case at first.
enum Sorted {
    /// It belongs to a later close, or to none.
    NotMeant,
    /// The partner was told of it.
    Already,
    /// The codes of what stands against it.
    Refused(Vec<String>),
    /// It goes out if enough others look like it.
    Ready(Box<Ready>),
}

/// The facts of one partner that hold for all cases of a close.
struct Towards<'a> {
    kept: &'a Kept,
    policy: &'a Policy,
    names: PartnerEpoch,
}

impl Node {
    /// Closes an epoch for one partner. `commit` false only says what it would come to, also while
    /// the epoch is still open.
    pub fn close_epoch(
        &self,
        actor: &Actor,
        epoch: Period,
        partner: &OrgId,
        commit: bool,
    ) -> Outcome<Report> {
        self.close_epoch_telling(actor, epoch, partner, commit, &mut |_| {})
    }

    /// The same, and tells how many records were read and decided on, together.
    pub fn close_epoch_telling(
        &self,
        actor: &Actor,
        epoch: Period,
        partner: &OrgId,
        commit: bool,
        tell: Tell<'_>,
    ) -> Outcome<Report> {
        if !commit {
            return self.report_now(epoch, partner, tell);
        }
        if !epoch.is_closed(self.today()) {
            return Err(not_over(epoch));
        }
        self.db.write("close epoch", |tx| {
            let (report, kept, ready, releases) = self.plan(tx, epoch, partner, tell)?;
            self.release(tx, actor, &kept, epoch, ready, releases)?;
            let kept_report = EpochRow {
                closed_at_s: self.now_s(),
                report: serde_json::to_string(&report).unwrap_or_default(),
            };
            tx.put_epoch(epoch.number(), partner.as_bytes(), &kept_report)?;
            let entry = self.entry(actor.clone(), Action::EpochClosed).partner(*partner);
            let entry = entry.n(report.n_released).reference(epoch.number().to_be_bytes());
            self.write_audit(tx, vec![entry])?;
            Ok(report)
        })
    }

    #[expect(clippy::type_complexity, reason = "private: the four things a close is made of")]
    fn plan<R: Rows>(
        &self,
        tx: &R,
        epoch: Period,
        partner: &OrgId,
        tell: Tell<'_>,
    ) -> Outcome<(Report, Kept, Vec<Ready>, Vec<Option<Release>>)> {
        let kept = self.newest(tx, partner)?.ok_or_else(unknown_agreement)?;
        let policy = self.policy(&kept)?;
        let names = self.secrets.pseudonyms.partner_epoch(partner, epoch.number());
        let towards = Towards { kept: &kept, policy: &policy, names };

        let given = self.given(tx)?;
        let (mut ready, mut refused) = (Vec::new(), BTreeMap::new());
        let (mut n_refused, mut n_already) = (0, 0);
        let mut held = Held::default();
        let mut cases: Vec<Case> = Vec::new();
        tx.records(&mut |id, row| {
            cases.push(super::records::case_of(&id, row)?);
            if cases.len().is_multiple_of(STEP) {
                tell(cases.len() as u64);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for (nth, case) in cases.iter().enumerate() {
            if nth.is_multiple_of(STEP) {
                tell((cases.len() + nth) as u64);
            }
            let told = given.get(&case.record.id.0);
            if let Some(class) = told.and_then(|told| told.held_by(partner)) {
                held.push(class, case.record.person_or_self());
            }
            match self.sorted(case, epoch, &towards, told) {
                Sorted::NotMeant => {}
                Sorted::Already => n_already += 1,
                Sorted::Ready(found) => ready.push(*found),
                Sorted::Refused(reasons) => {
                    n_refused += 1;
                    for code in reasons {
                        *refused.entry(code).or_insert(0) += 1;
                    }
                }
            }
        }

        let candidates: Vec<Candidate> = ready.iter().map(|it| it.candidate).collect();
        let closed = disclose::close(&candidates, &held, policy.rules());
        let releases = closed.outcomes.iter().map(|outcome| match outcome {
            disclose::Outcome::Released(release) => Some(*release),
            disclose::Outcome::Waiting { .. } => None,
        });
        let releases: Vec<Option<Release>> = releases.collect();
        for (it, outcome) in ready.iter_mut().zip(&closed.outcomes) {
            it.proposal.disclosure = Disclosure::from(*outcome);
        }
        let report = Report {
            partner: partner.to_string(),
            epoch: epoch.to_string(),
            n_released: closed.report.released_by_rung.iter().sum(),
            n_waiting: closed.report.n_waiting,
            by_rung: closed.report.released_by_rung.to_vec(),
            refused,
            n_refused,
            n_already,
            n_form_hidden: closed.report.n_form_hidden,
            risk_max: closed.report.risk.max(),
            smallest_group: releases.iter().flatten().map(|it| it.class_size).min(),
            least_hidden_among: closed.report.risk.smallest_group,
            k: closed.report.rules.k(),
        };
        Ok((report, kept, ready, releases))
    }

    /// What a close of `epoch` does with a case before it looks for others like it. `told` is what partners were told
    /// of it.
    fn sorted(
        &self,
        case: &Case,
        epoch: Period,
        towards: &Towards<'_>,
        told: Option<&Told>,
    ) -> Sorted {
        let within = case.record.period().is_some_and(|period| is_within(period, epoch));
        if case.withdrawn || !within {
            return Sorted::NotMeant;
        }
        if told.is_some_and(|told| told.is_to(&towards.kept.partner)) {
            return Sorted::Already;
        }
        match self.candidate(case, towards, told.and_then(Told::coarsest)) {
            Ok(found) => Sorted::Ready(Box::new(found)),
            Err(reasons) => Sorted::Refused(reasons),
        }
    }

    /// A case as a candidate, or the codes of what stands against it.
    fn candidate(
        &self,
        case: &Case,
        towards: &Towards<'_>,
        start: Option<Rung>,
    ) -> Result<Ready, Vec<String>> {
        let finest = Finest::of(&case.record, definition::met(&case.record));
        let Some(finest) = finest else { return Err(vec!["no_period".to_owned()]) };
        let ladder = finest.ladder();
        let proposal = self.proposal(case, finest, towards, Disclosure::NotClosed);
        let obstacles = towards.policy.obstacles(&proposal);
        if !obstacles.is_empty() {
            let codes = obstacles.iter().map(|reason| reason.why.code().to_owned());
            return Err(codes.collect());
        }
        let mut candidate = Candidate::new(case.record.person_or_self(), ladder);
        // The finest level given to any partner is what is tested: two partners may compare notes.
        candidate.start = start.map_or(candidate.start, |start| start.max(candidate.start));
        Ok(Ready { record: case.record.id, proposal, candidate })
    }

    fn proposal(
        &self,
        case: &Case,
        finest: Finest,
        towards: &Towards<'_>,
        disclosure: Disclosure,
    ) -> Proposal {
        let steward = case.steward_decision(&self.id());
        Proposal {
            case: finest,
            id: SummaryId(towards.names.pseudonym(&case.record.id.0)),
            disclosure,
            consent: ConsentFacts::of(&case.consents, towards.policy, self.today()),
            steward,
            state: towards.kept.state,
            today: self.today(),
        }
    }

    /// Says what the policy permits, and remembers what was said of which record.
    fn release(
        &self,
        tx: &mut Write<'_>,
        actor: &Actor,
        kept: &Kept,
        epoch: Period,
        ready: Vec<Ready>,
        releases: Vec<Option<Release>>,
    ) -> Outcome<()> {
        let policy = self.policy(kept)?;
        let (mut permitted, mut of) = (Vec::new(), Vec::new());
        let mut entries = Vec::new();
        for (it, release) in ready.into_iter().zip(releases) {
            let Some(release) = release else { continue };
            let entry = |action| {
                let entry = self.entry(actor.clone(), action).record(it.record);
                entry.partner(kept.partner).agreement(kept.agreement.id.0)
            };
            match policy.decide(&it.proposal) {
                Ok(statement) => {
                    let clause = statement.clause().to_string();
                    entries.push(
                        entry(Action::SummaryReleased)
                            .reasons([clause])
                            .reference(it.proposal.id.0),
                    );
                    permitted.push(statement);
                    of.push((it.record, it.proposal.id, release));
                }
                Err(Denied { .. }) => entries.push(entry(Action::SummaryRefused)),
            }
        }
        let places = self.say(tx, &kept.partner, Some(kept.reference()), permitted)?;
        for ((record, id, release), at) in of.into_iter().zip(places) {
            let row = ReleaseRow {
                summary: id.0,
                epoch: epoch.number(),
                agreement: (kept.agreement.id.0, kept.agreement.version),
                rung: release.rung.number(),
                class: release.class.to_bytes().to_vec(),
                at,
                released_at_s: self.now_s(),
                withdrawn_at_s: None,
                receipt: None,
            };
            self.put_release(tx, &record.0, kept.partner.as_bytes(), &row)?;
        }
        self.write_audit(tx, entries)
    }

    /// What every record was told to whom.
    fn given<R: Rows>(&self, tx: &R) -> Result<HashMap<[u8; 16], Told>, DbError> {
        let mut given: HashMap<[u8; 16], Told> = HashMap::new();
        tx.all_releases(&mut |record, partner, release| {
            given.entry(record).or_default().0.push((partner, release));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(given)
    }

    /// "Exactly what this partner would receive": the same function that releases, asked now.
    pub fn explain(
        &self,
        actor: Actor,
        record: &RecordId,
        partner: &OrgId,
    ) -> Outcome<(Explanation, Kept)> {
        let (explanation, kept) = self.db.read(|tx| {
            let row = tx.record(&record.0)?.ok_or_else(super::records::unknown_record)?;
            let case = super::records::case_of(&record.0, row)?;
            let kept = self.newest(tx, partner)?.ok_or_else(unknown_agreement)?;
            let policy = self.policy(&kept)?;
            let period = case.record.period().ok_or_else(super::records::unknown_record)?;
            let names = self.secrets.pseudonyms.partner_epoch(partner, period.number());
            let towards = Towards { kept: &kept, policy: &policy, names };
            let finest = Finest::of(&case.record, definition::met(&case.record));
            let finest = finest.ok_or_else(super::records::unknown_record)?;
            let told = tx.release(&record.0, partner.as_bytes())?;
            let disclosure = match told {
                Some(_) => Disclosure::Done,
                None => Disclosure::NotClosed,
            };
            let proposal = self.proposal(&case, finest, &towards, disclosure);
            Ok::<_, Box<Fault>>((policy.explain(&proposal), kept))
        })?;
        let reasons = match &explanation.decision {
            Ok(clause) => vec![clause.to_string()],
            Err(denied) => {
                denied.reasons().iter().map(|reason| reason.why.code().to_owned()).collect()
            }
        };
        let entry = self.entry(actor, Action::Explained).record(*record).partner(*partner);
        self.audit(vec![entry.reasons(reasons)])?;
        Ok((explanation, kept))
    }

    /// The reports of closed epochs.
    pub fn epoch_reports(&self) -> Outcome<Vec<(i64, Report)>> {
        self.db.read(|tx| {
            let rows = tx.epochs()?;
            let read =
                |row: EpochRow| Some((row.closed_at_s, serde_json::from_str(&row.report).ok()?));
            Ok(rows.into_iter().filter_map(|(_, _, row)| read(row)).collect())
        })
    }
}

/// What partners were told of one record.
#[derive(Default)]
struct Told(Vec<([u8; 32], ReleaseRow)>);

impl Told {
    fn is_to(&self, partner: &OrgId) -> bool {
        self.0.iter().any(|(to, _)| to == partner.as_bytes())
    }

    fn held_by(&self, partner: &OrgId) -> Option<SeenClass> {
        let (_, release) = self
            .0
            .iter()
            .find(|(to, release)| to == partner.as_bytes() && release.withdrawn_at_s.is_none())?;
        SeenClass::from_bytes(release.class.as_slice().try_into().ok()?)
    }

    fn coarsest(&self) -> Option<Rung> {
        self.0.iter().filter_map(|(_, release)| Rung::from_number(release.rung)).max()
    }
}

/// Whether a case of `period` belongs to the close of `epoch`: everything up to its end that is not
/// told yet. A year-only case belongs to the closes after its year.
fn is_within(period: Period, epoch: Period) -> bool {
    period.last_day() <= epoch.last_day()
}

fn not_over(epoch: Period) -> Box<Fault> {
    Fault::new(
        1501,
        ("This epoch is not over yet.", "Cette période n’est pas terminée."),
        (
            "Close it after its last day: `entente epoch close`.",
            "Clôturez-la après son dernier jour\u{a0}: `entente epoch close`.",
        ),
    )
    .because(
        format!("{epoch} ends on {}.", epoch.last_day()),
        format!("{epoch} se termine le {}.", epoch.last_day()),
    )
}
