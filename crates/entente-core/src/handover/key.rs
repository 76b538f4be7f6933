//! Keys of hand-overs: an organization's *team key*, wrapped for each *opener*.
//!
//! Hand-overs for an organization are sealed to its team key. The node keeps the secret half only
//! wrapped (HPKE, as hand-overs themselves) to the keys of the persons who may open: its openers. An
//! opener's own secret is sealed under that person's passphrase. So the node can make a new team key
//! and wrap it for everybody by itself, and open nothing.

use std::fmt;

use hpke::aead::AesGcm256;
use rand::TryCryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::identity::{NoRandomness, OrgId};
use crate::statistics::sum::{Malformed, SealingKey, SealingPublic};

/// The name of a team key: a hash of its public half.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 32]);

impl KeyId {
    /// The name of this key.
    pub fn of(key: &SealingPublic) -> Self {
        let hash = Sha256::new_with_prefix(b"entente/v1/handover-key\0");
        Self(hash.chain_update(key.to_bytes()).finalize().into())
    }

    /// The first five bytes in hex, enough to tell keys of one organization apart.
    pub fn short(&self) -> impl fmt::Display + use<> {
        let [a, b, c, d, e, ..] = self.0;
        hex::encode([a, b, c, d, e])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({})", self.short())
    }
}

/// The public half of a team key, as another organization sent it.
///
/// Refuses second encodings: X25519 ignores the highest bit and reads numbers above its prime as the
/// smaller ones they equal (RFC 7748, section 5), so one key could have several names.
pub fn public_from_bytes(bytes: &[u8]) -> Result<SealingPublic, Malformed> {
    let [low, middle @ .., high] = bytes.last_chunk::<32>().ok_or(Malformed)?;
    let is_reduced = *low < 0xed || *high != 0x7f || middle.iter().any(|byte| *byte != 0xff);
    if *high > 0x7f || !is_reduced { Err(Malformed) } else { SealingPublic::from_bytes(bytes) }
}

/// What an organization says of its team key. Signed by it in an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoverKey {
    /// Whose key it is.
    pub org: OrgId,
    /// The public half.
    pub key: SealingPublic,
    /// When it was made; seconds since 1970.
    pub created_at_s: i64,
    /// The key that it replaces.
    pub replaces: Option<KeyId>,
}

impl HandoverKey {
    /// The key's name.
    pub fn id(&self) -> KeyId {
        KeyId::of(&self.key)
    }
}

/// The id of an opener within its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpenerId(pub [u8; 16]);

/// The secret key of a person who may open hand-overs. Wiped when dropped; does not print itself.
#[derive(Debug)]
pub struct OpenerKey(SealingKey);

impl OpenerKey {
    /// A new key.
    pub fn generate<R>(rng: &mut R) -> Result<Self, NoRandomness>
    where
        R: TryCryptoRng + ?Sized,
    {
        Ok(Self(SealingKey::generate(rng)?))
    }

    /// The key with this seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SealingKey::from_seed(seed))
    }

    /// The seed, to be sealed under the person's passphrase.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        self.0.seed()
    }

    /// The public half.
    pub fn public(&self) -> Result<SealingPublic, Malformed> {
        self.0.public()
    }
}

/// The secret key of a team. Wiped when dropped; does not print itself.
#[derive(Debug)]
pub struct TeamKey(SealingKey);

/// A team key as one opener can unwrap it.
pub type Wrapped = Vec<u8>;

impl TeamKey {
    /// A new key.
    pub fn generate<R>(rng: &mut R) -> Result<Self, NoRandomness>
    where
        R: TryCryptoRng + ?Sized,
    {
        Ok(Self(SealingKey::generate(rng)?))
    }

    /// The key with this seed: that of an organization without a node, whose folder keeps it sealed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SealingKey::from_seed(seed))
    }

    /// The public half.
    pub fn public(&self) -> Result<SealingPublic, Malformed> {
        self.0.public()
    }

    /// Its name.
    pub fn id(&self) -> Result<KeyId, Malformed> {
        Ok(KeyId::of(&self.public()?))
    }

    pub(super) fn sealing_key(&self) -> &SealingKey {
        &self.0
    }

    /// Wraps this key of the organization `org` for one opener.
    pub fn wrap<R>(
        &self,
        org: &OrgId,
        opener: OpenerId,
        to: &SealingPublic,
        rng: &mut R,
    ) -> Result<Wrapped, BadWrap>
    where
        R: TryCryptoRng + ?Sized,
    {
        let key = self.id().map_err(|_| BadWrap)?;
        let seed = self.0.seed();
        let wrapped = to.seal_with::<AesGcm256, R>(&wrapping(org, key, opener), &[], &*seed, rng);
        wrapped.map_err(|_| BadWrap)
    }

    /// The key `key` of the organization `org`, out of what was wrapped for this opener.
    pub fn unwrap(
        wrapped: &[u8],
        org: &OrgId,
        key: KeyId,
        opener: OpenerId,
        secret: &OpenerKey,
    ) -> Result<Self, BadWrap> {
        let seed = secret.0.open_with::<AesGcm256>(&wrapping(org, key, opener), &[], wrapped);
        let seed = seed.map_err(|_| BadWrap)?;
        let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| BadWrap)?;
        let team = Self(SealingKey::from_seed(seed));
        // A wrapped key of another name would make everything else about it a lie.
        if team.id().map_err(|_| BadWrap)? == key { Ok(team) } else { Err(BadWrap) }
    }
}

/// What a wrapped key is bound to.
fn wrapping(org: &OrgId, key: KeyId, opener: OpenerId) -> Vec<u8> {
    [b"entente/v1/handover-team-key\0".as_slice(), org.as_bytes(), &key.0, &opener.0].concat()
}

/// A team key could not be wrapped, or does not come out of what was wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the team key does not unwrap")]
pub struct BadWrap;
