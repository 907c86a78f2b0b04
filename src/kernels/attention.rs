//! Scaled dot-product attention (Vaswani et al. 2017, section 3.2), all heads at once.
//!
//! Shapes: queries, keys and values side by side `[n · tokens, 3 width]`, as one matrix product
//! computes them → `[n · tokens, width]`. Head i has the i-th of equal parts of each width.
//! Forward, for each sample and head: P = softmax(Q Kᵀ / √d), y = P V. Backward:
//! dV = Pᵀ dy, dP = dy Vᵀ, dS = P (dP − Σ P dP) / √d, dQ = dS K, dK = dSᵀ Q. P is saved.

use super::buffers::{Saved, buffer, scratch};
use super::gemm::{Contiguous, Gemm, Init, NO_PREFETCH, Rows, Steps, Transposed};
use super::slice_op::{Context, SliceOp};
use super::support::{LANES, flush_tiny, padded, wants_gradient};
use super::transpose::transpose;
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

    /// Length of a row of P: whole vectors, the last values zero.
    fn row(&self) -> usize {
        padded(self.tokens)
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
        init: Init<'_>,
    ) {
        let to = (out, ldc);
        match by_column {
            true => self.product_with(
                a.values,
                (1, Transposed { len, stride: a.row }),
                b,
                cols,
                to,
                init,
            ),
            false => self.product_with(a.values, (a.row, Contiguous(len)), b, cols, to, init),
        }
    }

    fn product_with<S: Steps>(
        &self,
        a: &[f32],
        (row, steps): (usize, S),
        b: &[f32],
        cols: usize,
        (out, ldc): (&mut [f32], usize),
        init: Init<'_>,
    ) {
        Gemm {
            a,
            rows: Rows::Strided {
                n: self.tokens,
                start: 0,
                stride: row,
            },
            steps,
            b,
            ldb: cols,
            cols,
            out,
            ldc,
            init,
            relu: false,
            prefetch: NO_PREFETCH,
        }
        .run();
    }

    /// Copies a part `[tokens, depth]` to contiguous memory.
    fn packed(&self, part: Part<'_>, to: &mut [f32]) {
        let depth = self.depth();
        simd::run_closure(
            #[inline(always)]
            || {
                for (token, to) in to.chunks_exact_mut(depth).enumerate() {
                    let from = &part.values[token * part.row..][..depth];
                    // Not one call of `memcpy` per token.
                    let (whole, rest) = from.as_chunks::<LANES>();
                    let (to_whole, to_rest) = to.as_chunks_mut::<LANES>();
                    to_whole
                        .iter_mut()
                        .zip(whole)
                        .for_each(|(to, from)| *to = *from);
                    to_rest
                        .iter_mut()
                        .zip(rest)
                        .for_each(|(to, from)| *to = *from);
                }
            },
        );
    }

    /// Copies a part `[tokens, depth]` as `[depth, row]`, padded with zeros.
    fn transposed(&self, part: Part<'_>, to: &mut [f32]) {
        to.fill(0.0);
        let size = (self.tokens, self.depth(), part.row);
        transpose(part.values, size, to, self.row());
    }

    /// Computes one sample; `shares` receives P.
    fn forward_sample(&self, qkv: &[f32], y: &mut [f32], shares: &mut [f32]) {
        let (tokens, depth, row) = (self.tokens, self.depth(), self.row());
        let scale = self.scale();
        scratch((depth + 1) * row, |work| {
            let (side, mask) = work.split_at_mut(depth * row);
            // What fills up a row of P has no share.
            let (used, unused) = mask.split_at_mut(tokens);
            used.fill(0.0);
            unused.fill(f32::NEG_INFINITY);
            for (head, p) in shares.chunks_exact_mut(tokens * row).enumerate() {
                let [q, k, v] = self.parts(qkv, head);
                self.transposed(k, side);
                self.product((q, false), side, [depth, row], (p, row), Init::Bias(mask));
                simd::run_closure(
                    #[inline(always)]
                    || {
                        for p in p.chunks_exact_mut(row) {
                            vector::softmax(p, scale);
                        }
                    },
                );
                let side = &mut side[..tokens * depth];
                self.packed(v, side);
                let p = Part { values: p, row };
                let y = &mut y[head * depth..];
                self.product(
                    (p, false),
                    side,
                    [tokens, depth],
                    (y, self.width),
                    Init::Zero,
                );
            }
        });
    }

    fn backward_sample(&self, qkv: &[f32], shares: &[f32], dy: &[f32], dqkv: &mut [f32]) {
        let (tokens, depth, row) = (self.tokens, self.depth(), self.row());
        let scale = self.scale();
        scratch((depth + tokens) * row, |work| {
            let (side, ds) = work.split_at_mut(depth * row);
            for (head, p) in shares.chunks_exact(tokens * row).enumerate() {
                let [q, k, v] = self.parts(qkv, head);
                let dy = Part {
                    values: &dy[head * depth..],
                    row: self.width,
                };
                self.transposed(v, side);
                self.product((dy, false), side, [depth, row], (ds, row), Init::Zero);
                simd::run_closure(
                    #[inline(always)]
                    || {
                        for (p, ds) in p.chunks_exact(row).zip(ds.chunks_exact_mut(row)) {
                            let mean = vector::sum2(p, ds, |p, d| p * d);
                            for (p, ds) in p.iter().zip(ds) {
                                *ds = p * (*ds - mean) * scale;
                            }
                        }
                    },
                );
                let [p, ds] = [p, ds].map(|values| Part { values, row });
                let side = &mut side[..tokens * depth];
                for (i, (a, b)) in [((ds, false), k), ((ds, true), q), ((p, true), dy)]
                    .into_iter()
                    .enumerate()
                {
                    let to = &mut dqkv[i * self.width + head * depth..];
                    self.packed(b, side);
                    self.product(a, side, [tokens, depth], (to, 3 * self.width), Init::Zero);
                }
            }
        });
        simd::run_closure(
            #[inline(always)]
            || dqkv.iter_mut().for_each(|d| *d = flush_tiny(*d)),
        );
    }
}

impl SliceOp<1> for Attention {
    const NAME: &'static str = "attention";
    /// P, `[n, heads, tokens, tokens padded]`; empty if no gradient is needed.
    type Saved = Saved<f32>;

    fn shape(&self, _: &Shape) -> Shape {
        Shape::from((self.n * self.tokens, self.width))
    }

    fn forward(&self, [qkv]: [&[f32]; 1]) -> (Vec<f32>, Saved<f32>) {
        let (tokens, width) = (self.tokens, self.width);
        let mut y = buffer(self.n * tokens * width);
        let n_shares = self.heads * tokens * self.row();
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
            .zip(context.saved.chunks_exact(self.heads * tokens * self.row()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::fixture::var;
    use candle_core::Var;

    /// As weight decay leaves them: products with their gradients would be subnormal.
    #[test]
    fn gradients_of_queries_and_keys_that_are_nearly_zero_are_zero() {
        let (rows, width) = (10, 32);
        let values: Tensor = var(&[rows, width], 1.0).as_detached_tensor();
        let small = (&values * 1e-18).unwrap();
        let qkv = Tensor::cat(&[&small, &small, &values], 1).unwrap();
        let qkv = Var::from_tensor(&qkv).unwrap();
        let y = attention(&qkv, 5, 2).unwrap();
        let gradients = y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        for row in gradients.get(&qkv).unwrap().to_vec2::<f32>().unwrap() {
            let (of_scores, of_values) = row.split_at(2 * width);
            assert!(of_scores.iter().all(|g| *g == 0.0));
            assert!(of_values.iter().all(|g| *g != 0.0));
        }
    }
}
