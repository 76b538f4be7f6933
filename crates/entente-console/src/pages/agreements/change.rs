//! Signing, declining, suspending, resuming and ending. What it would mean is shown first.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use entente_node::fault::{Both, Fault};
use entente_node::local::doc::{
    AgreementDeclineAsk, AgreementDiffTold, AgreementEndAsk, AgreementResumeAsk, AgreementShowAsk,
    AgreementShowTold, AgreementSignAsk, AgreementSuspendAsk,
};

use super::{Article, Part, articles, diff, named, parts};
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
}

/// `GET /agreements/{agreement}/sign`.
pub(super) async fn ask_sign(visit: Visit, Path(agreement): Path<String>) -> Answer {
    let told = visit.ask(&AgreementShowAsk { agreement: named(&agreement) }).await?;
    let diff = diff(&visit, &told).await?;
    show(&SignPage {
        p: &visit.page,
        parts: parts(&diff, &visit.page),
        articles: articles(&told.clauses, &visit.page),
        diff: &diff,
        told: &told,
    })
}

/// `POST /agreements/{agreement}/sign`: exactly the version that was read.
pub(super) async fn sign(visit: Visit, Path(agreement): Path<String>) -> Answer {
    visit.ask(&AgreementSignAsk { agreement: named(&agreement) }).await?;
    Ok(to(&visit, &agreement))
}

/// What is asked before one of the changes.
struct Question<'a> {
    verb: &'static str,
    title: &'a str,
    button: &'a str,
    is_final: bool,
}

fn confirm(
    visit: &Visit,
    agreement: &str,
    question: &Question<'_>,
    (name, consequences): (&str, &[Both]),
    wrong: Option<(&str, &Fault)>,
) -> Answer {
    let back = format!("/agreements/{agreement}");
    let action = format!("{back}/{}", question.verb);
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ConfirmPage {
        p: &visit.page,
        fault: wrong.map(|(_, fault)| fault),
        title: question.title,
        name,
        consequences,
        action: &action,
        button: question.button,
        is_final: question.is_final,
        back: &back,
        reason: wrong.map_or("", |(typed, _)| typed),
    };
    show_as(status, &page)
}

/// `GET /agreements/{agreement}/decline`.
pub(super) async fn ask_decline(visit: Visit, Path(agreement): Path<String>) -> Answer {
    decline_page(&visit, &agreement, None).await
}

async fn decline_page(visit: &Visit, agreement: &str, wrong: Option<(&str, &Fault)>) -> Answer {
    let p = &visit.page;
    let told = visit.ask(&AgreementShowAsk { agreement: named(agreement) }).await?;
    let question = Question {
        verb: "decline",
        title: p.t("Decline this version", "Refuser cette version"),
        button: p.t("Decline it", "La refuser"),
        is_final: true,
    };
    let means = [
        Both::new(
            "Nothing was shared under it, and nothing will be.",
            "Rien n’a été communiqué en vertu de cette version, et rien ne le sera.",
        ),
        Both::new(
            "What is in force between you stays in force. Either of you can propose another version.",
            "Ce qui est en vigueur entre vous le reste. L’un ou l’autre peut proposer une autre version.",
        ),
    ];
    confirm(visit, agreement, &question, (told.agreement.partner.name(p.lang), &means), wrong)
}

/// `POST /agreements/{agreement}/decline`.
pub(super) async fn decline(
    visit: Visit,
    Path(agreement): Path<String>,
    Form(why): Form<Why>,
) -> Answer {
    let ask = AgreementDeclineAsk { agreement: named(&agreement), reason: reason(&why.reason) };
    match visit.ask(&ask).await {
        Ok(_) => Ok(to(&visit, &agreement)),
        Err(fault) if is_about_the_reason(&fault) => {
            decline_page(&visit, &agreement, Some((&why.reason, &fault))).await
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

/// `GET /agreements/{agreement}/suspend`.
pub(super) async fn ask_suspend(visit: Visit, Path(agreement): Path<String>) -> Answer {
    suspend_page(&visit, &agreement, None).await
}

async fn suspend_page(visit: &Visit, agreement: &str, wrong: Option<(&str, &Fault)>) -> Answer {
    let p = &visit.page;
    let ask = AgreementSuspendAsk { agreement: named(agreement), reason: None, dry_run: true };
    let told = visit.ask(&ask).await?;
    let question = Question {
        verb: "suspend",
        title: p.t("Suspend the agreement", "Suspendre l’entente"),
        button: p.t("Suspend now", "Suspendre maintenant"),
        is_final: false,
    };
    let name = told.agreement.partner.name(p.lang);
    confirm(visit, agreement, &question, (name, &told.consequences), wrong)
}

/// `POST /agreements/{agreement}/suspend`.
pub(super) async fn suspend(
    visit: Visit,
    Path(agreement): Path<String>,
    Form(why): Form<Why>,
) -> Answer {
    let ask = AgreementSuspendAsk {
        agreement: named(&agreement),
        reason: reason(&why.reason),
        dry_run: false,
    };
    match visit.ask(&ask).await {
        Ok(_) => Ok(to(&visit, &agreement)),
        Err(fault) if is_about_the_reason(&fault) => {
            suspend_page(&visit, &agreement, Some((&why.reason, &fault))).await
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

/// `POST /agreements/{agreement}/resume`.
pub(super) async fn resume(visit: Visit, Path(agreement): Path<String>) -> Answer {
    visit.ask(&AgreementResumeAsk { agreement: named(&agreement) }).await?;
    Ok(to(&visit, &agreement))
}

/// `GET /agreements/{agreement}/end`.
pub(super) async fn ask_end(visit: Visit, Path(agreement): Path<String>) -> Answer {
    end_page(&visit, &agreement, None).await
}

async fn end_page(visit: &Visit, agreement: &str, wrong: Option<(&str, &Fault)>) -> Answer {
    let p = &visit.page;
    let ask = AgreementEndAsk { agreement: named(agreement), reason: None, dry_run: true };
    let told = visit.ask(&ask).await?;
    let question = Question {
        verb: "end",
        title: p.t("End the agreement", "Mettre fin à l’entente"),
        button: p.t("End it for good", "Y mettre fin définitivement"),
        is_final: true,
    };
    let name = told.agreement.partner.name(p.lang);
    confirm(visit, agreement, &question, (name, &told.consequences), wrong)
}

/// `POST /agreements/{agreement}/end`.
pub(super) async fn end(
    visit: Visit,
    Path(agreement): Path<String>,
    Form(why): Form<Why>,
) -> Answer {
    let ask = AgreementEndAsk {
        agreement: named(&agreement),
        reason: reason(&why.reason),
        dry_run: false,
    };
    match visit.ask(&ask).await {
        Ok(_) => Ok(to(&visit, &agreement)),
        Err(fault) if is_about_the_reason(&fault) => {
            end_page(&visit, &agreement, Some((&why.reason, &fault))).await
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

fn to(visit: &Visit, agreement: &str) -> Response {
    Redirect::to(&visit.page.to(&format!("/agreements/{agreement}"))).into_response()
}
