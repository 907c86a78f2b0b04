//! How much memory a dataset may take.

use crate::data::error::DataError;
use crate::files::available_memory;
use crate::text::{bytes, count};

/// Most bytes of pixels of a dataset.
pub(super) const MAX_BYTES: u64 = 4 << 30;

/// Reserves memory for `n` images of `shape`, filled with zeros, within the limits.
pub(super) fn reserved(n: usize, shape: [usize; 3]) -> Result<Vec<u8>, DataError> {
    let n_bytes = checked_bytes(n, shape)?;
    let mut pixels = Vec::new();
    let memory = |_| DataError::Memory {
        bytes: n_bytes as u64,
        origin: count(n, "image"),
    };
    pixels.try_reserve_exact(n_bytes).map_err(memory)?;
    pixels.resize(n_bytes, 0);
    Ok(pixels)
}

/// The bytes of `n` images of `shape`, if they are within the limits.
pub(super) fn checked_bytes(n: usize, shape: [usize; 3]) -> Result<usize, DataError> {
    let factors = shape.into_iter().chain([n]);
    let n_bytes = factors.fold(1_u64, |product, n| product.saturating_mul(n as u64));
    let most = MAX_BYTES.min(available_memory() / 2);
    if n_bytes > most {
        let [channels, height, width] = shape;
        let what = format!("{} of {channels}×{height}×{width}", count(n, "image"));
        return Err(DataError::unexpected(
            format!("at most {} of pixels", bytes(most)),
            bytes(n_bytes),
            what,
        ));
    }
    Ok(n_bytes as usize)
}
