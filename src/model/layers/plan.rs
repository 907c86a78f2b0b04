//! The operations of the forward pass, fused from neighboring layers where possible.

use candle_core::{Result, Tensor};

use super::super::TokenChoice;
use super::super::{Layer, Mode, Param, Shape};
use super::{
    Blueprint, activation, blueprints, conv, dense, dropout, norm, patches, pool, recurrent,
    residual, transformer,
};
use crate::kernels::Activation;

/// One operation of the forward pass.
#[derive(Clone, Debug)]
pub(in crate::model) enum Op {
    Conv(conv::Conv),
    Pool(pool::Pool),
    Flatten,
    Dense(dense::Dense),
    BatchNorm(norm::BatchNorm),
    LayerNorm(norm::LayerNorm),
    Activate(activation::Activate),
    Dropout(dropout::Dropout),
    Residual(residual::Residual),
    Recurrent(recurrent::Recurrent),
    Patches(patches::PatchEmbedding),
    Transformer(transformer::Transformer),
    TokenPool(TokenChoice),
}

impl Op {
    /// Runs the operation on a batch.
    pub fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        match self {
            Op::Conv(op) => op.forward(x, pass),
            Op::Pool(op) => op.forward(x),
            Op::Flatten => x.flatten_from(1),
            Op::Dense(op) => op.forward(x, pass),
            Op::BatchNorm(op) => op.forward(x, pass),
            Op::LayerNorm(op) => op.forward(x, pass),
            Op::Activate(op) => op.forward(x),
            Op::Dropout(op) => op.forward(x, pass),
            Op::Residual(op) => op.forward(x, pass),
            Op::Recurrent(op) => op.forward(x, pass),
            Op::Patches(op) => op.forward(x, pass),
            Op::Transformer(op) => op.forward(x, pass),
            Op::TokenPool(take) => patches::pool(x, *take),
        }
    }
}

/// The context of one forward pass.
pub(in crate::model) struct Pass<'a> {
    /// The parameters of the network.
    pub params: &'a [Param],
    /// Whether it is part of training.
    pub mode: Mode,
}

impl Pass<'_> {
    /// Returns the values of a parameter, tracked for the backward pass while training.
    pub fn tensor(&self, idx: usize) -> Tensor {
        match self.mode {
            Mode::Train { .. } => self.params[idx].var.as_tensor().clone(),
            Mode::Eval => self.params[idx].var.as_detached_tensor(),
        }
    }
}

/// Walks a list of layers; a layer may fuse those after it into its own operation.
pub(in crate::model) struct Planner<'a> {
    layers: &'a [Layer],
    /// Index of the next layer.
    next: usize,
    is_fused: bool,
}

impl Planner<'_> {
    /// Fuses the activation that follows, if there is one and it can be fused.
    pub fn fused_activation(&mut self) -> Activation {
        let next = self.layers.get(self.next);
        match next.and_then(activation::fusable) {
            Some(activation) if self.is_fused => {
                self.next += 1;
                activation
            }
            _ => Activation::Identity,
        }
    }

    /// Fuses the max pool that follows into a convolution: `(kernel, stride)`.
    pub fn fused_max_pool(&mut self) -> Option<(usize, usize)> {
        match self.layers.get(self.next) {
            Some(&Layer::MaxPool2d { kernel, stride }) if self.is_fused => {
                self.next += 1;
                Some((kernel, stride))
            }
            _ => None,
        }
    }

    /// Whether flattening can be left to a dense layer, which reads any shape: then the backward
    /// pass has only our own ops. The layers between must work on any shape.
    fn next_reads_flat(&self) -> bool {
        let mut rest = self.layers[self.next..].iter();
        let reader = rest.find(|layer| {
            !matches!(layer, Layer::Flatten | Layer::Dropout { .. }) && !activation::is_one(layer)
        });
        self.is_fused && matches!(reader, Some(Layer::Dense { .. }))
    }
}

/// Plans the operations of `layers`, which fit `input` and whose parameters start at index
/// `first_param` of the network. With `is_fused`, an activation is fused into the convolution or
/// dense layer before it, a max pool into the convolution and activation before it, and flattening
/// into the dense layer after it. `stream` separates the layers' random numbers.
pub(in crate::model) fn plan(
    layers: &[Layer],
    input: Shape,
    first_param: usize,
    is_fused: bool,
    stream: u64,
) -> Vec<Op> {
    let mut planner = Planner {
        layers,
        next: 0,
        is_fused,
    };
    // Input shape and first parameter of each layer.
    let mut befores = vec![(input, first_param)];
    for blueprint in blueprints(layers, input).0 {
        let (_, first) = befores[befores.len() - 1];
        befores.push((blueprint.output, first + blueprint.params.len()));
    }
    let mut ops = Vec::new();
    while let (Some(layer), Some(&(input, first))) =
        (layers.get(planner.next), befores.get(planner.next))
    {
        let stream = stream + planner.next as u64;
        planner.next += 1;
        let op = match *layer {
            Layer::Conv2d { .. } => Op::Conv(conv::Conv::new(layer, first, &mut planner)),
            Layer::MaxPool2d { .. } | Layer::AvgPool2d { .. } | Layer::GlobalAvgPool => {
                Op::Pool(pool::Pool::new(layer))
            }
            Layer::Flatten if planner.next_reads_flat() => continue,
            Layer::Flatten => Op::Flatten,
            Layer::Dense { .. } => {
                let channels = dense::image_channels(&layers[..planner.next]);
                let reorders_input = match (channels, ops.last_mut()) {
                    (Some(_), Some(Op::Conv(conv))) if is_fused => {
                        conv.fuse_dense();
                        None
                    }
                    _ => channels,
                };
                Op::Dense(dense::Dense {
                    weight: first,
                    activation: planner.fused_activation(),
                    reorders_input,
                })
            }
            Layer::BatchNorm => Op::BatchNorm(norm::BatchNorm { weight: first }),
            Layer::LayerNorm => Op::LayerNorm(norm::LayerNorm { weight: first }),
            Layer::Relu
            | Layer::LeakyRelu { .. }
            | Layer::Gelu
            | Layer::Silu
            | Layer::Sigmoid
            | Layer::Tanh => Op::Activate(activation::Activate::new(layer)),
            Layer::Dropout { rate } => Op::Dropout(dropout::Dropout { rate, stream }),
            Layer::Residual { ref layers } => Op::Residual(residual::Residual::new(
                layers, input, first, is_fused, stream,
            )),
            Layer::Rnn { .. } | Layer::Lstm { .. } | Layer::Gru { .. } => {
                Op::Recurrent(recurrent::Recurrent::new(layer, first))
            }
            Layer::PatchEmbedding {
                patch, class_token, ..
            } => Op::Patches(patches::PatchEmbedding::new(patch, class_token, first)),
            Layer::TransformerEncoder { depth, heads, .. } => {
                Op::Transformer(transformer::Transformer {
                    first,
                    depth,
                    heads,
                })
            }
            Layer::TokenPool { take } => Op::TokenPool(take),
        };
        ops.push(op);
    }
    if is_fused {
        fuse_convolutions(&mut ops);
    }
    ops
}

/// Values per sample that training holds for each of `layers`, whose blueprints are `found`: an
/// output, its gradient, and what else the backward pass needs. A layer that is fused with the next
/// one has no output of its own.
pub(in crate::model) fn trained_values(layers: &[Layer], found: &[Blueprint]) -> Vec<u64> {
    let is_conv = |layer: Option<&Layer>| matches!(layer, Some(Layer::Conv2d { groups: 1, .. }));
    let is_pool = |layer: Option<&Layer>| matches!(layer, Some(Layer::MaxPool2d { .. }));
    let is_joinable = |layer: Option<&Layer>| layer.and_then(activation::fusable).is_some();
    let values = |(idx, blueprint): (usize, &Blueprint)| {
        let layer = layers.get(idx);
        let before = idx.checked_sub(1).and_then(|idx| layers.get(idx));
        let next = layers.get(idx + 1);
        let is_joined = match layer {
            Some(Layer::Flatten) => true,
            Some(Layer::Dense { .. }) => is_joinable(next),
            _ if is_conv(layer) => is_joinable(next) || is_pool(next),
            _ => is_joinable(layer) && is_conv(before) && is_pool(next),
        };
        let n_copies = match is_joined {
            true => 0,
            // A convolution also keeps its images channels-last, a pool the argmax.
            false if is_conv(layer) || is_conv(before) || is_pool(layer) => 3,
            false => 2,
        };
        let n_output = blueprint.output.n_values() as u64;
        n_output
            .saturating_mul(n_copies)
            .saturating_add(blueprint.n_saved)
    };
    found.iter().enumerate().map(values).collect()
}

/// Marks consecutive convolutions as neighbors.
fn fuse_convolutions(ops: &mut [Op]) {
    for next in 1..ops.len() {
        let (before, after) = ops.split_at_mut(next);
        if let (Some(Op::Conv(conv)), Some(Op::Conv(next))) = (before.last_mut(), after.first_mut())
        {
            conv.join(next);
        }
    }
}
