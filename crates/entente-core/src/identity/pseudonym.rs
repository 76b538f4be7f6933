//! Pseudonyms: the name under which one partner knows one record during one epoch.
//!
//! HMAC-SHA256 over the record's id, under a key of that partner and epoch alone. So partners
//! cannot join what they hold by its names, and a leaf hash cannot be guessed back. It is a name,
//! not a protection: what a summary says is protected by its coarseness and by the group size.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{NoRandomness, OrgId};

/// The key from which all pseudonyms of one organization follow. Wiped when dropped.
pub struct PseudonymKey(Zeroizing<[u8; 32]>);

impl PseudonymKey {
    /// A new key, from the operating system's randomness.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).map_err(|_| NoRandomness)?;
        Ok(Self(bytes))
    }

    /// The key with these bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    /// The bytes, to be sealed and stored.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.clone()
    }

    /// The pseudonym of `record` for `partner` in `epoch`.
    pub fn for_partner(&self, partner: &OrgId, epoch: u32, record: &[u8; 16]) -> [u8; 16] {
        self.partner_epoch(partner, epoch).pseudonym(record)
    }

    /// What makes the pseudonyms for `partner` in `epoch`: for many records at once.
    pub fn partner_epoch(&self, partner: &OrgId, epoch: u32) -> PartnerEpoch {
        let mut key = Zeroizing::new([0; HMAC_BLOCK]);
        let kdf = Hkdf::<Sha256>::new(Some(b"entente pseudonym v1"), self.0.as_ref());
        let info = [&partner.as_bytes()[..], &epoch.to_be_bytes()];
        kdf.expand_multi_info(&info, key.as_mut())
            .expect("64 bytes is two blocks, and HKDF gives 255 (RFC 5869, section 2.3)");
        PartnerEpoch(key)
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(..)")
    }
}

/// The key of the pseudonyms for one partner in one epoch. Wiped when dropped.
pub struct PartnerEpoch(Zeroizing<[u8; HMAC_BLOCK]>);

/// Length of the block of SHA-256, and of the longest key that HMAC takes as it is, in bytes.
const HMAC_BLOCK: usize = 64;

impl PartnerEpoch {
    /// The pseudonym of `record`: the first 128 bits of the HMAC.
    pub fn pseudonym(&self, record: &[u8; 16]) -> [u8; 16] {
        let mac = <Hmac<Sha256> as KeyInit>::new((&*self.0).into());
        let tag: [u8; 32] = mac.chain_update(record).finalize().into_bytes().into();
        let (first, _) = tag.split_at(16);
        let mut pseudonym = [0; 16];
        pseudonym.copy_from_slice(first);
        pseudonym
    }
}

impl fmt::Debug for PartnerEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartnerEpoch(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::super::OrgKey;
    use super::*;

    #[test]
    fn a_pseudonym_is_the_same_again_and_another_for_everything_else() {
        let key = PseudonymKey::from_bytes(&[1; 32]);
        let (a, b) = (OrgKey::from_seed(&[1; 32]).id(), OrgKey::from_seed(&[2; 32]).id());
        let name = key.for_partner(&a, 1, &[3; 16]);

        assert_eq!(name, key.for_partner(&a, 1, &[3; 16]));
        assert_ne!(name, key.for_partner(&b, 1, &[3; 16]));
        assert_ne!(name, key.for_partner(&a, 2, &[3; 16]));
        assert_ne!(name, key.for_partner(&a, 1, &[4; 16]));
        assert_ne!(name, PseudonymKey::from_bytes(&[2; 32]).for_partner(&a, 1, &[3; 16]));
    }

    #[test]
    fn the_pseudonyms_of_a_stored_key_never_change() {
        // A change would give every partner a second name for what it already holds.
        let key = PseudonymKey::from_bytes(&[1; 32]);
        let partner = OrgKey::from_seed(&[1; 32]).id();
        assert_eq!(
            hex::encode(key.for_partner(&partner, 1, &[3; 16])),
            "47c83fe8c71badb471f54ca27bd257e4"
        );
    }
}
