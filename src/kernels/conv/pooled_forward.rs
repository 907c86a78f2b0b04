//! Convolution and max pooling of a layer with few taps: the first layer.
//!
//! For a few pooled pixels at a time, the convolution is computed at one pixel of their windows
//! after the other, with the running maximum in registers: the image before pooling, four times as
//! large as the result, is never written.

use super::super::simd::store_bytes;
use super::geometry::CLAMPED;
use super::patch_offsets::PatchOffsets;
use pulp::{Simd, WithSimd};

/// Pooled pixels at a time.
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

/// The running maximum of a window, and its argmax.
#[derive(Clone, Copy)]
pub(super) struct Best<S: Simd, const V: usize> {
    value: [S::f32s; V],
    pixel: [S::u32s; V],
}

impl<S: Simd, const V: usize> Best<S, V> {
    /// Before the first pixel. What ReLU would clamp has the argmax [`CLAMPED`].
    #[inline(always)]
    pub fn new(simd: S, relu: bool) -> Self {
        let (least, no_pixel) = match relu {
            true => (0.0, u32::from(CLAMPED)),
            false => (f32::NEG_INFINITY, 0),
        };
        Self {
            value: [simd.splat_f32s(least); V],
            pixel: [simd.splat_u32s(no_pixel); V],
        }
    }

    /// Updates the maximum with `z` at pixel `k`.
    #[inline(always)]
    pub fn or(&mut self, simd: S, k: usize, z: [S::f32s; V]) {
        let index = simd.splat_u32s(k as u32);
        for ((value, pixel), z) in self.value.iter_mut().zip(&mut self.pixel).zip(z) {
            // Not "less or equal": greater, or one of them is NaN.
            let wins = simd.not_m32s(simd.less_than_or_equal_f32s(z, *value));
            *value = simd.select_f32s(wins, z, *value);
            *pixel = simd.select_u32s(wins, index, *pixel);
        }
    }

    /// Stores both from index `at` on.
    #[inline(always)]
    pub fn store(self, simd: S, at: usize, values: &mut [f32], pixels: &mut [u8]) {
        let lanes = at..at + V * S::F32_LANES;
        S::as_mut_simd_f32s(&mut values[lanes.clone()])
            .0
            .copy_from_slice(&self.value);
        let to = pixels[lanes].chunks_exact_mut(S::F32_LANES);
        for (to, pixel) in to.zip(self.pixel) {
            store_bytes(simd, pixel, to);
        }
    }
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
        let mut best = [Best::<S, V>::new(simd, self.relu); N];
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
