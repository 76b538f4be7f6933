//! Taking back: one consent, or a whole record. First what it would do, then the act.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::local::Op;
use entente_node::local::doc::{ConsentWithdrawAsk, RecordWithdrawAsk, WithdrawTold};

use super::{found, short};
use crate::gate::Visit;
use crate::page::{Answer, Page, show};

#[derive(Template)]
#[template(path = "cases/withdraw.html")]
struct WithdrawPage<'a> {
    p: &'a Page,
    told: &'a WithdrawTold,
    /// The consent that is meant; the whole record if absent.
    consent: Option<&'a str>,
}

impl WithdrawPage<'_> {
    fn short(&self) -> &str {
        short(&self.told.record)
    }

    /// How many partners still have something.
    fn n_standing(&self) -> u64 {
        self.told.partners.iter().filter(|it| it.withdrawn_at.is_none()).count() as u64
    }
}

/// Back to where the person came from: the page of the case, or of its consents for whoever may not see it.
fn done(p: &Page, told: &WithdrawTold, what: &str) -> Answer {
    let page = if p.may(Op::RecordShow) { "" } else { "/consents" };
    let to = format!("/cases/{}{page}?{what}=true&awaited={}", told.record, told.receipts_expected);
    Ok(Redirect::to(&p.to(&to)).into_response())
}

/// `GET /cases/{case}/consents/{consent}/withdraw`.
pub(crate) async fn ask_consent(
    visit: Visit,
    Path((case, consent)): Path<(String, String)>,
) -> Answer {
    let ask = ConsentWithdrawAsk { record: case, consent: Some(consent.clone()), dry_run: true };
    let told = found(visit.ask(&ask).await)?;
    show(&WithdrawPage { p: &visit.page, told: &told, consent: Some(&consent) })
}

/// `POST /cases/{case}/consents/{consent}/withdraw`.
pub(crate) async fn consent(visit: Visit, Path((case, consent)): Path<(String, String)>) -> Answer {
    let ask = ConsentWithdrawAsk { record: case, consent: Some(consent), dry_run: false };
    let told = found(visit.ask(&ask).await)?;
    done(&visit.page, &told, "taken")
}

/// `GET /cases/{case}/withdraw`.
pub(crate) async fn ask_record(visit: Visit, Path(case): Path<String>) -> Answer {
    let told = found(visit.ask(&RecordWithdrawAsk { record: case, dry_run: true }).await)?;
    show(&WithdrawPage { p: &visit.page, told: &told, consent: None })
}

/// `POST /cases/{case}/withdraw`.
pub(crate) async fn record(visit: Visit, Path(case): Path<String>) -> Answer {
    let told = found(visit.ask(&RecordWithdrawAsk { record: case, dry_run: false }).await)?;
    done(&visit.page, &told, "out")
}
