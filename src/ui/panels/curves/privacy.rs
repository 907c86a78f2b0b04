//! The ε that private runs have spent, below the other curves.

use egui::{Align2, FontId, Role, Sense, TextStyle, Ui, Vec2b, WidgetInfo, pos2, vec2};
use egui_plot::{AxisHints, Line, Plot, PlotPoints, Points};

use super::lens::Lens;
use super::plot::{MetricPlot, TITLE_HEIGHT, Y_AXIS_WIDTH};
use crate::picture::plain;
use crate::runs::{Metric, RunState};
use crate::ui::panels::grid_marks::linear_marks;
use crate::ui::theme::{self, Tokens, tokens};

/// Height of the strip with its plot.
const HEIGHT: f32 = 96.0;

/// Height of all curves from which on there is room for the plot, too.
const HIGH: f32 = 420.0;

/// The strip's height in a panel of `height` points: 0 if none of the runs is private, and only the
/// numbers if there is no room.
pub(super) fn height<'r>(mut runs: impl Iterator<Item = &'r RunState>, height: f32) -> f32 {
    let is_any = runs.any(|run| run.epochs.iter().any(|epoch| epoch.epsilon.is_some()));
    match is_any {
        false => 0.0,
        true if height < HIGH => TITLE_HEIGHT,
        true => HEIGHT,
    }
}

impl MetricPlot<'_> {
    /// Shows the ε of the visible runs; `self.height` is that of the strip.
    pub(super) fn privacy_ui(&self, ui: &mut Ui, lens: &Lens) {
        self.privacy_title_ui(ui);
        let height = self.height - TITLE_HEIGHT;
        if height <= 0.0 {
            return;
        }
        let lines: Vec<(usize, Vec<[f64; 2]>)> = self
            .visible
            .iter()
            .map(|&idx| (idx, spent(&self.runs[idx].state, lens)))
            .collect();
        let values = lines.iter().flat_map(|(_, points)| points).map(|p| p[1]);
        let top = values.fold(0.1, f64::max) * 1.1;
        let (low, high) = self.range_with_names(ui, lens);
        let shown = strip(ui, height).show(ui, |plot| {
            plot.set_plot_bounds_x(low..=high);
            plot.set_plot_bounds_y(0.0..=top);
            let t = Tokens::of(plot.ctx().theme());
            for (idx, points) in lines {
                let color = self.run_ink(t, idx);
                let line = Line::new(format!("{idx} ε"), PlotPoints::from(points.clone()));
                plot.line(line.color(color).width(1.5).allow_hover(false));
                let dots = Points::new(format!("{idx} ε epochs"), PlotPoints::from(points));
                plot.points(dots.radius(2.5).color(color).allow_hover(false));
            }
        });
        let name = "Privacy curves";
        shown
            .response
            .widget_info(|| WidgetInfo::labeled(Role::Figure, true, name));
    }

    fn privacy_title_ui(&self, ui: &mut Ui) {
        let size = vec2(ui.available_width(), TITLE_HEIGHT);
        let (rect, title) = ui.allocate_exact_size(size, Sense::hover());
        let newest = self.newest().and_then(|run| run.epochs.last()?.epsilon);
        let value = newest.map(|epsilon| format!("ε {}", Metric::Epsilon.format(epsilon)));
        let value = value.unwrap_or_default();
        let label = format!("Privacy spent: {value}");
        title.widget_info(|| WidgetInfo::labeled(Role::Label, true, label.clone()));
        let about = Metric::Epsilon.explanation();
        title.on_hover_text(format!("The {about}."));
        let t = tokens(ui);
        let painter = ui.painter();
        let heading = FontId::new(14.0, theme::semibold());
        let name = painter.text(
            rect.left_center(),
            Align2::LEFT_CENTER,
            "Privacy spent",
            heading,
            t.text,
        );
        let small = TextStyle::Small.resolve(ui.style());
        let at = pos2(name.max.x + 8.0, rect.center().y);
        painter.text(
            at,
            Align2::LEFT_CENTER,
            "ε, smaller is more private",
            small,
            t.quiet,
        );
        let number = TextStyle::Monospace.resolve(ui.style());
        painter.text(
            rect.right_center(),
            Align2::RIGHT_CENTER,
            value,
            number,
            t.text,
        );
    }
}

/// What a run had spent at the end of each epoch, in plot coordinates.
fn spent(run: &RunState, lens: &Lens) -> Vec<[f64; 2]> {
    let point = |e: &crate::train::EpochPoint| Some([lens.x(lens.x_axis.of_epoch(e)), e.epsilon?]);
    run.curve_epochs().filter_map(point).collect()
}

fn strip<'p>(ui: &Ui, height: f32) -> Plot<'p> {
    let t = tokens(ui);
    let y_axis = AxisHints::new_y()
        .formatter(|mark, _| plain(mark.value, mark.step_size))
        .label_spacing(15.0..=16.0)
        .min_thickness(Y_AXIS_WIDTH)
        .tick_label_color(t.quiet)
        .tick_label_font(TextStyle::Monospace.resolve(ui.style()));
    Plot::new("Privacy")
        .height(height)
        .show_background(false)
        .show_grid([false, true])
        .show_axes([false, true])
        .grid_color(t.hairline)
        .grid_fade(0.2)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .auto_bounds(Vec2b::FALSE)
        .set_margin_fraction(egui::Vec2::ZERO)
        .show_x(false)
        .show_y(false)
        .show_crosshair(false)
        .label_formatter(|_| None)
        .custom_y_axes(vec![y_axis])
        .y_grid_spacer(|input| linear_marks(input, 2.0))
}
