//! Hubs: a region's own two aggregators, who pass on shares and never counts.
//!
//! A federation of thousands is a [`Division`] of one round into regions. Each region runs the
//! protocol of [`super`] for its own contributors. At its end neither of its aggregators adds
//! noise or reveals anything: each seals its sum, which is random bytes without the other's, to the
//! aggregator of the same role above ([`Subtotal`]). The two above add up what the regions sent and
//! noise, once, and reveal that. So the noise of a figure does not grow with the number of
//! regions, and nobody can see the figures of a region.
//!
//! What is trusted is wider than with two aggregators: nobody of {leaders of hubs, leader above}
//! may put shares together with anybody of {helpers of hubs, helper above} for the same region.
//! The reasoning is in `docs/decisions/0028-hubs.md`.

use std::collections::BTreeMap;

use rand::TryCryptoRng;
use sha2::{Digest as _, Sha256};

use super::message::{begin, open};
use super::prio3::{self, Prio3};
use super::wire::{Reader, put_count, put_sized};
use super::{
    Abort, AggregateShare, AgreedSet, Malformed, NoRound, Outcome, Role, Round, SealingKey,
    SealingPublic, Verified,
};
use crate::codes::OrgType;
use crate::envelope::{Envelope, EnvelopeError, payload_type};
use crate::identity::{OrgId, OrgKey};

/// The most regions. Canada has thirteen provinces and territories; a division by health region or
/// judicial district has some hundred.
pub const MAX_REGIONS: usize = 256;

/// The longest name of a region, in bytes.
pub const MAX_REGION: usize = 32;

const QUESTION: u8 = 8;
const ANSWER: u8 = 9;

/// One region: its two aggregators, the leader first, and who contributes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// Who adds up.
    pub aggregators: [OrgId; 2],
    /// Who contributes there and nowhere else.
    pub contributors: BTreeMap<OrgId, OrgType>,
}

/// A round that is divided into regions.
#[derive(Clone, Debug)]
pub struct Division {
    round: Round,
    regions: BTreeMap<String, Round>,
}

impl Division {
    /// Divides `round`: each of its contributors is in exactly one region.
    pub fn new(round: Round, regions: Vec<Region>) -> Result<Self, NoRound> {
        let mut all = BTreeMap::new();
        let mut divided = BTreeMap::new();
        let n_contributors: usize = regions.iter().map(|it| it.contributors.len()).sum();
        if regions.len() > MAX_REGIONS || n_contributors != round.contributors().len() {
            return Err(NoRound::Regions);
        }
        for Region { name, aggregators, contributors } in regions {
            if name.is_empty() || name.len() > MAX_REGION {
                return Err(NoRound::Regions);
            }
            all.extend(contributors.clone());
            let regional = round.for_region(&name, aggregators, contributors)?;
            if divided.insert(name, regional).is_some() {
                return Err(NoRound::Regions);
            }
        }
        if all != *round.contributors() {
            return Err(NoRound::Regions);
        }
        Ok(Self { round, regions: divided })
    }

    /// The round as a whole: what the figures are about.
    pub fn round(&self) -> &Round {
        &self.round
    }

    /// The round of one region.
    pub fn region(&self, name: &str) -> Option<&Round> {
        self.regions.get(name)
    }

    /// The names of the regions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.regions.keys().map(String::as_str)
    }

    /// The set of all reports of these regions.
    fn set<'a>(&self, regions: impl Iterator<Item = (&'a String, &'a AgreedSet)>) -> AgreedSet {
        let mut by_category = BTreeMap::new();
        let mut hash = Sha256::new();
        hash.update(b"entente/v1/sum-regions\0");
        hash.update(self.round.context());
        for (name, set) in regions {
            hash.update(u64::try_from(name.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(name);
            hash.update(set.checksum);
            for (category, n) in &set.by_category {
                *by_category.entry(*category).or_default() += n;
            }
        }
        AgreedSet { by_category, checksum: hash.finalize().into() }
    }
}

/// The sum of one aggregator of a region, sealed to the aggregator of the same role above.
#[derive(Clone, PartialEq, Eq)]
pub struct Subtotal {
    context: [u8; 32],
    role: Role,
    set: AgreedSet,
    sealed: Vec<u8>,
}

impl Subtotal {
    pub(super) fn seal<R>(
        verified: Verified,
        round: &Round,
        above: &SealingPublic,
        rng: &mut R,
    ) -> Result<Self, Abort>
    where
        R: TryCryptoRng + ?Sized,
    {
        let Verified { role, set, sum } = verified;
        let context = round.context();
        let bytes = prio3::sum_bytes(&sum);
        let sealed = above.seal(&info(&context, role), &bound(&set), &bytes, rng)?;
        Ok(Self { context, role, set, sealed })
    }

    /// Whose sum it is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Over which set.
    pub fn set(&self) -> &AgreedSet {
        &self.set
    }

    /// Signs it, for the aggregator above.
    pub fn sign(&self, org: &OrgKey) -> Result<Envelope, EnvelopeError> {
        Envelope::seal(payload_type::SUM_SUBTOTAL, self.to_bytes(0), org)
    }

    pub(super) fn to_bytes(&self, tag: u8) -> Vec<u8> {
        let Self { context, role, set, sealed } = self;
        let mut bytes = begin(tag, context);
        bytes.push(role.number());
        set.put(&mut bytes);
        put_sized(&mut bytes, sealed);
        bytes
    }

    pub(super) fn parse(bytes: &[u8], tag: u8, round: &Round) -> Result<Self, Malformed> {
        let mut reader = open(bytes, tag, round).map_err(|_| Malformed)?;
        let role = Role::from_number(reader.u8()?)?;
        let set = AgreedSet::read(&mut reader)?;
        let sealed = reader.sized()?.to_vec();
        reader.end()?;
        Ok(Self { context: round.context(), role, set, sealed })
    }

    fn open(&self, division: &Division, key: &SealingKey) -> Result<Verified, Malformed> {
        let Self { context, role, set, sealed } = self;
        let opened = key.open(&info(context, *role), &bound(set), sealed)?;
        let round = division.round();
        let sum = Prio3::new(round.shape(), &round.context())?.read_sum(&opened)?;
        Ok(Verified { role: *role, set: set.clone(), sum })
    }
}

impl std::fmt::Debug for Subtotal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { role, set, .. } = self;
        f.debug_struct("Subtotal").field("role", role).field("set", set).finish_non_exhaustive()
    }
}

/// An aggregator above takes in the regions' sums.
///
/// To be stored as the key and the envelopes as they came, and at the end as the share that was
/// made: what a question that comes again is answered with.
#[derive(Debug)]
pub struct Above {
    division: Division,
    role: Role,
    key: SealingKey,
    taken: BTreeMap<String, Verified>,
}

impl Above {
    /// Begins to take in subtotals that are sealed to `key`.
    pub fn new(division: Division, role: Role, key: SealingKey) -> Self {
        Self { division, role, key, taken: BTreeMap::new() }
    }

    /// Takes in the sum of the region's aggregator that has our role. One per region.
    pub fn accept(&mut self, region: &str, envelope: &Envelope) -> Result<(), NotTaken> {
        let round = self.division.region(region).ok_or(NotTaken::NoRegion)?;
        let signers = [round.aggregator(self.role)];
        let payload = envelope.verify(payload_type::SUM_SUBTOTAL, &signers)?;
        let subtotal = Subtotal::parse(payload.bytes(), 0, round)?;
        let n_most = round.contributors().len();
        let n = usize::try_from(subtotal.set.n_contributors()).unwrap_or(usize::MAX);
        if subtotal.role != self.role || n > n_most {
            return Err(NotTaken::Unfit);
        }
        if let Some(taken) = self.taken.get(region) {
            let is_same = taken.set == subtotal.set;
            return if is_same { Ok(()) } else { Err(NotTaken::SecondSum) };
        }
        let verified = subtotal.open(&self.division, &self.key)?;
        self.taken.insert(region.to_owned(), verified);
        Ok(())
    }

    /// The leader's question: these regions, with these sets.
    pub fn question(&self) -> Vec<u8> {
        let mut bytes = begin(QUESTION, &self.division.round.context());
        put_regions(&mut bytes, &self.taken);
        bytes
    }

    /// The helper's answer: its noisy sum over the regions that both have with the same set.
    ///
    /// Once. The caller stores the share and the answer, and destroys the key.
    pub fn answer<R>(
        mut self,
        question: &[u8],
        rng: &mut R,
    ) -> Result<(AggregateShare, Vec<u8>), Abort>
    where
        R: TryCryptoRng + ?Sized,
    {
        let mut reader = open(question, QUESTION, &self.division.round)?;
        let theirs = read_regions(&mut reader)?;
        reader.end()?;
        self.taken.retain(|name, it| theirs.get(name) == Some(&it.set.checksum));
        let mut answer = begin(ANSWER, &self.division.round.context());
        put_regions(&mut answer, &self.taken);
        let share = self.noised(rng)?;
        answer.extend_from_slice(&share.to_bytes());
        Ok((share, answer))
    }

    /// The leader takes the answer, and makes its own noisy sum over the same regions: both
    /// shares, the leader's first.
    pub fn answered<R>(mut self, answer: &[u8], rng: &mut R) -> Result<[AggregateShare; 2], Abort>
    where
        R: TryCryptoRng + ?Sized,
    {
        let mut reader = open(answer, ANSWER, &self.division.round)?;
        let theirs = read_regions(&mut reader)?;
        let helpers = AggregateShare::parse(reader.rest(), &self.division.round)?;
        let n_theirs = theirs.len();
        self.taken.retain(|name, it| theirs.get(name) == Some(&it.set.checksum));
        if self.taken.len() != n_theirs {
            return Err(Abort::SetsDiffer);
        }
        let own = self.noised(rng)?;
        if helpers.set() != own.set() || helpers.role() != Role::Helper {
            return Err(Abort::SetsDiffer);
        }
        Ok([own, helpers])
    }

    fn noised<R>(self, rng: &mut R) -> Result<AggregateShare, Abort>
    where
        R: TryCryptoRng + ?Sized,
    {
        let round = &self.division.round;
        let set = self.division.set(self.taken.iter().map(|(name, it)| (name, &it.set)));
        let mut sum = Prio3::new(round.shape(), &round.context())?.nothing();
        for verified in self.taken.values() {
            prio3::merge(&mut sum, &verified.sum)?;
        }
        let verified = Verified { role: self.role, set, sum };
        match verified.conclude(round, None, rng)? {
            Outcome::Share(share) => Ok(share),
            Outcome::Subtotal(_) => Err(Abort::OutOfTurn),
        }
    }
}

/// Why a region's sum is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// There is no such region.
    #[error("there is no such region")]
    NoRegion,
    /// The region's aggregator did not sign it.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It is for the other aggregator, or over more contributors than the region has.
    #[error("the sum does not fit the region")]
    Unfit,
    /// The region has sent another sum before.
    #[error("the region has sent another sum before")]
    SecondSum,
    /// It cannot be opened or read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

fn put_regions(bytes: &mut Vec<u8>, taken: &BTreeMap<String, Verified>) {
    put_count(bytes, taken.len());
    for (name, verified) in taken {
        put_sized(bytes, name.as_bytes());
        bytes.extend_from_slice(&verified.set.checksum);
    }
}

fn read_regions(reader: &mut Reader<'_>) -> Result<BTreeMap<String, [u8; 32]>, Malformed> {
    let n = reader.count(4 + 32)?;
    if n > MAX_REGIONS {
        return Err(Malformed);
    }
    let mut regions = BTreeMap::new();
    for _ in 0..n {
        let name = str::from_utf8(reader.sized()?).map_err(|_| Malformed)?;
        if regions.insert(name.to_owned(), reader.array()?).is_some() {
            return Err(Malformed);
        }
    }
    Ok(regions)
}

fn info(context: &[u8; 32], role: Role) -> Vec<u8> {
    [b"entente/v1/sum-subtotal\0".as_slice(), context, &[role.number()]].concat()
}

fn bound(set: &AgreedSet) -> Vec<u8> {
    let mut bytes = Vec::new();
    set.put(&mut bytes);
    bytes
}
