//! The name of a model in the languages of configuration files.

use serde_json::json;

use crate::text;

/// Longest name of a service; engines put words before and behind it, and a part of a host name has
/// at most 63 letters.
const MAX_ID: usize = 40;

/// The name of a model, and what stands for it.
pub(super) struct Names {
    /// A name for services, folders and images: lowercase letters, digits and single dashes; starts
    /// with a letter (a label of RFC 1035).
    pub id: String,
    /// The name on one line.
    line: String,
}

impl Names {
    /// Makes them of the name of a model, which may hold anything.
    pub fn new(name: &str) -> Names {
        Names {
            id: id(name),
            line: line(name),
        }
    }

    /// The name in quotes, as JSON, YAML and Protobuf's text format read it.
    pub fn quoted(&self) -> String {
        json!(self.line).to_string()
    }

    /// The name in quotes in a Dockerfile, where `$` has a meaning. hadolint cannot read a backslash
    /// before the last quote, so there is none.
    fn label(&self) -> String {
        let line = self.line.replace('\\', "/");
        json!(line).to_string().replace('$', "\\$")
    }

    /// Puts the names in the place of `{{id}}`, `{{quoted}}`, `{{label}}` (in a
    /// Dockerfile) and `{{unit}}` (in a unit of systemd, where `%` has a meaning).
    pub fn fill(&self, template: &str) -> String {
        let mut filled = String::new();
        let mut rest = template;
        // What was put in is not looked at again, as it may hold braces, too.
        while let Some((before, (key, after))) = next_key(rest) {
            filled += before;
            filled += &match key {
                "id" => self.id.clone(),
                "quoted" => self.quoted(),
                "label" => self.label(),
                "unit" => self.line.replace('%', "%%"),
                other => format!("{{{{{other}}}}}"),
            };
            rest = after;
        }
        filled + rest
    }
}

/// The text before the first `{{key}}`, the key, and the text behind it.
fn next_key(text: &str) -> Option<(&str, (&str, &str))> {
    let (before, rest) = text.split_once("{{")?;
    Some((before, rest.split_once("}}")?))
}

fn id(name: &str) -> String {
    let mut id = String::new();
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            'a'..='z' | '0'..='9' => id.push(c),
            _ if id.ends_with('-') || id.is_empty() => {}
            _ => id.push('-'),
        }
    }
    if !id.starts_with(|c: char| c.is_ascii_lowercase()) {
        id.insert_str(0, "model-");
    }
    id.truncate(MAX_ID);
    id.trim_end_matches('-').to_owned()
}

/// The name without line breaks of any language, and without what a terminal acts on.
fn line(name: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    text::printable(name).replace(breaks, " ").trim().to_owned()
}
