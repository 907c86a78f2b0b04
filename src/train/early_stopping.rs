//! Watching whether a run still gets better, and what follows when it no longer does.

use serde::{Deserialize, Serialize};

use super::Metrics;

/// A number that is watched at the end of every epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watched {
    /// The loss on the held-out images.
    #[default]
    Loss,
    /// The share of them that is classified correctly.
    Accuracy,
}

impl Watched {
    /// All of them.
    pub const ALL: [Watched; 2] = [Watched::Loss, Watched::Accuracy];

    /// The name people read.
    pub fn label(self) -> &'static str {
        match self {
            Watched::Loss => "Loss",
            Watched::Accuracy => "Accuracy",
        }
    }

    /// The number; lower is better.
    fn of(self, metrics: Metrics) -> f64 {
        match self {
            Watched::Loss => metrics.loss,
            Watched::Accuracy => -metrics.accuracy,
        }
    }
}

/// Ends a run that no longer gets better. With it, a run ends with the weights of its best epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs without improvement that end the run; 0 lets it run to its end.
    pub patience: usize,
    /// What counts as improvement, in the metric's own unit.
    pub min_delta: f64,
    /// What is watched.
    pub metric: Watched,
}

impl EarlyStopping {
    /// Whether it can end a run.
    pub fn is_on(&self) -> bool {
        self.patience > 0
    }
}

/// What was seen so far of a watched number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// The best value, the lower the better; `None` before the first.
    best: Option<f64>,
    /// The epoch it belongs to, counted from 1.
    pub best_epoch: usize,
    /// Epochs since then.
    pub n_waited: usize,
}

impl Watch {
    /// Takes in the value at the end of epoch `epoch`: whether it is better than the best by more
    /// than `min_delta`.
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

    /// The same for early stopping.
    pub(super) fn observe(&mut self, early: EarlyStopping, metrics: Metrics, epoch: usize) -> bool {
        self.see(early.metric.of(metrics), early.min_delta, epoch)
    }
}

/// How often the learning rate was reduced because the loss no longer fell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    watch: Watch,
    /// Reductions so far.
    pub n_reduced: u32,
}

impl Plateau {
    /// Takes in the loss at the end of an epoch. After `patience` epochs without a lower one there
    /// is one reduction more, and the waiting begins anew.
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

    /// As `torch.optim.lr_scheduler.ReduceLROnPlateau(patience=1, threshold=0)`, which waits for
    /// one epoch more than its patience says.
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
