//! Encrypted persons on their way, and their bytes.
//!
//! An entry is a point encrypted after ElGamal (two points) and the place of its list. A batch is
//! for one round and one stage. Its bytes:
//!
//! | offset | length | what |
//! |---|---|---|
//! | 0 | 4 | `EOV1` |
//! | 4 | 1 | the stage: 1 from an organization, 2 from the first helper, 3 from the second |
//! | 5 | 32 | the name of the round |
//! | 37 | 4 | how many entries, big-endian |
//! | 41 | 65 each | two compressed points of ristretto255 (RFC 9496) and the place of the list |
//!
//! Points are decompressed here, once; the identity is refused, as is an entry that is there twice.

use std::collections::BTreeSet;
use std::fmt;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_TABLE as BASE;
use curve25519_dalek::ristretto::{RistrettoBasepointTable, RistrettoPoint};
use rand::CryptoRng;

use crate::identity::OrgId;

use super::keys::{Secret, point};
use super::round::{Round, RoundId, Terms};

/// Between whom a batch travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From organizations to the first helper.
    Sent,
    /// From the first helper to the second.
    MixedOnce,
    /// From the second helper to the coordinator.
    MixedTwice,
}

impl Stage {
    /// The number by which messages name it.
    pub fn number(self) -> u8 {
        match self {
            Self::Sent => 1,
            Self::MixedOnce => 2,
            Self::MixedTwice => 3,
        }
    }

    /// How many shares of the key have come off.
    pub(super) fn n_off(self) -> usize {
        usize::from(self.number()) - 1
    }
}

/// One encrypted person of one list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) one: RistrettoPoint,
    pub(super) other: RistrettoPoint,
    pub(super) list: u8,
}

impl Entry {
    /// Encrypts a point with fresh randomness.
    pub(super) fn of(
        person: &RistrettoPoint,
        list: u8,
        key: &RistrettoBasepointTable,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let random = Secret::random(rng);
        Self { one: random.scalar() * BASE, other: person + random.scalar() * key, list }
    }

    fn parse(bytes: &[u8; ENTRY], n_lists: usize) -> Option<Self> {
        let [points @ .., list] = bytes;
        let ([one, other], []) = points.as_chunks::<32>() else { return None };
        let is_known = usize::from(*list) < n_lists;
        let (one, other) = (point(one)?, point(other)?);
        is_known.then_some(Self { one, other, list: *list })
    }
}

/// Length of an entry in bytes.
const ENTRY: usize = 65;

/// What comes before the entries, in bytes.
const HEAD: usize = 4 + 1 + 32 + 4;

const MAGIC: &[u8; 4] = b"EOV1";

/// Encrypted persons at one stage of one round.
#[derive(Clone, PartialEq, Eq)]
pub struct Batch {
    round: RoundId,
    stage: Stage,
    entries: Vec<Entry>,
}

/// Why bytes are not a batch, or contributions do not make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not the bytes of a batch, or too many entries.
    #[error("not a batch of an overlap round")]
    Bytes,
    /// A contribution that does not have as many entries as the terms say.
    #[error("not as many entries as agreed")]
    Length,
    /// Of another round or another stage.
    #[error("of another round or stage")]
    Elsewhere,
    /// An entry is not two points and a list.
    #[error("entry {at} is not an encrypted person")]
    Entry {
        /// Which, from 0.
        at: usize,
    },
    /// An entry is there twice: somebody has copied it.
    #[error("entry {at} is there twice")]
    Twice {
        /// Which, from 0.
        at: usize,
    },
    /// From an organization that is not in the terms, or for a list that is not its own.
    #[error("not from a contributor, or not for its list")]
    Contributor,
    /// Two contributions of one organization.
    #[error("an organization contributed twice")]
    ContributedTwice,
    /// A list to which nobody contributed.
    #[error("nobody contributed to a list")]
    ListMissing,
}

impl Batch {
    /// The most entries, 34 MB: twice what may be sent. The other half is room for dummies and
    /// padding, some 60,000 from each helper for the most patterns at an epsilon of 0.5.
    pub const MAX_ENTRIES: usize = 2 * Terms::MAX_SENT;

    /// The longest batch of a round at a stage, in bytes. A contribution has exactly this length.
    pub fn max_bytes(round: &Round, stage: Stage) -> usize {
        match stage {
            Stage::Sent => HEAD + ENTRY * round.capacity(),
            Stage::MixedOnce | Stage::MixedTwice => HEAD + ENTRY * Self::MAX_ENTRIES,
        }
    }

    pub(super) fn new(round: RoundId, stage: Stage, entries: Vec<Entry>) -> Self {
        Self { round, stage, entries }
    }

    /// Puts contributions together for the first helper. Who did not contribute is left out; a list
    /// to which nobody did ends the round.
    pub fn gather(round: &Round, contributions: Vec<Contribution>) -> Result<Self, Malformed> {
        let mut who = BTreeSet::new();
        let mut lists = BTreeSet::new();
        let mut entries = Vec::new();
        for contribution in contributions {
            if contribution.batch.round != round.id() {
                return Err(Malformed::Elsewhere);
            }
            if !who.insert(contribution.from) {
                return Err(Malformed::ContributedTwice);
            }
            lists.extend(contribution.batch.entries.iter().map(|entry| entry.list));
            entries.extend(contribution.batch.entries);
        }
        if lists.len() < round.shape().n_lists() {
            return Err(Malformed::ListMissing);
        }
        refuse_copies(&entries)?;
        Ok(Self::new(round.id(), Stage::Sent, entries))
    }

    /// Reads a batch of one round at one stage.
    pub fn parse(bytes: &[u8], round: &Round, stage: Stage) -> Result<Self, Malformed> {
        let (head, body) = bytes.split_at_checked(HEAD).ok_or(Malformed::Bytes)?;
        let expected = [&MAGIC[..], &[stage.number()], &round.id().0].concat();
        let (start, count) = head.split_at_checked(expected.len()).ok_or(Malformed::Bytes)?;
        if !start.starts_with(MAGIC) {
            return Err(Malformed::Bytes);
        }
        if start != expected {
            return Err(Malformed::Elsewhere);
        }
        let count: [u8; 4] = count.try_into().map_err(|_| Malformed::Bytes)?;
        let count = usize::try_from(u32::from_be_bytes(count)).unwrap_or(usize::MAX);
        let (cells, rest) = body.as_chunks::<ENTRY>();
        if cells.len() != count || !rest.is_empty() || count > Self::MAX_ENTRIES {
            return Err(Malformed::Bytes);
        }
        let n_lists = round.shape().n_lists();
        let entries = cells.iter().enumerate();
        let entries = entries
            .map(|(at, cell)| Entry::parse(cell, n_lists).ok_or(Malformed::Entry { at }))
            .collect::<Result<Vec<_>, _>>()?;
        refuse_copies(&entries)?;
        Ok(Self::new(round.id(), stage, entries))
    }

    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEAD + ENTRY * self.entries.len());
        bytes.extend(MAGIC);
        bytes.push(self.stage.number());
        bytes.extend(self.round.0);
        bytes.extend(count.to_be_bytes());
        for entry in &self.entries {
            bytes.extend(entry.one.compress().0);
            bytes.extend(entry.other.compress().0);
            bytes.push(entry.list);
        }
        bytes
    }

    /// How many entries there are, padding and dummies included.
    pub fn n_entries(&self) -> usize {
        self.entries.len()
    }

    /// Of which round it is.
    pub fn round(&self) -> RoundId {
        self.round
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// A copied entry would count a person of somebody else's list for another.
fn refuse_copies(entries: &[Entry]) -> Result<(), Malformed> {
    let mut seen = BTreeSet::new();
    for (at, entry) in entries.iter().enumerate() {
        if !seen.insert(entry.one.compress().0) {
            return Err(Malformed::Twice { at });
        }
    }
    Ok(())
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({:?}, {} entries)", self.stage, self.entries.len())
    }
}

/// What one organization sent, checked against the terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    from: OrgId,
    batch: Batch,
}

impl Contribution {
    /// Reads what an organization sent. `from` is who sent it, from the connection.
    pub fn parse(bytes: &[u8], round: &Round, from: OrgId) -> Result<Self, Malformed> {
        let list = round.list_of(&from).ok_or(Malformed::Contributor)?;
        if bytes.len() != HEAD + ENTRY * round.capacity() {
            return Err(Malformed::Length);
        }
        let batch = Batch::parse(bytes, round, Stage::Sent)?;
        if batch.entries.iter().any(|entry| entry.list != list) {
            return Err(Malformed::Contributor);
        }
        Ok(Self { from, batch })
    }
}
