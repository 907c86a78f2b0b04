//! What goes out of a run: its events, and its result.

use std::sync::Arc;

use crate::evaluate::Metrics;
use crate::model::{Classifier, Network};
use crate::train::checkpoint::Checkpoint;
use crate::train::config::TrainConfig;
use crate::train::event::{Event, Finish};
use crate::train::job::Job;

/// Receives the events of a run.
pub trait Observer {
    /// Receives an event. May block, which makes training wait.
    fn event(&mut self, event: &Event);

    /// Receives a checkpoint, as often as the job's options say and when the run ends early.
    fn checkpoint(&mut self, _checkpoint: Checkpoint) {}

    /// Receives a full state to look at or to branch from: often at the beginning, then every
    /// hundred updates, when training is paused, and at the end.
    fn snapshot(&mut self, _state: &Arc<Checkpoint>) {}

    /// Receives the current weights, after each batch of events. [`Network::deep_copy`] them to
    /// keep them: training continues in the same storage.
    fn weights(&mut self, _network: &Network) {}
}

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The network with its last finite weights: their EMA, or those of the best epoch, if the
    /// configuration says so.
    pub network: Network,
    /// The configuration with every change applied.
    pub config: TrainConfig,
    /// How it ended.
    pub finish: Finish,
    /// Test metrics; `None` if the run did not train at all.
    pub test: Option<Metrics>,
    /// Epochs done, fractions included.
    pub epochs: f64,
    /// Seconds each finished epoch took to train, without evaluation.
    pub epoch_secs: Vec<f64>,
    /// Seconds of training, pauses and evaluation excluded.
    pub train_secs: f64,
    /// Validation metrics after the last epoch.
    pub validation: Option<Metrics>,
    /// Training images seen.
    pub images: u64,
}

impl Outcome {
    /// The trained classifier; `job` is the one that was run.
    pub fn into_classifier(self, job: &Job) -> Classifier {
        let test_accuracy = self.test.map(|test| test.accuracy);
        let (config, dataset) = (&self.config, job.dataset());
        config.classifier(self.network, dataset, self.epochs, test_accuracy)
    }
}
