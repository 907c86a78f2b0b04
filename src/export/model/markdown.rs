//! Names as Markdown.

use crate::text;

/// A name as text on one line, of which nothing is markup.
pub(super) fn in_markdown(name: &str) -> String {
    let mut escaped = String::new();
    for c in text::printable(name).chars() {
        if "\\`*_{}[]<>#|&".contains(c) {
            escaped.push('\\');
        }
        escaped.push(if c.is_control() { ' ' } else { c });
    }
    escaped
}
