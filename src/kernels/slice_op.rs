//! Ops on slices: what makes one a node of candle's graph, once for all of them.

use super::support::{read, slice, tensor, wants_gradient};
use candle_core::{CpuStorage, CustomOp1, CustomOp3, Layout, Result, Shape, Tensor, bail};
use std::sync::OnceLock;

/// An op with N arguments, as plain functions on their elements.
pub(super) trait SliceOp<const N: usize>: Send + Sync + 'static {
    /// The op's name in error messages.
    const NAME: &'static str;

    /// What the forward pass saves for the backward pass.
    type Saved: Send + Sync + 'static;

    /// The shape of the result, from that of the first argument.
    fn shape(&self, first: &Shape) -> Shape {
        first.clone()
    }

    /// Computes the result.
    fn forward(&self, arguments: [&[f32]; N]) -> (Vec<f32>, Self::Saved);

    /// Computes the gradients of the arguments; those that are not needed may be empty.
    fn backward(&self, context: Context<'_, N, Self::Saved>) -> [Vec<f32>; N];
}

/// What the backward pass of a call gets.
pub(super) struct Context<'a, const N: usize, S> {
    pub arguments: [&'a [f32]; N],
    pub result: &'a [f32],
    /// The gradient of the result.
    pub gradient: &'a [f32],
    pub saved: &'a S,
    /// Whether the gradient of each argument is needed.
    pub needs_gradient: [bool; N],
}

/// One call of an op.
pub(super) struct Node<O: SliceOp<N>, const N: usize> {
    op: O,
    saved: OnceLock<O::Saved>,
}

impl<O: SliceOp<N>, const N: usize> Node<O, N> {
    pub fn new(op: O) -> Self {
        let saved = OnceLock::new();
        Self { op, saved }
    }

    fn forward(&self, arguments: [&[f32]; N], first: &Layout) -> (CpuStorage, Shape) {
        let (result, saved) = self.op.forward(arguments);
        // Every call makes a new node, so the slot is empty.
        let _ = self.saved.set(saved);
        (CpuStorage::F32(result), self.op.shape(first.shape()))
    }

    fn backward(
        &self,
        tensors: [&Tensor; N],
        arguments: [&[f32]; N],
        result: &Tensor,
        gradient: &Tensor,
    ) -> Result<[Vec<f32>; N]> {
        let Some(saved) = self.saved.get() else {
            bail!("{}: backward before forward", O::NAME);
        };
        let needs_gradient = tensors.map(wants_gradient);
        read(result, |result| {
            read(gradient, |gradient| {
                Ok(self.op.backward(Context {
                    arguments,
                    result,
                    gradient,
                    saved,
                    needs_gradient,
                }))
            })
        })
    }
}

/// The gradient of `of` as a tensor, if it is needed.
pub(super) fn wrap(data: Vec<f32>, of: &Tensor) -> Result<Option<Tensor>> {
    match wants_gradient(of) {
        true => tensor(data, of.shape()).map(Some),
        false => Ok(None),
    }
}

impl<O: SliceOp<1>> CustomOp1 for Node<O, 1> {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(self.forward([slice(x, layout)?], layout))
    }

    fn bwd(&self, x: &Tensor, result: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let [dx] = read(x, |data| self.backward([x], [data], result, gradient))?;
        wrap(dx, x)
    }
}

impl<O: SliceOp<3>> CustomOp3 for Node<O, 3> {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
        c: &CpuStorage,
        c_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (a, b) = (slice(a, a_layout)?, slice(b, b_layout)?);
        Ok(self.forward([a, b, slice(c, c_layout)?], a_layout))
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        c: &Tensor,
        result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let tensors = [a, b, c];
        let [da, db, dc] = read3(tensors, |data| {
            self.backward(tensors, data, result, gradient)
        })?;
        Ok((wrap(da, a)?, wrap(db, b)?, wrap(dc, c)?))
    }
}

/// Calls `task` with the elements of three tensors.
pub(super) fn read3<R>(
    [a, b, c]: [&Tensor; 3],
    task: impl FnOnce([&[f32]; 3]) -> Result<R>,
) -> Result<R> {
    read(a, |a| read(b, |b| read(c, |c| task([a, b, c]))))
}
