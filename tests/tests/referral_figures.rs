//! Referrals in the figures of a release plan: bilateral, added up in secret, and for our own staff.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

use entente_core::codes::{Barrier, Code, Need, Province, Urgency};
use entente_core::period::Year;
use entente_core::record::RecordId;
use entente_core::referral::Area;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::{CubeDimension, Plan, PlanId};
use entente_core::statistics::referrals::{ReferralResult, Unmet, Waiting};
use entente_core::statistics::release::ReleaseId;
use entente_node::clock::ManualClock;
use entente_node::node::statistics::AnswerKept;
use entente_tests::federation::{
    Org, START_S, agree, ask_release, consent, pair, plain_case, plan, pull, sign_plan, staff,
};
use entente_tests::referrals::{agree_on_referrals, card, referral_consent};
use entente_tests::sums::Summed;

const DAY_S: i64 = 86_400;

/// Persons of each province: twice six standard deviations of 3.37, so that a cell with them and one
/// without are told apart.
const EACH: usize = 42;

/// Six standard deviations of 3.37: once in a billion cells.
const FAR: i64 = 21;

/// A home that makes referrals, a shelter that answers, and a centre that asks for figures.
struct World {
    clock: ManualClock,
    centre: Org,
    home: Org,
    shelter: Org,
    plan: PlanId,
}

/// One cube, by where the service is wanted and what came of it, with a revision nine days later.
fn one_cube(plan: &mut Plan) {
    plan.first_year = Year::new(2026).unwrap();
    plan.schedule.revisions_after_days = vec![40];
    plan.cubes.truncate(1);
    plan.cubes[0].dimensions = vec![CubeDimension::Region, CubeDimension::Result];
    (plan.cubes[0].cost, plan.cubes[0].revision_cost) = (NanoRho(44_075_000), NanoRho(44_075_000));
}

impl World {
    fn new() -> Self {
        let clock = ManualClock::new(START_S);
        let (centre, home, shelter) =
            (Org::new(1, &clock), Org::new(2, &clock), Org::new(3, &clock));
        pair(&home, &centre);
        agree(&home, &centre, 5);
        pair(&home, &shelter);
        agree_on_referrals(&home, &shelter);
        let plan = plan(&[&home], &[&centre], one_cube);
        sign_plan(&centre, &plan);
        let plan = sign_plan(&home, &plan);
        Self { clock, centre, home, shelter, plan }
    }

    /// Somebody who agrees to referrals, and to be counted.
    fn person(&self, agrees_to_be_counted: bool) -> RecordId {
        let node = self.home.node();
        let mut record = node.blank_record().unwrap();
        node.fill(&mut record, &plain_case()).unwrap();
        let mut consents = vec![referral_consent(2)];
        consents.extend(agrees_to_be_counted.then(|| consent(1)));
        node.add_record(staff(), record, consents).unwrap()
    }

    /// A referral that the shelter declines for want of room.
    fn declined(&self, record: &RecordId, province: Province) {
        let (home, shelter) = (self.home.node(), self.shelter.node());
        let mut card = card(Urgency::OneDay);
        card.area = Area::Province(province);
        let id = home.create_referral(staff(), record, card).unwrap().id;
        home.offer_referral(staff(), &id, &[self.shelter.id()]).unwrap();
        pull(&self.shelter, &self.home).unwrap();
        let barrier = Barrier::NoCapacity;
        shelter.decline_referral(staff(), &self.home.id(), &id, barrier).unwrap();
        pull(&self.home, &self.shelter).unwrap();
        // The next one comes later.
        self.clock.advance(60);
    }

    fn cells(&self, revision: u8) -> Vec<i64> {
        let period = "2026".parse().unwrap();
        let release = ReleaseId { plan: self.plan, cube: 0, period, revision };
        match ask_release(&self.centre, &self.home, &release).unwrap() {
            AnswerKept::Given(contribution) => contribution.cells,
            other => panic!("no figures: {other:?}"),
        }
    }
}

/// The place of those of a region who were declined for want of room.
fn place(region: &str) -> usize {
    let regions = CubeDimension::Region.labels();
    let at = regions.iter().position(|it| *it == region).unwrap();
    at + regions.len() * usize::from(ReferralResult::AllNoCapacity.number())
}

#[test]
fn unmet_needs_are_figures_of_those_who_agreed_and_a_withdrawal_shows_in_the_next_revision() {
    let world = World::new();
    let (mut manitoba, mut silent) = (Vec::new(), Vec::new());
    for _ in 0..EACH {
        manitoba.push(world.person(true));
        world.declined(manitoba.last().unwrap(), Province::Manitoba);
        silent.push(world.person(false));
        world.declined(silent.last().unwrap(), Province::Ontario);
        let quebec = world.person(true);
        world.declined(&quebec, Province::Quebec);
        // A second one of the same person, elsewhere, counts nowhere.
        world.declined(&quebec, Province::BritishColumbia);
    }
    world.clock.advance(75 * DAY_S);
    let near = |cells: &[i64], wanted: &[(&str, usize)]| {
        assert_eq!(cells.len(), 154);
        for (at, cell) in cells.iter().enumerate() {
            let of = wanted.iter().find(|(region, _)| place(region) == at);
            let truth = of.map_or(0, |(_, n)| i64::try_from(*n).unwrap());
            assert!((cell - truth).abs() <= FAR, "cell {at}: {cell}, {truth}");
        }
        assert!(cells.iter().any(|cell| *cell < 0), "no noise");
    };
    near(&world.cells(0), &[("prairies", EACH), ("quebec", EACH)]);

    for record in &manitoba {
        world.home.node().withdraw_consent(staff(), record, Some(consent(1).id)).unwrap();
    }
    world.clock.advance(10 * DAY_S);
    near(&world.cells(1), &[("quebec", EACH)]);
}

#[test]
fn our_own_staff_see_every_referral_that_was_offered_and_no_partner_counts_it() {
    let world = World::new();
    let person = world.person(false);
    world.declined(&person, Province::Manitoba);
    world.clock.advance(3_600);
    let node = world.home.node();
    let accepted = node.create_referral(staff(), &person, card(Urgency::OneDay)).unwrap().id;
    node.offer_referral(staff(), &accepted, &[world.shelter.id()]).unwrap();
    node.create_referral(staff(), &person, card(Urgency::OneDay)).unwrap();
    pull(&world.shelter, &world.home).unwrap();
    world.clock.advance(2 * 3_600);
    world.shelter.node().accept_referral(staff(), &world.home.id(), &accepted).unwrap();
    pull(&world.home, &world.shelter).unwrap();

    let mut facts = node.own_referral_facts().unwrap();
    facts.sort_by_key(|it| it.offered_at_s);
    let told: Vec<_> = facts.iter().map(|it| (it.result, it.waiting())).collect();
    let declined = (ReferralResult::AllNoCapacity, Waiting::Never);
    assert_eq!(told, [declined, (ReferralResult::UnderWay, Waiting::ThreeHours)]);
    assert!(facts.iter().all(|it| it.need == Need::EmergencyHousing));
    assert_eq!(Unmet::of(facts[0].result), Unmet::Unmet);
    assert!(facts[0].person == facts[1].person);
    assert!(world.shelter.node().own_referral_facts().unwrap().is_empty());
    // Whoever takes a record back, an error or a double, takes its referrals out of the figures.
    node.withdraw_record(staff(), &person).unwrap();
    assert!(node.own_referral_facts().unwrap().is_empty());
}

#[test]
fn a_secure_sum_of_referrals_counts_no_cases() {
    let world = Summed::with(6, |plan| {
        plan.cubes[0].dimensions = vec![CubeDimension::Need, CubeDimension::Waiting];
    });
    let release = world.release(0);
    world.run(0..6, &release);
    let cells = world.cells(&release).unwrap();
    assert_eq!(cells.len(), 161);
    // 75 women are in the cases; six standard deviations of two noises of 4.13 are 35.
    assert!(cells.iter().all(|cell| cell.abs() <= 35), "{cells:?}");
    assert!(cells.iter().any(|cell| *cell != 0), "no noise");
}
