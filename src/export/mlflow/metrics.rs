//! The points of a run as MLflow's metrics.

use serde_json::{Value, json};

use crate::runs::{Metric, RunState};
use crate::train::Metrics;

/// Batches that are sent, about: MLflow takes some thousand points a second, and draws no more.
const MAX_BATCHES: u64 = 1_000;

/// The learning rate of each batch, which is no result and so none of our metrics.
const LEARNING_RATE: &str = "learning_rate";

/// How much of a run is there: the updates of the last batch and of the last epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sent {
    batch: Option<u64>,
    epoch: Option<u64>,
    has_test: bool,
}

impl Sent {
    /// What MLflow says of a run: the newest value of each metric, with its step.
    pub fn of(run: &Value) -> Sent {
        let metrics = run.pointer("/data/metrics").and_then(Value::as_array);
        let step = |metric: Metric| {
            let is_it = |m: &&Value| m["key"] == metric.name();
            let found = metrics?.iter().find(is_it)?.get("step")?;
            // A number or, as of protobuf, its text.
            found.as_u64().or_else(|| found.as_str()?.parse().ok())
        };
        Sent {
            batch: step(Metric::BatchLoss),
            epoch: step(Metric::TrainLoss),
            has_test: step(Metric::TestLoss).is_some(),
        }
    }
}

/// The metrics of a run that are not there yet, and what is there after them.
///
/// * `start`: when the run began, in milliseconds since 1970
pub(super) fn metrics(run: &RunState, start: u64, mut sent: Sent) -> (Vec<Value>, Sent) {
    let mut found = Vec::new();
    let mut add = |metric: &'static str, value: f64, secs: f64, step: u64| {
        let time = start + (1e3 * secs) as u64;
        found.push(
            json!({ "key": metric, "value": number(value), "timestamp": time, "step": step }),
        );
    };
    let last = run.points.last().map_or(0, |point| point.step);
    let every = (last / MAX_BATCHES).next_power_of_two();
    let is_new = |step: u64, sent: Option<u64>| sent.is_none_or(|sent| step > sent);
    let batches = run.points.iter().filter(|point| point.step % every == 0);
    let until = sent.batch;
    for point in batches.filter(|point| is_new(point.step, until)) {
        add(Metric::BatchLoss.name(), point.loss, point.secs, point.step);
        add(
            Metric::BatchAccuracy.name(),
            point.accuracy,
            point.secs,
            point.step,
        );
        add(LEARNING_RATE, point.learning_rate, point.secs, point.step);
        sent.batch = Some(point.step);
    }
    let until = sent.epoch;
    for epoch in run.epochs.iter().filter(|epoch| is_new(epoch.step, until)) {
        let sketches = epoch.sketches.map(|point| point.metrics);
        for (of, metrics) in [
            (
                [Metric::TrainLoss, Metric::TrainAccuracy],
                Some(epoch.train),
            ),
            ([Metric::ValLoss, Metric::ValAccuracy], epoch.validation),
            ([Metric::SketchLoss, Metric::SketchAccuracy], sketches),
        ] {
            if let Some(Metrics { loss, accuracy }) = metrics {
                add(of[0].name(), loss, epoch.secs, epoch.step);
                add(of[1].name(), accuracy, epoch.secs, epoch.step);
            }
        }
        sent.epoch = Some(epoch.step);
    }
    if let (Some(test), false) = (run.test, sent.has_test) {
        let secs = run.points.last().map_or(0.0, |point| point.secs);
        add(Metric::TestLoss.name(), test.loss, secs, last);
        add(Metric::TestAccuracy.name(), test.accuracy, secs, last);
        sent.has_test = true;
    }
    (found, sent)
}

/// JSON has no NaN: MLflow reads it from text.
fn number(value: f64) -> Value {
    match value {
        value if value.is_finite() => json!(value),
        value if value.is_nan() => json!("NaN"),
        value if value > 0.0 => json!("Infinity"),
        _ => json!("-Infinity"),
    }
}
