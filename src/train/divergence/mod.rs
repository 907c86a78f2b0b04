//! Divergence: a NaN or suddenly large loss, where it started, and what can be done about it.

mod guard;

use serde::{Deserialize, Serialize};

use crate::evaluate::number;
pub(super) use guard::WINDOW;
pub use guard::{Anomaly, OnDivergence, detect};

/// A batch whose loss is an anomaly. Its update was not made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Divergence {
    /// Number of the update that was not made.
    pub step: u64,
    /// Epochs done before it, fractions included.
    pub epoch: f64,
    /// The loss of the batch.
    #[serde(with = "number")]
    pub loss: f64,
    /// The anomaly.
    #[serde(rename = "alarm")]
    pub anomaly: Anomaly,
    /// Where it started.
    pub origin: Origin,
    /// The images of the batch with the highest losses, worst first.
    pub worst: Vec<WorstImage>,
    /// Steps of the rollback states, newest first.
    pub back_to: Vec<u64>,
    /// Whether the weights themselves are finite, so that training can continue with them.
    pub can_skip: bool,
    /// The learning rate was raised shortly before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raise: Option<RateRaise>,
}

/// A raise of the learning rate that may have caused an anomaly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateRaise {
    /// The learning rate before it.
    pub from: f64,
    /// Step of the newest rollback state before it.
    pub step: u64,
}

impl Divergence {
    /// Describes what happened, in one sentence without a full stop.
    pub fn describe(&self) -> String {
        let loss = self.loss;
        match self.anomaly {
            Anomaly::NotFinite => {
                format!("the loss became NaN or infinite at update {}", self.step)
            }
            Anomaly::Spike { usual } => format!(
                "the loss jumped from about {usual:.3} to {loss:.3} at update {}",
                self.step
            ),
        }
    }

    /// The step to roll back to by default: one with some distance to the anomaly, because the last
    /// updates before it may have caused it.
    pub fn default_rollback_step(&self) -> Option<u64> {
        // Half of the interval between two states: of five states, the newest is usually far enough.
        const DISTANCE: u64 = 50;
        let far = |step: &&u64| **step + DISTANCE <= self.step;
        self.back_to
            .iter()
            .find(far)
            .or(self.back_to.last())
            .copied()
    }

    /// The rollback to make by default: one that undoes the cause where it is known, else one to an
    /// earlier state with a smaller learning rate.
    pub fn default_rollback(&self) -> Option<Recovery> {
        if let Some(raise) = self.raise {
            return Some(Recovery::RollBack {
                step: raise.step,
                rate: RollbackRate::Restored,
            });
        }
        Some(Recovery::RollBack {
            step: self.default_rollback_step()?,
            rate: RollbackRate::Divided,
        })
    }
}

/// Where an anomaly started. Layers are given by their index, from 0, and their name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Origin {
    /// The weights of a layer are NaN or infinite.
    Weights {
        /// The layer.
        layer: usize,
        /// Its name.
        name: String,
    },
    /// The output of a layer.
    Activations {
        /// The layer.
        layer: usize,
        /// Its name.
        name: String,
        /// Growth compared with earlier weights; `None` for NaN or infinity.
        growth: Option<f64>,
    },
    /// The gradient of a layer's weights.
    Gradients {
        /// The layer.
        layer: usize,
        /// Its name.
        name: String,
        /// Growth compared with earlier weights; `None` for NaN or infinity.
        growth: Option<f64>,
    },
    /// No layer stands out: the cause is the images.
    Images,
}

impl Origin {
    /// Describes it in one sentence without a full stop.
    pub fn describe(&self) -> String {
        let grown = |what: &str, name: &str, layer: usize, growth: &Option<f64>| {
            let place = format!("{name} (layer {})", layer + 1);
            match growth {
                Some(factor) => format!("it started in {place}: {what} grew {factor:.1}-fold"),
                None => format!("it started in {place}: {what} became NaN or infinite"),
            }
        };
        match self {
            Origin::Weights { layer, name } => grown("its weights", name, *layer, &None),
            Origin::Activations {
                layer,
                name,
                growth,
            } => grown("its output", name, *layer, growth),
            Origin::Gradients {
                layer,
                name,
                growth,
            } => grown("its gradient", name, *layer, growth),
            Origin::Images => "no layer stands out: look at the images".to_owned(),
        }
    }
}

/// An image the model was very wrong about.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorstImage {
    /// Its index in the training set.
    pub index: u32,
    /// Its class.
    pub label: u32,
    /// The most probable class; `None` if the logits were not finite.
    #[serde(default)]
    pub predicted: Option<u32>,
    /// Its loss.
    #[serde(with = "number")]
    pub loss: f64,
}

/// What to do about a divergence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Roll back to the full state of this step, one of [`Divergence::back_to`].
    RollBack {
        /// The step.
        step: u64,
        /// The learning rate from there on.
        rate: RollbackRate,
    },
    /// Skip the batch.
    SkipBatch,
    /// Use the batch anyway. A loss that is NaN or infinite gives no update, so such a batch is
    /// skipped.
    Continue,
}

/// The learning rate after a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollbackRate {
    /// The current one.
    Current,
    /// A tenth of the current one.
    Divided,
    /// The one that the state was trained with.
    Restored,
}
