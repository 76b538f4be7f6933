//! The verifier: the same for both sides of a connection.
//!
//! A chain is good if it is exactly a leaf and an identity, the identity is one that the
//! [`Doorkeeper`] admits, it signed the leaf, and the leaf is valid now. The order matters: to a
//! stranger we say only that they are refused.

use std::sync::Arc;

use entente_core::identity::OrgId;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError,
    PeerIncompatible, PeerMisbehaved, RootCertStore, SignatureScheme,
};

use super::{LEAF_NAME, certificate};

/// How far somebody may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Admission {
    /// A partner: to everything that the agreements allow.
    Partner,
    /// Somebody who may hold an invitation of ours: to the steps of becoming a partner.
    Invitee,
    /// A partner whom we suspended: to the door, where every request is answered with that word.
    Suspended,
    /// Not at all.
    Refused,
}

/// Says who may come in. Asked during every handshake, after it, and on every request.
pub trait Doorkeeper: Send + Sync + 'static {
    /// How far `id` may come in now.
    fn admits(&self, id: &OrgId) -> Admission;
}

/// The other side is not the organization that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another organization answered than the one expected")]
pub struct WrongIdentity;

/// Admits one organization.
struct Only(OrgId);

impl Doorkeeper for Only {
    fn admits(&self, id: &OrgId) -> Admission {
        if *id == self.0 { Admission::Partner } else { Admission::Refused }
    }
}

/// The organization whose leaf heads this chain.
pub(crate) fn identity_of(chain: &[CertificateDer<'_>]) -> Option<OrgId> {
    let [_leaf, identity] = chain else { return None };
    let identity = ParsedCertificate::try_from(identity).ok()?;
    certificate::identity_of_spki(identity.subject_public_key_info().as_ref())
}

pub(super) struct Verifier {
    doorkeeper: Arc<dyn Doorkeeper>,
    /// What the other side is told, or we are, about an identity that is not admitted.
    refusal: CertificateError,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// For our door: accepts whom `doorkeeper` admits.
    pub(super) fn of_clients(
        doorkeeper: Arc<dyn Doorkeeper>,
        provider: &Arc<CryptoProvider>,
    ) -> Self {
        // This one becomes the alert `access_denied`, which the other side tells its people.
        let refusal = CertificateError::ApplicationVerificationFailure;
        Self { doorkeeper, refusal, provider: Arc::clone(provider) }
    }

    /// For another's door: accepts `expected`.
    pub(super) fn of_server(expected: OrgId, provider: &Arc<CryptoProvider>) -> Self {
        let refusal = CertificateError::Other(OtherError(Arc::new(WrongIdentity)));
        Self { doorkeeper: Arc::new(Only(expected)), refusal, provider: Arc::clone(provider) }
    }

    /// Checks that an admitted identity signed the leaf. Says nothing about the leaf's dates and
    /// purpose; [`Self::anchor`] is for those.
    fn check_identity<'a>(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &'a [CertificateDer<'a>],
    ) -> Result<&'a CertificateDer<'a>, Error> {
        let [issuer] = issuers else {
            return Err(CertificateError::UnknownIssuer.into());
        };
        let parsed = ParsedCertificate::try_from(issuer)?;
        let id = certificate::identity_of_spki(parsed.subject_public_key_info().as_ref())
            .ok_or(CertificateError::UnknownIssuer)?;
        if self.doorkeeper.admits(&id) == Admission::Refused {
            return Err(self.refusal.clone().into());
        }
        let (body, signature) = certificate::split(leaf).ok_or(CertificateError::BadEncoding)?;
        id.verify_certificate(body, &signature).map_err(|_| CertificateError::BadSignature)?;
        Ok(issuer)
    }

    /// The identity as the only root, for the usual checks of dates, purpose and extensions.
    fn anchor(issuer: &CertificateDer<'_>) -> Result<Arc<RootCertStore>, Error> {
        let mut roots = RootCertStore::empty();
        roots.add(issuer.clone().into_owned())?;
        Ok(Arc::new(roots))
    }

    fn algorithms(&self) -> WebPkiSupportedAlgorithms {
        self.provider.signature_verification_algorithms
    }

    fn check_handshake(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if signed.scheme != SignatureScheme::ECDSA_NISTP256_SHA256 {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        verify_tls13_signature(message, leaf, signed, &self.algorithms())
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier")
    }
}

impl ClientCertVerifier for Verifier {
    /// Empty: the list would show a stranger whom we know.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let issuer = self.check_identity(leaf, issuers)?;
        let provider = Arc::clone(&self.provider);
        WebPkiClientVerifier::builder_with_provider(Self::anchor(issuer)?, provider)
            .build()
            .map_err(|error| Error::General(error.to_string()))?
            .verify_client_cert(leaf, &[], now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOfferedOrEnabled.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_handshake(message, leaf, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        _: &ServerName<'_>, // The key says who it is; the name is the same for everybody.
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let issuer = self.check_identity(leaf, issuers)?;
        let name =
            ServerName::try_from(LEAF_NAME).map_err(|error| Error::General(error.to_string()))?;
        let provider = Arc::clone(&self.provider);
        WebPkiServerVerifier::builder_with_provider(Self::anchor(issuer)?, provider)
            .build()
            .map_err(|error| Error::General(error.to_string()))?
            .verify_server_cert(leaf, &[], &name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_handshake(message, leaf, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
