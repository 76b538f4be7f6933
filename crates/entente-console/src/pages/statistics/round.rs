//! An overlap round at its coordinator and at everybody else: drafted, sent, run as a job, given up or declined.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::Fault;
use entente_node::local::Op;
use entente_node::local::doc::{
    OverlapDraftAsk, OverlapDraftTold, OverlapEndAsk, OverlapRunAsk, OverlapShowAsk, OverlapTold,
    PartnerListAsk, PartnerRow, PartnerState, ReturnFile,
};

use super::overlap::word;
use super::plan_form::{Typed, decimal, has, value};
use super::returned::download;
use super::rho;
use crate::gate::{Visit, nothing_there};
use crate::page::{Answer, Page, show, show_as};
use crate::prose::{Block, blocks};
use crate::route::area;

area! {
    GET "/statistics/overlap/draft", Need::May(Op::OverlapDraft) => draft;
    POST "/statistics/overlap/draft", Need::May(Op::OverlapDraft) => check;
    POST "/statistics/overlap/propose", Need::May(Op::OverlapDraft) => propose;
    POST "/statistics/overlap/{round}/run", Need::May(Op::OverlapRun) => run;
    GET "/statistics/overlap/{round}/end", Need::May(Op::OverlapEnd) => ask_end;
    POST "/statistics/overlap/{round}/end", Need::May(Op::OverlapEnd) => end;
    GET "/statistics/overlap/{round}/table", Need::May(Op::OverlapShow) => table;
    GET "/statistics/overlap/{round}/result", Need::May(Op::OverlapShow) => result;
}

#[derive(Template)]
#[template(path = "statistics/round_draft.html")]
struct FormPage<'a> {
    p: &'a Page,
    typed: &'a Typed,
    partners: &'a [PartnerRow],
    fault: Option<&'a Fault>,
}

impl FormPage<'_> {
    fn v(&self, name: &str) -> &str {
        value(self.typed, name)
    }

    fn has(&self, name: &str, value: &str) -> bool {
        has(self.typed, name, value)
    }

    /// The list of a partner: what was typed, or its kind.
    fn list<'r>(&'r self, row: &'r PartnerRow) -> &'r str {
        let name = format!("list.{}", row.partner.id);
        match self.typed.iter().find(|(known, _)| *known == name) {
            Some((_, list)) => list,
            None => row.kind.as_deref().unwrap_or_default(),
        }
    }

    /// The field that the fault is about: the node names the key.
    fn at(&self) -> &str {
        self.fault.and_then(|fault| fault.why.first()).map_or("period", |why| why.en.as_str())
    }

    fn is_wrong(&self, id: &str) -> bool {
        self.fault.is_some() && self.at() == id
    }

    /// What is wrong at a field.
    fn wrong(&self, id: &str) -> Vec<&str> {
        let all = self.fault.filter(|_| self.is_wrong(id)).into_iter();
        all.flat_map(|fault| fault.why.iter().skip(1)).map(|why| self.p.both(why)).collect()
    }
}

/// Partners whose identity was checked: others are asked for nothing.
async fn partners(visit: &Visit) -> Result<Vec<PartnerRow>, Box<Fault>> {
    let mut rows = visit.ask(&PartnerListAsk::default()).await?.partners;
    let is_known = |state| {
        matches!(state, PartnerState::Verified | PartnerState::HalfSigned | PartnerState::Active)
    };
    rows.retain(|row| is_known(row.state));
    Ok(rows)
}

/// `GET /statistics/overlap/draft`.
async fn draft(visit: Visit) -> Answer {
    let partners = partners(&visit).await?;
    let last_year = visit.console.desk.node.today().year() - 1;
    let typed = [
        ("period", last_year.to_string()),
        ("epsilon_milli", visit.page.t("0.5", "0,5").to_owned()),
        ("per_list", "2".to_owned()),
        ("size", "200".to_owned()),
        ("earlier_rounds", "0".to_owned()),
    ];
    let typed: Typed = typed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    show(&FormPage { p: &visit.page, typed: &typed, partners: &partners, fault: None })
}

/// What was typed as a question to the node; the key whose value is no number otherwise.
fn asked(typed: &Typed) -> Result<OverlapDraftAsk, &'static str> {
    let whole = |name: &'static str| value(typed, name).parse::<u32>().map_err(|_| name);
    let epsilon = decimal(value(typed, "epsilon_milli"), 3).and_then(|it| u32::try_from(it).ok());
    let helpers = ["first", "second"].map(|name| value(typed, name).to_owned());
    let given = typed.iter().filter(|(name, _)| name == "in");
    let contributor =
        |(_, id): &(String, String)| format!("{id}={}", value(typed, &format!("list.{id}")));
    Ok(OverlapDraftAsk {
        period: value(typed, "period").to_owned(),
        helpers: helpers.into_iter().filter(|it| !it.is_empty()).collect(),
        contributors: given.map(contributor).collect(),
        epsilon_milli: Some(epsilon.ok_or("epsilon_milli")?),
        per_list: Some(value(typed, "per_list").parse().map_err(|_| "per_list")?),
        size: Some(whole("size")?),
        earlier_rounds: Some(whole("earlier_rounds")?),
        propose: false,
    })
}

fn no_number(place: &str) -> Box<Fault> {
    Fault::new(
        2821,
        ("This is not a number.", "Ce n’est pas un nombre."),
        ("Write it in digits.", "Écrivez-le en chiffres."),
    )
    .because(place, place)
    .because("It is written in digits.", "Il s’écrit en chiffres.")
}

#[derive(Template)]
#[template(path = "statistics/round_check.html")]
struct CheckPage<'a> {
    p: &'a Page,
    typed: &'a Typed,
    told: &'a OverlapDraftTold,
    blocks: Vec<Block>,
}

impl CheckPage<'_> {
    fn rho(&self) -> String {
        rho(self.p, self.told.nano_rho)
    }

    fn advantage(&self) -> String {
        self.p.lang.percent(f64::from(self.told.advantage_permille) / 1000.0)
    }
}

/// The answer of the node to what was typed.
async fn drafted(
    visit: &Visit,
    typed: &Typed,
    propose: bool,
) -> Result<OverlapDraftTold, Box<Fault>> {
    let ask = asked(typed).map_err(no_number)?;
    visit.ask(&OverlapDraftAsk { propose, ..ask }).await
}

/// A fault that is about a field gives the form again.
async fn at_its_field(visit: &Visit, typed: &Typed, fault: Box<Fault>) -> Answer {
    match fault.code.as_str() {
        "ENT-2820" | "ENT-2821" => again(visit, typed, Some(&fault)).await,
        _ => Err(fault.into()),
    }
}

async fn again(visit: &Visit, typed: &Typed, fault: Option<&Fault>) -> Answer {
    let partners = partners(visit).await?;
    let status = match fault {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    show_as(status, &FormPage { p: &visit.page, typed, partners: &partners, fault })
}

/// `POST /statistics/overlap/draft`: the terms in words, or the form again.
async fn check(visit: Visit, Form(typed): Form<Typed>) -> Answer {
    if typed.iter().any(|(name, _)| name == "change") {
        return again(&visit, &typed, None).await;
    }
    let told = match drafted(&visit, &typed, false).await {
        Ok(told) => told,
        Err(fault) => return at_its_field(&visit, &typed, fault).await,
    };
    let blocks = blocks(visit.page.both(&told.page));
    show(&CheckPage { p: &visit.page, typed: &typed, told: &told, blocks })
}

/// `POST /statistics/overlap/propose`: the same terms once more, kept and sent.
async fn propose(visit: Visit, Form(typed): Form<Typed>) -> Answer {
    let told = match drafted(&visit, &typed, true).await {
        Ok(told) => told,
        Err(fault) => return at_its_field(&visit, &typed, fault).await,
    };
    let round = told.round.ok_or_else(nothing_there)?;
    let to = visit.page.to(&format!("/statistics/overlap/{}", round.id));
    Ok(Redirect::to(&to).into_response())
}

/// `POST /statistics/overlap/{round}/run`, as a job. Without whom it goes on is said for every contributor.
async fn run(visit: Visit, Path(round): Path<String>, Form(typed): Form<Typed>) -> Answer {
    let without = typed.into_iter().filter(|(name, _)| name == "without").map(|(_, id)| id);
    // What is not there is said here, and not on the page of a job.
    visit.ask(&OverlapShowAsk { round: round.clone(), signed: false }).await?;
    let to = visit.start(&OverlapRunAsk { round, without: without.collect() }).await?;
    Ok(Redirect::to(&to).into_response())
}

#[derive(Template)]
#[template(path = "statistics/round_end.html")]
struct EndPage<'a> {
    p: &'a Page,
    told: &'a OverlapTold,
}

impl EndPage<'_> {
    fn word<'w>(&self, code: &'w str) -> &'w str {
        word(self.p, code)
    }

    /// Whether nothing of ours is in it yet.
    fn is_declined(&self) -> bool {
        self.told.round.signed_at.is_none()
    }

    fn is_ours(&self) -> bool {
        self.told.round.our_part == "coordinator"
    }
}

/// `GET /statistics/overlap/{round}/end`: what it would mean.
async fn ask_end(visit: Visit, Path(round): Path<String>) -> Answer {
    let told = visit.ask(&OverlapShowAsk { round, signed: false }).await?;
    show(&EndPage { p: &visit.page, told: &told })
}

/// `POST /statistics/overlap/{round}/end`.
async fn end(visit: Visit, Path(round): Path<String>) -> Answer {
    let told = visit.ask(&OverlapEndAsk { round }).await?;
    let to = visit.page.to(&format!("/statistics/overlap/{}", told.round.id));
    Ok(Redirect::to(&to).into_response())
}

/// `GET /statistics/overlap/{round}/table`: the overlap table, for other programs.
async fn table(visit: Visit, Path(round): Path<String>) -> Answer {
    let told = visit.ask(&OverlapShowAsk { round, signed: false }).await?;
    let csv = told.counted.ok_or_else(nothing_there)?.csv;
    let name = format!("attachment; filename=\"overlap-{}.csv\"", told.round.period);
    let name = HeaderValue::from_str(&name).map_err(|_| crate::page::failed())?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], csv).into_response())
}

/// `GET /statistics/overlap/{round}/result`: what the coordinator signed, which anybody can check.
async fn result(visit: Visit, Path(round): Path<String>) -> Answer {
    let told = visit.ask(&OverlapShowAsk { round, signed: true }).await?;
    let file = ReturnFile {
        name: format!("overlap-{}.entente", told.round.period),
        media: "application/octet-stream".to_owned(),
        hex: told.signed.ok_or_else(nothing_there)?,
    };
    Ok(download(&file)?)
}
