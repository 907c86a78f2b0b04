//! What trials are compared by.

use serde::{Deserialize, Serialize};

use crate::runs::{Direction, Metric};
use crate::train::EpochPoint;

/// The metrics that trials can be compared by: those of every epoch. None uses the test set, which
/// never chooses anything.
pub const OBJECTIVES: [Metric; 4] = [
    Metric::ValAccuracy,
    Metric::ValLoss,
    Metric::TrainAccuracy,
    Metric::TrainLoss,
];

/// Returns the value of one of [`OBJECTIVES`] at the end of an epoch; `None` without validation
/// images.
pub(super) fn at_epoch(metric: Metric, point: &EpochPoint) -> Option<f64> {
    match metric {
        Metric::ValAccuracy => point.validation.map(|v| v.accuracy),
        Metric::ValLoss => point.validation.map(|v| v.loss),
        Metric::TrainAccuracy => Some(point.train.accuracy),
        Metric::TrainLoss => Some(point.train.loss),
        _ => None,
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
