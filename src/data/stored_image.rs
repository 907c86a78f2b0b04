//! Pictures as bytes that read back exactly, to store with a session.

use std::io::Cursor;

use image::ImageFormat;

use super::decoded_image::DecodedImage;
use super::error::DataError;
use super::image_file::decode;

/// What follows: a PNG of a picture that came from a JPEG file, of an image of a dataset, or of
/// another picture.
const OF_JPEG: u8 = 1;
const OF_INPUT: u8 = 2;
const OF_OTHER: u8 = 0;

impl DecodedImage {
    /// The picture as bytes; `None` if its kind of pixels has no PNG.
    pub fn stored(&self) -> Option<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        self.image.write_to(&mut bytes, ImageFormat::Png).ok()?;
        let kind = match (self.is_jpeg, self.is_input) {
            (true, _) => OF_JPEG,
            (false, true) => OF_INPUT,
            (false, false) => OF_OTHER,
        };
        Some([&[kind], bytes.get_ref().as_slice()].concat())
    }

    /// The picture that [`DecodedImage::stored`] made `bytes` of; `origin` is its name in errors.
    ///
    /// # Errors
    /// When they are no such picture, or it exceeds the limits of files.
    pub fn from_stored(bytes: &[u8], origin: &str) -> Result<DecodedImage, DataError> {
        let (kind, png) = bytes.split_first().unwrap_or((&OF_OTHER, &[]));
        let image = decode(png, ImageFormat::Png, origin)?;
        let picture = DecodedImage::new(image, *kind == OF_JPEG);
        Ok(match *kind {
            OF_INPUT => picture.as_input(),
            _ => picture,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_reads_back_exactly() {
        let pixels: Vec<u8> = (0..12u8).map(|i| i * 20).collect();
        let picture = DecodedImage::from_pixels([3, 2, 2], &pixels);
        let back = DecodedImage::from_stored(&picture.stored().unwrap(), "a test").unwrap();
        assert_eq!(back.size(), [2, 2]);
        let values = |picture: &DecodedImage| -> Vec<Vec<u8>> {
            let channels = picture.channels(true).into_iter();
            channels.map(|channel| channel.pixels).collect()
        };
        assert_eq!(values(&back), values(&picture));
        assert!(!back.is_input);
        let made = picture.as_input().stored().unwrap();
        assert!(DecodedImage::from_stored(&made, "a test").unwrap().is_input);
        assert!(DecodedImage::from_stored(&[], "nothing").is_err());
        assert!(DecodedImage::from_stored(b"\0not a picture", "noise").is_err());
    }
}
