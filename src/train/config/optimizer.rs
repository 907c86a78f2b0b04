//! The optimizers: the rules from gradients to updates.

use serde::{Deserialize, Serialize};

/// The rule from gradients to updates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Stochastic gradient descent (`torch.optim.SGD` with dampening 0).
    Sgd {
        /// Share of the last update carried into the next.
        momentum: f64,
        /// Whether to use Nesterov momentum: the gradient is taken where the momentum leads.
        nesterov: bool,
        /// Whether weight decay is decoupled: applied to the weights instead of added to the
        /// gradient (SGDW, Loshchilov and Hutter 2019).
        #[serde(default)]
        decoupled: bool,
    },
    /// Adam (Kingma and Ba 2015); weight decay is added to the gradient.
    Adam {
        /// Decay of the running mean of the gradient.
        beta1: f64,
        /// Decay of the running mean of its square.
        beta2: f64,
        /// Added to the root of the second moment, for numerical stability.
        epsilon: f64,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    Adamw {
        /// Decay of the running mean of the gradient.
        beta1: f64,
        /// Decay of the running mean of its square.
        beta2: f64,
        /// Added to the root of the second moment, for numerical stability.
        epsilon: f64,
    },
    /// RMSprop (Tieleman and Hinton 2012; `torch.optim.RMSprop`, not centered).
    Rmsprop {
        /// Smoothing constant of the running mean of the squared gradient, PyTorch's α.
        #[serde(alias = "memory")]
        alpha: f64,
        /// Share of the last update carried into the next.
        momentum: f64,
        /// Added to the root of the mean square, for numerical stability.
        epsilon: f64,
        /// Whether weight decay is decoupled: applied to the weights instead of added to the
        /// gradient.
        decoupled: bool,
    },
    /// Lion (Chen et al. 2023): the sign of a mean of the gradient, with decoupled weight decay.
    Lion {
        /// Share of the momentum in the mean whose sign is the step.
        beta1: f64,
        /// Decay of the momentum, the running mean of the gradient.
        beta2: f64,
    },
}

impl Optimizer {
    /// SGD with a momentum of 0.9.
    pub const SGD: Optimizer = Optimizer::Sgd {
        momentum: 0.9,
        nesterov: false,
        decoupled: false,
    };
    /// RMSprop with PyTorch's defaults.
    pub const RMSPROP: Optimizer = Optimizer::Rmsprop {
        alpha: 0.99,
        momentum: 0.0,
        epsilon: 1e-8,
        decoupled: false,
    };
    /// Adam with Keras' defaults.
    pub const ADAM: Optimizer = Optimizer::Adam {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-7,
    };
    /// AdamW with the same defaults.
    pub const ADAMW: Optimizer = Optimizer::Adamw {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-7,
    };

    /// Lion with the paper's defaults.
    pub const LION: Optimizer = Optimizer::Lion {
        beta1: 0.9,
        beta2: 0.99,
    };

    /// One of each kind, with its default hyperparameters.
    pub const ALL: [Optimizer; 5] = [
        Optimizer::ADAM,
        Optimizer::ADAMW,
        Optimizer::SGD,
        Optimizer::RMSPROP,
        Optimizer::LION,
    ];

    /// The name on the command line and in files.
    pub fn name(&self) -> &'static str {
        match self {
            Optimizer::Sgd { .. } => "sgd",
            Optimizer::Adam { .. } => "adam",
            Optimizer::Adamw { .. } => "adamw",
            Optimizer::Rmsprop { .. } => "rmsprop",
            Optimizer::Lion { .. } => "lion",
        }
    }

    /// The name in the window.
    pub fn label(&self) -> &'static str {
        match self {
            Optimizer::Sgd { .. } => "SGD",
            Optimizer::Adam { .. } => "Adam",
            Optimizer::Adamw { .. } => "AdamW",
            Optimizer::Rmsprop { .. } => "RMSprop",
            Optimizer::Lion { .. } => "Lion",
        }
    }

    /// A default learning rate for it.
    pub fn default_learning_rate(&self) -> f64 {
        match self {
            Optimizer::Sgd { .. } => 0.05,
            Optimizer::Adam { .. } | Optimizer::Adamw { .. } | Optimizer::Rmsprop { .. } => 1e-3,
            // Section 5 of its paper: 3 to 10 times smaller than AdamW's.
            Optimizer::Lion { .. } => 3e-4,
        }
    }

    /// f32 values of optimizer state per weight.
    pub fn n_moments(&self) -> u64 {
        match self {
            Optimizer::Sgd { momentum, .. } if *momentum == 0.0 => 0,
            Optimizer::Sgd { .. } | Optimizer::Lion { .. } => 1,
            Optimizer::Adam { .. } | Optimizer::Adamw { .. } => 2,
            Optimizer::Rmsprop { momentum, .. } => 1 + u64::from(*momentum != 0.0),
        }
    }

    /// SGD's and RMSprop's momentum, or Adam's and Lion's β₁.
    pub fn momentum(&self) -> f64 {
        match *self {
            Optimizer::Sgd { momentum, .. } | Optimizer::Rmsprop { momentum, .. } => momentum,
            Optimizer::Adam { beta1, .. }
            | Optimizer::Adamw { beta1, .. }
            | Optimizer::Lion { beta1, .. } => beta1,
        }
    }

    /// Returns the same optimizer with another [`Optimizer::momentum`].
    #[must_use]
    pub fn with_momentum(mut self, value: f64) -> Optimizer {
        match &mut self {
            Optimizer::Sgd { momentum, .. } | Optimizer::Rmsprop { momentum, .. } => {
                *momentum = value;
            }
            Optimizer::Adam { beta1, .. }
            | Optimizer::Adamw { beta1, .. }
            | Optimizer::Lion { beta1, .. } => *beta1 = value,
        }
        self
    }
}
