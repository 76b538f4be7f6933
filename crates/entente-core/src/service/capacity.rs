//! Capacity: how many places a service says it has, for whom, and until when.
//!
//! A claim ends by itself: what nobody renews is not believed. It is for partners only.

use jiff::{SignedDuration, Timestamp};

use crate::codes::Set;
use crate::lang::Lang;

use super::{Group, ServiceId, Unit};

/// The longest that a claim may hold: a week. A bed that was free last week says nothing.
pub const MAX_HOURS: i64 = 7 * 24;

/// How far ahead a partner's clock may be, in minutes.
pub const CLOCK_MINUTES: i64 = 10;

/// The most of anything that a service can claim to have.
pub const MAX_UNITS: u32 = 10_000;

/// What a service says it has free (HSDS 3.1 `service_capacity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Which service.
    pub service: ServiceId,
    /// How many are free. 0 says that it is full.
    pub available: u32,
    /// How many there are in all.
    pub maximum: Option<u32>,
    /// Of what.
    pub unit: Unit,
    /// For whom. None is everybody whom the service takes.
    pub whom: Set<Group>,
    /// When it was said.
    pub said_at: Timestamp,
    /// Until when it holds.
    pub until: Timestamp,
}

/// What is wrong with a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadCapacity {
    /// It is over already.
    Over,
    /// It ends later than a week after it was said.
    TooFar,
    /// It was said in the future.
    NotYetSaid,
    /// More are free than there are.
    MoreThanAll,
    /// It is more than any service has.
    TooMany,
}

impl BadCapacity {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Over => "over",
            Self::TooFar => "too_far",
            Self::NotYetSaid => "not_yet_said",
            Self::MoreThanAll => "more_than_all",
            Self::TooMany => "too_many",
        }
    }

    /// What a person reads.
    pub fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::Over => {
                lang.pick("The time until which it holds is over.", "L’heure de fin est passée.")
            }
            Self::TooFar => lang.pick(
                "A capacity holds for seven days at most.",
                "Une capacité vaut au plus sept jours.",
            ),
            Self::NotYetSaid => lang.pick(
                "It was said in the future; compare the clocks.",
                "Elle est datée dans l’avenir; comparez les horloges.",
            ),
            Self::MoreThanAll => lang.pick(
                "More are free than there are.",
                "Il y en a plus de libres qu’il n’y en a en tout.",
            ),
            Self::TooMany => lang
                .pick("No service has more than 10,000.", "Aucun service n’en a plus de 10 000."),
        }
    }
}

impl Capacity {
    /// Says what is wrong with the claim at `now`, if anything is.
    pub fn check(&self, now: Timestamp) -> Result<(), BadCapacity> {
        let later = |hours: i64| SignedDuration::from_hours(hours);
        if self.said_at.duration_since(now) > SignedDuration::from_mins(CLOCK_MINUTES) {
            return Err(BadCapacity::NotYetSaid);
        }
        if self.until <= now || self.until <= self.said_at {
            return Err(BadCapacity::Over);
        }
        if self.until.duration_since(self.said_at) > later(MAX_HOURS) {
            return Err(BadCapacity::TooFar);
        }
        if self.available > MAX_UNITS || self.maximum.is_some_and(|it| it > MAX_UNITS) {
            return Err(BadCapacity::TooMany);
        }
        if self.maximum.is_some_and(|it| it < self.available) {
            return Err(BadCapacity::MoreThanAll);
        }
        Ok(())
    }

    /// Whether it still holds.
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }

    /// Whether `other` is about the same places, so that the later of the two counts.
    pub fn is_same_as(&self, other: &Self) -> bool {
        (self.service, self.unit, self.whom) == (other.service, other.unit, other.whom)
    }

    /// Whether places for these people are meant: it is for all, or names each of these groups.
    pub fn is_for(&self, groups: Set<Group>) -> bool {
        self.whom.is_empty() || groups.iter().all(|group| self.whom.contains(group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim() -> (Capacity, Timestamp) {
        let now: Timestamp = "2026-11-28T18:00:00Z".parse().unwrap();
        let capacity = Capacity {
            service: ServiceId([1; 16]),
            available: 2,
            maximum: Some(12),
            unit: Unit::Bed,
            whom: Set::EMPTY.with(Group::Women).with(Group::WithChildren),
            said_at: now,
            until: now + SignedDuration::from_hours(4),
        };
        (capacity, now)
    }

    #[test]
    fn a_claim_ends_by_itself() {
        let (capacity, now) = claim();
        assert_eq!(capacity.check(now), Ok(()));
        assert!(capacity.holds(now));
        let later = now + SignedDuration::from_hours(4);
        assert!(!capacity.holds(later));
        assert_eq!(capacity.check(later), Err(BadCapacity::Over));
    }

    #[test]
    fn what_cannot_be_is_not_claimed() {
        let (good, now) = claim();
        let week = now + SignedDuration::from_hours(MAX_HOURS);
        assert_eq!(Capacity { until: week, ..good }.check(now), Ok(()));
        for (wrong, bad) in [
            (Capacity { until: week + SignedDuration::from_secs(1), ..good }, BadCapacity::TooFar),
            (
                Capacity { said_at: now + SignedDuration::from_hours(1), ..good },
                BadCapacity::NotYetSaid,
            ),
            (Capacity { available: 13, ..good }, BadCapacity::MoreThanAll),
            (Capacity { available: 10_001, maximum: None, ..good }, BadCapacity::TooMany),
        ] {
            assert_eq!(wrong.check(now), Err(bad));
        }
    }

    #[test]
    fn places_for_women_are_not_counted_for_men() {
        let (capacity, _) = claim();
        assert!(capacity.is_for(Set::EMPTY.with(Group::Women)));
        assert!(!capacity.is_for(Set::EMPTY.with(Group::Men)));
        assert!(Capacity { whom: Set::EMPTY, ..capacity }.is_for(Set::EMPTY.with(Group::Men)));
    }
}
