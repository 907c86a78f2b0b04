//! The position of a run in its data.

use serde::{Deserialize, Serialize};

use crate::evaluate::Metrics;
use crate::train::config::TrainConfig;
use crate::train::early_stopping::{Plateau, Watch};
use crate::train::optim::StepHyper;
use crate::train::privacy::Ledger;

/// The position of a run in its data, and its running sums.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// Epochs finished.
    pub epoch: usize,
    /// Images of the current epoch already trained on.
    pub n_done: usize,
    /// Batches of the current epoch already done, in private training, whose batches may be empty.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_batches: u64,
    /// What private training has spent.
    #[serde(default, skip_serializing_if = "Ledger::is_empty")]
    pub privacy: Ledger,
    /// Training images seen.
    pub images: u64,
    /// Seconds spent training.
    pub secs: f64,
    /// [`Cursor::secs`] at the start of the current epoch.
    pub secs_at_epoch: f64,
    /// Over the current epoch: the sum of the images' losses.
    pub loss_sum: f64,
    /// Over the current epoch: the number of images classified correctly.
    pub n_right: f64,
    /// Images of the current epoch whose batch was skipped.
    #[serde(default)]
    pub n_skipped: usize,
    /// The losses of the last updates, which the guard compares the next one with.
    #[serde(default)]
    pub recent_losses: Vec<f64>,
    /// Seconds each finished epoch took to train.
    pub epoch_secs: Vec<f64>,
    /// Validation metrics after the last epoch.
    pub validation: Option<Metrics>,
    /// Validation metrics of the best epoch, if early stopping keeps its weights.
    #[serde(default)]
    pub best_validation: Option<Metrics>,
    /// State of early stopping.
    #[serde(default)]
    pub early: Watch,
    /// State of the schedule, if it reduces the learning rate on a plateau.
    #[serde(default)]
    pub plateau: Plateau,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Cursor {
    /// The hyperparameters of the next update, after `epoch` epochs, fractions included.
    pub(in crate::train) fn hyper(&self, config: &TrainConfig, epoch: f64) -> StepHyper {
        let reduced = config.schedule.reduced(self.plateau.n_reduced);
        StepHyper {
            learning_rate: config.learning_rate_at(epoch) * reduced,
            momentum: config.momentum_at(epoch),
        }
    }
}
