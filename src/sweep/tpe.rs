//! The tree-structured Parzen estimator of the crate `optimizer`, one key at a time.

use std::collections::HashMap;

use optimizer::distribution::{CategoricalDistribution, Distribution, FloatDistribution};
use optimizer::parameter::{ParamId, ParamValue};
use optimizer::sampler::{CompletedTrial, Sampler as _, TpeSampler};
use rand::RngCore as _;

use super::axis::{Axis, Values};
use super::draw::{ObservedTrial, Sampler, attempt_seed, point_at, random_point};
use super::point::Point;
use crate::random::{Stream, rng};

/// Settings drawn at random before the estimator starts.
const N_RANDOM: usize = 10;

/// Share of the settings that count as good, as in Optuna.
const GOOD: f64 = 0.1;
/// Number of draws from which the most promising is taken.
const N_CANDIDATES: usize = 64;

/// Length of a range for the estimator, which gives a single good setting a kernel of width 1: half
/// the range.
const SPAN: f64 = 2.0;

/// One setting in this many is drawn at random, so that a region that did badly once is tried
/// again: the estimator itself never leaves the neighborhood of known settings.
const EXPLORE_EVERY: usize = 8;

/// Number of draws of the estimator for one setting; if all were used before, others are drawn at
/// random.
const N_ATTEMPTS: u64 = 8;

/// A tree-structured Parzen estimator.
pub(super) struct Tpe {
    pub(super) seed: u64,
}

impl Sampler for Tpe {
    fn draw(
        &self,
        axes: &[Axis],
        idx: usize,
        attempt: u64,
        tried: &[ObservedTrial],
    ) -> Option<Point> {
        let is_random = tried.len() < N_RANDOM || idx % EXPLORE_EVERY == EXPLORE_EVERY - 1;
        if is_random || attempt >= N_ATTEMPTS {
            return Some(random_point(axes, self.seed, idx, attempt));
        }
        // One stream per setting and key, separate from those of the random draws.
        let stream = !attempt_seed(self.seed, attempt);
        Some(point_at(axes, |dim, axis| {
            let seed = rng(stream, Stream::Sweep, idx as u64, dim as u64).next_u64();
            self.position(axis, idx, tried, seed)
                .unwrap_or_else(|| rand::Rng::random(&mut rng(seed, Stream::Sweep, 0, 0)))
        }))
    }
}

impl Tpe {
    /// Returns the position of the next setting on `axis`. The estimator finds a key's history by
    /// its distribution, so it gets the history of this key alone.
    fn position(&self, axis: &Axis, idx: usize, tried: &[ObservedTrial], seed: u64) -> Option<f64> {
        let id = ParamId::new();
        let distribution = distribution(&axis.values);
        let history: Vec<CompletedTrial> = tried
            .iter()
            .filter_map(|t| Some((t, axis.values.position(t.point.get(&axis.key)?)?)))
            .map(|(t, at)| {
                CompletedTrial::new(
                    0,
                    HashMap::from([(id, value(&axis.values, at))]),
                    HashMap::from([(id, distribution.clone())]),
                    HashMap::new(),
                    t.cost,
                )
            })
            .collect();
        if history.len() < 2 {
            return None;
        }
        let sampler = TpeSampler::builder()
            .n_startup_trials(0)
            .gamma(GOOD)
            .n_ei_candidates(N_CANDIDATES)
            .seed(seed)
            .build()
            .ok()?;
        match sampler.sample(&distribution, idx as u64, &history) {
            ParamValue::Float(at) => Some((at / SPAN).clamp(0.0, 1.0 - f64::EPSILON)),
            ParamValue::Categorical(choice) => {
                let n = axis.values.count().unwrap_or(1).max(1);
                Some((choice as f64 + 0.5) / n as f64)
            }
            ParamValue::Int(_) => None,
        }
    }
}

/// Lists are categorical; everything else is a range.
fn distribution(values: &Values) -> Distribution {
    match values {
        Values::List(list) => Distribution::Categorical(CategoricalDistribution {
            n_choices: list.len(),
        }),
        _ => Distribution::Float(FloatDistribution {
            low: 0.0,
            high: SPAN,
            log_scale: false,
            step: None,
        }),
    }
}

fn value(values: &Values, at: f64) -> ParamValue {
    match values {
        Values::List(list) => ParamValue::Categorical((at * list.len() as f64) as usize),
        _ => ParamValue::Float(at * SPAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The best cost of 40 settings, averaged over 100 seeds.
    fn mean_best(sampler: impl Fn(u64) -> Box<dyn Sampler>) -> f64 {
        let axes = [
            Axis::new("learning_rate", Values::LogRange([1e-5, 1.0])),
            Axis::new("depth", Values::IntRange([1, 32])),
            Axis::new(
                "rule",
                Values::List(vec!["a".into(), "b".into(), "c".into()]),
            ),
        ];
        let cost = |point: &Point| {
            let rate = point["learning_rate"].as_float().unwrap().log10() + 2.2;
            let depth = point["depth"].as_integer().unwrap() as f64 - 11.0;
            let rule = if point["rule"].as_str() == Some("b") {
                0.0
            } else {
                1.0
            };
            rate * rate + (depth / 8.0).powi(2) + rule
        };
        let one = |seed: u64| {
            let sampler = sampler(seed);
            let mut tried: Vec<ObservedTrial> = Vec::new();
            for idx in 0..40 {
                let point = sampler.draw(&axes, idx, 0, &tried).unwrap();
                let cost = cost(&point);
                tried.push(ObservedTrial { point, cost });
            }
            tried.iter().map(|t| t.cost).fold(f64::INFINITY, f64::min)
        };
        (0..100).map(one).sum::<f64>() / 100.0
    }

    #[test]
    fn it_finds_better_settings_than_chance() {
        struct Chance(u64);
        impl Sampler for Chance {
            fn draw(
                &self,
                axes: &[Axis],
                idx: usize,
                attempt: u64,
                _: &[ObservedTrial],
            ) -> Option<Point> {
                Some(random_point(axes, self.0, idx, attempt))
            }
        }
        let chance = mean_best(|seed| Box::new(Chance(seed)));
        let tpe = mean_best(|seed| Box::new(Tpe { seed }));
        assert!(tpe < 0.7 * chance, "tpe {tpe}, chance {chance}");
    }

    #[test]
    fn settings_that_failed_are_avoided() {
        let axis = [Axis::new("learning_rate", Values::LogRange([1e-4, 1e2]))];
        let mut tried: Vec<ObservedTrial> = Vec::new();
        for idx in 0..60 {
            let point = Tpe { seed: 2 }.draw(&axis, idx, 0, &tried).unwrap();
            let rate = point["learning_rate"].as_float().unwrap();
            let cost = if rate > 1.0 { f64::INFINITY } else { rate };
            tried.push(ObservedTrial { point, cost });
        }
        let n_late_failures = tried[30..].iter().filter(|t| t.cost.is_infinite()).count();
        assert!(n_late_failures <= 4, "{n_late_failures} of 30");
    }
}
