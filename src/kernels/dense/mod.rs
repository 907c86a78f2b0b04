//! The dense layer, with its activation: y = f(x · W + b).
//!
//! Shapes: x `[n, in]`, W `[in, out]` (PyTorch has the transpose), b `[out]` → y `[n, out]`.
//! Forward: the sum over `in` is cut into chunks of fixed length, which the threads share; the
//! partial sums are added in order. Backward, with dz = dy · f′(y):
//! dW = xᵀ · dz, db = Σ dz over samples, dx = dz · Wᵀ. The last is computed transposed, over the
//! samples, so that W is read in memory order.

mod backward;
mod forward;
mod rows;

use super::activation::Activation;
use super::buffers::{buffer, scratch};
use super::slice_op::{Context, SliceOp, read3, wrap};
use super::support::wants_gradient;
use super::tape::{self, Fusable};
use super::tape::{PerSample, square_sum};
use super::update::Update;
use backward::{Backward, OnWeights};
use candle_core::{Result, Shape, Tensor, bail};
pub(super) use forward::Dense;
use rows::ByRows;

impl Dense {
    /// Calls `task` with the inputs of the backward pass; returns the gradient of the bias.
    fn with_dz(&self, [x, y, dy]: [&[f32]; 3], task: impl FnOnce(Backward<'_>)) -> Vec<f32> {
        let mut db = vec![0.0; self.outputs];
        scratch(y.len(), |dz| {
            self.activation.backward(y, dy, dz);
            for dz in dz.chunks_exact(self.outputs) {
                db.iter_mut().zip(dz).for_each(|(db, dz)| *db += dz);
            }
            Backward::with(self, x, dz, task);
        });
        db
    }
}

impl Dense {
    /// Computes the gradients of W and x, from x, y and dy; pass an empty slice for one that is not
    /// needed. Returns that of the bias.
    pub(super) fn gradients(
        &self,
        slices: [&[f32]; 3],
        w: &[f32],
        dw: &mut [f32],
        dx: &mut [f32],
    ) -> Vec<f32> {
        match self.has_many_rows() {
            true => ByRows::new(self, slices).plain(w, dw, dx),
            false => self.with_dz(slices, |backward| backward.plain(w, dw, dx)),
        }
    }
}

impl SliceOp<3> for Dense {
    const NAME: &'static str = "dense";
    type Saved = ();

    fn shape(&self, _: &Shape) -> Shape {
        Shape::from((self.n, self.outputs))
    }

    fn forward(&self, [x, w, bias]: [&[f32]; 3]) -> (Vec<f32>, ()) {
        let mut y = buffer(self.n * self.outputs);
        self.forward_into(x, w, bias, &mut y);
        (y, ())
    }

    fn backward(&self, context: Context<'_, 3, ()>) -> [Vec<f32>; 3] {
        let ([x, w, _], [of_x, of_w, _]) = (context.arguments, context.needs_gradient);
        let gradient = |of: &[f32], needed: bool| buffer(if needed { of.len() } else { 0 });
        let (mut dx, mut dw) = (gradient(x, of_x), gradient(w, of_w));
        let slices = [x, context.result, context.gradient];
        let db = self.gradients(slices, w, &mut dw, &mut dx);
        [dx, dw, db]
    }
}

impl PerSample for Dense {
    fn of_one(self, n: usize) -> Option<Self> {
        self.n.is_multiple_of(n).then(|| Dense {
            n: self.n / n,
            ..self
        })
    }

    /// With one row per sample, dW = xᵀ · dz is an outer product, and db = dz.
    fn norms_by_formula(&self, x: &[f32], y: &[f32], dy: &[f32], n: usize) -> Option<Vec<f64>> {
        if self.n != n {
            return None;
        }
        Some(scratch(y.len(), |dz| {
            self.activation.backward(y, dy, dz);
            let rows = x
                .chunks_exact(self.inputs)
                .zip(dz.chunks_exact(self.outputs));
            rows.map(|(x, dz)| (square_sum(x) + 1.0) * square_sum(dz))
                .collect()
        }))
    }
}

impl Fusable for Dense {
    fn backward_and_update(
        &self,
        [x, w, bias]: &[Tensor; 3],
        y: &Tensor,
        dy: &Tensor,
        update: Update<'_>,
    ) -> Result<[Option<Tensor>; 3]> {
        let needed = wants_gradient(x);
        let mut dx = buffer(if needed { x.elem_count() } else { 0 });
        let db = read3([x, y, dy], |slices| {
            let mut db = Vec::new();
            w.inplace_op1(&OnWeights::new(|w: &mut [f32]| {
                db = match self.has_many_rows() {
                    true => ByRows::new(self, slices).updating(w, update, &mut dx),
                    false => self.with_dz(slices, |backward| backward.updating(w, update, &mut dx)),
                };
            }))?;
            Ok(db)
        })?;
        Ok([wrap(dx, x)?, None, wrap(db, bias)?])
    }
}

/// y = f(x · W + b).
///
/// * `x`: `[n, in]`; the axes after the first are flattened
/// * `weight`: `[in, out]`, the transpose of PyTorch's
/// * `bias`: `[out]`
///
/// Returns `[n, out]`.
pub fn dense(x: &Tensor, weight: &Tensor, bias: &Tensor, activation: Activation) -> Result<Tensor> {
    let n = x.dim(0)?;
    let inputs = x.elem_count() / n.max(1);
    let (rows, outputs) = weight.dims2()?;
    if rows != inputs || bias.dims() != [outputs] || n == 0 {
        bail!(
            "dense: input {:?} does not fit weight {:?} and bias {:?}",
            x.dims(),
            weight.dims(),
            bias.dims()
        );
    }
    if !x.device().is_cpu() {
        let z = x
            .reshape((n, inputs))?
            .matmul(weight)?
            .broadcast_add(bias)?;
        return super::activate(&z, activation);
    }
    let op = Dense {
        activation,
        n,
        inputs,
        outputs,
    };
    tape::apply3_fusable([x, weight, bias], op)
}

/// The gradients of weight and bias, xᵀ · dz and Σ dz, where x has `inputs` values per row and dz
/// `outputs`.
pub(super) fn weight_gradients(
    x: &[f32],
    inputs: usize,
    dz: &[f32],
    outputs: usize,
) -> (Vec<f32>, Vec<f32>) {
    let op = Dense {
        activation: Activation::Identity,
        n: dz.len() / outputs,
        inputs,
        outputs,
    };
    let mut dw = buffer(inputs * outputs);
    let db = ByRows::new(&op, [x, dz, dz]).plain(&[], &mut dw, &mut []);
    (dw, db)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn values_and_gradients_are_pytorchs() {
        for case in fixture::cases("dense") {
            case.check(&["x", "w", "b"], |t| {
                dense(&t[0], &t[1], &t[2], case.activation())
            });
        }
    }
}
