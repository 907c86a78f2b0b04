//! The metrics that trials are compared by. None uses the test set, which never chooses anything.

use serde::{Deserialize, Serialize};

use crate::text::percent_exact;
use crate::train::EpochPoint;

/// A metric of every epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Share of the validation images classified correctly.
    ValAccuracy,
    /// Mean cross entropy on the validation images.
    ValLoss,
    /// Share of the training images classified correctly, while the weights were changing.
    TrainAccuracy,
    /// Mean cross entropy on the training images, while the weights were changing.
    TrainLoss,
}

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 4] = [
        Metric::ValAccuracy,
        Metric::ValLoss,
        Metric::TrainAccuracy,
        Metric::TrainLoss,
    ];

    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            Metric::ValAccuracy => "val_accuracy",
            Metric::ValLoss => "val_loss",
            Metric::TrainAccuracy => "train_accuracy",
            Metric::TrainLoss => "train_loss",
        }
    }

    /// Returns the label.
    pub fn label(self) -> &'static str {
        match self {
            Metric::ValAccuracy => "validation accuracy",
            Metric::ValLoss => "validation loss",
            Metric::TrainAccuracy => "training accuracy",
            Metric::TrainLoss => "training loss",
        }
    }

    /// Returns the default direction.
    pub fn default_direction(self) -> Direction {
        if self.is_share() {
            Direction::Maximize
        } else {
            Direction::Minimize
        }
    }

    /// Returns whether it is a share between 0 and 1.
    pub fn is_share(self) -> bool {
        matches!(self, Metric::ValAccuracy | Metric::TrainAccuracy)
    }

    /// Returns whether it needs validation images.
    pub fn is_validation(self) -> bool {
        matches!(self, Metric::ValAccuracy | Metric::ValLoss)
    }

    /// Returns its value at the end of an epoch; `None` without validation images.
    pub fn of(self, point: &EpochPoint) -> Option<f64> {
        match self {
            Metric::ValAccuracy => point.validation.map(|v| v.accuracy),
            Metric::ValLoss => point.validation.map(|v| v.loss),
            Metric::TrainAccuracy => Some(point.train.accuracy),
            Metric::TrainLoss => Some(point.train.loss),
        }
    }

    /// Formats a value.
    pub fn format(self, value: f64) -> String {
        if self.is_share() {
            percent_exact(value)
        } else {
            format!("{value:.4}")
        }
    }
}

/// Which direction is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Lower is better.
    Minimize,
    /// Higher is better.
    Maximize,
}

impl Direction {
    /// Returns a cost: lower is better.
    pub fn cost(self, value: f64) -> f64 {
        match self {
            Direction::Minimize => value,
            Direction::Maximize => -value,
        }
    }

    /// Returns whether `a` is better than `b`.
    pub fn is_better(self, a: f64, b: f64) -> bool {
        self.cost(a) < self.cost(b)
    }
}

/// Which epoch of a trial counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The best one.
    Best,
    /// The last one, whose weights are saved.
    Last,
}

impl Measure {
    /// Returns the value of a trial from its values per epoch.
    pub fn of(self, direction: Direction, values: impl Iterator<Item = f64>) -> Option<f64> {
        match self {
            Measure::Last => values.last(),
            Measure::Best => values.reduce(|best, v| {
                if direction.is_better(v, best) {
                    v
                } else {
                    best
                }
            }),
        }
    }
}
