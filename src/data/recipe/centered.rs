//! Whether an image is centered like those of MNIST.

use crate::data::sketch::{GrayImage, ink_box};

/// Most of the frame's side that the ink of a centered image takes: MNIST's 20 of 28.
const MAX_INK_SHARE: f64 = 20.0 / 28.0;
/// Furthest, in pixels, that the center of mass of a centered image is from the middle.
const MAX_OFFSET: f64 = 1.0;
/// The background of a bright image on black is at most this bright.
const MAX_BACKGROUND: u8 = 16;

/// Whether an image is bright on black, within 20/28 of the frame, and has its center of mass in
/// the middle, as [`center_sketch`](crate::data::center_sketch) makes it.
pub(super) fn is_centered(image: &GrayImage) -> bool {
    let Some([rows, columns]) = ink_box(image) else {
        return false;
    };
    // Partial pixels: an image of 8×8 has room for 5.7.
    let fits = |len: f64, side: usize| len <= (MAX_INK_SHARE * side as f64).ceil();
    let n_bright = image.pixels.iter().filter(|&&p| p > MAX_BACKGROUND).count();
    fits(rows.len, image.height)
        && fits(columns.len, image.width)
        && 2 * n_bright <= image.pixels.len()
        && is_balanced(image)
}

/// Whether the center of mass is at most a pixel from the middle.
fn is_balanced(image: &GrayImage) -> bool {
    let (mut mass, mut x_moment, mut y_moment) = (0u64, 0u64, 0u64);
    for (i, &pixel) in image.pixels.iter().enumerate() {
        let pixel = u64::from(pixel);
        mass += pixel;
        x_moment += pixel * (i % image.width) as u64;
        y_moment += pixel * (i / image.width) as u64;
    }
    let is_near = |moment: u64, side: usize| {
        let center = moment as f64 / mass as f64 + 0.5;
        // MNIST's centers lie between the middle and one pixel after it, give or take rounding.
        (center - side as f64 / 2.0).abs() <= MAX_OFFSET + 0.05
    };
    mass > 0 && is_near(x_moment, image.width) && is_near(y_moment, image.height)
}
