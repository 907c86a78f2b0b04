//! The data of the HParams plugin: all settings and metrics, and each run's settings
//! (`tensorboard/plugins/hparams/plugin_data.proto` and `api.proto`).

use std::collections::{BTreeMap, BTreeSet};

use super::proto::Message;
use super::tag;
use crate::runs::table::SummaryMetric;
use crate::runs::{Metric, Record, Value};

/// The plugin's types of settings.
const TEXT: u64 = 1;
const NUMBER: u64 = 3;

/// How a session ended.
const SUCCESS: u64 = 1;
const FAILURE: u64 = 2;

/// The settings and metrics of all runs.
#[derive(Default)]
pub(super) struct Infos {
    /// Whether a setting is a number in all runs.
    settings: BTreeMap<String, bool>,
    /// The metrics that any run has.
    metrics: BTreeSet<Metric>,
}

impl Infos {
    /// Adds a run.
    pub(super) fn add(&mut self, record: &Record) {
        for (key, value) in choices(record) {
            let is_number = self.settings.entry(key).or_insert(true);
            *is_number &= value.number().is_some();
        }
        self.metrics.extend(record.metrics.keys());
    }

    /// Makes the summary of all runs.
    pub(super) fn summary(self) -> Message {
        let mut experiment = Message::default();
        for (key, is_number) in self.settings {
            let kind = if is_number { NUMBER } else { TEXT };
            let info = Message::default().text(1, &key).int(4, kind);
            experiment = experiment.message(4, info);
        }
        let metrics = self.metrics;
        let is_there = |m: &SummaryMetric| !m.metric.is_rare() || metrics.contains(&m.metric);
        for metric in SummaryMetric::RESULTS.into_iter().filter(is_there) {
            let name = Message::default().text(2, &tag(metric));
            let info = Message::default().message(1, name).text(3, &metric.label());
            experiment = experiment.message(5, info);
        }
        plugin_summary("_hparams_/experiment", 2, experiment)
    }
}

/// Returns what decided a run, with its network as one choice: the preset, or the layers.
fn choices(record: &Record) -> Vec<(String, Value)> {
    let is_custom = record.config.preset == "custom";
    let network = if is_custom { "model.layers" } else { "preset" };
    let is_choice = |key: &str| key == network || key != "preset" && !key.starts_with("model.");
    let settings = record.settings().keys().map(String::as_str);
    let keys = settings
        .chain(["data", "changed"])
        .filter(|key| is_choice(key));
    keys.filter_map(|key| Some((key.to_owned(), record.value(key)?)))
        .collect()
}

/// Makes the summary of a run's settings.
pub(super) fn session_start(record: &Record, start_secs: f64) -> Message {
    let mut session = Message::default();
    for (key, value) in choices(record) {
        let value = match value {
            Value::Number(number) => Message::default().double(2, number),
            Value::Text(text) => Message::default().text(3, &text),
        };
        let entry = Message::default().text(1, &key).message(2, value);
        session = session.message(1, entry);
    }
    // Runs that differ only in the seed are still separate sessions.
    let session = session.double(5, start_secs);
    plugin_summary("_hparams_/session_start_info", 3, session)
}

/// Makes the summary of a run's end.
pub(super) fn session_end(is_complete: bool, end_secs: f64) -> Message {
    let status = if is_complete { SUCCESS } else { FAILURE };
    let session = Message::default().int(1, status).double(2, end_secs);
    plugin_summary("_hparams_/session_end_info", 4, session)
}

/// Makes a summary for the plugin, with `data` in field `field` of its `HParamsPluginData`.
fn plugin_summary(tag: &str, field: u64, data: Message) -> Message {
    let content = Message::default().int(1, 0).message(field, data);
    let plugin = Message::default().text(1, "hparams").message(2, content);
    let metadata = Message::default().message(1, plugin);
    // The plugin reads the metadata alone, and TensorBoard drops a summary without a value: an
    // empty tensor of floats.
    let shape = Message::default().message(2, Message::default());
    let nothing = Message::default().int(1, 1).message(2, shape);
    let value = Message::default()
        .text(1, tag)
        .message(8, nothing)
        .message(9, metadata);
    Message::default().message(1, value)
}
