//! Who of our records is in a round, and how well they can be matched.
//!
//! A person is in it if they were first identified in its period, the agreement with the coordinator
//! lets them be in its statistics, and so does their own consent. Several records that are linked are
//! one person.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use entente_core::policy::StatisticsGrant;
use entente_core::record::CaseRecord;
use entente_core::statistics::overlap::{Linkage, MatchKey, Round};
use entente_store::db::{DbError, Rows};
use entente_store::tx::Reads as _;

use crate::node::records::case_of;
use crate::node::{Node, Outcome};

/// Our persons in a round. Its `Debug` says only how many there are.
pub struct Persons {
    /// A key for everybody who can be matched.
    pub keys: Vec<MatchKey>,
    /// How many they are, and how many are left out and why.
    pub linkage: Linkage,
    /// How many records of the period are in no statistics: without consent, or withdrawn.
    pub n_not_covered: u64,
}

impl std::fmt::Debug for Persons {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Persons({})", self.keys.len())
    }
}

/// What is known of one person.
enum Known {
    Matched(MatchKey),
    /// The first record that did not suffice.
    Unmatched(Box<CaseRecord>),
}

impl Node {
    /// Our persons in a round. `None` if no agreement in force lets the coordinator have statistics:
    /// then nobody is in it.
    pub fn overlap_persons(&self, round: &Round) -> Outcome<Option<Persons>> {
        self.db.read(|tx| {
            let grant = self.statistics_grant(tx, &round.terms().coordinator)?;
            grant.map(|grant| self.persons(tx, round, &grant)).transpose()
        })
    }

    fn persons<R: Rows>(&self, tx: &R, round: &Round, grant: &StatisticsGrant) -> Outcome<Persons> {
        let mut known: BTreeMap<[u8; 16], Known> = BTreeMap::new();
        let mut n_not_covered = 0;
        tx.records(&mut |id, row| {
            let case = case_of(&id, row)?;
            let period = case.record.period();
            if !period.is_some_and(|period| round.terms().period.contains(period)) {
                return Ok(ControlFlow::Continue(()));
            }
            if !case.is_in(&grant.of, &self.id(), self.today()) {
                n_not_covered += 1;
                return Ok::<_, DbError>(ControlFlow::Continue(()));
            }
            let person = case.record.person_or_self().0;
            let key = MatchKey::of(&case.record, round);
            match (known.get(&person), key) {
                (Some(Known::Matched(_)), _) | (Some(Known::Unmatched(_)), None) => {}
                (_, Some(key)) => drop(known.insert(person, Known::Matched(key))),
                (None, None) => {
                    known.insert(person, Known::Unmatched(Box::new(case.record)));
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let (mut keys, mut linkage) = (Vec::new(), Linkage::default());
        for known in known.into_values() {
            match known {
                Known::Matched(key) => keys.push(key),
                Known::Unmatched(record) => linkage.leave_out(&record),
            }
        }
        // Two records of one name and birthday that nobody linked are one person all the same.
        keys = MatchKey::each_once(keys);
        linkage.usable = keys.len() as u64;
        Ok(Persons { keys, linkage, n_not_covered })
    }
}
