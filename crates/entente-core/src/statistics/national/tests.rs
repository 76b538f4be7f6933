use super::*;
use crate::codes::OrgType;
use crate::identity::OrgKey;
use crate::statistics::budget::NanoRho;
use crate::statistics::plan::Roles;
use crate::statistics::release::{DeclineReason, Declined, Receipt, Shown, Symbol};

fn key(seed: u8) -> OrgKey {
    OrgKey::from_seed(&[seed; 32])
}

/// The centre (1) asks; 2, 3 and 4 contribute.
fn plan() -> Plan {
    let contributors = (2..=4).map(|seed| (key(seed).id(), OrgType::Provincial));
    let roles = Roles {
        queriers: [(key(1).id(), OrgType::Federal)].into(),
        contributors: contributors.collect(),
        aggregators: None,
    };
    let draft = crate::statistics::plan::tests::V1;
    Plan::from_toml(draft, Some(roles)).unwrap()
}

/// When 1 February 2026 begins: 31 days after 2025 are over.
const DUE_S: i64 = 1_769_904_000;

/// Any bytes serve: nothing here reads them.
const PLAN_BYTES: &[u8] = b"the plan";

fn sealed(seed: u8, answer: &Answer) -> Heard {
    let payload = format!("{answer:?}").into_bytes();
    let envelope = Envelope::seal(payload_type::RELEASE_ANSWER, payload, &key(seed)).unwrap();
    Heard { envelope, answer: answer.clone() }
}

fn given(plan: &Plan, release: ReleaseId, cell: i64) -> Answer {
    let cube = plan.cube_at(release.cube).unwrap();
    let receipt =
        Receipt { number: u64::from(release.cube) + 1, year_spent: NanoRho(1), spent: NanoRho(1) };
    Answer::Given(Contribution {
        release,
        drawn_at_s: DUE_S,
        sigma: cube.sigma(0).unwrap(),
        cost: cube.cost,
        receipt,
        cells: vec![cell; cube.n_cells()],
    })
}

fn declined(release: ReleaseId) -> Answer {
    let reason = DeclineReason::NotGranted;
    Answer::Declined(Declined { release, at_s: 1, reason, n_charges: 0 })
}

/// A return in which 2 and 3 gave figures and 4 declined one table and was silent for the others.
fn national() -> NationalReturn {
    let plan = plan();
    let mut signatures: Vec<_> = (1..=3)
        .map(|seed| {
            let sealed = Envelope::seal(payload_type::PLAN, PLAN_BYTES.to_vec(), &key(seed));
            sealed.unwrap().signatures[0]
        })
        .collect();
    signatures.sort_by_key(|(org, _)| *org);
    let period = "2025".parse().unwrap();
    let made_on = jiff::civil::date(2026, 11, 28);
    let tables = releases_of(&plan, PlanId::of(PLAN_BYTES), period, made_on).into_iter();
    let tables = tables.map(|release| {
        let mut voices = vec![
            (key(2).id(), Some(sealed(2, &given(&plan, release, 20)))),
            (key(3).id(), Some(sealed(3, &given(&plan, release, -1)))),
            (key(4).id(), (release.cube == 0).then(|| sealed(4, &declined(release)))),
        ];
        voices.sort_by_key(|(org, _)| *org);
        ReturnTable::of(&plan, release, voices, None).unwrap()
    });
    let tables = tables.collect();
    let definitions = definitions(&plan);
    let plan_bytes = PLAN_BYTES.to_vec();
    NationalReturn { plan, plan_bytes, signatures, period, made_on, definitions, tables }
}

#[track_caller]
fn found(change: impl FnOnce(&mut NationalReturn)) -> Vec<ReturnFault> {
    let mut national = national();
    change(&mut national);
    let faults = national.faults(&key(1).id());
    for fault in &faults {
        assert_ne!(fault.text(Lang::En), fault.text(Lang::Fr));
    }
    faults
}

#[test]
fn an_honest_return_has_no_fault_and_says_who_is_in_it() {
    assert_eq!(found(|_| {}), []);
    let national = national();
    assert_eq!(national.tables.len(), 5);
    assert_eq!(national.tables[0].heads(), Heads { answered: 2, declined: 1, silent: 0 });
    assert_eq!(national.tables[1].heads(), Heads { answered: 2, declined: 0, silent: 1 });
}

#[test]
fn only_who_may_ask_and_has_signed_makes_a_return() {
    let national = national();
    let other = key(2).id();
    assert_eq!(national.faults(&other), [ReturnFault::NotTheirs(other)]);
    let centre = key(1).id();
    let unsigned = found(|it| it.signatures.retain(|(org, _)| *org != centre));
    assert_eq!(unsigned, [ReturnFault::NotTheirs(centre)]);
}

#[test]
fn a_changed_plan_has_no_signatures() {
    let faults = found(|it| it.plan_bytes.push(1));
    assert!(faults.contains(&ReturnFault::PlanSignature(key(2).id())), "{faults:?}");
    assert!(faults.contains(&ReturnFault::Tables));
    let twice = found(|it| it.signatures.push(it.signatures[0]));
    assert_eq!(twice, [ReturnFault::Order]);
}

#[test]
fn a_figure_that_does_not_follow_from_the_contributions_is_found() {
    let release = national().tables[1].release;
    let shown = found(|it| it.tables[1].figures[3].shown = Shown::Count(999));
    assert_eq!(shown, [ReturnFault::Figures(release)]);
    let interval = found(|it| it.tables[1].figures[3].interval.1 += 1);
    assert_eq!(interval, [ReturnFault::Figures(release)]);
    let symbol = found(|it| it.tables[1].total.symbol = Some(Symbol::Revised));
    assert_eq!(symbol, [ReturnFault::Figures(release)]);
    let sparse = found(|it| _ = it.tables[1].figures.pop());
    assert_eq!(sparse, [ReturnFault::Figures(release)]);
    let bounds = found(|it| it.tables[1].largest.clear());
    assert_eq!(bounds, [ReturnFault::Figures(release)]);
    let bound = found(|it| it.tables[1].largest_total += 1);
    assert_eq!(bound, [ReturnFault::Figures(release)]);
}

/// Changes the answer of an organization to the first table, keeping the figures honest.
fn with_answer(it: &mut NationalReturn, seed: u8, heard: Option<Heard>) {
    let id = key(seed).id();
    let table = it.tables[0].clone();
    let change = |(org, old): (OrgId, Option<Heard>)| {
        if org == id { (org, heard.clone()) } else { (org, old) }
    };
    let voices = table.voices.into_iter().map(change).collect();
    it.tables[0] = ReturnTable::of(&it.plan, table.release, voices, None).unwrap();
}

#[test]
fn an_answer_that_was_changed_or_moved_is_found() {
    let release = national().tables[0].release;
    let two = key(2).id();
    let forged = found(|it| {
        let mut heard = sealed(2, &given(&it.plan, release, 20));
        heard.envelope.payload.push(1);
        with_answer(it, 2, Some(heard));
    });
    assert_eq!(forged, [ReturnFault::Answer(release, two)]);
    let of_other = found(|it| {
        let heard = sealed(3, &given(&it.plan, release, 20));
        with_answer(it, 2, Some(heard));
    });
    assert_eq!(of_other, [ReturnFault::Answer(release, two)]);
    let cheap = found(|it| {
        let Answer::Given(mut cheap) = given(&it.plan, release, 20) else { panic!() };
        cheap.cost = NanoRho(1);
        with_answer(it, 2, Some(sealed(2, &Answer::Given(cheap))));
    });
    assert_eq!(cheap, [ReturnFault::Answer(release, two)]);
}

#[test]
fn who_has_not_signed_the_plan_contributes_nothing() {
    let release = national().tables[0].release;
    let faults = found(|it| {
        let heard = sealed(4, &given(&it.plan, release, 5));
        with_answer(it, 4, Some(heard));
    });
    assert_eq!(faults, [ReturnFault::Unsigned(release, key(4).id())]);
}

/// Changes what organization 2 gave to the first table.
fn with_given(it: &mut NationalReturn, change: impl FnOnce(&mut Contribution)) {
    let release = it.tables[0].release;
    let Answer::Given(mut given) = given(&it.plan, release, 20) else { panic!() };
    change(&mut given);
    with_answer(it, 2, Some(sealed(2, &Answer::Given(given))));
}

#[test]
fn an_answer_from_before_the_day_on_which_it_is_due_is_found() {
    let (release, two) = (national().tables[0].release, key(2).id());
    let early = found(|it| with_given(it, |given| given.drawn_at_s = DUE_S - 1));
    assert_eq!(early, [ReturnFault::TooEarly(release, two)]);
    assert_eq!(found(|it| with_given(it, |given| given.drawn_at_s = DUE_S)), []);
}

#[test]
fn a_receipt_of_more_than_the_plan_lets_one_organization_spend_is_found() {
    let (release, two) = (national().tables[0].release, key(2).id());
    let cap = plan().budget.node_cap;
    let over = cap.plus(NanoRho(1));
    let faults = found(|it| with_given(it, |given| given.receipt.year_spent = over));
    assert_eq!(faults, [ReturnFault::Overspent(release, two)]);
    assert_eq!(found(|it| with_given(it, |given| given.receipt.year_spent = cap)), []);
}

#[test]
fn a_return_counts_what_its_plan_counts_and_says_so() {
    let faults = found(|it| it.definitions = Text::new("incidents", "incidents, en français"));
    assert_eq!(faults, [ReturnFault::Definitions]);
    let half = found(|it| it.definitions.fr = it.definitions.en.clone());
    assert_eq!(half, [ReturnFault::Definitions]);
}

#[test]
fn two_answers_under_one_charge_are_found() {
    let faults = found(|it| {
        let release = it.tables[0].release;
        let Answer::Given(mut given) = given(&it.plan, release, 20) else { panic!() };
        given.receipt.number = 2;
        with_answer(it, 2, Some(sealed(2, &Answer::Given(given))));
    });
    assert_eq!(faults, [ReturnFault::DrawnTwice(key(2).id())]);
}

#[test]
fn nobody_and_no_table_can_be_left_out() {
    assert_eq!(found(|it| _ = it.tables.pop()), [ReturnFault::Tables]);
    assert!(found(|it| it.tables.swap(0, 1)).contains(&ReturnFault::Tables));
    let release = national().tables[0].release;
    let left_out = found(|it| {
        let silent = it.tables[0].voices.iter().position(|(org, _)| *org == key(4).id());
        it.tables[0].voices.remove(silent.unwrap());
    });
    assert_eq!(left_out, [ReturnFault::Coverage(release)]);
}

#[test]
fn a_revision_that_is_due_belongs_to_the_return() {
    let mut plan = plan();
    plan.schedule.revisions_after_days = vec![365];
    let n = |day| releases_of(&plan, PlanId([0; 32]), "2025".parse().unwrap(), day).len();
    // 2025 ends; 365 days after it are over on the last day of 2026.
    assert_eq!(n(jiff::civil::date(2026, 12, 31)), 5);
    assert_eq!(n(jiff::civil::date(2027, 1, 1)), 10);
}

#[test]
fn the_indicator_is_summed_from_the_cells_that_it_means_and_its_interval_is_wider() {
    let national = national();
    let rows = sdg_rows(&national);
    assert_eq!(rows.len(), 45);
    let row = |series, sex, age| {
        let is_it = |row: &&SdgRow| (row.series, row.sex, row.age) == (series, sex, age);
        *rows.iter().find(is_it).unwrap()
    };
    // Every cell is 19: 14 provinces; 3 ages x 4 genders x 6 forms.
    let total = row("VC_HTF_DETV", "_T", "_T");
    assert_eq!(total.figure.shown, Shown::Count(14 * 19));
    assert_eq!(total.figure, national.tables[0].total);
    assert_eq!(total.largest, national.tables[0].largest_total);
    // Of two, the larger has 14 times 20, less 2.24 standard deviations of its noise.
    assert!((200..280).contains(&total.largest), "{}", total.largest);
    assert_eq!(row("VC_HTF_DETVFL", "_T", "_T").figure.shown, Shown::Count(12 * 19));
    assert_eq!(row("VC_HTF_DETVSX", "F", "Y0T17").figure, national.tables[2].figures[0]);
    let women = row("VC_HTF_DETV", "F", "_T").figure;
    assert_eq!(women.shown, Shown::Count(18 * 19));
    assert!(
        women.interval.1 - women.interval.0 > total.figure.interval.1 - total.figure.interval.0
    );
}
