//! One line per run, for spreadsheets and scripts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{ExportError, Exported};
use crate::files::write_atomically;
use crate::runs::table::{Column, SummaryMetric, setting_columns, to_csv};
use crate::runs::{Parent, Record, RunId, Value, read_run};
use crate::train::EpochPoint;

/// Writes the runs in the folders `runs` to the file `path` as a table: one row per run, one column
/// per setting, other field or result. Missing values are empty.
///
/// # Errors
/// When a run cannot be read or the file cannot be written; the old file is then unchanged.
pub fn csv(runs: &[PathBuf], path: &Path) -> Result<(), ExportError> {
    let records = read(runs, |path| Ok(read_run(path)?))?;
    let mut columns = setting_columns(records.iter());
    columns.extend(SummaryMetric::RESULTS.map(Column::Metric));
    let text = to_csv(&records.iter().collect::<Vec<_>>(), &columns);
    Ok(write_atomically(path, text.as_bytes())?)
}

#[derive(Serialize)]
struct Line<'a> {
    created: &'a str,
    status: &'static str,
    /// The run it branched from.
    parent: Option<&'a Parent>,
    id: &'a RunId,
    name: &'a str,
    /// The dataset.
    data: &'a str,
    /// Changes during training.
    changed: Option<Value>,
    seed: u64,
    settings: &'a BTreeMap<String, Value>,
    metrics: BTreeMap<SummaryMetric, f64>,
    epochs: &'a [EpochPoint],
}

impl<'a> Line<'a> {
    fn new(Exported { record, state }: &'a Exported) -> Line<'a> {
        Line {
            created: &record.created,
            status: record.status.word(),
            parent: state.parent.as_ref(),
            id: &record.id,
            name: &record.name,
            data: &record.data,
            changed: record.value("changed"),
            seed: record.config.seed,
            settings: record.settings(),
            metrics: results(record).collect(),
            epochs: &state.epochs,
        }
    }
}

/// Returns the finite results of a run.
pub(super) fn results(record: &Record) -> impl Iterator<Item = (SummaryMetric, f64)> {
    let results = SummaryMetric::RESULTS.into_iter();
    results.filter_map(|metric| Some((metric, metric.finite(record)?)))
}

/// Writes the runs in the folders `runs` to the file `path`, one JSON object per line: settings,
/// metrics, and every epoch.
///
/// # Errors
/// When a run cannot be read or the file cannot be written; the old file is then unchanged.
pub fn jsonl(runs: &[PathBuf], path: &Path) -> Result<(), ExportError> {
    let mut bytes = Vec::new();
    for run in read(runs, Exported::read)? {
        serde_json::to_writer(&mut bytes, &Line::new(&run))
            .map_err(|e| ExportError::Table(e.to_string()))?;
        bytes.push(b'\n');
    }
    Ok(write_atomically(path, &bytes)?)
}

fn read<T>(
    runs: &[PathBuf],
    of_run: impl Fn(&Path) -> Result<T, ExportError>,
) -> Result<Vec<T>, ExportError> {
    if runs.is_empty() {
        return Err(ExportError::Nothing);
    }
    runs.iter().map(|path| of_run(path)).collect()
}
