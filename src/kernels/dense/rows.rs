//! The backward pass of a dense layer over many rows, such as the tokens of all images of a batch.
//!
//! The weights are small beside the rows. So each chunk of rows computes its part of dx, and its
//! share of dW and db, while it is in the cache; the shares are added in order.

use super::forward::{Dense, add_rows};
use crate::kernels::activation::Activation;
use crate::kernels::buffers::scratch;
use crate::kernels::gemm::{Gemm, Init, NO_PREFETCH, Rows, Transposed};
use crate::kernels::support::per_chunk;
use crate::kernels::threads;
use crate::kernels::transpose::transpose;
use crate::kernels::update::Update;

/// From so many rows on they are many.
const MANY: usize = 256;
/// Weights beyond this have larger shares than the cache holds.
const MOST_WEIGHTS: usize = 1 << 18;
/// Rows per chunk, about, and the limits of the number of chunks: a multiple of the least one, so
/// that two or four threads have the same work.
// Constants, not the number of threads: results must not depend on it.
const ROWS: usize = 128;
const CHUNKS: [usize; 2] = [4, 16];
/// Rows of a product at a time: 16 kB of the widest panel stay in the first-level cache.
const BLOCK: usize = 64;
/// Weights per chunk when the shares are added.
const PIECE: usize = 1 << 12;

/// The inputs of the gradients.
#[derive(Clone, Copy)]
pub(super) struct ByRows<'a> {
    op: &'a Dense,
    x: &'a [f32],
    y: &'a [f32],
    dy: &'a [f32],
}

impl Dense {
    /// Whether there are so many rows, and so few weights, that the backward pass goes by rows.
    pub fn has_many_rows(&self) -> bool {
        self.n >= MANY && self.inputs * self.outputs <= MOST_WEIGHTS
    }
}

impl<'a> ByRows<'a> {
    pub fn new(op: &'a Dense, [x, y, dy]: [&'a [f32]; 3]) -> Self {
        ByRows { op, x, y, dy }
    }

    /// Computes the gradients; pass an empty slice for one that is not needed. Returns that of the
    /// bias.
    pub fn plain(&self, w: &[f32], dw: &mut [f32], dx: &mut [f32]) -> Vec<f32> {
        let len = dw.len() + self.op.outputs;
        scratch(self.chunks() * len, |shares| {
            self.run(w, dx, shares.chunks_exact_mut(len));
            let shares = Shares { all: shares, len };
            threads::for_parts(dw.chunks_mut(PIECE), |piece, dw| {
                shares.add(piece * PIECE, dw)
            });
            shares.bias(self.op.outputs)
        })
    }

    /// Computes the input gradient and takes an optimizer step of W. Returns the gradient of the
    /// bias.
    pub fn updating(&self, w: &mut [f32], update: Update<'_>, dx: &mut [f32]) -> Vec<f32> {
        let len = w.len() + self.op.outputs;
        scratch(self.chunks() * len, |shares| {
            self.run(w, dx, shares.chunks_exact_mut(len));
            let shares = Shares { all: shares, len };
            let mut first = update.first.chunks_mut(PIECE);
            let mut second = update.second.chunks_mut(PIECE);
            let parts = w.chunks_mut(PIECE).map(|w| {
                let first = first.next().unwrap_or_default();
                (w, [first, second.next().unwrap_or_default()])
            });
            let parts: Vec<_> = parts.collect();
            let step = update.step;
            threads::for_parts(parts, |piece, (w, state)| {
                scratch(w.len(), |dw| {
                    shares.add(piece * PIECE, dw);
                    step.apply(w, dw, state);
                });
            });
            shares.bias(self.op.outputs)
        })
    }

    fn rows(&self) -> usize {
        let [least, most] = CHUNKS;
        let chunks = (self.op.n / ROWS).next_multiple_of(least);
        per_chunk(self.op.n, chunks.clamp(least, most))
    }

    fn chunks(&self) -> usize {
        self.op.n.div_ceil(self.rows())
    }

    /// Computes dx, and a share of dW, if it is needed, followed by one of db, for each chunk.
    fn run<'s>(&self, w: &[f32], dx: &mut [f32], shares: impl Iterator<Item = &'s mut [f32]>) {
        let Dense {
            inputs, outputs, ..
        } = *self.op;
        let rows = self.rows();
        scratch(w.len(), |wt| {
            if !dx.is_empty() {
                transpose(w, (inputs, outputs, outputs), wt, inputs);
            }
            let mut dx = dx.chunks_mut(rows * inputs);
            let results = self
                .y
                .chunks(rows * outputs)
                .zip(self.dy.chunks(rows * outputs));
            let parts = self.x.chunks(rows * inputs).zip(results).zip(shares);
            let parts: Vec<_> = parts
                .map(|part| (part, dx.next().unwrap_or_default()))
                .collect();
            threads::for_parts(parts, |_, (((x, (y, dy)), share), dx)| {
                if self.op.activation == Activation::Identity {
                    return self.op.rows_backward([x, dy, wt], share, dx);
                }
                scratch(dy.len(), |dz| {
                    self.op.activation.backward(y, dy, dz);
                    self.op.rows_backward([x, dz, wt], share, dx);
                });
            });
        });
    }
}

/// What the chunks contribute to the gradients of the weights.
#[derive(Clone, Copy)]
struct Shares<'a> {
    all: &'a [f32],
    len: usize,
}

impl Shares<'_> {
    /// `total` = the sum of all shares from `start` on.
    fn add(&self, start: usize, total: &mut [f32]) {
        let columns = start..start + total.len();
        let rows = self.all.chunks_exact(self.len);
        add_rows(rows.map(|row| &row[columns.clone()]), total);
    }

    fn bias(&self, outputs: usize) -> Vec<f32> {
        let mut db = vec![0.0; outputs];
        self.add(self.len - outputs, &mut db);
        db
    }
}

impl Dense {
    /// The gradients of some rows: of their inputs and, unless `share` holds only the bias, of the
    /// weights. `wt` is W transposed.
    fn rows_backward(&self, [x, dz, wt]: [&[f32]; 3], share: &mut [f32], dx: &mut [f32]) {
        let (dw, db) = share.split_at_mut(share.len() - self.outputs);
        if !dw.is_empty() {
            self.weight_gradient(x, dz, dw);
        }
        add_rows(dz.chunks_exact(self.outputs), db);
        if !dx.is_empty() {
            let transposed = Dense {
                inputs: self.outputs,
                outputs: self.inputs,
                ..*self
            };
            transposed.stretch(0..self.outputs, dz, wt, Init::Zero, dx);
        }
    }

    /// dW = xᵀ · dz, one block of rows at a time.
    fn weight_gradient(&self, x: &[f32], dz: &[f32], dw: &mut [f32]) {
        let blocks = x
            .chunks(BLOCK * self.inputs)
            .zip(dz.chunks(BLOCK * self.outputs));
        let mut init = Init::Zero;
        for (x, dz) in blocks {
            Gemm {
                a: x,
                rows: Rows::Strided {
                    n: self.inputs,
                    start: 0,
                    stride: 1,
                },
                steps: Transposed {
                    len: dz.len() / self.outputs,
                    stride: self.inputs,
                },
                b: dz,
                ldb: self.outputs,
                cols: self.outputs,
                out: dw,
                ldc: self.outputs,
                init,
                relu: false,
                prefetch: NO_PREFETCH,
            }
            .run();
            init = Init::Output;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::fixture::var;
    use candle_core::Tensor;

    /// Many rows, of which a few are missing in the last chunk, against the same in the other order.
    #[test]
    fn gradients_of_many_rows_are_those_of_few_at_a_time() {
        let op = Dense {
            activation: Activation::Tanh,
            n: 599,
            inputs: 19,
            outputs: 37,
        };
        assert!(op.has_many_rows());
        let values = |n: usize, seed: f32| {
            let values: Tensor = var(&[n], seed).as_detached_tensor();
            values.to_vec1::<f32>().unwrap()
        };
        let x = values(op.n * op.inputs, 0.0);
        let (y, dy) = (
            values(op.n * op.outputs, 1.0),
            values(op.n * op.outputs, 2.0),
        );
        let w = values(op.inputs * op.outputs, 3.0);
        let (mut dw, mut dx) = (vec![0.0; w.len()], vec![0.0; x.len()]);
        let db = ByRows::new(&op, [&x, &y, &dy]).plain(&w, &mut dw, &mut dx);

        let (mut dw_expected, mut dx_expected) = (vec![0.0; w.len()], vec![0.0; x.len()]);
        let db_expected = op.with_dz([&x, &y, &dy], |backward| {
            backward.plain(&w, &mut dw_expected, &mut dx_expected);
        });
        let pairs = [
            (&db, &db_expected),
            (&dw, &dw_expected),
            (&dx, &dx_expected),
        ];
        for (found, expected) in pairs {
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 1e-3,
                    "{found}, expected {expected}"
                );
            }
        }
    }
}
