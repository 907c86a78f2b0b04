//! Activations: the nonlinearity between two layers, element by element.

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

use super::blueprint::Blueprint;
use super::kind::{About, LayerField, LayerKind, LayerValue};
use super::memory_format::ImageResult;
use super::plan::Planner;
use crate::kernels::{self, Activation, SmoothActivation};
use crate::model::shape::Shape;

/// The function of an activation.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) enum Function {
    /// Its derivative follows from its output: the operation of the layer before can include it.
    Plain(Activation),
    /// Its derivative needs the input, and is saved.
    Smooth(SmoothActivation),
}

impl Function {
    fn apply(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Function::Plain(activation) => kernels::activate(x, activation),
            Function::Smooth(curve) => kernels::smooth_activation(x, curve),
        }
    }

    fn blueprint(self, input: Shape) -> Blueprint {
        Blueprint {
            n_saved: match self {
                Function::Plain(_) => 0,
                // The derivative.
                Function::Smooth(_) => input.n_values() as u64,
            },
            ..Blueprint::plain(input)
        }
    }
}

/// An activation without hyperparameters: its name, label, function and explanation.
macro_rules! activation {
    ($Kind:ident, $name:literal, $label:literal, $function:expr, $explanation:literal) => {
        pub(in crate::model) struct $Kind;

        impl LayerKind for $Kind {
            fn about(&self) -> About {
                About {
                    name: $name,
                    label: $label,
                    explanation: $explanation,
                }
            }

            fn blueprint(&self, input: Shape) -> std::result::Result<Blueprint, String> {
                Ok($function.blueprint(input))
            }

            fn plan(&self, planner: &mut Planner<'_>) {
                planner.add_image(ImageResult::Image, |x, _, _| $function.apply(x));
            }

            fn function(&self) -> Option<Function> {
                Some($function)
            }
        }
    };
}

activation!(
    Relu,
    "relu",
    "ReLU",
    Function::Plain(Activation::Relu),
    "Sets negative values to zero; without a nonlinearity, stacked layers collapse into one."
);

activation!(
    Gelu,
    "gelu",
    "GELU",
    Function::Smooth(SmoothActivation::Gelu),
    "A smooth variant of ReLU used in transformers; it costs a little more time."
);

activation!(
    Silu,
    "silu",
    "SiLU",
    Function::Smooth(SmoothActivation::Silu),
    "A smooth variant of ReLU that dips below zero; works well in deep image networks."
);

activation!(
    Sigmoid,
    "sigmoid",
    "Sigmoid",
    Function::Plain(Activation::Sigmoid),
    "Squeezes values into 0 to 1; saturates, so that deep networks learn slowly."
);

activation!(
    Tanh,
    "tanh",
    "Tanh",
    Function::Plain(Activation::Tanh),
    "Squeezes values into −1 to 1; zero-centered, but saturates, which slows deep networks."
);

/// x above 0, `slope` · x below.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeakyRelu {
    /// Factor for negative values, from 0 to 1.
    #[serde(default = "default_slope")]
    pub slope: f32,
}

/// PyTorch's default.
pub(in crate::model) const fn default_slope() -> f32 {
    0.01
}

impl LayerKind for LeakyRelu {
    fn about(&self) -> About {
        About {
            name: "leaky_relu",
            label: "Leaky ReLU",
            explanation: "Like ReLU, but lets a little of the negative values through, so that no \
                          unit dies for good.",
        }
    }

    fn detail(&self) -> String {
        self.slope.to_string()
    }

    fn fields(&mut self) -> Vec<LayerField<'_>> {
        vec![LayerValue::Share(&mut self.slope).field(
            "Slope",
            "Factor for negative values: 0 is ReLU, 1 is linear.",
        )]
    }

    fn blueprint(&self, input: Shape) -> std::result::Result<Blueprint, String> {
        match (0.0..=1.0).contains(&self.slope) {
            true => Ok(Function::Smooth(SmoothActivation::LeakyRelu(self.slope)).blueprint(input)),
            false => Err(format!("slope must be from 0 to 1, found {}", self.slope)),
        }
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let function = Function::Smooth(SmoothActivation::LeakyRelu(self.slope));
        planner.add_image(ImageResult::Image, move |x, _, _| function.apply(x));
    }

    fn function(&self) -> Option<Function> {
        Some(Function::Smooth(SmoothActivation::LeakyRelu(self.slope)))
    }
}
