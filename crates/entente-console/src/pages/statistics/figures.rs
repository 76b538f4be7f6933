//! The figures of a plan: asked for, and shown.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect};
use entente_node::local::Op;
use entente_node::local::doc::{
    PlanRow, PlanShowAsk, StatsReturnAsk, StatsRunAsk, StatsShowAsk, StatsTold, SumState, SumTold,
};
use serde::Deserialize;

use super::plan_form::{Typed, has, values};
use crate::charts::Mark;
use crate::figures::{Sheet, legend, named, periods, sheets};
use crate::gate::{Visit, encoded};
use crate::page::{Answer, Page, show};
use crate::route::area;

area! {
    GET "/statistics/plans/{plan}/figures", Need::May(Op::StatsShow) => figures;
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
        let is_open = |sum: &SumTold| sum.state == SumState::Open;
        let mut tables = self.told.tables.iter().filter(|it| it.period == self.period);
        tables.any(|it| it.sum.as_ref().is_some_and(is_open))
    }

    /// Whether a secure sum is neither done nor given up.
    fn can_give_up(&self) -> bool {
        let goes_on = |sum: &SumTold| matches!(sum.state, SumState::Open | SumState::Adding);
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
    show(&FiguresPage {
        p,
        plan: &told.plan,
        told: &told,
        sheets: sheets(&told.tables, &period, p.lang),
        legend: legend(p.lang),
        period,
        periods,
        cubes,
        cube,
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
