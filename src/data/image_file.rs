//! Pictures from files: a photo, scan or screenshot, in any size and colors.
//!
//! A [`Recipe`](super::Recipe) makes inputs of them. For data that is centered like MNIST's, that
//! begins with [`DecodedImage::ink`]: what the canvas holds, bright ink on black.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::metadata::Orientation;
use image::{
    DynamicImage, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Luma,
    Rgb,
};

use super::error::DataError;
use super::ink::ink_from_luma;
use super::resample::{Stretch, resample};
use super::sketch::GrayImage;

/// Usual endings of the names of pictures.
pub const PICTURE_ENDINGS: [&str; 10] = [
    "png", "jpg", "jpeg", "webp", "bmp", "gif", "pbm", "pgm", "ppm", "pnm",
];
/// Largest file read, in bytes.
pub const MAX_FILE_BYTES: u64 = 32 << 20;
/// Most pixels along one side.
pub const MAX_PICTURE_SIDE: u32 = 8192;
/// Most bytes of decoded pixels: the largest picture at four bytes per pixel.
const MAX_DECODED_BYTES: u64 = 256 << 20;
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

/// Reads a PNG, JPEG, WebP, BMP, GIF or PNM file (detected by its content, not its name).
///
/// # Errors
/// When there is no such file, it is not a picture, or it exceeds the limits.
pub fn read_image_file(path: &Path) -> Result<DecodedImage, DataError> {
    let origin = path.display().to_string();
    let denied = |reason| DataError::Read {
        origin: origin.clone(),
        reason,
    };
    // Checked before opening: opening a named pipe would block forever.
    if !std::fs::metadata(path).map_err(denied)?.is_file() {
        return Err(DataError::NotAFile { origin });
    }
    let file = File::open(path).map_err(denied)?;
    read_image(file, &origin)
}

/// Reads a picture from a stream; `origin` is its name in errors.
///
/// # Errors
/// As [`read_image_file`].
pub fn read_image(reader: impl Read, origin: &str) -> Result<DecodedImage, DataError> {
    let mut bytes = Vec::new();
    let mut limited = reader.take(MAX_FILE_BYTES + 1);
    limited
        .read_to_end(&mut bytes)
        .map_err(|reason| DataError::Read {
            origin: origin.to_string(),
            reason,
        })?;
    read_image_bytes(&bytes, origin)
}

/// Reads a picture; `origin` is its name in errors.
///
/// # Errors
/// As [`read_image_file`].
pub fn read_image_bytes(bytes: &[u8], origin: &str) -> Result<DecodedImage, DataError> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(DataError::PictureSize {
            expected: format!("{MAX_FILE_BYTES} bytes"),
            found: "more".to_string(),
            origin: origin.to_string(),
        });
    }
    let format = picture_format(bytes, origin)?;
    let image = in_used_range(decode(bytes, format, origin)?);
    Ok(DecodedImage::new(image, format == ImageFormat::Jpeg))
}

/// Height and width.
fn size_of(image: &DynamicImage) -> [usize; 2] {
    [image.height() as usize, image.width() as usize]
}

fn picture_format(bytes: &[u8], origin: &str) -> Result<ImageFormat, DataError> {
    let found = match image::guess_format(bytes) {
        Ok(format) if !format_name(format).is_empty() => return Ok(format),
        Ok(other) => format!("a file of type {other:?}"),
        Err(_) if bytes.is_empty() => "an empty file".to_string(),
        Err(_) => "a file of another type".to_string(),
    };
    Err(DataError::PictureFormat {
        found,
        origin: origin.to_string(),
    })
}

/// The name of a format that is read; empty for others.
fn format_name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Pnm => "PNM",
        _ => "",
    }
}

/// Decodes the picture upright; of an animation, its first frame. Its claimed size is checked before memory is allocated for it.
pub(super) fn decode(
    bytes: &[u8],
    format: ImageFormat,
    origin: &str,
) -> Result<DynamicImage, DataError> {
    let too_large = |found: String| DataError::PictureSize {
        expected: format!(
            "{MAX_PICTURE_SIDE} pixels per side and {MAX_DECODED_BYTES} bytes decoded"
        ),
        found,
        origin: origin.to_string(),
    };
    let damaged = |reason: String| DataError::PictureDamaged {
        format: format_name(format),
        reason,
        origin: origin.to_string(),
    };
    let refused = |error: ImageError| match error {
        ImageError::Limits(_) => too_large("one that takes more memory".to_string()),
        other => damaged(other.to_string()),
    };
    if format == ImageFormat::Jpeg && !has_jpeg_end(bytes) {
        return Err(damaged("its end is missing".to_string()));
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(refused)?;

    // Checked here and not by the decoder, whose message leaves out the numbers.
    let (width, height) = decoder.dimensions();
    if width.max(height) > MAX_PICTURE_SIDE || decoder.total_bytes() > MAX_DECODED_BYTES {
        let bytes = decoder.total_bytes();
        return Err(too_large(format!(
            "{width}×{height} pixels in {bytes} bytes"
        )));
    }
    limits.max_image_width = Some(MAX_PICTURE_SIDE);
    limits.max_image_height = Some(MAX_PICTURE_SIDE);
    decoder.set_limits(limits).map_err(refused)?;
    // Phones store the orientation in metadata.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Whether there is an end marker after the last scan. The decoder fills what is missing with gray,
/// and gray would be classified. (A preview inside the file has markers of its own, but earlier.)
fn has_jpeg_end(bytes: &[u8]) -> bool {
    let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    let (start_of_scan, end_of_image) = (last(0xda), last(0xd9));
    end_of_image.is_some() && end_of_image > start_of_scan
}

/// A 16-bit picture that uses a small part of its range, as 8 bits of what it uses: 8-bit or 12-bit
/// values in a 16-bit file, and scans with next to no contrast. Others are left alone.
fn in_used_range(picture: DynamicImage) -> DynamicImage {
    use image::ColorType::{L16, La16, Rgb16, Rgba16};
    let color = picture.color();
    if !matches!(color, L16 | La16 | Rgb16 | Rgba16) {
        return picture;
    }
    let mut wide = picture.to_rgba16();
    let values = || wide.pixels().flat_map(|p| [p.0[0], p.0[1], p.0[2]]);
    let (low, high) = (values().min().unwrap_or(0), values().max().unwrap_or(0));
    let (start, range) = match high {
        0..=0xff => (0, 0xff),
        0x100..=0xfff => (0, 0xfff),
        _ if high - low < u16::MAX / 8 => (low, (high - low).max(1)),
        _ => return picture,
    };
    let stretch = |value: u16| {
        let used = u32::from(value - start);
        (used * u32::from(u16::MAX) / u32::from(range)) as u16
    };
    for pixel in wide.pixels_mut() {
        for value in &mut pixel.0[..3] {
            *value = stretch(*value);
        }
    }
    let wide = DynamicImage::from(wide);
    match color {
        L16 => wide.to_luma16().into(),
        La16 => wide.to_luma_alpha16().into(),
        Rgb16 => wide.to_rgb16().into(),
        _ => wide,
    }
}

/// Brightness, 0 to 255, with transparent parts filled in.
fn luma_on_backdrop(picture: &DynamicImage) -> GrayImage {
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
fn over(value: u8, alpha: u8, backdrop: u8) -> u8 {
    let (value, alpha, backdrop) = (u32::from(value), u32::from(alpha), u32::from(backdrop));
    ((value * alpha + backdrop * (255 - alpha) + 127) / 255) as u8
}

/// The brightness to put behind (brightness, opacity) pairs.
///
/// A mostly transparent picture is only ink: its backdrop is what contrasts most with it. A mostly
/// opaque one has a background, which is continued.
fn backdrop(pairs: &[u8]) -> u8 {
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
