//! A number field: dragged, typed, or changed with the arrow keys.

use std::cell::RefCell;

use egui::{DragValue, Id, Key, Response, RichText, Tooltip, Ui, vec2};

use super::typed::Accepts;
use crate::text;
use crate::ui::theme::{ROW_HEIGHT, tokens};

/// Width of the column of values.
pub const VALUE_WIDTH: f32 = 116.0;

/// The numbers that a field accepts, and how they are shown.
#[derive(Clone, Debug)]
pub struct Number {
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Whether it is a count.
    pub is_whole: bool,
    /// Whether dragging changes the value by factors, as suits a learning rate.
    pub is_relative: bool,
    /// The unit after the number, such as ` images`.
    pub unit: &'static str,
    /// Whether a value takes effect only when the field is released.
    pub is_held: bool,
    /// Whether the digits of a whole number are in groups of three.
    pub is_grouped: bool,
    /// Width of the field, in points.
    pub width: f32,
}

/// The state of a field after a frame.
pub struct Entry {
    /// The field.
    pub response: Response,
    /// A new value, if there is one.
    pub new: Option<f64>,
    /// The error of the text typed last; the old value is kept.
    pub error: Option<String>,
    /// Where the rejected text is stored.
    refused: Id,
    /// Whether it was typed in this frame.
    is_new: bool,
}

impl Entry {
    /// Adds a tooltip with the explanation, or shows the error of the text in one, and returns the
    /// new value. For fields without a line for errors, which a [`Row`](super::Row) has.
    pub fn explained(self, ui: &Ui, explanation: &str) -> Option<f64> {
        let Some(error) = self.error else {
            self.response.on_hover_text(explanation);
            return self.new;
        };
        let text = RichText::new(text::sentence(&error)).color(tokens(ui).bad);
        Tooltip::for_widget(&self.response).show(|ui| ui.label(text));
        // It covers something else, so the next click closes it.
        if !self.is_new && ui.input(|i| i.pointer.any_pressed()) {
            ui.data_mut(|d| d.remove::<Refused>(self.refused));
        }
        self.new
    }
}

/// The value of a field while it is dragged or edited, and the pass it was last shown in: if the
/// field was hidden meanwhile, the value is discarded.
#[derive(Clone, Copy)]
struct Held {
    value: f64,
    pass: u64,
}

/// The error of a text that could not be parsed, and the value that was kept.
#[derive(Clone)]
struct Refused {
    error: String,
    kept: f64,
}

impl Number {
    /// Creates a count from `min` to `max`.
    pub fn count(min: f64, max: f64, unit: &'static str) -> Number {
        Number {
            min,
            max,
            is_whole: true,
            is_relative: true,
            unit,
            is_held: false,
            is_grouped: true,
            width: VALUE_WIDTH,
        }
    }

    /// Creates a positive number that changes by factors, such as a learning rate.
    pub fn rate(max: f64) -> Number {
        Number {
            min: 0.0,
            max,
            is_whole: false,
            is_relative: true,
            unit: "",
            is_held: false,
            is_grouped: true,
            width: VALUE_WIDTH,
        }
    }

    /// Creates a share between 0 and 1.
    pub fn share() -> Number {
        Number {
            min: 0.0,
            max: 1.0,
            is_whole: false,
            is_relative: false,
            unit: "",
            is_held: false,
            is_grouped: true,
            width: VALUE_WIDTH,
        }
    }

    /// Creates a percentage from `min` to `max`, in tenths.
    pub fn percent(min: f64, max: f64) -> Number {
        Number {
            min,
            max,
            unit: " %",
            ..Number::share()
        }
    }

    /// Sets the unit.
    pub fn with_unit(self, unit: &'static str) -> Number {
        Number { unit, ..self }
    }

    /// Shows the digits without separators, as of a port.
    #[cfg(feature = "serve")]
    pub fn ungrouped(self) -> Number {
        Number {
            is_grouped: false,
            ..self
        }
    }

    /// Sets the width of the field.
    pub fn with_width(self, width: f32) -> Number {
        Number { width, ..self }
    }

    /// Sets whether the value takes effect only when the field is released: otherwise a live run
    /// would record a change for every pointer move and every key.
    pub fn held(self, is_held: bool) -> Number {
        Number { is_held, ..self }
    }

    /// Draws the field with the accessible name `name`. What is typed takes effect when the field
    /// is left, by Enter, Tab, a click elsewhere or a command.
    pub fn ui(&self, ui: &mut Ui, name: &str, value: f64) -> Entry {
        let id = ui.scope_id().with(("number", name));
        let held = recent(ui, id);
        let mut shown = held.unwrap_or(value);
        let typed = RefCell::new(None);
        // Escape removes the focus before the frame, and a field may see that one frame later.
        let escape = Id::unique("escape in a number");
        if ui.input(|i| i.key_pressed(Key::Escape)) {
            hold(ui, escape, Some(0.0));
        }
        let is_dropped = recent(ui, escape).is_some();
        let response = ui
            .add(self.drag_value(&mut shown, &typed, is_dropped))
            .accessible_name(name.to_owned());
        let is_busy = (response.dragged() && !response.drag_stopped()) || response.has_focus();
        let is_touched = response.changed() || held.is_some();
        hold(
            ui,
            id,
            (self.is_held && is_busy && is_touched).then_some(shown),
        );
        let is_over = !self.is_held || !is_busy;
        let is_changed = is_over && is_touched && shown != value;
        let (typed, refused) = (typed.into_inner(), id.with("refused"));
        Entry {
            is_new: typed.is_some(),
            error: self.error(ui, refused, typed, shown),
            refused,
            new: is_changed.then_some(shown),
            response,
        }
    }

    /// Returns the error of the text that was rejected last, while the kept value is unchanged.
    fn error(
        &self,
        ui: &Ui,
        id: Id,
        typed: Option<Result<(), String>>,
        shown: f64,
    ) -> Option<String> {
        let last = match typed {
            Some(Err(error)) => Some(Refused { error, kept: shown }),
            Some(Ok(())) => None,
            None => ui.data(|d| d.get_temp(id)),
        };
        let last = last.filter(|refused: &Refused| refused.kept == shown);
        ui.data_mut(|data| match last.clone() {
            Some(refused) => {
                data.insert_temp(id, refused);
            }
            None => data.remove::<Refused>(id),
        });
        last.map(|refused| format!("{}; keeping {}", refused.error, self.text(shown)))
    }

    fn drag_value<'a>(
        &self,
        shown: &'a mut f64,
        typed: &'a RefCell<Option<Result<(), String>>>,
        is_dropped: bool,
    ) -> DragValue<'a> {
        let speed = match (self.is_relative, self.is_whole) {
            (true, true) => (0.02 * *shown).max(0.1),
            (true, false) if *shown > 0.0 => 0.02 * *shown,
            (true, false) => 1e-6,
            _ => 0.002 * self.max,
        };
        let unit = text::unit(self.unit, *shown);
        let (accepts, number) = (self.accepts(), self.clone());
        let before = self.text(*shown);
        DragValue::new(shown)
            .range(self.min..=self.max)
            .clamp_existing_to_range(false)
            .speed(speed)
            .min_size(vec2(self.width, ROW_HEIGHT))
            .update_while_editing(false)
            .suffix(RichText::new(unit).small().weak())
            .custom_formatter(move |value, _| number.text(value))
            .custom_parser(move |text| {
                // A field that was entered but not changed keeps the digits that are not shown.
                let read = match is_dropped || text.trim() == before {
                    true => Ok(None),
                    false => accepts.read(text).map(Some),
                };
                *typed.borrow_mut() = Some(read.as_ref().map(|_| ()).map_err(Clone::clone));
                read.ok().flatten()
            })
    }

    fn accepts(&self) -> Accepts {
        Accepts {
            range: self.min..=self.max,
            is_whole: self.is_whole,
            is_share: !self.is_whole && self.unit.is_empty() && self.max <= 1.0,
            unit: self.unit,
        }
    }

    /// Formats the value as the field shows it.
    fn text(&self, value: f64) -> String {
        let whole = value.max(0.0).round() as u64;
        match (self.is_whole, self.is_grouped) {
            (true, true) => text::thousands(whole),
            (true, false) => whole.to_string(),
            (false, _) => text::setting(value),
        }
    }
}

/// Returns the held value, if the field was shown in the last pass.
fn recent(ui: &Ui, id: Id) -> Option<f64> {
    let held: Option<Held> = ui.data(|d| d.get_temp(id));
    let is_recent = |held: &Held| ui.cumulative_pass_nr().saturating_sub(held.pass) <= 1;
    held.filter(is_recent).map(|held| held.value)
}

/// Holds a value, or releases it.
fn hold(ui: &Ui, id: Id, value: Option<f64>) {
    let pass = ui.cumulative_pass_nr();
    ui.data_mut(|data| match value {
        Some(value) => {
            data.insert_temp(id, Held { value, pass });
        }
        None => data.remove::<Held>(id),
    });
}
