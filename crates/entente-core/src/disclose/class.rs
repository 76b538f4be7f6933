//! One class on one rung: who leaves, and whether the form of exploitation is told.

use std::collections::BTreeSet;

use crate::codes::{Exploitation, Set};
use crate::record::PersonRef;
use crate::summary::{ClassKey, Rung};

use super::Rules;

/// A candidate on one rung. Sorted by class, then form, then person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    pub(super) key: ClassKey,
    pub(super) forms: Set<Exploitation>,
    pub(super) person: PersonRef,
    pub(super) index: usize,
}

/// What happens to a member on this rung.
#[derive(Clone, Copy)]
pub(super) enum Fate {
    /// It is released here.
    Leaves { tells_form: bool, class_size: u32, diversity: u32 },
    /// It climbs, or waits if this is the top.
    Stays,
}

/// The members of one class, by form.
pub(super) struct Group<'a> {
    parts: Vec<Part<'a>>,
    n_persons: u32,
}

/// The members of a class who share a form.
#[derive(Clone, Copy)]
struct Part<'a> {
    members: &'a [Member],
    n_persons: u32,
}

/// What becomes of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Telling {
    Told,
    Hidden,
    Stays,
}

impl<'a> Group<'a> {
    /// `members` share a class and are sorted.
    pub(super) fn new(members: &'a [Member]) -> Self {
        let parts: Vec<_> = members
            .chunk_by(|a, b| a.forms == b.forms)
            .map(|members| {
                let persons = members.chunk_by(|a, b| a.person == b.person).count();
                Part { members, n_persons: u32::try_from(persons).unwrap_or(u32::MAX) }
            })
            .collect();
        let n_persons = match parts.as_slice() {
            [only] => only.n_persons,
            parts => distinct(parts),
        };
        Self { parts, n_persons }
    }

    /// How many persons are in the class, whatever their form.
    pub(super) fn n_persons(&self) -> u32 {
        self.n_persons
    }

    /// What becomes of each member.
    pub(super) fn fates(&self, rung: Rung, rules: Rules) -> impl Iterator<Item = (Member, Fate)> {
        let telling = self.telling(rung, rules);
        let of = |wanted: Telling| {
            let both = self.parts.iter().zip(&telling);
            both.filter(move |(_, it)| **it == wanted).map(|(part, _)| *part).collect::<Vec<_>>()
        };
        let hidden = of(Telling::Hidden);
        let n_hidden = distinct(&hidden);
        let values = of(Telling::Told).len() + usize::from(!hidden.is_empty());
        let diversity = u32::try_from(values).unwrap_or(u32::MAX);
        self.parts.iter().zip(telling).flat_map(move |(part, telling)| {
            let fate = match telling {
                Telling::Told => {
                    Fate::Leaves { tells_form: true, class_size: part.n_persons, diversity }
                }
                Telling::Hidden => {
                    Fate::Leaves { tells_form: false, class_size: n_hidden, diversity }
                }
                Telling::Stays => Fate::Stays,
            };
            part.members.iter().map(move |member| (*member, fate))
        })
    }

    /// What becomes of each part, in their order.
    fn telling(&self, rung: Rung, rules: Rules) -> Vec<Telling> {
        let k = rules.k();
        let mut is_told: Vec<_> = self.parts.iter().map(|part| part.n_persons >= k).collect();
        let split = |is_told: &[bool]| {
            let both = || self.parts.iter().zip(is_told);
            let rest: Vec<_> = both().filter(|(_, told)| !**told).map(|(part, _)| *part).collect();
            (both().filter(|(_, told)| **told).count(), distinct(&rest))
        };

        // At the top, the few whose form is rare would wait for ever beside those who leave. They
        // leave with their form hidden, among enough others whose form is hidden too.
        let (mut n_told, mut n_rest) = split(&is_told);
        while rung == Rung::TOP && n_told > 0 && (1..k).contains(&n_rest) {
            let told = self.parts.iter().zip(is_told.iter_mut()).filter(|(_, told)| **told);
            let smallest = told.min_by_key(|(part, _)| (part.n_persons, part.forms()));
            if let Some((_, told)) = smallest {
                *told = false;
            }
            (n_told, n_rest) = split(&is_told);
        }

        let rest_leaves = rung.may_hide() && n_rest >= k;
        let values = n_told + usize::from(rest_leaves);
        let rest = if rest_leaves { Telling::Hidden } else { Telling::Stays };
        if n_told > 0 && values >= usize::try_from(rules.l()).unwrap_or(usize::MAX) {
            is_told.into_iter().map(|told| if told { Telling::Told } else { rest }).collect()
        } else if rung.may_hide() && self.n_persons >= k {
            vec![Telling::Hidden; self.parts.len()]
        } else {
            vec![Telling::Stays; self.parts.len()]
        }
    }
}

impl Part<'_> {
    fn forms(&self) -> Option<Set<Exploitation>> {
        self.members.first().map(|member| member.forms)
    }
}

/// How many persons there are in these parts together. One person may have records in several.
fn distinct(parts: &[Part<'_>]) -> u32 {
    let persons: BTreeSet<_> =
        parts.iter().flat_map(|part| part.members).map(|member| member.person).collect();
    u32::try_from(persons.len()).unwrap_or(u32::MAX)
}
