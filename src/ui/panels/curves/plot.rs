//! One plot: a metric of all visible runs.

use egui::{Rect, Role, TextStyle, Ui, Vec2b, WidgetInfo};
use egui_plot::{AxisHints, HLine, LineStyle, Plot, PlotTransform, PlotUi, VLine};

use super::axes;
use super::bands::Band;
use super::baseline::Baseline;
use super::lens::{Lens, YAxis};
use super::pointer::Drag;
use super::range::y_range;
use super::run_lines::draw_lines;
use super::scale::Scale;
use super::trace::{RunCurve, Trace};
use crate::runs::RunState;
use crate::studio::Run;
use crate::ui::hover::Hover;
use crate::ui::panels::grid_marks::{linear_marks, log_marks};
use crate::ui::settings::Settings;
use crate::ui::theme::{self, tokens};

/// The parameters of a plot.
pub struct MetricPlot<'a> {
    /// The metric.
    pub metric: YAxis,
    /// All runs.
    pub runs: &'a [Run],
    /// Indices of the runs to draw, at least one.
    pub visible: &'a [usize],
    /// How to draw them.
    pub settings: &'a Settings,
    /// The visible range of the axis.
    pub x_range: (f64, f64),
    /// Height, including the title.
    pub height: f32,
    /// Whether it is the lowest plot, which labels the horizontal axis.
    pub is_last: bool,
    /// The update whose snapshot classifies the drawing, unless that is the newest.
    pub shown_step: Option<u64>,
    /// The run that the timeline belongs to.
    pub timeline_run: Option<&'a RunState>,
    /// What the pointer drags, in this plot or another.
    pub drag: Option<Drag>,
    /// The pointer's position on the axis, in this plot or another.
    pub hovered: Option<f64>,
    /// The run under the pointer.
    pub hover: &'a Hover,
    /// The baseline's curves.
    pub baseline: Option<&'a Baseline>,
    /// The baseline's name.
    pub baseline_name: Option<&'a str>,
    /// Groups of runs, filled in when the curves are available.
    pub bands: &'a [Band],
}

/// The result of the pointer's interaction with a plot.
#[derive(Default)]
pub struct Outcome {
    /// The pointer's position on the axis.
    pub hovered: Option<f64>,
    /// Index of the run whose curve is under the pointer.
    pub run: Option<usize>,
    /// A new visible range; `Some(None)` for all of the axis.
    pub zoom: Option<Option<(f64, f64)>>,
    /// What the pointer drags in this plot.
    pub drag: Option<Drag>,
    /// The place on the screen to which the timeline is moved.
    pub timeline: Option<f32>,
    /// The horizontal scale, once it is drawn.
    pub scale: Option<Scale>,
}

/// Height of the title.
pub(super) const TITLE_HEIGHT: f32 = 22.0;

/// Width of the vertical axis' labels, the same in both plots so that they align.
pub(super) const Y_AXIS_WIDTH: f32 = 52.0;

/// Space right of the curves for the names of the runs.
const NAMES_WIDTH: f32 = 92.0;

/// Maximum number of names beside the curves; the table lists all of them.
const MAX_NAMES: usize = 6;

impl MetricPlot<'_> {
    /// Updates the curves from their runs, before [`MetricPlot::ui`].
    pub fn trace(&self, lens: &Lens, curves: &mut [[RunCurve; 2]]) {
        for &idx in self.visible {
            let curve = &mut curves[idx][self.metric as usize];
            curve.trace(&self.runs[idx].state, lens, self.baseline);
        }
    }

    /// Shows the plot.
    pub fn ui(&self, ui: &mut Ui, lens: Lens, curves: &[[RunCurve; 2]]) -> Outcome {
        self.title_ui(ui, &lens, curves);
        let traces: Vec<(usize, &Trace)> = self
            .visible
            .iter()
            .map(|&idx| (idx, curves[idx][self.metric as usize].kept()))
            .collect();
        let y_range = y_range(&lens, traces.iter().map(|(_, t)| *t));
        let x_range = self.range_with_names(ui, &lens);
        let shown = self.plot(ui, &lens).show(ui, |plot| {
            plot.set_plot_bounds_x(x_range.0..=x_range.1);
            plot.set_plot_bounds_y(y_range.0..=y_range.1);
            self.draw(plot, &lens, &traces, y_range);
        });
        let name = self.name();
        shown
            .response
            .widget_info(|| WidgetInfo::labeled(Role::Figure, true, format!("{name} curves")));
        self.drag_ui(ui, &shown.transform);
        self.x_name_ui(ui, &lens, &shown.transform);
        self.marks_ui(ui, &lens, &shown.transform);
        self.names_ui(ui, &traces, &shown.transform);
        self.cursor_ui(ui, &lens, &shown.transform, &shown.response, curves);
        let mut outcome = self.outcome(&shown.response, &lens, &shown.transform);
        outcome.scale = Some(Scale::new(&lens, &shown.transform));
        outcome.run = self.nearest(&traces, &shown.transform, &shown.response);
        outcome
    }

    pub(super) fn name(&self) -> &'static str {
        match self.metric {
            YAxis::Loss => "Loss",
            YAxis::Accuracy => "Accuracy",
        }
    }

    /// How this plot views the runs.
    pub fn lens(&self, ui: &Ui) -> Lens {
        let width = ui.available_width() - Y_AXIS_WIDTH;
        Lens {
            metric: self.metric,
            x_axis: self.settings.x_axis,
            is_x_log: self.settings.is_x_log,
            is_y_log: self.metric == YAxis::Loss
                && self.settings.is_loss_log
                && self.baseline_name.is_none(),
            is_difference: self.baseline_name.is_some(),
            smoothing_steps: self.settings.smoothing_steps.round(),
            x_range: self.x_range,
            n_columns: (width * ui.pixels_per_point()).max(1.0) as usize,
        }
    }

    fn plot<'p>(&self, ui: &Ui, lens: &Lens) -> Plot<'p> {
        let t = tokens(ui);
        let lens = *lens;
        let font = TextStyle::Monospace.resolve(ui.style());
        let x_axis = AxisHints::new_x()
            .formatter(move |mark, _| axes::x_label(&lens, mark))
            .tick_label_color(t.quiet)
            .tick_label_font(font.clone());
        let y_axis = AxisHints::new_y()
            .formatter(move |mark, _| axes::y_label(&lens, mark))
            .label_spacing(15.0..=16.0)
            .min_thickness(Y_AXIS_WIDTH)
            .tick_label_color(t.quiet)
            .tick_label_font(font);
        let mut plot = Plot::new(self.name())
            .height(self.height - TITLE_HEIGHT)
            .show_background(false)
            .show_grid([false, true])
            .show_axes([self.is_last, true])
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
            .sense(egui::Sense::click_and_drag())
            .custom_x_axes(vec![x_axis])
            .custom_y_axes(vec![y_axis]);
        if lens.is_x_log {
            plot = plot.x_grid_spacer(log_marks);
        }
        if lens.is_y_log {
            plot.y_grid_spacer(log_marks)
        } else {
            let n_marks = (self.height / 40.0).max(2.0);
            plot.y_grid_spacer(move |input| linear_marks(input, f64::from(n_marks)))
        }
    }

    pub(super) fn has_diverged(&self, idx: usize) -> bool {
        self.runs[idx].state.diverged_at().is_some()
    }

    pub(super) fn has_names(&self) -> bool {
        (2..=MAX_NAMES).contains(&self.visible.len())
    }

    /// The visible range, extended by the space for the names of the runs.
    pub(super) fn range_with_names(&self, ui: &Ui, lens: &Lens) -> (f64, f64) {
        let (low, high) = lens.x_range;
        let width = f64::from((ui.available_width() - Y_AXIS_WIDTH).max(200.0));
        let room = if self.has_names() || self.visible.iter().any(|&idx| self.has_diverged(idx)) {
            f64::from(NAMES_WIDTH)
        } else {
            10.0
        };
        (low, high + (high - low) * room / (width - room))
    }

    fn draw<'p>(
        &self,
        plot: &mut PlotUi<'p>,
        lens: &Lens,
        traces: &[(usize, &'p Trace)],
        y_range: (f64, f64),
    ) {
        let t = theme::Tokens::of(plot.ctx().theme());
        for (idx, mark) in self.marks().iter().enumerate() {
            if let Some(x) = self.mark_x(lens, mark) {
                let line = VLine::new(format!("mark {idx}"), x)
                    .color(t.quiet)
                    .width(1.0);
                plot.vline(line.style(LineStyle::dashed_dense()).allow_hover(false));
            }
        }
        if lens.is_difference {
            let line = HLine::new("baseline", 0.0).color(t.quiet).width(1.0);
            plot.hline(line.allow_hover(false));
        }
        if !lens.is_difference {
            self.draw_batches(plot, traces, t);
        }
        for band in self.bands {
            self.draw_band(plot, band, t);
        }
        for &(idx, trace) in traces {
            if self.band_of(idx).is_some() {
                let (width, strength) = match self.is_hovered(idx) {
                    true => (2.5, 1.0),
                    false => (1.0, 0.35),
                };
                let color = self.run_ink(t, idx).gamma_multiply(strength);
                draw_lines(plot, &format!("{idx} smooth"), &trace.smooth, width, color);
                continue;
            }
            self.draw_run(plot, lens, (idx, trace), y_range, t);
        }
        if let Some(x) = self.shown_x(lens) {
            let line = VLine::new("shown", x).color(t.accent).width(1.5);
            plot.vline(line.allow_hover(false));
        }
        if let Some(x) = self.hovered {
            let line = VLine::new("cursor", x).color(t.quiet).width(1.0);
            plot.vline(line.allow_hover(false));
        }
    }

    /// The moment that the timeline shows, unless that is now.
    pub(super) fn shown_x(&self, lens: &Lens) -> Option<f64> {
        let x = lens
            .x_axis
            .of_step_number(self.timeline_run?, self.shown_step?)?;
        Some(lens.x(x))
    }

    /// Shows the part that the pointer marks to zoom into.
    fn drag_ui(&self, ui: &Ui, transform: &PlotTransform) {
        let Some(Drag::Zoom { from, to }) = self.drag else {
            return;
        };
        let [from, to] = [from, to].map(|x| transform.position_from_point_x(x));
        let frame = *transform.frame();
        let part = Rect::from_x_y_ranges(from.min(to)..=from.max(to), frame.y_range());
        let painter = ui.painter().with_clip_rect(frame);
        painter.rect_filled(part, 0.0, tokens(ui).accent.gamma_multiply(0.2));
    }

    pub(super) fn newest(&self) -> Option<&RunState> {
        self.visible.last().map(|&idx| &self.runs[idx].state)
    }
}
