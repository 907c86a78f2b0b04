//! Reading pictures: a photo, scan or screenshot, in any size and colors.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::decoded_image::DecodedImage;
use super::error::DataError;

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

/// Decodes the picture upright; of an animation, its first frame. Its claimed size is checked before
/// memory is allocated for it.
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
