//! What is behind the transparent parts of a picture.

use image::DynamicImage;

use super::sketch::GrayImage;

/// Brightness, 0 to 255, with transparent parts filled in.
pub(super) fn luma_on_backdrop(picture: &DynamicImage) -> GrayImage {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = if picture.color().has_alpha() {
        let pairs = picture.to_luma_alpha8().into_raw();
        let backdrop = backdrop(&pairs);
        let over = |pair: &[u8]| over(pair[0], pair[1], backdrop);
        pairs.chunks_exact(2).map(over).collect()
    } else {
        picture.to_luma8().into_raw()
    };
    GrayImage {
        width,
        height,
        pixels,
    }
}

/// A value with opacity `alpha` in front of `backdrop`.
pub(super) fn over(value: u8, alpha: u8, backdrop: u8) -> u8 {
    let (value, alpha, backdrop) = (u32::from(value), u32::from(alpha), u32::from(backdrop));
    ((value * alpha + backdrop * (255 - alpha) + 127) / 255) as u8
}

/// The brightness to put behind (brightness, opacity) pairs.
///
/// A mostly transparent picture is only ink: its backdrop is what contrasts most with it. A mostly
/// opaque one has a background, which is continued.
pub(super) fn backdrop(pairs: &[u8]) -> u8 {
    let mut mass_by_luma = [0u64; 256];
    for pair in pairs.chunks_exact(2) {
        mass_by_luma[usize::from(pair[0])] += u64::from(pair[1]);
    }
    let mass: u64 = mass_by_luma.iter().sum();
    let mut below = 0;
    let median = mass_by_luma.iter().position(|&at_luma| {
        below += at_luma;
        2 * below >= mass
    });
    let median = median.unwrap_or(0) as u8;
    let is_mostly_opaque = 2 * mass > 255 * (pairs.len() / 2) as u64;
    match (is_mostly_opaque, median > 127) {
        (true, _) => median,
        (false, true) => 0,
        (false, false) => 255,
    }
}
