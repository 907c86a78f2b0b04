//! The lines of one run in a plot.

use egui::Color32;
use egui_plot::{FilledArea, Line, MarkerShape, PlotPoint, PlotPoints, PlotUi, Points};

use super::lens::Lens;
use super::plot::MetricPlot;
use super::trace::Trace;
use crate::ui::theme::Tokens;

/// Opacity of the band of single batches, of these batches as points, and of their average beside
/// the validation metric.
pub(super) const GHOST: f32 = 0.16;
const POINT: f32 = 0.45;
pub(super) const TRAINING: f32 = 0.55;

impl MetricPlot<'_> {
    /// Whether single batches of a run are shown: those of several runs would hide all lines.
    fn shows_batches(&self, idx: usize) -> bool {
        let is_only = self.visible.len() == 1;
        self.band_of(idx).is_none() && (is_only || self.is_hovered(idx))
    }

    /// Draws where single batches of the runs lie, below all lines.
    pub(super) fn draw_batches<'p>(
        &self,
        plot: &mut PlotUi<'p>,
        traces: &[(usize, &'p Trace)],
        t: &Tokens,
    ) {
        for &(idx, trace) in traces.iter().filter(|(idx, _)| self.shows_batches(*idx)) {
            let color = self.run_ink(t, idx);
            let column =
                |at: usize| -> Vec<f64> { trace.batches.band.iter().map(|p| p[at]).collect() };
            let (xs, lows, highs) = (column(0), column(1), column(2));
            let area = FilledArea::new(format!("{idx} batches"), &xs, &lows, &highs);
            plot.add(
                area.fill_color(color.gamma_multiply(GHOST))
                    .allow_hover(false),
            );
            if self.settings.shows_batches {
                let all = trace.raw.iter().flatten().copied().collect();
                let points = Points::new(format!("{idx} points"), PlotPoints::Owned(all));
                let color = color.gamma_multiply(POINT);
                plot.points(points.radius(1.2).color(color).allow_hover(false));
            }
        }
    }

    /// Draws training, validation, best epoch and what went wrong.
    pub(super) fn draw_run<'p>(
        &self,
        plot: &mut PlotUi<'p>,
        lens: &Lens,
        (idx, trace): (usize, &'p Trace),
        y_range: (f64, f64),
        t: &Tokens,
    ) {
        let color = self.run_ink(t, idx);
        let width = if self.is_hovered(idx) { 2.5 } else { 1.5 };
        // Lighter than the validation metric, where there is one.
        let has_validation = !trace.validation.is_empty();
        let training = color.gamma_multiply(if has_validation { TRAINING } else { 1.0 });
        draw_spikes(plot, idx, trace, y_range, training);
        draw_lines(
            plot,
            &format!("{idx} smooth"),
            &trace.smooth,
            width,
            training,
        );
        let validation = || PlotPoints::Borrowed(&trace.validation);
        let line = Line::new(format!("{idx} validation"), validation());
        plot.line(line.color(color).width(width + 0.5).allow_hover(false));
        let dots = Points::new(format!("{idx} epochs"), validation());
        plot.points(dots.radius(3.0).color(color).allow_hover(false));
        draw_sketches(plot, idx, trace, color, t);
        if !lens.is_difference {
            self.draw_best(plot, lens, idx, color);
        }
        let mut crosses: Vec<PlotPoint> = trace
            .breaks
            .iter()
            .map(|&x| PlotPoint::new(x, y_range.0))
            .collect();
        let end = trace.smooth.last().and_then(|line| line.last());
        let has_diverged = self.runs[idx].state.diverged_at().is_some();
        crosses.extend(end.filter(|_| has_diverged));
        let crosses = Points::new(format!("{idx} diverged"), PlotPoints::Owned(crosses));
        let crosses = crosses.shape(MarkerShape::Cross).radius(6.0).color(t.bad);
        plot.points(crosses.allow_hover(false));
    }

    /// Draws the best epoch as a diamond.
    fn draw_best(&self, plot: &mut PlotUi<'_>, lens: &Lens, idx: usize, color: Color32) {
        let Some([x, value]) = self.metric.best(lens.x_axis, &self.runs[idx].state) else {
            return;
        };
        let at = PlotPoint::new(lens.x(x), lens.y(value));
        let diamond = Points::new(format!("{idx} best"), PlotPoints::Owned(vec![at]))
            .shape(MarkerShape::Diamond)
            .radius(6.0)
            .color(color)
            .allow_hover(false);
        plot.points(diamond);
    }
}

/// Draws the batches that stand out at their full height, which no average shows.
fn draw_spikes(
    plot: &mut PlotUi<'_>,
    idx: usize,
    trace: &Trace,
    y_range: (f64, f64),
    color: Color32,
) {
    let tall = trace.batches.spikes.iter().filter(|s| s.is_tall(y_range));
    for (n, spike) in tall.enumerate() {
        let ends = vec![[spike.x, spike.from], [spike.x, spike.to]];
        let line = Line::new(format!("{idx} spike {n}"), PlotPoints::from(ends));
        plot.line(line.color(color).width(1.0).allow_hover(false));
    }
}

/// Draws the metric on the user's sketches: open circles on a thin line.
fn draw_sketches<'p>(
    plot: &mut PlotUi<'p>,
    idx: usize,
    trace: &'p Trace,
    color: Color32,
    t: &Tokens,
) {
    let values = || PlotPoints::Borrowed(&trace.sketches);
    let line = Line::new(format!("{idx} sketches"), values());
    plot.line(line.color(color).width(1.0).allow_hover(false));
    for (radius, color) in [(4.0, color), (2.5, t.background)] {
        let dots = Points::new(format!("{idx} sketches {radius}"), values());
        plot.points(dots.radius(radius).color(color).allow_hover(false));
    }
}

pub(super) fn draw_lines<'p>(
    plot: &mut PlotUi<'p>,
    name: &str,
    lines: &'p [Vec<PlotPoint>],
    width: f32,
    color: Color32,
) {
    for (n, line) in lines.iter().enumerate() {
        let line = Line::new(format!("{name} {n}"), PlotPoints::Borrowed(line));
        plot.line(line.color(color).width(width).allow_hover(false));
    }
}
