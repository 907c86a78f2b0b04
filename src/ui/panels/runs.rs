//! The list of runs below the curves, newest first, to choose which curves are shown.

use egui::{Align, Label, Layout, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, vec2};

use super::{PanelContext, run_marks};
use crate::runs::{Metric, RunId, Status};
use crate::studio::{DraftAction, Run, RunAction, TimelineAction, continue_word};
use crate::text;
use crate::train::Finish;
use crate::ui::hover::Hover;
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Icon, Weight, icon_button, labeled_button};

/// Height of a row.
const ROW: f32 = 28.0;

/// A column: heading, tooltip, width and content.
struct Column {
    heading: &'static str,
    about: &'static str,
    width: f32,
    text: fn(&Run) -> String,
    /// Columns of higher rank are dropped first when space is short.
    rank: u8,
}

const COLUMNS: &[Column] = &[
    Column {
        heading: "status",
        about: "Whether the run is training or paused, or how it ended.",
        width: 96.0,
        text: |run| run.record.status.label().to_owned(),
        rank: 2,
    },
    Column {
        heading: "optimizer",
        about: "The rule from gradients to updates.",
        width: 66.0,
        text: |run| run.record.config.optimizer.label().to_owned(),
        rank: 7,
    },
    Column {
        heading: "LR",
        about: "Learning rate, with changes made during the run.",
        width: 56.0,
        text: |run| text::setting(run.record.config.learning_rate),
        rank: 3,
    },
    Column {
        heading: "batch",
        about: "Images per update.",
        width: 46.0,
        text: |run| run.record.config.batch_size.to_string(),
        rank: 5,
    },
    Column {
        heading: "epochs",
        about: "Epochs completed, of those planned.",
        width: 52.0,
        text: |run| {
            let done = last(run, Metric::EpochsDone).unwrap_or(0.0);
            format!("{}/{}", done.floor(), run.record.config.epochs)
        },
        rank: 4,
    },
    Column {
        heading: "time",
        about: "Training time, without pauses and evaluation.",
        width: 84.0,
        text: |run| last(run, Metric::TrainSeconds).map_or_else(String::new, text::duration),
        rank: 6,
    },
    Column {
        heading: "best val.",
        about: "Highest validation accuracy after any epoch.",
        width: 66.0,
        text: |run| {
            let best = run
                .record
                .metrics
                .get(&Metric::ValAccuracy)
                .map(|all| all.max);
            best.map_or_else(String::new, text::percent_exact)
        },
        rank: 1,
    },
    Column {
        heading: "test",
        about: "Accuracy on the test images, measured once at the end.",
        width: 62.0,
        text: |run| last(run, Metric::TestAccuracy).map_or_else(String::new, text::percent_exact),
        rank: 0,
    },
];

/// Returns the latest value of a metric.
fn last(run: &Run, metric: Metric) -> Option<f64> {
    run.record.metrics.get(&metric).map(|all| all.last)
}

/// Widths of the marks before the name, the name, and the buttons.
const EYE_WIDTH: f32 = 56.0;
const NAME_WIDTH: f32 = 104.0;
const BUTTON_WIDTH: f32 = 112.0;
const SHORT_BUTTON_WIDTH: f32 = 56.0;
const CONTINUE_WIDTH: f32 = 68.0;

/// Returns the preferred height of the table for `n_runs` runs.
pub fn wanted_height(n_runs: usize) -> f32 {
    22.0 + ROW * n_runs.min(4) as f32 + 6.0
}

/// Draws the table, newest run first.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let columns = fitting_columns(ui.available_width());
    header_ui(ui, &columns);
    let n = cx.studio.runs().len();
    ScrollArea::vertical()
        .auto_shrink(false)
        .show_rows(ui, ROW, n, |ui, rows| {
            for row in rows {
                row_ui(ui, cx, n - 1 - row, &columns);
            }
        });
}

/// Returns the columns that fit into `width`.
fn fitting_columns(width: f32) -> Vec<&'static Column> {
    let mut columns: Vec<&Column> = COLUMNS.iter().collect();
    let room = width - EYE_WIDTH - NAME_WIDTH - CONTINUE_WIDTH - button_width(width) - 8.0;
    while columns.iter().map(|c| c.width).sum::<f32>() > room && columns.len() > 2 {
        let last = columns.iter().map(|c| c.rank).max();
        columns.retain(|c| Some(c.rank) != last);
    }
    columns
}

/// Returns the width of the button at the end of a row of `width`.
fn button_width(width: f32) -> f32 {
    if width > 600.0 {
        BUTTON_WIDTH
    } else {
        SHORT_BUTTON_WIDTH
    }
}

fn header_ui(ui: &mut Ui, columns: &[&Column]) {
    let size = vec2(ui.available_width(), 22.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.add_space(button_width(size.x) + CONTINUE_WIDTH);
        for column in columns.iter().rev() {
            let text = theme::quiet(ui, column.heading);
            cell_ui(ui, column.width, text).on_hover_text(column.about);
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.label(theme::section(ui, "Runs"));
        });
    });
}

/// Draws right-aligned text in a cell.
fn cell_ui(ui: &mut Ui, width: f32, text: RichText) -> egui::Response {
    let (rect, response) =
        ui.allocate_exact_size(vec2(width, ui.available_height()), Sense::hover());
    let builder = UiBuilder::new()
        .max_rect(rect)
        .layout(Layout::right_to_left(Align::Center));
    ui.new_child(builder).add(Label::new(text).extend());
    response
}

fn row_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, idx: usize, columns: &[&Column]) {
    let run = &cx.studio.runs()[idx];
    let size = vec2(ui.available_width(), ROW);
    hover_ui(
        ui,
        cx.hover,
        &run.id,
        Rect::from_min_size(ui.cursor().min, size),
    );
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let name = format!("Copy the settings of {}", run.state.name);
        if copy_ui(ui, &name, button_width(size.x)).clicked() {
            cx.act(DraftAction::UseSettings(run.id.clone()));
        }
        continue_ui(ui, cx, run);
        for column in columns.iter().rev() {
            let text = theme::number((column.text)(run));
            cell_ui(
                ui,
                column.width,
                text.color(ink(ui, column, &run.record.status)),
            );
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            run_marks::eye_ui(ui, cx, run);
            timeline_button_ui(ui, cx, run);
            run_marks::dot_ui(ui, run, 14.0);
            let name = RichText::new(&run.state.name);
            ui.add(Label::new(name).truncate())
                .on_hover_text(&run.state.name);
        });
    });
}

/// Draws the button for the timeline of a run that has ended.
fn timeline_button_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, run: &Run) {
    let is_open = cx.studio.earlier_run() == Some(&run.id);
    let is_possible = is_open || cx.studio.can_open_timeline(&run.id);
    let name = match is_open {
        true => format!("Close the timeline of {}", run.state.name),
        false => format!("Open the timeline of {}", run.state.name),
    };
    let about = match (is_open, is_possible) {
        (true, _) => "Returns to the timeline of the newest run.",
        (_, true) => {
            "Shows the checkpoints of this run below the curves, to try on drawings and to branch \
             from; copies its settings to the panel on the left."
        }
        _ => "The timeline of the newest run is already shown below the curves.",
    };
    let button = icon_button(ui, Icon::Timeline, &name, is_possible);
    if button.on_hover_text(about).clicked() {
        let id = run.id.clone();
        cx.act(if is_open {
            TimelineAction::Close
        } else {
            TimelineAction::Open(id)
        });
    }
}

/// Draws the button that resumes or extends a run that has ended.
fn continue_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, run: &Run) {
    let word = continue_word(&run.state.status).filter(|_| cx.studio.is_kept());
    let is_possible = cx.studio.can_continue(&run.id);
    ui.allocate_ui_with_layout(
        vec2(CONTINUE_WIDTH, ROW),
        Layout::right_to_left(Align::Center),
        |ui| {
            ui.take_available_space();
            let Some(word) = word else { return };
            let button = labeled_button(ui, None, word, Weight::Bare, 0.0, is_possible)
                .accessible_name(format!("{word} {}", run.state.name));
            if word == "Resume" {
                if button
                    .on_hover_text("Resumes exactly where the run ended.")
                    .clicked()
                {
                    cx.act(RunAction::Continue(run.id.clone(), 0));
                }
                return;
            }
            let button =
                button.on_hover_text("Trains for more epochs, from exactly where the run ended.");
            egui::Popup::menu(&button).show(|ui| {
                for n in [1, 5, 20] {
                    let text = text::count(n, "more epoch");
                    if ui.selectable_label(false, text).clicked() {
                        cx.act(RunAction::Continue(run.id.clone(), n));
                    }
                }
            });
        },
    );
}

/// Reports the run under the pointer, and highlights its row, wherever it is hovered.
fn hover_ui(ui: &Ui, hover: &mut Hover, id: &RunId, row: Rect) {
    if ui.rect_contains_pointer(row) {
        hover.set(id);
    }
    if hover.is_at(id) {
        let t = tokens(ui);
        let light = theme::mix(t.background, t.text, 0.05);
        ui.painter()
            .rect_filled(row.expand2(vec2(4.0, 0.0)), 4.0, light);
    }
}

fn copy_ui(ui: &mut Ui, name: &str, width: f32) -> egui::Response {
    let text = if width < BUTTON_WIDTH {
        "Copy"
    } else {
        "Copy settings"
    };
    ui.allocate_ui_with_layout(
        vec2(width, ROW),
        Layout::right_to_left(Align::Center),
        |ui| labeled_button(ui, None, text, Weight::Bare, 0.0, true),
    )
    .inner
    .accessible_name(name.to_owned())
    .on_hover_text("Copies this run's settings to the panel on the left.")
}

/// Returns the color of a cell: by status for the status, strong for results, quiet otherwise.
fn ink(ui: &Ui, column: &Column, status: &Status) -> egui::Color32 {
    let t = tokens(ui);
    match (column.heading, status) {
        ("status", Status::Running | Status::Starting) => t.accent,
        ("status", Status::Paused) => t.warning,
        ("status", Status::Finished(Finish::Completed | Finish::EarlyStopped)) => t.good,
        ("status", Status::Finished(Finish::Diverged { .. } | Finish::Failed { .. })) => t.bad,
        ("best val." | "test", _) => t.text,
        _ => t.quiet,
    }
}
