//! Certificates: the identity's own, and the leaves that it signs.

use std::time::Duration;

use entente_core::identity::{OrgId, OrgKey, Signature};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SerialNumber,
    SignatureAlgorithm, SigningKey,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// The name in every leaf. It is the same for all nodes and resolves nowhere (RFC 6761).
///
/// A gRPC client in another language gives it as the expected name of the server.
pub const LEAF_NAME: &str = "node.entente.invalid";

/// A `SubjectPublicKeyInfo` of an Ed25519 key up to the key itself (RFC 8410, section 4).
const ED25519_SPKI: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What stands between the body of a certificate and an Ed25519 signature: the algorithm, and the
/// head of a `BIT STRING` of 64 bytes.
const ED25519_SIGNATURE: [u8; 10] = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x41, 0x00];

/// How far before now a leaf begins, so that a partner whose clock is behind accepts it.
///
/// Six hours: more than a clock that anybody looks at is wrong, time zones aside.
const BACKDATED: Duration = Duration::from_secs(6 * 3600);

/// A certificate could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not make a certificate for the node's door: {0}")]
pub struct CannotCertify(pub(super) String);

impl From<rcgen::Error> for CannotCertify {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}

/// The identity's certificate. The same bytes every time, so a partner may keep them.
pub(super) fn identity(key: &OrgKey) -> Result<CertificateDer<'static>, CannotCertify> {
    let certificate = identity_params(&key.id()).self_signed(&Identity::new(key))?;
    Ok(certificate.der().clone())
}

/// A new leaf and its secret key, valid from a little before `now_s` for `life`.
pub(super) fn leaf(
    key: &OrgKey,
    now_s: i64,
    life: Duration,
) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), CannotCertify> {
    let leaf_key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let certificate = sign_leaf(&leaf_key, &key.id(), &Identity::new(key), now_s, life)?;
    let secret = PrivatePkcs8KeyDer::from(leaf_key.serialize_der());
    Ok((certificate.der().clone(), secret.into()))
}

fn sign_leaf(
    leaf_key: &KeyPair,
    issuer: &OrgId,
    signer: &impl SigningKey,
    now_s: i64,
    life: Duration,
) -> Result<Certificate, rcgen::Error> {
    let mut params = CertificateParams::new(vec![LEAF_NAME.to_owned()])?;
    params.distinguished_name = name(LEAF_NAME);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;

    let since_1970 = u64::try_from(now_s).unwrap_or_default();
    let begins = since_1970.saturating_sub(BACKDATED.as_secs());
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(begins);
    params.not_after = epoch + Duration::from_secs(since_1970) + life;

    let issuer_params = identity_params(issuer);
    params.signed_by(leaf_key, &Issuer::from_params(&issuer_params, signer))
}

fn identity_params(id: &OrgId) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(&id.to_string());
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    // There is one certificate per identity, so the number says nothing.
    params.serial_number = Some(SerialNumber::from(1_u64));
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    // "No well-defined expiration date" (RFC 5280, section 4.1.2.5). An identity ends when it is
    // revoked.
    params.not_after = rcgen::date_time_ymd(9999, 12, 31);
    params
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// The public key of an identity's certificate, from its `SubjectPublicKeyInfo`.
pub(super) fn identity_of_spki(spki: &[u8]) -> Option<OrgId> {
    OrgId::try_from(spki.strip_prefix(&ED25519_SPKI)?).ok()
}

/// The body of a certificate that an Ed25519 key signed, and the signature.
pub(super) fn split(certificate: &[u8]) -> Option<(&[u8], Signature)> {
    let (content, rest) = sequence(certificate)?;
    if !rest.is_empty() {
        return None;
    }
    let (_, after_body) = sequence(content)?;
    let body = content.get(..content.len() - after_body.len())?;
    let signature = after_body.strip_prefix(&ED25519_SIGNATURE)?;
    Some((body, Signature::try_from(signature).ok()?))
}

/// Until when a leaf is valid, in seconds since 1970.
pub(crate) fn valid_until(leaf: &[u8]) -> Option<i64> {
    let (body, _) = split(leaf)?;
    let (fields, _) = sequence(body)?;
    // Version, serial number, algorithm and issuer stand before the dates.
    let (_, rest) = value(0xa0, fields)?;
    let (_, rest) = value(0x02, rest)?;
    let (_, rest) = sequence(rest)?;
    let (_, rest) = sequence(rest)?;
    let (dates, _) = sequence(rest)?;
    let (_, until) = value(0x17, dates).or_else(|| value(0x18, dates))?;
    let date = match value(0x17, until) {
        // Two digits of the year, up to 2049 (RFC 5280, section 4.1.2.5.1).
        Some((date, _)) => format!("20{}", std::str::from_utf8(date).ok()?),
        None => std::str::from_utf8(value(0x18, until)?.0).ok()?.to_owned(),
    };
    let date = DateTime::strptime("%Y%m%d%H%M%SZ", date).ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// The content of the short DER value with this tag at the beginning, and what comes after it.
fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    match der {
        [first, len @ ..=0x7f, rest @ ..] if *first == tag => {
            rest.split_at_checked(usize::from(*len))
        }
        _ => None,
    }
}

/// The content of the DER `SEQUENCE` at the beginning, and what comes after it.
///
/// Certificates with a length of 64 KiB or more are nobody's.
fn sequence(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, content) = match der {
        [0x30, 0x82, high, low, content @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), content)
        }
        [0x30, 0x81, len, content @ ..] => (usize::from(*len), content),
        [0x30, len @ ..=0x7f, content @ ..] => (usize::from(*len), content),
        _ => return None,
    };
    content.split_at_checked(len)
}

/// The identity key in the form that the certificate library signs with.
struct Identity<'k> {
    key: &'k OrgKey,
    public: [u8; OrgId::LEN],
}

impl<'k> Identity<'k> {
    fn new(key: &'k OrgKey) -> Self {
        Self { key, public: *key.id().as_bytes() }
    }
}

impl PublicKeyData for Identity<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl SigningKey for Identity<'_> {
    fn sign(&self, body: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature =
            self.key.sign_certificate(body).map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> OrgKey {
        OrgKey::from_seed(&[7; 32])
    }

    #[test]
    fn the_certificate_of_an_identity_is_always_the_same() {
        assert_eq!(identity(&key()).unwrap(), identity(&key()).unwrap());
    }

    #[test]
    fn a_certificate_is_split_into_what_was_signed_and_the_signature() {
        let certificate = identity(&key()).unwrap();
        let (body, signature) = split(&certificate).unwrap();
        assert_eq!(key().id().verify_certificate(body, &signature), Ok(()));

        for end in 0..certificate.len() {
            assert!(split(&certificate[..end]).is_none());
        }
        assert!(split(&[&certificate[..], &[0]].concat()).is_none());
    }

    #[test]
    fn a_leaf_says_until_when_it_is_valid() {
        for now_s in [1_800_000_000, 3_000_000_000] {
            let (leaf, _) = leaf(&key(), now_s, Duration::from_secs(3_600)).unwrap();
            let until = valid_until(&leaf).unwrap();
            assert!((now_s + 3_590..=now_s + 3_610).contains(&until), "{until}");
            for end in 0..leaf.len() {
                assert_eq!(valid_until(&leaf[..end]), None);
            }
        }
    }

    #[test]
    fn a_leaf_names_nobody() {
        let (leaf, _) = leaf(&key(), 1_800_000_000, Duration::from_secs(60)).unwrap();
        let text = String::from_utf8_lossy(&leaf);
        assert!(text.contains(LEAF_NAME) && text.contains(&key().id().to_string()));
    }
}
