//! Numbers, counts and sentences as text, formatted alike in the window and on the command line.

use std::borrow::Cow;

/// Deepest nesting of what people write: the parentheses of a filter, lists and tables in a text. It
/// is the limit of the TOML parser; parsing deeper would take stack without end.
pub const MAX_NESTING: usize = 80;

/// Formats a count with thousands separators: `60,000`. Numbers that nobody counts to are short:
/// `1.8e19`.
pub fn thousands(n: u64) -> String {
    if n >= HUGE {
        return format!("{:.1e}", n as f64);
    }
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats `n` of something: `1 run`, `3 runs`, `60,000 images`; `noun` is its singular.
pub fn count(n: usize, noun: &str) -> String {
    let ending = match n {
        1 => "",
        _ if ["s", "ch"].iter().any(|end| noun.ends_with(end)) => "es",
        _ => "s",
    };
    format!("{} {noun}{ending}", thousands(n as u64))
}

/// Returns the unit of `n`, singular for 1: ` seed` for the plural ` seeds`.
pub fn unit(plural: &'static str, n: f64) -> &'static str {
    let ending = match n {
        1.0 if plural.ends_with("ches") => "es",
        1.0 => "s",
        _ => "",
    };
    plural.strip_suffix(ending).unwrap_or(plural)
}

/// From here on, digits only hide how large a number is.
const HUGE: u64 = 1_000_000_000_000_000;

/// Formats a count in at most six characters: `320`, `69.3k`, `1.2M`, `1.8e19`.
pub fn short_count(n: u64) -> String {
    let scaled = |unit: f64, letter: char| {
        let value = n as f64 / unit;
        if value < 99.95 {
            format!("{value:.1}{letter}")
        } else {
            format!("{value:.0}{letter}")
        }
    };
    match n {
        0..1_000 => n.to_string(),
        1_000..999_500 => scaled(1e3, 'k'),
        999_500..999_500_000 => scaled(1e6, 'M'),
        999_500_000..999_500_000_000 => scaled(1e9, 'G'),
        _ => format!("{:.1e}", n as f64),
    }
}

/// Formats bytes in the largest unit that leaves a whole part.
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.0} kB", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.0} MB", n as f64 / 1e6),
        1_000_000_000..1_000_000_000_000 => format!("{:.1} GB", n as f64 / 1e9),
        1_000_000_000_000..HUGE => format!("{:.1} TB", n as f64 / 1e12),
        _ => format!("{:.1e} TB", n as f64 / 1e12),
    }
}

/// Formats a duration: `0.8 s`, `42 s`, `3 min 5 s`, `2 h 14 min`.
pub fn duration(secs: f64) -> String {
    let whole = secs.max(0.0).round() as u64;
    match whole {
        0..10 if secs < 9.95 => format!("{:.1} s", secs.max(0.0)),
        0..60 => format!("{whole} s"),
        60..3_600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3_600, whole % 3_600 / 60),
    }
}

/// Formats a share as a percentage with one decimal.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Formats a share as a percentage with two decimals, for results.
pub fn percent_exact(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// Formats a share as a percentage without decimals, for progress.
pub fn percent_whole(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Formats a setting such as a learning rate: `0.001`, `3e-4`, `0`.
pub fn setting(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-3..1e6).contains(&size) {
        // Six decimals are enough for any setting and hide binary rounding errors.
        let rounded = format!("{value:.6}");
        rounded
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    } else {
        let text = format!("{value:.3e}");
        match text.split_once('e') {
            Some((digits, exponent)) if digits.contains('.') => {
                let digits = digits.trim_end_matches('0').trim_end_matches('.');
                format!("{digits}e{exponent}")
            }
            _ => text,
        }
    }
}

/// Formats a number with three significant digits: `0.199`, `2.18`, `1240`; in powers of ten where
/// that is shorter.
pub fn significant(value: f64) -> String {
    let size = value.abs();
    match value {
        0.0 => "0".to_owned(),
        _ if (1e-4..1e4).contains(&size) => {
            let decimals = (2.0 - size.log10().floor()).max(0.0) as usize;
            format!("{value:.decimals$}")
        }
        _ => format!("{value:.2e}"),
    }
}

/// Formats a loss with three or four significant digits; `NaN` and `inf` as such.
pub fn loss(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    if value.abs() < 0.0995 {
        format!("{value:.4}")
    } else {
        format!("{value:.3}")
    }
}

/// Returns the choice that `word` was most likely meant to be, if one is near: at most a third of its
/// letters are wrong.
pub fn nearest<'a>(word: &str, choices: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 100 {
        return None;
    }
    let near = choices
        .into_iter()
        .map(|choice| (distance(word, choice), choice));
    let (n_wrong, choice) = near.min_by_key(|(n_wrong, _)| *n_wrong)?;
    (3 * n_wrong <= word.chars().count().max(3)).then_some(choice)
}

/// Letters to insert, remove or replace to make `b` of `a` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for j in 0..b.len() {
            let replaced = diagonal + usize::from(letter != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Makes a text harmless in HTML and XML, between tags and in attributes. Control characters, which
/// XML does not allow, become spaces.
pub fn escape_markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Formats an error or a hint as a sentence, with a capital and a period.
pub fn sentence(text: &str) -> String {
    format!("{}.", capitalized(text))
}

/// Gives a text a capital.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

/// Replaces what would control a terminal, or reorder what it shows, by `�`: names, tags and notes
/// are other people's. Line breaks and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_wrong = |c: char| controls(c) && !matches!(c, '\n' | '\t');
    if text.contains(is_wrong) {
        Cow::Owned(text.replace(is_wrong, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Returns whether a terminal would act on the character instead of showing it: control characters,
/// and those that change the direction of writing.
pub fn controls(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_something_has_a_unit_of_its_own() {
        assert_eq!(
            [0.5, 1.0, 2.0].map(|n| unit(" seeds", n)),
            [" seeds", " seed", " seeds"]
        );
        assert_eq!(
            [unit(" batches", 1.0), unit(" °", 1.0), unit("", 1.0)],
            [" batch", " °", ""]
        );
    }

    #[test]
    fn a_count_agrees_with_its_noun() {
        assert_eq!(
            [0, 1, 2, 60_000].map(|n| count(n, "run")),
            ["0 runs", "1 run", "2 runs", "60,000 runs"]
        );
        assert_eq!(count(3, "more seed"), "3 more seeds");
        assert_eq!([1, 2].map(|n| count(n, "class")), ["1 class", "2 classes"]);
        assert_eq!([1, 2].map(|n| count(n, "batch")), ["1 batch", "2 batches"]);
    }

    #[test]
    fn counts_have_thousands_separators() {
        assert_eq!(
            [0, 999, 1_000, 60_000, 1_234_567].map(thousands),
            ["0", "999", "1,000", "60,000", "1,234,567"]
        );
        assert_eq!(
            [320, 692_352, 1_199_882, 5_000_000_000].map(short_count),
            ["320", "692k", "1.2M", "5.0G"]
        );
        // Nobody counts the digits of these.
        assert_eq!([u64::MAX].map(thousands), ["1.8e19"]);
        assert_eq!([u64::MAX].map(short_count), ["1.8e19"]);
    }

    #[test]
    fn quantities_have_a_unit_that_fits() {
        assert_eq!(
            [12, 45_000, 25_400_000, 1_500_000_000].map(bytes),
            ["12 B", "45 kB", "25 MB", "1.5 GB"]
        );
        assert_eq!(
            [54_000_000_000_000, u64::MAX].map(bytes),
            ["54.0 TB", "1.8e7 TB"]
        );
        assert_eq!(
            [0.84, 9.96, 42.0, 185.0, 8_040.0].map(duration),
            ["0.8 s", "10 s", "42 s", "3 min 5 s", "2 h 14 min"]
        );
        assert_eq!(percent(0.9315), "93.2 %");
        assert_eq!(percent_exact(0.98615), "98.61 %");
        assert_eq!(percent_whole(0.615), "62 %");
    }

    #[test]
    fn settings_and_losses_have_few_digits() {
        assert_eq!(
            [0.0, 1e-3, 3e-4, 0.05, 1e-7, 0.1 + 0.2, 1.25e-5, 128.0].map(setting),
            [
                "0", "0.001", "3e-4", "0.05", "1e-7", "0.3", "1.25e-5", "128"
            ]
        );
        assert_eq!(
            [2.3456, 0.0123, f64::NAN].map(loss),
            ["2.346", "0.0123", "NaN"]
        );
    }

    #[test]
    fn the_nearest_name_is_found_if_one_is_near() {
        let names = ["learning_rate", "lr", "epochs"];
        let nearest = |word| nearest(word, names);
        assert_eq!(nearest("learnin_rate"), Some("learning_rate"));
        assert_eq!(nearest("epoch"), Some("epochs"));
        assert_eq!(nearest("lrr"), Some("lr"));
        assert_eq!(nearest("nothing"), None);
        assert_eq!(nearest(""), None);
    }

    #[test]
    fn a_sentence_has_a_capital_and_a_period() {
        assert_eq!(
            ["öl", "expected a number", ""].map(sentence),
            ["Öl.", "Expected a number.", "."]
        );
    }

    #[test]
    fn a_terminal_gets_no_orders() {
        assert_eq!(
            printable("a\u{1b}[2J\u{9b}31m\r\u{7f}\u{202e}b\n\tç"),
            "a�[2J�31m���b\n\tç"
        );
        assert!(matches!(printable("plain"), Cow::Borrowed("plain")));
    }
}
