//! Drafting a release plan: choosing a template, filling in the form, reading what it would say, sending it.
//!
//! Nothing is kept between the pages but what stands in the form. Sending signs nothing: then the plan has a
//! page of its own, on which our officer reads and signs it.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect};
use entente_core::agreement::terms::PeriodLevel;
use entente_core::codes::{Code, DefinitionProfile};
use entente_core::statistics::plan::{CubeDimension, MAX_DIMENSIONS};
use entente_node::local::Op;
use entente_node::local::doc::{
    PlanDraftAsk, PlanDraftTold, PlanListAsk, PlanMember, PlanProblemRow, PlanRow,
};
use serde::Deserialize;

use super::plan_form::{BUILT_IN, Typed, ask, has, n_cubes, template, typed, value};
use super::rho;
use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::prose::{Block, blocks};
use crate::route::area;

area! {
    GET "/statistics/plans/draft", Need::May(Op::PlanDraft) => choose;
    POST "/statistics/plans/draft", Need::May(Op::PlanDraft) => check;
    POST "/statistics/plans/propose", Need::May(Op::PlanDraft) => propose;
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Source {
    #[serde(default)]
    from: String,
}

#[derive(Template)]
#[template(path = "statistics/draft_choose.html")]
struct ChoosePage<'a> {
    p: &'a Page,
    plans: &'a [PlanRow],
    built_in: &'static str,
}

/// A code, its words, and whether it is chosen.
type Choice = (&'static str, &'static str, bool);

#[derive(Template)]
#[template(path = "statistics/draft.html")]
struct FormPage<'a> {
    p: &'a Page,
    typed: &'a Typed,
    members: &'a [PlanMember],
    problems: &'a [PlanProblemRow],
}

impl FormPage<'_> {
    fn v(&self, name: &str) -> &str {
        value(self.typed, name)
    }

    fn has(&self, name: &str, value: &str) -> bool {
        has(self.typed, name, value)
    }

    fn definitions(&self) -> Vec<Choice> {
        choices::<DefinitionProfile>(self.p, self.v("definition"))
    }

    fn cubes(&self) -> Vec<Cube> {
        let cube = |at: usize| {
            let v = |key: &str| self.v(&format!("cube.{at}.{key}")).to_owned();
            let by = |by: usize| {
                let key = format!("by.{by}");
                (by + 1, key.clone(), choices::<CubeDimension>(self.p, &v(&key)))
            };
            Cube {
                key: format!("cube.{at}"),
                number: at + 1,
                is_on: self.has(&format!("cube.{at}.on"), "true"),
                name: v("name"),
                by: (0..MAX_DIMENSIONS).map(by).collect(),
                periods: choices::<PeriodLevel>(self.p, &v("period")),
                price: v("price"),
                revision: v("revision"),
            }
        };
        (0..n_cubes(self.typed)).map(cube).collect()
    }

    /// The id of the field that a problem is about.
    fn at<'f>(&self, problem: &'f PlanProblemRow) -> &'f str {
        match problem.place.as_str() {
            place if place.starts_with("cube") => "cube",
            "schedule.revisions_after_days" => "schedule",
            "counting_rule" => "definition",
            place => place,
        }
    }

    /// What is wrong at a field.
    fn wrong(&self, id: &str) -> Vec<&str> {
        let here = self.problems.iter().filter(|it| self.at(it) == id);
        here.map(|it| self.p.both(&it.text)).collect()
    }

    fn is_wrong(&self, id: &str) -> bool {
        !self.wrong(id).is_empty()
    }

    fn label(&self, problem: &PlanProblemRow) -> &'static str {
        let (en, fr) = label(&problem.place);
        self.p.lang.pick(en, fr)
    }
}

/// A question of the form.
struct Cube {
    key: String,
    number: usize,
    is_on: bool,
    name: String,
    /// Which one, its key, and what can be chosen.
    by: Vec<(usize, String, Vec<Choice>)>,
    periods: Vec<Choice>,
    price: String,
    revision: String,
}

fn choices<C: Code>(p: &Page, chosen: &str) -> Vec<Choice> {
    C::ALL.iter().map(|it| (it.code(), it.label(p.lang), it.code() == chosen)).collect()
}

/// What the fields of the form are called, by the keys of a draft.
fn label(place: &str) -> (&'static str, &'static str) {
    match place {
        "name" => ("Short name", "Nom court"),
        "version" => ("Version", "Version"),
        "title" => ("Title", "Titre"),
        "first_year" => ("First year", "Première année"),
        "last_year" => ("Last year", "Dernière année"),
        "definition" | "counting_rule" => ("Who is counted", "Qui est compté"),
        "budget.nano_rho_per_year" => ("Budget of a year", "Budget d’une année"),
        "budget.node_cap_nano_rho_per_year" => ("Cap of an organization", "Plafond d’un organisme"),
        "budget.partner_cap_nano_rho_per_year" => ("Cap of a partner", "Plafond d’un partenaire"),
        "schedule" | "schedule.revisions_after_days" => ("Days", "Jours"),
        "safeguards.min_contributors" => ("Fewest contributors", "Nombre minimal de contributeurs"),
        "safeguards.min_outside" => ("Fewest of another kind", "Minimum d’une autre catégorie"),
        "safeguards.organizations_per_person" => {
            ("Organizations that know a person", "Organismes qui connaissent une personne")
        }
        "safeguards.floor" => ("Floor", "Plancher"),
        "roles.queriers" => ("Who may ask", "Qui peut demander"),
        "roles.contributors" => {
            ("Whose cases are counted", "Organismes dont les dossiers sont comptés")
        }
        "roles.aggregators" => ("Who adds up in secret", "Qui additionne de façon chiffrée"),
        _ => ("Tables", "Tableaux"),
    }
}

/// `GET /statistics/plans/draft`: the choice of a template, then the form.
async fn choose(visit: Visit, Query(source): Query<Source>) -> Answer {
    let p = &visit.page;
    if source.from.is_empty() {
        let plans = visit.ask(&PlanListAsk {}).await?.plans;
        return show(&ChoosePage { p, plans: &plans, built_in: BUILT_IN });
    }
    let told = visit.ask(&blank(&source.from)).await?;
    let typed = typed(&told, &source.from, p.lang);
    show(&FormPage { p, typed: &typed, members: &told.members, problems: &[] })
}

/// What a form begins with.
fn blank(from: &str) -> PlanDraftAsk {
    PlanDraftAsk { template: template(from), form: true, ..PlanDraftAsk::default() }
}

#[derive(Template)]
#[template(path = "statistics/draft_check.html")]
struct CheckPage<'a> {
    p: &'a Page,
    typed: &'a Typed,
    told: &'a PlanDraftTold,
    blocks: Vec<Block>,
}

impl CheckPage<'_> {
    fn rho(&self, nano: &u64) -> String {
        rho(self.p, *nano)
    }

    fn advantage(&self, permille: &u32) -> String {
        self.p.lang.percent(f64::from(*permille) / 1000.0)
    }

    fn is_ours_to_sign(&self) -> bool {
        self.p.may(Op::PlanSign)
    }
}

/// The form again, with what is wrong in it.
async fn again(visit: &Visit, typed: &Typed, problems: &[PlanProblemRow]) -> Answer {
    let told = visit.ask(&blank(value(typed, "from"))).await?;
    let status = match problems.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    show_as(status, &FormPage { p: &visit.page, typed, members: &told.members, problems })
}

/// `POST /statistics/plans/draft`: what it would say, in words; its text as a file; or the form again.
async fn check(visit: Visit, Form(typed): Form<Typed>) -> Answer {
    let has = |name: &str| typed.iter().any(|(known, _)| known == name);
    if has("change") {
        return again(&visit, &typed, &[]).await;
    }
    let ask = match ask(&typed) {
        Ok(ask) => ask,
        Err(problems) => return again(&visit, &typed, &problems).await,
    };
    let told = visit.ask(&ask).await?;
    let Some(page) = &told.page else { return again(&visit, &typed, &told.problems).await };
    if has("file") {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/toml; charset=utf-8")),
            (
                header::CONTENT_DISPOSITION,
                HeaderValue::from_static("attachment; filename=\"plan.toml\""),
            ),
        ];
        return Ok((headers, told.toml).into_response());
    }
    let blocks = blocks(visit.page.both(page));
    show(&CheckPage { p: &visit.page, typed: &typed, told: &told, blocks })
}

/// `POST /statistics/plans/propose`: the same draft once more, kept and sent.
async fn propose(visit: Visit, Form(typed): Form<Typed>) -> Answer {
    let ask = match ask(&typed) {
        Ok(ask) => PlanDraftAsk { propose: true, ..ask },
        Err(problems) => return again(&visit, &typed, &problems).await,
    };
    let told = visit.ask(&ask).await?;
    let Some(plan) = told.plan else { return again(&visit, &typed, &told.problems).await };
    let to = visit.page.to(&format!("/statistics/plans/{}?sent", plan.id));
    Ok(Redirect::to(&to).into_response())
}
