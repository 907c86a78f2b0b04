//! The checksum of a tensor file, an entry of its metadata: SHA-256 of the header as compact JSON with
//! sorted keys and without this entry, followed by the data. What another program wrote, or an
//! earlier version of this one, has none.

use std::collections::BTreeMap;

use safetensors::Dtype;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Its key in the metadata.
pub(super) const KEY: &str = "candle_studio_checksum";

/// What its value starts with.
const PREFIX: &str = "sha256:";

/// A header without the checksum.
pub(super) type Entries<'a> = BTreeMap<&'a str, Entry<'a>>;

/// An entry of the header, with its keys in alphabetical order.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Entry<'a> {
    Metadata(BTreeMap<&'a str, &'a str>),
    Tensor {
        data_offsets: (usize, usize),
        dtype: Dtype,
        shape: &'a [usize],
    },
}

/// Returns the value of the entry for this header and data.
pub(super) fn of(header: &Entries<'_>, data: &[u8]) -> serde_json::Result<String> {
    let mut hash = Sha256::new_with_prefix(serde_json::to_vec(header)?);
    hash.update(data);
    Ok(format!("{PREFIX}{:x}", hash.finalize()))
}

/// Compares the checksum in `metadata` with this header and data, if there is one.
pub(super) fn check<'a>(
    metadata: impl Iterator<Item = (&'a str, &'a str)>,
    mut header: Entries<'a>,
    data: &[u8],
) -> Result<(), String> {
    let (found, rest): (Vec<_>, Vec<_>) = metadata.partition(|(key, _)| *key == KEY);
    // A damaged key must not make it a file without a checksum.
    let is_lost = found.is_empty() && rest.iter().any(|(_, value)| value.starts_with(PREFIX));
    let Some((_, found)) = found.first() else {
        return if is_lost { Err(damaged()) } else { Ok(()) };
    };
    header.insert(
        super::tensor_file::METADATA,
        Entry::Metadata(rest.into_iter().collect()),
    );
    let wanted = of(&header, data).map_err(|e| e.to_string())?;
    if wanted == *found {
        Ok(())
    } else {
        Err(damaged())
    }
}

fn damaged() -> String {
    "its checksum does not match its content, so the file is damaged".to_owned()
}
