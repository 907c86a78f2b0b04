//! Layer norm: normalizes each row to mean 0 and variance 1 (Ba, Kiros and Hinton 2016).
//!
//! Shapes: x `[.., d]`, weight and bias with d values in all → as x. A row is as many of x's last
//! values as the weight has.
//! Forward: x̂ = (x − mean) / √(variance + ε), y = x̂ · w + b, with the biased variance.
//! Backward, with g = dy · w and the means over the row: dx = (g − mean g − x̂ · mean(g x̂)) /
//! √(variance + ε), dw = Σ dy · x̂ and db = Σ dy over the rows.

use super::buffers::buffer;
use super::slice_op::{Context, SliceOp};
use super::support::per_chunk;
use super::tape::PerSample;
use super::vector::reduce_rows;
use super::{simd, tape, threads, vector};
use candle_core::{Result, Tensor, bail};

/// The rows are cut into at most this many chunks.
// A constant, not the number of threads: results must not depend on it.
const CHUNKS: usize = 32;

#[derive(Clone, Copy)]
struct LayerNorm {
    /// Values per row.
    d: usize,
    epsilon: f32,
}

impl LayerNorm {
    /// Mean and 1 / √(variance + ε) of a row.
    #[inline(always)]
    fn moments(&self, x: &[f32]) -> (f32, f32) {
        let n = self.d as f32;
        let mean = vector::sum(x, |x| x) / n;
        let variance = vector::sum(x, |x| (x - mean) * (x - mean)) / n;
        (mean, 1.0 / (variance + self.epsilon).sqrt())
    }

    #[inline(always)]
    fn forward_rows(&self, x: &[f32], w: &[f32], b: &[f32], y: &mut [f32]) {
        for (x, y) in x.chunks_exact(self.d).zip(y.chunks_exact_mut(self.d)) {
            let (mean, scale) = self.moments(x);
            for ((x, y), (w, b)) in x.iter().zip(y).zip(w.iter().zip(b)) {
                *y = (x - mean) * scale * w + b;
            }
        }
    }

    /// Computes dx of some rows; `sums` receives their contributions to dw, then to db.
    #[inline(always)]
    fn backward_rows(&self, x: &[f32], w: &[f32], dy: &[f32], dx: &mut [f32], sums: &mut [f32]) {
        let d = self.d;
        let (dw, db) = sums.split_at_mut(d);
        let rows = x.chunks_exact(d).zip(dy.chunks_exact(d));
        for ((x, dy), dx) in rows.zip(dx.chunks_exact_mut(d)) {
            let (mean, scale) = self.moments(x);
            let gradients = x.iter().zip(dy).zip(w).zip(&mut *dx);
            let sums = dw.iter_mut().zip(&mut *db);
            for ((((x, dy), w), dx), (dw, db)) in gradients.zip(sums) {
                *dw += dy * ((x - mean) * scale);
                *db += dy;
                *dx = dy * w;
            }
            let mean_g = vector::sum(dx, |g| g) / d as f32;
            let mean_gx = vector::sum2(dx, x, |g, x| g * (x - mean) * scale) / d as f32;
            for (dx, x) in dx.iter_mut().zip(x) {
                *dx = (*dx - mean_g - (x - mean) * scale * mean_gx) * scale;
            }
        }
    }
}

impl SliceOp<3> for LayerNorm {
    const NAME: &'static str = "layer-norm";
    type Saved = ();

    fn forward(&self, [x, w, b]: [&[f32]; 3]) -> (Vec<f32>, ()) {
        let mut y = buffer(x.len());
        let step = per_chunk(x.len() / self.d, CHUNKS) * self.d;
        threads::for_parts(x.chunks(step).zip(y.chunks_mut(step)), |_, (x, y)| {
            simd::run_closure(
                #[inline(always)]
                || self.forward_rows(x, w, b, y),
            );
        });
        (y, ())
    }

    fn backward(&self, context: Context<'_, 3, ()>) -> [Vec<f32>; 3] {
        let ([x, w, _], dy) = (context.arguments, context.gradient);
        let mut dx = buffer(x.len());
        let step = per_chunk(dx.len() / self.d, CHUNKS) * self.d;
        let mut partial = vec![0.0; dx.len().div_ceil(step) * 2 * self.d];
        let parts = x
            .chunks(step)
            .zip(dy.chunks(step))
            .zip(dx.chunks_mut(step))
            .zip(partial.chunks_mut(2 * self.d));
        threads::for_parts(parts, |_, (((x, dy), dx), sums)| {
            simd::run_closure(
                #[inline(always)]
                || self.backward_rows(x, w, dy, dx, sums),
            );
        });
        reduce_rows(&mut partial, 2 * self.d);
        let (dw, db) = partial[..2 * self.d].split_at(self.d);
        [dx, dw.to_vec(), db.to_vec()]
    }
}

impl PerSample for LayerNorm {
    fn of_one(self, _n: usize) -> Option<Self> {
        Some(self)
    }
}

/// Layer norm over the last values of `x`, as many as `weight` has.
///
/// * `x`: any shape whose last axes hold a row
/// * `weight`, `bias`: a row
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, epsilon: f32) -> Result<Tensor> {
    let d = weight.elem_count();
    let is_whole = x.elem_count() > 0 && x.elem_count().is_multiple_of(d);
    if d == 0 || !is_whole || bias.elem_count() != d {
        bail!(
            "layer norm: input {:?} does not fit weight {:?} and bias {:?}",
            x.dims(),
            weight.dims(),
            bias.dims()
        );
    }
    let op = LayerNorm { d, epsilon };
    tape::apply3_per_sample([x, weight, bias], op)
}
