//! A helper's part: blind, take off one share, add dummies and padding, shuffle.

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_TABLE as BASE;
use curve25519_dalek::ristretto::{RistrettoBasepointTable, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity as _, MultiscalarMul as _};
use rand::seq::SliceRandom as _;
use rand::{CryptoRng, TryCryptoRng};
use zeroize::Zeroizing;

use crate::identity::NoRandomness;
use crate::statistics::random::Noticing;

use super::batch::{Batch, Entry, Stage};
use super::keys::{JointKey, PublicShare, Role, Secret};
use super::round::Round;

/// One of the two helpers, in one round. Its secrets are wiped when it has mixed, or is dropped.
#[derive(Debug)]
pub struct Helper {
    round: Round,
    role: Role,
    /// Its share of the key.
    pub(super) share: Secret,
    /// What every point is multiplied by.
    pub(super) factor: Secret,
}

/// Why a helper does not mix. Its secrets are gone: the round has to begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MixError {
    /// The batch or the key is of another round, of another stage, or without this helper's share.
    #[error("the batch or the key is not what this helper is to mix")]
    Elsewhere,
    /// With the dummies there would be too many entries.
    #[error("too many entries")]
    TooMany,
    /// The system gave no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl Helper {
    /// Makes a helper for a round, with secrets of its own, and the share to be sent to all.
    ///
    /// `is_first` is whether it mixes first.
    pub fn begin<R>(
        round: &Round,
        is_first: bool,
        rng: &mut R,
    ) -> Result<(Self, PublicShare), NoRandomness>
    where
        R: TryCryptoRng + ?Sized,
    {
        let role = if is_first { Role::First } else { Role::Second };
        let mut rng = Noticing::new(rng);
        let (share, factor) = (Secret::random(&mut rng), Secret::random(&mut rng));
        let public = PublicShare::of(&share, role, round.id(), &mut rng);
        rng.check()?;
        Ok((Self { round: round.clone(), role, share, factor }, public))
    }

    /// Its secrets, to be kept sealed until it mixes.
    pub fn secrets(&self) -> Zeroizing<[u8; 64]> {
        let mut bytes = Zeroizing::new([0; 64]);
        let parts = [self.share.to_bytes(), self.factor.to_bytes()];
        for (to, from) in bytes.as_chunks_mut::<32>().0.iter_mut().zip(&parts) {
            *to = **from;
        }
        bytes
    }

    /// The helper whose secrets were kept. `None` if these are no secrets of a helper.
    pub fn resume(round: &Round, is_first: bool, secrets: &[u8]) -> Option<Self> {
        let ([share, factor], []) = secrets.as_chunks::<32>() else { return None };
        let role = if is_first { Role::First } else { Role::Second };
        let (share, factor) = (Secret::from_bytes(share)?, Secret::from_bytes(factor)?);
        Some(Self { round: round.clone(), role, share, factor })
    }

    /// Mixes the batch and destroys the secrets.
    pub fn mix<R>(self, joint: &JointKey, batch: &Batch, rng: &mut R) -> Result<Batch, MixError>
    where
        R: TryCryptoRng + ?Sized,
    {
        let mut rng = Noticing::new(rng);
        let (shape, noise) = (self.round.shape(), self.round.terms().noise);
        let dummies = noise.dummies().draw(shape.patterns().count(), &mut rng);
        let padding = noise.padding(shape.n_lists(), shape.per_list());
        let padding = padding.draw(shape.n_lists(), &mut rng);
        rng.check()?;
        let mixed = self.mix_with(joint, batch, (&dummies, &padding), &mut rng)?;
        rng.check()?;
        Ok(mixed)
    }

    /// Mixes with so many dummies for each pattern, and so much padding for each list.
    pub(super) fn mix_with(
        self,
        joint: &JointKey,
        batch: &Batch,
        (dummies, padding): (&[u32], &[u32]),
        rng: &mut impl CryptoRng,
    ) -> Result<Batch, MixError> {
        let (comes_in, goes_out) = match self.role {
            Role::First => (Stage::Sent, Stage::MixedOnce),
            _ => (Stage::MixedOnce, Stage::MixedTwice),
        };
        let id = self.round.id();
        let is_ours = batch.round() == id && joint.round() == id && batch.stage() == comes_in;
        if !is_ours || !joint.holds(self.role, &self.share) {
            return Err(MixError::Elsewhere);
        }
        let key = RistrettoBasepointTable::create(&joint.remaining(goes_out.n_off()));
        let strip = Zeroizing::new(-(self.factor.scalar() * self.share.scalar()));
        let mut entries: Vec<Entry> =
            batch.entries().iter().map(|entry| self.turn(entry, &strip, &key, rng)).collect();
        for (pattern, n) in self.round.shape().patterns().zip(dummies) {
            for _ in 0..*n {
                add_dummy(&pattern, &key, &mut entries, rng);
            }
        }
        let nobody = RistrettoPoint::identity();
        for (list, n) in (0_u8..).zip(padding) {
            entries.extend((0..*n).map(|_| Entry::of(&nobody, list, &key, rng)));
        }
        if entries.len() > Batch::MAX_ENTRIES {
            return Err(MixError::TooMany);
        }
        entries.shuffle(rng);
        Ok(Batch::new(id, goes_out, entries))
    }

    /// Blinds an entry, takes this helper's share off, and encrypts it anew for those to come.
    fn turn(
        &self,
        entry: &Entry,
        strip: &Scalar,
        key: &RistrettoBasepointTable,
        rng: &mut impl CryptoRng,
    ) -> Entry {
        let factor = self.factor.scalar();
        let random = Secret::random(rng);
        Entry {
            one: entry.one * factor + random.scalar() * BASE,
            other: RistrettoPoint::multiscalar_mul([factor, strip], [entry.other, entry.one])
                + random.scalar() * key,
            list: entry.list,
        }
    }
}

/// Adds a person who does not exist, as known to so many organizations of each list.
fn add_dummy(
    pattern: &[u8],
    key: &RistrettoBasepointTable,
    entries: &mut Vec<Entry>,
    rng: &mut impl CryptoRng,
) {
    let mut bytes = Zeroizing::new([0; 64]);
    rng.fill_bytes(bytes.as_mut());
    let person = RistrettoPoint::from_uniform_bytes(&bytes);
    for (list, n) in (0_u8..).zip(pattern) {
        entries.extend((0..*n).map(|_| Entry::of(&person, list, key, rng)));
    }
}
