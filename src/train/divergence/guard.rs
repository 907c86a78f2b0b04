//! The guard: detects a NaN or suddenly large loss, by a pure rule over the losses before it.

use serde::{Deserialize, Serialize};

use crate::evaluate::number;
use crate::stats::median;

/// Why a loss is an anomaly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Anomaly {
    /// It is NaN or infinite.
    NotFinite,
    /// It is far above the losses before it.
    Spike {
        /// Their median.
        #[serde(with = "number")]
        usual: f64,
    },
}

/// What a run does about an anomaly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDivergence {
    /// End when the loss becomes NaN or infinite; continue through spikes.
    #[default]
    Stop,
    /// Pause until [`Control::recovery`](crate::train::Control::recovery) is called.
    Ask,
    /// Roll back to a recent full state and divide the learning rate by ten.
    Rollback,
    /// Skip the batch.
    Skip,
}

/// Number of recent losses the guard compares with.
pub(in crate::train) const WINDOW: usize = 100;

/// Share of the jump in the loss that is enough in the first updates, when the loss is that of
/// guessing. There it rose by at most 0.24 of that jump in 44 runs of all presets with their learning
/// rates, and with a hundred times that rate by 0.76 and more in all presets without warm-up.
const EARLY: f64 = 0.75;

/// Losses needed to tell how much they usually vary.
// The first losses fall fast and scatter much; a median of fewer would move with each of them.
const ENOUGH: usize = 20;

/// How far above the median a spike is, in standard deviations estimated from the median absolute
/// deviation, which a few outliers cannot move.
const SIGMAS: f64 = 10.0;

/// From the median absolute deviation to the standard deviation of a normal distribution.
const SIGMA_OF_MAD: f64 = 1.4826;

/// Batches of fewer images need a larger jump: their mean depends on single images.
const CONVINCING: usize = 32;

/// Checks the loss of a batch of `n_images` against the losses of the batches before it.
///
/// A spike is more than 10 standard deviations above the median of the recent losses, and so far
/// above it that 32 images would be worse than guessing by ln `n_classes` on average. The second
/// condition ignores a single odd image when batches are small and the loss is nearly zero. In the
/// first updates it decides alone: a learning rate that is too high shows there.
pub fn detect(recent: &[f64], loss: f64, n_images: usize, n_classes: usize) -> Option<Anomaly> {
    if !loss.is_finite() {
        return Some(Anomaly::NotFinite);
    }
    let usual = median(&mut recent.to_vec())?;
    let mut deviations: Vec<f64> = recent.iter().map(|l| (l - usual).abs()).collect();
    let deviation = median(&mut deviations)?;
    let excess = loss - usual;
    let share = n_images.min(CONVINCING) as f64 / CONVINCING as f64;
    let is_early = recent.len() < ENOUGH;
    let is_far = is_early || excess > SIGMAS * SIGMA_OF_MAD * deviation;
    let enough = if is_early { EARLY } else { 1.0 };
    let is_bad = excess * share > enough * (n_classes as f64).ln();
    (is_far && is_bad).then_some(Anomaly::Spike { usual })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Losses around `level`, some of them three times as high.
    fn noisy(level: f64) -> Vec<f64> {
        let factor = |i: usize| {
            if i.is_multiple_of(10) {
                3.0
            } else {
                0.7 + 0.05 * (i % 7) as f64
            }
        };
        (0..WINDOW).map(|i| level * factor(i)).collect()
    }

    #[test]
    fn what_is_no_number_is_always_an_alarm() {
        for loss in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(detect(&[], loss, 32, 10), Some(Anomaly::NotFinite));
        }
    }

    #[test]
    fn a_network_worse_than_guessing_is_a_spike_and_ordinary_noise_is_not() {
        for level in [1.0, 0.1, 0.01] {
            let recent = noisy(level);
            assert_eq!(
                detect(&recent, 4.0 * level.min(0.5), 32, 10),
                None,
                "{level}"
            );
            let anomaly = detect(&recent, 20.0, 32, 10);
            assert!(
                matches!(anomaly, Some(Anomaly::Spike { usual }) if usual < level),
                "{anomaly:?}"
            );
        }
    }

    #[test]
    fn one_odd_image_in_a_tiny_batch_is_no_spike() {
        let recent = noisy(0.001);
        assert_eq!(detect(&recent, 12.0, 1, 10), None);
        assert!(detect(&recent, 12.0, 32, 10).is_some());
        assert!(detect(&recent, 200.0, 1, 10).is_some());
    }

    #[test]
    fn a_run_is_watched_from_the_first_update() {
        assert_eq!(detect(&[], 9.0, 32, 10), None, "nothing was learned yet");
        for n in [1, 2, ENOUGH - 1, ENOUGH] {
            assert_eq!(detect(&vec![2.3; n], 3.9, 32, 10), None, "{n}");
            assert!(detect(&vec![2.3; n], 8.0, 32, 10).is_some(), "{n}");
        }
    }

    /// A curve that falls fast must not make its own past look like a spike.
    #[test]
    fn a_falling_curve_raises_no_alarm() {
        let curve: Vec<f64> = (0..300)
            .map(|i| 2.3 * f64::exp(-f64::from(i) / 40.0) + 0.05 * f64::from(i % 5))
            .collect();
        for at in 0..curve.len() {
            let recent = &curve[at.saturating_sub(WINDOW)..at];
            assert_eq!(detect(recent, curve[at], 32, 10), None, "{at}");
        }
    }
}
