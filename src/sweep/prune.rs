//! Pruning. A decision is a pure function of the values reported so far, and names its rule and
//! threshold.

use serde::{Deserialize, Serialize};

use super::definition::Prune;
use crate::runs::{Direction, Metric};
use crate::stats::median;
use crate::text::count;

/// Why a trial was pruned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule, as text.
    pub rule: String,
    /// The epoch it was applied at.
    pub epoch: usize,
    /// The trial's value.
    pub value: f64,
    /// The value it needed.
    pub threshold: f64,
    /// The full reason, such as `validation accuracy 91.20 % after 2 epochs, 95.00 % needed …`.
    pub because: String,
}

impl Prune {
    /// Returns the value a trial needs to continue after `epoch`, and the rule as text; `None` if
    /// there is nothing to decide. `others` are the values of other trials at that epoch.
    pub(super) fn threshold(
        self,
        direction: Direction,
        epoch: usize,
        own: f64,
        others: &[f64],
    ) -> Option<(f64, String)> {
        match self {
            Prune::Asha { epochs, factor } => {
                if !is_rung(epoch, epochs, factor) {
                    return None;
                }
                let all: Vec<f64> = others.iter().copied().chain([own]).collect();
                let n_best = all.len() / factor;
                // With too few to compare, all continue.
                let worst_of_best = sorted(direction, all)
                    .get(n_best.checked_sub(1)?)
                    .copied()?;
                let rule = format!(
                    "the best 1/{factor} of {} trials continue",
                    others.len() + 1
                );
                Some((worst_of_best, rule))
            }
            Prune::Median { epochs, trials } => {
                if epoch < epochs || others.len() < trials {
                    return None;
                }
                let rule = format!("the median of {}", count(others.len(), "other trial"));
                Some((median(&mut others.to_vec())?, rule))
            }
        }
    }

    /// Returns the verdict on a trial, if it should be pruned.
    pub(super) fn verdict(
        self,
        (metric, direction): (Metric, Direction),
        epoch: usize,
        own: f64,
        others: &[f64],
    ) -> Option<Verdict> {
        let (threshold, rule) = self.threshold(direction, epoch, own, others)?;
        direction.is_better(threshold, own).then(|| Verdict {
            because: format!(
                "{} {} after {}, {} needed: {rule}",
                metric.label(),
                metric.format_exact(own),
                count(epoch, "epoch"),
                metric.format_exact(threshold),
            ),
            rule,
            epoch,
            value: own,
            threshold,
        })
    }
}

/// Returns whether `epoch` is `first` times a power of `factor`.
fn is_rung(epoch: usize, first: usize, factor: usize) -> bool {
    let mut rung = first;
    while rung < epoch {
        match rung.checked_mul(factor) {
            Some(next) if next > rung => rung = next,
            _ => return false,
        }
    }
    rung == epoch
}

/// Sorts best first.
fn sorted(direction: Direction, mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(|a, b| direction.cost(*a).total_cmp(&direction.cost(*b)));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: (Metric, Direction) = (Metric::ValAccuracy, Direction::Maximize);

    #[test]
    fn halving_keeps_the_best_third_at_its_rungs_only() {
        let rule = Prune::Asha {
            epochs: 1,
            factor: 3,
        };
        let others = [0.5, 0.6, 0.7, 0.8, 0.9];
        assert!(rule.verdict(UP, 1, 0.75, &others).is_some());
        assert!(rule.verdict(UP, 1, 0.85, &others).is_none());
        assert!(rule.verdict(UP, 2, 0.1, &others).is_none(), "2 is no rung");
        assert!(rule.verdict(UP, 3, 0.1, &others).is_some());
        assert!(
            rule.verdict(UP, 9, 0.1, &[0.9]).is_none(),
            "two are too few"
        );
        let verdict = rule.verdict(UP, 1, 0.75, &others).unwrap();
        assert_eq!((verdict.threshold, verdict.epoch), (0.8, 1));
        assert_eq!(
            verdict.because,
            "validation accuracy 75.00 % after 1 epoch, 80.00 % needed: the best 1/3 of 6 trials continue"
        );
    }

    #[test]
    fn the_median_asks_for_enough_others() {
        let down = (Metric::ValLoss, Direction::Minimize);
        let rule = Prune::Median {
            epochs: 2,
            trials: 3,
        };
        let others = [1.0, 2.0, 4.0, 3.0];
        assert!(rule.verdict(down, 1, 9.0, &others).is_none());
        assert!(rule.verdict(down, 2, 9.0, &others[..2]).is_none());
        assert_eq!(rule.verdict(down, 2, 2.6, &others).unwrap().threshold, 2.5);
        assert!(rule.verdict(down, 2, 2.4, &others).is_none());
    }
}
