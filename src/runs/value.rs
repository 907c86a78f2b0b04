//! Settings as plain values by name.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value as Json;

use crate::train::TrainConfig;

/// A setting, a result, or something else there is to say about a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A number; it may be none.
    Number(f64),
    /// Anything else.
    Text(String),
}

impl Value {
    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(_) => None,
        }
    }

    /// An order of all values: numbers first, by size, then words, by their letters.
    pub fn order(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Number(_), Value::Text(_)) => Ordering::Less,
            (Value::Text(_), Value::Number(_)) => Ordering::Greater,
        }
    }
}

impl fmt::Display for Value {
    /// All digits, so that what is written can be read again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) if *number != 0.0 && !(1e-4..1e16).contains(&number.abs()) => {
                write!(f, "{number:e}")
            }
            Value::Number(number) => write!(f, "{number}"),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// Every setting of a configuration by its path, such as `learning_rate` or `optimizer.beta1`.
///
/// What kind of thing an optimiser or a schedule is stands under its own name; the layers of the
/// network are one text.
pub fn settings(config: &TrainConfig) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    // A configuration always has a JSON form: its keys are words and its values plain.
    if let Ok(json) = serde_json::to_value(config) {
        flatten("", &json, &mut values);
    }
    let layer = |layer: &crate::model::Layer| format!("{} {}", layer.label(), layer.detail());
    let layers: Vec<String> = config.model.layers.iter().map(layer).collect();
    let layers = layers.iter().map(|text| text.trim()).collect::<Vec<_>>();
    values.insert("model.layers".to_owned(), Value::Text(layers.join(", ")));
    values
}

fn flatten(path: &str, json: &Json, values: &mut BTreeMap<String, Value>) {
    let value = match json {
        Json::Object(fields) => {
            for (key, field) in fields {
                let path = match (path, key.as_str()) {
                    ("", key) => key.to_owned(),
                    (path, "kind") => path.to_owned(),
                    (path, key) => format!("{path}.{key}"),
                };
                flatten(&path, field, values);
            }
            return;
        }
        Json::Null => return,
        Json::Bool(flag) => Value::Text(if *flag { "yes" } else { "no" }.to_owned()),
        Json::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(parts) => {
            // Sizes such as 1×28×28; what is longer than that has a text of its own.
            let parts: Vec<String> = parts.iter().map(Json::to_string).collect();
            Value::Text(parts.join("×"))
        }
    };
    values.insert(path.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset;

    #[test]
    fn settings_are_named_by_their_paths() {
        let preset = preset("keras-cnn").unwrap();
        let config = TrainConfig::new(preset, [1, 28, 28], 10, 60_000);
        let values = settings(&config);
        let text = |key: &str| values[key].to_string();
        assert_eq!(text("preset"), "keras-cnn");
        assert_eq!(text("learning_rate"), "0.001");
        assert_eq!(text("optimizer"), "adam");
        assert_eq!(text("optimizer.epsilon"), "1e-7");
        assert_eq!(text("model.input"), "1×28×28");
        assert!(
            text("model.layers").starts_with("Conv 2-D 32 of 3×3"),
            "{values:?}"
        );
        assert!(!values.keys().any(|key| key.contains("kind")), "{values:?}");
    }

    #[test]
    fn values_have_an_order_and_no_number_is_last() {
        let mut values = [
            Value::Text("b".to_owned()),
            Value::Number(f64::NAN),
            Value::Text("a".to_owned()),
            Value::Number(2.0),
            Value::Number(-1.0),
        ];
        values.sort_by(Value::order);
        let texts: Vec<String> = values.iter().map(Value::to_string).collect();
        assert_eq!(texts, ["-1", "2", "NaN", "a", "b"]);
    }
}
