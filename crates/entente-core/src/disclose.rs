//! Disclosure: which cases leave at the close of an epoch, and how coarse.
//!
//! One organization closes its epoch for one partner. Every case that may go to this partner is a
//! [`Candidate`]; [`close`] gives each of them a rung of the published lattice ([`crate::summary`])
//! such that it looks like at least k persons of this organization, or keeps it waiting:
//!
//! 1. On the finest rung, candidates that look alike are a class. Persons are counted, not records.
//! 2. A class is told with its form of exploitation if at least k persons share the form, and
//!    if what is told in the class has at least l different values: otherwise knowing that somebody
//!    is in the class would be knowing what was done to them. From rung 3 on the form may be hidden
//!    instead, again only among at least k persons.
//! 3. Whoever is not released climbs to the next rung, all together. Who is in too small a class
//!    even at the top waits for a later close (and is in the statistics at once).
//!
//! **Only the candidates of this close count**, never what the partner already holds: two batches
//! can be told apart by when they arrived, so each must be large enough alone (Fung et al. call the
//! attack on anything else *correspondence*). A case is released once and never again finer; a case
//! that another partner got is given its rung as [`Candidate::start`].
//!
//! What the partner holds goes into the [`Risk`] alone: somebody who knows all the counted fields of
//! a person, and that they are in, finds them with probability 1 / (the persons it could be).
//!
//! This module is arithmetic on classes. It knows no agreement (that limits further, in
//! [`crate::policy`]) and stores nothing.

use std::collections::HashMap;

use crate::codes::{Exploitation, Set};
use crate::record::PersonRef;
use crate::summary::{ClassKey, Ladder, Rung};

mod class;
mod report;

pub use report::{CloseReport, Risk};

use class::{Fate, Group};

/// A case that may be released to one partner.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Whose case it is.
    pub person: PersonRef,
    /// Its classes on all rungs.
    pub ladder: Ladder,
    /// The finest rung on which it may be released: [`Ladder::start`], or the rung at which another
    /// partner was given it, whichever is coarser.
    pub start: Rung,
}

impl Candidate {
    /// A case that no partner has been given yet.
    pub fn new(person: PersonRef, ladder: Ladder) -> Self {
        Self { person, ladder, start: ladder.start }
    }
}

/// What a class must be like to be released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    // Invariant: at least `MIN_GROUP_FLOOR`.
    k: u32,
    // Invariant: at least 2.
    l: u32,
}

impl Rules {
    /// Classes of at least `k` persons and, where the form of exploitation is told, of at least
    /// two values. `k` below the floor of 5 is the floor.
    pub fn new(k: u32) -> Self {
        Self { k: k.max(crate::agreement::grant::MIN_GROUP_FLOOR), l: MIN_DIVERSITY }
    }

    /// The same with another diversity; below 2 it is 2.
    #[must_use]
    pub fn with_diversity(self, l: u32) -> Self {
        Self { l: l.max(MIN_DIVERSITY), ..self }
    }

    /// The smallest class, in persons.
    pub fn k(self) -> u32 {
        self.k
    }

    /// The fewest values of a form that is told.
    pub fn l(self) -> u32 {
        self.l
    }
}

/// With one value only, being in the class would tell the form. Two is the least that does not.
pub const MIN_DIVERSITY: u32 = 2;

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It goes out.
    Released(Release),
    /// It waits for a later close.
    Waiting {
        /// How many persons its class had on the coarsest rung.
        class_size: u32,
    },
}

/// How a case goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// On which rung.
    pub rung: Rung,
    /// Among how many persons of this close, the person included.
    pub class_size: u32,
    /// Whether its form of exploitation is told.
    pub tells_form: bool,
    /// How many values the form has in its class, "hidden" being one. At least 2 where it is told.
    pub diversity: u32,
    /// The class as the partner will see it: to be stored, and counted as held from now on.
    pub class: SeenClass,
}

/// A class as a partner sees it before its agreement limits it further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeenClass {
    /// The counted fields.
    pub key: ClassKey,
    /// The forms of exploitation; `None` if hidden.
    pub forms: Option<Set<Exploitation>>,
}

impl SeenClass {
    /// As bytes, for storing.
    pub fn to_bytes(self) -> [u8; 12] {
        // Bit 31 is free for "hidden": no list kept as a set has more than 31 values.
        let forms = self.forms.map_or(HIDDEN, |forms| forms.bits());
        let mut bytes = [0; 12];
        let (key, rest) = bytes.split_at_mut(8);
        key.copy_from_slice(&self.key.to_bits().to_be_bytes());
        rest.copy_from_slice(&forms.to_be_bytes());
        bytes
    }

    /// From what [`SeenClass::to_bytes`] made; `None` for anything else.
    pub fn from_bytes(bytes: [u8; 12]) -> Option<Self> {
        let (key, forms) = bytes.split_first_chunk::<8>()?;
        let key = ClassKey::from_bits(u64::from_be_bytes(*key));
        key.rung()?;
        let forms = match u32::from_be_bytes(forms.try_into().ok()?) {
            HIDDEN => None,
            bits => Some(Set::from_bits(bits)?),
        };
        Some(Self { key, forms })
    }
}

const HIDDEN: u32 = 1 << 31;

/// What a partner still holds of this organization: released before and not withdrawn.
#[derive(Clone, Debug, Default)]
pub struct Held(Vec<(SeenClass, PersonRef)>);

impl Held {
    /// One summary more.
    pub fn push(&mut self, class: SeenClass, person: PersonRef) {
        self.0.push((class, person));
    }
}

impl FromIterator<(SeenClass, PersonRef)> for Held {
    fn from_iter<I: IntoIterator<Item = (SeenClass, PersonRef)>>(summaries: I) -> Self {
        Self(summaries.into_iter().collect())
    }
}

/// The close of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// What became of each candidate, in their order.
    pub outcomes: Vec<Outcome>,
    /// What it all came to. Names nobody.
    pub report: CloseReport,
}

/// Closes an epoch for one partner.
///
/// The outcome of a candidate depends on the set of candidates and not on their order. Takes
/// 41 ms for the 48,773 cases of CTDC's file of 2020, on one core.
pub fn close(candidates: &[Candidate], held: &Held, rules: Rules) -> Closed {
    let mut outcomes = vec![Outcome::Waiting { class_size: 0 }; candidates.len()];
    let mut waiting: Vec<usize> = (0..candidates.len()).collect();
    for rung in Rung::ALL {
        waiting = climb(candidates, waiting, rung, rules, &mut outcomes);
    }
    let risk = risk(candidates, &outcomes, held);
    let report = CloseReport::new(&outcomes, held_sizes(held), risk, rules);
    Closed { outcomes, report }
}

/// Releases what can be released on one rung, and returns who is left.
fn climb(
    candidates: &[Candidate],
    waiting: Vec<usize>,
    rung: Rung,
    rules: Rules,
    outcomes: &mut [Outcome],
) -> Vec<usize> {
    let mut left = Vec::new();
    let mut members = Vec::with_capacity(waiting.len());
    for index in waiting {
        match candidates.get(index) {
            Some(it) if it.start <= rung => members.push(class::Member {
                key: it.ladder.key(rung),
                forms: it.ladder.forms,
                person: it.person,
                index,
            }),
            Some(_) => left.push(index),
            None => {}
        }
    }
    members.sort_unstable();

    for group in members.chunk_by(|a, b| a.key == b.key) {
        let group = Group::new(group);
        for (member, fate) in group.fates(rung, rules) {
            let Some(outcome) = outcomes.get_mut(member.index) else { continue };
            match fate {
                Fate::Leaves { tells_form, class_size, diversity } => {
                    let forms = tells_form.then_some(member.forms);
                    let class = SeenClass { key: member.key, forms };
                    *outcome = Outcome::Released(Release {
                        rung,
                        class_size,
                        tells_form,
                        diversity,
                        class,
                    });
                }
                Fate::Stays => {
                    *outcome = Outcome::Waiting { class_size: group.n_persons() };
                    left.push(member.index);
                }
            }
        }
    }
    left
}

/// How many persons the partner holds or gets in each class.
fn sizes(mut summaries: Vec<(SeenClass, PersonRef)>) -> HashMap<SeenClass, u32> {
    summaries.sort_unstable();
    summaries.dedup();
    let mut sizes = HashMap::new();
    for (class, _) in summaries {
        *sizes.entry(class).or_insert(0) += 1;
    }
    sizes
}

fn held_sizes(held: &Held) -> HashMap<SeenClass, u32> {
    sizes(held.0.clone())
}

/// The risk of those who are released now.
fn risk(candidates: &[Candidate], outcomes: &[Outcome], held: &Held) -> Risk {
    let released = || {
        candidates.iter().zip(outcomes).filter_map(|(candidate, outcome)| match outcome {
            Outcome::Released(release) => Some((candidate, release)),
            Outcome::Waiting { .. } => None,
        })
    };
    let new = released().map(|(candidate, release)| (release.class, candidate.person));
    let sizes = sizes(held.0.iter().copied().chain(new).collect());

    // Somebody who knows every counted field, and the form, cannot tell the person from anybody
    // whose summary, on whatever rung, says nothing else.
    let could_be = |candidate: &Candidate| -> u32 {
        let on = |rung| {
            let key = candidate.ladder.key(rung);
            let told = SeenClass { key, forms: Some(candidate.ladder.forms) };
            let hidden = SeenClass { key, forms: None };
            [told, hidden].iter().filter_map(|class| sizes.get(class)).sum::<u32>()
        };
        Rung::ALL.into_iter().map(on).sum()
    };
    Risk { smallest_group: released().map(|(candidate, _)| could_be(candidate)).min() }
}

#[cfg(test)]
mod tests;
