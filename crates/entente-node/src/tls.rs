//! TLS: an organization shows its identity at the door, and nothing else.
//!
//! Each side presents two certificates: a short-lived P-256 **leaf** and, as its issuer, the
//! certificate of its Ed25519 **identity**. There is no authority: the other side looks up the
//! identity key and checks that it signed the leaf. (An Ed25519 leaf alone would do, but the TLS
//! library of most gRPC clients refuses those.) The names in both are opaque, so a stranger who
//! scans an address learns neither a name nor a place.
//!
//! TLS 1.3 only. There is no resumption: a resumed session does not run the verifier again, so a
//! partner suspended meanwhile would get back in. There is no list of accepted issuers, since it
//! would tell a stranger who our partners are.
//!
//! This says who is calling. What they may do is the business of [`crate::doors`] and the policy.

use std::sync::Arc;
use std::time::Duration;

use entente_core::identity::OrgId;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{self, kx_group};
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ServerConfig};

use crate::clock::Clock;

mod certificate;
mod console;
mod live;
mod verifier;

pub(crate) use certificate::valid_until;
pub use certificate::{CannotCertify, LEAF_NAME};
pub use console::{ConsoleCertificate, Shown, console_config};
pub use live::{LEAF_LIFE, LiveIdentity, RENEW_AFTER};
pub(crate) use verifier::identity_of;
pub use verifier::{Admission, Doorkeeper, WrongIdentity};

/// The only application protocol: HTTP/2, which carries gRPC.
pub(crate) const ALPN: &[u8] = b"h2";

/// How our own door answers: everyone that `doorkeeper` admits.
pub fn server_config(
    identity: &LiveIdentity,
    doorkeeper: Arc<dyn Doorkeeper>,
) -> Result<ServerConfig, rustls::Error> {
    let provider = provider();
    let verifier = verifier::Verifier::of_clients(doorkeeper, &provider);
    let mut config = ServerConfig::builder_with_details(provider, identity.time())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(identity.resolver());
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config)
}

/// How we call at another's door: nobody but `expected` may answer.
pub fn client_config(
    identity: &LiveIdentity,
    expected: OrgId,
) -> Result<ClientConfig, rustls::Error> {
    let provider = provider();
    let verifier = verifier::Verifier::of_server(expected, &provider);
    let mut config = ClientConfig::builder_with_details(provider, identity.time())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous() // No authority is asked; the verifier compares keys.
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(identity.resolver());
    config.resumption = rustls::client::Resumption::disabled();
    config.enable_early_data = false;
    config.enable_sni = false; // The name would cross the network in the clear.
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config)
}

/// How we call a server of the web, whose certificate one of `roots` has signed.
pub(crate) fn web_client_config(
    roots: rustls::RootCertStore,
) -> Result<Arc<ClientConfig>, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = builder
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The cryptography, with the key exchanges that we speak.
///
/// The hybrid with ML-KEM comes first: what is recorded today stays closed to a quantum computer
/// later. X25519 alone is for clients that do not have it yet. The groups are set here because
/// their default order depends on the features of a dependency.
fn provider() -> Arc<CryptoProvider> {
    let kx_groups = vec![kx_group::X25519MLKEM768, kx_group::X25519];
    Arc::new(CryptoProvider { kx_groups, ..aws_lc_rs::default_provider() })
}

/// Bytes as a PEM file names them (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

/// A [`Clock`] in the form that the TLS library asks for.
#[derive(Debug)]
struct TlsTime(Arc<dyn Clock>);

impl TimeProvider for TlsTime {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now_s()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
