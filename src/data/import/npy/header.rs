//! The header of an array: a Python dict with three keys.

use std::io::Read;

use crate::data::error::DataError;
use crate::data::idx::MAX_SIDE;
use crate::data::import::arrays::square;
use crate::data::import::source::Part;

/// Longest header.
const MAX_HEADER: u64 = 1 << 16;

/// What the values of an array are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kind {
    /// `b`, `u`, `i` or `f`.
    pub(super) letter: u8,
    /// Bytes per value.
    pub(super) len: usize,
    pub(super) is_big_endian: bool,
}

/// The header of an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    /// `None` for other types of values, such as objects.
    pub(super) kind: Option<Kind>,
    pub(super) is_fortran: bool,
    pub(super) shape: Vec<usize>,
}

/// An array of the archive.
pub(super) struct Array {
    /// Its file in the tree.
    pub(super) at: usize,
    pub(super) name: String,
    pub(super) header: Header,
}

/// The images and labels of one split.
pub(super) struct Pair<'a> {
    pub(super) part: Option<Part>,
    pub(super) images: &'a Array,
    pub(super) labels: &'a Array,
    /// Channels, height and width, and whether the channels come last.
    pub(super) shape: [usize; 3],
    pub(super) is_channels_last: bool,
}

impl Header {
    pub(super) fn read(reader: &mut dyn Read, origin: &str) -> Result<Header, DataError> {
        let wrong = |found: &str| DataError::unexpected("a NumPy array", found, origin);
        let mut start = [0; 8];
        let denied = |_| wrong("a file that ends in its header");
        reader.read_exact(&mut start).map_err(denied)?;
        if &start[..6] != b"\x93NUMPY" {
            return Err(wrong("a file of another type"));
        }
        let mut len = [0; 4];
        let n_bytes = if start[6] == 1 { 2 } else { 4 };
        reader.read_exact(&mut len[..n_bytes]).map_err(denied)?;
        let len = u64::from(u32::from_le_bytes(len));
        if len > MAX_HEADER {
            return Err(wrong("a header that is too long"));
        }
        let mut text = Vec::new();
        let read = reader.take(len).read_to_end(&mut text);
        if read.map_err(denied)? as u64 != len {
            return Err(wrong("a file that ends in its header"));
        }
        let text = String::from_utf8_lossy(&text);
        Header::parse(&text).ok_or_else(|| wrong("a header that is damaged"))
    }

    /// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (60000, 28, 28), }`.
    pub(super) fn parse(text: &str) -> Option<Header> {
        let value = |key: &str| {
            let (_, rest) = text.split_once(&format!("'{key}'"))?;
            Some(rest.trim_start().strip_prefix(':')?.trim_start())
        };
        let kind = value("descr")?.strip_prefix('\'').and_then(|rest| {
            let (text, _) = rest.split_once('\'')?;
            Kind::parse(text)
        });
        let is_fortran = value("fortran_order")?.starts_with("True");
        let (shape, _) = value("shape")?.strip_prefix('(')?.split_once(')')?;
        let extents = shape.split(',').map(str::trim).filter(|n| !n.is_empty());
        let shape = extents.map(|n| n.trim_end_matches('L').parse().ok());
        Some(Header {
            kind,
            is_fortran,
            shape: shape.collect::<Option<_>>()?,
        })
    }

    /// Whether the values are bytes without a sign.
    pub(super) fn is_bytes(&self) -> bool {
        self.kind
            .is_some_and(|kind| kind.letter == b'u' && kind.len == 1)
    }

    pub(super) fn n_values(&self) -> u64 {
        let factors = self.shape.iter();
        factors.fold(1, |product: u64, &n| product.saturating_mul(n as u64))
    }

    /// Channels, height and width of each image, if these can be images, and whether the channels
    /// come last.
    pub(super) fn image_shape(&self) -> Option<([usize; 3], bool)> {
        self.kind?;
        let (shape, is_last) = match self.shape[..] {
            [_, len] => (square(len)?, false),
            [_, height, width] => ([1, height, width], false),
            [_, height, width, channels @ (1 | 3)] => ([channels, height, width], true),
            [_, channels @ (1 | 3), height, width] => ([channels, height, width], false),
            _ => return None,
        };
        let fits = shape[1..].iter().all(|side| (2..=MAX_SIDE).contains(side));
        fits.then_some((shape, is_last))
    }

    /// Whether these can be the labels of `n` images.
    pub(super) fn is_labels(&self, n: usize) -> bool {
        let is_one_each = match self.shape[..] {
            [found] | [found, 1] => found == n,
            // One-hot.
            [found, n_classes] => found == n && n_classes <= 1000,
            _ => false,
        };
        is_one_each && self.kind.is_some()
    }
}

impl Kind {
    pub(super) fn parse(text: &str) -> Option<Kind> {
        let [order, letter, ref len @ ..] = *text.as_bytes() else {
            return None;
        };
        let len = std::str::from_utf8(len).ok()?.parse().ok()?;
        let is_known = match letter {
            b'b' => len == 1,
            b'u' | b'i' => matches!(len, 1 | 2 | 4 | 8),
            b'f' => matches!(len, 4 | 8),
            _ => false,
        };
        is_known.then_some(Kind {
            letter,
            len,
            is_big_endian: order == b'>',
        })
    }

    /// Writes the values of `bytes` to `values`.
    pub(super) fn values(self, bytes: &[u8], values: &mut Vec<f64>) {
        values.clear();
        match (self.letter, self.len) {
            // The pixels of almost every array.
            (b'u', 1) => values.extend(bytes.iter().map(|&byte| f64::from(byte))),
            _ => values.extend(bytes.chunks_exact(self.len).map(|bytes| self.value(bytes))),
        }
    }

    pub(super) fn value(self, bytes: &[u8]) -> f64 {
        let mut word = [0; 8];
        for (i, &byte) in bytes.iter().enumerate() {
            word[if self.is_big_endian {
                self.len - 1 - i
            } else {
                i
            }] = byte;
        }
        let word = u64::from_le_bytes(word);
        match (self.letter, self.len) {
            (b'f', 4) => f64::from(f32::from_bits(word as u32)),
            (b'f', _) => f64::from_bits(word),
            (b'i', len) => {
                let shift = 64 - 8 * len as u32;
                ((word << shift) as i64 >> shift) as f64
            }
            _ => word as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_strictly() {
        let header = |text| Header::parse(text);
        let mnist = header("{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }");
        let mnist = mnist.unwrap();
        assert_eq!(mnist.shape, [60000, 28, 28]);
        assert_eq!(mnist.image_shape(), Some(([1, 28, 28], false)));
        let labels = header("{'descr': '>i8', 'fortran_order': True, 'shape': (7,)}").unwrap();
        assert!(labels.is_labels(7) && labels.is_fortran);
        assert_eq!(labels.kind.unwrap().value(&(-3_i64).to_be_bytes()), -3.0);
        for unread in [
            "{'descr': '|O', 'fortran_order': False, 'shape': (7,)}",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (7,)}",
            "{'descr': '<f2', 'fortran_order': False, 'shape': (7,)}",
        ] {
            assert_eq!(header(unread).unwrap().kind, None);
        }
        for damaged in [
            "",
            "{'descr': '<f4'}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        ] {
            assert_eq!(header(damaged), None);
        }
    }
}
