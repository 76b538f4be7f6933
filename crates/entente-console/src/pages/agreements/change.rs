//! Signing, declining, suspending, resuming and ending. What it would mean is shown first.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use entente_node::fault::{Both, Fault};
use entente_node::local::doc::{
    AgreementDeclineAsk, AgreementDiffTold, AgreementEndAsk, AgreementResumeAsk, AgreementShowAsk,
    AgreementShowTold, AgreementSignAsk, AgreementSuspendAsk, Named,
};
use entente_node::node::Outcome;

use super::{Article, Part, View, articles, diff, named, parts};
use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::pages::partners::{ConfirmPage, Why, is_about_the_reason, reason};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "agreements/sign.html")]
struct SignPage<'a> {
    p: &'a Page,
    told: &'a AgreementShowTold,
    diff: &'a AgreementDiffTold,
    parts: Vec<Part<'a>>,
    articles: Vec<Article<'a>>,
    both: bool,
}

impl SignPage<'_> {
    /// The page itself.
    fn address(&self) -> String {
        let row = &self.told.agreement;
        self.p.to(&format!("/agreements/{}-{}/sign", row.id, row.version))
    }
}

/// `GET /agreements/{agreement}/sign`.
pub(super) async fn ask_sign(
    visit: Visit,
    Path(agreement): Path<String>,
    Query(view): Query<View>,
) -> Answer {
    let told = visit.ask(&AgreementShowAsk { agreement: named(&agreement) }).await?;
    let diff = diff(&visit, &told).await?;
    show(&SignPage {
        p: &visit.page,
        parts: parts(&diff, &visit.page),
        articles: articles(&told.clauses, &visit.page),
        diff: &diff,
        told: &told,
        both: view.both,
    })
}

/// `POST /agreements/{agreement}/sign`: exactly the version that was read.
pub(super) async fn sign(visit: Visit, Path(agreement): Path<String>) -> Answer {
    visit.ask(&AgreementSignAsk { agreement: named(&agreement) }).await?;
    Ok(to(&visit, &agreement))
}

/// What is asked about before it is done, and done with a reason.
#[derive(Clone, Copy)]
enum Change {
    Decline,
    Suspend,
    End,
}

impl Change {
    /// The end of its address.
    fn verb(self) -> &'static str {
        match self {
            Self::Decline => "decline",
            Self::Suspend => "suspend",
            Self::End => "end",
        }
    }

    /// What would be done, and what the button says.
    fn words(self, p: &Page) -> (&'static str, &'static str) {
        match self {
            Self::Decline => (
                p.t("Decline this version", "Refuser cette version"),
                p.t("Decline it", "La refuser"),
            ),
            Self::Suspend => (
                p.t("Suspend the agreement", "Suspendre l’entente"),
                p.t("Suspend now", "Suspendre maintenant"),
            ),
            Self::End => (
                p.t("End the agreement", "Mettre fin à l’entente"),
                p.t("End it for good", "Y mettre fin définitivement"),
            ),
        }
    }

    fn is_final(self) -> bool {
        !matches!(self, Self::Suspend)
    }

    /// With whom the agreement is, and what it would mean.
    async fn would(self, visit: &Visit, agreement: String) -> Outcome<(Named, Vec<Both>)> {
        let (dry_run, reason) = (true, None);
        match self {
            Self::Decline => {
                let told = visit.ask(&AgreementShowAsk { agreement }).await?;
                Ok((told.agreement.partner, declining()))
            }
            Self::Suspend => {
                let ask = AgreementSuspendAsk { agreement, reason, dry_run };
                let told = visit.ask(&ask).await?;
                Ok((told.agreement.partner, told.consequences))
            }
            Self::End => {
                let ask = AgreementEndAsk { agreement, reason, dry_run };
                let told = visit.ask(&ask).await?;
                Ok((told.agreement.partner, told.consequences))
            }
        }
    }

    async fn make(self, visit: &Visit, agreement: String, reason: Option<String>) -> Outcome<()> {
        let dry_run = false;
        match self {
            Self::Decline => {
                visit.ask(&AgreementDeclineAsk { agreement, reason }).await?;
            }
            Self::Suspend => {
                visit.ask(&AgreementSuspendAsk { agreement, reason, dry_run }).await?;
            }
            Self::End => {
                visit.ask(&AgreementEndAsk { agreement, reason, dry_run }).await?;
            }
        }
        Ok(())
    }

    /// The page that asks, again if something was wrong with what was typed.
    async fn ask(self, visit: &Visit, agreement: &str, wrong: Option<(&str, &Fault)>) -> Answer {
        let p = &visit.page;
        let (partner, consequences) = self.would(visit, named(agreement)).await?;
        let (title, button) = self.words(p);
        let back = format!("/agreements/{agreement}");
        let action = format!("{back}/{}", self.verb());
        let status = wrong.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
        let page = ConfirmPage {
            p,
            fault: wrong.map(|(_, fault)| fault),
            title,
            name: partner.name(p.lang),
            consequences: &consequences,
            action: &action,
            button,
            is_final: self.is_final(),
            back: &back,
            reason: wrong.map_or("", |(typed, _)| typed),
        };
        show_as(status, &page)
    }

    /// Does it, and leads back to the agreement.
    async fn answer(self, visit: &Visit, agreement: &str, why: &Why) -> Answer {
        match self.make(visit, named(agreement), reason(&why.reason)).await {
            Ok(()) => Ok(to(visit, agreement)),
            Err(fault) if is_about_the_reason(&fault) => {
                self.ask(visit, agreement, Some((&why.reason, &fault))).await
            }
            Err(fault) => Err(Problem::new(fault)),
        }
    }
}

/// What declining means: nothing was shared under a version that was never in force.
fn declining() -> Vec<Both> {
    vec![
        Both::new(
            "Nothing was shared under it, and nothing will be.",
            "Rien n’a été communiqué en vertu de cette version, et rien ne le sera.",
        ),
        Both::new(
            "What is in force between you stays in force. Either of you can propose another version.",
            "Ce qui est en vigueur entre vous le reste. L’un ou l’autre peut proposer une autre version.",
        ),
    ]
}

/// `GET /agreements/{agreement}/decline`.
pub(super) async fn ask_decline(visit: Visit, Path(agreement): Path<String>) -> Answer {
    Change::Decline.ask(&visit, &agreement, None).await
}

/// `POST /agreements/{agreement}/decline`.
pub(super) async fn decline(
    visit: Visit,
    Path(agreement): Path<String>,
    Form(why): Form<Why>,
) -> Answer {
    Change::Decline.answer(&visit, &agreement, &why).await
}

/// `GET /agreements/{agreement}/suspend`.
pub(super) async fn ask_suspend(visit: Visit, Path(agreement): Path<String>) -> Answer {
    Change::Suspend.ask(&visit, &agreement, None).await
}

/// `POST /agreements/{agreement}/suspend`.
pub(super) async fn suspend(
    visit: Visit,
    Path(agreement): Path<String>,
    Form(why): Form<Why>,
) -> Answer {
    Change::Suspend.answer(&visit, &agreement, &why).await
}

/// `POST /agreements/{agreement}/resume`.
pub(super) async fn resume(visit: Visit, Path(agreement): Path<String>) -> Answer {
    visit.ask(&AgreementResumeAsk { agreement: named(&agreement) }).await?;
    Ok(to(&visit, &agreement))
}

/// `GET /agreements/{agreement}/end`.
pub(super) async fn ask_end(visit: Visit, Path(agreement): Path<String>) -> Answer {
    Change::End.ask(&visit, &agreement, None).await
}

/// `POST /agreements/{agreement}/end`.
pub(super) async fn end(
    visit: Visit,
    Path(agreement): Path<String>,
    Form(why): Form<Why>,
) -> Answer {
    Change::End.answer(&visit, &agreement, &why).await
}

fn to(visit: &Visit, agreement: &str) -> Response {
    Redirect::to(&visit.page.to(&format!("/agreements/{agreement}"))).into_response()
}
