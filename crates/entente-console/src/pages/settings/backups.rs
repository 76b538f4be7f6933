//! Backups: the list, a new one, and the drill.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_core::lang::Lang;
use entente_node::fault::Fault;
use entente_node::local::doc::{
    BackupCreateAsk, BackupDrillAsk, BackupDrillTold, BackupListAsk, BackupListTold, BackupRow,
    Private,
};
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::paging::Pages;
use crate::problem::Problem;

/// From which row on.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    from: usize,
}

#[derive(Template)]
#[template(path = "settings/backups.html")]
struct BackupsPage<'a> {
    p: &'a Page,
    told: &'a BackupListTold,
    pages: Pages,
}

impl BackupsPage<'_> {
    fn size(&self, bytes: &u64) -> String {
        size(self.p, *bytes)
    }

    fn name<'r>(&self, row: &'r BackupRow) -> &'r str {
        row.file.rsplit('/').next().unwrap_or(&row.file)
    }
}

/// Bytes as a person reads them: whole mebibytes, or kibibytes below one.
fn size(p: &Page, bytes: u64) -> String {
    let (n, unit) = match (bytes >> 20, p.lang) {
        (0, Lang::En) => (bytes.div_ceil(1024), "KiB"),
        (0, Lang::Fr) => (bytes.div_ceil(1024), "Kio"),
        (n, Lang::En) => (n, "MiB"),
        (n, Lang::Fr) => (n, "Mio"),
    };
    format!("{}\u{a0}{unit}", p.n(&n))
}

/// `GET /settings/backups`.
pub(super) async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let told = visit.ask(&BackupListAsk {}).await?;
    let (backups, pages) = Pages::of(&visit.page, "/settings/backups", wanted.from, told.backups);
    let told = BackupListTold { backups, ..told };
    show(&BackupsPage { p: &visit.page, told: &told, pages })
}

/// `POST /settings/backups`. A large store takes its time: the page of the work says how far it is.
pub(super) async fn create(visit: Visit) -> Answer {
    let to = visit.start(&BackupCreateAsk { folder: None }).await?;
    Ok(Redirect::to(&to).into_response())
}

#[derive(Template)]
#[template(path = "settings/drill.html")]
struct DrillPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    backups: &'a [BackupRow],
    told: Option<&'a BackupDrillTold>,
}

impl DrillPage<'_> {
    fn seconds(&self, told: &BackupDrillTold) -> String {
        self.p.count(&told.took_ms.div_ceil(1000), &("second", "seconds"), &("seconde", "secondes"))
    }
}

/// Which backup, and the words that open it.
#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    file: String,
    #[serde(default)]
    passphrase: String,
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(..)")
    }
}

/// `GET /settings/backups/drill`.
pub(super) async fn ask(visit: Visit) -> Answer {
    let backups = visit.ask(&BackupListAsk {}).await?.backups;
    show(&DrillPage { p: &visit.page, fault: None, backups: &backups, told: None })
}

/// `POST /settings/backups/drill`. The answer is shown once; what was typed is not.
pub(super) async fn drill(visit: Visit, Form(typed): Form<Typed>) -> Answer {
    let Typed { file, passphrase } = typed;
    let file = (!file.is_empty()).then_some(file);
    let told = visit.ask(&BackupDrillAsk { file, passphrase: Private(passphrase) }).await;
    let backups = visit.ask(&BackupListAsk {}).await?.backups;
    let page = |fault, told| DrillPage { p: &visit.page, fault, backups: &backups, told };
    match told {
        Ok(told) => show(&page(None, Some(&told))),
        Err(fault) if fault.code == "ENT-1101" || fault.code.starts_with("ENT-279") => {
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page(Some(&fault), None))
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}
