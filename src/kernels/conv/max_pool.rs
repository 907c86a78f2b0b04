//! Max pooling after a convolution, channels last.

use super::geometry::{Geometry, Windows};
use super::running_max::RunningMax;
use pulp::{Simd, WithSimd};

/// What is done with a pixel before it is pooled.
pub(super) trait Each {
    /// Of the channels of vector `i`.
    fn apply<S: Simd>(&self, simd: S, i: usize, z: S::f32s) -> S::f32s;
}

/// Nothing.
pub(super) struct AsIs;

impl Each for AsIs {
    #[inline(always)]
    fn apply<S: Simd>(&self, _: S, _: usize, z: S::f32s) -> S::f32s {
        z
    }
}

/// Max pooling of some windows of one channels-last sample.
pub(super) struct MaxPool<'a, E> {
    pub geometry: &'a Geometry,
    pub windows: &'a Windows,
    /// The first of the windows.
    pub first: usize,
    /// `[conv pixels, out padded]`
    pub z: &'a [f32],
    pub each: E,
    /// `[windows, out padded]`
    pub best: &'a mut [f32],
    pub argmax: &'a mut [u8],
}

impl<E: Each> WithSimd for MaxPool<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.geometry.outputs_padded();
        let outputs = self.best.chunks_exact_mut(width);
        let outputs = outputs.zip(self.argmax.chunks_exact_mut(width));
        for (i, (best, argmax)) in outputs.enumerate() {
            let pixels = self.windows.of(self.first + i);
            for lane in 0..width / S::F32_LANES {
                let at = lane * S::F32_LANES;
                let mut top = RunningMax::<S, 1>::new(simd, false);
                for &(offset, index) in pixels {
                    let z = S::as_simd_f32s(&self.z[offset + at..][..S::F32_LANES]).0[0];
                    top.or(simd, index as usize, [self.each.apply(simd, lane, z)]);
                }
                top.store(simd, at, best, argmax);
            }
        }
    }
}
