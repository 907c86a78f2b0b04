//! What training makes small.

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

use crate::kernels;

/// The number that training makes small; the validation and test losses are the same one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Mean cross entropy in nats (`torch.nn.CrossEntropyLoss`).
    CrossEntropy {
        /// Share of the target spread evenly over all classes, in `[0, 1)` (Szegedy et al. 2016,
        /// section 7).
        #[serde(default)]
        label_smoothing: f64,
    },
    /// Mean squared error between the softmax and the one-hot target, over images and classes
    /// (`torch.nn.MSELoss` of the softmax).
    SquaredError,
}

impl Default for Loss {
    fn default() -> Loss {
        Loss::CROSS_ENTROPY
    }
}

impl Loss {
    /// Cross entropy without smoothing.
    pub const CROSS_ENTROPY: Loss = Loss::CrossEntropy {
        label_smoothing: 0.0,
    };

    /// One of each kind.
    pub const ALL: [Loss; 2] = [Loss::CROSS_ENTROPY, Loss::SquaredError];

    /// The name on the command line and in files.
    pub fn name(&self) -> &'static str {
        match self {
            Loss::CrossEntropy { .. } => "cross_entropy",
            Loss::SquaredError => "squared_error",
        }
    }

    /// The name people write.
    pub fn label(&self) -> &'static str {
        match self {
            Loss::CrossEntropy { .. } => "Cross entropy",
            Loss::SquaredError => "Squared error",
        }
    }

    /// The loss of a batch, a scalar.
    ///
    /// * `logits`: `[n, classes]`
    /// * `labels`: u32 `[n]`, each below `classes`
    ///
    /// # Errors
    /// When shapes or labels do not fit.
    pub fn of(&self, logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
        match *self {
            Loss::CrossEntropy {
                label_smoothing: 0.0,
            } => kernels::cross_entropy(logits, labels),
            Loss::CrossEntropy { label_smoothing } => {
                kernels::smoothed_cross_entropy(logits, labels, label_smoothing as f32)
            }
            Loss::SquaredError => kernels::squared_error(logits, labels),
        }
    }

    /// What is wrong with its numbers.
    pub(super) fn problem(&self) -> Option<String> {
        match *self {
            Loss::CrossEntropy { label_smoothing } => (!(0.0..1.0).contains(&label_smoothing))
                .then(|| {
                    format!(
                        "label smoothing must be at least 0 and below 1, found {label_smoothing}"
                    )
                }),
            Loss::SquaredError => None,
        }
    }
}
