//! Tables for spreadsheets and scripts: one line per run, or one per update.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{ExportError, Exported, read_run};
use crate::files::{stream_atomically, write_atomically};
use crate::runs::table::{Column, SummaryMetric, csv_row, setting_columns, to_csv};
use crate::runs::{Metric, Parent, Record, RunId, Value};
use crate::train::{EpochPoint, StepPoint};

/// Writes the runs to the file `path` as a table: one row per run, one column per setting, other
/// field or result. Missing values are empty.
///
/// # Errors
/// When there is no run or the file cannot be written; the old file is then unchanged.
pub fn csv(records: &[Record], path: &Path) -> Result<(), ExportError> {
    if records.is_empty() {
        return Err(ExportError::Nothing);
    }
    let mut columns = setting_columns(records.iter());
    columns.extend(results_of(records.iter()).map(Column::Metric));
    let text = to_csv(&records.iter().collect::<Vec<_>>(), &columns);
    Ok(write_atomically(path, text.as_bytes())?)
}

/// The results that the tables of `records` have: all but the rare ones that no run has.
pub(super) fn results_of<'r>(
    records: impl Iterator<Item = &'r Record>,
) -> impl Iterator<Item = SummaryMetric> {
    let found: BTreeSet<Metric> = records.flat_map(|r| r.metrics.keys().copied()).collect();
    let results = SummaryMetric::RESULTS.into_iter();
    results.filter(move |result| !result.metric.is_rare() || found.contains(&result.metric))
}

/// The columns of [`csv_points`] for each update, and for the ends of epochs.
const POINT_COLUMNS: [&str; 11] = [
    "id",
    "name",
    "step",
    "epoch",
    "images",
    "seconds",
    "loss",
    "accuracy",
    "learning_rate",
    "val_loss",
    "val_accuracy",
];

/// Further columns, each if any run has the metric.
const RARE_COLUMNS: [Metric; 3] = [Metric::SketchLoss, Metric::SketchAccuracy, Metric::Epsilon];

/// Writes the curves of the runs in the folders `runs` to the file `path` as a table: one row per
/// update, with the metrics of validation, sketches and privacy where an epoch ended. One run is in memory at a time.
///
/// # Errors
/// When a run cannot be read or the file cannot be written; the old file is then unchanged.
pub fn csv_points(runs: &[PathBuf], path: &Path) -> Result<(), ExportError> {
    if runs.is_empty() {
        return Err(ExportError::Nothing);
    }
    stream_atomically(path, |file| {
        let rare = rare_metrics(runs)?;
        let more = rare.iter().map(|metric| metric.name());
        let header = POINT_COLUMNS.into_iter().chain(more);
        file.write(csv_row(header).as_bytes())?;
        for folder in runs {
            let Exported { record, state } = Exported::read(folder)?;
            let mut epochs = state.epochs.iter().peekable();
            for point in &state.points {
                let ended = epochs.next_if(|epoch| epoch.step <= point.step);
                let more = rare.iter().map(|&metric| cell(rare_value(metric, ended)));
                let row = point_row(&record, point, ended).into_iter().chain(more);
                file.write(csv_row(row).as_bytes())?;
            }
        }
        Ok(())
    })
}

/// Which of [`RARE_COLUMNS`] any of the runs has.
fn rare_metrics(runs: &[PathBuf]) -> Result<Vec<Metric>, ExportError> {
    let mut found = BTreeSet::new();
    for folder in runs {
        found.extend(read_run(folder)?.metrics.into_keys());
    }
    let rare = RARE_COLUMNS.into_iter();
    Ok(rare.filter(|metric| found.contains(metric)).collect())
}

/// A number, or an empty cell.
fn cell(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A metric of [`RARE_COLUMNS`] at the end of an epoch.
fn rare_value(metric: Metric, ended: Option<&EpochPoint>) -> Option<f64> {
    let epoch = ended?;
    let sketches = epoch.sketches.map(|s| s.metrics);
    match metric {
        Metric::SketchLoss => sketches.map(|s| s.loss),
        Metric::SketchAccuracy => sketches.map(|s| s.accuracy),
        Metric::Epsilon => epoch.epsilon,
        _ => None,
    }
}

fn point_row(record: &Record, point: &StepPoint, ended: Option<&EpochPoint>) -> [String; 11] {
    let validation = ended.and_then(|epoch| epoch.validation);
    [
        record.id.to_string(),
        record.name.clone(),
        point.step.to_string(),
        point.epoch.to_string(),
        point.images.to_string(),
        point.secs.to_string(),
        point.loss.to_string(),
        point.accuracy.to_string(),
        Value::Number(point.learning_rate).to_string(),
        cell(validation.map(|v| v.loss)),
        cell(validation.map(|v| v.accuracy)),
    ]
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
/// metrics, and every epoch. One run is in memory at a time.
///
/// # Errors
/// When a run cannot be read or the file cannot be written; the old file is then unchanged.
pub fn jsonl(runs: &[PathBuf], path: &Path) -> Result<(), ExportError> {
    if runs.is_empty() {
        return Err(ExportError::Nothing);
    }
    stream_atomically(path, |file| {
        for folder in runs {
            let run = Exported::read(folder)?;
            let line = serde_json::to_string(&Line::new(&run));
            let line = line.map_err(|e| ExportError::Table(e.to_string()))?;
            file.write(line.as_bytes())?;
            file.write(b"\n")?;
        }
        Ok(())
    })
}
