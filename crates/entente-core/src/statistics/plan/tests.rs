use super::*;
use crate::codes::Code;
use crate::codes::{Exploitation, Set};
use crate::lang::Lang;
use crate::statistics::release::{Contribution, Receipt};

pub(crate) const V1: &str = include_str!("../../../../../config/plans/canada-v1.toml");

fn org(seed: u8) -> OrgId {
    crate::identity::OrgKey::from_seed(&[seed; 32]).id()
}

/// A federal centre that asks, six contributors, and the centre and an NGO as aggregators.
pub(crate) fn roles() -> Roles {
    let kinds = [
        OrgType::Provincial,
        OrgType::Police,
        OrgType::Ngo,
        OrgType::Ngo,
        OrgType::Health,
        OrgType::Provincial,
    ];
    Roles {
        queriers: BTreeMap::from([(org(1), OrgType::Federal)]),
        contributors: (2_u8..).map(org).zip(kinds).collect(),
        aggregators: Some([org(1), org(4)]),
    }
}

/// The shipped plan with these roles.
pub(crate) fn plan() -> Plan {
    Plan::from_toml(V1, Some(roles())).unwrap()
}

#[track_caller]
fn refused(place: &str, change: impl FnOnce(&mut Plan)) {
    let mut plan = plan();
    change(&mut plan);
    let problems = plan.problems();
    assert!(!problems.is_empty(), "nothing is wrong with it");
    assert_eq!(problems[0].place, place, "{problems:?}");
    assert!(problems.iter().all(|it| !it.what.en.is_empty() && !it.what.fr.is_empty()));
}

#[test]
fn the_shipped_plan_keeps_the_promise_that_was_computed_for_it() {
    let plan = plan();
    assert_eq!(plan.cubes.iter().map(Cube::n_cells).collect::<Vec<_>>(), [14, 35, 72, 161, 154]);
    assert_eq!(plan.cost_per_year(), plan.budget.year);
    assert_eq!(plan.budget.year, NanoRho(88_150_000));
    for cube in &plan.cubes {
        let (sigma, floor) = match cube.counts() {
            Counts::Cases => ("4.61", 15),
            Counts::Referrals => ("7.56", 25),
        };
        assert_eq!(cube.sigma(0).unwrap().to_string(), sigma, "{}", cube.name);
        assert_eq!(default_floor(&plan, cube), floor, "{}", cube.name);
    }
}

fn default_floor(plan: &Plan, cube: &Cube) -> u32 {
    let sigma = cube.sigma(0).unwrap();
    super::super::release::default_floor(plan.accuracy(sigma, 6).sd)
}

#[test]
fn a_draft_without_roles_is_no_plan_yet() {
    let Err(PlanDraftError::Problems(problems)) = Plan::from_toml(V1, None) else { panic!() };
    let places: Vec<_> = problems.iter().map(|it| it.place).collect();
    assert_eq!(places, ["roles.queriers", "roles.contributors"]);
}

#[test]
fn roles_can_stand_in_the_file() {
    let (a, b) = (org(1), org(2));
    let roles = format!(
        "[roles]\nqueriers = {{ {a} = \"federal\" }}\ncontributors = {{ {b} = \"ngo\" }}\n"
    );
    let plan = Plan::from_toml(&format!("{V1}\n{roles}"), None).unwrap();
    assert_eq!(plan.roles.members(), {
        let mut both = [a, b];
        both.sort();
        both
    });
    assert!(!plan.is_secure_sum());
}

#[test]
fn a_plan_as_a_draft_is_read_as_the_same_plan() {
    let mut unusual = plan();
    unusual.title = Text::new("A \"quoted\" title", "Un titre « cité » \\ à l’essai");
    unusual.schedule.revisions_after_days = vec![365, 730];
    unusual.safeguards.floor = Some(20);
    unusual.safeguards.round_to_5 = true;
    unusual.roles.aggregators = None;
    unusual.cubes.truncate(1);
    unusual.cubes[0].period = PeriodLevel::Quarter;
    unusual.cubes[0].cost = NanoRho(5_000_000);
    unusual.cubes[0].revision_cost = NanoRho(1_000_000);
    for plan in [plan(), unusual] {
        let toml = plan.draft_toml(&|_| "Bureau\nname = \"other\"".to_owned());
        assert_eq!(Plan::from_toml(&toml, None), Ok(plan), "{toml}");
    }
}

#[test]
fn the_page_says_that_figures_are_rounded_and_says_nothing_if_they_are_not() {
    let page = |plan: &Plan, lang| plan.render(lang, &|_| "A".to_owned());
    let mut rounded = plan();
    rounded.safeguards.round_to_5 = true;
    for (lang, words) in [(Lang::En, "nearest five"), (Lang::Fr, "cinq unités près")] {
        assert!(page(&rounded, lang).contains(words));
        assert!(!page(&plan(), lang).contains(words));
    }
}

#[test]
fn an_unknown_key_or_word_is_an_error_that_says_where() {
    let unknown = Plan::from_toml(&V1.replace("[schedule]", "[schedule]\nfirst = 1"), None);
    assert!(matches!(unknown, Err(PlanDraftError::Toml(text)) if text.contains("first")));
    let word = Plan::from_toml(&V1.replace("\"province\"]", "\"city\"]"), None);
    assert!(matches!(word, Err(PlanDraftError::Word { place: "cube.dimensions", .. })));
    let year = Plan::from_toml(&V1.replace("first_year = 2025", "first_year = 25"), None);
    assert!(matches!(year, Err(PlanDraftError::Value { place: "first_year", .. })));
    for error in [word.unwrap_err(), year.unwrap_err()] {
        assert_ne!(error.text(Lang::En), error.text(Lang::Fr));
    }
}

#[test]
fn a_plan_that_spends_more_than_its_cap_is_none() {
    refused("budget.nano_rho_per_year", |it| it.budget.year = NanoRho(88_149_999));
    refused("budget.nano_rho_per_year", |it| it.cubes[1].cost = NanoRho(23_550_001));
    refused("budget.nano_rho_per_year", |it| it.cubes[0].period = PeriodLevel::Quarter);
    refused("budget.nano_rho_per_year", |it| {
        it.schedule.revisions_after_days = vec![365];
        it.cubes.iter_mut().for_each(|cube| cube.revision_cost = NanoRho(10_000_000));
    });
    refused("budget.node_cap_nano_rho_per_year", |it| it.budget.node_cap = NanoRho(88_149_999));
    refused("budget.node_cap_nano_rho_per_year", |it| it.budget.node_cap = NanoRho(311_000_001));
    refused("budget.partner_cap_nano_rho_per_year", |it| it.budget.partner_cap = NanoRho(0));
    refused("budget.partner_cap_nano_rho_per_year", |it| {
        it.budget.partner_cap = NanoRho(88_150_001)
    });
    refused("cube.nano_rho", |it| it.cubes[0].cost = NanoRho(0));
    refused("cube.nano_rho", |it| it.cubes[0].cost = NanoRho(u64::MAX / 2));
    refused("cube.revision_nano_rho", |it| it.cubes[0].revision_cost = NanoRho(1));
    refused("cube.revision_nano_rho", |it| it.schedule.revisions_after_days = vec![365]);
}

#[test]
fn the_same_question_twice_is_an_overlap_however_it_is_put() {
    refused("cube.period", |it| it.cubes[1].dimensions = vec![CubeDimension::Province]);
    refused("cube.period", |it| {
        it.cubes[1].dimensions = vec![CubeDimension::Province, CubeDimension::Quarter];
    });
    refused("cube.period", |it| it.cubes[1].period = PeriodLevel::Quarter);
}

#[test]
fn a_cube_has_few_dimensions_and_cells() {
    use CubeDimension::{AgeGroup, Form, Gender, Majority, Province, Quarter, Region};
    refused("cube.dimensions", |it| it.cubes[0].dimensions = vec![Province, AgeGroup, Form]);
    refused("cube.dimensions", |it| it.cubes[0].dimensions = vec![]);
    refused("cube.dimensions", |it| it.cubes[0].dimensions = vec![Gender, Gender]);
    refused("cube.dimensions", |it| it.cubes[0].dimensions = vec![Province, Region]);
    refused("cube.dimensions", |it| it.cubes[0].dimensions = vec![AgeGroup, Majority]);
    refused("cube.dimensions", |it| {
        it.cubes[0].dimensions = vec![Gender, Form, Majority, Quarter];
    });
    refused("cube", |it| it.cubes.clear());
    refused("cube.name", |it| it.cubes[1].name = "province".into());
    refused("cube.name", |it| it.cubes[1].name = "Région".into());
}

#[test]
fn every_other_bound_is_kept() {
    refused("name", |it| it.name.clear());
    refused("version", |it| it.version = 0);
    refused("title", |it| it.title.fr = "\n".into());
    refused("last_year", |it| it.last_year = Year::new(2030).unwrap());
    refused("last_year", |it| it.last_year = Year::new(2024).unwrap());
    refused("schedule", |it| it.schedule.first_after_days = 3_661);
    refused("safeguards.min_contributors", |it| it.safeguards.min_contributors = 4);
    refused("safeguards.min_outside", |it| it.safeguards.min_outside = 2);
    refused("safeguards.organizations_per_person", |it| it.safeguards.organizations_per_person = 0);
    refused("roles.queriers", |it| it.roles.queriers.clear());
    refused("roles.aggregators", |it| it.roles.aggregators = Some([org(1), org(1)]));
    refused("roles.contributors", |it| it.safeguards.min_contributors = 7);
    refused("roles.contributors", |it| {
        it.roles.contributors.values_mut().for_each(|kind| *kind = OrgType::Federal);
    });
}

#[test]
fn only_a_newer_version_for_years_that_were_not_answered_may_follow() {
    let signed = plan();
    let year = |number| Year::new(number).ok();
    let next = Plan { version: 2, first_year: Year::new(2027).unwrap(), ..plan() };
    assert_eq!(next.follows(&signed, None), Ok(()));
    assert_eq!(next.follows(&signed, year(2026)), Ok(()));
    let overlap = Downgrade::Overlaps { year: Year::new(2027).unwrap(), signed: 1 };
    assert_eq!(next.follows(&signed, year(2027)), Err(overlap));
    let older = Downgrade::NotNewer { signed: 2, offered: 1 };
    assert_eq!(signed.follows(&next, None), Err(older));
    assert_eq!(signed.follows(&signed, None), Err(Downgrade::NotNewer { signed: 1, offered: 1 }));
}

#[test]
fn a_release_is_due_the_day_after_its_delay() {
    let mut plan = plan();
    plan.schedule.revisions_after_days = vec![365];
    let period = "2025".parse().unwrap();
    assert_eq!(plan.due_on(period, 0), Some(jiff::civil::date(2026, 2, 1)));
    assert_eq!(plan.due_on(period, 1), Some(jiff::civil::date(2027, 1, 1)));
    assert_eq!(plan.due_on(period, 2), None);
}

#[test]
fn a_cube_answers_for_the_periods_of_its_plan_and_no_others() {
    let plan = plan();
    let covers = |text: &str| plan.covers(&plan.cubes[0], text.parse().unwrap());
    assert!(covers("2025") && covers("2029"));
    assert!(!covers("2024") && !covers("2030") && !covers("2025-Q1"));
    assert_eq!(plan.periods(&plan.cubes[0]).len(), 5);
    let quarterly = Cube { period: PeriodLevel::Quarter, ..plan.cubes[0].clone() };
    assert_eq!(plan.periods(&quarterly).len(), 20);
    assert!(plan.periods(&quarterly).iter().all(|it| plan.covers(&quarterly, *it)));
}

#[test]
fn a_place_is_the_labels_of_its_cell_and_the_reverse() {
    let plan = plan();
    let cube = &plan.cubes[2];
    for place in 0..cube.n_cells() {
        let labels = cube.labels_at(place);
        let number = |(dimension, label): (&CubeDimension, &&str)| {
            let at = dimension.labels().iter().position(|it| it == label).unwrap();
            u8::try_from(at).unwrap()
        };
        let numbers: Vec<_> = cube.dimensions.iter().zip(&labels).map(number).collect();
        assert_eq!(cube.place(&numbers), Some(place));
    }
    assert_eq!(cube.place(&[0, 0]), None);
    assert_eq!(cube.place(&[0, 0, 6]), None);
}

#[test]
fn a_person_with_forms_of_one_kind_is_counted_under_it_and_else_under_several() {
    let of = |text: &str| Form::of(Set::<Exploitation>::parse(text).unwrap());
    assert_eq!(of(""), Form::Unknown);
    assert_eq!(of("unknown"), Form::Unknown);
    assert_eq!(of("sexual;unknown"), Form::Sexual);
    assert_eq!(of("forced_labour;servitude"), Form::Labour);
    assert_eq!(of("begging;other"), Form::Other);
    assert_eq!(of("sexual;forced_labour"), Form::Several);
    assert_eq!(of("sexual_and_labour"), Form::Several);
}

#[test]
fn every_label_has_both_languages() {
    for dimension in CubeDimension::ALL {
        for label in dimension.labels() {
            let [en, fr] = [Lang::En, Lang::Fr].map(|lang| dimension.label_text(label, lang));
            assert!(!en.is_empty() && !fr.is_empty(), "{dimension:?} {label}");
        }
    }
    assert_eq!(CubeDimension::Quarter.label_text("Q3", Lang::Fr), "T3");
}

#[test]
fn the_page_says_the_promise_the_price_and_the_error_in_both_languages() {
    let plan = plan();
    let name = |org: &OrgId| format!("{}", org.short());
    let page = plan.render(Lang::En, &name);
    for needle in ["16.7%", "47.2%", "rho 0.08815", "noise 4.61", "±6.5", " | 15 |", "then region"]
    {
        assert!(page.contains(needle), "{needle}: {page}");
    }
    assert!(
        page.contains("`referral-needs`, referrals, per year: first need × time until"),
        "{page}"
    );
    let page = plan.render(Lang::Fr, &name);
    for needle in
        ["16,7\u{a0}%", "rho 0,08815 par", "bruit 4,6", "±6,5", "Additionnent de façon chiffrée"]
    {
        assert!(page.contains(needle), "{needle}: {page}");
    }
    let bilateral = Plan { roles: Roles { aggregators: None, ..roles() }, ..plan };
    assert!(bilateral.render(Lang::En, &name).contains("±11.3"));
}

#[test]
fn a_cell_holds_what_an_organization_can_have_and_twenty_standard_deviations_of_noise() {
    let plan = Plan { roles: Roles { aggregators: None, ..roles() }, ..plan() };
    let (org, sigma) = (*plan.roles.contributors.keys().next().unwrap(), plan.cubes[0].sigma(0));
    let period = "2025".parse().unwrap();
    let release = ReleaseId { plan: PlanId([1; 32]), cube: 0, period, revision: 0 };
    let fits = |cell: i64| {
        let mut cells = vec![0; plan.cubes[0].n_cells()];
        cells[3] = cell;
        let answer = Answer::Given(Contribution {
            release,
            drawn_at_s: 0,
            sigma: sigma.unwrap(),
            cost: plan.cubes[0].cost,
            receipt: Receipt { number: 1, year_spent: NanoRho(1), spent: NanoRho(1) },
            cells,
        });
        plan.fits(&org, &release, &answer)
    };
    assert_eq!(sigma.map(Sigma::hundredths), Some(461));
    // 92.2, and one for what is cut off.
    for (cell, expected) in [
        (-1_000_000_000, false),
        (-94, false),
        (-93, true),
        (4_095 + 93, true),
        (4_095 + 94, false),
        (1_000_000_000, false),
        (i64::MIN, false),
        (i64::MAX, false),
    ] {
        assert_eq!(fits(cell), expected, "{cell}");
    }
}
