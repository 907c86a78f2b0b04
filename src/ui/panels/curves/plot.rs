//! One plot: a metric of all visible runs against one axis.

use egui::{
    Align2, Color32, FontId, Pos2, Rect, Role, Stroke, TextStyle, Ui, Vec2b, WidgetInfo, pos2, vec2,
};
use egui_plot::{
    AxisHints, Line, LineStyle, MarkerShape, Plot, PlotPoint, PlotPoints, PlotTransform, PlotUi,
    Points, VLine,
};

use super::axes;
use super::trace::{Lens, Metric, RunCurve, Trace};
use crate::runs::{ChangePoint, RunState};
use crate::studio::Run;
use crate::ui::format;
use crate::ui::settings::Settings;
use crate::ui::theme::{self, tokens};

/// A plot about to be shown.
pub struct MetricPlot<'a> {
    /// What is measured.
    pub metric: Metric,
    /// All runs.
    pub runs: &'a [Run],
    /// Indices of those to draw, at least one.
    pub visible: &'a [usize],
    /// How to draw them.
    pub settings: &'a Settings,
    /// The part of the axis that is seen.
    pub x_range: (f64, f64),
    /// Height, title included.
    pub height: f32,
    /// Whether it is the lowest one, which has the marks of the horizontal axis.
    pub is_last: bool,
    /// Where the pointer is on the axis, in this plot or another.
    pub hovered: Option<f64>,
}

/// What the pointer did to a plot.
#[derive(Default)]
pub struct Outcome {
    /// Where it is on the axis.
    pub hovered: Option<f64>,
    /// A new part of the axis to look at; `Some(None)` for all of it.
    pub zoom: Option<Option<(f64, f64)>>,
}

/// Height of the title.
const TITLE_HEIGHT: f32 = 22.0;

/// Room for the marks of the vertical axis, the same in both plots so that they align.
const Y_AXIS_WIDTH: f32 = 52.0;

/// Room right of the curves for the names of the runs.
const NAMES_WIDTH: f32 = 92.0;

/// How strongly single batches show behind their average.
const GHOST: f32 = 0.16;

/// More names than this do not fit beside the curves; the table names them all.
const MAX_NAMES: usize = 6;

impl MetricPlot<'_> {
    /// Shows the plot.
    pub fn ui(&self, ui: &mut Ui, curves: &mut [[RunCurve; 2]]) -> Outcome {
        let lens = self.lens(ui);
        for &idx in self.visible {
            self.curve(curves, idx).trace(&self.runs[idx].state, &lens);
        }
        let curves = &*curves;
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
            self.draw(plot, &lens, &traces, y_range.0);
        });
        let name = self.name();
        shown
            .response
            .widget_info(|| WidgetInfo::labeled(Role::Figure, true, format!("{name} curves")));
        self.x_name_ui(ui, &lens, &shown.transform);
        self.changes_ui(ui, &lens, &shown.transform);
        self.names_ui(ui, &traces, &shown.transform);
        self.cursor_ui(ui, &lens, &shown.transform, &shown.response, curves);
        self.outcome(&shown.response, &shown.transform)
    }

    fn name(&self) -> &'static str {
        match self.metric {
            Metric::Loss => "Loss",
            Metric::Accuracy => "Accuracy",
        }
    }

    fn curve<'c>(&self, curves: &'c mut [[RunCurve; 2]], idx: usize) -> &'c mut RunCurve {
        &mut curves[idx][self.metric as usize]
    }

    fn lens(&self, ui: &Ui) -> Lens {
        let width = ui.available_width() - Y_AXIS_WIDTH;
        Lens {
            metric: self.metric,
            x_axis: self.settings.x_axis,
            is_x_log: self.settings.is_x_log,
            is_y_log: self.metric == Metric::Loss && self.settings.is_loss_log,
            smoothing_steps: self.settings.smoothing_steps.round(),
            x_range: self.x_range,
            n_columns: (width * ui.pixels_per_point()).max(1.0) as usize,
        }
    }

    /// Title, unit, and where the newest visible run stands.
    fn title_ui(&self, ui: &mut Ui, lens: &Lens, curves: &[[RunCurve; 2]]) {
        let (rect, _) = ui.allocate_exact_size(
            vec2(ui.available_width(), TITLE_HEIGHT),
            egui::Sense::hover(),
        );
        let t = tokens(ui);
        let painter = ui.painter();
        let small = TextStyle::Small.resolve(ui.style());
        let heading = FontId::new(14.0, theme::semibold());
        let name = painter.text(
            rect.left_center(),
            Align2::LEFT_CENTER,
            self.name(),
            heading,
            t.text,
        );
        let unit = match self.metric {
            Metric::Loss => "cross entropy, nats",
            Metric::Accuracy => "images classified correctly",
        };
        let keys_left = self.keys_ui(ui, rect, lens, curves);
        let unit = painter.layout_no_wrap(unit.to_owned(), small, t.quiet);
        let at = pos2(name.max.x + 8.0, rect.center().y - unit.size().y / 2.0);
        // On a narrow window the numbers matter more.
        if at.x + unit.size().x < keys_left {
            painter.galley(at, unit, t.quiet);
        }
    }

    /// What the lines mean, with the values of the newest visible run; returns where they begin.
    fn keys_ui(&self, ui: &Ui, rect: Rect, lens: &Lens, curves: &[[RunCurve; 2]]) -> f32 {
        let Some(&idx) = self.visible.last() else {
            return rect.max.x;
        };
        let t = tokens(ui);
        let painter = ui.painter();
        let small = TextStyle::Small.resolve(ui.style());
        let run = &self.runs[idx].state;
        let color = t.run_color(idx);
        let validation = run.epochs.last().and_then(|e| self.metric.of_epoch(e));
        let best = run.best_epoch().and_then(|e| self.metric.of_epoch(e));
        let training = curves[idx][self.metric as usize].smooth_at(run, lens, f64::INFINITY);
        let mut right = rect.max.x;
        let number = TextStyle::Monospace.resolve(ui.style());
        for (key, value) in [
            (Key::Best, best),
            (Key::Validation, validation),
            (Key::Training, training),
        ] {
            let Some(value) = value else { continue };
            let at = |x: f32| pos2(x, rect.center().y);
            let value = self.value(value);
            let text = painter.text(
                at(right),
                Align2::RIGHT_CENTER,
                value,
                number.clone(),
                t.text,
            );
            let label = key.label();
            let label = painter.text(
                at(text.min.x - 6.0),
                Align2::RIGHT_CENTER,
                label,
                small.clone(),
                t.quiet,
            );
            right = key.paint(ui, at(label.min.x - 6.0), color) - 14.0;
        }
        right
    }

    fn value(&self, value: f64) -> String {
        match self.metric {
            Metric::Loss => format::loss(value),
            Metric::Accuracy => format::percent(value),
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
            plot = plot.x_grid_spacer(axes::log_marks);
        }
        if lens.is_y_log {
            plot.y_grid_spacer(axes::log_marks)
        } else {
            let n_marks = (self.height / 40.0).max(2.0);
            plot.y_grid_spacer(move |input| axes::linear_marks(input, f64::from(n_marks)))
        }
    }

    fn has_names(&self) -> bool {
        (2..=MAX_NAMES).contains(&self.visible.len())
    }

    /// The axis, longer by the room for the names of the runs.
    fn range_with_names(&self, ui: &Ui, lens: &Lens) -> (f64, f64) {
        let (low, high) = lens.x_range;
        let width = f64::from((ui.available_width() - Y_AXIS_WIDTH).max(200.0));
        let room = if self.has_names() {
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
        y_low: f64,
    ) {
        let t = theme::Tokens::of(plot.ctx().theme());
        let changes = self.changes();
        for (idx, change) in changes.iter().enumerate() {
            if let Some(x) = self.change_x(lens, change) {
                let line = VLine::new(format!("change {idx}"), x)
                    .color(t.quiet)
                    .width(1.0);
                plot.vline(line.style(LineStyle::dashed_dense()).allow_hover(false));
            }
        }
        for &(idx, trace) in traces {
            let color = t.run_color(idx);
            draw_lines(
                plot,
                &format!("{idx} raw"),
                &trace.raw,
                1.0,
                color.gamma_multiply(GHOST),
            );
        }
        for &(idx, trace) in traces {
            draw_run(plot, idx, trace, t.run_color(idx), y_low, t.bad);
            self.draw_best(plot, lens, idx, t.run_color(idx));
        }
        if let Some(x) = self.hovered {
            let line = VLine::new("cursor", x).color(t.quiet).width(1.0);
            plot.vline(line.allow_hover(false));
        }
    }

    /// The best epoch, as a diamond.
    fn draw_best(&self, plot: &mut PlotUi<'_>, lens: &Lens, idx: usize, color: Color32) {
        let Some(best) = self.runs[idx].state.best_epoch() else {
            return;
        };
        let Some(value) = self.metric.of_epoch(best) else {
            return;
        };
        let at = PlotPoint::new(lens.x(lens.x_axis.of_epoch(best)), lens.y(value));
        let diamond = Points::new(format!("{idx} best"), PlotPoints::Owned(vec![at]))
            .shape(MarkerShape::Diamond)
            .radius(6.0)
            .color(color)
            .allow_hover(false);
        plot.points(diamond);
    }

    /// Changes of settings, told of the newest visible run only: more would hide the curves.
    fn changes(&self) -> &[ChangePoint] {
        self.newest().map_or(&[], |run| &run.changes)
    }

    fn newest(&self) -> Option<&RunState> {
        self.visible.last().map(|&idx| &self.runs[idx].state)
    }

    fn change_x(&self, lens: &Lens, change: &ChangePoint) -> Option<f64> {
        let x = lens.x_axis.of_step_number(self.newest()?, change.step)?;
        Some(lens.x(x))
    }

    /// Says what the marks of the horizontal axis count.
    fn x_name_ui(&self, ui: &Ui, lens: &Lens, transform: &PlotTransform) {
        if self.is_last {
            let frame = transform.frame();
            let at = pos2(frame.min.x - 12.0, frame.max.y + 2.0);
            let font = TextStyle::Small.resolve(ui.style());
            ui.painter().text(
                at,
                Align2::RIGHT_TOP,
                lens.x_axis.label(),
                font,
                tokens(ui).quiet,
            );
        }
    }

    /// Writes at each change what it was, in the upper plot; beneath one another where they meet.
    fn changes_ui(&self, ui: &Ui, lens: &Lens, transform: &PlotTransform) {
        if self.is_last {
            return;
        }
        let t = tokens(ui);
        let frame = *transform.frame();
        let painter = ui.painter().with_clip_rect(frame);
        let font = TextStyle::Small.resolve(ui.style());
        let mut taken: Vec<Rect> = Vec::new();
        for change in self.changes() {
            let Some(x) = self.change_x(lens, change) else {
                continue;
            };
            let [old, new] = [change.old, change.new].map(format::setting);
            let text = format!("{} {old} → {new}", change.setting.label());
            let galley = painter.layout_no_wrap(text, font.clone(), t.quiet);
            let x = transform.position_from_point_x(x) + 4.0;
            let left = if x + galley.size().x > frame.max.x {
                x - 8.0 - galley.size().x
            } else {
                x
            };
            let at = |row: usize| {
                let y = frame.min.y + 2.0 + 15.0 * row as f32;
                Rect::from_min_size(pos2(left, y), galley.size())
            };
            let free = (0..4)
                .map(at)
                .find(|rect| !taken.iter().any(|other| other.intersects(rect.expand(2.0))));
            if let Some(rect) = free {
                painter.rect_filled(rect.expand(1.0), 2.0, t.background.gamma_multiply(0.8));
                painter.galley(rect.min, galley, t.quiet);
                taken.push(rect);
            }
        }
    }

    /// The names of the runs at the ends of their curves, kept apart.
    fn names_ui(&self, ui: &Ui, traces: &[(usize, &Trace)], transform: &PlotTransform) {
        if !self.has_names() {
            return;
        }
        let t = tokens(ui);
        let frame = *transform.frame();
        let mut ends: Vec<(f32, f32, usize)> = traces
            .iter()
            .filter_map(|&(idx, trace)| {
                let end = trace.smooth.last()?.last()?;
                let at = transform.position_from_point(end);
                Some((at.y.clamp(frame.min.y + 7.0, frame.max.y - 7.0), at.x, idx))
            })
            .collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let overflow = ends.len() as f32 * 14.0;
        let mut lowest = frame.min.y;
        for (n, (y, x, idx)) in ends.iter().copied().enumerate() {
            let room_below = overflow - 14.0 * n as f32;
            let y = y.max(lowest).min(frame.max.y - room_below + 7.0);
            lowest = y + 14.0;
            let font = TextStyle::Small.resolve(ui.style());
            let painter = ui.painter().with_clip_rect(frame.expand2(vec2(4.0, 8.0)));
            let color = t.run_color(idx);
            let name = painter.layout_no_wrap(self.runs[idx].state.name.clone(), font, color);
            let rect = Align2::LEFT_CENTER.anchor_size(pos2(x + 8.0, y), name.size());
            painter.rect_filled(rect.expand(2.0), 2.0, t.background.gamma_multiply(0.7));
            painter.galley(rect.min, name, color);
        }
    }

    /// The values of all visible runs where the pointer is, the best first.
    fn cursor_ui(
        &self,
        ui: &Ui,
        lens: &Lens,
        transform: &PlotTransform,
        response: &egui::Response,
        curves: &[[RunCurve; 2]],
    ) {
        let Some(pos) = response.hover_pos() else {
            return;
        };
        let x = transform.value_from_position(pos).x;
        let mut rows: Vec<(usize, f64, Option<f64>)> = self
            .visible
            .iter()
            .filter_map(|&idx| {
                let run = &self.runs[idx].state;
                let end = run.points.last().map(|p| lens.x(lens.x_axis.of_step(p)))?;
                let is_beyond = x > end + 0.01 * (self.x_range.1 - self.x_range.0);
                if is_beyond {
                    return None;
                }
                let training = curves[idx][self.metric as usize].smooth_at(run, lens, x)?;
                let epochs = run
                    .epochs
                    .partition_point(|e| lens.x(lens.x_axis.of_epoch(e)) <= x);
                let validation = epochs
                    .checked_sub(1)
                    .and_then(|n| self.metric.of_epoch(&run.epochs[n]));
                Some((idx, training, validation))
            })
            .collect();
        if rows.is_empty() {
            return;
        }
        rows.sort_by(|a, b| a.1.total_cmp(&b.1));
        if self.metric == Metric::Accuracy {
            rows.reverse();
        }
        let title = format!("{} {}", lens.x_axis.label(), x_text(lens, x));
        egui::Tooltip::always_open(
            ui.ctx().clone(),
            ui.layer_id(),
            response.id,
            egui::PopupAnchor::Position(pos + vec2(16.0, 16.0)),
        )
        .gap(0.0)
        .show(|ui| self.readout_ui(ui, &title, &rows));
    }

    fn readout_ui(&self, ui: &mut Ui, title: &str, rows: &[(usize, f64, Option<f64>)]) {
        let t = tokens(ui);
        ui.spacing_mut().interact_size.y = 16.0;
        egui::Grid::new("readout")
            .num_columns(3)
            .spacing(vec2(12.0, 2.0))
            .show(ui, |ui| {
                ui.label(theme::quiet(ui, title));
                ui.label(theme::quiet(ui, "training"));
                ui.label(theme::quiet(ui, "validation"));
                ui.end_row();
                for &(idx, training, validation) in rows {
                    let name = egui::RichText::new(&self.runs[idx].state.name).small();
                    ui.label(name.color(t.run_color(idx)));
                    ui.label(theme::number(self.value(training)));
                    ui.label(theme::number(
                        validation.map_or("–".to_owned(), |v| self.value(v)),
                    ));
                    ui.end_row();
                }
            });
    }

    /// Scrolling looks closer, dragging moves along, a double click shows everything.
    fn outcome(&self, response: &egui::Response, transform: &PlotTransform) -> Outcome {
        let pointer = response
            .hover_pos()
            .map(|pos| transform.value_from_position(pos).x);
        let (low, high) = self.x_range;
        let scroll = response
            .ctx
            .input(|i| i.smooth_scroll_delta().y + 200.0 * (i.zoom_delta() - 1.0));
        let zoom = if response.double_clicked() {
            Some(None)
        } else if response.dragged() {
            let moved = f64::from(response.drag_delta().x) / transform.dpos_dvalue_x();
            (moved != 0.0).then_some(Some((low - moved, high - moved)))
        } else if let (Some(at), true) = (pointer, scroll != 0.0) {
            let factor = f64::from(-scroll / 300.0).exp();
            Some(Some((at - (at - low) * factor, at + (high - at) * factor)))
        } else {
            None
        };
        Outcome {
            hovered: pointer,
            zoom,
        }
    }
}

/// What a line or a mark means.
#[derive(Clone, Copy)]
enum Key {
    Training,
    Validation,
    Best,
}

impl Key {
    fn label(self) -> &'static str {
        match self {
            Key::Training => "training",
            Key::Validation => "validation",
            Key::Best => "best",
        }
    }

    /// Draws the line or mark left of `right`, and returns where it begins.
    fn paint(self, ui: &Ui, right: Pos2, color: Color32) -> f32 {
        let painter = ui.painter();
        let left = right - vec2(18.0, 0.0);
        match self {
            Key::Training => {
                let ghost = Rect::from_two_pos(left - vec2(0.0, 3.0), right + vec2(0.0, 3.0));
                painter.rect_filled(ghost, 1.0, color.gamma_multiply(GHOST));
                painter.line_segment([left, right], Stroke::new(1.5, color));
                left.x
            }
            Key::Validation => {
                painter.line_segment([left, right], Stroke::new(1.5, color));
                painter.circle_filled(left + vec2(9.0, 0.0), 3.5, color);
                left.x
            }
            Key::Best => {
                let centre = right - vec2(5.0, 0.0);
                let corners = [
                    vec2(0.0, -5.0),
                    vec2(5.0, 0.0),
                    vec2(0.0, 5.0),
                    vec2(-5.0, 0.0),
                ];
                let points = corners.map(|d| centre + d).to_vec();
                painter.add(egui::Shape::convex_polygon(points, color, Stroke::NONE));
                centre.x - 5.0
            }
        }
    }
}

fn x_text(lens: &Lens, x: f64) -> String {
    use super::XAxis;
    let value = lens.x_value(x).max(0.0);
    match lens.x_axis {
        XAxis::Step | XAxis::Images => format::thousands(value.round() as u64),
        XAxis::Epoch | XAxis::Time => format!("{value:.2}"),
    }
}

fn draw_lines<'p>(
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

fn draw_run<'p>(
    plot: &mut PlotUi<'p>,
    idx: usize,
    trace: &'p Trace,
    color: Color32,
    y_low: f64,
    bad: Color32,
) {
    draw_lines(
        plot,
        &format!("{idx} smooth"),
        &trace.smooth,
        1.5,
        color.gamma_multiply(0.75),
    );
    let validation = || PlotPoints::Borrowed(&trace.validation);
    let line = Line::new(format!("{idx} validation"), validation());
    plot.line(line.color(color).width(1.5).allow_hover(false));
    let dots = Points::new(format!("{idx} epochs"), validation());
    plot.points(dots.radius(3.5).color(color).allow_hover(false));
    if !trace.breaks.is_empty() {
        let at = trace
            .breaks
            .iter()
            .map(|&x| [x, y_low])
            .collect::<PlotPoints<'_>>();
        let crosses = Points::new(format!("{idx} not a number"), at);
        plot.points(
            crosses
                .shape(MarkerShape::Cross)
                .radius(6.0)
                .color(bad)
                .allow_hover(false),
        );
    }
}

/// The values worth seeing. Single batches may stick out, and so may the first moments of a run:
/// they would press everything that follows into a corner.
fn y_range<'t>(lens: &Lens, traces: impl Iterator<Item = &'t Trace>) -> (f64, f64) {
    let (from, to) = lens.x_range;
    let seen = |p: &&PlotPoint| (from..=to).contains(&p.x);
    let (mut ghosts, mut averages, mut held_out) = (Vec::new(), Vec::new(), Vec::new());
    for trace in traces {
        ghosts.extend(trace.raw.iter().flatten().filter(seen).map(|p| p.y));
        averages.extend(trace.smooth.iter().flatten().filter(seen).map(|p| p.y));
        held_out.extend(trace.validation.iter().filter(seen).map(|p| p.y));
    }
    let (early_low, early_high) = match (lens.metric, lens.is_y_log) {
        (Metric::Loss, true) => (0.0, 1.0),
        (Metric::Loss, false) => (0.0, 0.97),
        (Metric::Accuracy, _) => (0.03, 1.0),
    };
    let mut ends = [quantile(&mut ghosts, 0.1), quantile(&mut ghosts, 0.95)].concat();
    ends.extend(
        [
            quantile(&mut averages, early_low),
            quantile(&mut averages, early_high),
        ]
        .concat(),
    );
    ends.extend(held_out);
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
        (Metric::Accuracy, _) => ((low - margin).max(-0.01), (high + margin).min(1.005)),
        (Metric::Loss, false) => (0.0f64.min(low), high + margin),
        (Metric::Loss, true) => (low - margin, high + margin),
    }
}

/// The value that a share of all values is below; nothing where there are none.
fn quantile(values: &mut [f64], share: f64) -> Vec<f64> {
    let Some(last) = values.len().checked_sub(1) else {
        return Vec::new();
    };
    let (_, value, _) =
        values.select_nth_unstable_by((share * last as f64) as usize, f64::total_cmp);
    vec![*value]
}
