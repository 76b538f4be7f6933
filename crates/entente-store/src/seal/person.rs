//! A secret of one person, sealed under a passphrase that only that person knows.
//!
//! argon2id as for the key ring, with a salt of its own. The node keeps the sealed bytes and never the
//! passphrase, so neither its key ring nor its backups open them.
//!
//! ```text
//! m KiB u32 | t u32 | p u32 | salt 16 | sealed
//! ```

use zeroize::Zeroizing;

use super::keyring::{KdfParams, KeyRingError, WrappingKey};
use super::{SealError, open_item, seal_item};

/// Separates these keys from those of the ring and of backups.
const PURPOSE: &[u8] = b"opener";

/// Seals a secret under a passphrase. `aad` says whose it is.
pub fn seal_for_person(
    passphrase: &str,
    params: KdfParams,
    aad: &[u8],
    secret: &[u8; 32],
) -> Result<Vec<u8>, KeyRingError> {
    let wrapping = WrappingKey::new(passphrase, params)?;
    let header = wrapping.header();
    let bound = [header.as_slice(), aad].concat();
    let sealed = seal_item(&wrapping.for_purpose(PURPOSE), &bound, secret);
    Ok([header.as_slice(), &sealed.map_err(|_| KeyRingError::NoRandomness)?].concat())
}

/// Opens what [`seal_for_person`] made, with the same `aad`.
pub fn open_for_person(
    passphrase: &str,
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<[u8; 32]>, KeyRingError> {
    let (header, body) = sealed.split_first_chunk().ok_or(KeyRingError::Damaged)?;
    let wrapping = WrappingKey::from_header(header, passphrase)?;
    let bound = [header.as_slice(), aad].concat();
    let opened = open_item(&wrapping.for_purpose(PURPOSE), &bound, body);
    let opened = Zeroizing::new(opened.map_err(|error| match error {
        SealError::DoesNotOpen => KeyRingError::WrongPassphrase,
        SealError::NoRandomness => KeyRingError::NoRandomness,
    })?);
    let mut secret = Zeroizing::new([0; 32]);
    if opened.len() != secret.len() {
        return Err(KeyRingError::Damaged);
    }
    secret.iter_mut().zip(opened.iter()).for_each(|(place, byte)| *place = *byte);
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEAK: KdfParams = KdfParams::WEAK_FOR_TESTS;

    #[test]
    fn a_secret_opens_with_the_passphrase_of_its_person_and_for_that_person_alone() {
        let sealed = seal_for_person("mine alone", WEAK, b"a", &[5; 32]).unwrap();
        assert_eq!(open_for_person("mine alone", b"a", &sealed), Ok(Zeroizing::new([5; 32])));
        let wrong = Err(KeyRingError::WrongPassphrase);
        assert_eq!(open_for_person("yours", b"a", &sealed), wrong);
        assert_eq!(open_for_person("mine alone", b"b", &sealed), wrong);
    }

    #[test]
    fn a_changed_secret_does_not_open_and_asks_for_no_unreasonable_work() {
        let sealed = seal_for_person("mine alone", WEAK, b"a", &[5; 32]).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 0x80;
            assert!(open_for_person("mine alone", b"a", &changed).is_err(), "byte {at}");
            assert!(open_for_person("mine alone", b"a", &sealed[..at]).is_err(), "cut at {at}");
        }
    }
}
