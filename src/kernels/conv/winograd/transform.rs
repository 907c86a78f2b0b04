//! The three transforms: of taps, of patches, and of the sums back to results.

use super::image::Image;
use super::lines::{lines, lines_mut, transform};
use super::tile::{Four, Tile, Transforms, Two};
use super::{Filters, panel};
use crate::kernels::support::{LANES, in_step};
use crate::kernels::{simd, threads};
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Receives results.
pub(in super::super) trait Sink {
    /// Receives the tile in this row and column: its sums transformed back along the columns,
    /// `[M, P, width]`. Along the rows, that is left to the sink.
    ///
    /// * `spare`: `[M, width]`, for what is beyond the image
    fn tile<S: Simd, T: Transforms<M, P>, const M: usize, const P: usize>(
        &mut self,
        simd: S,
        at: [usize; 2],
        columns: &[f32],
        spare: &mut [f32],
    );
}

/// Elements from one transformed tile of so many channels to the next.
pub(super) fn tile_len(tile: Tile, channels: usize) -> usize {
    // Not a power of two: the tiles would compete for the same cache lines.
    tile.places() * channels + LANES
}

/// Taps to transform; output channels are contiguous.
pub(in super::super) struct Taps<'a> {
    pub tile: Tile,
    pub weight: &'a [f32],
    /// Where each tap of the first channel starts.
    pub taps: [usize; 9],
    /// Elements from one channel to the next.
    pub stride: usize,
    pub channels: usize,
    pub width: usize,
    /// As many elements as there are places, channels and columns.
    pub to: &'a mut [f32],
}

impl<'a> Taps<'a> {
    /// G g Gᵀ of all channels.
    pub fn transform(self) -> Filters<'a> {
        let (tile, channels, width) = (self.tile, self.channels, self.width);
        let panel = panel(width);
        let places_and_panels = self.to.chunks_exact_mut(channels * panel);
        let parts = in_step(places_and_panels, CHANNELS * panel);
        threads::for_parts_of(tile.places() * channels * width, parts, |part, mut to| {
            let first = part * CHANNELS;
            simd::run(TapsPart {
                tile,
                weight: &self.weight[first * self.stride..],
                taps: self.taps,
                stride: self.stride,
                panel,
                to: &mut to,
            });
        });
        Filters {
            tile,
            channels,
            width,
            panel,
            data: self.to,
        }
    }
}

/// Channels of a chunk of taps.
const CHANNELS: usize = 8;

/// Some channels of [`Taps`].
struct TapsPart<'a, 'b> {
    tile: Tile,
    weight: &'a [f32],
    taps: [usize; 9],
    stride: usize,
    panel: usize,
    /// For each place and panel, `[channels, panel]`.
    to: &'a mut [&'b mut [f32]],
}

impl WithSimd for TapsPart<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.tile {
            Tile::Two => self.by_size::<S, Two, 2, 4>(simd),
            Tile::Four => self.by_size::<S, Four, 4, 6>(simd),
        }
    }
}

impl TapsPart<'_, '_> {
    #[inline(always)]
    fn by_size<S: Simd, T: Transforms<M, P>, const M: usize, const P: usize>(self, simd: S) {
        let blocks = self.panel / LANES;
        let channels = self.to.first().map_or(0, |to| to.len() / self.panel);
        let panels = self.to.len() / self.tile.places();
        for channel in 0..channels {
            let taps = self.taps.map(
                #[inline(always)]
                |tap| self.weight[tap + channel * self.stride..].as_chunks().0,
            );
            for first in (0..panels * self.panel).step_by(LANES) {
                let block = first / LANES;
                let (panel, at) = (block / blocks, channel * blocks + block % blocks);
                for v in 0..LANES / S::F32_LANES {
                    let columns = T::taps(
                        #[inline(always)]
                        |x| {
                            let column = T::taps(
                                #[inline(always)]
                                |y| load::<S>(&taps[3 * y + x][block], v),
                            );
                            T::of_taps(simd, column)
                        },
                    );
                    let rows = T::pixels(
                        #[inline(always)]
                        |y| {
                            let row = T::taps(
                                #[inline(always)]
                                |x| columns[x][y],
                            );
                            T::of_taps(simd, row)
                        },
                    );
                    for (y, row) in rows.into_iter().enumerate() {
                        for (x, value) in row.into_iter().enumerate() {
                            let to = &mut self.to[(P * y + x) * panels + panel];
                            store::<S>(&mut to.as_chunks_mut().0[at], v, value);
                        }
                    }
                }
            }
        }
    }
}

/// Floats of pixels transformed along their columns, for as many tiles of a row as they suffice for: they
/// are still in the first-level cache when they are transformed along their rows.
const COLUMNS: usize = 4 << 10;

/// The room for what is transformed along one axis.
pub(super) fn space_len(tile: Tile, channels: usize) -> usize {
    COLUMNS.max(tile.places() * channels)
}

/// Bᵀ d B for the patches of some rows of tiles.
pub(super) struct Patches<'a> {
    pub tile: Tile,
    pub image: Image<'a>,
    pub rows: Range<usize>,
    /// Tiles in a row.
    pub cols: usize,
    /// At least [`space_len`] floats.
    // Not taken in the kernel: there, closures are not inlined.
    pub space: &'a mut [f32],
    /// `[tiles, places, channels]`, with a gap after each tile.
    pub to: &'a mut [f32],
}

impl WithSimd for Patches<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.tile {
            Tile::Two => self.by_size::<S, Two, 2, 4>(simd),
            Tile::Four => self.by_size::<S, Four, 4, 6>(simd),
        }
    }
}

impl Patches<'_> {
    /// Along the columns, which neighboring tiles share, then along the rows.
    #[inline(always)]
    fn by_size<S: Simd, T: Transforms<M, P>, const M: usize, const P: usize>(self, simd: S) {
        let Image {
            data,
            channels,
            row,
        } = self.image;
        let len = tile_len(self.tile, channels);
        let pixels = self.space.len() / (P * channels);
        let at_once = (pixels.saturating_sub(P - M) / M).max(1);
        let tiles = self.to.chunks_exact_mut(self.cols * len);
        for (tile_row, tiles) in self.rows.zip(tiles) {
            for (part, tiles) in tiles.chunks_mut(at_once * len).enumerate() {
                let first = M * (tile_row * row + part * at_once * channels);
                let span = (M * (tiles.len() / len) + P - M) * channels;
                transform(
                    lines::<S, P>(&data[first..], row, span),
                    lines_mut::<S, P>(self.space, span, span),
                    #[inline(always)]
                    |_, pixels| T::of_pixels(simd, pixels),
                );
                for (tile, to) in tiles.chunks_exact_mut(len).enumerate() {
                    for y in 0..P {
                        let columns = &self.space[y * span + tile * M * channels..];
                        let to = &mut to[y * P * channels..];
                        transform(
                            lines::<S, P>(columns, channels, channels),
                            lines_mut::<S, P>(to, channels, channels),
                            #[inline(always)]
                            |_, pixels| T::of_pixels(simd, pixels),
                        );
                    }
                }
            }
        }
    }
}

/// Aᵀ s A for the sums of some rows of tiles.
pub(super) struct Sums<'a, T> {
    pub tile: Tile,
    pub rows: Range<usize>,
    pub cols: usize,
    pub width: usize,
    /// `[tiles, places, width]`, with a gap after each tile.
    pub sums: &'a [f32],
    /// At least [`space_len`] floats.
    pub space: &'a mut [f32],
    pub sink: &'a mut T,
}

impl<K: Sink> WithSimd for Sums<'_, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.tile {
            Tile::Two => self.by_size::<S, Two, 2, 4>(simd),
            Tile::Four => self.by_size::<S, Four, 4, 6>(simd),
        }
    }
}

impl<K: Sink> Sums<'_, K> {
    #[inline(always)]
    fn by_size<S: Simd, T: Transforms<M, P>, const M: usize, const P: usize>(self, simd: S) {
        let line = P * self.width;
        let (columns, spare) = self.space.split_at_mut(M * line);
        let tiles = self.sums.chunks_exact(tile_len(self.tile, self.width));
        for (tile, sums) in tiles.enumerate() {
            transform(
                lines::<S, P>(sums, line, line),
                lines_mut::<S, M>(columns, line, line),
                #[inline(always)]
                |_, sums| T::of_sums(simd, sums),
            );
            let at = [self.rows.start + tile / self.cols, tile % self.cols];
            self.sink.tile::<S, T, M, P>(simd, at, columns, spare);
        }
    }
}

/// So many channels.
pub(super) type Block = [f32; LANES];

/// The `v`th vector of a block.
#[inline(always)]
pub(super) fn load<S: Simd>(from: &Block, v: usize) -> S::f32s {
    S::as_simd_f32s(from).0[v]
}

/// The reverse.
#[inline(always)]
pub(super) fn store<S: Simd>(to: &mut Block, v: usize, value: S::f32s) {
    S::as_mut_simd_f32s(to).0[v] = value;
}
