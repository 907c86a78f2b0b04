//! `candle-studio runs export`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::listing;
#[cfg(feature = "mlflow")]
use crate::cli::mlflow::MlflowArgs;
use crate::cli::resolve_run::run_folders;
use crate::cli::{UsageError, out};
use crate::export;
use crate::runs::Record;
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
    /// Write a table with one row per run: settings, metrics, tags, note and star.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write the curves to the table of --csv instead: one row per update.
    #[arg(long, requires = "csv")]
    points: bool,
    /// Write one JSON object per run and line: settings, metrics and every epoch.
    #[arg(long, value_name = "FILE")]
    jsonl: Option<PathBuf>,
    /// Write the curves of one run as trackio imports them:
    /// `trackio.import_csv(FILE, project=…)`.
    #[arg(long, value_name = "FILE")]
    trackio: Option<PathBuf>,
    #[cfg(feature = "mlflow")]
    #[command(flatten)]
    mlflow: MlflowArgs,
}

pub(super) fn run(args: &Args, workspace: &Path) -> anyhow::Result<()> {
    #[cfg(feature = "mlflow")]
    let tracker = args.mlflow.tracker();
    #[cfg(not(feature = "mlflow"))]
    let tracker: Option<()> = None;
    let files = [&args.tensorboard, &args.csv, &args.jsonl, &args.trackio];
    if files.iter().all(|file| file.is_none()) && tracker.is_none() {
        let text = "nothing to export to: use --tensorboard DIR, --csv FILE, --jsonl FILE, \
                    --trackio FILE or --mlflow URL";
        return Err(UsageError(text.to_owned()).into());
    }
    let chosen = Chosen::new(&args.runs, workspace)?;
    if let Some(dir) = &args.tensorboard {
        export::tensorboard(&chosen.folders, dir)?;
    }
    match &args.csv {
        Some(file) if args.points => export::csv_points(&chosen.folders, file)?,
        Some(file) => export::csv(&chosen.records()?, file)?,
        None => {}
    }
    if let Some(file) = &args.jsonl {
        export::jsonl(&chosen.folders, file)?;
    }
    if let Some(file) = &args.trackio {
        let [run] = &chosen.folders[..] else {
            let text = format!(
                "--trackio expects one run, found {}: a file of trackio holds one",
                chosen.folders.len()
            );
            return Err(UsageError(text).into());
        };
        export::csv_trackio(run, file)?;
    }
    #[cfg(feature = "mlflow")]
    if let Some(tracker) = tracker {
        tracker.send(&chosen.folders)?;
    }
    out::print(&format!("{} exported", count(chosen.folders.len(), "run")))
}

/// The runs to export.
struct Chosen {
    folders: Vec<PathBuf>,
    /// What the workspace knows of them without reading their events.
    listed: Option<Vec<Record>>,
}

impl Chosen {
    fn new(runs: &[PathBuf], workspace: &Path) -> anyhow::Result<Chosen> {
        if !runs.is_empty() {
            return Ok(Chosen {
                folders: run_folders(runs, Some(workspace))?,
                listed: None,
            });
        }
        let mut records = listing(workspace)?.records;
        records.retain(|record| !record.notes.archived);
        let folder = |record: &Record| workspace.join(record.id.as_str());
        Ok(Chosen {
            folders: records.iter().map(folder).collect(),
            listed: Some(records),
        })
    }

    fn records(&self) -> anyhow::Result<Cow<'_, [Record]>> {
        Ok(match &self.listed {
            Some(records) => Cow::Borrowed(records),
            None => Cow::Owned(export::read_records(&self.folders)?),
        })
    }
}
