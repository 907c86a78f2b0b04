//! The trials of a sweep with their results, best first.

use egui::{Align, Label, Layout, RichText, Ui, vec2};

use crate::runs::RunId;
use crate::studio::{DraftAction, FileAction, LibraryAction, ShownSweep, SweepAction};
use crate::sweep::{LeaderboardEntry, Trial, TrialStatus, describe_with};
use crate::text;
use crate::ui::column_names::setting_label;
use crate::ui::panels::PanelContext;
use crate::ui::place::Place;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Weight, labeled_button};

/// Maximum number of settings listed with mean and standard deviation.
const MAX_PLACES: usize = 5;

/// Shows the leaderboard, and every trial.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>, shown: &ShownSweep) {
    let definition = &shown.plan.definition;
    best_ui(ui, cx, shown);
    if definition.seeds_per_setting > 1 {
        ui.label(theme::section(ui, "Best settings"));
        let places = shown.state.leaderboard(definition);
        for (idx, place) in places.iter().take(MAX_PLACES).enumerate() {
            place_ui(ui, shown, idx, place);
        }
    }
    ui.label(theme::section(ui, "Trials, best first"));
    if shown.state.trials.is_empty() {
        ui.label(theme::quiet(ui, "The first trial is starting."));
    }
    for trial in best_first(shown) {
        trial_ui(ui, cx, shown, trial);
    }
}

/// Shows the best trial, and where it leads: to its settings, its curves and its model.
fn best_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, shown: &ShownSweep) {
    let definition = &shown.plan.definition;
    let Some((trial, value)) = shown.state.best(definition.direction) else {
        return;
    };
    let result = definition.metric.format_exact(value);
    let settings = describe_with(&trial.point, setting_label);
    ui.label(theme::section(ui, "Best trial"));
    let text = format!("Trial {}: {result} with {settings}", trial.number);
    ui.add(Label::new(text).wrap());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = UNIT;
        let config = shown.plan.config(&trial.point, trial.repeat).ok();
        let mut button = |text: &str, about: &str, is_enabled: bool| {
            let button = labeled_button(ui, None, text, Weight::Plain, 0.0, is_enabled);
            button.on_hover_text(about).clicked()
        };
        let about = "Copies the settings of this trial to the panel on the left.";
        if button("Use these settings", about, config.is_some())
            && let Some(config) = config
        {
            cx.act(DraftAction::Set(Box::new(config)));
        }
        let id = RunId::new(&trial.run);
        let is_there = cx.studio.run(&id).is_some();
        if button("Show curves", "Shows its curves in Train.", is_there) {
            cx.act(LibraryAction::ShowRun(id.clone(), true));
            cx.settings.place = Place::Train;
        }
        let about = "Opens its model, which then classifies the drawing.";
        let model = cx.studio.model_file(&id).filter(|_| is_there);
        if button("Use model", about, model.is_some())
            && let Some(path) = model
        {
            cx.act(FileAction::OpenModel(path));
        }
    });
}

fn best_first(shown: &ShownSweep) -> Vec<&Trial> {
    let direction = shown.plan.definition.direction;
    let rank = |trial: &Trial| match trial.status {
        TrialStatus::Completed { .. } => 0,
        TrialStatus::Running | TrialStatus::Interrupted | TrialStatus::Waiting => 1,
        TrialStatus::Pruned { .. } => 2,
        TrialStatus::Failed { .. } => 3,
    };
    let cost = |trial: &Trial| trial.value().map_or(0.0, |value| direction.cost(value));
    let mut trials: Vec<&Trial> = shown.state.trials.values().collect();
    trials.sort_by(|a, b| rank(a).cmp(&rank(b)).then(cost(a).total_cmp(&cost(b))));
    trials
}

fn place_ui(ui: &mut Ui, shown: &ShownSweep, idx: usize, place: &LeaderboardEntry) {
    let metric = shown.plan.definition.metric;
    let spread = place
        .deviation
        .map(|d| format!(" ± {}", metric.format_exact(d)));
    let value = format!(
        "{}{}",
        metric.format_exact(place.mean),
        spread.unwrap_or_default()
    );
    let about = format!(
        "Mean and standard deviation of {} over {}.",
        metric.label(),
        text::count(place.trials.len(), "seed")
    );
    row_ui(
        ui,
        &format!("{}.", idx + 1),
        &describe_with(&place.point, setting_label),
        |ui| {
            ui.label(theme::number(value)).on_hover_text(about);
        },
    );
}

/// Width of the button at the end of a row.
const BUTTON_WIDTH: f32 = 56.0;

/// Below this width, rows have two lines.
pub(super) const NARROW: f32 = 560.0;

/// Width of the column of numbers.
const NUMBER_WIDTH: f32 = 28.0;

/// Shows a row: a number, the trial's values, and its result on the right.
fn row_ui(ui: &mut Ui, number: &str, what: &str, result_ui: impl FnOnce(&mut Ui)) {
    let is_narrow = ui.available_width() < NARROW;
    // Two lines of small text, so that no value is cut off.
    let (height, label) = match is_narrow {
        true => (36.0, Label::new(RichText::new(what).small()).wrap()),
        false => (ROW_HEIGHT, Label::new(what).truncate()),
    };
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        let text = theme::number(number).color(tokens(ui).quiet);
        ui.add_sized(vec2(NUMBER_WIDTH, ROW_HEIGHT), Label::new(text));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 2.0 * UNIT;
            result_ui(ui);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(label).on_hover_text(what);
            });
        });
    });
}

fn trial_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, shown: &ShownSweep, trial: &Trial) {
    let metric = shown.plan.definition.metric;
    let t = tokens(ui);
    let (word, ink) = match &trial.status {
        TrialStatus::Waiting => ("waiting", t.quiet),
        TrialStatus::Running if shown.is_live() => ("training", t.accent),
        TrialStatus::Running | TrialStatus::Interrupted => ("interrupted", t.warning),
        TrialStatus::Completed { .. } => ("completed", t.good),
        TrialStatus::Pruned { .. } => ("pruned", t.warning),
        TrialStatus::Failed { .. } => ("failed", t.bad),
    };
    let last = trial
        .value()
        .or(trial.reports.last().map(|(_, value)| *value));
    row_ui(
        ui,
        &trial.number.to_string(),
        &describe_with(&trial.point, setting_label),
        |ui| {
            if trial.is_over() {
                let again = labeled_button(ui, None, "Rerun", Weight::Bare, BUTTON_WIDTH, true)
                    .accessible_name(format!("Rerun trial {}", trial.number));
                let about = "Reruns this trial from the beginning; its old run is kept.";
                if again.on_hover_text(about).clicked() {
                    cx.act(SweepAction::Retry(trial.number));
                }
            } else {
                ui.add_space(BUTTON_WIDTH + 2.0 * UNIT);
            }
            ui.add_sized(
                vec2(76.0, ROW_HEIGHT),
                Label::new(RichText::new(word).color(ink)),
            );
            if let Some(value) = last {
                ui.label(theme::number(metric.format_exact(value)))
                    .on_hover_text(metric.label());
            }
        },
    );
    if let Some(reason) = trial.reason() {
        ui.horizontal(|ui| {
            ui.add_space(NUMBER_WIDTH + 2.0 * UNIT);
            let verb = match trial.status {
                TrialStatus::Pruned { .. } => "pruned because ",
                _ => "",
            };
            let text = theme::quiet(ui, format!("{verb}{reason}"));
            ui.add(Label::new(text).wrap());
        });
    }
}
