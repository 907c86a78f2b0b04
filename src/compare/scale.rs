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

    /// Returns the ticks and their positions: the ends and values between, or each word.
    pub fn ticks(&self) -> Vec<(f64, Value)> {
        match self {
            Scale::Words(words) => {
                let texts = words.iter().map(|word| Value::Text(word.clone()));
                texts
                    .filter_map(|word| Some((self.place(&word)?, word)))
                    .collect()
            }
            Scale::Linear { low, high } | Scale::Log { low, high } if low == high => {
                vec![(0.5, Value::Number(*low))]
            }
            Scale::Linear { low, high } => {
                let at = |share: f64| (share, Value::Number(low + share * (high - low)));
                [0.0, 0.25, 0.5, 0.75, 1.0].map(at).to_vec()
            }
            Scale::Log { low, high } => {
                // The ends, and the powers of ten that do not overlap with them.
                let decades = low.log10().ceil() as i32..=high.log10().floor() as i32;
                let powers = decades.filter_map(|decade| {
                    let value = Value::Number(format!("1e{decade}").parse().ok()?);
                    let place = self.place(&value)?;
                    (0.08..0.92).contains(&place).then_some((place, value))
                });
                let ends = [(0.0, *low), (1.0, *high)];
                let ends = ends.map(|(place, value)| (place, Value::Number(value)));
                powers.chain(ends).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(values: &[f64]) -> Vec<Value> {
        values.iter().map(|&v| Value::Number(v)).collect()
    }

    #[test]
    fn values_lie_where_they_should() {
        let linear = Scale::new(&numbers(&[2.0, 4.0, 3.0]), false).unwrap();
        assert_eq!(linear.place(&Value::Number(3.0)), Some(0.5));
        let log = Scale::new(&numbers(&[1e-4, 1e-2]), true).unwrap();
        let middle = log.place(&Value::Number(1e-3)).unwrap();
        assert!((middle - 0.5).abs() < 1e-12);
        assert_eq!(log.place(&Value::Number(0.0)), None);
        let ticks: Vec<String> = log.ticks().iter().map(|(_, v)| v.to_string()).collect();
        assert_eq!(ticks, ["0.001", "0.0001", "0.01"]);
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
    fn odd_columns_have_a_scale_or_none() {
        assert_eq!(Scale::new(&[], false), None);
        assert_eq!(Scale::new(&numbers(&[f64::NAN]), false), None);
        let one = Scale::new(&numbers(&[5.0, 5.0]), false).unwrap();
        assert_eq!(one.place(&Value::Number(5.0)), Some(0.5));
        // Zero has no logarithm.
        let zero = Scale::new(&numbers(&[0.0, 1.0]), true).unwrap();
        assert!(matches!(zero, Scale::Linear { .. }));
        assert!(Scale::suggests_log(&numbers(&[1e-5, 1e-2])));
        assert!(!Scale::suggests_log(&numbers(&[0.0, 1e-2])));
        // Words among numbers make all of them words.
        let mixed = [Value::Number(1.0), Value::Text("auto".to_owned())];
        assert!(matches!(Scale::new(&mixed, false), Some(Scale::Words(_))));
    }
}
