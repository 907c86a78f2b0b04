//! TOML in the words of this program: errors with their line and key, and what was expected.

use serde::de::DeserializeOwned;

use crate::text::{MAX_NESTING, nearest};

/// Why a text is not what was expected, with the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct TomlError {
    /// The line, counted from 1.
    pub line: usize,
    /// The key, what was expected and what was found.
    pub message: String,
}

impl TomlError {
    /// Describes an error of the TOML parser in `text`.
    pub fn new(text: &str, error: &toml::de::Error) -> TomlError {
        let at = error.span().map_or(0, |span| span.start);
        let message = in_our_words(error.message());
        // A key that is unknown or missing is named in the message.
        let names_key = message.contains("key `");
        let key = key_at(text, at).filter(|_| !names_key);
        TomlError {
            line: line_of(text, at),
            message: key.map_or(message.clone(), |key| format!("{key}: {message}")),
        }
    }
}

/// Parses TOML.
///
/// # Errors
/// The first problem, with its line and key.
pub fn parse_toml<T: DeserializeOwned>(text: &str) -> Result<T, TomlError> {
    toml::from_str(text).map_err(|e| TomlError::new(text, &e))
}

/// Returns the line of a byte of `text`, counted from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().iter().take(at);
    before.filter(|&&byte| byte == b'\n').count() + 1
}

/// The key of the line of a byte of `text`, with its table: `optimizer.beta1`.
fn key_at(text: &str, at: usize) -> Option<String> {
    let before: Vec<&str> = text.lines().take(line_of(text, at)).collect();
    let (line, above) = before.split_last()?;
    if let Some(own) = heading(line) {
        return Some(own.to_owned()).filter(|key| is_key(key));
    }
    let key = line.split_once('=')?.0.trim();
    let key = match above.iter().rev().find_map(|line| heading(line)) {
        Some(table) => format!("{table}.{key}"),
        None => key.to_owned(),
    };
    is_key(&key).then_some(key)
}

/// The table that the line begins.
fn heading(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('[')?.trim_start_matches('[');
    name.split(']').next().filter(|name| is_key(name))
}

/// Whether `text` is a key and not part of a value that spans several lines.
fn is_key(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "._-".contains(c);
    !text.is_empty() && text.len() < 100 && text.chars().all(is_plain)
}

/// Replaces the sentences of parsers about types and names by those of this program.
pub fn in_our_words(message: &str) -> String {
    let message = message.trim();
    wrong_value(message)
        .or_else(|| wrong_name(message))
        .or_else(|| wrong_key(message))
        .or_else(|| wrong_syntax(message))
        .unwrap_or_else(|| message.to_owned())
}

/// `invalid type: string "x", expected f64`
fn wrong_value(message: &str) -> Option<String> {
    let rest = ["invalid type: ", "invalid value: "]
        .iter()
        .find_map(|start| message.strip_prefix(start))?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    let is_negative = found.contains("`-");
    let expected = match expected {
        "f64" | "f32" => "a number such as 0.1",
        "usize" | "u64" | "u32" | "u16" | "u8" if is_negative => "a whole number of at least 0",
        "usize" | "u64" | "u32" | "u16" | "u8" | "i64" | "i32" => "a whole number",
        "a string" | "string" => "a text in quotation marks",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        other if other.starts_with("internally tagged enum") => "a table with a `kind`",
        other if other.starts_with("enum ") => "a name in quotation marks",
        other => other,
    };
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    let found = match kind {
        "string" => format!("the text {value}"),
        "integer" | "boolean" => value.trim_matches('`').to_owned(),
        "floating" => value
            .trim_start_matches("point ")
            .trim_matches('`')
            .to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "a table".to_owned(),
        _ => found.to_owned(),
    };
    Some(format!("expected {expected}, found {found}"))
}

/// `unknown field `x`, expected one of `a`, `b`` and the same of variants.
fn wrong_name(message: &str) -> Option<String> {
    let (is_key, rest) = match message.strip_prefix("unknown field ") {
        Some(rest) => (true, rest),
        None => (false, message.strip_prefix("unknown variant ")?),
    };
    let (name, rest) = rest.strip_prefix('`')?.split_once('`')?;
    let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    let found = match is_key {
        true => format!("there is no key `{name}`"),
        false => format!("there is no `{name}`"),
    };
    Some(match (nearest(name, known.iter().copied()), &known[..]) {
        (Some(near), _) => format!("{found}; did you mean `{near}`?"),
        (None, []) => found,
        (None, known) => format!("{found}; expected {}", known.join(", ")),
    })
}

/// `missing field `x`` and `duplicate key`
fn wrong_key(message: &str) -> Option<String> {
    if let Some(name) = message.strip_prefix("missing field ") {
        return Some(format!("the key {name} is missing"));
    }
    let is_twice = message.starts_with("duplicate key") || message.starts_with("duplicate field");
    is_twice.then(|| "this key is there twice".to_owned())
}

/// The parser's own messages that are about its grammar.
fn wrong_syntax(message: &str) -> Option<String> {
    let words = match message {
        m if m.contains("recurs") => {
            return Some(format!("nested deeper than {MAX_NESTING} levels"));
        }
        m if m.starts_with("invalid boolean") || m.starts_with("string values must be quoted") => {
            "expected a number, true, false, or a text in quotation marks"
        }
        m if m.starts_with("key with no value") => "expected a key, `=` and a value",
        m if m.starts_with("missing value") || m.starts_with("unquoted keys") => {
            "expected a value behind `=`"
        }
        _ => return None,
    };
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors are looked at")]
    struct Settings {
        epochs: usize,
        rate: Option<f64>,
        name: Option<String>,
        is_on: Option<bool>,
        how: Option<How>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum How {
        Fast,
        VerySlow,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the errors are looked at")]
    struct Inner {
        beta: f64,
    }

    fn check(text: &str, expected: &str) {
        let error = parse_toml::<Settings>(text).unwrap_err().to_string();
        assert_eq!(error, expected, "{text}");
    }

    #[test]
    fn errors_name_line_key_and_what_was_expected() {
        let number = "expected a whole number";
        check(
            "epochs = 1.5",
            &format!("line 1: epochs: {number}, found 1.5"),
        );
        check(
            "\nepochs = -1",
            &format!("line 2: epochs: {number} of at least 0, found -1"),
        );
        check(
            "epochs = \"x\"",
            &format!("line 1: epochs: {number}, found the text \"x\""),
        );
        check(
            "epochs = 1\n[inner]\nbeta = true",
            "line 3: inner.beta: expected a number such as 0.1, found true",
        );
        check(
            "epochs = 1\nis_on = []",
            "line 2: is_on: expected true or false, found a list",
        );
        check(
            "epochs = 1\nname = 3",
            "line 2: name: expected a text in quotation marks, found 3",
        );
    }

    #[test]
    fn names_that_are_not_known_are_told_with_the_nearest() {
        check(
            "epoch = 1",
            "line 1: there is no key `epoch`; did you mean `epochs`?",
        );
        check(
            "epochs = 1\nhow = \"very_slo\"",
            "line 2: how: there is no `very_slo`; did you mean `very_slow`?",
        );
        check(
            "epochs = 1\nhow = \"odd\"",
            "line 2: how: there is no `odd`; expected fast, very_slow",
        );
        check("rate = 1.0", "line 1: the key `epochs` is missing");
        check(
            "epochs = 1\nepochs = 2",
            "line 2: epochs: this key is there twice",
        );
    }

    #[test]
    fn what_is_not_toml_is_told_in_words() {
        let value = "expected a number, true, false, or a text in quotation marks";
        check("epochs = fast", &format!("line 1: epochs: {value}"));
        check("epochs 3", "line 1: expected a key, `=` and a value");
        let deep = format!("epochs = {}", "[".repeat(10_000));
        check(&deep, "line 1: epochs: nested deeper than 80 levels");
    }
}
