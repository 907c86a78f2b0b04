//! Ink that was added to a network's input, on the canvas.

use super::Pad;
use crate::data::GrayImage;

/// The canvas with `added` ink, `size` (height, width) pixels that lie on the `frame` of the canvas:
/// left, top, width and height as shares of its side. Between pixels, ink is interpolated.
pub(super) fn inked(
    image: &GrayImage,
    added: &[u8],
    size: [usize; 2],
    frame: [f32; 4],
) -> GrayImage {
    let mut inked = image.clone();
    let place = |at: usize, axis: usize| {
        let share = (at as f32 + 0.5) / Pad::SIDE as f32;
        let (start, len, n) = match axis {
            0 => (frame[1], frame[3], size[0]),
            _ => (frame[0], frame[2], size[1]),
        };
        (share - start) / len * n as f32 - 0.5
    };
    for y in 0..image.height {
        for x in 0..image.width {
            let ink = interpolated(added, size, [place(y, 0), place(x, 1)]);
            let pixel = &mut inked.pixels[y * image.width + x];
            *pixel = pixel.saturating_add(ink.round() as u8);
        }
    }
    inked
}

/// Bilinear interpolation; nothing outside.
fn interpolated(pixels: &[u8], [height, width]: [usize; 2], [y, x]: [f32; 2]) -> f32 {
    let (top, left) = (y.floor(), x.floor());
    let at = |y: f32, x: f32| {
        let is_inside = y >= 0.0 && x >= 0.0 && y < height as f32 && x < width as f32;
        match is_inside {
            true => f32::from(pixels[y as usize * width + x as usize]),
            false => 0.0,
        }
    };
    let row = |y: f32| at(y, left) + (x - left) * (at(y, left + 1.0) - at(y, left));
    row(top) + (y - top) * (row(top + 1.0) - row(top))
}
