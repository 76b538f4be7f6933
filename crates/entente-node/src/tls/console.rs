//! TLS for browsers: a certificate from files, or one that the node makes for itself.
//!
//! A browser asks about a certificate that the node made, once; what it shows then can be compared
//! with the fingerprint in `entente status`. It is kept in the node's folder, so that the question
//! does not come back at every start.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{TlsTime, pem, provider};
use crate::clock::Clock;

/// How long a certificate lives that the node makes, in days: what browsers accept at most.
const LIFE_DAYS: u64 = 397;
/// So many days before its end it is made anew.
const RENEW_DAYS: u64 = 30;
const DAY_S: u64 = 86_400;

/// A certificate and its key for the console.
#[derive(Debug)]
pub struct ConsoleCertificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl ConsoleCertificate {
    /// Reads a chain and a key in PEM.
    pub fn read(chain: &Path, key: &Path) -> io::Result<Self> {
        let bad = |_| io::Error::from(io::ErrorKind::InvalidData);
        let chain = CertificateDer::pem_slice_iter(&fs::read(chain)?)
            .collect::<Result<Vec<_>, _>>()
            .map_err(bad)?;
        if chain.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let key = PrivateKeyDer::from_pem_slice(&fs::read(key)?).map_err(bad)?;
        Ok(Self { chain, key })
    }

    /// The one in the node's folder; makes it if it is not there, is over soon, or is for another
    /// name.
    pub fn own(folder: &Path, public_name: &str, now_s: i64) -> io::Result<Self> {
        let (chain, key) = (folder.join("console.pem"), folder.join("console.key"));
        let note = folder.join("console.for");
        let now = u64::try_from(now_s).unwrap_or_default();
        let for_now = |text: &str| {
            let (until, name) = text.trim_end().split_once(' ').unwrap_or((text.trim_end(), ""));
            let is_soon = |until: u64| until < now + RENEW_DAYS * DAY_S;
            name == public_name && until.parse().is_ok_and(|until| !is_soon(until))
        };
        if fs::read_to_string(&note).is_ok_and(|text| for_now(&text))
            && let Ok(found) = Self::read(&chain, &key)
        {
            return Ok(found);
        }
        let (chain_pem, key_pem) = made(public_name, now).map_err(io::Error::other)?;
        write_private(&key, &key_pem)?;
        fs::write(&chain, chain_pem)?;
        // Last, so that a half-written pair is made again.
        fs::write(&note, format!("{} {public_name}\n", now + LIFE_DAYS * DAY_S))?;
        Self::read(&chain, &key)
    }

    /// Until when the one in the node's folder is valid, in seconds since 1970, if there is one.
    pub fn own_until_s(folder: &Path) -> Option<i64> {
        let note = fs::read_to_string(folder.join("console.for")).ok()?;
        note.split_whitespace().next()?.parse().ok()
    }

    /// The SHA-256 of the first certificate, as browsers show it.
    pub fn fingerprint(&self) -> String {
        use sha2::Digest as _;
        let first: &[u8] = self.chain.first().map(AsRef::as_ref).unwrap_or_default();
        let digest = sha2::Sha256::digest(first);
        let pairs: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        pairs.join(":")
    }
}

/// What browsers are shown: a certificate in whose place another may come while the console is open.
#[derive(Debug)]
pub struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    /// Shows this one.
    pub fn new(certificate: ConsoleCertificate) -> Result<Arc<Self>, rustls::Error> {
        Ok(Arc::new(Self(RwLock::new(certified(certificate)?))))
    }

    /// Shows this one to whoever comes from now on. Whether it is another than before.
    pub fn replace(&self, certificate: ConsoleCertificate) -> Result<bool, rustls::Error> {
        let next = certified(certificate)?;
        let mut shown = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_other = shown.cert != next.cert;
        *shown = next;
        Ok(is_other)
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// A chain with a key that fits it.
fn certified(certificate: ConsoleCertificate) -> Result<Arc<CertifiedKey>, rustls::Error> {
    let ConsoleCertificate { chain, key } = certificate;
    Ok(Arc::new(CertifiedKey::from_der(chain, key, &provider())?))
}

fn made(public_name: &str, now: u64) -> Result<(String, String), rcgen::Error> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if !public_name.is_empty() && public_name != "localhost" {
        names.insert(0, public_name.to_owned());
    }
    let common = names.first().cloned().unwrap_or_default();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(now.saturating_sub(DAY_S));
    params.not_after = epoch + Duration::from_secs(now + (LIFE_DAYS - 1) * DAY_S);
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.self_signed(&key)?;
    Ok((pem("CERTIFICATE", certificate.der()), pem("PRIVATE KEY", &key.serialize_der())))
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;
    // Anew each time: the mode counts only for a file that is made.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// How the console answers browsers: TLS 1.3, no certificate asked of them.
pub fn console_config(
    shown: Arc<Shown>,
    clock: Arc<dyn Clock>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_details(provider(), Arc::new(TlsTime(clock)))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_cert_resolver(shown);
    config.max_early_data_size = 0;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_was_renewed_is_shown_from_then_on_and_one_without_its_key_never() {
        let folder = tempfile::tempdir().unwrap();
        let own = |now_s| ConsoleCertificate::own(folder.path(), "", now_s).unwrap();
        let first = own(1_000_000);
        let first_print = first.fingerprint();
        let shown = Shown::new(first).unwrap();
        assert!(!shown.replace(own(1_000_000)).unwrap());
        let later = 1_000_000 + 368 * i64::try_from(DAY_S).unwrap();
        assert!(shown.replace(own(later)).unwrap());
        let now = |shown: &Shown| shown.0.read().unwrap().cert.clone();
        let second = own(later);
        assert_ne!(second.fingerprint(), first_print);
        assert_eq!(now(&shown), second.chain);

        let other = tempfile::tempdir().unwrap();
        let strange = ConsoleCertificate::own(other.path(), "", later).unwrap();
        let mixed = ConsoleCertificate { chain: strange.chain, key: second.key };
        assert!(shown.replace(mixed).is_err());
        assert_eq!(now(&shown), second.chain);
    }

    #[test]
    fn a_certificate_of_our_own_is_kept_until_it_is_over_soon_or_for_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let own = |name: &str, now_s| {
            ConsoleCertificate::own(folder.path(), name, now_s).unwrap().fingerprint()
        };
        let first = own("", 1_000_000);
        assert_eq!(own("", 1_000_000), first);
        let day = i64::try_from(DAY_S).unwrap();
        assert_eq!(own("", 1_000_000 + 366 * day), first);
        assert_ne!(own("", 1_000_000 + 368 * day), first);
        let second = own("", 1_000_000);
        assert_ne!(own("node.example.org", 1_000_000), second);
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.path().join("console.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
