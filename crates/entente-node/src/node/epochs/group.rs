//! What a close at this moment would come to, and how many look like one case.
//!
//! A close reads all records; here its candidates stay in memory for those that somebody asked about, so that only
//! what changed is read again. Each record is sorted by the function of a close, and what of them would leave is the
//! core's, so the answer cannot differ from what the close will do with the same records. The report is that of a
//! close that is not carried out, and stays until anything changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use entente_core::agreement::AgreementState;
use entente_core::disclose::{self, Candidate, Held, Outcome as Fate, Rules};
use entente_core::identity::OrgId;
use entente_core::period::Period;
use entente_core::policy::Policy;
use entente_core::record::RecordId;
use entente_core::summary::Rung;
use entente_store::tx::Reads as _;
use jiff::civil::Date;

use super::super::agreements::{Kept, unknown_agreement};
use super::super::records::{Case, case_of};
use super::super::{Node, Outcome, unpoisoned};
use super::{Report, Sorted, Tell, Told, Towards};

/// Among how many persons a case would be released if its epoch were closed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupNow {
    /// How many distinct persons look alike, the person included: on the rung on which it would be
    /// released, or on the coarsest if it would wait.
    pub n_persons: u32,
    /// The rung; `None` if it would wait.
    pub rung: Option<Rung>,
    /// Whether the form of exploitation would be told on it.
    pub tells_form: bool,
}

/// The most closes whose candidates are kept, the most whose report is, and the most records that may change before
/// all are read anew.
const MAX_KEPT: usize = 8;
const MAX_REPORTS: usize = 256;
const MAX_CHANGED: usize = 20_000;

/// Part of a node: candidates of closes, once somebody asked.
#[derive(Default)]
pub(crate) struct Groups {
    // Since somebody last asked; `None` until then, and after too much. Taken within transactions, so whoever holds
    // it waits for nothing.
    changed: Mutex<Option<BTreeSet<RecordId>>>,
    known: Mutex<Known>,
    // Grows when records changed.
    generation: AtomicU64,
}

type Close = (OrgId, Period);

/// What else decides about candidates: the agreement and where it stands, the day, and how often a release had changed.
type Basis = ([u8; 32], AgreementState, Date, u64);

#[derive(Default)]
struct Known {
    waiting: HashMap<Close, Waiting>,
    reports: HashMap<Close, (Basis, Report)>,
}

/// The candidates of one close.
struct Waiting {
    basis: Basis,
    rules: Rules,
    candidates: BTreeMap<RecordId, Candidate>,
    // What would become of them; `None` after a change.
    found: Option<HashMap<RecordId, GroupNow>>,
}

impl Groups {
    /// Remembers that records changed: part of the transaction that changes them.
    pub(crate) fn changed<'a>(&self, cases: impl IntoIterator<Item = &'a Case>) {
        let mut held = unpoisoned(self.changed.lock());
        if let Some(changed) = held.as_mut() {
            changed.extend(cases.into_iter().map(|case| case.record.id));
            if changed.len() > MAX_CHANGED {
                *held = None;
            }
        }
    }
}

fn group_of(fate: &Fate) -> GroupNow {
    match fate {
        Fate::Released(it) => {
            GroupNow { n_persons: it.class_size, rung: Some(it.rung), tells_form: it.tells_form }
        }
        Fate::Waiting { class_size } => {
            GroupNow { n_persons: *class_size, rung: None, tells_form: false }
        }
    }
}

impl Node {
    /// What a close of `epoch` for `partner` would find now for a record. `None` if something else
    /// stands against it, so that a close would not look.
    pub fn group_now(
        &self,
        record: &RecordId,
        epoch: Period,
        partner: &OrgId,
    ) -> Outcome<Option<GroupNow>> {
        let mut held = unpoisoned(self.groups.known.lock());
        // Taken out, so that all is read anew after an error in between.
        let mut known = std::mem::take(&mut *held);
        let n_releases = self.bring_up(&mut known)?;
        let close = (*partner, epoch);
        let kept = self.db.read(|tx| self.newest(tx, partner))?.ok_or_else(unknown_agreement)?;
        let basis = self.basis(&kept, n_releases);
        let mut waiting = match known.waiting.remove(&close).filter(|it| it.basis == basis) {
            Some(waiting) => waiting,
            None => self.sort_all(epoch, partner, n_releases)?,
        };
        let found = waiting.found.get_or_insert_with(|| {
            let all: Vec<Candidate> = waiting.candidates.values().copied().collect();
            let closed = disclose::close(&all, &Held::default(), waiting.rules);
            let fates = closed.outcomes.iter().map(group_of);
            waiting.candidates.keys().copied().zip(fates).collect()
        });
        let group = found.get(record).copied();
        if known.waiting.len() >= MAX_KEPT
            && let Some(other) = known.waiting.keys().next().copied()
        {
            known.waiting.remove(&other);
        }
        known.waiting.insert(close, waiting);
        *held = known;
        Ok(group)
    }

    /// What a close of `epoch` for `partner` would come to now.
    pub(super) fn report_now(
        &self,
        epoch: Period,
        partner: &OrgId,
        tell: Tell<'_>,
    ) -> Outcome<Report> {
        let close = (*partner, epoch);
        let Ok((n_releases, generation, before)) = self.reported(&close) else {
            // A store that takes nothing more can still be read.
            return self.db.read(|tx| Ok(self.plan(tx, epoch, partner, tell)?.0));
        };
        let today = self.today();
        if let Some(report) = before {
            return Ok(report);
        }
        let (report, kept, ..) = self.db.read(|tx| self.plan(tx, epoch, partner, tell))?;
        let mut known = unpoisoned(self.groups.known.lock());
        let changed = unpoisoned(self.groups.changed.lock());
        let is_as_before = changed.as_ref().is_some_and(BTreeSet::is_empty);
        if is_as_before && self.groups.generation.load(Ordering::SeqCst) == generation {
            if known.reports.len() >= MAX_REPORTS {
                known.reports.clear();
            }
            let basis = (kept.hash, kept.state, today, n_releases);
            known.reports.insert(close, (basis, report.clone()));
        }
        Ok(report)
    }

    /// How often a release and records had changed, and the report that is known by then.
    fn reported(&self, close: &Close) -> Outcome<(u64, u64, Option<Report>)> {
        let mut held = unpoisoned(self.groups.known.lock());
        let mut known = std::mem::take(&mut *held);
        let n_releases = self.bring_up(&mut known)?;
        let kept = self.db.read(|tx| self.newest(tx, &close.0))?;
        let basis = kept.map(|kept| self.basis(&kept, n_releases));
        let report = known.reports.get(close).filter(|(of, _)| Some(*of) == basis);
        let report = report.map(|(_, report)| report.clone());
        let generation = self.groups.generation.load(Ordering::SeqCst);
        *held = known;
        Ok((n_releases, generation, report))
    }

    fn basis(&self, kept: &Kept, n_releases: u64) -> Basis {
        (kept.hash, kept.state, self.today(), n_releases)
    }

    /// Follows what changed until now. Returns how often a release had changed by then.
    fn bring_up(&self, known: &mut Known) -> Outcome<u64> {
        // What changes from here on is looked at the next time.
        let changed = unpoisoned(self.groups.changed.lock()).replace(BTreeSet::new());
        let n_releases = self.n_release_changes();
        if changed.as_ref().is_some_and(BTreeSet::is_empty) {
            return Ok(n_releases);
        }
        self.groups.generation.fetch_add(1, Ordering::SeqCst);
        self.settle()?;
        known.reports.clear();
        let mut waiting = std::mem::take(&mut known.waiting);
        if let Some(changed) = changed {
            for ((partner, epoch), mut it) in waiting.drain() {
                if self.sort_again(&mut it, &changed, epoch, &partner)? {
                    known.waiting.insert((partner, epoch), it);
                }
            }
        }
        Ok(n_releases)
    }

    fn sort_all(&self, epoch: Period, partner: &OrgId, n_releases: u64) -> Outcome<Waiting> {
        self.db.read(|tx| {
            let given = self.given(tx)?;
            let kept = self.newest(tx, partner)?.ok_or_else(unknown_agreement)?;
            let policy = self.policy(&kept)?;
            let mut candidates = BTreeMap::new();
            let sort = self.sorting(&kept, &policy, epoch);
            tx.records(&mut |id, row| {
                let case = case_of(&id, row)?;
                candidates.extend(sort(&case, given.get(&id)).map(|it| (case.record.id, it)));
                Ok(ControlFlow::Continue(()))
            })?;
            let basis = self.basis(&kept, n_releases);
            Ok(Waiting { basis, rules: policy.rules(), candidates, found: None })
        })
    }

    /// Sorts records that changed. `false` if they would be sorted by another agreement than the others were.
    fn sort_again(
        &self,
        waiting: &mut Waiting,
        changed: &BTreeSet<RecordId>,
        epoch: Period,
        partner: &OrgId,
    ) -> Outcome<bool> {
        self.db.read(|tx| {
            let kept = self.newest(tx, partner)?.ok_or_else(unknown_agreement)?;
            if self.basis(&kept, waiting.basis.3) != waiting.basis {
                return Ok(false);
            }
            let policy = self.policy(&kept)?;
            let sort = self.sorting(&kept, &policy, epoch);
            for id in changed {
                let row = tx.record(&id.0)?;
                let case = row.map(|row| case_of(&id.0, row)).transpose()?;
                let told = Told(tx.releases(&id.0)?);
                match case.and_then(|case| sort(&case, Some(&told))) {
                    Some(candidate) => waiting.candidates.insert(*id, candidate),
                    None => waiting.candidates.remove(id),
                };
            }
            waiting.found = None;
            Ok(true)
        })
    }

    /// Sorts cases as a close does: a case, and what partners were told of it.
    fn sorting<'a>(
        &'a self,
        kept: &'a Kept,
        policy: &'a Policy,
        epoch: Period,
    ) -> impl Fn(&Case, Option<&Told>) -> Option<Candidate> + 'a {
        let names = self.secrets.pseudonyms.partner_epoch(&kept.partner, epoch.number());
        let towards = Towards { kept, policy, names };
        move |case, told| match self.sorted(case, epoch, &towards, told) {
            Sorted::Ready(ready) => Some(ready.candidate),
            _ => None,
        }
    }
}
