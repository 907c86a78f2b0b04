//! Sums, differences and probabilities as logarithms: what an accountant adds is too large or too
//! small for any float.

use std::f64::consts::PI;

use statrs::function::erf::erfc;
use statrs::function::gamma::ln_gamma;

/// log(eᵃ + eᵇ).
pub(super) fn add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    match low == f64::NEG_INFINITY {
        true => high,
        false => high + (low - high).exp().ln_1p(),
    }
}

/// log(eᵃ − eᵇ) for a ≥ b; −∞ if they are equal.
pub(super) fn sub(a: f64, b: f64) -> f64 {
    match b == f64::NEG_INFINITY {
        true => a,
        false if a <= b => f64::NEG_INFINITY,
        false => a + (-(b - a).exp_m1()).ln(),
    }
}

/// log erfc(x).
pub(super) fn log_erfc(x: f64) -> f64 {
    // From 25 on, erfc comes close to the smallest float. Its asymptotic series is exact there.
    if x < 25.0 {
        return erfc(x).ln();
    }
    let z = 1.0 / (x * x);
    let series = (-0.5 + (0.625 + (-37.0 / 24.0 + 353.0 / 64.0 * z) * z) * z) * z;
    -x * x - x.ln() - 0.5 * PI.ln() + series
}

/// log of n choose k.
pub(super) fn log_choose(n: f64, k: f64) -> f64 {
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_differences_are_those_of_the_numbers() {
        assert!((add(3f64.ln(), 4f64.ln()) - 7f64.ln()).abs() < 1e-14);
        assert!((sub(7f64.ln(), 4f64.ln()) - 3f64.ln()).abs() < 1e-14);
        assert_eq!(add(f64::NEG_INFINITY, 1.0), 1.0);
        assert_eq!(sub(1.0, f64::NEG_INFINITY), 1.0);
        assert_eq!(sub(1.0, 1.0), f64::NEG_INFINITY);
        assert!((log_choose(5.0, 2.0) - 10f64.ln()).abs() < 1e-12);
    }

    /// Against mpmath with 30 digits.
    #[test]
    fn the_tail_is_right_on_both_sides_of_the_series() {
        for (x, expected) in [
            (-3.0, 0.693_136_135_250_446_8),
            (0.5, -0.735_011_129_837_084_4),
            (5.0, -27.200_889_545_537_435),
            (24.99, -628.291_739_731_887),
            (25.01, -629.292_538_457_019_3),
            (100.0, -10_005.177_585_122_664),
        ] {
            let found = log_erfc(x);
            assert!(
                (found - expected).abs() < 1e-9 * expected.abs(),
                "{x}: {found}"
            );
        }
    }
}
