//! Attacks on private statistics, against running nodes.
//!
//! The numbers RT… are those of the red-team list of the design. What a node answers to one question
//! of a plan must be one answer, paid once, whatever is done to the node; and what is outside of a
//! plan must not be answered, in words that say nothing.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use entente_core::consent::Consent;
use entente_core::period::{Period, Year};
use entente_core::record::Field;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::{Plan, PlanId};
use entente_core::statistics::release::{Answer, Contribution, DeclineReason, ReleaseId, Total};
use entente_node::clock::ManualClock;
use entente_node::node::statistics::{AnswerKept, Asking, ReleaseShut};
use entente_proto::ReleaseQuestion;
use entente_store::db::{DbError, META, RESTORED_AT};
use entente_tests::federation::{
    Org, START_S, agree, ask_release, consent, pair, plan, propose_and_sign, pull, sign_plan, staff,
};

/// The price of a release in the shipped plan.
const COST: NanoRho = NanoRho(29_383_333);

const DAY_S: i64 = 86_400;

/// A centre and a contributor with an agreement, a signed plan, and cases of 2025.
struct World {
    clock: ManualClock,
    centre: Org,
    office: Org,
    plan: PlanId,
}

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Plan)) -> Self {
        let clock = ManualClock::new(START_S);
        let (centre, office) = (Org::new(1, &clock), Org::new(2, &clock));
        partners(&office, &centre);
        let plan = plan(&[&office], &[&centre], change);
        sign_plan(&centre, &plan);
        let plan = sign_plan(&office, &plan);
        add(&office, 30, "2025-05-06", vec![consent(1)]);
        Self { clock, centre, office, plan }
    }

    /// A second organization that may ask, under a plan that names both.
    fn with_two(change: impl FnOnce(&mut Plan)) -> (Self, Org) {
        let clock = ManualClock::new(START_S);
        let (centre, office, second) =
            (Org::new(1, &clock), Org::new(2, &clock), Org::new(3, &clock));
        partners(&office, &centre);
        partners(&office, &second);
        let plan = plan(&[&office], &[&centre, &second], change);
        sign_plan(&centre, &plan);
        sign_plan(&second, &plan);
        let plan = sign_plan(&office, &plan);
        add(&office, 30, "2025-05-06", vec![consent(1)]);
        (Self { clock, centre, office, plan }, second)
    }

    fn release(&self, cube: u8, period: &str, revision: u8) -> ReleaseId {
        ReleaseId { plan: self.plan, cube, period: period.parse().unwrap(), revision }
    }

    fn ask(&self, cube: u8, period: &str) -> AnswerKept {
        ask_release(&self.centre, &self.office, &self.release(cube, period, 0)).unwrap()
    }

    fn spent(&self) -> (u64, NanoRho) {
        let odometer = self.office.node().odometer().unwrap();
        (odometer.n_charges, odometer.spent)
    }
}

fn partners(office: &Org, asker: &Org) {
    pair(office, asker);
    agree(office, asker, 5);
}

/// Records `n` women of Manitoba.
fn add(office: &Org, n: usize, registered_on: &str, consents: Vec<Consent>) {
    for _ in 0..n {
        let mut record = office.node().blank_record().unwrap();
        let fields = [
            (Field::RegisteredOn, registered_on),
            (Field::Status, "actual"),
            (Field::StatusDecidedBy, "ngo"),
            (Field::Gender, "woman"),
            (Field::AgeAtRegistration, "30"),
            (Field::ProvinceOfExploitation, "46"),
            (Field::Exploitation, "forced_labour"),
        ];
        let fields = fields.map(|(field, text)| (field, text.to_owned()));
        office.node().fill(&mut record, &fields).unwrap();
        office.node().add_record(staff(), record, consents.clone()).unwrap();
    }
}

#[track_caller]
fn given(kept: AnswerKept) -> Contribution {
    match kept {
        AnswerKept::Given(contribution) => contribution,
        other => panic!("no figures: {other:?}"),
    }
}

#[track_caller]
fn declined(kept: AnswerKept) -> DeclineReason {
    match kept {
        AnswerKept::Declined(declined) => declined.reason,
        other => panic!("not declined: {other:?}"),
    }
}

/// What the contributor sends, byte for byte.
fn bytes(asker: &Org, office: &Org, release: ReleaseId) -> Vec<u8> {
    let question = ReleaseQuestion { release, receipts: Vec::new() };
    let answer = office.node().answer_release(&asker.id(), &question).unwrap();
    entente_proto::encode_envelope(&answer)
}

#[test]
fn a_figure_is_its_truth_and_noise_over_every_cell_of_those_who_agreed() {
    let world = World::new();
    add(&world.office, 300, "2025-05-06", Vec::new());
    add(&world.office, 300, "2024-05-06", vec![consent(1)]);
    let contribution = given(world.ask(0, "2025"));
    let manitoba = contribution.cells[6];
    // Six standard deviations of 4.13: once in a billion cells.
    assert!((5..=55).contains(&manitoba), "{manitoba}");
    assert_eq!(contribution.cells.len(), 14);
    let others = || contribution.cells.iter().enumerate().filter(|(at, _)| *at != 6);
    assert!(others().all(|(_, cell)| cell.abs() <= 25));
    assert!(others().any(|(_, cell)| *cell != 0), "no noise in 13 empty cells");
    let total = Total::of(&[&contribution]).unwrap();
    assert!((total.accuracy.sd - 4.13).abs() < 0.01);
}

#[test]
fn rt1_one_question_has_one_answer_and_one_charge_whoever_asks_and_how_often() {
    let (mut world, second) = World::with_two(|_| {});
    let release = world.release(0, "2025", 0);
    let mut distinct = BTreeSet::new();
    for _ in 0..200 {
        distinct.insert(bytes(&world.centre, &world.office, release));
    }
    distinct.insert(bytes(&second, &world.office, release));
    world.office.crash();
    distinct.insert(bytes(&second, &world.office, release));
    distinct.insert(bytes(&world.centre, &world.office, release));
    assert_eq!(distinct.len(), 1);
    assert_eq!(world.spent(), (1, COST));
}

#[test]
fn rt4_an_open_period_is_refused_and_what_is_late_waits_for_a_paid_revision() {
    let world = World::with(|plan| {
        plan.schedule.revisions_after_days = vec![365];
        for cube in &mut plan.cubes {
            (cube.cost, cube.revision_cost) = (NanoRho(20_000_000), NanoRho(9_000_000));
        }
    });
    assert_eq!(declined(world.ask(0, "2026")), DeclineReason::NotDue);
    let first = bytes(&world.centre, &world.office, world.release(0, "2025", 0));
    add(&world.office, 200, "2025-06-07", vec![consent(1)]);
    for _ in 0..30 {
        world.clock.advance(DAY_S);
        assert_eq!(bytes(&world.centre, &world.office, world.release(0, "2025", 0)), first);
    }
    let revision = world.release(0, "2025", 1);
    let ask = || ask_release(&world.centre, &world.office, &revision).unwrap();
    assert_eq!(declined(ask()), DeclineReason::NotDue);
    assert_eq!(world.spent().0, 1);
    world.clock.advance(40 * DAY_S);
    let revised = given(ask());
    assert!(revised.cells[6] > 150);
    assert_eq!(world.spent(), (2, NanoRho(29_000_000)));
    assert_eq!(bytes(&world.centre, &world.office, world.release(0, "2025", 0)), first);
}

#[test]
fn rt5_and_rt14_nothing_outside_a_plan_is_answered_and_the_words_are_always_the_same() {
    let (world, stranger_to_plan) = {
        let world = World::new();
        let other = Org::new(3, &world.clock);
        partners(&world.office, &other);
        (world, other)
    };
    let within = world.release(0, "2025", 0);
    let unsigned = {
        let plan = plan(&[&world.office], &[&world.centre], |plan| plan.name = "other".into());
        world.office.node().propose_plan(staff(), &plan).unwrap().id
    };
    let mut outside = vec![
        ReleaseId { plan: PlanId([9; 32]), ..within },
        ReleaseId { plan: unsigned, ..within },
        ReleaseId { revision: 1, ..within },
        ReleaseId { cube: 3, ..within },
        world.release(0, "2024", 0),
        world.release(0, "2030", 0),
        world.release(0, "2025-Q2", 0),
    ];
    // A generator whose numbers are the same every time.
    let mut state = 1_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % below
    };
    for _ in 0..2_000 {
        let period = Period::from_number(19_000 + u32::try_from(next(3_000)).unwrap());
        let mut plan = world.plan;
        plan.0[usize::try_from(next(32)).unwrap()] ^= u8::try_from(next(2)).unwrap();
        let [cube, revision] = [next(16), next(6)].map(|it| u8::try_from(it).unwrap());
        let Ok(period) = period else { continue };
        let id = ReleaseId { plan, cube, period, revision };
        let covered = id.plan == world.plan && revision == 0 && cube < 3;
        let is_year = period.number().is_multiple_of(10);
        if !(covered && is_year && (20_250..=20_290).contains(&period.number())) {
            outside.push(id);
        }
    }
    assert!(outside.len() > 1_000);
    for release in outside {
        let question = ReleaseQuestion { release, receipts: Vec::new() };
        let refused = world.office.node().answer_release(&world.centre.id(), &question);
        let refused = refused.expect_err("answered outside of the plan");
        assert!(matches!(refused, ReleaseShut::OutsidePlan), "{release:?}: {refused}");
    }
    let refused = ask_release(&stranger_to_plan, &world.office, &within);
    assert!(matches!(refused, Err(ReleaseShut::OutsidePlan)));
    assert_eq!(world.spent(), (0, NanoRho::ZERO));
}

#[test]
fn rt7_racing_questions_are_charged_exactly_what_the_cap_pays_for() {
    let world = World::with(|plan| {
        plan.first_year = Year::new(2021).unwrap();
        plan.last_year = Year::new(2025).unwrap();
        // Two of the three cubes of each year.
        plan.budget.partner_cap = NanoRho(2 * COST.0 + 1);
    });
    let releases: Vec<_> = (2021..=2025)
        .flat_map(|year| (0..3).map(move |cube| (cube, year)))
        .map(|(cube, year)| world.release(cube, &year.to_string(), 0))
        .collect();
    let (n_given, n_refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (world, releases) = (&world, &releases);
            let (n_given, n_refused) = (&n_given, &n_refused);
            scope.spawn(move || {
                for n in 0..100 {
                    let release = releases[(n * 7 + thread) % releases.len()];
                    let question = ReleaseQuestion { release, receipts: Vec::new() };
                    let answer = world.office.node().answer_release(&world.centre.id(), &question);
                    let answer = entente_proto::decode_release_answer(&answer.unwrap().payload);
                    let counter = match answer.unwrap() {
                        Answer::Given(_) => n_given,
                        Answer::Added(_) => panic!("nobody adds up"),
                        Answer::Declined(declined) => {
                            assert_eq!(declined.reason, DeclineReason::PartSpent);
                            n_refused
                        }
                    };
                    counter.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(n_given.into_inner() + n_refused.into_inner(), 800);
    assert_eq!(world.spent(), (10, COST.times(10)));
    let odometer = world.office.node().odometer().unwrap();
    assert!(odometer.whole);
    for year in &odometer.years {
        assert_eq!(year.node.spent(), COST.times(2), "{}", year.year);
        assert_eq!(year.partners, [(world.centre.id(), COST.times(2))]);
    }
}

#[test]
fn rt7_a_crash_between_charge_and_answer_keeps_the_charge_and_draws_once() {
    let mut world = World::new();
    let release = world.release(0, "2025", 0);
    let question = ReleaseQuestion { release, receipts: Vec::new() };
    let charged = world.office.node().charge_release(&world.centre.id(), &question).unwrap();
    drop(charged);
    world.office.crash();
    assert_eq!(world.spent(), (1, COST));
    let first = bytes(&world.centre, &world.office, release);
    world.office.crash();
    assert_eq!(bytes(&world.centre, &world.office, release), first);
    assert_eq!(world.spent(), (1, COST));

    // Two that were charged before the same crash draw one answer.
    let release = world.release(1, "2025", 0);
    let question = ReleaseQuestion { release, receipts: Vec::new() };
    let node = world.office.node();
    let charged = [(); 2].map(|()| node.charge_release(&world.centre.id(), &question).unwrap());
    let [a, b] = charged.map(|charged| node.finish_release(charged).unwrap());
    assert_eq!(a, b);
    assert_eq!(world.spent(), (2, COST.times(2)));
}

#[test]
fn rt7_a_clock_that_is_set_back_refuses_what_is_new_and_serves_what_was_drawn() {
    let world = World::new();
    let first = bytes(&world.centre, &world.office, world.release(0, "2025", 0));
    world.clock.advance(-400 * DAY_S);
    assert_eq!(bytes(&world.centre, &world.office, world.release(0, "2025", 0)), first);
    let question = world.release(1, "2025", 0);
    let kept = ask_release(&world.centre, &world.office, &question).unwrap();
    assert_eq!(declined(kept), DeclineReason::NotDue);
    assert_eq!(world.spent(), (1, COST));
}

#[test]
fn rt7_yesterdays_store_learns_from_receipts_what_it_has_spent() {
    let mut world = World::new();
    let yesterday = world.office.copied();
    let first: Vec<_> = (0..2).map(|cube| given(world.ask(cube, "2025"))).collect();
    world.office.set_back(&yesterday);
    assert_eq!(world.spent(), (0, NanoRho::ZERO));

    // A new question brings the receipts back before anything is drawn.
    let third = given(world.ask(2, "2025"));
    assert_eq!(third.receipt.number, 3);
    assert_eq!(third.receipt.spent, COST.times(3));
    assert_eq!(world.spent(), (3, COST.times(3)));
    for (cube, before) in (0..).zip(first) {
        assert_eq!(given(world.ask(cube, "2025")), before);
    }
    assert!(world.office.node().odometer().unwrap().whole);
}

#[test]
fn rt7_a_gap_in_the_receipts_stops_everything_new() {
    let mut world = World::new();
    let yesterday = world.office.copied();
    world.ask(0, "2025");
    world.ask(1, "2025");
    world.office.set_back(&yesterday);
    // An asker that shows only its newest receipt.
    let id = world.office.id();
    let release = world.release(2, "2025", 0);
    let asked = |asking| world.centre.node().release_question(staff(), &id, &release, asking);
    let newest = asked(Asking::First).unwrap();
    assert_eq!(newest.receipts.len(), 1);
    let answer = world.office.node().answer_release(&world.centre.id(), &newest).unwrap();
    let answer = entente_proto::decode_release_answer(&answer.payload).unwrap();
    let Answer::Declined(refused) = answer else { panic!("drawn with a gap") };
    assert_eq!((refused.reason, refused.n_charges), (DeclineReason::Behind, 0));
    assert!(!world.office.node().odometer().unwrap().whole);
    given(world.ask(2, "2025"));
}

#[test]
fn rt7_after_a_restore_nothing_is_drawn_before_everybody_was_heard() {
    let (mut world, second) = World::with_two(|_| {});
    let yesterday = world.office.copied();
    let release = world.release(0, "2025", 0);
    let first = bytes(&world.centre, &world.office, release);
    given(world.ask(0, "2025"));
    world.office.set_back(&yesterday);
    let mark =
        |tx: &mut entente_store::db::Write<'_>| tx.put(META, RESTORED_AT, &START_S.to_be_bytes());
    world.office.node().db().write::<_, DbError>("restored", mark).unwrap();
    world.office.crash();

    let kept = ask_release(&second, &world.office, &release).unwrap();
    assert_eq!(declined(kept), DeclineReason::Behind);
    assert_eq!(world.spent().0, 0);
    given(world.ask(0, "2025"));
    assert_eq!(bytes(&world.centre, &world.office, release), first);
    assert_eq!(world.spent(), (1, COST));
    let kept = ask_release(&second, &world.office, &world.release(1, "2025", 0)).unwrap();
    assert_eq!(given(kept).receipt.number, 2);
}

#[test]
fn rt7_two_partners_together_get_no_more_than_the_node_promised() {
    let (world, second) = World::with_two(|_| {});
    for cube in 0..3 {
        let release = world.release(cube, "2025", 0);
        let [a, b] = [&world.centre, &second].map(|asker| bytes(asker, &world.office, release));
        assert_eq!(a, b);
    }
    let odometer = world.office.node().odometer().unwrap();
    let year = odometer.years.iter().find(|it| it.year.number() == 2025).unwrap();
    assert_eq!(year.node.spent(), COST.times(3));
    assert!(year.node.spent() <= year.node.cap());
    assert_eq!(year.partners.len(), 2);
    assert!(year.partners.iter().all(|(_, spent)| *spent == COST.times(3)));
}

#[test]
fn rt7_a_partner_gets_no_more_than_its_agreement_grants() {
    let clock = ManualClock::new(START_S);
    let (centre, office) = (Org::new(1, &clock), Org::new(2, &clock));
    pair(&office, &centre);
    let draft = include_str!("../../config/agreements/province-federal.toml");
    let draft = draft.replace("= 88150000", "= 30000000");
    let draft = office.node().read_draft(&draft, &centre.id(), None).unwrap();
    propose_and_sign(&office, &centre, &draft);
    let plan = plan(&[&office], &[&centre], |_| {});
    sign_plan(&centre, &plan);
    let world = World { plan: sign_plan(&office, &plan), clock, centre, office };
    given(world.ask(0, "2025"));
    assert_eq!(declined(world.ask(1, "2025")), DeclineReason::PartSpent);
    assert_eq!(world.spent(), (1, COST));
}

#[test]
fn without_an_agreement_in_force_a_signed_plan_answers_nothing() {
    let clock = ManualClock::new(START_S);
    let (centre, office) = (Org::new(1, &clock), Org::new(2, &clock));
    pair(&office, &centre);
    let plan = plan(&[&office], &[&centre], |_| {});
    sign_plan(&centre, &plan);
    let world = World { plan: sign_plan(&office, &plan), clock, centre, office };
    assert_eq!(declined(world.ask(0, "2025")), DeclineReason::NotGranted);
    assert_eq!(world.spent(), (0, NanoRho::ZERO));
}

#[test]
fn rt21_a_cloned_node_is_found_out_by_whoever_holds_the_first_answer() {
    let world = World::new();
    let mut clone = Org::new(2, &world.clock);
    clone.set_back(&world.office.copied());
    let release = world.release(0, "2025", 0);
    let first = given(world.ask(0, "2025"));

    // The clone is asked without a receipt, as by an attacker in the middle.
    let question = ReleaseQuestion { release, receipts: Vec::new() };
    let other = clone.node().answer_release(&world.centre.id(), &question).unwrap();
    let Ok(Answer::Given(drawn)) = entente_proto::decode_release_answer(&other.payload) else {
        panic!("the clone drew nothing")
    };
    assert_ne!(drawn.cells, first.cells, "the same noise twice");
    let centre = world.centre.node();
    let kept = centre.keep_release_answer(&clone.id(), &release, &other).unwrap();
    assert_eq!(kept, AnswerKept::Contradicts);
    assert_eq!(
        centre.partner_row(&clone.id()).unwrap().quarantined.as_deref(),
        Some("drawn_twice")
    );
    // Who signed two answers has given none, until a person has looked.
    assert_eq!(centre.voices(&release).unwrap(), [(world.office.id(), None)]);

    // Shown the first answer, the clone knows that it is one.
    let question = centre.release_question(staff(), &clone.id(), &release, Asking::First).unwrap();
    let answer = clone.node().answer_release(&world.centre.id(), &question).unwrap();
    let Ok(Answer::Declined(refused)) = entente_proto::decode_release_answer(&answer.payload)
    else {
        panic!("the clone answered on")
    };
    assert_eq!(refused.reason, DeclineReason::Behind);
}

#[test]
fn rt22_a_plan_is_answered_only_after_our_own_officer_signed_it() {
    let clock = ManualClock::new(START_S);
    let (centre, office) = (Org::new(1, &clock), Org::new(2, &clock));
    partners(&office, &centre);
    let plan = plan(&[&office], &[&centre], |_| {});
    let id = sign_plan(&centre, &plan);
    pull(&office, &centre).unwrap();
    let heard = office.node().find_plan("canada").unwrap();
    assert_eq!((heard.id, heard.is_signed(), heard.signers), (id, false, vec![centre.id()]));
    let world = World { plan: id, clock, centre, office };
    let asked = ask_release(&world.centre, &world.office, &world.release(0, "2025", 0));
    assert!(matches!(asked, Err(ReleaseShut::OutsidePlan)));

    world.office.node().sign_plan(staff(), &id).unwrap();
    given(world.ask(0, "2025"));
    pull(&world.centre, &world.office).unwrap();
    assert_eq!(world.centre.node().plan_by_id(&id).unwrap().signers.len(), 2);
}

#[test]
fn rt22_no_older_overlapping_or_dearer_plan_is_signed() {
    let world = World::new();
    given(world.ask(0, "2025"));
    let sign = |change: &dyn Fn(&mut Plan)| {
        let plan = plan(&[&world.office], &[&world.centre], |it| change(it));
        let kept = world.office.node().propose_plan(staff(), &plan).unwrap();
        world.office.node().sign_plan(staff(), &kept.id)
    };
    let year = |year| Year::new(year).unwrap();
    let refusals = [
        // The same version with other words; an overlap with what was released; a second plan that
        // spends the same budget again.
        sign(&|it| it.title.en = "Other".into()),
        sign(&|it| it.version = 2),
        sign(&|it| it.name = "second".into()),
    ];
    for refused in refusals {
        assert_eq!(refused.unwrap_err().code, "ENT-2103");
    }

    // From a year on that was not answered it takes over, and the old version is over there.
    let next = sign(&|it| (it.version, it.first_year) = (2, year(2026))).unwrap();
    assert_eq!(sign(&|it| it.title.fr = "Autre".into()).unwrap_err().code, "ENT-2103");
    world.clock.advance(100 * DAY_S);
    assert_eq!(declined(world.ask(1, "2026")), DeclineReason::Replaced);
    sign_plan(&world.centre, &next.plan);
    let world = World { plan: next.id, ..world };
    given(world.ask(1, "2026"));
}

#[test]
fn who_proposes_without_end_fills_no_disk_and_keeps_nobody_else_out() {
    let clock = ManualClock::new(START_S);
    let orgs = [1, 2, 3].map(|seed| Org::new(seed, &clock));
    let [centre, office, second] = &orgs;
    partners(office, centre);
    partners(office, second);
    let propose = |from: &Org, version| {
        let plan = plan(&[office], &[from], |plan| plan.version = version);
        from.node().propose_plan(staff(), &plan).unwrap();
    };
    (1..=10).for_each(|version| propose(centre, version));
    let accepted = pull(office, centre).unwrap();
    let skipped: Vec<_> = accepted.skipped.iter().map(|(_, code)| *code).collect();
    assert_eq!(skipped, ["too_many_plans"; 2]);
    propose(second, 1);
    assert_eq!(pull(office, second).unwrap().skipped, []);
    assert_eq!(office.node().plans().unwrap().len(), 9);
}

#[test]
fn a_plan_is_kept_only_by_those_who_have_a_part_in_it() {
    let clock = ManualClock::new(START_S);
    let (centre, office, other) = (Org::new(1, &clock), Org::new(2, &clock), Org::new(3, &clock));
    pair(&office, &centre);
    let of_others = plan(&[&other], &[&centre], |_| {});
    let refused = office.node().propose_plan(staff(), &of_others).unwrap_err();
    assert_eq!(refused.code, "ENT-2104");
    // The centre may propose it, and says nothing of it to somebody without a part.
    let before = centre.node().feed_head(&office.id()).unwrap().1;
    centre.node().propose_plan(staff(), &of_others).unwrap();
    assert_eq!(centre.node().feed_head(&office.id()).unwrap().1, before);
}

#[test]
fn rt7_a_store_that_a_partner_finds_set_back_waits_for_all_who_may_ask() {
    let (mut world, second) = World::with_two(|_| {});
    let yesterday = world.office.copied();
    given(world.ask(0, "2025"));
    // Something more is said to the centre, which holds the checkpoint of it.
    world.office.node().send_test(staff(), &world.centre.id()).unwrap();
    pull(&world.centre, &world.office).unwrap();
    let held = world.centre.node().followed_checkpoint(&world.office.id()).unwrap().2;
    world.office.set_back(&yesterday);
    assert!(world.office.node().heed_own_checkpoint(&world.centre.id(), &held).unwrap());

    let release = world.release(0, "2025", 0);
    let kept = ask_release(&second, &world.office, &release).unwrap();
    assert_eq!(declined(kept), DeclineReason::Behind);
    given(world.ask(0, "2025"));
    assert_eq!(world.spent(), (1, COST));
}

#[test]
fn an_answer_that_the_plan_does_not_describe_is_not_kept() {
    let world = World::new();
    let release = world.release(0, "2025", 0);
    let question = ReleaseQuestion { release, receipts: Vec::new() };
    let honest = world.office.node().answer_release(&world.centre.id(), &question).unwrap();
    let Ok(Answer::Given(honest)) = entente_proto::decode_release_answer(&honest.payload) else {
        panic!("no figures")
    };
    let key = entente_core::identity::OrgKey::from_seed(&[2; 32]);
    let lies: [&dyn Fn(&mut Contribution); 5] = [
        &|it| it.cells.truncate(13),
        &|it| it.release.cube = 1,
        &|it| it.release.revision = 1,
        &|it| it.sigma = NanoRho(88_150_000).sigma().unwrap(),
        &|it| it.cost = NanoRho(1),
    ];
    let kept = |contribution: Contribution, key| {
        let payload = entente_proto::encode_release_answer(&Answer::Given(contribution));
        let kind = entente_core::envelope::payload_type::RELEASE_ANSWER;
        let envelope = entente_core::envelope::Envelope::seal(kind, payload, key).unwrap();
        let centre = world.centre.node();
        centre.keep_release_answer(&world.office.id(), &release, &envelope).unwrap()
    };
    for lie in lies {
        let mut contribution = honest.clone();
        lie(&mut contribution);
        assert_eq!(kept(contribution, &key), AnswerKept::NotValid);
    }
    let stranger = entente_core::identity::OrgKey::from_seed(&[9; 32]);
    assert_eq!(kept(honest.clone(), &stranger), AnswerKept::NotValid);
    assert_eq!(kept(honest.clone(), &key), AnswerKept::Given(honest));
}
