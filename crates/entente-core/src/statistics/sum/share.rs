//! Sums: of one aggregator's shares, with noise, and of both together.

use rand::TryCryptoRng;

use super::hub::Subtotal;
use super::prio3::{self, Prio3, SumShare};
use super::wire::Reader;
use super::{Abort, AgreedSet, Malformed, Role, Round, SealingPublic, TooFew};
use crate::envelope::{Envelope, EnvelopeError, payload_type};
use crate::identity::OrgKey;
use crate::statistics::noise::{self, Sigma};

const TAG_SHARE: u8 = 6;
const TAG_SUBTOTAL: u8 = 7;

/// One aggregator's sum over the agreed set, without noise. It cannot be read, sent or stored: the
/// one thing to do with it is to conclude the round.
pub struct Verified {
    pub(super) role: Role,
    pub(super) set: AgreedSet,
    pub(super) sum: SumShare,
}

impl Verified {
    /// Adds the round's noise; or, in the round of a region, seals the sum to the aggregator above.
    pub(super) fn conclude<R>(
        self,
        round: &Round,
        above: Option<&SealingPublic>,
        rng: &mut R,
    ) -> Result<Outcome, Abort>
    where
        R: TryCryptoRng + ?Sized,
    {
        match (round.passed_on_to(), above) {
            (None, _) => Ok(Outcome::Share(self.noised(round, rng)?)),
            (Some(_), Some(above)) => {
                Ok(Outcome::Subtotal(Subtotal::seal(self, round, above, rng)?))
            }
            (Some(_), None) => Err(Abort::OutOfTurn),
        }
    }

    /// Adds noise to every cell. Only here does a sum become something that others see.
    fn noised<R>(self, round: &Round, rng: &mut R) -> Result<AggregateShare, Abort>
    where
        R: TryCryptoRng + ?Sized,
    {
        let Self { role, set, sum } = self;
        set.check(round)?;
        let noise = noise::add(&vec![0; round.shape().n_cells()], round.sigma(), rng)?;
        let cells = prio3::shift(&sum, &noise);
        Ok(AggregateShare { context: round.context(), role, set, cells })
    }
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified").field("role", &self.role).finish_non_exhaustive()
    }
}

/// One aggregator's sum with its noise: what it reveals, once.
#[derive(Clone, PartialEq, Eq)]
pub struct AggregateShare {
    context: [u8; 32],
    role: Role,
    set: AgreedSet,
    cells: SumShare,
}

impl AggregateShare {
    /// Whose.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Over which set.
    pub fn set(&self) -> &AgreedSet {
        &self.set
    }

    /// For the other aggregator, the querier and the store.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { context, role, set, cells } = self;
        let mut bytes = vec![TAG_SHARE];
        bytes.extend_from_slice(context);
        bytes.push(role.number());
        set.put(&mut bytes);
        bytes.extend_from_slice(&prio3::sum_bytes(cells));
        bytes
    }

    /// The share, signed by the aggregator who has `org`.
    pub fn sign(&self, org: &OrgKey) -> Result<Envelope, EnvelopeError> {
        Envelope::seal(payload_type::SUM_SHARE, self.to_bytes(), org)
    }

    /// The share in a document, if it is that of the aggregator of `round` with this role and signed
    /// by it.
    pub fn verify(envelope: &Envelope, round: &Round, role: Role) -> Option<Self> {
        let signers = [round.aggregator(role)];
        let payload = envelope.verify(payload_type::SUM_SHARE, &signers).ok()?;
        Self::parse(payload.bytes(), round).ok().filter(|share| share.role == role)
    }

    /// The reverse of [`AggregateShare::to_bytes`], for the same round.
    pub fn parse(bytes: &[u8], round: &Round) -> Result<Self, Malformed> {
        let prio3 = Prio3::new(round.shape(), &round.context())?;
        let mut reader = Reader::tagged(bytes, TAG_SHARE)?;
        let context = reader.array()?;
        let role = Role::from_number(reader.u8()?)?;
        let set = AgreedSet::read(&mut reader)?;
        let cells = prio3.read_sum(reader.slice(round.shape().n_cells() * 16)?)?;
        reader.end()?;
        if context == round.context() {
            Ok(Self { context, role, set, cells })
        } else {
            Err(Malformed)
        }
    }
}

impl std::fmt::Debug for AggregateShare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { role, set, .. } = self;
        f.debug_struct("AggregateShare").field("role", role).field("set", set).finish()
    }
}

/// What an aggregator ends a round with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its noisy sum.
    Share(AggregateShare),
    /// In the round of a region: its sum for the aggregator above, sealed.
    Subtotal(Subtotal),
}

impl Outcome {
    /// Over which set.
    pub fn set(&self) -> &AgreedSet {
        match self {
            Self::Share(share) => share.set(),
            Self::Subtotal(subtotal) => subtotal.set(),
        }
    }

    pub(super) fn role(&self) -> Role {
        match self {
            Self::Share(share) => share.role(),
            Self::Subtotal(subtotal) => subtotal.role(),
        }
    }

    /// For the other aggregator and the store.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Share(share) => share.to_bytes(),
            Self::Subtotal(subtotal) => subtotal.to_bytes(TAG_SUBTOTAL),
        }
    }

    /// The reverse of [`Outcome::to_bytes`], for the same round.
    pub fn parse(bytes: &[u8], round: &Round) -> Result<Self, Malformed> {
        if round.passed_on_to().is_none() {
            AggregateShare::parse(bytes, round).map(Self::Share)
        } else {
            Subtotal::parse(bytes, TAG_SUBTOTAL, round).map(Self::Subtotal)
        }
    }
}

/// The answer: noisy figures and over how many organizations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The cells. Negative ones are normal: what was added may be more than was there.
    pub cells: Vec<i64>,
    /// Who is in it.
    pub set: AgreedSet,
    /// The noise that each of the two aggregators added. The standard deviation of a cell is √2
    /// times this; an aggregator that asks knows its own noise and sees just this.
    pub sigma: Sigma,
}

/// Adds up what the two aggregators revealed.
pub fn total(round: &Round, shares: [&AggregateShare; 2]) -> Result<Total, NoTotal> {
    let [leader, helper] = shares;
    if (leader.role, helper.role) != (Role::Leader, Role::Helper) {
        return Err(NoTotal::Roles);
    }
    if leader.context != round.context() || helper.context != round.context() {
        return Err(NoTotal::WrongRound);
    }
    if leader.set != helper.set {
        return Err(NoTotal::SetsDiffer);
    }
    leader.set.check(round)?;
    let mut sum = leader.cells.clone();
    prio3::merge(&mut sum, &helper.cells).map_err(|_| NoTotal::WrongRound)?;
    let cells = prio3::lift(&sum).ok_or(NoTotal::Nonsense)?;
    // What all contributors together can have, and twelve standard deviations of two noises: more
    // is no accident.
    let most = i64::from(leader.set.n_contributors()) * i64::from(round.shape().max());
    let slack = i64::from(round.sigma().hundredths()) * 12 * 142 / 10_000 + 1;
    if cells.iter().any(|cell| *cell < -slack || *cell > most + slack) {
        return Err(NoTotal::Nonsense);
    }
    Ok(Total { cells, set: leader.set.clone(), sigma: round.sigma() })
}

/// Why two shares make no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTotal {
    /// They are not one of each aggregator.
    #[error("the shares are not one of each aggregator")]
    Roles,
    /// They are of other rounds.
    #[error("a share belongs to another round")]
    WrongRound,
    /// They are over different sets.
    #[error("the shares are over different sets of reports")]
    SetsDiffer,
    /// Over too few.
    #[error(transparent)]
    TooFew(#[from] TooFew),
    /// The figures cannot come from these contributors: an aggregator is faulty or lies.
    #[error("the figures cannot come from these contributors: an aggregator is faulty or lies")]
    Nonsense,
}

#[cfg(test)]
impl AggregateShare {
    /// What a dishonest aggregator makes of its share.
    pub(super) fn shifted_by(&self, by: &[i64]) -> Self {
        Self { cells: prio3::shift(&self.cells, by), ..self.clone() }
    }
}
