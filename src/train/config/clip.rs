//! Gradient clipping.

use serde::{Deserialize, Serialize};

/// Gradient clipping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Clip {
    /// Off.
    #[default]
    None,
    /// The norm of all gradients together is scaled down to this limit
    /// (`torch.nn.utils.clip_grad_norm_`; Pascanu, Mikolov and Bengio 2013).
    Norm {
        /// The limit, above 0.
        max: f64,
    },
    /// Each element of the gradient is clamped to this limit (`torch.nn.utils.clip_grad_value_`).
    Value {
        /// The limit, above 0.
        max: f64,
    },
}

impl Clip {
    /// One of each kind, with its default limit.
    pub const ALL: [Clip; 3] = [
        Clip::None,
        Clip::Norm { max: 1.0 },
        Clip::Value { max: 0.5 },
    ];

    /// The name on the command line and in files.
    pub fn name(&self) -> &'static str {
        match self {
            Clip::None => "none",
            Clip::Norm { .. } => "norm",
            Clip::Value { .. } => "value",
        }
    }

    /// The name in the window.
    pub fn label(&self) -> &'static str {
        match self {
            Clip::None => "Off",
            Clip::Norm { .. } => "By norm",
            Clip::Value { .. } => "By value",
        }
    }
}
