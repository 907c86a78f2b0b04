//! The list of runs below the curves, newest first, to choose which curves are shown.

mod columns;
pub mod menu;
pub mod notes;
pub mod rename;

use egui::{Align, Key, Label, Layout, Popup, Rect, RichText, ScrollArea, Sense, Ui, vec2};

use super::{PanelContext, run_marks};
use crate::runs::{RunId, UnreadableRun};
use crate::studio::{DraftAction, Run, RunAction, TimelineAction, continue_word};
use crate::ui::hover::Hover;
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Icon, Weight, icon_button, labeled_button};
use columns::Column;
use menu::RunEdits;
use rename::Rename;

/// Height of a row.
const ROW: f32 = 28.0;

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

/// The list, with what is edited in it.
#[derive(Default)]
pub struct RunsPanel {
    edits: RunEdits,
}

impl RunsPanel {
    /// Draws the list, newest run first.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let width = ui.available_width();
        let taken = EYE_WIDTH + NAME_WIDTH + CONTINUE_WIDTH + button_width(width) + 8.0;
        let columns = columns::fitting(width - taken, cx.studio.runs());
        header_ui(ui, &columns);
        let n = cx.studio.runs().len();
        let unreadable = cx.studio.unreadable_runs();
        ScrollArea::vertical().auto_shrink(false).show_rows(
            ui,
            ROW,
            n + unreadable.len(),
            |ui, rows| {
                for row in rows {
                    match row.checked_sub(n) {
                        None => self.row_ui(ui, cx, n - 1 - row, &columns),
                        Some(idx) => unreadable_ui(ui, &unreadable[idx]),
                    }
                }
            },
        );
        self.edits.ui(ui, cx);
    }

    fn row_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        idx: usize,
        columns: &[&'static Column],
    ) {
        let run = &cx.studio.runs()[idx];
        let size = vec2(ui.available_width(), ROW);
        let rect = Rect::from_min_size(ui.cursor().min, size);
        hover_ui(ui, cx.hover, &run.id, rect);
        // The keyboard focus goes to the name in the row.
        let row = ui.interact(rect, ui.scope_id().with(("row", &run.id)), Sense::CLICK);
        self.menu_ui(cx, run, &row);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let name = format!("Copy the settings of {}", run.state.name);
            if copy_ui(ui, &name, button_width(size.x)).clicked() {
                cx.act(DraftAction::UseSettings(run.id.clone()));
            }
            continue_ui(ui, cx, run);
            for column in columns.iter().rev() {
                column.cell_ui(ui, run);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                run_marks::eye_ui(ui, cx, run);
                timeline_button_ui(ui, cx, run);
                run_marks::dot_ui(ui, run, 14.0);
                self.name_ui(ui, cx, run);
            });
        });
    }

    /// Draws the name, or the field in which it is edited.
    fn name_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, run: &Run) {
        if rename::in_place_ui(&mut self.edits.rename, ui, cx, run) {
            return;
        }
        let name = Label::new(RichText::new(&run.state.name)).truncate();
        let response = ui.add(name.selectable(false).sense(Sense::click()));
        self.menu_ui(cx, run, &response);
        let is_free = ui.memory(|memory| memory.focused().is_none());
        let is_hovered = is_free && cx.hover.is_at(&run.id);
        if rename::is_requested(ui, &response) || is_hovered && ui.input(|i| i.key_pressed(Key::F2))
        {
            self.edits.rename = Some(Rename::new(run));
        }
        response.on_hover_text(format!(
            "{}: double-click to rename, right-click for more.",
            run.state.name
        ));
    }

    fn menu_ui(&mut self, cx: &mut PanelContext<'_>, run: &Run, response: &egui::Response) {
        Popup::context_menu(response).show(|ui| menu::ui(ui, cx, &[run], &mut self.edits));
    }
}

/// Draws the row of a run that cannot be read: its id, and why.
fn unreadable_ui(ui: &mut Ui, run: &UnreadableRun) {
    let size = vec2(ui.available_width(), ROW);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        let text = format!("{} cannot be read: {}", run.id, run.reason);
        let label = Label::new(RichText::new(&text).color(tokens(ui).bad)).truncate();
        ui.add(label).on_hover_text(text);
    });
}

/// Returns the width of the button at the end of a row of `width`.
fn button_width(width: f32) -> f32 {
    if width > 800.0 {
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
            column.heading_ui(ui);
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.label(theme::section(ui, "Runs"));
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
            Popup::menu(&button).show(|ui| menu::more_epochs_ui(ui, cx, run));
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
