//! The points of a run's curves: one per update, one per epoch.

use serde::{Deserialize, Serialize};

use crate::evaluate::Metrics;
use crate::evaluate::number;

/// One update of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "StepRow", into = "StepRow")]
pub struct StepPoint {
    /// Number of updates done, this one included.
    pub step: u64,
    /// Training images seen so far, this batch included.
    pub images: u64,
    /// Epochs done so far, fractions included.
    pub epoch: f64,
    /// Seconds of training so far; pauses and evaluation excluded.
    pub secs: f64,
    /// Mean loss of the batch before the update.
    pub loss: f64,
    /// Share of the batch classified correctly before the update.
    pub accuracy: f64,
    /// Learning rate of the update.
    pub learning_rate: f64,
}

/// A point as it is written: an array of seven, without keys, because a run writes thousands.
#[derive(Serialize, Deserialize)]
struct StepRow(u64, u64, f64, f64, #[serde(with = "number")] f64, f64, f64);

impl From<StepPoint> for StepRow {
    fn from(p: StepPoint) -> StepRow {
        StepRow(
            p.step,
            p.images,
            p.epoch,
            p.secs,
            p.loss,
            p.accuracy,
            p.learning_rate,
        )
    }
}

impl From<StepRow> for StepPoint {
    fn from(
        StepRow(step, images, epoch, secs, loss, accuracy, learning_rate): StepRow,
    ) -> StepPoint {
        StepPoint {
            step,
            images,
            epoch,
            secs,
            loss,
            accuracy,
            learning_rate,
        }
    }
}

/// The end of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochPoint {
    /// Epochs done, this one included.
    pub epoch: usize,
    /// Updates done so far.
    pub step: u64,
    /// Training images seen so far.
    pub images: u64,
    /// Seconds of training so far; pauses and evaluation excluded.
    pub secs: f64,
    /// Seconds this epoch took to train, without its evaluation.
    pub epoch_secs: f64,
    /// Mean over the batches of the epoch, while the weights were changing.
    pub train: Metrics,
    /// Validation metrics; `None` without validation images.
    pub validation: Option<Metrics>,
    /// Metrics on the user's labeled sketches; `None` without any. They choose nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sketches: Option<SketchPoint>,
    /// ε spent so far; `None` if training is not private.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<f64>,
}

/// How a network does on the sketches that were there when an epoch ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SketchPoint {
    /// The number of sketches.
    pub n: usize,
    /// Loss and accuracy.
    #[serde(flatten)]
    pub metrics: Metrics,
}
