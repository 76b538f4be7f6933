//! Answers: drafts of release plans, from a template and what somebody changes in it to a proposal.
//!
//! A draft is a [`Plan`] from the beginning: what is wrong with it is what the core finds, and what a
//! form shows of it is what would be signed. Proposing signs nothing: whoever drafts need not be
//! whoever signs.

use std::collections::BTreeMap;

use entente_core::codes::{Code, OrgType};
use entente_core::identity::OrgId;
use entente_core::lang::{Text, sentence};
use entente_core::period::Year;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::{
    Budget, Cube, MAX_CUBES, MAX_YEARS, Plan, PlanProblem, Roles, Safeguards, Schedule,
};
use entente_store::rows::PartnerState as RowState;

use super::partners::told::both;
use super::plans::{member, page, plan_row, price};
use super::records::show::Names;
use super::{Desk, Staff, Steps};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::partners::partner_text;
use crate::node::{Node, Outcome};

/// The plan that drafts start from unless told otherwise. It names nobody.
const TEMPLATE: &str = include_str!("../../../../config/plans/canada-v1.toml");

type Members = BTreeMap<OrgId, OrgType>;

pub(super) fn draft(
    desk: &Desk,
    staff: &Staff,
    ask: PlanDraftAsk,
    _: &Steps,
) -> Outcome<PlanDraftTold> {
    let node = &desk.node;
    let names = Names::of(node)?;
    let start = Start::of(node, ask.template.as_deref())?;
    let roles = start.roles(node, &ask)?;
    let (plan, mut problems) = match &ask.settings {
        None if ask.form => (start.next(node)?, Vec::new()),
        None => (start.plan.clone(), Vec::new()),
        Some(settings) => start.with(settings),
    };
    let plan = Plan { roles, ..plan };
    let is_checked = problems.is_empty() && (ask.settings.is_some() || !ask.form || ask.propose);
    if is_checked {
        problems = plan.problems();
    }
    if is_checked && problems.is_empty() && ask.form {
        problems.extend(node.speaks_against_plan(&plan)?);
    }
    let toml = match (&ask.template, &ask.settings, ask.form) {
        // What people edit as text has the comments of the template.
        (None, None, false) => {
            let mut toml = TEMPLATE.to_owned();
            plan.roles.push_toml(&mut toml, &|org| names.named(org).name.en);
            toml
        }
        _ if problems.is_empty() => plan.draft_toml(&|org| names.named(org).name.en),
        _ => String::new(),
    };
    if !ask.form {
        // What is wrong with it is said now, and not after somebody has edited it.
        if !problems.is_empty() {
            return Err(crate::node::statistics::plans::no_plan(problems));
        }
        node.read_plan(&toml, None)?;
    }
    let is_fine = is_checked && problems.is_empty();
    let kept = match ask.propose && is_fine {
        true => Some(node.propose_plan(staff.actor(), &plan)?),
        false => None,
    };
    let named = |members: &Members| members.keys().map(|id| names.named(id)).collect();
    Ok(PlanDraftTold {
        queriers: named(&plan.roles.queriers),
        contributors: named(&plan.roles.contributors),
        aggregators: plan.roles.aggregators.iter().flatten().map(|id| names.named(id)).collect(),
        settings: settings(&plan),
        members: start.members(node, &names, &plan),
        problems: problems.into_iter().map(problem).collect(),
        differences: if is_fine { start.differences(&names, &plan) } else { Vec::new() },
        page: is_fine.then(|| page(&names, &plan)),
        price: is_fine.then(|| price(&plan)),
        plan: kept.map(|kept| plan_row(node, &names, &kept)),
        toml,
    })
}

/// What a draft starts from.
struct Start {
    plan: Plan,
    /// The plan that comes with the node, which names nobody.
    is_built_in: bool,
    /// Everybody who can have a part.
    members: Members,
}

impl Start {
    fn of(node: &Node, template: Option<&str>) -> Outcome<Self> {
        let rows = node.partner_rows()?.into_iter();
        let active = rows.filter(|(_, row)| row.state == RowState::Active);
        let mut members: Members = active.map(|(id, row)| (id, partner_text(&row).1)).collect();
        members.insert(node.id(), node.profile().kind);
        let Some(template) = template else {
            // With roles, so that nothing is missing yet; those of the draft take their place.
            let us = Members::from([(node.id(), node.profile().kind)]);
            let roles = Roles { queriers: us.clone(), contributors: us, aggregators: None };
            let plan = Plan::from_toml(TEMPLATE, Some(roles)).map_err(|_| super::failed())?;
            return Ok(Self { plan, is_built_in: true, members });
        };
        let plan = node.find_plan(template)?.plan;
        for (org, kind) in plan.roles.queriers.iter().chain(&plan.roles.contributors) {
            members.entry(*org).or_insert(*kind);
        }
        Ok(Self { plan, is_built_in: false, members })
    }

    /// Who asks, contributes and adds up in the draft.
    fn roles(&self, node: &Node, ask: &PlanDraftAsk) -> Outcome<Roles> {
        let us = || (node.id(), node.profile().kind);
        let named = |texts: &[String]| -> Outcome<Members> {
            texts.iter().map(|text| self.member(node, text)).collect()
        };
        let is_said = ask.settings.is_some();
        let queriers = match ask.queriers.as_slice() {
            [] if is_said => Members::new(),
            [] if self.is_built_in => Members::from([us()]),
            [] => self.plan.roles.queriers.clone(),
            texts => named(texts)?,
        };
        let contributors = match ask.contributors.as_slice() {
            [] if is_said => Members::new(),
            [] if self.is_built_in => {
                let others = self.members.iter().filter(|(org, _)| **org != node.id());
                others.map(|(org, kind)| (*org, *kind)).collect()
            }
            [] => self.plan.roles.contributors.clone(),
            texts => named(texts)?,
        };
        let aggregators = match ask.aggregators.as_slice() {
            [] if is_said || self.is_built_in => None,
            [] => self.plan.roles.aggregators,
            [leader, helper] => Some([self.member(node, leader)?.0, self.member(node, helper)?.0]),
            _ => return Err(two_add_up()),
        };
        Ok(Roles { queriers, contributors, aggregators })
    }

    fn member(&self, node: &Node, text: &str) -> Outcome<(OrgId, OrgType)> {
        let id = text.parse::<OrgId>().ok();
        match id.and_then(|id| Some((id, *self.members.get(&id)?))) {
            Some(member) => Ok(member),
            None => member(node, text),
        }
    }

    /// The next version of the template, for years that were not answered for.
    fn next(&self, node: &Node) -> Outcome<Plan> {
        let mut plan = self.plan.clone();
        let Some((newest, released)) = node.newest_version(&plan.name)? else { return Ok(plan) };
        plan.version = newest.saturating_add(1);
        let after = |year: Year| Year::new(year.number().saturating_add(1)).ok();
        if let Some(first) = released.and_then(after) {
            plan.first_year = plan.first_year.max(first);
        }
        let far = i16::try_from(MAX_YEARS).unwrap_or(1) - 1;
        let last = Year::new(plan.first_year.number().saturating_add(far)).ok();
        plan.last_year = plan.last_year.max(plan.first_year).min(last.unwrap_or(plan.first_year));
        Ok(plan)
    }

    /// The template with what somebody said in its place; what says nothing is a problem, and stays as
    /// it was.
    fn with(&self, settings: &PlanSettings) -> (Plan, Vec<PlanProblem>) {
        let mut wrong = Wrong(Vec::new());
        let before = &self.plan;
        let PlanSettings {
            name,
            version,
            title,
            first_year,
            last_year,
            counting_rule,
            definition,
            nano_rho_per_year,
            node_cap_nano_rho_per_year,
            partner_cap_nano_rho_per_year,
            first_after_days,
            revisions_after_days,
            min_contributors,
            min_outside,
            organizations_per_person,
            floor,
            round_to_5,
            cubes,
        } = settings;
        let year = |wrong: &mut Wrong, place, number: i16, before| {
            Year::new(number).unwrap_or_else(|_| {
                wrong.say(
                    place,
                    "must be a year, from 1900 to 2199",
                    "doit être une année, de 1900 à 2199",
                );
                before
            })
        };
        let first_year = year(&mut wrong, "first_year", *first_year, before.first_year);
        let last_year = year(&mut wrong, "last_year", *last_year, before.last_year);
        // One more than may be is enough to be told of it.
        let cubes = cubes.iter().take(MAX_CUBES + 1);
        let plan = Plan {
            name: name.clone(),
            version: *version,
            title: Text::new(title.en.clone(), title.fr.clone()),
            first_year,
            last_year,
            rule: wrong.word("counting_rule", counting_rule).unwrap_or(before.rule),
            definition: wrong.word("definition", definition).unwrap_or(before.definition),
            cubes: cubes.filter_map(|it| cube(&mut wrong, it)).collect(),
            budget: Budget {
                year: NanoRho(*nano_rho_per_year),
                node_cap: NanoRho(*node_cap_nano_rho_per_year),
                partner_cap: NanoRho(*partner_cap_nano_rho_per_year),
            },
            schedule: Schedule {
                first_after_days: *first_after_days,
                revisions_after_days: revisions_after_days.clone(),
            },
            safeguards: Safeguards {
                min_contributors: *min_contributors,
                min_outside: *min_outside,
                organizations_per_person: *organizations_per_person,
                floor: *floor,
                round_to_5: *round_to_5,
            },
            roles: before.roles.clone(),
        };
        (plan, wrong.0)
    }

    /// Everybody who can have a part, we first and then by name.
    fn members(&self, node: &Node, names: &Names, plan: &Plan) -> Vec<PlanMember> {
        let row = |(org, kind): (&OrgId, &OrgType)| PlanMember {
            organization: names.named(org),
            kind: kind.code().to_owned(),
            asks: plan.roles.queriers.contains_key(org),
            contributes: plan.roles.contributors.contains_key(org),
        };
        let ours = node.id().to_string();
        let mut all: Vec<_> = self.members.iter().map(row).collect();
        all.sort_by_cached_key(|it| {
            (it.organization.id != ours, it.organization.name.en.to_lowercase())
        });
        all
    }

    /// The lines of the readable page that differ. The template that comes with the node names nobody,
    /// so whoever takes part is no difference from it.
    fn differences(&self, names: &Names, plan: &Plan) -> Vec<PlanDifference> {
        let mut template = self.plan.clone();
        if self.is_built_in {
            template.roles = plan.roles.clone();
        }
        differences(&lines(&page(names, &template)), &lines(&page(names, plan)))
    }
}

/// The lines of a readable page, in both languages: they are made line by line.
fn lines(page: &Both) -> Vec<Both> {
    // The cells of a table one behind the other.
    let plain = |line: &str| {
        let line = line.trim_start_matches(['#', '-', '|', ' ']).trim_end_matches([' ', '|']);
        line.replace(" | ", "; ").replace('`', "")
    };
    let both = page.en.lines().zip(page.fr.lines());
    both.filter(|(en, _)| !en.is_empty()).map(|(en, fr)| Both::new(plain(en), plain(fr))).collect()
}

/// What was taken out and put in, in the order of the page: a longest common subsequence, of some
/// dozens of lines.
fn differences(before: &[Both], after: &[Both]) -> Vec<PlanDifference> {
    let (n, m) = (before.len(), after.len());
    let mut common = vec![vec![0_usize; m + 1]; n + 1];
    let at = |common: &[Vec<usize>], i: usize, j: usize| {
        common.get(i).and_then(|row| row.get(j)).copied().unwrap_or_default()
    };
    for (i, old) in before.iter().enumerate().rev() {
        for (j, new) in after.iter().enumerate().rev() {
            let longest = match old == new {
                true => at(&common, i + 1, j + 1) + 1,
                false => at(&common, i + 1, j).max(at(&common, i, j + 1)),
            };
            if let Some(cell) = common.get_mut(i).and_then(|row| row.get_mut(j)) {
                *cell = longest;
            }
        }
    }
    let (mut i, mut j, mut told) = (0, 0, Vec::new());
    loop {
        match (before.get(i), after.get(j)) {
            (Some(old), Some(new)) if old == new => (i, j) = (i + 1, j + 1),
            (Some(old), new) if new.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) => {
                told.push(PlanDifference { added: false, text: old.clone() });
                i += 1;
            }
            (_, Some(new)) => {
                told.push(PlanDifference { added: true, text: new.clone() });
                j += 1;
            }
            (_, None) => return told,
        }
    }
}

fn cube(wrong: &mut Wrong, cube: &PlanCube) -> Option<Cube> {
    let dimensions: Option<Vec<_>> =
        cube.dimensions.iter().map(|it| wrong.word("cube.dimensions", it)).collect();
    Some(Cube {
        name: cube.name.clone(),
        dimensions: dimensions?,
        period: wrong.word("cube.period", &cube.period)?,
        cost: NanoRho(cube.nano_rho),
        revision_cost: NanoRho(cube.revision_nano_rho),
    })
}

/// Collects what cannot be read.
struct Wrong(Vec<PlanProblem>);

impl Wrong {
    fn say(&mut self, place: &'static str, en: &str, fr: &str) {
        self.0.push(PlanProblem { place, what: Text::new(sentence(en), sentence(fr)) });
    }

    fn word<C: Code>(&mut self, place: &'static str, text: &str) -> Option<C> {
        let word = C::parse(text).ok();
        if word.is_none() {
            let allowed = C::ALL.iter().map(|it| it.code()).collect::<Vec<_>>().join(", ");
            let en = format!("must be one of: {allowed}");
            let fr = format!("doit être l’un des mots suivants\u{a0}: {allowed}");
            self.say(place, &en, &fr);
        }
        word
    }
}

fn problem(problem: PlanProblem) -> PlanProblemRow {
    PlanProblemRow { place: problem.place.to_owned(), text: both(&problem.what) }
}

/// What a plan says, as a document.
fn settings(plan: &Plan) -> PlanSettings {
    let cube = |it: &Cube| PlanCube {
        name: it.name.clone(),
        dimensions: it.dimensions.iter().map(|it| it.code().to_owned()).collect(),
        period: it.period.code().to_owned(),
        nano_rho: it.cost.0,
        revision_nano_rho: it.revision_cost.0,
    };
    PlanSettings {
        name: plan.name.clone(),
        version: plan.version,
        title: both(&plan.title),
        first_year: plan.first_year.number(),
        last_year: plan.last_year.number(),
        counting_rule: plan.rule.code().to_owned(),
        definition: plan.definition.code().to_owned(),
        nano_rho_per_year: plan.budget.year.0,
        node_cap_nano_rho_per_year: plan.budget.node_cap.0,
        partner_cap_nano_rho_per_year: plan.budget.partner_cap.0,
        first_after_days: plan.schedule.first_after_days,
        revisions_after_days: plan.schedule.revisions_after_days.clone(),
        min_contributors: plan.safeguards.min_contributors,
        min_outside: plan.safeguards.min_outside,
        organizations_per_person: plan.safeguards.organizations_per_person,
        floor: plan.safeguards.floor,
        round_to_5: plan.safeguards.round_to_5,
        cubes: plan.cubes.iter().map(cube).collect(),
    }
}

fn two_add_up() -> Box<Fault> {
    Fault::new(
        2112,
        (
            "Two organizations add up: a leader and a helper.",
            "Deux organismes additionnent\u{a0}: un calculateur principal et un calculateur adjoint.",
        ),
        (
            "Name both: `entente plan draft --adds-up LEADER,HELPER`.",
            "Nommez les deux\u{a0}: `entente plan draft --adds-up PRINCIPAL,ADJOINT`.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use entente_core::audit::Action;

    use super::*;
    use crate::answer::records::fixture::{audited, desk, staff, steps};

    fn drafted(desk: &Arc<Desk>, ask: PlanDraftAsk) -> PlanDraftTold {
        draft(desk, &staff(), ask, &steps()).unwrap()
    }

    /// What a form asks that says the same as the one before it.
    fn said(told: &PlanDraftTold) -> PlanDraftAsk {
        PlanDraftAsk {
            queriers: vec!["us".to_owned()],
            contributors: vec!["us".to_owned()],
            settings: Some(told.settings.clone()),
            form: true,
            ..PlanDraftAsk::default()
        }
    }

    fn blank(desk: &Arc<Desk>) -> PlanDraftTold {
        drafted(desk, PlanDraftAsk { form: true, ..PlanDraftAsk::default() })
    }

    #[test]
    fn a_form_that_changes_nothing_is_the_template_and_a_change_is_said_in_plain_words() {
        let desk = desk(1);
        let told = blank(&desk);
        assert_eq!((told.members.len(), told.members[0].asks), (1, true));
        assert!(told.page.is_none() && told.problems.is_empty(), "a form is not checked before");

        let same = drafted(&desk, said(&told));
        assert_eq!(same.settings, told.settings);
        assert!(same.problems.is_empty(), "{:?}", same.problems);
        assert!(same.differences.is_empty(), "{:?}", same.differences);
        assert_eq!(Plan::from_toml(&same.toml, None).unwrap().budget.year, NanoRho(88_150_000));

        let mut ask = said(&told);
        let settings = ask.settings.as_mut().unwrap();
        settings.cubes.pop();
        settings.round_to_5 = true;
        let changed = drafted(&desk, ask).differences;
        let says =
            |added, fr: &str| changed.iter().any(|it| it.added == added && it.text.fr.contains(fr));
        assert!(says(false, "referral-outcomes") && says(true, "cinq unités près"), "{changed:?}");
        assert!(!says(true, "Peut demander"), "{changed:?}");
    }

    #[test]
    fn what_cannot_be_is_told_at_its_place_and_is_not_proposed() {
        let desk = desk(1);
        let mut ask = said(&blank(&desk));
        let settings = ask.settings.as_mut().unwrap();
        settings.nano_rho_per_year = 80_000_000;
        settings.name = "Canada".to_owned();
        settings.cubes[0].dimensions = vec!["province".to_owned(), "region".to_owned()];
        ask.contributors.clear();
        ask.propose = true;
        let told = drafted(&desk, ask.clone());
        let places: Vec<_> = told.problems.iter().map(|it| it.place.as_str()).collect();
        assert_eq!(
            places,
            ["name", "cube.dimensions", "budget.nano_rho_per_year", "roles.contributors"]
        );
        assert!(told.problems.iter().all(|it| it.text.en != it.text.fr));
        assert!(told.page.is_none() && told.price.is_none() && told.plan.is_none());
        assert!(desk.node.plans().unwrap().is_empty());

        ask.settings.as_mut().unwrap().definition = "whatever".to_owned();
        assert_eq!(drafted(&desk, ask.clone()).problems[0].place, "definition");
        // Without a form it is refused, as a file is.
        let refused = draft(&desk, &staff(), PlanDraftAsk { form: false, ..ask }, &steps());
        assert_eq!(refused.unwrap_err().code, "ENT-2101");
    }

    #[test]
    fn a_plan_that_would_spend_more_than_the_cap_with_the_others_is_told_at_the_budget() {
        let desk = desk(1);
        let first = drafted(&desk, PlanDraftAsk { propose: true, ..said(&blank(&desk)) });
        let id = desk.node.find_plan(&first.plan.unwrap().id).unwrap().id;
        desk.node.sign_plan(staff().actor(), &id).unwrap();

        let mut other = said(&blank(&desk));
        other.settings.as_mut().unwrap().name = "other".to_owned();
        let told = drafted(&desk, other);
        assert_eq!(told.problems.len(), 1, "{:?}", told.problems);
        assert_eq!(told.problems[0].place, "budget.nano_rho_per_year");
        assert!(told.problems[0].text.fr.contains("plafond"));

        let mut older = said(&first_again(&desk));
        older.settings.as_mut().unwrap().version = 1;
        assert_eq!(drafted(&desk, older).problems[0].place, "version");
    }

    fn first_again(desk: &Arc<Desk>) -> PlanDraftTold {
        let template = Some("canada".to_owned());
        drafted(desk, PlanDraftAsk { form: true, template, ..PlanDraftAsk::default() })
    }

    #[test]
    fn a_plan_that_we_have_is_a_template_for_its_next_version() {
        let desk = desk(1);
        let ask = PlanDraftAsk { propose: true, ..said(&blank(&desk)) };
        let told = drafted(&desk, ask);
        let row = told.plan.unwrap();
        assert!(row.signed_at.is_none());
        assert_eq!(audited(&desk, Action::PlanProposed).len(), 1);
        assert!(audited(&desk, Action::PlanSigned).is_empty());

        let next = first_again(&desk);
        assert_eq!((next.settings.version, next.settings.first_year), (2, 2025));
        let mut ask = said(&next);
        ask.template = Some(row.id);
        let told = drafted(&desk, ask);
        let lines: Vec<_> =
            told.differences.iter().map(|it| (it.added, it.text.en.as_str())).collect();
        assert_eq!(lines, [(false, "canada, version 1"), (true, "canada, version 2")]);
    }

    fn page(lines: &[&str]) -> Vec<Both> {
        lines.iter().map(|line| Both::new(*line, format!("fr {line}"))).collect()
    }

    #[test]
    fn a_difference_is_what_stands_on_one_page_alone_in_the_order_of_the_page() {
        let (before, after) = (page(&["a", "b", "c", "d"]), page(&["a", "x", "c", "d", "e"]));
        let told: Vec<_> =
            differences(&before, &after).into_iter().map(|it| (it.added, it.text.en)).collect();
        let expected = [(false, "b"), (true, "x"), (true, "e")];
        assert_eq!(told, expected.map(|(added, text)| (added, text.to_owned())));
        assert!(differences(&after, &after).is_empty());
        assert_eq!(differences(&[], &after).len(), 5);
    }

    #[test]
    fn a_page_is_read_in_its_lines_in_both_languages() {
        let both = Both::new("# A\n\n- `b`: c\n", "# D\n\n- `e` : f\n");
        assert_eq!(lines(&both), [Both::new("A", "D"), Both::new("b: c", "e : f")]);
    }
}
