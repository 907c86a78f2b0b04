//! Which classes are kept, what they are called, and their order.

use std::sync::Arc;

use egui::{Align, Layout, TextEdit, Ui, vec2};

use crate::data::import::{ClassChoice, ImportRecipe};
use crate::studio::SourceAbout;
use crate::text;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Icon, Weight, icon_button, labeled_button};

/// Most classes that are listed to be changed; more are all kept as they are.
const MAX_LISTED: usize = 200;

/// The list as it is edited.
#[derive(Default)]
pub(super) struct ClassList {
    rows: Vec<ClassRow>,
    of: Option<Arc<SourceAbout>>,
}

struct ClassRow {
    from: String,
    name: String,
    is_kept: bool,
}

impl ClassList {
    pub(super) fn ui(&mut self, ui: &mut Ui, source: &Arc<SourceAbout>, recipe: &mut ImportRecipe) {
        // The same classes, read again, keep what was done to them.
        let is_same = |of: &Arc<SourceAbout>| of.classes == source.classes;
        if !self.of.as_ref().is_some_and(is_same) {
            self.reset(source);
        }
        self.of = Some(source.clone());
        ui.add_space(2.0 * UNIT);
        let n_kept = self.rows.iter().filter(|row| row.is_kept).count();
        ui.horizontal(|ui| {
            ui.label(theme::section(ui, "Classes"));
            let all = text::thousands(source.classes.len() as u64);
            ui.label(theme::quiet(ui, format!("{n_kept} of {all}")));
            if !self.is_plain(source) {
                let reset = labeled_button(ui, None, "Reset classes", Weight::Bare, 0.0, true);
                if reset
                    .on_hover_text("All classes, as the source names and orders them.")
                    .clicked()
                {
                    self.reset(source);
                }
            }
        });
        if source.classes.len() > MAX_LISTED {
            let text = format!("More than {MAX_LISTED} classes: all of them are kept as they are.");
            ui.add(egui::Label::new(theme::quiet(ui, text)).wrap());
            return;
        }
        let mut up = None;
        for i in 0..self.rows.len() {
            self.rows[i].ui(ui, i, &mut up);
        }
        if let Some(i) = up {
            self.rows.swap(i - 1, i);
        }
        recipe.classes = self.choices(source);
    }

    fn reset(&mut self, source: &SourceAbout) {
        let row = |class: &String| ClassRow {
            from: class.clone(),
            name: class.clone(),
            is_kept: true,
        };
        self.rows = source.classes.iter().map(row).collect();
    }

    /// Whether all classes are as the source has them.
    fn is_plain(&self, source: &SourceAbout) -> bool {
        let mut rows = self.rows.iter().zip(&source.classes);
        rows.all(|(row, class)| row.is_kept && row.from == *class && row.name == *class)
    }

    /// What the recipe says: nothing, if all classes are as they were.
    fn choices(&self, source: &SourceAbout) -> Vec<ClassChoice> {
        if self.is_plain(source) {
            return Vec::new();
        }
        let kept = self.rows.iter().filter(|row| row.is_kept);
        let choice = |row: &ClassRow| ClassChoice {
            from: row.from.clone(),
            name: match row.name.trim() {
                "" => row.from.clone(),
                name => name.to_owned(),
            },
        };
        kept.map(choice).collect()
    }
}

impl ClassRow {
    fn ui(&mut self, ui: &mut Ui, i: usize, up: &mut Option<usize>) {
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            let from = &self.from;
            ui.checkbox(&mut self.is_kept, "")
                .on_hover_text("Whether its images are imported.")
                .accessible_name(format!("Import class {from}"));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let raise = icon_button(ui, Icon::Up, &format!("Move class {from} up"), i > 0);
                if raise
                    .on_hover_text("Earlier: the order of the classes is that of the outputs.")
                    .clicked()
                {
                    *up = Some(i);
                }
                let width = ui.available_width() - UNIT;
                let name = TextEdit::singleline(&mut self.name).hint_text(from);
                ui.add_enabled_ui(self.is_kept, |ui| {
                    ui.add_sized(vec2(width, ROW_HEIGHT - 4.0), name)
                        .on_hover_text("Its name. Two classes with one name become one.")
                        .accessible_name(format!("Name of class {from}"));
                });
            });
        });
    }
}
