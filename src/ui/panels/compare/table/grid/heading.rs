//! Headings of the columns.

use egui::{
    Align, Label, Layout as UiLayout, Popup, RichText, Role, Sense, Ui, UiBuilder, WidgetInfo, vec2,
};

use super::{Grid, TableChange};
use crate::runs::table::{Aggregate, Column, GroupBy};
use crate::ui::column_names;
use crate::ui::theme::{self, tokens};

impl Grid<'_, '_> {
    /// Shows the heading of a column: a click sorts, a right-click opens a menu.
    pub(super) fn heading_ui(&mut self, ui: &mut Ui, column: &Column, align: Align) {
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
            self.changes
                .push(TableChange::Sort(column.clone(), is_more));
        }
        Popup::context_menu(&response).show(|ui| self.heading_menu_ui(ui, column));
        let about = format!(
            "{} ({}). Click to sort, Shift+click to add to the sort order, right-click for more.",
            column_names::full_name(column),
            column.name()
        );
        response.on_hover_text(about);
    }

    fn heading_menu_ui(&mut self, ui: &mut Ui, column: &Column) {
        if let Some(metric) = column.metric() {
            for aggregate in Aggregate::ALL {
                let is_chosen = metric.aggregate == aggregate;
                if ui.radio(is_chosen, aggregate.label()).clicked() {
                    self.changes
                        .push(TableChange::Aggregate(column.clone(), aggregate));
                }
            }
            ui.separator();
        } else if ui.button("Group by this").clicked() {
            self.changes
                .push(TableChange::Group(GroupBy::Column(column.clone())));
        }
        if ui.button("Add to sort order").clicked() {
            self.changes.push(TableChange::Sort(column.clone(), true));
        }
        if column.key() != "name" && ui.button("Hide this column").clicked() {
            self.changes.push(TableChange::Hide(column.clone()));
        }
    }
}
