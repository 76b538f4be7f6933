//! Which records are about one person: decided by people, kept here.
//!
//! Records of one person share a [`PersonRef`]. That two are about different people is kept too, so
//! that nobody is asked again.

use std::ops::ControlFlow;

use entente_core::audit::{Action, Actor};
use entente_core::record::{PersonRef, RecordId};
use entente_store::db::{DbError, Rows};
use entente_store::tx::Reads as _;

use super::{Case, Change, record_of, unknown_record};
use crate::fault::Fault;
use crate::node::pairing::random;
use crate::node::{Node, Outcome};

impl Node {
    /// Keeps that two records, and all that are linked to either, are about one person. Returns
    /// all of them.
    pub fn link_records(
        &self,
        actor: &Actor,
        left: &RecordId,
        right: &RecordId,
    ) -> Outcome<Vec<RecordId>> {
        // Not one of the records' own ids: taken apart again, they must not meet in it.
        let fresh = PersonRef(random::<16>()?);
        let reasons = vec!["same_person".to_owned()];
        let how = Change { reasons, ..Change::new(actor, Action::RecordChanged) };
        let changed = self.db.write("link records", |tx| {
            let read = |id: &RecordId| {
                let row = tx.record(&id.0)?.ok_or_else(unknown_record)?;
                Ok::<_, Box<Fault>>(record_of(&id.0, &row)?)
            };
            let (one, other) = (read(left)?, read(right)?);
            let person = one.person.or(other.person).unwrap_or(fresh);
            let mut meant = vec![*left, *right];
            for member in [one.person, other.person].into_iter().flatten() {
                meant.extend(of_person(tx, member)?);
            }
            meant.sort_unstable();
            meant.dedup();
            let mut cases = Vec::new();
            for id in &meant {
                cases.push(self.change_in(tx, &how, id, |case| {
                    case.record.person = Some(person);
                    Ok(())
                })?);
            }
            tx.put_meta(&apart_key(left, right), b"0")?;
            self.index_cases(&cases);
            Ok::<_, Box<Fault>>(cases)
        })?;
        Ok(changed.into_iter().map(|case| case.record.id).collect())
    }

    /// Keeps that two records are about different people: they are not proposed again, and if they
    /// were linked, the second is taken out.
    pub fn part_records(&self, actor: &Actor, left: &RecordId, right: &RecordId) -> Outcome<()> {
        let reasons = vec!["different_persons".to_owned()];
        let how = Change { reasons, ..Change::new(actor, Action::RecordChanged) };
        self.db.write("part records", |tx| {
            let person = |id: &RecordId| {
                let row = tx.record(&id.0)?.ok_or_else(unknown_record)?;
                Ok::<_, Box<Fault>>(record_of(&id.0, &row)?.person_or_self())
            };
            let are_linked = person(left)? == person(right)?;
            tx.put_meta(&apart_key(left, right), b"1")?;
            if are_linked {
                let part = |case: &mut Case| {
                    case.record.person = None;
                    Ok(())
                };
                let case = self.change_in(tx, &how, right, part)?;
                self.index_cases([&case]);
                return Ok(());
            }
            let entry = self.entry(actor.clone(), Action::RecordChanged).record(*left);
            self.write_audit(tx, vec![entry.reasons(how.reasons.clone())])
        })
    }

    /// Whether a person has decided that two records are about different people.
    pub fn are_apart(&self, left: &RecordId, right: &RecordId) -> Outcome<bool> {
        let key = apart_key(left, right);
        self.db.read(|tx| Ok(tx.meta(&key)?.is_some_and(|decided| decided == b"1")))
    }

    /// All records of one person.
    pub fn records_of_person(&self, person: PersonRef) -> Outcome<Vec<RecordId>> {
        self.db.read(|tx| Ok(of_person(tx, person)?))
    }
}

fn of_person<R: Rows>(tx: &R, person: PersonRef) -> Result<Vec<RecordId>, DbError> {
    let mut found = Vec::new();
    tx.records(&mut |id, row| {
        if record_of(&id, &row)?.person_or_self() == person {
            found.push(RecordId(id));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// Where it is kept that two records are about different people.
fn apart_key(one: &RecordId, other: &RecordId) -> String {
    let (one, other) = (one.min(other), one.max(other));
    format!("apart:{}{}", hex::encode(one.0), hex::encode(other.0))
}
