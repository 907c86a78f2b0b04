//! The files of TensorBoard's Embedding Projector.
//!
//! `projector_config.pbtxt` is a `ProjectorConfig` as text; the paths in it are relative to its
//! folder. The first row of `metadata.tsv` is a header, because it has several columns;
//! `tensors.tsv` has none. The sprite holds the images row by row, in the order of the tensors.

use std::io::Cursor;
use std::path::Path;

use anyhow::Context as _;
use image::imageops::{replace, thumbnail};
use image::{ImageFormat, RgbImage};

use super::{Embedded, tsv};
use crate::data::ImageSet;
use crate::files::{WriteError, create_folder, stream_atomically, write_atomically};

/// The longest side of a sprite that browsers show everywhere.
const MAX_SIDE: usize = 8192;

/// Writes the files to the folder `dir`, which is created if it is missing.
pub(super) fn write(dir: &Path, embedded: &Embedded<'_>) -> anyhow::Result<()> {
    create_folder(dir).with_context(|| format!("could not create the folder {}", dir.display()))?;
    tsv::write_values(&dir.join("tensors.tsv"), embedded)?;
    write_metadata(&dir.join("metadata.tsv"), embedded)?;
    let shape = embedded.set.shape();
    let sheet = Sheet::new(embedded.embeddings.len(), [shape[1], shape[2]]);
    let sprite = sprite(&sheet, embedded.set, embedded.predictions.images());
    let mut png = Cursor::new(Vec::new());
    sprite
        .write_to(&mut png, ImageFormat::Png)
        .context("could not draw the sprite")?;
    write_atomically(&dir.join("sprite.png"), &png.into_inner())?;
    // Last, so that nothing is named before it is there.
    let config = config(&embedded.layer, &sheet);
    write_atomically(&dir.join("projector_config.pbtxt"), config.as_bytes())?;
    Ok(())
}

fn write_metadata(path: &Path, embedded: &Embedded<'_>) -> Result<(), WriteError> {
    stream_atomically(path, |file| {
        let header = ["index", "label", "answer", "correct", "loss"];
        tsv::write_row(file, header.map(str::to_owned).into_iter())?;
        let predictions = &embedded.predictions;
        for (at, is_right) in predictions.right().enumerate() {
            let right = if is_right { "yes" } else { "no" }.to_owned();
            let more = [right, predictions.losses()[at].to_string()];
            tsv::write_row(file, embedded.about(at).into_iter().chain(more))?;
        }
        Ok(())
    })
}

/// How the images lie in the sprite.
#[derive(Debug, PartialEq)]
struct Sheet {
    columns: usize,
    rows: usize,
    /// Height and width of each image, smaller than it is if they would not fit otherwise.
    size: [usize; 2],
}

impl Sheet {
    /// A sheet of `n` images of this height and width, about as high as wide.
    fn new(n: usize, [height, width]: [usize; 2]) -> Sheet {
        let n = n.max(1);
        let longest = height.max(width).max(1);
        let fitting = |side: usize| {
            let size = [height, width].map(|s| (s * side / longest).max(1));
            let columns = ((n * size[0]) as f64 / size[1] as f64).sqrt().ceil() as usize;
            let columns = columns.clamp(1, (MAX_SIDE / size[1]).max(1));
            Sheet {
                columns,
                rows: n.div_ceil(columns),
                size,
            }
        };
        let fits = |sheet: &Sheet| sheet.rows * sheet.size[0] <= MAX_SIDE;
        let sheets = (1..=longest.min(MAX_SIDE)).rev().map(fitting);
        sheets.into_iter().find(fits).unwrap_or_else(|| fitting(1))
    }
}

fn sprite(sheet: &Sheet, set: &ImageSet, images: &[u32]) -> RgbImage {
    let [height, width] = sheet.size.map(|side| side as u32);
    let mut sprite = RgbImage::new(sheet.columns as u32 * width, sheet.rows as u32 * height);
    for (at, &image) in images.iter().enumerate() {
        let image = picture(set, image as usize);
        let image = match image.dimensions() == (width, height) {
            true => image,
            false => thumbnail(&image, width, height),
        };
        let [x, y] = [at % sheet.columns, at / sheet.columns].map(|at| at as i64);
        replace(
            &mut sprite,
            &image,
            x * i64::from(width),
            y * i64::from(height),
        );
    }
    sprite
}

/// An image in color: a channel that is missing repeats the first.
fn picture(set: &ImageSet, image: usize) -> RgbImage {
    let [channels, height, width] = set.shape();
    let values = set.image(image);
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let at = y as usize * width + x as usize;
        let channel = |c: usize| values[if c < channels { c * height * width } else { 0 } + at];
        image::Rgb([channel(0), channel(1), channel(2)])
    })
}

fn config(layer: &str, sheet: &Sheet) -> String {
    let [height, width] = sheet.size;
    format!(
        "embeddings {{\n  tensor_name: \"{layer}\"\n  tensor_path: \"tensors.tsv\"\n  \
         metadata_path: \"metadata.tsv\"\n  sprite {{\n    image_path: \"sprite.png\"\n    \
         single_image_dim: {width}\n    single_image_dim: {height}\n  }}\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_are_as_large_as_browsers_show() {
        let sheet = |n, size| {
            let sheet = Sheet::new(n, size);
            (sheet.columns, sheet.rows, sheet.size)
        };
        assert_eq!(sheet(10_000, [28, 28]), (100, 100, [28, 28]));
        assert_eq!(sheet(5, [28, 28]), (3, 2, [28, 28]));
        assert_eq!(sheet(60_000, [28, 28]), (245, 245, [28, 28]));
        assert_eq!(sheet(0, [28, 28]), (1, 1, [28, 28]));
        for (n, size) in [(60_000, [128, 128]), (90_000, [28, 28]), (1_000, [16, 200])] {
            let (columns, rows, [h, w]) = sheet(n, size);
            assert!(columns * rows >= n && columns * w <= MAX_SIDE && rows * h <= MAX_SIDE);
            assert!(h <= size[0] && w <= size[1]);
        }
    }
}
