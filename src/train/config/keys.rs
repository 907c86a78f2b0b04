//! A configuration as keys and values: `optimizer.beta1` is the value `beta1` in the table
//! `optimizer`, as `--print-config` shows them.

use toml::{Table, Value};

use super::TrainConfig;
use super::optimizer::Optimizer;
use super::privacy::Privacy;
use super::schedule::Schedule;
use crate::files::in_our_words;
use crate::text::nearest;

/// Keys of earlier versions and their present names. Files, flags, sweeps and filters accept both.
const RENAMED: [(&str, &str); 3] = [
    ("warm_up", "warmup_epochs"),
    ("average", "ema_decay"),
    ("optimizer.memory", "optimizer.alpha"),
];

/// Returns the present name of a key.
pub fn current_key(key: &str) -> &str {
    let found = RENAMED.iter().find(|(old, _)| *old == key);
    found.map_or(key, |(_, new)| new)
}

/// Why keys could not be set. The configuration is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The key does not exist in this configuration.
    #[error("there is no key `{0}`; --print-config shows all keys")]
    Unknown(String),
    /// A value has the wrong type, or keys do not go together.
    #[error("{0}")]
    Unfit(String),
}

/// Parses a number, a boolean or a table as TOML does; anything else is a string.
pub fn parse_value(text: &str) -> Value {
    let line = format!("x = {text}");
    let parsed: Option<Table> = toml::from_str(&line).ok();
    parsed
        .and_then(|mut table| table.remove("x"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Replaces the name of an optimizer, a schedule or a kind of private training by its table with its default values.
///
/// # Errors
/// When there is none of this name.
pub fn named_value(key: &str, value: Value) -> Result<Value, KeyError> {
    let Value::String(name) = &value else {
        return Ok(value);
    };
    let known: Vec<(&str, Result<Value, toml::ser::Error>)> = match key {
        "optimizer" => Optimizer::ALL
            .map(|o| (o.name(), Value::try_from(o)))
            .into(),
        "schedule" => Schedule::ALL.map(|s| (s.name(), Value::try_from(s))).into(),
        "privacy" => Privacy::ALL.map(|p| (p.name(), Value::try_from(p))).into(),
        _ => Vec::new(),
    };
    if known.is_empty() {
        return Ok(value);
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let named = known.into_iter().find(|(known, _)| *known == *name);
    match named {
        Some((_, table)) => table.map_err(|e| KeyError::Unfit(e.to_string())),
        None => {
            let told = match nearest(name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("expected one of {}", names.join(", ")),
            };
            Err(KeyError::Unfit(format!(
                "there is no {key} `{name}`; {told}"
            )))
        }
    }
}

/// Describes why `keys` do not fit, naming the key if the parser does.
fn unfit(error: &toml::de::Error) -> KeyError {
    let message = in_our_words(error.message());
    let whole = error.to_string();
    let key = whole.lines().find_map(|line| line.strip_prefix("in "));
    KeyError::Unfit(key.map_or(message.clone(), |key| format!("{key}: {message}")))
}

impl TrainConfig {
    /// Returns the configuration with new values at some keys, set in order. A table, such as
    /// `optimizer`, is replaced as a whole, also by a name. Only the types of the values are checked.
    ///
    /// # Errors
    /// When a key does not exist or a value has the wrong type.
    pub fn with_keys<'a>(
        &self,
        keys: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> Result<TrainConfig, KeyError> {
        let mut table = Table::try_from(self).map_err(|e| KeyError::Unfit(e.to_string()))?;
        for (key, value) in keys {
            let value = named_value(key, value)?;
            *entry(&mut table, key).ok_or_else(|| KeyError::Unknown(key.to_owned()))? = value;
        }
        table.try_into::<TrainConfig>().map_err(|e| unfit(&e))
    }

    /// The value at a key; `None` when the key does not exist.
    pub fn key(&self, key: &str) -> Option<Value> {
        let mut table = Table::try_from(self).ok()?;
        entry(&mut table, key).map(|value| value.clone())
    }

    /// All keys with a single value, and their values. Layers have no keys.
    pub fn keys(&self) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        if let Ok(mut table) = Table::try_from(self) {
            table.remove("model");
            collect(&table, "", &mut found);
        }
        found
    }
}

fn collect(table: &Table, prefix: &str, found: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        match value {
            Value::Table(inner) => collect(inner, &format!("{key}."), found),
            Value::Array(_) => {}
            single => found.push((key, single.clone())),
        }
    }
}

/// The value at a path such as `optimizer.beta1`.
fn entry<'t>(table: &'t mut Table, key: &str) -> Option<&'t mut Value> {
    let mut parts = current_key(key).split('.');
    let mut at = table.get_mut(parts.next()?)?;
    for part in parts {
        at = at.as_table_mut()?.get_mut(part)?;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PRESETS;

    #[test]
    fn every_listed_key_can_be_read_and_set() {
        let config = TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000);
        let keys = config.keys();
        assert!(keys.iter().any(|(k, _)| k == "optimizer.beta1"), "{keys:?}");
        assert_eq!(config.key("warm_up"), config.key("warmup_epochs"));
        for (key, value) in keys {
            assert_eq!(config.key(&key).as_ref(), Some(&value));
            assert_eq!(config.with_keys([(&*key, value)]).as_ref(), Ok(&config));
        }
    }
}
