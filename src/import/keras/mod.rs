//! Keras: the configuration of the layers as JSON, and their weights in HDF5; both in one file
//! (`.h5`), or in an archive (`.keras`). Images lie channels-last there, and so do their weights.

mod config;
mod conv;
mod layers;
mod prepare;
mod recurrent;
#[cfg(test)]
mod tests;
mod walk;
mod weights;

use super::{Opened, format};
use config::Config;
use weights::Weights;

/// Largest configuration read: one of a thousand layers has about 1 MB.
const MAX_CONFIG_BYTES: u64 = 8 << 20;

/// How much larger the weights may be than the archive they are packed in.
const MAX_RATIO: u64 = 4;

/// Reads a model from an HDF5 file.
///
/// # Errors
/// What is wrong with it: the layer, with its class.
pub(super) fn read_file(content: Vec<u8>) -> Result<Opened, String> {
    let weights = Weights::of_file(content)?;
    let config = Config::parse(weights.config()?)?;
    walk::read(&config, &weights)
}

/// Reads a model from an archive.
///
/// # Errors
/// As [`read_file`].
pub(super) fn read_archive(content: &[u8]) -> Result<Opened, String> {
    let mut archive = format::archive(content)?;
    let mut entry = |name: &str, limit: u64| format::entry(&mut archive, name, limit);
    let config = entry("config.json", MAX_CONFIG_BYTES)?;
    let config = String::from_utf8(config).map_err(|_| "its config.json is no text")?;
    let config = Config::parse(&config)?;
    let n_most = MAX_RATIO * content.len() as u64;
    let weights = Weights::of_archive(entry("model.weights.h5", n_most)?, &config)?;
    walk::read(&config, &weights)
}
