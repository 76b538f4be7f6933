//! What identifies, in memory: so that looking for a name, and for records of one person, reads only the records
//! that are shown.
//!
//! It is read from all records when somebody first looks for something after a start, and follows every change from
//! then on. It has no way out but these questions, and is gone when the node stops.

use std::collections::hash_map::{Entry as Slot, HashMap, RandomState};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher as _;
use std::ops::ControlFlow;
use std::sync::Mutex;

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

/// Part of a node: what identifies, once somebody looked for something.
#[derive(Default)]
pub(crate) struct Identified {
    // What changed since `known` was brought up to date; `None` until somebody looks for something. Taken within
    // transactions, so whoever holds it waits for nothing.
    changed: Mutex<Option<BTreeSet<RecordId>>>,
    known: Mutex<Option<Known>>,
}

impl Identified {
    /// Remembers that a record changed: part of the transaction that changes it.
    pub(super) fn changed<'a>(&self, cases: impl IntoIterator<Item = &'a Case>) {
        if let Some(changed) = unpoisoned(self.changed.lock()).as_mut() {
            changed.extend(cases.into_iter().map(|case| case.record.id));
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
    pairs: Option<Vec<Pair>>,
}

impl Known {
    fn put(&mut self, case: &Case) {
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

    /// Those that a record is compared with.
    fn alike(&self, id: &RecordId) -> BTreeSet<RecordId> {
        let keys = self.entries.get(id).map_or(&[][..], |entry| &entry.keys);
        let groups = keys.iter().filter_map(|key| self.alike.get(key));
        let mut others: BTreeSet<_> =
            groups.filter(|members| members.len() <= MAX_ALIKE).flatten().copied().collect();
        others.remove(id);
        others
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
    pub(crate) fn alike(&self) -> Outcome<Vec<Pair>> {
        self.identified(|known| {
            if let Some(pairs) = &known.pairs {
                return Ok(pairs.clone());
            }
            let mut candidates = BTreeSet::new();
            for members in known.alike.values().filter(|it| it.len() <= MAX_ALIKE) {
                for (nth, one) in members.iter().enumerate() {
                    let others = members.iter().skip(nth + 1);
                    candidates.extend(others.map(|other| (*one.min(other), *one.max(other))));
                }
            }
            let pairs = self.compare(&candidates)?;
            known.pairs = Some(pairs.clone());
            Ok(pairs)
        })
    }

    /// Those that may be about the person of this record, the most likely first.
    pub(crate) fn alike_to(&self, id: &RecordId) -> Outcome<Vec<Pair>> {
        self.identified(|known| {
            if let Some(pairs) = &known.pairs {
                return Ok(pairs
                    .iter()
                    .filter(|it| it.one == *id || it.other == *id)
                    .cloned()
                    .collect());
            }
            self.compare_with(known, id)
        })
    }

    fn compare_with(&self, known: &Known, id: &RecordId) -> Outcome<Vec<Pair>> {
        self.compare(&known.alike(id).into_iter().map(|other| (*id, other)).collect())
    }

    /// Reads what is to be compared, and compares it.
    fn compare(&self, candidates: &BTreeSet<(RecordId, RecordId)>) -> Outcome<Vec<Pair>> {
        let meant: BTreeSet<RecordId> = candidates.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let meant: Vec<_> = meant.into_iter().collect();
        let (mut records, mut places) = (Vec::with_capacity(meant.len()), HashMap::new());
        for ids in meant.chunks(AT_ONCE) {
            for case in self.latest_cases(ids)? {
                places.insert(case.record.id, records.len());
                records.push(case.record);
            }
        }
        let place =
            |(one, other): &(RecordId, RecordId)| Some((*places.get(one)?, *places.get(other)?));
        Ok(duplicates::compare(&records, candidates.iter().filter_map(place)))
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
        // Taken out, so that it is read anew after an error in between.
        let mut known = match held.take() {
            Some(known) => known,
            None => self.read_identified()?,
        };
        let changed = unpoisoned(self.identified.changed.lock()).as_mut().map(std::mem::take);
        let changed: Vec<_> = changed.unwrap_or_default().into_iter().collect();
        for ids in changed.chunks(AT_ONCE) {
            self.latest_cases(ids)?.iter().for_each(|case| known.put(case));
        }
        // After an import everything is compared anew, when somebody wants it.
        let pairs = known.pairs.take().filter(|_| changed.len() <= AT_ONCE);
        if let Some(mut pairs) = pairs {
            let is_old =
                |pair: &Pair| ![pair.one, pair.other].iter().any(|it| changed.contains(it));
            pairs.retain(is_old);
            for id in &changed {
                pairs.extend(self.compare_with(&known, id)?);
            }
            pairs.sort_by_key(Pair::order);
            pairs.dedup_by_key(|pair| (pair.one, pair.other));
            known.pairs = Some(pairs);
        }
        let answer = ask(&mut known)?;
        *held = Some(known);
        Ok(answer)
    }

    fn read_identified(&self) -> Outcome<Known> {
        *unpoisoned(self.identified.changed.lock()) = Some(BTreeSet::new());
        // Whatever changed before this line was not remembered, and is on the disk after the next.
        self.db.write("settle", |tx| {
            tx.put_meta("identified", b"")?;
            Ok::<_, Box<Fault>>(())
        })?;
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
