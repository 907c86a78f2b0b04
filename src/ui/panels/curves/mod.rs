//! Loss and accuracy curves of all visible runs.

mod axes;
mod bands;
mod baseline;
mod group;
mod key;
mod lens;
mod notes;
mod options;
mod plot;
mod pointer;
mod privacy;
mod range;
mod run_lines;
pub(super) mod scale;
mod trace;

use egui::{Align, Checkbox, Layout, Slider, Ui};

use super::PanelContext;
use crate::runs::RunState;
use crate::studio::{Run, Studio};
use crate::ui::command::{Command, RunCommand, ViewCommand};
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Number, Weight, combo_of_width, labeled_button, slim_slider};
use bands::Bands;
use baseline::{Baseline, BaselineKey};
use lens::{Lens, XAxis, YAxis, same_part, whole_range};
use plot::{MetricPlot, Outcome};
use pointer::Drag;
use scale::Scale;
use trace::RunCurve;

/// The state of the curves.
#[derive(Default)]
pub struct CurvesPanel {
    /// Loss and accuracy curves of each run, by run index.
    curves: Vec<[RunCurve; 2]>,
    /// The visible range of the axis, in plot coordinates; `None` for all.
    zoom: Option<(f64, f64)>,
    /// The axis that the zoom refers to.
    zoomed: Option<(XAxis, bool)>,
    /// The pointer's position on the axis.
    hovered: Option<f64>,
    /// What the pointer drags.
    drag: Option<Drag>,
    /// The horizontal scale of the plots, as they were last drawn.
    scale: Option<Scale>,
    /// The baseline's curves.
    baseline: Option<Baseline>,
    /// Groups of runs, for loss and accuracy.
    bands: [Bands; 2],
}

impl CurvesPanel {
    /// The horizontal scale of the plots in this frame, or none if they were not drawn.
    pub fn take_scale(&mut self) -> Option<Scale> {
        self.scale.take()
    }

    /// Resets the zoom.
    pub fn show_whole(&mut self) {
        self.zoom = None;
    }

    /// Shows the curves in a height of `height` points.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, height: f32) {
        controls_ui(ui, cx);
        let [height, strip] = heights(ui, cx, height);
        let visible: Vec<usize> = visible(cx.studio).map(|(idx, _)| idx).collect();
        self.curves
            .resize_with(cx.studio.runs().len(), Default::default);
        let x_range = self.x_range(cx);
        let hovered = self.hovered.take();
        let drag = self.drag.take();
        let baseline = options::baseline(cx.studio);
        let mut hovered_run = None;
        for (idx, metric) in YAxis::ALL.into_iter().enumerate() {
            let mut plot = MetricPlot {
                metric,
                runs: cx.studio.runs(),
                visible: &visible,
                settings: cx.settings,
                x_range,
                height: height / 2.0 - ui.spacing().item_spacing.y,
                is_last: idx == 1,
                shown_step: cx.studio.shown_step(),
                timeline_run: cx.studio.timeline_run(),
                drag,
                hovered,
                hover: cx.hover,
                baseline: None,
                baseline_name: baseline.map(|run| run.state.name.as_str()),
                bands: &[],
            };
            let lens = plot.lens(ui);
            follow_baseline(&mut self.baseline, baseline, &lens);
            plot.baseline = self.baseline.as_ref();
            plot.trace(&lens, &mut self.curves);
            plot.bands = self.bands[idx].follow(
                plot.runs,
                &visible,
                &self.curves,
                &lens,
                &cx.settings.grouping(cx.studio.runs_version()),
                plot.baseline,
            );
            let outcome = plot.ui(ui, lens, &self.curves);
            if plot.is_last && strip > 0.0 {
                plot.height = strip;
                plot.privacy_ui(ui, &lens);
            }
            hovered_run = hovered_run.or(outcome.run);
            self.hovered = self.hovered.or(outcome.hovered);
            self.drag = self.drag.or(outcome.drag);
            self.scale = outcome.scale;
            self.move_to(cx, &outcome);
        }
        if let Some(idx) = hovered_run {
            cx.hover.set(&cx.studio.runs()[idx].id);
        }
        self.follow_pointer(ui, hovered);
    }

    /// Moves the timeline and the zoom to where the pointer dragged them in a plot.
    fn move_to(&mut self, cx: &mut PanelContext<'_>, outcome: &Outcome) {
        if let (Some(x), Some(scale)) = (outcome.timeline, &self.scale)
            && let Some(action) = scale::show_nearest(cx.studio, scale, x)
        {
            cx.act(action);
        }
        if let Some(zoom) = outcome.zoom {
            self.set_zoom(cx, zoom);
        }
    }

    /// Draws again if the pointer has moved: both plots show its position.
    fn follow_pointer(&self, ui: &Ui, before: Option<f64>) {
        if self.hovered != before {
            ui.request_repaint();
        }
    }

    fn x_range(&mut self, cx: &PanelContext<'_>) -> (f64, f64) {
        let axis = (cx.settings.x_axis, cx.settings.is_x_log);
        if let (Some(before), Some(zoom)) = (self.zoomed, self.zoom)
            && before != axis
        {
            // Keep the same part of training, as far as it can be converted with the newest run.
            let run = visible(cx.studio).map(|(_, run)| run).last();
            self.zoom = run.map(|run| same_part(run, zoom, before, axis));
        }
        self.zoomed = Some(axis);
        let runs = visible(cx.studio).map(|(_, run)| run);
        self.zoom
            .unwrap_or_else(|| whole_range(runs, axis.0, axis.1))
    }

    /// Zooms to a range, or resets the zoom if the range is invalid.
    fn set_zoom(&mut self, cx: &PanelContext<'_>, zoom: Option<(f64, f64)>) {
        let runs = visible(cx.studio).map(|(_, run)| run);
        let (low, high) = whole_range(runs, cx.settings.x_axis, cx.settings.is_x_log);
        self.zoom = zoom.and_then(|(from, to)| {
            let width = (to - from).clamp((high - low) * 1e-4, high - low);
            let from = from.clamp(low, high - width);
            (width < (high - low) * 0.999).then_some((from, from + width))
        });
    }
}

/// Recomputes the baseline where something about it changed.
fn follow_baseline(kept: &mut Option<Baseline>, run: Option<&Run>, lens: &Lens) {
    let key = run.map(|run| BaselineKey::new(run, lens));
    if kept.as_ref().map(|b| &b.key) != key.as_ref() {
        *kept = run.map(|run| Baseline::new(run, lens));
    }
}

/// The heights of both plots together and of the strip of ε below, with the gaps between them taken
/// off.
fn heights(ui: &Ui, cx: &PanelContext<'_>, height: f32) -> [f32; 2] {
    let gap = ui.spacing().item_spacing.y;
    let height = height - ROW_HEIGHT - gap;
    let strip = privacy::height(visible(cx.studio).map(|(_, run)| run), height);
    let gaps = if strip > 0.0 { 2.0 } else { 0.0 } * gap;
    [height - strip - gaps, strip]
}

fn visible(studio: &Studio) -> impl Iterator<Item = (usize, &RunState)> {
    let runs = studio.runs().iter().enumerate();
    runs.filter(|(_, run)| run.is_visible)
        .map(|(idx, run)| (idx, &run.state))
}

/// Shows the options for drawing the curves.
fn controls_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        smoothing_ui(ui, &mut cx.settings.smoothing_steps);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let chosen = cx.settings.x_axis.label();
            let axis = combo_of_width(ui, "Horizontal axis", chosen, 88.0, |ui| {
                for axis in XAxis::ALL {
                    ui.selectable_value(&mut cx.settings.x_axis, axis, axis.label());
                }
            });
            axis.on_hover_text(
                "The horizontal axis of the curves. Seconds exclude pauses and evaluation.",
            );
            options::button_ui(ui, cx);
            toggle_ui(
                ui,
                &mut cx.settings.is_x_log,
                "log x",
                ViewCommand::LogHorizontal.into(),
            );
            toggle_ui(
                ui,
                &mut cx.settings.is_loss_log,
                "log loss",
                ViewCommand::LogLoss.into(),
            );
        });
    });
}

/// Shows the smoothing control. Where the row has no room for a useful slider, the number itself is
/// dragged.
fn smoothing_ui(ui: &mut Ui, n_steps: &mut f64) {
    let about = "Batches that the thick training curve averages over: 1 shows every batch, too many \
                 hide details.";
    let room = ui.available_width() - AXES_WIDTH;
    ui.label(theme::quiet(ui, "smoothing")).on_hover_text(about);
    if room >= 280.0 {
        ui.spacing_mut().slider_width = (room - 180.0).min(140.0);
        let mut shown = *n_steps;
        let slider = Slider::new(&mut shown, 1.0..=1000.0)
            .logarithmic(true)
            .max_decimals(0)
            .show_value(false);
        let slider = slim_slider(ui, "Smoothing", slider).on_hover_text(about);
        if slider.changed() {
            *n_steps = shown;
        }
    }
    let number = Number::count(1.0, 1000.0, " batches").with_width(84.0);
    let entry = number.ui(ui, "Smoothing", *n_steps);
    if let Some(new) = entry.explained(ui, about) {
        *n_steps = new;
    }
}

/// Width of the right half of the row, with the axes' options.
const AXES_WIDTH: f32 = 290.0;

fn toggle_ui(ui: &mut Ui, is_on: &mut bool, text: &str, command: Command) {
    let text = egui::RichText::new(text).small();
    ui.add(Checkbox::new(is_on, text))
        .on_hover_text(command.explanation());
}

/// Shows what to do before the first run.
pub fn empty_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height * 0.38).max(0.0));
        ui.label(egui::RichText::new("Train a network and watch it learn.").heading());
        ui.add_space(4.0);
        let text = "Its loss and accuracy appear here, batch by batch; draw on the right to test it \
                while it learns.";
        ui.label(egui::RichText::new(text).color(tokens(ui).quiet));
        ui.add_space(16.0);
        let command = Command::from(RunCommand::Train);
        let is_possible = command.is_possible(cx.studio);
        let button = labeled_button(ui, None, "Start training", Weight::Plain, 140.0, is_possible);
        if button.on_hover_text(command.tooltip(ui)).clicked() {
            cx.command(command);
        }
        if !cx.studio.errors().is_empty() {
            ui.add_space(8.0);
            let text = "Fix the settings on the left first.";
            ui.label(egui::RichText::new(text).small().color(tokens(ui).bad));
        }
    });
}
