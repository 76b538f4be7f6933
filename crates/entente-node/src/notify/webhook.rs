//! A webhook, signed in the way of Standard Webhooks (version 1 of its specification).
//!
//! One `POST` over a connection of its own, to the address of the settings and nowhere else: no
//! redirect is followed, and of the answer only its status is read. The receiver checks the signature
//! over id, time and body, refuses what is older than some minutes, and recognises a repeat by its id.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::prelude::*;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::Full;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use sha2::Sha256;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use super::{Failure, secret};
use crate::config::WebhookConfig;
use crate::fault::Both;
use crate::named;
use crate::node::Outcome;
use crate::setup::Home;
use crate::tls;

/// How long all of it may take.
const WHOLE: Duration = Duration::from_secs(15);

/// What a secret begins with, and how many bytes it has (Standard Webhooks).
const PREFIX: &str = "whsec_";
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The way to a program.
pub struct Webhook {
    url: Uri,
    secret: Zeroizing<Vec<u8>>,
    /// `None` over plain HTTP, to this machine.
    tls: Option<Arc<ClientConfig>>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook")
    }
}

impl Webhook {
    /// Reads what the settings name. Nothing is connected.
    pub fn open(config: &WebhookConfig, home: &Home) -> Outcome<Self> {
        let line = secret::first_line(&config.secret_file, home)?;
        let bytes = line.strip_prefix(PREFIX).and_then(|it| BASE64_STANDARD.decode(it).ok());
        let secret = bytes.map(Zeroizing::new).filter(|it| SECRET_BYTES.contains(&it.len()));
        let secret = secret.ok_or_else(|| {
            secret::no_secret(named::about(
                &named::beside(&config.secret_file, home),
                "it must be whsec_ and 24 to 64 bytes in base64",
                "il faut whsec_ et de 24 à 64 octets en base64",
            ))
        })?;
        // The settings are refused before this if it is none.
        let url: Uri = config.url.parse().map_err(|_| crate::answer::failed())?;
        let tls = (url.scheme_str() == Some("https")).then(|| client_config(config, home));
        Ok(Self { url, secret, tls: tls.transpose()? })
    }

    /// Sends a document. A repeat has the same id.
    pub async fn send(&self, id: &str, now_s: i64, body: Vec<u8>) -> Result<(), Failure> {
        let sending = tokio::time::timeout(WHOLE, self.post(id, now_s, body)).await;
        let status = sending.unwrap_or_else(|_| {
            Err(Failure::new(
                "no_answer",
                "the webhook does not answer in time",
                "le webhook ne répond pas à temps",
            ))
        })?;
        if status.is_success() {
            return Ok(());
        }
        let number = status.as_u16();
        Err(Failure::new(
            "refused",
            format!("the webhook answers {number}"),
            format!("le webhook répond {number}"),
        ))
    }

    async fn post(&self, id: &str, now_s: i64, body: Vec<u8>) -> Result<StatusCode, Failure> {
        let host = self.url.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let port = self.url.port_u16().unwrap_or(if self.tls.is_some() { 443 } else { 80 });
        let socket = TcpStream::connect((bare, port)).await.map_err(|_| unreachable())?;
        let request = self.request(id, now_s, body).map_err(|_| broken())?;
        let Some(config) = &self.tls else {
            // `localhost` is what the machine says it is.
            let is_here = socket.peer_addr().is_ok_and(|it| it.ip().is_loopback());
            return if is_here { exchange(socket, request).await } else { Err(unreachable()) };
        };
        let name = ServerName::try_from(bare.to_owned()).map_err(|_| unreachable())?;
        let connector = TlsConnector::from(Arc::clone(config));
        let stream = connector.connect(name, socket).await.map_err(|_| {
            Failure::new(
                "tls",
                "the webhook shows a certificate that is not trusted, or does not encrypt",
                "le webhook présente un certificat non reconnu, ou ne chiffre pas",
            )
        })?;
        exchange(stream, request).await
    }

    fn request(
        &self,
        id: &str,
        now_s: i64,
        body: Vec<u8>,
    ) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let signature = self.sign(id, now_s, &body);
        let host = self.url.authority().map_or("", |it| it.as_str());
        Request::post(self.url.path_and_query().map_or("/", |it| it.as_str()))
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .header("webhook-id", id)
            .header("webhook-timestamp", now_s.to_string())
            .header("webhook-signature", signature)
            .body(Full::new(body.into()))
    }

    /// `v1,` and base64 of HMAC-SHA-256 over `id.timestamp.body`.
    fn sign(&self, id: &str, now_s: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key of any length");
        mac.update(format!("{id}.{now_s}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

async fn exchange<IO>(io: IO, request: Request<Full<Bytes>>) -> Result<StatusCode, Failure>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(io)).await.map_err(|_| broken())?;
    let answering = async { sender.send_request(request).await.map(|answer| answer.status()) };
    tokio::pin!(answering);
    let status = tokio::select! {
        biased;
        status = &mut answering => status,
        // It ended in order or not; the answer is there or never will be.
        _ = connection => answering.await,
    };
    status.map_err(|_| broken())
}

fn client_config(config: &WebhookConfig, home: &Home) -> Outcome<Arc<ClientConfig>> {
    let roots = named::authorities(&config.ca_file, home).map_err(secret::no_certificates)?;
    let of = config.ca_file.display().to_string();
    tls::web_client_config(roots).map_err(|_| secret::no_certificates(Both::new(&of, &of)))
}

fn unreachable() -> Failure {
    Failure::new("unreachable", "the webhook cannot be reached", "le webhook est injoignable")
}

fn broken() -> Failure {
    Failure::new(
        "broken",
        "the webhook hung up before it had answered",
        "le webhook a fermé la connexion avant de répondre",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification's reference libraries.
    #[test]
    fn a_document_is_signed_as_the_specification_has_it() {
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let url = Uri::from_static("https://hooks.example.org/");
        let webhook = Webhook { url, secret: Zeroizing::new(secret), tls: None };
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(
            webhook.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    fn webhook(url: &str, tls: Option<Arc<ClientConfig>>) -> Webhook {
        Webhook { url: url.parse().unwrap(), secret: Zeroizing::new(vec![1; 24]), tls }
    }

    #[tokio::test(start_paused = true)]
    async fn a_receiver_that_never_answers_is_given_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let begun = tokio::time::Instant::now();
        let failure = webhook(&url, None).send("id", 1, Vec::new()).await.unwrap_err();
        assert_eq!(failure.code, "no_answer");
        assert!(begun.elapsed() <= WHOLE);
    }

    #[tokio::test]
    async fn to_a_receiver_with_a_strange_certificate_nothing_is_said() {
        let made = |name: &str| rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let (shown, trusted) = (made("127.0.0.1"), made("127.0.0.1"));
        let key = rustls::pki_types::PrivateKeyDer::try_from(shown.signing_key.serialize_der());
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![shown.cert.der().clone()], key.unwrap())
        .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let serving = async {
            let (stream, _) = listener.accept().await.unwrap();
            acceptor.accept(stream).await.map(drop)
        };
        let mut roots = rustls::RootCertStore::empty();
        roots.add(trusted.cert.der().clone()).unwrap();
        let webhook = webhook(&url, Some(tls::web_client_config(roots).unwrap()));
        let (sent, served) = tokio::join!(webhook.send("id", 1, b"{}".to_vec()), serving);
        assert_eq!(sent.unwrap_err().code, "tls");
        assert!(served.is_err(), "the handshake ended before a request");
    }
}
