//! The audit log as a list: which entries are sought is known from memory, and those alone are read.
//!
//! Memory has a line per entry, with no word of it. It is read when somebody first looks after a start; the log only
//! grows, so from then on what is new is added.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::ops::ControlFlow;

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::identity::OrgId;
use entente_core::record::RecordId;
use entente_store::log::{LogKey, Logs as _};

use super::{actor_name, concerns};
use crate::node::{Node, Outcome, unpoisoned};
use crate::people::fold;

/// What a list is narrowed to.
#[derive(Debug, Default)]
pub(crate) struct Sought {
    /// This was done.
    pub(crate) action: Option<Action>,
    /// Something else was done.
    pub(crate) except: Option<Action>,
    /// To this record.
    pub(crate) record: Option<RecordId>,
    /// With this partner, or by it.
    pub(crate) partner: Option<OrgId>,
    /// On this agreement.
    pub(crate) agreement: Option<[u8; 16]>,
    /// By this person, folded as names of accounts are.
    pub(crate) actor: Option<String>,
    /// Not before; seconds since 1970.
    pub(crate) from_s: Option<i64>,
    /// Before.
    pub(crate) until_s: Option<i64>,
}

impl Sought {
    fn is_in_time(&self, at_s: i64) -> bool {
        self.from_s.is_none_or(|from_s| at_s >= from_s)
            && self.until_s.is_none_or(|until_s| at_s < until_s)
    }

    /// Somebody alone, or one of two who did it together.
    fn is_actor(&self, did: &str) -> bool {
        self.actor.as_ref().is_none_or(|name| did.split(" + ").any(|one| fold(one) == *name))
    }

    fn is_action(&self, action: Action) -> bool {
        self.action.is_none_or(|it| it == action) && self.except.is_none_or(|it| it != action)
    }

    fn is(&self, entry: &AuditEntry) -> bool {
        self.is_in_time(entry.at_s)
            && self.is_action(entry.action)
            && self.is_actor(&actor_name(&entry.actor))
            && self.agreement.is_none_or(|agreement| entry.agreement == Some(agreement))
            && self.record.is_none_or(|record| concerns(entry, &record))
            && self.partner.is_none_or(|partner| {
                entry.partner == Some(partner) || entry.actor == Actor::Partner(partner)
            })
    }
}

/// What is known of one entry: hashes of what it names, 0 if it names nothing.
#[derive(Clone, Copy)]
struct Line {
    at_s: i64,
    action: Action,
    // The place of its actor's name among `Noted::actors`.
    actor: u32,
    record: u32,
    partner: u32,
    agreement: u32,
}

impl Line {
    const UNREADABLE: Self = Self {
        at_s: i64::MIN,
        action: Action::AuditRead,
        actor: u32::MAX,
        record: 0,
        partner: 0,
        agreement: 0,
    };
}

/// A line for each entry of the log.
#[derive(Default)]
pub(crate) struct Noted {
    hasher: RandomState,
    lines: Vec<Line>,
    // Names of actors, each with the hash of the partner that it is.
    actors: Vec<(String, u32)>,
    places: HashMap<String, u32>,
}

impl Noted {
    /// Never 0, and not the whole hash: what is found is read and looked at again.
    fn hash(&self, named: Option<impl Hash>) -> u32 {
        named.map_or(0, |it| u32::try_from(self.hasher.hash_one(it) >> 32).unwrap_or(0) | 1)
    }

    fn push(&mut self, entry: &AuditEntry) {
        let name = actor_name(&entry.actor);
        let actor = match self.places.get(&name) {
            Some(place) => *place,
            None => {
                let place = u32::try_from(self.actors.len()).unwrap_or(u32::MAX);
                let partner = match entry.actor {
                    Actor::Partner(partner) => self.hash(Some(partner)),
                    _ => 0,
                };
                self.actors.push((name.clone(), partner));
                self.places.insert(name, place);
                place
            }
        };
        self.lines.push(Line {
            at_s: entry.at_s,
            action: entry.action,
            actor,
            record: self.hash(entry.record),
            partner: self.hash(entry.partner),
            agreement: self.hash(entry.agreement),
        });
    }

    /// The newest of those before `end` that may be meant, at most `limit`, the newest first. Places from 0.
    fn newest(&self, sought: &Sought, end: usize, limit: usize) -> Vec<u64> {
        let (record, partner) = (self.hash(sought.record), self.hash(sought.partner));
        let agreement = self.hash(sought.agreement);
        let is_meant: Vec<bool> =
            self.actors.iter().map(|(name, _)| sought.is_actor(name)).collect();
        let by = |line: &Line| self.actors.get(usize::try_from(line.actor).unwrap_or(usize::MAX));
        let may_be = |line: &Line| {
            sought.is_in_time(line.at_s)
                && sought.is_action(line.action)
                && (record == 0 || line.record == record)
                && (agreement == 0 || line.agreement == agreement)
                && (partner == 0
                    || line.partner == partner
                    || by(line).is_some_and(|(_, it)| *it == partner))
                && is_meant
                    .get(usize::try_from(line.actor).unwrap_or(usize::MAX))
                    .copied()
                    .unwrap_or(true)
        };
        let lines = self.lines.get(..end.min(self.lines.len())).unwrap_or_default();
        let meant = lines.iter().enumerate().rev().filter(|(_, line)| may_be(line));
        meant.take(limit).map(|(place, _)| u64::try_from(place).unwrap_or(u64::MAX)).collect()
    }
}

impl Node {
    /// The newest entries that are sought, of those before the place `end` (from 0), at most `limit`, the newest
    /// first. The caller writes that the log was read.
    pub(crate) fn newest_entries(
        &self,
        sought: &Sought,
        end: u64,
        limit: usize,
    ) -> Outcome<Vec<(u64, AuditEntry)>> {
        let (mut found, mut end) = (Vec::new(), usize::try_from(end).unwrap_or(usize::MAX));
        loop {
            let n_missing = limit - found.len();
            let places = self.audit_lines()?.newest(sought, end, n_missing);
            let read = self.entries_at(&places)?;
            found.extend(read.into_iter().filter(|(_, entry)| sought.is(entry)));
            let Some(last) = places.last().filter(|_| places.len() == n_missing) else { break };
            if found.len() >= limit {
                break;
            }
            end = usize::try_from(*last).unwrap_or(0);
        }
        Ok(found)
    }

    /// The lines, with one for each entry that there is now.
    fn audit_lines(&self) -> Outcome<std::sync::MutexGuard<'_, Noted>> {
        let mut noted = unpoisoned(self.noted.lock());
        let first = u64::try_from(noted.lines.len()).unwrap_or(u64::MAX);
        self.audit_entries(first, &mut |place, entry| {
            // An entry that cannot be read has its place too.
            noted.lines.resize(usize::try_from(place).unwrap_or(usize::MAX), Line::UNREADABLE);
            noted.push(&entry);
            ControlFlow::Continue(())
        })?;
        Ok(noted)
    }

    /// The entries at these places. One batch is read once for neighbours in it.
    fn entries_at(&self, places: &[u64]) -> Outcome<Vec<(u64, AuditEntry)>> {
        self.db.read(|tx| {
            let epoch = tx.log_head(LogKey::Audit)?.epoch;
            let (mut entries, mut batch) = (Vec::with_capacity(places.len()), None);
            for place in places {
                let at = |(first, leaves): &(u64, Vec<Option<Vec<u8>>>)| {
                    let nth = usize::try_from(place.checked_sub(*first)?).ok()?;
                    leaves.get(nth).cloned()
                };
                let mut leaf = batch.as_ref().and_then(at);
                if leaf.is_none() {
                    batch = tx.log_batch_with(LogKey::Audit, epoch, *place)?.map(|placed| {
                        let leaves = placed.batch.leaves.into_iter();
                        (placed.first, leaves.map(|it| it.map(|it| it.into_vec())).collect())
                    });
                    leaf = batch.as_ref().and_then(at);
                }
                let entry = leaf.flatten().and_then(|it| entente_proto::decode_audit(&it).ok());
                entries.extend(entry.map(|entry| (*place, entry)));
            }
            Ok(entries)
        })
    }
}
