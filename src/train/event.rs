//! The events of a run: plain data, the same live, in the run folder and replayed.

use serde::{Deserialize, Serialize};

use super::config::{Setting, TrainConfig, Value};
use super::divergence::Divergence;
use super::inspect::layer_stats::LayerPoint;
use super::points::{EpochPoint, StepPoint};
use crate::evaluate::Metrics;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Finish {
    /// All epochs are done.
    Completed,
    /// Early stopping ended it.
    EarlyStopped,
    /// It was stopped by a command.
    Stopped,
    /// The loss became NaN or infinite; the last finite weights are kept.
    Diverged {
        /// The update at which it happened.
        step: u64,
    },
    /// An error or a panic.
    Failed {
        /// One sentence.
        message: String,
    },
}

impl Finish {
    /// Returns its name in files, filters and JSON lines.
    pub fn name(&self) -> &'static str {
        match self {
            Finish::Completed => "completed",
            Finish::EarlyStopped => "early_stopped",
            Finish::Stopped => "stopped",
            Finish::Diverged { .. } => "diverged",
            Finish::Failed { .. } => "failed",
        }
    }
}

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Training begins.
    Started {
        /// Everything that decides the run.
        config: Box<TrainConfig>,
        /// Name of the dataset.
        dataset: String,
        /// Images trained on in each epoch.
        n_train: usize,
        /// Kernel threads.
        threads: usize,
    },
    /// Every update since the last such event.
    Steps {
        /// In order, at least one.
        points: Vec<StepPoint>,
    },
    /// An epoch is trained and evaluated.
    EpochDone {
        /// Its numbers.
        point: EpochPoint,
    },
    /// A setting was changed while training; it takes effect from the next update on.
    Changed {
        /// Updates done when it took effect.
        step: u64,
        /// Epochs done when it took effect, fractions included.
        epoch: f64,
        /// The setting.
        setting: Setting,
        /// The value before.
        old: Value,
        /// The value from now on.
        new: Value,
    },
    /// The loss of a batch became NaN or suddenly large; its update was not made. Training waits
    /// for a [`Recovery`](super::Recovery), or uses the one from its options.
    #[serde(rename = "troubled")]
    Diverged {
        /// Where it started, and what can be done.
        #[serde(rename = "trouble")]
        divergence: Box<Divergence>,
    },
    /// The run rolled back to an earlier step; the updates after it are undone.
    #[serde(rename = "went_back")]
    RolledBack {
        /// That step.
        step: u64,
        /// Epochs done at that step, fractions included.
        epoch: f64,
        /// The step it rolled back from.
        from: u64,
    },
    /// A batch was skipped.
    Skipped {
        /// Updates done so far.
        step: u64,
        /// Epochs done so far, this batch included.
        epoch: f64,
        /// Images in the batch.
        n_images: usize,
    },
    /// The events before this one belong to another run, of which this one is a branch.
    Branched {
        /// Name of that run.
        run: String,
        /// Updates done there.
        step: u64,
        /// Everything that decides what follows.
        config: Box<TrainConfig>,
    },
    /// Layer statistics were measured.
    Layers {
        /// The statistics of one moment.
        point: Box<LayerPoint>,
    },
    /// Training was paused.
    Paused {
        /// Updates done so far.
        step: u64,
    },
    /// Training was resumed.
    Resumed {
        /// Updates done so far.
        step: u64,
    },
    /// Early stopping restored the weights of the best epoch.
    Restored {
        /// That epoch, counted from 1.
        epoch: usize,
    },
    /// The run has ended; the last event.
    Finished {
        /// How it ended.
        finish: Finish,
        /// Test metrics; `None` if not measured. The test images choose nothing.
        test: Option<Metrics>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_not_finite_survive_json() {
        for loss in [0.1 + 0.2, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let point = StepPoint {
                step: 3,
                images: 96,
                epoch: 0.5,
                secs: 0.25,
                loss,
                accuracy: 0.5,
                learning_rate: 1e-3,
            };
            let text = serde_json::to_string(&Event::Steps {
                points: vec![point],
            })
            .unwrap();
            let Event::Steps { points } = serde_json::from_str(&text).unwrap() else {
                panic!("{text}")
            };
            assert_eq!(points[0].loss.to_bits(), loss.to_bits(), "{text}");
        }
    }
}
