//! Who is asked when all that match are asked, between nodes that list their services.

use entente_core::audit::Action;
use entente_core::codes::{Gender, GenderShared, Need, Province, Set, StatusGroup, Urgency};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::referral::NeedCard;
use entente_core::service::{Area, Organization, Service, ServiceId, Status};
use entente_node::clock::ManualClock;
use entente_node::node::referrals::KeptReferral;
use entente_tests::federation::{Org, START_S, pair, propose_and_sign, pull, staff};
use entente_tests::referrals::{card, case_with_consent, referrals_only};

/// A home, and partners that may have its referrals and tell it of their services.
fn home_and(n: u8) -> (Org, Vec<Org>) {
    let clock = ManualClock::new(START_S);
    let home = Org::new(2, &clock);
    let partners: Vec<Org> = (0..n).map(|n| Org::new(10 + n, &clock)).collect();
    for partner in &partners {
        pair(&home, partner);
        let draft = referrals_only();
        let mut draft = home.node().read_draft(&draft, &partner.id(), None).expect("a draft");
        draft.grants.iter_mut().for_each(|grant| grant.services = true);
        propose_and_sign(&home, partner, &draft);
    }
    (home, partners)
}

/// A service in Manitoba for these needs.
fn service(n: u8, needs: Set<Need>) -> Service {
    let name = Text::new(format!("Service {n}"), format!("Service {n}"));
    let organization = Organization { id: [7; 16], name: name.clone(), ..Organization::default() };
    Service {
        needs,
        areas: vec![Area::Province(Province::Manitoba)],
        ..Service::named(ServiceId([n; 16]), organization, name)
    }
}

/// A partner lists services, and the home hears of them.
fn list(home: &Org, partner: &Org, services: Vec<Service>) {
    partner.node().put_services(&staff(), Action::ServiceChanged, services).expect("kept");
    pull(home, partner).expect("heard");
}

/// A referral of somebody in Manitoba who needs a bed, and legal aid.
fn referral(home: &Org) -> KeptReferral {
    let record = case_with_consent(home);
    home.node().create_referral(staff(), &record, card(Urgency::OneDay)).expect("made")
}

fn matching(home: &Org, kept: &KeptReferral) -> Vec<OrgId> {
    home.node().matching_partners(kept).expect("ranked")
}

#[test]
fn nobody_is_asked_whose_services_answer_none_of_the_needs() {
    let (home, partners) = home_and(3);
    let [food, lawyers, silent] = partners.as_slice() else { panic!("three") };
    list(&home, food, vec![service(1, Set::EMPTY.with(Need::BasicNeeds))]);
    let kept = referral(&home);
    let mut asked = matching(&home, &kept);
    let mut unknown = [lawyers.id(), silent.id()];
    asked.sort();
    unknown.sort();
    assert_eq!(asked, unknown, "of whom nothing is known, if nobody helps");

    // One need of two is enough, and then nobody is asked of whom nothing is known.
    list(&home, lawyers, vec![service(1, Set::EMPTY.with(Need::Legal))]);
    assert_eq!(matching(&home, &kept), [lawyers.id()]);
    let ranked = home.node().rank_referral(&kept).unwrap();
    let (found, may) = ranked.iter().find(|(it, _)| it.candidate.partner == food.id()).unwrap();
    let why: Vec<_> =
        found.reasons.iter().filter(|it| it.1.is_none()).map(|it| it.0.code()).collect();
    assert_eq!((found.fits(), why), (false, vec!["no_need_answered"]));
    assert!(may.is_ok(), "who knows better asks by name");
    home.node().offer_referral(staff(), &kept.id, &[food.id()]).unwrap();
}

#[test]
fn a_partner_with_sixty_services_hides_no_other_and_is_asked_once() {
    let (home, partners) = home_and(2);
    let [large, small] = partners.as_slice() else { panic!("two") };
    let both = Set::EMPTY.with(Need::EmergencyHousing).with(Need::Legal);
    list(&home, large, (1..=60).map(|n| service(n, both)).collect());
    list(&home, small, vec![service(1, Set::EMPTY.with(Need::Legal))]);
    let kept = referral(&home);
    let shown = home.node().rank_referral(&kept).unwrap();
    assert_eq!(shown.len(), 50);
    assert!(shown.iter().all(|(it, _)| it.candidate.partner == large.id()), "the best are shown");
    let mut expected = [large.id(), small.id()];
    expected.sort_unstable();
    assert_eq!(matching(&home, &kept), expected);
}

#[test]
fn gender_and_status_are_told_only_where_a_listed_service_asks_for_them() {
    let (home, partners) = home_and(4);
    let [asking, food, closed, silent] = partners.as_slice() else { panic!("four") };
    let needs = Set::EMPTY.with(Need::EmergencyHousing);
    let plain = || service(1, needs);
    let genders = Set::EMPTY.with(Gender::Woman);
    let both = Service { genders, accepts_without_status: Some(true), ..service(2, needs) };
    list(&home, asking, vec![plain(), both.clone()]);
    list(&home, food, vec![plain()]);
    // What it asked for at a service that is closed, it does not ask for now.
    list(&home, closed, vec![plain(), both]);
    let id = ServiceId([2; 16]);
    closed.node().set_service_status(&staff(), id, Status::TemporarilyClosed).unwrap();
    pull(&home, closed).unwrap();

    let record = case_with_consent(&home);
    let told = NeedCard {
        gender: Some(GenderShared::Woman),
        status: Some(StatusGroup::NoStatus),
        ..card(Urgency::OneDay)
    };
    let kept = home.node().create_referral(staff(), &record, told).unwrap();
    let to: Vec<_> = partners.iter().map(Org::id).collect();
    home.node().offer_referral(staff(), &kept.id, &to).unwrap();
    let sees = |partner: &Org| {
        pull(partner, &home).unwrap();
        let card = partner.node().find_received(&kept.id.to_string()).unwrap().card.unwrap();
        (card.gender.is_some(), card.status.is_some())
    };
    assert_eq!(sees(asking), (true, true));
    assert_eq!(sees(food), (false, false));
    assert_eq!(sees(closed), (false, false));
    assert_eq!(sees(silent), (true, true), "of whom nothing is known, as the agreement allows");
    let ours = home.node().find_referral(&kept.id.to_string()).unwrap().card;
    assert!(ours.gender.is_some() && ours.status.is_some(), "our own card is whole");
}
