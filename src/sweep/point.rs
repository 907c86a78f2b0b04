//! A point of the search space, and its configuration.

use toml::{Table, Value};

use crate::model::preset;
use crate::train::{KeyError, TrainConfig, named_value};

/// Values by key.
pub type Point = Table;

/// Returns `base` with the values of `point`. Two keys take a name: `preset` sets the network and
/// its initialization, and `optimizer` an optimizer with its default values.
///
/// # Errors
/// When a key does not exist or a value does not fit it.
pub(super) fn apply(base: &TrainConfig, point: &Point) -> Result<TrainConfig, KeyError> {
    let mut config = base.clone();
    if let Some(name) = point.get("preset") {
        let name = name.as_str().unwrap_or_default();
        let preset =
            preset(name).ok_or_else(|| KeyError::Unfit(format!("there is no preset `{name}`")))?;
        config.model = preset.spec(base.model.input, base.model.classes);
        config.init = preset.init;
        name.clone_into(&mut config.preset);
    }
    // In alphabetical order, so that a table comes before the keys in it.
    let keys = point.iter().filter(|(key, _)| *key != "preset");
    let mut config = config.with_keys(keys.map(|(key, value)| (&**key, value.clone())))?;
    if !point.contains_key("preset") {
        config.rename_preset();
    }
    Ok(config)
}

/// Converts `point` to arguments for `train --set`, without names that only a sweep accepts.
///
/// # Errors
/// As [`apply`].
pub(super) fn sets(base: &TrainConfig, point: &Point) -> Result<Vec<String>, KeyError> {
    let mut sets = Vec::new();
    if point.contains_key("preset") {
        let config = apply(base, point)?;
        for key in ["preset", "init", "model"] {
            sets.extend(config.key(key).map(|value| format!("{key}={value}")));
        }
    }
    let keys = point.iter().filter(|(key, _)| *key != "preset");
    for (key, value) in keys {
        sets.push(format!("{key}={}", named_value(key, value.clone())?));
    }
    Ok(sets)
}

/// Formats a point, such as `batch_size 32, learning_rate 0.0031`.
pub fn describe(point: &Point) -> String {
    describe_with(point, str::to_owned)
}

/// Formats a point with a label for each key, such as `batch size 32, learning rate 0.0031`.
pub fn describe_with(point: &Point, label: impl Fn(&str) -> String) -> String {
    let words: Vec<String> = point
        .iter()
        .map(|(key, value)| format!("{} {}", label(key), word(value)))
        .collect();
    words.join(", ")
}

/// Formats a value with three digits, enough to distinguish trials.
fn word(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Float(x) if *x != 0.0 && !(1e-3..1e4).contains(&x.abs()) => format!("{x:.2e}"),
        Value::Float(x) => {
            let digits = (2 - x.abs().max(1e-3).log10().floor() as i32).clamp(0, 6);
            let text = format!("{x:.*}", digits as usize);
            if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            } else {
                text
            }
        }
        Value::Table(table) => table
            .get("kind")
            .and_then(Value::as_str)
            .map_or_else(|| value.to_string(), str::to_owned),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PRESETS;

    fn base() -> TrainConfig {
        TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000)
    }

    #[test]
    fn names_bring_networks_and_optimizers() {
        let point: Point = toml::from_str(
            "preset = 'mlp'\noptimizer = 'sgd'\n'optimizer.momentum' = 0.5\nepochs = 2",
        )
        .unwrap();
        let config = apply(&base(), &point).unwrap();
        assert_eq!((config.preset.as_str(), config.epochs), ("mlp", 2));
        assert_eq!(config.setting(crate::train::Setting::Momentum), 0.5);
        let spec = preset("mlp").unwrap().spec([1, 28, 28], 10);
        assert_eq!(config.model, spec);
    }

    #[test]
    fn numbers_are_told_with_three_digits() {
        let point: Point =
            toml::from_str("a = 0.0031623\nb = 32\nc = 12.0\nd = 1.5e-5\ne = 'sgd'").unwrap();
        assert_eq!(describe(&point), "a 0.00316, b 32, c 12, d 1.50e-5, e sgd");
    }
}
