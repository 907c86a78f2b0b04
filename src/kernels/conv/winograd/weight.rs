//! The weight gradient by minimal filtering: the transpose of the forward pass, with as few
//! multiplications.
//!
//! dg = Gᵀ [Σ over tiles of (Bᵀ d B) ⊙ (A dz Aᵀ)] G, where dz is a tile of gradients. At each place, the
//! sum is a matrix product: channels × tiles and tiles × output channels. The sums of samples are
//! added before they are transformed back.

use super::image::with_image;
use super::rows_at_once;
use super::tile::{Four, Tile, Transforms, Two};
use super::transform::{Patches, load, space_len, store, tile_len};
use crate::kernels::buffers::scratch;
use crate::kernels::conv::geometry::Geometry;
use crate::kernels::gemm::{Gemm, Init, NO_PREFETCH, Rows, Transposed};
use crate::kernels::support::LANES;
use crate::kernels::{simd, threads};
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Adds the sums over the tiles of samples, x and dz `[h, w, out padded]`, to `sums`,
/// `[places, channels, out padded]`.
pub(in super::super) fn add_products<'a>(
    tile: Tile,
    g: &Geometry,
    samples: impl Iterator<Item = (&'a [f32], &'a [f32])>,
    sums: &mut [f32],
) {
    let (channels, width) = (g.inputs, g.outputs_padded());
    let [tile_rows, tile_cols] = tile.cover(g.conv);
    let [patch_len, tile_len] = [channels, width].map(|n| tile_len(tile, n));
    let at_once = rows_at_once(patch_len + tile_len, tile_cols);
    let most = at_once * tile_cols;
    // One tile more: from each place on, products read whole rows.
    let tiles_len = (most + 1) * tile_len;
    let spare = space_len(tile, channels);
    scratch(most * patch_len + tiles_len + spare, |space| {
        let (patches, space) = space.split_at_mut(most * patch_len);
        let (tiles, space) = space.split_at_mut(tiles_len);
        let mut n = 0;
        for (x, dz) in samples {
            with_image(tile, g, x, |image| {
                let mut first = 0;
                while first < tile_rows {
                    let rows = first..tile_rows.min(first + at_once - n / tile_cols);
                    first = rows.end;
                    let end = n + rows.len() * tile_cols;
                    simd::run(Patches {
                        tile,
                        image,
                        rows: rows.clone(),
                        cols: tile_cols,
                        space,
                        to: &mut patches[n * patch_len..end * patch_len],
                    });
                    simd::run(Tiles {
                        tile,
                        dz,
                        size: g.conv,
                        width,
                        rows,
                        cols: tile_cols,
                        to: &mut tiles[n * tile_len..end * tile_len],
                    });
                    n = end;
                    if n == most {
                        add_sums(tile, [channels, width], [patches, tiles], n, sums);
                        n = 0;
                    }
                }
            });
        }
        if n > 0 {
            add_sums(tile, [channels, width], [patches, tiles], n, sums);
        }
    });
}

/// Adds the products of `n` tiles: transformed patches and transformed dz.
fn add_sums(
    tile: Tile,
    [channels, width]: [usize; 2],
    [patches, tiles]: [&[f32]; 2],
    n: usize,
    sums: &mut [f32],
) {
    for (place, sums) in sums.chunks_exact_mut(channels * width).enumerate() {
        Gemm {
            a: &patches[place * channels..],
            rows: Rows::Strided {
                n: channels,
                start: 0,
                stride: 1,
            },
            steps: Transposed {
                len: n,
                stride: tile_len(tile, channels),
            },
            b: &tiles[place * width..],
            ldb: tile_len(tile, width),
            cols: width,
            out: sums,
            ldc: width,
            init: Init::Output,
            relu: false,
            prefetch: NO_PREFETCH,
        }
        .run();
    }
}

/// A dz Aᵀ for some rows of tiles.
struct Tiles<'a> {
    tile: Tile,
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
        match self.tile {
            Tile::Two => self.by_size::<S, Two, 2, 4>(simd),
            Tile::Four => self.by_size::<S, Four, 4, 6>(simd),
        }
    }
}

impl Tiles<'_> {
    #[inline(always)]
    fn by_size<S: Simd, T: Transforms<M, P>, const M: usize, const P: usize>(self, simd: S) {
        let ([h, w], width) = (self.size, self.width / LANES);
        let (dz, _) = self.dz.as_chunks();
        let zero = simd.splat_f32s(0.0);
        let tiles = self.to.chunks_exact_mut(tile_len(self.tile, self.width));
        for (tile, to) in tiles.enumerate() {
            let (top, left) = (
                M * (self.rows.start + tile / self.cols),
                M * (tile % self.cols),
            );
            let (to, _) = to.as_chunks_mut();
            for block in 0..width {
                for v in 0..LANES / S::F32_LANES {
                    let columns = T::results(
                        #[inline(always)]
                        |x| {
                            let column = T::results(
                                #[inline(always)]
                                |y| match top + y < h && left + x < w {
                                    true => {
                                        let pixel = (top + y) * w + left + x;
                                        load::<S>(&dz[pixel * width + block], v)
                                    }
                                    false => zero,
                                },
                            );
                            T::of_gradients(simd, column)
                        },
                    );
                    for y in 0..P {
                        let row = T::results(
                            #[inline(always)]
                            |x| columns[x][y],
                        );
                        for (x, value) in T::of_gradients(simd, row).into_iter().enumerate() {
                            store::<S>(&mut to[(P * y + x) * width + block], v, value);
                        }
                    }
                }
            }
        }
    }
}

/// Gᵀ s G for the sums of all tiles, `[places, channels, width]`: the gradient of the taps,
/// `[channels, 9, width]`.
pub(in super::super) fn tap_gradients(tile: Tile, sums: &[f32], width: usize, to: &mut [f32]) {
    let place_len = sums.len() / tile.places();
    let parts = to.chunks_mut(CHANNELS * 9 * width);
    threads::for_parts_of(sums.len(), parts, |part, to| {
        simd::run(TapGradients {
            tile,
            sums: &sums[part * CHANNELS * width..],
            place_len,
            width,
            to,
        });
    });
}

/// Channels of a chunk of the gradient of the taps.
const CHANNELS: usize = 8;

/// Some channels of it.
struct TapGradients<'a> {
    tile: Tile,
    /// From these channels of the first place on.
    sums: &'a [f32],
    /// Elements from one place to the next.
    place_len: usize,
    width: usize,
    to: &'a mut [f32],
}

impl WithSimd for TapGradients<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.tile {
            Tile::Two => self.by_size::<S, Two, 2, 4>(simd),
            Tile::Four => self.by_size::<S, Four, 4, 6>(simd),
        }
    }
}

impl TapGradients<'_> {
    #[inline(always)]
    fn by_size<S: Simd, T: Transforms<M, P>, const M: usize, const P: usize>(self, simd: S) {
        let width = self.width / LANES;
        let (sums, _) = self.sums.as_chunks();
        let place_len = self.place_len / LANES;
        for (channel, to) in self.to.chunks_exact_mut(9 * self.width).enumerate() {
            let (to, _) = to.as_chunks_mut();
            for block in 0..width {
                for v in 0..LANES / S::F32_LANES {
                    let columns = T::pixels(
                        #[inline(always)]
                        |x| {
                            let at = channel * width + block;
                            let column = T::pixels(
                                #[inline(always)]
                                |y| load::<S>(&sums[(P * y + x) * place_len + at], v),
                            );
                            T::of_products(simd, column)
                        },
                    );
                    for y in 0..3 {
                        let row = T::pixels(
                            #[inline(always)]
                            |x| columns[x][y],
                        );
                        for (x, value) in T::of_products(simd, row).into_iter().enumerate() {
                            store::<S>(&mut to[(3 * y + x) * width + block], v, value);
                        }
                    }
                }
            }
        }
    }
}
