//! XAES-256-GCM: AES-256-GCM under a key derived from half of a 192-bit nonce.
//!
//! The derivation is NIST SP 800-108r1 in counter mode over CMAC, with all that can be computed
//! ahead computed in [`Xaes256Gcm::new`]: sealing costs two AES blocks and a key schedule more than
//! plain AES-GCM. Specification and vectors: <https://c2sp.org/XAES-256-GCM>.

use aes_gcm::{
    Aes256Gcm, Error, KeyInit as _, Nonce, Tag,
    aead::AeadInOut as _,
    aes::{Aes256, Block, cipher::BlockCipherEncrypt as _},
};
use zeroize::Zeroizing;

/// Length of a nonce, in bytes.
pub(crate) const NONCE_LEN: usize = 24;
/// Length of a tag, in bytes.
pub(super) const TAG_LEN: usize = 16;

pub(super) struct Xaes256Gcm {
    cipher: Aes256,
    /// The first subkey of CMAC (NIST SP 800-38B, section 6.1).
    k1: Zeroizing<[u8; 16]>,
}

impl Xaes256Gcm {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let cipher = Aes256::new(key.into());
        let mut l = Block::default();
        cipher.encrypt_block(&mut l);
        let l = u128::from_be_bytes(l.into());
        // Doubling in GF(2¹²⁸); without a branch, since `l` is secret.
        let k1 = (l << 1) ^ (0x87 & (l >> 127).wrapping_neg());
        Self { cipher, k1: Zeroizing::new(k1.to_be_bytes()) }
    }

    /// Encrypts `body` in place and returns the tag.
    pub(super) fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        body: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Error> {
        let (cipher, nonce) = self.derive(nonce);
        cipher.encrypt_inout_detached(&nonce, aad, body.into()).map(Into::into)
    }

    /// Decrypts `body` in place, if the tag is right.
    pub(super) fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        body: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Error> {
        let (cipher, nonce) = self.derive(nonce);
        cipher.decrypt_inout_detached(&nonce, aad, body.into(), &Tag::from(*tag))
    }

    fn derive(&self, nonce: &[u8; NONCE_LEN]) -> (Aes256Gcm, Nonce<aes_gcm::aead::consts::U12>) {
        let (for_key, for_gcm) = nonce.split_at(12);
        let mut key = Zeroizing::new([0; 32]);
        for (half, counter) in key.chunks_exact_mut(16).zip(1..) {
            let mut block = [0, counter, b'X', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            for (byte, nonce) in block.iter_mut().skip(4).zip(for_key) {
                *byte = *nonce;
            }
            for (byte, k1) in block.iter_mut().zip(self.k1.iter()) {
                *byte ^= k1;
            }
            let mut block = Block::from(block);
            self.cipher.encrypt_block(&mut block);
            half.copy_from_slice(&block);
        }
        let mut nonce = [0; 12];
        nonce.copy_from_slice(for_gcm);
        (Aes256Gcm::new((&*key).into()), nonce.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Both vectors of the specification; the second has the top bit of L set.
    #[track_caller]
    fn check(key: u8, aad: &[u8], expected: &str) {
        let cipher = Xaes256Gcm::new(&[key; 32]);
        let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX";
        let mut body = *b"XAES-256-GCM";
        let tag = cipher.seal(nonce, aad, &mut body).unwrap();
        assert_eq!(hex::encode([&body[..], &tag].concat()), expected);
        cipher.open(nonce, aad, &mut body, &tag).unwrap();
        assert_eq!(&body, b"XAES-256-GCM");
    }

    #[test]
    fn the_vectors_of_the_specification_come_out() {
        check(1, b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
        check(
            3,
            b"c2sp.org/XAES-256-GCM",
            "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
        );
    }
}
