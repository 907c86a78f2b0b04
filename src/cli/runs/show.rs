//! `candle-studio runs show`.

use std::path::{Path, PathBuf};

use super::{aligned, list};
use crate::cli::out;
use crate::cli::resolve_run::run_folder;
use crate::runs::{Record, RunFolder, RunFolderError, RunId, UnreadableRun, read_run};

/// The arguments of `runs show`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: its id, name or folder.
    run: PathBuf,
    /// Print one JSON line.
    #[arg(long)]
    json: bool,
    /// Only print the path of the run's folder.
    #[arg(long, conflicts_with = "json")]
    path: bool,
}

pub(super) fn run(args: &Args, workspace: &Path) -> anyhow::Result<()> {
    let path = run_folder(&args.run, Some(workspace))?;
    if args.path {
        return out::print(&path.display().to_string());
    }
    let record = match read_run(&path) {
        Ok(record) => record,
        Err(error) => return unreadable(args, &path, &error),
    };
    let record = &record;
    if args.json {
        return list::print_json(record);
    }
    let folder = RunFolder::open(&path)?;
    let manifest = folder.manifest();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |key: &str, value: String| rows.push(vec![key.to_owned(), value]);
    row("id", record.id.to_string());
    row("name", record.name.clone());
    row("status", record.status.label().to_owned());
    for key in [
        "created", "parent", "data", "threads", "sweep", "trial", "tags", "note",
    ] {
        let value = record.value(key).map(|value| value.to_string());
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            row(key, value);
        }
    }
    let machine = &manifest.machine;
    row(
        "machine",
        format!(
            "{} {}, {} processors",
            machine.os, machine.arch, machine.cpus
        ),
    );
    let versions = &manifest.versions;
    row(
        "versions",
        format!(
            "candle-studio {}, candle {}",
            versions.candle_studio, versions.candle
        ),
    );
    row("folder", path.display().to_string());
    for (key, value) in record.settings() {
        row(key, value.to_string());
    }
    rows.extend(metrics(record));
    aligned(&rows).iter().try_for_each(|line| out::print(line))
}

/// Shows a run that cannot be read.
fn unreadable(args: &Args, path: &Path, error: &RunFolderError) -> anyhow::Result<()> {
    let run = UnreadableRun {
        id: RunId::of_folder(path),
        reason: error.to_string(),
    };
    if args.json {
        return list::print_unreadable_json(&run);
    }
    let rows = [
        ("id", run.id.to_string()),
        ("status", "cannot be read".to_owned()),
        ("reason", run.reason),
        ("folder", path.display().to_string()),
    ];
    let rows = rows.map(|(key, value)| vec![key.to_owned(), value]);
    aligned(&rows).iter().try_for_each(|line| out::print(line))
}

fn metrics(record: &Record) -> impl Iterator<Item = Vec<String>> {
    record.metrics.iter().map(|(metric, all)| {
        let at_best = all.at_best.map(|v| format!(", at best epoch {v}"));
        let text = format!(
            "last {}, min {}, max {}{}",
            all.last,
            all.min,
            all.max,
            at_best.unwrap_or_default()
        );
        vec![metric.name().to_owned(), text]
    })
}
