//! The versions of a case, and what changed from one to the next.

use askama::Template;
use axum::extract::Path;
use entente_node::local::doc::{
    RecordHistoryAsk, RecordHistoryTold, RecordShowAsk, RecordShowTold, VersionRow,
};
use entente_node::local::{Op, words};

use super::sections::value;
use super::{found, short};
use crate::gate::{Visit, nothing_there};
use crate::page::{Answer, Page, show};

#[derive(Template)]
#[template(path = "cases/history.html")]
struct HistoryPage<'a> {
    p: &'a Page,
    told: &'a RecordHistoryTold,
}

impl HistoryPage<'_> {
    fn short(&self) -> &str {
        short(&self.told.record)
    }

    fn changed(&self, row: &VersionRow) -> String {
        let names = row.changed.iter().map(|name| label(self.p, name));
        names.collect::<Vec<_>>().join(", ")
    }
}

/// What a history calls what changed: a field, or something beside the fields.
fn label(p: &Page, name: &str) -> String {
    match name {
        "consent" => p.t("Consent", "Consentement").to_owned(),
        "withdrawn" => p.t("Taken out of sharing", "Retrait de la communication").to_owned(),
        "steward_allows" => p.t("Answer of the steward", "Réponse du gardien").to_owned(),
        name => words::field_label(name, p.lang),
    }
}

/// `GET /cases/{case}/history`.
pub(crate) async fn versions(visit: Visit, Path(case): Path<String>) -> Answer {
    let told = found(visit.ask(&RecordHistoryAsk { record: case }).await)?;
    show(&HistoryPage { p: &visit.page, told: &told })
}

#[derive(Template)]
#[template(path = "cases/version.html")]
struct VersionPage<'a> {
    p: &'a Page,
    told: &'a RecordShowTold,
    row: &'a VersionRow,
    /// Field, before, after.
    changes: Vec<(String, String, String)>,
}

impl VersionPage<'_> {
    fn short(&self) -> &str {
        short(&self.told.record.id)
    }
}

/// `GET /cases/{case}/history/{version}`: what it changed.
pub(crate) async fn version(visit: Visit, Path((case, version)): Path<(String, u32)>) -> Answer {
    let p = &visit.page;
    let history = found(visit.ask(&RecordHistoryAsk { record: case.clone() }).await)?;
    let row = history.versions.iter().find(|it| it.version == version).ok_or_else(nothing_there)?;
    let at =
        |version| RecordShowAsk { record: case.clone(), reveal: false, version: Some(version) };
    let told = found(visit.ask(&at(version)).await)?;
    let before = match version.checked_sub(1).filter(|it| *it > 0) {
        Some(before) => Some(found(visit.ask(&at(before)).await)?),
        None => None,
    };
    let nothing = || p.t("nothing", "rien").to_owned();
    let held = |told: Option<&RecordShowTold>, name: &str| {
        let field = told.and_then(|it| it.fields.iter().find(|it| it.field == name));
        field.map_or_else(nothing, |it| value(p, it))
    };
    let is_field =
        |name: &&String| !["consent", "withdrawn", "steward_allows"].contains(&name.as_str());
    let changes = row.changed.iter().filter(is_field);
    let changes =
        changes.map(|name| (label(p, name), held(before.as_ref(), name), held(Some(&told), name)));
    show(&VersionPage { p, told: &told, row, changes: changes.collect() })
}
