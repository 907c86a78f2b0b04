//! The vertical range of a plot.

use egui_plot::PlotPoint;

use super::lens::{Lens, YAxis};
use super::trace::Trace;
use crate::picture::range_with_spikes;
use crate::stats::quantile;

/// The range of relevant values, and of batches that stand out. The noise of other batches and the
/// first moments of a run may lie outside: they would compress everything that follows.
pub fn y_range<'t>(lens: &Lens, traces: impl Iterator<Item = &'t Trace> + Clone) -> (f64, f64) {
    if lens.is_difference {
        return difference_range(lens, traces);
    }
    let (from, to) = lens.x_range;
    let spikes = traces.clone().flat_map(|trace| &trace.batches.spikes);
    let seen = spikes.filter(|spike| (from..=to).contains(&spike.x));
    let (low, high) = range_with_spikes(usual_range(lens, traces), seen);
    match lens.metric {
        // There is nothing beyond, and the joints of a line must not seem to be.
        YAxis::Accuracy => (low.max(0.0), high.min(1.0)),
        YAxis::Loss => (low, high),
    }
}

fn usual_range<'t>(lens: &Lens, traces: impl Iterator<Item = &'t Trace>) -> (f64, f64) {
    let (from, to) = lens.x_range;
    let seen = |p: &&PlotPoint| (from..=to).contains(&p.x);
    let (mut ghosts, mut averages, mut held_out) = (Vec::new(), Vec::new(), Vec::new());
    for trace in traces {
        ghosts.extend(trace.raw.iter().flatten().filter(seen).map(|p| p.y));
        averages.extend(trace.smooth.iter().flatten().filter(seen).map(|p| p.y));
        let measured = trace.validation.iter().chain(&trace.sketches);
        held_out.extend(measured.filter(seen).map(|p| p.y));
    }
    let (early_low, early_high) = match (lens.metric, lens.is_y_log) {
        (YAxis::Loss, true) => (0.0, 1.0),
        (YAxis::Loss, false) => (0.0, 0.97),
        (YAxis::Accuracy, _) => (0.03, 1.0),
    };
    let mut ends = held_out;
    ends.extend(
        [0.1, 0.95]
            .map(|q| quantile(&mut ghosts, q))
            .into_iter()
            .flatten(),
    );
    let early = [early_low, early_high].map(|q| quantile(&mut averages, q));
    ends.extend(early.into_iter().flatten());
    let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !low.is_finite() || !high.is_finite() {
        return if lens.is_y_log {
            (-2.0, 1.0)
        } else {
            (0.0, 1.0)
        };
    }
    let margin = 0.05 * (high - low).max(0.02);
    match (lens.metric, lens.is_y_log) {
        (YAxis::Loss, false) => (0.0f64.min(low), high + margin),
        (YAxis::Loss, true) | (YAxis::Accuracy, _) => (low - margin, high + margin),
    }
}

/// The range of differences from a baseline; always includes zero. The first moments may lie
/// outside here as well.
fn difference_range<'t>(lens: &Lens, traces: impl Iterator<Item = &'t Trace>) -> (f64, f64) {
    let (from, to) = lens.x_range;
    let seen = |p: &&PlotPoint| (from..=to).contains(&p.x);
    let (mut averages, mut ends) = (Vec::new(), vec![0.0]);
    for trace in traces {
        averages.extend(trace.smooth.iter().flatten().filter(seen).map(|p| p.y));
        ends.extend(trace.validation.iter().filter(seen).map(|p| p.y));
    }
    let early = [0.03, 0.97].map(|q| quantile(&mut averages, q));
    ends.extend(early.into_iter().flatten());
    let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let margin = 0.08 * (high - low).max(0.01);
    (low - margin, high + margin)
}
