//! Two models on the same images: which is right more often, and could that be chance?

use rand::Rng as _;
use serde::Serialize;
use statrs::distribution::{Binomial, ChiSquared, ContinuousCDF, DiscreteCDF};

use crate::evaluate::Predictions;
use crate::random::{Stream, rng};
use crate::stats;

/// With fewer disagreements, the exact test is used: the χ² approximation is poor there, and above
/// it the two agree (Agresti, Categorical Data Analysis, 10.1).
const EXACT_BELOW: u64 = 25;

/// Number of bootstrap samples for the interval.
const RESAMPLES: usize = 2_000;

/// The number of images on which each of two models is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Paired {
    /// Both are right.
    pub both: u64,
    /// Only the baseline is right.
    pub only_baseline: u64,
    /// Only the candidate is right.
    pub only_candidate: u64,
    /// Neither is.
    pub neither: u64,
}

/// The test of two models on the same images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PairedTest {
    /// Accuracy of the candidate minus that of the baseline.
    pub difference: f64,
    /// 95 % confidence interval of the difference.
    pub interval: [f64; 2],
    /// p value: how often chance alone would split the disagreements at least as unevenly (McNemar
    /// 1947).
    pub p: f64,
    /// Whether `p` is exact, from the binomial distribution; otherwise from χ² with a continuity
    /// correction (Edwards 1948).
    pub is_exact: bool,
}

impl Paired {
    /// Counts on how many images each of two models is right.
    pub fn of(baseline: &Predictions, candidate: &Predictions) -> Paired {
        Paired::count(baseline.right().zip(candidate.right()))
    }

    /// Counts images: whether the baseline and whether the candidate is right on each.
    pub fn count(right: impl IntoIterator<Item = (bool, bool)>) -> Paired {
        let mut counts = Paired::default();
        for pair in right {
            *match pair {
                (true, true) => &mut counts.both,
                (true, false) => &mut counts.only_baseline,
                (false, true) => &mut counts.only_candidate,
                (false, false) => &mut counts.neither,
            } += 1;
        }
        counts
    }

    /// Returns the number of images.
    pub fn n_images(&self) -> u64 {
        self.both + self.only_baseline + self.only_candidate + self.neither
    }

    /// Tests the difference; `seed` decides the bootstrap samples.
    pub fn test(&self, seed: u64) -> PairedTest {
        let n = self.n_images().max(1) as f64;
        let (p, is_exact) = self.mcnemar();
        PairedTest {
            difference: (self.only_candidate as f64 - self.only_baseline as f64) / n,
            interval: self.bootstrap(seed),
            p,
            is_exact,
        }
    }

    /// Returns McNemar's p value, two-sided, and whether it is exact.
    fn mcnemar(&self) -> (f64, bool) {
        let n = self.only_baseline + self.only_candidate;
        let fewer = self.only_baseline.min(self.only_candidate);
        if n < EXACT_BELOW {
            let tail = Binomial::new(0.5, n).map_or(1.0, |coin| coin.cdf(fewer));
            return ((2.0 * tail).min(1.0), true);
        }
        let gap = (self.only_baseline.abs_diff(self.only_candidate) as f64 - 1.0).max(0.0);
        let statistic = gap * gap / n as f64;
        (
            ChiSquared::new(1.0).map_or(1.0, |chi| chi.sf(statistic)),
            false,
        )
    }

    /// Returns the percentile interval of the difference over images drawn with replacement (Efron
    /// and Tibshirani 1993, chapter 13), with both models' predictions drawn together.
    fn bootstrap(&self, seed: u64) -> [f64; 2] {
        let n = self.n_images();
        if n == 0 {
            return [0.0, 0.0];
        }
        let mut rng = rng(seed, Stream::Bootstrap, 0, 0);
        let (worse, better) = (self.only_baseline, self.only_baseline + self.only_candidate);
        // Where both or neither is right, the difference is 0: only the number of images counts.
        let mut draw = || match rng.random_range(0..n) {
            at if at < worse => -1,
            at if at < better => 1,
            _ => 0,
        };
        let mut means: Vec<f64> = (0..RESAMPLES)
            .map(|_| (0..n).map(|_| draw()).sum::<i64>() as f64 / n as f64)
            .collect();
        [0.025, 0.975].map(|q| stats::quantile(&mut means, q).unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::seeds::tests::fixture;

    fn counts(only_baseline: u64, only_candidate: u64, same: u64) -> Paired {
        Paired {
            both: same,
            only_baseline,
            only_candidate,
            neither: 0,
        }
    }

    #[test]
    fn p_values_are_scipys() {
        for case in fixture()["mcnemar"].as_array().unwrap() {
            let int = |name: &str| case[name].as_u64().unwrap();
            let (p, is_exact) = counts(int("b"), int("c"), 100).mcnemar();
            let expected = case["p"].as_f64().unwrap();
            assert!((p - expected).abs() < 1e-9, "{case}: {p}");
            assert_eq!(is_exact, case["exact"].as_bool().unwrap(), "{case}");
        }
    }

    #[test]
    fn intervals_are_scipys_up_to_the_draw() {
        for case in fixture()["bootstrap"].as_array().unwrap() {
            let int = |name: &str| case[name].as_u64().unwrap();
            let paired = counts(int("b"), int("c"), int("same"));
            let found = paired.test(1).interval;
            let spread = case["high"].as_f64().unwrap() - case["low"].as_f64().unwrap();
            for (found, name) in found.into_iter().zip(["low", "high"]) {
                let expected = case[name].as_f64().unwrap();
                assert!((found - expected).abs() < 0.08 * spread, "{case}: {found}");
            }
            assert_eq!(found, paired.test(1).interval);
        }
    }

    #[test]
    fn nothing_to_tell_apart_is_no_difference() {
        for paired in [Paired::default(), counts(0, 0, 50), counts(40, 40, 0)] {
            let test = paired.test(1);
            assert_eq!(test.difference, 0.0);
            assert!(test.p > 0.9, "{test:?}");
            assert!(test.interval[0] <= 0.0 && test.interval[1] >= 0.0);
        }
    }
}
