//! A setting: its name on the left, its value on the right, an explanation on hover, and what is
//! wrong with it beneath.

use egui::{Align, DragValue, Id, Layout, Response, RichText, Ui, vec2};

use crate::studio::Effect;
use crate::ui::format;
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
        let width = ui.available_width();
        let row = ui.allocate_ui_with_layout(
            vec2(width, ROW_HEIGHT),
            Layout::left_to_right(Align::Center),
            |ui| {
                self.label_ui(ui, width);
                ui.with_layout(Layout::right_to_left(Align::Center), value_ui)
                    .inner
            },
        );
        if let Some(error) = self.error {
            error_ui(ui, error);
        }
        row.inner
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
    let mut chars = error.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    let sentence = format!("{}{}.", first.unwrap_or_default(), chars.as_str());
    let text = RichText::new(sentence).small().color(tokens(ui).bad);
    ui.add(egui::Label::new(text).wrap());
}

/// What numbers a field takes, and how they are shown.
#[derive(Clone, Debug)]
pub struct Number {
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Whether it is a count.
    pub is_whole: bool,
    /// Change a point of dragging, as a share of the value, for settings that matter by factors.
    pub is_relative: bool,
    /// What follows the number, such as ` images`.
    pub unit: &'static str,
    /// Whether a value counts only when it is let go of.
    pub is_held: bool,
}

impl Number {
    /// A count from `min` to `max`.
    pub fn count(min: f64, max: f64, unit: &'static str) -> Number {
        Number {
            min,
            max,
            is_whole: true,
            is_relative: true,
            unit,
            is_held: false,
        }
    }

    /// A positive number that matters by factors, such as a learning rate.
    pub fn rate(max: f64) -> Number {
        Number {
            min: 0.0,
            max,
            is_whole: false,
            is_relative: true,
            unit: "",
            is_held: false,
        }
    }

    /// A share between 0 and 1.
    pub fn share() -> Number {
        Number {
            min: 0.0,
            max: 1.0,
            is_whole: false,
            is_relative: false,
            unit: "",
            is_held: false,
        }
    }

    /// The same with something behind the number.
    pub fn with_unit(self, unit: &'static str) -> Number {
        Number { unit, ..self }
    }

    /// The same, but while it is dragged the value is only shown: a run that is training would
    /// otherwise record a change for every point the pointer moves.
    pub fn held(self, is_held: bool) -> Number {
        Number { is_held, ..self }
    }

    /// Shows the field, called `name` by those who cannot see it, and returns a new value when
    /// there is one.
    pub fn ui(&self, ui: &mut Ui, name: &str, value: f64) -> (Response, Option<f64>) {
        let id = ui.scope_id().with(("number", name));
        let kept: Option<f64> = ui.data(|d| d.get_temp(id));
        let mut shown = kept.unwrap_or(value);
        let response = ui
            .add(self.drag_value(&mut shown))
            .accessible_name(name.to_owned());
        let is_over = !self.is_held || response.drag_stopped() || !response.dragged();
        keep(ui, id, (!is_over).then_some(shown));
        let is_changed = is_over && (response.changed() || kept.is_some()) && shown != value;
        (response, is_changed.then_some(shown))
    }

    fn drag_value<'a>(&self, shown: &'a mut f64) -> DragValue<'a> {
        let speed = match (self.is_relative, self.is_whole) {
            (true, true) => (0.02 * *shown).max(0.1),
            (true, false) if *shown > 0.0 => 0.02 * *shown,
            (true, false) => 1e-6,
            _ => 0.002 * self.max.min(1.0),
        };
        let is_whole = self.is_whole;
        let unit = format::unit(self.unit, *shown);
        DragValue::new(shown)
            .range(self.min..=self.max)
            .clamp_existing_to_range(false)
            .speed(speed)
            .min_size(vec2(VALUE_WIDTH, ROW_HEIGHT))
            .update_while_editing(false)
            .suffix(RichText::new(unit).small().weak())
            .custom_formatter(move |value, _| match is_whole {
                true => format::thousands(value.max(0.0).round() as u64),
                false => format::setting(value),
            })
            .custom_parser(move |text| parse(text, is_whole))
    }
}

/// Remembers what is shown during a drag, or forgets it.
fn keep(ui: &Ui, id: Id, value: Option<f64>) {
    ui.data_mut(|data| match value {
        Some(value) => {
            data.insert_temp(id, value);
        }
        None => data.remove::<f64>(id),
    });
}

/// A number as people type it: `1e-3`, `60,000`, `0.5`, with or without a unit behind it.
fn parse(text: &str, is_whole: bool) -> Option<f64> {
    let number = text.split_whitespace().next()?.replace(',', "");
    let value: f64 = number.parse().ok()?;
    let value = if is_whole { value.round() } else { value };
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        assert_eq!(parse("1e-3", false), Some(0.001));
        assert_eq!(parse(" 60,000 images", true), Some(60_000.0));
        assert_eq!(parse("31.6", true), Some(32.0));
        assert_eq!(parse("inf", false), None);
        assert_eq!(parse("NaN", false), None);
        assert_eq!(parse("", false), None);
        assert_eq!(parse("many", true), None);
    }
}
