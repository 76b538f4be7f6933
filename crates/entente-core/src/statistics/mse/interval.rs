//! Two intervals for the number of persons: by bootstrap, and by the profile of the likelihood.

use rand::Rng;
use rand_distr::{Binomial, Distribution};

use super::fit::fit;
use super::model::Design;
use super::select::{Selection, select};
use super::table::{Counts, Lists};

/// Half of what the profile may fall: half the 95 % quantile of chi-square with one degree of
/// freedom.
const FALL: f64 = 3.841_458_820_694_124 / 2.0;

/// What the replications came to.
#[derive(Clone, Debug)]
pub(super) struct Bootstrap {
    /// The 2.5th and 97.5th percentile; `None` where they are infinite.
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    /// In how many replications the table determined no estimate.
    pub(super) n_without: u32,
}

/// The parametric bootstrap: draws as many persons as were estimated, each with a pattern or unseen
/// as the chosen model says, and chooses and fits a model anew, every time.
///
/// Choosing anew is what lets the interval tell how uncertain the model is. A replication that
/// determines no estimate counts as one without bound.
pub(super) fn bootstrap(
    counts: &Counts,
    chosen: &Selection,
    replications: u32,
    rng: &mut impl Rng,
) -> Bootstrap {
    let mut estimates: Vec<f64> = (0..replications)
        .map(|_| {
            let drawn = draw(counts, chosen, rng);
            let n_drawn = drawn.total() as f64;
            select(&drawn).map_or(f64::INFINITY, |it| n_drawn + it.fit.unseen())
        })
        .collect();
    estimates.sort_by(f64::total_cmp);
    let n_without = estimates.iter().filter(|estimate| estimate.is_infinite()).count();
    let percentile = |share: f64| percentile(&estimates, share).filter(|it| it.is_finite());
    Bootstrap {
        low: percentile(0.025),
        high: percentile(0.975),
        n_without: u32::try_from(n_without).unwrap_or(u32::MAX),
    }
}

/// One table as the chosen model makes them: a multinomial draw, cell by cell.
fn draw(counts: &Counts, chosen: &Selection, rng: &mut impl Rng) -> Counts {
    let mut drawn = Counts::none(counts.n_lists());
    let unseen = chosen.fit.unseen();
    let mut left = whole(counts.total() as f64 + unseen);
    let expected = chosen.expected(counts);
    let mut weight = unseen + expected.iter().map(|(_, mean)| mean).sum::<f64>();
    for (pattern, mean) in expected {
        let share = (mean / weight).clamp(0.0, 1.0);
        // A share between 0 and 1 is always one of a binomial distribution.
        let n = Binomial::new(left, share).map_or(0, |it| it.sample(rng));
        drawn.set(pattern, n);
        left -= n;
        weight -= mean;
    }
    drawn
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "estimates are bounded by `super::MAX_ESTIMATE`, far below 2^53, and positive"
)]
pub(super) fn whole(value: f64) -> u64 {
    value.round().max(0.0) as u64
}

/// Interpolated between neighbours, as most programs do (type 7 of Hyndman and Fan 1996).
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = u32::try_from(sorted.len().checked_sub(1)?).ok()?;
    let place = share * f64::from(last);
    let below = usize::try_from(whole(place.floor())).ok()?;
    let one = *sorted.get(below)?;
    let other = sorted.get(below + 1).copied().unwrap_or(one);
    let between = place - place.floor();
    Some(if between > 0.0 { one + between * (other - one) } else { one })
}

impl Selection {
    /// What the model expects in every cell, in the order of the patterns.
    fn expected(&self, counts: &Counts) -> Vec<(Lists, f64)> {
        let terms = self.design.terms.iter().zip(&self.fit.parameters);
        let mean = |pattern: Lists| {
            let is_empty = self.design.infinite.iter().any(|term| pattern.hold(*term));
            let applies = terms.clone().filter(|(term, _)| pattern.hold(**term));
            if is_empty { 0.0 } else { applies.map(|(_, value)| value).sum::<f64>().exp() }
        };
        counts.iter().map(|(pattern, _)| (pattern, mean(pattern))).collect()
    }
}

/// The interval of all numbers of persons that are not much less likely than the likeliest
/// (Cormack 1992), under the chosen model. `None` for an end that is not there.
pub(super) fn profile(counts: &Counts, chosen: &Selection) -> (f64, Option<f64>) {
    let n_seen = counts.total() as f64;
    let mut profile =
        Profile { design: &chosen.design, n_seen, near: chosen.fit.parameters.clone() };
    let peak = profile.peak(chosen.fit.unseen());
    let bound = profile.at(peak) - FALL;

    let low = if profile.at(FEWEST) >= bound { 0.0 } else { profile.crossing(FEWEST, peak, bound) };
    let mut far = 2.0 * peak + 10.0;
    while profile.at(far) >= bound {
        if far > super::MAX_ESTIMATE {
            return (n_seen + low, None);
        }
        far *= 2.0;
    }
    let high = profile.crossing(far, peak, bound);
    (n_seen + low, Some(n_seen + high))
}

/// Instead of nobody, where some models would have infinite parameters.
const FEWEST: f64 = 1e-3;

/// The likelihood of a number of unseen persons, the other parameters being at their best.
struct Profile<'a> {
    design: &'a Design,
    n_seen: f64,
    /// The parameters of the last fit, where the next begins.
    near: Vec<f64>,
}

impl Profile<'_> {
    /// The multinomial likelihood, as a logarithm, without what is the same everywhere.
    fn at(&mut self, unseen: f64) -> f64 {
        let complete = self.design.with_unseen(unseen);
        let Some(fit) = fit(&complete, Some(&self.near)).or_else(|| fit(&complete, None)) else {
            return f64::NEG_INFINITY;
        };
        let total = self.n_seen + unseen;
        let arrangements = libm::lgamma(total + 1.0) - libm::lgamma(unseen + 1.0);
        let cells = complete.cells.iter();
        let kernel: f64 = cells.map(|cell| cell.n * cell.predictor(&fit.parameters)).sum();
        self.near = fit.parameters;
        arrangements + kernel - total * total.ln()
    }

    /// The likeliest number of unseen persons, by golden section. It lies close to `near`.
    fn peak(&mut self, near: f64) -> f64 {
        let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
        let (mut low, mut high) = (FEWEST, 2.0 * near + 10.0);
        let inner =
            |low: f64, high: f64| (high - golden * (high - low), low + golden * (high - low));
        let (mut one, mut other) = inner(low, high);
        let (mut at_one, mut at_other) = (self.at(one), self.at(other));
        while high - low > 1e-7 * (1.0 + high) {
            if at_one < at_other {
                (low, one, at_one) = (one, other, at_other);
                other = inner(low, high).1;
                at_other = self.at(other);
            } else {
                (high, other, at_other) = (other, one, at_one);
                one = inner(low, high).0;
                at_one = self.at(one);
            }
        }
        f64::midpoint(low, high)
    }

    /// Where the profile crosses `bound`, between a place below it and one above, by halving.
    fn crossing(&mut self, mut below: f64, mut above: f64, bound: f64) -> f64 {
        while (above - below).abs() > 1e-8 * (1.0 + above) {
            let middle = f64::midpoint(below, above);
            if self.at(middle) >= bound { above = middle } else { below = middle }
        }
        above
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    fn two_lists(only_a: u64, only_b: u64, both: u64) -> (Counts, Selection) {
        let (a, b) = (Lists::only(0), Lists::only(1));
        let mut counts = Counts::none(2);
        for (pattern, n) in [(a, only_a), (b, only_b), (a.and(b), both)] {
            counts.set(pattern, n);
        }
        let chosen = select(&counts).unwrap();
        (counts, chosen)
    }

    #[test]
    fn replications_are_drawn_as_the_model_says() {
        let (counts, chosen) = two_lists(400, 300, 60);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut sums = [0.0; 3];
        for _ in 0..400 {
            let drawn = draw(&counts, &chosen, &mut rng);
            for (sum, (_, n)) in sums.iter_mut().zip(drawn.iter()) {
                *sum += n as f64 / 400.0;
            }
        }
        // Four standard errors of a mean of 400 draws, each about Poisson.
        for (mean, truth) in sums.iter().zip([400.0_f64, 300.0, 60.0]) {
            assert!((mean - truth).abs() < 4.0 * (truth / 400.0).sqrt(), "{sums:?}");
        }
    }

    #[test]
    fn both_intervals_of_two_lists_hold_the_estimate_and_are_about_as_wide_as_theory_says() {
        let (counts, chosen) = two_lists(400, 300, 60);
        // Sekar and Deming 1949: the variance is n1 n2 (n1 - m) (n2 - m) / m^3.
        let width = 2.0 * 1.96 * (460.0_f64 * 360.0 * 400.0 * 300.0 / 60.0_f64.powi(3)).sqrt();
        let (low, high) = profile(&counts, &chosen);
        let high = high.unwrap();
        assert!((460.0..2760.0).contains(&low) && high > 2760.0, "{low} {high}");
        assert!(((high - low) / width - 1.0).abs() < 0.1, "{low} {high} {width}");

        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let drawn = bootstrap(&counts, &chosen, 500, &mut rng);
        let (low, high) = (drawn.low.unwrap(), drawn.high.unwrap());
        assert_eq!(drawn.n_without, 0);
        assert!(low < 2760.0 && high > 2760.0, "{low} {high}");
        assert!(((high - low) / width - 1.0).abs() < 0.2, "{low} {high} {width}");
    }

    #[test]
    fn an_overlap_of_one_person_leaves_the_upper_end_open_or_far_away() {
        let (counts, chosen) = two_lists(40, 30, 1);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let drawn = bootstrap(&counts, &chosen, 200, &mut rng);
        // In more than a third of the draws nobody is on both.
        assert!(drawn.n_without > 40, "{drawn:?}");
        assert_eq!(drawn.high, None);
        let (low, high) = profile(&counts, &chosen);
        assert!(low < 400.0 && high.is_none_or(|high| high > 5_000.0), "{low} {high:?}");
    }

    #[test]
    fn percentiles_are_interpolated() {
        let values = [1.0, 2.0, 3.0, 4.0, f64::INFINITY];
        assert_eq!(percentile(&values, 0.5), Some(3.0));
        assert_eq!(percentile(&values, 0.125), Some(1.5));
        assert_eq!(percentile(&values, 1.0), Some(f64::INFINITY));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
