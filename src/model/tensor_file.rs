//! Reading safetensors from untrusted sources: the header is read and checked completely before any
//! of the data, and nothing is allocated because a header claims it.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::Read;

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use super::checksum;

/// Bytes before the header, which hold its length.
const N_LENGTH: u64 = 8;

/// Longest header read. One of [`super::limits::MAX_LAYERS`] transformer blocks has about 2 MB.
const MAX_HEADER_BYTES: u64 = 4 << 20;

/// Key of the file's metadata, among the names of the tensors.
pub(super) const METADATA: &str = "__metadata__";

/// Why a tensor file could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TensorFileError {
    /// The system cannot read it.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It can be read, but its content is wrong.
    #[error("{0}")]
    Invalid(String),
}

impl From<String> for TensorFileError {
    fn from(reason: String) -> TensorFileError {
        TensorFileError::Invalid(reason)
    }
}

/// The header of a file; its tensors follow one another and fill it exactly.
#[derive(Debug)]
pub(crate) struct TensorHeader {
    metadata: HashMap<String, String>,
    names: Vec<String>,
    layout: Metadata,
    n_data: usize,
}

impl TensorHeader {
    /// Reads the header of a file of `n_bytes`, and leaves `file` at its data.
    pub(crate) fn read(
        file: &mut impl Read,
        n_bytes: u64,
    ) -> Result<TensorHeader, TensorFileError> {
        let mut length = Vec::new();
        file.take(N_LENGTH).read_to_end(&mut length)?;
        let length: [u8; 8] = length
            .try_into()
            .map_err(|_| incomplete("it has no header"))?;
        let n_header = u64::from_le_bytes(length);
        if n_header > n_bytes.saturating_sub(N_LENGTH) {
            let reason = format!("its header should have {n_header} bytes, the file has {n_bytes}");
            return Err(incomplete(reason).into());
        }
        if n_header > MAX_HEADER_BYTES {
            let reason =
                format!("its header has {n_header} bytes, the limit is {MAX_HEADER_BYTES}");
            return Err(reason.into());
        }
        let mut header = Vec::new();
        file.take(n_header).read_to_end(&mut header)?;
        let entries: Entries = serde_json::from_slice(&header).map_err(incomplete)?;
        let header = TensorHeader::of(entries)?;
        let n_wanted = (header.n_data as u64).checked_add(N_LENGTH + n_header);
        if n_wanted != Some(n_bytes) {
            let n_found = n_bytes - N_LENGTH - n_header;
            let reason = format!(
                "its tensors need {} bytes, but it holds {n_found}",
                header.n_data
            );
            return Err(incomplete(reason).into());
        }
        Ok(header)
    }

    fn of(entries: Entries) -> Result<TensorHeader, String> {
        let Entries {
            metadata,
            mut tensors,
        } = entries;
        tensors.sort_by_key(|(_, info)| info.data_offsets);
        let n_data = tensors.last().map_or(0, |(_, info)| info.data_offsets.1);
        let names = tensors.iter().map(|(name, _)| name.clone()).collect();
        Ok(TensorHeader {
            metadata,
            names,
            // Rejects gaps, overlaps, and sizes that do not match the shapes.
            layout: Metadata::new(None, tensors).map_err(incomplete)?,
            n_data,
        })
    }

    /// The metadata string under `key`.
    pub(crate) fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// The names of all tensors.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Type, shape and position of a tensor.
    pub(crate) fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.layout.info(name)
    }

    /// Checks that there is a tensor `name` of type `dtype` and shape `dims`.
    pub(crate) fn expect(&self, name: &str, dtype: Dtype, dims: &[usize]) -> Result<(), String> {
        let info = self
            .info(name)
            .ok_or_else(|| format!("it has no tensor `{name}`"))?;
        if info.dtype != dtype {
            return Err(format!(
                "tensor `{name}` should hold {dtype:?}, it holds {:?}",
                info.dtype
            ));
        }
        if info.shape != dims {
            return Err(format!(
                "tensor `{name}` should have shape {dims:?}, it has {:?}",
                info.shape
            ));
        }
        Ok(())
    }

    /// Reads the data from `file`, which is positioned at its start, and compares it with the
    /// checksum, if there is one.
    pub(crate) fn with_data(self, file: &mut impl Read) -> Result<TensorFile, TensorFileError> {
        let mut data = Vec::new();
        data.try_reserve_exact(self.n_data)
            .map_err(|_| format!("there is no memory for its {} bytes", self.n_data))?;
        file.take(self.n_data as u64).read_to_end(&mut data)?;
        if data.len() != self.n_data {
            let reason = format!(
                "its tensors need {} bytes, but {} were read",
                self.n_data,
                data.len()
            );
            return Err(incomplete(reason).into());
        }
        self.check(&data)?;
        Ok(TensorFile { header: self, data })
    }

    fn check(&self, data: &[u8]) -> Result<(), String> {
        let metadata = self.metadata.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        let mut entries = checksum::Entries::new();
        for name in &self.names {
            if let Some(info) = self.info(name) {
                let entry = checksum::Entry::Tensor {
                    data_offsets: info.data_offsets,
                    dtype: info.dtype,
                    shape: &info.shape,
                };
                entries.insert(name, entry);
            }
        }
        checksum::check(metadata, entries, data)
    }
}

/// A tensor file in memory.
#[derive(Debug)]
pub(crate) struct TensorFile {
    header: TensorHeader,
    data: Vec<u8>,
}

impl TensorFile {
    /// Type and bytes of a tensor.
    pub(crate) fn tensor(&self, name: &str) -> Result<(&TensorInfo, &[u8]), String> {
        let found = self.header.info(name).and_then(|info| {
            let (start, end) = info.data_offsets;
            Some((info, self.data.get(start..end)?))
        });
        found.ok_or_else(|| format!("it has no tensor `{name}`"))
    }
}

fn incomplete(reason: impl fmt::Display) -> String {
    format!("it is not a complete safetensors file ({reason})")
}

/// The entries of a header, each name once: the safetensors crate takes the last of duplicates.
struct Entries {
    metadata: HashMap<String, String>,
    tensors: Vec<(String, TensorInfo)>,
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut seen = HashSet::new();
        let mut entries = Entries {
            metadata: HashMap::new(),
            tensors: Vec::new(),
        };
        while let Some(name) = map.next_key::<String>()? {
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(format!(
                    "the name `{name}` is there twice"
                )));
            }
            match &*name {
                METADATA => entries.metadata = map.next_value()?,
                _ => entries.tensors.push((name, map.next_value()?)),
            }
        }
        Ok(entries)
    }
}
