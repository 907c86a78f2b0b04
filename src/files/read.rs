//! Reading files from folders that may hold anything: another program's pipe would never end.

use std::fs::File;
use std::io::{Error, Read, Result};
use std::path::Path;

/// Maximum size of a hand-written text in bytes: a thousand layers take about 100 kB, and parsing
/// TOML takes 170 times the size of the text.
pub const MAX_TEXT_BYTES: u64 = 128 << 10;

/// Opens a file for reading, but no pipe and no device: opening or reading those may never end.
///
/// # Errors
/// When it cannot be opened or is not a regular file.
pub fn open_regular(path: &Path) -> Result<File> {
    // Before opening, because opening a pipe waits for its writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(not_regular());
    }
    File::open(path)
}

pub(super) fn not_regular() -> Error {
    Error::other("it is not a regular file")
}

/// Reads a regular file.
///
/// # Errors
/// As [`open_regular`], and when it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a regular file of text.
///
/// # Errors
/// As [`read`], and when it is not UTF-8.
pub fn read_string(path: &Path) -> Result<String> {
    let mut text = String::new();
    open_regular(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Reads a hand-written text, such as a configuration, from anything that can be read, such as
/// standard input.
///
/// # Errors
/// When it cannot be read, is larger than [`MAX_TEXT_BYTES`], or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    limited(File::open(path)?)
}

/// Reads a hand-written text from a regular file.
///
/// # Errors
/// As [`read_text`] and [`open_regular`].
pub fn read_text_file(path: &Path) -> Result<String> {
    limited(open_regular(path)?)
}

fn limited(file: File) -> Result<String> {
    let mut text = String::new();
    // Read one byte too many, because the size of a pipe is not known in advance.
    file.take(MAX_TEXT_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_TEXT_BYTES {
        let reason = format!("it is larger than the limit of {MAX_TEXT_BYTES} bytes");
        return Err(Error::other(reason));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn only_a_regular_file_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let message = read(dir.path()).unwrap_err().to_string();
        assert!(message.contains("regular file"), "{message}");
        std::fs::write(dir.path().join("a"), "text").unwrap();
        assert_eq!(read_string(&dir.path().join("a")).unwrap(), "text");
    }
}
