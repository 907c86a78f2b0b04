//! The maximum of a pooling window, in registers.

use super::geometry::CLAMPED;
use crate::kernels::simd::store_bytes;
use pulp::Simd;

/// The running maximum of a window, and its argmax.
#[derive(Clone, Copy)]
pub(super) struct RunningMax<S: Simd, const V: usize> {
    value: [S::f32s; V],
    pixel: [S::u32s; V],
}

impl<S: Simd, const V: usize> RunningMax<S, V> {
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
