//! Prio3SumVec as this protocol uses it: two aggregators, one round trip, bytes on both sides.
//!
//! Nothing else here knows `prio`'s types but for a sum of shares.

use prio::codec::{Encode as _, ParameterizedDecode as _};
use prio::field::{Field128, FieldElementWithInteger as _};
use prio::flp::Flp as _;
use prio::flp::gadgets::{Mul, ParallelSum};
use prio::flp::types::SumVec;
use prio::vdaf::prio3::{
    Prio3InputShare, Prio3PublicShare, Prio3SumVec, Prio3VerifierMessage, Prio3VerifierShare,
    Prio3VerifyState, optimal_chunk_length,
};
use prio::vdaf::test_utils::TestVectorClient as _;
use prio::vdaf::{Aggregatable as _, Aggregator as _, OutputShare, VerifyTransition};
use rand::TryCryptoRng;
use zeroize::Zeroizing;

use super::{Malformed, Rejection, Role, Shape};
use crate::identity::NoRandomness;
use crate::statistics::random::fill;

/// Bytes of what all parties see of a report: two parts of the joint randomness.
pub(super) const PUBLIC_LEN: usize = 64;
/// Bytes of the helper's share, and of its state: two seeds.
pub(super) const HELPER_LEN: usize = 64;
/// Bytes of the helper's answer for a report that is proven.
pub(super) const MESSAGE_LEN: usize = 32;
const SEED_LEN: usize = 32;
const FIELD_LEN: usize = 16;

/// One aggregator's share of a sum.
pub(super) type SumShare = prio::vdaf::AggregateShare<Field128>;

type State = Prio3VerifyState<Field128, SEED_LEN>;

/// A contribution that was split.
pub(super) struct Split {
    pub(super) public: Vec<u8>,
    pub(super) for_leader: Zeroizing<Vec<u8>>,
    pub(super) for_helper: Zeroizing<Vec<u8>>,
}

/// What an aggregator has after looking at its share.
pub(super) struct Begun {
    /// For itself, until the other aggregator has answered.
    pub(super) state: Zeroizing<Vec<u8>>,
    /// For the other aggregator.
    pub(super) verifier: Vec<u8>,
}

/// The function for one shape and one round.
pub(super) struct Prio3 {
    vdaf: Prio3SumVec,
    context: Vec<u8>,
    leader_len: usize,
    state_len: usize,
    verifier_len: usize,
}

impl Prio3 {
    pub(super) fn new(shape: Shape, context: &[u8; 32]) -> Result<Self, Malformed> {
        let (max, n_cells) = (u128::from(shape.max()), shape.n_cells());
        let bits = usize::try_from(shape.max().ilog2()).map_err(|_| Malformed)? + 1;
        let chunk = optimal_chunk_length(bits * n_cells);
        let circuit = SumVec::<Field128, ParallelSum<Field128, Mul>>::new(max, n_cells, chunk);
        let circuit = circuit.map_err(|_| Malformed)?;
        let vdaf = Prio3SumVec::new_sum_vec(2, max, n_cells, chunk).map_err(|_| Malformed)?;
        Ok(Self {
            vdaf,
            context: [b"entente/v1/prio3\0".as_slice(), context].concat(),
            leader_len: (circuit.input_len() + circuit.proof_len()) * FIELD_LEN + SEED_LEN,
            state_len: n_cells * FIELD_LEN + SEED_LEN,
            verifier_len: circuit.verifier_len() * FIELD_LEN + SEED_LEN,
        })
    }

    /// Bytes of a share.
    pub(super) fn share_len(&self, role: Role) -> usize {
        match role {
            Role::Leader => self.leader_len,
            Role::Helper => HELPER_LEN,
        }
    }

    /// Bytes of what an aggregator keeps of a share that it has looked at.
    pub(super) fn state_len(&self, role: Role) -> usize {
        match role {
            Role::Leader => self.state_len,
            Role::Helper => HELPER_LEN,
        }
    }

    /// Bytes of what the aggregators show each other.
    pub(super) fn verifier_len(&self) -> usize {
        self.verifier_len
    }

    /// Splits cells that are in range.
    pub(super) fn split<R>(
        &self,
        id: &[u8; 16],
        counts: &[u64],
        rng: &mut R,
    ) -> Result<Split, NoRandomness>
    where
        R: TryCryptoRng + ?Sized,
    {
        // Four seeds (draft-irtf-cfrg-vdaf-18, section 7.2.1): the helper's share, a blind for
        // each aggregator, and the prover's randomness.
        let mut random = Zeroizing::new([0; 4 * SEED_LEN]);
        fill(rng, random.as_mut())?;
        let counts: Vec<u128> = counts.iter().map(|it| u128::from(*it)).collect();
        let split = self.vdaf.shard_with_random(&self.context, &counts, id, random.as_slice());
        // Cells in range and a fitting number of seeds leave nothing to fail.
        let (public, shares) = split.map_err(|_| NoRandomness)?;
        let mut shares = shares.iter().map(|it| it.get_encoded().map(Zeroizing::new));
        match (public.get_encoded(), shares.next(), shares.next()) {
            (Ok(public), Some(Ok(for_leader)), Some(Ok(for_helper))) => {
                Ok(Split { public, for_leader, for_helper })
            }
            _ => Err(NoRandomness),
        }
    }

    /// Whether a share can be read at all.
    pub(super) fn is_readable(&self, role: Role, public: &[u8], share: &[u8]) -> bool {
        self.read(role, public, share).is_some()
    }

    /// An aggregator looks at its share of a report.
    pub(super) fn begin(
        &self,
        key: &[u8; 32],
        role: Role,
        id: &[u8; 16],
        public: &[u8],
        share: &[u8],
    ) -> Result<Begun, Rejection> {
        let (public, share) = self.read(role, public, share).ok_or(Rejection::Unreadable)?;
        let number = usize::from(role.number());
        let begun = self.vdaf.verify_init(key, &self.context, number, &(), id, &public, &share);
        let (state, verifier) = begun.map_err(|_| Rejection::NotProven)?;
        let state = state.get_encoded().map_err(|_| Rejection::NotProven)?;
        let verifier = verifier.get_encoded().map_err(|_| Rejection::NotProven)?;
        Ok(Begun { state: Zeroizing::new(state), verifier })
    }

    /// Puts together what both saw. If the cells are in range, the answer goes to both.
    pub(super) fn judge(
        &self,
        state: &[u8],
        leader: &[u8],
        helper: &[u8],
    ) -> Result<[u8; MESSAGE_LEN], Rejection> {
        let judge = || {
            let state = self.state(Role::Helper, state)?;
            let verifier = |bytes| Prio3VerifierShare::get_decoded_with_param(&state, bytes).ok();
            let both = [verifier(leader)?, verifier(helper)?];
            let message = self.vdaf.verifier_shares_to_message(&self.context, &(), both).ok()?;
            message.get_encoded().ok()?.try_into().ok()
        };
        judge().ok_or(Rejection::NotProven)
    }

    /// An aggregator takes the answer: its share of the cells, if it saw the same report.
    pub(super) fn finish(
        &self,
        role: Role,
        state: &[u8],
        message: &[u8; MESSAGE_LEN],
    ) -> Result<OutputShare<Field128>, Rejection> {
        let finish = || {
            let state = self.state(role, state)?;
            let message = Prio3VerifierMessage::get_decoded_with_param(&state, message).ok()?;
            match self.vdaf.verify_next(&self.context, state, message).ok()? {
                VerifyTransition::Finish(share) => Some(share),
                // Prio3 has one round.
                VerifyTransition::Continue(..) => None,
            }
        };
        finish().ok_or(Rejection::NotProven)
    }

    /// A sum of nothing.
    pub(super) fn nothing(&self) -> SumShare {
        self.vdaf.aggregate_init(&())
    }

    /// The sum with these bytes.
    pub(super) fn read_sum(&self, bytes: &[u8]) -> Result<SumShare, Malformed> {
        SumShare::get_decoded_with_param(&(&self.vdaf, &()), bytes).map_err(|_| Malformed)
    }

    fn read(
        &self,
        role: Role,
        public: &[u8],
        share: &[u8],
    ) -> Option<(Prio3PublicShare<SEED_LEN>, Prio3InputShare<Field128, SEED_LEN>)> {
        let public = Prio3PublicShare::get_decoded_with_param(&self.vdaf, public).ok()?;
        let at = (&self.vdaf, usize::from(role.number()));
        Some((public, Prio3InputShare::get_decoded_with_param(&at, share).ok()?))
    }

    fn state(&self, role: Role, bytes: &[u8]) -> Option<State> {
        let at = (&self.vdaf, usize::from(role.number()));
        State::get_decoded_with_param(&at, bytes).ok()
    }
}

/// Adds a share to a sum of the same shape.
pub(super) fn add(sum: &mut SumShare, share: &OutputShare<Field128>) -> Result<(), Malformed> {
    sum.accumulate(share).map_err(|_| Malformed)
}

/// Adds two sums of the same shape.
pub(super) fn merge(sum: &mut SumShare, other: &SumShare) -> Result<(), Malformed> {
    sum.merge(other).map_err(|_| Malformed)
}

/// Adds noise, which may be negative, to each cell.
pub(super) fn shift(sum: &SumShare, noise: &[i64]) -> SumShare {
    let shifted = sum.as_ref().iter().zip(noise).map(|(cell, noise)| {
        let size = Field128::from(u128::from(noise.unsigned_abs()));
        if *noise < 0 { *cell - size } else { *cell + size }
    });
    SumShare::from(shifted.collect::<Vec<_>>())
}

/// The bytes of a sum.
pub(super) fn sum_bytes(sum: &SumShare) -> Zeroizing<Vec<u8>> {
    let cells = sum.as_ref().iter().flat_map(|cell| cell.get_encoded().unwrap_or_default());
    Zeroizing::new(cells.collect())
}

/// Reads the cells of a sum as whole numbers around zero: the upper half of the field is negative.
/// `None` if one is far beyond what counts and noise can come to.
pub(super) fn lift(sum: &SumShare) -> Option<Vec<i64>> {
    let modulus = Field128::modulus();
    let lifted = sum.as_ref().iter().map(|cell| {
        let number = u128::from(*cell);
        if number > modulus / 2 {
            i64::try_from(modulus - number).ok().map(|it| -it)
        } else {
            i64::try_from(number).ok()
        }
    });
    lifted.collect()
}
