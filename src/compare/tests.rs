//! Made-up runs.

use crate::model::PRESETS;
use crate::runs::{Record, RunId, RunState, RunSummary};
use crate::train::{Metrics, TrainConfig};

/// A finished run of the first preset.
pub(super) fn run(name: &str, seed: u64, learning_rate: f64, accuracy: f64) -> RunState {
    let mut config = TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000);
    (config.seed, config.learning_rate) = (seed, learning_rate);
    let mut run = RunState::new(name, config);
    run.test = Some(Metrics {
        loss: 1.0 - accuracy,
        accuracy,
    });
    run
}

/// Its record.
pub(super) fn record(run: &RunState) -> Record {
    let mut record = Record::begun(RunId::new(&run.name), run);
    record.follow(run, &RunSummary::of(run));
    record
}
