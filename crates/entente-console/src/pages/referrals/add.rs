//! Making a referral: codes, a consent or a legal duty, check your answers.
//!
//! The form travels through three requests and is kept nowhere: the second page carries the answers in
//! hidden fields. All of them are codes.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, RawForm};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::{Both, Fault};
use entente_node::local::doc::{
    ConsentListAsk, ConsentRow, Named, NeedCardRow, PartnerListAsk, PartnerState, RecordListAsk,
    RecordRow, RecordShowAsk, ServiceRow, ServiceShowAsk,
};
use entente_node::local::words as lists;
use serde::Deserialize;

use super::one::card_rows;
use super::typed::{NEEDS, Typed};
use super::words::{self, said};
use crate::gate::{Visit, encoded};
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;

/// How many cases are offered to choose from.
const CASES: u32 = 20;

#[derive(Template)]
#[template(path = "referrals/add.html")]
struct AddPage<'a> {
    p: &'a Page,
    typed: &'a Typed,
    // The service that was found before.
    found: Option<&'a ServiceRow>,
    consents: &'a [ConsentRow],
    has_basis: bool,
    partners: &'a [Named],
    fault: Option<&'a Fault>,
    missing: Option<(&'static str, &'static str)>,
}

impl AddPage<'_> {
    fn choices(&self, list: &str) -> Vec<(&'static str, &'static str)> {
        lists::list(list, self.p.lang).unwrap_or_default()
    }

    /// One row of choices for each need that may be named: its number, and what is chosen.
    fn needs(&self, of: std::ops::Range<usize>) -> Vec<(usize, &str)> {
        let chosen = |n: usize| self.typed.needs.get(n).map_or("", String::as_str);
        of.map(|n| (n + 1, chosen(n))).collect()
    }

    /// Most people need one thing, or two.
    fn first_needs(&self) -> Vec<(usize, &str)> {
        self.needs(0..2)
    }

    fn more_needs(&self) -> Vec<(usize, &str)> {
        self.needs(2..NEEDS)
    }

    /// Whether something is chosen of what matters to few.
    fn has_more(&self) -> bool {
        let Typed { access, gender, tell_status, indigenous, .. } = self.typed;
        *tell_status
            || *indigenous
            || !access.is_empty()
            || !gender.is_empty()
            || !matches!(self.typed.dependants.as_str(), "" | "none")
    }

    fn languages(&self) -> Vec<(String, String)> {
        words::languages(self.p, std::slice::from_ref(&self.typed.language))
    }

    fn has(&self, values: &[String], code: &str) -> bool {
        values.iter().any(|it| it == code)
    }

    fn named<'r>(&self, partner: &'r Named) -> &'r str {
        said(self.p, &partner.name)
    }

    fn said<'r>(&self, both: &'r Both) -> &'r str {
        said(self.p, both)
    }

    /// The consents that hold, each in one line.
    fn basis(&self) -> Vec<String> {
        let holds = self.consents.iter().filter(|it| is_basis(it));
        holds.map(|it| basis_line(self.p, it)).collect()
    }

    fn short(&self) -> &str {
        short(&self.typed.case)
    }
}

/// The end of an id: the beginning is the time, which many share.
fn short(id: &str) -> &str {
    id.get(id.len().saturating_sub(8)..).unwrap_or(id)
}

/// Whether a referral may rest on this. For which needs and towards whom the node decides.
fn is_basis(consent: &ConsentRow) -> bool {
    let is_for_referrals = consent.scopes.iter().any(|scope| scope == "referral_need");
    consent.valid && (consent.override_reason.is_some() || (is_for_referrals && consent.informed))
}

fn basis_line(p: &Page, consent: &ConsentRow) -> String {
    let on = p.day(&consent.given_on);
    if let Some(reason) = &consent.override_reason {
        return format!("{} · {on}", p.label("override_reason", reason));
    }
    let needs = if consent.needs.is_empty() {
        p.t("any need", "tout besoin").to_owned()
    } else {
        p.labels("need", &consent.needs)
    };
    format!("{} · {on} · {needs}", p.label("given_by", &consent.given_by))
}

#[derive(Template)]
#[template(path = "referrals/case.html")]
struct CasePage<'a> {
    p: &'a Page,
    cases: &'a [RecordRow],
    found: Option<&'a ServiceRow>,
}

impl CasePage<'_> {
    fn said<'r>(&self, both: &'r Both) -> &'r str {
        said(self.p, both)
    }

    fn short<'r>(&self, id: &'r str) -> &'r str {
        short(id)
    }
}

/// For which case and which service, as the address says it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    case: String,
    #[serde(default)]
    service: String,
}

/// The service that somebody found and wants a referral to, if there is one.
async fn found(visit: &Visit, service: &str) -> Result<Option<ServiceRow>, Problem> {
    if service.is_empty() {
        return Ok(None);
    }
    let told = visit.ask(&ServiceShowAsk { service: service.to_owned() }).await?;
    Ok(Some(told.service))
}

/// `GET /referrals/add`.
pub(super) async fn ask(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    if wanted.case.trim().is_empty() {
        let newest = RecordListAsk {
            filter: BTreeMap::new(),
            withdrawn: false,
            consent_ending: false,
            no_consent: false,
            limit: CASES,
            after: None,
        };
        let found = found(&visit, &wanted.service).await?;
        let told = visit.ask(&newest).await?;
        let page = CasePage { p: &visit.page, cases: &told.records, found: found.as_ref() };
        return show(&page);
    }
    let record = wanted.case.trim().to_owned();
    let told = visit.ask(&RecordShowAsk { record, reveal: false, version: None }).await?;
    let typed = Typed { service: wanted.service, ..Typed::suggested(&told) };
    form(&visit, &typed, &told.consents, None, None).await
}

/// The form. Whoever already has an answer of the node about a consent that does not suffice is asked for
/// one that does.
async fn form(
    visit: &Visit,
    typed: &Typed,
    consents: &[ConsentRow],
    fault: Option<&Fault>,
    missing: Option<(&'static str, &'static str)>,
) -> Answer {
    // What was typed is not lost to a service that is gone meanwhile.
    let found = match found(visit, &typed.service).await.map_err(Problem::into_fault) {
        Err(fault) if fault.code == "ENT-2202" => None,
        found => found?,
    };
    let told = visit.ask(&PartnerListAsk { state: Some(PartnerState::Active) }).await?;
    let partners: Vec<_> = told.partners.into_iter().map(|row| row.partner).collect();
    let is_refused = fault.is_some_and(|fault| fault.code == "ENT-2304");
    let page = AddPage {
        p: &visit.page,
        typed,
        found: found.as_ref(),
        consents,
        has_basis: consents.iter().any(is_basis) && !is_refused && typed.basis.is_empty(),
        partners: &partners,
        fault,
        missing,
    };
    let is_good = fault.is_none() && missing.is_none();
    show_as(if is_good { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &page)
}

#[derive(Template)]
#[template(path = "referrals/check.html")]
struct CheckPage<'a> {
    p: &'a Page,
    typed: &'a Typed,
    rows: Vec<(&'static str, String)>,
    basis: Vec<String>,
}

/// The answers in words.
fn rows(p: &Page, typed: &Typed) -> Vec<(&'static str, String)> {
    let some = |text: &String| Some(text.clone()).filter(|it| !it.is_empty());
    let or = |text: &String, other: &str| some(text).unwrap_or_else(|| other.to_owned());
    // The age group is the record's; it is on the page of the referral.
    let card = NeedCardRow {
        needs: typed.needs.clone(),
        urgency: typed.urgency.clone(),
        risk: or(&typed.risk, "unknown"),
        age: String::new(),
        gender: some(&typed.gender),
        language: some(&typed.language),
        interpreter: typed.interpreter,
        area: some(&typed.area),
        access: typed.access.clone(),
        dependants: or(&typed.dependants, "none"),
        safety: typed.safety.clone(),
        status: None,
        indigenous_service: typed.indigenous,
    };
    let mut rows = card_rows(p, &card);
    if typed.tell_status {
        let status = p.t("Immigration status", "Statut d’immigration");
        rows.push((status, p.t("told, as a group", "indiqué, par groupe").to_owned()));
    }
    rows
}

/// On what the referral rests, in words.
fn basis(p: &Page, typed: &Typed, consents: &[ConsentRow]) -> Vec<String> {
    match typed.basis.as_str() {
        "consent" => {
            let by = p.label("given_by", &typed.given_by);
            vec![format!(
                "{} · {by}",
                p.t("Consent, entered now", "Consentement, consigné maintenant")
            )]
        }
        "duty" => vec![p.label("override_reason", &typed.duty)],
        _ => consents.iter().filter(|it| is_basis(it)).map(|it| basis_line(p, it)).collect(),
    }
}

/// `POST /referrals/add`: check, change, or make it.
pub(super) async fn add(visit: Visit, RawForm(form_bytes): RawForm) -> Answer {
    let typed = Typed::read(&form_bytes)?;
    let told = visit.ask(&ConsentListAsk { record: typed.case.clone() }).await?;
    let consents = told.consents;
    if typed.then == "change" {
        return form(&visit, &typed, &consents, None, None).await;
    }
    let has_basis = consents.iter().any(is_basis) && typed.basis.is_empty();
    if let Some(missing) = typed.missing(&visit.page, has_basis) {
        return form(&visit, &typed, &consents, None, Some(missing)).await;
    }
    if typed.then != "create" {
        let (rows, basis) = (rows(&visit.page, &typed), basis(&visit.page, &typed, &consents));
        return show(&CheckPage { p: &visit.page, typed: &typed, rows, basis });
    }
    let made = async {
        if let Some(consent) = typed.consent() {
            visit.ask(&consent).await?;
        }
        visit.ask(&typed.ask()).await
    };
    match made.await {
        Ok(told) => {
            let mut to = format!("/referrals/{}", encoded(&told.referral.id));
            if !typed.service.is_empty() {
                to.push_str(&format!("?service={}", encoded(&typed.service)));
            }
            Ok(Redirect::to(&visit.page.to(&to)).into_response())
        }
        Err(fault) if fault.code == "ENT-1401" => Err(Problem::new(fault)),
        Err(fault) => form(&visit, &typed, &consents, Some(&fault), None).await,
    }
}
