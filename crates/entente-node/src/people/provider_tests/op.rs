//! An identity provider on loopback that says whatever a test wants it to say. What is right is written after
//! the specification, and by nothing of the library that checks it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;

/// What stands at a path: status, a header if any, body.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) header: Option<(&'static str, String)>,
    pub(super) body: String,
}

impl Page {
    pub(super) fn json(document: &Value) -> Self {
        Self { status: StatusCode::OK, header: None, body: document.to_string() }
    }
}

#[derive(Default)]
struct Said {
    pages: HashMap<String, Page>,
    asked: HashMap<String, Vec<String>>,
}

/// The provider.
#[derive(Clone)]
pub(super) struct Op {
    pub(super) issuer: String,
    /// Its certificate, in PEM.
    pub(super) pem: String,
    said: Arc<Mutex<Said>>,
}

/// A key that signs tokens, and its name.
pub(super) struct Key(pub(super) SigningKey, pub(super) &'static str);

impl Key {
    pub(super) fn new(seed: u8, name: &'static str) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).unwrap(), name)
    }

    /// The public half (RFC 7517).
    pub(super) fn public(&self) -> Value {
        let point = self.0.verifying_key().to_sec1_point(false);
        let (x, y) = (point.x().unwrap().as_slice(), point.y().unwrap().as_slice());
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.1,
            "x": BASE64.encode(x), "y": BASE64.encode(y),
        })
    }

    /// A token (RFC 7515, compact).
    pub(super) fn token(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "kid": self.1, "typ": "JWT"});
        let text = unsigned(&header, claims);
        let signature: Signature = self.0.sign(text.as_bytes());
        format!("{text}.{}", BASE64.encode(signature.to_bytes()))
    }
}

/// A certificate as a file names it.
fn pem(der: &[u8]) -> String {
    let text = base64::prelude::BASE64_STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// Header and claims of a token, as they are signed.
pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()))
}

impl Op {
    /// Opens one that describes itself well and signs with `key`.
    pub(super) async fn open(key: &Key) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let private = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], private)
            .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("https://{}", listener.local_addr().unwrap());
        let op = Self { issuer, pem: pem(made.cert.der()), said: Arc::default() };
        op.says("/.well-known/openid-configuration", Page::json(&op.description()));
        op.says("/keys", Page::json(&json!({"keys": [key.public()]})));
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let serving = op.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, op) = (acceptor.clone(), serving.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = hyper::service::service_fn(move |request| {
                        let op = op.clone();
                        async move { Ok::<_, Infallible>(op.answer(request).await) }
                    });
                    let http = hyper::server::conn::http1::Builder::new();
                    let _ = http.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        op
    }

    /// What it says about itself (OpenID Connect Discovery, 3).
    pub(super) fn description(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        })
    }

    pub(super) fn says(&self, path: &str, page: Page) {
        self.said.lock().unwrap().pages.insert(path.to_owned(), page);
    }

    /// The next codes are exchanged for this token.
    pub(super) fn gives(&self, token: &str) {
        let answer = json!({
            "access_token": "opaque-access", "token_type": "Bearer", "expires_in": 60, "id_token": token,
        });
        self.says("/token", Page::json(&answer));
    }

    /// What was sent to a path, one text for each request: headers that matter, and the body.
    pub(super) fn asked(&self, path: &str) -> Vec<String> {
        self.said.lock().unwrap().asked.get(path).cloned().unwrap_or_default()
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let login = request.headers().get("authorization").cloned();
        let login = login.map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let text = format!("{login} {}", String::from_utf8_lossy(&body));
        let mut said = self.said.lock().unwrap();
        said.asked.entry(path.clone()).or_default().push(text);
        let nothing = Page { status: StatusCode::NOT_FOUND, header: None, body: String::new() };
        let Page { status, header, body } = said.pages.get(&path).cloned().unwrap_or(nothing);
        let mut response = Response::new(Full::new(body.into()));
        *response.status_mut() = status;
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        if let Some((name, value)) = header {
            let name = HeaderName::from_static(name);
            response.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap());
        }
        response
    }
}
