//! Fitting a model: Poisson regression with the logarithmic link, by Newton's method.
//!
//! For this link Newton's method is iteratively reweighted least squares. The likelihood is
//! concave, and only models whose estimate exists come here, so halving a step that overshoots is
//! all it takes.

use super::linear::{dot, solve};
use super::model::Design;

/// A fitted model.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    /// Parameters, in the order of the design's terms.
    pub(super) parameters: Vec<f64>,
    /// With its constant: comparable between models of one table.
    pub(super) log_likelihood: f64,
}

impl Fit {
    /// How many persons nobody saw.
    pub(super) fn unseen(&self) -> f64 {
        self.parameters.first().map_or(0.0, |constant| constant.exp())
    }

    /// Akaike's criterion.
    pub(super) fn aic(&self, design: &Design) -> f64 {
        2.0 * design.n_parameters() as f64 - 2.0 * self.log_likelihood
    }
}

/// Steps before a fit is given up. It takes four to ten from the usual start.
const MAX_STEPS: usize = 60;

/// Halvings before a step is given up: below 2^-40 of a step nothing changes.
const MAX_HALVINGS: usize = 40;

/// Fits a design whose estimate exists; `None` if rounding keeps it from being found.
///
/// `start` is where to begin if that is a good place, for a model that is close to one that was
/// fitted.
pub(super) fn fit(design: &Design, start: Option<&[f64]>) -> Option<Fit> {
    let near = start.filter(|start| start.len() == design.terms.len());
    let near = near.and_then(|start| climb(design, start.to_vec()));
    near.or_else(|| climb(design, first_guess(design)?))
}

/// Newton's method from some parameters to the best.
fn climb(design: &Design, mut parameters: Vec<f64>) -> Option<Fit> {
    let n_persons: f64 = design.cells.iter().map(|cell| cell.n).sum();
    let mut value = kernel(design, &parameters);
    for _ in 0..MAX_STEPS {
        let expected = |parameters: &[f64]| -> Vec<f64> {
            design.cells.iter().map(|cell| cell.predictor(parameters).exp()).collect()
        };
        let means = expected(&parameters);
        let residuals: Vec<f64> =
            design.cells.iter().zip(&means).map(|(cell, mean)| cell.n - mean).collect();
        let score = weighted_sums(design, &residuals);
        let step = solve(&information(design, &means), &score)?;
        // Twice what the likelihood can still gain. Newton's method squares the error, so a step
        // of this size ends at the precision of the numbers.
        let is_last = dot(&step, &score) <= 1e-16 * (1.0 + n_persons);
        let mut scale = 1.0;
        for _ in 0..MAX_HALVINGS {
            let next: Vec<f64> =
                parameters.iter().zip(&step).map(|(old, change)| old + scale * change).collect();
            let next_value = kernel(design, &next);
            if is_last || next_value >= value {
                (parameters, value) = (next, next_value);
                break;
            }
            scale /= 2.0;
        }
        if is_last {
            let constant: f64 = design.cells.iter().map(|cell| libm::lgamma(cell.n + 1.0)).sum();
            let log_likelihood = value - constant;
            return log_likelihood.is_finite().then_some(Fit { parameters, log_likelihood });
        }
    }
    None
}

/// The logarithm of the likelihood, without what does not depend on the parameters.
fn kernel(design: &Design, parameters: &[f64]) -> f64 {
    let cells = design.cells.iter();
    cells
        .map(|cell| {
            let predictor = cell.predictor(parameters);
            cell.n * predictor - predictor.exp()
        })
        .sum()
}

/// One weighted least-squares fit to the logarithms of the counts, moved off zero.
fn first_guess(design: &Design) -> Option<Vec<f64>> {
    let weights: Vec<f64> = design.cells.iter().map(|cell| cell.n + 0.5).collect();
    let targets: Vec<f64> = weights.iter().map(|weight| weight * weight.ln()).collect();
    solve(&information(design, &weights), &weighted_sums(design, &targets))
}

/// For each term, the sum of a value over the cells to which it applies.
fn weighted_sums(design: &Design, values: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; design.terms.len()];
    for (cell, value) in design.cells.iter().zip(values) {
        for term in &cell.terms {
            if let Some(sum) = sums.get_mut(*term) {
                *sum += value;
            }
        }
    }
    sums
}

/// Fisher's information: for each two terms, the sum of the weights where both apply.
fn information(design: &Design, weights: &[f64]) -> Vec<Vec<f64>> {
    let mut matrix = vec![vec![0.0; design.terms.len()]; design.terms.len()];
    for (cell, weight) in design.cells.iter().zip(weights) {
        for one in &cell.terms {
            let Some(row) = matrix.get_mut(*one) else { continue };
            for other in &cell.terms {
                if let Some(entry) = row.get_mut(*other) {
                    *entry += weight;
                }
            }
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::super::table::{Counts, Lists};
    use super::*;

    #[test]
    fn two_lists_give_the_estimate_of_lincoln_and_petersen() {
        let mut counts = Counts::none(2);
        let (a, b) = (Lists::only(0), Lists::only(1));
        for (pattern, n) in [(a, 40), (b, 30), (a.and(b), 6)] {
            counts.set(pattern, n);
        }
        let fit = fit(&Design::new(&counts, &[]), None).unwrap();
        assert!((fit.unseen() - 40.0 * 30.0 / 6.0).abs() < 1e-9, "{}", fit.unseen());
    }

    #[test]
    fn a_saturated_model_of_three_lists_has_the_closed_form() {
        // n0 = n1 n2 n3 n123 / (n12 n13 n23), without a three-way term (Fienberg 1972).
        let mut counts = Counts::none(3);
        let bits = [(1_u8, 50), (2, 60), (4, 70), (3, 10), (5, 12), (6, 14), (7, 4)];
        for (bits, n) in bits {
            let on = (0..3).filter(|place| bits >> place & 1 == 1);
            counts.set(on.fold(Lists::NONE, |all, at| all.and(Lists::only(at))), n);
        }
        let pairs: Vec<_> = counts.pairs().collect();
        let fit = fit(&Design::new(&counts, &pairs), None).unwrap();
        let expected = 50.0 * 60.0 * 70.0 * 4.0 / (10.0 * 12.0 * 14.0);
        assert!((fit.unseen() / expected - 1.0).abs() < 1e-9, "{} {expected}", fit.unseen());
    }

    #[test]
    fn the_start_does_not_matter_however_far_away() {
        let mut counts = Counts::none(2);
        let (a, b) = (Lists::only(0), Lists::only(1));
        for (pattern, n) in [(a, 4000), (b, 3), (a.and(b), 1)] {
            counts.set(pattern, n);
        }
        let design = Design::new(&counts, &[]);
        let near = fit(&design, None).unwrap();
        for start in [[10.0, -3.0, 2.0], [-5.0, 0.0, 0.0], [400.0, -300.0, 2e9]] {
            let far = fit(&design, Some(&start)).unwrap();
            for (one, other) in near.parameters.iter().zip(&far.parameters) {
                assert!((one - other).abs() < 1e-8, "{near:?} {far:?}");
            }
        }
    }
}
