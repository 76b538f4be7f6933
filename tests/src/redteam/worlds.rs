//! Fresh worlds: a contributor's store is made once, and every world is a copy of it.
//!
//! What answers in a world is the node itself, with its ledger, on the engine without a disk.

use entente_core::record::Field;
use entente_core::statistics::plan::{Plan, PlanId};
use entente_core::statistics::release::{Answer, Contribution, ReleaseId};
use entente_node::clock::ManualClock;
use entente_node::node::statistics::ReleaseShut;
use entente_proto::ReleaseQuestion;
use entente_store::engine::Memory;

use crate::federation::{Org, START_S, agree, answered, consent, pair, plan, sign_plan, staff};

/// A day in seconds.
pub const DAY_S: i64 = 86_400;

/// The year that everything is asked about.
pub const YEAR: &str = "2025";

/// Of a person, what a record holds.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// The day of registration.
    pub on: &'static str,
    /// The number of the province.
    pub province: &'static str,
    /// The gender.
    pub gender: &'static str,
    /// The age.
    pub age: &'static str,
    /// The form of exploitation.
    pub form: &'static str,
}

/// Somebody like many others.
pub const OTHER: Person =
    Person { on: "2025-05-06", province: "46", gender: "woman", age: "30", form: "forced_labour" };

/// The one person about whom the attacker wants to know: alone in Nunavut.
pub const VICTIM: Person =
    Person { on: "2025-08-15", province: "62", gender: "man", age: "15", form: "sexual" };

/// Two who may ask, and what the contributor has stored.
#[derive(Debug)]
pub struct Worlds {
    /// The clock of all.
    pub clock: ManualClock,
    /// Who asks.
    pub centre: Org,
    /// Who else may ask.
    pub second: Org,
    /// What was signed.
    pub plan: Plan,
    /// Its identity.
    pub id: PlanId,
    store: Memory,
}

/// The seed of the contributor.
pub const OFFICE: u8 = 2;

impl Worlds {
    /// A contributor with these persons, under the shipped plan after `change`.
    pub fn new(persons: &[Person], change: impl FnOnce(&mut Plan)) -> Self {
        let clock = ManualClock::new(START_S);
        let [centre, office, second] = [1, OFFICE, 3].map(|seed| Org::new(seed, &clock));
        for asker in [&centre, &second] {
            pair(&office, asker);
            agree(&office, asker, 5);
        }
        let plan = plan(&[&office], &[&centre, &second], change);
        let id = sign_plan(&office, &plan);
        sign_plan(&centre, &plan);
        sign_plan(&second, &plan);
        persons.iter().for_each(|person| add(&office, person));
        let store = office.copied();
        Self { clock, centre, second, plan, id, store }
    }

    /// A contributor as it was made, and nothing asked of it yet.
    pub fn world(&self) -> Org {
        Org::on(OFFICE, &self.clock, self.store.copied())
    }

    /// What worlds are made of, with one person more.
    pub fn store_with(&self, person: &Person) -> Memory {
        let office = self.world();
        add(&office, person);
        office.copied()
    }

    /// A contributor on this store.
    pub fn world_on(&self, store: &Memory) -> Org {
        Org::on(OFFICE, &self.clock, store.copied())
    }

    /// A question of the plan.
    pub fn release(&self, cube: u8, period: &str, revision: u8) -> ReleaseId {
        ReleaseId { plan: self.plan_id(), cube, period: period.parse().unwrap(), revision }
    }

    fn plan_id(&self) -> PlanId {
        self.id
    }

    /// Every cube of the year and every revision, as far as they are due.
    pub fn everything(&self, office: &Org) -> Vec<Contribution> {
        let mut all = Vec::new();
        for cube in 0..self.plan.cubes.len() {
            for revision in 0..=self.plan.n_revisions() {
                let release = self.release(cube as u8, YEAR, revision);
                all.extend(self.ask(office, release));
            }
        }
        all
    }

    /// The figures of one release, if they are given.
    pub fn ask(&self, office: &Org, release: ReleaseId) -> Option<Contribution> {
        match self.answer(office, &self.centre, release).unwrap() {
            Answer::Given(given) => Some(given),
            // No plan here names aggregators.
            Answer::Added(_) | Answer::Declined(_) => None,
        }
    }

    /// What somebody hears who shows no receipts.
    pub fn answer(
        &self,
        office: &Org,
        asker: &Org,
        release: ReleaseId,
    ) -> Result<Answer, ReleaseShut> {
        let question = ReleaseQuestion { release, receipts: Vec::new() };
        let envelope = answered(office, &asker.id(), &question)?;
        Ok(entente_proto::decode_release_answer(&envelope.payload).unwrap())
    }

    /// The same, byte for byte as it is sent.
    pub fn bytes(&self, office: &Org, asker: &Org, release: ReleaseId) -> Vec<u8> {
        let question = ReleaseQuestion { release, receipts: Vec::new() };
        let envelope = answered(office, &asker.id(), &question).unwrap();
        entente_proto::encode_envelope(&envelope)
    }

    /// The cell of a cube that somebody is in.
    pub fn cell_of(&self, cube: usize, person: &Person) -> usize {
        let record = record(&self.world(), person);
        let cube = &self.plan.cubes[cube];
        let numbers: Vec<u8> =
            cube.dimensions.iter().map(|it| it.number_of(&record).unwrap()).collect();
        cube.place(&numbers).unwrap()
    }
}

/// What the ledger of a node says that a person of the year has paid, as rho.
pub fn spent(office: &Org) -> f64 {
    let odometer = office.node().odometer().unwrap();
    let year = odometer.years.iter().find(|it| it.year.to_string() == YEAR);
    year.map_or(0.0, |year| year.node.spent().rho())
}

/// A record of a person, with a new id.
pub fn record(office: &Org, person: &Person) -> entente_core::record::CaseRecord {
    let mut record = office.node().blank_record().unwrap();
    let fields = [
        (Field::RegisteredOn, person.on),
        (Field::Status, "actual"),
        (Field::StatusDecidedBy, "ngo"),
        (Field::Gender, person.gender),
        (Field::AgeAtRegistration, person.age),
        (Field::ProvinceOfExploitation, person.province),
        (Field::Exploitation, person.form),
    ];
    let fields = fields.map(|(field, text)| (field, text.to_owned()));
    office.node().fill(&mut record, &fields).unwrap();
    record
}

/// Records a person who consents.
pub fn add(office: &Org, person: &Person) {
    let record = record(office, person);
    office.node().add_record(staff(), record, vec![consent(1)]).unwrap();
}
