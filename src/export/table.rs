//! One line per run, for spreadsheets and scripts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{ExportError, Exported};
use crate::compare::{Metric, RunRow};
use crate::files::write_atomically;
use crate::runs::Parent;
use crate::runs::table::csv_row;
use crate::train::EpochPoint;

/// Writes the runs in the folders `runs` to the file `path` as a table: one row per run, one column
/// per setting or metric. Missing values are empty.
///
/// # Errors
/// When a run cannot be read or the file cannot be written; the old file is then unchanged.
pub fn csv(runs: &[PathBuf], path: &Path) -> Result<(), ExportError> {
    let runs = read(runs)?;
    let keys: BTreeSet<&str> = runs
        .iter()
        .flat_map(|run| run.facts.settings.keys().map(String::as_str))
        .collect();
    let fixed = ["id", "name", "created", "status", "parent"];
    let metrics = Metric::ALL.map(Metric::name);
    let mut text = csv_row(fixed.into_iter().chain(keys.iter().copied()).chain(metrics));
    for run in &runs {
        let setting = |key: &&str| run.facts.settings.get(*key).map(ToString::to_string);
        let settings = keys.iter().map(|key| setting(key).unwrap_or_default());
        let metric = |metric: &Metric| run.facts.metrics.get(metric).map(f64::to_string);
        let metrics = Metric::ALL.iter().map(|m| metric(m).unwrap_or_default());
        let fixed = [
            run.facts.id.to_string(),
            run.facts.name.clone(),
            run.created.clone(),
            run.status.to_owned(),
            parent(run).map_or_else(String::new, Parent::to_string),
        ];
        text += &csv_row(fixed.into_iter().chain(settings).chain(metrics));
    }
    Ok(write_atomically(path, text.as_bytes())?)
}

fn parent(run: &Exported) -> Option<&Parent> {
    run.state.parent.as_ref()
}

#[derive(Serialize)]
struct Line<'a> {
    created: &'a str,
    status: &'static str,
    /// The run it branched from.
    parent: Option<&'a Parent>,
    #[serde(flatten)]
    facts: &'a RunRow,
    epochs: &'a [EpochPoint],
}

/// Writes the runs in the folders `runs` to the file `path`, one JSON object per line: settings,
/// metrics, and every epoch.
///
/// # Errors
/// When a run cannot be read or the file cannot be written; the old file is then unchanged.
pub fn jsonl(runs: &[PathBuf], path: &Path) -> Result<(), ExportError> {
    let mut bytes = Vec::new();
    for run in read(runs)? {
        let line = Line {
            created: &run.created,
            status: run.status,
            parent: parent(&run),
            facts: &run.facts,
            epochs: &run.state.epochs,
        };
        serde_json::to_writer(&mut bytes, &line).map_err(|e| ExportError::Table(e.to_string()))?;
        bytes.push(b'\n');
    }
    Ok(write_atomically(path, &bytes)?)
}

fn read(runs: &[PathBuf]) -> Result<Vec<Exported>, ExportError> {
    if runs.is_empty() {
        return Err(ExportError::Nothing);
    }
    runs.iter().map(|path| Exported::read(path)).collect()
}
