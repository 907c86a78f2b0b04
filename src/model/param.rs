//! What a network learns, and what it keeps count of: named tensors.

use candle_core::{DType, Result, Tensor, Var};

/// What the numbers of a [`Param`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Learned: the optimizer moves it.
    Weight,
    /// Measured by the forward passes of training, such as batch norm's running mean.
    Statistic,
    /// One whole number, counted by the forward passes of training. Held as f32, which is exact
    /// up to 16,777,216; a file holds an I64, as PyTorch's do.
    Count,
}

/// How the values of a [`Param`] lie, beside PyTorch's layout, which files hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightLayout {
    /// The same.
    Torch,
    /// A matrix `[in, out]`, of PyTorch's `[out, in]`: a dense weight is read row by row.
    Transposed,
    /// The same, of a dense layer that reads an image of so many channels: its rows are in the
    /// order `[pixel, channel]`, as a convolution makes the image, not `[channel, pixel]`.
    ChannelsLastRows {
        /// Channels of the image.
        channels: usize,
    },
}

impl WeightLayout {
    /// Values `[in, out]` with the rows in PyTorch's order → as they are held.
    pub(crate) fn order_rows(self, rows: &Tensor) -> Result<Tensor> {
        let WeightLayout::ChannelsLastRows { channels } = self else {
            return Ok(rows.clone());
        };
        let (inputs, outputs) = rows.dims2()?;
        let by_channel = rows.reshape((channels, inputs / channels, outputs))?;
        let by_pixel = by_channel.transpose(0, 1)?.contiguous()?;
        by_pixel.reshape((inputs, outputs))
    }

    /// What is in PyTorch's layout, as f32 and as it is held so.
    pub(super) fn hold(self, tensor: &Tensor) -> Result<Tensor> {
        let tensor = tensor.to_dtype(DType::F32)?;
        match self {
            WeightLayout::Torch => Ok(tensor),
            held => held.order_rows(&tensor.t()?.contiguous()?),
        }
    }

    /// What is held so, in PyTorch's layout.
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

/// What a [`Param`] will be, known from the layers alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamShape {
    /// See [`Param::name`].
    pub name: String,
    /// Shape as it is held.
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

/// One tensor of a network: a weight, a bias, or a buffer that is not learned.
#[derive(Clone, Debug)]
pub struct Param {
    /// PyTorch's name for it in an `nn.Sequential` of the same layers, such as `0.weight`.
    pub name: String,
    /// The values, in a layout of our own.
    pub var: Var,
    /// Which layout.
    pub layout: WeightLayout,
    /// What the numbers are.
    pub kind: ParamKind,
}

impl Param {
    /// Whether the optimizer moves it.
    pub fn is_trainable(&self) -> bool {
        self.kind == ParamKind::Weight
    }

    /// A deep copy of the values in PyTorch's layout and type.
    pub fn to_pytorch(&self) -> Result<Tensor> {
        let tensor = self.var.as_detached_tensor();
        match self.kind {
            ParamKind::Count => tensor.to_dtype(DType::I64),
            _ => self.layout.to_pytorch(&tensor),
        }
    }

    /// Replaces the values by `tensor`, given in PyTorch's layout.
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
            name: self.name.clone(),
            var: Var::from_tensor(&self.var.as_detached_tensor().copy()?)?,
            layout: self.layout,
            kind: self.kind,
        })
    }
}
