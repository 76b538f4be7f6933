//! Identity: an organization is its Ed25519 key.
//!
//! Nothing outside this crate signs or verifies raw bytes. An organization signs three kinds of
//! thing, and each has a type of its own here or in [`crate::envelope`]:
//!
//! | What | How its bytes begin | Type |
//! |---|---|---|
//! | a document | `DSSEv1 ` | [`Envelope`](crate::envelope::Envelope) |
//! | a checkpoint of its own log | `entente.invalid/` | [`NoteSigner`] |
//! | a checkpoint of another's log | `cosignature/v1` and a line feed | [`Cosigner`] |
//! | a certificate for its door | DER `SEQUENCE` with a long length | [`OrgKey::sign_certificate`] |
//!
//! The beginnings differ, so a signature over one kind is never one over another, whatever the
//! content. Verification is `verify_strict` everywhere: it refuses small-order keys and
//! signatures that others would judge differently (Chalkias, Garillot, Nikolaenko, *Taming the
//! many EdDSAs*, 2020).

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

mod note;
mod pseudonym;

pub use note::{
    BadName, COSIGNATURE_LEN, CosignatureVerifier, Cosigner, NoteSigner, NoteVerifier, ORIGIN,
};
pub use pseudonym::{PartnerEpoch, PseudonymKey};

/// The public name of an organization: its Ed25519 public key.
///
/// Displayed and parsed as 64 lower-case hex digits. The bytes are known to be the one encoding
/// of a curve point that is not of small order, so verification never fails for that reason and
/// two different values are two different organizations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgId([u8; Self::LEN]);

thread_local! {
    /// Keys that were found to be organizations. The check takes some 8 µs, a look here 0.03, and
    /// every leaf of a feed names two organizations: unremembered, it was seven tenths of what
    /// reading a feed cost.
    static CHECKED: RefCell<HashSet<[u8; OrgId::LEN]>> = RefCell::default();
}

/// How many are remembered: more than a node has partners. 64 kB per thread at most.
const MAX_CHECKED: usize = 1_024;

impl OrgId {
    /// Length of an Ed25519 public key, in bytes (RFC 8032, section 5.1.5).
    pub const LEN: usize = 32;

    /// The organization with this public key.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, NotAnOrganization> {
        if CHECKED.with_borrow(|checked| checked.contains(bytes)) {
            return Ok(Self(*bytes));
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| NotAnOrganization)?;
        if key.is_weak() || !is_reduced(bytes) {
            return Err(NotAnOrganization);
        }
        CHECKED.with_borrow_mut(|checked| {
            if checked.len() >= MAX_CHECKED {
                checked.clear();
            }
            checked.insert(*bytes);
        });
        Ok(Self(*bytes))
    }

    /// The public key.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The first five bytes in hex: enough to recognise a partner in a log line.
    pub fn short(&self) -> impl fmt::Display + use<> {
        let [a, b, c, d, e, ..] = self.0;
        hex::encode([a, b, c, d, e])
    }

    /// Checks that this organization signed `certificate`, the to-be-signed part of an X.509
    /// certificate (RFC 5280, section 4.1.1.1) in DER.
    pub fn verify_certificate(
        &self,
        certificate: &[u8],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        if !is_certificate(certificate) {
            return Err(BadSignature);
        }
        self.verify(certificate, signature)
    }

    /// Checks a signature over bytes that begin in one of the ways the module lists.
    pub(crate) fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| BadSignature)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(message, &signature).map_err(|_| BadSignature)
    }
}

impl TryFrom<&[u8]> for OrgId {
    type Error = NotAnOrganization;

    fn try_from(bytes: &[u8]) -> Result<Self, NotAnOrganization> {
        Self::from_bytes(bytes.try_into().map_err(|_| NotAnOrganization)?)
    }
}

impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrgId({})", self.short())
    }
}

impl FromStr for OrgId {
    type Err = NotAnOrganization;

    fn from_str(text: &str) -> Result<Self, NotAnOrganization> {
        // One spelling only, so that texts can be compared where ids are compared.
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(NotAnOrganization);
        }
        let mut bytes = [0; Self::LEN];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAnOrganization)?;
        Self::from_bytes(&bytes)
    }
}

/// Bytes or a text that are no organization's public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an organization's identity: it is 64 lower-case hex digits of an Ed25519 key")]
pub struct NotAnOrganization;

/// The secret half of an organization's identity. Wiped when dropped; prints only its public half.
pub struct OrgKey(SigningKey);

impl OrgKey {
    /// A new identity, from the operating system's randomness.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|_| NoRandomness)?;
        Ok(Self::from_seed(&seed))
    }

    /// The identity with this seed (the private key of RFC 8032, section 5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, to be sealed and stored. Whoever has it is the organization.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn id(&self) -> OrgId {
        OrgId(self.0.verifying_key().to_bytes())
    }

    /// Signs `certificate`, the to-be-signed part of an X.509 certificate in DER.
    ///
    /// Refuses anything that does not begin as one does, so that this is not a way to have other
    /// things signed.
    pub fn sign_certificate(&self, certificate: &[u8]) -> Result<Signature, NotACertificate> {
        if !is_certificate(certificate) {
            return Err(NotACertificate);
        }
        Ok(self.sign(certificate))
    }

    /// Signs bytes that begin in one of the ways the module lists.
    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for OrgKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrgKey({})", self.id().short())
    }
}

/// Whether the bytes begin as a certificate does: a DER `SEQUENCE` with a length of 128 to
/// 65,535 bytes, exactly.
///
/// The second byte, 0x81 or 0x82, is not the beginning of a UTF-8 character, so no note and no
/// envelope begins like this.
fn is_certificate(der: &[u8]) -> bool {
    match der {
        [0x30, 0x81, len, rest @ ..] => *len >= 0x80 && rest.len() == usize::from(*len),
        [0x30, 0x82, high, low, rest @ ..] => {
            *high > 0 && rest.len() == usize::from(u16::from_be_bytes([*high, *low]))
        }
        _ => false,
    }
}

/// An Ed25519 signature (RFC 8032, section 5.1.6). Not known to be a good one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; Self::LEN]);

impl Signature {
    /// Length, in bytes.
    pub const LEN: usize = 64;

    /// A signature with these bytes.
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Signature {
    type Error = BadSignature;

    fn try_from(bytes: &[u8]) -> Result<Self, BadSignature> {
        bytes.try_into().map(Self).map_err(|_| BadSignature)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

/// A signature that its supposed author did not make over these bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not good")]
pub struct BadSignature;

/// Whether the y-coordinate is written below p = 2^255 − 19 (RFC 8032, section 5.1.3, step 1).
///
/// The other second encoding, a sign bit on x = 0, belongs to points of small order only. Encoding
/// the point again and comparing says the same and takes longer than reading it did.
fn is_reduced(bytes: &[u8; OrgId::LEN]) -> bool {
    let [low, middle @ .., high] = bytes;
    *low < 0xed || high & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}

/// Something other than a certificate was to be signed as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the body of a certificate")]
pub struct NotACertificate;

/// The operating system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no randomness")]
pub struct NoRandomness;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 2: a secret key, its public key, the signature over `72`.
    const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    const PUBLIC: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    const SIGNATURE: &str = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

    /// For the message `x`, computed apart from this code.
    const LENIENT_S: &str = "68bfe22c5ac2d5052236f2f3609de72a39fe969a2c258c136022e37f64827d09";

    fn key() -> OrgKey {
        OrgKey::from_seed(&hex::decode(SEED).unwrap().try_into().unwrap())
    }

    #[test]
    fn an_identity_signs_as_rfc_8032_says() {
        let signature = key().sign(&[0x72]);
        assert_eq!(key().id().to_string(), PUBLIC);
        assert_eq!(hex::encode(signature.as_bytes()), SIGNATURE);
        assert_eq!(key().id().verify(&[0x72], &signature), Ok(()));
        assert_eq!(key().id().verify(&[0x73], &signature), Err(BadSignature));
    }

    #[test]
    fn an_id_is_read_as_it_is_written_and_in_no_other_way() {
        let id = key().id();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(format!("{}", id.short()), "3d4017c3e8");
        for text in [&PUBLIC.to_uppercase(), &PUBLIC[2..], &format!("{PUBLIC}00"), "", "org"] {
            assert_eq!(text.parse::<OrgId>(), Err(NotAnOrganization));
        }
    }

    #[test]
    fn points_of_small_order_and_second_encodings_are_nobody() {
        let mut identity_point = [0; 32];
        identity_point[0] = 1;
        assert_eq!(OrgId::from_bytes(&identity_point), Err(NotAnOrganization));
        assert_eq!(OrgId::from_bytes(&[0; 32]), Err(NotAnOrganization));

        // y = p + k is a second encoding of y = k. For some of the 19 values of k there is a
        // point, and the curve library accepts it.
        let mut n_second_encodings = 0;
        for k in 0..19 {
            let mut bytes = [0xff; 32];
            bytes[0] = 0xed + k;
            bytes[31] = 0x7f;
            n_second_encodings += usize::from(VerifyingKey::from_bytes(&bytes).is_ok());
            assert_eq!(OrgId::from_bytes(&bytes), Err(NotAnOrganization));
        }
        assert!(n_second_encodings > 2);
    }

    #[test]
    fn a_signature_with_a_scalar_above_the_order_is_refused() {
        let mut bytes = *key().sign(b"x").as_bytes();
        // Adds the group order L to S (RFC 8032, section 5.1.7, step 1: S must be below L).
        let order = hex::decode("edd3f55c1a631258d69cf7a2def9de14").unwrap();
        let order: Vec<u8> = order.into_iter().chain([0; 15]).chain([0x10]).collect();
        let mut carry = 0;
        for (byte, add) in bytes[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        assert_eq!(key().id().verify(b"x", &Signature(bytes)), Err(BadSignature));
    }

    #[test]
    fn a_signature_that_only_lenient_verifiers_accept_is_refused() {
        // R is the neutral point, and S is the hash times the secret scalar.
        let mut bytes = [0; 64];
        bytes[0] = 1;
        hex::decode_to_slice(LENIENT_S, &mut bytes[32..]).unwrap();

        let lenient = VerifyingKey::from_bytes(key().id().as_bytes()).unwrap();
        let signature = ed25519_dalek::Signature::from_bytes(&bytes);
        assert!(ed25519_dalek::Verifier::verify(&lenient, b"x", &signature).is_ok());
        assert_eq!(key().id().verify(b"x", &Signature(bytes)), Err(BadSignature));
    }

    #[test]
    fn only_what_begins_as_a_certificate_is_signed_as_one() {
        let body = [&[0x30, 0x81, 0x80][..], &[0; 0x80]].concat();
        let signature = key().sign_certificate(&body).unwrap();
        assert_eq!(key().id().verify_certificate(&body, &signature), Ok(()));

        for other in
            [&b"DSSEv1 1 t 1 b"[..], b"entente.invalid/feed\n", &[0x30, 0x03, 1, 2, 3], &body[1..]]
        {
            assert_eq!(key().sign_certificate(other), Err(NotACertificate));
            let signature = key().sign(other);
            assert_eq!(key().id().verify_certificate(other, &signature), Err(BadSignature));
        }
    }

    #[test]
    fn a_secret_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", key()), "OrgKey(3d4017c3e8)");
        assert_eq!(format!("{:?}", key().sign(b"x")), "Signature(..)");
    }

    #[test]
    fn two_new_identities_differ() {
        assert_ne!(OrgKey::generate().unwrap().id(), OrgKey::generate().unwrap().id());
    }
}
