//! What identifies, in memory: so that looking for a name, and for records of one person, reads only the records
//! that are shown.
//!
//! It is read from all records when somebody first looks for something after a start, and follows every change from
//! then on. It has no way out but these questions, and is gone when the node stops.

use std::collections::hash_map::{Entry as Slot, HashMap, RandomState};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher as _;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use entente_core::duplicates::{self, MAX_ALIKE, Pair};
use entente_core::record::{CaseRecord, Class, Field, RecordId};
use entente_store::tx::Reads as _;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::{Case, case_of};
use crate::fault::Fault;
use crate::node::{Node, Outcome, unpoisoned};

/// Records read in one transaction.
const AT_ONCE: usize = 256;

/// The most records that may change before whoever looks reads all anew.
const MAX_CHANGED: usize = 20_000;

/// Part of a node: what identifies, once somebody looked for something.
#[derive(Default)]
pub(crate) struct Identified {
    // What changed since `known` was brought up to date; `None` until somebody looks for something, and after too
    // much. Taken within transactions, so whoever holds it waits for nothing.
    changed: Mutex<Option<BTreeSet<RecordId>>>,
    known: Mutex<Option<Known>>,
}

impl Identified {
    /// Remembers that a record changed: part of the transaction that changes it.
    pub(super) fn changed<'a>(&self, cases: impl IntoIterator<Item = &'a Case>) {
        let mut held = unpoisoned(self.changed.lock());
        if let Some(changed) = held.as_mut() {
            changed.extend(cases.into_iter().map(|case| case.record.id));
            if changed.len() > MAX_CHANGED {
                *held = None;
            }
        }
    }
}

/// What identifies in one record.
struct Entry {
    /// As [`texts`] has it, without spaces: what is not in here is not in a field of it.
    squeezed: Box<str>,
    /// Of what it must share with another to be compared with it, the hashes.
    keys: Box<[u64]>,
}

/// All entries, and which of them are alike.
#[derive(Default)]
struct Known {
    hasher: RandomState,
    entries: BTreeMap<RecordId, Entry>,
    alike: HashMap<u64, Vec<RecordId>>,
    // Those of one person, once somebody asked and as long as they are known to be all.
    pairs: Option<Arc<Vec<Pair>>>,
    // Grows with each change.
    generation: u64,
}

/// What is to be compared.
struct Candidates {
    // In order.
    ids: Vec<RecordId>,
    // Places in it.
    pairs: BTreeSet<(usize, usize)>,
}

impl Known {
    fn put(&mut self, case: &Case) {
        self.generation += 1;
        let id = case.record.id;
        self.take_out(&id);
        let squeezed: String =
            texts(&case.record).into_iter().map(|(_, text)| text.replace(' ', "") + "\n").collect();
        let keys = if case.withdrawn { Vec::new() } else { duplicates::keys(&case.record) };
        let keys: BTreeSet<u64> = keys.iter().map(|key| self.hasher.hash_one(key)).collect();
        for key in &keys {
            let members = self.alike.entry(*key).or_default();
            members.push(id);
            // From here on it says nothing about anybody any more.
            if members.len() == MAX_ALIKE + 1 {
                self.pairs = None;
            }
        }
        if !squeezed.is_empty() || !keys.is_empty() {
            let keys = keys.into_iter().collect();
            self.entries.insert(id, Entry { squeezed: squeezed.into(), keys });
        }
    }

    fn take_out(&mut self, id: &RecordId) {
        let Some(entry) = self.entries.remove(id) else { return };
        for key in entry.keys {
            let Slot::Occupied(mut slot) = self.alike.entry(key) else { continue };
            if slot.get().len() == MAX_ALIKE + 1 {
                self.pairs = None;
            }
            slot.get_mut().retain(|member| member != id);
            if slot.get().is_empty() {
                slot.remove();
            }
        }
    }

    /// A record beside all that it is compared with.
    fn alike_to(&self, id: &RecordId) -> Candidates {
        let keys = self.entries.get(id).map_or(&[][..], |entry| &entry.keys);
        let groups = keys.iter().filter_map(|key| self.alike.get(key));
        let mut ids: BTreeSet<_> =
            groups.filter(|members| members.len() <= MAX_ALIKE).flatten().copied().collect();
        ids.insert(*id);
        let ids: Vec<_> = ids.into_iter().collect();
        let own = ids.binary_search(id).unwrap_or_default();
        let others = (0..ids.len()).filter(|other| *other != own);
        let pairs = others.map(|other| (own.min(other), own.max(other))).collect();
        Candidates { ids, pairs }
    }

    /// All that are compared with each other.
    fn all_alike(&self) -> Candidates {
        let groups = || self.alike.values().filter(|it| (2..=MAX_ALIKE).contains(&it.len()));
        let ids: BTreeSet<_> = groups().flatten().copied().collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let mut pairs = BTreeSet::new();
        for members in groups() {
            let places = members.iter().filter_map(|id| ids.binary_search(id).ok());
            let places: Vec<_> = places.collect();
            for (nth, one) in places.iter().enumerate() {
                let others = places.iter().skip(nth + 1);
                pairs.extend(others.map(|other| (*one.min(other), *one.max(other))));
            }
        }
        Candidates { ids, pairs }
    }
}

impl Node {
    /// The records that may have all of these words in what identifies, folded as [`fold`] does, in the order of
    /// their ids. The caller reads them, and writes the audit entry that fits.
    pub(crate) fn cases_with(&self, words: &[&str]) -> Outcome<Vec<RecordId>> {
        self.identified(|known| {
            let is_meant = |entry: &Entry| words.iter().all(|word| entry.squeezed.contains(word));
            let meant = known.entries.iter().filter(|(_, entry)| is_meant(entry));
            Ok(meant.map(|(id, _)| *id).collect())
        })
    }

    /// All pairs that may be about one person, the most likely first.
    pub(crate) fn alike(&self) -> Outcome<Arc<Vec<Pair>>> {
        let known = self.identified(|known| {
            Ok(known.pairs.clone().ok_or_else(|| (known.all_alike(), known.generation)))
        })?;
        let (candidates, generation) = match known {
            Ok(pairs) => return Ok(pairs),
            Err(asked) => asked,
        };
        // Nobody who looks for a name waits for this.
        let pairs = Arc::new(self.compare(&candidates)?);
        self.identified(|known| {
            if known.generation == generation {
                known.pairs = Some(Arc::clone(&pairs));
            }
            Ok(())
        })?;
        Ok(pairs)
    }

    /// Those that may be about the person of this record, the most likely first.
    pub(crate) fn alike_to(&self, id: &RecordId) -> Outcome<Vec<Pair>> {
        let candidates = self.identified(|known| Ok(known.alike_to(id)))?;
        self.compare(&candidates)
    }

    /// Reads what is to be compared, and compares it. What is in memory is on the disk.
    fn compare(&self, candidates: &Candidates) -> Outcome<Vec<Pair>> {
        let (mut records, mut places) = (Vec::new(), vec![None; candidates.ids.len()]);
        for ids in candidates.ids.chunks(AT_ONCE) {
            for case in self.cases_at(ids)? {
                let place = candidates.ids.binary_search(&case.record.id).ok();
                if let Some(place) = place.and_then(|place| places.get_mut(place)) {
                    *place = Some(records.len());
                    records.push(case.record);
                }
            }
        }
        let place = |place: usize| places.get(place).copied().flatten();
        let pairs = candidates.pairs.iter();
        let pairs = pairs.filter_map(|(one, other)| Some((place(*one)?, place(*other)?)));
        Ok(duplicates::compare(&records, pairs))
    }

    /// Those of these records that there are, as the last transaction left them.
    fn latest_cases(&self, ids: &[RecordId]) -> Outcome<Vec<Case>> {
        self.db.write("read cases", |tx| {
            let rows = ids.iter().map(|id| Ok((id, tx.record(&id.0)?)));
            let rows: Vec<_> = rows.collect::<Outcome<_>>()?;
            let cases = rows.into_iter().filter_map(|(id, row)| Some(case_of(&id.0, row?)));
            Ok::<_, Box<Fault>>(cases.collect::<Result<_, _>>()?)
        })
    }

    /// Asks what identifies, as every transaction before this left it.
    fn identified<T>(&self, ask: impl FnOnce(&mut Known) -> Outcome<T>) -> Outcome<T> {
        let mut held = unpoisoned(self.identified.known.lock());
        let changed = unpoisoned(self.identified.changed.lock()).as_mut().map(std::mem::take);
        // Taken out, so that it is read anew after an error in between.
        let mut known = match held.take().zip(changed) {
            Some((known, changed)) => self.followed_up(known, changed)?,
            None => self.read_identified()?,
        };
        let answer = ask(&mut known)?;
        *held = Some(known);
        Ok(answer)
    }

    /// Takes in what changed.
    fn followed_up(&self, mut known: Known, changed: BTreeSet<RecordId>) -> Outcome<Known> {
        let changed: Vec<_> = changed.into_iter().collect();
        for ids in changed.chunks(AT_ONCE) {
            self.latest_cases(ids)?.iter().for_each(|case| known.put(case));
        }
        // After an import everything is compared anew, when somebody wants it.
        let pairs = known.pairs.take().filter(|_| changed.len() <= AT_ONCE);
        if let Some(pairs) = pairs {
            let is_new =
                |pair: &&Pair| [pair.one, pair.other].iter().any(|it| changed.contains(it));
            let mut pairs: Vec<_> = pairs.iter().filter(|pair| !is_new(pair)).cloned().collect();
            for id in &changed {
                pairs.extend(self.compare(&known.alike_to(id))?);
            }
            pairs.sort_by_key(Pair::order);
            pairs.dedup_by_key(|pair| (pair.one, pair.other));
            known.pairs = Some(Arc::new(pairs));
        }
        Ok(known)
    }

    fn read_identified(&self) -> Outcome<Known> {
        *unpoisoned(self.identified.changed.lock()) = Some(BTreeSet::new());
        // Whatever changed before this line was not remembered, and is on the disk after the next.
        self.settle()?;
        let mut known = Known::default();
        self.each_case(&mut |case| {
            known.put(&case);
            ControlFlow::Continue(())
        })?;
        Ok(known)
    }
}

/// What identifies in a record, folded: each field with its values, a `;` between them.
pub(crate) fn texts(record: &CaseRecord) -> Vec<(Field, String)> {
    let is_searched = |field: &Field| field.class() == Class::Direct && *field != Field::Person;
    let folded = |field: Field| {
        let values: Vec<_> = record.text(field)?.split(';').map(fold).collect();
        Some((field, values.join(";")))
    };
    Field::ALL.iter().copied().filter(is_searched).filter_map(folded).collect()
}

/// Lower case without accents; everything that is neither letter nor digit separates words.
pub(crate) fn fold(text: &str) -> String {
    let letters = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let spaced: String = letters.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}
