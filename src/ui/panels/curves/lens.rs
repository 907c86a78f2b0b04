//! How curves are looked at: what is measured, against what, and which part of it.

use serde::{Deserialize, Serialize};

use crate::runs::RunState;
use crate::train::{EpochPoint, StepPoint};

/// What curves are drawn against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum XAxis {
    /// Updates of the weights.
    Step,
    /// Passes over the training images.
    Epoch,
    /// Training images seen.
    Images,
    /// Seconds of training, pauses and evaluation excluded.
    Time,
}

impl XAxis {
    /// All of them.
    pub const ALL: [XAxis; 4] = [XAxis::Epoch, XAxis::Step, XAxis::Images, XAxis::Time];

    /// The word for it.
    pub fn label(self) -> &'static str {
        match self {
            XAxis::Step => "step",
            XAxis::Epoch => "epoch",
            XAxis::Images => "images",
            XAxis::Time => "seconds",
        }
    }

    /// Where an update is on the axis.
    pub fn of_step(self, p: &StepPoint) -> f64 {
        match self {
            XAxis::Step => p.step as f64,
            XAxis::Epoch => p.epoch,
            XAxis::Images => p.images as f64,
            XAxis::Time => p.secs,
        }
    }

    /// Where the end of an epoch is on the axis.
    pub fn of_epoch(self, p: &EpochPoint) -> f64 {
        match self {
            XAxis::Step => p.step as f64,
            XAxis::Epoch => p.epoch as f64,
            XAxis::Images => p.images as f64,
            XAxis::Time => p.secs,
        }
    }

    /// Where the update with this number is on the axis, in `run`.
    pub fn of_step_number(self, run: &RunState, step: u64) -> Option<f64> {
        let idx = run.points.partition_point(|p| p.step < step);
        let point = run.points.get(idx).or(run.points.last())?;
        Some(self.of_step(point))
    }

    /// Length of the axis that shows the first epoch of `run`, so that its curve does not begin
    /// as a single point that fills the plot.
    fn first_epoch(self, run: &RunState) -> f64 {
        let n_train = run.n_train as f64;
        match self {
            XAxis::Step => (n_train / run.config.batch_size.max(1) as f64).max(1.0),
            XAxis::Epoch => 1.0,
            XAxis::Images => n_train.max(1.0),
            XAxis::Time => 1.0,
        }
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Mean cross entropy.
    Loss,
    /// Share classified correctly.
    Accuracy,
}

impl Metric {
    /// Both.
    pub const ALL: [Metric; 2] = [Metric::Loss, Metric::Accuracy];

    /// The value of one batch.
    pub fn of_step(self, p: &StepPoint) -> f64 {
        match self {
            Metric::Loss => p.loss,
            Metric::Accuracy => p.accuracy,
        }
    }

    /// The held-out images' value at the end of an epoch.
    pub fn of_epoch(self, p: &EpochPoint) -> Option<f64> {
        let v = p.validation?;
        Some(match self {
            Metric::Loss => v.loss,
            Metric::Accuracy => v.accuracy,
        })
    }
}

/// How curves are looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lens {
    /// What is measured.
    pub metric: Metric,
    /// What it is drawn against.
    pub x_axis: XAxis,
    /// Whether that is logarithmic.
    pub is_x_log: bool,
    /// Whether the metric is.
    pub is_y_log: bool,
    /// Updates the smoothed curve is averaged over.
    pub smoothing_steps: f64,
    /// The part of the axis that is seen, in the plot's own coordinates.
    pub x_range: (f64, f64),
    /// Columns of pixels it is seen through.
    pub n_columns: usize,
}

impl Lens {
    /// The plot's coordinate of `x`.
    pub fn x(&self, x: f64) -> f64 {
        if self.is_x_log {
            x.max(1e-9).log10()
        } else {
            x
        }
    }

    /// The plot's coordinate of a value. What has no logarithm has no place.
    pub fn y(&self, y: f64) -> f64 {
        if !self.is_y_log {
            y
        } else if y > 0.0 {
            y.log10()
        } else {
            f64::NAN
        }
    }

    /// The value at a coordinate of the plot.
    pub fn y_value(&self, y: f64) -> f64 {
        if self.is_y_log { 10f64.powf(y) } else { y }
    }

    /// What is on the axis at a coordinate of the plot.
    pub fn x_value(&self, x: f64) -> f64 {
        if self.is_x_log { 10f64.powf(x) } else { x }
    }
}

/// The axis that shows all of `runs`, in the plot's own coordinates.
pub fn whole_range<'a>(
    runs: impl Iterator<Item = &'a RunState>,
    x_axis: XAxis,
    is_log: bool,
) -> (f64, f64) {
    let mut range: Option<(f64, f64)> = None;
    for run in runs {
        let first = run.points.first().map_or(1e-3, |p| x_axis.of_step(p));
        let last = run.points.last().map_or(0.0, |p| x_axis.of_step(p));
        let end = last.max(x_axis.first_epoch(run));
        let (low, high) = range.unwrap_or((first, end));
        range = Some((low.min(first), high.max(end)));
    }
    let (first, end) = range.unwrap_or((1e-3, 1.0));
    if is_log {
        (first.max(1e-6).log10(), end.max(1e-5).log10())
    } else {
        (0.0, end)
    }
}
