//! Convolution of 3 × 3 taps by minimal filtering, F(2×2, 3×3) of Winograd (Lavin and Gray: Fast
//! algorithms for convolutional neural networks, 2016, section 4.1): four neighboring results
//! take 16 multiplications for each channel instead of 36.
//!
//! Y = Aᵀ [Σ over channels of (G g Gᵀ) ⊙ (Bᵀ d B)] A, where d is a patch of 4 × 4 pixels, g the
//! taps and Y a tile of 2 × 2 results. At each of the 16 places of a transformed patch, the sum is
//! a matrix product: patches × channels and channels × output channels.

mod sink;
mod transform;

use super::geometry::Geometry;
use crate::kernels::buffers::scratch;
use crate::kernels::gemm::{Gemm, Init, Rows, Strided};
use crate::kernels::simd;
use crate::kernels::support::LANES;
use crate::kernels::transpose::transpose;
pub(super) use sink::{Finish, Pixels, Pooled};
pub(super) use transform::Taps;
use transform::{Patches, Sink, Sums};

/// Places of a transformed patch.
pub(super) const PLACES: usize = 16;

/// Patches at a time: their transforms fit the second-level cache.
const TILES: usize = 48;

/// Whether to use it for the forward pass: the lanes are input channels, then output channels.
pub(super) fn supports(g: &Geometry) -> bool {
    is_small(g) && g.inputs.is_multiple_of(LANES) && g.outputs >= LANES
}

/// Whether to use it for the input gradient, a convolution of dz.
pub(super) fn supports_input_gradient(g: &Geometry) -> bool {
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

/// Whether every window of the pooling is a tile.
pub(super) fn pools_tiles(g: &Geometry) -> bool {
    g.pool.is_some_and(|pool| {
        pool.kernel == [2, 2] && pool.stride == [2, 2] && pool.padding == [0, 0]
    })
}

/// A channels-last image.
#[derive(Clone, Copy)]
pub(super) struct Image<'a> {
    pub data: &'a [f32],
    pub channels: usize,
    /// Elements from one row to the next.
    pub row: usize,
}

/// Calls `task` with one sample as whole patches: including its border, and what the last tiles
/// need beyond it.
pub(super) fn with_image(g: &Geometry, x: &[f32], task: impl FnOnce(Image<'_>)) {
    let ([h, w], channels) = (g.image, g.inputs);
    if g.channels_last()[0] {
        return with_whole_patches(g, x, task);
    }
    scratch(x.len(), |last| {
        transpose(x, (channels, h * w, h * w), last, channels);
        with_whole_patches(g, last, task);
    });
}

/// The same for a channels-last sample.
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
    scratch(rows * row, |data| {
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

/// Convolves an image of so many tiles, a few rows of tiles at a time.
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
    // Not a power of two from one tile to the next: they would compete for the same cache lines.
    let (patch_len, sums_len) = (PLACES * channels + LANES, PLACES * width + LANES);
    scratch(at_once * tile_cols * (patch_len + sums_len), |space| {
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
                simd::run(Gemm {
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
                    prefetch: [filter(place + 1), &[]],
                });
            }
            simd::run(Sums {
                rows,
                cols: tile_cols,
                width,
                sums,
                sink,
            });
        }
    });
}
