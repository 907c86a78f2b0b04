//! One searched key: its values, and the condition under which it is searched.

use serde::{Deserialize, Serialize};
use toml::Value;

use super::point::Point;

/// A searched key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// The key, as `train --set` names it, or `preset`.
    pub key: String,
    /// Its values.
    #[serde(flatten)]
    pub values: Values,
    /// Number of evenly spaced values that a grid tries of a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<usize>,
    /// Condition of the search; otherwise the key keeps its value in the base configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
}

/// The values of a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// One of these.
    List(Vec<Value>),
    /// Any number from the first to the second, uniformly.
    Range([f64; 2]),
    /// The same, uniformly in the logarithm.
    LogRange([f64; 2]),
    /// Any whole number from the first to the second, both included.
    IntRange([i64; 2]),
    /// The same, uniformly in the logarithm.
    LogIntRange([i64; 2]),
}

/// A condition: another searched key has one of some values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The other key, which must come before this one.
    pub key: String,
    /// The values of which it must have one.
    pub is: Vec<Value>,
}

impl Values {
    /// Returns the name in files.
    pub fn name(&self) -> &'static str {
        match self {
            Values::List(_) => "list",
            Values::Range(_) => "range",
            Values::LogRange(_) => "log_range",
            Values::IntRange(_) => "int_range",
            Values::LogIntRange(_) => "log_int_range",
        }
    }

    /// Returns the value at position `at` in `[0, 1)`.
    pub fn at(&self, at: f64) -> Value {
        let between = |low: f64, high: f64| low + at * (high - low);
        match self {
            Values::List(values) => {
                let idx = (at * values.len() as f64) as usize;
                values[idx.min(values.len() - 1)].clone()
            }
            &Values::Range([low, high]) => Value::Float(between(low, high)),
            &Values::LogRange([low, high]) => {
                let value = between(low.ln(), high.ln()).exp();
                Value::Float(value.clamp(low, high))
            }
            // Each whole number covers half a unit on both sides.
            &Values::IntRange([low, high]) => {
                let value = between(low as f64, high as f64 + 1.0).floor();
                Value::Integer((value as i64).clamp(low, high))
            }
            &Values::LogIntRange([low, high]) => {
                let (first, last) = ((low as f64 - 0.5).ln(), (high as f64 + 0.5).ln());
                let value = between(first, last).exp().round();
                Value::Integer((value as i64).clamp(low, high))
            }
        }
    }

    /// Returns the position of a value in `[0, 1]`, the inverse; `None` if it is not one of these.
    pub fn position(&self, value: &Value) -> Option<f64> {
        let number = value
            .as_float()
            .or_else(|| value.as_integer().map(|i| i as f64));
        let within = |low: f64, high: f64, x: f64| (x - low) / (high - low);
        let position = match self {
            Values::List(values) => {
                let idx = values.iter().position(|v| v == value)?;
                (idx as f64 + 0.5) / values.len() as f64
            }
            &Values::Range([low, high]) => within(low, high, number?),
            &Values::LogRange([low, high]) => within(low.ln(), high.ln(), number?.ln()),
            &Values::IntRange([low, high]) => within(low as f64, high as f64 + 1.0, number? + 0.5),
            &Values::LogIntRange([low, high]) => within(
                (low as f64 - 0.5).ln(),
                (high as f64 + 0.5).ln(),
                number?.ln(),
            ),
        };
        (position.is_finite() && (-1e-9..=1.0 + 1e-9).contains(&position)).then_some(position)
    }

    /// Returns all values without repetitions, if there are at most `max`.
    pub(super) fn list(&self, max: usize) -> Option<Vec<Value>> {
        if self.count()? > max {
            return None;
        }
        Some(match self {
            Values::List(list) => {
                let is_first = |&(idx, value): &(usize, &Value)| !list[..idx].contains(value);
                let first = list.iter().enumerate().filter(is_first);
                first.map(|(_, value)| value.clone()).collect()
            }
            &Values::IntRange([low, high]) | &Values::LogIntRange([low, high]) => {
                (low..=high).map(Value::Integer).collect()
            }
            Values::Range(_) | Values::LogRange(_) => return None,
        })
    }

    /// Returns the number of values, if it is finite.
    pub fn count(&self) -> Option<usize> {
        match self {
            Values::List(values) => Some(values.len()),
            Values::Range(_) | Values::LogRange(_) => None,
            Values::IntRange([low, high]) | Values::LogIntRange([low, high]) => {
                usize::try_from(high.checked_sub(*low)?)
                    .ok()?
                    .checked_add(1)
            }
        }
    }
}

impl Axis {
    /// Makes a key that is always searched.
    pub fn new(key: impl Into<String>, values: Values) -> Axis {
        Axis {
            key: key.into(),
            values,
            points: None,
            when: None,
        }
    }

    /// Returns whether it is searched, given the values of the keys before it in `point`.
    pub fn is_active(&self, point: &Point) -> bool {
        self.when
            .as_ref()
            .is_none_or(|when| point.get(&when.key).is_some_and(|v| when.is.contains(v)))
    }

    /// Returns the values that a grid tries: all of them, or `points` from end to end.
    pub fn grid(&self) -> Vec<Value> {
        let whole = self.values.count();
        let n = match (self.points, whole) {
            (Some(points), Some(whole)) => points.min(whole),
            (points, whole) => points.or(whole).unwrap_or(0),
        };
        let mut values: Vec<Value> = (0..n).map(|idx| self.grid_value(idx, n)).collect();
        values.dedup();
        values
    }

    /// Returns the first or the last value.
    fn end(&self, is_last: bool) -> Value {
        let end = usize::from(is_last);
        match &self.values {
            Values::List(values) => values[end * (values.len() - 1)].clone(),
            Values::Range(ends) | Values::LogRange(ends) => Value::Float(ends[end]),
            Values::IntRange(ends) | Values::LogIntRange(ends) => Value::Integer(ends[end]),
        }
    }

    fn grid_value(&self, idx: usize, n: usize) -> Value {
        // The exact ends, without the rounding of a logarithm and its inverse.
        if n > 1 && (idx == 0 || idx == n - 1) {
            return self.end(idx != 0);
        }
        let at = |low: f64, high: f64| match n {
            1 => f64::midpoint(low, high),
            _ => low + idx as f64 / (n - 1) as f64 * (high - low),
        };
        match &self.values {
            Values::List(values) => values[idx].clone(),
            &Values::Range([low, high]) => Value::Float(at(low, high)),
            &Values::LogRange([low, high]) => Value::Float(at(low.ln(), high.ln()).exp()),
            &Values::IntRange([low, high]) => {
                Value::Integer(at(low as f64, high as f64).round() as i64)
            }
            &Values::LogIntRange([low, high]) => {
                let value = at((low as f64).ln(), (high as f64).ln()).exp().round();
                Value::Integer((value as i64).clamp(low, high))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: Values) {
        for idx in 0..1000 {
            let at = idx as f64 / 1000.0;
            let value = values.at(at);
            let back = values.position(&value).unwrap();
            assert_eq!(
                values.at(back.min(1.0 - 1e-12)),
                value,
                "{values:?} at {at}"
            );
        }
    }

    #[test]
    fn positions_lead_back_to_their_values() {
        check(Values::List(vec!["a".into(), "b".into(), "c".into()]));
        check(Values::IntRange([-2, 7]));
        check(Values::LogIntRange([1, 512]));
        let range = Values::LogRange([1e-4, 1e-1]);
        assert!((range.position(&range.at(0.25)).unwrap() - 0.25).abs() < 1e-9);
        assert_eq!(range.position(&Value::Float(1.0)), None);
    }

    #[test]
    fn whole_numbers_are_equally_likely() {
        let values = Values::IntRange([1, 4]);
        let n_ones = (0..400)
            .filter(|&i| values.at(f64::from(i) / 400.0) == Value::Integer(1))
            .count();
        assert_eq!(n_ones, 100);
    }

    #[test]
    fn a_grid_over_a_range_has_both_ends() {
        let axis = Axis {
            points: Some(3),
            ..Axis::new("learning_rate", Values::LogRange([0.001, 0.1]))
        };
        let grid: Vec<f64> = axis.grid().iter().filter_map(Value::as_float).collect();
        assert_eq!((grid[0], grid[2]), (0.001, 0.1));
        assert!((grid[1] - 0.01).abs() < 1e-12);
    }
}
