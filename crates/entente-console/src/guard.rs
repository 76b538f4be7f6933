//! What every answer carries, and requests that another site makes a browser send.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use entente_node::fault::Fault;
use entente_node::node::Outcome;

use crate::Console;
use crate::gate::token;
use crate::page::Page;
use crate::problem::Problem;

/// Everything comes from here, nothing is inline, nobody frames us.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

static FIXED: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // `no-referrer` would also take the origin off our own forms.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
];

/// Refuses what another site sent, and puts the headers on the answer.
pub(crate) async fn guard(
    State(console): State<Arc<Console>>,
    request: Request,
    next: Next,
) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let mut response = if changes && !is_ours(&console, request.headers()) {
        let page = Page::outside(&console, request.uri());
        let fault = noted(&console, request.headers()).await.err().unwrap_or_else(elsewhere);
        Problem::new(fault).respond(&page)
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in &FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // On a machine that is reached by its address, other services answer under the same name.
    if !console.desk.config.console.public_name.is_empty() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Whether a page of ours sent this. Browsers say so in one of two headers, which scripts cannot
/// set; a request with neither comes from no browser that we know.
fn is_ours(console: &Console, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let host = text("host").map(|host| format!("https://{host}"));
            console.origins.iter().any(|known| known == origin) || host.as_deref() == Some(origin)
        }
        (None, None) => false,
    }
}

/// Writes a refusal down if the browser brought the session of somebody. Without one nothing could have
/// happened, and a stranger could fill the log.
async fn noted(console: &Console, headers: &HeaderMap) -> Outcome<()> {
    let Some(token) = token(headers, console) else { return Ok(()) };
    let signed = console.people(move |people| people.signed(&token, false)).await?;
    match signed {
        Some(signed) => console.desk.note_elsewhere(&signed.staff).await,
        None => Ok(()),
    }
}

fn elsewhere() -> Box<Fault> {
    Fault::new(
        2714,
        ("This request came from another site.", "Cette demande vient d’un autre site."),
        (
            "Open the page in the console and send the form from there.",
            "Ouvrez la page dans la console et envoyez le formulaire de là.",
        ),
    )
}
