//! Secure sums that were given up: whoever has a return sees which, who noticed it, and why, and needs
//! nobody to believe it.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "this file is a test, its helpers included"
)]

use entente_core::codes::OrgType;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgKey;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::national::{GivenUp, NationalReturn, ReturnFault, SignedEnd, SumEnd};
use entente_core::statistics::plan::PlanId;
use entente_core::statistics::release::{ReleaseId, Symbol};
use entente_node::clock::ManualClock;
use entente_node::node::statistics::sum::SumKept;
use entente_tests::federation::{Org, START_S, pair, pull, said_by_a_liar, sign_plan, staff};
use entente_tests::sums::{Summed, secret_plan, stopped};

/// Asks and leads, helps, asks, and the six who contribute.
struct World {
    orgs: Vec<Org>,
    plan: PlanId,
}

impl World {
    fn new() -> Self {
        let clock = ManualClock::new(START_S);
        let orgs: Vec<_> = (1..=9).map(|seed| Org::new(seed, &clock)).collect();
        let [centre, helper, second, offices @ ..] = orgs.as_slice() else { panic!() };
        for org in &orgs[1..] {
            pair(org, centre);
        }
        let plan = secret_plan(centre, helper, offices, |plan| {
            plan.roles.queriers.insert(second.id(), OrgType::Police);
        });
        let ids: Vec<_> = orgs.iter().map(|org| sign_plan(org, &plan)).collect();
        pull(second, centre).unwrap();
        let world = Self { plan: ids[0], orgs };
        let release = world.release(0);
        world.centre().node().begin_sum(staff(), &release).unwrap();
        let opening = world.helper().node().open_sum(&world.centre().id(), &release).unwrap();
        world.centre().node().keep_opening(&release, &opening).unwrap();
        world
    }

    fn centre(&self) -> &Org {
        &self.orgs[0]
    }

    fn helper(&self) -> &Org {
        &self.orgs[1]
    }

    fn second(&self) -> &Org {
        &self.orgs[2]
    }

    fn release(&self, cube: u8) -> ReleaseId {
        ReleaseId { plan: self.plan, cube, period: "2025".parse().unwrap(), revision: 0 }
    }

    /// What somebody who may ask writes into a file, and reads again.
    fn returned(&self, by: &Org) -> NationalReturn {
        let kept = by.node().plan_by_id(&self.plan).unwrap();
        let period = "2025".parse().unwrap();
        let (_, file) = by.node().national_return(staff(), &kept, period).unwrap();
        let (national, maker) = entente_proto::read_return(&file).unwrap();
        assert_eq!((national.faults(&maker), maker), (vec![], by.id()));
        national
    }

    /// What the second one fetches from the leader.
    fn fetch(&self) -> SumKept {
        let release = self.release(0);
        let sum = self.centre().node().finished_sum(&self.second().id(), &release).unwrap();
        for at in (0..sum.len()).step_by(11) {
            let mut changed = sum.clone();
            changed[at] ^= 1;
            let kept = self.second().node().keep_sum(&release, &changed).unwrap();
            assert_eq!(kept, SumKept::NotValid, "{at}");
        }
        self.second().node().keep_sum(&release, &sum).unwrap()
    }
}

/// Which sum of a return was given up: who noticed, and why.
fn end(national: &NationalReturn) -> GivenUp {
    let [first, others @ ..] = national.tables.as_slice() else { panic!() };
    assert!(others.iter().all(|table| table.given_up.is_none()));
    assert_eq!(first.total.symbol, Some(Symbol::NotAvailable));
    assert!(first.figures.iter().all(|it| it.symbol == Some(Symbol::NotAvailable)));
    first.given_up.as_ref().unwrap().given_up
}

fn signed(given_up: GivenUp, seed: u8) -> SignedEnd {
    let payload = entente_proto::encode_given_up(&given_up);
    let key = OrgKey::from_seed(&[seed; 32]);
    let envelope = Envelope::seal(payload_type::SUM_GIVEN_UP, payload, &key).unwrap();
    SignedEnd { envelope, given_up }
}

#[test]
fn too_few_is_said_by_the_leader_in_every_return() {
    let world = World::new();
    let (centre, second, release) = (world.centre(), world.second(), world.release(0));
    assert_eq!(stopped(centre.node().finished_sum(&second.id(), &release)), "open");
    centre.node().close_sum(staff(), &release).unwrap();
    let national = world.returned(centre);
    let said = end(&national);
    assert_eq!((said.noticed_by, said.why), (centre.id(), SumEnd::TooFew));
    assert_eq!(world.fetch(), SumKept::GivenUp(SumEnd::TooFew));
    assert_eq!(end(&world.returned(second)), said);

    // Said of another table, by somebody else, of somebody else, or where there is a sum after all.
    let wrong = |change: &dyn Fn(&mut NationalReturn)| {
        let mut changed = national.clone();
        change(&mut changed);
        changed.faults(&centre.id())
    };
    let of_first = |end: SignedEnd| {
        wrong(&move |it: &mut NationalReturn| it.tables[0].given_up = Some(end.clone()))
    };
    let fault = [ReturnFault::GivenUp(release)];
    let moved = wrong(&|it| it.tables[1].given_up = it.tables[0].given_up.take());
    assert_eq!(moved, [ReturnFault::GivenUp(world.release(1))]);
    assert_eq!(of_first(signed(said, 4)), fault);
    assert_eq!(of_first(signed(said, 2)), fault);
    let of_office = GivenUp { noticed_by: world.orgs[4].id(), ..said };
    assert_eq!(of_first(signed(of_office, 1)), fault);
    let mut changed = signed(said, 1);
    changed.envelope.payload[0] ^= 1;
    assert_eq!(of_first(changed), fault);
    assert_eq!(of_first(signed(said, 1)), []);
}

#[test]
fn what_the_helper_noticed_is_said_to_be_noticed_by_the_helper() {
    let world = World::new();
    world.centre().node().give_sum_up(&world.release(0), "set_back").unwrap();
    let said = end(&world.returned(world.centre()));
    assert_eq!((said.noticed_by, said.why), (world.helper().id(), SumEnd::SetBack));
    // Once it is over it stays over, and for the first reason.
    world.centre().node().end_sum(staff(), &world.release(0)).unwrap();
    assert_eq!(end(&world.returned(world.centre())), said);
}

#[test]
fn who_asks_may_say_that_the_leader_is_gone_in_its_own_return_until_it_hears_from_it() {
    let world = World::new();
    let (second, release) = (world.second(), world.release(0));
    second.node().end_sum(staff(), &release).unwrap();
    let national = world.returned(second);
    let said = end(&national);
    assert_eq!((said.noticed_by, said.why), (second.id(), SumEnd::Gone));
    // It says so for itself, and nobody else can put it into a return.
    let faults = national.faults(&world.centre().id());
    assert_eq!(faults, [ReturnFault::GivenUp(release)]);
    // An office has nothing to say about it.
    world.orgs[4].node().end_sum(staff(), &release).unwrap();
    assert_eq!(world.orgs[4].node().sum_end(&release).unwrap(), None);

    world.centre().node().close_sum(staff(), &release).unwrap();
    assert_eq!(world.fetch(), SumKept::GivenUp(SumEnd::TooFew));
    assert_eq!(end(&world.returned(second)).noticed_by, world.centre().id());
}

#[test]
fn whoever_contributed_in_vain_hears_so_from_the_leader_and_its_budget_says_what_it_cost() {
    let world = Summed::new(5);
    let release = world.release(0);
    world.open(&release).unwrap();
    world.take_in(0..4, &release);
    world.close(&release);
    assert_eq!(world.given_up(&release).as_deref(), Some("too_few"));
    let office = &world.offices[0];
    let before = office.node().odometer().unwrap();
    assert_eq!((before.n_charges, before.given_up), (1, (0, NanoRho::ZERO)));
    pull(office, &world.centre).unwrap();
    let end = office.node().sum_end(&release).unwrap().unwrap().given_up;
    assert_eq!((end.noticed_by, end.why), (world.centre.id(), SumEnd::TooFew));
    let after = office.node().odometer().unwrap();
    assert_eq!((after.spent, after.given_up), (before.spent, (1, before.spent)));
    assert_eq!(after.undrawn, (0, NanoRho::ZERO));
    // Who was not asked hears it too, and has paid nothing.
    let last = &world.offices[4];
    pull(last, &world.centre).unwrap();
    assert_eq!(last.node().sum_end(&release).unwrap().map(|it| it.given_up), Some(end));
    assert_eq!(last.node().odometer().unwrap().given_up, (0, NanoRho::ZERO));
}

#[test]
fn nobody_but_the_leader_says_to_a_contributor_that_a_sum_was_given_up() {
    let world = Summed::new(5);
    let (release, office) = (world.release(0), &world.offices[0]);
    let said =
        GivenUp { release, noticed_by: world.centre.id(), why: SumEnd::TooFew, at_s: START_S };
    let of_nobody = GivenUp { noticed_by: world.offices[1].id(), ..said };
    let of_no_plan = GivenUp { release: ReleaseId { plan: PlanId([7; 32]), ..release }, ..said };
    let documents = [signed(of_nobody, 1), signed(of_no_plan, 1)].map(|it| it.envelope);
    pull(office, &world.centre).unwrap();
    let skipped = said_by_a_liar(&world.centre, 1, office, documents.to_vec());
    assert_eq!(skipped, ["sum_end_not_right", "plan_of_others"]);
    assert_eq!(office.node().sum_end(&release).unwrap(), None);

    // The helper is a partner too, and says it of a sum that goes on.
    let office = &world.offices[1];
    pair(office, &world.helper);
    pull(office, &world.helper).unwrap();
    let of_helper = GivenUp { noticed_by: world.helper.id(), why: SumEnd::Gone, ..said };
    let skipped = said_by_a_liar(&world.helper, 2, office, vec![signed(of_helper, 2).envelope]);
    assert_eq!(skipped, ["sum_end_not_right"]);
    assert_eq!(office.node().sum_end(&release).unwrap(), None);
}

#[test]
fn a_leader_that_was_set_back_tells_contributors_more_of_whose_feeds_they_hold_than_it_knows() {
    let mut world = Summed::new(5);
    let release = world.release(0);
    world.open(&release).unwrap();
    world.take_in(0..5, &release);
    let copy = world.centre.copied();
    for office in &world.offices {
        world.centre.node().send_test(staff(), &office.id()).unwrap();
        pull(office, &world.centre).unwrap();
    }
    world.centre.set_back(&copy);
    let first = &world.offices[0];
    let (.., held) = first.node().followed_checkpoint(&world.centre.id()).unwrap();
    assert!(world.centre.node().heed_own_checkpoint(&first.id(), &held).unwrap());
    for office in &world.offices {
        pull(office, &world.centre).unwrap();
        let end = office.node().sum_end(&release).unwrap().unwrap();
        assert_eq!(end.given_up.why, SumEnd::SetBack);
        assert_eq!(office.node().odometer().unwrap().given_up.0, 1);
    }
}
