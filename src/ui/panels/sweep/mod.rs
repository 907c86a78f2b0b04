//! Sweep: many runs over ranges of settings.

mod across;
mod axis;
mod board;
mod define;
mod plot;

use egui::{Align, Layout, RichText, ScrollArea, Ui};

use super::PanelContext;
use crate::studio::{ShownSweep, SweepAction, SweepPhase};
use crate::sweep::SweepEnd;
use crate::text;
use crate::ui::command::{Command, SweepCommand};
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Icon, Weight, labeled_button, section};

/// The state of Sweep.
#[derive(Default)]
pub struct SweepPanel {
    form: define::Form,
}

impl SweepPanel {
    /// Shows the current sweep, and the form for another one.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = UNIT;
            match cx.studio.sweeps().shown() {
                None => {
                    first_ui(ui);
                    self.form.ui(ui, cx);
                }
                Some(shown) => {
                    shown_ui(ui, cx, shown);
                    let about =
                        "Defines another sweep: which settings to vary, how, and for how long.";
                    section(ui, "New sweep", about, "", |ui| self.form.ui(ui, cx));
                }
            }
            kept_ui(ui, cx);
        });
    }
}

fn first_ui(ui: &mut Ui) {
    ui.label(RichText::new("No sweep yet.").heading());
    let text = "A sweep trains many variants of the settings on the left to find the best.";
    ui.label(RichText::new(text).color(tokens(ui).quiet));
    ui.add_space(UNIT);
}

fn shown_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, shown: &ShownSweep) {
    bar_ui(ui, cx, shown);
    if let SweepPhase::Failed(message) = &shown.phase {
        crate::ui::widgets::error_ui(ui, message);
    }
    plot::ui(ui, shown);
    board::ui(ui, cx, shown);
    ui.add_space(UNIT);
}

/// Shows the name, the progress and the buttons.
fn bar_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, shown: &ShownSweep) {
    let is_narrow = ui.available_width() < board::NARROW;
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        ui.label(RichText::new(&shown.plan.definition.name).family(theme::semibold()));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = UNIT;
            buttons_ui(ui, cx, shown);
            if !is_narrow {
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    progress_ui(ui, shown);
                });
            }
        });
    });
    if is_narrow {
        progress_ui(ui, shown);
    }
}

fn progress_ui(ui: &mut Ui, shown: &ShownSweep) {
    let text = theme::quiet(ui, progress(shown));
    ui.add(egui::Label::new(text).truncate());
}

fn buttons_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, shown: &ShownSweep) {
    let compare = labeled_button(ui, None, "Compare runs", Weight::Bare, 0.0, true);
    let command = Command::from(SweepCommand::Compare);
    if compare.on_hover_text(command.explanation()).clicked() {
        cx.command(command);
    }
    let mut button = |icon: Icon, text: &str, about: &str, action: SweepAction| {
        let response = labeled_button(ui, Some(icon), text, Weight::Plain, 0.0, true);
        if response.on_hover_text(about).clicked() {
            cx.act(action);
        }
    };
    let stop = "Stops the sweep after the current batches; it can be resumed later.";
    match shown.phase {
        SweepPhase::Running => {
            button(Icon::Stop, "Stop sweep", stop, SweepAction::Stop);
            let about = "Pauses all trials after their current batch; nothing is lost.";
            button(Icon::Pause, "Pause sweep", about, SweepAction::Pause);
        }
        SweepPhase::Paused => {
            button(Icon::Stop, "Stop sweep", stop, SweepAction::Stop);
            button(
                Icon::Play,
                "Resume sweep",
                "Resumes all trials.",
                SweepAction::Resume,
            );
        }
        _ if shown.can_resume() => {
            let about = "Resumes this sweep: finished trials are kept, interrupted ones continue.";
            button(Icon::Play, "Resume sweep", about, SweepAction::Continue);
        }
        _ => {}
    }
}

/// Describes the progress of the sweep.
fn progress(shown: &ShownSweep) -> String {
    let n_trials = shown.plan.n_trials();
    let of = n_trials.map_or_else(String::new, |n| format!(" of {n}"));
    let done = format!("{}{of} trials", shown.state.n_over());
    let left = || {
        let left = shown.state.secs_left(&shown.plan.definition, n_trials);
        left.map_or_else(String::new, |secs| {
            format!(" · about {} left", text::duration(secs))
        })
    };
    match &shown.phase {
        SweepPhase::Running => format!("{done}{}", left()),
        SweepPhase::Paused => format!("{done} · paused"),
        SweepPhase::Ended(SweepEnd::Completed) => format!("{done} · completed"),
        SweepPhase::Ended(SweepEnd::Exhausted) => format!("{done} · every setting tried"),
        SweepPhase::Ended(SweepEnd::OutOfTime) => format!("{done} · time limit reached"),
        SweepPhase::Ended(SweepEnd::Stopped) => format!("{done} · stopped"),
        SweepPhase::Failed(_) => format!("{done} · failed"),
        SweepPhase::Kept => done,
    }
}

/// Shows the sweeps of earlier sessions.
fn kept_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let names: Vec<String> = cx.studio.sweeps().kept().map(str::to_owned).collect();
    if names.is_empty() {
        return;
    }
    ui.label(theme::section(ui, "Earlier sweeps"));
    ui.horizontal_wrapped(|ui| {
        for name in names {
            let is_free = !cx.studio.sweeps().is_live();
            let button = labeled_button(ui, None, &name, Weight::Plain, 0.0, is_free)
                .accessible_name(format!("Show sweep {name}"));
            let about = "Shows this sweep, to inspect or resume it.";
            if button.on_hover_text(about).clicked() {
                cx.act(SweepAction::Show(name));
            }
        }
    });
}
