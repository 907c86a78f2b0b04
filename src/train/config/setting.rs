//! The settings that can change while training.

use serde::{Deserialize, Serialize};

use super::{Optimizer, TrainConfig};

/// A setting that can change while training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Step size of the optimiser.
    LearningRate,
    /// Pull of all weights towards zero.
    WeightDecay,
    /// SGD's momentum, Adam's β₁.
    Momentum,
    /// Images an update.
    BatchSize,
    /// Passes over the training images in all.
    Epochs,
}

impl Setting {
    /// All of them.
    pub const ALL: [Setting; 5] = [
        Setting::LearningRate,
        Setting::WeightDecay,
        Setting::Momentum,
        Setting::BatchSize,
        Setting::Epochs,
    ];

    /// The words for it.
    pub fn label(self) -> &'static str {
        match self {
            Setting::LearningRate => "learning rate",
            Setting::WeightDecay => "weight decay",
            Setting::Momentum => "momentum",
            Setting::BatchSize => "batch size",
            Setting::Epochs => "epochs",
        }
    }
}

impl TrainConfig {
    /// The value of a setting that can change while training.
    pub fn setting(&self, setting: Setting) -> f64 {
        match setting {
            Setting::LearningRate => self.learning_rate,
            Setting::WeightDecay => self.weight_decay,
            Setting::BatchSize => self.batch_size as f64,
            Setting::Epochs => self.epochs as f64,
            Setting::Momentum => match self.optimizer {
                Optimizer::Sgd { momentum, .. } => momentum,
                Optimizer::Adam { beta1, .. } | Optimizer::Adamw { beta1, .. } => beta1,
            },
        }
    }

    /// Sets a setting that can change while training. Counts are rounded.
    pub fn set_setting(&mut self, setting: Setting, value: f64) {
        match setting {
            Setting::LearningRate => self.learning_rate = value,
            Setting::WeightDecay => self.weight_decay = value,
            Setting::BatchSize => self.batch_size = value.round() as usize,
            Setting::Epochs => self.epochs = value.round() as usize,
            Setting::Momentum => match &mut self.optimizer {
                Optimizer::Sgd { momentum, .. } => *momentum = value,
                Optimizer::Adam { beta1, .. } | Optimizer::Adamw { beta1, .. } => *beta1 = value,
            },
        }
    }
}
