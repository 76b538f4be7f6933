//! A round: everything that all parties of one secure sum must agree on before it begins.
//!
//! Its [`Round::context`] is a hash over all of it. Shares are proven, sealed and signed for one
//! context, so a party that has another idea of who contributes, how many are needed or how much
//! noise is added is not wrong in silence: nothing it makes fits.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::Role;
use crate::codes::{Code as _, OrgType};
use crate::identity::OrgId;
use crate::statistics::noise::Sigma;

/// The fewest contributors that a round may ask for.
pub const MIN_CONTRIBUTORS: u32 = 5;

/// The fewest contributors outside of a querier's own category: it may know what its own kind of
/// organization contributed.
pub const MIN_OUTSIDE: u32 = 3;

/// The most contributors: what was measured (`docs/BENCHMARKS.md`). More are summed through hubs.
pub const MAX_CONTRIBUTORS: usize = 10_000;

/// The most cells. Four times the largest cube of the first plan, and a report of that size is
/// still below 100 kB.
pub const MAX_CELLS: u32 = 400;

/// The longest name of a release, in bytes. Plan, cube, period and revision take 38; a hub adds its
/// region.
pub const MAX_RELEASE: usize = 128;

/// The cells of a contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    n_cells: u32,
    max: u32,
}

impl Shape {
    /// `n_cells` cells, of 0 to `max` each.
    ///
    /// What the largest contributor can have in one cell bounds what a lying one can add, so
    /// `max` is small. It is at most 65,535, above which no organization counts people.
    pub fn new(n_cells: u32, max: u32) -> Result<Self, NoRound> {
        let fits = (1..=MAX_CELLS).contains(&n_cells) && (1..=65_535).contains(&max);
        if fits { Ok(Self { n_cells, max }) } else { Err(NoRound::Shape) }
    }

    /// How many cells.
    pub fn n_cells(self) -> usize {
        // Below 2³² by type, and a usize has at least as many bits on what we run on.
        usize::try_from(self.n_cells).unwrap_or(usize::MAX)
    }

    /// The most in one cell.
    pub fn max(self) -> u32 {
        self.max
    }
}

/// The fewest contributors with which a sum is revealed. At least [`MIN_CONTRIBUTORS`] and
/// [`MIN_OUTSIDE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minimum {
    contributors: u32,
    outside: u32,
}

impl Minimum {
    /// So many contributors, and so many outside of each querier's category.
    pub fn new(contributors: u32, outside: u32) -> Result<Self, NoRound> {
        if contributors < MIN_CONTRIBUTORS || outside < MIN_OUTSIDE {
            return Err(NoRound::Minimum);
        }
        Ok(Self { contributors, outside })
    }

    /// Contributors at all.
    pub fn contributors(self) -> u32 {
        self.contributors
    }

    /// Contributors outside of a querier's category.
    pub fn outside(self) -> u32 {
        self.outside
    }
}

/// What one secure sum is about, and who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    release: Vec<u8>,
    shape: Shape,
    sigma: Sigma,
    minimum: Minimum,
    aggregators: [OrgId; 2],
    queriers: BTreeSet<OrgType>,
    contributors: BTreeMap<OrgId, OrgType>,
    passed_on_to: Option<[OrgId; 2]>,
    // Of everything above. Kept, since each report of thousands is compared with it.
    context: [u8; 32],
}

impl Round {
    /// A round whose two aggregators, the leader first, reveal their noisy sums.
    ///
    /// `release` names plan, cube, period and revision: two rounds that may be answered apart must
    /// differ in it. `queriers` are the categories of those who see the answer.
    pub fn new(
        release: &[u8],
        shape: Shape,
        sigma: Sigma,
        minimum: Minimum,
        aggregators: [OrgId; 2],
        queriers: BTreeSet<OrgType>,
        contributors: BTreeMap<OrgId, OrgType>,
    ) -> Result<Self, NoRound> {
        let [leader, helper] = &aggregators;
        if leader == helper {
            return Err(NoRound::OneAggregator);
        }
        if release.is_empty() || release.len() > MAX_RELEASE {
            return Err(NoRound::Release);
        }
        if contributors.len() > MAX_CONTRIBUTORS {
            return Err(NoRound::TooMany);
        }
        let release = release.to_vec();
        let mut round = Self {
            release,
            shape,
            sigma,
            minimum,
            aggregators,
            queriers,
            contributors,
            passed_on_to: None,
            context: [0; 32],
        };
        round.context = round.hash();
        Ok(round)
    }

    /// The same round for one region: its aggregators pass their sums on instead of revealing
    /// them ([`super::hub`]).
    pub(super) fn for_region(
        &self,
        region: &str,
        aggregators: [OrgId; 2],
        contributors: BTreeMap<OrgId, OrgType>,
    ) -> Result<Self, NoRound> {
        let release = [&self.release, b"/".as_slice(), region.as_bytes()].concat();
        let queriers = self.queriers.clone();
        let mut round = Self::new(
            &release,
            self.shape,
            self.sigma,
            self.minimum,
            aggregators,
            queriers,
            contributors,
        )?;
        round.passed_on_to = Some(self.aggregators);
        round.context = round.hash();
        Ok(round)
    }

    /// What identifies this round: a hash over everything in it.
    pub fn context(&self) -> [u8; 32] {
        self.context
    }

    fn hash(&self) -> [u8; 32] {
        // Every field is named, so that a field added to a round does not compile until it is
        // bound here. Lengths stand before what has no fixed one.
        let Self {
            release,
            shape: Shape { n_cells, max },
            sigma,
            minimum: Minimum { contributors: least, outside },
            aggregators,
            queriers,
            contributors,
            passed_on_to,
            context: _,
        } = self;
        let mut hash = Sha256::new();
        hash.update(b"entente/v1/secure-sum\0");
        hash.update(u64::try_from(release.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(release);
        for number in [*n_cells, *max, sigma.hundredths(), *least, *outside] {
            hash.update(number.to_be_bytes());
        }
        aggregators.iter().for_each(|it| hash.update(it.as_bytes()));
        hash.update(u64::try_from(queriers.len()).unwrap_or(u64::MAX).to_be_bytes());
        queriers.iter().for_each(|it| hash.update([it.number()]));
        hash.update(u64::try_from(contributors.len()).unwrap_or(u64::MAX).to_be_bytes());
        for (contributor, category) in contributors {
            hash.update(contributor.as_bytes());
            hash.update([category.number()]);
        }
        passed_on_to.iter().flatten().for_each(|it| hash.update(it.as_bytes()));
        hash.finalize().into()
    }

    /// The cells.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The noise that each aggregator adds in each cell.
    pub fn sigma(&self) -> Sigma {
        self.sigma
    }

    /// With how many contributors it is answered.
    pub fn minimum(&self) -> Minimum {
        self.minimum
    }

    /// Who adds up.
    pub fn aggregator(&self, role: Role) -> OrgId {
        let [leader, helper] = self.aggregators;
        match role {
            Role::Leader => leader,
            Role::Helper => helper,
        }
    }

    /// The categories of those who see the answer.
    pub fn queriers(&self) -> &BTreeSet<OrgType> {
        &self.queriers
    }

    /// Who may contribute, and of which category each is.
    pub fn contributors(&self) -> &BTreeMap<OrgId, OrgType> {
        &self.contributors
    }

    /// The most bytes that the leader asks the helper with, in any of its three questions.
    ///
    /// A report has less than 1,500 bytes, and what the leader saw of one less than 4,096 for
    /// [`MAX_CELLS`] cells of the largest range.
    pub fn max_question(&self) -> usize {
        1_024 + self.contributors.len() * 6_144
    }

    /// To whom the aggregators of a region pass their sums on.
    pub fn passed_on_to(&self) -> Option<[OrgId; 2]> {
        self.passed_on_to
    }
}

/// Why something is no round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRound {
    /// No cells, too many, or a largest value out of bounds.
    #[error("a sum has 1 to {MAX_CELLS} cells of at most 65535 each")]
    Shape,
    /// The minimum would show the figures of too few.
    #[error("at least {MIN_CONTRIBUTORS} contributors, {MIN_OUTSIDE} of another category")]
    Minimum,
    /// One organization cannot be both aggregators.
    #[error("the two aggregators are one organization")]
    OneAggregator,
    /// The release has no name, or one that is too long.
    #[error("the name of a release has 1 to {MAX_RELEASE} bytes")]
    Release,
    /// More contributors than [`MAX_CONTRIBUTORS`].
    #[error("more than {MAX_CONTRIBUTORS} contributors; sum them through hubs")]
    TooMany,
    /// An organization contributes in two regions, or in none.
    #[error("the regions do not divide the contributors")]
    Regions,
}
