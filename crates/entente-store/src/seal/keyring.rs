//! The key ring: a node's own secrets, sealed under its passphrase.
//!
//! The file `keys.sealed` holds named secrets of 32 bytes: the store key, the identity's seed, the
//! pseudonym key, the backup key. argon2id turns the passphrase into the key they are sealed with;
//! its costs and salt are in the file, so they can be raised without a new format. A checksum tells
//! a damaged file from a wrong passphrase; it is no protection, the seal is.
//!
//! ```text
//! "ENTENTE-KEYS 1\n" | m KiB u32 | t u32 | p u32 | salt 16 | length u32 | sealed | SHA-256 of all
//! ```

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use allocator_api2::alloc::System;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::{ItemKey, SealError, open_item, seal_item};
use crate::engine::replace_file;

/// Names of the secrets that every node has.
pub mod names {
    /// Seals the rows of the store.
    pub const STORE: &str = "store";
    /// The store key that a running `store rekey` moves to.
    pub const NEXT_STORE: &str = "store.next";
    /// The Ed25519 seed of the organization's identity.
    pub const IDENTITY: &str = "identity";
    /// Makes the pseudonyms that partners see.
    pub const PSEUDONYM: &str = "pseudonym";
    /// The X-Wing seed to which hand-overs for an organization without a node are sealed.
    pub const HANDOVER: &str = "handover";
    /// One that was replaced, with the instant until which it opens; seconds since 1970.
    pub const HANDOVER_UNTIL: &str = "handover.until.";
    /// Seals the referrals that the folder of an organization without a node keeps.
    pub const REFERRALS: &str = "referrals";
}

const MAGIC: &[u8] = b"ENTENTE-KEYS 1\n";
const SALT_LEN: usize = 16;
/// A ring holds a handful of secrets; a megabyte is none.
const MAX_FILE_BYTES: usize = 1 << 20;

/// What guessing one passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KdfParams {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl KdfParams {
    /// For people's passphrases: 64 MiB and three passes, about 0.2 s (RFC 9106, section 4, second
    /// choice, with one lane since a node may have one core).
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// For tests only: the least that argon2 allows.
    pub const WEAK_FOR_TESTS: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };

    /// A file could otherwise ask for more memory than the machine has.
    const MAX: Self = Self { memory_kib: 1024 * 1024, passes: 64, lanes: 16 };

    fn argon2(self) -> Option<Argon2<'static>> {
        let Self { memory_kib, passes, lanes } = self;
        let within = memory_kib <= Self::MAX.memory_kib
            && passes <= Self::MAX.passes
            && lanes <= Self::MAX.lanes;
        let params = Params::new(memory_kib, passes, lanes, Some(32)).ok().filter(|_| within)?;
        Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    /// The key that a passphrase becomes; `None` if the costs are zero or unreasonable.
    pub(super) fn key(self, passphrase: &str, salt: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        // Two keyboards may spell « é » differently (one code point or two).
        let normal = Zeroizing::new(passphrase.nfc().collect::<String>());
        let mut key = Zeroizing::new([0; 32]);
        let argon2 = self.argon2()?;
        // Many MiB for a moment: the C library gives that much back to the system at once, where
        // the program's allocator would keep it.
        let mut memory = allocator_api2::vec::Vec::new_in(System);
        memory.resize(argon2.params().block_count(), Block::default());
        argon2
            .hash_password_into_with_memory(normal.as_bytes(), salt, key.as_mut(), &mut *memory)
            .ok()?;
        Some(key)
    }
}

/// Why a key ring was not opened or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// The passphrase is not the one the ring was sealed with.
    #[error("the passphrase does not open the key ring")]
    WrongPassphrase,
    /// The file is not a key ring, or was cut off or changed.
    #[error("the key ring is damaged: restore it from a backup")]
    Damaged,
    /// The file was written by a newer version of Entente.
    #[error("the key ring has a newer format than this version knows")]
    Newer,
    /// There is no key ring.
    #[error("there is no key ring")]
    Missing,
    /// A key ring is there already and would be overwritten.
    #[error("there is a key ring already")]
    Exists,
    /// The costs are zero, or beyond what any node should spend.
    #[error("the key ring asks for an unreasonable amount of work")]
    BadParams,
    /// The file cannot be read or written.
    #[error("the key ring cannot be read or written: {0}")]
    Io(io::ErrorKind),
    /// The operating system gave no random bytes.
    #[error("the operating system has no random bytes")]
    NoRandomness,
}

impl From<io::Error> for KeyRingError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::AlreadyExists => Self::Exists,
            kind => Self::Io(kind),
        }
    }
}

/// A key made from a passphrase, with what it takes to make it again.
#[derive(Clone)]
pub(crate) struct WrappingKey {
    params: KdfParams,
    salt: [u8; SALT_LEN],
    key: Zeroizing<[u8; 32]>,
}

impl WrappingKey {
    /// Bytes of [`Self::header`].
    pub(crate) const HEADER_LEN: usize = 12 + SALT_LEN;

    pub(crate) fn new(passphrase: &str, params: KdfParams) -> Result<Self, KeyRingError> {
        let mut salt = [0; SALT_LEN];
        getrandom::fill(&mut salt).map_err(|_| KeyRingError::NoRandomness)?;
        Self::derive(passphrase, params, salt)
    }

    /// Costs and salt: not secret, and all that is needed beside the passphrase.
    pub(crate) fn header(&self) -> [u8; Self::HEADER_LEN] {
        let KdfParams { memory_kib, passes, lanes } = self.params;
        let mut header = [0; Self::HEADER_LEN];
        let fields = [&memory_kib.to_be_bytes()[..], &passes.to_be_bytes(), &lanes.to_be_bytes()];
        let bytes = fields.into_iter().flatten().chain(&self.salt);
        for (place, byte) in header.iter_mut().zip(bytes) {
            *place = *byte;
        }
        header
    }

    pub(crate) fn from_header(
        header: &[u8; Self::HEADER_LEN],
        passphrase: &str,
    ) -> Result<Self, KeyRingError> {
        let (memory_kib, rest) = take_u32(header).ok_or(KeyRingError::Damaged)?;
        let (passes, rest) = take_u32(rest).ok_or(KeyRingError::Damaged)?;
        let (lanes, rest) = take_u32(rest).ok_or(KeyRingError::Damaged)?;
        let salt = rest.try_into().map_err(|_| KeyRingError::Damaged)?;
        Self::derive(passphrase, KdfParams { memory_kib, passes, lanes }, salt)
    }

    /// A key for one purpose, so that the ring and its backups do not share one.
    pub(crate) fn for_purpose(&self, purpose: &[u8]) -> ItemKey {
        let mut key = Zeroizing::new([0; 32]);
        super::expand(&Hkdf::new(None, &*self.key), &[b"entente/v1/wrap/", purpose], key.as_mut());
        ItemKey::from_bytes(&key)
    }

    fn derive(
        passphrase: &str,
        params: KdfParams,
        salt: [u8; SALT_LEN],
    ) -> Result<Self, KeyRingError> {
        let key = params.key(passphrase, &salt).ok_or(KeyRingError::BadParams)?;
        Ok(Self { params, salt, key })
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappingKey(..)")
    }
}

/// A node's own secrets, open.
pub struct KeyRing {
    path: PathBuf,
    wrapping: WrappingKey,
    secrets: BTreeMap<String, Zeroizing<[u8; 32]>>,
}

impl KeyRing {
    /// Makes a key ring with a fresh store key and writes it to `path`, where nothing may be.
    pub fn create(path: &Path, passphrase: &str, params: KdfParams) -> Result<Self, KeyRingError> {
        if path.try_exists()? {
            return Err(KeyRingError::Exists);
        }
        let wrapping = WrappingKey::new(passphrase, params)?;
        let mut ring = Self { path: path.to_owned(), wrapping, secrets: BTreeMap::new() };
        ring.put_secret(names::STORE, &*random()?)?;
        Ok(ring)
    }

    /// Opens the key ring at `path`.
    pub fn open(path: &Path, passphrase: &str) -> Result<Self, KeyRingError> {
        Self::from_bytes(path, &fs::read(path)?, passphrase)
    }

    /// The secret of this name, if the ring has one.
    pub fn secret(&self, name: &str) -> Option<Zeroizing<[u8; 32]>> {
        self.secrets.get(name).cloned()
    }

    /// The names of all secrets, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.secrets.keys().map(String::as_str)
    }

    /// Adds or replaces a secret, and writes the ring.
    pub fn put_secret(&mut self, name: &str, secret: &[u8; 32]) -> Result<(), KeyRingError> {
        let mut secrets = self.secrets.clone();
        secrets.insert(name.to_owned(), Zeroizing::new(*secret));
        self.replace(secrets, self.wrapping.clone())
    }

    /// Makes the secret `from` the secret `to`, and writes the ring. Nothing, if `from` is missing.
    pub fn rename_secret(&mut self, from: &str, to: &str) -> Result<(), KeyRingError> {
        let mut secrets = self.secrets.clone();
        match secrets.remove(from) {
            Some(secret) => {
                secrets.insert(to.to_owned(), secret);
                self.replace(secrets, self.wrapping.clone())
            }
            None => Ok(()),
        }
    }

    /// Puts another secret in the place of `name`, keeps the one before as `kept_as`, and writes the ring.
    pub fn succeed_secret(
        &mut self,
        name: &str,
        kept_as: &str,
        secret: &[u8; 32],
    ) -> Result<(), KeyRingError> {
        let mut secrets = self.secrets.clone();
        if let Some(before) = secrets.insert(name.to_owned(), Zeroizing::new(*secret)) {
            secrets.insert(kept_as.to_owned(), before);
        }
        self.replace(secrets, self.wrapping.clone())
    }

    /// Destroys a secret, and writes the ring. Older copies of the file still have it.
    pub fn remove_secret(&mut self, name: &str) -> Result<(), KeyRingError> {
        let mut secrets = self.secrets.clone();
        match secrets.remove(name) {
            Some(_) => self.replace(secrets, self.wrapping.clone()),
            None => Ok(()),
        }
    }

    /// Seals the ring under another passphrase. Older backups keep the older passphrase.
    pub fn change_passphrase(
        &mut self,
        passphrase: &str,
        params: KdfParams,
    ) -> Result<(), KeyRingError> {
        let wrapping = WrappingKey::new(passphrase, params)?;
        self.replace(self.secrets.clone(), wrapping)
    }

    /// The file as it is, sealed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, KeyRingError> {
        encode(&self.wrapping, &self.secrets)
    }

    pub(crate) fn from_bytes(
        path: &Path,
        bytes: &[u8],
        passphrase: &str,
    ) -> Result<Self, KeyRingError> {
        let (wrapping, secrets) = decode(bytes, passphrase)?;
        Ok(Self { path: path.to_owned(), wrapping, secrets })
    }

    /// Writes the ring to another place, where nothing may be.
    pub(crate) fn write_to(&self, path: &Path) -> Result<(), KeyRingError> {
        if path.try_exists()? {
            return Err(KeyRingError::Exists);
        }
        write(path, &self.to_bytes()?)
    }

    pub(crate) fn wrapping(&self) -> &WrappingKey {
        &self.wrapping
    }

    fn replace(
        &mut self,
        secrets: BTreeMap<String, Zeroizing<[u8; 32]>>,
        wrapping: WrappingKey,
    ) -> Result<(), KeyRingError> {
        write(&self.path, &encode(&wrapping, &secrets)?)?;
        self.secrets = secrets;
        self.wrapping = wrapping;
        Ok(())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyRing").field(&self.secrets.keys()).finish()
    }
}

fn random() -> Result<Zeroizing<[u8; 32]>, KeyRingError> {
    super::random_secret().map_err(|_| KeyRingError::NoRandomness)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), KeyRingError> {
    replace_file(path, bytes).map_err(|error| KeyRingError::Io(error.kind()))
}

fn encode(
    wrapping: &WrappingKey,
    secrets: &BTreeMap<String, Zeroizing<[u8; 32]>>,
) -> Result<Vec<u8>, KeyRingError> {
    let plain: BTreeMap<&str, [u8; 32]> =
        secrets.iter().map(|(name, secret)| (name.as_str(), **secret)).collect();
    let encoded = Zeroizing::new(postcard::to_stdvec(&plain).map_err(|_| KeyRingError::Damaged)?);
    let mut file = [MAGIC, &wrapping.header()].concat();
    let sealed = seal_item(&wrapping.for_purpose(b"keys"), &file, &encoded)
        .map_err(|_| KeyRingError::NoRandomness)?;
    for mut secret in plain.into_values() {
        secret.zeroize();
    }
    let n_sealed = u32::try_from(sealed.len()).map_err(|_| KeyRingError::Damaged)?;
    file.extend_from_slice(&n_sealed.to_be_bytes());
    file.extend_from_slice(&sealed);
    let checksum = Sha256::digest(&file);
    file.extend_from_slice(&checksum);
    Ok(file)
}

type Opened = (WrappingKey, BTreeMap<String, Zeroizing<[u8; 32]>>);

fn decode(bytes: &[u8], passphrase: &str) -> Result<Opened, KeyRingError> {
    let damaged = KeyRingError::Damaged;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(damaged);
    }
    if !bytes.starts_with(MAGIC) && bytes.starts_with(b"ENTENTE-KEYS ") {
        return Err(KeyRingError::Newer);
    }
    let (body, checksum) = bytes.split_last_chunk::<32>().ok_or(damaged.clone())?;
    if Sha256::digest(body).as_slice() != checksum {
        return Err(damaged);
    }
    let rest = body.strip_prefix(MAGIC).ok_or(damaged.clone())?;
    let (header, rest) =
        rest.split_first_chunk::<{ WrappingKey::HEADER_LEN }>().ok_or(damaged.clone())?;
    let (n_sealed, sealed) = take_u32(rest).ok_or(damaged.clone())?;
    if u32::try_from(sealed.len()) != Ok(n_sealed) {
        return Err(damaged);
    }
    let wrapping = WrappingKey::from_header(header, passphrase)?;
    let aad = [MAGIC, header].concat();
    let plain =
        open_item(&wrapping.for_purpose(b"keys"), &aad, sealed).map_err(|error| match error {
            SealError::DoesNotOpen => KeyRingError::WrongPassphrase,
            SealError::NoRandomness => KeyRingError::NoRandomness,
        })?;
    let plain = Zeroizing::new(plain);
    let secrets: BTreeMap<String, [u8; 32]> = postcard::from_bytes(&plain).map_err(|_| damaged)?;
    let secrets =
        secrets.into_iter().map(|(name, secret)| (name, Zeroizing::new(secret))).collect();
    Ok((wrapping, secrets))
}

fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (first, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*first), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEAK: KdfParams = KdfParams::WEAK_FOR_TESTS;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self) -> PathBuf {
            self.0.path().join("keys.sealed")
        }
    }

    #[test]
    fn secrets_come_back_with_the_passphrase() {
        let place = Place::new();
        let mut ring = KeyRing::create(&place.path(), "quatre mots au hasard", WEAK).unwrap();
        ring.put_secret(names::IDENTITY, &[9; 32]).unwrap();

        let again = KeyRing::open(&place.path(), "quatre mots au hasard").unwrap();
        assert_eq!(again.secret(names::IDENTITY).unwrap(), Zeroizing::new([9; 32]));
        assert_eq!(again.secret(names::STORE), ring.secret(names::STORE));
        assert_eq!(again.secret("unknown"), None);
    }

    #[test]
    fn a_wrong_passphrase_is_told_from_a_damaged_file() {
        let place = Place::new();
        KeyRing::create(&place.path(), "right", WEAK).unwrap();
        let error = KeyRing::open(&place.path(), "wrong").unwrap_err();
        assert_eq!(error, KeyRingError::WrongPassphrase);

        let whole = fs::read(place.path()).unwrap();
        for byte in MAGIC.len()..whole.len() {
            let mut flipped = whole.clone();
            flipped[byte] ^= 1;
            let error = KeyRing::from_bytes(&place.path(), &flipped, "right").unwrap_err();
            assert_eq!(error, KeyRingError::Damaged);
            let error = KeyRing::from_bytes(&place.path(), &whole[..byte], "right").unwrap_err();
            assert_eq!(error, KeyRingError::Damaged);
        }
    }

    #[test]
    fn an_accent_typed_as_one_or_two_code_points_is_the_same() {
        let place = Place::new();
        KeyRing::create(&place.path(), "caf\u{e9}", WEAK).unwrap();
        KeyRing::open(&place.path(), "cafe\u{301}").unwrap();
    }

    #[test]
    fn a_changed_passphrase_replaces_the_old_one() {
        let place = Place::new();
        let mut ring = KeyRing::create(&place.path(), "old", WEAK).unwrap();
        ring.change_passphrase("new", WEAK).unwrap();
        let error = KeyRing::open(&place.path(), "old").unwrap_err();
        assert_eq!(error, KeyRingError::WrongPassphrase);
        let again = KeyRing::open(&place.path(), "new").unwrap();
        assert_eq!(again.secret(names::STORE), ring.secret(names::STORE));
    }

    #[test]
    fn a_ring_is_never_overwritten_by_a_new_one() {
        let place = Place::new();
        KeyRing::create(&place.path(), "first", WEAK).unwrap();
        let error = KeyRing::create(&place.path(), "second", WEAK).unwrap_err();
        assert_eq!(error, KeyRingError::Exists);
        KeyRing::open(&place.path(), "first").unwrap();
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory() {
        let place = Place::new();
        let greedy = KdfParams { memory_kib: u32::MAX, ..WEAK };
        let error = KeyRing::create(&place.path(), "p", greedy).unwrap_err();
        assert_eq!(error, KeyRingError::BadParams);
        assert_eq!(KeyRing::open(&place.path(), "p").unwrap_err(), KeyRingError::Missing);
    }

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let error = KeyRing::from_bytes(Path::new(""), b"ENTENTE-KEYS 2\n...", "p").unwrap_err();
        assert_eq!(error, KeyRingError::Newer);
    }

    #[test]
    fn debug_output_names_secrets_without_showing_them() {
        let place = Place::new();
        let ring = KeyRing::create(&place.path(), "p", WEAK).unwrap();
        assert_eq!(format!("{ring:?}"), r#"KeyRing(["store"])"#);
    }
}
