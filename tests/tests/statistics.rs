//! Attacks on private statistics, against running nodes.
//!
//! The numbers RT… are those of the red-team list of the design. The attacks that are figures are in
//! `redteam`; here is what needs more than a figure: who pays for what, who is told "not yet", which
//! plan is signed, and what is kept.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use entente_core::consent::Consent;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgKey;
use entente_core::period::Year;
use entente_core::record::Field;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::{Plan, PlanId};
use entente_core::statistics::release::{Answer, Contribution, DeclineReason, ReleaseId, Total};
use entente_node::clock::ManualClock;
use entente_node::node::statistics::{AnswerKept, ReleaseShut};
use entente_proto::ReleaseQuestion;
use entente_tests::federation::{
    Org, START_S, agree, answered, ask_release, consent, is_not_yet, pair, plan, propose_and_sign,
    pull, said_by_a_liar, sign_plan, staff,
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
fn rt13_who_asks_first_and_who_asks_last_hear_not_yet_and_then_the_same_figures() {
    let (mut world, second) = World::with_two(|_| {});
    let release = world.release(0, "2025", 0);
    let question = ReleaseQuestion { release, receipts: Vec::new() };
    let ask = |world: &World, asker: &Org| {
        world.office.node().answer_release(&asker.id(), &question).unwrap()
    };
    let draw = |world: &World| world.office.node().draw_releases().unwrap();
    assert!(is_not_yet(&ask(&world, &world.centre)) && is_not_yet(&ask(&world, &world.centre)));
    let odometer = world.office.node().odometer().unwrap();
    assert_eq!((odometer.n_charges, odometer.undrawn), (1, (1, COST)));
    assert_eq!((draw(&world), draw(&world)), (1, 0));
    let first = ask(&world, &world.centre);
    assert!(!is_not_yet(&first));
    assert_eq!(world.office.node().odometer().unwrap().undrawn, (0, NanoRho::ZERO));

    // It is drawn, and who asks for the first time cannot see that.
    assert!(is_not_yet(&ask(&world, &second)) && is_not_yet(&ask(&world, &second)));
    assert_eq!(draw(&world), 0);
    assert_eq!(ask(&world, &second), first);
    assert_eq!(world.spent(), (1, COST));

    // A restart forgets who waits. What is paid stays paid and is drawn after it is asked for again.
    let release = world.release(1, "2025", 0);
    let question = ReleaseQuestion { release, receipts: Vec::new() };
    let ask = |world: &World| answered_at_once(world, &question);
    assert!(is_not_yet(&ask(&world)));
    world.office.crash();
    assert_eq!((draw(&world), world.spent().0), (0, 2));
    assert!(is_not_yet(&ask(&world)));
    assert_eq!(draw(&world), 1);
    assert!(!is_not_yet(&ask(&world)));
    assert_eq!(world.spent(), (2, COST.times(2)));
}

fn answered_at_once(world: &World, question: &ReleaseQuestion) -> Envelope {
    world.office.node().answer_release(&world.centre.id(), question).unwrap()
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
    let named = |from: &Org, name: &str, version| {
        let of_it = |plan: &mut Plan| (plan.name, plan.version) = (name.to_owned(), version);
        plan(&[office], &[from], of_it)
    };
    let propose = |from: &Org, name: &str, version| {
        let kept = from.node().propose_plan(staff(), &named(from, name, version));
        kept.map(|_| ()).map_err(|fault| fault.code)
    };
    let skipped = |from: &Org| -> Vec<_> {
        pull(office, from).unwrap().skipped.iter().map(|(_, code)| *code).collect()
    };
    // Corrections of one plan are one plan that could still be signed.
    (1..=10).for_each(|version| assert_eq!(propose(centre, "canada", version), Ok(())));
    (1..=7).for_each(|n| assert_eq!(propose(centre, &format!("plan-{n}"), 1), Ok(())));
    assert_eq!(skipped(centre), [""; 0]);
    // An honest node stops where its partners do, and may say once more what it said.
    assert_eq!(propose(centre, "plan-8", 1), Err("ENT-2640".to_owned()));
    assert_eq!(propose(centre, "plan-7", 1), Ok(()));
    assert_eq!(propose(centre, "canada", 11), Ok(()), "it replaces one that counts");
    assert_eq!(skipped(centre), [""; 0]);
    let key = OrgKey::from_seed(&[1; 32]);
    let lie = |n: u32| {
        let bytes = entente_proto::encode_plan(&named(centre, &format!("plan-{n}"), 1));
        Envelope::seal(payload_type::PLAN_PROPOSAL, bytes, &key).unwrap()
    };
    let reasons = said_by_a_liar(centre, 1, office, (8..=9).map(lie).collect());
    assert_eq!(reasons, ["too_many_plans"; 2]);
    assert_eq!(propose(second, "canada", 1), Ok(()));
    assert_eq!(skipped(second), [""; 0]);
    assert_eq!(office.node().plans().unwrap().len(), 19);

    // What partners propose sets no number of ours, and no name or version that hides another plan.
    assert_eq!(office.node().newest_version("canada").unwrap(), None);
    assert_eq!(propose(second, "cafe", 1), Ok(()));
    assert_eq!(propose(second, "plan", 10_001), Ok(()));
    assert_eq!(skipped(second), ["document_unreadable"; 2]);
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
    let honest = answered(&world.office, &world.centre.id(), &question).unwrap();
    let Ok(Answer::Given(honest)) = entente_proto::decode_release_answer(&honest.payload) else {
        panic!("no figures")
    };
    let key = entente_core::identity::OrgKey::from_seed(&[2; 32]);
    let lies: [&dyn Fn(&mut Contribution); 7] = [
        &|it| it.cells.truncate(13),
        &|it| it.release.cube = 1,
        &|it| it.release.revision = 1,
        &|it| it.sigma = NanoRho(88_150_000).sigma().unwrap(),
        &|it| it.cost = NanoRho(1),
        // No organization has so many persons in a cell, and no noise takes so many out.
        &|it| it.cells[0] = -1_000_000_000,
        &|it| it.cells[6] = 1_000_000_000,
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
