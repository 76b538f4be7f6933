//! The page of a service, and what is done about our own with one click.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::Fault;
use entente_node::local::Op;
use entente_node::local::doc::{
    CapacitySetAsk, Closing, ServiceCloseAsk, ServiceConfirmAsk, ServiceRow, ServiceShowAsk,
    ServiceShowTold,
};
use entente_node::local::words as lists;
use serde::Deserialize;

use super::full::Full;
use super::map::{HEIGHT, Map, WIDTH};
use super::rows::Rows;
use crate::gate::{Visit, encoded, nothing_there};
use crate::page::{Answer, Page, hour_text, show, show_as};
use crate::pages::referrals::words::said;
use crate::problem::Problem;

/// Until when something is free, as the node reads it: the next such hour of the service's time.
const UNTIL: [&str; 6] = ["4h", "12h", "08:00", "12:00", "18:00", "22:00"];

#[derive(Template)]
#[template(path = "services/one.html")]
struct OnePage<'a> {
    p: &'a Page,
    now_s: i64,
    row: &'a ServiceRow,
    full: Full<'a>,
    map: Option<Map>,
    fault: Option<&'a Fault>,
}

impl Rows for OnePage<'_> {
    fn page(&self) -> &Page {
        self.p
    }

    fn now_s(&self) -> i64 {
        self.now_s
    }
}

impl OnePage<'_> {
    fn may_change(&self) -> bool {
        self.row.ours && self.p.may(Op::ServiceAdd)
    }

    fn choices(&self, list: &str) -> Vec<(&'static str, &'static str)> {
        lists::list(list, self.p.lang).unwrap_or_default()
    }

    fn size(&self) -> (f64, f64) {
        (WIDTH, HEIGHT)
    }

    /// How many are free, to say with one click.
    fn presets(&self) -> [u32; 5] {
        [0, 1, 2, 3, 4]
    }

    /// What is counted now, or beds.
    fn unit(&self) -> &str {
        self.row.capacities.first().map_or("bed", |it| it.unit.as_str())
    }

    fn maximum(&self) -> String {
        let maximum = self.row.capacities.first().and_then(|it| it.maximum);
        maximum.map(|it| it.to_string()).unwrap_or_default()
    }

    fn untils(&self) -> Vec<(&'static str, String)> {
        let p = self.p;
        let word = |code: &'static str| match code.strip_suffix('h') {
            Some(hours) => format!("{} {hours} {}", p.t("for", "pendant"), p.t("hours", "heures")),
            None => {
                let hour = hour_text(code, p.lang);
                format!("{} {hour}", p.t("until", "jusqu’à"))
            }
        };
        UNTIL.into_iter().map(|code| (code, word(code))).collect()
    }

    fn has_week(&self) -> bool {
        !self.full.week().is_empty()
    }

    fn is(&self, status: &str) -> bool {
        self.row.status == status
    }
}

/// `GET /services/{service}`.
pub(super) async fn one(visit: Visit, Path(id): Path<String>) -> Answer {
    show_one(&visit, &id, None).await
}

async fn show_one(visit: &Visit, id: &str, fault: Option<&Fault>) -> Answer {
    let ServiceShowTold { service, hsds } =
        visit.ask(&ServiceShowAsk { service: id.to_owned() }).await?;
    let at = service.at.as_deref().map(|at| (1, at));
    let page = OnePage {
        p: &visit.page,
        now_s: visit.console.desk.node.now_s(),
        full: Full { p: &visit.page, hsds: &hsds },
        map: Map::of(at.as_slice()),
        row: &service,
        fault,
    };
    let status = fault.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    show_as(status, &page)
}

async fn shown(visit: &Visit, id: &str, fault: Box<Fault>) -> Answer {
    if matches!(fault.code.as_str(), "ENT-2203" | "ENT-2205" | "ENT-2206" | "ENT-2207") {
        return show_one(visit, id, Some(&fault)).await;
    }
    Err(Problem::new(fault))
}

/// Back to where a button was pressed: `list` is empty on the page of the service itself.
fn back(visit: &Visit, id: &str, list: &str) -> Answer {
    let to = match list {
        "" => format!("/services/{}", encoded(id)),
        "home" => "/home".to_owned(),
        _ => "/services/ours".to_owned(),
    };
    Ok(Redirect::to(&visit.page.to(&to)).into_response())
}

/// From which page a button was pressed, and how a service is closed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Pressed {
    #[serde(default)]
    list: String,
    #[serde(default)]
    how: String,
}

/// `POST /services/{service}/confirm`.
pub(super) async fn confirm(
    visit: Visit,
    Path(id): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Answer {
    match visit.ask(&ServiceConfirmAsk { service: id.clone() }).await {
        Ok(_) => back(&visit, &id, &pressed.list),
        Err(fault) => shown(&visit, &id, fault).await,
    }
}

/// What is free. A number that was typed counts more than a button with one.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Free {
    #[serde(default)]
    quick: String,
    #[serde(default)]
    available: String,
    #[serde(default)]
    maximum: String,
    #[serde(default)]
    unit: String,
    // A code of `service_group`; everybody if empty.
    #[serde(default)]
    whom: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    list: String,
}

/// `POST /services/{service}/capacity`.
pub(super) async fn capacity(
    visit: Visit,
    Path(id): Path<String>,
    Form(free): Form<Free>,
) -> Answer {
    let number = if free.available.trim().is_empty() { &free.quick } else { &free.available };
    let Ok(available) = number.trim().parse() else {
        return show_one(&visit, &id, Some(&no_number())).await;
    };
    let some = |text: &String| Some(text.trim().to_owned()).filter(|it| !it.is_empty());
    let ask = CapacitySetAsk {
        service: id.clone(),
        available,
        maximum: free.maximum.trim().parse().ok(),
        unit: some(&free.unit),
        whom: some(&free.whom).into_iter().collect(),
        until: some(&free.until),
    };
    match visit.ask(&ask).await {
        Ok(_) => back(&visit, &id, &free.list),
        Err(fault) => shown(&visit, &id, fault).await,
    }
}

/// `ENT-2750`.
fn no_number() -> Box<Fault> {
    Fault::new(
        2750,
        ("Say how many are free, as a number.", "Indiquez combien sont libres, en chiffres."),
        ("Write 0 if it is full.", "Écrivez 0 si c’est complet."),
    )
}

#[derive(Template)]
#[template(path = "services/delete.html")]
struct DeletePage<'a> {
    p: &'a Page,
    row: &'a ServiceRow,
    name: &'a str,
}

/// `GET /services/{service}/delete`: what follows from it. Only one of ours can be deleted.
pub(super) async fn ask_delete(visit: Visit, Path(id): Path<String>) -> Answer {
    let row = visit.ask(&ServiceShowAsk { service: id }).await?.service;
    if !row.ours {
        return Err(Problem::new(nothing_there()));
    }
    show(&DeletePage { p: &visit.page, row: &row, name: said(&visit.page, &row.name) })
}

/// `POST /services/{service}/close`.
pub(super) async fn close(
    visit: Visit,
    Path(id): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Answer {
    let how = match pressed.how.as_str() {
        "open" => Closing::OpenAgain,
        "good" => Closing::ForGood,
        "delete" => Closing::Delete,
        _ => Closing::ForNow,
    };
    match visit.ask(&ServiceCloseAsk { service: id.clone(), how }).await {
        Ok(told) => back(&visit, &id, if told.service.is_none() { "yes" } else { "" }),
        Err(fault) => shown(&visit, &id, fault).await,
    }
}
