//! Convolution and max pooling of a layer with few taps: the first layer.
//!
//! For a few pooled pixels at a time, the convolution is computed at some or all pixels of their
//! windows, of which only the maximum leaves the registers: the image before pooling, four times as
//! large as the result, is never written.

use super::patch_offsets::PatchOffsets;
use super::running_max::RunningMax;
use pulp::{Simd, WithSimd};

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
        // Many registers hold the sums at all pixels of the usual window, and of more than one.
        let wide = S::REGISTER_COUNT >= 32;
        for col in (0..width).step_by(2 * S::F32_LANES) {
            match (width - col > S::F32_LANES, wide) {
                (true, true) => self.columns::<S, 2, 4, 2>(simd, col),
                (false, true) => self.columns::<S, 4, 4, 1>(simd, col),
                (true, false) => self.columns::<S, 4, 1, 2>(simd, col),
                (false, false) => self.columns::<S, 4, 1, 1>(simd, col),
            }
        }
    }
}

impl PooledForward<'_> {
    /// Computes `V` vectors of output channels, all pixels: `N` at a time, and `K` of the pixels of
    /// their windows.
    #[inline(always)]
    fn columns<S: Simd, const N: usize, const K: usize, const V: usize>(
        &mut self,
        simd: S,
        col: usize,
    ) {
        let pixels = self.places.corners.len();
        let whole = pixels / N * N;
        for pixel in (0..whole).step_by(N) {
            self.block::<S, N, K, V>(simd, pixel, col);
        }
        for pixel in whole..pixels {
            self.block::<S, 1, K, V>(simd, pixel, col);
        }
    }

    /// Computes `N` pooled pixels by `V` vectors of output channels.
    #[inline(always)]
    fn block<S: Simd, const N: usize, const K: usize, const V: usize>(
        &mut self,
        simd: S,
        pixel: usize,
        col: usize,
    ) {
        let mut best = [RunningMax::<S, V>::new(simd, self.relu); N];
        let (groups, rest) = self.places.pixels.as_chunks::<K>();
        for (first, group) in (0..).step_by(K).zip(groups) {
            self.add::<S, N, K, V>(simd, (pixel, col), (first, group), &mut best);
        }
        for (k, one) in (K * groups.len()..).zip(rest) {
            self.add::<S, N, 1, V>(simd, (pixel, col), (k, &[*one]), &mut best);
        }
        let width = self.bias.len();
        for (n, best) in best.into_iter().enumerate() {
            let at = (pixel + n) * width + col;
            best.store(simd, at, self.best, self.argmax);
        }
    }

    /// Updates the maxima with the convolution at `K` pixels of each of `N` windows, from the `k`-th
    /// on.
    #[inline(always)]
    fn add<S: Simd, const N: usize, const K: usize, const V: usize>(
        &self,
        simd: S,
        (pixel, col): (usize, usize),
        (k, pixels): (usize, &[usize; K]),
        best: &mut [RunningMax<S, V>; N],
    ) {
        let (width, lanes) = (self.bias.len(), V * S::F32_LANES);
        // Of equal length, so that one bounds check serves all.
        let mut x: [[&[f32]; K]; N] = [[&[]; K]; N];
        for (x, &corner) in x.iter_mut().zip(&self.places.corners[pixel..pixel + N]) {
            for (x, offset) in x.iter_mut().zip(pixels) {
                *x = &self.x[corner + offset..][..self.places.reach];
            }
        }
        let mut acc = [[[simd.splat_f32s(0.0); V]; K]; N];
        for acc in acc.as_flattened_mut() {
            acc.copy_from_slice(S::as_simd_f32s(&self.bias[col..col + lanes]).0);
        }
        let taps = self.places.taps.iter();
        for (&tap, weight) in taps.zip(self.weight.chunks_exact(width)) {
            let weight = S::as_simd_f32s(&weight[col..col + lanes]).0;
            for n in 0..N {
                for k in 0..K {
                    let x = simd.splat_f32s(x[n][k][tap]);
                    for v in 0..V {
                        acc[n][k][v] = simd.mul_add_e_f32s(x, weight[v], acc[n][k][v]);
                    }
                }
            }
        }
        for (best, acc) in best.iter_mut().zip(acc) {
            for (k, z) in (k..).zip(acc) {
                best.or(simd, k, z);
            }
        }
    }
}
