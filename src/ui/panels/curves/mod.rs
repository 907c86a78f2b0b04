//! The middle of the window: loss and accuracy of all visible runs.

mod axes;
mod bands;
mod baseline;
mod group;
mod key;
mod lens;
mod notes;
mod options;
mod plot;
mod range;
mod trace;

use egui::{Align, Checkbox, Layout, Slider, Ui};

use super::PanelContext;
use crate::runs::{RunState, Status};
use crate::studio::{Run, Studio};
use crate::ui::command::Command;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Number, Weight, combo_of_width, labeled_button, slim_slider};
use bands::Bands;
use baseline::{Baseline, BaselineKey};
use lens::{Lens, Metric, XAxis, same_part, whole_range};
use plot::MetricPlot;
use trace::RunCurve;

/// The curves.
#[derive(Default)]
pub struct CurvesPanel {
    /// Loss and accuracy of each run, by the run's index.
    curves: Vec<[RunCurve; 2]>,
    /// The part of the axis that is looked at, in the plot's own coordinates; `None` for all.
    zoom: Option<(f64, f64)>,
    /// What the zoom is in.
    zoomed: Option<(XAxis, bool)>,
    /// Where the pointer is on the axis.
    hovered: Option<f64>,
    /// What the curves are held against.
    baseline: Option<Baseline>,
    /// Groups of runs, for loss and accuracy.
    bands: [Bands; 2],
}

impl CurvesPanel {
    /// Shows all of the axis again.
    pub fn show_whole(&mut self) {
        self.zoom = None;
    }

    /// Shows the curves in `height` points.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, height: f32) {
        controls_ui(ui, cx);
        let height = height - ROW_HEIGHT - ui.spacing().item_spacing.y;
        let visible: Vec<usize> = visible(cx.studio).map(|(idx, _)| idx).collect();
        self.curves
            .resize_with(cx.studio.runs().len(), Default::default);
        let x_range = self.x_range(cx);
        let hovered = self.hovered.take();
        let baseline = options::baseline(cx.studio);
        let mut hovered_run = None;
        for (idx, metric) in Metric::ALL.into_iter().enumerate() {
            let mut plot = MetricPlot {
                metric,
                runs: cx.studio.runs(),
                visible: &visible,
                settings: cx.settings,
                x_range,
                height: height / 2.0 - ui.spacing().item_spacing.y,
                is_last: idx == 1,
                shown_step: cx.studio.shown_step(),
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
            hovered_run = hovered_run.or(outcome.run);
            self.hovered = self.hovered.or(outcome.hovered);
            if let Some(zoom) = outcome.zoom {
                self.set_zoom(cx, zoom);
            }
        }
        if let Some(idx) = hovered_run {
            cx.hover.set(&cx.studio.runs()[idx].id);
        }
        if self.hovered != hovered {
            // The other plot shows the place too.
            ui.request_repaint();
        }
    }

    fn x_range(&mut self, cx: &PanelContext<'_>) -> (f64, f64) {
        let axis = (cx.settings.x_axis, cx.settings.is_x_log);
        if let (Some(before), Some(zoom)) = (self.zoomed, self.zoom)
            && before != axis
        {
            // The same part of training, as far as the newest run tells where that is.
            let run = visible(cx.studio).map(|(_, run)| run).last();
            self.zoom = run.map(|run| same_part(run, zoom, before, axis));
        }
        self.zoomed = Some(axis);
        let runs = visible(cx.studio).map(|(_, run)| run);
        self.zoom
            .unwrap_or_else(|| whole_range(runs, axis.0, axis.1))
    }

    /// Looks at a part of the axis, or at all of it where the part is no part.
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

/// Makes the baseline anew where something about it changed.
fn follow_baseline(kept: &mut Option<Baseline>, run: Option<&Run>, lens: &Lens) {
    let key = run.map(|run| BaselineKey::new(run, lens));
    if kept.as_ref().map(|b| &b.key) != key.as_ref() {
        *kept = run.map(|run| Baseline::new(run, lens));
    }
}

fn visible(studio: &Studio) -> impl Iterator<Item = (usize, &RunState)> {
    let runs = studio.runs().iter().enumerate();
    runs.filter(|(_, run)| run.is_visible)
        .map(|(idx, run)| (idx, &run.state))
}

/// How the curves are drawn.
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
                "What the curves are drawn against. Seconds leave out pauses and evaluation.",
            );
            options::button_ui(ui, cx);
            toggle_ui(
                ui,
                &mut cx.settings.is_x_log,
                "log x",
                Command::LogHorizontal,
            );
            toggle_ui(
                ui,
                &mut cx.settings.is_loss_log,
                "log loss",
                Command::LogLoss,
            );
        });
    });
}

/// How much the curves are smoothed. Where the row has no room for a slider worth the name, the
/// number itself is dragged.
fn smoothing_ui(ui: &mut Ui, n_steps: &mut f64) {
    let about = "Batches that the thick training curve is averaged over: 1 shows every batch, too many hide what \
                 happens.";
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

/// What the other half of the row, about the axes, takes.
const AXES_WIDTH: f32 = 290.0;

fn toggle_ui(ui: &mut Ui, is_on: &mut bool, text: &str, command: Command) {
    let text = egui::RichText::new(text).small();
    ui.add(Checkbox::new(is_on, text))
        .on_hover_text(command.explanation());
}

/// Before the first run: what to do.
pub fn empty_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height * 0.38).max(0.0));
        ui.label(egui::RichText::new("Train a network and watch it learn.").heading());
        ui.add_space(4.0);
        let text = "Its loss and accuracy appear here, batch by batch; draw on the right to ask it while it learns.";
        ui.label(egui::RichText::new(text).color(tokens(ui).quiet));
        ui.add_space(16.0);
        let command = Command::Train;
        let is_possible = command.is_possible(cx.studio);
        let button = labeled_button(ui, None, "Start training", Weight::Plain, 140.0, is_possible);
        if button.on_hover_text(command.tooltip(ui)).clicked() {
            cx.command(command);
        }
        if !cx.studio.errors().is_empty() {
            ui.add_space(8.0);
            let text = "The settings on the left have to be mended first.";
            ui.label(egui::RichText::new(text).small().color(tokens(ui).bad));
        }
    });
}

/// How a run stands, in a word.
pub fn status_word(status: &Status) -> &'static str {
    use crate::train::Finish;
    match status {
        Status::Starting => "starting",
        Status::Running => "training",
        Status::Paused => "paused",
        Status::Interrupted => "interrupted",
        Status::Finished(Finish::Completed) => "done",
        Status::Finished(Finish::EarlyStopped) => "ended early",
        Status::Finished(Finish::Stopped) => "stopped",
        Status::Finished(Finish::Diverged { .. }) => "diverged",
        Status::Finished(Finish::Failed { .. }) => "failed",
    }
}
