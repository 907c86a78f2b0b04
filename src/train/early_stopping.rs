//! Early stopping, and reducing the learning rate on a plateau.

use serde::{Deserialize, Serialize};

use crate::evaluate::Metrics;

/// The metric that is watched at the end of every epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watched {
    /// The validation loss.
    #[default]
    Loss,
    /// The validation accuracy.
    Accuracy,
}

impl Watched {
    /// All of them.
    pub const ALL: [Watched; 2] = [Watched::Loss, Watched::Accuracy];

    /// The name in the window.
    pub fn label(self) -> &'static str {
        match self {
            Watched::Loss => "Loss",
            Watched::Accuracy => "Accuracy",
        }
    }

    /// The value; lower is better.
    fn of(self, metrics: Metrics) -> f64 {
        match self {
            Watched::Loss => metrics.loss,
            Watched::Accuracy => -metrics.accuracy,
        }
    }
}

/// Ends a run that no longer improves, with the weights of its best epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EarlyStopping {
    /// Patience: epochs without improvement that end the run; 0 turns early stopping off.
    pub patience: usize,
    /// The smallest change that counts as an improvement, in the metric's own unit.
    pub min_delta: f64,
    /// The metric.
    pub metric: Watched,
}

impl EarlyStopping {
    /// Whether it can end a run.
    pub fn is_on(&self) -> bool {
        self.patience > 0
    }
}

/// History of a watched metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// The best value, lower is better; `None` before the first.
    best: Option<f64>,
    /// Its epoch, counted from 1.
    pub best_epoch: usize,
    /// Epochs since then.
    pub n_waited: usize,
}

impl Watch {
    /// Adds the value at the end of epoch `epoch`; returns whether it is better than the best by
    /// more than `min_delta`.
    fn see(&mut self, value: f64, min_delta: f64, epoch: usize) -> bool {
        let is_better = value.is_finite() && self.best.is_none_or(|best| value < best - min_delta);
        if is_better {
            *self = Watch {
                best: Some(value),
                best_epoch: epoch,
                n_waited: 0,
            };
        } else {
            self.n_waited += 1;
        }
        is_better
    }

    /// Adds the metrics at the end of an epoch, for early stopping.
    pub(super) fn observe(&mut self, early: EarlyStopping, metrics: Metrics, epoch: usize) -> bool {
        self.see(early.metric.of(metrics), early.min_delta, epoch)
    }
}

/// Number of times the learning rate was reduced because the loss stopped falling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    watch: Watch,
    /// Reductions so far.
    pub n_reduced: u32,
}

impl Plateau {
    /// Adds the loss at the end of an epoch. After `patience` epochs without a lower one, adds a
    /// reduction and restarts the count.
    pub(super) fn see(&mut self, loss: f64, patience: usize, epoch: usize) {
        if !self.watch.see(loss, 0.0, epoch) && self.watch.n_waited >= patience {
            self.n_reduced += 1;
            self.watch.n_waited = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_counts_epochs_since_the_last_improvement_that_matters() {
        let early = EarlyStopping {
            patience: 2,
            min_delta: 0.01,
            metric: Watched::Accuracy,
        };
        let mut watch = Watch::default();
        let accuracies = [0.5, 0.505, 0.6, 0.6, f64::NAN];
        let waited: Vec<(bool, usize)> = accuracies
            .into_iter()
            .zip(1..)
            .map(|(accuracy, epoch)| {
                let metrics = Metrics {
                    loss: 1.0,
                    accuracy,
                };
                (watch.observe(early, metrics, epoch), watch.n_waited)
            })
            .collect();
        let expected = [(true, 0), (false, 1), (true, 0), (false, 1), (false, 2)];
        assert_eq!(waited, expected);
        assert_eq!(watch.best_epoch, 3);
    }

    /// Like `torch.optim.lr_scheduler.ReduceLROnPlateau(patience=1, threshold=0)`, which waits one
    /// epoch longer than its patience.
    #[test]
    fn a_plateau_is_left_by_reducing_again_and_again() {
        let mut plateau = Plateau::default();
        let losses = [3.0, 2.0, 2.0, 2.5, 1.0, 1.0, 1.0, 1.0, 1.0];
        let reduced: Vec<u32> = losses
            .into_iter()
            .zip(1..)
            .map(|(loss, epoch)| {
                plateau.see(loss, 2, epoch);
                plateau.n_reduced
            })
            .collect();
        assert_eq!(reduced, [0, 0, 0, 1, 1, 1, 2, 2, 3]);
    }
}
