//! The value of a setting.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// The value of a setting, or of another property of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A number, in the setting's own unit; may be NaN.
    Number(f64),
    /// Anything else.
    Text(String),
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Number(number)
    }
}

impl PartialEq<f64> for Value {
    fn eq(&self, other: &f64) -> bool {
        *self == Value::Number(*other)
    }
}

impl Value {
    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(_) => None,
        }
    }

    /// A total order of values: numbers first, by size, then texts, alphabetically.
    pub fn order(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Number(_), Value::Text(_)) => Ordering::Less,
            (Value::Text(_), Value::Number(_)) => Ordering::Greater,
        }
    }
}

impl std::fmt::Display for Value {
    /// All digits, so that parsing the text gives the same number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Number(number) if *number != 0.0 && !(1e-4..1e16).contains(&number.abs()) => {
                write!(f, "{number:e}")
            }
            Value::Number(number) => number.fmt(f),
            Value::Text(text) => text.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
