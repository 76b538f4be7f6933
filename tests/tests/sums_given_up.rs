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
use entente_core::statistics::national::{GivenUp, NationalReturn, ReturnFault, SignedEnd, SumEnd};
use entente_core::statistics::plan::PlanId;
use entente_core::statistics::release::{ReleaseId, Symbol};
use entente_node::clock::ManualClock;
use entente_node::node::statistics::sum::SumKept;
use entente_tests::federation::{Org, START_S, pair, pull, sign_plan, staff};
use entente_tests::sums::{secret_plan, stopped};

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
