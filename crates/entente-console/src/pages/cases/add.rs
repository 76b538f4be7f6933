//! Recording a case: a form, the answers to check, and the record.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::RawForm;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::local::doc::{Private, RecordAddAsk, RecordAddTold};

use super::form::{Answered, Control, Part, Typed, Wrong, from_fault, shown, wrong};
use super::sections::SECTIONS;
use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "cases/add.html")]
struct AddPage<'a> {
    p: &'a Page,
    wrong: &'a [Wrong],
    parts: Vec<Part>,
}

#[derive(Template)]
#[template(path = "cases/check.html")]
struct CheckPage<'a> {
    p: &'a Page,
    typed: &'a Typed,
    parts: Vec<CheckPart>,
}

/// A part of the answers.
struct CheckPart {
    id: &'static str,
    title: &'static str,
    answers: Vec<Answered>,
}

fn form(p: &Page, typed: &Typed, wrong: &[Wrong]) -> Answer {
    let parts = SECTIONS.iter().map(|it| Part::new(p, it, typed, wrong, &[])).collect();
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    show_as(status, &AddPage { p, wrong, parts })
}

/// `GET /cases/add`.
pub(crate) async fn ask(visit: Visit) -> Answer {
    form(&visit.page, &Typed::default(), &[])
}

/// `POST /cases/add`: to check, back to the form, or to keep.
pub(crate) async fn answer(visit: Visit, RawForm(body): RawForm) -> Answer {
    let (p, typed) = (&visit.page, Typed::read(&body)?);
    if typed.step == "form" {
        return form(p, &typed, &[]);
    }
    let wrong = wrong(&typed, &[], visit.console.desk.node.today(), p.lang);
    if !wrong.is_empty() {
        return form(p, &typed, &wrong);
    }
    if typed.step != "save" {
        return check(p, &typed);
    }
    let fields: BTreeMap<_, _> =
        typed.filled().map(|(field, text)| (field.name().to_owned(), text.to_owned())).collect();
    match visit.ask(&RecordAddAsk { fields: Private(fields) }).await {
        Ok(told) => Ok(Redirect::to(&p.to(&added(&told))).into_response()),
        Err(fault) if fault.code == "ENT-1402" => {
            form(p, &typed, &from_fault(&fault, p.lang, "person"))
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

fn check(p: &Page, typed: &Typed) -> Answer {
    let part = |of: &super::sections::Section| CheckPart {
        id: of.id,
        title: of.title(p.lang),
        answers: of
            .fields()
            .filter(|field| !typed.text(*field).is_empty())
            .map(|field| Answered {
                label: field.label(p.lang),
                value: shown(p, field, typed.text(field)),
            })
            .collect(),
    };
    show(&CheckPage { p, typed, parts: SECTIONS.iter().map(part).collect() })
}

/// The page of the new record. Who it may be as well stands in the address as ids.
fn added(told: &RecordAddTold) -> String {
    let like: Vec<_> = told.duplicates.iter().map(|it| it.record.as_str()).collect();
    format!("/cases/{}?new=true&like={}", told.record, like.join(","))
}
