//! What a network learns, and what it keeps count of: named tensors.

use candle_core::{DType, Result, Tensor, Var};

/// What the numbers of a [`Param`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Learned: the optimiser moves it.
    Weight,
    /// Measured by the forward passes of training, such as batch norm's running mean.
    Statistic,
    /// One whole number, counted by the forward passes of training. Held as f32, which is exact
    /// up to 16,777,216; a file holds an I64, as PyTorch's do.
    Count,
}

/// One tensor of a network: a weight, a bias, or a buffer that is not learned.
#[derive(Clone, Debug)]
pub struct Param {
    /// PyTorch's name for it in an `nn.Sequential` of the same layers, such as `0.weight`.
    pub name: String,
    /// The values. A dense weight is held as `[in, out]`, see [`Param::is_transposed`].
    pub var: Var,
    /// Whether the values lie transposed to PyTorch's layout: a dense weight is read row by row
    /// as `[in, out]`, while files hold PyTorch's `[out, in]`.
    pub is_transposed: bool,
    /// What the numbers are.
    pub kind: ParamKind,
}

impl Param {
    /// Whether the optimiser moves it.
    pub fn is_trainable(&self) -> bool {
        self.kind == ParamKind::Weight
    }

    /// A deep copy of the values in PyTorch's layout and type.
    pub fn to_pytorch(&self) -> Result<Tensor> {
        let tensor = self.var.as_detached_tensor();
        if self.kind == ParamKind::Count {
            tensor.to_dtype(DType::I64)
        } else if self.is_transposed {
            tensor.t()?.contiguous()
        } else {
            tensor.copy()
        }
    }

    /// Replaces the values by `tensor`, given in PyTorch's layout.
    pub fn set_from_pytorch(&self, tensor: &Tensor) -> Result<()> {
        let tensor = tensor.to_dtype(DType::F32)?;
        if self.is_transposed {
            self.var.set(&tensor.t()?.contiguous()?)
        } else {
            self.var.set(&tensor)
        }
    }

    /// Shape in PyTorch's layout.
    pub fn pytorch_dims(&self) -> Vec<usize> {
        let mut dims = self.var.dims().to_vec();
        if self.is_transposed {
            dims.reverse();
        }
        dims
    }

    /// A deep copy that shares no storage.
    pub(super) fn deep_copy(&self) -> Result<Param> {
        Ok(Param {
            name: self.name.clone(),
            var: Var::from_tensor(&self.var.as_detached_tensor().copy()?)?,
            is_transposed: self.is_transposed,
            kind: self.kind,
        })
    }
}
