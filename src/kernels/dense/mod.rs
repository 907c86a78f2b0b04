//! The dense layer, with its activation: y = f(x · W + b).
//!
//! Shapes: x `[n, in]`, W `[in, out]` (PyTorch has the transpose), b `[out]` → y `[n, out]`.
//! Forward: the sum over `in` is cut into chunks of fixed length, which the threads share; the
//! partial sums are added in order. Backward, with dz = dy · f′(y):
//! dW = xᵀ · dz, db = Σ dz over samples, dx = dz · Wᵀ. The last is computed transposed, over the
//! samples, so that W is read in memory order.

mod backward;

use super::activation::Activation;
use super::buffers::{buffer, scratch};
use super::gemm::{Gemm, Init, Rows, Strided};
use super::slice_op::{Context, SliceOp, read3, wrap};
use super::support::{LANES, per_chunk, wants_gradient};
use super::tape::Fusable;
use super::update::Update;
use super::{simd, tape, threads};
use backward::{Backward, Updating};
use candle_core::{Result, Shape, Tensor, bail};
use pulp::{Simd, WithSimd};
use std::cell::RefCell;
use std::ops::Range;

/// The sum over `in` is cut into at most this many chunks.
// A constant, not the number of threads: results must not depend on it.
const CHUNKS: usize = 16;
/// Samples per chunk, if there are many.
const SAMPLES: usize = 64;
/// Elements of the result per chunk when partial sums are added.
const PIECE: usize = 512;
/// Rows of W per block.
const BLOCK: usize = 64;

#[derive(Clone, Copy)]
struct Dense {
    activation: Activation,
    n: usize,
    inputs: usize,
    outputs: usize,
}

impl Dense {
    /// Rows of W per chunk: all of them for a single thread, else whole cache lines of x. Rounded
    /// down, so that the remainder is a small extra chunk and not a large part of the last one,
    /// which a thread would wait for.
    fn depth(&self) -> usize {
        if !threads::is_worth(self.work()) {
            return self.inputs;
        }
        let rows = per_chunk(self.inputs, CHUNKS);
        (rows / LANES * LANES).max(LANES)
    }

    /// One chunk per block of samples, each with the whole sum.
    fn forward_by_samples(&self, x: &[f32], w: &[f32], bias: &[f32], y: &mut [f32]) {
        let parts = x
            .chunks(SAMPLES * self.inputs)
            .zip(y.chunks_mut(SAMPLES * self.outputs));
        threads::for_parts(parts, |_, (x, y)| {
            self.stretch(0..self.inputs, x, w, Init::Bias(bias), y);
            self.activation.apply(y);
        });
    }

    /// One chunk per part of the sum, each with all samples.
    fn forward_by_depth(&self, x: &[f32], w: &[f32], bias: &[f32], y: &mut [f32]) {
        let depth = self.depth();
        scratch(self.inputs.div_ceil(depth) * y.len(), |partial| {
            let parts = partial.chunks_mut(y.len());
            threads::for_parts_worth(self.work(), parts, |chunk, partial| {
                let init = match chunk {
                    0 => Init::Bias(bias),
                    _ => Init::Zero,
                };
                let end = self.inputs.min((chunk + 1) * depth);
                self.stretch(chunk * depth..end, x, w, init, partial);
            });
            self.finish(partial, y);
        });
    }

    /// Adds the partial sums in order, and applies the activation.
    fn finish(&self, partial: &[f32], y: &mut [f32]) {
        let len = y.len();
        threads::for_parts_worth(self.work(), y.chunks_mut(PIECE), |piece, y| {
            let columns = piece * PIECE..piece * PIECE + y.len();
            let rows = partial.chunks_exact(len).map(|row| &row[columns.clone()]);
            simd::run(AddRows { rows, total: y });
            self.activation.apply(y);
        });
    }

    /// Multiply-adds of one product.
    fn work(&self) -> usize {
        self.n * self.inputs * self.outputs
    }

    /// Sums over some inputs, one block at a time: its weights stay in the first-level cache for
    /// all samples, and those of the next block are prefetched meanwhile.
    fn stretch(
        &self,
        inputs: Range<usize>,
        x: &[f32],
        w: &[f32],
        mut init: Init<'_>,
        out: &mut [f32],
    ) {
        let weights = |from: usize| {
            let to = inputs.end.min(from + BLOCK);
            &w[from.min(to) * self.outputs..to * self.outputs]
        };
        for start in inputs.clone().step_by(BLOCK) {
            let b = weights(start);
            simd::run(Gemm {
                a: x,
                rows: Rows::Strided {
                    n: out.len() / self.outputs,
                    start,
                    stride: self.inputs,
                },
                steps: Strided {
                    len: b.len() / self.outputs,
                    stride: 1,
                },
                b,
                ldb: self.outputs,
                cols: self.outputs,
                out,
                ldc: self.outputs,
                init,
                relu: false,
                prefetch: [weights(start + BLOCK), &[]],
            });
            init = Init::Output;
        }
    }

    /// Calls `task` with the inputs of the backward pass; returns the gradient of the bias and its
    /// result.
    fn with_dz<R>(
        &self,
        [x, y, dy]: [&[f32]; 3],
        task: impl FnOnce(Backward<'_>) -> R,
    ) -> (Vec<f32>, R) {
        let mut db = vec![0.0; self.outputs];
        let result = scratch(y.len(), |dz| {
            self.activation.backward(y, dy, dz);
            for dz in dz.chunks_exact(self.outputs) {
                db.iter_mut().zip(dz).for_each(|(db, dz)| *db += dz);
            }
            Backward::with(self, x, dz, task)
        });
        (db, result)
    }
}

/// `total` = the sum of `rows`, in order.
struct AddRows<'a, R> {
    rows: R,
    total: &'a mut [f32],
}

impl<'r, R: Iterator<Item = &'r [f32]>> WithSimd for AddRows<'_, R> {
    type Output = ();

    // Vectorized by the compiler.
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        if let Some(first) = self.rows.next() {
            self.total.copy_from_slice(first);
        }
        for row in self.rows {
            let pairs = self.total.iter_mut().zip(row);
            pairs.for_each(|(total, value)| *total += value);
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
        if self.n > SAMPLES {
            self.forward_by_samples(x, w, bias, &mut y);
        } else {
            self.forward_by_depth(x, w, bias, &mut y);
        }
        (y, ())
    }

    fn backward(&self, context: Context<'_, 3, ()>) -> [Vec<f32>; 3] {
        let ([x, w, _], [of_x, of_w, _]) = (context.arguments, context.needs_gradient);
        let gradient = |of: &[f32], needed: bool| buffer(if needed { of.len() } else { 0 });
        let (mut dx, mut dw) = (gradient(x, of_x), gradient(w, of_w));
        let dz = [x, context.result, context.gradient];
        let (db, ()) = self.with_dz(dz, |backward| backward.plain(w, &mut dw, &mut dx));
        [dx, dw, db]
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
            let (db, done) = self.with_dz(slices, |backward| {
                w.inplace_op1(&Updating {
                    backward,
                    update: RefCell::new(update),
                    dx: RefCell::new(&mut dx),
                })
            });
            done.map(|()| db)
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
