//! The LR finder: a short trial run whose learning rate rises exponentially from batch to batch
//! (Smith: Cyclical learning rates for training neural networks, 2017, section 3.3).

mod suggest;

pub use suggest::{LrSuggestions, suggest};

use super::config::Schedule;
use super::control::Control;
use super::error::TrainError;
use super::images::images_of;
use super::job::Job;
use super::optim::{OptimizerState, StepHyper};
use crate::data::{Augment, Batch};
use crate::model::Mode;
use crate::text::{setting, thousands};

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
        let is_range = self.from > 0.0 && self.to > self.from && (self.to / self.from).is_finite();
        if !is_range {
            return Some(format!(
                "the learning rates must be above 0 and rise by a finite factor, found {} to {}",
                setting(self.from),
                setting(self.to)
            ));
        }
        let range = MIN_STEPS..=MAX_STEPS;
        (!range.contains(&self.steps)).then(|| {
            let [least, most, found] =
                [MIN_STEPS, MAX_STEPS, self.steps].map(|n| thousands(n as u64));
            format!("{least} to {most} batches are needed, found {found}")
        })
    }

    /// Number of passes over the learning rates, each from the initial weights. A single longer one
    /// would have learned at rates below those that a shorter one needs, and suggest lower ones.
    fn n_passes(&self) -> usize {
        self.steps.div_ceil(PASS_STEPS)
    }

    /// The learning rates of a pass.
    fn rates(&self) -> Vec<f64> {
        let n_steps = self.steps / self.n_passes();
        let share = |idx| idx as f64 / (n_steps - 1) as f64;
        let rate = |idx| self.from * (self.to / self.from).powf(share(idx));
        (0..n_steps).map(rate).collect()
    }
}

/// One learning rate of the trial run.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct LrPoint {
    /// The learning rate of its update.
    pub rate: f64,
    /// The loss before its update.
    pub loss: f64,
    /// The debiased exponential average of the losses so far.
    pub smooth: f64,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct LrCurve {
    /// Every learning rate, rising, with the mean over the passes. The search ends early when the
    /// loss explodes.
    pub points: Vec<LrPoint>,
    /// Number of batches trained on.
    pub n_batches: usize,
    /// The suggestions.
    pub suggestions: LrSuggestions,
}

/// Fewest and most batches of a search.
const MIN_STEPS: usize = 10;
const MAX_STEPS: usize = 10_000;

/// Most batches of one pass over the learning rates.
const PASS_STEPS: usize = 200;

/// The exponential average of the losses extends over about this share of a pass.
const MEMORY_SHARE: f64 = 0.1;

/// The search ends when the average is this many times the lowest so far.
const EXPLODED: f64 = 4.0;

/// Runs the trial run of `job` on networks of its own, from the job's initial weights. Ends early
/// when `control` stops it.
///
/// # Errors
/// When a network cannot be built or run, or training is private.
pub fn find_lr(job: &Job, search: &LrSearch, control: &Control) -> Result<LrCurve, TrainError> {
    if job.config().privacy.is_on() {
        return Err(TrainError::PrivateLr);
    }
    let mut batches = batches(job);
    let rates = search.rates();
    let mut n_batches = 0;
    let mut sums: Vec<f64> = Vec::new();
    for idx in 0..search.n_passes() {
        let losses = pass(job, &rates, batches.by_ref(), control)?;
        n_batches += losses.len();
        match idx {
            0 => sums = losses,
            _ => {
                // What another pass did not come to has no mean.
                sums.truncate(losses.len());
                sums.iter_mut()
                    .zip(losses)
                    .for_each(|(sum, loss)| *sum += loss);
            }
        }
    }
    let mut average = Average::new(rates.len());
    let point = |(sum, rate): (f64, f64)| {
        let loss = sum / search.n_passes() as f64;
        let smooth = average.of(loss);
        LrPoint { rate, loss, smooth }
    };
    let points: Vec<LrPoint> = sums.into_iter().zip(rates).map(point).collect();
    Ok(LrCurve {
        suggestions: suggest(&points),
        points,
        n_batches,
    })
}

/// The losses of one pass over the learning rates, from the job's initial weights, until it ends or
/// explodes.
fn pass(
    job: &Job,
    rates: &[f64],
    batches: impl Iterator<Item = Vec<u32>>,
    control: &Control,
) -> Result<Vec<f64>, TrainError> {
    let mut config = job.config().clone();
    config.schedule = Schedule::Constant;
    config.warmup_epochs = 0.0;
    config.augment = Augment::default();
    let network = job.first_network(&config)?;
    let mut optimizer = OptimizerState::new(network.params().len());
    let mut average = Average::new(rates.len());
    let mut lowest = f64::INFINITY;
    let mut losses: Vec<f64> = Vec::new();
    for (&learning_rate, indices) in rates.iter().zip(batches) {
        if control.is_stopped() {
            break;
        }
        let Batch { images, labels } = images_of(job, &config, 0, &indices)?;
        let mode = Mode::Train {
            seed: config.seed,
            step: optimizer.step,
        };
        let forward = || config.loss.of(&network.forward(&images, mode)?, &labels);
        let hyper = StepHyper {
            learning_rate,
            momentum: config.optimizer.momentum(),
        };
        let loss = optimizer.update(network.params(), &config, hyper, forward)?;
        if !loss.is_finite() {
            break;
        }
        losses.push(loss);
        let smooth = average.of(loss);
        lowest = smooth.min(lowest);
        if smooth > EXPLODED * lowest && losses.len() > 10 {
            break;
        }
    }
    Ok(losses)
}

/// The debiased exponential average of the losses.
struct Average {
    memory: f64,
    sum: f64,
    weight: f64,
}

impl Average {
    /// For a pass of `n_steps` batches.
    fn new(n_steps: usize) -> Average {
        Average {
            memory: (1.0 - 1.0 / (MEMORY_SHARE * n_steps as f64)).max(0.0),
            sum: 0.0,
            weight: 0.0,
        }
    }

    fn of(&mut self, loss: f64) -> f64 {
        self.sum = self.memory * self.sum + (1.0 - self.memory) * loss;
        self.weight = self.memory * self.weight + (1.0 - self.memory);
        self.sum / self.weight
    }
}

/// The batches of the job's epochs, without end.
fn batches(job: &Job) -> impl Iterator<Item = Vec<u32>> + '_ {
    let config = job.config();
    (0..).flat_map(move |idx| {
        let order = job.order(idx);
        let chunks = order.chunks(config.batch_size);
        chunks.map(<[u32]>::to_vec).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_is_none_is_told() {
        let search = |from, to, steps| LrSearch { from, to, steps }.problem();
        assert_eq!(LrSearch::default().problem(), None);
        assert!(search(0.0, 1.0, 100).unwrap().contains("be above 0"));
        assert!(search(1.0, 0.1, 100).is_some());
        assert!(search(1e-3, f64::INFINITY, 100).is_some());
        assert!(search(1e-300, 1e300, 100).is_some());
        assert!(search(1e-3, 1.0, 3).unwrap().contains("10 to 10,000"));
        assert!(search(1e-3, 1.0, 1_000_000).is_some());
    }
}
