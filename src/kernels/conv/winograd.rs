//! Convolution of 3 × 3 taps by minimal filtering, F(2×2, 3×3) of Winograd (Lavin and Gray: Fast
//! algorithms for convolutional neural networks, 2016, section 4.1): four neighbouring results
//! take 16 multiplications for each channel instead of 36.
//!
//! Y = Aᵀ [Σ over channels of (G g Gᵀ) ⊙ (Bᵀ d B)] A, where d is a patch of 4 × 4 pixels, g the taps
//! and Y a tile of 2 × 2 results. At each of the 16 places of a transformed patch, the sum is a
//! product of two matrices: patches × channels and channels × output channels.

use super::super::support::LANES;
use super::super::tile::{Init, Product, Rows, Strided};
use super::super::transpose::transpose;
use super::super::{scratch, simd};
use super::geometry::Geometry;
use super::pooled_forward::Best;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Places of a transformed patch.
pub(super) const PLACES: usize = 16;

/// Patches at a time: their transforms stay in the second-level cache.
const TILES: usize = 48;

/// Whether this is the way to convolve: the lanes are input channels, then output channels.
pub(super) fn suits(g: &Geometry) -> bool {
    is_small(g) && g.inputs.is_multiple_of(LANES) && g.outputs >= LANES
}

/// Whether it is the way to the gradient of the input, a convolution of the results' gradient.
pub(super) fn suits_input_gradient(g: &Geometry) -> bool {
    is_small(g) && g.outputs.is_multiple_of(LANES) && g.inputs >= LANES
}

fn is_small(g: &Geometry) -> bool {
    g.window.kernel == [3, 3] && g.window.stride == [1, 1]
}

/// Transformed taps, G g Gᵀ.
#[derive(Clone, Copy)]
pub(super) struct Filters<'a> {
    /// Of the input.
    pub channels: usize,
    /// Output channels, padded.
    pub width: usize,
    /// `[places, channels, width]`
    pub data: &'a [f32],
}

/// Transforms taps, of which output channels lie side by side.
pub(super) struct Transform<'a> {
    pub weight: &'a [f32],
    /// Where each tap of the first channel starts.
    pub taps: [usize; 9],
    /// Elements from one channel to the next.
    pub stride: usize,
    pub channels: usize,
    pub width: usize,
    /// As [`Filters::data`].
    pub to: &'a mut [f32],
}

impl WithSimd for Transform<'_> {
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

/// Pixels with their channels last.
#[derive(Clone, Copy)]
pub(super) struct Image<'a> {
    pub data: &'a [f32],
    pub channels: usize,
    /// Elements from one row to the next.
    pub row: usize,
}

/// Calls `task` with one sample as whole patches: with its border, and beyond it where the last
/// tile reaches beyond the result.
pub(super) fn with_image(g: &Geometry, x: &[f32], task: impl FnOnce(Image<'_>)) {
    let ([h, w], channels) = (g.image, g.inputs);
    if g.channels_last()[0] {
        return with_whole_patches(g, x, task);
    }
    scratch::with(x.len(), |last| {
        transpose(x, (channels, h * w, h * w), last, channels);
        with_whole_patches(g, last, task);
    });
}

/// The same of a sample with its channels last.
fn with_whole_patches(g: &Geometry, x: &[f32], task: impl FnOnce(Image<'_>)) {
    let ([h, w], channels) = (g.image, g.inputs);
    let [rows, cols] = tiles(g.conv).map(|tiles| 2 * tiles + 2);
    let row = cols * channels;
    if [rows, cols] == [h, w] {
        return task(Image {
            data: x,
            channels,
            row,
        });
    }
    let [top, left] = g.window.padding;
    scratch::with(rows * row, |data| {
        data.fill(0.0);
        for (y, x) in x.chunks_exact(w * channels).enumerate() {
            let start = (y + top) * row + left * channels;
            data[start..start + x.len()].copy_from_slice(x);
        }
        task(Image {
            data,
            channels,
            row,
        });
    });
}

/// Tiles of 2 × 2 that cover so many pixels.
pub(super) fn tiles(size: [usize; 2]) -> [usize; 2] {
    size.map(|n| n.div_ceil(2))
}

/// Where results go.
pub(super) trait Sink {
    /// Takes the results of the tile in this row and column, of a vector of output channels from
    /// `lane` on: top left, top right, bottom left, bottom right.
    fn tile<S: Simd>(&mut self, simd: S, at: [usize; 2], lane: usize, z: [S::f32s; 4]);
}

/// Convolves an image of so many tiles, some rows of them at a time.
pub(super) fn convolve(
    image: Image<'_>,
    [tile_rows, tile_cols]: [usize; 2],
    filters: Filters<'_>,
    sink: &mut impl Sink,
) {
    let Filters {
        channels,
        width,
        data,
    } = filters;
    let at_once = (TILES / tile_cols).clamp(1, tile_rows);
    // Not a power of two from one tile to the next: their numbers would fight for the same places
    // of the cache.
    let (patch_len, sums_len) = (PLACES * channels + LANES, PLACES * width + LANES);
    scratch::with(at_once * tile_cols * (patch_len + sums_len), |space| {
        let (patches, sums) = space.split_at_mut(at_once * tile_cols * patch_len);
        for first in (0..tile_rows).step_by(at_once) {
            let rows = first..tile_rows.min(first + at_once);
            let tiles = rows.len() * tile_cols;
            let (patches, sums) = (
                &mut patches[..tiles * patch_len],
                &mut sums[..tiles * sums_len],
            );
            simd::run(Patches {
                image,
                rows: rows.clone(),
                cols: tile_cols,
                to: patches,
            });
            let filter = |place: usize| {
                let start = channels * width * place.min(PLACES);
                &data[start..data.len().min(start + channels * width)]
            };
            for place in 0..PLACES {
                simd::run(Product {
                    a: &patches[place * channels..],
                    rows: Rows::Strided {
                        n: tiles,
                        start: 0,
                        stride: patch_len,
                    },
                    steps: Strided {
                        len: channels,
                        stride: 1,
                    },
                    b: filter(place),
                    ldb: width,
                    cols: width,
                    out: &mut sums[place * width..],
                    ldc: sums_len,
                    init: Init::Zero,
                    relu: false,
                    ahead: [filter(place + 1), &[]],
                });
            }
            simd::run(Results {
                rows,
                cols: tile_cols,
                width,
                sums,
                sink,
            });
        }
    });
}

#[inline(always)]
fn load<S: Simd>(from: &[f32]) -> S::f32s {
    S::as_simd_f32s(&from[..S::F32_LANES]).0[0]
}

#[inline(always)]
fn store<S: Simd>(to: &mut [f32], value: S::f32s) {
    S::as_mut_simd_f32s(&mut to[..S::F32_LANES]).0[0] = value;
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

/// Aᵀ s, for Aᵀ = [1 1 1 0; 0 1 -1 -1].
#[inline(always)]
fn of_sums<S: Simd>(simd: S, s: [S::f32s; 4]) -> [S::f32s; 2] {
    let first = simd.add_f32s(simd.add_f32s(s[0], s[1]), s[2]);
    let second = simd.sub_f32s(simd.sub_f32s(s[1], s[2]), s[3]);
    [first, second]
}

/// Bᵀ d B of the patches of some rows of tiles.
struct Patches<'a> {
    image: Image<'a>,
    rows: Range<usize>,
    /// Tiles in a row.
    cols: usize,
    /// `[tiles, places, channels]`, with a gap after each tile.
    to: &'a mut [f32],
}

impl WithSimd for Patches<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Image {
            data,
            channels,
            row,
        } = self.image;
        let to = self.to.chunks_exact_mut(PLACES * channels + LANES);
        for (tile, to) in to.enumerate() {
            let (y, x) = (self.rows.start + tile / self.cols, tile % self.cols);
            let patch = &data[2 * y * row + 2 * x * channels..];
            for channel in (0..channels).step_by(S::F32_LANES) {
                let mut turned = [[simd.splat_f32s(0.0); 4]; 4];
                for x in 0..4 {
                    let pixel = |y: usize| load::<S>(&patch[y * row + x * channels + channel..]);
                    let column = of_pixels(simd, [pixel(0), pixel(1), pixel(2), pixel(3)]);
                    for (turned, value) in turned.iter_mut().zip(column) {
                        turned[x] = value;
                    }
                }
                for (y, turned) in turned.into_iter().enumerate() {
                    for (x, value) in of_pixels(simd, turned).into_iter().enumerate() {
                        store::<S>(&mut to[(4 * y + x) * channels + channel..], value);
                    }
                }
            }
        }
    }
}

/// Aᵀ s A of the sums of some rows of tiles.
struct Results<'a, T> {
    rows: Range<usize>,
    cols: usize,
    width: usize,
    /// `[tiles, places, width]`, with a gap after each tile.
    sums: &'a [f32],
    sink: &'a mut T,
}

impl<T: Sink> WithSimd for Results<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.width;
        let sums = self.sums.chunks_exact(PLACES * width + LANES);
        for (tile, sums) in sums.enumerate() {
            let at = [self.rows.start + tile / self.cols, tile % self.cols];
            for lane in (0..width).step_by(S::F32_LANES) {
                let sum = |place: usize| load::<S>(&sums[place * width + lane..]);
                let mut turned = [[simd.splat_f32s(0.0); 4]; 2];
                for x in 0..4 {
                    let column = of_sums(simd, [sum(x), sum(4 + x), sum(8 + x), sum(12 + x)]);
                    for (turned, value) in turned.iter_mut().zip(column) {
                        turned[x] = value;
                    }
                }
                let [top, bottom] = turned;
                let ([a, b], [c, d]) = (of_sums(simd, top), of_sums(simd, bottom));
                let z = [a, b, c, d];
                self.sink.tile(simd, at, lane, z);
            }
        }
    }
}

/// What is done to a result first.
#[derive(Clone, Copy)]
pub(super) struct Finish<'a> {
    /// Of all output channels, padded.
    pub bias: &'a [f32],
    /// Whether to clamp at zero.
    pub relu: bool,
}

impl Finish<'_> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, lane: usize, z: [S::f32s; 4]) -> [S::f32s; 4] {
        let bias = load::<S>(&self.bias[lane..]);
        let mut z = z;
        for z in &mut z {
            *z = simd.add_f32s(*z, bias);
            if self.relu {
                // In this order a NaN stays one on x86, so that a diverged run shows.
                *z = simd.max_f32s(simd.splat_f32s(0.0), *z);
            }
        }
        z
    }
}

/// Into an image of this size, `[h, w, out padded]`.
pub(super) struct Pixels<'a> {
    pub finish: Finish<'a>,
    pub size: [usize; 2],
    pub to: &'a mut [f32],
}

impl Sink for Pixels<'_> {
    #[inline(always)]
    fn tile<S: Simd>(&mut self, simd: S, at: [usize; 2], lane: usize, z: [S::f32s; 4]) {
        let ([h, w], width) = (self.size, self.finish.bias.len());
        let z = self.finish.apply(simd, lane, z);
        for (k, z) in z.into_iter().enumerate() {
            let (y, x) = (2 * at[0] + k / 2, 2 * at[1] + k % 2);
            if y < h && x < w {
                store::<S>(&mut self.to[(y * w + x) * width + lane..], z);
            }
        }
    }
}

/// Into what max pooling of 2 × 2 leaves of it: a tile is a window.
pub(super) struct Pooled<'a> {
    pub finish: Finish<'a>,
    /// Of the pooled image.
    pub size: [usize; 2],
    /// `[pooled pixels, out padded]`, both.
    pub best: &'a mut [f32],
    pub winners: &'a mut [u8],
}

impl Sink for Pooled<'_> {
    #[inline(always)]
    fn tile<S: Simd>(&mut self, simd: S, at: [usize; 2], lane: usize, z: [S::f32s; 4]) {
        let ([h, w], width) = (self.size, self.finish.bias.len());
        if at[0] >= h || at[1] >= w {
            return;
        }
        let z = self.finish.apply(simd, lane, z);
        let mut best = Best::<S, 1>::new(simd, false);
        for (k, z) in z.into_iter().enumerate() {
            best.or(simd, k, [z]);
        }
        let start = (at[0] * w + at[1]) * width + lane;
        best.store(simd, start, self.best, self.winners);
    }
}

/// Whether every window of the pooling is a tile.
pub(super) fn pools_tiles(g: &Geometry) -> bool {
    g.pool.is_some_and(|pool| {
        pool.kernel == [2, 2] && pool.stride == [2, 2] && pool.padding == [0, 0]
    })
}
