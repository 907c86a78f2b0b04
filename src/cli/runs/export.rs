//! `candle-studio runs export`.

use std::path::{Path, PathBuf};

use super::listing;
use crate::cli::resolve_run::run_folders;
use crate::cli::{UsageError, out};
use crate::export;

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The runs, by id or name, or folders of runs from elsewhere [default: all that are not
    /// archived].
    #[arg(value_name = "RUN")]
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

pub(super) fn run(args: &Args, workspace: &Path) -> anyhow::Result<()> {
    if args.tensorboard.is_none() && args.csv.is_none() && args.jsonl.is_none() {
        let text = "say where to export to: --tensorboard DIR, --csv FILE or --jsonl FILE";
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
    let n = runs.len();
    let word = if n == 1 { "run" } else { "runs" };
    out::print(&format!("{n} {word} exported"))
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
