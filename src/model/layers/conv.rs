//! Convolution over height and width, as `nn.Conv2d`.

use candle_core::{Result, Tensor};

use super::super::param::{ParamKind, WeightLayout};
use super::super::{Layer, Shape};
use super::Blueprint;
use super::blueprint::{InitRule, ParamPlan, image, positive, product, window_output};
use super::plan::{Pass, Planner};
use super::pool::square;
use crate::kernels::{self, Activation, ConvOptions, MemoryFormat, Window};

pub(super) fn blueprint(layer: &Layer, input: Shape) -> std::result::Result<Blueprint, String> {
    let Layer::Conv2d {
        channels,
        kernel,
        stride,
        padding,
        groups,
    } = *layer
    else {
        return Err(format!("{} is no convolution", layer.label()));
    };
    let [c, h, w] = image(layer, input)?;
    positive(channels, "channels")?;
    positive(groups, "groups")?;
    if c % groups != 0 || channels % groups != 0 {
        return Err(format!(
            "{groups} groups must divide both the {c} input channels and the {channels} \
             output channels"
        ));
    }
    let [oh, ow] = window_output([h, w], kernel, stride, padding)?;
    let filter = product(&[c / groups, kernel, kernel])?;
    let n_values = product(&[channels, oh, ow])?;
    product(&[c / groups, kernel, kernel, channels])?;
    Ok(Blueprint {
        multiply_adds: filter.saturating_mul(n_values),
        params: params(channels, c / groups, kernel, groups),
        ..Blueprint::plain(Shape::Image([channels, oh, ow]))
    })
}

/// Weight `[channels, inputs, kernel, kernel]` and bias; `inputs` counts those of one group.
pub(super) fn params(
    channels: usize,
    inputs: usize,
    kernel: usize,
    groups: usize,
) -> Vec<ParamPlan> {
    let area = kernel * kernel;
    vec![
        ParamPlan {
            name: "weight".to_owned(),
            dims: vec![channels, inputs, kernel, kernel],
            layout: WeightLayout::Torch,
            kind: ParamKind::Weight,
            init: InitRule::Drawn {
                fan_in: inputs * area,
                fan_out: channels / groups * area,
            },
        },
        ParamPlan::bias("bias", channels),
    ]
}

/// `[n, c, h, w]` → `[n, channels, h', w']`.
#[derive(Clone, Debug)]
pub(in crate::model) struct Conv {
    /// Index of the weight; the bias follows.
    weight: usize,
    window: Window,
    groups: usize,
    /// The fused activation.
    activation: Activation,
    /// The fused max pool, after the activation.
    pool: Option<Window>,
    /// Whether a convolution comes right before it, and a convolution or dense layer right after
    /// it: the images between them can be channels-last.
    neighbors: [bool; 2],
}

impl Conv {
    /// The operation of a convolution, fused with the layers that follow if possible.
    pub fn new(layer: &Layer, weight: usize, planner: &mut Planner<'_>) -> Conv {
        let mut conv = Conv::plain(weight, square(1, 1, 0), 1);
        if let Layer::Conv2d {
            kernel,
            stride,
            padding,
            groups,
            ..
        } = *layer
        {
            conv.window = square(kernel, stride, padding);
            conv.groups = groups;
        }
        conv.activation = planner.fused_activation();
        if conv.groups == 1 {
            let pool = planner.fused_max_pool();
            conv.pool = pool.map(|(kernel, stride)| square(kernel, stride, 0));
        }
        conv
    }

    /// A convolution with nothing fused.
    pub fn plain(weight: usize, window: Window, groups: usize) -> Conv {
        Conv {
            weight,
            window,
            groups,
            activation: Activation::Identity,
            pool: None,
            neighbors: [false; 2],
        }
    }

    /// Marks two convolutions as neighbors: only `next` reads the output of this one.
    pub fn join(&mut self, next: &mut Conv) {
        if self.groups == 1 && next.groups == 1 {
            self.neighbors[1] = true;
            next.neighbors[0] = true;
        }
    }

    /// Marks a convolution as read by a dense layer with channels-last rows.
    pub fn fuse_dense(&mut self) {
        self.neighbors[1] = true;
    }

    /// Memory formats of input and output of a convolution with this weight.
    fn formats(&self, weight: &Tensor) -> Result<[MemoryFormat; 2]> {
        let (outputs, inputs, ..) = weight.dims4()?;
        let format = |is_between, channels| match is_between
            && MemoryFormat::supports_channels_last(channels)
        {
            true => MemoryFormat::ChannelsLast,
            false => MemoryFormat::ChannelsFirst,
        };
        let [before, after] = self.neighbors;
        Ok([format(before, inputs), format(after, outputs)])
    }

    pub fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let (weight, bias) = (pass.tensor(self.weight), pass.tensor(self.weight + 1));
        let (window, activation) = (self.window, self.activation);
        if self.groups == 1 {
            let formats = self.formats(&weight)?;
            let options = ConvOptions {
                window,
                activation,
                pool: self.pool,
                formats,
            };
            return kernels::conv2d(x, &weight, &bias, options);
        }
        let y = kernels::grouped_conv2d(x, &weight, &bias, window, self.groups)?;
        kernels::activate(&y, activation)
    }
}
