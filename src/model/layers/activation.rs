//! Activations: the nonlinearity between two layers, element by element.

use candle_core::{Result, Tensor};

use super::super::{Layer, Shape};
use super::Blueprint;
use crate::kernels::{self, Activation, SmoothActivation};

pub(super) fn blueprint(layer: &Layer, input: Shape) -> std::result::Result<Blueprint, String> {
    match *layer {
        Layer::LeakyRelu { slope } if !(0.0..=1.0).contains(&slope) => {
            Err(format!("slope must be from 0 to 1, found {slope}"))
        }
        _ => Ok(Blueprint::plain(input)),
    }
}

/// Whether a layer is an activation.
pub(super) fn is_one(layer: &Layer) -> bool {
    fusable(layer).is_some() || matches!(layer, Layer::LeakyRelu { .. } | Layer::Gelu | Layer::Silu)
}

/// The activation, if the operation of the layer before can include it.
pub(super) fn fusable(layer: &Layer) -> Option<Activation> {
    match layer {
        Layer::Relu => Some(Activation::Relu),
        Layer::Sigmoid => Some(Activation::Sigmoid),
        Layer::Tanh => Some(Activation::Tanh),
        _ => None,
    }
}

/// Any shape → the same.
#[derive(Clone, Debug)]
pub(in crate::model) enum Activate {
    /// Its derivative follows from its output.
    Plain(Activation),
    /// Its derivative needs the input.
    SmoothActivation(SmoothActivation),
}

impl Activate {
    pub fn new(layer: &Layer) -> Activate {
        match *layer {
            Layer::LeakyRelu { slope } => {
                Activate::SmoothActivation(SmoothActivation::LeakyRelu(slope))
            }
            Layer::Gelu => Activate::SmoothActivation(SmoothActivation::Gelu),
            Layer::Silu => Activate::SmoothActivation(SmoothActivation::Silu),
            _ => Activate::Plain(fusable(layer).unwrap_or(Activation::Identity)),
        }
    }

    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match *self {
            Activate::Plain(activation) => kernels::activate(x, activation),
            Activate::SmoothActivation(curve) => kernels::smooth_activation(x, curve),
        }
    }
}
