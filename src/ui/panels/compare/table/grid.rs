//! The rows and columns themselves. Only what is in sight is drawn, so ten thousand rows scroll
//! like ten.

use egui::{
    Align, Color32, Id, Label, Layout as UiLayout, Modifiers, Popup, RichText, Role, Sense, Ui,
    UiBuilder, WidgetInfo, vec2,
};
use egui_table::{CellInfo, HeaderCellInfo, HeaderRow, Table, TableDelegate};

use super::keys::{self, Step};
use super::layout::{Layout, Line, Made};
use super::notes::NotesDialog;
use super::{TablePanel, cell, menu};
use crate::runs::table::{Aggregate, Column, GroupBy};
use crate::runs::{RunId, Status};
use crate::studio::{Action, Run};
use crate::train::Finish;
use crate::ui::column_names;
use crate::ui::panels::Cx;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Icon, icon_button};

/// Height of the headings: the name, and below it which number of a history it is.
const HEADING_HEIGHT: f32 = 40.0;

/// Width the column of names starts with.
const NAME_WIDTH: f32 = 200.0;

/// What somebody did with the table.
enum Deed {
    Sort(Column, bool),
    Hide(Column),
    Group(GroupBy),
    Aggregate(Column, Aggregate),
    Toggle(String),
    Pick(usize, Modifiers),
    Step(Step),
}

/// Shows the table in the room there is.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, panel: &mut TablePanel) {
    let Some(made) = panel.made.take() else {
        return;
    };
    let name = egui_table::Column::new(NAME_WIDTH)
        .range(168.0..=480.0)
        .id(Id::unique("name"));
    let others = made.columns.iter().map(|column| {
        egui_table::Column::new(cell::width(column))
            .range(cell::width(column)..=480.0)
            .id(Id::unique(("column", &column.key)))
    });
    let columns: Vec<_> = std::iter::once(name).chain(others).collect();
    let mut grid = Grid {
        baseline: cx.studio.baseline(),
        cx,
        made: &made,
        layout: &panel.layout,
        notes: &mut panel.notes,
        focus: &mut panel.focus,
        deeds: Vec::new(),
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
    for deed in std::mem::take(&mut grid.deeds) {
        panel.take(cx, &made, deed);
        ui.request_repaint();
    }
    panel.made = Some(made);
}

impl TablePanel {
    fn take(&mut self, cx: &mut Cx<'_>, made: &Made, deed: Deed) {
        match deed {
            Deed::Sort(column, is_more) => self.layout.sort_by(&column, is_more),
            Deed::Hide(column) => {
                self.layout.by_hand.insert(column.key, false);
            }
            Deed::Group(by) => self.layout.group = Some(by),
            Deed::Aggregate(column, aggregate) => self.set_aggregate(&column, aggregate),
            Deed::Toggle(name) => {
                if !self.layout.closed.remove(&name) {
                    self.layout.closed.insert(name);
                }
            }
            Deed::Pick(idx, modifiers) => self.pick(cx, made, idx, modifiers),
            Deed::Step(step) => {
                self.focus = Some(cx.studio.runs()[step.run].id.clone());
                self.scroll_to = Some(step.line);
                if step.is_picking {
                    self.pick(cx, made, step.run, Modifiers::SHIFT);
                }
            }
        }
    }

    /// Picks one run; with Ctrl one more or one fewer, with Shift all between.
    fn pick(&mut self, cx: &mut Cx<'_>, made: &Made, idx: usize, modifiers: Modifiers) {
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
            ids.retain(|picked| *picked != id);
        } else {
            ids.push(id.clone());
        }
        if !modifiers.shift {
            self.anchor = Some(id);
        }
        cx.act(Action::Select(ids));
    }
}

struct Grid<'a, 'cx> {
    cx: &'a mut Cx<'cx>,
    made: &'a Made,
    layout: &'a Layout,
    baseline: Option<&'cx Run>,
    notes: &'a mut Option<NotesDialog>,
    /// The run whose row is to have the keys.
    focus: &'a mut Option<RunId>,
    deeds: Vec<Deed>,
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
        // By keyboard a row is reached by its name.
        let response = ui.interact(rect, ui.scope_id().with(("row", row)), Sense::CLICK);
        if self.cx.studio.is_selected(&run.id) {
            ui.painter()
                .rect_filled(rect, 0.0, ui.visuals().selection.bg_fill);
        } else if self.cx.hover.is_at(&run.id) {
            let fill = theme::mix(tokens(ui).background, tokens(ui).raised, 0.6);
            ui.painter().rect_filled(rect, 0.0, fill);
        }
        if ui.rect_contains_pointer(rect) {
            self.cx.hover.tell(&run.id);
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
    /// The heading of a column: a click sorts, and the other button shows what else there is.
    fn heading_ui(&mut self, ui: &mut Ui, column: &Column, align: Align) {
        let t = tokens(ui);
        let (word, aggregate) = column_names::heading(column);
        let sorted = self.layout.sort.iter().find(|key| key.column == *column);
        let rect = ui.max_rect();
        let response = ui.interact(rect, ui.scope_id().with("heading"), Sense::click());
        let name = format!("Sort by {}", column_names::full_name(column));
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        let ink = if response.hovered() || response.has_focus() || sorted.is_some() {
            t.text
        } else {
            t.quiet
        };
        let layout = UiLayout::top_down(align);
        let inside = UiBuilder::new()
            .max_rect(rect.shrink2(vec2(6.0, 4.0)))
            .layout(layout);
        let mut inside = ui.new_child(inside);
        inside.spacing_mut().item_spacing.y = 0.0;
        let arrow = match sorted {
            Some(key) if key.is_descending => " ↓",
            Some(_) => " ↑",
            None => "",
        };
        let word = RichText::new(format!("{word}{arrow}")).small().color(ink);
        inside.add(Label::new(word).truncate());
        let below = RichText::new(aggregate)
            .small()
            .color(theme::mix(t.quiet, t.background, 0.3));
        inside.add(Label::new(below).truncate());
        if response.clicked() {
            let is_more = ui.input(|i| i.modifiers.shift);
            self.deeds.push(Deed::Sort(column.clone(), is_more));
        }
        Popup::context_menu(&response).show(|ui| self.heading_menu_ui(ui, column));
        let about = format!(
            "{} ({}). A click sorts, with Shift as the next column to sort by; the right button shows more.",
            column_names::full_name(column),
            column.name()
        );
        response.on_hover_text(about);
    }

    fn heading_menu_ui(&mut self, ui: &mut Ui, column: &Column) {
        if column.aggregate.is_some() {
            for aggregate in Aggregate::ALL {
                let is_chosen = column.aggregate == Some(aggregate);
                if ui.radio(is_chosen, aggregate.label()).clicked() {
                    self.deeds.push(Deed::Aggregate(column.clone(), aggregate));
                }
            }
            ui.separator();
        } else if ui.button("Group by this").clicked() {
            self.deeds
                .push(Deed::Group(GroupBy::Column(column.clone())));
        }
        if ui.button("Sort after the others").clicked() {
            self.deeds.push(Deed::Sort(column.clone(), true));
        }
        if column.key != "name" && ui.button("Hide this column").clicked() {
            self.deeds.push(Deed::Hide(column.clone()));
        }
    }

    /// Eye, colour, star and name.
    fn name_ui(&mut self, ui: &mut Ui, idx: usize, line: usize) {
        let run = &self.cx.studio.runs()[idx];
        let t = tokens(ui);
        let layout = UiLayout::left_to_right(Align::Center);
        let mut ui = ui.new_child(UiBuilder::new().max_rect(ui.max_rect()).layout(layout));
        ui.spacing_mut().item_spacing.x = theme::UNIT;
        let (icon, verb) = if run.is_visible {
            (Icon::Eye, "Hide")
        } else {
            (Icon::EyeClosed, "Show")
        };
        let eye = icon_button(&mut ui, icon, &format!("{verb} {}", run.record.name), true);
        if eye
            .on_hover_text(format!("{verb} the curves of this run."))
            .clicked()
        {
            self.cx
                .act(Action::ShowRun(run.id.clone(), !run.is_visible));
        }
        let (dot, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
        let color = t.run_color(run.record.color);
        let color = if run.is_visible {
            color
        } else {
            color.gamma_multiply(0.3)
        };
        ui.painter().circle_filled(dot.center(), 4.0, color);
        let name_rect = ui.available_rect_before_wrap();
        let response = ui.interact(name_rect, ui.scope_id().with("name"), Sense::click());
        if self.focus.as_ref() == Some(&run.id) {
            response.request_focus();
            *self.focus = None;
        }
        let step = keys::step(&ui, &response, self.made, line);
        self.deeds.extend(step.map(Deed::Step));
        let is_picked = self.cx.studio.is_selected(&run.id);
        let name = &run.record.name;
        response.widget_info(|| WidgetInfo::selected(Role::Row, true, is_picked, name));
        if run.record.notes.starred {
            let (star, _) = ui.allocate_exact_size(vec2(14.0, 16.0), Sense::hover());
            Icon::Star.paint(ui.painter(), star, t.accent);
        }
        // Painted, not a label: to those who cannot see it the row has the name already.
        let ink = if response.has_focus() {
            t.accent
        } else {
            t.text
        };
        let room = ui.available_rect_before_wrap();
        let text = egui::WidgetText::from(name.as_str());
        let wrap = Some(egui::TextWrapMode::Truncate);
        let galley = text.into_galley(&ui, wrap, room.width(), egui::TextStyle::Body);
        let at = egui::pos2(room.left(), room.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, ink);
        self.row_response(&ui, idx, &response);
        response.on_hover_text(about(run));
    }

    fn value_ui(&self, ui: &mut Ui, idx: usize, column: &Column) {
        let run = &self.cx.studio.runs()[idx];
        let t = tokens(ui);
        let other = self.baseline.filter(|b| b.id != run.id).map(|b| &b.record);
        let difference = other.and_then(|other| cell::difference(column, &run.record, other));
        if let Some((text, is_better)) = difference {
            let color = if is_better { t.good } else { t.bad };
            return text_ui(ui, column, &text, color);
        }
        let is_same = other.is_some_and(|b| column.value(b) == column.value(&run.record));
        let color = if is_same {
            t.quiet
        } else {
            ink(ui, column, run)
        };
        text_ui(ui, column, &cell::text(column, &run.record), color);
    }

    fn group_name_ui(&mut self, ui: &mut Ui, idx: usize) {
        let group = &self.made.groups[idx];
        let is_closed = self.layout.closed.contains(&group.name);
        let layout = UiLayout::left_to_right(Align::Center);
        let mut ui = ui.new_child(UiBuilder::new().max_rect(ui.max_rect()).layout(layout));
        ui.spacing_mut().item_spacing.x = theme::UNIT;
        let (icon, verb) = if is_closed {
            (Icon::Down, "Open")
        } else {
            (Icon::Up, "Close")
        };
        let button = icon_button(&mut ui, icon, &format!("{verb} {}", group.name), true);
        if button
            .on_hover_text(format!("{verb} this group of runs."))
            .clicked()
        {
            self.deeds.push(Deed::Toggle(group.name.clone()));
        }
        let n = group.members.len();
        let runs = if n == 1 { "run" } else { "runs" };
        let name = RichText::new(format!("{} · {n} {runs}", group.name));
        ui.add(Label::new(name.family(theme::semibold())).truncate());
    }

    fn group_value_ui(&self, ui: &mut Ui, idx: usize, column: &Column) {
        let runs = self.cx.studio.runs();
        let summary = self.made.groups[idx].summary(|idx| &runs[idx].record, column);
        let text = cell::summary(column, &summary);
        text_ui(ui, column, &text, tokens(ui).text);
    }

    /// What happens to a row, wherever in it somebody presses.
    fn row_response(&mut self, ui: &Ui, idx: usize, response: &egui::Response) {
        if response.clicked() {
            let modifiers = ui.input(|i| i.modifiers);
            self.deeds.push(Deed::Pick(idx, modifiers));
        }
        Popup::context_menu(response).show(|ui| {
            let studio = self.cx.studio;
            let run = &studio.runs()[idx];
            // Of a run that is not picked, the menu is about it alone.
            let runs: Vec<&Run> = if studio.is_selected(&run.id) {
                studio.selected_runs().collect()
            } else {
                vec![run]
            };
            menu::ui(ui, self.cx, &runs, self.notes);
        });
    }
}

/// Numbers stand at the right, words at the left.
fn align(column: &Column) -> Align {
    let words = [
        "name",
        "status",
        "created",
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
    if column.aggregate.is_none() && words.contains(&column.key.as_str()) {
        Align::Min
    } else {
        Align::Max
    }
}

fn text_ui(ui: &mut Ui, column: &Column, text: &str, color: Color32) {
    let layout = match align(column) {
        Align::Max => UiLayout::right_to_left(Align::Center),
        _ => UiLayout::left_to_right(Align::Center),
    };
    let rect = ui.max_rect().shrink2(vec2(6.0, 0.0));
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
    ui.add(Label::new(theme::number(text).color(color)).truncate());
}

/// How a run ended shows in the colour of its state; results are read, settings are looked up.
fn ink(ui: &Ui, column: &Column, run: &Run) -> Color32 {
    let t = tokens(ui);
    match (column.key.as_str(), &run.record.status) {
        ("status", Status::Running | Status::Starting) => t.accent,
        ("status", Status::Paused | Status::Interrupted) => t.warning,
        ("status", Status::Finished(Finish::Completed | Finish::EarlyStopped)) => t.good,
        ("status", Status::Finished(Finish::Diverged { .. } | Finish::Failed { .. })) => t.bad,
        _ if column.aggregate.is_some() => t.text,
        _ => t.quiet,
    }
}

/// What there is to read about a run.
fn about(run: &Run) -> String {
    let notes = &run.record.notes;
    let mut lines = vec![format!("{}, {}", run.record.name, run.record.created)];
    if !notes.tags.is_empty() {
        lines.push(notes.tags.join(", "));
    }
    if !notes.note.is_empty() {
        lines.push(notes.note.clone());
    }
    lines.join("\n")
}
