//! The figures of a plan: asked for, and shown.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect};
use entente_node::local::Op;
use entente_node::local::doc::{
    PlanRow, PlanShowAsk, StatsReturnAsk, StatsRunAsk, StatsShowAsk, StatsTable, StatsTold,
    SumState, SumTold,
};
use serde::Deserialize;

use super::plan_form::{Typed, has, values};
use crate::charts::Mark;
use crate::figures::{Sheet, legend, missing as absent, named, periods, said_once, sheets};
use crate::gate::{Visit, encoded};
use crate::page::{Answer, Page, show};
use crate::route::area;

area! {
    GET "/statistics/plans/{plan}/figures", Need::May(Op::StatsShow) => figures;
    GET "/statistics/plans/{plan}/close", Need::May(Op::StatsRun) => ask_close;
    POST "/statistics/plans/{plan}/run", Need::May(Op::StatsRun) => run;
    POST "/statistics/plans/{plan}/return", Need::May(Op::StatsReturn) => make_return;
}

/// Which figures, as the address says.
#[derive(Clone, Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    period: String,
    // The only table, by its name.
    #[serde(default)]
    cube: String,
    // `true`: of a sum that is to be given up.
    #[serde(default)]
    give_up: String,
}

/// Whether a secure sum waits for somebody.
fn is_waiting(sum: &SumTold) -> bool {
    sum.state == SumState::Open
}

/// Whether a secure sum is neither done nor given up.
fn goes_on(sum: &SumTold) -> bool {
    matches!(sum.state, SumState::Open | SumState::Adding)
}

#[derive(Template)]
#[template(path = "statistics/figures.html")]
struct FiguresPage<'a> {
    p: &'a Page,
    plan: &'a PlanRow,
    told: &'a StatsTold,
    period: String,
    periods: Vec<String>,
    // The names of all tables with what they are called, and the only one that is shown, if it is one.
    cubes: Vec<(String, String)>,
    cube: String,
    sheets: Vec<Sheet>,
    legend: Vec<(&'static str, &'static str)>,
    // What holds for all of them.
    shared: Vec<String>,
}

impl FiguresPage<'_> {
    /// The address of another period.
    fn to(&self, period: &str) -> String {
        let cube = match self.cube.as_str() {
            "" => String::new(),
            cube => format!("&cube={}", encoded(cube)),
        };
        self.p.to(&format!("/statistics/plans/{}/figures?period={period}{cube}", self.plan.id))
    }

    /// Whether there is anything to choose from, when figures are asked for.
    fn has_choice(&self) -> bool {
        self.periods.len() > 1 || self.cubes.len() > 1
    }

    /// Whether anything is missing that asking again could bring.
    fn is_open(&self) -> bool {
        self.sheets.iter().any(|sheet| {
            let [_, refused, silent] = sheet.heads;
            refused + silent > 0
        })
    }

    /// Whether a secure sum waits for somebody.
    fn can_close(&self) -> bool {
        let mut tables = self.told.tables.iter().filter(|it| it.period == self.period);
        tables.any(|it| it.sum.as_ref().is_some_and(is_waiting))
    }

    /// Whether a secure sum is neither done nor given up.
    fn can_give_up(&self) -> bool {
        let mut tables = self.told.tables.iter().filter(|it| it.period == self.period);
        tables.any(|it| it.sum.as_ref().is_some_and(goes_on))
    }

    fn has_figures(&self) -> bool {
        self.sheets.iter().any(|sheet| sheet.heads[0] > 0)
    }
}

/// `GET /statistics/plans/{plan}/figures`.
async fn figures(visit: Visit, Path(plan): Path<String>, Query(wanted): Query<Wanted>) -> Answer {
    let p = &visit.page;
    let mut told = visit.ask(&StatsShowAsk { plan, periods: Vec::new(), cube: None }).await?;
    let mut cubes: Vec<(String, String)> = Vec::new();
    for table in &told.tables {
        if cubes.iter().all(|(cube, _)| *cube != table.cube) {
            cubes.push((table.cube.clone(), named(&table.by, &table.counts, p.lang)));
        }
    }
    let is_known = |cube: &String| cubes.iter().any(|(known, _)| known == cube);
    let cube = Some(wanted.cube).filter(is_known).unwrap_or_default();
    if !cube.is_empty() {
        told.tables.retain(|table| table.cube == cube);
    }
    let periods = periods(&told.tables);
    let answered = |period: &&String| {
        told.tables.iter().any(|it| it.period == **period && it.error_hundredths.is_some())
    };
    let newest = periods.iter().find(answered).or(periods.first()).cloned().unwrap_or_default();
    let is_known = periods.contains(&wanted.period);
    let period = if is_known { wanted.period } else { newest };
    let mut sheets = sheets(&told.tables, &period, p.lang);
    let shared = said_once(&mut sheets);
    show(&FiguresPage {
        p,
        plan: &told.plan,
        told: &told,
        sheets,
        legend: legend(p.lang),
        shared,
        period,
        periods,
        cubes,
        cube,
    })
}

#[derive(Template)]
#[template(path = "statistics/close.html")]
struct ClosePage<'a> {
    p: &'a Page,
    plan: &'a PlanRow,
    period: &'a str,
    cube: &'a str,
    gives_up: bool,
    // What the tables count by, and who is not in them, with why.
    tables: Vec<String>,
    missing: Vec<(String, String)>,
}

impl ClosePage<'_> {
    fn consequences(&self) -> [&'static str; 3] {
        let p = self.p;
        let paid = p.t(
            "What the persons in the figures of the others paid of their privacy budget stays spent.",
            "Ce que les personnes comptées par les autres ont payé de leur budget de confidentialité reste dépensé.",
        );
        match self.gives_up {
            true => [
                p.t("Nothing of these sums is ever published.", "Rien de ces sommes n’est jamais publié."),
                p.t(
                    "An aggregator that can be reached keeps its sums: only what cannot go on is given up.",
                    "Un calculateur joignable garde ses sommes\u{a0}: seul ce qui ne peut continuer est abandonné.",
                ),
                paid,
            ],
            false => [
                p.t(
                    "The figures of this period never have the persons of those who are missing in them.",
                    "Les chiffres de cette période ne compteront jamais les personnes des absents.",
                ),
                p.t(
                    "Who answers later is not added. Figures are drawn once.",
                    "Une réponse tardive n’est pas ajoutée. Les chiffres sont tirés une seule fois.",
                ),
                paid,
            ],
        }
    }
}

/// `GET /statistics/plans/{plan}/close`: what it means to add up without those who are missing, or to give up.
async fn ask_close(visit: Visit, Path(plan): Path<String>, Query(wanted): Query<Wanted>) -> Answer {
    let p = &visit.page;
    let told = visit.ask(&StatsShowAsk { plan, periods: Vec::new(), cube: None }).await?;
    let gives_up = wanted.give_up == "true";
    let concerns = |it: &&StatsTable| {
        let is_so: fn(&SumTold) -> bool = if gives_up { goes_on } else { is_waiting };
        it.period == wanted.period
            && (wanted.cube.is_empty() || it.cube == wanted.cube)
            && it.sum.as_ref().is_some_and(is_so)
    };
    let (mut tables, mut missing) = (Vec::new(), Vec::new());
    for table in told.tables.iter().filter(concerns) {
        tables.push(named(&table.by, &table.counts, p.lang));
        for who in absent(table, p.lang) {
            if !missing.contains(&who) {
                missing.push(who);
            }
        }
    }
    show(&ClosePage {
        p,
        plan: &told.plan,
        period: &wanted.period,
        cube: &wanted.cube,
        gives_up,
        tables,
        missing,
    })
}

/// What a form asks for: periods, at most one table, and what is to happen with what does not go on.
fn asked(plan: String, typed: &Typed) -> StatsRunAsk {
    StatsRunAsk {
        plan,
        periods: values(typed, "period"),
        cube: values(typed, "cube").into_iter().next(),
        close: has(typed, "close", "true"),
        give_up: has(typed, "give_up", "true"),
    }
}

/// `POST /statistics/plans/{plan}/run`, as a job. What is not there yet is asked for; what is paid for and not
/// drawn says so, and comes when it is asked for again.
async fn run(visit: Visit, Path(plan): Path<String>, Form(typed): Form<Typed>) -> Answer {
    // What is not there is said here, and not on the page of a job.
    visit.ask(&PlanShowAsk { plan: plan.clone() }).await?;
    let to = visit.start(&asked(plan, &typed)).await?;
    Ok(Redirect::to(&to).into_response())
}

/// `POST /statistics/plans/{plan}/return`.
async fn make_return(visit: Visit, Path(plan): Path<String>, Form(wanted): Form<Wanted>) -> Answer {
    let ask = StatsReturnAsk { plan, period: wanted.period, file: None };
    let told = visit.ask(&ask).await?;
    let to = visit.page.to(&format!("/statistics/returns/{}", told.sha256));
    Ok(Redirect::to(&to).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_periods_and_one_table_are_asked_for_as_they_were_ticked() {
        let typed = |pairs: &[(&str, &str)]| -> Typed {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let ask = asked(
            "canada".to_owned(),
            &typed(&[("period", "2024"), ("period", "2025"), ("cube", "province")]),
        );
        assert_eq!(ask.periods, ["2024", "2025"]);
        assert_eq!((ask.cube.as_deref(), ask.close, ask.give_up), (Some("province"), false, false));
        // Nothing ticked, nothing chosen: all that is due.
        let ask = asked("canada".to_owned(), &typed(&[("cube", ""), ("close", "true")]));
        assert_eq!((ask.periods.len(), ask.cube, ask.close), (0, None, true));
    }
}
