//! Sealing: a share is readable for one aggregator, whoever carries it.
//!
//! HPKE (RFC 9180) with X-Wing: X25519 with ML-KEM-768, since a share that is recorded today says
//! something about people for as long as they live. The key is fresh for each round and destroyed
//! when the round ends, so what was carried cannot be opened later, not even by the aggregator.

use hpke::aead::{Aead, ChaCha20Poly1305};
use hpke::kdf::KdfShake256;
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use rand::TryCryptoRng;
use zeroize::Zeroizing;

use super::wire::Reader;
use super::{Malformed, Role, Round};
use crate::envelope::{Envelope, EnvelopeError, payload_type};
use crate::identity::{NoRandomness, OrgKey};
use crate::statistics::random::{Noticing, fill};

/// Bytes of a public key (X-Wing: ML-KEM-768 has 1,184, X25519 has 32).
const PUBLIC_LEN: usize = 1216;

/// By how much sealing lengthens: the encapsulated key (1,120) and the tag (16).
pub(crate) const OVERHEAD: usize = ENCAPSULATED_LEN + 16;
const ENCAPSULATED_LEN: usize = 1120;

/// An aggregator's secret key for one round. Wiped when dropped; does not print itself.
pub struct SealingKey(Zeroizing<[u8; 32]>);

impl SealingKey {
    /// A new key.
    pub fn generate<R>(rng: &mut R) -> Result<Self, NoRandomness>
    where
        R: TryCryptoRng + ?Sized,
    {
        let mut seed = Zeroizing::new([0; 32]);
        fill(rng, seed.as_mut())?;
        Ok(Self(seed))
    }

    /// The key with this seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*seed))
    }

    /// The seed, to be sealed and stored until the round ends.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        self.0.clone()
    }

    /// The public half.
    pub fn public(&self) -> Result<SealingPublic, Malformed> {
        let public = XWing::sk_to_pk(&self.secret()?);
        SealingPublic::from_bytes(&public.to_bytes())
    }

    fn secret(&self) -> Result<<XWing as Kem>::PrivateKey, Malformed> {
        <XWing as Kem>::PrivateKey::from_bytes(self.0.as_slice()).map_err(|_| Malformed)
    }

    /// Opens what was sealed with the same `info` and `bound`.
    pub(super) fn open(
        &self,
        info: &[u8],
        bound: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Malformed> {
        self.open_with::<ChaCha20Poly1305>(info, bound, sealed)
    }

    /// The same for another cipher.
    pub(crate) fn open_with<A: Aead>(
        &self,
        info: &[u8],
        bound: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Malformed> {
        let mut reader = Reader::new(sealed);
        let encapsulated = reader.slice(ENCAPSULATED_LEN)?;
        let encapsulated =
            <XWing as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| Malformed)?;
        let ciphertext = reader.slice(sealed.len().saturating_sub(ENCAPSULATED_LEN))?;
        let opened = hpke::single_shot_open::<A, KdfShake256, XWing>(
            &OpModeR::Base,
            &self.secret()?,
            &encapsulated,
            info,
            ciphertext,
            bound,
        );
        opened.map(Zeroizing::new).map_err(|_| Malformed)
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

/// The public half of a [`SealingKey`]. Known to be one.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingPublic(<XWing as Kem>::PublicKey);

impl SealingPublic {
    /// The key with these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        <XWing as Kem>::PublicKey::from_bytes(bytes).map(Self).map_err(|_| Malformed)
    }

    /// The bytes: 1,216.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }

    /// Seals `content` so that only the owner opens it, and only with the same `info` and `bound`.
    pub(super) fn seal<R>(
        &self,
        info: &[u8],
        bound: &[u8],
        content: &[u8],
        rng: &mut R,
    ) -> Result<Vec<u8>, NoRandomness>
    where
        R: TryCryptoRng + ?Sized,
    {
        self.seal_with::<ChaCha20Poly1305, R>(info, bound, content, rng)
    }

    /// The same with another cipher.
    pub(crate) fn seal_with<A: Aead, R>(
        &self,
        info: &[u8],
        bound: &[u8],
        content: &[u8],
        rng: &mut R,
    ) -> Result<Vec<u8>, NoRandomness>
    where
        R: TryCryptoRng + ?Sized,
    {
        let mut rng = Noticing::new(rng);
        let sealed = hpke::single_shot_seal_with_rng::<A, KdfShake256, XWing>(
            &OpModeS::Base,
            &self.0,
            info,
            content,
            bound,
            &mut rng,
        );
        rng.check()?;
        // With a valid key and less than 2³⁶ bytes nothing else can fail.
        let (encapsulated, ciphertext) = sealed.map_err(|_| NoRandomness)?;
        Ok([encapsulated.to_bytes().as_slice(), &ciphertext].concat())
    }
}

impl std::fmt::Debug for SealingPublic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingPublic(..)")
    }
}

/// An aggregator opens a round: the key to which shares for it are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The round.
    pub context: [u8; 32],
    /// Which of its two aggregators.
    pub role: Role,
    /// The key.
    pub key: SealingPublic,
}

impl Opening {
    /// The opening of `round` by the aggregator who has `org`, signed.
    pub fn sign(
        round: &Round,
        role: Role,
        key: &SealingKey,
        org: &OrgKey,
    ) -> Result<Envelope, EnvelopeError> {
        let key = key.public().map_err(|_| EnvelopeError::WrongType)?;
        let opening = Self { context: round.context(), role, key };
        Envelope::seal(payload_type::SUM_OPENING, opening.to_bytes(), org)
    }

    /// Checks that this opens `round` for the aggregator with this role, and is signed by it.
    pub fn verify(envelope: &Envelope, round: &Round, role: Role) -> Result<Self, BadOpening> {
        let signers = [round.aggregator(role)];
        let payload = envelope.verify(payload_type::SUM_OPENING, &signers)?;
        let opening = Self::parse(payload.bytes())?;
        let fits = opening.context == round.context() && opening.role == role;
        if fits { Ok(opening) } else { Err(BadOpening::WrongRound) }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let Self { context, role, key } = self;
        [context.as_slice(), &[role.number()], &key.to_bytes()].concat()
    }

    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let context = reader.array()?;
        let role = Role::from_number(reader.u8()?)?;
        let key = SealingPublic::from_bytes(reader.slice(PUBLIC_LEN)?)?;
        reader.end()?;
        Ok(Self { context, role, key })
    }
}

/// Why a round is not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOpening {
    /// The aggregator did not sign it.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It is of another round or role.
    #[error("the opening belongs to another round")]
    WrongRound,
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}
