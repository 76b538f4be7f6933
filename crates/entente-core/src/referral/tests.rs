//! The two state machines: their laws under any list of events, and matching.

use proptest::prelude::*;

use super::matching::{Candidate, MatchReason, rank};
use super::*;
use crate::codes::{
    AccessNeed, Code, Dependants, GenderShared, Majority, Need, OrgType, OverrideReason, Province,
    RegionShared, Risk, SafetyFlag, Set, StatusGroup, Urgency,
};
use crate::identity::{OrgId, OrgKey};
use crate::lang::Text;
use crate::record::Language;
use crate::service::{Capacity, Group, Service, ServiceId, Unit};

fn org(seed: u8) -> OrgId {
    OrgKey::from_seed(&[seed; 32]).id()
}

fn orgs() -> Vec<OrgId> {
    (1..=3).map(org).collect()
}

fn outcome() -> impl Strategy<Value = ReferralOutcome> {
    proptest::sample::select(ReferralOutcome::ALL)
}

fn standing() -> impl Strategy<Value = Standing> {
    prop_oneof![
        Just(Standing::Won),
        Just(Standing::Taken),
        Just(Standing::Revoked),
        Just(Standing::Expired),
        outcome().prop_map(Standing::Done),
    ]
}

fn home_event() -> impl Strategy<Value = HomeEvent> {
    let org = || (1_u8..=4).prop_map(org);
    let progress = prop_oneof![
        Just(Progress::Delivered),
        Just(Progress::Opened),
        Just(Progress::InService),
        outcome().prop_map(Progress::Closed),
    ];
    prop_oneof![
        4 => (proptest::sample::subsequence(orgs(), 0..=3), 50_i64..100)
            .prop_map(|(to, expires_at_s)| HomeEvent::Offer { to, expires_at_s }),
        6 => org().prop_map(HomeEvent::Accept),
        3 => org().prop_map(|org| HomeEvent::Decline(org, Barrier::NoCapacity)),
        1 => org().prop_map(HomeEvent::TakeBack),
        3 => Just(HomeEvent::HandOver),
        5 => (org(), progress).prop_map(|(org, progress)| HomeEvent::Progress(org, progress)),
        1 => outcome().prop_map(HomeEvent::Close),
        1 => Just(HomeEvent::Withdraw),
        1 => Just(HomeEvent::Tick),
    ]
}

fn partner_event() -> impl Strategy<Value = PartnerEvent> {
    prop_oneof![
        Just(PartnerEvent::Accept),
        Just(PartnerEvent::Decline(Barrier::StatusBarrier)),
        Just(PartnerEvent::Open),
        Just(PartnerEvent::Serve),
        outcome().prop_map(PartnerEvent::Close),
        standing().prop_map(PartnerEvent::Told),
        Just(PartnerEvent::HandedOver),
    ]
}

/// The state after events at instants that also go backwards.
fn run(
    events: &[(HomeEvent, i64)],
    mut check: impl FnMut(&HomeState, &HomeState, &[(OrgId, Said)]),
) {
    let mut state = HomeState::created();
    for (event, now_s) in events {
        if let Ok((next, said)) = state.after(event, *now_s) {
            check(&state, &next, &said);
            state = next;
        }
    }
}

proptest! {
    #[test]
    fn one_partner_wins_at_most_and_nobody_wins_after_it(
        events in prop::collection::vec((home_event(), 0_i64..120), 0..40)
    ) {
        let mut winner = None;
        run(&events, |_, next, said| {
            let won: Vec<_> = next.offers.values().filter(|it| **it == OfferStep::Won).collect();
            assert!(won.len() <= 1);
            assert!(winner.is_none() || next.winner() == winner, "the winner changed");
            winner = next.winner();
            for (org, said) in said {
                if *said == Said::Decision(Standing::Won) || *said == Said::HandOver {
                    assert_eq!(Some(*org), winner);
                }
            }
        });
    }

    #[test]
    fn whoever_is_told_that_it_is_over_was_offered_it_and_is_told_once(
        events in prop::collection::vec((home_event(), 0_i64..120), 0..40)
    ) {
        let mut told = std::collections::BTreeSet::new();
        run(&events, |before, next, said| {
            assert!(!before.step.is_over(), "something happened after the end");
            for (org, said) in said {
                assert!(next.was_offered_to(org));
                if let Said::Decision(standing) = said
                    && *standing != Standing::Won
                {
                    assert!(told.insert(*org), "{org:?} was told twice");
                }
            }
            // Nobody is left waiting for an answer that never comes.
            assert!(next.step == HomeStep::Offered || next.open().next().is_none());
        });
    }

    #[test]
    fn a_clock_that_is_set_back_revives_nothing(
        events in prop::collection::vec((home_event(), 0_i64..120), 0..40)
    ) {
        let mut lapsed = false;
        run(&events, |_, next, _| {
            assert!(!lapsed, "it lived on");
            lapsed = next.step == HomeStep::Expired;
        });
    }

    #[test]
    fn what_the_home_says_last_is_where_a_partner_stands(
        events in prop::collection::vec(partner_event(), 0..20), last in standing()
    ) {
        let mut state = PartnerState::Offered;
        for event in events {
            if let Ok((next, _)) = state.after(event) {
                prop_assert!(!state.is_over(), "something happened after the end");
                state = next;
            }
        }
        let told = state.after(PartnerEvent::Told(last));
        match (state.is_over(), last) {
            (true, _) => prop_assert_eq!(told, Err(Refused::Over)),
            (false, Standing::Revoked) => prop_assert_eq!(told, Ok((PartnerState::Revoked, None))),
            (false, Standing::Done(outcome)) if state.is_ours() => {
                prop_assert_eq!(told, Ok((PartnerState::Done(outcome), None)));
            }
            // Before anything was won, every word of the home counts; afterwards only its end.
            (false, Standing::Won | Standing::Taken | Standing::Expired) => {
                prop_assert_eq!(told.is_ok(), !state.is_ours());
            }
            (false, Standing::Done(_)) => prop_assert_eq!(told, Err(Refused::Contradiction)),
        }
    }
}

#[test]
fn a_second_acceptance_of_the_winner_and_of_another_say_why_they_have_no_effect() {
    let offer = HomeEvent::Offer { to: orgs(), expires_at_s: 100 };
    let (state, _) = HomeState::created().after(&offer, 1).unwrap();
    let (state, said) = state.after(&HomeEvent::Accept(org(2)), 2).unwrap();
    assert_eq!(said.len(), 3, "the winner and the two others are told");
    let again = |n| state.after(&HomeEvent::Accept(org(n)), 3).unwrap_err();
    assert_eq!(
        (again(2), again(1), again(4)),
        (Refused::Repeated, Refused::Taken, Refused::NotOffered)
    );
}

#[test]
fn contact_details_are_replaced_only_until_somebody_has_opened_them() {
    let handed_over = |state: PartnerState| state.after(PartnerEvent::HandedOver).map(|it| it.0);
    for state in [PartnerState::Accepted, PartnerState::HandedOver] {
        assert_eq!(handed_over(state), Ok(PartnerState::HandedOver));
    }
    let closing = PartnerState::Closing(ReferralOutcome::Provided);
    for state in [PartnerState::Opened, PartnerState::InService, closing] {
        assert_eq!(handed_over(state), Err(Refused::Repeated));
    }
    for state in [PartnerState::Offered, PartnerState::Accepting] {
        assert_eq!(handed_over(state), Err(Refused::Contradiction));
    }
}

#[test]
fn an_acceptance_in_the_last_second_counts_and_one_second_later_it_lapses() {
    let offer = HomeEvent::Offer { to: orgs(), expires_at_s: 100 };
    let (state, _) = HomeState::created().after(&offer, 1).unwrap();
    let (in_time, _) = state.after(&HomeEvent::Accept(org(1)), 99).unwrap();
    assert_eq!(in_time.step, HomeStep::Accepted);
    let (late, said) = state.after(&HomeEvent::Accept(org(1)), 100).unwrap();
    assert_eq!((late.step, said.len(), late.winner()), (HomeStep::Expired, 3, None));
}

#[test]
fn what_nobody_takes_can_be_offered_to_others() {
    let to = |n| HomeEvent::Offer { to: vec![org(n)], expires_at_s: 100 };
    let (state, _) = HomeState::created().after(&to(1), 1).unwrap();
    let (state, _) = state.after(&HomeEvent::Decline(org(1), Barrier::Unavailable), 2).unwrap();
    assert_eq!(state.step, HomeStep::Unmet);
    assert_eq!(state.after(&to(1), 3), Err(Refused::Repeated));
    let (state, _) = state.after(&to(2), 3).unwrap();
    assert_eq!(state.step, HomeStep::Offered);
}

#[test]
fn an_area_is_no_finer_than_the_agreement_allows() {
    use crate::agreement::terms::PlaceLevel;
    let manitoba = Area::Province(Province::Manitoba);
    assert_eq!(manitoba.at(PlaceLevel::Province), manitoba);
    assert_eq!(manitoba.at(PlaceLevel::Region), Area::Region(RegionShared::Prairies));
    assert_eq!(manitoba.at(PlaceLevel::Withheld), Area::Anywhere);
    assert_eq!(Area::Region(RegionShared::North).provinces().count(), 3);
}

fn card() -> NeedCard {
    NeedCard {
        needs: vec![Need::EmergencyHousing, Need::Legal],
        urgency: Urgency::ThreeHours,
        risk: Risk::High,
        age: Majority::Minor,
        gender: None,
        language: Language::new("fr").ok(),
        interpreter: false,
        area: Area::Province(Province::Manitoba),
        access: Set::EMPTY,
        dependants: Dependants::OneOrTwo,
        safety: Set::EMPTY.with(SafetyFlag::NoPoliceContact),
        status: None,
        indigenous_service: false,
    }
}

fn beds(available: u32) -> Vec<Capacity> {
    let (said_at, until) = (jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::MAX);
    let (service, unit) = (ServiceId([1; 16]), Unit::Bed);
    vec![Capacity { service, available, maximum: None, unit, whom: Set::EMPTY, said_at, until }]
}

fn shelter(seed: u8) -> Candidate {
    let name = Text::new("Shelter", "Refuge");
    Candidate {
        needs: Set::EMPTY.with(Need::EmergencyHousing),
        provinces: [Province::Manitoba].into(),
        languages: vec![Language::new("fr-CA").unwrap()],
        ages: Set::EMPTY.with(Majority::Minor),
        takes_children: Some(true),
        free: beds(2),
        open_now: Some(true),
        ..Candidate::partner_only(org(seed), OrgType::Ngo, name)
    }
}

fn today() -> jiff::civil::Date {
    jiff::civil::date(2026, 11, 22)
}

#[test]
fn the_score_is_the_sum_of_the_reasons_that_are_shown() {
    let ranked = rank(&card(), [shelter(1)], today());
    let points: i32 = ranked[0].reasons.iter().filter_map(|(_, points)| *points).sum();
    assert_eq!(ranked[0].score, points);
    assert_eq!(points, 60 - 24 + 20 + 15 + 8 + 18 + 12);
    assert!(ranked[0].fits());
}

#[test]
fn what_a_service_cannot_do_rules_it_out_with_the_reason() {
    let full = Candidate { free: beds(0), ..shelter(2) };
    let elsewhere = Candidate { provinces: [Province::Quebec].into(), ..shelter(3) };
    let adults = Candidate { ages: Set::EMPTY.with(Majority::Adult), ..shelter(4) };
    let alone = Candidate { takes_children: Some(false), ..shelter(5) };
    let police = Candidate { kind: OrgType::Police, ..shelter(6) };
    let food = Candidate { needs: Set::EMPTY.with(Need::BasicNeeds), ..shelter(8) };
    let all = [elsewhere, adults, alone, police, food, full, shelter(7)];
    let ranked = rank(&card(), all, today());
    let first: Vec<_> = ranked.iter().map(|it| it.candidate.partner).collect();
    assert_eq!(first[..2], [org(7), org(2)], "full is worse than free, and better than unfit");
    for (seed, reason) in [
        (3, MatchReason::OtherArea),
        (4, MatchReason::OtherAge),
        (5, MatchReason::NoChildren),
        (6, MatchReason::PoliceNotWanted),
        (8, MatchReason::AnswersNothing),
    ] {
        let found = ranked.iter().find(|it| it.candidate.partner == org(seed)).unwrap();
        assert!(!found.fits() && found.reasons.contains(&(reason, None)), "{reason:?}");
    }
}

/// The codes of the reasons for which a service stands where it stands.
fn why(card: &NeedCard, candidate: Candidate) -> Vec<&'static str> {
    let ranked = rank(card, [candidate], today());
    ranked[0].reasons.iter().map(|(reason, _)| reason.code()).collect()
}

#[test]
fn beds_for_women_with_children_are_counted_for_them_alone() {
    let whom = Set::EMPTY.with(Group::Women).with(Group::WithChildren);
    let claims = |available| {
        beds(available).into_iter().map(|it| Capacity { whom, ..it }).collect::<Vec<_>>()
    };
    let is_said = |card: &NeedCard, available, code| {
        let candidate = Candidate { free: claims(available), ..shelter(1) };
        why(card, candidate).contains(&code)
    };
    let mother = NeedCard { gender: Some(GenderShared::Woman), ..card() };
    assert!(is_said(&mother, 2, "has_places") && is_said(&mother, 0, "full"));
    let father = NeedCard { gender: Some(GenderShared::Man), ..card() };
    let alone = NeedCard { dependants: Dependants::Nobody, ..mother };
    let untold = NeedCard { gender: None, ..alone.clone() };
    for card in [&father, &alone, &untold] {
        assert!(!is_said(card, 2, "has_places") && !is_said(card, 0, "full"));
    }
    assert!(is_said(&card(), 2, "has_places"), "who does not tell a gender is not kept out by it");
    // Of several claims those that are meant are added up.
    let several = [claims(0), beds(3)].concat();
    assert!(why(&father, Candidate { free: several, ..shelter(1) }).contains(&"has_places"));
}

#[test]
fn a_service_that_says_nothing_of_access_loses_nothing_by_it() {
    let wheelchair = Set::EMPTY.with(AccessNeed::Wheelchair);
    let card = NeedCard { access: wheelchair, ..card() };
    let with = |access| why(&card, Candidate { access, ..shelter(1) });
    let said = |access: Set<AccessNeed>| {
        let codes = with(access);
        (codes.contains(&"accessible"), codes.contains(&"not_accessible"))
    };
    assert_eq!(said(Set::EMPTY), (false, false));
    assert_eq!(said(wheelchair), (true, false));
    assert_eq!(said(Set::EMPTY.with(AccessNeed::Hearing)), (false, true));
}

#[test]
fn a_service_of_indigenous_people_comes_first_for_those_who_want_one_and_for_nobody_else() {
    let wants = NeedCard { indigenous_service: true, ..card() };
    let theirs = Candidate { kind: OrgType::Metis, ..shelter(2) };
    let for_them = Candidate { indigenous: true, ..shelter(3) };
    let first = |card: &NeedCard, other: &Candidate| {
        rank(card, [shelter(1), other.clone()], today())[0].candidate.partner
    };
    for other in [&theirs, &for_them] {
        assert_eq!(first(&wants, other), other.partner);
        let ranked = rank(&card(), [shelter(1), other.clone()], today());
        assert_eq!(ranked[0].score, ranked[1].score);
    }
}

#[test]
fn a_card_tells_gender_and_status_only_where_a_service_asks_for_them() {
    let told = NeedCard {
        gender: Some(GenderShared::Woman),
        status: Some(StatusGroup::NoStatus),
        ..card()
    };
    // A shelter for women that says whom it takes, and what is left if it says less.
    let asking = crate::service::tests::shelter(1);
    assert_eq!(Asks::default().with(&asking), Asks::ALL);
    assert_eq!(told.asked_by(Asks::ALL), told);
    let by_groups = Service { genders: Set::EMPTY, accepts_without_status: None, ..asking };
    let gender = Asks::default().with(&by_groups);
    assert_eq!(told.asked_by(gender), NeedCard { status: None, ..told.clone() });
    let food = Service { groups: Set::EMPTY.with(Group::Newcomers), ..by_groups };
    assert_eq!(Asks::default().with(&food), Asks::default());
    assert_eq!(told.asked_by(Asks::default()), NeedCard { gender: None, status: None, ..told });
    // What one of several asks for is told.
    let refusing = Service { accepts_without_status: Some(false), ..food.clone() };
    assert_eq!(gender.with(&refusing).with(&food), Asks::ALL);
}

#[test]
fn the_same_question_has_the_same_answer_whatever_the_order() {
    let forward = rank(&card(), (1..9).map(shelter), today());
    let backward = rank(&card(), (1..9).rev().map(shelter), today());
    assert_eq!(forward, backward);
}

#[test]
fn a_service_that_was_not_confirmed_for_half_a_year_is_called_stale() {
    let on = |days: i64| Candidate {
        assured_on: Some(today().saturating_sub(jiff::Span::new().days(days))),
        ..shelter(1)
    };
    let is_stale = |days| {
        let ranked = rank(&card(), [on(days)], today());
        ranked[0].reasons.iter().any(|(reason, _)| *reason == MatchReason::Stale)
    };
    assert!(!is_stale(180) && is_stale(181));
}

#[test]
fn every_province_has_a_duty_to_report_in_both_languages() {
    for province in Province::ALL {
        let duty = duty::duty_of(*province);
        assert_eq!(duty.reason, OverrideReason::ChildProtectionDuty);
        assert!(!duty.statute.en.is_empty() && !duty.statute.fr.is_empty());
        assert!(!duty.authority.en.is_empty() && !duty.authority.fr.is_empty());
    }
    assert_eq!(duty::duties_for(&card()).len(), 1);
    assert_eq!(duty::duties_for(&NeedCard { age: Majority::Adult, ..card() }), []);
    let anywhere_north = Area::Region(RegionShared::North);
    assert_eq!(duty::duties_for(&NeedCard { area: anywhere_north, ..card() }).len(), 3);
}

#[test]
fn a_card_names_one_to_five_needs_each_once() {
    let with = |needs: &[Need]| NeedCard { needs: needs.to_vec(), ..card() }.problem();
    assert_eq!(with(&[Need::Legal]), None);
    assert_eq!(with(&[]), Some(CardProblem::NoNeed));
    assert_eq!(with(&[Need::Legal, Need::Legal]), Some(CardProblem::NeedTwice));
    assert_eq!(with(&Need::ALL[..5]), None);
    assert_eq!(with(&Need::ALL[..6]), Some(CardProblem::TooManyNeeds));
}
