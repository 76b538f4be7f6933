//! Our noise beside OpenDP: another sampler, and the best privacy accounting there is.
//!
//! OpenDP is a test oracle and nothing that is shipped: its parts for noise are still behind
//! `contrib`, which means that their proofs were not vetted. Two implementations that were
//! written apart and agree say more than one.

use entente_core::statistics::noise::{self, Sigma, SystemRandomness};
use opendp::combinators::{make_fix_delta, make_zCDP_to_approxDP};
use opendp::core::Measurement;
use opendp::domains::{AtomDomain, VectorDomain};
use opendp::measurements::make_gaussian;
use opendp::measures::ZeroConcentratedDivergence;
use opendp::metrics::L2Distance;

type Gaussian = Measurement<
    VectorDomain<AtomDomain<i64>>,
    L2Distance<f64>,
    ZeroConcentratedDivergence,
    Vec<i64>,
>;

fn gaussian(sigma: f64) -> Gaussian {
    let domain = VectorDomain::new(AtomDomain::<i64>::default());
    make_gaussian(domain, L2Distance::<f64>::default(), sigma, None).expect("a measurement")
}

fn as_number(sigma: Sigma) -> f64 {
    f64::from(sigma.hundredths()) / 100.0
}

#[test]
fn the_noise_costs_no_more_than_what_is_charged() {
    for rho_nano in [1_000_000, 6_640_000, 29_383_333, 88_150_000, 311_060_000, 500_000_000] {
        for m in [1, 2, 3] {
            let Some(sigma) = Sigma::for_cube(rho_nano, m) else { continue };
            let spent = gaussian(as_number(sigma)).map(&f64::from(m)).unwrap();
            let charged = rho_nano as f64 / 1e9;
            // A hundredth more noise than needed is at most two per cent of rho at sigma 1.
            assert!(spent <= charged && spent > charged * 0.97, "{rho_nano}, {m}: {spent}");
        }
    }
}

#[test]
fn the_table_of_epsilons_is_what_opendp_computes() {
    let delta = 1e-6;
    for (epsilon, rho) in [(0.5, 0.006_64), (1.0, 0.024_36), (2.0, 0.088_15), (4.0, 0.311_06)] {
        let approximate = make_zCDP_to_approxDP(gaussian((0.5_f64 / rho).sqrt())).unwrap();
        let (computed, _) = make_fix_delta(&approximate, delta).unwrap().map(&1.0).unwrap();
        assert!((computed - epsilon).abs() < 0.002, "{epsilon}: {computed}");
    }
}

/// Two samples of 20,000, compared value by value (chi-square for two samples of equal size). The
/// limit is what chi-square exceeds once in a million times.
#[test]
fn both_samplers_draw_the_same_distribution() {
    const N: usize = 20_000;
    let sigma = Sigma::for_cube(29_383_333, 1).unwrap();
    let ours = noise::add(&[0; N], sigma, &mut SystemRandomness).unwrap();
    let theirs = gaussian(as_number(sigma)).invoke(&vec![0; N]).unwrap();

    let times = |drawn: &[i64], value: i64| drawn.iter().filter(|it| **it == value).count() as f64;
    let cells: Vec<_> = (-12..=12).map(|it| (times(&ours, it), times(&theirs, it))).collect();
    let square: f64 = cells.iter().map(|(a, b)| (a - b).powi(2) / (a + b)).sum();
    let df = cells.len() as f64;
    // Wilson and Hilferty's approximation of the quantile.
    let limit = df * (1.0 - 2.0 / (9.0 * df) + 4.753 * (2.0 / (9.0 * df)).sqrt()).powi(3);
    assert!(square < limit, "{square}, limit {limit}");
}
