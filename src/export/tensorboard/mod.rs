//! Event files for TensorBoard: every point of every run, and the settings for its HParams plugin.
//!
//! Written by hand, because the format is small: three kinds of messages as length, checksum and
//! bytes. The published writers are unmaintained, or need a protobuf compiler.

mod hparams;
mod proto;
mod record;

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::table::results;
use super::{ExportError, Exported};
use crate::files::write_atomically;
use crate::runs::RunState;
use crate::runs::table::SummaryMetric;
use crate::train::Metrics;
use proto::Message;
use record::append_record;

/// Writes the runs in the folders `runs` to folders in `dir`, named by their ids. Existing files
/// are replaced, so that no point is duplicated.
///
/// # Errors
/// When a run cannot be read or a file cannot be written.
pub fn tensorboard(runs: &[PathBuf], dir: &Path) -> Result<(), ExportError> {
    if runs.is_empty() {
        return Err(ExportError::Nothing);
    }
    let mut infos = hparams::Infos::default();
    for path in runs {
        let run = Exported::read(path)?;
        infos.add(&run.record);
        let folder = dir.join(run.record.id.as_str());
        write(&folder, run_events(&run))?;
    }
    // TensorBoard expects the summary of all runs beside them.
    let mut events = Events::new(0.0);
    events.add(0.0, 0, infos.summary());
    write(dir, events)
}

/// The name TensorBoard looks for; always the same, so that a file is replaced.
const FILE: &str = "events.out.tfevents.0.candle-studio";

fn write(dir: &Path, events: Events) -> Result<(), ExportError> {
    std::fs::create_dir_all(dir).map_err(|reason| ExportError::Folder {
        path: dir.display().to_string(),
        reason,
    })?;
    Ok(write_atomically(&dir.join(FILE), &events.bytes)?)
}

/// The bytes of an event file.
struct Events {
    bytes: Vec<u8>,
}

impl Events {
    fn new(wall_time: f64) -> Events {
        let mut events = Events { bytes: Vec::new() };
        let version = Message::default()
            .double(1, wall_time)
            .text(3, "brain.Event:2");
        append_record(&mut events.bytes, &version.bytes());
        events
    }

    fn add(&mut self, wall_time: f64, step: u64, summary: Message) {
        let event = Message::default()
            .double(1, wall_time)
            .int(2, step)
            .message(5, summary);
        append_record(&mut self.bytes, &event.bytes());
    }
}

fn run_events(run: &Exported) -> Events {
    let start = secs(&run.record.created);
    let mut events = Events::new(start);
    events.add(start, 0, hparams::session_start(&run.record, start));
    steps(&mut events, &run.state, start);
    epochs(&mut events, &run.state, start);
    let last = run.state.points.last();
    let (step, end) = last.map_or((0, start), |p| (p.step, start + p.secs));
    if let Some(test) = run.state.test {
        events.add(end, step, metrics_summary("test", test));
    }
    // For the HParams plugin: the same numbers under the names of the table.
    for (metric, value) in results(&run.record) {
        let summary = Message::default().message(1, scalar(&tag(metric), value));
        events.add(end, step, summary);
    }
    let is_complete = ["completed", "early_stopped", "stopped"].contains(&run.record.status.word());
    events.add(end, step, hparams::session_end(is_complete, end));
    events
}

fn steps(events: &mut Events, run: &RunState, start: f64) {
    for point in &run.points {
        let summary = Message::default()
            .message(1, scalar("batch/loss", point.loss))
            .message(1, scalar("batch/accuracy", point.accuracy))
            .message(1, scalar("batch/learning_rate", point.learning_rate));
        events.add(start + point.secs, point.step, summary);
    }
}

fn epochs(events: &mut Events, run: &RunState, start: f64) {
    for epoch in &run.epochs {
        let wall_time = start + epoch.secs;
        events.add(wall_time, epoch.step, metrics_summary("train", epoch.train));
        if let Some(validation) = epoch.validation {
            events.add(
                wall_time,
                epoch.step,
                metrics_summary("validation", validation),
            );
        }
        if let Some(sketches) = epoch.sketches {
            let summary = metrics_summary("sketches", sketches.metrics);
            events.add(wall_time, epoch.step, summary);
        }
        if let Some(epsilon) = epoch.epsilon {
            let summary = Message::default().message(1, scalar("privacy/epsilon", epsilon));
            events.add(wall_time, epoch.step, summary);
        }
    }
}

fn metrics_summary(part: &str, metrics: Metrics) -> Message {
    Message::default()
        .message(1, scalar(&format!("{part}/loss"), metrics.loss))
        .message(1, scalar(&format!("{part}/accuracy"), metrics.accuracy))
}

/// Makes a `Summary.Value` of one number, which TensorBoard stores as a 32-bit float.
fn scalar(tag: &str, value: f64) -> Message {
    Message::default().text(1, tag).float(2, value as f32)
}

/// Returns the tag of a metric in [`run_events`].
fn tag(metric: SummaryMetric) -> String {
    format!("summary/{metric}")
}

/// Parses a date such as `2026-11-23T12:27:42Z` to seconds since 1970; 0 if it is not a date.
fn secs(created: &str) -> f64 {
    let time = humantime::parse_rfc3339(created).ok();
    let since = time.and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    since.map_or(0.0, |d| d.as_secs_f64())
}
