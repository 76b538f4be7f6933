//! Secure sums between running nodes: what a round is, what a crash does to it, who takes part, and
//! what proves the figures.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use entente_core::codes::OrgType;
use entente_core::identity::OrgKey;
use entente_core::lang::Lang;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::national::ReturnFault;
use entente_core::statistics::release::{Answer, DeclineReason, ReleaseId, Symbol};
use entente_core::statistics::sum::{Opening, Rejection, Role, SealingKey};
use entente_node::node::statistics::sum::{SumKept, SumShut};
use entente_node::node::statistics::{AnswerKept, Asking, ReleaseShut};
use entente_proto::SumQuestion;
use entente_store::db::{DbError, META, RESTORED_AT, Write};
use entente_store::rows::{RoundRow, RoundState};
use entente_store::sums::Sums as _;
use entente_tests::federation::{Org, START_S, agree, pair, pull, sign_plan, staff};
use entente_tests::sums::{Summed, cells, near, secret_plan, stopped};

/// The price of a release in the shipped plan.
const COST: NanoRho = NanoRho(29_383_333);

#[track_caller]
fn outside<T: std::fmt::Debug>(result: Result<T, SumShut>) {
    let refused = result.unwrap_err();
    assert!(matches!(refused, SumShut::Release(ReleaseShut::OutsidePlan)), "{refused}");
}

#[test]
fn six_are_asked_one_drops_out_and_the_sum_is_that_of_five() {
    let world = Summed::new(6);
    let release = world.release(0);
    world.run([0, 1, 2, 4, 5], &release);
    near(&world.cells(&release).unwrap(), 10 + 11 + 12 + 14 + 15);
    for nth in 0..6 {
        assert_eq!(world.n_charges(nth), u64::from(nth != 3), "office {nth}");
    }
    let odometer = world.offices[0].node().odometer().unwrap();
    assert_eq!(odometer.spent, COST);
    assert_eq!(odometer.years[0].partners, [(world.centre.id(), COST)]);
}

/// Everything of a round that an aggregator keeps, but its state and the times.
fn kept(row: &RoundRow) -> Vec<u8> {
    [row.openings.concat(), row.key.clone(), row.stage.clone(), row.share.clone()].concat()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn nothing_of_a_contribution_is_left_with_either_aggregator_when_the_sum_is_revealed() {
    let world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    // The seed of the helper's key ends its first stage.
    let seed = *world.helped(&release).stage.last_chunk::<32>().unwrap();
    world.take_in(0..6, &release);
    world.close(&release);
    world.step(&release).unwrap();

    // A set is agreed to. Of each report the helper has whose it is, its number, what all may see of it,
    // and the two seeds of the share, opened.
    let agreed = world.helped(&release).stage;
    assert!(!holds(&agreed, &seed), "the key that opens shares outlived the intake");
    let mut parts = Vec::new();
    for office in &world.offices {
        let org = office.id();
        let at = agreed.windows(32).position(|window| window == org.as_bytes()).unwrap();
        let (org, rest) = agreed[at..].split_at(32);
        let (number, rest) = rest.split_at(16);
        let [share, blind] = [&rest[64..96], &rest[96..128]];
        parts.extend([org, number, share, blind].map(<[u8]>::to_vec));
    }
    let n_left = |row: &RoundRow| {
        let kept = kept(row);
        parts.iter().filter(|part| holds(&kept, part)).count()
    };
    assert_eq!(n_left(&world.helped(&release)), 24, "the search finds what is there");
    assert!(n_left(&world.led(&release)) >= 12, "the search finds what is there");
    world.step(&release).unwrap();
    // Judged: the shares are not needed any more once they are added up.
    assert!(n_left(&world.helped(&release)) >= 12);
    world.step(&release).unwrap();
    assert_eq!(world.helped(&release).state, RoundState::Done);
    assert_eq!(n_left(&world.helped(&release)), 0);
    assert_eq!(n_left(&world.led(&release)), 0);
    let led = world.led(&release);
    let taken = world.centre.node().db().read(|tx| tx.sum_taken(&release.bytes())).unwrap();
    assert!(led.stage.is_empty() && led.key.is_empty() && taken.is_empty());
    near(&world.cells(&release).unwrap(), 75);
}

#[test]
fn the_same_question_has_the_same_bytes_and_one_charge_whatever_happens_in_between() {
    let mut world = Summed::new(5);
    let release = world.release(0);
    world.open(&release).unwrap();
    let question = world.question(0, &release);
    let first = world.reply(0, &release).unwrap();
    world.offices[0].crash();
    assert_eq!(world.reply(0, &release).unwrap(), first);
    world.centre.crash();
    assert_eq!(world.question(0, &release), question);
    world.helper.crash();
    let opening = world.helper.node().open_sum(&world.centre.id(), &release).unwrap();
    assert_eq!(opening, question.openings[1]);
    assert_eq!(world.offices[0].node().contribute(&world.centre.id(), &question).unwrap(), first);
    assert_eq!(world.n_charges(0), 1);
}

#[test]
fn a_crash_between_charge_and_contribution_keeps_the_charge_and_contributes_once() {
    let mut world = Summed::new(5);
    let release = world.release(0);
    world.open(&release).unwrap();
    let question = world.question(0, &release);
    let charge =
        |world: &Summed| world.offices[0].node().charge_sum(&world.centre.id(), &question).unwrap();
    drop(charge(&world));
    world.offices[0].crash();
    assert_eq!(world.n_charges(0), 1);
    // Two that were charged for the same opening before one contribution was made.
    let [a, b] = [charge(&world), charge(&world)];
    let finish = |charged| world.offices[0].node().finish_sum(charged).unwrap();
    assert_eq!(finish(a), finish(b));
    world.take_in(0..5, &release);
    assert_eq!(world.n_charges(0), 1);
    world.close(&release);
    world.finish(&release);
    near(&world.cells(&release).unwrap(), 60);
}

#[test]
fn a_crash_of_either_aggregator_between_any_two_stages_changes_nothing() {
    let mut world = Summed::new(5);
    let release = world.release(0);
    world.open(&release).unwrap();
    for nth in 0..5 {
        world.take_in([nth], &release);
        world.centre.crash();
        world.helper.crash();
    }
    world.close(&release);
    let leader = world.centre.id();
    loop {
        world.centre.crash();
        let Some(question) = world.centre.node().next_sum_question(&release).unwrap() else {
            break;
        };
        let ask =
            |world: &Summed| world.helper.node().answer_sum(&leader, &release, &question).unwrap();
        // The answer is lost with the leader, or with the helper, and is the same again.
        let said = ask(&world);
        world.helper.crash();
        assert_eq!(ask(&world), said);
        world.centre.crash();
        let again = world.centre.node().next_sum_question(&release).unwrap();
        assert_eq!(again.as_ref(), Some(&question));
        let (answer, share) = &said;
        let node = world.centre.node();
        node.sum_answered(&release, &question, answer, share.as_ref()).unwrap();
        // It came twice.
        node.sum_answered(&release, &question, answer, share.as_ref()).unwrap();
    }
    let drawn = world.cells(&release).unwrap();
    near(&drawn, 60);
    world.centre.crash();
    assert_eq!(world.cells(&release).unwrap(), drawn);
    assert!((0..5).all(|nth| world.n_charges(nth) == 1));
}

#[test]
fn a_round_waits_for_an_aggregator_that_disappears_and_goes_on_where_it_was() {
    let world = Summed::new(5);
    let release = world.release(0);
    world.open(&release).unwrap();
    world.take_in(0..5, &release);
    world.close(&release);
    assert!(world.step(&release).unwrap());
    // The helper is suspended for a while: nothing is lost by that.
    let helper = world.helper.node();
    helper.suspend_partner(staff(), &world.centre.id()).unwrap();
    assert!(matches!(world.step(&release), Err(SumShut::Release(ReleaseShut::Shut(_)))));
    assert_eq!(world.led(&release).state, RoundState::Adding);
    assert_eq!(world.cells(&release), None);
    helper.resume_partner(staff(), &world.centre.id()).unwrap();
    world.finish(&release);
    near(&world.cells(&release).unwrap(), 60);
}

#[test]
fn the_helper_counts_for_itself_and_gives_up_with_too_few_outside_of_the_category_that_asks() {
    // Three of the six are of the querier's own kind.
    let world = Summed::with(6, |plan| {
        for kind in plan.roles.contributors.values_mut().take(3) {
            *kind = OrgType::Federal;
        }
    });
    let release = world.release(0);
    let kept = world.centre.node().plan_by_id(&world.plan).unwrap();
    let of_kind = |kind| {
        let of = kept.plan.roles.contributors.iter().filter(move |(_, it)| **it == kind);
        of.map(|(org, _)| *org).collect::<Vec<_>>()
    };
    let place = |org| world.offices.iter().position(|it| it.id() == org).unwrap();
    let mut five: Vec<_> = of_kind(OrgType::Federal).into_iter().map(place).collect();
    five.extend(of_kind(OrgType::Provincial).into_iter().map(place).take(2));
    world.open(&release).unwrap();
    world.take_in(five, &release);
    world.close(&release);
    assert_eq!(world.given_up(&release).as_deref(), Some("too_few"));
}

#[test]
fn a_contribution_that_comes_after_the_intake_is_not_kept() {
    let world = Summed::new(6);
    let release = world.release(0);
    world.open(&release).unwrap();
    let late = world.reply(5, &release).unwrap();
    world.take_in(0..5, &release);
    world.close(&release);
    let id = world.offices[5].id();
    let kept = world.centre.node().keep_sum_reply(&id, &release, &late).unwrap();
    assert_eq!(kept, AnswerKept::TooLate);
    world.finish(&release);
    near(&world.cells(&release).unwrap(), 60);
    let voices = world.centre.node().voices(&release).unwrap();
    let silent = voices.iter().find(|(org, _)| *org == world.offices[5].id()).unwrap();
    assert!(silent.1.is_none());
    // It paid, and knows it.
    assert_eq!(world.n_charges(5), 1);
}

#[test]
fn rt22_nobody_takes_part_before_its_own_officer_signed() {
    let clock = entente_node::clock::ManualClock::new(START_S);
    let orgs: Vec<_> = (1..=7).map(|seed| Org::new(seed, &clock)).collect();
    let [centre, helper, offices @ ..] = orgs.as_slice() else { panic!() };
    for org in &orgs[1..] {
        pair(org, centre);
    }
    let plan = secret_plan(centre, helper, offices, |_| {});
    let id = sign_plan(centre, &plan);
    let release = ReleaseId { plan: id, cube: 0, period: "2025".parse().unwrap(), revision: 0 };
    centre.node().begin_sum(staff(), &release).unwrap();
    outside(helper.node().open_sum(&centre.id(), &release));
    pull(helper, centre).unwrap();
    outside(helper.node().open_sum(&centre.id(), &release));
    helper.node().sign_plan(staff(), &id).unwrap();
    let opening = helper.node().open_sum(&centre.id(), &release).unwrap();
    assert!(centre.node().keep_opening(&release, &opening).unwrap());

    let office = &offices[0];
    pull(office, centre).unwrap();
    let asked = centre.node().sum_question(staff(), &office.id(), &release, Asking::First);
    let question: SumQuestion = asked.unwrap().unwrap();
    outside(office.node().contribute(&centre.id(), &question));
    office.node().sign_plan(staff(), &id).unwrap();
    // Signed, but no agreement lets anybody see its figures.
    let reply = office.node().contribute(&centre.id(), &question).unwrap();
    let answer = entente_proto::decode_release_answer(&reply.answer.payload).unwrap();
    let Answer::Declined(declined) = answer else { panic!("contributed without an agreement") };
    assert_eq!(declined.reason, DeclineReason::NotGranted);
    assert!(reply.contribution.is_empty());
    assert_eq!(office.node().odometer().unwrap().n_charges, 0);
}

#[test]
fn only_the_leader_asks_and_only_with_openings_of_both_for_this_round() {
    let world = Summed::new(5);
    let release = world.release(0);
    world.open(&release).unwrap();
    let question = world.question(0, &release);
    let node = world.offices[0].node();
    // The helper knows the plan, and is no partner of this office; another office is neither.
    assert!(node.contribute(&world.helper.id(), &question).is_err());
    pair(&world.offices[0], &world.offices[1]);
    outside(node.contribute(&world.offices[1].id(), &question));
    outside(world.helper.node().open_sum(&world.helper.id(), &release));
    assert!(world.helper.node().answer_sum(&world.offices[1].id(), &release, &[1]).is_err());

    let plan = world.centre.node().plan_by_id(&world.plan).unwrap().plan;
    let round = plan.round(&release).unwrap();
    let stranger = Opening::sign(
        &round,
        Role::Helper,
        &SealingKey::from_seed(&[8; 32]),
        &OrgKey::from_seed(&[99; 32]),
    );
    let [leader, helper] = question.openings.clone();
    let wrong =
        [[leader.clone(), stranger.unwrap()], [helper, leader.clone()], [leader.clone(), leader]];
    for openings in wrong {
        outside(node.contribute(&world.centre.id(), &SumQuestion { openings, ..question.clone() }));
    }
    assert_eq!(world.n_charges(0), 0);
}

#[test]
fn everybody_who_may_ask_has_an_agreement_pays_its_part_and_fetches_the_same_sum() {
    let clock = entente_node::clock::ManualClock::new(START_S);
    let orgs: Vec<_> = (1..=8).map(|seed| Org::new(seed, &clock)).collect();
    let [centre, helper, second, offices @ ..] = orgs.as_slice() else { panic!() };
    for org in &orgs[1..] {
        pair(org, centre);
    }
    for office in offices {
        agree(office, centre, 5);
    }
    let plan = secret_plan(centre, helper, offices, |plan| {
        plan.roles.queriers.insert(second.id(), OrgType::Police);
    });
    let ids: Vec<_> = orgs.iter().map(|org| sign_plan(org, &plan)).collect();
    let period = "2025".parse().unwrap();
    let release = ReleaseId { plan: ids[0], cube: 0, period, revision: 0 };
    let ask = |office: &Org| {
        let asked = centre.node().sum_question(staff(), &office.id(), &release, Asking::First);
        let reply = office.node().contribute(&centre.id(), &asked.unwrap().unwrap()).unwrap();
        centre.node().keep_sum_reply(&office.id(), &release, &reply).unwrap()
    };
    centre.node().begin_sum(staff(), &release).unwrap();
    let opening = helper.node().open_sum(&centre.id(), &release).unwrap();
    centre.node().keep_opening(&release, &opening).unwrap();
    let AnswerKept::Declined(declined) = ask(&offices[0]) else { panic!("one agreement of two") };
    assert_eq!(declined.reason, DeclineReason::NotGranted);
    for office in offices {
        pair(office, second);
        agree(office, second, 5);
        assert!(matches!(ask(office), AnswerKept::Added(_)));
        let odometer = office.node().odometer().unwrap();
        assert_eq!(odometer.years[0].node.spent(), COST, "the node pays once");
        assert_eq!(odometer.years[0].partners.len(), 2);
    }
    assert_eq!(stopped(centre.node().finished_sum(&second.id(), &release)), "open");
    centre.node().close_sum(staff(), &release).unwrap();
    while let Some(question) = centre.node().next_sum_question(&release).unwrap() {
        let (answer, share) = helper.node().answer_sum(&centre.id(), &release, &question).unwrap();
        centre.node().sum_answered(&release, &question, &answer, share.as_ref()).unwrap();
    }
    let sum = centre.node().finished_sum(&second.id(), &release).unwrap();
    for at in (0..sum.len()).step_by(101) {
        let mut changed = sum.clone();
        changed[at] ^= 1;
        assert_eq!(second.node().keep_sum(&release, &changed).unwrap(), SumKept::NotValid, "{at}");
    }
    assert_eq!(cells(second, &release), None);
    assert_eq!(second.node().keep_sum(&release, &sum).unwrap(), SumKept::Kept);
    assert_eq!(cells(second, &release), cells(centre, &release));
    // An office has a part in the plan, and may not ask.
    outside(centre.node().finished_sum(&offices[0].id(), &release));
}

#[test]
fn a_contributor_that_was_set_back_learns_its_charge_and_does_not_contribute_again() {
    let mut world = Summed::new(5);
    let yesterday = world.offices[0].copied();
    let release = world.release(0);
    world.open(&release).unwrap();
    world.take_in(0..5, &release);
    world.offices[0].set_back(&yesterday);
    assert_eq!(world.n_charges(0), 0);
    // The leader shows the newest receipt with the next question.
    assert_eq!(world.declined(0, &release), DeclineReason::OtherRound);
    let odometer = world.offices[0].node().odometer().unwrap();
    assert_eq!((odometer.n_charges, odometer.spent), (1, COST));
    assert_eq!(odometer.years[0].partners, [(world.centre.id(), COST)]);
    // What came before it was set back is in, and is not harmed.
    world.close(&release);
    world.finish(&release);
    near(&world.cells(&release).unwrap(), 60);
    let next = world.release(1);
    world.open(&next).unwrap();
    world.take_in([0], &next);
    assert_eq!(world.n_charges(0), 2);
}

#[test]
fn an_aggregator_that_was_restored_gives_up_what_it_does_not_know_the_end_of() {
    for of_helper in [true, false] {
        let mut world = Summed::new(5);
        let release = world.release(0);
        world.open(&release).unwrap();
        world.take_in(0..5, &release);
        world.close(&release);
        assert!(world.step(&release).unwrap());
        let restored = if of_helper { &mut world.helper } else { &mut world.centre };
        let mark = |tx: &mut Write<'_>| tx.put(META, RESTORED_AT, &START_S.to_be_bytes());
        restored.node().db().write::<_, DbError>("restored", mark).unwrap();
        restored.crash();
        if of_helper {
            assert_eq!(stopped(world.step(&release)), "set_back");
            assert!(world.helped(&release).stage.is_empty());
        } else {
            assert!(!world.step(&release).unwrap());
            assert_eq!(world.given_up(&release).as_deref(), Some("set_back"));
        }
        assert_eq!(world.cells(&release), None);
        assert_eq!(world.n_charges(0), 1);
    }
}

#[test]
fn a_return_proves_the_sum_to_whoever_has_nothing_but_the_file() {
    let world = Summed::new(6);
    for cube in 0..3 {
        world.run([0, 1, 2, 4, 5], &world.release(cube));
    }
    // The centre hears of all signatures under the plan.
    for org in world.offices.iter().chain([&world.helper]) {
        pull(&world.centre, org).unwrap();
    }
    let node = world.centre.node();
    let kept = node.plan_by_id(&world.plan).unwrap();
    let (national, file) = node.national_return(staff(), &kept, "2025".parse().unwrap()).unwrap();
    let (read, maker) = entente_proto::read_return(&file).unwrap();
    assert_eq!((&read, maker), (&national, world.centre.id()));
    assert_eq!(read.faults(&maker), []);
    let heads = read.tables[0].heads();
    assert_eq!((heads.answered, heads.silent), (5, 1));
    // Nobody has seen a contribution; the largest is at least the mean of the five.
    for (figure, bound) in read.tables[0].figures.iter().zip(&read.tables[0].largest) {
        let mean = figure.interval.0.div_ceil(5);
        assert_eq!(*bound, if figure.symbol == Some(Symbol::Suppressed) { 0 } else { mean });
    }
    assert!(read.tables[0].largest[6] > 0);

    let release = read.tables[0].release;
    let found = |change: &dyn Fn(&mut entente_core::statistics::national::NationalReturn)| {
        let mut changed = read.clone();
        change(&mut changed);
        let faults = changed.faults(&maker);
        assert!(faults.iter().all(|it| it.text(Lang::En) != it.text(Lang::Fr)));
        faults
    };
    let share = |it: &mut entente_core::statistics::national::NationalReturn, at: usize| {
        let sum = it.tables[0].sum.as_mut().unwrap();
        *sum.shares[at].payload.last_mut().unwrap() ^= 1;
    };
    for (at, role) in [(0, Role::Leader), (1, Role::Helper)] {
        let faults = found(&|it| share(it, at));
        assert_eq!(faults, [ReturnFault::Share(release, role), ReturnFault::Figures(release)]);
    }
    // Shares of another release, honestly signed.
    let moved = found(&|it| it.tables[0].sum = it.tables[1].sum.clone());
    assert!(moved.contains(&ReturnFault::Share(release, Role::Leader)));
    // Somebody who is in it is said to be left out, or silent; the one who was silent is counted.
    let org = world.offices[0].id();
    let left_out = found(&|it| {
        it.tables[0].sum.as_mut().unwrap().left_out.insert(org, Rejection::NotProven);
    });
    assert!(left_out.contains(&ReturnFault::Set(release)), "{left_out:?}");
    let silent = found(&|it| {
        it.tables[0].voices.iter_mut().find(|(it, _)| *it == org).unwrap().1 = None;
    });
    assert!(silent.contains(&ReturnFault::Set(release)), "{silent:?}");
    let figures = found(&|it| it.tables[0].figures[6].interval.1 += 1);
    assert_eq!(figures, [ReturnFault::Figures(release)]);
    let unsigned = found(&|it| it.signatures.retain(|(it, _)| *it != world.helper.id()));
    assert!(unsigned.contains(&ReturnFault::Unsigned(release, world.helper.id())));
    // Without the sum there are no figures to show.
    let bare = found(&|it| it.tables[0].sum = None);
    assert_eq!(bare, [ReturnFault::Figures(release)]);
}
