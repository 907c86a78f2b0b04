//! Opening a model from any file, with the network that its weights belong to.

use std::path::{Path, PathBuf};

use super::train::presets;
use super::{out, settings};
use crate::import::{self, ImportError, NetworkHint, Opened};
use crate::model::{Classifier, Preset};

/// Where `--help` lists the arguments.
const HEADING: &str = "Weights without their layers";

/// What can be done about weights that no preset fits.
const ADVICE: &str = "name their network with --preset NAME, or with --config FILE";

/// The same, where these arguments mean something else.
pub(super) const CONVERT: &str = "write them with their layers first: candle-studio export FILE \
                                  --preset NAME --safetensors MODEL";

/// The network of weights whose file does not describe their layers.
#[derive(Debug, clap::Args)]
pub struct NetworkArgs {
    /// The preset that the weights in the file belong to.
    #[arg(long, value_name = "NAME", value_parser = presets(), help_heading = HEADING)]
    preset: Option<&'static Preset>,
    /// The configuration with their layers, as `train --print-config` writes it, or a run.
    #[arg(long, value_name = "FILE|RUN", conflicts_with = "preset", help_heading = HEADING)]
    config: Option<PathBuf>,
}

impl NetworkArgs {
    fn hint(&self, workspace: Option<&Path>) -> anyhow::Result<NetworkHint> {
        if let Some(config) = &self.config {
            let config = settings::read(config, workspace)?;
            return Ok(NetworkHint::Exactly(config.model));
        }
        Ok(self.preset.map_or(NetworkHint::None, NetworkHint::Preset))
    }

    /// Opens the model in the file at `path`, and prints what should be known about it.
    ///
    /// # Errors
    /// One sentence that names the file, and what can be done about it.
    pub(super) fn open(&self, path: &Path, workspace: Option<&Path>) -> anyhow::Result<Classifier> {
        open(path, &self.hint(workspace)?, ADVICE)
    }
}

/// Opens a model; what should be known about it is printed.
///
/// * `advice`: what can be done about weights that no preset fits
///
/// # Errors
/// As [`NetworkArgs::open`].
pub(super) fn open(path: &Path, hint: &NetworkHint, advice: &str) -> anyhow::Result<Classifier> {
    let opened = import::open(path, hint).map_err(|error| match error {
        ImportError::NoLayers { .. } => anyhow::anyhow!("{error}; {advice}"),
        other => other.into(),
    });
    let Opened { classifier, notes } = opened?;
    for note in notes {
        out::eprint(&format!("note: {}: {note}", path.display()));
    }
    Ok(classifier)
}
