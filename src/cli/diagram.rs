//! `candle-studio diagram`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::resolve_run::model_file;
use super::train::presets;
use super::{UsageError, open_model, out, settings};
use crate::import::NetworkHint;
use crate::model::{ModelSpec, Preset};
use crate::picture::{DARK, LIGHT, PictureFormat, diagram};

/// The arguments of `diagram`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("network").required(true).args(["model", "preset", "config"]))]
pub struct Args {
    /// A model file, of this program, PyTorch, ONNX or Keras; or a run: its folder, or its id or name in
    /// the workspace.
    model: Option<PathBuf>,
    /// Draw this preset network, for MNIST's images.
    #[arg(long, value_name = "NAME", value_parser = presets())]
    preset: Option<&'static Preset>,
    /// Draw the network of a configuration, as `train --print-config` writes it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Output file, ending in .svg or .png.
    #[arg(long, short, value_name = "FILE", default_value = "network.svg")]
    out: PathBuf,
    /// Width in points.
    #[arg(long, value_name = "POINTS", default_value_t = 440,
        value_parser = clap::value_parser!(u16).range(240..=2000))]
    width: u16,
    /// Use the dark theme.
    #[arg(long)]
    dark: bool,
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    PictureFormat::of(&args.out).map_err(|e| UsageError(e.to_string()))?;
    let palette = if args.dark { &DARK } else { &LIGHT };
    let drawn = diagram(&args.spec(workspace)?, args.width.into(), palette);
    drawn.picture.write(&args.out)?;
    out::eprint(&format!("wrote {}", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// Returns the network to draw.
    fn spec(&self, workspace: Option<&Path>) -> anyhow::Result<ModelSpec> {
        if let Some(preset) = self.preset {
            return Ok(preset.spec([1, 28, 28], 10));
        }
        if let Some(file) = &self.config {
            return Ok(settings::read(file, workspace)?.model);
        }
        let model = self.model.as_deref().unwrap_or(Path::new("."));
        let path = model_file(model, workspace)?;
        let classifier = open_model::open(&path, &NetworkHint::None, open_model::CONVERT)?;
        Ok(classifier.network.spec().clone())
    }
}
