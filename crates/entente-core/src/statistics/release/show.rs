//! Showing figures: sums, floors, intervals and symbols. All of it looks at stored figures only.

use super::{Contribution, ReleaseId};
use crate::codes::code_list;
use crate::statistics::budget::erf;
use crate::statistics::noise::Sigma;
use crate::statistics::plan::{Plan, Safeguards};
use crate::statistics::sum;

code_list! {
    /// The symbols of Statistics Canada beside a figure. What `x` hides it hides for confidentiality; here the noise
    /// does that, and `x` hides what says nothing.
    Symbol = "symbol" {
        Suppressed = "x", "not shown: noise alone could have made it", "non montré\u{a0}: le bruit seul aurait pu le produire";
        NotAvailable = "..", "not available", "non disponible";
        Preliminary = "p", "preliminary", "provisoire";
        Revised = "r", "revised", "révisé";
    }
}

/// How exact a sum is: the standard deviation of its noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy {
    /// One standard deviation.
    pub sd: f64,
}

/// The standard normal quantile of a two-sided 95 % interval.
const Z_95: f64 = 1.959_964;

/// A noisy zero reaches the floor about once in a hundred cells (0.13 % to 2 % were measured for
/// the floors around it): false cases in an empty territory matter to those who live there.
const FLOOR_SDS: f64 = 2.3;

impl Accuracy {
    /// That of a sum of independent noises.
    pub fn of(noises: impl IntoIterator<Item = Sigma>) -> Self {
        let variance: f64 = noises.into_iter().map(|sigma| value(sigma).powi(2)).sum();
        Self { sd: variance.sqrt() }
    }

    /// That of a sum of `n` figures, each as exact as this one.
    #[must_use]
    pub fn times(self, n: usize) -> Self {
        let n = f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        Self { sd: self.sd * n.sqrt() }
    }

    /// One standard deviation in hundredths, as it is shown.
    pub fn hundredths(self) -> u32 {
        u32::try_from(nearest(self.sd * 100.0)).unwrap_or(u32::MAX)
    }

    /// By how much a figure may be off, 19 times out of 20.
    pub fn margin(self) -> u64 {
        whole(self.sd * Z_95)
    }

    /// How many the largest of `n` numbers is at least, 39 times out of 40, if `drawn` is the largest of them
    /// with noise, and each is as exact as this.
    pub fn largest_at_least(self, drawn: i64, n: usize) -> u64 {
        let margin = whole(self.sd * quantile_of_largest(n));
        from_zero(drawn.saturating_sub(i64::try_from(margin).unwrap_or(i64::MAX)))
    }

    /// How many the largest of `n` numbers is at least, 39 times out of 40, if their sum, as exact as this, is
    /// all that is known: the largest is not below the mean, and whole.
    pub fn mean_at_least(self, sum: i64, n: usize) -> u64 {
        let margin = i64::try_from(self.margin()).unwrap_or(i64::MAX);
        let n = u64::try_from(n.max(1)).unwrap_or(u64::MAX);
        from_zero(sum.saturating_sub(margin)).div_ceil(n)
    }
}

/// How many standard deviations the largest of `n` independent noises stays below, 39 times out of 40.
///
/// All of them stay below a bound with the probability of one to the power of `n` (Šidák 1967). One alone
/// has half of [`Z_95`]'s risk, so that this and the upper end of an interval are wrong once in 20.
fn quantile_of_largest(n: usize) -> f64 {
    let n = f64::from(u32::try_from(n.max(1)).unwrap_or(u32::MAX));
    let (mut low, mut high) = (0.0, 6.0);
    // The distribution function grows, so halving finds it.
    for _ in 0..50 {
        let middle: f64 = f64::midpoint(low, high);
        let one = f64::midpoint(1.0, erf(middle * std::f64::consts::FRAC_1_SQRT_2));
        if one.powf(n) < 0.975 { low = middle } else { high = middle }
    }
    high
}

/// A standard deviation as a number.
pub fn value(sigma: Sigma) -> f64 {
    f64::from(sigma.hundredths()) / 100.0
}

/// The floor that follows from the noise: 2.3 standard deviations, up to a multiple of five.
pub fn default_floor(sd: f64) -> u32 {
    let fives = whole(sd * FLOOR_SDS).div_ceil(5);
    u32::try_from(fives.saturating_mul(5)).unwrap_or(u32::MAX)
}

/// A stored number of persons; 0 for what noise made negative.
fn from_zero(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// The next whole number; 0 for what is none.
fn whole(value: f64) -> u64 {
    nearest(value.ceil())
}

/// The nearest whole number; 0 for what is below.
fn nearest(value: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float becomes an integer by saturating, and a negative one zero, which is meant"
    )]
    let nearest = value.round() as u64;
    nearest
}

/// What a reader sees of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// This many.
    Count(u64),
    /// Fewer than this.
    Below(u32),
    /// Nobody answered.
    Nothing,
}

/// One cell, as it is published: never without its interval and floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What is shown.
    pub shown: Shown,
    /// From how many to how many, 19 times out of 20, counting the noise and nothing else.
    pub interval: (u64, u64),
    /// What is below this is shown as such.
    pub floor: u32,
    /// The symbol beside it.
    pub symbol: Option<Symbol>,
}

impl Figure {
    /// How a stored figure is shown. `revision` of `n_revisions`: before the last one, a figure is
    /// preliminary.
    pub fn of(
        stored: i64,
        accuracy: Accuracy,
        safeguards: &Safeguards,
        revision: u8,
        n_revisions: u8,
    ) -> Self {
        let floor = safeguards.floor.unwrap_or_else(|| default_floor(accuracy.sd));
        let margin = i64::try_from(accuracy.margin()).unwrap_or(i64::MAX);
        let count = from_zero(stored);
        let is_below = count < u64::from(floor);
        let rounded = if safeguards.round_to_5 { (count + 2) / 5 * 5 } else { count };
        let symbol = match (is_below, revision) {
            (true, _) => Some(Symbol::Suppressed),
            (false, 1..) => Some(Symbol::Revised),
            (false, 0) => (n_revisions > 0).then_some(Symbol::Preliminary),
        };
        Self {
            shown: if is_below { Shown::Below(floor) } else { Shown::Count(rounded) },
            interval: (
                from_zero(stored.saturating_sub(margin)),
                from_zero(stored.saturating_add(margin)),
            ),
            floor,
            symbol,
        }
    }

    /// How many distinct persons there are at least, beside this figure, if the largest single contribution
    /// has `largest` at least. Nothing beside a figure that is not shown: noise alone would name one person
    /// in an empty territory once in forty cells.
    pub fn bound(&self, largest: u64) -> u64 {
        match self.shown {
            // Never more than the other end.
            Shown::Count(_) => largest.min(self.interval.1),
            Shown::Below(_) | Shown::Nothing => 0,
        }
    }

    /// The figure of a release that nobody answered.
    pub fn nothing() -> Self {
        let symbol = Some(Symbol::NotAvailable);
        Self { shown: Shown::Nothing, interval: (0, 0), floor: 0, symbol }
    }
}

/// What several organizations' contributions to one release come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// Every cell, summed.
    pub cells: Vec<i64>,
    /// The largest single contribution to each cell, as it was drawn. A person may be known to several, so
    /// how many distinct persons there are lies between the largest and the sum.
    pub largest: Vec<i64>,
    /// The largest sum over all cells of a single contribution, as it was drawn.
    pub largest_sum: i64,
    /// How exact each sum is.
    pub accuracy: Accuracy,
    /// How many contributed.
    pub n_contributors: usize,
}

impl Total {
    /// Adds up contributions to one release; `None` if there are none, or they are not alike.
    pub fn of(contributions: &[&Contribution]) -> Option<Self> {
        let (first, others) = contributions.split_first()?;
        let alike =
            |it: &&Contribution| it.release == first.release && it.cells.len() == first.cells.len();
        if !others.iter().all(alike) {
            return None;
        }
        let (mut cells, mut largest) = (first.cells.clone(), first.cells.clone());
        for other in others {
            for ((sum, most), cell) in cells.iter_mut().zip(&mut largest).zip(&other.cells) {
                *sum = sum.checked_add(*cell)?;
                *most = (*most).max(*cell);
            }
        }
        let largest_sum = contributions.iter().map(|it| sum_of(&it.cells)).max()?;
        let accuracy = Accuracy::of(contributions.iter().map(|it| it.sigma));
        let n_contributors = contributions.len();
        Some(Self { cells, largest, largest_sum, accuracy, n_contributors })
    }

    /// The sum over all cells, and how exact it is.
    pub fn grand(&self) -> (i64, Accuracy) {
        (sum_of(&self.cells), self.accuracy.times(self.cells.len()))
    }
}

fn sum_of(cells: &[i64]) -> i64 {
    cells.iter().fold(0_i64, |sum, cell| sum.saturating_add(*cell))
}

/// One release as it is published: every cell of the cube, and their sum.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Every cell, in the order of the cube.
    pub figures: Vec<Figure>,
    /// How many the largest single contribution to each cell has at least: how many distinct persons
    /// there are lies between that and the upper end of the figure's interval, 19 times out of 20. Zero
    /// beside a figure that is not shown; empty if nobody contributed.
    pub largest: Vec<u64>,
    /// The sum over all cells.
    pub total: Figure,
    /// How many the largest single contribution to all cells together has at least.
    pub largest_total: u64,
    /// How exact a cell is; `None` if nobody contributed.
    pub accuracy: Option<Accuracy>,
    /// How many contributed.
    pub n_contributors: usize,
}

impl Plan {
    /// The table of a release that these contributions come to: a function of them and of the plan
    /// alone, so that everybody who has both sees the same. `None` if they do not belong together.
    pub fn table(&self, release: &ReleaseId, contributions: &[&Contribution]) -> Option<Table> {
        let cube = self.cube_at(release.cube)?;
        if contributions.is_empty() {
            return Some(Table {
                figures: vec![Figure::nothing(); cube.n_cells()],
                largest: Vec::new(),
                total: Figure::nothing(),
                largest_total: 0,
                accuracy: None,
                n_contributors: 0,
            });
        }
        let total = Total::of(contributions)?;
        let fits = |it: &&Contribution| it.release == *release && it.cells.len() == cube.n_cells();
        if !contributions.iter().all(fits) {
            return None;
        }
        let figure = |stored: i64, accuracy: Accuracy| {
            Figure::of(stored, accuracy, &self.safeguards, release.revision, self.n_revisions())
        };
        let alone = Accuracy::of([cube.sigma(release.revision)?]);
        let n = total.n_contributors;
        let (sum, accuracy) = total.grand();
        let grand = figure(sum, accuracy);
        let figures: Vec<_> =
            total.cells.iter().map(|cell| figure(*cell, total.accuracy)).collect();
        let bound =
            |(figure, most): (&Figure, &i64)| figure.bound(alone.largest_at_least(*most, n));
        let all_alone = alone.times(total.cells.len());
        Some(Table {
            largest: figures.iter().zip(&total.largest).map(bound).collect(),
            largest_total: grand.bound(all_alone.largest_at_least(total.largest_sum, n)),
            figures,
            total: grand,
            accuracy: Some(total.accuracy),
            n_contributors: total.n_contributors,
        })
    }

    /// The table of a release that two aggregators have added up in secret.
    pub fn sum_table(&self, release: &ReleaseId, total: &sum::Total) -> Option<Table> {
        let cube = self.cube_at(release.cube)?;
        if total.cells.len() != cube.n_cells() {
            return None;
        }
        // Each of the two has added all the noise, so that one honest one is enough.
        let accuracy = Accuracy::of([total.sigma; 2]);
        let figure = |stored: i64, accuracy: Accuracy| {
            Figure::of(stored, accuracy, &self.safeguards, release.revision, self.n_revisions())
        };
        let n_contributors = usize::try_from(total.set.n_contributors()).unwrap_or(usize::MAX);
        let figures: Vec<_> = total.cells.iter().map(|cell| figure(*cell, accuracy)).collect();
        // Nobody has seen a contribution, so nobody knows the largest; it is not below their mean.
        let bound = |(figure, cell): (&Figure, &i64)| {
            figure.bound(accuracy.mean_at_least(*cell, n_contributors))
        };
        let (grand, of_grand) = (sum_of(&total.cells), accuracy.times(total.cells.len()));
        let of_all = figure(grand, of_grand);
        Some(Table {
            largest: figures.iter().zip(&total.cells).map(bound).collect(),
            largest_total: of_all.bound(of_grand.mean_at_least(grand, n_contributors)),
            figures,
            total: of_all,
            accuracy: Some(accuracy),
            n_contributors,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Receipt;
    use super::*;
    use crate::statistics::budget::NanoRho;
    use crate::statistics::plan::PlanId;
    use crate::statistics::plan::tests::plan;

    fn contribution(cells: &[i64]) -> Contribution {
        let period = "2025".parse().unwrap();
        Contribution {
            release: ReleaseId { plan: PlanId([1; 32]), cube: 0, period, revision: 0 },
            drawn_at_s: 0,
            sigma: Sigma::from_hundredths(413).unwrap(),
            cost: NanoRho(29_383_333),
            receipt: Receipt { number: 1, year_spent: NanoRho(0), spent: NanoRho(0) },
            cells: cells.to_vec(),
        }
    }

    #[test]
    fn the_default_floor_is_the_one_that_was_computed() {
        // Two noises of 4.13, as after a secure sum: 5.84, floor 15; one alone: 10.
        let both = Accuracy::of([Sigma::from_hundredths(413).unwrap(); 2]);
        assert!((both.sd - 5.84).abs() < 0.01);
        assert_eq!((default_floor(both.sd), default_floor(4.13)), (15, 10));
        assert_eq!(both.margin(), 12);
    }

    #[test]
    fn a_figure_below_the_floor_is_shown_as_such_and_always_with_its_interval() {
        let safeguards = plan().safeguards;
        let accuracy = Accuracy { sd: 5.84 };
        let of = |stored| Figure::of(stored, accuracy, &safeguards, 0, 0);
        assert_eq!(of(14).shown, Shown::Below(15));
        assert_eq!(of(15).shown, Shown::Count(15));
        assert_eq!((of(14).symbol, of(15).symbol), (Some(Symbol::Suppressed), None));
        assert_eq!((of(-9).shown, of(-9).interval), (Shown::Below(15), (0, 3)));
        assert_eq!(of(40).interval, (28, 52));
    }

    #[test]
    fn a_figure_that_will_be_revised_is_preliminary_and_one_that_was_is_revised() {
        let safeguards = plan().safeguards;
        let of =
            |revision, n| Figure::of(90, Accuracy { sd: 1.0 }, &safeguards, revision, n).symbol;
        assert_eq!(of(0, 0), None);
        assert_eq!(of(0, 1), Some(Symbol::Preliminary));
        assert_eq!(of(1, 1), Some(Symbol::Revised));
    }

    #[test]
    fn rounding_to_five_is_to_the_nearest_and_changes_the_look_alone() {
        let safeguards = Safeguards { round_to_5: true, ..plan().safeguards };
        let of = |stored| Figure::of(stored, Accuracy { sd: 1.0 }, &safeguards, 0, 0);
        let shown: Vec<_> = (97..=103).map(|stored| of(stored).shown).collect();
        assert_eq!(shown, [95, 100, 100, 100, 100, 100, 105].map(Shown::Count));
        assert_ne!(of(98).interval, of(102).interval);
    }

    #[test]
    fn contributions_are_added_up_with_their_bounds_and_their_noises() {
        let [a, b] = [contribution(&[5, -2]), contribution(&[3, 4])];
        let total = Total::of(&[&a, &b]).unwrap();
        assert_eq!((total.cells.as_slice(), total.largest.as_slice()), (&[8, 2][..], &[5, 4][..]));
        assert!((total.accuracy.sd - 5.84).abs() < 0.01);
        let (sum, accuracy) = total.grand();
        assert!(sum == 10 && (accuracy.sd - 8.26).abs() < 0.01);
        assert_eq!(total.largest_sum, 7);
    }

    #[test]
    fn the_margin_of_the_largest_grows_with_how_many_there_are() {
        // Computed with another library: the normal quantile of 0.975 to the power of 1 / n.
        for (n, quantile) in [(1, 1.959_964), (2, 2.238_964), (30, 3.140_405), (5_000, 4.414_442)] {
            let found = quantile_of_largest(n);
            assert!((found - quantile).abs() < 1e-4, "{n}: {found}");
        }
    }

    #[test]
    fn at_least_is_at_most_the_truth_39_times_out_of_40_however_many_contribute() {
        use rand::SeedableRng as _;
        let sigma = Sigma::from_hundredths(413).unwrap();
        let accuracy = Accuracy::of([sigma]);
        let mut rng = rand::rngs::StdRng::seed_from_u64(70);
        for n in [1, 6, 30] {
            let (mut n_wrong, mut n_naive) = (0, 0);
            for _ in 0..2_000 {
                // Every organization has 40 persons.
                let drawn = crate::statistics::noise::add(&vec![40; n], sigma, &mut rng).unwrap();
                let largest = *drawn.iter().max().unwrap();
                n_wrong += u32::from(accuracy.largest_at_least(largest, n) > 40);
                n_naive += u32::from(accuracy.largest_at_least(largest, 1) > 40);
            }
            // 50 are expected at most; five standard deviations more are 35.
            assert!(n_wrong <= 85, "{n}: {n_wrong}");
            // With the interval of one it is too high every fourth time if 30 contribute.
            assert!(n < 30 || n_naive > 300, "{n_naive}");
        }
    }

    #[test]
    fn of_a_secure_sum_the_largest_is_at_least_the_mean() {
        let accuracy = Accuracy::of([Sigma::from_hundredths(413).unwrap(); 2]);
        assert_eq!(accuracy.margin(), 12);
        for (sum, n, bound) in [(112, 5, 20), (113, 5, 21), (12, 5, 0), (-30, 5, 0), (13, 5, 1)] {
            assert_eq!(accuracy.mean_at_least(sum, n), bound, "{sum}");
        }
    }

    #[test]
    fn there_is_no_bound_beside_a_figure_that_is_not_shown_and_none_above_its_interval() {
        let safeguards = plan().safeguards;
        let of = |stored| Figure::of(stored, Accuracy { sd: 5.84 }, &safeguards, 0, 0);
        assert_eq!((of(14).bound(9), of(15).bound(9), of(40).bound(60)), (0, 9, 52));
        assert_eq!(Figure::nothing().bound(9), 0);
    }

    #[test]
    fn contributions_to_different_releases_are_not_added_up() {
        let (a, mut b) = (contribution(&[5, 2]), contribution(&[3, 4]));
        b.release.revision = 1;
        assert_eq!(Total::of(&[&a, &b]), None);
        assert_eq!(Total::of(&[&a, &contribution(&[1])]), None);
        assert_eq!(Total::of(&[&contribution(&[i64::MAX]), &contribution(&[1])]), None);
        assert_eq!(Total::of(&[]), None);
    }
}
