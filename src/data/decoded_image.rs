//! A picture that was read, and what becomes of it.
//!
//! A [`Recipe`](super::Recipe) makes inputs of it. For data that is centered like MNIST's, that
//! begins with [`DecodedImage::ink`]: what the canvas holds, bright ink on black.

use image::{DynamicImage, ImageBuffer, Luma, Rgb};

use super::backdrop::{backdrop, luma_on_backdrop, over};
use super::ink::ink_from_luma;
use super::resample::{Stretch, resample};
use super::sketch::GrayImage;

/// Most pixels kept along one side, those of the largest input of a network: more would only take
/// memory, on a canvas with dozens of undo steps, and time at every update of the network.
const MAX_KEPT_SIDE: u32 = 1024;
/// Larger pictures are first reduced to this side, which also averages a camera's noise away.
const WORKING_SIDE: usize = 512;

/// A picture from a file, upright: gray or color, with or without transparency, 8 or 16 bits. Of a
/// photo, at most 1,024 pixels per side are kept.
#[derive(Clone, Debug)]
pub struct DecodedImage {
    pub(super) image: DynamicImage,
    /// Height and width in the file.
    original_size: [usize; 2],
    pub(super) is_jpeg: bool,
    /// Whether a recipe made it, so that it is upright and not to be inverted.
    pub(super) is_input: bool,
}

impl DecodedImage {
    /// The image of a dataset: `pixels` is `[channels, height, width]`. One or three channels are
    /// gray or RGB; of others, the mean is shown.
    ///
    /// # Panics
    /// If the length of `pixels` does not match `shape`.
    pub fn from_pixels(shape: [usize; 3], pixels: &[u8]) -> DecodedImage {
        let [channels, height, width] = shape;
        let area = height * width;
        assert_eq!(pixels.len(), channels * area, "{shape:?}");
        let (width, height) = (width as u32, height as u32);
        let at = |x: u32, y: u32| (y * width + x) as usize;
        let image = if channels == 3 {
            let rgb = |x, y| Rgb([0, 1, 2].map(|c| pixels[c * area + at(x, y)]));
            ImageBuffer::from_fn(width, height, rgb).into()
        } else {
            let mean = |x, y| {
                let values = (0..channels).map(|c| usize::from(pixels[c * area + at(x, y)]));
                Luma([(values.sum::<usize>() / channels.max(1)) as u8])
            };
            ImageBuffer::from_fn(width, height, mean).into()
        };
        DecodedImage::new(image, false)
    }

    pub(super) fn new(image: DynamicImage, is_jpeg: bool) -> DecodedImage {
        let original_size = size_of(&image);
        let is_large = original_size.iter().any(|&n| n > MAX_KEPT_SIDE as usize);
        DecodedImage {
            image: match is_large {
                // Averages the area of each new pixel.
                true => image.thumbnail(MAX_KEPT_SIDE, MAX_KEPT_SIDE),
                false => image,
            },
            original_size,
            is_jpeg,
            is_input: false,
        }
    }

    /// Marks the image of a dataset: no recipe turns, mirrors or inverts it again.
    pub fn as_input(self) -> DecodedImage {
        DecodedImage {
            is_input: true,
            ..self
        }
    }

    /// Height and width in pixels, as they are kept.
    pub fn size(&self) -> [usize; 2] {
        size_of(&self.image)
    }

    /// Whether it has any color but gray.
    pub(super) fn has_colors(&self) -> bool {
        let is_gray = |p: &image::Rgba<u8>| p.0[0] == p.0[1] && p.0[1] == p.0[2];
        self.image.color().has_color() && !self.image.to_rgba8().pixels().all(is_gray)
    }

    /// Height and width in pixels in the file.
    pub fn original_size(&self) -> [usize; 2] {
        self.original_size
    }

    /// The picture as bright ink on black.
    ///
    /// The background may be light or dark, tinted, unevenly lit or transparent: the common color of
    /// the picture's border is background and becomes 0. The result is at most 512 pixels per side,
    /// and all 0 if nothing stands out.
    pub fn ink(&self) -> GrayImage {
        let luma = luma_on_backdrop(&self.image);
        let (size, luma) = at_working_size(&luma);
        ink_from_luma(&luma, size, self.is_jpeg)
    }

    /// The picture in gray, with transparent parts filled in.
    pub fn gray(&self) -> GrayImage {
        luma_on_backdrop(&self.image)
    }

    /// One gray channel, or red, green and blue, with transparent parts filled in.
    pub(super) fn channels(&self, is_color: bool) -> Vec<GrayImage> {
        if !is_color {
            return vec![self.gray()];
        }
        let [height, width] = self.size();
        let rgba = self.image.to_rgba8();
        let backdrop = if self.image.color().has_alpha() {
            backdrop(self.image.to_luma_alpha8().as_raw())
        } else {
            0
        };
        let channel = |c: usize| GrayImage {
            width,
            height,
            pixels: rgba
                .pixels()
                .map(|p| over(p.0[c], p.0[3], backdrop))
                .collect(),
        };
        (0..3).map(channel).collect()
    }

    /// Turned clockwise by `quarters` quarter turns, after being mirrored left to right if
    /// `is_mirrored`.
    pub(super) fn turned(&self, quarters: u8, is_mirrored: bool) -> DecodedImage {
        let mirrored = if is_mirrored {
            self.image.fliph()
        } else {
            self.image.clone()
        };
        let image = match quarters % 4 {
            0 => mirrored,
            1 => mirrored.rotate90(),
            2 => mirrored.rotate180(),
            _ => mirrored.rotate270(),
        };
        DecodedImage { image, ..*self }
    }
}

/// Height and width.
fn size_of(image: &DynamicImage) -> [usize; 2] {
    [image.height() as usize, image.width() as usize]
}

/// Reduces the picture to at most [`WORKING_SIDE`] per side: (height, width) and pixels.
fn at_working_size(luma: &GrayImage) -> ([usize; 2], Vec<f32>) {
    let longer = luma.width.max(luma.height);
    if longer <= WORKING_SIDE {
        let pixels = luma.pixels.iter().map(|&pixel| f32::from(pixel)).collect();
        return ([luma.height, luma.width], pixels);
    }
    let scaled = |side: usize| (side * WORKING_SIDE / longer).max(1);
    let size = [scaled(luma.height), scaled(luma.width)];
    let whole = |side: usize| Stretch {
        start: 0.0,
        len: side as f64,
    };
    (
        size,
        resample(luma, whole(luma.height), whole(luma.width), size),
    )
}
