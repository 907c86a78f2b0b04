//! One labeled sketch.

use std::io::Cursor;
use std::sync::Arc;
use std::time::SystemTime;

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma};
use serde::{Deserialize, Serialize};

use crate::data::decoded_image::DecodedImage;
use crate::data::error::DataError;
use crate::data::image_file::decode;
use crate::data::recipe::{InputImage, Recipe};
use crate::data::sketch::GrayImage;

/// A sketch with the class that it shows. Its pictures are shared by its copies.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// When it was labeled first, in UTC and to the nanosecond, as a part of a file name: no two
    /// sketches share it.
    pub id: String,
    /// The name of the class it shows.
    pub label: String,
    /// What was on the canvas.
    pub(super) canvas: Arc<CanvasPicture>,
    /// What the recipe made of it.
    pub(super) made: Arc<MadeInput>,
}

/// The canvas as a PNG.
#[derive(Debug)]
pub(super) struct CanvasPicture {
    pub(super) kind: CanvasKind,
    pub(super) png: Vec<u8>,
}

/// What was on the canvas, which decides how a recipe reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CanvasKind {
    /// Strokes of the pen.
    Sketch,
    /// A picture from a file.
    Picture,
    /// A picture from a JPEG file.
    Photo,
    /// An input that the program made, such as a shifted sketch.
    Input,
}

/// An input of a network, and how it was made.
#[derive(Debug)]
pub(super) struct MadeInput {
    pub(super) recipe: Recipe,
    pub(super) shape: [usize; 3],
    pub(super) pixels: Vec<u8>,
}

impl Sketch {
    /// The sketch on the canvas, `image`, with the name of its class and the input of `shape`
    /// (channels, height, width) that `recipe` makes of it; `None` if there is nothing on it.
    ///
    /// # Errors
    /// When its kind of pixels cannot be stored as PNG.
    pub fn new(
        image: &InputImage,
        label: &str,
        recipe: Recipe,
        shape: [usize; 3],
    ) -> Result<Option<Sketch>, DataError> {
        let Some(pixels) = recipe.input(image, shape) else {
            return Ok(None);
        };
        let now = humantime::format_rfc3339_nanos(SystemTime::now());
        Ok(Some(Sketch {
            // Not every file system allows a colon.
            id: now.to_string().replace(':', "-"),
            label: label.to_owned(),
            canvas: Arc::new(CanvasPicture::new(image)?),
            made: Arc::new(MadeInput {
                recipe,
                shape,
                pixels,
            }),
        }))
    }

    /// The same sketch with another label.
    #[must_use]
    pub fn relabeled(&self, label: &str) -> Sketch {
        Sketch {
            label: label.to_owned(),
            ..self.clone()
        }
    }

    /// What was on the canvas.
    ///
    /// # Errors
    /// When its file was damaged.
    pub fn image(&self) -> Result<InputImage, DataError> {
        self.canvas.image(&self.id)
    }

    /// The input of `shape` that `recipe` makes of it; `None` if there is nothing to center.
    pub fn input(&self, recipe: Recipe, shape: [usize; 3]) -> Option<Vec<u8>> {
        if (self.made.recipe, self.made.shape) == (recipe, shape) {
            return Some(self.made.pixels.clone());
        }
        // Its file was read completely when the sketch was.
        recipe.input(&self.image().ok()?, shape)
    }

    /// The input that was made of it when it was labeled: channels, height and width, and pixels in
    /// that order.
    pub fn made(&self) -> ([usize; 3], &[u8]) {
        (self.made.shape, &self.made.pixels)
    }
}

impl CanvasPicture {
    fn new(image: &InputImage) -> Result<CanvasPicture, DataError> {
        let (kind, png) = match image {
            InputImage::Sketch(gray) => (CanvasKind::Sketch, png_of_gray(gray)?),
            InputImage::Decoded(picture) if picture.is_jpeg => {
                (CanvasKind::Photo, png_of(&picture.image)?)
            }
            InputImage::Decoded(picture) if !picture.is_input => {
                (CanvasKind::Picture, png_of(&picture.image)?)
            }
            InputImage::Decoded(picture) | InputImage::Input(picture) => {
                (CanvasKind::Input, png_of(&picture.image)?)
            }
        };
        Ok(CanvasPicture { kind, png })
    }

    /// Decodes it; `origin` is its name in errors.
    pub(super) fn image(&self, origin: &str) -> Result<InputImage, DataError> {
        let image = decode(&self.png, ImageFormat::Png, origin)?;
        Ok(match self.kind {
            CanvasKind::Sketch => {
                let gray = image.into_luma8();
                InputImage::Sketch(Arc::new(GrayImage {
                    width: gray.width() as usize,
                    height: gray.height() as usize,
                    pixels: gray.into_raw(),
                }))
            }
            CanvasKind::Photo => DecodedImage::new(image, true).into(),
            CanvasKind::Picture => DecodedImage::new(image, false).into(),
            CanvasKind::Input => {
                let made = DecodedImage::new(image, false).as_input();
                InputImage::Input(Arc::new(made))
            }
        })
    }
}

impl MadeInput {
    /// As a PNG, in color if it has three channels.
    pub(super) fn png(&self) -> Result<Vec<u8>, DataError> {
        png_of(&DecodedImage::from_pixels(self.shape, &self.pixels).image)
    }
}

fn png_of_gray(gray: &GrayImage) -> Result<Vec<u8>, DataError> {
    let (width, height) = (gray.width as u32, gray.height as u32);
    let buffer = ImageBuffer::<Luma<u8>, _>::from_raw(width, height, gray.pixels.clone());
    let image = buffer.map(DynamicImage::ImageLuma8);
    png_of(&image.unwrap_or_default())
}

fn png_of(image: &DynamicImage) -> Result<Vec<u8>, DataError> {
    let mut png = Cursor::new(Vec::new());
    let written = image.write_to(&mut png, ImageFormat::Png);
    written.map_err(|e| {
        DataError::unexpected("pixels that fit into a PNG file", e.to_string(), "a sketch")
    })?;
    Ok(png.into_inner())
}
