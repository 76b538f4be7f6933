//! The agreed set: which reports are in a sum, named the same way by both aggregators.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::wire::{Reader, put_count};
use super::{Malformed, ReportId, Round};
use crate::codes::{Code as _, OrgType};
use crate::identity::OrgId;

/// Who is in a sum: how many of each category, and a checksum over exactly which reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedSet {
    /// How many contributors of each category.
    pub by_category: BTreeMap<OrgType, u32>,
    /// SHA-256 over the round, contributors and reports.
    pub checksum: [u8; 32],
}

impl AgreedSet {
    /// The set of these contributors of `round` with these reports, in the order of the reports.
    pub(super) fn of<'a>(
        round: &Round,
        reports: impl IntoIterator<Item = (&'a OrgId, &'a ReportId)>,
    ) -> Self {
        let mut by_category = BTreeMap::new();
        let mut hash = Sha256::new();
        hash.update(b"entente/v1/sum-set\0");
        hash.update(round.context());
        for (contributor, id) in reports {
            hash.update(contributor.as_bytes());
            hash.update(id.0);
            if let Some(category) = round.contributors().get(contributor) {
                *by_category.entry(*category).or_default() += 1;
            }
        }
        Self { by_category, checksum: hash.finalize().into() }
    }

    /// The set of these contributors of `round` with these reports, for whoever checks a sum.
    pub fn named(round: &Round, mut reports: Vec<(OrgId, ReportId)>) -> Self {
        reports.sort_unstable_by_key(|(_, id)| *id);
        Self::of(round, reports.iter().map(|(org, id)| (org, id)))
    }

    /// How many contributors.
    pub fn n_contributors(&self) -> u32 {
        self.by_category.values().sum()
    }

    /// Whether a sum over this set may be revealed: enough contributors, and enough outside of the
    /// category of each querier, who may know what its own kind contributed.
    ///
    /// A region reveals nothing, so it passes on what it has; those above count all regions.
    pub fn check(&self, round: &Round) -> Result<(), TooFew> {
        let contributors = self.n_contributors();
        let own = |querier| self.by_category.get(querier).copied().unwrap_or(0);
        let outside = contributors - round.queriers().iter().map(own).max().unwrap_or(0);
        let (least, least_outside) = match round.passed_on_to() {
            None => (round.minimum().contributors(), round.minimum().outside()),
            Some(_) => (1, 0),
        };
        if contributors >= least && outside >= least_outside {
            return Ok(());
        }
        Err(TooFew { contributors, outside, least, least_outside })
    }

    pub(super) fn put(&self, bytes: &mut Vec<u8>) {
        put_count(bytes, self.by_category.len());
        for (category, n) in &self.by_category {
            bytes.push(category.number());
            bytes.extend_from_slice(&n.to_be_bytes());
        }
        bytes.extend_from_slice(&self.checksum);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut by_category = BTreeMap::new();
        for _ in 0..reader.count(5)? {
            let category = OrgType::from_number(reader.u8()?).ok_or(Malformed)?;
            let n = reader.u32()?;
            let is_in_order = by_category.last_key_value().is_none_or(|(last, _)| *last < category);
            // 2²⁴ organizations in each of 256 categories still add up within a u32.
            if !is_in_order || n == 0 || n >= 1 << 24 {
                return Err(Malformed);
            }
            by_category.insert(category, n);
        }
        Ok(Self { by_category, checksum: reader.array()? })
    }
}

/// Too few organizations for a figure that may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{contributors} contributors of which {outside} are of another category than a querier; \
     {least} and {least_outside} are needed"
)]
pub struct TooFew {
    /// How many there are.
    pub contributors: u32,
    /// How many are of another category than the querier with most of its own.
    pub outside: u32,
    /// How many there must be.
    pub least: u32,
    /// How many of another category there must be.
    pub least_outside: u32,
}
