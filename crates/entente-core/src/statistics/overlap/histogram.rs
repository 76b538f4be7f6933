//! The coordinator's part: take off the last share, and count.

use std::collections::{BTreeMap, HashMap};

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::traits::IsIdentity as _;
use rand::TryCryptoRng;
use zeroize::Zeroizing;

use crate::identity::NoRandomness;
use crate::statistics::mse::{Lists, NOISY_FREQUENCY, OverlapTable, TableError};
use crate::statistics::random::Noticing;

use super::batch::{Batch, Malformed, Stage};
use super::keys::{PublicShare, Role, Secret};
use super::round::{Round, lists_of};

/// Who counts, in one round. Its secret is wiped when it has counted, or is dropped.
#[derive(Debug)]
pub struct Coordinator {
    round: Round,
    pub(super) share: Secret,
}

impl Coordinator {
    /// Makes the coordinator of a round, and the share to be sent to all.
    pub fn begin<R>(round: &Round, rng: &mut R) -> Result<(Self, PublicShare), NoRandomness>
    where
        R: TryCryptoRng + ?Sized,
    {
        let mut rng = Noticing::new(rng);
        let share = Secret::random(&mut rng);
        let public = PublicShare::of(&share, Role::Coordinator, round.id(), &mut rng);
        rng.check()?;
        Ok((Self { round: round.clone(), share }, public))
    }

    /// Its secret, to be kept sealed until it counts.
    pub fn secret(&self) -> Zeroizing<[u8; 32]> {
        self.share.to_bytes()
    }

    /// The coordinator whose secret was kept. `None` if this is no secret of one.
    pub fn resume(round: &Round, secret: &[u8]) -> Option<Self> {
        let share = Secret::from_bytes(secret.try_into().ok()?)?;
        Some(Self { round: round.clone(), share })
    }

    /// Counts and destroys the secret.
    pub fn count(self, batch: &Batch) -> Result<Histogram, Malformed> {
        if batch.round() != self.round.id() || batch.stage() != Stage::MixedTwice {
            return Err(Malformed::Elsewhere);
        }
        let n_lists = self.round.shape().n_lists();
        let mut patterns: HashMap<[u8; 32], Vec<u8>> = HashMap::new();
        for (point, list) in self.points(batch).filter(|(point, _)| !point.is_identity()) {
            let pattern = patterns.entry(point.compress().0).or_insert_with(|| vec![0; n_lists]);
            if let Some(n) = pattern.get_mut(usize::from(list)) {
                *n = n.saturating_add(1);
            }
        }
        Ok(Histogram::of(&self.round, patterns.into_values()))
    }

    /// What is left of each entry once everything is taken off.
    pub(super) fn points<'a>(
        &'a self,
        batch: &'a Batch,
    ) -> impl Iterator<Item = (RistrettoPoint, u8)> + 'a {
        let share = self.share.scalar();
        batch.entries().iter().map(move |entry| (entry.other - entry.one * share, entry.list))
    }
}

/// How many persons are on exactly which lists, with noise.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// The names of the lists.
    pub lists: Vec<String>,
    /// A count for every set of lists; negative ones are normal, and are kept.
    pub counts: BTreeMap<Lists, i64>,
    /// The standard deviation of the noise in each.
    pub sd: BTreeMap<Lists, f64>,
    /// How many persons more organizations of one list knew than the terms allow for. They are in
    /// the counts, and the noise does not cover them. This number has no noise: it says whether the
    /// next terms should allow for more, and is not for publication.
    pub n_uncovered: u64,
}

impl Histogram {
    /// The histogram with these counts, one for each set of lists in the order of
    /// [`Histogram::counts`]. `None` if there are not as many as the round has sets.
    pub fn restore(round: &Round, counts: &[i64], n_uncovered: u64) -> Option<Self> {
        let mut histogram = Self::of(round, std::iter::empty());
        if histogram.counts.len() != counts.len() {
            return None;
        }
        for (count, kept) in histogram.counts.values_mut().zip(counts) {
            *count = *kept;
        }
        Some(Self { n_uncovered, ..histogram })
    }

    fn of(round: &Round, seen: impl Iterator<Item = Vec<u8>>) -> Self {
        let (shape, noise) = (round.shape(), round.terms().noise);
        let shift = i64::from(noise.shift());
        let mut counts: BTreeMap<Lists, i64> = BTreeMap::new();
        let mut variances: BTreeMap<Lists, f64> = BTreeMap::new();
        for pattern in shape.patterns() {
            // Both helpers have added to every pattern.
            *counts.entry(lists_of(&pattern)).or_default() -= 2 * shift;
            *variances.entry(lists_of(&pattern)).or_default() += 2.0 * noise.sd().powi(2);
        }
        let mut n_uncovered = 0;
        for pattern in seen {
            *counts.entry(lists_of(&pattern)).or_default() += 1;
            n_uncovered += u64::from(!shape.covers(&pattern));
        }
        let sd = variances.into_iter().map(|(lists, variance)| (lists, variance.sqrt())).collect();
        Self { lists: round.terms().lists.clone(), counts, sd, n_uncovered }
    }

    /// The overlap table that multiple-systems estimation reads: a column of 0 and 1 for each list, and
    /// how many. Negative counts are zero. The column's name says that they carry noise.
    pub fn csv(&self) -> String {
        let mut text = format!("{},{NOISY_FREQUENCY}\n", self.lists.join(","));
        for (set, count) in &self.counts {
            for at in 0..self.lists.len() {
                text.push_str(if set.hold(Lists::only(at)) { "1," } else { "0," });
            }
            text.push_str(&format!("{}\n", count.max(&0)));
        }
        text
    }

    /// How many different persons there are on all lists together; not below zero.
    pub fn n_distinct(&self) -> u64 {
        u64::try_from(self.counts.values().sum::<i64>()).unwrap_or(0)
    }

    /// How many persons each list has, with the noise of all its patterns.
    pub fn list_totals(&self) -> Vec<i64> {
        let on = |place| self.counts.iter().filter(move |(set, _)| set.hold(Lists::only(place)));
        (0..self.lists.len()).map(|place| on(place).map(|(_, n)| n).sum()).collect()
    }

    /// The standard deviation of the noise in the number of distinct persons.
    pub fn sd_distinct(&self) -> f64 {
        self.sd.values().map(|sd| sd * sd).sum::<f64>().sqrt()
    }

    /// The same as an overlap table, with zero for negative counts. It says that it carries noise.
    pub fn to_table(&self) -> Result<OverlapTable, TableError> {
        let rows = self.counts.iter().map(|(lists, n)| {
            let pattern = (0..self.lists.len()).map(|place| lists.hold(Lists::only(place)));
            (pattern.collect(), u64::try_from(*n).unwrap_or(0))
        });
        OverlapTable::new(self.lists.clone(), rows).map(OverlapTable::with_noise)
    }
}

/// What can be said of distinct persons without any round: not fewer than the largest list has, and
/// not more than all have together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The largest of the figures.
    pub largest: u64,
    /// Their sum.
    pub sum: u64,
}

impl Bounds {
    /// The bounds of several organizations' figures. A figure that noise made negative counts as
    /// zero.
    pub fn of(figures: impl IntoIterator<Item = i64>) -> Self {
        let figures = figures.into_iter().map(|n| u64::try_from(n).unwrap_or(0));
        figures.fold(Self { largest: 0, sum: 0 }, |bounds, n| Self {
            largest: bounds.largest.max(n),
            sum: bounds.sum.saturating_add(n),
        })
    }
}
