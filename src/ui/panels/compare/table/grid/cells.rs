//! Cells of the table.

use egui::{
    Align, Color32, Label, Layout as UiLayout, RichText, Role, Sense, Ui, UiBuilder, WidgetInfo,
    vec2,
};

use super::{Grid, TableChange, align};
use crate::runs::Status;
use crate::runs::table::Column;
use crate::studio::Run;
use crate::text;
use crate::train::Finish;
use crate::ui::panels::compare::table::{cell, keys};
use crate::ui::panels::run_marks;
use crate::ui::panels::runs::rename::{self, Rename};
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Icon, icon_button};

impl Grid<'_, '_> {
    /// Shows visibility, color, star and name.
    pub(super) fn name_ui(&mut self, ui: &mut Ui, idx: usize, line: usize) {
        let run = &self.cx.studio.runs()[idx];
        let t = tokens(ui);
        let layout = UiLayout::left_to_right(Align::Center);
        let mut ui = ui.new_child(UiBuilder::new().max_rect(ui.max_rect()).layout(layout));
        ui.spacing_mut().item_spacing.x = theme::UNIT;
        run_marks::eye_ui(&mut ui, self.cx, run);
        run_marks::dot_ui(&mut ui, run, 10.0);
        if rename::in_place_ui(&mut self.edits.rename, &mut ui, self.cx, run) {
            return;
        }
        let name_rect = ui.available_rect_before_wrap();
        let response = ui.interact(name_rect, ui.scope_id().with("name"), Sense::click());
        if self.focus.as_ref() == Some(&run.id) {
            response.request_focus();
            *self.focus = None;
        }
        let step = keys::step(&ui, &response, self.made, line);
        self.changes.extend(step.map(TableChange::Step));
        if rename::is_requested(&ui, &response) {
            self.edits.rename = Some(Rename::new(run));
        }
        let is_selected = self.cx.studio.is_selected(&run.id);
        let name = &run.record.name;
        response.widget_info(|| WidgetInfo::selected(Role::Row, true, is_selected, name));
        if run.record.notes.starred {
            let (star, _) = ui.allocate_exact_size(vec2(14.0, 16.0), Sense::hover());
            Icon::Star.paint(ui.painter(), star, t.accent);
        }
        let ink = match response.has_focus() {
            true => t.accent,
            false => t.text,
        };
        paint_name(&ui, name, ink);
        self.row_response(&ui, idx, &response);
        response.on_hover_text(about(run));
    }

    pub(super) fn value_ui(&self, ui: &mut Ui, idx: usize, column: &Column) {
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

    pub(super) fn group_name_ui(&mut self, ui: &mut Ui, idx: usize) {
        let group = &self.made.groups[idx];
        let is_closed = self.layout.closed.contains(&group.name);
        let layout = UiLayout::left_to_right(Align::Center);
        let mut ui = ui.new_child(UiBuilder::new().max_rect(ui.max_rect()).layout(layout));
        ui.spacing_mut().item_spacing.x = theme::UNIT;
        let (icon, verb) = if is_closed {
            (Icon::Down, "Expand")
        } else {
            (Icon::Up, "Collapse")
        };
        let button = icon_button(&mut ui, icon, &format!("{verb} {}", group.name), true);
        if button
            .on_hover_text(format!("{verb} this group of runs."))
            .clicked()
        {
            self.changes.push(TableChange::Toggle(group.name.clone()));
        }
        let runs = text::count(group.members.len(), "run");
        let name = RichText::new(format!("{} · {runs}", group.name));
        ui.add(Label::new(name.family(theme::semibold())).truncate());
    }

    pub(super) fn group_value_ui(&self, ui: &mut Ui, idx: usize, column: &Column) {
        let runs = self.cx.studio.runs();
        let summary = self.made.groups[idx].summary(|idx| &runs[idx].record, column);
        let text = cell::summary(column, &summary);
        text_ui(ui, column, &text, tokens(ui).text);
    }
}

/// Painted, not a label: for screen readers the row has the name already.
fn paint_name(ui: &Ui, name: &str, ink: Color32) {
    let room = ui.available_rect_before_wrap();
    let wrap = Some(egui::TextWrapMode::Truncate);
    let text = egui::WidgetText::from(name);
    let galley = text.into_galley(ui, wrap, room.width(), egui::TextStyle::Body);
    let at = egui::pos2(room.left(), room.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, ink);
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

/// The status is colored by how a run ended; results are brighter than settings.
fn ink(ui: &Ui, column: &Column, run: &Run) -> Color32 {
    let t = tokens(ui);
    match (column.key(), &run.record.status) {
        ("status", Status::Running | Status::Starting) => t.accent,
        ("status", Status::Paused | Status::Interrupted) => t.warning,
        ("status", Status::Finished(Finish::Completed | Finish::EarlyStopped)) => t.good,
        ("status", Status::Finished(Finish::Diverged { .. } | Finish::Failed { .. })) => t.bad,
        _ if column.metric().is_some() => t.text,
        _ => t.quiet,
    }
}

/// The tooltip of a run.
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
