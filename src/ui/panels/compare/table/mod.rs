//! The table of runs: settings and results side by side, with sorting, grouping and run actions.

mod cell;
mod grid;
mod keys;
mod layout;
mod trash;

use egui::{ScrollArea, Ui};

use crate::runs::RunId;
use crate::runs::table::{Aggregate, Column, GroupBy, to_csv, to_tsv};
use crate::studio::{Run, Studio};
use crate::text;
use crate::ui::column_names;
use crate::ui::command::{Command, FileCommand};
use crate::ui::panels::PanelContext;
use crate::ui::panels::runs::menu::{self, RunEdits};
use crate::ui::panels::runs::rename::Rename;
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::combo_of_width;
use layout::{Layout, Line, Made};
use trash::TrashDialog;

/// The table with the user's arrangement.
#[derive(Default)]
pub(super) struct TablePanel {
    layout: Layout,
    made: Option<Made>,
    /// The run at which a range selection starts.
    anchor: Option<RunId>,
    /// The run whose row receives the focus.
    focus: Option<RunId>,
    /// The line to scroll into view.
    scroll_to: Option<usize>,
    edits: RunEdits,
    trash: Option<TrashDialog>,
}

impl TablePanel {
    /// Shows the runs that match the filter.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        self.make(cx);
        self.controls_ui(ui, cx);
        self.scroll_to_rename(cx);
        grid::ui(ui, cx, self);
        self.dialogs_ui(ui, cx);
    }

    /// Its runs and columns as text for a spreadsheet.
    pub(super) fn text(&self, studio: &Studio) -> String {
        let made = Made::new(studio, &self.layout);
        let runs = studio.runs();
        let records: Vec<_> = made.run_rows().map(|idx| &runs[idx].record).collect();
        to_tsv(&records, &made.columns)
    }

    /// Updates columns and rows from the runs.
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

    /// Shows the menu for the selected runs.
    fn runs_menu_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let selected: Vec<&Run> = cx.studio.selected_runs().collect();
        let text = match selected.len() {
            0 => "No run selected".to_owned(),
            n => format!("{} selected", text::count(n, "run")),
        };
        ui.add_enabled_ui(!selected.is_empty(), |ui| {
            let button = ui.menu_button(text, |ui| {
                menu::ui(ui, cx, &selected, &mut self.edits);
            });
            button
                .response
                .on_hover_text(format!("Actions for the selected runs. {SELECT_HINT}"))
                .on_disabled_hover_text(SELECT_HINT);
        });
    }

    /// Shows the menu that selects columns.
    fn columns_menu_ui(&mut self, ui: &mut Ui) {
        let Some(made) = &self.made else {
            return;
        };
        let layout = &mut self.layout;
        let button = ui.menu_button("Columns", |ui| {
            ui.set_min_width(220.0);
            if ui
                .button("Automatic columns")
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
                        layout.by_hand.insert(column.key().to_owned(), is_shown);
                    }
                }
            });
        });
        button
            .response
            .on_hover_text("Selects the columns: any setting and any result.");
    }

    /// Shows the selector for how rows are grouped.
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
            for column in made.all.iter().filter(|c| c.metric().is_none()) {
                let name = format!("by {}", column_names::heading(column).0);
                let by = Some(GroupBy::Column(column.clone()));
                ui.selectable_value(group, by, name);
            }
        })
        .on_hover_text(
            "Groups runs that share a setting, or all settings but the seed; results are shown \
             as mean ± standard deviation.",
        );
    }

    /// Brings a row into view when the menu has asked to rename its run.
    fn scroll_to_rename(&mut self, cx: &PanelContext<'_>) {
        let renamed = self.edits.rename.as_ref().and_then(Rename::requested);
        if let (Some(id), Some(made)) = (renamed, &self.made) {
            let runs = cx.studio.runs();
            let is_it = |line: &Line| matches!(line, Line::Run(idx) if runs[*idx].id == *id);
            self.scroll_to = made.lines.iter().position(is_it);
        }
    }

    fn dialogs_ui(&mut self, ui: &Ui, cx: &mut PanelContext<'_>) {
        self.edits.ui(ui, cx);
        if self.trash.as_mut().is_some_and(|dialog| dialog.ui(ui, cx)) {
            self.trash = None;
        }
    }

    /// Changes the aggregate of a metric.
    fn set_aggregate(&mut self, column: &Column, aggregate: Aggregate) {
        let aggregates = &mut self.layout.aggregates;
        aggregates.insert(column.key().to_owned(), aggregate);
        let sorted = (self.layout.sort.iter()).position(|key| key.column == *column);
        if let Some(idx) = sorted {
            self.layout.sort[idx].column = self.layout.aggregated(column);
        }
    }
}

/// How runs are selected, for tooltips.
const SELECT_HINT: &str = "Click a run to select it; Ctrl+click adds one, Shift+click selects a \
    range. Keyboard: Up, Down, Home and End move to a run, Space selects it.";

/// Shows the menu for the whole table.
fn table_menu_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    made: Option<&Made>,
    trash: &mut Option<TrashDialog>,
) {
    let button = ui.menu_button("Table actions", |ui| {
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
        let command = Command::from(FileCommand::OpenWorkspace);
        let item = ui.add_enabled(
            command.is_possible(cx.studio),
            egui::Button::new(command.label()),
        );
        if item.on_hover_text(command.explanation()).clicked() {
            cx.command(command);
        }
        let item = ui.add_enabled(cx.studio.workspace().is_some(), egui::Button::new("Trash…"));
        if item
            .on_hover_text("Shows deleted runs, to restore them or delete them permanently.")
            .clicked()
        {
            *trash = Some(TrashDialog::new(cx));
        }
    });
    button
        .response
        .on_hover_text("Actions for the whole table.");
}
