//! Pictures from files: a photo, scan or screenshot of a digit, in any size and colors.
//!
//! They are converted to what the canvas holds, bright ink on black, and then preprocessed like a
//! sketch, by [`center_sketch`](super::center_sketch).

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::error::DataError;
use super::ink::ink_from_luma;
use super::resample::{Stretch, resample};
use super::sketch::GrayImage;

/// Largest file read, in bytes.
pub const MAX_FILE_BYTES: u64 = 32 << 20;
/// Most pixels along one side.
pub const MAX_PICTURE_SIDE: u32 = 8192;
/// Most bytes of decoded pixels: the largest picture at four bytes per pixel.
const MAX_DECODED_BYTES: u64 = 256 << 20;
/// Larger pictures are first reduced to this side, which also averages a camera's noise away.
const WORKING_SIDE: usize = 512;

/// Reads a PNG or JPEG file (detected by its content, not its name) as bright ink on black.
///
/// # Errors
/// When there is no such file, it is not a picture, or it exceeds the limits.
pub fn read_image_file(path: &Path) -> Result<GrayImage, DataError> {
    let origin = path.display().to_string();
    let denied = |reason| DataError::Read {
        origin: origin.clone(),
        reason,
    };
    // Checked before opening: opening a named pipe would block forever.
    if !std::fs::metadata(path).map_err(denied)?.is_file() {
        return Err(DataError::NotAFile { origin });
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(denied)?;
    read_image_bytes(&bytes, &origin)
}

/// Reads a PNG or JPEG as bright ink on black; `origin` is its name in errors.
///
/// The background may be light or dark, tinted, unevenly lit or transparent: the common color of
/// the picture's border is background and becomes 0. The result is at most 512 pixels per side,
/// and all 0 if nothing stands out.
///
/// # Errors
/// As [`read_image_file`].
pub fn read_image_bytes(bytes: &[u8], origin: &str) -> Result<GrayImage, DataError> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(DataError::PictureSize {
            expected: format!("{MAX_FILE_BYTES} bytes"),
            found: "more".to_string(),
            origin: origin.to_string(),
        });
    }
    let format = picture_format(bytes, origin)?;
    let picture = decode(bytes, format, origin)?;
    let luma = luma_on_backdrop(picture);
    let (size, luma) = at_working_size(&luma);
    Ok(ink_from_luma(&luma, size, format == ImageFormat::Jpeg))
}

fn picture_format(bytes: &[u8], origin: &str) -> Result<ImageFormat, DataError> {
    let found = match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => return Ok(format),
        Ok(other) => format!("a file of type {other:?}"),
        Err(_) if bytes.is_empty() => "an empty file".to_string(),
        Err(_) => "a file of another type".to_string(),
    };
    Err(DataError::PictureFormat {
        found,
        origin: origin.to_string(),
    })
}

/// Decodes the picture upright. Its claimed size is checked before memory is allocated for it.
fn decode(bytes: &[u8], format: ImageFormat, origin: &str) -> Result<DynamicImage, DataError> {
    let too_large = |found: String| DataError::PictureSize {
        expected: format!(
            "{MAX_PICTURE_SIDE} pixels per side and {MAX_DECODED_BYTES} bytes decoded"
        ),
        found,
        origin: origin.to_string(),
    };
    let damaged = |reason: String| DataError::PictureDamaged {
        format: if format == ImageFormat::Png {
            "PNG"
        } else {
            "JPEG"
        },
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

/// Brightness, 0 to 255, with transparent parts filled in.
fn luma_on_backdrop(picture: DynamicImage) -> GrayImage {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = if picture.color().has_alpha() {
        let pairs = picture.into_luma_alpha8().into_raw();
        let backdrop = u32::from(backdrop(&pairs));
        let over = |pair: &[u8]| {
            let (luma, alpha) = (u32::from(pair[0]), u32::from(pair[1]));
            ((luma * alpha + backdrop * (255 - alpha) + 127) / 255) as u8
        };
        pairs.chunks_exact(2).map(over).collect()
    } else {
        picture.into_luma8().into_raw()
    };
    GrayImage {
        width,
        height,
        pixels,
    }
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
