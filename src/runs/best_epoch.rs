//! Which epoch of a run is the best.

use serde::{Deserialize, Serialize};

use crate::train::Metrics;

/// What makes one epoch better than another. Each curve and each column of a table is best by its
/// own metric, so that the best value never gets worse; where one epoch stands for all metrics, it is
/// best by accuracy. Which checkpoint is kept can be chosen. Of equals, the first epoch is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BestBy {
    /// The highest validation accuracy, then the lowest validation loss.
    Accuracy,
    /// The lowest validation loss.
    Loss,
}

impl BestBy {
    /// Returns whether an epoch with the validation metrics `new` is better than one with `old`.
    pub(super) fn is_better(self, new: &Metrics, old: &Metrics) -> bool {
        match self {
            BestBy::Accuracy if new.accuracy != old.accuracy => new.accuracy > old.accuracy,
            BestBy::Accuracy | BestBy::Loss => new.loss < old.loss,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_decides_then_loss_and_of_equals_the_first_stays() {
        let of = |accuracy, loss| Metrics { loss, accuracy };
        let is_better = |by: BestBy, new, old| by.is_better(&new, &old);
        assert!(is_better(BestBy::Accuracy, of(0.9, 0.5), of(0.8, 0.1)));
        assert!(is_better(BestBy::Accuracy, of(0.9, 0.4), of(0.9, 0.5)));
        assert!(!is_better(BestBy::Accuracy, of(0.9, 0.5), of(0.9, 0.5)));
        assert!(is_better(BestBy::Loss, of(0.1, 0.4), of(0.9, 0.5)));
        for by in [BestBy::Accuracy, BestBy::Loss] {
            assert!(!is_better(by, of(f64::NAN, f64::NAN), of(0.5, 0.5)));
        }
    }
}
