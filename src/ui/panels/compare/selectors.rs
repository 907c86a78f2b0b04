//! Selectors and labels shared by the views.

use egui::{Response, ScrollArea, Ui};

use crate::runs::RunId;
use crate::runs::table::Column;
use crate::studio::LibraryAction;
use crate::ui::column_names;
use crate::ui::panels::PanelContext;
use crate::ui::place::Place;
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::{Weight, combo_of_width, labeled_button};

/// Shows a selector for one of `choices`; returns `true` if the choice changed.
pub(super) fn one<T: Clone + PartialEq>(
    ui: &mut Ui,
    name: &str,
    about: &str,
    chosen: &mut T,
    choices: impl IntoIterator<Item = (T, String)>,
) -> bool {
    let before = chosen.clone();
    let choices: Vec<(T, String)> = choices.into_iter().collect();
    let label = choices.iter().find(|(choice, _)| choice == chosen);
    let label = label.map_or_else(|| "–".to_owned(), |(_, label)| label.clone());
    let width = (ui.available_width() - 8.0).clamp(80.0, 168.0);
    let response = combo_of_width(ui, name, &label, width, |ui| {
        for (choice, label) in choices {
            ui.selectable_value(chosen, choice, label);
        }
    });
    response.on_hover_text(about);
    *chosen != before
}

/// Shows a selector for one of `n` options, of which there may be thousands: only visible ones are
/// labeled. Returns the new choice.
pub(super) fn of_many(
    ui: &mut Ui,
    name: &str,
    about: &str,
    chosen: usize,
    n: usize,
    label: impl Fn(usize) -> String,
) -> Option<usize> {
    let mut selected = None;
    let width = (ui.available_width() - 8.0).clamp(80.0, 168.0);
    let response = combo_of_width(ui, name, &label(chosen), width, |ui| {
        let height = ui.spacing().interact_size.y;
        let list = ScrollArea::vertical().max_height(440.0);
        list.show_rows(ui, height, n, |ui, shown| {
            for idx in shown {
                if ui.selectable_label(idx == chosen, label(idx)).clicked() {
                    selected = Some(idx);
                    ui.close();
                }
            }
        });
    });
    response.on_hover_text(about);
    selected
}

/// The columns with their labels.
pub(super) fn columns(columns: &[Column]) -> Vec<(Option<Column>, String)> {
    let labeled = |column: &Column| (Some(column.clone()), column_names::label(column));
    columns.iter().map(labeled).collect()
}

/// A part of a row of selectors: a label and its selector.
pub(super) type Part<'a> = &'a mut dyn FnMut(&mut Ui);

/// Shows parts side by side or, where they do not fit, below one another.
pub(super) fn line(ui: &mut Ui, parts: &mut [Part<'_>]) {
    if ui.available_width() < 300.0 * parts.len() as f32 {
        for part in parts {
            ui.horizontal(|ui| {
                ui.set_min_height(ROW_HEIGHT);
                part(ui);
            });
        }
        return;
    }
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        parts.iter_mut().for_each(|part| part(ui));
    });
}

/// Shows a muted label before a selector.
pub(super) fn word(ui: &mut Ui, text: &str) -> Response {
    ui.label(theme::quiet(ui, text))
}

/// Shows a line that explains why the view is empty, and what to do.
pub(super) fn nothing(ui: &mut Ui, text: &str) {
    ui.add_space(24.0);
    ui.vertical_centered(|ui| ui.label(theme::quiet(ui, text)));
}

/// Shows why the view is empty, and a button that selects the two newest runs.
pub(super) fn nothing_selected(ui: &mut Ui, cx: &mut PanelContext<'_>, text: &str) {
    let mut newest: Vec<RunId> = cx
        .studio
        .filtered_runs()
        .map(|run| run.id.clone())
        .collect();
    let newest = newest.split_off(newest.len().saturating_sub(2));
    let about = "Selects the two runs that were started last.";
    if way_on(ui, text, "Compare the two newest", about, newest.len() == 2) {
        cx.act(LibraryAction::Select(newest));
    }
}

/// Shows that the runs do not differ, and a button that leads to a sweep.
pub(super) fn nothing_differs(ui: &mut Ui, cx: &mut PanelContext<'_>, text: &str) {
    let about = "Opens Sweep, which trains runs with different settings.";
    if way_on(ui, text, "Vary settings in a sweep", about, true) {
        cx.settings.place = Place::Sweep;
    }
}

/// Shows why the view is empty, and a button that fills it; returns whether it was clicked.
pub(super) fn way_on(ui: &mut Ui, text: &str, button: &str, about: &str, is_enabled: bool) -> bool {
    nothing(ui, text);
    ui.add_space(theme::UNIT);
    ui.vertical_centered(|ui| labeled_button(ui, None, button, Weight::Plain, 168.0, is_enabled))
        .inner
        .on_hover_text(about)
        .clicked()
}
