//! Runs as a table: settings and results side by side, sorted, grouped, and tidied up.

mod cell;
mod grid;
mod keys;
mod layout;
mod menu;
mod notes;
mod trash;

use egui::{ScrollArea, Ui};

use crate::runs::RunId;
use crate::runs::table::{Aggregate, Column, GroupBy, to_csv};
use crate::studio::Run;
use crate::ui::column_names;
use crate::ui::command::Command;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::combo_of_width;
use layout::{Layout, Made};
use notes::NotesDialog;
use trash::TrashDialog;

/// The table, as somebody has arranged it.
#[derive(Default)]
pub(super) struct TablePanel {
    layout: Layout,
    made: Option<Made>,
    /// Where a range of picked runs began.
    anchor: Option<RunId>,
    /// The run whose row is to have the keys.
    focus: Option<RunId>,
    /// The line that is to be in sight.
    scroll_to: Option<usize>,
    notes: Option<NotesDialog>,
    trash: Option<TrashDialog>,
}

impl TablePanel {
    /// Shows the runs that pass the filter.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        self.make(cx);
        self.controls_ui(ui, cx);
        grid::ui(ui, cx, self);
        self.dialogs_ui(ui, cx);
    }

    /// Brings columns and rows up to date with the runs.
    fn make(&mut self, cx: &PanelContext<'_>) {
        let is_fresh = self
            .made
            .as_ref()
            .is_some_and(|made| made.is_of(cx.studio, &self.layout));
        if !is_fresh {
            self.made = Some(Made::new(cx.studio, &self.layout));
        }
    }

    fn controls_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            ui.spacing_mut().item_spacing.x = theme::UNIT;
            self.runs_menu_ui(ui, cx);
            self.columns_menu_ui(ui);
            self.group_ui(ui);
            table_menu_ui(ui, cx, self.made.as_ref(), &mut self.trash);
        });
    }

    /// What can be done with the picked runs.
    fn runs_menu_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let picked: Vec<&Run> = cx.studio.selected_runs().collect();
        let text = match picked.len() {
            0 => "No run picked".to_owned(),
            1 => "1 run picked".to_owned(),
            n => format!("{n} runs picked"),
        };
        ui.add_enabled_ui(!picked.is_empty(), |ui| {
            let button = ui.menu_button(text, |ui| {
                menu::ui(ui, cx, &picked, &mut self.notes);
            });
            button
                .response
                .on_hover_text("What can be done with the picked runs. A click picks a run, with Ctrl one more, with Shift all between; by keys, up and down, Home and End lead to a run and Space picks it.")
                .on_disabled_hover_text("Click on runs to pick them: with Ctrl one more, with Shift all between; by keys, up and down, Home and End lead to a run and Space picks it.");
        });
    }

    /// Which columns are shown.
    fn columns_menu_ui(&mut self, ui: &mut Ui) {
        let Some(made) = &self.made else {
            return;
        };
        let layout = &mut self.layout;
        let button = ui.menu_button("Columns", |ui| {
            ui.set_min_width(220.0);
            if ui
                .button("Choose for me")
                .on_hover_text("Shows results, and the settings that differ between the runs.")
                .clicked()
            {
                layout.by_hand.clear();
            }
            ui.separator();
            ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
                for column in &made.all {
                    let column = layout.aggregated(column);
                    let mut is_shown = made.columns.contains(&column);
                    let name = column_names::full_name(&column);
                    if ui.checkbox(&mut is_shown, name).changed() {
                        layout.by_hand.insert(column.key.clone(), is_shown);
                    }
                }
            });
        });
        button
            .response
            .on_hover_text("Chooses the columns: any setting and any result.");
    }

    /// What rows are grouped by.
    fn group_ui(&mut self, ui: &mut Ui) {
        let Some(made) = &self.made else {
            return;
        };
        let chosen = match &self.layout.group {
            None => "not grouped".to_owned(),
            Some(GroupBy::AllButSeed) => "by all but seed".to_owned(),
            Some(GroupBy::Column(column)) => format!("by {}", column_names::heading(column).0),
        };
        let group = &mut self.layout.group;
        combo_of_width(ui, "Groups", &chosen, 136.0, |ui| {
            ui.selectable_value(group, None, "not grouped");
            let seeds = Some(GroupBy::AllButSeed);
            ui.selectable_value(group, seeds, "by all but seed");
            for column in made.all.iter().filter(|c| c.aggregate.is_none()) {
                let name = format!("by {}", column_names::heading(column).0);
                let by = Some(GroupBy::Column(column.clone()));
                ui.selectable_value(group, by, name);
            }
        })
        .on_hover_text(
            "Puts runs together that share a setting, or all settings but the seed, with mean ± standard deviation of their results.",
        );
    }

    fn dialogs_ui(&mut self, ui: &Ui, cx: &mut PanelContext<'_>) {
        if self.notes.as_mut().is_some_and(|dialog| dialog.ui(ui, cx)) {
            self.notes = None;
        }
        if self.trash.as_mut().is_some_and(|dialog| dialog.ui(ui, cx)) {
            self.trash = None;
        }
    }

    /// Shows another number of a metric's history.
    fn set_aggregate(&mut self, column: &Column, aggregate: Aggregate) {
        self.layout.aggregates.insert(column.key.clone(), aggregate);
        for key in &mut self.layout.sort {
            if key.column == *column {
                key.column.aggregate = Some(aggregate);
            }
        }
    }
}

/// What can be done with the whole table.
fn table_menu_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    made: Option<&Made>,
    trash: &mut Option<TrashDialog>,
) {
    let button = ui.menu_button("All rows", |ui| {
        let copy = ui.button("Copy as CSV");
        if copy
            .on_hover_text("Copies these rows and columns, for a spreadsheet.")
            .clicked()
            && let Some(made) = made
        {
            let runs = cx.studio.runs();
            let records: Vec<_> = made.run_rows().map(|idx| &runs[idx].record).collect();
            ui.copy_text(to_csv(&records, &made.columns));
        }
        let command = Command::OpenWorkspace;
        let item = ui.add_enabled(
            command.is_possible(cx.studio),
            egui::Button::new(command.label()),
        );
        if item.on_hover_text(command.explanation()).clicked() {
            cx.command(command);
        }
        let item = ui.add_enabled(cx.studio.workspace().is_some(), egui::Button::new("Trash…"));
        if item
            .on_hover_text("Shows deleted runs, to bring them back or to delete them for good.")
            .clicked()
        {
            *trash = Some(TrashDialog::new(cx));
        }
    });
    button
        .response
        .on_hover_text("What can be done with the whole table.");
}
