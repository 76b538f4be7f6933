//! Exact cells of one organization, in which each person is counted once.
//!
//! A person with several records in a year is counted at the first identification: the record of
//! the earliest quarter, one that is known only by its year after all others, and of several the one
//! with the smallest id, which is the oldest. So a person moves one cell of a cube by one in a year,
//! which is what the noise is measured for.
//!
//! Which records count is for whoever counts ([`super::columns`] does). What comes out can be printed
//! by nobody: [`Exact`] becomes a figure only by [`Exact::with_noise`].

use std::fmt;

use rand::TryCryptoRng;

use super::noise::{self, NoRandomness, Sigma};
use super::plan::Cube;

/// Exact cells. They have no readable form.
#[derive(Clone, PartialEq, Eq)]
pub struct Exact(Vec<u64>);

impl Exact {
    /// Counts of the cells of `cube`, in the order of their places. `None` if they are not as many.
    pub fn of(cube: &Cube, counts: impl IntoIterator<Item = u64>) -> Option<Self> {
        let cells: Vec<u64> = counts.into_iter().collect();
        (cells.len() == cube.n_cells()).then_some(Self(cells))
    }

    /// The cells of a cube in which nobody is.
    pub fn empty(cube: &Cube) -> Self {
        Self(vec![0; cube.n_cells()])
    }

    /// How many cells there are.
    pub fn n_cells(&self) -> usize {
        self.0.len()
    }

    /// At most so many in each cell: what is beyond is not added. That bounds what a liar can add, and says
    /// nothing about a case, as a refusal would.
    #[must_use]
    pub fn at_most(self, most: u32) -> Self {
        Self(self.0.into_iter().map(|cell| cell.min(most.into())).collect())
    }

    /// Adds noise to every cell, those of zero included: an absent or untouched cell would say,
    /// without noise, that nobody is in it.
    ///
    /// Negative figures are as likely as the noise says and stay: cutting them off at zero would
    /// make every sum too large.
    pub fn with_noise<R>(self, sigma: Sigma, rng: &mut R) -> Result<Vec<i64>, NoRandomness>
    where
        R: TryCryptoRng + ?Sized,
    {
        noise::add(&self.0, sigma, rng)
    }

    /// The cells for a secure sum, which leaves this node only in shares.
    pub fn into_addends(self) -> Vec<u64> {
        self.0
    }
}

impl fmt::Debug for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exact({} cells)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::super::plan::tests::plan;
    use super::*;

    #[test]
    fn every_cell_gets_noise_and_no_figure_is_cut_off() {
        let plan = plan();
        let cells = Exact::empty(&plan.cubes[0]);
        let sigma = plan.cubes[0].sigma(0).unwrap();
        let mut rng = StdRng::seed_from_u64(1);
        let noisy = cells.with_noise(sigma, &mut rng).unwrap();
        assert_eq!(noisy.len(), plan.cubes[0].n_cells());
        // A sigma of 4.61 leaves a cell as it is less than once in ten.
        assert!(noisy.iter().filter(|cell| **cell != 0).count() > noisy.len() / 2);
        assert!(noisy.iter().any(|cell| *cell < 0));
    }

    #[test]
    fn there_is_a_count_for_every_cell_and_no_more() {
        let cube = &plan().cubes[0];
        let counts = |n| Exact::of(cube, (0..n).map(|_| 3));
        let n_cells = u64::try_from(cube.n_cells()).unwrap();
        assert_eq!(counts(n_cells).map(|it| it.n_cells()), Some(cube.n_cells()));
        assert!(counts(n_cells - 1).is_none() && counts(n_cells + 1).is_none());
    }

    #[test]
    fn what_is_beyond_the_most_of_a_cell_is_not_added() {
        let exact = Exact(vec![0, 4_095, 4_096, u64::MAX]);
        assert_eq!(exact.at_most(4_095).into_addends(), [0, 4_095, 4_095, 4_095]);
    }

    #[test]
    fn exact_cells_are_not_printed() {
        assert_eq!(format!("{:?}", Exact(vec![7, 7])), "Exact(2 cells)");
    }
}
