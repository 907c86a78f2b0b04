//! Outputs of the filtering: an image, or a max-pooled one.

use super::transform::{Sink, load, store};
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
    fn apply<S: Simd>(self, simd: S, lane: usize, z: [S::f32s; 4]) -> [S::f32s; 4] {
        let bias = load::<S>(&self.bias[lane..]);
        let mut z = z;
        for z in &mut z {
            *z = simd.add_f32s(*z, bias);
            if self.relu {
                // In this order a NaN stays NaN on x86, so that divergence is detected.
                *z = simd.max_f32s(simd.splat_f32s(0.0), *z);
            }
        }
        z
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
    fn tile<S: Simd>(&mut self, simd: S, at: [usize; 2], lane: usize, z: [S::f32s; 4]) {
        let ([h, w], width) = (self.size, self.finish.bias.len());
        let z = self.finish.apply(simd, lane, z);
        for (k, z) in z.into_iter().enumerate() {
            let (y, x) = (2 * at[0] + k / 2, 2 * at[1] + k % 2);
            if y < h && x < w {
                store::<S>(&mut self.to[(y * w + x) * width + lane..], z);
            }
        }
    }
}

/// Writes the result of 2 × 2 max pooling: a tile is a window.
pub(in super::super) struct Pooled<'a> {
    pub finish: Finish<'a>,
    /// Width of the pooled image.
    pub size: [usize; 2],
    /// `[pooled pixels, out padded]`, both.
    pub best: &'a mut [f32],
    pub argmax: &'a mut [u8],
}

impl Sink for Pooled<'_> {
    #[inline(always)]
    fn tile<S: Simd>(&mut self, simd: S, at: [usize; 2], lane: usize, z: [S::f32s; 4]) {
        let ([h, w], width) = (self.size, self.finish.bias.len());
        if at[0] >= h || at[1] >= w {
            return;
        }
        let z = self.finish.apply(simd, lane, z);
        let mut best = RunningMax::<S, 1>::new(simd, false);
        for (k, z) in z.into_iter().enumerate() {
            best.or(simd, k, [z]);
        }
        let start = (at[0] * w + at[1]) * width + lane;
        best.store(simd, start, self.best, self.argmax);
    }
}
