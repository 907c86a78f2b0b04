//! Outputs of the filtering: an image, or a max-pooled one.

use super::transform::{Block, Sink, load, store};
use crate::kernels::conv::running_max::RunningMax;
use crate::kernels::support::LANES;
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
    fn apply<S: Simd, const M: usize>(
        self,
        simd: S,
        [block, v]: [usize; 2],
        z: &mut [[S::f32s; M]; M],
    ) {
        let bias = load::<S>(&self.bias.as_chunks().0[block], v);
        for z in z.as_flattened_mut() {
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
    fn tile<S: Simd, const M: usize>(
        &mut self,
        simd: S,
        at: [usize; 2],
        [block, v]: [usize; 2],
        mut z: [[S::f32s; M]; M],
    ) {
        let ([h, w], width) = (self.size, self.finish.bias.len() / LANES);
        self.finish.apply(simd, [block, v], &mut z);
        let to: &mut [Block] = self.to.as_chunks_mut().0;
        for (y, z) in (M * at[0]..h).zip(z) {
            for (x, z) in (M * at[1]..w).zip(z) {
                store::<S>(&mut to[(y * w + x) * width + block], v, z);
            }
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
    fn tile<S: Simd, const M: usize>(
        &mut self,
        simd: S,
        at: [usize; 2],
        [block, v]: [usize; 2],
        mut z: [[S::f32s; M]; M],
    ) {
        let ([h, w], width) = (self.size, self.finish.bias.len());
        self.finish.apply(simd, [block, v], &mut z);
        for (y, rows) in (M / 2 * at[0]..h).zip(z.as_chunks::<2>().0) {
            for (x, col) in (M / 2 * at[1]..w).zip((0..M).step_by(2)) {
                let mut best = RunningMax::<S, 1>::new(simd, false);
                for k in 0..4 {
                    best.or(simd, k, [rows[k / 2][col + k % 2]]);
                }
                let at = (y * w + x) * width + block * LANES + v * S::F32_LANES;
                best.store(simd, at, self.best, self.argmax);
            }
        }
    }
}
