//! Secure sums over 30, 300 and 5,000 organizations, with the protocol's own code and no sockets.
//!
//! Every tenth organization does not deliver. The same persons are summed flat, with two
//! aggregators, and through hubs, two for each of thirteen regions. Processor time is that of this
//! thread, split by whose work it was; bytes are those of the messages.

use std::collections::{BTreeMap, BTreeSet};

use entente_core::codes::OrgType;
use entente_core::identity::{OrgId, OrgKey};
use entente_core::statistics::noise::{Sigma, SystemRandomness};
use entente_core::statistics::sum::hub::{Above, Division, Region};
use entente_core::statistics::sum::{
    AggregateShare, Collected, Contribution, Helper, Intake, Leader, Minimum, Outcome, Role, Round,
    SealingKey, SealingPublic, Shape, Total, contribute, total,
};

use crate::Sizes;
use crate::report::{Aim, Report};

/// The cubes of cases of the first plan: province; region and quarter; minor or adult, gender and form.
const CUBES: [(&str, u32); 3] =
    [("province", 14), ("region × quarter", 35), ("majority × gender × form", 72)];

/// The most persons of one organization in one cell.
const MAX: u32 = 4095;

/// A third of the default budget of a year, so sigma is 4.13. In the first plan two cubes of referrals
/// share it, and sigma is 4.61: the time and the bytes are the same.
const NANO_RHO: u64 = 88_150_000 / 3;

/// Persons in a year, of all organizations together.
const N_PERSONS: u64 = 3_000;

/// Provinces and territories.
const N_REGIONS: usize = 13;

/// What one kind of participant spent.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    cpu_s: f64,
    sent: usize,
    received: usize,
}

/// What a whole round spent, by whose work it was, and how far off the figures are.
#[derive(Debug, Default)]
struct Costs {
    nodes: Spent,
    leaders: Spent,
    helpers: Spent,
    above: Spent,
    n_delivered: usize,
    errors: Vec<f64>,
}

pub(crate) fn run(report: &mut Report, sizes: Sizes) {
    println!("scale");
    let mut rows = Vec::new();
    for &n in sizes.n_organizations {
        let federation = Federation::new(n);
        for through_hubs in [false, true] {
            let mut costs = Costs::default();
            for (cube, (name, n_cells)) in (1..).zip(CUBES) {
                let persons = federation.persons(cube, n_cells);
                let round = federation.round(name, n_cells);
                let total = if through_hubs {
                    federation.sum_through_hubs(round, &persons, &mut costs)
                } else {
                    federation.sum(&round, &persons, &mut costs)
                };
                costs.compare(&total, &persons);
            }
            rows.push(note(report, n, through_hubs, &costs));
        }
    }
    print!("\n| organizations | way | mean error | node: CPU, sent | leader: CPU, received, sent ");
    println!(
        "| helper: CPU, received, sent | above: CPU, received |\n|---|---|---|---|---|---|---|"
    );
    rows.iter().for_each(|row| println!("{row}"));
}

/// Notes the figures of three cubes, and makes a row for people.
fn note(report: &mut Report, n: usize, through_hubs: bool, costs: &Costs) -> String {
    let way = if through_hubs { "hubs" } else { "flat" };
    let each = if through_hubs { N_REGIONS as f64 } else { 1.0 };
    let (kb, mb) = (|bytes: usize| bytes as f64 / 1e3, |bytes: usize| bytes as f64 / 1e6);
    // Each delivers three contributions; here per organization and year.
    let per_node = costs.n_delivered as f64 / CUBES.len() as f64;
    let error = costs.errors.iter().sum::<f64>() / costs.errors.len() as f64;
    let Costs { nodes, leaders, helpers, above, .. } = costs;

    let mut figure = |what: &str, unit: &'static str, value: f64| {
        report.note(format!("scale, {n} {way}, {what}"), unit, &[value], Aim::None, None);
        value
    };
    let error = figure("mean error of a cell", "persons", error);
    let node = [
        figure("node, CPU", "ms", nodes.cpu_s * 1e3 / per_node),
        figure("node, sent", "kB", kb(nodes.sent) / per_node),
    ];
    let mut aggregator = |who: &str, spent: &Spent| {
        [
            figure(&format!("each {who}, CPU"), "s", spent.cpu_s / each),
            figure(&format!("each {who}, received"), "MB", mb(spent.received) / each),
            figure(&format!("each {who}, sent"), "MB", mb(spent.sent) / each),
        ]
    };
    let [leader, helper] = [aggregator("leader", leaders), aggregator("helper", helpers)];
    let above = if through_hubs {
        let cpu = figure("both above, CPU", "s", above.cpu_s);
        let received = figure("both above, received", "kB", kb(above.received));
        format!("{cpu:.2} s, {received:.0} kB")
    } else {
        String::new()
    };
    let spent =
        |[cpu, received, sent]: [f64; 3]| format!("{cpu:.2} s, {received:.2} MB, {sent:.2} MB");
    format!(
        "| {n} | {way} | {error:.2} | {:.2} ms, {:.1} kB | {} | {} | {above} |",
        node[0],
        node[1],
        spent(leader),
        spent(helper),
    )
}

/// Organizations, every fourth federal, as the querier is.
struct Federation {
    orgs: Vec<OrgKey>,
    aggregators: [OrgKey; 2],
}

/// Persons by organization and cell, of those who deliver.
type Persons = BTreeMap<usize, Vec<u64>>;

impl Federation {
    fn new(n: usize) -> Self {
        Self { orgs: (0..n).map(org).collect(), aggregators: [org(1 << 32), org((1 << 32) + 1)] }
    }

    fn contributors(&self, which: impl Iterator<Item = usize>) -> BTreeMap<OrgId, OrgType> {
        let categories = [OrgType::Federal, OrgType::Ngo, OrgType::Police, OrgType::Provincial];
        which.map(|nth| (self.orgs[nth].id(), categories[nth % 4])).collect()
    }

    fn round(&self, release: &str, n_cells: u32) -> Round {
        let sigma = Sigma::for_cube(NANO_RHO, 1).expect("in bounds");
        let aggregators = self.aggregators.each_ref().map(OrgKey::id);
        Round::new(
            release.as_bytes(),
            Shape::new(n_cells, MAX).expect("a shape"),
            sigma,
            Minimum::new(5, 3).expect("a minimum"),
            aggregators,
            BTreeSet::from([OrgType::Federal]),
            self.contributors(0..self.orgs.len()),
        )
        .expect("a round")
    }

    /// Puts persons somewhere; what the tenth organizations have is never delivered.
    fn persons(&self, seed: u64, n_cells: u32) -> Persons {
        let n = self.orgs.len() as u64;
        let delivering = (0..self.orgs.len()).filter(|nth| nth % 10 != 9);
        let mut persons: Persons = delivering.map(|nth| (nth, vec![0; n_cells as usize])).collect();
        for person in 0..N_PERSONS {
            let place = mixed(seed << 32 | person);
            let (org, cell) = (place % n, (place / n) % u64::from(n_cells));
            if let Some(cells) = persons.get_mut(&(org as usize)) {
                cells[cell as usize] += 1;
            }
        }
        persons
    }

    fn sum(&self, round: &Round, persons: &Persons, costs: &mut Costs) -> Total {
        let collected = self.collect(round, None, persons, costs);
        let share = |outcome: &Outcome| match outcome {
            Outcome::Share(share) => share.clone(),
            Outcome::Subtotal(_) => unreachable!("the round is of no region"),
        };
        let shares: [AggregateShare; 2] = [share(&collected.own), share(&collected.helpers)];
        total(round, shares.each_ref()).expect("a total")
    }

    fn sum_through_hubs(&self, round: Round, persons: &Persons, costs: &mut Costs) -> Total {
        let hubs: Vec<[OrgKey; 2]> =
            (0..N_REGIONS).map(|nth| [0, 1].map(|role| org((1 << 33) + 2 * nth + role))).collect();
        let of_region = |nth| (nth..self.orgs.len()).step_by(N_REGIONS);
        let regions = hubs.iter().enumerate().map(|(nth, pair)| Region {
            name: format!("{nth:02}"),
            aggregators: pair.each_ref().map(OrgKey::id),
            contributors: self.contributors(of_region(nth)),
        });
        let division = Division::new(round, regions.collect()).expect("a division");
        let keys = || Role::ALL.map(|role| SealingKey::from_seed(&[role.number() + 1; 32]));
        let publics = keys().map(|key| key.public().expect("a key"));
        let [leader_key, helper_key] = keys();
        let mut above = [
            Above::new(division.clone(), Role::Leader, leader_key),
            Above::new(division.clone(), Role::Helper, helper_key),
        ];
        for (nth, pair) in hubs.iter().enumerate() {
            let name = format!("{nth:02}");
            let round = division.region(&name).expect("a region");
            let here: Persons =
                of_region(nth).filter_map(|nth| Some((nth, persons.get(&nth)?.clone()))).collect();
            let collected = self.collect(round, Some(&publics), &here, costs);
            for ((above, outcome), org) in
                above.iter_mut().zip([&collected.own, &collected.helpers]).zip(pair)
            {
                let Outcome::Subtotal(subtotal) = outcome else {
                    unreachable!("the round is of a region")
                };
                let envelope = subtotal.sign(org).expect("signed");
                costs.above.received += envelope.payload.len() + 96;
                costs.above.measure(|| above.accept(&name, &envelope)).expect("taken in");
            }
        }
        let [leader, helper] = above;
        let shares = costs.above.measure(|| {
            let (_, answer) = helper.answer(&leader.question(), &mut SystemRandomness)?;
            leader.answered(&answer, &mut SystemRandomness)
        });
        total(division.round(), shares.expect("shares").each_ref()).expect("a total")
    }

    /// One round of the two aggregators, every message as bytes.
    fn collect(
        &self,
        round: &Round,
        above: Option<&[SealingPublic; 2]>,
        persons: &Persons,
        costs: &mut Costs,
    ) -> Collected {
        let mut random = SystemRandomness;
        let [leader_key, helper_key] =
            [(); 2].map(|()| SealingKey::generate(&mut random).expect("randomness"));
        let publics = [&leader_key, &helper_key].map(|key| key.public().expect("a key"));
        let Costs { nodes, leaders, helpers, n_delivered, .. } = costs;

        let mut intake = Intake::new(round.clone(), leader_key).expect("a round");
        for (nth, cells) in persons {
            let org = &self.orgs[*nth];
            let bytes = nodes.measure(|| {
                contribute(round, publics.each_ref(), org, cells, &mut random)
                    .expect("a contribution")
                    .to_bytes()
            });
            nodes.sent += bytes.len();
            leaders.received += bytes.len();
            *n_delivered += 1;
            leaders.measure(|| {
                let contribution = Contribution::parse(&bytes, round).expect("readable");
                intake.accept(contribution).expect("good")
            });
        }

        let closed = leaders.measure(|| intake.close(&mut random)).expect("enough");
        let (mut leader, mut helper) = (Leader::Proposed(closed), Helper::open(helper_key));
        let [leader_above, helper_above] = [0, 1].map(|role| above.map(|keys| &keys[role]));
        while let Some(question) = leaders.measure(|| leader.question(round)) {
            let answered =
                helpers.measure(|| helper.answer(round, helper_above, &question, &mut random));
            let (next, answer) = answered.expect("an answer");
            helper = next;
            leaders.sent += question.len();
            helpers.received += question.len();
            helpers.sent += answer.len();
            leaders.received += answer.len();
            let next =
                leaders.measure(|| leader.answered(round, leader_above, &answer, &mut random));
            leader = next.expect("the next stage");
        }
        match leader {
            Leader::Collected(collected) => collected,
            _ => unreachable!("a stage without a question is the last"),
        }
    }
}

impl Costs {
    /// How far each cell is from the truth of those who delivered.
    fn compare(&mut self, total: &Total, persons: &Persons) {
        for (cell, figure) in total.cells.iter().enumerate() {
            let truth: u64 = persons.values().map(|cells| cells[cell]).sum();
            self.errors.push((*figure as f64 - truth as f64).abs());
        }
    }
}

impl Spent {
    fn measure<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let before = on_cpu_s();
        let value = work();
        self.cpu_s += on_cpu_s() - before;
        value
    }
}

/// Processor time of this thread: the first field of its schedstat, in nanoseconds (proc(5)).
fn on_cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = text.split_whitespace().next().and_then(|it| it.parse::<f64>().ok());
    ns.unwrap_or(f64::NAN) / 1e9
}

fn org(nth: usize) -> OrgKey {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&(nth as u64 + 1).to_be_bytes());
    OrgKey::from_seed(&seed)
}

/// SplitMix64.
fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
