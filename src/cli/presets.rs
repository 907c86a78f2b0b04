//! `candle-studio presets`.

use std::process::ExitCode;

use serde::Serialize;

use super::out;
use crate::model::PRESETS;

/// The arguments of `presets`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one JSON line per network.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line {
    name: &'static str,
    /// For MNIST; depends on image size and number of classes.
    parameters: u64,
    /// Of a forward pass, per image.
    multiply_adds: u64,
    explanation: &'static str,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    for preset in PRESETS {
        let report = preset.spec([1, 28, 28], 10).report()?;
        let line = Line {
            name: preset.name,
            parameters: report.n_parameters(),
            multiply_adds: report.multiply_adds(),
            explanation: preset.explanation,
        };
        if args.json {
            out::print_json(&line)?;
        } else {
            let Line {
                name,
                parameters,
                explanation,
                ..
            } = line;
            out::print(&format!(
                "{name:<10} {parameters:>8} parameters  {explanation}"
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
