//! Attacks on the ledger: races, crashes, clocks, old copies, two copies, and other plans.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use entente_core::period::Year;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::Plan;
use entente_core::statistics::release::{Answer, DeclineReason, ReleaseId};
use entente_node::node::statistics::{AnswerKept, Asking, ReleaseShut};
use entente_proto::ReleaseQuestion;
use entente_store::db::{DbError, META, RESTORED_AT, Write};

use super::worlds::{DAY_S, OFFICE, OTHER, VICTIM, Worlds, YEAR, add};
use super::{Measure, Sizes};
use crate::federation::{
    Org, START_S, answered, ask_release, is_not_yet, pair, plan, sign_plan, staff,
};

/// The price of a release in the shipped plan.
const COST: NanoRho = NanoRho(29_383_333);

fn n_charges(office: &Org) -> usize {
    office.node().odometer().unwrap().n_charges as usize
}

/// RT7: everything that might be charged less than it costs.
pub fn abuse(_: &Sizes) -> Vec<Measure> {
    let mut measures = racing();
    measures.push(prices());
    measures.extend(crashes());
    measures.extend(clock_set_back());
    measures.extend(restored());
    measures.extend(restored_and_asked_by_another());
    measures.extend(pooled());
    measures
}

/// Eight at once, a hundred questions each, over fifteen releases of which the cap pays for ten.
fn racing() -> Vec<Measure> {
    let worlds = Worlds::new(&[OTHER], |plan| {
        plan.first_year = Year::new(2021).unwrap();
        plan.last_year = Year::new(2025).unwrap();
        plan.budget.partner_cap = NanoRho(2 * COST.0 + 1);
    });
    let office = worlds.world();
    let releases: Vec<_> = (2021..=2025)
        .flat_map(|year| (0..3).map(move |cube| (cube, year)))
        .map(|(cube, year)| worlds.release(cube, &year.to_string(), 0))
        .collect();
    let n_given = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (office, worlds, releases, n_given) = (&office, &worlds, &releases, &n_given);
            scope.spawn(move || {
                for nth in 0..100 {
                    let release = releases[(nth * 7 + thread) % releases.len()];
                    let question = ReleaseQuestion { release, receipts: Vec::new() };
                    let answer = answered(office, &worlds.centre.id(), &question);
                    let answer = entente_proto::decode_release_answer(&answer.unwrap().payload);
                    if let Answer::Given(_) = answer.unwrap() {
                        n_given.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    let odometer = office.node().odometer().unwrap();
    let most = odometer.years.iter().map(|year| year.node.spent().0).max().unwrap();
    let n_given = n_given.into_inner();
    assert!(n_given > 400, "{n_given} of 800 were given");
    vec![
        Measure::exactly("racing: charges", odometer.n_charges as usize, 10, 800),
        Measure::exactly("racing: most spent of a year", most as usize, 2 * COST.0, 800),
    ]
}

/// Prices that are no price, in a draft and in a plan.
fn prices() -> Measure {
    let draft = include_str!("../../../config/plans/canada-v1.toml");
    let mut n_accepted = 0;
    let words =
        ["-1", "nan", "inf", "-23550000", "1e30", "18446744073709551616", "0", "23550000.5"];
    for word in words {
        let text = draft.replace("nano_rho = 23550000", &format!("nano_rho = {word}"));
        let plan = Plan::from_toml(&text, None);
        n_accepted += usize::from(plan.is_ok_and(|plan| plan.problems().is_empty()));
    }
    let numbers = [0, u64::MAX, u64::MAX / 3 + 1, 600_000_000];
    for number in numbers {
        let clock = entente_node::clock::ManualClock::new(START_S);
        let (office, centre) = (Org::new(2, &clock), Org::new(1, &clock));
        let mut changed = plan(&[&office], &[&centre], |_| {});
        changed.cubes[0].cost = NanoRho(number);
        changed.cubes[1].cost = NanoRho(number);
        n_accepted += usize::from(changed.problems().is_empty());
    }
    let n = words.len() + numbers.len();
    Measure::exactly("prices that are none and were accepted", n_accepted, 0, n)
}

/// The process ends between the charge and the answer, again and again.
fn crashes() -> Vec<Measure> {
    let worlds = Worlds::new(&[OTHER], |_| {});
    let mut office = worlds.world();
    let release = worlds.release(0, YEAR, 0);
    let question = ReleaseQuestion { release, receipts: Vec::new() };
    let mut lost = 0;
    for _ in 0..5 {
        let paid = office.node().answer_release(&worlds.centre.id(), &question).unwrap();
        assert!(is_not_yet(&paid), "drawn while somebody waits");
        office.crash();
        lost += usize::from(n_charges(&office) != 1);
    }
    let mut distinct = BTreeSet::new();
    for _ in 0..5 {
        distinct.insert(worlds.bytes(&office, &worlds.centre, release));
        office.crash();
    }
    // Two that draw at once store one answer.
    let other = worlds.release(1, YEAR, 0);
    let question = ReleaseQuestion { release: other, receipts: Vec::new() };
    let node = office.node();
    node.answer_release(&worlds.centre.id(), &question).unwrap();
    let n_drawn = std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| node.draw_releases().unwrap()));
        both.map(|drawing| drawing.join().unwrap()).iter().sum::<u64>()
    });
    let [a, b] = [&worlds.centre, &worlds.second].map(|it| worlds.bytes(&office, it, other));
    vec![
        Measure::exactly("killed: charges lost or doubled", lost, 0, 5),
        Measure::exactly("killed: distinct answers", distinct.len(), 1, 5),
        Measure::exactly("drawn by two at once: stored", n_drawn as usize, 1, 2),
        Measure::exactly("drawn by two at once: answers that differ", usize::from(a != b), 0, 2),
        Measure::exactly("killed: charges of two releases", n_charges(&office), 2, 12),
    ]
}

/// The year of 2026 is released in March of 2027, and then the clock goes back to a day on which the
/// agreement was in force and the year was not over, and farther.
fn clock_set_back() -> Vec<Measure> {
    let worlds = Worlds::new(&[OTHER], |_| {});
    let office = worlds.world();
    worlds.clock.advance(100 * DAY_S);
    let first = worlds.bytes(&office, &worlds.centre, worlds.release(0, "2026", 0));
    let (mut n_new, mut n_other) = (0, 0);
    for days in [95, 400, 4_000] {
        worlds.clock.advance(-days * DAY_S);
        n_new += usize::from(worlds.ask(&office, worlds.release(1, "2026", 0)).is_some());
        let again = worlds.bytes(&office, &worlds.centre, worlds.release(0, "2026", 0));
        n_other += usize::from(again != first);
    }
    vec![
        Measure::exactly("clock set back: new figures", n_new, 0, 3),
        Measure::exactly("clock set back: other answers", n_other, 0, 3),
    ]
}

/// Yesterday's store, without a word of it. Whoever holds figures shows its newest receipt.
fn restored() -> Vec<Measure> {
    let worlds = Worlds::new(&[OTHER], |_| {});
    let mut office = worlds.world();
    let yesterday = office.copied();
    let ask = |office: &Org, cube| match ask_release(
        &worlds.centre,
        office,
        &worlds.release(cube, YEAR, 0),
    )
    .unwrap()
    {
        AnswerKept::Given(given) => Some(given),
        _ => None,
    };
    let first: Vec<_> = (0..2).map(|cube| ask(&office, cube)).collect();
    office.set_back(&yesterday);

    // An asker that shows only its newest receipt brings a gap to light.
    let id = office.id();
    let release = worlds.release(2, YEAR, 0);
    let node = worlds.centre.node();
    let newest = node.release_question(staff(), &id, &release, Asking::First).unwrap();
    assert_eq!(newest.receipts.len(), 1);
    let answer = answered(&office, &worlds.centre.id(), &newest).unwrap();
    let answer = entente_proto::decode_release_answer(&answer.payload).unwrap();
    let is_behind =
        |it: &Answer| matches!(it, Answer::Declined(it) if it.reason == DeclineReason::Behind);
    let n_unnoticed = usize::from(!is_behind(&answer));

    // With all of them the ledger is whole again, and charges go on from there.
    let third = ask(&office, 2);
    let n_changed = (0..2).filter(|cube| ask(&office, *cube) != first[usize::from(*cube)]).count();
    let number = third.map_or(0, |it| it.receipt.number as usize);
    vec![
        Measure::exactly("set back: drawn with a gap", n_unnoticed, 0, 1),
        Measure::exactly("set back: number of the third charge", number, 3, 1),
        Measure::exactly("set back: figures that changed", n_changed, 0, 2),
    ]
}

/// A backup of yesterday, restored as it should be; the other partner comes first.
fn restored_and_asked_by_another() -> Vec<Measure> {
    let worlds = Worlds::new(&[OTHER], |_| {});
    let mut office = worlds.world();
    let yesterday = office.copied();
    let release = worlds.release(0, YEAR, 0);
    let first = ask_release(&worlds.centre, &office, &release).unwrap();
    office.set_back(&yesterday);
    let mark = |tx: &mut Write<'_>| tx.put(META, RESTORED_AT, &START_S.to_be_bytes());
    office.node().db().write::<_, DbError>("restored", mark).unwrap();
    office.crash();

    let early = ask_release(&worlds.second, &office, &release).unwrap();
    let n_early = usize::from(matches!(early, AnswerKept::Given(_)));
    let same = ask_release(&worlds.centre, &office, &release).unwrap() == first;
    vec![
        Measure::exactly("restored: drawn before all were heard", n_early, 0, 1),
        Measure::exactly("restored: first answer gone", usize::from(!same), 0, 1),
        Measure::exactly("restored: charges", n_charges(&office), 1, 2),
    ]
}

/// Two partners ask for everything and put their answers together.
fn pooled() -> Vec<Measure> {
    let worlds = Worlds::new(&[OTHER], |_| {});
    let office = worlds.world();
    for cube in 0..3 {
        for asker in [&worlds.centre, &worlds.second] {
            worlds.bytes(&office, asker, worlds.release(cube, YEAR, 0));
        }
    }
    let odometer = office.node().odometer().unwrap();
    let year = odometer.years.iter().find(|it| it.year.to_string() == YEAR).unwrap();
    let (spent, cap) = (year.node.spent().0 as f64, year.node.cap().0 as f64);
    let n_full = year.partners.iter().filter(|(_, part)| *part == COST.times(3)).count();
    vec![
        Measure::at_most("two partners together: nano-rho", spent, cap, 6),
        Measure::exactly("two partners together: who paid all", n_full, 2, 2),
    ]
}

/// RT21: two copies of a node draw the same releases, on data that differ by one person.
pub fn clones(_: &Sizes) -> Vec<Measure> {
    let found: Vec<_> = (0..3).map(cloned).collect();
    let n = |at: fn(&Cloned) -> usize| found.iter().map(at).sum::<usize>();
    vec![
        Measure::exactly("the same noise on different data", n(|it| it.same_noise), 0, 3),
        Measure::exactly("second answers without an alarm", n(|it| it.unnoticed), 0, 3),
        Measure::exactly("answers used of who answered twice", n(|it| it.used), 0, 3),
        Measure::exactly("answers of a clone shown the first", n(|it| it.answered), 0, 3),
    ]
}

struct Cloned {
    same_noise: usize,
    unnoticed: usize,
    used: usize,
    answered: usize,
}

fn cloned(cube: u8) -> Cloned {
    let worlds = Worlds::new(&[OTHER; 6], |_| {});
    let office = worlds.world();
    let clone = Org::on(OFFICE, &worlds.clock, office.copied());
    add(&clone, &VICTIM);
    let release = worlds.release(cube, YEAR, 0);
    let kept = ask_release(&worlds.second, &office, &release).unwrap();
    let AnswerKept::Given(first) = kept else { panic!("no figures: {kept:?}") };
    let question = ReleaseQuestion { release, receipts: Vec::new() };
    let asker = worlds.second.id();
    let other = answered(&clone, &asker, &question).unwrap();
    let Answer::Given(drawn) = entente_proto::decode_release_answer(&other.payload).unwrap() else {
        panic!("the clone drew nothing")
    };
    let mut cells = drawn.cells;
    cells[worlds.cell_of(usize::from(cube), &VICTIM)] -= 1;

    // Its partner holds the first answer: it shows it to the clone, and then looks at the second.
    let node = worlds.second.node();
    let asked = node.release_question(staff(), &clone.id(), &release, Asking::First).unwrap();
    let answer = answered(&clone, &asker, &asked).unwrap();
    let answer = entente_proto::decode_release_answer(&answer.payload).unwrap();
    let kept = node.keep_release_answer(&clone.id(), &release, &other).unwrap();
    let alarm = node.partner_row(&clone.id()).unwrap().quarantined;
    let is_noticed = kept == AnswerKept::Contradicts && alarm.as_deref() == Some("drawn_twice");
    Cloned {
        same_noise: usize::from(cells == first.cells),
        unnoticed: usize::from(!is_noticed),
        used: node.voices(&release).unwrap().iter().filter(|it| it.1.is_some()).count(),
        answered: usize::from(matches!(answer, Answer::Given(_))),
    }
}

/// RT22: what was not signed here, is older, wider, or for another time.
pub fn downgrade(_: &Sizes) -> Vec<Measure> {
    let worlds = Worlds::new(&[OTHER; 6], |_| {});
    let office = worlds.world();
    assert!(worlds.ask(&office, worlds.release(0, YEAR, 0)).is_some());
    let sign = |change: &dyn Fn(&mut Plan)| {
        let changed = plan(&[&office], &[&worlds.centre], |it| change(it));
        let kept = office.node().propose_plan(staff(), &changed).unwrap();
        office.node().sign_plan(staff(), &kept.id).is_ok()
    };
    let offered: [&dyn Fn(&mut Plan); 4] = [
        // The same version in other words; one that answers again; a second that spends again; one
        // that charges its cubes less by a cap that is higher.
        &|it| it.title.en = "Other".into(),
        &|it| it.version = 2,
        &|it| it.name = "second".into(),
        &|it| {
            it.name = "third".into();
            it.budget.node_cap = NanoRho(300_000_000);
        },
    ];
    let n_signed = offered.iter().filter(|change| sign(change)).count();

    // The centre widens the plan, signs it, and asks; our officer did not sign.
    let wide = |it: &mut Plan| {
        it.version = 3;
        (it.first_year, it.last_year) = (Year::new(2024).unwrap(), Year::new(2025).unwrap());
    };
    let widened = plan(&[&office], &[&worlds.centre], wide);
    let id = sign_plan(&worlds.centre, &widened);
    office.node().propose_plan(staff(), &widened).unwrap();
    let mut n_answered = 0;
    for (cube, period) in [(0, "2024"), (1, "2025"), (2, "2024")] {
        let release = ReleaseId { plan: id, ..worlds.release(cube, period, 0) };
        let answer = worlds.answer(&office, &worlds.centre, release);
        n_answered += usize::from(!matches!(answer, Err(ReleaseShut::OutsidePlan)));
    }
    vec![
        Measure::exactly("downgrades signed", n_signed, 0, offered.len()),
        Measure::exactly("unsigned plans answered", n_answered, 0, 3),
        Measure::exactly("figures without an agreement", without_an_agreement(), 0, 1),
        Measure::exactly("figures before their day", before_their_day(), 0, 2),
    ]
}

/// A signed plan, and no agreement in force.
fn without_an_agreement() -> usize {
    let clock = entente_node::clock::ManualClock::new(START_S);
    let (centre, office) = (Org::new(1, &clock), Org::new(2, &clock));
    pair(&office, &centre);
    let plan = plan(&[&office], &[&centre], |_| {});
    sign_plan(&centre, &plan);
    let release = ReleaseId {
        plan: sign_plan(&office, &plan),
        cube: 0,
        period: YEAR.parse().unwrap(),
        revision: 0,
    };
    let kept = ask_release(&centre, &office, &release).unwrap();
    usize::from(matches!(kept, AnswerKept::Given(_)))
}

/// A contributor whose clock is behind by two years, and one that is right but asked for 2026.
fn before_their_day() -> usize {
    let worlds = Worlds::new(&[OTHER], |_| {});
    let office = worlds.world();
    let mut n = usize::from(worlds.ask(&office, worlds.release(0, "2026", 0)).is_some());
    worlds.clock.advance(-2 * 365 * DAY_S);
    n += usize::from(worlds.ask(&office, worlds.release(0, YEAR, 0)).is_some());
    n
}
