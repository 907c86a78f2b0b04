//! The inverse of max pooling after a convolution, channels last.

use super::geometry::Geometry;
use super::winograd;
use crate::kernels::pooling::Window;
use crate::kernels::simd;
use pulp::{Simd, WithSimd};

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

impl WithSimd for Unpool<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match winograd::pools_tiles(self.geometry) {
            true => self.quads(simd),
            false => self.any(),
        }
    }
}

impl Unpool<'_> {
    /// Of 2 × 2 pixels that no two windows share: each is written once.
    #[inline(always)]
    fn quads<S: Simd>(self, simd: S) {
        let (g, width, zero) = (
            self.geometry,
            self.geometry.outputs_padded(),
            simd.splat_f32s(0.0),
        );
        let (row, pooled_row) = (g.conv[1] * width, g.pooled[1] * width);
        let (inside, below) = self.dz.split_at_mut(2 * g.pooled[0] * row);
        below.fill(0.0);
        let rows = inside.chunks_exact_mut(2 * row);
        let pooled = self.pooled.chunks_exact(pooled_row);
        let pooled = pooled.zip(self.argmax.chunks_exact(pooled_row));
        for (rows, (pooled, argmax)) in rows.zip(pooled) {
            let (top, bottom) = rows.split_at_mut(row);
            for side in [&mut *top, &mut *bottom] {
                side[2 * pooled_row..].fill(0.0);
            }
            let quads = top.chunks_exact_mut(2 * width);
            let quads = quads.zip(bottom.chunks_exact_mut(2 * width));
            let pooled = pooled.chunks_exact(width).zip(argmax.chunks_exact(width));
            for ((top, bottom), (pooled, argmax)) in quads.zip(pooled) {
                let (a, b) = top.split_at_mut(width);
                let (c, d) = bottom.split_at_mut(width);
                let [a, b, c, d] = [a, b, c, d].map(|pixel| S::as_mut_simd_f32s(pixel).0);
                let argmax = argmax.chunks_exact(S::F32_LANES);
                let inputs = S::as_simd_f32s(pooled).0.iter().zip(argmax);
                let pixels = a.iter_mut().zip(b).zip(c).zip(d);
                for ((((a, b), c), d), (grad, argmax)) in pixels.zip(inputs) {
                    let winner = simd::load_bytes(simd, argmax);
                    // A sum, which is never −0.
                    let grad = simd.add_f32s(zero, *grad);
                    for (k, pixel) in (0..).zip([a, b, c, d]) {
                        let wins = simd.equal_u32s(winner, simd.splat_u32s(k));
                        *pixel = simd.select_f32s(wins, grad, zero);
                    }
                }
            }
        }
    }

    // The inner loop has no branch, so the compiler vectorizes it.
    #[inline(always)]
    fn any(self) {
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
