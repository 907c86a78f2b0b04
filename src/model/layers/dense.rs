//! The dense layer: y = x · W + b, as `nn.Linear`.

use candle_core::{Result, Tensor};

use super::super::{Layer, Shape};
use super::blueprint::{ParamPlan, positive, product};
use super::plan::Pass;
use super::{Blueprint, activation};
use crate::kernels::{self, Activation, MemoryFormat};

pub(super) fn blueprint(units: usize, input: Shape) -> std::result::Result<Blueprint, String> {
    positive(units, "units")?;
    let Shape::Vector(n) = input else {
        return Err(format!(
            "dense needs a flat list of values but gets {input}: put a flatten layer before it"
        ));
    };
    Ok(Blueprint {
        multiply_adds: product(&[n, units])?,
        params: vec![
            ParamPlan::matrix("weight", n, units),
            ParamPlan::bias("bias", units),
        ],
        ..Blueprint::plain(Shape::Vector(units))
    })
}

/// The channels of the image that the last of these layers, a dense one, reads channels-last: the
/// output of a convolution, with fused activation and pooling, which then needs no transposing.
pub(super) fn image_channels(layers: &[Layer]) -> Option<usize> {
    let [before @ .., Layer::Flatten, Layer::Dense { .. }] = layers else {
        return None;
    };
    let before = match before {
        [before @ .., Layer::MaxPool2d { .. }] => before,
        _ => before,
    };
    let before = match before {
        [before @ .., layer] if activation::fusable(layer).is_some() => before,
        _ => before,
    };
    match before {
        [
            ..,
            Layer::Conv2d {
                channels,
                groups: 1,
                ..
            },
        ] if MemoryFormat::supports_channels_last(*channels) => Some(*channels),
        _ => None,
    }
}

/// `[n, in]` → `[n, units]`.
#[derive(Clone, Debug)]
pub(in crate::model) struct Dense {
    /// Index of the weight; the bias follows.
    pub weight: usize,
    /// The fused activation.
    pub activation: Activation,
    /// Channels of the image, if the rows of the weight are channels-last but the image is not.
    pub reorders_input: Option<usize>,
}

impl Dense {
    pub fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let (weight, bias) = (pass.tensor(self.weight), pass.tensor(self.weight + 1));
        let Some(channels) = self.reorders_input else {
            return kernels::dense(x, &weight, &bias, self.activation);
        };
        let by_channel = x.reshape((x.dim(0)?, channels, ()))?;
        let by_pixel = by_channel.transpose(1, 2)?.contiguous()?;
        kernels::dense(&by_pixel, &weight, &bias, self.activation)
    }
}
