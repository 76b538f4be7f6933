//! Who is asking: from a cookie to somebody who is signed in, looked up on every request.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use entente_core::lang::Lang;
use entente_node::fault::Fault;
use entente_node::local::{Ask, Op, needs_proof};
use entente_node::node::Outcome;
use entente_node::people::{Place, Signed, Token, fresh_proof_needed, not_signed_in};

use crate::page::{Page, failed};
use crate::problem::{Problem, finished, says_nothing_there, too_large, too_slow};
use crate::route::{MAX_LONG_FORM, Need};
use crate::serve::Caller;
use crate::{Console, kept, to_the_end};

/// What the gate of one route knows.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) console: Arc<Console>,
    pub(crate) need: Need,
    pub(crate) lang: Lang,
    pub(crate) path: &'static str,
}

/// The whole address of a request, as the browser wrote it: nested routers see a part.
#[derive(Clone, Debug)]
struct Whole(Uri);

/// Keeps the address before anybody shortens it.
pub(crate) async fn remember_uri(mut request: Request, next: Next) -> Response {
    let whole = Whole(request.uri().clone());
    request.extensions_mut().insert(whole);
    next.run(request).await
}

/// Stands alone behind the `?` of a page that asks for itself again while work goes on.
pub(crate) const WATCH: &str = "watch";

/// Where a page goes that was left alone.
pub(crate) const LOCKED: &str = "/locked";

/// The longest form of somebody who is not signed in, in bytes: a passkey is some of them.
const MAX_OPEN_FORM: usize = 32 * 1024;

/// How long such a form may take to come in.
const OPEN_PATIENCE: Duration = Duration::from_secs(10);

/// How long the form of somebody who is signed in may take to come in.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lets a request through to its page, with a [`Visit`] in its extensions.
pub(crate) async fn gate(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let console = &gate.console;
    let uri = request.extensions().get::<Whole>().map_or_else(Uri::default, |it| it.0.clone());
    let token = token(request.headers(), console);
    // What nobody will look at is not read, and of a stranger little and not for long.
    let bounds = match (gate.need, token.clone()) {
        _ if request.method().is_safe() => None,
        (Need::Nothing, _) => Some((MAX_OPEN_FORM, OPEN_PATIENCE)),
        (_, Some(token)) => {
            let signed = console.people(move |people| people.signed(&token, false)).await;
            matches!(signed, Ok(Some(_))).then_some((MAX_LONG_FORM, PATIENCE))
        }
        (_, None) => None,
    };
    let (mut request, came) = match bounds {
        Some((max_bytes, patience)) => whole(request, max_bytes, patience).await,
        None => (request, Ok(())),
    };
    // A page that only looks by itself, with scripts or without, keeps no session open; nor does one that was
    // left alone.
    let is_quiet = uri.query() == Some(WATCH)
        || gate.path == LOCKED
        || request.headers().contains_key("x-entente-quiet");
    let uses = !is_quiet;
    let signed = match token.clone() {
        Some(token) => console.people(move |people| people.signed(&token, uses)).await,
        None => Ok(None),
    };
    let had_session = request.headers().contains_key(header::COOKIE);
    let back = back(&request, &console.origins, gate.lang);
    let page = |signed| {
        let page = Page::new(console, gate.lang, &uri, signed);
        // What answers a form may have no address of its own: the other language has the page before it.
        let path = back.clone().unwrap_or(page.path);
        Page { back: path.clone(), path, ..page }
    };
    let signed = match signed {
        Ok(signed) => signed,
        Err(fault) => return Problem::new(fault).respond(&page(None)),
    };
    if let Err(fault) = came {
        return Problem::new(fault).respond(&page(signed));
    }
    let Some(signed) = signed else {
        if gate.need == Need::Nothing {
            let page = page(None);
            let visit = visit(&request, Arc::clone(console), page.clone());
            request.extensions_mut().insert(visit);
            return finished(next.run(request).await, &page);
        }
        return to_sign_in(&page(None), &request, had_session);
    };
    let is_get = *request.method() == Method::GET;
    let shut = to_sign_in(&page(None), &request, had_session);
    let page = page(Some(signed.clone()));
    if let Need::May(op) = gate.need
        && let Err(fault) = console.desk.permit(op, &signed.staff).await
    {
        return Problem::new(fault).respond(&page);
    }
    let wants_proof = match gate.need {
        Need::Nothing | Need::Session => false,
        Need::Fresh => true,
        Need::May(op) => needs_proof(op),
    };
    let asked = format!("{} {}", request.method(), gate.path);
    if wants_proof {
        let path = uri.path().strip_prefix(&format!("/{}", gate.lang)).unwrap_or_default();
        let now_s = console.desk.node.now_s();
        if !console.desk.people.is_fresh(&signed) {
            // To look at a form does nothing yet.
            if !request.method().is_safe()
                && let Err(fault) = console.desk.note_no_proof(&asked, &signed.staff).await
            {
                return Problem::new(fault).respond(&page);
            }
            // What was typed waits where the proof leads back to.
            let mut page = page;
            if let Some(form) = kept::read(request, path, now_s).await {
                console.forms.keep(&signed.session, form);
                page.back = format!("/confirm?to={}", encoded(&page.back));
            }
            return Problem::new(fresh_proof_needed()).respond(&page);
        }
        console.forms.sent(&signed.session, path, now_s);
    }
    let visit = visit(&request, Arc::clone(console), page.clone());
    let is_put_out = Arc::clone(&visit.is_put_out);
    request.extensions_mut().insert(visit);
    let response = finished(next.run(request).await, &page);
    if is_put_out.load(Ordering::Relaxed) {
        return shut;
    }
    if says_nothing_there(&response)
        && let Err(fault) = console.desk.note_nothing_there(&asked, &signed.staff).await
    {
        return Problem::new(fault).respond(&page);
    }
    // An answer that was held is for whoever may still see it.
    if let Some(token) = token.filter(|_| is_get) {
        match console.people(move |people| people.signed(&token, false)).await {
            Ok(Some(now)) if now.staff.roles == signed.staff.roles => {}
            Ok(Some(_)) => return Redirect::to(&page.to(&page.path)).into_response(),
            Ok(None) => return shut,
            Err(fault) => return Problem::new(fault).respond(&page),
        }
    }
    response
}

/// A request with all of its body, or why that was not to be had. A form is here before anybody looks who sent it:
/// otherwise whoever holds its end back does in the end what they may not do any more. Files come in piece by piece;
/// [`Visit::still`] looks again once they are here.
async fn whole(
    request: Request,
    max_bytes: usize,
    patience: Duration,
) -> (Request, Result<(), Box<Fault>>) {
    let kind = request.headers().get(header::CONTENT_TYPE).map(|value| value.as_bytes());
    if kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with(b"multipart/")) {
        return (request, Ok(()));
    }
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(patience, to_bytes(body, max_bytes)).await {
        Ok(Ok(bytes)) => (Request::from_parts(parts, Body::from(bytes)), Ok(())),
        Ok(Err(_)) => (Request::from_parts(parts, Body::empty()), Err(too_large())),
        Err(_) => (Request::from_parts(parts, Body::empty()), Err(too_slow())),
    }
}

/// The page that a form stands on: there one goes back to, since the form cannot be sent again.
fn back(request: &Request, origins: &[String], lang: Lang) -> Option<String> {
    if request.method() == Method::GET {
        return None;
    }
    let referer = request.headers().get(header::REFERER).and_then(|value| value.to_str().ok());
    let ours = |text: &str| {
        let path = origins.iter().find_map(|origin| text.strip_prefix(origin.as_str()))?;
        path.strip_prefix(&format!("/{lang}")).map(str::to_owned)
    };
    Some(referer.and_then(ours).unwrap_or_else(|| "/home".to_owned()))
}

/// One request, for a page that it will get.
pub(crate) fn visit(request: &Request, console: Arc<Console>, page: Page) -> Visit {
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let place = Place {
        address: address(request, &console),
        agent: agent.unwrap_or_default().to_owned(),
        session: token(request.headers(), &console),
    };
    Visit { console, page, place, is_put_out: Arc::default() }
}

/// The address of whoever asks: that of the connection, or what our own proxy on this machine says.
fn address(request: &Request, console: &Console) -> IpAddr {
    let caller = request.extensions().get::<Caller>().map(|caller| caller.0.ip());
    let caller = caller.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
    let has_proxy = !console.desk.config.console.trusted_origin.is_empty();
    // The last one is what the proxy saw; those before are what it was told.
    let said = request.headers().get_all("x-forwarded-for").iter().next_back();
    let said = said.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    said.filter(|_| has_proxy && caller.is_loopback()).unwrap_or(caller)
}

/// One request: the console, the page that it will get, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) console: Arc<Console>,
    pub(crate) page: Page,
    pub(crate) place: Place,
    // Whether the session was over when something was to be done in its name.
    is_put_out: Arc<AtomicBool>,
}

impl Visit {
    /// Whoever is signed in, as they came through the gate. Behind every gate but [`Need::Nothing`] there is somebody.
    pub(crate) fn signed(&self) -> Result<&Signed, Problem> {
        self.page.signed.as_ref().ok_or_else(|| Problem::new(failed()))
    }

    /// Whoever is signed in, as they are now: since the gate a file may have come in for minutes, and meanwhile the
    /// session may have ended, or its roles and its proof be others. Whatever is asked of the node comes through here.
    pub(crate) async fn still(&self) -> Outcome<Signed> {
        let signed = match self.place.session.clone() {
            Some(token) => self.console.people(move |people| people.signed(&token, false)).await?,
            None => None,
        };
        signed.ok_or_else(|| {
            self.is_put_out.store(true, Ordering::Relaxed);
            not_signed_in()
        })
    }

    /// The same, with a fresh proof if this operation `needs` one.
    async fn still_proved(&self, op: Op, needs: bool) -> Outcome<Signed> {
        let signed = self.still().await?;
        if needs && !self.console.desk.people.is_fresh(&signed) {
            self.console.desk.note_no_proof(op.name(), &signed.staff).await?;
            return Err(fresh_proof_needed());
        }
        Ok(signed)
    }

    /// Asks the node in the name of whoever is signed in.
    ///
    /// Says that a fresh proof is needed for what [needs one](needs_proof); the person is led there and
    /// back.
    pub(crate) async fn ask<A: Ask>(&self, ask: &A) -> Outcome<A::Told> {
        let signed = self.still_proved(A::OP, needs_proof(A::OP)).await?;
        self.console.ask(&signed.staff, ask).await
    }

    /// The same, and a fresh proof is needed in any case: to reveal names.
    pub(crate) async fn ask_fresh<A: Ask>(&self, ask: &A) -> Outcome<A::Told> {
        let signed = self.still_proved(A::OP, true).await?;
        self.console.ask(&signed.staff, ask).await
    }

    /// Starts what takes long as a job, in the name of whoever is signed in. Gives the address of its
    /// page, to which one is led.
    ///
    /// Says that a fresh proof is needed, as [`Visit::ask`] does.
    pub(crate) async fn start<A: Ask + Clone + Send + Sync + 'static>(
        &self,
        ask: &A,
    ) -> Outcome<String> {
        let signed = self.still_proved(A::OP, needs_proof(A::OP)).await?;
        let (desk, ask) = (Arc::clone(&self.console.desk), ask.clone());
        let job = to_the_end(async move { desk.start(&signed.staff, &ask).await }).await?;
        Ok(self.page.to(&format!("/jobs/{job}")))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::new(failed()))
    }
}

/// The session that a browser brings, if it is one.
pub(crate) fn token(headers: &HeaderMap, console: &Console) -> Option<Token> {
    cookie(headers, &console.cookie).and_then(|text| Token::parse(&text))
}

/// The value of a cookie.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}

/// The cookie of a session, as it is set.
pub(crate) fn set_cookie(console: &Console, token: &Token) -> String {
    format!("{}={}; Path=/; Secure; HttpOnly; SameSite=Lax", console.cookie, token.text())
}

/// The same, taken away.
pub(crate) fn unset_cookie(console: &Console) -> String {
    format!("{}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0", console.cookie)
}

/// To the page for signing in, and from there back to what was asked for.
fn to_sign_in(page: &Page, request: &Request, had_session: bool) -> Response {
    let mut to = page.to("/sign-in");
    if request.method() == Method::GET && page.path != "/home" {
        to.push_str(&format!("?to={}", encoded(&page.path)));
    }
    if had_session && request.headers().contains_key("hx-request") {
        // A part of a page is no place to sign in.
        return ([("hx-redirect", to)], "").into_response();
    }
    Redirect::to(&to).into_response()
}

/// A text as it stands in an address.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/@".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The longest path that one comes back to, in bytes.
const MAX_BACK: usize = 2_000;

/// What nobody comes back to: links that let somebody in, and the pages that lead back themselves.
const NOT_BACK: [&str; 3] = ["/join/", LOCKED, "/sign-in"];

/// A path of ours; home for anything else. Behind its first slash an `@` names no host: it stands in the address
/// of a referral.
pub(crate) fn safe(to: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_?=&.%@".contains(c);
    let is_ours = to.starts_with('/') && !to.starts_with("//") && to.chars().all(plain);
    // No path of ours has a part that begins with a dot, and a browser goes up at two of them.
    let path = to.split('?').next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".");
    let is_back = to.len() <= MAX_BACK
        && !path.contains("/.")
        && !NOT_BACK.iter().any(|it| to.starts_with(it));
    if is_ours && is_back { to } else { "/home" }
}

/// `/`: to the language that the browser asks for first.
pub(crate) async fn to_language(headers: HeaderMap) -> Redirect {
    Redirect::to(&format!("/{}/home", wanted(&headers)))
}

/// `/join/{token}`: a link that was handed over in no language.
pub(crate) async fn to_join(headers: HeaderMap, Path(token): Path<String>) -> Redirect {
    let lang = wanted(&headers);
    Redirect::to(&format!("/{lang}/join/{}", encoded(&token)))
}

/// The language that a browser asks for first.
pub(crate) fn wanted(headers: &HeaderMap) -> Lang {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let first = wanted.unwrap_or_default().split([',', ';']).next().unwrap_or_default();
    Lang::from_locale(first.trim())
}

/// `/en`, `/fr`.
pub(crate) async fn to_home(uri: Uri) -> Redirect {
    Redirect::to(if uri.path().starts_with("/fr") { "/fr/home" } else { "/en/home" })
}

/// As the log says that somebody asked for a page that there is not: people type names into addresses.
const NO_PAGE: &str = "no_such_page";

/// Everything else. The same for what is not there and for what is somebody else's.
pub(crate) async fn not_there(State(console): State<Arc<Console>>, request: Request) -> Response {
    let uri = request.extensions().get::<Whole>().map_or_else(Uri::default, |it| it.0.clone());
    let mut page = Page::outside(&console, &uri);
    // Whoever mistyped an address still has the menu.
    let token = token(request.headers(), &console);
    if let Some(token) = token {
        match console.people(move |people| people.signed(&token, true)).await {
            Ok(signed) => page.signed = signed,
            Err(fault) => return Problem::new(fault).respond(&page),
        }
    }
    // What browsers look for by themselves stands beside the languages.
    let is_asked = matches!(*request.method(), Method::GET | Method::POST)
        && ["/en/", "/fr/"].iter().any(|lang| uri.path().starts_with(lang));
    if let Some(signed) = page.signed.as_ref().filter(|_| is_asked)
        && let Err(fault) = console.desk.note_nothing_there(NO_PAGE, &signed.staff).await
    {
        return Problem::new(fault).respond(&page);
    }
    Problem::new(nothing_there()).respond(&page)
}

/// There is no such page.
pub(crate) fn nothing_there() -> Box<Fault> {
    Fault::new(
        2712,
        ("There is no such page.", "Cette page n’existe pas."),
        ("Go back to the home page.", "Revenez à la page d’accueil."),
    )
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::body::Bytes;

    use super::*;

    #[test]
    fn after_signing_in_nobody_is_sent_elsewhere() {
        let long = format!("/{}", "a".repeat(MAX_BACK));
        for bad in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil",
            "javascript:x",
            "@evil.example",
            "//ours@evil.example",
            "/a b",
            "/x\r\ny",
            // A link that lets somebody in is not handed on, and nobody goes in a circle.
            "/join/AAAA",
            "/locked?to=/cases",
            "/sign-in",
            "/../join/AAAA",
            "/x/../join/AAAA",
            "/./sign-in",
            "/%2e%2E/join/AAAA",
            &long,
        ] {
            assert_eq!(safe(bad), "/home", "{bad:?}");
        }
        assert_eq!(
            safe("/cases?status=confirmed&after=0197"),
            "/cases?status=confirmed&after=0197"
        );
        assert_eq!(safe("/referrals/4f1d@3b6a/open"), "/referrals/4f1d@3b6a/open");
    }

    /// A body whose end is held back.
    struct Never;

    impl axum::body::HttpBody for Never {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_form_that_does_not_end_is_given_up_and_a_long_one_is_not_kept() {
        let request = |body: Body| Request::new(body);
        let (_, came) = whole(request(Body::new(Never)), 10, OPEN_PATIENCE).await;
        assert_eq!(came.unwrap_err().code, "ENT-2776");
        let (_, came) = whole(request(Body::from("01234567890")), 10, OPEN_PATIENCE).await;
        assert_eq!(came.unwrap_err().code, "ENT-2718");
        let (request, came) = whole(request(Body::from("0123456789")), 10, OPEN_PATIENCE).await;
        assert!(came.is_ok());
        assert_eq!(to_bytes(request.into_body(), 99).await.unwrap(), "0123456789");
    }
}
