//! The timeline below the curves: earlier weights of a run, for the canvas and the metrics.

use egui::{Align, Label, Layout, RichText, Slider, Ui};

use super::PanelContext;
use crate::runs::RunState;
use crate::studio::TimelineAction;
use crate::ui::command::{CanvasCommand, Command, RunCommand, TimelineCommand};
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Number, Weight, labeled_button, slim_slider};
use crate::{stats, text};

/// Height of the timeline.
pub const HEIGHT: f32 = 2.0 * ROW_HEIGHT + 4.0;

/// Minimum width to show loss and accuracy in full.
const WORDS_WIDTH: f32 = 260.0;

/// Number of updates that the training loss shown is averaged over.
const AVERAGED: usize = 50;

/// Returns whether there is more than one state to show.
pub fn is_shown(cx: &PanelContext<'_>) -> bool {
    cx.studio.timeline().states().len() > 1 || cx.studio.earlier_run().is_some()
}

/// Draws the timeline.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.spacing_mut().item_spacing.y = 2.0;
    scrubber_ui(ui, cx);
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let hint = "Stop the run first; it can be resumed later.";
            command_ui(ui, cx, "Branch", TimelineCommand::Branch.into(), hint);
            let hint = "Pause the run first.";
            command_ui(ui, cx, "Inspect", RunCommand::Inspect.into(), hint);
            memory_ui(ui, cx);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| text_ui(ui, cx));
        });
    });
}

fn scrubber_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let steps: Vec<u64> = cx
        .studio
        .timeline()
        .states()
        .iter()
        .map(|s| s.step())
        .collect();
    let is_earlier = cx.studio.earlier_run().is_some();
    // In the newest run, the current weights come after the last snapshot.
    let now = steps.len() - usize::from(is_earlier && !steps.is_empty());
    let shown = cx.studio.shown_step();
    let at = shown.and_then(|s| steps.iter().position(|&step| step >= s));
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        ui.label(theme::quiet(ui, "timeline")).on_hover_text(ABOUT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if is_earlier {
                let button = labeled_button(ui, None, "Close", Weight::Bare, 0.0, true)
                    .accessible_name("Close the timeline");
                let about = "Returns to the timeline of the newest run.";
                if button.on_hover_text(about).clicked() {
                    cx.act(TimelineAction::Close);
                }
            } else {
                let button = labeled_button(ui, None, "Now", Weight::Bare, 0.0, shown.is_some());
                let about = "Returns to the current weights.";
                if button.on_hover_text(about).clicked() {
                    cx.command(CanvasCommand::UseTrainedModel);
                }
            }
            ui.spacing_mut().slider_width = (ui.available_width() - 8.0).max(40.0);
            let mut idx = at.unwrap_or(now);
            let slider = Slider::new(&mut idx, 0..=now).show_value(false);
            let response = slim_slider(ui, "Timeline", slider);
            if response.changed() {
                cx.act(TimelineAction::ShowStep(steps.get(idx).copied()));
            }
            response.on_hover_text(ABOUT);
        });
    });
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
    let timeline = cx.studio.timeline();
    let megabytes = timeline.budget() / MEGABYTE;
    let about = format!(
        "Memory limit of the snapshots, which now use {}: too low and few snapshots are kept, too \
         high and memory runs short elsewhere.",
        text::bytes(timeline.n_bytes() as u64)
    );
    let number = Number::count(16.0, 8192.0, " MB").with_width(72.0);
    let entry = number.ui(ui, "Timeline memory", megabytes as f64);
    if let Some(new) = entry.explained(ui, &about) {
        cx.act(TimelineAction::SetBudget(new as usize * MEGABYTE));
    }
    // In a narrow window, the metrics matter more.
    if ui.available_width() > WORDS_WIDTH {
        ui.label(theme::quiet(ui, "memory")).on_hover_text(about);
    }
}
