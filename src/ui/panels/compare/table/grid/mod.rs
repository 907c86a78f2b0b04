//! Rows and columns of the table. Only visible rows are drawn, so ten thousand rows scroll like
//! ten.

mod cells;
mod heading;

use egui::{Align, Id, Modifiers, Popup, Sense, Ui};
use egui_table::{CellInfo, HeaderCellInfo, HeaderRow, Table, TableDelegate};

use super::keys::Step;
use super::layout::{Layout, Line, Made};
use super::{TablePanel, cell};
use crate::runs::RunId;
use crate::runs::table::{Aggregate, Column, GroupBy};
use crate::studio::{LibraryAction, Run};
use crate::ui::panels::PanelContext;
use crate::ui::panels::runs::menu::{self, RunEdits};
use crate::ui::theme::{self, ROW_HEIGHT, tokens};

/// Height of the headings: the name, and below it the aggregate.
const HEADING_HEIGHT: f32 = 40.0;

/// Initial width of the name column.
const NAME_WIDTH: f32 = 200.0;

/// A change to the table or the selection.
enum TableChange {
    Sort(Column, bool),
    Hide(Column),
    Group(GroupBy),
    Aggregate(Column, Aggregate),
    Toggle(String),
    Pick(usize, Modifiers),
    Step(Step),
}

/// Shows the table in the available space.
pub(super) fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>, panel: &mut TablePanel) {
    let Some(made) = panel.made.take() else {
        return;
    };
    let name = egui_table::Column::new(NAME_WIDTH)
        .range(168.0..=480.0)
        .id(Id::unique("name"));
    let others = made.columns.iter().map(|column| {
        egui_table::Column::new(cell::width(column))
            .range(cell::width(column)..=480.0)
            .id(Id::unique(("column", column.key())))
    });
    let columns: Vec<_> = std::iter::once(name).chain(others).collect();
    let mut grid = Grid {
        baseline: cx.studio.baseline(),
        cx,
        made: &made,
        layout: &panel.layout,
        edits: &mut panel.edits,
        focus: &mut panel.focus,
        changes: Vec::new(),
    };
    let mut table = Table::new();
    if let Some(line) = panel.scroll_to.take() {
        table = table.scroll_to_row(line as u64, None);
    }
    table
        .id_salt("runs")
        .num_rows(made.lines.len() as u64)
        .columns(columns)
        .num_sticky_cols(1)
        .headers([HeaderRow::new(HEADING_HEIGHT)])
        .show(ui, &mut grid);
    for change in std::mem::take(&mut grid.changes) {
        panel.take(cx, &made, change);
        ui.request_repaint();
    }
    panel.made = Some(made);
}

impl TablePanel {
    fn take(&mut self, cx: &mut PanelContext<'_>, made: &Made, change: TableChange) {
        match change {
            TableChange::Sort(column, is_more) => self.layout.sort_by(&column, is_more),
            TableChange::Hide(column) => {
                self.layout.by_hand.insert(column.key().to_owned(), false);
            }
            TableChange::Group(by) => self.layout.group = Some(by),
            TableChange::Aggregate(column, aggregate) => self.set_aggregate(&column, aggregate),
            TableChange::Toggle(name) => {
                if !self.layout.closed.remove(&name) {
                    self.layout.closed.insert(name);
                }
            }
            TableChange::Pick(idx, modifiers) => self.pick(cx, made, idx, modifiers),
            TableChange::Step(step) => {
                self.focus = Some(cx.studio.runs()[step.run].id.clone());
                self.scroll_to = Some(step.line);
                if step.is_picking {
                    self.pick(cx, made, step.run, Modifiers::SHIFT);
                }
            }
        }
    }

    /// Selects one run; with Ctrl toggles it, with Shift selects a range.
    fn pick(&mut self, cx: &mut PanelContext<'_>, made: &Made, idx: usize, modifiers: Modifiers) {
        let runs = cx.studio.runs();
        let id = runs[idx].id.clone();
        let mut ids: Vec<RunId> = Vec::new();
        if modifiers.command || modifiers.shift {
            ids.extend(cx.studio.selected_runs().map(|run| run.id.clone()));
        }
        let anchor = self.anchor.as_ref().filter(|_| modifiers.shift);
        if let Some(anchor) = anchor {
            let shown: Vec<&RunId> = made.run_rows().map(|idx| &runs[idx].id).collect();
            let place = |id: &RunId| shown.iter().position(|shown| *shown == id);
            if let (Some(a), Some(b)) = (place(anchor), place(&id)) {
                ids.extend(shown[a.min(b)..=a.max(b)].iter().map(|&id| id.clone()));
            }
        } else if ids.contains(&id) {
            ids.retain(|selected| *selected != id);
        } else {
            ids.push(id.clone());
        }
        if !modifiers.shift {
            self.anchor = Some(id);
        }
        cx.act(LibraryAction::Select(ids));
    }
}

struct Grid<'a, 'cx> {
    cx: &'a mut PanelContext<'cx>,
    made: &'a Made,
    layout: &'a Layout,
    baseline: Option<&'cx Run>,
    edits: &'a mut RunEdits,
    /// The run whose row receives the focus.
    focus: &'a mut Option<RunId>,
    changes: Vec<TableChange>,
}

impl TableDelegate for Grid<'_, '_> {
    fn header_cell_ui(&mut self, ui: &mut Ui, info: &HeaderCellInfo) {
        match info.col_range.start.checked_sub(1) {
            None => self.heading_ui(ui, &Column::setting("name"), Align::Min),
            Some(idx) => {
                let column = &self.made.columns[idx];
                self.heading_ui(ui, column, align(column));
            }
        }
    }

    fn row_ui(&mut self, ui: &mut Ui, row: u64) {
        let rect = ui.max_rect();
        let Some(Line::Run(idx)) = self.made.lines.get(row as usize).copied() else {
            let fill = theme::mix(tokens(ui).background, tokens(ui).raised, 0.5);
            ui.painter().rect_filled(rect, 0.0, fill);
            return;
        };
        let run = &self.cx.studio.runs()[idx];
        // The keyboard focus goes to the name in the row.
        let response = ui.interact(rect, ui.scope_id().with(("row", row)), Sense::CLICK);
        if self.cx.studio.is_selected(&run.id) {
            ui.painter()
                .rect_filled(rect, 0.0, ui.visuals().selection.bg_fill);
        } else if self.cx.hover.is_at(&run.id) {
            let fill = theme::mix(tokens(ui).background, tokens(ui).raised, 0.6);
            ui.painter().rect_filled(rect, 0.0, fill);
        }
        if ui.rect_contains_pointer(rect) {
            self.cx.hover.set(&run.id);
        }
        self.row_response(ui, idx, &response);
    }

    fn cell_ui(&mut self, ui: &mut Ui, info: &CellInfo) {
        let Some(line) = self.made.lines.get(info.row_nr as usize).copied() else {
            return;
        };
        let column = info
            .col_nr
            .checked_sub(1)
            .map(|idx| &self.made.columns[idx]);
        match (line, column) {
            (Line::Run(idx), None) => self.name_ui(ui, idx, info.row_nr as usize),
            (Line::Run(idx), Some(column)) => self.value_ui(ui, idx, column),
            (Line::Group(idx), None) => self.group_name_ui(ui, idx),
            (Line::Group(idx), Some(column)) => self.group_value_ui(ui, idx, column),
        }
    }

    fn default_row_height(&self) -> f32 {
        ROW_HEIGHT
    }
}

impl Grid<'_, '_> {
    /// Handles clicks anywhere in a row.
    fn row_response(&mut self, ui: &Ui, idx: usize, response: &egui::Response) {
        if response.clicked() {
            let modifiers = ui.input(|i| i.modifiers);
            self.changes.push(TableChange::Pick(idx, modifiers));
        }
        Popup::context_menu(response).show(|ui| {
            let studio = self.cx.studio;
            let run = &studio.runs()[idx];
            // For a run that is not selected, the menu applies to it alone.
            let runs: Vec<&Run> = if studio.is_selected(&run.id) {
                studio.selected_runs().collect()
            } else {
                vec![run]
            };
            menu::ui(ui, self.cx, &runs, self.edits);
        });
    }
}

/// Numbers are right-aligned, text is left-aligned.
fn align(column: &Column) -> Align {
    let words = [
        "name",
        "status",
        "created",
        "parent",
        "changed",
        "sweep",
        "data",
        "note",
        "tags",
        "preset",
        "optimizer",
        "schedule",
        "init",
        "loss",
        "starred",
        "archived",
        "model.layers",
        "model.input",
    ];
    if words.contains(&column.key()) {
        Align::Min
    } else {
        Align::Max
    }
}
