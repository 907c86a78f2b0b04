//! The IDX format of the MNIST files: a magic number, the dimensions as big-endian u32, the data.
//!
//! Headers are not trusted: their numbers are checked against the limits, and against the length
//! of the file (or the most it could unpack to), before memory is allocated.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::error::DataError;

/// Most pixels along one side of an image.
pub const MAX_SIDE: usize = 1024;
/// Most bytes of pixels or labels in one file.
pub const MAX_BYTES: u64 = 4 << 30;
/// The highest compression ratio of deflate (zlib's technical notes).
const MAX_DEFLATE_RATIO: u64 = 1032;

/// Gray images of one size.
#[derive(Debug, PartialEq, Eq)]
pub struct IdxImages {
    /// Number of images.
    pub count: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// Gray values, `[count, height, width]`, 0 to 255.
    pub pixels: Vec<u8>,
}

/// Reads images (type u8, rank 3) from bytes, plain or gzipped; `origin` is their name in errors.
pub fn images_from_bytes(bytes: &[u8], origin: &str) -> Result<IdxImages, DataError> {
    images(read(bytes, bytes.len() as u64, Kind::Images, origin)?)
}

/// Reads labels (type u8, i16 or i32, rank 1) from bytes, plain or gzipped. They may be negative:
/// the valid range depends on the classes, which are unknown here.
pub fn labels_from_bytes(bytes: &[u8], origin: &str) -> Result<Vec<i32>, DataError> {
    read(bytes, bytes.len() as u64, Kind::Labels, origin).map(labels)
}

/// Reads an image file, plain or gzipped (detected by content).
pub fn images_from_file(path: &Path) -> Result<IdxImages, DataError> {
    images(read_file(path, Kind::Images)?)
}

/// Reads a label file, plain or gzipped (detected by content).
pub fn labels_from_file(path: &Path) -> Result<Vec<i32>, DataError> {
    read_file(path, Kind::Labels).map(labels)
}

/// The expected content of an IDX file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Images,
    Labels,
}

impl Kind {
    fn rank(self) -> usize {
        match self {
            Kind::Images => 3,
            Kind::Labels => 1,
        }
    }

    fn header_len(self) -> usize {
        4 + 4 * self.rank()
    }

    fn magic_text(self) -> &'static str {
        match self {
            Kind::Images => "images (00 00 08 03)",
            Kind::Labels => "labels (00 00 08 01, or 0b or 0c for wider ones)",
        }
    }

    /// Bytes per element for a type code. Labels may be wider than a byte, or there could be no
    /// more than 256 classes.
    fn element_len(self, type_code: u8) -> Option<usize> {
        match (self, type_code) {
            (_, 0x08) => Some(1),
            (Kind::Labels, 0x0b) => Some(2),
            (Kind::Labels, 0x0c) => Some(4),
            _ => None,
        }
    }
}

/// A file whose header and length have been checked.
struct Raw {
    dims: Vec<usize>,
    element_len: usize,
    data: Vec<u8>,
}

fn images(raw: Raw) -> Result<IdxImages, DataError> {
    Ok(IdxImages {
        count: raw.dims[0],
        height: raw.dims[1],
        width: raw.dims[2],
        pixels: raw.data,
    })
}

fn labels(raw: Raw) -> Vec<i32> {
    let element = |bytes: &[u8]| match *bytes {
        [a, b] => i32::from(i16::from_be_bytes([a, b])),
        [a, b, c, d] => i32::from_be_bytes([a, b, c, d]),
        [a, ..] => i32::from(a),
        [] => 0,
    };
    raw.data
        .chunks_exact(raw.element_len)
        .map(element)
        .collect()
}

fn read_file(path: &Path, kind: Kind) -> Result<Raw, DataError> {
    let origin = path.display().to_string();
    let denied = |reason| DataError::Read {
        origin: origin.clone(),
        reason,
    };
    // Checked before opening: opening a named pipe would block forever.
    let metadata = std::fs::metadata(path).map_err(denied)?;
    if !metadata.is_file() {
        return Err(DataError::NotAFile { origin });
    }
    let file = BufReader::with_capacity(1 << 16, File::open(path).map_err(denied)?);
    read(file, metadata.len(), kind, &origin)
}

/// Reads one file of `stored_len` bytes; unpacks it if it starts like gzip.
fn read(
    mut reader: impl BufRead,
    stored_len: u64,
    kind: Kind,
    origin: &str,
) -> Result<Raw, DataError> {
    let start = reader.fill_buf().map_err(|reason| DataError::Read {
        origin: origin.to_string(),
        reason,
    })?;
    let source = Source {
        is_packed: start.starts_with(&[0x1f, 0x8b]),
        stored_len,
        kind,
        origin,
    };
    if source.is_packed {
        source.read_unpacked(MultiGzDecoder::new(reader))
    } else {
        source.read_unpacked(reader)
    }
}

/// A file being read: what is known of it besides its content.
struct Source<'a> {
    is_packed: bool,
    stored_len: u64,
    kind: Kind,
    origin: &'a str,
}

impl Source<'_> {
    fn read_unpacked(&self, mut reader: impl Read) -> Result<Raw, DataError> {
        let (dims, element_len) = self.read_header(&mut reader)?;
        let body_len = self.checked_len(&dims, element_len)?;
        let data = self.read_body(&mut reader, body_len)?;
        Ok(Raw {
            dims,
            element_len,
            data,
        })
    }

    /// Reads the dimensions and the bytes per element.
    fn read_header(&self, reader: &mut impl Read) -> Result<(Vec<usize>, usize), DataError> {
        let header_len = self.kind.header_len();
        let mut header = Vec::with_capacity(header_len);
        self.append(reader, header_len as u64, &mut header)?;
        let magic = &header[..header.len().min(4)];
        let element_len = match *magic {
            [0, 0, type_code, rank] if usize::from(rank) == self.kind.rank() => {
                self.kind.element_len(type_code)
            }
            _ => None,
        };
        let Some(element_len) = element_len else {
            return Err(self.magic_error(magic));
        };
        if header.len() < header_len {
            return Err(DataError::ShortHeader {
                expected: header_len,
                found: header.len(),
                origin: self.origin.to_string(),
            });
        }
        let dims = header[4..]
            .chunks_exact(4)
            .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize)
            .collect();
        Ok((dims, element_len))
    }

    fn magic_error(&self, magic: &[u8]) -> DataError {
        let found = match magic {
            [] => "nothing (it is empty)".to_string(),
            bytes => bytes
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect::<Vec<_>>()
                .join(" "),
        };
        DataError::Magic {
            expected: self.kind.magic_text(),
            found,
            origin: self.origin.to_string(),
        }
    }

    /// Length of the data by its header, if within the limits and possible.
    fn checked_len(&self, dims: &[usize], element_len: usize) -> Result<u64, DataError> {
        let claim = |expected: String, found: String| DataError::Claim {
            expected,
            found,
            origin: self.origin.to_string(),
        };
        if let [_, height, width] = *dims
            && !((1..=MAX_SIDE).contains(&height) && (1..=MAX_SIDE).contains(&width))
        {
            let expected = format!("images of 1 to {MAX_SIDE} pixels per side");
            return Err(claim(expected, format!("{height}×{width}")));
        }
        // At most three u32 and a 4: too large for u64 only before the sides were checked.
        let len = dims.iter().map(|&d| d as u64).product::<u64>() * element_len as u64;
        let most = if self.is_packed {
            self.stored_len.saturating_mul(MAX_DEFLATE_RATIO)
        } else {
            u64::MAX
        };
        if len > MAX_BYTES.min(most) {
            let expected = if len > MAX_BYTES {
                format!("at most {MAX_BYTES} bytes of data")
            } else {
                format!("no more than {} gzipped bytes can hold", self.stored_len)
            };
            return Err(claim(expected, format!("{len} bytes in {} items", dims[0])));
        }
        let there = self.stored_len - (self.kind.header_len() as u64).min(self.stored_len);
        if !self.is_packed && there != len {
            return Err(self.length_error(len, there.to_string()));
        }
        Ok(len)
    }

    fn read_body(&self, reader: &mut impl Read, len: u64) -> Result<Vec<u8>, DataError> {
        let mut data = Vec::new();
        let reserved = usize::try_from(len).map(|n| data.try_reserve_exact(n));
        if !matches!(reserved, Ok(Ok(()))) {
            return Err(DataError::Memory {
                bytes: len,
                origin: self.origin.to_string(),
            });
        }
        self.append(reader, len, &mut data)?;
        if (data.len() as u64) < len {
            return Err(self.length_error(len, format!("only {}", data.len())));
        }
        // Reading one byte further also makes the decompressor check its checksum.
        let mut rest = Vec::new();
        self.append(reader, 1, &mut rest)?;
        if !rest.is_empty() {
            return Err(self.length_error(len, "more".to_string()));
        }
        Ok(data)
    }

    /// Appends up to `len` bytes, fewer only at the end of the data.
    fn append(&self, reader: &mut impl Read, len: u64, to: &mut Vec<u8>) -> Result<(), DataError> {
        match reader.take(len).read_to_end(to) {
            Ok(_) => Ok(()),
            Err(reason) if self.is_packed => Err(DataError::Gzip {
                reason,
                origin: self.origin.to_string(),
            }),
            Err(reason) => Err(DataError::Read {
                reason,
                origin: self.origin.to_string(),
            }),
        }
    }

    fn length_error(&self, expected: u64, found: String) -> DataError {
        DataError::BodyLength {
            expected,
            found,
            origin: self.origin.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
