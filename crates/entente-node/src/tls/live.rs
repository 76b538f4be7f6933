//! The identity while it is in use: the current leaf, and its renewal.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use entente_core::identity::{OrgId, OrgKey};
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;

use super::{CannotCertify, TlsTime, certificate};
use crate::clock::Clock;

/// How long a leaf is valid.
///
/// Thirty days: a stolen leaf is of no use after that, and a node that was off over a holiday
/// makes a new one when it starts.
pub const LEAF_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

/// The age at which a leaf is replaced: two thirds of its life, so that there are ten days to
/// notice that renewal fails.
pub const RENEW_AFTER: Duration = Duration::from_secs(20 * 24 * 3600);

/// What a node shows at doors. Cheap to clone; all clones show the same leaf.
///
/// The leaf and its key are in memory only: a node that starts makes new ones.
#[derive(Clone)]
pub struct LiveIdentity(Arc<Shared>);

struct Shared {
    key: Arc<OrgKey>,
    certificate: CertificateDer<'static>,
    clock: Arc<dyn Clock>,
    current: RwLock<Leaf>,
}

#[derive(Clone)]
struct Leaf {
    made_s: i64,
    certified: Arc<CertifiedKey>,
}

impl LiveIdentity {
    /// The identity of `key` with a new leaf, valid from now.
    pub fn new(key: Arc<OrgKey>, clock: Arc<dyn Clock>) -> Result<Self, CannotCertify> {
        let certificate = certificate::identity(&key)?;
        let current = RwLock::new(Leaf::new(&key, &certificate, clock.now_s())?);
        Ok(Self(Arc::new(Shared { key, certificate, clock, current })))
    }

    /// The organization.
    pub fn id(&self) -> OrgId {
        self.0.key.id()
    }

    /// The identity's certificate in PEM.
    ///
    /// Not secret. A gRPC client in another language trusts it as the root for our door.
    pub fn certificate_pem(&self) -> String {
        super::pem("CERTIFICATE", &self.0.certificate)
    }

    /// Makes a new leaf if the current one is older than [`RENEW_AFTER`], or was made in what is
    /// now the future because the clock was set back. Says whether it did.
    ///
    /// Connections made from now on show the new leaf. Open ones go on.
    pub fn renew_if_due(&self, now_s: i64) -> Result<bool, CannotCertify> {
        let age_s = now_s.saturating_sub(self.leaf().made_s);
        if u64::try_from(age_s).is_ok_and(|age_s| age_s < RENEW_AFTER.as_secs()) {
            return Ok(false);
        }
        let leaf = Leaf::new(&self.0.key, &self.0.certificate, now_s)?;
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = leaf;
        Ok(true)
    }

    /// Until when the current leaf is valid, in seconds since 1970.
    pub fn valid_until_s(&self) -> i64 {
        let life_s = i64::try_from(LEAF_LIFE.as_secs()).unwrap_or(i64::MAX);
        self.leaf().made_s.saturating_add(life_s)
    }

    fn leaf(&self) -> Leaf {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn time(&self) -> Arc<dyn TimeProvider> {
        Arc::new(TlsTime(Arc::clone(&self.0.clock)))
    }

    pub(super) fn resolver(&self) -> Arc<Resolver> {
        Arc::new(Resolver(self.clone()))
    }
}

impl fmt::Debug for LiveIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveIdentity").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl Leaf {
    fn new(
        key: &OrgKey,
        identity: &CertificateDer<'static>,
        now_s: i64,
    ) -> Result<Self, CannotCertify> {
        let (certificate, secret) = certificate::leaf(key, now_s, LEAF_LIFE)?;
        let signer = rustls::crypto::aws_lc_rs::sign::any_ecdsa_type(&secret)
            .map_err(|error| CannotCertify(error.to_string()))?;
        let certified = CertifiedKey::new(vec![certificate, identity.clone()], signer);
        Ok(Self { made_s: now_s, certified: Arc::new(certified) })
    }
}

/// Gives each handshake the leaf that is current when it begins.
#[derive(Debug)]
pub(super) struct Resolver(LiveIdentity);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.leaf().certified)
    }
}

impl ResolvesClientCert for Resolver {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.leaf().certified)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::*;

    use super::*;
    use crate::clock::ManualClock;

    const START: i64 = 1_800_000_000;

    fn identity() -> LiveIdentity {
        let key = Arc::new(OrgKey::from_seed(&[7; 32]));
        LiveIdentity::new(key, Arc::new(ManualClock::new(START))).unwrap()
    }

    fn shown(identity: &LiveIdentity) -> CertificateDer<'static> {
        identity.leaf().certified.cert[0].clone()
    }

    #[test]
    fn a_leaf_is_renewed_at_two_thirds_of_its_life_and_not_a_second_before() {
        let identity = identity();
        let first = shown(&identity);
        let due = START + 20 * 24 * 3600;

        assert_eq!(identity.renew_if_due(START), Ok(false));
        assert_eq!(identity.renew_if_due(due - 1), Ok(false));
        assert_eq!(shown(&identity), first);

        assert_eq!(identity.renew_if_due(due), Ok(true));
        assert_ne!(shown(&identity), first);
        assert_eq!(identity.renew_if_due(due), Ok(false));
    }

    #[test]
    fn a_leaf_from_the_future_is_renewed() {
        assert_eq!(identity().renew_if_due(START - 1), Ok(true));
    }

    #[test]
    fn the_certificate_is_written_as_pem() {
        let pem = identity().certificate_pem();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        assert!(pem.lines().all(|line| line.len() <= 64));
        assert_eq!(BASE64_STANDARD.decode(body).unwrap(), &identity().0.certificate[..]);
    }
}
