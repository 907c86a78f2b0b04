//! A setting: its label on the left, its value on the right, an explanation on hover, and its
//! error below.

use egui::{Align, Layout, RichText, Ui, vec2};

use super::number::Number;
use crate::studio::Effect;
use crate::text;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};

/// Width of a row from which on it shows "next run" in full.
const ROOMY: f32 = 300.0;

/// The row of a setting.
pub struct Row<'a> {
    /// The label.
    pub label: &'a str,
    /// One sentence: what it does, and what goes wrong if it is too big or too small.
    pub explanation: &'a str,
    /// When a change takes effect, during a live run.
    pub effect: Option<Effect>,
    /// Its error.
    pub error: Option<&'a str>,
}

impl Row<'_> {
    /// Draws the row around what `value_ui` draws.
    pub fn show<R>(&self, ui: &mut Ui, value_ui: impl FnOnce(&mut Ui) -> R) -> R {
        let shown = self.line_ui(ui, value_ui);
        if let Some(error) = self.error {
            error_ui(ui, error);
        }
        shown
    }

    /// Draws the row itself, without the error.
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

    /// Draws the row with a number field, and returns the new value, if any. The error of a text
    /// that is not a number takes precedence over the error of the value that is kept.
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

    /// Draws the label, and in short when a change takes effect, in a row of `width`.
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
                let text = RichText::new("live").small().color(t.accent);
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

    /// Returns the explanation, and when a change takes effect.
    pub fn tooltip(&self) -> String {
        match self.effect {
            Some(effect) => format!("{} A change {}.", self.explanation, effect.label()),
            None => self.explanation.to_owned(),
        }
    }
}

/// Draws an error below the field, as a sentence.
pub fn error_ui(ui: &mut Ui, error: &str) {
    let text = RichText::new(text::sentence(error))
        .small()
        .color(tokens(ui).bad);
    ui.add(egui::Label::new(text).wrap());
}
