//! Scaled dot-product attention (Vaswani et al. 2017, section 3.2), all heads at once.
//!
//! Shapes: queries, keys and values side by side `[n · tokens, 3 width]`, as one matrix product
//! computes them → `[n · tokens, width]`. Head i has the i-th of equal parts of each width.
//! Forward, for each sample and head: P = softmax(Q Kᵀ / √d), y = P V. Backward:
//! dV = Pᵀ dy, dP = dy Vᵀ, dS = P (dP − Σ P dP) / √d, dQ = dS K, dK = dSᵀ Q. P is saved.

use super::buffers::{Saved, buffer, scratch};
use super::gemm::{Gemm, Init, NO_PREFETCH, Rows, Strided};
use super::slice_op::{Context, SliceOp};
use super::support::wants_gradient;
use super::{simd, tape, threads, vector};
use candle_core::{Result, Shape, Tensor, bail};

struct Attention {
    n: usize,
    tokens: usize,
    width: usize,
    heads: usize,
    wants_gradient: bool,
}

/// A submatrix: its start, and the distance of its rows.
#[derive(Clone, Copy)]
struct Part<'a> {
    values: &'a [f32],
    row: usize,
}

impl Attention {
    /// Width of one head.
    fn depth(&self) -> usize {
        self.width / self.heads
    }

    fn scale(&self) -> f32 {
        1.0 / (self.depth() as f32).sqrt()
    }

    /// Queries, keys and values of one head in a sample's rows.
    fn parts<'a>(&self, qkv: &'a [f32], head: usize) -> [Part<'a>; 3] {
        [0, 1, 2].map(|i| Part {
            values: &qkv[i * self.width + head * self.depth()..],
            row: 3 * self.width,
        })
    }

    /// out = a · b, with sums of length `len`. `a` is read by column if `by_column`; `b` is
    /// contiguous, as GEMM needs it.
    fn product(
        &self,
        (a, by_column): (Part<'_>, bool),
        b: &[f32],
        [len, cols]: [usize; 2],
        (out, ldc): (&mut [f32], usize),
    ) {
        let (row, stride) = match by_column {
            true => (1, a.row),
            false => (a.row, 1),
        };
        simd::run(Gemm {
            a: a.values,
            rows: Rows::Strided {
                n: self.tokens,
                start: 0,
                stride: row,
            },
            steps: Strided { len, stride },
            b,
            ldb: cols,
            cols,
            out,
            ldc,
            init: Init::Zero,
            relu: false,
            prefetch: NO_PREFETCH,
        });
    }

    /// Copies a part `[tokens, depth]` to contiguous memory.
    fn packed(&self, part: Part<'_>, to: &mut [f32]) {
        let depth = self.depth();
        for (token, to) in to.chunks_exact_mut(depth).enumerate() {
            to.copy_from_slice(&part.values[token * part.row..][..depth]);
        }
    }

    /// Copies a part `[tokens, depth]` as `[depth, tokens]`.
    fn transposed(&self, part: Part<'_>, to: &mut [f32]) {
        for token in 0..self.tokens {
            for i in 0..self.depth() {
                to[i * self.tokens + token] = part.values[token * part.row + i];
            }
        }
    }

    /// Computes one sample; `shares` receives P.
    fn forward_sample(&self, qkv: &[f32], y: &mut [f32], shares: &mut [f32]) {
        let (tokens, depth) = (self.tokens, self.depth());
        let scale = self.scale();
        scratch(depth * tokens, |side| {
            for (head, p) in shares.chunks_exact_mut(tokens * tokens).enumerate() {
                let [q, k, v] = self.parts(qkv, head);
                self.transposed(k, side);
                self.product((q, false), side, [depth, tokens], (p, tokens));
                simd::run_closure(
                    #[inline(always)]
                    || {
                        for p in p.chunks_exact_mut(tokens) {
                            softmax(p, scale);
                        }
                    },
                );
                let p = Part {
                    values: p,
                    row: tokens,
                };
                self.packed(v, side);
                let y = &mut y[head * depth..];
                self.product((p, false), side, [tokens, depth], (y, self.width));
            }
        });
    }

    fn backward_sample(&self, qkv: &[f32], shares: &[f32], dy: &[f32], dqkv: &mut [f32]) {
        let (tokens, depth) = (self.tokens, self.depth());
        let scale = self.scale();
        scratch(depth * tokens + tokens * tokens, |work| {
            let (side, ds) = work.split_at_mut(depth * tokens);
            for (head, p) in shares.chunks_exact(tokens * tokens).enumerate() {
                let [q, k, v] = self.parts(qkv, head);
                let dy = Part {
                    values: &dy[head * depth..],
                    row: self.width,
                };
                self.transposed(v, side);
                self.product((dy, false), side, [depth, tokens], (ds, tokens));
                simd::run_closure(
                    #[inline(always)]
                    || {
                        for (p, ds) in p.chunks_exact(tokens).zip(ds.chunks_exact_mut(tokens)) {
                            let mean = vector::sum2(p, ds, |p, d| p * d);
                            for (p, ds) in p.iter().zip(ds) {
                                *ds = p * (*ds - mean) * scale;
                            }
                        }
                    },
                );
                let [p, ds] = [p, ds].map(|values| Part {
                    values,
                    row: tokens,
                });
                for (i, (a, b)) in [((ds, false), k), ((ds, true), q), ((p, true), dy)]
                    .into_iter()
                    .enumerate()
                {
                    let to = &mut dqkv[i * self.width + head * depth..];
                    self.packed(b, side);
                    self.product(a, side, [tokens, depth], (to, 3 * self.width));
                }
            }
        });
    }
}

/// Softmax of the scaled scores: exp(x · scale), divided by the sum.
#[inline(always)]
fn softmax(row: &mut [f32], scale: f32) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut()
        .for_each(|x| *x = vector::exp((*x - largest) * scale));
    let sum = vector::sum(row, |x| x);
    row.iter_mut().for_each(|x| *x /= sum);
}

impl SliceOp<1> for Attention {
    const NAME: &'static str = "attention";
    /// P, `[n, heads, tokens, tokens]`; empty if no gradient is needed.
    type Saved = Saved<f32>;

    fn shape(&self, _: &Shape) -> Shape {
        Shape::from((self.n * self.tokens, self.width))
    }

    fn forward(&self, [qkv]: [&[f32]; 1]) -> (Vec<f32>, Saved<f32>) {
        let (tokens, width) = (self.tokens, self.width);
        let mut y = buffer(self.n * tokens * width);
        let n_shares = self.heads * tokens * tokens;
        let mut kept = match self.wants_gradient {
            true => Saved::new(self.n * n_shares),
            false => Saved::default(),
        };
        let mut shares = kept.chunks_exact_mut(n_shares);
        let parts: Vec<_> = qkv
            .chunks_exact(tokens * 3 * width)
            .zip(y.chunks_exact_mut(tokens * width))
            .map(|sample| (sample, shares.next()))
            .collect();
        threads::for_parts(parts, |_, ((qkv, y), shares)| match shares {
            Some(shares) => self.forward_sample(qkv, y, shares),
            None => scratch(n_shares, |shares| self.forward_sample(qkv, y, shares)),
        });
        (y, kept)
    }

    fn backward(&self, context: Context<'_, 1, Saved<f32>>) -> [Vec<f32>; 1] {
        let ([qkv], dy) = (context.arguments, context.gradient);
        let (tokens, width) = (self.tokens, self.width);
        let mut dqkv = buffer(qkv.len());
        let sample = tokens * 3 * width;
        let inputs = qkv
            .chunks_exact(sample)
            .zip(context.saved.chunks_exact(self.heads * tokens * tokens))
            .zip(dy.chunks_exact(tokens * width));
        let parts = inputs.zip(dqkv.chunks_exact_mut(sample));
        threads::for_parts(parts, |_, (((qkv, shares), dy), dqkv)| {
            self.backward_sample(qkv, shares, dy, dqkv);
        });
        [dqkv]
    }
}

/// Self-attention of samples of `tokens` tokens each.
///
/// * `qkv`: queries, keys and values side by side, `[n · tokens, 3 width]`
/// * `heads`: a divisor of the width
///
/// Returns `[n · tokens, width]`.
pub fn attention(qkv: &Tensor, tokens: usize, heads: usize) -> Result<Tensor> {
    let (rows, columns) = qkv.dims2()?;
    let width = columns / 3;
    let fits = rows > 0 && tokens > 0 && heads > 0 && width > 0;
    if !fits || rows % tokens != 0 || columns % 3 != 0 || width % heads != 0 {
        bail!(
            "attention: {:?} is not made of {tokens} tokens with {heads} heads",
            qkv.dims()
        );
    }
    let op = Attention {
        n: rows / tokens,
        tokens,
        width,
        heads,
        wants_gradient: wants_gradient(qkv),
    };
    tape::apply1(qkv, op)
}
