//! The plots of a sweep: results over each setting, the best value so far, and the curve of every
//! trial with its pruning threshold.

use egui::{Color32, Role, TextStyle, Ui, Vec2b, WidgetInfo, vec2};
use egui_plot::{AxisHints, Line, LineStyle, MarkerShape, Plot, PlotPoints, PlotUi, Points};

use super::across::Across;
use crate::picture::{plain, round_to};
use crate::runs::Metric;
use crate::studio::ShownSweep;
use crate::sweep::{Axis, Trial, TrialStatus};
use crate::text;
use crate::ui::column_names::setting_label;
use crate::ui::panels::grid_marks::linear_marks;
use crate::ui::theme::{self, Tokens, tokens};

const HEIGHT: f32 = 196.0;

/// Below this width, the plots are stacked.
const SIDE_BY_SIDE: f32 = 560.0;

/// Width of the labels of the vertical axis, so that the plots align.
const Y_AXIS_WIDTH: f32 = 56.0;

/// Draws what is in a plot.
type Draw<'a> = Box<dyn FnOnce(&mut PlotUi<'_>, &'static Tokens) + 'a>;

/// A plot: what it is called, and how its values lie on its axes.
struct Picture<'a> {
    title: String,
    about: &'static str,
    across: Across,
    metric: Metric,
    draw: Draw<'a>,
}

/// Shows all plots, once there is data.
pub fn ui(ui: &mut Ui, shown: &ShownSweep) {
    if shown.state.trials.values().all(|t| t.reports.is_empty()) {
        return;
    }
    let axes = &shown.plan.definition.search;
    let mut pictures: Vec<Picture<'_>> = axes.iter().map(|axis| of_setting(shown, axis)).collect();
    pictures.push(best_so_far(shown));
    pictures.push(trials(shown));
    let width = ui.available_width();
    let n_columns = if width < SIDE_BY_SIDE { 1 } else { 2 };
    let width = (width - 12.0 * (n_columns - 1) as f32) / n_columns as f32;
    let mut pictures = pictures.into_iter().peekable();
    while pictures.peek().is_some() {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            for picture in pictures.by_ref().take(n_columns) {
                picture.ui(ui, width);
            }
        });
    }
}

/// The result of every trial over one of its settings.
fn of_setting<'a>(shown: &'a ShownSweep, axis: &'a Axis) -> Picture<'a> {
    let metric = shown.plan.definition.metric;
    let across = Across::of(axis);
    let places = across.clone();
    Picture {
        title: format!("{} by {}", metric.label(), setting_label(&axis.key)),
        about: "One dot per trial: its value of this setting, and its result. The best one is \
                bright, pruned ones are marked with a cross.",
        across,
        metric,
        draw: Box::new(move |plot, t| {
            for trial in shown.state.trials.values() {
                let last = trial.reports.last().map(|(_, value)| *value);
                let place = trial.point.get(&axis.key).and_then(|v| places.place(v));
                if let (Some(x), Some(y)) = (place, trial.value().or(last)) {
                    let name = format!("trial {} of {}", trial.number, axis.key);
                    let is_pruned = matches!(trial.status, TrialStatus::Pruned { .. });
                    let shape = match is_pruned {
                        true => MarkerShape::Cross,
                        false => MarkerShape::Circle,
                    };
                    let dot = Points::new(name, vec![[x, y]]).shape(shape).radius(4.0);
                    plot.points(dot.color(ink(shown, trial, t)));
                }
            }
        }),
    }
}

/// The best value of all trials so far, over the duration of the sweep.
fn best_so_far(shown: &ShownSweep) -> Picture<'_> {
    Picture {
        title: "Best so far over time (s)".to_owned(),
        about: "The best value of all trials so far, over the duration of the sweep in seconds.",
        across: Across::FromZero,
        metric: shown.plan.definition.metric,
        draw: Box::new(move |plot, t| {
            let best = shown.state.best_so_far(shown.plan.definition.direction);
            // Each step is a separate line: a line with constant x would be drawn as a band.
            for (idx, &(secs, value)) in best.iter().enumerate() {
                let next = best.get(idx + 1);
                let until = next.map_or(shown.state.secs, |&(secs, _)| secs);
                let level = vec![[secs, value], [until, value]];
                let rise = next.map(|&(_, better)| vec![[until, value], [until, better]]);
                for (part, points) in [Some(level), rise].into_iter().flatten().enumerate() {
                    let line = Line::new(format!("best {idx} {part}"), PlotPoints::from(points));
                    plot.line(line.color(t.accent).width(1.5));
                }
            }
            let ends: Vec<[f64; 2]> = best.iter().map(|&(secs, value)| [secs, value]).collect();
            let dots = Points::new("improvements", PlotPoints::from(ends));
            plot.points(dots.color(t.accent).radius(3.0));
        }),
    }
}

/// The curve of every trial.
fn trials(shown: &ShownSweep) -> Picture<'_> {
    let metric = shown.plan.definition.metric;
    Picture {
        title: format!("{} over epochs", metric.label()),
        about: "One line per trial; the best one is bright. A dashed line is the threshold that a \
                pruned trial missed.",
        across: Across::FromZero,
        metric,
        draw: Box::new(move |plot, t| {
            for trial in shown.state.trials.values() {
                curve(plot, trial, ink(shown, trial, t));
            }
        }),
    }
}

/// The color of a trial.
fn ink(shown: &ShownSweep, trial: &Trial, t: &Tokens) -> Color32 {
    let best = shown.state.best(shown.plan.definition.direction);
    match &trial.status {
        _ if best.is_some_and(|(best, _)| best.number == trial.number) => t.accent,
        TrialStatus::Running if shown.is_live() => t.text,
        TrialStatus::Pruned { .. } => t.warning,
        TrialStatus::Failed { .. } => t.bad,
        _ => t.quiet,
    }
}

fn curve(plot: &mut PlotUi<'_>, trial: &Trial, color: Color32) {
    let name = format!("trial {}", trial.number);
    let reports = trial.reports.iter();
    let points: Vec<[f64; 2]> = reports.map(|&(epoch, v)| [epoch as f64, v]).collect();
    if let [only] = points[..] {
        let dot = Points::new(format!("{name} dot"), vec![only]);
        plot.points(dot.color(color).radius(2.0));
    }
    let line = Line::new(&name, PlotPoints::from(points));
    plot.line(line.color(color).width(1.5));
    if let TrialStatus::Pruned { verdict, .. } = &trial.status {
        threshold(plot, &name, color, verdict);
    }
}

/// Draws where a trial was pruned, and the threshold there.
fn threshold(plot: &mut PlotUi<'_>, name: &str, color: Color32, verdict: &crate::sweep::Verdict) {
    let at = verdict.epoch as f64;
    let needed = vec![[at - 0.4, verdict.threshold], [at + 0.4, verdict.threshold]];
    let line = Line::new(format!("{name} needed"), PlotPoints::from(needed));
    plot.line(
        line.color(color)
            .width(1.5)
            .style(LineStyle::dashed_dense()),
    );
    let missing = vec![[at, verdict.value], [at, verdict.threshold]];
    let line = Line::new(format!("{name} missed"), PlotPoints::from(missing));
    plot.line(line.color(color.gamma_multiply(0.4)).width(1.0));
    let end = Points::new(format!("{name} end"), vec![[at, verdict.value]]);
    plot.points(end.color(color).shape(MarkerShape::Cross).radius(4.0));
}

impl Picture<'_> {
    fn ui(self, ui: &mut Ui, width: f32) {
        let t = tokens(ui);
        let font = TextStyle::Monospace.resolve(ui.style());
        let (across, spacing, metric) = (self.across.clone(), self.across.clone(), self.metric);
        let x_axis = AxisHints::new_x()
            .formatter(move |mark, _| across.label(mark))
            .tick_label_color(t.quiet)
            .tick_label_font(font.clone());
        let y_axis = AxisHints::new_y()
            .formatter(move |mark, _| y_label(metric, mark.value, mark.step_size))
            .label_spacing(15.0..=16.0)
            .min_thickness(Y_AXIS_WIDTH)
            .tick_label_color(t.quiet)
            .tick_label_font(font);
        ui.allocate_ui(vec2(width, HEIGHT), |ui| {
            ui.vertical(|ui| {
                ui.label(theme::quiet(ui, &self.title))
                    .on_hover_text(self.about);
                let mut plot = Plot::new(format!("sweep {}", self.title))
                    .width(width)
                    .height(HEIGHT - 22.0)
                    .show_background(false)
                    .show_grid([false, true])
                    .grid_color(t.hairline)
                    .allow_drag(false)
                    .allow_zoom(false)
                    .allow_scroll(false)
                    .allow_boxed_zoom(false)
                    .allow_double_click_reset(false)
                    .auto_bounds(Vec2b::TRUE)
                    .label_formatter(|_| None)
                    .y_grid_spacer(|input| linear_marks(input, 4.0))
                    .x_grid_spacer(move |input| spacing.marks(input))
                    .custom_x_axes(vec![x_axis])
                    .custom_y_axes(vec![y_axis]);
                if matches!(self.across, Across::FromZero) {
                    plot = plot.include_x(0.0);
                }
                let response = plot.show(ui, |plot| (self.draw)(plot, t)).response;
                response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &self.title));
            });
        });
    }
}

/// The label at a mark of the vertical axis.
fn y_label(metric: Metric, value: f64, step: f64) -> String {
    match metric.is_share() {
        // Marks outside of 0 to 100 % would be meaningless.
        true if !(-1e-9..=1.0 + 1e-9).contains(&value) => String::new(),
        true => format!("{} %", plain(100.0 * value, 100.0 * step)),
        false => text::setting(round_to(value, 4)),
    }
}
