//! Standard output and standard error, whose readers may leave at any time.

use std::io::{ErrorKind, Write};

use anyhow::Context as _;
use serde::Serialize;

use crate::text;

/// Writes a line to standard output, without what would control a terminal.
pub(super) fn print(line: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", text::printable(line))
        .and_then(|()| stdout.flush())
        .context("could not write to standard output")
}

/// Writes bytes to standard output, as they are.
pub(super) fn write(bytes: &[u8]) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .context("could not write to standard output")
}

/// Writes a value to standard output, as one line of JSON.
pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&json_line(value)?)
}

/// Returns a value as one line of JSON that no terminal acts on: serde_json leaves some control
/// characters as they are. They only occur within strings, where they can be escaped.
pub(super) fn json_line(value: &impl Serialize) -> serde_json::Result<String> {
    let json = serde_json::to_string(value)?;
    if !json.contains(text::controls) {
        return Ok(json);
    }
    let escaped = |c: char| match text::controls(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    Ok(json.chars().map(escaped).collect())
}

/// Writes a line to standard error. If that is closed too, the line is lost.
pub(super) fn eprint(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", text::printable(line));
}

/// Returns whether the reader of our output has closed it, as `head` does: not an error.
pub(super) fn is_reader_gone(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}
