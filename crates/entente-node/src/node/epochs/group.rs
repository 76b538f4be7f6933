//! What a close at this moment would come to, and how many look like one case.
//!
//! A close reads all records; here its candidates stay in memory for those that somebody asked about, so that only
//! what changed is read again. Each record is sorted by the function of a close, and what of them would leave is the
//! core's, so the answer cannot differ from what the close will do with the same records. The report is that of a
//! close that is not carried out, and stays until anything changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Mutex;

use entente_core::agreement::AgreementState;
use entente_core::disclose::{self, Candidate, Held, Outcome as Fate};
use entente_core::identity::OrgId;
use entente_core::period::Period;
use entente_core::policy::Policy;
use entente_core::record::RecordId;
use entente_core::summary::Rung;
use entente_store::db::Rows;
use entente_store::tx::Reads as _;
use jiff::civil::Date;

use super::super::agreements::unknown_agreement;
use super::super::records::{Case, case_of};
use super::super::{Node, Outcome, unpoisoned};
use super::{Report, Sorted, Tell, Told, Towards};
use crate::fault::Fault;

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

/// The most closes whose candidates are kept, and the most records that may change before they are read anew.
const MAX_KEPT: usize = 8;
const MAX_CHANGED: usize = 20_000;

/// Part of a node: candidates of closes, once somebody asked.
#[derive(Default)]
pub(crate) struct Groups {
    // Since somebody last asked; `None` until then, and after too much. Taken within transactions, so whoever holds
    // it waits for nothing.
    changed: Mutex<Option<BTreeSet<RecordId>>>,
    known: Mutex<HashMap<(OrgId, Period), Waiting>>,
}

/// What else decides about candidates: the agreement, the day, and how often a release had changed.
type Basis = ([u8; 32], AgreementState, Date, u64);

/// One close that is not carried out.
struct Waiting {
    basis: Basis,
    // Once somebody asked about a case.
    candidates: Option<BTreeMap<RecordId, Candidate>>,
    // What would become of them; `None` after a change.
    found: Option<HashMap<RecordId, GroupNow>>,
    // What it would come to; `None` after a change.
    report: Option<Report>,
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
        self.with_close(epoch, partner, |waiting, policy| {
            if let Some(found) = &waiting.found {
                return Ok(found.get(record).copied());
            }
            let candidates = match waiting.candidates.take() {
                Some(candidates) => candidates,
                None => self.sort_all(epoch, partner)?,
            };
            let all: Vec<Candidate> = candidates.values().copied().collect();
            let closed = disclose::close(&all, &Held::default(), policy.rules());
            let fates = closed.outcomes.iter().map(group_of);
            let found: HashMap<_, _> = candidates.keys().copied().zip(fates).collect();
            let group = found.get(record).copied();
            waiting.candidates = Some(candidates);
            waiting.found = Some(found);
            Ok(group)
        })
    }

    /// What a close of `epoch` for `partner` would come to now.
    pub(super) fn report_now(
        &self,
        epoch: Period,
        partner: &OrgId,
        tell: Tell<'_>,
    ) -> Outcome<Report> {
        self.with_close(epoch, partner, |waiting, _| {
            let report = match waiting.report.take() {
                Some(report) => report,
                None => self.db.read(|tx| self.plan(tx, epoch, partner, tell))?.0,
            };
            waiting.report = Some(report.clone());
            Ok(report)
        })
    }

    /// Asks of a close with all that changed until now.
    fn with_close<T>(
        &self,
        epoch: Period,
        partner: &OrgId,
        ask: impl FnOnce(&mut Waiting, &Policy) -> Outcome<T>,
    ) -> Outcome<T> {
        let mut held = unpoisoned(self.groups.known.lock());
        // Taken out, so that all is read anew after an error in between.
        let mut known = std::mem::take(&mut *held);
        // What changes from here on is looked at the next time.
        let changed = unpoisoned(self.groups.changed.lock()).replace(BTreeSet::new());
        let n_releases = self.n_release_changes();
        match changed {
            Some(changed) if changed.is_empty() => {}
            Some(changed) => {
                self.settle()?;
                for ((partner, epoch), waiting) in &mut known {
                    self.sort_again(waiting, &changed, *epoch, partner)?;
                }
            }
            None => {
                self.settle()?;
                known.clear();
            }
        }
        let (kept, policy) = self.db.read(|tx| {
            let kept = self.newest(tx, partner)?.ok_or_else(unknown_agreement)?;
            let policy = self.policy(&kept)?;
            Ok::<_, Box<Fault>>((kept, policy))
        })?;
        let basis = (kept.hash, kept.state, self.today(), n_releases);
        let close = (*partner, epoch);
        let waiting = known.remove(&close).filter(|it| it.basis == basis);
        let mut waiting =
            waiting.unwrap_or(Waiting { basis, candidates: None, found: None, report: None });
        let answer = ask(&mut waiting, &policy)?;
        if known.len() >= MAX_KEPT {
            known.clear();
        }
        known.insert(close, waiting);
        *held = known;
        Ok(answer)
    }

    fn sort_all(&self, epoch: Period, partner: &OrgId) -> Outcome<BTreeMap<RecordId, Candidate>> {
        let mut candidates = BTreeMap::new();
        self.db.read(|tx| {
            let given = self.given(tx)?;
            self.sorting(tx, epoch, partner, |sort| {
                tx.records(&mut |id, row| {
                    let case = case_of(&id, row)?;
                    let candidate = sort(&case, given.get(&id));
                    candidates.extend(candidate.map(|it| (case.record.id, it)));
                    Ok(ControlFlow::Continue(()))
                })?;
                Ok(())
            })
        })?;
        Ok(candidates)
    }

    fn sort_again(
        &self,
        waiting: &mut Waiting,
        changed: &BTreeSet<RecordId>,
        epoch: Period,
        partner: &OrgId,
    ) -> Outcome<()> {
        (waiting.found, waiting.report) = (None, None);
        let Some(candidates) = waiting.candidates.as_mut() else { return Ok(()) };
        self.db.read(|tx| {
            self.sorting(tx, epoch, partner, |sort| {
                for id in changed {
                    let row = tx.record(&id.0)?;
                    let case = row.map(|row| case_of(&id.0, row)).transpose()?;
                    let told = Told(tx.releases(&id.0)?);
                    match case.and_then(|case| sort(&case, Some(&told))) {
                        Some(candidate) => candidates.insert(*id, candidate),
                        None => candidates.remove(id),
                    };
                }
                Ok(())
            })
        })
    }

    /// Lets `visit` sort cases as a close does: a case, and what partners were told of it.
    fn sorting<R: Rows>(
        &self,
        tx: &R,
        epoch: Period,
        partner: &OrgId,
        visit: impl FnOnce(&dyn Fn(&Case, Option<&Told>) -> Option<Candidate>) -> Outcome<()>,
    ) -> Outcome<()> {
        let kept = self.newest(tx, partner)?.ok_or_else(unknown_agreement)?;
        let policy = self.policy(&kept)?;
        let names = self.secrets.pseudonyms.partner_epoch(partner, epoch.number());
        let towards = Towards { kept: &kept, policy: &policy, names };
        visit(&|case, told| match self.sorted(case, epoch, &towards, told) {
            Sorted::Ready(ready) => Some(ready.candidate),
            _ => None,
        })
    }
}
