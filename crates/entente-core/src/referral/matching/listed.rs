//! What a listing of the directory says to a need.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Candidate;
use crate::codes::{Code as _, Gender, GenderShared, Majority, OrgType, Province, Set};
use crate::identity::OrgId;
use crate::lang::Text;
use crate::service::{Area, Capacity, Group, Open, Service, Unit};

/// From this age on a person is an adult.
const OF_AGE: u8 = 18;

impl Candidate {
    /// The service `listed` of `partner`, with what it said it has free. Of the claims only those
    /// that hold at `now` and count beds, rooms or places.
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
        let with_children = listed.groups.contains(Group::WithChildren);
        Self {
            service: listed.id.to_string(),
            needs: listed.needs,
            provinces: provinces(listed),
            languages: spoken.filter(|it| !it.interpreted).map(|it| it.language.clone()).collect(),
            interprets: interprets.then_some(true),
            ages: ages(listed),
            genders: genders(listed),
            access: listed.access,
            indigenous: listed.groups.contains(Group::Indigenous),
            takes_children: with_children.then_some(true),
            accepts_no_status: listed.accepts_without_status,
            free: claims.iter().filter(holds).copied().collect(),
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

/// Whom it takes, by gender; none if it does not say, or takes all.
///
/// A service for women takes nobody who is known to be a man. One that names other groups beside, as
/// the young or the old, may be for those as well, of whatever gender.
fn genders(listed: &Service) -> Set<GenderShared> {
    if !listed.genders.is_empty() {
        return listed.genders.iter().map(Gender::shared).collect();
    }
    let names = |group| listed.groups.contains(group);
    let beside = [Group::Youth, Group::Seniors, Group::Lgbtq2, Group::Disability];
    if beside.into_iter().any(names) {
        return Set::EMPTY;
    }
    // Who is trans may be of either.
    let with_trans = Set::EMPTY.with(GenderShared::TransNc);
    match (names(Group::Women), names(Group::Men)) {
        (true, false) => with_trans.with(GenderShared::Woman),
        (false, true) => with_trans.with(GenderShared::Man),
        (true, true) | (false, false) => Set::EMPTY,
    }
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

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::codes::AccessNeed;
    use crate::identity::OrgKey;
    use crate::service::ServiceId;
    use crate::service::tests::shelter;

    fn now() -> Timestamp {
        "2026-11-29T02:00:00Z".parse().unwrap()
    }

    fn candidate(listed: &Service, claims: &[Capacity]) -> Candidate {
        let partner = OrgKey::from_seed(&[1; 32]).id();
        Candidate::of_service(partner, OrgType::Ngo, listed, claims, now())
    }

    fn for_groups(groups: &[Group]) -> Set<GenderShared> {
        let groups = groups.iter().copied().collect();
        candidate(&Service { groups, genders: Set::EMPTY, ..shelter(1) }, &[]).genders
    }

    #[test]
    fn what_a_listing_says_is_what_a_need_is_compared_with() {
        let access = Set::EMPTY.with(AccessNeed::Wheelchair);
        let listed = Service { access, ..shelter(1) };
        let found = candidate(&listed, &[]);
        assert_eq!((found.needs, found.access), (listed.needs, access));
        assert_eq!(found.provinces, BTreeSet::from([Province::Manitoba]));
        assert_eq!(found.ages, Set::EMPTY.with(Majority::Adult));
        assert_eq!((found.takes_children, found.accepts_no_status), (Some(true), Some(true)));
        assert_eq!((found.open_now, found.indigenous), (Some(true), false));
        let both = Set::EMPTY.with(GenderShared::Woman).with(GenderShared::TransNc);
        assert_eq!(found.genders, both, "the genders that it names");
    }

    #[test]
    fn a_service_for_women_takes_no_men_even_if_it_names_no_genders() {
        let women = for_groups(&[Group::Women, Group::WithChildren]);
        assert!(women.contains(GenderShared::Woman) && women.contains(GenderShared::TransNc));
        assert!(!women.contains(GenderShared::Man));
        let men = for_groups(&[Group::Men, Group::Newcomers]);
        assert!(men.contains(GenderShared::Man) && !men.contains(GenderShared::Woman));
        // For both, for nobody in particular, or for others beside them: for all.
        for groups in [&[Group::Women, Group::Men][..], &[], &[Group::Women, Group::Seniors]] {
            assert_eq!(for_groups(groups), Set::EMPTY, "{groups:?}");
        }
    }

    #[test]
    fn a_service_for_indigenous_people_is_known_by_its_group() {
        let groups = Set::EMPTY.with(Group::Indigenous);
        assert!(candidate(&Service { groups, ..shelter(1) }, &[]).indigenous);
    }

    #[test]
    fn only_claims_of_places_that_still_hold_are_kept_and_each_with_whom_it_is_for() {
        let claim = Capacity {
            service: ServiceId([1; 16]),
            available: 2,
            maximum: None,
            unit: Unit::Bed,
            whom: Set::EMPTY.with(Group::Women).with(Group::WithChildren),
            said_at: now(),
            until: now() + SignedDuration::from_hours(1),
        };
        let over = Capacity { until: now(), ..claim };
        let hours = Capacity { unit: Unit::Hour, ..claim };
        assert_eq!(candidate(&shelter(1), &[claim, over, hours]).free, [claim]);
    }
}
