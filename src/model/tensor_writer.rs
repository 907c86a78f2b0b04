//! Writing safetensors: with sorted entries, so that the same content gives the same file, byte for
//! byte, and with a checksum.

use std::collections::BTreeMap;

use safetensors::Dtype;
use serde::Serialize;

use super::checksum::{self, Entry};
use super::tensor_file::METADATA;

/// The tensors of a file that is to be written.
#[derive(Debug, Default)]
pub(crate) struct TensorWriter {
    tensors: BTreeMap<String, Tensor>,
    data: Vec<u8>,
}

#[derive(Debug)]
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    /// Start and end in the data, in bytes.
    data_offsets: (usize, usize),
}

/// The header as it is written: the metadata first, where a reader of the file looks for it.
#[derive(Serialize)]
struct Header<'a> {
    #[serde(rename = "__metadata__")]
    metadata: BTreeMap<&'a str, &'a str>,
    #[serde(flatten)]
    tensors: checksum::Entries<'a>,
}

impl TensorWriter {
    /// Adds a tensor of floats.
    pub(crate) fn push_f32(&mut self, name: String, shape: Vec<usize>, values: &[f32]) {
        self.data.reserve(4 * values.len());
        let start = self.data.len();
        for value in values {
            self.data.extend_from_slice(&value.to_le_bytes());
        }
        self.note(name, Dtype::F32, shape, start);
    }

    /// Adds a tensor of integers.
    pub(crate) fn push_i64(&mut self, name: String, shape: Vec<usize>, values: &[i64]) {
        let start = self.data.len();
        for value in values {
            self.data.extend_from_slice(&value.to_le_bytes());
        }
        self.note(name, Dtype::I64, shape, start);
    }

    fn note(&mut self, name: String, dtype: Dtype, shape: Vec<usize>, start: usize) {
        let tensor = Tensor {
            dtype,
            shape,
            data_offsets: (start, self.data.len()),
        };
        self.tensors.insert(name, tensor);
    }

    /// Returns the file: length of the header, header, data.
    pub(crate) fn into_bytes(self, metadata: &[(&str, &str)]) -> serde_json::Result<Vec<u8>> {
        let metadata: BTreeMap<&str, &str> = metadata.iter().copied().collect();
        let mut entries = self.entries();
        entries.insert(METADATA, Entry::Metadata(metadata.clone()));
        let checksum = checksum::of(&entries, &self.data)?;
        let mut header = Header {
            metadata,
            tensors: self.entries(),
        };
        header.metadata.insert(checksum::KEY, &checksum);
        let mut header = serde_json::to_vec(&header)?;
        // Padded with spaces, so that the data is aligned and can be used in place.
        header.resize(header.len().next_multiple_of(8), b' ');
        let length = (header.len() as u64).to_le_bytes();
        Ok([&length[..], &header, &self.data].concat())
    }

    fn entries(&self) -> checksum::Entries<'_> {
        let mut entries = checksum::Entries::new();
        for (name, tensor) in &self.tensors {
            let entry = Entry::Tensor {
                data_offsets: tensor.data_offsets,
                dtype: tensor.dtype,
                shape: &tensor.shape,
            };
            entries.insert(name, entry);
        }
        entries
    }
}
