//! A run's metrics in few numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::best_epoch::BestBy;
use super::metric::Metric;
use super::state::RunState;
use crate::train::{EpochPoint, Event, Metrics, StepPoint, number};

/// One metric over a whole run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregates {
    /// The newest value.
    #[serde(with = "number")]
    pub last: f64,
    /// The smallest finite value; NaN if there is none.
    #[serde(with = "number")]
    pub min: f64,
    /// The largest finite value; NaN if there is none.
    #[serde(with = "number")]
    pub max: f64,
    /// The value at the best epoch, by [`BestBy::Accuracy`].
    pub at_best: Option<f64>,
}

impl Aggregates {
    fn new(value: f64) -> Aggregates {
        let mut all = Aggregates {
            last: value,
            min: f64::NAN,
            max: f64::NAN,
            at_best: None,
        };
        all.add(value);
        all
    }

    fn add(&mut self, value: f64) {
        self.last = value;
        if value.is_finite() {
            // `min` and `max` of a number and NaN are the number.
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
    }
}

/// Metrics of a run's progress.
const HOW_FAR: [Metric; 4] = [
    Metric::Steps,
    Metric::EpochsDone,
    Metric::Images,
    Metric::TrainSeconds,
];

/// The fold of a run's events to few numbers instead of every point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunSummary {
    metrics: BTreeMap<Metric, Aggregates>,
    /// Validation accuracy and loss of the best epoch.
    best: Option<Metrics>,
}

impl RunSummary {
    /// Summarizes everything that happened in `state`.
    pub fn of(state: &RunState) -> RunSummary {
        let mut summary = RunSummary::default();
        // The branch point belongs to the parent.
        let first = state.parent.as_ref().map_or(0, |parent| parent.step);
        let mut n_told = state.points.partition_point(|p| p.step <= first);
        if let Some(last) = n_told.checked_sub(1) {
            summary.how_far(&state.points[last]);
        }
        for epoch in &state.epochs {
            let end = state.points.partition_point(|p| p.step <= epoch.step);
            summary.steps(&state.points[n_told..end.max(n_told)]);
            summary.epoch(epoch);
            n_told = end.max(n_told);
        }
        summary.steps(&state.points[n_told..]);
        if let Some(test) = &state.test {
            summary.test(test);
        }
        summary
    }

    /// Applies the next event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Steps { points } => self.steps(points),
            Event::EpochDone { point } => self.epoch(point),
            Event::Branched { .. } => self.branch(),
            Event::Finished {
                test: Some(test), ..
            } => self.test(test),
            _ => {}
        }
    }

    fn steps(&mut self, points: &[StepPoint]) {
        for point in points {
            self.add(Metric::BatchLoss, point.loss);
            self.add(Metric::BatchAccuracy, point.accuracy);
        }
        let Some(last) = points.last() else {
            return;
        };
        self.how_far(last);
        if last.secs > 0.0 {
            self.add(Metric::ImagesPerSecond, last.images as f64 / last.secs);
        }
    }

    fn how_far(&mut self, last: &StepPoint) {
        let values = [last.step as f64, last.epoch, last.images as f64, last.secs];
        for (metric, value) in HOW_FAR.into_iter().zip(values) {
            self.add(metric, value);
        }
    }

    /// Forgets the parent's metrics at the branch point, but not its progress.
    fn branch(&mut self) {
        let kept = HOW_FAR.into_iter().filter_map(|metric| {
            let last = self.metrics.get(&metric)?.last;
            Some((metric, Aggregates::new(last)))
        });
        *self = RunSummary {
            metrics: kept.collect(),
            best: None,
        };
    }

    fn test(&mut self, test: &Metrics) {
        self.add(Metric::TestLoss, test.loss);
        self.add(Metric::TestAccuracy, test.accuracy);
    }

    fn epoch(&mut self, point: &EpochPoint) {
        self.add(Metric::TrainLoss, point.train.loss);
        self.add(Metric::TrainAccuracy, point.train.accuracy);
        if let Some(sketches) = point.sketches {
            self.add(Metric::SketchLoss, sketches.metrics.loss);
            self.add(Metric::SketchAccuracy, sketches.metrics.accuracy);
        }
        if let Some(epsilon) = point.epsilon {
            self.add(Metric::Epsilon, epsilon);
        }
        let Some(validation) = point.validation else {
            return;
        };
        self.add(Metric::ValLoss, validation.loss);
        self.add(Metric::ValAccuracy, validation.accuracy);
        let by = BestBy::Accuracy;
        let is_best = self
            .best
            .is_none_or(|best| by.is_better(&validation, &best));
        if is_best {
            self.best = Some(validation);
            for aggregates in self.metrics.values_mut() {
                aggregates.at_best = Some(aggregates.last).filter(|value| value.is_finite());
            }
        }
    }

    fn add(&mut self, metric: Metric, value: f64) {
        self.metrics
            .entry(metric)
            .and_modify(|all| all.add(value))
            .or_insert_with(|| Aggregates::new(value));
    }

    /// Returns the metrics by name: `batch_…` of each batch; `train_…` and `val_…` and
    /// `sketch_…` of each epoch; `test_…` once, at the end; and the run's progress.
    pub fn metrics(&self) -> &BTreeMap<Metric, Aggregates> {
        &self.metrics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: usize, train: f64, accuracy: f64, loss: f64) -> Event {
        Event::EpochDone {
            point: EpochPoint {
                epoch,
                step: epoch as u64,
                images: 1,
                secs: 1.0,
                epoch_secs: 1.0,
                train: Metrics {
                    loss: train,
                    accuracy: 0.5,
                },
                validation: Some(Metrics { loss, accuracy }),
                sketches: None,
                epsilon: None,
            },
        }
    }

    #[test]
    fn last_smallest_largest_and_at_the_best_epoch() {
        let mut summary = RunSummary::default();
        summary.apply(&epoch(1, 0.9, 0.7, 0.8));
        summary.apply(&epoch(2, f64::NAN, 0.9, 0.5));
        summary.apply(&epoch(3, 0.1, 0.9, 0.6));
        let metrics = summary.metrics();
        let expected = Aggregates {
            last: 0.6,
            min: 0.5,
            max: 0.8,
            at_best: Some(0.5),
        };
        assert_eq!(metrics[&Metric::ValLoss], expected);
        let train = metrics[&Metric::TrainLoss];
        assert_eq!((train.last, train.min, train.max), (0.1, 0.1, 0.9));
        assert_eq!(train.at_best, None, "no number at the best epoch");
        assert!(!metrics.contains_key(&Metric::TestAccuracy));
    }
}
