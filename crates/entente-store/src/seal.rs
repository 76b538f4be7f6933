//! Encryption at rest: rows, items and the node's own keys.
//!
//! One construction for everything: XAES-256-GCM ([C2SP]), which derives a fresh AES-256-GCM key
//! from each random 192-bit nonce. Plain AES-GCM with random 96-bit nonces allows 2³² messages per
//! key (NIST SP 800-38D, section 8.3), and a busy table rewrites its rows past that in some years;
//! here it is 2⁸⁰. So every row, in effect, has a key of its own.
//!
//! A sealed value is bound to its place (table and key), so a row that is moved or swapped does
//! not open. It is *not* bound to a version: whoever can write to the disk can put back an older
//! value of the same row, or the whole disk of yesterday. The audit log and the partners' cosigned
//! checkpoints show that.
//!
//! Deleting a row leaves its old sealed bytes in the engine's files until they are reused. What must
//! be gone on request is sealed under an [`ItemKey`] of its own and the key's row is deleted; those
//! bytes too linger, sealed under the store key, until `store rekey` replaces it.
//!
//! [C2SP]: https://c2sp.org/XAES-256-GCM

mod keyring;
mod password;
mod person;
mod xaes;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

pub use self::keyring::{KdfParams, KeyRing, KeyRingError, names};
pub use self::password::{Password, digest};
pub use self::person::{open_for_person, seal_for_person};
use self::xaes::Xaes256Gcm;
pub(crate) use self::{keyring::WrappingKey, xaes::NONCE_LEN};

/// First byte of everything sealed, so that another construction can follow.
const ALGORITHM: u8 = 1;

/// What sealing adds to the length of a value: algorithm, nonce, tag.
pub const OVERHEAD: usize = 1 + NONCE_LEN + xaes::TAG_LEN;

/// Separates our keys from any other use of the same secret.
const ROW_CONTEXT: &[u8] = b"entente/v1/store/table";

/// Why something sealed did not open, or did not seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Wrong key, wrong place, or changed bytes; they cannot be told apart.
    #[error("sealed data does not open: it was changed, moved, or sealed with another key")]
    DoesNotOpen,
    /// The operating system gave no random bytes.
    #[error("the operating system has no random bytes")]
    NoRandomness,
}

/// A fresh secret of 32 bytes.
pub fn random_secret() -> Result<Zeroizing<[u8; 32]>, SealError> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(secret.as_mut()).map_err(|_| SealError::NoRandomness)?;
    Ok(secret)
}

/// Seals and opens the rows of one store.
#[derive(Clone)]
pub struct Sealer {
    tables: Arc<Tables>,
}

struct Tables {
    store: Hkdf<Sha256>,
    // One per table, made when first used: 256 key schedules would be 120 kB for nothing.
    ciphers: [OnceLock<Xaes256Gcm>; 256],
}

impl Sealer {
    /// From the store key.
    pub fn new(store_key: &[u8; 32]) -> Self {
        let store = Hkdf::new(None, store_key);
        Self { tables: Arc::new(Tables { store, ciphers: [const { OnceLock::new() }; 256] }) }
    }

    /// Seals the row at `place`: the table's byte and the key.
    pub fn seal_row(&self, place: &[u8], value: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(self.cipher(place), &random_nonce()?, place, value)
    }

    /// Opens what [`Self::seal_row`] made for the same place.
    pub fn open_row(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        open(self.cipher(place), place, sealed)
    }

    /// Seals many rows with one call for random bytes.
    pub(crate) fn seal_rows<'a>(
        &self,
        rows: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])>,
        mut sealed: impl FnMut(&'a [u8], Vec<u8>),
    ) -> Result<(), SealError> {
        let mut nonces = vec![[0; NONCE_LEN]; rows.len()];
        getrandom::fill(nonces.as_flattened_mut()).map_err(|_| SealError::NoRandomness)?;
        for ((place, value), nonce) in rows.zip(&nonces) {
            sealed(place, seal(self.cipher(place), nonce, place, value)?);
        }
        Ok(())
    }

    fn cipher(&self, place: &[u8]) -> &Xaes256Gcm {
        let table = place.first().copied().unwrap_or_default();
        #[expect(clippy::indexing_slicing, reason = "there are 256 ciphers, one for each byte")]
        self.tables.ciphers[usize::from(table)].get_or_init(|| {
            let mut key = Zeroizing::new([0; 32]);
            expand(&self.tables.store, &[ROW_CONTEXT, &[table]], key.as_mut());
            Xaes256Gcm::new(&key)
        })
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

/// The key of one item that can be shredded: without it, the item is noise.
pub struct ItemKey(Zeroizing<[u8; 32]>);

impl ItemKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// A key that was kept in a row.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    /// To be kept in a row, and deleted to shred the item.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ItemKey(..)")
    }
}

/// Seals items, each under a fresh key of its own, with one call for random bytes.
///
/// Each item is its `aad`, which says what and where it is, and its bytes. `sealed` is called for
/// each in order, with its key and its sealed bytes.
pub fn seal_items<'a>(
    items: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])>,
    mut sealed: impl FnMut(ItemKey, Vec<u8>),
) -> Result<(), SealError> {
    let mut keys = Zeroizing::new(vec![[0; ItemKey::LEN]; items.len()]);
    let mut nonces = vec![[0; NONCE_LEN]; items.len()];
    for random in [keys.as_flattened_mut(), nonces.as_flattened_mut()] {
        getrandom::fill(random).map_err(|_| SealError::NoRandomness)?;
    }
    for ((aad, plaintext), (key, nonce)) in items.zip(keys.iter().zip(&nonces)) {
        let bytes = seal(&Xaes256Gcm::new(key), nonce, aad, plaintext)?;
        sealed(ItemKey::from_bytes(key), bytes);
    }
    Ok(())
}

/// Seals one item under a key that exists already. `aad` says what and where it is.
pub(crate) fn seal_item(key: &ItemKey, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    seal(&Xaes256Gcm::new(&key.0), &random_nonce()?, aad, plaintext)
}

/// Opens what [`seal_items`] made, with the same key and `aad`.
pub fn open_item(key: &ItemKey, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    open(&Xaes256Gcm::new(&key.0), aad, sealed)
}

fn random_nonce() -> Result<[u8; NONCE_LEN], SealError> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
    Ok(nonce)
}

fn seal(
    cipher: &Xaes256Gcm,
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut sealed = Vec::with_capacity(plaintext.len() + OVERHEAD);
    sealed.push(ALGORITHM);
    sealed.extend_from_slice(nonce);
    sealed.extend_from_slice(plaintext);
    let tag = {
        let (_, body) = sealed.split_at_mut(1 + NONCE_LEN);
        cipher.seal(nonce, aad, body).map_err(|_| SealError::DoesNotOpen)?
    };
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

fn open(cipher: &Xaes256Gcm, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let rest = sealed.strip_prefix(&[ALGORITHM]).ok_or(SealError::DoesNotOpen)?;
    let (nonce, rest) = rest.split_first_chunk().ok_or(SealError::DoesNotOpen)?;
    let (body, tag) = rest.split_last_chunk().ok_or(SealError::DoesNotOpen)?;
    let mut plaintext = body.to_vec();
    cipher.open(nonce, aad, &mut plaintext, tag).map_err(|_| SealError::DoesNotOpen)?;
    Ok(plaintext)
}

/// HKDF-Expand into a key; the parts of the context are concatenated.
pub(crate) fn expand(secret: &Hkdf<Sha256>, context: &[&[u8]], key: &mut [u8]) {
    #[expect(clippy::expect_used, reason = "HKDF gives up to 255 × 32 bytes; keys have 32")]
    secret.expand_multi_info(context, key).expect("a key is short enough for HKDF");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer() -> Sealer {
        Sealer::new(&[7; 32])
    }

    #[test]
    fn a_sealed_row_opens_in_its_place() {
        let sealed = sealer().seal_row(b"\x05key", b"value").unwrap();
        assert_eq!(sealed.len(), b"value".len() + OVERHEAD);
        assert_eq!(sealer().open_row(b"\x05key", &sealed).unwrap(), b"value");
    }

    #[test]
    fn a_row_moved_to_another_key_or_table_does_not_open() {
        let sealed = sealer().seal_row(b"\x05key", b"value").unwrap();
        for elsewhere in [&b"\x05kez"[..], b"\x06key", b"\x05ke", b""] {
            assert_eq!(sealer().open_row(elsewhere, &sealed), Err(SealError::DoesNotOpen));
        }
    }

    #[test]
    fn a_row_with_any_bit_flipped_or_cut_off_does_not_open() {
        let sealed = sealer().seal_row(b"\x05key", b"value").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(sealer().open_row(b"\x05key", &flipped), Err(SealError::DoesNotOpen));
        }
        for len in 0..sealed.len() {
            let cut = sealer().open_row(b"\x05key", &sealed[..len]);
            assert_eq!(cut, Err(SealError::DoesNotOpen));
        }
    }

    #[test]
    fn another_store_key_does_not_open_a_row() {
        let sealed = sealer().seal_row(b"\x05key", b"value").unwrap();
        let other = Sealer::new(&[8; 32]);
        assert_eq!(other.open_row(b"\x05key", &sealed), Err(SealError::DoesNotOpen));
    }

    #[test]
    fn the_same_value_is_sealed_differently_each_time() {
        let seal = || sealer().seal_row(b"\x05key", b"value").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn many_rows_are_sealed_as_one_is() {
        let rows = [(&b"\x01a"[..], &b"1"[..]), (b"\x02b", b"")];
        let mut opened = Vec::new();
        sealer()
            .seal_rows(rows.into_iter(), |place, sealed| {
                opened.push((place, sealer().open_row(place, &sealed).unwrap()));
            })
            .unwrap();
        assert_eq!(opened, [(&b"\x01a"[..], b"1".to_vec()), (b"\x02b", Vec::new())]);
    }

    #[test]
    fn an_item_opens_with_its_own_key_and_purpose_only() {
        let items = [(&b"held/1"[..], &b"summary"[..]), (b"held/2", b"summary")];
        let mut sealed = Vec::new();
        seal_items(items.into_iter(), |key, bytes| sealed.push((key, bytes))).unwrap();
        let [(key, one), (other, two)] = sealed.try_into().unwrap();
        let kept = ItemKey::from_bytes(key.as_bytes());
        assert_eq!(open_item(&kept, b"held/1", &one).unwrap(), b"summary");
        assert_eq!(open_item(&other, b"held/2", &two).unwrap(), b"summary");
        assert_eq!(open_item(&other, b"held/1", &one), Err(SealError::DoesNotOpen));
        assert_eq!(open_item(&key, b"held/2", &one), Err(SealError::DoesNotOpen));
    }

    #[test]
    fn keys_do_not_show_in_debug_output() {
        let shown = format!("{:?} {:?}", ItemKey::from_bytes(&[0xAB; 32]), sealer());
        assert_eq!(shown, "ItemKey(..) Sealer(..)");
    }
}
