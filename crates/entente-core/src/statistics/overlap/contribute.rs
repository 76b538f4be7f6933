//! An organization's part: from records to encrypted points.
//!
//! Two organizations write one person's name differently, so what is matched is not the name: the
//! words of first and last names by how they sound, usual short forms as their long ones, in no
//! order, and the date of birth. Who lacks one of these cannot be matched and is left out; how many
//! is told to the organization, since an estimate from the round needs it.

use std::collections::BTreeSet;
use std::fmt;

use curve25519_dalek::ristretto::{RistrettoBasepointTable, RistrettoPoint};
use curve25519_dalek::traits::Identity as _;
use jiff::civil::Date;
use rand::TryCryptoRng;
use rand::seq::SliceRandom as _;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::duplicates;
use crate::identity::{NoRandomness, OrgId};
use crate::record::CaseRecord;
use crate::statistics::random::Noticing;

use super::batch::{Batch, Entry, Stage};
use super::keys::JointKey;
use super::round::Round;

/// A person as a point, for one round. Whoever sees it can test names against it: it never leaves
/// the organization unencrypted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MatchKey(pub(super) RistrettoPoint);

impl MatchKey {
    /// The person of a record, if names and date of birth suffice to know them by.
    pub fn of(record: &CaseRecord, round: &Round) -> Option<Self> {
        let names = [&record.name_first, &record.name_last];
        let [Some(first), Some(last)] = names else { return None };
        Self::new([&**first, &**last], record.birthdate?, round)
    }

    /// A person of these names and this date of birth; `None` if the names are one word or none.
    pub fn new<'a>(
        names: impl IntoIterator<Item = &'a str>,
        birthdate: Date,
        round: &Round,
    ) -> Option<Self> {
        let sounds: Vec<_> = duplicates::sounds(names).into_iter().collect();
        if sounds.len() < 2 {
            return None;
        }
        let text = Zeroizing::new(format!("{}|{birthdate}", sounds.join(" ")));
        let hash = Sha512::new()
            .chain_update(b"entente overlap match key v1")
            .chain_update(round.id().0)
            .chain_update(text.as_bytes());
        Some(Self(RistrettoPoint::from_uniform_bytes(&hash.finalize().into())))
    }

    /// The same keys, each once.
    pub fn each_once(mut keys: Vec<Self>) -> Vec<Self> {
        let mut seen = BTreeSet::new();
        keys.retain(|key| seen.insert(key.0.compress().0));
        keys
    }
}

impl fmt::Debug for MatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MatchKey(..)")
    }
}

/// What an organization sends, and what it should know about it.
#[derive(Clone, Debug)]
pub struct Contributed {
    /// To be sent to the first helper.
    pub batch: Batch,
    /// How many different persons are in it. For the organization's own eyes.
    pub n_persons: usize,
}

/// Why an organization cannot contribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotContributed {
    /// It is not in the terms, or the key is of another round.
    #[error("this organization does not contribute to this round")]
    Elsewhere,
    /// It has more persons than a contribution has entries.
    #[error("{n_persons} persons are more than the {capacity} entries of a contribution")]
    TooMany {
        /// How many persons it has.
        n_persons: usize,
        /// How many the terms allow for.
        capacity: usize,
    },
    /// The system gave no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Encrypts an organization's persons, each once, and pads to the length that all have.
///
/// Padding is the identity, encrypted like everybody: the coordinator recognizes it once
/// everything is taken off, and drops it.
pub fn contribute<R>(
    round: &Round,
    joint: &JointKey,
    from: &OrgId,
    persons: &[MatchKey],
    rng: &mut R,
) -> Result<Contributed, NotContributed>
where
    R: TryCryptoRng + ?Sized,
{
    let list = round.list_of(from).filter(|_| joint.round() == round.id());
    let list = list.ok_or(NotContributed::Elsewhere)?;
    let persons = MatchKey::each_once(persons.to_vec());
    let mut points: Vec<_> = persons.iter().map(|person| person.0).collect();
    let (n_persons, capacity) = (points.len(), round.capacity());
    if n_persons > capacity {
        return Err(NotContributed::TooMany { n_persons, capacity });
    }
    points.resize(capacity, RistrettoPoint::identity());

    let mut rng = Noticing::new(rng);
    points.shuffle(&mut rng);
    let key = RistrettoBasepointTable::create(&joint.remaining(Stage::Sent.n_off()));
    let entries = points.iter().map(|point| Entry::of(point, list, &key, &mut rng)).collect();
    rng.check()?;
    Ok(Contributed { batch: Batch::new(round.id(), Stage::Sent, entries), n_persons })
}
