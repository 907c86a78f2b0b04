//! A setting: its name on the left, its value on the right, an explanation on hover, and what is
//! wrong with it beneath.

use egui::{Align, Layout, RichText, Ui, vec2};

use super::Number;
use crate::studio::Effect;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};

/// Width of the column of values.
pub const VALUE_WIDTH: f32 = 116.0;

/// Width of a row from which on it has room for whole words.
const ROOMY: f32 = 300.0;

/// What a row says about its setting.
pub struct Row<'a> {
    /// Its name.
    pub label: &'a str,
    /// One sentence: what it is, and what goes wrong when it is too big or too small.
    pub explanation: &'a str,
    /// When a change takes effect; told while a run is live.
    pub effect: Option<Effect>,
    /// What is wrong with it.
    pub error: Option<&'a str>,
}

impl Row<'_> {
    /// Shows the row around what `value_ui` draws.
    pub fn show<R>(&self, ui: &mut Ui, value_ui: impl FnOnce(&mut Ui) -> R) -> R {
        let shown = self.line_ui(ui, value_ui);
        if let Some(error) = self.error {
            error_ui(ui, error);
        }
        shown
    }

    /// The row itself, without what is wrong.
    fn line_ui<R>(&self, ui: &mut Ui, value_ui: impl FnOnce(&mut Ui) -> R) -> R {
        let width = ui.available_width();
        let line = ui.allocate_ui_with_layout(
            vec2(width, ROW_HEIGHT),
            Layout::left_to_right(Align::Center),
            |ui| {
                self.label_ui(ui, width);
                ui.with_layout(Layout::right_to_left(Align::Center), value_ui)
                    .inner
            },
        );
        line.inner
    }

    /// Shows the row with a field for a number, and returns a new value when there is one. A text
    /// that is not a number is more urgent than what is wrong with the value that stays.
    pub fn number_ui(&self, ui: &mut Ui, number: &Number, value: f64) -> Option<f64> {
        let entry = self.line_ui(ui, |ui| {
            let entry = number.ui(ui, self.label, value);
            entry.response.clone().on_hover_text(self.tooltip());
            entry
        });
        if let Some(error) = entry.error.as_deref().or(self.error) {
            error_ui(ui, error);
        }
        entry.new
    }

    /// The name, and in short when a change takes effect, in a row of `width`.
    fn label_ui(&self, ui: &mut Ui, width: f32) {
        let t = tokens(ui);
        if width < ROOMY && self.effect.is_some() {
            ui.spacing_mut().item_spacing.x = theme::UNIT;
        }
        let ink = if self.error.is_some() { t.bad } else { t.text };
        ui.label(RichText::new(self.label).color(ink))
            .on_hover_text(self.tooltip());
        match self.effect {
            Some(Effect::Now) => {
                let text = RichText::new("now").small().color(t.accent);
                ui.label(text).on_hover_text(Effect::Now.label());
            }
            Some(Effect::NextRun) => {
                let text = if width < ROOMY { "next" } else { "next run" };
                let text = theme::quiet(ui, text);
                ui.label(text).on_hover_text(Effect::NextRun.label());
            }
            None => {}
        }
    }

    /// The explanation, and when a change takes effect.
    pub fn tooltip(&self) -> String {
        match self.effect {
            Some(effect) => format!("{} A change {}.", self.explanation, effect.label()),
            None => self.explanation.to_owned(),
        }
    }
}

/// One sentence about what is wrong, beneath the field.
pub fn error_ui(ui: &mut Ui, error: &str) {
    let text = RichText::new(sentence(error)).small().color(tokens(ui).bad);
    ui.add(egui::Label::new(text).wrap());
}

/// An error as a sentence: with a capital and a full stop.
pub(super) fn sentence(error: &str) -> String {
    let mut chars = error.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}
