//! Convolution of 3 × 3 taps by minimal filtering, F(2×2, 3×3) of Winograd (Lavin and Gray: Fast
//! algorithms for convolutional neural networks, 2016, section 4.1): four neighboring results
//! take 16 multiplications for each channel instead of 36.
//!
//! Y = Aᵀ [Σ over channels of (G g Gᵀ) ⊙ (Bᵀ d B)] A, where d is a patch of 4 × 4 pixels, g the
//! taps and Y a tile of 2 × 2 results. At each of the 16 places of a transformed patch, the sum is
//! a matrix product: patches × channels and channels × output channels.

mod image;
mod sink;
mod transform;
mod weight;

use super::geometry::Geometry;
use crate::kernels::buffers::scratch;
use crate::kernels::gemm::{Contiguous, Gemm, Init, Rows};
use crate::kernels::simd;
use crate::kernels::support::LANES;
pub(super) use image::{Image, tiles, with_image};
pub(super) use sink::{Finish, Pixels, Pooled};
pub(super) use transform::{PLACES, Taps};
use transform::{Patches, Sink, Sums};
pub(super) use weight::{TapGradients, add_products};

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

/// Whether to use it for the weight gradient: the lanes are output channels, and rows input channels.
pub(super) fn supports_weight_gradient(g: &Geometry) -> bool {
    supports(g)
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

impl Filters<'_> {
    /// Elements from one tile to the next, in transformed patches and in their sums.
    fn strides(self) -> [usize; 2] {
        // Not a power of two: the tiles would compete for the same cache lines.
        [self.channels, self.width].map(|n| PLACES * n + LANES)
    }

    /// The sums over channels of so many transformed patches: a product for each place.
    fn products(self, tiles: usize, patches: &[f32], sums: &mut [f32]) {
        let (channels, width, [patch_len, sums_len]) = (self.channels, self.width, self.strides());
        let filter = |place: usize| {
            let start = channels * width * place.min(PLACES);
            &self.data[start..self.data.len().min(start + channels * width)]
        };
        for place in 0..PLACES {
            simd::run(Gemm {
                a: &patches[place * channels..],
                rows: Rows::Strided {
                    n: tiles,
                    start: 0,
                    stride: patch_len,
                },
                steps: Contiguous(channels),
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
    }
}

/// Whether every window of the pooling is a tile.
pub(super) fn pools_tiles(g: &Geometry) -> bool {
    g.pool.is_some_and(|pool| {
        pool.kernel == [2, 2] && pool.stride == [2, 2] && pool.padding == [0, 0]
    })
}

/// Convolves an image of so many tiles, a few rows of tiles at a time.
pub(super) fn convolve(
    image: Image<'_>,
    [tile_rows, tile_cols]: [usize; 2],
    filters: Filters<'_>,
    sink: &mut impl Sink,
) {
    let at_once = (TILES / tile_cols).clamp(1, tile_rows);
    let [patch_len, sums_len] = filters.strides();
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
            filters.products(tiles, patches, sums);
            simd::run(Sums {
                rows,
                cols: tile_cols,
                width: filters.width,
                sums,
                sink,
            });
        }
    });
}
