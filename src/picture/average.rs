//! The running average that makes noisy curves readable.

use super::Metric;
use crate::runs::RunState;

/// An exponential average that knows how little it has seen: early values are not drawn toward
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
    pub fn of(run: &RunState, metric: Metric, n_steps: f64) -> Vec<f64> {
        let mut average = Average::default();
        average.follow(run, metric, n_steps);
        average.values
    }

    /// Takes in the updates of `run` that are new, or all where the question is another one. Of a
    /// branch the average goes on from its parent's.
    pub fn follow(&mut self, run: &RunState, metric: Metric, n_steps: f64) {
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

    /// The average with one more value in it; not a number where the value is none.
    fn add(&mut self, value: f64, memory: f64) -> f64 {
        if !value.is_finite() {
            return f64::NAN;
        }
        self.sum = memory * self.sum + (1.0 - memory) * value;
        self.weight = memory * self.weight + (1.0 - memory);
        self.sum / self.weight
    }

    /// The average at each point taken in; not a number where the point is none.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}
