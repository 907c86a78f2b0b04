//! The three transforms: of taps, of patches, and of the sums back to results.

use super::image::Image;
use crate::kernels::support::LANES;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Places of a transformed patch.
pub(in super::super) const PLACES: usize = 16;

/// Receives results.
pub(in super::super) trait Sink {
    /// Receives the results of the tile in this row and column, for a vector of output channels
    /// from `lane` on: top left, top right, bottom left, bottom right.
    fn tile<S: Simd>(&mut self, simd: S, at: [usize; 2], lane: usize, z: [S::f32s; 4]);
}

/// Transforms taps; output channels are contiguous.
pub(in super::super) struct Taps<'a> {
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
        for channel in 0..self.channels {
            for col in (0..self.width).step_by(S::F32_LANES) {
                let at = channel * self.stride + col;
                let tap = |t: usize| load::<S>(&self.weight[self.taps[t] + at..]);
                let mut rows = [[simd.splat_f32s(0.0); 3]; 4];
                for x in 0..3 {
                    let column = of_taps(simd, [tap(x), tap(3 + x), tap(6 + x)]);
                    for (row, value) in rows.iter_mut().zip(column) {
                        row[x] = value;
                    }
                }
                for (y, row) in rows.into_iter().enumerate() {
                    for (x, value) in of_taps(simd, row).into_iter().enumerate() {
                        let place = (4 * y + x) * self.channels + channel;
                        store::<S>(&mut self.to[place * self.width + col..], value);
                    }
                }
            }
        }
    }
}

/// G g, for G = [1 0 0; ½ ½ ½; ½ -½ ½; 0 0 1].
#[inline(always)]
fn of_taps<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; 4] {
    let half = simd.splat_f32s(0.5);
    let ends = simd.mul_f32s(simd.add_f32s(g[0], g[2]), half);
    let middle = simd.mul_f32s(g[1], half);
    let sum = simd.add_f32s(ends, middle);
    let difference = simd.sub_f32s(ends, middle);
    [g[0], sum, difference, g[2]]
}

/// Bᵀ d, for Bᵀ = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1].
#[inline(always)]
fn of_pixels<S: Simd>(simd: S, d: [S::f32s; 4]) -> [S::f32s; 4] {
    let first = simd.sub_f32s(d[0], d[2]);
    let sum = simd.add_f32s(d[1], d[2]);
    let difference = simd.sub_f32s(d[2], d[1]);
    let last = simd.sub_f32s(d[1], d[3]);
    [first, sum, difference, last]
}

/// The same for four pixels below one another.
#[inline(always)]
fn of_column<S: Simd>(simd: S, data: &[f32], row: usize) -> [S::f32s; 4] {
    let mut pixels = [simd.splat_f32s(0.0); 4];
    for (y, pixel) in pixels.iter_mut().enumerate() {
        *pixel = load::<S>(&data[y * row..]);
    }
    of_pixels(simd, pixels)
}

/// Aᵀ s, for Aᵀ = [1 1 1 0; 0 1 -1 -1].
#[inline(always)]
fn of_sums<S: Simd>(simd: S, s: [S::f32s; 4]) -> [S::f32s; 2] {
    let first = simd.add_f32s(simd.add_f32s(s[0], s[1]), s[2]);
    let second = simd.sub_f32s(simd.sub_f32s(s[1], s[2]), s[3]);
    [first, second]
}

/// Bᵀ d B for the patches of some rows of tiles.
pub(super) struct Patches<'a> {
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
        // A whole cache line of each place at a time.
        match S::F32_LANES {
            16 => self.by_vectors::<S, 1>(simd),
            8 => self.by_vectors::<S, 2>(simd),
            4 => self.by_vectors::<S, 4>(simd),
            _ => self.by_vectors::<S, LANES>(simd),
        }
    }
}

impl Patches<'_> {
    /// `V` vectors of channels at a time.
    #[inline(always)]
    fn by_vectors<S: Simd, const V: usize>(self, simd: S) {
        let Image {
            data,
            channels,
            row,
        } = self.image;
        let rows = self
            .to
            .chunks_exact_mut(self.cols * (PLACES * channels + LANES));
        for (y, to) in self.rows.zip(rows) {
            let data = &data[2 * y * row..];
            for channel in (0..channels).step_by(V * S::F32_LANES) {
                // Two columns of a patch are those of the next.
                let mut left = [[[simd.splat_f32s(0.0); 4]; 2]; V];
                for v in 0..V {
                    let data = &data[channel + v * S::F32_LANES..];
                    left[v][0] = of_column(simd, data, row);
                    left[v][1] = of_column(simd, &data[channels..], row);
                }
                let tiles = to.chunks_exact_mut(PLACES * channels + LANES);
                for (x, to) in tiles.enumerate() {
                    let data = &data[(2 * x + 2) * channels + channel..];
                    for v in 0..V {
                        let data = &data[v * S::F32_LANES..];
                        let right = [
                            of_column(simd, data, row),
                            of_column(simd, &data[channels..], row),
                        ];
                        let to = &mut to[channel + v * S::F32_LANES..];
                        for y in 0..4 {
                            let columns = [left[v][0][y], left[v][1][y], right[0][y], right[1][y]];
                            let values = of_pixels(simd, columns);
                            for x in 0..4 {
                                store::<S>(&mut to[(4 * y + x) * channels..], values[x]);
                            }
                        }
                        left[v] = right;
                    }
                }
            }
        }
    }
}

/// Aᵀ s A for the sums of some rows of tiles.
pub(super) struct Sums<'a, T> {
    pub rows: Range<usize>,
    pub cols: usize,
    pub width: usize,
    /// `[tiles, places, width]`, with a gap after each tile.
    pub sums: &'a [f32],
    pub sink: &'a mut T,
}

impl<T: Sink> WithSimd for Sums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.width;
        let sums = self.sums.chunks_exact(PLACES * width + LANES);
        for (tile, sums) in sums.enumerate() {
            let at = [self.rows.start + tile / self.cols, tile % self.cols];
            for lane in (0..width).step_by(S::F32_LANES) {
                let sum = |place: usize| load::<S>(&sums[place * width + lane..]);
                let mut transposed = [[simd.splat_f32s(0.0); 4]; 2];
                for x in 0..4 {
                    let column = of_sums(simd, [sum(x), sum(4 + x), sum(8 + x), sum(12 + x)]);
                    for (transposed, value) in transposed.iter_mut().zip(column) {
                        transposed[x] = value;
                    }
                }
                let [top, bottom] = transposed;
                let ([a, b], [c, d]) = (of_sums(simd, top), of_sums(simd, bottom));
                let z = [a, b, c, d];
                self.sink.tile(simd, at, lane, z);
            }
        }
    }
}

#[inline(always)]
pub(super) fn load<S: Simd>(from: &[f32]) -> S::f32s {
    S::as_simd_f32s(&from[..S::F32_LANES]).0[0]
}

#[inline(always)]
pub(super) fn store<S: Simd>(to: &mut [f32], value: S::f32s) {
    S::as_mut_simd_f32s(&mut to[..S::F32_LANES]).0[0] = value;
}
