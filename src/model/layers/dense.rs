//! The dense layer: y = x · W + b, as `nn.Linear`.

use serde::{Deserialize, Serialize};

use super::blueprint::{Blueprint, ParamPlan, positive, product};
use super::conv::Conv2d;
use super::kind::{About, LayerField, LayerKind, LayerValue};
use super::plan::Planner;
use crate::kernels;
use crate::model::shape::Shape;
use crate::model::spec::Layer;

/// Connects every input with every output: `[n]` → `[units]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// Number of outputs.
    pub units: usize,
}

impl LayerKind for Dense {
    fn about(&self) -> About {
        About {
            name: "dense",
            label: "Dense",
            explanation: "Connects every input with every output; it holds most of the \
                          parameters, and too many units overfit.",
        }
    }

    fn detail(&self) -> String {
        self.units.to_string()
    }

    fn fields(&mut self) -> Vec<LayerField<'_>> {
        vec![LayerValue::Count(&mut self.units).field(
            "Units",
            "Number of outputs: too few cannot separate the classes, too many overfit.",
        )]
    }

    fn blueprint(&self, input: Shape) -> Result<Blueprint, String> {
        positive(self.units, "units")?;
        let Shape::Vector(n) = input else {
            return Err(format!(
                "dense needs a flat list of values but gets {input}: put a flatten layer before it"
            ));
        };
        Ok(Blueprint {
            multiply_adds: product(&[n, self.units])?,
            params: vec![
                ParamPlan::matrix("weight", n, self.units),
                ParamPlan::bias("bias", self.units),
            ],
            ..Blueprint::plain(Shape::Vector(self.units))
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let first = planner.first_param;
        // The channels of the image, if the rows of the weight are channels-last but the image is
        // not.
        let channels = match (image_channels(planner.so_far()), planner.fused_conv()) {
            (Some(_), Some(conv)) => {
                conv.write_channels_last();
                None
            }
            (channels, _) => channels,
        };
        let activation = planner.fused_activation();
        planner.add(move |x, pass| {
            let [weight, bias] = pass.tensors(first);
            let Some(channels) = channels else {
                return kernels::dense(x, &weight, &bias, activation);
            };
            let by_channel = x.reshape((x.dim(0)?, channels, ()))?;
            let by_pixel = by_channel.transpose(1, 2)?.contiguous()?;
            kernels::dense(&by_pixel, &weight, &bias, activation)
        });
    }
}

/// Rows are channels-last for multiples of this; checkpoints have them in that order.
const CHANNELS: usize = 32;

/// The channels of the image that the last of these layers, a dense one, reads channels-last: the
/// output of a convolution, with fused activation and pooling, which then needs no transposing.
pub(super) fn image_channels(layers: &[Layer]) -> Option<usize> {
    let [before @ .., Layer::Flatten, Layer::Dense(_)] = layers else {
        return None;
    };
    let before = match before {
        [before @ .., Layer::MaxPool2d(_)] => before,
        _ => before,
    };
    let before = match before {
        [before @ .., layer] if layer.fusable().is_some() => before,
        _ => before,
    };
    match before {
        [
            ..,
            Layer::Conv2d(Conv2d {
                channels,
                groups: 1,
                ..
            }),
        ] if channels.is_multiple_of(CHANNELS) => Some(*channels),
        _ => None,
    }
}
