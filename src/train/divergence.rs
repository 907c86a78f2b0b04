//! What there is to say about a loss that cannot be trusted, and what can be done about it.

use serde::{Deserialize, Serialize};

use super::Anomaly;
use super::event::number;

/// A batch whose loss cannot be trusted. Its update was not made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Divergence {
    /// Number of the update that was not made.
    pub step: u64,
    /// Epochs done before it, fractions included.
    pub epoch: f64,
    /// The loss of the batch.
    #[serde(with = "number")]
    pub loss: f64,
    /// What is wrong with it.
    #[serde(rename = "alarm")]
    pub anomaly: Anomaly,
    /// Where it showed first.
    pub origin: Origin,
    /// The images of the batch with the highest losses, the worst first.
    pub worst: Vec<WorstImage>,
    /// Steps of the full states that training can go back to, the newest first.
    pub back_to: Vec<u64>,
    /// Whether the weights themselves are still numbers, so that training can go on with them.
    pub can_skip: bool,
}

impl Divergence {
    /// What happened, in one sentence without its end.
    pub fn describe(&self) -> String {
        let loss = self.loss;
        match self.anomaly {
            Anomaly::NotFinite => format!("the loss of update {} is no longer a number", self.step),
            Anomaly::Spike { usual } => format!(
                "the loss of update {} is {loss:.3}, after about {usual:.3} before",
                self.step
            ),
        }
    }

    /// The full state to go back to unless somebody chooses another: one with some distance to the
    /// trouble, for the last updates before it may have prepared it.
    pub fn default_rollback_step(&self) -> Option<u64> {
        const DISTANCE: u64 = 50;
        let far = |step: &&u64| **step + DISTANCE <= self.step;
        self.back_to
            .iter()
            .find(far)
            .or(self.back_to.last())
            .copied()
    }
}

/// Where a trouble showed first. Layers are named by their place, from 0, and in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Origin {
    /// The weights of a layer are no longer numbers.
    Weights {
        /// The layer.
        layer: usize,
        /// Its name.
        name: String,
    },
    /// What a layer put out.
    Activations {
        /// The layer.
        layer: usize,
        /// Its name.
        name: String,
        /// How many times as large as with the weights of a moment ago; `None` for no number.
        growth: Option<f64>,
    },
    /// The gradient of a layer's weights.
    Gradients {
        /// The layer.
        layer: usize,
        /// Its name.
        name: String,
        /// How many times as large as with the weights of a moment ago; `None` for no number.
        growth: Option<f64>,
    },
    /// No layer stands out: the images do.
    Images,
}

impl Origin {
    /// One sentence without its end.
    pub fn describe(&self) -> String {
        let grown = |what: &str, name: &str, layer: usize, growth: &Option<f64>| {
            let place = format!("layer {} ({name})", layer + 1);
            match growth {
                Some(factor) => format!(
                    "it shows first in {place}: {what} {factor:.1} times as large as a moment ago"
                ),
                None => format!("it shows first in {place}: {what} no longer numbers"),
            }
        };
        match self {
            Origin::Weights { layer, name } => grown("its weights are", name, *layer, &None),
            Origin::Activations {
                layer,
                name,
                growth,
            } => grown("what it puts out is", name, *layer, growth),
            Origin::Gradients {
                layer,
                name,
                growth,
            } => grown("its gradient is", name, *layer, growth),
            Origin::Images => "no layer stands out: look at the images".to_owned(),
        }
    }
}

/// An image the network was very wrong about.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorstImage {
    /// Its place among the training images.
    pub index: u32,
    /// Its class.
    pub label: u32,
    /// The class the network found most probable; `None` where its logits were not finite.
    #[serde(default)]
    pub predicted: Option<u32>,
    /// Its loss, as the run counts it.
    #[serde(with = "number")]
    pub loss: f64,
}

/// What to do about a trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Go back to the full state of this step, one of [`Divergence::back_to`].
    RollBack {
        /// The step.
        step: u64,
        /// Whether the learning rate becomes a tenth.
        divides_rate: bool,
    },
    /// Leave the batch out.
    SkipBatch,
    /// Take the batch as it is. With a loss that is no number there is no update to make, so the
    /// batch is left out.
    Continue,
}
