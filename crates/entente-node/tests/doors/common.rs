//! Organizations with doors, and clients that do not play by the rules.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entente_core::identity::{OrgId, OrgKey};
use entente_node::clock::{Clock, ManualClock};
use entente_node::doors::{
    Admissions, DoorLimits, LiveCheck, PartnerChannel, PartnerDoor, Peer, connect, partner_server,
};
use entente_node::tls::{self, Admission, LiveIdentity};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_stream::Stream;
use tokio_stream::StreamExt;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// When the tests begin, in seconds since 1970.
pub(crate) const START: i64 = 1_800_000_000;

/// What never takes long is waited for this long before the test fails.
pub(crate) const BOUND: Duration = Duration::from_secs(5);

/// An organization with an identity, a clock and a register of partners.
pub(crate) struct Org {
    pub(crate) identity: LiveIdentity,
    pub(crate) clock: ManualClock,
    pub(crate) admissions: Arc<Admissions>,
}

pub(crate) fn org(seed: u8) -> Org {
    org_at(seed, START)
}

pub(crate) fn org_at(seed: u8, now_s: i64) -> Org {
    let clock = ManualClock::new(now_s);
    let key = Arc::new(OrgKey::from_seed(&[seed; 32]));
    let identity = LiveIdentity::new(key, Arc::new(clock.clone()) as Arc<dyn Clock>).unwrap();
    Org { identity, clock, admissions: Arc::new(Admissions::nobody()) }
}

impl Org {
    pub(crate) fn id(&self) -> OrgId {
        self.identity.id()
    }

    pub(crate) fn admits(&self, other: &Org) {
        self.admissions.set(other.id(), Admission::Partner);
    }

    pub(crate) async fn opens(&self) -> OpenDoor {
        self.opens_with(DoorLimits::default(), &[]).await
    }

    pub(crate) async fn opens_with(
        &self,
        limits: DoorLimits,
        for_invitees: &'static [&'static str],
    ) -> OpenDoor {
        let admissions = Arc::clone(&self.admissions);
        let check = LiveCheck::new(Arc::clone(&admissions) as _, for_invitees);
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let door = PartnerDoor::bind(any_port, &self.identity, admissions, limits).await.unwrap();
        let address = door.local_addr().unwrap();

        let asked = Asked::default();
        let router = partner_server(check).add_service(HealthServer::new(asked.clone()));
        let stop = CancellationToken::new();
        let serving = tokio::spawn(door.serve(router, stop.clone()));
        OpenDoor { address, asked, serving, stop: stop.drop_guard() }
    }

    /// A client of this organization for the door of `other`.
    pub(crate) fn calls(&self, other: &Org, door: &OpenDoor) -> Caller {
        let address = door.address.to_string();
        let cut = self.admissions.cut_token(&other.id());
        let channel = connect(address, other.id(), &self.identity, cut).unwrap();
        Caller { client: HealthClient::new(channel.clone()), channel }
    }
}

pub(crate) struct OpenDoor {
    pub(crate) address: SocketAddr,
    pub(crate) asked: Asked,
    pub(crate) serving: tokio::task::JoinHandle<Result<(), tonic::transport::Error>>,
    pub(crate) stop: DropGuard,
}

#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) client: HealthClient<PartnerChannel>,
    pub(crate) channel: PartnerChannel,
}

impl Caller {
    pub(crate) async fn check(&mut self) -> Result<(), Status> {
        let answer = self.client.check(HealthCheckRequest::default());
        tokio::time::timeout(BOUND, answer).await.unwrap().map(drop)
    }

    pub(crate) async fn watch(&mut self) -> Result<tonic::Streaming<HealthCheckResponse>, Status> {
        let answer = self.client.watch(HealthCheckRequest::default());
        let mut stream = tokio::time::timeout(BOUND, answer).await.unwrap()?.into_inner();
        stream.message().await?;
        Ok(stream)
    }
}

/// A service that remembers who asked last. Its stream says one thing and then stays open.
#[derive(Clone, Default)]
pub(crate) struct Asked(Arc<Mutex<Option<Peer>>>);

impl Asked {
    pub(crate) fn by(&self) -> Option<(OrgId, Admission)> {
        self.0.lock().unwrap().as_ref().map(|peer| (peer.id, peer.admission))
    }

    fn remember(&self, request: &Request<HealthCheckRequest>) {
        *self.0.lock().unwrap() = request.extensions().get::<Peer>().cloned();
    }
}

#[tonic::async_trait]
impl Health for Asked {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        self.remember(&request);
        Ok(Response::new(HealthCheckResponse { status: 1 }))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        self.remember(&request);
        let first = tokio_stream::once(Ok(HealthCheckResponse { status: 1 }));
        Ok(Response::new(Box::pin(first.chain(tokio_stream::pending()))))
    }
}

/// A client configuration that accepts any server, to look at what ours does.
pub(crate) fn curious(org: &Org) -> ClientConfig {
    let ours = tls::client_config(&org.identity, org.id()).unwrap();
    let mut config = ClientConfig::builder_with_provider(ours.crypto_provider().clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(any_server())
        .with_client_cert_resolver(Arc::clone(&ours.client_auth_cert_resolver));
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// The TLS connection alone, without HTTP/2 on it.
pub(crate) async fn shake_hands(
    config: impl Into<Arc<ClientConfig>>,
    address: SocketAddr,
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(tls::LEAF_NAME).unwrap();
    let socket = TcpStream::connect(address).await?;
    let shaken = TlsConnector::from(config.into()).connect(name, socket);
    tokio::time::timeout(BOUND, shaken).await.unwrap()
}

/// A verifier that accepts any server.
pub(crate) fn any_server() -> Arc<dyn ServerCertVerifier> {
    Arc::new(AnyServer)
}

#[derive(Debug)]
struct AnyServer;

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
