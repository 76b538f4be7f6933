//! The figures of a plan: asked for, and shown.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect};
use entente_node::local::Op;
use entente_node::local::doc::{
    PlanRow, PlanShowAsk, StatsReturnAsk, StatsRunAsk, StatsShowAsk, StatsTold, SumState, SumTold,
};
use serde::Deserialize;

use crate::charts::Mark;
use crate::figures::{Sheet, legend, periods, sheets};
use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::route::area;

area! {
    GET "/statistics/plans/{plan}/figures", Need::May(Op::StatsShow) => figures;
    POST "/statistics/plans/{plan}/run", Need::May(Op::StatsRun) => run;
    POST "/statistics/plans/{plan}/return", Need::May(Op::StatsReturn) => make_return;
}

/// Which figures, as the address or a form says.
#[derive(Clone, Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    period: String,
    // For ever without those who have not answered.
    #[serde(default)]
    close: bool,
    // For ever, what the other aggregator does not go on with.
    #[serde(default)]
    give_up: bool,
}

#[derive(Template)]
#[template(path = "statistics/figures.html")]
struct FiguresPage<'a> {
    p: &'a Page,
    plan: &'a PlanRow,
    told: &'a StatsTold,
    period: String,
    periods: Vec<String>,
    sheets: Vec<Sheet>,
    legend: Vec<(&'static str, &'static str)>,
}

impl FiguresPage<'_> {
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
    let told = visit.ask(&StatsShowAsk { plan, periods: Vec::new(), cube: None }).await?;
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
    })
}

/// `POST /statistics/plans/{plan}/run`, as a job. What is not there yet is asked for; what is paid for and not
/// drawn says so, and comes when it is asked for again.
async fn run(
    visit: Visit,
    Path(plan): Path<String>,
    axum::Form(wanted): axum::Form<Wanted>,
) -> Answer {
    let periods: Vec<String> =
        Some(wanted.period.clone()).filter(|it| !it.is_empty()).into_iter().collect();
    let Wanted { close, give_up, .. } = wanted;
    // What is not there is said here, and not on the page of a job.
    visit.ask(&PlanShowAsk { plan: plan.clone() }).await?;
    let to = visit.start(&StatsRunAsk { plan, periods, cube: None, close, give_up }).await?;
    Ok(Redirect::to(&to).into_response())
}

/// `POST /statistics/plans/{plan}/return`.
async fn make_return(
    visit: Visit,
    Path(plan): Path<String>,
    axum::Form(wanted): axum::Form<Wanted>,
) -> Answer {
    let ask = StatsReturnAsk { plan, period: wanted.period, file: None };
    let told = visit.ask(&ask).await?;
    let to = visit.page.to(&format!("/statistics/returns/{}", told.sha256));
    Ok(Redirect::to(&to).into_response())
}
