//! The axes of curves: what is on x, and what is on y.

use serde::{Deserialize, Serialize};

use crate::runs::{BestBy, RunState};
use crate::train::{EpochPoint, Metrics, StepPoint};

/// What is on the x axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum XAxis {
    /// Updates.
    Step,
    /// Epochs.
    Epoch,
    /// Training images seen.
    Images,
    /// Seconds of training, pauses and evaluation excluded.
    Time,
}

impl XAxis {
    /// All of them.
    pub const ALL: [XAxis; 4] = [XAxis::Epoch, XAxis::Step, XAxis::Images, XAxis::Time];

    /// The label in the window.
    pub fn label(self) -> &'static str {
        match self {
            XAxis::Step => "step",
            XAxis::Epoch => "epoch",
            XAxis::Images => "images",
            XAxis::Time => "seconds",
        }
    }

    /// Position of an update on the axis.
    pub fn of_step(self, p: &StepPoint) -> f64 {
        match self {
            XAxis::Step => p.step as f64,
            XAxis::Epoch => p.epoch,
            XAxis::Images => p.images as f64,
            XAxis::Time => p.secs,
        }
    }

    /// Position of the end of an epoch on the axis.
    pub fn of_epoch(self, p: &EpochPoint) -> f64 {
        match self {
            XAxis::Step => p.step as f64,
            XAxis::Epoch => p.epoch as f64,
            XAxis::Images => p.images as f64,
            XAxis::Time => p.secs,
        }
    }

    /// Position of the update with this number on the axis, in `run`.
    pub fn of_step_number(self, run: &RunState, step: u64) -> Option<f64> {
        let idx = run.points.partition_point(|p| p.step < step);
        let point = run.points.get(idx).or(run.points.last())?;
        Some(self.of_step(point))
    }

    /// Length of the axis that shows the first epoch of `run`, so that its curve does not begin as
    /// a single point that fills the plot.
    pub fn first_epoch(self, run: &RunState) -> f64 {
        let n_train = run.n_train as f64;
        match self {
            XAxis::Step => (n_train / run.config.batch_size.max(1) as f64).max(1.0),
            XAxis::Epoch => 1.0,
            XAxis::Images => n_train.max(1.0),
            XAxis::Time => 1.0,
        }
    }
}

/// What is on the y axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YAxis {
    /// Mean loss.
    Loss,
    /// Accuracy.
    Accuracy,
}

impl YAxis {
    /// Both.
    pub const ALL: [YAxis; 2] = [YAxis::Loss, YAxis::Accuracy];

    /// The metric of one batch.
    pub fn of_step(self, p: &StepPoint) -> f64 {
        match self {
            YAxis::Loss => p.loss,
            YAxis::Accuracy => p.accuracy,
        }
    }

    /// Position and value of the epoch that is best by this metric on the validation images.
    pub fn best(self, x: XAxis, run: &RunState) -> Option<[f64; 2]> {
        let epoch = run.best_epoch(match self {
            YAxis::Loss => BestBy::Loss,
            YAxis::Accuracy => BestBy::Accuracy,
        })?;
        Some([x.of_epoch(epoch), self.of_epoch(epoch)?])
    }

    /// The validation metric at the end of an epoch.
    pub fn of_epoch(self, p: &EpochPoint) -> Option<f64> {
        Some(self.of(&p.validation?))
    }

    /// The metric on the user's sketches at the end of an epoch.
    pub fn of_sketches(self, p: &EpochPoint) -> Option<f64> {
        Some(self.of(&p.sketches?.metrics))
    }

    fn of(self, metrics: &Metrics) -> f64 {
        match self {
            YAxis::Loss => metrics.loss,
            YAxis::Accuracy => metrics.accuracy,
        }
    }
}
