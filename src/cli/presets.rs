//! `candle-studio presets`.

use std::process::ExitCode;

use serde::Serialize;

use super::out;
use crate::model::PRESETS;

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one JSON line for each network.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line {
    name: &'static str,
    /// For MNIST: other images and other classes make other sizes.
    parameters: u64,
    /// Of a forward pass, for one image.
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
