//! Maps as files.

use std::io::Cursor;
use std::path::Path;

use anyhow::Context as _;
use image::{ImageFormat, RgbImage};

use crate::cli::UsageError;
use crate::explain::{Attribution, overlay};
use crate::files::write_atomically;

/// Sides of a picture's pixels for each pixel of the map, and the longest side of a picture.
const SCALE: usize = 8;
const LONGEST: usize = 2048;

/// How a map is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A picture of the map over the input.
    Png,
    /// The values, as `numpy.load` reads them.
    Npy,
}

impl Form {
    /// The form for the ending of a file name.
    pub fn of(path: &Path) -> anyhow::Result<Form> {
        let ending = path.extension().map(|e| e.to_ascii_lowercase());
        match ending.as_deref().and_then(|e| e.to_str()) {
            Some("png") => Ok(Form::Png),
            Some("npy") => Ok(Form::Npy),
            _ => {
                let found = path.display();
                let text = format!("expected a file ending in .png or .npy, found {found}");
                Err(UsageError(text).into())
            }
        }
    }

    /// Writes a map of `input`.
    pub fn write(self, path: &Path, found: &Attribution, input: &[f32]) -> anyhow::Result<()> {
        let bytes = match self {
            Form::Png => png(found, input)?,
            Form::Npy => npy(&found.map, found.shape),
        };
        Ok(write_atomically(path, &bytes)?)
    }
}

fn png(found: &Attribution, input: &[f32]) -> anyhow::Result<Vec<u8>> {
    let [_, height, width] = found.shape;
    let scale = (LONGEST / height.max(width).max(1)).clamp(1, SCALE);
    let colors = overlay(&found.map, input, found.shape, 1.0);
    let at = |x: u32, y: u32| colors[y as usize / scale * width + x as usize / scale];
    let [height, width] = [height, width].map(|side| (side * scale) as u32);
    let picture = RgbImage::from_fn(width, height, |x, y| image::Rgb(at(x, y)));
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .context("could not draw the picture")?;
    Ok(bytes.into_inner())
}

/// NumPy's format, version 1.0: magic, length of the header, header, values.
fn npy(values: &[f32], [c, h, w]: [usize; 3]) -> Vec<u8> {
    const PREFIX: usize = 10;
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({c}, {h}, {w}), }}");
    // Values begin at a multiple of 64 bytes, after a line break.
    let padded = (PREFIX + header.len() + 1).next_multiple_of(64) - PREFIX;
    header += &" ".repeat(padded - header.len() - 1);
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_the_file_that_numpy_writes() {
        // numpy.save of numpy.array([[[1, -2.5]]], "<f4")
        let mut expected = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        expected.extend(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2), }");
        expected.resize(127, b' ');
        expected.extend(b"\n\x00\x00\x80\x3f\x00\x00\x20\xc0");
        assert_eq!(npy(&[1.0, -2.5], [1, 1, 2]), expected);
    }

    #[test]
    fn the_ending_decides_the_form() {
        assert_eq!(Form::of(Path::new("a/b.PNG")).unwrap(), Form::Png);
        assert_eq!(Form::of(Path::new("b.npy")).unwrap(), Form::Npy);
        for wrong in ["b", "b.jpg", ".png"] {
            let error = Form::of(Path::new(wrong)).unwrap_err().to_string();
            assert!(error.contains(".png or .npy"), "{error}");
        }
    }
}
