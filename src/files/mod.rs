//! Writes files atomically: under a temporary name in the same folder, then synced and renamed, so
//! that a reader, a crash or a full disk never leaves half a file. Reads files from folders that may
//! hold anything, and hand-written texts. Also knows how much memory there is for what is read.

mod atomic;
mod damaged;
mod faults;
mod memory;
mod read;
mod rescue;
mod temporary;
mod toml_text;

pub use atomic::{
    Pieces, WriteError, append, check_writable, create_folder, is_disk_full, stream_atomically,
    sync, write_atomically,
};
pub use damaged::{damaged_lines, keep_damaged};
pub use memory::available_memory;
pub use read::{MAX_TEXT_BYTES, open_regular, read, read_string, read_text, read_text_file};
pub use rescue::{rescue, rescue_folder};
pub use temporary::{WRITER_PATIENCE, abandoned, remove_abandoned};
pub use toml_text::{TomlError, in_our_words, line_of, parse_toml};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_of_readable_length() {
        assert_eq!(one_line("a `b\nc\u{1b}[31m`"), "a `b c [31m`");
        assert_eq!(one_line(&"ä".repeat(MAX_QUOTED)), "ä".repeat(MAX_QUOTED));
        let long = one_line(&"ä".repeat(MAX_QUOTED + 1));
        assert_eq!(long.chars().count(), MAX_QUOTED + 1);
        assert!(long.ends_with("ä…"), "{long}");
    }
}
