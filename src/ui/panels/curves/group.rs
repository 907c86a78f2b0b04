//! Highlighting of curves: under the pointer, or by group.

use egui::{Color32, Response, Ui};
use egui_plot::{FilledArea, Line, PlotPoint, PlotPoints, PlotTransform, PlotUi};

use super::bands::Band;
use super::plot::MetricPlot;
use super::trace::Trace;
use crate::ui::theme::{Tokens, tokens};

/// Distance within which the pointer hits a curve, in points.
const REACH: f32 = 10.0;

/// Opacity of a curve while the pointer is on another one.
const FADED: f32 = 0.25;

impl MetricPlot<'_> {
    /// The band that contains the run at `idx`.
    pub(super) fn band_of(&self, idx: usize) -> Option<&Band> {
        self.bands.iter().find(|band| band.members.contains(&idx))
    }

    /// Whether the pointer is on the run, here or in another view.
    pub(super) fn is_hovered(&self, idx: usize) -> bool {
        self.hover.is_at(&self.runs[idx].id)
    }

    /// The color of a curve, faded while the pointer is on another one in this plot.
    pub(super) fn run_ink(&self, t: &Tokens, idx: usize) -> Color32 {
        let color = t.run_color(self.runs[idx].record.color);
        let is_other = self.visible.iter().any(|&other| self.is_hovered(other));
        if is_other && !self.is_hovered(idx) {
            color.gamma_multiply(FADED)
        } else {
            color
        }
    }

    pub(super) fn ink(&self, ui: &Ui, idx: usize) -> Color32 {
        self.run_ink(tokens(ui), idx)
    }

    /// The label at the end of a curve; a group shows its number of runs.
    pub(super) fn name_at_end(&self, idx: usize) -> String {
        match self.band_of(idx) {
            Some(band) => format!("{} ×{}", band.name, band.members.len()),
            None if self.has_diverged(idx) => format!("{}: diverged", self.runs[idx].state.name),
            None => self.runs[idx].state.name.clone(),
        }
    }

    /// Draws the spread of a group as an area and its mean as a line.
    pub(super) fn draw_band(&self, plot: &mut PlotUi<'_>, band: &Band, t: &Tokens) {
        let first = band.members[0];
        let color = self.run_ink(t, first);
        let column = |of: fn(&crate::picture::BandPoint) -> f64| -> Vec<f64> {
            band.points.iter().map(of).collect()
        };
        let (xs, lows, highs) = (column(|p| p.x), column(|p| p.low), column(|p| p.high));
        let area = FilledArea::new(format!("{first} spread"), &xs, &lows, &highs);
        plot.add(
            area.fill_color(color.gamma_multiply(0.2))
                .allow_hover(false),
        );
        let mean: PlotPoints<'_> = band.points.iter().map(|p| [p.x, p.mean]).collect();
        let line = Line::new(format!("{first} mean"), mean);
        plot.line(line.color(color).width(2.0).allow_hover(false));
    }

    /// The run whose curve is nearest to the pointer, within reach.
    pub(super) fn nearest(
        &self,
        traces: &[(usize, &Trace)],
        transform: &PlotTransform,
        response: &Response,
    ) -> Option<usize> {
        let pos = response.hover_pos()?;
        let x = transform.value_from_position(pos).x;
        let distance = |&(idx, trace): &(usize, &Trace)| {
            let y = trace.smooth_y(x)?;
            let at = transform.position_from_point(&PlotPoint::new(x, y));
            Some(((at.y - pos.y).abs(), idx))
        };
        let near = traces.iter().filter_map(distance);
        let nearest = near.min_by(|a, b| a.0.total_cmp(&b.0))?;
        (nearest.0 <= REACH).then_some(nearest.1)
    }
}
