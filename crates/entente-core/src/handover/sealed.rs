//! Sealing contact details, so that only their recipient opens them, and in three sizes alone.
//!
//! HPKE (RFC 9180) in base mode with X-Wing (X25519 and ML-KEM-768), SHAKE256 and AES-256-GCM. Both
//! halves of X-Wing must be broken to open what was recorded. The binding is HPKE's `info`: it goes into the key
//! itself, so a hand-over under another binding is noise before a byte of it is decrypted.

use std::fmt;

use hpke::aead::AesGcm256;
use rand::TryCryptoRng;
use zeroize::Zeroizing;

use super::details::ContactDetails;
use super::key::TeamKey;
use super::{Binding, KeyId};
use crate::identity::NoRandomness;
use crate::statistics::sum::{SEALING_OVERHEAD, SealingPublic};

/// How long sealed contact details are. There is no other length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// 4 KiB: names, numbers and a few lines.
    Small,
    /// 16 KiB.
    Medium,
    /// 64 KiB: every field at its bound fits.
    Large,
}

impl Size {
    /// All of them, the smallest first.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The length of the sealed bytes.
    pub fn bytes(self) -> usize {
        match self {
            Self::Small => 4 * 1024,
            Self::Medium => 16 * 1024,
            Self::Large => 64 * 1024,
        }
    }

    /// How much is sealed in it, padding included.
    fn room(self) -> usize {
        self.bytes() - SEALING_OVERHEAD
    }

    /// The smallest that has room for `n_bytes`.
    pub fn for_content(n_bytes: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|size| n_bytes <= size.room())
    }
}

/// Sealed contact details: exactly as long as one of [`Size`].
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Sealed bytes that came from somewhere.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, NotOpened> {
        let fits = Size::ALL.iter().any(|size| size.bytes() == bytes.len());
        if fits { Ok(Self(bytes)) } else { Err(NotOpened) }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Seals `details` to a key, for `binding` alone.
    pub fn seal<R>(
        to: &SealingPublic,
        binding: &Binding,
        details: &ContactDetails,
        rng: &mut R,
    ) -> Result<Self, NotSealed>
    where
        R: TryCryptoRng + ?Sized,
    {
        if KeyId::of(to) != binding.key {
            return Err(NotSealed::OtherKey);
        }
        let content = details.to_bytes();
        let size = Size::for_content(content.len()).ok_or(NotSealed::TooLong)?;
        let mut padded = Zeroizing::new(vec![0; size.room()]);
        padded.iter_mut().zip(content.iter()).for_each(|(place, byte)| *place = *byte);
        Ok(Self(to.seal_with::<AesGcm256, R>(&binding.to_bytes(), &[], &padded, rng)?))
    }

    /// Opens what was sealed to this key for the same binding.
    pub fn open(&self, key: &TeamKey, binding: &Binding) -> Result<ContactDetails, NotOpened> {
        if key.id().map_err(|_| NotOpened)? != binding.key {
            return Err(NotOpened);
        }
        let secret = key.sealing_key();
        let opened = secret.open_with::<AesGcm256>(&binding.to_bytes(), &[], &self.0);
        ContactDetails::from_padded(&opened.map_err(|_| NotOpened)?).map_err(|_| NotOpened)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// Why nothing was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSealed {
    /// The binding names another key.
    #[error("the binding names another key")]
    OtherKey,
    /// There is more than the largest size holds.
    #[error("the contact details are too long")]
    TooLong,
    /// The operating system gave no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Sealed bytes do not open with this key and binding. There is no way to tell why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the hand-over does not open")]
pub struct NotOpened;
