//! The curves of a run as CSV that `trackio.import_csv` reads: a column `step`, and metrics under names
//! that it keeps whole: it cuts them to ten letters, digits and slashes, and groups them by the slash.

use std::path::Path;

use super::{ExportError, Exported};
use crate::files::stream_atomically;
use crate::runs::Metric;
use crate::runs::table::csv_row;
use crate::train::{EpochPoint, StepPoint};

const COLUMNS: [&str; 12] = [
    "step",
    "epoch",
    "seconds",
    "train/loss",
    "train/acc",
    "lr",
    "val/loss",
    "val/acc",
    "sketch/acc",
    "epsilon",
    "test/loss",
    "test/acc",
];

/// Writes the run in the folder `run` to the file `path`: one row per update, with what was measured
/// where an epoch ended, and the test set in the last row.
///
/// # Errors
/// When the run cannot be read or the file cannot be written; the old file is then unchanged.
pub fn csv_trackio(run: &Path, path: &Path) -> Result<(), ExportError> {
    stream_atomically(path, |file| {
        let Exported { record, state } = Exported::read(run)?;
        file.write(csv_row(COLUMNS).as_bytes())?;
        let mut epochs = state.epochs.iter().peekable();
        let last = state.points.len().saturating_sub(1);
        for (idx, point) in state.points.iter().enumerate() {
            let ended = epochs.next_if(|epoch| epoch.step <= point.step);
            let test = |metric| {
                let values = record.metrics.get(&metric).filter(|_| idx == last)?;
                Some(values.last)
            };
            let test = [Metric::TestLoss, Metric::TestAccuracy].map(test);
            file.write(csv_row(row(point, ended, test)).as_bytes())?;
        }
        Ok(())
    })
}

/// * `test`: loss and accuracy
fn row(point: &StepPoint, ended: Option<&EpochPoint>, test: [Option<f64>; 2]) -> [String; 12] {
    let validation = ended.and_then(|epoch| epoch.validation);
    let sketches = ended.and_then(|epoch| epoch.sketches);
    let values = [
        Some(point.step as f64),
        Some(point.epoch),
        Some(point.secs),
        Some(point.loss),
        Some(point.accuracy),
        Some(point.learning_rate),
        validation.map(|v| v.loss),
        validation.map(|v| v.accuracy),
        sketches.map(|s| s.metrics.accuracy),
        ended.and_then(|epoch| epoch.epsilon),
        test[0],
        test[1],
    ];
    values.map(|value| value.map_or_else(String::new, |value| value.to_string()))
}
