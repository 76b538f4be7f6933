//! Attacks by the question: in other words, at another time, outside of the plan.
//!
//! A question is bytes of protobuf, which has many spellings of one message. They are written here by
//! hand, decoded as the door decodes them, and asked of a node.

use std::collections::BTreeSet;

use entente_core::period::Period;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::PlanId;
use entente_core::statistics::release::{Answer, DeclineReason, ReleaseId};
use entente_node::node::statistics::ReleaseShut;
use entente_proto::{ReleaseQuestion, v1};
use prost::Message as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::worlds::{DAY_S, OTHER, Person, Worlds, YEAR, add, spent};
use super::{Measure, Sizes};
use crate::federation::{Org, answered, consent, staff};

/// A number with `padding` bytes more than it needs, which protobuf permits.
fn varint(mut value: u64, padding: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        bytes.push(low | 0x80);
        if value == 0 {
            break;
        }
    }
    bytes.extend(vec![0x80; padding.min(10 - bytes.len())]);
    *bytes.last_mut().unwrap() &= 0x7f;
    bytes
}

fn number(field: u64, value: u64, padding: usize) -> Vec<u8> {
    [varint(field << 3, 0), varint(value, padding)].concat()
}

fn bytes(field: u64, content: &[u8], padding: usize) -> Vec<u8> {
    [&varint(field << 3 | 2, 0), &varint(content.len() as u64, padding), content].concat()
}

/// The four fields of a release.
fn parts(release: &ReleaseId, padding: usize) -> [Vec<u8>; 4] {
    let n = |field, value: u32| number(field, u64::from(value), padding);
    [
        bytes(1, &release.plan.0, padding),
        n(2, u32::from(release.cube)),
        n(3, release.period.number()),
        n(4, u32::from(release.revision)),
    ]
}

/// What somebody may try who hopes that a filter is understood.
const PREDICATES: [&str; 8] = [
    "NOT province = 62",
    "province = 46 OR province = 47",
    "age BETWEEN 0 AND 17",
    "province ~ '.*'",
    "gender IN (woman, man, trans_nc, unknown)",
    "province <> 62 AND NOT (gender = man)",
    "quarter >= Q1",
    "1 = 1",
];

/// The same question in at least fifty spellings.
fn spellings(release: &ReleaseId) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let plain = parts(release, 0);
    for order in permutations() {
        all.push(bytes(1, &order.map(|at| plain[at].clone()).concat(), 0));
    }
    all.extend((1..10).map(|padding| bytes(1, &parts(release, padding).concat(), padding)));
    for predicate in PREDICATES {
        let inside = [plain.concat(), bytes(9, predicate.as_bytes(), 0)].concat();
        all.push(bytes(1, &inside, 0));
        all.push([bytes(1, &plain.concat(), 0), bytes(7, predicate.as_bytes(), 0)].concat());
    }
    // The last value of a field counts, and the parts of a message that comes twice add up.
    let other = ReleaseId { plan: PlanId([7; 32]), cube: 2, ..*release };
    all.push([bytes(1, &parts(&other, 0).concat(), 0), bytes(1, &plain.concat(), 0)].concat());
    all.push(plain.clone().map(|part| bytes(1, &part, 0)).concat());
    all.push([bytes(1, &plain.concat(), 0), bytes(1, &[], 0)].concat());
    all
}

fn permutations() -> Vec<[usize; 4]> {
    let mut all = Vec::new();
    for n in 0..256_usize {
        let order = [n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6];
        if order.iter().collect::<BTreeSet<_>>().len() == 4 {
            all.push(order);
        }
    }
    all
}

fn read(request: &[u8]) -> Option<ReleaseQuestion> {
    let message = v1::ReleaseRequest::decode(request).ok()?;
    entente_proto::parse_release_question(message).ok()
}

/// RT1: one question 200 times, in every spelling, by another partner, after a restart, and of a
/// node that took over from a copy.
pub fn averaging(_: &Sizes) -> Vec<Measure> {
    let worlds = Worlds::new(&[OTHER; 6], |_| {});
    let mut office = worlds.world();
    let release = worlds.release(0, YEAR, 0);
    let mut distinct = BTreeSet::new();
    let mut n_asked = 0;
    let mut ask = |office: &Org, asker: &Org, question: &ReleaseQuestion| {
        let envelope = answered(office, &asker.id(), question).unwrap();
        distinct.insert(entente_proto::encode_envelope(&envelope));
        n_asked += 1;
    };
    let plain = ReleaseQuestion { release, receipts: Vec::new() };
    (0..200).for_each(|_| ask(&office, &worlds.centre, &plain));
    let spelt = spellings(&release);
    assert!(spelt.len() >= 50, "{}", spelt.len());
    for (at, spelling) in spelt.iter().enumerate() {
        let question = read(spelling).unwrap_or_else(|| panic!("spelling {at} is not read"));
        assert_eq!(question.release, release, "spelling {at} means something else");
        ask(&office, if at % 2 == 0 { &worlds.centre } else { &worlds.second }, &question);
    }
    let receipt = answered(&office, &worlds.centre.id(), &plain).unwrap();
    let shown = ReleaseQuestion { release, receipts: vec![receipt; 16] };
    ask(&office, &worlds.centre, &shown);
    office.crash();
    ask(&office, &worlds.second, &plain);
    let taken_over = worlds.world_on(&office.copied());
    ask(&taken_over, &worlds.centre, &plain);
    let n_charges = taken_over.node().odometer().unwrap().n_charges;
    vec![
        Measure::exactly("distinct answers", distinct.len(), 1, n_asked),
        Measure::exactly("charges", n_charges as usize, 1, n_asked),
    ]
}

/// RT4: every day of an open period, and every day after something came late.
pub fn time_differencing(_: &Sizes) -> Vec<Measure> {
    let price = NanoRho(20_000_000);
    let worlds = Worlds::new(&[OTHER; 30], |plan| {
        plan.schedule.revisions_after_days = vec![365];
        for cube in &mut plan.cubes {
            (cube.cost, cube.revision_cost) = (price, NanoRho(9_000_000));
        }
    });
    let office = worlds.world();
    let mut n_open = 0;
    let is_given = |release| match worlds.answer(&office, &worlds.centre, release).unwrap() {
        Answer::Given(_) | Answer::Added(_) => true,
        Answer::Declined(declined) => {
            assert_eq!(declined.reason, DeclineReason::NotDue);
            false
        }
    };
    let mut distinct = BTreeSet::new();
    let (first, revision) = (worlds.release(0, YEAR, 0), worlds.release(0, YEAR, 1));
    for day in 0..30 {
        // The year of 2026 is open, and so is the revision of 2025.
        n_open += usize::from(is_given(worlds.release(0, "2026", 0)));
        n_open += usize::from(is_given(revision));
        distinct.insert(worlds.bytes(&office, &worlds.centre, first));
        // Each day a record comes late, and one day somebody withdraws.
        add(&office, &Person { on: "2025-06-07", ..OTHER });
        if day == 15 {
            let record = super::worlds::record(&office, &OTHER);
            let id = record.id;
            office.node().add_record(staff(), record, vec![consent(1)]).unwrap();
            office.node().withdraw_record(staff(), &id).unwrap();
        }
        worlds.clock.advance(DAY_S);
    }
    let n_before = office.node().odometer().unwrap().n_charges as usize;
    worlds.clock.advance(60 * DAY_S);
    let revised = worlds.bytes(&office, &worlds.centre, revision);
    let n_after = office.node().odometer().unwrap().n_charges as usize;
    distinct.insert(worlds.bytes(&office, &worlds.centre, first));
    assert!(!distinct.contains(&revised));
    let paid = (spent(&office) * 1e9).round() as usize;
    vec![
        Measure::exactly("open periods and revisions answered", n_open, 0, 60),
        Measure::exactly("distinct answers of the closed period", distinct.len(), 1, 31),
        Measure::exactly("charges before the revision", n_before, 1, 31),
        Measure::exactly("charges with the revision", n_after, 2, 1),
        Measure::exactly("nano-rho paid with the revision", paid, 29_000_000, 1),
    ]
}

/// RT5: what is in no plan, as ids and as bytes.
pub fn trackers(sizes: &Sizes) -> Vec<Measure> {
    let worlds = Worlds::new(&[OTHER; 6], |_| {});
    let office = worlds.world();
    let within = worlds.release(0, YEAR, 0);
    let stored = worlds.bytes(&office, &worlds.centre, within);
    let n_charges = office.node().odometer().unwrap().n_charges;
    let mut rng = StdRng::seed_from_u64(5);
    let valid = spellings(&within);
    let (mut n_outside, mut n_other, mut n_refused) = (0, 0, 0);
    let mut words = BTreeSet::new();
    for nth in 0..sizes.n_fuzzed {
        let question = match nth % 2 {
            0 => Some(ReleaseQuestion { release: any_id(&mut rng, &within), receipts: vec![] }),
            _ => {
                let at = rng.random_range(0..valid.len());
                read(&mutated(&mut rng, valid[at].clone()))
            }
        };
        // What cannot be read hears what is outside of the plan (see RT14, over sockets).
        let Some(question) = question else {
            n_refused += 1;
            continue;
        };
        let is_inside = is_in_plan(&worlds, &question.release);
        match office.node().answer_release(&worlds.centre.id(), &question) {
            Err(ReleaseShut::OutsidePlan) => {
                n_refused += 1;
                words.insert(ReleaseShut::OutsidePlan.to_string());
            }
            Err(other) => {
                words.insert(other.to_string());
            }
            Ok(_) if !is_inside => n_outside += 1,
            Ok(answer) if question.release == within => {
                n_other += usize::from(entente_proto::encode_envelope(&answer) != stored);
            }
            Ok(_) => {}
        }
    }
    assert!(n_refused > sizes.n_fuzzed / 3, "{n_refused} of {} were refused", sizes.n_fuzzed);
    // Nothing that a mutated question said was charged but what the plan has.
    let extra = office.node().odometer().unwrap().n_charges - n_charges;
    assert!(extra <= 2, "{extra} charges");
    vec![
        Measure::exactly("accepted outside the plan", n_outside, 0, sizes.n_fuzzed),
        Measure::exactly("other answers to what is inside", n_other, 0, sizes.n_fuzzed),
        Measure::exactly("distinct words of refusal", words.len(), 1, n_refused),
    ]
}

fn is_in_plan(worlds: &Worlds, release: &ReleaseId) -> bool {
    let cube = worlds.plan.cube_at(release.cube);
    release.plan == worlds.id
        && release.revision <= worlds.plan.n_revisions()
        && cube.is_some_and(|cube| worlds.plan.covers(cube, release.period))
}

fn any_id(rng: &mut StdRng, within: &ReleaseId) -> ReleaseId {
    loop {
        let Ok(period) = Period::from_number(rng.random_range(19_000..22_000)) else { continue };
        let mut plan = within.plan;
        if rng.random_bool(0.5) {
            plan.0[rng.random_range(0..32)] ^= 1 << rng.random_range(0..8);
        }
        let period = if rng.random_bool(0.3) { within.period } else { period };
        let (cube, revision) = (rng.random_range(0..16), rng.random_range(0..6));
        return ReleaseId { plan, cube, period, revision };
    }
}

/// Bits flipped, bytes taken out, and texts and long lists put in.
fn mutated(rng: &mut StdRng, mut request: Vec<u8>) -> Vec<u8> {
    for _ in 0..rng.random_range(1..4) {
        let at = rng.random_range(0..request.len());
        match rng.random_range(0..4) {
            0 => request[at] ^= 1 << rng.random_range(0..8),
            1 => request.truncate(at.max(1)),
            2 => {
                let predicate = PREDICATES[rng.random_range(0..PREDICATES.len())];
                request.splice(at..at, predicate.bytes());
            }
            _ => {
                // A list of a thousand labels, as a field of its own.
                let list = "woman,".repeat(1_000);
                request.extend(bytes(rng.random_range(1..20), list.as_bytes(), 0));
            }
        }
    }
    request
}
