//! `candle-studio export`.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{UsageError, out};
use crate::export;

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folders of runs.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Writes a folder that TensorBoard reads: every point, and the settings for its HParams plugin.
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,
    /// Writes a table with a row a run: settings and metrics.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Writes a JSON object a run, one a line: settings, metrics, and every epoch.
    #[arg(long, value_name = "FILE")]
    jsonl: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.tensorboard.is_none() && args.csv.is_none() && args.jsonl.is_none() {
        let text = "say where to export to: --tensorboard DIR, --csv FILE or --jsonl FILE";
        return Err(UsageError(text.to_owned()).into());
    }
    if let Some(dir) = &args.tensorboard {
        export::tensorboard(&args.runs, dir)?;
    }
    if let Some(file) = &args.csv {
        export::csv(&args.runs, file)?;
    }
    if let Some(file) = &args.jsonl {
        export::jsonl(&args.runs, file)?;
    }
    let n = args.runs.len();
    out::print(&format!(
        "{n} {} exported",
        if n == 1 { "run" } else { "runs" }
    ))?;
    Ok(ExitCode::SUCCESS)
}
