//! The weight gradient by minimal filtering: the transpose of the forward pass, with as few
//! multiplications.
//!
//! dg = Gᵀ [Σ over tiles of (Bᵀ d B) ⊙ (A dz Aᵀ)] G, where dz is a tile of 2 × 2 gradients. At each of
//! the 16 places, the sum is a matrix product: channels × tiles and tiles × output channels. The sums
//! of samples are added before they are transformed back.

use super::TILES;
use super::image::{tiles, with_image};
use super::transform::{PLACES, Patches, load, store};
use crate::kernels::buffers::scratch;
use crate::kernels::conv::geometry::Geometry;
use crate::kernels::gemm::{Gemm, Init, NO_PREFETCH, Rows, Transposed};
use crate::kernels::simd;
use crate::kernels::support::LANES;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Adds the sums over the tiles of samples, x and dz `[h, w, out padded]`, to `sums`,
/// `[places, channels, out padded]`.
pub(in super::super) fn add_products<'a>(
    g: &Geometry,
    samples: impl Iterator<Item = (&'a [f32], &'a [f32])>,
    sums: &mut [f32],
) {
    let (channels, width) = (g.inputs, g.outputs_padded());
    let [tile_rows, tile_cols] = tiles(g.conv);
    let [patch_len, tile_len] = [channels, width].map(tile_len);
    let at_once = (TILES / tile_cols).max(1);
    let most = at_once * tile_cols;
    scratch(most * (patch_len + tile_len), |space| {
        let (patches, tiles) = space.split_at_mut(most * patch_len);
        let mut n = 0;
        for (x, dz) in samples {
            with_image(g, x, |image| {
                let mut first = 0;
                while first < tile_rows {
                    let rows = first..tile_rows.min(first + at_once - n / tile_cols);
                    first = rows.end;
                    let end = n + rows.len() * tile_cols;
                    simd::run(Patches {
                        image,
                        rows: rows.clone(),
                        cols: tile_cols,
                        to: &mut patches[n * patch_len..end * patch_len],
                    });
                    simd::run(Tiles {
                        dz,
                        size: g.conv,
                        width,
                        rows,
                        cols: tile_cols,
                        to: &mut tiles[n * tile_len..end * tile_len],
                    });
                    n = end;
                    if n == most {
                        add_sums([channels, width], [patches, tiles], n, sums);
                        n = 0;
                    }
                }
            });
        }
        if n > 0 {
            add_sums([channels, width], [patches, tiles], n, sums);
        }
    });
}

/// Adds the products of `n` tiles: transformed patches and transformed dz.
fn add_sums(
    [channels, width]: [usize; 2],
    [patches, tiles]: [&[f32]; 2],
    n: usize,
    sums: &mut [f32],
) {
    for (place, sums) in sums.chunks_exact_mut(channels * width).enumerate() {
        simd::run(Gemm {
            a: &patches[place * channels..],
            rows: Rows::Strided {
                n: channels,
                start: 0,
                stride: 1,
            },
            steps: Transposed {
                len: n,
                stride: tile_len(channels),
            },
            b: &tiles[place * width..],
            ldb: tile_len(width),
            cols: width,
            out: sums,
            ldc: width,
            init: Init::Output,
            relu: false,
            prefetch: NO_PREFETCH,
        });
    }
}

/// Elements from one transformed tile of so many channels to the next.
fn tile_len(channels: usize) -> usize {
    // Not a power of two: the tiles would compete for the same cache lines.
    PLACES * channels + LANES
}

/// A dz Aᵀ for some rows of tiles.
struct Tiles<'a> {
    /// `[h, w, width]`
    dz: &'a [f32],
    size: [usize; 2],
    /// Output channels, padded.
    width: usize,
    rows: Range<usize>,
    /// Tiles in a row.
    cols: usize,
    /// `[tiles, places, width]`, with a gap after each tile.
    to: &'a mut [f32],
}

impl WithSimd for Tiles<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (data, [h, w], width) = (self.dz, self.size, self.width);
        let zero = simd.splat_f32s(0.0);
        let to = self.to.chunks_exact_mut(PLACES * width + LANES);
        for (tile, to) in to.enumerate() {
            let (y, x) = (
                2 * (self.rows.start + tile / self.cols),
                2 * (tile % self.cols),
            );
            let (has_row, has_col) = (y + 1 < h, x + 1 < w);
            let start = (y * w + x) * width;
            for lane in (0..width).step_by(S::F32_LANES) {
                let at = |offset: usize| load::<S>(&data[start + offset + lane..]);
                let top = [at(0), if has_col { at(width) } else { zero }];
                let bottom = match (has_row, has_col) {
                    (true, true) => [at(w * width), at((w + 1) * width)],
                    (true, false) => [at(w * width), zero],
                    (false, _) => [zero; 2],
                };
                let left = of_gradients(simd, [top[0], bottom[0]]);
                let right = of_gradients(simd, [top[1], bottom[1]]);
                for (y, pair) in left.into_iter().zip(right).enumerate() {
                    let row = of_gradients(simd, pair.into());
                    for (x, value) in row.into_iter().enumerate() {
                        store::<S>(&mut to[(4 * y + x) * width + lane..], value);
                    }
                }
            }
        }
    }
}

/// A z, for A = [1 0; 1 1; 1 -1; 0 -1].
#[inline(always)]
fn of_gradients<S: Simd>(simd: S, z: [S::f32s; 2]) -> [S::f32s; 4] {
    let sum = simd.add_f32s(z[0], z[1]);
    let difference = simd.sub_f32s(z[0], z[1]);
    [z[0], sum, difference, simd.neg_f32s(z[1])]
}

/// Gᵀ s G for the sums of all tiles: the gradient of the taps.
pub(in super::super) struct TapGradients<'a> {
    /// `[places, channels, width]`
    pub sums: &'a [f32],
    pub width: usize,
    /// `[channels, 9, width]`
    pub to: &'a mut [f32],
}

impl WithSimd for TapGradients<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.width;
        let place_len = self.sums.len() / PLACES;
        for (channel, to) in self.to.chunks_exact_mut(9 * width).enumerate() {
            for lane in (0..width).step_by(S::F32_LANES) {
                let at = channel * width + lane;
                let sum = |place: usize| load::<S>(&self.sums[place * place_len + at..]);
                let mut rows = [[simd.splat_f32s(0.0); 4]; 3];
                for x in 0..4 {
                    let column = of_products(simd, [sum(x), sum(4 + x), sum(8 + x), sum(12 + x)]);
                    for (row, value) in rows.iter_mut().zip(column) {
                        row[x] = value;
                    }
                }
                for (y, row) in rows.into_iter().enumerate() {
                    for (x, value) in of_products(simd, row).into_iter().enumerate() {
                        store::<S>(&mut to[(3 * y + x) * width + lane..], value);
                    }
                }
            }
        }
    }
}

/// Gᵀ s, for Gᵀ = [1 ½ ½ 0; 0 ½ -½ 0; 0 ½ ½ 1].
#[inline(always)]
fn of_products<S: Simd>(simd: S, s: [S::f32s; 4]) -> [S::f32s; 3] {
    let half = simd.splat_f32s(0.5);
    let sum = simd.mul_f32s(simd.add_f32s(s[1], s[2]), half);
    let difference = simd.mul_f32s(simd.sub_f32s(s[1], s[2]), half);
    [
        simd.add_f32s(s[0], sum),
        difference,
        simd.add_f32s(sum, s[3]),
    ]
}
