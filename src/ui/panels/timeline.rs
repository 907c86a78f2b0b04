//! The timeline below the curves: earlier weights of a run, for the canvas and the metrics.

use egui::{Align, Label, Layout, Rect, RichText, Sense, Ui, pos2, vec2};

use super::PanelContext;
use super::curves::scale::{Scale, stops};
use crate::runs::RunState;
use crate::studio::TimelineAction;
use crate::ui::command::{CanvasCommand, Command, RunCommand, TimelineCommand};
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Number, Track, Weight, labeled_button};
use crate::{stats, text};

/// Height of the timeline.
pub const HEIGHT: f32 = 2.0 * ROW_HEIGHT + 4.0;

/// Width of the name left of the track, where no plot is above it.
const LABEL_WIDTH: f32 = 56.0;

/// Minimum width to show loss and accuracy in full.
const WORDS_WIDTH: f32 = 260.0;

/// Number of updates that the training loss shown is averaged over.
const AVERAGED: usize = 50;

/// Returns whether there is more than one state to show.
pub fn is_shown(cx: &PanelContext<'_>) -> bool {
    cx.studio.timeline().states().len() > 1 || cx.studio.earlier_run().is_some()
}

/// Draws the timeline, on the horizontal `scale` of the plots.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>, scale: Option<&Scale>) {
    ui.spacing_mut().item_spacing.y = 2.0;
    track_ui(ui, cx, scale);
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            back_ui(ui, cx);
            let hint = "Stop the run first; it can be resumed later.";
            command_ui(ui, cx, "Branch", TimelineCommand::Branch.into(), hint);
            let hint = "Pause the run first.";
            command_ui(ui, cx, "Inspect", RunCommand::Inspect.into(), hint);
            memory_ui(ui, cx);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| text_ui(ui, cx));
        });
    });
}

/// Draws the snapshots on the scale of the plots above, if these are shown.
fn track_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, scale: Option<&Scale>) {
    let (row, label) =
        ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::hover());
    let name = theme::quiet(ui, "timeline");
    let edges = match scale {
        Some(scale) => scale.edges(),
        None => (row.min.x + LABEL_WIDTH, row.max.x - 8.0),
    };
    let left = Rect::from_min_max(row.min, pos2(edges.0 - 4.0, row.max.y));
    ui.put(left, Label::new(name).halign(Align::LEFT))
        .on_hover_text(ABOUT);
    label.on_hover_text(ABOUT);
    let stops = stops(cx.studio, scale, edges);
    let shown = cx.studio.shown_step();
    let is_shown = |step: Option<u64>| match (step, shown) {
        (Some(step), Some(shown)) => step >= shown,
        (step, shown) => step == shown,
    };
    let places: Vec<f32> = stops.iter().map(|stop| stop.x).collect();
    let last = stops.len().saturating_sub(1);
    let track = Track {
        name: "Timeline",
        value: stops.iter().position(|s| is_shown(s.step)).unwrap_or(last),
        stops: &places,
    };
    let rail = Rect::from_x_y_ranges(edges.0..=edges.1, row.y_range());
    let (response, chosen) = track.ui(ui, rail);
    if let Some(stop) = chosen.and_then(|idx| stops.get(idx)) {
        cx.act(TimelineAction::ShowStep(stop.step));
    }
    response.on_hover_text(ABOUT);
}

/// Draws the button that leaves the snapshot, or the timeline of an earlier run.
fn back_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    if cx.studio.earlier_run().is_some() {
        let button = labeled_button(ui, None, "Close", Weight::Bare, 0.0, true)
            .accessible_name("Close the timeline");
        let about = "Returns to the timeline of the newest run.";
        if button.on_hover_text(about).clicked() {
            cx.act(TimelineAction::Close);
        }
        return;
    }
    let is_earlier = cx.studio.shown_step().is_some();
    let button = labeled_button(ui, None, "Now", Weight::Bare, 0.0, is_earlier);
    let about = "Returns to the current weights.";
    if button.on_hover_text(about).clicked() {
        cx.command(CanvasCommand::UseTrainedModel);
    }
}

const ABOUT: &str = "Snapshots of the run, denser at the beginning. The drawing is classified by \
                     the network of that moment. Alt and the arrow keys step through them.";

/// Draws which state is shown, and its metrics.
fn text_ui(ui: &mut Ui, cx: &PanelContext<'_>) {
    let Some(run) = cx.studio.timeline_run() else {
        return;
    };
    if cx.studio.earlier_run().is_some() {
        ui.add(Label::new(RichText::new(&run.name).strong()).truncate());
    }
    let last = run.points.last().map_or(0, |p| p.step);
    let (place, step) = match cx.studio.shown_step() {
        Some(step) => (format!("update {}", text::thousands(step)), step),
        None => ("now".to_owned(), last),
    };
    let ink = match cx.studio.shown_step() {
        Some(_) => tokens(ui).accent,
        None => tokens(ui).text,
    };
    ui.label(RichText::new(place).color(ink));
    let is_narrow = ui.available_width() < WORDS_WIDTH;
    let text = theme::quiet(ui, metrics_at(run, step, is_narrow));
    ui.add(Label::new(text).truncate());
}

/// Formats loss and accuracy at `step`, abbreviated if `is_narrow`.
fn metrics_at(run: &RunState, step: u64, is_narrow: bool) -> String {
    let own = &run.points[..run.points.partition_point(|p| p.step <= step)];
    if own.is_empty() && run.parent.is_some() {
        return "before the branch".to_owned();
    }
    let end = own.len();
    let recent = &own[end.saturating_sub(AVERAGED)..end];
    if recent.is_empty() {
        return "before the first update".to_owned();
    }
    let loss = stats::mean(recent.iter().map(|p| p.loss));
    let accuracy = stats::mean(recent.iter().map(|p| p.accuracy));
    if is_narrow {
        return format!("loss {}, {}", text::loss(loss), text::percent(accuracy));
    }
    let mut text = format!(
        "training loss {}, accuracy {}",
        text::loss(loss),
        text::percent(accuracy)
    );
    let validation = run.curve_epochs().rev().find(|e| e.step <= step);
    if let Some(v) = validation.and_then(|e| e.validation) {
        text += &format!("; validation {}", text::percent(v.accuracy));
    }
    text
}

/// Draws a button for a command; while it is unavailable, its tooltip ends with `hint`.
fn command_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, text: &str, command: Command, hint: &str) {
    let is_possible = command.is_possible(cx.studio);
    let button = labeled_button(ui, None, text, Weight::Bare, 0.0, is_possible);
    let about = command.tooltip(ui);
    let about = if is_possible {
        about
    } else {
        format!("{about} {hint}")
    };
    if button.on_hover_text(about).clicked() {
        cx.command(command);
    }
}

fn memory_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    const MEGABYTE: usize = 1 << 20;
    let megabytes = cx.studio.state_memory() / MEGABYTE;
    let about = format!(
        "Memory limit of all snapshots of this session (this run's use {}) and of the states to \
         roll back to: too low and few are kept, too high and memory runs short elsewhere.",
        text::bytes(cx.studio.timeline().n_bytes() as u64)
    );
    let number = Number::count(16.0, 8192.0, " MB").with_width(72.0);
    let entry = number.ui(ui, "Memory of snapshots", megabytes as f64);
    if let Some(new) = entry.explained(ui, &about) {
        cx.act(TimelineAction::SetStateMemory(new as usize * MEGABYTE));
    }
    // In a narrow window, the metrics matter more.
    if ui.available_width() > WORDS_WIDTH {
        ui.label(theme::quiet(ui, "memory")).on_hover_text(about);
    }
}
