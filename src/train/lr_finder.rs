//! The LR finder: a short trial run whose learning rate rises exponentially from batch to batch
//! (Smith: Cyclical learning rates for training neural networks, 2017, section 3.3).

use candle_core::Device;

use super::config::Schedule;
use super::control::Control;
use super::error::TrainError;
use super::job::Job;
use super::optim::{OptimizerState, StepHyper};
use crate::data::{Batch, shuffled};
use crate::model::Mode;

/// Range and length of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LrSearch {
    /// The first learning rate.
    pub from: f64,
    /// The last learning rate.
    pub to: f64,
    /// Number of batches.
    pub steps: usize,
}

impl Default for LrSearch {
    fn default() -> LrSearch {
        LrSearch {
            from: 1e-6,
            to: 10.0,
            steps: 200,
        }
    }
}

impl LrSearch {
    /// Why the search is invalid, if it is, in one sentence.
    pub fn problem(&self) -> Option<String> {
        let is_range = self.from > 0.0 && self.to > self.from && self.to.is_finite();
        if !is_range {
            return Some(format!(
                "the learning rates must rise and be above 0, found {} to {}",
                self.from, self.to
            ));
        }
        (self.steps < 10).then(|| format!("at least 10 batches are needed, found {}", self.steps))
    }

    fn rate(&self, idx: usize) -> f64 {
        let share = idx as f64 / (self.steps - 1) as f64;
        self.from * (self.to / self.from).powf(share)
    }
}

/// One batch of the trial run.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct LrPoint {
    /// The learning rate of its update.
    pub rate: f64,
    /// Its loss before the update.
    pub loss: f64,
    /// The debiased exponential average of the losses so far.
    pub smooth: f64,
}

/// Suggested learning rates; `None` if the curve shows none.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct LrSuggestions {
    /// Where the loss falls fastest.
    pub steepest: Option<f64>,
    /// The middle of the second third of the longest descent (fastai's choice).
    pub valley: Option<f64>,
    /// A tenth of the learning rate with the lowest loss.
    pub minimum_tenth: Option<f64>,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct LrCurve {
    /// Every batch, by rising learning rate. The search ends early when the loss explodes.
    pub points: Vec<LrPoint>,
    /// The suggestions.
    pub suggestions: LrSuggestions,
}

/// Decay of the exponential average of the losses.
// It averages over about the last 1 / (1 - 0.95) = 20 batches, a tenth of the default search.
const MEMORY: f64 = 0.95;

/// The search ends when the average is this many times the lowest so far.
const EXPLODED: f64 = 4.0;

/// Runs the trial run of `job` on a network of its own, from the job's initial weights. Ends early
/// when `control` stops it.
///
/// # Errors
/// When the network cannot be built or run.
pub fn find_lr(job: &Job, search: &LrSearch, control: &Control) -> Result<LrCurve, TrainError> {
    let mut config = job.config().clone();
    config.schedule = Schedule::Constant;
    config.warmup_epochs = 0.0;
    let network = job.network(&config)?;
    let mut optimizer = OptimizerState::new(network.params().len());
    let mut points: Vec<LrPoint> = Vec::new();
    let (mut sum, mut weight, mut lowest) = (0.0, 0.0, f64::INFINITY);
    for indices in batches(job).take(search.steps) {
        if control.is_stopped() {
            break;
        }
        let rate = search.rate(points.len());
        let Batch { images, labels } = job.dataset().train.batch(&indices, &Device::Cpu)?;
        let mode = Mode::Train {
            seed: config.seed,
            step: optimizer.step,
        };
        let forward = || config.loss.of(&network.forward(&images, mode)?, &labels);
        let hyper = StepHyper {
            learning_rate: rate,
            momentum: config.optimizer.momentum(),
        };
        let loss = optimizer.update(network.params(), &config, hyper, forward)?;
        if !loss.is_finite() {
            break;
        }
        sum = MEMORY * sum + (1.0 - MEMORY) * loss;
        weight = MEMORY * weight + (1.0 - MEMORY);
        let smooth = sum / weight;
        points.push(LrPoint { rate, loss, smooth });
        lowest = smooth.min(lowest);
        if smooth > EXPLODED * lowest && points.len() > 10 {
            break;
        }
    }
    let suggestions = suggest(&points);
    Ok(LrCurve {
        points,
        suggestions,
    })
}

/// The batches of the job's epochs, without end.
fn batches(job: &Job) -> impl Iterator<Item = Vec<u32>> + '_ {
    let config = job.config();
    let epoch = |epoch| shuffled(&job.split().train, config.seed, epoch);
    (0..).flat_map(move |idx| {
        let order = epoch(idx);
        let chunks = order.chunks(config.batch_size);
        chunks.map(<[u32]>::to_vec).collect::<Vec<_>>()
    })
}

/// Returns the suggestions of a curve.
pub fn suggest(points: &[LrPoint]) -> LrSuggestions {
    let lowest = (0..points.len()).min_by(|&a, &b| points[a].smooth.total_cmp(&points[b].smooth));
    let Some(lowest) = lowest.filter(|&at| at > 1) else {
        return LrSuggestions::default();
    };
    LrSuggestions {
        steepest: steepest(&points[..=lowest]),
        valley: valley(points),
        minimum_tenth: Some(points[lowest].rate / 10.0),
    }
}

/// The learning rate at which the average falls fastest per logarithm of the rate.
fn steepest(points: &[LrPoint]) -> Option<f64> {
    // The average of the first few losses still jumps.
    let first = (points.len() / 10).max(1);
    let slope = |i: usize| {
        let (before, after) = (&points[i - 1], &points[i + 1]);
        (after.smooth - before.smooth) / (after.rate / before.rate).ln()
    };
    let at = (first..points.len() - 1).min_by(|&a, &b| slope(a).total_cmp(&slope(b)))?;
    (slope(at) < 0.0).then(|| points[at].rate)
}

/// The middle of the second third of the longest strictly falling subsequence.
fn valley(points: &[LrPoint]) -> Option<f64> {
    let mut lengths = vec![1usize; points.len()];
    let mut end = 0;
    for i in 1..points.len() {
        for j in 0..i {
            if points[i].smooth < points[j].smooth {
                lengths[i] = lengths[i].max(lengths[j] + 1);
            }
        }
        if lengths[i] > lengths[end] {
            end = i;
        }
    }
    let length = lengths.get(end).copied()?;
    let start = end.saturating_sub(length);
    let third = (end - start) as f64 / 3.0;
    let at = start + third as usize + (third / 2.0) as usize;
    (length > 2).then(|| points[at].rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A textbook curve: flat, then falling around 1e-2, lowest at 0.3, then exploding.
    fn curve() -> Vec<LrPoint> {
        (0..200)
            .map(|i| {
                let rate = 1e-6 * 1e7f64.powf(f64::from(i) / 199.0);
                let fall = 1.0 / (1.0 + (-(rate.log10() + 2.0) * 4.0).exp());
                let smooth = 2.3 - 2.0 * fall + (rate / 1.0).powi(2);
                LrPoint {
                    rate,
                    loss: smooth,
                    smooth,
                }
            })
            .collect()
    }

    #[test]
    fn a_textbook_curve_has_its_textbook_suggestions() {
        let found = suggest(&curve());
        let steepest = found.steepest.unwrap();
        assert!((steepest.log10() + 2.0).abs() < 0.05, "{steepest}");
        let minimum = 10.0 * found.minimum_tenth.unwrap();
        assert!((0.05..0.4).contains(&minimum), "{minimum}");
        let valley = found.valley.unwrap();
        assert!(valley < minimum && valley > 1e-5, "{valley}");
    }

    #[test]
    fn a_curve_that_never_falls_suggests_nothing() {
        let rising: Vec<LrPoint> = (1..50)
            .map(|i| LrPoint {
                rate: f64::from(i),
                loss: f64::from(i),
                smooth: f64::from(i),
            })
            .collect();
        assert_eq!(suggest(&rising), LrSuggestions::default());
        assert_eq!(suggest(&[]), LrSuggestions::default());
    }

    #[test]
    fn a_range_that_is_none_is_told() {
        let search = |from, to, steps| LrSearch { from, to, steps }.problem();
        assert_eq!(LrSearch::default().problem(), None);
        assert!(search(0.0, 1.0, 100).unwrap().contains("be above 0"));
        assert!(search(1.0, 0.1, 100).is_some());
        assert!(search(1e-3, f64::INFINITY, 100).is_some());
        assert!(search(1e-3, 1.0, 3).unwrap().contains("at least 10"));
    }
}
