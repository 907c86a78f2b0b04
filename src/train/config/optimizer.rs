//! The choice of the rule that turns gradients into new weights.

use serde::{Deserialize, Serialize};

/// The rule that turns gradients into new weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Stochastic gradient descent (`torch.optim.SGD` with dampening 0).
    Sgd {
        /// Share of the last update carried into the next.
        momentum: f64,
        /// Whether the gradient is taken where the momentum leads (Nesterov).
        nesterov: bool,
    },
    /// Adam (Kingma and Ba 2015); weight decay joins the gradient.
    Adam {
        /// Memory of the mean of the gradient.
        beta1: f64,
        /// Memory of the mean of its square.
        beta2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
    },
    /// Adam with weight decay applied to the weights directly (Loshchilov and Hutter 2019).
    Adamw {
        /// Memory of the mean of the gradient.
        beta1: f64,
        /// Memory of the mean of its square.
        beta2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
    },
}

impl Optimizer {
    /// Plain SGD with the usual momentum.
    pub const SGD: Optimizer = Optimizer::Sgd {
        momentum: 0.9,
        nesterov: false,
    };
    /// Keras' Adam.
    pub const ADAM: Optimizer = Optimizer::Adam {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-7,
    };
    /// AdamW with the same numbers.
    pub const ADAMW: Optimizer = Optimizer::Adamw {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-7,
    };

    /// One of each kind, with its usual numbers.
    pub const ALL: [Optimizer; 3] = [Optimizer::ADAM, Optimizer::ADAMW, Optimizer::SGD];

    /// The name on the command line and in files.
    pub fn name(&self) -> &'static str {
        match self {
            Optimizer::Sgd { .. } => "sgd",
            Optimizer::Adam { .. } => "adam",
            Optimizer::Adamw { .. } => "adamw",
        }
    }

    /// The name people write.
    pub fn label(&self) -> &'static str {
        match self {
            Optimizer::Sgd { .. } => "SGD",
            Optimizer::Adam { .. } => "Adam",
            Optimizer::Adamw { .. } => "AdamW",
        }
    }

    /// A learning rate that usually works with it.
    pub fn usual_learning_rate(&self) -> f64 {
        match self {
            Optimizer::Sgd { .. } => 0.05,
            Optimizer::Adam { .. } | Optimizer::Adamw { .. } => 1e-3,
        }
    }

    /// f32 values it remembers for each weight.
    pub fn n_moments(&self) -> u64 {
        match self {
            Optimizer::Sgd { momentum, .. } if *momentum == 0.0 => 0,
            Optimizer::Sgd { .. } => 1,
            Optimizer::Adam { .. } | Optimizer::Adamw { .. } => 2,
        }
    }
}
