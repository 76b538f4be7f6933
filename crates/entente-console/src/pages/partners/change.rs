//! Suspending, resuming, ending and releasing from quarantine. What it would mean is shown first.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::{Both, Fault};
use entente_node::local::doc::{
    PartnerEndAsk, PartnerResumeAsk, PartnerSuspendAsk, QuarantineListAsk, QuarantineListTold,
    QuarantineReleaseAsk, QuarantineRow,
};
use entente_node::node::Outcome;
use serde::Deserialize;

use crate::gate::{Visit, nothing_there};
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;

/// A question before something that has consequences.
#[derive(Template)]
#[template(path = "partners/confirm.html")]
pub(crate) struct ConfirmPage<'a> {
    pub(crate) p: &'a Page,
    pub(crate) fault: Option<&'a Fault>,
    /// What would be done, as a title.
    pub(crate) title: &'a str,
    /// With whom.
    pub(crate) name: &'a str,
    /// What it means for what was shared.
    pub(crate) consequences: &'a [Both],
    /// Where the form goes, without the language.
    pub(crate) action: &'a str,
    /// What the button says.
    pub(crate) button: &'a str,
    /// Whether it cannot be undone.
    pub(crate) is_final: bool,
    /// Where *No* leads, without the language.
    pub(crate) back: &'a str,
    /// What was typed as a reason.
    pub(crate) reason: &'a str,
}

/// Why something is done.
#[derive(Default, Deserialize)]
pub(crate) struct Why {
    #[serde(default)]
    pub(crate) reason: String,
}

/// A reason, if one was typed.
pub(crate) fn reason(typed: &str) -> Option<String> {
    let typed = typed.trim();
    (!typed.is_empty()).then(|| typed.to_owned())
}

/// Whether a fault is about the reason that was typed.
pub(crate) fn is_about_the_reason(fault: &Fault) -> bool {
    fault.code == "ENT-1217"
}

/// `GET /partners/{partner}/suspend`.
pub(super) async fn ask_suspend(visit: Visit, Path(partner): Path<String>) -> Answer {
    suspend_page(&visit, &partner, "", None).await
}

async fn suspend_page(visit: &Visit, partner: &str, typed: &str, fault: Option<&Fault>) -> Answer {
    let p = &visit.page;
    let ask = PartnerSuspendAsk { partner: partner.to_owned(), reason: None, dry_run: true };
    let told = visit.ask(&ask).await?;
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (action, back) = (format!("/partners/{partner}/suspend"), format!("/partners/{partner}"));
    let page = ConfirmPage {
        p,
        fault,
        title: p.t("Suspend the exchange", "Suspendre l’échange"),
        name: told.partner.partner.name(p.lang),
        consequences: &told.consequences,
        action: &action,
        button: p.t("Suspend now", "Suspendre maintenant"),
        is_final: false,
        back: &back,
        reason: typed,
    };
    show_as(status, &page)
}

/// `POST /partners/{partner}/suspend`.
pub(super) async fn suspend(
    visit: Visit,
    Path(partner): Path<String>,
    Form(why): Form<Why>,
) -> Answer {
    let ask =
        PartnerSuspendAsk { partner: partner.clone(), reason: reason(&why.reason), dry_run: false };
    match visit.ask(&ask).await {
        Ok(_) => Ok(to(&visit, &partner)),
        Err(fault) if is_about_the_reason(&fault) => {
            suspend_page(&visit, &partner, &why.reason, Some(&fault)).await
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

/// `POST /partners/{partner}/resume`.
pub(super) async fn resume(visit: Visit, Path(partner): Path<String>) -> Answer {
    visit.ask(&PartnerResumeAsk { partner: partner.clone() }).await?;
    Ok(to(&visit, &partner))
}

/// `GET /partners/{partner}/end`.
pub(super) async fn ask_end(visit: Visit, Path(partner): Path<String>) -> Answer {
    end_page(&visit, &partner, "", None).await
}

async fn end_page(visit: &Visit, partner: &str, typed: &str, fault: Option<&Fault>) -> Answer {
    let p = &visit.page;
    let ask = PartnerEndAsk { partner: partner.to_owned(), reason: None, dry_run: true };
    let told = visit.ask(&ask).await?;
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (action, back) = (format!("/partners/{partner}/end"), format!("/partners/{partner}"));
    let page = ConfirmPage {
        p,
        fault,
        title: p.t("End the partnership", "Mettre fin au partenariat"),
        name: told.partner.partner.name(p.lang),
        consequences: &told.consequences,
        action: &action,
        button: p.t("End it for good", "Y mettre fin définitivement"),
        is_final: true,
        back: &back,
        reason: typed,
    };
    show_as(status, &page)
}

/// `POST /partners/{partner}/end`.
pub(super) async fn end(visit: Visit, Path(partner): Path<String>, Form(why): Form<Why>) -> Answer {
    let ask =
        PartnerEndAsk { partner: partner.clone(), reason: reason(&why.reason), dry_run: false };
    match visit.ask(&ask).await {
        Ok(_) => Ok(to(&visit, &partner)),
        Err(fault) if is_about_the_reason(&fault) => {
            end_page(&visit, &partner, &why.reason, Some(&fault)).await
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

#[derive(Template)]
#[template(path = "partners/release.html")]
struct ReleasePage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    case: &'a QuarantineRow,
    reason: &'a str,
}

/// What a partner is in quarantine for; nothing if it is not. Without a name the node lists all that are, however
/// many; with one it tells of everything that was ever kept.
pub(super) async fn quarantine(
    visit: &Visit,
    partner: &str,
) -> Result<Option<QuarantineRow>, Box<Fault>> {
    let cases = visit.ask(&QuarantineListAsk::default()).await?.cases;
    Ok(cases.into_iter().find(|case| case.partner.id == partner))
}

/// How many things are kept against a partner are shown at once.
const WRONGS: u32 = 20;

/// What was ever wrong with what a partner sent: the newest, and how much there is in all.
pub(super) async fn wrongs(visit: &Visit, partner: &str) -> Outcome<QuarantineListTold> {
    let partner = Some(partner.to_owned());
    visit.ask(&QuarantineListAsk { partner, limit: WRONGS, before: None }).await
}

/// `GET /partners/{partner}/release`.
pub(super) async fn ask_release(visit: Visit, Path(partner): Path<String>) -> Answer {
    let case = quarantine(&visit, &partner).await?.ok_or_else(nothing_there)?;
    show(&ReleasePage { p: &visit.page, fault: None, case: &case, reason: "" })
}

/// `POST /partners/{partner}/release`. A reason has to be given.
pub(super) async fn release(
    visit: Visit,
    Path(partner): Path<String>,
    Form(why): Form<Why>,
) -> Answer {
    let case = quarantine(&visit, &partner).await?.ok_or_else(nothing_there)?;
    let fault = match reason(&why.reason) {
        None => reason_needed(),
        Some(reason) => {
            match visit.ask(&QuarantineReleaseAsk { partner: partner.clone(), reason }).await {
                Ok(_) => return Ok(to(&visit, &partner)),
                Err(fault) if is_about_the_reason(&fault) => fault,
                Err(fault) => return Err(Problem::new(fault)),
            }
        }
    };
    let page =
        ReleasePage { p: &visit.page, fault: Some(&fault), case: &case, reason: &why.reason };
    show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn reason_needed() -> Box<Fault> {
    Fault::new(
        2742,
        ("A reason is missing.", "Il manque un motif."),
        (
            "Say in one line why the partner is accepted again.",
            "Dites en une ligne pourquoi le partenaire est de nouveau accepté.",
        ),
    )
}

fn to(visit: &Visit, partner: &str) -> axum::response::Response {
    Redirect::to(&visit.page.to(&format!("/partners/{partner}"))).into_response()
}
