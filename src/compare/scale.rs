//! Values on an axis: positions and tick labels.

use crate::runs::Value;

/// How values are placed on an axis, from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Linearly.
    Linear {
        /// The value at 0.
        low: f64,
        /// The value at 1.
        high: f64,
    },
    /// Logarithmically.
    Log {
        /// The value at 0, above 0.
        low: f64,
        /// The value at 1.
        high: f64,
    },
    /// One position per word, in order.
    Words(Vec<String>),
}

impl Scale {
    /// Makes a scale for all `values`; `wants_log` applies if all are above 0. `None` without
    /// values.
    pub fn new(values: &[Value], wants_log: bool) -> Option<Scale> {
        if values.is_empty() {
            return None;
        }
        let numbers: Option<Vec<f64>> = values.iter().map(Value::number).collect();
        let Some(numbers) = numbers else {
            let mut words: Vec<String> = values.iter().map(Value::to_string).collect();
            words.sort();
            words.dedup();
            return Some(Scale::Words(words));
        };
        let finite = || numbers.iter().copied().filter(|n| n.is_finite());
        let (low, high) = (
            finite().fold(f64::MAX, f64::min),
            finite().fold(f64::MIN, f64::max),
        );
        if low > high {
            return None;
        }
        Some(if wants_log && low > 0.0 {
            Scale::Log { low, high }
        } else {
            Scale::Linear { low, high }
        })
    }

    /// Returns whether a logarithmic scale shows more: all above 0, with a ratio of at least 100.
    pub fn suggests_log(values: &[Value]) -> bool {
        match Scale::new(values, true) {
            Some(Scale::Log { low, high }) => high / low >= 100.0,
            _ => false,
        }
    }

    /// Returns the position of a value, from 0 to 1; in the middle if the ends are equal.
    pub fn place(&self, value: &Value) -> Option<f64> {
        let along = |value: f64, low: f64, high: f64| {
            if low == high {
                0.5
            } else {
                (value - low) / (high - low)
            }
        };
        match (self, value) {
            (Scale::Words(words), value) => {
                let text = value.to_string();
                let idx = words.iter().position(|word| *word == text)?;
                Some(along(idx as f64, 0.0, (words.len() - 1) as f64))
            }
            (Scale::Linear { low, high }, Value::Number(n)) if n.is_finite() => {
                Some(along(*n, *low, *high))
            }
            (Scale::Log { low, high }, Value::Number(n)) if *n > 0.0 && n.is_finite() => {
                Some(along(n.ln(), low.ln(), high.ln()))
            }
            _ => None,
        }
    }

    /// Returns the ticks and their positions: round values, or each word.
    pub fn ticks(&self) -> Vec<(f64, Value)> {
        let values: Vec<Value> = match self {
            Scale::Words(words) => words.iter().cloned().map(Value::Text).collect(),
            Scale::Linear { low, high } => numbers(linear_ticks(*low, *high), *low, *high),
            Scale::Log { low, high } => numbers(log_ticks(*low, *high), *low, *high),
        };
        let ticks = values.into_iter();
        ticks
            .filter_map(|value| Some((self.place(&value)?, value)))
            .collect()
    }
}

/// Returns the ticks as values; the ends where there are fewer than two round values.
fn numbers(ticks: Vec<f64>, low: f64, high: f64) -> Vec<Value> {
    let ticks = match ticks.len() {
        _ if low == high => vec![low],
        0 | 1 => vec![low, high],
        _ => ticks,
    };
    ticks.into_iter().map(Value::Number).collect()
}

/// Returns the multiples of 1, 2 or 5 times a power of ten between the ends, about five.
fn linear_ticks(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / 6.0;
    if rough <= 0.0 || !rough.is_finite() {
        return Vec::new();
    }
    let decade = rough.log10().floor();
    let digit = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|digit| digit * 10_f64.powf(decade) >= 0.999 * rough);
    let step = digit.unwrap_or(10.0);
    // Counted in whole steps, and rounded by their text: 0.3 instead of 0.30000000000000004.
    let unit = |n: i64| round(n as f64 * step, decade as i32);
    let size = step * 10_f64.powf(decade);
    let (first, last) = ((low / size - 1e-9).ceil(), (high / size + 1e-9).floor());
    (first as i64..=last as i64)
        .map(unit)
        .map(|value| value.clamp(low, high))
        .collect()
}

/// Returns the powers of ten between the ends, with their multiples by 2 and 5 if they are few.
fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let of = |digits: &[f64]| -> Vec<f64> {
        let all = decades
            .clone()
            .flat_map(|decade| digits.iter().map(move |digit| round(*digit, decade)));
        let is_inside = |value: &f64| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(value);
        all.filter(is_inside).map(|v| v.clamp(low, high)).collect()
    };
    let powers = of(&[1.0]);
    if powers.len() > 2 {
        powers
    } else {
        of(&[1.0, 2.0, 5.0])
    }
}

/// Returns `digits` times a power of ten, without an error in the last place.
fn round(digits: f64, decade: i32) -> f64 {
    let text = format!("{digits}e{decade}");
    text.parse().unwrap_or(digits * 10_f64.powi(decade))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Vec<Value> {
        values.iter().map(|&v| Value::Number(v)).collect()
    }

    #[test]
    fn values_lie_where_they_should() {
        let linear = Scale::new(&of(&[2.0, 4.0, 3.0]), false).unwrap();
        assert_eq!(linear.place(&Value::Number(3.0)), Some(0.5));
        let log = Scale::new(&of(&[1e-4, 1e-2]), true).unwrap();
        let middle = log.place(&Value::Number(1e-3)).unwrap();
        assert!((middle - 0.5).abs() < 1e-12);
        assert_eq!(log.place(&Value::Number(0.0)), None);
        let ticks: Vec<String> = log.ticks().iter().map(|(_, v)| v.to_string()).collect();
        assert_eq!(ticks, ["0.0001", "0.001", "0.01"]);
        let words = ["sgd", "adam", "sgd", "adamw"].map(|w| Value::Text(w.to_owned()));
        let words = Scale::new(&words, true).unwrap();
        let place = |word: &str| words.place(&Value::Text(word.to_owned()));
        assert_eq!(
            (place("adam"), place("adamw"), place("sgd")),
            (Some(0.0), Some(0.5), Some(1.0))
        );
        assert_eq!(place("none"), None);
    }

    #[test]
    fn ticks_are_round() {
        for (low, high, wants_log, expected) in [
            (0.9712, 0.9831, false, "0.972 0.974 0.976 0.978 0.98 0.982"),
            (0.1, 0.6, false, "0.1 0.2 0.3 0.4 0.5 0.6"),
            (16.0, 256.0, false, "50 100 150 200 250"),
            (0.000_37, 0.0071, true, "0.0005 0.001 0.002 0.005"),
            (3.775e-3, 3.9e-3, true, "0.003775 0.0039"),
            (2e-5, 0.3, true, "0.0001 0.001 0.01 0.1"),
            (7.0, 7.0, false, "7"),
        ] {
            let scale = Scale::new(&of(&[low, high]), wants_log).unwrap();
            let ticks: Vec<String> = scale.ticks().iter().map(|(_, v)| v.to_string()).collect();
            assert_eq!(ticks.join(" "), expected, "{low} to {high}");
            assert!(
                scale
                    .ticks()
                    .iter()
                    .all(|(place, _)| (0.0..=1.0).contains(place))
            );
        }
    }

    #[test]
    fn odd_columns_have_a_scale_or_none() {
        assert_eq!(Scale::new(&[], false), None);
        assert_eq!(Scale::new(&of(&[f64::NAN]), false), None);
        let one = Scale::new(&of(&[5.0, 5.0]), false).unwrap();
        assert_eq!(one.place(&Value::Number(5.0)), Some(0.5));
        // Zero has no logarithm.
        let zero = Scale::new(&of(&[0.0, 1.0]), true).unwrap();
        assert!(matches!(zero, Scale::Linear { .. }));
        assert!(Scale::suggests_log(&of(&[1e-5, 1e-2])));
        assert!(!Scale::suggests_log(&of(&[0.0, 1e-2])));
        // Words among numbers make all of them words.
        let mixed = [Value::Number(1.0), Value::Text("auto".to_owned())];
        assert!(matches!(Scale::new(&mixed, false), Some(Scale::Words(_))));
    }
}
