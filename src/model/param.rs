//! Parameters: the named tensors of a network.

use candle_core::{DType, Result, Tensor, Var};

/// What kind of parameter a [`Param`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Learned: updated by the optimizer.
    Weight,
    /// Measured by the forward passes of training, such as batch norm's running mean.
    Statistic,
    /// A count of the forward passes of training. f32 in memory, which is exact up to 16,777,216;
    /// I64 in a file, as in PyTorch.
    Count,
}

/// The layout of a [`Param`] in memory, relative to PyTorch's layout, which files have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightLayout {
    /// PyTorch's.
    Torch,
    /// A matrix `[in, out]` instead of PyTorch's `[out, in]`: the kernels read it row by row.
    Transposed,
    /// Transposed, for a dense layer behind an image of so many channels: its rows are in the order
    /// `[pixel, channel]`, as a convolution writes the image, not `[channel, pixel]`.
    ChannelsLastRows {
        /// Channels of the image.
        channels: usize,
    },
}

impl WeightLayout {
    /// Reorders `[in, out]` from PyTorch's order of rows to the order in memory.
    pub(crate) fn order_rows(self, rows: &Tensor) -> Result<Tensor> {
        let WeightLayout::ChannelsLastRows { channels } = self else {
            return Ok(rows.clone());
        };
        let (inputs, outputs) = rows.dims2()?;
        let by_channel = rows.reshape((channels, inputs / channels, outputs))?;
        let by_pixel = by_channel.transpose(0, 1)?.contiguous()?;
        by_pixel.reshape((inputs, outputs))
    }

    /// Converts from PyTorch's layout to f32 in this layout.
    pub(super) fn hold(self, tensor: &Tensor) -> Result<Tensor> {
        let tensor = tensor.to_dtype(DType::F32)?;
        match self {
            WeightLayout::Torch => Ok(tensor),
            held => held.order_rows(&tensor.t()?.contiguous()?),
        }
    }

    /// Converts from this layout to PyTorch's.
    pub fn to_pytorch(self, held: &Tensor) -> Result<Tensor> {
        match self {
            WeightLayout::Torch => held.copy(),
            WeightLayout::Transposed => held.t()?.contiguous(),
            WeightLayout::ChannelsLastRows { channels } => {
                let pixels = held.dim(0)? / channels;
                let rows = WeightLayout::ChannelsLastRows { channels: pixels }.order_rows(held)?;
                rows.t()?.contiguous()
            }
        }
    }
}

/// Name, shape and kind of a [`Param`], known from the layers alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamShape {
    /// See [`Param::name`].
    pub name: String,
    /// Shape in memory.
    pub dims: Vec<usize>,
    /// See [`Param::layout`].
    pub layout: WeightLayout,
    /// See [`Param::kind`].
    pub kind: ParamKind,
}

impl ParamShape {
    /// Shape in PyTorch's layout.
    pub fn pytorch_dims(&self) -> Vec<usize> {
        pytorch_dims(&self.dims, self.layout)
    }
}

fn pytorch_dims(dims: &[usize], layout: WeightLayout) -> Vec<usize> {
    let mut dims = dims.to_vec();
    if layout != WeightLayout::Torch {
        dims.reverse();
    }
    dims
}

/// One tensor of a network: a weight, a bias, or a buffer.
#[derive(Clone, Debug)]
pub struct Param {
    /// PyTorch's name for it in an `nn.Sequential` of the same layers, such as `0.weight`.
    pub name: String,
    /// The values, in the layout below.
    pub var: Var,
    /// Their layout in memory.
    pub layout: WeightLayout,
    /// What kind of parameter it is.
    pub kind: ParamKind,
    /// Whether it keeps its values while training: neither differentiated nor updated, nor measured
    /// anew.
    pub is_frozen: bool,
    /// Factor of the learning rate.
    pub lr_scale: f64,
}

impl Param {
    /// A parameter that is trained at the learning rate.
    pub(super) fn new(name: String, var: Var, layout: WeightLayout, kind: ParamKind) -> Param {
        Param {
            name,
            var,
            layout,
            kind,
            is_frozen: false,
            lr_scale: 1.0,
        }
    }

    /// Whether it is learned, unless it is frozen.
    pub fn is_trainable(&self) -> bool {
        self.kind == ParamKind::Weight
    }

    /// Returns a deep copy of the values in PyTorch's layout and type.
    pub fn to_pytorch(&self) -> Result<Tensor> {
        let tensor = self.var.as_detached_tensor();
        match self.kind {
            ParamKind::Count => tensor.to_dtype(DType::I64),
            _ => self.layout.to_pytorch(&tensor),
        }
    }

    /// The weights of output `unit` of a dense layer or a convolution, in PyTorch's order.
    pub(crate) fn of_unit(&self, unit: usize) -> Result<Vec<f32>> {
        let values = self.var.as_detached_tensor();
        let own = match self.layout {
            WeightLayout::Torch => values.narrow(0, unit, 1)?,
            _ => values.narrow(1, unit, 1)?.contiguous()?,
        };
        self.layout.to_pytorch(&own)?.flatten_all()?.to_vec1()
    }

    /// Sets the values to `tensor`, given in PyTorch's layout.
    pub fn set_from_pytorch(&self, tensor: &Tensor) -> Result<()> {
        self.var.set(&self.layout.hold(tensor)?)
    }

    /// Shape in PyTorch's layout.
    pub fn pytorch_dims(&self) -> Vec<usize> {
        pytorch_dims(self.var.dims(), self.layout)
    }

    /// A deep copy that shares no storage.
    pub(super) fn deep_copy(&self) -> Result<Param> {
        Ok(Param {
            var: Var::from_tensor(&self.var.as_detached_tensor().copy()?)?,
            ..self.clone()
        })
    }
}
