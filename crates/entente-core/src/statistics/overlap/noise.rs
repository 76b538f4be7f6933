//! How many dummies a helper adds, and how much of the truth they leave.
//!
//! For each pattern in which a person can show, a helper adds `shift + Z` persons who do not exist,
//! `Z` from the discrete Laplace distribution with scale 1/epsilon, and none if that is negative.
//! The shift is known to all and subtracted; `Z` is known to the helper alone.
//!
//! A person is in one pattern, so leaving them out moves one count by one. Without the cut at
//! zero that is (epsilon, 0)-differential privacy. With it, the counts tell the two worlds apart
//! where dummies were cut or nearly so, which has the probability `q^shift / (1 + q)` with
//! `q = e^-epsilon`: that is delta, and the shift is the smallest that keeps it to one in a
//! million.
//!
//! Padding is seen by the coordinator too, and how much of it there is says how many persons there
//! are. So helpers add padding in the same way, list by list. There one person moves every list by
//! as many as may know them, but this noise costs no figure its precision: it has a tenth of
//! epsilon on top, and is as wide as that takes.

use prio::dp::Rational;
use prio::dp::distributions::DiscreteLaplace;
use rand::Rng;
use rand::distr::Distribution as _;

/// The noise of one helper.
///
/// There is no way to say "none".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    epsilon_milli: u32,
}

/// The probability that is left over for patterns: one in a million.
const DELTA: f64 = 1e-6;

/// The probability that is left over for the padding of each list.
const DELTA_PADDING: f64 = 1e-7;

/// The part of epsilon that padding costs on top: a tenth.
const PADDING_PART: u32 = 10;

/// The part of epsilon that is left for how well persons could be matched: a fifth.
const LINKAGE_PART: u32 = 5;

impl Noise {
    /// The most and the least noise, as thousandths of epsilon. Below 0.1 a helper would add some
    /// 140 dummies for each pattern; above 2 the noise protects nobody.
    pub const RANGE: std::ops::RangeInclusive<u32> = 100..=2_000;

    /// The noise of an epsilon in thousandths, if it is in [`Noise::RANGE`].
    pub fn from_epsilon_milli(epsilon_milli: u32) -> Option<Self> {
        Self::RANGE.contains(&epsilon_milli).then_some(Self { epsilon_milli })
    }

    /// Epsilon in thousandths, without the tenth for padding.
    pub fn epsilon_milli(self) -> u32 {
        self.epsilon_milli
    }

    /// What taking part costs each person, in billionths of rho: (1.1 epsilon)² / 2 for the round,
    /// with one helper's noise alone, since the other may work with the coordinator; and
    /// (epsilon / 5)² / 2 for what is said of how well persons could be matched.
    pub fn nano_rho(self) -> u64 {
        u64::from(self.epsilon_milli).pow(2) * (605 + 20)
    }

    /// The noise of what is said of how well an organization's persons could be matched.
    pub(super) fn linkage(self) -> Wide {
        Wide((1_000 * LINKAGE_PART, self.epsilon_milli))
    }

    /// The standard deviation of the noise in each number of an organization's linkage.
    pub fn linkage_sd(self) -> f64 {
        self.linkage().sd()
    }

    /// How many dummies are added for each pattern on average; what the coordinator subtracts.
    pub fn shift(self) -> u32 {
        self.dummies().shift
    }

    /// The standard deviation of one helper's dummies for one pattern.
    pub fn sd(self) -> f64 {
        self.dummies().scale.sd()
    }

    /// The number of dummies of one pattern.
    pub(super) fn dummies(self) -> Shifted {
        Shifted::new((1_000, self.epsilon_milli), 1, DELTA)
    }

    /// The amount of padding of one list, of so many lists with so many organizations each that
    /// may know the same person.
    pub(super) fn padding(self, n_lists: usize, per_list: u8) -> Shifted {
        let n_moved = u32::from(per_list) * u32::try_from(n_lists).unwrap_or(u32::MAX);
        let scale = (1_000 * PADDING_PART * n_moved, self.epsilon_milli);
        Shifted::new(scale, u32::from(per_list), DELTA_PADDING)
    }
}

/// The discrete Laplace distribution of one scale, as a fraction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wide((u32, u32));

impl Wide {
    fn scale(self) -> f64 {
        let (over, under) = self.0;
        f64::from(over) / f64::from(under)
    }

    fn sd(self) -> f64 {
        let q = libm::exp(-1.0 / self.scale());
        libm::sqrt(2.0 * q) / (1.0 - q)
    }

    /// Draws so many numbers around zero.
    pub(super) fn draw(self, n: usize, rng: &mut impl Rng) -> Vec<i64> {
        let (over, under) = self.0;
        let scale = Rational::from_unsigned(over, under).ok();
        #[expect(clippy::expect_used, reason = "it fails for a scale or denominator of zero only")]
        let laplace =
            scale.and_then(|it| DiscreteLaplace::new(it).ok()).expect("epsilon is in its range");
        // Beyond 64 bits with a probability below e^-10^14.
        (0..n).map(|_| i64::try_from(laplace.sample(rng)).unwrap_or_default()).collect()
    }
}

/// A number from the discrete Laplace distribution, shifted and cut at zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shifted {
    scale: Wide,
    shift: u32,
}

impl Shifted {
    /// The least shift for which one person, who moves a count by `moves`, is told with no more
    /// than the probability `delta`. `libm` so that all three compute the same on every machine.
    fn new(scale: (u32, u32), moves: u32, delta: f64) -> Self {
        let mut shifted = Self { scale: Wide(scale), shift: 0 };
        let wide = shifted.scale.scale();
        let least = -(libm::log(delta) + libm::log1p(libm::exp(-1.0 / wide))) * wide;
        // The widest there is, epsilon 0.1 and two lists of 14 organizations, has some 43,000.
        let least = (1..MAX_SHIFT).find(|shift| f64::from(*shift) >= least);
        shifted.shift = least.unwrap_or(MAX_SHIFT) + moves - 1;
        shifted
    }

    /// Draws one for each of so many counts.
    pub(super) fn draw(self, n_counts: usize, rng: &mut impl Rng) -> Vec<u32> {
        let drawn = self.scale.draw(n_counts, rng).into_iter();
        let shifted = drawn.map(|drawn| i64::from(self.shift).saturating_add(drawn).max(0));
        shifted.map(|n| u32::try_from(n).unwrap_or_default()).collect()
    }
}

/// Beyond every shift that terms can ask for.
const MAX_SHIFT: u32 = 1 << 17;

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    fn noise(epsilon_milli: u32) -> Noise {
        Noise::from_epsilon_milli(epsilon_milli).unwrap()
    }

    /// By how much two worlds differ, of which one has `moves` more in a count: outcome by outcome,
    /// the probability in one that is not covered by e^epsilon times the other.
    fn uncovered(shifted: Shifted, moves: i64, epsilon: f64) -> f64 {
        let q = (-1.0 / shifted.scale.scale()).exp();
        let shift = i64::from(shifted.shift);
        let mass = |z: i64| (1.0 - q) / (1.0 + q) * q.powf(z.unsigned_abs() as f64);
        // All that is cut is at zero.
        let cut = q.powf(shift as f64) / (1.0 + q);
        let added = |k: i64| match k {
            0 => cut,
            k if k < 0 => 0.0,
            k => mass(k - shift),
        };
        let over = |one: i64, other: i64| -> f64 {
            let seen = 0..4 * shift;
            let beyond = seen.map(|n| added(n - one) - epsilon.exp() * added(n - other));
            // Rounding alone is not a difference.
            beyond.filter(|it| *it > 1e-18).sum()
        };
        over(0, moves).max(over(moves, 0))
    }

    #[test]
    fn one_person_more_or_less_is_within_epsilon_and_delta() {
        for epsilon_milli in [100, 250, 500, 1_000, 2_000] {
            let epsilon = f64::from(epsilon_milli) / 1_000.0;
            let dummies = noise(epsilon_milli).dummies();
            let delta = uncovered(dummies, 1, epsilon);
            assert!(delta <= DELTA * 1.001, "{epsilon_milli}: {delta}");
            // One less would be too few.
            let fewer = Shifted { shift: dummies.shift - 1, ..dummies };
            assert!(uncovered(fewer, 1, epsilon) > DELTA, "{epsilon_milli}");
        }
        assert_eq!(noise(500).shift(), 27);
    }

    #[test]
    fn the_padding_of_all_lists_together_is_within_a_tenth_of_epsilon() {
        for (epsilon_milli, n_lists, per_list) in [(500, 3, 2), (1_000, 4, 3), (2_000, 2, 1)] {
            let padding = noise(epsilon_milli).padding(n_lists, per_list);
            let part = f64::from(epsilon_milli) / 10_000.0 / n_lists as f64;
            let delta = uncovered(padding, i64::from(per_list), part);
            assert!(delta <= DELTA_PADDING * 1.001, "{epsilon_milli}: {delta}");
        }
    }

    #[test]
    fn the_numbers_of_dummies_have_the_mean_and_the_spread_that_are_told() {
        let noise = noise(500);
        let n = 40_000;
        let drawn = noise.dummies().draw(n, &mut Xoshiro256PlusPlus::seed_from_u64(1));
        let mean = drawn.iter().map(|k| f64::from(*k)).sum::<f64>() / n as f64;
        let variance = drawn.iter().map(|k| (f64::from(*k) - mean).powi(2)).sum::<f64>() / n as f64;
        let standard_error = noise.sd() / (n as f64).sqrt();
        assert!((mean - f64::from(noise.shift())).abs() < 4.0 * standard_error, "{mean}");
        assert!((variance.sqrt() / noise.sd() - 1.0).abs() < 0.03, "{variance} {}", noise.sd());
    }

    #[test]
    fn no_noise_cannot_be_said() {
        for epsilon_milli in [0, 99, 2_001, u32::MAX] {
            assert_eq!(Noise::from_epsilon_milli(epsilon_milli), None);
        }
        assert_eq!(noise(500).nano_rho(), 156_250_000);
    }

    #[test]
    fn the_widest_noise_is_below_its_bound() {
        for (n_lists, per_list) in [(8, 1), (5, 2), (4, 3), (2, 14)] {
            assert!(noise(100).padding(n_lists, per_list).shift < MAX_SHIFT / 2);
        }
    }
}
