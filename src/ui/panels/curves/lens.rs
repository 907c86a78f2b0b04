//! How curves are viewed: the metric, the axis, and the visible range.

pub use crate::picture::{XAxis, YAxis};
use crate::runs::RunState;

/// How curves are viewed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lens {
    /// The metric.
    pub metric: YAxis,
    /// The horizontal axis.
    pub x_axis: XAxis,
    /// Whether the horizontal axis is logarithmic.
    pub is_x_log: bool,
    /// Whether the vertical axis is logarithmic.
    pub is_y_log: bool,
    /// Whether differences from a baseline are drawn.
    pub is_difference: bool,
    /// Updates that the smoothed curve averages over.
    pub smoothing_steps: f64,
    /// The visible range of the axis, in plot coordinates.
    pub x_range: (f64, f64),
    /// Width of the plot in pixel columns.
    pub n_columns: usize,
}

impl Lens {
    /// Converts `x` to a plot coordinate.
    pub fn x(&self, x: f64) -> f64 {
        if self.is_x_log {
            x.max(1e-9).log10()
        } else {
            x
        }
    }

    /// Converts a value to a plot coordinate; NaN if it has no logarithm.
    pub fn y(&self, y: f64) -> f64 {
        if !self.is_y_log {
            y
        } else if y > 0.0 {
            y.log10()
        } else {
            f64::NAN
        }
    }

    /// Converts a plot coordinate to a value.
    pub fn y_value(&self, y: f64) -> f64 {
        if self.is_y_log { 10f64.powf(y) } else { y }
    }

    /// Converts a plot coordinate to a value of the horizontal axis.
    pub fn x_value(&self, x: f64) -> f64 {
        if self.is_x_log { 10f64.powf(x) } else { x }
    }
}

/// The range that shows all of `runs`, in plot coordinates.
pub fn whole_range<'a>(
    runs: impl Iterator<Item = &'a RunState>,
    x_axis: XAxis,
    is_log: bool,
) -> (f64, f64) {
    let mut range: Option<(f64, f64)> = None;
    for run in runs {
        let first = run.points.first().map_or(1e-3, |p| x_axis.of_step(p));
        let last = run.points.last().map_or(0.0, |p| x_axis.of_step(p));
        let end = last.max(x_axis.first_epoch(run));
        let (low, high) = range.unwrap_or((first, end));
        range = Some((low.min(first), high.max(end)));
    }
    let (first, end) = range.unwrap_or((1e-3, 1.0));
    if is_log {
        (first.max(1e-6).log10(), end.max(1e-5).log10())
    } else {
        (0.0, end)
    }
}

/// Converts a range of one axis to the range of another that shows the same part of `run`. Ranges
/// of logarithmic axes are given as logarithms.
pub fn same_part(
    run: &RunState,
    (low, high): (f64, f64),
    (from, is_from_log): (XAxis, bool),
    (to, is_to_log): (XAxis, bool),
) -> (f64, f64) {
    let convert = |x: f64| {
        let x = if is_from_log { 10f64.powf(x) } else { x };
        let x = same_place(run, x, from, to);
        if is_to_log { x.max(1e-9).log10() } else { x }
    };
    (convert(low), convert(high))
}

/// Converts `x` of one axis to another, by interpolating between the neighboring updates.
fn same_place(run: &RunState, x: f64, from: XAxis, to: XAxis) -> f64 {
    if from == to {
        return x;
    }
    let next = run.points.partition_point(|p| from.of_step(p) < x);
    let place = |idx: usize| {
        let point = run.points.get(idx);
        point.map_or((0.0, 0.0), |p| (from.of_step(p), to.of_step(p)))
    };
    // Beyond the last update the axes are extrapolated at the average rate of the whole run.
    let (left, right) = if next < run.points.len() {
        let left = next.checked_sub(1).map_or((0.0, 0.0), place);
        (left, place(next))
    } else {
        ((0.0, 0.0), place(run.points.len().saturating_sub(1)))
    };
    let width = right.0 - left.0;
    if width <= 0.0 {
        return right.1;
    }
    left.1 + (x - left.0) / width * (right.1 - left.1)
}
