//! Rényi differential privacy of the subsampled Gaussian mechanism.
//!
//! The divergence of one step is that of Mironov, Talwar and Zhang 2019 ("Rényi Differential Privacy
//! of the Sampled Gaussian Mechanism", sections 3.3 and 3.4); divergences of steps add up. The
//! conversion to (ε, δ) is the improved one of Balle et al. 2020 ("Hypothesis Testing
//! Interpretations and Rényi Differential Privacy", theorem 21). Orders and conversion are those of
//! Opacus.

use super::ledger::Spent;
use super::log_space::{add, log_choose, log_erfc, sub};

/// The terms of a series are summed until they are below e to this power.
const NEGLIGIBLE: f64 = -30.0;

/// Far more terms than any series needs.
const MAX_TERMS: u32 = 100_000;

/// 1.1 to 10.9 by tenths, and 12 to 63.
fn orders() -> impl Iterator<Item = f64> {
    let tenths = (11..110).map(|tenths| f64::from(tenths) / 10.0);
    tenths.chain((12..64).map(f64::from))
}

/// The smallest ε for which all of `spent` together are (ε, δ)-differentially private.
pub(super) fn epsilon(spent: &[Spent], delta: f64) -> f64 {
    if spent.iter().all(|part| part.steps == 0) {
        return 0.0;
    }
    let of_order = |alpha: f64| {
        let divergence: f64 = spent
            .iter()
            .map(|part| part.steps as f64 * divergence(part, alpha))
            .sum();
        divergence - (delta.ln() + alpha.ln()) / (alpha - 1.0) + ((alpha - 1.0) / alpha).ln()
    };
    let all = orders().map(of_order).filter(|epsilon| !epsilon.is_nan());
    all.fold(f64::INFINITY, f64::min).max(0.0)
}

/// The Rényi divergence of order `alpha` of one step.
fn divergence(part: &Spent, alpha: f64) -> f64 {
    let (q, sigma) = (part.sample_rate, part.noise_multiplier);
    if q == 0.0 {
        return 0.0;
    }
    if q >= 1.0 {
        return alpha / (2.0 * sigma * sigma);
    }
    let moment = match alpha.fract() == 0.0 {
        true => whole_moment(q, sigma, alpha),
        false => fractional_moment(q, sigma, alpha),
    };
    moment / (alpha - 1.0)
}

/// log A(α) of a whole order: a binomial sum.
fn whole_moment(q: f64, sigma: f64, alpha: f64) -> f64 {
    let terms = (0..=alpha as u32).map(|i| {
        let i = f64::from(i);
        let share = i * q.ln() + (alpha - i) * (-q).ln_1p();
        log_choose(alpha, i) + share + (i * i - i) / (2.0 * sigma * sigma)
    });
    terms.fold(f64::NEG_INFINITY, add)
}

/// log A(α) of any order: two series, one from each side of the point where both densities are equal.
fn fractional_moment(q: f64, sigma: f64, alpha: f64) -> f64 {
    let (log_q, log_rest) = (q.ln(), (-q).ln_1p());
    let middle = sigma * sigma * (1.0 / q - 1.0).ln() + 0.5;
    let width = std::f64::consts::SQRT_2 * sigma;
    let half = 0.5f64.ln();
    let growth = |k: f64| (k * k - k) / (2.0 * sigma * sigma);
    let mut sums = [f64::NEG_INFINITY; 2];
    // The generalized binomial coefficient of i, which changes its sign from i = α on.
    let mut coefficient = 1.0;
    for i in 0..MAX_TERMS {
        let i = f64::from(i);
        if i > 0.0 {
            coefficient *= (alpha - i + 1.0) / i;
        }
        let log_coefficient = f64::abs(coefficient).ln();
        let j = alpha - i;
        let left = log_coefficient + i * log_q + j * log_rest + growth(i);
        let right = log_coefficient + j * log_q + i * log_rest + growth(j);
        let terms = [
            left + half + log_erfc((i - middle) / width),
            right + half + log_erfc((middle - j) / width),
        ];
        for (sum, term) in sums.iter_mut().zip(terms) {
            *sum = match coefficient > 0.0 {
                true => add(*sum, term),
                false => sub(*sum, term),
            };
        }
        // The first terms may be small, too, before the series reaches its peak.
        if i > alpha && terms[0].max(terms[1]) < NEGLIGIBLE {
            break;
        }
    }
    add(sums[0], sums[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(n: f64, batch: f64, sigma: f64, epochs: f64) -> f64 {
        let spent = Spent {
            sample_rate: batch / n,
            noise_multiplier: sigma,
            steps: (epochs * n / batch).round_ties_even() as u64,
        };
        epsilon(&[spent], 1e-5)
    }

    #[test]
    fn epsilon_is_that_of_opacus() {
        for (batch, sigma, epochs, expected) in [
            (256.0, 1.1, 15.0, 1.2813),
            (256.0, 1.1, 60.0, 2.5966),
            (600.0, 1.3, 15.0, 1.5486),
            (32.0, 0.7, 5.0, 1.5832),
        ] {
            let found = of(60_000.0, batch, sigma, epochs);
            assert!((found - expected).abs() < 5e-5, "{batch}: {found}");
        }
    }

    /// Fractional orders are continued between whole ones.
    #[test]
    fn both_formulas_agree_near_whole_orders() {
        for (q, sigma) in [(0.01, 1.1), (0.3, 0.6), (0.9, 2.0)] {
            for alpha in [2.0, 3.0, 8.0] {
                let whole = whole_moment(q, sigma, alpha);
                let near = fractional_moment(q, sigma, alpha + 1e-9);
                assert!((whole - near).abs() < 1e-6 * (1.0 + whole), "{q} {alpha}");
            }
        }
    }

    #[test]
    fn more_noise_fewer_steps_and_smaller_samples_spend_less() {
        let base = of(60_000.0, 256.0, 1.1, 15.0);
        assert!(of(60_000.0, 256.0, 2.0, 15.0) < base);
        assert!(of(60_000.0, 256.0, 1.1, 5.0) < base);
        assert!(of(240_000.0, 256.0, 1.1, 3.75) < base);
        assert_eq!(epsilon(&[], 1e-5), 0.0);
    }

    /// Without sampling the divergence is that of the Gaussian mechanism, α / 2σ².
    #[test]
    fn a_whole_sample_is_the_gaussian_mechanism() {
        let spent = Spent {
            sample_rate: 1.0,
            noise_multiplier: 2.0,
            steps: 1,
        };
        assert_eq!(divergence(&spent, 8.0), 1.0);
        let almost = Spent {
            sample_rate: 1.0 - 1e-12,
            ..spent
        };
        assert!((divergence(&almost, 8.0) - 1.0).abs() < 1e-6);
    }
}
