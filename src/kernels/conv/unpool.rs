//! The inverse of max pooling after a convolution, channels last.

use super::geometry::Geometry;
use crate::kernels::pooling::Window;
use crate::kernels::simd;

/// The gradient before max pooling, `[conv pixels, out padded]`, from that after it,
/// `[pooled pixels, out padded]`, and the argmax.
pub(super) fn unpool(
    geometry: &Geometry,
    window: Window,
    (pooled, argmax): (&[f32], &[u8]),
    dz: &mut [f32],
) {
    simd::run(Unpool {
        geometry,
        window,
        pooled,
        argmax,
        dz,
    });
}

/// The inverse of max pooling: each gradient goes to the pixel of its argmax.
struct Unpool<'a> {
    geometry: &'a Geometry,
    window: Window,
    /// `[pooled pixels, out padded]`
    pooled: &'a [f32],
    argmax: &'a [u8],
    /// `[conv pixels, out padded]`
    dz: &'a mut [f32],
}

impl pulp::WithSimd for Unpool<'_> {
    type Output = ();

    // The inner loop has no branch, so the compiler vectorizes it.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let (g, window) = (self.geometry, self.window);
        let width = g.outputs_padded();
        self.dz.fill(0.0);
        let inputs = self
            .pooled
            .chunks_exact(width)
            .zip(self.argmax.chunks_exact(width));
        for (i, (pooled, argmax)) in inputs.enumerate() {
            let (py, px) = (i / g.pooled[1], i % g.pooled[1]);
            for row in window.cover(0, py, g.conv[0]) {
                let ky = row + window.padding[0] - py * window.stride[0];
                for col in window.cover(1, px, g.conv[1]) {
                    let kx = col + window.padding[1] - px * window.stride[1];
                    let index = (ky * window.kernel[1] + kx) as u8;
                    let dz = &mut self.dz[(row * g.conv[1] + col) * width..][..width];
                    for ((dz, grad), max_index) in dz.iter_mut().zip(pooled).zip(argmax) {
                        *dz += if *max_index == index { *grad } else { 0.0 };
                    }
                }
            }
        }
    }
}
