//! Taking back: one consent, all of them, or a whole record. First what it would do, then the act.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::local::Op;
use entente_node::local::doc::{
    ConsentListAsk, ConsentRow, ConsentWithdrawAsk, RecordWithdrawAsk, WithdrawTold,
};

use super::consent::Consents;
use super::{found, short};
use crate::gate::Visit;
use crate::page::{Answer, Page, show};

/// What is taken back.
#[derive(Clone, Copy)]
enum Meant<'a> {
    One(&'a str),
    All(&'a [ConsentRow]),
    Record,
}

#[derive(Template)]
#[template(path = "cases/withdraw.html")]
struct WithdrawPage<'a> {
    p: &'a Page,
    told: &'a WithdrawTold,
    meant: Meant<'a>,
}

impl Consents for WithdrawPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }
}

impl WithdrawPage<'_> {
    fn short(&self) -> &str {
        short(&self.told.record)
    }

    fn is_record(&self) -> bool {
        matches!(self.meant, Meant::Record)
    }

    /// The consents that end, where all of them do.
    fn all(&self) -> Option<&[ConsentRow]> {
        match self.meant {
            Meant::All(consents) => Some(consents),
            Meant::One(_) | Meant::Record => None,
        }
    }

    /// Whether there is anything to do.
    fn is_something(&self) -> bool {
        self.all().is_none_or(|consents| !consents.is_empty())
    }

    /// Whether a legal duty ends with the consents.
    fn ends_duty(&self) -> bool {
        self.all().is_some_and(|all| all.iter().any(|it| it.override_reason.is_some()))
    }

    fn question(&self) -> &'static str {
        let p = self.p;
        match self.meant {
            Meant::One(_) => p.t("Withdraw this consent?", "Retirer ce consentement?"),
            Meant::All(_) => p.t("Withdraw all consents?", "Retirer tous les consentements?"),
            Meant::Record => {
                p.t("Take this case out of sharing?", "Retirer ce dossier de la communication?")
            }
        }
    }

    fn act(&self) -> &'static str {
        let p = self.p;
        match self.meant {
            Meant::One(_) => p.t("Withdraw the consent", "Retirer le consentement"),
            Meant::All(_) => p.t("Withdraw all consents", "Retirer tous les consentements"),
            Meant::Record => p.t("Take it out of sharing", "Retirer de la communication"),
        }
    }

    /// Where the act is.
    fn to(&self) -> String {
        let of = match self.meant {
            Meant::One(consent) => format!("/consents/{consent}"),
            Meant::All(_) => "/consents".to_owned(),
            Meant::Record => String::new(),
        };
        self.p.to(&format!("/cases/{}{of}/withdraw", self.told.record))
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
    show(&WithdrawPage { p: &visit.page, told: &told, meant: Meant::One(&consent) })
}

/// `POST /cases/{case}/consents/{consent}/withdraw`.
pub(crate) async fn consent(visit: Visit, Path((case, consent)): Path<(String, String)>) -> Answer {
    let ask = ConsentWithdrawAsk { record: case, consent: Some(consent), dry_run: false };
    let told = found(visit.ask(&ask).await)?;
    done(&visit.page, &told, "taken")
}

/// `GET /cases/{case}/consents/withdraw`: for a person who says "stop everything".
pub(crate) async fn ask_all(visit: Visit, Path(case): Path<String>) -> Answer {
    let ask = ConsentWithdrawAsk { record: case.clone(), consent: None, dry_run: true };
    let told = found(visit.ask(&ask).await)?;
    let mut consents = found(visit.ask(&ConsentListAsk { record: case }).await)?.consents;
    consents.retain(|it| told.consents.contains(&it.id));
    show(&WithdrawPage { p: &visit.page, told: &told, meant: Meant::All(&consents) })
}

/// `POST /cases/{case}/consents/withdraw`.
pub(crate) async fn all(visit: Visit, Path(case): Path<String>) -> Answer {
    let ask = ConsentWithdrawAsk { record: case, consent: None, dry_run: false };
    let told = found(visit.ask(&ask).await)?;
    done(&visit.page, &told, "all")
}

/// `GET /cases/{case}/withdraw`.
pub(crate) async fn ask_record(visit: Visit, Path(case): Path<String>) -> Answer {
    let told = found(visit.ask(&RecordWithdrawAsk { record: case, dry_run: true }).await)?;
    show(&WithdrawPage { p: &visit.page, told: &told, meant: Meant::Record })
}

/// `POST /cases/{case}/withdraw`.
pub(crate) async fn record(visit: Visit, Path(case): Path<String>) -> Answer {
    let told = found(visit.ask(&RecordWithdrawAsk { record: case, dry_run: false }).await)?;
    done(&visit.page, &told, "out")
}
