//! Convolution of 3 × 3 taps by minimal filtering of Winograd (Lavin and Gray: Fast algorithms for
//! convolutional neural networks, 2016, section 4): neighboring results are computed together, from
//! far fewer multiplications.
//!
//! Y = Aᵀ [Σ over channels of (G g Gᵀ) ⊙ (Bᵀ d B)] A, where Y is a tile of results, d the patch of
//! pixels it depends on and g the taps. At each place of a transformed patch, the sum is a matrix
//! product: patches × channels and channels × output channels.

mod image;
mod lines;
mod sink;
#[cfg(test)]
mod tests;
mod tile;
mod transform;
mod weight;

use super::geometry::{Geometry, area};
use crate::kernels::buffers::scratch;
use crate::kernels::gemm::{Contiguous, Gemm, Init, PAIR, Rows, panel_width};
use crate::kernels::simd;
use crate::kernels::support::LANES;
pub(super) use image::{Image, with_image};
use pulp::{Simd, WithSimd};
pub(super) use sink::{Finish, Pixels, Pooled};
pub(super) use tile::Tile;
pub(super) use transform::Taps;
use transform::{Patches, Sink, Sums, space_len, tile_len};
pub(super) use weight::{add_products, tap_gradients};

/// Elements of patches and sums that are computed at a time: they fit the second-level cache, with room
/// for the taps.
const AT_ONCE: usize = 3 << 15;

/// Large tiles of an image from which on they are worth it: with few, transformed taps and the sums of
/// their gradients are read too often, and large tiles have more.
const MANY_TILES: usize = 9;
/// Small images are convolved together up to so many tiles.
const TOGETHER: usize = 16;
/// But so many parts of a batch are left for the threads.
const PARTS: usize = 8;

/// The tile for the forward pass, if it is worth it: the lanes are input channels, then output channels.
///
/// With `keeps_ties` it is a small one: where all pixels are alike its results are, too, bit by bit, and
/// those of a large tile are not. Max pooling takes the first of equal pixels, in every framework, and so
/// do the maps of explanations, of the black around a digit.
pub(super) fn of_forward(g: &Geometry, keeps_ties: bool) -> Option<Tile> {
    has_vectors(g).then(|| match keeps_ties {
        true => Tile::Two,
        false => best_tile(g.conv),
    })
}

/// Samples that the forward pass takes together. Their results are the same as of each alone.
pub(super) fn together(g: &Geometry, tile: Tile) -> usize {
    let tiles = area(tile.cover(g.conv));
    (TOGETHER / tiles).min(g.n / PARTS).max(1)
}

/// The tile for the weight gradient, if it is worth it: the lanes are output channels, and rows are
/// input channels.
pub(super) fn of_weight_gradient(g: &Geometry) -> Option<Tile> {
    has_vectors(g).then(|| best_tile(g.conv))
}

/// The tile for the input gradient, a convolution of dz, if it is worth it.
pub(super) fn of_input_gradient(g: &Geometry) -> Option<Tile> {
    let has_vectors = g.outputs.is_multiple_of(LANES) && g.inputs >= LANES;
    (is_small(g) && has_vectors).then(|| best_tile(g.image))
}

fn has_vectors(g: &Geometry) -> bool {
    is_small(g) && g.inputs.is_multiple_of(LANES) && g.outputs >= LANES
}

fn is_small(g: &Geometry) -> bool {
    g.window.kernel == [3, 3] && g.window.stride == [1, 1]
}

/// The tile that takes the fewest products for results of this size.
fn best_tile(size: [usize; 2]) -> Tile {
    let tiles = |tile: Tile| area(tile.cover(size));
    let products = |tile: Tile| tiles(tile) * tile.places();
    match tiles(Tile::Four) >= MANY_TILES && products(Tile::Four) < products(Tile::Two) {
        true => Tile::Four,
        false => Tile::Two,
    }
}

/// Rows of so many tiles at a time, each of this length with its sums.
fn rows_at_once(len: usize, cols: usize) -> usize {
    (AT_ONCE / (len * cols)).max(1)
}

/// Columns of transformed taps that lie next to each other: all, or as many as a register tile has,
/// where that spares the products to pack them.
fn panel(width: usize) -> usize {
    match panel_width() {
        PAIR => PAIR,
        _ => width,
    }
}

/// Transformed taps, G g Gᵀ.
#[derive(Clone, Copy)]
pub(super) struct Filters<'a> {
    pub tile: Tile,
    /// Of the input.
    pub channels: usize,
    /// Output channels, padded.
    pub width: usize,
    /// What [`panel`] was for them.
    pub panel: usize,
    /// `[places, panels, channels, panel]`
    pub data: &'a [f32],
}

impl Filters<'_> {
    /// Elements from one tile to the next, in transformed patches and in their sums.
    fn strides(self) -> [usize; 2] {
        [self.channels, self.width].map(|n| tile_len(self.tile, n))
    }

    /// The sums over channels of so many transformed patches.
    fn products(self, tiles: usize, patches: &[f32], sums: &mut [f32]) {
        simd::run(Products {
            filters: self,
            tiles,
            patches,
            sums,
        });
    }
}

/// A product for each place.
// All in one kernel: those of few channels are so small that calling one takes as long.
struct Products<'a> {
    filters: Filters<'a>,
    tiles: usize,
    patches: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Filters {
            channels,
            width,
            panel,
            ..
        } = self.filters;
        let [patch_len, sums_len] = self.filters.strides();
        let mut rest = self.filters.data;
        for place in 0..self.filters.tile.places() {
            for col in (0..width).step_by(panel) {
                let (b, next) = rest.split_at(channels * panel);
                rest = next;
                let product = Gemm {
                    a: &self.patches[place * channels..],
                    rows: Rows::Strided {
                        n: self.tiles,
                        start: 0,
                        stride: patch_len,
                    },
                    steps: Contiguous(channels),
                    b,
                    ldb: panel,
                    cols: panel,
                    out: &mut self.sums[place * width + col..],
                    ldc: sums_len,
                    init: Init::Zero,
                    relu: false,
                    prefetch: [&next[..b.len().min(next.len())], &[]],
                };
                product.with_simd(simd);
            }
        }
    }
}

/// Whether every window of the pooling is a tile.
pub(super) fn pools_tiles(g: &Geometry) -> bool {
    g.pool.is_some_and(|pool| {
        pool.kernel == [2, 2] && pool.stride == [2, 2] && pool.padding == [0, 0]
    })
}

/// Convolves an image to results of this size, a few rows of tiles at a time.
pub(super) fn convolve(
    image: Image<'_>,
    size: [usize; 2],
    filters: Filters<'_>,
    sink: &mut impl Sink,
) {
    let tile = filters.tile;
    let [tile_rows, tile_cols] = tile.cover(size);
    let [patch_len, sums_len] = filters.strides();
    // Parts of nearly equal size.
    let parts = tile_rows.div_ceil(rows_at_once(patch_len + sums_len, tile_cols));
    let at_once = tile_rows.div_ceil(parts);
    let spare = space_len(tile, filters.channels.max(filters.width));
    scratch(
        at_once * tile_cols * (patch_len + sums_len) + spare,
        |space| {
            let (patches, space) = space.split_at_mut(at_once * tile_cols * patch_len);
            let (sums, space) = space.split_at_mut(at_once * tile_cols * sums_len);
            for first in (0..tile_rows).step_by(at_once) {
                let rows = first..tile_rows.min(first + at_once);
                let tiles = rows.len() * tile_cols;
                let (patches, sums) = (
                    &mut patches[..tiles * patch_len],
                    &mut sums[..tiles * sums_len],
                );
                simd::run(Patches {
                    tile,
                    image,
                    rows: rows.clone(),
                    cols: tile_cols,
                    space,
                    to: patches,
                });
                filters.products(tiles, patches, sums);
                simd::run(Sums {
                    tile,
                    rows,
                    cols: tile_cols,
                    width: filters.width,
                    sums,
                    space,
                    sink,
                });
            }
        },
    );
}

/// Convolves some samples with few tiles, each into its sink.
pub(super) fn convolve_together<K: Sink>(
    g: &Geometry,
    samples: &mut [(&[f32], K)],
    filters: Filters<'_>,
) {
    let (tile, [tile_rows, tile_cols]) = (filters.tile, filters.tile.cover(g.conv));
    let tiles = tile_rows * tile_cols;
    let [patch_len, sums_len] = filters.strides();
    let all = samples.len() * tiles;
    let spare = space_len(tile, filters.channels.max(filters.width));
    scratch(all * (patch_len + sums_len) + spare, |space| {
        let (patches, space) = space.split_at_mut(all * patch_len);
        let (sums, space) = space.split_at_mut(all * sums_len);
        let of_samples = patches.chunks_exact_mut(tiles * patch_len);
        for ((x, _), to) in samples.iter().zip(of_samples) {
            with_image(tile, g, x, |image| {
                simd::run(Patches {
                    tile,
                    image,
                    rows: 0..tile_rows,
                    cols: tile_cols,
                    space,
                    to,
                });
            });
        }
        filters.products(all, patches, sums);
        for ((_, sink), sums) in samples.iter_mut().zip(sums.chunks_exact(tiles * sums_len)) {
            simd::run(Sums {
                tile,
                rows: 0..tile_rows,
                cols: tile_cols,
                width: filters.width,
                sums,
                space,
                sink,
            });
        }
    });
}
