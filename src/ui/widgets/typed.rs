//! Parsing of typed numbers, and error messages for what is not one.

use std::ops::RangeInclusive;

/// What a field accepts.
#[derive(Clone, Debug)]
pub struct Accepts {
    /// Minimum and maximum.
    pub range: RangeInclusive<f64>,
    /// Whether it is a count: commas and spaces may then group its digits, and it is rounded.
    pub is_whole: bool,
    /// Whether it is a share, so that `10 %` is 0.1.
    pub is_share: bool,
    /// The unit that may follow the number.
    pub unit: &'static str,
}

impl Accepts {
    /// Parses the number in `text`: `0.5`, `0,5`, `5e-4`, `1/1000`, `10 %` for a share, `60,000` for
    /// a count, each with the field's unit or without it.
    ///
    /// # Errors
    /// Returns what is wrong with the text.
    pub fn read(&self, text: &str) -> Result<f64, String> {
        let text = text.trim();
        let Some(number) = self.number(text) else {
            let kind = if self.is_whole { "whole " } else { "" };
            return Err(format!("\"{}\" is not a {kind}number", shortened(text)));
        };
        let number = if self.is_whole {
            number.round()
        } else {
            number
        };
        let (min, max) = (*self.range.start(), *self.range.end());
        if number < min || number > max {
            return Err(format!("{text} is not between {min} and {max}"));
        }
        Ok(number)
    }

    fn number(&self, text: &str) -> Option<f64> {
        let (text, scale) = match text.strip_suffix('%') {
            Some(percent) if self.is_share => (percent, 0.01),
            Some(percent) if self.unit.trim() == "%" => (percent, 1.0),
            Some(_) => return None,
            None => (self.without_unit(text), 1.0),
        };
        let value = match text.split_once('/') {
            Some((a, b)) => self.plain(a)? / self.plain(b)?,
            None => self.plain(text)?,
        };
        (scale * value).is_finite().then_some(scale * value)
    }

    /// Removes the unit, singular or plural.
    fn without_unit<'a>(&self, text: &'a str) -> &'a str {
        let several = self.unit.trim();
        let one = several.strip_suffix('s').unwrap_or(several);
        let found = [several, one]
            .into_iter()
            .filter(|unit| !unit.is_empty())
            .find_map(|unit| text.strip_suffix(unit));
        found.unwrap_or(text)
    }

    /// Parses a number without unit, percent sign or fraction bar.
    fn plain(&self, text: &str) -> Option<f64> {
        let text = text.trim();
        let text = match grouped_digits(text) {
            Some(digits) if self.is_whole => digits,
            // One comma is a decimal sign; two are not, nor is one beside a point.
            _ if text.matches([',', '.']).count() <= 1 => text.replace(',', "."),
            _ => return None,
        };
        // Words that Rust parses as numbers, such as `inf`, are rejected.
        let is_spelled = text.chars().any(|c| c.is_alphabetic() && !"eE".contains(c));
        let value: f64 = text.parse().ok().filter(|_| !is_spelled)?;
        value.is_finite().then_some(value)
    }
}

/// Returns the digits of `60,000` or `60 000`: groups of three after the first, with one separator.
fn grouped_digits(text: &str) -> Option<String> {
    let separator = text.chars().find(|c| !c.is_ascii_digit())?;
    let mut groups = text.split(separator);
    let first = groups.next()?;
    let is_group = |group: &str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
    let is_grouped = [',', ' ', '\u{a0}', '\u{202f}'].contains(&separator)
        && (1..=3).contains(&first.len())
        && groups.all(is_group);
    is_grouped.then(|| text.replace(separator, ""))
}

/// Shortens typed text to fit into an error message.
fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 20;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(is_whole: bool, is_share: bool, max: f64, unit: &'static str) -> Accepts {
        Accepts {
            range: 0.0..=max,
            is_whole,
            is_share,
            unit,
        }
    }

    #[test]
    fn numbers_are_read_as_people_type_them() {
        let rate = accepts(false, false, 100.0, " epochs");
        for (text, value) in [
            ("0.0007", 0.0007),
            ("0,0007", 0.0007),
            (" ,5 ", 0.5),
            ("5e-4", 5e-4),
            ("5E-4", 5e-4),
            ("1,5e-3", 1.5e-3),
            ("1/1000", 0.001),
            ("1,000", 1.0),
            ("2 epochs", 2.0),
            ("1epoch", 1.0),
        ] {
            assert_eq!(rate.read(text), Ok(value), "{text}");
        }
        let share = accepts(false, true, 1.0, "");
        for (text, value) in [("10 %", 0.1), ("10%", 0.1), ("12,5 %", 0.125), ("0.1", 0.1)] {
            assert_eq!(share.read(text), Ok(value), "{text}");
        }
        let count = accepts(true, false, 1e9, " images");
        for (text, value) in [
            ("60,000", 60_000.0),
            ("60 000 images", 60_000.0),
            ("1,234,567", 1_234_567.0),
            ("1 image", 1.0),
            ("31.6", 32.0),
            ("31,6", 32.0),
            ("1e3", 1000.0),
        ] {
            assert_eq!(count.read(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let rate = accepts(false, false, 100.0, "");
        for text in [
            "abc",
            "1e400",
            "1,000,5",
            "1.000,5",
            "inf",
            "NaN",
            "",
            "1/0",
            "5 x",
            "3 4",
            "10 %",
            "1,2/3,4/5",
        ] {
            let error = rate.read(text).unwrap_err();
            assert!(error.contains("is not a number"), "{text}: {error}");
        }
        let count = accepts(true, false, 1e6, " images");
        assert_eq!(
            count.read("1,000,5"),
            Err("\"1,000,5\" is not a whole number".to_owned())
        );
        assert_eq!(
            rate.read("-1"),
            Err("-1 is not between 0 and 100".to_owned())
        );
        let long = rate.read(&"x".repeat(300)).unwrap_err();
        assert!(long.len() < 60, "{long}");
    }
}
