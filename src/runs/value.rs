//! Settings as plain values by path.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::train::TrainConfig;
pub use crate::train::Value;

/// Returns every setting of a configuration by its path, such as `learning_rate` or
/// `optimizer.beta1`.
///
/// The kind of an optimizer or schedule is the value of its own key; the layers of the network are
/// one text.
pub fn settings(config: &TrainConfig) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    // A configuration always converts to JSON: its keys are strings and its values plain.
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
            // Shapes such as 1×28×28; longer arrays have their own text.
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
}
