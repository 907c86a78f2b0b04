//! JSON as its schema says: objects are objects, `null` is no value, and `3.0` is a whole number.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};

/// A `T` from an object. By itself, a `T` would also be read from a list of its fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        struct OfMap<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(OfMap(PhantomData))
    }
}

/// A field that may be missing, but is not `null`.
pub(super) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A whole number, also if it is written with a point.
struct Whole<T>(T);

/// Whole numbers up to this one have a float of their own.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

impl<'de, T: TryFrom<u64>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Whole<T>, D::Error> {
        struct Number<T>(PhantomData<T>);

        impl<T: TryFrom<u64>> Visitor<'_> for Number<T> {
            type Value = Whole<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number within limits")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Whole<T>, E> {
                let refused = |_| E::invalid_value(Unexpected::Unsigned(number), &self);
                T::try_from(number).map(Whole).map_err(refused)
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Whole<T>, E> {
                match number.fract() == 0.0 && (0.0..=MAX_EXACT).contains(&number) {
                    true => self.visit_u64(number as u64),
                    false => Err(E::invalid_value(Unexpected::Float(number), &self)),
                }
            }
        }

        deserializer.deserialize_u64(Number(PhantomData))
    }
}

/// A field with a whole number.
pub(super) fn whole<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    Whole::deserialize(deserializer).map(|Whole(number)| number)
}

/// A field with a whole number that may be missing, but is not `null`.
pub(super) fn whole_present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    whole(deserializer).map(Some)
}

/// A field with a list of whole numbers.
pub(super) fn whole_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    let all = Vec::<Whole<T>>::deserialize(deserializer)?;
    Ok(all.into_iter().map(|Whole(number)| number).collect())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Fields {
        #[serde(default, deserialize_with = "whole")]
        k: u32,
        #[serde(default, deserialize_with = "whole_present")]
        size: Option<usize>,
        #[serde(default, deserialize_with = "whole_list")]
        shape: Vec<usize>,
    }

    #[test]
    fn a_whole_number_may_have_a_point() {
        let read = |json: &str| serde_json::from_str::<Object<Fields>>(json).map(|all| all.0);
        let fields = Fields {
            k: 106,
            size: Some(3),
            shape: vec![1, 28],
        };
        let json = r#"{ "k": 106.0, "size": 3, "shape": [1.0, 28] }"#;
        assert_eq!(read(json).unwrap(), fields);
        assert_eq!(read("{}").unwrap(), Fields::default());
        for wrong in [
            r#"{ "k": 1.5 }"#,
            r#"{ "k": -1 }"#,
            r#"{ "k": -1.0 }"#,
            r#"{ "k": 4294967296 }"#,
            r#"{ "k": 1e300 }"#,
            r#"{ "k": null }"#,
            r#"{ "k": "1" }"#,
            r#"{ "size": null }"#,
            r#"{ "shape": [-1] }"#,
            r#"{ "shape": 1 }"#,
            "[106, 3, [1]]",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
