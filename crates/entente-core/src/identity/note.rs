//! Signed notes: how an organization signs a checkpoint of a log, its own or another's.
//!
//! The formats are C2SP's [signed-note] and [tlog-cosignature], so that any tool of that family
//! verifies them. The crate `signed_note` brings the note; the signing and verifying are ours,
//! because its own verifier is not the strict one.
//!
//! [signed-note]: https://c2sp.org/signed-note
//! [tlog-cosignature]: https://c2sp.org/tlog-cosignature

use std::fmt;

use sha2::{Digest, Sha256};

use super::{OrgId, OrgKey, Signature};

/// How the name of every log of ours begins: a URL without a scheme, as C2SP asks, in a domain
/// that cannot exist (RFC 6761, section 6.4), so that it names no organization.
pub const ORIGIN: &str = "entente.invalid/";

/// Length of a cosignature: eight bytes of time, then the Ed25519 signature.
pub const COSIGNATURE_LEN: usize = 8 + Signature::LEN;

/// Algorithm bytes of the key ids (C2SP signed-note, section "Signature types").
const ALG_ED25519: u8 = 0x01;
const ALG_COSIGNATURE: u8 = 0x04;

/// Signs checkpoints of one log of the organization itself.
///
/// The name is the log's origin, and the signer refuses every text whose first line is another
/// one (C2SP tlog-checkpoint: "the key name SHOULD match the origin").
pub struct NoteSigner<'k> {
    name: String,
    key: &'k OrgKey,
}

impl<'k> NoteSigner<'k> {
    /// A signer for the log called `name`, which begins with [`ORIGIN`].
    pub fn new(name: impl Into<String>, key: &'k OrgKey) -> Result<Self, BadName> {
        Ok(Self { name: log_name(name.into())?, key })
    }
}

impl signed_note::Signer for NoteSigner<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        key_id(&self.name, ALG_ED25519, &self.key.id())
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        if !has_origin(message, &self.name) {
            return Err(signature::Error::new());
        }
        Ok(self.key.sign(message).as_bytes().to_vec())
    }
}

impl fmt::Debug for NoteSigner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteSigner").field("key", self.key).finish_non_exhaustive()
    }
}

/// Verifies checkpoints of one log of one organization.
#[derive(Clone)]
pub struct NoteVerifier {
    name: String,
    org: OrgId,
}

impl NoteVerifier {
    /// A verifier for the log called `name`, which begins with [`ORIGIN`], of `org`.
    pub fn new(name: impl Into<String>, org: OrgId) -> Result<Self, BadName> {
        Ok(Self { name: log_name(name.into())?, org })
    }
}

impl signed_note::Verifier for NoteVerifier {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        key_id(&self.name, ALG_ED25519, &self.org)
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        has_origin(message, &self.name)
            && Signature::try_from(signature)
                .is_ok_and(|signature| self.org.verify(message, &signature).is_ok())
    }
}

impl fmt::Debug for NoteVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteVerifier").field("org", &self.org).finish_non_exhaustive()
    }
}

/// Cosigns checkpoints of another organization's log, as a witness (`cosignature/v1`).
///
/// Says: at this time, this was the largest consistent tree I had seen of this log.
pub struct Cosigner<'k> {
    name: String,
    key: &'k OrgKey,
    time_s: u64,
}

impl<'k> Cosigner<'k> {
    /// A cosigner called `name` that signs at `time_s`, in seconds since 1970.
    pub fn new(name: impl Into<String>, key: &'k OrgKey, time_s: u64) -> Result<Self, BadName> {
        Ok(Self { name: key_name(name.into())?, key, time_s })
    }
}

impl signed_note::Signer for Cosigner<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        key_id(&self.name, ALG_COSIGNATURE, &self.key.id())
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let signature = self.key.sign(&cosigned(self.time_s, message));
        Ok([&self.time_s.to_be_bytes()[..], signature.as_bytes()].concat())
    }
}

impl fmt::Debug for Cosigner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cosigner").field("key", self.key).finish_non_exhaustive()
    }
}

/// Verifies cosignatures of one witness.
#[derive(Clone)]
pub struct CosignatureVerifier {
    name: String,
    org: OrgId,
}

impl CosignatureVerifier {
    /// A verifier for the witness called `name`, which is `org`.
    pub fn new(name: impl Into<String>, org: OrgId) -> Result<Self, BadName> {
        Ok(Self { name: key_name(name.into())?, org })
    }

    /// When a cosignature says it was made, in seconds since 1970. Not verified.
    pub fn time_s(cosignature: &[u8]) -> Option<u64> {
        (cosignature.len() == COSIGNATURE_LEN)
            .then(|| cosignature.first_chunk().map(|time| u64::from_be_bytes(*time)))
            .flatten()
    }
}

impl signed_note::Verifier for CosignatureVerifier {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        key_id(&self.name, ALG_COSIGNATURE, &self.org)
    }

    fn verify(&self, message: &[u8], cosignature: &[u8]) -> bool {
        let Some((time, signature)) = cosignature.split_first_chunk() else {
            return false;
        };
        let message = cosigned(u64::from_be_bytes(*time), message);
        Signature::try_from(signature)
            .is_ok_and(|signature| self.org.verify(&message, &signature).is_ok())
    }
}

impl fmt::Debug for CosignatureVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CosignatureVerifier").field("org", &self.org).finish_non_exhaustive()
    }
}

/// A name that a signed note cannot carry, or that is not a name of a log of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a name for a signed note")]
pub struct BadName;

/// The bytes under a cosignature (C2SP tlog-cosignature, section "Format").
fn cosigned(time_s: u64, message: &[u8]) -> Vec<u8> {
    [format!("cosignature/v1\ntime {time_s}\n").as_bytes(), message].concat()
}

/// The first four bytes of SHA-256(name, line feed, algorithm, public key).
fn key_id(name: &str, algorithm: u8, org: &OrgId) -> u32 {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', algorithm])
        .chain_update(org.as_bytes())
        .finalize()
        .into();
    let [a, b, c, d, ..] = hash;
    u32::from_be_bytes([a, b, c, d])
}

fn has_origin(message: &[u8], name: &str) -> bool {
    message.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"\n"))
}

fn log_name(name: String) -> Result<String, BadName> {
    if !name.starts_with(ORIGIN) {
        return Err(BadName);
    }
    key_name(name)
}

fn key_name(name: String) -> Result<String, BadName> {
    if !signed_note::is_key_name_valid(&name) || name.chars().any(char::is_control) {
        return Err(BadName);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use signed_note::{Note, Signer as _, StandardVerifier, Verifier as _, VerifierList};

    use super::*;

    const NAME: &str = "entente.invalid/feed/a";
    const TEXT: &[u8] = b"entente.invalid/feed/a\n1\nAAAA\n";

    fn key() -> OrgKey {
        OrgKey::from_seed(&[7; 32])
    }

    #[test]
    fn the_standard_verifier_of_signed_notes_accepts_our_checkpoint() {
        let key = key();
        let mut note = Note::new(TEXT, &[]).unwrap();
        note.add_sigs(&[&NoteSigner::new(NAME, &key).unwrap()]).unwrap();

        let ours = NoteVerifier::new(NAME, key.id()).unwrap();
        let public = [&[ALG_ED25519][..], key.id().as_bytes()].concat();
        let encoded = {
            use base64::prelude::*;
            format!("{NAME}+{:08x}+{}", ours.key_id(), BASE64_STANDARD.encode(public))
        };
        let theirs = StandardVerifier::new(&encoded).unwrap();
        for verifier in [Box::new(ours) as Box<dyn signed_note::Verifier>, Box::new(theirs)] {
            let (good, unknown) = note.verify(&VerifierList::new(vec![verifier])).unwrap();
            assert_eq!((good.len(), unknown.len()), (1, 0));
        }
    }

    #[test]
    fn a_signer_of_one_log_signs_no_other_text() {
        let key = key();
        let signer = NoteSigner::new(NAME, &key).unwrap();
        assert!(signer.sign(TEXT).is_ok());
        for other in [
            &b"entente.invalid/feed/b\n1\nAAAA\n"[..],
            b"entente.invalid/feed/ab\n",
            b"DSSEv1 1 t 1 b",
            b"",
        ] {
            assert!(signer.sign(other).is_err());
            let raw = key.sign(other);
            assert!(!NoteVerifier::new(NAME, key.id()).unwrap().verify(other, raw.as_bytes()));
        }
        assert_eq!(NoteSigner::new("cosignature/v1", &key).err(), Some(BadName));
        assert_eq!(NoteSigner::new("entente.invalid/a b", &key).err(), Some(BadName));
        assert_eq!(NoteSigner::new("entente.invalid/a\u{0}", &key).err(), Some(BadName));
    }

    #[test]
    fn a_cosignature_covers_the_time_and_the_text() {
        let key = key();
        let signature = Cosigner::new("witness", &key, 1_700_000_000).unwrap().sign(TEXT).unwrap();
        let verifier = CosignatureVerifier::new("witness", key.id()).unwrap();
        assert_eq!(CosignatureVerifier::time_s(&signature), Some(1_700_000_000));
        assert!(verifier.verify(TEXT, &signature));
        assert!(!verifier.verify(b"entente.invalid/feed/a\n2\nAAAA\n", &signature));

        let mut earlier = signature.clone();
        earlier[7] ^= 1;
        assert!(!verifier.verify(TEXT, &earlier));
        assert!(!verifier.verify(TEXT, &signature[..70]));
        // A cosignature is not a signature by the log itself.
        assert!(!NoteVerifier::new(NAME, key.id()).unwrap().verify(TEXT, &signature[8..]));
    }
}
