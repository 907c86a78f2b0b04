//! The dense layer, with its activation: y = f(x · W + b).
//!
//! Shapes: x `[n, in]`, W `[in, out]` (PyTorch has the transpose), b `[out]` → y `[n, out]`.
//! Forward: the sum over `in` is cut into chunks of fixed length, which the threads share; the
//! partial sums are added in order. Backward, with dz = dy · f′(y):
//! dW = xᵀ · dz, db = Σ dz over samples, dx = dz · Wᵀ. The last is computed transposed, over the
//! samples, so that W is read in memory order.

mod backward;

use super::gemm::{Gemm, Init, Rows, Strided};
use super::reuse::buffer;
use super::support::{LANES, per_chunk, read, slice, tensor, wants_gradient};
use super::tape::Fusable;
use super::update::Update;
use super::{Activation, pool, scratch, simd, tape};
use backward::{Backward, Updating};
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
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
        if !pool::is_worth(self.work()) {
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
        pool::for_parts(parts, |_, (x, y)| {
            self.stretch(0..self.inputs, x, w, Init::Bias(bias), y);
            self.activation.apply(y);
        });
    }

    /// One chunk per part of the sum, each with all samples.
    fn forward_by_depth(&self, x: &[f32], w: &[f32], bias: &[f32], y: &mut [f32]) {
        let depth = self.depth();
        scratch::with(self.inputs.div_ceil(depth) * y.len(), |partial| {
            let parts = partial.chunks_mut(y.len());
            pool::for_parts_worth(self.work(), parts, |chunk, partial| {
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
        pool::for_parts_worth(self.work(), y.chunks_mut(PIECE), |piece, y| {
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

    /// Calls `task` with the inputs of the backward pass; returns the gradient of the bias.
    fn with_dz(
        &self,
        x: &Tensor,
        y: &Tensor,
        dy: &Tensor,
        task: impl FnOnce(Backward<'_>) -> Result<()>,
    ) -> Result<Vec<f32>> {
        let mut db = vec![0.0; self.outputs];
        read(y, |y| {
            read(dy, |dy| {
                scratch::with(y.len(), |dz| {
                    self.activation.backward(y, dy, dz);
                    for dz in dz.chunks_exact(self.outputs) {
                        db.iter_mut().zip(dz).for_each(|(db, dz)| *db += dz);
                    }
                    read(x, |x| Backward::with(self, x, dz, task))
                })
            })
        })?;
        Ok(db)
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

/// A buffer for the gradient of `of`, if it is needed.
fn gradient(of: &Tensor) -> Vec<f32> {
    match wants_gradient(of) {
        true => buffer(of.elem_count()),
        false => Vec::new(),
    }
}

/// The gradient of `of` as a tensor, if it is needed.
fn wrap(data: Vec<f32>, of: &Tensor) -> Result<Option<Tensor>> {
    match wants_gradient(of) {
        true => tensor(data, of.shape()).map(Some),
        false => Ok(None),
    }
}

impl CustomOp3 for Dense {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, w) = (slice(x, x_layout)?, slice(w, w_layout)?);
        let bias = slice(bias, bias_layout)?;
        let mut y = buffer(self.n * self.outputs);
        if self.n > SAMPLES {
            self.forward_by_samples(x, w, bias, &mut y);
        } else {
            self.forward_by_depth(x, w, bias, &mut y);
        }
        Ok((CpuStorage::F32(y), Shape::from((self.n, self.outputs))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        bias: &Tensor,
        y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (mut dx, mut dw) = (gradient(x), gradient(w));
        let db = self.with_dz(x, y, dy, |backward| {
            read(w, |w| {
                backward.plain(w, &mut dw, &mut dx);
                Ok(())
            })
        })?;
        Ok((wrap(dx, x)?, wrap(dw, w)?, wrap(db, bias)?))
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
        let mut dx = gradient(x);
        let db = self.with_dz(x, y, dy, |backward| {
            w.inplace_op1(&Updating {
                backward,
                update: RefCell::new(update),
                dx: RefCell::new(&mut dx),
            })
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
    let (x, weight, bias) = (x.contiguous()?, weight.contiguous()?, bias.contiguous()?);
    tape::apply3_fusable([&x, &weight, &bias], op)
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
