//! The page of a fault: what happened, why, and what to do next, with a link where there is a page.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use entente_node::fault::Fault;

use crate::page::{Page, show_as};

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

    /// As a page for whoever asked.
    pub(crate) fn respond(self, page: &Page) -> Response {
        let fault = &self.0;
        let shown = show_as(status(fault), &ProblemPage { p: page, fault, next: next(page, fault) });
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

/// The status that fits. What is not there and what is not yours have one and the same.
fn status(fault: &Fault) -> StatusCode {
    let code = fault.code.strip_prefix("ENT-").unwrap_or_default();
    match code {
        "1901" | "1902" | "2714" => StatusCode::FORBIDDEN,
        "2711" => StatusCode::FORBIDDEN,
        "2703" => StatusCode::TOO_MANY_REQUESTS,
        "2704" | "2709" | "2712" | "1301" => StatusCode::NOT_FOUND,
        "1006" | "1701" | "1702" | "1703" | "1705" | "2713" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The page on which one goes on, where there is one.
fn next(page: &Page, fault: &Fault) -> Option<NextPage> {
    let link = |path: &str, text| Some(NextPage { to: page.to(path), text });
    match fault.code.as_str() {
        "ENT-2711" => link("/confirm", page.t("Confirm that it is you", "Confirmer votre identité")),
        "ENT-2702" | "ENT-2703" | "ENT-2704" => {
            link("/sign-in", page.t("Sign in", "Ouvrir une session"))
        }
        _ => link("/home", page.t("Go to the home page", "Aller à l’accueil")),
    }
}

/// Gives a pending fault its page.
pub(crate) fn finished(response: Response, page: &Page) -> Response {
    let Some(Pending(fault)) = response.extensions().get::<Pending>().cloned() else {
        return response;
    };
    Problem(fault).respond(page)
}
