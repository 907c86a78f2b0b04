//! Convolution and max pooling of a layer with few taps: the first layer.
//!
//! For a few pooled pixels at a time, the convolution is computed at one pixel of their windows
//! after the other, with the running maximum in registers: the image before pooling, four times as
//! large as the result, is never written.

use super::patch_offsets::PatchOffsets;
use super::running_max::RunningMax;
use pulp::{Simd, WithSimd};

/// Pooled pixels at a time.
// With two vectors of channels, their sums, maxima and argmaxes take 24 of AVX-512's 32 registers.
const PIXELS: usize = 4;

/// One sample.
pub(super) struct PooledForward<'a> {
    pub places: &'a PatchOffsets,
    /// With its border.
    pub x: &'a [f32],
    /// `[taps, out padded]`
    pub weight: &'a [f32],
    /// `[out padded]`
    pub bias: &'a [f32],
    /// Whether to clamp the result at zero.
    pub relu: bool,
    /// `[pooled pixels, out padded]`, both.
    pub best: &'a mut [f32],
    pub argmax: &'a mut [u8],
}

impl WithSimd for PooledForward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let width = self.bias.len();
        for col in (0..width).step_by(2 * S::F32_LANES) {
            match width - col > S::F32_LANES {
                true => self.columns::<S, 2>(simd, col),
                false => self.columns::<S, 1>(simd, col),
            }
        }
    }
}

impl PooledForward<'_> {
    /// Computes `V` vectors of output channels, all pixels.
    #[inline(always)]
    fn columns<S: Simd, const V: usize>(&mut self, simd: S, col: usize) {
        let pixels = self.places.corners.len();
        let whole = pixels / PIXELS * PIXELS;
        for pixel in (0..whole).step_by(PIXELS) {
            self.block::<S, PIXELS, V>(simd, pixel, col);
        }
        for pixel in whole..pixels {
            self.block::<S, 1, V>(simd, pixel, col);
        }
    }

    /// Computes `N` pooled pixels by `V` vectors of output channels.
    #[inline(always)]
    fn block<S: Simd, const N: usize, const V: usize>(
        &mut self,
        simd: S,
        pixel: usize,
        col: usize,
    ) {
        // Of equal length, so that one bounds check serves all.
        let mut x: [&[f32]; N] = [&[]; N];
        for (x, &corner) in x.iter_mut().zip(&self.places.corners[pixel..pixel + N]) {
            *x = &self.x[corner..][..self.places.span];
        }
        let mut best = [RunningMax::<S, V>::new(simd, self.relu); N];
        for (k, &offset) in self.places.pixels.iter().enumerate() {
            let z = self.convolution::<S, N, V>(simd, &x, offset, col);
            for (best, z) in best.iter_mut().zip(z) {
                best.or(simd, k, z);
            }
        }
        let width = self.bias.len();
        for (n, best) in best.into_iter().enumerate() {
            let at = (pixel + n) * width + col;
            best.store(simd, at, self.best, self.argmax);
        }
    }

    /// The convolution at one pixel of each of `N` windows.
    #[inline(always)]
    fn convolution<S: Simd, const N: usize, const V: usize>(
        &self,
        simd: S,
        x: &[&[f32]; N],
        offset: usize,
        col: usize,
    ) -> [[S::f32s; V]; N] {
        let (width, lanes) = (self.bias.len(), V * S::F32_LANES);
        let mut acc = [[simd.splat_f32s(0.0); V]; N];
        for acc in &mut acc {
            acc.copy_from_slice(S::as_simd_f32s(&self.bias[col..col + lanes]).0);
        }
        let taps = self.places.taps.iter();
        for (tap, weight) in taps.zip(self.weight.chunks_exact(width)) {
            let weight = S::as_simd_f32s(&weight[col..col + lanes]).0;
            for n in 0..N {
                let x = simd.splat_f32s(x[n][offset + tap]);
                for v in 0..V {
                    acc[n][v] = simd.mul_add_e_f32s(x, weight[v], acc[n][v]);
                }
            }
        }
        acc
    }
}
