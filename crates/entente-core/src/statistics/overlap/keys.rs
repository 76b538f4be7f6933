//! Keys of one round: three shares, each with a proof, and the joint key of those to come.
//!
//! Points are of the group ristretto255 (RFC 9496). A share is a secret number and its public
//! point; the joint key is the sum of the points. Whoever chose a point after seeing the others
//! could make the sum one that they alone can open, so each share comes with Schnorr's proof that
//! its secret is known, bound to the round and the role.

use std::fmt;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_TABLE as BASE;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use rand::CryptoRng;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::round::{Round, RoundId};

/// Who holds a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The helper that mixes first.
    First,
    /// The helper that mixes second.
    Second,
    /// Who counts.
    Coordinator,
}

impl Role {
    /// All three, in the order in which their shares come off.
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Coordinator];

    pub(super) fn number(self) -> u8 {
        match self {
            Self::First => 1,
            Self::Second => 2,
            Self::Coordinator => 3,
        }
    }
}

/// A secret number. Wiped when dropped.
pub(super) struct Secret(Zeroizing<Scalar>);

impl Secret {
    pub(super) fn random(rng: &mut impl CryptoRng) -> Self {
        let mut wide = Zeroizing::new([0; 64]);
        rng.fill_bytes(wide.as_mut());
        Self(Zeroizing::new(Scalar::from_bytes_mod_order_wide(&wide)))
    }

    pub(super) fn scalar(&self) -> &Scalar {
        &self.0
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let scalar: Option<Scalar> = Scalar::from_canonical_bytes(*bytes).into();
        scalar.map(|scalar| Self(Zeroizing::new(scalar)))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Reads a point: canonical, and not the identity.
pub(super) fn point(bytes: &[u8; 32]) -> Option<RistrettoPoint> {
    let point = CompressedRistretto(*bytes).decompress()?;
    (!point.is_identity()).then_some(point)
}

/// The public half of a share, with the proof that its holder knows the other half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicShare {
    role: Role,
    point: RistrettoPoint,
    bytes: [u8; Self::LEN],
}

/// Why a share, or a set of them, is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// Not the bytes of a share.
    #[error("not a share of a key")]
    Malformed,
    /// The proof is not of this share, this role, or this round.
    #[error("the share's proof is wrong")]
    Unproven,
    /// The shares are not one of each role.
    #[error("a joint key has one share of each role")]
    NotThree,
}

impl PublicShare {
    /// Length in bytes: the role (1 to 3), the point, and the proof (a point and a number).
    pub const LEN: usize = 1 + 32 + 32 + 32;

    pub(super) fn of(
        secret: &Secret,
        role: Role,
        round: RoundId,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let nonce = Secret::random(rng);
        let point = secret.scalar() * BASE;
        let (public, commitment) = (point.compress(), (nonce.scalar() * BASE).compress());
        let response =
            nonce.scalar() + challenge(round, role, &public, &commitment) * secret.scalar();
        let mut bytes = [0; Self::LEN];
        let parts = [&[role.number()][..], &public.0, &commitment.0, response.as_bytes()];
        for (byte, value) in bytes.iter_mut().zip(parts.concat()) {
            *byte = value;
        }
        Self { role, point, bytes }
    }

    /// Reads a share and checks its proof.
    pub fn parse(bytes: &[u8], round: &Round) -> Result<Self, ShareError> {
        let bytes: [u8; Self::LEN] = bytes.try_into().map_err(|_| ShareError::Malformed)?;
        let [number, rest @ ..] = &bytes;
        let ([public, commitment, response], []) = rest.as_chunks::<32>() else {
            return Err(ShareError::Malformed);
        };
        let role = Role::ALL.into_iter().find(|role| role.number() == *number);
        let role = role.ok_or(ShareError::Malformed)?;
        let point = point(public).ok_or(ShareError::Malformed)?;
        let response: Option<Scalar> = Scalar::from_canonical_bytes(*response).into();
        let response = response.ok_or(ShareError::Malformed)?;
        let (public, commitment) = (CompressedRistretto(*public), CompressedRistretto(*commitment));
        let challenge = challenge(round.id(), role, &public, &commitment);
        let expected =
            RistrettoPoint::vartime_double_scalar_mul_basepoint(&-challenge, &point, &response);
        if expected.compress() != commitment {
            return Err(ShareError::Unproven);
        }
        Ok(Self { role, point, bytes })
    }

    /// Its bytes.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        self.bytes
    }

    /// Whose it is.
    pub fn role(&self) -> Role {
        self.role
    }
}

fn challenge(
    round: RoundId,
    role: Role,
    public: &CompressedRistretto,
    commitment: &CompressedRistretto,
) -> Scalar {
    let hash = Sha512::new()
        .chain_update(b"entente overlap share v1")
        .chain_update(round.0)
        .chain_update([role.number()])
        .chain_update(public.0)
        .chain_update(commitment.0);
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

/// The key of a round: three shares, proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointKey {
    round: RoundId,
    /// In the order of [`Role::ALL`].
    points: [RistrettoPoint; 3],
}

impl JointKey {
    /// Puts three shares together, one of each role, in any order.
    pub fn new(round: &Round, shares: [PublicShare; 3]) -> Result<Self, ShareError> {
        let mut shares = shares;
        shares.sort_by_key(PublicShare::role);
        if shares.each_ref().map(PublicShare::role) != Role::ALL {
            return Err(ShareError::NotThree);
        }
        Ok(Self { round: round.id(), points: shares.map(|share| share.point) })
    }

    pub(super) fn round(&self) -> RoundId {
        self.round
    }

    /// A hash of the three points: what contributions are bound to, so that nobody can be given
    /// another key than the others.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new().chain_update(b"entente overlap joint key v1");
        hash.update(self.round.0);
        for point in &self.points {
            hash.update(point.compress().0);
        }
        hash.finalize().into()
    }

    /// Whether a role's share is this secret's.
    pub(super) fn holds(&self, role: Role, secret: &Secret) -> bool {
        let own = secret.scalar() * BASE;
        Role::ALL.iter().zip(&self.points).any(|(known, point)| *known == role && *point == own)
    }

    /// The sum of the shares that are still on once `off` of them have come off.
    pub(super) fn remaining(&self, off: usize) -> RistrettoPoint {
        self.points.iter().skip(off).sum()
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::SysRng;

    use super::super::super::random::Noticing;
    use super::super::tests::terms;
    use super::super::{Noise, Terms};
    use super::*;

    fn share(role: Role, round: &Round) -> PublicShare {
        let mut system = SysRng;
        let mut rng = Noticing::new(&mut system);
        PublicShare::of(&Secret::random(&mut rng), role, round.id(), &mut rng)
    }

    #[test]
    fn a_share_is_read_as_it_was_written_and_any_other_bytes_are_refused() {
        let round = terms().check().unwrap();
        let share = share(Role::Second, &round);
        let bytes = share.to_bytes();
        assert_eq!(PublicShare::parse(&bytes, &round), Ok(share));
        for at in 0..bytes.len() {
            let mut other = bytes;
            other[at] ^= 1;
            assert!(PublicShare::parse(&other, &round).is_err(), "byte {at}");
        }
        assert_eq!(PublicShare::parse(&bytes[1..], &round), Err(ShareError::Malformed));
        let mut identity = bytes;
        identity[1..33].fill(0);
        assert_eq!(PublicShare::parse(&identity, &round), Err(ShareError::Malformed));
    }

    #[test]
    fn a_share_is_of_one_round_and_one_role() {
        let round = terms().check().unwrap();
        let other = Terms { noise: Noise::from_epsilon_milli(600).unwrap(), ..terms() };
        let bytes = share(Role::First, &round).to_bytes();
        let elsewhere = PublicShare::parse(&bytes, &other.check().unwrap());
        assert_eq!(elsewhere, Err(ShareError::Unproven));
        let mut as_coordinator = bytes;
        as_coordinator[0] = 3;
        assert_eq!(PublicShare::parse(&as_coordinator, &round), Err(ShareError::Unproven));
    }

    #[test]
    fn a_share_chosen_to_cancel_the_others_has_no_proof() {
        let round = terms().check().unwrap();
        let (first, second) = (share(Role::First, &round), share(Role::Second, &round));
        let mut system = SysRng;
        let mut rng = Noticing::new(&mut system);
        let own = Secret::random(&mut rng);
        // The joint key would be the rogue's own.
        let rogue = own.scalar() * BASE - first.point - second.point;
        let mut bytes = PublicShare::of(&own, Role::Coordinator, round.id(), &mut rng).to_bytes();
        bytes[1..33].copy_from_slice(&rogue.compress().0);
        assert_eq!(PublicShare::parse(&bytes, &round), Err(ShareError::Unproven));
    }

    #[test]
    fn a_joint_key_has_one_share_of_each_role() {
        let round = terms().check().unwrap();
        let shares = Role::ALL.map(|role| share(role, &round));
        let [first, second, coordinator] = shares.clone();
        assert_eq!(
            JointKey::new(&round, [coordinator.clone(), first.clone(), second]),
            JointKey::new(&round, shares)
        );
        let twice = JointKey::new(&round, [first.clone(), first, coordinator]);
        assert_eq!(twice, Err(ShareError::NotThree));
    }
}
