//! What trials are compared by. The test set is not among it: it chooses nothing.

use serde::{Deserialize, Serialize};

use crate::train::EpochPoint;

/// A number that every epoch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Share of the held-out images classified correctly.
    ValAccuracy,
    /// Mean cross entropy on the held-out images.
    ValLoss,
    /// Share of the training images classified correctly, while the weights were moving.
    TrainAccuracy,
    /// Mean cross entropy on the training images, while the weights were moving.
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

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Metric::ValAccuracy => "val_accuracy",
            Metric::ValLoss => "val_loss",
            Metric::TrainAccuracy => "train_accuracy",
            Metric::TrainLoss => "train_loss",
        }
    }

    /// The words for it.
    pub fn label(self) -> &'static str {
        match self {
            Metric::ValAccuracy => "validation accuracy",
            Metric::ValLoss => "validation loss",
            Metric::TrainAccuracy => "training accuracy",
            Metric::TrainLoss => "training loss",
        }
    }

    /// Which way is usually better.
    pub fn default_direction(self) -> Direction {
        if self.is_share() {
            Direction::Maximize
        } else {
            Direction::Minimize
        }
    }

    /// Whether it lies between 0 and 1.
    pub fn is_share(self) -> bool {
        matches!(self, Metric::ValAccuracy | Metric::TrainAccuracy)
    }

    /// Whether it needs held-out images.
    pub fn is_validation(self) -> bool {
        matches!(self, Metric::ValAccuracy | Metric::ValLoss)
    }

    /// Its value at the end of an epoch; `None` without held-out images.
    pub fn of(self, point: &EpochPoint) -> Option<f64> {
        match self {
            Metric::ValAccuracy => point.validation.map(|v| v.accuracy),
            Metric::ValLoss => point.validation.map(|v| v.loss),
            Metric::TrainAccuracy => Some(point.train.accuracy),
            Metric::TrainLoss => Some(point.train.loss),
        }
    }

    /// A value as people read it.
    pub fn format(self, value: f64) -> String {
        if self.is_share() {
            format!("{:.2} %", 100.0 * value)
        } else {
            format!("{value:.4}")
        }
    }
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Small values.
    Minimize,
    /// Large values.
    Maximize,
}

impl Direction {
    /// A number that is smaller for what is better.
    pub fn cost(self, value: f64) -> f64 {
        match self {
            Direction::Minimize => value,
            Direction::Maximize => -value,
        }
    }

    /// Whether `a` is better than `b`.
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
    /// The last one, whose weights are kept.
    Last,
}

impl Measure {
    /// The value of a trial with these values at its epochs.
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
