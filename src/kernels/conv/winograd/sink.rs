//! Outputs of the filtering: an image, or a max-pooled one.

use super::lines::{column, lines, lines_mut, transform};
use super::tile::Transforms;
use super::transform::Sink;
use crate::kernels::conv::running_max::RunningMax;
use pulp::Simd;

/// Bias and activation, applied to results first.
#[derive(Clone, Copy)]
pub(in super::super) struct Finish<'a> {
    /// Bias of all output channels, padded.
    pub bias: &'a [f32],
    /// Whether to clamp at zero.
    pub relu: bool,
}

impl Finish<'_> {
    #[inline(always)]
    fn apply<S: Simd, const M: usize>(self, simd: S, bias: S::f32s, z: &mut [S::f32s; M]) {
        for z in z {
            *z = simd.add_f32s(*z, bias);
            if self.relu {
                // In this order a NaN stays NaN on x86, so that divergence is detected.
                *z = simd.max_f32s(simd.splat_f32s(0.0), *z);
            }
        }
    }
}

/// Writes an image of this size, `[h, w, out padded]`.
pub(in super::super) struct Pixels<'a> {
    pub finish: Finish<'a>,
    pub size: [usize; 2],
    pub to: &'a mut [f32],
}

impl Sink for Pixels<'_> {
    #[inline(always)]
    fn tile<S: Simd, T: Transforms<M, P>, const M: usize, const P: usize>(
        &mut self,
        simd: S,
        at: [usize; 2],
        columns: &[f32],
        spare: &mut [f32],
    ) {
        let ([h, w], width) = (self.size, self.finish.bias.len());
        let [top, left] = at.map(|at| M * at);
        let bias = S::as_simd_f32s(self.finish.bias).0;
        for y in 0..M.min(h - top) {
            let row = (top + y) * w;
            let row = &mut self.to[(row + left) * width..(row + w) * width];
            let mut to = lines_mut::<S, M>(row, width, width);
            if w - left < M {
                let beyond = lines_mut::<S, M>(spare, width, width);
                for (to, beyond) in to.iter_mut().zip(beyond).skip(w - left) {
                    *to = beyond;
                }
            }
            transform(
                lines::<S, P>(&columns[y * P * width..], width, width),
                to,
                #[inline(always)]
                |i, sums| {
                    let mut z = T::of_sums(simd, sums);
                    self.finish.apply(simd, bias[i], &mut z);
                    z
                },
            );
        }
    }
}

/// Writes the result of 2 × 2 max pooling: a tile is a window, or four of them.
pub(in super::super) struct Pooled<'a> {
    pub finish: Finish<'a>,
    /// Of the pooled image.
    pub size: [usize; 2],
    /// `[pooled pixels, out padded]`, both.
    pub best: &'a mut [f32],
    pub argmax: &'a mut [u8],
}

impl Sink for Pooled<'_> {
    #[inline(always)]
    fn tile<S: Simd, T: Transforms<M, P>, const M: usize, const P: usize>(
        &mut self,
        simd: S,
        at: [usize; 2],
        columns: &[f32],
        _: &mut [f32],
    ) {
        let ([h, w], width) = (self.size, self.finish.bias.len());
        let [top, left] = at.map(|at| M / 2 * at);
        let bias = S::as_simd_f32s(self.finish.bias).0;
        for y in top..h.min(top + M / 2) {
            let columns = &columns[(y - top) * 2 * P * width..];
            let above = lines::<S, P>(columns, width, width);
            let below = lines::<S, P>(&columns[P * width..], width, width);
            for (i, bias) in bias.iter().enumerate() {
                let mut z = [
                    T::of_sums(simd, column(&above, i)),
                    T::of_sums(simd, column(&below, i)),
                ];
                for z in &mut z {
                    self.finish.apply(simd, *bias, z);
                }
                for window in 0..M / 2 {
                    if left + window >= w {
                        continue;
                    }
                    let mut best = RunningMax::<S, 1>::new(simd, false);
                    for k in 0..4 {
                        best.or(simd, k, [z[k / 2][2 * window + k % 2]]);
                    }
                    let at = (y * w + left + window) * width + i * S::F32_LANES;
                    best.store(simd, at, self.best, self.argmax);
                }
            }
        }
    }
}
