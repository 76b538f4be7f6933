//! The terms of a round, its name, and whether an organization may take part.

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::identity::OrgId;
use crate::period::Period;
use crate::statistics::mse::Lists;

use super::keys::Role;
use super::noise::Noise;

/// What everybody who takes part agrees on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whom: those first identified in this period.
    pub period: Period,
    /// The names of the lists.
    pub lists: Vec<String>,
    /// How many organizations of one list may know the same person. One more makes more patterns,
    /// and the noise of each adds up.
    pub per_list: u8,
    /// How many entries every contribution has, padding included: as many as the organization that
    /// knows most persons needs. The same for all, so that a length says nothing.
    pub capacity: u32,
    /// The noise that each helper adds.
    pub noise: Noise,
    /// Who counts.
    pub coordinator: OrgId,
    /// Who mixes, in this order.
    pub helpers: [OrgId; 2],
    /// Who sends persons, and for which list (its place in `lists`).
    pub contributors: Vec<(OrgId, u8)>,
    /// How many rounds there were before on this period. Each costs everybody the same again.
    pub n_before: u32,
}

/// Why terms are not those of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// Fewer than two lists, or lists without a name, with a long one, or the same one twice.
    #[error("a round needs two or more lists with names of their own")]
    Lists,
    /// More patterns than [`Terms::MAX_PATTERNS`], or no organization per list.
    #[error("{max} patterns at most: fewer lists, or fewer organizations per list", max = Terms::MAX_PATTERNS)]
    TooManyPatterns,
    /// A capacity of nothing, or contributions that are more than [`Terms::MAX_SENT`] together.
    #[error("contributions must have 1 entry or more, and {max} at most together", max = Terms::MAX_SENT)]
    Capacity,
    /// The helpers and the coordinator are not three.
    #[error("the helpers and the coordinator must be three organizations")]
    NotThree,
    /// A helper or the coordinator contributes too, and so would know persons whom it must not be
    /// able to look for.
    #[error("the helpers and the coordinator contribute nobody")]
    TwoParts,
    /// A list to which nobody contributes, an unknown list, or an organization twice.
    #[error("every list needs contributors, and each contributes to one list once")]
    Contributors,
}

impl Terms {
    /// The most patterns: each is some dozens of dummies from each helper. Four lists with three
    /// organizations that know the same person are 255.
    pub const MAX_PATTERNS: usize = 255;

    /// The longest name of a list, in bytes.
    pub const MAX_NAME_BYTES: usize = 64;

    /// The most contributors.
    pub const MAX_CONTRIBUTORS: usize = 5_000;

    /// The most entries that are sent to the first helper. 2,000 organizations with 50 persons each
    /// are 100,000.
    pub const MAX_SENT: usize = 1 << 18;

    /// Checks the terms and names the round.
    pub fn check(self) -> Result<Round, TermsError> {
        let names: BTreeSet<_> = self.lists.iter().collect();
        let fits = |name: &String| (1..=Self::MAX_NAME_BYTES).contains(&name.len());
        if self.lists.len() < 2 || names.len() < self.lists.len() || !self.lists.iter().all(fits) {
            return Err(TermsError::Lists);
        }
        let shape = Shape::new(self.lists.len(), self.per_list)?;
        let three = BTreeSet::from([self.coordinator, self.helpers[0], self.helpers[1]]);
        if three.len() < 3 {
            return Err(TermsError::NotThree);
        }
        let who: BTreeSet<_> = self.contributors.iter().map(|(who, _)| who).collect();
        if three.iter().any(|org| who.contains(org)) {
            return Err(TermsError::TwoParts);
        }
        let to: BTreeSet<_> =
            self.contributors.iter().map(|(_, list)| usize::from(*list)).collect();
        let are_covered = to.iter().copied().eq(0..self.lists.len());
        let n = self.contributors.len();
        if who.len() < n || n > Self::MAX_CONTRIBUTORS || !are_covered {
            return Err(TermsError::Contributors);
        }
        let capacity = usize::try_from(self.capacity).unwrap_or(usize::MAX);
        if capacity == 0 || capacity.saturating_mul(n) > Self::MAX_SENT {
            return Err(TermsError::Capacity);
        }
        let id = RoundId(Sha256::digest(self.to_bytes()).into());
        Ok(Round { terms: self, shape, id })
    }

    /// Everything, in one encoding: what the round is named by. Numbers are big-endian, a text or a
    /// list has its length before it.
    fn to_bytes(&self) -> Vec<u8> {
        // Every field is named, so that a new one does not compile until it is part of the name.
        let Self {
            period,
            lists,
            per_list,
            capacity,
            noise,
            coordinator,
            helpers: [first, second],
            contributors,
            n_before,
        } = self;
        let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes();
        let mut bytes = b"entente overlap round v1".to_vec();
        bytes.extend(period.number().to_be_bytes());
        bytes.extend(length(lists.len()));
        for name in lists {
            bytes.extend(length(name.len()));
            bytes.extend(name.as_bytes());
        }
        bytes.push(*per_list);
        bytes.extend(capacity.to_be_bytes());
        bytes.extend(noise.epsilon_milli().to_be_bytes());
        for org in [coordinator, first, second] {
            bytes.extend(org.as_bytes());
        }
        bytes.extend(length(contributors.len()));
        for (org, list) in contributors {
            bytes.extend(org.as_bytes());
            bytes.push(*list);
        }
        bytes.extend(n_before.to_be_bytes());
        bytes
    }
}

/// The name of a round: a hash of its terms. Keys, points and messages are bound to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoundId(pub [u8; 32]);

impl fmt::Debug for RoundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoundId({self})")
    }
}

impl fmt::Display for RoundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A round whose terms are sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    terms: Terms,
    shape: Shape,
    id: RoundId,
}

impl Round {
    /// Its terms.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Its name.
    pub fn id(&self) -> RoundId {
        self.id
    }

    /// What an organization does in the round, besides contributing.
    pub fn role_of(&self, org: &OrgId) -> Option<Role> {
        let Terms { coordinator, helpers: [first, second], .. } = &self.terms;
        let roles =
            [(first, Role::First), (second, Role::Second), (coordinator, Role::Coordinator)];
        roles.into_iter().find(|(who, _)| *who == org).map(|(_, role)| role)
    }

    /// Everybody with a part in it, each once.
    pub fn parties(&self) -> BTreeSet<OrgId> {
        let Terms { coordinator, helpers, contributors, .. } = &self.terms;
        let contributors = contributors.iter().map(|(org, _)| *org);
        contributors.chain(helpers.iter().copied()).chain([*coordinator]).collect()
    }

    /// To which list an organization contributes.
    pub fn list_of(&self, org: &OrgId) -> Option<u8> {
        self.terms.contributors.iter().find(|(who, _)| who == org).map(|(_, list)| *list)
    }

    /// How many entries a contribution has.
    pub(super) fn capacity(&self) -> usize {
        usize::try_from(self.terms.capacity).unwrap_or(usize::MAX)
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }
}

/// The patterns in which a person can show: how many organizations of each list know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    n_lists: usize,
    per_list: u8,
}

impl Shape {
    fn new(n_lists: usize, per_list: u8) -> Result<Self, TermsError> {
        let power = u32::try_from(n_lists).ok();
        let n = power.and_then(|power| (usize::from(per_list) + 1).checked_pow(power));
        let fits = per_list > 0 && n.is_some_and(|n| n - 1 <= Terms::MAX_PATTERNS);
        if fits { Ok(Self { n_lists, per_list }) } else { Err(TermsError::TooManyPatterns) }
    }

    pub(super) fn n_lists(self) -> usize {
        self.n_lists
    }

    pub(super) fn per_list(self) -> u8 {
        self.per_list
    }

    /// Every pattern but the one of nobody.
    pub(super) fn patterns(self) -> impl Iterator<Item = Vec<u8>> {
        let base = usize::from(self.per_list) + 1;
        let mut next = vec![0_u8; self.n_lists];
        std::iter::from_fn(move || {
            for digit in &mut next {
                *digit += 1;
                if usize::from(*digit) < base {
                    return Some(next.clone());
                }
                *digit = 0;
            }
            None
        })
    }

    /// Whether the noise covers a pattern.
    pub(super) fn covers(self, pattern: &[u8]) -> bool {
        pattern.iter().all(|n| *n <= self.per_list)
    }
}

/// The lists of a pattern, however many organizations of each.
pub(super) fn lists_of(pattern: &[u8]) -> Lists {
    let on = pattern.iter().enumerate().filter(|(_, n)| **n > 0);
    on.fold(Lists::NONE, |all, (place, _)| all.and(Lists::only(place)))
}

/// A round that an organization took part in. The node keeps them for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its name.
    pub id: RoundId,
    /// Its period.
    pub period: Period,
}

/// What a round costs each person in it, to be debited before anything is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// In billionths of rho.
    pub nano_rho: u64,
}

/// Why an organization does not take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It has taken part in this very round.
    #[error("this round has been")]
    SameRound,
    /// Rounds on the same persons have been that the terms do not count.
    #[error("there were {n} rounds on this period, and the terms count fewer")]
    SameData {
        /// How many there were.
        n: u32,
    },
}

/// Whether an organization may take part in a round, and what it costs.
///
/// Two rounds on the same persons show twice as much. So a second one is not run in silence: its
/// terms must count the ones before, everybody signs them anew, and it is charged in full. A round
/// counts from the moment its persons were sent, whether it ended or not. Terms may count more rounds
/// than an organization knows of: it had dropped out of one.
pub fn admit(round: &Round, past: &[Past]) -> Result<Charge, Refused> {
    if past.iter().any(|it| it.id == round.id) {
        return Err(Refused::SameRound);
    }
    let period = round.terms.period;
    let overlaps = |it: &&Past| it.period.contains(period) || period.contains(it.period);
    let n = u32::try_from(past.iter().filter(overlaps).count()).unwrap_or(u32::MAX);
    if n > round.terms.n_before {
        return Err(Refused::SameData { n });
    }
    Ok(Charge { nano_rho: round.terms.noise.nano_rho() })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{org, terms};
    use super::*;

    #[test]
    fn a_round_has_another_name_for_whatever_is_changed() {
        let names = [
            terms(),
            Terms { period: Period::whole_year(2024).unwrap(), ..terms() },
            Terms { lists: vec!["police".into(), "shelter".into(), "hotlines".into()], ..terms() },
            Terms { per_list: 1, ..terms() },
            Terms { capacity: 65, ..terms() },
            Terms { noise: Noise::from_epsilon_milli(501).unwrap(), ..terms() },
            Terms { coordinator: org(99), ..terms() },
            Terms { helpers: [org(2), org(99)], ..terms() },
            Terms { contributors: vec![(org(10), 0), (org(11), 2), (org(12), 1)], ..terms() },
            Terms { n_before: 1, ..terms() },
        ];
        let ids: BTreeSet<_> = names.map(|terms| terms.check().unwrap().id()).into();
        assert_eq!(ids.len(), 10);
    }

    #[test]
    fn unsound_terms_are_refused() {
        let check = |terms: Terms| terms.check().map(|round| round.id()).unwrap_err();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(check(Terms { lists: names(&["police"]), ..terms() }), TermsError::Lists);
        assert_eq!(check(Terms { lists: names(&["a", "a", "b"]), ..terms() }), TermsError::Lists);
        assert_eq!(check(Terms { lists: names(&["", "a", "b"]), ..terms() }), TermsError::Lists);
        assert_eq!(check(Terms { per_list: 0, ..terms() }), TermsError::TooManyPatterns);
        assert_eq!(check(Terms { per_list: 7, ..terms() }), TermsError::TooManyPatterns);
        assert_eq!(check(Terms { per_list: 255, ..terms() }), TermsError::TooManyPatterns);
        assert_eq!(check(Terms { helpers: [org(2), org(2)], ..terms() }), TermsError::NotThree);
        assert_eq!(check(Terms { coordinator: org(2), ..terms() }), TermsError::NotThree);
        for (who, list) in [(1, 0), (2, 1), (3, 2)] {
            let contributors = [terms().contributors, vec![(org(who), list)]].concat();
            assert_eq!(check(Terms { contributors, ..terms() }), TermsError::TwoParts);
        }
        for capacity in [0, 60_000, u32::MAX] {
            assert_eq!(check(Terms { capacity, ..terms() }), TermsError::Capacity);
        }
        for contributors in [
            vec![],
            vec![(org(10), 0), (org(11), 1)],
            vec![(org(10), 0), (org(11), 1), (org(12), 3)],
            vec![(org(10), 0), (org(11), 1), (org(12), 2), (org(10), 2)],
        ] {
            assert_eq!(check(Terms { contributors, ..terms() }), TermsError::Contributors);
        }
    }

    #[test]
    fn patterns_are_all_combinations_but_nobodys() {
        let shape = Shape::new(3, 2).unwrap();
        let patterns: BTreeSet<_> = shape.patterns().collect();
        assert_eq!(patterns.len(), 26);
        assert!(patterns.iter().all(|it| it.len() == 3 && it.iter().all(|n| *n <= 2)));
        assert!(!patterns.contains(&vec![0, 0, 0]));
        assert!(shape.covers(&[2, 0, 2]) && !shape.covers(&[3, 0, 0]));
        assert_eq!(lists_of(&[2, 0, 1]), Lists::only(0).and(Lists::only(2)));
    }

    #[test]
    fn a_second_round_on_the_same_persons_is_refused_or_charged_again() {
        let round = terms().check().unwrap();
        let year = round.terms().period;
        assert_eq!(admit(&round, &[]), Ok(Charge { nano_rho: 156_250_000 }));
        let past = [Past { id: round.id(), period: year }];
        assert_eq!(admit(&round, &past), Err(Refused::SameRound));

        // The same in silence, under another name.
        let again = Terms { per_list: 1, ..terms() }.check().unwrap();
        assert_eq!(admit(&again, &past), Err(Refused::SameData { n: 1 }));
        // Said openly, it costs the same once more.
        let open = Terms { n_before: 1, ..terms() }.check().unwrap();
        assert_eq!(admit(&open, &past), Ok(Charge { nano_rho: 156_250_000 }));
        // Who had dropped out of the first one may take part in the second.
        assert!(admit(&open, &[]).is_ok());

        // A quarter of a year that was counted is the same persons; another year is not.
        let quarter = Period::Quarter(crate::period::Quarter::new(2025, 3).unwrap());
        let quarter = Terms { period: quarter, ..terms() }.check().unwrap();
        assert_eq!(admit(&quarter, &past), Err(Refused::SameData { n: 1 }));
        let other = Terms { period: Period::whole_year(2024).unwrap(), ..terms() }.check().unwrap();
        assert!(admit(&other, &past).is_ok());
    }
}
