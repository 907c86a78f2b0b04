//! The layers as editable text: TOML, one layer per line.

use std::fmt::Write;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::layers::Residual;
use super::spec::Layer;
use crate::files::{in_our_words, line_of};

/// An error in a text, with its line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct TextError {
    /// The line, counted from 1.
    pub line: usize,
    /// What was expected and what was found.
    pub message: String,
}

/// Layers parsed from a text.
#[derive(Clone, Debug, PartialEq)]
pub struct LayersText {
    /// The layers.
    pub layers: Vec<Layer>,
    /// The line each of them begins on, counted from 1.
    pub lines: Vec<usize>,
}

/// Writes `layers` as text; [`read_layers`] gives back exactly the same layers.
pub fn write_layers(layers: &[Layer]) -> String {
    let mut text = "layers = [\n".to_owned();
    write_list(&mut text, layers, 1);
    text.push_str("]\n");
    text
}

fn write_list(text: &mut String, layers: &[Layer], depth: usize) {
    let indent = "  ".repeat(depth);
    for layer in layers {
        text.push_str(&indent);
        if let Layer::Residual(Residual { layers }) = layer {
            text.push_str("{ kind = \"residual\", layers = [\n");
            write_list(text, layers, depth + 1);
            let _ = writeln!(text, "{indent}] }},");
        } else {
            // A layer is a table of numbers, strings and booleans: TOML can write all of it.
            let _ = layer.serialize(toml::ser::ValueSerializer::new(text));
            text.push_str(",\n");
        }
    }
}

/// Parses the text of [`write_layers`], perhaps edited. Does not check whether the layers fit
/// together: see [`super::ModelSpec::check`].
///
/// # Errors
/// The first syntax error or invalid layer, with its line.
pub fn read_layers(text: &str) -> Result<LayersText, TextError> {
    let at = |span: Range<usize>| line_of(text, span.start);
    let document = DeTable::parse(text).map_err(|e| TextError {
        line: e.span().map_or(1, at),
        message: in_our_words(e.message()),
    })?;
    let mut found = None;
    for (key, value) in document.get_ref() {
        if key.get_ref() != "layers" {
            return Err(TextError {
                line: at(key.span()),
                message: format!("expected only `layers`, found `{}`", key.get_ref()),
            });
        }
        found = Some(read_list(text, value)?);
    }
    let (layers, lines) = found.ok_or_else(|| TextError {
        line: 1,
        message: "expected `layers = [`, a list of layers".to_owned(),
    })?;
    Ok(LayersText { layers, lines })
}

fn read_list(
    text: &str,
    list: &Spanned<DeValue<'_>>,
) -> Result<(Vec<Layer>, Vec<usize>), TextError> {
    let DeValue::Array(array) = list.get_ref() else {
        return Err(TextError {
            line: line_of(text, list.span().start),
            message: format!("expected a list of layers, found {}", kind_of(list)),
        });
    };
    read_array(text, array)
}

fn read_array(text: &str, array: &DeArray<'_>) -> Result<(Vec<Layer>, Vec<usize>), TextError> {
    let mut layers = Vec::new();
    let mut lines = Vec::new();
    for value in array.iter() {
        layers.push(read_layer(text, value)?);
        lines.push(line_of(text, value.span().start));
    }
    Ok((layers, lines))
}

fn read_layer(text: &str, value: &Spanned<DeValue<'_>>) -> Result<Layer, TextError> {
    let line = line_of(text, value.span().start);
    let DeValue::Table(table) = value.get_ref() else {
        let message = format!(
            "expected a layer such as {{ kind = \"relu\" }}, found {}",
            kind_of(value)
        );
        return Err(TextError { line, message });
    };
    let kind = table.get("kind").and_then(|kind| kind.get_ref().as_str());
    if kind == Some("residual") {
        return read_block(text, line, table);
    }
    let deserializer = serde::de::IntoDeserializer::into_deserializer(value.clone());
    Layer::deserialize(deserializer).map_err(|e: toml::de::Error| TextError {
        line: e.span().map_or(line, |span| line_of(text, span.start)),
        message: in_our_words(e.message()),
    })
}

/// Reads a block layer by layer: read at once, an error inside would be reported at its first line.
fn read_block(text: &str, line: usize, table: &DeTable<'_>) -> Result<Layer, TextError> {
    for key in table.keys() {
        if !["kind", "layers"].contains(&key.get_ref().as_ref()) {
            return Err(TextError {
                line: line_of(text, key.span().start),
                message: format!(
                    "a residual block has only `layers`, not `{}`",
                    key.get_ref()
                ),
            });
        }
    }
    let inside = table.get("layers").ok_or_else(|| TextError {
        line,
        message: "a residual block needs `layers = [`, a list of layers".to_owned(),
    })?;
    let (layers, _) = read_list(text, inside)?;
    Ok(Layer::Residual(Residual { layers }))
}

fn kind_of(value: &Spanned<DeValue<'_>>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Conv2d, Dense, Dropout, PRESETS, TokenChoice, TokenPool};

    fn check_round_trip(layers: &[Layer]) {
        let text = write_layers(layers);
        let read = read_layers(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(read.layers, layers, "{text}");
        assert_eq!(write_layers(&read.layers), text);
    }

    fn check_error(text: &str, line: usize, words: &str) {
        let error = read_layers(text).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.message.contains(words), "{error}");
    }

    #[test]
    fn every_layer_and_every_preset_comes_back_as_it_was() {
        check_round_trip(&Layer::kinds());
        check_round_trip(&[]);
        for preset in PRESETS {
            check_round_trip(&preset.spec([1, 28, 28], 10).layers);
        }
        check_round_trip(&[
            Layer::Residual(Residual {
                layers: vec![Layer::Residual(Residual {
                    layers: vec![Layer::Relu, Layer::Residual(Residual { layers: vec![] })],
                })],
            }),
            Layer::TokenPool(TokenPool {
                take: TokenChoice::First,
            }),
            Layer::Conv2d(Conv2d {
                channels: 6,
                kernel: 3,
                stride: 2,
                padding: 1,
                groups: 3,
            }),
        ]);
    }

    #[test]
    fn every_share_comes_back_bit_by_bit() {
        for bits in (0..0x3f80_0000u32).step_by(99_991) {
            let rate = f32::from_bits(bits);
            let read = read_layers(&write_layers(&[Layer::Dropout(Dropout { rate })])).unwrap();
            let Layer::Dropout(Dropout { rate: again }) = read.layers[0] else {
                panic!("{read:?}");
            };
            assert_eq!(again.to_bits(), bits, "{rate}");
        }
    }

    #[test]
    fn a_layer_is_a_line() {
        let text = write_layers(&[
            Layer::Dense(Dense { units: 10 }),
            Layer::Residual(Residual {
                layers: vec![Layer::Relu],
            }),
        ]);
        assert_eq!(
            text,
            "layers = [\n  { kind = \"dense\", units = 10 },\n  { kind = \"residual\", layers = [\n    \
             { kind = \"relu\" },\n  ] },\n]\n"
        );
        assert_eq!(read_layers(&text).unwrap().lines, [2, 3]);
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        check_error("", 1, "expected `layers");
        check_error("layers = 3", 1, "expected a list of layers, found a number");
        check_error(
            "layers = [\n  { kind = \"relu\" },\n  7,\n]",
            3,
            "found a number",
        );
        check_error("layers = [\n  { kind = \"relu\" }\n  { kind", 3, "");
        check_error("layers = [\n\n  { kind = \"rellu\" },\n]", 3, "rellu");
        check_error("layers = [\n{ kind = \"dense\" },\n]", 2, "units");
        check_error("layers = [\n{ kind = \"dense\", units = -1 },\n]", 2, "-1");
        check_error("layers = [\n{ kind = \"dense\", unit = 1 },\n]", 2, "unit");
        check_error("layers = []\nclasses = 10", 2, "found `classes`");
        let block = |inside: &str| {
            format!(
                "layers = [\n{{ kind = \"residual\", layers = [\n{{ kind = \"relu\" }},\n{inside}\n] }},\n]"
            )
        };
        check_error(&block("{ kind = \"dense\" },"), 4, "units");
        check_error(&block("], depth = [\n"), 4, "depth");
        check_error("layers = [\n{ kind = \"residual\" }]", 2, "needs `layers");
    }
}
