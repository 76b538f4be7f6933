//! What decides whose figures a case may be in, kept for each case as two numbers.
//!
//! An agreement asks few things about a case, and a person's consents are much like others'. So each
//! answer that occurs is kept once, in a [`List`], and a case has its number there. For one asker the
//! policy is then asked about every entry, once, and the counting engine applies that to all cases:
//! the decision stays the policy's own function ([`Inclusion`]), and the day, the partner and the
//! agreement may be others every time.

use std::collections::HashMap;
use std::fmt;

use entente_core::codes::{DefinitionProfile, Status};
use entente_core::consent::Consent;
use entente_core::identity::OrgId;
use entente_core::policy::{CaseFacts, Inclusion};
use entente_store::rows::ConsentRow;
use jiff::civil::Date;

use crate::node::records::{Case, consent_of, consent_row};

/// Entries that each stand there once, and are never taken out: their number is theirs. Its `Debug`
/// says how many there are.
pub(super) struct List<T> {
    numbers: HashMap<Vec<u8>, u32>,
    entries: Vec<T>,
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "List({})", self.entries.len())
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), entries: Vec::new() }
    }
}

impl<T> List<T> {
    /// The number of the entry with these bytes; `make` makes it if it is new.
    pub(super) fn number(&mut self, bytes: &[u8], make: impl FnOnce() -> T) -> u32 {
        if let Some(number) = self.numbers.get(bytes) {
            return *number;
        }
        // The engine has fewer rows than 2^32, so there are no more entries in use.
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(make());
        self.numbers.insert(bytes.to_vec(), number);
        number
    }

    /// What each entry comes to.
    fn asked<V>(&self, what: impl FnMut(&T) -> V) -> Vec<V> {
        self.entries.iter().map(what).collect()
    }

    /// The bytes of all entries, in the order of their numbers.
    pub(super) fn in_order(&self) -> Vec<&[u8]> {
        let mut entries: Vec<_> = self.numbers.iter().collect();
        entries.sort_unstable_by_key(|(_, number)| **number);
        entries.into_iter().map(|(bytes, _)| bytes.as_slice()).collect()
    }
}

/// The entries that cases have.
#[derive(Debug, Default)]
pub(super) struct Standings {
    pub(super) facts: List<CaseFacts>,
    pub(super) consents: List<Vec<Consent>>,
}

/// The numbers of one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) facts: u32,
    pub(super) consents: u32,
}

impl Standings {
    /// The numbers of a case; `None` for one that has no period, and so is in no figure. `consents` is
    /// the number of its consents.
    pub(super) fn of(&mut self, case: &Case, consents: u32, ours: &OrgId) -> Option<Standing> {
        let facts = case.facts(ours)?;
        let facts = self.facts.number(&facts.to_bytes(), || facts);
        Some(Standing { facts, consents })
    }

    /// The number of the consents of a case.
    pub(super) fn consents_of(&mut self, case: &Case) -> u32 {
        let rows: Vec<ConsentRow> = case.consents.iter().map(plain).collect();
        // Consents that cannot be written down could not have been stored.
        let bytes = ConsentRow::list_to_bytes(&rows).unwrap_or_default();
        let read = || rows.iter().filter_map(consent_of).collect();
        self.consents.number(&bytes, read)
    }

    /// For every entry of consents, whether one of them holds on the day `today`.
    pub(super) fn current(&self, today: Date) -> Vec<bool> {
        self.consents.asked(|consents| consents.iter().any(|consent| consent.is_current(today)))
    }

    /// For every entry of consents, how many of them hold on the day `today` and are over before the day
    /// `then`.
    pub(super) fn ending(&self, today: Date, then: Date) -> Vec<u64> {
        let ends = |consent: &&Consent| consent.is_ending(today, then);
        self.consents.asked(|consents| consents.iter().filter(ends).count() as u64)
    }

    /// An entry as it was remembered, in the order of the numbers. `None` for what is none.
    pub(super) fn remember_facts(&mut self, bytes: [u8; CaseFacts::LEN]) -> Option<()> {
        let facts = CaseFacts::from_bytes(bytes)?;
        self.facts.number(&bytes, || facts);
        Some(())
    }

    /// The same for consents.
    pub(super) fn remember_consents(&mut self, bytes: &[u8]) -> Option<()> {
        let rows = ConsentRow::list_from_bytes(bytes).ok()?;
        let consents = rows.iter().map(consent_of).collect::<Option<Vec<_>>>()?;
        self.consents.number(bytes, || consents);
        Some(())
    }

    /// For every entry of either list, whether `whose` lets such cases in.
    pub(super) fn asked(&self, whose: &Whose<'_>) -> (Vec<bool>, Vec<bool>) {
        let Whose { granted, definition, today } = whose;
        // Without any agreement there is nobody who may see a figure, and nobody is in it.
        let is_granted = !granted.is_empty();
        let facts = self.facts.asked(|facts| {
            let is_meant = match definition {
                DefinitionProfile::Programme => true,
                profile => facts.definitions.contains(*profile),
            };
            is_granted && is_meant && granted.iter().all(|it| it.is_about(facts))
        });
        let consents = self.consents.asked(|consents| {
            is_granted && granted.iter().all(|it| it.is_allowed_by(consents, *today))
        });
        (facts, consents)
    }
}

/// Whose cases are in a figure: those that every one of these lets in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose<'a> {
    /// What the agreements in force grant; without any, nobody is in it.
    pub(crate) granted: &'a [Inclusion],
    /// By which definition.
    pub(crate) definition: DefinitionProfile,
    /// On which day.
    pub(crate) today: Date,
}

impl Whose<'_> {
    /// Whether it lets one case in, asked of the case itself: what the columns say of all of them.
    pub(crate) fn lets_in(&self, case: &Case, ours: &OrgId) -> bool {
        let is_victim = case.record.status != Some(Status::NotVictim);
        let is_meant = match self.definition {
            DefinitionProfile::Programme => true,
            profile => case.facts(ours).is_some_and(|facts| facts.definitions.contains(profile)),
        };
        let mut granted = self.granted.iter();
        is_victim
            && is_meant
            && !self.granted.is_empty()
            && granted.all(|it| case.is_in(it, ours, self.today))
    }
}

/// What of a consent decides about figures: all but its name, the needs, who gave it and in which
/// language, which differ from person to person.
fn plain(consent: &Consent) -> ConsentRow {
    let row = consent_row(consent);
    ConsentRow { id: [0; 16], needs: 0, given_by: 0, language: String::new(), ..row }
}
