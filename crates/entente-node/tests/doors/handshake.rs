//! What the handshake shows and agrees on, and what a forged chain is worth.

use std::sync::{Arc, Mutex};

use entente_node::doors::DoorError;
use entente_node::tls;
use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, ClientConfig, HandshakeKind, NamedGroup, ServerConfig, SignatureScheme,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::common::{BOUND, OpenDoor, Org, curious, org, shake_hands};

/// An organization with an open door, and a partner of it.
async fn partners() -> (Org, OpenDoor, Org) {
    let (a, b) = (org(1), org(2));
    a.admits(&b);
    let door = a.opens().await;
    (a, door, b)
}

/// What the server says first, or the alert with which it refuses.
async fn first_read(config: ClientConfig, door: &OpenDoor) -> Result<usize, AlertDescription> {
    let mut stream = shake_hands(config, door.address).await.unwrap();
    let mut first = [0; 64];
    tokio::time::timeout(BOUND, stream.read(&mut first)).await.unwrap().map_err(|error| {
        let error = error.into_inner().unwrap().downcast::<rustls::Error>().unwrap();
        let rustls::Error::AlertReceived(alert) = *error else { panic!("{error}") };
        alert
    })
}

#[tokio::test]
async fn the_key_exchange_is_hybrid_and_x25519_alone_still_works() {
    let (_, door, b) = partners().await;
    let group = async |config| {
        let stream = shake_hands(config, door.address).await.unwrap();
        stream.get_ref().1.negotiated_key_exchange_group().unwrap().name()
    };
    assert_eq!(group(curious(&b)).await, NamedGroup::X25519MLKEM768);

    let mut provider = default_provider();
    provider.kx_groups = vec![kx_group::X25519];
    let mut older = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let known = curious(&b);
    older.client_auth_cert_resolver = Arc::clone(&known.client_auth_cert_resolver);
    older.alpn_protocols = known.alpn_protocols.clone();
    older.dangerous().set_certificate_verifier(super::common::any_server());
    assert_eq!(group(older).await, NamedGroup::X25519);
}

/// The library knows 1.2, for mail servers; the door does not.
#[tokio::test]
async fn a_client_that_speaks_only_tls_1_2_is_refused() {
    let (_, door, b) = partners().await;
    let mut older = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let known = curious(&b);
    older.client_auth_cert_resolver = Arc::clone(&known.client_auth_cert_resolver);
    older.alpn_protocols = known.alpn_protocols.clone();
    older.dangerous().set_certificate_verifier(super::common::any_server());
    let error = shake_hands(older, door.address).await.unwrap_err();
    let error = error.into_inner().unwrap().downcast::<rustls::Error>().unwrap();
    assert_eq!(*error, rustls::Error::AlertReceived(AlertDescription::ProtocolVersion));
}

#[tokio::test]
async fn a_session_is_never_resumed() {
    let (_, door, b) = partners().await;
    let mut config = curious(&b);
    config.resumption = Resumption::in_memory_sessions(8);
    let config = Arc::new(config);
    for _ in 0..2 {
        let mut stream = shake_hands(Arc::clone(&config), door.address).await.unwrap();
        // A ticket would come before the first frame.
        assert!(stream.read(&mut [0; 64]).await.unwrap() > 0);
        let connection = stream.get_ref().1;
        assert_eq!(connection.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(connection.tls13_tickets_received(), 0);
    }
}

/// Notes which issuers the server says it accepts, and then shows no certificate.
#[derive(Debug, Default)]
struct Hints(Mutex<Option<usize>>);

impl ResolvesClientCert for Hints {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        *self.0.lock().unwrap() = Some(hints.len());
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_stranger_learns_no_issuer_and_gets_no_further_without_a_certificate() {
    let (_, door, b) = partners().await;
    let hints = Arc::new(Hints::default());
    let mut config = curious(&b);
    config.client_auth_cert_resolver = Arc::clone(&hints) as _;
    let refused = first_read(config, &door).await;
    assert_eq!(refused, Err(AlertDescription::CertificateRequired));
    assert_eq!(*hints.0.lock().unwrap(), Some(0));
}

#[tokio::test]
async fn a_client_that_does_not_speak_http2_is_dropped() {
    let (_, door, b) = partners().await;
    let mut config = curious(&b);
    config.alpn_protocols = Vec::new();
    assert_eq!(first_read(config, &door).await, Ok(0));
}

#[tokio::test]
async fn tls_1_2_is_refused() {
    let (_, door, _) = partners().await;
    // A ClientHello of TLS 1.2 (RFC 5246, section 7.4.1.2): no `supported_versions`.
    let groups = [0, 10, 0, 4, 0, 2, 0, 29];
    let schemes = [0, 13, 0, 4, 0, 2, 4, 3];
    let extensions = [&[0, 16][..], &groups, &schemes].concat();
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2b, 1, 0], &extensions].concat();
    let len = u8::try_from(body.len()).unwrap();
    let hello = [&[22, 3, 1, 0, len + 4, 1, 0, 0, len][..], &body].concat();

    let mut socket = TcpStream::connect(door.address).await.unwrap();
    socket.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(BOUND, socket.read_to_end(&mut answer)).await.unwrap().unwrap();
    // A fatal alert, `protocol_version` (RFC 5246, section 7.2).
    assert_eq!(answer, [21, 3, 3, 0, 2, 2, 70]);
}

/// A leaf that says it was issued by `org` and that somebody else signed, with its key, followed
/// by the real certificate of the organization.
fn forged(org: &Org) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    use base64::prelude::*;

    let signer = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name.push(DnType::CommonName, org.id().to_string());
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let leaf = CertificateParams::new(vec![tls::LEAF_NAME.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(issuer, signer)).unwrap();

    let pem = org.identity.certificate_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let identity = CertificateDer::from(BASE64_STANDARD.decode(body).unwrap());
    let secret = PrivatePkcs8KeyDer::from(key.serialize_der());
    (vec![leaf.der().clone(), identity], secret.into())
}

#[tokio::test]
async fn an_impostor_with_a_partners_certificate_does_not_come_in() {
    let (_, door, b) = partners().await;
    let (chain, key) = forged(&b);
    let key = rustls::crypto::aws_lc_rs::sign::any_ecdsa_type(&key).unwrap();
    let mut config = curious(&b);
    let shown = CertifiedKey::new(chain, key);
    config.client_auth_cert_resolver = Arc::new(rustls::sign::SingleCertAndKey::from(shown));
    assert_eq!(first_read(config, &door).await, Err(AlertDescription::DecryptError));
}

#[tokio::test]
async fn an_impostor_in_the_place_of_a_partner_gets_no_call() {
    let (a, mut door, b) = partners().await;
    let (chain, key) = forged(&a);
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    door.address = listener.local_addr().unwrap();
    let impostor = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        TlsAcceptor::from(Arc::new(config)).accept(socket).await.map(drop)
    });
    let refused = b.calls(&a, &door).check().await.unwrap_err();
    assert_eq!(DoorError::of(&refused), Some(DoorError::WrongIdentity));
    assert!(impostor.await.unwrap().is_err());
}
