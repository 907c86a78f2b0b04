//! Settings with several seeds: is the difference larger than the variation between seeds?
//!
//! t tests, not a permutation test: with three seeds each, no permutation can reach less than
//! p = 0.1, and training twice as many runs to satisfy the test is the wrong advice. Runs with the
//! same seeds share the validation split and the order of the images, so they are compared seed by
//! seed; otherwise by Welch's test, which does not assume equal variances.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{POWER, SIGNIFICANCE};
use crate::stats;

/// Maximum number of seeds to suggest: beyond it, the settings are practically equal.
const MAX_SEEDS: usize = 200;

/// Standard deviations below this are rounding errors.
const ROUNDING: f64 = 1e-12;

/// How the seeds were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeedMethod {
    /// Seed by seed: Student's t test of the differences.
    Paired,
    /// Group against group: Welch's t test.
    Welch,
}

impl SeedMethod {
    /// Returns the name of the test.
    pub fn label(self) -> &'static str {
        match self {
            SeedMethod::Paired => "paired t test",
            SeedMethod::Welch => "Welch's t test",
        }
    }
}

/// The test of two settings over their seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SeedTest {
    /// How they were compared.
    pub method: SeedMethod,
    /// Mean of the candidate minus mean of the baseline.
    pub difference: f64,
    /// 95 % confidence interval of the difference.
    pub interval: [f64; 2],
    /// p value: how often chance alone would show a difference as large, two-sided. 1 if the seeds
    /// do not vary at all, because there is no estimate of chance then.
    pub p: f64,
    /// Total number of seeds that each of the two needs, if the difference is as large as it is
    /// now; `None` if that is too many.
    pub n_needed: Option<usize>,
}

/// Compares two groups of `(seed, value)`; `None` if one has fewer than two seeds.
pub fn seed_test(baseline: &[(u64, f64)], candidate: &[(u64, f64)]) -> Option<SeedTest> {
    let (baseline, candidate) = (by_seed(baseline), by_seed(candidate));
    if baseline.len() < 2 || candidate.len() < 2 {
        return None;
    }
    let values = |group: &[(u64, f64)]| group.iter().map(|&(_, v)| v).collect::<Vec<f64>>();
    let seeds = |group: &[(u64, f64)]| group.iter().map(|&(s, _)| s).collect::<Vec<u64>>();
    let (b, c) = (values(&baseline), values(&candidate));
    if seeds(&baseline) == seeds(&candidate) {
        let differences: Vec<f64> = c.iter().zip(&b).map(|(c, b)| c - b).collect();
        let (mean, variance) = mean_and_variance(&differences)?;
        let n = differences.len() as f64;
        let spread = Spread {
            error: (variance / n).sqrt(),
            freedom: n - 1.0,
            needed: n_needed(mean, variance, |n| n - 1.0),
        };
        return Some(spread.test(SeedMethod::Paired, mean));
    }
    let (mean_b, var_b) = mean_and_variance(&b)?;
    let (mean_c, var_c) = mean_and_variance(&c)?;
    let (part_b, part_c) = (var_b / b.len() as f64, var_c / c.len() as f64);
    let squares = part_b.powi(2) / (b.len() as f64 - 1.0) + part_c.powi(2) / (c.len() as f64 - 1.0);
    let difference = mean_c - mean_b;
    let spread = Spread {
        error: (part_b + part_c).sqrt(),
        // Welch and Satterthwaite.
        freedom: (part_b + part_c).powi(2) / squares,
        needed: n_needed(difference, var_b + var_c, |n| 2.0 * (n - 1.0)),
    };
    Some(spread.test(SeedMethod::Welch, difference))
}

/// Returns `n` new seeds for a group: first those of the other group, so that the two can be
/// compared seed by seed, then the smallest that neither has.
pub fn seeds_to_add(own: &[u64], other: &[u64], n: usize) -> Vec<u64> {
    let missing = other.iter().copied().filter(|s| !own.contains(s));
    let fresh = (1..).filter(|s| !own.contains(s) && !other.contains(s));
    let mut seeds = Vec::new();
    for seed in missing.chain(fresh) {
        if seeds.len() == n {
            break;
        }
        if !seeds.contains(&seed) {
            seeds.push(seed);
        }
    }
    seeds
}

/// The uncertainty of a difference.
struct Spread {
    /// Standard error.
    error: f64,
    /// Degrees of freedom.
    freedom: f64,
    needed: Option<usize>,
}

impl Spread {
    fn test(&self, method: SeedMethod, difference: f64) -> SeedTest {
        // Without variation, the degrees of freedom are NaN.
        let t = StudentsT::new(0.0, 1.0, self.freedom).ok();
        let t = t.filter(|_| self.error > ROUNDING);
        let p = t.map_or(1.0, |t| 2.0 * t.sf((difference / self.error).abs()));
        let width = t.map_or(0.0, |t| {
            self.error * t.inverse_cdf(1.0 - SIGNIFICANCE / 2.0)
        });
        SeedTest {
            method,
            difference,
            interval: [difference - width, difference + width],
            p,
            n_needed: self.needed,
        }
    }
}

/// Sorts by seed and keeps the last value of each: the same settings and seed are the same run.
fn by_seed(group: &[(u64, f64)]) -> Vec<(u64, f64)> {
    let map: std::collections::BTreeMap<u64, f64> = group
        .iter()
        .copied()
        .filter(|(_, value)| value.is_finite())
        .collect();
    map.into_iter().collect()
}

fn mean_and_variance(values: &[f64]) -> Option<(f64, f64)> {
    Some((
        stats::mean(values.iter().copied()),
        stats::variance(values)?,
    ))
}

/// Returns the fewest seeds that detect a difference with [`POWER`] at [`SIGNIFICANCE`]:
/// n ≥ (t₁₋α⸝₂ + t₁₋β)² v / d² (Chow, Shao and Wang, Sample Size Calculations, 3.2); `freedom`
/// gives the degrees of freedom for n.
fn n_needed(difference: f64, variance: f64, freedom: impl Fn(f64) -> f64) -> Option<usize> {
    if difference == 0.0 {
        return None;
    }
    (2..=MAX_SEEDS).find(|&n| {
        let n = n as f64;
        StudentsT::new(0.0, 1.0, freedom(n)).is_ok_and(|t| {
            let both = t.inverse_cdf(1.0 - SIGNIFICANCE / 2.0) + t.inverse_cdf(POWER);
            n >= both * both * variance / (difference * difference)
        })
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Numbers of scipy; `tests/fixtures/compare/statistics.py` made them.
    pub(crate) fn fixture() -> serde_json::Value {
        let text = include_str!("../../tests/fixtures/compare/statistics.json");
        serde_json::from_str(text).unwrap()
    }

    fn group(case: &serde_json::Value, name: &str, first_seed: u64) -> Vec<(u64, f64)> {
        let values = case[name].as_array().unwrap().iter();
        (first_seed..)
            .zip(values.map(|v| v.as_f64().unwrap()))
            .collect()
    }

    #[test]
    fn t_tests_are_scipys() {
        for case in fixture()["seeds"].as_array().unwrap() {
            let is_paired = case["method"] == "paired";
            let a = group(case, "baseline", 1);
            let b = group(case, "candidate", if is_paired { 1 } else { 100 });
            let test = seed_test(&a, &b).unwrap();
            assert_eq!(test.method == SeedMethod::Paired, is_paired);
            for (found, name) in [
                (test.p, "p"),
                (test.interval[0], "low"),
                (test.interval[1], "high"),
            ] {
                let expected = case[name].as_f64().unwrap();
                assert!((found - expected).abs() < 1e-7, "{case}: {name} is {found}");
            }
        }
    }

    #[test]
    fn seeds_needed_are_those_of_the_noncentral_t() {
        for case in fixture()["power"].as_array().unwrap() {
            let number = |name: &str| case[name].as_f64().unwrap();
            let is_paired = case["method"] == "paired";
            let found = n_needed(number("difference"), number("variance"), |n| {
                if is_paired { n - 1.0 } else { 2.0 * (n - 1.0) }
            });
            let expected = case["n"].as_u64().unwrap() as f64;
            // "About": the formula stands in for a distribution.
            assert!(
                (found.unwrap() as f64 - expected).abs() <= 1.0,
                "{case}: {found:?}"
            );
        }
        assert_eq!(n_needed(1e-6, 1.0, |n| n - 1.0), None);
        assert_eq!(n_needed(0.0, 1.0, |n| n - 1.0), None);
    }

    #[test]
    fn too_few_seeds_say_nothing_and_no_spread_proves_nothing() {
        assert_eq!(seed_test(&[(1, 0.9)], &[(1, 0.8), (2, 0.8)]), None);
        // The same seed twice is not a second seed.
        assert_eq!(
            seed_test(&[(1, 0.9), (1, 0.9)], &[(1, 0.8), (2, 0.8)]),
            None
        );
        for seeds in [[1, 2], [3, 4]] {
            let test = seed_test(&[(1, 0.9), (2, 0.9)], &seeds.map(|s| (s, 0.8))).unwrap();
            assert_eq!(test.p, 1.0);
        }
    }

    #[test]
    fn added_seeds_pair_up_first() {
        assert_eq!(seeds_to_add(&[1, 2], &[1, 7], 3), [7, 3, 4]);
        assert_eq!(seeds_to_add(&[], &[], 2), [1, 2]);
    }
}
