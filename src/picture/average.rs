//! The running average that makes noisy curves readable.

use super::Metric;
use crate::train::StepPoint;

/// An exponential average that knows how little it has seen: early values are not drawn towards
/// zero (the bias correction of Adam, Kingma and Ba 2015, section 3).
#[derive(Clone, Debug, Default)]
pub struct Average {
    values: Vec<f64>,
    /// Steps and metric the values are for.
    of: Option<(f64, Metric)>,
    sum: f64,
    weight: f64,
}

impl Average {
    /// The average of `metric` over about the last `n_steps` updates, for every point.
    pub fn of(points: &[StepPoint], metric: Metric, n_steps: f64) -> Vec<f64> {
        let mut average = Average::default();
        average.follow(points, metric, n_steps);
        average.values
    }

    /// Takes in what is new in `points`, or everything where the question is another one.
    pub fn follow(&mut self, points: &[StepPoint], metric: Metric, n_steps: f64) {
        let of = Some((n_steps, metric));
        if self.of != of || self.values.len() > points.len() {
            *self = Average {
                of,
                ..Average::default()
            };
        }
        let memory = 1.0 - 1.0 / n_steps.max(1.0);
        for point in &points[self.values.len()..] {
            let value = metric.of_step(point);
            if value.is_finite() {
                self.sum = memory * self.sum + (1.0 - memory) * value;
                self.weight = memory * self.weight + (1.0 - memory);
                self.values.push(self.sum / self.weight);
            } else {
                self.values.push(f64::NAN);
            }
        }
    }

    /// The average at each point taken in; not a number where the point is none.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}
