//! Opening an invitation: reading what it says, then connecting or declining.

use askama::Template;
use axum::Form;
use axum::extract::Multipart;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::Fault;
use entente_node::local::Op;
use entente_node::local::doc::{Invitation, PartnerDeclineAsk, PartnerOpenAsk};
use serde::Deserialize;

use super::words;
use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "partners/open.html")]
struct OpenPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    link: &'a str,
}

/// `GET /partners/open`.
pub(super) async fn ask(visit: Visit) -> Answer {
    show(&OpenPage { p: &visit.page, fault: None, link: "" })
}

#[derive(Template)]
#[template(path = "partners/offered.html")]
struct OfferedPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    invitation: &'a Invitation,
    ticket: &'a str,
    reason: &'a str,
}

impl OfferedPage<'_> {
    fn fingerprint(&self) -> String {
        words::grouped(&self.invitation.from.id)
    }

    fn template(&self) -> &str {
        let name = self.invitation.template.as_deref().unwrap_or_default();
        words::template(name, self.p.lang)
    }
}

/// `POST /partners/open`: a file, or a link. Shows what it says; connects to nobody.
pub(super) async fn read(visit: Visit, mut form: Multipart) -> Answer {
    let (mut file, mut link) = (String::new(), String::new());
    while let Ok(Some(field)) = form.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        // What is too large to be an invitation is none.
        let Ok(bytes) = field.bytes().await else { break };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match name.as_str() {
            "file" => file = text,
            "link" => link = text,
            _ => {}
        }
    }
    let ticket = if file.trim().is_empty() { &link } else { &file };
    match peek(&visit, ticket).await {
        Ok(invitation) => show(&OfferedPage {
            p: &visit.page,
            fault: None,
            invitation: &invitation,
            ticket,
            reason: "",
        }),
        Err(fault) if is_about_the_ticket(&fault) => {
            let page = OpenPage { p: &visit.page, fault: Some(&fault), link: &link };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

async fn peek(visit: &Visit, ticket: &str) -> Result<Invitation, Box<Fault>> {
    let ask = PartnerOpenAsk { ticket: ticket.to_owned(), peek: true };
    Ok(visit.ask(&ask).await?.invitation)
}

fn is_about_the_ticket(fault: &Fault) -> bool {
    matches!(fault.code.as_str(), "ENT-1203" | "ENT-1204" | "ENT-1208" | "ENT-1209")
}

/// An invitation that was read, and what is done with it.
#[derive(Deserialize)]
pub(super) struct Answered {
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    reason: String,
}

/// `POST /partners/open/connect`: calls the other side, and goes on with the check by phone.
pub(super) async fn connect(visit: Visit, Form(form): Form<Answered>) -> Answer {
    let ask = PartnerOpenAsk { ticket: form.ticket.clone(), peek: false };
    match visit.ask(&ask).await {
        Ok(told) => {
            let id = told.partner.map(|row| row.partner.id).unwrap_or_default();
            // Whoever may connect may not always make the call.
            let may = visit.page.may(Op::PartnerVerify);
            let to = if may { format!("/partners/{id}/check") } else { format!("/partners/{id}") };
            Ok(Redirect::to(&visit.page.to(&to)).into_response())
        }
        Err(fault) => again(&visit, &form, fault).await,
    }
}

/// The invitation once more, with what went wrong.
async fn again(visit: &Visit, form: &Answered, fault: Box<Fault>) -> Answer {
    let Ok(invitation) = peek(visit, &form.ticket).await else { return Err(Problem::new(fault)) };
    let page = OfferedPage {
        p: &visit.page,
        fault: Some(&fault),
        invitation: &invitation,
        ticket: &form.ticket,
        reason: &form.reason,
    };
    show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// `POST /partners/open/decline`.
pub(super) async fn decline(visit: Visit, Form(form): Form<Answered>) -> Answer {
    let reason = super::reason(&form.reason);
    match visit.ask(&PartnerDeclineAsk { ticket: form.ticket.clone(), reason }).await {
        Ok(_) => Ok(Redirect::to(&visit.page.to("/partners")).into_response()),
        Err(fault) if visit.page.may(Op::PartnerOpen) => again(&visit, &form, fault).await,
        Err(fault) => Err(Problem::new(fault)),
    }
}
