//! The backward pass of a dense layer, by chunks of rows of W.
//!
//! If an optimizer step can follow at once, it is taken chunk by chunk: the gradient of a few rows
//! of W is used while it is in the first-level cache, and never written to memory.

use super::forward::Dense;
use crate::kernels::buffers::scratch;
use crate::kernels::gemm::{Contiguous, Gemm, Init, NO_PREFETCH, Prefetch, Rows, Transposed};
use crate::kernels::support::{padded, slice_mut};
use crate::kernels::threads;
use crate::kernels::transpose::{transpose, transpose_rows};
use crate::kernels::update::{Step, Update};
use candle_core::{CpuStorage, InplaceOp1, Layout, Result};
use std::cell::RefCell;

/// Rows of W whose gradient is computed at a time.
// Few enough that weights, moments and gradient are still near when the step reads them, after both
// products.
const ROWS: usize = 96;

/// The inputs of the gradients.
pub(super) struct Backward<'a> {
    op: &'a Dense,
    x: &'a [f32],
    /// dz, `[n, out]`
    by_sample: &'a [f32],
    /// dz, `[out, n padded]`
    by_output: &'a [f32],
}

impl Backward<'_> {
    /// Calls `task` with dz in both layouts.
    pub fn with<R>(op: &Dense, x: &[f32], dz: &[f32], task: impl FnOnce(Backward<'_>) -> R) -> R {
        let samples = padded(op.n);
        scratch(op.outputs * samples, |dzt| {
            dzt.fill(0.0);
            transpose(dz, (op.n, op.outputs, op.outputs), dzt, samples);
            task(Backward {
                op,
                x,
                by_sample: dz,
                by_output: dzt,
            })
        })
    }

    /// Computes both gradients; pass an empty slice for one that is not needed.
    pub fn plain(&self, w: &[f32], dw: &mut [f32], dx: &mut [f32]) {
        let depth = self.op.depth();
        let len = depth * self.op.outputs;
        let mut dw = dw.chunks_mut(len);
        let parts = w
            .chunks(len)
            .zip(self.columns(dx))
            .map(|(w, dx)| (w, dw.next(), dx));
        let parts: Vec<_> = parts.collect();
        threads::for_parts_worth(self.op.work(), parts, |chunk, (w, dw, dx)| {
            self.input(w, dx, NO_PREFETCH);
            if let Some(dw) = dw {
                self.weight(chunk * depth, dw, NO_PREFETCH);
            }
        });
    }

    /// Computes the input gradient and takes an optimizer step of W.
    pub fn updating(&self, w: &mut [f32], update: Update<'_>, dx: &mut [f32]) {
        let depth = self.op.depth();
        let len = depth * self.op.outputs;
        let Update {
            step,
            first,
            second,
        } = update;
        let (mut first, mut second) = (first.chunks_mut(len), second.chunks_mut(len));
        let parts = w.chunks_mut(len).zip(self.columns(dx)).map(|(w, dx)| {
            let first = first.next().unwrap_or_default();
            let second = second.next().unwrap_or_default();
            (w, [first, second], dx)
        });
        let mut parts: Vec<_> = parts.enumerate().collect();
        // Each thread visits its chunks of the forward pass in reverse order: the last of those
        // weights are still in its cache.
        let half = parts.len() / 2;
        let (low, high) = parts.split_at_mut(half);
        low.reverse();
        high.reverse();
        threads::for_parts_worth(self.op.work(), parts, |_, (chunk, (w, [m, v], dx))| {
            self.chunk(chunk * depth, w, step, [m, v], dx);
        });
    }

    /// Input gradient and step of the rows of W from `start` on, one block at a time, so that it
    /// comes from main memory only once. Meanwhile the next block is prefetched.
    fn chunk(
        &self,
        mut start: usize,
        mut w: &mut [f32],
        step: Step,
        [mut first, mut second]: [&mut [f32]; 2],
        mut dx: Vec<&mut [f32]>,
    ) {
        let len = ROWS * self.op.outputs;
        scratch(len, |dw| {
            while !w.is_empty() {
                let w_now = front(&mut w, len);
                let first_now = front(&mut first, len);
                let second_now = front(&mut second, len);
                let rows = w_now.len() / self.op.outputs;
                let block = dx.iter_mut().map(|dx| front(dx, rows)).collect();
                // About as many cache lines are prefetched in one product as in the other.
                let next = [&*w, first, second].map(|x| &x[..x.len().min(len)]);
                let (sooner, later) = next[1].split_at(next[1].len() * 2 / 3);
                self.input(w_now, block, [next[0], sooner]);
                let dw = &mut dw[..w_now.len()];
                self.weight(start, dw, [later, next[2]]);
                step.apply(w_now, dw, [first_now, second_now]);
                start += rows;
            }
        });
    }

    /// Cuts dx into the chunks' columns: for each chunk one slice per sample, or none if dx is not
    /// needed.
    fn columns<'d>(&self, dx: &'d mut [f32]) -> Vec<Vec<&'d mut [f32]>> {
        let depth = self.op.depth();
        let mut parts: Vec<Vec<_>> = Vec::new();
        parts.resize_with(self.op.inputs.div_ceil(depth), Vec::new);
        for sample in dx.chunks_mut(self.op.inputs) {
            for (part, piece) in parts.iter_mut().zip(sample.chunks_mut(depth)) {
                part.push(piece);
            }
        }
        parts
    }

    /// dW = xᵀ · dz for the rows from `start` on.
    fn weight(&self, start: usize, dw: &mut [f32], prefetch: Prefetch<'_>) {
        let Dense {
            n, inputs, outputs, ..
        } = *self.op;
        Gemm {
            a: self.x,
            rows: Rows::Strided {
                n: dw.len() / outputs,
                start,
                stride: 1,
            },
            steps: Transposed {
                len: n,
                stride: inputs,
            },
            b: self.by_sample,
            ldb: outputs,
            cols: outputs,
            out: dw,
            ldc: outputs,
            init: Init::Zero,
            relu: false,
            prefetch,
        }
        .run();
    }

    /// dx = dz · Wᵀ for some rows of W, transposed: the lanes are samples. What the optimizer step
    /// will read is fetched by `prefetch` meanwhile, because this only computes.
    fn input(&self, w: &[f32], mut dx: Vec<&mut [f32]>, prefetch: Prefetch<'_>) {
        let (rows, samples) = (dx.first().map_or(0, |dx| dx.len()), padded(self.op.n));
        if rows == 0 {
            return;
        }
        let outputs = self.op.outputs;
        scratch(rows * samples, |by_input| {
            Gemm {
                a: w,
                rows: Rows::Strided {
                    n: rows,
                    start: 0,
                    stride: outputs,
                },
                steps: Contiguous(outputs),
                b: self.by_output,
                ldb: samples,
                cols: samples,
                out: by_input,
                ldc: samples,
                init: Init::Zero,
                relu: false,
                prefetch,
            }
            .run();
            transpose_rows(by_input, (rows, self.op.n, samples), &mut dx);
        });
    }
}

/// Splits off the first `n` elements of a slice, or all there are.
fn front<'a>(slice: &mut &'a mut [f32], n: usize) -> &'a mut [f32] {
    slice
        .split_off_mut(..n.min(slice.len()))
        .unwrap_or_default()
}

/// What changes W, as an operation in place.
pub(super) struct OnWeights<F>(RefCell<Option<F>>);

impl<F: FnOnce(&mut [f32])> OnWeights<F> {
    pub fn new(task: F) -> Self {
        OnWeights(RefCell::new(Some(task)))
    }
}

impl<F: FnOnce(&mut [f32])> InplaceOp1 for OnWeights<F> {
    fn name(&self) -> &'static str {
        "dense backward and optimizer step"
    }

    fn cpu_fwd(&self, w: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let w = slice_mut(w, layout)?;
        if let Some(task) = self.0.take() {
            task(w);
        }
        Ok(())
    }
}
