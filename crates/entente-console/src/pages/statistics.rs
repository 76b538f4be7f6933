//! Statistics: plans, figures, the national return.
//!
//! 1. here: what is agreed, what is due, what it cost, and what came of it;
//! 2. [`draft`]: a release plan drafted and sent, with its form in [`plan_form`];
//! 3. [`figures`]: the figures of a plan, asked for and shown;
//! 4. [`returned`]: national returns, their checks, and their publication;
//! 5. [`own`]: exact figures for our own staff; [`counted`]: counts across partners;
//! 6. [`overlap`]: lists compared, and an estimate of whom no list has; [`round`]: a round drafted, run
//!    and ended; [`estimated`]: an estimate from any table of lists.

use askama::Template;
use axum::extract::{DefaultBodyLimit, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_core::statistics::budget::NanoRho;
use entente_node::fault::Fault;
use entente_node::local::Op;
use entente_node::local::doc::{
    BudgetAsk, BudgetTold, BudgetYear, OwnState, PlanListAsk, PlanRow, PlanShowAsk, PlanShowTold,
    PlanSignAsk, ReturnListAsk, ReturnRow, StatsReleaseRow, StatsStatusAsk, SumState,
};

use crate::charts::{Mark, Picture, budget};
use crate::figures::named;
use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::prose::{Block, blocks};
use crate::route::{MAX_LONG_FORM, Route, area};
use serde::Deserialize;

mod counted;
mod draft;
mod estimated;
mod figures;
mod overlap;
mod own;
mod plan_form;
mod returned;
mod round;

pub(crate) use returned::{FORMS, download, numbered};

/// The routes of this area.
pub(crate) fn routes() -> Vec<Route> {
    let all = [
        plans::routes(),
        draft::routes(),
        figures::routes(),
        returned::routes(),
        own::routes(),
        counted::routes(),
        overlap::routes(),
        round::routes(),
        estimated::routes(),
    ];
    let with_room = |mut route: Route| {
        let room = match route.path {
            "/statistics/returns/verify" => returned::MAX_FILE,
            "/statistics/plans/draft" | "/statistics/plans/propose" => MAX_LONG_FORM,
            _ => return route,
        };
        route.answer = route.answer.layer(DefaultBodyLimit::max(room));
        route
    };
    all.concat().into_iter().map(with_room).collect()
}

mod plans {
    use super::*;

    area! {
        GET "/statistics", Need::May(Op::PlanList) => list;
        GET "/statistics/plans/{plan}", Need::May(Op::PlanShow) => one;
        POST "/statistics/plans/{plan}/sign", Need::May(Op::PlanSign) => sign;
    }
}

#[derive(Template)]
#[template(path = "statistics/list.html")]
struct ListPage<'a> {
    p: &'a Page,
    plans: &'a [PlanRow],
    // What is due and not complete, and the rest.
    open: &'a [Due],
    rest: &'a [Due],
    budget: &'a BudgetTold,
    years: Vec<(&'a BudgetYear, Picture)>,
    returns: &'a [ReturnRow],
}

/// A table of figures that is due, or will be.
struct Due {
    row: StatsReleaseRow,
    plan_id: String,
}

/// How a table stands in a year: a tag with its sign and word, and where its figures are; blank if nowhere.
struct Spot {
    class: &'static str,
    sign: &'static str,
    word: &'static str,
    link: String,
}

impl ListPage<'_> {
    fn rho(&self, nano: &u64) -> String {
        rho(self.p, *nano)
    }

    fn advantage(&self, permille: &u32) -> String {
        self.p.lang.percent(f64::from(*permille) / 1000.0)
    }

    fn state(&self, due: &Due) -> (&'static str, &'static str) {
        let p = self.p;
        let row = &due.row;
        match (row.due, row.sum) {
            (false, _) => ("tag", p.t("not due yet", "pas encore échu")),
            (true, Some(SumState::Done)) => ("tag good", p.t("added up", "additionné")),
            (true, Some(SumState::Aborted)) => ("tag bad", p.t("given up", "abandonné")),
            (true, Some(_)) => ("tag warn", p.t("being added up", "en cours d’addition")),
            (true, None) if !due.asks() => match row.own {
                Some(OwnState::Drawn) => {
                    ("tag good", p.t("our part is given", "notre part est donnée"))
                }
                Some(OwnState::Charged) => {
                    ("tag info", p.t("our part is paid for", "notre part est payée"))
                }
                None => ("tag", p.t("others ask", "d’autres demandent")),
            },
            (true, None) if row.silent == 0 && row.refused == 0 => {
                ("tag good", p.t("complete", "complet"))
            }
            (true, None) if row.answered > 0 => ("tag info", p.t("in part", "en partie")),
            (true, None) => ("tag warn", p.t("to be asked for", "à demander")),
        }
    }

    /// By what a table counts.
    fn table(&self, due: &Due) -> String {
        named(&due.row.by, &due.row.counts, self.p.lang)
    }

    fn all(&self) -> impl Iterator<Item = &Due> {
        self.open.iter().chain(self.rest)
    }

    /// The years of what is due, the earliest first.
    fn years_due(&self) -> Vec<&str> {
        let mut years: Vec<&str> = self.all().map(Due::year).collect();
        years.sort_unstable();
        years.dedup();
        years
    }

    /// What is due as a matrix: the name of each table, and how it stands in each year.
    fn lines(&self) -> Vec<(String, Vec<Spot>)> {
        let mut tables: Vec<(&str, String)> = Vec::new();
        for due in self.all() {
            let table = (due.plan_id.as_str(), self.table(due));
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
        tables.sort_unstable();
        let is_one =
            tables.first().is_none_or(|(first, _)| tables.iter().all(|(id, _)| id == first));
        let years = self.years_due();
        let line = |(plan, table): (&str, String)| {
            let is_it = |due: &&Due, year: &str| {
                due.plan_id == plan && due.year() == year && self.table(due) == table
            };
            let spots = years.iter().map(|year| {
                let all: Vec<&Due> = self.all().filter(|due| is_it(due, year)).collect();
                self.spot(&all)
            });
            let spots: Vec<Spot> = spots.collect();
            let title = self.plans.iter().find(|it| it.id == plan).filter(|_| !is_one);
            let title = title.map(|it| format!(" ({})", self.p.both(&it.title)));
            (format!("{table}{}", title.unwrap_or_default()), spots)
        };
        tables.into_iter().map(line).collect()
    }

    /// How the releases of one table in one year stand: what is missing counts most, then what was due last.
    fn spot(&self, all: &[&Due]) -> Spot {
        let p = self.p;
        let open = all.iter().find(|due| due.is_open());
        let last = all.iter().filter(|due| due.row.due).max_by(|a, b| {
            let (a, b) = (&a.row, &b.row);
            (&a.due_on, a.revision).cmp(&(&b.due_on, b.revision))
        });
        let Some(due) = open.or(last).or(all.first()) else {
            return Spot { class: "", sign: "", word: "—", link: String::new() };
        };
        let has_link = p.may(Op::StatsShow) && due.row.due && due.asks();
        let to = || {
            let path = format!("/statistics/plans/{}/figures?period=", due.plan_id);
            p.to(&path) + &due.row.period
        };
        let link = if has_link { to() } else { String::new() };
        let (class, sign, word) = match self.state(due) {
            _ if open.is_some() => ("tag warn", "⚠\u{a0}", p.t("due", "dû")),
            ("tag good", word) => ("tag good", "✓\u{a0}", word),
            _ if !due.row.due => ("tag", "", p.t("not yet", "pas encore")),
            (class, word) => (class, "", word),
        };
        Spot { class, sign, word, link }
    }

    /// Whether records of ours are, or will be, in figures of a year.
    fn is_in(&self, year: &BudgetYear) -> bool {
        let of_year = year.year.to_string();
        let counts = |due: &Due| {
            due.year() == of_year && due.row.roles.iter().any(|role| role == "contributor")
        };
        year.spent_nano_rho > 0 || !self.p.may(Op::StatsStatus) || self.all().any(counts)
    }

    /// The plan of what is due that can be asked for here.
    fn to_ask(&self) -> Option<&str> {
        let can_ask = |due: &&Due| due.asks() && (due.row.sum.is_some() || due.row.silent > 0);
        let due = self.open.iter().find(can_ask).filter(|_| self.p.may(Op::StatsRun));
        due.map(|due| due.plan_id.as_str())
    }

    /// The first plan that waits for a signature of whoever is here.
    fn to_sign(&self) -> Option<&str> {
        let waits = |it: &&PlanRow| it.signed_at.is_none() && !self.is_over(it);
        let unsigned = self.plans.iter().find(waits);
        unsigned.filter(|_| self.p.may(Op::PlanSign)).map(|plan| plan.id.as_str())
    }

    /// Whether nobody signed it here, and nobody will any more.
    fn is_over(&self, plan: &PlanRow) -> bool {
        plan.signed_at.is_none() && is_replaced(plan, self.plans)
    }

    /// The plan with the newest figures.
    fn newest(&self) -> Option<&str> {
        let has = self.all().filter(|due| due.asks() && due.row.due && due.row.answered > 0);
        let newest = has.max_by(|a, b| a.row.due_on.cmp(&b.row.due_on));
        newest.filter(|_| self.p.may(Op::StatsShow)).map(|due| due.plan_id.as_str())
    }

    /// How many of those who are asked; a dash where others ask.
    fn heads(&self, due: &Due, n: &u64) -> String {
        if due.asks() { self.p.n(n) } else { "—".to_owned() }
    }
}

impl Due {
    /// The year of its period.
    fn year(&self) -> &str {
        self.row.period.get(..4).unwrap_or(&self.row.period)
    }

    /// Whether we ask for it, or add it up.
    fn asks(&self) -> bool {
        self.row.roles.iter().any(|role| role == "querier" || role == "leader")
    }

    /// Whether it is due and something of it is still to come.
    fn is_open(&self) -> bool {
        let row = &self.row;
        let is_missing = match (row.sum, row.own) {
            (Some(SumState::Done | SumState::Aborted), _) => false,
            (Some(SumState::Contributed), _) => self.asks(),
            (Some(_), _) => true,
            (None, own) if !self.asks() => own == Some(OwnState::Charged),
            (None, _) => row.silent + row.refused > 0,
        };
        row.due && is_missing
    }
}

/// Whether another version stands in the place of a plan, so that nobody signs it any more.
pub(crate) fn is_replaced(plan: &PlanRow, plans: &[PlanRow]) -> bool {
    let mut others = plans.iter().filter(|it| it.name == plan.name && it.id != plan.id);
    others.any(|it| match it.signed_at {
        Some(_) => it.version >= plan.version,
        None => it.version > plan.version,
    })
}

/// A price as people read it.
pub(super) fn rho(p: &Page, nano: u64) -> String {
    NanoRho(nano).text(p.lang)
}

/// `GET /statistics`.
async fn list(visit: Visit) -> Answer {
    let p = &visit.page;
    let plans = visit.ask(&PlanListAsk {}).await?.plans;
    let budget = visit.ask(&BudgetAsk {}).await?;
    let mut due = Vec::new();
    if p.may(Op::StatsStatus) {
        let rows = visit.ask(&StatsStatusAsk { plan: None }).await?.releases;
        let id = |name: &str| {
            let of_name = |it: &&PlanRow| format!("{}@{}", it.name, it.version) == name;
            plans.iter().find(of_name).map(|it| it.id.clone())
        };
        due.extend(rows.into_iter().filter_map(|row| {
            let plan_id = id(&row.plan)?;
            Some(Due { row, plan_id })
        }));
    }
    let mut returns = Vec::new();
    if p.may(Op::ReturnList) {
        returns = visit.ask(&ReturnListAsk::default()).await?.returns;
    }
    let years = budget.years.iter().map(|year| (year, picture(p, year))).collect();
    let (open, rest): (Vec<_>, Vec<_>) = due.into_iter().partition(Due::is_open);
    show(&ListPage {
        p,
        plans: &plans,
        open: &open,
        rest: &rest,
        budget: &budget,
        years,
        returns: &returns,
    })
}

/// The budget of a year as a bar.
fn picture(p: &Page, year: &BudgetYear) -> Picture {
    let (spent, cap) = (rho(p, year.spent_nano_rho), rho(p, year.cap_nano_rho));
    let name = p.lang.pick(
        format!("Privacy budget of {}", year.year),
        format!("Budget de confidentialité de {}", year.year),
    );
    let says = p.lang.pick(
        format!("Spent: {spent} of {cap}, in rho."),
        format!("Dépensé : {spent} sur {cap}, en rho."),
    );
    let id = format!("budget-{}", year.year);
    budget::budget((id, name, says), (year.spent_nano_rho, year.cap_nano_rho), p.lang)
}

#[derive(Template)]
#[template(path = "statistics/plan.html")]
struct PlanPage<'a> {
    p: &'a Page,
    told: &'a PlanShowTold,
    blocks: Vec<Block>,
    is_sent: bool,
    fault: Option<&'a Fault>,
}

impl PlanPage<'_> {
    fn rho(&self, nano: &u64) -> String {
        rho(self.p, *nano)
    }

    fn advantage(&self, permille: &u32) -> String {
        self.p.lang.percent(f64::from(*permille) / 1000.0)
    }
}

/// Whether a plan was sent just now.
#[derive(Clone, Debug, Default, Deserialize)]
struct Seen {
    sent: Option<String>,
}

/// `GET /statistics/plans/{plan}`.
async fn one(visit: Visit, Path(plan): Path<String>, Query(seen): Query<Seen>) -> Answer {
    let told = visit.ask(&PlanShowAsk { plan }).await?;
    let blocks = blocks(visit.page.both(&told.page));
    let is_sent = seen.sent.is_some();
    show(&PlanPage { p: &visit.page, told: &told, blocks, is_sent, fault: None })
}

/// `POST /statistics/plans/{plan}/sign`.
async fn sign(visit: Visit, Path(plan): Path<String>) -> Answer {
    let ask = PlanSignAsk { plan: Some(plan.clone()), toml: None, dry_run: false };
    let told = match visit.ask(&ask).await {
        // It says what speaks against it, on the page that says what it is.
        Err(fault) if fault.code == "ENT-2103" => {
            let told = visit.ask(&PlanShowAsk { plan }).await?;
            let blocks = blocks(visit.page.both(&told.page));
            let page = PlanPage {
                p: &visit.page,
                told: &told,
                blocks,
                is_sent: false,
                fault: Some(&fault),
            };
            return show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
        told => told?,
    };
    let to = visit.page.to(&format!("/statistics/plans/{}", told.plan.id));
    Ok(Redirect::to(&to).into_response())
}
