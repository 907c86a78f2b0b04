//! A picture as a file: SVG, or the same SVG rendered to PNG, with the fonts of the window.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::Picture;
use super::fonts::{INTER, INTER_SEMIBOLD, JETBRAINS_MONO};
use crate::files::{WriteError, write_atomically};

/// Pixels per point: sharp on today's screens, and in print at a hand's width.
const SCALE: f32 = 2.0;

/// Why a picture could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file's extension is not supported.
    #[error("expected a file ending in .svg or .png, found {0}")]
    Format(String),
    /// The picture could not be rendered.
    #[error("could not draw the picture: {0}")]
    Pixels(String),
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The formats a picture can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    /// Vector graphics, sharp at any size.
    Svg,
    /// Pixels.
    Png,
}

impl PictureFormat {
    /// The format for the extension of a file name.
    ///
    /// # Errors
    /// When the extension is neither.
    pub fn of(path: &Path) -> Result<PictureFormat, PictureError> {
        let ending = path.extension().map(|e| e.to_ascii_lowercase());
        match ending.as_deref().and_then(|e| e.to_str()) {
            Some("svg") => Ok(PictureFormat::Svg),
            Some("png") => Ok(PictureFormat::Png),
            _ => Err(PictureError::Format(path.display().to_string())),
        }
    }
}

/// A rendered picture.
#[derive(Clone, Debug)]
pub struct Pixels {
    /// Width and height.
    pub size: [usize; 2],
    /// Red, green, blue and opacity of each pixel, not premultiplied.
    pub rgba: Vec<u8>,
}

impl Picture {
    /// Writes the picture to the file `path`, in the format of its extension.
    ///
    /// # Errors
    /// When the extension is not supported, or the file cannot be written; an old file is then
    /// unchanged.
    pub fn write(&self, path: &Path) -> Result<(), PictureError> {
        let bytes = match PictureFormat::of(path)? {
            PictureFormat::Svg => self.svg().into_bytes(),
            PictureFormat::Png => self.png()?,
        };
        Ok(write_atomically(path, &bytes)?)
    }

    /// Renders the picture as PNG, two pixels per point.
    ///
    /// # Errors
    /// When its size is zero or too large.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        let png = self.render()?.encode_png();
        png.map_err(|e| PictureError::Pixels(e.to_string()))
    }

    /// Renders the picture, two pixels per point.
    ///
    /// # Errors
    /// When its size is zero or too large.
    pub fn pixels(&self) -> Result<Pixels, PictureError> {
        let pixels = self.render()?;
        Ok(Pixels {
            size: [pixels.width(), pixels.height()].map(|n| n as usize),
            rgba: pixels.take_demultiplied(),
        })
    }

    fn render(&self) -> Result<Pixmap, PictureError> {
        let wrong = |e: &dyn std::fmt::Display| PictureError::Pixels(e.to_string());
        let options = Options {
            fontdb: FONTS.clone(),
            ..Options::default()
        };
        let tree = Tree::from_str(&self.svg(), &options).map_err(|e| wrong(&e))?;
        let [width, height] = self.size.map(|points| (points * SCALE).round() as u32);
        let mut pixels = Pixmap::new(width, height)
            .ok_or_else(|| wrong(&format!("invalid size of {width} × {height} pixels")))?;
        let scale = Transform::from_scale(SCALE, SCALE);
        resvg::render(&tree, scale, &mut pixels.as_mut());
        Ok(pixels)
    }
}

/// Only the built-in fonts, for the same picture on every machine.
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for face in [INTER, INTER_SEMIBOLD, JETBRAINS_MONO] {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(face)));
    }
    Arc::new(fonts)
});

#[cfg(test)]
mod tests {
    use super::super::{Anchor, Face, Ink, Item, LIGHT, Span};
    use super::*;

    fn picture(items: Vec<Item>) -> Picture {
        Picture {
            title: "test".to_owned(),
            size: [60.0, 20.0],
            paper: LIGHT.background,
            items,
        }
    }

    fn words(text: &str, face: Face) -> Item {
        Item::Text {
            at: [4.0, 10.0],
            anchor: Anchor::Start,
            spans: vec![Span {
                text: text.to_owned(),
                face,
                size: 12.0,
                ink: Ink::solid(LIGHT.text),
            }],
        }
    }

    fn pixels(picture: &Picture) -> image::RgbaImage {
        let png = picture.png().unwrap();
        image::load_from_memory(&png).unwrap().to_rgba8()
    }

    #[test]
    fn boxes_are_where_they_should_be_in_their_colors() {
        let found = pixels(&picture(vec![Item::Rect {
            rect: [10.0, 5.0, 20.0, 10.0],
            radius: 0.0,
            fill: Some(Ink::solid([200, 30, 40])),
            rim: None,
        }]));
        assert_eq!(found.dimensions(), (120, 40));
        assert_eq!(found.get_pixel(40, 20).0, [200, 30, 40, 255]);
        let [r, g, b] = LIGHT.background;
        assert_eq!(found.get_pixel(5, 5).0, [r, g, b, 255]);
    }

    #[test]
    fn every_face_has_letters_of_its_own() {
        let ink = |item: Item| {
            let found = pixels(&picture(vec![item]));
            let dark = found.pixels().filter(|p| p.0[0] < 128).count();
            assert!(dark > 50, "no letters: {dark}");
            found
        };
        let [text, heavy, number] =
            [Face::Text, Face::Heavy, Face::Number].map(|face| ink(words("loss 12", face)));
        assert!(text != heavy && heavy != number && number != text);
    }

    #[test]
    fn only_pictures_are_written_as_pictures() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in ["a.svg", "a.PNG"] {
            picture(Vec::new()).write(&path(name)).unwrap();
            assert!(path(name).exists());
        }
        let error = picture(Vec::new()).write(&path("a.pdf")).unwrap_err();
        assert!(error.to_string().contains(".svg or .png"), "{error}");
        assert!(!path("a.pdf").exists());
    }
}
