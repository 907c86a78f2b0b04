//! Max pooling after a convolution, channels last.

use super::geometry::{Geometry, Windows};
use pulp::{Simd, WithSimd};

/// Max pooling of some windows of one channels-last sample.
pub(super) struct MaxPool<'a> {
    pub geometry: &'a Geometry,
    pub windows: &'a Windows,
    /// The first of the windows.
    pub first: usize,
    /// `[conv pixels, out padded]`
    pub z: &'a [f32],
    /// `[windows, out padded]`
    pub best: &'a mut [f32],
    pub argmax: &'a mut [u8],
}

impl WithSimd for MaxPool<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let g = self.geometry;
        let width = g.outputs_padded();
        let Self {
            windows,
            first,
            z,
            best,
            argmax,
            ..
        } = self;
        let outputs = best
            .chunks_exact_mut(width)
            .zip(argmax.chunks_exact_mut(width));
        let mut indices = vec![0u32; width];
        for (i, (best, argmax)) in outputs.enumerate() {
            let pixels = windows.of(first + i);
            for (lane, best) in S::as_mut_simd_f32s(best).0.iter_mut().enumerate() {
                let mut top = simd.splat_f32s(f32::NEG_INFINITY);
                let mut max_index = simd.splat_u32s(0);
                for &(offset, index) in pixels {
                    let z =
                        S::as_simd_f32s(&z[offset + lane * S::F32_LANES..][..S::F32_LANES]).0[0];
                    // Not "less or equal": greater, or one of them is NaN.
                    let wins = simd.not_m32s(simd.less_than_or_equal_f32s(z, top));
                    top = simd.select_f32s(wins, z, top);
                    max_index = simd.select_u32s(wins, simd.splat_u32s(index), max_index);
                }
                *best = top;
                S::as_mut_simd_u32s(&mut indices).0[lane] = max_index;
            }
            // A separate loop, which the compiler vectorizes with narrowing stores.
            for (to, from) in argmax.iter_mut().zip(&indices) {
                *to = *from as u8;
            }
        }
    }
}
