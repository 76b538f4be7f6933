//! Epochs, which people call reporting periods: what each partner would receive, and the close that releases it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect};
use entente_core::period::Period;
use entente_node::local::Op;
use entente_node::local::doc::{
    EpochCloseAsk, EpochListAsk, EpochListTold, EpochPreviewAsk, EpochRow, EpochTold,
};
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::paging::Pages;
use crate::route::area;

area! {
    GET "/epochs", Need::May(Op::EpochList) => list;
    GET "/epochs/{epoch}", Need::May(Op::EpochPreview) => preview;
    POST "/epochs/{epoch}/close", Need::May(Op::EpochClose) => close;
}

/// How many quarters that are over are offered.
const OFFERED: usize = 4;

#[derive(Template)]
#[template(path = "jobs/epochs.html")]
struct EpochsPage<'a> {
    p: &'a Page,
    told: &'a EpochListTold,
    closed: Vec<EpochRow>,
    pages: Pages,
}

/// A quarter that is over, and how often it was closed for a partner.
type Over = (String, u64);

impl EpochsPage<'_> {
    fn over(&self) -> Vec<Over> {
        let closed =
            |epoch: &str| self.told.closed.iter().filter(|row| row.epoch == epoch).count() as u64;
        let mut epoch = self.told.open.parse::<Period>().ok();
        let before = || {
            let day = epoch?.first_day().yesterday().ok()?;
            epoch = Period::of(day).ok();
            epoch
        };
        let over = std::iter::from_fn(before).take(OFFERED);
        over.map(|epoch| (epoch.to_string(), closed(&epoch.to_string()))).collect()
    }

    fn may_preview(&self) -> bool {
        self.p.may(Op::EpochPreview)
    }

    fn may_close(&self) -> bool {
        self.p.may(Op::EpochClose)
    }
}

/// From which close on.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    from: usize,
}

/// `GET /epochs`.
async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let told = visit.ask(&EpochListAsk {}).await?;
    let (closed, pages) = Pages::of(&visit.page, "/epochs", wanted.from, told.closed.clone());
    show(&EpochsPage { p: &visit.page, told: &told, closed, pages })
}

#[derive(Template)]
#[template(path = "jobs/epoch.html")]
struct EpochPage<'a> {
    p: &'a Page,
    told: &'a EpochTold,
    is_over: bool,
    n_released: u64,
}

impl EpochPage<'_> {
    fn may_close(&self) -> bool {
        self.p.may(Op::EpochClose)
    }
}

/// `GET /epochs/{epoch}`: what closing it would release. Releases nothing.
async fn preview(visit: Visit, Path(epoch): Path<String>) -> Answer {
    let told = visit.ask(&EpochPreviewAsk { epoch, partner: None }).await?;
    let today = visit.console.desk.node.today();
    let is_over = told.epoch.parse().is_ok_and(|epoch: Period| epoch.is_closed(today));
    let n_released = told.partners.iter().map(|it| it.released).sum();
    show(&EpochPage { p: &visit.page, told: &told, is_over, n_released })
}

/// For whom alone; for everybody if empty.
#[derive(Debug, Default, Deserialize)]
struct Chosen {
    #[serde(default)]
    partner: String,
}

/// `POST /epochs/{epoch}/close`, as a job.
async fn close(visit: Visit, Path(epoch): Path<String>, Form(chosen): Form<Chosen>) -> Answer {
    let partner = Some(chosen.partner).filter(|it| !it.is_empty());
    let to = visit.start(&EpochCloseAsk { epoch, partner }).await?;
    Ok(Redirect::to(&to).into_response())
}
