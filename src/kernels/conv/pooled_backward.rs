//! The gradients of weight and bias after max pooling if no input gradient is needed: the first
//! layer.
//!
//! dw[tap][o] += Σ over windows of dz · x[argmax of o + tap].
//!
//! A first layer has few taps, so their sums stay in registers for all windows, and dz before
//! pooling, three quarters of it zeros, is never written. The lanes are output channels, each with
//! an argmax of its own: an instruction selects one of four numbers for each lane, so the image is
//! copied once for each of the four pixels of a 2 × 2 window (or several times four).

use super::geometry::Geometry;
use super::method::{Gradients, Method, Sample, unpack, with_channels_last};
use super::patch_offsets::PatchOffsets;
use crate::kernels::buffers::scratch;
use crate::kernels::simd;
use crate::kernels::simd::{load_bytes, pick};
use pulp::{Simd, WithSimd};

pub(super) struct Pooled<'a> {
    geometry: &'a Geometry,
    places: &'a PatchOffsets,
}

impl<'a> Pooled<'a> {
    pub fn new(geometry: &'a Geometry, places: &'a PatchOffsets) -> Self {
        Self { geometry, places }
    }
}

impl Method for Pooled<'_> {
    fn skips_clamped(&self) -> bool {
        true
    }

    fn weight_len(&self) -> usize {
        self.geometry.taps() * self.geometry.outputs_padded()
    }

    fn sample(&self, sample: &Sample<'_>, gradients: Gradients<'_>) {
        let (g, places) = (self.geometry, self.places);
        let Some(dw) = gradients.weight else { return };
        with_channels_last(g, sample.grads, |grads| {
            g.with_border(sample.x, |x| {
                let groups = places.pixels.len().div_ceil(4);
                scratch(groups * x.len() * 4, |fours| {
                    simd::run(PooledWeight {
                        width: g.outputs_padded(),
                        places,
                        x,
                        fours: fours.as_chunks_mut().0,
                        grads,
                        argmax: sample.argmax,
                        dw,
                        db: gradients.bias,
                    });
                });
            });
        });
    }

    fn unpack(&self, packed: &[f32], weight: &mut [f32]) {
        unpack(self.geometry, packed, weight);
    }
}

/// The weight gradient of one sample.
struct PooledWeight<'a> {
    /// Output channels, padded.
    width: usize,
    places: &'a PatchOffsets,
    /// A sample with its border.
    x: &'a [f32],
    /// For each group of four pixels of a window and each position of `x`: the values at those
    /// pixels of the window with its corner there. As long as `x` for each group of four;
    /// overwritten.
    fours: &'a mut [[f32; 4]],
    /// `[pooled pixels, out padded]`, both.
    grads: &'a [f32],
    argmax: &'a [u8],
    /// `[taps, out padded]`
    dw: &'a mut [f32],
    /// `[out]`
    db: &'a mut [f32],
}

impl WithSimd for PooledWeight<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        self.lay_out();
        let most = if S::REGISTER_COUNT >= 32 { 9 } else { 6 };
        let taps = self.places.taps.len();
        let tiles = taps.div_ceil(most);
        for col in (0..self.width).step_by(2 * S::F32_LANES) {
            for tile in 0..tiles {
                let start = taps * tile / tiles;
                match taps * (tile + 1) / tiles - start {
                    9 => self.tile::<S, 9>(simd, start, col),
                    8 => self.tile::<S, 8>(simd, start, col),
                    7 => self.tile::<S, 7>(simd, start, col),
                    6 => self.tile::<S, 6>(simd, start, col),
                    5 => self.tile::<S, 5>(simd, start, col),
                    n => (0..n).for_each(|i| self.tile::<S, 1>(simd, start + i, col)),
                }
            }
        }
    }
}

impl PooledWeight<'_> {
    // Vectorized by the compiler.
    #[inline(always)]
    fn lay_out(&mut self) {
        let groups = self.fours.chunks_exact_mut(self.x.len());
        for (fours, pixels) in groups.zip(self.places.pixels.chunks(4)) {
            // Pixels that the window does not have are never selected.
            let at = |i: usize| &self.x[pixels.get(i).copied().unwrap_or_default()..];
            let [a, b, c, d] = [at(0), at(1), at(2), at(3)];
            for ((((four, a), b), c), d) in fours.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *four = [*a, *b, *c, *d];
            }
        }
    }

    /// `N` taps by two vectors of output channels, or one where there are no more.
    #[inline(always)]
    fn tile<S: Simd, const N: usize>(&mut self, simd: S, start: usize, col: usize) {
        match self.width - col > S::F32_LANES {
            true => self.block::<S, N, 2>(simd, start, col),
            false => self.block::<S, N, 1>(simd, start, col),
        }
    }

    #[inline(always)]
    fn block<S: Simd, const N: usize, const V: usize>(
        &mut self,
        simd: S,
        start: usize,
        col: usize,
    ) {
        let (width, lanes) = (self.width, V * S::F32_LANES);
        let at = |n: usize| (start + n) * width + col;
        let mut acc = [[simd.splat_f32s(0.0); V]; N];
        for (n, acc) in acc.iter_mut().enumerate() {
            acc.copy_from_slice(S::as_simd_f32s(&self.dw[at(n)..at(n) + lanes]).0);
        }
        let taps: [usize; N] = std::array::from_fn(|n| self.places.taps[start + n]);
        let zero = simd.splat_f32s(0.0);
        let mut bias = [zero; V];
        let rows = self
            .grads
            .chunks_exact(width)
            .zip(self.argmax.chunks_exact(width));
        for ((grads, argmax), &corner) in rows.zip(&self.places.corners) {
            let grads = S::as_simd_f32s(&grads[col..col + lanes]).0;
            let bytes = argmax[col..col + lanes].chunks_exact(S::F32_LANES);
            let mut argmax = [simd.splat_u32s(0); V];
            for (argmax, bytes) in argmax.iter_mut().zip(bytes) {
                *argmax = load_bytes(simd, bytes);
            }
            for (group, fours) in self.fours.chunks_exact(self.x.len()).enumerate() {
                let fours = &fours[corner..][..self.places.reach];
                let first = simd.splat_u32s(4 * group as u32);
                let mut dz = [zero; V];
                for v in 0..V {
                    let index = simd.sub_u32s(argmax[v], first);
                    let won = simd.less_than_u32s(index, simd.splat_u32s(4));
                    dz[v] = simd.select_f32s(won, grads[v], zero);
                    bias[v] = simd.add_f32s(bias[v], dz[v]);
                }
                for n in 0..N {
                    for v in 0..V {
                        let x = pick(simd, fours[taps[n]], argmax[v]);
                        acc[n][v] = simd.mul_add_e_f32s(x, dz[v], acc[n][v]);
                    }
                }
            }
        }
        for (n, acc) in acc.iter().enumerate() {
            let to = &mut self.dw[at(n)..at(n) + lanes];
            S::as_mut_simd_f32s(to).0.copy_from_slice(acc);
        }
        // Once for all taps.
        if start == 0 {
            let mut sums = [0.0; 64];
            S::as_mut_simd_f32s(&mut sums[..lanes])
                .0
                .copy_from_slice(&bias);
            // These columns may be padding, which has no biases.
            let db = self.db.iter_mut().skip(col).zip(sums);
            db.take(lanes).for_each(|(db, sum)| *db += sum);
        }
    }
}
