//! The accounting of disclosures: a page that is handed to the person it is about.
//!
//! The id of the record travels in a form and never in an address.

use askama::Template;
use axum::Form;
use entente_node::fault::Fault;
use entente_node::local::doc::{AuditDisclosuresAsk, AuditDisclosuresTold, FieldValue, Named};
use entente_node::local::{Op, words};
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::problem::{Problem, show_wrong};

/// About whom.
#[derive(Debug, Default, Deserialize)]
pub(super) struct About {
    #[serde(default)]
    record: String,
}

#[derive(Template)]
#[template(path = "audit/disclosures_ask.html")]
struct AskPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    record: &'a str,
}

/// `GET /audit/disclosures`.
pub(super) async fn ask(visit: Visit) -> Answer {
    show(&AskPage { p: &visit.page, fault: None, record: "" })
}

#[derive(Template)]
#[template(path = "audit/disclosures.html")]
struct AccountPage<'a> {
    p: &'a Page,
    told: &'a AuditDisclosuresTold,
}

impl AccountPage<'_> {
    fn name<'r>(&self, named: &'r Named) -> &'r str {
        named.name(self.p.lang)
    }

    fn field(&self, value: &FieldValue) -> String {
        words::field_label(&value.field, self.p.lang)
    }

    fn values(&self, value: &FieldValue) -> String {
        words::values(value, self.p.lang)
    }

    /// The beginning of an agreement's id, enough to find it by.
    fn start<'r>(&self, id: &'r str) -> &'r str {
        id.get(..12).unwrap_or(id)
    }

    /// The day of an instant.
    fn day(&self, instant: &str) -> String {
        self.p.day(instant.get(..10).unwrap_or(instant))
    }

    fn times(&self, n: &u64) -> String {
        self.p.count(n, &("time", "times"), &("fois", "fois"))
    }
}

/// `POST /audit/disclosures`.
pub(super) async fn account(visit: Visit, Form(about): Form<About>) -> Answer {
    let record = about.record.trim();
    match visit.ask(&AuditDisclosuresAsk { record: record.to_owned() }).await {
        Ok(told) => show(&AccountPage { p: &visit.page, told: &told }),
        Err(fault) if fault.code == "ENT-1401" => {
            let page = AskPage { p: &visit.page, fault: Some(&fault), record };
            show_wrong(&fault, &page)
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}
