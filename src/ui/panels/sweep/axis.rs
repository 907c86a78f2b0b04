//! One setting of the search space in the form: its key and its values.

use egui::{TextEdit, Ui, vec2};
use toml::Value;

use crate::model::PRESETS;
use crate::sweep::{Definition, Method, Values, When};
use crate::train::{Optimizer, TrainConfig, parse_value};
use crate::ui::column_names::setting_label;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Icon, Number, combo_of_width, icon_button};

const KINDS: [(&str, &str); 5] = [
    ("list", "one of several values"),
    ("range", "any number between two bounds"),
    (
        "log range",
        "any number between two bounds, spaced logarithmically",
    ),
    ("integers", "any integer between two bounds"),
    (
        "log integers",
        "any integer between two bounds, spaced logarithmically",
    ),
];

/// The text of lists while it is typed; the definition holds the parsed values.
#[derive(Default)]
pub struct AxisForm {
    list: Option<String>,
    when: Option<String>,
}

/// The default values to search for a key, from its value in `config`; `None` if there is no such
/// key.
pub fn default_values(config: &TrainConfig, key: &str) -> Option<Values> {
    match key {
        "preset" => {
            let names = PRESETS.iter().map(|p| Value::String(p.name.to_owned()));
            return Some(Values::List(names.take(3).collect()));
        }
        "optimizer" => {
            let names = Optimizer::ALL.map(|o| Value::String(o.name().to_owned()));
            return Some(Values::List(names.to_vec()));
        }
        _ => {}
    }
    Some(match config.key(key)? {
        Value::Integer(n) => Values::IntRange([(n / 2).max(1), (2 * n).max(2)]),
        Value::Float(x) if x <= 0.0 => Values::Range([0.0, 0.1]),
        Value::Float(x) if x < 0.05 => Values::LogRange([x / 10.0, x * 10.0]),
        Value::Float(x) if x < 1.0 => Values::Range([x / 2.0, x.midpoint(1.0)]),
        Value::Float(x) => Values::Range([x / 2.0, x * 2.0]),
        Value::Boolean(_) => Values::List(vec![false.into(), true.into()]),
        other => Values::List(vec![other]),
    })
}

impl AxisForm {
    /// Shows the setting at `idx`; returns `true` when it is to be removed.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &PanelContext<'_>,
        draft: &mut Definition,
        idx: usize,
    ) -> bool {
        let before: Vec<String> = draft.search[..idx].iter().map(|a| a.key.clone()).collect();
        let is_grid = draft.method == Method::Grid;
        let axis = &mut draft.search[idx];
        let label = setting_label(&axis.key);
        let name = format!("Varied setting {}", idx + 1);
        let is_removed = ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT;
            if let Some(key) = key_ui(ui, cx, &name, &axis.key) {
                axis.values =
                    default_values(cx.studio.draft(), &key).unwrap_or(axis.values.clone());
                axis.key = key;
                self.list = None;
            }
            if let Some(kind) = kind_ui(ui, &format!("{name}: kind"), &axis.values) {
                axis.values = kind;
                self.list = None;
            }
            let about = "Removes this setting: all trials use its value on the left.";
            icon_button(ui, Icon::Cross, &format!("Remove {label}"), true)
                .on_hover_text(about)
                .clicked()
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT;
            self.values_ui(ui, &label, &mut axis.values);
            if is_grid && axis.values.count().is_none() {
                let n = axis.points.unwrap_or(0) as f64;
                let about =
                    "Number of evenly spaced grid values; the numbers of all settings multiply.";
                let entry =
                    Number::count(0.0, 1000.0, " values").ui(ui, &format!("Values of {label}"), n);
                if let Some(n) = entry.explained(ui, about) {
                    axis.points = (n >= 1.0).then_some(n as usize);
                }
            }
        });
        if !before.is_empty() {
            self.when_ui(ui, &name, &before, &mut axis.when);
        }
        is_removed.inner
    }

    fn values_ui(&mut self, ui: &mut Ui, label: &str, values: &mut Values) {
        match values {
            Values::List(list) => {
                let text = self.list.get_or_insert_with(|| join(list));
                let field = TextEdit::singleline(text).desired_width(290.0);
                let response = ui.add_sized(vec2(300.0, ROW_HEIGHT), field);
                if response.changed() {
                    *list = split(text);
                }
                response
                    .on_hover_text("Comma-separated values.")
                    .accessible_name(format!("Values of {label}"));
            }
            Values::Range(ends) | Values::LogRange(ends) => {
                let number = Number {
                    min: -1e9,
                    ..Number::rate(1e9)
                };
                for (end, name) in ends.iter_mut().zip(["from", "to"]) {
                    *end = end_ui(ui, &number, label, name, *end);
                }
            }
            Values::IntRange(ends) | Values::LogIntRange(ends) => {
                let number = Number::count(0.0, 1e9, "");
                for (end, name) in ends.iter_mut().zip(["from", "to"]) {
                    *end = end_ui(ui, &number, label, name, *end as f64) as i64;
                }
            }
        }
    }

    /// Shows the condition: another key that must have a given value.
    fn when_ui(&mut self, ui: &mut Ui, name: &str, before: &[String], when: &mut Option<When>) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT;
            ui.label(theme::quiet(ui, "varied"));
            let chosen = when.as_ref().map_or_else(
                || "always".to_owned(),
                |w| format!("when {}", setting_label(&w.key)),
            );
            let about = "Varies this setting only where another one has a given value, such as \
                         momentum only with SGD.";
            combo_of_width(ui, &format!("{name}: condition"), &chosen, 160.0, |ui| {
                if ui.selectable_label(when.is_none(), "always").clicked() {
                    *when = None;
                }
                for key in before {
                    let is_chosen = when.as_ref().is_some_and(|w| w.key == *key);
                    if ui
                        .selectable_label(is_chosen, format!("when {}", setting_label(key)))
                        .clicked()
                    {
                        *when = Some(When {
                            key: key.clone(),
                            is: Vec::new(),
                        });
                        self.when = None;
                    }
                }
            })
            .on_hover_text(about);
            if let Some(when) = when {
                ui.label(theme::quiet(ui, "is"));
                let text = self.when.get_or_insert_with(|| join(&when.is));
                let response = ui.add_sized(vec2(90.0, ROW_HEIGHT), TextEdit::singleline(text));
                if response.changed() {
                    when.is = split(text);
                }
                response
                    .on_hover_text("Comma-separated values.")
                    .accessible_name(format!("{name}: values of the condition"));
            }
        });
    }
}

fn end_ui(ui: &mut Ui, number: &Number, label: &str, name: &str, value: f64) -> f64 {
    ui.label(theme::quiet(ui, name));
    let about = match name {
        "from" => "Smallest value to try.",
        _ => "Largest value to try; a wide range needs more trials.",
    };
    let entry = number.ui(ui, &format!("{label} {name}"), value);
    entry.explained(ui, about).unwrap_or(value)
}

/// Shows a selector with every key of the settings on the left.
fn key_ui(ui: &mut Ui, cx: &PanelContext<'_>, name: &str, key: &str) -> Option<String> {
    let mut chosen = None;
    combo_of_width(ui, name, &setting_label(key), 180.0, |ui| {
        let named = ["preset".to_owned(), "optimizer".to_owned()];
        let keys = cx.studio.draft().keys().into_iter().map(|(key, _)| key);
        let keys = keys.filter(|key| !["preset", "seed"].contains(&key.as_str()));
        for other in named.into_iter().chain(keys) {
            let item = ui.selectable_label(other == key, setting_label(&other));
            let setting = cx.studio.draft().setting_at(&other);
            let help = setting.map_or_else(String::new, |setting| setting.info().help());
            if item.on_hover_text(format!("{other}: {help}")).clicked() {
                chosen = Some(other);
            }
        }
    })
    .on_hover_text("The setting to vary.");
    chosen
}

fn kind_ui(ui: &mut Ui, name: &str, values: &Values) -> Option<Values> {
    let idx = match values {
        Values::List(_) => 0,
        Values::Range(_) => 1,
        Values::LogRange(_) => 2,
        Values::IntRange(_) => 3,
        Values::LogIntRange(_) => 4,
    };
    let mut chosen = None;
    combo_of_width(ui, name, KINDS[idx].0, 116.0, |ui| {
        for (other, (word, about)) in KINDS.iter().enumerate() {
            if ui
                .selectable_label(other == idx, *word)
                .on_hover_text(*about)
                .clicked()
            {
                chosen = Some(other);
            }
        }
    })
    .on_hover_text(KINDS[idx].1);
    let (low, high) = (values.at(0.0), values.at(1.0));
    let number = |value: &Value| value.as_float().or(value.as_integer().map(|n| n as f64));
    let ends = [number(&low).unwrap_or(0.1), number(&high).unwrap_or(1.0)];
    let whole = ends.map(|x| x.round() as i64);
    let list = || vec![low.clone(), high.clone()];
    Some(match chosen? {
        0 => Values::List(list()),
        1 => Values::Range(ends),
        2 => Values::LogRange(ends),
        3 => Values::IntRange(whole),
        _ => Values::LogIntRange(whole),
    })
}

fn join(values: &[Value]) -> String {
    let word = |value: &Value| match value {
        Value::String(word) => word.clone(),
        other => other.to_string(),
    };
    values.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn split(text: &str) -> Vec<Value> {
    let words = text
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    words.map(parse_value).collect()
}
