//! What is needed to judge figures that depend on chance.

/// Mean and standard deviation (of the sample, with n - 1).
pub fn mean_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square: f64 = values.iter().map(|it| (it - mean).powi(2)).sum();
    (mean, (square / (n - 1.0)).sqrt())
}

/// Root of the mean square.
pub fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|it| it * it).sum::<f64>() / values.len() as f64).sqrt()
}

/// The standard normal distribution function.
///
/// By its series of erf, to 1e-12 for |x| < 6, beyond which nothing here looks.
pub fn phi(x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs().max(1e-300) && n < 500.0 {
        term *= x * x / (2.0 * n + 1.0);
        sum += term;
        n += 1.0;
    }
    0.5 + sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// The share of `n` with its standard error.
pub fn share(hits: usize, n: usize) -> (f64, f64) {
    let (hits, n) = (hits as f64, n as f64);
    let p = hits / n;
    (p, (p * (1.0 - p) / n).sqrt())
}

/// The value that a standard normal exceeds once in a hundred times.
pub const Z_99: f64 = 2.326_348;

/// The chi-square quantile, by Wilson and Hilferty.
pub fn chi_square(df: f64, z: f64) -> f64 {
    let part = 2.0 / (9.0 * df);
    df * (1.0 - part + z * part.sqrt()).powi(3)
}

/// The 99 % upper bound of a standard deviation of which `n` draws with a known mean had this one.
pub fn sd_upper(sd: f64, n: usize) -> f64 {
    let df = n as f64;
    sd * (df / chi_square(df, -Z_99)).sqrt()
}

/// The 99 % lower bound of how far apart two samples are, in standard deviations: the effect size with
/// its standard error.
pub fn shift_lower(without: &[f64], with: &[f64]) -> f64 {
    let ((a, sd_a), (b, sd_b)) = (mean_sd(without), mean_sd(with));
    let (n, m) = (without.len() as f64, with.len() as f64);
    let pooled = (((n - 1.0) * sd_a * sd_a + (m - 1.0) * sd_b * sd_b) / (n + m - 2.0)).sqrt();
    let effect = (b - a) / pooled;
    effect - Z_99 * (1.0 / n + 1.0 / m + effect * effect / (2.0 * (n + m))).sqrt()
}

/// The probability that a binomial of `n` and `p` is `k` or more.
fn at_least(k: usize, n: usize, p: f64) -> f64 {
    let (p, n_f) = (p.clamp(1e-15, 1.0 - 1e-15), n as f64);
    let mut log = n_f * (1.0 - p).ln();
    let mut below = 0.0;
    for i in 0..k {
        below += log.exp();
        let i = i as f64;
        log += ((n_f - i) / (i + 1.0)).ln() + (p / (1.0 - p)).ln();
    }
    (1.0 - below).max(0.0)
}

/// Clopper and Pearson's one-sided 99 % bounds of a share.
pub fn clopper_pearson(k: usize, n: usize) -> (f64, f64) {
    let solve = |target: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if target(middle) { low = middle } else { high = middle }
        }
        (low + high) / 2.0
    };
    let low = if k == 0 { 0.0 } else { solve(&|p| at_least(k, n, p) < 0.01) };
    let high = if k == n { 1.0 } else { solve(&|p| 1.0 - at_least(k + 1, n, p) > 0.01) };
    (low, high)
}

/// The p-value of Kolmogorov and Smirnov's test for two samples of the same distribution.
pub fn ks_p(a: &[f64], b: &[f64]) -> f64 {
    let sorted = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted
    };
    let (a, b) = (sorted(a), sorted(b));
    let below = |of: &[f64], x: f64| of.partition_point(|it| *it <= x) as f64 / of.len() as f64;
    let gap = a.iter().chain(&b).map(|x| (below(&a, *x) - below(&b, *x)).abs());
    let d = gap.fold(0.0, f64::max);
    let (n, m) = (a.len() as f64, b.len() as f64);
    let e = (n * m / (n + m)).sqrt();
    let x = (e + 0.12 + 0.11 / e) * d;
    let terms = (1..100).map(|k| {
        let k = f64::from(k);
        let sign = if k % 2.0 == 1.0 { 2.0 } else { -2.0 };
        sign * (-2.0 * k * k * x * x).exp()
    });
    if x < 0.3 { 1.0 } else { terms.sum::<f64>().clamp(0.0, 1.0) }
}

/// The middle of all values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64, by: f64) -> bool {
        (a - b).abs() < by
    }

    #[test]
    fn distributions_have_the_values_of_the_tables() {
        assert!(near(phi(0.0), 0.5, 1e-12) && near(phi(1.959_964), 0.975, 1e-6));
        assert!(near(phi(-2.326_348), 0.01, 1e-6));
        assert!(near(chi_square(100.0, Z_99), 135.8, 0.1));
        // 8 of 20, one-sided 99 %: R's binom.test gives 0.1633 and 0.6742.
        let (low, high) = clopper_pearson(8, 20);
        assert!(near(low, 0.163, 0.02) && near(high, 0.674, 0.02), "{low} {high}");
        assert_eq!(clopper_pearson(0, 10).0, 0.0);
        assert!(near(clopper_pearson(0, 10).1, 0.369, 0.001));
    }

    #[test]
    fn samples_that_differ_are_told_apart() {
        let a: Vec<f64> = (0..1_000).map(f64::from).collect();
        let b: Vec<f64> = a.iter().map(|it| it + 150.0).collect();
        assert!(ks_p(&a, &a) > 0.99);
        assert!(ks_p(&a, &b) < 1e-6);
        let shift = 150.0 / mean_sd(&a).1;
        assert!(shift_lower(&a, &b) < shift && shift_lower(&a, &b) > shift - 0.15);
    }
}
