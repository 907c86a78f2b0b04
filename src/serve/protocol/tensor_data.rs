//! The values of a tensor in JSON: a list, flat or nested as the tensor's shape.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// The largest value of an input. Pixels are from 0 to 1, and resizing may overshoot; what is far
/// outside would make the network overflow.
const MAX_VALUE: f32 = 1e6;

/// What is expected of a value.
pub(super) const EXPECTED: &str = "expected numbers from -1000000 to 1000000 (pixels are 0 to 1)";

/// Whether a network may be asked about this value.
pub(super) fn is_usable(value: f32) -> bool {
    value.abs() <= MAX_VALUE
}

/// The values of a tensor, in the order of the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TensorData {
    /// A list without values.
    Empty,
    Numbers {
        values: Vec<f32>,
        /// Whether all are whole, from 0 to 255.
        are_bytes: bool,
    },
    Texts(Vec<String>),
}

impl TensorData {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            TensorData::Empty => 0,
            TensorData::Numbers { values, .. } => values.len(),
            TensorData::Texts(texts) => texts.len(),
        }
    }

    fn push_number<E: Error>(&mut self, number: f64) -> Result<(), E> {
        if matches!(self, TensorData::Empty) {
            *self = TensorData::Numbers {
                values: Vec::new(),
                are_bytes: true,
            };
        }
        let TensorData::Numbers { values, are_bytes } = self else {
            return Err(E::custom("expected texts only, found a number"));
        };
        let value = number as f32;
        if !is_usable(value) {
            return Err(E::custom(format_args!("{EXPECTED}, found {number}")));
        }
        *are_bytes &= number.fract() == 0.0 && (0.0..=255.0).contains(&number);
        values.push(value);
        Ok(())
    }

    fn push_text<E: Error>(&mut self, text: String) -> Result<(), E> {
        match self {
            TensorData::Empty => *self = TensorData::Texts(vec![text]),
            TensorData::Texts(texts) => texts.push(text),
            TensorData::Numbers { .. } => {
                return Err(E::custom("expected numbers only, found a text"));
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for TensorData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TensorData, D::Error> {
        let mut data = TensorData::Empty;
        deserializer.deserialize_seq(List(&mut data))?;
        Ok(data)
    }
}

/// A list; its items are values or lists again. The parser limits how deep they are nested.
struct List<'a>(&'a mut TensorData);

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Item(self.0))?.is_some() {}
        Ok(())
    }
}

struct Item<'a>(&'a mut TensorData);

impl<'de> serde::de::DeserializeSeed<'de> for Item<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text or a list of them")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        List(self.0).visit_seq(items)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.0.push_number(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.0.push_number(number as f64)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.0.push_number(number as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.push_text(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<(), E> {
        self.0.push_text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<TensorData, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn flat_and_nested_lists_are_the_same() {
        let flat = read("[0, 1.5, -2, 255]").unwrap();
        assert_eq!(flat, read("[[[0], [1.5]], [[-2], [255]]]").unwrap());
        let values = vec![0.0, 1.5, -2.0, 255.0];
        let are_bytes = false;
        assert_eq!(flat, TensorData::Numbers { values, are_bytes });
        assert_eq!(read("[[], []]"), Ok(TensorData::Empty));
        let texts = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(read(r#"[["a"], "b"]"#), Ok(TensorData::Texts(texts)));
    }

    #[test]
    fn bytes_are_whole_numbers_from_0_to_255() {
        for (json, expected) in [
            ("[0, 255, 7.0]", true),
            ("[256]", false),
            ("[-1]", false),
            ("[0.5]", false),
        ] {
            let data = read(json).unwrap();
            assert!(
                matches!(data, TensorData::Numbers { are_bytes, .. } if are_bytes == expected),
                "{json}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for (json, words) in [
            ("[1e7]", "from -1000000 to 1000000"),
            ("[true]", "a number, a text or a list"),
            ("[null]", "a number, a text or a list"),
            (r#"[1, "a"]"#, "expected numbers only"),
            (r#"["a", 1]"#, "expected texts only"),
            ("3", "a list"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(words), "{json}: {error}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&deep).unwrap_err().contains("recursion limit"));
    }
}
