//! Standard output and standard error, whose readers may leave at any time.

use std::io::{ErrorKind, Write};

use anyhow::Context as _;
use serde::Serialize;

/// Writes a line to standard output.
pub(super) fn print(line: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .context("could not write to standard output")
}

/// Writes a value to standard output, as one line of JSON.
pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&serde_json::to_string(value)?)
}

/// Writes a line to standard error. If that is closed too, the line is lost.
pub(super) fn eprint(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Returns whether the reader of our output has closed it, as `head` does: not an error.
pub(super) fn is_reader_gone(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}
