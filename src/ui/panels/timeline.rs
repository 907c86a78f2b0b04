//! The timeline under the curves: the network as it was, for the canvas and the numbers.

use egui::{Align, DragValue, Label, Layout, RichText, Slider, Ui};

use super::Cx;
use crate::runs::RunState;
use crate::studio::Action;
use crate::ui::command::Command;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Weight, labeled_button, slim_slider};

/// Height of the strip.
pub const HEIGHT: f32 = 2.0 * ROW_HEIGHT + 4.0;

/// Updates the shown training loss is averaged over.
const AVERAGED: usize = 50;

/// Whether there is something to move along.
pub fn is_shown(cx: &Cx<'_>) -> bool {
    cx.studio.timeline().states().len() > 1
}

/// Shows the strip.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.spacing_mut().item_spacing.y = 2.0;
    scrubber_ui(ui, cx);
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let hint = "Stop the run first; it can go on later.";
            command_ui(ui, cx, "Branch", Command::Branch, hint);
            let hint = "Pause the run first.";
            command_ui(ui, cx, "Look inside", Command::Inspect, hint);
            memory_ui(ui, cx);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| words_ui(ui, cx));
        });
    });
}

fn scrubber_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let steps: Vec<u64> = cx
        .studio
        .timeline()
        .states()
        .iter()
        .map(|s| s.step())
        .collect();
    let now = steps.len();
    let shown = cx.studio.shown_step();
    let at = shown.and_then(|s| steps.iter().position(|&step| step >= s));
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        ui.label(theme::quiet(ui, "timeline")).on_hover_text(ABOUT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let command = Command::UseTrainedModel;
            let button = labeled_button(ui, None, "Now", Weight::Bare, 0.0, shown.is_some());
            if button
                .on_hover_text("Returns to the newest weights.")
                .clicked()
            {
                cx.command(command);
            }
            ui.spacing_mut().slider_width = (ui.available_width() - 8.0).max(40.0);
            let mut idx = at.unwrap_or(now);
            let slider = Slider::new(&mut idx, 0..=now).show_value(false);
            let response = slim_slider(ui, "Timeline", slider);
            if response.changed() {
                cx.act(Action::ShowStep(steps.get(idx).copied()));
            }
            response.on_hover_text(ABOUT);
        });
    });
}

const ABOUT: &str = "Snapshots of the run, the beginning closer together: the canvas on the right asks the network as it was then. \
                     Alt with the arrow keys moves along.";

/// What is shown, and how good it was.
fn words_ui(ui: &mut Ui, cx: &Cx<'_>) {
    let Some(run) = cx.studio.own_run().map(|run| &run.state) else {
        return;
    };
    let last = run.points.last().map_or(0, |p| p.step);
    let (place, step) = match cx.studio.shown_step() {
        Some(step) => (format!("update {}", format::thousands(step)), step),
        None => ("now".to_owned(), last),
    };
    let ink = match cx.studio.shown_step() {
        Some(_) => tokens(ui).accent,
        None => tokens(ui).text,
    };
    ui.label(RichText::new(place).color(ink));
    ui.add(Label::new(theme::quiet(ui, metrics_at(run, step))).truncate());
}

/// Loss and accuracy at `step`, in words.
fn metrics_at(run: &RunState, step: u64) -> String {
    let end = run.points.partition_point(|p| p.step <= step);
    let recent = &run.points[end.saturating_sub(AVERAGED)..end];
    if recent.is_empty() {
        return "before the first update".to_owned();
    }
    let n = recent.len() as f64;
    let loss = recent.iter().map(|p| p.loss).sum::<f64>() / n;
    let accuracy = recent.iter().map(|p| p.accuracy).sum::<f64>() / n;
    let mut text = format!(
        "training loss {}, accuracy {}",
        format::loss(loss),
        format::percent(accuracy)
    );
    let validation = run.epochs.iter().rev().find(|e| e.step <= step);
    if let Some(v) = validation.and_then(|e| e.validation) {
        text += &format!("; validation {}", format::percent(v.accuracy));
    }
    text
}

/// A button for a command that a live run, or one that does not wait, stands in the way of.
fn command_ui(ui: &mut Ui, cx: &mut Cx<'_>, text: &str, command: Command, hint: &str) {
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

fn memory_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    const MEGABYTE: usize = 1 << 20;
    let timeline = cx.studio.timeline();
    let mut megabytes = timeline.budget() / MEGABYTE;
    let about = format!(
        "Memory the snapshots may take, now: they take {}. With too little few are left to look at, too much is missing elsewhere.",
        format::bytes(timeline.n_bytes() as u64)
    );
    let field = DragValue::new(&mut megabytes)
        .range(16..=8192)
        .suffix(" MB");
    let response = ui.add(field).accessible_name("Timeline memory");
    if response.changed() {
        cx.act(Action::SetTimelineBudget(megabytes * MEGABYTE));
    }
    response.on_hover_text(&about);
    ui.label(theme::quiet(ui, "memory")).on_hover_text(about);
}
