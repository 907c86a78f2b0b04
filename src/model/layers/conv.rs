//! Convolution over height and width, as `nn.Conv2d`.

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

use super::blueprint::{Blueprint, InitRule, ParamPlan, image, positive, product, window_output};
use super::kind::{About, LayerField, LayerKind, LayerValue, one, unless_default};
use super::norm;
use super::plan::{Pass, Planner};
use super::pool::square;
use crate::kernels::{self, Activation, BatchNormOptions, ConvOptions, MemoryFormat, Window};
use crate::model::param::{ParamKind, WeightLayout};
use crate::model::shape::Shape;

/// Convolution over height and width: `[c, h, w]` → `[channels, h', w']`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv2d {
    /// Number of filters, and so of output channels.
    pub channels: usize,
    /// Side of the square filter, in pixels.
    pub kernel: usize,
    /// Pixels the filter moves between two outputs.
    #[serde(default = "one")]
    pub stride: usize,
    /// Zeros added on each side.
    #[serde(default)]
    pub padding: usize,
    /// Groups the channels are split into, each with its own filters: 1 for a plain
    /// convolution, the number of input channels for a depthwise one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub groups: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_one(n: &usize) -> bool {
    *n == 1
}

impl Conv2d {
    /// One of stride 1, in one group.
    pub const fn new(channels: usize, kernel: usize, padding: usize) -> Conv2d {
        Conv2d {
            channels,
            kernel,
            stride: 1,
            padding,
            groups: 1,
        }
    }
}

impl LayerKind for Conv2d {
    fn about(&self) -> About {
        About {
            name: "conv",
            label: "Conv 2-D",
            explanation: "Slides small filters over the image to find local patterns; too few \
                          filters miss detail, too many cost time.",
        }
    }

    fn detail(&self) -> String {
        let Conv2d {
            channels, kernel, ..
        } = self;
        let stride = unless_default(", stride ", self.stride, 1);
        let padding = unless_default(", padding ", self.padding, 0);
        let groups = match self.groups {
            1 => String::new(),
            n => format!(", {n} groups"),
        };
        format!("{channels} of {kernel}×{kernel}{stride}{padding}{groups}")
    }

    fn short_detail(&self) -> String {
        let Conv2d {
            channels, kernel, ..
        } = self;
        let stride = unless_default(" s", self.stride, 1);
        let padding = unless_default(" p", self.padding, 0);
        let groups = unless_default(" g", self.groups, 1);
        format!("{channels}·{kernel}×{kernel}{stride}{padding}{groups}")
    }

    fn fields(&mut self) -> Vec<LayerField<'_>> {
        vec![
            LayerValue::Count(&mut self.channels).field(
                "Filters",
                "Number of patterns to look for: too few miss detail, too many cost time.",
            ),
            LayerValue::Count(&mut self.kernel).field(
                "Kernel size",
                "Side of each filter in pixels: larger filters see more at once and cost more.",
            ),
            LayerValue::Count(&mut self.stride).field(
                "Stride",
                "Pixels a filter moves between two outputs: 2 halves height and width.",
            ),
            LayerValue::Count(&mut self.padding).field(
                "Padding",
                "Zeros added on each side, so that edges are covered as often as the middle.",
            ),
            LayerValue::Count(&mut self.groups).field(
                "Groups",
                "Groups the channels are split into: 1 connects all, as many as channels is \
                 depthwise.",
            ),
        ]
    }

    fn blueprint(&self, input: Shape) -> std::result::Result<Blueprint, String> {
        let &Conv2d {
            channels,
            kernel,
            groups,
            ..
        } = self;
        let [c, h, w] = image(self, input)?;
        positive(channels, "channels")?;
        positive(groups, "groups")?;
        if c % groups != 0 || channels % groups != 0 {
            return Err(format!(
                "{groups} groups must divide both the {c} input channels and the {channels} \
                 output channels"
            ));
        }
        let [oh, ow] = window_output([h, w], kernel, self.stride, self.padding)?;
        let filter = product(&[c / groups, kernel, kernel])?;
        let n_values = product(&[channels, oh, ow])?;
        product(&[c / groups, kernel, kernel, channels])?;
        Ok(Blueprint {
            multiply_adds: filter.saturating_mul(n_values),
            params: params(channels, c / groups, kernel, groups),
            ..Blueprint::plain(Shape::Image([channels, oh, ow]))
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let window = square(self.kernel, self.stride, self.padding);
        let mut conv = Conv::plain(planner.first_param, window, self.groups);
        conv.activation = planner.fused_activation();
        if self.groups == 1 {
            conv.pool = planner.fused_max_pool();
        }
        planner.add_conv(conv);
    }
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
    /// Index of the weight of the fused batch norm; its other parameters follow.
    norm: Option<usize>,
    /// The fused activation, after the batch norm.
    activation: Activation,
    /// The fused max pool, after the activation.
    pool: Option<Window>,
    /// Whether what makes its input and what reads its output would have them channels-last.
    is_last: [bool; 2],
}

impl Conv {
    /// A convolution with nothing fused.
    pub fn plain(weight: usize, window: Window, groups: usize) -> Conv {
        Conv {
            weight,
            window,
            groups,
            norm: None,
            activation: Activation::Identity,
            pool: None,
            is_last: [false; 2],
        }
    }

    /// Whether it can read and write images channels-last.
    pub fn supports_channels_last(&self) -> bool {
        self.groups == 1
    }

    /// From now on it reads images channels-last, if their channels are supported.
    pub fn read_channels_last(&mut self) {
        self.is_last[0] = true;
    }

    /// From now on its result is channels-last, if its channels are supported.
    pub fn write_channels_last(&mut self) {
        self.is_last[1] = true;
    }

    /// Whether its input and its output are channels-last.
    #[cfg(test)]
    pub fn is_channels_last(&self) -> [bool; 2] {
        self.is_last
    }

    /// Memory formats of input and output of a convolution with this weight.
    fn formats(&self, weight: &Tensor) -> Result<[MemoryFormat; 2]> {
        let (outputs, inputs, ..) = weight.dims4()?;
        let format =
            |is_last, channels| match is_last && MemoryFormat::supports_channels_last(channels) {
                true => MemoryFormat::ChannelsLast,
                false => MemoryFormat::ChannelsFirst,
            };
        let [before, after] = self.is_last;
        Ok([format(before, inputs), format(after, outputs)])
    }

    /// Whether a batch norm after it can be fused.
    pub fn can_add_norm(&self) -> bool {
        let has_nothing = self.activation == Activation::Identity && self.pool.is_none();
        self.groups == 1 && self.norm.is_none() && has_nothing
    }

    /// Fuses a batch norm, whose weight is at this index, and what follows it.
    pub fn add_norm(&mut self, first: usize, relu: bool, pool: Option<Window>) {
        self.norm = Some(first);
        self.pool = pool;
        if relu {
            self.activation = Activation::Relu;
        }
    }

    pub fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let [weight, bias] = pass.tensors(self.weight);
        let (window, activation) = (self.window, self.activation);
        if self.groups > 1 {
            let y = kernels::grouped_conv2d(x, &weight, &bias, window, self.groups)?;
            return kernels::activate(&y, activation);
        }
        let options = ConvOptions {
            window,
            activation,
            pool: self.pool,
            formats: self.formats(&weight)?,
        };
        match self.norm {
            Some(first) => self.normalized(x, [weight, bias], (first, options), pass),
            None => kernels::conv2d(x, &weight, &bias, options),
        }
    }

    fn normalized(
        &self,
        x: &Tensor,
        [weight, bias]: [Tensor; 2],
        (first, options): (usize, ConvOptions),
        pass: &Pass<'_>,
    ) -> Result<Tensor> {
        let [scale, shift] = pass.tensors(first);
        if norm::uses_batch(first, pass) {
            let parts = [&bias, &scale, &shift];
            let (y, of_batch) =
                kernels::conv2d_batch_norm(x, &weight, parts, options, norm::EPSILON)?;
            norm::update_running(first, of_batch, pass)?;
            return Ok(y);
        }
        let [mean, variance] = norm::running(first, pass);
        // The gradient of a weight is not that of what it is part of.
        if !weight.track_op() && !weight.is_variable() {
            let norm = [&scale, &shift, &mean, &variance];
            let [weight, bias] = kernels::fold_batch_norm([&weight, &bias], norm, norm::EPSILON)?;
            return kernels::conv2d(x, &weight, &bias, options);
        }
        let format = options.formats[1];
        let plain = ConvOptions {
            activation: Activation::Identity,
            pool: None,
            ..options
        };
        let z = kernels::conv2d(x, &weight, &bias, plain)?;
        let options = BatchNormOptions {
            epsilon: norm::EPSILON,
            relu: self.activation == Activation::Relu,
            format,
        };
        let y = kernels::batch_norm_fixed(&z, &scale, &shift, [&mean, &variance], options)?;
        self.pool
            .map_or(Ok(y.clone()), |pool| kernels::max_pool2d(&y, pool, format))
    }
}
