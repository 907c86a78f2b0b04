//! The operations of the forward pass, fused from neighboring layers where possible.

use std::fmt;
use std::sync::Arc;

use candle_core::{Result, Tensor};

use super::blueprint::{Blueprint, blueprints};
use super::conv::{Conv, Conv2d};
use super::memory_format::{self, ImageOp, ImageResult};
use super::pool::square;
use super::shortcut::Shortcut;
use crate::kernels::{self, Activation, MemoryFormat, Window};
use crate::model::network::Mode;
use crate::model::param::Param;
use crate::model::shape::Shape;
use crate::model::spec::Layer;

type Forward = dyn Fn(&Tensor, &Pass<'_>) -> Result<Tensor> + Send + Sync;

/// Takes the output of a layer, and returns what the layers after it read.
pub(in crate::model) type Tap<'a> = dyn Fn(&Tensor) -> Result<Tensor> + 'a;

/// Takes a tensor that a layer computes on the way to its output.
pub(in crate::model) type Inner<'a> = dyn Fn(&Tensor) -> Result<()> + 'a;

/// Which layers' outputs go through [`Pass::tapped`]; they must not be fused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Taps<'a> {
    /// None.
    None,
    /// That of the layer at this path: its index, preceded by that of the block around it.
    At(&'a [usize]),
    /// All, each after those inside it.
    Every,
}

impl<'a> Taps<'a> {
    /// The taps of the layer at index `idx`, and inside it.
    fn of(self, idx: usize) -> Taps<'a> {
        match self {
            Taps::At(path) => path.strip_prefix(&[idx]).map_or(Taps::None, Taps::At),
            all => all,
        }
    }
}

/// One operation of the forward pass.
#[derive(Clone)]
pub(in crate::model) enum Op {
    /// A convolution, which can be fused with the operation after it.
    Conv(Conv),
    /// One on images of either memory format.
    Image(ImageOp),
    /// Operations with a shortcut around them.
    Shortcut(Shortcut),
    /// Any other.
    Other(Arc<Forward>),
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Conv(conv) => conv.fmt(f),
            Op::Shortcut(shortcut) => shortcut.fmt(f),
            Op::Image(_) | Op::Other(_) => f.write_str("Op"),
        }
    }
}

impl Op {
    /// Runs the operation on a batch.
    pub fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        match self {
            Op::Conv(op) => op.forward(x, pass),
            Op::Image(op) => op.forward(x, pass),
            Op::Shortcut(op) => op.forward(x, pass),
            Op::Other(op) => op(x, pass),
        }
    }
}

/// The context of one forward pass.
pub(in crate::model) struct Pass<'a> {
    /// The parameters of the network.
    pub params: &'a [Param],
    /// Whether it is part of training.
    pub mode: Mode,
    /// What the output of the tapped layer goes through, if the plan has one.
    pub tap: Option<&'a Tap<'a>>,
    /// What takes the tensors inside the layers, if anything does.
    pub inner: Option<&'a Inner<'a>>,
}

impl<'a> Pass<'a> {
    /// A pass without a tap.
    pub fn new(params: &'a [Param], mode: Mode) -> Pass<'a> {
        Pass {
            params,
            mode,
            tap: None,
            inner: None,
        }
    }

    /// Shows a tensor that a layer computes on the way to its output: the contributions of the
    /// rows to the gates of a recurrent layer, the queries, keys and values of a transformer block.
    pub fn show(&self, x: &Tensor) -> Result<()> {
        self.inner.map_or(Ok(()), |inner| inner(x))
    }

    /// Whether something reads what is computed on the way to the result.
    fn is_watched(&self) -> bool {
        self.tap.is_some() || self.inner.is_some()
    }

    /// Whether a layer with the input `x` may compute its output without what shows how it came
    /// about: neither tensors on the way nor gradients.
    pub fn only_output_counts(&self, x: &Tensor) -> bool {
        self.mode == Mode::Eval && !self.is_watched() && !x.is_variable() && !x.track_op()
    }

    /// y + x, for a `y` that nobody else reads.
    pub fn sum(&self, y: Tensor, x: &Tensor) -> Result<Tensor> {
        match self.mode {
            Mode::Train { .. } => kernels::add(&y, x),
            Mode::Eval if self.is_watched() => y + x,
            Mode::Eval => kernels::add_to(y, x),
        }
    }

    /// [`Pass::sum`], with ReLU.
    pub fn sum_relu(&self, y: Tensor, x: &Tensor) -> Result<Tensor> {
        match self.mode {
            Mode::Eval if !self.is_watched() => kernels::add_relu_to(y, x),
            _ => kernels::add_relu(&y, x),
        }
    }

    /// Gives back the memory of a tensor on the way to a layer's output that nobody reads again,
    /// unless one of `others` is in the same memory.
    pub fn done_with(&self, x: &Tensor, others: &[&Tensor]) {
        if self.mode == Mode::Eval && !self.is_watched() {
            kernels::reclaim_unless_shared(x, others);
        }
    }

    /// Returns what the layers after the tapped one read instead of `x`.
    pub fn tapped(&self, x: &Tensor) -> Result<Tensor> {
        self.tap.map_or_else(|| Ok(x.clone()), |tap| tap(x))
    }

    /// Returns the values of a parameter, tracked for the backward pass while training unless it is
    /// frozen.
    pub fn tensor(&self, idx: usize) -> Tensor {
        let param = &self.params[idx];
        match self.mode {
            Mode::Train { .. } if !param.is_frozen => param.var.as_tensor().clone(),
            Mode::Train { .. } | Mode::Eval => param.var.as_detached_tensor(),
        }
    }

    /// The same for `N` parameters from index `first` on.
    pub fn tensors<const N: usize>(&self, first: usize) -> [Tensor; N] {
        std::array::from_fn(|i| self.tensor(first + i))
    }
}

/// Walks a list of layers; a layer adds its operation, and may fuse those after it into it.
pub(in crate::model) struct Planner<'a> {
    layers: &'a [Layer],
    /// Index of the next layer.
    next: usize,
    ops: Vec<Op>,
    pub is_fused: bool,
    /// Input of the layer being planned.
    pub input: Shape,
    /// Index of its first parameter; the others follow.
    pub first_param: usize,
    /// Its random stream, different for each in the network.
    pub stream: u64,
    /// Whether it is tapped, and what is inside it.
    pub tap: Taps<'a>,
}

impl Planner<'_> {
    /// Whether the layer being planned is the one tapped and has to call [`Pass::tapped`] itself,
    /// because it taps another tensor than its output.
    pub fn take_tap(&mut self) -> bool {
        let is_tapped = self.tap == Taps::At(&[]);
        if is_tapped {
            self.tap = Taps::None;
        }
        is_tapped
    }

    /// Adds the operation of a layer.
    pub fn add(
        &mut self,
        forward: impl Fn(&Tensor, &Pass<'_>) -> Result<Tensor> + Send + Sync + 'static,
    ) {
        self.ops.push(Op::Other(Arc::new(forward)));
    }

    /// Adds a convolution.
    pub fn add_conv(&mut self, conv: Conv) {
        self.ops.push(Op::Conv(conv));
    }

    /// Adds operations with a shortcut around them.
    pub fn add_shortcut(&mut self, shortcut: Shortcut) {
        self.ops.push(Op::Shortcut(shortcut));
    }

    /// Adds an operation that works on images of either memory format, and on anything else as if it
    /// were channels-first. Its result is of the same format, or no image.
    pub fn add_image(
        &mut self,
        result: ImageResult,
        forward: impl Fn(&Tensor, MemoryFormat, &Pass<'_>) -> Result<Tensor> + Send + Sync + 'static,
    ) {
        match self.input {
            Shape::Image([channels, ..]) => {
                let op = ImageOp::new(channels, result, forward);
                self.ops.push(Op::Image(op));
            }
            _ => self.add(move |x, pass| forward(x, MemoryFormat::ChannelsFirst, pass)),
        }
    }

    /// The layers up to the one being planned.
    pub fn so_far(&self) -> &[Layer] {
        &self.layers[..self.next]
    }

    /// The convolution whose output the layer reads, if the two can be fused.
    pub fn fused_conv(&mut self) -> Option<&mut Conv> {
        match self.ops.last_mut() {
            Some(Op::Conv(conv)) if self.is_fused => Some(conv),
            _ => None,
        }
    }

    /// Fuses the activation that follows, if there is one and it can be fused.
    pub fn fused_activation(&mut self) -> Activation {
        let next = self.layers.get(self.next);
        match next.and_then(Layer::fusable) {
            Some(activation) if self.is_fused => {
                self.next += 1;
                activation
            }
            _ => Activation::Identity,
        }
    }

    /// Fuses the ReLU that follows, and returns whether there is one.
    pub fn fused_relu(&mut self) -> bool {
        let is_next = matches!(self.layers.get(self.next), Some(Layer::Relu));
        let is_fused = self.is_fused && is_next;
        self.next += usize::from(is_fused);
        is_fused
    }

    /// Fuses the max pool that follows into a convolution.
    pub fn fused_max_pool(&mut self) -> Option<Window> {
        match self.layers.get(self.next) {
            Some(Layer::MaxPool2d(pool)) if self.is_fused => {
                self.next += 1;
                Some(square(pool.kernel, pool.stride, 0))
            }
            _ => None,
        }
    }

    /// Whether flattening can be left to a dense layer, which reads any shape: then the backward
    /// pass has only our own ops. The layers between must work on any shape.
    pub fn next_reads_flat(&self) -> bool {
        let mut rest = self.layers[self.next..].iter();
        let reader = rest.find(|layer| {
            !matches!(layer, Layer::Flatten | Layer::Dropout(_)) && !layer.is_activation()
        });
        self.is_fused && matches!(reader, Some(Layer::Dense(_)))
    }
}

/// Plans the operations of `layers`, which fit `input` and whose parameters start at index
/// `first_param` of the network. With `is_fused`, an activation is fused into the convolution or
/// dense layer before it, batch norm into the convolution before it, ReLU into batch norm and into a
/// residual block, a max pool into the convolution before it and what that includes, and flattening
/// into the dense layer after it. `stream` separates the layers' random numbers.
pub(in crate::model) fn plan(
    layers: &[Layer],
    input: Shape,
    first_param: usize,
    is_fused: bool,
    stream: u64,
    taps: Taps<'_>,
) -> Vec<Op> {
    let mut planner = Planner {
        layers,
        next: 0,
        ops: Vec::new(),
        is_fused,
        input,
        first_param,
        stream,
        tap: Taps::None,
    };
    // Input shape and first parameter of each layer.
    let mut befores = vec![(input, first_param)];
    for blueprint in blueprints(layers, input).0 {
        let (_, first) = befores[befores.len() - 1];
        befores.push((blueprint.output, first + blueprint.params.len()));
    }
    while let (Some(layer), Some(&before)) = (layers.get(planner.next), befores.get(planner.next)) {
        (planner.input, planner.first_param) = before;
        planner.stream = stream + planner.next as u64;
        planner.tap = taps.of(planner.next);
        planner.next += 1;
        layer.kind().plan(&mut planner);
        if matches!(planner.tap, Taps::At([]) | Taps::Every) {
            planner.add(|x, pass| pass.tapped(x));
        }
    }
    let mut ops = planner.ops;
    if is_fused {
        memory_format::choose(&mut ops);
    }
    ops
}

/// Values per sample that training holds for each of `layers`, whose blueprints are `found`: an
/// output, its gradient, and what else the backward pass needs. A layer that is fused with the next
/// one has no output of its own.
pub(in crate::model) fn trained_values(layers: &[Layer], found: &[Blueprint]) -> Vec<u64> {
    let is_conv =
        |layer: Option<&Layer>| matches!(layer, Some(Layer::Conv2d(Conv2d { groups: 1, .. })));
    let is_norm = |layer: Option<&Layer>| matches!(layer, Some(Layer::BatchNorm));
    let is_pool = |layer: Option<&Layer>| matches!(layer, Some(Layer::MaxPool2d(_)));
    let is_relu = |layer: Option<&Layer>| matches!(layer, Some(Layer::Relu));
    let is_joinable = |layer: Option<&Layer>| layer.and_then(Layer::fusable).is_some();
    let values = |(idx, blueprint): (usize, &Blueprint)| {
        let layer = layers.get(idx);
        let back = |n: usize| layers.get(idx.checked_sub(n)?);
        let (before, earlier) = (back(1), back(2));
        let next = layers.get(idx + 1);
        let is_joined = match layer {
            Some(Layer::Flatten) => true,
            Some(Layer::Dense(_)) => is_joinable(next),
            Some(Layer::BatchNorm) => is_relu(next) || is_conv(before) && is_pool(next),
            _ if is_conv(layer) => is_joinable(next) || is_pool(next),
            Some(Layer::Relu) if is_norm(before) && is_conv(earlier) => is_pool(next),
            _ => is_joinable(layer) && is_conv(before) && is_pool(next),
        };
        let n_copies = match is_joined {
            true => 0,
            // What batch norm and all that follows it are computed from.
            false if is_conv(layer) && is_norm(next) => 1,
            // A convolution also keeps its images channels-last, a pool the argmax.
            false if is_conv(layer) || is_conv(before) && !is_norm(layer) || is_pool(layer) => 3,
            false => 2,
        };
        let n_output = blueprint.output.n_values() as u64;
        n_output
            .saturating_mul(n_copies)
            .saturating_add(blueprint.n_saved)
    };
    found.iter().enumerate().map(values).collect()
}
