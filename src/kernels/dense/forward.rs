//! The forward pass of a dense layer, by chunks of samples or of the sum.

use crate::kernels::activation::Activation;
use crate::kernels::buffers::scratch;
use crate::kernels::each_alone::deciding;
use crate::kernels::gemm::{Contiguous, Gemm, Init, Rows, packs};
use crate::kernels::support::{LANES, per_chunk};
use crate::kernels::{simd, threads};
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// The sum over `in` is cut into at most this many chunks.
// A constant, not the number of threads: results must not depend on it.
const CHUNKS: usize = 16;
/// Samples per chunk at most, if there are many.
const SAMPLES: usize = 64;
/// Elements of the result per chunk when partial sums are added.
const PIECE: usize = 512;
/// Rows of W per block.
// The columns that a tile uses are only a part of each row, and meet in as large a part of the
// first-level cache's sets: fewer rows than would fit leave room for x.
const BLOCK: usize = 64;
/// The same if columns are packed: they meet nowhere, and half of the cache is for x.
const PACKED_BLOCK: usize = 256;

/// The layer with the sizes of one call.
#[derive(Clone, Copy)]
pub(in super::super) struct Dense {
    pub activation: Activation,
    pub n: usize,
    pub inputs: usize,
    pub outputs: usize,
}

impl Dense {
    /// Rows of W per chunk: all of them for a single thread, else whole cache lines of x. Rounded
    /// down, so that the remainder is a small extra chunk and not a large part of the last one,
    /// which a thread would wait for.
    pub fn depth(&self) -> usize {
        if !threads::is_worth(deciding(self.work())) {
            return self.inputs;
        }
        let rows = per_chunk(self.inputs, CHUNKS);
        (rows / LANES * LANES).max(LANES)
    }

    /// Whether each output is one chain of additions in ascending order, without partial sums.
    pub fn sums_in_order(&self) -> bool {
        deciding(self.n) > SAMPLES || self.depth() >= self.inputs
    }

    /// Computes y.
    pub fn forward_into(&self, x: &[f32], w: &[f32], bias: &[f32], y: &mut [f32]) {
        if deciding(self.n) > SAMPLES {
            self.forward_by_samples(x, w, bias, y);
        } else {
            self.forward_by_depth(x, w, bias, y);
        }
    }

    /// One chunk per block of samples, each with the whole sum.
    fn forward_by_samples(&self, x: &[f32], w: &[f32], bias: &[f32], y: &mut [f32]) {
        let chunks = self
            .n
            .div_ceil(SAMPLES)
            .next_multiple_of(threads::threads());
        let samples = per_chunk(self.n, chunks);
        let parts = x
            .chunks(samples * self.inputs)
            .zip(y.chunks_mut(samples * self.outputs));
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
            add_rows(rows, y);
            self.activation.apply(y);
        });
    }

    /// Multiply-adds of one product.
    pub fn work(&self) -> usize {
        self.n * self.inputs * self.outputs
    }

    /// Sums over some inputs, one block at a time: its weights stay in the first-level cache for
    /// all samples, and those of the next block are prefetched meanwhile.
    pub fn stretch(
        &self,
        inputs: Range<usize>,
        x: &[f32],
        w: &[f32],
        mut init: Init<'_>,
        out: &mut [f32],
    ) {
        let n = out.len() / self.outputs;
        let block = if packs(n) { PACKED_BLOCK } else { BLOCK };
        let weights = |from: usize| {
            let to = inputs.end.min(from + block);
            &w[from.min(to) * self.outputs..to * self.outputs]
        };
        for start in inputs.clone().step_by(block) {
            let b = weights(start);
            Gemm {
                a: x,
                rows: Rows::Strided {
                    n,
                    start,
                    stride: self.inputs,
                },
                steps: Contiguous(b.len() / self.outputs),
                b,
                ldb: self.outputs,
                cols: self.outputs,
                out,
                ldc: self.outputs,
                init,
                relu: false,
                prefetch: [weights(start + block), &[]],
            }
            .run();
            init = Init::Output;
        }
    }
}

/// `total` = the sum of `rows`, in order.
pub(super) fn add_rows<'r>(rows: impl Iterator<Item = &'r [f32]>, total: &mut [f32]) {
    simd::run(AddRows { rows, total });
}

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
