//! One sample as whole patches: a tile and two pixels more along each side.

use super::tile::Tile;
use crate::kernels::buffers::scratch;
use crate::kernels::conv::border::copy_inside;
use crate::kernels::conv::geometry::Geometry;
use crate::kernels::transpose::transpose;

/// A channels-last image.
#[derive(Clone, Copy)]
pub(in super::super) struct Image<'a> {
    pub data: &'a [f32],
    pub channels: usize,
    /// Elements from one row to the next.
    pub row: usize,
}

/// Calls `task` with one sample as whole patches: including its border, and what the last tiles
/// need beyond it.
pub(in super::super) fn with_image(
    tile: Tile,
    g: &Geometry,
    x: &[f32],
    task: impl FnOnce(Image<'_>),
) {
    let ([h, w], channels) = (g.image, g.inputs);
    if g.channels_last()[0] {
        return with_whole_patches(tile, g, x, task);
    }
    scratch(x.len(), |last| {
        transpose(x, (channels, h * w, h * w), last, channels);
        with_whole_patches(tile, g, last, task);
    });
}

/// The same for a channels-last sample.
fn with_whole_patches(tile: Tile, g: &Geometry, x: &[f32], task: impl FnOnce(Image<'_>)) {
    let ([h, w], channels) = (g.image, g.inputs);
    let [rows, cols] = tile.cover(g.conv).map(|tiles| tile.side() * tiles + 2);
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
        copy_inside(x, w * channels, (data, row), [top, left * channels]);
        task(Image {
            data,
            channels,
            row,
        });
    });
}
