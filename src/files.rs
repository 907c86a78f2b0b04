//! Writes files atomically: under a temporary name in the same folder, then synced and renamed, so
//! that a reader, a crash or a full disk never leaves half a file.

use std::io::{BufWriter, Read, Write};
use std::path::Path;

use atomic_write_file::AtomicWriteFile;

mod toml_text;

pub use toml_text::{TomlError, in_our_words, line_of, parse_toml};

/// Why a file could not be written. The old file, if any, is unchanged.
#[derive(Debug, thiserror::Error)]
#[error("could not write {path}: {reason}")]
pub struct WriteError {
    path: String,
    reason: std::io::Error,
}

impl WriteError {
    fn new(path: &Path, reason: std::io::Error) -> WriteError {
        WriteError {
            path: path.display().to_string(),
            reason,
        }
    }
}

/// Replaces the file at `path` by `bytes`, or changes nothing.
///
/// # Errors
/// When the folder is missing, full or read-only, or `path` is not a regular file.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    stream_atomically(path, |file| file.write(bytes))
}

/// Replaces the file at `path` by what `write` writes, piece by piece, or changes nothing.
///
/// # Errors
/// As [`write_atomically`], and when `write` fails.
pub fn stream_atomically<E: From<WriteError>>(
    path: &Path,
    write: impl FnOnce(&mut Pieces<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let refused = |e| WriteError::new(path, e);
    let mut pieces = Pieces {
        file: BufWriter::new(open(path).map_err(refused)?),
        path,
    };
    write(&mut pieces)?;
    let file = pieces
        .file
        .into_inner()
        .map_err(|e| refused(e.into_error()))?;
    Ok(file.commit().map_err(refused)?)
}

/// A file that is written piece by piece.
#[derive(Debug)]
pub struct Pieces<'p> {
    file: BufWriter<AtomicWriteFile>,
    path: &'p Path,
}

impl Pieces<'_> {
    /// Writes the next piece.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let written = self.file.write_all(bytes);
        written.map_err(|e| WriteError::new(self.path, e))
    }
}

/// Checks that [`write_atomically`] could write to `path` now, as far as possible without writing.
///
/// # Errors
/// As [`write_atomically`], except for a full disk.
pub fn check_writable(path: &Path) -> Result<(), WriteError> {
    open(path)
        .and_then(AtomicWriteFile::discard)
        .map_err(|e| WriteError::new(path, e))
}

/// Maximum size of a hand-written text in bytes: a thousand layers take about 100 kB, and parsing
/// TOML takes 170 times the size of the text.
pub const MAX_TEXT_BYTES: u64 = 128 << 10;

/// Reads a hand-written text, such as a configuration.
///
/// # Errors
/// When it cannot be read, is larger than [`MAX_TEXT_BYTES`], or is not UTF-8.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    // Read one byte too many, because the size of a pipe is not known in advance.
    let file = std::fs::File::open(path)?;
    file.take(MAX_TEXT_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_TEXT_BYTES {
        let reason = format!("it is larger than the limit of {MAX_TEXT_BYTES} bytes");
        return Err(std::io::Error::other(reason));
    }
    Ok(text)
}

/// Number of characters at which [`one_line`] cuts a text.
const MAX_QUOTED: usize = 400;

/// Puts a parser's message, which may quote any part of a file, on one line: without control
/// characters, and cut if it is too long to read.
pub fn one_line(reason: &str) -> String {
    let mut chars = reason.chars();
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut line: String = chars.by_ref().take(MAX_QUOTED).map(plain).collect();
    if chars.next().is_some() {
        line.push('…');
    }
    line
}

fn open(path: &Path) -> std::io::Result<AtomicWriteFile> {
    // A rename would replace even a device such as /dev/null, for the whole system.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    AtomicWriteFile::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_and_leaves_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_one_sentence_naming_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("none").join("a.txt");
        let message = write_atomically(&path, b"one").unwrap_err().to_string();
        assert!(message.contains("a.txt"), "{message}");
    }

    #[test]
    fn a_text_that_is_too_long_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        std::fs::write(&path, vec![b' '; MAX_TEXT_BYTES as usize]).unwrap();
        assert_eq!(read_text(&path).unwrap().len() as u64, MAX_TEXT_BYTES);
        std::fs::write(&path, vec![b' '; MAX_TEXT_BYTES as usize + 1]).unwrap();
        let message = read_text(&path).unwrap_err().to_string();
        assert!(message.contains("limit of 131072 bytes"), "{message}");
    }

    #[test]
    fn a_reason_is_one_line_of_readable_length() {
        assert_eq!(one_line("a `b\nc\u{1b}[31m`"), "a `b c [31m`");
        assert_eq!(one_line(&"ä".repeat(MAX_QUOTED)), "ä".repeat(MAX_QUOTED));
        let long = one_line(&"ä".repeat(MAX_QUOTED + 1));
        assert_eq!(long.chars().count(), MAX_QUOTED + 1);
        assert!(long.ends_with("ä…"), "{long}");
    }

    #[test]
    fn a_check_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        check_writable(&dir.path().join("a.txt")).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        check_writable(&dir.path().join("none").join("a.txt")).unwrap_err();
    }

    #[test]
    fn only_plain_files_are_replaced() {
        let dir = tempfile::tempdir().unwrap();
        for error in [
            write_atomically(dir.path(), b""),
            check_writable(dir.path()),
        ] {
            assert!(error.unwrap_err().to_string().contains("regular file"));
        }
    }
}
