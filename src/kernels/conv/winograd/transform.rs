//! The three transforms: of taps, of patches, and of the sums back to results.

use super::image::Image;
use super::tile::{Four, Tile, Transforms, Two};
use crate::kernels::support::LANES;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Receives results.
pub(in super::super) trait Sink {
    /// Receives the results of the tile in this row and column, row by row, for a vector of output
    /// channels: which block of them, and which vector of the block.
    fn tile<S: Simd, const M: usize>(
        &mut self,
        simd: S,
        at: [usize; 2],
        vector: [usize; 2],
        z: [[S::f32s; M]; M],
    );
}

/// Elements from one transformed tile of so many channels to the next.
pub(super) fn tile_len(tile: Tile, channels: usize) -> usize {
    // Not a power of two: the tiles would compete for the same cache lines.
    tile.places() * channels + LANES
}

/// Transforms taps; output channels are contiguous.
pub(in super::super) struct Taps<'a> {
    pub tile: Tile,
    pub weight: &'a [f32],
    /// Where each tap of the first channel starts.
    pub taps: [usize; 9],
    /// Elements from one channel to the next.
    pub stride: usize,
    pub channels: usize,
    pub width: usize,
    /// `[places, channels, width]`
    pub to: &'a mut [f32],
}

impl WithSimd for Taps<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.tile {
            Tile::Two => self.by_size::<S, Two, 2, 4>(simd),
            Tile::Four => self.by_size::<S, Four, 4, 6>(simd),
        }
    }
}

impl Taps<'_> {
    #[inline(always)]
    fn by_size<S: Simd, T: Transforms<M, P>, const M: usize, const P: usize>(self, simd: S) {
        let width = self.width / LANES;
        let (to, _) = self.to.as_chunks_mut();
        for channel in 0..self.channels {
            let taps = self.taps.map(
                #[inline(always)]
                |tap| self.weight[tap + channel * self.stride..].as_chunks().0,
            );
            for block in 0..width {
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
                            let place = (P * y + x) * self.channels + channel;
                            store::<S>(&mut to[place * width + block], v, value);
                        }
                    }
                }
            }
        }
    }
}

/// Bᵀ d B for the patches of some rows of tiles.
pub(super) struct Patches<'a> {
    pub tile: Tile,
    pub image: Image<'a>,
    pub rows: Range<usize>,
    /// Tiles in a row.
    pub cols: usize,
    /// `[tiles, places, channels]`, with a gap after each tile.
    pub to: &'a mut [f32],
}

impl WithSimd for Patches<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many rows as the registers hold.
        match self.tile {
            Tile::Two => self.by_size::<S, Two, 4, 2, 4>(simd),
            Tile::Four => self.by_size::<S, Four, 3, 4, 6>(simd),
        }
    }
}

impl Patches<'_> {
    /// `R` rows of a transformed patch at a time: all, or half of them.
    #[inline(always)]
    fn by_size<S: Simd, T: Transforms<M, P>, const R: usize, const M: usize, const P: usize>(
        self,
        simd: S,
    ) {
        let (channels, row) = (self.image.channels / LANES, self.image.row / LANES);
        let (data, _) = self.image.data.as_chunks();
        let len = tile_len(self.tile, self.image.channels);
        for (tile, to) in self.to.chunks_exact_mut(len).enumerate() {
            let (y, x) = (self.rows.start + tile / self.cols, tile % self.cols);
            let data = &data[M * (y * row + x * channels)..];
            let (to, _) = to.as_chunks_mut();
            for channel in 0..channels {
                let patch = Patch {
                    data: &data[channel..],
                    channels,
                    row,
                };
                // A whole cache line of each place at a time.
                for v in 0..LANES / S::F32_LANES {
                    let to = &mut to[channel..];
                    patch.rows::<S, T, 0, R, M, P>(simd, v, to);
                    if R < P {
                        patch.rows::<S, T, R, R, M, P>(simd, v, to);
                    }
                }
            }
        }
    }
}

/// A patch from its first pixel on.
struct Patch<'a> {
    data: &'a [Block],
    /// Blocks from one pixel to the next.
    channels: usize,
    /// Blocks from one row to the next.
    row: usize,
}

impl Patch<'_> {
    /// `R` rows of Bᵀ d B from `FIRST` on, the `v`th vector of a block. What is not needed of a column is
    /// not computed.
    #[inline(always)]
    fn rows<
        S: Simd,
        T: Transforms<M, P>,
        const FIRST: usize,
        const R: usize,
        const M: usize,
        const P: usize,
    >(
        &self,
        simd: S,
        v: usize,
        to: &mut [Block],
    ) {
        let columns = T::pixels(
            #[inline(always)]
            |x| {
                let column = T::pixels(
                    #[inline(always)]
                    |y| load::<S>(&self.data[y * self.row + x * self.channels], v),
                );
                T::of_pixels(simd, column)
            },
        );
        for y in FIRST..FIRST + R {
            let row = T::pixels(
                #[inline(always)]
                |x| columns[x][y],
            );
            for (x, value) in T::of_pixels(simd, row).into_iter().enumerate() {
                store::<S>(&mut to[(P * y + x) * self.channels], v, value);
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
        let width = self.width / LANES;
        let tiles = self.sums.chunks_exact(tile_len(self.tile, self.width));
        for (tile, sums) in tiles.enumerate() {
            let at = [self.rows.start + tile / self.cols, tile % self.cols];
            let (sums, _) = sums.as_chunks();
            for block in 0..width {
                let sums = &sums[block..];
                for v in 0..LANES / S::F32_LANES {
                    let columns = T::pixels(
                        #[inline(always)]
                        |x| {
                            let column = T::pixels(
                                #[inline(always)]
                                |y| load::<S>(&sums[(P * y + x) * width], v),
                            );
                            T::of_sums(simd, column)
                        },
                    );
                    let z = T::results(
                        #[inline(always)]
                        |y| {
                            let row = T::pixels(
                                #[inline(always)]
                                |x| columns[x][y],
                            );
                            T::of_sums(simd, row)
                        },
                    );
                    self.sink.tile(simd, at, [block, v], z);
                }
            }
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
