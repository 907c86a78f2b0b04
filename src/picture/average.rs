//! Smoothing of noisy curves by an exponential moving average.

use super::axis::YAxis;
use crate::runs::RunState;

/// An exponential moving average with bias correction, so that early values are not drawn toward
/// zero (as in Adam, Kingma and Ba 2015, section 3).
#[derive(Clone, Debug, Default)]
pub struct Average {
    values: Vec<f64>,
    /// Steps and metric the values were computed for.
    of: Option<(f64, YAxis)>,
    sum: f64,
    weight: f64,
}

impl Average {
    /// The average of `metric` over about the last `n_steps` updates, at every point.
    pub fn of(run: &RunState, metric: YAxis, n_steps: f64) -> Vec<f64> {
        let mut average = Average::default();
        average.follow(run, metric, n_steps);
        average.values
    }

    /// Adds the new updates of `run`, or starts over if the metric or `n_steps` changed. The
    /// average of a branch continues that of its parent.
    pub fn follow(&mut self, run: &RunState, metric: YAxis, n_steps: f64) {
        let of = Some((n_steps, metric));
        let memory = 1.0 - 1.0 / n_steps.max(1.0);
        if self.of != of || self.values.len() > run.points.len() {
            *self = Average {
                of,
                ..Average::default()
            };
            for point in &run.before.points {
                self.add(metric.of_step(point), memory);
            }
        }
        for point in &run.points[self.values.len()..] {
            let value = self.add(metric.of_step(point), memory);
            self.values.push(value);
        }
    }

    /// Adds a value and returns the average; NaN if the value is NaN.
    fn add(&mut self, value: f64, memory: f64) -> f64 {
        if !value.is_finite() {
            return f64::NAN;
        }
        self.sum = memory * self.sum + (1.0 - memory) * value;
        self.weight = memory * self.weight + (1.0 - memory);
        self.sum / self.weight
    }

    /// The average at each point; NaN where the point is.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}
