//! Datasets for other programs.

#[cfg(feature = "parquet")]
mod parquet;

use std::io::{Cursor, Write};
use std::path::Path;

use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::data::dataset::Dataset;
use crate::data::error::DataError;
use crate::data::image_set::ImageSet;
use crate::files::{self, Pieces};

/// A format that other programs read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataFormat {
    /// PNG files in one folder per class, in the folders `train` and `test`.
    Folder,
    /// NumPy arrays, named as in Keras' `mnist.npz`.
    Npz,
    /// A folder with `train.csv` and `test.csv`: a label and pixels in each row.
    Csv,
    /// A folder with four IDX files, named as MNIST's.
    Idx,
    /// A folder with `data/train-00000-of-00001.parquet` and the same for the test images, as
    /// Hugging Face's `datasets` reads them.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl DataFormat {
    /// All of them.
    pub const ALL: &[DataFormat] = &[
        DataFormat::Folder,
        DataFormat::Npz,
        DataFormat::Csv,
        DataFormat::Idx,
        #[cfg(feature = "parquet")]
        DataFormat::Parquet,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            DataFormat::Folder => "folder",
            DataFormat::Npz => "npz",
            DataFormat::Csv => "csv",
            DataFormat::Idx => "idx",
            #[cfg(feature = "parquet")]
            DataFormat::Parquet => "parquet",
        }
    }
}

impl Dataset {
    /// Writes the dataset to the new folder, or for arrays the file, `out`.
    ///
    /// # Errors
    /// When the format cannot hold it, `out` is there already, or the disk is full; nothing is
    /// written then.
    pub fn export(&self, format: DataFormat, out: &Path) -> Result<(), DataError> {
        let [channels, height, width] = self.image_shape();
        let refused = |what: &str| {
            let found = format!("images of {channels}×{height}×{width}");
            Err(DataError::unexpected(what, found, &self.name))
        };
        match format {
            DataFormat::Npz => self.write_npz(out),
            DataFormat::Csv if height != width => refused("square images for CSV files"),
            DataFormat::Csv => in_new_folder(out, |dir| self.write_csv(dir)),
            DataFormat::Idx if channels != 1 => refused("gray images for IDX files"),
            DataFormat::Idx => in_new_folder(out, |dir| self.write_idx(dir)),
            _ if channels != 1 && channels != 3 => refused("gray or color images for PNG files"),
            DataFormat::Folder => in_new_folder(out, |dir| self.write_pictures(dir)),
            #[cfg(feature = "parquet")]
            DataFormat::Parquet => in_new_folder(out, |dir| self.write_parquet(dir)),
        }
    }

    fn splits(&self) -> [(&'static str, &ImageSet); 2] {
        [("train", &self.train), ("test", &self.test)]
    }

    fn write_pictures(&self, dir: &Path) -> Result<(), DataError> {
        let folders = folder_names(&self.classes);
        for (split, set) in self.splits() {
            for folder in &folders {
                let path = dir.join(split).join(folder);
                std::fs::create_dir_all(&path).map_err(DataError::read(&path))?;
            }
            for i in 0..set.len() {
                let folder = &folders[set.labels()[i] as usize];
                let path = dir.join(split).join(folder).join(format!("{i:06}.png"));
                let png = png(set, i).map_err(DataError::read(&path))?;
                std::fs::write(&path, png).map_err(DataError::read(&path))?;
            }
        }
        Ok(())
    }

    fn write_csv(&self, dir: &Path) -> Result<(), DataError> {
        for (split, set) in self.splits() {
            let path = dir.join(format!("{split}.csv"));
            let failed = |e: csv::Error| DataError::read(&path)(std::io::Error::other(e));
            let mut writer = csv::Writer::from_path(&path).map_err(failed)?;
            let n_pixels: usize = set.shape().iter().product();
            let names = (0..n_pixels).map(|i| format!("pixel{i}"));
            let header = std::iter::once("label".to_owned()).chain(names);
            writer.write_record(header).map_err(failed)?;
            for i in 0..set.len() {
                let class = self.classes[set.labels()[i] as usize].clone();
                let pixels = set.image(i).iter().map(u8::to_string);
                let row = std::iter::once(class).chain(pixels);
                writer.write_record(row).map_err(failed)?;
            }
            writer.flush().map_err(DataError::read(&path))?;
        }
        Ok(())
    }

    fn write_idx(&self, dir: &Path) -> Result<(), DataError> {
        let [_, height, width] = self.image_shape();
        for (name, set) in [("train", &self.train), ("t10k", &self.test)] {
            let images = idx(0x08, &[set.len(), height, width], set.pixels());
            let labels: Vec<u8> = match self.n_classes() {
                0..=256 => set.labels().iter().map(|&label| label as u8).collect(),
                _ => set
                    .labels()
                    .iter()
                    .flat_map(|label| label.to_be_bytes())
                    .collect(),
            };
            let kind = if self.n_classes() > 256 { 0x0c } else { 0x08 };
            for (what, bytes) in [
                ("images-idx3", images),
                ("labels-idx1", idx(kind, &[set.len()], &labels)),
            ] {
                let path = dir.join(format!("{name}-{what}-ubyte"));
                std::fs::write(&path, bytes).map_err(DataError::read(&path))?;
            }
        }
        let are_numbers = self
            .classes
            .iter()
            .enumerate()
            .all(|(i, name)| *name == i.to_string());
        if !are_numbers {
            let path = dir.join("classes.txt");
            let names = self.classes.join("\n") + "\n";
            std::fs::write(&path, names).map_err(DataError::read(&path))?;
        }
        Ok(())
    }

    fn write_npz(&self, out: &Path) -> Result<(), DataError> {
        let failed = |e: zip::result::ZipError| DataError::read(out)(std::io::Error::other(e));
        let denied = DataError::read(out);
        let [channels, height, width] = self.image_shape();
        files::stream_atomically(out, |pieces| {
            let mut zip = ZipWriter::new_stream(PiecesWriter(pieces));
            let options =
                SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            for (split, set) in self.splits() {
                let n = set.len();
                let shape = match channels {
                    1 => format!("({n}, {height}, {width})"),
                    _ => format!("({n}, {height}, {width}, {channels})"),
                };
                zip.start_file(format!("x_{split}.npy"), options)
                    .map_err(failed)?;
                zip.write_all(&npy_header("|u1", &shape)).map_err(&denied)?;
                for i in 0..n {
                    zip.write_all(&channels_last(set.image(i), channels))
                        .map_err(&denied)?;
                }
                zip.start_file(format!("y_{split}.npy"), options)
                    .map_err(failed)?;
                zip.write_all(&npy_header("<i8", &format!("({n},)")))
                    .map_err(&denied)?;
                let labels = set
                    .labels()
                    .iter()
                    .flat_map(|&label| i64::from(label).to_le_bytes());
                zip.write_all(&labels.collect::<Vec<u8>>())
                    .map_err(&denied)?;
            }
            zip.finish().map_err(failed)?;
            Ok(())
        })
    }
}

/// Pieces of a file as a writer.
struct PiecesWriter<'a, 'p>(&'a mut Pieces<'p>);

impl Write for PiecesWriter<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes).map_err(std::io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes a folder beside `out`, and gives it that name when it is complete.
fn in_new_folder(
    out: &Path,
    write: impl FnOnce(&Path) -> Result<(), DataError>,
) -> Result<(), DataError> {
    if out.exists() {
        return Err(DataError::unexpected(
            "a folder that is not there yet",
            "one",
            out.display(),
        ));
    }
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let part = out.with_file_name(format!(".{name}.{}.part", std::process::id()));
    std::fs::create_dir(&part).map_err(DataError::read(out))?;
    let written =
        write(&part).and_then(|()| std::fs::rename(&part, out).map_err(DataError::read(out)));
    if written.is_err() {
        // It is of no use, and says nothing that the error does not.
        let _ = std::fs::remove_dir_all(&part);
    }
    written
}

/// The names of the classes, as folders.
fn folder_names(classes: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (i, class) in classes.iter().enumerate() {
        let plain = |c: char| {
            if c.is_control() || "/\\:*?\"<>|".contains(c) {
                '_'
            } else {
                c
            }
        };
        let mut name: String = class.trim().chars().map(plain).collect();
        let is_taken = names.iter().any(|other| other.eq_ignore_ascii_case(&name));
        if name.is_empty() || name.starts_with('.') || is_taken {
            name = format!("class {i} {}", name.trim_start_matches('.'))
                .trim()
                .to_owned();
        }
        names.push(name);
    }
    names
}

/// An image in gray or color as a PNG file.
fn png(set: &ImageSet, i: usize) -> std::io::Result<Vec<u8>> {
    let [channels, height, width] = set.shape();
    let color = match channels {
        3 => ExtendedColorType::Rgb8,
        _ => ExtendedColorType::L8,
    };
    let pixels = channels_last(set.image(i), channels);
    let mut png = Cursor::new(Vec::new());
    PngEncoder::new(&mut png)
        .write_image(&pixels, width as u32, height as u32, color)
        .map_err(std::io::Error::other)?;
    Ok(png.into_inner())
}

/// The channels of each pixel together.
fn channels_last(image: &[u8], channels: usize) -> Vec<u8> {
    let area = image.len() / channels.max(1);
    let pixel = |i: usize| (0..channels).map(move |c| image[c * area + i]);
    (0..area).flat_map(pixel).collect()
}

fn idx(kind: u8, dims: &[usize], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, dims.len() as u8];
    dims.iter()
        .for_each(|&n| bytes.extend((n as u32).to_be_bytes()));
    bytes.extend_from_slice(data);
    bytes
}

/// The header of an array, version 1, padded to a multiple of 64 bytes as NumPy does.
fn npy_header(kind: &str, shape: &str) -> Vec<u8> {
    let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    let len = (10 + text.len() + 1).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((len as u16).to_le_bytes());
    bytes.extend(format!("{text:<width$}\n", width = len - 1).as_bytes());
    bytes
}
