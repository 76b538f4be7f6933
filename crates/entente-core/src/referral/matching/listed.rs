//! What a listing of the directory says to a need.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Candidate;
use crate::codes::{Code as _, Gender, Majority, OrgType, Province, Set};
use crate::identity::OrgId;
use crate::lang::Text;
use crate::service::{Area, Capacity, Group, Open, Service, Unit};

/// From this age on a person is an adult.
const OF_AGE: u8 = 18;

impl Candidate {
    /// The service `listed` of `partner`, with what it said it has free. Of the claims only those
    /// that hold at `now` and count beds, rooms or places; the sum of several is what is free.
    pub fn of_service(
        partner: OrgId,
        kind: OrgType,
        listed: &Service,
        claims: &[Capacity],
        now: Timestamp,
    ) -> Self {
        let spoken = listed.languages.iter();
        let interprets =
            spoken.clone().any(|it| it.interpreted) || listed.interpretation != Text::default();
        let holds = |claim: &&Capacity| {
            claim.holds(now) && matches!(claim.unit, Unit::Bed | Unit::Room | Unit::Place)
        };
        let mut free = claims.iter().filter(holds).map(|claim| claim.available).peekable();
        let is_known = free.peek().is_some();
        let with_children = listed.groups.contains(Group::WithChildren);
        Self {
            service: listed.id.to_string(),
            needs: listed.needs,
            provinces: provinces(listed),
            languages: spoken.filter(|it| !it.interpreted).map(|it| it.language.clone()).collect(),
            interprets: interprets.then_some(true),
            ages: ages(listed),
            genders: listed.genders.iter().map(Gender::shared).collect(),
            takes_children: with_children.then_some(true),
            accepts_no_status: listed.accepts_without_status,
            free: is_known.then(|| free.fold(0, u32::saturating_add)),
            open_now: match listed.open_at(now) {
                Open::Open => Some(true),
                Open::Closed => Some(false),
                Open::Unknown => None,
            },
            assured_on: listed.assured_on,
            ..Self::partner_only(partner, kind, listed.name.clone())
        }
    }
}

/// Whose people it serves; none if it does not say.
fn provinces(listed: &Service) -> BTreeSet<Province> {
    let is_everywhere = listed.areas.contains(&Area::Canada);
    let serves = |it: &Province| is_everywhere || listed.serves(*it);
    Province::ALL.iter().copied().filter(serves).collect()
}

/// Whom it takes, by age; none if it does not say.
fn ages(listed: &Service) -> Set<Majority> {
    let (youngest, oldest) = (listed.minimum_age, listed.maximum_age);
    if youngest.is_none() && oldest.is_none() {
        return Set::EMPTY;
    }
    let minors = youngest.is_none_or(|age| age < OF_AGE);
    let adults = oldest.is_none_or(|age| age >= OF_AGE);
    let takes = [(Majority::Minor, minors), (Majority::Adult, adults)];
    takes.into_iter().filter(|(_, takes)| *takes).map(|(age, _)| age).collect()
}
