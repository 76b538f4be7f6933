//! Editing a case: what is not shown stays as it is, and nobody overwrites a colleague unawares.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, RawForm};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_core::record::Field;
use entente_node::local::Op;
use entente_node::local::doc::{Private, RecordEditAsk, RecordShowAsk, RecordShowTold};

use super::form::{Control, Part, Typed, Wrong, from_fault, joined, shown, wrong};
use super::sections::{SECTIONS, value};
use super::{found, short};
use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "cases/edit.html")]
struct EditPage<'a> {
    p: &'a Page,
    told: &'a RecordShowTold,
    wrong: &'a [Wrong],
    /// Somebody else saved another version meanwhile.
    is_conflict: bool,
    parts: Vec<Part>,
}

#[derive(Template)]
#[template(path = "cases/edit_check.html")]
struct CheckPage<'a> {
    p: &'a Page,
    told: &'a RecordShowTold,
    typed: &'a Typed,
    changes: Vec<Change>,
    /// How many partners have a summary of it now.
    n_partners: u64,
}

/// A field that changes.
struct Change {
    label: &'static str,
    before: String,
    after: String,
}

impl EditPage<'_> {
    fn short(&self) -> &str {
        short(&self.told.record.id)
    }
}

impl CheckPage<'_> {
    fn short(&self) -> &str {
        short(&self.told.record.id)
    }
}

async fn version(
    visit: &Visit,
    case: &str,
    version: Option<u32>,
) -> Result<RecordShowTold, Problem> {
    let ask = RecordShowAsk { record: case.to_owned(), reveal: false, version };
    found(visit.ask(&ask).await)
}

fn masked(told: &RecordShowTold) -> Vec<Field> {
    let masked = told.fields.iter().filter(|it| it.masked);
    masked.filter_map(|it| Field::parse(&it.field).ok()).collect()
}

fn form(
    p: &Page,
    told: &RecordShowTold,
    typed: &Typed,
    wrong: &[Wrong],
    is_conflict: bool,
) -> Answer {
    let masked = masked(told);
    let parts = SECTIONS.iter().map(|it| Part::new(p, it, typed, wrong, &masked)).collect();
    let is_well = wrong.is_empty() && !is_conflict;
    let status = if is_well { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    show_as(status, &EditPage { p, told, wrong, is_conflict, parts })
}

/// `GET /cases/{case}/edit`.
pub(crate) async fn ask(visit: Visit, Path(case): Path<String>) -> Answer {
    let told = version(&visit, &case, None).await?;
    let typed = Typed::of(&told.fields, told.record.version);
    form(&visit.page, &told, &typed, &[], false)
}

/// `POST /cases/{case}/edit`: to check, back to the form, or to keep.
pub(crate) async fn answer(
    visit: Visit,
    Path(case): Path<String>,
    RawForm(body): RawForm,
) -> Answer {
    let (p, typed) = (&visit.page, Typed::read(&body)?);
    let newest = version(&visit, &case, None).await?;
    if typed.version != newest.record.version {
        return conflict(&visit, &newest, &typed).await;
    }
    if typed.step == "form" {
        return form(p, &newest, &typed, &[], false);
    }
    let today = visit.console.desk.node.today();
    let mut wrong = wrong(&typed, &newest.fields, today, p.lang);
    let set = changed(&newest, &typed);
    if set.is_empty() && wrong.is_empty() {
        let none = p.t("Nothing is changed yet.", "Rien n’est encore modifié.");
        wrong.push(Wrong::at("person", none));
    }
    if !wrong.is_empty() {
        return form(p, &newest, &typed, &wrong, false);
    }
    if typed.step != "save" {
        let changes = changes(p, &newest, &set);
        let n_partners = u64::from(newest.record.shared_with);
        return show(&CheckPage { p, told: &newest, typed: &typed, changes, n_partners });
    }
    let names = set.into_iter().map(|(field, text)| (field.name().to_owned(), text)).collect();
    let record = newest.record.id.clone();
    let ask = RecordEditAsk { record, set: Private(names), version: Some(typed.version) };
    match visit.ask(&ask).await {
        Ok(told) => {
            let (id, version, n) = (&told.record, told.version, told.summaries_outdated);
            let to = format!("/cases/{id}?saved={version}&outdated={n}");
            Ok(Redirect::to(&p.to(&to)).into_response())
        }
        Err(fault) if fault.code == "ENT-1402" => {
            form(p, &newest, &typed, &from_fault(&fault, p.lang, "person"), false)
        }
        // Somebody was quicker by a moment.
        Err(fault) if fault.code == "ENT-1410" => {
            let newest = version(&visit, &case, None).await?;
            conflict(&visit, &newest, &typed).await
        }
        Err(fault) => found(Err(fault)),
    }
}

/// Somebody else changed the record since the form was opened: their values where this person changed
/// nothing, this person's where they did, and a word at each field that both changed.
async fn conflict(visit: &Visit, newest: &RecordShowTold, typed: &Typed) -> Answer {
    let p = &visit.page;
    let base = version(visit, &newest.record.id, Some(typed.version)).await?;
    let mine = changed(&base, typed);
    let mut merged = Typed::of(&newest.fields, newest.record.version);
    let mut wrong = Vec::new();
    for (field, text) in mine {
        let theirs = text_of(newest, field);
        if theirs != text_of(&base, field) && theirs != text {
            let label = field.label(p.lang);
            let said = p.t("somebody else changed this too", "quelqu’un d’autre l’a modifié aussi");
            let colon = p.t(":", " :");
            wrong.push(Wrong::at(field.name(), format!("{label}{colon} {said}")));
        }
        if typed.emptied.contains(&field) {
            merged.emptied.insert(field);
        } else {
            merged.texts.insert(field, text);
        }
    }
    form(p, newest, &merged, &wrong, true)
}

fn text_of(told: &RecordShowTold, field: Field) -> String {
    told.fields.iter().find(|it| it.field == field.name()).map(joined).unwrap_or_default()
}

/// What a person changed: field → new text. A masked field that was left empty stays as it is.
fn changed(before: &RecordShowTold, typed: &Typed) -> BTreeMap<Field, String> {
    let masked = masked(before);
    let mut set: BTreeMap<Field, String> = typed
        .emptied
        .iter()
        .filter(|it| masked.contains(it))
        .map(|it| (*it, String::new()))
        .collect();
    for section in SECTIONS {
        for field in section.fields() {
            let new = typed.text(field);
            let is_kept = masked.contains(&field) && new.is_empty();
            // Several lists of one name are several pairs, so the order of a list is that of the form.
            let is_same = new.split(';').map(str::trim).eq(text_of(before, field).split(';'));
            let is_date = field == Field::RegisteredOn && new.is_empty();
            let is_precise = field == Field::RegisteredPrecision && new.is_empty();
            if !is_kept && !is_same && !is_date && !is_precise {
                set.insert(field, new.to_owned());
            }
        }
    }
    set
}

fn changes(p: &Page, before: &RecordShowTold, set: &BTreeMap<Field, String>) -> Vec<Change> {
    let nothing = || p.t("nothing", "rien").to_owned();
    let change = |(field, text): (&Field, &String)| {
        let held = before.fields.iter().find(|it| it.field == field.name());
        Change {
            label: field.label(p.lang),
            before: held.map_or_else(nothing, |it| value(p, it)),
            after: if text.is_empty() { nothing() } else { shown(p, *field, text) },
        }
    };
    set.iter().map(change).collect()
}
