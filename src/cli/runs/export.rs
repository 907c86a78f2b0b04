//! `candle-studio runs export`.

use std::path::{Path, PathBuf};

use super::listing;
use crate::cli::resolve_run::run_folders;
use crate::cli::{UsageError, out};
use crate::export;
use crate::text::count;

/// The arguments of `runs export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Runs: ids, names or folders [default: all that are not archived].
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Write a folder for TensorBoard: every point, and the settings for its HParams plugin.
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,
    /// Write a table with one row per run: settings and metrics.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write one JSON object per run and line: settings, metrics and every epoch.
    #[arg(long, value_name = "FILE")]
    jsonl: Option<PathBuf>,
}

pub(super) fn run(args: &Args, workspace: &Path) -> anyhow::Result<()> {
    if args.tensorboard.is_none() && args.csv.is_none() && args.jsonl.is_none() {
        let text = "nothing to export to: use --tensorboard DIR, --csv FILE or --jsonl FILE";
        return Err(UsageError(text.to_owned()).into());
    }
    let runs = args.folders(workspace)?;
    if let Some(dir) = &args.tensorboard {
        export::tensorboard(&runs, dir)?;
    }
    if let Some(file) = &args.csv {
        export::csv(&runs, file)?;
    }
    if let Some(file) = &args.jsonl {
        export::jsonl(&runs, file)?;
    }
    out::print(&format!("{} exported", count(runs.len(), "run")))
}

impl Args {
    fn folders(&self, workspace: &Path) -> anyhow::Result<Vec<PathBuf>> {
        if !self.runs.is_empty() {
            return run_folders(&self.runs, Some(workspace));
        }
        let records = listing(workspace)?.records;
        let kept = records.iter().filter(|record| !record.notes.archived);
        Ok(kept.map(|r| workspace.join(r.id.as_str())).collect())
    }
}
