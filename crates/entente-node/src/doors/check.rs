//! The look at the register that comes before every request.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{HeaderValue, Request, Response};
use tower::{Layer, Service};

use super::Peer;
use crate::tls::{Admission, Doorkeeper};

/// What a partner whom we suspended is told, whatever it asks.
pub(crate) const SUSPENDED: &str = "suspended";

/// Looks the caller up on every request, and lets an invitee reach only some services.
///
/// It also takes our own words out of errors that say that something went wrong inside: the
/// decoder's name fields and types of ours.
#[derive(Clone)]
pub struct LiveCheck {
    doorkeeper: Arc<dyn Doorkeeper>,
    for_invitees: &'static [&'static str],
}

impl LiveCheck {
    /// A check that lets invitees reach only the services with these full names, for example
    /// `entente.v1.Pairing`.
    pub fn new(doorkeeper: Arc<dyn Doorkeeper>, for_invitees: &'static [&'static str]) -> Self {
        Self { doorkeeper, for_invitees }
    }

    fn check(&self, request: &mut Request<Body>) -> Result<(), Status> {
        let service = request.uri().path().split('/').nth(1).unwrap_or_default();
        let for_invitees = self.for_invitees.contains(&service);
        let peer = request
            .extensions_mut()
            .get_mut::<Peer>()
            .ok_or_else(|| Status::unauthenticated("the caller is not known"))?;

        peer.admission = self.doorkeeper.admits(&peer.id);
        match peer.admission {
            Admission::Partner => Ok(()),
            Admission::Invitee if for_invitees => Ok(()),
            // Who was a partner hears why, and nothing else.
            Admission::Suspended => Err(Status::permission_denied(SUSPENDED)),
            Admission::Invitee | Admission::Refused => {
                Err(Status::permission_denied("the partnership is not active"))
            }
        }
    }
}

impl fmt::Debug for LiveCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveCheck")
            .field("for_invitees", &self.for_invitees)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for LiveCheck {
    type Service = Checked<S>;

    fn layer(&self, inner: S) -> Checked<S> {
        Checked { inner, check: self.clone() }
    }
}

/// A service behind a [`LiveCheck`].
#[derive(Clone, Debug)]
pub struct Checked<S> {
    inner: S,
    check: LiveCheck,
}

impl<S> Service<Request<Body>> for Checked<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.check.check(&mut request) {
            Ok(()) => {
                let answer = self.inner.call(request);
                Box::pin(async move { answer.await.map(without_inner_words) })
            }
            Err(status) => Box::pin(std::future::ready(Ok(status.into_http()))),
        }
    }
}

/// Replaces the message of an `INTERNAL` error without details, which is how the library reports
/// that a message did not decode.
fn without_inner_words(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    let internal = headers.get("grpc-status").is_some_and(|code| code == "13");
    if internal && !headers.contains_key("grpc-status-details-bin") {
        // Percent-encoded, as gRPC asks.
        headers.insert("grpc-message", HeaderValue::from_static("not%20understood"));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use entente_core::identity::OrgKey;
    use tokio_util::sync::CancellationToken;
    use tower::service_fn;

    use super::super::Admissions;
    use super::*;

    fn message(status: Status) -> String {
        let response = without_inner_words(status.into_http());
        response.headers()["grpc-message"].to_str().unwrap().to_owned()
    }

    /// Asks a service that answers everything, behind a check, as `peer`.
    async fn ask(
        admissions: &Arc<Admissions>,
        path: &str,
        peer: Option<Peer>,
    ) -> Option<Admission> {
        let check = LiveCheck::new(Arc::clone(admissions) as _, &["entente.v1.Pairing"]);
        let mut service = check.layer(service_fn(async |request: Request<Body>| {
            let mut response = Response::new(Body::empty());
            let admission = request.extensions().get::<Peer>().map(|peer| peer.admission);
            response.extensions_mut().insert(admission);
            Ok::<_, Infallible>(response)
        }));
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path.parse().unwrap();
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        let response = service.call(request).await.unwrap();
        response.extensions().get::<Option<Admission>>().copied().flatten()
    }

    #[tokio::test]
    async fn each_request_is_judged_by_what_the_register_says_now() {
        let id = OrgKey::from_seed(&[1; 32]).id();
        let admissions = Arc::new(Admissions::nobody());
        let (pairing, feeds) = ("/entente.v1.Pairing/Hello", "/entente.v1.Feeds/Pull");
        // The connection was opened by a partner, and does not know yet that this is over.
        let (admission, cut) = (Admission::Partner, CancellationToken::new());
        let peer = Some(Peer { id, admission, cut });

        for (now, at_feeds, at_pairing) in [
            (Admission::Partner, Some(Admission::Partner), Some(Admission::Partner)),
            (Admission::Invitee, None, Some(Admission::Invitee)),
            (Admission::Suspended, None, None),
            (Admission::Refused, None, None),
        ] {
            admissions.set(id, now);
            assert_eq!(ask(&admissions, feeds, peer.clone()).await, at_feeds);
            assert_eq!(ask(&admissions, pairing, peer.clone()).await, at_pairing);
        }
    }

    #[tokio::test]
    async fn a_request_from_nobody_is_refused() {
        let admissions = Arc::new(Admissions::nobody());
        admissions.expect_invitees(true);
        assert_eq!(ask(&admissions, "/entente.v1.Pairing/Hello", None).await, None);
    }

    #[test]
    fn what_the_decoder_says_stays_inside() {
        assert_eq!(message(Status::internal("Blob.tags: invalid string")), "not%20understood");
        assert_eq!(message(Status::not_found("nothing")), "nothing");
    }
}
