//! Lets a test make one access to a file fail, as on a full disk. Only in debug builds: the variable
//! `CANDLE_STUDIO_FAULT` is the number of the access, counted from 1; with ` half` behind it, half of
//! what was to be written is.

use std::fs::File;
use std::io::{Result, Write};

/// Fails if this access is to.
pub(super) fn check() -> Result<()> {
    injected::next().map_or(Ok(()), |_| Err(injected::full()))
}

/// Writes all bytes, or fails if this access is to.
pub(super) fn write_all(file: &mut File, bytes: &[u8]) -> Result<()> {
    let Some(is_half) = injected::next() else {
        return file.write_all(bytes);
    };
    if is_half {
        file.write_all(&bytes[..bytes.len() / 2])?;
    }
    Err(injected::full())
}

#[cfg(not(debug_assertions))]
mod injected {
    pub(super) fn next() -> Option<bool> {
        None
    }

    pub(super) fn full() -> std::io::Error {
        std::io::ErrorKind::StorageFull.into()
    }
}

#[cfg(debug_assertions)]
mod injected {
    use std::io::{Error, ErrorKind};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// What the error says.
    const WORDS: &str = "no space left on the disk of this test";

    /// Written to the temporary folder when an access fails.
    const MARK: &str = "candle-studio-fault";

    static N_ACCESSES: AtomicUsize = AtomicUsize::new(0);

    /// Counts an access; if it is to fail, tells whether half-way.
    pub(super) fn next() -> Option<bool> {
        static FAULT: OnceLock<Option<(usize, bool)>> = OnceLock::new();
        let (number, is_half) = (*FAULT.get_or_init(read))?;
        if N_ACCESSES.fetch_add(1, Ordering::Relaxed) + 1 != number {
            return None;
        }
        // Tells the test that there was an access of that number.
        let _ = std::fs::write(std::env::temp_dir().join(MARK), "");
        Some(is_half)
    }

    pub(super) fn full() -> Error {
        Error::new(ErrorKind::StorageFull, WORDS)
    }

    fn read() -> Option<(usize, bool)> {
        let text = std::env::var("CANDLE_STUDIO_FAULT").ok()?;
        let number = text.strip_suffix(" half");
        Some((number.unwrap_or(&text).parse().ok()?, number.is_some()))
    }
}
