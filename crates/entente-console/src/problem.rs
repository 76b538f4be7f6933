//! The page of a fault: what happened, why, and what to do next, with a link where there is a page.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use entente_node::fault::Fault;

use crate::gate::encoded;
use crate::page::{Answer, Page, show_as};

/// A fault on its way to its page, or a way somewhere else.
#[derive(Debug)]
pub(crate) struct Problem(Box<Fault>);

impl From<Box<Fault>> for Problem {
    fn from(fault: Box<Fault>) -> Self {
        Self(fault)
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    p: &'a Page,
    fault: &'a Fault,
    next: Option<NextPage>,
}

struct NextPage {
    to: String,
    text: &'static str,
}

impl Problem {
    /// The problem that a fault is.
    pub(crate) fn new(fault: Box<Fault>) -> Self {
        Self(fault)
    }

    /// The fault that it is.
    pub(crate) fn into_fault(self) -> Box<Fault> {
        self.0
    }

    /// As a page for whoever asked.
    pub(crate) fn respond(self, page: &Page) -> Response {
        let fault = &self.0;
        if fault.code == "ENT-2711" {
            // Not an end: there and back.
            let to = page.to(&format!("/confirm?to={}", encoded(&page.back)));
            return Redirect::to(&to).into_response();
        }
        let shown =
            show_as(status(fault), &ProblemPage { p: page, fault, next: next(page, fault) });
        shown.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }
}

/// Carries a fault from a handler to the layer that knows the page.
#[derive(Clone, Debug)]
pub(crate) struct Pending(pub(crate) Box<Fault>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Pending(self.0));
        response
    }
}

/// Marks a page on which something is said to be not there, whatever its status.
#[derive(Clone, Copy, Debug)]
struct SaysNothingThere;

/// A page again, with what was wrong with what it was asked for. What is not there is written down as on a page of
/// its own.
pub(crate) fn show_wrong(fault: &Fault, template: &impl Template) -> Answer {
    let mut response = show_as(StatusCode::UNPROCESSABLE_ENTITY, template)?;
    if status(fault) == StatusCode::NOT_FOUND {
        response.extensions_mut().insert(SaysNothingThere);
    }
    Ok(response)
}

/// Whether an answer says that something is not there.
pub(crate) fn says_nothing_there(response: &Response) -> bool {
    response.status() == StatusCode::NOT_FOUND
        || response.extensions().get::<SaysNothingThere>().is_some()
}

/// The status that fits. What is not there and what is not yours have one and the same.
fn status(fault: &Fault) -> StatusCode {
    let code = fault.code.strip_prefix("ENT-").unwrap_or_default();
    match code {
        "1901" | "1902" | "2714" => StatusCode::FORBIDDEN,
        "2703" | "2841" => StatusCode::TOO_MANY_REQUESTS,
        "2718" => StatusCode::PAYLOAD_TOO_LARGE,
        "2719" => StatusCode::BAD_REQUEST,
        "2720" => StatusCode::GATEWAY_TIMEOUT,
        "2775" => StatusCode::SERVICE_UNAVAILABLE,
        "2776" => StatusCode::REQUEST_TIMEOUT,
        // Nothing is wrong: it waits for somebody else.
        "2780" => StatusCode::ACCEPTED,
        "2704" | "2709" | "2712" | "2733" | "2734" | "2762" | "2771" | "2781" | "2790" | "1201"
        | "1208" | "1301" | "1401" | "1514" | "2102" | "2121" | "2202" | "2211" | "2301"
        | "2604" => StatusCode::NOT_FOUND,
        "1006" | "1701" | "1702" | "1703" | "1705" | "2713" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The page on which one goes on, where there is one.
fn next(page: &Page, fault: &Fault) -> Option<NextPage> {
    let link = |path: &str, text| Some(NextPage { to: page.to(path), text });
    match fault.code.as_str() {
        "ENT-2702" | "ENT-2703" | "ENT-2704" => {
            link("/sign-in", page.t("Sign in", "Ouvrir une session"))
        }
        "ENT-2780" => link("/settings/approvals", page.t("See what waits", "Voir ce qui attend")),
        "ENT-2781" | "ENT-2782" | "ENT-2783" | "ENT-2784" | "ENT-2785" | "ENT-2786"
        | "ENT-2853" => {
            link("/settings/approvals", page.t("Go to the approvals", "Aller aux approbations"))
        }
        "ENT-2790" => link("/audit", page.t("Go to the log", "Aller au journal")),
        "ENT-2301" | "ENT-2302" => {
            link("/referrals", page.t("See the referrals", "Voir les aiguillages"))
        }
        "ENT-2102" | "ENT-2105" | "ENT-2106" | "ENT-2109" => {
            link("/statistics", page.t("See the statistics", "Voir les statistiques"))
        }
        "ENT-2121" | "ENT-2122" | "ENT-2125" | "ENT-2126" => {
            link("/statistics/overlap", page.t("See the rounds", "Voir les recoupements"))
        }
        "ENT-2202" | "ENT-2211" => {
            link("/services", page.t("See the services", "Voir les services"))
        }
        _ => link("/home", page.t("Go to the home page", "Aller à l’accueil")),
    }
}

/// Gives a pending fault its page.
pub(crate) fn finished(response: Response, page: &Page) -> Response {
    if let Some(Pending(fault)) = response.extensions().get::<Pending>().cloned() {
        return Problem(fault).respond(page);
    }
    // What a form or an address should have been is said by a library, in English, as plain text.
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if response.status().is_client_error() && kind.is_some_and(|it| it.starts_with("text/plain")) {
        let is_large = response.status() == StatusCode::PAYLOAD_TOO_LARGE;
        return Problem(if is_large { too_large() } else { not_understood() }).respond(page);
    }
    response
}

/// More was sent than is taken.
pub(crate) fn too_large() -> Box<Fault> {
    Fault::new(
        2718,
        ("That is too large.", "C’est trop volumineux."),
        ("Send less at once.", "Envoyez-en moins à la fois."),
    )
}

/// `ENT-2776`: the end of a form did not come.
pub(crate) fn too_slow() -> Box<Fault> {
    Fault::new(
        2776,
        ("The form did not come in in time.", "Le formulaire n’est pas arrivé à temps."),
        (
            "Check the connection and send it again.",
            "Vérifiez la connexion et envoyez-le de nouveau.",
        ),
    )
}

fn not_understood() -> Box<Fault> {
    Fault::new(
        2719,
        ("The request was not understood.", "La demande n’a pas été comprise."),
        (
            "Go back, load the page again and repeat it.",
            "Revenez en arrière, rechargez la page et recommencez.",
        ),
    )
}
