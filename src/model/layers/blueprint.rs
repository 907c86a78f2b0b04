//! The blueprint of a layer for an input of a given shape, which shape inference, initialization,
//! cost and forward pass all use.

use super::dense;
use super::kind::LayerKind;
use crate::model::limits::MAX_VALUES;
use crate::model::param::{ParamKind, WeightLayout};
use crate::model::shape::Shape;
use crate::model::spec::Layer;

/// A layer's output, parameters and cost for one sample.
#[derive(Clone, Debug)]
pub(in crate::model) struct Blueprint {
    /// Shape of its output.
    pub output: Shape,
    /// Multiply-adds of the forward pass for one sample.
    pub multiply_adds: u64,
    /// Values of one sample that the backward pass needs besides the output.
    pub n_saved: u64,
    /// Its parameters, in the order of a model file.
    pub params: Vec<ParamPlan>,
}

/// A parameter before its values exist.
#[derive(Clone, Debug)]
pub(in crate::model) struct ParamPlan {
    /// PyTorch's name within the layer, such as `weight`.
    pub name: String,
    /// Shape in memory.
    pub dims: Vec<usize>,
    /// Layout in memory.
    pub layout: WeightLayout,
    /// What kind of parameter it is.
    pub kind: ParamKind,
    /// Its initialization.
    pub init: InitRule,
}

/// How a parameter is initialized.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) enum InitRule {
    /// Drawn by the network's [`super::super::Init`].
    Drawn {
        /// Inputs per output.
        fan_in: usize,
        /// Outputs per input.
        fan_out: usize,
    },
    /// Uniform between minus and plus this.
    Uniform(f32),
    /// A constant.
    Constant(f32),
    /// 1 from `start` to before `end`, 0 elsewhere.
    Ones(usize, usize),
}

impl Blueprint {
    /// The blueprint of a layer without parameters and without multiplications.
    pub fn plain(output: Shape) -> Blueprint {
        Blueprint {
            output,
            multiply_adds: 0,
            n_saved: 0,
            params: Vec::new(),
        }
    }

    /// Number of values the optimizer updates.
    pub fn n_parameters(&self) -> u64 {
        let is_weight = |p: &&ParamPlan| p.kind == ParamKind::Weight;
        let size = |p: &ParamPlan| p.dims.iter().map(|&d| d as u64).product::<u64>();
        self.params.iter().filter(is_weight).map(size).sum()
    }
}

impl ParamPlan {
    /// A matrix `[inputs, outputs]` in memory, PyTorch's `[outputs, inputs]`.
    pub fn matrix(name: &str, inputs: usize, outputs: usize) -> ParamPlan {
        ParamPlan {
            name: name.to_owned(),
            dims: vec![inputs, outputs],
            layout: WeightLayout::Transposed,
            kind: ParamKind::Weight,
            init: InitRule::Drawn {
                fan_in: inputs,
                fan_out: outputs,
            },
        }
    }

    /// A parameter initialized with a constant: a bias, or the scale of a norm.
    pub fn constant(name: &str, dims: Vec<usize>, value: f32) -> ParamPlan {
        ParamPlan {
            name: name.to_owned(),
            dims,
            layout: WeightLayout::Torch,
            kind: ParamKind::Weight,
            init: InitRule::Constant(value),
        }
    }

    /// A bias of `n` values.
    pub fn bias(name: &str, n: usize) -> ParamPlan {
        ParamPlan::constant(name, vec![n], 0.0)
    }

    /// The same parameter as part of the submodule `prefix`.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> ParamPlan {
        self.name = format!("{prefix}.{}", self.name);
        self
    }
}

/// The blueprints of layers that fit, and the index of the first that does not, with the reason.
pub(in crate::model) fn blueprints(
    layers: &[Layer],
    input: Shape,
) -> (Vec<Blueprint>, Option<(usize, String)>) {
    let mut shape = input;
    let mut found: Vec<Blueprint> = Vec::with_capacity(layers.len());
    for (idx, layer) in layers.iter().enumerate() {
        match layer.kind().blueprint(shape) {
            Ok(mut blueprint) => {
                shape = blueprint.output;
                if let Some(channels) = dense::image_channels(&layers[..=idx]) {
                    blueprint.params[0].layout = WeightLayout::ChannelsLastRows { channels };
                }
                found.push(blueprint);
            }
            // The layers after it cannot be checked without this layer's shape.
            Err(reason) => return (found, Some((idx, reason))),
        }
    }
    (found, None)
}

/// Returns `input` as `[channels, height, width]`.
pub(super) fn image(kind: &dyn LayerKind, input: Shape) -> Result<[usize; 3], String> {
    let what = match input {
        Shape::Image(chw) => return Ok(chw),
        Shape::Sequence(_) => format!("gets {input}, a sequence of tokens"),
        Shape::Vector(_) => format!("gets a list of {input} values: put it before flatten"),
    };
    let label = kind.about().label.to_lowercase();
    Err(format!(
        "{label} needs an image (channels × height × width) but {what}"
    ))
}

/// Refuses 0.
pub(super) fn positive(value: usize, name: &str) -> Result<(), String> {
    if value == 0 {
        return Err(format!("{name} must be at least 1, found 0"));
    }
    Ok(())
}

/// `⌊(size + 2·padding − kernel) / stride⌋ + 1` for height and width.
pub(super) fn window_output(
    [h, w]: [usize; 2],
    kernel: usize,
    stride: usize,
    padding: usize,
) -> Result<[usize; 2], String> {
    positive(kernel, "kernel")?;
    positive(stride, "stride")?;
    if padding >= kernel {
        return Err(format!(
            "padding must be smaller than the kernel, found padding {padding} with kernel {kernel}"
        ));
    }
    let side = |size: usize| {
        let padded = padding.checked_mul(2)?.checked_add(size)?;
        padded.checked_sub(kernel).map(|free| free / stride + 1)
    };
    match (side(h), side(w)) {
        (Some(oh), Some(ow)) => Ok([oh, ow]),
        _ => Err(format!(
            "a {kernel}×{kernel} window does not fit into {h}×{w} pixels with padding {padding}"
        )),
    }
}

/// The product, or an error if no layer can be that large.
pub(super) fn product(factors: &[usize]) -> Result<u64, String> {
    factors
        .iter()
        .try_fold(1u64, |n, &f| n.checked_mul(f as u64))
        .filter(|&n| n < MAX_VALUES)
        .ok_or_else(|| "the layer is too large: make it smaller".to_owned())
}
